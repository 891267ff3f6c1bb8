/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * A little of the disk that is kept for the moment when it is full: even to read, SQLite needs a
 * file for the index of its log, and mail that is here has to be readable then. Thread: writer.
 */

/* Makes sure that there is one in @dir. Without room there is none, and nothing is said. */
void tern_store_reserve_keep (const char *dir);

/* Gives it back to the disk. FALSE when there was none. */
gboolean tern_store_reserve_release (const char *dir);

G_END_DECLS
