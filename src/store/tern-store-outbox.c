/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-outbox.h"

#include "tern-store-private.h"

#include "tern-fault.h"

#include <glib/gi18n.h>

#define COLUMNS                                                                                 \
  "id, account, state, message_id, sender, subject, body_hash, draft, in_reply_to, reply_flag," \
  " size, attempts, not_before, queued, fault, server_text"

#define BIT(state) (1u << (state))

/* Where each state may go. Staying is always allowed: a new time, another reason. */
static const guint transitions[] = {
  [TERN_OUTBOX_HELD] = BIT (TERN_OUTBOX_QUEUED),
  [TERN_OUTBOX_QUEUED] =
      BIT (TERN_OUTBOX_HELD) | BIT (TERN_OUTBOX_CONNECTING) | BIT (TERN_OUTBOX_REFUSED),
  [TERN_OUTBOX_CONNECTING] =
      BIT (TERN_OUTBOX_QUEUED) | BIT (TERN_OUTBOX_SENT_DATA) | BIT (TERN_OUTBOX_REFUSED),
  /* The answer to the final dot decides; 4xx means "not taken, later". */
  [TERN_OUTBOX_SENT_DATA] = BIT (TERN_OUTBOX_ACCEPTED) | BIT (TERN_OUTBOX_REFUSED)
                            | BIT (TERN_OUTBOX_QUEUED) | BIT (TERN_OUTBOX_UNCERTAIN),
  [TERN_OUTBOX_ACCEPTED] = BIT (TERN_OUTBOX_DONE),
  [TERN_OUTBOX_DONE] = 0,
  [TERN_OUTBOX_REFUSED] = BIT (TERN_OUTBOX_QUEUED) | BIT (TERN_OUTBOX_HELD),
  /* Found in Sent, or decided by a person: send again, or edit. Never by itself. */
  [TERN_OUTBOX_UNCERTAIN] = BIT (TERN_OUTBOX_ACCEPTED) | BIT (TERN_OUTBOX_DONE)
                            | BIT (TERN_OUTBOX_QUEUED) | BIT (TERN_OUTBOX_REFUSED),
};

static const char *const names[] = {
  [TERN_OUTBOX_HELD] = "held",
  [TERN_OUTBOX_QUEUED] = "queued",
  [TERN_OUTBOX_CONNECTING] = "connecting",
  [TERN_OUTBOX_SENT_DATA] = "sent-data",
  [TERN_OUTBOX_ACCEPTED] = "accepted",
  [TERN_OUTBOX_DONE] = "done",
  [TERN_OUTBOX_REFUSED] = "refused",
  [TERN_OUTBOX_UNCERTAIN] = "uncertain",
};

const char *
tern_outbox_state_name (TernOutboxState state)
{
  g_return_val_if_fail ((gsize) state < G_N_ELEMENTS (names), "unknown");
  return names[state];
}

void
tern_recipient_free (TernRecipient *self)
{
  if (self == NULL)
    return;
  g_free (self->address);
  g_free (self->server_text);
  g_free (self);
}

void
tern_outbox_record_free (TernOutboxRecord *self)
{
  if (self == NULL)
    return;
  g_free (self->message_id);
  g_free (self->from);
  g_free (self->subject);
  g_free (self->body_hash);
  g_free (self->draft);
  g_free (self->fault);
  g_free (self->server_text);
  g_clear_pointer (&self->recipients, g_ptr_array_unref);
  g_free (self);
}

gboolean
tern_outbox_record_was_refused (const TernOutboxRecord *self)
{
  for (guint i = 0; i < self->recipients->len; i++)
    if (((TernRecipient *) g_ptr_array_index (self->recipients, i))->state == TERN_OUTBOX_REFUSED)
      return TRUE;
  return FALSE;
}

/* A step of sending must outlive a power cut, or the message is sent twice or not at all. */
static void
mark_changed (TernTxn *txn)
{
  txn->durable = TRUE;
  txn->changes->outbox_changed = TRUE;
}

static gboolean
add_recipient (TernTxn *txn,
               TernId id,
               guint position,
               const TernRecipient *recipient,
               GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt =
      tern_db_query (db, error,
                     "INSERT INTO outbox_recipient (outbox, position, state, address, server_text)"
                     " VALUES (?1, ?2, ?3, ?4, ?5)",
                     id, position, recipient->state);

  if (stmt == NULL)
    return FALSE;
  tern_db_bind_text (stmt, 4, recipient->address);
  tern_db_bind_text (stmt, 5, recipient->server_text);
  return tern_db_step (db, stmt, error);
}

