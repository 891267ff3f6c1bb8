/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "tern-change-set.h"
#include "tern-fault.h"

G_BEGIN_DECLS

/**
 * TernStore:
 *
 * Mail on this disk: one SQLite database (WAL) for all accounts and one body store beside it, in a
 * folder of mode 0700. One writer thread owns the only connection that writes; two reader threads
 * serve lists (short reads) and everything slow. All work is done by functions that run in those
 * threads inside one transaction: a write function composes the typed verbs of tern-store-*.h
 * (tern_txn_…) so that what belongs together is committed together; a read function composes
 * tern_read_…. Both return plain values that may cross threads.
 *
 * Thread: the public functions here may be called from any thread with a thread-default context;
 * callbacks come back to it. Life: open, use, close_async, unref.
 */
typedef struct _TernStore TernStore;
typedef struct _TernTxn TernTxn;       /* thread: writer; valid during the write function only */
typedef struct _TernReader TernReader; /* thread: a reader; likewise. A TernTxn can also read. */

typedef enum
{
  TERN_LANE_LIST, /* rows and keys for what is on screen: milliseconds */
  TERN_LANE_SLOW, /* whole-folder walks, search, export */
} TernLane;

typedef enum
{
  TERN_STORE_OPENED,    /* as it was */
  TERN_STORE_CREATED,   /* a new one */
  TERN_STORE_RECOVERED, /* the old database was damaged: kept as mail.db.corrupt-DATE, made anew;
                           headers come again from the servers, bodies are still here, and what
                           could be saved of operations and outbox was carried over */
} TernStoreOutcome;

/* @dir: where mail.db and bodies/ live. Nothing is touched before open. */
TernStore *tern_store_new (const char *dir);
TernStore *tern_store_ref (TernStore *self);
void tern_store_unref (TernStore *self);

/* Takes the lock (TERN_FAULT_BUSY when another program has it), opens, migrates, checks.
 * Faults: DISK_READ_ONLY, DISK_FULL, DISK, DAMAGED (only when recovery failed too). */
void tern_store_open_async (TernStore *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
gboolean tern_store_open_finish (TernStore *self,
                                 GAsyncResult *result,
                                 TernStoreOutcome *outcome,
                                 GError **error);

/* Finishes what is queued, checkpoints, releases the lock, ends the threads. */
void tern_store_close_async (TernStore *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean tern_store_close_finish (TernStore *self, GAsyncResult *result, GError **error);

/**
 * TernStoreWrite: (thread writer)
 *
 * Runs inside one IMMEDIATE transaction. Returns TRUE to commit, FALSE with @error set to roll
 * everything back. *@result is freed by the destroy function given to tern_store_write_async()
 * if nobody collects it. After COMMIT the change set of the transaction is given to all listeners,
 * then the callback runs.
 */
typedef gboolean (*TernStoreWrite) (TernTxn *txn, gpointer data, gpointer *result, GError **error);

void tern_store_write_async (TernStore *self,
                             int priority,
                             TernStoreWrite func,
                             gpointer data,
                             GDestroyNotify data_free,
                             GDestroyNotify result_free,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean
tern_store_write_finish (TernStore *self, GAsyncResult *result, gpointer *value, GError **error);

/* TernStoreRead: (thread reader) runs inside one read transaction. Long ones look at @cancellable.
 */
typedef gboolean (*TernStoreRead) (TernReader *reader,
                                   gpointer data,
                                   GCancellable *cancellable,
                                   gpointer *result,
                                   GError **error);

void tern_store_read_async (TernStore *self,
                            TernLane lane,
                            int priority,
                            TernStoreRead func,
                            gpointer data,
                            GDestroyNotify data_free,
                            GDestroyNotify result_free,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
gboolean
tern_store_read_finish (TernStore *self, GAsyncResult *result, gpointer *value, GError **error);

/* The read view of a write transaction. */
TernReader *tern_txn_reader (TernTxn *txn);
/* The change set being built; the verbs fill it, engine code rarely needs it. */
TernChangeSet *tern_txn_changes (TernTxn *txn);

/* For what a server can give again: fails as on a full disk while there is still room for what it
 * cannot, a draft, an answer, a change of flags, and for opening the store the next time. */
gboolean tern_txn_require_room (TernTxn *txn, GError **error);

/* @func gets every change set from now on, in order, in @context (NULL: the caller's
 * thread-default). Returns an id for tern_store_remove_listener(). */
typedef void (*TernStoreListener) (TernChangeSet *changes, gpointer user_data);
guint tern_store_add_listener (TernStore *self,
                               GMainContext *context,
                               TernStoreListener func,
                               gpointer user_data,
                               GDestroyNotify destroy);
void tern_store_remove_listener (TernStore *self, guint id);

/* The sequence number of the newest committed change set seen by @reader's snapshot. A list that
 * loads while changes arrive drops change sets up to this. */
gint64 tern_read_change_seq (TernReader *reader);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernStore, tern_store_unref)

G_END_DECLS
