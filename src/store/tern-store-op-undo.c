/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-ledger-private.h"
#include "tern-store-folders.h"
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
  TernLedgerCause cause;
  gboolean ok = TRUE;

  if (!load_row (txn, subject->other, &made, error))
    return FALSE;
  /* Seen on the server meanwhile: then it stays. */
  if (made != NULL && made->uid != 0)
    {
      if (!tern_op_count (txn, made->id, -1, error))
        return FALSE;
    }
  else if (made != NULL)
    {
      cause = tern_ledger_because (txn, TERN_LEDGER_TAKEN_BACK, subject->op);
      ok = tern_ops_remove_location (txn, made, error);
      tern_ledger_restore (txn, cause);
    }
  return ok && tern_op_count (txn, subject->location, -1, error);
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
    case TERN_OP_FOLDER_CREATE:
    case TERN_OP_FOLDER_RENAME:
    case TERN_OP_FOLDER_DELETE:
    case TERN_OP_FOLDER_SUBSCRIBE:
    case TERN_OP_FOLDER_UNSUBSCRIBE:
      break;
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
static GArray *
restore_flags (TernTxn *txn, const TernOpRecord *op, const TernSubject *subject, GError **error)
{
  GError *fault = NULL;
  g_autoptr (TernLocation) row = tern_location_load (tern_txn_db (txn), subject->location, &fault);
  TernFlags wrong;

  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return NULL;
    }
  wrong = row != NULL ? (row->shown_flags ^ subject->prior_flags) & (op->add | op->remove) : 0;
  return tern_txn_op_flags (txn, &subject->location, wrong != 0 ? 1 : 0,
                            subject->prior_flags & wrong, ~subject->prior_flags & wrong, NULL, NULL,
                            error);
}

static GArray *
restore_folder (TernTxn *txn, const TernSubject *subject, GError **error)
{
  return tern_txn_op_move (txn, &subject->location, 1, subject->prior_folder, error);
}

/* What was made to take back @op. Takes @made; FALSE when it is NULL. */
static gboolean
note_undoing (TernTxn *txn, const TernOpRecord *op, GArray *made, GError **error)
{
  gboolean ok = made != NULL;

  for (guint i = 0; ok && i < made->len; i++)
    ok = tern_db_run (tern_txn_db (txn), error, "UPDATE op SET undoes = ?2 WHERE id = ?1",
                      g_array_index (made, TernId, i), op->id);
  g_clear_pointer (&made, g_array_unref);
  return ok;
}

static gboolean
propagate_changed (TernTxn *txn, const TernLocation *row, GError **error)
{
  g_autoptr (TernFolderRecord) folder = NULL;

  if (row == NULL || row->hidden)
    {
      g_propagate_error (
          error, tern_fault_new (TERN_FAULT_REFUSED, _ ("A message of this change is not there any "
                                                        "more; nothing was undone.")));
      return FALSE;
    }
  folder = tern_read_folder (tern_txn_reader (txn), row->folder, NULL);
  /* Translators: %s is the path of a folder. */
  g_propagate_error (error,
                     tern_fault_new (TERN_FAULT_REFUSED,
                                     _ ("A message of this change was moved since and is in “%s” "
                                        "now; nothing was undone. Move it back by hand."),
                                     folder != NULL ? folder->path : "?"));
  return FALSE;
}

/* Can it go back to where it was? Nobody would see it in a folder that is not shown. */
static gboolean
check_prior (TernTxn *txn, const TernSubject *subject, GError **error)
{
  GError *fault = NULL;
  g_autoptr (TernFolderRecord) folder =
      tern_read_folder (tern_txn_reader (txn), subject->prior_folder, &fault);

  if (fault == NULL && (folder == NULL || folder->gone))
    fault = tern_fault_new (TERN_FAULT_REFUSED,
                            _ ("The folder that a message of this change was in is not there any "
                               "more; nothing was undone."));
  if (fault != NULL)
    g_propagate_error (error, fault);
  return fault == NULL;
}

/* Is it still where @op has put it? */
static gboolean
check_place (TernTxn *txn, const TernOpRecord *op, TernId location, GError **error)
{
  g_autoptr (TernLocation) row = NULL;

  if (!load_row (txn, location, &row, error))
    return FALSE;
  return (row != NULL && !row->hidden && row->folder == op->target)
         || propagate_changed (txn, row, error);
}

