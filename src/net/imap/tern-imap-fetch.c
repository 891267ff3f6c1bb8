/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-fetch.h"
#include "tern-imap-data.h"
#include "tern-imap-structure.h"

#include "tern-limits.h"

#include <string.h>

struct _TernImapFetchDecoder
{
  TernImapFetch fetch;
  GArray *addresses; /* of TernImapAddress, for all six lists */
  GArray *bodies;    /* of TernImapBodyValue */
  GString *keywords;
  GString *labels;
};

TernImapFetchDecoder *
tern_imap_fetch_decoder_new (void)
{
  TernImapFetchDecoder *self = g_new0 (TernImapFetchDecoder, 1);

  self->addresses = g_array_sized_new (FALSE, FALSE, sizeof (TernImapAddress), 16);
  self->bodies = g_array_new (FALSE, FALSE, sizeof (TernImapBodyValue));
  self->keywords = g_string_new (NULL);
  self->labels = g_string_new (NULL);
  return self;
}

void
tern_imap_fetch_decoder_free (TernImapFetchDecoder *self)
{
  g_clear_pointer (&self->fetch.structure, tern_part_free);
  g_array_unref (self->addresses);
  g_array_unref (self->bodies);
  g_string_free (self->keywords, TRUE);
  g_string_free (self->labels, TRUE);
  g_free (self);
}

TernFlags
tern_imap_parse_flags (TernImapParser *parser, guint list, GString *keywords)
{
  guint end = tern_imap_parser_end (parser, list);
  TernFlags flags = TERN_FLAG_NONE;

  if (tern_imap_parser_kind (parser, list) != TERN_IMAP_TOKEN_LIST)
    return flags;
  for (guint t = list + 1; t < end; t = tern_imap_parser_after (parser, t))
    {
      TernImapSlice name = tern_imap_parser_slice (parser, t);
      TernFlags flag;

      /* Only an atom can be a flag; anything else could not be given back in a STORE. */
      if (tern_imap_parser_kind (parser, t) != TERN_IMAP_TOKEN_ATOM || name.length == 0)
        continue;
      flag = tern_flag_from_name (name.data, name.length);
      flags |= flag;
      /* What begins with a backslash and is not known (\Recent, \*) is not for us to keep. */
      if (flag != TERN_FLAG_NONE || name.data[0] == '\\')
        continue;
      if (keywords->len > 0)
        g_string_append_c (keywords, ' ');
      g_string_append_len (keywords, name.data, name.length);
    }
  return flags;
}

static int
two_digits (const char *p)
{
  int tens = *p == ' ' ? 0 : g_ascii_digit_value (p[0]);
  int ones = g_ascii_digit_value (p[1]);

  return tens < 0 || ones < 0 ? -1 : tens * 10 + ones;
}

