/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-remote-private.h"

#include <glib/gi18n.h>

#include "tern-facts-from-fetch-private.h"
#include "tern-sync-writes-private.h"

/*
 * The sync of one folder. What is new or unknown is fetched in windows, newest first, several in
 * flight; what is known is brought up to date by the best means that the server has: QRESYNC, else
 * CONDSTORE, else the flags of everything. At the end the number of messages must agree; if it does
 * not, the UIDs are listed, and what two listings lack is believed to be gone.
 */

/* The first window is small, so that the first screen is there at once. */
#define FIRST_WINDOW   200
#define LARGEST_WINDOW 2000
#define MAX_WINDOWS    3
/* Headers per transaction, and transactions that may wait for the writer: memory is bounded. */
#define BATCH         500
#define MAX_UNWRITTEN 8
/* A range of UIDs up to this is asked for as it is; beyond, it is searched first for gaps. */
#define DENSE_RANGE 2000

typedef enum
{
  STEP_READ,
  STEP_SELECT,
  STEP_CHANGES,
  STEP_FIRST,    /* nothing is known: the newest window */
  STEP_NEW,      /* above the known range */
  STEP_BACKFILL, /* below it */
  STEP_FLUSH,    /* what came untagged meanwhile */
  STEP_COUNT,
  STEP_LIST,
  STEP_MISSING,
  STEP_LIST_AGAIN,
  STEP_END,
  STEP_DONE,
} Step;

typedef struct _TernImapSync TernImapSync;

typedef struct
{
  TernImapSync *sync;
  guint32 low;
  guint32 high; /* G_MAXUINT32: open, "low:*" */
  guint32 last; /* highest UID that came */
  TernSyncBatch *batch;
} Window;

struct _TernImapSync
{
  TernImapJob job;
  Step step;
  TernFolderRecord *folder; /* (owned) as stored when the sync began */
  gboolean live;
  gboolean resynced;
  gboolean rematch;
  guint32 uidvalidity;
  guint32 uidnext; /* 0 = not told */
  guint64 modseq;
  GArray *changes;  /* (owned) of TernFlagChange */
  GArray *vanished; /* (owned) of guint32 */
  GArray *local;    /* (owned) (nullable) of guint32 */
  GArray *suspects; /* (owned) (nullable) of guint32: here, but not in the first listing */
  guint listed;     /* UIDs in the first listing */
  GArray *plan;     /* (owned) (nullable) of guint32: what windows are cut from */
  guint plan_taken;
  TernSyncRange range;
  guint32 edge; /* where the covered range ends now */
  guint window_size;
  GQueue windows; /* of Window, in flight, oldest first */
  guint unwritten;
  guint waiting; /* for other answers */
  gint64 done;
  TernSyncCounts counts;
  GError *error;
};

static void advance (TernImapSync *self);

static TernStore *
sync_store (TernImapSync *self)
{
  return tern_imap_remote_get_store (self->job.remote);
}

static TernImapSession *
sync_session (TernImapSync *self)
{
  return self->job.slot->session;
}

static void
take_error (TernImapSync *self, GError *error)
{
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
}

static guint32
current_exists (TernImapSync *self)
{
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (sync_session (self));

  return mailbox != NULL ? mailbox->exists : 0;
}

/* Writing */

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;
  GError *error = NULL;

  self->unwritten--;
  if (!tern_store_write_finish (sync_store (self), result, NULL, &error))
    take_error (self, error);
  advance (self);
}

static void
report_progress (TernImapSync *self)
{
  gpointer data = NULL;
  const TernRemoteEvents *events = tern_imap_remote_get_events (self->job.remote, &data);

  if (!tern_imap_remote_is_closed (self->job.remote))
    events->progress (self->folder->path, self->done, current_exists (self), data);
}

