/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-ops-private.h"

#include "tern-fault.h"

#include <glib/gi18n.h>

/* NULL with FALSE only on failure: a row may be gone. */
static gboolean
load_row (TernTxn *txn, TernId location, TernLocation **row, GError **error)
{
  GError *fault = NULL;

  *row = tern_location_load (tern_txn_db (txn), location, &fault);
  if (fault == NULL)
    return TRUE;
  g_propagate_error (error, fault);
  return FALSE;
}

/* The row goes back to the place that stood for it. Without that place the server has it no longer
 * at the source; then it is either at the target already, or gone. */
static gboolean
take_back_move (TernTxn *txn, const TernSubject *subject, GError **error)
{
  g_autoptr (TernLocation) row = NULL;
  g_autoptr (TernLocation) place = NULL;
  g_autoptr (TernLocation) now = NULL;

  if (!load_row (txn, subject->location, &row, error)
      || !load_row (txn, subject->other, &place, error))
    return FALSE;
  if (row == NULL)
    return place == NULL || tern_location_delete (txn, place, error);
  if (row->uid != 0)
    return (place == NULL || tern_location_delete (txn, place, error))
           && tern_op_count (txn, row->id, -1, error);
  if (place == NULL)
    return tern_ops_remove_location (txn, row, error);
  now = tern_location_copy (row);
  now->folder = place->folder;
  now->uid = place->uid;
  now->modseq = place->modseq;
  now->rematch = place->rematch;
  now->ops = now->ops > 0 ? now->ops - 1 : 0;
  return tern_location_delete (txn, place, error)
         && tern_location_reshow (tern_txn_db (txn), now, error)
         && tern_location_update (txn, row, now, error);
}

static gboolean
take_back_copy (TernTxn *txn, const TernSubject *subject, GError **error)
{
  g_autoptr (TernLocation) made = NULL;

  if (!load_row (txn, subject->other, &made, error))
    return FALSE;
  /* Seen on the server meanwhile: then it stays. */
  if (made != NULL && made->uid != 0)
    {
      if (!tern_op_count (txn, made->id, -1, error))
        return FALSE;
    }
  else if (made != NULL && !tern_ops_remove_location (txn, made, error))
    return FALSE;
  return tern_op_count (txn, subject->location, -1, error);
}

/* The message stays on this disk, where it was before. */
static gboolean
take_back_append (TernTxn *txn, const TernSubject *subject, GError **error)
{
  g_autoptr (TernLocation) row = NULL;
  g_autoptr (TernLocation) now = NULL;

  if (!load_row (txn, subject->location, &row, error) || row == NULL)
    return row == NULL;
  now = tern_location_copy (row);
  now->ops = now->ops > 0 ? now->ops - 1 : 0;
  if (row->uid == 0 && subject->prior_folder != 0)
    now->folder = subject->prior_folder;
  return tern_location_reshow (tern_txn_db (txn), now, error)
         && tern_location_update (txn, row, now, error);
}

static gboolean
take_back_expunge (TernTxn *txn, const TernSubject *subject, GError **error)
{
  g_autoptr (TernLocation) row = NULL;
  g_autoptr (TernLocation) now = NULL;

  if (!load_row (txn, subject->location, &row, error) || row == NULL)
    return row == NULL;
  now = tern_location_copy (row);
  now->hidden = FALSE;
  now->ops = now->ops > 0 ? now->ops - 1 : 0;
  return tern_location_reshow (tern_txn_db (txn), now, error)
         && tern_location_update (txn, row, now, error);
}

gboolean
tern_op_take_back (TernTxn *txn, const TernOpRecord *op, const TernSubject *subject, GError **error)
{
  switch (op->kind)
    {
    case TERN_OP_FLAGS:
      return tern_op_count (txn, subject->location, -1, error);
    case TERN_OP_MOVE:
      return take_back_move (txn, subject, error);
    case TERN_OP_COPY:
      return take_back_copy (txn, subject, error);
    case TERN_OP_APPEND:
      return take_back_append (txn, subject, error);
    case TERN_OP_EXPUNGE:
      return take_back_expunge (txn, subject, error);
    }
  g_return_val_if_reached (FALSE);
}

