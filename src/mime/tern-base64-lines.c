/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-base64-lines.h"

#include "tern-mime-message.h"

#include <string.h>

#define LINE_END 2

static gboolean
is_digits (const char *p, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (p[i]) && p[i] != '+' && p[i] != '/')
      return FALSE;
  return TRUE;
}

/* The length of the line that begins at @p, without its end; 0 when it has none here. */
static gsize
line_length (const char *p, gsize left)
{
  const char *end = memchr (p, '\r', MIN (left, TERN_BASE64_LINE_MAX + 1));

  return end != NULL && (gsize) (end - p) + 1 < left && end[1] == '\n' ? (gsize) (end - p) : 0;
}

guint
tern_base64_lines_find (GBytes *bytes, guint64 offset)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  const char *newline = offset > 0 ? memchr (data, '\n', size) : NULL;
  gsize at = newline != NULL ? (gsize) (newline + 1 - data) : 0;
  gsize first = line_length (data + at, size - at);

  if ((offset > 0 && newline == NULL) || first == 0 || first % 4 != 0
      || (offset + at) % (first + LINE_END) != 0)
    return 0;
  /* What is before it is the end of such a line. */
  if (at > first + LINE_END
      || (at >= LINE_END && (data[at - LINE_END] != '\r' || !is_digits (data, at - LINE_END))))
    return 0;
  for (; size - at >= first + LINE_END; at += first + LINE_END)
    if (!is_digits (data + at, first) || data[at + first] != '\r' || data[at + first + 1] != '\n')
      return 0;
  return (guint) first;
}

GBytes *
tern_base64_lines_encode (GBytes *bytes, guint line)
{
  gsize size;
  const guchar *data = g_bytes_get_data (bytes, &size);
  gsize step = line / 4 * 3;
  gsize n = step > 0 ? size / step : 0;
  g_autofree char *text = NULL;
  char *p;

  if (n == 0 || size % step != 0)
    return NULL;
  text = g_malloc (n * (line + LINE_END));
  p = text;
  for (gsize i = 0; i < n; i++)
    {
      int state = 0;
      int save = 0;

      p += g_base64_encode_step (data + i * step, step, FALSE, p, &state, &save);
      p += g_base64_encode_close (FALSE, p, &state, &save);
      memcpy (p, "\r\n", LINE_END);
      p += LINE_END;
    }
  g_assert (p == text + n * (line + LINE_END));
  return g_bytes_new_take (g_steal_pointer (&text), n * (line + LINE_END));
}

gboolean
tern_base64_lines_decode_to (GBytes *lines, GBytes *decoded)
{
  g_autoptr (TernMimeDecoder) decoder = tern_mime_decoder_new ("base64");
  gsize size;
  const void *data = g_bytes_get_data (lines, &size);
  GByteArray *all = g_bytes_unref_to_array (tern_mime_decoder_step (decoder, data, size));
  g_autoptr (GBytes) rest = tern_mime_decoder_end (decoder);
  g_autoptr (GBytes) ours = NULL;

  g_byte_array_append (all, g_bytes_get_data (rest, NULL), (guint) g_bytes_get_size (rest));
  ours = g_byte_array_free_to_bytes (all);
  return g_bytes_equal (ours, decoded);
}

gboolean
tern_base64_lines_end_with (GBytes *lines, GBytes *end)
{
  gsize size, end_size;
  const guchar *data = g_bytes_get_data (lines, &size);
  const guchar *end_data = g_bytes_get_data (end, &end_size);

  return end_size > 0 && end_size <= size
         && memcmp (data + size - end_size, end_data, end_size) == 0;
}
