/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-download-private.h"

#include <glib/gi18n.h>

#include "tern-base64-lines.h"
#include "tern-body-fetch-private.h"
#include "tern-body-store.h"
#include "tern-limits.h"
#include "tern-partial-store.h"

/* A piece takes about this long, so that what a person does meanwhile never waits longer. */
#define PIECE_FAST_USEC (250 * 1000)
#define PIECE_SLOW_USEC (1500 * 1000)
#define PIECE_FIRST     (256 * 1024)
#define PIECE_LEAST     (64 * 1024)
#define PIECE_MOST      (1024 * 1024)

/* Of what the server decoded, compared with what the message has. */
#define COMPARED 1024

/* Without a piece between them; the pauses between connections grow. */
#define MAX_FAILURES 6
#define PAUSE_MS     1000

typedef struct
{
  TernDownload *download; /* (unowned) has it */
  TernTransfer *transfer; /* (owned) (nullable) */
  GSource *cancelled;     /* (owned) (nullable) */
  TernBodyLoaded loaded;
  gpointer data;
} Waiter;

struct _TernDownload
{
  int refs;
  TernStore *store; /* (owned) */
  TernId location;
  char *section;
  TernDownloadEnded ended;
  gpointer data; /* (owned) */
  GDestroyNotify data_free;
  TernRemote *remote; /* (owned) (nullable) */
  GPtrArray *waiters; /* (owned) of Waiter */

  TernBodyFetch *fetch;  /* (owned) (nullable) where it is on the server, once that was read */
  guint64 told;          /* its size, as the server told it */
  guint64 offset;        /* of the next piece */
  guint64 stored;        /* bytes on this disk */
  GChecksum *checksum;   /* (owned) (nullable) of everything before @offset */
  guint32 length;        /* of the next piece */
  guint line;            /* characters in each line of base64, 0 = not known, or not like that */
  gboolean undecoded;    /* the server is not asked to decode it */
  gboolean some_decoded; /* it has been, for some of what is here */
  gint64 asked;          /* when, monotonic */
  GPtrArray *requests;   /* (owned) (nullable) the piece that is being asked for */
  GBytes *held;          /* (owned) (nullable) one that came while another was being stored */
  GError *trouble;       /* (owned) (nullable) looked at when nothing is under way any more */
  GSource *pause;        /* (owned) (nullable) */
  TernId lost_folder;    /* where it was not */
  guint32 lost_uid;
  guint failures;
  gboolean started;
  gboolean reading;
  gboolean storing;
  gboolean dropping;
  gboolean complete; /* the last piece has come */
  gboolean whole;
  gboolean no_pieces; /* the server brought something else than the piece that was asked for */
  gboolean over;
};

static void go_on (TernDownload *self);

/* Waiters */

static void
waiter_free (gpointer data)
{
  Waiter *waiter = data;

  if (waiter->cancelled != NULL)
    g_source_destroy (waiter->cancelled);
  g_clear_pointer (&waiter->cancelled, g_source_unref);
  g_clear_pointer (&waiter->transfer, tern_transfer_unref);
  g_free (waiter);
}

static void
report (TernDownload *self)
{
  gboolean waiting = self->remote == NULL || !self->started || self->pause != NULL;

  for (guint i = 0; i < self->waiters->len; i++)
    {
      const Waiter *waiter = g_ptr_array_index (self->waiters, i);

      if (waiter->transfer != NULL)
        tern_transfer_set (waiter->transfer, self->stored, self->told, waiting);
    }
}

static void
clear_pause (TernDownload *self)
{
  if (self->pause != NULL)
    g_source_destroy (self->pause);
  g_clear_pointer (&self->pause, g_source_unref);
}

