/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-engine-private.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <libsecret/secret.h>
#include <string.h>

#include "tern-address.h"
#include "tern-paths.h"
#include "tern-secrets.h"

GError *
tern_engine_no_account (const char *what)
{
  return tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("There is no account “%s”."),
                         what != NULL ? what : "");
}

/* Reading */

GPtrArray *
tern_engine_dup_accounts (TernEngine *self)
{
  GPtrArray *accounts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_account_settings_unref);

  for (guint i = 0; i < self->runners->len; i++)
    g_ptr_array_add (accounts, tern_account_settings_ref (tern_account_runner_get_settings (
                                   g_ptr_array_index (self->runners, i))));
  return accounts;
}

TernAccountSettings *
tern_engine_find_account (TernEngine *self, const char *uuid)
{
  TernAccountRunner *runner = tern_engine_find_runner (self, uuid);

  return runner != NULL ? tern_account_settings_ref (tern_account_runner_get_settings (runner))
                        : NULL;
}

GPtrArray *
tern_engine_find_accounts (TernEngine *self, const char *name)
{
  g_autoptr (GPtrArray) by_address =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_account_settings_unref);
  g_autoptr (GPtrArray) by_label =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_account_settings_unref);

  for (guint i = 0; i < self->runners->len; i++)
    {
      TernAccountSettings *settings =
          tern_account_runner_get_settings (g_ptr_array_index (self->runners, i));

      if (tern_address_same_mailbox (settings->address, name))
        g_ptr_array_add (by_address, tern_account_settings_ref (settings));
      else if (g_strcmp0 (settings->label, name) == 0)
        g_ptr_array_add (by_label, tern_account_settings_ref (settings));
    }
  return by_address->len > 0 ? g_steal_pointer (&by_address) : g_steal_pointer (&by_label);
}

TernId
tern_engine_get_account_row (TernEngine *self, const char *uuid)
{
  TernAccountRunner *runner = tern_engine_find_runner (self, uuid);

  return runner != NULL ? tern_account_runner_get_account (runner) : 0;
}

const char *
tern_engine_get_account_uuid (TernEngine *self, TernId row)
{
  TernAccountRunner *runner = tern_engine_find_runner_by_row (self, row);

  return runner != NULL ? tern_account_runner_get_settings (runner)->uuid : NULL;
}

TernAccountStatus *
tern_engine_dup_account_status (TernEngine *self, const char *uuid)
{
  TernAccountRunner *runner = tern_engine_find_runner (self, uuid);

  return runner != NULL ? tern_account_status_copy (tern_account_runner_get_status (runner)) : NULL;
}

void
tern_engine_refresh (TernEngine *self, const char *uuid)
{
  for (guint i = 0; i < self->runners->len; i++)
    {
      TernAccountRunner *runner = g_ptr_array_index (self->runners, i);

      if (uuid == NULL || g_strcmp0 (tern_account_runner_get_settings (runner)->uuid, uuid) == 0)
        tern_account_runner_refresh (runner);
    }
}

/* Every account is told: the others have nothing on screen. The id of a folder means nothing to
 * them: they would look for its path on their own server. */
void
tern_engine_set_focus (TernEngine *self, TernId account, TernId folder)
{
  for (guint i = 0; i < self->runners->len; i++)
    {
      TernAccountRunner *runner = g_ptr_array_index (self->runners, i);

      tern_account_runner_set_focus (
          runner, tern_account_runner_get_account (runner) == account ? folder : 0);
    }
}

/* The settings file */

static void
run_load (TernCall *call, gpointer data)
{
  GError *error = NULL;
  GPtrArray *accounts = tern_account_settings_load_all (data, &error);

  if (accounts != NULL)
    tern_call_return (call, accounts, (GDestroyNotify) g_ptr_array_unref);
  else
    tern_call_return_error (call, error);
}

void
tern_engine_load_settings (TernEngine *self, GTask *task)
{
  tern_engine_call (self, task, run_load, g_strdup (self->settings_path), g_free);
}

typedef struct
{
  char *path;
  GPtrArray *accounts;
  gboolean keep_old; /* the file is damaged: it is kept beside */
} SaveRequest;

