/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-account-rounds-private.h"

#include <glib/gi18n.h>

#include "tern-engine.h"

/* A folder to be synced. */
typedef struct
{
  TernId folder;
  TernUrgency urgency;
  gint64 began;   /* monotonic */
  gboolean again; /* wanted once more while it ran */
} Wanted;

struct _TernRounds
{
  int refs;
  TernStore *store; /* (owned) */
  TernId account;
  TernBodyLoader *bodies; /* (unowned) outlives this */
  TernRoundsEvents events;
  gboolean (*others_busy) (gpointer data);
  gpointer data;
  gboolean freed;
  TernRemote *remote; /* (owned) (nullable) */
  GHashTable *wanted; /* (owned) &Wanted.folder → Wanted (owned) */
  GHashTable *synced; /* (owned) TernId (owned) → gint64 (owned), when the last sync that succeeded
                         since the connection began, began */
  gboolean listing;
  gboolean list_again;
  guint listings; /* completed since the connection began */
  guint folders;  /* totals for reports */
  TernSyncCounts totals;
  GPtrArray *waiters; /* (owned) of Waiter */
};

typedef struct
{
  TernRounds *rounds;
  TernCall *call; /* NULL once answered */
  char *path;     /* (nullable) */
  TernId folder;  /* of the path, when known */
  gboolean full;
  gboolean asked;   /* for the folder of the path */
  gboolean loading; /* the bodies */
  GError *error;    /* (owned) (nullable) what the last sync of the failed folder ended with */
  TernId failed;
  guint listings; /* is done when there were more than this */
  gint64 began;
  guint folders;
  TernSyncCounts totals;
  guint64 bytes_in;
  guint64 bytes_out;
  guint round_trips;
} Waiter;

void
tern_sync_report_free (TernSyncReport *self)
{
  g_free (self->account);
  g_free (self);
}

static TernRounds *
rounds_ref (TernRounds *self)
{
  self->refs++;
  return self;
}

static void
waiter_free (Waiter *waiter)
{
  g_free (waiter->path);
  g_clear_error (&waiter->error);
  g_free (waiter);
}

static void
rounds_unref (TernRounds *self)
{
  if (--self->refs > 0)
    return;
  g_clear_object (&self->remote);
  g_hash_table_unref (self->wanted);
  g_hash_table_unref (self->synced);
  g_ptr_array_unref (self->waiters);
  tern_store_unref (self->store);
  g_free (self);
}

static gboolean
is_busy (TernRounds *self)
{
  return self->listing || g_hash_table_size (self->wanted) > 0;
}

/* Those who wait */

static void
answer (Waiter *waiter, GError *error)
{
  TernRounds *self = waiter->rounds;
  TernCall *call = g_steal_pointer (&waiter->call);
  TernSyncReport *report;

  g_ptr_array_remove (self->waiters, waiter);
  if (error != NULL)
    {
      waiter_free (waiter);
      tern_call_return_error (call, error);
      return;
    }
  report = g_new0 (TernSyncReport, 1);
  report->folders = self->folders - waiter->folders;
  report->added = self->totals.added - waiter->totals.added;
  report->removed = self->totals.removed - waiter->totals.removed;
  report->changed = self->totals.changed - waiter->totals.changed;
  report->seconds = (g_get_monotonic_time () - waiter->began) / (double) G_USEC_PER_SEC;
  if (self->remote != NULL)
    {
      tern_remote_get_traffic (self->remote, &report->bytes_in, &report->bytes_out,
                               &report->round_trips);
      report->bytes_in -= MIN (waiter->bytes_in, report->bytes_in);
      report->bytes_out -= MIN (waiter->bytes_out, report->bytes_out);
      report->round_trips -= MIN (waiter->round_trips, report->round_trips);
    }
  waiter_free (waiter);
  tern_call_return (call, report, (GDestroyNotify) tern_sync_report_free);
}

/* A waiter may be gone by the time that an answer comes: the connection ended. */
static gboolean
is_waiting (TernRounds *self, Waiter *waiter)
{
  return g_ptr_array_find (self->waiters, waiter, NULL);
}

