/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-call.h"

#include "tern-fault.h"

#include <glib/gi18n.h>

struct _TernCall
{
  GTask *task;               /* (owned) (thread: caller) */
  GMainContext *caller;      /* (owned) */
  GCancellable *cancellable; /* (owned) (nullable) */
  int priority;
  TernCallRun run;
  gpointer request;
  GDestroyNotify request_free; /* (nullable) */
  gpointer result;
  GDestroyNotify result_free; /* (nullable) */
  GError *error;              /* (nullable) (owned) */
};

/* The way there. Apart from the call, because the call may be back and gone before the source that
 * carried it is destroyed. */
typedef struct
{
  TernCall *call; /* NULL once the callee has it */
} Departure;

static gboolean
call_deliver (gpointer data)
{
  TernCall *call = data;
  if (call->error != NULL)
    g_task_return_error (call->task, g_steal_pointer (&call->error));
  else
    g_task_return_pointer (call->task, g_steal_pointer (&call->result), call->result_free);
  return G_SOURCE_REMOVE;
}

/* In the caller's context, or wherever that context is destroyed. */
static void
call_free (gpointer data)
{
  TernCall *call = data;
  if (call->result != NULL && call->result_free != NULL)
    call->result_free (call->result);
  g_clear_error (&call->error);
  g_object_unref (call->task);
  g_clear_object (&call->cancellable);
  g_main_context_unref (call->caller);
  g_free (call);
}

/* The other thread may carry out what is attached, and end its context, before this one has let go
 * of the source; GLib would then take the lock of a context that is gone. */
static void
attach (GMainContext *context,
        int priority,
        GSourceFunc func,
        gpointer data,
        GDestroyNotify destroy)
{
  g_autoptr (GMainContext) held = g_main_context_ref (context);
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, priority);
  g_source_set_callback (source, func, data, destroy);
  g_source_attach (source, held);
}

static void
call_send_back (TernCall *call)
{
  if (call->request_free != NULL)
    call->request_free (g_steal_pointer (&call->request));

  attach (call->caller, call->priority, call_deliver, call, call_free);
}

static gboolean
call_run (gpointer data)
{
  Departure *departure = data;
  TernCall *call = g_steal_pointer (&departure->call);
  call->run (call, call->request);
  return G_SOURCE_REMOVE;
}

static void
departure_free (gpointer data)
{
  Departure *departure = data;
  /* The callee's context went away before it looked at the call. */
  if (departure->call != NULL)
    tern_call_return_error (departure->call, tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped.")));
  g_free (departure);
}

void
tern_call_start (GTask *task,
                 GMainContext *callee,
                 int priority,
                 TernCallRun run,
                 gpointer request,
                 GDestroyNotify request_free)
{
  TernCall *call = g_new0 (TernCall, 1);
  call->task = task;
  call->caller = g_main_context_ref (g_task_get_context (task));
  if (g_task_get_cancellable (task) != NULL)
    call->cancellable = g_object_ref (g_task_get_cancellable (task));
  call->priority = priority;
  call->run = run;
  call->request = request;
  call->request_free = request_free;

  /* A result must arrive even when the cancellable fires meanwhile: the callee decides. */
  g_task_set_check_cancellable (task, FALSE);

  Departure *departure = g_new0 (Departure, 1);
  departure->call = call;

  attach (callee, priority, call_run, departure, departure_free);
}

gpointer
tern_call_get_request (TernCall *call)
{
  return call->request;
}

GCancellable *
tern_call_get_cancellable (TernCall *call)
{
  return call->cancellable;
}

void
tern_call_return (TernCall *call, gpointer result, GDestroyNotify result_free)
{
  call->result = result;
  call->result_free = result_free;
  call_send_back (call);
}

void
tern_call_return_error (TernCall *call, GError *error)
{
  call->error = error;
  call_send_back (call);
}
