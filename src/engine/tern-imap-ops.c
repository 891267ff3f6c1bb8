/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-remote-private.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * One operation of the log on the wire. What may have been done before (the program ended, or the
 * connection broke, before the answer came) is looked for first, so that nothing is done twice:
 * flags are harmless; a moved message is not at its source any more; a copied or appended one is
 * found at its target by its Message-ID. What is taken for our copy lets a MOVE by hand remove the
 * source: so it must be as large as that on the server, and not have been there before.
 */

typedef enum
{
  STEP_CREATE,        /* the target is not on the server yet */
  STEP_SELECT_TARGET, /* to look for what may be there already */
  STEP_FIND,
  STEP_SELECT,
  STEP_STILL_THERE, /* which of the sources are left? */
  STEP_COMPARE,     /* are they what was found at the target? */
  STEP_ACT,
  STEP_CONFIRM, /* MOVE: OK, but no COPYUID for some: are they still there? */
  STEP_MARK,    /* MOVE by hand: \Deleted … */
  STEP_EXPUNGE, /* … and UID EXPUNGE */
  STEP_DONE,
} Step;

typedef struct
{
  TernImapJob job;
  TernRemoteOp *op; /* (owned) */
  Step step;
  GArray *left;        /* (owned) of guint32: uids that are still to be done */
  GArray *to_copy;     /* (owned) of guint32: of these, what is not at the target */
  guint finding;       /* index of the message being looked for */
  GArray *found;       /* (owned) of guint32, beside the uids: its copy at the target; 0 = none */
  gboolean same_epoch; /* uids of the target mean to the store what they mean here */
  GArray *pairs;       /* (owned) of TernUidPair */
  GArray *done;        /* (owned) of guint32: what of them is done, whatever becomes of the rest */
  gboolean created;
  gboolean plainly; /* the target was refused with its special use */
  gboolean again;   /* MOVE said OK and left messages where they were: it is sent a second time */
  gboolean by_hand; /* COPY, then STORE and EXPUNGE: no MOVE, or it was begun without */
  guint flag_step;  /* 0 add, 1 remove */
  TernRefusal refusal; /* what it was that failed */
  GError *error;
} TernImapOps;

static void advance (TernImapOps *self);

static TernImapSession *
ops_session (TernImapOps *self)
{
  return self->job.slot->session;
}

static gboolean
has_cap (TernImapOps *self, TernImapCaps cap)
{
  return (tern_imap_session_get_caps (ops_session (self)) & cap) != 0;
}

static void
add_pair (TernImapOps *self, guint32 source, guint32 target)
{
  TernUidPair pair = { source, target };

  g_array_append_val (self->pairs, pair);
}

