/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-smtp-wire.h"

#include "tern-sasl.h"

#include <glib/gi18n.h>
#include <string.h>

#define READ_SIZE 8192

struct _TernSmtpWire
{
  TernTransport *transport;   /* (owned) (nullable): gone when closed */
  GIOStream *stream;          /* (owned): as long as an operation may be pending on it */
  GCancellable *cancellable;  /* (owned): of all operations */
  char *host;                 /* (owned) */
  TernConnection *connection; /* (owned): for the doctor */
  const TernSmtpWireFuncs *funcs;
  gpointer user_data;

  TernSmtpParser *parser; /* (owned) */
  char buffer[READ_SIZE];
  gboolean start_tls; /* asked for by the reply that is being handled */

  GQueue queue; /* of GBytes: not yet written */
  gboolean writing;

  GSource *timer; /* (owned) */
  guint patience; /* seconds */
};

static void read_more (TernSmtpWire *self);

static void
wire_clear (gpointer data)
{
  TernSmtpWire *self = data;

  g_object_unref (self->stream);
  g_object_unref (self->cancellable);
  g_queue_clear_full (&self->queue, (GDestroyNotify) g_bytes_unref);
  tern_smtp_parser_free (self->parser);
  g_free (self->host);
  tern_connection_unref (self->connection);
}

static TernSmtpWire *
wire_ref (TernSmtpWire *self)
{
  return g_rc_box_acquire (self);
}

static void
wire_unref (TernSmtpWire *self)
{
  g_rc_box_release_full (self, wire_clear);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernSmtpWire, wire_unref)

static gboolean
is_closed (const TernSmtpWire *self)
{
  return self->transport == NULL;
}

static void
close_wire (TernSmtpWire *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->transport, tern_transport_free);
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

/* Takes @error. */
static void
fail (TernSmtpWire *self, GError *error, gboolean unsent)
{
  if (!is_closed (self))
    {
      close_wire (self);
      self->funcs->failed (error, unsent, self->user_data);
    }
  g_error_free (error);
}

static GError *
io_fault (TernSmtpWire *self, GError *error)
{
  g_autofree char *what = g_strdup_printf (_ ("The connection to %s was lost"), self->host);
  GError *fault = tern_fault_take (error, what);

  if (tern_fault_is (fault, TERN_FAULT_DISCONNECTED) || tern_fault_is (fault, TERN_FAULT_TIMED_OUT))
    return fault;
  /* Whatever broke below, for the session it is a connection that ended in the middle. */
  error = tern_fault_new (TERN_FAULT_DISCONNECTED, "%s", fault->message);
  g_error_free (fault);
  return error;
}

static gboolean
timer_cb (gpointer user_data)
{
  TernSmtpWire *self = user_data;

  fail (self,
        tern_fault_new (TERN_FAULT_TIMED_OUT, _ ("%s has not answered for too long."), self->host),
        FALSE);
  return G_SOURCE_REMOVE;
}

/* A byte moved: patience starts again. */
static void
restart_timer (TernSmtpWire *self)
{
  if (self->timer != NULL)
    g_source_set_ready_time (
        self->timer,
        self->patience > 0 ? g_get_monotonic_time () + self->patience * G_USEC_PER_SEC : -1);
}

void
tern_smtp_wire_set_patience (TernSmtpWire *self, guint seconds)
{
  self->patience = seconds;
  restart_timer (self);
}

static void
deliver (TernSmtpWire *self)
{
  g_autoptr (TernSmtpReply) reply = tern_smtp_parser_steal_reply (self->parser);
  g_autofree char *text = tern_smtp_reply_dup_text (reply);
  g_autofree char *line = g_strdup_printf ("%u %s %s", reply->code,
                                           reply->enhanced != NULL ? reply->enhanced : "-", text);

  tern_transcript_add (self->connection->transcript, TERN_WIRE_RECEIVED,
                       reply->code == 334 ? TERN_WIRE_LOGIN : TERN_WIRE_PLAIN, line, strlen (line));
  self->funcs->reply (reply, self->user_data);
}

static void
start_tls_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernSmtpWire) self = user_data;
  GError *error = NULL;

  if (is_closed (self))
    return;
  if (!tern_transport_start_tls_finish (self->transport, result, &error))
    {
      fail (self, error, FALSE);
      return;
    }
  g_set_object (&self->stream, tern_transport_get_stream (self->transport));
  tern_connection_take_transport (self->connection, self->transport);
  self->funcs->secured (self->user_data);
  if (!is_closed (self))
    read_more (self);
}

static void
begin_tls (TernSmtpWire *self)
{
  self->start_tls = FALSE;
  tern_transport_start_tls_async (self->transport, self->cancellable, start_tls_cb,
                                  wire_ref (self));
}

static void
prepare_tls (TernSmtpWire *self, gboolean rest)
{
  if (rest || !tern_smtp_parser_is_empty (self->parser))
    fail (self,
          tern_fault_new (TERN_FAULT_TLS,
                          _ ("%s, or somebody between it and you, sent text into the start of the "
                             "secure connection. Nothing was sent."),
                          self->host),
          FALSE);
  /* The server has answered what was written, but this program may still have to hear of it. */
  else if (!self->writing)
    begin_tls (self);
}