static int
month_number (const char *p)
{
  static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

  for (int i = 0; i < 12; i++)
    if (g_ascii_strncasecmp (p, names + 3 * i, 3) == 0)
      return i + 1;
  return -1;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar. */
static gint64
days_from_civil (int year, int month, int day)
{
  int y = month <= 2 ? year - 1 : year;
  int era = y / 400;
  int year_of_era = y - era * 400;
  int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

  return (gint64) era * 146097 + day_of_era - 719468;
}

gint64
tern_imap_parse_internal_date (const char *text, gsize length)
{
  char padded[27];
  int day, month, century, years, hour, minute, second, zone_hours, zone_minutes;
  gint64 time;

  if (length == 25) /* a day of one digit without its space */
    {
      padded[0] = ' ';
      memcpy (padded + 1, text, length);
      text = padded;
      length++;
    }
  if (length < 26 || text[2] != '-' || text[6] != '-' || text[14] != ':' || text[17] != ':')
    return 0;
  day = two_digits (text);
  month = month_number (text + 3);
  century = two_digits (text + 7);
  years = two_digits (text + 9);
  hour = two_digits (text + 12);
  minute = two_digits (text + 15);
  second = two_digits (text + 18);
  zone_hours = two_digits (text + 22);
  zone_minutes = two_digits (text + 24);
  if (day < 1 || day > 31 || month < 0 || century < 0 || years < 0 || hour < 0 || minute < 0
      || second < 0 || zone_hours < 0 || zone_minutes < 0 || (text[21] != '+' && text[21] != '-'))
    return 0;
  time = days_from_civil (century * 100 + years, month, day) * 86400 + hour * 3600 + minute * 60
         + second;
  time -= (text[21] == '-' ? -1 : 1) * (zone_hours * 3600 + zone_minutes * 60);
  return MAX (time, 0);
}

char *
tern_imap_format_internal_date (gint64 time)
{
  static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (CLAMP (time, 0, 253402300799));

  return g_strdup_printf ("%2d-%s-%04d %02d:%02d:%02d +0000", g_date_time_get_day_of_month (date),
                          months[g_date_time_get_month (date) - 1], g_date_time_get_year (date),
                          g_date_time_get_hour (date), g_date_time_get_minute (date),
                          g_date_time_get_second (date));
}

/* NIL or ((name adl mailbox host) …). Returns how many were appended to the array. */
static guint
take_addresses (TernImapFetchDecoder *self, TernImapParser *parser, guint list)
{
  guint end = tern_imap_parser_end (parser, list);
  guint before = self->addresses->len;

  if (tern_imap_parser_kind (parser, list) != TERN_IMAP_TOKEN_LIST)
    return 0;
  for (guint t = list + 1; t < end; t = tern_imap_parser_after (parser, t))
    {
      TernImapAddress address;
      guint name = t + 1;
      guint route, mailbox, host;

      if (tern_imap_parser_kind (parser, t) != TERN_IMAP_TOKEN_LIST
          || self->addresses->len >= TERN_LIMIT_ADDRESSES)
        continue;
      route = tern_imap_parser_after (parser, name);
      mailbox = tern_imap_parser_after (parser, route);
      host = tern_imap_parser_after (parser, mailbox);
      if (host >= tern_imap_parser_end (parser, t))
        continue;
      address.name = tern_imap_parser_slice (parser, name);
      address.mailbox = tern_imap_parser_slice (parser, mailbox);
      address.host = tern_imap_parser_slice (parser, host);
      g_array_append_val (self->addresses, address);
    }
  return self->addresses->len - before;
}

static gboolean
take_envelope (TernImapFetchDecoder *self, TernImapParser *parser, guint list)
{
  TernImapFetch *fetch = &self->fetch;
  guint end = tern_imap_parser_end (parser, list);
  guint fields[10];
  guint t = list + 1;

  if (tern_imap_parser_kind (parser, list) != TERN_IMAP_TOKEN_LIST)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      fields[i] = t < end ? t : G_MAXUINT;
      if (t < end)
        t = tern_imap_parser_after (parser, t);
    }
  fetch->date = tern_imap_parser_slice (parser, fields[0]);
  fetch->subject = tern_imap_parser_slice (parser, fields[1]);
  g_array_set_size (self->addresses, 0);
  fetch->n_from = take_addresses (self, parser, fields[2]);
  fetch->n_sender = take_addresses (self, parser, fields[3]);
  fetch->n_reply_to = take_addresses (self, parser, fields[4]);
  fetch->n_to = take_addresses (self, parser, fields[5]);
  fetch->n_cc = take_addresses (self, parser, fields[6]);
  fetch->n_bcc = take_addresses (self, parser, fields[7]);
  fetch->in_reply_to = tern_imap_parser_slice (parser, fields[8]);
  fetch->message_id = tern_imap_parser_slice (parser, fields[9]);

  /* Only now: the array moves while it grows. */
  fetch->from = (const TernImapAddress *) self->addresses->data;
  fetch->sender = fetch->from + fetch->n_from;
  fetch->reply_to = fetch->sender + fetch->n_sender;
  fetch->to = fetch->reply_to + fetch->n_reply_to;
  fetch->cc = fetch->to + fetch->n_to;
  fetch->bcc = fetch->cc + fetch->n_cc;
  return TRUE;
}

