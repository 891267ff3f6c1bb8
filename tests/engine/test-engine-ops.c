/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops-world.h"
#include "tern-store-ledger.h"
#include "tern-store-private.h"

/*
 * What becomes of operations when a connection or a disk fails at the worst moment: the runner with
 * a server that answers when the test wants.
 */

/* NO to what was sent last; of it, @source (0: nothing) is at the target. */
static void
answer_no (World *self, guint32 source, guint32 target)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->remote->task);
  GArray *part = g_array_new (FALSE, FALSE, sizeof (TernUidPair));
  TernUidPair pair = { source, target };

  if (source != 0)
    g_array_append_val (part, pair);
  g_task_set_task_data (task, part, (GDestroyNotify) g_array_unref);
  g_task_return_error (task, tern_fault_new_server (TERN_FAULT_LIMIT, "full", "No room."));
}

/* OK to what was sent last: UID n is 1000 + n at the target. */
static void
answer_all (World *self, const TernRemoteOp *sent)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->remote->task);
  GArray *pairs = g_array_new (FALSE, FALSE, sizeof (TernUidPair));

  for (guint i = 0; i < sent->uids->len; i++)
    {
      TernUidPair pair = { g_array_index (sent->uids, guint32, i), 0 };

      pair.target = pair.source + 1000;
      g_array_append_val (pairs, pair);
    }
  g_task_return_pointer (task, pairs, (GDestroyNotify) g_array_unref);
}

static void
answer_refused (World *self, TernRefusal refusal)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->remote->task);

  self->remote->refusal = refusal;
  g_task_return_error (task, tern_fault_new_server (TERN_FAULT_RIGHTS, "[NOPERM] no", "no"));
}

/* COPY was done, then the connection broke, then the target was synced: the source is removed. */
static void
test_move_after_sync (void)
{
  World world;
  TernId id;
  TernId op;
  const TernRemoteOp *sent;

  world_init (&world);
  id = store_add (world.store, world.store->inbox, 7, 1, TERN_FLAG_NONE);
  op = world_move (&world, &id, 1);
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  world_wait_sent (&world, 1);
  world_answer_cut (&world);
  g_assert_cmpint (store_add (world.store, world.store->archive, 10, 1, TERN_FLAG_NONE), ==, id);
  TernTxn *txn = store_begin (world.store);
  g_assert_true (tern_txn_set_sync_state (txn, world.store->archive, 2, 11, 0, 1, NULL));
  store_commit (world.store);
  sent = world_wait_sent (&world, 2);
  g_assert_true (sent->check);
  g_assert_cmpuint (sent->uids->len, ==, 1);
  g_assert_cmpuint (g_array_index (sent->uids, guint32, 0), ==, 7);
  g_assert_cmpuint (g_array_index (sent->known, guint32, 0), ==, 10);
  g_assert_cmpuint (g_array_index (sent->sizes, guint32, 0), ==, 1001);
  g_assert_cmpuint (sent->target_uidvalidity, ==, 2);
  g_assert_cmpuint (sent->target_uidnext, ==, 10);
  world_answer_pair (&world, 7, 10);
  tern_test_wait_until (world_state_of (&world, op) == TERN_OP_CONFIRMED);
  store_verify (world.store);
  world_clear (&world);
}

/* What the target had before is not what was moved there. */
static void
test_move_old_copy (void)
{
  World world;
  TernId id;
  const TernRemoteOp *sent;

  world_init (&world);
  id = store_add (world.store, world.store->inbox, 7, 1, TERN_FLAG_NONE);
  world_move (&world, &id, 1);
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  world_wait_sent (&world, 1);
  world_answer_cut (&world);
  store_add (world.store, world.store->archive, 3, 1, TERN_FLAG_NONE);
  sent = world_wait_sent (&world, 2);
  g_assert_cmpuint (g_array_index (sent->uids, guint32, 0), ==, 7);
  g_assert_cmpuint (g_array_index (sent->known, guint32, 0), ==, 0);
  world_answer_pair (&world, 7, 10);
  world_clear (&world);
}

static TernRights
learned (World *self, TernId folder)
{
  g_autoptr (TernFolderRecord) record = store_folder (self->store, folder);

  g_assert_cmpint (record->rights & TERN_RIGHTS_LEARNED, !=, 0);
  return tern_rights_missing (record->rights, TERN_RIGHTS_ALL);
}

