/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-text.h"
#include "tern-mime-charset.h"
#include "tern-mime-private.h"

#include "tern-limits.h"

#include <gmime/gmime.h>
#include <string.h>

#define HEADER_TEXT_LIMIT 4096
#define WORD_CHARSET_MAX  63

void
tern_mime_init (void)
{
  static gsize done = 0;

  if (g_once_init_enter (&done))
    {
      g_mime_init ();
      g_once_init_leave (&done, 1);
    }
}

/* One encoded-word of RFC 2047 section 2, as slices of the header. */
typedef struct
{
  const char *charset;
  gsize charset_length;
  char encoding; /* 'b' or 'q' */
  const char *text;
  gsize text_length;
  const char *end; /* behind the closing "?=" */
} Word;

static gboolean
is_hex_pair (const char *p, const char *end)
{
  return end - p >= 2 && g_ascii_isxdigit (p[0]) && g_ascii_isxdigit (p[1]);
}

/* The closing "?=" of the text that starts at @p; @end when it was cut off. Some senders leave "?"
 * unencoded before an encoded character: "What?=3F?=" goes on behind the first "?=". */
static const char *
find_word_end (const char *p, const char *end, char encoding)
{
  for (const char *q = p; q + 1 < end; q++)
    {
      if (*q == '\n' || *q == '\r')
        return NULL;
      /* Another word begins: this one was never closed. It keeps the search linear, too. */
      if (q[0] == '=' && q[1] == '?' && !(q + 2 < end && q[2] == '='))
        return NULL;
      if (q[0] != '?' || q[1] != '=')
        continue;
      if (encoding == 'q' && is_hex_pair (q + 2, end))
        {
          const char *more = q + 2;

          while (more + 1 < end && !g_ascii_isspace (*more) && !(more[0] == '?' && more[1] == '='))
            more++;
          if (more + 1 < end && more[0] == '?')
            continue;
        }
      return q;
    }
  for (const char *q = p; q < end; q++)
    if (g_ascii_isspace (*q))
      return NULL;
  return end;
}

static gboolean
read_word (const char *p, const char *end, Word *word)
{
  const char *q;

  if (end - p < 6 || p[0] != '=' || p[1] != '?')
    return FALSE;
  word->charset = q = p + 2;
  while (q<end && * q> ' ' && *q != '?' && (guchar) *q < 0x7f)
    q++;
  word->charset_length = q - word->charset;
  if (q >= end || *q != '?' || word->charset_length == 0 || word->charset_length > WORD_CHARSET_MAX)
    return FALSE;
  q++;
  if (end - q < 2 || q[1] != '?')
    return FALSE;
  word->encoding = g_ascii_tolower (*q);
  if (word->encoding != 'q' && word->encoding != 'b')
    return FALSE;
  word->text = q + 2;
  q = find_word_end (word->text, end, word->encoding);
  if (q == NULL)
    return FALSE;
  word->text_length = q - word->text;
  word->end = q == end ? end : q + 2;
  return TRUE;
}

const char *
tern_mime_skip_encoded_word (const char *p, const char *end)
{
  Word word;

  return read_word (p, end, &word) && word.end[-1] == '=' && word.end[-2] == '?' ? word.end : NULL;
}

static void
append_q (GString *out, const char *text, gsize length)
{
  const char *end = text + length;

  for (const char *p = text; p < end; p++)
    {
      if (*p == '_')
        g_string_append_c (out, ' ');
      else if (*p == '=' && is_hex_pair (p + 1, end))
        {
          g_string_append_c (out, g_ascii_xdigit_value (p[1]) << 4 | g_ascii_xdigit_value (p[2]));
          p += 2;
        }
      else
        g_string_append_c (out, *p);
    }
}

static void
append_b (GString *out, const char *text, gsize length)
{
  gsize start = out->len;
  gint state = 0;
  guint save = 0;
  gsize n;

  g_string_set_size (out, start + (length / 4) * 3 + 6);
  n = g_base64_decode_step (text, length, (guchar *) out->str + start, &state, &save);
  /* Missing padding: the bits that are there still make one or two characters. */
  if (state != 0)
    n += g_base64_decode_step ("==", 2, (guchar *) out->str + start + n, &state, &save);
  g_string_truncate (out, start + n);
}

/* Bytes of adjacent words of one charset wait together: a character may be split between them. */
typedef struct
{
  GString *out;
  GString *bytes;
  char charset[WORD_CHARSET_MAX + 1];
} Decoder;

static void
flush_words (Decoder *self)
{
  g_autofree char *text = NULL;

  if (self->bytes->len == 0)
    return;
  text = tern_mime_charset_to_utf8 (self->bytes->str, self->bytes->len, self->charset);
  g_string_append (self->out, text);
  g_string_truncate (self->bytes, 0);
}