static void
end (TernDownload *self, const GError *error)
{
  if (self->over)
    return;
  tern_download_ref (self);
  self->over = TRUE;
  clear_pause (self);
  g_clear_object (&self->remote);
  while (self->waiters->len > 0)
    {
      Waiter *waiter = g_ptr_array_steal_index (self->waiters, 0);

      waiter->loaded (error, waiter->data);
      waiter_free (waiter);
    }
  self->ended (self, self->data);
  tern_download_unref (self);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Waiter *waiter = data;
  g_autoptr (TernDownload) self = tern_download_ref (waiter->download);
  g_autoptr (GError) error = tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped."));

  waiter->loaded (error, waiter->data);
  g_ptr_array_remove (self->waiters, waiter);
  if (self->waiters->len == 0)
    end (self, error);
  return G_SOURCE_REMOVE;
}

void
tern_download_add_waiter (TernDownload *self,
                          TernTransfer *transfer,
                          GCancellable *cancellable,
                          TernBodyLoaded loaded,
                          gpointer data)
{
  Waiter *waiter = g_new0 (Waiter, 1);

  waiter->download = self;
  waiter->transfer = transfer != NULL ? tern_transfer_ref (transfer) : NULL;
  waiter->loaded = loaded;
  waiter->data = data;
  if (cancellable != NULL)
    {
      waiter->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_callback (waiter->cancelled, G_SOURCE_FUNC (on_cancelled), waiter, NULL);
      g_source_attach (waiter->cancelled, g_main_context_get_thread_default ());
    }
  g_ptr_array_add (self->waiters, waiter);
  report (self);
}

/* Where it is on the server, and what of it is here */

typedef struct
{
  TernBodyFetch *fetch; /* (owned) (nullable) */
  TernPartial *partial; /* (owned) (nullable) */
} Place;

static void
place_free (gpointer data)
{
  Place *place = data;

  g_clear_pointer (&place->fetch, tern_body_fetch_free);
  g_clear_pointer (&place->partial, tern_partial_free);
  g_free (place);
}

static gboolean
read_place (TernReader *reader,
            gpointer data,
            GCancellable *cancellable,
            gpointer *result,
            GError **error)
{
  const TernBodyQuery *query = data;
  TernId location = g_array_index (query->locations, TernId, 0);
  Place *place = g_new0 (Place, 1);
  gpointer fetch = NULL;

  *result = place;
  if (!tern_body_fetch_read (reader, data, cancellable, &fetch, error))
    return FALSE;
  place->fetch = fetch;
  place->partial =
      tern_read_partial (reader, location, query->section, place->fetch->large, cancellable, error);
  return place->partial != NULL;
}

static void
forget_place (TernDownload *self)
{
  g_clear_pointer (&self->fetch, tern_body_fetch_free);
  g_clear_pointer (&self->checksum, g_checksum_free);
  g_clear_pointer (&self->held, g_bytes_unref);
  self->complete = FALSE;
}

static const TernPartRequest *
get_request (const TernDownload *self)
{
  return g_ptr_array_index (self->fetch->requests, 0);
}

static GError *
fault_lost (void)
{
  return tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The message is not on the server any more."));
}

static void
take_place (TernDownload *self, Place *place)
{
  if (place->fetch->requests->len == 0)
    {
      /* It is here. */
      end (self, NULL);
      return;
    }
  self->fetch = g_steal_pointer (&place->fetch);
  self->told = self->fetch->large;
  self->offset = self->stored = place->partial->size;
  self->checksum = g_checksum_copy (place->partial->checksum);
  /* In pieces only when it is known how many. */
  self->whole |= self->told == 0;
  if (self->fetch->folder->id == self->lost_folder && get_request (self)->uid == self->lost_uid)
    self->trouble = fault_lost ();
  report (self);
}

static void
place_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernDownload) self = user_data;
  g_autoptr (GError) error = NULL;
  gpointer place = NULL;

  self->reading = FALSE;
  if (!tern_store_read_finish (self->store, result, &place, &error))
    end (self, error);
  else if (!self->over)
    take_place (self, place);
  g_clear_pointer (&place, place_free);
  go_on (self);
}

static void
find_place (TernDownload *self)
{
  self->reading = TRUE;
  tern_store_read_async (self->store, TERN_LANE_SLOW, G_PRIORITY_HIGH, read_place,
                         tern_body_query_new (&self->location, 1, self->section, TRUE, 1),
                         (GDestroyNotify) tern_body_query_free, place_free, NULL, place_read_cb,
                         tern_download_ref (self));
}

