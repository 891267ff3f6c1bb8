/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-outbox-runner-private.h"

#include <glib/gi18n.h>

#include "tern-mime-build.h"
#include "tern-outbox-steps-private.h"

#define IDLE_MS        (30 * 1000)
#define FIRST_RETRY_MS (60 * 1000)
#define LAST_RETRY_MS  (4 * 60 * 60 * 1000)
/* A transition that could not be stored is written again, before anything else. */
#define FIRST_REWRITE_MS (5 * 1000)
#define LAST_REWRITE_MS  (60 * 1000)
/* The person is told after so many failed tries (about a quarter of an hour). */
#define NOTE_AFTER 4

typedef enum
{
  STEP_LOOK,
  STEP_OPEN,
  STEP_SUBMIT,
  STEP_SETTLE,
} Step;

struct _TernOutboxRunner
{
  int refs;
  TernStore *store; /* (owned) */
  TernId account;
  TernOutboxRunnerEvents events;
  gpointer events_data;
  TernEndpoint *endpoint;       /* (owned) (nullable) */
  TernCredentials *credentials; /* (owned) (nullable) */
  TernSmtpSession *session;     /* (owned) (nullable) */
  gboolean freed;
  gboolean busy;
  gboolean again;
  gboolean now;       /* everything that waits is tried once … */
  GArray *tried;      /* … but for these TernId, which were */
  gboolean uncertain; /* something is to be looked for in Sent */
  gboolean looked;    /* Sent was asked for once since there is something uncertain */
  gboolean stopping;  /* nothing new is begun */
  gboolean aborted;
  TernOutboxEnded ended; /* (nullable) */
  gpointer ended_data;
  Step step;               /* the next one, while something is being written */
  TernOutboxStep *writing; /* (owned) (nullable) until it is in the store */
  guint failures;          /* of the store, in a row */
  guint pause;             /* ms; before the store is tried again, 0 = it works */
  GError *blocked;         /* (owned) (nullable) the server lets the account not in */
  gint64 blocked_since;    /* seconds */
  TernOutboxWork *work;    /* (owned) (nullable) */
  TernBuiltMessage *built; /* (owned) (nullable) */
  GHashTable *filed_again; /* (owned) set of TernId (owned) */
  GSource *timer;          /* (owned) (nullable) next due, or closing of an idle session */
};

static void advance (TernOutboxRunner *self);

static TernOutboxRunner *
runner_ref (TernOutboxRunner *self)
{
  self->refs++;
  return self;
}

static void
close_session (TernOutboxRunner *self)
{
  if (self->session != NULL)
    tern_smtp_session_close (self->session);
  g_clear_object (&self->session);
}

static void
runner_unref (TernOutboxRunner *self)
{
  if (--self->refs > 0)
    return;
  close_session (self);
  g_clear_pointer (&self->work, tern_outbox_work_free);
  g_clear_pointer (&self->built, tern_built_message_free);
  g_clear_pointer (&self->writing, tern_outbox_step_unref);
  g_clear_error (&self->blocked);
  g_clear_pointer (&self->endpoint, tern_endpoint_unref);
  g_clear_pointer (&self->credentials, tern_credentials_unref);
  tern_store_unref (self->store);
  g_hash_table_unref (self->filed_again);
  g_array_unref (self->tried);
  g_free (self);
}

