/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-ops-private.h"

#include "tern-store-messages.h"
#include "tern-store-ops.h"

#define COLUMNS                                                                             \
  "o.id, o.account, o.kind, o.state, o.source, o.target, o.add_flags, o.remove_flags,"      \
  " o.add_keywords, o.remove_keywords, o.attempts, o.not_before, o.created, o.fault,"       \
  " o.begun, o.target_validity, o.target_next, o.undone, o.undoes, o.old_path, o.new_path," \
  " o.remote_name, o.old_name, o.part_of, o.fault_code, o.server_text"

void
tern_op_record_free (TernOpRecord *self)
{
  if (self == NULL)
    return;
  g_free (self->add_keywords);
  g_free (self->remove_keywords);
  g_free (self->fault);
  g_free (self->server_text);
  g_free (self->old_path);
  g_free (self->new_path);
  g_free (self->remote_name);
  g_free (self->old_name);
  g_array_unref (self->subjects);
  g_free (self);
}

gboolean
tern_op_is_unsent (const TernOpRecord *op)
{
  return op->state == TERN_OP_PENDING && op->attempts == 0;
}

static TernOpRecord *
take_op (sqlite3_stmt *stmt)
{
  TernOpRecord *op = g_new0 (TernOpRecord, 1);

  op->id = sqlite3_column_int64 (stmt, 0);
  op->account = sqlite3_column_int64 (stmt, 1);
  op->kind = sqlite3_column_int (stmt, 2);
  op->state = sqlite3_column_int (stmt, 3);
  op->source = sqlite3_column_int64 (stmt, 4);
  op->target = sqlite3_column_int64 (stmt, 5);
  op->add = sqlite3_column_int (stmt, 6);
  op->remove = sqlite3_column_int (stmt, 7);
  op->add_keywords = tern_db_dup_text (stmt, 8);
  op->remove_keywords = tern_db_dup_text (stmt, 9);
  op->attempts = sqlite3_column_int (stmt, 10);
  op->not_before = sqlite3_column_int64 (stmt, 11);
  op->created = sqlite3_column_int64 (stmt, 12);
  op->fault = tern_db_dup_text (stmt, 13);
  op->begun = sqlite3_column_int (stmt, 14);
  op->target_uidvalidity = (guint32) sqlite3_column_int64 (stmt, 15);
  op->target_uidnext = (guint32) sqlite3_column_int64 (stmt, 16);
  op->undone = sqlite3_column_int (stmt, 17);
  op->undoes = sqlite3_column_int64 (stmt, 18);
  op->old_path = tern_db_dup_text (stmt, 19);
  op->new_path = tern_db_dup_text (stmt, 20);
  op->remote_name = tern_db_dup_text (stmt, 21);
  op->old_name = tern_db_dup_text (stmt, 22);
  op->part_of = sqlite3_column_int64 (stmt, 23);
  op->fault_code = tern_fault_code_from_name ((const char *) sqlite3_column_text (stmt, 24));
  op->server_text = tern_db_dup_text (stmt, 25);
  op->subjects = g_array_new (FALSE, FALSE, sizeof (TernId));
  return op;
}

TernOpRecord *
tern_op_load (TernDb *db, TernId op, GError **error)
{
  sqlite3_stmt *stmt =
      tern_db_query (db, error, "SELECT " COLUMNS " FROM op o WHERE o.id = ?1", op);
  g_autoptr (TernOpRecord) record = NULL;
  int rc;

  if (stmt == NULL)
    return NULL;
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    record = take_op (stmt);
  return tern_db_finish (db, stmt, rc, error) ? g_steal_pointer (&record) : NULL;
}

static GArray *
take_subjects (TernDb *db, sqlite3_stmt *stmt, GError **error)
{
  g_autoptr (GArray) subjects = g_array_new (FALSE, FALSE, sizeof (TernSubject));
  int rc;

  if (stmt == NULL)
    return NULL;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      TernSubject subject = {
        .op = sqlite3_column_int64 (stmt, 0),
        .location = sqlite3_column_int64 (stmt, 1),
        .made = sqlite3_column_int (stmt, 2),
        .other = sqlite3_column_int64 (stmt, 3),
        .prior_folder = sqlite3_column_int64 (stmt, 4),
        .prior_flags = sqlite3_column_int (stmt, 5),
      };

      g_array_append_val (subjects, subject);
    }
  return tern_db_finish (db, stmt, rc, error) ? g_steal_pointer (&subjects) : NULL;
}

