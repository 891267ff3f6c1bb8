/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-account-settings.h"
#include "tern-body-loader-private.h"

G_BEGIN_DECLS

/**
 * TernBodyKeeper:
 *
 * Keeps on this computer what the account's settings say: brings what is wanted and missing when
 * there is nothing else to do, newest first, and lets go of what is older. Not over a network that
 * is paid for by volume. Thread: the account's worker.
 */
typedef struct _TernBodyKeeper TernBodyKeeper;

/* @loader outlives it. */
TernBodyKeeper *tern_body_keeper_new (TernStore *store,
                                      TernId account,
                                      TernBodyLoader *loader,
                                      const TernAccountSettings *settings);
void tern_body_keeper_set_online (TernBodyKeeper *self, gboolean online);
void tern_body_keeper_set_metered (TernBodyKeeper *self, gboolean metered);
/* The account has come to rest. */
void tern_body_keeper_wake (TernBodyKeeper *self);
/* What is on screen should be here soon, settings or not. */
void tern_body_keeper_prefetch (TernBodyKeeper *self, const TernId *ids, gsize n);
void tern_body_keeper_free (TernBodyKeeper *self);

G_END_DECLS
