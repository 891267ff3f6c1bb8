/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Bytes of an unknown honesty to UTF-8. Never fails: what cannot be read becomes U+FFFD.
 */

/* (transfer full): @bytes as UTF-8, without NUL. @charset (nullable) is what the sender declared;
 * valid UTF-8 wins over a wrong declaration, ISO-8859-1 is read as windows-1252 (as the WHATWG
 * encoding standard says), an unknown name counts as none. */
char *tern_mime_charset_to_utf8 (const char *bytes, gsize length, const char *charset);

/* Appends raw header bytes: UTF-8 if valid, else windows-1252. */
void tern_mime_charset_append_raw (GString *out, const char *bytes, gsize length);

/* In place: tab and line ends become a space; other control characters, U+FEFF and the bidi
 * embedding, override and isolate characters (a name could reorder what stands beside it) go;
 * leading and trailing space is cut, and the text is cut to @limit bytes at a character. */
void tern_mime_charset_clean_line (GString *text, gsize limit);

/* The same choice of characters for text of many lines: LF and tab stay. */
char *tern_mime_charset_clean_text (char *text); /* takes and returns */

G_END_DECLS
