/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-account.h"
#include "tern-folder.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * TernSidebar:
 *
 * Accounts as sections, their folders beneath. Signals: "folder-changed" when another folder was
 * chosen (also by tern_sidebar_select()); "folders-changed" when folders came or went; "open" when
 * one was activated, to move on when narrow.
 */
#define TERN_TYPE_SIDEBAR (tern_sidebar_get_type ())
G_DECLARE_FINAL_TYPE (TernSidebar, tern_sidebar, TERN, SIDEBAR, AdwBin)

void tern_sidebar_set_engine (TernSidebar *self, TernEngine *engine, TernAccountList *accounts);
TernFolder *tern_sidebar_get_folder (TernSidebar *self); /* (nullable) (transfer none) */
/* FALSE when there is no such folder (yet). */
gboolean tern_sidebar_select (TernSidebar *self, TernId folder);
TernFolder *tern_sidebar_find_folder (TernSidebar *self, TernId folder); /* (nullable) */
TernFolder *tern_sidebar_find_path (TernSidebar *self, const char *uuid, const char *path);
/* The first account's INBOX, else its first folder that can be opened. */
TernFolder *tern_sidebar_find_start (TernSidebar *self); /* (nullable) */
/* The tree of an account, by the store's row; (nullable) (transfer none). */
TernFolderTree *tern_sidebar_get_tree (TernSidebar *self, TernId account);

G_END_DECLS
