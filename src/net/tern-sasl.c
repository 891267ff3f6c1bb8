/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-sasl.h"

#include "tern-redact.h"
#include "tern-scram-private.h"

#include <string.h>

#include <glib/gi18n.h>

typedef struct _Mechanism Mechanism;

struct _TernSasl
{
  const Mechanism *mechanism;   /* static */
  TernCredentials *credentials; /* (owned) */
  char *host;                   /* (owned) */
  guint16 port;
  TernScram *scram;   /* (owned) (nullable) */
  guint responses;    /* that were made */
  char *refusal;      /* (owned) (nullable): why the server minds the token, in its words */
  gboolean satisfied; /* there is nothing more to ask of the server */
};

/* One message, not yet base64; not NUL-terminated. */
typedef struct
{
  char *data; /* (owned) */
  gsize length;
} Message;

struct _Mechanism
{
  const char *name;
  TernAuth auth;
  gboolean needs_tls; /* shows the secret to whoever reads along */
  gboolean binds;     /* to the TLS connection */
  gboolean initial;   /* speaks first */
  gboolean (*respond) (TernSasl *self, const char *challenge, Message *answer, GError **error);
};

static void
message_take (Message *self, char *text)
{
  self->data = text;
  self->length = strlen (text);
}

GError *
tern_sasl_senseless_fault (const char *host)
{
  return tern_fault_new (TERN_FAULT_PROTOCOL, _ ("%s answered the login with something senseless."),
                         host);
}

GError *
tern_sasl_unproved_fault (const char *host)
{
  return tern_fault_new (TERN_FAULT_AUTHENTICATION,
                         _ ("%s could not prove that it knows the password. It may not be the "
                            "server it claims to be."),
                         host);
}

/* --- mechanisms ---------------------------------------------------------------------------- */

static gboolean
respond_too_often (TernSasl *self, GError **error)
{
  g_propagate_error (error, tern_sasl_senseless_fault (self->host));
  return FALSE;
}

static gboolean
respond_scram (TernSasl *self, const char *challenge, Message *answer, GError **error)
{
  char *text = NULL;

  switch (self->responses)
    {
    case 0:
      text = tern_scram_first (self->scram, error);
      break;
    case 1:
      text = tern_scram_final (self->scram, challenge, error);
      break;
    case 2:
      self->satisfied = tern_scram_verify (self->scram, challenge, error);
      text = self->satisfied ? g_strdup ("") : NULL;
      break;
    default:
      return respond_too_often (self, error);
    }
  if (text == NULL)
    return FALSE;
  message_take (answer, text);
  return TRUE;
}

/* RFC 4616: nobody else's name, NUL, the name, NUL, the password. */
static gboolean
respond_plain (TernSasl *self, const char *challenge, Message *answer, GError **error)
{
  gsize user = strlen (self->credentials->user);
  gsize password = strlen (self->credentials->password);

  if (self->responses > 0)
    return respond_too_often (self, error);
  answer->length = user + password + 2;
  answer->data = g_malloc0 (answer->length);
  memcpy (answer->data + 1, self->credentials->user, user);
  memcpy (answer->data + 2 + user, self->credentials->password, password);
  self->satisfied = TRUE;
  return TRUE;
}

static gboolean
respond_login (TernSasl *self, const char *challenge, Message *answer, GError **error)
{
  if (self->responses > 1)
    return respond_too_often (self, error);
  self->satisfied = self->responses == 1;
  message_take (answer,
                g_strdup (self->satisfied ? self->credentials->password : self->credentials->user));
  return TRUE;
}

/* RFC 4422 appendix A: the certificate says who it is, the name whose mail it shall be. */
static gboolean
respond_external (TernSasl *self, const char *challenge, Message *answer, GError **error)
{
  if (self->responses > 0)
    return respond_too_often (self, error);
  self->satisfied = TRUE;
  message_take (answer, g_strdup (self->credentials->user));
  return TRUE;
}

/* A challenge after the token tells why it was refused; it wants an answer that says nothing, so
 * that the server can end the exchange (RFC 7628 section 3.2.3). */
static gboolean
take_refusal (TernSasl *self, const char *challenge, const char *dummy, Message *answer)
{
  self->refusal = tern_redact_secret (challenge, self->credentials->password);
  self->satisfied = FALSE;
  message_take (answer, g_strdup (dummy));
  return TRUE;
}

