/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-account-runner-private.h"
#include "tern-call.h"
#include "tern-engine.h"
#include "tern-wakeups-private.h"
#include "tern-worker.h"

G_BEGIN_DECLS

/* Shared by the files of TernEngine, one per group of verbs. */
struct _TernEngine
{
  GObject parent;

  char *data_dir;      /* (owned) */
  char *settings_path; /* (owned) */
  TernStore *store;    /* (owned) */
  gboolean online;
  gboolean opened;
  gboolean settings_damaged; /* what is there must not be written over */
  GPtrArray *runners;        /* (owned) of TernAccountRunner, in the order of the settings */
  TernWorker
      *reading;       /* (owned) (nullable) parses and builds messages, reads and writes settings */
  TernWorker *saving; /* (owned) (nullable) writes parts into files of the person's */
  GCancellable *ending; /* (owned) cancelled when the engine is being closed */
  TernWakeups *wakeups; /* (owned) (nullable) */
  guint listener;
  GSource *sweep;       /* (owned) (nullable) drops bodies that nothing names */
  GPtrArray *waits;     /* (owned) of TernEngineWait: for operations and outbox entries */
  GHashTable *prefetch; /* (owned) uuids that have a prefetch list */
};

/* (transfer none) (nullable) */
TernAccountRunner *tern_engine_find_runner (TernEngine *self, const char *uuid);
TernAccountRunner *tern_engine_find_runner_by_row (TernEngine *self, TernId account);

/* A task of the engine with its source tag. */
GTask *tern_engine_task (TernEngine *self,
                         gpointer tag,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
/* Runs @run in the reading worker. Takes @task. */
void tern_engine_call (TernEngine *self,
                       GTask *task,
                       TernCallRun run,
                       gpointer request,
                       GDestroyNotify request_free);

/* Brings @section of the message from the server into the store, if it is not there. */
void tern_engine_fetch (TernEngine *self,
                        TernId account,
                        TernId id,
                        const char *section,
                        TernTransfer *transfer,
                        GTask *task);
GError *tern_engine_cannot_fetch (void);

/* What is asked of the store of one message (tern-engine-bodies.c). */
typedef struct
{
  TernId id;
  char *section; /* (owned) (nullable) */
} TernSectionQuery;
TernSectionQuery *tern_section_query_new (TernId id, const char *section);
void tern_section_query_free (gpointer data);

/* Accounts (tern-engine-accounts.c): a runner for each of @settings; and their end. */
TernAccountRunner *
tern_engine_add_runner (TernEngine *self, TernAccountSettings *settings, TernId account);
GError *tern_engine_no_account (const char *what);
/* What an account's entry of the settings file is, in the reading worker. */
void tern_engine_load_settings (TernEngine *self, GTask *task); /* GPtrArray of settings */

/* As tern_engine_test_saved_account_async(); copies of the connections, how far they ever came, are
 * added to @connections, which nobody else may touch before the callback. */
void tern_engine_test_traced (TernEngine *self,
                              const char *uuid,
                              GPtrArray *connections,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/* Waits (tern-engine-waits.c): looked at again after each change and status. */
void tern_engine_check_waits (TernEngine *self);
void tern_engine_fail_waits (TernEngine *self);

/* Logs in to both servers, in the worker (tern-account-test.c). */
typedef struct
{
  TernAccountSettings *settings;
  TernCredentials *imap;
  TernCredentials *smtp;
  GPtrArray *connections; /* (owned) (nullable) gets copies of the TernConnection of both */
} TernAccountTest;
TernAccountTest *tern_account_test_new (TernAccountSettings *settings,
                                        const char *password,
                                        const char *smtp_password,
                                        GPtrArray *connections);
void tern_account_test_free (gpointer data);
void tern_account_test_run (TernCall *call, gpointer data);

/* The account's folder of that role; planned when it has none, and made on the server by the first
 * operation that needs it. */
TernId tern_engine_ensure_role (TernTxn *txn, TernId account, TernRole role, GError **error);

G_END_DECLS
