/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-key-vector-private.h"

guint
tern_keys_search (const GArray *keys, const TernListKey *key, gboolean *found)
{
  guint low = 0;
  guint high = keys->len;

  *found = FALSE;
  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      int order = tern_list_key_compare (key, &g_array_index (keys, TernListKey, middle));

      if (order == 0)
        {
          *found = TRUE;
          return middle;
        }
      if (order < 0)
        high = middle;
      else
        low = middle + 1;
    }
  return low;
}

static void
reverse (GArray *runs)
{
  for (guint i = 0; i < runs->len / 2; i++)
    {
      TernKeyRun *a = &g_array_index (runs, TernKeyRun, i);
      TernKeyRun *b = &g_array_index (runs, TernKeyRun, runs->len - 1 - i);
      TernKeyRun run = *a;

      *a = *b;
      *b = run;
    }
}

static TernKeyRun *
last_run (GArray *runs)
{
  return runs->len > 0 ? &g_array_index (runs, TernKeyRun, runs->len - 1) : NULL;
}

GArray *
tern_keys_plan_removals (const GArray *keys, const GArray *removed)
{
  GArray *runs = g_array_new (FALSE, FALSE, sizeof (TernKeyRun));

  for (guint i = 0; i < removed->len; i++)
    {
      gboolean found;
      guint position = tern_keys_search (keys, &g_array_index (removed, TernListKey, i), &found);
      TernKeyRun *last = last_run (runs);
      TernKeyRun run = { position, 1, 0, 0 };

      if (!found || (last != NULL && position == last->position + last->removed - 1))
        continue; /* not there, or named twice */
      if (last != NULL && position == last->position + last->removed)
        last->removed++;
      else
        g_array_append_val (runs, run);
    }
  reverse (runs);
  return runs;
}

GArray *
tern_keys_plan_additions (const GArray *keys, const GArray *added, GArray *fresh)
{
  GArray *runs = g_array_new (FALSE, FALSE, sizeof (TernKeyRun));

  for (guint i = 0; i < added->len; i++)
    {
      const TernListKey *key = &g_array_index (added, TernListKey, i);
      gboolean found;
      guint position = tern_keys_search (keys, key, &found);
      TernKeyRun *last = last_run (runs);
      TernKeyRun run = { position, 0, 1, fresh->len };

      if (found
          || (fresh->len > 0
              && tern_list_key_compare (key, &g_array_index (fresh, TernListKey, fresh->len - 1))
                     == 0))
        continue;
      g_array_append_vals (fresh, key, 1);
      if (last != NULL && position == last->position)
        last->added++;
      else
        g_array_append_val (runs, run);
    }
  reverse (runs);
  return runs;
}

void
tern_keys_apply (GArray *keys, const TernKeyRun *run, const GArray *fresh)
{
  if (run->removed > 0)
    g_array_remove_range (keys, run->position, run->removed);
  if (run->added > 0)
    g_array_insert_vals (keys, run->position, &g_array_index (fresh, TernListKey, run->source),
                         run->added);
}

/* One pass over both sorted lists: for many runs, moving the tail once per run would be quadratic.
 */
static void
merge_sorted (GArray *keys, const GArray *fresh)
{
  guint from = keys->len;
  guint next = fresh->len;

  g_array_set_size (keys, keys->len + fresh->len);
  for (guint to = keys->len; next > 0; to--)
    {
      TernListKey *target = &g_array_index (keys, TernListKey, to - 1);
      const TernListKey *key = &g_array_index (fresh, TernListKey, next - 1);
      const TernListKey *old = from > 0 ? &g_array_index (keys, TernListKey, from - 1) : NULL;

      if (old != NULL && tern_list_key_compare (old, key) > 0)
        {
          *target = *old;
          from--;
        }
      else
        {
          *target = *key;
          next--;
        }
    }
}

static void
drop_sorted (GArray *keys, const GArray *runs)
{
  guint to = 0;
  guint from = 0;

  for (guint i = runs->len; i > 0; i--) /* the runs stand last first */
    {
      const TernKeyRun *run = &g_array_index (runs, TernKeyRun, i - 1);
      guint kept = run->position - from;

      memmove (&g_array_index (keys, TernListKey, to), &g_array_index (keys, TernListKey, from),
               kept * sizeof (TernListKey));
      to += kept;
      from = run->position + run->removed;
    }
  memmove (&g_array_index (keys, TernListKey, to), &g_array_index (keys, TernListKey, from),
           (keys->len - from) * sizeof (TernListKey));
  g_array_set_size (keys, to + keys->len - from);
}

void
tern_keys_merge (GArray *keys, const TernFolderChange *change)
{
  g_autoptr (GArray) removals = tern_keys_plan_removals (keys, change->removed);
  g_autoptr (GArray) fresh = g_array_new (FALSE, FALSE, sizeof (TernListKey));
  g_autoptr (GArray) additions = NULL;

  if (removals->len > 0)
    drop_sorted (keys, removals);
  additions = tern_keys_plan_additions (keys, change->added, fresh);
  merge_sorted (keys, fresh);
}
