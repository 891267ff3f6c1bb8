/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-sync-private.h"

#include <glib/gi18n.h>

/* The first window is small, so that the first screen is there at once. */
#define FIRST_WINDOW 200
/* How often the UIDs of a folder that is synced anyway are compared with the server's. */
#define COMPARE_SECONDS (24 * 60 * 60)
/* A range of UIDs up to this is asked for as it is; beyond, it is searched first for gaps. */
#define DENSE_RANGE 2000

/* What the sync begins with is read in the writer's order: the outcome of a rename that has just
 * ended may be queued there, and the old name is nothing, or another folder, by now. */

static gboolean
read_folder (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  *result = tern_read_folder (tern_txn_reader (txn), *(TernId *) data, error);
  return error == NULL || *error == NULL;
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;
  GError *error = NULL;
  gpointer value = NULL;
  TernFolderRecord *folder;

  self->waiting--;
  if (!tern_store_write_finish (tern_imap_sync_get_store (self), result, &value, &error))
    tern_imap_sync_take_error (self, error);
  folder = value;
  /* What this server has under the name of another account's folder must not get into that. */
  if (folder != NULL
      && (folder->remote_name == NULL
          || folder->account != tern_imap_remote_get_account (self->job.remote)))
    {
      g_clear_pointer (&folder, tern_folder_record_free);
      tern_imap_sync_take_error (
          self, tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("There is no such folder.")));
    }
  g_clear_pointer (&self->folder, tern_folder_record_free);
  self->folder = folder;
  if (self->folder != NULL)
    self->compare =
        g_get_real_time () / G_USEC_PER_SEC - self->folder->compare_tried >= COMPARE_SECONDS;
  /* A sync that did not come to its end may have been one after a change of UIDVALIDITY: what it
   * would have removed is still to be removed. */
  if (self->folder != NULL)
    self->rematch |= self->folder->uidnext == 0 || self->folder->backfill != 1;
  /* It was deleted from here since it was listed: then nothing is left to sync. */
  self->step = self->folder != NULL ? TERN_IMAP_SYNC_SELECT : TERN_IMAP_SYNC_DONE;
  tern_imap_sync_advance (self);
}

static gboolean
read_waiting (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  *result = tern_read_waiting (tern_txn_reader (txn), *(TernId *) data, error);
  return *result != NULL;
}

static void
read_waiting_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;
  GError *error = NULL;
  gpointer ids = NULL;

  self->waiting--;
  if (!tern_store_write_finish (tern_imap_sync_get_store (self), result, &ids, &error))
    tern_imap_sync_take_error (self, error);
  g_clear_pointer (&self->expected, g_array_unref);
  self->expected = ids;
  tern_imap_sync_advance (self);
}

void
tern_imap_sync_step_read (TernImapSync *self)
{
  self->waiting += 2;
  tern_store_write_async (tern_imap_sync_get_store (self), G_PRIORITY_HIGH, read_waiting,
                          g_memdup2 (&self->job.folder, sizeof self->job.folder), g_free,
                          (GDestroyNotify) g_array_unref, read_waiting_cb, self);
  tern_store_write_async (tern_imap_sync_get_store (self), G_PRIORITY_HIGH, read_folder,
                          g_memdup2 (&self->job.folder, sizeof self->job.folder), g_free,
                          (GDestroyNotify) tern_folder_record_free, read_cb, self);
}

static void
nooped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  self->waiting--;
  if (reply == NULL)
    tern_imap_sync_take_error (self, error);
  tern_imap_sync_advance (self);
}

static void
rematch_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;
  GError *error = NULL;
  gpointer ids = NULL;

  self->unwritten--;
  self->folder->uidnext = 0;
  self->folder->modseq = 0;
  self->folder->backfill = 0;
  if (!tern_store_write_finish (tern_imap_sync_get_store (self), result, &ids, &error))
    tern_imap_sync_take_error (self, error);
  g_clear_pointer (&self->expected, g_array_unref);
  self->expected = ids;
  tern_imap_sync_advance (self);
}

/* The other session may have renamed it since it was read: that is over before the next try. */
static gboolean
name_may_be_old (TernImapSync *self, const GError *error)
{
  return (tern_fault_is (error, TERN_FAULT_NOT_FOUND) || tern_fault_is (error, TERN_FAULT_REFUSED))
         && g_strcmp0 (self->denied, self->folder->remote_name) != 0;
}

