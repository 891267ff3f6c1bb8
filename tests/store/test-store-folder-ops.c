/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "folder-op-fixture.h"
#include "tern-fault.h"

/* Shown under the new name with what is below; the server's names follow when it has confirmed. */
static void
test_rename (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId parent = folder_listed (f, "Lists", "Lists");
  TernId child = folder_listed (f, "Lists/GTK", "Lists/GTK");
  TernId other = folder_listed (f, "Listserv", "Listserv");
  TernId message = store_add (f, child, 7, 1, 0);
  TernId ids[] = { f->inbox, f->archive, f->trash, parent, child, other };
  TernId op = folder_rename_to (f, parent, "Archive/Old");
  TernId moved;

  folder_assert (f, parent, "Archive/Old", "Lists");
  folder_assert (f, child, "Archive/Old/GTK", "Lists/GTK");
  folder_assert (f, other, "Listserv", "Listserv");
  /* The server still has it under the old name: nothing is shown otherwise for that. */
  g_assert_cmpint (folder_listed (f, "Lists/GTK", "Lists/GTK"), ==, child);
  folder_end_listing (f, ids, G_N_ELEMENTS (ids));
  folder_assert (f, child, "Archive/Old/GTK", "Lists/GTK");
  moved = op_move (f, message, f->inbox);
  g_assert_true (op_is_runnable (f, moved));
  folder_run (f, op, "Archive/Old");
  g_assert_false (op_is_runnable (f, moved));
  store_reopen (f);
  /* Renamed, but the answer was lost: the listing knows it by the new name already. */
  g_assert_cmpint (folder_listed (f, "Archive/Old", "Archive/Old"), ==, parent);
  g_assert_cmpint (folder_listed (f, "Archive/Old/GTK", "Archive/Old/GTK"), ==, child);
  op_confirm (f, op, 0, 0);
  folder_assert (f, parent, "Archive/Old", "Archive/Old");
  folder_assert (f, child, "Archive/Old/GTK", "Archive/Old/GTK");
  folder_assert (f, other, "Listserv", "Listserv");
  g_assert_true (op_is_runnable (f, moved));
  store_verify (f);
  store_fixture_free (f);
}

/* Two namespaces have the same path: what is only shown below it stays where it is; what is on its
 * way into it comes along. */
static void
test_same_path (void)
{
  StoreFixture *f = store_fixture_new ();
  TernFolderRecord record = folder_named (f, "team/news", "team/news");
  TernId own = folder_listed (f, "team", "INBOX/team");
  TernId child = folder_listed (f, "team/x", "INBOX/team/x");
  TernId without = folder_listed (f, "team/y", "team/y");
  TernId coming = folder_listed (f, "A", "INBOX/A");
  TernId with_it = folder_listed (f, "A/z", "INBOX/A/z");
  g_autoptr (TernFolderRecord) root = NULL;
  g_autoptr (GPtrArray) tree = NULL;
  const TernId expected[] = { own, coming, with_it, child };
  TernId shared;
  TernTxn *txn = store_begin (f);

  record.space = TERN_SPACE_SHARED;
  shared = tern_txn_put_folder (txn, &record, NULL);
  store_commit (f);
  folder_rename_to (f, coming, "team/A");
  root = store_folder (f, own);
  tree = tern_read_folder_tree (store_read_begin (f, TERN_LANE_LIST), root, NULL);
  store_read_end (f);
  g_assert_cmpuint (tree->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < tree->len; i++)
    g_assert_cmpint (((TernFolderRecord *) g_ptr_array_index (tree, i))->id, ==, expected[i]);
  folder_rename_to (f, own, "mine");
  folder_assert (f, child, "mine/x", "INBOX/team/x");
  folder_assert (f, with_it, "mine/A/z", "INBOX/A/z");
  folder_assert (f, without, "team/y", "team/y");
  folder_assert (f, shared, "team/news", "team/news");
  store_fixture_free (f);
}

static void
test_rename_folded (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = folder_listed (f, "A", "A");
  TernId op = folder_rename_to (f, folder, "B");

  g_assert_cmpint (folder_rename_to (f, folder, "C"), ==, op);
  g_assert_cmpuint (store_op_count (f, TERN_OP_PENDING), ==, 1);
  g_assert_cmpint (folder_rename_to (f, folder, "A"), ==, 0);
  g_assert_cmpuint (store_op_count (f, TERN_OP_PENDING), ==, 0);
  folder_assert (f, folder, "A", "A");
  store_fixture_free (f);
}

