/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TERN_FAULT:
 *
 * The error domain of everything that Tern itself reports. A fault has, beside its code and a
 * translated sentence for people, two axes that callers act on (never on the text): what it is
 * about (#TernScope) and when trying again makes sense (#TernRetry). Text that a server sent is
 * kept apart from ours, see tern_fault_get_server_text().
 */
#define TERN_FAULT tern_fault_quark ()

typedef enum
{
  TERN_FAULT_INTERNAL,       /* our own bug; said as such */
  TERN_FAULT_CANCELLED,      /* the caller gave up */
  TERN_FAULT_INVALID,        /* the request makes no sense (usage) */
  TERN_FAULT_NOT_FOUND,      /* no such account, folder or message */
  TERN_FAULT_UNKNOWN_HOST,   /* the name does not resolve */
  TERN_FAULT_UNREACHABLE,    /* refused, no route, network down */
  TERN_FAULT_TIMED_OUT,      /* connected, but the server does not answer */
  TERN_FAULT_DISCONNECTED,   /* the connection ended in the middle */
  TERN_FAULT_CERTIFICATE,    /* expired, wrong host, unknown issuer, pin changed */
  TERN_FAULT_TLS,            /* any other TLS failure, or TLS refused by the server */
  TERN_FAULT_AUTHENTICATION, /* the server refused the name or the password */
  TERN_FAULT_NO_MECHANISM,   /* no SASL mechanism that both sides accept */
  TERN_FAULT_UNAVAILABLE,    /* the server says "not now" (BYE, UNAVAILABLE, 421, 4xx) */
  TERN_FAULT_LIMIT,          /* over quota, too many connections, message too large */
  TERN_FAULT_REFUSED,        /* the server said NO, or 5xx */
  TERN_FAULT_RIGHTS,         /* NOPERM */
  TERN_FAULT_PROTOCOL,       /* the server broke the protocol, or sent more than the limits */
  TERN_FAULT_UNCERTAIN,      /* the outcome cannot be known (lost after the final dot) */
  TERN_FAULT_DISK_FULL,
  TERN_FAULT_DISK_READ_ONLY, /* not writable by us */
  TERN_FAULT_DISK,           /* any other I/O error on this machine */
  TERN_FAULT_DAMAGED,        /* database or body does not match its checksum */
  TERN_FAULT_BUSY,           /* another program holds the store */
  TERN_FAULT_KEYRING_ABSENT, /* no Secret Service on this session */
  TERN_FAULT_KEYRING_LOCKED, /* locked, and the unlock prompt was dismissed */
  TERN_FAULT_NO_SECRET,      /* the keyring has no password for this account */
} TernFaultCode;

/** TernScope: what a fault is about; everything outside the scope goes on. */
typedef enum
{
  TERN_SCOPE_MESSAGE,
  TERN_SCOPE_FOLDER,
  TERN_SCOPE_ACCOUNT,
  TERN_SCOPE_STORE,
} TernScope;

/** TernRetry: when trying again may help. NEVER means: not until a person changed something. */
typedef enum
{
  TERN_RETRY_NOW,
  TERN_RETRY_LATER,
  TERN_RETRY_NEVER,
} TernRetry;

GQuark tern_fault_quark (void);

/* A new fault with the code's usual scope and retry. @format is translated text of ours. */
GError *tern_fault_new (TernFaultCode code, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* The same with the server's own words, which are kept apart (copied, cleaned of control
 * characters, cut at 1 KiB); @server_text may be NULL. */
GError *tern_fault_new_server (TernFaultCode code, const char *server_text, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* Turns any GError (GIOError, GTlsError, GResolverError, GFileError …) into a fault; a fault is
 * returned as it is. Takes @error, returns a new reference. @what is what was being done, as the
 * start of a sentence ("Cannot connect to imap.example.org"), translated. */
GError *tern_fault_take (GError *error, const char *what);

/* The same fault with @name, of an account, before its words, unless it was named already: what
 * else the words contain does not count, "local" is part of "localhost". @error stays the caller's.
 * (transfer full) */
GError *tern_fault_name (const GError *error, const char *name);
gboolean tern_fault_is_named (const GError *error);

/* The axes. An error of another domain counts as account/later, cancelled as message/never. */
TernScope tern_fault_get_scope (const GError *error);
TernRetry tern_fault_get_retry (const GError *error);
void tern_fault_set_scope (GError *error, TernScope scope);
void tern_fault_set_retry (GError *error, TernRetry retry);

/* (nullable) (transfer none): what the server said, cleaned, never ours. */
const char *tern_fault_get_server_text (const GError *error);

gboolean tern_fault_is (const GError *error, TernFaultCode code);
gboolean tern_fault_is_cancelled (const GError *error); /* also G_IO_ERROR_CANCELLED */

/* A stable lower-case word for JSON and logs: "unknown-host", "certificate", … */
const char *tern_fault_code_name (TernFaultCode code);
/* The reverse; REFUSED for one that is NULL or not known. */
TernFaultCode tern_fault_code_from_name (const char *name);

/* The exit code of ternctl's contract for this error (65, 66, 69, 74, 75, 77, 130). */
int tern_fault_exit_code (const GError *error);

G_END_DECLS
