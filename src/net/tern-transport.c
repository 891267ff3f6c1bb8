/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-transport.h"

#include "tern-limits.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <glib/gi18n.h>

struct _TernTransport
{
  TernEndpoint *endpoint;
  GSocketConnection *connection; /* (owned) (nullable): before the first step is done */
  GIOStream *stream;             /* (owned) (nullable): the TLS stream when secure */
  gboolean secure;
};

/*
 * Connecting and STARTTLS are the same machine, entered at different steps. Nothing of it touches
 * the caller's cancellable except @watch: the steps run on a cancellable of their own, which the
 * watch and the deadline cancel. So every step is ended by GIO in the usual way, in this context,
 * and is finished before the caller hears of it.
 */
typedef enum
{
  STEP_CONNECT,
  STEP_HANDSHAKE,
  STEP_DONE,
} Step;

typedef struct
{
  TernTransport *transport; /* (owned) */
  Step step;
  GCancellable *cancellable;     /* (owned): of the steps */
  GSource *watch;                /* (owned) (nullable): the caller's cancellable */
  GSource *deadline;             /* (owned) */
  gboolean timed_out;            /* by our deadline */
  GTlsCertificate *rejected;     /* (owned) (nullable) */
  GTlsCertificateFlags problems; /* of @rejected */
} Attempt;

static void
transport_clear (gpointer data)
{
  TernTransport *self = data;

  g_clear_object (&self->stream);
  g_clear_object (&self->connection);
  tern_endpoint_unref (self->endpoint);
}

static void
transport_unref (TernTransport *self)
{
  g_rc_box_release_full (self, transport_clear);
}

static void
destroy_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
attempt_free (gpointer data)
{
  Attempt *self = data;

  destroy_source (&self->watch);
  destroy_source (&self->deadline);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->rejected);
  g_clear_pointer (&self->transport, transport_unref);
  g_free (self);
}

static gboolean
caller_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  Attempt *self = user_data;

  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

