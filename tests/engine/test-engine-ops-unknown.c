/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops-world.h"
#include "tern-store-locations-private.h"

/* Operations on messages of which nobody knows where the server has them. */

/* A message that a sync has to find anew, as after an operation whose answer named no UID. */
static TernId
add_unknown (World *self, guint uid)
{
  TernId id = store_add (self->store, self->store->inbox, uid, uid, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (self->store);
  g_autoptr (TernLocation) before = tern_location_load (tern_txn_db (txn), id, NULL);
  g_autoptr (TernLocation) now = tern_location_copy (before);

  now->uid = 0;
  now->rematch = TERN_REMATCH_WAITING;
  g_assert_true (tern_location_update (txn, before, now, NULL));
  store_commit (self->store);
  return id;
}

/* Nobody knows where the message is while its folder is being listed: nothing is confirmed, and
 * when it has gone on for too long the person is told. */
static void
test_unknown_waits (void)
{
  World world;
  TernId id;
  TernId op;

  world_init (&world);
  id = add_unknown (&world, 7);
  op = world_flag (&world, &id, 1);
  world_set_attempts (&world, op, 7);
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  tern_test_wait_until (world_state_of (&world, op) != TERN_OP_PENDING);
  g_assert_cmpint (world_state_of (&world, op), ==, TERN_OP_STUCK);
  g_assert_cmpuint (world.remote->ops->len, ==, 0);
  g_assert_cmpuint (world.syncs_wanted, >, 0);
  g_assert_cmpuint (world.notes->len, ==, 1);
  store_verify (world.store);
  world_clear (&world);
}

/* The folder is listed and it was not there: the person is told, the change is taken back. */
static void
test_unknown_refused (void)
{
  World world;
  TernId id;
  TernId op;

  world_init (&world);
  id = add_unknown (&world, 7);
  op = world_flag (&world, &id, 1);
  world_set_attempts (&world, op, 5);
  TernTxn *txn = store_begin (world.store);
  g_assert_true (tern_txn_set_sync_state (txn, world.store->inbox, 1, 100, 0, 1, NULL));
  g_assert_true (tern_txn_set_remote_counts (txn, world.store->inbox, 0, 0, TRUE, NULL));
  store_commit (world.store);
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  tern_test_wait_until (world_state_of (&world, op) != TERN_OP_PENDING);
  g_assert_cmpint (world_state_of (&world, op), ==, TERN_OP_REFUSED);
  g_assert_cmpuint (world.notes->len, ==, 1);
  g_assert_cmpuint (world.remote->ops->len, ==, 0);
  g_autoptr (TernMessageRecord) record = store_message (world.store, id);
  g_assert_cmpint (record->flags & TERN_FLAG_FLAGGED, ==, 0);
  store_verify (world.store);
  world_clear (&world);
}

/* The listing that the last try asked for was over within the same second. */
static void
test_unknown_listed_at_once (void)
{
  World world;
  TernId id;
  TernId op;
  gint64 last_try = g_get_real_time () / 1000 - 20 * 1000;
  g_autofree char *checked = g_strdup_printf (
      "UPDATE folder SET checked = %" G_GINT64_FORMAT ", backfill = 1", last_try / 1000);

  world_init (&world);
  id = add_unknown (&world, 7);
  op = world_flag (&world, &id, 1);
  world_set_attempts (&world, op, 4);
  TernTxn *txn = store_begin (world.store);
  g_assert_true (tern_txn_op_later (txn, op, last_try + 16 * 1000, FALSE, NULL, NULL));
  g_assert_true (tern_db_exec (tern_txn_db (txn), checked, NULL));
  store_commit (world.store);
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  tern_test_wait_until (world_state_of (&world, op) == TERN_OP_REFUSED);
  g_assert_cmpuint (world.notes->len, ==, 1);
  store_verify (world.store);
  world_clear (&world);
}

/* A complete sync has ended without meeting @id. */
static void
miss (World *self, TernId id)
{
  g_autoptr (GArray) waiting = NULL;
  TernTxn *txn = store_begin (self->store);

  waiting = tern_read_waiting (tern_txn_reader (txn), self->store->inbox, NULL);
  g_assert_cmpuint (waiting->len, ==, 1);
  g_assert_cmpint (g_array_index (waiting, TernId, 0), ==, id);
  g_assert_true (tern_txn_end_waiting (txn, self->store->inbox, waiting, NULL));
  store_commit (self->store);
  tern_op_runner_wake (self->runner);
}

/* The sync that the first try asks for tells that the message is gone: nobody waits for another. */
static void
test_unknown_gone (void)
{
  World world;
  TernId id;
  TernId op;

  world_init (&world);
  id = add_unknown (&world, 7);
  op = world_flag (&world, &id, 1);
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  tern_test_wait_until (world.syncs_wanted == 1 && !tern_op_runner_is_busy (world.runner));
  miss (&world, id);
  tern_test_wait_until (world_state_of (&world, op) == TERN_OP_REFUSED);
  g_assert_cmpuint (world.syncs_wanted, ==, 1);
  g_assert_cmpuint (world.notes->len, ==, 1);
  g_assert_cmpuint (world.remote->ops->len, ==, 0);
  g_autoptr (TernMessageRecord) record = store_message (world.store, id);
  g_assert_cmpint (record->flags & TERN_FLAG_FLAGGED, ==, 0);
  store_verify (world.store);
  world_clear (&world);
}

/* What was to be deleted and is gone is what was wanted; what was to be moved cannot be. */
static void
test_unknown_gone_otherwise (void)
{
  World world;
  TernId ids[2];
  TernId op;

  world_init (&world);
  ids[0] = add_unknown (&world, 7);
  TernTxn *txn = store_begin (world.store);
  g_autoptr (GArray) made = tern_txn_op_expunge (txn, ids, 1, NULL);
  store_commit (world.store);
  g_assert_cmpuint (made->len, ==, 1);
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  tern_test_wait_until (world.syncs_wanted == 1 && !tern_op_runner_is_busy (world.runner));
  miss (&world, ids[0]);
  tern_test_wait_until (world_state_of (&world, g_array_index (made, TernId, 0))
                        == TERN_OP_CONFIRMED);
  g_assert_cmpuint (world.notes->len, ==, 0);
  ids[1] = add_unknown (&world, 8);
  op = world_move (&world, &ids[1], 1);
  tern_op_runner_wake (world.runner);
  tern_test_wait_until (world.syncs_wanted == 2 && !tern_op_runner_is_busy (world.runner));
  g_autofree char *sql =
      g_strdup_printf ("SELECT id FROM location WHERE stands_for = %" TERN_ID_FORMAT, ids[1]);
  miss (&world, store_sql (world.store, sql));
  tern_test_wait_until (world_state_of (&world, op) == TERN_OP_REFUSED);
  g_assert_cmpuint (world.notes->len, ==, 1);
  g_assert_cmpuint (world.remote->ops->len, ==, 0);
  store_verify (world.store);
  world_clear (&world);
}

/* One of two is known: it is sent and confirmed, and both are undone together. */
static void
test_unknown_apart (void)
{
  World world;
  TernId ids[2];
  TernId op;
  const TernRemoteOp *sent;
  gboolean undone;

  world_init (&world);
  ids[0] = store_add (world.store, world.store->inbox, 6, 6, TERN_FLAG_NONE);
  ids[1] = add_unknown (&world, 7);
  op = world_flag (&world, ids, 2);
  world_set_attempts (&world, op, 5);
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  sent = world_wait_sent (&world, 1);
  g_assert_cmpuint (sent->uids->len, ==, 1);
  g_assert_cmpuint (g_array_index (sent->uids, guint32, 0), ==, 6);
  world_answer_pair (&world, 0, 0);
  tern_test_wait_until (store_op_count (world.store, TERN_OP_CONFIRMED) == 1);
  g_assert_cmpint (world_state_of (&world, op), ==, TERN_OP_PENDING);
  g_autoptr (TernMessageRecord) waiting = store_message (world.store, ids[1]);
  g_assert_cmpint (waiting->flags & TERN_FLAG_FLAGGED, !=, 0);
  store_verify (world.store);
  TernTxn *txn = store_begin (world.store);
  g_assert_true (tern_txn_op_undo (txn, op, &undone, NULL));
  store_commit (world.store);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (TernMessageRecord) record = store_message (world.store, ids[i]);

      g_assert_cmpint (record->flags & TERN_FLAG_FLAGGED, ==, 0);
    }
  store_verify (world.store);
  world_clear (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/ops/unknown-waits", test_unknown_waits);
  g_test_add_func ("/engine/ops/unknown-refused", test_unknown_refused);
  g_test_add_func ("/engine/ops/unknown-listed-at-once", test_unknown_listed_at_once);
  g_test_add_func ("/engine/ops/unknown-gone", test_unknown_gone);
  g_test_add_func ("/engine/ops/unknown-gone-otherwise", test_unknown_gone_otherwise);
  g_test_add_func ("/engine/ops/unknown-apart", test_unknown_apart);
  return g_test_run ();
}
