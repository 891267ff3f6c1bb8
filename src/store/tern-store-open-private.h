/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-private.h"

G_BEGIN_DECLS

/** TernStoreFiles: everything that an open store holds on disk. (thread: writer) */
typedef struct
{
  int lock; /* descriptor of the lock file, -1 */
  TernReader writer;
  TernReader lanes[2];
  TernCounters counters;
} TernStoreFiles;

/* Takes the lock, opens, migrates, checks and, when the database is damaged, recovers. */
gboolean tern_store_files_open (TernStoreFiles *self,
                                TernStore *store,
                                const char *dir,
                                TernStoreOutcome *outcome,
                                GError **error);
/* Checkpoints and releases everything. Works on what was opened half-way, too. */
void tern_store_files_close (TernStoreFiles *self);

/* tern-store-recover.c: makes a new database of what can be read of the damaged one, and puts it in
 * its place when it is whole and on the disk; the damaged one is kept aside. */
gboolean tern_store_recover (const char *dir, GError **error);

/* Where a recovery was cut after the damaged database had left: the new one, which is whole then,
 * is put in place. */
gboolean tern_store_finish_recovery (const char *dir, gboolean *finished, GError **error);

/* Keeps a copy of the page without which nothing could be carried over. */
gboolean tern_store_keep_first_page (TernDb *db, const char *dir, GError **error);

/* A database at @path, with the pragmas of the writer and the newest schema. */
TernDb *tern_store_open_writer (const char *path, gboolean *created, GError **error);

G_END_DECLS
