/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-build.h"
#include "tern-mime-private.h"
#include "tern-mime-text.h"

#include "tern-fault.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * A message that somebody else wrote is changed as little as can be: bytes are kept, not parsed and
 * written again, so that signatures stay good. Line ends become CRLF, Bcc goes, and what RFC 5322
 * section 3.6 demands and is missing is put in front.
 */

#define LINE_MAX_OCTETS 998

typedef struct
{
  GString *copy;       /* with Bcc */
  GString *submission; /* without */
  GString *from;
  GString *sender;
  GString *to;
  GString *cc;
  GString *bcc;
  char *message_id; /* (nullable) */
  gboolean has_date;
  gboolean has_8bit;
} Source;

static void
source_init (Source *self)
{
  GString **parts[] = { &self->copy, &self->submission, &self->from, &self->sender,
                        &self->to,   &self->cc,         &self->bcc };

  memset (self, 0, sizeof *self);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    *parts[i] = g_string_new (NULL);
}

static void
source_clear (Source *self)
{
  GString *parts[] = { self->copy, self->submission, self->from, self->sender,
                       self->to,   self->cc,         self->bcc };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (parts[i] != NULL)
      g_string_free (parts[i], TRUE);
  g_free (self->message_id);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Source, source_clear)

/* LF, CR and CRLF to CRLF; NULL and a fault for what may not be sent at all. */
static GString *
normalize (const char *data, gsize size, GError **error)
{
  g_autoptr (GString) out = g_string_sized_new (size + size / 32 + 2);
  const char *end = data + size;

  if (memchr (data, '\0', size) != NULL)
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                                _ ("The message holds a zero byte, which no mail "
                                                   "server may be given.")));
      return NULL;
    }
  while (data < end)
    {
      const char *stop = data;

      while (stop < end && *stop != '\n' && *stop != '\r')
        stop++;
      if (stop - data > LINE_MAX_OCTETS)
        {
          g_propagate_error (error,
                             tern_fault_new (TERN_FAULT_INVALID,
                                             _ ("The message has a line of more than %d bytes. "
                                                "Encode that part as quoted-printable or base64."),
                                             LINE_MAX_OCTETS));
          return NULL;
        }
      g_string_append_len (out, data, stop - data);
      g_string_append (out, "\r\n");
      data = stop + (end - stop >= 2 && stop[0] == '\r' && stop[1] == '\n' ? 2 : 1);
    }
  return g_steal_pointer (&out);
}

static gboolean
is_field (const char *line, const char *name)
{
  gsize n = strlen (name);

  if (g_ascii_strncasecmp (line, name, n) != 0)
    return FALSE;
  line += n;
  while (*line == ' ' || *line == '\t')
    line++;
  return *line == ':';
}

static void
append_value (GString *to, const char *field, gsize length)
{
  const char *colon = memchr (field, ':', length);

  if (to->len > 0)
    g_string_append (to, ", ");
  g_string_append_len (to, colon + 1, field + length - colon - 1);
}

static void
take_field (Source *self, const char *field, gsize length)
{
  gboolean is_bcc = is_field (field, "Bcc");

  if (is_field (field, "From"))
    append_value (self->from, field, length);
  else if (is_field (field, "Sender"))
    append_value (self->sender, field, length);
  else if (is_field (field, "To"))
    append_value (self->to, field, length);
  else if (is_field (field, "Cc"))
    append_value (self->cc, field, length);
  else if (is_bcc)
    append_value (self->bcc, field, length);
  else if (is_field (field, "Date"))
    self->has_date = TRUE;
  else if (is_field (field, "Message-ID") && self->message_id == NULL)
    {
      const char *colon = memchr (field, ':', length);
      g_auto (GStrv) ids = tern_mime_parse_references (colon + 1, field + length - colon - 1);

      self->message_id = ids != NULL ? g_strdup (ids[0]) : NULL;
      /* One that cannot be read is replaced: it would be answered to in vain. */
      if (self->message_id == NULL)
        return;
    }
  for (gsize i = 0; i < length && !is_bcc; i++)
    self->has_8bit |= (field[i] & 0x80) != 0;
  g_string_append_len (self->copy, field, length);
  if (!is_bcc)
    g_string_append_len (self->submission, field, length);
}

static gboolean
is_field_start (const char *line)
{
  const char *p = line;

  while (*p > ' ' && *p < 0x7f && *p != ':')
    p++;
  if (p == line)
    return FALSE;
  while (*p == ' ' || *p == '\t')
    p++;
  return *p == ':';
}

/* Behind the line end of the field at @p, continuation lines taken in. */
static const char *
find_field_end (const char *p)
{
  do
    {
      p = strstr (p, "\r\n");
      g_assert (p != NULL); /* normalize() ends every line */
      p += 2;
    }
  while (*p == ' ' || *p == '\t');
  return p;
}

