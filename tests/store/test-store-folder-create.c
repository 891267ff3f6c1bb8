/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "folder-op-fixture.h"

/* Shown at once, kept by a listing that lacks it; what goes into it waits. */
static void
test_create (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId message = store_add (f, f->inbox, 1, 1, 0);
  TernId folder = 0;
  TernId op = folder_create (f, "New", "New", &folder);
  TernId moved = op_move (f, message, folder);

  folder_assert (f, folder, "New", "New");
  folder_end_listing (f, &f->inbox, 1);
  folder_assert (f, folder, "New", "New");
  g_assert_true (op_is_runnable (f, op));
  g_assert_false (op_is_runnable (f, moved));
  folder_run (f, op, "INBOX.New");
  store_reopen (f);
  g_assert_false (op_is_runnable (f, moved));
  op_confirm (f, op, 0, 0);
  folder_assert (f, folder, "New", "INBOX.New");
  g_assert_true (op_is_runnable (f, moved));
  store_verify (f);
  store_fixture_free (f);
}

/* Refused: not shown, and what was moved there is back; the operation is there to tell. */
static void
test_create_refused (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId message = store_add (f, f->inbox, 1, 1, 0);
  g_autoptr (TernMessageRecord) record = NULL;
  TernId folder = 0;
  TernId op = folder_create (f, "New", "New", &folder);

  op_move (f, message, folder);
  folder_run (f, op, "New");
  op_refuse (f, op);
  g_assert_true (folder_is_gone (f, folder));
  record = store_message (f, message);
  g_assert_cmpint (record->folder, ==, f->inbox);
  g_assert_cmpuint (store_op_count (f, TERN_OP_REFUSED), ==, 2);
  store_verify (f);
  store_fixture_free (f);
}

/* Refused, with mail in it that only this disk has: it is here to be seen, and to be moved on. */
static void
test_create_refused_with_mail (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId message = store_add (f, f->local, 0, 1, 0);
  TernId folder = 0;
  TernId op = folder_create (f, "New", "New", &folder);
  g_autoptr (TernMessageRecord) record = NULL;
  g_autoptr (GArray) made = NULL;
  g_autoptr (GArray) keys = NULL;
  TernReader *reader;
  TernTxn *txn = store_begin (f);
  TernId copy;

  made = tern_txn_op_copy (txn, &message, 1, folder, NULL);
  store_commit (f);
  g_assert_cmpuint (made->len, ==, 1);
  folder_run (f, op, "New");
  op_refuse (f, op);
  folder_assert (f, folder, "New", NULL);
  folder_end_listing (f, &f->inbox, 1);
  folder_assert (f, folder, "New", NULL);
  reader = store_read_begin (f, TERN_LANE_LIST);
  keys = tern_read_keys (reader, folder, TERN_FILTER_ALL, 0, NULL);
  store_read_end (f);
  g_assert_cmpuint (keys->len, ==, 1);
  copy = g_array_index (keys, TernListKey, 0).id;
  op_move (f, copy, f->archive);
  record = store_message (f, copy);
  g_assert_cmpint (record->folder, ==, f->archive);
  store_verify (f);
  store_fixture_free (f);
}

/* Where a folder was that is renamed, or deleted, without the server so far: another one, and what
 * is in it too. */
