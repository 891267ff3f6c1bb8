/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"

/*
 * Random work of a person, a server and a runner, with the store between them:
 *
 * - what the store shows is always what a plain list of messages shows after the same verbs;
 * - a list that applies every change set always equals one that is read anew, counts included;
 * - when everything was sent and fetched, the store shows what the server has, whatever was
 * refused, lost or changed by others on the way.
 */

#define FOLDERS 3
#define LOCAL   1000000

/** Mail: a message on the pretended server. */
typedef struct
{
  guint32 uid;
  guint n; /* which message: in its Message-ID, date and size */
  TernFlags flags;
} Mail;

/** Wish: a message as the person sees it. */
typedef struct
{
  TernId location;
  guint folder;
  guint n;
  TernFlags flags;
} Wish;

typedef struct
{
  StoreFixture *fixture;
  GRand *random;
  TernId folders[FOLDERS];
  GArray *server[FOLDERS]; /* of Mail */
  guint32 uidnext[FOLDERS];
  guint next_n;
  GArray *wishes;         /* of Wish; NULL when others change things, too */
  GArray *lists[FOLDERS]; /* of TernListKey: kept by change sets only */
  guint heard;            /* change sets applied */
  gboolean uidplus;
  gboolean trouble; /* refusals, lost answers, other clients */
} World;

static gboolean
chance (World *w, gint one_in)
{
  return g_rand_int_range (w->random, 0, one_in) == 0;
}

static guint
pick (World *w, guint n)
{
  return (guint) g_rand_int_range (w->random, 0, (gint32) n);
}

static World *
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
  w->uidplus = !chance (w, 3);
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

static void
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

static void
check_lists (World *w)
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

/* What the person should see. */
static void
check_wishes (World *w)
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

static guint32
server_add (World *w, guint folder, guint n, TernFlags flags)
{
  Mail mail = { w->uidnext[folder]++, n, flags };

  g_array_append_val (w->server[folder], mail);
  return mail.uid;
}

static Mail *
server_find (World *w, guint folder, guint32 uid)
{
  for (guint i = 0; i < w->server[folder]->len; i++)
    {
      Mail *mail = &g_array_index (w->server[folder], Mail, i);

      if (mail->uid == uid)
        return mail;
    }
  return NULL;
}

static void
server_remove (World *w, guint folder, guint32 uid)
{
  Mail *mail = server_find (w, folder, uid);

  g_assert_nonnull (mail);
  g_array_remove_index (w->server[folder],
                        (guint) (mail - (Mail *) (gpointer) w->server[folder]->data));
}

/* Everything of one folder, as a complete listing tells it. */
static void
sync_folder (World *w, guint folder)
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
      if (is_known && !chance (w, 5))
        g_assert_true (tern_txn_set_server_flags (txn, w->folders[folder], mail->uid, mail->flags,
                                                  NULL, 0, &error));
      else
        g_assert_cmpint (tern_txn_add_message (txn, w->folders[folder], facts, TRUE, &error), >, 0);
      g_assert_no_error (error);
    }
  for (guint k = 0; k < known->len; k++)
    if (server_find (w, folder, g_array_index (known, guint32, k)) == NULL)
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
  Mail *mail = server_find (w, source, uid);
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
      pair.target = server_add (w, folder_index (w, op->target), mail->n, mail->flags);
      g_array_append_val (pairs, pair);
      if (op->kind == TERN_OP_MOVE)
        server_remove (w, source, uid);
      return;
    case TERN_OP_EXPUNGE:
      server_remove (w, source, uid);
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

      pair.target =
          server_add (w, folder_index (w, op->target),
                      (guint) g_ascii_strtoull (record->facts->message_id, NULL, 10), op->add);
      g_array_append_val (pairs, pair);
    }
}

typedef enum
{
  RUN_IDLE,
  RUN_WAITING, /* for a uid that a sync brings */
  RUN_DONE,
} RunResult;

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
  check_lists (w);
  if (w->trouble && chance (w, 6))
    {
      write_state (w, op, TERN_OP_REFUSED, NULL);
      return;
    }
  if (w->trouble && chance (w, 6))
    {
      write_state (w, op, chance (w, 2) ? TERN_OP_STUCK : TERN_OP_PENDING, NULL);
      return;
    }
  if (op->kind == TERN_OP_APPEND)
    append_all (w, op, subjects, pairs);
  for (guint i = 0; op->kind != TERN_OP_APPEND && i < subjects->len; i++)
    server_do (w, op, g_array_index (subjects, TernOpSubject, i).uid, pairs);
  /* The server told the untagged news before the answer. */
  if (chance (w, 4))
    sync_folder (w, folder_index (w, op->source));
  if (chance (w, 4) && op->target != 0)
    sync_folder (w, folder_index (w, op->target));
  if (chance (w, 10))
    store_reopen (w->fixture);
  write_state (w, op, TERN_OP_CONFIRMED, pairs);
}

