/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-sync-private.h"

#include "tern-fault.h"

#include <glib/gi18n.h>

/*
 * What a sync has in flight: windows of headers, cut from its plan, and the transactions that they
 * become.
 */

#define LARGEST_WINDOW 2000
#define MAX_WINDOWS    3
/* Transactions that may wait for the writer: memory is bounded. */
#define MAX_UNWRITTEN 8
/* … and that are made of what was asked for already. */
#define MOST_UNWRITTEN 256
/* What may come untagged while none of it can be written. */
#define TOLD_MAX (64 * 1024 * 1024)
/* Windows of one sync that may be refused before the folder is. */
#define MAX_REFUSALS 100

/* Writing */

void
tern_imap_sync_written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSync *self = user_data;
  GError *error = NULL;

  self->unwritten--;
  if (!tern_store_write_finish (tern_imap_sync_get_store (self), result, NULL, &error))
    tern_imap_sync_take_error (self, error);
  tern_imap_sync_bound_changes (self);
  tern_imap_sync_advance (self);
}

static void
report_progress (TernImapSync *self)
{
  gpointer data = NULL;
  const TernRemoteEvents *events = tern_imap_remote_get_events (self->job.remote, &data);

  if (!tern_imap_remote_is_closed (self->job.remote))
    events->progress (self->folder->path, self->done, tern_imap_sync_get_exists (self), data);
}

void
tern_imap_sync_write_window (TernImapSync *self, TernImapSyncWindow *window, gboolean complete)
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
      window->batch->how = batch->how;
      window->batch->fresh_from = batch->fresh_from;
      window->batch->range = batch->range;
      window->batch->from = batch->from;
      window->batch->to = batch->to;
      window->batch->uidnext = batch->uidnext;
      window->batch->modseq = batch->modseq;
      batch->range = TERN_SYNC_RANGE_KEEP;
    }
  self->unwritten++;
  tern_sync_write_batch (
      tern_imap_sync_get_store (self),
      self->job.urgency == TERN_URGENCY_SYNC ? G_PRIORITY_DEFAULT : G_PRIORITY_HIGH, batch,
      tern_imap_sync_written_cb, self);
  report_progress (self);
  if (self->unwritten > MOST_UNWRITTEN)
    tern_imap_sync_give_up (self, "too many headers");
}

/* Applies what came untagged, in slices: others write between them. */
void
tern_imap_sync_write_changes (TernImapSync *self)
{
  TernStore *store = tern_imap_sync_get_store (self);

  for (guint start = 0; start < self->changes->len; start += TERN_IMAP_SYNC_BATCH)
    {
      GArray *slice = tern_flag_changes_new ();
      guint end = MIN (self->changes->len, start + TERN_IMAP_SYNC_BATCH);

      for (guint i = start; i < end; i++)
        {
          TernFlagChange *change = &g_array_index (self->changes, TernFlagChange, i);

          g_array_append_val (slice, *change);
          change->keywords = NULL;
          change->labels = NULL;
        }
      self->unwritten++;
      tern_sync_write_flags (store, self->folder->id, slice, tern_imap_sync_written_cb, self);
    }
  self->counts.changed += self->changes->len;
  g_array_set_size (self->changes, 0);
  self->told = 0;
  if (self->vanished->len > 0)
    {
      self->counts.removed += self->vanished->len;
      self->unwritten++;
      tern_sync_write_removed (store, self->folder->id, g_steal_pointer (&self->vanished),
                               TERN_LEDGER_VANISHED, tern_imap_sync_written_cb, self);
      self->vanished = g_array_new (FALSE, FALSE, sizeof (guint32));
    }
}

void
tern_imap_sync_bound_changes (TernImapSync *self)
{
  gboolean many = self->changes->len >= TERN_IMAP_SYNC_BATCH
                  || self->told >= TERN_IMAP_SYNC_BATCH * sizeof (TernFlagChange);

  if (!many || self->error != NULL)
    return;
  /* Not before it is known to be the same epoch, nor before the headers that they belong to. */
  if (self->step > TERN_IMAP_SYNC_SELECT && self->windows.length == 0
      && self->unwritten < MAX_UNWRITTEN)
    tern_imap_sync_write_changes (self);
  else if (self->told > TOLD_MAX)
    tern_imap_sync_give_up (self, "too many changes");
}

