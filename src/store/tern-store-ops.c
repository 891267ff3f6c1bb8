/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-ops.h"

#include "tern-store-ledger-private.h"
#include "tern-store-ops-private.h"

#include "tern-fault.h"

#include <glib/gi18n.h>

/** Making: the operations that one verb makes, at most one per source folder. */
typedef struct
{
  TernTxn *txn;
  const TernOpRecord *like; /* kind, target, masks */
  GHashTable *by_source;    /* (owned) folder -> op, both as pointers to gint64 in @made */
  GArray *made;             /* (owned) of TernId */
} Making;

static void
making_init (Making *self, TernTxn *txn, const TernOpRecord *like)
{
  self->txn = txn;
  self->like = like;
  self->by_source = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  self->made = g_array_new (FALSE, FALSE, sizeof (TernId));
}

static GArray *
making_finish (Making *self, gboolean ok)
{
  g_hash_table_unref (self->by_source);
  if (ok)
    return self->made;
  g_array_unref (self->made);
  return NULL;
}

/* The operation for @source, made on first need; 0 with @error. */
static TernId
making_get (Making *self, TernTxnFolder *source, GError **error)
{
  TernId *known = g_hash_table_lookup (self->by_source, &source->id);
  TernOpRecord record = *self->like;

  if (known != NULL)
    return *known;
  record.account = source->account;
  record.source = source->id;
  if (!tern_op_insert (self->txn, &record, error))
    return 0;
  g_hash_table_insert (self->by_source, g_memdup2 (&source->id, sizeof (TernId)),
                       g_memdup2 (&record.id, sizeof (TernId)));
  g_array_append_val (self->made, record.id);
  return record.id;
}

/* What a person did to @location: @op is 0 when nothing of it is left to be sent. */
static gboolean
tell (Making *making, TernId op, TernId source, TernId location, GError **error)
{
  const TernOpRecord *like = making->like;
  TernLedgerEvent event = { TERN_LEDGER_FLAGS, TERN_LEDGER_OWN };

  switch (like->kind)
    {
    case TERN_OP_FLAGS:
      event.kind = TERN_LEDGER_FLAGS;
      break;
    case TERN_OP_MOVE:
      event.kind = TERN_LEDGER_MOVED;
      break;
    case TERN_OP_COPY:
      event.kind = TERN_LEDGER_COPIED;
      break;
    case TERN_OP_APPEND:
      event.kind = TERN_LEDGER_APPENDED;
      break;
    case TERN_OP_EXPUNGE:
      event.kind = TERN_LEDGER_DELETED;
      break;
    case TERN_OP_FOLDER_CREATE:
    case TERN_OP_FOLDER_RENAME:
    case TERN_OP_FOLDER_DELETE:
    case TERN_OP_FOLDER_SUBSCRIBE:
    case TERN_OP_FOLDER_UNSUBSCRIBE:
      g_return_val_if_reached (FALSE);
    }
  event.op = op;
  event.source = source;
  event.target = like->target;
  event.add = like->add;
  event.remove = like->remove;
  event.add_keywords = like->add_keywords;
  event.remove_keywords = like->remove_keywords;
  return tern_ledger_add (making->txn, &event, location, error);
}

/* A visible location and its folder; *@row NULL when there is nothing to do for it. */
static gboolean
load_visible (TernTxn *txn,
              TernId location,
              TernLocation **row,
              TernTxnFolder **folder,
              GError **error)
{
  GError *fault = NULL;

  *row = tern_location_load (tern_txn_db (txn), location, &fault);
  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  if (*row != NULL && (*row)->hidden)
    g_clear_pointer (row, tern_location_free);
  if (*row == NULL)
    return TRUE;
  *folder = tern_txn_folder (txn, (*row)->folder, error);
  if (*folder != NULL)
    return TRUE;
  g_clear_pointer (row, tern_location_free);
  return FALSE;
}

/* The newest unconfirmed operation on @location, when it is unsent; else *@op is NULL. */
static gboolean
load_unsent_tail (TernTxn *txn,
                  TernId location,
                  TernOpRecord **op,
                  TernSubject *subject,
                  GError **error)
{
  TernDb *db = tern_txn_db (txn);
  g_autoptr (GArray) chain = tern_op_load_chain (db, location, 0, error);
  g_autoptr (TernOpRecord) tail = NULL;

  *op = NULL;
  if (chain == NULL)
    return FALSE;
  if (chain->len == 0)
    return TRUE;
  *subject = g_array_index (chain, TernSubject, 0);
  tail = tern_op_load (db, subject->op, error);
  if (tail == NULL)
    return FALSE;
  if (tern_op_is_unsent (tail) && !subject->made)
    *op = g_steal_pointer (&tail);
  return TRUE;
}