static void
take_bytes (TernSmtpWire *self, gsize length)
{
  gsize position = 0;

  restart_timer (self);
  while (position < length && !is_closed (self) && !self->start_tls)
    {
      gsize consumed = 0;
      TernSmtpParseResult result = tern_smtp_parser_push (self->parser, self->buffer + position,
                                                          length - position, &consumed);

      position += consumed;
      if (result == TERN_SMTP_PARSE_ERROR)
        {
          fail (self,
                tern_fault_new (TERN_FAULT_PROTOCOL,
                                _ ("%s does not speak SMTP, or says more than it may. Check the "
                                   "server’s name and port."),
                                self->host),
                FALSE);
          return;
        }
      if (result == TERN_SMTP_PARSE_REPLY)
        deliver (self);
    }
  if (is_closed (self))
    return;
  if (self->start_tls)
    prepare_tls (self, position < length);
  else
    read_more (self);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernSmtpWire) self = user_data;
  GError *error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);

  if (n > 0)
    self->connection->bytes_in += (gsize) n;
  if (is_closed (self))
    g_clear_error (&error);
  else if (n < 0)
    fail (self, io_fault (self, error), FALSE);
  else if (n == 0)
    fail (self,
          tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("%s closed the connection."), self->host),
          FALSE);
  else
    take_bytes (self, (gsize) n);
}

static void
read_more (TernSmtpWire *self)
{
  g_input_stream_read_async (g_io_stream_get_input_stream (self->stream), self->buffer, READ_SIZE,
                             G_PRIORITY_DEFAULT, self->cancellable, read_cb, wire_ref (self));
}

static void write_next (TernSmtpWire *self);

static void
write_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernSmtpWire) self = user_data;
  GError *error = NULL;
  gboolean written =
      g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, &error);

  self->writing = FALSE;
  if (is_closed (self))
    {
      g_clear_error (&error);
      return;
    }
  if (!written)
    {
      fail (self, io_fault (self, error), TRUE);
      return;
    }
  restart_timer (self);
  g_bytes_unref (g_queue_pop_head (&self->queue));
  if (!g_queue_is_empty (&self->queue))
    write_next (self);
  else if (self->start_tls)
    begin_tls (self);
  else
    self->funcs->drained (self->user_data);
}

static void
write_next (TernSmtpWire *self)
{
  GBytes *bytes = g_queue_peek_head (&self->queue);
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);

  self->writing = TRUE;
  g_output_stream_write_all_async (g_io_stream_get_output_stream (self->stream), data, length,
                                   G_PRIORITY_DEFAULT, self->cancellable, write_cb,
                                   wire_ref (self));
}

/* Takes @bytes. */
static void
queue_bytes (TernSmtpWire *self, GBytes *bytes)
{
  self->connection->bytes_out += g_bytes_get_size (bytes);
  g_queue_push_tail (&self->queue, bytes);
  if (!self->writing)
    write_next (self);
}

void
tern_smtp_wire_send_bytes (TernSmtpWire *self, GBytes *bytes)
{
  tern_transcript_add (self->connection->transcript, TERN_WIRE_SENT, TERN_WIRE_CONTENT,
                       g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  queue_bytes (self, bytes);
}

void
tern_smtp_wire_send (TernSmtpWire *self, const char *line, TernWireKind kind)
{
  char *text = g_strconcat (line, "\r\n", NULL);

  /* Several commands when they are pipelined. */
  for (const char *rest = line; rest != NULL;)
    {
      const char *end = strstr (rest, "\r\n");

      tern_transcript_add (self->connection->transcript, TERN_WIRE_SENT, kind, rest,
                           end != NULL ? (gsize) (end - rest) : strlen (rest));
      rest = end != NULL ? end + 2 : NULL;
    }
  queue_bytes (self, g_bytes_new_with_free_func (text, strlen (text),
                                                 (GDestroyNotify) tern_sasl_wipe, text));
}

void
tern_smtp_wire_send_last (TernSmtpWire *self, const char *line)
{
  GOutputStream *output = g_io_stream_get_output_stream (self->stream);
  g_autofree char *text = g_strconcat (line, "\r\n", NULL);

  if (is_closed (self) || self->writing || !G_IS_POLLABLE_OUTPUT_STREAM (output))
    return;
  tern_transcript_add (self->connection->transcript, TERN_WIRE_SENT, TERN_WIRE_PLAIN, line,
                       strlen (line));
  g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (output), text,
                                              strlen (text), NULL, NULL);
}

void
tern_smtp_wire_start_tls (TernSmtpWire *self)
{
  self->start_tls = TRUE;
}

gboolean
tern_smtp_wire_is_secure (TernSmtpWire *self)
{
  return !is_closed (self) && tern_transport_is_secure (self->transport);
}

TernTransport *
tern_smtp_wire_get_transport (TernSmtpWire *self)
{
  return self->transport;
}

/* The timer only fires when it was given a time. */
static gboolean
timer_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);
  return callback (user_data);
}

static GSourceFuncs timer_funcs = { .dispatch = timer_dispatch };

TernSmtpWire *
tern_smtp_wire_new (TernTransport *transport,
                    TernConnection *connection,
                    const TernSmtpWireFuncs *funcs,
                    gpointer user_data)
{
  TernSmtpWire *self = g_rc_box_new0 (TernSmtpWire);

  self->transport = transport;
  self->stream = g_object_ref (tern_transport_get_stream (transport));
  self->cancellable = g_cancellable_new ();
  self->host = g_strdup (connection->host);
  self->connection = tern_connection_ref (connection);
  tern_connection_take_transport (connection, transport);
  self->funcs = funcs;
  self->user_data = user_data;
  self->parser = tern_smtp_parser_new ();
  g_queue_init (&self->queue);
  self->timer = g_source_new (&timer_funcs, sizeof (GSource));
  g_source_set_callback (self->timer, timer_cb, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
  read_more (self);
  return self;
}

void
tern_smtp_wire_free (TernSmtpWire *self)
{
  if (self == NULL)
    return;
  close_wire (self);
  wire_unref (self);
}
