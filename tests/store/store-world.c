/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-world.h"

gboolean
world_chance (World *w, gint one_in)
{
  return g_rand_int_range (w->random, 0, one_in) == 0;
}

guint
world_pick (World *w, guint n)
{
  return (guint) g_rand_int_range (w->random, 0, (gint32) n);
}

World *
world_new (guint32 seed, gboolean trouble)
{
  World *w = g_new0 (World, 1);
  TernTxn *txn;

  w->fixture = store_fixture_new ();
  w->random = g_rand_new_with_seed (seed);
  w->folders[0] = w->fixture->inbox;
  w->folders[1] = w->fixture->archive;
  w->folders[2] = w->fixture->trash;
  w->trouble = trouble;
  w->uidplus = !world_chance (w, 3);
  w->wishes = g_array_new (FALSE, FALSE, sizeof (Wish));
  txn = store_begin (w->fixture);
  for (guint i = 0; i < FOLDERS; i++)
    {
      w->server[i] = g_array_new (FALSE, FALSE, sizeof (Mail));
      w->lists[i] = g_array_new (FALSE, FALSE, sizeof (TernListKey));
      w->uidnext[i] = 1;
      g_assert_true (tern_txn_set_sync_state (txn, w->folders[i], 7, 1, 0, 1, NULL));
    }
  store_commit (w->fixture);
  g_ptr_array_set_size (w->fixture->changes, 0);
  return w;
}

void
world_free (World *w)
{
  for (guint i = 0; i < FOLDERS; i++)
    {
      g_array_unref (w->server[i]);
      g_array_unref (w->lists[i]);
    }
  g_array_unref (w->wishes);
  g_rand_free (w->random);
  store_fixture_free (w->fixture);
  g_free (w);
}

/* The list, by change sets. */

