/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-remote-state-private.h"
#include "tern-sync-writes-private.h"

#include <glib/gi18n.h>

/*
 * Who works when, and where: the queue of jobs, most urgent first, and what "work" does without
 * one.
 */

GError *
tern_imap_remote_disconnected (TernImapRemote *self)
{
  return tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("The connection to %s is closed."),
                         self->endpoint->host);
}

static void
free_job (TernImapJob *job)
{
  TernImapRemote *remote = job->remote;

  g_clear_object (&job->task);
  g_free (job->mailbox);
  job->klass->free (job);
  g_object_unref (remote);
}

static int
compare_urgency (gconstpointer a, gconstpointer b, gpointer data)
{
  const TernImapJob *queued = a;
  const TernImapJob *job = b;

  /* Behind those of equal urgency. */
  return queued->urgency <= job->urgency ? -1 : 1;
}

static void
enqueue (TernImapRemote *self, TernImapJob *job)
{
  g_queue_insert_sorted (&self->queue, job, compare_urgency, NULL);
}

void
tern_imap_remote_add_job (TernImapRemote *self, TernImapJob *job)
{
  job->remote = g_object_ref (self);
  if (self->closed)
    {
      g_task_return_error (job->task, tern_imap_remote_disconnected (self));
      free_job (job);
      return;
    }
  self->restless = 0;
  enqueue (self, job);
  tern_imap_remote_schedule (self);
}

/* What came to its mailbox while a job had other things to do. */
static void
report_growth (TernImapSlot *slot)
{
  TernImapRemote *self = slot->remote;

  if (slot->grown && slot->selected != 0 && !self->closed)
    self->events.folder_changed (slot->selected, self->events_data);
  slot->grown = FALSE;
}

void
tern_imap_job_done (TernImapJob *job)
{
  g_autoptr (TernImapRemote) self = g_object_ref (job->remote);
  TernImapSlot *slot = job->slot;

  slot->job = NULL;
  free_job (job);
  report_growth (slot);
  tern_imap_remote_schedule (self);
}

void
tern_imap_job_requeue (TernImapJob *job)
{
  g_autoptr (TernImapRemote) self = g_object_ref (job->remote);

  job->slot->job = NULL;
  report_growth (job->slot);
  job->slot = NULL;
  if (self->closed)
    {
      g_task_return_error (job->task, tern_imap_remote_disconnected (self));
      free_job (job);
      return;
    }
  enqueue (self, job);
  tern_imap_remote_schedule (self);
}

/* A long job gives way to what is more urgent and has nowhere else to go. */
gboolean
tern_imap_job_should_yield (TernImapJob *job)
{
  TernImapRemote *self = job->remote;
  const TernImapJob *first = g_queue_peek_head (&self->queue);

  if (first == NULL || first->urgency >= job->urgency)
    return FALSE;
  return first->klass->is_long || self->hands_refused;
}

/* A download is for the second pair of hands, where the server lets us have it: piece after piece
 * would keep "work" from listening and from what a person does next. */
static gboolean
is_for (TernImapRemote *self, const TernImapJob *job, const TernImapSlot *slot)
{
  if (job->klass->is_long && self->folder_ops_now > 0)
    return FALSE;
  if (slot == &self->hands)
    return !job->klass->is_long;
  return job->urgency != TERN_URGENCY_DOWNLOAD || self->hands_refused;
}

static GList *
find_job (TernImapRemote *self, const TernImapSlot *slot)
{
  GList *link = self->queue.head;

  while (link != NULL && !is_for (self, link->data, slot))
    link = link->next;
  return link;
}

static TernImapJob *
take_job (TernImapRemote *self, TernImapSlot *slot)
{
  GList *link = find_job (self, slot);
  TernImapJob *job = link != NULL ? link->data : NULL;

  if (link != NULL)
    g_queue_delete_link (&self->queue, link);
  return job;
}

