/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-op-runner-private.h"

#include <glib/gi18n.h>

#include "tern-op-group-private.h"

/* After so many failures an operation steps aside, and its chain with it. */
#define STUCK_AFTER 8
/* A message without a UID waits for the sync of its folder so often. */
#define UNKNOWN_TRIES 5
#define BASE_DELAY_MS (2 * 1000)
#define MAX_DELAY_MS  (10 * 60 * 1000)

struct _TernOpRunner
{
  int refs;
  TernStore *store; /* (owned) */
  TernId account;
  TernOpRunnerEvents events;
  gpointer events_data;
  TernRemote *remote; /* (owned) (nullable) */
  gboolean freed;
  gboolean busy;
  gboolean again;     /* woken while busy */
  GSource *timer;     /* (owned) (nullable) */
  GArray *solo;       /* (owned) of TernId */
  TernOpGroup *group; /* (owned) (nullable) what is being carried out */
  guint next_subject;
  GArray *pairs; /* (owned) of TernUidPair */
};

static void read_next (TernOpRunner *self);
static void run_next_cut (TernOpRunner *self);

static TernOpRunner *
runner_ref (TernOpRunner *self)
{
  self->refs++;
  return self;
}

static void
runner_unref (TernOpRunner *self)
{
  if (--self->refs > 0)
    return;
  g_clear_object (&self->remote);
  g_clear_pointer (&self->group, tern_op_group_free);
  g_array_unref (self->solo);
  g_array_unref (self->pairs);
  tern_store_unref (self->store);
  g_free (self);
}

static void
clear_timer (TernOpRunner *self)
{
  if (self->timer == NULL)
    return;
  g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static gboolean
on_timer (gpointer user_data)
{
  TernOpRunner *self = user_data;

  clear_timer (self);
  tern_op_runner_wake (self);
  return G_SOURCE_REMOVE;
}

static void
set_timer (TernOpRunner *self, gint64 at_ms)
{
  gint64 delay = at_ms - g_get_real_time () / 1000;

  clear_timer (self);
  if (at_ms == 0 || self->freed)
    return;
  self->timer = g_timeout_source_new (CLAMP (delay, 10, MAX_DELAY_MS));
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
}

static void
end_pass (TernOpRunner *self)
{
  g_clear_pointer (&self->group, tern_op_group_free);
  self->busy = FALSE;
  if (!self->freed && self->again)
    tern_op_runner_wake (self);
  else if (!self->freed)
    self->events.idle (self->events_data);
}

/* Outcomes, each one transaction */

typedef enum
{
  OUTCOME_RUNNING,
  OUTCOME_CONFIRMED,
  OUTCOME_REFUSED,
  OUTCOME_LATER,
} OutcomeKind;

typedef struct
{
  OutcomeKind kind;
  GArray *ops; /* of TernId */
  GArray *pairs;
  char *fault;
  gint64 not_before;
  gboolean stuck;
} Outcome;

static Outcome *
outcome_new (TernOpRunner *self, OutcomeKind kind)
{
  Outcome *outcome = g_new0 (Outcome, 1);

  outcome->kind = kind;
  outcome->ops = g_array_new (FALSE, FALSE, sizeof (TernId));
  for (guint i = 0; i < self->group->ops->len; i++)
    g_array_append_val (outcome->ops,
                        ((TernOpRecord *) g_ptr_array_index (self->group->ops, i))->id);
  return outcome;
}

static void
outcome_free (gpointer data)
{
  Outcome *outcome = data;

  g_array_unref (outcome->ops);
  g_clear_pointer (&outcome->pairs, g_array_unref);
  g_free (outcome->fault);
  g_free (outcome);
}

static gboolean
write_outcome (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const Outcome *outcome = data;
  gboolean ok = TRUE;

  for (guint i = 0; i < outcome->ops->len && ok; i++)
    {
      TernId op = g_array_index (outcome->ops, TernId, i);

      switch (outcome->kind)
        {
        case OUTCOME_RUNNING:
          ok = tern_txn_op_running (txn, op, error);
          break;
        case OUTCOME_CONFIRMED:
          ok = tern_txn_op_confirmed (txn, op, outcome->pairs, error);
          break;
        case OUTCOME_REFUSED:
          ok = tern_txn_op_refused (txn, op, outcome->fault, error);
          break;
        case OUTCOME_LATER:
          ok = tern_txn_op_later (txn, op, outcome->not_before, outcome->stuck, outcome->fault,
                                  error);
          break;
        default:
          g_assert_not_reached ();
        }
    }
  return ok;
}

static void
settled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOpRunner *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!tern_store_write_finish (self->store, result, NULL, &error))
    {
      /* The log still says "running": the next try looks before it does anything. */
      g_warning ("the outcome of an operation could not be stored: %s", error->message);
      set_timer (self, g_get_real_time () / 1000 + MAX_DELAY_MS / 10);
      end_pass (self);
    }
  else
    {
      g_clear_pointer (&self->group, tern_op_group_free);
      read_next (self);
    }
  runner_unref (self);
}

