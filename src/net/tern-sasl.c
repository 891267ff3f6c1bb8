/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-sasl.h"

#include "tern-limits.h"
#include "tern-number.h"

#include <gsasl.h>
#include <string.h>

#include <glib/gi18n.h>

struct _TernSasl
{
  Gsasl *context;         /* (owned) */
  Gsasl_session *session; /* (owned) */
  char *host;             /* (owned) */
  const char *mechanism;  /* static */
  gboolean satisfied;     /* libgsasl has nothing more to ask of the server */
};

typedef struct
{
  const char *name;
  gboolean needs_tls; /* shows the password to whoever reads along */
  gboolean initial;   /* speaks first */
} Mechanism;

/* Strongest first. */
static const Mechanism mechanisms[] = {
  { "SCRAM-SHA-256", FALSE, TRUE },
  { "SCRAM-SHA-1", FALSE, TRUE },
  { "PLAIN", TRUE, TRUE },
  { "LOGIN", TRUE, FALSE },
};

static const Mechanism *
choose_mechanism (Gsasl *context, const char *const *offered, gboolean secure)
{
  for (gsize i = 0; i < G_N_ELEMENTS (mechanisms); i++)
    {
      const Mechanism *m = &mechanisms[i];

      if ((secure || !m->needs_tls) && g_strv_contains (offered, m->name)
          && gsasl_client_support_p (context, m->name))
        return m;
    }
  return NULL;
}

static GError *
no_mechanism_fault (const char *const *offered, const char *host, gboolean secure)
{
  g_autofree char *list = g_strjoinv (" ", (char **) offered);

  if (!secure && (g_strv_contains (offered, "PLAIN") || g_strv_contains (offered, "LOGIN")))
    return tern_fault_new_server (TERN_FAULT_NO_MECHANISM, list,
                                  _ ("%s would take the password only in the clear, and the "
                                     "connection is not secure."),
                                  host);
  return tern_fault_new_server (TERN_FAULT_NO_MECHANISM, list,
                                _ ("%s offers no way to log in with a password that Tern knows."),
                                host);
}

static GError *
library_fault (int result, const char *host)
{
  switch (result)
    {
    case GSASL_SASLPREP_ERROR:
      return tern_fault_new (TERN_FAULT_AUTHENTICATION,
                             _ ("The user name or the password for %s holds characters that are "
                                "not allowed there."),
                             host);
    case GSASL_AUTHENTICATION_ERROR:
      return tern_fault_new (TERN_FAULT_AUTHENTICATION,
                             _ ("%s could not prove that it knows the password. It may not be the "
                                "server it claims to be."),
                             host);
    case GSASL_MECHANISM_PARSE_ERROR:
    case GSASL_BASE64_ERROR:
    case GSASL_MECHANISM_CALLED_TOO_MANY_TIMES:
      return tern_fault_new (TERN_FAULT_PROTOCOL,
                             _ ("%s answered the login with something senseless."), host);
    default:
      return tern_fault_new (TERN_FAULT_INTERNAL, _ ("The login at %s cannot be computed: %s."),
                             host, gsasl_strerror (result));
    }
}

TernSasl *
tern_sasl_new (const char *const *offered,
               const char *service,
               const char *host,
               TernCredentials *credentials,
               gboolean secure,
               GError **error)
{
  g_autoptr (TernSasl) self = g_new0 (TernSasl, 1);
  const Mechanism *mechanism;
  int result;

  self->host = g_strdup (host);
  result = gsasl_init (&self->context);
  if (result == GSASL_OK)
    {
      mechanism = choose_mechanism (self->context, offered, secure);
      if (mechanism == NULL)
        {
          g_propagate_error (error, no_mechanism_fault (offered, host, secure));
          return NULL;
        }
      self->mechanism = mechanism->name;
      result = gsasl_client_start (self->context, mechanism->name, &self->session);
    }
  if (result == GSASL_OK)
    result = gsasl_property_set (self->session, GSASL_AUTHID, credentials->user);
  if (result == GSASL_OK)
    result = gsasl_property_set (self->session, GSASL_PASSWORD, credentials->password);
  if (result == GSASL_OK)
    result = gsasl_property_set (self->session, GSASL_SERVICE, service);
  if (result == GSASL_OK)
    result = gsasl_property_set (self->session, GSASL_HOSTNAME, host);
  if (result != GSASL_OK)
    {
      g_propagate_error (error, library_fault (result, host));
      return NULL;
    }
  return g_steal_pointer (&self);
}

