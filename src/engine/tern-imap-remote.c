/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-remote-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "tern-sync-writes-private.h"

#define POLL_SECONDS (2 * 60)

struct _TernImapRemote
{
  GObject parent;

  TernStore *store; /* (owned) */
  TernId account;
  TernEndpoint *endpoint;       /* (owned) */
  TernCredentials *credentials; /* (owned) */
  gboolean safe_mode;
  TernRemoteEvents events;
  gpointer events_data;

  TernImapSlot work;
  TernImapSlot hands;
  gboolean hands_opening;
  gboolean hands_refused;
  TernImapWatch *watch;     /* (owned) (nullable) */
  TernImapListing *listing; /* (nullable) collects LIST and STATUS */
  TernId inbox;
  TernId focus;
  GQueue queue;       /* of TernImapJob (owned), most urgent first */
  GHashTable *moving; /* of MovingKey */
  GSource *poll;      /* (owned) (nullable) */
  TernId restless;    /* cannot be listened to, as things are */
  gboolean closed;
  GCancellable *cancellable; /* (owned) of what is being opened */
  guint64 bytes_in;          /* of sessions that are gone */
  guint64 bytes_out;
  guint round_trips;
};

typedef struct
{
  TernId folder;
  guint32 uid;
} MovingKey;

static void tern_imap_remote_remote_init (TernRemoteInterface *iface);
static void schedule (TernImapRemote *self);

G_DEFINE_FINAL_TYPE_WITH_CODE (TernImapRemote,
                               tern_imap_remote,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (TERN_TYPE_REMOTE,
                                                      tern_imap_remote_remote_init))

/* Small readers for jobs and the watch */

TernStore *
tern_imap_remote_get_store (TernImapRemote *self)
{
  return self->store;
}

TernId
tern_imap_remote_get_account (TernImapRemote *self)
{
  return self->account;
}

TernId
tern_imap_remote_get_focus (TernImapRemote *self)
{
  return self->focus;
}

const TernRemoteEvents *
tern_imap_remote_get_events (TernImapRemote *self, gpointer *data)
{
  *data = self->events_data;
  return &self->events;
}

void
tern_imap_remote_set_listing (TernImapRemote *self, TernImapListing *listing)
{
  self->listing = listing;
}

TernImapListing *
tern_imap_remote_get_listing (TernImapRemote *self)
{
  return self->listing;
}

GCancellable *
tern_imap_remote_get_cancellable (TernImapRemote *self)
{
  return self->cancellable;
}

gboolean
tern_imap_remote_is_closed (TernImapRemote *self)
{
  return self->closed;
}

TernImapSession *
tern_imap_remote_new_session (TernImapRemote *self,
                              const char *label,
                              const TernImapHandlers *handlers,
                              gpointer data)
{
  return tern_imap_session_new (self->endpoint, self->credentials, label, self->safe_mode, handlers,
                                data);
}

/* Messages on the move */

static guint
moving_hash (gconstpointer key)
{
  const MovingKey *moving = key;

  return g_int64_hash (&moving->folder) ^ moving->uid;
}

static gboolean
moving_equal (gconstpointer a, gconstpointer b)
{
  const MovingKey *first = a;
  const MovingKey *second = b;

  return first->folder == second->folder && first->uid == second->uid;
}

gboolean
tern_imap_remote_is_moving (TernImapRemote *self, TernId folder, guint32 uid)
{
  MovingKey key = { folder, uid };

  return g_hash_table_contains (self->moving, &key);
}

void
tern_imap_remote_set_moving (TernImapRemote *self,
                             TernId folder,
                             const GArray *uids,
                             gboolean moving)
{
  for (guint i = 0; i < uids->len; i++)
    {
      MovingKey key = { folder, g_array_index (uids, guint32, i) };

      if (moving)
        g_hash_table_add (self->moving, g_memdup2 (&key, sizeof key));
      else
        g_hash_table_remove (self->moving, &key);
    }
}