static void
write_window (TernImapSync *self, Window *window, gboolean complete)
{
  TernSyncBatch *batch = window->batch;

  window->batch = NULL;
  if (complete && batch->facts->len == 0 && batch->range == TERN_SYNC_RANGE_UP)
    {
      tern_sync_batch_free (batch);
      return;
    }
  self->counts.added += batch->facts->len;
  self->done += batch->facts->len;
  if (!complete)
    {
      window->batch = tern_sync_batch_new (batch->folder, batch->uidvalidity);
      window->batch->fresh = batch->fresh;
      window->batch->range = batch->range;
      window->batch->from = batch->from;
      window->batch->to = batch->to;
      window->batch->uidnext = batch->uidnext;
      window->batch->modseq = batch->modseq;
      batch->range = TERN_SYNC_RANGE_KEEP;
    }
  self->unwritten++;
  tern_sync_write_batch (
      sync_store (self),
      self->job.urgency == TERN_URGENCY_SYNC ? G_PRIORITY_DEFAULT : G_PRIORITY_HIGH, batch,
      written_cb, self);
  report_progress (self);
}

/* Applies what came untagged, in slices: others write between them. */
static void
write_changes (TernImapSync *self)
{
  TernStore *store = sync_store (self);

  for (guint start = 0; start < self->changes->len; start += BATCH)
    {
      GArray *slice = tern_flag_changes_new ();
      guint end = MIN (self->changes->len, start + BATCH);

      for (guint i = start; i < end; i++)
        {
          TernFlagChange *change = &g_array_index (self->changes, TernFlagChange, i);

          g_array_append_val (slice, *change);
          change->keywords = NULL;
        }
      self->unwritten++;
      tern_sync_write_flags (store, self->folder->id, slice, written_cb, self);
    }
  self->counts.changed += self->changes->len;
  g_array_set_size (self->changes, 0);
  if (self->vanished->len > 0)
    {
      self->counts.removed += self->vanished->len;
      self->unwritten++;
      tern_sync_write_removed (store, self->folder->id, g_steal_pointer (&self->vanished),
                               written_cb, self);
      self->vanished = g_array_new (FALSE, FALSE, sizeof (guint32));
    }
}

/* Windows */

static void
free_window (Window *window)
{
  g_clear_pointer (&window->batch, tern_sync_batch_free);
  g_free (window);
}

static void
window_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Window *window = user_data;
  TernImapSync *self = window->sync;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  g_queue_remove (&self->windows, window);
  if (reply == NULL)
    take_error (self, error);
  else if (self->error == NULL)
    {
      if (window->high == G_MAXUINT32)
        window->batch->to = MAX (window->last, window->low - 1) + 1;
      self->uidnext =
          MAX (self->uidnext,
               window->batch->range == TERN_SYNC_RANGE_UP ? window->batch->to : self->uidnext);
      write_window (self, window, TRUE);
    }
  free_window (window);
  advance (self);
}

static Window *
push_window (TernImapSync *self, guint32 low, guint32 high, const char *set)
{
  Window *window = g_new0 (Window, 1);
  TernImapFetchItems items = TERN_IMAP_FETCH_HEADERS;
  g_autofree char *range = NULL;

  window->sync = self;
  window->low = low;
  window->high = high;
  window->batch = tern_sync_batch_new (self->folder->id, self->uidvalidity);
  window->batch->range = self->range;
  window->batch->modseq = self->modseq;
  window->batch->uidnext = self->uidnext;
  window->batch->fresh = self->range == TERN_SYNC_RANGE_UP && self->folder->role == TERN_ROLE_INBOX;
  if (set != NULL)
    range = g_strdup (set);
  else if (high == G_MAXUINT32)
    range = g_strdup_printf ("%u:*", low);
  else
    range = g_strdup_printf ("%u:%u", low, high);
  if (tern_imap_session_get_caps (sync_session (self)) & TERN_IMAP_CAP_CONDSTORE)
    items |= TERN_IMAP_FETCH_MODSEQ;
  g_queue_push_tail (&self->windows, window);
  tern_imap_session_fetch_async (sync_session (self), range, items, 0, NULL, window_cb, window);
  return window;
}

static void
push_window_down (TernImapSync *self)
{
  guint rest = self->plan->len - self->plan_taken;
  guint take = MIN (self->window_size, rest);
  guint32 low = take == rest ? 1 : g_array_index (self->plan, guint32, rest - take);
  Window *window = push_window (self, low, self->edge - 1, NULL);

  window->batch->from = self->edge;
  window->batch->to = low;
  self->plan_taken += take;
  self->edge = low;
}

