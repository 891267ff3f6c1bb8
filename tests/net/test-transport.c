/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-endpoint.h"

#include "tern-script-server.h"

#include <string.h>
#include <sys/socket.h>

/* A resolver that answers what the names say, so that no test asks the network. */
#define TEST_TYPE_RESOLVER (test_resolver_get_type ())
G_DECLARE_FINAL_TYPE (TestResolver, test_resolver, TEST, RESOLVER, GResolver)
struct _TestResolver
{
  GResolver parent_instance;
};
G_DEFINE_FINAL_TYPE (TestResolver, test_resolver, G_TYPE_RESOLVER)

static void
test_resolver_lookup_async (GResolver *resolver,
                            const char *hostname,
                            GResolverNameLookupFlags flags,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, user_data);

  if (g_str_equal (hostname, "later.test"))
    g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_TEMPORARY_FAILURE, "later");
  else if (g_str_equal (hostname, "localhost"))
    g_task_return_pointer (task, g_list_append (NULL, g_inet_address_new_from_string ("127.0.0.1")),
                           NULL);
  else
    g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "none");
}

static GList *
test_resolver_lookup_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
test_resolver_class_init (TestResolverClass *klass)
{
  GResolverClass *resolver_class = G_RESOLVER_CLASS (klass);

  resolver_class->lookup_by_name_with_flags_async = test_resolver_lookup_async;
  resolver_class->lookup_by_name_with_flags_finish = test_resolver_lookup_finish;
}

static void
test_resolver_init (TestResolver *self)
{
}

static void
keep_result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref (result);
}

static TernTransport *
connect_to (TernEndpoint *endpoint, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_transport_connect_async (endpoint, NULL, keep_result_cb, &result);
  tern_test_wait_until (result != NULL);
  return tern_transport_connect_finish (result, error);
}

static TernTransport *
connect_port (const char *host,
              guint16 port,
              TernSecurity security,
              const char *ca_file,
              const char *pin,
              GError **error)
{
  g_autoptr (TernEndpoint) endpoint = tern_endpoint_new (host, port, security, ca_file, pin);

  return connect_to (endpoint, error);
}

static void
assert_fault (const GError *error, TernFaultCode code, const char *words)
{
  g_assert_error (error, TERN_FAULT, (int) code);
  g_test_message ("%s", error->message);
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" is not in \"%s\"", words, error->message);
}

static char *
read_text (TernTransport *transport)
{
  char text[256] = "";
  GInputStream *stream = g_io_stream_get_input_stream (tern_transport_get_stream (transport));
  gsize length;

  g_assert_true (g_input_stream_read_all (stream, text, strlen ("hello"), &length, NULL, NULL));
  return g_strdup (text);
}

static void
test_endpoint (void)
{
  g_autoptr (TernEndpoint) endpoint =
      tern_endpoint_new ("h", 993, TERN_SECURITY_TLS, "", "AB:CD:0e");
  g_autoptr (TernEndpoint) same = tern_endpoint_ref (endpoint);

  g_assert_cmpstr (same->pin_sha256, ==, "abcd0e");
  g_assert_null (same->ca_file);
}