static gboolean
deadline_cb (gpointer user_data)
{
  Attempt *self = user_data;

  self->timed_out = TRUE;
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

static Attempt *
attempt_new (TernTransport *transport, Step step, GCancellable *cancellable)
{
  Attempt *self = g_new0 (Attempt, 1);
  GMainContext *context = g_main_context_get_thread_default ();

  self->transport = g_rc_box_acquire (transport);
  self->step = step;
  self->cancellable = g_cancellable_new ();
  self->deadline = g_timeout_source_new_seconds (TERN_TIMEOUT_CONNECT);
  g_source_set_callback (self->deadline, deadline_cb, self, NULL);
  g_source_attach (self->deadline, context);
  if (cancellable != NULL)
    {
      self->watch = g_cancellable_source_new (cancellable);
      g_source_set_callback (self->watch, G_SOURCE_FUNC (caller_cancelled_cb), self, NULL);
      g_source_attach (self->watch, context);
    }
  return self;
}

static GError *
timed_out_fault (Attempt *self)
{
  const char *host = self->transport->endpoint->host;

  if (self->step == STEP_CONNECT)
    return tern_fault_new (TERN_FAULT_TIMED_OUT,
                           _ ("%s does not answer on port %u. Check the server’s name and port, "
                              "or the network."),
                           host, self->transport->endpoint->port);
  return tern_fault_new (TERN_FAULT_TIMED_OUT,
                         _ ("%s accepted the connection on port %u but does not answer the TLS "
                            "handshake."),
                         host, self->transport->endpoint->port);
}

static GError *
connect_fault (Attempt *self, GError *error)
{
  TernEndpoint *endpoint = self->transport->endpoint;
  g_autofree char *what = NULL;

  if (g_error_matches (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND))
    {
      g_error_free (error);
      return tern_fault_new (TERN_FAULT_UNKNOWN_HOST,
                             _ ("There is no server with the name %s. Check how it is written."),
                             endpoint->host);
    }
  if (error->domain == G_RESOLVER_ERROR)
    {
      g_error_free (error);
      return tern_fault_new (
          TERN_FAULT_UNREACHABLE,
          _ ("The name %s cannot be looked up at the moment. Check the network."), endpoint->host);
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    {
      g_error_free (error);
      return tern_fault_new (TERN_FAULT_UNREACHABLE,
                             _ ("%s refuses connections on port %u. Check the port, or try later."),
                             endpoint->host, endpoint->port);
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    {
      g_error_free (error);
      return timed_out_fault (self);
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE))
    {
      g_error_free (error);
      return tern_fault_new (TERN_FAULT_UNREACHABLE,
                             _ ("There is no way to %s from this network. Check the connection."),
                             endpoint->host);
    }
  /* Translators: %s is a host name; the reason follows. */
  what = g_strdup_printf (_ ("Cannot connect to %s"), endpoint->host);
  return tern_fault_take (error, what);
}

/* Whether what the server sent instead of a handshake was text: GnuTLS has read the few bytes that
 * it took for a header, the rest of the greeting still lies in the socket. */
static gboolean
server_spoke_text (TernTransport *self)
{
  GSocket *socket = g_socket_connection_get_socket (self->connection);
  char text[64];
  gssize n = g_socket_receive_with_blocking (socket, text, sizeof text, FALSE, NULL, NULL);

  if (n <= 0)
    return FALSE;
  for (gssize i = 0; i < n; i++)
    {
      if (!g_ascii_isprint (text[i]) && !g_ascii_isspace (text[i]))
        return FALSE;
    }
  return TRUE;
}

static GError *
certificate_fault (Attempt *self)
{
  TernEndpoint *endpoint = self->transport->endpoint;
  g_autofree char *reasons = NULL;

  if (endpoint->pin_sha256 != NULL)
    return tern_fault_new (
        TERN_FAULT_CERTIFICATE,
        _ ("The certificate of %s is not the one that this account trusts. Either the server has "
           "a new one, or somebody is between you and the server. Nothing was sent."),
        endpoint->host);
  reasons = tern_certificate_describe (self->rejected, endpoint->host, self->problems);
  return tern_fault_new (
      TERN_FAULT_CERTIFICATE,
      _ ("The certificate of %s is not to be trusted. %s Nothing was sent. Check "
         "the name of the server, or ask those who run it."),
      endpoint->host, reasons);
}

static GError *
handshake_fault (Attempt *self, GError *error)
{
  TernEndpoint *endpoint = self->transport->endpoint;
  g_autofree char *what = NULL;

  if (self->rejected != NULL)
    {
      g_error_free (error);
      return certificate_fault (self);
    }
  if (server_spoke_text (self->transport))
    {
      g_error_free (error);
      return tern_fault_new (TERN_FAULT_TLS,
                             _ ("%s does not speak TLS on port %u. Check the port and the kind of "
                                "security."),
                             endpoint->host, endpoint->port);
    }
  if (g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_EOF)
      || g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_NOT_TLS)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
    {
      g_error_free (error);
      return tern_fault_new (TERN_FAULT_DISCONNECTED,
                             _ ("%s closed the connection during the TLS handshake."),
                             endpoint->host);
    }
  /* Translators: %s is a host name; the reason follows. */
  what = g_strdup_printf (_ ("Cannot make a secure connection to %s"), endpoint->host);
  return tern_fault_take (error, what);
}

/* Takes @task and @error. */
static void
attempt_fail (GTask *task, GError *error)
{
  Attempt *self = g_task_get_task_data (task);
  GError *fault;

  if (self->timed_out)
    {
      g_error_free (error);
      fault = timed_out_fault (self);
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    fault = error;
  else if (self->step == STEP_CONNECT)
    fault = connect_fault (self, error);
  else
    fault = handshake_fault (self, error);
  destroy_source (&self->watch);
  destroy_source (&self->deadline);
  g_task_return_error (task, fault);
  g_object_unref (task);
}

static void advance (GTask *task);

/* Only asked when GIO found a problem, so the pin is checked again after the handshake. */
static gboolean
accept_certificate_cb (GTlsConnection *connection,
                       GTlsCertificate *certificate,
                       GTlsCertificateFlags problems,
                       gpointer user_data)
{
  Attempt *self = user_data;
  const char *pin = self->transport->endpoint->pin_sha256;

  if (pin != NULL)
    {
      g_autofree char *sha256 = tern_certificate_dup_sha256 (certificate);

      if (g_str_equal (sha256, pin))
        return TRUE;
    }
  g_set_object (&self->rejected, certificate);
  self->problems = problems;
  return FALSE;
}

static gboolean
check_secured (Attempt *self, GTlsConnection *tls, GError **error)
{
  TernEndpoint *endpoint = self->transport->endpoint;
  GTlsCertificate *certificate = g_tls_connection_get_peer_certificate (tls);
  GTlsProtocolVersion version = g_tls_connection_get_protocol_version (tls);

  if (endpoint->pin_sha256 != NULL)
    {
      g_autofree char *sha256 = tern_certificate_dup_sha256 (certificate);

      if (!g_str_equal (sha256, endpoint->pin_sha256))
        {
          g_set_object (&self->rejected, certificate);
          g_propagate_error (error, certificate_fault (self));
          return FALSE;
        }
    }
  if (version != G_TLS_PROTOCOL_VERSION_TLS_1_2 && version != G_TLS_PROTOCOL_VERSION_TLS_1_3)
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_TLS,
                                                _ ("%s only offers a version of TLS that is no "
                                                   "longer safe."),
                                                endpoint->host));
      return FALSE;
    }
  return TRUE;
}

