/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-locations-private.h"

#include "tern-store-ledger-private.h"
#include "tern-store-ops.h"

#define COLUMNS                                                                             \
  "id, folder, message, uid, sort_key, server_flags, shown_flags, hidden, ops, stands_for," \
  " rematch, modseq, keywords, shown_keywords"

void
tern_location_free (TernLocation *self)
{
  if (self == NULL)
    return;
  g_free (self->keywords);
  g_free (self->shown_keywords);
  g_free (self);
}

TernLocation *
tern_location_copy (const TernLocation *self)
{
  TernLocation *copy = g_memdup2 (self, sizeof *self);

  copy->keywords = g_strdup (self->keywords);
  copy->shown_keywords = g_strdup (self->shown_keywords);
  return copy;
}

static TernLocation *
take_row (TernDb *db, sqlite3_stmt *stmt, GError **error)
{
  TernLocation *self = NULL;
  int rc = sqlite3_step (stmt);

  if (rc == SQLITE_ROW)
    {
      self = g_new0 (TernLocation, 1);
      self->id = sqlite3_column_int64 (stmt, 0);
      self->folder = sqlite3_column_int64 (stmt, 1);
      self->message = sqlite3_column_int64 (stmt, 2);
      self->uid = (guint32) sqlite3_column_int64 (stmt, 3);
      self->sort_key = sqlite3_column_int64 (stmt, 4);
      self->server_flags = sqlite3_column_int (stmt, 5);
      self->shown_flags = sqlite3_column_int (stmt, 6);
      self->hidden = sqlite3_column_int (stmt, 7);
      self->ops = sqlite3_column_int (stmt, 8);
      self->stands_for = sqlite3_column_int64 (stmt, 9);
      self->rematch = sqlite3_column_int (stmt, 10);
      self->modseq = sqlite3_column_int64 (stmt, 11);
      self->keywords = tern_db_dup_text (stmt, 12);
      self->shown_keywords = tern_db_dup_text (stmt, 13);
    }
  if (!tern_db_finish (db, stmt, rc, error))
    g_clear_pointer (&self, tern_location_free);
  return self;
}

TernLocation *
tern_location_load (TernDb *db, TernId id, GError **error)
{
  sqlite3_stmt *stmt =
      tern_db_query (db, error, "SELECT " COLUMNS " FROM location WHERE id = ?1", id);

  return stmt != NULL ? take_row (db, stmt, error) : NULL;
}

TernLocation *
tern_location_load_uid (TernDb *db, TernId folder, guint32 uid, GError **error)
{
  sqlite3_stmt *stmt = tern_db_query (
      db, error, "SELECT " COLUMNS " FROM location WHERE folder = ?1 AND uid = ?2", folder, uid);

  return stmt != NULL ? take_row (db, stmt, error) : NULL;
}

static gboolean
is_unread (const TernLocation *self)
{
  return (self->shown_flags & TERN_FLAG_SEEN) == 0;
}

static gboolean
tell_added (TernTxn *txn, const TernLocation *self, GError **error)
{
  TernTxnFolder *folder;

  if (self->hidden)
    return TRUE;
  folder = tern_txn_folder (txn, self->folder, error);
  if (folder == NULL)
    return FALSE;
  tern_txn_row_added (txn, folder, self->sort_key, self->id, is_unread (self));
  return TRUE;
}

static gboolean
tell_removed (TernTxn *txn, const TernLocation *self, GError **error)
{
  TernTxnFolder *folder;

  if (self->hidden)
    return TRUE;
  folder = tern_txn_folder (txn, self->folder, error);
  if (folder == NULL)
    return FALSE;
  tern_txn_row_removed (txn, folder, self->sort_key, self->id, is_unread (self));
  return TRUE;
}

gboolean
tern_location_touch (TernTxn *txn, const TernLocation *self, GError **error)
{
  TernTxnFolder *folder;

  if (self->hidden)
    return TRUE;
  folder = tern_txn_folder (txn, self->folder, error);
  if (folder == NULL)
    return FALSE;
  tern_txn_row_touched (txn, folder, self->sort_key, self->id);
  return TRUE;
}

