/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "store-fixture.h"
#include "tern-store-ledger.h"

/* What a recovery carries over: each column of each table, and what the numbers in them mean. */

#define PAGE 4096

/* Of a closed one: the first page is gone; another copy of it is beside the database. The database
 * as it was before is kept as "before.db". */
static void
damage (StoreFixture *f)
{
  g_autofree char *path = store_path (f, "mail.db");
  g_autofree char *before = store_path (f, "before.db");
  g_autofree char *data = NULL;
  char junk[PAGE];
  gsize length;
  int fd;

  g_assert_true (g_file_get_contents (path, &data, &length, NULL));
  g_assert_true (g_file_set_contents (before, data, (gssize) length, NULL));
  memset (junk, 0xa5, sizeof junk);
  fd = open (path, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (pwrite (fd, junk, sizeof junk, 0), ==, sizeof junk);
  close (fd);
}

static void
recover (StoreFixture *f)
{
  GError *error = NULL;

  damage (f);
  g_assert_true (store_open (f, &error));
  g_assert_no_error (error);
  g_assert_cmpint (f->outcome, ==, TERN_STORE_RECOVERED);
  store_verify (f);
}

static TernId
first (GArray *ids)
{
  g_assert_cmpuint (ids->len, ==, 1);
  return g_array_index (ids, TernId, 0);
}

static TernOpRecord *
read_op (StoreFixture *f, TernId id)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  TernOpRecord *op = tern_read_op (reader, id, NULL);

  store_read_end (f);
  return op;
}

/* Operations on folders have no messages. */
static void
test_folder_operations (void)
{
  StoreFixture *f = store_fixture_new ();
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  TernId renamed = tern_txn_op_folder_rename (txn, f->archive, "Old", &error);
  g_assert_no_error (error);
  TernId subscribed = tern_txn_op_folder_subscribe (txn, f->trash, FALSE, &error);
  g_assert_no_error (error);
  g_assert_true (tern_txn_op_folder_running (txn, renamed, "Old", &error));
  store_commit (f);

  store_close (f);
  recover (f);
  g_autoptr (TernOpRecord) rename = read_op (f, renamed);
  g_assert_nonnull (rename);
  g_assert_cmpint (rename->kind, ==, TERN_OP_FOLDER_RENAME);
  g_assert_true (rename->begun);
  g_assert_cmpstr (rename->old_path, ==, "Archive");
  g_assert_cmpstr (rename->new_path, ==, "Old");
  g_assert_cmpstr (rename->remote_name, ==, "Old");
  g_autoptr (TernOpRecord) subscribe = read_op (f, subscribed);
  g_assert_nonnull (subscribe);
  store_fixture_free (f);
}

/* A number that was given to an operation is never given to another one, whether it is carried or
 * not: the ledger and people know operations by it. */
static void
test_numbers (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, 0);
  TernId last = 0;

  for (guint i = 0; i < 3; i++)
    {
      TernTxn *txn = store_begin (f);
      g_autoptr (GArray) made =
          tern_txn_op_flags (txn, &id, 1, i % 2 == 0 ? TERN_FLAG_SEEN : 0,
                             i % 2 == 0 ? 0 : TERN_FLAG_SEEN, NULL, NULL, NULL);
      last = first (made);
      g_assert_true (tern_txn_op_running (txn, last, NULL));
      g_assert_true (tern_txn_op_confirmed (txn, last, NULL, NULL));
      store_commit (f);
    }
  store_close (f);
  recover (f);
  TernId again = store_add (f, f->inbox, 1, 1, 0);
  g_assert_cmpint (again, >, id);
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) made =
      tern_txn_op_flags (txn, &again, 1, TERN_FLAG_FLAGGED, 0, NULL, NULL, NULL);
  store_commit (f);
  g_assert_cmpint (first (made), >, last);
  store_fixture_free (f);
}

