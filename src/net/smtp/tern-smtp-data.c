/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-smtp-data.h"

#include <string.h>

void
tern_smtp_data_examine (const char *data, gsize length, TernSmtpDataFacts *facts)
{
  gboolean in_header = TRUE;
  gboolean in_line = FALSE;

  memset (facts, 0, sizeof *facts);
  for (gsize i = 0; i < length; i++)
    {
      guchar c = (guchar) data[i];
      gboolean line_end = c == '\r' || c == '\n';

      if (c == '\n' && i > 0 && data[i - 1] == '\r')
        continue; /* counted with its CR */
      facts->size += line_end ? 2 : 1;
      if (line_end && !in_line)
        in_header = FALSE;
      in_line = !line_end;
      if (c >= 0x80)
        {
          facts->eight_bit = TRUE;
          facts->utf8_headers |= in_header;
        }
    }
  if (in_line)
    facts->size += 2;
}

static void
append (GByteArray *out, const char *text, gsize length)
{
  g_byte_array_append (out, (const guint8 *) text, (guint) length);
}

void
tern_smtp_stuffer_push (TernSmtpStuffer *self, const char *data, gsize length, GByteArray *out)
{
  gsize position = 0;

  while (position < length)
    {
      gsize run = 0;

      while (position + run < length && data[position + run] != '\r'
             && data[position + run] != '\n')
        run++;
      if (run > 0)
        {
          if (!self->in_line && data[position] == '.')
            append (out, ".", 1);
          append (out, data + position, run);
          self->in_line = TRUE;
          self->after_cr = FALSE;
          position += run;
          continue;
        }
      if (data[position] == '\r' || !self->after_cr)
        append (out, "\r\n", 2);
      self->after_cr = data[position] == '\r';
      self->in_line = FALSE;
      position++;
    }
}

void
tern_smtp_stuffer_end (TernSmtpStuffer *self, GByteArray *out)
{
  if (self->in_line)
    append (out, "\r\n", 2);
  self->in_line = FALSE;
}
