/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-sidebar.h"

#include "tern-sidebar-row.h"

#include <glib/gi18n.h>

/* One account's part of the list: its heading and its tree. */
typedef struct
{
  TernAccount *account; /* (owned) */
  TernFolderTree *tree; /* (owned) */
  GListModel *section;  /* (owned): the two above, flat */
} Section;

struct _TernSidebar
{
  AdwBin parent_instance;

  TernEngine *engine;        /* (owned) */
  TernAccountList *accounts; /* (owned) */
  gulong accounts_changed;
  GPtrArray *sections;           /* of Section */
  GListStore *lists;             /* of GListModel: the sections' lists, in order */
  GtkSingleSelection *selection; /* (owned) over all of them */
  TernFolder *folder;            /* (owned) (nullable): what is shown */
  gboolean restoring;
  guint restore_idle;

  GtkListView *view;
};

enum
{
  SIGNAL_FOLDER_CHANGED,
  SIGNAL_FOLDERS_CHANGED,
  SIGNAL_OPEN,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (TernSidebar, tern_sidebar, ADW_TYPE_BIN)

static void
section_free (Section *section)
{
  g_object_unref (section->account);
  g_object_unref (section->tree);
  g_object_unref (section->section);
  g_free (section);
}

static Section *
section_new (TernSidebar *self, TernAccount *account)
{
  Section *section = g_new0 (Section, 1);
  GListStore *heading = g_list_store_new (G_TYPE_OBJECT);
  GListStore *parts = g_list_store_new (G_TYPE_LIST_MODEL);

  section->account = g_object_ref (account);
  section->tree = tern_folder_tree_new (self->engine, tern_account_get_row (account));
  g_list_store_append (heading, account);
  g_list_store_append (parts, heading);
  g_list_store_append (parts, section->tree);
  section->section = G_LIST_MODEL (gtk_flatten_list_model_new (G_LIST_MODEL (parts)));
  g_object_unref (heading);
  return section;
}

static void
on_accounts_changed (GListModel *accounts,
                     guint position,
                     guint removed,
                     guint added,
                     TernSidebar *self)
{
  g_autoptr (GPtrArray) lists = g_ptr_array_new ();

  g_ptr_array_remove_range (self->sections, position, removed);
  for (guint i = 0; i < added; i++)
    {
      g_autoptr (TernAccount) account = g_list_model_get_item (accounts, position + i);
      Section *section = section_new (self, account);

      g_ptr_array_insert (self->sections, (int) (position + i), section);
      g_ptr_array_add (lists, section->section);
    }
  g_list_store_splice (self->lists, position, removed, lists->pdata, added);
}

static guint
find_position (TernSidebar *self, TernId id)
{
  GListModel *model = G_LIST_MODEL (self->selection);

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (model, i);

      if (TERN_IS_FOLDER (item) && tern_folder_get_id (TERN_FOLDER (item)) == id)
        return i;
    }
  return GTK_INVALID_LIST_POSITION;
}

static void
on_selected (TernSidebar *self)
{
  GObject *item = gtk_single_selection_get_selected_item (self->selection);

  /* Between the removal and the return of a rebuilt tree the selection is empty for a moment. */
  if (self->restoring || item == NULL || !TERN_IS_FOLDER (item))
    return;
  if (self->folder != NULL
      && tern_folder_get_id (self->folder) == tern_folder_get_id (TERN_FOLDER (item)))
    {
      g_set_object (&self->folder, TERN_FOLDER (item));
      return;
    }
  if (!tern_folder_get_selectable (TERN_FOLDER (item)))
    return;
  g_set_object (&self->folder, TERN_FOLDER (item));
  g_signal_emit (self, signals[SIGNAL_FOLDER_CHANGED], 0);
}

/* Folders came, went or were made anew: what is shown stays selected. */
static gboolean
restore_selection (gpointer data)
{
  TernSidebar *self = data;
  guint position;

  self->restore_idle = 0;
  if (self->folder != NULL)
    {
      self->restoring = TRUE;
      position = find_position (self, tern_folder_get_id (self->folder));
      if (position != GTK_INVALID_LIST_POSITION)
        {
          g_autoptr (GObject) item =
              g_list_model_get_item (G_LIST_MODEL (self->selection), position);

          g_set_object (&self->folder, TERN_FOLDER (item));
          gtk_single_selection_set_selected (self->selection, position);
        }
      self->restoring = FALSE;
    }
  g_signal_emit (self, signals[SIGNAL_FOLDERS_CHANGED], 0);
  return G_SOURCE_REMOVE;
}

