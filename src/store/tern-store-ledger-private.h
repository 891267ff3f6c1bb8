/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-locations-private.h"

G_BEGIN_DECLS

/* The same for everything that goes from now on; returns what it was, to be set again. */
TernLedgerCause tern_ledger_because (TernTxn *txn, TernLedgerHow how, TernId op);
void tern_ledger_restore (TernTxn *txn, TernLedgerCause cause);

/* @location came into @folder. Costs nothing until the end of a run of such. */
gboolean tern_ledger_arrived (TernTxn *txn,
                              TernLedgerHow how,
                              TernId folder,
                              TernId location,
                              GError **error);
/* Anything else that happened to @location (0: to the folder itself). */
gboolean
tern_ledger_add (TernTxn *txn, const TernLedgerEvent *event, TernId location, GError **error);
/* The server layer of @before changed into that of @now, and that shows. */
gboolean tern_ledger_flags (TernTxn *txn,
                            const TernLocation *before,
                            const TernLocation *now,
                            GError **error);
/* Before the row is deleted. */
gboolean tern_ledger_gone (TernTxn *txn, const TernLocation *row, GError **error);
gboolean tern_ledger_folder_gone (TernTxn *txn, TernId folder, GError **error);
/* A body of @message that was damaged is here again, or is damaged. */
gboolean tern_ledger_body (TernTxn *txn, TernId message, TernLedgerKind kind, GError **error);

/* Before the commit: writes what is still open and, now and then, forgets a little of what is old.
 */
gboolean tern_ledger_finish (TernTxn *txn, GError **error);
void tern_ledger_clear (TernTxn *txn);

G_END_DECLS
