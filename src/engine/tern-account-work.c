/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-account-work-private.h"

#include <glib/gi18n.h>

#include "tern-account-prepare-private.h"
#include "tern-account-rounds-private.h"
#include "tern-backoff.h"
#include "tern-body-keeper-private.h"
#include "tern-diagnosis-private.h"
#include "tern-imap-remote-private.h"
#include "tern-op-runner-private.h"
#include "tern-outbox-runner-private.h"

/* A server that has ever new things to say is not listened to for ever. */
#define MAX_TOLD_WORDS 100
#define LIST_SECONDS   (5 * 60)
/* Of a server that tells everything by itself: in case that it does not. */
#define RARE_LISTS       6
#define STOP_MS          2000
#define SEND_MS          5000 /* for a message that is just being sent */
#define PROGRESS_USEC    (100 * 1000)
#define FIRST_BACKOFF_MS 2000
#define LAST_BACKOFF_MS  (5 * 60 * 1000)

struct _TernAccountWork
{
  TernStore *store;              /* (owned) */
  TernAccountSettings *settings; /* (owned) */
  TernId account;
  TernAccountReports reports;
  gpointer reports_data;

  TernCredentials *imap; /* (owned) (nullable) */
  TernCredentials *smtp; /* (owned) (nullable) */
  gboolean preparing;
  gboolean expecting;    /* the credentials are being looked up */
  TernRemote *remote;    /* (owned) (nullable) being opened, or open */
  GCancellable *opening; /* (owned) (nullable) */
  gboolean connected;
  gboolean stopping;
  TernBackoff backoff;
  GSource *retry;      /* (owned) (nullable) */
  GSource *list_timer; /* (owned) (nullable) */
  guint lists_left_out;
  TernId inbox;
  TernId focus;
  gboolean first_screen; /* INBOX has shown something: the rest may begin */
  guint listener;

  GHashTable *told;       /* (owned) set of TernId (owned): folders whose fault was told */
  GHashTable *told_words; /* (owned) set of char* (owned): what the remote had to say */
  TernConnectionKeeper *connections; /* (owned) for the doctor … */
  GError *last_error;                /* (owned) (nullable) … as is this … */
  gint64 last_error_time;            /* seconds */
  gboolean listed;                   /* … and whether all folders were looked at … */
  gboolean faultless;                /* … and all were synced since it was busy */
  gint64 last_sync;                  /* seconds; 0 = not yet */
  TernAccountStatus status;
  gint64 reported;          /* monotonic */
  TernRounds *rounds;       /* (owned) */
  TernOpRunner *ops;        /* (owned) */
  TernOutboxRunner *outbox; /* (owned) */
  TernBodyLoader *bodies;   /* (owned) */
  TernBodyKeeper *keeper;   /* (owned) */
  TernCall *stop_call;
  GSource *stop_timer; /* (owned) (nullable) */
  guint holds;         /* remotes that are not finalised, writes on their way, a busy outbox */
  gboolean sending;    /* the outbox is busy while stopping */
};

static void connect_now (TernAccountWork *self);
static void start_prepare (TernAccountWork *self);

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
start_timer (GSource **source, guint milliseconds, GSourceFunc func, gpointer data)
{
  clear_source (source);
  *source = g_timeout_source_new (milliseconds);
  g_source_set_callback (*source, func, data, NULL);
  g_source_attach (*source, g_main_context_get_thread_default ());
}

/* Status */

static void
report (TernAccountWork *self)
{
  self->reported = g_get_monotonic_time ();
  if (!self->stopping)
    self->reports.status (tern_account_status_copy (&self->status), self->reports_data);
}

/* Takes @why: the state and its reason are told together. */
static void
set_trouble (TernAccountWork *self, TernAccountState state, GError *why)
{
  self->status.state = state;
  g_clear_error (&self->status.error);
  self->status.error = why;
  self->status.next_try = 0;
  self->status.asking = FALSE;
  if (state != TERN_ACCOUNT_SYNCING)
    {
      g_clear_pointer (&self->status.folder, g_free);
      self->status.done = 0;
      self->status.total = 0;
    }
}