/* The part of @row in one operation ends with the row. */
static gboolean
leave_op (TernTxn *txn, const TernLocation *row, const TernSubject *part, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  g_autoptr (TernOpRecord) op = tern_op_load (db, part->op, error);
  g_autoptr (TernLocation) other = NULL;

  if (op == NULL)
    return FALSE;
  if (!load_row (txn, part->other, &other, error))
    return FALSE;
  /* What was sent may still come true; the server tells. Nothing may stay hidden for it. */
  if (op->state == TERN_OP_RUNNING)
    return op->kind != TERN_OP_MOVE || other == NULL || tern_location_delete (txn, other, error);
  if (op->kind == TERN_OP_COPY && part->made)
    return tern_op_count (txn, part->other, -1, error)
           && tern_op_remove_subject (txn, op->id, part->other, error)
           && tern_op_delete_if_empty (txn, op->id, error);
  if (!tern_op_remove_subject (txn, op->id, row->id, error))
    return FALSE;
  /* A copy of it that was never made, or the place of its move. */
  if (other != NULL && other->uid == 0 && op->kind == TERN_OP_COPY
      && !tern_ops_remove_location (txn, other, error))
    return FALSE;
  if (other != NULL && op->kind == TERN_OP_MOVE && !tern_location_delete (txn, other, error))
    return FALSE;
  return tern_op_delete_if_empty (txn, op->id, error);
}

gboolean
tern_ops_remove_location (TernTxn *txn, const TernLocation *row, GError **error)
{
  g_autoptr (GArray) chain = NULL;
  g_autoptr (TernLocation) now = NULL;

  if (row->ops > 0)
    {
      chain = tern_op_load_chain (tern_txn_db (txn), row->id, 0, error);
      if (chain == NULL)
        return FALSE;
      for (guint i = 0; i < chain->len; i++)
        if (!leave_op (txn, row, &g_array_index (chain, TernSubject, i), error))
          return FALSE;
    }
  /* Leaving the operations may have changed or removed the row. */
  if (!load_row (txn, row->id, &now, error))
    return FALSE;
  return now == NULL || tern_location_delete (txn, now, error);
}

/* Undo. */

static gboolean
has_later_ops (TernTxn *txn, const TernSubject *subject, gboolean *later, GError **error)
{
  g_autoptr (GArray) own =
      tern_op_load_chain (tern_txn_db (txn), subject->location, subject->op, error);
  g_autoptr (GArray) made = NULL;

  if (own == NULL)
    return FALSE;
  made = tern_op_load_chain (tern_txn_db (txn), subject->other, subject->op, error);
  if (made == NULL)
    return FALSE;
  *later = own->len > 0 || made->len > 0;
  return TRUE;
}

/* The shown flags that @op decided go back to what they were, whatever was folded meanwhile. */
static gboolean
restore_flags (TernTxn *txn, const TernOpRecord *op, const TernSubject *subject, GError **error)
{
  g_autoptr (TernLocation) row = NULL;
  g_autoptr (GArray) made = NULL;
  TernFlags wrong;

  if (!load_row (txn, subject->location, &row, error) || row == NULL)
    return row == NULL;
  wrong = (row->shown_flags ^ subject->prior_flags) & (op->add | op->remove);
  if (wrong == 0)
    return TRUE;
  made = tern_txn_op_flags (txn, &row->id, 1, subject->prior_flags & wrong,
                            ~subject->prior_flags & wrong, NULL, NULL, error);
  return made != NULL;
}

