/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-session-private.h"

#include "tern-sasl.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * From nothing to AUTHENTICATED, one step at a time: each step starts something and ends in
 * advance(). An error at any step ends the session, and with it the opener.
 */
typedef enum
{
  STEP_CONNECT,
  STEP_GREETING,
  STEP_CAPABILITY,
  STEP_SECURE,
  STEP_HANDSHAKE,
  STEP_CAPABILITY_SECURED,
  STEP_LOGIN,
  STEP_CAPABILITY_LOGGED_IN,
  STEP_INFORM,
  STEP_DONE,
} Step;

struct _TernImapOpener
{
  TernImapSession *session; /* lent: the task holds it */
  GTask *task;
  Step step;
  GCancellable *cancellable; /* of the transport, never the caller's */
  GSource *cancel_source;    /* (nullable): watches the caller's */
  char *product;             /* (owned) (nullable): the greeting */
  TernSasl *sasl;            /* (nullable) */
  gboolean initial_sent;
  GError *sasl_error; /* (nullable): why we gave the exchange up */
  guint outstanding;  /* commands of STEP_INFORM */
};

static void advance (TernImapOpener *self);

static void
opener_free (TernImapOpener *self)
{
  tern_imap_session_clear_source (&self->cancel_source);
  g_clear_pointer (&self->sasl, tern_sasl_free);
  g_clear_error (&self->sasl_error);
  g_free (self->product);
  g_object_unref (self->cancellable);
  g_object_unref (self->task);
  g_free (self);
}

void
tern_imap_opener_fail (TernImapOpener *self, GError *error)
{
  g_cancellable_cancel (self->cancellable);
  g_task_return_error (self->task, error);
  opener_free (self);
}

gboolean
tern_imap_opener_awaits_greeting (TernImapOpener *self)
{
  return self->step == STEP_GREETING;
}

static void
go_to (TernImapOpener *self, Step step)
{
  self->step = step;
  advance (self);
}

/* --- the wire ------------------------------------------------------------------------------ */

static void
on_response (gpointer data)
{
  g_autoptr (TernImapSession) session = g_object_ref (data);

  tern_imap_session_route (session);
}

static void
on_piece (const TernImapPiece *piece, gpointer data)
{
  g_autoptr (TernImapSession) session = g_object_ref (data);

  tern_imap_session_take_piece (session, piece);
}

static void
on_unreadable (gpointer data)
{
  tern_imap_session_take_unreadable (data);
}

static void
on_drained (gpointer data)
{
  g_autoptr (TernImapSession) session = g_object_ref (data);

  tern_imap_session_settle (session);
}

static void
on_failed (GError *error, gpointer data)
{
  g_autoptr (TernImapSession) session = g_object_ref (data);

  tern_imap_session_die (session, error);
}

/* --- CONNECT and HANDSHAKE ----------------------------------------------------------------- */

static void
make_wire (TernImapSession *session)
{
  static const TernImapWireHandlers handlers = { on_response, on_piece, on_unreadable, on_drained,
                                                 on_failed };

  session->wire = tern_imap_wire_new (session->connection->transcript, session->endpoint->host,
                                      &handlers, session);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernImapSession) session = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernTransport) transport = tern_transport_connect_finish (result, &error);

  if (session->opener == NULL)
    return;
  if (transport == NULL)
    {
      tern_imap_session_die (session, g_steal_pointer (&error));
      return;
    }
  session->transport = g_steal_pointer (&transport);
  tern_connection_take_transport (session->connection, session->transport);
  make_wire (session);
  session->opener->step = STEP_GREETING;
  tern_imap_wire_attach (session->wire, tern_transport_get_stream (session->transport));
  tern_imap_session_update_owed (session);
}

typedef struct
{
  TernImapSession *session;
  TernTransport *transport; /* kept here while the handshake needs it */
} Handshake;

