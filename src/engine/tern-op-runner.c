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
/* After what the disk did not take. */
#define REWRITE_DELAY_MS (5 * 1000)

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
  /* What happened on the server and could not be written down: nobody else knows it. */
  GPtrArray *unwritten; /* (owned) of Outcome */
  guint next_unwritten;
  gboolean told; /* that the disk does not take it */
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
  g_ptr_array_unref (self->unwritten);
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
  if (self->unwritten->len > 0)
    set_timer (self, g_get_real_time () / 1000 + REWRITE_DELAY_MS);
  if (!self->freed && self->again)
    tern_op_runner_wake (self);
  else if (!self->freed)
    self->events.idle (self->events_data);
}

/* Nothing goes on while the disk takes nothing: that is said once, until it takes something. */
static void
report_unwritten (TernOpRunner *self, const GError *error)
{
  g_autoptr (GError) fault = NULL;

  g_warning ("the operation log could not be written: %s", error->message);
  if (self->told || self->freed)
    return;
  self->told = TRUE;
  fault = tern_fault_new (error->domain == TERN_FAULT ? error->code : TERN_FAULT_DISK,
                          _ ("What was done on the server could not be noted on this computer. Is "
                             "the disk full? It is tried again until it works. (%s)"),
                          error->message);
  self->events.note (fault, self->events_data);
}

static void
note_written (TernOpRunner *self)
{
  if (self->unwritten->len == 0)
    self->told = FALSE;
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
  GArray *ops;        /* of TernId */
  GPtrArray *as_read; /* (nullable) of TernOpRecord, with RUNNING: what is about to be sent */
  GArray *part;       /* (nullable) of TernId: only these subjects of the one operation */
  GArray *pairs;
  char *name; /* (nullable) with RUNNING: what the folder is to be called on the server */
  char *fault;
  gint64
      not_before; /* with @part and CONFIRMED, @stuck and @later likewise: of the other subjects */
  gboolean stuck;
  char *later;         /* (nullable) */
  TernOpDenial denial; /* with REFUSED */
} Outcome;

static Outcome *
outcome_new (TernOpRunner *self, OutcomeKind kind)
{
  Outcome *outcome = g_atomic_rc_box_new0 (Outcome);

  outcome->kind = kind;
  outcome->ops = g_array_new (FALSE, FALSE, sizeof (TernId));
  for (guint i = 0; i < self->group->ops->len; i++)
    g_array_append_val (outcome->ops,
                        ((TernOpRecord *) g_ptr_array_index (self->group->ops, i))->id);
  return outcome;
}

static void
outcome_clear (gpointer data)
{
  Outcome *outcome = data;

  g_array_unref (outcome->ops);
  g_clear_pointer (&outcome->as_read, g_ptr_array_unref);
  g_clear_pointer (&outcome->part, g_array_unref);
  g_clear_pointer (&outcome->pairs, g_array_unref);
  g_free (outcome->name);
  g_free (outcome->fault);
  g_free (outcome->later);
}

static void
outcome_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, outcome_clear);
}

static gboolean
write_one (TernTxn *txn, const Outcome *outcome, TernId op, GError **error)
{
  switch (outcome->kind)
    {
    case OUTCOME_RUNNING:
      return outcome->name != NULL ? tern_txn_op_folder_running (txn, op, outcome->name, error)
                                   : tern_txn_op_running (txn, op, error);
    case OUTCOME_CONFIRMED:
      return tern_txn_op_confirmed (txn, op, outcome->pairs, error);
    case OUTCOME_REFUSED:
      return tern_op_denial_write (&outcome->denial, txn, error)
             && tern_txn_op_refused (txn, op, outcome->fault, error);
    case OUTCOME_LATER:
      return tern_txn_op_later (txn, op, outcome->not_before, outcome->stuck, outcome->fault,
                                error);
    default:
      g_assert_not_reached ();
    }
}

