/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-remote-state-private.h"

#include "tern-sync-writes-private.h"

/*
 * What a server tells of a selected mailbox without having been asked by a job: flags that another
 * client set, messages that went. They are gathered for as long as there is something to read, and
 * then written in one transaction each; of a server that tells more than can be written, only the
 * last word is asked for, by a sync.
 */

#define GATHER_MAX 1000
#define GONE_MAX   (64 * 1024)
#define WRITES_MAX 16

/* Flags */

gboolean
tern_imap_remote_is_stale (TernImapRemote *self, TernId folder)
{
  return g_hash_table_contains (self->unasked.stale, &folder);
}

void
tern_imap_remote_set_stale (TernImapRemote *self, TernId folder, gboolean stale)
{
  if (stale)
    g_hash_table_add (self->unasked.stale, g_memdup2 (&folder, sizeof folder));
  else
    g_hash_table_remove (self->unasked.stale, &folder);
}

typedef struct
{
  TernImapRemote *remote; /* (owned) */
  TernStore *store;       /* (owned) */
} Write;

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Write *write = user_data;

  write->remote->unasked.writes--;
  tern_sync_write_logged_cb (source, result, write->store);
  g_object_unref (write->remote);
  g_free (write);
}

static Write *
begin_write (TernImapRemote *self)
{
  Write *write = g_new0 (Write, 1);

  self->unasked.writes++;
  write->remote = g_object_ref (self);
  write->store = tern_store_ref (self->store);
  return write;
}

void
tern_imap_remote_write_unasked (TernImapRemote *self)
{
  TernImapUnasked *unasked = &self->unasked;
  g_autoptr (GArray) changes = g_steal_pointer (&unasked->changes);
  g_autoptr (GArray) vanished = g_steal_pointer (&unasked->vanished);

  if (unasked->source != NULL)
    {
      g_source_destroy (unasked->source);
      g_clear_pointer (&unasked->source, g_source_unref);
    }
  if (changes == NULL && vanished == NULL)
    return;
  if (unasked->writes >= WRITES_MAX)
    {
      tern_imap_remote_set_stale (self, unasked->folder, TRUE);
      if (!self->closed)
        self->events.folder_changed (unasked->folder, self->events_data);
      return;
    }
  if (changes != NULL)
    tern_sync_write_flags (self->store, unasked->folder, g_steal_pointer (&changes), written_cb,
                           begin_write (self));
  if (vanished != NULL)
    tern_sync_write_removed (self->store, unasked->folder, g_steal_pointer (&vanished),
                             TERN_LEDGER_VANISHED, written_cb, begin_write (self));
}

static gboolean
on_all_read (gpointer user_data)
{
  tern_imap_remote_write_unasked (user_data);
  return G_SOURCE_REMOVE;
}

/* What was gathered of another folder is written first. */
static void
gather_for (TernImapRemote *self, TernId folder)
{
  if (self->unasked.folder != folder)
    tern_imap_remote_write_unasked (self);
  self->unasked.folder = folder;
}

static void
write_when_all_read (TernImapRemote *self)
{
  TernImapUnasked *unasked = &self->unasked;

  if (unasked->source != NULL)
    return;
  /* Behind the one that reads the connection: all that has come is gathered. */
  unasked->source = g_idle_source_new ();
  g_source_set_priority (unasked->source, G_PRIORITY_DEFAULT);
  g_source_set_callback (unasked->source, on_all_read, g_object_ref (self), g_object_unref);
  g_source_attach (unasked->source, g_main_context_get_thread_default ());
}

void
tern_imap_remote_store_flags (TernImapRemote *self, TernId folder, const TernImapFetch *fetch)
{
  TernImapUnasked *unasked = &self->unasked;

  if (folder == 0 || fetch->uid == 0 || (fetch->has & TERN_IMAP_FETCH_FLAGS) == 0)
    return;
  gather_for (self, folder);
  if (unasked->changes == NULL)
    unasked->changes = tern_flag_changes_new ();
  tern_flag_changes_add (unasked->changes, fetch);
  if (unasked->changes->len >= GATHER_MAX)
    tern_imap_remote_write_unasked (self);
  else
    write_when_all_read (self);
}

void
tern_imap_remote_store_vanished (TernImapRemote *self, TernId folder, GArray *uids)
{
  TernImapUnasked *unasked = &self->unasked;

  if (folder == 0)
    return;
  gather_for (self, folder);
  if (unasked->vanished == NULL)
    unasked->vanished = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_array_append_vals (unasked->vanished, uids->data, uids->len);
  if (unasked->vanished->len >= GONE_MAX)
    tern_imap_remote_write_unasked (self);
  else
    write_when_all_read (self);
}

/* Answers */

typedef struct
{
  TernStore *store; /* (owned) */
  GTask *task;      /* (owned) */
  gpointer result;  /* (owned) */
  GDestroyNotify result_free;
  GError *error; /* (owned) (nullable) */
} Answer;

static gboolean
write_nothing (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  return TRUE;
}

/* What could not be written was logged where it failed. */
static void
all_written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;

  tern_store_write_finish (answer->store, result, NULL, NULL);
  if (answer->error == NULL)
    g_task_return_pointer (answer->task, answer->result, answer->result_free);
  else
    {
      g_task_return_error (answer->task, answer->error);
      answer->result_free (answer->result);
    }
  g_object_unref (answer->task);
  tern_store_unref (answer->store);
  g_free (answer);
}

void
tern_imap_remote_answer (TernImapRemote *self,
                         GTask *task,
                         gpointer result,
                         GDestroyNotify result_free,
                         GError *error)
{
  Answer *answer = g_new0 (Answer, 1);

  answer->store = tern_store_ref (self->store);
  answer->task = g_object_ref (task);
  answer->result = result;
  answer->result_free = result_free;
  answer->error = error;
  tern_imap_remote_write_unasked (self);
  /* Behind all that was told, which has the same priority. */
  tern_store_write_async (self->store, G_PRIORITY_DEFAULT, write_nothing, NULL, NULL, NULL,
                          all_written_cb, answer);
}