static void
clear_timer (TernOutboxRunner *self)
{
  if (self->timer == NULL)
    return;
  g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static gboolean
on_timer (gpointer user_data)
{
  TernOutboxRunner *self = user_data;

  clear_timer (self);
  close_session (self);
  tern_outbox_runner_wake (self);
  return G_SOURCE_REMOVE;
}

static void
end_all (TernOutboxRunner *self)
{
  TernOutboxEnded ended = self->ended;

  close_session (self);
  self->ended = NULL;
  if (ended != NULL)
    ended (self->ended_data);
}

static void
end_pass (TernOutboxRunner *self)
{
  gint64 next = self->work != NULL ? self->work->next_time : 0;
  gint64 delay = next != 0 ? next - g_get_real_time () / 1000 : G_MAXINT64;

  g_clear_pointer (&self->work, tern_outbox_work_free);
  g_clear_pointer (&self->built, tern_built_message_free);
  self->busy = FALSE;
  if (self->stopping)
    end_all (self);
  if (self->freed || self->stopping)
    return;
  if (self->again && self->pause == 0)
    {
      tern_outbox_runner_wake (self);
      return;
    }
  if (self->session != NULL)
    delay = MIN (delay, IDLE_MS);
  if (self->pause != 0)
    delay = self->pause;
  self->pause = 0;
  clear_timer (self);
  if (delay == G_MAXINT64)
    return;
  self->timer = g_timeout_source_new (CLAMP (delay, 10, LAST_RETRY_MS));
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
}

/* Transitions */

static void
note (TernOutboxRunner *self, const GError *error)
{
  if (!self->freed)
    self->events.note (error, self->events_data);
}

static void write_step (TernOutboxRunner *self, TernOutboxStep *step, Step next);

static void
store_failed (TernOutboxRunner *self, const GError *error)
{
  gint64 pause = (gint64) FIRST_REWRITE_MS << MIN (self->failures, 8);

  g_warning ("the outbox could not be read or written: %s", error->message);
  if (self->failures == 0)
    note (self, error);
  self->failures++;
  self->pause = (guint) MIN (pause, LAST_REWRITE_MS);
  close_session (self);
  end_pass (self);
}

/* What the server has said must not be forgotten; what was only about to begin can be. */
static void
write_failed (TernOutboxRunner *self, const GError *error)
{
  g_autoptr (TernOutboxStep) step = g_steal_pointer (&self->writing);
  gboolean disk = tern_fault_get_scope (error) == TERN_SCOPE_STORE;

  if (step->file && !disk && !tern_fault_is (error, TERN_FAULT_NOT_FOUND))
    {
      TernOutboxStep *done = tern_outbox_step_new (step->id, TERN_OUTBOX_DONE);

      done->fault = g_strdup (error->message);
      note (self, error);
      write_step (self, done, STEP_LOOK);
      return;
    }
  if (tern_fault_is (error, TERN_FAULT_NOT_FOUND))
    {
      /* Taken back meanwhile. */
      self->step = STEP_LOOK;
      advance (self);
      return;
    }
  if (disk && step->state != TERN_OUTBOX_CONNECTING)
    self->writing = g_steal_pointer (&step);
  store_failed (self, error);
}

static void
stepped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOutboxRunner *self = user_data;
  g_autoptr (GError) error = NULL;

  if (tern_store_write_finish (self->store, result, NULL, &error))
    {
      g_clear_pointer (&self->writing, tern_outbox_step_unref);
      self->failures = 0;
      advance (self);
    }
  else
    write_failed (self, error);
  runner_unref (self);
}

static void
write_now (TernOutboxRunner *self)
{
  tern_store_write_async (self->store, G_PRIORITY_HIGH,
                          self->writing->file ? tern_outbox_file_write : tern_outbox_step_write,
                          tern_outbox_step_ref (self->writing),
                          (GDestroyNotify) tern_outbox_step_unref, NULL, stepped_cb,
                          runner_ref (self));
}

/* Takes @step. */
static void
write_step (TernOutboxRunner *self, TernOutboxStep *step, Step next)
{
  self->step = next;
  self->writing = step;
  write_now (self);
}

static gint64
retry_time (guint attempts)
{
  gint64 delay = MIN ((gint64) FIRST_RETRY_MS << MIN (attempts, 12), LAST_RETRY_MS);

  return g_get_real_time () / 1000 + delay;
}

