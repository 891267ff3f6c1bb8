/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-op-group-private.h"

G_BEGIN_DECLS

typedef enum
{
  TERN_OP_OUTCOME_RUNNING,
  TERN_OP_OUTCOME_CONFIRMED,
  TERN_OP_OUTCOME_REFUSED,
  TERN_OP_OUTCOME_LATER,
} TernOpOutcomeKind;

/**
 * TernOpOutcome:
 *
 * What is to be written down of operations that run by the same commands, in one transaction.
 * Refcounted; not changed any more once it is handed to the store.
 */
typedef struct
{
  TernOpOutcomeKind kind;
  GArray *ops;        /* of TernId */
  GPtrArray *as_read; /* (nullable) of TernOpRecord, with RUNNING: what is about to be sent */
  GArray *part;       /* (nullable) of TernId: only these subjects of the one operation */
  GArray *done;       /* (nullable) of TernId: subjects that are confirmed, whatever @kind says */
  GArray *pairs;
  TernId doubtful[2]; /* folders that are to be synced once this is written; 0 = none */
  char *name;         /* (nullable) with RUNNING: what the folder is to be called on the server */
  char *fault;        /* with LATER */
  GError *refusal;    /* with REFUSED */
  gint64
      not_before; /* with @part and CONFIRMED, @stuck and @later likewise: of the other subjects */
  gboolean stuck;
  char *later;         /* (nullable) */
  TernOpDenial denial; /* with REFUSED */
} TernOpOutcome;

TernOpOutcome *tern_op_outcome_new (TernOpOutcomeKind kind, const GPtrArray *ops);
void tern_op_outcome_unref (gpointer data);

/* (TernStoreWrite) Data: TernOpOutcome. */
gboolean tern_op_outcome_write (TernTxn *txn, gpointer data, gpointer *result, GError **error);
/* (TernStoreWrite) The same with RUNNING. *@result: TRUE when they are not what was read any more;
 * then nothing is written. */
gboolean
tern_op_outcome_write_running (TernTxn *txn, gpointer data, gpointer *result, GError **error);

G_END_DECLS