static void
set_state (TernAccountWork *self, TernAccountState state)
{
  set_trouble (self, state, NULL);
  report (self);
}

/* Says which account it is about: the sentence may be read far away from it. */
static GError *
name_account (TernAccountWork *self, const GError *error)
{
  return tern_fault_name (error, self->settings->label);
}

static void
remember_error (TernAccountWork *self, const GError *error)
{
  if (tern_fault_is_cancelled (error))
    return;
  g_clear_error (&self->last_error);
  self->last_error = g_error_copy (error);
  self->last_error_time = g_get_real_time () / G_USEC_PER_SEC;
}

static void
report_note (const GError *error, gpointer data)
{
  TernAccountWork *self = data;

  remember_error (self, error);
  if (!self->stopping)
    self->reports.note (name_account (self, error), self->reports_data);
}

/* Going offline */

static gboolean
on_retry (gpointer user_data)
{
  TernAccountWork *self = user_data;

  clear_source (&self->retry);
  connect_now (self);
  return G_SOURCE_REMOVE;
}

static void
drop_remote (TernAccountWork *self, const GError *why)
{
  self->connected = FALSE;
  clear_source (&self->list_timer);
  tern_op_runner_set_remote (self->ops, NULL);
  tern_body_keeper_set_online (self->keeper, FALSE);
  tern_body_loader_set_remote (self->bodies, NULL, why);
  tern_rounds_set_remote (self->rounds, NULL, why);
  if (self->remote != NULL)
    {
      tern_remote_close (self->remote);
      g_clear_object (&self->remote);
    }
}

static void
go_offline (TernAccountWork *self, const GError *error)
{
  g_autoptr (GError) named = name_account (self, error);

  remember_error (self, error);
  drop_remote (self, named);
  if (self->stopping)
    return;
  if (tern_fault_get_retry (error) == TERN_RETRY_NEVER && !tern_fault_is_cancelled (error))
    set_trouble (self, TERN_ACCOUNT_REFUSED, g_steal_pointer (&named));
  else
    {
      guint delay = tern_backoff_next_ms (&self->backoff);

      set_trouble (self, TERN_ACCOUNT_OFFLINE, g_steal_pointer (&named));
      self->status.next_try = g_get_real_time () / G_USEC_PER_SEC + (delay + 999) / 1000;
      start_timer (&self->retry, delay, on_retry, self);
    }
  report (self);
}

/* The remote's events */

static gboolean
on_list_timer (gpointer user_data)
{
  TernAccountWork *self = user_data;

  if (++self->lists_left_out < RARE_LISTS && tern_remote_hears_all (self->remote))
    return G_SOURCE_CONTINUE;
  self->lists_left_out = 0;
  tern_rounds_list (self->rounds);
  return G_SOURCE_CONTINUE;
}

/* The newest messages of INBOX are here (or cannot be had): now everything else. */
static void
after_first_screen (TernAccountWork *self)
{
  if (self->first_screen || !self->connected)
    return;
  self->first_screen = TRUE;
  tern_rounds_list (self->rounds);
  tern_remote_watch (self->remote);
  start_timer (&self->list_timer, LIST_SECONDS * 1000, on_list_timer, self);
}

static void
on_progress (const char *path, gint64 done, gint64 total, gpointer data)
{
  TernAccountWork *self = data;

  after_first_screen (self);
  if (g_strcmp0 (self->status.folder, path) != 0)
    {
      g_free (self->status.folder);
      self->status.folder = g_strdup (path);
    }
  self->status.done = done;
  self->status.total = total;
  if (g_get_monotonic_time () - self->reported > PROGRESS_USEC)
    report (self);
}

static void
on_folder_changed (TernId folder, gpointer data)
{
  TernAccountWork *self = data;

  if (self->connected)
    tern_rounds_want (
        self->rounds, folder,
        folder == self->inbox || folder == self->focus ? TERN_URGENCY_NEW : TERN_URGENCY_SYNC);
}

