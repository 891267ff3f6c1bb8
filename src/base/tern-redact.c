/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-redact.h"

#include <string.h>

#define ELLIPSIS       "…"
#define MECHANISM_MAX  20 /* RFC 4422 section 3.1 */
#define TOKEN_MIN      12 /* base64 of a login is not shorter */
#define SECRET_MIN     4  /* a shorter one would strike out half of every sentence */
#define LITERAL_DIGITS 18

/* Text that is being written into a buffer of fixed size. */
typedef struct
{
  char *text;
  gsize length;
  gboolean full;
} Out;

/* Commands whose arguments are secrets or lead to them. */
static const char *const secret_words[] = { "LOGIN", "AUTHENTICATE", "AUTH", "PASS", "APOP" };
/* After these a mechanism follows, which is none. */
static const char *const mechanism_words[] = { "AUTHENTICATE", "AUTH" };
/* What may be kept of a reply to a login (RFC 9051 section 7.1, RFC 5530). */
static const char *const reply_words[] = { "OK", "NO", "BAD", "BYE", "PREAUTH", "CAPABILITY" };
static const char *const reply_codes[] = {
  "ALERT",
  "AUTHENTICATIONFAILED",
  "AUTHORIZATIONFAILED",
  "CAPABILITY",
  "CLIENTBUG",
  "CONTACTADMIN",
  "EXPIRED",
  "INUSE",
  "LIMIT",
  "PRIVACYREQUIRED",
  "SERVERBUG",
  "THROTTLED",
  "UNAVAILABLE",
  "WEBALERT",
};
/* FETCH items whose value is content also where it is a quoted string. */
static const char *const content_items[] = { "BODY[",   "BINARY[", "RFC822.TEXT", "RFC822.HEADER",
                                             "RFC822 ", "PREVIEW", "FUZZY" };

static gboolean
is_word (const char *word, gsize length, const char *const *words, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (strlen (words[i]) == length && g_ascii_strncasecmp (word, words[i], length) == 0)
      return TRUE;
  return FALSE;
}

static void
put (Out *out, const char *bytes, gsize length)
{
  /* Room for the ellipsis that tells of a cut, and for the NUL. */
  gsize room = TERN_REDACTED_MAX - strlen (ELLIPSIS) - 1 - out->length;

  /* Of an empty line there may be no address. */
  if (out->full || length == 0)
    return;
  if (length > room)
    {
      out->full = TRUE;
      length = room;
    }
  memcpy (out->text + out->length, bytes, length);
  out->length += length;
}

static void
put_text (Out *out, const char *text)
{
  put (out, text, strlen (text));
}

static gsize
trim (const char *line, gsize length)
{
  while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
    length--;
  return length;
}

static gsize
word_end (const char *line, gsize length, gsize start)
{
  while (start < length && line[start] != ' ')
    start++;
  return start;
}

/* Printable, valid, and with a mark where it was cut. */
static gsize
finish (Out *out)
{
  const char *from = out->text;
  const char *end;

  out->text[out->length] = '\0';
  for (gsize i = 0; i < out->length; i++)
    {
      if (g_ascii_iscntrl (out->text[i]))
        out->text[i] = '?';
      /* U+0080 to U+009F: to a terminal they are commands. */
      else if ((guchar) out->text[i] == 0xc2 && ((guchar) out->text[i + 1] & 0xe0) == 0x80)
        out->text[i] = out->text[i + 1] = '?';
    }
  while (!g_utf8_validate (from, out->text + out->length - from, &end))
    {
      gsize at = end - out->text;

      /* A character that was cut in the middle goes; a byte that is none is shown as such. */
      if (out->full && out->length - at < 4)
        out->text[out->length = at] = '\0';
      else
        out->text[at] = '?';
      from = out->text + at;
    }
  if (out->full)
    {
      memcpy (out->text + out->length, ELLIPSIS, sizeof ELLIPSIS);
      out->length += strlen (ELLIPSIS);
    }
  return out->length;
}

/* --- sent ---------------------------------------------------------------------------------- */