/* *@result: TRUE when they are not what was read any more; then nothing is written. */
static gboolean
write_running (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const Outcome *outcome = data;
  gboolean unchanged = TRUE;

  for (guint i = 0; unchanged && i < outcome->as_read->len; i++)
    if (!tern_op_is_unchanged (txn, g_ptr_array_index (outcome->as_read, i), &unchanged, error))
      return FALSE;
  *result = GINT_TO_POINTER (!unchanged);
  for (guint i = 0; unchanged && i < outcome->ops->len; i++)
    if (!write_one (txn, outcome, g_array_index (outcome->ops, TernId, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
write_outcome (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const Outcome *outcome = data;
  TernId first = g_array_index (outcome->ops, TernId, 0);
  TernId part;

  if (outcome->part == NULL)
    {
      for (guint i = 0; i < outcome->ops->len; i++)
        if (!write_one (txn, outcome, g_array_index (outcome->ops, TernId, i), error))
          return FALSE;
      return TRUE;
    }
  part = tern_txn_op_split (txn, first, outcome->part, error);
  if (part == 0 || !write_one (txn, outcome, part, error))
    return FALSE;
  return outcome->later == NULL
         || tern_txn_op_later (txn, first, outcome->not_before, outcome->stuck, outcome->later,
                               error);
}

static void
settled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOpRunner *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!tern_store_write_finish (self->store, result, NULL, &error))
    {
      report_unwritten (self, error);
      end_pass (self);
    }
  else
    {
      g_ptr_array_remove_index (self->unwritten, self->unwritten->len - 1);
      note_written (self);
      g_clear_pointer (&self->group, tern_op_group_free);
      read_next (self);
    }
  runner_unref (self);
}

/* Takes @outcome, which is kept until it is written. */
static void
settle (TernOpRunner *self, Outcome *outcome)
{
  g_ptr_array_add (self->unwritten, outcome);
  tern_store_write_async (self->store, G_PRIORITY_HIGH, write_outcome,
                          g_atomic_rc_box_acquire (outcome), outcome_unref, NULL, settled_cb,
                          runner_ref (self));
}

static void write_left (TernOpRunner *self);

static void
left_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOpRunner *self = user_data;
  g_autoptr (GError) error = NULL;

  if (tern_store_write_finish (self->store, result, NULL, &error))
    {
      g_ptr_array_remove_index (self->unwritten, self->next_unwritten);
      note_written (self);
    }
  else
    {
      report_unwritten (self, error);
      self->next_unwritten++;
    }
  write_left (self);
  runner_unref (self);
}

/* A pass begins with what earlier ones could not write. */
static void
write_left (TernOpRunner *self)
{
  if (self->freed || self->next_unwritten >= self->unwritten->len)
    {
      read_next (self);
      return;
    }
  tern_store_write_async (
      self->store, G_PRIORITY_HIGH, write_outcome,
      g_atomic_rc_box_acquire (g_ptr_array_index (self->unwritten, self->next_unwritten)),
      outcome_unref, NULL, left_cb, runner_ref (self));
}

static gboolean
is_folder_op (TernOpRunner *self)
{
  const TernOpRecord *first = g_ptr_array_index (self->group->ops, 0);

  return tern_op_is_of_folder (first->kind);
}

/* The window shows it as done; that the server has it otherwise is said when it steps aside. */
static void
note_stuck (TernOpRunner *self, const char *reason)
{
  guint n = self->group->subjects->len;
  g_autoptr (GError) fault = NULL;

  if (is_folder_op (self))
    fault = tern_fault_new (TERN_FAULT_UNAVAILABLE,
                            _ ("What you did with the folder “%s” has not been done on the server. "
                               "It is tried again every ten minutes. (%s)"),
                            self->group->source->path, reason);
  else
    fault = tern_fault_new (
        TERN_FAULT_UNAVAILABLE,
        ngettext (
            "What you did with %u message has not been done on the server. It is tried again "
            "every ten minutes. (%s)",
            "What you did with %u messages has not been done on the server. It is tried again "
            "every ten minutes. (%s)",
            n),
        n, reason);

  if (!self->freed)
    self->events.note (fault, self->events_data);
}

static void
set_later (TernOpRunner *self, Outcome *outcome, gint64 delay_ms)
{
  const TernOpRecord *first = g_ptr_array_index (self->group->ops, 0);

  outcome->stuck = first->attempts + 1 >= STUCK_AFTER;
  if (outcome->stuck)
    delay_ms = MAX_DELAY_MS;
  if (first->attempts + 1 == STUCK_AFTER)
    note_stuck (self, outcome->later != NULL ? outcome->later : outcome->fault);
  outcome->not_before = g_get_real_time () / 1000 + delay_ms;
}

static void
settle_later (TernOpRunner *self, const char *fault, gint64 delay_ms)
{
  Outcome *outcome = outcome_new (self, OUTCOME_LATER);

  outcome->fault = g_strdup (fault);
  set_later (self, outcome, delay_ms);
  settle (self, outcome);
}

static gint64
delay_after (guint attempts)
{
  return MIN ((gint64) BASE_DELAY_MS << MIN (attempts, 10), MAX_DELAY_MS);
}

static gint64
unknown_delay (guint attempts)
{
  return delay_after (attempts) / 2;
}

/* The locations of the subjects in @state, or of all others. */
static GArray *
subjects_in (TernOpRunner *self, TernOpSubjectState state, gboolean others)
{
  GArray *locations = g_array_new (FALSE, FALSE, sizeof (TernId));

  for (guint i = 0; i < self->group->subjects->len; i++)
    {
      const TernOpSubject *subject = &g_array_index (self->group->subjects, TernOpSubject, i);

      if ((tern_op_group_get_state (self->group, subject) == state) != others)
        g_array_append_val (locations, subject->location);
    }
  return locations;
}

/* @part (nullable) (owned): only these subjects. */
static void
settle_refused (TernOpRunner *self, const GError *error, GArray *part)
{
  Outcome *outcome = outcome_new (self, OUTCOME_REFUSED);
  const char *text = tern_fault_get_server_text (error);

  outcome->part = part;
  outcome->fault = g_strdup (error->message);
  if (tern_fault_is (error, TERN_FAULT_RIGHTS) && text != NULL)
    outcome->denial = tern_op_group_get_denial (self->group);
  if (is_folder_op (self) && text != NULL)
    {
      g_free (outcome->fault);
      /* Translators: the second %s is what a mail server said. */
      outcome->fault = g_strdup_printf (_ ("%s The server said: %s"), error->message, text);
    }
  if (!self->freed)
    self->events.note (error, self->events_data);
  settle (self, outcome);
}

/* A server that does not understand a name, too long for it perhaps, will not another time. */
static gboolean
is_for_good (TernOpRunner *self, const GError *error)
{
  return (tern_fault_is (error, TERN_FAULT_PROTOCOL) && is_folder_op (self))
         || tern_fault_is (error, TERN_FAULT_REFUSED) || tern_fault_is (error, TERN_FAULT_RIGHTS)
         || tern_fault_is (error, TERN_FAULT_LIMIT) || tern_fault_is (error, TERN_FAULT_NOT_FOUND)
         || tern_fault_is (error, TERN_FAULT_INVALID);
}

static void
settle_error (TernOpRunner *self, const GError *error)
{
  const TernOpRecord *first = g_ptr_array_index (self->group->ops, 0);

  if (is_for_good (self, error) && self->group->ops->len > 1)
    {
      /* One of them was too much: each for itself will tell which. */
      for (guint i = 0; i < self->group->ops->len; i++)
        g_array_append_val (self->solo,
                            ((TernOpRecord *) g_ptr_array_index (self->group->ops, i))->id);
      settle_later (self, error->message, 0);
    }
  else if (is_for_good (self, error))
    settle_refused (self, error, NULL);
  else if (tern_fault_is (error, TERN_FAULT_DISCONNECTED))
    /* Not the operation's fault. Looked for first, as soon as there is a connection. */
    settle_later (self, error->message, BASE_DELAY_MS / 4);
  else
    settle_later (self, error->message, delay_after (first->attempts));
}

static void
settle_unsent (TernOpRunner *self)
{
  g_autoptr (GError) error = tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("The connection ended."));

  settle_error (self, error);
}

