/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-types.h"

#include <string.h>

G_BEGIN_DECLS

/**
 * TernImapParser:
 *
 * Server responses (RFC 9051 section 9, "response") from bytes. Pure: knows no connection. Bytes go
 * in through tern_imap_parser_reserve() and _commit(), straight into its own buffer; events come
 * out of tern_imap_parser_next() until that says NEED_MORE.
 *
 * A response is framed first (its lines are found with memchr(), its literals counted), and then
 * split in one pass into a flat array of tokens, which are offsets into the buffer: nothing is
 * allocated per token. Tokens and slices die at the next call of next(), reserve() or clear().
 *
 * What no server needs is refused by TERN_LIMIT_IMAP_*: a line that is too long is skipped and
 * reported as one ERROR, so that one hostile message cannot close a mailbox for ever; lists
 * nested too deep lose what is below the limit; a literal too large for the buffer comes in pieces
 * for the caller to keep or drop.
 */
typedef struct _TernImapParser TernImapParser;

typedef enum
{
  TERN_IMAP_TOKEN_NIL,
  TERN_IMAP_TOKEN_ATOM,    /* also numbers, flags, sets, BODY[…] with its brackets */
  TERN_IMAP_TOKEN_QUOTED,  /* without the quotes */
  TERN_IMAP_TOKEN_ESCAPED, /* the same, with backslashes still in it */
  TERN_IMAP_TOKEN_LITERAL,
  TERN_IMAP_TOKEN_SUNK, /* a literal that came as pieces; offset counts them from 0 */
  TERN_IMAP_TOKEN_LIST, /* its children follow it, up to next */
  TERN_IMAP_TOKEN_CODE, /* […] of a status response; children as of a list */
  TERN_IMAP_TOKEN_TEXT, /* to the end of the line */
} TernImapTokenKind;

typedef struct
{
  guint32 offset;
  guint32 length;
  guint32 next; /* index of the next sibling, or where the parent ends */
  guint8 kind;
} TernImapToken;

typedef enum
{
  TERN_IMAP_EVENT_NEED_MORE,
  TERN_IMAP_EVENT_RESPONSE, /* tokens are there */
  TERN_IMAP_EVENT_LITERAL,  /* a piece of a large literal, see tern_imap_parser_get_piece() */
  TERN_IMAP_EVENT_ERROR,    /* a response was not understood and is skipped; goes on */
  TERN_IMAP_EVENT_FATAL,    /* beyond every limit: the connection must end */
} TernImapEvent;

typedef struct
{
  TernImapSlice bytes;
  guint64 size; /* of the whole literal */
  guint64 left; /* still to come after these bytes */
  gboolean first;
  gboolean is_body;      /* the value of BODY[…] in a FETCH: the only kind worth keeping */
  TernImapSlice section; /* with @first and @is_body: what is between the brackets, lent */
  gint64 origin;         /* likewise: of BODY[…]<origin>, see tern_imap_origin_parse() */
  gboolean decoded;      /* likewise: it is BINARY[…] */
} TernImapPiece;

/* @text: what follows the bracket of BODY[section]. Where a part of a body begins ("<1024>", RFC
 * 9051 section 7.5.2), -1 of a whole one, G_MAXINT64 of what is neither. */
gint64 tern_imap_origin_parse (TernImapSlice text);

TernImapParser *tern_imap_parser_new (void);
void tern_imap_parser_free (TernImapParser *self);
void tern_imap_parser_clear (TernImapParser *self); /* forgets every byte */

/* Room for bytes (@room is at least 16 KiB), and how many of them were filled. */
char *tern_imap_parser_reserve (TernImapParser *self, gsize *room);
void tern_imap_parser_commit (TernImapParser *self, gsize length);
gsize tern_imap_parser_get_buffered (TernImapParser *self); /* not yet used by an event */
/* Takes those out: they are not for this parser as they are. (transfer full) */
GBytes *tern_imap_parser_take_buffered (TernImapParser *self);

TernImapEvent tern_imap_parser_next (TernImapParser *self);
const char *tern_imap_parser_get_problem (TernImapParser *self); /* after ERROR and FATAL */
const TernImapPiece *tern_imap_parser_get_piece (TernImapParser *self);
TernImapSlice tern_imap_parser_get_line (TernImapParser *self); /* the response as it came */

guint tern_imap_parser_get_n_tokens (TernImapParser *self);
const TernImapToken *tern_imap_parser_get_tokens (TernImapParser *self);

/* All of these take any index and answer "no" (NIL, 0, FALSE) past the end. */
TernImapTokenKind tern_imap_parser_kind (TernImapParser *self, guint token);
guint tern_imap_parser_after (TernImapParser *self, guint token); /* the next sibling */
gboolean
tern_imap_parser_matches (TernImapParser *self, guint token, const char *atom, gsize length);
gboolean tern_imap_parser_starts (TernImapParser *self, guint token, const char *prefix);
gboolean tern_imap_parser_number (TernImapParser *self, guint token, guint64 *value);
guint32 tern_imap_parser_uint32 (TernImapParser *self, guint token); /* 0 if it is not one */

/* The text of a string, atom, text or code; escapes are undone in place the first time. data is
 * NULL for NIL and for what is not text. */
TernImapSlice tern_imap_parser_slice (TernImapParser *self, guint token);
char *tern_imap_parser_dup (TernImapParser *self, guint token); /* (nullable) */

/* Whether the token is this atom, in any case. Inline, so that the length is known when compiling:
 * every FETCH item goes through a row of these. */
static inline gboolean
tern_imap_parser_is (TernImapParser *self, guint token, const char *atom)
{
  return tern_imap_parser_matches (self, token, atom, strlen (atom));
}

/* for (guint t = first; t < end; t = after (t)) over the children of a list or code. */
static inline guint
tern_imap_parser_end (TernImapParser *self, guint token)
{
  return tern_imap_parser_after (self, token);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernImapParser, tern_imap_parser_free)

G_END_DECLS
