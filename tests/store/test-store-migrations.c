/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "migration-rows.h"
#include "op-fixture.h"

#include "tern-bodies-private.h"
#include "tern-db-private.h"
#include "tern-store-ledger.h"
#include "tern-store-schema-private.h"
#include "tern-store-threads-private.h"

/*
 * A database of every version that there was, with the rows that a program of that version has
 * written, is opened by this one: what is read is what was written, and it can be gone on with.
 */

static void
sql_thread_hash (sqlite3_context *context, int n, sqlite3_value **values)
{
  sqlite3_result_int64 (context, tern_thread_hash (sqlite3_value_int64 (values[0]),
                                                   (const char *) sqlite3_value_text (values[1])));
}

static gboolean
is_of (const MigrationPiece *piece, gint64 version)
{
  return piece->since <= version && (piece->until == 0 || version <= piece->until);
}

static TernDb *
open_db (StoreFixture *f)
{
  g_autofree char *path = store_path (f, "mail.db");
  GError *error = NULL;
  TernDb *db = tern_db_open (path, TERN_DB_WRITE, &error);

  g_assert_no_error (error);
  tern_db_exec (db, "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = 1", &error);
  g_assert_no_error (error);
  return db;
}

static void
write_rows (StoreFixture *f, gint64 version)
{
  g_autoptr (TernDb) db = open_db (f);
  GError *error = NULL;

  tern_schema_run_steps (db, 0, version, &error);
  g_assert_no_error (error);
  sqlite3_create_function (tern_db_get_handle (db), "thread_hash", 2, SQLITE_UTF8, NULL,
                           sql_thread_hash, NULL, NULL);
  /* A folder's row may come after those that name it. */
  tern_db_exec (db, "BEGIN; PRAGMA defer_foreign_keys = 1", &error);
  g_assert_no_error (error);
  for (const MigrationPiece *piece = migration_rows; piece->text != NULL; piece++)
    {
      if (is_of (piece, version))
        tern_db_exec (db, piece->text, &error);
      g_assert_no_error (error);
    }
  tern_db_exec (db, "COMMIT", &error);
  g_assert_no_error (error);
}

static void
write_bodies (StoreFixture *f)
{
  GError *error = NULL;
  g_autoptr (TernBodies) bodies = tern_bodies_open (f->dir, TRUE, &error);

  g_assert_no_error (error);
  for (const MigrationBody *body = migration_bodies; body->hash != NULL; body++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static (body->text, strlen (body->text));
      g_autoptr (TernPackedBody) packed = tern_packed_body_new (bytes);

      tern_bodies_put (bodies, packed, TRUE, &error);
      g_assert_no_error (error);
    }
  tern_bodies_commit (bodies, TRUE, &error);
  g_assert_no_error (error);
}

/* As a program of @version has left it. */
static StoreFixture *
fixture_of (gint64 version)
{
  StoreFixture *f = store_fixture_new_closed ();

  write_rows (f, version);
  write_bodies (f);
  return f;
}

/* What is read, in lines. */

static const char *
text_of (const char *text)
{
  return text != NULL ? text : "-";
}

static void
dump_folders (TernReader *reader, GString *out)
{
  g_autoptr (GPtrArray) uuids = tern_read_account_uuids (reader, NULL);
  g_autoptr (GPtrArray) folders = tern_read_folders (reader, 0, NULL);

  for (guint i = 0; i < uuids->len; i++)
    g_string_append_printf (out, "account %" TERN_ID_FORMAT " %s\n",
                            tern_read_account_id (reader, g_ptr_array_index (uuids, i), NULL),
                            (char *) g_ptr_array_index (uuids, i));
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);

      g_string_append_printf (
          out,
          "folder %d:%d %s | %s | %s %d role %d%s%s%s sync %u %u %d %u counts %d %d %d %d"
          " checked %d\n",
          (int) folder->account, (int) folder->id, folder->path, folder->name,
          text_of (folder->remote_name), folder->delimiter, folder->role,
          folder->subscribed ? " subscribed" : "", folder->selectable ? " selectable" : "",
          folder->gone ? " gone" : "", folder->uidvalidity, folder->uidnext, (int) folder->modseq,
          folder->backfill, (int) folder->total, (int) folder->unread, (int) folder->remote_total,
          (int) folder->remote_unread, (int) folder->checked);
      g_string_append_printf (out, "  compared %d %d %d %d id %s space %d rights %d limit %d\n",
                              (int) folder->compare_tried, (int) folder->compared,
                              (int) folder->compared_remote, (int) folder->compared_here,
                              text_of (folder->mailbox_id), folder->space, folder->rights,
                              (int) folder->append_limit);
    }
}

