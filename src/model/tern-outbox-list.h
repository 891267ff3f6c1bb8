/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-engine.h"

G_BEGIN_DECLS

/** TernOutboxItem: one entry of the outbox; a changed entry is a new item. Thread: UI. */
#define TERN_TYPE_OUTBOX_ITEM (tern_outbox_item_get_type ())
G_DECLARE_FINAL_TYPE (TernOutboxItem, tern_outbox_item, TERN, OUTBOX_ITEM, GObject)

const TernOutboxRecord *tern_outbox_item_get_record (TernOutboxItem *self);
/* A person has to look at it: REFUSED, UNCERTAIN, or sent but not taken for everybody. */
gboolean tern_outbox_item_is_troubled (TernOutboxItem *self);
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
guint tern_outbox_list_count_troubled (TernOutboxList *self);
/* The first one that waits; @n: how many of its account do. (transfer none) (nullable) */
TernOutboxItem *tern_outbox_list_find_waiting (TernOutboxList *self, guint *n);

G_END_DECLS
