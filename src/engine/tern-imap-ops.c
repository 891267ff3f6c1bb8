/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-ops-private.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * One operation of the log on the wire. What may have been done before (the program ended, or the
 * connection broke, before the answer came) is looked for first, so that nothing is done twice:
 * flags are harmless; a moved message is not at its source any more; a copied or appended one is
 * found at its target by its Message-ID. What is taken for our copy lets a MOVE by hand remove the
 * source: so it must be as large as that on the server, and not have been there before.
 */

TernImapSession *
tern_imap_ops_session (TernImapOps *self)
{
  return self->job.slot->session;
}

void
tern_imap_ops_add_pair (TernImapOps *self, guint32 source, guint32 target)
{
  TernUidPair pair = { source, target };

  g_array_append_val (self->pairs, pair);
}

gboolean
tern_imap_ops_has (const GArray *uids, guint32 uid)
{
  for (guint i = 0; i < uids->len; i++)
    if (g_array_index (uids, guint32, i) == uid)
      return TRUE;
  return FALSE;
}

void
tern_imap_ops_drop (GArray *uids, guint32 uid)
{
  for (guint i = 0; i < uids->len; i++)
    if (g_array_index (uids, guint32, i) == uid)
      {
        g_array_remove_index (uids, i);
        return;
      }
}

/* COPYUID and APPENDUID of another epoch than ours are of no use: the next sync finds the message.
 */
gboolean
tern_imap_ops_knows_target (TernImapOps *self, guint32 uidvalidity)
{
  return self->op->target != NULL && uidvalidity != 0
         && (self->op->target->uidvalidity == uidvalidity || self->op->target->uidvalidity == 0);
}

static gboolean
has_cap (TernImapOps *self, TernImapCaps cap)
{
  return (tern_imap_session_get_caps (tern_imap_ops_session (self)) & cap) != 0;
}

static guint32
find_target (TernImapOps *self, guint32 source)
{
  for (guint i = 0; i < self->pairs->len; i++)
    if (g_array_index (self->pairs, TernUidPair, i).source == source)
      return g_array_index (self->pairs, TernUidPair, i).target;
  return 0;
}

/* What is done though the rest failed. */
static GArray *
list_done (TernImapOps *self)
{
  const GArray *rest = self->op->kind == TERN_OP_COPY ? self->to_copy : self->left;
  GArray *done = g_array_new (FALSE, FALSE, sizeof (TernUidPair));

  for (guint i = 0; i < self->op->uids->len; i++)
    {
      guint32 uid = g_array_index (self->op->uids, guint32, i);
      TernUidPair pair = { uid, find_target (self, uid) };

      if (!tern_imap_ops_has (rest, uid) || tern_imap_ops_has (self->done, uid))
        g_array_append_val (done, pair);
    }
  return done;
}

static void
finish (TernImapOps *self)
{
  GTask *task = self->job.task;

  /* Some may have them, and nobody would tell. */
  if (self->error != NULL && self->op->kind == TERN_OP_FLAGS && self->op->uids->len > 1)
    tern_imap_remote_set_stale (self->job.remote, self->op->source->id, TRUE);
  if (self->error != NULL)
    g_task_set_task_data (task, tern_op_failure_new (list_done (self), self->refusal),
                          tern_op_failure_free);
  tern_imap_remote_answer (self->job.remote, task, g_steal_pointer (&self->pairs),
                           (GDestroyNotify) g_array_unref, g_steal_pointer (&self->error));
  tern_imap_job_done (&self->job);
}

static void
take_pairs (TernImapOps *self, const TernImapReply *reply)
{
  if (!tern_imap_ops_knows_target (self, reply->uidvalidity) || self->op->target->uidvalidity == 0)
    return;
  if (reply->source_uids != NULL && reply->target_uids != NULL)
    for (guint i = 0; i < MIN (reply->source_uids->len, reply->target_uids->len); i++)
      tern_imap_ops_add_pair (self, g_array_index (reply->source_uids, guint32, i),
                              g_array_index (reply->target_uids, guint32, i));
  else if (reply->uid != 0)
    tern_imap_ops_add_pair (self, 0, reply->uid);
}

