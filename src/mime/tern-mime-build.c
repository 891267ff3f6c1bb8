/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-build.h"
#include "tern-mime-charset.h"
#include "tern-mime-flowed.h"
#include "tern-mime-gmime.h"
#include "tern-mime-private.h"
#include "tern-mime-text.h"

#include "tern-fault.h"
#include "tern-limits.h"

#include <glib/gi18n.h>
#include <string.h>

#define REFERENCES_SENT 20
#define HEADER_LIMIT    4096
/* Of text in one encoded word, which may be 75 characters long. */
#define WORD_BYTES 42

void
tern_built_message_free (TernBuiltMessage *self)
{
  g_clear_pointer (&self->submission, g_bytes_unref);
  g_clear_pointer (&self->copy, g_bytes_unref);
  g_free (self->message_id);
  g_strfreev (self->recipients);
  g_free (self->sender);
  g_free (self);
}

/* No control character, so no line end, reaches a header: injection ends here. */
static char *
clean_header (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  GString *line = g_string_new (valid);

  tern_mime_charset_clean_line (line, HEADER_LIMIT);
  return g_string_free (line, FALSE);
}

char *
tern_mime_make_message_id (const char *sender)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *ascii = tern_mime_address_to_ascii_domain (sender);
  const char *at = strrchr (ascii, '@');

  return g_strdup_printf ("%s@%s", uuid, at != NULL ? at + 1 : "localhost");
}

static gboolean
add_mailbox (InternetAddressList *list, const TernAddress *address, GError **error)
{
  g_autofree char *ascii = NULL;
  g_autofree char *name = NULL;
  InternetAddress *mailbox;

  if (!tern_mime_check_address (address->address, error))
    return FALSE;
  ascii = tern_mime_address_to_ascii_domain (address->address);
  name = clean_header (address->name);
  mailbox = internet_address_mailbox_new (*name != '\0' ? name : NULL, ascii);
  internet_address_set_charset (mailbox, "utf-8");
  internet_address_list_add (list, mailbox);
  g_object_unref (mailbox);
  return TRUE;
}