static gboolean
has_value (const GArray *uids, guint32 uid)
{
  for (guint i = 0; i < uids->len; i++)
    if (g_array_index (uids, guint32, i) == uid)
      return TRUE;
  return FALSE;
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

      if (!has_value (rest, uid) || has_value (self->done, uid))
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

/* COPYUID and APPENDUID of another epoch than ours are of no use: the next sync finds the message.
 */
static gboolean
knows_target (TernImapOps *self, guint32 uidvalidity)
{
  return self->op->target != NULL && uidvalidity != 0
         && (self->op->target->uidvalidity == uidvalidity || self->op->target->uidvalidity == 0);
}

static void
take_pairs (TernImapOps *self, const TernImapReply *reply)
{
  if (!knows_target (self, reply->uidvalidity) || self->op->target->uidvalidity == 0)
    return;
  if (reply->source_uids != NULL && reply->target_uids != NULL)
    for (guint i = 0; i < MIN (reply->source_uids->len, reply->target_uids->len); i++)
      add_pair (self, g_array_index (reply->source_uids, guint32, i),
                g_array_index (reply->target_uids, guint32, i));
  else if (reply->uid != 0)
    add_pair (self, 0, reply->uid);
}

static void
remove_value (GArray *uids, guint32 uid)
{
  for (guint i = 0; i < uids->len; i++)
    if (g_array_index (uids, guint32, i) == uid)
      {
        g_array_remove_index (uids, i);
        return;
      }
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
    remove_value (self->left, g_array_index (reply->source_uids, guint32, i));
  self->step = self->left->len == 0 ? STEP_DONE : STEP_CONFIRM;
}

/* Nothing is removed of which the copy is in doubt. */
static void
take_copied (TernImapOps *self, const TernImapReply *reply)
{
  g_autoptr (GArray) missing = g_array_copy (self->to_copy);

  for (guint i = 0; reply->source_uids != NULL && i < reply->source_uids->len; i++)
    remove_value (missing, g_array_index (reply->source_uids, guint32, i));
  self->step = STEP_MARK;
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

  if (reply == NULL && self->step == STEP_ACT && wants_creation (self, error))
    {
      g_error_free (error);
      self->step = STEP_CREATE;
      advance (self);
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
      self->refusal = self->step == STEP_ACT ? TERN_REFUSAL_CHANGE : TERN_REFUSAL_REMOVE;
      if (tern_fault_is (error, TERN_FAULT_LIMIT))
        tern_imap_quota_ask (self->job.remote, ops_session (self), TRUE);
      self->error = error;
    }
  else if (self->step == STEP_ACT)
    {
      take_pairs (self, reply);
      if (self->op->kind == TERN_OP_FLAGS && self->flag_step == 0)
        self->flag_step = 1;
      else if (self->op->kind == TERN_OP_MOVE && self->by_hand)
        take_copied (self, reply);
      else if (self->op->kind == TERN_OP_MOVE)
        take_moved (self, reply);
      else
        self->step = STEP_DONE;
    }
  else if (self->step == STEP_MARK)
    self->step = has_cap (self, TERN_IMAP_CAP_UIDPLUS) ? STEP_EXPUNGE : STEP_DONE;
  else
    self->step = STEP_DONE;
  advance (self);
}

/* The target */

/* MOVE happens as a whole: what is still at the source was not moved. */
static gboolean
must_look (TernImapOps *self)
{
  const TernRemoteOp *op = self->op;

  if (op->target == NULL)
    return FALSE;
  /* Gmail files what it submits by itself. */
  if (op->kind == TERN_OP_APPEND && has_cap (self, TERN_IMAP_CAP_GMAIL))
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
      advance (self);
      return;
    }
  self->created = TRUE;
  /* NO is mostly "exists already"; what follows tells whether it can be used. */
  if (reply == NULL && tern_fault_get_retry (error) != TERN_RETRY_NEVER)
    self->error = g_steal_pointer (&error);
  self->step = must_look (self) ? STEP_SELECT_TARGET : STEP_SELECT;
  advance (self);
}

static void
target_selected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapOps *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply = g_task_propagate_pointer (G_TASK (result), &error);

  self->step = STEP_FIND;
  if (reply == NULL && wants_creation (self, error))
    {
      g_error_free (error);
      self->step = STEP_CREATE;
    }
  else if (tern_fault_is (error, TERN_FAULT_RIGHTS))
    {
      /* One may put messages there and not look at them: nothing is found. */
      g_error_free (error);
      self->step = STEP_SELECT;
    }
  else if (reply == NULL)
    self->error = error;
  advance (self);
}

/* Only what is plain in a quoted string is looked for; the rest counts as not found. */
static gboolean
is_searchable (const char *message_id)
{
  if (message_id == NULL || *message_id == '\0' || strlen (message_id) > 998)
    return FALSE;
  for (const char *p = message_id; *p != '\0'; p++)
    if (*p <= ' ' || *p >= 0x7f || *p == '"' || *p == '\\')
      return FALSE;
  return TRUE;
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapOps *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply == NULL)
    self->error = error;
  else if (reply->uids != NULL && reply->uids->len > 0)
    {
      const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (ops_session (self));
      guint32 uidvalidity = mailbox != NULL ? mailbox->uidvalidity : 0;
      guint32 target = g_array_index (reply->uids, guint32, reply->uids->len - 1);

      self->same_epoch = self->op->target->uidvalidity != 0 && knows_target (self, uidvalidity);
      if (self->op->kind == TERN_OP_APPEND)
        {
          self->step = STEP_DONE;
          if (self->same_epoch)
            add_pair (self, 0, target);
        }
      /* A copy that was there before we began is not ours. */
      else if (uidvalidity != self->op->target_uidvalidity || target >= self->op->target_uidnext)
        g_array_index (self->found, guint32, self->finding) = target;
    }
  self->finding++;
  advance (self);
}

/* What the copy of message @index must be like; NULL when it cannot be told from another one.
 * RFC 3501 section 6.4.4 has no "exactly as large as". */
static char *
format_criteria (TernImapOps *self, guint index, guint32 uid)
{
  const char *message_id = g_ptr_array_index (self->op->message_ids, index);
  guint32 size = g_array_index (self->op->sizes, guint32, index);

  if (self->op->kind == TERN_OP_APPEND)
    return is_searchable (message_id) ? g_strdup_printf ("HEADER Message-ID \"%s\"", message_id)
                                      : NULL;
  if (size == 0 || size == G_MAXUINT32)
    return NULL;
  if (uid != 0)
    return g_strdup_printf ("UID %u LARGER %u SMALLER %u", uid, size - 1, size + 1);
  if (is_searchable (message_id))
    return g_strdup_printf ("HEADER Message-ID \"%s\" LARGER %u SMALLER %u", message_id, size - 1,
                            size + 1);
  return NULL;
}