void
tern_imap_remote_store_flags (TernImapRemote *self, TernId folder, const TernImapFetch *fetch)
{
  GArray *changes;

  if (folder == 0 || fetch->uid == 0 || (fetch->has & TERN_IMAP_FETCH_FLAGS) == 0)
    return;
  changes = tern_flag_changes_new ();
  tern_flag_changes_add (changes, fetch);
  tern_sync_write_flags (self->store, folder, changes, tern_sync_write_logged_cb,
                         tern_store_ref (self->store));
}

void
tern_imap_remote_store_vanished (TernImapRemote *self, TernId folder, GArray *uids)
{
  g_autoptr (GArray) believed = NULL;

  if (folder == 0)
    return;
  believed = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint i = 0; i < uids->len; i++)
    if (!tern_imap_remote_is_moving (self, folder, g_array_index (uids, guint32, i)))
      g_array_append_val (believed, g_array_index (uids, guint32, i));
  if (believed->len > 0)
    tern_sync_write_removed (self->store, folder, g_steal_pointer (&believed),
                             tern_sync_write_logged_cb, tern_store_ref (self->store));
}

/* Jobs */

static GError *
disconnected (TernImapRemote *self)
{
  return tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("The connection to %s is closed."),
                         self->endpoint->host);
}

static void
free_job (TernImapJob *job)
{
  TernImapRemote *remote = job->remote;

  g_clear_object (&job->task);
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
      g_task_return_error (job->task, disconnected (self));
      free_job (job);
      return;
    }
  self->restless = 0;
  enqueue (self, job);
  schedule (self);
}

void
tern_imap_job_done (TernImapJob *job)
{
  g_autoptr (TernImapRemote) self = g_object_ref (job->remote);

  job->slot->job = NULL;
  free_job (job);
  schedule (self);
}

void
tern_imap_job_requeue (TernImapJob *job)
{
  g_autoptr (TernImapRemote) self = g_object_ref (job->remote);

  job->slot->job = NULL;
  job->slot = NULL;
  if (self->closed)
    {
      g_task_return_error (job->task, disconnected (self));
      free_job (job);
      return;
    }
  enqueue (self, job);
  schedule (self);
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

static TernImapJob *
take_job (TernImapRemote *self, TernImapSlot *slot)
{
  for (GList *link = self->queue.head; link != NULL; link = link->next)
    {
      TernImapJob *job = link->data;

      if (slot == &self->hands && job->klass->is_long)
        continue;
      g_queue_delete_link (&self->queue, link);
      return job;
    }
  return NULL;
}

/* A session that died tells its commands first and its owner last. */
static gboolean
can_work (TernImapSlot *slot)
{
  return slot->ready && tern_imap_session_get_state (slot->session) < TERN_IMAP_LEAVING;
}

static void
start_job (TernImapSlot *slot, TernImapJob *job)
{
  slot->job = job;
  job->slot = slot;
  tern_imap_session_stop_idle (slot->session);
  job->klass->start (job);
}

static gboolean
start_next (TernImapRemote *self, TernImapSlot *slot)
{
  TernImapJob *job = NULL;

  if (can_work (slot) && slot->job == NULL)
    job = take_job (self, slot);
  if (job != NULL)
    start_job (slot, job);
  return job != NULL;
}

static void
selected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernImapJob *job = g_task_get_task_data (task);
  GError *error = NULL;
  TernImapReply *reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply != NULL)
    {
      job->slot->selected = job->folder;
      g_task_return_pointer (task, reply, (GDestroyNotify) tern_imap_reply_free);
    }
  else
    g_task_return_error (task, error);
}

