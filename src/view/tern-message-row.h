/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-message-list.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * TernMessageRow:
 *
 * One row of the message list, of a height that depends on the font only: GtkListView estimates
 * positions well when all rows are equal, whatever script a subject is in and whether the row has
 * been filled yet. It is built without a template because some 200 are made at start.
 * Activates "win.star-one" with (id, starred) when the star is pressed.
 */
#define TERN_TYPE_MESSAGE_ROW (tern_message_row_get_type ())
G_DECLARE_FINAL_TYPE (TernMessageRow, tern_message_row, TERN, MESSAGE_ROW, GtkWidget)

TernMessageRow *tern_message_row_new (GtkListItem *item);
void tern_message_row_set_message (TernMessageRow *self, TernMessage *message); /* (nullable) */
/* Of the list item it is in; GTK_INVALID_LIST_POSITION when none. */
guint tern_message_row_get_position (TernMessageRow *self);
/* What a screen reader says for the row. (transfer full) */
char *tern_message_row_describe (TernMessage *message, gint64 now);

G_END_DECLS
