/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-format.h"
#include "tern-ctl-private.h"

/*
 * One line per event, until the run is stopped. What changed is told by change sets, which name
 * folders by their row; the paths are looked up in a reader's thread, where the lines are made.
 */
typedef struct
{
  GPtrArray *accounts; /* (owned) of TernAccountSettings: the ones to tell of */
  gulong changed;
  gulong status;
  GSource *stop; /* (owned) */
  guint reading; /* change sets being made into lines */
  gboolean stopped;
} Watching;

typedef struct
{
  TernChangeSet *changes; /* (owned) */
  GHashTable *ids;        /* (owned): of the accounts to tell of */
  gboolean json;
} Batch;

static void
batch_free (gpointer data)
{
  Batch *self = data;

  tern_change_set_unref (self->changes);
  g_hash_table_unref (self->ids);
  g_free (self);
}

static void
watching_free (gpointer data)
{
  Watching *self = data;

  g_source_destroy (self->stop);
  g_source_unref (self->stop);
  g_ptr_array_unref (self->accounts);
  g_free (self);
}

static void
append_event (GString *lines,
              gboolean as_json,
              const char *event,
              const char *account,
              const char *folder,
              TernId id,
              const char *state)
{
  TernCtlJson *json;
  g_autofree char *line = NULL;

  if (!as_json)
    {
      g_string_append_printf (lines, "%s\t%s", event, folder != NULL ? folder : "");
      if (id != 0)
        g_string_append_printf (lines, "\t%" TERN_ID_FORMAT, id);
      if (state != NULL)
        g_string_append_printf (lines, "\t%s", state);
      g_string_append_c (lines, '\n');
      return;
    }
  json = tern_ctl_json_new ();
  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_string (json, "event", event);
  tern_ctl_json_time (json, "time", g_get_real_time () / G_USEC_PER_SEC, 0);
  if (account != NULL)
    tern_ctl_json_string (json, "account", account);
  if (folder != NULL)
    tern_ctl_json_string (json, "folder", folder);
  if (id != 0)
    tern_ctl_json_int (json, "id", id);
  if (state != NULL)
    tern_ctl_json_string (json, "state", state);
  tern_ctl_json_close (json, '}');
  line = tern_ctl_json_end (json);
  g_string_append (lines, line);
}

static void
append_keys (GString *lines,
             gboolean json,
             const char *event,
             const char *account,
             const char *folder,
             const GArray *keys)
{
  for (guint i = 0; keys != NULL && i < keys->len; i++)
    append_event (lines, json, event, account, folder, g_array_index (keys, TernListKey, i).id,
                  NULL);
}

