/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"

#include <sys/resource.h>
#include <time.h>

/*
 * bench-store [ROWS…]: what the store needs for a folder of that many messages (100,000 and
 * 1,000,000 unless told otherwise). Prints a table; nothing passes or fails.
 */

#define BATCH  500
#define BODIES 20000

static double
thread_cpu (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static double
wall (void)
{
  return (double) g_get_monotonic_time () / 1e6;
}

/* As it comes from a FETCH of ENVELOPE, BODYSTRUCTURE and References: every fourth message begins a
 * thread, the others answer into the last eight. */
static TernMessageFacts *
make_facts (GRand *random, guint32 uid, guint32 total)
{
  TernMessageFacts *facts = tern_message_facts_new ();
  guint32 author = (guint32) g_rand_int_range (random, 0, 500);
  g_autofree char *name = g_strdup_printf ("Person Number %u", author);
  g_autofree char *address = g_strdup_printf ("person.%u@example.org", author);
  guint32 parent = uid + (guint32) g_rand_int_range (random, 1, 8);

  facts->uid = uid;
  facts->flags = uid % 10 == 0 ? TERN_FLAG_NONE : TERN_FLAG_SEEN;
  facts->received = facts->date = 1500000000 + (gint64) uid * 97;
  facts->size = (guint64) g_rand_int_range (random, 1500, 60000);
  g_free (facts->subject);
  facts->subject = g_strdup_printf ("Re: what became of matter %u in the meeting", uid / 5);
  facts->message_id = g_strdup_printf ("20260101.%08u.abcdef@mail.example.org", uid);
  if (uid % 4 != 0 && parent <= total)
    {
      facts->references = g_new0 (char *, 4);
      for (guint i = 0; i < 3; i++)
        facts->references[i] =
            g_strdup_printf ("20260101.%08u.abcdef@mail.example.org", uid - uid % 4 + i * 4);
      facts->in_reply_to = g_strdup (facts->references[2]);
    }
  g_ptr_array_add (facts->from, tern_address_new (name, address));
  g_ptr_array_add (facts->to, tern_address_new ("A List", "list@lists.example.org"));
  g_ptr_array_add (facts->cc, tern_address_new ("Somebody Else", "somebody@example.net"));
  facts->structure = tern_part_new ("1", "text", "plain");
  facts->structure->charset = g_strdup ("utf-8");
  facts->structure->size = facts->size;
  return facts;
}

typedef struct
{
  StoreFixture *fixture;
  GPtrArray *batch;
  double begin; /* CPU of the writer thread */
  double end;
  gboolean done;
} Fill;

static gboolean
fill_batch (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  Fill *fill = data;

  if (fill->begin == 0)
    fill->begin = thread_cpu ();
  for (guint i = 0; i < fill->batch->len; i++)
    if (tern_txn_add_message (txn, fill->fixture->inbox, g_ptr_array_index (fill->batch, i), FALSE,
                              error)
        == 0)
      return FALSE;
  /* The next one sees what the commit of this one took. */
  fill->end = thread_cpu ();
  return TRUE;
}

static void
filled_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Fill *fill = data;
  GError *error = NULL;

  tern_store_write_finish (fill->fixture->store, result, NULL, &error);
  g_assert_no_error (error);
  fill->done = TRUE;
}

static void
write_batch (Fill *fill)
{
  fill->done = FALSE;
  tern_store_write_async (fill->fixture->store, G_PRIORITY_DEFAULT, fill_batch, fill, NULL, NULL,
                          filled_cb, fill);
  while (!fill->done)
    g_main_context_iteration (NULL, TRUE);
  g_ptr_array_set_size (fill->batch, 0);
  g_ptr_array_set_size (fill->fixture->changes, 0);
}

/* Newest first, as sync does. */
static void
bench_insert (StoreFixture *fixture, guint32 total)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  Fill fill = { .fixture = fixture };
  double spent = 0;

  fill.batch = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_message_facts_unref);
  for (guint32 uid = total; uid > 0; uid--)
    {
      g_ptr_array_add (fill.batch, make_facts (random, uid, total));
      if (fill.batch->len == BATCH || uid == 1)
        {
          double before = wall ();

          write_batch (&fill);
          spent += wall () - before;
        }
    }
  write_batch (&fill);
  g_ptr_array_unref (fill.batch);
  g_print ("  insert                %8.2f s wall, %.2f s writer CPU, %.0f rows/s\n", spent,
           fill.end - fill.begin, total / spent);
}

static void
bench_keys (TernReader *reader, TernId folder, gsize limit, TernFilter filter, const char *name)
{
  double best = 1e9;
  guint found = 0;

  for (guint i = 0; i < 5; i++)
    {
      double before = wall ();
      g_autoptr (GArray) keys = tern_read_keys (reader, folder, filter, limit, NULL);

      best = MIN (best, wall () - before);
      found = keys->len;
    }
  g_print ("  %-21s %8.3f ms (%u)\n", name, best * 1e3, found);
}