static void
save_request_free (gpointer data)
{
  SaveRequest *request = data;

  g_free (request->path);
  g_ptr_array_unref (request->accounts);
  g_free (request);
}

static void
run_save (TernCall *call, gpointer data)
{
  SaveRequest *request = data;
  g_autofree char *dir = g_path_get_dirname (request->path);
  GError *error = NULL;

  if (request->keep_old)
    {
      g_autofree char *kept = g_strdup_printf ("%s.damaged-%" G_GINT64_FORMAT, request->path,
                                               g_get_real_time () / G_USEC_PER_SEC);

      if (g_rename (request->path, kept) != 0)
        g_warning ("%s could not be kept as %s", request->path, kept);
    }
  if (tern_paths_ensure_dir (dir, &error)
      && tern_account_settings_save_all (request->path, request->accounts, &error))
    tern_call_return (call, NULL, NULL);
  else
    tern_call_return_error (call, error);
}

static void
save_settings (TernEngine *self, GPtrArray *accounts, GTask *task)
{
  SaveRequest *request = g_new0 (SaveRequest, 1);

  request->path = g_strdup (self->settings_path);
  request->accounts = accounts;
  request->keep_old = self->settings_damaged;
  tern_engine_call (self, task, run_save, request, save_request_free);
}

/* Testing a login */

static void
tested_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  g_task_propagate_pointer (G_TASK (result), &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
test (TernEngine *self,
      TernAccountSettings *settings,
      const char *password,
      const char *smtp_password,
      GPtrArray *connections,
      GTask *task)
{
  GError *error = NULL;

  if (!tern_account_settings_check (settings, &error))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  tern_engine_call (self, g_task_new (self, g_task_get_cancellable (task), tested_cb, task),
                    tern_account_test_run,
                    tern_account_test_new (settings, password, smtp_password, connections),
                    tern_account_test_free);
}

void
tern_engine_test_account_async (TernEngine *self,
                                TernAccountSettings *settings,
                                const char *password,
                                const char *smtp_password,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  test (self, settings, password, smtp_password, NULL,
        tern_engine_task (self, tern_engine_test_account_async, cancellable, callback, user_data));
}

gboolean
tern_engine_test_account_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* With the stored secrets */
typedef struct
{
  TernAccountSettings *settings;
  char *password;         /* of libsecret */
  GPtrArray *connections; /* (owned) (nullable) */
} SavedTest;

static void
saved_test_free (gpointer data)
{
  SavedTest *saved = data;

  tern_account_settings_unref (saved->settings);
  secret_password_free (saved->password);
  g_clear_pointer (&saved->connections, g_ptr_array_unref);
  g_free (saved);
}

static void
smtp_secret_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  SavedTest *saved = g_task_get_task_data (task);
  GError *error = NULL;
  char *secret = tern_secrets_lookup_finish (result, &error);

  if (secret == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  test (g_task_get_source_object (task), saved->settings, saved->password, secret,
        saved->connections, task);
  secret_password_free (secret);
}

static void
imap_secret_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  SavedTest *saved = g_task_get_task_data (task);
  GError *error = NULL;

  saved->password = tern_secrets_lookup_finish (result, &error);
  if (saved->password == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
    }
  else if (saved->settings->smtp_own_secret)
    tern_secrets_lookup_async (saved->settings->uuid,
                               tern_account_settings_get_secret_kind (saved->settings, TRUE),
                               g_task_get_cancellable (task), smtp_secret_cb, task);
  else
    test (g_task_get_source_object (task), saved->settings, saved->password, NULL,
          saved->connections, task);
}

void
tern_engine_test_traced (TernEngine *self,
                         const char *uuid,
                         GPtrArray *connections,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task = tern_engine_task (self, tern_engine_test_saved_account_async, cancellable, callback,
                                  user_data);
  TernAccountRunner *runner = tern_engine_find_runner (self, uuid);
  SavedTest *saved;

  if (runner == NULL)
    {
      g_task_return_error (task, tern_engine_no_account (uuid));
      g_object_unref (task);
      return;
    }
  saved = g_new0 (SavedTest, 1);
  saved->settings = tern_account_settings_ref (tern_account_runner_get_settings (runner));
  saved->connections = connections != NULL ? g_ptr_array_ref (connections) : NULL;
  g_task_set_task_data (task, saved, saved_test_free);
  tern_secrets_lookup_async (uuid, tern_account_settings_get_secret_kind (saved->settings, FALSE),
                             cancellable, imap_secret_cb, task);
}

