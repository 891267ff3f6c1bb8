/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"
#include "tern-fault.h"

#include <string.h>

static TernFolderRecord
folder_named (StoreFixture *f, const char *path, const char *remote_name)
{
  const char *slash = strrchr (path, '/');
  TernFolderRecord record = { .account = f->account,
                              .path = (char *) path,
                              .name = (char *) (slash != NULL ? slash + 1 : path),
                              .remote_name = (char *) remote_name,
                              .delimiter = '/',
                              .subscribed = TRUE,
                              .selectable = TRUE };

  return record;
}

/* As a listing puts it. */
static TernId
listed (StoreFixture *f, const char *path, const char *remote_name)
{
  TernFolderRecord record = folder_named (f, path, remote_name);
  TernTxn *txn = store_begin (f);
  TernId id = tern_txn_put_folder (txn, &record, NULL);

  store_commit (f);
  g_assert_cmpint (id, !=, 0);
  return id;
}

/* A listing of just these folders ends. */
static void
end_listing (StoreFixture *f, const TernId *ids, guint n)
{
  g_autoptr (GHashTable) kept = g_hash_table_new (NULL, NULL);
  TernTxn *txn = store_begin (f);

  for (guint i = 0; i < n; i++)
    g_hash_table_add (kept, GSIZE_TO_POINTER ((gsize) ids[i]));
  g_assert_true (tern_txn_end_listing (txn, f->account, kept, NULL));
  store_commit (f);
}

static TernId
create (StoreFixture *f, const char *path, const char *remote_name, TernId *folder)
{
  TernFolderRecord record = folder_named (f, path, remote_name);
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  TernId op = tern_txn_op_folder_create (txn, &record, folder, &error);

  g_assert_no_error (error);
  store_commit (f);
  return op;
}

static TernId
rename_to (StoreFixture *f, TernId folder, const char *path)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  TernId op = tern_txn_op_folder_rename (txn, folder, path, &error);

  g_assert_no_error (error);
  store_commit (f);
  return op;
}

static TernId delete (StoreFixture *f, TernId folder)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  TernId op = tern_txn_op_folder_delete (txn, folder, &error);

  g_assert_no_error (error);
  store_commit (f);
  return op;
}

static void
run (StoreFixture *f, TernId op, const char *name)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  if (name != NULL)
    tern_txn_op_folder_running (txn, op, name, &error);
  else
    tern_txn_op_running (txn, op, &error);
  g_assert_no_error (error);
  store_commit (f);
}

static void
confirm (StoreFixture *f, TernId op)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_op_confirmed (txn, op, NULL, &error));
  g_assert_no_error (error);
  store_commit (f);
}

static void
refuse (StoreFixture *f, TernId op)
{
  g_autoptr (GError) fault = tern_fault_new (TERN_FAULT_REFUSED, "no");
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_op_refused (txn, op, fault, &error));
  g_assert_no_error (error);
  store_commit (f);
}

static gboolean
undo (StoreFixture *f, TernId op)
{
  gboolean undone = FALSE;
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_op_undo (txn, op, &undone, &error));
  g_assert_no_error (error);
  store_commit (f);
  return undone;
}

static void
assert_folder (StoreFixture *f, TernId folder, const char *path, const char *remote_name)
{
  g_autoptr (TernFolderRecord) record = store_folder (f, folder);

  g_assert_nonnull (record);
  g_assert_cmpstr (record->path, ==, path);
  g_assert_cmpstr (record->remote_name, ==, remote_name);
  g_assert_false (record->gone);
}

static gboolean
is_gone (StoreFixture *f, TernId folder)
{
  g_autoptr (TernFolderRecord) record = store_folder (f, folder);

  return record == NULL || record->gone;
}

static gboolean
is_runnable (StoreFixture *f, TernId op)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (GPtrArray) ops = tern_read_runnable_ops (reader, f->account, 1, 100, NULL);
  gboolean found = FALSE;

  for (guint i = 0; i < ops->len; i++)
    found = found || ((TernOpRecord *) g_ptr_array_index (ops, i))->id == op;
  store_read_end (f);
  return found;
}

