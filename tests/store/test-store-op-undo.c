/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "op-fixture.h"

/* Taking changes back. */

static void
test_undo (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernId op = op_flag (f, id, TERN_FLAG_SEEN, 0);

  g_assert_true (op_undo (f, op));
  g_assert_cmpint (op_flags_of (f, id), ==, TERN_FLAG_NONE);
  op_assert_runnable (f, 0, 0);
  op = op_move (f, id, f->archive);
  g_assert_true (op_undo (f, op));
  g_assert_cmpint (op_folder_of (f, id), ==, f->inbox);
  g_assert_cmpint (store_sql (f, "SELECT uid FROM location"), ==, 1);
  /* Sent: the opposite follows. */
  op = op_flag (f, id, TERN_FLAG_SEEN, 0);
  op_run (f, op);
  g_assert_false (op_undo (f, op));
  g_assert_cmpint (op_flags_of (f, id), ==, TERN_FLAG_NONE);
  op_confirm (f, op, 0, 0);
  g_assert_cmpint (op_flags_of (f, id), ==, TERN_FLAG_NONE);
  g_autoptr (GArray) reverse = op_runnable (f);
  g_assert_cmpuint (reverse->len, ==, 1);
  op_confirm (f, g_array_index (reverse, TernId, 0), 0, 0);
  op = op_move (f, id, f->archive);
  op_run (f, op);
  op_confirm (f, op, 1, 50);
  g_assert_false (op_undo (f, op));
  g_assert_cmpint (op_folder_of (f, id), ==, f->inbox);
  store_verify (f);
  store_fixture_free (f);
}

/* Takes @location out of @op, and the server has done that part. */
static TernId
split (StoreFixture *f, TernId op, TernId location, guint32 source, guint32 target)
{
  g_autoptr (GArray) some = g_array_new (FALSE, FALSE, sizeof (TernId));
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  TernId part;

  g_array_append_val (some, location);
  part = tern_txn_op_split (txn, op, some, &error);
  g_assert_no_error (error);
  store_commit (f);
  op_confirm (f, part, source, target);
  return part;
}

/* A part is no change of its own: it is undone with its whole, and comes back with it. */
static void
test_undo_split (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId ids[] = { store_add (f, f->inbox, 1, 1, 0), store_add (f, f->inbox, 2, 2, 0) };
  TernId op = op_move_two (f, ids);

  split (f, op, ids[0], 1, 20);
  g_autoptr (GArray) begun = op_undoable (f, NULL);
  g_assert_cmpuint (begun->len, ==, 1);
  g_assert_cmpint (g_array_index (begun, TernId, 0), ==, op);
  op_confirm (f, op, 2, 21);
  g_autoptr (GArray) last = op_undoable (f, NULL);
  g_assert_cmpuint (last->len, ==, 1);
  g_assert_cmpint (g_array_index (last, TernId, 0), ==, op);
  op_undo (f, op);
  g_assert_cmpint (op_folder_of (f, ids[0]), ==, f->inbox);
  g_assert_cmpint (op_folder_of (f, ids[1]), ==, f->inbox);
  g_autoptr (GArray) none = op_undoable (f, NULL);
  g_assert_cmpuint (none->len, ==, 0);
  g_autoptr (GArray) back = op_undoing (f, op);
  g_assert_cmpuint (back->len, ==, 2);
  op_confirm (f, g_array_index (back, TernId, 0), 20, 3);
  op_confirm (f, g_array_index (back, TernId, 1), 21, 4);
  for (guint i = 0; i < back->len; i++)
    op_undo (f, g_array_index (back, TernId, i));
  g_assert_cmpint (op_folder_of (f, ids[0]), ==, f->archive);
  g_assert_cmpint (op_folder_of (f, ids[1]), ==, f->archive);
  g_assert_cmpint (store_sql (f, "SELECT count(*) FROM op WHERE undoes = 0 AND undone"), ==, 0);
  store_verify (f);
  store_fixture_free (f);
}

/* What is split off after it was undone is as undone as the whole, until that is taken back. */
static void
test_undo_before_split (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId ids[] = { store_add (f, f->inbox, 1, 1, 0), store_add (f, f->inbox, 2, 2, 0) };
  TernId op = op_move_two (f, ids);

  op_undo (f, op);
  TernId part = split (f, op, ids[0], 1, 20);
  g_autoptr (GArray) none = op_undoable (f, NULL);
  g_assert_cmpuint (none->len, ==, 0);
  op_confirm (f, op, 2, 21);
  g_autoptr (GArray) back = op_undoing (f, op);
  g_assert_cmpuint (back->len, ==, 2);
  /* The way back comes in parts as well. */
  op_run (f, g_array_index (back, TernId, 0));
  TernId half = split (f, g_array_index (back, TernId, 0), ids[0], 20, 3);
  g_autofree char *sql =
      g_strdup_printf ("SELECT undoes FROM op WHERE id = %" TERN_ID_FORMAT, half);
  g_assert_cmpint (store_sql (f, sql), ==, op);
  g_autoptr (GArray) whole = op_undoing (f, op);
  g_assert_cmpuint (whole->len, ==, 2);
  for (guint i = 0; i < whole->len; i++)
    op_undo (f, g_array_index (whole, TernId, i));
  g_assert_cmpint (op_folder_of (f, ids[0]), ==, f->archive);
  g_assert_cmpint (op_folder_of (f, ids[1]), ==, f->archive);
  g_autoptr (TernOpRecord) record = NULL;
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  record = tern_read_op (reader, part, NULL);
  store_read_end (f);
  g_assert_false (record->undone);
  store_verify (f);
  store_fixture_free (f);
}

/* The server has refused the rest: what it has done of it can still be undone. */
static void
test_undo_rest (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId ids[] = { store_add (f, f->inbox, 1, 1, 0), store_add (f, f->inbox, 2, 2, 0) };
  TernId op = op_move_two (f, ids);
  TernId part = split (f, op, ids[0], 1, 20);

  op_refuse (f, op);
  g_autoptr (GArray) last = op_undoable (f, NULL);
  g_assert_cmpuint (last->len, ==, 1);
  g_assert_cmpint (g_array_index (last, TernId, 0), ==, part);
  op_undo (f, part);
  g_assert_cmpint (op_folder_of (f, ids[0]), ==, f->inbox);
  store_verify (f);
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/ops/undo", test_undo);
  g_test_add_func ("/store/ops/undo-split", test_undo_split);
  g_test_add_func ("/store/ops/undo-before-split", test_undo_before_split);
  g_test_add_func ("/store/ops/undo-rest", test_undo_rest);
  return g_test_run ();
}
