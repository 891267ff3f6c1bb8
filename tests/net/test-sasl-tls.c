/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-session.h"
#include "tern-smtp-session.h"

#include "tern-script-server.h"

#include <gsasl.h>
#include <string.h>

/*
 * Whole logins over real TLS, at a server whose side of SASL is that of libgsasl, and through a man
 * in the middle who has a certificate that the client believes. TERN_TEST_TLS says which version of
 * TLS the environment allows: "TLS 1.3" or "TLS 1.2".
 */
typedef struct _Server Server;

struct _Server
{
  TernTestCert *cert; /* (lent) */
  GSocketService *service;
  guint16 port;
  int active; /* atomic: connections */
  gboolean smtp;
  const char *mechanisms; /* announced */
  gboolean binds;         /* libgsasl knows the TLS connection */
  const char *complaint;  /* (nullable) told before the refusal: "e=…" */
  Server *behind;         /* (nullable) (lent): then this is the man in the middle */
  const char *strips;     /* (nullable) what he takes out of the announcement */
  char *header;           /* (nullable): gs2-header that the client sent last */
  int logins;             /* atomic: that were granted */
};

typedef struct
{
  Server *server;
  GTlsConnection *tls;
  GDataInputStream *input;
  char *name; /* (nullable): in the client's certificate */
} Peer;

static void
peer_clear (Peer *self)
{
  g_clear_object (&self->input);
  g_clear_object (&self->tls);
  g_free (self->name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Peer, peer_clear)

static void
peer_start (Peer *self)
{
  self->input = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (self->tls)));
  g_data_input_stream_set_newline_type (self->input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
}

static char *
read_line (Peer *self)
{
  return g_data_input_stream_read_line (self->input, NULL, NULL, NULL);
}

static void G_GNUC_PRINTF (2, 3) say (Peer *self, const char *format, ...)
{
  g_autofree char *line = NULL;
  g_autofree char *crlf = NULL;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  crlf = g_strconcat (line, "\r\n", NULL);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (self->tls)), crlf,
                             strlen (crlf), NULL, NULL, NULL);
}

static gboolean
believe_cb (GTlsConnection *tls,
            GTlsCertificate *certificate,
            GTlsCertificateFlags problems,
            gpointer data)
{
  return TRUE;
}

/* --- the server's side of SASL ------------------------------------------------------------- */

static int
validate_cb (Gsasl *context, Gsasl_session *session, Gsasl_property property)
{
  Peer *self = gsasl_session_hook_get (session);

  if (property != GSASL_VALIDATE_EXTERNAL)
    return GSASL_NO_CALLBACK;
  return g_strcmp0 (self->name, gsasl_property_fast (session, GSASL_AUTHZID)) == 0
             ? GSASL_OK
             : GSASL_AUTHENTICATION_ERROR;
}

static void
tell_binding (Peer *self, Gsasl_session *session)
{
  g_autoptr (GByteArray) data = g_byte_array_new ();
  g_autofree char *encoded = NULL;
  gboolean exporter =
      g_tls_connection_get_protocol_version (self->tls) == G_TLS_PROTOCOL_VERSION_TLS_1_3;

  g_assert_true (g_tls_connection_get_channel_binding_data (
      self->tls, exporter ? G_TLS_CHANNEL_BINDING_TLS_EXPORTER : G_TLS_CHANNEL_BINDING_TLS_UNIQUE,
      data, NULL));
  encoded = g_base64_encode (data->data, data->len);
  gsasl_property_set (session, exporter ? GSASL_CB_TLS_EXPORTER : GSASL_CB_TLS_UNIQUE, encoded);
}

static void
keep_header (Server *self, const char *first64)
{
  gsize length;
  g_autofree char *text = (char *) g_base64_decode (first64, &length);
  const char *end = strstr (text, ",,");

  g_free (self->header);
  self->header = end != NULL ? g_strndup (text, end - text) : NULL;
}

