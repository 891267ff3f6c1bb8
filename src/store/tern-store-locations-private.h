/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-private.h"

G_BEGIN_DECLS

/** TernRematch: of a row whose uid is not known. Stored as it is. */
typedef enum
{
  TERN_REMATCH_NONE,    /* what is to give it one is not over */
  TERN_REMATCH_WAITING, /* the server has it, and the next sync finds out where */
  TERN_REMATCH_MISSED,  /* a complete sync has not met it */
} TernRematch;

/**
 * TernLocation:
 *
 * A row of "location", copied out. All changes of the table go through the functions below, because
 * they keep the counts and the change set.
 */
typedef struct
{
  TernId id;
  TernId folder;
  TernId message;
  TernId stands_for; /* hidden place of a moved location at its source, else 0 */
  gint64 sort_key;
  gint64 saved;       /* of a new one; not read back */
  const char *labels; /* (nullable) likewise */
  gint64 modseq;
  guint32 uid; /* 0 = not known */
  guint ops;   /* unconfirmed operations that name it */
  TernFlags server_flags;
  TernFlags shown_flags;
  gboolean hidden;
  TernRematch rematch;
  char *keywords;       /* (nullable): server layer */
  char *shown_keywords; /* (nullable) */
} TernLocation;

void tern_location_free (TernLocation *self);
TernLocation *tern_location_copy (const TernLocation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernLocation, tern_location_free)

/* NULL without @error when there is none. */
TernLocation *tern_location_load (TernDb *db, TernId id, GError **error);
TernLocation *tern_location_load_uid (TernDb *db, TernId folder, guint32 uid, GError **error);

/* Gives @self its id. */
gboolean tern_location_insert (TernTxn *txn, TernLocation *self, GError **error);
/* Writes @now over the row that was @before. */
gboolean tern_location_update (TernTxn *txn,
                               const TernLocation *before,
                               const TernLocation *now,
                               GError **error);
/* The row, and its message when no other location has it. */
gboolean tern_location_delete (TernTxn *txn, const TernLocation *self, GError **error);
/* The looks changed otherwise (preview, body). */
gboolean tern_location_touch (TernTxn *txn, const TernLocation *self, GError **error);

/* Computes the shown layer of @self from the server layer and the unconfirmed operations. */
gboolean tern_location_reshow (TernDb *db, TernLocation *self, GError **error);

/* Gives @self (with its uid unknown) the uid that the server told; a row that sync has made for
 * that uid meanwhile is merged into @self. */
gboolean tern_location_assign_uid (TernTxn *txn, TernId location, guint32 uid, GError **error);

/* Where the server has @location now: itself, or the hidden place that stands for it. 0 when it is
 * nowhere. */
gboolean tern_location_find_place (TernDb *db, TernId location, TernId *place, GError **error);

/* Sets of space separated keywords; NULL is the empty one. (transfer full) */
char *tern_keywords_apply (const char *base, const char *add, const char *remove);
gboolean tern_keywords_equal (const char *a, const char *b);

G_END_DECLS
