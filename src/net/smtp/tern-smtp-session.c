/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-smtp-session-private.h"

#include "tern-limits.h"
#include "tern-worker.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * The object and everything up to the point where messages can be submitted; the transactions are
 * in tern-smtp-submit.c. Both are one machine: a step, and one function that takes the next reply.
 */

#define MAX_COMMAND 510 /* RFC 5321 section 4.5.3.1.4, without CRLF */

G_DEFINE_FINAL_TYPE (TernSmtpSession, tern_smtp_session, G_TYPE_OBJECT)

static void
destroy_watch (TernSmtpSession *self)
{
  if (self->watch != NULL)
    g_source_destroy (self->watch);
  g_clear_pointer (&self->watch, g_source_unref);
}

static gboolean
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  tern_smtp_session_fail (user_data, tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped.")));
  return G_SOURCE_REMOVE;
}

void
tern_smtp_session_begin (TernSmtpSession *self, GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  g_assert (self->task == NULL);
  self->task = task;
  /* Whether the message went out is answered truly even to a caller who gave up. */
  g_task_set_check_cancellable (task, FALSE);
  if (cancellable == NULL)
    return;
  self->watch = g_cancellable_source_new (cancellable);
  g_source_set_callback (self->watch, G_SOURCE_FUNC (cancelled_cb), self, NULL);
  g_source_attach (self->watch, self->context);
}

GTask *
tern_smtp_session_end (TernSmtpSession *self)
{
  destroy_watch (self);
  return g_steal_pointer (&self->task);
}

static void
drop_connection (TernSmtpSession *self)
{
  self->step = TERN_SMTP_STEP_CLOSED;
  g_cancellable_cancel (self->connecting);
  g_clear_object (&self->connecting);
  g_clear_pointer (&self->wire, tern_smtp_wire_free);
  g_clear_pointer (&self->sasl, tern_sasl_free);
  g_clear_pointer (&self->initial, tern_sasl_wipe);
}

/* Takes @error. */
static void
end_failed (TernSmtpSession *self, GError *error, gboolean unsent)
{
  TernSmtpStep step = self->step;
  g_autoptr (GTask) task = NULL;

  tern_connection_end (self->connection, error);
  drop_connection (self);
  if (self->transaction != NULL)
    {
      tern_smtp_submit_failed (self, step, error, unsent);
      return;
    }
  task = tern_smtp_session_end (self);
  if (task != NULL)
    g_task_return_error (task, error);
  else
    g_error_free (error);
}

void
tern_smtp_session_fail (TernSmtpSession *self, GError *error)
{
  /* The task may hold the last other reference. */
  g_object_ref (self);
  end_failed (self, error, FALSE);
  g_object_unref (self);
}

static gboolean
means_too_large (const TernSmtpReply *reply)
{
  return reply->code == 552
         || (reply->enhanced != NULL && g_str_has_suffix (reply->enhanced, ".3.4"));
}

GError *
tern_smtp_session_fault (const TernSmtpReply *reply, TernFaultCode refused, const char *what)
{
  g_autofree char *text = tern_smtp_reply_dup_text (reply);
  g_autofree char *full =
      g_strdup_printf ("%u %s%s%s", reply->code, reply->enhanced != NULL ? reply->enhanced : "",
                       reply->enhanced != NULL ? " " : "", text);
  GError *fault;

  if (means_too_large (reply))
    {
      fault = tern_fault_new_server (TERN_FAULT_LIMIT, full, "%s", what);
      tern_fault_set_scope (fault, TERN_SCOPE_MESSAGE);
      tern_fault_set_retry (fault, reply->code / 100 == 4 ? TERN_RETRY_LATER : TERN_RETRY_NEVER);
      return fault;
    }
  if (reply->code / 100 == 4)
    return tern_fault_new_server (TERN_FAULT_UNAVAILABLE, full, "%s", what);
  if (reply->code / 100 == 5)
    return tern_fault_new_server (refused, full, "%s", what);
  return tern_fault_new_server (TERN_FAULT_PROTOCOL, full, "%s", what);
}

