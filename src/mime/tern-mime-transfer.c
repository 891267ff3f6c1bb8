/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-transfer.h"
#include "tern-mime-message.h"

struct _TernMimeDecoder
{
  GMimeContentEncoding encoding;
  GMimeEncoding gmime;
  gint state; /* of base64 */
  guint save;
};

TernMimeDecoder *
tern_mime_transfer_decoder (GMimeContentEncoding encoding)
{
  TernMimeDecoder *self = g_new0 (TernMimeDecoder, 1);

  self->encoding = encoding;
  g_mime_encoding_init_decode (&self->gmime, encoding);
  return self;
}

TernMimeDecoder *
tern_mime_decoder_new (const char *encoding)
{
  return tern_mime_transfer_decoder (encoding != NULL
                                         ? g_mime_content_encoding_from_string (encoding)
                                         : GMIME_CONTENT_ENCODING_DEFAULT);
}

void
tern_mime_decoder_free (TernMimeDecoder *self)
{
  g_free (self);
}

static gboolean
is_gmimes (const TernMimeDecoder *self)
{
  return self->encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
         || self->encoding == GMIME_CONTENT_ENCODING_UUENCODE;
}

GBytes *
tern_mime_decoder_step (TernMimeDecoder *self, const void *data, gsize size)
{
  if (self->encoding == GMIME_CONTENT_ENCODING_BASE64)
    {
      /* Not by GMime: it drops the last bytes of a text whose padding was cut off. */
      guchar *out = g_malloc (size / 4 * 3 + 8);

      return g_bytes_new_take (out,
                               g_base64_decode_step (data, size, out, &self->state, &self->save));
    }
  if (is_gmimes (self))
    {
      char *out = g_malloc (g_mime_encoding_outlen (&self->gmime, size) + 1);

      return g_bytes_new_take (out, g_mime_encoding_step (&self->gmime, data, size, out));
    }
  return g_bytes_new (data, size);
}

GBytes *
tern_mime_decoder_end (TernMimeDecoder *self)
{
  if (self->encoding == GMIME_CONTENT_ENCODING_BASE64 && self->state != 0)
    return tern_mime_decoder_step (self, "==", 2);
  if (is_gmimes (self))
    {
      char *out = g_malloc (g_mime_encoding_outlen (&self->gmime, 0) + 1);

      return g_bytes_new_take (out, g_mime_encoding_flush (&self->gmime, "", 0, out));
    }
  return g_bytes_new (NULL, 0);
}

GBytes *
tern_mime_transfer_decode (GBytes *transferred, GMimeContentEncoding encoding)
{
  g_autoptr (TernMimeDecoder) decoder = tern_mime_transfer_decoder (encoding);
  GByteArray *all;
  gsize size;
  const char *data = g_bytes_get_data (transferred, &size);

  if (size == 0 || (encoding != GMIME_CONTENT_ENCODING_BASE64 && !is_gmimes (decoder)))
    return g_bytes_ref (transferred);
  all = g_bytes_unref_to_array (tern_mime_decoder_step (decoder, data, size));
  g_autoptr (GBytes) rest = tern_mime_decoder_end (decoder);
  g_byte_array_append (all, g_bytes_get_data (rest, NULL), (guint) g_bytes_get_size (rest));
  return g_byte_array_free_to_bytes (all);
}

GBytes *
tern_mime_decode_part (const TernPart *part, GBytes *transferred)
{
  g_return_val_if_fail (part != NULL && transferred != NULL, NULL);

  return tern_mime_transfer_decode (
      transferred, part->encoding != NULL ? g_mime_content_encoding_from_string (part->encoding)
                                          : GMIME_CONTENT_ENCODING_DEFAULT);
}