static gboolean
add_entry (TernTxn *txn, const TernOutboxRecord *record, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt = tern_db_prepare (
      db,
      "INSERT INTO outbox (account, state, message_id, sender, subject, body_hash, draft,"
      " in_reply_to, reply_flag, size, attempts, not_before, queued, fault, server_text)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
      error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, record->account);
  sqlite3_bind_int (stmt, 2, record->state);
  tern_db_bind_text (stmt, 3, record->message_id);
  tern_db_bind_text (stmt, 4, record->from);
  tern_db_bind_text (stmt, 5, record->subject != NULL ? record->subject : "");
  tern_db_bind_text (stmt, 6, record->body_hash);
  tern_db_bind_text (stmt, 7, record->draft);
  sqlite3_bind_int64 (stmt, 8, record->in_reply_to);
  sqlite3_bind_int (stmt, 9, record->reply_flag);
  sqlite3_bind_int64 (stmt, 10, (gint64) record->size);
  sqlite3_bind_int (stmt, 11, (int) record->attempts);
  sqlite3_bind_int64 (stmt, 12, record->not_before);
  sqlite3_bind_int64 (stmt, 13, record->queued);
  tern_db_bind_text (stmt, 14, record->fault);
  tern_db_bind_text (stmt, 15, record->server_text);
  return tern_db_step (db, stmt, error);
}

TernId
tern_txn_outbox_add (TernTxn *txn, const TernOutboxRecord *record, GError **error)
{
  TernId id;

  mark_changed (txn);
  if (!add_entry (txn, record, error))
    return 0;
  id = sqlite3_last_insert_rowid (tern_db_get_handle (tern_txn_db (txn)));
  for (guint i = 0; record->recipients != NULL && i < record->recipients->len; i++)
    if (!add_recipient (txn, id, i, g_ptr_array_index (record->recipients, i), error))
      return 0;
  return id;
}

/* Somebody has it: however far another try for the others has got, it may end as sent. */
static gboolean
may_end_as_sent (TernTxn *txn, TernId id, gint64 from, TernOutboxState to, GError **error)
{
  gint64 taken = 0;

  if (to != TERN_OUTBOX_ACCEPTED || from == TERN_OUTBOX_DONE)
    return FALSE;
  return tern_db_look (tern_txn_db (txn), error, &taken,
                       "SELECT EXISTS (SELECT 1 FROM outbox_recipient"
                       " WHERE outbox = ?1 AND state = ?2)",
                       id, TERN_OUTBOX_ACCEPTED)
         && taken != 0;
}

static gboolean
check_transition (TernTxn *txn, TernId id, TernOutboxState state, GError **error)
{
  GError *fault = NULL;
  gint64 from = -1;

  if (!tern_db_look (tern_txn_db (txn), error, &from, "SELECT state FROM outbox WHERE id = ?1", id))
    return FALSE;
  if (from < 0)
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_NOT_FOUND,
                                                _ ("This message is not in the outbox any more.")));
      return FALSE;
    }
  if (from == (gint64) state
      || (from < (gint64) G_N_ELEMENTS (transitions) && (transitions[from] & BIT (state)) != 0))
    return TRUE;
  if (may_end_as_sent (txn, id, from, state, &fault))
    return TRUE;
  if (fault == NULL)
    fault = tern_fault_new (
        TERN_FAULT_INTERNAL, _ ("A message in the outbox cannot go from “%s” to “%s”."),
        tern_outbox_state_name ((TernOutboxState) from), tern_outbox_state_name (state));
  g_propagate_error (error, fault);
  return FALSE;
}

gboolean
tern_txn_outbox_state (TernTxn *txn,
                       TernId id,
                       TernOutboxState state,
                       gint64 not_before,
                       const char *fault,
                       const char *server_text,
                       GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt;

  mark_changed (txn);
  if (!check_transition (txn, id, state, error))
    return FALSE;
  stmt = tern_db_query (db, error,
                        "UPDATE outbox SET state = ?2, not_before = ?3,"
                        " attempts = attempts + (?4 AND state <> ?2),"
                        " fault = ?5, server_text = ?6 WHERE id = ?1",
                        id, state, not_before, state == TERN_OUTBOX_CONNECTING);
  if (stmt == NULL)
    return FALSE;
  tern_db_bind_text (stmt, 5, fault);
  tern_db_bind_text (stmt, 6, server_text);
  return tern_db_step (db, stmt, error);
}

gboolean
tern_txn_outbox_recipient (TernTxn *txn,
                           TernId id,
                           const char *address,
                           TernOutboxState state,
                           const char *server_text,
                           GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt = tern_db_query (db, error,
                                      "UPDATE outbox_recipient SET state = ?2, server_text = ?3"
                                      " WHERE outbox = ?1 AND address = ?4",
                                      id, state);

  mark_changed (txn);
  if (stmt == NULL)
    return FALSE;
  tern_db_bind_text (stmt, 3, server_text);
  tern_db_bind_text (stmt, 4, address);
  return tern_db_step (db, stmt, error);
}

gboolean
tern_txn_outbox_remove (TernTxn *txn, TernId id, GError **error)
{
  mark_changed (txn);
  return tern_db_run (tern_txn_db (txn), error, "DELETE FROM outbox WHERE id = ?1", id);
}

