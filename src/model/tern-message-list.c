/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-message-list.h"

#include "tern-key-vector-private.h"
#include "tern-row-cache-private.h"

/* More than a screen of any size: what is shown before everything else is known. */
#define FIRST_KEYS 200
/* A list view makes some 200 row widgets as soon as there are items for them, at about a
 * millisecond each. So that no frame waits for that, the first screen is shown, then a few more
 * with every frame, and all at once when the view has what it needs. */
#define FIRST_SHOWN 14
#define SHOWN_MORE  10
#define SHOWN_LAST  220
/* Change sets are gathered for a frame. */
#define FRAME_MS 16
/* Beyond this many runs, telling each costs more than beginning anew. */
#define MAX_RUNS 200
/* The rows on screen have to stand still for this long before their bodies are fetched. */
#define PREFETCH_MS 150

struct _TernMessageList
{
  GObject parent_instance;

  TernEngine *engine; /* (owned) */
  TernId folder;
  TernRowCache *cache;   /* (owned) */
  GCancellable *closing; /* (owned) */
  GArray *keys;          /* of TernListKey, newest first */
  guint shown;           /* how many of them are items; G_MAXUINT: all */
  guint reveal;
  gint64 seq;        /* the change set up to which keys are true */
  gboolean complete; /* all keys are here */
  gboolean ready;    /* and shown */
  gboolean started;  /* the first ones are */
  gulong changed;
  GPtrArray *pending; /* of TernChangeSet: not applied yet, or needed by a read under way */
  guint flush;
  guint first_visible;
  guint last_visible;
  guint prefetch;
};

typedef enum
{
  PROP_READY = 1,
} TernMessageListProperty;

static GParamSpec *properties[PROP_READY + 1];

static void list_model_init (GListModelInterface *iface);
static void read_keys (TernMessageList *self, gsize limit);
static gboolean on_flush (gpointer data);

G_DEFINE_FINAL_TYPE_WITH_CODE (TernMessageList,
                               tern_message_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

/* GListModel */

static GType
get_item_type (GListModel *model)
{
  return TERN_TYPE_MESSAGE;
}

static guint
get_n_items (GListModel *model)
{
  TernMessageList *self = TERN_MESSAGE_LIST (model);

  return MIN (self->shown, self->keys->len);
}

static gpointer
get_item (GListModel *model, guint position)
{
  TernMessageList *self = TERN_MESSAGE_LIST (model);

  if (position >= get_n_items (model))
    return NULL;
  return tern_row_cache_get (self->cache, &g_array_index (self->keys, TernListKey, position));
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* Change sets */

static void
tell_run (TernMessageList *self, const TernKeyRun *run, const GArray *fresh)
{
  tern_keys_apply (self->keys, run, fresh);
  g_list_model_items_changed (G_LIST_MODEL (self), run->position, run->removed, run->added);
}

static void
tell_runs (TernMessageList *self, const GArray *runs, const GArray *fresh)
{
  for (guint i = 0; i < runs->len; i++)
    tell_run (self, &g_array_index (runs, TernKeyRun, i), fresh);
}

/* Makes @keys the list and tells the difference as one change in the middle. */
static void
replace_keys (TernMessageList *self, GArray *keys)
{
  g_autoptr (GArray) old = self->keys;
  guint n_old = MIN (self->shown, old->len);
  guint n_new = MIN (self->shown, keys->len);
  guint shorter = MIN (n_old, n_new);
  guint start = 0;
  guint end = 0;

  while (start < shorter
         && tern_list_key_compare (&g_array_index (old, TernListKey, start),
                                   &g_array_index (keys, TernListKey, start))
                == 0)
    start++;
  while (end < shorter - start
         && tern_list_key_compare (&g_array_index (old, TernListKey, n_old - 1 - end),
                                   &g_array_index (keys, TernListKey, n_new - 1 - end))
                == 0)
    end++;
  self->keys = keys;
  if (n_old - start - end > 0 || n_new - start - end > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), start, n_old - start - end,
                                n_new - start - end);
}

static gboolean
is_all_shown (TernMessageList *self)
{
  return self->shown >= self->keys->len;
}

static void
check_ready (TernMessageList *self)
{
  if (self->ready || !self->complete || !is_all_shown (self))
    return;
  self->ready = TRUE;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_READY]);
}

