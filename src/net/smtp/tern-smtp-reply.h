/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernSmtpReply:
 *
 * One answer of a server (RFC 5321 section 4.2). The lines are without their code and enhanced
 * code, valid UTF-8 and free of control characters; there is at least one, maybe "".
 */
typedef struct
{
  guint code;       /* 200 to 599 */
  char *enhanced;   /* (nullable): "5.1.1" (RFC 3463), where a line starts with one */
  GPtrArray *lines; /* of char* */
} TernSmtpReply;

void tern_smtp_reply_free (TernSmtpReply *self);

/* All lines as one, for people. */
char *tern_smtp_reply_dup_text (const TernSmtpReply *self);

typedef enum
{
  TERN_SMTP_PARSE_MORE,  /* everything was taken, the reply is not complete */
  TERN_SMTP_PARSE_REPLY, /* one reply is complete: steal it, then push the rest */
  TERN_SMTP_PARSE_ERROR, /* not SMTP, or more than the limits: the connection is of no use */
} TernSmtpParseResult;

/**
 * TernSmtpParser:
 *
 * Makes replies from bytes, however they are cut. Knows no I/O. At most TERN_LIMIT_SMTP_LINE bytes
 * a line and TERN_LIMIT_SMTP_REPLY_LINES lines a reply are kept. A bare LF ends a line too.
 */
typedef struct _TernSmtpParser TernSmtpParser;

TernSmtpParser *tern_smtp_parser_new (void);
void tern_smtp_parser_free (TernSmtpParser *self);

/* *@consumed: how much of @data was taken; less than @length only with a reply or an error. */
TernSmtpParseResult
tern_smtp_parser_push (TernSmtpParser *self, const char *data, gsize length, gsize *consumed);
/* (transfer full) */
TernSmtpReply *tern_smtp_parser_steal_reply (TernSmtpParser *self);
/* Whether no part of a reply is kept. */
gboolean tern_smtp_parser_is_empty (const TernSmtpParser *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernSmtpReply, tern_smtp_reply_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernSmtpParser, tern_smtp_parser_free)

G_END_DECLS