static void
selected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply = g_task_propagate_pointer (G_TASK (result), &error);
  const TernImapMailbox *mailbox =
      tern_imap_session_get_mailbox (tern_imap_sync_get_session (self));

  self->waiting--;
  self->step = TERN_IMAP_SYNC_CHANGES;
  if (reply == NULL && name_may_be_old (self, error))
    {
      g_free (self->denied);
      self->denied = g_strdup (self->folder->remote_name);
      g_error_free (error);
      tern_imap_sync_yield (self);
      return;
    }
  if (reply == NULL || mailbox == NULL)
    {
      tern_imap_sync_take_error (
          self, error != NULL
                    ? error
                    : tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("The connection ended.")));
      tern_imap_sync_advance (self);
      return;
    }
  self->uidvalidity = mailbox->uidvalidity;
  self->uidnext = self->live ? 0 : mailbox->uidnext;
  self->modseq = self->live ? 0 : mailbox->modseq;
  if (self->folder->uidvalidity != 0 && self->folder->uidvalidity != self->uidvalidity)
    {
      self->rematch = TRUE;
      g_array_set_size (self->changes, 0);
      g_array_set_size (self->vanished, 0);
      self->unwritten++;
      tern_sync_write_rematch (tern_imap_sync_get_store (self), self->folder->id, self->uidvalidity,
                               rematch_cb, self);
      return;
    }
  tern_imap_sync_advance (self);
}

void
tern_imap_sync_step_select (TernImapSync *self)
{
  /* Another job has selected it, and nobody has asked what came before that: this one does. */
  if (self->job.slot->caught_up != self->folder->id)
    tern_imap_session_doubt_mailbox (tern_imap_sync_get_session (self));
  self->resynced =
      self->folder->uidvalidity != 0 && self->folder->modseq != 0 && self->folder->uidnext != 0
      && (tern_imap_session_get_caps (tern_imap_sync_get_session (self)) & TERN_IMAP_CAP_QRESYNC);
  self->waiting++;
  tern_imap_job_select (&self->job, self->folder, 0, self->resynced, &self->live, selected_cb);
}

static void
flags_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;

  if (!g_task_had_error (G_TASK (result)))
    {
      /* What is told from now on and cannot be written makes it stale anew. */
      tern_imap_remote_set_stale (self->job.remote, self->folder->id, FALSE);
      self->job.slot->caught_up = self->folder->id;
    }
  nooped_cb (source, result, user_data);
}

void
tern_imap_sync_step_changes (TernImapSync *self)
{
  TernImapSession *session = tern_imap_sync_get_session (self);
  gboolean stale = tern_imap_remote_is_stale (self->job.remote, self->folder->id);
  gboolean condstore = (tern_imap_session_get_caps (session) & TERN_IMAP_CAP_CONDSTORE) != 0
                       && self->folder->modseq != 0 && (self->live || self->modseq != 0);
  g_autofree char *set = NULL;

  self->step = self->folder->uidnext == 0 ? TERN_IMAP_SYNC_FIRST : TERN_IMAP_SYNC_NEW;
  if (self->step == TERN_IMAP_SYNC_FIRST)
    {
      self->job.slot->caught_up = self->folder->id;
      tern_imap_sync_advance (self);
      return;
    }
  if (self->live && !stale)
    {
      self->waiting++;
      tern_imap_session_noop_async (session, NULL, nooped_cb, self);
      return;
    }
  if ((!stale && (self->resynced || (condstore && self->modseq == self->folder->modseq)))
      || tern_imap_sync_get_exists (self) == 0
      || self->folder->uidnext <= MAX (self->folder->backfill, 1))
    {
      self->job.slot->caught_up = self->folder->id;
      tern_imap_sync_advance (self);
      return;
    }
  set = g_strdup_printf ("%u:%u", MAX (self->folder->backfill, 1), self->folder->uidnext - 1);
  self->waiting++;
  tern_imap_session_fetch_async (
      session, set,
      condstore ? TERN_IMAP_FETCH_FLAGS | TERN_IMAP_FETCH_MODSEQ : TERN_IMAP_FETCH_FLAGS,
      condstore ? self->folder->modseq : 0, NULL, flags_cb, self);
}

/* The plan for a range comes from a search, when the range may have gaps. */
static void
planned_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  self->waiting--;
  if (reply == NULL)
    tern_imap_sync_take_error (self, error);
  else
    {
      g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));

      for (guint i = 0; reply->uids != NULL && i < reply->uids->len; i++)
        {
          guint32 uid = g_array_index (reply->uids, guint32, i);

          if (self->range == TERN_SYNC_RANGE_DOWN ? uid < self->edge : uid >= self->edge)
            g_array_append_val (uids, uid);
        }
      tern_imap_sync_set_plan (self, self->range, g_steal_pointer (&uids));
    }
  tern_imap_sync_advance (self);
}

