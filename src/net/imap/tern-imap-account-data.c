/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-session-private.h"
#include "tern-imap-data.h"

#include <string.h>

/* What the server says of the account and not of what is in its mailboxes. */

static void
take_namespace (TernImapSession *self, TernImapParser *parser)
{
  g_ptr_array_unref (self->namespaces);
  self->namespaces = tern_imap_parse_namespace (parser, 2);
  for (guint i = 0; i < self->namespaces->len; i++)
    tern_imap_session_take_prefix (self, g_ptr_array_index (self->namespaces, i));
}

static void
take_rights (TernImapSession *self, TernImapParser *parser)
{
  TernRights rights;

  if (!tern_imap_parse_rights (parser, 2, self->scratch, &rights))
    return;
  tern_imap_session_take_name (self, self->scratch);
  if (self->handlers.rights != NULL)
    self->handlers.rights (self, self->scratch->str, rights, self->data);
}

static void
take_quota (TernImapSession *self, TernImapParser *parser)
{
  TernQuota quota;

  if (tern_imap_parse_quota (parser, 2, &quota) && self->handlers.quota != NULL)
    self->handlers.quota (self, &quota, self->data);
}

/* The name of an entry, which servers write with quotes and without. */
static gboolean
is_entry (TernImapParser *parser, guint token, const char *name)
{
  TernImapSlice slice = tern_imap_parser_slice (parser, token);

  return slice.length == strlen (name) && g_ascii_strncasecmp (slice.data, name, slice.length) == 0;
}

/* METADATA mailbox (/shared/comment "text" …); what says only that it changed has no list. */
static void
take_comments (TernImapSession *self, TernImapParser *parser)
{
  guint list = tern_imap_parser_after (parser, 2);
  guint end = tern_imap_parser_end (parser, list);

  if (tern_imap_parser_kind (parser, list) != TERN_IMAP_TOKEN_LIST)
    return;
  for (guint t = list + 1; t < end;)
    {
      guint value = tern_imap_parser_after (parser, t);
      TernImapSlice text;

      if (value >= end)
        return;
      text = tern_imap_parser_slice (parser, value);
      if (text.data != NULL
          && (is_entry (parser, t, "/shared/comment") || is_entry (parser, t, "/shared/admin")))
        tern_connection_add_comment (self->connection, text.data, text.length);
      t = tern_imap_parser_after (parser, value);
    }
}

void
tern_imap_session_take_account_data (TernImapSession *self, TernImapParser *parser)
{
  if (tern_imap_parser_is (parser, 1, "NAMESPACE"))
    take_namespace (self, parser);
  else if (tern_imap_parser_is (parser, 1, "MYRIGHTS"))
    take_rights (self, parser);
  else if (tern_imap_parser_is (parser, 1, "QUOTA"))
    take_quota (self, parser);
  else if (tern_imap_parser_is (parser, 1, "METADATA"))
    take_comments (self, parser);
}