static void
test_valid (gconstpointer host)
{
  g_autoptr (TernTestCert) cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  g_autoptr (TernScriptServer) server = tern_script_server_new (cert, TRUE);
  g_autoptr (TernTransport) transport = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *sha256 = NULL;

  tern_script_server_add (server, "R: hello", "EOF", NULL);
  transport = connect_port (host, tern_script_server_get_port (server), TERN_SECURITY_TLS,
                            cert->ca_file, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (tern_transport_is_secure (transport));
  sha256 = tern_transport_dup_certificate_sha256 (transport);
  g_assert_cmpstr (sha256, ==, cert->sha256);
  text = read_text (transport);
  g_assert_cmpstr (text, ==, "hello");
  g_clear_pointer (&transport, tern_transport_free);
  tern_script_server_finish (server, 1);
}

typedef struct
{
  const char *path;
  TernTestCertKind kind;
  gboolean trust_ca;
  const char *pin; /* "right", "wrong" or NULL */
  TernFaultCode code;
  const char *words; /* NULL: it is accepted */
} CertificateCase;

static const CertificateCase certificate_cases[] = {
  { "/transport/certificate/expired", TERN_TEST_CERT_EXPIRED, TRUE, NULL, TERN_FAULT_CERTIFICATE,
    "It expired on " },
  { "/transport/certificate/other-host", TERN_TEST_CERT_OTHER_HOST, TRUE, NULL,
    TERN_FAULT_CERTIFICATE, "It is for other names (mail.example.net) and not for localhost." },
  { "/transport/certificate/self-signed", TERN_TEST_CERT_SELF_SIGNED, TRUE, NULL,
    TERN_FAULT_CERTIFICATE, "It is self-signed" },
  { "/transport/certificate/unknown-issuer", TERN_TEST_CERT_GOOD, FALSE, NULL,
    TERN_FAULT_CERTIFICATE, "“CN=Tern test authority”, is not known" },
  { "/transport/certificate/pin-right", TERN_TEST_CERT_SELF_SIGNED, FALSE, "right", 0, NULL },
  { "/transport/certificate/pin-right-expired", TERN_TEST_CERT_EXPIRED, FALSE, "right", 0, NULL },
  { "/transport/certificate/pin-changed", TERN_TEST_CERT_SELF_SIGNED, FALSE, "wrong",
    TERN_FAULT_CERTIFICATE, "not the one that this account trusts" },
  { "/transport/certificate/pin-changed-to-valid", TERN_TEST_CERT_GOOD, TRUE, "wrong",
    TERN_FAULT_CERTIFICATE, "not the one that this account trusts" },
};

static char *
make_pin (const CertificateCase *test, const TernTestCert *cert)
{
  if (test->pin == NULL)
    return NULL;
  return g_str_equal (test->pin, "right") ? g_strdup (cert->sha256) : g_strnfill (64, '0');
}

static void
test_certificate (gconstpointer data)
{
  const CertificateCase *test = data;
  g_autoptr (TernTestCert) cert = tern_test_cert_new (test->kind);
  g_autoptr (TernScriptServer) server = tern_script_server_new (cert, TRUE);
  g_autoptr (TernTransport) transport = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *pin = make_pin (test, cert);

  tern_script_server_add (server, "STALL", NULL);
  transport = connect_port ("localhost", tern_script_server_get_port (server), TERN_SECURITY_TLS,
                            test->trust_ca ? cert->ca_file : NULL, pin, &error);
  if (test->words != NULL)
    {
      g_assert_null (transport);
      assert_fault (error, test->code, test->words);
      g_assert_cmpint (tern_fault_get_retry (error), ==, TERN_RETRY_NEVER);
    }
  else
    {
      g_assert_no_error (error);
      g_assert_true (tern_transport_is_secure (transport));
    }
}

static void
test_ca_file_missing (void)
{
  g_autoptr (TernTestCert) cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  g_autoptr (TernScriptServer) server = tern_script_server_new (cert, TRUE);
  g_autoptr (TernTransport) transport = NULL;
  g_autoptr (GError) error = NULL;

  tern_script_server_add (server, "STALL", NULL);
  transport = connect_port ("localhost", tern_script_server_get_port (server), TERN_SECURITY_TLS,
                            "/nowhere/ca.pem", NULL, &error);
  g_assert_null (transport);
  assert_fault (error, TERN_FAULT_CERTIFICATE, "/nowhere/ca.pem");
}

static void
test_plain_text (void)
{
  g_autoptr (TernScriptServer) server = tern_script_server_new (NULL, FALSE);
  g_autoptr (TernTransport) transport = NULL;
  g_autoptr (GError) error = NULL;

  tern_script_server_add (server, "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] Welcome", "STALL", NULL);
  transport = connect_port ("localhost", tern_script_server_get_port (server), TERN_SECURITY_TLS,
                            NULL, NULL, &error);
  g_assert_null (transport);
  assert_fault (error, TERN_FAULT_TLS, "localhost does not speak TLS on port");
}

static void
test_close_in_handshake (gconstpointer how)
{
  g_autoptr (TernScriptServer) server = tern_script_server_new (NULL, FALSE);
  g_autoptr (TernTransport) transport = NULL;
  g_autoptr (GError) error = NULL;

  tern_script_server_add (server, how, NULL);
  transport = connect_port ("localhost", tern_script_server_get_port (server), TERN_SECURITY_TLS,
                            NULL, NULL, &error);
  g_assert_null (transport);
  assert_fault (error, TERN_FAULT_DISCONNECTED, "localhost");
}

static guint16
dup_closed_port (void)
{
  g_autoptr (TernScriptServer) server = tern_script_server_new (NULL, FALSE);

  return tern_script_server_get_port (server);
}

static void
test_refused (void)
{
  g_autoptr (TernTransport) transport = NULL;
  g_autoptr (GError) error = NULL;

  transport = connect_port ("localhost", dup_closed_port (), TERN_SECURITY_TLS, NULL, NULL, &error);
  g_assert_null (transport);
  assert_fault (error, TERN_FAULT_UNREACHABLE, "localhost refuses connections on port");
}

static void
test_unknown_host (void)
{
  g_autoptr (TernTransport) transport = NULL;
  g_autoptr (GError) error = NULL;

  transport = connect_port ("nobody.test", 993, TERN_SECURITY_TLS, NULL, NULL, &error);
  g_assert_null (transport);
  assert_fault (error, TERN_FAULT_UNKNOWN_HOST, "no server with the name nobody.test");
}

static void
test_resolver_down (void)
{
  g_autoptr (TernTransport) transport = NULL;
  g_autoptr (GError) error = NULL;

  transport = connect_port ("later.test", 993, TERN_SECURITY_TLS, NULL, NULL, &error);
  g_assert_null (transport);
  assert_fault (error, TERN_FAULT_UNREACHABLE, "later.test cannot be looked up");
}

static void
test_no_route (void)
{
  g_autoptr (TernTransport) transport = NULL;
  g_autoptr (GError) error = NULL;

  /* TCP cannot be had with a multicast address, whatever the routes are. */
  transport = connect_port ("224.0.0.1", 993, TERN_SECURITY_TLS, NULL, NULL, &error);
  g_assert_null (transport);
  assert_fault (error, TERN_FAULT_UNREACHABLE, "There is no way to 224.0.0.1");
}

static gboolean
start_tls (TernTransport *transport, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_transport_start_tls_async (transport, NULL, keep_result_cb, &result);
  tern_test_wait_until (result != NULL);
  return tern_transport_start_tls_finish (transport, result, error);
}

static void
test_start_tls (void)
{
  g_autoptr (TernTestCert) cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  g_autoptr (TernScriptServer) server = tern_script_server_new (cert, FALSE);
  g_autoptr (TernTransport) transport = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  GIOStream *plain;

  tern_script_server_add (server, "R: plain", "TLS", "R: hello", "EOF", NULL);
  transport = connect_port ("localhost", tern_script_server_get_port (server),
                            TERN_SECURITY_STARTTLS, cert->ca_file, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (tern_transport_is_secure (transport));
  g_assert_null (tern_transport_get_certificate (transport));
  before = read_text (transport);
  g_assert_cmpstr (before, ==, "plain");
  plain = tern_transport_get_stream (transport);
  g_assert_true (start_tls (transport, &error));
  g_assert_no_error (error);
  g_assert_true (tern_transport_is_secure (transport));
  g_assert_true (plain != tern_transport_get_stream (transport));
  after = read_text (transport);
  g_assert_cmpstr (after, ==, "hello");
  g_clear_pointer (&transport, tern_transport_free);
  tern_script_server_finish (server, 1);
}

static void
test_start_tls_bad_certificate (void)
{
  g_autoptr (TernTestCert) cert = tern_test_cert_new (TERN_TEST_CERT_EXPIRED);
  g_autoptr (TernScriptServer) server = tern_script_server_new (cert, FALSE);
  g_autoptr (TernTransport) transport = NULL;
  g_autoptr (GError) error = NULL;

  tern_script_server_add (server, "TLS", NULL);
  transport = connect_port ("localhost", tern_script_server_get_port (server),
                            TERN_SECURITY_STARTTLS, cert->ca_file, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (start_tls (transport, &error));
  assert_fault (error, TERN_FAULT_CERTIFICATE, "expired");
  g_assert_false (tern_transport_is_secure (transport));
}

static gpointer
cancel_thread (gpointer data)
{
  g_cancellable_cancel (data);
  return NULL;
}

/* Cancels after each number of turns of the loop until the connection comes to stand before that:
 * so at every step of resolving, connecting and the handshake. */
static void
test_cancel (gconstpointer from_thread)
{
  g_autoptr (TernTestCert) cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  g_autoptr (TernScriptServer) server = tern_script_server_new (cert, TRUE);
  g_autoptr (TernEndpoint) endpoint = NULL;
  guint cancelled = 0;
  gboolean connected = FALSE;

  endpoint = tern_endpoint_new ("localhost", tern_script_server_get_port (server),
                                TERN_SECURITY_TLS, cert->ca_file, NULL);
  for (guint turns = 0; turns < 200 && !connected; turns++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (TernTransport) transport = NULL;
      g_autoptr (GError) error = NULL;

      tern_script_server_add (server, "STALL", NULL);
      tern_transport_connect_async (endpoint, cancellable, keep_result_cb, &result);
      for (guint i = 0; i < turns && result == NULL; i++)
        g_main_context_iteration (NULL, TRUE);
      connected = result != NULL;
      if (!connected && GPOINTER_TO_INT (from_thread))
        g_thread_join (g_thread_new ("cancel", cancel_thread, cancellable));
      else if (!connected)
        g_cancellable_cancel (cancellable);
      tern_test_wait_until (result != NULL);
      transport = tern_transport_connect_finish (result, &error);
      if (connected)
        g_assert_no_error (error);
      else
        {
          g_assert_null (transport);
          g_assert_true (tern_fault_is_cancelled (error));
          cancelled++;
        }
    }
  g_assert_true (connected);
  g_assert_cmpuint (cancelled, >, 3);
}

static void
test_cancel_silent (void)
{
  g_autoptr (TernScriptServer) server = tern_script_server_new (NULL, FALSE);
  g_autoptr (TernEndpoint) endpoint = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tern_script_server_add (server, "C: *", "STALL", NULL);
  endpoint = tern_endpoint_new ("localhost", tern_script_server_get_port (server),
                                TERN_SECURITY_TLS, NULL, NULL);
  tern_transport_connect_async (endpoint, cancellable, keep_result_cb, &result);
  tern_test_wait_until (tern_script_server_get_connections (server) == 1);
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  tern_test_wait_until (result != NULL);
  g_assert_null (tern_transport_connect_finish (result, &error));
  g_assert_true (tern_fault_is_cancelled (error));
}

static void
test_free_with_pending_read (void)
{
  g_autoptr (TernTestCert) cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  g_autoptr (TernScriptServer) server = tern_script_server_new (cert, TRUE);
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TernTransport *transport;
  char buffer[16];

  tern_script_server_add (server, "EOF", NULL);
  transport = connect_port ("localhost", tern_script_server_get_port (server), TERN_SECURITY_TLS,
                            cert->ca_file, NULL, &error);
  g_assert_no_error (error);
  stream = g_object_ref (tern_transport_get_stream (transport));
  g_input_stream_read_async (g_io_stream_get_input_stream (stream), buffer, sizeof buffer,
                             G_PRIORITY_DEFAULT, NULL, keep_result_cb, &result);
  tern_transport_free (transport);
  tern_test_wait_until (result != NULL);
  g_assert_cmpint (g_input_stream_read_finish (g_io_stream_get_input_stream (stream), result, NULL),
                   <=, 0);
  tern_script_server_finish (server, 1);
}

/* A listening socket whose queue is full does not answer: the kernel drops what comes. */
static guint16
make_mute_port (GPtrArray *sockets)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) address = NULL;
  GSocket *listener = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, NULL);

  g_ptr_array_add (sockets, listener);
  g_assert_true (g_socket_bind (listener, any, TRUE, NULL));
  g_socket_set_listen_backlog (listener, 0);
  g_assert_true (g_socket_listen (listener, NULL));
  address = g_socket_get_local_address (listener, NULL);
  for (guint i = 0; i < 3; i++)
    {
      GSocket *filler = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, NULL);

      g_socket_set_blocking (filler, FALSE);
      g_socket_connect (filler, address, NULL, NULL);
      g_ptr_array_add (sockets, filler);
    }
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

