/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-session-private.h"

#include <string.h>

/*
 * Names of mailboxes are modified UTF-7 for everybody on this side, also where the server speaks
 * UTF-8 (RFC 9051 section 5.1, RFC 9755): so a folder is the same before and after a server learns
 * it. What cannot be translated goes both ways as it is.
 */

void
tern_imap_session_add_name (TernImapSession *self, TernImapCommand *command, const char *mailbox)
{
  gboolean valid = FALSE;
  g_autofree char *name = self->utf8_names ? tern_imap_utf7_decode (mailbox, &valid) : NULL;

  tern_imap_command_add_text (command, valid ? name : mailbox, self->utf8_names);
}

void
tern_imap_session_take_name (TernImapSession *self, GString *name)
{
  g_autofree char *encoded = NULL;

  if (!self->utf8_names || !g_utf8_validate (name->str, name->len, NULL))
    return;
  encoded = tern_imap_utf7_encode (name->str);
  g_string_assign (name, encoded);
}

void
tern_imap_session_take_prefix (TernImapSession *self, TernImapNamespace *space)
{
  g_autoptr (GString) prefix = g_string_new (space->prefix);

  tern_imap_session_take_name (self, prefix);
  g_free (space->prefix);
  space->prefix = g_strdup (prefix->str);
}