/* Storing */

typedef struct
{
  TernId location;
  char *section;
  guint64 told;
  guint64 offset;
  GBytes *bytes; /* (owned) (nullable) NULL: all of it is here */
  char *hash;    /* (owned) (nullable) */
  gboolean whole;
  gboolean dropped; /* none of what is here is right */
} Piece;

static Piece *
piece_new (const TernDownload *self)
{
  Piece *piece = g_new0 (Piece, 1);

  piece->location = self->location;
  piece->section = g_strdup (self->section);
  piece->told = self->told;
  piece->offset = self->stored;
  piece->whole = self->whole;
  return piece;
}

static void
piece_free (gpointer data)
{
  Piece *piece = data;

  g_free (piece->section);
  g_clear_pointer (&piece->bytes, g_bytes_unref);
  g_free (piece->hash);
  g_free (piece);
}

static gboolean
write_piece (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const Piece *piece = data;

  if (piece->dropped)
    return tern_txn_drop_partial (txn, piece->location, piece->section, piece->told, error);
  if (piece->whole)
    return tern_txn_put_body (txn, piece->location, piece->section, piece->bytes, FALSE, error);
  if (piece->bytes != NULL)
    return tern_txn_append_partial (txn, piece->location, piece->section, piece->told,
                                    piece->offset, piece->bytes, error);
  return tern_txn_finish_partial (txn, piece->location, piece->section, piece->told, piece->offset,
                                  piece->hash, error);
}

static void
stored_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernDownload) self = user_data;

  self->storing = FALSE;
  if (!tern_store_write_finish (self->store, result, NULL,
                                self->trouble == NULL ? &self->trouble : NULL))
    {
      go_on (self);
      return;
    }
  self->failures = 0;
  report (self);
  go_on (self);
}

static void
finished_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernDownload) self = user_data;

  self->storing = FALSE;
  if (tern_store_write_finish (self->store, result, NULL, &self->trouble))
    end (self, NULL);
  else
    go_on (self);
}

/* @bytes NULL: makes a body of what is here. */
static void
store (TernDownload *self, GBytes *bytes)
{
  Piece *piece = piece_new (self);
  gboolean last = bytes == NULL || self->whole;

  piece->bytes = bytes;
  if (bytes != NULL)
    self->stored += g_bytes_get_size (bytes);
  else
    piece->hash = g_strdup (g_checksum_get_string (self->checksum));
  self->storing = TRUE;
  tern_store_write_async (self->store, G_PRIORITY_DEFAULT, write_piece, piece, piece_free, NULL,
                          last ? finished_cb : stored_cb, tern_download_ref (self));
}

static void
dropped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernDownload) self = user_data;

  self->dropping = FALSE;
  tern_store_write_finish (self->store, result, NULL,
                           self->trouble == NULL ? &self->trouble : NULL);
  go_on (self);
}

/* From the disk as well, and after what is being stored: what is read there when the place is
 * looked for again, or by another download, counts as right. */
static void
drop (TernDownload *self)
{
  Piece *piece = piece_new (self);

  piece->dropped = self->dropping = TRUE;
  self->offset = self->stored = 0;
  g_checksum_reset (self->checksum);
  tern_store_write_async (self->store, G_PRIORITY_DEFAULT, write_piece, piece, piece_free, NULL,
                          dropped_cb, tern_download_ref (self));
}

/* Asking */

