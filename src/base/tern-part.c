/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-part.h"

#include "tern-limits.h"

#include <string.h>

TernPart *
tern_part_new (const char *section, const char *type, const char *subtype)
{
  TernPart *self = g_new0 (TernPart, 1);
  self->section = g_strdup (section);
  self->type = g_ascii_strdown (type, -1);
  self->subtype = g_ascii_strdown (subtype, -1);
  return self;
}

void
tern_part_free (TernPart *self)
{
  g_free (self->section);
  g_free (self->type);
  g_free (self->subtype);
  g_free (self->charset);
  g_free (self->format);
  g_free (self->delsp);
  g_free (self->filename);
  g_free (self->content_id);
  g_free (self->encoding);
  g_free (self->disposition);
  g_clear_pointer (&self->children, g_ptr_array_unref);
  g_free (self);
}

TernPart *
tern_part_copy (const TernPart *self)
{
  TernPart *copy = g_new0 (TernPart, 1);
  copy->section = g_strdup (self->section);
  copy->type = g_strdup (self->type);
  copy->subtype = g_strdup (self->subtype);
  copy->charset = g_strdup (self->charset);
  copy->format = g_strdup (self->format);
  copy->delsp = g_strdup (self->delsp);
  copy->filename = g_strdup (self->filename);
  copy->content_id = g_strdup (self->content_id);
  copy->encoding = g_strdup (self->encoding);
  copy->disposition = g_strdup (self->disposition);
  copy->size = self->size;
  copy->decoded = self->decoded;
  if (self->children != NULL)
    {
      copy->children = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_part_free);
      for (guint i = 0; i < self->children->len; i++)
        g_ptr_array_add (copy->children, tern_part_copy (g_ptr_array_index (self->children, i)));
    }
  return copy;
}

/*
 * The text form: fields of one part separated by US (0x1F), each either "-" for NULL or "+" and the
 * text, then ETX (0x03) closes a part and STX (0x02) opens the list of its children. The control
 * characters are taken out of the fields when they are written.
 */
#define FIELD_END '\037'
#define OPEN      '\002'
#define CLOSE     '\003'

static void
append_field (GString *out, const char *text)
{
  g_string_append_c (out, text != NULL ? '+' : '-');
  for (const char *p = text; p != NULL && *p != '\0'; p++)
    g_string_append_c (out, *p == FIELD_END || *p == OPEN || *p == CLOSE ? ' ' : *p);
  g_string_append_c (out, FIELD_END);
}

static void
encode_part (GString *out, const TernPart *self)
{
  append_field (out, self->section);
  append_field (out, self->type);
  append_field (out, self->subtype);
  append_field (out, self->charset);
  append_field (out, self->format);
  append_field (out, self->delsp);
  append_field (out, self->filename);
  append_field (out, self->content_id);
  append_field (out, self->encoding);
  append_field (out, self->disposition);
  g_string_append_printf (out, "%" G_GUINT64_FORMAT "%c%d%c", self->size, FIELD_END, self->decoded,
                          FIELD_END);
  if (self->children != NULL)
    {
      g_string_append_c (out, OPEN);
      for (guint i = 0; i < self->children->len; i++)
        encode_part (out, g_ptr_array_index (self->children, i));
    }
  g_string_append_c (out, CLOSE);
}

char *
tern_part_encode (const TernPart *self)
{
  GString *out = g_string_sized_new (128);
  encode_part (out, self);
  return g_string_free (out, FALSE);
}

typedef struct
{
  const char *at;
  guint parts;
} Decoder;

static gboolean
read_field (Decoder *decoder, char **text)
{
  char kind = *decoder->at;
  if (kind != '+' && kind != '-')
    return FALSE;
  const char *start = decoder->at + 1;
  const char *end = strchr (start, FIELD_END);
  if (end == NULL)
    return FALSE;
  if (kind == '+')
    *text = g_strndup (start, (gsize) (end - start));
  decoder->at = end + 1;
  return TRUE;
}

