/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-types.h"
#include "tern-message-facts.h"

G_BEGIN_DECLS

/* A FETCH response with ENVELOPE to decoded facts. Takes fetch->structure (the field is set to
 * NULL). Runs in the account's worker for every header of a sync, so it must be quick. */
TernMessageFacts *tern_facts_from_fetch (TernImapFetch *fetch);

/* Labels as people write them, in lines. (transfer full) (nullable): not told. */
char *tern_labels_from_fetch (const TernImapFetch *fetch);

G_END_DECLS
