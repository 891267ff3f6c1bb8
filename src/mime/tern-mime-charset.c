/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-charset.h"

#include <errno.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* 0x80–0x9f of windows-1252; the five holes read as U+FFFD. */
static const gunichar windows_1252[32] = {
  0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
  0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
  0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
};

/* Names that senders use for something else, or that iconv does not know. */
static const struct
{
  const char *name;
  const char *meant;
} aliases[] = {
  { "iso-8859-1", "windows-1252" },
  { "iso8859-1", "windows-1252" },
  { "iso_8859-1", "windows-1252" },
  { "latin1", "windows-1252" },
  { "us-ascii", "windows-1252" },
  { "ascii", "windows-1252" },
  { "ansi_x3.4-1968", "windows-1252" },
  { "cp1252", "windows-1252" },
  { "x-ansi", "windows-1252" },
  { "iso-8859-9", "windows-1254" },
  { "iso-8859-8-i", "iso-8859-8" },
  { "iso-8859-8-e", "iso-8859-8" },
  { "iso-8859-11", "cp874" },
  { "tis-620", "cp874" },
  { "windows-874", "cp874" },
  { "gb2312", "gb18030" },
  { "x-gbk", "gb18030" },
  { "gbk", "gb18030" },
  { "hz-gb-2312", "hz" },
  { "ks_c_5601-1987", "cp949" },
  { "ks_c_5601", "cp949" },
  { "euc-kr", "cp949" },
  { "shift_jis", "cp932" },
  { "shift-jis", "cp932" },
  { "sjis", "cp932" },
  { "x-sjis", "cp932" },
  { "windows-31j", "cp932" },
  { "iso-2022-jp", "iso-2022-jp-3" },
  { "big5", "big5-hkscs" },
  { "utf8", "utf-8" },
  { "unicode-1-1-utf-7", "utf-7" },
  { "unicode-1-1-utf-8", "utf-8" },
  { "macintosh", "mac" },
  { "x-mac-roman", "mac" },
};

typedef enum
{
  KIND_NONE, /* unknown or not declared */
  KIND_UTF8,
  KIND_1252,
  KIND_SINGLE,    /* any other that ASCII is part of */
  KIND_MULTIBYTE, /* GB, Big5, Shift_JIS, EUC: short text may be valid UTF-8 by accident */
  KIND_SHIFTED,   /* seven bits with shifts: always valid UTF-8, never meant so */
  KIND_WIDE,      /* UTF-16, UTF-32 */
} Kind;

static Kind
get_kind (const char *name)
{
  if (g_str_equal (name, "utf-8"))
    return KIND_UTF8;
  if (g_str_equal (name, "windows-1252"))
    return KIND_1252;
  if (g_str_has_prefix (name, "iso-2022-") || g_str_equal (name, "utf-7")
      || g_str_equal (name, "hz"))
    return KIND_SHIFTED;
  if (g_str_has_prefix (name, "utf-16") || g_str_has_prefix (name, "utf-32")
      || g_str_has_prefix (name, "ucs-"))
    return KIND_WIDE;
  if (g_str_has_prefix (name, "gb") || g_str_has_prefix (name, "big5")
      || g_str_has_prefix (name, "euc-") || g_str_equal (name, "cp949")
      || g_str_equal (name, "cp932") || g_str_equal (name, "cp950"))
    return KIND_MULTIBYTE;
  return KIND_SINGLE;
}

/* Writes the name that iconv gets into @name; only the characters of a real charset name pass. */
static Kind
resolve (const char *charset, char *name, gsize size)
{
  gsize n = 0;

  if (charset == NULL)
    return KIND_NONE;
  for (const char *p = charset; *p != '\0' && *p != '*'; p++) /* "*" starts an RFC 2231 language */
    {
      if (*p == ' ' || *p == '"' || *p == '\'')
        continue;
      if (!(g_ascii_isalnum (*p) || strchr ("-_.:+", *p) != NULL) || n + 1 >= size)
        return KIND_NONE;
      name[n++] = g_ascii_tolower (*p);
    }
  name[n] = '\0';
  if (n == 0)
    return KIND_NONE;
  for (guint i = 0; i < G_N_ELEMENTS (aliases); i++)
    if (g_str_equal (name, aliases[i].name))
      {
        g_strlcpy (name, aliases[i].meant, size);
        break;
      }
  return get_kind (name);
}

static void
append_1252 (GString *out, const char *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      guchar c = bytes[i];

      if (c < 0x80)
        g_string_append_c (out, c);
      else
        g_string_append_unichar (out, c < 0xa0 ? windows_1252[c - 0x80] : c);
    }
}

