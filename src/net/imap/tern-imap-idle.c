/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-session-private.h"

/*
 * IDLE (RFC 2177). DONE is sent only after the "+", and nothing follows it before the tagged reply.
 * It is issued again every 9 minutes, because gateways forget connections that are silent for 10.
 * Where the server has no IDLE, NOOP asks every 2 minutes. After a command it is entered only when
 * no other command follows at once, since leaving it again costs a round trip.
 */
#define REISSUE_MILLISECONDS (9 * 60 * 1000)
#define POLL_MILLISECONDS    (2 * 60 * 1000)
#define QUIET_MILLISECONDS   100

static void
send_done (TernImapSession *self)
{
  tern_imap_session_clear_source (&self->idle_source);
  self->idle = TERN_IMAP_IDLE_LEAVING;
  tern_imap_session_send_text (self, "DONE\r\n", FALSE);
  tern_imap_session_update_owed (self);
}

static gboolean
on_reissue (gpointer data)
{
  TernImapSession *self = data;

  /* Taken up again by the pump when the tagged reply is there. */
  if (self->idle == TERN_IMAP_IDLE_ACTIVE)
    send_done (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_poll (gpointer data)
{
  TernImapSession *self = data;
  TernImapCommand *command;

  tern_imap_session_clear_source (&self->idle_source);
  command = tern_imap_command_new (TERN_IMAP_VERB_NOOP, NULL, NULL);
  tern_imap_command_add (command, "NOOP");
  tern_imap_session_enqueue (self, command);
  return G_SOURCE_REMOVE;
}

static void
arm (TernImapSession *self, guint milliseconds, GSourceFunc func)
{
  if (self->idle_source != NULL)
    return;
  self->idle_source = g_timeout_source_new (milliseconds);
  g_source_set_callback (self->idle_source, func, self, NULL);
  g_source_attach (self->idle_source, self->context);
}

static gboolean
may_idle (TernImapSession *self)
{
  return self->idle == TERN_IMAP_IDLE_NONE && self->want_idle && self->state == TERN_IMAP_SELECTED
         && tern_imap_queue_is_empty (&self->queue);
}

static gboolean
on_quiet (gpointer data)
{
  TernImapSession *self = data;
  TernImapCommand *command;

  tern_imap_session_clear_source (&self->idle_source);
  if (!may_idle (self))
    return G_SOURCE_REMOVE;
  command = tern_imap_command_new (TERN_IMAP_VERB_IDLE, NULL, NULL);
  command->generation = self->queue.generation;
  tern_imap_session_use (self, "IDLE");
  tern_imap_command_add (command, "IDLE");
  self->idle = TERN_IMAP_IDLE_ENTERING;
  tern_imap_session_set_state (self, TERN_IMAP_IDLING);
  tern_imap_session_enqueue (self, command);
  return G_SOURCE_REMOVE;
}

void
tern_imap_session_idle_pump (TernImapSession *self)
{
  gboolean busy = !g_queue_is_empty (&self->queue.pending);

  if (self->idle == TERN_IMAP_IDLE_ACTIVE && (busy || !self->want_idle))
    send_done (self);
  else if (may_idle (self))
    {
      if ((self->caps & TERN_IMAP_CAP_IDLE) && !self->idle_refused && !self->queue.throttled)
        arm (self, QUIET_MILLISECONDS, on_quiet);
      else
        arm (self, POLL_MILLISECONDS, on_poll);
    }
}

void
tern_imap_session_idle_continue (TernImapSession *self)
{
  if (self->idle != TERN_IMAP_IDLE_ENTERING)
    return;
  self->idle = TERN_IMAP_IDLE_ACTIVE;
  tern_imap_session_clear_source (&self->idle_source);
  arm (self, REISSUE_MILLISECONDS, on_reissue);
  tern_imap_session_update_owed (self);
}

void
tern_imap_session_idle_over (TernImapSession *self, gboolean refused)
{
  self->idle = TERN_IMAP_IDLE_NONE;
  self->idle_refused |= refused;
  tern_imap_session_clear_source (&self->idle_source);
  if (self->state == TERN_IMAP_IDLING)
    tern_imap_session_set_state (self, TERN_IMAP_SELECTED);
}

void
tern_imap_session_start_idle (TernImapSession *self)
{
  self->want_idle = TRUE;
  if (self->wire != NULL)
    tern_imap_session_pump (self);
}

void
tern_imap_session_stop_idle (TernImapSession *self)
{
  self->want_idle = FALSE;
  if (self->idle == TERN_IMAP_IDLE_NONE)
    tern_imap_session_clear_source (&self->idle_source);
  if (self->wire != NULL)
    tern_imap_session_pump (self);
}
