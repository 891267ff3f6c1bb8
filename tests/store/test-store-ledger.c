/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"
#include "tern-store-ledger.h"

#include <string.h>

/* The history of @location, as the kinds of its entries. */
static TernHistory *
history (StoreFixture *f, TernId location)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  GError *error = NULL;
  TernHistory *self = tern_read_history (reader, location, &error);

  g_assert_no_error (error);
  store_read_end (f);
  return self;
}

static const TernLedgerEntry *
entry_at (const TernHistory *self, guint i)
{
  g_assert_cmpuint (self->entries->len, >, i);
  return g_ptr_array_index (self->entries, i);
}

static void
assert_entry (const TernHistory *self, guint i, TernLedgerKind kind, TernLedgerHow how)
{
  g_assert_cmpint (entry_at (self, i)->kind, ==, kind);
  g_assert_cmpint (entry_at (self, i)->how, ==, how);
}

static TernId
first_op (GArray *made)
{
  TernId op = made->len > 0 ? g_array_index (made, TernId, 0) : 0;

  g_array_unref (made);
  return op;
}

static TernId
move (StoreFixture *f, TernId location, TernId target)
{
  TernTxn *txn = store_begin (f);
  TernId op = first_op (tern_txn_op_move (txn, &location, 1, target, NULL));

  store_commit (f);
  return op;
}

static void
confirm (StoreFixture *f, TernId op, guint32 source, guint32 target)
{
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (TernUidPair));
  TernUidPair pair = { source, target };
  TernTxn *txn = store_begin (f);

  g_array_append_val (pairs, pair);
  g_assert_true (tern_txn_op_running (txn, op, NULL));
  g_assert_true (tern_txn_op_confirmed (txn, op, pairs, NULL));
  store_commit (f);
}

static void
remove_uid (StoreFixture *f, TernId folder, guint32 uid, TernLedgerHow how)
{
  g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));
  TernTxn *txn = store_begin (f);

  g_array_append_val (uids, uid);
  tern_txn_because (txn, how);
  g_assert_true (tern_txn_remove_uids (txn, folder, uids, NULL));
  store_commit (f);
}

/* A batch is one row, and each of its messages knows how it has come. */
static void
test_arrivals (void)
{
  StoreFixture *f = store_fixture_new ();
  TernTxn *txn = store_begin (f);
  TernId ids[40];

  tern_txn_because (txn, TERN_LEDGER_FIRST_SYNC);
  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (TernMessageFacts) facts = store_facts (i + 1, i + 1, TERN_FLAG_NONE);

      ids[i] = tern_txn_add_message (txn, i < 20 ? f->inbox : f->archive, facts, FALSE, NULL);
      g_assert_cmpint (ids[i], >, 0);
    }
  store_commit (f);
  txn = store_begin (f);
  tern_txn_because (txn, TERN_LEDGER_PUSH);
  g_autoptr (TernMessageFacts) facts = store_facts (99, 99, TERN_FLAG_NONE);
  TernId pushed = tern_txn_add_message (txn, f->inbox, facts, TRUE, NULL);
  store_commit (f);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM ledger"), ==, 3);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM ledger_member"), ==, 0);
  g_autoptr (TernHistory) last = history (f, ids[19]);
  g_assert_cmpuint (last->entries->len, ==, 1);
  assert_entry (last, 0, TERN_LEDGER_ARRIVED, TERN_LEDGER_FIRST_SYNC);
  g_assert_cmpstr (entry_at (last, 0)->target, ==, "INBOX");
  g_autoptr (TernHistory) next = history (f, ids[20]);
  g_assert_cmpstr (entry_at (next, 0)->target, ==, "Archive");
  g_autoptr (TernHistory) newest = history (f, pushed);
  assert_entry (newest, 0, TERN_LEDGER_ARRIVED, TERN_LEDGER_PUSH);
  g_assert_null (history (f, 12345));
  store_fixture_free (f);
}

/* What is rolled back is not told. */
static void
test_rolled_back (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);

  first_op (tern_txn_op_move (txn, &id, 1, f->archive, NULL));
  store_rollback (f);
  g_autoptr (TernHistory) told = history (f, id);
  g_assert_cmpuint (told->entries->len, ==, 1);
  store_fixture_free (f);
}

