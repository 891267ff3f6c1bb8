/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-messages.h"
#include "tern-store-ledger-private.h"
#include "tern-store-ops-private.h"

#include <glib/gi18n.h>

/* Confirmed operations are kept so that they can be reversed: for so long, and so many of each
 * account at most. */
#define DAY_MS            (24 * 60 * 60 * G_GINT64_CONSTANT (1000))
#define KEEP_CONFIRMED_MS (30 * DAY_MS)
#define KEEP_CONFIRMED    1000
#define KEEP_REFUSED_MS   (7 * DAY_MS)

static gboolean
load_op (TernTxn *txn, TernId id, TernOpRecord **op, GArray **subjects, GError **error)
{
  GError *fault = NULL;

  *subjects = NULL;
  *op = tern_op_load (tern_txn_db (txn), id, &fault);
  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  if (*op == NULL)
    return TRUE;
  *subjects = tern_op_load_subjects (tern_txn_db (txn), id, error);
  return *subjects != NULL;
}

static gboolean
is_active (const TernOpRecord *op)
{
  return op->state == TERN_OP_PENDING || op->state == TERN_OP_RUNNING || op->state == TERN_OP_STUCK;
}

gboolean
tern_txn_op_running (TernTxn *txn, TernId op, GError **error)
{
  /* On the disk before the first byte is on the wire: else a crash would send it twice. What was
   * put there since the last sync has a uid above the UIDNEXT that this told. */
  txn->durable = TRUE;
  txn->changes->ops_changed = TRUE;
  return tern_db_run (tern_txn_db (txn), error,
                      "UPDATE op SET state = ?2, begun = 1,"
                      " target_validity = iif (begun, target_validity, ifnull ((SELECT uidvalidity"
                      "  FROM folder WHERE id = op.target), 0)),"
                      " target_next = iif (begun, target_next, max (ifnull ((SELECT uidnext"
                      "  FROM folder WHERE id = op.target), 0), ifnull ((SELECT max (uid) + 1"
                      "  FROM location WHERE folder = op.target AND uid IS NOT NULL), 0)))"
                      " WHERE id = ?1 AND state IN (0, 4)",
                      op, TERN_OP_RUNNING);
}

TernId
tern_txn_op_split (TernTxn *txn, TernId op, const GArray *locations, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  TernId part;

  if (!tern_db_run (
          db, error,
          "INSERT INTO op (account, kind, state, source, target, add_flags, remove_flags,"
          " add_keywords, remove_keywords, attempts, created, begun, target_validity,"
          " target_next, undone, undoes, part_of) SELECT account, kind, ?2, source, target,"
          " add_flags, remove_flags, add_keywords, remove_keywords, attempts, created,"
          " begun, target_validity, target_next, undone, undoes, id FROM op"
          " WHERE id = ?1 AND state IN (0, 1, 4)",
          op, TERN_OP_RUNNING)
      || sqlite3_changes (tern_db_get_handle (db)) == 0)
    return 0;
  part = sqlite3_last_insert_rowid (tern_db_get_handle (db));
  for (guint i = 0; i < locations->len; i++)
    if (!tern_db_run (db, error,
                      "UPDATE op_subject SET op = ?2 WHERE op = ?1"
                      " AND (location = ?3 OR made = 1 AND other = ?3)",
                      op, part, g_array_index (locations, TernId, i)))
      return 0;
  txn->changes->ops_changed = TRUE;
  return part;
}

gboolean
tern_txn_op_later (TernTxn *txn,
                   TernId op,
                   gint64 not_before_ms,
                   gboolean stuck,
                   const char *fault,
                   GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt =
      tern_db_query (db, error,
                     "UPDATE op SET attempts = attempts + 1, not_before = ?2, state = ?3,"
                     " fault = ?4 WHERE id = ?1 AND state IN (0, 1, 4)",
                     op, not_before_ms, stuck ? TERN_OP_STUCK : TERN_OP_PENDING);

  if (stmt == NULL)
    return FALSE;
  tern_db_bind_text (stmt, 4, fault);
  txn->changes->ops_changed = TRUE;
  return tern_db_step (db, stmt, error);
}

/* Confirmed. */

