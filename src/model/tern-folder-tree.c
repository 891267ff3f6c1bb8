/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-folder-order-private.h"
#include "tern-folder-private.h"

struct _TernFolderTree
{
  GObject parent_instance;

  TernEngine *engine; /* (owned) */
  TernId account;
  GPtrArray *folders;    /* of TernFolder, in order */
  GCancellable *closing; /* (owned) */
  gulong changed;
  gboolean reading;
  gboolean again; /* the tree changed while it was being read */
};

static void list_model_init (GListModelInterface *iface);
static void read_tree (TernFolderTree *self);

G_DEFINE_FINAL_TYPE_WITH_CODE (TernFolderTree,
                               tern_folder_tree,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static GType
get_item_type (GListModel *model)
{
  return TERN_TYPE_FOLDER;
}

static guint
get_n_items (GListModel *model)
{
  return TERN_FOLDER_TREE (model)->folders->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  TernFolderTree *self = TERN_FOLDER_TREE (model);

  if (position >= self->folders->len)
    return NULL;
  return g_object_ref (g_ptr_array_index (self->folders, position));
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* A folder that stays keeps its object; only where the order differs something is told. */
static void
take_records (TernFolderTree *self, const GPtrArray *records)
{
  g_autoptr (GArray) lines = tern_folder_order (records);
  g_autoptr (GPtrArray) old = self->folders;
  guint start = 0;
  guint end = 0;
  guint shorter;

  self->folders = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < lines->len; i++)
    {
      const TernFolderLine *line = &g_array_index (lines, TernFolderLine, i);
      TernFolder *folder = NULL;

      for (guint j = 0; j < old->len && folder == NULL; j++)
        if (tern_folder_get_id (g_ptr_array_index (old, j)) == line->record->id)
          folder = g_object_ref (g_ptr_array_index (old, j));
      if (folder == NULL)
        folder = tern_folder_new (line->record->id);
      tern_folder_update (folder, line->record, line->depth);
      g_ptr_array_add (self->folders, folder);
    }
  shorter = MIN (old->len, self->folders->len);
  while (start < shorter
         && g_ptr_array_index (old, start) == g_ptr_array_index (self->folders, start))
    start++;
  while (end < shorter - start
         && g_ptr_array_index (old, old->len - 1 - end)
                == g_ptr_array_index (self->folders, self->folders->len - 1 - end))
    end++;
  if (old->len - start - end > 0 || self->folders->len - start - end > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), start, old->len - start - end,
                                self->folders->len - start - end);
}

typedef struct
{
  TernFolderTree *tree;  /* (unowned): not looked at once closing is cancelled */
  GCancellable *closing; /* (owned) */
  TernId account;
} TreeRead;

/* Thread: reader. */
static gboolean
read_folders (TernReader *reader,
              gpointer data,
              GCancellable *cancellable,
              gpointer *result,
              GError **error)
{
  TreeRead *read = data;

  *result = tern_read_folders (reader, read->account, error);
  return *result != NULL;
}

static void
folders_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TreeRead *read = user_data;
  TernFolderTree *self = read->tree;
  gpointer records = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_cancellable_is_cancelled (read->closing))
    {
      g_object_ref (self); /* a handler may drop the tree */
      self->reading = FALSE;
      if (tern_store_read_finish (tern_engine_get_store (self->engine), result, &records, &error))
        {
          take_records (self, records);
          g_ptr_array_unref (records);
        }
      else if (!tern_fault_is_cancelled (error))
        g_warning ("Cannot read the folders: %s", error->message);
      if (self->again && !g_cancellable_is_cancelled (read->closing))
        read_tree (self);
      g_object_unref (self);
    }
  g_object_unref (read->closing);
  g_free (read);
}

static void
read_tree (TernFolderTree *self)
{
  TreeRead *read;

  self->again = self->reading;
  if (self->reading)
    return;
  self->reading = TRUE;
  read = g_new0 (TreeRead, 1);
  read->tree = self;
  read->closing = g_object_ref (self->closing);
  read->account = self->account;
  tern_store_read_async (tern_engine_get_store (self->engine), TERN_LANE_LIST, G_PRIORITY_HIGH,
                         read_folders, read, NULL, (GDestroyNotify) g_ptr_array_unref, NULL,
                         folders_cb, read);
}

static void
on_changed (TernEngine *engine, TernChangeSet *changes, TernFolderTree *self)
{
  if (changes->tree_changed || changes->reset || self->reading)
    {
      read_tree (self);
      return;
    }
  for (guint i = 0; i < changes->folders->len; i++)
    {
      const TernFolderChange *change = g_ptr_array_index (changes->folders, i);
      TernFolder *folder = NULL;

      if (change->counts_changed && change->account == self->account)
        folder = tern_folder_tree_find (self, change->folder);
      if (folder != NULL)
        tern_folder_update_counts (folder, change->total, change->unread);
    }
}

static void
tern_folder_tree_dispose (GObject *object)
{
  TernFolderTree *self = TERN_FOLDER_TREE (object);

  g_cancellable_cancel (self->closing);
  if (self->engine != NULL)
    g_clear_signal_handler (&self->changed, self->engine);
  G_OBJECT_CLASS (tern_folder_tree_parent_class)->dispose (object);
}

static void
tern_folder_tree_finalize (GObject *object)
{
  TernFolderTree *self = TERN_FOLDER_TREE (object);

  g_ptr_array_unref (self->folders);
  g_object_unref (self->closing);
  g_clear_object (&self->engine);
  G_OBJECT_CLASS (tern_folder_tree_parent_class)->finalize (object);
}

static void
tern_folder_tree_class_init (TernFolderTreeClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = tern_folder_tree_dispose;
  G_OBJECT_CLASS (klass)->finalize = tern_folder_tree_finalize;
}

static void
tern_folder_tree_init (TernFolderTree *self)
{
  self->folders = g_ptr_array_new_with_free_func (g_object_unref);
  self->closing = g_cancellable_new ();
}

TernFolderTree *
tern_folder_tree_new (TernEngine *engine, TernId account)
{
  TernFolderTree *self = g_object_new (TERN_TYPE_FOLDER_TREE, NULL);

  self->engine = g_object_ref (engine);
  self->account = account;
  self->changed = g_signal_connect (engine, "changed", G_CALLBACK (on_changed), self);
  read_tree (self);
  return self;
}

TernFolder *
tern_folder_tree_find (TernFolderTree *self, TernId folder)
{
  for (guint i = 0; i < self->folders->len; i++)
    if (tern_folder_get_id (g_ptr_array_index (self->folders, i)) == folder)
      return g_ptr_array_index (self->folders, i);
  return NULL;
}

TernFolder *
tern_folder_tree_find_role (TernFolderTree *self, TernRole role)
{
  for (guint i = 0; i < self->folders->len; i++)
    if (tern_folder_get_role (g_ptr_array_index (self->folders, i)) == role)
      return g_ptr_array_index (self->folders, i);
  return NULL;
}
