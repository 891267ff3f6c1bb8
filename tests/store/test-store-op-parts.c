/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"

/*
 * Operations of which a part has another end than the rest.
 */

static TernId
move_all (StoreFixture *f, const TernId *ids, gsize n, TernId folder)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) ops = tern_txn_op_move (txn, ids, n, folder, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (ops->len, ==, 1);
  store_commit (f);
  return g_array_index (ops, TernId, 0);
}

static void
send (StoreFixture *f, TernId op)
{
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_op_running (txn, op, NULL));
  store_commit (f);
}

/* Of @op, @location alone is refused. */
static void
refuse_part (StoreFixture *f, TernId op, TernId location)
{
  g_autoptr (GArray) some = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_autoptr (GError) fault = tern_fault_new (TERN_FAULT_REFUSED, "no");
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  TernId part;

  g_array_append_val (some, location);
  part = tern_txn_op_split (txn, op, some, &error);
  g_assert_no_error (error);
  g_assert_true (tern_txn_op_refused (txn, part, fault, &error));
  g_assert_no_error (error);
  store_commit (f);
}

static TernOpState
state_of (StoreFixture *f, TernId op)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (TernOpRecord) record = tern_read_op (reader, op, NULL);

  store_read_end (f);
  return record->state;
}

/* What follows the refused part is refused with it, though it was made before the part was. */
static void
test_refused (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId ids[] = { store_add (f, f->inbox, 1, 1, 0), store_add (f, f->inbox, 2, 2, 0) };
  TernId op = move_all (f, ids, 2, f->archive);
  TernId after;
  g_autoptr (TernMessageRecord) record = NULL;

  send (f, op);
  after = move_all (f, ids, 1, f->trash);
  refuse_part (f, op, ids[0]);
  g_assert_cmpint (state_of (f, after), ==, TERN_OP_REFUSED);
  g_assert_cmpint (state_of (f, op), ==, TERN_OP_RUNNING);
  record = store_message (f, ids[0]);
  g_assert_cmpint (record->folder, ==, f->inbox);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM location WHERE folder IN"
                                 " (SELECT id FROM folder WHERE path = 'Trash')"),
                   ==, 0);
  store_verify (f);
  store_fixture_free (f);
}

/* An operation that is over while its answer is on the way has no parts; what the database made
 * last is none. */
static void
test_part_of_nothing (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId a = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernId b = store_add (f, f->inbox, 2, 2, TERN_FLAG_NONE);
  TernId over = move_all (f, &a, 1, f->archive);
  g_autoptr (GArray) some = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_autoptr (GError) no = tern_fault_new (TERN_FAULT_REFUSED, "no");
  GError *error = NULL;
  TernTxn *txn;

  send (f, over);
  txn = store_begin (f);
  g_assert_true (tern_txn_op_refused (txn, over, no, NULL));
  store_commit (f);
  move_all (f, &b, 1, f->archive);
  g_array_append_val (some, a);
  txn = store_begin (f);
  g_assert_cmpint (tern_txn_op_split (txn, over, some, &error), ==, 0);
  g_assert_no_error (error);
  g_assert_cmpint (tern_txn_op_split (txn, 999, some, &error), ==, 0);
  g_assert_no_error (error);
  store_commit (f);
  g_assert_cmpuint (store_op_count (f, TERN_OP_RUNNING), ==, 0);
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/op-parts/refused", test_refused);
  g_test_add_func ("/store/op-parts/part-of-nothing", test_part_of_nothing);
  return g_test_run ();
}
