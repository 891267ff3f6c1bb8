/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-types.h"
#include "tern-remote-private.h"
#include "tern-store-ledger.h"
#include "tern-store-messages.h"

G_BEGIN_DECLS

/*
 * What a sync writes: each of these is one transaction of the store's writer, and the sync state
 * (which UIDs are covered, up to which mod-sequence) is part of the transaction with the data.
 *
 * The stored state means: headers of all UIDs in [backfill, uidnext) are here, and their flags are
 * as of modseq.
 */

/** TernSyncRange: how a batch of headers moves the covered range. */
typedef enum
{
  TERN_SYNC_RANGE_KEEP, /* not at all: more of the same window follows */
  TERN_SYNC_RANGE_DOWN, /* backfill goes from @from to @to */
  TERN_SYNC_RANGE_UP,   /* uidnext goes from at most @from to @to */
} TernSyncRange;

typedef struct
{
  TernId folder;
  guint32 uidvalidity;
  GPtrArray *facts;   /* (owned) of TernMessageFacts */
  TernLedgerHow how;  /* have they come */
  guint32 fresh_from; /* from this UID on: new arrivals, worth a notification; 0 = none */
  TernSyncRange range;
  guint32 from;
  guint32 to;
  guint32 uidnext; /* DOWN with nothing stored yet: the state to begin with */
  guint64 modseq;
} TernSyncBatch;

/** TernFlagChange: what the server says a message's flags are. */
typedef struct
{
  guint32 uid;
  TernFlags flags;
  char *keywords; /* (nullable) */
  guint64 modseq;
  char *labels; /* (nullable): not told */
} TernFlagChange;

TernSyncBatch *tern_sync_batch_new (TernId folder, guint32 uidvalidity);
void tern_sync_batch_free (TernSyncBatch *self);

GArray *tern_flag_changes_new (void); /* of TernFlagChange, cleared with it */
void tern_flag_changes_add (GArray *changes, const TernImapFetch *fetch);

/* All take their data; the callback's result goes to tern_store_write_finish() (no value). */
void tern_sync_write_batch (TernStore *store,
                            int priority,
                            TernSyncBatch *batch,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
void tern_sync_write_flags (TernStore *store,
                            TernId folder,
                            GArray *changes,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
void tern_sync_write_removed (TernStore *store,
                              TernId folder,
                              GArray *uids,
                              TernLedgerHow how,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
void tern_sync_write_rematch (TernStore *store,
                              TernId folder,
                              guint32 uidvalidity,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/* The folder agrees with the server. @modseq 0: keep the stored one. */
typedef struct
{
  TernId folder;
  guint32 uidvalidity;
  guint32 uidnext;
  guint64 modseq;
  gint64 total;
  GArray *expected; /* (nullable) see tern_txn_end_waiting(); copied */
  gboolean compare_tried;
  gboolean compared; /* with a listing of all UIDs that has @listed of them */
  gint64 listed;
  const char *mailbox_id; /* (nullable) as SELECT told it; copied */
} TernSyncEnd;
void tern_sync_write_end (TernStore *store,
                          const TernSyncEnd *end,
                          GAsyncReadyCallback callback,
                          gpointer user_data);

/* Nobody waits for it. */
void tern_sync_write_read_only (TernStore *store, TernId folder, gboolean read_only);

/* For changes that nobody waits for: logs a failure. @user_data: (transfer full) the TernStore. */
void tern_sync_write_logged_cb (GObject *source, GAsyncResult *result, gpointer user_data);

G_END_DECLS
