/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-world.h"

/*
 * Random work of a person, a server and a runner, with the store between them:
 *
 * - what the store shows is always what a plain list of messages shows after the same verbs;
 * - a list that applies every change set always equals one that is read anew, counts included;
 * - when everything was sent and fetched, the store shows what the server has, whatever was
 * refused, lost or changed by others on the way.
 */

#define LOCAL 1000000

/* The person. */

static TernId
visible_location (World *w, guint *at)
{
  if (!w->trouble)
    {
      if (w->wishes->len == 0)
        return 0;
      *at = world_pick (w, w->wishes->len);
      return g_array_index (w->wishes, Wish, *at).location;
    }
  guint folder = world_pick (w, FOLDERS);
  if (w->lists[folder]->len == 0)
    return 0;
  return g_array_index (w->lists[folder], TernListKey, world_pick (w, w->lists[folder]->len)).id;
}

static TernFlags
some_flags (World *w)
{
  static const TernFlags flags[] = { TERN_FLAG_SEEN, TERN_FLAG_FLAGGED, TERN_FLAG_ANSWERED,
                                     TERN_FLAG_SEEN | TERN_FLAG_JUNK };

  return flags[world_pick (w, G_N_ELEMENTS (flags))];
}

static void
person_adds_local (World *w, TernTxn *txn)
{
  /* The number, and so the size, tells the ones made here. */
  g_autoptr (TernMessageFacts) facts = store_facts (0, LOCAL + w->next_n, TERN_FLAG_SEEN);
  Wish wish = { 0, world_pick (w, FOLDERS), LOCAL + w->next_n++, TERN_FLAG_SEEN };

  wish.location = tern_txn_add_local_message (txn, w->folders[wish.folder], facts, NULL);
  g_assert_cmpint (wish.location, >, 0);
  g_assert_cmpint (tern_txn_op_append (txn, wish.location, NULL), >, 0);
  g_array_append_val (w->wishes, wish);
}

static void
person_copies (World *w, TernTxn *txn, TernId location, guint at)
{
  guint target = world_pick (w, FOLDERS);
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
  TernOpRecord *op = g_ptr_array_index (ops, world_pick (w, ops->len));
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
  guint target = world_pick (w, FOLDERS);

  switch (location == 0 ? 9 : world_pick (w, w->trouble ? 12 : 10))
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
  if (w->trouble && world_chance (w, 8))
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
  guint folder = world_pick (w, FOLDERS);
  guint n = w->next_n++;
  guint32 uid =
      world_server_add (w, folder, n, world_chance (w, 2) ? TERN_FLAG_SEEN : TERN_FLAG_NONE);
  const Mail *mail = world_server_find (w, folder, uid);
  Wish wish = { 0, folder, n, mail->flags };

  wish.location = store_add (w->fixture, w->folders[folder], uid, n, mail->flags);
  g_array_append_val (w->wishes, wish);
}

static void
others_act (World *w)
{
  guint folder = world_pick (w, FOLDERS);
  Mail *mail;

  if (w->server[folder]->len == 0)
    return;
  mail = &g_array_index (w->server[folder], Mail, world_pick (w, w->server[folder]->len));
  if (world_chance (w, 4))
    world_server_remove (w, folder, mail->uid);
  else
    mail->flags ^= some_flags (w);
}

/* The server renumbers everything. */
static void
renumber (World *w)
{
  guint folder = world_pick (w, FOLDERS);
  TernTxn *txn = store_begin (w->fixture);

  g_assert_true (tern_txn_begin_rematch (txn, w->folders[folder], NULL));
  store_commit (w->fixture);
  for (guint i = 0; i < w->server[folder]->len; i++)
    g_array_index (w->server[folder], Mail, i).uid = w->uidnext[folder]++;
  world_sync (w, folder);
}

static void
step (World *w)
{
  switch (world_pick (w, 12))
    {
    case 0:
    case 1:
      mail_arrives (w);
      break;
    case 2:
    case 3:
      world_run_op (w);
      break;
    case 4:
      world_sync (w, world_pick (w, FOLDERS));
      break;
    case 5:
      if (w->trouble)
        others_act (w);
      break;
    case 6:
      if (world_chance (w, 6))
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
      world_check_lists (w);
      if (!trouble)
        world_check_wishes (w);
      if (i % 20 == 0)
        store_verify (w->fixture);
    }
  /* From here on nobody disturbs. */
  w->trouble = FALSE;
  world_run_to_quiet (w);
  if (!trouble)
    world_check_wishes (w);
  world_check_equal_to_server (w);
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
