/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-input.h"

#include "tern-fault.h"

#include <glib/gi18n.h>
#include <string.h>

#define MAX_SIZE   (256 * 1024 * 1024)
#define PIECE_SIZE (64 * 1024)

static void read_piece (GTask *task);

static void
piece_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GByteArray *all = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GBytes) piece =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  gsize length;
  const guint8 *data;

  if (piece == NULL)
    {
      g_task_return_error (task, tern_fault_take (error, _ ("Cannot read standard input")));
      return;
    }
  data = g_bytes_get_data (piece, &length);
  if (length == 0)
    g_task_return_pointer (task, g_bytes_new (all->data, all->len), (GDestroyNotify) g_bytes_unref);
  else if (all->len + length > MAX_SIZE)
    g_task_return_error (
        task, tern_fault_new (TERN_FAULT_LIMIT, _ ("There is too much on standard input.")));
  else
    {
      g_byte_array_append (all, data, (guint) length);
      read_piece (g_steal_pointer (&task));
    }
}

static void
read_piece (GTask *task)
{
  g_input_stream_read_bytes_async (g_task_get_source_object (task), PIECE_SIZE, G_PRIORITY_DEFAULT,
                                   g_task_get_cancellable (task), piece_cb, task);
}

void
tern_ctl_input_read_async (GInputStream *stream,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, tern_ctl_input_read_async);
  g_task_set_task_data (task, g_byte_array_new (), (GDestroyNotify) g_byte_array_unref);
  read_piece (task);
}

GBytes *
tern_ctl_input_read_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

char *
tern_ctl_input_read_text_finish (GAsyncResult *result, GError **error)
{
  g_autoptr (GBytes) bytes = tern_ctl_input_read_finish (result, error);
  const char *data;
  gsize length;

  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &length);
  if (!g_utf8_validate_len (data, length, NULL))
    {
      g_propagate_error (
          error, tern_fault_new (TERN_FAULT_INVALID, _ ("Standard input is not text in UTF-8.")));
      return NULL;
    }
  return g_strndup (data, length);
}