/* A NO with [TRYCREATE], or "no such mailbox": the target has to be made first. */
static gboolean
wants_creation (TernImapOps *self, const GError *error)
{
  const char *text;

  if (self->created || self->op->target == NULL)
    return FALSE;
  text = tern_fault_get_server_text (error);
  return tern_fault_is (error, TERN_FAULT_NOT_FOUND)
         || (text != NULL && strstr (text, "TRYCREATE") != NULL);
}

/* A server passes over what it does not know without a word. What is named in COPYUID was taken. */
static void
take_moved (TernImapOps *self, const TernImapReply *reply)
{
  for (guint i = 0; reply->source_uids != NULL && i < reply->source_uids->len; i++)
    tern_imap_ops_drop (self->left, g_array_index (reply->source_uids, guint32, i));
  self->step = self->left->len == 0 ? TERN_OPS_STEP_DONE : TERN_OPS_STEP_CONFIRM;
}

/* Nothing is removed of which the copy is in doubt. */
static void
take_copied (TernImapOps *self, const TernImapReply *reply)
{
  g_autoptr (GArray) missing = g_array_copy (self->to_copy);

  for (guint i = 0; reply->source_uids != NULL && i < reply->source_uids->len; i++)
    tern_imap_ops_drop (missing, g_array_index (reply->source_uids, guint32, i));
  self->step = TERN_OPS_STEP_MARK;
  if (reply->source_uids != NULL && missing->len > 0)
    self->error = tern_fault_new (TERN_FAULT_UNAVAILABLE,
                                  _ ("The server did not copy every message of the folder “%s”."),
                                  self->op->source->path);
}

static void
reply_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapOps *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply == NULL && self->step == TERN_OPS_STEP_ACT && wants_creation (self, error))
    {
      g_error_free (error);
      self->step = TERN_OPS_STEP_CREATE;
      tern_imap_ops_advance (self);
      return;
    }
  if (reply == NULL)
    {
      const TernImapReply *part = tern_imap_session_command_get_done (result);

      /* Of a MOVE by hand the sources are still there. */
      if (part != NULL && !(self->by_hand && self->op->kind == TERN_OP_MOVE))
        {
          take_pairs (self, part);
          g_array_append_vals (self->done, part->source_uids->data, part->source_uids->len);
        }
      self->refusal = self->step == TERN_OPS_STEP_ACT ? TERN_REFUSAL_CHANGE : TERN_REFUSAL_REMOVE;
      if (tern_fault_is (error, TERN_FAULT_LIMIT))
        tern_imap_quota_ask (self->job.remote, tern_imap_ops_session (self), TRUE);
      self->error = error;
    }
  else if (self->step == TERN_OPS_STEP_ACT)
    {
      take_pairs (self, reply);
      if (self->op->kind == TERN_OP_FLAGS && self->flag_step == 0)
        self->flag_step = 1;
      else if (self->op->kind == TERN_OP_MOVE && self->by_hand)
        take_copied (self, reply);
      else if (self->op->kind == TERN_OP_MOVE)
        take_moved (self, reply);
      else
        self->step = TERN_OPS_STEP_DONE;
    }
  else if (self->step == TERN_OPS_STEP_MARK)
    self->step = has_cap (self, TERN_IMAP_CAP_UIDPLUS) ? TERN_OPS_STEP_EXPUNGE : TERN_OPS_STEP_DONE;
  else
    self->step = TERN_OPS_STEP_DONE;
  tern_imap_ops_advance (self);
}

/* The target */

/* Gmail files what it submits. */
gboolean
tern_imap_ops_is_filed_by_server (TernImapOps *self)
{
  return self->op->kind == TERN_OP_APPEND && self->op->target->role == TERN_ROLE_SENT
         && has_cap (self, TERN_IMAP_CAP_GMAIL);
}

/* MOVE happens as a whole: what is still at the source was not moved. */
static gboolean
must_look (TernImapOps *self)
{
  const TernRemoteOp *op = self->op;

  if (op->target == NULL)
    return FALSE;
  if (tern_imap_ops_is_filed_by_server (self))
    {
      tern_connection_use (tern_imap_session_get_connection (self->job.slot->session),
                           "X-GM-EXT-1");
      return TRUE;
    }
  if (!op->check || op->kind == TERN_OP_FLAGS)
    return FALSE;
  return op->kind != TERN_OP_MOVE || !has_cap (self, TERN_IMAP_CAP_MOVE);
}

