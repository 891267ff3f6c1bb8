/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-messages.h"

#include "tern-store-facts-private.h"
#include "tern-store-ledger-private.h"
#include "tern-store-locations-private.h"
#include "tern-store-messages-private.h"
#include "tern-store-ops-private.h"
#include "tern-store-threads-private.h"

#include "tern-fault.h"

#include <glib/gi18n.h>

/* The only rows that a message from the server may complete: known per folder and transaction, so
 * that a first sync does not look for them a hundred thousand times. */
static gboolean
may_wait (TernTxn *txn, TernTxnFolder *folder, gboolean *waiting, GError **error)
{
  if (!folder->waiting_known)
    {
      gint64 found = 0;

      if (!tern_db_look (tern_txn_db (txn), error, &found,
                         "SELECT EXISTS (SELECT 1 FROM location WHERE folder = ?1 AND uid IS NULL)",
                         folder->id))
        return FALSE;
      folder->waiting = folder->waiting || found != 0;
      folder->waiting_known = TRUE;
    }
  *waiting = folder->waiting;
  return TRUE;
}

/* What waits for an operation that was never sent cannot be on the server. The first unconfirmed
 * one that brings the message anywhere decides; for a place that stands for it, only those before
 * the move that leaves that place. */
#define NOT_UNSENT                                                                \
  " AND NOT EXISTS (SELECT 1 FROM op_subject s JOIN op o ON o.id = s.op"          \
  "  WHERE s.location = CASE l.stands_for WHEN 0 THEN l.id ELSE l.stands_for END" \
  "  AND o.state = 0 AND o.attempts = 0 AND (o.kind IN (1, 3) OR s.made)"         \
  "  AND (l.stands_for = 0 OR s.op < (SELECT min (k.op) FROM op_subject k"        \
  "   WHERE k.location = l.stands_for AND k.other = l.id))"                       \
  "  AND NOT EXISTS (SELECT 1 FROM op_subject t JOIN op e ON e.id = t.op"         \
  "   WHERE t.location = s.location AND t.op < s.op AND e.state IN (0, 1, 4)"     \
  "   AND (e.kind IN (1, 3) OR t.made)))"

/* Of two that are equally right (copies of one message) and of which one is still on its way none
 * is taken: the answer to the operation will tell. */
static gboolean
take_best (TernDb *db, sqlite3_stmt *stmt, TernId *location, GError **error)
{
  int score = -1;
  int ops = 0;
  int rc;

  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      ops += sqlite3_column_int (stmt, 2);
      if (score < 0)
        *location = sqlite3_column_int64 (stmt, 0);
      else if (score == sqlite3_column_int (stmt, 1) && ops > 0)
        *location = 0;
      score = sqlite3_column_int (stmt, 1);
    }
  return tern_db_finish (db, stmt, rc, error);
}

/* What has the same id is the same to the byte (RFC 8474 section 5.1). A server that gives one id
 * to several messages is not believed: Message-ID and size have to agree. CROSS JOIN: from the id
 * to the rows that wait, of which there are as many as messages after a renumbering. */
static gboolean
find_by_email_id (TernDb *db,
                  TernTxnFolder *folder,
                  const TernMessageFacts *facts,
                  TernId *location,
                  GError **error)
{
  sqlite3_stmt *stmt =
      tern_db_query (db, error,
                     "SELECT l.id, l.server_flags = ?4 AS score, l.ops * (l.rematch = 0)"
                     " FROM message m CROSS JOIN location l ON l.message = m.id"
                     " WHERE m.email_id = ?5 AND m.hash = ?1 AND l.folder = ?2 AND l.uid IS NULL"
                     " AND m.size = ?3" NOT_UNSENT " ORDER BY score DESC, l.id LIMIT 2",
                     tern_thread_hash (folder->account, facts->message_id), folder->id,
                     (gint64) facts->size, facts->flags);

  if (stmt == NULL)
    return FALSE;
  tern_db_bind_static (stmt, 5, facts->email_id);
  return take_best (db, stmt, location, error);
}

