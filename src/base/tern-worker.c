/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-worker.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#define NICENESS 10

typedef enum
{
  WORKER_RUNNING,
  WORKER_STOPPING, /* nothing new is taken, what is queued still runs */
  WORKER_STOPPED,
} WorkerState;

struct _TernWorker
{
  gatomicrefcount refs;
  GMainContext *context; /* (owned) */
  GThread *thread;       /* (owned); joined when the shutdown ends */
  gboolean niced;
  GMutex lock;
  WorkerState state; /* (lock: lock) */
  gboolean quit;     /* (thread: worker) */
};

typedef struct
{
  GFunc func;
  gpointer data;
  GDestroyNotify destroy; /* (nullable) */
} Job;

static gboolean
job_run (gpointer data)
{
  Job *job = data;
  job->func (job->data, NULL);
  return G_SOURCE_REMOVE;
}

static void
job_free (gpointer data)
{
  Job *job = data;
  if (job->destroy != NULL)
    job->destroy (job->data);
  g_free (job);
}

/* Where cores are few, the window goes first. A failure costs smoothness only. */
static void
step_back (gboolean niced)
{
  (void) pthread_setschedparam (pthread_self (), SCHED_BATCH, &(struct sched_param){ 0 });
  if (niced) /* of this thread alone: Linux keeps it by thread */
    (void) setpriority (PRIO_PROCESS, 0, getpriority (PRIO_PROCESS, 0) + NICENESS);
}

static void
do_nothing (gpointer data, gpointer user_data)
{
}

static gpointer
make_pool (gpointer data)
{
  step_back (TRUE);
  g_thread_pool_free (g_thread_pool_new (do_nothing, NULL, 1, FALSE, NULL), FALSE, TRUE);
  return NULL;
}

/* GLib starts all pool threads (GTask's, a resolver's, a TLS handshake's) as the thread was that
 * made the first pool of the program. If that was the window's, a niced worker that needs one would
 * ask for more than its own share, which only root may. So the first pool is made here, before
 * main() can make one: everybody may step back. */
static void __attribute__ ((constructor)) prepare_pools (void)
{
  g_thread_join (g_thread_new ("tern-pools", make_pool, NULL));
}

static gpointer
worker_thread (gpointer data)
{
  TernWorker *self = data;

  step_back (self->niced);
  g_main_context_push_thread_default (self->context);
  while (!self->quit)
    g_main_context_iteration (self->context, TRUE);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static TernWorker *
worker_new (const char *name, gboolean niced)
{
  TernWorker *self = g_new0 (TernWorker, 1);

  self->niced = niced;
  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->context = g_main_context_new ();
  self->thread = g_thread_new (name, worker_thread, self);
  return self;
}

TernWorker *
tern_worker_new (const char *name)
{
  return worker_new (name, FALSE);
}

TernWorker *
tern_worker_new_niced (const char *name)
{
  return worker_new (name, TRUE);
}

TernWorker *
tern_worker_ref (TernWorker *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
tern_worker_unref (TernWorker *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  /* The thread uses self: an owner that skipped the shutdown has a bug that would end in memory
   * used after it was freed, so say it here. */
  g_assert (self->state == WORKER_STOPPED);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_free (self);
}

GMainContext *
tern_worker_get_context (TernWorker *self)
{
  return self->context;
}

gboolean
tern_worker_is_current (TernWorker *self)
{
  return self->thread == g_thread_self ();
}

static void
worker_attach (TernWorker *self, int priority, GFunc func, gpointer data, GDestroyNotify destroy)
{
  Job *job = g_new0 (Job, 1);
  job->func = func;
  job->data = data;
  job->destroy = destroy;

  g_autoptr (GSource) source = g_idle_source_new ();
  g_source_set_priority (source, priority);
  g_source_set_callback (source, job_run, job, job_free);
  g_source_attach (source, self->context);
}

gboolean
tern_worker_invoke (TernWorker *self,
                    int priority,
                    GFunc func,
                    gpointer data,
                    GDestroyNotify destroy)
{
  g_mutex_lock (&self->lock);
  gboolean taken = self->state == WORKER_RUNNING;
  if (taken)
    worker_attach (self, priority, func, data, destroy);
  g_mutex_unlock (&self->lock);

  if (!taken && destroy != NULL)
    destroy (data);
  return taken;
}

typedef struct
{
  TernWorker *worker; /* (owned) */
  GTask *task;        /* (owned); touched in the caller's context only */
} Shutdown;

/* Back in the caller's context: the thread is at its end, joining it does not wait. */
static gboolean
shutdown_done (gpointer data)
{
  Shutdown *shutdown = data;
  g_thread_join (shutdown->worker->thread);
  g_mutex_lock (&shutdown->worker->lock);
  shutdown->worker->state = WORKER_STOPPED;
  g_mutex_unlock (&shutdown->worker->lock);

  g_task_return_boolean (shutdown->task, TRUE);
  g_object_unref (shutdown->task);
  tern_worker_unref (shutdown->worker);
  g_free (shutdown);
  return G_SOURCE_REMOVE;
}

static void
shutdown_last_job (gpointer data, gpointer unused)
{
  Shutdown *shutdown = data;
  shutdown->worker->quit = TRUE;

  g_autoptr (GSource) source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, shutdown_done, shutdown, NULL);
  g_source_attach (source, g_task_get_context (shutdown->task));
}

void
tern_worker_shutdown_async (TernWorker *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (task, tern_worker_shutdown_async);

  g_mutex_lock (&self->lock);
  g_assert (self->state == WORKER_RUNNING);
  self->state = WORKER_STOPPING;
  Shutdown *shutdown = g_new0 (Shutdown, 1);
  shutdown->worker = tern_worker_ref (self);
  shutdown->task = task;
  /* Lowest priority: everything that was queued before runs first. */
  worker_attach (self, G_MAXINT, shutdown_last_job, shutdown, NULL);
  g_mutex_unlock (&self->lock);
}

gboolean
tern_worker_shutdown_finish (TernWorker *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
