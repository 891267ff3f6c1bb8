/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-row-cache-private.h"

/* Rows held although nobody else does: some ten screens to either side. */
#define MAX_CACHED 2000
#define PAGE       50
#define MAX_READS  2
/* Beyond this, what was asked for first was scrolled past: it is asked for again when shown. */
#define MAX_WANTED 1000

struct _TernRowCache
{
  TernStore *store;      /* (owned) */
  GCancellable *closing; /* (owned); cancelled when the cache is freed */
  GHashTable *rows;      /* gint64 id (in the row) → TernMessage, weak */
  GQueue cached;         /* of TernMessage (owned), by the links inside them, newest use first */
  GArray *visible;       /* of TernId */
  GArray *wanted;        /* of TernId, the latest last */
  guint pump;
  guint reads;
};

static void queue_pump (TernRowCache *self);

static void
row_gone (gpointer data, GObject *row)
{
  TernRowCache *self = data;

  /* The object is being finalized, but the memory of its key is still there. */
  g_hash_table_remove (self->rows, &tern_message_get_state ((TernMessage *) row)->key.id);
}

TernRowCache *
tern_row_cache_new (TernStore *store)
{
  TernRowCache *self = g_new0 (TernRowCache, 1);

  self->store = tern_store_ref (store);
  self->closing = g_cancellable_new ();
  self->rows = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->visible = g_array_new (FALSE, FALSE, sizeof (TernId));
  self->wanted = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_queue_init (&self->cached);
  return self;
}

static void
uncache (TernRowCache *self, TernMessage *row)
{
  GList *link = &tern_message_get_state (row)->link;

  g_queue_unlink (&self->cached, link);
  link->data = NULL;
  g_object_unref (row);
}

void
tern_row_cache_free (TernRowCache *self)
{
  GHashTableIter iter;
  gpointer row;

  g_cancellable_cancel (self->closing);
  while (self->cached.length > 0)
    uncache (self, g_queue_peek_tail (&self->cached));
  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, NULL, &row))
    g_object_weak_unref (row, row_gone, self);
  g_hash_table_unref (self->rows);
  g_clear_handle_id (&self->pump, g_source_remove);
  g_array_unref (self->visible);
  g_array_unref (self->wanted);
  g_object_unref (self->closing);
  tern_store_unref (self->store);
  g_free (self);
}

static void
use (TernRowCache *self, TernMessage *row)
{
  GList *link = &tern_message_get_state (row)->link;

  if (link->data != NULL)
    g_queue_unlink (&self->cached, link);
  else
    link->data = g_object_ref (row);
  g_queue_push_head_link (&self->cached, link);
  if (self->cached.length > MAX_CACHED)
    uncache (self, g_queue_peek_tail (&self->cached));
}

static void
want (TernRowCache *self, TernMessage *row)
{
  if (self->wanted->len >= MAX_WANTED)
    g_array_remove_range (self->wanted, 0, MAX_WANTED / 2);
  g_array_append_val (self->wanted, tern_message_get_state (row)->key.id);
  queue_pump (self);
}

TernMessage *
tern_row_cache_get (TernRowCache *self, const TernListKey *key)
{
  TernMessage *row = g_hash_table_lookup (self->rows, &key->id);
  TernMessageState *state;

  if (row != NULL)
    g_object_ref (row);
  else
    {
      row = tern_message_new (key);
      g_hash_table_insert (self->rows, &tern_message_get_state (row)->key.id, row);
      g_object_weak_ref (G_OBJECT (row), row_gone, self);
    }
  state = tern_message_get_state (row);
  state->key.key = key->key;
  use (self, row);
  if (state->wanted && !state->requested)
    want (self, row);
  return row;
}

void
tern_row_cache_touch (TernRowCache *self, const TernListKey *key)
{
  TernMessage *row = g_hash_table_lookup (self->rows, &key->id);

  if (row == NULL)
    return;
  tern_message_get_state (row)->key.key = key->key;
  tern_message_get_state (row)->wanted = TRUE;
  /* One that is being read is asked for again: the read may have been before the change. */
  want (self, row);
}

void
tern_row_cache_set_visible (TernRowCache *self, const TernListKey *keys, guint n)
{
  g_array_set_size (self->visible, 0);
  for (guint i = 0; i < n; i++)
    g_array_append_val (self->visible, keys[i].id);
  queue_pump (self);
}

/* Reading */