static void
search_range (TernImapSync *self, guint32 low, guint32 high)
{
  g_autofree char *criteria = high == G_MAXUINT32 ? g_strdup_printf ("UID %u:*", low)
                                                  : g_strdup_printf ("UID %u:%u", low, high);

  self->waiting++;
  tern_imap_session_search_async (tern_imap_sync_get_session (self), criteria, NULL, planned_cb,
                                  self);
}

void
tern_imap_sync_step_first (TernImapSync *self)
{
  guint32 next = self->uidnext;
  TernImapSyncWindow *window;

  self->fresh = TRUE;
  self->step = TERN_IMAP_SYNC_BACKFILL;
  self->range = TERN_SYNC_RANGE_DOWN;
  self->window_size = FIRST_WINDOW;
  if (tern_imap_sync_get_exists (self) == 0)
    {
      self->step = TERN_IMAP_SYNC_FLUSH;
      tern_imap_sync_advance (self);
      return;
    }
  if (next == 0)
    {
      /* Not told: everything, by a search; what arrives meanwhile is for the next sync. */
      self->edge = G_MAXUINT32;
      search_range (self, 1, G_MAXUINT32);
      return;
    }
  self->edge = next > FIRST_WINDOW ? next - FIRST_WINDOW : 1;
  window = tern_imap_sync_push_window (self, self->edge, next - 1);
  window->batch->from = next;
  window->batch->to = MAX (self->edge, TERN_IMAP_SYNC_LOWEST);
  self->window_size = FIRST_WINDOW * 2;
  if (self->edge > 1)
    search_range (self, 1, self->edge - 1);
}

void
tern_imap_sync_step_new (TernImapSync *self)
{
  guint32 from = self->folder->uidnext;
  TernImapSyncWindow *window;

  /* It is of messages that are here: another session may be told what is newer meanwhile. */
  tern_imap_sync_write_changes (self);
  self->step = TERN_IMAP_SYNC_BACKFILL;
  self->range = TERN_SYNC_RANGE_UP;
  self->edge = from;
  self->window_size = FIRST_WINDOW;
  if (self->uidnext != 0 && self->uidnext <= from)
    {
      tern_imap_sync_advance (self);
      return;
    }
  if (self->uidnext != 0 && self->uidnext - from > DENSE_RANGE)
    {
      search_range (self, from, G_MAXUINT32);
      return;
    }
  window = tern_imap_sync_push_window (self, from, G_MAXUINT32);
  window->batch->from = from;
}

/* Comes here with the plan for the first sync or the new messages still at work. */
void
tern_imap_sync_step_backfill (TernImapSync *self)
{
  guint32 backfill = self->folder->backfill;

  if (self->waiting > 0 || !tern_imap_sync_work_on_plan (self))
    return;
  if (self->range == TERN_SYNC_RANGE_DOWN || backfill <= 1)
    {
      self->step = TERN_IMAP_SYNC_FLUSH;
      tern_imap_sync_advance (self);
      return;
    }
  tern_imap_sync_set_plan (self, TERN_SYNC_RANGE_DOWN, NULL);
  self->edge = backfill;
  self->window_size = FIRST_WINDOW;
  search_range (self, 1, backfill - 1);
}

static gboolean
read_uids (TernReader *reader,
           gpointer data,
           GCancellable *cancellable,
           gpointer *result,
           GError **error)
{
  *result = tern_read_uids (reader, *(TernId *) data, error);
  return *result != NULL;
}

/* Of a mailbox that was selected all the time only the changes are known; when STATUS does not
 * agree with what came of them, they are not believed. */
static gboolean
wants_listing (TernImapSync *self)
{
  return self->compare || self->doubted || (self->live && self->folder->remote_total < 0);
}

static void
counted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;
  GError *error = NULL;
  gpointer uids = NULL;

  self->waiting--;
  if (!tern_store_read_finish (tern_imap_sync_get_store (self), result, &uids, &error))
    tern_imap_sync_take_error (self, error);
  g_clear_pointer (&self->local, g_array_unref);
  self->local = uids;
  self->compared =
      self->error == NULL && self->fresh && self->local->len == tern_imap_sync_get_exists (self);
  self->listed = self->error == NULL ? self->local->len : 0;
  if (self->compared
      || (self->error == NULL && !wants_listing (self)
          && self->local->len == tern_imap_sync_get_exists (self)))
    self->step = TERN_IMAP_SYNC_END;
  else
    self->step = TERN_IMAP_SYNC_LIST;
  tern_imap_sync_advance (self);
}