/* By a person and by the server; the server's word for what we have done is no news. */
static void
test_flags (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);
  TernId op = first_op (tern_txn_op_flags (txn, &id, 1, TERN_FLAG_SEEN, 0, "mine", NULL, NULL));

  g_assert_true (tern_txn_set_server_flags (txn, f->inbox, 1, TERN_FLAG_SEEN, "mine", 0, NULL));
  store_commit (f);
  g_autoptr (TernHistory) waiting = history (f, id);
  g_assert_true (entry_at (waiting, 1)->unsent);
  confirm (f, op, 0, 0);
  txn = store_begin (f);
  g_assert_true (
      tern_txn_set_server_flags (txn, f->inbox, 1, TERN_FLAG_FLAGGED, "theirs", 0, NULL));
  store_commit (f);
  g_autoptr (TernHistory) told = history (f, id);
  g_assert_cmpuint (told->entries->len, ==, 3);
  assert_entry (told, 1, TERN_LEDGER_FLAGS, TERN_LEDGER_OWN);
  g_assert_cmpint (entry_at (told, 1)->op, ==, op);
  g_assert_false (entry_at (told, 1)->unsent);
  g_assert_cmpint (entry_at (told, 1)->add, ==, TERN_FLAG_SEEN);
  assert_entry (told, 2, TERN_LEDGER_FLAGS, TERN_LEDGER_SERVER);
  g_assert_cmpint (entry_at (told, 2)->add, ==, TERN_FLAG_FLAGGED);
  g_assert_cmpint (entry_at (told, 2)->remove, ==, TERN_FLAG_SEEN);
  g_assert_cmpstr (entry_at (told, 2)->add_keywords, ==, "theirs");
  g_assert_cmpstr (entry_at (told, 2)->remove_keywords, ==, "mine");
  store_fixture_free (f);
}

/* One message here, moved, copied, deleted for good; the record of what is gone stays. */
static void
test_person (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernId op = move (f, id, f->archive);
  TernTxn *txn;

  confirm (f, op, 1, 70);
  txn = store_begin (f);
  TernId copied = first_op (tern_txn_op_copy (txn, &id, 1, f->trash, NULL));
  store_commit (f);
  confirm (f, copied, 70, 5);
  txn = store_begin (f);
  TernId deleted = first_op (tern_txn_op_expunge (txn, &id, 1, NULL));
  store_commit (f);
  confirm (f, deleted, 0, 0);
  g_autoptr (TernHistory) told = history (f, id);
  g_assert_cmpint (told->gone, >, 0);
  g_assert_cmpstr (told->folder, ==, "Archive");
  g_assert_cmpuint (told->entries->len, ==, 5);
  assert_entry (told, 1, TERN_LEDGER_MOVED, TERN_LEDGER_OWN);
  g_assert_cmpstr (entry_at (told, 1)->source, ==, "INBOX");
  g_assert_cmpstr (entry_at (told, 1)->target, ==, "Archive");
  g_assert_cmpint (entry_at (told, 1)->op, ==, op);
  assert_entry (told, 2, TERN_LEDGER_COPIED, TERN_LEDGER_OWN);
  assert_entry (told, 3, TERN_LEDGER_DELETED, TERN_LEDGER_OWN);
  assert_entry (told, 4, TERN_LEDGER_REMOVED, TERN_LEDGER_OWN);
  g_assert_cmpint (entry_at (told, 4)->op, ==, deleted);
  /* The copy is still there, and both are told of together. */
  g_assert_cmpuint (told->elsewhere->len, ==, 1);
  store_fixture_free (f);
}

