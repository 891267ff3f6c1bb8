/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "op-fixture.h"

G_BEGIN_DECLS

/* The same as op-fixture.h for operations on folders. */

/* @path and @remote_name are borrowed. */
TernFolderRecord folder_named (StoreFixture *f, const char *path, const char *remote_name);
/* As a listing puts it. */
TernId folder_listed (StoreFixture *f, const char *path, const char *remote_name);
/* A listing of just these folders ends. */
void folder_end_listing (StoreFixture *f, const TernId *ids, guint n);

/* Return the operation. */
TernId folder_create (StoreFixture *f, const char *path, const char *remote_name, TernId *folder);
TernId folder_rename_to (StoreFixture *f, TernId folder, const char *path);
TernId folder_delete (StoreFixture *f, TernId folder);

/* @name: (nullable): that is sent. */
void folder_run (StoreFixture *f, TernId op, const char *name);

/* It is shown so. */
void folder_assert (StoreFixture *f, TernId folder, const char *path, const char *remote_name);
gboolean folder_is_gone (StoreFixture *f, TernId folder);

G_END_DECLS