static gboolean
restore_folder (TernTxn *txn, const TernSubject *subject, GError **error)
{
  g_autoptr (GArray) made =
      tern_txn_op_move (txn, &subject->location, 1, subject->prior_folder, error);

  return made != NULL;
}

/* A new operation does the opposite. */
static gboolean
reverse (TernTxn *txn, const TernOpRecord *op, const TernSubject *subject, GError **error)
{
  g_autoptr (GArray) made = NULL;

  switch (op->kind)
    {
    case TERN_OP_FLAGS:
      if (op->add_keywords != NULL || op->remove_keywords != NULL)
        {
          made = tern_txn_op_flags (txn, &subject->location, 1, 0, 0, op->remove_keywords,
                                    op->add_keywords, error);
          if (made == NULL)
            return FALSE;
        }
      return restore_flags (txn, op, subject, error);
    case TERN_OP_MOVE:
      return restore_folder (txn, subject, error);
    case TERN_OP_COPY:
      made = tern_txn_op_expunge (txn, &subject->other, 1, error);
      return made != NULL;
    case TERN_OP_APPEND:
      made = tern_txn_op_expunge (txn, &subject->location, 1, error);
      return made != NULL;
    case TERN_OP_EXPUNGE:
      g_propagate_error (error,
                         tern_fault_new (TERN_FAULT_INVALID,
                                         _ ("These messages were deleted for good; that cannot be "
                                            "undone.")));
      return FALSE;
    }
  g_return_val_if_reached (FALSE);
}

/* It was not sent: dropped with its delta. What an earlier one had done and was folded into it
 * comes back. */
static gboolean
drop_subject (TernTxn *txn, const TernOpRecord *op, const TernSubject *subject, GError **error)
{
  if (!tern_op_remove_subject (txn, op->id, subject->location, error)
      || (op->kind == TERN_OP_COPY && !tern_op_remove_subject (txn, op->id, subject->other, error))
      || !tern_op_take_back (txn, op, subject, error))
    return FALSE;
  if (op->kind == TERN_OP_FLAGS)
    return restore_flags (txn, op, subject, error);
  return op->kind != TERN_OP_MOVE || restore_folder (txn, subject, error);
}

static gboolean
undo_subject (TernTxn *txn,
              const TernOpRecord *op,
              const TernSubject *subject,
              gboolean *undone,
              GError **error)
{
  gboolean later = FALSE;

  if (tern_op_is_unsent (op))
    {
      if (!has_later_ops (txn, subject, &later, error))
        return FALSE;
      if (!later)
        return drop_subject (txn, op, subject, error);
    }
  *undone = FALSE;
  return reverse (txn, op, subject, error);
}

static gboolean
undo_one (TernTxn *txn, TernId id, gboolean *undone, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  GError *fault = NULL;
  g_autoptr (TernOpRecord) op = tern_op_load (db, id, &fault);
  g_autoptr (GArray) subjects = NULL;

  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  /* Folded away or refused: it has no effect that could be undone. */
  if (op == NULL || op->state == TERN_OP_REFUSED)
    return TRUE;
  subjects = tern_op_load_subjects (db, id, error);
  if (subjects == NULL)
    return FALSE;
  for (guint i = 0; i < subjects->len; i++)
    if (!undo_subject (txn, op, &g_array_index (subjects, TernSubject, i), undone, error))
      return FALSE;
  return tern_op_delete_if_empty (txn, id, error);
}

gboolean
tern_txn_op_undo (TernTxn *txn, TernId id, gboolean *undone, GError **error)
{
  g_autoptr (GArray) parts =
      tern_db_list (tern_txn_db (txn), error, "SELECT id FROM op WHERE part_of = ?1", id);

  *undone = TRUE;
  if (parts == NULL || !undo_one (txn, id, undone, error))
    return FALSE;
  for (guint i = 0; i < parts->len; i++)
    if (!undo_one (txn, g_array_index (parts, TernId, i), undone, error))
      return FALSE;
  return TRUE;
}
