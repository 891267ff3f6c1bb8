/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-text.h"

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

/* What was found of a date, in whatever order it stood; -1 where nothing was. */
typedef struct
{
  int day, month, year, hour, minute, second, offset;
  gboolean pm, am;
} Pieces;

static void
take_clock (Scanner *s, Pieces *pieces, int hour)
{
  int count;

  pieces->hour = hour;
  if (!read_number (s, &pieces->minute, &count))
    pieces->minute = 0;
  if (read_char (s, ':') && !read_number (s, &pieces->second, &count))
    pieces->second = 0;
}

static void
take_number (Scanner *s, Pieces *pieces)
{
  int value, count;

  if (!read_number (s, &value, &count))
    {
      while (s->p < s->end && g_ascii_isdigit (*s->p))
        s->p++;
      return;
    }
  if (pieces->hour < 0 && count <= 2 && read_char (s, ':'))
    take_clock (s, pieces, value);
  else if (count == 4 && pieces->year < 0)
    pieces->year = value;
  else if (pieces->year >= 0 && pieces->month < 0 && pieces->day < 0 && value <= 12)
    pieces->month = value; /* 2026-11-24 */
  else if (pieces->day < 0)
    pieces->day = value;
  else if (pieces->year < 0)
    pieces->year = value + (count == 2 ? value < 50 ? 2000 : 1900 : 1900);
}

static void
take_word (Scanner *s, Pieces *pieces)
{
  const char *start = s->p;
  int month = read_month (s);

  if (month > 0 && pieces->month < 0)
    pieces->month = month;
  s->p = start;
  if (s->end - start >= 2 && g_ascii_strncasecmp (start, "pm", 2) == 0)
    pieces->pm = TRUE;
  else if (s->end - start >= 2 && g_ascii_strncasecmp (start, "am", 2) == 0)
    pieces->am = TRUE;
  else if (pieces->hour >= 0 && read_zone (s, &pieces->offset))
    return;
  while (s->p < s->end && g_ascii_isalpha (*s->p))
    s->p++;
}

static void
skip_comment (Scanner *s)
{
  int depth = 0;

  for (const char *p = s->p; p < s->end; p++)
    if (*p == '(')
      depth++;
    else if (*p == ')' && --depth == 0)
      {
        s->p = p + 1;
        return;
      }
  s->p++; /* never closed: only the bracket itself is passed over */
}

/* Everything else that has a day, a month and a year in it. Not by GMime: its reader of broken
 * dates runs past the end of some. */
static gboolean
read_leniently (const char *raw, gsize length, gint64 *seconds, int *offset)
{
  Scanner s = { raw, raw + MIN (length, DATE_LENGTH_MAX) };
  Pieces pieces = { -1, -1, -1, -1, 0, 0, 0, FALSE, FALSE };

  while (s.p < s.end)
    {
      if (g_ascii_isdigit (*s.p))
        take_number (&s, &pieces);
      else if (g_ascii_isalpha (*s.p))
        take_word (&s, &pieces);
      else if (*s.p == '(')
        skip_comment (&s);
      else if ((*s.p == '+' || *s.p == '-') && pieces.hour >= 0)
        {
          const char *sign = s.p;

          if (!read_zone (&s, &pieces.offset))
            s.p = sign + 1;
        }
      else
        s.p++;
    }
  if (pieces.day < 1 || pieces.month < 1 || pieces.year < 1900 || pieces.year > 9999
      || pieces.day > days_of_month (pieces.year, pieces.month))
    return FALSE;
  if (pieces.hour < 0)
    pieces.hour = 0;
  if (pieces.pm && pieces.hour < 12)
    pieces.hour += 12;
  else if (pieces.am && pieces.hour == 12)
    pieces.hour = 0;
  if (pieces.hour > 23 || pieces.minute > 59 || pieces.second > 60)
    return FALSE;
  *offset = pieces.offset;
  *seconds = days_from_civil (pieces.year, pieces.month, pieces.day) * 86400 + pieces.hour * 3600
             + pieces.minute * 60 + pieces.second - pieces.offset * 60;
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
