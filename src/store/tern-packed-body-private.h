/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-packed-body.h"

#include <zstd.h>

G_BEGIN_DECLS

#define TERN_BODY_HASH_LENGTH 64

/* Above this a file of its own: a blob is read as a whole, is written twice, into the log and from
 * there, and a large one fragments the file. */
#define TERN_BODY_LARGEST_BLOB (64 * 1024)

struct _TernPackedBody
{
  char hash[TERN_BODY_HASH_LENGTH + 1];
  gsize size;
  GBytes *bytes;  /* as they are, of what gets a file; else NULL */
  GBytes *packed; /* compressed, or NULL */
};

/* @hash: of TERN_BODY_HASH_LENGTH + 1 bytes. */
void tern_body_hash (GBytes *bytes, char *hash);
/* What was packed, @size bytes; NULL when that is not what it is. */
GBytes *tern_body_unpack (ZSTD_DCtx *context, const void *data, gsize length, gint64 size);

G_END_DECLS
