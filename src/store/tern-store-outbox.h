/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-ops.h"

G_BEGIN_DECLS

/**
 * The outbox. Each transition is committed before the step that it
 * announces. The message bytes lie in the body store, durable before the row exists.
 */
typedef enum
{
  TERN_OUTBOX_HELD, /* undo time runs */
  TERN_OUTBOX_QUEUED,
  TERN_OUTBOX_CONNECTING, /* a session works on it; nothing irrevocable was sent */
  TERN_OUTBOX_SENT_DATA,  /* committed before the final dot is sent */
  TERN_OUTBOX_ACCEPTED,   /* the server took it; not yet filed into Sent */
  TERN_OUTBOX_DONE,       /* filed (or the server files itself) */
  TERN_OUTBOX_REFUSED,    /* for good; the server's reason is kept; editable again */
  TERN_OUTBOX_UNCERTAIN,  /* lost after the final dot: looked for in Sent, then a person decides */
} TernOutboxState;

typedef struct
{
  char *address;
  TernOutboxState state; /* QUEUED, ACCEPTED, REFUSED or UNCERTAIN */
  char *server_text;     /* (nullable) */
} TernRecipient;

typedef struct
{
  TernId id;
  TernId account;
  TernOutboxState state;
  char *message_id; /* without angle brackets, fixed when queued */
  char *from;       /* envelope sender */
  char *subject;
  char *body_hash;       /* of the full message, Bcc included, in the body store */
  char *draft;           /* (nullable) opaque: what the composer needs to come back */
  GPtrArray *recipients; /* of TernRecipient */
  TernId in_reply_to;    /* location to mark answered or forwarded, 0 if none */
  TernFlags reply_flag;  /* TERN_FLAG_ANSWERED, TERN_FLAG_FORWARDED or none */
  guint64 size;
  guint attempts;
  gint64 not_before; /* milliseconds since 1970; of an ACCEPTED one: when its copy for Sent was
                        made, 0 = not yet */
  gint64 queued;     /* seconds */
  char *fault;       /* (nullable) our sentence */
  char *server_text; /* (nullable) the server's */
} TernOutboxRecord;

void tern_recipient_free (TernRecipient *self);
void tern_outbox_record_free (TernOutboxRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernOutboxRecord, tern_outbox_record_free)

/* By somebody's server, for good. */
gboolean tern_outbox_record_was_refused (const TernOutboxRecord *self);
const char *tern_outbox_state_name (TernOutboxState state); /* ternctl's words */

TernId tern_txn_outbox_add (TernTxn *txn, const TernOutboxRecord *record, GError **error);
/* Refuses (TERN_FAULT_INTERNAL) a transition that the state machine does not have. One that
 * somebody has accepted may always become ACCEPTED. */
gboolean tern_txn_outbox_state (TernTxn *txn,
                                TernId id,
                                TernOutboxState state,
                                gint64 not_before,
                                const char *fault,
                                const char *server_text,
                                GError **error);
gboolean tern_txn_outbox_recipient (TernTxn *txn,
                                    TernId id,
                                    const char *address,
                                    TernOutboxState state,
                                    const char *server_text,
                                    GError **error);
gboolean tern_txn_outbox_remove (TernTxn *txn, TernId id, GError **error);
/* At start: CONNECTING goes back to QUEUED, SENT_DATA becomes UNCERTAIN. */
gboolean tern_txn_outbox_restart (TernTxn *txn, TernId account, GError **error);

GPtrArray *tern_read_outbox (TernReader *reader, TernId account, GError **error); /* 0 = all */
TernOutboxRecord *tern_read_outbox_entry (TernReader *reader, TernId id, GError **error);
/* How the newest TERN_OP_APPEND of @location stands; *@found FALSE: there is none (any more). */
gboolean tern_read_append_state (TernReader *reader,
                                 TernId location,
                                 gboolean *found,
                                 TernOpState *state,
                                 GError **error);

G_END_DECLS
