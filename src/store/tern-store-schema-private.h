/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-db-private.h"

G_BEGIN_DECLS

/* "Tern" in the header of the file. */
#define TERN_SCHEMA_APPLICATION_ID 0x5465726e

/* Brings the database to the newest version, step by step, each step in a transaction.
 * TERN_FAULT_INVALID when a newer Tern made it. *@created: it was empty. */
gboolean tern_schema_migrate (TernDb *db, const char *path, gboolean *created, GError **error);

G_END_DECLS
