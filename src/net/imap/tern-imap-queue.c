/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-queue.h"

#include <string.h>

#define MAX_COMMANDS 8
#define MAX_BYTES    (256 * 1024)

void
tern_imap_queue_init (TernImapQueue *self, gboolean safe_mode)
{
  memset (self, 0, sizeof *self);
  g_queue_init (&self->pending);
  g_queue_init (&self->in_flight);
  self->safe_mode = safe_mode;
}

void
tern_imap_queue_push (TernImapQueue *self, TernImapCommand *command)
{
  g_queue_push_tail (&self->pending, command);
}

void
tern_imap_queue_push_first (TernImapQueue *self, TernImapCommand *command)
{
  g_queue_push_head (&self->pending, command);
}

static gboolean
flies (TernImapQueue *self, TernImapVerb verb)
{
  return tern_imap_queue_find (self, verb) != NULL;
}

static gboolean
is_exclusive (TernImapVerb verb)
{
  return verb == TERN_IMAP_VERB_STARTTLS || verb == TERN_IMAP_VERB_AUTHENTICATE
         || verb == TERN_IMAP_VERB_ENABLE;
}

static gboolean
changes_mailboxes (TernImapVerb verb)
{
  return verb == TERN_IMAP_VERB_CHANGE || verb == TERN_IMAP_VERB_APPEND;
}

static gboolean
overlaps (TernImapQueue *self, const TernImapCommand *command)
{
  if (changes_mailboxes (command->verb))
    return flies (self, TERN_IMAP_VERB_FETCH);
  if (command->verb == TERN_IMAP_VERB_FETCH)
    return flies (self, TERN_IMAP_VERB_CHANGE) || flies (self, TERN_IMAP_VERB_APPEND);
  return command->plain_search && flies (self, TERN_IMAP_VERB_SEARCH);
}

TernImapRule
tern_imap_queue_may_send (TernImapQueue *self, const TernImapCommand *command)
{
  guint n = self->in_flight.length;
  TernImapVerb verb = command->verb;

  if (!self->authenticated && verb != TERN_IMAP_VERB_CAPABILITY && verb != TERN_IMAP_VERB_STARTTLS
      && verb != TERN_IMAP_VERB_AUTHENTICATE && verb != TERN_IMAP_VERB_LOGOUT)
    return TERN_IMAP_RULE_LOGIN;
  if (self->waiting != NULL)
    return TERN_IMAP_RULE_LITERAL;
  if (flies (self, TERN_IMAP_VERB_SELECT) || (verb == TERN_IMAP_VERB_SELECT && n > 0))
    return TERN_IMAP_RULE_SELECT;
  if (verb != TERN_IMAP_VERB_SELECT && command->generation != 0
      && command->generation != self->generation)
    return TERN_IMAP_RULE_MAILBOX;
  if ((is_exclusive (verb) && n > 0) || flies (self, TERN_IMAP_VERB_STARTTLS)
      || flies (self, TERN_IMAP_VERB_AUTHENTICATE) || flies (self, TERN_IMAP_VERB_COMPRESS))
    return TERN_IMAP_RULE_EXCLUSIVE;
  /* It changes what a SELECT is answered with, and nothing of what only informs (RFC 5161). */
  if (flies (self, TERN_IMAP_VERB_ENABLE) && verb != TERN_IMAP_VERB_INFORM
      && verb != TERN_IMAP_VERB_COMPRESS)
    return TERN_IMAP_RULE_EXCLUSIVE;
  if (flies (self, TERN_IMAP_VERB_IDLE) || (verb == TERN_IMAP_VERB_IDLE && n > 0))
    return TERN_IMAP_RULE_IDLE;
  if (flies (self, TERN_IMAP_VERB_LOGOUT) || (verb == TERN_IMAP_VERB_LOGOUT && n > 0))
    return TERN_IMAP_RULE_LOGOUT;
  if (self->throttled)
    return TERN_IMAP_RULE_THROTTLED;
  if (n > 0
      && (self->safe_mode || n >= MAX_COMMANDS
          || self->bytes_in_flight + command->size > MAX_BYTES))
    return TERN_IMAP_RULE_WINDOW;
  if (overlaps (self, command))
    return TERN_IMAP_RULE_OVERLAP;
  return TERN_IMAP_RULE_NONE;
}

TernImapCommand *
tern_imap_queue_launch (TernImapQueue *self)
{
  TernImapCommand *command = g_queue_pop_head (&self->pending);

  g_snprintf (command->tag, sizeof command->tag, "A%u", ++self->next_tag);
  self->bytes_in_flight += command->size;
  g_queue_push_tail (&self->in_flight, command);
  return command;
}

TernImapCommand *
tern_imap_queue_land (TernImapQueue *self, const char *tag, gsize length)
{
  for (GList *l = self->in_flight.head; l != NULL; l = l->next)
    {
      TernImapCommand *command = l->data;

      if (strlen (command->tag) == length && memcmp (command->tag, tag, length) == 0)
        {
          g_queue_delete_link (&self->in_flight, l);
          self->bytes_in_flight -= command->size;
          if (self->waiting == command)
            self->waiting = NULL;
          return command;
        }
    }
  return NULL;
}

TernImapCommand *
tern_imap_queue_withdraw (TernImapQueue *self, TernImapCommand *command)
{
  return g_queue_remove (&self->pending, command) ? command : NULL;
}

TernImapCommand *
tern_imap_queue_find (TernImapQueue *self, TernImapVerb verb)
{
  for (GList *l = self->in_flight.head; l != NULL; l = l->next)
    if (((TernImapCommand *) l->data)->verb == verb)
      return l->data;
  return NULL;
}

gboolean
tern_imap_queue_is_empty (TernImapQueue *self)
{
  return g_queue_is_empty (&self->pending) && g_queue_is_empty (&self->in_flight);
}

void
tern_imap_queue_fail_all (TernImapQueue *self, const GError *error)
{
  TernImapCommand *command;

  self->waiting = NULL;
  self->bytes_in_flight = 0;
  while ((command = g_queue_pop_head (&self->in_flight)) != NULL
         || (command = g_queue_pop_head (&self->pending)) != NULL)
    {
      tern_imap_command_finish (command, error);
      tern_imap_command_free (command);
    }
}
