/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-ctl.h"

G_BEGIN_DECLS

/**
 * TernCtlPatience:
 *
 * How long ternctl waits for a server: as long as the accounts can be reached. It has a cancellable
 * for the waiting call, which is cancelled when one of them is found offline or refused, or when
 * the run is stopped. What was asked for is durable already and goes on by itself later.
 */
typedef struct _TernCtlPatience TernCtlPatience;

/* @uuids: of char*. */
TernCtlPatience *tern_ctl_patience_new (TernEngine *engine, GPtrArray *uuids, GCancellable *run);
/* Accounts that are out of reach are asked to try again. */
void tern_ctl_patience_try_now (TernCtlPatience *self);
void tern_ctl_patience_free (TernCtlPatience *self);
GCancellable *tern_ctl_patience_get_cancellable (TernCtlPatience *self);
/* Whether it ended because of an account. */
gboolean tern_ctl_patience_is_lost (TernCtlPatience *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernCtlPatience, tern_ctl_patience_free)

G_END_DECLS
