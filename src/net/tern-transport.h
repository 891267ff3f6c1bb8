/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-certificate.h"
#include "tern-endpoint.h"

G_BEGIN_DECLS

/**
 * TernTransport:
 *
 * A TCP connection and its TLS (1.2 or newer), without any protocol. One per session; lives in one
 * context: the thread-default one of tern_transport_connect_async().
 */
typedef struct _TernTransport TernTransport;

/* Resolves and connects (happy eyeballs through GSocketClient), and with TERN_SECURITY_TLS
 * finishes the handshake. Faults name @endpoint->host and tell unknown host, refused, timed out,
 * certificate (with the reason: expired, other name, unknown issuer, self-signed, pin) apart.
 * TERN_TIMEOUT_CONNECT covers all of it. @cancellable may be cancelled at any moment and from any
 * thread; the callback comes when nothing is under way any more. */
void tern_transport_connect_async (TernEndpoint *endpoint,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
TernTransport *tern_transport_connect_finish (GAsyncResult *result, GError **error);

/* After the server's go-ahead to STARTTLS. The caller must have thrown away every byte it had
 * buffered (RFC 9051 section 6.2.1); the stream is a new one afterwards. After an error the
 * transport is of no use. */
void tern_transport_start_tls_async (TernTransport *self,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean
tern_transport_start_tls_finish (TernTransport *self, GAsyncResult *result, GError **error);

/* (transfer none). An operation that is still pending on it when the transport may be freed needs
 * a reference on the stream of its own. */
GIOStream *tern_transport_get_stream (TernTransport *self);
gboolean tern_transport_is_secure (TernTransport *self);
GTlsCertificate *tern_transport_get_certificate (TernTransport *self); /* (nullable) */
char *tern_transport_dup_certificate_sha256 (TernTransport *self);     /* (nullable) */

/* "192.0.2.1", "2001:db8::1": where the name of the server led to. (nullable) */
char *tern_transport_dup_address (TernTransport *self);
/* UNKNOWN and NULL as long as it is not secure. */
GTlsProtocolVersion tern_transport_get_tls_version (TernTransport *self);
char *tern_transport_dup_cipher (TernTransport *self); /* (nullable) */

/* What a login is bound to so that it is good for this connection only: "tls-exporter" (RFC 9266)
 * with TLS 1.3, "tls-unique" (RFC 5929) with TLS 1.2. NULL when there is none; @type is static. */
GBytes *tern_transport_dup_binding (TernTransport *self, const char **type);

/* Closes without waiting: what was written before is still delivered, pending operations on the
 * stream end with an error. */
void tern_transport_free (TernTransport *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernTransport, tern_transport_free)

G_END_DECLS
