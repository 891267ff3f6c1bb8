/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-body-loader-private.h"

#include <glib/gi18n.h>

#include "tern-body-fetch-private.h"
#include "tern-download-private.h"
#include "tern-limits.h"

/* Downloads at a time: each has up to 2 MiB in memory. */
#define DOWNLOADS 2

/* Messages in one fetch: a person's click waits for no more than these. */
#define FETCH      10
#define SYNC_FETCH 500
/* Fetches of one flight that are in memory while the next one is under way. */
#define LANDINGS 2
/* … and bytes of those. */
#define LANDING_BYTES (2 * TERN_LIMIT_IMAP_FETCH)

struct _TernBodyLoader
{
  int refs;
  TernStore *store;   /* (owned) */
  TernRemote *remote; /* (owned) (nullable) */
  GError *why;        /* (owned) (nullable) why there is none */
  gboolean expected;  /* a remote will come, or the reason why not */
  GPtrArray *waiting; /* (owned) of Flight: until then */
  GArray *soon;       /* (owned) of TernId: prefetch */
  gboolean prefetching;
  GPtrArray *downloads; /* (owned) of TernDownload, in the order in which they were asked for */
  gboolean no_pieces;   /* the server was seen not to give any, on this connection */
  void (*stopped) (gpointer data); /* (nullable) */
  gpointer stopped_data;
};

/* From the server into the store, fetch after fetch: while the bytes of one are written, the next
 * one is under way. */
typedef struct
{
  TernBodyLoader *loader;
  TernUrgency urgency;
  TernBodyFetch *fetch;  /* (owned) (nullable) under way */
  TernBodyLoaded loaded; /* (nullable) */
  gpointer data;
  gboolean all;   /* what a fetch does not take comes after it */
  GArray *rest;   /* (owned) (nullable) of TernId: that */
  guint landings; /* fetches that are being stored */
  guint64 landing_bytes;
  gboolean airborne;
  char *section; /* (owned) (nullable) as it was asked for */
  GError *error; /* (owned) (nullable) the first message that the server did not give */
  GError *end;   /* (owned) (nullable) why there is no going on */
  /* Of one message: */
  TernId location;
  TernTransfer *transfer;    /* (owned) (nullable) */
  GCancellable *cancellable; /* (owned) (nullable) */
} Flight;

/* A fetch whose bytes are here. */
typedef struct
{
  Flight *flight;
  TernBodyFetch *fetch; /* (owned) */
  guint64 bytes;
} Landing;

static void start_fetch (Flight *flight, const TernId *ids, gsize n);

static TernBodyLoader *
loader_ref (TernBodyLoader *self)
{
  self->refs++;
  return self;
}

static void
loader_unref (TernBodyLoader *self)
{
  if (--self->refs == 1 && self->stopped != NULL)
    g_steal_pointer (&self->stopped) (self->stopped_data);
  if (self->refs > 0)
    return;
  g_clear_object (&self->remote);
  g_clear_error (&self->why);
  g_ptr_array_unref (self->waiting);
  g_array_unref (self->soon);
  g_ptr_array_unref (self->downloads);
  tern_store_unref (self->store);
  g_free (self);
}

static void
flight_free (Flight *flight)
{
  g_clear_pointer (&flight->fetch, tern_body_fetch_free);
  g_clear_pointer (&flight->rest, g_array_unref);
  g_clear_error (&flight->error);
  g_clear_error (&flight->end);
  g_free (flight->section);
  g_clear_pointer (&flight->transfer, tern_transfer_unref);
  g_clear_object (&flight->cancellable);
  loader_unref (flight->loader);
  g_free (flight);
}

/* Goes on with what is left, or ends when everything that came is in the store. */
static void
go_on (Flight *flight)
{
  g_autoptr (GArray) rest = NULL;

  if (flight->airborne)
    return;
  if (flight->end == NULL && flight->all && flight->rest != NULL && flight->rest->len > 0)
    {
      if (flight->landings >= LANDINGS || flight->landing_bytes > LANDING_BYTES)
        return;
      rest = g_steal_pointer (&flight->rest);
      start_fetch (flight, &g_array_index (rest, TernId, 0), rest->len);
      return;
    }
  if (flight->landings > 0)
    return;
  if (flight->loaded != NULL)
    flight->loaded (flight->end != NULL ? flight->end : flight->error, flight->data);
  flight_free (flight);
}