static void
step_find (TernImapOps *self)
{
  while (self->finding < self->op->message_ids->len)
    {
      guint32 known = g_array_index (self->op->known, guint32, self->finding);
      g_autofree char *criteria = format_criteria (self, self->finding, known);

      if (criteria == NULL)
        {
          self->finding++;
          continue;
        }
      tern_imap_session_search_async (ops_session (self), criteria, NULL, found_cb, self);
      return;
    }
  self->step = STEP_SELECT;
  advance (self);
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
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (ops_session (self));

  self->step = must_be_there (self) ? STEP_STILL_THERE : STEP_ACT;
  if (reply != NULL && mailbox != NULL && mailbox->uidvalidity != self->op->source->uidvalidity)
    self->error =
        tern_fault_new (TERN_FAULT_UNAVAILABLE, _ ("The folder “%s” was renumbered by the server."),
                        self->op->source->path);
  /* What is copied stays as it is. */
  if (self->error == NULL && self->op->kind != TERN_OP_COPY && mailbox != NULL
      && mailbox->read_only)
    self->error = tern_fault_new (TERN_FAULT_RIGHTS, _ ("The folder “%s” is read-only."),
                                  self->op->source->path);
  advance (self);
}

/* @left is what the source still has. */
static void
after_still_there (TernImapOps *self)
{
  if (self->step == STEP_STILL_THERE)
    {
      self->step = STEP_COMPARE;
      self->finding = 0;
    }
  else if (self->left->len == 0)
    self->step = STEP_DONE;
  else if (!self->again)
    {
      self->again = TRUE;
      self->step = STEP_ACT;
    }
  else
    self->error = tern_fault_new (
        TERN_FAULT_UNAVAILABLE,
        _ ("The server said that it moved messages of the folder “%s”, and did not."),
        self->op->source->path);
}

static void
still_there_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapOps *self = user_data;
  GError *error = NULL;
  g_autoptr (GHashTable) there = g_hash_table_new (NULL, NULL);
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply == NULL)
    {
      self->error = error;
      advance (self);
      return;
    }
  for (guint i = 0; reply->uids != NULL && i < reply->uids->len; i++)
    g_hash_table_add (there, GUINT_TO_POINTER (g_array_index (reply->uids, guint32, i)));
  for (guint i = self->left->len; i > 0; i--)
    {
      guint32 uid = g_array_index (self->left, guint32, i - 1);

      if (g_hash_table_contains (there, GUINT_TO_POINTER (uid)))
        continue;
      g_array_remove_index (self->left, i - 1);
      remove_value (self->to_copy, uid);
    }
  after_still_there (self);
  advance (self);
}

static void
step_still_there (TernImapOps *self)
{
  g_autofree char *set =
      tern_imap_set_format (&g_array_index (self->left, guint32, 0), self->left->len);
  g_autofree char *criteria = g_strdup_printf ("UID %s", set);

  tern_imap_session_search_async (ops_session (self), criteria, NULL, still_there_cb, self);
}

/* Message @finding is at the target. */
static void
take_found (TernImapOps *self)
{
  guint32 source = g_array_index (self->op->uids, guint32, self->finding);

  remove_value (self->to_copy, source);
  if (self->same_epoch)
    add_pair (self, source, g_array_index (self->found, guint32, self->finding));
}

static void
compared_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapOps *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply == NULL)
    self->error = error;
  else if (reply->uids != NULL && reply->uids->len > 0)
    take_found (self);
  self->finding++;
  advance (self);
}

static void
step_compare (TernImapOps *self)
{
  for (; self->finding < self->op->uids->len; self->finding++)
    {
      guint32 uid = g_array_index (self->op->uids, guint32, self->finding);
      g_autofree char *criteria = NULL;

      if (g_array_index (self->found, guint32, self->finding) == 0)
        continue;
      if (has_value (self->left, uid))
        {
          criteria = format_criteria (self, self->finding, uid);
          tern_imap_session_search_async (ops_session (self), criteria, NULL, compared_cb, self);
          return;
        }
      take_found (self);
    }
  self->step = STEP_ACT;
  advance (self);
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
      self->step = STEP_ACT;
      advance (self);
      return;
    }
  tern_imap_job_select (&self->job, self->op->source, highest, FALSE, &live, source_selected_cb);
}

