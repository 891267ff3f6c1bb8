/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-message-list-view.h"

#include "tern-message-row.h"
#include "tern-row-style.h"

#include <glib/gi18n.h>

struct _TernMessageListView
{
  AdwBin parent_instance;

  TernSelection *selection; /* (owned) */
  gulong ready_notify;
  guint visible_idle;

  GtkStack *stack;
  GtkScrolledWindow *scrolled;
  GtkListView *view;
  GtkPopoverMenu *menu;
  AdwStatusPage *empty_page;
  gboolean arriving;   /* mail is still to come */
  gboolean focused;    /* while rows come and go: one of them had the focus before */
  TernMessageRow *lit; /* (weak) (nullable): the pointer is on its star */
  char *star_refusal;  /* (owned) (nullable): why the stars are greyed */
};

enum
{
  SIGNAL_SELECTION_CHANGED,
  SIGNAL_OPEN,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (TernMessageListView, tern_message_list_view, ADW_TYPE_BIN)

gboolean
tern_message_list_view_is_ready (TernMessageListView *self)
{
  TernMessageList *list = tern_selection_get_list (self->selection);

  return list != NULL && tern_message_list_is_ready (list);
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, TernMessageListView *self)
{
  gtk_list_item_set_child (item, GTK_WIDGET (tern_message_row_new (item)));
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, TernMessageListView *self)
{
  TernMessageRow *row = TERN_MESSAGE_ROW (gtk_list_item_get_child (item));

  tern_message_row_set_star_open (row, self->star_refusal == NULL);
  tern_message_row_set_message (row, TERN_MESSAGE (gtk_list_item_get_item (item)));
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *item, TernMessageListView *self)
{
  tern_message_row_set_message (TERN_MESSAGE_ROW (gtk_list_item_get_child (item)), NULL);
}

static void
update_stack (TernMessageListView *self)
{
  TernMessageList *list = tern_selection_get_list (self->selection);
  const char *page = "empty";

  if (list == NULL)
    page = "none";
  else if (g_list_model_get_n_items (G_LIST_MODEL (list)) > 0)
    page = "list";
  else if (!tern_message_list_is_ready (list) || self->arriving)
    page = "loading";
  gtk_stack_set_visible_child_name (self->stack, page);
}

/* Rows are equally high, so positions follow from the adjustment. */
static void
report_visible (gpointer data)
{
  TernMessageListView *self = data;
  TernMessageList *list = tern_selection_get_list (self->selection);
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scrolled);
  guint n = list != NULL ? g_list_model_get_n_items (G_LIST_MODEL (list)) : 0;
  double upper = gtk_adjustment_get_upper (adjustment);
  double first, last;

  self->visible_idle = 0;
  if (n == 0 || upper <= 0)
    return;
  first = gtk_adjustment_get_value (adjustment) / upper * n;
  last = (gtk_adjustment_get_value (adjustment) + gtk_adjustment_get_page_size (adjustment)) / upper
         * n;
  tern_message_list_set_visible (list, (guint) CLAMP (first, 0, n - 1),
                                 (guint) CLAMP (last, 0, n - 1));
}

static void
queue_report (TernMessageListView *self)
{
  if (self->visible_idle == 0)
    self->visible_idle = g_idle_add_once (report_visible, self);
}

static gboolean
has_focus (TernMessageListView *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  return focus != NULL && gtk_widget_is_ancestor (focus, GTK_WIDGET (self->view));
}

static void
before_items_changed (TernMessageListView *self)
{
  self->focused = has_focus (self);
}

static void
on_items_changed (GListModel *model,
                  guint position,
                  guint removed,
                  guint added,
                  TernMessageListView *self)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scrolled);

  update_stack (self);
  queue_report (self);
  /* Of a row that goes GTK gives the focus to whatever comes next in the window. */
  if (self->focused && !has_focus (self))
    gtk_widget_grab_focus (GTK_WIDGET (self->view));
  /* The list keeps the row in place that was topmost; for somebody who looks at the newest mail
   * the new one has to come into view instead. */
  if (position == 0 && added > 0 && added < g_list_model_get_n_items (model)
      && gtk_adjustment_get_value (adjustment) <= 0)
    gtk_widget_activate_action (GTK_WIDGET (self->view), "list.scroll-to-item", "u", 0);
}