/* A new operation does the opposite. */
static gboolean
reverse (TernTxn *txn, const TernOpRecord *op, const TernSubject *subject, GError **error)
{
  switch (op->kind)
    {
    case TERN_OP_FLAGS:
      if ((op->add_keywords != NULL || op->remove_keywords != NULL)
          && !note_undoing (txn, op,
                            tern_txn_op_flags (txn, &subject->location, 1, 0, 0,
                                               op->remove_keywords, op->add_keywords, error),
                            error))
        return FALSE;
      return note_undoing (txn, op, restore_flags (txn, op, subject, error), error);
    case TERN_OP_MOVE:
      return note_undoing (txn, op, restore_folder (txn, subject, error), error);
    case TERN_OP_COPY:
      return note_undoing (txn, op, tern_txn_op_expunge (txn, &subject->other, 1, error), error);
    case TERN_OP_APPEND:
    case TERN_OP_EXPUNGE:
    case TERN_OP_FOLDER_CREATE:
    case TERN_OP_FOLDER_RENAME:
    case TERN_OP_FOLDER_DELETE:
    case TERN_OP_FOLDER_SUBSCRIBE:
    case TERN_OP_FOLDER_UNSUBSCRIBE:
      break;
    }
  g_return_val_if_reached (FALSE);
}

/* Is there a way back? Asked of all messages before anything is done about one. */
static gboolean
check_reverse (TernTxn *txn, const TernOpRecord *op, const TernSubject *subject, GError **error)
{
  switch (op->kind)
    {
    case TERN_OP_FLAGS:
      return TRUE;
    case TERN_OP_MOVE:
      return check_place (txn, op, subject->location, error);
    case TERN_OP_COPY:
      return check_place (txn, op, subject->other, error);
    case TERN_OP_APPEND:
      g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                                _ ("The message is on the server now; move it to "
                                                   "the trash if nobody shall have it.")));
      return FALSE;
    case TERN_OP_EXPUNGE:
      g_propagate_error (error,
                         tern_fault_new (TERN_FAULT_INVALID,
                                         _ ("These messages were deleted for good; that cannot be "
                                            "undone.")));
      return FALSE;
    case TERN_OP_FOLDER_CREATE:
    case TERN_OP_FOLDER_RENAME:
    case TERN_OP_FOLDER_DELETE:
    case TERN_OP_FOLDER_SUBSCRIBE:
    case TERN_OP_FOLDER_UNSUBSCRIBE:
      break;
    }
  g_return_val_if_reached (FALSE);
}

/* It was not sent: dropped with its delta. What an earlier one had done and was folded into it
 * comes back. */
static gboolean
drop_subject (TernTxn *txn, const TernOpRecord *op, const TernSubject *subject, GError **error)
{
  g_autoptr (GArray) made = NULL;

  if (!tern_op_remove_subject (txn, op->id, subject->location, error)
      || (op->kind == TERN_OP_COPY && !tern_op_remove_subject (txn, op->id, subject->other, error))
      || !tern_op_take_back (txn, op, subject, error))
    return FALSE;
  if (op->kind != TERN_OP_FLAGS && op->kind != TERN_OP_MOVE)
    return TRUE;
  made = op->kind == TERN_OP_FLAGS ? restore_flags (txn, op, subject, error)
                                   : restore_folder (txn, subject, error);
  return made != NULL;
}

static gboolean
tell_undone (TernTxn *txn, const TernOpRecord *op, const TernSubject *subject, GError **error)
{
  TernLedgerEvent event = { TERN_LEDGER_UNDONE, TERN_LEDGER_OWN };

  event.op = op->id;
  event.source = subject->prior_folder;
  event.target = op->target;
  event.add = op->add;
  event.remove = op->remove;
  return tern_ledger_add (txn, &event, subject->location, error);
}

/* It was not sent and nothing was built on it. */
static gboolean
can_drop (TernTxn *txn,
          const TernOpRecord *op,
          const TernSubject *subject,
          gboolean *drop,
          GError **error)
{
  gboolean later = FALSE;

  *drop = FALSE;
  if (!tern_op_is_unsent (op))
    return TRUE;
  if (!has_later_ops (txn, subject, &later, error))
    return FALSE;
  *drop = !later;
  return TRUE;
}

static gboolean
check_subject (TernTxn *txn, const TernOpRecord *op, const TernSubject *subject, GError **error)
{
  gboolean drop;

  return can_drop (txn, op, subject, &drop, error)
         && (op->kind != TERN_OP_MOVE || check_prior (txn, subject, error))
         && (drop || check_reverse (txn, op, subject, error));
}