static void
append_repaired_utf8 (GString *out, const char *bytes, gsize length)
{
  while (length > 0)
    {
      const char *end;

      g_utf8_validate_len (bytes, length, &end);
      g_string_append_len (out, bytes, end - bytes);
      length -= end - bytes;
      bytes = end;
      if (length == 0)
        break;
      if (*bytes != '\0')
        g_string_append (out, REPLACEMENT);
      bytes++;
      length--;
    }
}

static gboolean
is_ascii (const char *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if ((guchar) bytes[i] >= 0x80)
      return FALSE;
  return TRUE;
}

/* NUL bytes are not held against it: they are removed whatever the charset. */
static gboolean
is_utf8 (const char *bytes, gsize length)
{
  while (length > 0)
    {
      const char *end;

      if (g_utf8_validate_len (bytes, length, &end))
        return TRUE;
      if (*end != '\0')
        return FALSE;
      length -= end + 1 - bytes;
      bytes = end + 1;
    }
  return TRUE;
}

static gboolean
has_three_byte_character (const char *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if ((guchar) bytes[i] >= 0xe0)
      return TRUE;
  return FALSE;
}

/* Damaged UTF-8 is still UTF-8 when most of its bytes above 0x7f belong to whole characters. */
static gboolean
is_mostly_utf8 (const char *bytes, gsize length)
{
  gsize good = 0, bad = 0;

  while (length > 0)
    {
      const char *end;

      g_utf8_validate_len (bytes, length, &end);
      for (const char *p = bytes; p < end; p++)
        good += (guchar) *p >= 0x80;
      length -= end - bytes;
      bytes = end;
      if (length == 0)
        break;
      bad += *bytes != '\0';
      bytes++;
      length--;
    }
  return good > 4 * bad;
}

/* A converter that is opened is a module that is loaded, which takes a hundred times as long as the
 * words of a header take to convert: each thread keeps those that it used last. */
#define CONVERTERS 16

typedef struct
{
  char *charset;
  GIConv conv;
} Converter;

static void
converter_free (gpointer data)
{
  Converter *converter = data;

  g_iconv_close (converter->conv);
  g_free (converter->charset);
  g_free (converter);
}

static GPrivate converters = G_PRIVATE_INIT ((GDestroyNotify) g_ptr_array_unref);

/* In its initial state; (GIConv) -1 when there is none. */
static GIConv
find_converter (const char *charset)
{
  GPtrArray *kept = g_private_get (&converters);
  Converter *converter;
  GIConv conv;

  if (kept == NULL)
    {
      kept = g_ptr_array_new_with_free_func (converter_free);
      g_private_set (&converters, kept);
    }
  for (guint i = 0; i < kept->len; i++)
    {
      converter = g_ptr_array_index (kept, i);
      if (strcmp (converter->charset, charset) == 0)
        {
          /* The last one is the next to go. */
          g_ptr_array_insert (kept, 0, g_ptr_array_steal_index (kept, i));
          return converter->conv;
        }
    }
  conv = g_iconv_open ("UTF-8", charset);
  if (conv == (GIConv) -1)
    return conv;
  if (kept->len == CONVERTERS)
    g_ptr_array_set_size (kept, CONVERTERS - 1);
  converter = g_new0 (Converter, 1);
  converter->charset = g_strdup (charset);
  converter->conv = conv;
  g_ptr_array_insert (kept, 0, converter);
  return conv;
}

static gboolean
append_converted (GString *out, const char *bytes, gsize length, const char *charset)
{
  GIConv conv = find_converter (charset);
  char *in = (char *) bytes;
  gsize left = length;
  char buffer[4096];

  if (conv == (GIConv) -1)
    return FALSE;
  while (left > 0)
    {
      char *to = buffer;
      gsize room = sizeof buffer;
      gsize result = g_iconv (conv, &in, &left, &to, &room);
      int why = errno;

      g_string_append_len (out, buffer, to - buffer);
      if (result != (gsize) -1)
        break;
      if (why == E2BIG)
        continue;
      /* EILSEQ, or EINVAL at a cut end. */
      g_string_append (out, REPLACEMENT);
      in++;
      left--;
      if (why == EINVAL)
        break;
    }
  {
    char *to = buffer;
    gsize room = sizeof buffer;

    g_iconv (conv, NULL, NULL, &to, &room);
    g_string_append_len (out, buffer, to - buffer);
  }
  return TRUE;
}

void
tern_mime_charset_append_raw (GString *out, const char *bytes, gsize length)
{
  if (is_utf8 (bytes, length))
    append_repaired_utf8 (out, bytes, length);
  else if (is_mostly_utf8 (bytes, length))
    append_repaired_utf8 (out, bytes, length);
  else
    append_1252 (out, bytes, length);
}