static void
on_selection_changed (GtkSelectionModel *model, guint position, guint n, TernMessageListView *self)
{
  g_signal_emit (self, signals[SIGNAL_SELECTION_CHANGED], 0);
}

static void
on_activate (TernMessageListView *self, guint position)
{
  gtk_selection_model_select_item (GTK_SELECTION_MODEL (self->selection), position, TRUE);
  g_signal_emit (self, signals[SIGNAL_OPEN], 0);
}

static TernMessageRow *
pick_row (TernMessageListView *self, double x, double y)
{
  GtkWidget *widget = gtk_widget_pick (GTK_WIDGET (self->view), x, y, GTK_PICK_DEFAULT);
  GtkWidget *child;

  if (widget == NULL)
    return NULL;
  /* Between the row and the edge of its list item nothing but the item itself is hit. */
  child = gtk_widget_get_first_child (widget);
  if (child != NULL && TERN_IS_MESSAGE_ROW (child))
    return TERN_MESSAGE_ROW (child);
  widget = gtk_widget_get_ancestor (widget, TERN_TYPE_MESSAGE_ROW);
  return widget != NULL ? TERN_MESSAGE_ROW (widget) : NULL;
}

/* What of which row is at a point of the view. */
static TernRowPart
pick_part (TernMessageListView *self, double x, double y, TernMessageRow **row)
{
  graphene_point_t point;

  *row = pick_row (self, x, y);
  if (*row == NULL
      || !gtk_widget_compute_point (GTK_WIDGET (self->view), GTK_WIDGET (*row),
                                    &GRAPHENE_POINT_INIT ((float) x, (float) y), &point))
    return TERN_ROW_PART_NONE;
  return tern_message_row_get_part (*row, point.x, point.y);
}

static void
light_star (TernMessageListView *self, TernMessageRow *row)
{
  if (self->lit == row)
    return;
  if (self->lit != NULL)
    tern_message_row_set_star_lit (self->lit, FALSE);
  g_set_weak_pointer (&self->lit, row);
  if (row != NULL)
    tern_message_row_set_star_lit (row, TRUE);
}

static void
on_motion (GtkEventControllerMotion *motion, double x, double y, TernMessageListView *self)
{
  TernMessageRow *row;

  light_star (self, pick_part (self, x, y, &row) == TERN_ROW_PART_STAR && self->star_refusal == NULL
                        ? row
                        : NULL);
}

static void
on_leave (GtkEventControllerMotion *motion, TernMessageListView *self)
{
  light_star (self, NULL);
}

/* A press on a star is for the star alone: neither does it select the row nor open the message. */
static void
on_star_pressed (GtkGestureClick *click, int n_press, double x, double y, TernMessageListView *self)
{
  TernMessageRow *row;
  TernMessage *message;

  if (pick_part (self, x, y, &row) != TERN_ROW_PART_STAR)
    {
      gtk_gesture_set_state (GTK_GESTURE (click), GTK_EVENT_SEQUENCE_DENIED);
      return;
    }
  gtk_gesture_set_state (GTK_GESTURE (click), GTK_EVENT_SEQUENCE_CLAIMED);
  message = tern_message_row_get_message (row);
  gtk_widget_activate_action (GTK_WIDGET (self), "win.star-one", "(xb)",
                              tern_message_get_id (message),
                              !(tern_message_get_flags (message) & TERN_FLAG_FLAGGED));
}

