/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-format.h"
#include "tern-ctl-private.h"
#include "tern-ctl-snapshot.h"

/*
 * One line per event, until the run is stopped. What changed is told by change sets, which name
 * folders by their row; the paths are looked up in a reader's thread, where the lines are made.
 * That thread alone uses the snapshots until the last read is over; reads of one lane come one
 * after the other.
 */
typedef struct
{
  GPtrArray *accounts;      /* (owned) of TernAccountSettings: the ones to tell of */
  GHashTable *labels;       /* (owned) (nullable): their ids to their labels, to tell people;
                             * does not change */
  GHashTable *states;       /* (owned) of their ids to the TernAccountState told last */
  TernCtlSnapshot *folders; /* (owned) */
  TernCtlSnapshot *outbox;  /* (owned) */
  gulong changed;
  gulong status;
  GSource *stop; /* (owned) */
  guint reading; /* change sets being made into lines */
  gboolean stopped;
} Watching;

typedef struct
{
  TernChangeSet *changes;   /* (owned) (nullable): the first look, which tells nothing */
  GHashTable *ids;          /* (owned): of the accounts to tell of */
  GHashTable *labels;       /* lent (nullable) */
  TernCtlSnapshot *folders; /* lent */
  TernCtlSnapshot *outbox;  /* lent */
  GString *lines;           /* (owned) */
} Batch;

static void
batch_free (gpointer data)
{
  Batch *self = data;

  g_clear_pointer (&self->changes, tern_change_set_unref);
  g_hash_table_unref (self->ids);
  g_string_free (self->lines, TRUE);
  g_free (self);
}

static void
watching_free (gpointer data)
{
  Watching *self = data;

  g_source_destroy (self->stop);
  g_source_unref (self->stop);
  g_ptr_array_unref (self->accounts);
  g_clear_pointer (&self->labels, g_hash_table_unref);
  g_hash_table_unref (self->states);
  tern_ctl_snapshot_free (self->folders);
  tern_ctl_snapshot_free (self->outbox);
  g_free (self);
}

/* @labels: (nullable): JSON */
static void
append_event (GString *lines,
              GHashTable *labels,
              const char *event,
              const char *account,
              const char *folder,
              TernId id,
              const char *state)
{
  TernCtlJson *json;
  g_autofree char *line = NULL;

  if (labels != NULL)
    {
      g_string_append_printf (lines, "%s\t%s\t%s", event,
                              (const char *) g_hash_table_lookup (labels, account),
                              folder != NULL ? folder : "");
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
             GHashTable *labels,
             const char *event,
             const char *account,
             const char *folder,
             const GArray *keys)
{
  for (guint i = 0; keys != NULL && i < keys->len; i++)
    append_event (lines, labels, event, account, folder, g_array_index (keys, TernListKey, i).id,
                  NULL);
}

static gboolean
append_folder (TernReader *reader, Batch *batch, const TernFolderChange *change, GError **error)
{
  GString *lines = batch->lines;
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
  append_keys (lines, batch->labels, "removed", account, folder->path, change->removed);
  append_keys (lines, batch->labels, "added", account, folder->path, change->added);
  append_keys (lines, batch->labels, "changed", account, folder->path, change->touched);
  if (change->counts_changed)
    append_event (lines, batch->labels, "folder", account, folder->path, 0, NULL);
  return TRUE;
}

static void
append_news (Batch *batch,
             const char *event,
             const char *account,
             const char *folder,
             TernId id,
             const char *state)
{
  if (batch->changes != NULL)
    append_event (batch->lines, batch->labels, event, account, folder, id, state);
}

static void
append_lost_folder (const char *account, const char *folder, TernId id, gpointer data)
{
  append_news (data, "folder", account, folder, 0, "removed");
}

static void
append_lost_entry (const char *account, const char *folder, TernId id, gpointer data)
{
  append_news (data, "outbox", account, NULL, id, "removed");
}

/* A folder that was renamed is one that went and one that came: its path is its name here. */
static gboolean
look_at_folders (TernReader *reader, Batch *batch, GError **error)
{
  g_autoptr (GPtrArray) folders = tern_read_folders (reader, 0, error);

  if (folders == NULL)
    return FALSE;
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);
      const char *account = tern_ctl_format_account (batch->ids, folder->account);
      g_autofree char *shape =
          g_strdup_printf ("%s %d %d %d", tern_role_to_name (folder->role), folder->subscribed,
                           folder->selectable, folder->rights);
      TernCtlNews news;

      if (account == NULL || folder->gone)
        continue;
      news = tern_ctl_snapshot_see (batch->folders, account, folder->path, 0, shape);
      if (news != TERN_CTL_SAME)
        append_news (batch, "folder", account, folder->path, 0,
                     news == TERN_CTL_ADDED ? "added" : "changed");
    }
  tern_ctl_snapshot_end (batch->folders, append_lost_folder, batch);
  return TRUE;
}