/* Not at once: the list view has yet to hear of it, and selecting meanwhile confuses it. */
static void
on_items_changed (TernSidebar *self)
{
  if (self->restore_idle == 0)
    self->restore_idle = g_idle_add_full (G_PRIORITY_DEFAULT, restore_selection, self, NULL);
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, TernSidebar *self)
{
  gtk_list_item_set_child (item, GTK_WIDGET (tern_sidebar_row_new ()));
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, TernSidebar *self)
{
  GObject *object = gtk_list_item_get_item (item);
  gboolean folder = TERN_IS_FOLDER (object) && tern_folder_get_selectable (TERN_FOLDER (object));

  gtk_list_item_set_selectable (item, folder);
  gtk_list_item_set_activatable (item, folder);
  tern_sidebar_row_set_item (TERN_SIDEBAR_ROW (gtk_list_item_get_child (item)), object);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *item, TernSidebar *self)
{
  tern_sidebar_row_set_item (TERN_SIDEBAR_ROW (gtk_list_item_get_child (item)), NULL);
}

static void
on_activate (TernSidebar *self, guint position)
{
  gtk_single_selection_set_selected (self->selection, position);
  g_signal_emit (self, signals[SIGNAL_OPEN], 0);
}

static void
on_released (GtkGestureClick *click, int n_press, double x, double y, TernSidebar *self)
{
  GtkWidget *widget = gtk_widget_pick (GTK_WIDGET (self->view), x, y, GTK_PICK_DEFAULT);

  if (widget == NULL || widget == GTK_WIDGET (self->view) || self->folder == NULL)
    return;
  if (TERN_IS_FOLDER (gtk_single_selection_get_selected_item (self->selection)))
    g_signal_emit (self, signals[SIGNAL_OPEN], 0);
}

static void
tern_sidebar_dispose (GObject *object)
{
  TernSidebar *self = TERN_SIDEBAR (object);

  g_clear_handle_id (&self->restore_idle, g_source_remove);
  if (self->accounts != NULL)
    g_clear_signal_handler (&self->accounts_changed, self->accounts);
  if (self->selection != NULL)
    g_signal_handlers_disconnect_by_data (self->selection, self);
  g_clear_object (&self->selection);
  g_clear_object (&self->lists);
  g_clear_pointer (&self->sections, g_ptr_array_unref);
  g_clear_object (&self->folder);
  g_clear_object (&self->accounts);
  g_clear_object (&self->engine);
  G_OBJECT_CLASS (tern_sidebar_parent_class)->dispose (object);
}

/* The list view would offer the focus to its first row, the heading of an account, which takes
 * none.
 */
static gboolean
tern_sidebar_focus (GtkWidget *widget, GtkDirectionType direction)
{
  TernSidebar *self = TERN_SIDEBAR (widget);

  if (gtk_widget_get_focus_child (widget) == NULL && self->folder != NULL)
    for (GtkWidget *item = gtk_widget_get_first_child (GTK_WIDGET (self->view)); item != NULL;
         item = gtk_widget_get_next_sibling (item))
      {
        GtkWidget *row = gtk_widget_get_first_child (item);

        if (TERN_IS_SIDEBAR_ROW (row)
            && tern_sidebar_row_get_item (TERN_SIDEBAR_ROW (row)) == (gpointer) self->folder)
          return gtk_widget_grab_focus (item);
      }
  return GTK_WIDGET_CLASS (tern_sidebar_parent_class)->focus (widget, direction);
}

