/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-folders.h"

G_BEGIN_DECLS

/* One line of a sidebar. */
typedef struct
{
  const TernFolderRecord *record; /* (unowned) */
  guint depth;
} TernFolderLine;

/* The folders of one account in the order of a sidebar: INBOX, then the special uses in a fixed
 * order, then the others by name; each followed by its children. Folders that are gone are left
 * out. Result: GArray of TernFolderLine, valid as long as @records. */
GArray *tern_folder_order (const GPtrArray *records);

G_END_DECLS