static RunResult
run_op (World *w)
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

/* Until nothing is left to send, and everything was fetched. */
static void
run_to_quiet (World *w)
{
  guint patience = 400;
  RunResult result;

  while ((result = run_op (w)) != RUN_IDLE)
    {
      g_assert_cmpuint (patience--, >, 0);
      check_lists (w);
      if (result == RUN_WAITING)
        {
          guint before = store_op_count (w->fixture, TERN_OP_PENDING)
                         + store_op_count (w->fixture, TERN_OP_STUCK);

          for (guint i = 0; i < FOLDERS; i++)
            sync_folder (w, i);
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
    sync_folder (w, i);
  check_lists (w);
}

/* The store shows the server's messages and nothing else. */
static void
check_equal_to_server (World *w)
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

/* The person. */

static TernId
visible_location (World *w, guint *at)
{
  if (!w->trouble)
    {
      if (w->wishes->len == 0)
        return 0;
      *at = pick (w, w->wishes->len);
      return g_array_index (w->wishes, Wish, *at).location;
    }
  guint folder = pick (w, FOLDERS);
  if (w->lists[folder]->len == 0)
    return 0;
  return g_array_index (w->lists[folder], TernListKey, pick (w, w->lists[folder]->len)).id;
}

static TernFlags
some_flags (World *w)
{
  static const TernFlags flags[] = { TERN_FLAG_SEEN, TERN_FLAG_FLAGGED, TERN_FLAG_ANSWERED,
                                     TERN_FLAG_SEEN | TERN_FLAG_JUNK };

  return flags[pick (w, G_N_ELEMENTS (flags))];
}

static void
person_adds_local (World *w, TernTxn *txn)
{
  /* The number, and so the size, tells the ones made here. */
  g_autoptr (TernMessageFacts) facts = store_facts (0, LOCAL + w->next_n, TERN_FLAG_SEEN);
  Wish wish = { 0, pick (w, FOLDERS), LOCAL + w->next_n++, TERN_FLAG_SEEN };

  wish.location = tern_txn_add_local_message (txn, w->folders[wish.folder], facts, NULL);
  g_assert_cmpint (wish.location, >, 0);
  g_assert_cmpint (tern_txn_op_append (txn, wish.location, NULL), >, 0);
  g_array_append_val (w->wishes, wish);
}

static void
person_copies (World *w, TernTxn *txn, TernId location, guint at)
{
  guint target = pick (w, FOLDERS);
  GError *error = NULL;
  g_autoptr (GArray) made = tern_txn_op_copy (txn, &location, 1, w->folders[target], &error);
  Wish wish;

  g_assert_no_error (error);
  if (w->trouble)
    return;
  g_autoptr (GArray) same =
      tern_read_locations_by_message_id (tern_txn_reader (txn), w->fixture->account, "", NULL);
  wish = g_array_index (w->wishes, Wish, at);
  g_autofree char *id = g_strdup_printf ("%u@example.org", wish.n);
  g_array_unref (g_steal_pointer (&same));
  same = tern_read_locations_by_message_id (tern_txn_reader (txn), w->fixture->account, id, NULL);
  /* Ids only grow: the newest is the copy. */
  wish.location = g_array_index (same, TernId, same->len - 1);
  wish.folder = target;
  g_array_append_val (w->wishes, wish);
}

static void
person_undoes (World *w, TernTxn *txn)
{
  g_autoptr (GPtrArray) ops = tern_read_ops (tern_txn_reader (txn), w->fixture->account, 3, NULL);
  GError *error = NULL;
  gboolean undone;

  if (ops->len == 0)
    return;
  TernOpRecord *op = g_ptr_array_index (ops, pick (w, ops->len));
  if (op->kind == TERN_OP_EXPUNGE && op->state != TERN_OP_PENDING)
    return;
  if (!tern_txn_op_undo (txn, op->id, &undone, &error))
    g_assert_true (tern_fault_is (error, TERN_FAULT_INVALID)
                   || tern_fault_is (error, TERN_FAULT_REFUSED));
  g_clear_error (&error);
}

/* Star, then take it back in the same breath: nothing is left. */
static void
person_changes_mind (TernTxn *txn, TernId location)
{
  gboolean undone = FALSE;
  GError *error = NULL;
  g_autoptr (GArray) made =
      tern_txn_op_flags (txn, &location, 1, TERN_FLAG_MDN_SENT, 0, NULL, NULL, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < made->len; i++)
    {
      g_assert_true (tern_txn_op_undo (txn, g_array_index (made, TernId, i), &undone, &error));
      g_assert_no_error (error);
      g_assert_true (undone);
    }
}

static void
person_acts (World *w)
{
  TernTxn *txn = store_begin (w->fixture);
  g_autoptr (GArray) made = NULL;
  GError *error = NULL;
  guint at = 0;
  TernId location = visible_location (w, &at);
  Wish *wish = w->trouble ? NULL : &g_array_index (w->wishes, Wish, at);
  TernFlags flags = some_flags (w);
  guint target = pick (w, FOLDERS);

  switch (location == 0 ? 9 : pick (w, w->trouble ? 12 : 10))
    {
    case 0:
    case 1:
      made = tern_txn_op_flags (txn, &location, 1, flags, 0, NULL, NULL, &error);
      if (wish != NULL)
        wish->flags |= flags;
      break;
    case 2:
    case 3:
      made = tern_txn_op_flags (txn, &location, 1, 0, flags, NULL, NULL, &error);
      if (wish != NULL)
        wish->flags &= ~flags;
      break;
    case 4:
    case 5:
    case 6:
      made = tern_txn_op_move (txn, &location, 1, w->folders[target], &error);
      if (wish != NULL)
        wish->folder = target;
      break;
    case 7:
      /* Without UIDPLUS nobody can tell two equal messages in one folder apart. */
      if (w->uidplus || w->trouble)
        person_copies (w, txn, location, at);
      break;
    case 8:
      made = tern_txn_op_expunge (txn, &location, 1, &error);
      if (wish != NULL)
        g_array_remove_index (w->wishes, at);
      break;
    case 9:
      person_adds_local (w, txn);
      break;
    case 10:
      person_undoes (w, txn);
      break;
    default:
      person_changes_mind (txn, location);
      break;
    }
  g_assert_no_error (error);
  if (w->trouble && chance (w, 8))
    {
      store_rollback (w->fixture);
      return;
    }
  store_commit (w->fixture);
}

/* A new message arrives and is seen at once. */
static void
mail_arrives (World *w)
{
  guint folder = pick (w, FOLDERS);
  guint n = w->next_n++;
  guint32 uid = server_add (w, folder, n, chance (w, 2) ? TERN_FLAG_SEEN : TERN_FLAG_NONE);
  const Mail *mail = server_find (w, folder, uid);
  Wish wish = { 0, folder, n, mail->flags };

  wish.location = store_add (w->fixture, w->folders[folder], uid, n, mail->flags);
  g_array_append_val (w->wishes, wish);
}

static void
others_act (World *w)
{
  guint folder = pick (w, FOLDERS);
  Mail *mail;

  if (w->server[folder]->len == 0)
    return;
  mail = &g_array_index (w->server[folder], Mail, pick (w, w->server[folder]->len));
  if (chance (w, 4))
    server_remove (w, folder, mail->uid);
  else
    mail->flags ^= some_flags (w);
}

/* The server renumbers everything. */
static void
renumber (World *w)
{
  guint folder = pick (w, FOLDERS);
  TernTxn *txn = store_begin (w->fixture);

  g_assert_true (tern_txn_begin_rematch (txn, w->folders[folder], NULL));
  store_commit (w->fixture);
  for (guint i = 0; i < w->server[folder]->len; i++)
    g_array_index (w->server[folder], Mail, i).uid = w->uidnext[folder]++;
  sync_folder (w, folder);
}

static void
step (World *w)
{
  switch (pick (w, 12))
    {
    case 0:
    case 1:
      mail_arrives (w);
      break;
    case 2:
    case 3:
      run_op (w);
      break;
    case 4:
      sync_folder (w, pick (w, FOLDERS));
      break;
    case 5:
      if (w->trouble)
        others_act (w);
      break;
    case 6:
      if (chance (w, 6))
        renumber (w);
      break;
    default:
      person_acts (w);
      break;
    }
}

static void
run_world (guint32 seed, gboolean trouble, guint steps)
{
  World *w = world_new (seed, trouble);

  for (guint i = 0; i < steps; i++)
    {
      step (w);
      check_lists (w);
      if (!trouble)
        check_wishes (w);
      if (i % 20 == 0)
        store_verify (w->fixture);
    }
  /* From here on nobody disturbs. */
  w->trouble = FALSE;
  run_to_quiet (w);
  if (!trouble)
    check_wishes (w);
  check_equal_to_server (w);
  world_free (w);
}

static void
test_wishes (void)
{
  guint rounds = g_test_slow () ? 300 : 12;

  for (guint i = 0; i < rounds; i++)
    {
      guint32 seed = (guint32) g_test_rand_int ();

      g_test_message ("seed %u", seed);
      run_world (seed, FALSE, 60);
    }
}

static void
test_trouble (void)
{
  guint rounds = g_test_slow () ? 300 : 12;

  for (guint i = 0; i < rounds; i++)
    {
      guint32 seed = (guint32) g_test_rand_int ();

      g_test_message ("seed %u", seed);
      run_world (seed, TRUE, 80);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (argc > 2)
    run_world ((guint32) g_ascii_strtoull (argv[1], NULL, 10), argv[2][0] == 't',
               argv[2][0] == 't' ? 80 : 60);
  g_test_add_func ("/store/model/wishes", test_wishes);
  g_test_add_func ("/store/model/trouble", test_trouble);
  return g_test_run ();
}