static void
take_end (Flight *flight, const GError *error)
{
  if (flight->end == NULL)
    flight->end = g_error_copy (error);
}

/* What was under way has not come. */
static void
crash (Flight *flight, const GError *error)
{
  flight->airborne = FALSE;
  g_clear_pointer (&flight->fetch, tern_body_fetch_free);
  take_end (flight, error);
  go_on (flight);
}

static void store_slice (Landing *landing);

static void
stored_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Landing *landing = user_data;
  Flight *flight = landing->flight;
  g_autoptr (GError) error = NULL;

  landing->fetch->stored += TERN_BODY_FETCH_SLICE;
  if (!tern_store_write_finish (flight->loader->store, result, NULL, &error))
    take_end (flight, error);
  else if (landing->fetch->stored < landing->fetch->targets->len)
    {
      store_slice (landing);
      return;
    }
  flight->landings--;
  flight->landing_bytes -= landing->bytes;
  tern_body_fetch_free (landing->fetch);
  g_free (landing);
  go_on (flight);
}

/* What nobody waits for may wait itself. */
static gboolean
write_spare (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  return tern_txn_require_room (txn, error) && tern_body_fetch_write (txn, data, result, error);
}

static void
store_slice (Landing *landing)
{
  TernStore *store = landing->flight->loader->store;
  gboolean urgent = landing->flight->urgency == TERN_URGENCY_READER;

  tern_store_write_async (store, urgent ? G_PRIORITY_HIGH : G_PRIORITY_DEFAULT,
                          urgent ? tern_body_fetch_write : write_spare, landing->fetch, NULL, NULL,
                          stored_cb, landing);
}

/* What is only kept gets its first words later: TernBodyKeeper. */
static void
land (Flight *flight)
{
  Landing *landing = g_new0 (Landing, 1);

  landing->flight = flight;
  landing->fetch = g_steal_pointer (&flight->fetch);
  landing->bytes = tern_body_fetch_count_bytes (landing->fetch);
  flight->landings++;
  flight->landing_bytes += landing->bytes;
  if (flight->urgency != TERN_URGENCY_SYNC)
    tern_body_fetch_make_previews (landing->fetch);
  tern_body_fetch_pack (landing->fetch);
  store_slice (landing);
}

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Flight *flight = user_data;
  g_autoptr (GError) error = NULL;
  const TernPartRequest *first = g_ptr_array_index (flight->fetch->requests, 0);
  const GError *refused;

  if (!tern_remote_fetch_parts_finish (TERN_REMOTE (source), result, &error))
    {
      /* A line that is cut again and again brings something each time. */
      if (tern_body_fetch_has_any (flight->fetch))
        {
          flight->airborne = FALSE;
          take_end (flight, error);
          land (flight);
        }
      else
        crash (flight, error);
      return;
    }
  if (flight->all)
    tern_body_fetch_put_off (flight->fetch, flight->rest);
  /* The others are stored all the same. */
  refused = tern_body_fetch_get_error (flight->fetch);
  if (refused != NULL && flight->error == NULL)
    flight->error = g_error_copy (refused);
  if (flight->urgency == TERN_URGENCY_READER && refused == NULL && first->bytes == NULL)
    {
      error =
          tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The message is not on the server any more."));
      crash (flight, error);
      return;
    }
  flight->airborne = FALSE;
  land (flight);
  go_on (flight);
}

/* (transfer full) */
static GError *
why_not (TernBodyLoader *self)
{
  return self->why != NULL ? g_error_copy (self->why)
                           : tern_fault_new (TERN_FAULT_UNREACHABLE,
                                             _ ("The message is not on this computer, and there "
                                                "is no connection to its server."));
}

/* What is missing is known. */
static void
depart (Flight *flight)
{
  TernBodyLoader *self = flight->loader;
  g_autoptr (GError) error = NULL;

  if (self->remote != NULL)
    {
      tern_remote_fetch_parts_async (self->remote, flight->fetch->folder, flight->fetch->requests,
                                     flight->urgency, fetched_cb, flight);
      return;
    }
  if (self->expected)
    {
      g_ptr_array_add (self->waiting, flight);
      return;
    }
  error = why_not (self);
  crash (flight, error);
}

