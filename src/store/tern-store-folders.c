/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-folders.h"

#include "tern-store-folders-private.h"
#include "tern-store-ledger-private.h"
#include "tern-store-ops.h"

#include "tern-fault.h"

#include <glib/gi18n.h>

#define COLUMNS                                                                                   \
  "id, account, path, name, remote_name, delimiter, role, subscribed, selectable, gone,"          \
  " uidvalidity, uidnext, modseq, backfill, total, unread, remote_total, remote_unread, checked," \
  " compared, compared_remote, compared_here, compare_tried, mailbox_id, space, rights,"          \
  " append_limit"

/* How long the mail of a folder stays that the server does not list any more. */
#define GONE_SECONDS (24 * 60 * 60)

TernFolderRecord *
tern_folder_record_copy (const TernFolderRecord *self)
{
  TernFolderRecord *copy = g_memdup2 (self, sizeof *self);

  copy->path = g_strdup (self->path);
  copy->name = g_strdup (self->name);
  copy->remote_name = g_strdup (self->remote_name);
  copy->mailbox_id = g_strdup (self->mailbox_id);
  return copy;
}

void
tern_folder_record_free (TernFolderRecord *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_free (self->name);
  g_free (self->remote_name);
  g_free (self->mailbox_id);
  g_free (self);
}

/* Accounts. */

TernId
tern_read_account_id (TernReader *reader, const char *uuid, GError **error)
{
  sqlite3_stmt *stmt =
      tern_db_prepare (reader->db, "SELECT id FROM account WHERE uuid = ?1", error);
  TernId id = 0;
  int rc;

  if (stmt == NULL)
    return 0;
  tern_db_bind_text (stmt, 1, uuid);
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    id = sqlite3_column_int64 (stmt, 0);
  return tern_db_finish (reader->db, stmt, rc, error) ? id : 0;
}

GPtrArray *
tern_read_account_uuids (TernReader *reader, GError **error)
{
  g_autoptr (GPtrArray) uuids = g_ptr_array_new_with_free_func (g_free);
  sqlite3_stmt *stmt = tern_db_prepare (reader->db, "SELECT uuid FROM account ORDER BY id", error);
  int rc;

  if (stmt == NULL)
    return NULL;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    g_ptr_array_add (uuids, tern_db_dup_text (stmt, 0));
  return tern_db_finish (reader->db, stmt, rc, error) ? g_steal_pointer (&uuids) : NULL;
}

TernId
tern_txn_ensure_account (TernTxn *txn, const char *uuid, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt =
      tern_db_prepare (db, "INSERT INTO account (uuid) VALUES (?1) ON CONFLICT DO NOTHING", error);

  if (stmt == NULL)
    return 0;
  tern_db_bind_text (stmt, 1, uuid);
  if (!tern_db_step (db, stmt, error))
    return 0;
  if (sqlite3_changes (tern_db_get_handle (db)) > 0)
    txn->changes->tree_changed = TRUE;
  return tern_read_account_id (&txn->reader, uuid, error);
}

