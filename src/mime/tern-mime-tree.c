/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-tree.h"
#include "tern-mime-charset.h"
#include "tern-mime-message.h"
#include "tern-mime-text.h"
#include "tern-mime-transfer.h"

#include "tern-limits.h"

#include <string.h>

#define SECTION_MAX 512
#define SLICE       (64 * 1024)

/* GMime would copy all of a message to read it. */
static GMimeStream *
open_bytes (GBytes *bytes, const char *data, gsize size)
{
  GByteArray *view = g_new0 (GByteArray, 1);
  GMimeStream *stream;

  view->data = (guint8 *) data;
  view->len = (guint) size;
  stream = g_mime_stream_mem_new_with_byte_array (view);
  g_mime_stream_mem_set_owner (GMIME_STREAM_MEM (stream), FALSE);
  g_object_set_data_full (G_OBJECT (stream), "tern-view", view, g_free);
  g_object_set_data_full (G_OBJECT (stream), "tern-bytes", g_bytes_ref (bytes),
                          (GDestroyNotify) g_bytes_unref);
  return stream;
}

GMimeMessage *
tern_mime_tree_parse (GBytes *bytes)
{
  g_autoptr (GMimeStream) stream = NULL;
  g_autoptr (GMimeParser) parser = NULL;
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  tern_mime_init ();
  /* The separator of an mbox is no header. */
  if (size > 5 && memcmp (data, "From ", 5) == 0)
    {
      const char *end = memchr (data, '\n', size);

      size -= end != NULL ? (gsize) (end + 1 - data) : size;
      data = end != NULL ? end + 1 : data;
    }
  if (size == 0 || size > G_MAXUINT)
    return NULL;
  stream = open_bytes (bytes, data, size);
  parser = g_mime_parser_new_with_stream (stream);
  return g_mime_parser_construct_message (parser, NULL);
}

typedef struct
{
  GHashTable *objects; /* (nullable) */
  guint parts;
} Builder;

static char *
lower (const char *text)
{
  g_autofree char *clean = text != NULL ? tern_mime_decode_header (text, strlen (text)) : NULL;

  return clean != NULL && *clean != '\0' ? g_ascii_strdown (clean, -1) : NULL;
}

/* From Content-Disposition, else from Content-Type; GMime has put RFC 2231 pieces together. */
static char *
read_filename (GMimeObject *object)
{
  const char *name = g_mime_object_get_content_disposition_parameter (object, "filename");
  char *decoded;

  if (name == NULL || *name == '\0')
    name = g_mime_object_get_content_type_parameter (object, "name");
  if (name == NULL)
    return NULL;
  decoded = tern_mime_decode_filename (name);
  if (*decoded == '\0')
    g_clear_pointer (&decoded, g_free);
  return decoded;
}

static char *
read_content_id (GMimeObject *object)
{
  const char *id = g_mime_object_get_content_id (object);
  char *clean;
  gsize n;

  if (id == NULL)
    return NULL;
  clean = tern_mime_decode_header (id, strlen (id));
  n = strlen (clean);
  if (n >= 2 && clean[0] == '<' && clean[n - 1] == '>')
    {
      memmove (clean, clean + 1, n - 2);
      clean[n - 2] = '\0';
    }
  if (*clean == '\0')
    g_clear_pointer (&clean, g_free);
  return clean;
}

static guint64
read_size (GMimeObject *object)
{
  GMimeDataWrapper *content =
      GMIME_IS_PART (object) ? g_mime_part_get_content (GMIME_PART (object)) : NULL;
  GMimeStream *stream = content != NULL ? g_mime_data_wrapper_get_stream (content) : NULL;
  gint64 size = stream != NULL ? g_mime_stream_length (stream) : 0;

  return size > 0 ? size : 0;
}

