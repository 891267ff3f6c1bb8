/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-remote-private.h"

G_BEGIN_DECLS

/**
 * TernImapNotify:
 *
 * NOTIFY (RFC 5465): the session that waits for news of INBOX hears of the other mailboxes too, as
 * STATUS of what changed. What differs from the store is reported as a change of that folder.
 * Thread: the account's worker.
 */
typedef struct _TernImapNotify TernImapNotify;

TernImapNotify *tern_imap_notify_new (TernImapRemote *remote);
void tern_imap_notify_free (TernImapNotify *self);

/* @session has INBOX selected. A server that refuses is as good without: the listing that comes
 * every few minutes finds what it finds. */
void tern_imap_notify_start (TernImapNotify *self, TernImapSession *session);
void tern_imap_notify_take_status (TernImapNotify *self, const TernImapStatus *status);
/* A mailbox came, went or was renamed; or there was more than the server could tell, and it has
 * stopped telling. */
void tern_imap_notify_take_list (TernImapNotify *self);
void tern_imap_notify_take_overflow (TernImapNotify *self);
/* The server has agreed, and still tells. */
gboolean tern_imap_notify_hears_all (TernImapNotify *self);

G_END_DECLS