static gboolean
tell_updated (TernTxn *txn, const TernLocation *before, const TernLocation *now, GError **error)
{
  TernTxnFolder *folder;

  if (before->folder != now->folder || before->hidden != now->hidden
      || before->sort_key != now->sort_key)
    return tell_removed (txn, before, error) && tell_added (txn, now, error);
  if (now->hidden)
    return TRUE;
  if (before->shown_flags == now->shown_flags && (before->ops > 0) == (now->ops > 0)
      && before->message == now->message
      && g_strcmp0 (before->shown_keywords, now->shown_keywords) == 0)
    return TRUE;
  folder = tern_txn_folder (txn, now->folder, error);
  if (folder == NULL)
    return FALSE;
  folder->added_unread += (is_unread (now) ? 1 : 0) - (is_unread (before) ? 1 : 0);
  tern_txn_row_touched (txn, folder, now->sort_key, now->id);
  return TRUE;
}

static void
bind_uid (sqlite3_stmt *stmt, int index, guint32 uid)
{
  if (uid != 0)
    sqlite3_bind_int64 (stmt, index, uid);
  else
    sqlite3_bind_null (stmt, index);
}

/* The same numbers in the full INSERT and UPDATE. */
static void
bind_all (sqlite3_stmt *stmt, const TernLocation *self)
{
  sqlite3_bind_int64 (stmt, 1, self->id);
  sqlite3_bind_int64 (stmt, 2, self->folder);
  sqlite3_bind_int64 (stmt, 3, self->message);
  bind_uid (stmt, 4, self->uid);
  sqlite3_bind_int64 (stmt, 5, self->sort_key);
  sqlite3_bind_int (stmt, 6, self->server_flags);
  sqlite3_bind_int (stmt, 7, self->shown_flags);
  sqlite3_bind_int (stmt, 8, self->hidden);
  sqlite3_bind_int (stmt, 9, self->ops);
  sqlite3_bind_int64 (stmt, 10, self->stands_for);
  sqlite3_bind_int (stmt, 11, self->rematch);
  sqlite3_bind_int64 (stmt, 12, self->modseq);
  tern_db_bind_static (stmt, 13, self->keywords);
  tern_db_bind_static (stmt, 14, self->shown_keywords);
}

static void
note_waiting (TernTxn *txn, const TernLocation *self)
{
  TernTxnFolder *folder = g_hash_table_lookup (txn->folders, &self->folder);

  if (folder != NULL && self->uid == 0)
    folder->waiting = TRUE;
}

gboolean
tern_location_insert (TernTxn *txn, TernLocation *self, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt = tern_db_prepare (db,
                                        "INSERT INTO location (" COLUMNS
                                        ", saved, labels) VALUES (?1, ?2, ?3, ?4, ?5,"
                                        " ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
                                        error);

  if (stmt == NULL)
    return FALSE;
  self->id = ++txn->counters.location;
  bind_all (stmt, self);
  if (self->saved != 0)
    sqlite3_bind_int64 (stmt, 15, self->saved);
  else
    sqlite3_bind_null (stmt, 15);
  tern_db_bind_static (stmt, 16, self->labels);
  note_waiting (txn, self);
  return tern_db_step (db, stmt, error) && tell_added (txn, self, error);
}

/* SQLite writes every index that has a column named in SET, so flags have statements of their own.
 */
static sqlite3_stmt *
prepare_update (TernDb *db, const TernLocation *before, const TernLocation *now, GError **error)
{
  gboolean placed = before->folder == now->folder && before->uid == now->uid
                    && before->sort_key == now->sort_key && before->hidden == now->hidden;

  if (placed && before->shown_flags == now->shown_flags)
    return tern_db_prepare (db,
                            "UPDATE location SET message = ?3, server_flags = ?6, ops = ?9,"
                            " stands_for = ?10, rematch = ?11, modseq = ?12, keywords = ?13,"
                            " shown_keywords = ?14 WHERE id = ?1",
                            error);
  if (placed && before->message == now->message)
    return tern_db_prepare (db,
                            "UPDATE location SET server_flags = ?6, shown_flags = ?7, ops = ?9,"
                            " stands_for = ?10, rematch = ?11, modseq = ?12, keywords = ?13,"
                            " shown_keywords = ?14 WHERE id = ?1",
                            error);
  return tern_db_prepare (db,
                          "UPDATE location SET folder = ?2, message = ?3, uid = ?4, sort_key = ?5,"
                          " server_flags = ?6, shown_flags = ?7, hidden = ?8, ops = ?9,"
                          " stands_for = ?10, rematch = ?11, modseq = ?12, keywords = ?13,"
                          " shown_keywords = ?14 WHERE id = ?1",
                          error);
}