static TernId
move (StoreFixture *f, TernId location, TernId target)
{
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) made = tern_txn_op_move (txn, &location, 1, target, NULL);

  store_commit (f);
  g_assert_cmpuint (made->len, ==, 1);
  return g_array_index (made, TernId, 0);
}

/* Shown at once, kept by a listing that lacks it; what goes into it waits. */
static void
test_create (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId message = store_add (f, f->inbox, 1, 1, 0);
  TernId folder = 0;
  TernId op = create (f, "New", "New", &folder);
  TernId moved = move (f, message, folder);

  assert_folder (f, folder, "New", "New");
  end_listing (f, &f->inbox, 1);
  assert_folder (f, folder, "New", "New");
  g_assert_true (is_runnable (f, op));
  g_assert_false (is_runnable (f, moved));
  run (f, op, "INBOX.New");
  store_reopen (f);
  g_assert_false (is_runnable (f, moved));
  confirm (f, op);
  assert_folder (f, folder, "New", "INBOX.New");
  g_assert_true (is_runnable (f, moved));
  store_verify (f);
  store_fixture_free (f);
}

/* Refused: not shown, and what was moved there is back; the operation is there to tell. */
static void
test_create_refused (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId message = store_add (f, f->inbox, 1, 1, 0);
  g_autoptr (TernMessageRecord) record = NULL;
  TernId folder = 0;
  TernId op = create (f, "New", "New", &folder);

  move (f, message, folder);
  run (f, op, "New");
  refuse (f, op);
  g_assert_true (is_gone (f, folder));
  record = store_message (f, message);
  g_assert_cmpint (record->folder, ==, f->inbox);
  g_assert_cmpuint (store_op_count (f, TERN_OP_REFUSED), ==, 2);
  store_verify (f);
  store_fixture_free (f);
}

/* Refused, with mail in it that only this disk has: it is here to be seen, and to be moved on. */
static void
test_create_refused_with_mail (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId message = store_add (f, f->local, 0, 1, 0);
  TernId folder = 0;
  TernId op = create (f, "New", "New", &folder);
  g_autoptr (TernMessageRecord) record = NULL;
  g_autoptr (GArray) made = NULL;
  g_autoptr (GArray) keys = NULL;
  TernReader *reader;
  TernTxn *txn = store_begin (f);
  TernId copy;

  made = tern_txn_op_copy (txn, &message, 1, folder, NULL);
  store_commit (f);
  g_assert_cmpuint (made->len, ==, 1);
  run (f, op, "New");
  refuse (f, op);
  assert_folder (f, folder, "New", NULL);
  end_listing (f, &f->inbox, 1);
  assert_folder (f, folder, "New", NULL);
  reader = store_read_begin (f, TERN_LANE_LIST);
  keys = tern_read_keys (reader, folder, TERN_FILTER_ALL, 0, NULL);
  store_read_end (f);
  g_assert_cmpuint (keys->len, ==, 1);
  copy = g_array_index (keys, TernListKey, 0).id;
  move (f, copy, f->archive);
  record = store_message (f, copy);
  g_assert_cmpint (record->folder, ==, f->archive);
  store_verify (f);
  store_fixture_free (f);
}

/* Where a folder was that is renamed, or deleted, without the server so far: another one, and what
 * is in it too. */
static void
test_create_in_place (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId old = listed (f, "A", "A");
  TernId inner = listed (f, "A/x", "A/x");
  TernId going = listed (f, "D", "D");
  TernId ids[] = { f->inbox, f->archive, f->trash, old, inner, going };
  TernId new = 0, new_inner = 0, newer = 0;
  TernId renamed = rename_to (f, old, "B");
  TernId deleted = delete (f, going);
  TernId made = create (f, "A", "A", &new);
  TernId made_inner = create (f, "A/x", "A/x", &new_inner);
  TernId made_again = create (f, "D", "D", &newer);

  g_assert_cmpint (new, !=, old);
  g_assert_cmpint (new_inner, !=, inner);
  g_assert_cmpint (newer, !=, going);
  /* The server's names still mean the old ones. */
  g_assert_cmpint (listed (f, "A", "A"), ==, old);
  g_assert_cmpint (listed (f, "D", "D"), ==, going);
  end_listing (f, ids, G_N_ELEMENTS (ids));
  g_assert_true (is_gone (f, going));
  g_assert_false (is_gone (f, newer));
  g_assert_false (is_runnable (f, made));
  run (f, renamed, "B");
  confirm (f, renamed);
  run (f, deleted, NULL);
  confirm (f, deleted);
  run (f, made, "A");
  confirm (f, made);
  run (f, made_inner, "A/x");
  confirm (f, made_inner);
  run (f, made_again, "D");
  confirm (f, made_again);
  assert_folder (f, old, "B", "B");
  assert_folder (f, inner, "B/x", "B/x");
  assert_folder (f, new, "A", "A");
  assert_folder (f, new_inner, "A/x", "A/x");
  assert_folder (f, newer, "D", "D");
  store_verify (f);
  store_fixture_free (f);
}

