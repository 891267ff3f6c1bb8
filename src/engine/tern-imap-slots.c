/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-remote-state-private.h"

#include "tern-fault.h"
#include "tern-limits.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * The sessions "work" and "hands": how they are opened and kept alive, and what becomes of what
 * they hear while no job asks for it.
 */

/* A server without IDLE is asked for news; one with it tells by itself, and a session that does not
 * listen is only kept from being thrown out (after 30 minutes, RFC 9051 section 5.4). */
#define POLL_SECONDS (2 * 60)
#define KEEP_SECONDS (9 * 60)
/* A connection that may have died unseen, while the machine slept say, is given so long. */
#define PROBE_MS (15 * 1000)

/* Handlers of "work" and "hands" */

/* Until a SELECT is carried out the server speaks of the mailbox before. */
static gboolean
speaks_of (TernImapSession *session, const char *name)
{
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (session);

  return mailbox != NULL && name != NULL && g_strcmp0 (mailbox->name, name) == 0;
}

static TernId
folder_meant (TernImapSlot *slot)
{
  if (slot->selected == 0 && speaks_of (slot->session, slot->left_mailbox))
    return slot->left;
  return slot->selected;
}

static void
on_fetch (TernImapSession *session, TernImapFetch *fetch, gpointer data)
{
  TernImapSlot *slot = data;
  TernImapJob *job = slot->job;

  if (job != NULL && job->klass->fetch != NULL && speaks_of (session, job->mailbox))
    job->klass->fetch (job, fetch);
  else
    tern_imap_remote_store_flags (slot->remote, folder_meant (slot), fetch);
}

/* Now, or when the job is over. */
static void
ask_for_sync (TernImapSlot *slot)
{
  TernImapRemote *self = slot->remote;

  if (slot->selected == 0)
    return;
  slot->grown = TRUE;
  if (slot->job == NULL && !self->closed)
    {
      slot->grown = FALSE;
      self->events.folder_changed (slot->selected, self->events_data);
    }
}

static void
on_vanished (TernImapSession *session, GArray *uids, gboolean earlier, gpointer data)
{
  TernImapSlot *slot = data;
  TernImapJob *job = slot->job;
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (session);

  if (job != NULL && job->klass->vanished != NULL && speaks_of (session, job->mailbox))
    job->klass->vanished (job, uids, earlier);
  else
    tern_imap_remote_store_vanished (slot->remote, folder_meant (slot), uids);
  /* A sync sees to it by itself. */
  if (mailbox != NULL && mailbox->doubtful && (job == NULL || !job->klass->is_long))
    ask_for_sync (slot);
}

static void
on_exists (TernImapSession *session, guint32 count, gpointer data)
{
  ask_for_sync (data);
}

static void
on_list (TernImapSession *session, const TernImapList *list, gpointer data)
{
  TernImapSlot *slot = data;

  if (slot->remote->listing != NULL)
    tern_imap_listing_add (slot->remote->listing, list);
}

static void
on_status (TernImapSession *session, const TernImapStatus *status, gpointer data)
{
  TernImapSlot *slot = data;

  if (slot->remote->listing != NULL)
    tern_imap_listing_add_status (slot->remote->listing, status);
}

static void
on_rights (TernImapSession *session, const char *mailbox, TernRights rights, gpointer data)
{
  TernImapSlot *slot = data;

  if (slot->remote->listing != NULL)
    tern_imap_listing_add_rights (slot->remote->listing, mailbox, rights);
}

static void
on_quota (TernImapSession *session, const TernQuota *quota, gpointer data)
{
  tern_imap_quota_add (((TernImapSlot *) data)->remote, quota);
}

/* RFC 9051, section 7.1: these words must be shown to the person. */
static void
on_alert (TernImapSession *session, const char *text, gpointer data)
{
  TernImapSlot *slot = data;
  /* Translators: %s is what a mail server has to say to its user. */
  g_autoptr (GError) words =
      tern_fault_new (TERN_FAULT_UNAVAILABLE, _ ("The server says: %s"), text);

  if (!slot->remote->closed)
    slot->remote->events.note (words, slot->remote->events_data);
}

static void
on_closed (TernImapSession *session, const GError *error, gpointer data)
{
  TernImapSlot *slot = data;
  TernImapRemote *self = slot->remote;

  slot->ready = FALSE;
  slot->selected = 0;
  if (slot == &self->work && !self->closed)
    {
      tern_remote_close (TERN_REMOTE (self));
      self->events.closed (error, self->events_data);
    }
  /* What waits for it was looked at while it was not known to be gone. */
  else if (!self->closed)
    tern_imap_remote_schedule (self);
  /* The session's hold on the remote, taken when it was opened. */
  g_object_unref (self);
}

static const TernImapHandlers slot_handlers = {
  .fetch = on_fetch,
  .vanished = on_vanished,
  .exists = on_exists,
  .list = on_list,
  .status = on_status,
  .quota = on_quota,
  .rights = on_rights,
  .alert = on_alert,
  .closed = on_closed,
};