static gboolean
look_at_outbox (TernReader *reader, Batch *batch, GError **error)
{
  g_autoptr (GPtrArray) entries = tern_read_outbox (reader, 0, error);

  if (entries == NULL)
    return FALSE;
  for (guint i = 0; i < entries->len; i++)
    {
      const TernOutboxRecord *entry = g_ptr_array_index (entries, i);
      const char *account = tern_ctl_format_account (batch->ids, entry->account);
      g_autofree char *shape = g_strdup_printf ("%d %u %" G_GINT64_FORMAT, (int) entry->state,
                                                entry->attempts, entry->not_before);

      if (account != NULL
          && tern_ctl_snapshot_see (batch->outbox, account, NULL, entry->id, shape)
                 != TERN_CTL_SAME)
        append_news (batch, "outbox", account, NULL, entry->id,
                     tern_outbox_state_name (entry->state));
    }
  tern_ctl_snapshot_end (batch->outbox, append_lost_entry, batch);
  return TRUE;
}

/* More changed than is listed: all of these accounts is to be read again. */
static void
append_reset (Batch *batch)
{
  GHashTableIter iter;
  gpointer account;

  g_hash_table_iter_init (&iter, batch->ids);
  while (g_hash_table_iter_next (&iter, NULL, &account))
    append_news (batch, "folder", account, NULL, 0, NULL);
}

static gboolean
read_batch (TernReader *reader,
            gpointer data,
            GCancellable *cancellable,
            gpointer *result,
            GError **error)
{
  Batch *batch = data;
  const TernChangeSet *changes = batch->changes;

  for (guint i = 0; changes != NULL && i < changes->folders->len; i++)
    {
      if (!append_folder (reader, batch, g_ptr_array_index (changes->folders, i), error))
        return FALSE;
    }
  if (changes != NULL && changes->reset)
    append_reset (batch);
  if ((changes == NULL || changes->tree_changed || changes->reset)
      && !look_at_folders (reader, batch, error))
    return FALSE;
  if ((changes == NULL || changes->outbox_changed || changes->reset)
      && !look_at_outbox (reader, batch, error))
    return FALSE;
  *result = g_strdup (batch->lines->str);
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

/* @changes: (nullable) */
static void
start_batch (TernCtl *self, TernChangeSet *changes)
{
  Watching *watching = self->state;
  Batch *batch = g_new0 (Batch, 1);

  batch->changes = changes != NULL ? tern_change_set_ref (changes) : NULL;
  batch->labels = watching->labels;
  batch->folders = watching->folders;
  batch->outbox = watching->outbox;
  batch->lines = g_string_new (NULL);
  batch->ids = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  for (guint i = 0; i < watching->accounts->len; i++)
    {
      TernAccountSettings *account = g_ptr_array_index (watching->accounts, i);
      TernId row = tern_engine_get_account_row (self->engine, account->uuid);

      g_hash_table_insert (batch->ids, g_memdup2 (&row, sizeof row), g_strdup (account->uuid));
    }
  watching->reading++;
  tern_store_read_async (tern_engine_get_store (self->engine), TERN_LANE_LIST, G_PRIORITY_DEFAULT,
                         read_batch, batch, batch_free, g_free, NULL, batch_cb, self);
}

static void
changed_cb (TernEngine *engine, TernChangeSet *changes, gpointer user_data)
{
  start_batch (user_data, changes);
}

/* A status changes in more than its state. */
static void
print_status (TernCtl *self, const char *uuid)
{
  Watching *watching = self->state;
  TernAccountStatus *status = tern_engine_dup_account_status (self->engine, uuid);
  GString *line = g_string_new (NULL);
  gpointer told;

  if (status != NULL
      && (!g_hash_table_lookup_extended (watching->states, uuid, NULL, &told)
          || GPOINTER_TO_INT (told) != (int) status->state))
    {
      g_hash_table_insert (watching->states, g_strdup (uuid),
                           GINT_TO_POINTER ((int) status->state));
      append_event (line, watching->labels, "state", uuid, NULL, 0,
                    tern_ctl_format_account_state (status->state));
    }
  g_clear_pointer (&status, tern_account_status_free);
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

static GHashTable *
dup_labels (GPtrArray *accounts)
{
  GHashTable *labels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; i < accounts->len; i++)
    {
      const TernAccountSettings *account = g_ptr_array_index (accounts, i);

      g_hash_table_insert (labels, g_strdup (account->uuid), g_strdup (account->label));
    }
  return labels;
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
  watching->labels = self->args->json ? NULL : dup_labels (accounts);
  watching->states = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  watching->folders = tern_ctl_snapshot_new ();
  watching->outbox = tern_ctl_snapshot_new ();
  watching->stop = g_cancellable_source_new (self->cancellable);
  g_source_set_callback (watching->stop, G_SOURCE_FUNC (stop_cb), self, NULL);
  g_source_attach (watching->stop, g_main_context_get_thread_default ());
  tern_ctl_set_state (self, watching, watching_free);
  watching->changed = g_signal_connect (self->engine, "changed", G_CALLBACK (changed_cb), self);
  watching->status =
      g_signal_connect (self->engine, "account-status", G_CALLBACK (status_cb), self);
  start_batch (self, NULL);
  for (guint i = 0; i < accounts->len; i++)
    print_status (self, ((TernAccountSettings *) g_ptr_array_index (accounts, i))->uuid);
}
