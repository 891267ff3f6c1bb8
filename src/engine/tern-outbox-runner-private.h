/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-account-settings.h"
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
} TernOutboxRunnerEvents;

TernOutboxRunner *tern_outbox_runner_new (TernStore *store,
                                          TernId account,
                                          const char *label,
                                          const TernOutboxRunnerEvents *events,
                                          gpointer data);
/* NULL credentials: not (yet) able to send. */
void tern_outbox_runner_set_server (TernOutboxRunner *self,
                                    TernEndpoint *endpoint,
                                    TernCredentials *credentials);
/* Something changed in the outbox or in Sent. */
void tern_outbox_runner_wake (TernOutboxRunner *self);
/* A person or the network asks for another try of what waits because of a failure. */
void tern_outbox_runner_try_now (TernOutboxRunner *self);
/* For a message to appear in Sent. */
gboolean tern_outbox_runner_is_waiting (TernOutboxRunner *self);
void tern_outbox_runner_free (TernOutboxRunner *self);

G_END_DECLS