static void
push_window_up (TernImapSync *self)
{
  guint take = MIN (self->window_size, self->plan->len - self->plan_taken);
  guint32 high = g_array_index (self->plan, guint32, self->plan_taken + take - 1);
  Window *window = push_window (self, self->edge, high, NULL);

  window->batch->from = self->edge;
  window->batch->to = high + 1;
  self->plan_taken += take;
  self->edge = high + 1;
}

static void
push_window_of_set (TernImapSync *self)
{
  guint take = MIN (BATCH, self->plan->len - self->plan_taken);
  const guint32 *uids = &g_array_index (self->plan, guint32, self->plan_taken);
  g_autofree char *set = tern_imap_set_format (uids, take);

  push_window (self, uids[0], uids[take - 1], set);
  self->plan_taken += take;
}

/* Returns TRUE when the plan is carried out. */
static gboolean
work_on_plan (TernImapSync *self)
{
  while (self->error == NULL && self->plan != NULL && self->plan_taken < self->plan->len
         && self->windows.length < MAX_WINDOWS && self->unwritten < MAX_UNWRITTEN
         && !tern_imap_job_should_yield (&self->job))
    {
      if (self->range == TERN_SYNC_RANGE_DOWN)
        push_window_down (self);
      else if (self->range == TERN_SYNC_RANGE_UP)
        push_window_up (self);
      else
        push_window_of_set (self);
      self->window_size = MIN (self->window_size * 2, LARGEST_WINDOW);
    }
  return self->windows.length == 0 && self->unwritten == 0
         && (self->plan == NULL || self->plan_taken >= self->plan->len);
}

static void
set_plan (TernImapSync *self, TernSyncRange range, GArray *uids)
{
  g_clear_pointer (&self->plan, g_array_unref);
  self->plan = uids;
  self->plan_taken = 0;
  self->range = range;
}

/* Untagged data */

/* Without UIDPLUS what was moved away by hand stays behind, marked: it cannot be expunged without
 * taking others along. For people it is gone. */
static gboolean
hides_deleted (TernImapSync *self)
{
  return (tern_imap_session_get_caps (sync_session (self)) & TERN_IMAP_CAP_UIDPLUS) == 0;
}

static void
sync_fetch (TernImapJob *job, TernImapFetch *fetch)
{
  TernImapSync *self = (TernImapSync *) job;

  if (fetch->uid == 0)
    return;
  if (fetch->has & TERN_IMAP_FETCH_ENVELOPE)
    for (GList *link = self->windows.head; link != NULL; link = link->next)
      {
        Window *window = link->data;

        if (fetch->uid < window->low || fetch->uid > window->high)
          continue;
        window->last = MAX (window->last, fetch->uid);
        if (hides_deleted (self) && (fetch->flags & TERN_FLAG_DELETED))
          return;
        g_ptr_array_add (window->batch->facts, tern_facts_from_fetch (fetch));
        if (window->batch->facts->len >= BATCH)
          write_window (self, window, FALSE);
        return;
      }
  else if (fetch->has & TERN_IMAP_FETCH_FLAGS)
    tern_flag_changes_add (self->changes, fetch);
}

static void
sync_vanished (TernImapJob *job, GArray *uids, gboolean earlier)
{
  TernImapSync *self = (TernImapSync *) job;

  for (guint i = 0; i < uids->len; i++)
    {
      guint32 uid = g_array_index (uids, guint32, i);

      if (!tern_imap_remote_is_moving (job->remote, job->folder, uid))
        g_array_append_val (self->vanished, uid);
    }
}

/* Steps */

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
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;
  GError *error = NULL;
  gpointer folder = NULL;

  self->waiting--;
  if (!tern_store_read_finish (sync_store (self), result, &folder, &error))
    take_error (self, error);
  else if (folder == NULL || ((TernFolderRecord *) folder)->remote_name == NULL)
    {
      g_clear_pointer (&folder, tern_folder_record_free);
      take_error (self, tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("There is no such folder.")));
    }
  g_clear_pointer (&self->folder, tern_folder_record_free);
  self->folder = folder;
  self->step = STEP_SELECT;
  advance (self);
}

