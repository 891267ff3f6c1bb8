/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernWorker:
 *
 * A thread with its own main context: the only place in Tern where a thread is made. Objects that
 * are created on a worker use its thread-default context and never leave it. The owner must await
 * tern_worker_shutdown_async() before it drops the last reference; the worker finishes what is
 * queued before it ends.
 *
 * Thread: any thread may invoke; shutdown belongs to the thread that created the worker.
 */
typedef struct _TernWorker TernWorker;

TernWorker *tern_worker_new (const char *name);
/* One that stands further behind the window, as all pool threads of GLib's do: for what nobody
 * waits for with the eye on the screen. */
TernWorker *tern_worker_new_niced (const char *name);
TernWorker *tern_worker_ref (TernWorker *self);
void tern_worker_unref (TernWorker *self);

GMainContext *tern_worker_get_context (TernWorker *self);
gboolean tern_worker_is_current (TernWorker *self);

/* Runs @func (data) once on the worker, in the order of the calls at equal @priority
 * (G_PRIORITY_DEFAULT and so on). Refused (data destroyed, FALSE) after shutdown began. */
gboolean tern_worker_invoke (TernWorker *self,
                             int priority,
                             GFunc func,
                             gpointer data,
                             GDestroyNotify destroy);

void
tern_worker_shutdown_async (TernWorker *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean tern_worker_shutdown_finish (TernWorker *self, GAsyncResult *result, GError **error);

/* The first line of every function that must run in @context (a GMainContext). */
#define TERN_ASSERT_CONTEXT(context) g_assert (g_main_context_is_owner (context))

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernWorker, tern_worker_unref)

G_END_DECLS