/* The answer ends the session. @format: translated, with one %s for the host. */
static void G_GNUC_PRINTF (4, 5) fail_reply (TernSmtpSession *self,
                                             const TernSmtpReply *reply,
                                             TernFaultCode refused,
                                             const char *format,
                                             ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  tern_smtp_session_fail (self, tern_smtp_session_fault (reply, refused, what));
}

static void
opened (TernSmtpSession *self)
{
  g_autoptr (GTask) task = tern_smtp_session_end (self);

  g_clear_pointer (&self->sasl, tern_sasl_free);
  self->step = TERN_SMTP_STEP_IDLE;
  tern_connection_set_state (self->connection, TERN_CONNECTION_OPEN);
  tern_smtp_wire_set_patience (self->wire, 0);
  g_task_return_boolean (task, TRUE);
}

static void
send_ehlo (TernSmtpSession *self)
{
  self->step = TERN_SMTP_STEP_EHLO;
  tern_smtp_wire_set_patience (self->wire, TERN_TIMEOUT_SILENCE);
  /* An address literal needs no name, and this one tells nobody where the user sits. */
  tern_smtp_wire_send (self->wire, "EHLO [127.0.0.1]", TERN_WIRE_PLAIN);
}

static void
start_auth (TernSmtpSession *self)
{
  const char *mechanism;
  GError *error = NULL;
  char *command;

  self->sasl = tern_sasl_new_for_transport (
      (const char *const *) self->extensions->mechanisms, self->endpoint,
      tern_smtp_wire_get_transport (self->wire), NULL, self->credentials, &error);
  if (self->sasl != NULL)
    self->initial = tern_sasl_initial (self->sasl, &error);
  if (error != NULL)
    {
      tern_smtp_session_fail (self, error);
      return;
    }
  self->step = TERN_SMTP_STEP_AUTH;
  mechanism = tern_sasl_get_mechanism (self->sasl);
  tern_connection_set_mechanism (self->connection, mechanism);
  /* RFC 4954 section 4: an empty initial response is written as "=", and one that makes the line
   * too long follows later, as an access token may. */
  command = g_strjoin (" ", "AUTH", mechanism,
                       self->initial == NULL || *self->initial != '\0' ? self->initial : "=", NULL);
  if (strlen (command) > MAX_COMMAND)
    {
      tern_sasl_wipe (command);
      command = g_strconcat ("AUTH ", mechanism, NULL);
    }
  else
    g_clear_pointer (&self->initial, tern_sasl_wipe);
  tern_smtp_wire_send (self->wire, command, TERN_WIRE_LOGIN);
  tern_sasl_wipe (command);
}

static void
take_greeting (TernSmtpSession *self, const TernSmtpReply *reply)
{
  if (reply->code == 220)
    send_ehlo (self);
  else
    fail_reply (self, reply, TERN_FAULT_UNAVAILABLE, _ ("%s does not take mail at the moment."),
                self->endpoint->host);
}

/* The first line is the server's greeting. */
static void
note_offered (TernSmtpSession *self, const TernSmtpReply *reply)
{
  tern_connection_clear_offered (self->connection);
  for (guint i = 1; i < reply->lines->len; i++)
    {
      const char *line = g_ptr_array_index (reply->lines, i);

      tern_connection_add_offered (self->connection, line, strlen (line));
    }
}

static void
take_ehlo (TernSmtpSession *self, const TernSmtpReply *reply)
{
  const char *host = self->endpoint->host;

  if (reply->code != 250)
    {
      fail_reply (self, reply, TERN_FAULT_PROTOCOL, _ ("%s refuses the conversation."), host);
      return;
    }
  /* Whatever was offered before TLS is forgotten with this. */
  g_clear_pointer (&self->extensions, tern_smtp_extensions_free);
  self->extensions = tern_smtp_extensions_parse (reply);
  note_offered (self, reply);
  if (tern_smtp_wire_is_secure (self->wire))
    {
      if (self->credentials != NULL)
        start_auth (self);
      else
        opened (self);
    }
  else if (self->extensions->starttls)
    {
      self->step = TERN_SMTP_STEP_STARTTLS;
      tern_smtp_wire_send (self->wire, "STARTTLS", TERN_WIRE_PLAIN);
    }
  else
    tern_smtp_session_fail (self,
                            tern_fault_new (TERN_FAULT_TLS,
                                            _ ("%s does not offer STARTTLS, so the connection "
                                               "would not be secure. Nothing was sent."),
                                            host));
}