static void
settle (TernOpRunner *self, Outcome *outcome)
{
  tern_store_write_async (self->store, G_PRIORITY_HIGH, write_outcome, outcome, outcome_free, NULL,
                          settled_cb, runner_ref (self));
}

static void
settle_later (TernOpRunner *self, const char *fault, gint64 delay_ms)
{
  Outcome *outcome = outcome_new (self, OUTCOME_LATER);
  const TernOpRecord *first = g_ptr_array_index (self->group->ops, 0);

  outcome->fault = g_strdup (fault);
  outcome->stuck = first->attempts + 1 >= STUCK_AFTER;
  if (outcome->stuck)
    delay_ms = MAX_DELAY_MS;
  outcome->not_before = g_get_real_time () / 1000 + delay_ms;
  settle (self, outcome);
}

static gint64
delay_after (guint attempts)
{
  return MIN ((gint64) BASE_DELAY_MS << MIN (attempts, 10), MAX_DELAY_MS);
}

static void
settle_refused (TernOpRunner *self, const GError *error)
{
  Outcome *outcome = outcome_new (self, OUTCOME_REFUSED);

  outcome->fault = g_strdup (error->message);
  if (!self->freed)
    self->events.note (error, self->events_data);
  settle (self, outcome);
}

static gboolean
is_for_good (const GError *error)
{
  return tern_fault_is (error, TERN_FAULT_REFUSED) || tern_fault_is (error, TERN_FAULT_RIGHTS)
         || tern_fault_is (error, TERN_FAULT_LIMIT) || tern_fault_is (error, TERN_FAULT_NOT_FOUND)
         || tern_fault_is (error, TERN_FAULT_INVALID);
}

static void
settle_error (TernOpRunner *self, const GError *error)
{
  const TernOpRecord *first = g_ptr_array_index (self->group->ops, 0);

  if (is_for_good (error) && self->group->ops->len > 1)
    {
      /* One of them was too much: each for itself will tell which. */
      for (guint i = 0; i < self->group->ops->len; i++)
        g_array_append_val (self->solo,
                            ((TernOpRecord *) g_ptr_array_index (self->group->ops, i))->id);
      settle_later (self, error->message, 0);
    }
  else if (is_for_good (error))
    settle_refused (self, error);
  else if (tern_fault_is (error, TERN_FAULT_DISCONNECTED))
    /* Not the operation's fault. Looked for first, as soon as there is a connection. */
    settle_later (self, error->message, BASE_DELAY_MS / 4);
  else
    settle_later (self, error->message, delay_after (first->attempts));
}

static void
settle_confirmed (TernOpRunner *self)
{
  const TernOpRecord *first = g_ptr_array_index (self->group->ops, 0);
  Outcome *outcome = outcome_new (self, OUTCOME_CONFIRMED);
  gboolean complete = self->pairs->len >= self->group->subjects->len;

  outcome->pairs = g_array_copy (self->pairs);
  if (first->target != 0 && !complete && !self->group->filed && !self->freed)
    self->events.folder_changed (first->target, self->events_data);
  settle (self, outcome);
}

/* Running */

static void
cut_done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOpRunner *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) pairs =
      tern_remote_run_operation_finish (TERN_REMOTE (source), result, &error);

  if (pairs == NULL)
    settle_error (self, error);
  else
    {
      if (pairs->len > 0)
        g_array_append_vals (self->pairs, pairs->data, pairs->len);
      run_next_cut (self);
    }
  runner_unref (self);
}

static void
run_next_cut (TernOpRunner *self)
{
  guint taken = 0;
  TernRemoteOp *op;

  if (self->next_subject >= self->group->subjects->len || self->group->filed)
    {
      settle_confirmed (self);
      return;
    }
  op = tern_op_group_cut (self->group, self->next_subject, &taken);
  self->next_subject += taken;
  if (op->uids->len == 0 && op->kind != TERN_OP_APPEND)
    {
      tern_remote_op_free (op);
      run_next_cut (self);
      return;
    }
  if (self->remote == NULL)
    {
      g_autoptr (GError) error =
          tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("The connection ended."));

      tern_remote_op_free (op);
      settle_error (self, error);
      return;
    }
  tern_remote_run_operation_async (self->remote, op, cut_done_cb, runner_ref (self));
}

