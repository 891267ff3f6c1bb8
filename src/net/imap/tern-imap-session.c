/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-session-private.h"
#include "tern-imap-data.h"

#include "tern-limits.h"

#include <glib/gi18n.h>
#include <string.h>

#define LEAVE_MILLISECONDS   2000 /* for what is in flight when the session is closed */
#define THROTTLE_MAX_SECONDS 60
#define LITERAL_MINUS_MAX    4096 /* RFC 7888 section 5 */

G_DEFINE_FINAL_TYPE (TernImapSession, tern_imap_session, G_TYPE_OBJECT)

void
tern_imap_session_clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
clear_sources (TernImapSession *self)
{
  tern_imap_session_clear_source (&self->idle_source);
  tern_imap_session_clear_source (&self->throttle_source);
  tern_imap_session_clear_source (&self->leave_source);
}

static void
drop_connection (TernImapSession *self)
{
  if (self->wire != NULL)
    {
      self->bytes_in = tern_imap_wire_get_bytes_in (self->wire);
      self->bytes_out = tern_imap_wire_get_bytes_out (self->wire);
      g_clear_pointer (&self->wire, tern_imap_wire_free);
    }
  g_clear_pointer (&self->transport, tern_transport_free);
}

static void
tern_imap_session_dispose (GObject *object)
{
  TernImapSession *self = TERN_IMAP_SESSION (object);
  g_autoptr (GError) error = NULL;

  tern_connection_end (self->connection, NULL);
  /* The opener and the callers of commands hold references: what is left is our own. */
  self->state = TERN_IMAP_DEAD;
  clear_sources (self);
  drop_connection (self);
  error = tern_fault_new (TERN_FAULT_CANCELLED, "The session is gone.");
  tern_imap_queue_fail_all (&self->queue, error);
  G_OBJECT_CLASS (tern_imap_session_parent_class)->dispose (object);
}

static void
tern_imap_session_finalize (GObject *object)
{
  TernImapSession *self = TERN_IMAP_SESSION (object);

  tern_connection_unref (self->connection);
  tern_endpoint_unref (self->endpoint);
  tern_credentials_unref (self->credentials);
  g_free (self->label);
  g_main_context_unref (self->context);
  g_ptr_array_unref (self->mechanisms);
  g_ptr_array_unref (self->namespaces);
  tern_imap_selected_clear (&self->selected);
  g_free (self->last_name);
  tern_imap_fetch_decoder_free (self->decoder);
  g_string_free (self->scratch, TRUE);
  g_ptr_array_unref (self->sinks);
  g_clear_pointer (&self->subscribed, g_hash_table_unref);
  g_clear_pointer (&self->listed, g_ptr_array_unref);
  G_OBJECT_CLASS (tern_imap_session_parent_class)->finalize (object);
}

static void
tern_imap_session_class_init (TernImapSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = tern_imap_session_dispose;
  object_class->finalize = tern_imap_session_finalize;
}

static void
sink_free (gpointer sink)
{
  if (sink != NULL)
    g_byte_array_unref (sink);
}

static void
tern_imap_session_init (TernImapSession *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->silence = TERN_TIMEOUT_SILENCE * 1000;
  self->append_limit = -1;
  self->mechanisms = g_ptr_array_new_with_free_func (g_free);
  self->namespaces = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_imap_namespace_free);
  tern_imap_selected_init (&self->selected);
  self->decoder = tern_imap_fetch_decoder_new ();
  self->scratch = g_string_new (NULL);
  self->sinks = g_ptr_array_new_with_free_func (sink_free);
}

static TernConnectionState
connection_state (TernImapState state)
{
  switch (state)
    {
    case TERN_IMAP_CONNECTING:
    case TERN_IMAP_GREETED:
    case TERN_IMAP_SECURED:
      return TERN_CONNECTION_CONNECTING;
    case TERN_IMAP_AUTHENTICATED:
    case TERN_IMAP_SELECTING:
    case TERN_IMAP_SELECTED:
    case TERN_IMAP_LEAVING:
      return TERN_CONNECTION_OPEN;
    case TERN_IMAP_IDLING:
      return TERN_CONNECTION_WATCHING;
    case TERN_IMAP_DISCONNECTED:
    case TERN_IMAP_DEAD:
    default:
      return TERN_CONNECTION_NONE;
    }
}

static void
refresh_connection (TernConnection *connection, gpointer session)
{
  TernImapSession *self = session;
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (self);

  tern_connection_set_mailbox (connection, mailbox != NULL ? mailbox->name : NULL);
  connection->bytes_in = tern_imap_session_get_bytes_in (self);
  connection->bytes_out = tern_imap_session_get_bytes_out (self);
  connection->round_trips = self->round_trips;
}