static void
settle_confirmed (TernOpRunner *self)
{
  const TernOpRecord *first = g_ptr_array_index (self->group->ops, 0);
  Outcome *outcome = outcome_new (self, OUTCOME_CONFIRMED);
  gboolean complete = self->pairs->len >= self->group->subjects->len;

  outcome->pairs = g_array_copy (self->pairs);
  if (self->group->unknown > 0)
    {
      /* These were not sent. */
      outcome->part = subjects_in (self, TERN_OP_SUBJECT_UNKNOWN, TRUE);
      outcome->later = g_strdup (_ ("The server has not yet told where the message is."));
      set_later (self, outcome, unknown_delay (first->attempts));
    }
  if (first->target != 0 && !complete && !self->group->filed && !self->freed)
    self->events.folder_changed (first->target, self->events_data);
  if (first->kind == TERN_OP_FOLDER_CREATE && !self->freed)
    self->events.folder_changed (first->source, self->events_data);
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
      tern_remote_op_free (op);
      settle_unsent (self);
      return;
    }
  tern_remote_run_operation_async (self->remote, op, cut_done_cb, runner_ref (self));
}

static void
run_group (TernOpRunner *self)
{
  guint taken;

  if (!is_folder_op (self))
    run_next_cut (self);
  else if (self->remote == NULL)
    settle_unsent (self);
  else
    tern_remote_run_operation_async (self->remote, tern_op_group_cut (self->group, 0, &taken),
                                     cut_done_cb, runner_ref (self));
}