/* @response: (nullable) the initial one. */
static gboolean
exchange (Peer *self, Gsasl_session *session, char *response)
{
  const char *prompt = self->server->smtp ? "334" : "+";
  int result = GSASL_NEEDS_MORE;

  while (result == GSASL_NEEDS_MORE)
    {
      g_autofree char *answer = response;
      char *challenge = NULL;

      result = gsasl_step64 (session, answer != NULL ? answer : "", &challenge);
      if (result == GSASL_OK || result == GSASL_NEEDS_MORE)
        {
          if (result == GSASL_NEEDS_MORE || *challenge != '\0')
            {
              say (self, "%s %s", prompt, challenge);
              response = read_line (self);
            }
          else
            response = NULL;
          gsasl_free (challenge);
        }
      else if (self->server->complaint != NULL)
        {
          g_autofree char *complaint = g_base64_encode ((const guchar *) self->server->complaint,
                                                        strlen (self->server->complaint));

          say (self, "%s %s", prompt, complaint);
          response = read_line (self);
        }
      else
        response = NULL;
    }
  g_free (response);
  return result == GSASL_OK;
}

static gboolean
authenticate (Peer *self, const char *mechanism, const char *initial)
{
  Gsasl *context;
  Gsasl_session *session;
  gboolean good = FALSE;

  g_assert_cmpint (gsasl_init (&context), ==, GSASL_OK);
  gsasl_callback_set (context, validate_cb);
  if (gsasl_server_start (context, mechanism, &session) == GSASL_OK)
    {
      gsasl_session_hook_set (session, self);
      gsasl_property_set (session, GSASL_PASSWORD, "pencil");
      if (self->server->binds)
        tell_binding (self, session);
      if (initial != NULL)
        keep_header (self->server, initial);
      good = exchange (self, session, g_strdup (initial));
      gsasl_finish (session);
    }
  gsasl_done (context);
  if (good)
    g_atomic_int_inc (&self->server->logins);
  return good;
}

/* --- dialogues ----------------------------------------------------------------------------- */

static void
speak_imap (Peer *self)
{
  g_auto (GStrv) names = g_strsplit (self->server->mechanisms, " ", -1);
  g_autofree char *list = g_strjoinv (" AUTH=", names);
  char *line;

  say (self, "* OK [CAPABILITY IMAP4rev1 SASL-IR LOGINDISABLED AUTH=%s] hi", list);
  while ((line = read_line (self)) != NULL)
    {
      g_auto (GStrv) words = g_strsplit (line, " ", 4);

      g_free (line);
      if (g_strcmp0 (words[1], "AUTHENTICATE") == 0)
        say (self, "%s %s", words[0],
             authenticate (self, words[2], words[3]) ? "OK in"
                                                     : "NO [AUTHENTICATIONFAILED] no such luck");
      else if (g_strcmp0 (words[1], "CAPABILITY") == 0)
        say (self, "* CAPABILITY IMAP4rev1\r\n%s OK", words[0]);
      else
        say (self, "%s OK", words[0]);
    }
}

static void
speak_smtp (Peer *self)
{
  char *line;

  say (self, "220 mail.test");
  while ((line = read_line (self)) != NULL)
    {
      g_auto (GStrv) words = g_strsplit (line, " ", 3);

      g_free (line);
      if (g_strcmp0 (words[0], "EHLO") == 0)
        say (self, "250-mail.test\r\n250 AUTH %s", self->server->mechanisms);
      else if (g_strcmp0 (words[0], "AUTH") == 0)
        say (self, authenticate (self, words[1], words[2]) ? "235 in" : "535 5.7.8 no such luck");
      else
        say (self, "250 OK");
    }
}

/* IMAP only, where client and server take turns until the login is over. */
static void
listen_in (Peer *self)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) tcp =
      g_socket_client_connect_to_host (client, "127.0.0.1", self->server->behind->port, NULL, NULL);
  g_auto (Peer) far = { self->server };
  gboolean over = FALSE;

  g_assert_nonnull (tcp);
  far.tls = G_TLS_CONNECTION (g_tls_client_connection_new (G_IO_STREAM (tcp), NULL, NULL));
  g_signal_connect (far.tls, "accept-certificate", G_CALLBACK (believe_cb), NULL);
  peer_start (&far);
  for (gboolean greeted = FALSE; !over; greeted = TRUE)
    {
      g_autofree char *command = greeted ? read_line (self) : NULL;

      if (greeted && command == NULL)
        break;
      if (greeted)
        say (&far, "%s", command);
      for (gboolean more = TRUE; more && !over;)
        {
          g_autofree char *reply = read_line (&far);
          g_autoptr (GString) text = g_string_new (reply);

          over = reply == NULL;
          more = greeted && text->str[0] == '*';
          if (self->server->strips != NULL)
            g_string_replace (text, self->server->strips, "", 0);
          if (!over)
            say (self, "%s", text->str);
        }
    }
}

