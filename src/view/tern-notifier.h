/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-application.h"
#include "tern-outbox-list.h"

G_BEGIN_DECLS

/**
 * TernNotifier:
 *
 * Announces new mail on the desktop, sender and subject, or a number when much comes at once, and
 * takes the announcement back when the message was read, here or elsewhere, or has gone; the
 * number, when that is so for all that it counts. Tells of mail in trouble when no window can.
 * Plain struct, owned by the application. Thread: UI.
 */
typedef struct _TernNotifier TernNotifier;

TernNotifier *tern_notifier_new (TernApplication *app, TernEngine *engine);
void tern_notifier_free (TernNotifier *self);
void tern_notifier_withdraw (TernNotifier *self, TernId id);
/* For a person who has closed the window by now: it opens the message that nobody got for editing,
 * else the window. */
void tern_notifier_tell_troubled (TernNotifier *self, TernOutboxItem *item);
void tern_notifier_withdraw_troubled (TernNotifier *self, TernId outbox);
/* Withdraws those that are in no trouble any more. */
void tern_notifier_check_troubled (TernNotifier *self, TernOutboxList *outbox);
/* Text of a mail as a notification may have it: nothing that a server could read as markup, no line
 * ends, about 200 characters. */
char *tern_notifier_dup_shown (const char *text);
/* The folder that a notified message is in, 0 when it is not known. */
TernId tern_notifier_get_folder (TernNotifier *self, TernId id);

G_END_DECLS
