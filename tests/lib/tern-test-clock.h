/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernTestClock:
 *
 * A monotonic clock that a test turns forward, so that what waits for a minute is seen without
 * waiting for one. Programs that link it have its clock_gettime() and its poll() in place of the C
 * library's, GLib too: every timeout that lies before the new time is due at once, in all threads.
 */
void tern_test_clock_advance (guint seconds);

G_END_DECLS