/* What is not allowed is learned from the change that was refused alone, not from what had to be
 * looked at before it; rights are asked for in any case. */
static void
test_refusals (void)
{
  static const struct
  {
    gboolean move;
    TernRefusal refusal;
    TernRights of_source;
  } cases[] = {
    { FALSE, TERN_REFUSAL_OTHER, TERN_RIGHTS_NONE },
    { FALSE, TERN_REFUSAL_CHANGE, TERN_RIGHT_WRITE },
    { TRUE, TERN_REFUSAL_CHANGE, TERN_RIGHTS_NONE },
    { TRUE, TERN_REFUSAL_REMOVE, TERN_RIGHTS_REMOVE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      World world;
      TernId id;
      TernId op;

      world_init (&world);
      id = store_add (world.store, world.store->inbox, 7, 1, TERN_FLAG_NONE);
      op = cases[i].move ? world_move (&world, &id, 1) : world_flag (&world, &id, 1);
      tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
      world_wait_sent (&world, 1);
      answer_refused (&world, cases[i].refusal);
      tern_test_wait_until (world_state_of (&world, op) == TERN_OP_REFUSED && world.doubts > 0);
      g_assert_cmpint (learned (&world, world.store->inbox), ==, cases[i].of_source);
      g_assert_cmpuint (world.doubts, ==, 1);
      store_verify (world.store);
      world_clear (&world);
    }
}

static void
run_sql (World *self, const char *sql)
{
  TernTxn *txn = store_begin (self->store);

  g_assert_true (tern_db_exec (tern_txn_db (txn), sql, NULL));
  store_commit (self->store);
}

/* The disk takes no outcome for a while: it is not forgotten, not done twice, and told once. */
static void
test_outcome_unwritten (void)
{
  World world;
  TernId id;
  TernId op;

  world_init (&world);
  id = store_add (world.store, world.store->inbox, 7, 1, TERN_FLAG_NONE);
  op = world_flag (&world, &id, 1);
  run_sql (&world, "CREATE TEMP TRIGGER full BEFORE UPDATE OF state ON op WHEN NEW.state = 2"
                   " BEGIN SELECT RAISE (ABORT, 'no room'); END");
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  world_wait_sent (&world, 1);
  g_test_expect_message ("tern-engine", G_LOG_LEVEL_WARNING, "*could not be written*");
  world_answer_pair (&world, 0, 0);
  tern_test_wait_until (world.notes->len == 1 && !tern_op_runner_is_busy (world.runner));
  g_test_assert_expected_messages ();
  g_assert_cmpint (world_state_of (&world, op), ==, TERN_OP_RUNNING);
  /* Without a connection as well. */
  tern_op_runner_set_remote (world.runner, NULL);
  g_test_expect_message ("tern-engine", G_LOG_LEVEL_WARNING, "*could not be written*");
  tern_op_runner_wake (world.runner);
  tern_test_wait_until (!tern_op_runner_is_busy (world.runner));
  g_test_assert_expected_messages ();
  run_sql (&world, "DROP TRIGGER full");
  tern_test_wait_until (world_state_of (&world, op) == TERN_OP_CONFIRMED);
  g_assert_cmpuint (world.notes->len, ==, 1);
  g_assert_cmpuint (world.remote->ops->len, ==, 1);
  store_verify (world.store);
  world_clear (&world);
}

static gboolean
read_nothing (TernReader *reader,
              gpointer data,
              GCancellable *cancellable,
              gpointer *result,
              GError **error)
{
  return TRUE;
}

static void
set_true (GObject *source, GAsyncResult *result, gpointer data)
{
  *(gboolean *) data = TRUE;
}

/* What a person does between the moment in which an operation is read and that in which it is sent
 * is not lost: what is sent is what is wanted then. */
static void
test_changed_before_sent (void)
{
  World world;
  TernId id;
  gboolean read = FALSE;
  const TernRemoteOp *sent;

  world_init (&world);
  id = store_add (world.store, world.store->inbox, 7, 1, TERN_FLAG_NONE);
  world_move (&world, &id, 1);
  TernTxn *txn = store_begin (world.store);
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  /* Comes behind what the runner reads. */
  tern_store_read_async (world.store->store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, read_nothing, NULL,
                         NULL, NULL, NULL, set_true, &read);
  tern_test_wait_until (read);
  g_autoptr (GArray) made = tern_txn_op_move (txn, &id, 1, world.store->trash, NULL);
  store_commit (world.store);
  g_assert_cmpuint (made->len, ==, 1);
  sent = world_wait_sent (&world, 1);
  g_assert_cmpint (sent->target->id, ==, world.store->trash);
  world_answer_pair (&world, 7, 20);
  tern_test_wait_until (store_op_count (world.store, TERN_OP_CONFIRMED) == 1);
  g_assert_cmpuint (world.remote->ops->len, ==, 1);
  store_verify (world.store);
  world_clear (&world);
}

/* Where it is now is for the sync to find, which is asked for when it can (on_folder_changed()). */
static void
test_without_place (void)
{
  World world;
  TernId id;

  world_init (&world);
  id = store_add (world.store, world.store->inbox, 7, 1, TERN_FLAG_NONE);
  world_move (&world, &id, 1);
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  world_wait_sent (&world, 1);
  world_answer_pair (&world, 7, 0);
  tern_test_wait_until (world.syncs_wanted == 1);
  g_assert_cmpuint (store_op_count (world.store, TERN_OP_CONFIRMED), ==, 1);
  store_verify (world.store);
  world_clear (&world);
}

static void
assert_at (World *self, TernId id, TernId folder, guint32 uid)
{
  TernReader *reader = store_read_begin (self->store, TERN_LANE_SLOW);
  TernId found = 0;

  g_assert_cmpuint (tern_read_uid (reader, id, &found, NULL), ==, uid);
  g_assert_cmpint (found, ==, folder);
  store_read_end (self->store);
}

/* What a server has moved before it says NO stays moved, and can be moved back; the rest is where
 * it was, and both folders are looked at. */
static void
test_refused_in_part (void)
{
  World world;
  TernId ids[2];
  TernId op;
  TernTxn *txn;
  gboolean undone = TRUE;
  g_autofree char *sql = NULL;

  world_init (&world);
  for (guint i = 0; i < 2; i++)
    ids[i] = store_add (world.store, world.store->inbox, i + 1, i + 1, TERN_FLAG_NONE);
  op = world_move (&world, ids, 2);
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  world_wait_sent (&world, 1);
  answer_no (&world, 1, 12);
  tern_test_wait_until (world_state_of (&world, op) == TERN_OP_REFUSED
                        && !tern_op_runner_is_busy (world.runner));
  assert_at (&world, ids[0], world.store->archive, 12);
  assert_at (&world, ids[1], world.store->inbox, 2);
  g_assert_cmpuint (world.syncs_wanted, ==, 2);
  g_assert_cmpuint (world.notes->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (world.notes, 0), ==,
                   "Only 1 of 2 messages were dealt with. No room.");
  sql = g_strdup_printf ("SELECT count (*) FROM ledger l JOIN ledger_member m ON m.event = l.id"
                         " WHERE l.kind = %d AND m.location = %d",
                         TERN_LEDGER_REFUSED, (int) ids[1]);
  g_assert_cmpint (store_sql (world.store, sql), ==, 1);
  store_verify (world.store);
  txn = store_begin (world.store);
  g_assert_true (tern_txn_op_undo (txn, op, &undone, NULL));
  store_commit (world.store);
  g_assert_false (undone);
  tern_op_runner_wake (world.runner);
  g_assert_cmpuint (g_array_index (world_wait_sent (&world, 2)->uids, guint32, 0), ==, 12);
  world_answer_pair (&world, 12, 100);
  tern_test_wait_until (store_op_count (world.store, TERN_OP_RUNNING) == 0);
  assert_at (&world, ids[0], world.store->inbox, 100);
  store_verify (world.store);
  world_clear (&world);
}

/* What only went from its folder is taken for moved, and looked for at the target. */
static void
test_refused_untold (void)
{
  World world;
  TernId ids[2];
  TernId op;

  world_init (&world);
  for (guint i = 0; i < 2; i++)
    ids[i] = store_add (world.store, world.store->inbox, i + 1, i + 1, TERN_FLAG_NONE);
  op = world_move (&world, ids, 2);
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  world_wait_sent (&world, 1);
  answer_no (&world, 1, 0);
  tern_test_wait_until (world_state_of (&world, op) == TERN_OP_REFUSED
                        && !tern_op_runner_is_busy (world.runner));
  assert_at (&world, ids[1], world.store->inbox, 2);
  g_assert_cmpuint (world.syncs_wanted, ==, 2);
  store_verify (world.store);
  g_assert_cmpint (store_add (world.store, world.store->archive, 30, 1, TERN_FLAG_NONE), ==,
                   ids[0]);
  store_verify (world.store);
  world_clear (&world);
}

/* An operation that is too large for one command: NO to the second is not about the first. */
static void
test_refused_in_cuts (void)
{
  g_autofree TernId *ids = g_new (TernId, TERN_REMOTE_OP_MAX + 1);
  const guint last = TERN_REMOTE_OP_MAX;
  World world;
  TernTxn *txn;
  TernId op;

  world_init (&world);
  txn = store_begin (world.store);
  for (guint i = 0; i <= last; i++)
    {
      g_autoptr (TernMessageFacts) facts = store_facts (i + 1, i + 1, TERN_FLAG_NONE);

      ids[i] = tern_txn_add_message (txn, world.store->inbox, facts, FALSE, NULL);
    }
  store_commit (world.store);
  op = world_move (&world, ids, last + 1);
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  answer_all (&world, world_wait_sent (&world, 1));
  g_assert_cmpuint (world_wait_sent (&world, 2)->uids->len, ==, 1);
  answer_no (&world, 0, 0);
  tern_test_wait_until (world_state_of (&world, op) == TERN_OP_REFUSED
                        && !tern_op_runner_is_busy (world.runner));
  assert_at (&world, ids[0], world.store->archive, 1001);
  assert_at (&world, ids[last - 1], world.store->archive, 1000 + last);
  assert_at (&world, ids[last], world.store->inbox, last + 1);
  store_verify (world.store);
  world_clear (&world);
}

/* Two operations in one command: each gets what is its own, and the rest is tried again. */
static void
test_refused_together (void)
{
  World world;
  TernId ids[2];
  TernId ops[2];

  world_init (&world);
  for (guint i = 0; i < 2; i++)
    {
      ids[i] = store_add (world.store, world.store->inbox, i + 1, i + 1, TERN_FLAG_NONE);
      ops[i] = world_move (&world, &ids[i], 1);
    }
  tern_op_runner_set_remote (world.runner, TERN_REMOTE (world.remote));
  g_assert_cmpuint (world_wait_sent (&world, 1)->uids->len, ==, 2);
  answer_no (&world, 1, 12);
  g_assert_cmpuint (world_wait_sent (&world, 2)->uids->len, ==, 1);
  g_assert_cmpint (world_state_of (&world, ops[0]), ==, TERN_OP_CONFIRMED);
  assert_at (&world, ids[0], world.store->archive, 12);
  answer_no (&world, 0, 0);
  tern_test_wait_until (world_state_of (&world, ops[1]) == TERN_OP_REFUSED
                        && !tern_op_runner_is_busy (world.runner));
  assert_at (&world, ids[1], world.store->inbox, 2);
  store_verify (world.store);
  world_clear (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/ops/refusals", test_refusals);
  g_test_add_func ("/engine/ops/move-after-sync", test_move_after_sync);
  g_test_add_func ("/engine/ops/move-old-copy", test_move_old_copy);
  g_test_add_func ("/engine/ops/outcome-unwritten", test_outcome_unwritten);
  g_test_add_func ("/engine/ops/changed-before-sent", test_changed_before_sent);
  g_test_add_func ("/engine/ops/without-place", test_without_place);
  g_test_add_func ("/engine/ops/refused-in-part", test_refused_in_part);
  g_test_add_func ("/engine/ops/refused-untold", test_refused_untold);
  g_test_add_func ("/engine/ops/refused-in-cuts", test_refused_in_cuts);
  g_test_add_func ("/engine/ops/refused-together", test_refused_together);
  return g_test_run ();
}
