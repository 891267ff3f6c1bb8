/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-mime-build.h"

G_BEGIN_DECLS

/*
 * A draft from a mailto: URI (RFC 6068): to, cc, bcc, subject, body and in-reply-to; every other
 * field is ignored, "attach" above all, because a web page must not choose files of this machine.
 * NULL and TERN_FAULT_INVALID when @uri is none. Pure.
 */
TernDraft *tern_mailto_parse (const char *uri, GError **error);

G_END_DECLS
