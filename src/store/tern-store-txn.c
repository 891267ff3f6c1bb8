/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-ledger-private.h"
#include "tern-store-private.h"

#include "tern-fault.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <sys/statvfs.h>

/* A batch of headers, and then as much as a person writes before making room. */
#define MIN_ROOM (4 * 1024 * 1024)

/** TernRowNet: what a transaction did to one row, so that the change set tells the end only. */
typedef struct
{
  TernId id; /* first: the key of the table */
  gint64 key_before;
  gint64 key_now;
  gboolean before; /* was listed when the transaction began */
  gboolean now;
  gboolean touched;
  gboolean fresh;
} TernRowNet;

static void
txn_folder_free (gpointer data)
{
  TernTxnFolder *folder = data;

  g_hash_table_unref (folder->net);
  g_free (folder);
}

gboolean
tern_txn_begin (TernTxn *txn,
                TernDb *db,
                TernBodies *bodies,
                TernStore *store,
                const TernCounters *counters,
                GError **error)
{
  gint64 saved = 0;

  *txn = (TernTxn){ 0 };
  txn->reader.db = db;
  txn->reader.bodies = bodies;
  txn->reader.store = store;
  txn->counters = *counters;
  if (!tern_db_begin (db, error))
    return FALSE;
  txn->folders = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, txn_folder_free);
  txn->doomed = g_ptr_array_new_with_free_func (g_free);
  txn->spent = g_ptr_array_new_with_free_func (g_free);
  txn->changes = tern_change_set_new (counters->seq + 1);
  if (!tern_db_look (db, error, &saved, "SELECT 1 FROM saved_body WHERE ?1 LIMIT 1", 1))
    {
      tern_txn_rollback (txn);
      tern_txn_clear (txn);
      return FALSE;
    }
  txn->saved_bodies = saved != 0;
  return TRUE;
}

void
tern_txn_clear (TernTxn *txn)
{
  tern_ledger_clear (txn);
  g_clear_pointer (&txn->folders, g_hash_table_unref);
  g_clear_pointer (&txn->doomed, g_ptr_array_unref);
  g_clear_pointer (&txn->spent, g_ptr_array_unref);
  g_clear_pointer (&txn->changes, tern_change_set_unref);
}

gboolean
tern_txn_require_room (TernTxn *txn, GError **error)
{
  const char *path = sqlite3_db_filename (tern_db_get_handle (txn->reader.db), "main");
  struct statvfs disk;

  /* Where it cannot be known, the write itself will tell. */
  if (path == NULL || statvfs (path, &disk) != 0
      || (guint64) disk.f_bavail * disk.f_frsize >= MIN_ROOM)
    return TRUE;
  g_propagate_error (error, tern_db_fault (SQLITE_FULL, ENOSPC, path, g_strerror (ENOSPC)));
  return FALSE;
}

TernReader *
tern_txn_reader (TernTxn *txn)
{
  return &txn->reader;
}

TernChangeSet *
tern_txn_changes (TernTxn *txn)
{
  return txn->changes;
}

TernDb *
tern_txn_db (TernTxn *txn)
{
  return txn->reader.db;
}

TernTxnFolder *
tern_txn_folder (TernTxn *txn, TernId folder, GError **error)
{
  TernTxnFolder *self = g_hash_table_lookup (txn->folders, &folder);
  sqlite3_stmt *stmt;
  int rc;

  if (self != NULL)
    return self;
  stmt =
      tern_db_query (txn->reader.db, error,
                     "SELECT account, remote_name IS NOT NULL FROM folder WHERE id = ?1", folder);
  if (stmt == NULL)
    return NULL;
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    {
      self = g_new0 (TernTxnFolder, 1);
      self->id = folder;
      self->account = sqlite3_column_int64 (stmt, 0);
      self->remote = sqlite3_column_int (stmt, 1);
      self->net = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
      g_hash_table_insert (txn->folders, &self->id, self);
    }
  if (!tern_db_finish (txn->reader.db, stmt, rc, error))
    return NULL;
  if (self == NULL)
    g_propagate_error (
        error, tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("This folder is not there any more.")));
  return self;
}

void
tern_txn_forget_folder (TernTxn *txn, TernId folder)
{
  g_hash_table_remove (txn->folders, &folder);
}

static TernRowNet *
row_net (TernTxnFolder *folder, gint64 key, TernId id, gboolean before)
{
  TernRowNet *row = g_hash_table_lookup (folder->net, &id);

  if (row == NULL)
    {
      row = g_new0 (TernRowNet, 1);
      row->id = id;
      row->before = before;
      row->now = before;
      row->key_before = row->key_now = key;
      g_hash_table_insert (folder->net, &row->id, row);
    }
  return row;
}

void
tern_txn_row_added (TernTxn *txn, TernTxnFolder *folder, gint64 key, TernId id, gboolean unread)
{
  TernRowNet *row = row_net (folder, key, id, FALSE);

  row->now = TRUE;
  row->key_now = key;
  row->touched = TRUE;
  folder->added_total++;
  folder->added_unread += unread ? 1 : 0;
}

