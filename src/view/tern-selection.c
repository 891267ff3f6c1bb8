/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-selection.h"

/* Up to this many selected messages are remembered by id as well. */
#define REMEMBERED_MAX 200

struct _TernSelection
{
  GObject parent_instance;

  TernMessageList *list; /* (owned) (nullable) */
  gulong items_changed;
  GtkBitset *selected; /* (owned), positions */
  GArray *remembered;  /* (owned) of TernId: those selected, when they are few */
};

static void list_model_init (GListModelInterface *iface);
static void selection_model_init (GtkSelectionModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TernSelection,
                               tern_selection,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init)
                                   G_IMPLEMENT_INTERFACE (GTK_TYPE_SELECTION_MODEL,
                                                          selection_model_init))

static GType
get_item_type (GListModel *model)
{
  return TERN_TYPE_MESSAGE;
}

static guint
get_n_items (GListModel *model)
{
  TernSelection *self = TERN_SELECTION (model);

  return self->list != NULL ? g_list_model_get_n_items (G_LIST_MODEL (self->list)) : 0;
}

static gpointer
get_item (GListModel *model, guint position)
{
  TernSelection *self = TERN_SELECTION (model);

  return self->list != NULL ? g_list_model_get_item (G_LIST_MODEL (self->list), position) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static gboolean
is_selected (GtkSelectionModel *model, guint position)
{
  return gtk_bitset_contains (TERN_SELECTION (model)->selected, position);
}

static GtkBitset *
get_selection_in_range (GtkSelectionModel *model, guint position, guint n_items)
{
  return gtk_bitset_ref (TERN_SELECTION (model)->selected);
}

static void
remember (TernSelection *self)
{
  guint64 count = gtk_bitset_get_size (self->selected);
  GtkBitsetIter iter;
  guint position;

  g_array_set_size (self->remembered, 0);
  if (self->list == NULL || count > REMEMBERED_MAX)
    return;
  for (gboolean more = gtk_bitset_iter_init_first (&iter, self->selected, &position); more;
       more = gtk_bitset_iter_next (&iter, &position))
    {
      TernId id = tern_message_list_get_id (self->list, position);

      g_array_append_val (self->remembered, id);
    }
}

/* Takes @changed (positions whose state differs from before) and tells about their hull. */
static void
tell (TernSelection *self, GtkBitset *changed)
{
  guint first;

  if (!gtk_bitset_is_empty (changed))
    {
      first = gtk_bitset_get_minimum (changed);
      remember (self);
      gtk_selection_model_selection_changed (GTK_SELECTION_MODEL (self), first,
                                             gtk_bitset_get_maximum (changed) - first + 1);
    }
  gtk_bitset_unref (changed);
}

static gboolean
set_selection (GtkSelectionModel *model, GtkBitset *selected, GtkBitset *mask)
{
  TernSelection *self = TERN_SELECTION (model);
  g_autoptr (GtkBitset) wanted = gtk_bitset_copy (selected);
  GtkBitset *changed;

  /* Inside the mask take @selected, outside keep what is. */
  gtk_bitset_intersect (wanted, mask);
  changed = gtk_bitset_copy (self->selected);
  gtk_bitset_intersect (changed, mask);
  gtk_bitset_difference (changed, wanted);

  gtk_bitset_subtract (self->selected, mask);
  gtk_bitset_union (self->selected, wanted);
  if (get_n_items (G_LIST_MODEL (self)) < G_MAXUINT)
    gtk_bitset_remove_range_closed (self->selected, get_n_items (G_LIST_MODEL (self)), G_MAXUINT);
  tell (self, changed);
  return TRUE;
}

static void
selection_model_init (GtkSelectionModelInterface *iface)
{
  /* The interface builds select_item, select_range, select_all and the rest upon this one, with
   * bitsets of ranges, which cost nothing. */
  iface->is_selected = is_selected;
  iface->get_selection_in_range = get_selection_in_range;
  iface->set_selection = set_selection;
}

/* The rows that were selected went away as positions, but may be back elsewhere. */
static void
find_again (TernSelection *self)
{
  for (guint i = 0; i < self->remembered->len; i++)
    {
      guint position =
          tern_message_list_find (self->list, g_array_index (self->remembered, TernId, i));

      if (position != G_MAXUINT)
        gtk_bitset_add (self->selected, position);
    }
}

static void
on_items_changed (GListModel *list, guint position, guint removed, guint added, TernSelection *self)
{
  guint64 before = gtk_bitset_get_size (self->selected);
  gboolean lost;

  gtk_bitset_splice (self->selected, position, removed, added);
  lost = gtk_bitset_get_size (self->selected) != before;
  if (lost && added > 0)
    find_again (self);

  g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);

  if (lost)
    {
      /* A list may empty itself before it fills again (two signals): then nothing is said yet and
       * what to look for is kept. */
      if (g_list_model_get_n_items (list) > 0)
        {
          remember (self);
          gtk_selection_model_selection_changed (GTK_SELECTION_MODEL (self), 0,
                                                 g_list_model_get_n_items (list));
        }
    }
  else if (before == 0 && added > 0 && self->remembered->len > 0)
    {
      find_again (self);
      if (!gtk_bitset_is_empty (self->selected))
        gtk_selection_model_selection_changed (GTK_SELECTION_MODEL (self), 0,
                                               g_list_model_get_n_items (list));
    }
}

