/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"

#include <glib/gstdio.h>
#include <sqlite3.h>

/* The hand-over between the test and a worker of the store. */
static struct
{
  GMutex lock;
  GCond cond;
  gpointer handed; /* TernTxn or TernReader; NULL when the worker has not come yet */
  int verdict;     /* 0: not said; 1: commit; -1: roll back */
  gboolean done;   /* the callback ran */
  GError *error;
} hand;

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
        remove_tree (child);
      else
        g_unlink (child);
    }
  g_rmdir (path);
}

static void
listen_cb (TernChangeSet *changes, gpointer user_data)
{
  StoreFixture *self = user_data;

  g_ptr_array_add (self->changes, tern_change_set_ref (changes));
}

StoreFixture *
store_fixture_new_closed (void)
{
  StoreFixture *self = g_new0 (StoreFixture, 1);

  self->dir = g_dir_make_tmp ("tern-store-XXXXXX", NULL);
  g_assert_nonnull (self->dir);
  self->store = tern_store_new (self->dir);
  self->changes = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_change_set_unref);
  self->listener = tern_store_add_listener (self->store, NULL, listen_cb, self, NULL);
  return self;
}

static TernId
add_folder (StoreFixture *self, TernTxn *txn, const char *name, gboolean remote, TernRole role)
{
  TernFolderRecord record = { 0 };
  GError *error = NULL;
  TernId id;

  record.account = self->account;
  record.path = record.name = (char *) name;
  record.remote_name = remote ? (char *) name : NULL;
  record.delimiter = '/';
  record.role = role;
  record.subscribed = record.selectable = TRUE;
  id = tern_txn_put_folder (txn, &record, &error);
  g_assert_no_error (error);
  g_assert_cmpint (id, >, 0);
  return id;
}

void
store_add_folders (StoreFixture *self)
{
  TernTxn *txn = store_begin (self);

  self->account = tern_txn_ensure_account (txn, "uuid-1", NULL);
  g_assert_cmpint (self->account, >, 0);
  self->inbox = add_folder (self, txn, "INBOX", TRUE, TERN_ROLE_INBOX);
  self->archive = add_folder (self, txn, "Archive", TRUE, TERN_ROLE_ARCHIVE);
  self->trash = add_folder (self, txn, "Trash", TRUE, TERN_ROLE_TRASH);
  self->local = add_folder (self, txn, "On this computer", FALSE, TERN_ROLE_NONE);
  store_commit (self);
}

StoreFixture *
store_fixture_new (void)
{
  StoreFixture *self = store_fixture_new_closed ();
  GError *error = NULL;

  store_open (self, &error);
  g_assert_no_error (error);
  store_add_folders (self);
  return self;
}

void
store_fixture_free (StoreFixture *self)
{
  store_close (self);
  tern_store_remove_listener (self->store, self->listener);
  tern_store_unref (self->store);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_ptr_array_unref (self->changes);
  remove_tree (self->dir);
  g_free (self->dir);
  g_free (self);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  StoreFixture *self = data;

  tern_store_open_finish (self->store, result, &self->outcome, &hand.error);
  hand.done = TRUE;
}

gboolean
store_open (StoreFixture *self, GError **error)
{
  hand.done = FALSE;
  tern_store_open_async (self->store, NULL, opened_cb, self);
  while (!hand.done)
    g_main_context_iteration (NULL, TRUE);
  if (hand.error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&hand.error));
  return FALSE;
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  StoreFixture *self = data;

  g_assert_true (tern_store_close_finish (self->store, result, NULL));
  hand.done = TRUE;
}

void
store_close (StoreFixture *self)
{
  hand.done = FALSE;
  tern_store_close_async (self->store, closed_cb, self);
  while (!hand.done)
    g_main_context_iteration (NULL, TRUE);
}

void
store_reopen (StoreFixture *self)
{
  GError *error = NULL;

  store_close (self);
  store_open (self, &error);
  g_assert_no_error (error);
}