static gboolean
on_query_tooltip (GtkWidget *view,
                  int x,
                  int y,
                  gboolean keyboard,
                  GtkTooltip *tooltip,
                  TernMessageListView *self)
{
  TernMessageRow *row;
  const char *text = NULL;

  if (keyboard)
    return FALSE;
  switch (pick_part (self, x, y, &row))
    {
    case TERN_ROW_PART_STAR:
      text = self->star_refusal;
      if (text == NULL)
        text = tern_message_get_flags (tern_message_row_get_message (row)) & TERN_FLAG_FLAGGED
                   ? _ ("Remove star")
                   : _ ("Add star");
      break;
    case TERN_ROW_PART_ANSWERED:
      text = _ ("Answered");
      break;
    case TERN_ROW_PART_ATTACHMENT:
      text = _ ("Has attachments");
      break;
    case TERN_ROW_PART_NONE:
      break;
    }
  gtk_tooltip_set_text (tooltip, text);
  return text != NULL;
}

static void
on_released (GtkGestureClick *click, int n_press, double x, double y, TernMessageListView *self)
{
  GdkModifierType state =
      gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (click));

  if (!(state & (GDK_CONTROL_MASK | GDK_SHIFT_MASK)) && pick_row (self, x, y) != NULL
      && tern_selection_get_count (self->selection) == 1)
    g_signal_emit (self, signals[SIGNAL_OPEN], 0);
}

/* FALSE when the one selected message has no row near what is on screen. */
static gboolean
focus_selected (TernMessageListView *self)
{
  TernId id = tern_selection_get_single (self->selection);

  for (GtkWidget *item = gtk_widget_get_first_child (GTK_WIDGET (self->view)); item != NULL;
       item = gtk_widget_get_next_sibling (item))
    {
      GtkWidget *row = gtk_widget_get_first_child (item);
      TernMessage *message =
          TERN_IS_MESSAGE_ROW (row) ? tern_message_row_get_message (TERN_MESSAGE_ROW (row)) : NULL;

      if (message != NULL && tern_message_get_id (message) == id)
        return gtk_widget_grab_focus (item);
    }
  return FALSE;
}

/* The rows are one stop on the way of Tab through the window: the arrows go from row to row. */
static gboolean
tern_message_list_view_focus (GtkWidget *widget, GtkDirectionType direction)
{
  TernMessageListView *self = TERN_MESSAGE_LIST_VIEW (widget);

  if (direction == GTK_DIR_TAB_FORWARD || direction == GTK_DIR_TAB_BACKWARD)
    {
      if (gtk_widget_get_focus_child (widget) != NULL)
        return FALSE;
      if (focus_selected (self))
        return TRUE;
    }
  return GTK_WIDGET_CLASS (tern_message_list_view_parent_class)->focus (widget, direction);
}

/* GTK gives the focus of a menu that closes to the first widget of the window. */
static void
on_menu_closed (TernMessageListView *self)
{
  if (!focus_selected (self))
    gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
popup_at (TernMessageListView *self, double x, double y)
{
  graphene_point_t point;

  if (self->menu == NULL
      || !gtk_widget_compute_point (GTK_WIDGET (self->view), GTK_WIDGET (self),
                                    &GRAPHENE_POINT_INIT ((float) x, (float) y), &point))
    return;
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu),
                               &(GdkRectangle){ (int) point.x, (int) point.y, 1, 1 });
  gtk_popover_popup (GTK_POPOVER (self->menu));
}

static void
on_secondary (TernMessageListView *self, double x, double y)
{
  TernMessageRow *row = pick_row (self, x, y);
  guint position = row != NULL ? tern_message_row_get_position (row) : GTK_INVALID_LIST_POSITION;

  if (position == GTK_INVALID_LIST_POSITION)
    return;
  if (!gtk_selection_model_is_selected (GTK_SELECTION_MODEL (self->selection), position))
    gtk_selection_model_select_item (GTK_SELECTION_MODEL (self->selection), position, TRUE);
  popup_at (self, x, y);
}

static void
on_secondary_pressed (GtkGestureClick *click,
                      int n_press,
                      double x,
                      double y,
                      TernMessageListView *self)
{
  gtk_gesture_set_state (GTK_GESTURE (click), GTK_EVENT_SEQUENCE_CLAIMED);
}

/* On release: a popover that opens while the button is down keeps the release from the row, which
 * then looks pressed for ever. */
