/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Stands in for the C library's, for SQLite too: the disk may refuse to confirm. */

static gint disk_is_broken; /* (atomic) */

#define DIED 7 /* the exit status of a process that ended at such a moment */

/* Where a process is to end: at this one of the moments that a disk can tell apart; 0 nowhere. */
static guint die_at;

static void
reach_moment (void)
{
  if (die_at > 0 && --die_at == 0)
    _exit (DIED);
}

int
rename (const char *from, const char *to)
{
  reach_moment ();
  return (int) syscall (SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
fsync (int fd)
{
  reach_moment ();
  if (!g_atomic_int_get (&disk_is_broken))
    return (int) syscall (SYS_fsync, fd);
  errno = EIO;
  return -1;
}

int
fdatasync (int fd)
{
  return fsync (fd);
}

static GBytes *
body_of (guint n, gsize size)
{
  char *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = (char) ('a' + (n * 31 + i * i) % 26);
  return g_bytes_new_take (data, size);
}

static void
assert_private (const char *path, mode_t mode)
{
  struct stat info;

  g_assert_cmpint (stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 07777, ==, mode);
}

static void
test_modes (void)
{
  mode_t before = umask (0);
  StoreFixture *f = store_fixture_new ();
  g_autoptr (GDir) dir = NULL;
  const char *name;

  umask (before);
  assert_private (f->dir, 0700);
  dir = g_dir_open (f->dir, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = store_path (f, name);

      assert_private (path, g_file_test (path, G_FILE_TEST_IS_DIR) ? 0700 : 0600);
    }
  store_fixture_free (f);
}

static void
test_second_opener (void)
{
  StoreFixture *f = store_fixture_new ();
  StoreFixture *second = store_fixture_new_closed ();
  GError *error = NULL;

  tern_store_unref (second->store);
  second->store = tern_store_new (f->dir);
  g_assert_false (store_open (second, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_BUSY);
  g_assert_nonnull (strstr (error->message, f->dir));
  g_clear_error (&error);
  /* The first goes on, and when it is closed the second may. */
  store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  store_close (f);
  g_assert_true (store_open (second, &error));
  g_assert_no_error (error);
  g_assert_cmpint (second->outcome, ==, TERN_STORE_OPENED);
  store_close (second);
  g_assert_true (store_open (f, &error));
  store_fixture_free (second);
  store_fixture_free (f);
}

static void
test_newer_version (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autofree char *path = store_path (f, "mail.db");
  g_autofree char *as_it_was = NULL;
  GError *error = NULL;

  store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  store_close (f);
  as_it_was = g_strdup_printf ("PRAGMA user_version = %" G_GINT64_FORMAT,
                               store_sql (f, "PRAGMA user_version"));
  store_sql (f, "PRAGMA user_version = 999");
  g_assert_false (store_open (f, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
  g_assert_nonnull (strstr (error->message, path));
  g_clear_error (&error);
  /* Nothing was changed. */
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM message"), ==, 1);
  store_sql (f, as_it_was);
  g_assert_true (store_open (f, &error));
  store_fixture_free (f);
}

static void
test_not_open (void)
{
  StoreFixture *f = store_fixture_new ();
  GError *error = NULL;

  store_close (f);
  /* A second close has nothing to do. */
  store_close (f);
  g_assert_true (store_open (f, &error));
  g_assert_no_error (error);
  g_assert_cmpint (f->outcome, ==, TERN_STORE_OPENED);
  store_fixture_free (f);
}

/* Every file that is written may grow to @limit bytes only; then writing fails in the middle. */
static void
limit_files (rlim_t limit)
{
  struct rlimit size;

  signal (SIGXFSZ, SIG_IGN);
  getrlimit (RLIMIT_FSIZE, &size);
  size.rlim_cur = limit;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &size), ==, 0);
}

static void
test_writing_fails (void)
{
  StoreFixture *f = store_fixture_new ();
  GError *error = NULL;
  guint stored = 0;

  limit_files (600 * 1024);
  for (guint i = 0; i < 4000 && error == NULL; i += 50)
    {
      TernTxn *txn = store_begin (f);

      for (guint k = i; k < i + 50 && error == NULL; k++)
        {
          g_autoptr (TernMessageFacts) facts = store_facts (k + 1, k, TERN_FLAG_NONE);

          tern_txn_add_message (txn, f->inbox, facts, FALSE, &error);
        }
      if (error != NULL)
        store_rollback (f);
      else
        store_commit_fails (f, &error);
      stored += error == NULL ? 50 : 0;
    }
  /* SQLite does not always pass EFBIG on; the disk is to blame in any case. */
  g_assert_true (tern_fault_is (error, TERN_FAULT_DISK_FULL)
                 || tern_fault_is (error, TERN_FAULT_DISK));
  g_assert_nonnull (strstr (error->message, "mail.db"));
  g_clear_error (&error);
  g_assert_cmpuint (stored, >, 0);
  /* What was stored is there and can be read; with room again it goes on. */
  g_autoptr (TernFolderRecord) inbox = store_folder (f, f->inbox);
  g_assert_cmpint (inbox->total, ==, stored);
  limit_files (RLIM_INFINITY);
  store_add (f, f->inbox, 100000, 100000, TERN_FLAG_NONE);
  store_verify (f);
  g_autoptr (TernFolderRecord) after = store_folder (f, f->inbox);
  g_assert_cmpint (after->total, ==, stored + 1);
  store_fixture_free (f);
}

static void
test_disk_full_body (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) large = body_of (1, 1024 * 1024);
  GError *error = NULL;

  limit_files (512 * 1024);
  TernTxn *txn = store_begin (f);
  g_assert_false (tern_txn_put_body (txn, id, "", large, FALSE, &error));
  store_rollback (f);
  limit_files (RLIM_INFINITY);
  g_assert_error (error, TERN_FAULT, TERN_FAULT_DISK_FULL);
  g_clear_error (&error);
  txn = store_begin (f);
  g_assert_true (tern_txn_put_body (txn, id, "", large, FALSE, &error));
  store_commit (f);
  store_fixture_free (f);
}

/* Once committed it is done, whatever the disk says of it: told as failed it would be done twice,
 * and the ids that it took would be given again. */
static void
test_sync_fails (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId first = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);
  g_autoptr (TernMessageFacts) facts = store_facts (2, 2, TERN_FLAG_NONE);
  GError *error = NULL;
  TernId second = tern_txn_add_message (txn, f->inbox, facts, FALSE, &error);
  g_autoptr (GArray) made =
      tern_txn_op_flags (txn, &first, 1, TERN_FLAG_SEEN, 0, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (tern_txn_op_running (txn, g_array_index (made, TernId, 0), &error));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_ptr_array_set_size (f->changes, 0);
  g_test_expect_message ("tern-store", G_LOG_LEVEL_WARNING, "*did not confirm*");
  g_atomic_int_set (&disk_is_broken, TRUE);
  store_commit (f);
  g_atomic_int_set (&disk_is_broken, FALSE);
  g_test_assert_expected_messages ();
  while (f->changes->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (store_op_count (f, TERN_OP_RUNNING), ==, 1);
  g_assert_cmpint (store_add (f, f->inbox, 3, 3, TERN_FLAG_NONE), >, second);
  store_verify (f);
  store_fixture_free (f);
}

/* A tmpfs of 2 MiB really gets full. */
static void
test_disk_full (void)
{
  g_autofree char *mount_point = g_dir_make_tmp ("tern-full-XXXXXX", NULL);
  StoreFixture *f;
  GError *error = NULL;
  guint uid = 0;

  if (mount ("tmpfs", mount_point, "tmpfs", 0, "size=2m") != 0)
    {
      g_rmdir (mount_point);
      g_test_skip ("mounting is not allowed here");
      return;
    }
  f = store_fixture_new_closed ();
  tern_store_unref (f->store);
  g_autofree char *inner = g_build_filename (mount_point, "store", NULL);
  f->store = tern_store_new (inner);
  g_assert_true (store_open (f, &error));
  store_add_folders (f);
  while (error == NULL)
    {
      g_autoptr (GBytes) body = body_of (uid, 100 * 1024);
      g_autoptr (TernMessageFacts) facts = store_facts (uid + 1, uid, TERN_FLAG_NONE);
      TernTxn *txn = store_begin (f);
      TernId id = tern_txn_add_message (txn, f->inbox, facts, FALSE, &error);

      if (id != 0)
        {
          g_autofree char *hash = tern_txn_put_loose_body (txn, body, &error);
        }
      if (error == NULL)
        store_commit_fails (f, &error);
      else
        store_rollback (f);
      uid++;
      g_assert_cmpuint (uid, <, 100000);
    }
  g_assert_error (error, TERN_FAULT, TERN_FAULT_DISK_FULL);
  g_clear_error (&error);
  g_autoptr (TernFolderRecord) inbox = store_folder (f, f->inbox);
  g_assert_cmpint (inbox->total, ==, uid - 1);
  store_close (f);
  g_assert_true (store_open (f, &error));
  g_assert_no_error (error);
  g_autoptr (TernFolderRecord) again = store_folder (f, f->inbox);
  g_assert_cmpint (again->total, ==, uid - 1);
  store_fixture_free (f);
  umount (mount_point);
  g_rmdir (mount_point);
}

static void
test_read_only (void)
{
  StoreFixture *f = store_fixture_new ();
  GError *error = NULL;
  gboolean mounted = FALSE;

  store_close (f);
  /* root is not stopped by modes: a read-only mount over the folder is the same thing. */
  if (geteuid () == 0)
    {
      mounted = mount (f->dir, f->dir, NULL, MS_BIND, NULL) == 0
                && mount (NULL, f->dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0;
      if (!mounted)
        {
          g_test_skip ("mounting is not allowed here");
          store_fixture_free (f);
          return;
        }
    }
  else
    {
      g_autofree char *db = store_path (f, "mail.db");
      g_autofree char *lock = store_path (f, "lock");

      g_chmod (db, 0400);
      g_chmod (lock, 0400);
    }
  g_assert_false (store_open (f, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_DISK_READ_ONLY);
  g_assert_nonnull (strstr (error->message, f->dir));
  g_clear_error (&error);
  if (mounted)
    g_assert_cmpint (umount (f->dir), ==, 0);
  else
    {
      g_autofree char *db = store_path (f, "mail.db");
      g_autofree char *lock = store_path (f, "lock");

      g_chmod (db, 0600);
      g_chmod (lock, 0600);
    }
  g_assert_true (store_open (f, &error));
  g_assert_no_error (error);
  store_fixture_free (f);
}

/* Damage. */

static guint
count_kept (StoreFixture *f)
{
  g_autoptr (GDir) dir = g_dir_open (f->dir, 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    n += g_str_has_prefix (name, "mail.db.corrupt-") && !g_str_has_suffix (name, "-wal")
                 && !g_str_has_suffix (name, "-shm")
             ? 1
             : 0;
  return n;
}

static void
overwrite (StoreFixture *f, gint64 offset, gint64 length)
{
  g_autofree char *path = store_path (f, "mail.db");
  g_autofree char *junk = g_malloc (length);
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  memset (junk, 0xa5, length);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (pwrite (fd, junk, length, offset), ==, length);
  close (fd);
}

typedef struct
{
  TernId moved;
  TernId draft;
  TernId op;
  TernId outbox;
  guint32 size;
} Valuables;

static const guint MESSAGES = 3000;

/* A store with much that a server has and a little that only this disk has. */
static Valuables
fill (StoreFixture *f)
{
  Valuables v = { 0 };
  TernTxn *txn = store_begin (f);
  g_autoptr (GBytes) body = body_of (7, 5000);
  g_autoptr (TernMessageFacts) draft = store_facts (0, 900000, TERN_FLAG_DRAFT);
  TernOutboxRecord outbox = { 0 };
  GError *error = NULL;

  for (guint i = 0; i < MESSAGES; i++)
    {
      g_autoptr (TernMessageFacts) facts = store_facts (i + 1, i, TERN_FLAG_SEEN);
      TernId id = tern_txn_add_message (txn, f->inbox, facts, FALSE, &error);

      g_assert_no_error (error);
      if (i == 10)
        v.moved = id;
      if (i % 100 == 0)
        g_assert_true (tern_txn_put_body (txn, id, "", body, FALSE, &error));
    }
  g_autoptr (GArray) made = tern_txn_op_move (txn, &v.moved, 1, f->archive, &error);
  g_assert_no_error (error);
  v.op = g_array_index (made, TernId, 0);
  g_assert_true (tern_txn_op_running (txn, v.op, &error));
  v.draft = tern_txn_add_local_message (txn, f->trash, draft, &error);
  g_assert_true (tern_txn_put_body (txn, v.draft, "", body, TRUE, &error));
  g_autofree char *hash = tern_txn_put_loose_body (txn, body, &error);
  g_autoptr (GPtrArray) recipients =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_recipient_free);
  TernRecipient *recipient = g_new0 (TernRecipient, 1);
  recipient->address = g_strdup ("bob@example.net");
  recipient->state = TERN_OUTBOX_QUEUED;
  g_ptr_array_add (recipients, recipient);
  outbox.account = f->account;
  outbox.state = TERN_OUTBOX_QUEUED;
  outbox.message_id = (char *) "out@example.org";
  outbox.from = (char *) "ann@example.org";
  outbox.subject = (char *) "Waiting";
  outbox.body_hash = hash;
  outbox.recipients = recipients;
  v.outbox = tern_txn_outbox_add (txn, &outbox, &error);
  g_assert_no_error (error);
  store_commit (f);
  return v;
}

static void
assert_recovered (StoreFixture *f, const Valuables *v)
{
  GError *error = NULL;

  g_assert_cmpuint (count_kept (f), ==, 1);
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (GPtrArray) uuids = tern_read_account_uuids (reader, &error);
  g_assert_cmpuint (uuids->len, ==, 1);
  g_assert_cmpint (tern_read_account_id (reader, "uuid-1", &error), ==, f->account);
  g_autoptr (TernOutboxRecord) entry = tern_read_outbox_entry (reader, v->outbox, &error);
  g_assert_nonnull (entry);
  g_assert_cmpstr (entry->message_id, ==, "out@example.org");
  g_assert_cmpuint (entry->recipients->len, ==, 1);
  g_autoptr (GBytes) body = tern_read_loose_body (reader, entry->body_hash, &error);
  g_assert_nonnull (body);
  g_autoptr (TernOpRecord) op = tern_read_op (reader, v->op, &error);
  g_assert_nonnull (op);
  g_assert_cmpint (op->target, ==, f->archive);
  /* Looked for before it is sent again. */
  g_assert_true (op->begun);
  g_assert_cmpuint (op->subjects->len, ==, 1);
  g_autoptr (TernMessageRecord) moved = tern_read_message (reader, v->moved, &error);
  g_assert_nonnull (moved);
  g_assert_cmpint (moved->folder, ==, f->archive);
  g_autoptr (TernMessageRecord) draft = tern_read_message (reader, v->draft, &error);
  g_assert_nonnull (draft);
  g_autoptr (GBytes) draft_body = tern_read_body (reader, v->draft, "", &error);
  g_assert_nonnull (draft_body);
  g_autoptr (TernFolderRecord) inbox = tern_read_folder (reader, f->inbox, &error);
  g_assert_nonnull (inbox);
  /* Everything is listed anew. */
  g_assert_cmpuint (inbox->uidvalidity, ==, 0);
  store_read_end (f);
  store_verify (f);
}

/* The headers come again, and the bodies that are still here belong to them. */
static void
assert_bodies_return (StoreFixture *f, TernId moved)
{
  TernTxn *txn = store_begin (f);
  g_autoptr (TernMessageFacts) facts = store_facts (101, 100, TERN_FLAG_SEEN);
  TernId id = tern_txn_add_message (txn, f->inbox, facts, FALSE, NULL);
  store_commit (f);

  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (TernMessageRecord) record = tern_read_message (reader, id, NULL);
  g_autoptr (GBytes) body = tern_read_body (reader, id, "", NULL);
  store_read_end (f);
  g_assert_cmpint (record->body_state, ==, TERN_BODY_HERE);
  g_assert_nonnull (body);
  /* The place that a moved message has left is found again, not doubled. */
  g_assert_cmpint (store_add (f, f->inbox, 11, 10, TERN_FLAG_SEEN), ==, moved);
}

/* The pages of the messages, in the middle of the file: found when they are read, recovered when
 * the program starts again. */
static void
test_damaged_middle (void)
{
  StoreFixture *f = store_fixture_new ();
  Valuables v = fill (f);
  gint64 page, root;
  GError *error = NULL;

  store_close (f);
  page = store_sql (f, "PRAGMA page_size");
  root = store_sql (f, "SELECT rootpage FROM sqlite_master WHERE name = 'location_list'");
  overwrite (f, (root - 1) * page, page);
  g_assert_true (store_open (f, &error));
  g_assert_no_error (error);
  TernReader *reader = store_read_begin (f, TERN_LANE_LIST);
  g_assert_null (tern_read_keys (reader, f->inbox, TERN_FILTER_ALL, 0, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_DAMAGED);
  g_assert_nonnull (strstr (error->message, "mail.db"));
  g_clear_error (&error);
  store_read_end (f);
  store_close (f);
  g_assert_true (store_open (f, &error));
  g_assert_no_error (error);
  g_assert_cmpint (f->outcome, ==, TERN_STORE_RECOVERED);
  assert_recovered (f, &v);
  assert_bodies_return (f, v.moved);
  /* Once. */
  store_reopen (f);
  g_assert_cmpint (f->outcome, ==, TERN_STORE_OPENED);
  g_assert_cmpuint (count_kept (f), ==, 1);
  store_fixture_free (f);
}

static void
test_damaged_header (void)
{
  StoreFixture *f = store_fixture_new ();
  Valuables v = fill (f);
  GError *error = NULL;

  store_close (f);
  overwrite (f, 0, 4096);
  g_assert_true (store_open (f, &error));
  g_assert_no_error (error);
  g_assert_cmpint (f->outcome, ==, TERN_STORE_RECOVERED);
  assert_recovered (f, &v);
  store_fixture_free (f);
}

/* Nothing of it can be read. */
static void
test_damaged_everything (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autofree char *path = store_path (f, "mail.db");
  GError *error = NULL;
  struct stat info;

  fill (f);
  store_close (f);
  g_assert_cmpint (stat (path, &info), ==, 0);
  overwrite (f, 0, info.st_size);
  g_assert_true (store_open (f, &error));
  g_assert_no_error (error);
  g_assert_cmpint (f->outcome, ==, TERN_STORE_RECOVERED);
  g_assert_cmpuint (count_kept (f), ==, 1);
  store_add_folders (f);
  store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  store_verify (f);
  store_fixture_free (f);
}

static void
test_truncated (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autofree char *path = store_path (f, "mail.db");
  GError *error = NULL;
  struct stat info;

  fill (f);
  store_close (f);
  g_assert_cmpint (stat (path, &info), ==, 0);
  g_assert_cmpint (truncate (path, info.st_size / 2), ==, 0);
  g_assert_true (store_open (f, &error));
  g_assert_no_error (error);
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (GArray) keys = tern_read_keys (reader, f->inbox, TERN_FILTER_ALL, 0, &error);
  store_read_end (f);
  if (keys == NULL)
    {
      g_assert_error (error, TERN_FAULT, TERN_FAULT_DAMAGED);
      g_clear_error (&error);
      store_reopen (f);
    }
  g_assert_cmpint (f->outcome, ==, TERN_STORE_RECOVERED);
  store_verify (f);
  store_fixture_free (f);
}

/* Killed. */

/* The child: writes for ever, with counts, moves, confirmations and bodies. */
G_GNUC_NORETURN static void
write_for_ever (const char *dir, int ready)
{
  StoreFixture *f = g_new0 (StoreFixture, 1);
  GError *error = NULL;

  f->dir = g_strdup (dir);
  f->store = tern_store_new (dir);
  f->changes = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_change_set_unref);
  if (!store_open (f, &error))
    g_error ("%s", error->message);
  store_add_folders (f);
  for (guint i = 0;; i++)
    {
      TernTxn *txn = store_begin (f);
      g_autoptr (TernFolderRecord) inbox = tern_read_folder (tern_txn_reader (txn), f->inbox, NULL);
      TernId last = 0;

      /* Always ten at a time: a half transaction would show. */
      for (guint k = 0; k < 10; k++)
        {
          guint32 uid = inbox->uidnext + k + 1;
          g_autoptr (TernMessageFacts) facts = store_facts (uid, uid, TERN_FLAG_NONE);
          g_autoptr (GBytes) body = body_of (uid, 3000 + (uid % 7 == 0 ? 300000 : 0));

          last = tern_txn_add_message (txn, f->inbox, facts, FALSE, &error);
          if (last == 0 || !tern_txn_put_body (txn, last, "", body, k % 2 == 0, &error))
            g_error ("%s", error->message);
        }
      g_autoptr (GArray) flagged =
          tern_txn_op_flags (txn, &last, 1, TERN_FLAG_SEEN, 0, NULL, NULL, &error);
      if (flagged == NULL
          || !tern_txn_set_sync_state (txn, f->inbox, 1, inbox->uidnext + 10, 0, 1, &error))
        g_error ("%s", error->message);
      store_commit (f);
      if (i == 0 && write (ready, "x", 1) != 1)
        _exit (1);
    }
}

static void
assert_whole (StoreFixture *f)
{
  GError *error = NULL;
  gint64 wrong = 0;

  g_assert_true (store_open (f, &error));
  g_assert_no_error (error);
  g_assert_cmpint (f->outcome, ==, TERN_STORE_OPENED);
  store_verify (f);
  g_assert_cmpint (store_sql (f, "SELECT count (*) % 10 FROM message"), ==, 0);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM message"), ==,
                   store_sql (f, "SELECT uidnext FROM folder WHERE role = 1"));
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM op"), ==,
                   store_sql (f, "SELECT count (*) / 10 FROM message"));
  /* Every body that a row names is there and right. */
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (TernFolderRecord) inbox =
      tern_read_folder_by_role (reader, 1, TERN_ROLE_INBOX, &error);
  g_autoptr (GArray) keys = tern_read_keys (reader, inbox->id, TERN_FILTER_ALL, 0, &error);
  for (guint i = 0; i < keys->len; i++)
    {
      g_autoptr (GBytes) body =
          tern_read_body (reader, g_array_index (keys, TernListKey, i).id, "", &error);

      g_assert_no_error (error);
      wrong += body == NULL ? 1 : 0;
    }
  store_read_end (f);
  g_assert_cmpint (wrong, ==, 0);
  store_close (f);
}

static void
test_killed (void)
{
  StoreFixture *f = store_fixture_new_closed ();
  guint rounds = g_test_slow () ? 100 : 8;
  char byte;

  for (guint i = 0; i < rounds; i++)
    {
      int ready[2];
      pid_t child;

      g_assert_cmpint (pipe (ready), ==, 0);
      child = fork ();
      g_assert_cmpint (child, >=, 0);
      if (child == 0)
        write_for_ever (f->dir, ready[1]);
      close (ready[1]);
      g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
      /* Some time into the work, a different one every round. */
      g_usleep ((gulong) g_test_rand_int_range (0, 60000));
      kill (child, SIGKILL);
      g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
      close (ready[0]);
      assert_whole (f);
    }
  store_fixture_free (f);
}

/* TRUE when the recovery was over before moment @n. */
static gboolean
recover_until (StoreFixture *f, guint n)
{
  int status;
  pid_t child = fork ();

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      die_at = n;
      if (!store_open (f, NULL))
        _exit (1);
      _exit (0);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  g_assert_true (WEXITSTATUS (status) == 0 || WEXITSTATUS (status) == DIED);
  return WEXITSTATUS (status) == 0;
}

/* A recovery that is cut, at whatever moment, loses nothing: the next start goes on. */
static void
test_recovery_cut (void)
{
  gboolean over = FALSE;
  guint n;

  for (n = 1; !over; n++)
    {
      StoreFixture *f = store_fixture_new ();
      Valuables v = fill (f);
      GError *error = NULL;

      store_close (f);
      overwrite (f, 0, 4096);
      over = recover_until (f, n);
      g_assert_true (store_open (f, &error));
      g_assert_no_error (error);
      g_assert_cmpint (f->outcome, !=, TERN_STORE_CREATED);
      assert_recovered (f, &v);
      store_fixture_free (f);
    }
  g_test_message ("%u moments", n - 2);
  g_assert_cmpuint (n, >, 5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* First: the child is forked before this process has made a thread. */
  g_test_add_func ("/store/faults/killed", test_killed);
  g_test_add_func ("/store/faults/modes", test_modes);
  g_test_add_func ("/store/faults/second-opener", test_second_opener);
  g_test_add_func ("/store/faults/newer-version", test_newer_version);
  g_test_add_func ("/store/faults/not-open", test_not_open);
  g_test_add_func ("/store/faults/writing-fails", test_writing_fails);
  g_test_add_func ("/store/faults/disk-full-body", test_disk_full_body);
  g_test_add_func ("/store/faults/sync-fails", test_sync_fails);
  g_test_add_func ("/store/faults/disk-full", test_disk_full);
  g_test_add_func ("/store/faults/read-only", test_read_only);
  g_test_add_func ("/store/faults/damaged-middle", test_damaged_middle);
  g_test_add_func ("/store/faults/damaged-header", test_damaged_header);
  g_test_add_func ("/store/faults/recovery-cut", test_recovery_cut);
  g_test_add_func ("/store/faults/damaged-everything", test_damaged_everything);
  g_test_add_func ("/store/faults/truncated", test_truncated);
  return g_test_run ();
}
