/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** TernSmtpDataFacts: what MAIL FROM has to say of a message. */
typedef struct
{
  guint64 size;          /* as sent, before dot-stuffing, with CRLF line ends */
  gboolean eight_bit;    /* some byte is above 127 */
  gboolean utf8_headers; /* one of them in the header (RFC 6532) */
} TernSmtpDataFacts;

void tern_smtp_data_examine (const char *data, gsize length, TernSmtpDataFacts *facts);

/**
 * TernSmtpStuffer:
 *
 * Makes a message into what follows DATA (RFC 5321 section 4.5.2), piece by piece: a dot before
 * each dot that starts a line, and CRLF for every line end. A bare CR or LF would be a line end for
 * some servers and not for others, so that text inside a message could end it and go on with
 * commands of its own; hence none is passed on.
 */
typedef struct
{
  gboolean in_line;  /* the last byte did not end a line */
  gboolean after_cr; /* the last byte was a CR, its line end is written */
} TernSmtpStuffer;

/* Appends to @out. Start with a zeroed stuffer. */
void
tern_smtp_stuffer_push (TernSmtpStuffer *self, const char *data, gsize length, GByteArray *out);
/* Ends the last line. The final dot is not the stuffer's. */
void tern_smtp_stuffer_end (TernSmtpStuffer *self, GByteArray *out);

G_END_DECLS