/* @piece: the next bytes; the last ones when they are fewer than @wanted. */
static void
take_piece (TernDownload *self, GBytes *piece, guint32 wanted)
{
  gsize size;
  const void *bytes = g_bytes_get_data (piece, &size);
  gint64 took = g_get_monotonic_time () - self->asked;

  if (took < PIECE_FAST_USEC)
    self->length = MIN (self->length * 2, PIECE_MOST);
  else if (took > PIECE_SLOW_USEC)
    self->length = MAX (self->length / 2, PIECE_LEAST);
  if (!self->whole)
    {
      if (self->line == 0)
        self->line = tern_base64_lines_find (piece, self->offset);
      g_checksum_update (self->checksum, bytes, (gssize) size);
      self->offset += size;
      /* The size that was told may be wrong, and a server may give less at a time than it is asked
       * for. */
      self->complete = size == 0 || (size < wanted && self->offset >= self->told);
    }
  if (self->offset > 2 * self->told + TERN_LIMIT_IMAP_SLACK)
    self->trouble = tern_fault_new (
        TERN_FAULT_LIMIT, _ ("This part of the message has no end, so it was not loaded."));
  else if (size > 0 || self->whole)
    self->held = g_bytes_ref (piece);
}

/*
 * The third that base64 adds need not be transferred: the server decodes what lies in the middle
 * of a part, and the lines that it was are made of that again, so that what is stored is the same
 * either way. It is believed only as far as it agrees with what is fetched as it is: the end of
 * each piece, and all of what comes last. A part with anything else in it than such lines would be
 * at another place by then.
 */

/* The line that the next byte is in: where it begins, in the part and in what that decodes to. */
static guint64
get_line_start (const TernDownload *self, guint64 *decoded)
{
  guint64 row = self->offset / (self->line + 2);

  *decoded = row * (self->line / 4 * 3);
  return row * (self->line + 2);
}

static gboolean
is_base64 (const TernDownload *self)
{
  const TernBodyTarget *target = g_ptr_array_index (self->fetch->targets, 0);
  const TernPart *part =
      target->structure != NULL ? tern_part_find_section (target->structure, self->section) : NULL;

  return part != NULL && g_strcmp0 (part->encoding, "base64") == 0;
}

/* With an odd length of its last line it was cut off. */
static gboolean
can_ask_decoded (const TernDownload *self)
{
  return !self->whole && !self->undecoded && self->line > 0 && self->offset < self->told
         && self->told % (self->line + 2) % 2 == 0 && is_base64 (self)
         && tern_remote_gains_by_decoding (self->remote);
}

/* The last stretch is fetched both ways. */
static gboolean
is_last (const TernDownload *self)
{
  return self->offset + PIECE_LEAST >= self->told;
}

static void
ask_as_it_is (TernDownload *self)
{
  self->undecoded = TRUE;
  /* Nothing says any more that what was decoded is right. */
  if (self->some_decoded)
    {
      self->some_decoded = FALSE;
      drop (self);
    }
}

/* @decoded, and @compared: some of the same as it is. (transfer full) (nullable) the next bytes. */
static GBytes *
join_decoded (TernDownload *self, const TernPartRequest *decoded, const TernPartRequest *compared)
{
  guint64 at;
  guint64 start = get_line_start (self, &at);
  g_autoptr (GBytes) lines = NULL;

  if (decoded->bytes == NULL || compared->bytes == NULL)
    return NULL;
  if (is_last (self))
    {
      if (g_bytes_get_size (compared->bytes) >= compared->length
          || g_bytes_get_size (compared->bytes) <= self->offset - start
          || !tern_base64_lines_decode_to (compared->bytes, decoded->bytes))
        return NULL;
      lines = g_bytes_ref (compared->bytes);
    }
  else
    {
      if (g_bytes_get_size (decoded->bytes) == decoded->length)
        lines = tern_base64_lines_encode (decoded->bytes, self->line);
      if (lines == NULL || g_bytes_get_size (compared->bytes) != compared->length
          || !tern_base64_lines_end_with (lines, compared->bytes))
        return NULL;
    }
  return g_bytes_new_from_bytes (lines, self->offset - start,
                                 g_bytes_get_size (lines) - (self->offset - start));
}

static void
take_decoded (TernDownload *self, const TernPartRequest *decoded, const TernPartRequest *compared)
{
  g_autoptr (GBytes) bytes = join_decoded (self, decoded, compared);
  gboolean last = is_last (self);

  if (bytes == NULL)
    {
      ask_as_it_is (self);
      return;
    }
  self->some_decoded = TRUE;
  take_piece (self, bytes, 0);
  self->complete |= last;
}

