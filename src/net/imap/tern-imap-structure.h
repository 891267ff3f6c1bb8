/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-parser.h"

G_BEGIN_DECLS

/* A BODYSTRUCTURE (RFC 9051 section 7.5.2) that begins at @token, as a tree, with the section
 * numbers that FETCH BODY[…] takes: "" for a multipart at the root, "1" for any other root, and
 * "2.TEXT" for the multipart inside a message/rfc822 that is part 2 (its parts are 2.1, 2.2 …).
 * What breaks the grammar is left out; NULL when nothing is left. Bounded by TERN_LIMIT_MIME_*. */
TernPart *tern_imap_structure_build (TernImapParser *parser, guint token);

G_END_DECLS