void
tern_txn_row_removed (TernTxn *txn, TernTxnFolder *folder, gint64 key, TernId id, gboolean unread)
{
  TernRowNet *row = row_net (folder, key, id, TRUE);

  row->now = FALSE;
  row->fresh = FALSE;
  folder->added_total--;
  folder->added_unread -= unread ? 1 : 0;
}

void
tern_txn_row_touched (TernTxn *txn, TernTxnFolder *folder, gint64 key, TernId id)
{
  row_net (folder, key, id, TRUE)->touched = TRUE;
}

void
tern_txn_row_fresh (TernTxn *txn, TernTxnFolder *folder, TernId id)
{
  TernRowNet *row = g_hash_table_lookup (folder->net, &id);

  if (row != NULL)
    row->fresh = TRUE;
}

static void
tell_row (TernFolderChange *change, const TernRowNet *row)
{
  TernListKey before = { row->key_before, row->id };
  TernListKey now = { row->key_now, row->id };

  if (row->before && row->now && row->key_before == row->key_now)
    {
      if (row->touched)
        g_array_append_val (change->touched, now);
      return;
    }
  if (row->before)
    g_array_append_val (change->removed, before);
  if (row->now)
    {
      g_array_append_val (change->added, now);
      if (row->fresh)
        g_array_append_val (change->fresh, row->id);
    }
}

/* The counts are written once for the whole transaction. */
static gboolean
write_counts (TernTxn *txn, TernTxnFolder *folder, TernFolderChange *change, GError **error)
{
  sqlite3_stmt *stmt;
  int rc;

  change->counts_changed = folder->added_total != 0 || folder->added_unread != 0;
  if (change->counts_changed)
    stmt = tern_db_query (txn->reader.db, error,
                          "UPDATE folder SET total = total + ?2, unread = unread + ?3"
                          " WHERE id = ?1 RETURNING total, unread",
                          folder->id, folder->added_total, folder->added_unread);
  else
    stmt = tern_db_query (txn->reader.db, error, "SELECT total, unread FROM folder WHERE id = ?1",
                          folder->id);
  if (stmt == NULL)
    return FALSE;
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    {
      change->total = sqlite3_column_int64 (stmt, 0);
      change->unread = sqlite3_column_int64 (stmt, 1);
      rc = sqlite3_step (stmt);
    }
  return tern_db_finish (txn->reader.db, stmt, rc, error);
}

static gboolean
finish_folder (TernTxn *txn, TernTxnFolder *folder, GError **error)
{
  TernFolderChange *change;
  GHashTableIter iter;
  gpointer row;

  if (g_hash_table_size (folder->net) == 0)
    return TRUE;
  change = tern_change_set_folder (txn->changes, folder->account, folder->id);
  g_hash_table_iter_init (&iter, folder->net);
  while (g_hash_table_iter_next (&iter, NULL, &row))
    tell_row (change, row);
  return write_counts (txn, folder, change, error);
}

gboolean
tern_txn_has_changes (TernTxn *txn)
{
  const TernChangeSet *changes = txn->changes;

  return changes->folders->len > 0 || changes->tree_changed || changes->outbox_changed
         || changes->ops_changed || changes->reset;
}

static gboolean
finish_folders (TernTxn *txn, GError **error)
{
  GHashTableIter iter;
  gpointer folder;

  g_hash_table_iter_init (&iter, txn->folders);
  while (g_hash_table_iter_next (&iter, NULL, &folder))
    if (!finish_folder (txn, folder, error))
      return FALSE;
  tern_change_set_sort (txn->changes);
  return TRUE;
}

gboolean
tern_txn_commit (TernTxn *txn, GError **error)
{
  TernDb *db = txn->reader.db;

  /* A verb that stopped half-way is not committed, even if nobody looked at its error. */
  if (tern_db_has_failed (db))
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_INTERNAL,
                                                _ ("A part of a change failed, so none of it was "
                                                   "stored.")));
      return FALSE;
    }
  if (!tern_ledger_finish (txn, error) || !finish_folders (txn, error))
    return FALSE;
  if (tern_txn_has_changes (txn))
    txn->counters.seq++;
  if (!tern_db_run (db, error,
                    "UPDATE state SET seq = ?1, message = ?2, location = ?3"
                    " WHERE seq <> ?1 OR message <> ?2 OR location <> ?3",
                    txn->counters.seq, txn->counters.message, txn->counters.location))
    return FALSE;
  /* Bodies first: a row never names bytes that are not there. */
  if (!tern_bodies_commit (txn->reader.bodies, txn->durable, error))
    return FALSE;
  return tern_db_exec (db, "COMMIT", error);
}

gboolean
tern_txn_sync (TernTxn *txn, GError **error)
{
  return !txn->durable || tern_db_sync (txn->reader.db, error);
}

void
tern_txn_rollback (TernTxn *txn)
{
  sqlite3 *handle = tern_db_get_handle (txn->reader.db);

  tern_bodies_rollback (txn->reader.bodies);
  /* After a full disk or a failed write SQLite may have rolled back by itself. */
  if (!sqlite3_get_autocommit (handle))
    tern_db_exec (txn->reader.db, "ROLLBACK", NULL);
}
