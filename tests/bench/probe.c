/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A probe that the benches load into the real program with LD_PRELOAD: the program itself knows
 * nothing of it. It beats on the main loop every 2 ms and looks at the widgets from inside, and
 * writes to the file TERN_PROBE_LOG, one event a line, times in microseconds of the monotonic
 * clock:
 *
 *   start TIME                  the library was loaded
 *   gap TIME LENGTH WORK        the main loop was held for more than 16 ms, and for WORK of it
 *                               the thread was running
 *   rows TIME N LOADED          the message list's length changed, or its first row was filled
 *   star TIME STARRED           the first row is another one, or got or lost its star
 *   painted TIME N              the first frame after the first filled row was drawn
 */
#include "tern-store-messages.h"

#include <gtk/gtk.h>
#include <stdio.h>
#include <time.h>

#define BEAT_MS  2
#define LIMIT_US 16000

static FILE *out;
static gint64 last_beat;
static gint64 last_work;
static guint last_n = G_MAXUINT;
static gboolean was_filled;
static TernId first_id;
static gboolean was_starred;
static gboolean painted;

static void
after_paint (GdkFrameClock *clock, gpointer data)
{
  if (painted)
    return;
  painted = TRUE;
  fprintf (out, "painted %" G_GINT64_FORMAT " %u\n", g_get_monotonic_time (), last_n);
  fflush (out);
}

/* The message list is the one with the selection model of our own; the sidebar has GTK's. */
static GtkListView *
find_list (GtkWidget *widget)
{
  if (GTK_IS_LIST_VIEW (widget))
    {
      GtkSelectionModel *model = gtk_list_view_get_model (GTK_LIST_VIEW (widget));

      if (model != NULL && g_str_equal (G_OBJECT_TYPE_NAME (model), "TernSelection")
          && gtk_widget_get_mapped (widget))
        return GTK_LIST_VIEW (widget);
      return NULL;
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkListView *list = find_list (child);

      if (list != NULL)
        return list;
    }
  return NULL;
}

/* A message that has not come from the store has no record yet. */
static const TernMessageRecord *
get_first_record (GListModel *model)
{
  g_autoptr (GObject) message = g_list_model_get_item (model, 0);
  gpointer record = NULL;

  if (message != NULL)
    g_object_get (message, "record", &record, NULL);
  return record;
}

static void
look_at_star (const TernMessageRecord *record, gint64 now)
{
  gboolean starred = (record->flags & TERN_FLAG_FLAGGED) != 0;

  if (record->id == first_id && starred == was_starred)
    return;
  first_id = record->id;
  was_starred = starred;
  fprintf (out, "star %" G_GINT64_FORMAT " %d\n", now, starred);
  fflush (out);
}

static void
look (gint64 now)
{
  if (!gtk_is_initialized ())
    return;
  GListModel *windows = gtk_window_get_toplevels ();
  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWidget) window = g_list_model_get_item (windows, i);
      GtkListView *list = find_list (window);
      GtkSelectionModel *model = list != NULL ? gtk_list_view_get_model (list) : NULL;
      if (model == NULL)
        continue;
      guint n = g_list_model_get_n_items (G_LIST_MODEL (model));
      const TernMessageRecord *record = get_first_record (G_LIST_MODEL (model));
      gboolean filled = record != NULL;
      /* Before the rows: who has seen those finds this as well. */
      if (filled)
        look_at_star (record, now);
      if (n == last_n && filled == was_filled)
        return;
      last_n = n;
      fprintf (out, "rows %" G_GINT64_FORMAT " %u %d\n", now, n, filled);
      fflush (out);
      if (filled && !was_filled)
        g_signal_connect (gtk_widget_get_frame_clock (window), "after-paint",
                          G_CALLBACK (after_paint), NULL);
      was_filled = filled;
      return;
    }
}

/* How long this thread has been running on a processor. */
static gint64
get_work (void)
{
  struct timespec work;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &work);
  return (gint64) work.tv_sec * G_USEC_PER_SEC + work.tv_nsec / 1000;
}

static gboolean
beat (gpointer data)
{
  gint64 now = g_get_monotonic_time ();
  if (last_beat != 0 && now - last_beat > LIMIT_US)
    {
      fprintf (out, "gap %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", now,
               now - last_beat, get_work () - last_work);
      fflush (out);
    }
  look (now);
  last_beat = g_get_monotonic_time ();
  last_work = get_work ();
  return G_SOURCE_CONTINUE;
}

__attribute__ ((constructor)) static void
probe_start (void)
{
  const char *path = g_getenv ("TERN_PROBE_LOG");
  if (path == NULL || (out = fopen (path, "we")) == NULL)
    return;
  /* Children (the web process, a helper of GIO) are not what is measured. */
  g_unsetenv ("LD_PRELOAD");
  g_unsetenv ("TERN_PROBE_LOG");
  fprintf (out, "start %" G_GINT64_FORMAT "\n", g_get_monotonic_time ());
  fflush (out);
  g_timeout_add_full (G_PRIORITY_HIGH, BEAT_MS, beat, NULL, NULL);
}