/* The old ones stay where they were: then there is no place for the new ones. */
static void
test_create_in_place_refused (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId old = listed (f, "A", "A");
  TernId going = listed (f, "D", "D");
  TernId new = 0, newer = 0;
  TernId renamed = rename_to (f, old, "B");
  TernId deleted = delete (f, going);
  TernId made = create (f, "A", "A", &new);
  TernId made_again = create (f, "D", "D", &newer);
  gboolean undone;
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_false (tern_txn_op_undo (txn, deleted, &undone, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
  g_clear_error (&error);
  store_rollback (f);
  run (f, renamed, "B");
  refuse (f, renamed);
  run (f, deleted, NULL);
  refuse (f, deleted);
  assert_folder (f, old, "A", "A");
  assert_folder (f, going, "D", "D");
  g_assert_true (is_gone (f, new));
  g_assert_true (is_gone (f, newer));
  g_assert_false (is_runnable (f, made));
  g_assert_false (is_runnable (f, made_again));
  g_assert_cmpuint (store_op_count (f, TERN_OP_REFUSED), ==, 4);
  store_verify (f);
  store_fixture_free (f);
}

/* What went from a listing by itself is not another folder. */
static void
test_create_lost (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId lost = listed (f, "A", "A");
  TernId folder = 0;

  end_listing (f, &f->inbox, 1);
  g_assert_true (is_gone (f, lost));
  create (f, "A", "A", &folder);
  g_assert_cmpint (folder, ==, lost);
  assert_folder (f, folder, "A", "A");
  store_fixture_free (f);
}

static void
test_create_undone (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = 0;
  TernId op = create (f, "New", "New", &folder);

  g_assert_cmpint (rename_to (f, folder, "Newer"), ==, op);
  assert_folder (f, folder, "Newer", "New");
  store_reopen (f);
  g_assert_true (undo (f, op));
  g_assert_true (is_gone (f, folder));
  g_assert_cmpuint (store_op_count (f, TERN_OP_PENDING), ==, 0);
  /* On the server already: deleted there again. */
  op = create (f, "New", "New", &folder);
  run (f, op, "New");
  confirm (f, op);
  store_reopen (f);
  g_assert_false (undo (f, op));
  g_assert_true (is_gone (f, folder));
  g_assert_cmpuint (store_op_count (f, TERN_OP_PENDING), ==, 1);
  store_fixture_free (f);
}

/* Shown under the new name with what is below; the server's names follow when it has confirmed. */
static void
test_rename (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId parent = listed (f, "Lists", "Lists");
  TernId child = listed (f, "Lists/GTK", "Lists/GTK");
  TernId other = listed (f, "Listserv", "Listserv");
  TernId message = store_add (f, child, 7, 1, 0);
  TernId ids[] = { f->inbox, f->archive, f->trash, parent, child, other };
  TernId op = rename_to (f, parent, "Archive/Old");
  TernId moved;

  assert_folder (f, parent, "Archive/Old", "Lists");
  assert_folder (f, child, "Archive/Old/GTK", "Lists/GTK");
  assert_folder (f, other, "Listserv", "Listserv");
  /* The server still has it under the old name: nothing is shown otherwise for that. */
  g_assert_cmpint (listed (f, "Lists/GTK", "Lists/GTK"), ==, child);
  end_listing (f, ids, G_N_ELEMENTS (ids));
  assert_folder (f, child, "Archive/Old/GTK", "Lists/GTK");
  moved = move (f, message, f->inbox);
  g_assert_true (is_runnable (f, moved));
  run (f, op, "Archive/Old");
  g_assert_false (is_runnable (f, moved));
  store_reopen (f);
  /* Renamed, but the answer was lost: the listing knows it by the new name already. */
  g_assert_cmpint (listed (f, "Archive/Old", "Archive/Old"), ==, parent);
  g_assert_cmpint (listed (f, "Archive/Old/GTK", "Archive/Old/GTK"), ==, child);
  confirm (f, op);
  assert_folder (f, parent, "Archive/Old", "Archive/Old");
  assert_folder (f, child, "Archive/Old/GTK", "Archive/Old/GTK");
  assert_folder (f, other, "Listserv", "Listserv");
  g_assert_true (is_runnable (f, moved));
  store_verify (f);
  store_fixture_free (f);
}

/* Two namespaces have the same path: what is only shown below it stays where it is; what is on its
 * way into it comes along. */
static void
test_same_path (void)
{
  StoreFixture *f = store_fixture_new ();
  TernFolderRecord record = folder_named (f, "team/news", "team/news");
  TernId own = listed (f, "team", "INBOX/team");
  TernId child = listed (f, "team/x", "INBOX/team/x");
  TernId without = listed (f, "team/y", "team/y");
  TernId coming = listed (f, "A", "INBOX/A");
  TernId with_it = listed (f, "A/z", "INBOX/A/z");
  g_autoptr (TernFolderRecord) root = NULL;
  g_autoptr (GPtrArray) tree = NULL;
  const TernId expected[] = { own, coming, with_it, child };
  TernId shared;
  TernTxn *txn = store_begin (f);

  record.space = TERN_SPACE_SHARED;
  shared = tern_txn_put_folder (txn, &record, NULL);
  store_commit (f);
  rename_to (f, coming, "team/A");
  root = store_folder (f, own);
  tree = tern_read_folder_tree (store_read_begin (f, TERN_LANE_LIST), root, NULL);
  store_read_end (f);
  g_assert_cmpuint (tree->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < tree->len; i++)
    g_assert_cmpint (((TernFolderRecord *) g_ptr_array_index (tree, i))->id, ==, expected[i]);
  rename_to (f, own, "mine");
  assert_folder (f, child, "mine/x", "INBOX/team/x");
  assert_folder (f, with_it, "mine/A/z", "INBOX/A/z");
  assert_folder (f, without, "team/y", "team/y");
  assert_folder (f, shared, "team/news", "team/news");
  store_fixture_free (f);
}

static void
test_rename_folded (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = listed (f, "A", "A");
  TernId op = rename_to (f, folder, "B");

  g_assert_cmpint (rename_to (f, folder, "C"), ==, op);
  g_assert_cmpuint (store_op_count (f, TERN_OP_PENDING), ==, 1);
  g_assert_cmpint (rename_to (f, folder, "A"), ==, 0);
  g_assert_cmpuint (store_op_count (f, TERN_OP_PENDING), ==, 0);
  assert_folder (f, folder, "A", "A");
  store_fixture_free (f);
}

static void
test_rename_refused (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = listed (f, "A", "A");
  TernId child = listed (f, "A/x", "A/x");
  TernId op = rename_to (f, folder, "B");
  TernId second;

  run (f, op, "B");
  second = rename_to (f, folder, "C");
  g_assert_cmpint (second, !=, op);
  g_assert_false (is_runnable (f, second));
  refuse (f, op);
  /* The second one stands for itself. */
  assert_folder (f, child, "C/x", "A/x");
  g_assert_true (is_runnable (f, second));
  run (f, second, "C");
  refuse (f, second);
  assert_folder (f, folder, "A", "A");
  assert_folder (f, child, "A/x", "A/x");
  store_fixture_free (f);
}

/* A rename that an earlier version of the program had sent. */
static void
test_rename_migrated (void)
{
  static const char *const later[] = { "mailbox_id", "space", "rights", "rights_learned",
                                       "append_limit" };
  StoreFixture *f = store_fixture_new ();
  TernId folder = listed (f, "A", "A");
  TernId child = listed (f, "A/x", "A/x");
  TernId op = rename_to (f, folder, "B");

  run (f, op, "B");
  store_close (f);
  store_sql (f, "ALTER TABLE op DROP COLUMN old_name");
  store_sql (f, "ALTER TABLE op DROP COLUMN fault_code");
  store_sql (f, "ALTER TABLE op DROP COLUMN server_text");
  store_sql (f, "DROP INDEX message_email");
  store_sql (f, "DROP INDEX message_wordless");
  store_sql (f, "ALTER TABLE message DROP COLUMN email_id");
  store_sql (f, "ALTER TABLE location DROP COLUMN saved");
  store_sql (f, "ALTER TABLE location DROP COLUMN labels");
  for (gsize i = 0; i < G_N_ELEMENTS (later); i++)
    {
      g_autofree char *drop = g_strdup_printf ("ALTER TABLE folder DROP COLUMN %s", later[i]);

      store_sql (f, drop);
    }
  store_sql (f, "ALTER TABLE state DROP COLUMN op_gone");
  store_sql (f, "PRAGMA user_version = 5");
  g_assert_true (store_open (f, NULL));
  confirm (f, op);
  assert_folder (f, folder, "B", "B");
  assert_folder (f, child, "B/x", "B/x");
  store_fixture_free (f);
}

/* What takes @op back. */
static TernId
undoing (StoreFixture *f, TernId op)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (GArray) ops = tern_read_undoing (reader, op, NULL);

  store_read_end (f);
  return ops->len == 1 ? g_array_index (ops, TernId, 0) : 0;
}

static gboolean
is_undone (StoreFixture *f, TernId op)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (TernOpRecord) record = tern_read_op (reader, op, NULL);

  store_read_end (f);
  return record->undone;
}

