/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-fault.h"

#include <glib/gi18n.h>
#include <string.h>

typedef struct
{
  TernScope scope;
  TernRetry retry;
  gboolean named;    /* its words begin with an account's name */
  char *server_text; /* (nullable) (owned) */
} TernFaultPrivate;

static void
tern_fault_private_init (TernFaultPrivate *priv)
{
  priv->scope = TERN_SCOPE_ACCOUNT;
  priv->retry = TERN_RETRY_LATER;
}

static void
tern_fault_private_copy (const TernFaultPrivate *source, TernFaultPrivate *target)
{
  target->scope = source->scope;
  target->retry = source->retry;
  target->named = source->named;
  target->server_text = g_strdup (source->server_text);
}

static void
tern_fault_private_clear (TernFaultPrivate *priv)
{
  g_free (priv->server_text);
}

G_DEFINE_EXTENDED_ERROR (TernFault, tern_fault)

/* One row per code: its word, its usual axes, ternctl's exit code. */
static const struct
{
  const char *name;
  TernScope scope;
  TernRetry retry;
  int exit_code;
} faults[] = {
  [TERN_FAULT_INTERNAL] = { "internal", TERN_SCOPE_ACCOUNT, TERN_RETRY_NEVER, 74 },
  [TERN_FAULT_CANCELLED] = { "cancelled", TERN_SCOPE_MESSAGE, TERN_RETRY_NEVER, 130 },
  [TERN_FAULT_INVALID] = { "invalid", TERN_SCOPE_MESSAGE, TERN_RETRY_NEVER, 64 },
  [TERN_FAULT_NOT_FOUND] = { "not-found", TERN_SCOPE_MESSAGE, TERN_RETRY_NEVER, 66 },
  [TERN_FAULT_UNKNOWN_HOST] = { "unknown-host", TERN_SCOPE_ACCOUNT, TERN_RETRY_LATER, 69 },
  [TERN_FAULT_UNREACHABLE] = { "unreachable", TERN_SCOPE_ACCOUNT, TERN_RETRY_LATER, 69 },
  [TERN_FAULT_TIMED_OUT] = { "timed-out", TERN_SCOPE_ACCOUNT, TERN_RETRY_LATER, 69 },
  [TERN_FAULT_DISCONNECTED] = { "disconnected", TERN_SCOPE_ACCOUNT, TERN_RETRY_LATER, 69 },
  [TERN_FAULT_CERTIFICATE] = { "certificate", TERN_SCOPE_ACCOUNT, TERN_RETRY_NEVER, 77 },
  [TERN_FAULT_TLS] = { "tls", TERN_SCOPE_ACCOUNT, TERN_RETRY_LATER, 69 },
  [TERN_FAULT_AUTHENTICATION] = { "authentication", TERN_SCOPE_ACCOUNT, TERN_RETRY_NEVER, 69 },
  [TERN_FAULT_NO_MECHANISM] = { "no-mechanism", TERN_SCOPE_ACCOUNT, TERN_RETRY_NEVER, 69 },
  [TERN_FAULT_UNAVAILABLE] = { "unavailable", TERN_SCOPE_ACCOUNT, TERN_RETRY_LATER, 75 },
  [TERN_FAULT_LIMIT] = { "limit", TERN_SCOPE_FOLDER, TERN_RETRY_LATER, 65 },
  [TERN_FAULT_REFUSED] = { "refused", TERN_SCOPE_MESSAGE, TERN_RETRY_NEVER, 65 },
  [TERN_FAULT_RIGHTS] = { "rights", TERN_SCOPE_FOLDER, TERN_RETRY_NEVER, 77 },
  [TERN_FAULT_PROTOCOL] = { "protocol", TERN_SCOPE_ACCOUNT, TERN_RETRY_LATER, 69 },
  [TERN_FAULT_UNCERTAIN] = { "uncertain", TERN_SCOPE_MESSAGE, TERN_RETRY_NEVER, 75 },
  [TERN_FAULT_DISK_FULL] = { "disk-full", TERN_SCOPE_STORE, TERN_RETRY_LATER, 74 },
  [TERN_FAULT_DISK_READ_ONLY] = { "disk-read-only", TERN_SCOPE_STORE, TERN_RETRY_NEVER, 74 },
  [TERN_FAULT_DISK] = { "disk", TERN_SCOPE_STORE, TERN_RETRY_LATER, 74 },
  [TERN_FAULT_DAMAGED] = { "damaged", TERN_SCOPE_MESSAGE, TERN_RETRY_NOW, 74 },
  [TERN_FAULT_BUSY] = { "busy", TERN_SCOPE_STORE, TERN_RETRY_LATER, 75 },
  [TERN_FAULT_KEYRING_ABSENT] = { "keyring-absent", TERN_SCOPE_ACCOUNT, TERN_RETRY_NEVER, 69 },
  [TERN_FAULT_KEYRING_LOCKED] = { "keyring-locked", TERN_SCOPE_ACCOUNT, TERN_RETRY_NEVER, 69 },
  [TERN_FAULT_NO_SECRET] = { "no-secret", TERN_SCOPE_ACCOUNT, TERN_RETRY_NEVER, 69 },
};