static void
on_secondary_released (GtkGestureClick *click,
                       int n_press,
                       double x,
                       double y,
                       TernMessageListView *self)
{
  on_secondary (self, x, y);
}

static void
on_long_press (GtkGestureLongPress *press, double x, double y, TernMessageListView *self)
{
  on_secondary (self, x, y);
}

/* The Menu key and Shift+F10: beside the focused row. */
static gboolean
on_menu_key (GtkWidget *widget, GVariant *args, gpointer data)
{
  TernMessageListView *self = TERN_MESSAGE_LIST_VIEW (widget);
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (widget));
  graphene_point_t point;

  if (focus == NULL || !gtk_widget_is_ancestor (focus, GTK_WIDGET (self->view))
      || !gtk_widget_compute_point (focus, GTK_WIDGET (self->view),
                                    &GRAPHENE_POINT_INIT (gtk_widget_get_width (focus) / 2.0f,
                                                          gtk_widget_get_height (focus) / 2.0f),
                                    &point))
    return FALSE;
  on_secondary (self, point.x, point.y);
  return TRUE;
}

static void
on_ready (TernMessageListView *self)
{
  update_stack (self);
}

static void
tern_message_list_view_dispose (GObject *object)
{
  TernMessageListView *self = TERN_MESSAGE_LIST_VIEW (object);

  g_clear_handle_id (&self->visible_idle, g_source_remove);
  g_clear_weak_pointer (&self->lit);
  g_clear_pointer (&self->star_refusal, g_free);
  if (self->selection != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->selection, self);
      tern_message_list_view_set_list (self, NULL);
    }
  if (self->menu != NULL)
    gtk_widget_unparent (GTK_WIDGET (self->menu));
  self->menu = NULL;
  g_clear_object (&self->selection);
  G_OBJECT_CLASS (tern_message_list_view_parent_class)->dispose (object);
}

static void
tern_message_list_view_class_init (TernMessageListViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tern_message_list_view_dispose;
  widget_class->focus = tern_message_list_view_focus;

  signals[SIGNAL_SELECTION_CHANGED] =
      g_signal_new ("selection-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                    NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_OPEN] = g_signal_new ("open", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                       NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/ternmail/Tern/tern-message-list-view.ui");
  gtk_widget_class_bind_template_child (widget_class, TernMessageListView, stack);
  gtk_widget_class_bind_template_child (widget_class, TernMessageListView, scrolled);
  gtk_widget_class_bind_template_child (widget_class, TernMessageListView, view);
  gtk_widget_class_bind_template_child (widget_class, TernMessageListView, empty_page);
  gtk_widget_class_bind_template_callback (widget_class, on_setup);
  gtk_widget_class_bind_template_callback (widget_class, on_bind);
  gtk_widget_class_bind_template_callback (widget_class, on_unbind);
  gtk_widget_class_bind_template_callback (widget_class, on_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_released);
  gtk_widget_class_bind_template_callback (widget_class, on_star_pressed);
  gtk_widget_class_bind_template_callback (widget_class, on_motion);
  gtk_widget_class_bind_template_callback (widget_class, on_leave);
  gtk_widget_class_bind_template_callback (widget_class, on_query_tooltip);
  gtk_widget_class_bind_template_callback (widget_class, on_secondary_pressed);
  gtk_widget_class_bind_template_callback (widget_class, on_secondary_released);
  gtk_widget_class_bind_template_callback (widget_class, on_long_press);

  gtk_widget_class_add_binding (widget_class, GDK_KEY_Menu, 0, on_menu_key, NULL);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_F10, GDK_SHIFT_MASK, on_menu_key, NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Delete, 0, "win.trash", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_a, 0, "win.archive", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_r, 0, "win.reply", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_s, 0, "win.toggle-star", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_m, 0, "win.move", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_u, 0, "win.mark-unread", NULL);
}

