/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-smtp-reply.h"

G_BEGIN_DECLS

/**
 * TernSmtpExtensions:
 *
 * What a server offers in its answer to EHLO (RFC 5321 section 4.1.1.1), as far as Tern uses it.
 */
typedef struct
{
  gboolean starttls;
  gboolean pipelining;
  gboolean eight_bit_mime;
  gboolean smtp_utf8;
  gboolean size;      /* SIZE= may be given with MAIL */
  guint64 size_limit; /* bytes; 0 = none said */
  char **mechanisms;  /* of AUTH, upper case; never NULL, maybe empty */
} TernSmtpExtensions;

TernSmtpExtensions *tern_smtp_extensions_parse (const TernSmtpReply *reply);
void tern_smtp_extensions_free (TernSmtpExtensions *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernSmtpExtensions, tern_smtp_extensions_free)

G_END_DECLS