static void
dump_addresses (GString *out, const char *name, const GPtrArray *list)
{
  for (guint i = 0; i < list->len; i++)
    {
      const TernAddress *address = g_ptr_array_index (list, i);

      g_string_append_printf (out, " %s %s <%s>", name, address->name, address->address);
    }
}

static void
dump_part (GString *out, const TernPart *part)
{
  if (part == NULL)
    return;
  g_string_append_printf (out, " (%s %s/%s %s %s %s %d", part->section, part->type, part->subtype,
                          text_of (part->charset), text_of (part->filename),
                          text_of (part->disposition), (int) part->size);
  for (guint i = 0; part->children != NULL && i < part->children->len; i++)
    dump_part (out, g_ptr_array_index (part->children, i));
  g_string_append_c (out, ')');
}

static void
dump_bodies (TernReader *reader, GString *out, TernId location)
{
  g_auto (GStrv) sections = tern_read_body_sections (reader, location, NULL);

  for (guint i = 0; sections[i] != NULL; i++)
    {
      g_autoptr (GBytes) bytes = tern_read_body (reader, location, sections[i], NULL);
      g_autofree char *text = NULL;
      g_autofree char *escaped = NULL;

      g_assert_nonnull (bytes);
      text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      escaped = g_strescape (text, NULL);
      g_string_append_printf (out, "  body \"%s\" %s\n", sections[i], escaped);
    }
}

static void
dump_message (TernReader *reader, GString *out, TernId location)
{
  g_autoptr (TernMessageRecord) record = tern_read_message (reader, location, NULL);
  g_autofree char *references = NULL;
  const TernMessageFacts *facts;
  TernId folder;
  guint32 uid;

  if (record == NULL)
    return;
  facts = record->facts;
  references = facts->references != NULL ? g_strjoinv (",", facts->references) : g_strdup ("-");
  uid = tern_read_uid (reader, location, &folder, NULL);
  g_string_append_printf (
      out, "message %d of %d in %d:%d thread %d key %d flags %d %s%s%s uid %u in %d\n",
      (int) record->id, (int) record->message, (int) record->account, (int) record->folder,
      (int) record->thread, (int) record->sort_key, record->flags, text_of (facts->keywords),
      record->pending ? " pending" : "", record->hidden ? " hidden" : "", uid, (int) folder);
  g_string_append_printf (out,
                          "  %s | %s | %s | %s | %s size %d received %d date %d %d body %d"
                          " attachments %u",
                          facts->subject, text_of (facts->preview), text_of (facts->message_id),
                          text_of (facts->in_reply_to), references, (int) facts->size,
                          (int) facts->received, (int) facts->date, facts->date_offset,
                          record->body_state, facts->attachments);
  dump_addresses (out, "from", facts->from);
  dump_addresses (out, "sender", facts->sender);
  dump_addresses (out, "reply-to", facts->reply_to);
  dump_addresses (out, "to", facts->to);
  dump_addresses (out, "cc", facts->cc);
  dump_addresses (out, "bcc", facts->bcc);
  dump_part (out, facts->structure);
  g_string_append_c (out, '\n');
  dump_bodies (reader, out, location);
}

static void
dump_keys (TernReader *reader, GString *out, TernId folder, TernFilter filter)
{
  g_autoptr (GArray) keys = tern_read_keys (reader, folder, filter, 0, NULL);

  for (guint i = 0; i < keys->len; i++)
    g_string_append_printf (out, " %d", (int) g_array_index (keys, TernListKey, i).id);
}

