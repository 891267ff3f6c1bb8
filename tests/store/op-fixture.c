/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "op-fixture.h"

TernFlags
op_flags_of (StoreFixture *f, TernId location)
{
  g_autoptr (TernMessageRecord) record = store_message (f, location);

  g_assert_nonnull (record);
  return record->flags;
}

TernId
op_folder_of (StoreFixture *f, TernId location)
{
  g_autoptr (TernMessageRecord) record = store_message (f, location);

  return record != NULL && !record->hidden ? record->folder : 0;
}

TernId
op_flag (StoreFixture *f, TernId location, TernFlags add, TernFlags remove)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) made = tern_txn_op_flags (txn, &location, 1, add, remove, NULL, NULL, &error);
  g_assert_no_error (error);
  store_commit (f);
  g_assert_cmpuint (made->len, <=, 1);
  return made->len > 0 ? g_array_index (made, TernId, 0) : 0;
}

TernId
op_move (StoreFixture *f, TernId location, TernId target)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) made = tern_txn_op_move (txn, &location, 1, target, &error);
  g_assert_no_error (error);
  store_commit (f);
  return made->len > 0 ? g_array_index (made, TernId, 0) : 0;
}

void
op_run (StoreFixture *f, TernId op)
{
  TernTxn *txn = store_begin (f);
  g_assert_true (tern_txn_op_running (txn, op, NULL));
  store_commit (f);
}

TernId
op_move_two (StoreFixture *f, const TernId *ids)
{
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) made = tern_txn_op_move (txn, ids, 2, f->archive, NULL);

  store_commit (f);
  g_assert_cmpuint (made->len, ==, 1);
  op_run (f, g_array_index (made, TernId, 0));
  return g_array_index (made, TernId, 0);
}

void
op_confirm (StoreFixture *f, TernId op, guint32 source, guint32 target)
{
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (TernUidPair));
  TernUidPair pair = { source, target };
  GError *error = NULL;

  g_array_append_val (pairs, pair);
  TernTxn *txn = store_begin (f);
  g_assert_true (tern_txn_op_confirmed (txn, op, target != 0 ? pairs : NULL, &error));
  g_assert_no_error (error);
  store_commit (f);
}

void
op_refuse (StoreFixture *f, TernId op)
{
  g_autoptr (GError) fault =
      tern_fault_new_server (TERN_FAULT_RIGHTS, "[NOPERM] no", "You are not allowed to.");
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  g_assert_true (tern_txn_op_refused (txn, op, fault, &error));
  g_assert_no_error (error);
  store_commit (f);
}

gboolean
op_undo (StoreFixture *f, TernId op)
{
  gboolean undone = FALSE;
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  g_assert_true (tern_txn_op_undo (txn, op, &undone, &error));
  g_assert_no_error (error);
  store_commit (f);
  return undone;
}

GArray *
op_runnable (StoreFixture *f)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (GPtrArray) ops = tern_read_runnable_ops (reader, f->account, 1, 100, NULL);
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (TernId));

  for (guint i = 0; i < ops->len; i++)
    g_array_append_val (ids, ((TernOpRecord *) g_ptr_array_index (ops, i))->id);
  store_read_end (f);
  return ids;
}

void
op_assert_runnable (StoreFixture *f, TernId a, TernId b)
{
  g_autoptr (GArray) ids = op_runnable (f);

  g_assert_cmpuint (ids->len, ==, (a != 0) + (b != 0));
  if (a != 0)
    g_assert_cmpint (g_array_index (ids, TernId, 0), ==, a);
  if (b != 0)
    g_assert_cmpint (g_array_index (ids, TernId, 1), ==, b);
}

GArray *
op_undoing (StoreFixture *f, TernId op)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  GArray *found = tern_read_undoing (reader, op, NULL);

  store_read_end (f);
  return found;
}

GArray *
op_undoable (StoreFixture *f, GError **error)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  GArray *found = tern_read_undoable (reader, TRUE, error);

  store_read_end (f);
  return found;
}

gboolean
op_is_runnable (StoreFixture *f, TernId op)
{
  g_autoptr (GArray) ids = op_runnable (f);

  for (guint i = 0; i < ids->len; i++)
    if (g_array_index (ids, TernId, i) == op)
      return TRUE;
  return FALSE;
}
