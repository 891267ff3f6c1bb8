/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-snapshot.h"

typedef struct
{
  char *account; /* (owned) */
  char *folder;  /* (owned) (nullable) */
  TernId id;
  char *shape; /* (owned) */
  guint look;  /* the last one that saw it */
} Thing;

struct _TernCtlSnapshot
{
  GHashTable *things; /* (owned) set of Thing */
  guint look;
};

static void
thing_free (gpointer data)
{
  Thing *self = data;

  g_free (self->account);
  g_free (self->folder);
  g_free (self->shape);
  g_free (self);
}

static guint
thing_hash (gconstpointer data)
{
  const Thing *self = data;

  return g_str_hash (self->account) ^ g_int64_hash (&self->id)
         ^ (self->folder != NULL ? g_str_hash (self->folder) : 0);
}

static gboolean
thing_equal (gconstpointer a, gconstpointer b)
{
  const Thing *first = a;
  const Thing *second = b;

  return first->id == second->id && g_str_equal (first->account, second->account)
         && g_strcmp0 (first->folder, second->folder) == 0;
}

TernCtlSnapshot *
tern_ctl_snapshot_new (void)
{
  TernCtlSnapshot *self = g_new0 (TernCtlSnapshot, 1);

  self->things = g_hash_table_new_full (thing_hash, thing_equal, thing_free, NULL);
  return self;
}

void
tern_ctl_snapshot_free (TernCtlSnapshot *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->things);
  g_free (self);
}

TernCtlNews
tern_ctl_snapshot_see (TernCtlSnapshot *self,
                       const char *account,
                       const char *folder,
                       TernId id,
                       const char *shape)
{
  Thing wanted = { .account = (char *) account, .folder = (char *) folder, .id = id };
  Thing *thing = g_hash_table_lookup (self->things, &wanted);
  TernCtlNews news = TERN_CTL_SAME;

  if (thing == NULL)
    {
      thing = g_new0 (Thing, 1);
      thing->account = g_strdup (account);
      thing->folder = g_strdup (folder);
      thing->id = id;
      g_hash_table_add (self->things, thing);
      news = TERN_CTL_ADDED;
    }
  else if (!g_str_equal (thing->shape, shape))
    news = TERN_CTL_CHANGED;
  thing->look = self->look;
  g_free (thing->shape);
  thing->shape = g_strdup (shape);
  return news;
}

void
tern_ctl_snapshot_end (TernCtlSnapshot *self, TernCtlGone gone, gpointer data)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->things);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      const Thing *thing = key;

      if (thing->look == self->look)
        continue;
      gone (thing->account, thing->folder, thing->id, data);
      g_hash_table_iter_remove (&iter);
    }
  self->look++;
}