static void
start_job (TernImapSlot *slot, TernImapJob *job)
{
  slot->job = job;
  job->slot = slot;
  slot->remote->hands_used |= slot == &slot->remote->hands;
  tern_imap_session_stop_idle (slot->session);
  job->klass->start (job);
}

static gboolean
start_next (TernImapRemote *self, TernImapSlot *slot)
{
  TernImapJob *job = NULL;

  if (tern_imap_slot_can_work (slot) && slot->job == NULL)
    job = take_job (self, slot);
  if (job != NULL)
    start_job (slot, job);
  return job != NULL;
}

typedef struct
{
  TernImapJob *job;
  guint32 uidvalidity; /* 0: without QRESYNC */
  guint64 modseq;
  gboolean read_only; /* as far as is known */
} SelectJob;

static void
note_read_only (const SelectJob *select)
{
  const TernImapJob *job = select->job;
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (job->slot->session);

  if (mailbox != NULL && (mailbox->read_only != FALSE) != select->read_only)
    tern_sync_write_read_only (job->remote->store, job->folder, mailbox->read_only);
}

static void
selected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernImapJob *job = ((const SelectJob *) g_task_get_task_data (task))->job;
  GError *error = NULL;
  TernImapReply *reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  job->slot->left = 0;
  g_clear_pointer (&job->slot->left_mailbox, g_free);
  if (reply != NULL)
    {
      job->slot->selected = job->folder;
      note_read_only (g_task_get_task_data (task));
      g_task_return_pointer (task, reply, (GDestroyNotify) tern_imap_reply_free);
    }
  else
    g_task_return_error (task, error);
}

static void
select_mailbox (TernImapJob *job, GTask *task)
{
  const SelectJob *select = g_task_get_task_data (task);

  tern_imap_session_select_async (job->slot->session, job->mailbox, FALSE, select->uidvalidity,
                                  select->modseq, NULL, selected_cb, task);
}

static void
caught_up_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  const SelectJob *select = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  select_mailbox (select->job, task);
}

/* A UID that another session of ours has made may be news to this one, and a server passes over
 * what it has not told yet without a word: STORE says OK and has done nothing, and so does COPY.
 * NOOP lets it look. Its answer is waited for: Dovecot takes in a command that follows in the same
 * flight before it has looked. */
static gboolean
must_catch_up (const TernImapMailbox *mailbox, guint32 highest)
{
  return highest != 0 && highest >= mailbox->uidnext;
}

void
tern_imap_job_select (TernImapJob *job,
                      const TernFolderRecord *folder,
                      guint32 highest,
                      gboolean resync,
                      gboolean *live,
                      GAsyncReadyCallback callback)
{
  TernImapSlot *slot = job->slot;
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (slot->session);
  GTask *task = g_task_new (NULL, NULL, callback, job);
  SelectJob *select = g_new0 (SelectJob, 1);

  select->job = job;
  select->uidvalidity = resync ? folder->uidvalidity : 0;
  select->modseq = resync ? folder->modseq : 0;
  select->read_only = (folder->rights & TERN_RIGHTS_READ_ONLY) != 0;
  g_task_set_source_tag (task, tern_imap_job_select);
  g_task_set_task_data (task, select, g_free);
  tern_imap_remote_write_unasked (job->remote);
  job->folder = folder->id;
  *live = mailbox != NULL && g_strcmp0 (mailbox->name, folder->remote_name) == 0
          && !mailbox->doubtful && slot->selected == folder->id;
  g_free (job->mailbox);
  job->mailbox = g_strdup (folder->remote_name);
  if (*live && must_catch_up (mailbox, highest))
    {
      tern_imap_session_noop_async (slot->session, NULL, caught_up_cb, task);
      return;
    }
  if (!*live)
    {
      tern_imap_session_doubt_mailbox (slot->session);
      slot->left = slot->selected;
      g_free (slot->left_mailbox);
      slot->left_mailbox = mailbox != NULL ? g_strdup (mailbox->name) : NULL;
      slot->selected = 0;
      slot->caught_up = 0;
    }
  select_mailbox (job, task);
}