void
tern_imap_job_select (TernImapJob *job,
                      const TernFolderRecord *folder,
                      gboolean resync,
                      gboolean *live,
                      GAsyncReadyCallback callback)
{
  TernImapSlot *slot = job->slot;
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (slot->session);
  GTask *task = g_task_new (NULL, NULL, callback, job);

  g_task_set_source_tag (task, tern_imap_job_select);
  g_task_set_task_data (task, job, NULL);
  job->folder = folder->id;
  *live = mailbox != NULL && g_strcmp0 (mailbox->name, folder->remote_name) == 0;
  if (!*live)
    slot->selected = 0;
  slot->grown = FALSE;
  tern_imap_session_select_async (slot->session, folder->remote_name, FALSE,
                                  resync ? folder->uidvalidity : 0, resync ? folder->modseq : 0,
                                  NULL, selected_cb, task);
}

/* Handlers of "work" and "hands" */

static void
on_fetch (TernImapSession *session, TernImapFetch *fetch, gpointer data)
{
  TernImapSlot *slot = data;

  if (slot->job != NULL && slot->job->klass->fetch != NULL)
    slot->job->klass->fetch (slot->job, fetch);
  else
    tern_imap_remote_store_flags (slot->remote, slot->selected, fetch);
}

static void
on_vanished (TernImapSession *session, GArray *uids, gboolean earlier, gpointer data)
{
  TernImapSlot *slot = data;

  if (slot->job != NULL && slot->job->klass->vanished != NULL)
    slot->job->klass->vanished (slot->job, uids, earlier);
  else
    tern_imap_remote_store_vanished (slot->remote, slot->selected, uids);
}

static void
on_exists (TernImapSession *session, guint32 count, gpointer data)
{
  TernImapSlot *slot = data;
  TernImapRemote *self = slot->remote;

  if (slot->selected == 0)
    return;
  slot->grown = TRUE;
  if (slot->job == NULL && !self->closed)
    {
      slot->grown = FALSE;
      self->events.folder_changed (slot->selected, self->events_data);
    }
}

static void
on_list (TernImapSession *session, const TernImapList *list, gpointer data)
{
  TernImapSlot *slot = data;

  if (slot->remote->listing != NULL)
    tern_imap_listing_add (slot->remote->listing, list);
}

static void
on_status (TernImapSession *session, const TernImapStatus *status, gpointer data)
{
  TernImapSlot *slot = data;

  if (slot->remote->listing != NULL)
    tern_imap_listing_add_status (slot->remote->listing, status);
}

static void
on_alert (TernImapSession *session, const char *text, gpointer data)
{
  g_message ("the server says: %s", text);
}

static void
fail_queue (TernImapRemote *self)
{
  TernImapJob *job;

  while ((job = g_queue_pop_head (&self->queue)) != NULL)
    {
      g_task_return_error (job->task, disconnected (self));
      free_job (job);
    }
}

static void
on_closed (TernImapSession *session, const GError *error, gpointer data)
{
  TernImapSlot *slot = data;
  TernImapRemote *self = slot->remote;

  slot->ready = FALSE;
  slot->selected = 0;
  if (slot == &self->work && !self->closed)
    {
      tern_remote_close (TERN_REMOTE (self));
      self->events.closed (error, self->events_data);
    }
  /* The session's hold on the remote, taken when it was opened. */
  g_object_unref (self);
}

static const TernImapHandlers slot_handlers = {
  .fetch = on_fetch,
  .vanished = on_vanished,
  .exists = on_exists,
  .list = on_list,
  .status = on_status,
  .alert = on_alert,
  .closed = on_closed,
};

/* The second pair of hands */

static void
hands_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernImapRemote) self = user_data;
  g_autoptr (GError) error = NULL;

  self->hands_opening = FALSE;
  if (!tern_imap_session_open_finish (TERN_IMAP_SESSION (source), result, &error))
    {
      g_debug ("no further connection: %s", error->message);
      self->hands_refused = TRUE;
    }
  else
    {
      g_object_ref (self);
      if (self->closed)
        tern_imap_session_close (self->hands.session);
      else
        self->hands.ready = TRUE;
    }
  if (!self->closed)
    schedule (self);
}