static void
running_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOpRunner *self = user_data;
  g_autoptr (GError) error = NULL;
  gpointer changed = NULL;

  if (!tern_store_write_finish (self->store, result, &changed, &error))
    {
      /* Nothing was sent. */
      report_unwritten (self, error);
      set_timer (self, g_get_real_time () / 1000 + REWRITE_DELAY_MS);
      end_pass (self);
    }
  else
    {
      note_written (self);
      if (changed == NULL)
        run_group (self);
      else
        {
          g_clear_pointer (&self->group, tern_op_group_free);
          read_next (self);
        }
    }
  runner_unref (self);
}

/* The folder was listed to its end since the last try, and the message was not there. The try asks
 * for that listing, and it may be over within the same second; when it was just before, there were
 * tries enough before that. */
static gboolean
was_listed (TernOpRunner *self)
{
  const TernOpRecord *first = g_ptr_array_index (self->group->ops, 0);
  const TernFolderRecord *source = self->group->source;
  gint64 last_try;

  if (first->attempts < UNKNOWN_TRIES || source->backfill != 1)
    return FALSE;
  last_try = first->not_before
             - (first->state == TERN_OP_STUCK ? MAX_DELAY_MS : unknown_delay (first->attempts - 1));
  return source->checked >= last_try / 1000;
}

/* TRUE when all that can be sent is known; else the group was settled. A group with subjects that
 * are not has one operation. */
static gboolean
check_subjects (TernOpRunner *self)
{
  const TernOpRecord *first = g_ptr_array_index (self->group->ops, 0);
  guint total = self->group->subjects->len;
  gboolean refuse_unknown = self->group->unknown > 0 && was_listed (self);
  guint lost = refuse_unknown ? self->group->unknown : self->group->lost;

  if (lost > 0)
    {
      g_autoptr (GError) error = tern_fault_new (
          TERN_FAULT_NOT_FOUND,
          _ ("A message of “%s” is not on the server any more, so it could not be changed there."),
          self->group->source->path);

      settle_refused (
          self, error,
          lost == total
              ? NULL
              : subjects_in (self, refuse_unknown ? TERN_OP_SUBJECT_UNKNOWN : TERN_OP_SUBJECT_LOST,
                             FALSE));
      return FALSE;
    }
  if (self->group->unknown == 0
      || (first->attempts >= UNKNOWN_TRIES && self->group->unknown < total))
    return TRUE;
  self->events.folder_changed (first->source, self->events_data);
  settle_later (self, _ ("The server has not yet told where the message is."),
                unknown_delay (first->attempts));
  return FALSE;
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
  else if (group->name == NULL
           && (first->kind == TERN_OP_FOLDER_CREATE || first->kind == TERN_OP_FOLDER_RENAME))
    error = tern_fault_new (TERN_FAULT_NOT_FOUND,
                            _ ("The folder that “%s” was to be in is not there any more."),
                            group->source->path);
  if (error != NULL)
    {
      settle_refused (self, error, NULL);
      return FALSE;
    }
  return check_subjects (self);
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
        {
          Outcome *outcome = outcome_new (self, OUTCOME_RUNNING);

          outcome->name = g_strdup (self->group->name);
          outcome->as_read = g_ptr_array_ref (self->group->ops);
          tern_store_write_async (self->store, G_PRIORITY_HIGH, write_running, outcome,
                                  outcome_unref, NULL, running_cb, runner_ref (self));
        }
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
  self->unwritten = g_ptr_array_new_with_free_func (outcome_unref);
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
  if (self->freed || (self->remote == NULL && self->unwritten->len == 0))
    return;
  self->again = TRUE;
  if (self->busy)
    return;
  self->busy = TRUE;
  self->again = FALSE;
  clear_timer (self);
  self->next_unwritten = 0;
  write_left (self);
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