void
tern_imap_sync_step_count (TernImapSync *self)
{
  self->waiting++;
  tern_store_read_async (tern_imap_sync_get_store (self), TERN_LANE_SLOW, G_PRIORITY_DEFAULT,
                         read_uids, g_memdup2 (&self->folder->id, sizeof self->folder->id), g_free,
                         (GDestroyNotify) g_array_unref, NULL, counted_cb, self);
}

/* Both sorted: what is in @a and not in @b. */
static GArray *
difference (const GArray *a, const GArray *b)
{
  GArray *rest = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint j = 0;

  for (guint i = 0; i < a->len; i++)
    {
      guint32 uid = g_array_index (a, guint32, i);

      while (j < b->len && g_array_index (b, guint32, j) < uid)
        j++;
      if (j >= b->len || g_array_index (b, guint32, j) != uid)
        g_array_append_val (rest, uid);
    }
  return rest;
}

/* Only a listing that agrees with the count is complete; one without the deleted ones must agree
 * with the first at least. */
static gboolean
is_complete (TernImapSync *self, const GArray *listing)
{
  return listing->len
         == (tern_imap_sync_hides_deleted (self) ? self->listed : tern_imap_sync_get_exists (self));
}

/* @listing is complete, and the second one. */
static void
believe_removals (TernImapSync *self, const GArray *listing)
{
  g_autoptr (GArray) gone = difference (self->suspects, listing);

  if (gone->len == 0)
    return;
  self->counts.removed += gone->len;
  self->unwritten++;
  tern_sync_write_removed (tern_imap_sync_get_store (self), self->folder->id,
                           g_steal_pointer (&gone), TERN_LEDGER_LISTING, tern_imap_sync_written_cb,
                           self);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);
  g_autoptr (GArray) none = g_array_new (FALSE, FALSE, sizeof (guint32));
  const GArray *listing = reply != NULL && reply->uids != NULL ? reply->uids : none;

  self->waiting--;
  if (reply == NULL)
    tern_imap_sync_take_error (self, error);
  else if (self->step == TERN_IMAP_SYNC_LIST)
    {
      tern_imap_sync_set_plan (self, TERN_SYNC_RANGE_KEEP, difference (listing, self->local));
      self->suspects = difference (self->local, listing);
      self->listed = listing->len;
      if (self->live && listing->len > tern_imap_sync_get_exists (self))
        tern_imap_session_doubt_mailbox (tern_imap_sync_get_session (self));
      /* Without the deleted ones it has no number to agree with, so it may lack nothing. */
      self->compared = tern_imap_sync_hides_deleted (self) ? self->suspects->len == 0
                                                           : is_complete (self, listing);
      self->step = TERN_IMAP_SYNC_MISSING;
    }
  else
    {
      self->step = TERN_IMAP_SYNC_END;
      self->compared = is_complete (self, listing);
      if (self->compared)
        believe_removals (self, listing);
      self->listed = listing->len;
    }
  tern_imap_sync_advance (self);
}

void
tern_imap_sync_step_list (TernImapSync *self)
{
  self->waiting++;
  tern_imap_session_search_async (tern_imap_sync_get_session (self),
                                  tern_imap_sync_hides_deleted (self) ? "UNDELETED" : "ALL", NULL,
                                  listed_cb, self);
}

void
tern_imap_sync_step_missing (TernImapSync *self)
{
  if (!tern_imap_sync_work_on_plan (self))
    return;
  self->step = self->suspects->len > 0 ? TERN_IMAP_SYNC_LIST_AGAIN : TERN_IMAP_SYNC_END;
  tern_imap_sync_advance (self);
}

void
tern_imap_sync_step_end (TernImapSync *self)
{
  /* After a change of UIDVALIDITY everything has been fetched. */
  gboolean complete = (self->local != NULL || self->rematch) && self->refused->len == 0;
  const TernImapMailbox *mailbox =
      tern_imap_session_get_mailbox (tern_imap_sync_get_session (self));
  TernSyncEnd end = { .folder = self->folder->id,
                      .uidvalidity = self->uidvalidity,
                      .uidnext = self->uidnext,
                      .modseq = self->modseq,
                      .total = tern_imap_sync_get_exists (self),
                      .expected = complete ? self->expected : NULL,
                      .compare_tried = self->compared || self->suspects != NULL,
                      .compared = self->compared,
                      .listed = self->listed,
                      .mailbox_id = mailbox != NULL ? mailbox->mailbox_id : NULL };

  self->step = TERN_IMAP_SYNC_DONE;
  self->unwritten++;
  tern_sync_write_end (tern_imap_sync_get_store (self), &end, tern_imap_sync_written_cb, self);
}
