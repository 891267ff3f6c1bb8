/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * TernPane:
 *
 * A pane of the main window whose natural width is what a person made it, not what its content asks
 * for, so that panes stay where they are while folders and messages change. Its end edge can be
 * dragged. (GtkPaned cannot fold and AdwLeaflet cannot be dragged.) Properties: "child", "width",
 * "resizable".
 */
#define TERN_TYPE_PANE (tern_pane_get_type ())
G_DECLARE_FINAL_TYPE (TernPane, tern_pane, TERN, PANE, GtkWidget)

G_END_DECLS