static void
test_rename_undone (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = listed (f, "A", "A");
  TernId op = rename_to (f, folder, "B");
  TernId back;

  store_reopen (f);
  g_assert_true (undo (f, op));
  assert_folder (f, folder, "A", "A");
  op = rename_to (f, folder, "B");
  run (f, op, "B");
  confirm (f, op);
  store_reopen (f);
  g_assert_false (undo (f, op));
  assert_folder (f, folder, "A", "B");
  /* It tells what it undid, and can be undone itself. */
  back = undoing (f, op);
  g_assert_cmpint (back, !=, 0);
  g_assert_true (is_undone (f, op));
  g_assert_true (undo (f, back));
  g_assert_false (is_undone (f, op));
  assert_folder (f, folder, "B", "B");
  store_fixture_free (f);
}

static void
assert_no_rename (StoreFixture *f, TernId folder, const char *path, TernFaultCode code)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_cmpint (tern_txn_op_folder_rename (txn, folder, path, &error), ==, 0);
  g_assert_error (error, TERN_FAULT, (int) code);
  g_clear_error (&error);
  store_rollback (f);
}

static void
test_rename_impossible (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = listed (f, "A", "A");

  assert_no_rename (f, f->inbox, "B", TERN_FAULT_INVALID);
  assert_no_rename (f, folder, "Archive", TERN_FAULT_INVALID);
  assert_no_rename (f, folder, "A/B", TERN_FAULT_INVALID);
  assert_no_rename (f, folder, "Nowhere/B", TERN_FAULT_NOT_FOUND);
  assert_folder (f, folder, "A", "A");
  store_fixture_free (f);
}