static gboolean
undo_subject (TernTxn *txn,
              const TernOpRecord *op,
              const TernSubject *subject,
              gboolean *undone,
              GError **error)
{
  gboolean drop;

  if (!tell_undone (txn, op, subject, error) || !can_drop (txn, op, subject, &drop, error))
    return FALSE;
  if (drop)
    return drop_subject (txn, op, subject, error);
  *undone = FALSE;
  return reverse (txn, op, subject, error);
}

/* Undoing what undid an operation makes that one as good as new, and what was split off it since:
 * before that there is an undoing of its own. */
static gboolean
note_undone (TernTxn *txn, const TernOpRecord *op, GError **error)
{
  TernDb *db = tern_txn_db (txn);

  return tern_db_run (db, error, "UPDATE op SET undone = 1 WHERE id = ?1", op->id)
         && (op->undoes == 0
             || tern_db_run (db, error,
                             "UPDATE op SET undone = 0 WHERE id = ?1 OR (part_of = ?1"
                             " AND NOT EXISTS (SELECT 1 FROM op u WHERE u.undoes = op.id"
                             "  AND u.undone = 0))",
                             op->undoes));
}

static gboolean
read_op_gone (TernDb *db, gint64 *gone, GError **error)
{
  *gone = 0;
  return tern_db_look (db, error, gone, "SELECT op_gone FROM state WHERE ?1", 1);
}

static GError *
fault_folder_gone (void)
{
  return tern_fault_new (TERN_FAULT_REFUSED, _ ("The last change was about a folder that is not "
                                                "there any more; it cannot be undone."));
}

/* *@op NULL: folded away or refused; it has no effect that could be undone. */
static gboolean
load_undone (TernTxn *txn, TernId id, TernOpRecord **op, GArray **subjects, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  GError *fault = NULL;

  *subjects = NULL;
  *op = tern_op_load (db, id, &fault);
  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  if (*op != NULL && (*op)->state == TERN_OP_REFUSED)
    g_clear_pointer (op, tern_op_record_free);
  if (*op == NULL)
    return TRUE;
  *subjects = tern_op_load_subjects (db, id, error);
  return *subjects != NULL;
}