gboolean
tern_location_update (TernTxn *txn,
                      const TernLocation *before,
                      const TernLocation *now,
                      GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt = prepare_update (db, before, now, error);

  if (stmt == NULL)
    return FALSE;
  bind_all (stmt, now);
  note_waiting (txn, now);
  return tern_db_step (db, stmt, error) && tell_updated (txn, before, now, error);
}

gboolean
tern_location_delete (TernTxn *txn, const TernLocation *self, GError **error)
{
  TernDb *db = tern_txn_db (txn);

  return tern_ledger_gone (txn, self, error)
         && tern_db_run (db, error, "DELETE FROM location WHERE id = ?1", self->id)
         && tern_db_run (db, error,
                         "DELETE FROM message WHERE id = ?1 AND NOT EXISTS"
                         " (SELECT 1 FROM location WHERE message = ?1)",
                         self->message)
         && tell_removed (txn, self, error);
}

gboolean
tern_location_reshow (TernDb *db, TernLocation *self, GError **error)
{
  sqlite3_stmt *stmt;
  int rc;

  self->shown_flags = self->server_flags;
  g_free (self->shown_keywords);
  self->shown_keywords = g_strdup (self->keywords);
  if (self->ops == 0)
    return TRUE;
  stmt = tern_db_query (db, error,
                        "SELECT o.add_flags, o.remove_flags, o.add_keywords, o.remove_keywords"
                        " FROM op_subject s JOIN op o ON o.id = s.op WHERE s.location = ?1"
                        " AND s.made = 0 AND o.kind = ?2 AND o.state IN (0, 1, 4) ORDER BY s.op",
                        self->id, TERN_OP_FLAGS);
  if (stmt == NULL)
    return FALSE;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      g_autofree char *base = g_steal_pointer (&self->shown_keywords);

      self->shown_flags |= sqlite3_column_int (stmt, 0);
      self->shown_flags &= ~sqlite3_column_int (stmt, 1);
      self->shown_keywords =
          tern_keywords_apply (base, tern_db_text (stmt, 2), tern_db_text (stmt, 3));
    }
  return tern_db_finish (db, stmt, rc, error);
}

/* @other, a second row for the same message, becomes a part of @now. */
static gboolean
merge (TernTxn *txn, const TernLocation *other, TernLocation *now, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  TernLedgerCause cause;
  gint64 ops = now->ops;
  gboolean ok;

  if (other->ops > 0
      && !(tern_db_run (db, error,
                        "UPDATE OR IGNORE op_subject SET location = ?1 WHERE location = ?2",
                        now->id, other->id)
           && tern_db_run (db, error, "UPDATE op_subject SET other = ?1 WHERE other = ?2", now->id,
                           other->id)
           && tern_db_look (db, error, &ops,
                            "SELECT count (*) FROM op_subject s JOIN op o ON o.id = s.op"
                            " WHERE s.location = ?1 AND o.state IN (0, 1, 4)",
                            now->id)))
    return FALSE;
  now->ops = (guint) ops;
  cause = tern_ledger_because (txn, TERN_LEDGER_MERGED, 0);
  ok = tern_db_run (db, error,
                    "UPDATE OR IGNORE body_part SET message = ?1 WHERE message = ?2"
                    " AND ?1 <> ?2",
                    now->message, other->message)
       && tern_db_run (db, error,
                       "UPDATE message SET body_state = max (body_state,"
                       " (SELECT body_state FROM message WHERE id = ?2)) WHERE id = ?1",
                       now->message, other->message)
       && tern_location_delete (txn, other, error);
  tern_ledger_restore (txn, cause);
  return ok;
}

static void
take_server_layer (TernLocation *self, const TernLocation *from)
{
  self->server_flags = from->server_flags;
  self->modseq = from->modseq;
  g_free (self->keywords);
  self->keywords = g_strdup (from->keywords);
}

/* @other was taken for the message of @before while both were on their way (they are copies of one
 * message). It waits again, or gets what @before was taken for. */
