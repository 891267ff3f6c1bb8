/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was announced stops being news when it is read elsewhere or goes. */
#include "config.h"

#include "model-fixture.h"

#include "tern-news.h"

#define N_MESSAGES 5

typedef struct
{
  EngineFixture *engine;
  TernId folder;
  TernNews *news;
  guint n_gone;
  TernId last_gone;
  TernId ids[N_MESSAGES]; /* newest first, all unread but those of read_one() */
} Fixture;

static void
on_gone (TernId id, gpointer data)
{
  Fixture *self = data;

  self->n_gone++;
  self->last_gone = id;
}

/* One more that is unread and was never announced keeps the folder's count above 0. */
static void
write_messages (TernTxn *txn, gpointer data)
{
  Fixture *self = data;

  for (guint32 uid = 1; uid <= N_MESSAGES + 1; uid++)
    model_add_message (txn, self->folder, uid, 1000 + uid, 0);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GArray) keys = NULL;
  TernId account;

  self->engine = engine_fixture_new ();
  engine_fixture_open (self->engine, FALSE);
  account = model_add_account (self->engine);
  self->folder = model_add_folder (self->engine, account, "INBOX", TERN_ROLE_INBOX);
  model_write (self->engine, write_messages, self);
  keys = model_read_keys (self->engine, self->folder);
  g_assert_cmpuint (keys->len, ==, N_MESSAGES + 1);

  self->news = tern_news_new (self->engine->engine, on_gone, self);
  for (guint i = 0; i < N_MESSAGES; i++)
    {
      TernMessageRecord record = { .id = g_array_index (keys, TernListKey, i).id,
                                   .folder = self->folder };

      self->ids[i] = record.id;
      tern_news_add (self->news, &record);
    }
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->news, tern_news_free);
  engine_fixture_free (self->engine);
}

static void
set_server_flags (TernTxn *txn, Fixture *self, guint32 uid, TernFlags flags)
{
  g_autoptr (GError) error = NULL;

  tern_txn_set_server_flags (txn, self->folder, uid, flags, NULL, 0, &error);
  g_assert_no_error (error);
}

/* The two newest; a flag that says nothing about reading on the third. */
static void
read_two (TernTxn *txn, gpointer data)
{
  set_server_flags (txn, data, N_MESSAGES + 1, TERN_FLAG_SEEN);
  set_server_flags (txn, data, N_MESSAGES, TERN_FLAG_SEEN);
  set_server_flags (txn, data, N_MESSAGES - 1, TERN_FLAG_FLAGGED);
}

static void
read_all (TernTxn *txn, gpointer data)
{
  for (guint32 uid = 1; uid <= N_MESSAGES + 1; uid++)
    set_server_flags (txn, data, uid, TERN_FLAG_SEEN);
}

static void
remove_newest (TernTxn *txn, gpointer data)
{
  Fixture *self = data;
  g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 uid = N_MESSAGES + 1;

  g_array_append_val (uids, uid);
  g_assert_true (tern_txn_remove_uids (txn, self->folder, uids, NULL));
}

static gboolean
two_gone (gpointer data)
{
  return ((Fixture *) data)->n_gone >= 2;
}

static gboolean
all_gone (gpointer data)
{
  return tern_news_get_count (((Fixture *) data)->news) == 0;
}

static gboolean
one_gone (gpointer data)
{
  return ((Fixture *) data)->n_gone >= 1;
}

static void
test_read_some (Fixture *self, gconstpointer data)
{
  model_write (self->engine, read_two, self);
  engine_wait (two_gone, self);
  g_assert_cmpuint (self->n_gone, ==, 2);
  g_assert_cmpuint (tern_news_get_count (self->news), ==, N_MESSAGES - 2);
  g_assert_cmpint (tern_news_get_folder (self->news, self->ids[0]), ==, 0);
  g_assert_cmpint (tern_news_get_folder (self->news, self->ids[2]), ==, self->folder);
}

static void
test_read_all (Fixture *self, gconstpointer data)
{
  model_write (self->engine, read_all, self);
  engine_wait (all_gone, self);
  g_assert_cmpuint (self->n_gone, ==, N_MESSAGES);
}

static void
test_removed (Fixture *self, gconstpointer data)
{
  model_write (self->engine, remove_newest, self);
  engine_wait (one_gone, self);
  g_assert_cmpint (self->last_gone, ==, self->ids[0]);
  g_assert_cmpuint (tern_news_get_count (self->news), ==, N_MESSAGES - 1);
}

static void
test_taken_back (Fixture *self, gconstpointer data)
{
  g_assert_true (tern_news_remove (self->news, self->ids[1]));
  g_assert_false (tern_news_remove (self->news, self->ids[1]));
  g_assert_cmpuint (self->n_gone, ==, 0);
  g_assert_cmpuint (tern_news_get_count (self->news), ==, N_MESSAGES - 1);
}

/* The answer of the store finds nobody. */
static void
test_freed (Fixture *self, gconstpointer data)
{
  model_write_later (self->engine, read_two, self);
  g_clear_pointer (&self->news, tern_news_free);
  model_write (self->engine, remove_newest, self);
  g_assert_cmpuint (self->n_gone, ==, 0);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/model/news/read-some", Fixture, NULL, set_up, test_read_some, tear_down);
  g_test_add ("/model/news/read-all", Fixture, NULL, set_up, test_read_all, tear_down);
  g_test_add ("/model/news/removed", Fixture, NULL, set_up, test_removed, tear_down);
  g_test_add ("/model/news/taken-back", Fixture, NULL, set_up, test_taken_back, tear_down);
  g_test_add ("/model/news/freed", Fixture, NULL, set_up, test_freed, tear_down);
  return g_test_run ();
}