static gboolean
append_folder (TernReader *reader,
               Batch *batch,
               const TernFolderChange *change,
               GString *lines,
               GError **error)
{
  const char *account = tern_ctl_format_account (batch->ids, change->account);
  g_autoptr (TernFolderRecord) folder = NULL;
  g_autoptr (GError) problem = NULL;

  if (account == NULL)
    return TRUE;
  folder = tern_read_folder (reader, change->folder, &problem);
  if (folder == NULL && problem != NULL && !tern_fault_is (problem, TERN_FAULT_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  if (folder == NULL)
    return TRUE; /* removed since; the event for the tree says so */
  append_keys (lines, batch->json, "removed", account, folder->path, change->removed);
  append_keys (lines, batch->json, "added", account, folder->path, change->added);
  append_keys (lines, batch->json, "changed", account, folder->path, change->touched);
  if (change->counts_changed)
    append_event (lines, batch->json, "folder", account, folder->path, 0, NULL);
  return TRUE;
}

static gboolean
read_batch (TernReader *reader,
            gpointer data,
            GCancellable *cancellable,
            gpointer *result,
            GError **error)
{
  Batch *batch = data;
  g_autoptr (GString) lines = g_string_new (NULL);

  for (guint i = 0; i < batch->changes->folders->len; i++)
    {
      if (!append_folder (reader, batch, g_ptr_array_index (batch->changes->folders, i), lines,
                          error))
        return FALSE;
    }
  if (batch->changes->tree_changed || batch->changes->reset)
    append_event (lines, batch->json, "folder", NULL, NULL, 0, NULL);
  if (batch->changes->outbox_changed)
    append_event (lines, batch->json, "outbox", NULL, NULL, 0, NULL);
  *result = g_string_free (g_steal_pointer (&lines), FALSE);
  return TRUE;
}

static void
check_end (TernCtl *self)
{
  Watching *watching = self->state;

  if (watching->stopped && watching->reading == 0)
    tern_ctl_end (self, TERN_CTL_EXIT_STOPPED);
}

static void
stop (TernCtl *self)
{
  Watching *watching = self->state;

  if (watching->stopped)
    return;
  watching->stopped = TRUE;
  g_signal_handler_disconnect (self->engine, watching->changed);
  g_signal_handler_disconnect (self->engine, watching->status);
}

static gboolean
stop_cb (GCancellable *cancellable, gpointer user_data)
{
  stop (user_data);
  check_end (user_data);
  return G_SOURCE_REMOVE;
}

static void
batch_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  Watching *watching = self->state;
  g_autoptr (GError) error = NULL;
  gpointer text = NULL;

  watching->reading--;
  if (tern_ctl_read_finish (self, result, &text, &error))
    tern_ctl_print (self, text);
  else if (!tern_fault_is_cancelled (error))
    tern_ctl_report (self, g_steal_pointer (&error), NULL);
  check_end (self);
}

static void
changed_cb (TernEngine *engine, TernChangeSet *changes, gpointer user_data)
{
  TernCtl *self = user_data;
  Watching *watching = self->state;
  Batch *batch = g_new0 (Batch, 1);

  batch->changes = tern_change_set_ref (changes);
  batch->json = self->args->json;
  batch->ids = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  for (guint i = 0; i < watching->accounts->len; i++)
    {
      TernAccountSettings *account = g_ptr_array_index (watching->accounts, i);
      TernId row = tern_engine_get_account_row (engine, account->uuid);

      g_hash_table_insert (batch->ids, g_memdup2 (&row, sizeof row), g_strdup (account->uuid));
    }
  watching->reading++;
  tern_store_read_async (tern_engine_get_store (engine), TERN_LANE_LIST, G_PRIORITY_DEFAULT,
                         read_batch, batch, batch_free, g_free, NULL, batch_cb, self);
}

static void
print_status (TernCtl *self, const char *uuid)
{
  TernAccountStatus *status = tern_engine_dup_account_status (self->engine, uuid);
  GString *line = g_string_new (NULL);

  if (status != NULL)
    {
      append_event (line, self->args->json, "state", uuid, NULL, 0,
                    tern_ctl_format_account_state (status->state));
      tern_account_status_free (status);
    }
  tern_ctl_print (self, g_string_free (line, FALSE));
}

static void
status_cb (TernEngine *engine, const char *uuid, gpointer user_data)
{
  TernCtl *self = user_data;
  Watching *watching = self->state;

  for (guint i = 0; i < watching->accounts->len; i++)
    {
      TernAccountSettings *account = g_ptr_array_index (watching->accounts, i);

      if (g_str_equal (account->uuid, uuid))
        print_status (self, uuid);
    }
}

void
tern_ctl_watch (TernCtl *self)
{
  GError *error = NULL;
  GPtrArray *accounts = tern_ctl_find_accounts (self, 0, &error);
  Watching *watching;

  if (accounts == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  watching = g_new0 (Watching, 1);
  watching->accounts = accounts;
  watching->stop = g_cancellable_source_new (self->cancellable);
  g_source_set_callback (watching->stop, G_SOURCE_FUNC (stop_cb), self, NULL);
  g_source_attach (watching->stop, g_main_context_get_thread_default ());
  tern_ctl_set_state (self, watching, watching_free);
  watching->changed = g_signal_connect (self->engine, "changed", G_CALLBACK (changed_cb), self);
  watching->status =
      g_signal_connect (self->engine, "account-status", G_CALLBACK (status_cb), self);
  for (guint i = 0; i < accounts->len; i++)
    print_status (self, ((TernAccountSettings *) g_ptr_array_index (accounts, i))->uuid);
}
