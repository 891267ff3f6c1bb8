/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-selection.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * TernMessageListView:
 *
 * The list of one folder: rows, selection, context menu, what to say when it is empty. Scrolled to
 * the top it stays there when mail arrives, scrolled elsewhere it stays where it is.
 *
 * Signals: "selection-changed"; "open" when a row was activated by click, Enter or double click,
 * with the message alone selected.
 */
#define TERN_TYPE_MESSAGE_LIST_VIEW (tern_message_list_view_get_type ())
G_DECLARE_FINAL_TYPE (TernMessageListView, tern_message_list_view, TERN, MESSAGE_LIST_VIEW, AdwBin)

void tern_message_list_view_set_list (TernMessageListView *self, TernMessageList *list);
TernSelection *
tern_message_list_view_get_selection (TernMessageListView *self); /* (transfer none) */
/* Selects @id alone and brings it on screen; FALSE when the list does not have it (yet). */
gboolean tern_message_list_view_show_message (TernMessageListView *self, TernId id);
/* Moves the keyboard's focus to the row of the one selected message, if it is in the list already:
 * before the row that has it leaves, or GTK would put it on anything. */
void tern_message_list_view_follow_selection (TernMessageListView *self);
/* All that the store has of the folder is in the list. */
gboolean tern_message_list_view_is_ready (TernMessageListView *self);
/* What an empty list means: while @arriving, mail is still to come; else @absent (nullable) says
 * why some may be missing; else the folder is empty. */
void tern_message_list_view_set_coverage (TernMessageListView *self,
                                          gboolean arriving,
                                          const char *absent);
/* Why no star can be changed here, as a sentence; NULL when it can. */
void tern_message_list_view_set_star_refusal (TernMessageListView *self, const char *refusal);
void tern_message_list_view_set_menu (TernMessageListView *self, GMenuModel *menu);

G_END_DECLS
