/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-account-runner-private.h"

#include <glib/gi18n.h>
#include <libsecret/secret.h>

#include "tern-account-work-private.h"
#include "tern-keyring-watch-private.h"
#include "tern-secrets.h"
#include "tern-worker.h"

/* The way back from the worker: outlives either end. */
typedef struct
{
  GMainContext *context;     /* (owned) the engine's */
  TernAccountRunner *runner; /* (thread: engine) (nullable) NULL once stopped */
} Link;

struct _TernAccountRunner
{
  int refs;
  TernStore *store;              /* (owned) */
  TernAccountSettings *settings; /* (owned) */
  TernId account;
  TernAccountRunnerEvents events;
  gpointer events_data;
  TernWorker *worker;        /* (owned) (nullable) */
  TernAccountWork *work;     /* (thread: worker) */
  Link *link;                /* (owned) */
  TernAccountStatus *status; /* (owned) */
  GCancellable *looking;     /* (owned) (nullable) for secrets, with a prompt when that is needed */
  GCancellable *peeking;     /* (owned) (nullable) for secrets, because the keyring changed */
  TernKeyringWatch *keyring; /* (owned) (nullable) while it stands in the way */
  gboolean online;           /* the worker has the credentials */
};

static void
link_clear (gpointer data)
{
  g_main_context_unref (((Link *) data)->context);
}

static void
link_unref (gpointer link)
{
  g_atomic_rc_box_release_full (link, link_clear);
}

/* From the worker */

typedef struct
{
  Link *link;                /* (owned) */
  TernAccountStatus *status; /* (owned) (nullable) */
  GError *note;              /* (owned) (nullable) */
} Message;

static void
message_free (gpointer data)
{
  Message *message = data;

  g_clear_pointer (&message->status, tern_account_status_free);
  g_clear_error (&message->note);
  link_unref (message->link);
  g_free (message);
}

static gboolean
deliver (gpointer data)
{
  Message *message = data;
  TernAccountRunner *self = message->link->runner;

  if (self == NULL)
    return G_SOURCE_REMOVE;
  if (message->status != NULL)
    {
      tern_account_status_free (self->status);
      self->status = g_steal_pointer (&message->status);
      self->events.status (self, self->events_data);
    }
  else
    self->events.note (self, message->note, self->events_data);
  return G_SOURCE_REMOVE;
}

static void
post (Link *link, TernAccountStatus *status, GError *note)
{
  Message *message = g_new0 (Message, 1);
  g_autoptr (GSource) source = g_idle_source_new ();

  message->link = g_atomic_rc_box_acquire (link);
  message->status = status;
  message->note = note;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, deliver, message, message_free);
  g_source_attach (source, link->context);
}

static void
report_status (TernAccountStatus *status, gpointer data)
{
  post (data, status, NULL);
}

static void
report_note (GError *error, gpointer data)
{
  post (data, NULL, error);
}

/* To the worker */

typedef struct
{
  TernAccountRunner *runner; /* (owned); the worker only reads what never changes */
  void (*run) (TernAccountRunner *runner, gpointer data);
  gpointer data;
  GDestroyNotify data_free;
} Order;

static void
order_run (gpointer data, gpointer unused)
{
  Order *order = data;

  order->run (order->runner, order->data);
}

static void
order_free (gpointer data)
{
  Order *order = data;

  if (order->data_free != NULL)
    order->data_free (order->data);
  g_free (order);
}

/* The runner outlives its worker's queue: it is only freed after the worker was shut down. What a
 * person waits for goes ahead of other calls, but never of an order that was given before it: there
 * is nothing to call until the first one was carried out. */
static void
order (TernAccountRunner *self,
       void (*run) (TernAccountRunner *runner, gpointer data),
       gpointer data,
       GDestroyNotify data_free)
{
  Order *message = g_new0 (Order, 1);

  message->runner = self;
  message->run = run;
  message->data = data;
  message->data_free = data_free;
  tern_worker_invoke (self->worker, G_PRIORITY_HIGH, order_run, message, order_free);
}

static void
do_begin (TernAccountRunner *self, gpointer data)
{
  static const TernAccountReports reports = { report_status, report_note };

  self->work =
      tern_account_work_new (self->store, self->settings, self->account, &reports, self->link);
}

typedef struct
{
  TernCredentials *imap;
  TernCredentials *smtp;
} Secrets;

