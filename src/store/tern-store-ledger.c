/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-ledger-private.h"

#define DAY_MS        G_GINT64_CONSTANT (86400000)
#define KEEP_MS       (730 * DAY_MS)
#define KEEP_FLAGS_MS (90 * DAY_MS)
/* However young they are. */
#define KEEP_EVENTS 500000

/* How often and how much at a time is forgotten: nobody waits for it. */
#define FORGET_EVERY 64

void
tern_txn_because (TernTxn *txn, TernLedgerHow how)
{
  tern_ledger_because (txn, how, 0);
}

TernLedgerCause
tern_ledger_because (TernTxn *txn, TernLedgerHow how, TernId op)
{
  TernLedgerCause before = txn->ledger.cause;

  txn->ledger.cause.how = how;
  txn->ledger.cause.op = op;
  return before;
}

void
tern_ledger_restore (TernTxn *txn, TernLedgerCause cause)
{
  txn->ledger.cause = cause;
}

/* Writing. */

static TernId
insert (TernTxn *txn, const TernLedgerEvent *event, TernId first, TernId last, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt =
      tern_db_query (db, error,
                     "INSERT INTO ledger (time, kind, how, op, first, last, source, target,"
                     " add_flags, remove_flags, add_keywords, remove_keywords, note, account,"
                     " source_path, target_path)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
                     " (SELECT account FROM folder WHERE id = iif (?7, ?7, ?8)),"
                     " (SELECT path FROM folder WHERE id = ?7),"
                     " (SELECT path FROM folder WHERE id = ?8))",
                     g_get_real_time () / 1000, event->kind, event->how, event->op, first, last,
                     event->source, event->target, event->add, event->remove);

  if (stmt == NULL)
    return 0;
  tern_db_bind_static (stmt, 11, event->add_keywords);
  tern_db_bind_static (stmt, 12, event->remove_keywords);
  tern_db_bind_static (stmt, 13, event->note);
  if (!tern_db_step (db, stmt, error))
    return 0;
  txn->ledger.rows++;
  return sqlite3_last_insert_rowid (tern_db_get_handle (db));
}

static gboolean
end_run (TernTxn *txn, GError **error)
{
  TernLedger *ledger = &txn->ledger;
  TernLedgerEvent event = { TERN_LEDGER_ARRIVED };

  if (ledger->first == 0)
    return TRUE;
  event.how = ledger->arrived;
  event.target = ledger->folder;
  ledger->written = insert (txn, &event, ledger->first, ledger->last, error);
  ledger->first = 0;
  return ledger->written != 0;
}

gboolean
tern_ledger_arrived (TernTxn *txn,
                     TernLedgerHow how,
                     TernId folder,
                     TernId location,
                     GError **error)
{
  TernLedger *ledger = &txn->ledger;

  if (ledger->first != 0 && ledger->folder == folder && ledger->arrived == how
      && ledger->last + 1 == location)
    {
      ledger->last = location;
      return TRUE;
    }
  if (!end_run (txn, error))
    return FALSE;
  ledger->first = ledger->last = location;
  ledger->folder = folder;
  ledger->arrived = how;
  return TRUE;
}

static void
clear_event (TernLedgerEvent *event)
{
  g_clear_pointer (&event->add_keywords, g_free);
  g_clear_pointer (&event->remove_keywords, g_free);
  g_clear_pointer (&event->note, g_free);
}

static gboolean
is_same (const TernLedgerEvent *a, const TernLedgerEvent *b)
{
  return a->kind == b->kind && a->how == b->how && a->op == b->op && a->source == b->source
         && a->target == b->target && a->add == b->add && a->remove == b->remove
         && g_strcmp0 (a->add_keywords, b->add_keywords) == 0
         && g_strcmp0 (a->remove_keywords, b->remove_keywords) == 0
         && g_strcmp0 (a->note, b->note) == 0;
}

