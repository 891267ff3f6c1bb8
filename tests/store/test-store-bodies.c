/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <zstd.h>

static GBytes *
text (guint n, gsize size)
{
  char *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = (char) ('a' + (n + i * i) % 26);
  return g_bytes_new_take (data, size);
}

static void
put (StoreFixture *f, TernId id, const char *section, GBytes *bytes, gboolean durable)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_put_body (txn, id, section, bytes, durable, &error));
  g_assert_no_error (error);
  store_commit (f);
}

static GBytes *
get (StoreFixture *f, TernId id, const char *section, GError **error)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  GBytes *bytes = tern_read_body (reader, id, section, error);

  store_read_end (f);
  return bytes;
}

static TernBodyState
state_of (StoreFixture *f, TernId id)
{
  g_autoptr (TernMessageRecord) record = store_message (f, id);

  return record->body_state;
}

static void
bodies_sql (StoreFixture *f, const char *sql)
{
  g_autofree char *path = store_path (f, "bodies.db");
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
}

static TernId
add_to (StoreFixture *f, TernId folder, guint32 uid, const char *email_id)
{
  g_autoptr (TernMessageFacts) facts = store_facts (uid, 1, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);
  TernId id;

  facts->email_id = g_strdup (email_id);
  id = tern_txn_add_message (txn, folder, facts, FALSE, NULL);
  store_commit (f);
  return id;
}

/* The server says that it is the same message in another folder: its body is here already. */
static void
test_same_message (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autoptr (GBytes) body = text (1, 5000);
  g_autoptr (GBytes) back = NULL;
  TernId first = add_to (f, f->inbox, 1, "M1");
  TernId same, other;

  put (f, first, "", body, FALSE);
  same = add_to (f, f->archive, 1, "M1");
  other = add_to (f, f->archive, 2, "M2");
  g_assert_cmpint (state_of (f, same), ==, TERN_BODY_HERE);
  back = get (f, same, "", NULL);
  g_assert_true (g_bytes_equal (back, body));
  g_assert_cmpint (state_of (f, other), ==, TERN_BODY_ABSENT);
  store_fixture_free (f);
}

static void
test_sizes (void)
{
  static const gsize sizes[] = { 0, 1, 11000, 64 * 1024, 64 * 1024 + 1, 3000000 };
  StoreFixture *f = store_fixture_new ();

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) body = text (i, sizes[i]);
      TernId id = store_add (f, f->inbox, i + 1, i, TERN_FLAG_NONE);
      GError *error = NULL;

      g_assert_cmpint (state_of (f, id), ==, TERN_BODY_ABSENT);
      put (f, id, "", body, i % 2 == 0);
      g_assert_cmpint (state_of (f, id), ==, TERN_BODY_HERE);
      g_autoptr (GBytes) back = get (f, id, "", &error);
      g_assert_no_error (error);
      g_assert_true (g_bytes_equal (back, body));
    }
  store_fixture_free (f);
}

/* What gets a file of its own now lay compressed in the database once. */
static void
test_large_blob (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) body = text (1, 256 * 1024);
  char packed[1000];
  gsize length = ZSTD_compress (packed, sizeof packed, g_bytes_get_data (body, NULL),
                                g_bytes_get_size (body), 3);
  g_autoptr (GString) sql = g_string_new ("UPDATE body SET data = x'");
  g_autofree char *dir = store_path (f, "bodies");
  g_autofree char *aside = store_path (f, "no-bodies");
  g_autoptr (GBytes) back = NULL;
  GError *error = NULL;

  g_assert_false (ZSTD_isError (length));
  for (gsize i = 0; i < length; i++)
    g_string_append_printf (sql, "%02x", (guint8) packed[i]);
  g_string_append_c (sql, '\'');
  put (f, id, "", body, TRUE);
  bodies_sql (f, sql->str);
  g_assert_cmpint (g_rename (dir, aside), ==, 0);
  back = get (f, id, "", &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (back, body));
  store_fixture_free (f);
}

