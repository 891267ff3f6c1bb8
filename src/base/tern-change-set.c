/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-change-set.h"

static void
folder_change_free (gpointer data)
{
  TernFolderChange *change = data;
  g_array_unref (change->added);
  g_array_unref (change->removed);
  g_array_unref (change->touched);
  g_array_unref (change->fresh);
  g_free (change);
}

TernChangeSet *
tern_change_set_new (gint64 seq)
{
  TernChangeSet *self = g_atomic_rc_box_new0 (TernChangeSet);
  self->seq = seq;
  self->folders = g_ptr_array_new_with_free_func (folder_change_free);
  return self;
}

TernChangeSet *
tern_change_set_ref (TernChangeSet *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
change_set_clear (gpointer data)
{
  TernChangeSet *self = data;
  g_ptr_array_unref (self->folders);
}

void
tern_change_set_unref (TernChangeSet *self)
{
  g_atomic_rc_box_release_full (self, change_set_clear);
}

const TernFolderChange *
tern_change_set_find (const TernChangeSet *self, TernId folder)
{
  for (guint i = 0; i < self->folders->len; i++)
    {
      const TernFolderChange *change = g_ptr_array_index (self->folders, i);
      if (change->folder == folder)
        return change;
    }
  return NULL;
}

TernFolderChange *
tern_change_set_folder (TernChangeSet *self, TernId account, TernId folder)
{
  TernFolderChange *change = (TernFolderChange *) tern_change_set_find (self, folder);
  if (change != NULL)
    return change;

  change = g_new0 (TernFolderChange, 1);
  change->folder = folder;
  change->account = account;
  change->added = g_array_new (FALSE, FALSE, sizeof (TernListKey));
  change->removed = g_array_new (FALSE, FALSE, sizeof (TernListKey));
  change->touched = g_array_new (FALSE, FALSE, sizeof (TernListKey));
  change->fresh = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_ptr_array_add (self->folders, change);
  return change;
}

int
tern_list_key_compare (const TernListKey *a, const TernListKey *b)
{
  if (a->key != b->key)
    return a->key > b->key ? -1 : 1;
  if (a->id != b->id)
    return a->id > b->id ? -1 : 1;
  return 0;
}

void
tern_change_set_sort (TernChangeSet *self)
{
  for (guint i = 0; i < self->folders->len; i++)
    {
      TernFolderChange *change = g_ptr_array_index (self->folders, i);
      g_array_sort (change->added, (GCompareFunc) tern_list_key_compare);
      g_array_sort (change->removed, (GCompareFunc) tern_list_key_compare);
      g_array_sort (change->touched, (GCompareFunc) tern_list_key_compare);
    }
}
