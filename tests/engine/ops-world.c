/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops-world.h"

static void
fake_run_operation_async (TernRemote *remote,
                          TernRemoteOp *op,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  FakeRemote *self = FAKE_REMOTE (remote);

  g_assert_null (self->task);
  g_ptr_array_add (self->ops, op);
  self->task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (self->task, fake_run_operation_async);
}

static GArray *
fake_run_operation_finish (TernRemote *remote,
                           GAsyncResult *result,
                           TernOpFailure *failure,
                           GError **error)
{
  GArray *done = g_task_get_task_data (G_TASK (result));

  failure->part = done != NULL ? g_array_ref (done) : NULL;
  failure->refusal = FAKE_REMOTE (remote)->refusal;
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
fake_iface_init (TernRemoteInterface *iface)
{
  iface->run_operation_async = fake_run_operation_async;
  iface->run_operation_finish = fake_run_operation_finish;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeRemote,
                               fake_remote,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (TERN_TYPE_REMOTE, fake_iface_init))

static void
fake_remote_init (FakeRemote *self)
{
  self->ops = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_remote_op_free);
}

static void
fake_remote_finalize (GObject *object)
{
  g_ptr_array_unref (FAKE_REMOTE (object)->ops);
  G_OBJECT_CLASS (fake_remote_parent_class)->finalize (object);
}

static void
fake_remote_class_init (FakeRemoteClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_remote_finalize;
}

/* The world around a runner. */

static void
on_note (const GError *error, gpointer data)
{
  g_ptr_array_add (((World *) data)->notes, g_strdup (error->message));
}

static void
on_folder_changed (TernId folder, gpointer data)
{
  ((World *) data)->syncs_wanted++;
  /* What the sync has to know is written by then. */
  g_assert_cmpint (store_sql (((World *) data)->store, "SELECT count (*) FROM op WHERE state = 1"),
                   ==, 0);
}

static void
on_doubted (gpointer data)
{
  ((World *) data)->doubts++;
}

static void
on_idle (gpointer data)
{
}

void
world_init (World *self)
{
  static const TernOpRunnerEvents events = { on_note, on_folder_changed, on_doubted, on_idle };
  TernTxn *txn;

  *self = (World){ .store = store_fixture_new () };
  self->notes = g_ptr_array_new_with_free_func (g_free);
  self->remote = g_object_new (FAKE_TYPE_REMOTE, NULL);
  self->runner = tern_op_runner_new (self->store->store, self->store->account, &events, self);
  txn = store_begin (self->store);
  g_assert_true (tern_txn_set_sync_state (txn, self->store->inbox, 1, 100, 0, 50, NULL));
  g_assert_true (tern_txn_set_sync_state (txn, self->store->archive, 2, 10, 0, 1, NULL));
  store_commit (self->store);
}

void
world_clear (World *self)
{
  tern_test_wait_until (!tern_op_runner_is_busy (self->runner));
  tern_op_runner_free (self->runner);
  store_fixture_free (self->store);
  g_object_unref (self->remote);
  g_ptr_array_unref (self->notes);
}

TernRemoteOp *
world_wait_sent (World *self, guint n)
{
  tern_test_wait_until (self->remote->ops->len >= n && self->remote->task != NULL);
  g_assert_cmpuint (self->remote->ops->len, ==, n);
  return g_ptr_array_index (self->remote->ops, n - 1);
}

void
world_answer_pair (World *self, guint32 source, guint32 target)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->remote->task);
  GArray *pairs = g_array_new (FALSE, FALSE, sizeof (TernUidPair));
  TernUidPair pair = { source, target };

  if (target != 0)
    g_array_append_val (pairs, pair);
  g_task_return_pointer (task, pairs, (GDestroyNotify) g_array_unref);
}

void
world_answer_cut (World *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->remote->task);

  g_task_return_error (task, tern_fault_new (TERN_FAULT_DISCONNECTED, "cut"));
}

TernOpState
world_state_of (World *self, TernId op)
{
  TernReader *reader = store_read_begin (self->store, TERN_LANE_SLOW);
  g_autoptr (TernOpRecord) record = tern_read_op (reader, op, NULL);

  g_assert_nonnull (record);
  store_read_end (self->store);
  return record->state;
}

TernId
world_move (World *self, const TernId *ids, guint n)
{
  TernTxn *txn = store_begin (self->store);
  g_autoptr (GArray) made = tern_txn_op_move (txn, ids, n, self->store->archive, NULL);

  store_commit (self->store);
  g_assert_cmpuint (made->len, ==, 1);
  return g_array_index (made, TernId, 0);
}

TernId
world_flag (World *self, const TernId *ids, guint n)
{
  TernTxn *txn = store_begin (self->store);
  g_autoptr (GArray) made = tern_txn_op_flags (txn, ids, n, TERN_FLAG_FLAGGED, 0, NULL, NULL, NULL);

  store_commit (self->store);
  g_assert_cmpuint (made->len, ==, 1);
  return g_array_index (made, TernId, 0);
}

void
world_set_attempts (World *self, TernId op, guint attempts)
{
  for (guint i = 0; i < attempts; i++)
    {
      TernTxn *txn = store_begin (self->store);

      g_assert_true (tern_txn_op_later (txn, op, 1, FALSE, NULL, NULL));
      store_commit (self->store);
    }
}