typedef struct
{
  TernRounds *rounds;
  Waiter *waiter; /* only to be compared until it is known to wait still */
} WaiterLink;

static WaiterLink *
waiter_link_new (Waiter *waiter)
{
  WaiterLink *link = g_new0 (WaiterLink, 1);

  link->rounds = rounds_ref (waiter->rounds);
  link->waiter = waiter;
  return link;
}

static void
bodies_loaded (const GError *error, gpointer data)
{
  g_autofree WaiterLink *link = data;

  if (is_waiting (link->rounds, link->waiter))
    answer (link->waiter, error != NULL ? g_error_copy (error) : NULL);
  rounds_unref (link->rounds);
}

static gboolean
read_all_locations (TernReader *reader,
                    gpointer data,
                    GCancellable *cancellable,
                    gpointer *result,
                    GError **error)
{
  const TernId *query = data;
  g_autoptr (GPtrArray) folders = tern_read_folders (reader, query[0], error);
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (TernId));

  if (folders == NULL)
    return FALSE;
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);
      g_autoptr (GArray) keys = NULL;

      if (folder->remote_name == NULL || (query[1] != 0 && folder->id != query[1]))
        continue;
      keys = tern_read_keys (reader, folder->id, TERN_FILTER_ALL, 0, error);
      if (keys == NULL)
        return FALSE;
      for (guint j = 0; j < keys->len; j++)
        g_array_append_val (all, g_array_index (keys, TernListKey, j).id);
    }
  *result = g_steal_pointer (&all);
  return TRUE;
}

static void
locations_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  WaiterLink *link = user_data;
  g_autoptr (GError) error = NULL;
  gpointer value = NULL;

  if (!tern_store_read_finish (link->rounds->store, result, &value, &error))
    {
      bodies_loaded (error, link);
      return;
    }
  if (((GArray *) value)->len == 0)
    bodies_loaded (NULL, link);
  else
    tern_body_loader_load_all (link->rounds->bodies, value, "", bodies_loaded, link);
  g_array_unref (value);
}

static void
ask_for_bodies (Waiter *waiter)
{
  TernId query[2] = { waiter->rounds->account, waiter->folder };

  waiter->loading = TRUE;
  tern_store_read_async (waiter->rounds->store, TERN_LANE_SLOW, G_PRIORITY_DEFAULT,
                         read_all_locations, g_memdup2 (query, sizeof query), g_free,
                         (GDestroyNotify) g_array_unref, NULL, locations_read_cb,
                         waiter_link_new (waiter));
}

typedef struct
{
  TernId account;
  char *path;
} PathQuery;

static void
path_query_free (gpointer data)
{
  PathQuery *query = data;

  g_free (query->path);
  g_free (query);
}

static gboolean
read_path (TernReader *reader,
           gpointer data,
           GCancellable *cancellable,
           gpointer *result,
           GError **error)
{
  const PathQuery *query = data;

  *result = tern_read_folder_by_path (reader, query->account, query->path, error);
  return error == NULL || *error == NULL;
}

/* What began after the question answers it. */
static gboolean
is_answered (const Waiter *waiter)
{
  const gint64 *began = g_hash_table_lookup (waiter->rounds->synced, &waiter->folder);
  const Wanted *wanted = g_hash_table_lookup (waiter->rounds->wanted, &waiter->folder);

  return (began != NULL && *began >= waiter->began)
         || (wanted != NULL && wanted->began >= waiter->began);
}

static void
path_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree WaiterLink *link = user_data;
  TernRounds *self = link->rounds;
  Waiter *waiter = is_waiting (self, link->waiter) ? link->waiter : NULL;
  GError *error = NULL;
  gpointer value = NULL;
  gboolean ok = tern_store_read_finish (self->store, result, &value, &error);
  g_autoptr (TernFolderRecord) folder = value;

  if (waiter == NULL)
    g_clear_error (&error);
  else if (!ok)
    answer (waiter, error);
  else if (folder == NULL)
    answer (waiter,
            tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("There is no folder “%s”."), waiter->path));
  else
    {
      waiter->folder = folder->id;
      if (!is_answered (waiter))
        tern_rounds_want (self, folder->id, TERN_URGENCY_NEW);
      tern_rounds_check (self);
    }
  rounds_unref (self);
}