TernImapSession *
tern_imap_slot_new_session (TernImapSlot *slot)
{
  return tern_imap_remote_new_session (slot->remote, slot->label, &slot_handlers, slot);
}

/* A session that died tells its commands first and its owner last. */
gboolean
tern_imap_slot_can_work (TernImapSlot *slot)
{
  return slot->ready && tern_imap_session_get_state (slot->session) < TERN_IMAP_LEAVING;
}

static void
forget_mailbox (TernImapSlot *slot, const char *name, char delimiter)
{
  const TernImapMailbox *mailbox =
      slot->session != NULL ? tern_imap_session_get_mailbox (slot->session) : NULL;
  gsize length = strlen (name);

  if (mailbox == NULL || mailbox->name == NULL || strncmp (mailbox->name, name, length) != 0
      || (mailbox->name[length] != '\0'
          && (delimiter == '\0' || mailbox->name[length] != delimiter)))
    return;
  slot->selected = 0;
  slot->grown = FALSE;
}

void
tern_imap_remote_forget_mailbox (TernImapRemote *self, const char *name, char delimiter)
{
  forget_mailbox (&self->work, name, delimiter);
  forget_mailbox (&self->hands, name, delimiter);
}

/* The second pair of hands */

static void
hands_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernImapRemote) self = user_data;
  g_autoptr (GError) error = NULL;

  self->hands_opening = FALSE;
  if (!tern_imap_session_open_finish (TERN_IMAP_SESSION (source), result, &error))
    {
      g_debug ("no further connection: %s", error->message);
      self->hands_refused = TRUE;
    }
  else
    {
      g_object_ref (self);
      if (self->closed)
        tern_imap_session_close (self->hands.session);
      else
        self->hands.ready = TRUE;
    }
  if (!self->closed)
    tern_imap_remote_schedule (self);
}

static void
retire_session (TernImapRemote *self, TernImapSlot *slot)
{
  if (slot->session == NULL)
    return;
  self->bytes_in += tern_imap_session_get_bytes_in (slot->session);
  self->bytes_out += tern_imap_session_get_bytes_out (slot->session);
  self->round_trips += tern_imap_session_get_round_trips (slot->session);
  g_clear_object (&slot->session);
}

void
tern_imap_remote_want_hands (TernImapRemote *self)
{
  gboolean wanted = FALSE;

  if (self->hands.ready || self->hands_opening || self->hands_refused
      || !tern_imap_slot_can_work (&self->work))
    return;
  for (GList *link = self->queue.head; link != NULL && !wanted; link = link->next)
    wanted = !((TernImapJob *) link->data)->klass->is_long;
  if (!wanted)
    return;
  self->hands_opening = TRUE;
  retire_session (self, &self->hands);
  self->hands.session = tern_imap_slot_new_session (&self->hands);
  tern_imap_session_open_async (self->hands.session, self->cancellable, hands_opened_cb,
                                g_object_ref (self));
}

/* Keeping them alive */

static void
polled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  TernImapReply *reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply == NULL)
    g_debug ("poll: %s", error->message);
  else
    tern_imap_session_set_silence (TERN_IMAP_SESSION (source), TERN_TIMEOUT_SILENCE * 1000);
  g_clear_pointer (&reply, tern_imap_reply_free);
  g_object_unref (TERN_IMAP_REMOTE (user_data));
}

static void
noop (TernImapRemote *self, TernImapSlot *slot)
{
  if (tern_imap_slot_can_work (slot) && slot->job == NULL)
    tern_imap_session_noop_async (slot->session, NULL, polled_cb, g_object_ref (self));
}

static void
probe (TernImapRemote *self, TernImapSlot *slot)
{
  if (!tern_imap_slot_can_work (slot) || slot->job != NULL)
    return;
  tern_imap_session_set_silence (slot->session, PROBE_MS);
  noop (self, slot);
}

void
tern_imap_remote_probe (TernImapRemote *self)
{
  probe (self, &self->work);
  probe (self, &self->hands);
}

static gboolean
on_poll (gpointer user_data)
{
  TernImapRemote *self = user_data;

  if (tern_imap_session_get_state (self->work.session) != TERN_IMAP_IDLING)
    noop (self, &self->work);
  /* The second pair of hands goes when nobody has needed it: it is opened again in a moment. */
  if (self->hands_used)
    noop (self, &self->hands);
  else if (tern_imap_slot_can_work (&self->hands) && self->hands.job == NULL)
    tern_imap_session_close (self->hands.session);
  self->hands_used = FALSE;
  return G_SOURCE_CONTINUE;
}

void
tern_imap_remote_start_poll (TernImapRemote *self)
{
  gboolean idle = (tern_imap_session_get_caps (self->work.session) & TERN_IMAP_CAP_IDLE) != 0;

  self->poll = g_timeout_source_new_seconds (idle ? KEEP_SECONDS : POLL_SECONDS);
  g_source_set_callback (self->poll, on_poll, self, NULL);
  g_source_attach (self->poll, g_main_context_get_thread_default ());
}