const char *
tern_sasl_get_mechanism (TernSasl *self)
{
  return self->mechanism;
}

static const Mechanism *
find_mechanism (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (mechanisms); i++)
    {
      if (g_str_equal (mechanisms[i].name, name))
        return &mechanisms[i];
    }
  g_assert_not_reached ();
}

static char *
step (TernSasl *self, const char *challenge, GError **error)
{
  char *output = NULL;
  char *answer;
  int result;

  result = gsasl_step64 (self->session, challenge, &output);
  if (result != GSASL_OK && result != GSASL_NEEDS_MORE)
    {
      g_propagate_error (error, library_fault (result, self->host));
      return NULL;
    }
  self->satisfied = result == GSASL_OK;
  answer = g_strdup (output != NULL ? output : "");
  if (output != NULL)
    {
      explicit_bzero (output, strlen (output));
      gsasl_free (output);
    }
  return answer;
}

char *
tern_sasl_initial (TernSasl *self, GError **error)
{
  /* LOGIN waits to be asked. */
  if (!find_mechanism (self->mechanism)->initial)
    return NULL;
  return step (self, "", error);
}

/* A server may ask for 2^31 rounds of hashing, and this context would do nothing else for hours.
 * The count is the "i=" attribute of the server's first message, and "e=" is a refusal (RFC 5802
 * section 5.1). */
static gboolean
check_scram (TernSasl *self, const char *challenge, GError **error)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) attributes = NULL;
  gboolean sane;
  gsize length;

  if (!g_str_has_prefix (self->mechanism, "SCRAM-") || *challenge == '\0')
    return TRUE;
  text = (char *) g_base64_decode (challenge, &length);
  if (g_str_has_prefix (text, "e="))
    {
      g_propagate_error (error, tern_fault_new_server (TERN_FAULT_AUTHENTICATION, text,
                                                       _ ("%s refused the user name or the "
                                                          "password."),
                                                       self->host));
      return FALSE;
    }
  attributes = g_strsplit (text, ",", -1);
  sane = strlen (text) == length;
  for (gsize i = 0; sane && attributes[i] != NULL; i++)
    {
      if (g_str_has_prefix (attributes[i], "i="))
        sane = tern_number_parse (attributes[i] + 2, 1, TERN_LIMIT_SCRAM_ITERATIONS, NULL);
    }
  if (!sane)
    g_propagate_error (
        error,
        tern_fault_new (TERN_FAULT_PROTOCOL,
                        _ ("%s asks for a senseless amount of work to log in."), self->host));
  return sane;
}

char *
tern_sasl_step (TernSasl *self, const char *challenge, GError **error)
{
  if (!check_scram (self, challenge, error))
    return NULL;
  return step (self, challenge, error);
}

gboolean
tern_sasl_finished (TernSasl *self, GError **error)
{
  if (self->satisfied)
    return TRUE;
  g_propagate_error (error, library_fault (GSASL_AUTHENTICATION_ERROR, self->host));
  return FALSE;
}

/* libgsasl frees its properties without overwriting them. */
static void
wipe_properties (Gsasl_session *session)
{
  static const Gsasl_property secrets[] = { GSASL_PASSWORD, GSASL_SCRAM_SALTED_PASSWORD,
                                            GSASL_SCRAM_SERVERKEY, GSASL_SCRAM_STOREDKEY };

  for (gsize i = 0; i < G_N_ELEMENTS (secrets); i++)
    {
      const char *value = gsasl_property_fast (session, secrets[i]);

      if (value != NULL)
        explicit_bzero ((char *) value, strlen (value));
    }
}

void
tern_sasl_free (TernSasl *self)
{
  if (self == NULL)
    return;
  if (self->session != NULL)
    {
      wipe_properties (self->session);
      gsasl_finish (self->session);
    }
  if (self->context != NULL)
    gsasl_done (self->context);
  g_free (self->host);
  g_free (self);
}

void
tern_sasl_wipe (char *secret)
{
  if (secret != NULL)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}
