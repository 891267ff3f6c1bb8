/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-smtp-session.h"
#include "tern-store-outbox.h"

G_BEGIN_DECLS

/*
 * What the outbox runner reads and writes, each in one transaction.
 */

/** TernUnfiled: an accepted one whose copy is not in Sent and not on its way there. */
typedef struct
{
  TernId id;
  TernId copy; /* that the server refused to take; 0 = not made yet */
} TernUnfiled;

/** TernOutboxWork: what is to be done now. Plain value. */
typedef struct
{
  TernOutboxRecord *entry; /* (nullable) to be submitted */
  GBytes *message;         /* of the entry, Bcc included */
  gint64 next_time;        /* ms; when the next one is due, 0 = none */
  TernId look_into;        /* Sent, when there is something uncertain; 0 = none */
  GArray *found;           /* of TernId: uncertain or accepted ones that are in Sent now */
  GArray *unfiled;         /* of TernUnfiled */
} TernOutboxWork;

typedef struct
{
  TernId account;
  GArray *now;      /* (nullable) of TernId: what waits after a failure too, but for these */
  gboolean blocked; /* nothing can be sent: only what does not say so yet */
} TernOutboxQuery;

void tern_outbox_query_free (TernOutboxQuery *self);

void tern_outbox_work_free (TernOutboxWork *self);
gboolean tern_outbox_work_read (TernReader *reader,
                                gpointer data,
                                GCancellable *cancellable,
                                gpointer *result,
                                GError **error);

/** TernOutboxStep: a transition of one entry. Refcounted; does not change once it is given away. */
typedef struct
{
  TernId id;
  TernOutboxState state;
  gint64 not_before;
  char *fault;           /* (nullable) */
  char *server_text;     /* (nullable) */
  GPtrArray *recipients; /* (nullable) of TernSmtpRecipient */
  gboolean refuse_rest;  /* whoever has not got it will not */
  gboolean file;         /* for tern_outbox_file_write() */
  TernId copy;           /* to be filed again; 0 = to be made */
} TernOutboxStep;

TernOutboxStep *tern_outbox_step_new (TernId id, TernOutboxState state);
TernOutboxStep *tern_outbox_step_ref (TernOutboxStep *self);
void tern_outbox_step_unref (TernOutboxStep *self);
/* (TernStoreWrite) From ACCEPTED to DONE the fault is kept: it tells who did not get it. */
gboolean tern_outbox_step_write (TernTxn *txn, gpointer data, gpointer *result, GError **error);
/* (TernStoreWrite) Of an accepted one: the copy for Sent, the operation that files it there, and
 * the mark on the message that was answered. */
gboolean tern_outbox_file_write (TernTxn *txn, gpointer data, gpointer *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernOutboxStep, tern_outbox_step_unref)

G_END_DECLS