static void
on_folders_changed (gpointer data)
{
  TernAccountWork *self = data;

  if (self->connected)
    tern_rounds_list (self->rounds);
}

/* The same is said at each sync, and by each connection: a person hears it once. */
static void
on_remote_note (const GError *error, gpointer data)
{
  TernAccountWork *self = data;

  if (g_hash_table_size (self->told_words) < MAX_TOLD_WORDS
      && g_hash_table_add (self->told_words, g_strdup (error->message)))
    report_note (error, self);
}

static void
on_quota (const TernQuota *quota, gpointer data)
{
  TernAccountWork *self = data;

  self->status.quota = *quota;
  report (self);
}

static void
on_closed (const GError *error, gpointer data)
{
  TernAccountWork *self = data;
  g_autoptr (GError) none = NULL;

  if (error == NULL)
    none = tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("The connection ended."));
  go_offline (self, error != NULL ? error : none);
}

/* The rounds' events */

/* Without INBOX and the list of folders, or with nowhere to store things, there is no account. */
static gboolean
is_grave (TernAccountWork *self, TernId folder, const GError *error)
{
  return folder == 0 || folder == self->inbox || tern_fault_get_scope (error) == TERN_SCOPE_STORE;
}

static void
on_sync_failed (TernAccountWork *self, TernId folder, const GError *error)
{
  g_autoptr (GError) later = NULL;

  if (tern_fault_is (error, TERN_FAULT_DISCONNECTED) || tern_fault_is_cancelled (error))
    return;
  if (!is_grave (self, folder, error))
    {
      /* Once: it is tried again with every listing. */
      if (g_hash_table_add (self->told, g_memdup2 (&folder, sizeof folder)))
        report_note (error, self);
      return;
    }
  later = g_error_copy (error);
  if (tern_fault_is (error, TERN_FAULT_REFUSED) || tern_fault_is (error, TERN_FAULT_NOT_FOUND)
      || tern_fault_is (error, TERN_FAULT_RIGHTS))
    tern_fault_set_retry (later, TERN_RETRY_LATER);
  go_offline (self, later);
}

static void
on_synced (TernId folder, const GError *error, gpointer data)
{
  TernAccountWork *self = data;

  if (error != NULL)
    {
      self->faultless = FALSE;
      on_sync_failed (self, folder, error);
    }
  else
    {
      self->listed |= folder == 0;
      tern_backoff_reset (&self->backoff);
    }
  after_first_screen (self);
}

static void
on_busy (gboolean busy, gpointer data)
{
  TernAccountWork *self = data;

  if (!busy && self->connected && self->listed && self->faultless)
    self->last_sync = g_get_real_time () / G_USEC_PER_SEC;
  if (!busy)
    {
      self->listed = FALSE;
      self->faultless = TRUE;
    }
  if (self->connected && busy != (self->status.state == TERN_ACCOUNT_SYNCING))
    set_state (self, busy ? TERN_ACCOUNT_SYNCING : TERN_ACCOUNT_IDLE);
  if (self->connected && !busy)
    tern_body_keeper_wake (self->keeper);
}

/* Connecting */

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernAccountWork *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean ok = tern_remote_open_finish (TERN_REMOTE (source), result, &error);

  g_clear_object (&self->opening);
  if (self->stopping || self->remote == NULL)
    return;
  if (!ok)
    {
      go_offline (self, error);
      return;
    }
  self->connected = TRUE;
  self->listed = FALSE;
  self->faultless = TRUE;
  self->first_screen = FALSE;
  set_state (self, TERN_ACCOUNT_SYNCING);
  tern_remote_set_focus (self->remote, self->focus);
  tern_rounds_set_remote (self->rounds, self->remote, NULL);
  tern_rounds_want (self->rounds, self->inbox, TERN_URGENCY_NEW);
  tern_body_loader_set_remote (self->bodies, self->remote, NULL);
  tern_body_keeper_set_online (self->keeper, TRUE);
  tern_op_runner_set_remote (self->ops, self->remote);
}

static void
on_connection (TernConnection *connection, gpointer data)
{
  TernAccountWork *self = data;

  tern_connection_keeper_add (self->connections, connection);
}