/* Another program moved it: gone here, come there, one story. And it is found by its words. */
static void
test_moved_elsewhere (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 7, TERN_FLAG_NONE);

  remove_uid (f, f->inbox, 1, TERN_LEDGER_VANISHED);
  TernId there = store_add (f, f->archive, 30, 7, TERN_FLAG_NONE);
  g_autoptr (TernHistory) told = history (f, id);
  g_assert_cmpint (told->gone, >, 0);
  g_assert_cmpuint (told->entries->len, ==, 3);
  assert_entry (told, 1, TERN_LEDGER_REMOVED, TERN_LEDGER_VANISHED);
  g_assert_cmpstr (entry_at (told, 1)->source, ==, "INBOX");
  g_assert_cmpstr (entry_at (told, 2)->target, ==, "Archive");
  g_assert_cmpuint (told->elsewhere->len, ==, 1);
  g_assert_cmpint (g_array_index (told->elsewhere, TernId, 0), ==, there);
  remove_uid (f, f->archive, 30, TERN_LEDGER_LISTING);
  g_autoptr (TernHistory) gone = history (f, there);
  g_assert_cmpuint (gone->entries->len, ==, 4);
  assert_entry (gone, 3, TERN_LEDGER_REMOVED, TERN_LEDGER_LISTING);
  g_assert_cmpstr (gone->subject, !=, "");
  store_fixture_free (f);
}

static void
test_find (void)
{
  StoreFixture *f = store_fixture_new ();
  TernTxn *txn = store_begin (f);
  g_autoptr (TernMessageFacts) facts = store_facts (1, 1, TERN_FLAG_NONE);
  GError *error = NULL;

  g_free (facts->subject);
  facts->subject = g_strdup ("Grüße vom Öltank");
  facts->date = facts->received = 1700000000; /* 2023-11-14 */
  TernId id = tern_txn_add_message (txn, f->inbox, facts, FALSE, NULL);
  store_commit (f);
  for (guint round = 0; round < 2; round++)
    {
      static const char *const FINDS[] = { "ÖLTANK grüße", "2023-11-14" };
      static const char *const FINDS_NOT[] = { "Öltank Rechnung", "2023-11-16" };
      TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);

      for (guint i = 0; i < 2; i++)
        {
          g_autoptr (GArray) found = tern_read_history_find (reader, 0, FINDS[i], 5, NULL, &error);
          g_autoptr (GArray) none = tern_read_history_find (reader, 0, FINDS_NOT[i], 5, NULL, NULL);

          g_assert_no_error (error);
          g_assert_cmpuint (found->len, ==, 1);
          g_assert_cmpint (g_array_index (found, TernId, 0), ==, id);
          g_assert_cmpuint (none->len, ==, 0);
        }
      store_read_end (f);
      /* The same when it is gone. */
      if (round == 0)
        remove_uid (f, f->inbox, 1, TERN_LEDGER_VANISHED);
    }
  store_fixture_free (f);
}

/* Another UIDVALIDITY: what is met again says so, what is not is gone and says why. */
static void
test_renumbered (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId kept = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernId lost = store_add (f, f->inbox, 2, 2, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_begin_rematch (txn, f->inbox, NULL));
  store_commit (f);
  g_assert_cmpint (store_add (f, f->inbox, 51, 1, TERN_FLAG_NONE), ==, kept);
  txn = store_begin (f);
  g_autoptr (GArray) waiting = tern_read_waiting (tern_txn_reader (txn), f->inbox, NULL);
  g_assert_true (tern_txn_end_waiting (txn, f->inbox, waiting, NULL));
  store_commit (f);
  g_autoptr (TernHistory) found = history (f, kept);
  g_assert_cmpuint (found->entries->len, ==, 3);
  assert_entry (found, 1, TERN_LEDGER_RENUMBERED, TERN_LEDGER_SERVER);
  assert_entry (found, 2, TERN_LEDGER_FOUND, TERN_LEDGER_SERVER);
  g_autoptr (TernHistory) gone = history (f, lost);
  g_assert_cmpuint (gone->entries->len, ==, 3);
  assert_entry (gone, 2, TERN_LEDGER_REMOVED, TERN_LEDGER_NOT_FOUND);
  store_fixture_free (f);
}

