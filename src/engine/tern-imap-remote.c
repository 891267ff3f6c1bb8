/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-remote-state-private.h"

static void tern_imap_remote_remote_init (TernRemoteInterface *iface);

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

void
tern_imap_remote_count_folder_op (TernImapRemote *self, gboolean begins)
{
  self->folder_ops++;
  self->folder_ops_now += begins ? 1 : -1;
}

void
tern_imap_remote_set_listed (TernImapRemote *self)
{
  self->has_listed = TRUE;
}

gboolean
tern_imap_remote_has_listed (TernImapRemote *self)
{
  return self->has_listed;
}

guint
tern_imap_remote_get_folder_ops (TernImapRemote *self)
{
  return self->folder_ops;
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
  TernImapSession *session = tern_imap_session_new (self->endpoint, self->credentials, label,
                                                    self->safe_mode, handlers, data);

  if (!self->closed && self->events.connection != NULL)
    self->events.connection (tern_imap_session_get_connection (session), self->events_data);
  return session;
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
      g_task_return_error (task, tern_imap_remote_disconnected (self));
      return;
    }
  self->work.ready = TRUE;
  tern_imap_remote_start_poll (self);
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
  self->work.session = tern_imap_slot_new_session (&self->work);
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
      g_task_return_error (task, tern_imap_remote_disconnected (self));
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
  if (tern_op_is_of_folder (op->kind))
    tern_imap_folder_ops_start (TERN_IMAP_REMOTE (remote), op, task);
  else
    tern_imap_ops_start (TERN_IMAP_REMOTE (remote), op, task);
}

static GArray *
imap_run_operation_finish (TernRemote *remote,
                           GAsyncResult *result,
                           TernOpFailure *failure,
                           GError **error)
{
  const TernOpFailure *told = g_task_get_task_data (G_TASK (result));

  if (failure != NULL && told != NULL)
    {
      failure->part = told->part != NULL ? g_array_ref (told->part) : NULL;
      failure->refusal = told->refusal;
    }
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
  tern_imap_remote_schedule (self);
}

static gboolean
imap_gains_by_decoding (TernRemote *remote)
{
  TernImapRemote *self = TERN_IMAP_REMOTE (remote);

  return self->work.ready && tern_imap_session_gains_by_decoding (self->work.session);
}

static gboolean
imap_hears_all (TernRemote *remote)
{
  TernImapRemote *self = TERN_IMAP_REMOTE (remote);

  return self->watch != NULL && tern_imap_watch_hears_all (self->watch);
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
  tern_imap_remote_fail_queue (self);
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
  iface->gains_by_decoding = imap_gains_by_decoding;
  iface->run_operation_async = imap_run_operation_async;
  iface->run_operation_finish = imap_run_operation_finish;
  iface->watch = imap_watch;
  iface->set_focus = imap_set_focus;
  iface->check = imap_check;
  iface->hears_all = imap_hears_all;
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
  g_free (self->work.left_mailbox);
  g_free (self->hands.left_mailbox);
  g_hash_table_unref (self->unasked.stale);
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
  self->unasked.stale = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
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
