/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-connection.h"

#include <string.h>

#define MAX_EXTENSIONS 200
#define MAX_NAME       64
#define MAX_COMMENTS   8
#define MAX_COMMENT    500 /* characters */

static void
connection_clear (gpointer data)
{
  TernConnection *self = data;

  g_free (self->protocol);
  g_free (self->label);
  g_free (self->host);
  g_free (self->address);
  g_free (self->tls_version);
  g_free (self->cipher);
  tern_certificate_facts_clear (&self->certificate);
  g_free (self->mechanism);
  g_ptr_array_unref (self->offered);
  g_ptr_array_unref (self->used);
  g_ptr_array_unref (self->comments);
  g_free (self->mailbox);
  g_clear_error (&self->error);
  g_clear_pointer (&self->transcript, tern_transcript_unref);
  g_clear_pointer (&self->lines, g_ptr_array_unref);
}

TernConnection *
tern_connection_new (const char *protocol, const char *label, TernEndpoint *endpoint)
{
  TernConnection *self = g_atomic_rc_box_new0 (TernConnection);
  g_autofree char *tag = g_strdup_printf ("%s:%s", protocol, label);

  self->protocol = g_strdup (protocol);
  self->label = g_strdup (label);
  self->host = g_strdup (endpoint->host);
  self->port = endpoint->port;
  self->security = endpoint->security;
  self->offered = g_ptr_array_new_with_free_func (g_free);
  self->used = g_ptr_array_new_with_free_func (g_free);
  self->comments = g_ptr_array_new_with_free_func (g_free);
  self->transcript = tern_transcript_new (tag);
  return self;
}

