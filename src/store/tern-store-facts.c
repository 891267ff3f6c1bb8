/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-facts-private.h"

#include "tern-store-threads-private.h"

enum
{
  BIND_ID = 1,
  BIND_ACCOUNT,
  BIND_THREAD,
  BIND_HASH,
  BIND_SIZE,
  BIND_RECEIVED,
  BIND_DATE,
  BIND_DATE_OFFSET,
  BIND_ATTACHMENTS,
  BIND_SUBJECT,
  BIND_AUTHORS,
  BIND_PREVIEW,
  BIND_MESSAGE_ID,
  BIND_IN_REPLY_TO,
  BIND_REFS,
  BIND_SENDER,
  BIND_REPLY_TO,
  BIND_RECIPIENTS,
  BIND_CC,
  BIND_BCC,
  BIND_STRUCTURE,
  BIND_EMAIL_ID,
};

static void
bind_list (sqlite3_stmt *stmt, int index, const GPtrArray *list)
{
  if (list != NULL && list->len > 0)
    sqlite3_bind_text (stmt, index, tern_address_list_encode (list), -1, g_free);
}

static void
bind_facts (sqlite3_stmt *stmt, TernId account, const TernMessageFacts *facts)
{
  sqlite3_bind_int64 (stmt, BIND_ACCOUNT, account);
  sqlite3_bind_int64 (stmt, BIND_HASH, tern_thread_hash (account, facts->message_id));
  sqlite3_bind_int64 (stmt, BIND_SIZE, (gint64) facts->size);
  sqlite3_bind_int64 (stmt, BIND_RECEIVED, facts->received);
  sqlite3_bind_int64 (stmt, BIND_DATE, facts->date);
  sqlite3_bind_int (stmt, BIND_DATE_OFFSET, facts->date_offset);
  sqlite3_bind_int (stmt, BIND_ATTACHMENTS, (int) facts->attachments);
  tern_db_bind_static (stmt, BIND_SUBJECT, facts->subject != NULL ? facts->subject : "");
  bind_list (stmt, BIND_AUTHORS, facts->from);
  tern_db_bind_static (stmt, BIND_PREVIEW, facts->preview);
  tern_db_bind_static (stmt, BIND_MESSAGE_ID, facts->message_id);
  tern_db_bind_static (stmt, BIND_IN_REPLY_TO, facts->in_reply_to);
  if (facts->references != NULL && facts->references[0] != NULL)
    sqlite3_bind_text (stmt, BIND_REFS, g_strjoinv ("\n", facts->references), -1, g_free);
  tern_db_bind_static (stmt, BIND_EMAIL_ID, facts->email_id);
  bind_list (stmt, BIND_SENDER, facts->sender);
  bind_list (stmt, BIND_REPLY_TO, facts->reply_to);
  bind_list (stmt, BIND_RECIPIENTS, facts->to);
  bind_list (stmt, BIND_CC, facts->cc);
  bind_list (stmt, BIND_BCC, facts->bcc);
  if (facts->structure != NULL)
    sqlite3_bind_text (stmt, BIND_STRUCTURE, tern_part_encode (facts->structure), -1, g_free);
}

TernId
tern_facts_insert (TernTxn *txn,
                   TernId account,
                   const TernMessageFacts *facts,
                   TernId *thread,
                   GError **error)
{
  TernDb *db = tern_txn_db (txn);
  TernId id = ++txn->counters.message;
  sqlite3_stmt *stmt;

  *thread = 0;
  if (!tern_thread_assign (txn, account, id, facts, thread, error))
    return 0;
  stmt = tern_db_prepare (
      db,
      "INSERT INTO message (id, account, thread, hash, size, received, date,"
      " date_offset, attachments, subject, authors, preview, message_id,"
      " in_reply_to, refs, sender, reply_to, recipients, cc, bcc, structure,"
      " email_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,"
      " ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
      error);
  if (stmt == NULL)
    return 0;
  sqlite3_bind_int64 (stmt, BIND_ID, id);
  sqlite3_bind_int64 (stmt, BIND_THREAD, *thread);
  bind_facts (stmt, account, facts);
  return tern_db_step (db, stmt, error) ? id : 0;
}