/* Children before parents, as the foreign keys demand. */
gboolean
tern_txn_remove_account (TernTxn *txn, TernId account, GError **error)
{
  static const char *const steps[] = {
    ("DELETE FROM ledger_member WHERE event IN (SELECT id FROM ledger WHERE account = ?1)"),
    "DELETE FROM ledger WHERE account = ?1",
    "DELETE FROM ledger_gone WHERE account = ?1",
    "DELETE FROM op WHERE account = ?1",
    "DELETE FROM outbox WHERE account = ?1",
    "DELETE FROM location WHERE folder IN (SELECT id FROM folder WHERE account = ?1)",
    "DELETE FROM folder WHERE account = ?1",
    "DELETE FROM reference WHERE thread IN (SELECT thread FROM message WHERE account = ?1)",
    "DELETE FROM message WHERE account = ?1",
    "DELETE FROM account WHERE id = ?1",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    if (!tern_db_run (tern_txn_db (txn), error, steps[i], account))
      return FALSE;
  g_hash_table_remove_all (txn->folders);
  txn->changes->tree_changed = TRUE;
  txn->changes->outbox_changed = TRUE;
  txn->changes->ops_changed = TRUE;
  txn->changes->reset = TRUE;
  return TRUE;
}

/* Folders. */

/* The server has renamed it, and we have not been told yet: what is listed under the new name is
 * what we know under the one that we told the server. */
static gboolean
find_renamed (TernTxn *txn, const TernFolderRecord *record, TernId *id, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt =
      tern_db_query (db, error,
                     "SELECT f.id FROM op o JOIN folder s ON s.id = o.source"
                     " JOIN folder f ON f.account = ?1"
                     "  AND f.remote_name = o.old_name || substr (?3, length (o.remote_name) + 1)"
                     " WHERE o.account = ?1 AND o.kind = ?2 AND o.state IN (0, 1, 4) AND o.begun"
                     "  AND (o.remote_name = ?3 OR s.delimiter <> 0"
                     "   AND substr (?3, 1, length (o.remote_name) + 1)"
                     "    = o.remote_name || char (s.delimiter))"
                     " LIMIT 1",
                     record->account, TERN_OP_FOLDER_RENAME);
  int rc;

  if (stmt == NULL)
    return FALSE;
  tern_db_bind_text (stmt, 3, record->remote_name);
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    *id = sqlite3_column_int64 (stmt, 0);
  return tern_db_finish (db, stmt, rc, error);
}

static gboolean
find_by (TernTxn *txn,
         const char *sql,
         TernId account,
         const char *name,
         TernId *id,
         GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt = tern_db_query (db, error, sql, account);
  int rc;

  *id = 0;
  if (stmt == NULL)
    return FALSE;
  tern_db_bind_text (stmt, 2, name);
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    *id = sqlite3_column_int64 (stmt, 0);
  return tern_db_finish (db, stmt, rc, error);
}

gboolean
tern_folder_find_remote (TernTxn *txn,
                         TernId account,
                         const char *remote_name,
                         TernId *id,
                         GError **error)
{
  return find_by (txn, "SELECT id FROM folder WHERE account = ?1 AND remote_name = ?2", account,
                  remote_name, id, error);
}

static gboolean
find_folder (TernTxn *txn, const TernFolderRecord *record, TernId *id, GError **error)
{
  if (record->remote_name == NULL)
    return find_by (txn,
                    "SELECT id FROM folder WHERE account = ?1 AND path = ?2"
                    " AND remote_name IS NULL",
                    record->account, record->path, id, error);
  return tern_folder_find_remote (txn, record->account, record->remote_name, id, error)
         && (*id != 0 || find_renamed (txn, record, id, error));
}

/* What a person wants otherwise than the server has it so far: bits of 1 names, 2 gone, 4
 * subscribed. */
static gboolean
read_wishes (TernTxn *txn, TernId account, TernId folder, gint64 *wishes, GError **error)
{
  *wishes = 0;
  return tern_db_look (tern_txn_db (txn), error, wishes,
                       "SELECT max (kind = ?3) + 2 * max (source = ?2 AND kind = ?4)"
                       " + 4 * max (source = ?2 AND kind > ?4) FROM op WHERE account = ?1"
                       " AND state IN (0, 1, 4) AND kind >= ?3 HAVING count (*) > 0",
                       account, folder, TERN_OP_FOLDER_RENAME, TERN_OP_FOLDER_DELETE);
}

/* What is in what is told by the paths; nothing reads the column "parent". */
static gboolean
write_folder (TernTxn *txn, const TernFolderRecord *record, TernId id, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  gint64 wishes = 0;
  sqlite3_stmt *stmt;

  if (id != 0 && !read_wishes (txn, record->account, id, &wishes, error))
    return FALSE;
  if (id == 0)
    stmt = tern_db_prepare (db,
                            "INSERT INTO folder (account, parent, path, name, remote_name,"
                            " delimiter, role, subscribed, selectable, gone, space)"
                            " VALUES (?2, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?3)",
                            error);
  else
    stmt = tern_db_prepare (db,
                            "UPDATE folder SET path = iif (?12 & 1, path, ?4),"
                            " name = iif (?12 & 1, name, ?5),"
                            " remote_name = iif (?12 & 1, remote_name, ?6), delimiter = ?7,"
                            " role = CASE role_by_person WHEN 0 THEN ?8 ELSE role END,"
                            " subscribed = iif (?12 & 4, subscribed, ?9), selectable = ?10,"
                            " gone = iif (?12 & 2, gone, ?11), space = ?3 WHERE id = ?1"
                            " AND (path, name, delimiter, subscribed, selectable, gone,"
                            "  space)"
                            " IS NOT (iif (?12 & 1, path, ?4), iif (?12 & 1, name, ?5), ?7,"
                            "  iif (?12 & 4, subscribed, ?9), ?10, iif (?12 & 2, gone, ?11), ?3)"
                            " OR id = ?1 AND role_by_person = 0 AND role <> ?8",
                            error);
  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, id);
  sqlite3_bind_int64 (stmt, 2, record->account);
  sqlite3_bind_int (stmt, 3, (int) record->space);
  tern_db_bind_text (stmt, 4, record->path);
  tern_db_bind_text (stmt, 5, record->name);
  tern_db_bind_text (stmt, 6, record->remote_name);
  sqlite3_bind_int (stmt, 7, record->delimiter);
  sqlite3_bind_int (stmt, 8, record->role);
  sqlite3_bind_int (stmt, 9, record->subscribed != FALSE);
  sqlite3_bind_int (stmt, 10, record->selectable != FALSE);
  sqlite3_bind_int (stmt, 11, record->gone != FALSE);
  if (id != 0)
    sqlite3_bind_int64 (stmt, 12, wishes);
  if (!tern_db_step (db, stmt, error))
    return FALSE;
  if (sqlite3_changes (tern_db_get_handle (db)) > 0)
    txn->changes->tree_changed = TRUE;
  return TRUE;
}

