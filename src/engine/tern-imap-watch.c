/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-notify-private.h"

#include "tern-backoff.h"
#include "tern-facts-from-fetch-private.h"
#include "tern-sync-writes-private.h"

/*
 * A session of its own for INBOX. When EXISTS comes, it fetches the new headers itself: nothing
 * that the other sessions do can stand in the way, and the message is stored one round trip later.
 */

#define POLL_SECONDS (2 * 60)
/* Messages that are taken at once; more of them are for a sync. */
#define MOST 5000

struct _TernImapWatch
{
  int refs;
  TernImapRemote *remote; /* (nullable) NULL once freed by its owner */
  TernStore *store;       /* (owned) */
  TernId inbox;
  TernImapSession *session; /* (owned) (nullable) */
  TernFolderRecord *folder; /* (owned) (nullable) */
  gboolean working;
  gboolean selected;
  guint32 uidvalidity;
  guint32 next;   /* the UID from which on messages are new to us */
  guint32 exists; /* messages in INBOX, without those that are known to have gone */
  gboolean fetching;
  gboolean again;         /* EXISTS came while fetching */
  gboolean flooded;       /* too much came with the fetch that runs */
  GPtrArray *facts;       /* (owned) of TernMessageFacts, of the fetch that runs */
  TernImapNotify *notify; /* (owned) (nullable) NULL once freed by its owner */
  TernBackoff backoff;
  GSource *timer; /* (owned) (nullable): next try, or next poll */
};

static void open_session (TernImapWatch *self);

static TernImapWatch *
watch_ref (TernImapWatch *self)
{
  self->refs++;
  return self;
}

static void
watch_unref (TernImapWatch *self)
{
  if (--self->refs > 0)
    return;
  g_clear_object (&self->session);
  g_clear_pointer (&self->folder, tern_folder_record_free);
  g_ptr_array_unref (self->facts);
  tern_store_unref (self->store);
  g_free (self);
}

static void
set_timer (TernImapWatch *self, guint milliseconds, GSourceFunc func)
{
  if (self->timer != NULL)
    {
      g_source_destroy (self->timer);
      g_clear_pointer (&self->timer, g_source_unref);
    }
  if (func == NULL)
    return;
  self->timer = g_timeout_source_new (milliseconds);
  g_source_set_callback (self->timer, func, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
}

static gboolean
on_retry (gpointer user_data)
{
  TernImapWatch *self = user_data;

  set_timer (self, 0, NULL);
  open_session (self);
  return G_SOURCE_REMOVE;
}

static void
try_later (TernImapWatch *self)
{
  self->working = FALSE;
  self->selected = FALSE;
  if (self->remote != NULL)
    {
      set_timer (self, tern_backoff_next_ms (&self->backoff), on_retry);
      tern_imap_remote_watch_changed (self->remote);
    }
}

/* New messages */

static void fetch_new (TernImapWatch *self);

static void
report_change (TernImapWatch *self)
{
  gpointer data = NULL;
  const TernRemoteEvents *events = tern_imap_remote_get_events (self->remote, &data);

  events->folder_changed (self->inbox, data);
}

static void
stored_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapWatch *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!tern_store_write_finish (self->store, result, NULL, &error))
    {
      g_warning ("new messages could not be stored: %s", error->message);
      /* "next" is past them: a sync brings them, or says why not, and the next SELECT begins where
       * the store is. */
      tern_imap_session_close (self->session);
      if (self->remote != NULL)
        report_change (self);
    }
  watch_unref (self);
}

static void
store_new (TernImapWatch *self)
{
  TernSyncBatch *batch = tern_sync_batch_new (self->inbox, self->uidvalidity);
  guint32 last = self->next - 1;

  for (guint i = 0; i < self->facts->len; i++)
    last = MAX (last, ((TernMessageFacts *) g_ptr_array_index (self->facts, i))->uid);
  g_ptr_array_extend_and_steal (batch->facts, g_steal_pointer (&self->facts));
  self->facts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_message_facts_unref);
  batch->how = TERN_LEDGER_PUSH;
  batch->fresh_from = 1;
  batch->range = TERN_SYNC_RANGE_UP;
  batch->from = self->next;
  batch->to = last + 1;
  self->next = last + 1;
  tern_sync_write_batch (self->store, G_PRIORITY_HIGH, batch, stored_cb, watch_ref (self));
}

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapWatch *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  self->fetching = FALSE;
  if (reply == NULL)
    g_debug ("watch: %s", error->message);
  if (self->facts->len > 0)
    store_new (self);
  if (reply != NULL && self->again && !self->flooded)
    fetch_new (self);
  watch_unref (self);
}

