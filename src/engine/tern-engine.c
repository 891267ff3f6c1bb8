/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-engine-private.h"

#include <glib/gi18n.h>

#include "tern-body-store.h"
#include "tern-mime-text.h"
#include "tern-paths.h"

#define SWEEP_FIRST_SECONDS 60
#define SWEEP_PAUSE_SECONDS (6 * 60 * 60)
#define SWEEP_SLICE         200

enum
{
  SIGNAL_CHANGED,
  SIGNAL_ACCOUNTS_CHANGED,
  SIGNAL_ACCOUNT_STATUS,
  SIGNAL_NEW_MAIL,
  SIGNAL_NOTE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (TernEngine, tern_engine, G_TYPE_OBJECT)

/* Status */

TernAccountStatus *
tern_account_status_copy (const TernAccountStatus *self)
{
  TernAccountStatus *copy = g_memdup2 (self, sizeof *self);

  copy->folder = g_strdup (self->folder);
  copy->error = self->error != NULL ? g_error_copy (self->error) : NULL;
  copy->sending = self->sending != NULL ? g_error_copy (self->sending) : NULL;
  return copy;
}

gboolean
tern_account_status_is_out_of_reach (const TernAccountStatus *self)
{
  return self->state == TERN_ACCOUNT_OFFLINE
         || (self->state == TERN_ACCOUNT_REFUSED && !self->asking);
}

void
tern_account_status_clear (TernAccountStatus *self)
{
  g_free (self->folder);
  g_clear_error (&self->error);
  g_clear_error (&self->sending);
}

void
tern_account_status_free (TernAccountStatus *self)
{
  if (self == NULL)
    return;
  tern_account_status_clear (self);
  g_free (self);
}

/* Helpers */

GTask *
tern_engine_task (TernEngine *self,
                  gpointer tag,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  return task;
}

void
tern_engine_call (TernEngine *self,
                  GTask *task,
                  TernCallRun run,
                  gpointer request,
                  GDestroyNotify request_free)
{
  if (self->reading == NULL)
    {
      g_task_return_error (task, tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped.")));
      g_object_unref (task);
      if (request_free != NULL)
        request_free (request);
      return;
    }
  tern_call_start (task, tern_worker_get_context (self->reading), G_PRIORITY_DEFAULT, run, request,
                   request_free);
}

TernAccountRunner *
tern_engine_find_runner (TernEngine *self, const char *uuid)
{
  for (guint i = 0; i < self->runners->len; i++)
    {
      TernAccountRunner *runner = g_ptr_array_index (self->runners, i);

      if (g_strcmp0 (tern_account_runner_get_settings (runner)->uuid, uuid) == 0)
        return runner;
    }
  return NULL;
}

TernAccountRunner *
tern_engine_find_runner_by_row (TernEngine *self, TernId account)
{
  for (guint i = 0; i < self->runners->len; i++)
    {
      TernAccountRunner *runner = g_ptr_array_index (self->runners, i);

      if (tern_account_runner_get_account (runner) == account)
        return runner;
    }
  return NULL;
}

/* Runners */

static void
on_runner_status (TernAccountRunner *runner, gpointer data)
{
  TernEngine *self = data;

  g_signal_emit (self, signals[SIGNAL_ACCOUNT_STATUS], 0,
                 tern_account_runner_get_settings (runner)->uuid);
  tern_engine_check_waits (self);
}

static void
on_runner_note (TernAccountRunner *runner, const GError *error, gpointer data)
{
  g_signal_emit (data, signals[SIGNAL_NOTE], 0, tern_account_runner_get_settings (runner)->uuid,
                 error);
}

TernAccountRunner *
tern_engine_add_runner (TernEngine *self, TernAccountSettings *settings, TernId account)
{
  static const TernAccountRunnerEvents events = { on_runner_status, on_runner_note };
  TernAccountRunner *runner =
      tern_account_runner_new (self->store, settings, account, &events, self);

  g_ptr_array_add (self->runners, runner);
  if (self->online)
    {
      tern_account_runner_set_metered (runner, tern_wakeups_is_metered (self->wakeups));
      tern_account_runner_go_online (runner);
    }
  return runner;
}

static void
on_woken (gpointer data)
{
  TernEngine *self = data;

  gboolean metered = tern_wakeups_is_metered (self->wakeups);

  for (guint i = 0; i < self->runners->len; i++)
    {
      TernAccountRunner *runner = g_ptr_array_index (self->runners, i);

      tern_account_runner_set_metered (runner, metered);
      tern_account_runner_hint (runner);
    }
}

/* Changes */

typedef struct
{
  TernEngine *engine; /* (owned) */
  TernId account;
} NewMail;

static gboolean
read_fresh (TernReader *reader,
            gpointer data,
            GCancellable *cancellable,
            gpointer *result,
            GError **error)
{
  const GArray *ids = data;

  *result = tern_read_messages (reader, (const TernId *) ids->data, ids->len, error);
  return *result != NULL;
}

static void
fresh_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree NewMail *news = user_data;
  g_autoptr (TernEngine) self = news->engine;
  TernAccountRunner *runner = tern_engine_find_runner_by_row (self, news->account);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) records = NULL;
  gpointer value = NULL;