/* One that the server knows by another id is the last to be taken. */
static gboolean
find_by_message_id (TernDb *db,
                    TernTxnFolder *folder,
                    const TernMessageFacts *facts,
                    TernId *location,
                    GError **error)
{
  sqlite3_stmt *stmt = tern_db_query (
      db, error,
      "SELECT l.id, 2 * (m.size = ?3) + 2 * (m.date = ?4)"
      " + (l.server_flags = ?6) + 8 * (ifnull (m.email_id, ?7) IS ifnull (?7, m.email_id))"
      " AS score, l.ops * (l.rematch = 0)" TERN_THREAD_FROM_HASH
      " JOIN location l ON l.message = m.id"
      " WHERE r.hash = ?1 AND l.folder = ?2 AND l.uid IS NULL"
      " AND m.message_id = ?5"
      " AND (m.size = ?3 OR m.date = ?4 OR m.size = 0)" NOT_UNSENT
      " ORDER BY score DESC, l.id LIMIT 2",
      tern_thread_hash (folder->account, facts->message_id), folder->id, (gint64) facts->size,
      facts->date, 0, facts->flags);

  if (stmt == NULL)
    return FALSE;
  tern_db_bind_static (stmt, 5, facts->message_id);
  tern_db_bind_static (stmt, 7, facts->email_id);
  return take_best (db, stmt, location, error);
}

/* A location here that waits for its uid and is the same message; 0 for none. */
static gboolean
find_waiting (TernTxn *txn,
              TernTxnFolder *folder,
              const TernMessageFacts *facts,
              TernId *location,
              GError **error)
{
  TernDb *db = tern_txn_db (txn);
  gboolean waiting;

  *location = 0;
  if (!may_wait (txn, folder, &waiting, error))
    return FALSE;
  if (!waiting)
    return TRUE;
  if (facts->email_id != NULL
      && (!find_by_email_id (db, folder, facts, location, error) || *location != 0))
    return *location != 0;
  if (facts->message_id != NULL && facts->message_id[0] != '\0')
    return find_by_message_id (db, folder, facts, location, error);
  return tern_db_look (db, error, location,
                       "SELECT l.id FROM location l JOIN message m ON m.id = l.message"
                       " WHERE l.folder = ?1 AND l.uid IS NULL AND l.sort_key = ?2"
                       " AND m.hash = 0 AND m.size = ?3" NOT_UNSENT " ORDER BY l.id LIMIT 1",
                       folder->id, tern_message_facts_get_sort_time (facts), (gint64) facts->size);
}

/* Bodies kept through a recovery of the database belong to this message again. */
static gboolean
adopt_saved_bodies (TernTxn *txn,
                    TernId account,
                    TernId message,
                    const TernMessageFacts *facts,
                    GError **error)
{
  TernDb *db = tern_txn_db (txn);
  gint64 hash = tern_thread_hash (account, facts->message_id);
  gint64 size = (gint64) facts->size;

  if (!txn->saved_bodies || hash == 0)
    return TRUE;
  return tern_db_run (db, error,
                      "INSERT OR IGNORE INTO body_part (message, section, hash)"
                      " SELECT ?1, section, body FROM saved_body WHERE hash = ?2 AND size = ?3",
                      message, hash, size)
         && tern_db_run (db, error,
                         "UPDATE message SET body_state = (SELECT max (body_state) FROM saved_body"
                         " WHERE hash = ?2 AND size = ?3) WHERE id = ?1"
                         " AND EXISTS (SELECT 1 FROM saved_body WHERE hash = ?2 AND size = ?3)",
                         message, hash, size)
         && tern_db_run (db, error, "DELETE FROM saved_body WHERE hash = ?1 AND size = ?2", hash,
                         size);
}

/* The same message is here already, in another folder (at Gmail most are in two): its bodies need
 * not be fetched again. */
static gboolean
share_bodies (TernTxn *txn,
              TernId account,
              TernId message,
              const TernMessageFacts *facts,
              GError **error)
{
  TernDb *db = tern_txn_db (txn);
  gint64 hash = tern_thread_hash (account, facts->message_id);
  TernId known = 0;
  sqlite3_stmt *stmt;
  int rc;

  if (facts->email_id == NULL || hash == 0)
    return TRUE;
  stmt = tern_db_query (db, error,
                        "SELECT id FROM message WHERE email_id = ?3 AND hash = ?1 AND size = ?2"
                        " AND body_state <> 0 ORDER BY body_state DESC LIMIT 1",
                        hash, (gint64) facts->size);
  if (stmt == NULL)
    return FALSE;
  tern_db_bind_static (stmt, 3, facts->email_id);
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    known = sqlite3_column_int64 (stmt, 0);
  if (!tern_db_finish (db, stmt, rc, error))
    return FALSE;
  return known == 0
         || (tern_db_run (db, error,
                          "INSERT OR IGNORE INTO body_part (message, section, hash)"
                          " SELECT ?1, section, hash FROM body_part WHERE message = ?2",
                          message, known)
             && tern_db_run (db, error,
                             "UPDATE message SET (body_state, preview) = (SELECT k.body_state,"
                             " ifnull (k.preview, message.preview) FROM message k WHERE k.id = ?2)"
                             " WHERE id = ?1",
                             message, known));
}

