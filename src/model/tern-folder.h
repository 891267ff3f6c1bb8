/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-engine.h"

G_BEGIN_DECLS

/**
 * TernFolder:
 *
 * One folder for the window: properties "id", "name", "path", "role", "unread", "total", "depth",
 * "selectable", "icon-name", "compared", "rights" (TernRights). For INBOX and the special uses
 * "name" is translated. Thread: UI.
 */
#define TERN_TYPE_FOLDER (tern_folder_get_type ())
G_DECLARE_FINAL_TYPE (TernFolder, tern_folder, TERN, FOLDER, GObject)

TernId tern_folder_get_id (TernFolder *self);
TernId tern_folder_get_account (TernFolder *self);
const char *tern_folder_get_name (TernFolder *self);
const char *tern_folder_get_path (TernFolder *self);
TernRole tern_folder_get_role (TernFolder *self);
gint64 tern_folder_get_unread (TernFolder *self);
gint64 tern_folder_get_total (TernFolder *self);
guint tern_folder_get_depth (TernFolder *self);
gboolean tern_folder_get_selectable (TernFolder *self);
const char *tern_folder_get_icon_name (TernFolder *self);
/* Why something that needs @needed cannot be done with it; NULL when nothing is known against it.
 */
char *tern_folder_dup_refusal (TernFolder *self, TernRights needed);
/* Nothing can be changed in it. */
gboolean tern_folder_get_only_reading (TernFolder *self);
/* The last reconciliation, in a sentence; NULL when there was none. */
char *tern_folder_dup_compared (TernFolder *self);

/**
 * TernFolderTree:
 *
 * A flat GListModel of TernFolder of one account in the order of a sidebar: INBOX, then the special
 * uses in a fixed order, then the others as a tree (depth says the level). Follows change sets.
 */
#define TERN_TYPE_FOLDER_TREE (tern_folder_tree_get_type ())
G_DECLARE_FINAL_TYPE (TernFolderTree, tern_folder_tree, TERN, FOLDER_TREE, GObject)

TernFolderTree *tern_folder_tree_new (TernEngine *engine, TernId account);
TernFolder *tern_folder_tree_find (TernFolderTree *self, TernId folder);      /* (transfer none) */
TernFolder *tern_folder_tree_find_role (TernFolderTree *self, TernRole role); /* (transfer none) */

G_END_DECLS
