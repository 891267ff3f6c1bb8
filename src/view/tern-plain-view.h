/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * TernPlainView:
 *
 * Plain text of a message in a GtkTextView: quotes dimmed by depth, links to press (or Enter with
 * the caret in one). Chosen over the web view for text because it starts at once, costs no second
 * process and can be read by a screen reader. Long texts come in slices so that no frame waits;
 * overlong lines are broken, since Pango lays out a line as a whole.
 *
 * Signals: "link-activated" (uri), "link-hovered" (uri or NULL).
 */
#define TERN_TYPE_PLAIN_VIEW (tern_plain_view_get_type ())
G_DECLARE_FINAL_TYPE (TernPlainView, tern_plain_view, TERN, PLAIN_VIEW, AdwBin)

void tern_plain_view_set_text (TernPlainView *self, const char *text);

/* Depth of quoting of a line ("> > x" is 2), and where its text begins. Pure. */
guint tern_plain_view_quote_depth (const char *line, gsize length);
/* Bytes of whole lines at the beginning of @text that need no tag and no break: 0 when the first
 * one does; about 8 KiB or 32 lines at most. Pure. */
gsize tern_plain_view_measure_batch (const char *text);

G_END_DECLS
