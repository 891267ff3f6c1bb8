/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-wire.h"

#include "tern-imap-deflate.h"
#include "tern-imap-faults.h"

#include "tern-fault.h"
#include "tern-limits.h"

#include <glib/gi18n.h>

#define TURN_BYTES (256 * 1024) /* read and parsed before the main loop has its turn again */

struct _TernImapWire
{
  grefcount refs; /* the owner, and every callback that is running */
  gboolean freed;
  TernTranscript *transcript;
  char *host;
  TernImapWireHandlers handlers;
  gpointer data;
  GMainContext *context;
  GIOStream *stream;        /* (nullable) */
  TernImapDeflate *deflate; /* (owned) (nullable): the stream is compressed */
  TernImapParser *parser;
  guint bad_responses; /* in a row */
  gboolean failed;

  GQueue unsent;   /* of GBytes */
  gsize head_sent; /* bytes of the first one that are on their way */
  GSource *read_source;
  GSource *more_source;  /* (nullable): what was read is not unpacked yet */
  GSource *write_source; /* (nullable): waits until there is room */
  GSource *later_source; /* (nullable): tells of an error that came while writing */
  GError *later_error;

  GSource *silence_source; /* (nullable): a reply is owed */
  guint silence;           /* milliseconds */
  gint64 last_byte;        /* monotonic */
  guint64 bytes_in;
  guint64 bytes_out;
};

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

TernImapWire *
tern_imap_wire_new (TernTranscript *transcript,
                    const char *host,
                    const TernImapWireHandlers *handlers,
                    gpointer data)
{
  TernImapWire *self = g_new0 (TernImapWire, 1);

  g_ref_count_init (&self->refs);
  self->transcript = tern_transcript_ref (transcript);
  self->host = g_strdup (host);
  self->handlers = *handlers;
  self->data = data;
  self->context = g_main_context_ref_thread_default ();
  self->parser = tern_imap_parser_new ();
  g_queue_init (&self->unsent);
  return self;
}

static void
drop_stream (TernImapWire *self)
{
  clear_source (&self->read_source);
  clear_source (&self->more_source);
  clear_source (&self->write_source);
  g_clear_object (&self->stream);
}

static void
wire_unref (TernImapWire *self)
{
  if (!g_ref_count_dec (&self->refs))
    return;
  tern_imap_parser_free (self->parser);
  g_clear_pointer (&self->deflate, tern_imap_deflate_free);
  g_main_context_unref (self->context);
  tern_transcript_unref (self->transcript);
  g_free (self->host);
  g_free (self);
}

void
tern_imap_wire_free (TernImapWire *self)
{
  self->freed = TRUE;
  drop_stream (self);
  clear_source (&self->later_source);
  clear_source (&self->silence_source);
  g_clear_error (&self->later_error);
  g_queue_clear_full (&self->unsent, (GDestroyNotify) g_bytes_unref);
  wire_unref (self);
}

TernImapParser *
tern_imap_wire_get_parser (TernImapWire *self)
{
  return self->parser;
}

static void
fail (TernImapWire *self, GError *error)
{
  if (self->failed || self->freed)
    {
      g_error_free (error);
      return;
    }
  self->failed = TRUE;
  drop_stream (self);
  clear_source (&self->silence_source);
  self->handlers.failed (error, self->data);
}

static gboolean
on_later (gpointer data)
{
  TernImapWire *self = data;

  clear_source (&self->later_source);
  g_ref_count_inc (&self->refs);
  fail (self, g_steal_pointer (&self->later_error));
  wire_unref (self);
  return G_SOURCE_REMOVE;
}

/* An error found while somebody is at work with the session: told from the main loop, so that
 * nobody has to expect that it is gone afterwards. */
void
tern_imap_wire_fail_later (TernImapWire *self, GError *error)
{
  if (self->later_error != NULL)
    {
      g_error_free (error);
      return;
    }
  self->later_error = error;
  self->later_source = g_idle_source_new ();
  g_source_set_priority (self->later_source, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->later_source, on_later, self, NULL);
  g_source_attach (self->later_source, self->context);
}

static GError *
lost_connection (TernImapWire *self, GError *cause)
{
  GError *error = tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("The connection to %s was lost: %s"),
                                  self->host, cause->message);

  g_error_free (cause);
  return error;
}

static void
keep_received (TernImapWire *self)
{
  TernImapSlice line = tern_imap_parser_get_line (self->parser);
  gboolean challenge = line.length > 0 && line.data[0] == '+';

  tern_transcript_add (self->transcript, TERN_WIRE_RECEIVED,
                       challenge ? TERN_WIRE_LOGIN : TERN_WIRE_PLAIN, line.data, line.length);
}

