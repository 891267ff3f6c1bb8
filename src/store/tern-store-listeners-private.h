/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store.h"

G_BEGIN_DECLS

/**
 * TernListeners:
 *
 * Who hears of change sets, each in its own main context and in the order of the commits.
 * Thread: any.
 */
typedef struct _TernListeners TernListeners;

TernListeners *tern_listeners_new (void);
void tern_listeners_free (TernListeners *self);
guint tern_listeners_add (TernListeners *self,
                          GMainContext *context,
                          TernStoreListener func,
                          gpointer user_data,
                          GDestroyNotify destroy);
void tern_listeners_remove (TernListeners *self, guint id);
void tern_listeners_tell (TernListeners *self, TernChangeSet *changes);

G_END_DECLS