static gboolean
check_one (TernTxn *txn, TernId id, GError **error)
{
  g_autoptr (TernOpRecord) op = NULL;
  g_autoptr (GArray) subjects = NULL;

  if (!load_undone (txn, id, &op, &subjects, error))
    return FALSE;
  if (op != NULL && op->undone)
    {
      g_propagate_error (error,
                         tern_fault_new (TERN_FAULT_REFUSED, _ ("This change is undone already.")));
      return FALSE;
    }
  for (guint i = 0; subjects != NULL && i < subjects->len; i++)
    if (!check_subject (txn, op, &g_array_index (subjects, TernSubject, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
undo_one (TernTxn *txn, TernId id, gboolean *undone, GError **error)
{
  g_autoptr (TernOpRecord) op = NULL;
  g_autoptr (GArray) subjects = NULL;

  if (!load_undone (txn, id, &op, &subjects, error))
    return FALSE;
  if (op == NULL)
    return TRUE;
  if (tern_op_is_of_folder (op->kind))
    return tern_folder_op_undo (txn, op, undone, error) && note_undone (txn, op, error);
  for (guint i = 0; i < subjects->len; i++)
    if (!undo_subject (txn, op, &g_array_index (subjects, TernSubject, i), undone, error))
      return FALSE;
  return note_undone (txn, op, error) && tern_op_delete_if_empty (txn, id, error);
}

gboolean
tern_txn_op_undo (TernTxn *txn, TernId id, gboolean *undone, GError **error)
{
  g_autoptr (GArray) parts = tern_db_list (
      tern_txn_db (txn), error,
      "SELECT id FROM op WHERE id = ?1 OR (part_of = ?1 AND part_of <> 0 AND undone = 0)"
      " ORDER BY id",
      id);
  gint64 gone;

  *undone = TRUE;
  if (parts == NULL || !read_op_gone (tern_txn_db (txn), &gone, error))
    return FALSE;
  if (parts->len == 0 && gone == id)
    {
      g_propagate_error (error, fault_folder_gone ());
      return FALSE;
    }
  for (guint i = 0; i < parts->len; i++)
    if (!check_one (txn, g_array_index (parts, TernId, i), error))
      return FALSE;
  for (guint i = 0; i < parts->len; i++)
    if (!undo_one (txn, g_array_index (parts, TernId, i), undone, error))
      return FALSE;
  return TRUE;
}

gboolean
tern_op_can_undo (const TernOpRecord *op)
{
  if (op->state == TERN_OP_REFUSED || op->undone)
    return FALSE;
  if (tern_op_is_of_folder (op->kind))
    return op->kind != TERN_OP_FOLDER_DELETE || tern_op_is_unsent (op);
  return (op->kind == TERN_OP_FLAGS || op->kind == TERN_OP_MOVE || op->kind == TERN_OP_COPY)
         && op->subjects->len > 0;
}

GArray *
tern_read_undoing (TernReader *reader, TernId op, GError **error)
{
  /* A part goes with its whole. */
  return tern_db_list (reader->db, error,
                       "SELECT id FROM op WHERE undoes <> 0 AND (undoes = ?1"
                       "  OR undoes IN (SELECT id FROM op WHERE part_of = ?1 AND part_of <> 0))"
                       " AND part_of NOT IN (SELECT id FROM op) ORDER BY id",
                       op);
}

/* The operations of one verb are made in one transaction, within so many milliseconds. */
#define SAME_VERB_MS 20

static gboolean
is_same_verb (const TernOpRecord *op, const TernOpRecord *last)
{
  /* The mail of a folder that was deleted went to the trash before. */
  return (op->kind == last->kind
          || (op->kind == TERN_OP_MOVE && last->kind == TERN_OP_FOLDER_DELETE))
         && ABS (last->created - op->created) <= SAME_VERB_MS && op->add == last->add
         && op->remove == last->remove && g_strcmp0 (op->add_keywords, last->add_keywords) == 0
         && g_strcmp0 (op->remove_keywords, last->remove_keywords) == 0;
}

/* How far back the last change is looked for: copies of sent mail may have come since. */
#define LAST_OPERATIONS 200

/* A part is undone with its whole; by itself when there is nothing left of that to be undone. */
static gboolean
stands_alone (TernReader *reader, const TernOpRecord *op, gboolean *alone, GError **error)
{
  g_autoptr (TernOpRecord) whole = NULL;
  GError *fault = NULL;

  *alone = TRUE;
  if (op->part_of == 0)
    return TRUE;
  whole = tern_read_op (reader, op->part_of, &fault);
  if (fault != NULL)
    g_propagate_error (error, fault);
  *alone = whole == NULL || !tern_op_can_undo (whole);
  return fault == NULL;
}

/* Is it a change that a person made, and still in force? */
static gboolean
is_change (const TernOpRecord *op, gboolean flags)
{
  return op->state != TERN_OP_REFUSED && !op->undone && op->undoes == 0
         && op->kind != TERN_OP_APPEND && (flags || op->kind != TERN_OP_FLAGS);
}

static GError *
fault_last (const TernOpRecord *op)
{
  if (op->kind == TERN_OP_EXPUNGE)
    return tern_fault_new (TERN_FAULT_REFUSED,
                           _ ("The last change was to delete messages for good; that cannot be "
                              "undone."));
  if (op->kind == TERN_OP_FOLDER_DELETE)
    return tern_fault_new (TERN_FAULT_REFUSED,
                           _ ("The last change was to delete a folder, which the server may have "
                              "done already; it cannot be undone."));
  return tern_fault_new (TERN_FAULT_REFUSED,
                         _ ("The messages of the last change are not there any more; it cannot be "
                            "undone."));
}

GArray *
tern_read_undoable (TernReader *reader, gboolean flags, GError **error)
{
  g_autoptr (GPtrArray) ops = tern_read_ops (reader, 0, LAST_OPERATIONS, error);
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (TernId));
  const TernOpRecord *last = NULL;
  GError *fault = NULL;
  gint64 gone = 0;

  if (ops == NULL || !read_op_gone (reader->db, &gone, error))
    return NULL;
  for (guint i = 0; fault == NULL && i < ops->len; i++)
    {
      const TernOpRecord *op = g_ptr_array_index (ops, i);
      gboolean alone;

      if (!is_change (op, flags))
        continue;
      if (!stands_alone (reader, op, &alone, error))
        return NULL;
      if (!alone)
        continue;
      /* Whoever takes back the last change does not mean the one before it. */
      if (last == NULL && (op->id < gone || !tern_op_can_undo (op)))
        fault = op->id < gone ? fault_folder_gone () : fault_last (op);
      if (fault != NULL || !tern_op_can_undo (op))
        continue;
      if (last == NULL)
        last = op;
      else if (!is_same_verb (op, last))
        break;
      g_array_prepend_val (found, op->id);
    }
  if (fault == NULL && last == NULL && gone != 0)
    fault = fault_folder_gone ();
  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return NULL;
    }
  return g_steal_pointer (&found);
}
