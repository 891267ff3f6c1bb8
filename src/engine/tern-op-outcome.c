/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-op-outcome-private.h"

TernOpOutcome *
tern_op_outcome_new (TernOpOutcomeKind kind, const GPtrArray *ops)
{
  TernOpOutcome *self = g_atomic_rc_box_new0 (TernOpOutcome);

  self->kind = kind;
  self->ops = g_array_new (FALSE, FALSE, sizeof (TernId));
  for (guint i = 0; i < ops->len; i++)
    g_array_append_val (self->ops, ((TernOpRecord *) g_ptr_array_index (ops, i))->id);
  return self;
}

static void
outcome_clear (gpointer data)
{
  TernOpOutcome *outcome = data;

  g_array_unref (outcome->ops);
  g_clear_pointer (&outcome->as_read, g_ptr_array_unref);
  g_clear_pointer (&outcome->part, g_array_unref);
  g_clear_pointer (&outcome->done, g_array_unref);
  g_clear_pointer (&outcome->pairs, g_array_unref);
  g_free (outcome->name);
  g_free (outcome->fault);
  g_clear_error (&outcome->refusal);
  g_free (outcome->later);
}

void
tern_op_outcome_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, outcome_clear);
}

static gboolean
write_one (TernTxn *txn, const TernOpOutcome *outcome, TernId op, GError **error)
{
  switch (outcome->kind)
    {
    case TERN_OP_OUTCOME_RUNNING:
      return outcome->name != NULL ? tern_txn_op_folder_running (txn, op, outcome->name, error)
                                   : tern_txn_op_running (txn, op, error);
    case TERN_OP_OUTCOME_CONFIRMED:
      return tern_txn_op_confirmed (txn, op, outcome->pairs, error);
    case TERN_OP_OUTCOME_REFUSED:
      return tern_op_denial_write (&outcome->denial, txn, error)
             && tern_txn_op_refused (txn, op, outcome->refusal, error);
    case TERN_OP_OUTCOME_LATER:
      return tern_txn_op_later (txn, op, outcome->not_before, outcome->stuck, outcome->fault,
                                error);
    default:
      g_assert_not_reached ();
    }
}

gboolean
tern_op_outcome_write_running (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const TernOpOutcome *outcome = data;
  gboolean unchanged = TRUE;

  for (guint i = 0; unchanged && i < outcome->as_read->len; i++)
    if (!tern_op_is_unchanged (txn, g_ptr_array_index (outcome->as_read, i), &unchanged, error))
      return FALSE;
  *result = GINT_TO_POINTER (!unchanged);
  for (guint i = 0; unchanged && i < outcome->ops->len; i++)
    if (!write_one (txn, outcome, g_array_index (outcome->ops, TernId, i), error))
      return FALSE;
  return TRUE;
}

/* Confirms what of @op is done; *@all: that is all of it. */
static gboolean
write_done (TernTxn *txn, const TernOpOutcome *outcome, TernId op, gboolean *all, GError **error)
{
  g_autoptr (TernOpRecord) record = NULL;
  g_autoptr (GArray) done = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_autoptr (GHashTable) all_done = g_hash_table_new (g_int64_hash, g_int64_equal);
  GError *fault = NULL;
  TernId part = op;

  *all = FALSE;
  record = tern_read_op (tern_txn_reader (txn), op, &fault);
  if (fault != NULL)
    g_propagate_error (error, fault);
  /* Or it has come to its end by another way already. */
  if (record == NULL || record->state == TERN_OP_CONFIRMED || record->state == TERN_OP_REFUSED)
    return fault == NULL;
  for (guint i = 0; i < outcome->done->len; i++)
    g_hash_table_add (all_done, &g_array_index (outcome->done, TernId, i));
  for (guint i = 0; i < record->subjects->len; i++)
    {
      TernId location = g_array_index (record->subjects, TernId, i);

      if (g_hash_table_contains (all_done, &location))
        g_array_append_val (done, location);
    }
  if (done->len == 0)
    return TRUE;
  *all = done->len == record->subjects->len;
  if (!*all)
    part = tern_txn_op_split (txn, op, done, error);
  return part != 0 && tern_txn_op_confirmed (txn, part, outcome->pairs, error);
}

gboolean
tern_op_outcome_write (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const TernOpOutcome *outcome = data;
  TernId first = g_array_index (outcome->ops, TernId, 0);
  GError *fault = NULL;
  TernId part;

  if (outcome->part == NULL)
    {
      for (guint i = 0; i < outcome->ops->len; i++)
        {
          TernId op = g_array_index (outcome->ops, TernId, i);
          gboolean all = FALSE;

          if ((outcome->done != NULL && !write_done (txn, outcome, op, &all, error))
              || (!all && !write_one (txn, outcome, op, error)))
            return FALSE;
        }
      return TRUE;
    }
  part = tern_txn_op_split (txn, first, outcome->part, &fault);
  if (part == 0)
    {
      if (fault != NULL)
        g_propagate_error (error, fault);
      return fault == NULL;
    }
  if (!write_one (txn, outcome, part, error))
    return FALSE;
  return outcome->later == NULL
         || tern_txn_op_later (txn, first, outcome->not_before, outcome->stuck, outcome->later,
                               error);
}
