/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies that come piece by piece. */
#include "config.h"

#include "store-fixture.h"
#include "tern-partial-store.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utime.h>

#define SECTION "2.1"
#define TOLD    1000000

/* What IMAP can bring: any byte but zero. */
static GBytes *
noise (guint32 seed, gsize size)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) g_rand_int_range (rand, 1, 256);
  return g_bytes_new_take (data, size);
}

static gboolean
append_to (StoreFixture *f, TernId id, guint64 told, guint64 offset, GBytes *bytes, GError **error)
{
  TernTxn *txn = store_begin (f);

  if (!tern_txn_append_partial (txn, id, SECTION, told, offset, bytes, error))
    {
      store_rollback (f);
      return FALSE;
    }
  store_commit (f);
  return TRUE;
}

static void
append (StoreFixture *f, TernId id, guint64 offset, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;

  append_to (f, id, TOLD, offset, bytes, &error);
  g_assert_no_error (error);
}

static TernPartial *
look (StoreFixture *f, TernId id, guint64 told)
{
  g_autoptr (GError) error = NULL;
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  TernPartial *partial = tern_read_partial (reader, id, SECTION, told, NULL, &error);

  store_read_end (f);
  g_assert_no_error (error);
  return partial;
}

static void
assert_size (StoreFixture *f, TernId id, guint64 size)
{
  g_autoptr (TernPartial) partial = look (f, id, TOLD);

  g_assert_cmpuint (partial->size, ==, size);
}

static gboolean
finish (StoreFixture *f, TernId id, guint64 size, const char *hash, GError **error)
{
  TernTxn *txn = store_begin (f);

  if (!tern_txn_finish_partial (txn, id, SECTION, TOLD, size, hash, error))
    {
      store_rollback (f);
      return FALSE;
    }
  store_commit (f);
  return TRUE;
}

static GBytes *
get (StoreFixture *f, TernId id)
{
  g_autoptr (GError) error = NULL;
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  GBytes *bytes = tern_read_body (reader, id, SECTION, &error);

  store_read_end (f);
  g_assert_no_error (error);
  return bytes;
}

static guint
count_files (StoreFixture *f)
{
  g_autofree char *path = store_path (f, "bodies/partial");
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
collect (StoreFixture *f)
{
  g_autoptr (GError) error = NULL;
  gboolean more = FALSE;
  TernTxn *txn = store_begin (f);

  tern_txn_collect_bodies (txn, 100, &more, &error);
  g_assert_no_error (error);
  store_commit (f);
}

/* Pieces, a restart between them, and what comes of them is a body as any other. */
static void
test_resumed (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) whole = noise (1, 700000);
  g_autoptr (GBytes) head = g_bytes_new_from_bytes (whole, 0, 300000);
  g_autoptr (GBytes) tail = g_bytes_new_from_bytes (whole, 300000, 400000);
  g_autofree char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, whole);
  g_autoptr (TernPartial) partial = NULL;
  g_autoptr (GBytes) back = NULL;
  g_auto (GStrv) sections = NULL;
  g_autoptr (GError) error = NULL;

  assert_size (f, id, 0);
  append (f, id, 0, head);
  store_reopen (f);
  partial = look (f, id, TOLD);
  g_assert_cmpuint (partial->size, ==, 300000);
  g_assert_null (get (f, id));
  append (f, id, 300000, tail);
  g_checksum_update (partial->checksum, g_bytes_get_data (tail, NULL), 400000);
  g_assert_cmpstr (g_checksum_get_string (partial->checksum), ==, hash);
  finish (f, id, 700000, hash, &error);
  g_assert_no_error (error);
  back = get (f, id);
  g_assert_true (g_bytes_equal (back, whole));
  g_assert_cmpuint (count_files (f), ==, 0);
  sections = tern_read_body_sections (store_read_begin (f, TERN_LANE_SLOW), id, NULL);
  store_read_end (f);
  g_assert_true (g_strv_contains ((const char *const *) sections, SECTION));
  store_fixture_free (f);
}

/* The only file there is. */
static char *
dup_file (StoreFixture *f)
{
  g_autofree char *path = store_path (f, "bodies/partial");
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  g_assert_nonnull (dir);
  return g_build_filename (path, g_dir_read_name (dir), NULL);
}

/* What was not on the disk yet when the computer crashed reads as zeros: it is fetched again, and
 * all that came after it. */
