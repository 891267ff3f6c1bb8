/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-faults.h"

#include "tern-imap-types.h"

#include <glib/gi18n.h>
#include <string.h>

/* Response codes of RFC 5530, RFC 9051 section 7.1, and what servers use beside them. */
static const struct
{
  const char *name;
  TernFaultCode fault;
} codes[] = {
  { "UNAVAILABLE", TERN_FAULT_UNAVAILABLE },
  { "CONTACTADMIN", TERN_FAULT_UNAVAILABLE },
  { "INUSE", TERN_FAULT_UNAVAILABLE },
  { "SERVERBUG", TERN_FAULT_UNAVAILABLE },
  { "CORRUPTION", TERN_FAULT_UNAVAILABLE },
  { "THROTTLED", TERN_FAULT_UNAVAILABLE },
  { "EXPUNGEISSUED", TERN_FAULT_UNAVAILABLE },
  { "LIMIT", TERN_FAULT_LIMIT },
  { "OVERQUOTA", TERN_FAULT_LIMIT },
  { "TOOBIG", TERN_FAULT_LIMIT },
  { "NOPERM", TERN_FAULT_RIGHTS },
  { "READ-ONLY", TERN_FAULT_RIGHTS },
  { "NONEXISTENT", TERN_FAULT_NOT_FOUND },
  { "TRYCREATE", TERN_FAULT_NOT_FOUND },
  { "AUTHENTICATIONFAILED", TERN_FAULT_AUTHENTICATION },
  { "AUTHORIZATIONFAILED", TERN_FAULT_AUTHENTICATION },
  { "EXPIRED", TERN_FAULT_AUTHENTICATION },
  { "PRIVACYREQUIRED", TERN_FAULT_TLS },
};

static gboolean
code_is (const char *code, const char *name)
{
  gsize length = strlen (name);

  return code != NULL && strncmp (code, name, length) == 0
         && (code[length] == '\0' || code[length] == ' ');
}

static TernFaultCode
fault_of_code (const char *code, TernFaultCode fallback)
{
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (code_is (code, codes[i].name))
      return codes[i].fault;
  return fallback;
}

static GError *
new_with_mailbox (TernFaultCode fault, const char *text, const char *host, const char *mailbox)
{
  g_autofree char *name = tern_imap_utf7_decode (mailbox, NULL);
  GError *error;

  switch ((int) fault)
    {
    case TERN_FAULT_NOT_FOUND:
      error = tern_fault_new_server (fault, text, _ ("The folder “%s” does not exist on %s."), name,
                                     host);
      break;
    case TERN_FAULT_RIGHTS:
      error = tern_fault_new_server (fault, text, _ ("%s does not allow this in the folder “%s”."),
                                     host, name);
      break;
    case TERN_FAULT_LIMIT:
      error = tern_fault_new_server (
          fault, text, _ ("A limit on %s was reached with the folder “%s”."), host, name);
      break;
    case TERN_FAULT_UNAVAILABLE:
      error = tern_fault_new_server (
          fault, text, _ ("%s cannot do this in the folder “%s” at the moment."), host, name);
      break;
    default:
      error = tern_fault_new_server (fault, text, _ ("%s refused this in the folder “%s”."), host,
                                     name);
    }
  tern_fault_set_scope (error, TERN_SCOPE_FOLDER);
  return error;
}

static GError *
new_without_mailbox (TernFaultCode fault, const char *text, const char *host)
{
  switch ((int) fault)
    {
    case TERN_FAULT_RIGHTS:
      return tern_fault_new_server (fault, text, _ ("%s does not allow this."), host);
    case TERN_FAULT_LIMIT:
      return tern_fault_new_server (fault, text, _ ("A limit on %s was reached."), host);
    case TERN_FAULT_UNAVAILABLE:
      return tern_fault_new_server (fault, text, _ ("%s is not available at the moment."), host);
    case TERN_FAULT_TLS:
      return tern_fault_new_server (fault, text, _ ("%s asks for a protected connection."), host);
    default:
      return tern_fault_new_server (fault, text, _ ("%s refused the request."), host);
    }
}

