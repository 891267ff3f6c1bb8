/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-body-store.h"
#include "tern-store-folders.h"
#include "tern-store-messages.h"
#include "tern-store-ops.h"
#include "tern-store-outbox.h"
#include "tern-store.h"

G_BEGIN_DECLS

/**
 * StoreFixture:
 *
 * A store in a throw-away folder with one account and the remote folders INBOX, Archive and Trash,
 * and a local one. A test gets the transaction into its own hands: the writer waits inside its
 * write function from store_begin() to store_commit(), so that a test reads from top to bottom.
 */
typedef struct
{
  char *dir;
  TernStore *store;
  TernStoreOutcome outcome;
  TernId account;
  TernId inbox;
  TernId archive;
  TernId trash;
  TernId local;
  TernTxn *txn;       /* between begin and commit */
  GPtrArray *changes; /* of TernChangeSet, in the order heard */
  guint listener;
} StoreFixture;

StoreFixture *store_fixture_new (void);
/* Without opening; for tests of opening. */
StoreFixture *store_fixture_new_closed (void);
void store_fixture_free (StoreFixture *self);

gboolean store_open (StoreFixture *self, GError **error);
void store_close (StoreFixture *self);
/* Close, open, no error allowed. */
void store_reopen (StoreFixture *self);
void store_add_folders (StoreFixture *self);

TernTxn *store_begin (StoreFixture *self);
void store_commit (StoreFixture *self);
void store_rollback (StoreFixture *self);
/* The commit fails with this. */
void store_commit_fails (StoreFixture *self, GError **error);

/* A lane's reader, in the same way. */
TernReader *store_read_begin (StoreFixture *self, TernLane lane);
void store_read_end (StoreFixture *self);

/* Facts that are a little different for every @n; id "n@example.org". */
TernMessageFacts *store_facts (guint32 uid, guint n, TernFlags flags);
/* One message in a transaction of its own. */
TernId store_add (StoreFixture *self, TernId folder, guint32 uid, guint n, TernFlags flags);

TernFolderRecord *store_folder (StoreFixture *self, TernId folder);
TernMessageRecord *store_message (StoreFixture *self, TernId location);
guint store_op_count (StoreFixture *self, TernOpState state);
/* Counts, operations and flags, recomputed from the rows by plain SQL on the file; fails the test
 * when the store kept others. */
void store_verify (StoreFixture *self);
/* A number from the file. */
gint64 store_sql (StoreFixture *self, const char *sql);
/* The text of @column of the first row. */
char *store_sql_text (StoreFixture *self, const char *sql, int column);

char *store_path (StoreFixture *self, const char *name);

G_END_DECLS
