/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-endpoint.h"

G_BEGIN_DECLS

/**
 * TernSasl:
 *
 * One SASL exchange. Lives in one context. The strongest mechanism that both sides have and that
 * fits the credentials is taken: for a password SCRAM bound to the TLS connection (-PLUS), then
 * SCRAM-SHA-256, SCRAM-SHA-1, PLAIN and LOGIN; for an access token OAUTHBEARER (RFC 7628), then
 * XOAUTH2; for a client certificate EXTERNAL. What shows a secret to the server wants TLS.
 *
 * A server does not say which kinds of binding it knows. Where it offers -PLUS and does not know
 * that of this connection (RFC 9266 is younger than TLS 1.3), there is no falling back: whoever is
 * in between could ask for it. A person may choose TERN_AUTH_UNBOUND.
 *
 * SCRAM prepares the password with SASLprep (RFC 5802 section 2.2); for PLAIN and LOGIN that is the
 * server's part (RFC 4616 section 2), so there it is sent as it was typed.
 */
typedef struct _TernSasl TernSasl;

/** TernSaslChannel: the connection that the exchange goes over. */
typedef struct
{
  const char *host;
  guint16 port;
  gboolean secure;
  const char *binding_type; /* (nullable) see tern_transport_dup_binding() */
  GBytes *binding;          /* (nullable) */
} TernSaslChannel;

/* @offered: what the server announced, upper case. TERN_FAULT_NO_MECHANISM when nothing fits. */
TernSasl *tern_sasl_new (const char *const *offered,
                         const TernSaslChannel *channel,
                         TernCredentials *credentials,
                         GError **error);
/* The same over the connection to @endpoint. @product (nullable): what the server says that it is.
 * Cyrus SASL offers -PLUS also over TLS 1.3, but binds to tls-unique, which TLS 1.3 has not. */
TernSasl *tern_sasl_new_for_transport (const char *const *offered,
                                       const TernEndpoint *endpoint,
                                       TernTransport *transport,
                                       const char *product,
                                       TernCredentials *credentials,
                                       GError **error);
const char *tern_sasl_get_mechanism (TernSasl *self);

/* The initial response (base64, "" for an empty one), or NULL without an error if the mechanism has
 * none. To be called once, before the first step. The text may be a secret: free it with
 * tern_sasl_wipe(). */
char *tern_sasl_initial (TernSasl *self, GError **error);
/* The answer (base64) to a challenge (base64). */
char *tern_sasl_step (TernSasl *self, const char *challenge, GError **error);
/* After the server's OK: whether our side is satisfied too (SCRAM: the server proved itself). */
gboolean tern_sasl_finished (TernSasl *self, GError **error);
/* What to tell of the error with which the session took the server's refusal: it names what was
 * refused, and has the reason that the server gave in the exchange. (transfer full) */
GError *tern_sasl_explain (TernSasl *self, const GError *error);
void tern_sasl_free (TernSasl *self);

/* Overwrites and frees a response (or any secret text); NULL is fine. */
void tern_sasl_wipe (char *secret);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernSasl, tern_sasl_free)

G_END_DECLS
