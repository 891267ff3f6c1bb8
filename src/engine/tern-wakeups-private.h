/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernWakeups:
 *
 * Tells when it may be worth trying to connect again: the network changed, the computer woke up
 * (logind says so, or the clock jumped), or what the network costs changed. Hints only. Thread: the
 * engine's context.
 */
typedef struct _TernWakeups TernWakeups;

TernWakeups *tern_wakeups_new (void (*woken) (gpointer data), gpointer data);
/* Is the network paid for by volume? */
gboolean tern_wakeups_is_metered (TernWakeups *self);
void tern_wakeups_free (TernWakeups *self);

G_END_DECLS
