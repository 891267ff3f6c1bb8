/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-outbox-runner-private.h"

#include <glib/gi18n.h>

#include "tern-mime-build.h"
#include "tern-outbox-steps-private.h"

#define IDLE_MS        (30 * 1000)
#define FIRST_RETRY_MS (60 * 1000)
#define LAST_RETRY_MS  (4 * 60 * 60 * 1000)
/* The person is told after so many failed tries (about a quarter of an hour). */
#define NOTE_AFTER 4

typedef enum
{
  STEP_LOOK,
  STEP_CONNECTING, /* being committed */
  STEP_OPEN,
  STEP_SUBMIT,
  STEP_SETTLE,
} Step;

struct _TernOutboxRunner
{
  int refs;
  TernStore *store; /* (owned) */
  TernId account;
  char *label; /* (owned) of the account, for notes */
  TernOutboxRunnerEvents events;
  gpointer events_data;
  TernEndpoint *endpoint;       /* (owned) (nullable) */
  TernCredentials *credentials; /* (owned) (nullable) */
  TernSmtpSession *session;     /* (owned) (nullable) */
  gboolean freed;
  gboolean busy;
  gboolean again;
  gboolean now;
  gboolean uncertain; /* something is to be looked for in Sent */
  gboolean looked;    /* Sent was asked for once since there is something uncertain */
  Step step;
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
  g_clear_pointer (&self->endpoint, tern_endpoint_unref);
  g_clear_pointer (&self->credentials, tern_credentials_unref);
  tern_store_unref (self->store);
  g_hash_table_unref (self->filed_again);
  g_free (self->label);
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
end_pass (TernOutboxRunner *self)
{
  gint64 next = self->work != NULL ? self->work->next_time : 0;
  gint64 delay = next != 0 ? next - g_get_real_time () / 1000 : G_MAXINT64;

  g_clear_pointer (&self->work, tern_outbox_work_free);
  g_clear_pointer (&self->built, tern_built_message_free);
  self->busy = FALSE;
  if (self->freed)
    return;
  if (self->again)
    {
      tern_outbox_runner_wake (self);
      return;
    }
  if (self->session != NULL)
    delay = MIN (delay, IDLE_MS);
  clear_timer (self);
  if (delay == G_MAXINT64)
    return;
  self->timer = g_timeout_source_new (CLAMP (delay, 10, LAST_RETRY_MS));
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
}

/* Transitions */

static void
stepped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernOutboxRunner *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!tern_store_write_finish (self->store, result, NULL, &error))
    {
      g_warning ("the outbox could not be written: %s", error->message);
      close_session (self);
      end_pass (self);
    }
  else
    advance (self);
  runner_unref (self);
}

static void
write_step (TernOutboxRunner *self, TernOutboxStep *step, Step next)
{
  self->step = next;
  tern_store_write_async (
      self->store, G_PRIORITY_HIGH,
      step->state == TERN_OUTBOX_ACCEPTED ? tern_outbox_accept_write : tern_outbox_step_write, step,
      (GDestroyNotify) tern_outbox_step_free, NULL, stepped_cb, runner_ref (self));
}

static gint64
retry_time (guint attempts)
{
  gint64 delay = MIN ((gint64) FIRST_RETRY_MS << MIN (attempts, 12), LAST_RETRY_MS);

  return g_get_real_time () / 1000 + delay;
}

static void
note (TernOutboxRunner *self, const GError *error)
{
  if (!self->freed)
    self->events.note (error, self->events_data);
}

static void
settle_error (TernOutboxRunner *self, GError *error)
{
  TernOutboxRecord *entry = self->work->entry;
  TernOutboxStep *step;

  if (tern_fault_is (error, TERN_FAULT_UNCERTAIN))
    {
      step = tern_outbox_step_new (entry->id, TERN_OUTBOX_UNCERTAIN);
      self->looked = FALSE;
      note (self, error);
    }
  else if (tern_fault_get_retry (error) == TERN_RETRY_NEVER && !tern_fault_is_cancelled (error))
    {
      step = tern_outbox_step_new (entry->id, TERN_OUTBOX_REFUSED);
      note (self, error);
    }
  else
    {
      step = tern_outbox_step_new (entry->id, TERN_OUTBOX_QUEUED);
      step->not_before = retry_time (entry->attempts);
      if (entry->attempts + 1 == NOTE_AFTER)
        note (self, error);
    }
  step->fault = g_strdup (error->message);
  step->server_text = g_strdup (tern_fault_get_server_text (error));
  if (self->session != NULL && !tern_smtp_session_is_open (self->session))
    close_session (self);
  write_step (self, step, STEP_LOOK);
  g_error_free (error);
}

