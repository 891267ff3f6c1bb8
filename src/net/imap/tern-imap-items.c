/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-session-private.h"

/*
 * What of a command depends on what the server has. Where it announced more than it
 * understands, it is asked again for the rest, or one extension would keep a folder from being
 * read.
 */

#define OPTIONAL                                                                 \
  (TERN_IMAP_FETCH_EMAIL_ID | TERN_IMAP_FETCH_PREVIEW | TERN_IMAP_FETCH_SAVEDATE \
   | TERN_IMAP_FETCH_LABELS)

static TernImapFetchItems
offered_items (TernImapSession *self, TernImapFetchItems items)
{
  if (items & TERN_IMAP_FETCH_FLAGS && self->caps & TERN_IMAP_CAP_GMAIL)
    items |= TERN_IMAP_FETCH_LABELS;
  items &= ~self->refused_items;
  if (!(self->caps & TERN_IMAP_CAP_CONDSTORE))
    items &= ~TERN_IMAP_FETCH_MODSEQ;
  if (!(self->caps & (TERN_IMAP_CAP_OBJECTID | TERN_IMAP_CAP_GMAIL)))
    items &= ~TERN_IMAP_FETCH_EMAIL_ID;
  if (!(self->caps & TERN_IMAP_CAP_PREVIEW))
    items &= ~TERN_IMAP_FETCH_PREVIEW;
  if (!(self->caps & TERN_IMAP_CAP_SAVEDATE))
    items &= ~TERN_IMAP_FETCH_SAVEDATE;
  return items;
}

static void
add_items (TernImapSession *self, TernImapFetchItems items, GString *text)
{
  gboolean object_id = (self->caps & TERN_IMAP_CAP_OBJECTID) != 0;
  const struct
  {
    TernImapFetchItems item;
    const char *name;
  } names[] = {
    { TERN_IMAP_FETCH_FLAGS, " FLAGS" },
    { TERN_IMAP_FETCH_INTERNALDATE, " INTERNALDATE" },
    { TERN_IMAP_FETCH_SIZE, " RFC822.SIZE" },
    { TERN_IMAP_FETCH_ENVELOPE, " ENVELOPE" },
    { TERN_IMAP_FETCH_STRUCTURE, " BODYSTRUCTURE" },
    { TERN_IMAP_FETCH_THREADING, " BODY.PEEK[HEADER.FIELDS (REFERENCES)]" },
    { TERN_IMAP_FETCH_MODSEQ, " MODSEQ" },
    { TERN_IMAP_FETCH_EMAIL_ID, object_id ? " EMAILID" : " X-GM-MSGID" },
    { TERN_IMAP_FETCH_PREVIEW, " PREVIEW (LAZY)" },
    { TERN_IMAP_FETCH_SAVEDATE, " SAVEDATE" },
    { TERN_IMAP_FETCH_LABELS, " X-GM-LABELS" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (items & names[i].item)
      g_string_append (text, names[i].name);
  if (items & TERN_IMAP_FETCH_EMAIL_ID)
    tern_imap_session_use (self, object_id ? "OBJECTID" : "X-GM-EXT-1");
  if (items & TERN_IMAP_FETCH_PREVIEW)
    tern_imap_session_use (self, "PREVIEW");
  if (items & TERN_IMAP_FETCH_LABELS)
    tern_imap_session_use (self, "X-GM-EXT-1");
  if (items & TERN_IMAP_FETCH_SAVEDATE)
    tern_imap_session_use (self, "SAVEDATE");
}

void
tern_imap_session_write_fetch (TernImapSession *self, TernImapCommand *command)
{
  g_autoptr (GString) list = g_string_new ("UID");

  command->items = offered_items (self, command->items);
  add_items (self, command->items, list);
  tern_imap_command_add (command, "UID FETCH ");
  tern_imap_command_add_set (command, command->set);
  tern_imap_command_add (command, " (%s)", list->str);
  if (command->changed_since != 0 && (self->caps & TERN_IMAP_CAP_CONDSTORE))
    tern_imap_command_add (command, " (CHANGEDSINCE %" G_GUINT64_FORMAT ")",
                           command->changed_since);
}

void
tern_imap_session_add_status_items (TernImapSession *self, TernImapCommand *command)
{
  command->asks_mailbox_id = (self->caps & TERN_IMAP_CAP_OBJECTID) && !self->refused_mailbox_id;
  command->asks_append_limit =
      (self->caps & TERN_IMAP_CAP_APPENDLIMIT) && !self->refused_append_limit;
  tern_imap_command_add (command, "(MESSAGES UNSEEN UIDNEXT UIDVALIDITY%s%s%s",
                         self->caps & TERN_IMAP_CAP_CONDSTORE ? " HIGHESTMODSEQ" : "",
                         command->asks_mailbox_id ? " MAILBOXID" : "",
                         command->asks_append_limit ? " APPENDLIMIT" : "");
  if (command->asks_mailbox_id)
    tern_imap_session_use (self, "OBJECTID");
  if (command->asks_append_limit)
    tern_imap_session_use (self, "APPENDLIMIT");
}

/* A field of its header holds more than ASCII. */
static gboolean
has_utf8_header (GBytes *message)
{
  gsize size;
  const guchar *bytes = g_bytes_get_data (message, &size);

  for (gsize i = 0; i < size; i++)
    {
      if (bytes[i] >= 0x80)
        return TRUE;
      if (bytes[i] == '\n' && i + 1 < size
          && (bytes[i + 1] == '\n'
              || (bytes[i + 1] == '\r' && i + 2 < size && bytes[i + 2] == '\n')))
        return FALSE;
    }
  return FALSE;
}

/* RFC 6855 section 4 wants such a message marked; RFC 9051 and RFC 9755 know no mark. */
void
tern_imap_session_add_message (TernImapSession *self, TernImapCommand *command, GBytes *message)
{
  command->is_utf8_append = self->utf8_append && has_utf8_header (message);
  if (command->is_utf8_append)
    tern_imap_command_add (command, "UTF8 (~");
  tern_imap_command_add_literal (command, g_bytes_ref (message));
  if (command->is_utf8_append)
    tern_imap_command_add (command, ")");
}

gboolean
tern_imap_session_ask_less (TernImapSession *self, TernImapCommand *command)
{
  /* Which one it was is not told: what is worth less is given up first. */
  if (command->asks_append_limit)
    self->refused_append_limit = TRUE;
  else
    self->refused_mailbox_id |= command->asks_mailbox_id;
  if (command->abandoned || self->state >= TERN_IMAP_LEAVING)
    return FALSE;
  if (command->is_utf8_append)
    {
      self->utf8_append = command->is_utf8_append = FALSE;
      tern_imap_command_unmark_message (command);
      tern_imap_queue_push_first (&self->queue, command);
      return TRUE;
    }
  if ((command->items & OPTIONAL) == 0)
    return FALSE;
  self->refused_items |= command->items & OPTIONAL;
  tern_imap_command_rewind (command);
  tern_imap_session_write_fetch (self, command);
  tern_imap_queue_push_first (&self->queue, command);
  return TRUE;
}