  if (!tern_store_read_finish (self->store, result, &value, &error))
    {
      g_warning ("new messages could not be read: %s", error->message);
      return;
    }
  records = value;
  if (runner != NULL && records->len > 0)
    g_signal_emit (self, signals[SIGNAL_NEW_MAIL], 0,
                   tern_account_runner_get_settings (runner)->uuid, records);
}

static void
tell_new_mail (TernEngine *self, const TernFolderChange *folder)
{
  NewMail *news;

  if (folder->fresh == NULL || folder->fresh->len == 0)
    return;
  news = g_new0 (NewMail, 1);
  news->engine = g_object_ref (self);
  news->account = folder->account;
  tern_store_read_async (self->store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, read_fresh,
                         g_array_copy (folder->fresh), (GDestroyNotify) g_array_unref,
                         (GDestroyNotify) g_ptr_array_unref, NULL, fresh_read_cb, news);
}

static void
on_changes (TernChangeSet *changes, gpointer user_data)
{
  TernEngine *self = user_data;

  g_signal_emit (self, signals[SIGNAL_CHANGED], 0, changes);
  for (guint i = 0; i < changes->folders->len; i++)
    tell_new_mail (self, g_ptr_array_index (changes->folders, i));
  if (changes->ops_changed || changes->outbox_changed || changes->reset)
    tern_engine_check_waits (self);
}

/* Sweeping: bodies that no message names any more, a slice at a time */

static gboolean
sweep_slice (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  gboolean more = FALSE;

  if (!tern_txn_collect_bodies (txn, SWEEP_SLICE, &more, error))
    return FALSE;
  *result = GINT_TO_POINTER (more);
  return TRUE;
}

static void set_sweep (TernEngine *self, guint seconds);

static void
swept_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernEngine) self = user_data;
  g_autoptr (GError) error = NULL;
  gpointer more = NULL;

  if (!tern_store_write_finish (self->store, result, &more, &error))
    g_debug ("sweeping: %s", error->message);
  if (self->opened && self->wakeups != NULL)
    set_sweep (self, more != NULL ? 1 : SWEEP_PAUSE_SECONDS);
}

static gboolean
on_sweep (gpointer user_data)
{
  TernEngine *self = user_data;

  tern_store_write_async (self->store, G_PRIORITY_LOW, sweep_slice, NULL, NULL, NULL, swept_cb,
                          g_object_ref (self));
  return G_SOURCE_REMOVE;
}

/* 0: not any more. */
static void
set_sweep (TernEngine *self, guint seconds)
{
  if (self->sweep != NULL)
    {
      g_source_destroy (self->sweep);
      g_clear_pointer (&self->sweep, g_source_unref);
    }
  if (seconds == 0)
    return;
  self->sweep = g_timeout_source_new_seconds (seconds);
  g_source_set_callback (self->sweep, on_sweep, self, NULL);
  g_source_attach (self->sweep, g_main_context_get_thread_default ());
}

