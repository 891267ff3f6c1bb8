/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-packed-body.h"

G_BEGIN_DECLS

/**
 * TernBodies:
 *
 * The layout of the body store on disk: bytes by SHA-256. What is small lies compressed in a second
 * SQLite file (bodies.db), what is larger in a file of its own (bodies/ab/cdef…). Knows nothing of
 * messages. One thread at a time.
 */
typedef struct _TernBodies TernBodies;

TernBodies *tern_bodies_open (const char *dir, gboolean writable, GError **error);
void tern_bodies_close (TernBodies *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernBodies, tern_bodies_close)

/* TRUE once a damaged page of the database was met. What can be read of it is kept by the next
 * open, when that was noted. */
gboolean tern_bodies_is_damaged (TernBodies *self);
void tern_bodies_note_damage (TernBodies *self);

/* Adds @body to the running batch, which begins by itself. @durable: fsynced before
 * tern_bodies_commit() returns. */
gboolean
tern_bodies_put (TernBodies *self, const TernPackedBody *body, gboolean durable, GError **error);
/* The same for the file @path in the same folder, whose bytes have @hash: it gets that name besides
 * its own, where the file system can do so, else instead of it. */
gboolean tern_bodies_adopt (TernBodies *self, const char *path, const char *hash, GError **error);
gboolean tern_bodies_commit (TernBodies *self, gboolean durable, GError **error);
void tern_bodies_rollback (TernBodies *self);

/* NULL without @error when there are none; TERN_FAULT_DAMAGED when they do not match. */
GBytes *tern_bodies_get (TernBodies *self, const char *hash, GError **error);
/* Is it in a file of its own? Then *@fd is that, open to be read and not checked against the hash;
 * -1 when it is not there. */
gboolean tern_bodies_open_file (TernBodies *self, const char *hash, int *fd);
const char *tern_bodies_get_dir (TernBodies *self);
/* Outside a batch. */
gboolean tern_bodies_drop (TernBodies *self, const char *hash, GError **error);
/* Hashes of up to @limit bodies after the position @cursor, which moves on; it is 0 at the end. */
GPtrArray *tern_bodies_walk (TernBodies *self, gint64 *cursor, guint limit, GError **error);

G_END_DECLS