/* Flags. */

static gboolean
same_masks (const TernOpRecord *a, const TernOpRecord *b)
{
  g_autofree char *left = tern_keywords_apply (a->add_keywords, a->remove_keywords, NULL);
  g_autofree char *right = tern_keywords_apply (b->add_keywords, b->remove_keywords, NULL);

  return (a->add | a->remove) == (b->add | b->remove) && tern_keywords_equal (left, right);
}

/* The newest operation on the message decides the very same flags and was not sent: the new one
 * takes its place (star, unstar: nothing is left to do). */
static gboolean
fold_flags (TernTxn *txn, TernLocation *row, const TernOpRecord *wanted, GError **error)
{
  g_autoptr (TernOpRecord) tail = NULL;
  TernSubject subject;

  if (row->ops == 0)
    return TRUE;
  if (!load_unsent_tail (txn, row->id, &tail, &subject, error))
    return FALSE;
  if (tail == NULL || tail->kind != TERN_OP_FLAGS || !same_masks (tail, wanted))
    return TRUE;
  row->ops--;
  return tern_op_remove_subject (txn, tail->id, row->id, error)
         && tern_op_delete_if_empty (txn, tail->id, error)
         && tern_location_reshow (tern_txn_db (txn), row, error);
}

static void
apply_to_server_layer (TernLocation *row, const TernOpRecord *op)
{
  g_autofree char *base = g_steal_pointer (&row->keywords);

  row->server_flags = (row->server_flags | op->add) & ~op->remove;
  row->keywords = tern_keywords_apply (base, op->add_keywords, op->remove_keywords);
}

static gboolean
flag_one (Making *making, TernId location, GError **error)
{
  TernTxn *txn = making->txn;
  const TernOpRecord *wanted = making->like;
  g_autoptr (TernLocation) before = NULL;
  g_autoptr (TernLocation) now = NULL;
  g_autofree char *keywords = NULL;
  TernTxnFolder *folder = NULL;
  TernSubject subject = { 0 };

  if (!load_visible (txn, location, &before, &folder, error))
    return FALSE;
  if (before == NULL)
    return TRUE;
  now = tern_location_copy (before);
  if (!fold_flags (txn, now, wanted, error))
    return FALSE;
  keywords =
      tern_keywords_apply (now->shown_keywords, wanted->add_keywords, wanted->remove_keywords);
  if (((now->shown_flags | wanted->add) & ~wanted->remove) == now->shown_flags
      && tern_keywords_equal (keywords, now->shown_keywords))
    return tern_location_update (txn, before, now, error)
           && ((before->shown_flags == now->shown_flags
                && tern_keywords_equal (before->shown_keywords, now->shown_keywords))
               || tell (making, 0, before->folder, location, error));
  if (folder->remote)
    {
      subject.op = making_get (making, folder, error);
      subject.location = location;
      subject.prior_folder = before->folder;
      subject.prior_flags = before->shown_flags;
      if (subject.op == 0 || !tern_op_add_subject (txn, &subject, error))
        return FALSE;
      now->ops++;
    }
  else
    apply_to_server_layer (now, wanted);
  return tern_location_reshow (tern_txn_db (txn), now, error)
         && tern_location_update (txn, before, now, error)
         && tell (making, subject.op, before->folder, location, error);
}

GArray *
tern_txn_op_flags (TernTxn *txn,
                   const TernId *locations,
                   gsize n,
                   TernFlags add,
                   TernFlags remove,
                   const char *add_keywords,
                   const char *remove_keywords,
                   GError **error)
{
  TernOpRecord like = {
    .kind = TERN_OP_FLAGS,
    .add = add,
    .remove = remove & ~add,
    .add_keywords = (char *) add_keywords,
    .remove_keywords = (char *) remove_keywords,
  };
  gboolean ok = TRUE;
  Making making;

  making_init (&making, txn, &like);
  for (gsize i = 0; i < n && ok; i++)
    ok = flag_one (&making, locations[i], error);
  return making_finish (&making, ok);
}

/* Append. */

static TernId
append (TernTxn *txn,
        TernTxnFolder *folder,
        const TernLocation *row,
        TernId prior_folder,
        GError **error)
{
  TernOpRecord op = { .kind = TERN_OP_APPEND };
  TernSubject subject = { 0 };

  op.account = folder->account;
  op.source = op.target = folder->id;
  op.add = row->server_flags;
  op.add_keywords = row->keywords;
  if (!tern_op_insert (txn, &op, error))
    return 0;
  subject.op = op.id;
  subject.location = row->id;
  subject.prior_folder = prior_folder;
  subject.prior_flags = row->shown_flags;
  return tern_op_add_subject (txn, &subject, error) ? op.id : 0;
}