/* Cancelled: the other sessions of a remote are closed with the one that was cut. */
static gboolean
is_of_link (const GError *error)
{
  return tern_fault_is_cancelled (error) || tern_fault_is (error, TERN_FAULT_DISCONNECTED)
         || tern_fault_is (error, TERN_FAULT_TIMED_OUT) || tern_fault_is (error, TERN_FAULT_TLS)
         || tern_fault_is (error, TERN_FAULT_UNREACHABLE);
}

static void
asked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernDownload) self = user_data;
  g_autoptr (GPtrArray) requests = g_steal_pointer (&self->requests);
  g_autoptr (GError) error = NULL;
  TernPartRequest *request = g_ptr_array_index (requests, 0);

  tern_remote_fetch_parts_finish (TERN_REMOTE (source), result, &error);
  if (self->over)
    return;
  if (requests->len > 1 && error != NULL && !(self->some_decoded && is_of_link (error)))
    {
      /* It is not to come again. Dovecot 2.3 ends the connection when a part is cut off. */
      ask_as_it_is (self);
      tern_fault_set_scope (error, TERN_SCOPE_MESSAGE);
      tern_fault_set_retry (error, TERN_RETRY_NOW);
    }
  else if (requests->len > 1 && error == NULL)
    {
      take_decoded (self, g_ptr_array_index (requests, 1), request);
      go_on (self);
      return;
    }
  if (error == NULL)
    error = g_steal_pointer (&request->error);
  if (error == NULL && request->bytes == NULL)
    {
      /* It may have been moved: then it is looked for again. */
      self->lost_folder = self->fetch->folder->id;
      self->lost_uid = request->uid;
      error = fault_lost ();
      tern_fault_set_retry (error, TERN_RETRY_NOW);
    }
  if (error == NULL)
    take_piece (self, request->bytes, request->length);
  else if (self->trouble == NULL)
    self->trouble = g_steal_pointer (&error);
  go_on (self);
}

static void
add_request (TernDownload *self, gboolean decoded, guint64 offset, guint32 length)
{
  const TernPartRequest *wanted = get_request (self);
  TernPartRequest *request = tern_part_request_new (wanted->uid, wanted->section, wanted->size);

  request->decoded = decoded;
  request->offset = offset;
  request->length = length;
  g_ptr_array_add (self->requests, request);
}

static void
add_decoded (TernDownload *self)
{
  guint row = self->line + 2;
  guint64 at;
  guint64 start = get_line_start (self, &at);
  /* Not up to the end, which is compared. */
  guint64 rows = MIN (self->length, self->told - start - COMPARED) / row;

  if (is_last (self))
    {
      /* More than there can be, so that its end is seen. */
      add_request (self, FALSE, start, 2 * PIECE_LEAST);
      add_request (self, TRUE, at, 2 * PIECE_LEAST);
      return;
    }
  add_request (self, FALSE, start + rows * row - COMPARED, COMPARED);
  add_request (self, TRUE, at, (guint32) rows * (self->line / 4 * 3));
}

static void
ask (TernDownload *self)
{
  self->requests = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_part_request_free);
  if (can_ask_decoded (self) && (self->some_decoded || !is_last (self)))
    add_decoded (self);
  else if (self->whole)
    add_request (self, FALSE, 0, 0);
  else
    add_request (self, FALSE, self->offset, self->length);
  self->asked = g_get_monotonic_time ();
  tern_remote_fetch_parts_async (self->remote, self->fetch->folder, self->requests,
                                 TERN_URGENCY_DOWNLOAD, asked_cb, tern_download_ref (self));
}

/* Trouble */

static gboolean
on_paused (gpointer data)
{
  g_autoptr (TernDownload) self = tern_download_ref (data);

  clear_pause (self);
  report (self);
  go_on (self);
  return G_SOURCE_REMOVE;
}

