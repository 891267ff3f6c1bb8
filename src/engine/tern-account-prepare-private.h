/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-folders.h"

G_BEGIN_DECLS

/* (TernStoreWrite) What an account is started with: what was on its way when the program ended is
 * put back, what was sent long ago leaves the outbox, and INBOX is there before any listing says
 * so, for it is what is fetched first. @data: the account's row, a TernId. @result: the id of
 * INBOX, a TernId (transfer full, g_free()). Thread: writer. */
gboolean tern_account_prepare (TernTxn *txn, gpointer data, gpointer *result, GError **error);

G_END_DECLS