typedef struct
{
  TernRowCache *cache;   /* not looked at once closing is cancelled */
  GCancellable *closing; /* (owned) */
  GArray *ids;           /* (owned) of TernId; the reader has its own reference */
} Read;

/* Thread: reader. */
static gboolean
read_page (TernReader *reader,
           gpointer data,
           GCancellable *cancellable,
           gpointer *result,
           GError **error)
{
  GArray *ids = data;

  *result = tern_read_messages (reader, (const TernId *) (gpointer) ids->data, ids->len, error);
  return *result != NULL;
}

static void
fill (TernRowCache *self, GPtrArray *records)
{
  while (records->len > 0)
    {
      TernMessageRecord *record = g_ptr_array_steal_index_fast (records, records->len - 1);
      TernMessage *row = g_hash_table_lookup (self->rows, &record->id);

      if (row == NULL)
        {
          tern_message_record_free (record);
          continue;
        }
      g_object_ref (row); /* a handler of the notification may drop it */
      tern_message_take_record (row, record);
      g_object_unref (row);
    }
}

static void
page_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Read *read = user_data;
  TernRowCache *self = read->cache;
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GError) error = NULL;
  gboolean closing = g_cancellable_is_cancelled (read->closing);

  if (!closing)
    {
      gpointer value = NULL;

      tern_store_read_finish (self->store, result, &value, &error);
      records = value;
      self->reads--;
      for (guint i = 0; i < read->ids->len; i++)
        {
          TernMessage *row =
              g_hash_table_lookup (self->rows, &g_array_index (read->ids, TernId, i));

          if (row != NULL)
            tern_message_get_state (row)->requested = FALSE;
        }
      if (records != NULL)
        fill (self, records);
      else if (!tern_fault_is_cancelled (error))
        g_warning ("Cannot read messages for the list: %s", error->message);
      queue_pump (self);
    }
  g_array_unref (read->ids);
  g_object_unref (read->closing);
  g_free (read);
}

/* Adds the id to the page if its row is there and wants to be filled. */
static void
consider (TernRowCache *self, TernId id, GArray *page)
{
  TernMessage *row = g_hash_table_lookup (self->rows, &id);
  TernMessageState *state;

  if (row == NULL)
    return;
  state = tern_message_get_state (row);
  if (!state->wanted || state->requested)
    return;
  state->wanted = FALSE;
  state->requested = TRUE;
  g_array_append_val (page, id);
}

static GArray *
choose_page (TernRowCache *self)
{
  GArray *page = g_array_new (FALSE, FALSE, sizeof (TernId));
  GArray *later = NULL;

  for (guint i = 0; i < self->visible->len && page->len < PAGE; i++)
    consider (self, g_array_index (self->visible, TernId, i), page);
  while (self->wanted->len > 0 && page->len < PAGE)
    {
      TernId id = g_array_index (self->wanted, TernId, self->wanted->len - 1);
      TernMessage *row = g_hash_table_lookup (self->rows, &id);

      g_array_set_size (self->wanted, self->wanted->len - 1);
      consider (self, id, page);
      /* Changed while it is being read: its turn comes when that read is back. */
      if (row != NULL && tern_message_get_state (row)->wanted)
        {
          if (later == NULL)
            later = g_array_new (FALSE, FALSE, sizeof (TernId));
          g_array_append_val (later, id);
        }
    }
  if (later != NULL)
    {
      g_array_append_vals (self->wanted, later->data, later->len);
      g_array_unref (later);
    }
  return page;
}

static gboolean
on_pump (gpointer data)
{
  TernRowCache *self = data;

  self->pump = 0;
  while (self->reads < MAX_READS)
    {
      GArray *page = choose_page (self);
      Read *read;

      if (page->len == 0)
        {
          g_array_unref (page);
          break;
        }
      read = g_new0 (Read, 1);
      read->cache = self;
      read->closing = g_object_ref (self->closing);
      read->ids = page;
      self->reads++;
      tern_store_read_async (self->store, TERN_LANE_LIST, G_PRIORITY_HIGH, read_page,
                             g_array_ref (page), (GDestroyNotify) g_array_unref,
                             (GDestroyNotify) g_ptr_array_unref, NULL, page_cb, read);
    }
  return G_SOURCE_REMOVE;
}

static void
queue_pump (TernRowCache *self)
{
  /* All rows that one frame asks for go into as few pages as possible. */
  if (self->pump == 0 && self->reads < MAX_READS)
    self->pump = g_idle_add_full (G_PRIORITY_HIGH_IDLE, on_pump, self, NULL);
}