static gboolean
displace (TernTxn *txn, const TernLocation *other, const TernLocation *before, GError **error)
{
  g_autoptr (TernLocation) now = tern_location_copy (other);

  now->uid = 0;
  now->rematch = TERN_REMATCH_WAITING;
  if (before->uid != 0)
    take_server_layer (now, before);
  return tern_location_reshow (tern_txn_db (txn), now, error)
         && tern_location_update (txn, other, now, error);
}

static gboolean
give_uid (TernTxn *txn,
          const TernLocation *before,
          const TernLocation *other,
          guint32 uid,
          GError **error)
{
  g_autoptr (TernLocation) now = tern_location_copy (before);
  /* What sync made of an unknown uid is younger than the row that it belongs to. */
  gboolean guessed = other != NULL && (before->uid != 0 || other->id < before->id);

  if (other != NULL)
    take_server_layer (now, other);
  if (guessed ? !displace (txn, other, before, error)
              : other != NULL && !merge (txn, other, now, error))
    return FALSE;
  now->uid = uid;
  now->rematch = TERN_REMATCH_NONE;
  if (!tern_location_reshow (tern_txn_db (txn), now, error)
      || !tern_location_update (txn, before, now, error))
    return FALSE;
  return !guessed || before->uid == 0
         || tern_location_assign_uid (txn, other->id, before->uid, error);
}

gboolean
tern_location_assign_uid (TernTxn *txn, TernId location, guint32 uid, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  GError *fault = NULL;
  g_autoptr (TernLocation) before = tern_location_load (db, location, &fault);
  g_autoptr (TernLocation) other = NULL;

  if (before != NULL && before->uid != uid)
    other = tern_location_load_uid (db, before->folder, uid, &fault);
  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  return before == NULL || before->uid == uid || give_uid (txn, before, other, uid, error);
}

gboolean
tern_location_find_place (TernDb *db, TernId location, TernId *place, GError **error)
{
  gint64 uid = 0;
  gint64 other = -1;

  *place = location;
  if (!tern_db_look (db, error, &uid, "SELECT ifnull (uid, 0) FROM location WHERE id = ?1",
                     location))
    return FALSE;
  if (uid != 0)
    return TRUE;
  if (!tern_db_look (db, error, &other,
                     "SELECT ifnull (l.id, 0) FROM op_subject s JOIN op o ON o.id = s.op"
                     " LEFT JOIN location l ON l.id = s.other WHERE s.location = ?1"
                     " AND s.made = 0 AND o.kind = ?2 AND o.state IN (0, 1, 4)"
                     " ORDER BY s.op LIMIT 1",
                     location, TERN_OP_MOVE))
    return FALSE;
  if (other >= 0)
    *place = other;
  return TRUE;
}

char *
tern_keywords_apply (const char *base, const char *add, const char *remove)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_auto (GStrv) have = NULL;
  g_auto (GStrv) gone = NULL;
  g_autofree char *both = NULL;

  if (add == NULL && remove == NULL)
    return g_strdup (base);
  both = g_strconcat (base != NULL ? base : "", " ", add != NULL ? add : "", NULL);
  have = g_strsplit (both, " ", -1);
  gone = g_strsplit (remove != NULL ? remove : "", " ", -1);
  for (guint i = 0; have[i] != NULL; i++)
    if (have[i][0] != '\0' && !g_strv_contains ((const char *const *) gone, have[i])
        && !g_ptr_array_find_with_equal_func (words, have[i], g_str_equal, NULL))
      g_ptr_array_add (words, have[i]);
  g_ptr_array_add (words, NULL);
  return words->len > 1 ? g_strjoinv (" ", (char **) words->pdata) : NULL;
}

gboolean
tern_keywords_equal (const char *a, const char *b)
{
  g_auto (GStrv) left = g_strsplit (a != NULL ? a : "", " ", -1);
  g_auto (GStrv) right = g_strsplit (b != NULL ? b : "", " ", -1);

  if (g_strcmp0 (a, b) == 0)
    return TRUE;
  if (g_strv_length (left) != g_strv_length (right))
    return FALSE;
  for (guint i = 0; left[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) right, left[i]))
      return FALSE;
  return TRUE;
}
