/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-attach.h"

#include "tern-fault.h"

#include <glib/gi18n.h>

/* Held in memory until it is sent; no submission server takes as much. */
#define ATTACHMENT_MAX (256 * 1024 * 1024)

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GFileInfo *info = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GBytes) bytes = g_file_load_bytes_finish (G_FILE (source), result, NULL, &error);
  g_autofree char *mime_type = NULL;
  g_autofree char *what = NULL;

  if (bytes == NULL)
    {
      what = g_strdup_printf (_ ("Cannot attach “%s”"), g_file_info_get_display_name (info));
      g_task_return_error (task, tern_fault_take (error, what));
      return;
    }
  if (g_file_info_get_content_type (info) != NULL)
    mime_type = g_content_type_get_mime_type (g_file_info_get_content_type (info));
  g_task_return_pointer (
      task,
      tern_attachment_new (g_file_info_get_display_name (info),
                           mime_type != NULL ? mime_type : "application/octet-stream", bytes),
      (GDestroyNotify) tern_attachment_free);
}

static void
on_info (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  GFileInfo *info = g_file_query_info_finish (G_FILE (source), result, &error);
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (info == NULL)
    {
      g_task_return_error (task, tern_fault_take (error, _ ("Cannot attach the file")));
      return;
    }
  g_task_set_task_data (task, info, g_object_unref);
  if (g_file_info_get_file_type (info) != G_FILE_TYPE_REGULAR)
    g_task_return_error (
        task, tern_fault_new (TERN_FAULT_INVALID, _ ("“%s” is not a file that can be attached."),
                              g_file_info_get_display_name (info)));
  else if (g_file_info_get_size (info) > ATTACHMENT_MAX)
    g_task_return_error (
        task, tern_fault_new (TERN_FAULT_LIMIT, _ ("“%s” is too large to be sent by mail."),
                              g_file_info_get_display_name (info)));
  else
    g_file_load_bytes_async (G_FILE (source), cancellable, on_loaded, g_steal_pointer (&task));
}

void
tern_attach_file_async (GFile *file,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (file, cancellable, callback, user_data);

  g_task_set_source_tag (task, tern_attach_file_async);
  g_file_query_info_async (file,
                           G_FILE_ATTRIBUTE_STANDARD_TYPE
                           "," G_FILE_ATTRIBUTE_STANDARD_SIZE
                           "," G_FILE_ATTRIBUTE_STANDARD_DISPLAY_NAME
                           "," G_FILE_ATTRIBUTE_STANDARD_CONTENT_TYPE,
                           G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT, cancellable, on_info, task);
}

TernAttachment *
tern_attach_file_finish (GFile *file, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, file), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