GArray *
tern_op_load_subjects (TernDb *db, TernId op, GError **error)
{
  return take_subjects (db,
                        tern_db_query (db, error,
                                       "SELECT op, location, made, other, prior_folder, prior_flags"
                                       " FROM op_subject WHERE op = ?1 AND made = 0"
                                       " ORDER BY location",
                                       op),
                        error);
}

GArray *
tern_op_load_orphans (TernDb *db, TernId op, GError **error)
{
  return take_subjects (db,
                        tern_db_query (db, error,
                                       "SELECT op, location, made, other, prior_folder, prior_flags"
                                       " FROM op_subject s WHERE op = ?1 AND made = 1"
                                       " AND NOT EXISTS (SELECT 1 FROM op_subject t"
                                       "  WHERE t.op = ?1 AND t.location = s.other)",
                                       op),
                        error);
}

GArray *
tern_op_load_chain (TernDb *db, TernId location, TernId after, GError **error)
{
  return take_subjects (db,
                        tern_db_query (db, error,
                                       "SELECT s.op, s.location, s.made, s.other, s.prior_folder,"
                                       " s.prior_flags FROM op_subject s JOIN op o ON o.id = s.op"
                                       " WHERE s.location = ?1 AND s.op > ?2"
                                       " AND o.state IN (0, 1, 4) ORDER BY s.op DESC",
                                       location, after),
                        error);
}

gboolean
tern_op_insert (TernTxn *txn, TernOpRecord *record, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt =
      tern_db_prepare (db,
                       "INSERT INTO op (account, kind, state, source, target, add_flags,"
                       " remove_flags, add_keywords, remove_keywords, created, old_path,"
                       " new_path) VALUES (?1, ?2, 0, ?3, nullif (?4, 0), ?5, ?6, ?7, ?8, ?9,"
                       " ?10, ?11)",
                       error);

  if (stmt == NULL)
    return FALSE;
  /* What one verb makes is of one moment: by that it is undone together. */
  if (txn->op_time == 0)
    txn->op_time = g_get_real_time () / 1000;
  record->created = txn->op_time;
  sqlite3_bind_int64 (stmt, 1, record->account);
  sqlite3_bind_int (stmt, 2, record->kind);
  sqlite3_bind_int64 (stmt, 3, record->source);
  sqlite3_bind_int64 (stmt, 4, record->target);
  sqlite3_bind_int (stmt, 5, record->add);
  sqlite3_bind_int (stmt, 6, record->remove);
  tern_db_bind_text (stmt, 7, record->add_keywords);
  tern_db_bind_text (stmt, 8, record->remove_keywords);
  sqlite3_bind_int64 (stmt, 9, record->created);
  tern_db_bind_text (stmt, 10, record->old_path);
  tern_db_bind_text (stmt, 11, record->new_path);
  if (!tern_db_step (db, stmt, error))
    return FALSE;
  record->id = sqlite3_last_insert_rowid (tern_db_get_handle (db));
  txn->changes->ops_changed = TRUE;
  return TRUE;
}

gboolean
tern_op_add_subject (TernTxn *txn, const TernSubject *subject, GError **error)
{
  return tern_db_run (
      tern_txn_db (txn), error,
      "INSERT INTO op_subject (op, location, made, other, prior_folder, prior_flags)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      subject->op, subject->location, subject->made, subject->other, subject->prior_folder,
      subject->prior_flags);
}

gboolean
tern_op_remove_subject (TernTxn *txn, TernId op, TernId location, GError **error)
{
  txn->changes->ops_changed = TRUE;
  return tern_db_run (tern_txn_db (txn), error,
                      "DELETE FROM op_subject WHERE op = ?1 AND location = ?2", op, location);
}