/* Who has it already is not asked again: then it was sent, if not to all. */
static TernOutboxStep *
refusal_new (const TernOutboxRecord *entry)
{
  TernOutboxStep *step = tern_outbox_step_new (entry->id, TERN_OUTBOX_REFUSED);

  for (guint i = 0; i < entry->recipients->len; i++)
    if (((TernRecipient *) g_ptr_array_index (entry->recipients, i))->state == TERN_OUTBOX_ACCEPTED)
      step->state = TERN_OUTBOX_ACCEPTED;
  step->refuse_rest = step->state == TERN_OUTBOX_ACCEPTED;
  return step;
}

/* No message can be sent, and trying with each of them may lock the account. */
static gboolean
is_about_account (const GError *error)
{
  return tern_fault_is (error, TERN_FAULT_AUTHENTICATION)
         || tern_fault_is (error, TERN_FAULT_CERTIFICATE)
         || tern_fault_is (error, TERN_FAULT_NO_MECHANISM);
}

/* NULL: a person asked for another try, or the account was changed. */
static void
set_blocked (TernOutboxRunner *self, const GError *error)
{
  if (error == NULL && self->blocked == NULL)
    return;
  g_clear_error (&self->blocked);
  if (error != NULL)
    self->blocked = g_error_copy (error);
  self->blocked_since = g_get_real_time () / G_USEC_PER_SEC;
  if (!self->freed)
    self->events.blocked (self->blocked, self->events_data);
}

static TernOutboxStep *
failure_new (TernOutboxRunner *self, const GError *error)
{
  const TernOutboxRecord *entry = self->work->entry;
  TernOutboxStep *step;

  if (tern_fault_is (error, TERN_FAULT_UNCERTAIN))
    {
      self->looked = FALSE;
      note (self, error);
      return tern_outbox_step_new (entry->id, TERN_OUTBOX_UNCERTAIN);
    }
  if (is_about_account (error))
    {
      set_blocked (self, error);
      note (self, error);
      return tern_outbox_step_new (entry->id, TERN_OUTBOX_QUEUED);
    }
  if (tern_fault_get_retry (error) == TERN_RETRY_NEVER && !tern_fault_is_cancelled (error))
    {
      note (self, error);
      return refusal_new (entry);
    }
  step = tern_outbox_step_new (entry->id, TERN_OUTBOX_QUEUED);
  if (!self->aborted)
    step->not_before = retry_time (entry->attempts);
  if (entry->attempts + 1 == NOTE_AFTER)
    note (self, error);
  return step;
}

static void
settle_error (TernOutboxRunner *self, GError *error)
{
  TernOutboxStep *step = failure_new (self, error);

  if (!tern_fault_is_cancelled (error))
    {
      step->fault = g_strdup (error->message);
      step->server_text = g_strdup (tern_fault_get_server_text (error));
    }
  if (self->session != NULL && !tern_smtp_session_is_open (self->session))
    close_session (self);
  write_step (self, step, STEP_LOOK);
  g_error_free (error);
}

/* Who is said to be the reason: somebody refused before somebody who has to wait. */
static void
explain_answer (TernOutboxRunner *self, TernOutboxStep *step, const GPtrArray *recipients)
{
  const TernOutboxRecord *entry = self->work->entry;
  const char *address = NULL, *text = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < recipients->len; i++)
    {
      const TernSmtpRecipient *recipient = g_ptr_array_index (recipients, i);

      if (recipient->state == TERN_SMTP_RCPT_REFUSED
          || (recipient->state != TERN_SMTP_RCPT_ACCEPTED && address == NULL))
        {
          address = recipient->address;
          text = recipient->text;
        }
    }
  for (guint i = 0; i < entry->recipients->len && address == NULL; i++)
    {
      const TernRecipient *recipient = g_ptr_array_index (entry->recipients, i);

      if (recipient->state == TERN_OUTBOX_REFUSED)
        {
          address = recipient->address;
          text = recipient->server_text;
        }
    }
  if (address == NULL)
    return;
  error = tern_fault_new_server (TERN_FAULT_REFUSED, text,
                                 step->state == TERN_OUTBOX_QUEUED
                                     ? _ ("The server does not take the message “%s” for %s now.")
                                     : _ ("The server refused the message “%s” for %s."),
                                 entry->subject, address);
  step->fault = g_strdup (error->message);
  step->server_text = g_strdup (text);
  if (step->state != TERN_OUTBOX_QUEUED)
    note (self, error);
}

