/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-folder.h"

G_BEGIN_DECLS

TernFolder *tern_folder_new (TernId id);
/* Takes over what is different and notifies. */
void tern_folder_update (TernFolder *self, const TernFolderRecord *record, guint depth);
void tern_folder_update_counts (TernFolder *self, gint64 total, gint64 unread);

G_END_DECLS
