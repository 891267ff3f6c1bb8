/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-remote-state-private.h"

/*
 * How full the mailbox is. Some servers count for long before they tell: nothing waits for it, and
 * it is not asked for often.
 */

#define HOLD_USEC (60 * 60 * (gint64) G_USEC_PER_SEC)

static void
told_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernImapRemote) self = user_data;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, NULL);

  self->quota_asking = FALSE;
  if (reply != NULL && !self->closed)
    self->events.quota (&self->quota, self->events_data);
}

void
tern_imap_quota_ask (TernImapRemote *self, TernImapSession *session, gboolean at_once)
{
  gint64 now = g_get_monotonic_time ();

  if (self->quota_asking || !(tern_imap_session_get_caps (session) & TERN_IMAP_CAP_QUOTA)
      || (!at_once && self->quota_asked != 0 && now - self->quota_asked < HOLD_USEC))
    return;
  self->quota_asking = TRUE;
  self->quota_asked = now;
  self->quota = (TernQuota){ { 0 } };
  tern_imap_session_quota_async (session, "INBOX", NULL, told_cb, g_object_ref (self));
}

void
tern_imap_quota_add (TernImapRemote *self, const TernQuota *quota)
{
  if (!self->quota_asking)
    return;
  tern_quota_use_add (&self->quota.storage, quota->storage.used, quota->storage.limit);
  tern_quota_use_add (&self->quota.messages, quota->messages.used, quota->messages.limit);
}
