/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-types.h"
#include "tern-store-folders.h"

G_BEGIN_DECLS

/* A LIST response to a folder record: path, name, role by special use. The role by name is guessed
 * afterwards, when all names are known (tern_folder_names_guess_roles()). NULL for a name that
 * cannot be a folder of ours (empty, too long). */
TernFolderRecord *tern_folder_names_from_list (const TernImapList *list,
                                               const GPtrArray *namespaces);

/* What @folder of another namespace is in, as if the server had listed it: some list only what one
 * may open, and a folder of others says little without the name of its owner. NULL at the top. */
TernFolderRecord *tern_folder_names_above (const TernFolderRecord *folder);

/* @folders: GPtrArray of TernFolderRecord of one account. Roles that no folder has by special use
 * are given to the best well-known name. */
void tern_folder_names_guess_roles (GPtrArray *folders);

/* What a folder of that role is called by people and servers, in English: "Archive". */
const char *tern_folder_names_for_role (TernRole role);

/* A folder that the account lacks, to be created on the server when first used: named under the
 * same prefix as the account's other folders. @folders: as above. */
TernFolderRecord *tern_folder_names_plan (const GPtrArray *folders, TernId account, TernRole role);

/* The name on the server of what is to be at @path: below what its parent has there now, or under
 * the prefix of all folders. NULL when there is no such parent. @folders: as above. */
char *tern_folder_names_to_remote (const GPtrArray *folders, const char *path);

/* Can a new folder be called like the last level of @path, where levels are parted by @delimiter on
 * the server? TERN_FAULT_INVALID with what is wrong. */
gboolean tern_folder_names_check (const char *path, char delimiter, GError **error);

/* A folder that a person makes at @path, whose parent is there. @folders: as above. */
TernFolderRecord *
tern_folder_names_new (const GPtrArray *folders, TernId account, const char *path, TernRole role);

G_END_DECLS
