/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-data.h"
#include "tern-imap-session-private.h"
#include "tern-imap-set.h"

#include "tern-limits.h"

#include <string.h>

/* Response codes: what a server says in brackets (RFC 9051 section 7.1). */

void
tern_imap_session_take_caps (TernImapSession *self, TernImapParser *parser, guint first, guint end)
{
  gint64 message_limit =
      tern_imap_parse_cap_number (parser, first, end, "MESSAGELIMIT=", 1, G_MAXUINT32);

  tern_imap_session_drop_caps (self);
  tern_connection_clear_offered (self->connection);
  for (guint t = first; t < end; t = tern_imap_parser_after (parser, t))
    {
      TernImapSlice name = tern_imap_parser_slice (parser, t);

      /* What is behind the "=" is not part of its name. */
      if (tern_imap_parser_starts (parser, t, "APPENDLIMIT="))
        name.length = strlen ("APPENDLIMIT");
      else if (tern_imap_parser_starts (parser, t, "MESSAGELIMIT="))
        name.length = strlen ("MESSAGELIMIT");
      if (name.data != NULL)
        tern_connection_add_offered (self->connection, name.data, name.length);
    }
  self->message_limit = (guint32) MAX (message_limit, 0);
  self->append_limit =
      tern_imap_parse_cap_number (parser, first, end, "APPENDLIMIT=", 0, G_MAXINT64);
  self->caps = tern_imap_parse_caps (parser, first, end, self->mechanisms);
  self->caps_told = TRUE;
}

static void
take_permanent_flags (TernImapSession *self, TernImapParser *parser, guint list)
{
  guint end = tern_imap_parser_end (parser, list);

  self->selected.mailbox.keywords = FALSE;
  if (tern_imap_parser_kind (parser, list) != TERN_IMAP_TOKEN_LIST)
    return;
  for (guint t = list + 1; t < end; t = tern_imap_parser_after (parser, t))
    if (tern_imap_parser_is (parser, t, "\\*"))
      self->selected.mailbox.keywords = TRUE;
}

/* COPYUID uidvalidity source-set target-set, for the command it belongs to. */
static void
take_copy_uid (TernImapReply *reply, TernImapParser *parser, guint first)
{
  guint source = tern_imap_parser_after (parser, first);
  guint target = tern_imap_parser_after (parser, source);
  g_autoptr (GArray) from = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GArray) to = g_array_new (FALSE, FALSE, sizeof (guint32));

  if (!tern_imap_set_parse (tern_imap_parser_slice (parser, source), TERN_LIMIT_IMAP_MESSAGES, from)
      || !tern_imap_set_parse (tern_imap_parser_slice (parser, target), TERN_LIMIT_IMAP_MESSAGES,
                               to)
      || from->len != to->len)
    return;
  reply->uidvalidity = tern_imap_parser_uint32 (parser, first);
  if (reply->source_uids == NULL)
    {
      reply->source_uids = g_steal_pointer (&from);
      reply->target_uids = g_steal_pointer (&to);
      return;
    }
  /* Some servers tell a MOVE in several of them. */
  g_array_append_vals (reply->source_uids, from->data, from->len);
  g_array_append_vals (reply->target_uids, to->data, to->len);
}

static TernImapCommand *
find_move (TernImapSession *self)
{
  for (GList *l = self->queue.in_flight.head; l != NULL; l = l->next)
    if (((TernImapCommand *) l->data)->is_move)
      return l->data;
  return NULL;
}

void
tern_imap_session_enter_mailbox (TernImapSession *self)
{
  TernImapCommand *command = self->entering;

  if (command == NULL || self->selected.mailbox.generation == command->generation)
    return;
  tern_imap_session_settle (self);
  tern_imap_selected_enter (&self->selected, command->mailbox, command->read_only,
                            command->generation);
}

static void
take_mailbox_id (TernImapMailbox *mailbox, TernImapSlice id)
{
  if (id.data == NULL)
    return;
  g_free (mailbox->mailbox_id);
  mailbox->mailbox_id = g_strndup (id.data, id.length);
}

