/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-writer.h"

#define MAX_BEHIND (16 * 1024 * 1024)

struct _TernCtlWriter
{
  GOutputStream *stream; /* (owned) */
  GQueue queue;          /* of GBytes; the head is being written */
  gsize behind;          /* bytes that were added while something was being written */
  gboolean broken;
  void (*idle) (gpointer user_data);
  void (*failed) (gpointer user_data);
  gpointer user_data;
};

static void write_next (TernCtlWriter *self);

static void
break_off (TernCtlWriter *self)
{
  if (self->broken)
    return;
  self->broken = TRUE;
  self->failed (self->user_data);
}

static void
write_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtlWriter *self = user_data;
  gboolean written =
      g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL);

  g_bytes_unref (g_queue_pop_head (&self->queue));
  if (!written)
    break_off (self);
  if (self->broken)
    g_queue_clear_full (&self->queue, (GDestroyNotify) g_bytes_unref);
  if (!g_queue_is_empty (&self->queue))
    {
      write_next (self);
      return;
    }
  self->behind = 0;
  self->idle (self->user_data);
}

static void
write_next (TernCtlWriter *self)
{
  GBytes *bytes = g_queue_peek_head (&self->queue);
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);

  g_output_stream_write_all_async (self->stream, data, length, G_PRIORITY_DEFAULT, NULL, write_cb,
                                   self);
}

void
tern_ctl_writer_add (TernCtlWriter *self, char *text, gsize length)
{
  gboolean busy = !tern_ctl_writer_is_idle (self);

  if (length == 0 || self->broken)
    {
      g_free (text);
      return;
    }
  /* One document may be as large as it is; what counts is what comes while it is not read. */
  if (busy)
    self->behind += length;
  if (self->behind > MAX_BEHIND)
    {
      g_free (text);
      break_off (self);
      return;
    }
  g_queue_push_tail (&self->queue, g_bytes_new_take (text, length));
  if (!busy)
    write_next (self);
}

gboolean
tern_ctl_writer_is_idle (const TernCtlWriter *self)
{
  return self->queue.length == 0;
}

TernCtlWriter *
tern_ctl_writer_new (GOutputStream *stream,
                     void (*idle) (gpointer user_data),
                     void (*failed) (gpointer user_data),
                     gpointer user_data)
{
  TernCtlWriter *self = g_new0 (TernCtlWriter, 1);

  self->stream = g_object_ref (stream);
  g_queue_init (&self->queue);
  self->idle = idle;
  self->failed = failed;
  self->user_data = user_data;
  return self;
}

void
tern_ctl_writer_free (TernCtlWriter *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->queue, (GDestroyNotify) g_bytes_unref);
  g_object_unref (self->stream);
  g_free (self);
}