static void
test_sections (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) header = text (1, 500);
  g_autoptr (GBytes) part = text (2, 5000);
  g_autoptr (GBytes) whole = text (3, 9000);
  GError *error = NULL;

  put (f, id, "HEADER", header, FALSE);
  put (f, id, "1.2", part, FALSE);
  g_assert_cmpint (state_of (f, id), ==, TERN_BODY_PARTIAL);
  g_assert_null (get (f, id, "", &error));
  g_assert_no_error (error);
  g_autoptr (GBytes) back = get (f, id, "1.2", &error);
  g_assert_true (g_bytes_equal (back, part));
  put (f, id, "", whole, FALSE);
  g_assert_cmpint (state_of (f, id), ==, TERN_BODY_HERE);
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_auto (GStrv) sections = tern_read_body_sections (reader, id, NULL);
  g_assert_cmpuint (g_strv_length (sections), ==, 3);
  g_assert_true (g_strv_contains ((const char *const *) sections, "HEADER"));
  store_read_end (f);
  TernTxn *txn = store_begin (f);
  g_assert_false (tern_txn_put_body (txn, 999, "", whole, FALSE, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_NOT_FOUND);
  g_clear_error (&error);
  store_rollback (f);
  store_fixture_free (f);
}

/* Equal bytes are kept once, and a copy of a message has its body. */
static void
test_shared (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId one = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernId two = store_add (f, f->inbox, 2, 2, TERN_FLAG_NONE);
  g_autoptr (GBytes) body = text (1, 5000);

  put (f, one, "", body, FALSE);
  put (f, two, "", body, FALSE);
  g_assert_cmpint (store_sql (f, "SELECT count (DISTINCT hash) FROM body_part"), ==, 1);
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) made = tern_txn_op_copy (txn, &one, 1, f->archive, NULL);
  g_autoptr (GArray) copies =
      tern_read_locations_by_message_id (tern_txn_reader (txn), f->account, "1@example.org", NULL);
  store_commit (f);
  g_autoptr (GBytes) back = get (f, g_array_index (copies, TernId, 1), "", NULL);
  g_assert_true (g_bytes_equal (back, body));
  store_fixture_free (f);
}

/* Rolled back: neither row nor bytes. */
static void
test_rolled_back (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) body = text (1, 5000);
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_put_body (txn, id, "", body, FALSE, NULL));
  store_rollback (f);
  g_assert_null (get (f, id, "", &error));
  g_assert_no_error (error);
  g_assert_cmpint (state_of (f, id), ==, TERN_BODY_ABSENT);
  put (f, id, "", body, FALSE);
  store_fixture_free (f);
}

/* The damaged copy is reported once, dropped, and can be put again. */
static void
assert_damage_heals (StoreFixture *f, TernId id, GBytes *body)
{
  GError *error = NULL;

  g_assert_null (get (f, id, "", &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_DAMAGED);
  g_assert_cmpint (tern_fault_get_scope (error), ==, TERN_SCOPE_MESSAGE);
  g_clear_error (&error);
  /* The writer has been told; a transaction behind that sees the row gone. */
  store_begin (f);
  store_commit (f);
  g_assert_cmpint (state_of (f, id), ==, TERN_BODY_ABSENT);
  g_assert_null (get (f, id, "", &error));
  g_assert_no_error (error);
  put (f, id, "", body, FALSE);
  g_autoptr (GBytes) back = get (f, id, "", &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (back, body));
}

static void
test_damaged_blob (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) body = text (1, 5000);

  put (f, id, "", body, FALSE);
  bodies_sql (f, "UPDATE body SET data = (SELECT substr (data, 1, 20) || x'00112233')");
  assert_damage_heals (f, id, body);
  bodies_sql (f, "UPDATE body SET size = 4999");
  assert_damage_heals (f, id, body);
  store_fixture_free (f);
}

static void
test_damaged_file (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) body = text (1, 500000);
  g_autofree char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, body);
  g_autofree char *name = g_strdup_printf ("bodies/%.2s/%s", hash, hash + 2);
  g_autofree char *path = store_path (f, name);

  put (f, id, "", body, TRUE);
  g_assert_true (g_file_set_contents (path, "not it", -1, NULL));
  assert_damage_heals (f, id, body);
  g_unlink (path);
  assert_damage_heals (f, id, body);
  store_fixture_free (f);
}

/* A power cut took the last batch of cached bytes, but not their row: fetch again, no error that
 * stays. */
