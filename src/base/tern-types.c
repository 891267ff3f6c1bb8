/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-types.h"

#include <string.h>

static const struct
{
  TernFlags flag;
  const char *imap;
  const char *json;
} flag_names[] = {
  { TERN_FLAG_SEEN, "\\Seen", "seen" },
  { TERN_FLAG_ANSWERED, "\\Answered", "answered" },
  { TERN_FLAG_FLAGGED, "\\Flagged", "flagged" },
  { TERN_FLAG_DRAFT, "\\Draft", "draft" },
  { TERN_FLAG_DELETED, "\\Deleted", "deleted" },
  { TERN_FLAG_FORWARDED, "$Forwarded", "$Forwarded" },
  { TERN_FLAG_MDN_SENT, "$MDNSent", "$MDNSent" },
  { TERN_FLAG_JUNK, "$Junk", "$Junk" },
  { TERN_FLAG_NOT_JUNK, "$NotJunk", "$NotJunk" },
  { TERN_FLAG_PHISHING, "$Phishing", "$Phishing" },
};

static const struct
{
  TernRole role;
  const char *name;
} role_names[] = {
  { TERN_ROLE_NONE, "" },           { TERN_ROLE_INBOX, "inbox" },
  { TERN_ROLE_DRAFTS, "drafts" },   { TERN_ROLE_SENT, "sent" },
  { TERN_ROLE_ARCHIVE, "archive" }, { TERN_ROLE_JUNK, "junk" },
  { TERN_ROLE_TRASH, "trash" },     { TERN_ROLE_ALL, "all" },
  { TERN_ROLE_FLAGGED, "flagged" }, { TERN_ROLE_IMPORTANT, "important" },
  { TERN_ROLE_OUTBOX, "outbox" },
};

static gboolean
same_word (const char *word, const char *text, gsize length)
{
  return strlen (word) == length && g_ascii_strncasecmp (word, text, length) == 0;
}

/**
 * tern_flag_from_name:
 * @name: an IMAP flag or a word of ternctl, not necessarily NUL-terminated
 *
 * Returns: the flag, or %TERN_FLAG_NONE for a keyword that has no bit
 */
TernFlags
tern_flag_from_name (const char *name, gsize length)
{
  for (gsize i = 0; i < G_N_ELEMENTS (flag_names); i++)
    if (same_word (flag_names[i].imap, name, length)
        || same_word (flag_names[i].json, name, length))
      return flag_names[i].flag;
  return TERN_FLAG_NONE;
}

const char *
tern_flag_to_imap (TernFlags flag)
{
  for (gsize i = 0; i < G_N_ELEMENTS (flag_names); i++)
    if (flag_names[i].flag == flag)
      return flag_names[i].imap;
  return NULL;
}

const char *
tern_flag_to_json (TernFlags flag)
{
  for (gsize i = 0; i < G_N_ELEMENTS (flag_names); i++)
    if (flag_names[i].flag == flag)
      return flag_names[i].json;
  return NULL;
}

const char *
tern_role_to_name (TernRole role)
{
  for (gsize i = 0; i < G_N_ELEMENTS (role_names); i++)
    if (role_names[i].role == role)
      return role_names[i].name;
  return "";
}

TernRole
tern_role_from_name (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (role_names); i++)
    if (g_ascii_strcasecmp (role_names[i].name, name) == 0)
      return role_names[i].role;
  return TERN_ROLE_NONE;
}

const char *
tern_security_to_name (TernSecurity security)
{
  return security == TERN_SECURITY_TLS ? "tls" : "starttls";
}

gboolean
tern_security_from_name (const char *name, TernSecurity *security)
{
  if (g_ascii_strcasecmp (name, "tls") == 0)
    *security = TERN_SECURITY_TLS;
  else if (g_ascii_strcasecmp (name, "starttls") == 0)
    *security = TERN_SECURITY_STARTTLS;
  else
    return FALSE;
  return TRUE;
}
