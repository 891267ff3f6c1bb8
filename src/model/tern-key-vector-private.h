/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-change-set.h"

G_BEGIN_DECLS

/*
 * Sorted vectors of TernListKey (newest first) and how a change set changes them. Pure functions of
 * plain values.
 */

/* Position of @key, or where it would stand; *@found tells. */
guint tern_keys_search (const GArray *keys, const TernListKey *key, gboolean *found);

/* One run of neighbours that goes or comes. */
typedef struct
{
  guint position; /* in the vector as it is when this run's turn comes */
  guint removed;
  guint added;
  guint source; /* first of the run in @added of tern_keys_plan_additions() */
} TernKeyRun;

/* Runs of the keys of @removed that are there, the last first, so that positions stay true. */
GArray *tern_keys_plan_removals (const GArray *keys, const GArray *removed);
/* Runs of the keys of @added that are not there, the last first. @fresh receives them in order. */
GArray *tern_keys_plan_additions (const GArray *keys, const GArray *added, GArray *fresh);

void tern_keys_apply (GArray *keys, const TernKeyRun *run, const GArray *fresh);

/* Both plans at once without telling anybody. */
void tern_keys_merge (GArray *keys, const TernFolderChange *change);

G_END_DECLS