TernId
tern_txn_put_folder (TernTxn *txn, const TernFolderRecord *record, GError **error)
{
  TernId id;

  if (!find_folder (txn, record, &id, error) || !write_folder (txn, record, id, error))
    return 0;
  if (id != 0)
    return id;
  return sqlite3_last_insert_rowid (tern_db_get_handle (tern_txn_db (txn)));
}

gboolean
tern_folder_remove (TernTxn *txn, TernId folder, GError **error)
{
  static const char *const steps[] = {
    /* What a person did last is known as such, also when nothing is left of it. */
    ("UPDATE state SET op_gone = max (op_gone, (SELECT ifnull (max (id), 0) FROM op"
     " WHERE (source = ?1 OR target = ?1) AND state <> 3 AND kind <> 3 AND undone = 0"
     "  AND undoes = 0))"),
    "DELETE FROM op WHERE source = ?1 OR target = ?1",
    "CREATE TEMP TABLE IF NOT EXISTS leaving (message INTEGER PRIMARY KEY)",
    "INSERT OR IGNORE INTO leaving SELECT message FROM location WHERE folder = ?1",
    "DELETE FROM location WHERE folder = ?1",
    ("DELETE FROM message WHERE id IN leaving"
     " AND NOT EXISTS (SELECT 1 FROM location WHERE message = message.id)"),
    "DELETE FROM leaving",
    "DELETE FROM folder WHERE id = ?1",
  };

  if (!tern_ledger_folder_gone (txn, folder, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    if (!tern_db_run (tern_txn_db (txn), error, steps[i], folder))
      return FALSE;
  tern_txn_forget_folder (txn, folder);
  txn->changes->tree_changed = TRUE;
  return TRUE;
}

/* What only this disk has: messages that the server has not got yet, and operations under way. */
gboolean
tern_folder_has_local_data (TernTxn *txn, TernId folder, gboolean *has, GError **error)
{
  gint64 found = 0;

  if (!tern_db_look (tern_txn_db (txn), error, &found,
                     "SELECT EXISTS (SELECT 1 FROM location WHERE folder = ?1"
                     "  AND (uid IS NULL OR ops > 0))"
                     " OR EXISTS (SELECT 1 FROM op WHERE (source = ?1 OR target = ?1)"
                     "  AND state IN (0, 1, 4))",
                     folder))
    return FALSE;
  *has = found != 0;
  return TRUE;
}

gboolean
tern_folder_look_gone (TernTxn *txn, TernId folder, gint64 *gone, GError **error)
{
  *gone = 0;
  return tern_db_look (tern_txn_db (txn), error, gone,
                       "SELECT iif (EXISTS (SELECT 1 FROM op WHERE source = ?1 AND kind >= ?2"
                       " AND state IN (0, 1, 4)), -1, gone) FROM folder WHERE id = ?1",
                       folder, TERN_OP_FOLDER_CREATE);
}

/* A listing that lacks a folder may be of a server half of which is down, or have a line that could
 * not be read: the folder is not shown any more, but its mail goes only after a day. */
static gboolean
end_folder (TernTxn *txn, TernId folder, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gint64 gone;
  gboolean has;

  if (!tern_folder_look_gone (txn, folder, &gone, error))
    return FALSE;
  /* Not made yet, or what is done with it will show. */
  if (gone < 0)
    return TRUE;
  if (gone == 0)
    {
      txn->changes->tree_changed = TRUE;
      return tern_db_run (db, error, "UPDATE folder SET gone = ?2 WHERE id = ?1", folder, now);
    }
  if (gone + GONE_SECONDS > now)
    return TRUE;
  return tern_folder_has_local_data (txn, folder, &has, error)
         && (has || tern_folder_remove (txn, folder, error));
}

gboolean
tern_txn_end_listing (TernTxn *txn, TernId account, GHashTable *kept, GError **error)
{
  g_autoptr (GArray) ids = tern_db_list (tern_txn_db (txn), error,
                                         "SELECT id FROM folder WHERE account = ?1"
                                         " AND remote_name IS NOT NULL ORDER BY id DESC",
                                         account);

  if (ids == NULL)
    return FALSE;
  for (guint i = 0; i < ids->len; i++)
    {
      TernId id = g_array_index (ids, TernId, i);

      if (!g_hash_table_contains (kept, GSIZE_TO_POINTER ((gsize) id))
          && !end_folder (txn, id, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
tern_txn_set_folder_remote_name (TernTxn *txn,
                                 TernId folder,
                                 const char *remote_name,
                                 GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt =
      tern_db_query (db, error,
                     "UPDATE folder SET remote_name = ?2 WHERE id = ?1 AND NOT EXISTS (SELECT 1"
                     " FROM op WHERE source = ?1 AND kind = ?3 AND state IN (0, 1, 4) AND begun)",
                     folder, 0, TERN_OP_FOLDER_RENAME);

  if (stmt == NULL)
    return FALSE;
  tern_db_bind_text (stmt, 2, remote_name);
  txn->changes->tree_changed = TRUE;
  return tern_db_step (db, stmt, error);
}

gboolean
tern_txn_set_mailbox_id (TernTxn *txn, TernId folder, const char *mailbox_id, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt = tern_db_query (db, error,
                                      "UPDATE folder SET mailbox_id = ?2 WHERE id = ?1"
                                      " AND mailbox_id IS NOT ?2",
                                      folder);

  if (stmt == NULL)
    return FALSE;
  tern_db_bind_text (stmt, 2, mailbox_id);
  return tern_db_step (db, stmt, error);
}

gboolean
tern_txn_set_folder_role (TernTxn *txn,
                          TernId folder,
                          TernRole role,
                          gboolean by_person,
                          GError **error)
{
  TernDb *db = tern_txn_db (txn);

  if (!tern_db_run (db, error,
                    "UPDATE folder SET role = ?2, role_by_person = ?3 WHERE id = ?1"
                    " AND (?3 OR NOT role_by_person)"
                    " AND (role <> ?2 OR role_by_person <> ?3)",
                    folder, role, by_person != FALSE))
    return FALSE;
  if (sqlite3_changes (tern_db_get_handle (db)) > 0)
    txn->changes->tree_changed = TRUE;
  return TRUE;
}

gboolean
tern_txn_set_sync_state (TernTxn *txn,
                         TernId folder,
                         guint32 uidvalidity,
                         guint32 uidnext,
                         guint64 modseq,
                         guint32 backfill,
                         GError **error)
{
  return tern_db_run (tern_txn_db (txn), error,
                      "UPDATE folder SET uidvalidity = ?2, uidnext = ?3, modseq = ?4,"
                      " backfill = ?5 WHERE id = ?1",
                      folder, uidvalidity, uidnext, (gint64) modseq, backfill);
}

gboolean
tern_txn_set_remote_counts (TernTxn *txn,
                            TernId folder,
                            gint64 total,
                            gint64 unread,
                            gboolean checked_now,
                            GError **error)
{
  return tern_db_run (tern_txn_db (txn), error,
                      "UPDATE folder SET remote_total = ?2, remote_unread = ?3,"
                      " checked = max (checked, ?4) WHERE id = ?1",
                      folder, total, unread, checked_now ? g_get_real_time () / G_USEC_PER_SEC : 0);
}

gboolean
tern_txn_set_compare_tried (TernTxn *txn, TernId folder, GError **error)
{
  return tern_db_run (tern_txn_db (txn), error,
                      "UPDATE folder SET compare_tried = ?2 WHERE id = ?1", folder,
                      g_get_real_time () / G_USEC_PER_SEC);
}

gboolean
tern_txn_set_compared (TernTxn *txn, TernId folder, gint64 remote, GError **error)
{
  txn->changes->tree_changed = TRUE;
  return tern_db_run (tern_txn_db (txn), error,
                      "UPDATE folder SET compared = ?2, compared_remote = ?3, compared_here ="
                      " (SELECT count (*) FROM location WHERE folder = ?1 AND uid IS NOT NULL)"
                      " WHERE id = ?1",
                      folder, g_get_real_time () / G_USEC_PER_SEC, remote);
}

/* Reading. */

static TernFolderRecord *
take_record (sqlite3_stmt *stmt)
{
  TernFolderRecord *record = g_new0 (TernFolderRecord, 1);

  record->id = sqlite3_column_int64 (stmt, 0);
  record->account = sqlite3_column_int64 (stmt, 1);
  record->path = tern_db_dup_text (stmt, 2);
  record->name = tern_db_dup_text (stmt, 3);
  record->remote_name = tern_db_dup_text (stmt, 4);
  record->delimiter = (char) sqlite3_column_int (stmt, 5);
  record->role = sqlite3_column_int (stmt, 6);
  record->subscribed = sqlite3_column_int (stmt, 7);
  record->selectable = sqlite3_column_int (stmt, 8);
  record->gone = sqlite3_column_int64 (stmt, 9) != 0;
  record->uidvalidity = (guint32) sqlite3_column_int64 (stmt, 10);
  record->uidnext = (guint32) sqlite3_column_int64 (stmt, 11);
  record->modseq = (guint64) sqlite3_column_int64 (stmt, 12);
  record->backfill = (guint32) sqlite3_column_int64 (stmt, 13);
  record->total = sqlite3_column_int64 (stmt, 14);
  record->unread = sqlite3_column_int64 (stmt, 15);
  record->remote_total = sqlite3_column_int64 (stmt, 16);
  record->remote_unread = sqlite3_column_int64 (stmt, 17);
  record->checked = sqlite3_column_int64 (stmt, 18);
  record->compared = sqlite3_column_int64 (stmt, 19);
  record->compared_remote = sqlite3_column_int64 (stmt, 20);
  record->compared_here = sqlite3_column_int64 (stmt, 21);
  record->compare_tried = sqlite3_column_int64 (stmt, 22);
  record->mailbox_id = tern_db_dup_text (stmt, 23);
  record->space = (TernSpace) sqlite3_column_int (stmt, 24);
  record->rights = (TernRights) sqlite3_column_int (stmt, 25);
  record->append_limit = sqlite3_column_int64 (stmt, 26);
  return record;
}

GPtrArray *
tern_read_folders (TernReader *reader, TernId account, GError **error)
{
  g_autoptr (GPtrArray) folders =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_folder_record_free);
  sqlite3_stmt *stmt = tern_db_query (reader->db, error,
                                      "SELECT " COLUMNS " FROM folder WHERE ?1 = 0 OR account = ?1"
                                      " ORDER BY account, path",
                                      account);
  int rc;

  if (stmt == NULL)
    return NULL;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    g_ptr_array_add (folders, take_record (stmt));
  return tern_db_finish (reader->db, stmt, rc, error) ? g_steal_pointer (&folders) : NULL;
}

static TernFolderRecord *
take_one (TernReader *reader, sqlite3_stmt *stmt, GError **error)
{
  g_autoptr (TernFolderRecord) record = NULL;
  int rc = sqlite3_step (stmt);

  if (rc == SQLITE_ROW)
    record = take_record (stmt);
  return tern_db_finish (reader->db, stmt, rc, error) ? g_steal_pointer (&record) : NULL;
}

TernFolderRecord *
tern_read_folder (TernReader *reader, TernId folder, GError **error)
{
  sqlite3_stmt *stmt =
      tern_db_query (reader->db, error, "SELECT " COLUMNS " FROM folder WHERE id = ?1", folder);

  return stmt != NULL ? take_one (reader, stmt, error) : NULL;
}

/* INBOX is the one name without case (RFC 9051 section 5.1), also as the first level. */
static char *
normalize_path (const char *path)
{
  if (g_ascii_strncasecmp (path, "INBOX", 5) == 0 && (path[5] == '\0' || path[5] == '/'))
    return g_strconcat ("INBOX", path + 5, NULL);
  return g_strdup (path);
}

TernFolderRecord *
tern_read_folder_by_path (TernReader *reader, TernId account, const char *path, GError **error)
{
  g_autofree char *normal = normalize_path (path);
  sqlite3_stmt *stmt = tern_db_query (reader->db, error,
                                      "SELECT " COLUMNS " FROM folder WHERE account = ?1"
                                      " AND (path = ?2 OR ?3 AND path COLLATE NOCASE = ?2)"
                                      " ORDER BY gone, remote_name IS NULL LIMIT 1",
                                      account, 0, g_strcmp0 (normal, "INBOX") == 0);

  if (stmt == NULL)
    return NULL;
  tern_db_bind_text (stmt, 2, normal);
  return take_one (reader, stmt, error);
}

TernFolderRecord *
tern_read_folder_by_role (TernReader *reader, TernId account, TernRole role, GError **error)
{
  sqlite3_stmt *stmt = tern_db_query (reader->db, error,
                                      "SELECT " COLUMNS " FROM folder WHERE account = ?1"
                                      " AND role = ?2 AND gone = 0"
                                      " ORDER BY role_by_person DESC, id LIMIT 1",
                                      account, role);

  return stmt != NULL ? take_one (reader, stmt, error) : NULL;
}