void
tern_engine_test_saved_account_async (TernEngine *self,
                                      const char *uuid,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  tern_engine_test_traced (self, uuid, NULL, cancellable, callback, user_data);
}

/* Saving: secrets, settings, the store's row, and a new runner in the place of the old one */

typedef enum
{
  SAVE_IMAP_SECRET,
  SAVE_SMTP_SECRET,
  SAVE_SETTINGS,
  SAVE_ROW,
  SAVE_STOP_OLD,
  SAVE_DONE,
} SaveStep;

typedef struct
{
  SaveStep step;
  TernAccountSettings *settings;
  char *password;
  char *smtp_password;
  TernId row;
  TernAccountRunner *old;
} Save;

static void
wipe (char *secret)
{
  if (secret != NULL)
    memset (secret, 0, strlen (secret));
  g_free (secret);
}

static void
save_free (gpointer data)
{
  Save *save = data;

  tern_account_settings_unref (save->settings);
  wipe (save->password);
  wipe (save->smtp_password);
  g_clear_pointer (&save->old, tern_account_runner_unref);
  g_free (save);
}

static void advance_save (GTask *task);

static void
fail_save (GTask *task, GError *error)
{
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
secret_stored_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;

  if (tern_secrets_store_finish (result, &error))
    advance_save (user_data);
  else
    fail_save (user_data, error);
}

static void
settings_saved_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernEngine *self = g_task_get_source_object (user_data);
  GError *error = NULL;

  g_task_propagate_pointer (G_TASK (result), &error);
  if (error != NULL)
    fail_save (user_data, error);
  else
    {
      self->settings_damaged = FALSE;
      advance_save (user_data);
    }
}

static gboolean
ensure_row (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  TernId row = tern_txn_ensure_account (txn, data, error);

  *result = g_memdup2 (&row, sizeof row);
  return row != 0;
}

static void
row_ensured_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernEngine *self = g_task_get_source_object (user_data);
  Save *save = g_task_get_task_data (user_data);
  GError *error = NULL;
  gpointer row = NULL;

  if (!tern_store_write_finish (self->store, result, &row, &error))
    {
      fail_save (user_data, error);
      return;
    }
  save->row = *(TernId *) row;
  g_free (row);
  advance_save (user_data);
}

static void
old_stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  advance_save (user_data);
}

static GPtrArray *
changed_accounts (TernEngine *self, TernAccountSettings *settings)
{
  GPtrArray *accounts = tern_engine_dup_accounts (self);

  for (guint i = 0; i < accounts->len; i++)
    {
      TernAccountSettings *known = g_ptr_array_index (accounts, i);

      if (g_strcmp0 (known->uuid, settings->uuid) == 0)
        {
          accounts->pdata[i] = tern_account_settings_ref (settings);
          tern_account_settings_unref (known);
          return accounts;
        }
    }
  g_ptr_array_add (accounts, tern_account_settings_ref (settings));
  return accounts;
}