static void
test_rename_refused (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = folder_listed (f, "A", "A");
  TernId child = folder_listed (f, "A/x", "A/x");
  TernId op = folder_rename_to (f, folder, "B");
  TernId second;

  folder_run (f, op, "B");
  second = folder_rename_to (f, folder, "C");
  g_assert_cmpint (second, !=, op);
  g_assert_false (op_is_runnable (f, second));
  op_refuse (f, op);
  /* The second one stands for itself. */
  folder_assert (f, child, "C/x", "A/x");
  g_assert_true (op_is_runnable (f, second));
  folder_run (f, second, "C");
  op_refuse (f, second);
  folder_assert (f, folder, "A", "A");
  folder_assert (f, child, "A/x", "A/x");
  store_fixture_free (f);
}

/* A rename that an earlier version of the program had sent. */
static void
test_rename_migrated (void)
{
  static const char *const later[] = { "mailbox_id", "space", "rights", "rights_learned",
                                       "append_limit" };
  StoreFixture *f = store_fixture_new ();
  TernId folder = folder_listed (f, "A", "A");
  TernId child = folder_listed (f, "A/x", "A/x");
  TernId op = folder_rename_to (f, folder, "B");

  folder_run (f, op, "B");
  store_close (f);
  store_sql (f, "ALTER TABLE op DROP COLUMN old_name");
  store_sql (f, "ALTER TABLE op DROP COLUMN fault_code");
  store_sql (f, "ALTER TABLE op DROP COLUMN server_text");
  store_sql (f, "DROP INDEX message_email");
  store_sql (f, "DROP INDEX message_wordless");
  store_sql (f, "ALTER TABLE message DROP COLUMN email_id");
  store_sql (f, "ALTER TABLE location DROP COLUMN saved");
  store_sql (f, "ALTER TABLE location DROP COLUMN labels");
  for (gsize i = 0; i < G_N_ELEMENTS (later); i++)
    {
      g_autofree char *drop = g_strdup_printf ("ALTER TABLE folder DROP COLUMN %s", later[i]);

      store_sql (f, drop);
    }
  store_sql (f, "ALTER TABLE state DROP COLUMN op_gone");
  store_sql (f, "PRAGMA user_version = 5");
  g_assert_true (store_open (f, NULL));
  op_confirm (f, op, 0, 0);
  folder_assert (f, folder, "B", "B");
  folder_assert (f, child, "B/x", "B/x");
  store_fixture_free (f);
}

/* What takes @op back. */
static TernId
undoing (StoreFixture *f, TernId op)
{
  g_autoptr (GArray) ops = op_undoing (f, op);

  return ops->len == 1 ? g_array_index (ops, TernId, 0) : 0;
}

static gboolean
is_undone (StoreFixture *f, TernId op)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (TernOpRecord) record = tern_read_op (reader, op, NULL);

  store_read_end (f);
  return record->undone;
}

static void
test_rename_undone (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = folder_listed (f, "A", "A");
  TernId op = folder_rename_to (f, folder, "B");
  TernId back;

  store_reopen (f);
  g_assert_true (op_undo (f, op));
  folder_assert (f, folder, "A", "A");
  op = folder_rename_to (f, folder, "B");
  folder_run (f, op, "B");
  op_confirm (f, op, 0, 0);
  store_reopen (f);
  g_assert_false (op_undo (f, op));
  folder_assert (f, folder, "A", "B");
  /* It tells what it undid, and can be undone itself. */
  back = undoing (f, op);
  g_assert_cmpint (back, !=, 0);
  g_assert_true (is_undone (f, op));
  g_assert_true (op_undo (f, back));
  g_assert_false (is_undone (f, op));
  folder_assert (f, folder, "B", "B");
  store_fixture_free (f);
}

static void
assert_no_rename (StoreFixture *f, TernId folder, const char *path, TernFaultCode code)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_cmpint (tern_txn_op_folder_rename (txn, folder, path, &error), ==, 0);
  g_assert_error (error, TERN_FAULT, (int) code);
  g_clear_error (&error);
  store_rollback (f);
}

static void
test_rename_impossible (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = folder_listed (f, "A", "A");

  assert_no_rename (f, f->inbox, "B", TERN_FAULT_INVALID);
  assert_no_rename (f, folder, "Archive", TERN_FAULT_INVALID);
  assert_no_rename (f, folder, "A/B", TERN_FAULT_INVALID);
  assert_no_rename (f, folder, "Nowhere/B", TERN_FAULT_NOT_FOUND);
  folder_assert (f, folder, "A", "A");
  store_fixture_free (f);
}