/* Where the command's word is, the first one (SMTP, POP) or the second, after the tag (IMAP). */
static gboolean
find_secret_word (const char *line, gsize length, gsize *start, gsize *end)
{
  gsize position = 0;

  for (guint word = 0; word < 2 && position < length; word++)
    {
      gsize stop = word_end (line, length, position);

      if (is_word (line + position, stop - position, secret_words, G_N_ELEMENTS (secret_words)))
        {
          *start = position;
          *end = stop;
          return TRUE;
        }
      position = stop + 1;
    }
  return FALSE;
}

/* What follows AUTHENTICATE, when it can be nothing but the name of a mechanism. */
static gsize
mechanism_end (const char *line, gsize length, gsize start)
{
  gsize end = word_end (line, length, start);

  if (end == start || end - start > MECHANISM_MAX)
    return start;
  for (gsize i = start; i < end; i++)
    if (!g_ascii_isupper (line[i]) && !g_ascii_isdigit (line[i]) && line[i] != '-'
        && line[i] != '_')
      return start;
  return end;
}

static void
put_login (Out *out, const char *line, gsize length, gsize start, gsize end)
{
  gsize shown = end;

  if (is_word (line + start, end - start, mechanism_words, G_N_ELEMENTS (mechanism_words))
      && end < length && mechanism_end (line, length, end + 1) > end + 1)
    shown = mechanism_end (line, length, end + 1);
  put (out, line, shown);
  if (shown < length)
    put_text (out, " " ELLIPSIS);
}

/* --- received ------------------------------------------------------------------------------ */

/* A tag of ours, a code of SMTP, "*" or "+": nothing that could be a repeated secret. */
static gboolean
is_reply_start (const char *word, gsize length)
{
  gsize digits = length > 0 && word[0] == 'A' ? 1 : 0;

  if (length == 1 && (word[0] == '*' || word[0] == '+'))
    return TRUE;
  if (length < 2 || length > 11)
    return FALSE;
  for (gsize i = digits; i < length; i++)
    if (!g_ascii_isdigit (word[i]))
      return FALSE;
  return digits == 1 || length == 3;
}

/* "334 …", "+ …", "A3 NO [AUTHENTICATIONFAILED] …", "* CAPABILITY …". Words that are not expected
 * are not kept. */
static void
put_login_reply (Out *out, const char *line, gsize length)
{
  gsize first = word_end (line, length, 0);
  gsize second = first < length ? word_end (line, length, first + 1) : length;
  gsize shown = 0;

  if (is_reply_start (line, first))
    shown = first;
  if (shown > 0 && first < length
      && is_word (line + first + 1, second - first - 1, reply_words, G_N_ELEMENTS (reply_words)))
    shown = second;
  if (shown == second && second + 1 < length && line[second + 1] == '[')
    {
      gsize code = second + 2;
      gsize end = code;

      while (end < length && line[end] != ']' && line[end] != ' ')
        end++;
      if (is_word (line + code, end - code, reply_codes, G_N_ELEMENTS (reply_codes)))
        shown = end < length && line[end] == ']' ? end + 1 : end;
    }
  put (out, line, shown);
  if (shown < length)
    put_text (out, shown > 0 ? " " ELLIPSIS : ELLIPSIS);
}

/* Is the "{" at @brace the announcement of a literal? */
static gboolean
parse_literal (const char *line, gsize brace, gsize length, gsize *after, guint64 *size)
{
  gsize i = brace + 1;

  *size = 0;
  for (; i < length && g_ascii_isdigit (line[i]); i++)
    {
      if (i - brace > LITERAL_DIGITS)
        return FALSE;
      *size = *size * 10 + (line[i] - '0');
    }
  if (i == brace + 1)
    return FALSE;
  if (i < length && (line[i] == '+' || line[i] == '-'))
    i++;
  if (i >= length || line[i] != '}')
    return FALSE;
  i++;
  if (i < length && line[i] == '\r')
    i++;
  if (i >= length || line[i] != '\n')
    return FALSE;
  *after = i + 1;
  return TRUE;
}

static gsize
quoted_end (const char *line, gsize length, gsize quote)
{
  gsize i = quote + 1;

  for (; i < length && line[i] != '"'; i++)
    if (line[i] == '\\')
      i++;
  return MIN (i, length); /* of the closing quote */
}

