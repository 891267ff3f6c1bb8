/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-parser.h"

G_BEGIN_DECLS

/* Parameters of a body part as BODYSTRUCTURE lists them: ("charset" "utf-8" …). */

/* (nullable): the value of @name. */
char *tern_imap_params_dup (TernImapParser *parser, guint list, const char *name);

/* (nullable): the same for a file name, which may be split and encoded as in RFC 2231
 * ("name*0*" …): put together, and then in UTF-8. What is not in that form is left raw. */
char *tern_imap_params_dup_filename (TernImapParser *parser, guint list, const char *name);

G_END_DECLS
