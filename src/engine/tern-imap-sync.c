/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-sync-private.h"

#include "tern-fault.h"

#include <glib/gi18n.h>
#include <string.h>

#include "tern-facts-from-fetch-private.h"

/*
 * The sync of one folder. What is new or unknown is fetched in windows, newest first, several in
 * flight; what is known is brought up to date by the best means that the server has: QRESYNC, else
 * CONDSTORE, else the flags of everything. At the end the number of messages must agree; if it does
 * not, the UIDs are listed, and what two listings lack is believed to be gone.
 */

TernStore *
tern_imap_sync_get_store (TernImapSync *self)
{
  return tern_imap_remote_get_store (self->job.remote);
}

TernImapSession *
tern_imap_sync_get_session (TernImapSync *self)
{
  return self->job.slot->session;
}

void
tern_imap_sync_take_error (TernImapSync *self, GError *error)
{
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
}

guint32
tern_imap_sync_get_exists (TernImapSync *self)
{
  const TernImapMailbox *mailbox =
      tern_imap_session_get_mailbox (tern_imap_sync_get_session (self));

  return mailbox != NULL ? mailbox->exists : 0;
}

/* Untagged data */

/* Without UIDPLUS what was moved away by hand stays behind, marked: it cannot be expunged without
 * taking others along. For people it is gone. */
gboolean
tern_imap_sync_hides_deleted (TernImapSync *self)
{
  return (tern_imap_session_get_caps (tern_imap_sync_get_session (self)) & TERN_IMAP_CAP_UIDPLUS)
         == 0;
}

static void
sync_fetch (TernImapJob *job, TernImapFetch *fetch)
{
  TernImapSync *self = (TernImapSync *) job;

  /* What failed is asked for again. */
  if (fetch->uid == 0 || self->error != NULL)
    return;
  if (fetch->has & TERN_IMAP_FETCH_ENVELOPE)
    for (GList *link = self->windows.head; link != NULL; link = link->next)
      {
        TernImapSyncWindow *window = link->data;

        if (fetch->uid < window->low || fetch->uid > window->high || window->done)
          continue;
        window->last = MAX (window->last, fetch->uid);
        if (tern_imap_sync_hides_deleted (self) && (fetch->flags & TERN_FLAG_DELETED))
          return;
        g_ptr_array_add (window->batch->facts, tern_facts_from_fetch (fetch));
        if (window->batch->facts->len >= TERN_IMAP_SYNC_BATCH)
          tern_imap_sync_write_window (self, window, FALSE);
        return;
      }
  else if (fetch->has & TERN_IMAP_FETCH_FLAGS)
    {
      tern_flag_changes_add (self->changes, fetch);
      self->told += sizeof (TernFlagChange);
      self->told += fetch->keywords != NULL ? strlen (fetch->keywords) : 0;
      self->told += fetch->labels != NULL ? strlen (fetch->labels) : 0;
      tern_imap_sync_bound_changes (self);
    }
}

static void
sync_vanished (TernImapJob *job, GArray *uids, gboolean earlier)
{
  TernImapSync *self = (TernImapSync *) job;

  if (self->error != NULL)
    return;
  g_array_append_vals (self->vanished, uids->data, uids->len);
  self->told += uids->len * sizeof (guint32);
  tern_imap_sync_bound_changes (self);
}

/* The order of the steps */

/* Everything else is here. */
static void
tell_refused (TernImapSync *self)
{
  gpointer data = NULL;
  const TernRemoteEvents *events = tern_imap_remote_get_events (self->job.remote, &data);
  g_autoptr (GError) fault = tern_fault_new (
      TERN_FAULT_REFUSED,
      ngettext ("The server cannot give %u message of the folder “%s”.",
                "The server cannot give %u messages of the folder “%s”.", self->refused->len),
      self->refused->len, self->folder->path);

  if (!tern_imap_remote_is_closed (self->job.remote))
    events->note (fault, data);
}

static void
finish (TernImapSync *self)
{
  GTask *task = self->job.task;

  if (self->folder != NULL)
    {
      tern_imap_sync_write_changes (self);
      if (self->unwritten > 0)
        return;
    }
  if (self->error != NULL)
    {
      /* What could not be written is asked for again. */
      self->job.slot->caught_up = 0;
      g_task_return_error (task, g_steal_pointer (&self->error));
    }
  else
    {
      if (self->refused->len > 0)
        tell_refused (self);
      g_task_return_pointer (task, g_memdup2 (&self->counts, sizeof self->counts), g_free);
    }
  tern_imap_job_done (&self->job);
}

