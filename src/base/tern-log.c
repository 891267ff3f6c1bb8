/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-log.h"

void
tern_log_wire (const char *tag, TernWireDirection direction, const char *text)
{
  g_log ("tern-wire", G_LOG_LEVEL_DEBUG, "%s %s %s", tag,
         direction == TERN_WIRE_SENT ? "C:" : "S:", text);
}