static guint32
find_target (const GArray *pairs, guint32 source)
{
  for (guint i = 0; pairs != NULL && i < pairs->len; i++)
    {
      const TernUidPair *pair = &g_array_index (pairs, TernUidPair, i);

      if (pair->source == source)
        return pair->target;
    }
  return 0;
}

/* @location has arrived in @folder: its place there gets the uid, or is looked for by sync. */
static gboolean
arrive (TernTxn *txn, TernId location, TernId folder, guint32 uid, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  gint64 own_folder = 0;
  TernId place;

  if (!tern_location_find_place (db, location, &place, error))
    return FALSE;
  if (place == 0)
    return TRUE;
  if (!tern_db_look (db, error, &own_folder, "SELECT folder FROM location WHERE id = ?1", place))
    return FALSE;
  if (own_folder != folder)
    return TRUE;
  if (uid != 0)
    return tern_location_assign_uid (txn, place, uid, error);
  return tern_db_run (db, error, "UPDATE location SET rematch = 1 WHERE id = ?1 AND uid IS NULL",
                      place);
}

/* The delta of the operation becomes a part of the server layer, in the row and in the place that
 * stands for it; what other operations want stays on top. */
static gboolean
fold_flags (TernTxn *txn, const TernOpRecord *op, TernId location, gboolean counts, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  GError *fault = NULL;
  g_autoptr (TernLocation) before = tern_location_load (db, location, &fault);
  g_autoptr (TernLocation) now = NULL;
  char *keywords;

  if (before == NULL)
    {
      if (fault != NULL)
        g_propagate_error (error, fault);
      return fault == NULL;
    }
  now = tern_location_copy (before);
  now->server_flags = (now->server_flags | op->add) & ~op->remove;
  keywords = tern_keywords_apply (now->keywords, op->add_keywords, op->remove_keywords);
  g_free (now->keywords);
  now->keywords = keywords;
  if (counts && now->ops > 0)
    now->ops--;
  return tern_location_reshow (db, now, error) && tern_location_update (txn, before, now, error);
}

static gboolean
confirm_flags (TernTxn *txn, const TernOpRecord *op, const TernSubject *subject, GError **error)
{
  TernId place;

  if (!tern_location_find_place (tern_txn_db (txn), subject->location, &place, error))
    return FALSE;
  if (place != 0 && place != subject->location && !fold_flags (txn, op, place, FALSE, error))
    return FALSE;
  return fold_flags (txn, op, subject->location, TRUE, error);
}

static gboolean
confirm_move (TernTxn *txn,
              const TernOpRecord *op,
              const TernSubject *subject,
              gboolean alone,
              const GArray *pairs,
              GError **error)
{
  GError *fault = NULL;
  g_autoptr (TernLocation) place = tern_location_load (tern_txn_db (txn), subject->other, &fault);
  guint32 target = 0;

  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  if (place != NULL)
    {
      target = find_target (pairs, place->uid);
      if (!tern_location_delete (txn, place, error))
        return FALSE;
    }
  else if (alone && pairs != NULL && pairs->len == 1)
    /* Its place went with the EXPUNGE that came before the answer. */
    target = g_array_index (pairs, TernUidPair, 0).target;
  return tern_op_count (txn, subject->location, -1, error)
         && arrive (txn, subject->location, op->target, target, error);
}

static gboolean
confirm_copy (TernTxn *txn,
              const TernOpRecord *op,
              const TernSubject *subject,
              const GArray *pairs,
              GError **error)
{
  TernReader *reader = tern_txn_reader (txn);
  GError *fault = NULL;
  TernId folder;
  guint32 uid = tern_read_uid (reader, subject->location, &folder, &fault);

  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  return tern_op_count (txn, subject->location, -1, error)
         && tern_op_count (txn, subject->other, -1, error)
         && arrive (txn, subject->other, op->target, find_target (pairs, uid), error);
}

static gboolean
confirm_append (TernTxn *txn,
                const TernOpRecord *op,
                const TernSubject *subject,
                const GArray *pairs,
                GError **error)
{
  guint32 uid = pairs != NULL && pairs->len > 0 ? g_array_index (pairs, TernUidPair, 0).target : 0;

  return tern_op_count (txn, subject->location, -1, error)
         && arrive (txn, subject->location, op->target, uid, error);
}

