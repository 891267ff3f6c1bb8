/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-data.h"
#include "tern-imap-session-private.h"
#include "tern-imap-set.h"

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

typedef struct
{
  guint32 from;
  guint32 to;
} Range;

static int
compare_ranges (gconstpointer a, gconstpointer b)
{
  const Range *first = a;
  const Range *second = b;

  return (first->from > second->from) - (first->from < second->from);
}

static GArray *
sort_ranges (const char *set)
{
  GArray *ranges = g_array_new (FALSE, FALSE, sizeof (Range));
  TernImapSlice rest = { set, strlen (set) };
  Range range;

  while (tern_imap_set_next (&rest, &range.from, &range.to))
    g_array_append_val (ranges, range);
  g_array_sort (ranges, compare_ranges);
  return ranges;
}

/* The first of @ranges that does not end before @uid. */
static guint
find_range (const GArray *ranges, guint32 uid)
{
  guint low = 0;
  guint high = ranges->len;

  while (low < high)
    {
      guint middle = (low + high) / 2;

      if (g_array_index (ranges, Range, middle).to < uid)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* What the server says of messages that were copied: the nth source became the nth target. */
typedef struct
{
  TernImapSlice targets; /* what follows @target */
  Range target;
  guint64 n;    /* numbers in @target */
  guint64 left; /* numbers before it */
} Targets;

/* @position never falls. */
static guint32
get_target (Targets *self, guint64 position)
{
  while (position - self->left >= self->n
         && tern_imap_set_next (&self->targets, &self->target.from, &self->target.to))
    {
      self->left += self->n;
      self->n = (guint64) self->target.to - self->target.from + 1;
    }
  return self->target.from + (position - self->left);
}

/* Those of @source, of which @before others were told, that the command is about. */
static void
take_pairs (TernImapCommand *command,
            const GArray *wanted,
            Range source,
            guint64 before,
            Targets *targets)
{
  TernImapReply *reply = command->reply;
  guint64 next = source.from;

  for (guint i = find_range (wanted, source.from); i < wanted->len; i++)
    {
      const Range *range = &g_array_index (wanted, Range, i);

      if (range->from > source.to)
        return;
      for (next = MAX (next, range->from); next <= MIN (source.to, range->to); next++)
        {
          guint32 uid = next;
          guint32 target = get_target (targets, before + (next - source.from));

          /* A server that tells more tells some of it twice. */
          if (reply->source_uids->len >= command->n_messages)
            return;
          g_array_append_val (reply->source_uids, uid);
          g_array_append_val (reply->target_uids, target);
        }
    }
}

/* COPYUID uidvalidity source-set target-set, for the command it belongs to. Some servers tell a
 * MOVE in several of them. */
static void
take_copy_uid (TernImapCommand *command, TernImapParser *parser, guint first)
{
  TernImapReply *reply = command->reply;
  guint source = tern_imap_parser_after (parser, first);
  TernImapSlice sources = tern_imap_parser_slice (parser, source);
  Targets targets = {
    .targets = tern_imap_parser_slice (parser, tern_imap_parser_after (parser, source)),
  };
  guint64 n = tern_imap_set_count (sources);
  guint64 before = 0;
  g_autoptr (GArray) wanted = NULL;
  Range range;

  if (command->set == NULL || n == 0 || n != tern_imap_set_count (targets.targets))
    return;
  wanted = sort_ranges (command->set);
  reply->uidvalidity = tern_imap_parser_uint32 (parser, first);
  if (reply->source_uids == NULL)
    {
      reply->source_uids = g_array_new (FALSE, FALSE, sizeof (guint32));
      reply->target_uids = g_array_new (FALSE, FALSE, sizeof (guint32));
    }
  while (tern_imap_set_next (&sources, &range.from, &range.to))
    {
      take_pairs (command, wanted, range, before, &targets);
      before += (guint64) range.to - range.from + 1;
    }
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
    tern_imap_selected_next (&self->selected, tern_imap_parser_uint32 (parser, value));
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
        take_copy_uid (command, parser, value);
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