static void
bench_pages (TernReader *reader, TernId folder)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (2);
  g_autoptr (GArray) keys = tern_read_keys (reader, folder, TERN_FILTER_ALL, 0, NULL);
  double sum = 0, worst = 0;
  const guint pages = 200;

  for (guint i = 0; i < pages; i++)
    {
      guint first = (guint) g_rand_int_range (random, 0, (gint32) keys->len - 50);
      g_autoptr (GPtrArray) records = NULL;
      TernId ids[50];
      double before, took;

      for (guint k = 0; k < 50; k++)
        ids[k] = g_array_index (keys, TernListKey, first + k).id;
      before = wall ();
      records = tern_read_messages (reader, ids, 50, NULL);
      took = wall () - before;
      g_assert_cmpuint (records->len, ==, 50);
      sum += took;
      worst = MAX (worst, took);
    }
  g_print ("  page of 50            %8.3f ms mean, %.3f ms worst of %u\n", sum / pages * 1e3,
           worst * 1e3, pages);
}

static void
bench_flags (StoreFixture *fixture, guint32 total)
{
  TernTxn *txn = store_begin (fixture);
  guint32 n = MIN (total, 20000);
  double before = wall ();

  for (guint32 uid = 1; uid <= n; uid++)
    g_assert_true (tern_txn_set_server_flags (txn, fixture->inbox, uid,
                                              TERN_FLAG_SEEN | TERN_FLAG_FLAGGED, NULL, 1, NULL));
  store_commit (fixture);
  g_print ("  %u server flags    %8.3f ms\n", n, (wall () - before) * 1e3);
}

static void
bench_rows (guint32 total)
{
  StoreFixture *fixture = store_fixture_new ();
  TernReader *reader;

  g_print ("%u messages in one folder\n", total);
  bench_insert (fixture, total);
  reader = store_read_begin (fixture, TERN_LANE_LIST);
  bench_keys (reader, fixture->inbox, 200, TERN_FILTER_ALL, "first 200 keys");
  bench_keys (reader, fixture->inbox, 0, TERN_FILTER_ALL, "all keys");
  bench_keys (reader, fixture->inbox, 0, TERN_FILTER_UNREAD, "all unread keys");
  bench_pages (reader, fixture->inbox);
  store_read_end (fixture);
  bench_flags (fixture, total);
  store_fixture_free (fixture);
}

/* Text that compresses about as mail does, sizes from a log-normal distribution. */
static GBytes *
make_body (GRand *random)
{
  GString *text = g_string_new ("MIME-Version: 1.0\r\n\r\n");
  double spread = 0;
  gsize want;

  for (guint i = 0; i < 12; i++)
    spread += g_rand_double (random);
  want = (gsize) (3000 * (1 << (int) CLAMP (spread - 4, 0, 6)));
  while (text->len < want)
    g_string_append_printf (text, "%x %s ", g_rand_int_range (random, 0, 4000),
                            g_rand_boolean (random) ? "and then the" : "of what was said");
  return g_string_free_to_bytes (text);
}

static void
bench_bodies (void)
{
  StoreFixture *fixture = store_fixture_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (TernId));
  double spent = 0, before;
  gsize bytes = 0;

  for (guint32 uid = 1; uid <= BODIES;)
    {
      TernTxn *txn = store_begin (fixture);

      for (guint i = 0; i < BATCH; i++, uid++)
        {
          g_autoptr (TernMessageFacts) facts = make_facts (random, uid, BODIES);
          TernId id = tern_txn_add_message (txn, fixture->inbox, facts, FALSE, NULL);
          g_autoptr (GBytes) body = make_body (random);

          bytes += g_bytes_get_size (body);
          before = wall ();
          g_assert_true (tern_txn_put_body (txn, id, "", body, FALSE, NULL));
          spent += wall () - before;
          g_array_append_val (ids, id);
        }
      before = wall ();
      store_commit (fixture);
      spent += wall () - before;
    }
  g_print ("%d bodies, mean %" G_GSIZE_FORMAT " bytes\n", BODIES, bytes / BODIES);
  g_print ("  put                   %8.2f s, %.0f/s\n", spent, BODIES / spent);
  TernReader *reader = store_read_begin (fixture, TERN_LANE_SLOW);
  before = wall ();
  for (guint i = 0; i < 2000; i++)
    {
      guint at = (guint) g_rand_int_range (random, 0, BODIES);
      g_autoptr (GBytes) body = tern_read_body (reader, g_array_index (ids, TernId, at), "", NULL);

      g_assert_nonnull (body);
    }
  g_print ("  read, any place       %8.3f ms each\n", (wall () - before) / 2000 * 1e3);
  store_read_end (fixture);
  store_fixture_free (fixture);
}

int
main (int argc, char **argv)
{
  struct rusage usage;

  if (argc == 1)
    {
      bench_rows (100000);
      bench_rows (1000000);
    }
  for (int i = 1; i < argc; i++)
    bench_rows ((guint32) g_ascii_strtoull (argv[i], NULL, 10));
  bench_bodies ();
  getrusage (RUSAGE_SELF, &usage);
  g_print ("largest resident size %ld MB\n", usage.ru_maxrss / 1024);
  return 0;
}