static gboolean
run_cb (GThreadedSocketService *service,
        GSocketConnection *connection,
        GObject *source,
        gpointer data)
{
  Server *server = data;
  g_auto (Peer) peer = { server };
  g_autoptr (GTlsCertificate) shown = NULL;

  g_atomic_int_inc (&server->active);
  peer.tls = G_TLS_CONNECTION (
      g_tls_server_connection_new (G_IO_STREAM (connection), server->cert->certificate, NULL));
  g_tls_connection_set_require_close_notify (peer.tls, FALSE);
  g_object_set (peer.tls, "authentication-mode", G_TLS_AUTHENTICATION_REQUESTED, NULL);
  g_signal_connect (peer.tls, "accept-certificate", G_CALLBACK (believe_cb), NULL);
  if (g_tls_connection_handshake (peer.tls, NULL, NULL))
    {
      g_object_get (peer.tls, "peer-certificate", &shown, NULL);
      peer.name = shown != NULL ? g_tls_certificate_get_subject_name (shown) : NULL;
      peer_start (&peer);
      if (server->behind != NULL)
        listen_in (&peer);
      else if (server->smtp)
        speak_smtp (&peer);
      else
        speak_imap (&peer);
    }
  g_io_stream_close (G_IO_STREAM (peer.tls), NULL, NULL);
  g_atomic_int_add (&server->active, -1);
  return TRUE;
}

static void
server_start (Server *self)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;

  self->service = g_threaded_socket_service_new (10);
  g_assert_true (g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), any,
                                                G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL,
                                                &bound, NULL));
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_signal_connect (self->service, "run", G_CALLBACK (run_cb), self);
  g_socket_service_start (self->service);
}

static void
server_stop (Server *self)
{
  tern_test_wait_until (g_atomic_int_get (&self->active) == 0);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_clear_object (&self->service);
  g_clear_pointer (&self->header, g_free);
}

/* --- the client ---------------------------------------------------------------------------- */

static TernTestCert *cert;       /* the server's */
static TernTestCert *other_cert; /* of the man in the middle */

static void
keep_result_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **slot = data;

  *slot = g_object_ref (result);
}

static void
check_connection (TernConnection *connection, const char *mechanism)
{
  g_assert_cmpstr (connection->tls_version, ==, g_getenv ("TERN_TEST_TLS"));
  g_assert_cmpstr (connection->mechanism, ==, mechanism);
}

/* Logs in and goes. (nullable): why not. */
static GError *
log_in (TernEndpoint *endpoint, TernCredentials *credentials, gboolean smtp, const char *mechanism)
{
  static const TernImapHandlers none = { 0 };
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  if (smtp)
    {
      g_autoptr (TernSmtpSession) session = tern_smtp_session_new (endpoint, credentials);

      tern_smtp_session_open_async (session, NULL, keep_result_cb, &result);
      tern_test_wait_until (result != NULL);
      tern_smtp_session_open_finish (session, result, &error);
      check_connection (tern_smtp_session_get_connection (session), mechanism);
      tern_smtp_session_close (session);
      g_clear_object (&result);
    }
  else
    {
      g_autoptr (TernImapSession) session =
          tern_imap_session_new (endpoint, credentials, "test", FALSE, &none, NULL);

      tern_imap_session_open_async (session, NULL, keep_result_cb, &result);
      tern_test_wait_until (result != NULL);
      tern_imap_session_open_finish (session, result, &error);
      check_connection (tern_imap_session_get_connection (session), mechanism);
      if (error == NULL)
        tern_imap_session_close (session);
      g_clear_object (&result);
    }
  return error;
}

static GError *
log_in_with (Server *server, const char *password, const char *mechanism)
{
  g_autoptr (TernCredentials) credentials = tern_credentials_new ("anna", password);
  g_autoptr (TernEndpoint) endpoint =
      tern_endpoint_new ("127.0.0.1", server->port, TERN_SECURITY_TLS, server->cert->ca_file, NULL);

  return log_in (endpoint, credentials, server->smtp, mechanism);
}