static void
take_body (TernImapFetchDecoder *self, TernImapParser *parser, guint name, guint value)
{
  TernImapSlice text = tern_imap_parser_slice (parser, name);
  const char *open = memchr (text.data, '[', text.length);
  const char *close = memchr (text.data, ']', text.length);
  TernImapBodyValue body = { .sunk = -1 };

  if (open == NULL || close == NULL || close < open)
    return;
  body.decoded = tern_imap_parser_starts (parser, name, "BINARY[");
  body.section.data = open + 1;
  body.section.length = close - open - 1;
  body.origin =
      tern_imap_origin_parse ((TernImapSlice){ close + 1, text.data + text.length - (close + 1) });
  body.value = tern_imap_parser_slice (parser, value);
  if (tern_imap_parser_kind (parser, value) == TERN_IMAP_TOKEN_SUNK)
    body.sunk = tern_imap_parser_get_tokens (parser)[value].offset;
  if (body.section.length >= strlen ("HEADER.FIELDS")
      && g_ascii_strncasecmp (body.section.data, "HEADER.FIELDS", strlen ("HEADER.FIELDS")) == 0)
    {
      self->fetch.references = body.value;
      self->fetch.has |= TERN_IMAP_FETCH_THREADING;
    }
  else
    g_array_append_val (self->bodies, body);
}

static void
take_modseq (TernImapFetch *fetch, TernImapParser *parser, guint value)
{
  /* (123), and from some servers 123 alone. */
  if (tern_imap_parser_kind (parser, value) == TERN_IMAP_TOKEN_LIST)
    value++;
  if (tern_imap_parser_number (parser, value, &fetch->modseq))
    fetch->has |= TERN_IMAP_FETCH_MODSEQ;
}

/* (\Inbox work "my label"): what cannot be a name in one line is left out. */
static void
take_labels (TernImapFetchDecoder *self, TernImapParser *parser, guint list)
{
  guint end = tern_imap_parser_end (parser, list);

  if (tern_imap_parser_kind (parser, list) != TERN_IMAP_TOKEN_LIST)
    return;
  g_string_truncate (self->labels, 0);
  for (guint t = list + 1; t < end; t = tern_imap_parser_after (parser, t))
    {
      g_autofree char *name = tern_imap_parser_kind (parser, t) != TERN_IMAP_TOKEN_LIST
                                  ? tern_imap_parser_dup (parser, t)
                                  : NULL;
      gboolean plain = name != NULL && *name != '\0';

      for (const char *p = name; plain && *p != '\0'; p++)
        plain = !g_ascii_iscntrl (*p);
      if (!plain || self->labels->len + strlen (name) >= TERN_LIMIT_MAILBOX_NAME)
        continue;
      g_string_append_printf (self->labels, "%s%s", self->labels->len > 0 ? "\n" : "", name);
    }
  self->fetch.labels = self->labels->str;
  self->fetch.has |= TERN_IMAP_FETCH_LABELS;
}

