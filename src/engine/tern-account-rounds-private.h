/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-body-loader-private.h"
#include "tern-call.h"
#include "tern-remote-private.h"

G_BEGIN_DECLS

/**
 * TernRounds:
 *
 * Which folders of an account are to be synced, each once at a time, and who waits for that. A
 * round is: list the folders, then sync what differs. Thread: the account's worker.
 */
typedef struct _TernRounds TernRounds;

typedef struct
{
  /* A folder (0: the listing) came to its end. */
  void (*synced) (TernId folder, const GError *error, gpointer data);
  /* Something is to be fetched, or nothing any more. */
  void (*busy) (gboolean busy, gpointer data);
} TernRoundsEvents;

/* @others_busy: whether operations are still on their way to the server. */
TernRounds *tern_rounds_new (TernStore *store,
                             TernId account,
                             TernBodyLoader *bodies,
                             const TernRoundsEvents *events,
                             gboolean (*others_busy) (gpointer),
                             gpointer data);
/* NULL: offline, because of @why (nullable): all who wait are told so. */
void tern_rounds_set_remote (TernRounds *self, TernRemote *remote, const GError *why);
void tern_rounds_list (TernRounds *self);
void tern_rounds_want (TernRounds *self, TernId folder, TernUrgency urgency);
/* @call returns a TernSyncReport when account and server agree. */
void tern_rounds_add_waiter (TernRounds *self, TernCall *call, const char *folder, gboolean full);
/* The others have become idle. */
void tern_rounds_check (TernRounds *self);
void tern_rounds_free (TernRounds *self);

G_END_DECLS