static void
ask_for_folder (Waiter *waiter)
{
  PathQuery *query = g_new0 (PathQuery, 1);

  waiter->asked = TRUE;
  query->account = waiter->rounds->account;
  query->path = g_strdup (waiter->path);
  tern_store_read_async (waiter->rounds->store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, read_path,
                         query, path_query_free, (GDestroyNotify) tern_folder_record_free, NULL,
                         path_read_cb, waiter_link_new (waiter));
}

static void
check_waiter (TernRounds *self, Waiter *waiter)
{
  gboolean quiet = !is_busy (self) && !self->others_busy (self->data);

  if (self->listings <= waiter->listings)
    return;
  if (waiter->path != NULL && waiter->folder == 0)
    {
      if (!waiter->asked)
        ask_for_folder (waiter);
      return;
    }
  if (waiter->path != NULL ? g_hash_table_contains (self->wanted, &waiter->folder) : !quiet)
    return;
  if (waiter->error != NULL || !waiter->full)
    answer (waiter, g_steal_pointer (&waiter->error));
  else if (!waiter->loading)
    ask_for_bodies (waiter);
}

void
tern_rounds_check (TernRounds *self)
{
  g_autoptr (GPtrArray) waiters = NULL;

  if (self->freed || self->remote == NULL || self->waiters->len == 0)
    return;
  waiters = g_ptr_array_new ();
  g_ptr_array_extend (waiters, self->waiters, NULL, NULL);
  for (guint i = 0; i < waiters->len; i++)
    check_waiter (self, g_ptr_array_index (waiters, i));
}

void
tern_rounds_add_waiter (TernRounds *self, TernCall *call, const char *folder, gboolean full)
{
  Waiter *waiter = g_new0 (Waiter, 1);

  waiter->rounds = self;
  waiter->call = call;
  waiter->path = g_strdup (folder);
  waiter->full = full;
  waiter->began = g_get_monotonic_time ();
  waiter->folders = self->folders;
  waiter->totals = self->totals;
  g_ptr_array_add (self->waiters, waiter);
  if (self->remote == NULL)
    return;
  tern_remote_get_traffic (self->remote, &waiter->bytes_in, &waiter->bytes_out,
                           &waiter->round_trips);
  /* What a listing that runs already says may be older than the question. */
  waiter->listings = self->listings + (self->listing ? 1 : 0);
  tern_rounds_list (self);
}

/* Syncing */

typedef struct
{
  TernRounds *rounds;
  TernId folder;
  gint64 began;
} FolderLink;

static void start_folder (TernRounds *self, Wanted *wanted);

static void
went_quiet (TernRounds *self)
{
  if (!is_busy (self) && !self->freed)
    self->events.busy (FALSE, self->data);
  tern_rounds_check (self);
}

/* Those who asked for @folder, or for all, are told what became of it; of several that failed, the
 * first one is told. */
static void
tell_waiters (TernRounds *self, TernId folder, const GError *error)
{
  for (guint i = 0; i < self->waiters->len; i++)
    {
      Waiter *waiter = g_ptr_array_index (self->waiters, i);

      if (waiter->path != NULL && waiter->folder != folder)
        continue;
      if (waiter->failed == folder)
        g_clear_error (&waiter->error);
      if (error == NULL || waiter->error != NULL)
        continue;
      waiter->error = g_error_copy (error);
      waiter->failed = folder;
    }
}

static void
synced_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree FolderLink *link = user_data;
  TernRounds *self = link->rounds;
  TernId folder = link->folder;
  TernSyncCounts counts = { 0 };
  g_autoptr (GError) error = NULL;
  Wanted *wanted;

  tern_remote_sync_folder_finish (TERN_REMOTE (source), result, &counts, &error);
  if (error == NULL)
    self->folders++;
  self->totals.added += counts.added;
  self->totals.removed += counts.removed;
  self->totals.changed += counts.changed;
  if (!self->freed && TERN_REMOTE (source) == self->remote)
    {
      wanted = g_hash_table_lookup (self->wanted, &folder);
      if (error == NULL)
        g_hash_table_insert (self->synced, g_memdup2 (&folder, sizeof folder),
                             g_memdup2 (&link->began, sizeof link->began));
      if (wanted != NULL && wanted->again && error == NULL)
        start_folder (self, wanted);
      else
        g_hash_table_remove (self->wanted, &folder);
      tell_waiters (self, folder, error);
      self->events.synced (folder, error, self->data);
      went_quiet (self);
    }
  rounds_unref (self);
}