static void
retire_session (TernImapRemote *self, TernImapSlot *slot)
{
  if (slot->session == NULL)
    return;
  self->bytes_in += tern_imap_session_get_bytes_in (slot->session);
  self->bytes_out += tern_imap_session_get_bytes_out (slot->session);
  self->round_trips += tern_imap_session_get_round_trips (slot->session);
  g_clear_object (&slot->session);
}

static void
want_hands (TernImapRemote *self)
{
  gboolean wanted = FALSE;

  if (self->hands.ready || self->hands_opening || self->hands_refused || !can_work (&self->work))
    return;
  for (GList *link = self->queue.head; link != NULL && !wanted; link = link->next)
    wanted = !((TernImapJob *) link->data)->klass->is_long;
  if (!wanted)
    return;
  self->hands_opening = TRUE;
  retire_session (self, &self->hands);
  self->hands.session =
      tern_imap_remote_new_session (self, self->hands.label, &slot_handlers, &self->hands);
  tern_imap_session_open_async (self->hands.session, self->cancellable, hands_opened_cb,
                                g_object_ref (self));
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
  tern_imap_job_select (&rest->job, rest->folder, FALSE, &live, rest_selected_cb);
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

  if (self->work.selected == place && self->work.grown)
    {
      self->work.grown = FALSE;
      self->events.folder_changed (place, self->events_data);
    }
  else if (self->work.selected == place)
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

static void
schedule (TernImapRemote *self)
{
  if (self->closed)
    return;
  while (start_next (self, &self->work) || start_next (self, &self->hands))
    ;
  want_hands (self);
  if (can_work (&self->work) && self->work.job == NULL && g_queue_is_empty (&self->queue)
      && resting_place (self) != 0)
    listen_to (self, resting_place (self));
}

void
tern_imap_remote_watch_changed (TernImapRemote *self)
{
  schedule (self);
}

static void
polled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  TernImapReply *reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply == NULL)
    g_debug ("poll: %s", error->message);
  g_clear_pointer (&reply, tern_imap_reply_free);
  g_object_unref (TERN_IMAP_REMOTE (user_data));
}

static void
noop (TernImapRemote *self, TernImapSlot *slot)
{
  if (can_work (slot) && slot->job == NULL)
    tern_imap_session_noop_async (slot->session, NULL, polled_cb, g_object_ref (self));
}

void
tern_imap_remote_probe (TernImapRemote *self)
{
  noop (self, &self->work);
  noop (self, &self->hands);
}

static gboolean
on_poll (gpointer user_data)
{
  TernImapRemote *self = user_data;

  if (tern_imap_session_get_state (self->work.session) != TERN_IMAP_IDLING)
    noop (self, &self->work);
  noop (self, &self->hands);
  return G_SOURCE_CONTINUE;
}

/* TernRemote */

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernImapRemote *self = TERN_IMAP_REMOTE (g_task_get_source_object (task));
  GError *error = NULL;

  if (!tern_imap_session_open_finish (TERN_IMAP_SESSION (source), result, &error))
    {
      self->closed = TRUE;
      g_task_return_error (task, error);
      return;
    }
  g_object_ref (self);
  if (self->closed)
    {
      tern_imap_session_close (self->work.session);
      g_task_return_error (task, disconnected (self));
      return;
    }
  self->work.ready = TRUE;
  self->poll = g_timeout_source_new_seconds (POLL_SECONDS);
  g_source_set_callback (self->poll, on_poll, self, NULL);
  g_source_attach (self->poll, g_main_context_get_thread_default ());
  g_task_return_boolean (task, TRUE);
}

static void
imap_open_async (TernRemote *remote,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  TernImapRemote *self = TERN_IMAP_REMOTE (remote);
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, imap_open_async);
  self->work.session =
      tern_imap_remote_new_session (self, self->work.label, &slot_handlers, &self->work);
  tern_imap_session_open_async (self->work.session, cancellable, opened_cb, task);
}