static void
secrets_free (gpointer data)
{
  Secrets *secrets = data;

  tern_credentials_unref (secrets->imap);
  tern_credentials_unref (secrets->smtp);
  g_free (secrets);
}

static void
do_expect (TernAccountRunner *self, gpointer data)
{
  tern_account_work_expect (self->work);
}

static void
do_go_online (TernAccountRunner *self, gpointer data)
{
  Secrets *secrets = data;

  tern_account_work_go_online (self->work, secrets->imap, secrets->smtp);
}

static void
do_show_locked (TernAccountRunner *self, gpointer data)
{
  tern_account_work_show_locked (self->work, data);
}

static void
do_set_fault (TernAccountRunner *self, gpointer data)
{
  tern_account_work_set_fault (self->work, g_error_copy (data));
}

static void
do_refresh (TernAccountRunner *self, gpointer data)
{
  tern_account_work_refresh (self->work);
}

static void
do_hint (TernAccountRunner *self, gpointer data)
{
  tern_account_work_hint (self->work);
}

static void
do_set_metered (TernAccountRunner *self, gpointer data)
{
  tern_account_work_set_metered (self->work, GPOINTER_TO_INT (data));
}

static void
do_set_focus (TernAccountRunner *self, gpointer data)
{
  tern_account_work_set_focus (self->work, *(TernId *) data);
}

static void
do_prefetch (TernAccountRunner *self, gpointer data)
{
  const GArray *ids = data;

  tern_account_work_prefetch (self->work, (const TernId *) ids->data, ids->len);
}

/* Calls */

typedef struct
{
  TernAccountRunner *runner;
  TernLoadRequest load;
  TernSyncRequest sync;
} CallRequest;

static void
call_request_free (gpointer data)
{
  CallRequest *request = data;

  g_free (request->load.section);
  g_clear_pointer (&request->load.transfer, tern_transfer_unref);
  g_free (request->sync.folder);
  g_free (request);
}

static void
run_load (TernCall *call, gpointer data)
{
  CallRequest *request = data;

  tern_account_work_load (request->runner->work, call, &request->load);
}

static void
run_sync (TernCall *call, gpointer data)
{
  CallRequest *request = data;

  tern_account_work_sync (request->runner->work, call, &request->sync);
}

static void
run_trace (TernCall *call, gpointer data)
{
  CallRequest *request = data;

  tern_account_work_trace (request->runner->work, call);
}

static void
run_stop (TernCall *call, gpointer data)
{
  CallRequest *request = data;

  tern_account_work_stop (g_steal_pointer (&request->runner->work), call);
}

static GError *
stopped_fault (void)
{
  return tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped."));
}

static void
call (TernAccountRunner *self, GTask *task, int priority, TernCallRun run, CallRequest *request)
{
  request->runner = self;
  if (self->link->runner == NULL && run != run_stop)
    {
      g_task_return_error (task, stopped_fault ());
      g_object_unref (task);
      call_request_free (request);
      return;
    }
  tern_call_start (task, tern_worker_get_context (self->worker), priority, run, request,
                   call_request_free);
}

void
tern_account_runner_load (TernAccountRunner *self,
                          TernId location,
                          const char *section,
                          TernTransfer *transfer,
                          GTask *task)
{
  CallRequest *request = g_new0 (CallRequest, 1);

  request->load.location = location;
  request->load.section = g_strdup (section);
  request->load.transfer = transfer != NULL ? tern_transfer_ref (transfer) : NULL;
  call (self, task, G_PRIORITY_HIGH, run_load, request);
}

void
tern_account_runner_sync (TernAccountRunner *self, const char *folder, gboolean full, GTask *task)
{
  CallRequest *request = g_new0 (CallRequest, 1);

  request->sync.folder = g_strdup (folder);
  request->sync.full = full;
  /* Who asks for it is there to answer the keyring's prompt. */
  if (!self->online)
    tern_account_runner_refresh (self);
  call (self, task, G_PRIORITY_DEFAULT, run_sync, request);
}

/* A question that takes no time: ahead of what does. */
void
tern_account_runner_trace (TernAccountRunner *self, GTask *task)
{
  call (self, task, G_PRIORITY_HIGH, run_trace, g_new0 (CallRequest, 1));
}

/* Secrets: first without a prompt, so that what a prompt is shown for is told meanwhile */

typedef struct
{
  TernAccountRunner *runner; /* (owned) */
  GCancellable *cancellable; /* (owned) which of the runner's it is */
  gboolean asking;           /* with a prompt */
  TernCredentials *imap;     /* (owned) (nullable) */
} Look;