static void
on_handshake (GObject *source, GAsyncResult *result, gpointer data)
{
  Handshake *handshake = data;
  g_autoptr (TernImapSession) session = handshake->session;
  g_autoptr (TernTransport) transport = handshake->transport;
  g_autoptr (GError) error = NULL;
  gboolean secured = tern_transport_start_tls_finish (transport, result, &error);

  g_free (handshake);
  if (session->opener == NULL)
    return;
  if (!secured)
    {
      tern_imap_session_die (session, g_steal_pointer (&error));
      return;
    }
  session->transport = g_steal_pointer (&transport);
  tern_connection_take_transport (session->connection, session->transport);
  tern_imap_wire_attach (session->wire, tern_transport_get_stream (session->transport));
  /* What was said before was said by anybody. */
  tern_imap_session_drop_caps (session);
  go_to (session->opener, STEP_CAPABILITY_SECURED);
}

static void
start_handshake (TernImapOpener *self)
{
  TernImapSession *session = self->session;
  Handshake *handshake = g_new (Handshake, 1);

  handshake->session = g_object_ref (session);
  handshake->transport = g_steal_pointer (&session->transport);
  tern_transport_start_tls_async (handshake->transport, self->cancellable, on_handshake, handshake);
}

/* --- commands of ours ---------------------------------------------------------------------- */

/* For commands without which there is no session. */
static void
on_step_done (TernImapCommand *command, const GError *error, gpointer data)
{
  TernImapSession *session = data;

  if (session->opener == NULL)
    return;
  if (error != NULL)
    tern_imap_session_die (session, g_error_copy (error));
  else
    go_to (session->opener, session->opener->step + 1);
}

/* For those that only help: a server that refuses one of them is as good without. */
static void
on_help_done (TernImapCommand *command, const GError *error, gpointer data)
{
  TernImapSession *session = data;

  if (session->opener != NULL && --session->opener->outstanding == 0)
    go_to (session->opener, session->opener->step + 1);
}

static void
send_command (TernImapOpener *self, TernImapVerb verb, TernImapCommandDone done, const char *text)
{
  TernImapCommand *command = tern_imap_command_new (verb, done, self->session);

  tern_imap_command_add (command, "%s", text);
  command->opening = TRUE;
  tern_imap_session_enqueue (self->session, command);
}

static void
ask_caps (TernImapOpener *self)
{
  if (self->session->caps_told)
    go_to (self, self->step + 1);
  else
    send_command (self, TERN_IMAP_VERB_CAPABILITY, on_step_done, "CAPABILITY");
}

/* --- GREETING ------------------------------------------------------------------------------ */

void
tern_imap_opener_greeting (TernImapOpener *self, TernImapParser *parser)
{
  TernImapSession *session = self->session;
  const char *host = session->endpoint->host;
  gboolean has_code = tern_imap_parser_kind (parser, 2) == TERN_IMAP_TOKEN_CODE;
  g_autofree char *text =
      tern_imap_parser_dup (parser, has_code ? tern_imap_parser_after (parser, 2) : 2);
  g_autofree char *raw = has_code ? tern_imap_parser_dup (parser, 2) : NULL;
  g_autofree char *code = raw != NULL ? g_ascii_strup (raw, -1) : NULL;

  tern_imap_session_set_state (session, TERN_IMAP_GREETED);
  if (tern_imap_parser_is (parser, 1, "OK"))
    {
      self->product = g_steal_pointer (&text);
      go_to (self, STEP_CAPABILITY);
    }
  else if (tern_imap_parser_is (parser, 1, "PREAUTH")
           && tern_transport_is_secure (session->transport))
    {
      session->queue.authenticated = TRUE;
      tern_imap_session_set_state (session, TERN_IMAP_AUTHENTICATED);
      go_to (self, STEP_CAPABILITY_LOGGED_IN);
    }
  else if (tern_imap_parser_is (parser, 1, "PREAUTH"))
    /* Logged in already, so that STARTTLS is not possible any more: the classic way to keep a
     * client from encrypting. */
    tern_imap_session_die (
        session,
        tern_fault_new_server (TERN_FAULT_TLS, text,
                               _ ("%s does not let the connection be encrypted, so Tern does not "
                                  "use it. Somebody may be listening in."),
                               host));
  else if (tern_imap_parser_is (parser, 1, "BYE"))
    tern_imap_session_die (session, tern_imap_bye_fault_new (code, text, host));
  else
    tern_imap_session_die (
        session, tern_fault_new_server (TERN_FAULT_PROTOCOL, text,
                                        _ ("%s does not greet like a mail server."), host));
}

/* --- STARTTLS ------------------------------------------------------------------------------ */

