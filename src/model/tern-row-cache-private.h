/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-message-private.h"

G_BEGIN_DECLS

/**
 * TernRowCache:
 *
 * The rows of a message list: a weak table, so that the same object comes back while anybody holds
 * it, and the most recently used ones held strongly. Fills them by pages from the store.
 * Thread: UI. Freed with reads under way: their results are dropped.
 */
typedef struct _TernRowCache TernRowCache;

TernRowCache *tern_row_cache_new (TernStore *store);
void tern_row_cache_free (TernRowCache *self);

/* (transfer full): the row of @key, made when there is none, and asked for when it is not filled.
 */
TernMessage *tern_row_cache_get (TernRowCache *self, const TernListKey *key);
/* What is stored changed: the row, if there is one, is filled again; its old content stays until
 * then. */
void tern_row_cache_touch (TernRowCache *self, const TernListKey *key);
/* These keys, if they have rows that are wanted, go before all others. */
void tern_row_cache_set_visible (TernRowCache *self, const TernListKey *keys, guint n);

G_END_DECLS
