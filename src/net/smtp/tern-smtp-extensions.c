/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-smtp-extensions.h"

#include "tern-number.h"

#include <string.h>

static void
add_mechanisms (GPtrArray *mechanisms, char **words)
{
  for (gsize i = 0; words[i] != NULL; i++)
    {
      if (*words[i] != '\0')
        g_ptr_array_add (mechanisms, g_ascii_strup (words[i], -1));
    }
}

static void
take_extension (TernSmtpExtensions *self, GPtrArray *mechanisms, const char *line)
{
  /* Before RFC 2554 some servers wrote "AUTH=LOGIN"; they still do, beside the right form. */
  g_auto (GStrv) words = g_strsplit_set (line, " =", -1);
  const char *keyword = words[0] != NULL ? words[0] : "";

  if (g_ascii_strcasecmp (keyword, "STARTTLS") == 0)
    self->starttls = TRUE;
  else if (g_ascii_strcasecmp (keyword, "PIPELINING") == 0)
    self->pipelining = TRUE;
  else if (g_ascii_strcasecmp (keyword, "8BITMIME") == 0)
    self->eight_bit_mime = TRUE;
  else if (g_ascii_strcasecmp (keyword, "SMTPUTF8") == 0)
    self->smtp_utf8 = TRUE;
  else if (g_ascii_strcasecmp (keyword, "AUTH") == 0)
    add_mechanisms (mechanisms, words + 1);
  else if (g_ascii_strcasecmp (keyword, "SIZE") == 0)
    {
      self->size = TRUE;
      if (words[1] != NULL)
        tern_number_parse (words[1], 0, G_MAXUINT64, &self->size_limit);
    }
}

TernSmtpExtensions *
tern_smtp_extensions_parse (const TernSmtpReply *reply)
{
  TernSmtpExtensions *self = g_new0 (TernSmtpExtensions, 1);
  g_autoptr (GPtrArray) mechanisms = g_ptr_array_new ();

  /* The first line is the server's greeting. */
  for (guint i = 1; i < reply->lines->len; i++)
    take_extension (self, mechanisms, g_ptr_array_index (reply->lines, i));
  g_ptr_array_add (mechanisms, NULL);
  self->mechanisms = (char **) g_ptr_array_steal (mechanisms, NULL);
  return self;
}

void
tern_smtp_extensions_free (TernSmtpExtensions *self)
{
  if (self == NULL)
    return;
  g_strfreev (self->mechanisms);
  g_free (self);
}
