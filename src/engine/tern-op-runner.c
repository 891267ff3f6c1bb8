/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-op-runner-private.h"

#include <glib/gi18n.h>

#include "tern-op-outcome-private.h"

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
  GArray *cut;   /* (owned) of guint32: uids of what is being done */
  GArray *done;  /* (owned) of guint32: and of what is done, whatever becomes of the rest */
  /* What happened on the server and could not be written down: nobody else knows it. */
  GPtrArray *unwritten; /* (owned) of TernOpOutcome */
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
  g_array_unref (self->done);
  g_array_unref (self->cut);
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

static TernOpOutcome *
outcome_new (TernOpRunner *self, TernOpOutcomeKind kind)
{
  return tern_op_outcome_new (kind, self->group->ops);
}

/* @outcome, one of those that could not be written so far, is written. */
static void
drop_written (TernOpRunner *self, guint index)
{
  const TernOpOutcome *outcome = g_ptr_array_index (self->unwritten, index);

  for (guint i = 0; i < G_N_ELEMENTS (outcome->doubtful); i++)
    if (outcome->doubtful[i] != 0 && !self->freed)
      self->events.folder_changed (outcome->doubtful[i], self->events_data);
  g_ptr_array_remove_index (self->unwritten, index);
  note_written (self);
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
      const TernOpOutcome *outcome = g_ptr_array_index (self->unwritten, self->unwritten->len - 1);
      gboolean doubted = outcome->denial.source != 0 || outcome->denial.target != 0;

      drop_written (self, self->unwritten->len - 1);
      if (doubted && !self->freed)
        self->events.rights_doubted (self->events_data);
      g_clear_pointer (&self->group, tern_op_group_free);
      read_next (self);
    }
  runner_unref (self);
}

/* Takes @outcome, which is kept until it is written. */
static void
settle (TernOpRunner *self, TernOpOutcome *outcome)
{
  g_ptr_array_add (self->unwritten, outcome);
  tern_store_write_async (self->store, G_PRIORITY_HIGH, tern_op_outcome_write,
                          g_atomic_rc_box_acquire (outcome), tern_op_outcome_unref, NULL,
                          settled_cb, runner_ref (self));
}

static void write_left (TernOpRunner *self);

static void
left_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOpRunner *self = user_data;
  g_autoptr (GError) error = NULL;

  if (tern_store_write_finish (self->store, result, NULL, &error))
    drop_written (self, self->next_unwritten);
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
      self->store, G_PRIORITY_HIGH, tern_op_outcome_write,
      g_atomic_rc_box_acquire (g_ptr_array_index (self->unwritten, self->next_unwritten)),
      tern_op_outcome_unref, NULL, left_cb, runner_ref (self));
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
set_later (TernOpRunner *self, TernOpOutcome *outcome, gint64 delay_ms)
{
  const TernOpRecord *first = g_ptr_array_index (self->group->ops, 0);

  outcome->stuck = first->attempts + 1 >= STUCK_AFTER;
  if (outcome->stuck)
    delay_ms = MAX_DELAY_MS;
  if (first->attempts + 1 == STUCK_AFTER)
    note_stuck (self, outcome->later != NULL ? outcome->later : outcome->fault);
  outcome->not_before = g_get_real_time () / 1000 + delay_ms;
}

/* The locations of what is done though the operation failed; NULL: nothing is. */
static GArray *
find_done (TernOpRunner *self)
{
  g_autoptr (GArray) locations = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_autoptr (GHashTable) uids = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < self->done->len; i++)
    g_hash_table_add (uids, GUINT_TO_POINTER (g_array_index (self->done, guint32, i)));

  for (guint i = 0; i < self->group->subjects->len; i++)
    {
      const TernOpSubject *subject = &g_array_index (self->group->subjects, TernOpSubject, i);

      if (tern_op_group_get_state (self->group, subject) == TERN_OP_SUBJECT_DONE
          || (subject->uid != 0 && g_hash_table_contains (uids, GUINT_TO_POINTER (subject->uid))))
        g_array_append_val (locations, subject->location);
    }
  return locations->len > 0 ? g_steal_pointer (&locations) : NULL;
}

