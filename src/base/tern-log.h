/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-redact.h"

G_BEGIN_DECLS

/*
 * Logging goes through GLib's structured log with one G_LOG_DOMAIN per room. Protocol lines go
 * through a TernTranscript only, which leaves out what may be secret and prints the rest here with
 * G_MESSAGES_DEBUG=tern-wire.
 */

/* @tag names the connection ("imap:work:3"); @text has been redacted. */
void tern_log_wire (const char *tag, TernWireDirection direction, const char *text);

G_END_DECLS
