/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-remote-state-private.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * One operation on a folder, on the wire. What may have been done before (the program ended, or the
 * connection broke, before the answer came) is looked for first with LIST: a new folder that is
 * there was made; a renamed one is there under its new name, and not under the old one, unless that
 * is another one now; a deleted one is not there. Subscribing twice does no harm.
 */

typedef enum
{
  STEP_LOOK_OLD,
  STEP_LOOK_NEW,
  STEP_LEAVE, /* no session stays in a mailbox whose name goes away under it */
  STEP_COUNT, /* what is to be deleted must be empty … */
  STEP_OPEN,  /* … but for what could only be marked … */
  STEP_SEARCH,
  STEP_LOOK_BELOW, /* … and have no folders: a server may delete it all the same */
  STEP_ACT,
  STEP_LOOK_AFTER, /* CREATE was refused: because it is there? */
  STEP_SUBSCRIBE,  /* a subscription stays with the name (RFC 9051 section 6.3.7) */
  STEP_UNSUBSCRIBE,
  STEP_DONE,
} Step;

typedef struct
{
  TernImapJob job;
  TernRemoteOp *op; /* (owned) */
  Step step;
  gboolean plainly; /* CREATE was refused with a special use */
  gboolean old_is_there;
  gboolean replaced; /* by another one, of the old name */
  gboolean emptied;  /* all that is left in it is marked to be removed */
  guint next_name;
  GError *error;
} TernImapFolderOps;

static void advance (TernImapFolderOps *self);

static TernImapSession *
ops_session (TernImapFolderOps *self)
{
  return self->job.slot->session;
}

static void
finish (TernImapFolderOps *self)
{
  tern_imap_remote_count_folder_op (self->job.remote, FALSE);
  if (self->op->kind == TERN_OP_FOLDER_RENAME || self->op->kind == TERN_OP_FOLDER_DELETE)
    tern_imap_remote_forget_mailbox (self->job.remote, self->op->old_name,
                                     self->op->source->delimiter);
  if (self->error != NULL)
    g_task_return_error (self->job.task, g_steal_pointer (&self->error));
  else
    g_task_return_pointer (self->job.task, g_array_new (FALSE, FALSE, sizeof (TernUidPair)),
                           (GDestroyNotify) g_array_unref);
  tern_imap_job_done (&self->job);
}

/* Looking */

static Step
after_look_old (TernImapFolderOps *self, gboolean listed)
{
  self->old_is_there = listed;
  if (self->op->kind == TERN_OP_FOLDER_RENAME)
    return STEP_LOOK_NEW;
  return listed ? STEP_LEAVE : STEP_UNSUBSCRIBE;
}

static Step
after_look_new (TernImapFolderOps *self, gboolean listed)
{
  if (self->op->kind == TERN_OP_FOLDER_CREATE)
    return listed ? STEP_SUBSCRIBE : STEP_ACT;
  if (self->old_is_there)
    return listed ? STEP_OPEN : STEP_LEAVE;
  if (!listed)
    self->error = tern_fault_new (TERN_FAULT_NOT_FOUND,
                                  _ ("The folder “%s” is not on the server any more, so it could "
                                     "not be renamed."),
                                  self->op->old_path);
  return STEP_SUBSCRIBE;
}

static void
looked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapFolderOps *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply == NULL)
    {
      /* Of a refused CREATE its own reason is worth more. */
      if (self->error == NULL)
        self->error = error;
      else
        g_error_free (error);
    }
  else if (self->step == STEP_LOOK_AFTER && reply->listed)
    {
      g_clear_error (&self->error);
      self->step = STEP_SUBSCRIBE;
    }
  else if (self->step == STEP_LOOK_OLD)
    self->step = after_look_old (self, reply->listed);
  else if (self->step == STEP_LOOK_NEW)
    self->step = after_look_new (self, reply->listed);
  if (self->error != NULL)
    self->step = STEP_DONE;
  advance (self);
}