static void
face_trouble (TernDownload *self)
{
  g_autoptr (GError) error = g_steal_pointer (&self->trouble);
  /* The store or the server has it otherwise than we thought: looking again helps. */
  gboolean again = is_of_link (error)
                   || (tern_fault_get_scope (error) == TERN_SCOPE_MESSAGE
                       && tern_fault_get_retry (error) == TERN_RETRY_NOW);

  if (tern_fault_is (error, TERN_FAULT_PROTOCOL) && !self->whole && !again
      && tern_fault_get_scope (error) == TERN_SCOPE_MESSAGE)
    {
      self->whole = self->no_pieces = TRUE;
      g_clear_pointer (&self->held, g_bytes_unref);
      self->complete = FALSE;
      go_on (self);
    }
  else if (again && ++self->failures <= MAX_FAILURES)
    {
      forget_place (self);
      /* The other session may be there still; else the next connection ends the pause. */
      self->pause = g_timeout_source_new (PAUSE_MS);
      g_source_set_callback (self->pause, on_paused, self, NULL);
      g_source_attach (self->pause, g_main_context_get_thread_default ());
      report (self);
    }
  else
    end (self, error);
}

/* Whatever can be done now. */
static void
go_on (TernDownload *self)
{
  if (self->over || self->reading || self->dropping || self->pause != NULL)
    return;
  if (self->trouble != NULL)
    {
      if (self->requests == NULL && !self->storing)
        face_trouble (self);
      return;
    }
  if (!self->started || self->remote == NULL)
    return;
  if (self->fetch == NULL)
    {
      if (!self->storing)
        find_place (self);
      return;
    }
  if (self->held != NULL && !self->storing)
    store (self, g_steal_pointer (&self->held));
  else if (self->complete && self->held == NULL && !self->storing)
    store (self, NULL);
  if (!self->complete && self->requests == NULL && self->held == NULL
      && !(self->whole && self->storing))
    ask (self);
}

/* Public */

void
tern_download_start (TernDownload *self)
{
  self->started = TRUE;
  report (self);
  go_on (self);
}

gboolean
tern_download_is_started (const TernDownload *self)
{
  return self->started;
}

void
tern_download_set_remote (TernDownload *self, TernRemote *remote, const GError *why)
{
  gboolean begun = self->fetch != NULL || self->failures > 0;

  if (self->over)
    return;
  g_set_object (&self->remote, remote);
  /* A connection that cannot be made is no failure of what was not tried on it. */
  if (remote == NULL && why != NULL && (!begun || tern_fault_get_retry (why) == TERN_RETRY_NEVER))
    {
      end (self, why);
      return;
    }
  if (remote != NULL)
    clear_pause (self);
  report (self);
  go_on (self);
}

gboolean
tern_download_is_for (const TernDownload *self, TernId location, const char *section)
{
  return self->location == location && g_strcmp0 (self->section, section) == 0;
}

gboolean
tern_download_lacks_pieces (const TernDownload *self)
{
  return self->no_pieces;
}

TernDownload *
tern_download_new (TernStore *store,
                   TernId location,
                   const char *section,
                   gboolean whole,
                   TernDownloadEnded ended,
                   gpointer data,
                   GDestroyNotify data_free)
{
  TernDownload *self = g_new0 (TernDownload, 1);

  self->refs = 1;
  self->store = tern_store_ref (store);
  self->location = location;
  self->section = g_strdup (section);
  self->whole = whole;
  self->ended = ended;
  self->data = data;
  self->data_free = data_free;
  self->length = PIECE_FIRST;
  self->waiters = g_ptr_array_new_with_free_func (waiter_free);
  return self;
}

TernDownload *
tern_download_ref (TernDownload *self)
{
  self->refs++;
  return self;
}

void
tern_download_unref (TernDownload *self)
{
  if (--self->refs > 0)
    return;
  forget_place (self);
  clear_pause (self);
  g_clear_object (&self->remote);
  g_clear_error (&self->trouble);
  g_clear_pointer (&self->requests, g_ptr_array_unref);
  g_ptr_array_unref (self->waiters);
  self->data_free (self->data);
  g_free (self->section);
  tern_store_unref (self->store);
  g_free (self);
}