#define SERVER_TEXT_MAX 1024

/* Server text may hold anything: keep one line of printable UTF-8. */
static char *
clean_server_text (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, strnlen (text, SERVER_TEXT_MAX));
  GString *out = g_string_new (NULL);
  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT)
        g_string_append_c (out, ' ');
      else
        g_string_append_unichar (out, c);
    }
  g_strstrip (out->str);
  return g_string_free (out, FALSE);
}

G_GNUC_PRINTF (3, 0)
static GError *
fault_new_valist (TernFaultCode code, const char *server_text, const char *format, va_list args)
{
  GError *error = g_error_new_valist (TERN_FAULT, (int) code, format, args);
  TernFaultPrivate *priv = tern_fault_get_private (error);
  priv->scope = faults[code].scope;
  priv->retry = faults[code].retry;
  if (server_text != NULL)
    priv->server_text = clean_server_text (server_text);
  return error;
}

GError *
tern_fault_new (TernFaultCode code, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  GError *error = fault_new_valist (code, NULL, format, args);
  va_end (args);
  return error;
}

GError *
tern_fault_new_server (TernFaultCode code, const char *server_text, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  GError *error = fault_new_valist (code, server_text, format, args);
  va_end (args);
  return error;
}

static TernFaultCode
code_of_io_error (int code)
{
  switch (code)
    {
    case G_IO_ERROR_CANCELLED:
      return TERN_FAULT_CANCELLED;
    case G_IO_ERROR_NOT_FOUND:
      return TERN_FAULT_NOT_FOUND;
    case G_IO_ERROR_HOST_NOT_FOUND:
      return TERN_FAULT_UNKNOWN_HOST;
    case G_IO_ERROR_HOST_UNREACHABLE:
    case G_IO_ERROR_NETWORK_UNREACHABLE:
    case G_IO_ERROR_CONNECTION_REFUSED:
    case G_IO_ERROR_PROXY_FAILED:
    case G_IO_ERROR_PROXY_AUTH_FAILED:
    case G_IO_ERROR_PROXY_NEED_AUTH:
    case G_IO_ERROR_PROXY_NOT_ALLOWED:
      return TERN_FAULT_UNREACHABLE;
    case G_IO_ERROR_TIMED_OUT:
      return TERN_FAULT_TIMED_OUT;
    case G_IO_ERROR_CONNECTION_CLOSED: /* also BROKEN_PIPE */
    case G_IO_ERROR_NOT_CONNECTED:
    case G_IO_ERROR_PARTIAL_INPUT:
      return TERN_FAULT_DISCONNECTED;
    case G_IO_ERROR_NO_SPACE:
      return TERN_FAULT_DISK_FULL;
    case G_IO_ERROR_READ_ONLY:
    case G_IO_ERROR_PERMISSION_DENIED:
      return TERN_FAULT_DISK_READ_ONLY;
    case G_IO_ERROR_INVALID_ARGUMENT:
    case G_IO_ERROR_INVALID_FILENAME:
      return TERN_FAULT_INVALID;
    default: /* Everything else that GIO knows is an I/O failure on this machine. */
      return TERN_FAULT_DISK;
    }
}

