/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-db-private.h"

G_BEGIN_DECLS

/* tern-bodies.c: a database at @path for writing, made when it is not there. */
TernDb *tern_bodies_open_db (const char *path, GError **error);

/* tern-bodies-recover.c: makes a new database of what can be read of the damaged one @path and of
 * the files in @dir, and puts it in its place; the damaged one is kept aside. */
gboolean tern_bodies_recover (const char *path, const char *dir, GError **error);
/* Ends one that was cut. */
gboolean tern_bodies_finish_recovery (const char *path, GError **error);

G_END_DECLS
