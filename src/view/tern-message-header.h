/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-message-facts.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * TernMessageHeader:
 *
 * The card above a message: subject, who wrote it (name and real address, always), to whom, when.
 * Long lists of recipients are folded.
 */
#define TERN_TYPE_MESSAGE_HEADER (tern_message_header_get_type ())
G_DECLARE_FINAL_TYPE (TernMessageHeader, tern_message_header, TERN, MESSAGE_HEADER, AdwBin)

void tern_message_header_show (TernMessageHeader *self,
                               const TernMessageFacts *facts); /* (nullable) */

G_END_DECLS