static Step
after_leave (TernImapFolderOps *self)
{
  if (self->op->kind != TERN_OP_FOLDER_DELETE)
    return STEP_ACT;
  return self->emptied ? STEP_LOOK_BELOW : STEP_COUNT;
}

static void
left_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapFolderOps *self = user_data;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &self->error);

  self->step = after_leave (self);
  advance (self);
}

/* What is said there is no news: no folder of the store is selected. */
static void
open_mailbox (TernImapFolderOps *self, const char *name, GAsyncReadyCallback callback)
{
  TernImapSlot *slot = self->job.slot;

  tern_imap_remote_write_unasked (self->job.remote);
  slot->selected = 0;
  slot->grown = FALSE;
  tern_imap_session_select_async (slot->session, name, TRUE, 0, 0, NULL, callback, self);
}

static void
step_leave (TernImapFolderOps *self)
{
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (ops_session (self));

  if (mailbox == NULL || g_strcmp0 (mailbox->name, "INBOX") == 0)
    {
      self->step = after_leave (self);
      advance (self);
      return;
    }
  open_mailbox (self, "INBOX", left_cb);
}

static GError *
fault_not_empty (TernImapFolderOps *self)
{
  return tern_fault_new (TERN_FAULT_REFUSED,
                         _ ("There is mail in the folder “%s” on the server that was not moved to "
                            "the trash, so it was not deleted."),
                         self->op->old_path);
}

/* A MOVE by hand leaves its messages behind, marked, where they cannot be removed one by one. */
static gboolean
leaves_marked (TernImapFolderOps *self)
{
  return (tern_imap_session_get_caps (ops_session (self))
          & (TERN_IMAP_CAP_UIDPLUS | TERN_IMAP_CAP_MOVE))
         == 0;
}

/* NO: of a name only, that is what is expected. Whoever may not look is told so. */
static void
take_uncounted (TernImapFolderOps *self, GError *error)
{
  gboolean no = tern_fault_get_retry (error) == TERN_RETRY_NEVER;

  if (!self->op->source->selectable && no && !tern_fault_is (error, TERN_FAULT_RIGHTS))
    g_error_free (error);
  else if (tern_fault_is (error, TERN_FAULT_NOT_FOUND))
    {
      g_error_free (error);
      self->step = STEP_UNSUBSCRIBE;
    }
  else
    self->error = error;
}

static void
counted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapFolderOps *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  self->step = STEP_LOOK_BELOW;
  if (reply == NULL)
    take_uncounted (self, error);
  else if (reply->messages < 0)
    self->error = tern_fault_new (TERN_FAULT_UNAVAILABLE,
                                  _ ("The server does not tell how many messages are in the folder "
                                     "“%s”, so it was not deleted."),
                                  self->op->old_path);
  else if (reply->messages > 0 && leaves_marked (self))
    self->step = STEP_OPEN;
  else if (reply->messages > 0)
    self->error = fault_not_empty (self);
  advance (self);
}

/* Is the mailbox that is open another one than the store knows under the old name? */
static gboolean
is_another (TernImapFolderOps *self)
{
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (ops_session (self));
  const TernFolderRecord *folder = self->op->source;

  if (mailbox == NULL)
    return FALSE;
  if (mailbox->mailbox_id != NULL && folder->mailbox_id != NULL)
    return strcmp (mailbox->mailbox_id, folder->mailbox_id) != 0;
  return folder->uidvalidity != 0 && mailbox->uidvalidity != folder->uidvalidity;
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapFolderOps *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  self->step = STEP_SEARCH;
  if (self->op->kind == TERN_OP_FOLDER_RENAME)
    {
      self->replaced = reply != NULL && is_another (self);
      self->step = self->replaced ? STEP_SUBSCRIBE : STEP_LEAVE;
      /* It cannot be opened: the server shall say what it thinks of the rename. */
      if (reply == NULL && tern_fault_get_retry (error) == TERN_RETRY_NEVER)
        g_clear_error (&error);
    }
  self->error = error;
  advance (self);
}

