/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-account-settings.h"
#include "tern-connection.h"
#include "tern-store-outbox.h"

G_BEGIN_DECLS

/**
 * TernOutboxRunner:
 *
 * Submits what is in the outbox of one account, one message after the other in one session, and
 * files it. Each transition is committed before the step that it announces, so that a message is
 * never sent twice by itself and never lost. Thread: the account's worker.
 */
typedef struct _TernOutboxRunner TernOutboxRunner;

typedef struct
{
  void (*note) (const GError *error, gpointer data);
  /* Look there: an uncertain message may have been filed by the server. */
  void (*folder_changed) (TernId folder, gpointer data);
  /* A connection is about to be opened. */
  void (*connection) (TernConnection *connection, gpointer data);
  /* The server does not let the account in: queued mail is held. NULL: not so any more. */
  void (*blocked) (const GError *error, gpointer data);
} TernOutboxRunnerEvents;

typedef void (*TernOutboxEnded) (gpointer data);

TernOutboxRunner *tern_outbox_runner_new (TernStore *store,
                                          TernId account,
                                          const TernOutboxRunnerEvents *events,
                                          gpointer data);
/* NULL credentials: not (yet) able to send. */
void tern_outbox_runner_set_server (TernOutboxRunner *self,
                                    TernEndpoint *endpoint,
                                    TernCredentials *credentials);
/* Something changed in the outbox or in Sent. */
void tern_outbox_runner_wake (TernOutboxRunner *self);
/* Another try of everything that waits because of a failure. When the server did not let the
 * account in, only a person should ask for it. */
void tern_outbox_runner_try_now (TernOutboxRunner *self);
/* Queued mail is held since the server did not let the account in. */
gboolean tern_outbox_runner_is_blocked (TernOutboxRunner *self);
/* For a message to appear in Sent. */
gboolean tern_outbox_runner_is_waiting (TernOutboxRunner *self);
/* Begins nothing new. FALSE: nothing is under way; otherwise @ended runs once what is under way is
 * in the store, or cannot be stored. */
gboolean tern_outbox_runner_stop (TernOutboxRunner *self, TernOutboxEnded ended, gpointer data);
/* Drops what is under way. */
void tern_outbox_runner_abort (TernOutboxRunner *self);
void tern_outbox_runner_free (TernOutboxRunner *self);

G_END_DECLS
