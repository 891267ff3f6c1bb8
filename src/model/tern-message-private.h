/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-message-list.h"

G_BEGIN_DECLS

/* What the list keeps in a row while it lives. */
typedef struct
{
  TernListKey key;
  gboolean wanted;    /* its record is missing or out of date */
  gboolean requested; /* a read that will bring it is under way */
  GList link;         /* in the list's cache; link.data is the row while it is cached */
} TernMessageState;

TernMessage *tern_message_new (const TernListKey *key);
TernMessageState *tern_message_get_state (TernMessage *self);
/* Takes @record and notifies once. */
void tern_message_take_record (TernMessage *self, TernMessageRecord *record);

G_END_DECLS