static TernId
insert_new (TernTxn *txn,
            TernTxnFolder *folder,
            const TernMessageFacts *facts,
            guint32 uid,
            GError **error)
{
  TernLocation row = { 0 };
  TernId thread;

  row.message = tern_facts_insert (txn, folder->account, facts, &thread, error);
  if (row.message == 0 || !adopt_saved_bodies (txn, folder->account, row.message, facts, error)
      || !share_bodies (txn, folder->account, row.message, facts, error))
    return 0;
  row.folder = folder->id;
  row.uid = uid;
  row.sort_key = tern_message_facts_get_sort_time (facts);
  row.saved = facts->saved;
  row.labels = facts->labels;
  row.server_flags = row.shown_flags = facts->flags;
  row.keywords = row.shown_keywords = facts->keywords;
  row.modseq = (gint64) facts->modseq;
  return tern_location_insert (txn, &row, error)
                 && tern_ledger_arrived (txn, txn->ledger.cause.how, folder->id, row.id, error)
             ? row.id
             : 0;
}

/* A moved message shows what the server says of the place that stands for it. */
static gboolean
follow_place (TernTxn *txn, const TernLocation *place, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  GError *fault = NULL;
  g_autoptr (TernLocation) before = tern_location_load (db, place->stands_for, &fault);
  g_autoptr (TernLocation) now = NULL;

  if (before == NULL)
    {
      if (fault != NULL)
        g_propagate_error (error, fault);
      return fault == NULL;
    }
  if (before->uid != 0)
    return TRUE;
  now = tern_location_copy (before);
  now->server_flags = place->server_flags;
  g_free (now->keywords);
  now->keywords = g_strdup (place->keywords);
  return tern_location_reshow (db, now, error) && tern_location_update (txn, before, now, error);
}

static gboolean
set_server_layer (TernTxn *txn,
                  const TernLocation *before,
                  guint32 uid,
                  TernFlags flags,
                  const char *keywords,
                  guint64 modseq,
                  GError **error)
{
  TernLedgerEvent found = { TERN_LEDGER_FOUND };
  g_autoptr (TernLocation) now = NULL;

  if (before->uid == uid && before->server_flags == flags && before->modseq == (gint64) modseq
      && g_strcmp0 (before->keywords, keywords) == 0)
    return TRUE;
  found.target = before->folder;
  now = tern_location_copy (before);
  now->uid = uid;
  now->rematch = TERN_REMATCH_NONE;
  now->server_flags = flags;
  now->modseq = (gint64) modseq;
  g_free (now->keywords);
  now->keywords = g_strdup (keywords);
  if (!tern_location_reshow (tern_txn_db (txn), now, error)
      || !tern_location_update (txn, before, now, error)
      || (before->uid == 0 && before->rematch && before->stands_for == 0
          && !tern_ledger_add (txn, &found, now->id, error))
      || !tern_ledger_flags (txn, before, now, error))
    return FALSE;
  return now->stands_for == 0 || follow_place (txn, now, error);
}

/* @row is known at this uid, or has waited for it. */
static TernId
complete (TernTxn *txn,
          TernTxnFolder *folder,
          TernLocation *row,
          const TernMessageFacts *facts,
          GError **error)
{
  if (!tern_facts_update (txn, folder->account, row->message, facts, error)
      || !set_server_layer (txn, row, facts->uid, facts->flags, facts->keywords, facts->modseq,
                            error)
      || (facts->labels != NULL
          && !tern_txn_set_labels (txn, folder->id, facts->uid, facts->labels, error))
      || !tern_location_touch (txn, row, error))
    return 0;
  return row->stands_for != 0 ? row->stands_for : row->id;
}

TernId
tern_txn_add_message (TernTxn *txn,
                      TernId folder_id,
                      TernMessageFacts *facts,
                      gboolean fresh,
                      GError **error)
{
  TernTxnFolder *folder = tern_txn_folder (txn, folder_id, error);
  g_autoptr (TernLocation) row = NULL;
  GError *fault = NULL;
  TernId waiting = 0;
  TernId id;

  if (folder == NULL)
    return 0;
  row = tern_location_load_uid (tern_txn_db (txn), folder_id, facts->uid, &fault);
  if (row == NULL && fault == NULL)
    {
      if (!find_waiting (txn, folder, facts, &waiting, error))
        return 0;
      if (waiting != 0)
        row = tern_location_load (tern_txn_db (txn), waiting, &fault);
    }
  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return 0;
    }
  if (row != NULL)
    return complete (txn, folder, row, facts, error);
  id = insert_new (txn, folder, facts, facts->uid, error);
  if (id != 0 && fresh && (facts->flags & TERN_FLAG_SEEN) == 0)
    tern_txn_row_fresh (txn, folder, id);
  return id;
}

