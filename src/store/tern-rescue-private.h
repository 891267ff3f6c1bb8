/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-db-private.h"

G_BEGIN_DECLS

/*
 * What the recoveries of mail.db and bodies.db share. A new database is built beside the damaged
 * one, which stays where it is until the new one is whole and on the disk; whatever happens
 * meanwhile, the next start begins again with it.
 */

#define TERN_RESCUE_PAGE_SIZE 4096

/* Remembers on disk that a damaged page of the database @path was met, so that the next open looks
 * at everything. */
void tern_rescue_mark (const char *path);
gboolean tern_rescue_is_marked (const char *path);
void tern_rescue_clear_mark (const char *path);

/* TERN_FAULT_DAMAGED unless the answer to @pragma is "ok". */
gboolean tern_rescue_check (TernDb *db, const char *path, const char *pragma, GError **error);

/* The first page as it is in the file, of TERN_RESCUE_PAGE_SIZE bytes. */
gboolean tern_rescue_read_first_page (TernDb *db, char *page);

/* NULL when nothing can be read of it. */
TernDb *tern_rescue_open (const char *path);
/* A copy of @path at @copy, for reading only, with another first page. */
TernDb *tern_rescue_open_with_page (const char *path, const char *copy, const char *page);

/* With its log. */
void tern_rescue_remove (const char *path);

/* Puts the finished database @fresh in place of the damaged one, which is kept under another name.
 */
gboolean tern_rescue_swap (const char *path, const char *fresh, GError **error);
/* Where that was cut after the damaged one had left: @fresh, which is whole then, is put in place.
 */
gboolean
tern_rescue_finish (const char *path, const char *fresh, gboolean *finished, GError **error);

G_END_DECLS
