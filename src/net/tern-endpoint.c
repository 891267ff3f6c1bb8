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
}

void
tern_endpoint_unref (TernEndpoint *self)
{
  g_atomic_rc_box_release_full (self, endpoint_clear);
}

TernCredentials *
tern_credentials_new (const char *user, const char *password)
{
  TernCredentials *self = g_atomic_rc_box_new0 (TernCredentials);

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