static void
tern_message_list_view_init (TernMessageListView *self)
{
  GtkAdjustment *adjustment;

  gtk_widget_init_template (GTK_WIDGET (self));

  self->selection = tern_selection_new ();
  g_signal_connect_swapped (self->selection, "items-changed", G_CALLBACK (before_items_changed),
                            self);
  gtk_list_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
  /* After the view has connected: it must know of a change before it is asked to scroll. */
  g_signal_connect (self->selection, "items-changed", G_CALLBACK (on_items_changed), self);
  g_signal_connect (self->selection, "selection-changed", G_CALLBACK (on_selection_changed), self);

  g_signal_connect (self->view, "realize", G_CALLBACK (tern_row_style_prepare), NULL);

  adjustment = gtk_scrolled_window_get_vadjustment (self->scrolled);
  g_signal_connect_object (adjustment, "value-changed", G_CALLBACK (queue_report), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (adjustment, "changed", G_CALLBACK (queue_report), self,
                           G_CONNECT_SWAPPED);
}

void
tern_message_list_view_set_list (TernMessageListView *self, TernMessageList *list)
{
  TernMessageList *old = tern_selection_get_list (self->selection);

  if (old == list)
    return;
  if (old != NULL)
    g_clear_signal_handler (&self->ready_notify, old);
  if (list != NULL)
    self->ready_notify =
        g_signal_connect_swapped (list, "notify::ready", G_CALLBACK (on_ready), self);
  tern_selection_set_list (self->selection, list);
  if (list != NULL)
    {
      update_stack (self);
      queue_report (self);
      on_selection_changed (NULL, 0, 0, self);
      if (g_list_model_get_n_items (G_LIST_MODEL (list)) > 0)
        gtk_widget_activate_action (GTK_WIDGET (self->view), "list.scroll-to-item", "u", 0);
    }
}

void
tern_message_list_view_set_coverage (TernMessageListView *self,
                                     gboolean arriving,
                                     const char *absent)
{
  self->arriving = arriving;
  adw_status_page_set_description (self->empty_page,
                                   absent != NULL ? absent : _ ("This folder is empty."));
  update_stack (self);
}

TernSelection *
tern_message_list_view_get_selection (TernMessageListView *self)
{
  return self->selection;
}

gboolean
tern_message_list_view_show_message (TernMessageListView *self, TernId id)
{
  TernMessageList *list = tern_selection_get_list (self->selection);

  if (!tern_selection_select_id (self->selection, id))
    return FALSE;
  gtk_widget_activate_action (GTK_WIDGET (self->view), "list.scroll-to-item", "u",
                              tern_message_list_find (list, id));
  return TRUE;
}

void
tern_message_list_view_follow_selection (TernMessageListView *self)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self)));

  if (focus == NULL || gtk_widget_is_ancestor (focus, GTK_WIDGET (self)))
    focus_selected (self);
}

void
tern_message_list_view_set_star_refusal (TernMessageListView *self, const char *refusal)
{
  if (g_strcmp0 (self->star_refusal, refusal) == 0)
    return;
  g_free (self->star_refusal);
  self->star_refusal = g_strdup (refusal);
  light_star (self, NULL);
  for (GtkWidget *item = gtk_widget_get_first_child (GTK_WIDGET (self->view)); item != NULL;
       item = gtk_widget_get_next_sibling (item))
    {
      GtkWidget *row = gtk_widget_get_first_child (item);

      if (TERN_IS_MESSAGE_ROW (row))
        tern_message_row_set_star_open (TERN_MESSAGE_ROW (row), refusal == NULL);
    }
}

void
tern_message_list_view_set_menu (TernMessageListView *self, GMenuModel *menu)
{
  g_return_if_fail (self->menu == NULL);

  self->menu = GTK_POPOVER_MENU (gtk_popover_menu_new_from_model (menu));
  gtk_popover_set_has_arrow (GTK_POPOVER (self->menu), FALSE);
  gtk_widget_set_halign (GTK_WIDGET (self->menu), GTK_ALIGN_START);
  gtk_widget_set_parent (GTK_WIDGET (self->menu), GTK_WIDGET (self));
  g_signal_connect_swapped (self->menu, "closed", G_CALLBACK (on_menu_closed), self);
}