/* Never with mail in it; not before the mail has left it on the server as well. */
static void
test_delete (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = listed (f, "A", "A");
  TernId message = store_add (f, folder, 1, 1, 0);
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  g_autoptr (TernMessageRecord) record = NULL;
  TernId moved, op;

  g_assert_cmpint (tern_txn_op_folder_delete (txn, folder, &error), ==, 0);
  g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
  g_clear_error (&error);
  store_rollback (f);
  moved = move (f, message, f->trash);
  op = delete (f, folder);
  g_assert_true (is_gone (f, folder));
  g_assert_cmpint (listed (f, "A", "A"), ==, folder);
  g_assert_true (is_gone (f, folder));
  g_assert_false (is_runnable (f, op));
  confirm (f, moved);
  g_assert_true (is_runnable (f, op));
  run (f, op, NULL);
  refuse (f, op);
  assert_folder (f, folder, "A", "A");
  op = delete (f, folder);
  store_reopen (f);
  g_assert_true (undo (f, op));
  assert_folder (f, folder, "A", "A");
  op = delete (f, folder);
  run (f, op, NULL);
  confirm (f, op);
  g_assert_null (store_folder (f, folder));
  record = store_message (f, message);
  g_assert_cmpint (record->folder, ==, f->trash);
  store_verify (f);
  store_fixture_free (f);
}