static void
fetch_new (TernImapWatch *self)
{
  g_autofree char *set = NULL;
  TernImapFetchItems items = TERN_IMAP_FETCH_HEADERS;

  if (self->remote == NULL)
    return;
  if (self->next == 0)
    {
      /* The server does not say where new messages begin: a sync finds out. */
      report_change (self);
      return;
    }
  self->again = self->fetching;
  if (self->fetching)
    return;
  self->fetching = TRUE;
  if (tern_imap_session_get_caps (self->session) & TERN_IMAP_CAP_CONDSTORE)
    items |= TERN_IMAP_FETCH_MODSEQ;
  set = g_strdup_printf ("%u:*", self->next);
  tern_imap_session_fetch_async (self->session, set, items, 0, NULL, fetched_cb, watch_ref (self));
}

/* Handlers */

static void
take_new (TernImapWatch *self, TernImapFetch *fetch)
{
  g_ptr_array_add (self->facts, tern_facts_from_fetch (fetch));
  if (self->facts->len <= MOST)
    return;
  /* The next SELECT begins where the store is by then. */
  self->flooded = TRUE;
  g_ptr_array_set_size (self->facts, 0);
  tern_imap_session_close (self->session);
  report_change (self);
}

static void
on_fetch (TernImapSession *session, TernImapFetch *fetch, gpointer data)
{
  TernImapWatch *self = data;

  if (self->remote == NULL || fetch->uid == 0)
    return;
  if ((fetch->has & TERN_IMAP_FETCH_ENVELOPE) == 0)
    tern_imap_remote_store_flags (self->remote, self->selected ? self->inbox : 0, fetch);
  else if (self->fetching && !self->flooded && fetch->uid >= self->next
           && (fetch->flags & TERN_FLAG_DELETED) == 0)
    take_new (self, fetch);
}

static void
on_vanished (TernImapSession *session, GArray *uids, gboolean earlier, gpointer data)
{
  TernImapWatch *self = data;
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (session);

  self->exists -= MIN (uids->len, self->exists);
  if (self->remote != NULL)
    tern_imap_remote_store_vanished (self->remote, self->selected ? self->inbox : 0, uids);
  if (self->remote != NULL && self->selected && mailbox != NULL && mailbox->doubtful)
    report_change (self);
}

static void
on_exists (TernImapSession *session, guint32 count, gpointer data)
{
  TernImapWatch *self = data;

  if (!self->selected)
    return;
  /* Some went, and the server did not say which: a sync finds out. */
  if (count < self->exists && self->remote != NULL)
    report_change (self);
  self->exists = count;
  fetch_new (self);
}

static void
on_status (TernImapSession *session, const TernImapStatus *status, gpointer data)
{
  TernImapWatch *self = data;

  /* Nothing was asked for before INBOX is selected, and INBOX speaks for itself. */
  if (self->notify != NULL && self->selected
      && g_strcmp0 (status->mailbox, self->folder->remote_name) != 0)
    tern_imap_notify_take_status (self->notify, status);
}

static void
on_list (TernImapSession *session, const TernImapList *list, gpointer data)
{
  TernImapWatch *self = data;

  if (self->notify != NULL && self->selected)
    tern_imap_notify_take_list (self->notify);
}

static void
on_overflow (TernImapSession *session, gpointer data)
{
  TernImapWatch *self = data;

  if (self->notify != NULL)
    tern_imap_notify_take_overflow (self->notify);
}

static void
on_closed (TernImapSession *session, const GError *error, gpointer data)
{
  TernImapWatch *self = data;

  g_debug ("watch closed: %s", error != NULL ? error->message : "as asked");
  if (self->remote != NULL)
    {
      try_later (self);
      /* If the network went, the other sessions had better notice now. */
      tern_imap_remote_probe (self->remote);
    }
  watch_unref (self);
}

static const TernImapHandlers watch_handlers = {
  .fetch = on_fetch,
  .vanished = on_vanished,
  .exists = on_exists,
  .status = on_status,
  .list = on_list,
  .overflow = on_overflow,
  .closed = on_closed,
};

/* Opening */

static void
polled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapWatch *self = user_data;
  TernImapReply *reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, NULL);

  g_clear_pointer (&reply, tern_imap_reply_free);
  watch_unref (self);
}

static gboolean
on_poll (gpointer user_data)
{
  TernImapWatch *self = user_data;

  tern_imap_session_noop_async (self->session, NULL, polled_cb, watch_ref (self));
  return G_SOURCE_CONTINUE;
}