/* Never with mail in it; not before the mail has left it on the server as well. */
static void
test_delete (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = folder_listed (f, "A", "A");
  TernId message = store_add (f, folder, 1, 1, 0);
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  g_autoptr (TernMessageRecord) record = NULL;
  TernId moved, op;

  g_assert_cmpint (tern_txn_op_folder_delete (txn, folder, &error), ==, 0);
  g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
  g_clear_error (&error);
  store_rollback (f);
  moved = op_move (f, message, f->trash);
  op = folder_delete (f, folder);
  g_assert_true (folder_is_gone (f, folder));
  g_assert_cmpint (folder_listed (f, "A", "A"), ==, folder);
  g_assert_true (folder_is_gone (f, folder));
  g_assert_false (op_is_runnable (f, op));
  op_confirm (f, moved, 0, 0);
  g_assert_true (op_is_runnable (f, op));
  folder_run (f, op, NULL);
  op_refuse (f, op);
  folder_assert (f, folder, "A", "A");
  op = folder_delete (f, folder);
  store_reopen (f);
  g_assert_true (op_undo (f, op));
  folder_assert (f, folder, "A", "A");
  op = folder_delete (f, folder);
  folder_run (f, op, NULL);
  op_confirm (f, op, 0, 0);
  g_assert_null (store_folder (f, folder));
  record = store_message (f, message);
  g_assert_cmpint (record->folder, ==, f->trash);
  store_verify (f);
  store_fixture_free (f);
}

