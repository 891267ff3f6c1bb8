/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Base64 as nearly every program writes it: lines of one length that end in CRLF. What is decoded
 * of such lines can be written as they were, to the byte, so that it is known without having been
 * transferred. No input or output; any thread.
 */

/* No line of it has fewer or more characters, RFC 2045 section 6.8 allows 76. */
#define TERN_BASE64_LINE_MAX 76

/* How many characters each line of @bytes has, which begin at @offset of a part; 0 when they are
 * not such lines, or too few to tell. */
guint tern_base64_lines_find (GBytes *bytes, guint64 offset);
/* @bytes as whole lines of so many characters; NULL when they do not fill them. */
GBytes *tern_base64_lines_encode (GBytes *bytes, guint line);
/* Is @decoded what @lines stand for? */
gboolean tern_base64_lines_decode_to (GBytes *lines, GBytes *decoded);
/* Is @end, which is not empty, the last of @lines? */
gboolean tern_base64_lines_end_with (GBytes *lines, GBytes *end);

G_END_DECLS