static void
test_hole (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) whole = noise (8, 300000);
  g_autoptr (GBytes) tail = g_bytes_new_from_bytes (whole, 100000, 200000);
  g_autofree char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, whole);
  g_autofree char *path = NULL;
  g_autoptr (TernPartial) partial = NULL;
  g_autoptr (GBytes) back = NULL;
  g_autoptr (GError) error = NULL;
  static const char zeros[8192];
  FILE *file;

  append (f, id, 0, whole);
  path = dup_file (f);
  file = g_fopen (path, "r+b");
  g_assert_nonnull (file);
  g_assert_cmpint (fseek (file, 100000, SEEK_SET), ==, 0);
  g_assert_cmpuint (fwrite (zeros, 1, sizeof zeros, file), ==, sizeof zeros);
  g_assert_cmpint (fclose (file), ==, 0);
  store_reopen (f);
  partial = look (f, id, TOLD);
  g_assert_cmpuint (partial->size, ==, 100000);
  append (f, id, 100000, tail);
  g_checksum_update (partial->checksum, g_bytes_get_data (tail, NULL), 200000);
  g_assert_cmpstr (g_checksum_get_string (partial->checksum), ==, hash);
  finish (f, id, 300000, hash, &error);
  g_assert_no_error (error);
  back = get (f, id);
  g_assert_true (g_bytes_equal (back, whole));
  store_fixture_free (f);
}

/* A gap is refused; what was not acknowledged is written over. */
static void
test_offsets (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) whole = noise (2, 3000);
  g_autoptr (GBytes) other = noise (3, 1500);
  g_autoptr (GBytes) tail = g_bytes_new_from_bytes (whole, 1000, 2000);
  g_autofree char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, whole);
  g_autoptr (TernPartial) partial = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (append_to (f, id, TOLD, 1, whole, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
  g_clear_error (&error);
  assert_size (f, id, 0);
  append (f, id, 0, whole);
  g_assert_false (append_to (f, id, TOLD, 3001, other, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
  g_clear_error (&error);
  assert_size (f, id, 3000);
  append (f, id, 1000, other);
  assert_size (f, id, 2500);
  append (f, id, 1000, tail);
  partial = look (f, id, TOLD);
  g_assert_cmpuint (partial->size, ==, 3000);
  g_assert_cmpstr (g_checksum_get_string (partial->checksum), ==, hash);
  g_assert_false (finish (f, id, 2999, hash, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
  g_clear_error (&error);
  g_assert_false (append_to (f, 999, TOLD, 0, whole, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_NOT_FOUND);
  store_fixture_free (f);
}

/* The commit that would have made it a body did not come about: nothing has to be fetched again. */
static void
test_not_committed (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) whole = noise (4, 400000);
  g_autofree char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, whole);
  g_autoptr (GBytes) back = NULL;
  g_autoptr (GError) error = NULL;
  TernTxn *txn;

  append (f, id, 0, whole);
  txn = store_begin (f);
  g_assert_true (tern_txn_finish_partial (txn, id, SECTION, TOLD, 400000, hash, &error));
  store_rollback (f);
  g_assert_null (get (f, id));
  assert_size (f, id, 400000);
  finish (f, id, 400000, hash, &error);
  g_assert_no_error (error);
  back = get (f, id);
  g_assert_true (g_bytes_equal (back, whole));
  g_assert_cmpuint (count_files (f), ==, 0);
  store_fixture_free (f);
}

/* What fits in is no use by halves; what was there stays. */
static void
test_disk_full (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) bytes = noise (8, 400000);
  g_autoptr (GError) error = NULL;
  struct rlimit size;
  rlim_t before;

  append (f, id, 0, bytes);
  signal (SIGXFSZ, SIG_IGN);
  getrlimit (RLIMIT_FSIZE, &size);
  before = size.rlim_cur;
  size.rlim_cur = 600000;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &size), ==, 0);
  g_assert_false (append_to (f, id, TOLD, 400000, bytes, &error));
  size.rlim_cur = before;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &size), ==, 0);
  g_assert_error (error, TERN_FAULT, TERN_FAULT_DISK_FULL);
  assert_size (f, id, 400000);
  append (f, id, 400000, bytes);
  assert_size (f, id, 800000);
  store_fixture_free (f);
}

/* Another size than was told before, and another epoch of the folder: other bytes. */
static void
test_other (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernId elsewhere = store_add (f, f->archive, 1, 2, TERN_FLAG_NONE);
  g_autoptr (GBytes) bytes = noise (5, 5000);
  g_autoptr (TernPartial) other = NULL;
  g_autoptr (GError) error = NULL;
  TernTxn *txn;

  append (f, id, 0, bytes);
  append (f, elsewhere, 0, bytes);
  other = look (f, id, TOLD + 1);
  g_assert_cmpuint (other->size, ==, 0);
  txn = store_begin (f);
  g_assert_true (tern_txn_begin_rematch (txn, f->inbox, &error));
  store_commit (f);
  assert_size (f, id, 0);
  assert_size (f, elsewhere, 5000);
  store_fixture_free (f);
}