/* Everything that is stored stays; the rest is found again from the stored state. */
static void
begin_again (TernImapSync *self)
{
  self->step = TERN_IMAP_SYNC_READ;
  self->fresh = FALSE;
  tern_imap_sync_set_plan (self, TERN_SYNC_RANGE_KEEP, NULL);
  g_clear_pointer (&self->suspects, g_array_unref);
}

void
tern_imap_sync_yield (TernImapSync *self)
{
  begin_again (self);
  tern_imap_job_requeue (&self->job);
}

/* The server has taken away what it can hardly have had, or very much: it is selected anew and
 * listed, once. If it does so again, that is for the next sync. */
static gboolean
begins_again_in_doubt (TernImapSync *self)
{
  const TernImapMailbox *mailbox =
      tern_imap_session_get_mailbox (tern_imap_sync_get_session (self));

  if (mailbox == NULL || !mailbox->doubtful || self->doubted)
    return FALSE;
  self->doubted = TRUE;
  begin_again (self);
  return TRUE;
}

static gboolean
is_at_rest (TernImapSync *self)
{
  return self->waiting == 0 && self->unwritten == 0 && self->windows.length == 0;
}

void
tern_imap_sync_advance (TernImapSync *self)
{
  if (self->error != NULL || self->step == TERN_IMAP_SYNC_DONE)
    {
      if (is_at_rest (self))
        finish (self);
      return;
    }
  if (self->step == TERN_IMAP_SYNC_BACKFILL || self->step == TERN_IMAP_SYNC_MISSING)
    {
      if (is_at_rest (self) && tern_imap_job_should_yield (&self->job))
        {
          /* What comes between may change what was told so far, and is newer. */
          tern_imap_sync_write_changes (self);
          if (self->unwritten == 0)
            tern_imap_sync_yield (self);
        }
      else if (self->step == TERN_IMAP_SYNC_BACKFILL)
        tern_imap_sync_step_backfill (self);
      else
        tern_imap_sync_step_missing (self);
      return;
    }
  if (!is_at_rest (self))
    return;
  switch (self->step)
    {
    case TERN_IMAP_SYNC_READ:
      tern_imap_sync_step_read (self);
      break;
    case TERN_IMAP_SYNC_SELECT:
      tern_imap_sync_step_select (self);
      break;
    case TERN_IMAP_SYNC_CHANGES:
      tern_imap_sync_step_changes (self);
      break;
    case TERN_IMAP_SYNC_FIRST:
      tern_imap_sync_step_first (self);
      break;
    case TERN_IMAP_SYNC_NEW:
      tern_imap_sync_step_new (self);
      break;
    case TERN_IMAP_SYNC_FLUSH:
      if (!begins_again_in_doubt (self))
        self->step = TERN_IMAP_SYNC_COUNT;
      tern_imap_sync_write_changes (self);
      if (self->unwritten == 0)
        tern_imap_sync_advance (self);
      break;
    case TERN_IMAP_SYNC_COUNT:
      tern_imap_sync_step_count (self);
      break;
    case TERN_IMAP_SYNC_LIST:
    case TERN_IMAP_SYNC_LIST_AGAIN:
      tern_imap_sync_step_list (self);
      break;
    case TERN_IMAP_SYNC_END:
      tern_imap_sync_step_end (self);
      break;
    case TERN_IMAP_SYNC_BACKFILL:
    case TERN_IMAP_SYNC_MISSING:
    case TERN_IMAP_SYNC_DONE:
    default:
      g_assert_not_reached ();
    }
}

/* The job */

static void
sync_start (TernImapJob *job)
{
  TernImapSync *self = (TernImapSync *) job;

  self->step = TERN_IMAP_SYNC_READ;
  tern_imap_sync_advance (self);
}

static void
sync_free (TernImapJob *job)
{
  TernImapSync *self = (TernImapSync *) job;

  g_clear_pointer (&self->folder, tern_folder_record_free);
  g_free (self->denied);
  g_array_unref (self->changes);
  g_array_unref (self->vanished);
  g_array_unref (self->refused);
  g_clear_pointer (&self->local, g_array_unref);
  g_clear_pointer (&self->expected, g_array_unref);
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
  self->refused = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_queue_init (&self->windows);
  tern_imap_remote_add_job (remote, &self->job);
}
