/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-charset.h"
#include "tern-mime-message.h"

#include <string.h>

#define PREVIEW_CHARACTERS 200
#define PREVIEW_BYTES      (PREVIEW_CHARACTERS * 4)
#define SCAN_LINES         400
/* Of a body: what most previews are made of. */
#define FIRST_BYTES 16384

static gboolean
is_quote (const char *line)
{
  while (*line == ' ')
    line++;
  return *line == '>';
}

/* "-----Original Message-----", "________": what is below is not the sender's. */
static gboolean
is_separator (const char *line, gsize length)
{
  gsize marks = 0;
  gsize i = 0;

  if (length == 3 && memcmp (line, "-- ", 3) == 0)
    return TRUE;
  if (length == 2 && memcmp (line, "--", 2) == 0)
    return TRUE;
  while (i < length && (line[i] == '-' || line[i] == '_'))
    i++, marks++;
  if (marks == length)
    return line[0] == '_' && marks >= 20;
  while (length > i && line[length - 1] == '-')
    length--, marks++;
  /* Words between dashes, in whatever language. */
  return marks >= 8 && i >= 4;
}

/* A line that ends with a colon and stands (over one empty line at most) above a quote: "On Monday
 * John wrote:" in any language. It may be broken over two lines. */
static gboolean
is_attribution (char **lines, guint i, guint n)
{
  for (guint last = i; last < n && last <= i + 1; last++)
    {
      gsize length = strlen (lines[last]);
      guint next = last + 1;

      while (length > 0 && g_ascii_isspace (lines[last][length - 1]))
        length--;
      if (length == 0)
        return FALSE;
      if (lines[last][length - 1] != ':'
          && !(length >= 3 && memcmp (lines[last] + length - 3, "：", 3) == 0))
        continue;
      while (next < n && next <= last + 2 && *g_strchug (lines[next]) == '\0')
        next++;
      return next < n && is_quote (lines[next]);
    }
  return FALSE;
}

/* The targets that HTML-to-text puts behind a link, and bare ones, say nothing in a list. */
static void
append_words (GString *out, const char *line)
{
  while (*line != '\0')
    {
      const char *end = line + strcspn (line, " \t");

      if (end > line && !g_str_has_prefix (line, "<http") && !g_str_has_prefix (line, "<mailto:")
          && !g_str_has_prefix (line, "http://") && !g_str_has_prefix (line, "https://"))
        {
          if (out->len > 0)
            g_string_append_c (out, ' ');
          g_string_append_len (out, line, end - line);
        }
      line = end + strspn (end, " \t");
    }
}

/* U+00AD, U+034F, U+200B…U+200D and the like fill the hidden first lines of newsletters. */
static void
drop_invisible (GString *text)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gboolean space = TRUE;

  for (const char *p = text->str; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == 0xad || c == 0x34f || c == 0x200b || c == 0x200c || c == 0x2060 || c == 0x2007)
        continue;
      if (g_unichar_isspace (c))
        {
          if (!space)
            g_string_append_c (out, ' ');
          space = TRUE;
          continue;
        }
      g_string_append_unichar (out, c);
      space = FALSE;
    }
  g_string_assign (text, out->str);
}

/* Takes @out. */
static char *
end_preview (GString *out)
{
  tern_mime_charset_clean_line (out, PREVIEW_BYTES * 4);
  drop_invisible (out);
  if (g_utf8_strlen (out->str, -1) > PREVIEW_CHARACTERS)
    g_string_truncate (out, g_utf8_offset_to_pointer (out->str, PREVIEW_CHARACTERS) - out->str);
  g_strchomp (out->str);
  return g_string_free (out, FALSE);
}

char *
tern_mime_clean_preview (const char *text, gsize length)
{
  g_autofree char *valid = g_utf8_make_valid (text, MIN (length, PREVIEW_BYTES * 4));

  return end_preview (g_string_new (valid));
}

char *
tern_mime_make_preview (const TernMimeText *text)
{
  GString *out = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;
  guint n;

  g_return_val_if_fail (text != NULL, NULL);

  lines = g_strsplit (text->plain, "\n", SCAN_LINES);
  n = g_strv_length (lines);
  if (n == SCAN_LINES)
    n--; /* the last one is the whole rest */
  for (guint i = 0; i < n && out->len < PREVIEW_BYTES; i++)
    {
      if (is_separator (lines[i], strlen (lines[i])) && out->len > 0)
        break;
      if (is_quote (lines[i]) || is_separator (lines[i], strlen (lines[i])))
        continue;
      if (is_attribution (lines, i, n))
        {
          /* Its second line ends with the colon when the first does not. */
          gsize length = strlen (g_strchomp (lines[i]));

          if (length > 0 && lines[i][length - 1] != ':')
            i++;
          continue;
        }
      append_words (out, lines[i]);
    }
  return end_preview (out);
}

/* The header and the first of the body; (nullable) when that is nearly all. */
static GBytes *
take_first (GBytes *message)
{
  gsize size;
  const char *data = g_bytes_get_data (message, &size);
  const char *end = size > FIRST_BYTES ? memmem (data, size, "\n\r\n", 3) : NULL;
  const char *bare = size > FIRST_BYTES ? memmem (data, size, "\n\n", 2) : NULL;
  gsize first;

  if (end == NULL || (bare != NULL && bare < end))
    end = bare;
  if (end == NULL)
    return NULL;
  first = (gsize) (end - data) + FIRST_BYTES;
  return first < size - size / 4 ? g_bytes_new_from_bytes (message, 0, first) : NULL;
}

char *
tern_mime_read_preview (GBytes *message)
{
  g_autoptr (GBytes) first = NULL;
  g_autoptr (TernMimeText) text = NULL;

  g_return_val_if_fail (message != NULL, NULL);

  first = take_first (message);
  if (first != NULL)
    {
      g_autoptr (TernMimeText) beginning = tern_mime_read_text (first);
      g_autofree char *preview = tern_mime_make_preview (beginning);

      /* One that is not cut short may have lost something at the end of what was read. */
      if (g_utf8_strlen (preview, -1) >= PREVIEW_CHARACTERS - 1)
        return g_steal_pointer (&preview);
    }
  text = tern_mime_read_text (message);
  return tern_mime_make_preview (text);
}
