/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-engine.h"

G_BEGIN_DECLS

/**
 * TernMessage:
 *
 * One row of a message list. It is "pending" (no record) until its page has come from the store;
 * the property "record" is notified once when it is filled and each time it has changed. The text
 * getters give "" while it is pending. Thread: UI.
 */
#define TERN_TYPE_MESSAGE (tern_message_get_type ())
G_DECLARE_FINAL_TYPE (TernMessage, tern_message, TERN, MESSAGE, GObject)

TernId tern_message_get_id (TernMessage *self);
gboolean tern_message_is_loaded (TernMessage *self);
const TernMessageRecord *tern_message_get_record (TernMessage *self); /* (nullable) until loaded */
const char *tern_message_get_sender (TernMessage *self);              /* name, else address */
const char *tern_message_get_subject (TernMessage *self);
const char *tern_message_get_preview (TernMessage *self);
gint64 tern_message_get_date (TernMessage *self); /* what it is sorted by; known while pending */
TernFlags tern_message_get_flags (TernMessage *self);
gboolean tern_message_has_attachments (TernMessage *self);

/* A message by its id, wherever it is: (transfer full), with its record. TERN_FAULT_NOT_FOUND. */
void tern_message_find_async (TernEngine *engine,
                              TernId id,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
TernMessage *tern_message_find_finish (GAsyncResult *result, GError **error);

/**
 * TernMessageList:
 *
 * GListModel of TernMessage for one folder, newest first: a sorted vector of TernListKey, rows made
 * on demand and filled by pages, change sets applied by binary search at most once a frame.
 * get_item() never touches the store, so a folder of a million messages opens like one of ten. The
 * newest keys come first, then all others in one items-changed. The same row object comes back
 * for as long as anybody holds it. Property "ready": all are here and shown. Thread: UI.
 */
#define TERN_TYPE_MESSAGE_LIST (tern_message_list_get_type ())
G_DECLARE_FINAL_TYPE (TernMessageList, tern_message_list, TERN, MESSAGE_LIST, GObject)

TernMessageList *tern_message_list_new (TernEngine *engine, TernId folder);
TernId tern_message_list_get_folder (TernMessageList *self);
gboolean tern_message_list_is_ready (TernMessageList *self);
/* Position of a location, G_MAXUINT when it is not in the list. */
guint tern_message_list_find (TernMessageList *self, TernId id);
TernId tern_message_list_get_id (TernMessageList *self, guint position); /* 0 beyond the end */
/* Positions on screen: their pages are asked for first, the engine prefetches their bodies. */
void tern_message_list_set_visible (TernMessageList *self, guint first, guint last);

G_END_DECLS
