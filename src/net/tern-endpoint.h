/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "tern-fault.h"
#include "tern-types.h"

G_BEGIN_DECLS

/**
 * TernEndpoint:
 *
 * Where and how to connect: immutable value, refcounted atomically. Certificates are checked
 * against the system's authorities (or @ca_file) and the host name; @pin_sha256, when set, is the
 * SHA-256 of the DER certificate and is then the only thing that is accepted.
 */
typedef struct
{
  char *host;
  guint16 port;
  TernSecurity security;
  char *ca_file;    /* (nullable) PEM: authorities for this account only */
  char *pin_sha256; /* (nullable) 64 lower-case hex digits */
} TernEndpoint;

TernEndpoint *tern_endpoint_new (const char *host, guint16 port, TernSecurity security,
                                 const char *ca_file, const char *pin_sha256);
TernEndpoint *tern_endpoint_ref (TernEndpoint *self);
void tern_endpoint_unref (TernEndpoint *self);

/** TernCredentials: what to log in with. The password is wiped when freed and never logged. */
typedef struct
{
  char *user;
  char *password;
} TernCredentials;

TernCredentials *tern_credentials_new (const char *user, const char *password);
TernCredentials *tern_credentials_ref (TernCredentials *self);
void tern_credentials_unref (TernCredentials *self);

/**
 * TernTransport:
 *
 * A TCP connection and its TLS, without any protocol. One per session; lives in one context.
 */
typedef struct _TernTransport TernTransport;

/* Resolves and connects (happy eyeballs through GSocketClient), and with TERN_SECURITY_TLS
 * finishes the handshake. Faults name @endpoint->host and tell unknown host, refused, timed out,
 * certificate (with the reason: expired, other name, unknown issuer, self-signed, pin) apart. */
void tern_transport_connect_async (TernEndpoint *endpoint, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
TernTransport *tern_transport_connect_finish (GAsyncResult *result, GError **error);

/* After the server's go-ahead to STARTTLS. The caller must have thrown away every byte it had
 * buffered (RFC 9051 section 6.2.1); the stream is a new one afterwards. */
void tern_transport_start_tls_async (TernTransport *self, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);
gboolean tern_transport_start_tls_finish (TernTransport *self, GAsyncResult *result,
                                          GError **error);

GIOStream *tern_transport_get_stream (TernTransport *self);       /* (transfer none) */
gboolean tern_transport_is_secure (TernTransport *self);
GTlsCertificate *tern_transport_get_certificate (TernTransport *self); /* (nullable) */
char *tern_transport_dup_certificate_sha256 (TernTransport *self);     /* (nullable) */
void tern_transport_free (TernTransport *self); /* closes without waiting */

/* One plain sentence per problem of a certificate, through GnuTLS, for faults and dialogs. */
char *tern_certificate_describe (GTlsCertificate *certificate, const char *host,
                                 GTlsCertificateFlags problems);
char *tern_certificate_dup_sha256 (GTlsCertificate *certificate);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernEndpoint, tern_endpoint_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernCredentials, tern_credentials_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernTransport, tern_transport_free)

G_END_DECLS