static void
handle_error (TernImapWire *self, TernImapEvent event)
{
  const char *problem = tern_imap_parser_get_problem (self->parser);

  g_debug ("%s: %s", self->host, problem);
  if (self->handlers.unreadable != NULL)
    self->handlers.unreadable (self->data);
  if (event == TERN_IMAP_EVENT_ERROR && ++self->bad_responses < TERN_LIMIT_IMAP_BAD_LINES)
    return;
  fail (self, tern_imap_nonsense_fault_new (self->host, problem));
}

/* Hands on every event there is. FALSE when @stream is not to be read any more. */
static gboolean
drain (TernImapWire *self, GIOStream *stream)
{
  for (;;)
    {
      TernImapEvent event = tern_imap_parser_next (self->parser);

      switch (event)
        {
        case TERN_IMAP_EVENT_NEED_MORE:
          if (self->handlers.drained != NULL)
            self->handlers.drained (self->data);
          return !self->freed && self->stream == stream;
        case TERN_IMAP_EVENT_RESPONSE:
          self->bad_responses = 0;
          keep_received (self);
          self->handlers.response (self->data);
          break;
        case TERN_IMAP_EVENT_LITERAL:
          self->handlers.piece (tern_imap_parser_get_piece (self->parser), self->data);
          break;
        case TERN_IMAP_EVENT_ERROR:
        case TERN_IMAP_EVENT_FATAL:
          handle_error (self, event);
          break;
        }
      if (self->freed || self->stream != stream)
        return FALSE;
    }
}

static gssize
receive_raw (TernImapWire *self, GIOStream *stream, char *space, gsize room, GError **error)
{
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream));
  gssize n = g_pollable_input_stream_read_nonblocking (input, space, room, NULL, error);

  if (n > 0)
    {
      self->last_byte = g_get_monotonic_time ();
      self->bytes_in += n;
    }
  return n;
}

/* As a read without waiting: 0 at the end of the stream. */
static gssize
receive (TernImapWire *self, GIOStream *stream, char *space, gsize room, GError **error)
{
  if (self->deflate == NULL)
    return receive_raw (self, stream, space, room, error);
  for (;;)
    {
      gsize raw_room;
      char *raw;
      gssize n = 0;

      if (tern_imap_deflate_has_more (self->deflate))
        n = tern_imap_deflate_unpack (self->deflate, space, room, error);
      if (n != 0 || tern_imap_deflate_has_ended (self->deflate))
        return n;
      raw = tern_imap_deflate_reserve (self->deflate, &raw_room);
      n = receive_raw (self, stream, raw, raw_room, error);
      tern_imap_deflate_commit (self->deflate, (gsize) MAX (n, 0));
      if (n <= 0)
        return n;
    }
}

/* FALSE when there is nothing more to read now, or ever. */
static gboolean
read_once (TernImapWire *self, GIOStream *stream, gsize *budget)
{
  GError *error = NULL;
  gsize room;
  char *space = tern_imap_parser_reserve (self->parser, &room);
  gssize n = receive (self, stream, space, room, &error);

  if (n < 0)
    {
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        g_error_free (error);
      else
        fail (self, lost_connection (self, error));
      return FALSE;
    }
  if (n == 0)
    {
      fail (self,
            tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("%s closed the connection."), self->host));
      return FALSE;
    }
  *budget -= MIN (*budget, (gsize) n);
  tern_imap_parser_commit (self->parser, n);
  return drain (self, stream);
}

static gboolean on_more (gpointer data);

/* Nothing on the socket will say that there is more to unpack. */
static void
read_more_later (TernImapWire *self)
{
  if (self->deflate == NULL || !tern_imap_deflate_has_more (self->deflate)
      || self->more_source != NULL)
    return;
  self->more_source = g_idle_source_new ();
  g_source_set_priority (self->more_source, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->more_source, on_more, self, NULL);
  g_source_attach (self->more_source, self->context);
}

static gboolean
on_readable (GObject *input, gpointer data)
{
  TernImapWire *self = data;
  g_autoptr (GIOStream) stream = g_object_ref (self->stream);
  gsize budget = TURN_BYTES;
  gboolean alive;

  g_ref_count_inc (&self->refs);
  while (budget > 0 && read_once (self, stream, &budget))
    ;
  alive = !self->freed && self->stream == stream;
  if (alive)
    read_more_later (self);
  wire_unref (self);
  return alive ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static gboolean
on_more (gpointer data)
{
  TernImapWire *self = data;

  clear_source (&self->more_source);
  on_readable (NULL, self);
  return G_SOURCE_REMOVE;
}

void
tern_imap_wire_attach (TernImapWire *self, GIOStream *stream)
{
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream));

  drop_stream (self);
  tern_imap_parser_clear (self->parser);
  self->stream = g_object_ref (stream);
  self->last_byte = g_get_monotonic_time ();
  self->read_source = g_pollable_input_stream_create_source (input, NULL);
  g_source_set_callback (self->read_source, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (self->read_source, self->context);
}