static void
test_missing (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) body = text (1, 5000);
  GError *error = NULL;

  put (f, id, "", body, FALSE);
  bodies_sql (f, "DELETE FROM body");
  g_assert_null (get (f, id, "", &error));
  g_assert_no_error (error);
  store_begin (f);
  store_commit (f);
  g_assert_cmpint (state_of (f, id), ==, TERN_BODY_ABSENT);
  put (f, id, "", body, FALSE);
  g_autoptr (GBytes) back = get (f, id, "", &error);
  g_assert_nonnull (back);
  store_fixture_free (f);
}

/* The database of the bodies itself is damaged: put aside, everything is fetched again. */
static void
test_damaged_database (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GBytes) body = text (1, 5000);
  g_autofree char *path = store_path (f, "bodies.db");
  GError *error = NULL;

  put (f, id, "", body, FALSE);
  store_close (f);
  g_assert_true (
      g_file_set_contents (path, "This is not a database at all, not even nearly one.", -1, NULL));
  g_assert_true (store_open (f, &error));
  g_assert_no_error (error);
  g_assert_null (get (f, id, "", &error));
  g_assert_no_error (error);
  put (f, id, "", body, FALSE);
  g_autoptr (GBytes) back = get (f, id, "", &error);
  g_assert_nonnull (back);
  store_fixture_free (f);
}

static void
test_collect (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId keep = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernId lose = store_add (f, f->inbox, 2, 2, TERN_FLAG_NONE);
  g_autoptr (GBytes) small = text (1, 5000);
  g_autoptr (GBytes) large = text (2, 500000);
  g_autofree char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, large);
  g_autofree char *name = g_strdup_printf ("bodies/%.2s/%s", hash, hash + 2);
  g_autofree char *path = store_path (f, name);
  g_autoptr (GArray) gone = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 uid = 2;
  gboolean more = TRUE;

  put (f, keep, "", small, FALSE);
  put (f, lose, "", large, FALSE);
  g_array_append_val (gone, uid);
  TernTxn *txn = store_begin (f);
  g_assert_true (tern_txn_remove_uids (txn, f->inbox, gone, NULL));
  store_commit (f);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  for (guint i = 0; more; i++)
    {
      g_assert_cmpuint (i, <, 10);
      txn = store_begin (f);
      g_assert_true (tern_txn_collect_bodies (txn, 1, &more, NULL));
      store_commit (f);
    }
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_autoptr (GBytes) back = get (f, keep, "", NULL);
  g_assert_true (g_bytes_equal (back, small));
  store_fixture_free (f);
}

/* Message n is of minute n, and 1000 + n bytes long. */
static void
assert_wanted (StoreFixture *f,
               TernKeepRule rule,
               gboolean large,
               guint limit,
               const char *expected)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  GError *error = NULL;
  g_autoptr (GArray) wanted = tern_read_wanted_bodies (reader, &rule, large, limit, &error);
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_no_error (error);
  store_read_end (f);
  for (guint i = 0; i < wanted->len; i++)
    {
      g_autoptr (TernMessageRecord) record = store_message (f, g_array_index (wanted, TernId, i));

      g_string_append_printf (text, "%s%u", i > 0 ? " " : "", (guint) record->facts->size - 1000);
    }
  g_assert_cmpstr (text->str, ==, expected);
}

static TernId
trim (StoreFixture *f, TernKeepRule rule, guint limit, TernId cursor)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_trim_bodies (txn, &rule, limit, &cursor, &error));
  g_assert_no_error (error);
  store_commit (f);
  return cursor;
}