/* Opening: the store, then the settings, then a row and a runner per account. The store is ours
 * alone: what a program that ended in the middle has left in the outbox is put in order at once. */

typedef struct
{
  TernStoreOutcome outcome;
  GPtrArray *settings; /* (owned) (nullable) */
} Opening;

static void
opening_free (gpointer data)
{
  Opening *opening = data;

  g_clear_pointer (&opening->settings, g_ptr_array_unref);
  g_free (opening);
}

static gboolean
ensure_accounts (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const GPtrArray *settings = data;
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (TernId));

  for (guint i = 0; i < settings->len; i++)
    {
      const TernAccountSettings *account = g_ptr_array_index (settings, i);
      TernId row = tern_txn_ensure_account (txn, account->uuid, error);

      if (row == 0 || !tern_txn_outbox_restart (txn, row, error))
        return FALSE;
      g_array_append_val (rows, row);
    }
  *result = g_steal_pointer (&rows);
  return TRUE;
}

static void
accounts_ensured_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  Opening *opening = g_task_get_task_data (task);
  g_autoptr (GArray) rows = NULL;
  GError *error = NULL;
  gpointer value = NULL;

  if (!tern_store_write_finish (self->store, result, &value, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  rows = value;
  self->opened = TRUE;
  self->listener = tern_store_add_listener (self->store, NULL, on_changes, self, NULL);
  if (self->online)
    {
      self->wakeups = tern_wakeups_new (on_woken, self);
      set_sweep (self, SWEEP_FIRST_SECONDS);
    }
  for (guint i = 0; i < opening->settings->len; i++)
    tern_engine_add_runner (self, g_ptr_array_index (opening->settings, i),
                            g_array_index (rows, TernId, i));
  g_task_return_boolean (task, TRUE);
}

static void
settings_loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  Opening *opening = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  opening->settings = g_task_propagate_pointer (G_TASK (result), &error);
  if (opening->settings == NULL)
    {
      /* The mail that is here can be read all the same. */
      self->settings_damaged = TRUE;
      opening->settings =
          g_ptr_array_new_with_free_func ((GDestroyNotify) tern_account_settings_unref);
      g_signal_emit (self, signals[SIGNAL_NOTE], 0, "", error);
    }
  tern_store_write_async (self->store, G_PRIORITY_DEFAULT, ensure_accounts,
                          g_ptr_array_ref (opening->settings), (GDestroyNotify) g_ptr_array_unref,
                          (GDestroyNotify) g_array_unref, accounts_ensured_cb, task);
}

static void
store_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  Opening *opening = g_task_get_task_data (task);
  GError *error = NULL;

  if (!tern_store_open_finish (self->store, result, &opening->outcome, &error))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  self->reading = tern_worker_new ("tern-reading");
  tern_engine_load_settings (self, g_task_new (self, NULL, settings_loaded_cb, task));
}

void
tern_engine_open_async (TernEngine *self,
                        gboolean online,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = tern_engine_task (self, tern_engine_open_async, cancellable, callback, user_data);

  g_return_if_fail (!self->opened);
  self->online = online;
  g_task_set_task_data (task, g_new0 (Opening, 1), opening_free);
  tern_store_open_async (self->store, cancellable, store_opened_cb, task);
}