static void
tern_sidebar_class_init (TernSidebarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tern_sidebar_dispose;
  widget_class->focus = tern_sidebar_focus;

  signals[SIGNAL_FOLDER_CHANGED] =
      g_signal_new ("folder-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_FOLDERS_CHANGED] =
      g_signal_new ("folders-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_OPEN] = g_signal_new ("open", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                       NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/ternmail/Tern/tern-sidebar.ui");
  gtk_widget_class_bind_template_child (widget_class, TernSidebar, view);
  gtk_widget_class_bind_template_callback (widget_class, on_setup);
  gtk_widget_class_bind_template_callback (widget_class, on_bind);
  gtk_widget_class_bind_template_callback (widget_class, on_unbind);
  gtk_widget_class_bind_template_callback (widget_class, on_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_released);
}

static void
tern_sidebar_init (TernSidebar *self)
{
  GListModel *flat;

  gtk_widget_init_template (GTK_WIDGET (self));

  self->sections = g_ptr_array_new_with_free_func ((GDestroyNotify) section_free);
  self->lists = g_list_store_new (G_TYPE_LIST_MODEL);
  flat = G_LIST_MODEL (gtk_flatten_list_model_new (g_object_ref (G_LIST_MODEL (self->lists))));
  self->selection = gtk_single_selection_new (NULL);
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_single_selection_set_model (self->selection, flat);
  g_object_unref (flat);

  g_signal_connect_swapped (self->selection, "notify::selected-item", G_CALLBACK (on_selected),
                            self);
  g_signal_connect_swapped (self->selection, "items-changed", G_CALLBACK (on_items_changed), self);
  gtk_list_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
}

void
tern_sidebar_set_engine (TernSidebar *self, TernEngine *engine, TernAccountList *accounts)
{
  g_return_if_fail (self->engine == NULL);

  self->engine = g_object_ref (engine);
  self->accounts = g_object_ref (accounts);
  self->accounts_changed =
      g_signal_connect (accounts, "items-changed", G_CALLBACK (on_accounts_changed), self);
  on_accounts_changed (G_LIST_MODEL (accounts), 0, 0,
                       g_list_model_get_n_items (G_LIST_MODEL (accounts)), self);
}

TernFolder *
tern_sidebar_get_folder (TernSidebar *self)
{
  return self->folder;
}

gboolean
tern_sidebar_select (TernSidebar *self, TernId folder)
{
  guint position = find_position (self, folder);

  if (position == GTK_INVALID_LIST_POSITION)
    return FALSE;
  gtk_single_selection_set_selected (self->selection, position);
  return TRUE;
}

TernFolder *
tern_sidebar_find_folder (TernSidebar *self, TernId folder)
{
  for (guint i = 0; i < self->sections->len; i++)
    {
      Section *section = g_ptr_array_index (self->sections, i);
      TernFolder *found = tern_folder_tree_find (section->tree, folder);

      if (found != NULL)
        return found;
    }
  return NULL;
}

TernFolder *
tern_sidebar_find_path (TernSidebar *self, const char *uuid, const char *path)
{
  for (guint i = 0; i < self->sections->len; i++)
    {
      Section *section = g_ptr_array_index (self->sections, i);
      GListModel *tree = G_LIST_MODEL (section->tree);

      if (g_strcmp0 (tern_account_get_uuid (section->account), uuid) != 0)
        continue;
      for (guint j = 0; j < g_list_model_get_n_items (tree); j++)
        {
          g_autoptr (TernFolder) folder = g_list_model_get_item (tree, j);

          if (g_strcmp0 (tern_folder_get_path (folder), path) == 0)
            return folder;
        }
    }
  return NULL;
}

TernFolder *
tern_sidebar_find_start (TernSidebar *self)
{
  for (guint i = 0; i < self->sections->len; i++)
    {
      Section *section = g_ptr_array_index (self->sections, i);
      TernFolder *inbox = tern_folder_tree_find_role (section->tree, TERN_ROLE_INBOX);
      GListModel *tree = G_LIST_MODEL (section->tree);

      if (inbox != NULL)
        return inbox;
      for (guint j = 0; j < g_list_model_get_n_items (tree); j++)
        {
          g_autoptr (TernFolder) folder = g_list_model_get_item (tree, j);

          if (tern_folder_get_selectable (folder))
            return folder;
        }
    }
  return NULL;
}

TernFolderTree *
tern_sidebar_get_tree (TernSidebar *self, TernId account)
{
  for (guint i = 0; i < self->sections->len; i++)
    {
      Section *section = g_ptr_array_index (self->sections, i);

      if (tern_account_get_row (section->account) == account)
        return section->tree;
    }
  return NULL;
}
