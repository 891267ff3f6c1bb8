/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-folders.h"

G_BEGIN_DECLS

/*
 * What one may do with the folders of a server. Rights are asked for before a person's verb is
 * carried out; what Tern does by itself is left to the server.
 */

/* As the server told them with a listing. Without #TERN_RIGHTS_KNOWN it told nothing: what it has
 * refused lately is remembered, what it told earlier is not. */
gboolean
tern_txn_set_folder_rights (TernTxn *txn, TernId folder, TernRights rights, GError **error);
/* The server refused something that needs @denied; 0 when it may have been another reason: then
 * it is only to be asked. */
gboolean
tern_txn_learn_folder_rights (TernTxn *txn, TernId folder, TernRights denied, GError **error);
gboolean
tern_txn_set_folder_read_only (TernTxn *txn, TernId folder, gboolean read_only, GError **error);

/* -1: the server does not tell. */
gboolean tern_txn_set_append_limit (TernTxn *txn, TernId folder, gint64 limit, GError **error);

/* TERN_FAULT_RIGHTS with a sentence when it is known that @needed is not allowed there. */
gboolean tern_txn_check_rights (TernTxn *txn, TernId folder, TernRights needed, GError **error);
/* The same for the folders in which the server has these messages. */
gboolean tern_txn_check_message_rights (TernTxn *txn,
                                        const TernId *locations,
                                        gsize n,
                                        TernRights needed,
                                        GError **error);
/* What the changes of flags need. */
TernRights tern_rights_for_flags (TernFlags flags, const char *add, const char *remove);

G_END_DECLS
