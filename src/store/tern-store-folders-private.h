/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-folders.h"
#include "tern-store-private.h"

G_BEGIN_DECLS

/* The folder with its messages and all operations that name it. */
gboolean tern_folder_remove (TernTxn *txn, TernId folder, GError **error);
/* What only this disk has: messages that the server has not got yet, and operations under way. */
gboolean tern_folder_has_local_data (TernTxn *txn, TernId folder, gboolean *has, GError **error);

/* The row that has @remote_name on the server, as far as is known; *@id 0: none has. */
gboolean tern_folder_find_remote (TernTxn *txn,
                                  TernId account,
                                  const char *remote_name,
                                  TernId *id,
                                  GError **error);
/* *@gone: when it was missing first, seconds; 0: it is there; -1: what a person has done with it is
 * still under way. */
gboolean tern_folder_look_gone (TernTxn *txn, TernId folder, gint64 *gone, GError **error);

G_END_DECLS