static void
created_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapOps *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply == NULL && has_cap (self, TERN_IMAP_CAP_CREATE_SPECIAL_USE) && !self->plainly
      && self->op->target->role != TERN_ROLE_NONE)
    {
      self->plainly = TRUE;
      tern_imap_ops_advance (self);
      return;
    }
  self->created = TRUE;
  /* NO is mostly "exists already"; what follows tells whether it can be used. */
  if (reply == NULL && tern_fault_get_retry (error) != TERN_RETRY_NEVER)
    self->error = g_steal_pointer (&error);
  self->step = must_look (self) ? TERN_OPS_STEP_SELECT_TARGET : TERN_OPS_STEP_SELECT;
  tern_imap_ops_advance (self);
}

static void
target_selected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapOps *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply = g_task_propagate_pointer (G_TASK (result), &error);

  self->step = TERN_OPS_STEP_FIND;
  if (reply == NULL && wants_creation (self, error))
    {
      g_error_free (error);
      self->step = TERN_OPS_STEP_CREATE;
    }
  else if (tern_fault_is (error, TERN_FAULT_RIGHTS))
    {
      /* One may put messages there and not look at them: nothing is found. */
      g_error_free (error);
      self->step = TERN_OPS_STEP_SELECT;
    }
  else if (reply == NULL)
    self->error = error;
  tern_imap_ops_advance (self);
}

/* The source */

/* COPY says OK for a message that the server does not know, and then it would be removed. */
static gboolean
must_be_there (TernImapOps *self)
{
  const TernRemoteOp *op = self->op;

  if (op->kind == TERN_OP_MOVE && !has_cap (self, TERN_IMAP_CAP_MOVE))
    return TRUE;
  return op->check && op->kind != TERN_OP_FLAGS;
}

static void
source_selected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapOps *self = user_data;
  g_autoptr (TernImapReply) reply = g_task_propagate_pointer (G_TASK (result), &self->error);
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (tern_imap_ops_session (self));

  self->step = must_be_there (self) ? TERN_OPS_STEP_STILL_THERE : TERN_OPS_STEP_ACT;
  if (reply != NULL && mailbox != NULL && mailbox->uidvalidity != self->op->source->uidvalidity)
    self->error =
        tern_fault_new (TERN_FAULT_UNAVAILABLE, _ ("The folder “%s” was renumbered by the server."),
                        self->op->source->path);
  /* What is copied stays as it is. */
  if (self->error == NULL && self->op->kind != TERN_OP_COPY && mailbox != NULL
      && mailbox->read_only)
    self->error = tern_fault_new (TERN_FAULT_RIGHTS, _ ("The folder “%s” is read-only."),
                                  self->op->source->path);
  tern_imap_ops_advance (self);
}

static void
step_select (TernImapOps *self)
{
  /* What may have been done by another session is seen by looking only. */
  guint32 highest = self->op->check ? G_MAXUINT32 : 0;
  gboolean live;

  for (guint i = 0; i < self->left->len; i++)
    highest = MAX (highest, g_array_index (self->left, guint32, i));
  if (self->op->kind == TERN_OP_APPEND)
    {
      self->step = TERN_OPS_STEP_ACT;
      tern_imap_ops_advance (self);
      return;
    }
  tern_imap_job_select (&self->job, self->op->source, highest, FALSE, &live, source_selected_cb);
}

/* The change itself */

static void
act_flags (TernImapOps *self, const char *set)
{
  const TernRemoteOp *op = self->op;
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (tern_imap_ops_session (self));
  /* A server that keeps none may refuse the flags that stand beside them. */
  gboolean keywords = mailbox != NULL && mailbox->keywords;
  const char *add = keywords ? op->add_keywords : NULL;
  const char *remove = keywords ? op->remove_keywords : NULL;

  if (self->flag_step == 0 && op->add == 0 && add == NULL)
    self->flag_step = 1;
  if (self->flag_step == 1 && op->remove == 0 && remove == NULL)
    {
      self->step = TERN_OPS_STEP_DONE;
      tern_imap_ops_advance (self);
      return;
    }
  tern_imap_session_store_async (tern_imap_ops_session (self), set, self->flag_step == 0,
                                 self->flag_step == 0 ? op->add : op->remove,
                                 self->flag_step == 0 ? add : remove, NULL, reply_cb, self);
}

