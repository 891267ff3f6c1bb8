/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model-fixture.h"

#include "tern-message-list.h"

/*
 * bench-list [ROWS…]: opening, scrolling and changing a message list of that many rows (100,000 and
 * 1,000,000 unless told otherwise) over a real store, without a window. Prints a table; "held" is
 * the longest turn of the main loop.
 */

#define BATCH  2000
#define SCREEN 40

typedef struct
{
  EngineFixture *engine;
  TernId folder;
  TernMessageList *list;
  guint32 from;
  guint32 count;
  gint64 turn;    /* when the main loop was last seen turning */
  gint64 longest; /* microseconds */
  guint goal;
} Bench;

static double
milliseconds_since (gint64 start)
{
  return (double) (g_get_monotonic_time () - start) / 1000;
}

/* Iterates by hand, so that every turn can be timed. */
static double
run_until (Bench *self, gboolean (*condition) (Bench *self))
{
  gint64 start = g_get_monotonic_time ();

  self->longest = 0;
  while (!condition (self))
    {
      gint64 turn;

      while (!g_main_context_pending (NULL))
        if (condition (self))
          return milliseconds_since (start);
      turn = g_get_monotonic_time ();
      g_main_context_iteration (NULL, FALSE);
      self->longest = MAX (self->longest, g_get_monotonic_time () - turn);
    }
  return milliseconds_since (start);
}

static void
report (Bench *self, const char *what, double milliseconds)
{
  g_print ("  %-44s %9.2f ms   held %6.2f ms\n", what, milliseconds, (double) self->longest / 1000);
}

static void
write_messages (TernTxn *txn, gpointer data)
{
  Bench *self = data;

  for (guint32 i = 0; i < self->count; i++)
    model_add_message (txn, self->folder, self->from + i,
                       1500000000 + (gint64) (self->from + i) * 97, TERN_FLAG_SEEN);
}

static void
write_seen (TernTxn *txn, gpointer data)
{
  Bench *self = data;

  for (guint32 i = 0; i < self->count; i++)
    tern_txn_set_server_flags (txn, self->folder, self->from + i, TERN_FLAG_FLAGGED, NULL, 0, NULL);
}

static void
fill (Bench *self, guint32 rows)
{
  while (self->from <= rows)
    {
      self->count = MIN (BATCH, rows - self->from + 1);
      model_write (self->engine, write_messages, self);
      self->from += self->count;
    }
}

static gboolean
has_first (Bench *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->list)) > 0;
}

static gboolean
is_ready (Bench *self)
{
  return tern_message_list_is_ready (self->list);
}

static gboolean
has_goal (Bench *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->list)) == self->goal;
}

static TernMessage *rows[SCREEN];

static gboolean
is_screen_loaded (Bench *self)
{
  for (guint i = 0; i < SCREEN; i++)
    if (!tern_message_is_loaded (rows[i]))
      return FALSE;
  return TRUE;
}

static gboolean
is_top_flagged (Bench *self)
{
  return (tern_message_get_flags (rows[0]) & TERN_FLAG_FLAGGED) != 0;
}

static void
drop_screen (void)
{
  for (guint i = 0; i < SCREEN; i++)
    g_clear_object (&rows[i]);
}

static double
show_screen (Bench *self, guint position)
{
  drop_screen ();
  tern_message_list_set_visible (self->list, position, position + SCREEN - 1);
  for (guint i = 0; i < SCREEN; i++)
    rows[i] = g_list_model_get_item (G_LIST_MODEL (self->list), position + i);
  return run_until (self, is_screen_loaded);
}

static void
scroll (Bench *self, guint n)
{
  double total = 0, worst = 0;
  gint64 longest = 0;

  for (guint i = 0; i < 50; i++)
    {
      double one = show_screen (self, (guint) g_random_int_range (0, (gint32) (n - SCREEN)));

      total += one;
      worst = MAX (worst, one);
      longest = MAX (longest, self->longest);
    }
  self->longest = longest;
  report (self, "a screen at a random place, mean of 50", total / 50);
  report (self, "… the worst", worst);
}

static void
bench (guint32 n)
{
  Bench self = { .engine = engine_fixture_new (), .from = 1 };
  gint64 start;

  engine_fixture_open (self.engine, FALSE);
  self.folder =
      model_add_folder (self.engine, model_add_account (self.engine), "INBOX", TERN_ROLE_INBOX);
  fill (&self, n);
  g_print ("%u messages\n", n);

  self.list = tern_message_list_new (self.engine->engine, self.folder);
  report (&self, "open: first keys", run_until (&self, has_first));
  report (&self, "open: first screen filled", show_screen (&self, 0));
  report (&self, "open: all keys, after that", run_until (&self, is_ready));
  scroll (&self, n);

  show_screen (&self, 0);
  self.from = n;
  self.count = 1;
  start = g_get_monotonic_time ();
  model_write_later (self.engine, write_seen, &self);
  run_until (&self, is_top_flagged);
  report (&self, "a flag: from the writer to the row", milliseconds_since (start));

  self.from = n + 1;
  self.count = 500;
  self.goal = n + 500;
  start = g_get_monotonic_time ();
  model_write_later (self.engine, write_messages, &self);
  run_until (&self, has_goal);
  report (&self, "500 new messages: written and listed", milliseconds_since (start));

  drop_screen ();
  g_clear_object (&self.list);
  engine_fixture_free (self.engine);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  if (argc < 2)
    {
      bench (100000);
      bench (1000000);
    }
  for (int i = 1; i < argc; i++)
    bench ((guint32) MAX (g_ascii_strtoull (argv[i], NULL, 10), SCREEN + 1));
  return 0;
}