/* Of limits, these two are for a person to do something about. */
static GError *
new_limit (const char *code, const char *text, const char *host, const char *mailbox)
{
  g_autofree char *name = tern_imap_utf7_decode (mailbox, NULL);

  if (code_is (code, "OVERQUOTA"))
    return tern_fault_new_server (
        TERN_FAULT_LIMIT, text,
        _ ("The mailbox on %s is full, so nothing can be put into the folder “%s”. Delete what you "
           "do not need and empty the trash."),
        host, name);
  if (code_is (code, "TOOBIG"))
    return tern_fault_new_server (TERN_FAULT_LIMIT, text,
                                  _ ("The message is too large for %s to be put into the folder "
                                     "“%s”."),
                                  host, name);
  return NULL;
}

/* Cyrus 3.6 has no code for it, Dovecot 2.3 not with every command: only these words. */
static gboolean
says_nonexistent (const char *text)
{
  g_autofree char *lower = g_ascii_strdown (text, -1);

  return strstr (lower, "mailbox does not exist") != NULL
         || strstr (lower, "mailbox doesn't exist") != NULL;
}

GError *
tern_imap_fault_new (TernImapOutcome outcome,
                     const char *code,
                     const char *text,
                     const char *host,
                     const char *mailbox)
{
  TernFaultCode fault = fault_of_code (code, TERN_FAULT_REFUSED);
  GError *limit = mailbox != NULL ? new_limit (code, text, host, mailbox) : NULL;

  if (limit != NULL)
    {
      tern_fault_set_scope (limit, TERN_SCOPE_FOLDER);
      return limit;
    }
  if (outcome == TERN_IMAP_BAD)
    return tern_fault_new_server (TERN_FAULT_PROTOCOL, text, _ ("%s did not understand a request."),
                                  host);
  if (mailbox != NULL && code == NULL && says_nonexistent (text))
    fault = TERN_FAULT_NOT_FOUND;
  return mailbox != NULL ? new_with_mailbox (fault, text, host, mailbox)
                         : new_without_mailbox (fault, text, host);
}

/* Servers without RFC 5530 say in words that they are busy. To ask for a new password then would
 * be wrong, and to try again later does no harm. */
static TernFaultCode
fault_of_words (const char *text)
{
  static const char *const busy[] = { "temporar",     "try again", "try later",   "unavailable",
                                      "busy",         "overload",  "maintenance", "internal error",
                                      "server error", "timed out", "timeout",     "system error" };
  static const char *const many[] = { "too many", "maximum number", "connection limit" };
  g_autofree char *lower = g_ascii_strdown (text, -1);

  for (guint i = 0; i < G_N_ELEMENTS (many); i++)
    if (strstr (lower, many[i]) != NULL)
      return TERN_FAULT_LIMIT;
  for (guint i = 0; i < G_N_ELEMENTS (busy); i++)
    if (strstr (lower, busy[i]) != NULL)
      return TERN_FAULT_UNAVAILABLE;
  return TERN_FAULT_AUTHENTICATION;
}

GError *
tern_imap_login_fault_new (TernImapOutcome outcome,
                           const char *code,
                           const char *text,
                           const char *host,
                           const char *user)
{
  TernFaultCode fault = fault_of_code (code, TERN_FAULT_REFUSED);

  if (outcome == TERN_IMAP_BAD)
    return tern_imap_fault_new (outcome, code, text, host, NULL);
  if (fault == TERN_FAULT_REFUSED || fault == TERN_FAULT_NOT_FOUND)
    fault = fault_of_words (text);
  if (fault != TERN_FAULT_AUTHENTICATION)
    return new_without_mailbox (fault, text, host);
  if (code_is (code, "EXPIRED"))
    return tern_fault_new_server (fault, text,
                                  _ ("The password of %s for %s has expired. Set a new one with "
                                     "the provider, then enter it here."),
                                  user, host);
  return tern_fault_new_server (
      fault, text, _ ("%s does not accept the name “%s” with this password."), host, user);
}

GError *
tern_imap_bye_fault_new (const char *code, const char *text, const char *host)
{
  TernFaultCode fault = fault_of_code (code, TERN_FAULT_UNAVAILABLE);

  if (fault == TERN_FAULT_LIMIT)
    return new_without_mailbox (fault, text, host);
  return tern_fault_new_server (TERN_FAULT_UNAVAILABLE, text,
                                _ ("%s ended the connection and cannot be used at the moment."),
                                host);
}

GError *
tern_imap_nonsense_fault_new (const char *host, const char *what)
{
  return tern_fault_new (TERN_FAULT_PROTOCOL,
                         _ ("%s sent something that is not IMAP, or more than any mail "
                            "server should (%s)."),
                         host, what);
}
