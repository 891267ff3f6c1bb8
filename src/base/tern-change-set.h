/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-types.h"

G_BEGIN_DECLS

/**
 * TernChangeSet:
 *
 * What one committed transaction changed, emitted after COMMIT in the order of #seq. Refcounted
 * atomically and immutable; crosses threads freely.
 *
 * Lists use it by binary search on (key DESC, id DESC); the id is that of the *location* (a message
 * in a folder), which is the "message id" that the window and ternctl show.
 */
typedef struct
{
  gint64 key; /* sort key: seconds since 1970 */
  TernId id;  /* location */
} TernListKey;

/* What happened in one folder. */
typedef struct
{
  TernId folder;
  TernId account;
  GArray *added;   /* of TernListKey, sorted (key DESC, id DESC) */
  GArray *removed; /* of TernListKey, sorted likewise */
  GArray *touched; /* of TernListKey: shown fields changed (flags, preview, body here …) */
  GArray *fresh;   /* of TernId, subset of added: newly arrived and unseen, worth a notification */
  gint64 total;    /* counts after the change */
  gint64 unread;
  gboolean counts_changed;
} TernFolderChange;

typedef struct
{
  gint64 seq;
  GPtrArray *folders;    /* of TernFolderChange */
  gboolean tree_changed; /* folders added, removed, renamed, re-roled */
  gboolean outbox_changed;
  gboolean ops_changed; /* an operation was added, confirmed, refused … */
  gboolean reset;       /* more changed than is listed: read everything again */
} TernChangeSet;

TernChangeSet *tern_change_set_new (gint64 seq);
TernChangeSet *tern_change_set_ref (TernChangeSet *self);
void tern_change_set_unref (TernChangeSet *self);

/* While building (one owner): the record of @folder, made when missing. */
TernFolderChange *tern_change_set_folder (TernChangeSet *self, TernId account, TernId folder);
void tern_change_set_sort (TernChangeSet *self);

/* (nullable) (transfer none) */
const TernFolderChange *tern_change_set_find (const TernChangeSet *self, TernId folder);

/* Newest first: negative when @a stands before @b. */
int tern_list_key_compare (const TernListKey *a, const TernListKey *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernChangeSet, tern_change_set_unref)

G_END_DECLS