/* Whether the quoted string at @quote is the value of an item that is content. */
static gboolean
follows_content_item (const char *line, gsize item, gsize quote)
{
  for (gsize i = 0; i < G_N_ELEMENTS (content_items); i++)
    {
      gsize n = strlen (content_items[i]);

      if (quote - item >= n && g_ascii_strncasecmp (line + item, content_items[i], n) == 0)
        return TRUE;
    }
  return FALSE;
}

/* The whole of what came, with literals in it, or with those that were too large for the parser's
 * buffer left out: then what follows the announcement is the rest of the line. */
static void
put_received (Out *out, const char *line, gsize length)
{
  gsize item = 0; /* where the last word at all levels began */
  gsize plain = 0;
  gsize i = 0;

  while (i < length && !out->full)
    {
      gsize after;
      guint64 size;

      if (line[i] == '{' && parse_literal (line, i, length, &after, &size))
        {
          put (out, line + plain, after - plain - 1);
          while (out->length > 0 && (out->text[out->length - 1] == '\r'))
            out->length--;
          put_text (out, " " ELLIPSIS);
          i = plain = size < length - after ? after + size : length;
          item = i;
        }
      else if (line[i] == '"')
        {
          gsize end = quoted_end (line, length, i);

          if (follows_content_item (line, item, i))
            {
              char told[48];

              put (out, line + plain, i - plain);
              g_snprintf (told, sizeof told, "(%" G_GSIZE_FORMAT " bytes)", end - i - 1);
              put_text (out, told);
              plain = MIN (end + 1, length);
            }
          i = MIN (end + 1, length);
        }
      else
        {
          /* "BODY[HEADER.FIELDS (SUBJECT)]" is one item. */
          if (line[i] == '[')
            while (i < length && line[i] != ']' && line[i] != '"' && line[i] != '{')
              i++;
          else
            {
              if ((line[i] == ' ' || line[i] == '(') && i + 1 < length && line[i + 1] != '"'
                  && line[i + 1] != '{')
                item = i + 1;
              i++;
            }
          if (i - plain >= TERN_REDACTED_MAX)
            break;
        }
    }
  put (out, line + plain, MIN (i, length) - plain);
  if (i < length)
    out->full = TRUE;
}

gsize
tern_redact_line (TernWireDirection direction,
                  TernWireKind kind,
                  const char *line,
                  gsize length,
                  char text[TERN_REDACTED_MAX])
{
  Out out = { text, 0, FALSE };
  gsize trimmed = trim (line, length);
  gsize start = 0;
  gsize end = 0;

  if (kind == TERN_WIRE_SECRET)
    put_text (&out, ELLIPSIS);
  else if (kind == TERN_WIRE_CONTENT)
    out.length = g_snprintf (text, TERN_REDACTED_MAX, "(%" G_GSIZE_FORMAT " bytes)", length);
  else if (direction == TERN_WIRE_RECEIVED && kind == TERN_WIRE_LOGIN)
    put_login_reply (&out, line, trimmed);
  else if (direction == TERN_WIRE_RECEIVED)
    put_received (&out, line, trimmed);
  else if (find_secret_word (line, trimmed, &start, &end))
    put_login (&out, line, trimmed, start, end);
  else if (kind == TERN_WIRE_LOGIN)
    put_text (&out, ELLIPSIS);
  else
    put (&out, line, trimmed);
  return finish (&out);
}

char *
tern_redact_printable (const char *bytes, gsize length)
{
  char text[TERN_REDACTED_MAX];
  Out out = { text, 0, FALSE };

  put (&out, bytes, length);
  return g_strndup (text, finish (&out));
}

gboolean
tern_redact_is_final (const char *line, gsize length)
{
  if (length == 0 || line[0] == '*' || line[0] == '+')
    return FALSE;
  return !(length >= 3 && line[0] == '3' && g_ascii_isdigit (line[1]) && g_ascii_isdigit (line[2])
           && (length == 3 || line[3] == ' ' || line[3] == '-'));
}

/* --- for others ---------------------------------------------------------------------------- */

