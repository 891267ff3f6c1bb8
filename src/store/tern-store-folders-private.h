/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-folders.h"
#include "tern-store-private.h"

G_BEGIN_DECLS

/* The folder with its messages and all operations that name it. */
gboolean tern_folder_remove (TernTxn *txn, TernId folder, GError **error);
/* What only this disk has: messages that the server has not got yet, and operations under way. */
gboolean tern_folder_has_local_data (TernTxn *txn, TernId folder, gboolean *has, GError **error);

G_END_DECLS