static void
searched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapFolderOps *self = user_data;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &self->error);

  self->step = STEP_LEAVE;
  self->emptied = TRUE;
  if (reply != NULL && reply->uids != NULL && reply->uids->len > 0)
    self->error = fault_not_empty (self);
  advance (self);
}

static void
looked_below_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapFolderOps *self = user_data;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &self->error);

  self->step = STEP_ACT;
  if (reply != NULL && reply->listed)
    self->error = tern_fault_new (TERN_FAULT_REFUSED,
                                  _ ("There are folders in the folder “%s” on the server, so it "
                                     "was not deleted."),
                                  self->op->old_path);
  advance (self);
}

static void
step_look_below (TernImapFolderOps *self)
{
  if (self->op->source->delimiter != '\0')
    tern_imap_session_look_below_async (ops_session (self), self->op->old_name,
                                        self->op->source->delimiter, NULL, looked_below_cb, self);
  else
    {
      self->step = STEP_ACT;
      advance (self);
    }
}

/* Acting */

/* TRUE when the refusal is not the end. */
static gboolean
take_refusal (TernImapFolderOps *self, const GError *error)
{
  const TernRemoteOp *op = self->op;

  if (tern_fault_is (error, TERN_FAULT_DISCONNECTED))
    return FALSE;
  if (op->kind == TERN_OP_FOLDER_CREATE && op->source->role != TERN_ROLE_NONE && !self->plainly
      && tern_imap_session_get_caps (ops_session (self)) & TERN_IMAP_CAP_CREATE_SPECIAL_USE)
    {
      self->plainly = TRUE;
      return TRUE;
    }
  if (op->kind == TERN_OP_FOLDER_CREATE)
    {
      self->step = STEP_LOOK_AFTER;
      self->error = g_error_copy (error);
      return TRUE;
    }
  if (op->kind == TERN_OP_FOLDER_DELETE && tern_fault_is (error, TERN_FAULT_NOT_FOUND))
    {
      self->step = STEP_UNSUBSCRIBE;
      return TRUE;
    }
  return FALSE;
}

static void
acted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapFolderOps *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply == NULL)
    g_task_set_task_data (self->job.task, tern_op_failure_new (NULL, TERN_REFUSAL_CHANGE),
                          tern_op_failure_free);
  if (reply == NULL && !take_refusal (self, error))
    {
      self->error = g_steal_pointer (&error);
      self->step = STEP_DONE;
    }
  else if (reply != NULL)
    switch ((int) self->op->kind)
      {
      case TERN_OP_FOLDER_CREATE:
      case TERN_OP_FOLDER_RENAME:
        self->step = STEP_SUBSCRIBE;
        break;
      case TERN_OP_FOLDER_DELETE:
        self->step = STEP_UNSUBSCRIBE;
        break;
      default:
        self->step = STEP_DONE;
      }
  advance (self);
}

static void
step_act (TernImapFolderOps *self)
{
  TernImapSession *session = ops_session (self);
  const TernRemoteOp *op = self->op;

  switch ((int) op->kind)
    {
    case TERN_OP_FOLDER_CREATE:
      tern_imap_session_create_async (session, op->name,
                                      self->plainly ? TERN_ROLE_NONE : op->source->role, NULL,
                                      acted_cb, self);
      break;
    case TERN_OP_FOLDER_RENAME:
      tern_imap_session_rename_async (session, op->old_name, op->name, NULL, acted_cb, self);
      break;
    case TERN_OP_FOLDER_DELETE:
      tern_imap_session_delete_async (session, op->old_name, NULL, acted_cb, self);
      break;
    default:
      tern_imap_session_subscribe_async (
          session, op->old_name, op->kind == TERN_OP_FOLDER_SUBSCRIBE, NULL, acted_cb, self);
      break;
    }
}

/* Subscriptions: a server that refuses them has done what was asked for all the same. */