static void
take_item (TernImapFetchDecoder *self, TernImapParser *parser, guint name, guint value)
{
  TernImapFetch *fetch = &self->fetch;

  if (tern_imap_parser_is (parser, name, "UID"))
    fetch->uid = tern_imap_parser_uint32 (parser, value);
  else if (tern_imap_parser_is (parser, name, "FLAGS"))
    {
      fetch->flags = tern_imap_parse_flags (parser, value, self->keywords);
      fetch->keywords = self->keywords->len > 0 ? self->keywords->str : NULL;
      fetch->has |= TERN_IMAP_FETCH_FLAGS;
    }
  else if (tern_imap_parser_is (parser, name, "ENVELOPE"))
    {
      if (take_envelope (self, parser, value))
        fetch->has |= TERN_IMAP_FETCH_ENVELOPE;
    }
  else if (tern_imap_parser_is (parser, name, "BODYSTRUCTURE"))
    {
      g_clear_pointer (&fetch->structure, tern_part_free);
      fetch->structure = tern_imap_structure_build (parser, value);
      if (fetch->structure != NULL)
        fetch->has |= TERN_IMAP_FETCH_STRUCTURE;
    }
  else if (tern_imap_parser_is (parser, name, "INTERNALDATE"))
    {
      TernImapSlice date = tern_imap_parser_slice (parser, value);

      fetch->internal_date = tern_imap_parse_internal_date (date.data, date.length);
      fetch->has |= TERN_IMAP_FETCH_INTERNALDATE;
    }
  else if (tern_imap_parser_is (parser, name, "SAVEDATE"))
    {
      TernImapSlice date = tern_imap_parser_slice (parser, value);

      fetch->save_date = tern_imap_parse_internal_date (date.data, date.length);
      if (fetch->save_date > 0)
        fetch->has |= TERN_IMAP_FETCH_SAVEDATE;
    }
  else if (tern_imap_parser_is (parser, name, "RFC822.SIZE"))
    {
      if (tern_imap_parser_number (parser, value, &fetch->size))
        fetch->has |= TERN_IMAP_FETCH_SIZE;
    }
  else if (tern_imap_parser_is (parser, name, "MODSEQ"))
    take_modseq (fetch, parser, value);
  else if (tern_imap_parser_is (parser, name, "X-GM-LABELS"))
    take_labels (self, parser, value);
  else if (tern_imap_parser_is (parser, name, "PREVIEW"))
    {
      fetch->preview = tern_imap_parser_slice (parser, value);
      if (fetch->preview.data != NULL)
        fetch->has |= TERN_IMAP_FETCH_PREVIEW;
    }
  else if (tern_imap_parser_is (parser, name, "EMAILID")
           || tern_imap_parser_is (parser, name, "X-GM-MSGID"))
    {
      fetch->email_id = tern_imap_parse_object_id (parser, value);
      if (fetch->email_id.data != NULL)
        fetch->has |= TERN_IMAP_FETCH_EMAIL_ID;
    }
  else if (tern_imap_parser_starts (parser, name, "BODY[")
           || tern_imap_parser_starts (parser, name, "BINARY["))
    take_body (self, parser, name, value);
}

TernImapFetch *
tern_imap_fetch_decode (TernImapFetchDecoder *self, TernImapParser *parser, guint list)
{
  guint end = tern_imap_parser_end (parser, list);

  g_clear_pointer (&self->fetch.structure, tern_part_free);
  memset (&self->fetch, 0, sizeof self->fetch);
  g_array_set_size (self->bodies, 0);
  g_string_truncate (self->keywords, 0);
  g_string_truncate (self->labels, 0);
  if (tern_imap_parser_kind (parser, list) != TERN_IMAP_TOKEN_LIST)
    return &self->fetch;

  for (guint t = list + 1; t < end;)
    {
      guint value = tern_imap_parser_after (parser, t);

      /* Domino puts the items into parentheses once more. */
      if (tern_imap_parser_kind (parser, t) == TERN_IMAP_TOKEN_LIST)
        {
          t++;
          continue;
        }
      if (value >= end)
        break;
      take_item (self, parser, t, value);
      t = tern_imap_parser_after (parser, value);
    }
  return &self->fetch;
}

const TernImapBodyValue *
tern_imap_fetch_get_bodies (TernImapFetchDecoder *self, guint *n)
{
  *n = self->bodies->len;
  return (const TernImapBodyValue *) self->bodies->data;
}
