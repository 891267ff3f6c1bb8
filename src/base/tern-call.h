/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernCall:
 *
 * One request that crosses from the caller's context to another one and comes back. The GTask is
 * made, completed and released only in the caller's context; the callee sees the request, fills in
 * a result and hands the whole call back with tern_call_return() or tern_call_return_error(), now
 * or later, from its own context. So no GTask and no object of the caller ever enters a worker.
 *
 * Requests and results must be things that may cross: ids, strings, GBytes, immutable records.
 */
typedef struct _TernCall TernCall;

typedef void (*TernCallRun) (TernCall *call, gpointer request);

/* @task: (transfer full), made in the caller's context. @request is freed by @request_free in the
 * callee's context after the return. @run is invoked in @callee. */
void tern_call_start (GTask *task,
                      GMainContext *callee,
                      int priority,
                      TernCallRun run,
                      gpointer request,
                      GDestroyNotify request_free);

gpointer tern_call_get_request (TernCall *call);

/* (nullable) (transfer none): the caller's cancellable; thread-safe to test. */
GCancellable *tern_call_get_cancellable (TernCall *call);

/* Both take the call; it must not be touched afterwards. The result is what
 * g_task_propagate_pointer() gives the caller. */
void tern_call_return (TernCall *call, gpointer result, GDestroyNotify result_free);
void tern_call_return_error (TernCall *call, GError *error);

G_END_DECLS
