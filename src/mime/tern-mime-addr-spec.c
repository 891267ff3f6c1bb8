/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-private.h"

#include "tern-fault.h"

#include <glib/gi18n.h>
#include <string.h>

/* RFC 5321 section 4.5.3.1 */
#define LOCAL_PART_MAX 64
#define DOMAIN_MAX     255
#define LABEL_MAX      63

/* Dot-atom of RFC 5322 section 3.2.3, with the UTF-8 of RFC 6532. */
static gboolean
is_dot_atom (const char *p, const char *end)
{
  gboolean after_dot = TRUE;

  for (; p < end; p++)
    {
      guchar c = *p;

      if (c == '.')
        {
          if (after_dot)
            return FALSE;
          after_dot = TRUE;
          continue;
        }
      if (c < 0x80 && !g_ascii_isalnum (c) && strchr ("!#$%&'*+-/=?^_`{|}~", c) == NULL)
        return FALSE;
      after_dot = FALSE;
    }
  return !after_dot;
}

static gboolean
is_quoted_string (const char *p, const char *end)
{
  if (end - p < 3 || *p != '"' || end[-1] != '"')
    return FALSE;
  for (p++, end--; p < end; p++)
    {
      if (*p == '\\' && ++p == end)
        return FALSE;
      else if (p[0] == '"' && p[-1] != '\\')
        return FALSE;
      if ((guchar) *p < 0x20 || *p == 0x7f)
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_domain_literal (const char *p, const char *end)
{
  g_autofree char *inner = NULL;
  const char *address;

  if (end - p < 3 || *p != '[' || end[-1] != ']')
    return FALSE;
  inner = g_strndup (p + 1, end - p - 2);
  address = g_ascii_strncasecmp (inner, "IPv6:", 5) == 0 ? inner + 5 : inner;
  return g_hostname_is_ip_address (address)
         && (strchr (address, ':') != NULL) == (address != inner);
}

static gboolean
is_domain (const char *p, const char *end)
{
  const char *label = p;

  if (end - p > DOMAIN_MAX || p == end)
    return FALSE;
  for (;; p++)
    {
      guchar c = p < end ? *p : '.';

      if (c == '.')
        {
          if (p == label || p - label > LABEL_MAX || *label == '-' || p[-1] == '-')
            return FALSE;
          if (p >= end)
            return TRUE;
          label = p + 1;
        }
      else if (c < 0x80 && !g_ascii_isalnum (c) && c != '-' && c != '_')
        return FALSE;
    }
}

static gboolean
is_addr_spec (const char *address)
{
  const char *at = strrchr (address, '@');
  const char *end;

  if (at == NULL || at == address || at - address > LOCAL_PART_MAX
      || !g_utf8_validate (address, -1, NULL))
    return FALSE;
  end = at + strlen (at);
  for (const char *p = address; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      /* Invisible or blank characters in an address are a mistake or a trick. */
      if (c > 0x7f && (!g_unichar_isgraph (c) || g_unichar_type (c) == G_UNICODE_FORMAT))
        return FALSE;
    }
  if (!is_dot_atom (address, at) && !is_quoted_string (address, at))
    return FALSE;
  return is_domain (at + 1, end) || is_domain_literal (at + 1, end);
}

gboolean
tern_mime_check_address (const char *address, GError **error)
{
  if (is_addr_spec (address))
    return TRUE;
  g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                            _ ("“%s” is not a valid email address."), address));
  return FALSE;
}

char *
tern_mime_address_to_ascii_domain (const char *address)
{
  const char *at = strrchr (address, '@');
  g_autofree char *domain = NULL;

  if (at == NULL || g_str_is_ascii (at))
    return g_strdup (address);
  domain = g_hostname_to_ascii (at + 1);
  if (domain == NULL)
    return g_strdup (address);
  return g_strdup_printf ("%.*s@%s", (int) (at - address), address, domain);
}
