/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-params.h"

#include <string.h>

#define MAX_SEGMENTS 64

/* The index of the value whose name is @name, 0 if there is none. */
static guint
find (TernImapParser *parser, guint list, const char *name, gsize name_length)
{
  guint end = tern_imap_parser_end (parser, list);

  for (guint t = list + 1; t < end;)
    {
      guint value = tern_imap_parser_after (parser, t);
      TernImapSlice slice;

      if (value >= end)
        break;
      slice = tern_imap_parser_slice (parser, t);
      if (slice.data != NULL && slice.length == name_length
          && g_ascii_strncasecmp (slice.data, name, name_length) == 0)
        return value;
      t = tern_imap_parser_after (parser, value);
    }
  return 0;
}

char *
tern_imap_params_dup (TernImapParser *parser, guint list, const char *name)
{
  guint value = find (parser, list, name, strlen (name));

  return value != 0 ? tern_imap_parser_dup (parser, value) : NULL;
}

static void
append_percent_decoded (GString *out, TernImapSlice slice)
{
  for (gsize i = 0; i < slice.length; i++)
    {
      if (slice.data[i] == '%' && i + 2 < slice.length && g_ascii_isxdigit (slice.data[i + 1])
          && g_ascii_isxdigit (slice.data[i + 2]))
        {
          g_string_append_c (out, (char) (g_ascii_xdigit_value (slice.data[i + 1]) << 4
                                          | g_ascii_xdigit_value (slice.data[i + 2])));
          i += 2;
        }
      else
        g_string_append_c (out, slice.data[i]);
    }
}

/* Takes the leading charset'language' off. (transfer full) (nullable) */
static char *
take_charset (TernImapSlice *slice)
{
  const char *quote = memchr (slice->data, '\'', slice->length);
  const char *second;
  char *charset;

  if (quote == NULL)
    return NULL;
  second = memchr (quote + 1, '\'', slice->data + slice->length - quote - 1);
  if (second == NULL)
    return NULL;
  charset = g_strndup (slice->data, quote - slice->data);
  slice->length -= second + 1 - slice->data;
  slice->data = second + 1;
  return charset;
}

static char *
to_utf8 (GString *raw, const char *charset)
{
  char *converted = NULL;

  if (charset != NULL && *charset != '\0')
    converted = g_convert (raw->str, raw->len, "UTF-8", charset, NULL, NULL, NULL);
  if (converted == NULL)
    converted = g_utf8_make_valid (raw->str, raw->len);
  return converted;
}

/* name*=… or name*0=…, name*1*=… */
static char *
dup_extended (TernImapParser *parser, guint list, const char *name)
{
  g_autoptr (GString) raw = g_string_new (NULL);
  g_autofree char *charset = NULL;
  char key[64];
  guint value;

  g_snprintf (key, sizeof key, "%s*", name);
  value = find (parser, list, key, strlen (key));
  for (guint i = 0; i < MAX_SEGMENTS; i++)
    {
      gboolean encoded = TRUE;
      TernImapSlice slice;

      if (value == 0)
        {
          g_snprintf (key, sizeof key, "%s*%u*", name, i);
          value = find (parser, list, key, strlen (key));
        }
      if (value == 0)
        {
          encoded = FALSE;
          g_snprintf (key, sizeof key, "%s*%u", name, i);
          value = find (parser, list, key, strlen (key));
        }
      if (value == 0)
        break;
      slice = tern_imap_parser_slice (parser, value);
      value = 0;
      if (slice.data == NULL)
        continue;
      if (encoded && i == 0)
        charset = take_charset (&slice);
      if (encoded)
        append_percent_decoded (raw, slice);
      else
        g_string_append_len (raw, slice.data, slice.length);
    }
  return raw->len > 0 ? to_utf8 (raw, charset) : NULL;
}

/* Whether any name ends in "*" or has a "*" before digits: rare, and then worth the search. */
static gboolean
has_extended (TernImapParser *parser, guint list)
{
  guint end = tern_imap_parser_end (parser, list);

  for (guint t = list + 1; t < end;)
    {
      TernImapSlice slice = tern_imap_parser_slice (parser, t);

      if (slice.data != NULL && memchr (slice.data, '*', slice.length) != NULL)
        return TRUE;
      t = tern_imap_parser_after (parser, tern_imap_parser_after (parser, t));
    }
  return FALSE;
}

char *
tern_imap_params_dup_filename (TernImapParser *parser, guint list, const char *name)
{
  if (has_extended (parser, list))
    {
      char *extended = dup_extended (parser, list, name);

      if (extended != NULL)
        return extended;
    }
  return tern_imap_params_dup (parser, list, name);
}
