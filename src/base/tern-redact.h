/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What may be kept of a protocol line: the one redaction behind the log and the transcripts that
 * the connection doctor shows. Pure; any thread.
 */
typedef enum
{
  TERN_WIRE_SENT,
  TERN_WIRE_RECEIVED,
} TernWireDirection;

/** TernWireKind: what is in a line, as its sender or reader knows it. */
typedef enum
{
  TERN_WIRE_PLAIN = FALSE,
  TERN_WIRE_SECRET = TRUE, /* nothing of it is kept */
  /* Of a login: sent, only command and mechanism are kept; received, only status and code, as some
   * servers repeat what they were sent. */
  TERN_WIRE_LOGIN,
  TERN_WIRE_CONTENT, /* of messages: only its size is kept */
} TernWireKind;

#define TERN_REDACTED_MAX 300 /* bytes of a redacted line, with the NUL */

/* Writes what may be kept of @line into @text as printable UTF-8: no arguments of login commands,
 * no message content (literals, and quoted strings that stand for a body, are told by their size),
 * no line ends. Returns the length. */
gsize tern_redact_line (TernWireDirection direction,
                        TernWireKind kind,
                        const char *line,
                        gsize length,
                        char text[TERN_REDACTED_MAX]);

/* (transfer full): a name that a server gave, as printable UTF-8 that is not too long. */
char *tern_redact_printable (const char *bytes, gsize length);

/* Is it a tagged reply of IMAP, or a final one of SMTP? Ends what TERN_WIRE_LOGIN began. */
gboolean tern_redact_is_final (const char *line, gsize length);

/* (transfer full): a line that was redacted before, fit to be given away: subjects, names and the
 * like in ENVELOPE, BODYSTRUCTURE and SEARCH are struck out. Addresses: see
 * tern_redact_addresses(). */
char *tern_redact_for_report (const char *line);

/* (transfer full): "anna@example.org" as "a…@example.org", everywhere in @text. */
char *tern_redact_addresses (const char *text);

/* (transfer full) @text without @secret (nullable) and without words that look like base64: what a
 * server says of a login may repeat it. */
char *tern_redact_secret (const char *text, const char *secret);

G_END_DECLS
