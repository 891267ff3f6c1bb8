/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-engine.h"

G_BEGIN_DECLS

/** TernOutboxItem: one entry of the outbox; a changed entry is a new item. Thread: UI. */
#define TERN_TYPE_OUTBOX_ITEM (tern_outbox_item_get_type ())
G_DECLARE_FINAL_TYPE (TernOutboxItem, tern_outbox_item, TERN, OUTBOX_ITEM, GObject)

const TernOutboxRecord *tern_outbox_item_get_record (TernOutboxItem *self);
/* What a person has to look at; flags, so that those of a list can be joined. */
typedef enum
{
  TERN_OUTBOX_TROUBLE_NONE = 0,
  TERN_OUTBOX_TROUBLE_REFUSED = 1 << 0,   /* nobody gets it */
  TERN_OUTBOX_TROUBLE_UNCERTAIN = 1 << 1, /* nobody knows */
  TERN_OUTBOX_TROUBLE_PARTLY = 1 << 2,    /* sent, but not taken for everybody */
} TernOutboxTrouble;

TernOutboxTrouble tern_outbox_item_get_trouble (TernOutboxItem *self);
/* What became of it, in sentences, with the server's own words when there are some. */
char *tern_outbox_item_dup_description (TernOutboxItem *self);
/* It will be tried again by itself, but a try has failed. */
gboolean tern_outbox_item_is_waiting (TernOutboxItem *self);

/**
 * TernOutboxList:
 *
 * A GListModel of TernOutboxItem of all accounts, without those that are DONE for every recipient,
 * that follows the engine. The outbox is short; it is read again as a whole when it changes; the
 * property "reading" tells that there is more than is listed yet, and is notified when it becomes
 * FALSE. Thread: UI.
 */
#define TERN_TYPE_OUTBOX_LIST (tern_outbox_list_get_type ())
G_DECLARE_FINAL_TYPE (TernOutboxList, tern_outbox_list, TERN, OUTBOX_LIST, GObject)

TernOutboxList *tern_outbox_list_new (TernEngine *engine);
gboolean tern_outbox_list_is_reading (TernOutboxList *self);
TernOutboxItem *tern_outbox_list_find (TernOutboxList *self, TernId id); /* (transfer none) */
/* @troubles (out): all that they have. */
guint tern_outbox_list_count_troubled (TernOutboxList *self, TernOutboxTrouble *troubles);
/* The first one that waits; @n: how many of its account do. (transfer none) (nullable) */
TernOutboxItem *tern_outbox_list_find_waiting (TernOutboxList *self, guint *n);

G_END_DECLS
