/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-mime-gmime.h"

G_BEGIN_DECLS

/* Undoes a Content-Transfer-Encoding (RFC 2045 section 6); what is damaged gives what can be read.
 */
GBytes *tern_mime_transfer_decode (GBytes *transferred, GMimeContentEncoding encoding);

G_END_DECLS
