/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-engine.h"

G_BEGIN_DECLS

/**
 * TernMessage:
 *
 * One row of a message list; "pending" until its page has come from the store, filled and changed with
 * one notify of "loaded"/"changed". Thread: UI.
 */
#define TERN_TYPE_MESSAGE (tern_message_get_type ())
G_DECLARE_FINAL_TYPE (TernMessage, tern_message, TERN, MESSAGE, GObject)

TernId tern_message_get_id (TernMessage *self);
gboolean tern_message_is_loaded (TernMessage *self);
const TernMessageRecord *tern_message_get_record (TernMessage *self); /* (nullable) until loaded */
const char *tern_message_get_sender (TernMessage *self);  /* display, "" while pending */
const char *tern_message_get_subject (TernMessage *self);
const char *tern_message_get_preview (TernMessage *self);
gint64 tern_message_get_date (TernMessage *self);
TernFlags tern_message_get_flags (TernMessage *self);
gboolean tern_message_has_attachments (TernMessage *self);

/**
 * TernMessageList:
 *
 * GListModel of TernMessage for one folder (architecture, section 4.3 D): a sorted vector of
 * TernListKey, rows made on demand and filled by pages, change sets applied by binary search once a
 * frame. get_item() never touches the store. The first 200 keys come first, then the rest in one
 * items-changed. Property "state": loading, ready. A filter or sort makes a new list.
 */
#define TERN_TYPE_MESSAGE_LIST (tern_message_list_get_type ())
G_DECLARE_FINAL_TYPE (TernMessageList, tern_message_list, TERN, MESSAGE_LIST, GObject)

TernMessageList *tern_message_list_new (TernEngine *engine, TernId folder, TernFilter filter);
TernId tern_message_list_get_folder (TernMessageList *self);
gboolean tern_message_list_is_ready (TernMessageList *self);
/* Position of a location, G_MAXUINT when it is not in the list. */
guint tern_message_list_find (TernMessageList *self, TernId id);
TernId tern_message_list_get_id (TernMessageList *self, guint position);
/* Positions on screen: their pages are asked for first, the engine prefetches their bodies. */
void tern_message_list_set_visible (TernMessageList *self, guint first, guint last);

G_END_DECLS
