/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-news.h"

struct _TernNews
{
  TernEngine *engine;  /* (owned) (nullable): NULL when freed while a read is under way */
  GHashTable *folders; /* gint64 location -> gint64 folder, both owned */
  TernNewsGone gone;
  gpointer data;
};

/** Look: which of these are unread still? Crosses to the store and back. */
typedef struct
{
  TernNews *news; /* (owned); UI thread only */
  GArray *asked;  /* of TernId */
} Look;

static void
news_clear (gpointer data)
{
  TernNews *self = data;

  g_hash_table_unref (self->folders);
}

static void
look_free (Look *look)
{
  g_rc_box_release_full (look->news, news_clear);
  g_array_unref (look->asked);
  g_free (look);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Look, look_free)

static void
tell_gone (TernNews *self, GArray *ids)
{
  for (guint i = 0; i < ids->len; i++)
    {
      TernId id = g_array_index (ids, TernId, i);

      if (g_hash_table_remove (self->folders, &id))
        self->gone (id, self->data);
    }
}

/* (thread reader) The result: an array of those that are not. */
static gboolean
look_in_store (TernReader *reader,
               gpointer data,
               GCancellable *cancellable,
               gpointer *result,
               GError **error)
{
  const Look *look = data;
  g_autoptr (GPtrArray) records = tern_read_messages (
      reader, (const TernId *) (gpointer) look->asked->data, look->asked->len, error);
  g_autoptr (GHashTable) unread = g_hash_table_new (g_int64_hash, g_int64_equal);
  GArray *gone;

  if (records == NULL)
    return FALSE;
  for (guint i = 0; i < records->len; i++)
    {
      TernMessageRecord *record = g_ptr_array_index (records, i);

      if (!record->hidden && (record->flags & TERN_FLAG_SEEN) == 0)
        g_hash_table_add (unread, &record->id);
    }
  gone = g_array_new (FALSE, FALSE, sizeof (TernId));
  for (guint i = 0; i < look->asked->len; i++)
    if (!g_hash_table_contains (unread, &g_array_index (look->asked, TernId, i)))
      g_array_append_val (gone, g_array_index (look->asked, TernId, i));
  *result = gone;
  return TRUE;
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Look) look = data;
  g_autoptr (GError) error = NULL;
  gpointer gone = NULL;

  if (look->news->engine == NULL)
    return;
  if (tern_store_read_finish (tern_engine_get_store (look->news->engine), result, &gone, &error))
    {
      tell_gone (look->news, gone);
      g_array_unref (gone);
    }
  else if (!tern_fault_is_cancelled (error))
    g_warning ("Looking for what is new: %s", error->message);
}

/* Takes @ids. */
static void
start_look (TernNews *self, GArray *ids)
{
  Look *look = g_new0 (Look, 1);

  look->news = g_rc_box_acquire (self);
  look->asked = ids;
  tern_store_read_async (tern_engine_get_store (self->engine), TERN_LANE_LIST, G_PRIORITY_LOW,
                         look_in_store, look, NULL, (GDestroyNotify) g_array_unref, NULL, on_looked,
                         look);
}

/* Those of @keys that are of the news. */
static void
sort_keys (TernNews *self, const GArray *keys, GArray *out)
{
  for (guint i = 0; i < keys->len; i++)
    {
      TernId id = g_array_index (keys, TernListKey, i).id;

      if (g_hash_table_contains (self->folders, &id))
        g_array_append_val (out, id);
    }
}

/* All of them, or only those of @folder. */
static void
add_all (TernNews *self, TernId folder, GArray *out)
{
  GHashTableIter iter;
  gint64 *id, *its_folder;

  g_hash_table_iter_init (&iter, self->folders);
  while (g_hash_table_iter_next (&iter, (gpointer *) &id, (gpointer *) &its_folder))
    if (folder == 0 || folder == *its_folder)
      g_array_append_val (out, *id);
}

static void
on_changed (TernEngine *engine, TernChangeSet *changes, TernNews *self)
{
  g_autoptr (GArray) gone = NULL;
  g_autoptr (GArray) doubtful = NULL;

  if (g_hash_table_size (self->folders) == 0)
    return;
  gone = g_array_new (FALSE, FALSE, sizeof (TernId));
  doubtful = g_array_new (FALSE, FALSE, sizeof (TernId));
  if (changes->reset)
    add_all (self, 0, doubtful);
  for (guint i = 0; !changes->reset && i < changes->folders->len; i++)
    {
      const TernFolderChange *change = g_ptr_array_index (changes->folders, i);

      sort_keys (self, change->removed, gone);
      if (change->counts_changed && change->unread == 0)
        add_all (self, change->folder, gone);
      else
        sort_keys (self, change->touched, doubtful);
    }
  tell_gone (self, gone);
  if (doubtful->len > 0)
    start_look (self, g_steal_pointer (&doubtful));
}

TernNews *
tern_news_new (TernEngine *engine, TernNewsGone gone, gpointer data)
{
  TernNews *self = g_rc_box_new0 (TernNews);

  self->engine = g_object_ref (engine);
  self->folders = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  self->gone = gone;
  self->data = data;
  g_signal_connect (engine, "changed", G_CALLBACK (on_changed), self);
  return self;
}

void
tern_news_free (TernNews *self)
{
  g_signal_handlers_disconnect_by_data (self->engine, self);
  g_clear_object (&self->engine);
  g_rc_box_release_full (self, news_clear);
}

void
tern_news_add (TernNews *self, const TernMessageRecord *record)
{
  g_hash_table_replace (self->folders, g_memdup2 (&record->id, sizeof record->id),
                        g_memdup2 (&record->folder, sizeof record->folder));
}

gboolean
tern_news_remove (TernNews *self, TernId id)
{
  return g_hash_table_remove (self->folders, &id);
}

guint
tern_news_get_count (TernNews *self)
{
  return g_hash_table_size (self->folders);
}

TernId
tern_news_get_folder (TernNews *self, TernId id)
{
  const gint64 *folder = g_hash_table_lookup (self->folders, &id);

  return folder != NULL ? *folder : 0;
}