gboolean
tern_facts_update (TernTxn *txn,
                   TernId account,
                   TernId message,
                   const TernMessageFacts *facts,
                   GError **error)
{
  TernDb *db = tern_txn_db (txn);
  TernId thread = 0;
  sqlite3_stmt *stmt;

  if (!tern_db_look (db, error, &thread, "SELECT thread FROM message WHERE id = ?1", message)
      || !tern_thread_assign (txn, account, message, facts, &thread, error))
    return FALSE;
  stmt = tern_db_prepare (db,
                          "UPDATE message SET account = ?2, thread = ?3, hash = ?4, size = ?5,"
                          " received = ?6, date = ?7, date_offset = ?8,"
                          " attachments = max (?9, attachments), subject = ?10, authors = ?11,"
                          " preview = iif (body_state = 0, ifnull (?12, preview),"
                          " ifnull (preview, ?12)), message_id = ?13, in_reply_to = ?14,"
                          " refs = ?15, sender = ?16, reply_to = ?17, recipients = ?18, cc = ?19,"
                          " bcc = ifnull (?20, bcc), structure = ifnull (?21, structure),"
                          " email_id = ifnull (?22, email_id)"
                          " WHERE id = ?1",
                          error);
  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, BIND_ID, message);
  sqlite3_bind_int64 (stmt, BIND_THREAD, thread);
  bind_facts (stmt, account, facts);
  return tern_db_step (db, stmt, error);
}

static GPtrArray *
take_list (sqlite3_stmt *stmt, int column, GPtrArray *empty)
{
  const char *text = tern_db_text (stmt, column);

  if (text == NULL)
    return empty;
  g_ptr_array_unref (empty);
  return tern_address_list_decode (text);
}

static TernMessageFacts *
take_facts (sqlite3_stmt *stmt)
{
  TernMessageFacts *facts = tern_message_facts_new ();
  const char *references = tern_db_text (stmt, 23);
  const char *structure = tern_db_text (stmt, 29);

  facts->uid = (guint32) sqlite3_column_int64 (stmt, 3);
  facts->flags = sqlite3_column_int (stmt, 5);
  facts->modseq = sqlite3_column_int64 (stmt, 8);
  facts->keywords = tern_db_dup_text (stmt, 9);
  facts->size = sqlite3_column_int64 (stmt, 12);
  facts->received = sqlite3_column_int64 (stmt, 13);
  facts->date = sqlite3_column_int64 (stmt, 14);
  facts->date_offset = sqlite3_column_int (stmt, 15);
  facts->attachments = sqlite3_column_int (stmt, 17);
  g_free (facts->subject);
  facts->subject = tern_db_dup_text (stmt, 18);
  facts->preview = tern_db_dup_text (stmt, 20);
  facts->message_id = tern_db_dup_text (stmt, 21);
  facts->in_reply_to = tern_db_dup_text (stmt, 22);
  if (references != NULL)
    facts->references = g_strsplit (references, "\n", -1);
  facts->from = take_list (stmt, 19, facts->from);
  facts->sender = take_list (stmt, 24, facts->sender);
  facts->reply_to = take_list (stmt, 25, facts->reply_to);
  facts->to = take_list (stmt, 26, facts->to);
  facts->cc = take_list (stmt, 27, facts->cc);
  facts->bcc = take_list (stmt, 28, facts->bcc);
  if (structure != NULL)
    facts->structure = tern_part_decode (structure);
  return facts;
}

TernMessageRecord *
tern_facts_take_record (sqlite3_stmt *stmt)
{
  TernMessageRecord *record = g_new0 (TernMessageRecord, 1);

  record->id = sqlite3_column_int64 (stmt, 0);
  record->message = sqlite3_column_int64 (stmt, 1);
  record->folder = sqlite3_column_int64 (stmt, 2);
  record->sort_key = sqlite3_column_int64 (stmt, 4);
  record->flags = sqlite3_column_int (stmt, 5);
  record->hidden = sqlite3_column_int (stmt, 6);
  record->pending = sqlite3_column_int (stmt, 7) > 0;
  record->account = sqlite3_column_int64 (stmt, 10);
  record->thread = sqlite3_column_int64 (stmt, 11);
  record->body_state = sqlite3_column_int (stmt, 16);
  record->facts = take_facts (stmt);
  return record;
}

void
tern_message_record_free (TernMessageRecord *self)
{
  if (self == NULL)
    return;
  tern_message_facts_unref (self->facts);
  g_free (self);
}