static void
tern_selection_dispose (GObject *object)
{
  TernSelection *self = TERN_SELECTION (object);

  if (self->list != NULL)
    g_clear_signal_handler (&self->items_changed, self->list);
  g_clear_object (&self->list);
  G_OBJECT_CLASS (tern_selection_parent_class)->dispose (object);
}

static void
tern_selection_finalize (GObject *object)
{
  TernSelection *self = TERN_SELECTION (object);

  gtk_bitset_unref (self->selected);
  g_array_unref (self->remembered);
  G_OBJECT_CLASS (tern_selection_parent_class)->finalize (object);
}

static void
tern_selection_class_init (TernSelectionClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = tern_selection_dispose;
  G_OBJECT_CLASS (klass)->finalize = tern_selection_finalize;
}

static void
tern_selection_init (TernSelection *self)
{
  self->selected = gtk_bitset_new_empty ();
  self->remembered = g_array_new (FALSE, FALSE, sizeof (TernId));
}

TernSelection *
tern_selection_new (void)
{
  return g_object_new (TERN_TYPE_SELECTION, NULL);
}

void
tern_selection_set_list (TernSelection *self, TernMessageList *list)
{
  guint before = get_n_items (G_LIST_MODEL (self));

  if (self->list == list)
    return;
  if (self->list != NULL)
    g_clear_signal_handler (&self->items_changed, self->list);

  gtk_bitset_remove_all (self->selected);
  g_array_set_size (self->remembered, 0);

  /* Two signals: replacing all rows in one makes GtkListView ask for every row it ever knew. */
  g_clear_object (&self->list);
  if (before > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), 0, before, 0);
  if (g_set_object (&self->list, list) && list != NULL)
    {
      self->items_changed =
          g_signal_connect (list, "items-changed", G_CALLBACK (on_items_changed), self);
      if (g_list_model_get_n_items (G_LIST_MODEL (list)) > 0)
        g_list_model_items_changed (G_LIST_MODEL (self), 0, 0,
                                    g_list_model_get_n_items (G_LIST_MODEL (list)));
    }
}

TernMessageList *
tern_selection_get_list (TernSelection *self)
{
  return self->list;
}

guint
tern_selection_get_count (TernSelection *self)
{
  return (guint) gtk_bitset_get_size (self->selected);
}

TernId
tern_selection_get_single (TernSelection *self)
{
  if (self->list == NULL || gtk_bitset_get_size (self->selected) != 1)
    return 0;
  return tern_message_list_get_id (self->list, gtk_bitset_get_minimum (self->selected));
}

GArray *
tern_selection_dup_ids (TernSelection *self)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (TernId));
  GtkBitsetIter iter;
  guint position;

  if (self->list == NULL)
    return ids;
  for (gboolean more = gtk_bitset_iter_init_first (&iter, self->selected, &position); more;
       more = gtk_bitset_iter_next (&iter, &position))
    {
      TernId id = tern_message_list_get_id (self->list, position);

      g_array_append_val (ids, id);
    }
  return ids;
}

gboolean
tern_selection_select_id (TernSelection *self, TernId id)
{
  guint position = self->list != NULL ? tern_message_list_find (self->list, id) : G_MAXUINT;

  if (position == G_MAXUINT)
    return FALSE;
  gtk_selection_model_select_item (GTK_SELECTION_MODEL (self), position, TRUE);
  return TRUE;
}

TernId
tern_selection_find_neighbour (TernSelection *self)
{
  guint position;

  if (self->list == NULL || gtk_bitset_is_empty (self->selected))
    return 0;
  position = gtk_bitset_get_maximum (self->selected) + 1;
  if (position < get_n_items (G_LIST_MODEL (self)))
    return tern_message_list_get_id (self->list, position);
  position = gtk_bitset_get_minimum (self->selected);
  return position > 0 ? tern_message_list_get_id (self->list, position - 1) : 0;
}