gboolean
tern_op_delete_if_empty (TernTxn *txn, TernId op, GError **error)
{
  txn->changes->ops_changed = TRUE;
  return tern_db_run (tern_txn_db (txn), error,
                      "DELETE FROM op WHERE id = ?1 AND state <> ?2"
                      " AND NOT EXISTS (SELECT 1 FROM op_subject WHERE op = ?1 AND made = 0)",
                      op, TERN_OP_RUNNING);
}

gboolean
tern_op_set_state (TernTxn *txn, TernId op, TernOpState state, const GError *fault, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt = tern_db_query (db, error,
                                      "UPDATE op SET state = ?2, fault = ?3, fault_code = ?4,"
                                      " server_text = ?5 WHERE id = ?1",
                                      op, state);

  if (stmt == NULL)
    return FALSE;
  if (fault != NULL)
    {
      tern_db_bind_text (stmt, 3, fault->message);
      tern_db_bind_text (stmt, 4, tern_fault_code_name ((TernFaultCode) fault->code));
      tern_db_bind_text (stmt, 5, tern_fault_get_server_text (fault));
    }
  txn->changes->ops_changed = TRUE;
  return tern_db_step (db, stmt, error);
}

gboolean
tern_op_count (TernTxn *txn, TernId location, int change, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  GError *fault = NULL;
  g_autoptr (TernLocation) before = tern_location_load (db, location, &fault);
  g_autoptr (TernLocation) now = NULL;

  if (before == NULL)
    {
      if (fault != NULL)
        g_propagate_error (error, fault);
      return fault == NULL;
    }
  now = tern_location_copy (before);
  now->ops = (guint) MAX ((int) now->ops + change, 0);
  return tern_location_reshow (db, now, error) && tern_location_update (txn, before, now, error);
}

/* Reading. */

static GPtrArray *
take_ops (TernReader *reader, sqlite3_stmt *stmt, GError **error)
{
  g_autoptr (GPtrArray) ops = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_op_record_free);
  int rc;

  if (stmt == NULL)
    return NULL;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    g_ptr_array_add (ops, take_op (stmt));
  if (!tern_db_finish (reader->db, stmt, rc, error))
    return NULL;
  for (guint i = 0; i < ops->len; i++)
    {
      TernOpRecord *op = g_ptr_array_index (ops, i);

      g_array_unref (op->subjects);
      op->subjects = tern_db_list (reader->db, error,
                                   "SELECT location FROM op_subject WHERE op = ?1 AND made = 0"
                                   " ORDER BY location",
                                   op->id);
      if (op->subjects == NULL)
        {
          op->subjects = g_array_new (FALSE, FALSE, sizeof (TernId));
          return NULL;
        }
    }
  return g_steal_pointer (&ops);
}

/*
 * Beside the chains of messages: operations on folders go one after the other; nothing happens in a
 * folder that is not made yet, nor in one while it is in doubt whether the server has renamed it or
 * what it is in, for the name would be the wrong one or be made anew; a folder is deleted when
 * everything that concerns its messages is done.
 */
GPtrArray *
tern_read_runnable_ops (TernReader *reader,
                        TernId account,
                        gint64 now_ms,
                        guint limit,
                        GError **error)
{
  return take_ops (reader,
                   tern_db_query (reader->db, error,
                                  "SELECT " COLUMNS " FROM op o WHERE o.account = ?1"
                                  " AND o.state IN (0, 4) AND o.not_before <= ?2"
                                  " AND NOT EXISTS (SELECT 1 FROM op_subject s"
                                  "  JOIN op_subject e ON e.location = s.location AND e.op < s.op"
                                  "  JOIN op b ON b.id = e.op AND b.state IN (0, 1, 4)"
                                  "  WHERE s.op = o.id)"
                                  " AND NOT EXISTS (SELECT 1 FROM op f WHERE f.account = ?1"
                                  "  AND f.state IN (0, 1, 4) AND f.id <> o.id AND CASE"
                                  "  WHEN o.kind >= ?4 AND f.kind >= ?4 THEN f.id < o.id"
                                  "  WHEN f.kind = ?4 THEN f.source IN (o.source, o.target)"
                                  "  WHEN f.kind = ?5 THEN f.begun AND EXISTS (SELECT 1"
                                  "   FROM folder r JOIN folder x ON x.id IN (o.source, o.target)"
                                  "   WHERE r.id = f.source AND (x.id = r.id"
                                  "    OR substr (x.path, 1, length (r.path) + 1) = r.path || '/'))"
                                  "  WHEN o.kind = ?6 AND f.kind < ?4"
                                  "   THEN o.source IN (f.source, f.target)"
                                  "  ELSE 0 END)"
                                  " ORDER BY o.id LIMIT ?3",
                                  account, now_ms, limit, TERN_OP_FOLDER_CREATE,
                                  TERN_OP_FOLDER_RENAME, TERN_OP_FOLDER_DELETE),
                   error);
}

