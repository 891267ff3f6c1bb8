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
 * been filled yet.
 *
 * It draws its text and marks itself and has no children: a list view makes some 200 rows as soon
 * as it has items, and with a label for each text these cost a millisecond each, most of it for
 * measuring what nobody sees. What a screen reader says is the name of the list item; the list
 * view asks tern_message_row_get_part() for what the pointer is on.
 */
#define TERN_TYPE_MESSAGE_ROW (tern_message_row_get_type ())
G_DECLARE_FINAL_TYPE (TernMessageRow, tern_message_row, TERN, MESSAGE_ROW, GtkWidget)

typedef enum
{
  TERN_ROW_PART_NONE, /* nothing that does or says something of its own */
  TERN_ROW_PART_STAR,
  TERN_ROW_PART_ANSWERED,
  TERN_ROW_PART_ATTACHMENT,
} TernRowPart;

TernMessageRow *tern_message_row_new (GtkListItem *item);
void tern_message_row_set_message (TernMessageRow *self, TernMessage *message); /* (nullable) */
TernMessage *tern_message_row_get_message (TernMessageRow *self); /* (transfer none) (nullable) */
/* Of the list item it is in; GTK_INVALID_LIST_POSITION when none. */
guint tern_message_row_get_position (TernMessageRow *self);
/* @x and @y are in the row's own coordinates. */
TernRowPart tern_message_row_get_part (TernMessageRow *self, double x, double y);
/* Whether the pointer is on the star, which is drawn so. */
void tern_message_row_set_star_lit (TernMessageRow *self, gboolean lit);
/* Whether the star can be changed; else it is greyed. */
void tern_message_row_set_star_open (TernMessageRow *self, gboolean open);
/* What a screen reader says for the row. (transfer full) */
char *tern_message_row_describe (TernMessage *message, gint64 now);

G_END_DECLS