static void
selected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapWatch *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (self->session);

  if (self->remote == NULL || reply == NULL || mailbox == NULL)
    {
      tern_imap_session_close (self->session);
      watch_unref (self);
      return;
    }
  self->working = TRUE;
  self->selected = TRUE;
  tern_backoff_reset (&self->backoff);
  self->uidvalidity = mailbox->uidvalidity;
  self->exists = mailbox->exists;
  self->next = mailbox->uidnext;
  if (self->folder->uidvalidity == mailbox->uidvalidity && self->folder->uidnext != 0)
    self->next = self->folder->uidnext;
  if (self->next < mailbox->uidnext)
    fetch_new (self);
  /* What changed between the last sync and this SELECT was told to nobody. */
  if (mailbox->modseq == 0 || mailbox->modseq != self->folder->modseq)
    report_change (self);
  tern_imap_notify_start (self->notify, self->session);
  if (tern_imap_session_get_caps (self->session) & TERN_IMAP_CAP_IDLE)
    tern_imap_session_start_idle (self->session);
  else
    set_timer (self, POLL_SECONDS * 1000, on_poll);
  watch_unref (self);
}

static gboolean
read_folder (TernReader *reader,
             gpointer data,
             GCancellable *cancellable,
             gpointer *result,
             GError **error)
{
  *result = tern_read_folder (reader, *(TernId *) data, error);
  return error == NULL || *error == NULL;
}

static void
folder_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapWatch *self = user_data;
  gpointer folder = NULL;
  gboolean ok = tern_store_read_finish (self->store, result, &folder, NULL);

  g_clear_pointer (&self->folder, tern_folder_record_free);
  self->folder = folder;
  if (self->remote == NULL || !ok || folder == NULL
      || self->folder->account != tern_imap_remote_get_account (self->remote))
    {
      tern_imap_session_close (self->session);
      watch_unref (self);
      return;
    }
  tern_imap_session_select_async (self->session, self->folder->remote_name, FALSE, 0, 0, NULL,
                                  selected_cb, self);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapWatch *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!tern_imap_session_open_finish (TERN_IMAP_SESSION (source), result, &error))
    {
      g_debug ("no connection to watch with: %s", error->message);
      try_later (self);
      watch_unref (self);
      return;
    }
  /* Until the session has closed. */
  watch_ref (self);
  if (self->remote == NULL)
    {
      tern_imap_session_close (self->session);
      watch_unref (self);
      return;
    }
  tern_store_read_async (self->store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, read_folder,
                         g_memdup2 (&self->inbox, sizeof self->inbox), g_free,
                         (GDestroyNotify) tern_folder_record_free, NULL, folder_cb, self);
}

static void
open_session (TernImapWatch *self)
{
  g_clear_object (&self->session);
  self->flooded = FALSE;
  self->session = tern_imap_remote_new_session (self->remote, "watch", &watch_handlers, self);
  tern_imap_session_open_async (self->session, tern_imap_remote_get_cancellable (self->remote),
                                opened_cb, watch_ref (self));
}

TernImapWatch *
tern_imap_watch_new (TernImapRemote *remote, TernId inbox)
{
  TernImapWatch *self = g_new0 (TernImapWatch, 1);
  TernBackoff backoff = TERN_BACKOFF_INIT (10 * 1000, 10 * 60 * 1000);

  self->refs = 1;
  self->remote = remote;
  self->store = tern_store_ref (tern_imap_remote_get_store (remote));
  self->inbox = inbox;
  self->facts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_message_facts_unref);
  self->notify = tern_imap_notify_new (remote);
  self->backoff = backoff;
  /* Until it turns out otherwise: "work" need not sit in INBOX. */
  self->working = TRUE;
  open_session (self);
  return self;
}

gboolean
tern_imap_watch_is_working (TernImapWatch *self)
{
  return self->working;
}

gboolean
tern_imap_watch_hears_all (TernImapWatch *self)
{
  return self->working && tern_imap_notify_hears_all (self->notify);
}

TernImapSession *
tern_imap_watch_get_session (TernImapWatch *self)
{
  return self->session;
}

void
tern_imap_watch_check (TernImapWatch *self)
{
  if (self->selected)
    tern_imap_session_noop_async (self->session, NULL, polled_cb, watch_ref (self));
  else if (self->timer != NULL && !self->working)
    on_retry (self);
}

void
tern_imap_watch_free (TernImapWatch *self)
{
  self->remote = NULL;
  g_clear_pointer (&self->notify, tern_imap_notify_free);
  set_timer (self, 0, NULL);
  if (self->selected)
    tern_imap_session_close (self->session);
  watch_unref (self);
}
