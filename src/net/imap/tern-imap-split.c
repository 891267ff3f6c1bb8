/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-session-private.h"
#include "tern-imap-set.h"

#include <string.h>

/*
 * A server that takes only so many messages at a time (MESSAGELIMIT, RFC 9738) gets a command in
 * pieces, one after the other. A reply that is about some of the messages only is followed by the
 * question for the others: what is left out there would be taken for gone, or for done.
 */

static gboolean
changes_messages (const TernImapCommand *command)
{
  return command->verb == TERN_IMAP_VERB_CHANGE || command->verb == TERN_IMAP_VERB_STORE;
}

/* @set: what of it is sent now; the rest comes before what waits already. */
static char *
take_part (TernImapSession *self, TernImapCommand *command, const char *set)
{
  g_autofree char *after = g_steal_pointer (&command->rest);
  g_autofree char *rest = NULL;
  char *part;

  if (self->message_limit == 0)
    {
      command->rest = g_steal_pointer (&after);
      return g_strdup (set);
    }
  part = tern_imap_set_split (set, self->message_limit, &rest);
  if (rest != NULL)
    tern_imap_session_use (self, "MESSAGELIMIT");
  if (rest != NULL && after != NULL)
    command->rest = g_strdup_printf ("%s,%s", rest, after);
  else
    command->rest = rest != NULL ? g_steal_pointer (&rest) : g_steal_pointer (&after);
  /* What is no set is for the server to say. */
  return part != NULL ? part : g_strdup (set);
}

void
tern_imap_session_add_part (TernImapSession *self, TernImapCommand *command, const char *set)
{
  g_autofree char *part = take_part (self, command, set);

  command->n_messages = tern_imap_set_count ((TernImapSlice){ set, strlen (set) });
  tern_imap_command_add_set (command, part);
}

/* What the server left out of the set that it was given, which can be nothing. FALSE when it does
 * not say where it stopped, or says what cannot be. */
static gboolean
find_left (TernImapSession *self, TernImapCommand *command, TernImapOutcome outcome, char **left)
{
  *left = NULL;
  if (outcome == TERN_IMAP_OK && command->done_from != 0)
    {
      *left = tern_imap_set_below (command->set, command->done_from);
      return *left == NULL || strcmp (*left, command->set) != 0;
    }
  if (outcome == TERN_IMAP_NO && changes_messages (command))
    {
      g_autofree char *rest = NULL;
      g_autofree char *first = tern_imap_set_split (command->set, command->limit, &rest);

      if (rest == NULL)
        return FALSE;
      self->message_limit = command->limit;
      *left = g_strdup (command->set);
      return TRUE;
    }
  return FALSE;
}

gboolean
tern_imap_session_go_on (TernImapSession *self, TernImapCommand *command, TernImapOutcome *outcome)
{
  gboolean limited = command->limit != 0;
  g_autofree char *left = NULL;
  g_autofree char *part = NULL;

  if (command->set == NULL)
    return FALSE;
  if (limited && !find_left (self, command, *outcome, &left))
    {
      *outcome = *outcome == TERN_IMAP_OK ? TERN_IMAP_NO : *outcome;
      return FALSE;
    }
  if (left == NULL && *outcome == TERN_IMAP_OK)
    left = g_steal_pointer (&command->rest);
  if (left == NULL || command->abandoned || self->state >= TERN_IMAP_LEAVING)
    return FALSE;
  tern_imap_session_use (self, "MESSAGELIMIT");
  part = changes_messages (command) ? take_part (self, command, left) : g_strdup (left);
  tern_imap_command_replace_set (command, part);
  command->next_part = 0;
  command->limit = command->done_from = 0;
  g_clear_pointer (&command->reply->text, g_free);
  g_clear_pointer (&command->reply->code, g_free);
  tern_imap_queue_push_first (&self->queue, command);
  return TRUE;
}
