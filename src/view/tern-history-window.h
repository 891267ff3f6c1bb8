/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "tern-engine.h"

G_BEGIN_DECLS

/**
 * TernHistoryWindow:
 *
 * What happened to one message, oldest first, in plain words with times: why it is here and where
 * it went. What it shows is from the moment when it was opened.
 */
#define TERN_TYPE_HISTORY_WINDOW (tern_history_window_get_type ())
G_DECLARE_FINAL_TYPE (TernHistoryWindow, tern_history_window, TERN, HISTORY_WINDOW, AdwWindow)

TernHistoryWindow *tern_history_window_new (GtkWindow *parent, TernEngine *engine, TernId id);

G_END_DECLS