static void
subscribed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapFolderOps *self = user_data;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, NULL);

  /* The old names are those of others now. */
  if (self->op->kind == TERN_OP_FOLDER_RENAME && self->step == STEP_SUBSCRIBE && !self->replaced)
    self->step = STEP_UNSUBSCRIBE;
  else if (self->op->kind == TERN_OP_FOLDER_RENAME)
    {
      self->step = STEP_SUBSCRIBE;
      self->next_name++;
    }
  else
    self->step = STEP_DONE;
  advance (self);
}

static void
step_subscribe (TernImapFolderOps *self)
{
  const TernRemoteOp *op = self->op;
  gboolean subscribe = self->step == STEP_SUBSCRIBE;
  const char *old = op->old_name;
  g_autofree char *name = NULL;

  if (op->kind == TERN_OP_FOLDER_RENAME)
    {
      if (self->next_name >= op->subscribed->len)
        {
          self->step = STEP_DONE;
          advance (self);
          return;
        }
      old = g_ptr_array_index (op->subscribed, self->next_name);
      name = g_strconcat (op->name, old + strlen (op->old_name), NULL);
    }
  tern_imap_session_subscribe_async (ops_session (self),
                                     !subscribe     ? old
                                     : name != NULL ? name
                                                    : op->name,
                                     subscribe, NULL, subscribed_cb, self);
}

static void
advance (TernImapFolderOps *self)
{
  if (self->error != NULL && self->step != STEP_LOOK_AFTER)
    self->step = STEP_DONE;
  switch (self->step)
    {
    case STEP_LOOK_OLD:
      tern_imap_session_look_async (ops_session (self), self->op->old_name, NULL, looked_cb, self);
      break;
    case STEP_LOOK_NEW:
    case STEP_LOOK_AFTER:
      tern_imap_session_look_async (ops_session (self), self->op->name, NULL, looked_cb, self);
      break;
    case STEP_LEAVE:
      step_leave (self);
      break;
    case STEP_COUNT:
      /* Also of what was only a name: another program may have made a mailbox of it since. */
      tern_imap_session_status_async (ops_session (self), self->op->old_name, NULL, counted_cb,
                                      self);
      break;
    case STEP_OPEN:
      open_mailbox (self, self->op->old_name, opened_cb);
      break;
    case STEP_SEARCH:
      tern_imap_session_search_async (ops_session (self), "UNDELETED", NULL, searched_cb, self);
      break;
    case STEP_LOOK_BELOW:
      step_look_below (self);
      break;
    case STEP_ACT:
      step_act (self);
      break;
    case STEP_SUBSCRIBE:
    case STEP_UNSUBSCRIBE:
      step_subscribe (self);
      break;
    case STEP_DONE:
      finish (self);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
folder_ops_start (TernImapJob *job)
{
  TernImapFolderOps *self = (TernImapFolderOps *) job;

  tern_imap_remote_count_folder_op (job->remote, TRUE);
  switch ((int) self->op->kind)
    {
    case TERN_OP_FOLDER_CREATE:
      self->step = self->op->check ? STEP_LOOK_NEW : STEP_ACT;
      break;
    case TERN_OP_FOLDER_RENAME:
    case TERN_OP_FOLDER_DELETE:
      self->step = self->op->check ? STEP_LOOK_OLD : STEP_LEAVE;
      break;
    default:
      self->step = STEP_ACT;
    }
  advance (self);
}

static void
folder_ops_free (TernImapJob *job)
{
  TernImapFolderOps *self = (TernImapFolderOps *) job;

  tern_remote_op_free (self->op);
  g_clear_error (&self->error);
  g_free (self);
}

static const TernImapJobClass folder_ops_class = {
  .start = folder_ops_start,
  .free = folder_ops_free,
};

void
tern_imap_folder_ops_start (TernImapRemote *remote, TernRemoteOp *op, GTask *task)
{
  TernImapFolderOps *self = g_new0 (TernImapFolderOps, 1);

  self->job.klass = &folder_ops_class;
  self->job.urgency = TERN_URGENCY_OPERATION;
  self->job.task = task;
  self->op = op;
  tern_imap_remote_add_job (remote, &self->job);
}
