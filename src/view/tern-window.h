/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-application.h"

G_BEGIN_DECLS

/**
 * TernWindow:
 *
 * The main window: folders, messages, reader; three panes side by side, down to one with a way
 * back. Its actions ("win.…") are the verbs on what is selected.
 */
#define TERN_TYPE_WINDOW (tern_window_get_type ())
G_DECLARE_FINAL_TYPE (TernWindow, tern_window, TERN, WINDOW, AdwApplicationWindow)

TernWindow *tern_window_new (TernApplication *application);
/* The store is open: shows the mail, or the welcome page when there is no account. */
void tern_window_set_ready (TernWindow *self);
/* The store could not be opened. */
void tern_window_show_error (TernWindow *self, const GError *error);
/* Goes to @folder and opens @id there, as soon as both are known. */
void tern_window_open_message (TernWindow *self, TernId folder, TernId id);
/* A toast; @action_name with @label as its button when not NULL, @target (nullable) (floating).
 * Plain text. (transfer none): alive while it is shown. */
AdwToast *tern_window_toast (TernWindow *self,
                             const char *text,
                             const char *label,
                             const char *action_name,
                             GVariant *target);
/* Before all others, and for so long only: for what can be done for so long only. */
void tern_window_toast_for (TernWindow *self,
                            guint seconds,
                            const char *text,
                            const char *label,
                            const char *action_name,
                            GVariant *target);
/* Whether @id is the message on screen in a window that has the focus. */
gboolean tern_window_is_reading (TernWindow *self, TernId id);

G_END_DECLS