gboolean
tern_txn_outbox_restart (TernTxn *txn, TernId account, GError **error)
{
  TernDb *db = tern_txn_db (txn);

  if (!tern_db_run (db, error,
                    "UPDATE outbox SET state = CASE state WHEN ?2 THEN ?3 ELSE ?5 END"
                    " WHERE account = ?1 AND state IN (?2, ?4)",
                    account, TERN_OUTBOX_CONNECTING, TERN_OUTBOX_QUEUED, TERN_OUTBOX_SENT_DATA,
                    TERN_OUTBOX_UNCERTAIN))
    return FALSE;
  if (sqlite3_changes (tern_db_get_handle (db)) > 0)
    mark_changed (txn);
  return TRUE;
}

/* Reading. */

static TernOutboxRecord *
take_entry (sqlite3_stmt *stmt)
{
  TernOutboxRecord *record = g_new0 (TernOutboxRecord, 1);

  record->id = sqlite3_column_int64 (stmt, 0);
  record->account = sqlite3_column_int64 (stmt, 1);
  record->state = sqlite3_column_int (stmt, 2);
  record->message_id = tern_db_dup_text (stmt, 3);
  record->from = tern_db_dup_text (stmt, 4);
  record->subject = tern_db_dup_text (stmt, 5);
  record->body_hash = tern_db_dup_text (stmt, 6);
  record->draft = tern_db_dup_text (stmt, 7);
  record->in_reply_to = sqlite3_column_int64 (stmt, 8);
  record->reply_flag = sqlite3_column_int (stmt, 9);
  record->size = (guint64) sqlite3_column_int64 (stmt, 10);
  record->attempts = sqlite3_column_int (stmt, 11);
  record->not_before = sqlite3_column_int64 (stmt, 12);
  record->queued = sqlite3_column_int64 (stmt, 13);
  record->fault = tern_db_dup_text (stmt, 14);
  record->server_text = tern_db_dup_text (stmt, 15);
  record->recipients = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_recipient_free);
  return record;
}

static gboolean
load_recipients (TernReader *reader, TernOutboxRecord *record, GError **error)
{
  sqlite3_stmt *stmt = tern_db_query (reader->db, error,
                                      "SELECT address, state, server_text FROM outbox_recipient"
                                      " WHERE outbox = ?1 ORDER BY position",
                                      record->id);
  int rc;

  if (stmt == NULL)
    return FALSE;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      TernRecipient *recipient = g_new0 (TernRecipient, 1);

      recipient->address = tern_db_dup_text (stmt, 0);
      recipient->state = sqlite3_column_int (stmt, 1);
      recipient->server_text = tern_db_dup_text (stmt, 2);
      g_ptr_array_add (record->recipients, recipient);
    }
  return tern_db_finish (reader->db, stmt, rc, error);
}

static GPtrArray *
take_entries (TernReader *reader, sqlite3_stmt *stmt, GError **error)
{
  g_autoptr (GPtrArray) entries =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_outbox_record_free);
  int rc;

  if (stmt == NULL)
    return NULL;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    g_ptr_array_add (entries, take_entry (stmt));
  if (!tern_db_finish (reader->db, stmt, rc, error))
    return NULL;
  for (guint i = 0; i < entries->len; i++)
    if (!load_recipients (reader, g_ptr_array_index (entries, i), error))
      return NULL;
  return g_steal_pointer (&entries);
}

GPtrArray *
tern_read_outbox (TernReader *reader, TernId account, GError **error)
{
  return take_entries (reader,
                       tern_db_query (reader->db, error,
                                      "SELECT " COLUMNS " FROM outbox"
                                      " WHERE ?1 = 0 OR account = ?1 ORDER BY id",
                                      account),
                       error);
}

TernOutboxRecord *
tern_read_outbox_entry (TernReader *reader, TernId id, GError **error)
{
  g_autoptr (GPtrArray) entries = take_entries (
      reader, tern_db_query (reader->db, error, "SELECT " COLUMNS " FROM outbox WHERE id = ?1", id),
      error);

  return entries != NULL && entries->len > 0 ? g_ptr_array_steal_index (entries, 0) : NULL;
}

gboolean
tern_read_append_state (TernReader *reader,
                        TernId location,
                        gboolean *found,
                        TernOpState *state,
                        GError **error)
{
  gint64 value = -1;

  if (!tern_db_look (reader->db, error, &value,
                     "SELECT o.state FROM op_subject s JOIN op o ON o.id = s.op"
                     " WHERE s.location = ?1 AND o.kind = ?2 ORDER BY o.id DESC LIMIT 1",
                     location, TERN_OP_APPEND))
    return FALSE;
  *found = value >= 0;
  *state = value >= 0 ? (TernOpState) value : TERN_OP_PENDING;
  return TRUE;
}