static gboolean
on_reveal (gpointer data)
{
  TernMessageList *self = data;
  guint before = get_n_items (G_LIST_MODEL (self));
  gboolean again;
  guint after;

  self->shown = self->shown >= SHOWN_LAST ? G_MAXUINT : self->shown + SHOWN_MORE;
  after = get_n_items (G_LIST_MODEL (self));
  again = !is_all_shown (self);
  if (!again)
    self->reveal = 0;
  g_object_ref (self); /* a handler may drop the list */
  if (after > before)
    g_list_model_items_changed (G_LIST_MODEL (self), before, 0, after - before);
  check_ready (self);
  g_object_unref (self);
  return again ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
reveal (TernMessageList *self)
{
  if (self->reveal == 0 && !is_all_shown (self))
    self->reveal = g_timeout_add_full (G_PRIORITY_DEFAULT_IDLE, FRAME_MS, on_reveal, self, NULL);
}

static void
apply_change (TernMessageList *self, const TernFolderChange *change)
{
  g_autoptr (GArray) removals = tern_keys_plan_removals (self->keys, change->removed);
  g_autoptr (GArray) fresh = g_array_new (FALSE, FALSE, sizeof (TernListKey));
  g_autoptr (GArray) additions = tern_keys_plan_additions (self->keys, change->added, fresh);

  if (!is_all_shown (self) || self->keys->len + fresh->len > self->shown
      || removals->len + additions->len > MAX_RUNS)
    {
      GArray *keys = g_array_copy (self->keys);

      tern_keys_merge (keys, change);
      replace_keys (self, keys);
      reveal (self);
    }
  else
    {
      tell_runs (self, removals, NULL);
      if (removals->len > 0)
        {
          g_array_unref (additions);
          g_array_set_size (fresh, 0);
          additions = tern_keys_plan_additions (self->keys, change->added, fresh);
        }
      tell_runs (self, additions, fresh);
    }
  for (guint i = 0; i < change->touched->len; i++)
    tern_row_cache_touch (self->cache, &g_array_index (change->touched, TernListKey, i));
  /* One that came back, after a move and its undo, is another record now. */
  for (guint i = 0; i < change->added->len; i++)
    tern_row_cache_touch (self->cache, &g_array_index (change->added, TernListKey, i));
}

static void
queue_flush (TernMessageList *self)
{
  if (self->flush == 0)
    self->flush = g_timeout_add_full (G_PRIORITY_DEFAULT, FRAME_MS, on_flush, self, NULL);
}

static gboolean
on_flush (gpointer data)
{
  TernMessageList *self = data;

  self->flush = 0;
  for (guint i = 0; i < self->pending->len; i++)
    {
      const TernChangeSet *changes = g_ptr_array_index (self->pending, i);
      const TernFolderChange *change;

      if (changes->seq <= self->seq)
        continue;
      self->seq = changes->seq;
      change = tern_change_set_find (changes, self->folder);
      if (change != NULL)
        apply_change (self, change);
    }
  /* A read of all keys that is under way may be older than these: they are applied to it then. */
  if (self->complete)
    g_ptr_array_set_size (self->pending, 0);
  return G_SOURCE_REMOVE;
}

static void
on_changed (TernEngine *engine, TernChangeSet *changes, TernMessageList *self)
{
  if (changes->reset)
    {
      self->complete = FALSE;
      read_keys (self, 0);
      return;
    }
  if (tern_change_set_find (changes, self->folder) == NULL)
    return;
  g_ptr_array_add (self->pending, tern_change_set_ref (changes));
  if (self->started)
    queue_flush (self);
}

/* Reading keys */

typedef struct
{
  TernMessageList *list; /* (unowned): not looked at once closing is cancelled */
  GCancellable *closing; /* (owned) */
  TernId folder;
  gsize limit;
} KeysRead;

typedef struct
{
  GArray *keys;
  gint64 seq;
} KeysResult;

static void
keys_result_free (gpointer data)
{
  KeysResult *result = data;

  g_clear_pointer (&result->keys, g_array_unref);
  g_free (result);
}

/* Thread: reader. */
static gboolean
read_keys_in_store (TernReader *reader,
                    gpointer data,
                    GCancellable *cancellable,
                    gpointer *result,
                    GError **error)
{
  KeysRead *read = data;
  GArray *keys = tern_read_keys (reader, read->folder, TERN_FILTER_ALL, read->limit, error);
  KeysResult *found;

  if (keys == NULL)
    return FALSE;
  found = g_new0 (KeysResult, 1);
  found->keys = keys;
  found->seq = tern_read_change_seq (reader);
  *result = found;
  return TRUE;
}

/* Brings keys that were read up to what has happened since. */
static void
catch_up (TernMessageList *self, KeysResult *result)
{
  for (guint i = 0; i < self->pending->len; i++)
    {
      const TernChangeSet *changes = g_ptr_array_index (self->pending, i);
      const TernFolderChange *change = tern_change_set_find (changes, self->folder);

      if (changes->seq <= result->seq || changes->seq > self->seq)
        continue; /* in it already, or not yet shown: the next flush brings it */
      if (change != NULL)
        tern_keys_merge (result->keys, change);
    }
}

static void
take_keys (TernMessageList *self, KeysResult *result, gboolean all)
{
  if (self->started && result->seq < self->seq)
    catch_up (self, result);
  else
    self->seq = result->seq;
  replace_keys (self, g_steal_pointer (&result->keys));
  reveal (self);
  self->started = TRUE;
  self->complete = self->complete || all;
  check_ready (self);
  queue_flush (self);
}

static void
keys_cb (GObject *source, GAsyncResult *async_result, gpointer user_data)
{
  KeysRead *read = user_data;
  TernMessageList *self = read->list;
  gpointer value = NULL;
  g_autoptr (GError) error = NULL;
  gboolean all = read->limit == 0;

  if (!g_cancellable_is_cancelled (read->closing))
    {
      if (tern_store_read_finish (tern_engine_get_store (self->engine), async_result, &value,
                                  &error))
        {
          KeysResult *result = value;

          all = all || result->keys->len < read->limit;
          g_object_ref (self); /* a handler may drop the list */
          take_keys (self, result, all);
          if (!all && !g_cancellable_is_cancelled (read->closing))
            read_keys (self, 0);
          g_object_unref (self);
          keys_result_free (result);
        }
      else if (!tern_fault_is_cancelled (error))
        g_warning ("Cannot read the list of a folder: %s", error->message);
    }
  g_object_unref (read->closing);
  g_free (read);
}

static void
read_keys (TernMessageList *self, gsize limit)
{
  KeysRead *read = g_new0 (KeysRead, 1);

  read->list = self;
  read->closing = g_object_ref (self->closing);
  read->folder = self->folder;
  read->limit = limit;
  /* All keys of a large folder take longer than a frame: on the other lane, so that the rows of the
   * first screen do not wait for them. */
  tern_store_read_async (tern_engine_get_store (self->engine),
                         limit > 0 ? TERN_LANE_LIST : TERN_LANE_SLOW, G_PRIORITY_HIGH,
                         read_keys_in_store, read, NULL, keys_result_free, NULL, keys_cb, read);
}

/* What is on screen */

static gboolean
on_prefetch (gpointer data)
{
  TernMessageList *self = data;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (TernId));

  self->prefetch = 0;
  for (guint i = self->first_visible; i <= self->last_visible && i < self->keys->len; i++)
    g_array_append_val (ids, g_array_index (self->keys, TernListKey, i).id);
  tern_engine_prefetch (self->engine, (const TernId *) (gpointer) ids->data, ids->len);
  return G_SOURCE_REMOVE;
}

