/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernTransfer:
 *
 * How far something that takes long has come. Who asks for it makes one, passes it along and looks
 * at it from time to time; who works on it writes into it. Refcounted. Thread: any.
 */
typedef struct _TernTransfer TernTransfer;

TernTransfer *tern_transfer_new (void);
TernTransfer *tern_transfer_ref (TernTransfer *self);
void tern_transfer_unref (TernTransfer *self);

/* @waiting: nothing comes at the moment, for want of a connection or behind another one. */
void tern_transfer_set (TernTransfer *self, guint64 done, guint64 total, gboolean waiting);
/* FALSE as long as nothing was set: there may be nothing to transfer. */
gboolean tern_transfer_get (TernTransfer *self, guint64 *done, guint64 *total, gboolean *waiting);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernTransfer, tern_transfer_unref)

G_END_DECLS
