/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-smtp-session.h"
#include "tern-store-outbox.h"

G_BEGIN_DECLS

/*
 * What the outbox runner reads and writes, each in one transaction.
 */

/** TernOutboxWork: what is to be done now. Plain value. */
typedef struct
{
  TernOutboxRecord *entry; /* (nullable) to be submitted */
  GBytes *message;         /* of the entry, Bcc included */
  gint64 next_time;        /* ms; when the next one is due, 0 = none */
  TernId look_into;        /* Sent, when there is something uncertain; 0 = none */
  GArray *found;           /* of TernId: uncertain or accepted ones that are in Sent now */
  GArray *unfiled;         /* of TernId: accepted, and their copy is not even on its way */
} TernOutboxWork;

typedef struct
{
  TernId account;
  gboolean now; /* what waits after a failure too */
} TernOutboxQuery;

void tern_outbox_work_free (TernOutboxWork *self);
gboolean tern_outbox_work_read (TernReader *reader,
                                gpointer data,
                                GCancellable *cancellable,
                                gpointer *result,
                                GError **error);

/** TernOutboxStep: a transition of one entry. */
typedef struct
{
  TernId id;
  TernOutboxState state;
  gint64 not_before;
  char *fault;           /* (nullable) */
  char *server_text;     /* (nullable) */
  GPtrArray *recipients; /* (nullable) of TernSmtpRecipient */
} TernOutboxStep;

TernOutboxStep *tern_outbox_step_new (TernId id, TernOutboxState state);
void tern_outbox_step_free (TernOutboxStep *self);
/* (TernStoreWrite) */
gboolean tern_outbox_step_write (TernTxn *txn, gpointer data, gpointer *result, GError **error);
/* (TernStoreWrite) The same to ACCEPTED: with the copy for Sent, the operation that files it there,
 * and the mark on the message that was answered. */
gboolean tern_outbox_accept_write (TernTxn *txn, gpointer data, gpointer *result, GError **error);

G_END_DECLS
