/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-parser.h"

G_BEGIN_DECLS

/* Everything that the parser and the decoders make of @data, as text that can be compared; a line
 * for each event. It is fed in pieces of @step bytes, or, with @split other than 0, in two: up to
 * @split and from there. */
char *tern_imap_dump (const char *data, gsize size, gsize step, gsize split);

/* One response as its tokens alone. */
void tern_imap_dump_tokens (TernImapParser *parser, GString *out);

G_END_DECLS