GPtrArray *
tern_read_running_ops (TernReader *reader, TernId account, GError **error)
{
  return take_ops (reader,
                   tern_db_query (reader->db, error,
                                  "SELECT " COLUMNS " FROM op o WHERE o.account = ?1"
                                  " AND o.state = 1 ORDER BY o.id",
                                  account),
                   error);
}

gint64
tern_read_next_op_time (TernReader *reader, TernId account, GError **error)
{
  gint64 time = 0;

  tern_db_look (reader->db, error, &time,
                "SELECT ifnull (min (not_before), 0) FROM op o WHERE account = ?1"
                " AND state IN (0, 4) AND not_before > 0",
                account);
  return time;
}

TernOpRecord *
tern_read_op (TernReader *reader, TernId op, GError **error)
{
  g_autoptr (GPtrArray) ops = take_ops (
      reader, tern_db_query (reader->db, error, "SELECT " COLUMNS " FROM op o WHERE o.id = ?1", op),
      error);

  return ops != NULL && ops->len > 0 ? g_ptr_array_steal_index (ops, 0) : NULL;
}

GPtrArray *
tern_read_ops (TernReader *reader, TernId account, gsize limit, GError **error)
{
  return take_ops (reader,
                   tern_db_query (reader->db, error,
                                  "SELECT " COLUMNS " FROM op o WHERE ?1 = 0 OR o.account = ?1"
                                  " ORDER BY o.id DESC LIMIT ?2",
                                  account, limit > 0 ? (gint64) limit : -1),
                   error);
}

/* Where a sync has met what @op has moved: in the row itself, or in the place from which a later
 * move takes it on. What was there before is something else. */
static gboolean
read_target_uid (TernReader *reader,
                 const TernOpRecord *op,
                 TernId location,
                 guint32 *uid,
                 GError **error)
{
  gint64 found = 0;

  if (!tern_db_look (reader->db, error, &found,
                     "SELECT l.uid FROM location l JOIN folder f ON f.id = l.folder"
                     " WHERE (l.id = ?1 OR l.id = (SELECT s.other FROM op_subject s"
                     "  WHERE s.location = ?1 AND s.op > ?2 AND s.made = 0 ORDER BY s.op LIMIT 1))"
                     " AND l.folder = ?3 AND l.uid IS NOT NULL"
                     " AND (f.uidvalidity <> ?4 OR l.uid >= ?5)",
                     location, op->id, op->target, op->target_uidvalidity, op->target_uidnext))
    return FALSE;
  *uid = (guint32) found;
  return TRUE;
}

static gboolean
is_missed (const TernLocation *row)
{
  return row->uid == 0 && row->rematch == TERN_REMATCH_MISSED;
}

/* The visible row is at its target already; the hidden place knows the source. */
static gboolean
read_moved (TernReader *reader,
            const TernOpRecord *op,
            const TernSubject *subject,
            TernOpSubject *result,
            GError **error)
{
  GError *fault = NULL;
  g_autoptr (TernLocation) place = tern_location_load (reader->db, subject->other, &fault);

  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  result->gone = place == NULL || is_missed (place);
  if (place != NULL && place->folder == op->source)
    result->uid = place->uid;
  return !op->begun || read_target_uid (reader, op, subject->location, &result->target_uid, error);
}

