/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"

#include "tern-store-private.h"

static TernFolderRecord
record_of (StoreFixture *f, const char *path, const char *remote_name)
{
  TernFolderRecord record = { 0 };

  record.account = f->account;
  record.path = record.name = (char *) path;
  record.remote_name = (char *) remote_name;
  record.delimiter = '/';
  record.subscribed = record.selectable = TRUE;
  return record;
}

static gboolean
tree_changed (StoreFixture *f)
{
  gboolean changed = FALSE;

  for (guint i = 0; i < f->changes->len; i++)
    changed = changed || ((TernChangeSet *) g_ptr_array_index (f->changes, i))->tree_changed;
  g_ptr_array_set_size (f->changes, 0);
  return changed;
}

static void
test_accounts (void)
{
  StoreFixture *f = store_fixture_new ();
  TernTxn *txn = store_begin (f);
  TernId same = tern_txn_ensure_account (txn, "uuid-1", NULL);
  TernId other = tern_txn_ensure_account (txn, "uuid-2", NULL);
  store_commit (f);

  g_assert_cmpint (same, ==, f->account);
  g_assert_cmpint (other, !=, f->account);
  TernReader *reader = store_read_begin (f, TERN_LANE_LIST);
  g_autoptr (GPtrArray) uuids = tern_read_account_uuids (reader, NULL);
  g_assert_cmpuint (uuids->len, ==, 2);
  g_assert_cmpint (tern_read_account_id (reader, "uuid-2", NULL), ==, other);
  g_assert_cmpint (tern_read_account_id (reader, "uuid-3", NULL), ==, 0);
  store_read_end (f);
  store_fixture_free (f);
}

static void
test_remove_account (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);
  TernId other = tern_txn_ensure_account (txn, "uuid-2", NULL);
  TernFolderRecord record = record_of (f, "INBOX", "INBOX");
  g_autoptr (TernMessageFacts) facts = store_facts (1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) body = g_bytes_new_static ("body", 4);

  record.account = other;
  TernId folder = tern_txn_put_folder (txn, &record, NULL);
  TernId kept = tern_txn_add_message (txn, folder, facts, FALSE, NULL);
  g_assert_cmpint (kept, >, 0);
  g_autoptr (GArray) made = tern_txn_op_flags (txn, &id, 1, TERN_FLAG_SEEN, 0, NULL, NULL, NULL);
  g_assert_true (tern_txn_put_body (txn, id, "", body, FALSE, NULL));
  store_commit (f);
  g_ptr_array_set_size (f->changes, 0);
  txn = store_begin (f);
  g_assert_true (tern_txn_remove_account (txn, f->account, NULL));
  store_commit (f);

  g_assert_true (((TernChangeSet *) g_ptr_array_index (f->changes, 0))->reset);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM location"), ==, 1);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM op"), ==, 0);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM reference"), ==, 1);
  store_verify (f);
  store_fixture_free (f);
}

static void
test_put (void)
{
  StoreFixture *f = store_fixture_new ();
  TernFolderRecord record = record_of (f, "Lists/GTK", "Lists/GTK");
  record.name = (char *) "GTK";
  TernTxn *txn = store_begin (f);
  TernId id = tern_txn_put_folder (txn, &record, NULL);
  store_commit (f);
  g_assert_true (tree_changed (f));

  /* The same again is no change. */
  txn = store_begin (f);
  g_assert_cmpint (tern_txn_put_folder (txn, &record, NULL), ==, id);
  store_commit (f);
  g_assert_false (tree_changed (f));
  /* A path may change while the server's name stays, and the other way round it is another folder.
   */
  record.path = (char *) "Lists/Gtk";
  txn = store_begin (f);
  g_assert_cmpint (tern_txn_put_folder (txn, &record, NULL), ==, id);
  record.remote_name = (char *) "Lists/Qt";
  g_assert_cmpint (tern_txn_put_folder (txn, &record, NULL), !=, id);
  store_commit (f);
  g_assert_true (tree_changed (f));
  g_autoptr (TernFolderRecord) folder = store_folder (f, id);
  g_assert_cmpstr (folder->path, ==, "Lists/Gtk");
  g_assert_cmpstr (folder->name, ==, "GTK");
  g_assert_cmpint (folder->delimiter, ==, '/');
  g_assert_cmpint (folder->remote_total, ==, -1);
  g_autoptr (TernFolderRecord) copy = tern_folder_record_copy (folder);
  g_assert_cmpstr (copy->remote_name, ==, "Lists/GTK");
  store_fixture_free (f);
}

/* A folder that its person gave a role keeps it. */
static void
test_roles (void)
{
  StoreFixture *f = store_fixture_new ();
  TernFolderRecord record = record_of (f, "Archive", "Archive");
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_set_folder_role (txn, f->archive, TERN_ROLE_SENT, TRUE, NULL));
  record.role = TERN_ROLE_ARCHIVE;
  g_assert_cmpint (tern_txn_put_folder (txn, &record, NULL), ==, f->archive);
  g_assert_true (tern_txn_set_folder_role (txn, f->archive, TERN_ROLE_JUNK, FALSE, NULL));
  store_commit (f);
  TernReader *reader = store_read_begin (f, TERN_LANE_LIST);
  g_autoptr (TernFolderRecord) sent =
      tern_read_folder_by_role (reader, f->account, TERN_ROLE_SENT, NULL);
  g_assert_cmpint (sent->id, ==, f->archive);
  g_assert_null (tern_read_folder_by_role (reader, f->account, TERN_ROLE_JUNK, NULL));
  store_read_end (f);
  store_fixture_free (f);
}