TernImapSession *
tern_imap_session_new (TernEndpoint *endpoint,
                       TernCredentials *credentials,
                       const char *label,
                       gboolean safe_mode,
                       const TernImapHandlers *handlers,
                       gpointer data)
{
  TernImapSession *self = g_object_new (TERN_TYPE_IMAP_SESSION, NULL);

  self->endpoint = tern_endpoint_ref (endpoint);
  self->credentials = tern_credentials_ref (credentials);
  self->label = g_strdup (label);
  self->connection = tern_connection_new ("imap", label, endpoint);
  self->connection->refresh = refresh_connection;
  self->connection->session = self;
  if (handlers != NULL)
    self->handlers = *handlers;
  self->data = data;
  tern_imap_queue_init (&self->queue, safe_mode);
  return self;
}

void
tern_imap_session_set_state (TernImapSession *self, TernImapState state)
{
  if (self->state == TERN_IMAP_DEAD
      || (self->state == TERN_IMAP_LEAVING && state != TERN_IMAP_DEAD))
    return;
  self->state = state;
  if (state != TERN_IMAP_DEAD)
    tern_connection_set_state (self->connection, connection_state (state));
}

static GError *
new_disconnected (TernImapSession *self, const GError *cause)
{
  if (cause == NULL)
    return tern_fault_new (TERN_FAULT_CANCELLED, _ ("The connection to %s was closed."),
                           self->endpoint->host);
  return tern_fault_new_server (TERN_FAULT_DISCONNECTED, tern_fault_get_server_text (cause), "%s",
                                cause->message);
}

void
tern_imap_session_die (TernImapSession *self, GError *error)
{
  g_autoptr (GError) cause = error;
  g_autoptr (GError) disconnected = NULL;
  TernImapOpener *opener = g_steal_pointer (&self->opener);

  if (self->state == TERN_IMAP_DEAD)
    return;
  /* Whatever happens on the way out: that it is over is what was asked for. */
  if (self->state == TERN_IMAP_LEAVING)
    g_clear_error (&cause);
  self->state = TERN_IMAP_DEAD;
  self->entering = NULL;
  tern_connection_end (self->connection, cause);
  clear_sources (self);
  disconnected = new_disconnected (self, cause);
  if (opener != NULL)
    tern_imap_opener_fail (opener, g_error_copy (cause != NULL ? cause : disconnected));
  drop_connection (self);
  tern_imap_queue_fail_all (&self->queue, disconnected);
  if (opener == NULL && self->handlers.closed != NULL)
    self->handlers.closed (self, cause, self->data);
}

void
tern_imap_session_drop_caps (TernImapSession *self)
{
  self->append_limit = -1;
  self->caps = 0;
  self->caps_told = FALSE;
  g_ptr_array_set_size (self->mechanisms, 0);
}

void
tern_imap_session_update_owed (TernImapSession *self)
{
  gboolean greeting = self->opener != NULL && tern_imap_opener_awaits_greeting (self->opener);
  gboolean owed =
      greeting
      || (!g_queue_is_empty (&self->queue.in_flight) && self->idle != TERN_IMAP_IDLE_ACTIVE);

  if (self->wire != NULL)
    tern_imap_wire_set_owed (
        self->wire, owed,
        greeting ? MIN (self->silence, TERN_TIMEOUT_GREETING * 1000) : self->silence);
}

void
tern_imap_session_send_text (TernImapSession *self, const char *text, TernWireKind kind)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  tern_imap_wire_send (self->wire, bytes, kind);
}

void
tern_imap_session_use (TernImapSession *self, const char *extension)
{
  tern_connection_use (self->connection, extension);
}

static void
send_string (TernImapSession *self, GString *text, TernWireKind kind)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text->str, text->len);

  tern_imap_wire_send (self->wire, bytes, kind);
  g_string_truncate (text, 0);
}

static TernWireKind
literal_kind (const TernImapCommand *command)
{
  return command->secret ? TERN_WIRE_SECRET : TERN_WIRE_CONTENT;
}