static void
take_word (Decoder *self, const Word *word)
{
  char charset[WORD_CHARSET_MAX + 1];

  memcpy (charset, word->charset, word->charset_length);
  charset[word->charset_length] = '\0';
  if (g_ascii_strcasecmp (charset, self->charset) != 0)
    {
      flush_words (self);
      g_strlcpy (self->charset, charset, sizeof self->charset);
    }
  if (word->encoding == 'q')
    append_q (self->bytes, word->text, word->text_length);
  else
    append_b (self->bytes, word->text, word->text_length);
}

static gboolean
is_blank (const char *p, const char *end)
{
  for (; p < end; p++)
    if (!g_ascii_isspace (*p))
      return FALSE;
  return TRUE;
}

static char *
decode_slowly (const char *raw, gsize length)
{
  Decoder decoder = { g_string_sized_new (length + 16), g_string_new (NULL), "" };
  const char *end = raw + length;
  const char *plain = raw;
  const char *p = raw;
  gboolean after_word = FALSE;

  while (p < end)
    {
      Word word;

      p = memchr (p, '=', end - p);
      if (p == NULL)
        break;
      if (!read_word (p, end, &word))
        {
          p++;
          continue;
        }
      if (!(after_word && is_blank (plain, p)))
        {
          flush_words (&decoder);
          tern_mime_charset_append_raw (decoder.out, plain, p - plain);
        }
      take_word (&decoder, &word);
      after_word = TRUE;
      p = plain = word.end;
    }
  flush_words (&decoder);
  tern_mime_charset_append_raw (decoder.out, plain, end - plain);
  g_string_free (decoder.bytes, TRUE);
  {
    /* Line ends of the folding go, the space behind them stays. */
    gsize n = 0;

    for (gsize i = 0; i < decoder.out->len; i++)
      if (decoder.out->str[i] != '\r' && decoder.out->str[i] != '\n' && decoder.out->str[i] != '\0')
        decoder.out->str[n++] = decoder.out->str[i];
    g_string_truncate (decoder.out, n);
  }
  tern_mime_charset_clean_line (decoder.out, HEADER_TEXT_LIMIT);
  return g_string_free (decoder.out, FALSE);
}

char *
tern_mime_decode_header (const char *raw, gsize length)
{
  gsize i;

  g_return_val_if_fail (raw != NULL || length == 0, NULL);

  while (length > 0 && (raw[0] == ' ' || raw[0] == '\t'))
    raw++, length--;
  while (length > 0 && g_ascii_isspace (raw[length - 1]))
    length--;
  if (length > TERN_LIMIT_HEADER)
    length = TERN_LIMIT_HEADER;
  /* Nearly every header is printable ASCII: one scan, one copy. */
  for (i = 0; i < length; i++)
    {
      guchar c = raw[i];

      if (c < 0x20 || c >= 0x7f || (c == '=' && i + 1 < length && raw[i + 1] == '?'))
        break;
    }
  if (length == 0)
    return g_strdup ("");
  if (i == length && length <= HEADER_TEXT_LIMIT)
    return g_strndup (raw, length);
  return decode_slowly (raw, length);
}

/* RFC 2231 section 4: charset'language'percent-encoded. */
static char *
decode_extended (const char *raw)
{
  const char *first = strchr (raw, '\'');
  const char *second = first != NULL ? strchr (first + 1, '\'') : NULL;
  g_autofree char *charset = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GString) bytes = NULL;

  if (second == NULL || strchr (second, '%') == NULL || first - raw > WORD_CHARSET_MAX
      || second - first > WORD_CHARSET_MAX)
    return NULL;
  for (const char *p = raw; p < second; p++)
    if (p != first && !(g_ascii_isalnum (*p) || strchr ("-_.:+", *p) != NULL))
      return NULL;
  bytes = g_string_new (NULL);
  for (const char *p = second + 1; *p != '\0'; p++)
    if (*p == '%' && g_ascii_isxdigit (p[1]) && g_ascii_isxdigit (p[2]))
      {
        g_string_append_c (bytes, g_ascii_xdigit_value (p[1]) << 4 | g_ascii_xdigit_value (p[2]));
        p += 2;
      }
    else
      g_string_append_c (bytes, *p);
  charset = g_strndup (raw, first - raw);
  text = tern_mime_charset_to_utf8 (bytes->str, bytes->len, *charset != '\0' ? charset : NULL);
  g_string_assign (bytes, text);
  tern_mime_charset_clean_line (bytes, HEADER_TEXT_LIMIT);
  return g_strdup (bytes->str);
}

char *
tern_mime_decode_filename (const char *raw)
{
  char *extended;

  g_return_val_if_fail (raw != NULL, NULL);

  extended = decode_extended (raw);
  return extended != NULL ? extended : tern_mime_decode_header (raw, strlen (raw));
}