static void
step_read (TernImapSync *self)
{
  self->waiting++;
  tern_store_read_async (sync_store (self), TERN_LANE_LIST, G_PRIORITY_DEFAULT, read_folder,
                         g_memdup2 (&self->job.folder, sizeof self->job.folder), g_free,
                         (GDestroyNotify) tern_folder_record_free, NULL, read_cb, self);
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
    take_error (self, error);
  advance (self);
}

static void
rematch_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;

  self->folder->uidnext = 0;
  self->folder->modseq = 0;
  self->folder->backfill = 0;
  written_cb (source, result, user_data);
}

static void
selected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply = g_task_propagate_pointer (G_TASK (result), &error);
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (sync_session (self));

  self->waiting--;
  self->step = STEP_CHANGES;
  if (reply == NULL || mailbox == NULL)
    {
      take_error (self, error != NULL ? error
                                      : tern_fault_new (TERN_FAULT_DISCONNECTED,
                                                        _ ("The connection ended.")));
      advance (self);
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
      tern_sync_write_rematch (sync_store (self), self->folder->id, self->uidvalidity, rematch_cb,
                               self);
      return;
    }
  advance (self);
}

static void
step_select (TernImapSync *self)
{
  self->resynced = self->folder->uidvalidity != 0 && self->folder->modseq != 0
                   && self->folder->uidnext != 0
                   && (tern_imap_session_get_caps (sync_session (self)) & TERN_IMAP_CAP_QRESYNC);
  self->waiting++;
  tern_imap_job_select (&self->job, self->folder, self->resynced, &self->live, selected_cb);
}

static void
command_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  nooped_cb (source, result, user_data);
}

static void
step_changes (TernImapSync *self)
{
  TernImapSession *session = sync_session (self);
  gboolean condstore = (tern_imap_session_get_caps (session) & TERN_IMAP_CAP_CONDSTORE) != 0
                       && self->folder->modseq != 0 && self->modseq != 0;
  g_autofree char *set = NULL;

  self->step = self->folder->uidnext == 0 ? STEP_FIRST : STEP_NEW;
  if (self->step == STEP_FIRST)
    {
      advance (self);
      return;
    }
  if (self->live)
    {
      self->waiting++;
      tern_imap_session_noop_async (session, NULL, nooped_cb, self);
      return;
    }
  if (self->resynced || (condstore && self->modseq == self->folder->modseq)
      || current_exists (self) == 0 || self->folder->uidnext <= MAX (self->folder->backfill, 1))
    {
      advance (self);
      return;
    }
  set = g_strdup_printf ("%u:%u", MAX (self->folder->backfill, 1), self->folder->uidnext - 1);
  self->waiting++;
  tern_imap_session_fetch_async (
      session, set,
      condstore ? TERN_IMAP_FETCH_FLAGS | TERN_IMAP_FETCH_MODSEQ : TERN_IMAP_FETCH_FLAGS,
      condstore ? self->folder->modseq : 0, NULL, command_cb, self);
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
    take_error (self, error);
  else
    {
      g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));

      for (guint i = 0; reply->uids != NULL && i < reply->uids->len; i++)
        {
          guint32 uid = g_array_index (reply->uids, guint32, i);

          if (self->range == TERN_SYNC_RANGE_DOWN ? uid < self->edge : uid >= self->edge)
            g_array_append_val (uids, uid);
        }
      set_plan (self, self->range, g_steal_pointer (&uids));
    }
  advance (self);
}

static void
search_range (TernImapSync *self, guint32 low, guint32 high)
{
  g_autofree char *criteria = high == G_MAXUINT32 ? g_strdup_printf ("UID %u:*", low)
                                                  : g_strdup_printf ("UID %u:%u", low, high);

  self->waiting++;
  tern_imap_session_search_async (sync_session (self), criteria, NULL, planned_cb, self);
}

