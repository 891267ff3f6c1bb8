/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model-fixture.h"

#include "tern-message-list.h"

#define DAY0 G_GINT64_CONSTANT (1700000000)

typedef struct
{
  EngineFixture *engine;
  TernId folder;
  TernMessageList *list;
  GArray *mirror; /* of TernId: what a view knows from items-changed alone */
  guint told;     /* items-changed emissions */
  guint most_added;
  guint32 next_uid;
  GArray *uids; /* of guint32, sorted, on the "server" */
  GRand *rand;  /* the writer's own: g_test_rand_…() is the test's */
} Fixture;

/* A view: it never looks at the list but for what it was told of. */
static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, Fixture *self)
{
  self->told++;
  self->most_added = MAX (self->most_added, added);
  g_assert_cmpuint (position + removed, <=, self->mirror->len);
  g_array_remove_range (self->mirror, position, removed);
  for (guint i = 0; i < added; i++)
    {
      TernId id = tern_message_list_get_id (TERN_MESSAGE_LIST (model), position + i);

      g_array_insert_val (self->mirror, position + i, id);
    }
  g_assert_cmpuint (self->mirror->len, ==, g_list_model_get_n_items (model));
}

static void
open_list (Fixture *self)
{
  self->list = tern_message_list_new (self->engine->engine, self->folder);
  g_signal_connect (self->list, "items-changed", G_CALLBACK (on_items_changed), self);
}

static gboolean
list_is_ready (gpointer data)
{
  return tern_message_list_is_ready (((Fixture *) data)->list);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  TernId account;

  self->engine = engine_fixture_new ();
  engine_fixture_open (self->engine, FALSE);
  account = model_add_account (self->engine);
  self->folder = model_add_folder (self->engine, account, "INBOX", TERN_ROLE_INBOX);
  self->mirror = g_array_new (FALSE, FALSE, sizeof (TernId));
  self->uids = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->next_uid = 1;
  self->rand = g_rand_new_with_seed ((guint32) g_test_rand_int ());
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->list != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->list, self);
      g_assert_finalize_object (g_steal_pointer (&self->list));
    }
  engine_fixture_free (self->engine);
  g_array_unref (self->mirror);
  g_array_unref (self->uids);
  g_rand_free (self->rand);
}

static gboolean
is_like_store (Fixture *self, const GArray *keys)
{
  if (keys->len != self->mirror->len)
    return FALSE;
  for (guint i = 0; i < keys->len; i++)
    if (g_array_index (keys, TernListKey, i).id != g_array_index (self->mirror, TernId, i))
      return FALSE;
  return TRUE;
}

static gboolean
follows (gpointer data)
{
  Fixture *self = data;
  g_autoptr (GArray) keys = model_read_keys (self->engine, self->folder);

  return is_like_store (self, keys);
}

/* Writes */

typedef struct
{
  Fixture *fixture;
  guint add;
  guint remove;
  guint touch;
  gint64 date; /* 0: anywhere in four weeks */
} Batch;

static int
compare_uids (gconstpointer a, gconstpointer b)
{
  guint32 left = *(const guint32 *) a;
  guint32 right = *(const guint32 *) b;

  return left < right ? -1 : left > right;
}

static void
write_batch (TernTxn *txn, gpointer data)
{
  Batch *batch = data;
  Fixture *self = batch->fixture;
  g_autoptr (GArray) gone = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < batch->add; i++)
    {
      guint32 uid = self->next_uid++;
      gint64 date =
          batch->date != 0 ? batch->date + i : DAY0 + g_rand_int_range (self->rand, 0, 2400000);

      model_add_message (txn, self->folder, uid, date, TERN_FLAG_NONE);
      g_array_append_val (self->uids, uid);
    }
  for (guint i = 0; i < batch->remove && self->uids->len > 0; i++)
    {
      guint n = (guint) g_rand_int_range (self->rand, 0, (int) self->uids->len);

      g_array_append_val (gone, g_array_index (self->uids, guint32, n));
      g_array_remove_index (self->uids, n);
      /* Neighbours, too, so that runs are longer than one. */
      if (n < self->uids->len && g_rand_boolean (self->rand))
        {
          g_array_append_val (gone, g_array_index (self->uids, guint32, n));
          g_array_remove_index (self->uids, n);
        }
    }
  g_array_sort (gone, compare_uids);
  tern_txn_remove_uids (txn, self->folder, gone, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < batch->touch && self->uids->len > 0; i++)
    {
      guint n = (guint) g_rand_int_range (self->rand, 0, (int) self->uids->len);

      tern_txn_set_server_flags (txn, self->folder, g_array_index (self->uids, guint32, n),
                                 TERN_FLAG_SEEN, NULL, 0, &error);
      g_assert_no_error (error);
    }
}

static void
fill (Fixture *self, guint n)
{
  Batch batch = { self, n, 0, 0, 0 };

  model_write (self->engine, write_batch, &batch);
}