/* Sends what of the command can be sent: all of it, or up to a literal the server must agree to. */
static void
send_parts (TernImapSession *self, TernImapCommand *command)
{
  g_autoptr (GString) text = g_string_new (NULL);
  /* What follows a literal begins with no command: nothing in it says what it is. */
  TernWireKind kind = command->secret ? TERN_WIRE_SECRET : TERN_WIRE_PLAIN;

  if (command->next_part == 0)
    {
      g_string_append_printf (text, "%s ", command->tag);
      if (command->secret)
        kind = TERN_WIRE_LOGIN;
    }
  for (; command->next_part < command->parts->len; command->next_part++)
    {
      TernImapPart *part = g_ptr_array_index (command->parts, command->next_part);
      gsize size;
      const char *bytes = g_bytes_get_data (part->bytes, &size);
      gboolean at_once =
          (self->caps & TERN_IMAP_CAP_LITERAL_PLUS)
          || ((self->caps & TERN_IMAP_CAP_LITERAL_MINUS) && size <= LITERAL_MINUS_MAX);

      if (!part->literal)
        {
          g_string_append_len (text, bytes, size);
          continue;
        }
      g_string_append_printf (text, "{%" G_GSIZE_FORMAT "%s}\r\n", size, at_once ? "+" : "");
      send_string (self, text, kind);
      if (!at_once)
        {
          self->queue.waiting = command;
          self->round_trips++;
          return;
        }
      tern_imap_session_use (self,
                             self->caps & TERN_IMAP_CAP_LITERAL_PLUS ? "LITERAL+" : "LITERAL-");
      kind = command->secret ? TERN_WIRE_SECRET : TERN_WIRE_PLAIN;
      tern_imap_wire_send (self->wire, part->bytes, literal_kind (command));
    }
  g_string_append (text, "\r\n");
  send_string (self, text, kind);
}

/* The server agreed to the literal that waits. */
static void
send_literal (TernImapSession *self)
{
  TernImapCommand *command = g_steal_pointer (&self->queue.waiting);
  TernImapPart *part = g_ptr_array_index (command->parts, command->next_part++);

  tern_imap_wire_send (self->wire, part->bytes, literal_kind (command));
  send_parts (self, command);
}

static void
begin_select (TernImapSession *self, TernImapCommand *command)
{
  gboolean closes = self->closes && self->selected.mailbox.name != NULL;

  tern_imap_session_set_state (self, TERN_IMAP_SELECTING);
  self->queue.generation = 0;
  self->entering = command;
  /* The server may still speak of the old mailbox until it says so. */
  if (!closes)
    tern_imap_selected_enter (&self->selected, command->mailbox, command->read_only,
                              command->generation);
}

/* Ends the first pending command where there is nothing to send for it. */
static gboolean
settle_without_sending (TernImapSession *self, TernImapCommand *command)
{
  g_autoptr (GError) error = NULL;

  if (g_cancellable_is_cancelled (command->cancellable))
    error = tern_fault_new (TERN_FAULT_CANCELLED, _ ("Cancelled."));
  else if (tern_imap_queue_find (&self->queue, TERN_IMAP_VERB_SELECT) != NULL
           || command->generation == 0)
    return FALSE;
  else if (command->verb == TERN_IMAP_VERB_SELECT)
    {
      if (command->generation != self->queue.generation)
        return FALSE;
    }
  else if (command->generation == self->queue.generation)
    return FALSE;
  else
    {
      error = tern_fault_new (TERN_FAULT_REFUSED,
                              _ ("The folder this was meant for is not open on %s any more."),
                              self->endpoint->host);
      tern_fault_set_scope (error, TERN_SCOPE_FOLDER);
      tern_fault_set_retry (error, TERN_RETRY_NOW);
    }
  tern_imap_queue_withdraw (&self->queue, command);
  tern_imap_command_finish (command, error);
  tern_imap_command_free (command);
  return TRUE;
}

void
tern_imap_session_pump (TernImapSession *self)
{
  TernImapCommand *command;

  if (self->pumping)
    return;
  g_object_ref (self);
  self->pumping = TRUE;
  while (self->wire != NULL && (command = g_queue_peek_head (&self->queue.pending)) != NULL)
    {
      if (settle_without_sending (self, command))
        continue;
      if (tern_imap_queue_may_send (&self->queue, command) != TERN_IMAP_RULE_NONE)
        break;
      if (g_queue_is_empty (&self->queue.in_flight))
        self->round_trips++;
      tern_imap_queue_launch (&self->queue);
      if (command->verb == TERN_IMAP_VERB_SELECT)
        begin_select (self, command);
      send_parts (self, command);
    }
  self->pumping = FALSE;
  if (self->wire != NULL)
    {
      tern_imap_session_idle_pump (self);
      tern_imap_session_update_owed (self);
    }
  g_object_unref (self);
}

void
tern_imap_session_enqueue (TernImapSession *self, TernImapCommand *command)
{
  g_autoptr (GError) error = NULL;

  if (self->state == TERN_IMAP_DEAD || self->state == TERN_IMAP_LEAVING
      || self->state == TERN_IMAP_DISCONNECTED || (self->opener != NULL && !command->opening))
    error = tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("There is no connection to %s."),
                            self->endpoint->host);
  else if (!tern_imap_command_is_one_line (command))
    error = tern_fault_new (TERN_FAULT_INVALID, _ ("A request to %s must not contain line breaks."),
                            self->endpoint->host);
  if (error != NULL)
    {
      tern_imap_command_finish (command, error);
      tern_imap_command_free (command);
      return;
    }
  tern_imap_queue_push (&self->queue, command);
  tern_imap_session_pump (self);
}

