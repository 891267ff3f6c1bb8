/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-text.h"

#include <gmime/gmime.h>
#include <string.h>

#define DATE_LENGTH_MAX 256

typedef struct
{
  const char *p;
  const char *end;
} Scanner;

static void
skip_space (Scanner *self)
{
  while (self->p < self->end
         && (*self->p == ' ' || *self->p == '\t' || *self->p == '\r' || *self->p == '\n'))
    self->p++;
}

/* @count gets the number of digits, 1 to 4. */
static gboolean
read_number (Scanner *self, int *value, int *count)
{
  const char *start = self->p;

  *value = 0;
  while (self->p < self->end && g_ascii_isdigit (*self->p) && self->p - start < 4)
    *value = *value * 10 + (*self->p++ - '0');
  *count = self->p - start;
  return *count > 0 && !(self->p < self->end && g_ascii_isdigit (*self->p));
}

static gboolean
read_char (Scanner *self, char c)
{
  if (self->p >= self->end || *self->p != c)
    return FALSE;
  self->p++;
  return TRUE;
}

static int
read_month (Scanner *self)
{
  static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
  char word[3];

  if (self->end - self->p < 3)
    return 0;
  for (int i = 0; i < 3; i++)
    word[i] = g_ascii_tolower (self->p[i]);
  for (int month = 0; month < 12; month++)
    if (memcmp (word, names + month * 3, 3) == 0)
      {
        self->p += 3;
        return month + 1;
      }
  return 0;
}

/* "+0100", or the obsolete names of RFC 5322 section 4.3. */
static gboolean
read_zone (Scanner *self, int *offset)
{
  static const struct
  {
    const char *name;
    int minutes;
  } zones[] = { { "GMT", 0 },    { "UTC", 0 },    { "UT", 0 },     { "EST", -300 },
                { "EDT", -240 }, { "CST", -360 }, { "CDT", -300 }, { "MST", -420 },
                { "MDT", -360 }, { "PST", -480 }, { "PDT", -420 }, { "Z", 0 } };
  int sign, value, count;

  if (self->p >= self->end)
    return FALSE;
  if (*self->p == '+' || *self->p == '-')
    {
      sign = *self->p++ == '-' ? -1 : 1;
      if (!read_number (self, &value, &count) || count != 4 || value % 100 > 59 || value > 2359)
        return FALSE;
      *offset = sign * (value / 100 * 60 + value % 100);
      return TRUE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (zones); i++)
    {
      gsize n = strlen (zones[i].name);

      if ((gsize) (self->end - self->p) >= n && g_ascii_strncasecmp (self->p, zones[i].name, n) == 0
          && !(self->p + n < self->end && g_ascii_isalnum (self->p[n])))
        {
          self->p += n;
          *offset = zones[i].minutes;
          return TRUE;
        }
    }
  return FALSE;
}

/* Days from 1970-01-01 in the Gregorian calendar, for years from 0 on. */
static gint64
days_from_civil (int year, int month, int day)
{
  gint64 y = month <= 2 ? year - 1 : year;
  gint64 era = (y >= 0 ? y : y - 399) / 400;
  gint64 yoe = y - era * 400;
  gint64 doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static int
days_of_month (int year, int month)
{
  static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  gboolean leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

  return month == 2 && leap ? 29 : days[month - 1];
}

/* Behind the zone there may be white space and comments only. */
static gboolean
is_rest_harmless (Scanner *self)
{
  skip_space (self);
  return self->p == self->end || *self->p == '(';
}

/* The form of RFC 5322 section 3.3, which nearly every message has. */
static gboolean
read_standard (const char *raw, gsize length, gint64 *seconds, int *offset)
{
  Scanner s = { raw, raw + length };
  int day, month, year, hour, minute, second = 0, count;

  skip_space (&s);
  if (s.end - s.p > 4 && g_ascii_isalpha (s.p[0]))
    {
      if (s.p[3] != ',' || !g_ascii_isalpha (s.p[1]) || !g_ascii_isalpha (s.p[2]))
        return FALSE;
      s.p += 4;
      skip_space (&s);
    }
  if (!read_number (&s, &day, &count) || count > 2)
    return FALSE;
  skip_space (&s);
  month = read_month (&s);
  if (month == 0)
    return FALSE;
  skip_space (&s);
  if (!read_number (&s, &year, &count) || count < 2)
    return FALSE;
  if (count == 2)
    year += year < 50 ? 2000 : 1900;
  else if (count == 3)
    year += 1900;
  skip_space (&s);
  if (!read_number (&s, &hour, &count) || !read_char (&s, ':')
      || !read_number (&s, &minute, &count))
    return FALSE;
  if (read_char (&s, ':') && !read_number (&s, &second, &count))
    return FALSE;
  skip_space (&s);
  if (!read_zone (&s, offset) || !is_rest_harmless (&s))
    return FALSE;
  if (year < 1900 || day < 1 || day > days_of_month (year, month) || hour > 23 || minute > 59
      || second > 60)
    return FALSE;
  *seconds = days_from_civil (year, month, day) * 86400 + hour * 3600 + minute * 60 + second
             - *offset * 60;
  return TRUE;
}

/* Everything else: GMime knows the ways in which dates are broken. */
static gboolean
read_leniently (const char *raw, gsize length, gint64 *seconds, int *offset)
{
  g_autofree char *text = NULL;
  g_autoptr (GDateTime) date = NULL;
  int year;

  if (length > DATE_LENGTH_MAX)
    return FALSE;
  text = g_strndup (raw, length);
  for (gsize i = 0; i < length; i++)
    if (text[i] == '\0' || text[i] == '\r' || text[i] == '\n' || (text[i] & 0x80) != 0)
      text[i] = ' ';
  date = g_mime_utils_header_decode_date (text);
  if (date == NULL)
    return FALSE;
  year = g_date_time_get_year (date);
  if (year < 1900)
    return FALSE;
  *seconds = g_date_time_to_unix (date);
  *offset = g_date_time_get_utc_offset (date) / G_TIME_SPAN_MINUTE;
  return TRUE;
}

gboolean
tern_mime_parse_date (const char *raw, gsize length, gint64 *seconds, int *offset)
{
  g_return_val_if_fail (raw != NULL || length == 0, FALSE);

  if (read_standard (raw, length, seconds, offset) || read_leniently (raw, length, seconds, offset))
    return TRUE;
  *seconds = 0;
  *offset = 0;
  return FALSE;
}