static gboolean
read_placed (TernReader *reader, const TernOpRecord *op, TernOpSubject *result, GError **error)
{
  GError *fault = NULL;
  g_autoptr (TernLocation) row = NULL;
  TernId folder;

  result->uid = tern_read_uid (reader, result->location, &folder, &fault);
  if (folder != op->source)
    result->uid = 0;
  if (fault == NULL)
    row = tern_location_load (reader->db, result->location, &fault);
  result->gone = row != NULL && is_missed (row);
  if (fault != NULL)
    g_propagate_error (error, fault);
  return fault == NULL;
}

GArray *
tern_read_op_subjects (TernReader *reader, TernId op, GError **error)
{
  g_autoptr (TernOpRecord) record = tern_op_load (reader->db, op, error);
  g_autoptr (GArray) subjects = NULL;
  g_autoptr (GArray) result = g_array_new (FALSE, FALSE, sizeof (TernOpSubject));

  if (record == NULL || (subjects = tern_op_load_subjects (reader->db, op, error)) == NULL)
    return NULL;
  for (guint i = 0; i < subjects->len; i++)
    {
      const TernSubject *row = &g_array_index (subjects, TernSubject, i);
      TernOpSubject subject = { .location = row->location };

      if (record->kind == TERN_OP_MOVE ? !read_moved (reader, record, row, &subject, error)
                                       : !read_placed (reader, record, &subject, error))
        return NULL;
      if (record->kind == TERN_OP_COPY && record->begun
          && !read_target_uid (reader, record, row->other, &subject.target_uid, error))
        return NULL;
      g_array_append_val (result, subject);
    }
  return g_steal_pointer (&result);
}

/* A row that another operation has put there, or the place from which a later one takes it on. */
GArray *
tern_read_taken_uids (TernReader *reader, const TernOpRecord *op, GError **error)
{
  g_autoptr (GArray) found =
      tern_db_list (reader->db, error,
                    "SELECT l.uid FROM location l WHERE l.folder = ?1"
                    " AND l.uid >= (SELECT iif (uidvalidity = ?2, ?3, 1) FROM folder WHERE id = ?1)"
                    " AND EXISTS (SELECT 1 FROM op_subject s JOIN op o ON o.id = s.op"
                    "  WHERE s.location IN (l.id, l.stands_for) AND o.target = ?1 AND o.id <> ?4"
                    "  AND (o.kind IN (?5, ?6) AND s.made = 0 OR o.kind = ?7 AND s.made = 1))"
                    " AND NOT EXISTS (SELECT 1 FROM op_subject s WHERE s.op = ?4"
                    "  AND s.location IN (l.id, l.stands_for))",
                    op->target, op->target_uidvalidity, op->target_uidnext, op->id, TERN_OP_MOVE,
                    TERN_OP_APPEND, TERN_OP_COPY);
  g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));

  if (found == NULL)
    return NULL;
  for (guint i = 0; i < found->len; i++)
    {
      guint32 uid = (guint32) g_array_index (found, gint64, i);

      g_array_append_val (uids, uid);
    }
  return g_steal_pointer (&uids);
}

/* What others are about to put there is not there yet. */
gboolean
tern_read_twins (TernReader *reader,
                 const TernOpRecord *op,
                 TernId location,
                 guint32 *n,
                 GError **error)
{
  gint64 found = 0;

  if (!tern_db_look (reader->db, error, &found,
                     "SELECT count (*) FROM location a JOIN message m ON m.id = a.message"
                     " JOIN message t ON t.hash = m.hash AND t.hash <> 0 AND t.size = m.size"
                     " JOIN location l ON l.message = t.id AND l.folder = ?2"
                     " WHERE a.id = ?1 AND NOT EXISTS (SELECT 1 FROM op_subject s WHERE s.op = ?3"
                     "  AND s.location IN (l.id, l.stands_for))"
                     " AND (l.uid IS NOT NULL OR l.rematch <> 0 OR NOT EXISTS"
                     "  (SELECT 1 FROM op_subject s JOIN op o ON o.id = s.op"
                     "   WHERE s.location = l.id AND o.state IN (0, 1, 4)))",
                     location, op->target, op->id))
    return FALSE;
  *n = (guint32) CLAMP (found, 0, G_MAXUINT32);
  return TRUE;
}