void
tern_imap_session_continue (TernImapSession *self)
{
  if (self->queue.waiting != NULL)
    send_literal (self);
  else
    tern_imap_session_idle_continue (self);
  tern_imap_session_pump (self);
}

static gboolean
on_throttle_over (gpointer data)
{
  TernImapSession *self = data;

  tern_imap_session_clear_source (&self->throttle_source);
  self->queue.throttled = FALSE;
  tern_imap_session_pump (self);
  return G_SOURCE_REMOVE;
}

void
tern_imap_session_throttle (TernImapSession *self)
{
  self->throttle_seconds = CLAMP (self->throttle_seconds * 2, 1, THROTTLE_MAX_SECONDS);
  self->queue.throttled = TRUE;
  tern_imap_session_clear_source (&self->throttle_source);
  self->throttle_source = g_timeout_source_new_seconds (self->throttle_seconds);
  g_source_set_callback (self->throttle_source, on_throttle_over, self, NULL);
  g_source_attach (self->throttle_source, self->context);
}

static gboolean
on_leave (gpointer data)
{
  TernImapSession *self = data;

  if (self->wire != NULL && g_queue_is_empty (&self->queue.in_flight)
      && !tern_imap_wire_has_unsent (self->wire))
    {
      g_autofree char *logout = g_strdup_printf ("A%u LOGOUT\r\n", ++self->queue.next_tag);

      tern_imap_session_send_text (self, logout, TERN_WIRE_PLAIN);
    }
  g_object_ref (self);
  tern_imap_session_die (self, NULL);
  g_object_unref (self);
  return G_SOURCE_REMOVE;
}

void
tern_imap_session_close (TernImapSession *self)
{
  g_autoptr (GError) error = new_disconnected (self, NULL);
  TernImapCommand *command;

  if (self->state == TERN_IMAP_DEAD || self->state == TERN_IMAP_LEAVING)
    return;
  g_object_ref (self);
  self->state = TERN_IMAP_LEAVING;
  self->want_idle = FALSE;
  while ((command = g_queue_pop_head (&self->queue.pending)) != NULL)
    {
      tern_imap_command_finish (command, error);
      tern_imap_command_free (command);
    }
  if (self->wire != NULL)
    tern_imap_session_idle_pump (self);
  self->leave_source =
      g_timeout_source_new (g_queue_is_empty (&self->queue.in_flight) ? 0 : LEAVE_MILLISECONDS);
  /* The reference goes to the source. */
  g_source_set_callback (self->leave_source, on_leave, self, g_object_unref);
  g_source_attach (self->leave_source, self->context);
}

void
tern_imap_session_give_up (TernImapSession *self, const char *what)
{
  if (self->wire != NULL)
    tern_imap_wire_fail_later (self->wire,
                               tern_imap_nonsense_fault_new (self->endpoint->host, what));
}

TernImapState
tern_imap_session_get_state (TernImapSession *self)
{
  return self->state;
}

TernImapCaps
tern_imap_session_get_caps (TernImapSession *self)
{
  return self->caps;
}

gboolean
tern_imap_session_gains_by_decoding (TernImapSession *self)
{
  return self->caps & TERN_IMAP_CAP_BINARY && self->wire != NULL
         && !tern_imap_wire_is_compressed (self->wire);
}

const TernImapMailbox *
tern_imap_session_get_mailbox (TernImapSession *self)
{
  return self->selected.mailbox.name != NULL ? &self->selected.mailbox : NULL;
}

gint64
tern_imap_session_get_append_limit (TernImapSession *self)
{
  return self->append_limit;
}

void
tern_imap_session_doubt_mailbox (TernImapSession *self)
{
  self->selected.mailbox.doubtful = TRUE;
}

GPtrArray *
tern_imap_session_get_namespaces (TernImapSession *self)
{
  return self->namespaces;
}

TernConnection *
tern_imap_session_get_connection (TernImapSession *self)
{
  return self->connection;
}

void
tern_imap_session_set_silence (TernImapSession *self, guint milliseconds)
{
  self->silence = milliseconds;
  tern_imap_session_update_owed (self);
}

guint64
tern_imap_session_get_bytes_in (TernImapSession *self)
{
  return self->wire != NULL ? tern_imap_wire_get_bytes_in (self->wire) : self->bytes_in;
}

guint64
tern_imap_session_get_bytes_out (TernImapSession *self)
{
  return self->wire != NULL ? tern_imap_wire_get_bytes_out (self->wire) : self->bytes_out;
}

guint
tern_imap_session_get_round_trips (TernImapSession *self)
{
  return self->round_trips;
}
