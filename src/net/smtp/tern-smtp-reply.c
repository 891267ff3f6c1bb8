/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-smtp-reply.h"

#include "tern-limits.h"

#include <string.h>

struct _TernSmtpParser
{
  GString *line;        /* (owned): the line so far, without its end */
  TernSmtpReply *reply; /* (owned) (nullable): the reply so far */
  gboolean complete;
};

void
tern_smtp_reply_free (TernSmtpReply *self)
{
  if (self == NULL)
    return;
  g_free (self->enhanced);
  g_ptr_array_unref (self->lines);
  g_free (self);
}

char *
tern_smtp_reply_dup_text (const TernSmtpReply *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->lines->len; i++)
    {
      if (text->len > 0)
        g_string_append_c (text, ' ');
      g_string_append (text, g_ptr_array_index (self->lines, i));
    }
  return g_string_free (text, FALSE);
}

TernSmtpParser *
tern_smtp_parser_new (void)
{
  TernSmtpParser *self = g_new0 (TernSmtpParser, 1);

  self->line = g_string_new (NULL);
  return self;
}

void
tern_smtp_parser_free (TernSmtpParser *self)
{
  if (self == NULL)
    return;
  g_string_free (self->line, TRUE);
  tern_smtp_reply_free (self->reply);
  g_free (self);
}

TernSmtpReply *
tern_smtp_parser_steal_reply (TernSmtpParser *self)
{
  g_return_val_if_fail (self->complete, NULL);

  self->complete = FALSE;
  return g_steal_pointer (&self->reply);
}

gboolean
tern_smtp_parser_is_empty (const TernSmtpParser *self)
{
  return self->line->len == 0 && self->reply == NULL;
}

static char *
clean_text (const char *text, gsize length)
{
  g_autofree char *valid = g_utf8_make_valid (text, length);
  GString *clean = g_string_sized_new (length);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT)
        g_string_append_c (clean, ' ');
      else
        g_string_append_unichar (clean, c);
    }
  g_strchomp (clean->str);
  return g_string_free (clean, FALSE);
}

static gsize
count_digits (const char *text, gsize length)
{
  gsize n = 0;

  while (n < length && g_ascii_isdigit (text[n]))
    n++;
  return n;
}

/* The length of the enhanced code that @text starts with, 0 if it does not: one digit, the class of
 * @code, and twice a dot with one to three digits, then a space or the end. */
static gsize
match_enhanced (const char *text, gsize length, guint code)
{
  gsize position = 1;

  if (length < strlen ("2.0.0") || text[0] != (char) ('0' + code / 100))
    return 0;
  for (guint part = 0; part < 2; part++)
    {
      gsize digits;

      if (position >= length || text[position] != '.')
        return 0;
      position++;
      digits = count_digits (text + position, length - position);
      if (digits < 1 || digits > 3)
        return 0;
      position += digits;
    }
  return position == length || text[position] == ' ' ? position : 0;
}

/* @text is what follows "250 " or "250-". */
static void
add_text (TernSmtpReply *reply, const char *text, gsize length)
{
  gsize enhanced = match_enhanced (text, length, reply->code);

  if (enhanced > 0)
    {
      if (reply->enhanced == NULL)
        reply->enhanced = g_strndup (text, enhanced);
      while (enhanced < length && text[enhanced] == ' ')
        enhanced++;
    }
  g_ptr_array_add (reply->lines, clean_text (text + enhanced, length - enhanced));
}

static TernSmtpReply *
reply_new (guint code)
{
  TernSmtpReply *reply = g_new0 (TernSmtpReply, 1);

  reply->code = code;
  reply->lines = g_ptr_array_new_with_free_func (g_free);
  return reply;
}

/* The line is complete. FALSE when it is not one of a reply. */
static gboolean
take_line (TernSmtpParser *self)
{
  const char *line = self->line->str;
  gsize length = self->line->len;
  guint code;

  if (length > 0 && line[length - 1] == '\r')
    length--;
  if (length < 3 || count_digits (line, 3) != 3 || line[0] < '2' || line[0] > '5')
    return FALSE;
  if (length > 3 && line[3] != ' ' && line[3] != '-')
    return FALSE;
  code = (guint) ((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
  if (self->reply == NULL)
    self->reply = reply_new (code);
  if (self->reply->code != code || self->reply->lines->len == TERN_LIMIT_SMTP_REPLY_LINES)
    return FALSE;
  add_text (self->reply, line + MIN (length, 4), length - MIN (length, 4));
  self->complete = length == 3 || line[3] == ' ';
  g_string_truncate (self->line, 0);
  return TRUE;
}

TernSmtpParseResult
tern_smtp_parser_push (TernSmtpParser *self, const char *data, gsize length, gsize *consumed)
{
  gsize position = 0;

  g_return_val_if_fail (!self->complete, TERN_SMTP_PARSE_ERROR);

  while (position < length)
    {
      const char *end = memchr (data + position, '\n', length - position);
      gsize part = (end != NULL ? (gsize) (end - data) : length) - position;

      *consumed = position;
      if (part > TERN_LIMIT_SMTP_LINE - self->line->len)
        return TERN_SMTP_PARSE_ERROR;
      g_string_append_len (self->line, data + position, (gssize) part);
      position += part;
      if (end == NULL)
        break;
      position++;
      if (!take_line (self))
        return TERN_SMTP_PARSE_ERROR;
      if (self->complete)
        {
          *consumed = position;
          return TERN_SMTP_PARSE_REPLY;
        }
    }
  *consumed = position;
  return TERN_SMTP_PARSE_MORE;
}