gboolean
tern_ledger_add (TernTxn *txn, const TernLedgerEvent *event, TernId location, GError **error)
{
  TernLedger *ledger = &txn->ledger;

  if (ledger->event == 0 || !is_same (&ledger->open, event))
    {
      /* In the order in which it happened. */
      if (!end_run (txn, error))
        return FALSE;
      ledger->event = ledger->written = insert (txn, event, 0, 0, error);
      if (ledger->event == 0)
        return FALSE;
      clear_event (&ledger->open);
      ledger->open = *event;
      ledger->open.add_keywords = g_strdup (event->add_keywords);
      ledger->open.remove_keywords = g_strdup (event->remove_keywords);
      ledger->open.note = g_strdup (event->note);
    }
  return location == 0
         || tern_db_run (tern_txn_db (txn), error,
                         "INSERT OR IGNORE INTO ledger_member (event, location) VALUES (?1, ?2)",
                         ledger->event, location);
}

gboolean
tern_ledger_flags (TernTxn *txn,
                   const TernLocation *before,
                   const TernLocation *now,
                   GError **error)
{
  TernLedgerEvent event = { TERN_LEDGER_FLAGS };
  g_autofree char *added = NULL;
  g_autofree char *removed = NULL;

  /* What an operation of ours wanted was told when it was asked for. */
  if (before->shown_flags == now->shown_flags
      && tern_keywords_equal (before->shown_keywords, now->shown_keywords))
    return TRUE;
  added = tern_keywords_apply (now->shown_keywords, NULL, before->shown_keywords);
  removed = tern_keywords_apply (before->shown_keywords, NULL, now->shown_keywords);
  event.how = TERN_LEDGER_SERVER;
  event.source = now->folder;
  event.add = now->shown_flags & ~before->shown_flags;
  event.remove = before->shown_flags & ~now->shown_flags;
  event.add_keywords = added;
  event.remove_keywords = removed;
  return tern_ledger_add (txn, &event, now->stands_for != 0 ? now->stands_for : now->id, error);
}

/* Gone. */

#define GONE                                                                               \
  "INSERT OR REPLACE INTO ledger_gone (location, account, hash, time, date, folder, path," \
  " authors, subject) SELECT l.id, m.account, m.hash, ?2, l.sort_key, l.folder, f.path,"   \
  " CASE WHEN length (m.authors) <= 1000 THEN m.authors END, substr (m.subject, 1, 500)"   \
  " FROM location l JOIN message m ON m.id = l.message JOIN folder f ON f.id = l.folder"   \
  " WHERE l.stands_for = 0 AND "

gboolean
tern_ledger_gone (TernTxn *txn, const TernLocation *row, GError **error)
{
  TernLedgerEvent event = { TERN_LEDGER_REMOVED };

  if (row->stands_for != 0 || txn->ledger.cause.how == TERN_LEDGER_MERGED)
    return TRUE;
  event.how = txn->ledger.cause.how;
  event.op = txn->ledger.cause.op;
  event.source = row->folder;
  return tern_ledger_add (txn, &event, row->id, error)
         && tern_db_run (tern_txn_db (txn), error, GONE "l.id = ?1", row->id,
                         g_get_real_time () / 1000);
}

gboolean
tern_ledger_folder_gone (TernTxn *txn, TernId folder, GError **error)
{
  TernLedgerEvent event = { TERN_LEDGER_REMOVED, TERN_LEDGER_FOLDER };
  TernDb *db = tern_txn_db (txn);

  event.source = folder;
  return tern_ledger_add (txn, &event, 0, error)
         && tern_db_run (db, error,
                         "INSERT OR IGNORE INTO ledger_member (event, location)"
                         " SELECT ?2, id FROM location WHERE folder = ?1 AND stands_for = 0",
                         folder, txn->ledger.event)
         && tern_db_run (db, error, GONE "l.folder = ?1", folder, g_get_real_time () / 1000);
}

/* Bodies. */

/* A full download asks this a hundred thousand times: it is looked up once a transaction. */
static gboolean
was_any_damaged (TernTxn *txn, gboolean *damaged, GError **error)
{
  TernLedger *ledger = &txn->ledger;
  gint64 found = 0;

  if (!ledger->damage_known)
    {
      if (!tern_db_look (tern_txn_db (txn), error, &found,
                         "SELECT EXISTS (SELECT 1 FROM ledger WHERE kind = 10 AND ?1)", 1))
        return FALSE;
      ledger->damage = found != 0;
      ledger->damage_known = TRUE;
    }
  *damaged = ledger->damage;
  return TRUE;
}