static void
test_folder_gone (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->archive, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GHashTable) kept = g_hash_table_new (NULL, NULL);
  TernTxn *txn = store_begin (f);

  g_hash_table_add (kept, GSIZE_TO_POINTER ((gsize) f->inbox));
  g_assert_true (tern_txn_end_listing (txn, f->account, kept, NULL));
  store_commit (f);
  /* A day later. */
  store_close (f);
  store_sql (f, "UPDATE folder SET gone = 1 WHERE gone <> 0");
  g_assert_true (store_open (f, NULL));
  txn = store_begin (f);
  g_assert_true (tern_txn_end_listing (txn, f->account, kept, NULL));
  store_commit (f);
  g_autoptr (TernHistory) told = history (f, id);
  g_assert_cmpint (told->gone, >, 0);
  g_assert_cmpstr (told->folder, ==, "Archive");
  assert_entry (told, 1, TERN_LEDGER_REMOVED, TERN_LEDGER_FOLDER);
  g_assert_cmpstr (entry_at (told, 1)->source, ==, "Archive");
  store_fixture_free (f);
}

static void
test_refused_and_undone (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernId op = move (f, id, f->archive);
  g_autoptr (GError) fault = tern_fault_new (TERN_FAULT_LIMIT, "no room there");
  gboolean undone;
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_op_refused (txn, op, fault, NULL));
  store_commit (f);
  op = move (f, id, f->trash);
  txn = store_begin (f);
  g_assert_true (tern_txn_op_undo (txn, op, &undone, NULL));
  store_commit (f);
  g_autoptr (TernHistory) told = history (f, id);
  g_assert_cmpuint (told->entries->len, ==, 5);
  assert_entry (told, 2, TERN_LEDGER_REFUSED, TERN_LEDGER_OWN);
  g_assert_cmpstr (entry_at (told, 2)->note, ==, "no room there");
  assert_entry (told, 4, TERN_LEDGER_UNDONE, TERN_LEDGER_OWN);
  g_assert_cmpint (entry_at (told, 4)->op, ==, op);
  store_fixture_free (f);
}

static void
put_body (StoreFixture *f, TernId id, GBytes *body)
{
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_put_body (txn, id, "", body, TRUE, NULL));
  store_commit (f);
}

static void
test_body (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) body = g_bytes_new_take (g_malloc0 (500000), 500000);
  g_autofree char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, body);
  g_autofree char *name = g_strdup_printf ("bodies/%.2s/%s", hash, hash + 2);
  g_autofree char *path = store_path (f, name);

  put_body (f, id, body);
  g_assert_true (g_file_set_contents (path, "not it", -1, NULL));
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_assert_null (tern_read_body (reader, id, "", NULL));
  store_read_end (f);
  /* The writer has been told. */
  store_begin (f);
  store_commit (f);
  put_body (f, id, body);
  put_body (f, id, body);
  g_autoptr (TernHistory) told = history (f, id);
  g_assert_cmpuint (told->entries->len, ==, 3);
  assert_entry (told, 1, TERN_LEDGER_DAMAGED, TERN_LEDGER_SERVER);
  assert_entry (told, 2, TERN_LEDGER_FETCHED, TERN_LEDGER_SERVER);
  store_fixture_free (f);
}