static gboolean
utf8_wins (Kind kind, const char *bytes, gsize length)
{
  if (!is_utf8 (bytes, length))
    return FALSE;
  return kind != KIND_MULTIBYTE || is_ascii (bytes, length)
         || has_three_byte_character (bytes, length);
}

static const char *
sniff_mark (const char *bytes, gsize length)
{
  if (length >= 2 && (guchar) bytes[0] == 0xff && (guchar) bytes[1] == 0xfe)
    return "utf-16";
  if (length >= 2 && (guchar) bytes[0] == 0xfe && (guchar) bytes[1] == 0xff)
    return "utf-16";
  return NULL;
}

/* Everything above may leave NUL where the bytes had one, and iconv surrogates nowhere. */
static char *
finish (GString *out)
{
  gsize n = 0;

  for (gsize i = 0; i < out->len; i++)
    if (out->str[i] != '\0')
      out->str[n++] = out->str[i];
  g_string_truncate (out, n);
  if (g_str_has_prefix (out->str, "\xef\xbb\xbf"))
    g_string_erase (out, 0, 3);
  if (!g_utf8_validate (out->str, out->len, NULL))
    {
      char *valid = g_utf8_make_valid (out->str, out->len);

      g_string_free (out, TRUE);
      return valid;
    }
  return g_string_free (out, FALSE);
}

char *
tern_mime_charset_to_utf8 (const char *bytes, gsize length, const char *charset)
{
  GString *out = g_string_sized_new (length + 16);
  char name[64];
  const char *mark = sniff_mark (bytes, length);
  Kind kind = resolve (mark != NULL ? mark : charset, name, sizeof name);

  if (kind == KIND_SHIFTED || kind == KIND_WIDE)
    {
      if (!append_converted (out, bytes, length, name))
        tern_mime_charset_append_raw (out, bytes, length);
      return finish (out);
    }
  if (utf8_wins (kind, bytes, length))
    append_repaired_utf8 (out, bytes, length);
  else if (kind == KIND_NONE)
    tern_mime_charset_append_raw (out, bytes, length);
  else if (kind == KIND_UTF8 && !is_mostly_utf8 (bytes, length))
    append_1252 (out, bytes, length);
  else if (kind == KIND_UTF8)
    append_repaired_utf8 (out, bytes, length);
  else if (kind == KIND_1252)
    append_1252 (out, bytes, length);
  else if (!append_converted (out, bytes, length, name))
    tern_mime_charset_append_raw (out, bytes, length);
  return finish (out);
}

static gboolean
is_unwanted (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) /* C0, DEL, C1 */
         || (c >= 0x202a && c <= 0x202e)     /* embeddings and overrides */
         || (c >= 0x2066 && c <= 0x2069)     /* isolates */
         || c == 0xfeff;
}

static gboolean
is_line_space (gunichar c)
{
  return c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f' || c == 0x85 || c == 0x2028
         || c == 0x2029;
}

void
tern_mime_charset_clean_line (GString *text, gsize limit)
{
  char *to = text->str;
  const char *from = text->str;
  const char *end = text->str + text->len;

  while (from < end)
    {
      const char *next = g_utf8_next_char (from);
      gunichar c = g_utf8_get_char (from);

      if (c == ' ' || is_line_space (c))
        {
          if (to > text->str)
            *to++ = ' ';
        }
      else if (!is_unwanted (c))
        {
          memmove (to, from, next - from);
          to += next - from;
        }
      from = next;
      if ((gsize) (to - text->str) > limit)
        break;
    }
  if ((gsize) (to - text->str) > limit)
    to = g_utf8_find_prev_char (text->str, text->str + limit + 1);
  while (to != NULL && to > text->str && to[-1] == ' ')
    to--;
  g_string_truncate (text, to != NULL ? to - text->str : 0);
}

char *
tern_mime_charset_clean_text (char *text)
{
  char *to = text;

  for (const char *from = text; *from != '\0';)
    {
      const char *next = g_utf8_next_char (from);
      gunichar c = g_utf8_get_char (from);

      if (c == '\r')
        {
          if (*next != '\n')
            *to++ = '\n';
        }
      else if (c == '\n' || c == '\t')
        *to++ = c;
      else if (c == '\f' || c == '\v')
        *to++ = ' ';
      else if (!is_unwanted (c))
        {
          memmove (to, from, next - from);
          to += next - from;
        }
      from = next;
    }
  *to = '\0';
  return text;
}