/* Tests */

/* Random changes, gathered or not, while loading or not: what a view was told is what the store
 * has. */
static void
test_random (Fixture *self, gconstpointer data)
{
  fill (self, 600);
  for (guint round = 0; round < 25; round++)
    {
      Batch batches[4];
      int n = g_test_rand_int_range (1, (int) G_N_ELEMENTS (batches) + 1);

      if (round == 2)
        open_list (self); /* it loads while the writer writes */
      for (int i = 0; i < n; i++)
        {
          Batch batch = { self, (guint) g_test_rand_int_range (0, 30),
                          (guint) g_test_rand_int_range (0, 25),
                          (guint) g_test_rand_int_range (0, 10), 0 };

          batches[i] = batch;
          if (i + 1 < n)
            model_write_later (self->engine, write_batch, &batches[i]);
          else
            model_write (self->engine, write_batch, &batches[i]);
        }
      if (self->list != NULL && g_test_rand_bit ())
        engine_wait (follows, self);
    }
  engine_wait (follows, self);
  engine_wait (list_is_ready, self);
}

/* A screenful at once, a few more with every frame, and all others as one change. */
static gboolean
something_shown (gpointer data)
{
  return ((Fixture *) data)->mirror->len > 0;
}

static void
test_open (Fixture *self, gconstpointer data)
{
  fill (self, 1000);
  open_list (self);
  g_assert_cmpuint (self->mirror->len, ==, 0);
  engine_wait (something_shown, self);
  g_assert_cmpuint (self->mirror->len, <, 50);
  engine_wait (list_is_ready, self);
  g_assert_cmpuint (self->most_added, >, 700);
  g_assert_cmpuint (self->told, <, 40);
  g_assert_true (follows (self));
}

static void
test_empty (Fixture *self, gconstpointer data)
{
  open_list (self);
  engine_wait (list_is_ready, self);
  g_assert_cmpuint (self->told, ==, 0);
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (self->list), 0));
  g_assert_cmpint (tern_message_list_get_id (self->list, 0), ==, 0);
  g_assert_cmpuint (tern_message_list_find (self->list, 1), ==, G_MAXUINT);
}

static gboolean
holds_all (gpointer data)
{
  Fixture *self = data;

  return self->mirror->len == self->uids->len;
}

/* New mail at the top is one change; what is scattered over the whole list is one as well. */
static void
test_runs (Fixture *self, gconstpointer data)
{
  Batch newest = { self, 50, 0, 0, DAY0 + 100000000 };
  Batch scattered = { self, 900, 0, 0, 0 };

  fill (self, 1000);
  open_list (self);
  engine_wait (list_is_ready, self);
  self->told = 0;
  model_write (self->engine, write_batch, &newest);
  engine_wait (holds_all, self);
  g_assert_cmpuint (self->told, ==, 1);
  self->told = 0;
  model_write (self->engine, write_batch, &scattered);
  engine_wait (holds_all, self);
  g_assert_cmpuint (self->told, ==, 1);
  g_assert_true (follows (self));
}

static gboolean
row_is_loaded (gpointer data)
{
  return tern_message_is_loaded (data);
}

static void
count_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  ++*(guint *) data;
}

static void
test_rows (Fixture *self, gconstpointer data)
{
  g_autoptr (TernMessage) row = NULL;
  guint notified = 0;

  fill (self, 300);
  open_list (self);
  engine_wait (list_is_ready, self);
  row = g_list_model_get_item (G_LIST_MODEL (self->list), 7);
  g_assert_false (tern_message_is_loaded (row));
  g_assert_cmpstr (tern_message_get_subject (row), ==, "");
  g_assert_null (tern_message_get_record (row));
  g_assert_cmpint (tern_message_get_date (row), >, 0);
  g_signal_connect (row, "notify::record", G_CALLBACK (count_notify), &notified);
  engine_wait (row_is_loaded, row);
  g_assert_cmpuint (notified, ==, 1);
  g_assert_cmpint (tern_message_get_id (row), ==, tern_message_list_get_id (self->list, 7));
  g_assert_true (g_str_has_prefix (tern_message_get_subject (row), "Subject "));
  g_assert_cmpstr (tern_message_get_sender (row), ==, "Sender");
  g_signal_handlers_disconnect_by_data (row, &notified);
}