static void
test_create_in_place (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId old = folder_listed (f, "A", "A");
  TernId inner = folder_listed (f, "A/x", "A/x");
  TernId going = folder_listed (f, "D", "D");
  TernId ids[] = { f->inbox, f->archive, f->trash, old, inner, going };
  TernId new = 0, new_inner = 0, newer = 0;
  TernId renamed = folder_rename_to (f, old, "B");
  TernId deleted = folder_delete (f, going);
  TernId made = folder_create (f, "A", "A", &new);
  TernId made_inner = folder_create (f, "A/x", "A/x", &new_inner);
  TernId made_again = folder_create (f, "D", "D", &newer);

  g_assert_cmpint (new, !=, old);
  g_assert_cmpint (new_inner, !=, inner);
  g_assert_cmpint (newer, !=, going);
  /* The server's names still mean the old ones. */
  g_assert_cmpint (folder_listed (f, "A", "A"), ==, old);
  g_assert_cmpint (folder_listed (f, "D", "D"), ==, going);
  folder_end_listing (f, ids, G_N_ELEMENTS (ids));
  g_assert_true (folder_is_gone (f, going));
  g_assert_false (folder_is_gone (f, newer));
  g_assert_false (op_is_runnable (f, made));
  folder_run (f, renamed, "B");
  op_confirm (f, renamed, 0, 0);
  folder_run (f, deleted, NULL);
  op_confirm (f, deleted, 0, 0);
  folder_run (f, made, "A");
  op_confirm (f, made, 0, 0);
  folder_run (f, made_inner, "A/x");
  op_confirm (f, made_inner, 0, 0);
  folder_run (f, made_again, "D");
  op_confirm (f, made_again, 0, 0);
  folder_assert (f, old, "B", "B");
  folder_assert (f, inner, "B/x", "B/x");
  folder_assert (f, new, "A", "A");
  folder_assert (f, new_inner, "A/x", "A/x");
  folder_assert (f, newer, "D", "D");
  store_verify (f);
  store_fixture_free (f);
}

/* The old ones stay where they were: then there is no place for the new ones. */
static void
test_create_in_place_refused (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId old = folder_listed (f, "A", "A");
  TernId going = folder_listed (f, "D", "D");
  TernId new = 0, newer = 0;
  TernId renamed = folder_rename_to (f, old, "B");
  TernId deleted = folder_delete (f, going);
  TernId made = folder_create (f, "A", "A", &new);
  TernId made_again = folder_create (f, "D", "D", &newer);
  gboolean undone;
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_false (tern_txn_op_undo (txn, deleted, &undone, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
  g_clear_error (&error);
  store_rollback (f);
  folder_run (f, renamed, "B");
  op_refuse (f, renamed);
  folder_run (f, deleted, NULL);
  op_refuse (f, deleted);
  folder_assert (f, old, "A", "A");
  folder_assert (f, going, "D", "D");
  g_assert_true (folder_is_gone (f, new));
  g_assert_true (folder_is_gone (f, newer));
  g_assert_false (op_is_runnable (f, made));
  g_assert_false (op_is_runnable (f, made_again));
  g_assert_cmpuint (store_op_count (f, TERN_OP_REFUSED), ==, 4);
  store_verify (f);
  store_fixture_free (f);
}

/* What went from a listing by itself is not another folder. */
static void
test_create_lost (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId lost = folder_listed (f, "A", "A");
  TernId folder = 0;

  folder_end_listing (f, &f->inbox, 1);
  g_assert_true (folder_is_gone (f, lost));
  folder_create (f, "A", "A", &folder);
  g_assert_cmpint (folder, ==, lost);
  folder_assert (f, folder, "A", "A");
  store_fixture_free (f);
}

static void
test_create_undone (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = 0;
  TernId op = folder_create (f, "New", "New", &folder);

  g_assert_cmpint (folder_rename_to (f, folder, "Newer"), ==, op);
  folder_assert (f, folder, "Newer", "New");
  store_reopen (f);
  g_assert_true (op_undo (f, op));
  g_assert_true (folder_is_gone (f, folder));
  g_assert_cmpuint (store_op_count (f, TERN_OP_PENDING), ==, 0);
  /* On the server already: deleted there again. */
  op = folder_create (f, "New", "New", &folder);
  folder_run (f, op, "New");
  op_confirm (f, op, 0, 0);
  store_reopen (f);
  g_assert_false (op_undo (f, op));
  g_assert_true (folder_is_gone (f, folder));
  g_assert_cmpuint (store_op_count (f, TERN_OP_PENDING), ==, 1);
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/folder-ops/create", test_create);
  g_test_add_func ("/store/folder-ops/create-refused", test_create_refused);
  g_test_add_func ("/store/folder-ops/create-refused-with-mail", test_create_refused_with_mail);
  g_test_add_func ("/store/folder-ops/create-in-place", test_create_in_place);
  g_test_add_func ("/store/folder-ops/create-in-place-refused", test_create_in_place_refused);
  g_test_add_func ("/store/folder-ops/create-lost", test_create_lost);
  g_test_add_func ("/store/folder-ops/create-undone", test_create_undone);
  return g_test_run ();
}