static void
running_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOpRunner *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!tern_store_write_finish (self->store, result, NULL, &error))
    {
      g_warning ("an operation could not be begun: %s", error->message);
      set_timer (self, g_get_real_time () / 1000 + MAX_DELAY_MS / 10);
      end_pass (self);
    }
  else
    run_next_cut (self);
  runner_unref (self);
}

/* TRUE when the group can run as it is; else it was settled. */
static gboolean
check_group (TernOpRunner *self)
{
  TernOpGroup *group = self->group;
  const TernOpRecord *first = g_ptr_array_index (group->ops, 0);
  g_autoptr (GError) error = NULL;
  gboolean append = first->kind == TERN_OP_APPEND;

  if ((!append && group->source == NULL) || (first->target != 0 && group->target == NULL))
    error = tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The folder is not there any more."));
  else if (append && !group->filed && group->message == NULL)
    error = tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The message to be filed is not here."));
  if (error != NULL)
    {
      settle_refused (self, error);
      return FALSE;
    }
  if (!append && group->unknown > 0 && first->attempts < UNKNOWN_TRIES)
    {
      self->events.folder_changed (first->source, self->events_data);
      settle_later (self, _ ("The server has not yet told where the message is."),
                    delay_after (first->attempts) / 2);
      return FALSE;
    }
  return TRUE;
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOpRunner *self = user_data;
  g_autoptr (GError) error = NULL;
  gpointer value = NULL;

  if (!tern_store_read_finish (self->store, result, &value, &error))
    {
      g_warning ("the operation log could not be read: %s", error->message);
      set_timer (self, g_get_real_time () / 1000 + MAX_DELAY_MS / 10);
      end_pass (self);
    }
  else
    {
      self->group = value;
      self->next_subject = 0;
      g_array_set_size (self->pairs, 0);
      if (self->freed || self->remote == NULL)
        end_pass (self);
      else if (self->group->ops->len == 0)
        {
          set_timer (self, self->group->next_time);
          end_pass (self);
        }
      else if (check_group (self))
        tern_store_write_async (self->store, G_PRIORITY_HIGH, write_outcome,
                                outcome_new (self, OUTCOME_RUNNING), outcome_free, NULL, running_cb,
                                runner_ref (self));
    }
  runner_unref (self);
}

static void
query_free (gpointer data)
{
  TernOpGroupQuery *query = data;

  g_array_unref (query->solo);
  g_free (query);
}

static void
read_next (TernOpRunner *self)
{
  TernOpGroupQuery *query;

  if (self->freed || self->remote == NULL)
    {
      end_pass (self);
      return;
    }
  self->again = FALSE;
  query = g_new0 (TernOpGroupQuery, 1);
  query->account = self->account;
  query->solo = g_array_copy (self->solo);
  tern_store_read_async (self->store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, tern_op_group_read, query,
                         query_free, (GDestroyNotify) tern_op_group_free, NULL, read_cb,
                         runner_ref (self));
}

/* Public */

TernOpRunner *
tern_op_runner_new (TernStore *store,
                    TernId account,
                    const TernOpRunnerEvents *events,
                    gpointer data)
{
  TernOpRunner *self = g_new0 (TernOpRunner, 1);

  self->refs = 1;
  self->store = tern_store_ref (store);
  self->account = account;
  self->events = *events;
  self->events_data = data;
  self->solo = g_array_new (FALSE, FALSE, sizeof (TernId));
  self->pairs = g_array_new (FALSE, FALSE, sizeof (TernUidPair));
  return self;
}

void
tern_op_runner_set_remote (TernOpRunner *self, TernRemote *remote)
{
  g_set_object (&self->remote, remote);
  if (remote != NULL)
    tern_op_runner_wake (self);
}

void
tern_op_runner_wake (TernOpRunner *self)
{
  if (self->freed || self->remote == NULL)
    return;
  self->again = TRUE;
  if (self->busy)
    return;
  self->busy = TRUE;
  clear_timer (self);
  read_next (self);
}

gboolean
tern_op_runner_is_busy (TernOpRunner *self)
{
  return self->busy;
}

void
tern_op_runner_free (TernOpRunner *self)
{
  self->freed = TRUE;
  clear_timer (self);
  g_clear_object (&self->remote);
  runner_unref (self);
}
