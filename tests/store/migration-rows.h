/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** MigrationPiece: of the databases of versions @since to @until; 0: of all that came after. */
typedef struct
{
  gint64 since;
  gint64 until;
  const char *text;
} MigrationPiece;

/** MigrationBody: bytes of the body store, which has no versions, and their hash. */
typedef struct
{
  const char *hash;
  const char *text;
} MigrationBody;

/*
 * What a program of each version has written, in its own words. Lists of addresses and MIME
 * structures are as they are stored. thread_hash() is the function of the store.
 */
extern const MigrationPiece migration_rows[];
extern const MigrationBody migration_bodies[];

/* What is read of them: the lines of dump() in test-store-migrations.c. */
extern const MigrationPiece migration_lines[];

/* Of the schema after each step, from the first one: a released step is never edited. */
extern const char *const migration_checksums[];

G_END_DECLS