static gboolean
confirm_expunge (TernTxn *txn, const TernSubject *subject, GError **error)
{
  TernLedgerCause cause;
  gboolean ok;
  GError *fault = NULL;
  g_autoptr (TernLocation) row = tern_location_load (tern_txn_db (txn), subject->location, &fault);

  if (row != NULL)
    {
      cause = tern_ledger_because (txn, TERN_LEDGER_OWN, subject->op);
      ok = tern_ops_remove_location (txn, row, error);
      tern_ledger_restore (txn, cause);
      return ok;
    }
  if (fault != NULL)
    g_propagate_error (error, fault);
  return fault == NULL;
}

static gboolean
confirm_subject (TernTxn *txn,
                 const TernOpRecord *op,
                 const TernSubject *subject,
                 gboolean alone,
                 const GArray *pairs,
                 GError **error)
{
  switch (op->kind)
    {
    case TERN_OP_FLAGS:
      return confirm_flags (txn, op, subject, error);
    case TERN_OP_MOVE:
      return confirm_move (txn, op, subject, alone, pairs, error);
    case TERN_OP_COPY:
      return confirm_copy (txn, op, subject, pairs, error);
    case TERN_OP_APPEND:
      return confirm_append (txn, op, subject, pairs, error);
    case TERN_OP_EXPUNGE:
      return confirm_expunge (txn, subject, error);
    case TERN_OP_FOLDER_CREATE:
    case TERN_OP_FOLDER_RENAME:
    case TERN_OP_FOLDER_DELETE:
    case TERN_OP_FOLDER_SUBSCRIBE:
    case TERN_OP_FOLDER_UNSUBSCRIBE:
      break;
    }
  g_return_val_if_reached (FALSE);
}

