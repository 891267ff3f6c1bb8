/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Logging goes through GLib's structured log with one G_LOG_DOMAIN per room. Protocol lines go
 * through tern_log_wire() only, which leaves out what may be secret: everything after LOGIN,
 * AUTHENTICATE, AUTH and SASL continuations. It prints with G_MESSAGES_DEBUG=tern-wire.
 */
typedef enum
{
  TERN_WIRE_SENT,
  TERN_WIRE_RECEIVED,
} TernWireDirection;

/* @tag names the connection ("imap:work:3"). @secret hides the whole line. */
void tern_log_wire (const char *tag,
                    TernWireDirection direction,
                    const char *line,
                    gsize length,
                    gboolean secret);

/* (transfer full): @line with the arguments of a login command replaced by "…"; at most 1 KiB. */
char *tern_log_redact (const char *line, gsize length);

G_END_DECLS
