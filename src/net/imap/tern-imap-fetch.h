/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-parser.h"

G_BEGIN_DECLS

/** TernImapBodyValue: one BODY[section] of a FETCH response, lent. */
typedef struct
{
  TernImapSlice section; /* what is between the brackets */
  gint64 origin;         /* see tern_imap_origin_parse() */
  gboolean decoded;      /* of BINARY[…]: without its transfer encoding */
  TernImapSlice value;   /* NIL also when the literal was sunk */
  int sunk;              /* number of the sunk literal, -1 if it is in value */
} TernImapBodyValue;

/**
 * TernImapFetchDecoder:
 *
 * Makes a TernImapFetch of the tokens of one response, with arrays that are used again for the
 * next one. Everything lent lives as long as the tokens.
 */
typedef struct _TernImapFetchDecoder TernImapFetchDecoder;

TernImapFetchDecoder *tern_imap_fetch_decoder_new (void);
void tern_imap_fetch_decoder_free (TernImapFetchDecoder *self);

/* @list: the token with the parenthesised items. The result is lent until the next call; a
 * structure nobody took is freed then. */
TernImapFetch *
tern_imap_fetch_decode (TernImapFetchDecoder *self, TernImapParser *parser, guint list);
const TernImapBodyValue *tern_imap_fetch_get_bodies (TernImapFetchDecoder *self, guint *n);

/* "17-Jul-1996 02:44:25 -0700" as seconds since 1970 UTC, 0 when unreadable. */
gint64 tern_imap_parse_internal_date (const char *text, gsize length);
char *tern_imap_format_internal_date (gint64 time); /* in UTC */

/* A parenthesised list of flags; the other keywords are appended to @keywords. */
TernFlags tern_imap_parse_flags (TernImapParser *parser, guint list, GString *keywords);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernImapFetchDecoder, tern_imap_fetch_decoder_free)

G_END_DECLS
