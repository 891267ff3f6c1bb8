/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-window-private.h"

/* In the order of the window; the attachments before the reader that they are a part of, so that
 * the first one with the focus is the right one. */
typedef enum
{
  PANE_FOLDERS,
  PANE_LIST,
  PANE_ATTACHMENTS,
  PANE_MESSAGE,
  N_PANES
} Pane;

static const Pane NEXT[N_PANES] = { PANE_LIST, PANE_MESSAGE, PANE_FOLDERS, PANE_ATTACHMENTS };
static const Pane PREVIOUS[N_PANES] = { PANE_ATTACHMENTS, PANE_FOLDERS, PANE_MESSAGE, PANE_LIST };

static GtkWidget *
get_pane (TernWindow *self, Pane pane)
{
  switch (pane)
    {
    case PANE_FOLDERS:
      return GTK_WIDGET (self->sidebar);
    case PANE_LIST:
      return GTK_WIDGET (self->list);
    case PANE_ATTACHMENTS:
      return tern_reader_get_attachments (self->reader);
    case PANE_MESSAGE:
    case N_PANES:
    default:
      return GTK_WIDGET (self->reader);
    }
}

static gboolean
focus_pane (TernWindow *self, Pane pane)
{
  GtkWidget *widget = get_pane (self, pane);

  if (!gtk_widget_get_mapped (widget))
    return FALSE;
  if (pane == PANE_MESSAGE)
    return tern_reader_focus_body (self->reader);
  return gtk_widget_child_focus (widget, GTK_DIR_TAB_FORWARD);
}

/* Where the focus is; what is in none of them counts as before the folders. */
static Pane
find_pane (TernWindow *self, Pane otherwise)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));

  for (Pane pane = 0; focus != NULL && pane < N_PANES; pane++)
    if (gtk_widget_is_ancestor (focus, get_pane (self, pane)))
      return pane;
  return otherwise;
}

static void
move (TernWindow *self, const Pane *order, Pane start)
{
  Pane from = find_pane (self, start);

  for (Pane pane = order[from]; pane != from; pane = order[pane])
    if (focus_pane (self, pane))
      return;
}

void
tern_window_next_pane (GtkWidget *widget, const char *name, GVariant *parameter)
{
  move (TERN_WINDOW (widget), NEXT, PANE_ATTACHMENTS);
}

void
tern_window_previous_pane (GtkWidget *widget, const char *name, GVariant *parameter)
{
  move (TERN_WINDOW (widget), PREVIOUS, PANE_FOLDERS);
}

void
tern_window_focus_message (TernWindow *self)
{
  if (find_pane (self, N_PANES) == N_PANES)
    focus_pane (self, PANE_MESSAGE);
}

void
tern_window_focus_list (TernWindow *self)
{
  if (find_pane (self, N_PANES) == N_PANES)
    focus_pane (self, PANE_LIST);
}
