/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-mime-gmime.h"
#include "tern-mime-message.h"

G_BEGIN_DECLS

/* Undoes a Content-Transfer-Encoding (RFC 2045 section 6); what is damaged gives what can be read.
 */
GBytes *tern_mime_transfer_decode (GBytes *transferred, GMimeContentEncoding encoding);

/* The same piece by piece. */
TernMimeDecoder *tern_mime_transfer_decoder (GMimeContentEncoding encoding);

G_END_DECLS
