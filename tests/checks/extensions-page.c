/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tern-imap-extensions.h"

#include <stdio.h>

/* Prints the rows of the table in help/C/extensions.page, one line each. */
int
main (int argc, char **argv)
{
  gsize n;
  const TernImapExtension *extensions = tern_imap_extensions_get (&n);

  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *row = g_markup_printf_escaped (
          "    <tr><td><p>%s</p></td><td><p>%s</p></td><td><p>%s</p></td><td><p>%s</p></td>"
          "<td><p>%s</p></td></tr>\n",
          extensions[i].name, extensions[i].rfc, extensions[i].purpose, extensions[i].without,
          extensions[i].used ? "yes" : "no");

      fputs (row, stdout);
    }
  return 0;
}
