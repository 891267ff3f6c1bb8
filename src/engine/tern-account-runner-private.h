/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-engine.h"

G_BEGIN_DECLS

/**
 * TernAccountRunner:
 *
 * One account as the engine sees it: its settings, its worker, and a TernAccountWork in there that
 * it sends requests to. Thread: the engine's context; the events come there.
 */
typedef struct _TernAccountRunner TernAccountRunner;

typedef struct
{
  void (*status) (TernAccountRunner *runner, gpointer data);
  void (*note) (TernAccountRunner *runner, const GError *error, gpointer data);
} TernAccountRunnerEvents;

/* Starts the worker. Nothing is connected yet. */
TernAccountRunner *tern_account_runner_new (TernStore *store,
                                            TernAccountSettings *settings,
                                            TernId account,
                                            const TernAccountRunnerEvents *events,
                                            gpointer data);
TernAccountRunner *tern_account_runner_ref (TernAccountRunner *self);
void tern_account_runner_unref (TernAccountRunner *self);

TernAccountSettings *tern_account_runner_get_settings (TernAccountRunner *self);
TernId tern_account_runner_get_account (TernAccountRunner *self);
const TernAccountStatus *tern_account_runner_get_status (TernAccountRunner *self);

/* Fetches the secrets, then connects and keeps connected. */
void tern_account_runner_go_online (TernAccountRunner *self);
void tern_account_runner_refresh (TernAccountRunner *self);
void tern_account_runner_hint (TernAccountRunner *self);
void tern_account_runner_set_metered (TernAccountRunner *self, gboolean metered);
void tern_account_runner_set_focus (TernAccountRunner *self, TernId folder);
void tern_account_runner_prefetch (TernAccountRunner *self, GArray *ids);
/* Each takes the task (made in the engine's context) and answers it. */
void tern_account_runner_load (TernAccountRunner *self,
                               TernId location,
                               const char *section,
                               TernTransfer *transfer,
                               GTask *task);
void tern_account_runner_sync (TernAccountRunner *self,
                               const char *folder,
                               gboolean full,
                               GTask *task); /* TernSyncReport */

void tern_account_runner_trace (TernAccountRunner *self, GTask *task); /* TernAccountTrace */

/* Ends connection and worker. Must be awaited before the last unref. */
void tern_account_runner_stop_async (TernAccountRunner *self,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean
tern_account_runner_stop_finish (TernAccountRunner *self, GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernAccountRunner, tern_account_runner_unref)

G_END_DECLS