/* What the server said of each recipient. */
static void
settle_answer (TernOutboxRunner *self, GPtrArray *recipients)
{
  const TernOutboxRecord *entry = self->work->entry;
  TernOutboxStep *step = refusal_new (entry);

  step->refuse_rest = FALSE;
  step->recipients = g_ptr_array_ref (recipients);
  for (guint i = 0; i < recipients->len; i++)
    if (((TernSmtpRecipient *) g_ptr_array_index (recipients, i))->state == TERN_SMTP_RCPT_ACCEPTED)
      step->state = TERN_OUTBOX_ACCEPTED;
  for (guint i = 0; i < recipients->len; i++)
    {
      const TernSmtpRecipient *recipient = g_ptr_array_index (recipients, i);

      if (recipient->state == TERN_SMTP_RCPT_LATER || recipient->state == TERN_SMTP_RCPT_WAITING)
        {
          step->state = TERN_OUTBOX_QUEUED;
          step->not_before = retry_time (entry->attempts);
        }
    }
  explain_answer (self, step, recipients);
  write_step (self, step, STEP_LOOK);
}

/* Submission */

static void
submitted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOutboxRunner *self = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) recipients =
      tern_smtp_session_submit_finish (TERN_SMTP_SESSION (source), result, &error);

  if (recipients == NULL)
    settle_error (self, error);
  else
    settle_answer (self, recipients);
  runner_unref (self);
}

static void
sent_data_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOutboxRunner *self = user_data;
  g_autoptr (GError) error = NULL;

  if (self->session == NULL)
    ;
  else if (!tern_store_write_finish (self->store, result, NULL, &error))
    {
      g_warning ("the outbox could not be written: %s", error->message);
      note (self, error);
      tern_smtp_session_abort (self->session);
    }
  else
    tern_smtp_session_finish_data (self->session);
  runner_unref (self);
}

/* Everything but the final dot is on its way. */
static void
on_ready (TernSmtpSession *session, gpointer user_data)
{
  TernOutboxRunner *self = user_data;
  TernOutboxStep *step = tern_outbox_step_new (self->work->entry->id, TERN_OUTBOX_SENT_DATA);

  tern_store_write_async (self->store, G_PRIORITY_HIGH, tern_outbox_step_write, step,
                          (GDestroyNotify) tern_outbox_step_unref, NULL, sent_data_cb,
                          runner_ref (self));
}

static void
step_submit (TernOutboxRunner *self)
{
  const TernOutboxRecord *entry = self->work->entry;
  g_autoptr (GPtrArray) to = g_ptr_array_new ();
  GError *error = NULL;

  self->step = STEP_SETTLE;
  self->built = tern_mime_build_from_source (self->work->message, &error);
  if (self->built == NULL)
    {
      settle_error (self, error);
      return;
    }
  for (guint i = 0; i < entry->recipients->len; i++)
    {
      const TernRecipient *recipient = g_ptr_array_index (entry->recipients, i);

      if (recipient->state == TERN_OUTBOX_QUEUED || recipient->state == TERN_OUTBOX_UNCERTAIN)
        g_ptr_array_add (to, recipient->address);
    }
  g_ptr_array_add (to, NULL);
  tern_smtp_session_submit_async (self->session, entry->from, (const char *const *) to->pdata,
                                  self->built->submission, FALSE, on_ready, NULL, submitted_cb,
                                  runner_ref (self));
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOutboxRunner *self = user_data;
  GError *error = NULL;

  if (!tern_smtp_session_open_finish (TERN_SMTP_SESSION (source), result, &error))
    {
      g_clear_object (&self->session);
      /* The others would wait for the same server, one after the other. */
      self->now = FALSE;
      settle_error (self, error);
    }
  else
    {
      self->step = STEP_SUBMIT;
      advance (self);
    }
  runner_unref (self);
}

