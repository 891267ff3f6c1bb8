/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-folder-picker.h"

#include "tern-sidebar-row.h"

#include <string.h>

struct _TernFolderPicker
{
  AdwWindow parent_instance;

  TernId except;
  char *needle;                  /* (owned), case folded */
  GtkCustomFilter *filter;       /* (unowned): the model owns it */
  GtkSingleSelection *selection; /* (owned) */

  GtkSearchEntry *search;
  GtkListView *view;
  GtkStack *stack;
};

enum
{
  SIGNAL_PICKED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (TernFolderPicker, tern_folder_picker, ADW_TYPE_WINDOW)

static gboolean
matches (gpointer item, gpointer data)
{
  TernFolderPicker *self = data;
  TernFolder *folder = item;
  g_autofree char *name = NULL;
  g_autofree char *path = NULL;

  if (!tern_folder_get_selectable (folder) || tern_folder_get_id (folder) == self->except
      || tern_folder_get_role (folder) == TERN_ROLE_OUTBOX)
    return FALSE;
  if (*self->needle == '\0')
    return TRUE;
  name = g_utf8_casefold (tern_folder_get_name (folder), -1);
  path = g_utf8_casefold (tern_folder_get_path (folder), -1);
  return strstr (name, self->needle) != NULL || strstr (path, self->needle) != NULL;
}

static void
pick (TernFolderPicker *self, guint position)
{
  g_autoptr (TernFolder) folder = g_list_model_get_item (G_LIST_MODEL (self->selection), position);
  g_autofree char *why =
      folder != NULL ? tern_folder_dup_refusal (folder, TERN_RIGHT_INSERT) : NULL;

  if (why != NULL)
    gtk_widget_error_bell (GTK_WIDGET (self));
  if (folder == NULL || why != NULL)
    return;
  g_signal_emit (self, signals[SIGNAL_PICKED], 0, folder);
  gtk_window_close (GTK_WINDOW (self));
}

static void
on_activate (TernFolderPicker *self, guint position)
{
  pick (self, position);
}

static void
on_search_activate (TernFolderPicker *self)
{
  pick (self, gtk_single_selection_get_selected (self->selection));
}

static void
update_stack (TernFolderPicker *self)
{
  gboolean any = g_list_model_get_n_items (G_LIST_MODEL (self->selection)) > 0;

  gtk_stack_set_visible_child_name (self->stack, any ? "list" : "empty");
}

static void
on_search_changed (TernFolderPicker *self)
{
  g_free (self->needle);
  self->needle = g_utf8_casefold (gtk_editable_get_text (GTK_EDITABLE (self->search)), -1);
  gtk_filter_changed (GTK_FILTER (self->filter), GTK_FILTER_CHANGE_DIFFERENT);
  if (g_list_model_get_n_items (G_LIST_MODEL (self->selection)) > 0)
    gtk_single_selection_set_selected (self->selection, 0);
  update_stack (self);
}

static void
on_stop_search (TernFolderPicker *self)
{
  gtk_window_close (GTK_WINDOW (self));
}

/* Up and Down choose while the letters are typed. */
static gboolean
on_search_key (GtkEventControllerKey *key,
               guint keyval,
               guint code,
               GdkModifierType state,
               TernFolderPicker *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->selection));
  guint selected = gtk_single_selection_get_selected (self->selection);

  if (n == 0 || selected == GTK_INVALID_LIST_POSITION)
    return FALSE;
  if (keyval == GDK_KEY_Down && selected + 1 < n)
    selected++;
  else if (keyval == GDK_KEY_Up && selected > 0)
    selected--;
  else
    return FALSE;
  gtk_single_selection_set_selected (self->selection, selected);
  gtk_widget_activate_action (GTK_WIDGET (self->view), "list.scroll-to-item", "u", selected);
  return TRUE;
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, TernFolderPicker *self)
{
  gtk_list_item_set_child (item, GTK_WIDGET (tern_sidebar_row_new ()));
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, TernFolderPicker *self)
{
  TernSidebarRow *row = TERN_SIDEBAR_ROW (gtk_list_item_get_child (item));
  TernFolder *folder = gtk_list_item_get_item (item);
  char *why = tern_folder_dup_refusal (folder, TERN_RIGHT_INSERT);

  gtk_list_item_set_activatable (item, why == NULL);
  tern_sidebar_row_set_item (row, folder);
  tern_sidebar_row_take_why (row, why);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *item, TernFolderPicker *self)
{
  tern_sidebar_row_set_item (TERN_SIDEBAR_ROW (gtk_list_item_get_child (item)), NULL);
}

static void
tern_folder_picker_dispose (GObject *object)
{
  TernFolderPicker *self = TERN_FOLDER_PICKER (object);

  if (self->filter != NULL)
    gtk_custom_filter_set_filter_func (self->filter, NULL, NULL, NULL);
  self->filter = NULL;
  g_clear_object (&self->selection);
  g_clear_pointer (&self->needle, g_free);
  G_OBJECT_CLASS (tern_folder_picker_parent_class)->dispose (object);
}

static void
tern_folder_picker_class_init (TernFolderPickerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tern_folder_picker_dispose;

  signals[SIGNAL_PICKED] = g_signal_new ("picked", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 1, TERN_TYPE_FOLDER);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/ternmail/Tern/tern-folder-picker.ui");
  gtk_widget_class_bind_template_child (widget_class, TernFolderPicker, search);
  gtk_widget_class_bind_template_child (widget_class, TernFolderPicker, view);
  gtk_widget_class_bind_template_child (widget_class, TernFolderPicker, stack);
  gtk_widget_class_bind_template_callback (widget_class, on_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_search_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_search_key);
  gtk_widget_class_bind_template_callback (widget_class, on_stop_search);
  gtk_widget_class_bind_template_callback (widget_class, on_setup);
  gtk_widget_class_bind_template_callback (widget_class, on_bind);
  gtk_widget_class_bind_template_callback (widget_class, on_unbind);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
tern_folder_picker_init (TernFolderPicker *self)
{
  self->needle = g_strdup ("");
  gtk_widget_init_template (GTK_WIDGET (self));
}

TernFolderPicker *
tern_folder_picker_new (GtkWindow *parent, TernFolderTree *tree, TernId except)
{
  TernFolderPicker *self =
      g_object_new (TERN_TYPE_FOLDER_PICKER, "transient-for", parent, "modal", TRUE, NULL);
  GListModel *filtered;

  self->except = except;
  self->filter = gtk_custom_filter_new (matches, self, NULL);
  filtered = G_LIST_MODEL (
      gtk_filter_list_model_new (g_object_ref (G_LIST_MODEL (tree)), GTK_FILTER (self->filter)));
  self->selection = gtk_single_selection_new (filtered);
  gtk_list_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
  update_stack (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->search));
  return self;
}