/* Returns where the body, or the empty line before it, begins. */
static const char *
read_header (Source *self, const char *p, GError **error)
{
  if (g_str_has_prefix (p, "From ")) /* the separator of an mbox */
    p = find_field_end (p);
  while (*p != '\0' && !g_str_has_prefix (p, "\r\n"))
    {
      const char *next;

      if (!is_field_start (p))
        {
          g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                                    _ ("The message does not begin with header "
                                                       "fields such as “From:” and “To:”.")));
          return NULL;
        }
      next = find_field_end (p);
      take_field (self, p, next - p);
      p = next;
    }
  return p;
}

static GPtrArray *
read_addresses (const GString *text, GError **error)
{
  g_autoptr (GPtrArray) list = tern_mime_parse_addresses (text->str);

  for (guint i = 0; i < list->len; i++)
    {
      const TernAddress *address = g_ptr_array_index (list, i);
      const char *spec = *address->address != '\0' ? address->address : address->name;

      if (!tern_mime_check_address (spec, error))
        return NULL;
    }
  return g_steal_pointer (&list);
}

static void
prepend_field (Source *self, const char *name, const char *value)
{
  g_autofree char *field = g_strdup_printf ("%s: %s\r\n", name, value);

  g_string_prepend (self->copy, field);
  g_string_prepend (self->submission, field);
}

static void
add_missing (Source *self, const char *sender)
{
  if (!self->has_date)
    {
      static const char *days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
      static const char *months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
      g_autoptr (GDateTime) now = g_date_time_new_now_local ();
      int offset = g_date_time_get_utc_offset (now) / G_TIME_SPAN_MINUTE;
      g_autofree char *date = g_strdup_printf (
          "%s, %d %s %d %02d:%02d:%02d %c%02d%02d", days[g_date_time_get_day_of_week (now) - 1],
          g_date_time_get_day_of_month (now), months[g_date_time_get_month (now) - 1],
          g_date_time_get_year (now), g_date_time_get_hour (now), g_date_time_get_minute (now),
          g_date_time_get_second (now), offset < 0 ? '-' : '+', ABS (offset) / 60,
          ABS (offset) % 60);

      prepend_field (self, "Date", date);
    }
  if (self->message_id == NULL)
    {
      g_autofree char *field = NULL;

      self->message_id = tern_mime_make_message_id (sender);
      field = g_strdup_printf ("<%s>", self->message_id);
      prepend_field (self, "Message-ID", field);
    }
}

static gboolean
read_envelope (Source *self, TernBuiltMessage *built, GError **error)
{
  g_autoptr (GPtrArray) from = NULL;
  g_autoptr (GPtrArray) sender = NULL;
  g_autoptr (GPtrArray) to = NULL;
  g_autoptr (GPtrArray) cc = NULL;
  g_autoptr (GPtrArray) bcc = NULL;
  const TernAddress *who;

  if ((from = read_addresses (self->from, error)) == NULL
      || (sender = read_addresses (self->sender, error)) == NULL
      || (to = read_addresses (self->to, error)) == NULL
      || (cc = read_addresses (self->cc, error)) == NULL
      || (bcc = read_addresses (self->bcc, error)) == NULL)
    return FALSE;
  if (from->len == 0)
    {
      g_propagate_error (
          error, tern_fault_new (TERN_FAULT_INVALID, _ ("The message has no sender (“From:”).")));
      return FALSE;
    }
  who = g_ptr_array_index (sender->len > 0 ? sender : from, 0);
  if (!tern_mime_set_envelope (built, who->address, to, cc, bcc, error))
    return FALSE;
  built->needs_smtputf8 |= self->has_8bit;
  add_missing (self, built->sender);
  return TRUE;
}

TernBuiltMessage *
tern_mime_build_from_source (GBytes *source, GError **error)
{
  g_autoptr (TernBuiltMessage) built = g_new0 (TernBuiltMessage, 1);
  g_autoptr (GString) text = NULL;
  g_auto (Source) self = { 0 };
  const char *data, *body;
  gsize size;

  g_return_val_if_fail (source != NULL, NULL);

  source_init (&self);
  data = g_bytes_get_data (source, &size);
  text = normalize (size > 0 ? data : "", size, error);
  if (text == NULL)
    return NULL;
  body = read_header (&self, text->str, error);
  if (body == NULL || !read_envelope (&self, built, error))
    return NULL;
  if (*body == '\0')
    body = "\r\n";
  g_string_append (self.copy, body);
  g_string_append (self.submission, body);
  built->message_id = g_strdup (self.message_id);
  built->copy = g_string_free_to_bytes (g_steal_pointer (&self.copy));
  built->submission = g_string_free_to_bytes (g_steal_pointer (&self.submission));
  return g_steal_pointer (&built);
}
