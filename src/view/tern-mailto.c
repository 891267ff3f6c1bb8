/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mailto.h"

#include "tern-fault.h"
#include "tern-mime-text.h"

#include <glib/gi18n.h>
#include <string.h>

/* A percent-decoded value as valid UTF-8 with LF line ends and no other control characters; "+" is
 * a plus in mailto: (RFC 6068 section 5). */
static char *
decode (const char *value, gsize length, gboolean multi_line)
{
  g_autoptr (GBytes) bytes = g_uri_unescape_bytes (value, (gssize) length, NULL, NULL);
  g_autofree char *text = NULL;
  GString *clean;

  if (bytes == NULL)
    return g_strdup ("");

  text = g_utf8_make_valid (g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes));
  clean = g_string_new (NULL);
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '\r')
        continue;
      if (c == '\n' && multi_line)
        g_string_append_c (clean, '\n');
      else if (c == '\n' || c == '\t')
        g_string_append_c (clean, ' ');
      else if (!g_unichar_iscntrl (c))
        g_string_append_unichar (clean, c);
    }
  return g_string_free (clean, FALSE);
}

static void
add_addresses (GPtrArray *list, const char *text)
{
  g_autoptr (GPtrArray) found = tern_mime_parse_addresses (text);

  for (guint i = 0; found != NULL && i < found->len; i++)
    g_ptr_array_add (list, tern_address_copy (g_ptr_array_index (found, i)));
}

static void
apply_field (TernDraft *draft, const char *name, gsize name_length, const char *value, gsize length)
{
  g_autofree char *key = g_ascii_strdown (name, (gssize) name_length);
  g_autofree char *text = decode (value, length, g_str_equal (key, "body"));

  if (g_str_equal (key, "to"))
    add_addresses (draft->to, text);
  else if (g_str_equal (key, "cc"))
    add_addresses (draft->cc, text);
  else if (g_str_equal (key, "bcc"))
    add_addresses (draft->bcc, text);
  else if (g_str_equal (key, "subject"))
    {
      g_free (draft->subject);
      draft->subject = g_steal_pointer (&text);
    }
  else if (g_str_equal (key, "body"))
    {
      g_free (draft->text);
      draft->text = g_steal_pointer (&text);
    }
  else if (g_str_equal (key, "in-reply-to"))
    {
      g_auto (GStrv) ids = tern_mime_parse_references (text, strlen (text));

      g_free (draft->in_reply_to);
      draft->in_reply_to = ids != NULL && ids[0] != NULL ? g_strdup (ids[0]) : NULL;
    }
}

TernDraft *
tern_mailto_parse (const char *uri, GError **error)
{
  g_autoptr (TernDraft) draft = NULL;
  const char *rest;
  const char *query;
  const char *end;

  if (g_ascii_strncasecmp (uri, "mailto:", 7) != 0)
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                                _ ("“%s” is not an address to write to."), uri));
      return NULL;
    }

  draft = tern_draft_new ();
  rest = uri + 7;
  end = rest + strcspn (rest, "#");
  query = memchr (rest, '?', (gsize) (end - rest));
  apply_field (draft, "to", 2, rest, (gsize) ((query != NULL ? query : end) - rest));

  while (query != NULL && query < end)
    {
      const char *field = query + 1;
      gsize length = strcspn (field, "&#");
      const char *equals = memchr (field, '=', length);

      if (equals != NULL)
        apply_field (draft, field, (gsize) (equals - field), equals + 1,
                     length - (gsize) (equals + 1 - field));
      query = field[length] == '&' ? field + length : NULL;
    }

  return g_steal_pointer (&draft);
}