static TernFaultCode
code_of_file_error (int code)
{
  switch (code)
    {
    case G_FILE_ERROR_NOSPC:
      return TERN_FAULT_DISK_FULL;
    case G_FILE_ERROR_ROFS:
    case G_FILE_ERROR_ACCES:
    case G_FILE_ERROR_PERM:
      return TERN_FAULT_DISK_READ_ONLY;
    case G_FILE_ERROR_NOENT:
      return TERN_FAULT_NOT_FOUND;
    default: /* As above. */
      return TERN_FAULT_DISK;
    }
}

static TernFaultCode
code_of (const GError *error)
{
  if (error->domain == G_IO_ERROR)
    return code_of_io_error (error->code);
  if (error->domain == G_FILE_ERROR)
    return code_of_file_error (error->code);
  if (error->domain == G_RESOLVER_ERROR)
    return TERN_FAULT_UNKNOWN_HOST;
  if (error->domain == G_TLS_ERROR)
    return error->code == G_TLS_ERROR_BAD_CERTIFICATE ? TERN_FAULT_CERTIFICATE : TERN_FAULT_TLS;
  return TERN_FAULT_INTERNAL;
}

GError *
tern_fault_take (GError *error, const char *what)
{
  if (error->domain == TERN_FAULT)
    return error;

  TernFaultCode code = code_of (error);
  GError *fault = code == TERN_FAULT_CANCELLED
                      ? tern_fault_new (code, _ ("Stopped."))
                      : tern_fault_new (code, "%s: %s", what, error->message);
  g_error_free (error);
  return fault;
}

GError *
tern_fault_name (const GError *error, const char *name)
{
  GError *named;

  if (tern_fault_is_named (error))
    return g_error_copy (error);
  if (error->domain != TERN_FAULT)
    named = tern_fault_take (g_error_copy (error), name);
  else
    {
      named = tern_fault_new_server (error->code, tern_fault_get_server_text (error), "%s: %s",
                                     name, error->message);
      tern_fault_set_scope (named, tern_fault_get_scope (error));
      tern_fault_set_retry (named, tern_fault_get_retry (error));
    }
  tern_fault_get_private (named)->named = TRUE;
  return named;
}

gboolean
tern_fault_is_named (const GError *error)
{
  return error->domain == TERN_FAULT && tern_fault_get_private (error)->named;
}

TernScope
tern_fault_get_scope (const GError *error)
{
  if (error->domain == TERN_FAULT)
    return tern_fault_get_private (error)->scope;
  return tern_fault_is_cancelled (error) ? TERN_SCOPE_MESSAGE : TERN_SCOPE_ACCOUNT;
}

TernRetry
tern_fault_get_retry (const GError *error)
{
  if (error->domain == TERN_FAULT)
    return tern_fault_get_private (error)->retry;
  return tern_fault_is_cancelled (error) ? TERN_RETRY_NEVER : TERN_RETRY_LATER;
}

void
tern_fault_set_scope (GError *error, TernScope scope)
{
  g_return_if_fail (error->domain == TERN_FAULT);
  tern_fault_get_private (error)->scope = scope;
}

void
tern_fault_set_retry (GError *error, TernRetry retry)
{
  g_return_if_fail (error->domain == TERN_FAULT);
  tern_fault_get_private (error)->retry = retry;
}

const char *
tern_fault_get_server_text (const GError *error)
{
  return error->domain == TERN_FAULT ? tern_fault_get_private (error)->server_text : NULL;
}

gboolean
tern_fault_is (const GError *error, TernFaultCode code)
{
  return g_error_matches (error, TERN_FAULT, (int) code);
}

gboolean
tern_fault_is_cancelled (const GError *error)
{
  return tern_fault_is (error, TERN_FAULT_CANCELLED)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

const char *
tern_fault_code_name (TernFaultCode code)
{
  g_return_val_if_fail ((gsize) code < G_N_ELEMENTS (faults), "internal");
  return faults[code].name;
}

TernFaultCode
tern_fault_code_from_name (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      if (g_strcmp0 (faults[i].name, name) == 0)
        return (TernFaultCode) i;
    }
  return TERN_FAULT_REFUSED;
}

int
tern_fault_exit_code (const GError *error)
{
  if (error->domain == TERN_FAULT)
    return faults[error->code].exit_code;
  return faults[code_of (error)].exit_code;
}