static void
dump_lists (TernReader *reader, GString *out)
{
  for (TernId folder = 1; folder < 10; folder++)
    {
      g_autoptr (GArray) waiting = tern_read_waiting (reader, folder, NULL);

      g_string_append_printf (out, "list %d:", (int) folder);
      dump_keys (reader, out, folder, TERN_FILTER_ALL);
      g_string_append (out, " unread:");
      dump_keys (reader, out, folder, TERN_FILTER_UNREAD);
      g_string_append (out, " flagged:");
      dump_keys (reader, out, folder, TERN_FILTER_FLAGGED);
      g_string_append_printf (out, " waiting: %u\n", waiting->len);
    }
}

static void
dump_ids (GString *out, const char *name, GArray *ids)
{
  g_string_append (out, name);
  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf (out, " %d", (int) g_array_index (ids, TernId, i));
  g_string_append_c (out, '\n');
}

static void
dump_op (TernReader *reader, GString *out, const TernOpRecord *op)
{
  g_autoptr (GArray) subjects = tern_read_op_subjects (reader, op->id, NULL);

  g_string_append_printf (
      out,
      "op %d kind %d state %d from %d to %d +%d -%d %s %s attempts %u at %" G_GINT64_FORMAT " %s\n",
      (int) op->id, op->kind, op->state, (int) op->source, (int) op->target, op->add, op->remove,
      text_of (op->add_keywords), text_of (op->remove_keywords), op->attempts, op->not_before,
      text_of (op->fault));
  g_string_append_printf (out, "  begun %d target %u %u part of %d undone %d undoes %d", op->begun,
                          op->target_uidvalidity, op->target_uidnext, (int) op->part_of, op->undone,
                          (int) op->undoes);
  g_string_append_printf (out, " %s %s %s %s\n ", text_of (op->old_path), text_of (op->new_path),
                          text_of (op->remote_name), text_of (op->old_name));
  for (guint i = 0; i < subjects->len; i++)
    {
      const TernOpSubject *subject = &g_array_index (subjects, TernOpSubject, i);

      g_string_append_printf (out, " %d uid %u%s", (int) subject->location, subject->uid,
                              subject->gone ? " gone" : "");
    }
  g_string_append_c (out, '\n');
}

static void
dump_ops (TernReader *reader, GString *out)
{
  g_autoptr (GPtrArray) ops = tern_read_ops (reader, 0, 0, NULL);
  g_autoptr (GPtrArray) runnable = tern_read_runnable_ops (reader, 1, G_MAXINT64, 100, NULL);

  for (guint i = ops->len; i > 0; i--)
    dump_op (reader, out, g_ptr_array_index (ops, i - 1));
  g_string_append (out, "runnable");
  for (guint i = 0; i < runnable->len; i++)
    g_string_append_printf (out, " %d",
                            (int) ((TernOpRecord *) g_ptr_array_index (runnable, i))->id);
  g_string_append_c (out, '\n');
}

static void
dump_outbox (TernReader *reader, GString *out)
{
  g_autoptr (GPtrArray) entries = tern_read_outbox (reader, 0, NULL);

  for (guint i = 0; i < entries->len; i++)
    {
      const TernOutboxRecord *entry = g_ptr_array_index (entries, i);
      g_autoptr (GBytes) body = tern_read_loose_body (reader, entry->body_hash, NULL);

      g_string_append_printf (
          out,
          "outbox %d:%d state %d %s %s | %s | draft %s reply %d %d size %d attempts %u at"
          " %" G_GINT64_FORMAT " queued %d %s %s body %d\n",
          (int) entry->account, (int) entry->id, entry->state, entry->message_id, entry->from,
          entry->subject, text_of (entry->draft), (int) entry->in_reply_to, entry->reply_flag,
          (int) entry->size, entry->attempts, entry->not_before, (int) entry->queued,
          text_of (entry->fault), text_of (entry->server_text), (int) g_bytes_get_size (body));
      for (guint j = 0; j < entry->recipients->len; j++)
        {
          const TernRecipient *recipient = g_ptr_array_index (entry->recipients, j);

          g_string_append_printf (out, "  to %s %d %s\n", recipient->address, recipient->state,
                                  text_of (recipient->server_text));
        }
    }
}

