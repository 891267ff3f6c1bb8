/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-number.h"

gboolean
tern_number_parse (const char *text, guint64 minimum, guint64 maximum, guint64 *number)
{
  guint64 value = 0;

  if (*text == '\0')
    return FALSE;
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isdigit (*p) || !g_uint64_checked_mul (&value, value, 10)
        || !g_uint64_checked_add (&value, value, (guint64) g_ascii_digit_value (*p)))
      return FALSE;
  if (value < minimum || value > maximum)
    return FALSE;
  if (number != NULL)
    *number = value;
  return TRUE;
}