static void
take_starttls (TernSmtpSession *self, const TernSmtpReply *reply)
{
  if (reply->code == 220)
    tern_smtp_wire_start_tls (self->wire);
  else
    fail_reply (self, reply, TERN_FAULT_TLS,
                _ ("%s refuses to make the connection secure. Nothing was sent."),
                self->endpoint->host);
}

static void
answer_challenge (TernSmtpSession *self, const TernSmtpReply *reply)
{
  g_autofree char *challenge = tern_smtp_reply_dup_text (reply);
  GError *error = NULL;
  char *response = self->initial != NULL ? g_steal_pointer (&self->initial)
                                         : tern_sasl_step (self->sasl, challenge, &error);

  if (response == NULL)
    {
      tern_smtp_session_fail (self, error);
      return;
    }
  tern_smtp_wire_send (self->wire, response, TERN_WIRE_SECRET);
  tern_sasl_wipe (response);
}

static void
fail_auth (TernSmtpSession *self, const TernSmtpReply *reply)
{
  g_autofree char *what =
      g_strdup_printf (_ ("%s refused the user name or the password."), self->endpoint->host);
  g_autoptr (GError) fault = tern_smtp_session_fault (reply, TERN_FAULT_AUTHENTICATION, what);

  tern_smtp_session_fail (self, tern_sasl_explain (self->sasl, fault));
}

static void
take_auth (TernSmtpSession *self, const TernSmtpReply *reply)
{
  GError *error = NULL;

  if (reply->code == 334)
    answer_challenge (self, reply);
  else if (reply->code / 100 == 4)
    fail_reply (self, reply, TERN_FAULT_UNAVAILABLE, _ ("%s cannot check the login at the moment."),
                self->endpoint->host);
  else if (reply->code / 100 != 2)
    fail_auth (self, reply);
  else if (!tern_sasl_finished (self->sasl, &error))
    tern_smtp_session_fail (self, error);
  else
    opened (self);
}

static void
reply_cb (const TernSmtpReply *reply, gpointer user_data)
{
  g_autoptr (TernSmtpSession) self = g_object_ref (user_data);

  switch (self->step)
    {
    case TERN_SMTP_STEP_GREETING:
      take_greeting (self, reply);
      break;
    case TERN_SMTP_STEP_EHLO:
      take_ehlo (self, reply);
      break;
    case TERN_SMTP_STEP_STARTTLS:
      take_starttls (self, reply);
      break;
    case TERN_SMTP_STEP_AUTH:
      take_auth (self, reply);
      break;
    case TERN_SMTP_STEP_IDLE:
      /* The usual "421 idle for too long", or something that nobody asked for. */
      tern_connection_end (self->connection, NULL);
      drop_connection (self);
      break;
    case TERN_SMTP_STEP_MAIL:
    case TERN_SMTP_STEP_RCPT:
    case TERN_SMTP_STEP_DATA:
    case TERN_SMTP_STEP_BODY:
    case TERN_SMTP_STEP_HOLD:
    case TERN_SMTP_STEP_DOT:
    case TERN_SMTP_STEP_NOBODY:
    case TERN_SMTP_STEP_RSET:
      tern_smtp_submit_reply (self, reply);
      break;
    case TERN_SMTP_STEP_CLOSED:
    case TERN_SMTP_STEP_CONNECT:
    default:
      g_assert_not_reached ();
    }
}

static void
drained_cb (gpointer user_data)
{
  g_autoptr (TernSmtpSession) self = g_object_ref (user_data);

  if (self->step == TERN_SMTP_STEP_BODY)
    tern_smtp_submit_drained (self);
}

static void
secured_cb (gpointer user_data)
{
  send_ehlo (user_data);
}