static void
test_by_path (void)
{
  StoreFixture *f = store_fixture_new ();
  TernReader *reader = store_read_begin (f, TERN_LANE_LIST);
  g_autoptr (TernFolderRecord) inbox = tern_read_folder_by_path (reader, f->account, "inbox", NULL);
  g_autoptr (TernFolderRecord) archive =
      tern_read_folder_by_path (reader, f->account, "Archive", NULL);
  g_autoptr (GPtrArray) all = tern_read_folders (reader, 0, NULL);
  g_autoptr (GPtrArray) none = tern_read_folders (reader, 77, NULL);

  g_assert_cmpint (inbox->id, ==, f->inbox);
  g_assert_cmpint (archive->id, ==, f->archive);
  g_assert_null (tern_read_folder_by_path (reader, f->account, "archive", NULL));
  g_assert_null (tern_read_folder (reader, 77, NULL));
  g_assert_cmpuint (all->len, ==, 4);
  g_assert_cmpuint (none->len, ==, 0);
  store_read_end (f);
  store_fixture_free (f);
}

static void
test_sync_state (void)
{
  StoreFixture *f = store_fixture_new ();
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_set_sync_state (txn, f->inbox, 4000000000u, 17,
                                          G_GUINT64_CONSTANT (1) << 62, 5, NULL));
  g_assert_true (tern_txn_set_remote_counts (txn, f->inbox, 100, 7, TRUE, NULL));
  store_commit (f);
  g_autoptr (TernFolderRecord) inbox = store_folder (f, f->inbox);
  g_assert_cmpuint (inbox->uidvalidity, ==, 4000000000u);
  g_assert_cmpuint (inbox->uidnext, ==, 17);
  g_assert_cmpuint (inbox->modseq, ==, G_GUINT64_CONSTANT (1) << 62);
  g_assert_cmpuint (inbox->backfill, ==, 5);
  g_assert_cmpint (inbox->remote_total, ==, 100);
  g_assert_cmpint (inbox->remote_unread, ==, 7);
  g_assert_cmpint (inbox->checked, >, 1700000000);
  store_fixture_free (f);
}

static void
end_listing (StoreFixture *f, TernId kept_folder)
{
  g_autoptr (GHashTable) kept = g_hash_table_new (NULL, NULL);
  TernTxn *txn = store_begin (f);

  g_hash_table_add (kept, GSIZE_TO_POINTER ((gsize) kept_folder));
  g_assert_true (tern_txn_end_listing (txn, f->account, kept, NULL));
  store_commit (f);
}

/* As if the listing that lacked them had been two days ago. */
static void
let_days_pass (StoreFixture *f)
{
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_db_exec (tern_txn_db (txn),
                               "UPDATE folder SET gone = gone - 2 * 86400 WHERE gone <> 0", NULL));
  store_commit (f);
}

static TernFolderRecord *
read_folder (StoreFixture *f, TernId id)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_LIST);
  TernFolderRecord *record = tern_read_folder (reader, id, NULL);

  store_read_end (f);
  return record;
}

static void
assert_gone (StoreFixture *f, TernId id, gboolean gone)
{
  g_autoptr (TernFolderRecord) record = read_folder (f, id);

  g_assert_nonnull (record);
  g_assert_cmpint (record->gone, ==, gone);
}

/* What is not in the LIST is not shown, and goes a day later, unless this disk has something that
 * the server has not. */
static void
test_listing (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  store_add (f, f->trash, 1, 2, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) made = tern_txn_op_move (txn, &id, 1, f->archive, NULL);
  store_commit (f);
  g_ptr_array_set_size (f->changes, 0);

  end_listing (f, f->inbox);
  g_assert_true (tree_changed (f));
  assert_gone (f, f->archive, TRUE);
  assert_gone (f, f->trash, TRUE);
  assert_gone (f, f->inbox, FALSE);
  assert_gone (f, f->local, FALSE);

  /* Again at once: one short listing after the other proves no more than the first. */
  end_listing (f, f->inbox);
  assert_gone (f, f->trash, TRUE);

  let_days_pass (f);
  end_listing (f, f->inbox);
  assert_gone (f, f->archive, TRUE);
  g_assert_null (read_folder (f, f->trash));
  assert_gone (f, f->local, FALSE);
  store_verify (f);
  store_fixture_free (f);
}

/* A folder that is listed again has its mail still. */
static void
test_listed_again (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->trash, 1, 2, TERN_FLAG_NONE);
  g_autoptr (TernFolderRecord) trash = read_folder (f, f->trash);

  end_listing (f, f->inbox);
  let_days_pass (f);
  TernTxn *txn = store_begin (f);
  g_assert_cmpint (tern_txn_put_folder (txn, trash, NULL), ==, f->trash);
  store_commit (f);
  assert_gone (f, f->trash, FALSE);
  end_listing (f, f->inbox);
  assert_gone (f, f->trash, TRUE);
  TernReader *reader = store_read_begin (f, TERN_LANE_LIST);
  g_autoptr (GPtrArray) found = tern_read_messages (reader, &id, 1, NULL);
  g_assert_cmpuint (found->len, ==, 1);
  store_read_end (f);
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/folders/accounts", test_accounts);
  g_test_add_func ("/store/folders/remove-account", test_remove_account);
  g_test_add_func ("/store/folders/put", test_put);
  g_test_add_func ("/store/folders/roles", test_roles);
  g_test_add_func ("/store/folders/by-path", test_by_path);
  g_test_add_func ("/store/folders/sync-state", test_sync_state);
  g_test_add_func ("/store/folders/listing", test_listing);
  g_test_add_func ("/store/folders/listed-again", test_listed_again);
  return g_test_run ();
}