static void
look_free (Look *look)
{
  tern_account_runner_unref (look->runner);
  g_object_unref (look->cancellable);
  g_clear_pointer (&look->imap, tern_credentials_unref);
  g_free (look);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Look, look_free)

static void
stop_looking (GCancellable **cancellable)
{
  if (*cancellable != NULL)
    g_cancellable_cancel (*cancellable);
  g_clear_object (cancellable);
}

static void imap_secret_cb (GObject *source, GAsyncResult *result, gpointer user_data);
static void smtp_secret_cb (GObject *source, GAsyncResult *result, gpointer user_data);

/* Takes @look. */
static void
look_for (Look *look, gboolean smtp)
{
  const TernAccountSettings *settings = look->runner->settings;
  const char *kind = tern_account_settings_get_secret_kind (settings, smtp);
  GAsyncReadyCallback callback = smtp ? smtp_secret_cb : imap_secret_cb;

  if (look->asking)
    tern_secrets_lookup_async (settings->uuid, kind, look->cancellable, callback, look);
  else
    tern_secrets_peek_async (settings->uuid, kind, look->cancellable, callback, look);
}

static void
start_look (TernAccountRunner *self, GCancellable **cancellable, gboolean asking)
{
  Look *look = g_new0 (Look, 1);

  stop_looking (cancellable);
  *cancellable = g_cancellable_new ();
  look->runner = tern_account_runner_ref (self);
  look->cancellable = g_object_ref (*cancellable);
  look->asking = asking;
  look_for (look, FALSE);
}

static void
on_keyring_changed (gpointer data)
{
  TernAccountRunner *self = data;

  start_look (self, &self->peeking, FALSE);
}

/* Takes @error. */
static void
secret_fault (Look *look, GError *error)
{
  TernAccountRunner *self = look->runner;
  gboolean locked = tern_fault_is (error, TERN_FAULT_KEYRING_LOCKED);
  gboolean peeked = look->cancellable == self->peeking;

  if (g_cancellable_is_cancelled (look->cancellable))
    {
      g_error_free (error);
      return;
    }
  if (self->keyring == NULL && (locked || tern_fault_is (error, TERN_FAULT_KEYRING_ABSENT)))
    self->keyring = tern_keyring_watch_new (on_keyring_changed, self);
  g_clear_object (peeked ? &self->peeking : &self->looking);
  if (peeked && self->looking != NULL)
    g_error_free (error);
  else if (locked && !peeked && !look->asking)
    {
      order (self, do_show_locked, error, (GDestroyNotify) g_error_free);
      start_look (self, &self->looking, TRUE);
    }
  else
    order (self, do_set_fault, error, (GDestroyNotify) g_error_free);
}

static void
hand_over (Look *look, TernCredentials *smtp)
{
  TernAccountRunner *self = look->runner;
  Secrets *secrets;

  if (g_cancellable_is_cancelled (look->cancellable))
    return;
  stop_looking (&self->looking);
  stop_looking (&self->peeking);
  g_clear_pointer (&self->keyring, tern_keyring_watch_free);
  self->online = TRUE;
  secrets = g_new0 (Secrets, 1);
  secrets->imap = g_steal_pointer (&look->imap);
  secrets->smtp = tern_credentials_ref (smtp);
  order (self, do_go_online, secrets, secrets_free);
}

static TernCredentials *
make_smtp (TernAccountRunner *self, const char *secret)
{
  const TernAccountSettings *settings = self->settings;
  gboolean other = settings->smtp_user != NULL && *settings->smtp_user != '\0';

  return tern_credentials_new_for (settings->auth,
                                   other ? settings->smtp_user : settings->imap_user, secret);
}

static void
smtp_secret_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Look) look = user_data;
  GError *error = NULL;
  char *secret = tern_secrets_lookup_finish (result, &error);

  if (secret == NULL)
    secret_fault (look, error);
  else
    {
      TernCredentials *smtp = make_smtp (look->runner, secret);

      hand_over (look, smtp);
      tern_credentials_unref (smtp);
      secret_password_free (secret);
    }
}