TernId
tern_txn_add_local_message (TernTxn *txn, TernId folder_id, TernMessageFacts *facts, GError **error)
{
  TernTxnFolder *folder = tern_txn_folder (txn, folder_id, error);

  return folder != NULL ? insert_new (txn, folder, facts, 0, error) : 0;
}

gboolean
tern_txn_set_server_flags (TernTxn *txn,
                           TernId folder,
                           guint32 uid,
                           TernFlags flags,
                           const char *keywords,
                           guint64 modseq,
                           GError **error)
{
  GError *fault = NULL;
  g_autoptr (TernLocation) row = tern_location_load_uid (tern_txn_db (txn), folder, uid, &fault);

  if (row != NULL)
    return set_server_layer (txn, row, uid, flags, keywords, MAX (modseq, (guint64) row->modseq),
                             error);
  if (fault != NULL)
    g_propagate_error (error, fault);
  return fault == NULL;
}

gboolean
tern_txn_set_labels (TernTxn *txn, TernId folder, guint32 uid, const char *labels, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt =
      tern_db_query (db, error,
                     "UPDATE location SET labels = ?3 WHERE folder = ?1 AND uid = ?2"
                     " AND labels IS NOT ?3",
                     folder, (gint64) uid);

  if (stmt == NULL)
    return FALSE;
  tern_db_bind_static (stmt, 3, labels);
  return tern_db_step (db, stmt, error);
}

char *
tern_read_labels (TernReader *reader, TernId location, GError **error)
{
  sqlite3_stmt *stmt =
      tern_db_query (reader->db, error, "SELECT labels FROM location WHERE id = ?1", location);
  g_autofree char *labels = NULL;
  int rc;

  if (stmt == NULL)
    return NULL;
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    labels = tern_db_dup_text (stmt, 0);
  return tern_db_finish (reader->db, stmt, rc, error) ? g_steal_pointer (&labels) : NULL;
}

/* @row is the place of a message that is being moved now: that it goes is what was asked for, and
 * the answer, which tells where it went to, is to find the place. */
static gboolean
is_moving (TernTxn *txn, const TernLocation *row, gboolean *moving, GError **error)
{
  gint64 found = 0;

  *moving = FALSE;
  if (row->stands_for == 0)
    return TRUE;
  if (!tern_db_look (tern_txn_db (txn), error, &found,
                     "SELECT EXISTS (SELECT 1 FROM op_subject s JOIN op o ON o.id = s.op"
                     " WHERE s.location = ?1 AND s.other = ?2 AND o.state = ?3)",
                     row->stands_for, row->id, TERN_OP_RUNNING))
    return FALSE;
  *moving = found != 0;
  return TRUE;
}

gboolean
tern_txn_remove_uids (TernTxn *txn, TernId folder, GArray *uids, GError **error)
{
  for (guint i = 0; i < uids->len; i++)
    {
      GError *fault = NULL;
      gboolean moving;
      g_autoptr (TernLocation) row = tern_location_load_uid (
          tern_txn_db (txn), folder, g_array_index (uids, guint32, i), &fault);

      if (fault != NULL)
        {
          g_propagate_error (error, fault);
          return FALSE;
        }
      if (row == NULL)
        continue;
      if (!is_moving (txn, row, &moving, error)
          || (!moving && !tern_ops_remove_location (txn, row, error)))
        return FALSE;
    }
  return TRUE;
}

gboolean
tern_txn_begin_rematch (TernTxn *txn, TernId folder_id, GError **error)
{
  TernTxnFolder *folder = tern_txn_folder (txn, folder_id, error);
  TernLedgerEvent event = { TERN_LEDGER_RENUMBERED };

  event.source = folder_id;
  if (folder == NULL || !tern_ledger_add (txn, &event, 0, error))
    return FALSE;
  folder->waiting_known = folder->waiting = TRUE;
  return tern_txn_forget_partials (txn, folder_id, error)
         && tern_db_run (tern_txn_db (txn), error,
                         "UPDATE location SET uid = NULL, modseq = 0, rematch = 1"
                         " WHERE folder = ?1 AND uid IS NOT NULL",
                         folder_id);
}

static GArray *
list_waiting (TernDb *db, TernId folder, GError **error)
{
  return tern_db_list (db, error,
                       "SELECT id FROM location WHERE folder = ?1 AND uid IS NULL"
                       " AND rematch <> 0 ORDER BY id",
                       folder);
}