static void
take_mailbox_code (TernImapSession *self, TernImapParser *parser, guint name, guint value)
{
  TernImapMailbox *mailbox = &self->selected.mailbox;

  if (tern_imap_parser_is (parser, name, "UIDVALIDITY"))
    {
      tern_imap_session_enter_mailbox (self);
      mailbox->uidvalidity = tern_imap_parser_uint32 (parser, value);
    }
  else if (tern_imap_parser_is (parser, name, "UIDNEXT"))
    mailbox->uidnext = tern_imap_parser_uint32 (parser, value);
  else if (tern_imap_parser_is (parser, name, "HIGHESTMODSEQ"))
    tern_imap_parser_number (parser, value, &mailbox->modseq);
  else if (tern_imap_parser_is (parser, name, "NOMODSEQ"))
    mailbox->modseq = 0;
  else if (tern_imap_parser_is (parser, name, "UIDNOTSTICKY"))
    mailbox->uids_sticky = FALSE;
  else if (tern_imap_parser_is (parser, name, "READ-ONLY"))
    mailbox->read_only = TRUE;
  else if (tern_imap_parser_is (parser, name, "READ-WRITE"))
    mailbox->read_only = FALSE;
  else if (tern_imap_parser_is (parser, name, "PERMANENTFLAGS"))
    take_permanent_flags (self, parser, value);
  else if (tern_imap_parser_is (parser, name, "MAILBOXID") && mailbox->name != NULL
           && (self->entering == NULL || self->entering->generation == mailbox->generation))
    {
      tern_imap_session_use (self, "OBJECTID");
      take_mailbox_id (mailbox, tern_imap_parse_object_id (parser, value));
    }
}

void
tern_imap_session_take_code (TernImapSession *self,
                             TernImapParser *parser,
                             guint code,
                             TernImapCommand *command)
{
  guint name = code + 1;
  guint value = tern_imap_parser_after (parser, name);

  if (tern_imap_parser_kind (parser, code) != TERN_IMAP_TOKEN_CODE)
    return;
  if (tern_imap_parser_is (parser, name, "CAPABILITY"))
    tern_imap_session_take_caps (self, parser, value, tern_imap_parser_end (parser, code));
  else if (tern_imap_parser_is (parser, name, "CLOSED"))
    tern_imap_session_enter_mailbox (self);
  else if (tern_imap_parser_is (parser, name, "NOTIFICATIONOVERFLOW"))
    {
      if (self->handlers.overflow != NULL)
        self->handlers.overflow (self, self->data);
    }
  else if (tern_imap_parser_is (parser, name, "INPROGRESS"))
    /* That something came is what matters: the server is not silent. */
    tern_imap_session_use (self, "INPROGRESS");
  else if (tern_imap_parser_is (parser, name, "MESSAGELIMIT"))
    {
      if (command != NULL)
        {
          guint from = tern_imap_parser_after (parser, value);

          command->limit = tern_imap_parser_uint32 (parser, value);
          command->done_from = from < tern_imap_parser_end (parser, code)
                                   ? tern_imap_parser_uint32 (parser, from)
                                   : 0;
        }
    }
  else if (tern_imap_parser_is (parser, name, "COPYUID"))
    {
      tern_imap_session_use (self, "UIDPLUS");
      if (command == NULL)
        command = find_move (self);
      if (command != NULL)
        take_copy_uid (command->reply, parser, value);
    }
  else if (tern_imap_parser_is (parser, name, "APPENDUID"))
    {
      tern_imap_session_use (self, "UIDPLUS");
      if (command != NULL)
        {
          command->reply->uidvalidity = tern_imap_parser_uint32 (parser, value);
          command->reply->uid =
              tern_imap_parser_uint32 (parser, tern_imap_parser_after (parser, value));
        }
    }
  else
    take_mailbox_code (self, parser, name, value);
}