static gboolean
tell_body (TernTxn *txn, TernId location, TernLedgerKind kind, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  TernLedgerEvent event = { kind };
  gint64 last = 0;

  if (!tern_db_look (db, error, &event.source, "SELECT folder FROM location WHERE id = ?1",
                     location)
      || !tern_db_look (db, error, &last,
                        "SELECT e.kind FROM ledger_member k JOIN ledger e ON e.id = k.event"
                        " WHERE k.location = ?1 AND e.kind IN (10, 11)"
                        " ORDER BY k.event DESC LIMIT 1",
                        location))
    return FALSE;
  if (kind == TERN_LEDGER_FETCHED && last != TERN_LEDGER_DAMAGED)
    return TRUE;
  txn->ledger.damage = txn->ledger.damage_known = TRUE;
  return tern_ledger_add (txn, &event, location, error);
}

gboolean
tern_ledger_body (TernTxn *txn, TernId message, TernLedgerKind kind, GError **error)
{
  g_autoptr (GArray) ids = NULL;
  gboolean damaged;

  if (!was_any_damaged (txn, &damaged, error))
    return FALSE;
  if (kind == TERN_LEDGER_FETCHED && !damaged)
    return TRUE;
  ids = tern_db_list (tern_txn_db (txn), error,
                      "SELECT id FROM location WHERE message = ?1 AND stands_for = 0", message);
  if (ids == NULL)
    return FALSE;
  for (guint i = 0; i < ids->len; i++)
    if (!tell_body (txn, g_array_index (ids, TernId, i), kind, error))
      return FALSE;
  return TRUE;
}

/* Forgetting. */

/* Each walks an index from its old end, so that finding nothing costs nothing. */
#define OLD_EVENTS "(SELECT id FROM ledger WHERE time < ?1 ORDER BY time LIMIT 64)"
#define OLD_FLAGS  "(SELECT id FROM ledger WHERE kind = 2 AND time < ?1 ORDER BY time LIMIT 64)"
#define MANY_EVENTS                                                                  \
  "(SELECT id FROM ledger WHERE id < (SELECT max (id) FROM ledger) - ?1 ORDER BY id" \
  " LIMIT 64)"
#define FORGET_MEMBERS(old)                              \
  "DELETE FROM ledger_member WHERE (event, location) IN" \
  " (SELECT event, location FROM ledger_member WHERE event IN " old " LIMIT 2000)"
#define FORGET_EVENTS(old)              \
  "DELETE FROM ledger WHERE id IN " old \
  " AND NOT EXISTS (SELECT 1 FROM ledger_member WHERE event = ledger.id)"

static gboolean
forget (TernTxn *txn, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  gint64 now = g_get_real_time () / 1000;

  return tern_db_run (db, error, FORGET_MEMBERS (OLD_EVENTS), now - KEEP_MS)
         && tern_db_run (db, error, FORGET_EVENTS (OLD_EVENTS), now - KEEP_MS)
         && tern_db_run (db, error, FORGET_MEMBERS (OLD_FLAGS), now - KEEP_FLAGS_MS)
         && tern_db_run (db, error, FORGET_EVENTS (OLD_FLAGS), now - KEEP_FLAGS_MS)
         && tern_db_run (db, error, FORGET_MEMBERS (MANY_EVENTS), KEEP_EVENTS)
         && tern_db_run (db, error, FORGET_EVENTS (MANY_EVENTS), KEEP_EVENTS)
         && tern_db_run (db, error,
                         "DELETE FROM ledger_gone WHERE location IN (SELECT location"
                         " FROM ledger_gone WHERE time < ?1 ORDER BY time LIMIT 1000)",
                         now - KEEP_MS);
}

gboolean
tern_ledger_finish (TernTxn *txn, GError **error)
{
  const TernLedger *ledger = &txn->ledger;

  if (!end_run (txn, error))
    return FALSE;
  return ledger->written / FORGET_EVERY == (ledger->written - ledger->rows) / FORGET_EVERY
         || forget (txn, error);
}

void
tern_ledger_clear (TernTxn *txn)
{
  clear_event (&txn->ledger.open);
}