static void
dump_history (TernReader *reader, GString *out, TernId location)
{
  g_autoptr (TernHistory) history = tern_read_history (reader, location, NULL);

  if (history == NULL)
    return;
  g_string_append_printf (out, "history %d %s | %s | %s gone %d\n", (int) location, history->folder,
                          history->from, history->subject, (int) (history->gone / 1000));
  for (guint i = 0; i < history->entries->len; i++)
    {
      const TernLedgerEntry *entry = g_ptr_array_index (history->entries, i);

      g_string_append_printf (out, "  %d kind %d how %d op %d%s %s %s +%d %s saved %d\n",
                              (int) (entry->time / 1000), entry->kind, entry->how, (int) entry->op,
                              entry->unsent ? " unsent" : "", text_of (entry->source),
                              text_of (entry->target), entry->add, text_of (entry->add_keywords),
                              (int) entry->saved);
    }
}

static char *
dump (StoreFixture *f)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  GString *out = g_string_new (NULL);
  g_autoptr (GArray) wordless = tern_read_wordless (reader, 1, 10, NULL);
  g_autoptr (GArray) renaming = tern_read_renaming (reader, 1, NULL);
  g_autofree char *labels = tern_read_labels (reader, 1, NULL);
  g_autofree char *escaped = labels != NULL ? g_strescape (labels, NULL) : NULL;

  dump_folders (reader, out);
  dump_lists (reader, out);
  for (TernId location = 1; location <= 20; location++)
    dump_message (reader, out, location);
  g_string_append_printf (out, "labels %s\n", text_of (escaped));
  dump_ids (out, "wordless", wordless);
  dump_ops (reader, out);
  dump_ids (out, "renaming", renaming);
  dump_outbox (reader, out);
  dump_history (reader, out, 1);
  dump_history (reader, out, 3);
  dump_history (reader, out, 18);
  g_string_append_printf (out, "seq %" G_GINT64_FORMAT "\n", tern_read_change_seq (reader));
  store_read_end (f);
  return g_string_free (out, FALSE);
}

static void
assert_read (StoreFixture *f, gint64 version)
{
  g_autofree char *found = dump (f);
  g_auto (GStrv) lines = g_strsplit (found, "\n", -1);
  guint at = 0;

  for (const MigrationPiece *piece = migration_lines; piece->text != NULL; piece++)
    if (is_of (piece, version))
      {
        g_assert_nonnull (lines[at]);
        g_assert_cmpstr (lines[at], ==, piece->text);
        at++;
      }
  g_assert_cmpstr (lines[at], ==, "");
  g_assert_null (lines[at + 1]);
}

static void
assert_whole (StoreFixture *f)
{
  g_autofree char *integrity = store_sql_text (f, "PRAGMA integrity_check", 0);
  g_autofree char *foreign = store_sql_text (f, "PRAGMA foreign_key_check", 0);

  g_assert_cmpstr (integrity, ==, "ok");
  g_assert_cmpstr (foreign, ==, NULL);
  store_verify (f);
}

#define SCHEMA                                                                                    \
  "SELECT group_concat (type || ' ' || name || ' ' || tbl_name || ' ' || ifnull (sql, ''), '\n')" \
  " FROM (SELECT * FROM sqlite_master ORDER BY type, name)"