/* Downloads */

static void
start_downloads (TernBodyLoader *self)
{
  for (guint i = 0; i < MIN (self->downloads->len, DOWNLOADS); i++)
    {
      TernDownload *download = g_ptr_array_index (self->downloads, i);

      if (!tern_download_is_started (download))
        tern_download_start (download);
    }
}

static void
download_ended (TernDownload *download, gpointer data)
{
  TernBodyLoader *self = data;

  self->no_pieces |= tern_download_lacks_pieces (download);
  g_ptr_array_remove (self->downloads, download);
  start_downloads (self);
}

static TernDownload *
find_download (TernBodyLoader *self, TernId location, const char *section)
{
  for (guint i = 0; i < self->downloads->len; i++)
    if (tern_download_is_for (g_ptr_array_index (self->downloads, i), location, section))
      return g_ptr_array_index (self->downloads, i);
  return NULL;
}

/* The flight becomes somebody who waits. */
static void
board_download (Flight *flight)
{
  TernBodyLoader *self = flight->loader;
  TernDownload *download = find_download (self, flight->location, flight->section);
  g_autoptr (GError) error = NULL;

  if (self->remote == NULL && !self->expected && download == NULL)
    {
      error = why_not (self);
      crash (flight, error);
      return;
    }
  if (download == NULL)
    {
      download =
          tern_download_new (self->store, flight->location, flight->section, self->no_pieces,
                             download_ended, loader_ref (self), (GDestroyNotify) loader_unref);
      g_ptr_array_add (self->downloads, download);
      tern_download_set_remote (download, self->remote, NULL);
    }
  tern_download_add_waiter (download, flight->transfer, flight->cancellable, flight->loaded,
                            flight->data);
  flight_free (flight);
  start_downloads (self);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Flight *flight = user_data;
  TernBodyLoader *self = flight->loader;
  g_autoptr (GError) error = NULL;
  gpointer value = NULL;

  if (!tern_store_read_finish (self->store, result, &value, &error))
    {
      crash (flight, error);
      return;
    }
  flight->fetch = value;
  flight->rest = g_array_ref (flight->fetch->rest);
  if (flight->fetch->requests->len == 0)
    {
      flight->airborne = FALSE;
      g_clear_pointer (&flight->fetch, tern_body_fetch_free);
      go_on (flight);
    }
  else if (flight->fetch->large > 0)
    board_download (flight);
  else
    depart (flight);
}

static void
start_fetch (Flight *flight, const TernId *ids, gsize n)
{
  gboolean strict = flight->urgency == TERN_URGENCY_READER;

  flight->airborne = TRUE;
  tern_store_read_async (
      flight->loader->store, TERN_LANE_LIST, strict ? G_PRIORITY_HIGH : G_PRIORITY_DEFAULT,
      tern_body_fetch_read,
      tern_body_query_new (ids, n, flight->section, strict,
                           flight->urgency == TERN_URGENCY_SYNC ? SYNC_FETCH : FETCH),
      (GDestroyNotify) tern_body_query_free, (GDestroyNotify) tern_body_fetch_free, NULL, read_cb,
      flight);
}

static Flight *
flight_new (TernBodyLoader *self, TernUrgency urgency, TernBodyLoaded loaded, gpointer data)
{
  Flight *flight = g_new0 (Flight, 1);

  flight->loader = loader_ref (self);
  flight->urgency = urgency;
  flight->loaded = loaded;
  flight->data = data;
  return flight;
}

void
tern_body_loader_load (TernBodyLoader *self,
                       TernId location,
                       const char *section,
                       TernTransfer *transfer,
                       GCancellable *cancellable,
                       TernBodyLoaded loaded,
                       gpointer data)
{
  Flight *flight = flight_new (self, TERN_URGENCY_READER, loaded, data);

  flight->location = location;
  flight->section = g_strdup (section);
  flight->transfer = transfer != NULL ? tern_transfer_ref (transfer) : NULL;
  g_set_object (&flight->cancellable, cancellable);
  start_fetch (flight, &location, 1);
}

