/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-sync-writes-private.h"

#include "tern-facts-from-fetch-private.h"

#include "tern-store-rights.h"

#include <glib/gi18n.h>

TernSyncBatch *
tern_sync_batch_new (TernId folder, guint32 uidvalidity)
{
  TernSyncBatch *self = g_new0 (TernSyncBatch, 1);

  self->folder = folder;
  self->uidvalidity = uidvalidity;
  self->facts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_message_facts_unref);
  return self;
}

void
tern_sync_batch_free (TernSyncBatch *self)
{
  g_ptr_array_unref (self->facts);
  g_free (self);
}

static void
clear_flag_change (gpointer data)
{
  TernFlagChange *change = data;

  g_free (change->keywords);
  g_free (change->labels);
}

GArray *
tern_flag_changes_new (void)
{
  GArray *changes = g_array_new (FALSE, FALSE, sizeof (TernFlagChange));

  g_array_set_clear_func (changes, clear_flag_change);
  return changes;
}

void
tern_flag_changes_add (GArray *changes, const TernImapFetch *fetch)
{
  TernFlagChange change = { fetch->uid, fetch->flags, g_strdup (fetch->keywords), fetch->modseq,
                            tern_labels_from_fetch (fetch) };

  g_array_append_val (changes, change);
}

/* Headers */

/* Another epoch of the folder began while this was on its way: what it says is about other UIDs. */
static gboolean
check_epoch (TernTxn *txn,
             TernId id,
             guint32 uidvalidity,
             TernFolderRecord **folder,
             GError **error)
{
  *folder = tern_read_folder (tern_txn_reader (txn), id, error);
  if (*folder == NULL)
    {
      if (error != NULL && *error == NULL)
        *error = tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The folder is not there any more."));
      return FALSE;
    }
  if ((*folder)->uidvalidity != 0 && (*folder)->uidvalidity != uidvalidity)
    {
      if (error != NULL)
        *error =
            tern_fault_new (TERN_FAULT_UNAVAILABLE,
                            _ ("The folder “%s” was renumbered by the server."), (*folder)->path);
      return FALSE;
    }
  return TRUE;
}

static gboolean
move_range (TernTxn *txn,
            const TernSyncBatch *batch,
            const TernFolderRecord *folder,
            GError **error)
{
  switch (batch->range)
    {
    case TERN_SYNC_RANGE_KEEP:
      return TRUE;
    case TERN_SYNC_RANGE_DOWN:
      if (folder->uidnext == 0)
        return tern_txn_set_sync_state (txn, batch->folder, batch->uidvalidity, batch->uidnext,
                                        batch->modseq, batch->to, error);
      /* An earlier window did not make it: the range must not reach over the gap. */
      if (folder->backfill != batch->from)
        return TRUE;
      return tern_txn_set_sync_state (txn, batch->folder, batch->uidvalidity, folder->uidnext,
                                      folder->modseq, batch->to, error);
    case TERN_SYNC_RANGE_UP:
      if (folder->uidnext < batch->from || folder->uidnext >= batch->to || folder->uidnext == 0)
        return TRUE;
      return tern_txn_set_sync_state (txn, batch->folder, batch->uidvalidity, batch->to,
                                      folder->modseq, folder->backfill, error);
    default:
      g_assert_not_reached ();
    }
}

static gboolean
write_batch (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  TernSyncBatch *batch = data;
  g_autoptr (TernFolderRecord) folder = NULL;

  if (!tern_txn_require_room (txn, error)
      || !check_epoch (txn, batch->folder, batch->uidvalidity, &folder, error))
    return FALSE;
  tern_txn_because (txn, batch->how);
  for (guint i = 0; i < batch->facts->len; i++)
    {
      TernMessageFacts *facts = g_ptr_array_index (batch->facts, i);
      gboolean fresh = batch->fresh_from != 0 && facts->uid >= batch->fresh_from;

      if (tern_txn_add_message (txn, batch->folder, facts, fresh, error) == 0)
        return FALSE;
    }
  return move_range (txn, batch, folder, error);
}

void
tern_sync_write_batch (TernStore *store,
                       int priority,
                       TernSyncBatch *batch,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  tern_store_write_async (store, priority, write_batch, batch,
                          (GDestroyNotify) tern_sync_batch_free, NULL, callback, user_data);
}

/* Flags */

typedef struct
{
  TernId folder;
  GArray *values;
  TernLedgerHow how; /* is it known */
} FolderValues;

static FolderValues *
folder_values_new (TernId folder, GArray *values, TernLedgerHow how)
{
  FolderValues *self = g_new0 (FolderValues, 1);

  self->folder = folder;
  self->values = values;
  self->how = how;
  return self;
}

static void
folder_values_free (gpointer data)
{
  FolderValues *self = data;

  g_array_unref (self->values);
  g_free (self);
}