static gboolean
respond_oauthbearer (TernSasl *self, const char *challenge, Message *answer, GError **error)
{
  g_autoptr (GString) user = NULL;

  if (self->responses > 1)
    return respond_too_often (self, error);
  if (self->responses == 1)
    return take_refusal (self, challenge, "\001", answer);
  user = g_string_new (self->credentials->user);
  g_string_replace (user, "=", "=3D", 0);
  g_string_replace (user, ",", "=2C", 0);
  message_take (
      answer, g_strdup_printf ("n,a=%s,\001host=%s\001port=%u\001auth=Bearer %s\001\001", user->str,
                               self->host, self->port, self->credentials->password));
  self->satisfied = TRUE;
  return TRUE;
}

/* As Google and Microsoft describe it. */
static gboolean
respond_xoauth2 (TernSasl *self, const char *challenge, Message *answer, GError **error)
{
  if (self->responses > 1)
    return respond_too_often (self, error);
  if (self->responses == 1)
    return take_refusal (self, challenge, "", answer);
  message_take (answer, g_strdup_printf ("user=%s\001auth=Bearer %s\001\001",
                                         self->credentials->user, self->credentials->password));
  self->satisfied = TRUE;
  return TRUE;
}

/* Strongest first. A server that offers -PLUS at all takes no SCRAM without it from us, even with a
 * stronger hash: so these come before the others (RFC 5802 section 6). */
static const Mechanism mechanisms[] = {
  { "SCRAM-SHA-256-PLUS", TERN_AUTH_PASSWORD, TRUE, TRUE, TRUE, respond_scram },
  { "SCRAM-SHA-1-PLUS", TERN_AUTH_PASSWORD, TRUE, TRUE, TRUE, respond_scram },
  { "SCRAM-SHA-256", TERN_AUTH_PASSWORD, FALSE, FALSE, TRUE, respond_scram },
  { "SCRAM-SHA-1", TERN_AUTH_PASSWORD, FALSE, FALSE, TRUE, respond_scram },
  { "PLAIN", TERN_AUTH_PASSWORD, TRUE, FALSE, TRUE, respond_plain },
  { "LOGIN", TERN_AUTH_PASSWORD, TRUE, FALSE, FALSE, respond_login },
  { "OAUTHBEARER", TERN_AUTH_BEARER, TRUE, FALSE, TRUE, respond_oauthbearer },
  { "XOAUTH2", TERN_AUTH_BEARER, TRUE, FALSE, TRUE, respond_xoauth2 },
  { "EXTERNAL", TERN_AUTH_EXTERNAL, TRUE, FALSE, TRUE, respond_external },
};

/* A password, one way or the other. */
static gboolean
suits (const Mechanism *mechanism, TernAuth auth)
{
  if (auth == TERN_AUTH_UNBOUND)
    return mechanism->auth == TERN_AUTH_PASSWORD && !mechanism->binds;
  return mechanism->auth == auth;
}

static const Mechanism *
choose_mechanism (const char *const *offered, TernAuth auth, const TernSaslChannel *channel)
{
  for (gsize i = 0; i < G_N_ELEMENTS (mechanisms); i++)
    {
      const Mechanism *m = &mechanisms[i];

      if (suits (m, auth) && (channel->secure || !m->needs_tls)
          && (channel->binding != NULL || !m->binds) && g_strv_contains (offered, m->name))
        return m;
    }
  return NULL;
}

/* --- beginning ----------------------------------------------------------------------------- */

static gboolean
offers_in_clear (const char *const *offered, TernAuth auth)
{
  for (gsize i = 0; i < G_N_ELEMENTS (mechanisms); i++)
    {
      const Mechanism *m = &mechanisms[i];

      if (suits (m, auth) && m->needs_tls && !m->binds && g_strv_contains (offered, m->name))
        return TRUE;
    }
  return FALSE;
}