static void
handshake_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Attempt *self = g_task_get_task_data (task);
  GTlsConnection *tls = G_TLS_CONNECTION (source);
  GError *error = NULL;

  g_signal_handlers_disconnect_by_func (tls, accept_certificate_cb, self);
  if (!g_tls_connection_handshake_finish (tls, result, &error))
    {
      attempt_fail (task, error);
      return;
    }
  if (!check_secured (self, tls, &error))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  g_set_object (&self->transport->stream, G_IO_STREAM (tls));
  self->transport->secure = TRUE;
  self->step = STEP_DONE;
  advance (task);
}

static gboolean
use_ca_file (GTlsConnection *tls, const char *path, GError **error)
{
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (path, NULL);

  if (database == NULL)
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_CERTIFICATE,
                                                _ ("The file with certificate authorities, %s, "
                                                   "cannot be read. Nothing was sent."),
                                                path));
      return FALSE;
    }
  g_tls_connection_set_database (tls, database);
  return TRUE;
}

static gboolean
use_client_cert (GTlsConnection *tls, const char *path, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = g_tls_certificate_new_from_file (path, NULL);

  if (certificate == NULL)
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_CERTIFICATE,
                                                _ ("The file with your certificate and its key, "
                                                   "%s, cannot be read. Nothing was sent."),
                                                path));
      return FALSE;
    }
  g_tls_connection_set_certificate (tls, certificate);
  return TRUE;
}

static GTlsConnection *
make_tls (Attempt *self, GError **error)
{
  TernTransport *transport = self->transport;
  TernEndpoint *endpoint = transport->endpoint;
  g_autoptr (GSocketConnectable) identity = g_network_address_new (endpoint->host, endpoint->port);
  g_autoptr (GIOStream) tls = NULL;
  GError *problem = NULL;

  tls = g_tls_client_connection_new (G_IO_STREAM (transport->connection), identity, &problem);
  if (tls == NULL)
    {
      g_propagate_error (error, handshake_fault (self, problem));
      return NULL;
    }
  if (endpoint->ca_file != NULL && !use_ca_file (G_TLS_CONNECTION (tls), endpoint->ca_file, error))
    return NULL;
  if (endpoint->client_cert != NULL
      && !use_client_cert (G_TLS_CONNECTION (tls), endpoint->client_cert, error))
    return NULL;
  /* The mail protocols say themselves when they are at an end; a missing close_notify is nothing.
   */
  g_tls_connection_set_require_close_notify (G_TLS_CONNECTION (tls), FALSE);
  g_signal_connect (tls, "accept-certificate", G_CALLBACK (accept_certificate_cb), self);
  return G_TLS_CONNECTION (g_steal_pointer (&tls));
}

static void
start_handshake (GTask *task)
{
  Attempt *self = g_task_get_task_data (task);
  g_autoptr (GTlsConnection) tls = NULL;
  GError *error = NULL;

  tls = make_tls (self, &error);
  if (tls == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  g_tls_connection_handshake_async (tls, G_PRIORITY_DEFAULT, self->cancellable, handshake_cb, task);
}

static void
connect_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Attempt *self = g_task_get_task_data (task);
  TernTransport *transport = self->transport;
  GError *error = NULL;
  GSocket *socket;

  transport->connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (source), result, &error);
  if (transport->connection == NULL)
    {
      attempt_fail (task, error);
      return;
    }
  transport->stream = g_object_ref (G_IO_STREAM (transport->connection));
  socket = g_socket_connection_get_socket (transport->connection);
  g_socket_set_keepalive (socket, TRUE);
  /* Commands are written whole; waiting for an ACK to fill a packet would only cost time. */
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  self->step = transport->endpoint->security == TERN_SECURITY_TLS ? STEP_HANDSHAKE : STEP_DONE;
  advance (task);
}