static void
release (TernAccountWork *self)
{
  self->holds--;
  if (self->holds == 0 && self->stop_timer != NULL)
    g_source_set_ready_time (self->stop_timer, 0);
}

static void
remote_finalised (gpointer data, GObject *where)
{
  release (data);
}

static const TernRemoteEvents remote_events = {
  .progress = on_progress,
  .folder_changed = on_folder_changed,
  .folders_changed = on_folders_changed,
  .note = on_remote_note,
  .quota = on_quota,
  .connection = on_connection,
  .closed = on_closed,
};

static void
connect_now (TernAccountWork *self)
{
  TernImapRemote *remote;

  if (self->imap == NULL || self->remote != NULL || self->stopping)
    return;
  if (self->inbox == 0)
    {
      start_prepare (self);
      return;
    }
  clear_source (&self->retry);
  set_state (self, TERN_ACCOUNT_CONNECTING);
  remote = tern_imap_remote_new (self->store, self->account, self->settings->imap, self->imap,
                                 self->settings->safe_mode, &remote_events, self);
  self->remote = TERN_REMOTE (remote);
  self->holds++;
  g_object_weak_ref (G_OBJECT (remote), remote_finalised, self);
  self->opening = g_cancellable_new ();
  tern_remote_open_async (self->remote, self->opening, opened_cb, self);
}

/* The store */

static void
on_changes (TernChangeSet *changes, gpointer user_data)
{
  TernAccountWork *self = user_data;
  gboolean filed = FALSE;

  for (guint i = 0; i < changes->folders->len && !filed; i++)
    {
      const TernFolderChange *folder = g_ptr_array_index (changes->folders, i);

      filed = folder->account == self->account && folder->added->len > 0
              && tern_outbox_runner_is_waiting (self->outbox);
    }
  if (changes->ops_changed || changes->reset)
    tern_op_runner_wake (self->ops);
  if (changes->ops_changed || changes->outbox_changed || changes->reset || filed)
    tern_outbox_runner_wake (self->outbox);
}

static void
prepared_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernAccountWork *self = user_data;
  g_autoptr (GError) error = NULL;
  gpointer value = NULL;

  self->preparing = FALSE;
  if (!tern_store_write_finish (self->store, result, &value, &error))
    go_offline (self, error);
  else
    self->inbox = *(TernId *) value;
  g_free (value);
  release (self);
  if (self->stopping || self->inbox == 0)
    return;
  connect_now (self);
  tern_outbox_runner_set_server (self->outbox, self->settings->smtp, self->smtp);
}

/* Nothing is connected or sent before it has succeeded. */
static void
start_prepare (TernAccountWork *self)
{
  if (self->preparing)
    return;
  clear_source (&self->retry);
  self->preparing = TRUE;
  self->holds++;
  tern_store_write_async (self->store, G_PRIORITY_HIGH, tern_account_prepare,
                          g_memdup2 (&self->account, sizeof self->account), g_free, g_free,
                          prepared_cb, self);
}

/* Public */

static const TernRoundsEvents rounds_events = { .synced = on_synced, .busy = on_busy };

static void
ops_idle (gpointer data)
{
  TernAccountWork *self = data;

  tern_rounds_check (self->rounds);
}

static gboolean
ops_busy (gpointer data)
{
  TernAccountWork *self = data;

  return tern_op_runner_is_busy (self->ops);
}

static void
on_blocked (const GError *error, gpointer data)
{
  TernAccountWork *self = data;

  g_clear_error (&self->status.sending);
  if (error != NULL)
    self->status.sending = name_account (self, error);
  report (self);
}

static const TernOpRunnerEvents op_events = { .note = report_note,
                                              .folder_changed = on_folder_changed,
                                              .rights_doubted = on_folders_changed,
                                              .idle = ops_idle };
static const TernOutboxRunnerEvents outbox_events = { .note = report_note,
                                                      .folder_changed = on_folder_changed,
                                                      .connection = on_connection,
                                                      .blocked = on_blocked };