TernId
tern_txn_op_append (TernTxn *txn, TernId location, GError **error)
{
  TernLedgerEvent event = { TERN_LEDGER_APPENDED, TERN_LEDGER_OWN };
  g_autoptr (TernLocation) row = NULL;
  TernTxnFolder *folder = NULL;
  TernId op;

  if (!load_visible (txn, location, &row, &folder, error))
    return 0;
  if (row == NULL || !folder->remote || row->uid != 0)
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                                _ ("Only a message that is not on the server yet "
                                                   "can be put there.")));
      return 0;
    }
  event.op = op = append (txn, folder, row, row->folder, error);
  event.target = row->folder;
  return op != 0 && tern_op_count (txn, location, 1, error)
                 && tern_ledger_add (txn, &event, location, error)
             ? op
             : 0;
}

/* Move. */

static GError *
fault_cannot_move (void)
{
  return tern_fault_new (TERN_FAULT_INVALID,
                         _ ("Messages on a server can only be moved or copied within the folders "
                            "of their account there."));
}

static gboolean
move_row (TernTxn *txn, const TernLocation *before, TernId target, guint ops, GError **error)
{
  g_autoptr (TernLocation) now = tern_location_copy (before);

  now->folder = target;
  now->uid = 0;
  now->rematch = TERN_REMATCH_NONE;
  now->ops = ops;
  return tern_location_reshow (tern_txn_db (txn), now, error)
         && tern_location_update (txn, before, now, error);
}

/* Neither folder is on a server, or only the target is. */
static gboolean
move_local (Making *making, TernLocation *row, TernTxnFolder *target, GError **error)
{
  TernId op;

  if (!target->remote)
    return tell (making, 0, row->folder, row->id, error)
           && move_row (making->txn, row, target->id, row->ops, error);
  op = append (making->txn, target, row, row->folder, error);
  if (op == 0)
    return FALSE;
  g_array_append_val (making->made, op);
  return tell (making, op, row->folder, row->id, error)
         && move_row (making->txn, row, target->id, row->ops + 1, error);
}

/* An append that was not sent simply goes to another folder. */
static gboolean
fold_into_append (TernTxn *txn,
                  const TernLocation *row,
                  const TernOpRecord *tail,
                  TernTxnFolder *target,
                  GError **error)
{
  return tern_db_run (tern_txn_db (txn), error,
                      "UPDATE op SET source = ?2, target = ?2 WHERE id = ?1", tail->id, target->id)
         && move_row (txn, row, target->id, row->ops, error);
}

/* Back to where the server has it: nothing is left to do. */
static gboolean
move_home (TernTxn *txn,
           const TernLocation *row,
           const TernLocation *place,
           const TernOpRecord *tail,
           GError **error)
{
  g_autoptr (TernLocation) now = tern_location_copy (row);

  now->folder = place->folder;
  now->uid = place->uid;
  now->rematch = place->rematch;
  now->modseq = place->modseq;
  now->ops--;
  return tern_op_remove_subject (txn, tail->id, row->id, error)
         && tern_op_delete_if_empty (txn, tail->id, error)
         && tern_location_delete (txn, place, error)
         && tern_location_reshow (tern_txn_db (txn), now, error)
         && tern_location_update (txn, row, now, error);
}

/* A to B was not sent, now to C: A to C. *@folded is FALSE when the place in A is gone. */
static gboolean
fold_into_move (Making *making,
                const TernLocation *row,
                const TernOpRecord *tail,
                const TernSubject *old,
                TernTxnFolder *target,
                gboolean *folded,
                GError **error)
{
  TernTxn *txn = making->txn;
  GError *fault = NULL;
  g_autoptr (TernLocation) place = tern_location_load (tern_txn_db (txn), old->other, &fault);
  TernTxnFolder *source;
  TernSubject subject = *old;

  *folded = place != NULL;
  if (place == NULL)
    {
      if (fault != NULL)
        g_propagate_error (error, fault);
      return fault == NULL;
    }
  if (place->folder == target->id)
    return tell (making, 0, row->folder, row->id, error)
           && move_home (txn, row, place, tail, error);
  source = tern_txn_folder (txn, place->folder, error);
  if (source == NULL)
    return FALSE;
  subject.op = making_get (making, source, error);
  subject.prior_folder = row->folder;
  return subject.op != 0 && tell (making, subject.op, row->folder, row->id, error)
         && tern_op_remove_subject (txn, tail->id, row->id, error)
         && tern_op_delete_if_empty (txn, tail->id, error)
         && tern_op_add_subject (txn, &subject, error)
         && move_row (txn, row, target->id, row->ops, error);
}

