/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-remote-private.h"
#include "tern-transfer.h"

G_BEGIN_DECLS

/**
 * TernBodyLoader:
 *
 * Brings bodies of messages from the server into the store: one that a person waits for ahead of
 * everything else, those on screen in the background. Thread: the account's worker.
 */
typedef struct _TernBodyLoader TernBodyLoader;

/* @error NULL: what was asked for is in the store now. */
typedef void (*TernBodyLoaded) (const GError *error, gpointer data);

TernBodyLoader *tern_body_loader_new (TernStore *store);
/* The account is about to connect: what needs the server waits for the next set_remote(). */
void tern_body_loader_expect (TernBodyLoader *self);
/* NULL: offline; @why (nullable) is then the answer to what needs the server. */
void tern_body_loader_set_remote (TernBodyLoader *self, TernRemote *remote, const GError *why);
/* @section NULL: what the reader needs; "" the whole source. A large one comes in pieces, is told
 * of by @transfer (nullable) and given up with @cancellable (nullable). */
void tern_body_loader_load (TernBodyLoader *self,
                            TernId location,
                            const char *section,
                            TernTransfer *transfer,
                            GCancellable *cancellable,
                            TernBodyLoaded loaded,
                            gpointer data);
/* Replaces the list of what should be here soon. */
void tern_body_loader_prefetch (TernBodyLoader *self, const TernId *ids, gsize n);
/* All of them in order, @section as above; @loaded when the last one is here. */
void tern_body_loader_load_all (TernBodyLoader *self,
                                GArray *locations,
                                const char *section,
                                TernBodyLoaded loaded,
                                gpointer data);
/* Ends what is under way; after a set_remote (NULL). TRUE: @stopped follows when that is over. */
gboolean
tern_body_loader_stop (TernBodyLoader *self, void (*stopped) (gpointer data), gpointer data);
void tern_body_loader_free (TernBodyLoader *self);

G_END_DECLS