static void
start_connect (GTask *task)
{
  Attempt *self = g_task_get_task_data (task);
  TernEndpoint *endpoint = self->transport->endpoint;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnectable) address = g_network_address_new (endpoint->host, endpoint->port);

  g_socket_client_connect_async (client, address, self->cancellable, connect_cb, task);
}

static void
advance (GTask *task)
{
  Attempt *self = g_task_get_task_data (task);

  switch (self->step)
    {
    case STEP_CONNECT:
      start_connect (task);
      break;
    case STEP_HANDSHAKE:
      start_handshake (task);
      break;
    case STEP_DONE:
      destroy_source (&self->watch);
      destroy_source (&self->deadline);
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      break;
    default:
      g_assert_not_reached ();
    }
}

void
tern_transport_connect_async (TernEndpoint *endpoint,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  TernTransport *self = g_rc_box_new0 (TernTransport);
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, tern_transport_connect_async);
  self->endpoint = tern_endpoint_ref (endpoint);
  g_task_set_task_data (task, attempt_new (self, STEP_CONNECT, cancellable), attempt_free);
  transport_unref (self);
  advance (task);
}

TernTransport *
tern_transport_connect_finish (GAsyncResult *result, GError **error)
{
  Attempt *attempt;

  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, tern_transport_connect_async), NULL);

  attempt = g_task_get_task_data (G_TASK (result));
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  return g_steal_pointer (&attempt->transport);
}

void
tern_transport_start_tls_async (TernTransport *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_return_if_fail (!self->secure);

  g_task_set_source_tag (task, tern_transport_start_tls_async);
  g_task_set_task_data (task, attempt_new (self, STEP_HANDSHAKE, cancellable), attempt_free);
  advance (task);
}

gboolean
tern_transport_start_tls_finish (TernTransport *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, tern_transport_start_tls_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

GIOStream *
tern_transport_get_stream (TernTransport *self)
{
  return self->stream;
}

gboolean
tern_transport_is_secure (TernTransport *self)
{
  return self->secure;
}

GTlsCertificate *
tern_transport_get_certificate (TernTransport *self)
{
  return self->secure ? g_tls_connection_get_peer_certificate (G_TLS_CONNECTION (self->stream))
                      : NULL;
}

char *
tern_transport_dup_certificate_sha256 (TernTransport *self)
{
  GTlsCertificate *certificate = tern_transport_get_certificate (self);

  return certificate != NULL ? tern_certificate_dup_sha256 (certificate) : NULL;
}

char *
tern_transport_dup_address (TernTransport *self)
{
  g_autoptr (GSocketAddress) address = NULL;

  if (self->connection != NULL)
    address = g_socket_connection_get_remote_address (self->connection, NULL);
  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return NULL;
  return g_inet_address_to_string (
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

GTlsProtocolVersion
tern_transport_get_tls_version (TernTransport *self)
{
  return self->secure ? g_tls_connection_get_protocol_version (G_TLS_CONNECTION (self->stream))
                      : G_TLS_PROTOCOL_VERSION_UNKNOWN;
}

char *
tern_transport_dup_cipher (TernTransport *self)
{
  return self->secure ? g_tls_connection_get_ciphersuite_name (G_TLS_CONNECTION (self->stream))
                      : NULL;
}

GBytes *
tern_transport_dup_binding (TernTransport *self, const char **type)
{
  gboolean exporter = tern_transport_get_tls_version (self) == G_TLS_PROTOCOL_VERSION_TLS_1_3;
  g_autoptr (GByteArray) data = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  if (!self->secure)
    return NULL;
  if (!g_tls_connection_get_channel_binding_data (
          G_TLS_CONNECTION (self->stream),
          exporter ? G_TLS_CHANNEL_BINDING_TLS_EXPORTER : G_TLS_CHANNEL_BINDING_TLS_UNIQUE, data,
          &error))
    {
      g_debug ("no channel binding: %s", error->message);
      return NULL;
    }
  *type = exporter ? "tls-exporter" : "tls-unique";
  return g_byte_array_free_to_bytes (g_steal_pointer (&data));
}

void
tern_transport_free (TernTransport *self)
{
  if (self == NULL)
    return;
  /* The kernel still delivers what was written. Closing the TLS stream, which happens with its
   * last reference, would otherwise wait for room to write its goodbye. */
  if (self->connection != NULL)
    g_socket_shutdown (g_socket_connection_get_socket (self->connection), TRUE, TRUE, NULL);
  transport_unref (self);
}