static void
finish_save (TernEngine *self, Save *save, GTask *task)
{
  guint index = self->runners->len;

  tern_engine_add_runner (self, save->settings, save->row);
  if (save->old != NULL && g_ptr_array_find (self->runners, save->old, &index))
    {
      /* In the old one's place. */
      gpointer fresh = g_ptr_array_steal_index (self->runners, self->runners->len - 1);

      tern_account_runner_unref (self->runners->pdata[index]);
      self->runners->pdata[index] = fresh;
    }
  g_signal_emit_by_name (self, "accounts-changed");
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
advance_save (GTask *task)
{
  TernEngine *self = g_task_get_source_object (task);
  Save *save = g_task_get_task_data (task);
  const TernAccountSettings *settings = save->settings;

  switch (save->step++)
    {
    case SAVE_IMAP_SECRET:
      if (save->password == NULL)
        advance_save (task);
      else
        tern_secrets_store_async (settings->uuid,
                                  tern_account_settings_get_secret_kind (settings, FALSE),
                                  settings->address, save->password, g_task_get_cancellable (task),
                                  secret_stored_cb, task);
      break;
    case SAVE_SMTP_SECRET:
      if (save->smtp_password == NULL)
        advance_save (task);
      else
        tern_secrets_store_async (settings->uuid,
                                  tern_account_settings_get_secret_kind (settings, TRUE),
                                  settings->address, save->smtp_password,
                                  g_task_get_cancellable (task), secret_stored_cb, task);
      break;
    case SAVE_SETTINGS:
      save_settings (self, changed_accounts (self, save->settings),
                     g_task_new (self, NULL, settings_saved_cb, task));
      break;
    case SAVE_ROW:
      tern_store_write_async (self->store, G_PRIORITY_DEFAULT, ensure_row,
                              g_strdup (settings->uuid), g_free, g_free, row_ensured_cb, task);
      break;
    case SAVE_STOP_OLD:
      save->old = tern_engine_find_runner (self, settings->uuid);
      if (save->old == NULL)
        {
          advance_save (task);
          break;
        }
      tern_account_runner_ref (save->old);
      tern_account_runner_stop_async (save->old, old_stopped_cb, task);
      break;
    case SAVE_DONE:
      finish_save (self, save, task);
      break;
    default:
      g_assert_not_reached ();
    }
}

void
tern_engine_save_account_async (TernEngine *self,
                                TernAccountSettings *settings,
                                const char *password,
                                const char *smtp_password,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  GTask *task =
      tern_engine_task (self, tern_engine_save_account_async, cancellable, callback, user_data);
  GError *error = NULL;
  Save *save;

  if (!tern_account_settings_check (settings, &error))
    {
      fail_save (task, error);
      return;
    }
  save = g_new0 (Save, 1);
  save->settings = tern_account_settings_ref (settings);
  save->password = g_strdup (password);
  save->smtp_password = g_strdup (smtp_password);
  g_task_set_task_data (task, save, save_free);
  advance_save (task);
}

gboolean
tern_engine_save_account_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Removing: settings, runner, secret, mail */

static gboolean
remove_row (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  return tern_txn_remove_account (txn, *(TernId *) data, error);
}

static void
row_removed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  GError *error = NULL;
  gboolean ok = tern_store_write_finish (self->store, result, NULL, &error);

  g_signal_emit_by_name (self, "accounts-changed");
  if (ok)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
secret_cleared_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  TernAccountRunner *runner = g_task_get_task_data (task);
  TernId row = tern_account_runner_get_account (runner);
  g_autoptr (GError) error = NULL;

  /* Without a keyring there is nothing left in it of which we would know. */
  if (!tern_secrets_clear_finish (result, &error))
    g_warning ("the password could not be removed: %s", error->message);
  g_ptr_array_remove (self->runners, runner);
  tern_store_write_async (self->store, G_PRIORITY_DEFAULT, remove_row, g_memdup2 (&row, sizeof row),
                          g_free, NULL, row_removed_cb, task);
}

static void
runner_stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernAccountRunner *runner = g_task_get_task_data (user_data);

  tern_secrets_clear_async (tern_account_runner_get_settings (runner)->uuid, NULL,
                            secret_cleared_cb, user_data);
}

static void
settings_removed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError *error = NULL;

  g_task_propagate_pointer (G_TASK (result), &error);
  if (error != NULL)
    fail_save (user_data, error);
  else
    tern_account_runner_stop_async (g_task_get_task_data (user_data), runner_stopped_cb, user_data);
}

void
tern_engine_remove_account_async (TernEngine *self,
                                  const char *uuid,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  GTask *task =
      tern_engine_task (self, tern_engine_remove_account_async, NULL, callback, user_data);
  TernAccountRunner *runner = tern_engine_find_runner (self, uuid);
  GPtrArray *accounts;

  if (runner == NULL)
    {
      fail_save (task, tern_engine_no_account (uuid));
      return;
    }
  g_task_set_task_data (task, tern_account_runner_ref (runner),
                        (GDestroyNotify) tern_account_runner_unref);
  accounts = tern_engine_dup_accounts (self);
  g_ptr_array_remove (accounts, tern_account_runner_get_settings (runner));
  save_settings (self, accounts, g_task_new (self, NULL, settings_removed_cb, task));
}

gboolean
tern_engine_remove_account_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