/* What the server said of each recipient. */
static void
settle_answer (TernOutboxRunner *self, GPtrArray *recipients)
{
  TernOutboxRecord *entry = self->work->entry;
  TernOutboxStep *step = tern_outbox_step_new (entry->id, TERN_OUTBOX_ACCEPTED);
  guint accepted = 0, later = 0, refused = 0;
  const TernSmtpRecipient *worst = NULL;

  for (guint i = 0; i < entry->recipients->len; i++)
    if (((TernRecipient *) g_ptr_array_index (entry->recipients, i))->state == TERN_OUTBOX_ACCEPTED)
      accepted++;
  for (guint i = 0; i < recipients->len; i++)
    {
      const TernSmtpRecipient *recipient = g_ptr_array_index (recipients, i);

      if (recipient->state == TERN_SMTP_RCPT_ACCEPTED)
        accepted++;
      else if (recipient->state == TERN_SMTP_RCPT_REFUSED)
        refused++;
      else
        later++;
      if (recipient->state != TERN_SMTP_RCPT_ACCEPTED
          && (worst == NULL || recipient->state == TERN_SMTP_RCPT_REFUSED))
        worst = recipient;
    }
  step->recipients = g_ptr_array_ref (recipients);
  if (later > 0)
    {
      step->state = TERN_OUTBOX_QUEUED;
      step->not_before = retry_time (entry->attempts);
    }
  else if (accepted == 0)
    step->state = TERN_OUTBOX_REFUSED;
  if (worst != NULL)
    {
      g_autoptr (GError) error = NULL;

      error = tern_fault_new_server (
          TERN_FAULT_REFUSED, worst->text,
          later > 0 ? _ ("The server does not take the message “%s” for %s now.")
                    : _ ("The server refused the message “%s” for %s."),
          entry->subject, worst->address);
      step->fault = g_strdup (error->message);
      step->server_text = g_strdup (worst->text);
      if (refused > 0 && later == 0)
        note (self, error);
    }
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
                          (GDestroyNotify) tern_outbox_step_free, NULL, sent_data_cb,
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
  if (self->session != NULL && tern_smtp_session_is_open (self->session))
    {
      self->step = STEP_SUBMIT;
      advance (self);
      return;
    }
  close_session (self);
  self->session = tern_smtp_session_new (self->endpoint, self->credentials);
  tern_smtp_session_open_async (self->session, NULL, opened_cb, runner_ref (self));
}

/* Looking */

static void
begin_entry (TernOutboxRunner *self)
{
  TernOutboxRecord *entry = self->work->entry;
  TernOutboxStep *step = tern_outbox_step_new (entry->id, TERN_OUTBOX_CONNECTING);

  if (self->work->message == NULL)
    {
      step->state = TERN_OUTBOX_REFUSED;
      step->fault = g_strdup (_ ("The message is not on this computer any more."));
      write_step (self, step, STEP_LOOK);
    }
  else if (entry->state == TERN_OUTBOX_HELD)
    {
      step->state = TERN_OUTBOX_QUEUED;
      write_step (self, step, STEP_LOOK);
    }
  else
    write_step (self, step, STEP_OPEN);
}

/* Its copy was refused by the server, or an older program died in between: once more, but not for
 * ever. The message itself was sent. */
static void
file_again (TernOutboxRunner *self, TernId id)
{
  TernOutboxStep *step = tern_outbox_step_new (id, TERN_OUTBOX_ACCEPTED);

  if (!g_hash_table_add (self->filed_again, g_memdup2 (&id, sizeof id)))
    {
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
      g_warning ("the outbox could not be read: %s", error->message);
      end_pass (self);
      runner_unref (self);
      return;
    }
  self->work = value;
  self->now = FALSE;
  self->uncertain = self->work->look_into != 0;
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
    file_again (self, g_array_index (self->work->unfiled, TernId, 0));
  else if (self->work->entry != NULL && self->credentials != NULL)
    begin_entry (self);
  else
    end_pass (self);
  runner_unref (self);
}

static void
step_look (TernOutboxRunner *self)
{
  TernOutboxQuery query = { self->account, self->now };

  self->again = FALSE;
  g_clear_pointer (&self->built, tern_built_message_free);
  tern_store_read_async (self->store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, tern_outbox_work_read,
                         g_memdup2 (&query, sizeof query), g_free,
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
    case STEP_CONNECTING:
    case STEP_SETTLE:
    default:
      g_assert_not_reached ();
    }
}

/* Public */

TernOutboxRunner *
tern_outbox_runner_new (TernStore *store,
                        TernId account,
                        const char *label,
                        const TernOutboxRunnerEvents *events,
                        gpointer data)
{
  TernOutboxRunner *self = g_new0 (TernOutboxRunner, 1);

  self->refs = 1;
  self->store = tern_store_ref (store);
  self->account = account;
  self->label = g_strdup (label);
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
  tern_outbox_runner_wake (self);
}

void
tern_outbox_runner_wake (TernOutboxRunner *self)
{
  if (self->freed)
    return;
  self->again = TRUE;
  if (self->busy)
    return;
  self->busy = TRUE;
  clear_timer (self);
  self->step = STEP_LOOK;
  advance (self);
}

void
tern_outbox_runner_try_now (TernOutboxRunner *self)
{
  self->now = TRUE;
  self->looked = FALSE;
  tern_outbox_runner_wake (self);
}

gboolean
tern_outbox_runner_is_waiting (TernOutboxRunner *self)
{
  return self->uncertain;
}

void
tern_outbox_runner_free (TernOutboxRunner *self)
{
  self->freed = TRUE;
  clear_timer (self);
  runner_unref (self);
}
