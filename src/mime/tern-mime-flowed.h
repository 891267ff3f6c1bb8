/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* format=flowed (RFC 3676) undone: one line per paragraph, quotes as ">", ">>" and a space. */
char *tern_mime_flowed_decode (const char *text, gboolean delsp);
/* Lines of at most 78 characters with soft breaks and space-stuffing; LF. */
char *tern_mime_flowed_encode (const char *text);

G_END_DECLS
