/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-flowed.h"

#include <string.h>

#define WRAP_AT   72
#define QUOTE_MAX 100

/* RFC 3676 section 4.3: this line is fixed, whatever it ends with. */
static gboolean
is_signature_line (const char *text, gsize length)
{
  return length == 3 && memcmp (text, "-- ", 3) == 0;
}

static void
append_prefix (GString *out, guint depth)
{
  for (guint i = 0; i < depth; i++)
    g_string_append_c (out, '>');
  if (depth > 0)
    g_string_append_c (out, ' ');
}

char *
tern_mime_flowed_decode (const char *text, gboolean delsp)
{
  GString *out = g_string_sized_new (strlen (text));
  gboolean flowing = FALSE; /* the last line wants the next one */
  guint last_depth = 0;

  while (*text != '\0')
    {
      const char *end = strchrnul (text, '\n');
      const char *line = text;
      gsize length;
      guint depth = 0;
      gboolean signature;

      while (line < end && *line == '>' && depth < QUOTE_MAX)
        line++, depth++;
      if (line < end && *line == ' ')
        line++;
      length = end - line;
      signature = is_signature_line (line, length);
      if (flowing && (depth != last_depth || signature))
        {
          g_string_append_c (out, '\n');
          flowing = FALSE;
        }
      if (!flowing)
        append_prefix (out, depth);
      flowing = length > 0 && line[length - 1] == ' ' && !signature;
      if (flowing && delsp)
        length--;
      g_string_append_len (out, line, length);
      if (!flowing)
        g_string_append_c (out, '\n');
      last_depth = depth;
      text = *end != '\0' ? end + 1 : end;
    }
  if (flowing)
    g_string_append_c (out, '\n');
  return g_string_free (out, FALSE);
}

/* "> > text" and ">> text" to the depth; @line moves behind it. */
static guint
take_quote_marks (const char **line, const char *end)
{
  const char *p = *line;
  guint depth = 0;

  while (p < end && depth < QUOTE_MAX)
    {
      if (*p == '>')
        depth++, p++;
      else if (depth > 0 && *p == ' ' && p + 1 < end && p[1] == '>')
        p++;
      else
        break;
    }
  if (depth > 0 && p < end && *p == ' ')
    p++;
  *line = p;
  return depth;
}

/* Where to break so that at most @room characters stand before it: behind a space, else @end. */
static const char *
find_break (const char *line, const char *end, guint room)
{
  const char *best = NULL;
  guint n = 0;

  for (const char *p = line; p < end; p = g_utf8_next_char (p), n++)
    {
      if (n >= room && best != NULL)
        return best;
      if (*p == ' ' && p + 1 < end && p > line)
        best = p + 1;
    }
  return end;
}

static void
append_line (GString *out, guint depth, const char *line, const char *end)
{
  append_prefix (out, depth);
  /* Space-stuffing, RFC 3676 section 4.4; the prefix of a quote has its space already. */
  if (depth == 0
      && (line < end && (*line == ' ' || *line == '>' || g_str_has_prefix (line, "From "))))
    g_string_append_c (out, ' ');
  g_string_append_len (out, line, end - line);
  g_string_append_c (out, '\n');
}

static void
encode_line (GString *out, const char *line, const char *end)
{
  guint depth = take_quote_marks (&line, end);

  if (is_signature_line (line, end - line))
    {
      append_line (out, depth, line, end);
      return;
    }
  /* Trailing space would make this line flow into the next one. */
  while (end > line && end[-1] == ' ')
    end--;
  while (line < end && g_utf8_strlen (line, end - line) > WRAP_AT)
    {
      const char *stop = find_break (line, end, WRAP_AT - MIN (depth + 1, WRAP_AT / 2));

      if (stop == end)
        break;
      append_line (out, depth, line, stop);
      line = stop;
    }
  append_line (out, depth, line, end);
}

char *
tern_mime_flowed_encode (const char *text)
{
  GString *out = g_string_sized_new (strlen (text) + strlen (text) / 16 + 16);

  while (*text != '\0')
    {
      const char *end = strchrnul (text, '\n');

      encode_line (out, text, end);
      text = *end != '\0' ? end + 1 : end;
    }
  return g_string_free (out, FALSE);
}
