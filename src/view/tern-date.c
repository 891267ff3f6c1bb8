/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-date.h"

#include <glib/gi18n.h>

static GDateTime *
to_zone (gint64 when, GTimeZone *zone)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (when);

  if (utc == NULL)
    return NULL;
  return zone != NULL ? g_date_time_to_timezone (utc, zone) : g_date_time_to_local (utc);
}

/* Days since year 1, so that differences count midnights and not 24 hours. */
static guint32
day_number (GDateTime *time)
{
  GDate date;

  g_date_clear (&date, 1);
  g_date_set_dmy (&date, (GDateDay) g_date_time_get_day_of_month (time),
                  (GDateMonth) g_date_time_get_month (time),
                  (GDateYear) g_date_time_get_year (time));
  return g_date_get_julian (&date);
}

char *
tern_date_format_short (gint64 when, gint64 now, GTimeZone *zone)
{
  g_autoptr (GDateTime) then = when != 0 ? to_zone (when, zone) : NULL;
  g_autoptr (GDateTime) today = to_zone (now, zone);
  gint64 days;

  if (then == NULL || today == NULL)
    return g_strdup ("");

  days = (gint64) day_number (today) - (gint64) day_number (then);
  if (days == 0)
    /* Translators: a time of day in a list, see g_date_time_format(); %I:%M %p where usual. */
    return g_date_time_format (then, _ ("%H:%M"));
  if (days == 1)
    return g_strdup (_ ("Yesterday"));
  if (days > 1 && days < 7)
    return g_date_time_format (then, "%a");
  if (g_date_time_get_year (then) == g_date_time_get_year (today))
    /* Translators: day and short month of this year in a list ("3 Nov"). */
    return g_date_time_format (then, _ ("%-d %b"));
  /* Translators: short date of another year in a list ("3 Nov 2024"). */
  return g_date_time_format (then, _ ("%-d %b %Y"));
}

char *
tern_date_format_full (gint64 when, GTimeZone *zone)
{
  g_autoptr (GDateTime) then = when != 0 ? to_zone (when, zone) : NULL;

  if (then == NULL)
    return g_strdup (_ ("No date"));
  /* Translators: a full date and time ("Tuesday, 24 November 2026, 02:14"). */
  return g_date_time_format (then, _ ("%A, %-d %B %Y, %H:%M"));
}