static void
on_starttls (TernImapCommand *command, const GError *error, gpointer data)
{
  TernImapSession *session = data;

  if (session->opener == NULL)
    return;
  if (error != NULL)
    tern_imap_session_die (session, g_error_copy (error));
  else if (tern_imap_wire_detach (session->wire) > 0)
    tern_imap_session_die (
        session, tern_fault_new (TERN_FAULT_TLS,
                                 _ ("Something was put into the connection to %s before it was "
                                    "encrypted, so Tern does not use it."),
                                 session->endpoint->host));
  else
    go_to (session->opener, STEP_HANDSHAKE);
}

static void
secure (TernImapOpener *self)
{
  TernImapSession *session = self->session;

  if (tern_transport_is_secure (session->transport))
    go_to (self, STEP_LOGIN);
  else if (session->caps & TERN_IMAP_CAP_STARTTLS)
    {
      tern_imap_session_use (session, "STARTTLS");
      send_command (self, TERN_IMAP_VERB_STARTTLS, on_starttls, "STARTTLS");
    }
  else
    tern_imap_session_die (
        session, tern_fault_new (TERN_FAULT_TLS,
                                 _ ("%s does not offer to encrypt the connection (STARTTLS), so "
                                    "Tern does not use it."),
                                 session->endpoint->host));
}

/* --- LOGIN --------------------------------------------------------------------------------- */

static void
on_login (TernImapCommand *command, const GError *error, gpointer data)
{
  TernImapSession *session = data;
  TernImapOpener *self = session->opener;
  GError *problem = NULL;

  if (self == NULL)
    return;
  if (self->sasl_error != NULL)
    problem = g_steal_pointer (&self->sasl_error);
  else if (error != NULL && self->sasl != NULL)
    problem = tern_sasl_explain (self->sasl, error);
  else if (error != NULL)
    problem = g_error_copy (error);
  else if (self->sasl != NULL)
    tern_sasl_finished (self->sasl, &problem);
  if (problem != NULL)
    {
      tern_imap_session_die (session, problem);
      return;
    }
  session->queue.authenticated = TRUE;
  tern_imap_session_set_state (session, TERN_IMAP_AUTHENTICATED);
  if (!session->caps_told)
    tern_imap_session_drop_caps (session);
  go_to (self, STEP_CAPABILITY_LOGGED_IN);
}

static void
send_secret_line (TernImapSession *session, char *line)
{
  g_autofree char *crlf = g_strconcat (line, "\r\n", NULL);

  tern_imap_session_send_text (session, crlf, TERN_WIRE_SECRET);
  memset (crlf, 0, strlen (crlf));
}

void
tern_imap_opener_continuation (TernImapOpener *self, TernImapSlice text)
{
  g_autofree char *challenge = g_strndup (text.data, text.length);
  char *answer = NULL;

  if (self->sasl == NULL || self->sasl_error != NULL)
    return;
  if (!self->initial_sent)
    {
      self->initial_sent = TRUE;
      answer = tern_sasl_initial (self->sasl, &self->sasl_error);
    }
  if (answer == NULL && self->sasl_error == NULL)
    answer = tern_sasl_step (self->sasl, challenge, &self->sasl_error);
  self->session->round_trips++;
  if (answer == NULL)
    tern_imap_session_send_text (self->session, "*\r\n", TERN_WIRE_SECRET);
  else
    send_secret_line (self->session, answer);
  tern_sasl_wipe (answer);
}

static void
authenticate (TernImapOpener *self)
{
  TernImapSession *session = self->session;
  TernImapCommand *command = tern_imap_command_new (TERN_IMAP_VERB_AUTHENTICATE, on_login, session);
  GError *error = NULL;
  char *initial = NULL;

  command->secret = TRUE;
  if (session->caps & TERN_IMAP_CAP_SASL_IR)
    {
      self->initial_sent = TRUE;
      tern_imap_session_use (session, "SASL-IR");
      initial = tern_sasl_initial (self->sasl, &error);
    }
  if (error != NULL)
    {
      tern_imap_command_free (command);
      tern_imap_session_die (session, error);
      return;
    }
  tern_imap_command_add (command, "AUTHENTICATE %s%s%s", tern_sasl_get_mechanism (self->sasl),
                         initial != NULL ? " " : "",
                         initial == NULL      ? ""
                         : initial[0] == '\0' ? "="
                                              : initial);
  tern_sasl_wipe (initial);
  command->opening = TRUE;
  tern_imap_session_enqueue (session, command);
}