/* What waits for its uid is met by the next sync, and not doubled. */
static void
test_waiting (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autoptr (TernMessageFacts) facts = store_facts (0, 1, TERN_FLAG_SEEN);
  TernTxn *txn = store_begin (f);
  TernId id = tern_txn_add_local_message (txn, f->archive, facts, NULL);
  TernId op = tern_txn_op_append (txn, id, NULL);
  g_assert_true (tern_txn_op_running (txn, op, NULL));
  store_commit (f);

  store_close (f);
  recover (f);
  g_assert_cmpint (store_add (f, f->archive, 30, 1, TERN_FLAG_SEEN), ==, id);
  store_fixture_free (f);
}

/* What a sync does when it meets a folder. */
static void
meet (StoreFixture *f, TernId folder, guint32 uidvalidity)
{
  TernTxn *txn = store_begin (f);
  g_autoptr (TernFolderRecord) record = tern_read_folder (tern_txn_reader (txn), folder, NULL);

  if (record->uidvalidity != 0 && record->uidvalidity != uidvalidity)
    g_assert_true (tern_txn_begin_rematch (txn, folder, NULL));
  g_assert_true (tern_txn_set_sync_state (txn, folder, uidvalidity, 0, 0, 0, NULL));
  store_commit (f);
}

static guint32
uid_of (StoreFixture *f, TernId op)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (GArray) subjects = tern_read_op_subjects (reader, op, NULL);

  store_read_end (f);
  g_assert_cmpuint (subjects->len, ==, 1);
  return g_array_index (subjects, TernOpSubject, 0).uid;
}

/* What waits to be done to a message is done to no other one that has its uid now. */
static void
test_renumbered (gconstpointer renumbered)
{
  StoreFixture *f = store_fixture_new ();
  TernId gone = store_add (f, f->inbox, 5, 1, TERN_FLAG_NONE);
  TernId moved = store_add (f, f->inbox, 6, 2, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) expunge = tern_txn_op_expunge (txn, &gone, 1, NULL);
  g_autoptr (GArray) move = tern_txn_op_move (txn, &moved, 1, f->archive, NULL);
  gboolean same = renumbered == NULL;

  g_assert_true (tern_txn_set_sync_state (txn, f->inbox, 77, 7, 0, 1, NULL));
  store_commit (f);
  store_close (f);
  recover (f);
  meet (f, f->inbox, same ? 77 : 78);
  g_assert_cmpuint (uid_of (f, first (expunge)), ==, same ? 5 : 0);
  g_assert_cmpuint (uid_of (f, first (move)), ==, same ? 6 : 0);
  if (!same)
    {
      TernId other = store_add (f, f->inbox, 5, 3, TERN_FLAG_NONE);

      g_assert_cmpint (other, !=, gone);
      g_assert_cmpuint (uid_of (f, first (expunge)), ==, 0);
      g_assert_cmpint (store_add (f, f->inbox, 8, 1, TERN_FLAG_NONE), ==, gone);
      g_assert_cmpuint (uid_of (f, first (expunge)), ==, 8);
    }
  store_fixture_free (f);
}

/* Column by column */

/* Why a table is not compared. */
static const char *const left_tables[] = {
  "merged",          /* threads are joined anew when the headers come */
  "reference",       /* likewise; made of the messages that are carried */
  "sqlite_sequence", /* no table of ours: see test_numbers() */
  "sqlite_stat1",    /* SQLite's own: guesses for its planner */
  "sqlite_stat4",    /* likewise */
  "state",           /* counters; they go on */
  NULL,
};

/* Why a column is not. */
static const char *const left_columns[] = {
  /* All messages are listed anew, so nothing is known of what the server has. */
  "folder.uidnext",
  "folder.modseq",
  "folder.backfill",
  "folder.remote_total",
  "folder.remote_unread",
  "folder.checked",
  "folder.compare_tried",
  "folder.compared",
  "folder.compared_remote",
  "folder.compared_here",
  /* Counted anew. */
  "folder.total",
  "folder.unread",
  "location.ops",
  NULL,
};