static void
test_read (gconstpointer data)
{
  gint64 version = GPOINTER_TO_INT (data);
  StoreFixture *f = fixture_of (version);
  StoreFixture *fresh = store_fixture_new ();
  g_autofree char *schema = NULL;
  g_autofree char *wanted = store_sql_text (fresh, SCHEMA, 0);
  GError *error = NULL;

  g_assert_cmpint (store_sql (f, "PRAGMA user_version"), ==, version);
  store_open (f, &error);
  g_assert_no_error (error);
  g_assert_cmpint (f->outcome, ==, TERN_STORE_OPENED);
  g_assert_cmpint (store_sql (f, "PRAGMA user_version"), ==, tern_schema_newest ());
  g_assert_cmpint (store_sql (f, "PRAGMA application_id"), ==, TERN_SCHEMA_APPLICATION_ID);
  schema = store_sql_text (f, SCHEMA, 0);
  g_assert_cmpstr (schema, ==, wanted);
  assert_read (f, version);
  assert_whole (f);
  store_reopen (f);
  assert_read (f, version);
  assert_whole (f);
  store_fixture_free (fresh);
  store_fixture_free (f);
}

/* Going on with it. */

static void
assert_at (StoreFixture *f, TernId location, TernId folder, guint32 uid, TernFlags flags)
{
  g_autoptr (TernMessageRecord) record = store_message (f, location);

  g_assert_nonnull (record);
  g_assert_cmpint (record->folder, ==, folder);
  g_assert_cmpuint (record->facts->uid, ==, uid);
  g_assert_cmpint (record->flags, ==, flags);
  g_assert_false (record->pending || record->hidden);
}

static TernId
add (StoreFixture *f, TernId folder, TernMessageFacts *facts)
{
  TernTxn *txn = store_begin (f);
  GError *error = NULL;
  TernId id = tern_txn_add_message (txn, folder, facts, FALSE, &error);

  g_assert_no_error (error);
  store_commit (f);
  return id;
}

/* A listing lacks the folder 8, again. */
static void
end_listing (StoreFixture *f)
{
  g_autoptr (GHashTable) kept = g_hash_table_new (NULL, NULL);
  TernTxn *txn = store_begin (f);
  GError *error = NULL;

  for (gsize folder = 1; folder < 8; folder++)
    g_hash_table_add (kept, GSIZE_TO_POINTER (folder));
  tern_txn_end_listing (txn, 1, kept, &error);
  g_assert_no_error (error);
  store_commit (f);
}

static void
finish_operations (StoreFixture *f, gint64 version)
{
  g_autoptr (TernFolderRecord) renamed = NULL;

  op_confirm (f, 1, 0, 0);
  assert_at (f, 3, 1, 13, TERN_FLAG_SEEN | TERN_FLAG_FLAGGED);
  op_confirm (f, 2, 14, 40);
  assert_at (f, 4, 2, 40, TERN_FLAG_SEEN);
  g_assert_null (store_message (f, 5));
  op_confirm (f, 3, 0, 50);
  assert_at (f, 6, 4, 50, TERN_FLAG_SEEN | TERN_FLAG_DRAFT);
  op_confirm (f, 5, 16, 41);
  assert_at (f, 8, 1, 16, TERN_FLAG_SEEN);
  assert_at (f, 9, 2, 41, TERN_FLAG_SEEN);
  op_confirm (f, 6, 0, 0);
  g_assert_null (store_message (f, 10));
  op_confirm (f, 7, 0, 0);
  assert_at (f, 14, 8, 3, TERN_FLAG_SEEN | TERN_FLAG_FLAGGED);
  if (version < 5)
    return;
  op_confirm (f, 11, 0, 0);
  renamed = store_folder (f, 6);
  g_assert_cmpstr (renamed->path, ==, "Lists/Gtk");
  g_assert_cmpstr (renamed->remote_name, ==, "Lists.Gtk");
}

static void
meet_messages (StoreFixture *f)
{
  g_autoptr (TernMessageFacts) reply = store_facts (17, 30, 0);
  g_autoptr (TernMessageFacts) known = store_facts (77, 11, TERN_FLAG_SEEN);
  g_autoptr (TernMessageFacts) saved = store_facts (18, 20, 0);
  g_autoptr (TernMessageRecord) record = NULL;
  g_autoptr (GBytes) body = NULL;
  TernReader *reader;

  /* No number is given twice, and threads go on. */
  reply->in_reply_to = g_strdup ("3@example.org");
  g_assert_cmpint (add (f, 1, reply), ==, 21);
  record = store_message (f, 21);
  g_assert_cmpint (record->thread, ==, 1);
  /* What was there before its folder was renumbered. */
  known->email_id = g_strdup ("E11");
  g_assert_cmpint (add (f, 6, known), ==, 13);
  /* What was saved of a damaged database. */
  g_assert_cmpint (add (f, 1, saved), ==, 22);
  reader = store_read_begin (f, TERN_LANE_LIST);
  body = tern_read_body (reader, 22, "", NULL);
  store_read_end (f);
  g_assert_nonnull (body);
}