static gboolean
imap_open_finish (TernRemote *remote, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
imap_list_folders_async (TernRemote *remote, GAsyncReadyCallback callback, gpointer user_data)
{
  TernImapRemote *self = TERN_IMAP_REMOTE (remote);
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, imap_list_folders_async);
  if (self->closed || !self->work.ready)
    {
      g_task_return_error (task, disconnected (self));
      g_object_unref (task);
      return;
    }
  tern_imap_listing_start (self, self->work.session, task);
}

static GArray *
imap_list_folders_finish (TernRemote *remote, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
imap_sync_folder_async (TernRemote *remote,
                        TernId folder,
                        TernUrgency urgency,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  TernImapRemote *self = TERN_IMAP_REMOTE (remote);
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, imap_sync_folder_async);
  tern_imap_sync_start (self, folder, urgency, task);
}

static gboolean
imap_sync_folder_finish (TernRemote *remote,
                         GAsyncResult *result,
                         TernSyncCounts *counts,
                         GError **error)
{
  g_autofree TernSyncCounts *value = g_task_propagate_pointer (G_TASK (result), error);

  if (value == NULL)
    return FALSE;
  if (counts != NULL)
    *counts = *value;
  return TRUE;
}

static void
imap_fetch_parts_async (TernRemote *remote,
                        const TernFolderRecord *folder,
                        GPtrArray *requests,
                        TernUrgency urgency,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (remote, NULL, callback, user_data);

  g_task_set_source_tag (task, imap_fetch_parts_async);
  tern_imap_parts_start (TERN_IMAP_REMOTE (remote), folder, requests, urgency, task);
}

static gboolean
imap_fetch_parts_finish (TernRemote *remote, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
imap_run_operation_async (TernRemote *remote,
                          TernRemoteOp *op,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  GTask *task = g_task_new (remote, NULL, callback, user_data);

  g_task_set_source_tag (task, imap_run_operation_async);
  tern_imap_ops_start (TERN_IMAP_REMOTE (remote), op, task);
}

static GArray *
imap_run_operation_finish (TernRemote *remote, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static gboolean
find_inbox (TernReader *reader,
            gpointer data,
            GCancellable *cancellable,
            gpointer *result,
            GError **error)
{
  *result = tern_read_folder_by_path (reader, *(TernId *) data, "INBOX", error);
  return error == NULL || *error == NULL;
}

static void
inbox_found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernImapRemote) self = user_data;
  g_autoptr (TernFolderRecord) inbox = NULL;
  gpointer value = NULL;

  if (!tern_store_read_finish (self->store, result, &value, NULL) || value == NULL)
    return;
  inbox = value;
  self->inbox = inbox->id;
  if (!self->closed && self->watch == NULL)
    self->watch = tern_imap_watch_new (self, inbox->id);
}

static void
imap_watch (TernRemote *remote)
{
  TernImapRemote *self = TERN_IMAP_REMOTE (remote);

  if (self->watch != NULL || self->closed)
    return;
  tern_store_read_async (self->store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, find_inbox,
                         g_memdup2 (&self->account, sizeof self->account), g_free,
                         (GDestroyNotify) tern_folder_record_free, NULL, inbox_found_cb,
                         g_object_ref (self));
}

static void
imap_set_focus (TernRemote *remote, TernId folder)
{
  TernImapRemote *self = TERN_IMAP_REMOTE (remote);

  self->focus = folder;
  self->restless = 0;
  schedule (self);
}

static void
imap_check (TernRemote *remote)
{
  TernImapRemote *self = TERN_IMAP_REMOTE (remote);

  tern_imap_remote_probe (self);
  if (self->watch != NULL)
    tern_imap_watch_check (self->watch);
}

static void
imap_close (TernRemote *remote)
{
  TernImapRemote *self = TERN_IMAP_REMOTE (remote);

  if (self->closed)
    return;
  self->closed = TRUE;
  g_cancellable_cancel (self->cancellable);
  if (self->poll != NULL)
    {
      g_source_destroy (self->poll);
      g_clear_pointer (&self->poll, g_source_unref);
    }
  g_clear_pointer (&self->watch, tern_imap_watch_free);
  if (self->work.ready)
    tern_imap_session_close (self->work.session);
  if (self->hands.ready)
    tern_imap_session_close (self->hands.session);
  fail_queue (self);
}

