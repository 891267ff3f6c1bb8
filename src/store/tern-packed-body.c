/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-packed-body-private.h"

#include <gnutls/crypto.h>

#define COMPRESSION_LEVEL 1

/* Blobs were larger once. */
#define LARGEST_READ (256 * 1024)

static void
free_context (gpointer context)
{
  ZSTD_freeCCtx (context);
}

/* Half a megabyte that is not set up anew for each body. */
static GPrivate contexts = G_PRIVATE_INIT (free_context);

/* GChecksum takes ten times as long. */
void
tern_body_hash (GBytes *bytes, char *hash)
{
  static const char digits[] = "0123456789abcdef";
  guint8 digest[TERN_BODY_HASH_LENGTH / 2];
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  int rc = gnutls_hash_fast (GNUTLS_DIG_SHA256, data != NULL ? data : "", size, digest);

  if (rc != 0)
    g_error ("SHA-256: %s", gnutls_strerror (rc));
  for (gsize i = 0; i < sizeof digest; i++)
    {
      hash[2 * i] = digits[digest[i] >> 4];
      hash[2 * i + 1] = digits[digest[i] & 15];
    }
  hash[TERN_BODY_HASH_LENGTH] = '\0';
}

/* There is room for what does not get smaller: nothing can fail but the memory. */
static GBytes *
compress (GBytes *bytes)
{
  gsize size;
  const void *data = g_bytes_get_data (bytes, &size);
  gsize bound = ZSTD_compressBound (size);
  char *packed = g_malloc (bound);
  ZSTD_CCtx *context = g_private_get (&contexts);
  gsize length;

  if (context == NULL)
    {
      context = ZSTD_createCCtx ();
      if (context == NULL)
        g_error ("zstd: no memory");
      g_private_set (&contexts, context);
    }
  length = ZSTD_compressCCtx (context, packed, bound, data, size, COMPRESSION_LEVEL);
  if (ZSTD_isError (length))
    g_error ("zstd: %s", ZSTD_getErrorName (length));
  return g_bytes_new_take (g_realloc (packed, length), length);
}

TernPackedBody *
tern_packed_body_new (GBytes *bytes)
{
  TernPackedBody *self = g_new0 (TernPackedBody, 1);

  self->size = g_bytes_get_size (bytes);
  tern_body_hash (bytes, self->hash);
  if (self->size <= TERN_BODY_LARGEST_BLOB)
    self->packed = compress (bytes);
  else
    self->bytes = g_bytes_ref (bytes);
  return self;
}

void
tern_packed_body_free (TernPackedBody *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_pointer (&self->packed, g_bytes_unref);
  g_free (self);
}

GBytes *
tern_body_unpack (ZSTD_DCtx *context, const void *data, gsize length, gint64 size)
{
  g_autofree char *bytes = NULL;

  if (size < 0 || size > LARGEST_READ)
    return NULL;
  bytes = g_malloc (size + 1);
  if (ZSTD_decompressDCtx (context, bytes, size, data, length) != (gsize) size)
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&bytes), size);
}
