/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * tern_number_parse:
 * @number: (out) (optional): only set on success
 *
 * Whether @text is nothing but ASCII digits, and a number from @minimum to @maximum. Any thread.
 *
 * Not g_ascii_string_to_unsigned(): that takes an errno for a failure which GLib itself leaves when
 * two threads parse the first number of the program at once.
 */
gboolean tern_number_parse (const char *text, guint64 minimum, guint64 maximum, guint64 *number);

G_END_DECLS