static void
login (TernImapOpener *self)
{
  TernImapSession *session = self->session;
  gboolean secured = tern_transport_is_secure (session->transport);
  g_autoptr (GError) error = NULL;
  TernImapCommand *command;

  tern_imap_session_set_state (session, TERN_IMAP_SECURED);
  g_ptr_array_add (session->mechanisms, NULL);
  self->sasl = tern_sasl_new_for_transport ((const char *const *) session->mechanisms->pdata,
                                            session->endpoint, session->transport, self->product,
                                            session->credentials, &error);
  g_ptr_array_set_size (session->mechanisms, session->mechanisms->len - 1);
  session->caps_told = FALSE;
  if (self->sasl != NULL)
    {
      tern_connection_set_mechanism (session->connection, tern_sasl_get_mechanism (self->sasl));
      authenticate (self);
      return;
    }
  /* LOGIN is what is left where there is no SASL PLAIN; it is as good under TLS, and only there. It
   * takes nothing but a password. */
  if (!tern_fault_is (error, TERN_FAULT_NO_MECHANISM) || !secured
      || !tern_auth_is_password (session->credentials->auth)
      || (session->caps & TERN_IMAP_CAP_LOGINDISABLED))
    {
      tern_imap_session_die (session, g_steal_pointer (&error));
      return;
    }
  tern_connection_set_mechanism (session->connection, "LOGIN");
  command = tern_imap_command_new (TERN_IMAP_VERB_AUTHENTICATE, on_login, session);
  command->secret = TRUE;
  tern_imap_command_add (command, "LOGIN ");
  tern_imap_command_add_string (command, session->credentials->user);
  tern_imap_command_add (command, " ");
  tern_imap_command_add_string (command, session->credentials->password);
  command->opening = TRUE;
  tern_imap_session_enqueue (session, command);
}

/* --- what else is good to know ------------------------------------------------------------- */

/* RFC 4978 section 3: what follows the reply is compressed; a refusal changes nothing. */
static void
on_compress (TernImapCommand *command, const GError *error, gpointer data)
{
  TernImapSession *session = data;

  if (error == NULL && session->opener != NULL)
    {
      tern_imap_wire_compress (session->wire);
      tern_imap_session_use (session, "COMPRESS=DEFLATE");
    }
  on_help_done (command, error, data);
}

/* One more command of the flight that tells what else is good to know, when the server has it. */
static void
inform_by (TernImapSession *session,
           TernImapOpener *self,
           gboolean offered,
           const char *extension,
           TernImapVerb verb,
           TernImapCommandDone done,
           const char *text)
{
  /* A server that goes meanwhile takes the opener with it. */
  if (!offered || session->opener != self)
    return;
  self->outstanding++;
  if (extension != NULL)
    tern_imap_session_use (session, extension);
  send_command (self, verb, done, text);
}

static void on_enabled (TernImapCommand *command, const GError *error, gpointer data);

/* @revision: that of IMAP, or of its names, as well. */
static void
enable (TernImapSession *session, TernImapOpener *self, gboolean revision)
{
  TernImapCaps caps = session->caps;
  gboolean condstore = (caps & (TERN_IMAP_CAP_QRESYNC | TERN_IMAP_CAP_CONDSTORE)) != 0;
  gboolean rev2 = revision && (caps & TERN_IMAP_CAP_IMAP4REV2) != 0;
  gboolean utf8 = revision && !rev2 && (caps & TERN_IMAP_CAP_UTF8_ACCEPT) != 0;
  g_autofree char *text = g_strconcat ("ENABLE", condstore ? " CONDSTORE" : "",
                                       caps & TERN_IMAP_CAP_QRESYNC ? " QRESYNC" : "",
                                       rev2 ? " IMAP4rev2" : "", utf8 ? " UTF8=ACCEPT" : "", NULL);

  inform_by (session, self, (caps & TERN_IMAP_CAP_ENABLE) && (condstore || rev2 || utf8), "ENABLE",
             TERN_IMAP_VERB_ENABLE, rev2 || utf8 ? on_enabled : on_help_done, text);
}