/* Undo after it was sent: the way back, once; not when somebody has moved it on. */
static void
test_undo_confirmed (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernId op = move (f, id, f->archive);
  GError *error = NULL;
  gboolean undone;

  confirm (f, op, 1, 20);
  store_reopen (f);
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) last = tern_read_undoable (tern_txn_reader (txn), FALSE, NULL);
  g_assert_cmpuint (last->len, ==, 1);
  g_assert_cmpint (g_array_index (last, TernId, 0), ==, op);
  g_assert_true (tern_txn_op_undo (txn, op, &undone, NULL));
  g_assert_false (undone);
  g_autoptr (GArray) back = tern_read_undoing (tern_txn_reader (txn), op, NULL);
  g_assert_cmpuint (back->len, ==, 1);
  /* The way back is not what is undone next. */
  g_autoptr (GArray) none = tern_read_undoable (tern_txn_reader (txn), TRUE, NULL);
  g_assert_cmpuint (none->len, ==, 0);
  store_commit (f);
  confirm (f, g_array_index (back, TernId, 0), 20, 2);
  txn = store_begin (f);
  g_assert_false (tern_txn_op_undo (txn, op, &undone, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_clear_error (&error);
  store_rollback (f);
  op = move (f, id, f->archive);
  confirm (f, op, 2, 21);
  TernId on = move (f, id, f->trash);
  confirm (f, on, 21, 1);
  txn = store_begin (f);
  g_assert_false (tern_txn_op_undo (txn, op, &undone, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_assert_nonnull (strstr (error->message, "Trash"));
  g_clear_error (&error);
  store_rollback (f);
  store_verify (f);
  store_fixture_free (f);
}

/* Old noise goes, what moved a message stays longer; nothing grows without end. */
static void
test_forgetting (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_set_server_flags (txn, f->inbox, 1, TERN_FLAG_SEEN, NULL, 0, NULL));
  store_commit (f);
  confirm (f, move (f, id, f->archive), 1, 9);
  remove_uid (f, f->archive, 9, TERN_LEDGER_VANISHED);
  store_close (f);
  /* A hundred days ago, and the next row begins a round of forgetting. */
  store_sql (f, "UPDATE ledger SET time = time - 100 * 86400000");
  store_sql (f, "UPDATE ledger SET id = 63 WHERE id = (SELECT max (id) FROM ledger)");
  store_sql (f, "UPDATE ledger_member SET event = 63 WHERE event = (SELECT max (event)"
                " FROM ledger_member)");
  g_assert_true (store_open (f, NULL));
  store_add (f, f->inbox, 3, 3, TERN_FLAG_NONE);
  g_autoptr (TernHistory) told = history (f, id);
  g_assert_cmpuint (told->entries->len, ==, 3);
  assert_entry (told, 0, TERN_LEDGER_ARRIVED, TERN_LEDGER_SERVER);
  assert_entry (told, 1, TERN_LEDGER_MOVED, TERN_LEDGER_OWN);
  assert_entry (told, 2, TERN_LEDGER_REMOVED, TERN_LEDGER_VANISHED);
  store_close (f);
  store_sql (f, "UPDATE ledger SET time = time - 800 * 86400000");
  store_sql (f, "UPDATE ledger_gone SET time = time - 800 * 86400000");
  store_sql (f, "UPDATE ledger SET id = 127 WHERE id = (SELECT max (id) FROM ledger)");
  g_assert_true (store_open (f, NULL));
  store_add (f, f->inbox, 4, 4, TERN_FLAG_NONE);
  g_assert_null (history (f, id));
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM ledger"), ==, 1);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM ledger_member"), ==, 0);
  store_fixture_free (f);
}

static void
test_account_removed (void)
{
  StoreFixture *f = store_fixture_new ();
  TernTxn *txn;

  store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  move (f, store_add (f, f->inbox, 2, 2, TERN_FLAG_NONE), f->trash);
  remove_uid (f, f->inbox, 1, TERN_LEDGER_VANISHED);
  txn = store_begin (f);
  g_assert_true (tern_txn_remove_account (txn, f->account, NULL));
  store_commit (f);
  g_assert_cmpint (store_sql (f, "SELECT (SELECT count (*) FROM ledger)"
                                 " + (SELECT count (*) FROM ledger_member)"
                                 " + (SELECT count (*) FROM ledger_gone)"),
                   ==, 0);
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/ledger/arrivals", test_arrivals);
  g_test_add_func ("/store/ledger/rolled-back", test_rolled_back);
  g_test_add_func ("/store/ledger/flags", test_flags);
  g_test_add_func ("/store/ledger/person", test_person);
  g_test_add_func ("/store/ledger/moved-elsewhere", test_moved_elsewhere);
  g_test_add_func ("/store/ledger/find", test_find);
  g_test_add_func ("/store/ledger/renumbered", test_renumbered);
  g_test_add_func ("/store/ledger/folder-gone", test_folder_gone);
  g_test_add_func ("/store/ledger/refused-and-undone", test_refused_and_undone);
  g_test_add_func ("/store/ledger/body", test_body);
  g_test_add_func ("/store/ledger/undo-confirmed", test_undo_confirmed);
  g_test_add_func ("/store/ledger/forgetting", test_forgetting);
  g_test_add_func ("/store/ledger/account-removed", test_account_removed);
  return g_test_run ();
}
