/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tern-call.h"
#include "tern-fault.h"
#include "tern-worker.h"

#include <sys/resource.h>
#include <unistd.h>

typedef struct
{
  TernWorker *worker;
  GMainLoop *loop;
  GThread *home;
  guint done;
} Fixture;

static void
stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_assert_true (tern_worker_shutdown_finish (fixture->worker, result, NULL));
  g_assert_true (g_thread_self () == fixture->home);
  g_main_loop_quit (fixture->loop);
}

static void
setup (Fixture *fixture, gconstpointer data)
{
  fixture->worker = tern_worker_new ("test");
  fixture->loop = g_main_loop_new (NULL, FALSE);
  fixture->home = g_thread_self ();
}

static void
stop (Fixture *fixture)
{
  tern_worker_shutdown_async (fixture->worker, stopped_cb, fixture);
  g_main_loop_run (fixture->loop);
}

static void
teardown (Fixture *fixture, gconstpointer data)
{
  tern_worker_unref (fixture->worker);
  g_main_loop_unref (fixture->loop);
}

static void
append_number (gpointer data, gpointer unused)
{
  gpointer *pair = data;
  g_array_append_vals (pair[0], &(guint){ GPOINTER_TO_UINT (pair[1]) }, 1);
}

static void
test_order_and_drain (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GArray) seen = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < 1000; i++)
    {
      gpointer *pair = g_new (gpointer, 2);
      pair[0] = seen;
      pair[1] = GUINT_TO_POINTER (i);
      g_assert_true (
          tern_worker_invoke (fixture->worker, G_PRIORITY_DEFAULT, append_number, pair, g_free));
    }
  stop (fixture); /* what was queued runs first */
  g_assert_cmpuint (seen->len, ==, 1000);
  for (guint i = 0; i < seen->len; i++)
    g_assert_cmpuint (g_array_index (seen, guint, i), ==, i);
}

static void
count_destroy (gpointer data)
{
  (*(guint *) data)++;
}

G_NORETURN static void
must_not_run (gpointer data, gpointer unused)
{
  g_assert_not_reached ();
}

static void
test_refused_after_shutdown (Fixture *fixture, gconstpointer data)
{
  guint destroyed = 0;
  stop (fixture);
  g_assert_false (tern_worker_invoke (fixture->worker, G_PRIORITY_DEFAULT, must_not_run, &destroyed,
                                      count_destroy));
  g_assert_cmpuint (destroyed, ==, 1);
}

/* A call adds one to a number in the worker; odd numbers fail. */
static void
add_one (TernCall *call, gpointer request)
{
  guint number = *(guint *) request;
  if (number % 2 == 1)
    tern_call_return_error (call, tern_fault_new (TERN_FAULT_REFUSED, "odd"));
  else
    {
      guint *result = g_new (guint, 1);
      *result = number + 1;
      tern_call_return (call, result, g_free);
    }
}

#define N_CALLS 2000

static void
call_done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree guint *value = g_task_propagate_pointer (G_TASK (result), &error);
  guint number = GPOINTER_TO_UINT (g_task_get_task_data (G_TASK (result)));
  g_assert_true (g_thread_self () == fixture->home);
  if (number % 2 == 1)
    g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
  else
    g_assert_cmpuint (*value, ==, number + 1);
  if (++fixture->done == N_CALLS)
    g_main_loop_quit (fixture->loop);
}

static void
start_call (Fixture *fixture, guint number)
{
  GTask *task = g_task_new (NULL, NULL, call_done_cb, fixture);
  g_task_set_task_data (task, GUINT_TO_POINTER (number), NULL);
  guint *request = g_new (guint, 1);
  *request = number;
  tern_call_start (task, tern_worker_get_context (fixture->worker), G_PRIORITY_DEFAULT, add_one,
                   request, g_free);
}

static void
test_call_storm (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < N_CALLS; i++)
    start_call (fixture, i);
  g_main_loop_run (fixture->loop);
  g_assert_cmpuint (fixture->done, ==, N_CALLS);
  stop (fixture);
}

static void
dropped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  guint *done = user_data;
  g_autoptr (GError) error = NULL;
  g_assert_null (g_task_propagate_pointer (G_TASK (result), &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_CANCELLED);
  (*done)++;
}

static void
test_call_to_a_context_that_ends (void)
{
  guint done = 0;
  GMainContext *callee = g_main_context_new ();
  GTask *task = g_task_new (NULL, NULL, dropped_cb, &done);
  tern_call_start (task, callee, G_PRIORITY_DEFAULT, add_one, g_new0 (guint, 1), g_free);
  g_main_context_unref (callee);
  while (done == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (done, ==, 1);
}

static void
note_niceness (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_int (task, getpriority (PRIO_PROCESS, 0));
}

static void
niceness_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  int *niceness = user_data;

  niceness[1] = (int) g_task_propagate_int (G_TASK (result), NULL);
  g_atomic_int_set (&niceness[2], TRUE);
  g_main_context_wakeup (NULL);
}

static void
start_in_pool (gpointer data, gpointer unused)
{
  int *niceness = data;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, niceness_cb, data);

  niceness[0] = getpriority (PRIO_PROCESS, 0);
  g_task_run_in_thread (task, note_niceness);
}

/* A worker that stands back may have something done in a pool thread, and that stands back as well;
 * GLib says so with a critical when an ordinary user may not. */
static void
test_pool_stands_back (void)
{
  Fixture fixture = { 0 };
  int niceness[3] = { 0, 0, FALSE };
  int own = getpriority (PRIO_PROCESS, 0);

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  if (geteuid () == 0)
    g_assert_cmpint (setresuid (65534, 65534, 65534), ==, 0);
  /* As the window does before it opens an account. */
  g_object_unref (g_task_new (NULL, NULL, NULL, NULL));
  fixture.loop = g_main_loop_new (NULL, FALSE);
  fixture.home = g_thread_self ();
  fixture.worker = tern_worker_new_niced ("niced");
  tern_worker_invoke (fixture.worker, G_PRIORITY_DEFAULT, start_in_pool, niceness, NULL);
  while (!g_atomic_int_get (&niceness[2]))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (niceness[0], >, own);
  g_assert_cmpint (niceness[1], ==, niceness[0]);
  stop (&fixture);
  teardown (&fixture, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/base/worker/order-and-drain", Fixture, NULL, setup, test_order_and_drain, teardown);
  g_test_add ("/base/worker/refused-after-shutdown", Fixture, NULL, setup,
              test_refused_after_shutdown, teardown);
  g_test_add ("/base/call/storm", Fixture, NULL, setup, test_call_storm, teardown);
  g_test_add_func ("/base/call/callee-ends", test_call_to_a_context_that_ends);
  g_test_add_func ("/base/worker/pool-stands-back", test_pool_stands_back);
  return g_test_run ();
}
