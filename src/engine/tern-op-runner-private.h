/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-remote-private.h"

G_BEGIN_DECLS

/**
 * TernOpRunner:
 *
 * Carries the operation log of one account out on the server: the heads of the chains, like with
 * like in one command, each step committed before it is taken. Thread: the account's worker.
 */
typedef struct _TernOpRunner TernOpRunner;

typedef struct
{
  /* Something that a person should be told once: refused, its local change taken back. */
  void (*note) (const GError *error, gpointer data);
  /* The folder should be synced: what went there has no UID yet. */
  void (*folder_changed) (TernId folder, gpointer data);
  /* The server did not allow something that was thought to be allowed: rights should be asked for.
   */
  void (*rights_doubted) (gpointer data);
  /* There was a pass; nothing is runnable now. */
  void (*idle) (gpointer data);
} TernOpRunnerEvents;

TernOpRunner *tern_op_runner_new (TernStore *store,
                                  TernId account,
                                  const TernOpRunnerEvents *events,
                                  gpointer data);
/* NULL: offline. */
void tern_op_runner_set_remote (TernOpRunner *self, TernRemote *remote);
/* There may be something to do. */
void tern_op_runner_wake (TernOpRunner *self);
gboolean tern_op_runner_is_busy (TernOpRunner *self);
/* Nothing is begun any more; what runs ends by itself and frees the runner. */
void tern_op_runner_free (TernOpRunner *self);

G_END_DECLS
