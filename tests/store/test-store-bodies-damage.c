/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "store-fixture.h"

/* Damage of bodies.db, where mail may lie that is nowhere else: what waits to be sent, and what
 * waits to be put on the server. */

#define PAGE 4096
#define MANY 200

/* The last one has a file of its own. */
static GBytes *
body_of (guint n)
{
  guint words = n == MANY + 2 ? 10000 : 600;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GRand) rand = g_rand_new_with_seed (n);

  for (guint i = 0; i < words; i++)
    g_string_append_printf (text, "%08x", g_rand_int (rand));
  return g_string_free_to_bytes (g_steal_pointer (&text));
}

/* Of a closed one. */
static void
destroy_page (StoreFixture *f, guint page)
{
  g_autofree char *path = store_path (f, "bodies.db");
  char junk[PAGE];
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  memset (junk, 0xa5, sizeof junk);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (pwrite (fd, junk, sizeof junk, (off_t) (page - 1) * PAGE), ==, sizeof junk);
  close (fd);
}

static guint
look (StoreFixture *f, const char *sql)
{
  g_autofree char *path = store_path (f, "bodies.db");
  sqlite3 *db = NULL;
  sqlite3_stmt *stmt = NULL;
  guint value;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_ROW);
  value = sqlite3_column_int (stmt, 0);
  sqlite3_finalize (stmt);
  sqlite3_close (db);
  return value;
}

typedef struct
{
  StoreFixture *f;
  TernId waits[2]; /* for their APPEND: the first and the last to come */
  char *unsent;    /* in the outbox */
  TernId cached[MANY];
} Mail;

static TernId
add_waiting (StoreFixture *f, guint n)
{
  g_autoptr (TernMessageFacts) facts = store_facts (0, n, TERN_FLAG_SEEN);
  g_autoptr (GBytes) body = body_of (n);
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  TernId id = tern_txn_add_local_message (txn, f->archive, facts, &error);

  g_assert_cmpint (tern_txn_op_append (txn, id, &error), >, 0);
  g_assert_true (tern_txn_put_body (txn, id, "", body, TRUE, &error));
  g_assert_no_error (error);
  store_commit (f);
  return id;
}

static Mail *
mail_new (void)
{
  Mail *self = g_new0 (Mail, 1);
  g_autoptr (GBytes) body = body_of (MANY + 1);
  TernTxn *txn;

  self->f = store_fixture_new ();
  self->waits[0] = add_waiting (self->f, MANY);
  for (guint i = 0; i < MANY; i++)
    {
      g_autoptr (GBytes) cached = body_of (i);

      self->cached[i] = store_add (self->f, self->f->inbox, i + 1, i, TERN_FLAG_NONE);
      txn = store_begin (self->f);
      g_assert_true (tern_txn_put_body (txn, self->cached[i], "", cached, FALSE, NULL));
      store_commit (self->f);
    }
  txn = store_begin (self->f);
  self->unsent = tern_txn_put_loose_body (txn, body, NULL);
  g_assert_nonnull (self->unsent);
  store_commit (self->f);
  self->waits[1] = add_waiting (self->f, MANY + 2);
  return self;
}

static void
mail_free (Mail *self)
{
  store_fixture_free (self->f);
  g_free (self->unsent);
  g_free (self);
}

static gboolean
has (Mail *self, TernId id, guint n)
{
  g_autoptr (GBytes) body = body_of (n);
  TernReader *reader = store_read_begin (self->f, TERN_LANE_SLOW);
  g_autoptr (GBytes) found = tern_read_body (reader, id, "", NULL);

  store_read_end (self->f);
  g_assert_true (found == NULL || g_bytes_equal (found, body));
  return found != NULL;
}

static gboolean
has_unsent (Mail *self)
{
  g_autoptr (GBytes) body = body_of (MANY + 1);
  TernReader *reader = store_read_begin (self->f, TERN_LANE_SLOW);
  g_autoptr (GBytes) found = tern_read_loose_body (reader, self->unsent, NULL);

  store_read_end (self->f);
  return found != NULL && g_bytes_equal (found, body);
}

/* As what is fetched again. */
static void
put_cached (Mail *self)
{
  for (guint i = 0; i < MANY; i++)
    {
      g_autoptr (GBytes) body = body_of (i);
      TernTxn *txn = store_begin (self->f);
      GError *error = NULL;

      g_assert_true (tern_txn_put_body (txn, self->cached[i], "", body, FALSE, &error));
      g_assert_no_error (error);
      store_commit (self->f);
    }
}

static guint
count_cached (Mail *self)
{
  guint n = 0;

  for (guint i = 0; i < MANY; i++)
    n += has (self, self->cached[i], i);
  return n;
}

static void
assert_unsent (Mail *self)
{
  g_assert_true (has (self, self->waits[0], MANY));
  g_assert_true (has (self, self->waits[1], MANY + 2));
  g_assert_true (has_unsent (self));
}

static gboolean
put (Mail *self, guint n, GError **error)
{
  g_autoptr (GBytes) body = body_of (n);
  TernTxn *txn = store_begin (self->f);
  g_autofree char *hash = tern_txn_put_loose_body (txn, body, error);

  if (hash == NULL)
    {
      store_rollback (self->f);
      return FALSE;
    }
  store_commit (self->f);
  return TRUE;
}