static void
failed_cb (const GError *error, gboolean unsent, gpointer user_data)
{
  g_autoptr (TernSmtpSession) self = g_object_ref (user_data);

  end_failed (self, g_error_copy (error), unsent);
}

static const TernSmtpWireFuncs wire_funcs = {
  .reply = reply_cb,
  .drained = drained_cb,
  .secured = secured_cb,
  .failed = failed_cb,
};

static void
connect_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernSmtpSession) self = user_data;
  GError *error = NULL;
  TernTransport *transport = tern_transport_connect_finish (result, &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->connecting)
    {
      g_clear_error (&error);
      tern_transport_free (transport);
      return;
    }
  g_clear_object (&self->connecting);
  if (transport == NULL)
    {
      tern_smtp_session_fail (self, error);
      return;
    }
  self->wire = tern_smtp_wire_new (transport, self->connection, &wire_funcs, self);
  self->step = TERN_SMTP_STEP_GREETING;
  tern_smtp_wire_set_patience (self->wire, TERN_TIMEOUT_GREETING);
}

void
tern_smtp_session_open_async (TernSmtpSession *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  TERN_ASSERT_CONTEXT (self->context);
  g_task_set_source_tag (task, tern_smtp_session_open_async);
  if (self->step != TERN_SMTP_STEP_CLOSED || self->task != NULL)
    {
      g_task_return_error (
          task, tern_fault_new (TERN_FAULT_INTERNAL, _ ("The connection to %s is open already."),
                                self->endpoint->host));
      g_object_unref (task);
      return;
    }
  self->step = TERN_SMTP_STEP_CONNECT;
  tern_connection_set_state (self->connection, TERN_CONNECTION_CONNECTING);
  self->connecting = g_cancellable_new ();
  tern_smtp_session_begin (self, task);
  tern_transport_connect_async (self->endpoint, self->connecting, connect_cb, g_object_ref (self));
}

gboolean
tern_smtp_session_open_finish (TernSmtpSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
tern_smtp_session_is_open (TernSmtpSession *self)
{
  return self->step >= TERN_SMTP_STEP_IDLE;
}

guint64
tern_smtp_session_get_size_limit (TernSmtpSession *self)
{
  return self->extensions != NULL ? self->extensions->size_limit : 0;
}

void
tern_smtp_session_abort (TernSmtpSession *self)
{
  TERN_ASSERT_CONTEXT (self->context);
  tern_smtp_session_fail (self, tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped.")));
}

void
tern_smtp_session_close (TernSmtpSession *self)
{
  TERN_ASSERT_CONTEXT (self->context);
  if (self->step == TERN_SMTP_STEP_IDLE)
    tern_smtp_wire_send_last (self->wire, "QUIT");
  tern_smtp_session_abort (self);
}

TernSmtpSession *
tern_smtp_session_new (TernEndpoint *endpoint, TernCredentials *credentials)
{
  TernSmtpSession *self = g_object_new (TERN_TYPE_SMTP_SESSION, NULL);

  self->endpoint = tern_endpoint_ref (endpoint);
  self->connection = tern_connection_new ("smtp", "send", endpoint);
  if (credentials != NULL)
    self->credentials = tern_credentials_ref (credentials);
  return self;
}

TernConnection *
tern_smtp_session_get_connection (TernSmtpSession *self)
{
  return self->connection;
}

static void
tern_smtp_session_finalize (GObject *object)
{
  TernSmtpSession *self = TERN_SMTP_SESSION (object);

  /* A task holds a reference: nothing can be under way. */
  g_assert (self->task == NULL);
  drop_connection (self);
  g_clear_pointer (&self->connection, tern_connection_unref);
  g_clear_pointer (&self->extensions, tern_smtp_extensions_free);
  g_clear_pointer (&self->credentials, tern_credentials_unref);
  g_clear_pointer (&self->endpoint, tern_endpoint_unref);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (tern_smtp_session_parent_class)->finalize (object);
}

static void
tern_smtp_session_class_init (TernSmtpSessionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tern_smtp_session_finalize;
}

static void
tern_smtp_session_init (TernSmtpSession *self)
{
  self->context = g_main_context_ref_thread_default ();
}
