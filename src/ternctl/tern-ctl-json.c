/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-json.h"

TernCtlJson *
tern_ctl_json_new (void)
{
  TernCtlJson *self = g_new0 (TernCtlJson, 1);

  self->text = g_string_new (NULL);
  return self;
}

void
tern_ctl_json_free (TernCtlJson *self)
{
  if (self == NULL)
    return;
  g_string_free (self->text, TRUE);
  g_free (self);
}

char *
tern_ctl_json_end (TernCtlJson *self)
{
  char *text;

  g_string_append_c (self->text, '\n');
  text = g_string_free (self->text, FALSE);
  g_free (self);
  return text;
}

static void
append_character (GString *text, gunichar c)
{
  switch (c)
    {
    case '"':
      g_string_append (text, "\\\"");
      break;
    case '\\':
      g_string_append (text, "\\\\");
      break;
    case '\n':
      g_string_append (text, "\\n");
      break;
    case '\r':
      g_string_append (text, "\\r");
      break;
    case '\t':
      g_string_append (text, "\\t");
      break;
    default:
      /* Not only what must be escaped, also what would act on a terminal. */
      if (g_unichar_iscntrl (c))
        g_string_append_printf (text, "\\u%04x", c);
      else
        g_string_append_unichar (text, c);
      break;
    }
}

static void
append_string (GString *text, const char *value)
{
  g_autofree char *valid = g_utf8_validate (value, -1, NULL) ? NULL : g_utf8_make_valid (value, -1);

  g_string_append_c (text, '"');
  for (const char *p = valid != NULL ? valid : value; *p != '\0'; p = g_utf8_next_char (p))
    append_character (text, g_utf8_get_char (p));
  g_string_append_c (text, '"');
}

static void
start_value (TernCtlJson *self, const char *name)
{
  if (self->follows)
    g_string_append_c (self->text, ',');
  self->follows = TRUE;
  if (name != NULL)
    {
      append_string (self->text, name);
      g_string_append_c (self->text, ':');
    }
}

void
tern_ctl_json_break (TernCtlJson *self)
{
  if (self->text->len > 0)
    g_string_append_c (self->text, '\n');
  self->follows = FALSE;
}

void
tern_ctl_json_open (TernCtlJson *self, const char *name, char bracket)
{
  start_value (self, name);
  g_string_append_c (self->text, bracket);
  self->follows = FALSE;
}

void
tern_ctl_json_close (TernCtlJson *self, char bracket)
{
  g_string_append_c (self->text, bracket);
  self->follows = TRUE;
}

void
tern_ctl_json_string (TernCtlJson *self, const char *name, const char *value)
{
  start_value (self, name);
  if (value == NULL)
    g_string_append (self->text, "null");
  else
    append_string (self->text, value);
}

void
tern_ctl_json_int (TernCtlJson *self, const char *name, gint64 value)
{
  start_value (self, name);
  g_string_append_printf (self->text, "%" G_GINT64_FORMAT, value);
}

void
tern_ctl_json_double (TernCtlJson *self, const char *name, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  start_value (self, name);
  g_string_append (self->text, g_ascii_formatd (text, sizeof text, "%.3f", value));
}

void
tern_ctl_json_bool (TernCtlJson *self, const char *name, gboolean value)
{
  start_value (self, name);
  g_string_append (self->text, value ? "true" : "false");
}

void
tern_ctl_json_time (TernCtlJson *self, const char *name, gint64 seconds, int offset)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_offset (offset * 60);
  g_autoptr (GDateTime) utc = seconds != 0 ? g_date_time_new_from_unix_utc (seconds) : NULL;
  g_autoptr (GDateTime) date = utc != NULL ? g_date_time_to_timezone (utc, zone) : NULL;
  g_autofree char *text = date != NULL ? g_date_time_format (date, "%Y-%m-%dT%H:%M:%S%:z") : NULL;

  tern_ctl_json_string (self, name, text);
}
