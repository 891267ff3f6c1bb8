/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine-fixture.h"

G_BEGIN_DECLS

/*
 * What the server would do, done to the store of an engine that is not online.
 */

typedef void (*ModelWrite) (TernTxn *txn, gpointer data);

/* Runs @write in one transaction; returns when it is committed, its change set delivered or not. */
void model_write (EngineFixture *fixture, ModelWrite write, gpointer data);
/* The same, not waited for. */
void model_write_later (EngineFixture *fixture, ModelWrite write, gpointer data);

TernId model_add_account (EngineFixture *fixture);
TernId model_add_folder (EngineFixture *fixture, TernId account, const char *path, TernRole role);
/* Adds one message with @uid and @date; for use in a ModelWrite. */
void model_add_message (TernTxn *txn, TernId folder, guint32 uid, gint64 date, TernFlags flags);

/* Keys as the store has them now. */
GArray *model_read_keys (EngineFixture *fixture, TernId folder);

G_END_DECLS
