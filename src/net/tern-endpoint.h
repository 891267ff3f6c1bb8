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
  char *ca_file;     /* (nullable) PEM: authorities for this account only */
  char *pin_sha256;  /* (nullable) 64 lower-case hex digits */
  char *client_cert; /* (nullable) PEM: certificate and key to show to the server */
} TernEndpoint;

/* @ca_file and @pin_sha256 may be NULL; the pin may be written in upper case and with colons. */
TernEndpoint *tern_endpoint_new (const char *host,
                                 guint16 port,
                                 TernSecurity security,
                                 const char *ca_file,
                                 const char *pin_sha256);
/* The same with the file of a client certificate (nullable). (transfer full) */
TernEndpoint *tern_endpoint_with_client_cert (const TernEndpoint *self, const char *client_cert);
TernEndpoint *tern_endpoint_ref (TernEndpoint *self);
void tern_endpoint_unref (TernEndpoint *self);

/** TernAuth: how somebody proves who they are. */
typedef enum
{
  TERN_AUTH_PASSWORD,
  TERN_AUTH_UNBOUND,  /* a password, without binding the login to the connection */
  TERN_AUTH_BEARER,   /* an access token of OAuth 2.0 */
  TERN_AUTH_EXTERNAL, /* the client certificate of the endpoint */
} TernAuth;

/* "password", "password-unbound", "oauth-bearer", "external": for settings and options. */
const char *tern_auth_to_name (TernAuth auth);
gboolean tern_auth_from_name (const char *name, TernAuth *auth);
gboolean tern_auth_is_password (TernAuth auth);

/** TernCredentials: what to log in with. The password is wiped when freed and never logged. */
typedef struct
{
  TernAuth auth;
  char *user;
  char *password; /* (nullable) or the access token; a certificate needs none */
} TernCredentials;

TernCredentials *tern_credentials_new (const char *user, const char *password);
TernCredentials *tern_credentials_new_for (TernAuth auth, const char *user, const char *password);
TernCredentials *tern_credentials_ref (TernCredentials *self);
void tern_credentials_unref (TernCredentials *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernEndpoint, tern_endpoint_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernCredentials, tern_credentials_unref)

G_END_DECLS

/* Whoever has an endpoint wants to connect to it: the transport comes with this header. */
#include "tern-transport.h"