static void
test_go_on (gconstpointer data)
{
  gint64 version = GPOINTER_TO_INT (data);
  StoreFixture *f = fixture_of (version);
  GError *error = NULL;

  store_open (f, &error);
  g_assert_no_error (error);
  finish_operations (f, version);
  meet_messages (f);
  assert_whole (f);
  /* With the part that was split off. */
  op_undo (f, 4);
  g_assert_cmpint (store_sql (f, "SELECT folder FROM location WHERE id = 7"), ==, 1);
  if (version >= 2)
    g_assert_cmpint (store_sql (f, "SELECT folder FROM location WHERE id = 16"), ==, 1);
  /* A day has not gone by since a listing had it. */
  end_listing (f);
  assert_at (f, 14, 8, 3, TERN_FLAG_SEEN | TERN_FLAG_FLAGGED);
  assert_whole (f);
  store_reopen (f);
  assert_whole (f);
  store_fixture_free (f);
}

/* A step is done as a whole or not at all, and can be done later. */
static void
test_step_fails (void)
{
  StoreFixture *f = fixture_of (6);
  g_autoptr (GError) error = NULL;

  store_sql (f, "CREATE INDEX message_email ON message (hash)");
  g_assert_false (store_open (f, &error));
  g_assert_nonnull (error);
  g_assert_cmpint (store_sql (f, "PRAGMA user_version"), ==, 6);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM pragma_table_info ('message')"
                                 " WHERE name = 'email_id'"),
                   ==, 0);
  g_clear_error (&error);
  store_sql (f, "DROP INDEX message_email");
  store_open (f, &error);
  g_assert_no_error (error);
  assert_read (f, 6);
  assert_whole (f);
  store_fixture_free (f);
}

static void
test_steps (void)
{
  gint64 newest = tern_schema_newest ();
  StoreFixture *f = store_fixture_new_closed ();

  for (gint64 version = 1; version <= newest; version++)
    {
      g_autoptr (TernDb) db = open_db (f);
      g_autofree char *schema = NULL;
      g_autofree char *checksum = NULL;
      GError *error = NULL;

      /* The newest one may still be in the making; then it has no checksum yet. */
      if (migration_checksums[version - 1] == NULL)
        {
          g_assert_cmpint (version, ==, newest);
          break;
        }
      tern_schema_run_steps (db, version - 1, version, &error);
      g_assert_no_error (error);
      g_clear_pointer (&db, tern_db_close);
      schema = store_sql_text (f, SCHEMA, 0);
      checksum = g_compute_checksum_for_string (G_CHECKSUM_MD5, schema, -1);
      g_test_message ("step %d: %s", (int) version, checksum);
      g_assert_cmpstr (checksum, ==, migration_checksums[version - 1]);
    }
  /* By these the threads of every version are found. */
  g_assert_cmpint (tern_thread_hash (1, "1@example.org"), ==,
                   G_GINT64_CONSTANT (7174475755917907923));
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (int version = 1; version <= tern_schema_newest (); version++)
    {
      g_autofree char *read = g_strdup_printf ("/store/migrations/%d/read", version);
      g_autofree char *go_on = g_strdup_printf ("/store/migrations/%d/go-on", version);

      g_test_add_data_func (read, GINT_TO_POINTER (version), test_read);
      g_test_add_data_func (go_on, GINT_TO_POINTER (version), test_go_on);
    }
  g_test_add_func ("/store/migrations/step-fails", test_step_fails);
  g_test_add_func ("/store/migrations/steps", test_steps);
  return g_test_run ();
}