static void
test_keep (void)
{
  StoreFixture *f = store_fixture_new ();
  TernKeepRule rule = { .account = f->account, .since = G_MININT64 };
  g_autoptr (GBytes) body = text (1, 500);
  TernId ids[6];
  TernTxn *txn;

  for (guint i = 1; i < G_N_ELEMENTS (ids); i++)
    ids[i] = store_add (f, f->inbox, i, i, TERN_FLAG_NONE);
  store_add (f, f->trash, 9, 9, TERN_FLAG_NONE);
  assert_wanted (f, rule, FALSE, 100, "5 4 3 2 1");
  assert_wanted (f, rule, FALSE, 2, "5 4");
  rule.after = ids[3];
  assert_wanted (f, rule, FALSE, 100, "5 4");
  rule.after = 0;
  rule.max_size = 1003;
  assert_wanted (f, rule, FALSE, 100, "3 2 1");
  assert_wanted (f, rule, TRUE, 100, "5 4");
  for (guint i = 1; i < G_N_ELEMENTS (ids); i++)
    put (f, ids[i], i == 5 ? "1" : "", body, FALSE);
  assert_wanted (f, rule, FALSE, 100, "");
  assert_wanted (f, rule, TRUE, 100, "");
  rule.max_size = 0;
  assert_wanted (f, rule, FALSE, 100, "5");
  rule.account = 999;
  assert_wanted (f, rule, FALSE, 100, "");

  /* 2 is on its way to another folder, 4 is young enough. */
  rule.account = f->account;
  rule.since = 1700000000 + 4 * 60;
  assert_wanted (f, rule, FALSE, 100, "5");
  txn = store_begin (f);
  g_array_unref (tern_txn_op_move (txn, &ids[2], 1, f->archive, NULL));
  store_commit (f);
  g_assert_cmpint (trim (f, rule, 2, 0), !=, 0);
  g_assert_cmpint (state_of (f, ids[1]), ==, TERN_BODY_ABSENT);
  g_assert_cmpint (state_of (f, ids[3]), ==, TERN_BODY_HERE);
  g_assert_cmpint (trim (f, rule, 100, 0), ==, 0);
  g_assert_cmpint (state_of (f, ids[2]), ==, TERN_BODY_HERE);
  g_assert_cmpint (state_of (f, ids[3]), ==, TERN_BODY_ABSENT);
  g_assert_cmpint (state_of (f, ids[4]), ==, TERN_BODY_HERE);
  g_assert_cmpint (state_of (f, ids[5]), ==, TERN_BODY_PARTIAL);
  store_verify (f);
  store_fixture_free (f);
}

static void
assert_wordless (StoreFixture *f, TernId account, const char *expected)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  GError *error = NULL;
  g_autoptr (GArray) ids = tern_read_wordless (reader, account, 2, &error);
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_no_error (error);
  store_read_end (f);
  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf (text, "%s%" TERN_ID_FORMAT, i > 0 ? " " : "",
                            g_array_index (ids, TernId, i));
  g_assert_cmpstr (text->str, ==, expected);
}

/* Messages whose text is here, and who has looked at it? */
static void
test_wordless (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autoptr (GBytes) body = text (1, 500);
  g_autofree char *last = NULL;
  g_autofree char *both = NULL;
  TernId ids[3];
  TernTxn *txn;

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    ids[i] = store_add (f, f->inbox, i + 1, i, TERN_FLAG_NONE);
  assert_wordless (f, f->account, "");
  put (f, ids[0], "", body, FALSE);
  put (f, ids[2], "1", body, FALSE);
  both = g_strdup_printf ("%" TERN_ID_FORMAT " %" TERN_ID_FORMAT, ids[2], ids[0]);
  assert_wordless (f, f->account, both);
  assert_wordless (f, 999, "");
  put (f, ids[1], "", body, FALSE);
  txn = store_begin (f);
  g_assert_true (tern_txn_set_preview (txn, ids[2], "words", NULL));
  g_assert_true (tern_txn_set_preview (txn, ids[1], "", NULL));
  store_commit (f);
  last = g_strdup_printf ("%" TERN_ID_FORMAT, ids[0]);
  assert_wordless (f, f->account, last);
  store_verify (f);
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/bodies/sizes", test_sizes);
  g_test_add_func ("/store/bodies/same-message", test_same_message);
  g_test_add_func ("/store/bodies/large-blob", test_large_blob);
  g_test_add_func ("/store/bodies/sections", test_sections);
  g_test_add_func ("/store/bodies/shared", test_shared);
  g_test_add_func ("/store/bodies/rolled-back", test_rolled_back);
  g_test_add_func ("/store/bodies/damaged-blob", test_damaged_blob);
  g_test_add_func ("/store/bodies/damaged-file", test_damaged_file);
  g_test_add_func ("/store/bodies/missing", test_missing);
  g_test_add_func ("/store/bodies/damaged-database", test_damaged_database);
  g_test_add_func ("/store/bodies/collect", test_collect);
  g_test_add_func ("/store/bodies/keep", test_keep);
  g_test_add_func ("/store/bodies/wordless", test_wordless);
  return g_test_run ();
}