static gboolean
add_list (InternetAddressList *to, const GPtrArray *from, GError **error)
{
  for (guint i = 0; i < from->len; i++)
    if (!add_mailbox (to, g_ptr_array_index (from, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
set_addresses (GMimeMessage *message, const TernDraft *draft, GError **error)
{
  return add_mailbox (g_mime_message_get_from (message), draft->from, error)
         && add_list (g_mime_message_get_to (message), draft->to, error)
         && add_list (g_mime_message_get_cc (message), draft->cc, error)
         && add_list (g_mime_message_get_bcc (message), draft->bcc, error);
}

/* Ids come from other people's messages; only what is surely one token may go into our header. */
static gboolean
is_safe_id (const char *id)
{
  if (*id == '\0' || strlen (id) > 250)
    return FALSE;
  for (; *id != '\0'; id++)
    if (!g_ascii_isgraph (*id) || *id == '<' || *id == '>')
      return FALSE;
  return TRUE;
}

/* RFC 5322 section 3.6.4; one id per folded line, the first and the newest when there are many. */
static void
set_threading (GMimeMessage *message, const TernDraft *draft)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint n = draft->references != NULL ? g_strv_length (draft->references) : 0;
  guint skip = n > REFERENCES_SENT ? n - REFERENCES_SENT : 0;

  for (guint i = 0; i < n; i++)
    {
      if (i == 1)
        i += skip;
      if (!is_safe_id (draft->references[i]))
        continue;
      g_string_append_printf (text, "%s<%s>", text->len > 0 ? "\n\t" : "", draft->references[i]);
    }
  if (draft->in_reply_to != NULL && is_safe_id (draft->in_reply_to))
    {
      g_autofree char *id = g_strdup_printf ("<%s>", draft->in_reply_to);

      g_mime_object_set_header (GMIME_OBJECT (message), "In-Reply-To", id, NULL);
    }
  if (text->len > 0)
    {
      GMimeHeaderList *headers = g_mime_object_get_header_list (GMIME_OBJECT (message));
      g_autofree char *raw = g_strdup_printf (" %s\n", text->str);

      g_mime_header_list_set (headers, "References", "", NULL);
      g_mime_header_set_raw_value (g_mime_header_list_get_header (headers, "References"), raw);
    }
}

static GMimeObject *
make_text_part (const char *subtype, const char *text)
{
  GMimePart *part = g_mime_part_new_with_type ("text", subtype);
  g_autoptr (GMimeStream) stream = g_mime_stream_mem_new_with_buffer (text, strlen (text));
  g_autoptr (GMimeDataWrapper) content =
      g_mime_data_wrapper_new_with_stream (stream, GMIME_CONTENT_ENCODING_DEFAULT);
  gboolean seven_bit = g_str_is_ascii (text);

  /* A word longer than a line may be has to be broken by quoted-printable, too. */
  for (const char *p = text; seven_bit && *p != '\0';)
    {
      const char *end = strchrnul (p, '\n');

      seven_bit = end - p < 990;
      p = *end != '\0' ? end + 1 : end;
    }
  g_mime_object_set_content_type_parameter (GMIME_OBJECT (part), "charset",
                                            g_str_is_ascii (text) ? "us-ascii" : "utf-8");
  g_mime_part_set_content (part, content);
  g_mime_part_set_content_encoding (
      part, seven_bit ? GMIME_CONTENT_ENCODING_7BIT : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
  return GMIME_OBJECT (part);
}

static GMimeObject *
make_plain (const char *text)
{
  g_autofree char *valid = tern_mime_charset_clean_text (g_utf8_make_valid (text, -1));
  g_autofree char *flowed = tern_mime_flowed_encode (valid);
  GMimeObject *part = make_text_part ("plain", flowed);

  g_mime_object_set_content_type_parameter (part, "format", "flowed");
  return part;
}

/* The richest one last. */
static GMimeObject *
make_text (const TernDraft *draft)
{
  GMimeObject *plain = make_plain (draft->text != NULL ? draft->text : "");
  g_autofree char *valid = NULL;
  g_autoptr (GMimeObject) html = NULL;
  GMimeMultipart *both;

  if (draft->html == NULL)
    return plain;
  valid = tern_mime_charset_clean_text (g_utf8_make_valid (draft->html, -1));
  html = make_text_part ("html", valid);
  both = g_mime_multipart_new_with_subtype ("alternative");
  g_mime_multipart_add (both, plain);
  g_mime_multipart_add (both, html);
  g_object_unref (plain);
  return GMIME_OBJECT (both);
}

/* RFC 2046 section 5.2.1 allows no base64 here: the message inside is re-encoded for seven bits. */
static GMimeObject *
make_message_part (GBytes *bytes)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autoptr (GMimeStream) stream = g_mime_stream_mem_new_with_buffer (size > 0 ? data : "", size);
  g_autoptr (GMimeParser) parser = g_mime_parser_new_with_stream (stream);
  g_autoptr (GMimeMessage) inner = g_mime_parser_construct_message (parser, NULL);

  if (inner == NULL || g_mime_message_get_mime_part (inner) == NULL)
    return NULL;
  g_mime_object_encode (GMIME_OBJECT (inner), GMIME_ENCODING_CONSTRAINT_7BIT);
  return GMIME_OBJECT (g_mime_message_part_new_with_message ("rfc822", inner));
}

static GMimeObject *
make_plain_attachment (const TernAttachment *attachment, const char *type)
{
  gsize size;
  const char *data = g_bytes_get_data (attachment->bytes, &size);
  g_autoptr (GMimeContentType) parsed = g_mime_content_type_parse (NULL, type);
  g_autoptr (GMimeStream) stream = g_mime_stream_mem_new_with_buffer (size > 0 ? data : "", size);
  g_autoptr (GMimeDataWrapper) content =
      g_mime_data_wrapper_new_with_stream (stream, GMIME_CONTENT_ENCODING_DEFAULT);
  GMimePart *part;

  /* A message or multipart that is none, or a type that makes no sense, is a file. */
  if (parsed == NULL || strchr (type, '/') == NULL
      || g_mime_content_type_is_type (parsed, "multipart", "*")
      || g_mime_content_type_is_type (parsed, "message", "*"))
    part = g_mime_part_new_with_type ("application", "octet-stream");
  else
    part = g_mime_part_new_with_type (g_mime_content_type_get_media_type (parsed),
                                      g_mime_content_type_get_media_subtype (parsed));
  g_mime_part_set_content (part, content);
  g_mime_part_set_content_encoding (part, GMIME_CONTENT_ENCODING_BASE64);
  return GMIME_OBJECT (part);
}

static GMimeObject *
make_attachment (const TernAttachment *attachment)
{
  g_autofree char *filename = clean_header (attachment->filename);
  g_autofree char *type = clean_header (attachment->content_type);
  GMimeObject *part = NULL;

  if (g_ascii_strcasecmp (type, "message/rfc822") == 0)
    part = make_message_part (attachment->bytes);
  if (part == NULL)
    part = make_plain_attachment (attachment, type);
  g_mime_object_set_disposition (part, GMIME_DISPOSITION_ATTACHMENT);
  if (*filename != '\0')
    {
      g_autofree char *ascii = g_str_to_ascii (filename, "C");

      g_mime_object_set_content_disposition_parameter (part, "filename", filename);
      /* For readers that know neither RFC 2231 nor Content-Disposition. */
      g_mime_object_set_content_type_parameter (part, "name", ascii);
    }
  return part;
}

static GMimeObject *
make_body (const TernDraft *draft)
{
  GMimeObject *text = make_text (draft);
  GMimeMultipart *mixed;

  if (draft->attachments->len == 0)
    return text;
  mixed = g_mime_multipart_new_with_subtype ("mixed");
  g_mime_multipart_add (mixed, text);
  g_object_unref (text);
  for (guint i = 0; i < draft->attachments->len; i++)
    {
      GMimeObject *part = make_attachment (g_ptr_array_index (draft->attachments, i));

      g_mime_multipart_add (mixed, part);
      g_object_unref (part);
    }
  return GMIME_OBJECT (mixed);
}

/* Parameters by RFC 2231, line ends of the wire. */
static GMimeFormatOptions *
make_format (void)
{
  GMimeFormatOptions *format = g_mime_format_options_new ();

  g_mime_format_options_set_newline_format (format, GMIME_NEWLINE_FORMAT_DOS);
  g_mime_format_options_set_param_encoding_method (format, GMIME_PARAM_ENCODING_METHOD_RFC2231);
  return format;
}

static GBytes *
write_message (GMimeMessage *message, GMimeFormatOptions *format)
{
  GByteArray *bytes = g_byte_array_new ();
  g_autoptr (GMimeStream) stream = g_mime_stream_mem_new_with_byte_array (bytes);

  g_mime_stream_mem_set_owner (GMIME_STREAM_MEM (stream), FALSE);
  g_mime_object_write_to_stream (GMIME_OBJECT (message), format, stream);
  return g_byte_array_free_to_bytes (bytes);
}

static void
add_recipients (GPtrArray *recipients, const GPtrArray *list)
{
  for (guint i = 0; i < list->len; i++)
    {
      const TernAddress *address = g_ptr_array_index (list, i);
      g_autofree char *ascii = tern_mime_address_to_ascii_domain (address->address);
      gboolean known = FALSE;

      for (guint j = 0; j < recipients->len && !known; j++)
        known = tern_address_same_mailbox (g_ptr_array_index (recipients, j), ascii);
      if (!known)
        g_ptr_array_add (recipients, g_steal_pointer (&ascii));
    }
}

gboolean
tern_mime_set_envelope (TernBuiltMessage *built,
                        const char *sender,
                        const GPtrArray *to,
                        const GPtrArray *cc,
                        const GPtrArray *bcc,
                        GError **error)
{
  g_autoptr (GPtrArray) recipients = g_ptr_array_new_with_free_func (g_free);

  add_recipients (recipients, to);
  add_recipients (recipients, cc);
  add_recipients (recipients, bcc);
  if (recipients->len == 0)
    {
      g_propagate_error (error,
                         tern_fault_new (TERN_FAULT_INVALID, _ ("The message has no recipient.")));
      return FALSE;
    }
  built->sender = tern_mime_address_to_ascii_domain (sender);
  built->needs_smtputf8 = !g_str_is_ascii (built->sender);
  for (guint i = 0; i < recipients->len; i++)
    built->needs_smtputf8 |= !g_str_is_ascii (g_ptr_array_index (recipients, i));
  g_ptr_array_add (recipients, NULL);
  built->recipients = (char **) g_ptr_array_free (g_steal_pointer (&recipients), FALSE);
  return TRUE;
}

static void
set_date (GMimeMessage *message, gint64 date, int offset)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_offset (CLAMP (offset, -1439, 1439) * 60);
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (date);
  g_autoptr (GDateTime) local = utc != NULL ? g_date_time_to_timezone (utc, zone) : NULL;

  if (local != NULL)
    g_mime_message_set_date (message, local);
}

/* The whole text as encoded words of RFC 2047, folded. */
static char *
encode_words (const char *text)
{
  GString *out = g_string_new (NULL);

  while (*text != '\0')
    {
      const char *end = text;
      g_autofree char *word = NULL;

      while (*end != '\0' && g_utf8_next_char (end) - text <= WORD_BYTES)
        end = g_utf8_next_char (end);
      word = g_base64_encode ((const guchar *) text, (gsize) (end - text));
      g_string_append_printf (out, " =?UTF-8?B?%s?=\r\n", word);
      text = end;
    }
  return g_string_free (out, FALSE);
}

/* Behind a "=?" that begins no encoded word GMime folds the next one in its middle. */
static void
set_subject (GMimeMessage *message, const char *text)
{
  g_mime_message_set_subject (message, text, "utf-8");
  if (strstr (text, "=?") != NULL)
    {
      GMimeHeaderList *headers = g_mime_object_get_header_list (GMIME_OBJECT (message));
      g_autofree char *raw = encode_words (text);

      g_mime_header_set_raw_value (g_mime_header_list_get_header (headers, "Subject"), raw);
    }
}

TernBuiltMessage *
tern_mime_build (const TernDraft *draft, gint64 date, int offset, GError **error)
{
  g_autoptr (TernBuiltMessage) built = g_new0 (TernBuiltMessage, 1);
  g_autofree char *subject = NULL;
  g_autoptr (GMimeMessage) message = NULL;
  g_autoptr (GMimeFormatOptions) format = NULL;
  g_autoptr (GMimeObject) body = NULL;

  g_return_val_if_fail (draft != NULL, NULL);

  tern_mime_init ();
  message = g_mime_message_new (TRUE);
  if (!set_addresses (message, draft, error)
      || !tern_mime_set_envelope (built, draft->from->address, draft->to, draft->cc, draft->bcc,
                                  error))
    return NULL;
  subject = clean_header (draft->subject);
  set_subject (message, subject);
  set_date (message, date, offset);
  built->message_id = tern_mime_make_message_id (draft->from->address);
  g_mime_message_set_message_id (message, built->message_id);
  set_threading (message, draft);
  body = make_body (draft);
  g_mime_message_set_mime_part (message, body);

  format = make_format ();
  built->copy = write_message (message, format);
  g_mime_object_remove_header (GMIME_OBJECT (message), "Bcc");
  g_mime_format_options_add_hidden_header (format, "Bcc");
  built->submission = write_message (message, format);
  return g_steal_pointer (&built);
}