static void
set_age (StoreFixture *f, int days)
{
  g_autofree char *path = store_path (f, "bodies/partial");
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autofree char *file = g_build_filename (path, g_dir_read_name (dir), NULL);
  time_t then = time (NULL) - (time_t) days * 24 * 60 * 60;
  struct utimbuf times = { then, then };

  g_assert_cmpint (utime (file, &times), ==, 0);
}

static void
test_collected (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) bytes = noise (6, 5000);
  g_autoptr (GArray) gone = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 uid = 1;
  TernTxn *txn;

  append (f, id, 0, bytes);
  set_age (f, 29);
  collect (f);
  assert_size (f, id, 5000);
  set_age (f, 31);
  collect (f);
  assert_size (f, id, 0);
  append (f, id, 0, bytes);
  g_array_append_val (gone, uid);
  txn = store_begin (f);
  g_assert_true (tern_txn_remove_uids (txn, f->inbox, gone, NULL));
  store_commit (f);
  g_assert_cmpuint (count_files (f), ==, 1);
  collect (f);
  g_assert_cmpuint (count_files (f), ==, 0);
  store_fixture_free (f);
}

/* A new database counts its messages from the beginning. */
static void
test_new_database (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) bytes = noise (7, 5000);
  g_autofree char *path = store_path (f, "mail.db");
  g_autoptr (GError) error = NULL;

  append (f, id, 0, bytes);
  store_close (f);
  g_assert_true (g_file_set_contents (path, "This is no database.", -1, NULL));
  g_assert_true (store_open (f, &error));
  g_assert_no_error (error);
  g_assert_cmpint (f->outcome, ==, TERN_STORE_RECOVERED);
  g_assert_cmpuint (count_files (f), ==, 0);
  store_fixture_free (f);
}

static GBytes *
read_source (StoreFixture *f, TernId id, char **hash)
{
  g_autoptr (GError) error = NULL;
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (TernBodySource) source = tern_read_body_source (reader, id, SECTION, &error);
  GByteArray *bytes = g_byte_array_new ();
  guint8 slice[5000];
  gssize n;

  store_read_end (f);
  g_assert_no_error (error);
  g_assert_nonnull (source);
  *hash = g_strdup (source->hash);
  if (source->bytes != NULL)
    g_byte_array_append (bytes, g_bytes_get_data (source->bytes, NULL),
                         (guint) g_bytes_get_size (source->bytes));
  while (source->fd >= 0 && (n = read (source->fd, slice, sizeof slice)) > 0)
    g_byte_array_append (bytes, slice, (guint) n);
  return g_byte_array_free_to_bytes (bytes);
}

/* Small ones lie in the database, large ones in files. */
static void
test_source (void)
{
  static const gsize sizes[] = { 100, 400000 };
  StoreFixture *f = store_fixture_new ();
  TernReader *reader;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      TernId id = store_add (f, f->inbox, i + 1, i + 1, TERN_FLAG_NONE);
      g_autoptr (GBytes) bytes = noise (i, sizes[i]);
      g_autofree char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
      g_autofree char *told = NULL;
      g_autoptr (GBytes) back = NULL;
      g_autoptr (GError) error = NULL;
      TernTxn *txn;

      reader = store_read_begin (f, TERN_LANE_SLOW);
      g_assert_null (tern_read_body_source (reader, id, SECTION, &error));
      g_assert_no_error (error);
      store_read_end (f);
      txn = store_begin (f);
      g_assert_true (tern_txn_put_body (txn, id, SECTION, bytes, FALSE, &error));
      store_commit (f);
      back = read_source (f, id, &told);
      g_assert_true (g_bytes_equal (back, bytes));
      g_assert_cmpstr (told, ==, hash);
    }
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/partials/resumed", test_resumed);
  g_test_add_func ("/store/partials/hole", test_hole);
  g_test_add_func ("/store/partials/offsets", test_offsets);
  g_test_add_func ("/store/partials/not-committed", test_not_committed);
  g_test_add_func ("/store/partials/disk-full", test_disk_full);
  g_test_add_func ("/store/partials/other", test_other);
  g_test_add_func ("/store/partials/collected", test_collected);
  g_test_add_func ("/store/partials/new-database", test_new_database);
  g_test_add_func ("/store/partials/source", test_source);
  return g_test_run ();
}
