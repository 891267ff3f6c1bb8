/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-progress.h"

#define BAR_COLUMNS    20
#define LABEL_COLUMNS  16
#define FOLDER_COLUMNS 22

/* At most @columns of what can be shown; a terminal must not be told anything by a stranger. */
static void
append_short (GString *line, const char *text, guint columns)
{
  for (const char *p = text; *p != '\0' && columns > 0; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      guint width = g_unichar_iswide (c) ? 2 : g_unichar_iszerowidth (c) ? 0 : 1;

      if (g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT || width > columns)
        continue;
      g_string_append_unichar (line, c);
      columns -= width;
    }
}

char *
tern_ctl_progress_line (const char *label, const char *folder, gint64 done, gint64 total)
{
  GString *line = g_string_new (TERN_CTL_PROGRESS_END);
  gint64 reached = CLAMP (done, 0, total);

  append_short (line, label, LABEL_COLUMNS);
  if (total > 0)
    {
      int full = (int) ((double) reached / (double) total * BAR_COLUMNS);

      g_string_append (line, " [");
      for (int i = 0; i < BAR_COLUMNS; i++)
        g_string_append_c (line, i < full ? '#' : '.');
      g_string_append_printf (line, "] %3d %%", (int) ((double) reached / (double) total * 100));
    }
  if (folder != NULL)
    {
      g_string_append_c (line, ' ');
      append_short (line, folder, FOLDER_COLUMNS);
    }
  return g_string_free (line, FALSE);
}
