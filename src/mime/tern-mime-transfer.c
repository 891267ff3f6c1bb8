/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-transfer.h"
#include "tern-mime-message.h"

/* Not by GMime: it drops the last bytes of a text whose padding was cut off. */
static GBytes *
decode_base64 (const char *data, gsize size)
{
  guchar *out = g_malloc (size / 4 * 3 + 8);
  gint state = 0;
  guint save = 0;
  gsize n = g_base64_decode_step (data, size, out, &state, &save);

  if (state != 0)
    n += g_base64_decode_step ("==", 2, out + n, &state, &save);
  return g_bytes_new_take (out, n);
}

GBytes *
tern_mime_transfer_decode (GBytes *transferred, GMimeContentEncoding encoding)
{
  GMimeEncoding state;
  gsize size;
  const char *data = g_bytes_get_data (transferred, &size);
  char *out;

  if (size == 0)
    return g_bytes_ref (transferred);
  if (encoding == GMIME_CONTENT_ENCODING_BASE64)
    return decode_base64 (data, size);
  if (encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
      && encoding != GMIME_CONTENT_ENCODING_UUENCODE)
    return g_bytes_ref (transferred);
  g_mime_encoding_init_decode (&state, encoding);
  out = g_malloc (g_mime_encoding_outlen (&state, size) + 1);
  return g_bytes_new_take (out, g_mime_encoding_flush (&state, data, size, out));
}

GBytes *
tern_mime_decode_part (const TernPart *part, GBytes *transferred)
{
  g_return_val_if_fail (part != NULL && transferred != NULL, NULL);

  return tern_mime_transfer_decode (
      transferred, part->encoding != NULL ? g_mime_content_encoding_from_string (part->encoding)
                                          : GMIME_CONTENT_ENCODING_DEFAULT);
}
