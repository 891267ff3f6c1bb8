/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-diagnosis-private.h"
#include "tern-engine-private.h"

/* A diagnosis: the test when it is asked for, then what the account's worker knows, then the queue
 * in the store. */
typedef struct
{
  TernAccountSettings *settings; /* (owned) */
  TernDiagnosis *diagnosis;      /* (owned) until it is the result */
} Visit;

static void
visit_free (gpointer data)
{
  Visit *visit = data;

  tern_account_settings_unref (visit->settings);
  g_clear_pointer (&visit->diagnosis, tern_diagnosis_unref);
  g_free (visit);
}

static void
queue_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  Visit *visit = g_task_get_task_data (task);
  GError *error = NULL;
  gpointer queue = NULL;

  if (!tern_store_read_finish (self->store, result, &queue, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  tern_diagnosis_take_queue (visit->diagnosis, queue);
  g_task_return_pointer (task, g_steal_pointer (&visit->diagnosis),
                         (GDestroyNotify) tern_diagnosis_unref);
}

static void
traced_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  Visit *visit = g_task_get_task_data (task);
  GError *error = NULL;
  TernAccountTrace *trace = g_task_propagate_pointer (G_TASK (result), &error);
  TernId row = tern_engine_get_account_row (self, visit->settings->uuid);

  if (trace == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  tern_diagnosis_take_trace (visit->diagnosis, visit->settings, trace);
  tern_account_trace_free (trace);
  tern_store_read_async (self->store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, tern_diagnosis_read_queue,
                         g_memdup2 (&row, sizeof row), g_free, tern_diagnosis_queue_free,
                         g_task_get_cancellable (task), queue_cb, task);
}

static void
trace (TernEngine *self, GTask *task)
{
  Visit *visit = g_task_get_task_data (task);
  TernAccountRunner *runner = tern_engine_find_runner (self, visit->settings->uuid);

  if (runner == NULL)
    {
      g_task_return_error (task, tern_engine_no_account (visit->settings->uuid));
      g_object_unref (task);
      return;
    }
  tern_account_runner_trace (runner,
                             g_task_new (self, g_task_get_cancellable (task), traced_cb, task));
}

static void
tested_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  Visit *visit = g_task_get_task_data (task);

  tern_engine_test_account_finish (self, result, &visit->diagnosis->test_error);
  visit->diagnosis->tested = TRUE;
  if (g_task_return_error_if_cancelled (task))
    g_object_unref (task);
  else
    trace (self, task);
}

void
tern_engine_diagnose_async (TernEngine *self,
                            const char *uuid,
                            gboolean test,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GTask *task =
      tern_engine_task (self, tern_engine_diagnose_async, cancellable, callback, user_data);
  TernAccountRunner *runner = tern_engine_find_runner (self, uuid);
  Visit *visit;

  if (runner == NULL)
    {
      g_task_return_error (task, tern_engine_no_account (uuid));
      g_object_unref (task);
      return;
    }
  visit = g_new0 (Visit, 1);
  visit->settings = tern_account_settings_ref (tern_account_runner_get_settings (runner));
  visit->diagnosis = tern_diagnosis_new (visit->settings);
  g_task_set_task_data (task, visit, visit_free);
  if (test)
    tern_engine_test_traced (self, uuid, visit->diagnosis->test_connections, cancellable, tested_cb,
                             task);
  else
    trace (self, task);
}

TernDiagnosis *
tern_engine_diagnose_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, tern_engine_diagnose_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