static guint
search (GArray *list, const TernListKey *key)
{
  guint low = 0, high = list->len;

  while (low < high)
    {
      guint middle = (low + high) / 2;

      if (tern_list_key_compare (&g_array_index (list, TernListKey, middle), key) < 0)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static gboolean
is_at (GArray *list, guint at, const TernListKey *key)
{
  return at < list->len && tern_list_key_compare (&g_array_index (list, TernListKey, at), key) == 0;
}

static void
apply_change (GArray *list, const TernFolderChange *change)
{
  for (guint i = 0; i < change->removed->len; i++)
    {
      const TernListKey *key = &g_array_index (change->removed, TernListKey, i);
      guint at = search (list, key);

      g_assert_true (is_at (list, at, key));
      g_array_remove_index (list, at);
    }
  for (guint i = 0; i < change->added->len; i++)
    {
      const TernListKey *key = &g_array_index (change->added, TernListKey, i);
      guint at = search (list, key);

      g_assert_false (is_at (list, at, key));
      g_array_insert_val (list, at, *key);
    }
  for (guint i = 0; i < change->touched->len; i++)
    {
      const TernListKey *key = &g_array_index (change->touched, TernListKey, i);

      g_assert_true (is_at (list, search (list, key), key));
    }
  g_assert_cmpint (change->total, ==, list->len);
}

void
world_check_lists (World *w)
{
  StoreFixture *f = w->fixture;
  gint64 seq = 0;

  for (; w->heard < f->changes->len; w->heard++)
    {
      const TernChangeSet *changes = g_ptr_array_index (f->changes, w->heard);

      if (w->heard > 0)
        g_assert_cmpint (changes->seq, >, seq);
      seq = changes->seq;
      for (guint i = 0; i < FOLDERS; i++)
        {
          const TernFolderChange *change = tern_change_set_find (changes, w->folders[i]);

          if (change != NULL)
            apply_change (w->lists[i], change);
        }
    }
  TernReader *reader = store_read_begin (f, TERN_LANE_LIST);
  for (guint i = 0; i < FOLDERS; i++)
    {
      g_autoptr (GArray) keys = tern_read_keys (reader, w->folders[i], TERN_FILTER_ALL, 0, NULL);
      g_autoptr (GArray) unread =
          tern_read_keys (reader, w->folders[i], TERN_FILTER_UNREAD, 0, NULL);
      g_autoptr (TernFolderRecord) folder = tern_read_folder (reader, w->folders[i], NULL);

      g_assert_cmpmem (keys->data, keys->len * sizeof (TernListKey), w->lists[i]->data,
                       w->lists[i]->len * sizeof (TernListKey));
      g_assert_cmpint (folder->total, ==, keys->len);
      g_assert_cmpint (folder->unread, ==, unread->len);
    }
  store_read_end (f);
}

void
world_check_wishes (World *w)
{
  TernReader *reader = store_read_begin (w->fixture, TERN_LANE_LIST);
  guint counts[FOLDERS] = { 0 };

  for (guint i = 0; i < w->wishes->len; i++)
    {
      const Wish *wish = &g_array_index (w->wishes, Wish, i);
      g_autoptr (TernMessageRecord) record = tern_read_message (reader, wish->location, NULL);
      g_autofree char *id = g_strdup_printf ("%u@example.org", wish->n);

      g_assert_nonnull (record);
      g_assert_false (record->hidden);
      g_assert_cmpint (record->folder, ==, w->folders[wish->folder]);
      g_assert_cmpint (record->flags, ==, wish->flags);
      g_assert_cmpstr (record->facts->message_id, ==, id);
      counts[wish->folder]++;
    }
  for (guint i = 0; i < FOLDERS; i++)
    {
      g_autoptr (TernFolderRecord) folder = tern_read_folder (reader, w->folders[i], NULL);

      g_assert_cmpint (folder->total, ==, counts[i]);
    }
  store_read_end (w->fixture);
}

/* The server. */

guint32
world_server_add (World *w, guint folder, guint n, TernFlags flags)
{
  Mail mail = { w->uidnext[folder]++, n, flags };

  g_array_append_val (w->server[folder], mail);
  return mail.uid;
}

Mail *
world_server_find (World *w, guint folder, guint32 uid)
{
  for (guint i = 0; i < w->server[folder]->len; i++)
    {
      Mail *mail = &g_array_index (w->server[folder], Mail, i);

      if (mail->uid == uid)
        return mail;
    }
  return NULL;
}

void
world_server_remove (World *w, guint folder, guint32 uid)
{
  Mail *mail = world_server_find (w, folder, uid);

  g_assert_nonnull (mail);
  g_array_remove_index (w->server[folder],
                        (guint) (mail - (Mail *) (gpointer) w->server[folder]->data));
}

void
world_sync (World *w, guint folder)
{
  TernTxn *txn = store_begin (w->fixture);
  g_autoptr (GArray) known = tern_read_uids (tern_txn_reader (txn), w->folders[folder], NULL);
  g_autoptr (GArray) gone = g_array_new (FALSE, FALSE, sizeof (guint32));
  GError *error = NULL;

  for (guint i = 0; i < w->server[folder]->len; i++)
    {
      const Mail *mail = &g_array_index (w->server[folder], Mail, i);
      g_autoptr (TernMessageFacts) facts = store_facts (mail->uid, mail->n, mail->flags);
      gboolean is_known = FALSE;

      for (guint k = 0; k < known->len; k++)
        is_known = is_known || g_array_index (known, guint32, k) == mail->uid;
      if (is_known && !world_chance (w, 5))
        g_assert_true (tern_txn_set_server_flags (txn, w->folders[folder], mail->uid, mail->flags,
                                                  NULL, 0, &error));
      else
        g_assert_cmpint (tern_txn_add_message (txn, w->folders[folder], facts, TRUE, &error), >, 0);
      g_assert_no_error (error);
    }
  for (guint k = 0; k < known->len; k++)
    if (world_server_find (w, folder, g_array_index (known, guint32, k)) == NULL)
      g_array_append_val (gone, g_array_index (known, guint32, k));
  g_assert_true (tern_txn_remove_uids (txn, w->folders[folder], gone, &error));
  g_assert_no_error (error);
  g_autoptr (GArray) waiting =
      tern_read_waiting (tern_txn_reader (txn), w->folders[folder], &error);
  g_assert_no_error (error);
  g_assert_true (tern_txn_end_waiting (txn, w->folders[folder], waiting, &error));
  g_assert_no_error (error);
  store_commit (w->fixture);
}

static guint
folder_index (World *w, TernId folder)
{
  for (guint i = 0; i < FOLDERS; i++)
    if (w->folders[i] == folder)
      return i;
  g_assert_not_reached ();
}

/* One operation on one uid. */
static void
server_do (World *w, const TernOpRecord *op, guint32 uid, GArray *pairs)
{
  guint source = folder_index (w, op->source);
  Mail *mail = world_server_find (w, source, uid);
  TernUidPair pair = { uid, 0 };

  if (mail == NULL)
    return;
  switch (op->kind)
    {
    case TERN_OP_FLAGS:
      mail->flags = (mail->flags | op->add) & ~op->remove;
      return;
    case TERN_OP_MOVE:
    case TERN_OP_COPY:
      pair.target = world_server_add (w, folder_index (w, op->target), mail->n, mail->flags);
      g_array_append_val (pairs, pair);
      if (op->kind == TERN_OP_MOVE)
        world_server_remove (w, source, uid);
      return;
    case TERN_OP_EXPUNGE:
      world_server_remove (w, source, uid);
      return;
    case TERN_OP_APPEND:
    case TERN_OP_FOLDER_CREATE:
    case TERN_OP_FOLDER_RENAME:
    case TERN_OP_FOLDER_DELETE:
    case TERN_OP_FOLDER_SUBSCRIBE:
    case TERN_OP_FOLDER_UNSUBSCRIBE:
      g_assert_not_reached ();
    }
}

static void
append_all (World *w, const TernOpRecord *op, GArray *subjects, GArray *pairs)
{
  for (guint i = 0; i < subjects->len; i++)
    {
      g_autoptr (TernMessageRecord) record =
          store_message (w->fixture, g_array_index (subjects, TernOpSubject, i).location);
      TernUidPair pair = { 0, 0 };

      pair.target = world_server_add (
          w, folder_index (w, op->target),
          (guint) g_ascii_strtoull (record->facts->message_id, NULL, 10), op->add);
      g_array_append_val (pairs, pair);
    }
}

static gboolean
all_known (GArray *subjects)
{
  for (guint i = 0; i < subjects->len; i++)
    if (g_array_index (subjects, TernOpSubject, i).uid == 0)
      return FALSE;
  return TRUE;
}

static void
write_state (World *w, const TernOpRecord *op, TernOpState state, GArray *pairs)
{
  TernTxn *txn = store_begin (w->fixture);
  g_autoptr (GError) no = tern_fault_new (TERN_FAULT_REFUSED, "no");
  GError *error = NULL;
  gboolean ok = FALSE;

  switch (state)
    {
    case TERN_OP_RUNNING:
      ok = tern_txn_op_running (txn, op->id, &error);
      break;
    case TERN_OP_CONFIRMED:
      ok = tern_txn_op_confirmed (txn, op->id, w->uidplus ? pairs : NULL, &error);
      break;
    case TERN_OP_REFUSED:
      ok = tern_txn_op_refused (txn, op->id, no, &error);
      break;
    case TERN_OP_PENDING:
    case TERN_OP_STUCK:
      ok = tern_txn_op_later (txn, op->id, 0, state == TERN_OP_STUCK, "later", &error);
      break;
    }
  g_assert_no_error (error);
  g_assert_true (ok);
  store_commit (w->fixture);
}

/* Sends the operation; the answer may come late, behind a sync, or after a restart. */
static void
send_op (World *w, const TernOpRecord *op, GArray *subjects)
{
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (TernUidPair));

  write_state (w, op, TERN_OP_RUNNING, NULL);
  world_check_lists (w);
  if (w->trouble && world_chance (w, 6))
    {
      write_state (w, op, TERN_OP_REFUSED, NULL);
      return;
    }
  if (w->trouble && world_chance (w, 6))
    {
      write_state (w, op, world_chance (w, 2) ? TERN_OP_STUCK : TERN_OP_PENDING, NULL);
      return;
    }
  if (op->kind == TERN_OP_APPEND)
    append_all (w, op, subjects, pairs);
  for (guint i = 0; op->kind != TERN_OP_APPEND && i < subjects->len; i++)
    server_do (w, op, g_array_index (subjects, TernOpSubject, i).uid, pairs);
  /* The server told the untagged news before the answer. */
  if (world_chance (w, 4))
    world_sync (w, folder_index (w, op->source));
  if (world_chance (w, 4) && op->target != 0)
    world_sync (w, folder_index (w, op->target));
  if (world_chance (w, 10))
    store_reopen (w->fixture);
  write_state (w, op, TERN_OP_CONFIRMED, pairs);
}

RunResult
world_run_op (World *w)
{
  g_autoptr (GPtrArray) ops = NULL;
  RunResult result = RUN_IDLE;
  TernReader *reader = store_read_begin (w->fixture, TERN_LANE_SLOW);

  ops = tern_read_runnable_ops (reader, w->fixture->account, G_MAXINT64, 10, NULL);
  store_read_end (w->fixture);
  for (guint i = 0; i < ops->len; i++)
    {
      const TernOpRecord *op = g_ptr_array_index (ops, i);
      g_autoptr (GArray) subjects = NULL;

      reader = store_read_begin (w->fixture, TERN_LANE_SLOW);
      subjects = tern_read_op_subjects (reader, op->id, NULL);
      store_read_end (w->fixture);
      if (op->kind != TERN_OP_APPEND && !all_known (subjects))
        {
          result = RUN_WAITING;
          continue;
        }
      send_op (w, op, subjects);
      return RUN_DONE;
    }
  return result;
}

void
world_run_to_quiet (World *w)
{
  guint patience = 400;
  RunResult result;

  while ((result = world_run_op (w)) != RUN_IDLE)
    {
      g_assert_cmpuint (patience--, >, 0);
      world_check_lists (w);
      if (result == RUN_WAITING)
        {
          guint before = store_op_count (w->fixture, TERN_OP_PENDING)
                         + store_op_count (w->fixture, TERN_OP_STUCK);

          for (guint i = 0; i < FOLDERS; i++)
            world_sync (w, i);
          /* Its message is gone from the server for good: what a runner does then. */
          if (patience < 350
              && before
                     == store_op_count (w->fixture, TERN_OP_PENDING)
                            + store_op_count (w->fixture, TERN_OP_STUCK))
            {
              TernReader *reader = store_read_begin (w->fixture, TERN_LANE_SLOW);
              g_autoptr (GPtrArray) ops =
                  tern_read_runnable_ops (reader, w->fixture->account, G_MAXINT64, 1, NULL);
              store_read_end (w->fixture);
              write_state (w, g_ptr_array_index (ops, 0), TERN_OP_REFUSED, NULL);
            }
        }
    }
  for (guint i = 0; i < FOLDERS; i++)
    world_sync (w, i);
  world_check_lists (w);
}

void
world_check_equal_to_server (World *w)
{
  store_verify (w->fixture);
  g_assert_cmpint (store_sql (w->fixture, "SELECT count (*) FROM location WHERE hidden <> 0"), ==,
                   0);
  g_assert_cmpint (store_sql (w->fixture, "SELECT count (*) FROM location WHERE ops <> 0"), ==, 0);
  /* A message whose append was refused or undone stays on this disk. */
  g_assert_cmpint (store_sql (w->fixture, "SELECT count (*) FROM location WHERE uid IS NULL"
                                          " AND message NOT IN (SELECT id FROM message"
                                          " WHERE size >= 1000000)"),
                   ==, 0);
  for (guint i = 0; i < FOLDERS; i++)
    {
      g_autofree char *in_folder = g_strdup_printf (
          "SELECT count (*) FROM location WHERE uid IS NOT NULL AND folder = %" TERN_ID_FORMAT,
          w->folders[i]);

      g_assert_cmpint (store_sql (w->fixture, in_folder), ==, w->server[i]->len);
      for (guint k = 0; k < w->server[i]->len; k++)
        {
          const Mail *mail = &g_array_index (w->server[i], Mail, k);
          g_autofree char *sql = g_strdup_printf (
              "SELECT count (*) FROM location l JOIN message m ON m.id = l.message WHERE l.folder"
              " = %" TERN_ID_FORMAT " AND l.uid = %u AND l.shown_flags = %d"
              " AND m.message_id = '%u@example.org'",
              w->folders[i], mail->uid, mail->flags, mail->n);

          g_assert_cmpint (store_sql (w->fixture, sql), ==, 1);
        }
    }
}
