/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-message-list.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * TernSelection:
 *
 * The selection of a message list: a GtkSelectionModel over a TernMessageList that keeps positions
 * in a GtkBitset, so that selecting a million rows makes none of them. GtkMultiSelection asks for
 * every row instead. When the list is replaced as a whole, the selected messages are found again by
 * their ids.
 * Thread: UI.
 */
#define TERN_TYPE_SELECTION (tern_selection_get_type ())
G_DECLARE_FINAL_TYPE (TernSelection, tern_selection, TERN, SELECTION, GObject)

TernSelection *tern_selection_new (void);
/* (nullable); the selection starts empty. */
void tern_selection_set_list (TernSelection *self, TernMessageList *list);
TernMessageList *tern_selection_get_list (TernSelection *self); /* (nullable) (transfer none) */

guint tern_selection_get_count (TernSelection *self);
/* The only selected message, 0 when there is none or more than one. */
TernId tern_selection_get_single (TernSelection *self);
GArray *tern_selection_dup_ids (TernSelection *self); /* of TernId, in list order */
/* Selects @id alone; FALSE when the list does not have it. */
gboolean tern_selection_select_id (TernSelection *self, TernId id);
/* The message to go to when the selected ones leave: the next below, else the one above, else 0. */
TernId tern_selection_find_neighbour (TernSelection *self);

G_END_DECLS