static void
act_copy (TernImapOps *self)
{
  g_autofree char *set = NULL;

  self->by_hand = TRUE;
  if (self->to_copy->len == 0)
    {
      self->step = self->op->kind == TERN_OP_MOVE ? TERN_OPS_STEP_MARK : TERN_OPS_STEP_DONE;
      tern_imap_ops_advance (self);
      return;
    }
  set = tern_imap_set_format (&g_array_index (self->to_copy, guint32, 0), self->to_copy->len);
  tern_imap_session_copy_async (tern_imap_ops_session (self), set, self->op->target->remote_name,
                                NULL, reply_cb, self);
}

/* What is too large is not even begun to be sent. */
static void
check_size (TernImapOps *self)
{
  gint64 size = (gint64) g_bytes_get_size (self->op->message);
  /* What an earlier connection was told may have been changed since; the server says NO itself. */
  gint64 limit =
      tern_imap_remote_has_listed (self->job.remote) ? self->op->target->append_limit : -1;
  gint64 of_all = tern_imap_session_get_append_limit (tern_imap_ops_session (self));
  g_autofree char *most = NULL;

  if (limit < 0 || (of_all >= 0 && of_all < limit))
    limit = of_all;
  if (limit < 0)
    return;
  tern_connection_use (tern_imap_session_get_connection (tern_imap_ops_session (self)),
                       "APPENDLIMIT");
  if (size <= limit)
    return;
  most = g_format_size ((guint64) limit);
  self->error = tern_fault_new (
      TERN_FAULT_LIMIT,
      _ ("The message is too large to be put into the folder “%s”: its server takes up to %s."),
      self->op->target->path, most);
  tern_fault_set_scope (self->error, TERN_SCOPE_MESSAGE);
}

static void
step_act (TernImapOps *self)
{
  TernImapSession *session = tern_imap_ops_session (self);
  const TernRemoteOp *op = self->op;
  g_autofree char *set = NULL;

  if (op->kind == TERN_OP_APPEND)
    {
      check_size (self);
      if (self->error != NULL)
        {
          tern_imap_ops_advance (self);
          return;
        }
      tern_imap_session_append_async (session, op->target->remote_name, op->message, op->add,
                                      op->add_keywords, op->date, NULL, reply_cb, self);
      return;
    }
  if (self->left->len == 0)
    {
      self->step = TERN_OPS_STEP_DONE;
      tern_imap_ops_advance (self);
      return;
    }
  set = tern_imap_set_format (&g_array_index (self->left, guint32, 0), self->left->len);
  switch (op->kind)
    {
    case TERN_OP_FLAGS:
      act_flags (self, set);
      break;
    case TERN_OP_MOVE:
      if (has_cap (self, TERN_IMAP_CAP_MOVE))
        tern_imap_session_move_async (session, set, op->target->remote_name, NULL, reply_cb, self);
      else
        act_copy (self);
      break;
    case TERN_OP_COPY:
      act_copy (self);
      break;
    case TERN_OP_EXPUNGE:
      self->step = TERN_OPS_STEP_MARK;
      tern_imap_ops_advance (self);
      break;
    case TERN_OP_APPEND:
    case TERN_OP_FOLDER_CREATE:
    case TERN_OP_FOLDER_RENAME:
    case TERN_OP_FOLDER_DELETE:
    case TERN_OP_FOLDER_SUBSCRIBE:
    case TERN_OP_FOLDER_UNSUBSCRIBE:
    default:
      g_assert_not_reached ();
    }
}

static void
step_mark (TernImapOps *self)
{
  g_autofree char *set =
      tern_imap_set_format (&g_array_index (self->left, guint32, 0), self->left->len);

  if (self->step == TERN_OPS_STEP_MARK)
    tern_imap_session_store_async (tern_imap_ops_session (self), set, TRUE, TERN_FLAG_DELETED, NULL,
                                   NULL, reply_cb, self);
  else
    tern_imap_session_expunge_async (tern_imap_ops_session (self), set, NULL, reply_cb, self);
}