static void
assert_opens (Mail *self)
{
  GError *error = NULL;

  g_assert_true (store_open (self->f, &error));
  g_assert_no_error (error);
  /* The mail itself has nothing. */
  g_assert_cmpint (self->f->outcome, ==, TERN_STORE_OPENED);
}

static void
assert_takes_more (Mail *self)
{
  for (guint i = 0; i < MANY; i++)
    {
      GError *error = NULL;

      put (self, 1000 + i, &error);
      g_assert_no_error (error);
    }
}

static void
test_first_page (void)
{
  Mail *self = mail_new ();

  store_close (self->f);
  destroy_page (self->f, 1);
  assert_opens (self);
  assert_unsent (self);
  g_assert_cmpuint (count_cached (self), ==, MANY);
  assert_takes_more (self);
  store_reopen (self->f);
  assert_unsent (self);
  mail_free (self);
}

/* The machine died, and what came last is in the log only. */
static void
test_log (void)
{
  static const char *const names[] = { "bodies.db", "bodies.db-wal" };
  Mail *self = mail_new ();
  g_autofree char *empty = g_strdup_printf ("UPDATE body SET data = zeroblob (length (data))"
                                            " WHERE hash = '%s' RETURNING 1",
                                            self->unsent);
  char *data[2];
  gsize length[2];

  store_close (self->f);
  g_assert_cmpuint (look (self->f, empty), ==, 1);
  g_assert_true (store_open (self->f, NULL));
  /* The same bytes in the same place, so that the first page is not in the log. */
  g_assert_true (put (self, MANY + 1, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = store_path (self->f, names[i]);

      g_assert_true (g_file_get_contents (path, &data[i], &length[i], NULL));
    }
  g_assert_cmpuint (length[1], >, 0);
  store_close (self->f);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = store_path (self->f, names[i]);

      g_assert_true (g_file_set_contents (path, data[i], (gssize) length[i], NULL));
      g_free (data[i]);
    }
  destroy_page (self->f, 1);
  assert_opens (self);
  assert_unsent (self);
  mail_free (self);
}

/* Opening does not look there: it is met when something is to be put, and mended at the next
 * start. */
static void
test_index (void)
{
  Mail *self = mail_new ();
  g_autoptr (GError) error = NULL;
  guint page;

  store_close (self->f);
  page = look (self->f, "SELECT rootpage FROM sqlite_master WHERE type = 'index'");
  destroy_page (self->f, page);
  assert_opens (self);
  g_assert_false (put (self, 1000, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_DAMAGED);
  /* What cannot be read now is not forgotten. */
  for (guint i = 0; i < G_N_ELEMENTS (self->waits); i++)
    g_assert_false (has (self, self->waits[i], MANY + i * 2));
  store_close (self->f);
  assert_opens (self);
  assert_unsent (self);
  g_assert_cmpuint (count_cached (self), ==, MANY);
  assert_takes_more (self);
  mail_free (self);
}

/* Met by reading; what lies between two bad pages is reached through the index. */
static void
test_leaves (void)
{
  Mail *self = mail_new ();
  guint pages[2];

  store_close (self->f);
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      g_autofree char *sql = g_strdup_printf (
          "SELECT pageno FROM dbstat WHERE name = 'body' AND pagetype = 'leaf'"
          " ORDER BY path LIMIT 1 OFFSET (SELECT count (*) FROM dbstat WHERE name = 'body'"
          " AND pagetype = 'leaf') * %u / 4",
          i == 0 ? 1 : 3);

      pages[i] = look (self->f, sql);
    }
  g_assert_cmpuint (pages[0], !=, pages[1]);
  destroy_page (self->f, pages[0]);
  destroy_page (self->f, pages[1]);
  assert_opens (self);
  g_assert_cmpuint (count_cached (self), <, MANY);
  store_close (self->f);
  assert_opens (self);
  assert_unsent (self);
  g_assert_cmpuint (count_cached (self), >, MANY * 9 / 10);
  assert_takes_more (self);
  put_cached (self);
  g_assert_cmpuint (count_cached (self), ==, MANY);
  mail_free (self);
}

/* The machine died between two names. */
static void
test_cut (void)
{
  Mail *self = mail_new ();
  g_autofree char *path = store_path (self->f, "bodies.db");
  g_autofree char *fresh = store_path (self->f, "bodies.db.new");

  store_close (self->f);
  g_assert_cmpint (g_rename (path, fresh), ==, 0);
  assert_opens (self);
  assert_unsent (self);
  g_assert_cmpuint (count_cached (self), ==, MANY);
  mail_free (self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/bodies-damage/first-page", test_first_page);
  g_test_add_func ("/store/bodies-damage/log", test_log);
  g_test_add_func ("/store/bodies-damage/index", test_index);
  g_test_add_func ("/store/bodies-damage/leaves", test_leaves);
  g_test_add_func ("/store/bodies-damage/cut", test_cut);
  return g_test_run ();
}
