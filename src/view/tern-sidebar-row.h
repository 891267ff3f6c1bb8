/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-account.h"
#include "tern-folder.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/** TernSidebarRow: an account as a heading with its state, or a folder with its unread count. */
#define TERN_TYPE_SIDEBAR_ROW (tern_sidebar_row_get_type ())
G_DECLARE_FINAL_TYPE (TernSidebarRow, tern_sidebar_row, TERN, SIDEBAR_ROW, GtkWidget)

TernSidebarRow *tern_sidebar_row_new (void);
/* @item: TernAccount, TernFolder or NULL. */
void tern_sidebar_row_set_item (TernSidebarRow *self, gpointer item);
gpointer tern_sidebar_row_get_item (TernSidebarRow *self); /* (transfer none) (nullable) */
/* Why this item cannot be chosen: shown when a person asks, the row is greyed. Takes @why; NULL
 * when it can be. */
void tern_sidebar_row_take_why (TernSidebarRow *self, char *why);

G_END_DECLS