TernConnection *
tern_connection_ref (TernConnection *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
tern_connection_unref (TernConnection *self)
{
  g_atomic_rc_box_release_full (self, connection_clear);
}

static gpointer
copy_text (gconstpointer text, gpointer data)
{
  return g_strdup (text);
}

TernConnection *
tern_connection_copy (TernConnection *self)
{
  TernConnection *copy = g_atomic_rc_box_new0 (TernConnection);

  if (self->refresh != NULL)
    self->refresh (self, self->session);
  *copy = *self;
  copy->protocol = g_strdup (self->protocol);
  copy->label = g_strdup (self->label);
  copy->host = g_strdup (self->host);
  copy->address = g_strdup (self->address);
  copy->tls_version = g_strdup (self->tls_version);
  copy->cipher = g_strdup (self->cipher);
  tern_certificate_facts_copy (&self->certificate, &copy->certificate);
  copy->mechanism = g_strdup (self->mechanism);
  copy->offered = g_ptr_array_copy (self->offered, copy_text, NULL);
  copy->used = g_ptr_array_copy (self->used, copy_text, NULL);
  copy->comments = g_ptr_array_copy (self->comments, copy_text, NULL);
  copy->mailbox = g_strdup (self->mailbox);
  copy->error = self->error != NULL ? g_error_copy (self->error) : NULL;
  copy->transcript = NULL;
  copy->lines = self->transcript != NULL ? tern_transcript_dup_lines (self->transcript)
                                         : g_ptr_array_ref (self->lines);
  copy->refresh = NULL;
  copy->session = NULL;
  return copy;
}

void
tern_connection_set_state (TernConnection *self, TernConnectionState state)
{
  if (self->state == state)
    return;
  if (state == TERN_CONNECTION_CONNECTING)
    g_clear_error (&self->error);
  self->state = state;
  self->since = g_get_real_time () / G_USEC_PER_SEC;
}

/* The server was there and said no. */
static gboolean
is_refusal (const GError *error)
{
  return tern_fault_is (error, TERN_FAULT_LIMIT) || tern_fault_is (error, TERN_FAULT_REFUSED)
         || tern_fault_is (error, TERN_FAULT_UNAVAILABLE)
         || tern_fault_is (error, TERN_FAULT_RIGHTS)
         || tern_fault_is (error, TERN_FAULT_AUTHENTICATION);
}

void
tern_connection_end (TernConnection *self, const GError *error)
{
  gboolean opened = self->state == TERN_CONNECTION_OPEN || self->state == TERN_CONNECTION_WATCHING;

  if (self->refresh != NULL)
    self->refresh (self, self->session);
  self->refresh = NULL;
  self->session = NULL;
  if (!opened && self->state != TERN_CONNECTION_CONNECTING)
    return;
  if (error == NULL || tern_fault_is_cancelled (error))
    {
      tern_connection_set_state (self, TERN_CONNECTION_CLOSED);
      return;
    }
  self->error = g_error_copy (error);
  tern_connection_set_state (self, opened               ? TERN_CONNECTION_LOST
                                   : is_refusal (error) ? TERN_CONNECTION_REFUSED
                                                        : TERN_CONNECTION_FAILED);
}

static const char *
tls_version_name (GTlsProtocolVersion version)
{
  switch (version)
    {
    case G_TLS_PROTOCOL_VERSION_TLS_1_2:
      return "TLS 1.2";
    case G_TLS_PROTOCOL_VERSION_TLS_1_3:
      return "TLS 1.3";
    case G_TLS_PROTOCOL_VERSION_UNKNOWN:
    case G_TLS_PROTOCOL_VERSION_SSL_3_0:
    case G_TLS_PROTOCOL_VERSION_TLS_1_0:
    case G_TLS_PROTOCOL_VERSION_TLS_1_1:
    case G_TLS_PROTOCOL_VERSION_DTLS_1_0:
    case G_TLS_PROTOCOL_VERSION_DTLS_1_2:
    default:
      return NULL;
    }
}

void
tern_connection_take_transport (TernConnection *self, TernTransport *transport)
{
  GTlsCertificate *certificate = tern_transport_get_certificate (transport);

  g_free (self->address);
  self->address = tern_transport_dup_address (transport);
  self->secure = tern_transport_is_secure (transport);
  if (!self->secure)
    return;
  g_free (self->tls_version);
  self->tls_version = g_strdup (tls_version_name (tern_transport_get_tls_version (transport)));
  g_free (self->cipher);
  self->cipher = tern_transport_dup_cipher (transport);
  tern_certificate_facts_clear (&self->certificate);
  if (certificate != NULL)
    tern_certificate_read_facts (certificate, &self->certificate);
}

void
tern_connection_set_mechanism (TernConnection *self, const char *mechanism)
{
  g_free (self->mechanism);
  self->mechanism = g_strdup (mechanism);
}

void
tern_connection_set_mailbox (TernConnection *self, const char *mailbox)
{
  g_free (self->mailbox);
  self->mailbox = mailbox != NULL ? tern_redact_printable (mailbox, strlen (mailbox)) : NULL;
}

void
tern_connection_clear_offered (TernConnection *self)
{
  g_ptr_array_set_size (self->offered, 0);
}

void
tern_connection_add_offered (TernConnection *self, const char *name, gsize length)
{
  if (length > 0 && self->offered->len < MAX_EXTENSIONS)
    g_ptr_array_add (self->offered, tern_redact_printable (name, MIN (length, MAX_NAME)));
}

gboolean
tern_connection_has_offered (const TernConnection *self, const char *name)
{
  for (guint i = 0; i < self->offered->len; i++)
    if (g_ascii_strcasecmp (g_ptr_array_index (self->offered, i), name) == 0)
      return TRUE;
  return FALSE;
}

gboolean
tern_connection_has_used (const TernConnection *self, const char *name)
{
  return g_ptr_array_find_with_equal_func (self->used, name, g_str_equal, NULL);
}

void
tern_connection_use (TernConnection *self, const char *extension)
{
  if (self->used->len < MAX_EXTENSIONS && !tern_connection_has_used (self, extension))
    g_ptr_array_add (self->used, g_strdup (extension));
}

const char *
tern_connection_state_name (TernConnectionState state)
{
  switch (state)
    {
    case TERN_CONNECTION_CONNECTING:
      return "connecting";
    case TERN_CONNECTION_OPEN:
      return "open";
    case TERN_CONNECTION_WATCHING:
      return "watching";
    case TERN_CONNECTION_CLOSED:
      return "closed";
    case TERN_CONNECTION_LOST:
      return "lost";
    case TERN_CONNECTION_REFUSED:
      return "refused";
    case TERN_CONNECTION_FAILED:
      return "failed";
    case TERN_CONNECTION_NONE:
    default:
      return "none";
    }
}

/* Nothing that ends the line, or turns the direction in which it is read. */
void
tern_connection_add_comment (TernConnection *self, const char *text, gsize length)
{
  g_autofree char *valid = g_utf8_make_valid (text, (gssize) MIN (length, MAX_COMMENT * 6));
  GString *clean = g_string_new (NULL);
  guint n = 0;

  for (const char *p = valid; *p != '\0' && n < MAX_COMMENT; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      GUnicodeType type = g_unichar_type (c);

      if (type == G_UNICODE_FORMAT)
        continue;
      if (g_unichar_isspace (c) || type == G_UNICODE_CONTROL || type == G_UNICODE_LINE_SEPARATOR
          || type == G_UNICODE_PARAGRAPH_SEPARATOR)
        c = ' ';
      g_string_append_unichar (clean, c);
      n++;
    }
  g_strstrip (clean->str);
  if (*clean->str != '\0' && self->comments->len < MAX_COMMENTS)
    g_ptr_array_add (self->comments, g_string_free (clean, FALSE));
  else
    g_string_free (clean, TRUE);
}