/* The change itself */

static void
act_flags (TernImapOps *self, const char *set)
{
  const TernRemoteOp *op = self->op;
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (ops_session (self));
  /* A server that keeps none may refuse the flags that stand beside them. */
  gboolean keywords = mailbox != NULL && mailbox->keywords;
  const char *add = keywords ? op->add_keywords : NULL;
  const char *remove = keywords ? op->remove_keywords : NULL;

  if (self->flag_step == 0 && op->add == 0 && add == NULL)
    self->flag_step = 1;
  if (self->flag_step == 1 && op->remove == 0 && remove == NULL)
    {
      self->step = STEP_DONE;
      advance (self);
      return;
    }
  tern_imap_session_store_async (ops_session (self), set, self->flag_step == 0,
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
      self->step = self->op->kind == TERN_OP_MOVE ? STEP_MARK : STEP_DONE;
      advance (self);
      return;
    }
  set = tern_imap_set_format (&g_array_index (self->to_copy, guint32, 0), self->to_copy->len);
  tern_imap_session_copy_async (ops_session (self), set, self->op->target->remote_name, NULL,
                                reply_cb, self);
}

/* What is too large is not even begun to be sent. */
static void
check_size (TernImapOps *self)
{
  gint64 size = (gint64) g_bytes_get_size (self->op->message);
  /* What an earlier connection was told may have been changed since; the server says NO itself. */
  gint64 limit =
      tern_imap_remote_has_listed (self->job.remote) ? self->op->target->append_limit : -1;
  gint64 of_all = tern_imap_session_get_append_limit (ops_session (self));
  g_autofree char *most = NULL;

  if (limit < 0 || (of_all >= 0 && of_all < limit))
    limit = of_all;
  if (limit < 0)
    return;
  tern_connection_use (tern_imap_session_get_connection (ops_session (self)), "APPENDLIMIT");
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
  TernImapSession *session = ops_session (self);
  const TernRemoteOp *op = self->op;
  g_autofree char *set = NULL;

  if (op->kind == TERN_OP_APPEND)
    {
      check_size (self);
      if (self->error != NULL)
        {
          advance (self);
          return;
        }
      tern_imap_session_append_async (session, op->target->remote_name, op->message, op->add,
                                      op->add_keywords, op->date, NULL, reply_cb, self);
      return;
    }
  if (self->left->len == 0)
    {
      self->step = STEP_DONE;
      advance (self);
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
      self->step = STEP_MARK;
      advance (self);
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

  if (self->step == STEP_MARK)
    tern_imap_session_store_async (ops_session (self), set, TRUE, TERN_FLAG_DELETED, NULL, NULL,
                                   reply_cb, self);
  else
    tern_imap_session_expunge_async (ops_session (self), set, NULL, reply_cb, self);
}

static void
advance (TernImapOps *self)
{
  gboolean live;

  if (self->error != NULL)
    self->step = STEP_DONE;
  switch (self->step)
    {
    case STEP_CREATE:
      tern_imap_session_create_async (ops_session (self), self->op->target->remote_name,
                                      self->plainly ? TERN_ROLE_NONE : self->op->target->role, NULL,
                                      created_cb, self);
      break;
    case STEP_SELECT_TARGET:
      tern_imap_job_select (&self->job, self->op->target, G_MAXUINT32, FALSE, &live,
                            target_selected_cb);
      break;
    case STEP_FIND:
      step_find (self);
      break;
    case STEP_SELECT:
      step_select (self);
      break;
    case STEP_STILL_THERE:
    case STEP_CONFIRM:
      step_still_there (self);
      break;
    case STEP_COMPARE:
      step_compare (self);
      break;
    case STEP_ACT:
      step_act (self);
      break;
    case STEP_MARK:
    case STEP_EXPUNGE:
      step_mark (self);
      break;
    case STEP_DONE:
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
    self->step = STEP_CREATE;
  else if (must_look (self))
    self->step = STEP_SELECT_TARGET;
  else
    self->step = STEP_SELECT;
  advance (self);
}

/* EXPUNGE that we caused is confirmed with the operation, not before it. */
static void
ops_vanished (TernImapJob *job, GArray *uids, gboolean earlier)
{
  TernImapOps *self = (TernImapOps *) job;
  TernOpKind kind = self->op->kind;

  tern_imap_remote_store_vanished (job->remote, job->slot->selected, uids);
  if ((kind == TERN_OP_MOVE || kind == TERN_OP_EXPUNGE) && self->step >= STEP_ACT)
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