static void
step_open (TernOutboxRunner *self)
{
  if (self->aborted)
    {
      settle_error (self, tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped.")));
      return;
    }
  if (self->session != NULL && tern_smtp_session_is_open (self->session))
    {
      self->step = STEP_SUBMIT;
      advance (self);
      return;
    }
  close_session (self);
  self->session = tern_smtp_session_new (self->endpoint, self->credentials);
  if (!self->freed)
    self->events.connection (tern_smtp_session_get_connection (self->session), self->events_data);
  tern_smtp_session_open_async (self->session, NULL, opened_cb, runner_ref (self));
}

/* Looking */

static void
begin_entry (TernOutboxRunner *self)
{
  const TernOutboxRecord *entry = self->work->entry;
  TernOutboxStep *step;

  if (self->work->message == NULL)
    {
      step = refusal_new (entry);
      step->fault = g_strdup (_ ("The message is gone from this disk, or damaged there."));
      write_step (self, step, STEP_LOOK);
    }
  else if (entry->state == TERN_OUTBOX_HELD || self->blocked != NULL)
    {
      step = tern_outbox_step_new (entry->id, TERN_OUTBOX_QUEUED);
      if (self->blocked != NULL)
        {
          step->fault = g_strdup (self->blocked->message);
          step->server_text = g_strdup (tern_fault_get_server_text (self->blocked));
          /* Who has just sent it expects it to leave. */
          if (entry->queued >= self->blocked_since)
            note (self, self->blocked);
        }
      write_step (self, step, STEP_LOOK);
    }
  else
    {
      if (self->now)
        g_array_append_val (self->tried, entry->id);
      write_step (self, tern_outbox_step_new (entry->id, TERN_OUTBOX_CONNECTING), STEP_OPEN);
    }
}

/* The message itself was sent. A copy that the server refused is tried once more, but not for ever.
 */
static void
file (TernOutboxRunner *self, const TernUnfiled *unfiled)
{
  TernOutboxStep *step = tern_outbox_step_new (unfiled->id, TERN_OUTBOX_ACCEPTED);

  step->file = TRUE;
  step->copy = unfiled->copy;
  if (unfiled->copy != 0
      && !g_hash_table_add (self->filed_again, g_memdup2 (&unfiled->id, sizeof unfiled->id)))
    {
      step->file = FALSE;
      step->state = TERN_OUTBOX_DONE;
      step->fault = g_strdup (_ ("The message was sent, but the server does not take the copy for "
                                 "the folder of sent messages."));
    }
  write_step (self, step, STEP_LOOK);
}

static void
looked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOutboxRunner *self = user_data;
  g_autoptr (GError) error = NULL;
  gpointer value = NULL;

  g_clear_pointer (&self->work, tern_outbox_work_free);
  if (!tern_store_read_finish (self->store, result, &value, &error))
    {
      store_failed (self, error);
      runner_unref (self);
      return;
    }
  self->work = value;
  self->uncertain = self->work->look_into != 0;
  /* Asked for once more while this was being read, it is another time. */
  if (self->work->entry == NULL && !self->again)
    self->now = FALSE;
  if (self->work->look_into != 0 && !self->looked && !self->freed)
    {
      self->looked = TRUE;
      self->events.folder_changed (self->work->look_into, self->events_data);
    }
  if (self->freed)
    end_pass (self);
  else if (self->work->found->len > 0)
    write_step (
        self, tern_outbox_step_new (g_array_index (self->work->found, TernId, 0), TERN_OUTBOX_DONE),
        STEP_LOOK);
  else if (self->work->unfiled->len > 0)
    file (self, &g_array_index (self->work->unfiled, TernUnfiled, 0));
  else if (self->work->entry != NULL && self->credentials != NULL && !self->stopping)
    begin_entry (self);
  else
    end_pass (self);
  runner_unref (self);
}