gboolean
tern_engine_open_finish (TernEngine *self,
                         GAsyncResult *result,
                         TernStoreOutcome *outcome,
                         GError **error)
{
  Opening *opening = g_task_get_task_data (G_TASK (result));

  if (outcome != NULL)
    *outcome = opening->outcome;
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Closing: waits, accounts, the reading worker, the store */

static void
store_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  GError *error = NULL;

  if (tern_store_close_finish (self->store, result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
reading_stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TernEngine *self = g_task_get_source_object (task);

  tern_worker_shutdown_finish (self->reading, result, NULL);
  g_clear_pointer (&self->reading, tern_worker_unref);
  if (self->listener != 0)
    tern_store_remove_listener (self->store, self->listener);
  self->listener = 0;
  tern_store_close_async (self->store, store_closed_cb, task);
}

static void
stop_reading (TernEngine *self, GTask *task)
{
  if (self->reading != NULL)
    tern_worker_shutdown_async (self->reading, reading_stopped_cb, task);
  else
    tern_store_close_async (self->store, store_closed_cb, task);
}

static void
saving_stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TernEngine *self = g_task_get_source_object (task);

  tern_worker_shutdown_finish (self->saving, result, NULL);
  g_clear_pointer (&self->saving, tern_worker_unref);
  stop_reading (self, task);
}

static void
stop_workers (TernEngine *self, GTask *task)
{
  if (self->saving != NULL)
    tern_worker_shutdown_async (self->saving, saving_stopped_cb, task);
  else
    stop_reading (self, task);
}

static void
runner_stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  guint *left = g_task_get_task_data (task);

  if (--*left > 0)
    return;
  g_ptr_array_set_size (self->runners, 0);
  stop_workers (self, task);
}

void
tern_engine_close_async (TernEngine *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = tern_engine_task (self, tern_engine_close_async, NULL, callback, user_data);
  guint *left = g_new0 (guint, 1);

  self->online = FALSE;
  g_cancellable_cancel (self->ending);
  tern_engine_fail_waits (self);
  g_clear_pointer (&self->wakeups, tern_wakeups_free);
  set_sweep (self, 0);
  *left = self->runners->len;
  g_task_set_task_data (task, left, g_free);
  if (*left == 0)
    stop_workers (self, task);
  for (guint i = 0; i < self->runners->len; i++)
    tern_account_runner_stop_async (g_ptr_array_index (self->runners, i), runner_stopped_cb, task);
}

gboolean
tern_engine_close_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Life */

static void
tern_engine_finalize (GObject *object)
{
  TernEngine *self = TERN_ENGINE (object);

  g_ptr_array_unref (self->runners);
  g_ptr_array_unref (self->waits);
  g_hash_table_unref (self->prefetch);
  g_object_unref (self->ending);
  g_clear_pointer (&self->store, tern_store_unref);
  g_free (self->data_dir);
  g_free (self->settings_path);
  G_OBJECT_CLASS (tern_engine_parent_class)->finalize (object);
}

static void
tern_engine_class_init (TernEngineClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = tern_engine_finalize;
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[SIGNAL_ACCOUNTS_CHANGED] = g_signal_new ("accounts-changed", type, G_SIGNAL_RUN_LAST, 0,
                                                   NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_ACCOUNT_STATUS] = g_signal_new ("account-status", type, G_SIGNAL_RUN_LAST, 0, NULL,
                                                 NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_NEW_MAIL] = g_signal_new ("new-mail", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                           G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_PTR_ARRAY);
  signals[SIGNAL_NOTE] = g_signal_new ("note", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_ERROR);
}

static void
tern_engine_init (TernEngine *self)
{
  self->runners = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_account_runner_unref);
  self->waits = g_ptr_array_new ();
  self->ending = g_cancellable_new ();
  self->prefetch = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

TernEngine *
tern_engine_new (const char *data_dir, const char *config_dir)
{
  TernEngine *self = g_object_new (TERN_TYPE_ENGINE, NULL);
  g_autofree char *config =
      config_dir != NULL ? g_strdup (config_dir) : tern_paths_dup_config_dir ();

  tern_mime_init ();
  self->data_dir = data_dir != NULL ? g_strdup (data_dir) : tern_paths_dup_data_dir ();
  self->settings_path = g_build_filename (config, "accounts.conf", NULL);
  self->store = tern_store_new (self->data_dir);
  return self;
}

TernStore *
tern_engine_get_store (TernEngine *self)
{
  return self->store;
}