/* Each table has a row, and what can be set by hand afterwards is. */
static void
fill (StoreFixture *f)
{
  TernId a = store_add (f, f->inbox, 1, 1, TERN_FLAG_SEEN);
  TernId b = store_add (f, f->inbox, 2, 2, TERN_FLAG_SEEN);
  g_autoptr (GBytes) body = g_bytes_new_static ("Subject: x\r\n\r\nbody\r\n", 20);
  g_autoptr (GPtrArray) recipients =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_recipient_free);
  g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));
  TernOutboxRecord outbox = { .account = f->account, .state = TERN_OUTBOX_QUEUED };
  guint32 uid = 3;
  GError *error = NULL;

  store_add (f, f->inbox, uid, 3, TERN_FLAG_SEEN);
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) moved = tern_txn_op_move (txn, &a, 1, f->archive, &error);
  g_assert_no_error (error);
  g_assert_true (tern_txn_op_running (txn, first (moved), &error));
  g_autoptr (GArray) copied = tern_txn_op_copy (txn, &b, 1, f->trash, &error);
  g_assert_no_error (error);
  g_assert_true (tern_txn_op_running (txn, first (copied), &error));
  g_assert_true (tern_txn_put_body (txn, a, "1", body, TRUE, &error));
  g_autofree char *hash = tern_txn_put_loose_body (txn, body, &error);
  for (guint i = 0; i < 2; i++)
    {
      TernRecipient *recipient = g_new0 (TernRecipient, 1);

      recipient->address = g_strdup_printf ("bob%u@example.net", i);
      recipient->state = TERN_OUTBOX_QUEUED;
      g_ptr_array_add (recipients, recipient);
    }
  outbox.message_id = (char *) "out@example.org";
  outbox.from = (char *) "ann@example.org";
  outbox.subject = (char *) "Waiting";
  outbox.body_hash = hash;
  outbox.recipients = recipients;
  g_assert_cmpint (tern_txn_outbox_add (txn, &outbox, &error), >, 0);
  g_array_append_val (uids, uid);
  g_assert_true (tern_txn_remove_uids (txn, f->inbox, uids, &error));
  g_assert_no_error (error);
  store_commit (f);
  g_autofree char *saved = store_sql_text (
      f, "INSERT INTO saved_body VALUES (77, 78, '2', 'beef', 2, 79) RETURNING hash", 0);
  g_assert_nonnull (saved);
}

static sqlite3 *
open_both (StoreFixture *f)
{
  g_autofree char *path = store_path (f, "mail.db");
  g_autofree char *before = store_path (f, "before.db");
  g_autofree char *attach = g_strdup_printf ("ATTACH '%s' AS old", before);
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, attach, NULL, NULL, NULL), ==, SQLITE_OK);
  return db;
}

/* Of the first column, as text. */
static GPtrArray *
list (sqlite3 *db, const char *sql)
{
  GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);
  sqlite3_stmt *stmt = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (db));
  while (sqlite3_step (stmt) == SQLITE_ROW)
    g_ptr_array_add (texts, g_strdup ((const char *) sqlite3_column_text (stmt, 0)));
  if (sqlite3_finalize (stmt) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (db));
  return texts;
}

static gint64
number (sqlite3 *db, const char *sql)
{
  g_autoptr (GPtrArray) texts = list (db, sql);

  g_assert_cmpuint (texts->len, ==, 1);
  return g_ascii_strtoll (g_ptr_array_index (texts, 0), NULL, 10);
}

static GPtrArray *
list_columns (sqlite3 *db, const char *table, const char *which)
{
  g_autofree char *sql =
      g_strdup_printf ("SELECT name FROM pragma_table_info ('%s') WHERE %s", table, which);

  return list (db, sql);
}