/* The mail comes back with its folder, or not at all. */
static void
test_delete_undone (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = listed (f, "A", "A");
  TernId message = store_add (f, folder, 1, 1, 0);
  TernId moved = move (f, message, f->trash);
  TernId op = delete (f, folder);
  g_autoptr (TernMessageRecord) record = NULL;
  gboolean undone;
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_false (tern_txn_op_undo (txn, moved, &undone, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_clear_error (&error);
  store_rollback (f);
  confirm (f, moved);
  run (f, op, NULL);
  txn = store_begin (f);
  g_assert_false (tern_txn_op_undo (txn, moved, &undone, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_clear_error (&error);
  store_rollback (f);
  record = store_message (f, message);
  g_assert_cmpint (record->folder, ==, f->trash);
  refuse (f, op);
  op = delete (f, folder);
  g_assert_true (undo (f, op));
  g_assert_false (undo (f, moved));
  assert_folder (f, folder, "A", "A");
  tern_message_record_free (g_steal_pointer (&record));
  record = store_message (f, message);
  g_assert_cmpint (record->folder, ==, folder);
  store_verify (f);
  store_fixture_free (f);
}

static GArray *
undoable (StoreFixture *f, GError **error)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  GArray *found = tern_read_undoable (reader, TRUE, error);

  store_read_end (f);
  return found;
}

/* However long it took to make them: what one verb did is undone together. */
static void
test_one_verb (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = listed (f, "A", "A");
  TernId message = store_add (f, folder, 1, 1, 0);
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GArray) moves = NULL;
  g_autoptr (GArray) verb = NULL;
  TernTxn *txn = store_begin (f);

  moves = tern_txn_op_move (txn, &message, 1, f->trash, NULL);
  while (g_get_monotonic_time () < start + 100 * 1000)
    g_thread_yield ();
  g_assert_cmpint (tern_txn_op_folder_delete (txn, folder, NULL), !=, 0);
  store_commit (f);
  verb = undoable (f, NULL);
  g_assert_cmpuint (verb->len, ==, 2);
  store_fixture_free (f);
}

static void
assert_nothing_undoable (StoreFixture *f)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (undoable (f, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
}

/* What cannot be undone does not make the change before it the last one: neither while the server
 * is at it nor when nothing is left of it. */
static void
test_last_is_deleted (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = listed (f, "A", "A");
  TernId moved = move (f, store_add (f, f->inbox, 1, 1, 0), f->archive);
  TernId inside = move (f, store_add (f, folder, 1, 2, 0), f->trash);
  TernId op = delete (f, folder);
  g_autoptr (GArray) later = NULL;
  GError *error = NULL;
  gboolean undone;
  TernTxn *txn;

  confirm (f, moved);
  confirm (f, inside);
  run (f, op, NULL);
  assert_nothing_undoable (f);
  confirm (f, op);
  g_assert_null (store_folder (f, folder));
  assert_nothing_undoable (f);
  store_reopen (f);
  assert_nothing_undoable (f);
  txn = store_begin (f);
  g_assert_false (tern_txn_op_undo (txn, op, &undone, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_clear_error (&error);
  store_rollback (f);
  moved = move (f, store_add (f, f->inbox, 2, 3, 0), f->archive);
  later = undoable (f, NULL);
  g_assert_cmpuint (later->len, ==, 1);
  g_assert_cmpint (g_array_index (later, TernId, 0), ==, moved);
  store_fixture_free (f);
}

/* A folder that was made and taken back is no change any more. */
static void
test_last_is_taken_back (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId moved = move (f, store_add (f, f->inbox, 1, 1, 0), f->archive);
  TernId folder;
  TernId made = create (f, "A", "A", &folder);
  g_autoptr (GArray) found = NULL;

  confirm (f, moved);
  run (f, made, "A");
  confirm (f, made);
  g_assert_false (undo (f, made));
  run (f, undoing (f, made), NULL);
  confirm (f, undoing (f, made));
  g_assert_null (store_folder (f, folder));
  found = undoable (f, NULL);
  g_assert_cmpuint (found->len, ==, 1);
  g_assert_cmpint (g_array_index (found, TernId, 0), ==, moved);
  store_fixture_free (f);
}

static void
test_subscribe (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId folder = listed (f, "A", "A");
  g_autoptr (TernFolderRecord) record = NULL;
  TernTxn *txn = store_begin (f);
  TernId op = tern_txn_op_folder_subscribe (txn, folder, FALSE, NULL);

  store_commit (f);
  g_assert_cmpint (op, !=, 0);
  listed (f, "A", "A");
  record = store_folder (f, folder);
  g_assert_false (record->subscribed);
  g_clear_pointer (&record, tern_folder_record_free);
  txn = store_begin (f);
  g_assert_cmpint (tern_txn_op_folder_subscribe (txn, folder, TRUE, NULL), ==, 0);
  store_commit (f);
  g_assert_cmpuint (store_op_count (f, TERN_OP_PENDING), ==, 0);
  txn = store_begin (f);
  op = tern_txn_op_folder_subscribe (txn, folder, FALSE, NULL);
  store_commit (f);
  run (f, op, NULL);
  refuse (f, op);
  record = store_folder (f, folder);
  g_assert_true (record->subscribed);
  store_fixture_free (f);
}

/* Of two that concern each other the second waits, and its place follows the first one's. */
static void
test_order (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId a = listed (f, "A", "A");
  TernId b = listed (f, "B", "B");
  TernId into = rename_to (f, b, "A/B");
  TernId away = rename_to (f, a, "C");
  TernReader *reader;
  g_autoptr (TernOpRecord) op = NULL;

  assert_folder (f, b, "C/B", "B");
  g_assert_true (is_runnable (f, into));
  g_assert_false (is_runnable (f, away));
  reader = store_read_begin (f, TERN_LANE_SLOW);
  op = tern_read_op (reader, into, NULL);
  store_read_end (f);
  g_assert_cmpstr (op->new_path, ==, "C/B");
  run (f, into, "A/B");
  confirm (f, into);
  assert_folder (f, b, "C/B", "A/B");
  run (f, away, "C");
  confirm (f, away);
  assert_folder (f, a, "C", "C");
  assert_folder (f, b, "C/B", "C/B");
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/folder-ops/create", test_create);
  g_test_add_func ("/store/folder-ops/create-refused", test_create_refused);
  g_test_add_func ("/store/folder-ops/create-refused-with-mail", test_create_refused_with_mail);
  g_test_add_func ("/store/folder-ops/create-in-place", test_create_in_place);
  g_test_add_func ("/store/folder-ops/create-in-place-refused", test_create_in_place_refused);
  g_test_add_func ("/store/folder-ops/create-lost", test_create_lost);
  g_test_add_func ("/store/folder-ops/create-undone", test_create_undone);
  g_test_add_func ("/store/folder-ops/rename", test_rename);
  g_test_add_func ("/store/folder-ops/same-path", test_same_path);
  g_test_add_func ("/store/folder-ops/rename-folded", test_rename_folded);
  g_test_add_func ("/store/folder-ops/rename-refused", test_rename_refused);
  g_test_add_func ("/store/folder-ops/rename-migrated", test_rename_migrated);
  g_test_add_func ("/store/folder-ops/rename-undone", test_rename_undone);
  g_test_add_func ("/store/folder-ops/rename-impossible", test_rename_impossible);
  g_test_add_func ("/store/folder-ops/delete", test_delete);
  g_test_add_func ("/store/folder-ops/delete-undone", test_delete_undone);
  g_test_add_func ("/store/folder-ops/one-verb", test_one_verb);
  g_test_add_func ("/store/folder-ops/last-is-deleted", test_last_is_deleted);
  g_test_add_func ("/store/folder-ops/last-is-taken-back", test_last_is_taken_back);
  g_test_add_func ("/store/folder-ops/subscribe", test_subscribe);
  g_test_add_func ("/store/folder-ops/order", test_order);
  return g_test_run ();
}
