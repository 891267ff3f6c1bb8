/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-engine-private.h"

#include <glib/gi18n.h>

/*
 * Those who wait for the server's word on operations or on an outbox entry (ternctl). Each is
 * looked at again after every change of the log or the outbox, and when an account's state changes.
 */

typedef struct
{
  GTask *task;        /* (owned) */
  GArray *operations; /* (nullable) of TernId */
  TernId outbox;
  gboolean reading;
  gboolean again;
  GSource *cancelled; /* (owned) (nullable) */
} Wait;

/* What the store says of it. */
typedef struct
{
  gboolean pending;
  TernId account;  /* of something that is pending */
  GError *refused; /* (nullable) the first reason, of which others follow */
  TernId refused_account;
  GError *stuck; /* (nullable) */
  TernId stuck_account;
  TernOutboxRecord *entry; /* (nullable) */
} Answer;

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  g_clear_error (&answer->refused);
  g_clear_error (&answer->stuck);
  g_clear_pointer (&answer->entry, tern_outbox_record_free);
  g_free (answer);
}

static void
end_wait (TernEngine *self, Wait *wait)
{
  g_ptr_array_remove_fast (self->waits, wait);
  if (wait->cancelled != NULL)
    {
      g_source_destroy (wait->cancelled);
      g_source_unref (wait->cancelled);
    }
  g_clear_pointer (&wait->operations, g_array_unref);
  g_object_unref (wait->task);
  g_free (wait);
}

typedef struct
{
  GArray *operations;
  TernId outbox;
} WaitQuery;

static void
wait_query_free (gpointer data)
{
  WaitQuery *query = data;

  g_clear_pointer (&query->operations, g_array_unref);
  g_free (query);
}

static gboolean
read_operations (TernReader *reader, const GArray *operations, Answer *answer, GError **error)
{
  for (guint i = 0; i < operations->len; i++)
    {
      GError *local = NULL;
      g_autoptr (TernOpRecord) op =
          tern_read_op (reader, g_array_index (operations, TernId, i), &local);

      if (local != NULL)
        {
          g_propagate_error (error, local);
          return FALSE;
        }
      /* Confirmed ones are swept away after a while; folded ones at once. */
      if (op == NULL || op->state == TERN_OP_CONFIRMED)
        continue;
      if (op->state == TERN_OP_REFUSED && answer->refused == NULL)
        {
          answer->refused = tern_fault_new_server (op->fault_code, op->server_text, "%s",
                                                   op->fault != NULL ? op->fault : "");
          answer->refused_account = op->account;
        }
      if (op->state == TERN_OP_STUCK && answer->stuck == NULL)
        {
          answer->stuck =
              tern_fault_new (TERN_FAULT_UNAVAILABLE, "%s", op->fault != NULL ? op->fault : "");
          answer->stuck_account = op->account;
        }
      if (op->state == TERN_OP_PENDING || op->state == TERN_OP_RUNNING)
        {
          answer->pending = TRUE;
          answer->account = op->account;
        }
    }
  return TRUE;
}

static gboolean
read_answer (TernReader *reader,
             gpointer data,
             GCancellable *cancellable,
             gpointer *result,
             GError **error)
{
  const WaitQuery *query = data;
  Answer *answer = g_new0 (Answer, 1);
  gboolean ok = TRUE;

  if (query->operations != NULL)
    ok = read_operations (reader, query->operations, answer, error);
  else
    {
      answer->entry = tern_read_outbox_entry (reader, query->outbox, error);
      ok = error == NULL || *error == NULL;
    }
  if (!ok)
    {
      answer_free (answer);
      return FALSE;
    }
  *result = answer;
  return TRUE;
}

/* Nothing will happen by itself soon. */
static const GError *
find_obstacle (TernEngine *self, TernId account)
{
  TernAccountRunner *runner = tern_engine_find_runner_by_row (self, account);
  const TernAccountStatus *status = runner != NULL ? tern_account_runner_get_status (runner) : NULL;

  return status != NULL && tern_account_status_is_out_of_reach (status) ? status->error : NULL;
}

static void
fail_operations (Wait *wait, const GError *fault, TernId account, gboolean refused)
{
  TernOpsFailure *failure = g_new0 (TernOpsFailure, 1);

  failure->account = account;
  failure->refused = refused;
  g_task_set_task_data (wait->task, failure, g_free);
  g_task_return_error (wait->task, g_error_copy (fault));
}

/* One that was refused is not the end while others are on their way; behind one that is stuck
 * nothing may move. */
static gboolean
settle_operations (TernEngine *self, Wait *wait, const Answer *answer)
{
  const GError *obstacle = answer->pending ? find_obstacle (self, answer->account) : NULL;

  if (answer->refused != NULL && (!answer->pending || answer->stuck != NULL || obstacle != NULL))
    fail_operations (wait, answer->refused, answer->refused_account, TRUE);
  else if (answer->stuck != NULL)
    fail_operations (wait, answer->stuck, answer->stuck_account, FALSE);
  else if (obstacle != NULL)
    fail_operations (wait, obstacle, answer->account, FALSE);
  else if (!answer->pending)
    g_task_return_boolean (wait->task, TRUE);
  else
    return FALSE;
  return TRUE;
}