static void
step_look (TernOutboxRunner *self)
{
  TernOutboxQuery *query = g_new0 (TernOutboxQuery, 1);

  query->account = self->account;
  query->now = self->now ? g_array_copy (self->tried) : NULL;
  query->blocked = self->blocked != NULL;
  self->again = FALSE;
  g_clear_pointer (&self->built, tern_built_message_free);
  tern_store_read_async (self->store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, tern_outbox_work_read,
                         query, (GDestroyNotify) tern_outbox_query_free,
                         (GDestroyNotify) tern_outbox_work_free, NULL, looked_cb,
                         runner_ref (self));
}

static void
advance (TernOutboxRunner *self)
{
  switch (self->step)
    {
    case STEP_LOOK:
      step_look (self);
      break;
    case STEP_OPEN:
      step_open (self);
      break;
    case STEP_SUBMIT:
      step_submit (self);
      break;
    case STEP_SETTLE:
    default:
      g_assert_not_reached ();
    }
}

/* Public */

TernOutboxRunner *
tern_outbox_runner_new (TernStore *store,
                        TernId account,
                        const TernOutboxRunnerEvents *events,
                        gpointer data)
{
  TernOutboxRunner *self = g_new0 (TernOutboxRunner, 1);

  self->refs = 1;
  self->store = tern_store_ref (store);
  self->account = account;
  self->tried = g_array_new (FALSE, FALSE, sizeof (TernId));
  self->filed_again = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->events = *events;
  self->events_data = data;
  return self;
}

void
tern_outbox_runner_set_server (TernOutboxRunner *self,
                               TernEndpoint *endpoint,
                               TernCredentials *credentials)
{
  g_clear_pointer (&self->endpoint, tern_endpoint_unref);
  g_clear_pointer (&self->credentials, tern_credentials_unref);
  if (credentials == NULL)
    return;
  self->endpoint = tern_endpoint_ref (endpoint);
  self->credentials = tern_credentials_ref (credentials);
  set_blocked (self, NULL);
  tern_outbox_runner_wake (self);
}

void
tern_outbox_runner_wake (TernOutboxRunner *self)
{
  if (self->freed || self->stopping)
    return;
  self->again = TRUE;
  if (self->busy)
    return;
  self->busy = TRUE;
  clear_timer (self);
  if (self->writing != NULL)
    {
      write_now (self);
      return;
    }
  self->step = STEP_LOOK;
  advance (self);
}

void
tern_outbox_runner_try_now (TernOutboxRunner *self)
{
  self->now = TRUE;
  g_array_set_size (self->tried, 0);
  self->looked = FALSE;
  set_blocked (self, NULL);
  tern_outbox_runner_wake (self);
}

gboolean
tern_outbox_runner_is_waiting (TernOutboxRunner *self)
{
  return self->uncertain;
}

gboolean
tern_outbox_runner_is_blocked (TernOutboxRunner *self)
{
  return self->blocked != NULL;
}

gboolean
tern_outbox_runner_stop (TernOutboxRunner *self, TernOutboxEnded ended, gpointer data)
{
  self->stopping = TRUE;
  clear_timer (self);
  if (!self->busy && self->writing != NULL)
    {
      self->busy = TRUE;
      write_now (self);
    }
  if (!self->busy)
    {
      close_session (self);
      return FALSE;
    }
  self->ended = ended;
  self->ended_data = data;
  return TRUE;
}

void
tern_outbox_runner_abort (TernOutboxRunner *self)
{
  self->aborted = TRUE;
  if (self->session != NULL)
    tern_smtp_session_abort (self->session);
}

void
tern_outbox_runner_free (TernOutboxRunner *self)
{
  self->freed = TRUE;
  self->ended = NULL;
  clear_timer (self);
  runner_unref (self);
}