static TernPart *
new_part (GMimeObject *object, const char *section)
{
  GMimeContentType *type = g_mime_object_get_content_type (object);
  const char *media = type != NULL ? g_mime_content_type_get_media_type (type) : NULL;
  const char *subtype = type != NULL ? g_mime_content_type_get_media_subtype (type) : NULL;
  g_autofree char *clean_media = lower (media != NULL ? media : "text");
  g_autofree char *clean_subtype = lower (subtype != NULL ? subtype : "plain");
  TernPart *part = tern_part_new (section, clean_media != NULL ? clean_media : "application",
                                  clean_subtype != NULL ? clean_subtype : "octet-stream");

  part->decoded = TRUE;
  part->charset = lower (g_mime_object_get_content_type_parameter (object, "charset"));
  part->format = lower (g_mime_object_get_content_type_parameter (object, "format"));
  part->delsp = lower (g_mime_object_get_content_type_parameter (object, "delsp"));
  part->disposition = lower (g_mime_object_get_disposition (object));
  part->filename = read_filename (object);
  part->content_id = read_content_id (object);
  if (GMIME_IS_PART (object))
    part->encoding = g_strdup (
        g_mime_content_encoding_to_string (g_mime_part_get_content_encoding (GMIME_PART (object))));
  part->size = read_size (object);
  return part;
}

static TernPart *build_part (Builder *self,
                             GMimeObject *object,
                             const char *section,
                             const char *prefix,
                             guint depth);

static void
build_children (Builder *self,
                TernPart *part,
                GMimeMultipart *multipart,
                const char *prefix,
                guint depth)
{
  int n = g_mime_multipart_get_count (multipart);

  part->children = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_part_free);
  for (int i = 0; i < n && self->parts < TERN_LIMIT_MIME_PARTS; i++)
    {
      GMimeObject *object = g_mime_multipart_get_part (multipart, i);
      char section[SECTION_MAX];

      if (object == NULL)
        continue;
      g_snprintf (section, sizeof section, "%s%d", prefix, i + 1);
      g_ptr_array_add (part->children, build_part (self, object, section, NULL, depth + 1));
    }
}

/* The body of a message inside a message: its parts are numbered below the message's own section.
 */
static void
build_nested (Builder *self, TernPart *part, GMimeMessagePart *nested, guint depth)
{
  GMimeMessage *message = g_mime_message_part_get_message (nested);
  GMimeObject *body = message != NULL ? g_mime_message_get_mime_part (message) : NULL;
  char section[SECTION_MAX];
  char prefix[SECTION_MAX];

  if (body == NULL || self->parts >= TERN_LIMIT_MIME_PARTS)
    return;
  g_snprintf (section, sizeof section, GMIME_IS_MULTIPART (body) ? "%s.TEXT" : "%s.1",
              part->section);
  g_snprintf (prefix, sizeof prefix, "%s.", part->section);
  part->children = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_part_free);
  g_ptr_array_add (part->children, build_part (self, body, section, prefix, depth + 1));
}

/* @prefix stands before the numbers of the children; NULL: @section and a dot. */
static TernPart *
build_part (Builder *self,
            GMimeObject *object,
            const char *section,
            const char *prefix,
            guint depth)
{
  TernPart *part = new_part (object, section);
  char own_prefix[SECTION_MAX];

  self->parts++;
  if (self->objects != NULL)
    g_hash_table_insert (self->objects, part->section, object);
  if (depth >= TERN_LIMIT_MIME_DEPTH)
    return part;
  if (GMIME_IS_MULTIPART (object))
    {
      if (prefix == NULL)
        {
          g_snprintf (own_prefix, sizeof own_prefix, "%s.", section);
          prefix = own_prefix;
        }
      build_children (self, part, GMIME_MULTIPART (object), prefix, depth);
    }
  else if (GMIME_IS_MESSAGE_PART (object))
    build_nested (self, part, GMIME_MESSAGE_PART (object), depth);
  return part;
}