/* The same object for as long as anybody holds it, wherever it moves to. */
static void
test_same_object (Fixture *self, gconstpointer data)
{
  Batch newest = { self, 3000, 0, 0, DAY0 + 100000000 };
  g_autoptr (TernMessage) row = NULL;
  g_autoptr (TernMessage) again = NULL;
  g_autoptr (TernMessage) moved = NULL;

  fill (self, 300);
  open_list (self);
  engine_wait (list_is_ready, self);
  row = g_list_model_get_item (G_LIST_MODEL (self->list), 100);
  again = g_list_model_get_item (G_LIST_MODEL (self->list), 100);
  g_assert_true (row == again);
  g_clear_object (&again);
  model_write (self->engine, write_batch, &newest);
  engine_wait (holds_all, self);
  /* Everybody else passes by, so that the cache lets it go. */
  for (guint i = 0; i < 3000; i++)
    g_object_unref (g_list_model_get_item (G_LIST_MODEL (self->list), i));
  moved = g_list_model_get_item (G_LIST_MODEL (self->list), 3100);
  g_assert_true (row == moved);
  g_assert_cmpuint (tern_message_list_find (self->list, tern_message_get_id (row)), ==, 3100);
}

/* The cache holds the latest rows only, not everything that was ever shown. */
static void
test_cache_limit (Fixture *self, gconstpointer data)
{
  TernMessage *row;

  fill (self, 2600);
  open_list (self);
  engine_wait (list_is_ready, self);
  row = g_list_model_get_item (G_LIST_MODEL (self->list), 0);
  g_object_add_weak_pointer (G_OBJECT (row), (gpointer *) &row);
  g_object_unref (row);
  g_assert_nonnull (row);
  for (guint i = 1; i < 2600; i++)
    g_object_unref (g_list_model_get_item (G_LIST_MODEL (self->list), i));
  g_assert_null (row);
}

static gboolean
row_is_seen (gpointer data)
{
  return (tern_message_get_flags (data) & TERN_FLAG_SEEN) != 0;
}

static void
write_seen (TernTxn *txn, gpointer data)
{
  Fixture *self = data;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < self->uids->len; i++)
    tern_txn_set_server_flags (txn, self->folder, g_array_index (self->uids, guint32, i),
                               TERN_FLAG_SEEN, NULL, 0, &error);
  g_assert_no_error (error);
}

/* A change of flags fills the row again and moves nothing. */
static void
test_touch (Fixture *self, gconstpointer data)
{
  g_autoptr (TernMessage) row = NULL;

  fill (self, 100);
  open_list (self);
  engine_wait (list_is_ready, self);
  row = g_list_model_get_item (G_LIST_MODEL (self->list), 5);
  engine_wait (row_is_loaded, row);
  g_assert_false (row_is_seen (row));
  self->told = 0;
  model_write (self->engine, write_seen, self);
  engine_wait (row_is_seen, row);
  g_assert_true (tern_message_is_loaded (row));
  g_assert_cmpuint (self->told, ==, 0);
}

/* Changed again and again while pages are being read: the last state is shown in the end. */
static void
write_flip (TernTxn *txn, gpointer data)
{
  Fixture *self = data;
  static guint turn = 0;
  g_autoptr (GError) error = NULL;
  TernFlags flags = turn++ % 2 == 0 ? TERN_FLAG_FLAGGED : TERN_FLAG_SEEN;

  tern_txn_set_server_flags (txn, self->folder, g_array_index (self->uids, guint32, 0), flags, NULL,
                             0, &error);
  g_assert_no_error (error);
}

static void
test_touch_often (Fixture *self, gconstpointer data)
{
  g_autoptr (TernMessage) row = NULL;

  fill (self, 1);
  open_list (self);
  engine_wait (list_is_ready, self);
  row = g_list_model_get_item (G_LIST_MODEL (self->list), 0);
  for (guint i = 0; i < 201; i++)
    {
      model_write_later (self->engine, write_flip, self);
      if (i % 7 == 0)
        g_main_context_iteration (NULL, FALSE);
    }
  model_write (self->engine, write_flip, self);
  engine_wait (row_is_seen, row);
}

/* Dropped with reads under way and rows in other hands. */
static void
test_dropped (Fixture *self, gconstpointer data)
{
  g_autoptr (TernMessage) row = NULL;

  fill (self, 500);
  open_list (self);
  g_signal_handlers_disconnect_by_data (self->list, self);
  g_assert_finalize_object (g_steal_pointer (&self->list));
  open_list (self);
  engine_wait (list_is_ready, self);
  row = g_list_model_get_item (G_LIST_MODEL (self->list), 3);
  tern_message_list_set_visible (self->list, 0, 40);
  g_signal_handlers_disconnect_by_data (self->list, self);
  g_assert_finalize_object (g_steal_pointer (&self->list));
  fill (self, 10);
  g_assert_cmpint (tern_message_get_id (row), >, 0);
}

#define ADD(name, func) g_test_add ("/model/list/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  ADD ("open", test_open);
  ADD ("empty", test_empty);
  ADD ("runs", test_runs);
  ADD ("rows", test_rows);
  ADD ("same-object", test_same_object);
  ADD ("cache-limit", test_cache_limit);
  ADD ("touch", test_touch);
  ADD ("touch-often", test_touch_often);
  ADD ("dropped", test_dropped);
  ADD ("random", test_random);
  return g_test_run ();
}