/* A server that stumbles over the one shall not be without the other. */
static void
on_enabled (TernImapCommand *command, const GError *error, gpointer data)
{
  TernImapSession *session = data;

  if (error != NULL && session->opener != NULL)
    enable (session, session->opener, FALSE);
  on_help_done (command, error, data);
}

static void
inform (TernImapOpener *self)
{
  g_autoptr (TernImapSession) session = g_object_ref (self->session);
  TernImapCaps caps = session->caps;

  /* One that was never anything else need not be told (RFC 9051 section 6.3.1). */
  session->utf8_names = session->closes =
      (caps & TERN_IMAP_CAP_IMAP4REV2)
      && !tern_connection_has_offered (session->connection, "IMAP4rev1");
  /* One more, so that answers that come at once do not end the step early. */
  self->outstanding = 1;
  enable (session, self, TRUE);
  /* The name only: a version or the system would be nobody's business. */
  inform_by (session, self, caps & TERN_IMAP_CAP_ID, "ID", TERN_IMAP_VERB_INFORM, on_help_done,
             "ID (\"name\" \"Tern\")");
  inform_by (session, self, caps & TERN_IMAP_CAP_NAMESPACE, "NAMESPACE", TERN_IMAP_VERB_INFORM,
             on_help_done, "NAMESPACE");
  /* Last of the flight: nothing more may be sent until its reply. */
  inform_by (session, self, (caps & TERN_IMAP_CAP_COMPRESS) && !session->queue.safe_mode, NULL,
             TERN_IMAP_VERB_COMPRESS, on_compress, "COMPRESS DEFLATE");
  if (session->opener == self && --self->outstanding == 0)
    go_to (self, STEP_DONE);
}

static void
finish (TernImapOpener *self)
{
  TernImapSession *session = self->session;
  g_autoptr (GTask) task = g_object_ref (self->task);

  session->opener = NULL;
  opener_free (self);
  g_task_return_boolean (task, TRUE);
  tern_imap_session_pump (session);
}

static void
advance (TernImapOpener *self)
{
  switch (self->step)
    {
    case STEP_CONNECT:
      tern_imap_session_set_state (self->session, TERN_IMAP_CONNECTING);
      tern_transport_connect_async (self->session->endpoint, self->cancellable, on_connected,
                                    g_object_ref (self->session));
      break;
    case STEP_GREETING:
      break;
    case STEP_CAPABILITY:
    case STEP_CAPABILITY_SECURED:
    case STEP_CAPABILITY_LOGGED_IN:
      ask_caps (self);
      break;
    case STEP_SECURE:
      secure (self);
      break;
    case STEP_HANDSHAKE:
      start_handshake (self);
      break;
    case STEP_LOGIN:
      login (self);
      break;
    case STEP_INFORM:
      inform (self);
      break;
    case STEP_DONE:
      finish (self);
      break;
    }
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  g_autoptr (TernImapSession) session = g_object_ref (data);

  tern_imap_session_die (
      session, tern_fault_new (TERN_FAULT_CANCELLED, _ ("Connecting to %s was cancelled."),
                               session->endpoint->host));
  return G_SOURCE_REMOVE;
}

void
tern_imap_session_open_async (TernImapSession *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  TernImapOpener *opener;
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, tern_imap_session_open_async);
  if (self->state != TERN_IMAP_DISCONNECTED)
    {
      g_task_return_error (task,
                           tern_fault_new (TERN_FAULT_INTERNAL, "A session is opened only once."));
      g_object_unref (task);
      return;
    }
  opener = g_new0 (TernImapOpener, 1);
  opener->session = self;
  opener->task = task;
  opener->cancellable = g_cancellable_new ();
  self->opener = opener;
  if (cancellable != NULL)
    {
      /* In this context, whichever thread cancels. */
      opener->cancel_source = g_cancellable_source_new (cancellable);
      g_source_set_callback (opener->cancel_source, G_SOURCE_FUNC (on_cancelled), self, NULL);
      g_source_attach (opener->cancel_source, self->context);
    }
  go_to (opener, STEP_CONNECT);
}

gboolean
tern_imap_session_open_finish (TernImapSession *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