static GPtrArray *
list_tables (sqlite3 *db)
{
  return list (db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
}

/* A column that has nothing but its default in all rows would tell nothing. */
static void
set_columns (StoreFixture *f)
{
  g_autofree char *path = store_path (f, "mail.db");
  sqlite3 *db = NULL;
  g_autoptr (GPtrArray) tables = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  tables = list_tables (db);
  for (guint i = 0; i < tables->len; i++)
    {
      const char *table = g_ptr_array_index (tables, i);
      g_autoptr (GPtrArray) columns = list_columns (db, table, "pk = 0");

      if (g_strv_contains (left_tables, table))
        continue;
      for (guint j = 0; j < columns->len; j++)
        {
          const char *column = g_ptr_array_index (columns, j);
          g_autofree char *sql = g_strdup_printf (
              "UPDATE %s SET %s = (SELECT CASE type WHEN 'TEXT' THEN 'set' ELSE 7 END"
              " FROM pragma_table_info ('%s') WHERE name = '%s')"
              " WHERE NOT EXISTS (SELECT 1 FROM %s WHERE %s NOT IN (0, -1, ''))",
              table, column, table, column, table, column);
          char *problem = NULL;

          if (sqlite3_exec (db, sql, NULL, NULL, &problem) != SQLITE_OK)
            g_error ("%s: %s", sql, problem);
        }
    }
  sqlite3_close (db);
}

static void
compare_column (sqlite3 *db, const char *table, const char *column, const char *join)
{
  g_autofree char *differ =
      g_strdup_printf ("SELECT count (*) FROM main.%s n JOIN old.%s o ON %s WHERE n.%s IS NOT o.%s",
                       table, table, join, column, column);
  g_autofree char *same = g_strdup_printf (
      "SELECT count (*) FROM main.%s n JOIN old.%s o ON %s WHERE o.%s NOT IN (0, -1, '')", table,
      table, join, column);

  if (number (db, differ) > 0)
    g_error ("%s.%s is not what it was; what is left out is named in left_columns", table, column);
  if (number (db, same) == 0)
    g_error ("no row of %s that was carried has a %s", table, column);
}

static void
compare_table (sqlite3 *db, const char *table)
{
  g_autoptr (GPtrArray) keys = list_columns (db, table, "pk > 0");
  g_autoptr (GPtrArray) columns = list_columns (db, table, "1");
  g_autoptr (GString) join = g_string_new ("1");

  for (guint i = 0; i < keys->len; i++)
    g_string_append_printf (join, " AND n.%s = o.%s", (char *) g_ptr_array_index (keys, i),
                            (char *) g_ptr_array_index (keys, i));
  for (guint i = 0; i < columns->len; i++)
    {
      const char *column = g_ptr_array_index (columns, i);
      g_autofree char *name = g_strdup_printf ("%s.%s", table, column);

      if (!g_strv_contains (left_columns, name))
        compare_column (db, table, column, join->str);
    }
}

/* Fails when a later version has a column or a table that a recovery forgets. */
static void
test_columns (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autoptr (GPtrArray) tables = NULL;
  sqlite3 *db;

  fill (f);
  store_close (f);
  set_columns (f);
  recover (f);
  db = open_both (f);
  tables = list_tables (db);
  g_assert_cmpuint (tables->len, >, 10);
  for (guint i = 0; i < tables->len; i++)
    if (!g_strv_contains (left_tables, g_ptr_array_index (tables, i)))
      compare_table (db, g_ptr_array_index (tables, i));
  sqlite3_close (db);
  store_fixture_free (f);
}

/* A newer version has changed the schema since the copy of the first page was made: what lies on
 * other pages now is found. */
static void
test_newer_schema (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autofree char *words = g_strnfill (3000, 'x');
  g_autofree char *alter =
      g_strdup_printf ("ALTER TABLE folder ADD COLUMN later TEXT DEFAULT '%s'", words);

  fill (f);
  store_close (f);
  g_free (store_sql_text (f, alter, 0));
  g_assert_true (store_open (f, NULL));
  store_close (f);
  recover (f);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM op"), ==, 2);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM outbox_recipient"), ==, 2);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM ledger"), >, 0);
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/recover/folder-operations", test_folder_operations);
  g_test_add_func ("/store/recover/numbers", test_numbers);
  g_test_add_func ("/store/recover/waiting", test_waiting);
  g_test_add_data_func ("/store/recover/same-epoch", NULL, test_renumbered);
  g_test_add_data_func ("/store/recover/renumbered", "", test_renumbered);
  g_test_add_func ("/store/recover/newer-schema", test_newer_schema);
  g_test_add_func ("/store/recover/columns", test_columns);
  return g_test_run ();
}