void
tern_imap_remote_fail_queue (TernImapRemote *self)
{
  TernImapJob *job;

  while ((job = g_queue_pop_head (&self->queue)) != NULL)
    {
      g_task_return_error (job->task, tern_imap_remote_disconnected (self));
      free_job (job);
    }
}

/* Rest: with nothing to do, "work" sits in the folder on screen and listens. */

static TernId
resting_place (TernImapRemote *self)
{
  gboolean watched = self->watch != NULL && tern_imap_watch_is_working (self->watch);

  if (self->focus != 0 && (self->focus != self->inbox || !watched))
    return self->focus;
  return watched ? 0 : self->inbox;
}

/* Going there is a job of its own, so that no two of them select at once. */
typedef struct
{
  TernImapJob job;
  TernFolderRecord *folder; /* (owned) (nullable) */
} RestJob;

static void
rest_selected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  RestJob *rest = user_data;
  TernImapRemote *self = rest->job.remote;
  g_autoptr (TernImapReply) reply = g_task_propagate_pointer (G_TASK (result), NULL);

  if (reply == NULL)
    self->restless = rest->job.folder;
  else if (!self->closed)
    /* What came between the last sync and this. */
    self->events.folder_changed (rest->job.folder, self->events_data);
  tern_imap_job_done (&rest->job);
}

static void
rest_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  RestJob *rest = user_data;
  TernImapRemote *self = rest->job.remote;
  gpointer folder = NULL;
  gboolean live;

  tern_store_read_finish (self->store, result, &folder, NULL);
  rest->folder = folder;
  /* Where nothing was synced yet, or cannot be, there is nothing to listen for. */
  if (rest->folder == NULL || rest->folder->uidnext == 0 || rest->folder->remote_name == NULL)
    {
      self->restless = rest->job.folder;
      tern_imap_job_done (&rest->job);
      return;
    }
  tern_imap_job_select (&rest->job, rest->folder, 0, FALSE, &live, rest_selected_cb);
}

static gboolean
read_folder (TernReader *reader,
             gpointer data,
             GCancellable *cancellable,
             gpointer *result,
             GError **error)
{
  *result = tern_read_folder (reader, *(TernId *) data, error);
  return error == NULL || *error == NULL;
}

static void
rest_start (TernImapJob *job)
{
  tern_store_read_async (job->remote->store, TERN_LANE_LIST, G_PRIORITY_LOW, read_folder,
                         g_memdup2 (&job->folder, sizeof job->folder), g_free,
                         (GDestroyNotify) tern_folder_record_free, NULL, rest_read_cb, job);
}

static void
rest_free (TernImapJob *job)
{
  g_clear_pointer (&((RestJob *) job)->folder, tern_folder_record_free);
  g_free (job);
}

static const TernImapJobClass rest_class = {
  .start = rest_start,
  .free = rest_free,
};

static void
listen_to (TernImapRemote *self, TernId place)
{
  RestJob *rest;

  if (self->work.selected == place)
    {
      if (tern_imap_session_get_caps (self->work.session) & TERN_IMAP_CAP_IDLE)
        tern_imap_session_start_idle (self->work.session);
    }
  else if (self->restless != place)
    {
      rest = g_new0 (RestJob, 1);
      rest->job.klass = &rest_class;
      rest->job.folder = place;
      rest->job.remote = g_object_ref (self);
      start_job (&self->work, &rest->job);
    }
}

void
tern_imap_remote_schedule (TernImapRemote *self)
{
  if (self->closed)
    return;
  while (start_next (self, &self->work) || start_next (self, &self->hands))
    ;
  tern_imap_remote_want_hands (self);
  if (tern_imap_slot_can_work (&self->work) && self->work.job == NULL
      && find_job (self, &self->work) == NULL && resting_place (self) != 0)
    listen_to (self, resting_place (self));
}

void
tern_imap_remote_watch_changed (TernImapRemote *self)
{
  tern_imap_remote_schedule (self);
}