static gboolean
read_number (Decoder *decoder, guint64 *number)
{
  char *end = NULL;
  *number = g_ascii_strtoull (decoder->at, &end, 10);
  if (end == decoder->at || *end != FIELD_END)
    return FALSE;
  decoder->at = end + 1;
  return TRUE;
}

static gboolean
read_fields (Decoder *decoder, TernPart *self)
{
  guint64 decoded = 0;
  if (!(read_field (decoder, &self->section) && read_field (decoder, &self->type)
        && read_field (decoder, &self->subtype) && read_field (decoder, &self->charset)
        && read_field (decoder, &self->format) && read_field (decoder, &self->delsp)
        && read_field (decoder, &self->filename) && read_field (decoder, &self->content_id)
        && read_field (decoder, &self->encoding) && read_field (decoder, &self->disposition)
        && read_number (decoder, &self->size) && read_number (decoder, &decoded)))
    return FALSE;
  self->decoded = decoded != 0;
  return self->section != NULL && self->type != NULL && self->subtype != NULL;
}

static TernPart *
decode_part (Decoder *decoder, guint depth)
{
  if (depth > TERN_LIMIT_MIME_DEPTH || ++decoder->parts > TERN_LIMIT_MIME_PARTS)
    return NULL;

  g_autoptr (TernPart) self = g_new0 (TernPart, 1);
  if (!read_fields (decoder, self))
    return NULL;
  if (*decoder->at == OPEN)
    {
      decoder->at++;
      self->children = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_part_free);
      while (*decoder->at != CLOSE)
        {
          TernPart *child = decode_part (decoder, depth + 1);
          if (child == NULL)
            return NULL;
          g_ptr_array_add (self->children, child);
        }
    }
  if (*decoder->at != CLOSE)
    return NULL;
  decoder->at++;
  return g_steal_pointer (&self);
}

TernPart *
tern_part_decode (const char *text)
{
  if (text == NULL)
    return NULL;
  Decoder decoder = { text, 0 };
  TernPart *root = decode_part (&decoder, 0);
  if (root != NULL && *decoder.at != '\0')
    g_clear_pointer (&root, tern_part_free);
  return root;
}

gboolean
tern_part_is (const TernPart *self, const char *type, const char *subtype)
{
  return strcmp (self->type, type) == 0
         && (subtype == NULL || strcmp (self->subtype, subtype) == 0);
}

gboolean
tern_part_is_attachment (const TernPart *self)
{
  if (tern_part_is (self, "multipart", NULL))
    return FALSE;
  if (self->disposition != NULL && strcmp (self->disposition, "attachment") == 0)
    return TRUE;
  /* An image that the HTML names by its Content-ID is shown in place. */
  if (self->content_id != NULL && tern_part_is (self, "image", NULL))
    return FALSE;
  if (self->filename != NULL)
    return TRUE;
  return !tern_part_is (self, "text", "plain") && !tern_part_is (self, "text", "html");
}

guint
tern_part_count_attachments (const TernPart *root)
{
  if (root == NULL)
    return 0;
  if (tern_part_is_attachment (root))
    return 1; /* what a forwarded message holds is its own */
  guint count = 0;
  for (guint i = 0; root->children != NULL && i < root->children->len; i++)
    count += tern_part_count_attachments (g_ptr_array_index (root->children, i));
  return count;
}

const TernPart *
tern_part_find_section (const TernPart *root, const char *section)
{
  if (strcmp (root->section, section) == 0)
    return root;
  for (guint i = 0; root->children != NULL && i < root->children->len; i++)
    {
      const TernPart *found =
          tern_part_find_section (g_ptr_array_index (root->children, i), section);
      if (found != NULL)
        return found;
    }
  return NULL;
}

void
tern_part_foreach (const TernPart *root, TernPartFunc func, gpointer user_data)
{
  func (root, user_data);
  for (guint i = 0; root->children != NULL && i < root->children->len; i++)
    tern_part_foreach (g_ptr_array_index (root->children, i), func, user_data);
}