GArray *
tern_read_waiting (TernReader *reader, TernId folder, GError **error)
{
  return list_waiting (reader->db, folder, error);
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  const TernId *first = a;
  const TernId *second = b;

  return (*first > *second) - (*first < *second);
}

/* The row ends with the operations on it, and those need not wait any more. */
static gboolean
miss (TernTxn *txn, const TernLocation *row, GError **error)
{
  g_autoptr (TernLocation) now = tern_location_copy (row);

  now->rematch = TERN_REMATCH_MISSED;
  txn->changes->ops_changed = TRUE;
  return tern_location_update (txn, row, now, error)
         && tern_db_run (tern_txn_db (txn), error,
                         "UPDATE op SET not_before = 0 WHERE state IN (0, 4) AND id IN"
                         " (SELECT op FROM op_subject WHERE location = ?1)",
                         row->stands_for != 0 ? row->stands_for : row->id);
}

gboolean
tern_txn_end_waiting (TernTxn *txn, TernId folder, GArray *among, GError **error)
{
  TernLedgerCause cause = tern_ledger_because (txn, TERN_LEDGER_NOT_FOUND, 0);
  g_autoptr (GArray) ids = list_waiting (tern_txn_db (txn), folder, error);

  if (ids == NULL)
    return FALSE;
  for (guint i = 0; i < ids->len; i++)
    {
      TernId id = g_array_index (ids, TernId, i);
      GError *fault = NULL;
      g_autoptr (TernLocation) row = NULL;

      if (!g_array_binary_search (among, &id, compare_ids, NULL))
        continue;
      row = tern_location_load (tern_txn_db (txn), id, &fault);
      if (row == NULL)
        {
          if (fault != NULL)
            g_propagate_error (error, fault);
          return FALSE;
        }
      if (row->ops == 0 && row->stands_for == 0)
        {
          if (!tern_location_delete (txn, row, error))
            return FALSE;
        }
      else if (row->rematch == TERN_REMATCH_WAITING && !miss (txn, row, error))
        return FALSE;
    }
  tern_ledger_restore (txn, cause);
  return TRUE;
}

static GError *
fault_no_message (void)
{
  GError *error = tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("This message is not there any more."));

  tern_fault_set_scope (error, TERN_SCOPE_MESSAGE);
  return error;
}

/* Everybody who shows the message shall look again. */
static gboolean
touch_all (TernTxn *txn, TernId message, GError **error)
{
  g_autoptr (GArray) ids =
      tern_db_list (tern_txn_db (txn), error,
                    "SELECT id FROM location WHERE message = ?1 AND hidden = 0", message);

  if (ids == NULL)
    return FALSE;
  for (guint i = 0; i < ids->len; i++)
    {
      g_autoptr (TernLocation) row =
          tern_location_load (tern_txn_db (txn), g_array_index (ids, TernId, i), error);

      if (row == NULL || !tern_location_touch (txn, row, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
tern_txn_find_message (TernTxn *txn, TernId location, TernId *message, GError **error)
{
  *message = 0;
  if (!tern_db_look (tern_txn_db (txn), error, message,
                     "SELECT message FROM location WHERE id = ?1", location))
    return FALSE;
  if (*message == 0)
    g_propagate_error (error, fault_no_message ());
  return *message != 0;
}

gboolean
tern_txn_set_preview (TernTxn *txn, TernId location, const char *preview, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt;
  TernId message;

  if (!tern_txn_find_message (txn, location, &message, error))
    return FALSE;
  stmt = tern_db_query (db, error, "UPDATE message SET preview = ?2 WHERE id = ?1", message);
  if (stmt == NULL)
    return FALSE;
  tern_db_bind_text (stmt, 2, preview);
  return tern_db_step (db, stmt, error) && touch_all (txn, message, error);
}

gboolean
tern_txn_set_message_body_state (TernTxn *txn, TernId message, TernBodyState state, GError **error)
{
  TernDb *db = tern_txn_db (txn);

  if (!tern_db_run (db, error,
                    "UPDATE message SET body_state = ?2 WHERE id = ?1 AND body_state <> ?2",
                    message, state))
    return FALSE;
  return sqlite3_changes (tern_db_get_handle (db)) == 0 || touch_all (txn, message, error);
}

gboolean
tern_txn_set_body_state (TernTxn *txn, TernId location, TernBodyState state, GError **error)
{
  TernId message;

  return tern_txn_find_message (txn, location, &message, error)
         && tern_txn_set_message_body_state (txn, message, state, error);
}
