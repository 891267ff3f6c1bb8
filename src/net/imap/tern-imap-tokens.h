/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-parser.h"

G_BEGIN_DECLS

/** TernImapLiteral: where framing found a literal; offsets from the start of the response. */
typedef struct
{
  gsize brace; /* of the "{" (or of the "~" before it) */
  gsize data;  /* where it begins, or where it was taken out */
  guint64 size;
  gboolean sunk;
} TernImapLiteral;

/** TernImapTokens: a flat token array that is used again for every response. */
typedef struct
{
  TernImapToken *array;
  guint count;
  guint allocated;
} TernImapTokens;

void tern_imap_tokens_clear (TernImapTokens *self);

/* Splits one complete response of @length bytes (without its last CRLF). Returns NULL, or what is
 * wrong with it, as a static string. */
const char *tern_imap_tokens_split (TernImapTokens *self,
                                    const char *data,
                                    gsize length,
                                    const TernImapLiteral *literals,
                                    guint n_literals);

/* OK, NO, BAD, BYE or PREAUTH, and then a space or the end. */
gboolean tern_imap_is_status_word (const char *p, const char *end);

G_END_DECLS