static gboolean
write_flags (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  FolderValues *flags = data;

  for (guint i = 0; i < flags->values->len; i++)
    {
      const TernFlagChange *change = &g_array_index (flags->values, TernFlagChange, i);

      /* A message that is not here yet brings its flags with its headers. */
      if (tern_read_location_by_uid (tern_txn_reader (txn), flags->folder, change->uid, NULL) == 0)
        continue;
      if (!tern_txn_set_server_flags (txn, flags->folder, change->uid, change->flags,
                                      change->keywords, change->modseq, error)
          || (change->labels != NULL
              && !tern_txn_set_labels (txn, flags->folder, change->uid, change->labels, error)))
        return FALSE;
    }
  return TRUE;
}

void
tern_sync_write_flags (TernStore *store,
                       TernId folder,
                       GArray *changes,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  tern_store_write_async (store, G_PRIORITY_DEFAULT, write_flags,
                          folder_values_new (folder, changes, TERN_LEDGER_SERVER),
                          folder_values_free, NULL, callback, user_data);
}

/* Removals */

static gboolean
write_removed (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  FolderValues *removed = data;

  tern_txn_because (txn, removed->how);
  return tern_txn_remove_uids (txn, removed->folder, removed->values, error);
}

void
tern_sync_write_removed (TernStore *store,
                         TernId folder,
                         GArray *uids,
                         TernLedgerHow how,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  tern_store_write_async (store, G_PRIORITY_DEFAULT, write_removed,
                          folder_values_new (folder, uids, how), folder_values_free, NULL, callback,
                          user_data);
}

/* Epochs */

static gboolean
write_rematch (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  TernSyncEnd *end = data;

  if (!tern_txn_begin_rematch (txn, end->folder, error)
      || !tern_txn_set_sync_state (txn, end->folder, end->uidvalidity, 0, 0, 0, error))
    return FALSE;
  *result = tern_read_waiting (tern_txn_reader (txn), end->folder, error);
  return *result != NULL;
}

void
tern_sync_write_rematch (TernStore *store,
                         TernId folder,
                         guint32 uidvalidity,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  TernSyncEnd *end = g_new0 (TernSyncEnd, 1);

  end->folder = folder;
  end->uidvalidity = uidvalidity;
  tern_store_write_async (store, G_PRIORITY_DEFAULT, write_rematch, end, g_free,
                          (GDestroyNotify) g_array_unref, callback, user_data);
}

static void
sync_end_free (gpointer data)
{
  TernSyncEnd *end = data;

  g_clear_pointer (&end->expected, g_array_unref);
  g_free ((char *) end->mailbox_id);
  g_free (end);
}

static gboolean
write_end (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const TernSyncEnd *end = data;
  g_autoptr (TernFolderRecord) folder = NULL;

  if (!check_epoch (txn, end->folder, end->uidvalidity, &folder, error))
    return FALSE;
  if (end->expected != NULL && !tern_txn_end_waiting (txn, end->folder, end->expected, error))
    return FALSE;
  if (end->mailbox_id != NULL
      && !tern_txn_set_mailbox_id (txn, end->folder, end->mailbox_id, error))
    return FALSE;
  if (end->compare_tried && !tern_txn_set_compare_tried (txn, end->folder, error))
    return FALSE;
  if (end->compared && !tern_txn_set_compared (txn, end->folder, end->listed, error))
    return FALSE;
  return tern_txn_set_sync_state (txn, end->folder, end->uidvalidity,
                                  MAX (folder->uidnext, end->uidnext),
                                  end->modseq != 0 ? end->modseq : folder->modseq, 1, error)
         && tern_txn_set_remote_counts (txn, end->folder, end->total, folder->unread, TRUE, error);
}

void
tern_sync_write_end (TernStore *store,
                     const TernSyncEnd *end,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  TernSyncEnd *copy = g_memdup2 (end, sizeof *end);

  if (copy->expected != NULL)
    copy->expected = g_array_copy (copy->expected);
  copy->mailbox_id = g_strdup (end->mailbox_id);
  tern_store_write_async (store, G_PRIORITY_DEFAULT, write_end, copy, sync_end_free, NULL, callback,
                          user_data);
}

void
tern_sync_write_logged_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernStore) store = user_data;
  g_autoptr (GError) error = NULL;

  if (!tern_store_write_finish (store, result, NULL, &error))
    g_warning ("what the server told could not be stored: %s", error->message);
}

/* Rights */

typedef struct
{
  TernId folder;
  gboolean read_only;
} ReadOnly;

static gboolean
write_read_only (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const ReadOnly *write = data;

  return tern_txn_set_folder_read_only (txn, write->folder, write->read_only, error);
}

void
tern_sync_write_read_only (TernStore *store, TernId folder, gboolean read_only)
{
  ReadOnly *write = g_new0 (ReadOnly, 1);

  write->folder = folder;
  write->read_only = read_only;
  tern_store_write_async (store, G_PRIORITY_DEFAULT, write_read_only, write, g_free, NULL,
                          tern_sync_write_logged_cb, tern_store_ref (store));
}
