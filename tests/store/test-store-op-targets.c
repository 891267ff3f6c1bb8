/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"

/* What tells the copies that an operation has made from what was at its target before, and from
 * those of others. */

static TernId
start_move (StoreFixture *f, TernId location)
{
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) made = tern_txn_op_move (txn, &location, 1, f->archive, NULL);
  TernId op = g_array_index (made, TernId, 0);

  g_assert_true (tern_txn_op_running (txn, op, NULL));
  store_commit (f);
  return op;
}

static void
confirm (StoreFixture *f, TernId op, guint32 source, guint32 target)
{
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (TernUidPair));
  TernUidPair pair = { source, target };
  TernTxn *txn = store_begin (f);

  g_array_append_val (pairs, pair);
  g_assert_true (tern_txn_op_confirmed (txn, op, pairs, NULL));
  store_commit (f);
}

/* "100 101", and UIDNEXT as the operation knows it. */
static char *
taken (StoreFixture *f, TernId id, guint32 *next)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (TernOpRecord) op = tern_read_op (reader, id, NULL);
  g_autoptr (GArray) uids = tern_read_taken_uids (reader, op, NULL);
  g_autoptr (GString) text = g_string_new (NULL);

  store_read_end (f);
  for (guint i = 0; i < uids->len; i++)
    g_string_append_printf (text, "%s%u", i > 0 ? " " : "", g_array_index (uids, guint32, i));
  *next = op->target_uidnext;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
set_next (StoreFixture *f, guint32 next)
{
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_set_sync_state (txn, f->archive, 2, next, 0, 1, NULL));
  store_commit (f);
}

/* One after the other: the uid that the first one got is older than the second one. */
static void
test_next (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId a = store_add (f, f->inbox, 5, 1, TERN_FLAG_NONE);
  TernId b = store_add (f, f->inbox, 6, 1, TERN_FLAG_NONE);
  g_autofree char *none = NULL;
  guint32 next;

  set_next (f, 90);
  confirm (f, start_move (f, a), 5, 100);
  none = taken (f, start_move (f, b), &next);
  g_assert_cmpuint (next, ==, 101);
  g_assert_cmpstr (none, ==, "");
  store_fixture_free (f);
}

/* Both on their way: the uid that one gets is not the other one's, also when it goes on from
 * there. */
static void
test_taken (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId a = store_add (f, f->inbox, 5, 1, TERN_FLAG_NONE);
  TernId b = store_add (f, f->inbox, 6, 1, TERN_FLAG_NONE);
  g_autofree char *one = NULL;
  g_autofree char *still = NULL;
  g_autofree char *own = NULL;
  TernId first, second;
  TernTxn *txn;
  guint32 next;

  set_next (f, 90);
  first = start_move (f, a);
  second = start_move (f, b);
  confirm (f, first, 5, 100);
  /* Of somebody else: whose it is, a sync does not know. */
  store_add (f, f->archive, 101, 9, TERN_FLAG_NONE);
  one = taken (f, second, &next);
  g_assert_cmpuint (next, ==, 90);
  g_assert_cmpstr (one, ==, "100");
  txn = store_begin (f);
  g_autoptr (GArray) on = tern_txn_op_move (txn, &a, 1, f->trash, NULL);
  store_commit (f);
  still = taken (f, second, &next);
  g_assert_cmpstr (still, ==, "100");
  own = taken (f, first, &next);
  g_assert_cmpstr (own, ==, "");
  store_fixture_free (f);
}

static guint32
twins (StoreFixture *f, TernId id, TernId location)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (TernOpRecord) op = tern_read_op (reader, id, NULL);
  guint32 n = 0;

  g_assert_true (tern_read_twins (reader, op, location, &n, NULL));
  store_read_end (f);
  return n;
}

/* What is there counts, and neither what is its own nor what is still on its way. */
static void
test_twins (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId a = store_add (f, f->inbox, 5, 1, TERN_FLAG_NONE);
  TernId b = store_add (f, f->inbox, 6, 1, TERN_FLAG_NONE);
  TernId first, second;
  TernTxn *txn;

  store_add (f, f->archive, 80, 1, TERN_FLAG_NONE);
  store_add (f, f->archive, 81, 9, TERN_FLAG_NONE);
  set_next (f, 90);
  first = start_move (f, a);
  second = start_move (f, b);
  g_assert_cmpuint (twins (f, second, b), ==, 1);
  confirm (f, first, 5, 100);
  g_assert_cmpuint (twins (f, second, b), ==, 2);
  g_assert_cmpuint (twins (f, first, a), ==, 1);
  /* On its way from there, it is there still. */
  txn = store_begin (f);
  g_autoptr (GArray) on = tern_txn_op_move (txn, &a, 1, f->trash, NULL);
  store_commit (f);
  g_assert_cmpuint (twins (f, second, b), ==, 2);
  store_fixture_free (f);
}

/* A copy that a sync has met is known by its uid when the operation is tried again. */
static void
test_copy_met (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId a = store_add (f, f->inbox, 5, 1, TERN_FLAG_NONE);
  TernTxn *txn;
  TernReader *reader;

  set_next (f, 90);
  txn = store_begin (f);
  g_autoptr (GArray) made = tern_txn_op_copy (txn, &a, 1, f->archive, NULL);
  g_assert_true (tern_txn_op_running (txn, g_array_index (made, TernId, 0), NULL));
  store_commit (f);
  store_add (f, f->archive, 91, 1, TERN_FLAG_NONE);
  reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (GArray) subjects =
      tern_read_op_subjects (reader, g_array_index (made, TernId, 0), NULL);
  store_read_end (f);
  g_assert_cmpuint (subjects->len, ==, 1);
  g_assert_cmpuint (g_array_index (subjects, TernOpSubject, 0).uid, ==, 5);
  g_assert_cmpuint (g_array_index (subjects, TernOpSubject, 0).target_uid, ==, 91);
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/op-targets/next", test_next);
  g_test_add_func ("/store/op-targets/taken", test_taken);
  g_test_add_func ("/store/op-targets/twins", test_twins);
  g_test_add_func ("/store/op-targets/copy-met", test_copy_met);
  return g_test_run ();
}
