/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-messages.h"
#include "tern-store-private.h"

G_BEGIN_DECLS

/* The message of @location; TERN_FAULT_NOT_FOUND when there is none. */
gboolean tern_txn_find_message (TernTxn *txn, TernId location, TernId *message, GError **error);
gboolean
tern_txn_set_message_body_state (TernTxn *txn, TernId message, TernBodyState state, GError **error);

G_END_DECLS