void
tern_imap_sync_give_up (TernImapSync *self, const char *what)
{
  tern_imap_session_give_up (tern_imap_sync_get_session (self), what);
  tern_imap_sync_take_error (self,
                             tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("The connection ended.")));
}

/* Windows */

static void
free_window (TernImapSyncWindow *window)
{
  g_clear_pointer (&window->batch, tern_sync_batch_free);
  g_free (window);
}

/* Writes those that are over, in the order in which they were asked for. */
static void
write_done (TernImapSync *self)
{
  TernImapSyncWindow *window;

  while ((window = g_queue_peek_head (&self->windows)) != NULL && window->done)
    {
      g_queue_pop_head (&self->windows);
      if (self->error == NULL)
        tern_imap_sync_write_window (self, window, TRUE);
      free_window (window);
    }
}

static void window_cb (GObject *source, GAsyncResult *result, gpointer user_data);

/* Asks for the headers of @low to @high, or of @set. It comes before @sibling, or last. */
static TernImapSyncWindow *
insert_window (TernImapSync *self, GList *sibling, guint32 low, guint32 high, const char *set)
{
  TernImapSyncWindow *window = g_new0 (TernImapSyncWindow, 1);
  TernImapFetchItems items = TERN_IMAP_FETCH_HEADERS;
  g_autofree char *range = NULL;

  /* Of what is new; of all that there is it would take too long. */
  if (self->range != TERN_SYNC_RANGE_DOWN)
    items |= TERN_IMAP_FETCH_SAVEDATE;
  window->sync = self;
  window->low = low;
  window->high = high;
  window->batch = tern_sync_batch_new (self->folder->id, self->uidvalidity);
  window->batch->range = self->range;
  window->batch->modseq = self->modseq;
  window->batch->uidnext = self->uidnext;
  window->batch->how =
      self->range == TERN_SYNC_RANGE_DOWN ? TERN_LEDGER_FIRST_SYNC : TERN_LEDGER_SYNC;
  /* Also what came while the sync ran and is found by a listing at its end. */
  if (self->folder->role == TERN_ROLE_INBOX)
    window->batch->fresh_from = self->folder->uidnext;
  if (set != NULL)
    range = g_strdup (set);
  else if (high == G_MAXUINT32)
    range = g_strdup_printf ("%u:*", low);
  else
    range = g_strdup_printf ("%u:%u", low, high);
  if (tern_imap_session_get_caps (tern_imap_sync_get_session (self)) & TERN_IMAP_CAP_CONDSTORE)
    items |= TERN_IMAP_FETCH_MODSEQ;
  g_queue_insert_before (&self->windows, sibling, window);
  tern_imap_session_fetch_async (tern_imap_sync_get_session (self), range, items, 0, NULL,
                                 window_cb, window);
  return window;
}

TernImapSyncWindow *
tern_imap_sync_push_window (TernImapSync *self, guint32 low, guint32 high)
{
  return insert_window (self, NULL, low, high, NULL);
}

static void
insert_window_of_set (TernImapSync *self, GList *sibling, guint first, guint n)
{
  const guint32 *uids = &g_array_index (self->plan, guint32, first);
  g_autofree char *set = tern_imap_set_format (uids, n);
  TernImapSyncWindow *window = insert_window (self, sibling, uids[0], uids[n - 1], set);

  window->plan_first = first;
  window->plan_n = n;
}

/* The part that is nearer to what is covered already comes first. */
static void
halve_range (TernImapSync *self, const TernImapSyncWindow *window, GList *sibling)
{
  gboolean down = window->batch->range == TERN_SYNC_RANGE_DOWN;
  guint32 middle = window->low + (window->high - window->low) / 2 + 1;
  TernImapSyncWindow *near, *far;

  near = insert_window (self, sibling, down ? middle : window->low,
                        down ? window->high : middle - 1, NULL);
  near->batch->from = window->batch->from;
  near->batch->to = middle;
  far = insert_window (self, sibling, down ? window->low : middle, down ? middle - 1 : window->high,
                       NULL);
  far->batch->from = middle;
  far->batch->to = down ? window->batch->to : window->high + 1;
}