void
tern_body_loader_load_all (TernBodyLoader *self,
                           GArray *locations,
                           const char *section,
                           TernBodyLoaded loaded,
                           gpointer data)
{
  Flight *flight = flight_new (self, TERN_URGENCY_SYNC, loaded, data);

  flight->all = TRUE;
  flight->section = g_strdup (section);
  start_fetch (flight, &g_array_index (locations, TernId, 0), locations->len);
}

/* Prefetch: a flight at a time, so that a newer list takes over soon. */

static void prefetch_next (TernBodyLoader *self);

static void
prefetched_cb (const GError *error, gpointer data)
{
  TernBodyLoader *self = data;

  self->prefetching = FALSE;
  if (error != NULL)
    {
      g_debug ("prefetch: %s", error->message);
      g_array_set_size (self->soon, 0);
    }
  prefetch_next (self);
}

static void
prefetch_next (TernBodyLoader *self)
{
  guint n = MIN (self->soon->len, FETCH);
  g_autofree TernId *ids = NULL;
  Flight *flight;

  if (self->prefetching || self->remote == NULL || n == 0)
    return;
  ids = g_memdup2 (self->soon->data, n * sizeof (TernId));
  g_array_remove_range (self->soon, 0, n);
  self->prefetching = TRUE;
  flight = flight_new (self, TERN_URGENCY_PREFETCH, prefetched_cb, self);
  flight->all = TRUE;
  start_fetch (flight, ids, n);
}

void
tern_body_loader_prefetch (TernBodyLoader *self, const TernId *ids, gsize n)
{
  g_array_set_size (self->soon, 0);
  if (n > 0)
    g_array_append_vals (self->soon, ids, n);
  prefetch_next (self);
}

/* Life */

TernBodyLoader *
tern_body_loader_new (TernStore *store)
{
  TernBodyLoader *self = g_new0 (TernBodyLoader, 1);

  self->refs = 1;
  self->store = tern_store_ref (store);
  self->waiting = g_ptr_array_new ();
  self->soon = g_array_new (FALSE, FALSE, sizeof (TernId));
  self->downloads = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_download_unref);
  return self;
}

void
tern_body_loader_expect (TernBodyLoader *self)
{
  self->expected = TRUE;
}

static gpointer
copy_download (gconstpointer download, gpointer unused)
{
  return tern_download_ref ((TernDownload *) download);
}

static void
end_waiting (TernBodyLoader *self)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);

  self->expected = FALSE;
  self->waiting = g_ptr_array_new ();
  for (guint i = 0; i < waiting->len; i++)
    depart (g_ptr_array_index (waiting, i));
}

static void
tell_downloads (TernBodyLoader *self)
{
  g_autoptr (GPtrArray) downloads =
      g_ptr_array_copy (self->downloads, (GCopyFunc) copy_download, NULL);

  g_ptr_array_set_free_func (downloads, (GDestroyNotify) tern_download_unref);
  for (guint i = 0; i < downloads->len; i++)
    tern_download_set_remote (g_ptr_array_index (downloads, i), self->remote, self->why);
}

void
tern_body_loader_set_remote (TernBodyLoader *self, TernRemote *remote, const GError *why)
{
  /* One answer may have been a mischance: each connection is asked anew. */
  if (g_set_object (&self->remote, remote))
    self->no_pieces = FALSE;
  g_clear_error (&self->why);
  if (why != NULL)
    self->why = g_error_copy (why);
  if (remote != NULL || why != NULL)
    end_waiting (self);
  tell_downloads (self);
  if (remote != NULL)
    prefetch_next (self);
}

gboolean
tern_body_loader_stop (TernBodyLoader *self, void (*stopped) (gpointer data), gpointer data)
{
  if (self->refs == 1)
    return FALSE;
  self->stopped = stopped;
  self->stopped_data = data;
  return TRUE;
}

void
tern_body_loader_free (TernBodyLoader *self)
{
  g_clear_object (&self->remote);
  g_array_set_size (self->soon, 0);
  self->stopped = NULL;
  end_waiting (self);
  loader_unref (self);
}