/* Takes TERN_TIMEOUT_CONNECT seconds of doing nothing, so it only runs with -m slow. */
static void
test_deadline (void)
{
  g_autoptr (TernScriptServer) server = tern_script_server_new (NULL, FALSE);
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (TernEndpoint) silent = NULL;
  g_autoptr (TernEndpoint) mute = NULL;
  g_autoptr (GAsyncResult) silent_result = NULL;
  g_autoptr (GAsyncResult) mute_result = NULL;
  g_autoptr (GError) silent_error = NULL;
  g_autoptr (GError) mute_error = NULL;

  if (!g_test_slow ())
    {
      g_test_skip ("slow");
      return;
    }
  tern_script_server_add (server, "STALL", NULL);
  silent = tern_endpoint_new ("localhost", tern_script_server_get_port (server), TERN_SECURITY_TLS,
                              NULL, NULL);
  mute = tern_endpoint_new ("localhost", make_mute_port (sockets), TERN_SECURITY_TLS, NULL, NULL);
  tern_transport_connect_async (silent, NULL, keep_result_cb, &silent_result);
  tern_transport_connect_async (mute, NULL, keep_result_cb, &mute_result);
  while (silent_result == NULL || mute_result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (tern_transport_connect_finish (silent_result, &silent_error));
  assert_fault (silent_error, TERN_FAULT_TIMED_OUT, "does not answer the TLS handshake");
  g_assert_null (tern_transport_connect_finish (mute_result, &mute_error));
  assert_fault (mute_error, TERN_FAULT_TIMED_OUT, "localhost does not answer on port");
}

int
main (int argc, char **argv)
{
  g_autoptr (GResolver) resolver = NULL;

  g_test_init (&argc, &argv, NULL);
  resolver = g_object_new (TEST_TYPE_RESOLVER, NULL);
  g_resolver_set_default (resolver);

  g_test_add_func ("/transport/endpoint", test_endpoint);
  g_test_add_data_func ("/transport/valid/name", "localhost", test_valid);
  g_test_add_data_func ("/transport/valid/address", "127.0.0.1", test_valid);
  for (gsize i = 0; i < G_N_ELEMENTS (certificate_cases); i++)
    g_test_add_data_func (certificate_cases[i].path, &certificate_cases[i], test_certificate);
  g_test_add_func ("/transport/ca-file-missing", test_ca_file_missing);
  g_test_add_func ("/transport/plain-text", test_plain_text);
  g_test_add_data_func ("/transport/close-in-handshake", "CLOSE", test_close_in_handshake);
  g_test_add_data_func ("/transport/cut-in-handshake", "CUT", test_close_in_handshake);
  g_test_add_func ("/transport/refused", test_refused);
  g_test_add_func ("/transport/unknown-host", test_unknown_host);
  g_test_add_func ("/transport/resolver-down", test_resolver_down);
  g_test_add_func ("/transport/no-route", test_no_route);
  g_test_add_func ("/transport/start-tls", test_start_tls);
  g_test_add_func ("/transport/start-tls-bad-certificate", test_start_tls_bad_certificate);
  g_test_add_data_func ("/transport/cancel", GINT_TO_POINTER (FALSE), test_cancel);
  g_test_add_data_func ("/transport/cancel-from-thread", GINT_TO_POINTER (TRUE), test_cancel);
  g_test_add_func ("/transport/cancel-silent", test_cancel_silent);
  g_test_add_func ("/transport/free-with-pending-read", test_free_with_pending_read);
  g_test_add_func ("/transport/deadline", test_deadline);
  return g_test_run ();
}