/* @done (nullable) (owned). What there is at both ends is to be looked up then. */
static void
set_done (TernOpRunner *self, TernOpOutcome *outcome, GArray *done)
{
  const TernOpRecord *first = g_ptr_array_index (self->group->ops, 0);

  outcome->done = done;
  outcome->pairs = g_array_copy (self->pairs);
  outcome->doubtful[0] = first->source;
  outcome->doubtful[1] = first->target;
}

/* @done (nullable) (owned): of these messages nothing is left to be done. */
static void
settle_later (TernOpRunner *self, const char *fault, gint64 delay_ms, GArray *done)
{
  TernOpOutcome *outcome = outcome_new (self, TERN_OP_OUTCOME_LATER);

  if (done != NULL)
    set_done (self, outcome, done);
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

static void
note_refused_but (TernOpRunner *self, const GError *error, guint done)
{
  guint n = self->group->subjects->len;
  g_autoptr (GError) fault =
      tern_fault_new_server (error->code, tern_fault_get_server_text (error),
                             /* Translators: the last %s are sentences that say why not all. */
                             ngettext ("Only %u of %u message was dealt with. %s",
                                       "Only %u of %u messages were dealt with. %s", n),
                             done, n, error->message);

  if (!self->freed)
    self->events.note (fault, self->events_data);
}

/* A server may have done a part of what it refuses, and not told. */
static gboolean
may_be_done_in_part (TernOpRunner *self)
{
  const TernOpRecord *first = g_ptr_array_index (self->group->ops, 0);

  return self->next_subject > 0 && first->kind != TERN_OP_APPEND
         && (first->kind != TERN_OP_FLAGS || self->group->subjects->len > 1);
}

/* @part (nullable) (owned): only these subjects. @done (nullable) (owned): not these. */
static void
settle_refused (TernOpRunner *self,
                const GError *error,
                TernRefusal refusal,
                GArray *part,
                GArray *done)
{
  TernOpOutcome *outcome = outcome_new (self, TERN_OP_OUTCOME_REFUSED);
  const char *text = tern_fault_get_server_text (error);

  outcome->part = part;
  outcome->refusal = g_error_copy (error);
  if (may_be_done_in_part (self))
    set_done (self, outcome, done);
  if (tern_fault_is (error, TERN_FAULT_RIGHTS) && text != NULL && done == NULL)
    outcome->denial = tern_op_group_get_denial (self->group, refusal);
  if (done != NULL)
    note_refused_but (self, error, done->len);
  else if (!self->freed)
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

static void settle_confirmed (TernOpRunner *self);

static void
settle_error (TernOpRunner *self, const GError *error, TernRefusal refusal)
{
  const TernOpRecord *first = g_ptr_array_index (self->group->ops, 0);
  GArray *done = find_done (self);

  if (done != NULL && done->len == self->group->subjects->len)
    {
      g_array_unref (done);
      settle_confirmed (self);
    }
  else if (is_for_good (self, error) && self->group->ops->len > 1)
    {
      /* One of them was too much: each for itself will tell which. */
      for (guint i = 0; i < self->group->ops->len; i++)
        g_array_append_val (self->solo,
                            ((TernOpRecord *) g_ptr_array_index (self->group->ops, i))->id);
      settle_later (self, error->message, 0, done);
    }
  else if (is_for_good (self, error))
    settle_refused (self, error, refusal, NULL, done);
  else if (tern_fault_is (error, TERN_FAULT_DISCONNECTED))
    /* Not the operation's fault. Looked for first, as soon as there is a connection. */
    settle_later (self, error->message, BASE_DELAY_MS / 4, done);
  else
    settle_later (self, error->message, delay_after (first->attempts), done);
}

static void
settle_unsent (TernOpRunner *self)
{
  g_autoptr (GError) error = tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("The connection ended."));

  settle_error (self, error, TERN_REFUSAL_OTHER);
}

/* Where it is at the target is known of every message. */
static gboolean
knows_places (TernOpRunner *self)
{
  guint known = 0;

  for (guint i = 0; i < self->pairs->len; i++)
    known += g_array_index (self->pairs, TernUidPair, i).target != 0;
  return known >= self->group->subjects->len;
}

static void
settle_confirmed (TernOpRunner *self)
{
  const TernOpRecord *first = g_ptr_array_index (self->group->ops, 0);
  TernOpOutcome *outcome = outcome_new (self, TERN_OP_OUTCOME_CONFIRMED);

  outcome->pairs = g_array_copy (self->pairs);
  if (self->group->unknown > 0)
    {
      /* These were not sent. */
      outcome->part = subjects_in (self, TERN_OP_SUBJECT_UNKNOWN, TRUE);
      outcome->later = g_strdup (_ ("The server has not yet told where the message is."));
      set_later (self, outcome, unknown_delay (first->attempts));
    }
  /* A sync that begins before this is written would not know what it has to look for. */
  if (first->kind == TERN_OP_FOLDER_CREATE)
    outcome->doubtful[0] = first->source;
  if (!knows_places (self) && !self->group->filed)
    outcome->doubtful[1] = first->target;
  settle (self, outcome);
}

/* Running */

static void
cut_done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOpRunner *self = user_data;
  g_autoptr (GError) error = NULL;
  TernOpFailure failure = { NULL, TERN_REFUSAL_OTHER };
  g_autoptr (GArray) pairs =
      tern_remote_run_operation_finish (TERN_REMOTE (source), result, &failure, &error);
  g_autoptr (GArray) part = failure.part;
  const GArray *places = pairs != NULL ? pairs : part;

  if (places != NULL && places->len > 0)
    g_array_append_vals (self->pairs, places->data, places->len);
  if (pairs != NULL)
    {
      if (self->cut->len > 0)
        g_array_append_vals (self->done, self->cut->data, self->cut->len);
      run_next_cut (self);
    }
  else
    {
      for (guint i = 0; part != NULL && i < part->len; i++)
        g_array_append_val (self->done, g_array_index (part, TernUidPair, i).source);
      settle_error (self, error, failure.refusal);
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
  g_array_set_size (self->cut, 0);
  if (op->uids->len > 0)
    g_array_append_vals (self->cut, op->uids->data, op->uids->len);
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
          self, error, TERN_REFUSAL_OTHER,
          lost == total
              ? NULL
              : subjects_in (self, refuse_unknown ? TERN_OP_SUBJECT_UNKNOWN : TERN_OP_SUBJECT_LOST,
                             FALSE),
          NULL);
      return FALSE;
    }
  if (self->group->unknown == 0
      || (first->attempts >= UNKNOWN_TRIES && self->group->unknown < total))
    return TRUE;
  self->events.folder_changed (first->source, self->events_data);
  settle_later (self, _ ("The server has not yet told where the message is."),
                unknown_delay (first->attempts), NULL);
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
      settle_refused (self, error, TERN_REFUSAL_OTHER, NULL, NULL);
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
      g_array_set_size (self->done, 0);
      g_array_set_size (self->cut, 0);
      if (self->freed || self->remote == NULL)
        end_pass (self);
      else if (self->group->ops->len == 0)
        {
          set_timer (self, self->group->next_time);
          end_pass (self);
        }
      else if (check_group (self))
        {
          TernOpOutcome *outcome = outcome_new (self, TERN_OP_OUTCOME_RUNNING);

          outcome->name = g_strdup (self->group->name);
          outcome->as_read = g_ptr_array_ref (self->group->ops);
          tern_store_write_async (self->store, G_PRIORITY_HIGH, tern_op_outcome_write_running,
                                  outcome, tern_op_outcome_unref, NULL, running_cb,
                                  runner_ref (self));
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
  self->done = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->cut = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->unwritten = g_ptr_array_new_with_free_func (tern_op_outcome_unref);
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
