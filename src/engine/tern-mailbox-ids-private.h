/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-folders.h"

G_BEGIN_DECLS

/* Which of @stored (of TernFolderRecord) is @folder, listed under a name that is not known here?
 * The server says so by its id, and says it of no other folder that it lists. (nullable) */
const TernFolderRecord *tern_mailbox_ids_find_renamed (const GPtrArray *listed,
                                                       const GPtrArray *stored,
                                                       const TernFolderRecord *folder);

G_END_DECLS
