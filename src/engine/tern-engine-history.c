/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-engine-private.h"

#include "tern-history.h"

#include <glib/gi18n.h>

/* What happened to a message, and what was done last: read away from this thread. */

static GError *
fault_unknown (void)
{
  return tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("Nothing is known of this message."));
}

static gboolean
read_history (TernReader *reader,
              gpointer data,
              GCancellable *cancellable,
              gpointer *result,
              GError **error)
{
  GError *fault = NULL;

  *result = tern_read_history (reader, *(TernId *) data, &fault);
  if (*result != NULL)
    return TRUE;
  g_propagate_error (error, fault != NULL ? fault : fault_unknown ());
  return FALSE;
}

static void
history_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  gpointer history = NULL;
  GError *error = NULL;

  if (tern_store_read_finish (self->store, result, &history, &error))
    g_task_return_pointer (task, history, (GDestroyNotify) tern_history_free);
  else
    g_task_return_error (task, error);
}

void
tern_engine_load_history_async (TernEngine *self,
                                TernId id,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  GTask *task =
      tern_engine_task (self, tern_engine_load_history_async, cancellable, callback, user_data);

  tern_store_read_async (self->store, TERN_LANE_SLOW, G_PRIORITY_DEFAULT, read_history,
                         g_memdup2 (&id, sizeof id), g_free, (GDestroyNotify) tern_history_free,
                         cancellable, history_cb, task);
}

TernHistory *
tern_engine_load_history_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* The last change */

void
tern_last_change_free (TernLastChange *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->operations, g_array_unref);
  g_free (self->text);
  g_free (self);
}

static char *
dup_operation (TernReader *reader, TernId id, GError **error)
{
  g_autoptr (TernOpRecord) op = tern_read_op (reader, id, error);
  g_autoptr (TernFolderRecord) source = NULL;
  g_autoptr (TernFolderRecord) target = NULL;

  if (op == NULL)
    return NULL;
  source = tern_read_folder (reader, op->source, NULL);
  target = op->target != 0 ? tern_read_folder (reader, op->target, NULL) : NULL;
  return tern_history_dup_operation (op, source != NULL ? source->path : NULL,
                                     target != NULL ? target->path : NULL);
}

static gboolean
read_last_change (TernReader *reader,
                  gpointer data,
                  GCancellable *cancellable,
                  gpointer *result,
                  GError **error)
{
  GError *fault = NULL;
  g_autoptr (GArray) operations = tern_read_undoable (reader, FALSE, &fault);
  g_autoptr (GString) text = g_string_new (NULL);
  TernLastChange *change;

  if (tern_fault_is (fault, TERN_FAULT_REFUSED))
    {
      g_clear_error (&fault);
      operations = g_array_new (FALSE, FALSE, sizeof (TernId));
    }
  if (operations == NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  for (guint i = 0; i < operations->len; i++)
    {
      g_autofree char *one = dup_operation (reader, g_array_index (operations, TernId, i), error);

      if (one == NULL)
        return FALSE;
      g_string_append_printf (text, "%s%s", i > 0 ? "; " : "", one);
    }
  change = g_new0 (TernLastChange, 1);
  change->operations = g_steal_pointer (&operations);
  change->text = g_strdup (text->str);
  *result = change;
  return TRUE;
}

static void
last_change_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  gpointer change = NULL;
  GError *error = NULL;

  if (tern_store_read_finish (self->store, result, &change, &error))
    g_task_return_pointer (task, change, (GDestroyNotify) tern_last_change_free);
  else
    g_task_return_error (task, error);
}

void
tern_engine_find_last_change_async (TernEngine *self,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  GTask *task =
      tern_engine_task (self, tern_engine_find_last_change_async, NULL, callback, user_data);

  tern_store_read_async (self->store, TERN_LANE_SLOW, G_PRIORITY_DEFAULT, read_last_change, NULL,
                         NULL, (GDestroyNotify) tern_last_change_free, NULL, last_change_cb, task);
}

TernLastChange *
tern_engine_find_last_change_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
