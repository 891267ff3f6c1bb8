/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernKeyringWatch:
 *
 * Tells when it may be worth looking into the keyring again: the Secret Service came up, or one of
 * its collections changed, by being unlocked for one. Hints only; the first one comes for a service
 * that is there already. It never starts the service. Thread: the engine's context.
 */
typedef struct _TernKeyringWatch TernKeyringWatch;

TernKeyringWatch *tern_keyring_watch_new (void (*changed) (gpointer data), gpointer data);
void tern_keyring_watch_free (TernKeyringWatch *self);

G_END_DECLS