static gboolean
settle_outbox (TernEngine *self, Wait *wait, Answer *answer)
{
  const TernOutboxRecord *entry = answer->entry;
  gboolean settled;

  if (entry == NULL)
    {
      g_task_return_error (
          wait->task,
          tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The message is not in the outbox any more.")));
      return TRUE;
    }
  /* Queued with a fault: it was tried, and will be again much later. Accepted: sent; the copy for
   * Sent may have to wait for the other server. */
  settled = entry->state == TERN_OUTBOX_DONE || entry->state == TERN_OUTBOX_REFUSED
            || entry->state == TERN_OUTBOX_UNCERTAIN
            || (entry->state == TERN_OUTBOX_QUEUED && entry->fault != NULL)
            || (entry->state == TERN_OUTBOX_ACCEPTED
                && (entry->fault != NULL || find_obstacle (self, entry->account) != NULL));
  if (!settled)
    return FALSE;
  g_task_return_pointer (wait->task, g_steal_pointer (&answer->entry),
                         (GDestroyNotify) tern_outbox_record_free);
  return TRUE;
}

static void look (TernEngine *self, Wait *wait);

static void
looked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Wait *wait = user_data;
  TernEngine *self = g_task_get_source_object (wait->task);
  GError *error = NULL;
  gpointer value = NULL;
  gboolean settled = TRUE;

  /* The answer may be given at once, and close the engine: until it is, this one is being read. */
  if (!tern_store_read_finish (self->store, result, &value, &error))
    g_task_return_error (wait->task, error);
  else if (!g_task_return_error_if_cancelled (wait->task))
    settled = wait->operations != NULL ? settle_operations (self, wait, value)
                                       : settle_outbox (self, wait, value);
  if (value != NULL)
    answer_free (value);
  wait->reading = FALSE;
  if (settled)
    end_wait (self, wait);
  else if (wait->again)
    look (self, wait);
}

static void
look (TernEngine *self, Wait *wait)
{
  WaitQuery *query;

  wait->again = wait->reading;
  if (wait->reading)
    return;
  wait->reading = TRUE;
  query = g_new0 (WaitQuery, 1);
  query->operations = wait->operations != NULL ? g_array_ref (wait->operations) : NULL;
  query->outbox = wait->outbox;
  tern_store_read_async (self->store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, read_answer, query,
                         wait_query_free, answer_free, NULL, looked_cb, wait);
}

void
tern_engine_check_waits (TernEngine *self)
{
  for (guint i = 0; i < self->waits->len; i++)
    look (self, g_ptr_array_index (self->waits, i));
}

void
tern_engine_fail_waits (TernEngine *self)
{
  for (guint i = self->waits->len; i > 0; i--)
    {
      Wait *wait = g_ptr_array_index (self->waits, i - 1);

      /* Those that are being read end with the answer. */
      if (wait->reading)
        continue;
      g_task_return_error (wait->task, tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped.")));
      end_wait (self, wait);
    }
}

/* The cancellable belongs to the engine's context: a source of it there looks again. */
static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Wait *wait = data;

  look (g_task_get_source_object (wait->task), wait);
  return G_SOURCE_REMOVE;
}

static void
add_wait (TernEngine *self, Wait *wait)
{
  GCancellable *cancellable = g_task_get_cancellable (wait->task);

  g_ptr_array_add (self->waits, wait);
  if (cancellable != NULL)
    {
      wait->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_callback (wait->cancelled, G_SOURCE_FUNC (on_cancelled), wait, NULL);
      g_source_attach (wait->cancelled, g_task_get_context (wait->task));
    }
  look (self, wait);
}

void
tern_engine_wait_ops_async (TernEngine *self,
                            const GArray *operations,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  Wait *wait = g_new0 (Wait, 1);

  wait->task =
      tern_engine_task (self, tern_engine_wait_ops_async, cancellable, callback, user_data);
  wait->operations = g_array_copy ((GArray *) operations);
  add_wait (self, wait);
}

gboolean
tern_engine_wait_ops_finish (TernEngine *self,
                             GAsyncResult *result,
                             TernOpsFailure *failure,
                             GError **error)
{
  const TernOpsFailure *known = g_task_get_task_data (G_TASK (result));

  if (failure != NULL)
    *failure = known != NULL ? *known : (TernOpsFailure){ 0, FALSE };
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
tern_engine_wait_outbox_async (TernEngine *self,
                               TernId outbox,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  Wait *wait = g_new0 (Wait, 1);

  wait->task =
      tern_engine_task (self, tern_engine_wait_outbox_async, cancellable, callback, user_data);
  wait->outbox = outbox;
  add_wait (self, wait);
}

TernOutboxRecord *
tern_engine_wait_outbox_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