static void
start_folder (TernRounds *self, Wanted *wanted)
{
  FolderLink *link = g_new0 (FolderLink, 1);

  wanted->again = FALSE;
  wanted->began = g_get_monotonic_time ();
  link->rounds = rounds_ref (self);
  link->folder = wanted->folder;
  link->began = wanted->began;
  tern_remote_sync_folder_async (self->remote, wanted->folder, wanted->urgency, synced_cb, link);
}

void
tern_rounds_want (TernRounds *self, TernId folder, TernUrgency urgency)
{
  Wanted *wanted;

  if (self->remote == NULL || self->freed)
    return;
  wanted = g_hash_table_lookup (self->wanted, &folder);
  if (wanted != NULL)
    {
      wanted->again = TRUE;
      return;
    }
  wanted = g_new0 (Wanted, 1);
  wanted->folder = folder;
  wanted->urgency = urgency;
  g_hash_table_insert (self->wanted, &wanted->folder, wanted);
  self->events.busy (TRUE, self->data);
  start_folder (self, wanted);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernRounds *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) folders =
      tern_remote_list_folders_finish (TERN_REMOTE (source), result, &error);
  gboolean first = self->listings == 0;

  if (self->freed || TERN_REMOTE (source) != self->remote)
    {
      rounds_unref (self);
      return;
    }
  self->listing = FALSE;
  self->listings++;
  for (guint i = 0; folders != NULL && i < folders->len; i++)
    {
      TernId folder = g_array_index (folders, TernId, i);

      /* What was synced while the first listing was on its way need not be synced again. */
      if (first
          && (g_hash_table_contains (self->synced, &folder)
              || g_hash_table_contains (self->wanted, &folder)))
        continue;
      tern_rounds_want (self, folder, TERN_URGENCY_SYNC);
    }
  self->events.synced (0, error, self->data);
  if (self->list_again && self->remote != NULL)
    tern_rounds_list (self);
  went_quiet (self);
  rounds_unref (self);
}

void
tern_rounds_list (TernRounds *self)
{
  self->list_again = self->listing;
  if (self->listing || self->remote == NULL || self->freed)
    return;
  self->listing = TRUE;
  self->events.busy (TRUE, self->data);
  tern_remote_list_folders_async (self->remote, listed_cb, rounds_ref (self));
}

/* Life */

static void
fail_waiters (TernRounds *self, const GError *why)
{
  while (self->waiters->len > 0)
    answer (g_ptr_array_index (self->waiters, 0),
            why != NULL ? g_error_copy (why)
                        : tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("The connection ended.")));
}

void
tern_rounds_set_remote (TernRounds *self, TernRemote *remote, const GError *why)
{
  g_set_object (&self->remote, remote);
  g_hash_table_remove_all (self->wanted);
  g_hash_table_remove_all (self->synced);
  self->listing = FALSE;
  self->list_again = FALSE;
  self->listings = 0;
  if (remote == NULL)
    fail_waiters (self, why);
}

TernRounds *
tern_rounds_new (TernStore *store,
                 TernId account,
                 TernBodyLoader *bodies,
                 const TernRoundsEvents *events,
                 gboolean (*others_busy) (gpointer),
                 gpointer data)
{
  TernRounds *self = g_new0 (TernRounds, 1);

  self->refs = 1;
  self->store = tern_store_ref (store);
  self->account = account;
  self->bodies = bodies;
  self->events = *events;
  self->others_busy = others_busy;
  self->data = data;
  self->wanted = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  self->synced = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  self->waiters = g_ptr_array_new ();
  return self;
}

void
tern_rounds_free (TernRounds *self)
{
  self->freed = TRUE;
  fail_waiters (self, NULL);
  g_clear_object (&self->remote);
  rounds_unref (self);
}
