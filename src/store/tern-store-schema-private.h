/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-db-private.h"

G_BEGIN_DECLS

/* "Tern" in the header of the file. */
#define TERN_SCHEMA_APPLICATION_ID 0x5465726e

/* Brings the database to the newest version. TERN_FAULT_INVALID when a newer Tern made it.
 * *@created: it was empty. */
gboolean tern_schema_migrate (TernDb *db, const char *path, gboolean *created, GError **error);

gint64 tern_schema_newest (void);
/* From the version @from to @to, step by step, each step in a transaction. */
gboolean tern_schema_run_steps (TernDb *db, gint64 from, gint64 to, GError **error);

G_END_DECLS