/* The mail comes back with its folder, or not at all. */
static void
test_delete_undone (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = folder_listed (f, "A", "A");
  TernId message = store_add (f, folder, 1, 1, 0);
  TernId moved = op_move (f, message, f->trash);
  TernId op = folder_delete (f, folder);
  g_autoptr (TernMessageRecord) record = NULL;
  gboolean undone;
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_false (tern_txn_op_undo (txn, moved, &undone, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_clear_error (&error);
  store_rollback (f);
  op_confirm (f, moved, 0, 0);
  folder_run (f, op, NULL);
  txn = store_begin (f);
  g_assert_false (tern_txn_op_undo (txn, moved, &undone, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_clear_error (&error);
  store_rollback (f);
  record = store_message (f, message);
  g_assert_cmpint (record->folder, ==, f->trash);
  op_refuse (f, op);
  op = folder_delete (f, folder);
  g_assert_true (op_undo (f, op));
  g_assert_false (op_undo (f, moved));
  folder_assert (f, folder, "A", "A");
  tern_message_record_free (g_steal_pointer (&record));
  record = store_message (f, message);
  g_assert_cmpint (record->folder, ==, folder);
  store_verify (f);
  store_fixture_free (f);
}

/* However long it took to make them: what one verb did is undone together. */
static void
test_one_verb (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = folder_listed (f, "A", "A");
  TernId message = store_add (f, folder, 1, 1, 0);
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GArray) moves = NULL;
  g_autoptr (GArray) verb = NULL;
  TernTxn *txn = store_begin (f);

  moves = tern_txn_op_move (txn, &message, 1, f->trash, NULL);
  while (g_get_monotonic_time () < start + 100 * 1000)
    g_thread_yield ();
  g_assert_cmpint (tern_txn_op_folder_delete (txn, folder, NULL), !=, 0);
  store_commit (f);
  verb = op_undoable (f, NULL);
  g_assert_cmpuint (verb->len, ==, 2);
  store_fixture_free (f);
}

static void
assert_nothing_undoable (StoreFixture *f)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (op_undoable (f, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
}

/* What cannot be undone does not make the change before it the last one: neither while the server
 * is at it nor when nothing is left of it. */
static void
test_last_is_deleted (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = folder_listed (f, "A", "A");
  TernId moved = op_move (f, store_add (f, f->inbox, 1, 1, 0), f->archive);
  TernId inside = op_move (f, store_add (f, folder, 1, 2, 0), f->trash);
  TernId op = folder_delete (f, folder);
  g_autoptr (GArray) later = NULL;
  GError *error = NULL;
  gboolean undone;
  TernTxn *txn;

  op_confirm (f, moved, 0, 0);
  op_confirm (f, inside, 0, 0);
  folder_run (f, op, NULL);
  assert_nothing_undoable (f);
  op_confirm (f, op, 0, 0);
  g_assert_null (store_folder (f, folder));
  assert_nothing_undoable (f);
  store_reopen (f);
  assert_nothing_undoable (f);
  txn = store_begin (f);
  g_assert_false (tern_txn_op_undo (txn, op, &undone, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_clear_error (&error);
  store_rollback (f);
  moved = op_move (f, store_add (f, f->inbox, 2, 3, 0), f->archive);
  later = op_undoable (f, NULL);
  g_assert_cmpuint (later->len, ==, 1);
  g_assert_cmpint (g_array_index (later, TernId, 0), ==, moved);
  store_fixture_free (f);
}

/* A folder that was made and taken back is no change any more. */
static void
test_last_is_taken_back (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId moved = op_move (f, store_add (f, f->inbox, 1, 1, 0), f->archive);
  TernId folder;
  TernId made = folder_create (f, "A", "A", &folder);
  g_autoptr (GArray) found = NULL;

  op_confirm (f, moved, 0, 0);
  folder_run (f, made, "A");
  op_confirm (f, made, 0, 0);
  g_assert_false (op_undo (f, made));
  folder_run (f, undoing (f, made), NULL);
  op_confirm (f, undoing (f, made), 0, 0);
  g_assert_null (store_folder (f, folder));
  found = op_undoable (f, NULL);
  g_assert_cmpuint (found->len, ==, 1);
  g_assert_cmpint (g_array_index (found, TernId, 0), ==, moved);
  store_fixture_free (f);
}

static void
test_subscribe (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = folder_listed (f, "A", "A");
  g_autoptr (TernFolderRecord) record = NULL;
  TernTxn *txn = store_begin (f);
  TernId op = tern_txn_op_folder_subscribe (txn, folder, FALSE, NULL);

  store_commit (f);
  g_assert_cmpint (op, !=, 0);
  folder_listed (f, "A", "A");
  record = store_folder (f, folder);
  g_assert_false (record->subscribed);
  g_clear_pointer (&record, tern_folder_record_free);
  txn = store_begin (f);
  g_assert_cmpint (tern_txn_op_folder_subscribe (txn, folder, TRUE, NULL), ==, 0);
  store_commit (f);
  g_assert_cmpuint (store_op_count (f, TERN_OP_PENDING), ==, 0);
  txn = store_begin (f);
  op = tern_txn_op_folder_subscribe (txn, folder, FALSE, NULL);
  store_commit (f);
  folder_run (f, op, NULL);
  op_refuse (f, op);
  record = store_folder (f, folder);
  g_assert_true (record->subscribed);
  store_fixture_free (f);
}

/* Of two that concern each other the second waits, and its place follows the first one's. */
static void
test_order (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId a = folder_listed (f, "A", "A");
  TernId b = folder_listed (f, "B", "B");
  TernId into = folder_rename_to (f, b, "A/B");
  TernId away = folder_rename_to (f, a, "C");
  TernReader *reader;
  g_autoptr (TernOpRecord) op = NULL;

  folder_assert (f, b, "C/B", "B");
  g_assert_true (op_is_runnable (f, into));
  g_assert_false (op_is_runnable (f, away));
  reader = store_read_begin (f, TERN_LANE_SLOW);
  op = tern_read_op (reader, into, NULL);
  store_read_end (f);
  g_assert_cmpstr (op->new_path, ==, "C/B");
  folder_run (f, into, "A/B");
  op_confirm (f, into, 0, 0);
  folder_assert (f, b, "C/B", "A/B");
  folder_run (f, away, "C");
  op_confirm (f, away, 0, 0);
  folder_assert (f, a, "C", "C");
  folder_assert (f, b, "C/B", "C/B");
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/folder-ops/rename", test_rename);
  g_test_add_func ("/store/folder-ops/same-path", test_same_path);
  g_test_add_func ("/store/folder-ops/rename-folded", test_rename_folded);
  g_test_add_func ("/store/folder-ops/rename-refused", test_rename_refused);
  g_test_add_func ("/store/folder-ops/rename-migrated", test_rename_migrated);
  g_test_add_func ("/store/folder-ops/rename-undone", test_rename_undone);
  g_test_add_func ("/store/folder-ops/rename-impossible", test_rename_impossible);
  g_test_add_func ("/store/folder-ops/delete", test_delete);
  g_test_add_func ("/store/folder-ops/delete-undone", test_delete_undone);
  g_test_add_func ("/store/folder-ops/one-verb", test_one_verb);
  g_test_add_func ("/store/folder-ops/last-is-deleted", test_last_is_deleted);
  g_test_add_func ("/store/folder-ops/last-is-taken-back", test_last_is_taken_back);
  g_test_add_func ("/store/folder-ops/subscribe", test_subscribe);
  g_test_add_func ("/store/folder-ops/order", test_order);
  return g_test_run ();
}