/* Is the text before @at this word, with a space behind it? */
static gboolean
comes_after (const char *line, gsize at, const char *word)
{
  gsize n = strlen (word);

  return at >= n && g_ascii_strncasecmp (line + at - n, word, n) == 0;
}

static gboolean
has_word (const char *line, const char *word)
{
  gsize n = strlen (word);

  for (const char *p = line; *p != '\0'; p++)
    if (g_ascii_strncasecmp (p, word, n) == 0)
      return TRUE;
  return FALSE;
}

char *
tern_redact_for_report (const char *line)
{
  gsize length = strlen (line);
  GString *out;

  /* Of a FETCH only the date of arrival may be kept; the rest is what people wrote. */
  if (!has_word (line, " FETCH (") && !has_word (line, " SEARCH"))
    return g_strdup (line);
  out = g_string_sized_new (length);
  for (gsize i = 0; i < length; i++)
    {
      gsize end;

      if (line[i] != '"')
        {
          g_string_append_c (out, line[i]);
          continue;
        }
      end = quoted_end (line, length, i);
      if (comes_after (line, i, "INTERNALDATE "))
        g_string_append_len (out, line + i, MIN (end + 1, length) - i);
      else
        g_string_append (out, "\"" ELLIPSIS "\"");
      i = MIN (end, length - 1);
    }
  return g_string_free (out, FALSE);
}

static gboolean
is_local_part (char c)
{
  return c != '\0' && !g_ascii_isspace (c) && !g_ascii_iscntrl (c)
         && strchr ("<>()[]:;,\"@\\", c) == NULL;
}

/* Where the local part that ends before @at begins; @at when there is none. */
static gsize
local_part_start (const char *text, gsize at, gsize limit)
{
  gsize start = at;

  if (at > limit && text[at - 1] == '"')
    {
      for (start = at - 1; start > limit && text[start - 1] != '"'; start--)
        ;
      return start > limit ? start - 1 : at - 1;
    }
  while (start > limit && is_local_part (text[start - 1]))
    start--;
  return start;
}

char *
tern_redact_addresses (const char *text)
{
  GString *out = g_string_new (NULL);
  gsize done = 0;

  for (gsize at = 0; text[at] != '\0'; at++)
    {
      gsize start;

      if (text[at] != '@'
          || !(g_ascii_isalnum (text[at + 1]) || text[at + 1] == '['
               || (guchar) text[at + 1] >= 0x80))
        continue;
      start = local_part_start (text, at, done);
      if (start == at)
        continue;
      g_string_append_len (out, text + done, start - done);
      if (text[start] != '"')
        g_string_append_len (out, text + start,
                             MIN (g_utf8_next_char (text + start), text + at) - (text + start));
      g_string_append (out, ELLIPSIS);
      done = at;
    }
  g_string_append (out, text + done);
  return g_string_free (out, FALSE);
}

static gboolean
is_base64 (char c)
{
  return g_ascii_isalnum (c) || c == '+' || c == '/' || c == '=';
}

/* A word of prose is long only in lower case behind its first letter, a name of a code only in
 * upper case. */
static gboolean
looks_like_token (const char *word, gsize length)
{
  gboolean upper = FALSE;
  gboolean lower = FALSE;
  gboolean digit = FALSE;

  for (gsize i = 0; i < length; i++)
    {
      upper |= i > 0 && g_ascii_isupper (word[i]);
      lower |= g_ascii_islower (word[i]);
      digit |= !g_ascii_isalpha (word[i]);
    }
  return length >= TOKEN_MIN && (digit || (upper && lower));
}

char *
tern_redact_secret (const char *text, const char *secret)
{
  GString *out = g_string_new (text);
  gsize length;

  if (secret != NULL && strlen (secret) >= SECRET_MIN)
    g_string_replace (out, secret, ELLIPSIS, 0);
  for (gsize i = 0; i < out->len; i += length + 1)
    {
      length = 0;
      while (i + length < out->len && is_base64 (out->str[i + length]))
        length++;
      if (!looks_like_token (out->str + i, length))
        continue;
      g_string_erase (out, i, length);
      g_string_insert (out, i, ELLIPSIS);
      length = strlen (ELLIPSIS);
    }
  return g_string_free (out, FALSE);
}
