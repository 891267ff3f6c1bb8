/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-body-loader-private.h"

G_BEGIN_DECLS

/**
 * TernDownload:
 *
 * One large section of a message on its way into the store, in pieces that are stored as they come:
 * two of them are in memory at most. A connection that ends in the middle is waited for, and the
 * next one goes on at the offset; so does the next download when this one is given up. From a
 * server that does not give pieces it comes whole.
 *
 * Refcounted. Thread: the account's worker.
 */
typedef struct _TernDownload TernDownload;

/* It is over, and everybody who waited has been told. */
typedef void (*TernDownloadEnded) (TernDownload *self, gpointer data);

/* @whole: the server is known to give no pieces. */
TernDownload *tern_download_new (TernStore *store,
                                 TernId location,
                                 const char *section,
                                 gboolean whole,
                                 TernDownloadEnded ended,
                                 gpointer data,
                                 GDestroyNotify data_free);
TernDownload *tern_download_ref (TernDownload *self);
void tern_download_unref (TernDownload *self);

gboolean tern_download_is_for (const TernDownload *self, TernId location, const char *section);
gboolean tern_download_lacks_pieces (const TernDownload *self);

/* Somebody waits for it, until @cancellable (nullable) is cancelled; with nobody left it is given
 * up. @transfer (nullable) is told how far it has come. */
void tern_download_add_waiter (TernDownload *self,
                               TernTransfer *transfer,
                               GCancellable *cancellable,
                               TernBodyLoaded loaded,
                               gpointer data);
/* Its turn has come. */
void tern_download_start (TernDownload *self);
gboolean tern_download_is_started (const TernDownload *self);
/* NULL: there is no connection, @why (nullable: one is being made). */
void tern_download_set_remote (TernDownload *self, TernRemote *remote, const GError *why);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernDownload, tern_download_unref)

G_END_DECLS