TernAccountWork *
tern_account_work_new (TernStore *store,
                       TernAccountSettings *settings,
                       TernId account,
                       const TernAccountReports *reports,
                       gpointer data)
{
  TernAccountWork *self = g_new0 (TernAccountWork, 1);
  TernBackoff backoff = TERN_BACKOFF_INIT (FIRST_BACKOFF_MS, LAST_BACKOFF_MS);

  self->store = tern_store_ref (store);
  self->settings = tern_account_settings_ref (settings);
  self->account = account;
  self->reports = *reports;
  self->reports_data = data;
  self->backoff = backoff;
  self->told = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->told_words = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->status.state = TERN_ACCOUNT_DISABLED;
  self->connections = tern_connection_keeper_new ();
  self->bodies = tern_body_loader_new (store);
  self->keeper = tern_body_keeper_new (store, account, self->bodies, settings);
  self->rounds = tern_rounds_new (store, account, self->bodies, &rounds_events, ops_busy, self);
  self->ops = tern_op_runner_new (store, account, &op_events, self);
  self->outbox = tern_outbox_runner_new (store, account, &outbox_events, self);
  self->listener = tern_store_add_listener (store, NULL, on_changes, self, NULL);
  return self;
}

void
tern_account_work_expect (TernAccountWork *self)
{
  self->expecting = TRUE;
  tern_body_loader_expect (self->bodies);
  set_state (self, TERN_ACCOUNT_CONNECTING);
}

void
tern_account_work_go_online (TernAccountWork *self, TernCredentials *imap, TernCredentials *smtp)
{
  self->expecting = FALSE;
  g_clear_pointer (&self->imap, tern_credentials_unref);
  self->imap = tern_credentials_ref (imap);
  g_clear_pointer (&self->smtp, tern_credentials_unref);
  self->smtp = tern_credentials_ref (smtp);
  set_state (self, TERN_ACCOUNT_CONNECTING);
  connect_now (self);
  if (self->inbox != 0)
    tern_outbox_runner_set_server (self->outbox, self->settings->smtp, smtp);
}

void
tern_account_work_show_locked (TernAccountWork *self, const GError *error)
{
  remember_error (self, error);
  set_trouble (self, TERN_ACCOUNT_REFUSED, name_account (self, error));
  self->status.asking = TRUE;
  report (self);
}

void
tern_account_work_set_fault (TernAccountWork *self, GError *error)
{
  self->expecting = FALSE;
  go_offline (self, error);
  g_error_free (error);
}

void
tern_account_work_refresh (TernAccountWork *self)
{
  tern_outbox_runner_try_now (self->outbox);
  if (self->connected)
    {
      tern_remote_check (self->remote);
      tern_rounds_list (self->rounds);
    }
  else
    connect_now (self);
}

void
tern_account_work_hint (TernAccountWork *self)
{
  if (self->connected)
    tern_remote_check (self->remote);
  else if (self->status.state == TERN_ACCOUNT_OFFLINE)
    connect_now (self);
  if (!tern_outbox_runner_is_blocked (self->outbox))
    tern_outbox_runner_try_now (self->outbox);
}

void
tern_account_work_set_focus (TernAccountWork *self, TernId folder)
{
  if (self->focus == folder)
    return;
  self->focus = folder;
  if (!self->connected)
    return;
  tern_remote_set_focus (self->remote, folder);
  if (folder != 0)
    tern_rounds_want (self->rounds, folder, TERN_URGENCY_NEW);
}

void
tern_account_work_set_metered (TernAccountWork *self, gboolean metered)
{
  tern_body_keeper_set_metered (self->keeper, metered);
}

void
tern_account_work_prefetch (TernAccountWork *self, const TernId *ids, gsize n)
{
  tern_body_keeper_prefetch (self->keeper, ids, n);
}

static void
loaded (const GError *error, gpointer data)
{
  TernCall *call = data;

  if (error != NULL)
    tern_call_return_error (call, g_error_copy (error));
  else
    tern_call_return (call, NULL, NULL);
}