static gboolean
move_new (Making *making,
          const TernLocation *row,
          TernTxnFolder *source,
          TernTxnFolder *target,
          GError **error)
{
  TernTxn *txn = making->txn;
  g_autoptr (TernLocation) place = tern_location_copy (row);
  TernSubject subject = { 0 };

  place->hidden = TRUE;
  place->stands_for = row->id;
  place->ops = 0;
  subject.op = making_get (making, source, error);
  /* The row leaves its uid before the place takes it: (folder, uid) is unique. */
  if (subject.op == 0 || !move_row (txn, row, target->id, row->ops + 1, error)
      || !tern_location_insert (txn, place, error))
    return FALSE;
  subject.location = row->id;
  subject.other = place->id;
  subject.prior_folder = row->folder;
  subject.prior_flags = row->shown_flags;
  return tern_op_add_subject (txn, &subject, error)
         && tell (making, subject.op, row->folder, row->id, error);
}

static gboolean
try_fold (Making *making,
          TernLocation *row,
          TernTxnFolder *target,
          gboolean *folded,
          GError **error)
{
  g_autoptr (TernOpRecord) tail = NULL;
  TernSubject subject;

  *folded = FALSE;
  if (row->ops == 0)
    return TRUE;
  if (!load_unsent_tail (making->txn, row->id, &tail, &subject, error))
    return FALSE;
  if (tail != NULL && tail->kind == TERN_OP_MOVE)
    return fold_into_move (making, row, tail, &subject, target, folded, error);
  if (tail == NULL || tail->kind != TERN_OP_APPEND)
    return TRUE;
  *folded = TRUE;
  return tell (making, tail->id, row->folder, row->id, error)
         && fold_into_append (making->txn, row, tail, target, error);
}

static gboolean
move_one (Making *making, TernId location, TernTxnFolder *target, GError **error)
{
  g_autoptr (TernLocation) row = NULL;
  TernTxnFolder *source = NULL;
  gboolean folded;

  if (!load_visible (making->txn, location, &row, &source, error))
    return FALSE;
  if (row == NULL || source == target)
    return TRUE;
  if (source->account != target->account || (source->remote && !target->remote))
    {
      g_propagate_error (error, fault_cannot_move ());
      return FALSE;
    }
  if (!source->remote)
    return move_local (making, row, target, error);
  if (!try_fold (making, row, target, &folded, error))
    return FALSE;
  return folded || move_new (making, row, source, target, error);
}

GArray *
tern_txn_op_move (TernTxn *txn, const TernId *locations, gsize n, TernId target_id, GError **error)
{
  TernOpRecord like = { .kind = TERN_OP_MOVE, .target = target_id };
  TernTxnFolder *target = tern_txn_folder (txn, target_id, error);
  gboolean ok = TRUE;
  Making making;

  if (target == NULL)
    return NULL;
  making_init (&making, txn, &like);
  for (gsize i = 0; i < n && ok; i++)
    ok = move_one (&making, locations[i], target, error);
  return making_finish (&making, ok);
}

/* Copy. */

static gboolean
copy_remote (Making *making,
             const TernLocation *row,
             TernLocation *copy,
             TernTxnFolder *source,
             GError **error)
{
  TernSubject subject = { 0 };
  TernSubject made = { 0 };

  subject.op = made.op = making_get (making, source, error);
  if (subject.op == 0)
    return FALSE;
  copy->ops = 1;
  if (!tern_location_insert (making->txn, copy, error))
    return FALSE;
  subject.location = row->id;
  subject.other = copy->id;
  subject.prior_folder = row->folder;
  subject.prior_flags = row->shown_flags;
  made.location = copy->id;
  made.made = TRUE;
  made.other = row->id;
  return tern_op_add_subject (making->txn, &subject, error)
         && tern_op_add_subject (making->txn, &made, error)
         && tern_op_count (making->txn, row->id, 1, error)
         && tell (making, subject.op, row->folder, row->id, error)
         && tell (making, subject.op, row->folder, copy->id, error);
}

/* From a folder of this disk only. */
static gboolean
copy_local (Making *making,
            const TernLocation *row,
            TernLocation *copy,
            TernTxnFolder *target,
            GError **error)
{
  TernId op = 0;

  if (!tern_location_insert (making->txn, copy, error))
    return FALSE;
  if (target->remote)
    {
      op = append (making->txn, target, copy, target->id, error);
      if (op == 0 || !tern_op_count (making->txn, copy->id, 1, error))
        return FALSE;
      g_array_append_val (making->made, op);
    }
  return tell (making, op, row->folder, row->id, error)
         && tell (making, op, row->folder, copy->id, error);
}

