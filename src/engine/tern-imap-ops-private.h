/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-remote-private.h"

G_BEGIN_DECLS

typedef enum
{
  TERN_OPS_STEP_CREATE,        /* the target is not on the server yet */
  TERN_OPS_STEP_SELECT_TARGET, /* to look for what may be there already */
  TERN_OPS_STEP_FIND,
  TERN_OPS_STEP_SELECT,
  TERN_OPS_STEP_STILL_THERE, /* which of the sources are left? */
  TERN_OPS_STEP_COMPARE,     /* are they what was found at the target? */
  TERN_OPS_STEP_ACT,
  TERN_OPS_STEP_CONFIRM, /* MOVE: OK, but no COPYUID for some: are they still there? */
  TERN_OPS_STEP_MARK,    /* MOVE by hand: \Deleted … */
  TERN_OPS_STEP_EXPUNGE, /* … and UID EXPUNGE */
  TERN_OPS_STEP_DONE,
} TernImapOpsStep;

/** TernImapOps: one operation on messages, on the wire (tern-imap-ops.c). */
typedef struct
{
  TernImapJob job;
  TernRemoteOp *op; /* (owned) */
  TernImapOpsStep step;
  GArray *left;        /* (owned) of guint32: uids that are still to be done */
  GArray *to_copy;     /* (owned) of guint32: of these, what is not at the target */
  guint finding;       /* index of the message being looked for */
  GArray *found;       /* (owned) of guint32, beside the uids: its copy at the target; 0 = none */
  gboolean same_epoch; /* uids of the target mean to the store what they mean here */
  GArray *pairs;       /* (owned) of TernUidPair */
  GArray *done;        /* (owned) of guint32: what of them is done, whatever becomes of the rest */
  gboolean created;
  gboolean plainly; /* the target was refused with its special use */
  gboolean again;   /* MOVE said OK and left messages where they were: it is sent a second time */
  gboolean by_hand; /* COPY, then STORE and EXPUNGE: no MOVE, or it was begun without */
  guint flag_step;  /* 0 add, 1 remove */
  TernRefusal refusal; /* what it was that failed */
  GError *error;
} TernImapOps;

/* The next step, whatever it is. */
void tern_imap_ops_advance (TernImapOps *self);

/* What of it may have been done before (tern-imap-ops-look.c). Each ends in another step. */
void tern_imap_ops_find (TernImapOps *self);
void tern_imap_ops_look_at_source (TernImapOps *self);
void tern_imap_ops_compare (TernImapOps *self);

/* Shared by both. */
gboolean tern_imap_ops_is_filed_by_server (TernImapOps *self);
TernImapSession *tern_imap_ops_session (TernImapOps *self);
void tern_imap_ops_add_pair (TernImapOps *self, guint32 source, guint32 target);
/* A UIDVALIDITY that the store knows, or that it will learn. */
gboolean tern_imap_ops_knows_target (TernImapOps *self, guint32 uidvalidity);
gboolean tern_imap_ops_has (const GArray *uids, guint32 uid);
void tern_imap_ops_drop (GArray *uids, guint32 uid);

G_END_DECLS