static void
imap_get_traffic (TernRemote *remote, guint64 *bytes_in, guint64 *bytes_out, guint *round_trips)
{
  TernImapRemote *self = TERN_IMAP_REMOTE (remote);
  TernImapSession *sessions[] = {
    self->work.session,
    self->hands.session,
    self->watch != NULL ? tern_imap_watch_get_session (self->watch) : NULL,
  };

  *bytes_in = self->bytes_in;
  *bytes_out = self->bytes_out;
  *round_trips = self->round_trips;
  for (gsize i = 0; i < G_N_ELEMENTS (sessions); i++)
    if (sessions[i] != NULL)
      {
        *bytes_in += tern_imap_session_get_bytes_in (sessions[i]);
        *bytes_out += tern_imap_session_get_bytes_out (sessions[i]);
        *round_trips += tern_imap_session_get_round_trips (sessions[i]);
      }
}

static void
tern_imap_remote_remote_init (TernRemoteInterface *iface)
{
  iface->open_async = imap_open_async;
  iface->open_finish = imap_open_finish;
  iface->list_folders_async = imap_list_folders_async;
  iface->list_folders_finish = imap_list_folders_finish;
  iface->sync_folder_async = imap_sync_folder_async;
  iface->sync_folder_finish = imap_sync_folder_finish;
  iface->fetch_parts_async = imap_fetch_parts_async;
  iface->fetch_parts_finish = imap_fetch_parts_finish;
  iface->run_operation_async = imap_run_operation_async;
  iface->run_operation_finish = imap_run_operation_finish;
  iface->watch = imap_watch;
  iface->set_focus = imap_set_focus;
  iface->check = imap_check;
  iface->close = imap_close;
  iface->get_traffic = imap_get_traffic;
}

/* Life */

static void
tern_imap_remote_finalize (GObject *object)
{
  TernImapRemote *self = TERN_IMAP_REMOTE (object);

  g_assert (self->watch == NULL && g_queue_is_empty (&self->queue));
  if (self->poll != NULL)
    {
      g_source_destroy (self->poll);
      g_source_unref (self->poll);
    }
  g_clear_object (&self->work.session);
  g_clear_object (&self->hands.session);
  g_hash_table_unref (self->moving);
  g_object_unref (self->cancellable);
  tern_endpoint_unref (self->endpoint);
  tern_credentials_unref (self->credentials);
  tern_store_unref (self->store);
  G_OBJECT_CLASS (tern_imap_remote_parent_class)->finalize (object);
}

static void
tern_imap_remote_class_init (TernImapRemoteClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tern_imap_remote_finalize;
}

static void
tern_imap_remote_init (TernImapRemote *self)
{
  self->work.remote = self;
  self->work.label = "work";
  self->hands.remote = self;
  self->hands.label = "hands";
  g_queue_init (&self->queue);
  self->cancellable = g_cancellable_new ();
  self->moving = g_hash_table_new_full (moving_hash, moving_equal, g_free, NULL);
}

TernImapRemote *
tern_imap_remote_new (TernStore *store,
                      TernId account,
                      TernEndpoint *endpoint,
                      TernCredentials *credentials,
                      gboolean safe_mode,
                      const TernRemoteEvents *events,
                      gpointer data)
{
  TernImapRemote *self = g_object_new (TERN_TYPE_IMAP_REMOTE, NULL);

  self->store = tern_store_ref (store);
  self->account = account;
  self->endpoint = tern_endpoint_ref (endpoint);
  self->credentials = tern_credentials_ref (credentials);
  self->safe_mode = safe_mode;
  self->events = *events;
  self->events_data = data;
  return self;
}
