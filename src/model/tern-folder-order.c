/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-folder-order-private.h"

#include <string.h>

typedef struct
{
  const TernFolderRecord *record; /* NULL for the root */
  char *sort;                     /* (owned) collation key of the name */
  GPtrArray *children;            /* (owned) of Node, unowned */
} Node;

static void
node_free (gpointer data)
{
  Node *node = data;

  g_free (node->sort);
  g_ptr_array_unref (node->children);
  g_free (node);
}

static Node *
node_new (const TernFolderRecord *record)
{
  Node *node = g_new0 (Node, 1);

  node->record = record;
  node->children = g_ptr_array_new ();
  if (record != NULL)
    {
      g_autofree char *folded = g_utf8_casefold (record->name, -1);

      node->sort = g_utf8_collate_key_for_filename (folded, -1);
    }
  return node;
}

/* The roles are numbered in the order in which they are shown; none comes last. */
static guint
rank (TernRole role)
{
  return role == TERN_ROLE_NONE ? G_MAXUINT : (guint) role;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const Node *left = *(Node *const *) a;
  const Node *right = *(Node *const *) b;

  if (rank (left->record->role) != rank (right->record->role))
    return rank (left->record->role) < rank (right->record->role) ? -1 : 1;
  /* One's own, then those of others, then those of all. */
  if (left->record->space != right->record->space)
    return left->record->space < right->record->space ? -1 : 1;
  return strcmp (left->sort, right->sort);
}

static void
place (Node *node, guint depth, GArray *lines)
{
  if (node->record != NULL)
    {
      TernFolderLine line = { node->record, depth };

      g_array_append_val (lines, line);
      depth++;
    }
  g_ptr_array_sort (node->children, compare);
  for (guint i = 0; i < node->children->len; i++)
    place (g_ptr_array_index (node->children, i), depth, lines);
}

/* By its path: the folder that it is in, or what that one is in. */
static Node *
find_above (GHashTable *by_path, const TernFolderRecord *record)
{
  g_autofree char *path = g_strdup (record->path);
  Node *parent = NULL;
  char *slash;

  while (parent == NULL && (slash = strrchr (path, '/')) != NULL)
    {
      *slash = '\0';
      parent = g_hash_table_lookup (by_path, path);
    }
  return parent;
}

/* Special uses stand at the top wherever the server keeps them; so do orphans. */
static Node *
find_parent (GHashTable *by_path, Node *root, const TernFolderRecord *record)
{
  Node *parent = record->role == TERN_ROLE_NONE ? find_above (by_path, record) : NULL;

  return parent != NULL ? parent : root;
}

GArray *
tern_folder_order (const GPtrArray *records)
{
  GArray *lines = g_array_new (FALSE, FALSE, sizeof (TernFolderLine));
  g_autoptr (GHashTable) nodes =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, node_free);
  g_autoptr (GHashTable) by_path = g_hash_table_new (g_str_hash, g_str_equal);
  Node *root = node_new (NULL);
  GHashTableIter iter;
  gpointer node;

  for (guint i = 0; i < records->len; i++)
    {
      const TernFolderRecord *record = g_ptr_array_index (records, i);

      if (!record->gone)
        {
          Node *made = node_new (record);

          g_hash_table_insert (nodes, (gpointer) &record->id, made);
          g_hash_table_insert (by_path, record->path, made);
        }
    }
  g_hash_table_iter_init (&iter, nodes);
  while (g_hash_table_iter_next (&iter, NULL, &node))
    g_ptr_array_add (find_parent (by_path, root, ((Node *) node)->record)->children, node);
  place (root, 0, lines);
  node_free (root);
  return lines;
}
