/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-remote-private.h"

G_BEGIN_DECLS

/**
 * TernOpGroup:
 *
 * Operations that can be carried out by the same commands, with all that the commands need: read in
 * one transaction. Plain value; crosses threads.
 */
typedef struct
{
  GPtrArray *ops;           /* of TernOpRecord, at least one */
  GArray *subjects;         /* of TernOpSubject, sorted by uid */
  GPtrArray *message_ids;   /* (element nullable) of char*, beside subjects */
  GArray *sizes;            /* of guint32, likewise */
  GArray *twins;            /* of guint32, likewise, with @check: see tern_read_twins() */
  GArray *taken;            /* (nullable) of guint32, with @check: see tern_read_taken_uids() */
  guint unknown;            /* subjects that the server has, but nobody knows where */
  guint lost;               /* subjects that went from the server before anything was sent */
  TernFolderRecord *source; /* (nullable) */
  TernFolderRecord *target; /* (nullable) */
  GBytes *message;          /* (nullable) APPEND */
  gint64 date;
  gboolean filed; /* APPEND: a sync has met it on the server */
  gboolean check;
  char *name;            /* (nullable) folders: the new name on the server */
  char *old_name;        /* (nullable) folders: the name there before, raw */
  GPtrArray *subscribed; /* of char*: the names that a rename takes subscriptions from */
  gint64 next_time;      /* with no ops: when there will be some; 0 = not known */
} TernOpGroup;

void tern_op_group_free (TernOpGroup *self);

typedef struct
{
  TernId account;
  GArray *solo; /* of TernId: operations that are not to be grouped */
} TernOpGroupQuery;

/* (TernStoreRead) Data: TernOpGroupQuery. Result: TernOpGroup, without ops when nothing can run. */
gboolean tern_op_group_read (TernReader *reader,
                             gpointer data,
                             GCancellable *cancellable,
                             gpointer *result,
                             GError **error);

typedef enum
{
  TERN_OP_SUBJECT_READY,
  TERN_OP_SUBJECT_DONE, /* it went from the source while it was being moved, or as it should */
  TERN_OP_SUBJECT_UNKNOWN,
  TERN_OP_SUBJECT_LOST,
} TernOpSubjectState;

TernOpSubjectState tern_op_group_get_state (const TernOpGroup *self, const TernOpSubject *subject);

/* *@unchanged: nobody has undone @op, or folded something into it, since it was read. */
gboolean
tern_op_is_unchanged (TernTxn *txn, const TernOpRecord *op, gboolean *unchanged, GError **error);

/** TernOpDenial: what is learned of rights when the server does not allow an operation. */
typedef struct
{
  TernId source;        /* 0: nothing */
  TernId target;        /* 0: nothing */
  TernRights of_source; /* what cannot be done there; none when it may be the other's fault */
  TernRights of_target;
} TernOpDenial;

TernOpDenial tern_op_group_get_denial (const TernOpGroup *self, TernRefusal refusal);
gboolean tern_op_denial_write (const TernOpDenial *self, TernTxn *txn, GError **error);

/* The part of the group from @start on that fits into one command. */
TernRemoteOp *tern_op_group_cut (const TernOpGroup *self, guint start, guint *taken);

G_END_DECLS
