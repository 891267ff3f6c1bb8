/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-application.h"

G_BEGIN_DECLS

/**
 * TernOutboxWindow:
 *
 * What is on its way out and what could not be sent, with the reason, to edit or to send again.
 */
#define TERN_TYPE_OUTBOX_WINDOW (tern_outbox_window_get_type ())
G_DECLARE_FINAL_TYPE (TernOutboxWindow, tern_outbox_window, TERN, OUTBOX_WINDOW, AdwWindow)

TernOutboxWindow *tern_outbox_window_new (TernApplication *app, GtkWindow *parent);

G_END_DECLS
