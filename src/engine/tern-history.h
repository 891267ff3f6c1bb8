/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-ledger.h"

G_BEGIN_DECLS

/**
 * The ledger in plain words, for the window and for ternctl alike. Plain values; any thread.
 */

/* One sentence about @entry, without the time. (transfer full) */
char *tern_history_dup_sentence (const TernLedgerEntry *entry);
/* A folder's path as people know it; NULL: one that is gone. */
const char *tern_history_folder_name (const char *path);
/* What the ledger's numbers are called in JSON. */
const char *tern_history_kind_name (TernLedgerKind kind);
const char *tern_history_how_name (TernLedgerHow how);

/* An operation as it is listed: "Moved 3 messages from INBOX to Archive". @source and @target:
 * paths, (nullable) when the folder is not there any more. (transfer full) */
char *tern_history_dup_operation (const TernOpRecord *op, const char *source, const char *target);
const char *tern_history_op_kind_name (TernOpKind kind);
const char *tern_history_op_state_name (TernOpState state);

G_END_DECLS