static GError *
no_mechanism_fault (const char *const *offered, TernAuth auth, const TernSaslChannel *channel)
{
  g_autofree char *list = g_strjoinv (" ", (char **) offered);
  const char *host = channel->host;

  switch (auth)
    {
    case TERN_AUTH_BEARER:
      if (!channel->secure && offers_in_clear (offered, auth))
        return tern_fault_new_server (TERN_FAULT_NO_MECHANISM, list,
                                      _ ("%s would take the access token only in the clear, and "
                                         "the connection is not secure."),
                                      host);
      return tern_fault_new_server (TERN_FAULT_NO_MECHANISM, list,
                                    _ ("%s does not let anybody log in with an access token."),
                                    host);
    case TERN_AUTH_EXTERNAL:
      return tern_fault_new_server (TERN_FAULT_NO_MECHANISM, list,
                                    _ ("%s does not let anybody log in with this certificate."),
                                    host);
    case TERN_AUTH_PASSWORD:
    case TERN_AUTH_UNBOUND:
    default:
      if (!channel->secure && offers_in_clear (offered, auth))
        return tern_fault_new_server (TERN_FAULT_NO_MECHANISM, list,
                                      _ ("%s would take the password only in the clear, and the "
                                         "connection is not secure."),
                                      host);
      return tern_fault_new_server (TERN_FAULT_NO_MECHANISM, list,
                                    _ ("%s offers no way to log in with a password that Tern "
                                       "knows."),
                                    host);
    }
}

/* What separates the fields of a message with a token must not be in one of them. */
static gboolean
check_bearer (TernCredentials *credentials, const char *host, GError **error)
{
  gboolean good = *credentials->password != '\0';

  for (const char *p = credentials->password; *p != '\0'; p++)
    good &= g_ascii_isgraph (*p);
  for (const char *p = credentials->user; *p != '\0'; p++)
    good &= !g_ascii_iscntrl (*p);
  if (!good)
    g_propagate_error (error, tern_fault_new (TERN_FAULT_AUTHENTICATION,
                                              _ ("The user name or the access token for %s holds "
                                                 "characters that are not allowed there."),
                                              host));
  return good;
}

/* A client that could have bound the login says so, where the server does not seem to be able to:
 * when that is not what the server told, somebody changed it on the way, and the server notices
 * (RFC 5802 section 6). */
static TernScram *
start_scram (const Mechanism *mechanism,
             const TernSaslChannel *channel,
             TernCredentials *credentials)
{
  Gsasl_hash hash =
      g_str_has_prefix (mechanism->name, "SCRAM-SHA-256") ? GSASL_HASH_SHA256 : GSASL_HASH_SHA1;
  g_autofree char *header = NULL;

  if (mechanism->binds)
    header = g_strdup_printf ("p=%s,,", channel->binding_type);
  else
    header = g_strdup (channel->binding != NULL && credentials->auth == TERN_AUTH_PASSWORD ? "y,,"
                                                                                           : "n,,");
  return tern_scram_new (hash, header, mechanism->binds ? channel->binding : NULL, credentials,
                         channel->host);
}

TernSasl *
tern_sasl_new (const char *const *offered,
               const TernSaslChannel *channel,
               TernCredentials *credentials,
               GError **error)
{
  const Mechanism *mechanism = choose_mechanism (offered, credentials->auth, channel);
  TernSasl *self;

  if (mechanism == NULL)
    {
      g_propagate_error (error, no_mechanism_fault (offered, credentials->auth, channel));
      return NULL;
    }
  if (credentials->auth == TERN_AUTH_BEARER && !check_bearer (credentials, channel->host, error))
    return NULL;
  self = g_new0 (TernSasl, 1);
  self->mechanism = mechanism;
  self->credentials = tern_credentials_ref (credentials);
  self->host = g_strdup (channel->host);
  self->port = channel->port;
  if (mechanism->respond == respond_scram)
    self->scram = start_scram (mechanism, channel, credentials);
  return self;
}

TernSasl *
tern_sasl_new_for_transport (const char *const *offered,
                             const TernEndpoint *endpoint,
                             TernTransport *transport,
                             const char *product,
                             TernCredentials *credentials,
                             GError **error)
{
  TernSaslChannel channel = { endpoint->host, endpoint->port, tern_transport_is_secure (transport),
                              NULL, NULL };
  g_autoptr (GBytes) binding = tern_transport_dup_binding (transport, &channel.binding_type);

  if (binding != NULL
      && !(product != NULL && strstr (product, "Cyrus") != NULL
           && g_str_equal (channel.binding_type, "tls-exporter")))
    channel.binding = binding;
  return tern_sasl_new (offered, &channel, credentials, error);
}

