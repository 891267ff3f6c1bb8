/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-deflate.h"

#include <string.h>

#define READ_SIZE (16 * 1024)
/* RFC 4978 section 3: most of what a level can save comes with the lowest ones. */
#define LEVEL 3

struct _TernImapDeflate
{
  GConverter *packer;   /* (owned) */
  GConverter *unpacker; /* (owned) */
  GByteArray *raw;      /* read and not unpacked yet, from @start on */
  gsize start;
  gboolean full;  /* the last time there was no room for all */
  gboolean ended; /* the other side has ended its stream */
};

TernImapDeflate *
tern_imap_deflate_new (void)
{
  TernImapDeflate *self = g_new0 (TernImapDeflate, 1);

  self->packer = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_RAW, LEVEL));
  self->unpacker = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_RAW));
  self->raw = g_byte_array_new ();
  return self;
}

void
tern_imap_deflate_free (TernImapDeflate *self)
{
  g_object_unref (self->packer);
  g_object_unref (self->unpacker);
  g_byte_array_unref (self->raw);
  g_free (self);
}

GBytes *
tern_imap_deflate_pack (TernImapDeflate *self, GBytes *plain)
{
  GByteArray *packed = g_byte_array_new ();
  GConverterResult result = G_CONVERTER_CONVERTED;
  gsize left;
  const char *data = g_bytes_get_data (plain, &left);

  while (result != G_CONVERTER_FLUSHED)
    {
      char piece[READ_SIZE];
      gsize taken = 0, made = 0;
      g_autoptr (GError) error = NULL;

      result = g_converter_convert (self->packer, data, left, piece, sizeof piece,
                                    G_CONVERTER_FLUSH, &taken, &made, &error);
      /* Memory is all that a compressor can lack. */
      if (result == G_CONVERTER_ERROR)
        g_error ("deflate: %s", error->message);
      data += taken;
      left -= taken;
      g_byte_array_append (packed, (const guint8 *) piece, (guint) made);
    }
  return g_byte_array_free_to_bytes (packed);
}

char *
tern_imap_deflate_reserve (TernImapDeflate *self, gsize *room)
{
  g_assert (self->start == self->raw->len);
  self->start = 0;
  g_byte_array_set_size (self->raw, READ_SIZE);
  *room = READ_SIZE;
  return (char *) self->raw->data;
}

void
tern_imap_deflate_commit (TernImapDeflate *self, gsize length)
{
  g_byte_array_set_size (self->raw, (guint) length);
}

void
tern_imap_deflate_put (TernImapDeflate *self, const char *data, gsize length)
{
  g_byte_array_append (self->raw, (const guint8 *) data, (guint) length);
}

gboolean
tern_imap_deflate_has_more (TernImapDeflate *self)
{
  return self->full || self->start < self->raw->len;
}

gboolean
tern_imap_deflate_has_ended (TernImapDeflate *self)
{
  return self->ended;
}

gssize
tern_imap_deflate_unpack (TernImapDeflate *self, char *plain, gsize room, GError **error)
{
  gsize taken = 0, made = 0;
  GError *problem = NULL;
  GConverterResult result = g_converter_convert (self->unpacker, self->raw->data + self->start,
                                                 self->raw->len - self->start, plain, room,
                                                 G_CONVERTER_NO_FLAGS, &taken, &made, &problem);

  self->start += taken;
  self->full = made == room;
  if (result == G_CONVERTER_FINISHED)
    {
      self->ended = TRUE;
      self->full = FALSE;
      self->start = self->raw->len;
      return (gssize) made;
    }
  if (result != G_CONVERTER_ERROR)
    return (gssize) made;
  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
    {
      /* zlib has taken what there was. */
      self->start = self->raw->len;
      g_error_free (problem);
      return 0;
    }
  g_propagate_error (error, problem);
  return -1;
}