/* On the worker: hands @what over and waits for the verdict. */
static int
hand_over (gpointer what)
{
  int verdict;

  g_mutex_lock (&hand.lock);
  hand.handed = what;
  g_cond_broadcast (&hand.cond);
  while (hand.verdict == 0)
    g_cond_wait (&hand.cond, &hand.lock);
  verdict = hand.verdict;
  hand.handed = NULL;
  hand.verdict = 0;
  g_mutex_unlock (&hand.lock);
  return verdict;
}

static gboolean
write_handed (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  if (hand_over (txn) > 0)
    return TRUE;
  g_propagate_error (error, tern_fault_new (TERN_FAULT_CANCELLED, "rolled back by the test"));
  return FALSE;
}

static gboolean
read_handed (TernReader *reader,
             gpointer data,
             GCancellable *cancellable,
             gpointer *result,
             GError **error)
{
  hand_over (reader);
  return TRUE;
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  StoreFixture *self = data;

  tern_store_write_finish (self->store, result, NULL, &hand.error);
  hand.done = TRUE;
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  StoreFixture *self = data;

  tern_store_read_finish (self->store, result, NULL, &hand.error);
  hand.done = TRUE;
}

static gpointer
take_hand (void)
{
  gpointer handed;

  g_mutex_lock (&hand.lock);
  while (hand.handed == NULL)
    g_cond_wait (&hand.cond, &hand.lock);
  handed = hand.handed;
  g_mutex_unlock (&hand.lock);
  return handed;
}

static void
give_verdict (int verdict)
{
  g_mutex_lock (&hand.lock);
  hand.verdict = verdict;
  g_cond_broadcast (&hand.cond);
  g_mutex_unlock (&hand.lock);
  while (!hand.done)
    g_main_context_iteration (NULL, TRUE);
}

TernTxn *
store_begin (StoreFixture *self)
{
  hand.done = FALSE;
  tern_store_write_async (self->store, G_PRIORITY_DEFAULT, write_handed, NULL, NULL, NULL,
                          written_cb, self);
  self->txn = take_hand ();
  return self->txn;
}

void
store_commit (StoreFixture *self)
{
  GError *error = NULL;

  store_commit_fails (self, &error);
  g_assert_no_error (error);
}

void
store_commit_fails (StoreFixture *self, GError **error)
{
  self->txn = NULL;
  give_verdict (1);
  if (hand.error != NULL)
    g_propagate_error (error, g_steal_pointer (&hand.error));
}

void
store_rollback (StoreFixture *self)
{
  self->txn = NULL;
  give_verdict (-1);
  g_assert_error (hand.error, TERN_FAULT, TERN_FAULT_CANCELLED);
  g_clear_error (&hand.error);
}

TernReader *
store_read_begin (StoreFixture *self, TernLane lane)
{
  hand.done = FALSE;
  tern_store_read_async (self->store, lane, G_PRIORITY_DEFAULT, read_handed, NULL, NULL, NULL, NULL,
                         read_cb, self);
  return take_hand ();
}

void
store_read_end (StoreFixture *self)
{
  give_verdict (1);
  g_assert_no_error (hand.error);
}

TernMessageFacts *
store_facts (guint32 uid, guint n, TernFlags flags)
{
  TernMessageFacts *facts = tern_message_facts_new ();

  facts->uid = uid;
  facts->flags = flags;
  facts->received = facts->date = 1700000000 + (gint64) n * 60;
  facts->size = 1000 + n;
  g_free (facts->subject);
  facts->subject = g_strdup_printf ("Subject %u", n);
  facts->message_id = g_strdup_printf ("%u@example.org", n);
  g_ptr_array_add (facts->from, tern_address_new ("Ann Author", "ann@example.org"));
  g_ptr_array_add (facts->to, tern_address_new ("Rob Reader", "rob@example.net"));
  return facts;
}