/* The copied message is gone; whether the copy was made, the next listing tells. */
static gboolean
end_orphans (TernTxn *txn, const TernOpRecord *op, GError **error)
{
  g_autoptr (GArray) orphans = tern_op_load_orphans (tern_txn_db (txn), op->id, error);

  if (orphans == NULL)
    return FALSE;
  for (guint i = 0; i < orphans->len; i++)
    {
      TernId location = g_array_index (orphans, TernSubject, i).location;

      if (!tern_op_count (txn, location, -1, error)
          || !arrive (txn, location, op->target, 0, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
drop_old (TernTxn *txn, TernId account, GError **error)
{
  gint64 now = g_get_real_time () / 1000;

  return tern_db_run (tern_txn_db (txn), error,
                      "DELETE FROM op WHERE account = ?1"
                      " AND (state = 2 AND created < ?2 OR state = 3 AND created < ?3)",
                      account, now - KEEP_CONFIRMED_MS, now - KEEP_REFUSED_MS)
         && tern_db_run (tern_txn_db (txn), error,
                         "DELETE FROM op WHERE account = ?1 AND state = 2 AND id <= (SELECT id"
                         " FROM op WHERE account = ?1 AND state = 2 ORDER BY id DESC LIMIT 1"
                         " OFFSET ?2)",
                         account, KEEP_CONFIRMED);
}

gboolean
tern_txn_op_confirmed (TernTxn *txn, TernId id, const GArray *pairs, GError **error)
{
  g_autoptr (TernOpRecord) op = NULL;
  g_autoptr (GArray) subjects = NULL;

  if (!load_op (txn, id, &op, &subjects, error))
    return FALSE;
  /* Its messages are gone, or it was confirmed by another way already. */
  if (op == NULL || !is_active (op))
    return TRUE;
  /* First, so that what is shown is computed without it. */
  if (!tern_op_set_state (txn, id, TERN_OP_CONFIRMED, NULL, error))
    return FALSE;
  if (tern_op_is_of_folder (op->kind))
    return tern_folder_op_confirmed (txn, op, error) && drop_old (txn, op->account, error);
  for (guint i = 0; i < subjects->len; i++)
    if (!confirm_subject (txn, op, &g_array_index (subjects, TernSubject, i), subjects->len == 1,
                          pairs, error))
      return FALSE;
  return end_orphans (txn, op, error) && drop_old (txn, op->account, error);
}

/* Refused. */

static gboolean
tell_refused (TernTxn *txn,
              const TernOpRecord *op,
              const TernSubject *subject,
              const char *reason,
              GError **error)
{
  TernLedgerEvent event = { TERN_LEDGER_REFUSED, TERN_LEDGER_OWN };

  event.op = op->id;
  event.source = op->source;
  event.target = op->target;
  event.add = op->add;
  event.remove = op->remove;
  event.note = (char *) reason;
  return tern_ledger_add (txn, &event, subject->location, error);
}

/* A later operation on the same message that makes no sense without the refused one. When it was
 * about other messages as well, it goes on with those. */
static gboolean
refuse_part (TernTxn *txn, const TernSubject *part, const GError *reason, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  g_autoptr (TernOpRecord) op = tern_op_load (db, part->op, error);
  gint64 others = 0;

  if (op == NULL
      || !tern_db_look (db, error, &others,
                        "SELECT count (*) FROM op_subject WHERE op = ?1 AND made = 0"
                        " AND location <> ?2",
                        op->id, part->location)
      || !tell_refused (txn, op, part, reason->message, error))
    return FALSE;
  if (others == 0)
    return tern_op_set_state (txn, op->id, TERN_OP_REFUSED, reason, error)
           && tern_op_take_back (txn, op, part, error);
  return tern_op_remove_subject (txn, op->id, part->location, error)
         && (op->kind != TERN_OP_COPY || tern_op_remove_subject (txn, op->id, part->other, error))
         && tern_op_take_back (txn, op, part, error);
}

static gboolean
refuse_chain (TernTxn *txn, TernId location, TernId after, GError **error)
{
  g_autoptr (GError) reason =
      tern_fault_new (TERN_FAULT_REFUSED, _ ("An earlier change of this message was refused."));
  g_autoptr (GArray) chain = tern_op_load_chain (tern_txn_db (txn), location, after, error);

  if (chain == NULL)
    return FALSE;
  for (guint i = 0; i < chain->len; i++)
    {
      const TernSubject *part = &g_array_index (chain, TernSubject, i);

      if (part->made)
        continue;
      if (part->other != 0 && !refuse_chain (txn, part->other, part->op, error))
        return FALSE;
      if (!refuse_part (txn, part, reason, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
refuse_subject (TernTxn *txn, const TernOpRecord *op, const TernSubject *subject, GError **error)
{
  /* A part was made later than what comes after it. */
  TernId after = op->part_of != 0 ? op->part_of : op->id;

  switch (op->kind)
    {
    case TERN_OP_MOVE:
    case TERN_OP_APPEND:
      if (!refuse_chain (txn, subject->location, after, error))
        return FALSE;
      break;
    case TERN_OP_COPY:
      if (!refuse_chain (txn, subject->other, after, error))
        return FALSE;
      break;
    case TERN_OP_FLAGS:
    case TERN_OP_EXPUNGE:
    case TERN_OP_FOLDER_CREATE:
    case TERN_OP_FOLDER_RENAME:
    case TERN_OP_FOLDER_DELETE:
    case TERN_OP_FOLDER_SUBSCRIBE:
    case TERN_OP_FOLDER_UNSUBSCRIBE:
      break;
    }
  return tern_op_take_back (txn, op, subject, error);
}

gboolean
tern_txn_op_refused (TernTxn *txn, TernId id, const GError *fault, GError **error)
{
  g_autoptr (TernOpRecord) op = NULL;
  g_autoptr (GArray) subjects = NULL;

  if (!load_op (txn, id, &op, &subjects, error))
    return FALSE;
  if (op == NULL || !is_active (op))
    return TRUE;
  if (!tern_op_set_state (txn, id, TERN_OP_REFUSED, fault, error))
    return FALSE;
  if (tern_op_is_of_folder (op->kind))
    return tern_folder_op_refused (txn, op, error);
  for (guint i = 0; i < subjects->len; i++)
    {
      const TernSubject *subject = &g_array_index (subjects, TernSubject, i);

      if (!tell_refused (txn, op, subject, fault->message, error)
          || !refuse_subject (txn, op, subject, error))
        return FALSE;
    }
  return end_orphans (txn, op, error);
}