void
tern_account_work_load (TernAccountWork *self, TernCall *call, const TernLoadRequest *request)
{
  tern_body_loader_load (self->bodies, request->location, request->section, request->transfer,
                         tern_call_get_cancellable (call), loaded, call);
}

void
tern_account_work_sync (TernAccountWork *self, TernCall *call, const TernSyncRequest *request)
{
  if (self->imap == NULL && !self->expecting)
    {
      tern_call_return_error (call,
                              self->status.error != NULL
                                  ? g_error_copy (self->status.error)
                                  : tern_fault_new (TERN_FAULT_UNREACHABLE, _ ("Not connected.")));
      return;
    }
  tern_rounds_add_waiter (self->rounds, call, request->folder, request->full);
  if (!self->connected && self->remote == NULL)
    connect_now (self);
}

void
tern_account_work_trace (TernAccountWork *self, TernCall *call)
{
  TernAccountTrace *trace = tern_account_trace_new ();

  g_ptr_array_unref (trace->connections);
  trace->connections = tern_connection_keeper_dup (self->connections, self->imap, self->smtp);
  trace->online = self->status.state != TERN_ACCOUNT_DISABLED;
  trace->error = tern_diagnosis_clean_error (self->status.error, self->imap, self->smtp);
  trace->sending = tern_diagnosis_clean_error (self->status.sending, self->imap, self->smtp);
  trace->next_try = self->status.next_try;
  trace->last = tern_diagnosis_clean_error (self->last_error, self->imap, self->smtp);
  trace->last_time = self->last_error_time;
  trace->last_sync = self->last_sync;
  trace->quota = self->status.quota;
  tern_call_return (call, trace, tern_account_trace_free);
}

/* The end */

static void
work_free (TernAccountWork *self)
{
  tern_rounds_free (self->rounds);
  tern_op_runner_free (self->ops);
  tern_outbox_runner_free (self->outbox);
  tern_body_keeper_free (self->keeper);
  tern_body_loader_free (self->bodies);
  g_clear_pointer (&self->imap, tern_credentials_unref);
  g_clear_pointer (&self->smtp, tern_credentials_unref);
  g_clear_object (&self->opening);
  tern_connection_keeper_free (self->connections);
  g_clear_error (&self->last_error);
  g_hash_table_unref (self->told);
  g_hash_table_unref (self->told_words);
  tern_account_status_clear (&self->status);
  tern_account_settings_unref (self->settings);
  tern_store_unref (self->store);
  g_free (self);
}

static gboolean
on_stopped (gpointer user_data)
{
  TernAccountWork *self = user_data;
  TernCall *call = self->stop_call;

  if (self->holds > 0 && self->sending)
    {
      /* Long enough. What becomes of the message is still stored. */
      self->sending = FALSE;
      start_timer (&self->stop_timer, STOP_MS, on_stopped, self);
      tern_outbox_runner_abort (self->outbox);
      return G_SOURCE_REMOVE;
    }
  /* A remote that is still there after the time is left to itself: its events must not come here.
   */
  clear_source (&self->stop_timer);
  if (self->holds == 0)
    work_free (self);
  tern_call_return (call, NULL, NULL);
  return G_SOURCE_REMOVE;
}

static void
outbox_ended (gpointer data)
{
  TernAccountWork *self = data;

  self->sending = FALSE;
  release (self);
}

static void
bodies_ended (gpointer data)
{
  release (data);
}

void
tern_account_work_stop (TernAccountWork *self, TernCall *call)
{
  g_autoptr (GError) why = tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped."));

  self->stopping = TRUE;
  self->stop_call = call;
  clear_source (&self->retry);
  tern_store_remove_listener (self->store, self->listener);
  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
  drop_remote (self, why);
  self->sending = tern_outbox_runner_stop (self->outbox, outbox_ended, self);
  if (self->sending)
    self->holds++;
  if (tern_body_loader_stop (self->bodies, bodies_ended, self))
    self->holds++;
  start_timer (&self->stop_timer,
               self->sending     ? SEND_MS
               : self->holds > 0 ? STOP_MS
                                 : 0,
               on_stopped, self);
}