const char *
tern_sasl_get_mechanism (TernSasl *self)
{
  return self->mechanism->name;
}

/* --- the exchange -------------------------------------------------------------------------- */

/* @challenge is not base64 any more. */
static char *
respond (TernSasl *self, const char *challenge, GError **error)
{
  Message answer = { NULL, 0 };
  char *encoded;

  if (!self->mechanism->respond (self, challenge, &answer, error))
    return NULL;
  self->responses++;
  encoded = g_base64_encode ((const guchar *) answer.data, answer.length);
  explicit_bzero (answer.data, answer.length);
  g_free (answer.data);
  return encoded;
}

char *
tern_sasl_initial (TernSasl *self, GError **error)
{
  /* LOGIN waits to be asked. */
  if (!self->mechanism->initial)
    return NULL;
  return respond (self, "", error);
}

/* No mechanism here has a NUL in what the server says. */
static char *
decode (const char *challenge)
{
  char *bytes = NULL;
  char *text = NULL;
  gsize length = 0;

  if (*challenge == '\0')
    return g_strdup ("");
  if (gsasl_base64_from (challenge, strlen (challenge), &bytes, &length) != GSASL_OK)
    return NULL;
  if (memchr (bytes, '\0', length) == NULL)
    text = g_strndup (bytes, length);
  gsasl_free (bytes);
  return text;
}

char *
tern_sasl_step (TernSasl *self, const char *challenge, GError **error)
{
  g_autofree char *text = decode (challenge);

  if (text == NULL)
    {
      g_propagate_error (error, tern_sasl_senseless_fault (self->host));
      return NULL;
    }
  return respond (self, text, error);
}

static GError *
token_fault (TernSasl *self, const char *server_text)
{
  /* RFC 6750 section 3.1. */
  if (server_text != NULL && strstr (server_text, "insufficient_scope") != NULL)
    return tern_fault_new_server (TERN_FAULT_AUTHENTICATION, server_text,
                                  _ ("%s refused the access token of “%s”: it does not allow to "
                                     "use mail. Get another one from the provider."),
                                  self->host, self->credentials->user);
  return tern_fault_new_server (TERN_FAULT_AUTHENTICATION, server_text,
                                _ ("%s refused the access token of “%s”. It may have run out: get "
                                   "a new one from the provider."),
                                self->host, self->credentials->user);
}

gboolean
tern_sasl_finished (TernSasl *self, GError **error)
{
  if (self->satisfied)
    return TRUE;
  g_propagate_error (error, self->mechanism->auth == TERN_AUTH_BEARER
                                ? token_fault (self, self->refusal)
                                : tern_sasl_unproved_fault (self->host));
  return FALSE;
}

GError *
tern_sasl_explain (TernSasl *self, const GError *error)
{
  const char *text = self->refusal != NULL ? self->refusal : tern_fault_get_server_text (error);

  if (tern_fault_is (error, TERN_FAULT_AUTHENTICATION))
    {
      if (self->mechanism->auth == TERN_AUTH_BEARER)
        return token_fault (self, text);
      if (self->mechanism->auth == TERN_AUTH_EXTERNAL)
        return tern_fault_new_server (TERN_FAULT_AUTHENTICATION, text,
                                      _ ("%s does not accept your certificate for “%s”."),
                                      self->host, self->credentials->user);
      /* It has not heard of the password yet. */
      if (self->mechanism->binds && self->responses == 1)
        return tern_fault_new_server (TERN_FAULT_AUTHENTICATION, text,
                                      _ ("%s does not accept the name “%s”, or does not know the "
                                         "way in which Tern binds the login to the connection."),
                                      self->host, self->credentials->user);
    }
  return g_error_copy (error);
}

void
tern_sasl_free (TernSasl *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->scram, tern_scram_free);
  tern_credentials_unref (self->credentials);
  g_free (self->host);
  g_free (self->refusal);
  g_free (self);
}

void
tern_sasl_wipe (char *secret)
{
  if (secret != NULL)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}