void
tern_imap_ops_advance (TernImapOps *self)
{
  gboolean live;

  if (self->error != NULL)
    self->step = TERN_OPS_STEP_DONE;
  switch (self->step)
    {
    case TERN_OPS_STEP_CREATE:
      tern_imap_session_create_async (tern_imap_ops_session (self), self->op->target->remote_name,
                                      self->plainly ? TERN_ROLE_NONE : self->op->target->role, NULL,
                                      created_cb, self);
      break;
    case TERN_OPS_STEP_SELECT_TARGET:
      tern_imap_job_select (&self->job, self->op->target, G_MAXUINT32, FALSE, &live,
                            target_selected_cb);
      break;
    case TERN_OPS_STEP_FIND:
      tern_imap_ops_find (self);
      break;
    case TERN_OPS_STEP_SELECT:
      step_select (self);
      break;
    case TERN_OPS_STEP_STILL_THERE:
    case TERN_OPS_STEP_CONFIRM:
      tern_imap_ops_look_at_source (self);
      break;
    case TERN_OPS_STEP_COMPARE:
      tern_imap_ops_compare (self);
      break;
    case TERN_OPS_STEP_ACT:
      step_act (self);
      break;
    case TERN_OPS_STEP_MARK:
    case TERN_OPS_STEP_EXPUNGE:
      step_mark (self);
      break;
    case TERN_OPS_STEP_DONE:
      finish (self);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
ops_start (TernImapJob *job)
{
  TernImapOps *self = (TernImapOps *) job;
  const TernRemoteOp *op = self->op;

  /* A folder that was never selected nor counted is one that we planned ourselves. */
  if (op->target != NULL && op->target->uidvalidity == 0 && op->target->remote_total < 0)
    self->step = TERN_OPS_STEP_CREATE;
  else if (must_look (self))
    self->step = TERN_OPS_STEP_SELECT_TARGET;
  else
    self->step = TERN_OPS_STEP_SELECT;
  tern_imap_ops_advance (self);
}

/* EXPUNGE that we caused is confirmed with the operation, not before it. */
static void
ops_vanished (TernImapJob *job, GArray *uids, gboolean earlier)
{
  TernImapOps *self = (TernImapOps *) job;
  TernOpKind kind = self->op->kind;

  tern_imap_remote_store_vanished (job->remote, job->slot->selected, uids);
  if ((kind == TERN_OP_MOVE || kind == TERN_OP_EXPUNGE) && self->step >= TERN_OPS_STEP_ACT)
    g_array_append_vals (self->done, uids->data, uids->len);
}

static void
ops_free (TernImapJob *job)
{
  TernImapOps *self = (TernImapOps *) job;

  tern_remote_op_free (self->op);
  g_array_unref (self->left);
  g_array_unref (self->to_copy);
  g_array_unref (self->found);
  g_clear_pointer (&self->pairs, g_array_unref);
  g_array_unref (self->done);
  g_clear_error (&self->error);
  g_free (self);
}

static const TernImapJobClass ops_class = {
  .start = ops_start,
  .vanished = ops_vanished,
  .free = ops_free,
};

void
tern_imap_ops_start (TernImapRemote *remote, TernRemoteOp *op, GTask *task)
{
  TernImapOps *self = g_new0 (TernImapOps, 1);

  self->job.klass = &ops_class;
  self->job.urgency = TERN_URGENCY_OPERATION;
  self->job.folder = op->source != NULL ? op->source->id : op->target->id;
  self->job.task = task;
  self->op = op;
  self->left = g_array_copy (op->uids);
  self->to_copy = g_array_copy (op->uids);
  self->found = g_array_new (FALSE, TRUE, sizeof (guint32));
  g_array_set_size (self->found, op->uids->len);
  self->pairs = g_array_new (FALSE, FALSE, sizeof (TernUidPair));
  self->done = g_array_new (FALSE, FALSE, sizeof (guint32));
  tern_imap_remote_add_job (remote, &self->job);
}