static void
imap_secret_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Look) look = user_data;
  TernAccountSettings *settings = look->runner->settings;
  GError *error = NULL;
  char *secret = tern_secrets_lookup_finish (result, &error);

  if (secret == NULL)
    {
      secret_fault (look, error);
      return;
    }
  look->imap = tern_credentials_new_for (settings->auth, settings->imap_user, secret);
  if (settings->smtp_own_secret)
    look_for (g_steal_pointer (&look), TRUE);
  else
    {
      TernCredentials *smtp = make_smtp (look->runner, secret);

      hand_over (look, smtp);
      tern_credentials_unref (smtp);
    }
  secret_password_free (secret);
}

void
tern_account_runner_go_online (TernAccountRunner *self)
{
  if (self->looking != NULL)
    return;
  self->status->state = TERN_ACCOUNT_CONNECTING;
  order (self, do_expect, NULL, NULL);
  start_look (self, &self->looking, FALSE);
}

/* Orders */

void
tern_account_runner_refresh (TernAccountRunner *self)
{
  /* Without credentials the keyring is what stood in the way. */
  if (self->online)
    order (self, do_refresh, NULL, NULL);
  else if (self->status->state != TERN_ACCOUNT_DISABLED)
    tern_account_runner_go_online (self);
}

void
tern_account_runner_hint (TernAccountRunner *self)
{
  if (self->online)
    order (self, do_hint, NULL, NULL);
}

void
tern_account_runner_set_metered (TernAccountRunner *self, gboolean metered)
{
  order (self, do_set_metered, GINT_TO_POINTER (metered), NULL);
}

void
tern_account_runner_set_focus (TernAccountRunner *self, TernId folder)
{
  order (self, do_set_focus, g_memdup2 (&folder, sizeof folder), g_free);
}

void
tern_account_runner_prefetch (TernAccountRunner *self, GArray *ids)
{
  order (self, do_prefetch, g_array_ref (ids), (GDestroyNotify) g_array_unref);
}

/* Life */

TernAccountSettings *
tern_account_runner_get_settings (TernAccountRunner *self)
{
  return self->settings;
}

TernId
tern_account_runner_get_account (TernAccountRunner *self)
{
  return self->account;
}

const TernAccountStatus *
tern_account_runner_get_status (TernAccountRunner *self)
{
  return self->status;
}

TernAccountRunner *
tern_account_runner_new (TernStore *store,
                         TernAccountSettings *settings,
                         TernId account,
                         const TernAccountRunnerEvents *events,
                         gpointer data)
{
  TernAccountRunner *self = g_new0 (TernAccountRunner, 1);

  self->refs = 1;
  self->store = tern_store_ref (store);
  self->settings = tern_account_settings_ref (settings);
  self->account = account;
  self->events = *events;
  self->events_data = data;
  self->link = g_atomic_rc_box_new0 (Link);
  self->link->context = g_main_context_ref_thread_default ();
  self->link->runner = self;
  self->status = g_new0 (TernAccountStatus, 1);
  self->status->state = TERN_ACCOUNT_DISABLED;
  self->worker = tern_worker_new_niced ("tern-account");
  order (self, do_begin, NULL, NULL);
  return self;
}

TernAccountRunner *
tern_account_runner_ref (TernAccountRunner *self)
{
  self->refs++;
  return self;
}

void
tern_account_runner_unref (TernAccountRunner *self)
{
  if (--self->refs > 0)
    return;
  g_clear_pointer (&self->worker, tern_worker_unref);
  tern_account_status_free (self->status);
  tern_account_settings_unref (self->settings);
  tern_store_unref (self->store);
  link_unref (self->link);
  g_free (self);
}

static void
shut_down_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernAccountRunner *self = g_task_get_task_data (task);
  GError *error = NULL;

  if (tern_worker_shutdown_finish (self->worker, result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
work_stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TernAccountRunner *self = g_task_get_task_data (task);

  g_task_propagate_pointer (G_TASK (result), NULL);
  tern_worker_shutdown_async (self->worker, shut_down_cb, task);
}

void
tern_account_runner_stop_async (TernAccountRunner *self,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);

  g_task_set_source_tag (task, tern_account_runner_stop_async);
  g_task_set_task_data (task, tern_account_runner_ref (self),
                        (GDestroyNotify) tern_account_runner_unref);
  stop_looking (&self->looking);
  stop_looking (&self->peeking);
  g_clear_pointer (&self->keyring, tern_keyring_watch_free);
  self->link->runner = NULL;
  call (self, g_task_new (NULL, NULL, work_stopped_cb, task), G_PRIORITY_DEFAULT, run_stop,
        g_new0 (CallRequest, 1));
}

gboolean
tern_account_runner_stop_finish (TernAccountRunner *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