gsize
tern_imap_wire_detach (TernImapWire *self)
{
  drop_stream (self);
  return tern_imap_parser_get_buffered (self->parser);
}

gboolean
tern_imap_wire_is_compressed (TernImapWire *self)
{
  return self->deflate != NULL;
}

void
tern_imap_wire_compress (TernImapWire *self)
{
  g_autoptr (GBytes) rest = tern_imap_parser_take_buffered (self->parser);
  gsize length;
  const char *data = g_bytes_get_data (rest, &length);

  g_return_if_fail (self->deflate == NULL);
  self->deflate = tern_imap_deflate_new ();
  tern_imap_deflate_put (self->deflate, data, length);
}

static gboolean on_writable (GObject *output, gpointer data);

/* Writes as much as goes out without waiting, and arranges for the rest. */
static void
flush (TernImapWire *self)
{
  GPollableOutputStream *output;
  GError *error = NULL;

  if (self->stream == NULL)
    return;
  output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream));
  while (!g_queue_is_empty (&self->unsent))
    {
      gsize size;
      const char *data = g_bytes_get_data (g_queue_peek_head (&self->unsent), &size);
      gssize n = g_pollable_output_stream_write_nonblocking (output, data + self->head_sent,
                                                             size - self->head_sent, NULL, &error);

      if (n < 0)
        break;
      self->last_byte = g_get_monotonic_time ();
      self->bytes_out += n;
      self->head_sent += n;
      if (self->head_sent == size)
        {
          g_bytes_unref (g_queue_pop_head (&self->unsent));
          self->head_sent = 0;
        }
    }
  if (error == NULL)
    clear_source (&self->write_source);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      clear_source (&self->write_source);
      tern_imap_wire_fail_later (self, lost_connection (self, g_steal_pointer (&error)));
    }
  else if (self->write_source == NULL)
    {
      self->write_source = g_pollable_output_stream_create_source (output, NULL);
      g_source_set_callback (self->write_source, G_SOURCE_FUNC (on_writable), self, NULL);
      g_source_attach (self->write_source, self->context);
    }
  g_clear_error (&error);
}

static gboolean
on_writable (GObject *output, gpointer data)
{
  TernImapWire *self = data;

  flush (self);
  return self->write_source != NULL ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

void
tern_imap_wire_send (TernImapWire *self, GBytes *bytes, TernWireKind kind)
{
  tern_transcript_add (self->transcript, TERN_WIRE_SENT, kind, g_bytes_get_data (bytes, NULL),
                       g_bytes_get_size (bytes));
  if (g_bytes_get_size (bytes) == 0)
    return;
  g_queue_push_tail (&self->unsent, self->deflate != NULL
                                        ? tern_imap_deflate_pack (self->deflate, bytes)
                                        : g_bytes_ref (bytes));
  if (self->write_source == NULL && self->later_error == NULL)
    flush (self);
}

gboolean
tern_imap_wire_has_unsent (TernImapWire *self)
{
  return self->stream != NULL && !g_queue_is_empty (&self->unsent);
}

static gboolean
on_silence (gpointer data)
{
  TernImapWire *self = data;
  gint64 deadline = self->last_byte + (gint64) self->silence * 1000;

  if (g_get_monotonic_time () < deadline)
    {
      g_source_set_ready_time (self->silence_source, deadline);
      return G_SOURCE_CONTINUE;
    }
  g_ref_count_inc (&self->refs);
  fail (self, tern_fault_new (TERN_FAULT_TIMED_OUT, _ ("%s does not answer."), self->host));
  wire_unref (self);
  return G_SOURCE_REMOVE;
}

void
tern_imap_wire_set_owed (TernImapWire *self, gboolean owed, guint silence)
{
  if (owed == (self->silence_source != NULL) && silence == self->silence)
    return;
  clear_source (&self->silence_source);
  self->silence = silence;
  if (!owed || self->failed)
    return;
  self->last_byte = g_get_monotonic_time ();
  self->silence_source = g_timeout_source_new (silence);
  g_source_set_callback (self->silence_source, on_silence, self, NULL);
  g_source_attach (self->silence_source, self->context);
}

guint64
tern_imap_wire_get_bytes_in (TernImapWire *self)
{
  return self->bytes_in;
}

guint64
tern_imap_wire_get_bytes_out (TernImapWire *self)
{
  return self->bytes_out;
}