static void
note_refused (TernImapSync *self, guint32 uid)
{
  for (guint i = 0; i < self->refused->len; i++)
    if (g_array_index (self->refused, guint32, i) == uid)
      return;
  g_array_append_val (self->refused, uid);
}

/* A server says NO to a whole window when it cannot give one message of it (RFC 9051, section
 * 6.4.5). It is looked for by halves, and left out, so that one does not keep all others away.
 * FALSE when that is not why. */
static gboolean
salvage (TernImapSync *self, TernImapSyncWindow *window, const GError *error)
{
  GList *link = g_queue_find (&self->windows, window);

  if (window->high == G_MAXUINT32 && self->uidnext > window->low)
    window->high = self->uidnext - 1;
  if (!(tern_fault_is (error, TERN_FAULT_REFUSED) || tern_fault_is (error, TERN_FAULT_NOT_FOUND))
      || window->high == G_MAXUINT32 || self->error != NULL || ++self->refusals > MAX_REFUSALS)
    return FALSE;
  /* What came of it comes again with its half. */
  g_ptr_array_set_size (window->batch->facts, 0);
  if (window->low == window->high)
    {
      note_refused (self, window->low);
      window->batch->to =
          window->batch->range == TERN_SYNC_RANGE_UP ? window->high + 1 : window->batch->to;
      window->done = TRUE;
      return TRUE;
    }
  if (window->plan_n > 0)
    {
      guint half = window->plan_n / 2;

      insert_window_of_set (self, link->next, window->plan_first, half);
      insert_window_of_set (self, link->next, window->plan_first + half, window->plan_n - half);
    }
  else
    halve_range (self, window, link->next);
  g_queue_delete_link (&self->windows, link);
  free_window (window);
  return TRUE;
}

static void
window_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapSyncWindow *window = user_data;
  TernImapSync *self = window->sync;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply != NULL)
    {
      if (window->high == G_MAXUINT32)
        window->batch->to = MAX (window->last, window->low - 1) + 1;
      self->uidnext =
          MAX (self->uidnext,
               window->batch->range == TERN_SYNC_RANGE_UP ? window->batch->to : self->uidnext);
      window->done = TRUE;
    }
  else if (salvage (self, window, error))
    g_error_free (error);
  else
    {
      tern_imap_sync_take_error (self, error);
      window->done = TRUE;
    }
  write_done (self);
  tern_imap_sync_advance (self);
}

static void
push_window_down (TernImapSync *self)
{
  guint rest = self->plan->len - self->plan_taken;
  guint take = MIN (self->window_size, rest);
  guint32 low = take == rest ? 1 : g_array_index (self->plan, guint32, rest - take);
  TernImapSyncWindow *window = tern_imap_sync_push_window (self, low, self->edge - 1);

  window->batch->from = self->edge;
  window->batch->to = MAX (low, TERN_IMAP_SYNC_LOWEST);
  self->plan_taken += take;
  self->edge = low;
}

static void
push_window_up (TernImapSync *self)
{
  guint take = MIN (self->window_size, self->plan->len - self->plan_taken);
  guint32 high = g_array_index (self->plan, guint32, self->plan_taken + take - 1);
  TernImapSyncWindow *window = tern_imap_sync_push_window (self, self->edge, high);

  window->batch->from = self->edge;
  window->batch->to = high + 1;
  self->plan_taken += take;
  self->edge = high + 1;
}

static void
push_window_of_set (TernImapSync *self)
{
  guint take = MIN (TERN_IMAP_SYNC_BATCH, self->plan->len - self->plan_taken);

  insert_window_of_set (self, NULL, self->plan_taken, take);
  self->plan_taken += take;
}

gboolean
tern_imap_sync_work_on_plan (TernImapSync *self)
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

void
tern_imap_sync_set_plan (TernImapSync *self, TernSyncRange range, GArray *uids)
{
  g_clear_pointer (&self->plan, g_array_unref);
  self->plan = uids;
  self->plan_taken = 0;
  self->range = range;
}