static void
step_first (TernImapSync *self)
{
  guint32 next = self->uidnext;
  Window *window;

  self->step = STEP_BACKFILL;
  self->range = TERN_SYNC_RANGE_DOWN;
  self->window_size = FIRST_WINDOW;
  if (current_exists (self) == 0)
    {
      self->step = STEP_FLUSH;
      advance (self);
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
  window = push_window (self, self->edge, next - 1, NULL);
  window->batch->from = next;
  window->batch->to = self->edge;
  self->window_size = FIRST_WINDOW * 2;
  if (self->edge > 1)
    search_range (self, 1, self->edge - 1);
}

static void
step_new (TernImapSync *self)
{
  guint32 from = self->folder->uidnext;
  Window *window;

  self->step = STEP_BACKFILL;
  self->range = TERN_SYNC_RANGE_UP;
  self->edge = from;
  self->window_size = FIRST_WINDOW;
  if (self->uidnext != 0 && self->uidnext <= from)
    {
      advance (self);
      return;
    }
  if (self->uidnext != 0 && self->uidnext - from > DENSE_RANGE)
    {
      search_range (self, from, G_MAXUINT32);
      return;
    }
  window = push_window (self, from, G_MAXUINT32, NULL);
  window->batch->from = from;
}

/* Comes here with the plan for the first sync or the new messages still at work. */
static void
step_backfill (TernImapSync *self)
{
  guint32 backfill = self->folder->backfill;

  if (self->waiting > 0 || !work_on_plan (self))
    return;
  if (self->range == TERN_SYNC_RANGE_DOWN || backfill <= 1)
    {
      self->step = STEP_FLUSH;
      advance (self);
      return;
    }
  set_plan (self, TERN_SYNC_RANGE_DOWN, NULL);
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

static void
counted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;
  GError *error = NULL;
  gpointer uids = NULL;

  self->waiting--;
  if (!tern_store_read_finish (sync_store (self), result, &uids, &error))
    take_error (self, error);
  g_clear_pointer (&self->local, g_array_unref);
  self->local = uids;
  if (self->error == NULL && self->local->len == current_exists (self))
    self->step = STEP_END;
  else
    self->step = STEP_LIST;
  advance (self);
}

static void
step_count (TernImapSync *self)
{
  self->waiting++;
  tern_store_read_async (sync_store (self), TERN_LANE_SLOW, G_PRIORITY_DEFAULT, read_uids,
                         g_memdup2 (&self->folder->id, sizeof self->folder->id), g_free,
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

static void
believe_removals (TernImapSync *self, const GArray *listing)
{
  g_autoptr (GArray) gone = difference (self->suspects, listing);

  /* Only a listing that agrees with the count is complete; one without the deleted ones must agree
   * with the first at least. */
  if (listing->len != (hides_deleted (self) ? self->listed : current_exists (self)))
    return;
  for (guint i = gone->len; i > 0; i--)
    if (tern_imap_remote_is_moving (self->job.remote, self->folder->id,
                                    g_array_index (gone, guint32, i - 1)))
      g_array_remove_index (gone, i - 1);
  if (gone->len == 0)
    return;
  self->counts.removed += gone->len;
  self->unwritten++;
  tern_sync_write_removed (sync_store (self), self->folder->id, g_steal_pointer (&gone), written_cb,
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
    take_error (self, error);
  else if (self->step == STEP_LIST)
    {
      set_plan (self, TERN_SYNC_RANGE_KEEP, difference (listing, self->local));
      self->suspects = difference (self->local, listing);
      self->listed = listing->len;
      self->step = STEP_MISSING;
    }
  else
    {
      self->step = STEP_END;
      believe_removals (self, listing);
    }
  advance (self);
}

static void
step_list (TernImapSync *self)
{
  self->waiting++;
  tern_imap_session_search_async (sync_session (self), hides_deleted (self) ? "UNDELETED" : "ALL",
                                  NULL, listed_cb, self);
}

static void
step_missing (TernImapSync *self)
{
  if (!work_on_plan (self))
    return;
  self->step = self->suspects->len > 0 ? STEP_LIST_AGAIN : STEP_END;
  advance (self);
}

static void
step_end (TernImapSync *self)
{
  TernSyncEnd end = { .folder = self->folder->id,
                      .uidvalidity = self->uidvalidity,
                      .uidnext = self->uidnext,
                      .modseq = self->modseq,
                      .total = current_exists (self),
                      .end_rematch = self->rematch };

  self->step = STEP_DONE;
  self->unwritten++;
  tern_sync_write_end (sync_store (self), &end, written_cb, self);
}

static void
finish (TernImapSync *self)
{
  GTask *task = self->job.task;

  if (self->folder != NULL)
    {
      write_changes (self);
      if (self->unwritten > 0)
        return;
    }
  if (self->error != NULL)
    g_task_return_error (task, g_steal_pointer (&self->error));
  else
    g_task_return_pointer (task, g_memdup2 (&self->counts, sizeof self->counts), g_free);
  tern_imap_job_done (&self->job);
}

/* Everything that is stored stays; the rest is found again from the stored state. */
static void
yield (TernImapSync *self)
{
  self->step = STEP_READ;
  set_plan (self, TERN_SYNC_RANGE_KEEP, NULL);
  g_clear_pointer (&self->suspects, g_array_unref);
  tern_imap_job_requeue (&self->job);
}

static gboolean
is_at_rest (TernImapSync *self)
{
  return self->waiting == 0 && self->unwritten == 0 && self->windows.length == 0;
}

static void
advance (TernImapSync *self)
{
  if (self->error != NULL || self->step == STEP_DONE)
    {
      if (is_at_rest (self))
        finish (self);
      return;
    }
  if (self->step == STEP_BACKFILL || self->step == STEP_MISSING)
    {
      if (is_at_rest (self) && tern_imap_job_should_yield (&self->job))
        yield (self);
      else if (self->step == STEP_BACKFILL)
        step_backfill (self);
      else
        step_missing (self);
      return;
    }
  if (!is_at_rest (self))
    return;
  switch (self->step)
    {
    case STEP_READ:
      step_read (self);
      break;
    case STEP_SELECT:
      step_select (self);
      break;
    case STEP_CHANGES:
      step_changes (self);
      break;
    case STEP_FIRST:
      step_first (self);
      break;
    case STEP_NEW:
      step_new (self);
      break;
    case STEP_FLUSH:
      self->step = STEP_COUNT;
      write_changes (self);
      if (self->unwritten == 0)
        advance (self);
      break;
    case STEP_COUNT:
      step_count (self);
      break;
    case STEP_LIST:
    case STEP_LIST_AGAIN:
      step_list (self);
      break;
    case STEP_END:
      step_end (self);
      break;
    case STEP_BACKFILL:
    case STEP_MISSING:
    case STEP_DONE:
    default:
      g_assert_not_reached ();
    }
}

/* The job */

static void
sync_start (TernImapJob *job)
{
  TernImapSync *self = (TernImapSync *) job;

  self->step = STEP_READ;
  advance (self);
}

static void
sync_free (TernImapJob *job)
{
  TernImapSync *self = (TernImapSync *) job;

  g_clear_pointer (&self->folder, tern_folder_record_free);
  g_array_unref (self->changes);
  g_array_unref (self->vanished);
  g_clear_pointer (&self->local, g_array_unref);
  g_clear_pointer (&self->suspects, g_array_unref);
  g_clear_pointer (&self->plan, g_array_unref);
  g_clear_error (&self->error);
  g_free (self);
}

static const TernImapJobClass sync_class = {
  .start = sync_start,
  .fetch = sync_fetch,
  .vanished = sync_vanished,
  .free = sync_free,
  .is_long = TRUE,
};

void
tern_imap_sync_start (TernImapRemote *remote, TernId folder, TernUrgency urgency, GTask *task)
{
  TernImapSync *self = g_new0 (TernImapSync, 1);

  self->job.klass = &sync_class;
  self->job.urgency = urgency;
  self->job.folder = folder;
  self->job.task = task;
  self->changes = tern_flag_changes_new ();
  self->vanished = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_queue_init (&self->windows);
  tern_imap_remote_add_job (remote, &self->job);
}