void
tern_message_list_set_visible (TernMessageList *self, guint first, guint last)
{
  guint n;

  g_return_if_fail (TERN_IS_MESSAGE_LIST (self));
  self->first_visible = first;
  self->last_visible = last;
  if (first >= self->keys->len || last < first)
    return;
  n = MIN (last, self->keys->len - 1) - first + 1;
  tern_row_cache_set_visible (self->cache, &g_array_index (self->keys, TernListKey, first), n);
  g_clear_handle_id (&self->prefetch, g_source_remove);
  self->prefetch = g_timeout_add (PREFETCH_MS, on_prefetch, self);
}

/* The object */

static void
tern_message_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch ((TernMessageListProperty) id)
    {
    case PROP_READY:
      g_value_set_boolean (value, TERN_MESSAGE_LIST (object)->ready);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
tern_message_list_dispose (GObject *object)
{
  TernMessageList *self = TERN_MESSAGE_LIST (object);

  g_cancellable_cancel (self->closing);
  g_clear_handle_id (&self->flush, g_source_remove);
  g_clear_handle_id (&self->reveal, g_source_remove);
  g_clear_handle_id (&self->prefetch, g_source_remove);
  if (self->engine != NULL)
    g_clear_signal_handler (&self->changed, self->engine);
  G_OBJECT_CLASS (tern_message_list_parent_class)->dispose (object);
}

static void
tern_message_list_finalize (GObject *object)
{
  TernMessageList *self = TERN_MESSAGE_LIST (object);

  g_clear_pointer (&self->cache, tern_row_cache_free);
  g_array_unref (self->keys);
  g_ptr_array_unref (self->pending);
  g_clear_object (&self->closing);
  g_clear_object (&self->engine);
  G_OBJECT_CLASS (tern_message_list_parent_class)->finalize (object);
}

static void
tern_message_list_class_init (TernMessageListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = tern_message_list_get_property;
  object_class->dispose = tern_message_list_dispose;
  object_class->finalize = tern_message_list_finalize;
  properties[PROP_READY] =
      g_param_spec_boolean ("ready", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
tern_message_list_init (TernMessageList *self)
{
  self->keys = g_array_new (FALSE, FALSE, sizeof (TernListKey));
  self->shown = FIRST_SHOWN;
  self->pending = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_change_set_unref);
  self->closing = g_cancellable_new ();
}

TernMessageList *
tern_message_list_new (TernEngine *engine, TernId folder)
{
  TernMessageList *self = g_object_new (TERN_TYPE_MESSAGE_LIST, NULL);

  self->engine = g_object_ref (engine);
  self->folder = folder;
  self->cache = tern_row_cache_new (tern_engine_get_store (engine));
  self->changed = g_signal_connect (engine, "changed", G_CALLBACK (on_changed), self);
  read_keys (self, FIRST_KEYS);
  return self;
}

TernId
tern_message_list_get_folder (TernMessageList *self)
{
  return self->folder;
}

gboolean
tern_message_list_is_ready (TernMessageList *self)
{
  return self->ready;
}

guint
tern_message_list_find (TernMessageList *self, TernId id)
{
  /* A pass over 16 bytes a message: 0.1 ms for 100,000. */
  guint n = get_n_items (G_LIST_MODEL (self));

  for (guint i = 0; i < n; i++)
    if (g_array_index (self->keys, TernListKey, i).id == id)
      return i;
  return G_MAXUINT;
}

TernId
tern_message_list_get_id (TernMessageList *self, guint position)
{
  return position < get_n_items (G_LIST_MODEL (self))
             ? g_array_index (self->keys, TernListKey, position).id
             : 0;
}
