/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-endpoint.h"

#include <string.h>

/* "AB:CD:…" as other programs print it becomes the one form that is compared. */
static char *
normalize_pin (const char *pin)
{
  g_autoptr (GString) text = NULL;

  if (pin == NULL || *pin == '\0')
    return NULL;
  text = g_string_new (NULL);
  for (const char *p = pin; *p != '\0'; p++)
    {
      if (*p != ':' && !g_ascii_isspace (*p))
        g_string_append_c (text, g_ascii_tolower (*p));
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

TernEndpoint *
tern_endpoint_new (const char *host,
                   guint16 port,
                   TernSecurity security,
                   const char *ca_file,
                   const char *pin_sha256)
{
  TernEndpoint *self;

  g_return_val_if_fail (host != NULL, NULL);

  self = g_atomic_rc_box_new0 (TernEndpoint);
  self->host = g_strdup (host);
  self->port = port;
  self->security = security;
  self->ca_file = ca_file != NULL && *ca_file != '\0' ? g_strdup (ca_file) : NULL;
  self->pin_sha256 = normalize_pin (pin_sha256);
  return self;
}

TernEndpoint *
tern_endpoint_with_client_cert (const TernEndpoint *self, const char *client_cert)
{
  TernEndpoint *endpoint =
      tern_endpoint_new (self->host, self->port, self->security, self->ca_file, self->pin_sha256);

  endpoint->client_cert =
      client_cert != NULL && *client_cert != '\0' ? g_strdup (client_cert) : NULL;
  return endpoint;
}

TernEndpoint *
tern_endpoint_ref (TernEndpoint *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
endpoint_clear (gpointer data)
{
  TernEndpoint *self = data;

  g_free (self->host);
  g_free (self->ca_file);
  g_free (self->pin_sha256);
  g_free (self->client_cert);
}

void
tern_endpoint_unref (TernEndpoint *self)
{
  g_atomic_rc_box_release_full (self, endpoint_clear);
}

static const char *const auth_names[] = {
  [TERN_AUTH_PASSWORD] = "password",
  [TERN_AUTH_UNBOUND] = "password-unbound",
  [TERN_AUTH_BEARER] = "oauth-bearer",
  [TERN_AUTH_EXTERNAL] = "external",
};

const char *
tern_auth_to_name (TernAuth auth)
{
  return auth_names[auth];
}

gboolean
tern_auth_from_name (const char *name, TernAuth *auth)
{
  for (guint i = 0; i < G_N_ELEMENTS (auth_names); i++)
    {
      if (!g_str_equal (name, auth_names[i]))
        continue;
      *auth = (TernAuth) i;
      return TRUE;
    }
  return FALSE;
}

gboolean
tern_auth_is_password (TernAuth auth)
{
  return auth == TERN_AUTH_PASSWORD || auth == TERN_AUTH_UNBOUND;
}

TernCredentials *
tern_credentials_new (const char *user, const char *password)
{
  return tern_credentials_new_for (TERN_AUTH_PASSWORD, user, password);
}

TernCredentials *
tern_credentials_new_for (TernAuth auth, const char *user, const char *password)
{
  TernCredentials *self = g_atomic_rc_box_new0 (TernCredentials);

  self->auth = auth;
  self->user = g_strdup (user);
  self->password = g_strdup (password);
  return self;
}

TernCredentials *
tern_credentials_ref (TernCredentials *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
credentials_clear (gpointer data)
{
  TernCredentials *self = data;

  if (self->password != NULL)
    explicit_bzero (self->password, strlen (self->password));
  g_free (self->password);
  g_free (self->user);
}

void
tern_credentials_unref (TernCredentials *self)
{
  g_atomic_rc_box_release_full (self, credentials_clear);
}