TernId
store_add (StoreFixture *self, TernId folder, guint32 uid, guint n, TernFlags flags)
{
  g_autoptr (TernMessageFacts) facts = store_facts (uid, n, flags);
  GError *error = NULL;
  TernTxn *txn = store_begin (self);
  TernId id = tern_txn_add_message (txn, folder, facts, FALSE, &error);

  g_assert_no_error (error);
  store_commit (self);
  return id;
}

TernFolderRecord *
store_folder (StoreFixture *self, TernId folder)
{
  GError *error = NULL;
  TernReader *reader = store_read_begin (self, TERN_LANE_LIST);
  TernFolderRecord *record = tern_read_folder (reader, folder, &error);

  g_assert_no_error (error);
  store_read_end (self);
  return record;
}

TernMessageRecord *
store_message (StoreFixture *self, TernId location)
{
  GError *error = NULL;
  TernReader *reader = store_read_begin (self, TERN_LANE_LIST);
  TernMessageRecord *record = tern_read_message (reader, location, &error);

  g_assert_no_error (error);
  store_read_end (self);
  return record;
}

guint
store_op_count (StoreFixture *self, TernOpState state)
{
  TernReader *reader = store_read_begin (self, TERN_LANE_SLOW);
  g_autoptr (GPtrArray) ops = tern_read_ops (reader, 0, 0, NULL);
  guint n = 0;

  for (guint i = 0; i < ops->len; i++)
    n += ((TernOpRecord *) g_ptr_array_index (ops, i))->state == state ? 1 : 0;
  store_read_end (self);
  return n;
}

char *
store_path (StoreFixture *self, const char *name)
{
  return g_build_filename (self->dir, name, NULL);
}

char *
store_sql_text (StoreFixture *self, const char *sql, int column)
{
  g_autofree char *path = store_path (self, "mail.db");
  sqlite3 *db = NULL;
  sqlite3_stmt *stmt = NULL;
  char *text = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL), ==, SQLITE_OK);
  if (sqlite3_step (stmt) == SQLITE_ROW)
    text = g_strdup ((const char *) sqlite3_column_text (stmt, column));
  g_assert_cmpint (sqlite3_finalize (stmt), ==, SQLITE_OK);
  sqlite3_close (db);
  return text;
}

gint64
store_sql (StoreFixture *self, const char *sql)
{
  g_autofree char *text = store_sql_text (self, sql, 0);

  return text != NULL ? g_ascii_strtoll (text, NULL, 10) : 0;
}

void
store_verify (StoreFixture *self)
{
  /* Counts. */
  g_assert_cmpint (
      store_sql (self, "SELECT count (*) FROM folder f WHERE total <> (SELECT count (*)"
                       " FROM location l WHERE l.folder = f.id AND hidden = 0)"),
      ==, 0);
  g_assert_cmpint (
      store_sql (self, "SELECT count (*) FROM folder f WHERE unread <> (SELECT count (*)"
                       " FROM location l WHERE l.folder = f.id AND hidden = 0"
                       " AND (shown_flags & 1) = 0)"),
      ==, 0);
  /* Unconfirmed operations per row. */
  g_assert_cmpint (
      store_sql (self, "SELECT count (*) FROM location l WHERE ops <> (SELECT count (*)"
                       " FROM op_subject s JOIN op o ON o.id = s.op"
                       " WHERE s.location = l.id AND o.state IN (0, 1, 4))"),
      ==, 0);
  /* Nothing shown that is not the server's without an operation. */
  g_assert_cmpint (
      store_sql (self, "SELECT count (*) FROM location WHERE ops = 0 AND stands_for = 0"
                       " AND shown_flags <> server_flags"),
      ==, 0);
  /* No message without a location. */
  g_assert_cmpint (store_sql (self, "SELECT count (*) FROM message WHERE id NOT IN"
                                    " (SELECT message FROM location)"),
                   ==, 0);
  g_assert_cmpint (store_sql (self, "SELECT count (*) FROM pragma_foreign_key_check"), ==, 0);
  g_assert_cmpint (store_sql (self, "SELECT count (*) FROM pragma_quick_check"
                                    " WHERE quick_check <> 'ok'"),
                   ==, 0);
}
