/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-locations-private.h"
#include "tern-store-ops.h"

G_BEGIN_DECLS

/** TernSubject: a row of "op_subject". */
typedef struct
{
  TernId op;
  TernId location;
  /* FALSE: what the operation is about. TRUE: what a copy has made, named here so that later
   * operations on it wait for this one. */
  gboolean made;
  TernId other; /* move: the hidden place at the source; copy: what it made, and the other way */
  TernId prior_folder;
  TernFlags prior_flags; /* shown, before the operation */
} TernSubject;

/* The row of "op" without its subjects; NULL without @error when there is none. */
TernOpRecord *tern_op_load (TernDb *db, TernId op, GError **error);

/* Of TernSubject with made = FALSE, in the order of the locations. */
GArray *tern_op_load_subjects (TernDb *db, TernId op, GError **error);
/* Likewise: what a copy has made of messages that are gone since. */
GArray *tern_op_load_orphans (TernDb *db, TernId op, GError **error);
/* Unconfirmed operations that name @location and are newer than @after, newest first: of
 * TernSubject. */
GArray *tern_op_load_chain (TernDb *db, TernId location, TernId after, GError **error);

/* Fills in @record->id. */
gboolean tern_op_insert (TernTxn *txn, TernOpRecord *record, GError **error);
gboolean tern_op_add_subject (TernTxn *txn, const TernSubject *subject, GError **error);
gboolean tern_op_remove_subject (TernTxn *txn, TernId op, TernId location, GError **error);
/* The operation, when it has no subject left. */
gboolean tern_op_delete_if_empty (TernTxn *txn, TernId op, GError **error);
gboolean
tern_op_set_state (TernTxn *txn, TernId op, TernOpState state, const GError *fault, GError **error);

/* Nothing of it was sent so far: it can be folded or dropped. */
gboolean tern_op_is_unsent (const TernOpRecord *op);

/* Adds @change to the count of unconfirmed operations of @location and shows it anew. */
gboolean tern_op_count (TernTxn *txn, TernId location, int change, GError **error);

/* Takes back what @op did to the subject. The rows of op and op_subject are the caller's. */
gboolean tern_op_take_back (TernTxn *txn,
                            const TernOpRecord *op,
                            const TernSubject *subject,
                            GError **error);

/* The three ends of an operation on a folder, whose state is the caller's (undo: see there). */
gboolean tern_folder_op_confirmed (TernTxn *txn, const TernOpRecord *op, GError **error);
gboolean tern_folder_op_refused (TernTxn *txn, const TernOpRecord *op, GError **error);
gboolean
tern_folder_op_undo (TernTxn *txn, const TernOpRecord *op, gboolean *undone, GError **error);

/* The server does not have it any more, or nobody shall have it: with the row go its parts in
 * operations that are not under way. */
gboolean tern_ops_remove_location (TernTxn *txn, const TernLocation *row, GError **error);

G_END_DECLS
