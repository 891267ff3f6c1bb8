/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-fault.h"

G_BEGIN_DECLS

typedef enum
{
  TERN_IMAP_OK,
  TERN_IMAP_NO,
  TERN_IMAP_BAD,
} TernImapOutcome;

/* The fault for a tagged NO or BAD. @code is the response code, upper case (nullable), @text what
 * the server said, @host and @what (nullable: a folder's raw name) are for the sentence. */
GError *tern_imap_fault_new (TernImapOutcome outcome,
                             const char *code,
                             const char *text,
                             const char *host,
                             const char *mailbox);

/* The same for a refused login. A server that is only busy is told from one that does not accept
 * the password (RFC 5530), also where it says so in words alone. */
GError *tern_imap_login_fault_new (TernImapOutcome outcome,
                                   const char *code,
                                   const char *text,
                                   const char *host,
                                   const char *user);

/* A greeting or an untagged BYE. */
GError *tern_imap_bye_fault_new (const char *code, const char *text, const char *host);

/* The connection brings what nobody can make anything of, or more than can be kept. @what: not
 * translated. */
GError *tern_imap_nonsense_fault_new (const char *host, const char *what);

G_END_DECLS
