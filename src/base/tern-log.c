/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-log.h"

#include <string.h>

#define LINE_MAX_SHOWN 1024

/* Commands whose arguments are secrets or lead to them. */
static const char *const secret_words[] = { "LOGIN", "AUTHENTICATE", "AUTH", "PASS", "APOP" };

static gboolean
is_secret_word (const char *word, gsize length)
{
  for (gsize i = 0; i < G_N_ELEMENTS (secret_words); i++)
    if (strlen (secret_words[i]) == length
        && g_ascii_strncasecmp (word, secret_words[i], length) == 0)
      return TRUE;
  return FALSE;
}

char *
tern_log_redact (const char *line, gsize length)
{
  length = MIN (length, LINE_MAX_SHOWN);
  while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
    length--;

  /* The command is the first word (SMTP, POP) or the second one, after the tag (IMAP). */
  gsize position = 0;
  gsize shown = length;
  for (guint word = 0; word < 2 && position < length; word++)
    {
      gsize start = position;
      while (position < length && line[position] != ' ')
        position++;
      if (is_secret_word (line + start, position - start))
        {
          shown = position;
          break;
        }
      if (position < length)
        position++;
    }

  GString *out = g_string_new (NULL);
  for (gsize i = 0; i < shown; i++)
    g_string_append_c (out, g_ascii_iscntrl (line[i]) ? '?' : line[i]);
  if (shown < length)
    g_string_append (out, " …");
  g_autofree char *text = g_string_free (out, FALSE);
  return g_utf8_make_valid (text, -1);
}

void
tern_log_wire (const char *tag,
               TernWireDirection direction,
               const char *line,
               gsize length,
               gboolean secret)
{
  if (g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, "tern-wire"))
    return;

  g_autofree char *text = secret ? g_strdup ("…") : tern_log_redact (line, length);
  g_log ("tern-wire", G_LOG_LEVEL_DEBUG, "%s %s %s", tag,
         direction == TERN_WIRE_SENT ? "C:" : "S:", text);
}