static const char *
bound_header (void)
{
  return g_str_equal (g_getenv ("TERN_TEST_TLS"), "TLS 1.3") ? "p=tls-exporter" : "p=tls-unique";
}

static void
test_bound (gconstpointer smtp)
{
  static const char *const offers[][2] = {
    { "SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS" },
    { "SCRAM-SHA-256 SCRAM-SHA-1-PLUS", "SCRAM-SHA-1-PLUS" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (offers); i++)
    {
      Server server = { cert, .smtp = GPOINTER_TO_INT (smtp), .mechanisms = offers[i][0],
                        .binds = TRUE };
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) refused = NULL;

      server_start (&server);
      error = log_in_with (&server, "pencil", offers[i][1]);
      g_assert_no_error (error);
      g_assert_cmpint (server.logins, ==, 1);
      g_assert_cmpstr (server.header, ==, bound_header ());
      refused = log_in_with (&server, "crayon", offers[i][1]);
      g_assert_error (refused, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
      server_stop (&server);
    }
}

/* The server knows nothing of bindings: it does not mind that the client does. */
static void
test_unbound (gconstpointer smtp)
{
  Server server = { cert, .smtp = GPOINTER_TO_INT (smtp), .mechanisms = "SCRAM-SHA-256 PLAIN" };
  g_autoptr (GError) error = NULL;

  server_start (&server);
  error = log_in_with (&server, "pencil", "SCRAM-SHA-256");
  g_assert_no_error (error);
  g_assert_cmpstr (server.header, ==, "y");
  server_stop (&server);
}

/* The server offers -PLUS, but knows another binding: it refuses before it has heard of the
 * password, and a person may decide to go without. */
static void
test_other_binding (gconstpointer complaint)
{
  const int code = complaint != NULL ? TERN_FAULT_NO_MECHANISM : TERN_FAULT_AUTHENTICATION;
  Server server = { cert, .mechanisms = "SCRAM-SHA-256 SCRAM-SHA-256-PLUS",
                    .complaint = complaint };
  g_autoptr (TernCredentials) unbound =
      tern_credentials_new_for (TERN_AUTH_UNBOUND, "anna", "pencil");
  g_autoptr (TernEndpoint) endpoint = NULL;
  g_autoptr (GError) refused = NULL;
  g_autoptr (GError) error = NULL;

  server_start (&server);
  endpoint = tern_endpoint_new ("127.0.0.1", server.port, TERN_SECURITY_TLS, cert->ca_file, NULL);
  refused = log_in_with (&server, "pencil", "SCRAM-SHA-256-PLUS");
  g_assert_error (refused, TERN_FAULT, code);
  g_assert_nonnull (strstr (refused->message, "the connection"));
  error = log_in (endpoint, unbound, FALSE, "SCRAM-SHA-256");
  g_assert_no_error (error);
  g_assert_cmpstr (server.header, ==, "n");
  server_stop (&server);
}

typedef struct
{
  const char *path;
  const char *strips;
  const char *complaint;
  gboolean binds;
  const char *mechanism;
  int code; /* -1: he is not noticed */
} MiddleCase;

#define OFFER "SCRAM-SHA-256-PLUS SCRAM-SHA-256"
#define PLUS  " AUTH=SCRAM-SHA-256-PLUS"

/* He only passes on what is said; the login is for his connection, not for the server's. When he
 * takes -PLUS out of the list, the server hears that the client could have bound the login. A
 * server that does not bind shows that he does his work. */
static const MiddleCase middle_cases[] = {
  { "/sasl-tls/middle/bound", NULL, NULL, TRUE, "SCRAM-SHA-256-PLUS", TERN_FAULT_AUTHENTICATION },
  { "/sasl-tls/middle/bound-told", NULL, "e=channel-bindings-dont-match", TRUE,
    "SCRAM-SHA-256-PLUS", TERN_FAULT_CERTIFICATE },
  { "/sasl-tls/middle/stripped", PLUS, NULL, TRUE, "SCRAM-SHA-256", TERN_FAULT_AUTHENTICATION },
  { "/sasl-tls/middle/stripped-told", PLUS, "e=server-does-support-channel-binding", TRUE,
    "SCRAM-SHA-256", TERN_FAULT_CERTIFICATE },
  { "/sasl-tls/middle/not-noticed", PLUS, NULL, FALSE, "SCRAM-SHA-256", -1 },
};

static void
test_middle (gconstpointer data)
{
  const MiddleCase *test = data;
  Server server = { cert, .mechanisms = "SCRAM-SHA-1 " OFFER, .binds = test->binds,
                    .complaint = test->complaint };
  Server middle = { other_cert, .behind = &server, .strips = test->strips };
  g_autoptr (GError) error = NULL;

  server_start (&server);
  server_start (&middle);
  error = log_in_with (&middle, "pencil", test->mechanism);
  g_assert_cmpint (g_atomic_int_get (&server.logins), ==, test->code == -1 ? 1 : 0);
  if (test->code == -1)
    g_assert_no_error (error);
  else
    g_assert_error (error, TERN_FAULT, test->code);
  server_stop (&middle);
  server_stop (&server);
}

static char *
join_pem (const TernTestCert *client)
{
  g_autofree char *path = g_build_filename (client->dir, "both.pem", NULL);
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *both = NULL;

  g_assert_true (g_file_get_contents (client->cert_file, &first, NULL, NULL));
  g_assert_true (g_file_get_contents (client->key_file, &second, NULL, NULL));
  both = g_strconcat (first, second, NULL);
  g_assert_true (g_file_set_contents (path, both, -1, NULL));
  return g_steal_pointer (&path);
}

static void
test_external (gconstpointer smtp)
{
  Server server = { cert, .smtp = GPOINTER_TO_INT (smtp), .mechanisms = "PLAIN EXTERNAL" };
  g_autofree char *pem = join_pem (other_cert);
  g_autofree char *name = g_tls_certificate_get_subject_name (other_cert->certificate);
  g_autoptr (TernCredentials) credentials =
      tern_credentials_new_for (TERN_AUTH_EXTERNAL, name, NULL);
  g_autoptr (TernCredentials) another =
      tern_credentials_new_for (TERN_AUTH_EXTERNAL, "somebody else", NULL);
  g_autoptr (TernEndpoint) plain = NULL;
  g_autoptr (TernEndpoint) endpoint = NULL;
  g_autoptr (GError) good = NULL;
  g_autoptr (GError) other = NULL;
  g_autoptr (GError) without = NULL;

  server_start (&server);
  plain = tern_endpoint_new ("127.0.0.1", server.port, TERN_SECURITY_TLS, cert->ca_file, NULL);
  endpoint = tern_endpoint_with_client_cert (plain, pem);
  good = log_in (endpoint, credentials, server.smtp, "EXTERNAL");
  g_assert_no_error (good);
  other = log_in (endpoint, another, server.smtp, "EXTERNAL");
  g_assert_error (other, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  without = log_in (plain, credentials, server.smtp, "EXTERNAL");
  g_assert_error (without, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  g_assert_cmpint (server.logins, ==, 1);
  server_stop (&server);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_main_context_acquire (NULL);
  cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  other_cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  g_test_add_data_func ("/sasl-tls/bound/imap", GINT_TO_POINTER (FALSE), test_bound);
  g_test_add_data_func ("/sasl-tls/bound/smtp", GINT_TO_POINTER (TRUE), test_bound);
  g_test_add_data_func ("/sasl-tls/unbound/imap", GINT_TO_POINTER (FALSE), test_unbound);
  g_test_add_data_func ("/sasl-tls/unbound/smtp", GINT_TO_POINTER (TRUE), test_unbound);
  g_test_add_data_func ("/sasl-tls/other-binding", NULL, test_other_binding);
  g_test_add_data_func ("/sasl-tls/other-binding-told", "e=unsupported-channel-binding-type",
                        test_other_binding);
  for (gsize i = 0; i < G_N_ELEMENTS (middle_cases); i++)
    g_test_add_data_func (middle_cases[i].path, &middle_cases[i], test_middle);
  g_test_add_data_func ("/sasl-tls/external/imap", GINT_TO_POINTER (FALSE), test_external);
  g_test_add_data_func ("/sasl-tls/external/smtp", GINT_TO_POINTER (TRUE), test_external);
  status = g_test_run ();
  tern_test_cert_free (cert);
  tern_test_cert_free (other_cert);
  g_main_context_release (NULL);
  return status;
}
