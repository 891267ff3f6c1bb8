/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store.h"
#include "tern-types.h"

G_BEGIN_DECLS

/*
 * What has come so far of a section that is fetched piece by piece: a file of its own, which grows
 * at its end and stays when the program or the connection ends in the middle. When it is complete
 * it becomes a body (tern-body-store.h). It belongs to a message, a section and the size that the
 * server told of it: another size makes it another one. What is in it is checked by nobody but the
 * file system until it has its hash.
 */

/** TernPartial: plain value. */
typedef struct
{
  guint64 size;        /* bytes that are here, from the beginning */
  GChecksum *checksum; /* (owned): SHA-256 of them, to go on with */
} TernPartial;

void tern_partial_free (TernPartial *self);

/* Reads all of it: in the slow lane. An empty one when nothing is here. */
TernPartial *tern_read_partial (TernReader *reader,
                                TernId location,
                                const char *section,
                                guint64 told_size,
                                GCancellable *cancellable,
                                GError **error);
/* Adds @bytes at @offset and drops what was behind it. INVALID when there are not as many bytes
 * before it. What was there stays when the disk is full. */
gboolean tern_txn_append_partial (TernTxn *txn,
                                  TernId location,
                                  const char *section,
                                  guint64 told_size,
                                  guint64 offset,
                                  GBytes *bytes,
                                  GError **error);
/* What is here of it is not right. */
gboolean tern_txn_drop_partial (TernTxn *txn,
                                TernId location,
                                const char *section,
                                guint64 told_size,
                                GError **error);
/* All of it is here: it becomes @section of the message. INVALID when it has not @size bytes. */
gboolean tern_txn_finish_partial (TernTxn *txn,
                                  TernId location,
                                  const char *section,
                                  guint64 told_size,
                                  guint64 size,
                                  const char *hash,
                                  GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernPartial, tern_partial_free)

G_END_DECLS