TernPart *
tern_mime_tree_build (GMimeMessage *message, GHashTable *objects)
{
  GMimeObject *body = message != NULL ? g_mime_message_get_mime_part (message) : NULL;
  Builder builder = { objects, 0 };

  if (body == NULL)
    {
      TernPart *part = tern_part_new ("1", "text", "plain");

      part->decoded = TRUE;
      return part;
    }
  if (GMIME_IS_MULTIPART (body))
    return build_part (&builder, body, "", "", 0);
  return build_part (&builder, body, "1", NULL, 0);
}

static GBytes *
read_stream (GMimeStream *stream)
{
  GByteArray *bytes = g_byte_array_new ();
  g_autoptr (GMimeStream) sink = g_mime_stream_mem_new_with_byte_array (bytes);

  g_mime_stream_mem_set_owner (GMIME_STREAM_MEM (sink), FALSE);
  g_mime_stream_reset (stream);
  g_mime_stream_write_to_stream (stream, sink);
  return g_byte_array_free_to_bytes (bytes);
}

static GBytes *
write_object (GMimeObject *object)
{
  GByteArray *bytes = g_byte_array_new ();
  g_autoptr (GMimeStream) sink = g_mime_stream_mem_new_with_byte_array (bytes);

  g_mime_stream_mem_set_owner (GMIME_STREAM_MEM (sink), FALSE);
  if (GMIME_IS_MULTIPART (object))
    g_mime_object_write_content_to_stream (object, NULL, sink);
  else
    g_mime_object_write_to_stream (object, NULL, sink);
  return g_byte_array_free_to_bytes (bytes);
}

GBytes *
tern_mime_tree_content (GMimeObject *object)
{
  if (GMIME_IS_PART (object))
    {
      GMimeDataWrapper *content = g_mime_part_get_content (GMIME_PART (object));
      GMimeStream *stream = content != NULL ? g_mime_data_wrapper_get_stream (content) : NULL;
      g_autoptr (GBytes) transferred = NULL;

      if (stream == NULL)
        return g_bytes_new (NULL, 0);
      transferred = read_stream (stream);
      return tern_mime_transfer_decode (transferred,
                                        g_mime_part_get_content_encoding (GMIME_PART (object)));
    }
  if (GMIME_IS_MESSAGE_PART (object))
    {
      GMimeMessage *message = g_mime_message_part_get_message (GMIME_MESSAGE_PART (object));

      return message != NULL ? write_object (GMIME_OBJECT (message)) : g_bytes_new (NULL, 0);
    }
  return write_object (object);
}

static gboolean
write_stream (GMimeStream *stream,
              GMimeContentEncoding encoding,
              TernMimeSink sink,
              gpointer user_data)
{
  g_autoptr (TernMimeDecoder) decoder = tern_mime_transfer_decoder (encoding);
  g_autofree char *slice = g_malloc (SLICE);
  g_autoptr (GBytes) rest = NULL;
  gssize n;

  g_mime_stream_reset (stream);
  while ((n = g_mime_stream_read (stream, slice, SLICE)) > 0)
    {
      g_autoptr (GBytes) out = tern_mime_decoder_step (decoder, slice, (gsize) n);

      if (!sink (g_bytes_get_data (out, NULL), g_bytes_get_size (out), user_data))
        return FALSE;
    }
  rest = tern_mime_decoder_end (decoder);
  return sink (g_bytes_get_data (rest, NULL), g_bytes_get_size (rest), user_data);
}

gboolean
tern_mime_tree_write (GMimeObject *object, TernMimeSink sink, gpointer user_data)
{
  GMimeDataWrapper *wrapper =
      GMIME_IS_PART (object) ? g_mime_part_get_content (GMIME_PART (object)) : NULL;
  GMimeStream *stream = wrapper != NULL ? g_mime_data_wrapper_get_stream (wrapper) : NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (stream != NULL)
    return write_stream (stream, g_mime_part_get_content_encoding (GMIME_PART (object)), sink,
                         user_data);
  bytes = tern_mime_tree_content (object);
  return sink (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), user_data);
}