static gboolean
copy_one (Making *making, TernId location, TernTxnFolder *target, GError **error)
{
  g_autoptr (TernLocation) row = NULL;
  g_autoptr (TernLocation) copy = NULL;
  TernTxnFolder *source = NULL;

  if (!load_visible (making->txn, location, &row, &source, error))
    return FALSE;
  if (row == NULL)
    return TRUE;
  if (source->account != target->account || (source->remote && !target->remote))
    {
      g_propagate_error (error, fault_cannot_move ());
      return FALSE;
    }
  copy = tern_location_copy (row);
  copy->folder = target->id;
  copy->uid = 0;
  copy->modseq = 0;
  copy->ops = 0;
  copy->rematch = TERN_REMATCH_NONE;
  copy->server_flags = copy->shown_flags;
  g_free (copy->keywords);
  copy->keywords = g_strdup (copy->shown_keywords);
  if (source->remote)
    return copy_remote (making, row, copy, source, error);
  return copy_local (making, row, copy, target, error);
}

GArray *
tern_txn_op_copy (TernTxn *txn, const TernId *locations, gsize n, TernId target_id, GError **error)
{
  TernOpRecord like = { .kind = TERN_OP_COPY, .target = target_id };
  TernTxnFolder *target = tern_txn_folder (txn, target_id, error);
  gboolean ok = TRUE;
  Making making;

  if (target == NULL)
    return NULL;
  making_init (&making, txn, &like);
  for (gsize i = 0; i < n && ok; i++)
    ok = copy_one (&making, locations[i], target, error);
  return making_finish (&making, ok);
}

/* Expunge. */

/* The server never had it and nothing of it was sent: it goes with everything that was to be done
 * with it, unless a copy of it is to stay. */
static gboolean
is_unborn (TernTxn *txn, TernId location, gboolean *unborn, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  g_autoptr (GArray) chain = tern_op_load_chain (db, location, 0, error);

  *unborn = FALSE;
  if (chain == NULL)
    return FALSE;
  for (guint i = 0; i < chain->len; i++)
    {
      g_autoptr (TernOpRecord) op =
          tern_op_load (db, g_array_index (chain, TernSubject, i).op, error);

      if (op == NULL)
        return FALSE;
      if (!tern_op_is_unsent (op) || op->kind == TERN_OP_COPY)
        {
          *unborn = FALSE;
          return TRUE;
        }
      *unborn = *unborn || op->kind == TERN_OP_APPEND;
    }
  return TRUE;
}

static gboolean
expunge_one (Making *making, TernId location, GError **error)
{
  TernTxn *txn = making->txn;
  g_autoptr (TernLocation) row = NULL;
  g_autoptr (TernLocation) now = NULL;
  TernTxnFolder *folder = NULL;
  TernSubject subject = { 0 };
  TernLedgerCause cause;
  gboolean unborn = FALSE;
  gboolean ok;

  if (!load_visible (txn, location, &row, &folder, error)
      || (row != NULL && row->ops > 0 && !is_unborn (txn, location, &unborn, error)))
    return FALSE;
  if (row == NULL)
    return TRUE;
  /* Neither a server's nor on its way to one. */
  if (unborn || !folder->remote || (row->uid == 0 && row->ops == 0 && !row->rematch))
    {
      cause = tern_ledger_because (txn, TERN_LEDGER_OWN, 0);
      ok = tern_ops_remove_location (txn, row, error);
      tern_ledger_restore (txn, cause);
      return ok;
    }
  subject.op = making_get (making, folder, error);
  subject.location = location;
  subject.prior_folder = row->folder;
  subject.prior_flags = row->shown_flags;
  now = tern_location_copy (row);
  now->hidden = TRUE;
  now->ops++;
  return subject.op != 0 && tern_op_add_subject (txn, &subject, error)
         && tern_location_update (txn, row, now, error)
         && tell (making, subject.op, row->folder, location, error);
}

GArray *
tern_txn_op_expunge (TernTxn *txn, const TernId *locations, gsize n, GError **error)
{
  TernOpRecord like = { .kind = TERN_OP_EXPUNGE };
  gboolean ok = TRUE;
  Making making;

  making_init (&making, txn, &like);
  for (gsize i = 0; i < n && ok; i++)
    ok = expunge_one (&making, locations[i], error);
  return making_finish (&making, ok);
}
