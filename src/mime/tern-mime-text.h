/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-address.h"
#include "tern-message-facts.h"

G_BEGIN_DECLS

/* Once, in main(), before any other thread exists. Safe to call again. */
void tern_mime_init (void);

/* Decoded, unfolded, valid UTF-8, without control or bidi-override characters, at most 4 KiB.
 * RFC 2047 with the usual damage; raw 8-bit is UTF-8 if valid, else windows-1252. */
char *tern_mime_decode_header (const char *raw, gsize length);
/* RFC 2231 and RFC 2047 file names as they come in BODYSTRUCTURE; safe to show, not yet to create.
 */
char *tern_mime_decode_filename (const char *raw);
/* Seconds since 1970 UTC and minutes east of it from a Date: value; FALSE when unreadable. */
gboolean tern_mime_parse_date (const char *raw, gsize length, gint64 *seconds, int *offset);
/* "<a@b> <c@d>" and its damaged relatives to ids without brackets, oldest first, at most
 * TERN_LIMIT_REFERENCES (first and last kept). (nullable) */
char **tern_mime_parse_references (const char *raw, gsize length);
/* A header's address list to TernAddress; groups are flattened. Lenient. */
GPtrArray *tern_mime_parse_addresses (const char *text);
/* What a person typed into To: strict; NULL and a fault that quotes the bad piece. Group and
 * "Name <a@b>" forms, commas and semicolons, non-ASCII domains to A-labels on submission only. */
GPtrArray *tern_mime_parse_typed_addresses (const char *text, GError **error);
char *tern_mime_format_addresses (const GPtrArray *list); /* for an edit field, decoded */

G_END_DECLS
