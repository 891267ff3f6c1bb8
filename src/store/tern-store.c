/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store.h"

#include "tern-body-store.h"
#include "tern-rescue-private.h"
#include "tern-store-listeners-private.h"
#include "tern-store-open-private.h"
#include "tern-store-private.h"

#include "tern-call.h"
#include "tern-fault.h"
#include "tern-worker.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

/* SQLite's virtual machine steps between two looks at the cancellable of a slow read. */
#define CANCEL_STEPS 20000

typedef enum
{
  STORE_NEW,
  STORE_OPENING,
  STORE_OPEN,
  STORE_CLOSING,
  STORE_CLOSED,
} StoreState;

struct _TernStore
{
  char *dir;
  GMutex lock;
  StoreState state;         /* (lock: lock) */
  TernWorker *writer;       /* (owned) (nullable) */
  TernWorker *readers[2];   /* (owned) (nullable) */
  TernStoreFiles files;     /* files.writer and counters (thread: writer), lanes (thread: theirs) */
  TernListeners *listeners; /* (owned) */
};

TernStore *
tern_store_new (const char *dir)
{
  TernStore *self = g_atomic_rc_box_new0 (TernStore);

  self->dir = g_strdup (dir);
  self->files.lock = -1;
  self->listeners = tern_listeners_new ();
  g_mutex_init (&self->lock);
  return self;
}

TernStore *
tern_store_ref (TernStore *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
store_clear (gpointer data)
{
  TernStore *self = data;

  g_assert (self->writer == NULL && self->readers[0] == NULL && self->readers[1] == NULL);
  tern_listeners_free (self->listeners);
  g_mutex_clear (&self->lock);
  g_free (self->dir);
}

void
tern_store_unref (TernStore *self)
{
  g_atomic_rc_box_release_full (self, store_clear);
}

guint
tern_store_add_listener (TernStore *self,
                         GMainContext *context,
                         TernStoreListener func,
                         gpointer user_data,
                         GDestroyNotify destroy)
{
  return tern_listeners_add (self->listeners, context, func, user_data, destroy);
}

void
tern_store_remove_listener (TernStore *self, guint id)
{
  tern_listeners_remove (self->listeners, id);
}

static gboolean
store_change_state (TernStore *self, StoreState from, StoreState to)
{
  gboolean right;

  g_mutex_lock (&self->lock);
  right = self->state == from;
  if (right)
    self->state = to;
  g_mutex_unlock (&self->lock);
  return right;
}

static GError *
fault_not_open (void)
{
  return tern_fault_new (TERN_FAULT_CANCELLED, _ ("The mail on this disk is not open."));
}

/* Ending: the readers first, then the files on the writer, then the writer. Also the way out of an
 * open that failed. */

typedef enum
{
  END_LIST_READER,
  END_SLOW_READER,
  END_FILES,
  END_WRITER,
  END_DONE,
} EndStep;

typedef struct
{
  TernStore *store;
  EndStep step;
  GTask *task;   /* of close or open */
  GError *error; /* (nullable): what open failed with */
} End;

static void end_advance (End *end);

static void
end_free (End *end)
{
  tern_store_unref (end->store);
  g_object_unref (end->task);
  g_free (end);
}

static void
worker_ended_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  End *end = data;
  TernStore *self = end->store;
  TernWorker **workers[] = { &self->readers[0], &self->readers[1], NULL, &self->writer };
  TernWorker **worker = workers[end->step];

  tern_worker_shutdown_finish (*worker, result, NULL);
  g_clear_pointer (worker, tern_worker_unref);
  end->step++;
  end_advance (end);
}

static void
close_files (TernCall *call, gpointer request)
{
  TernStore *self = request;

  tern_store_files_close (&self->files);
  tern_call_return (call, NULL, NULL);
}

static void
files_closed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  End *end = data;

  g_task_propagate_pointer (G_TASK (result), NULL);
  end->step++;
  end_advance (end);
}

static void
end_advance (End *end)
{
  TernStore *self = end->store;
  GTask *task;

  switch (end->step)
    {
    case END_LIST_READER:
    case END_SLOW_READER:
      tern_worker_shutdown_async (self->readers[end->step], worker_ended_cb, end);
      return;
    case END_FILES:
      task = g_task_new (NULL, NULL, files_closed_cb, end);
      g_task_set_source_tag (task, tern_store_close_async);
      /* Lowest priority: every write that was asked for before is done first. */
      tern_call_start (task, tern_worker_get_context (self->writer), G_MAXINT, close_files, self,
                       NULL);
      return;
    case END_WRITER:
      tern_worker_shutdown_async (self->writer, worker_ended_cb, end);
      return;
    case END_DONE:
      store_change_state (self, STORE_CLOSING, STORE_CLOSED);
      if (end->error != NULL)
        g_task_return_error (end->task, g_steal_pointer (&end->error));
      else
        g_task_return_boolean (end->task, TRUE);
      end_free (end);
      return;
    }
}

static void
end_start (TernStore *self, GTask *task, GError *error)
{
  End *end = g_new0 (End, 1);

  end->store = tern_store_ref (self);
  end->task = task;
  end->error = error;
  end_advance (end);
}

void
tern_store_close_async (TernStore *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);

  g_task_set_source_tag (task, tern_store_close_async);
  if (store_change_state (self, STORE_OPEN, STORE_CLOSING))
    {
      end_start (self, task, NULL);
      return;
    }
  /* Never opened, or closed already: nothing to do. */
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

gboolean
tern_store_close_finish (TernStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Opening. */

static void
open_run (TernCall *call, gpointer request)
{
  TernStore *self = request;
  TernStoreOutcome outcome;
  GError *error = NULL;

  if (tern_store_files_open (&self->files, self, self->dir, &outcome, &error))
    tern_call_return (call, GINT_TO_POINTER (outcome), NULL);
  else
    tern_call_return_error (call, error);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  TernStore *self = g_task_get_task_data (task);
  GError *error = NULL;
  int outcome = GPOINTER_TO_INT (g_task_propagate_pointer (G_TASK (result), &error));

  if (error != NULL)
    {
      store_change_state (self, STORE_OPENING, STORE_CLOSING);
      end_start (self, task, error);
      return;
    }
  store_change_state (self, STORE_OPENING, STORE_OPEN);
  g_task_return_int (task, outcome);
  g_object_unref (task);
}

void
tern_store_open_async (TernStore *self,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  GTask *inner;

  g_task_set_source_tag (task, tern_store_open_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, tern_store_ref (self), (GDestroyNotify) tern_store_unref);
  if (!store_change_state (self, STORE_NEW, STORE_OPENING)
      && !store_change_state (self, STORE_CLOSED, STORE_OPENING))
    {
      g_task_return_error (
          task, tern_fault_new (TERN_FAULT_INTERNAL, _ ("The mail on this disk is open already.")));
      g_object_unref (task);
      return;
    }
  self->writer = tern_worker_new_niced ("tern-writer");
  self->readers[TERN_LANE_LIST] = tern_worker_new ("tern-list");
  self->readers[TERN_LANE_SLOW] = tern_worker_new_niced ("tern-slow");
  inner = g_task_new (NULL, cancellable, opened_cb, task);
  g_task_set_source_tag (inner, tern_store_open_async);
  tern_call_start (inner, tern_worker_get_context (self->writer), G_PRIORITY_DEFAULT, open_run,
                   self, NULL);
}

gboolean
tern_store_open_finish (TernStore *self,
                        GAsyncResult *result,
                        TernStoreOutcome *outcome,
                        GError **error)
{
  gssize value = g_task_propagate_int (G_TASK (result), error);

  if (value < 0)
    return FALSE;
  if (outcome != NULL)
    *outcome = (TernStoreOutcome) value;
  return TRUE;
}

/* Writing and reading. */

typedef struct
{
  TernStore *store; /* (owned) */
  TernStoreWrite write;
  TernStoreRead read;
  TernLane lane;
  gpointer data;
  GDestroyNotify data_free;   /* (nullable) */
  GDestroyNotify result_free; /* (nullable) */
} Request;

static void
request_free (gpointer pointer)
{
  Request *request = pointer;

  if (request->data_free != NULL)
    request->data_free (request->data);
  tern_store_unref (request->store);
  g_free (request);
}

static void
note_damage (TernReader *reader)
{
  if (tern_db_is_damaged (reader->db))
    tern_rescue_mark (reader->db_path);
  tern_bodies_note_damage (reader->bodies);
}

/* After the commit: what it drops from the body store is dropped, once the rows that named it are
 * gone for good. Failing is harmless: the next walk finds it again. */
static void
drop_doomed (TernTxn *txn)
{
  for (guint i = 0; i < txn->spent->len; i++)
    g_unlink (g_ptr_array_index (txn->spent, i));
  if (txn->doomed->len == 0 || !tern_db_sync (txn->reader.db, NULL))
    return;
  for (guint i = 0; i < txn->doomed->len; i++)
    tern_bodies_drop (txn->reader.bodies, g_ptr_array_index (txn->doomed, i), NULL);
}

static gboolean
run_transaction (TernStore *self, TernTxn *txn, Request *request, gpointer *result, GError **error)
{
  TernStoreFiles *files = &self->files;

  if (!tern_txn_begin (txn, files->writer.db, files->writer.bodies, self, &files->counters, error))
    return FALSE;
  if (request->write (txn, request->data, result, error) && tern_txn_commit (txn, error))
    return TRUE;
  tern_txn_rollback (txn);
  return FALSE;
}

/* What is committed is committed: everybody reads it from now on, so it is never reported as
 * failed, or it would be done twice. A disk that did not confirm is told of by itself. */
static void
finish_transaction (TernStore *self, TernTxn *txn)
{
  g_autoptr (GError) error = NULL;

  self->files.counters = txn->counters;
  if (!tern_txn_sync (txn, &error))
    g_warning ("A change is stored, but the disk did not confirm it; a loss of power may undo "
               "it: %s",
               error->message);
  if (tern_txn_has_changes (txn))
    tern_listeners_tell (self->listeners, txn->changes);
  drop_doomed (txn);
}

static void
write_run (TernCall *call, gpointer pointer)
{
  Request *request = pointer;
  TernStore *self = request->store;
  GDestroyNotify result_free = request->result_free;
  gpointer result = NULL;
  GError *error = NULL;
  TernTxn txn = { 0 };

  if (run_transaction (self, &txn, request, &result, &error))
    {
      finish_transaction (self, &txn);
      tern_txn_clear (&txn);
      note_damage (&self->files.writer);
      tern_call_return (call, result, result_free);
      return;
    }
  tern_txn_clear (&txn);
  note_damage (&self->files.writer);
  if (result != NULL && result_free != NULL)
    result_free (result);
  if (error == NULL)
    error = tern_fault_new (TERN_FAULT_INTERNAL, _ ("A change to the mail failed without a word."));
  tern_call_return_error (call, error);
}

static int
look_at_cancellable (gpointer data)
{
  return g_cancellable_is_cancelled (data);
}

static gboolean
run_read (TernReader *reader,
          Request *request,
          GCancellable *cancellable,
          gpointer *result,
          GError **error)
{
  gboolean ok;

  if (g_cancellable_is_cancelled (cancellable))
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_CANCELLED, _ ("Reading was stopped.")));
      return FALSE;
    }
  if (!tern_db_exec (reader->db, "BEGIN", error))
    return FALSE;
  sqlite3_progress_handler (tern_db_get_handle (reader->db), CANCEL_STEPS,
                            cancellable != NULL ? look_at_cancellable : NULL, cancellable);
  ok = request->read (reader, request->data, cancellable, result, error);
  sqlite3_progress_handler (tern_db_get_handle (reader->db), 0, NULL, NULL);
  if (!sqlite3_get_autocommit (tern_db_get_handle (reader->db)))
    tern_db_exec (reader->db, "ROLLBACK", NULL);
  return ok;
}

static void
read_run (TernCall *call, gpointer pointer)
{
  Request *request = pointer;
  TernStore *self = request->store;
  TernReader *reader = &self->files.lanes[request->lane];
  GDestroyNotify result_free = request->result_free;
  gpointer result = NULL;
  GError *error = NULL;

  gboolean ok = run_read (reader, request, tern_call_get_cancellable (call), &result, &error);
  note_damage (reader);
  if (ok)
    {
      tern_call_return (call, result, result_free);
      return;
    }
  if (result != NULL && result_free != NULL)
    result_free (result);
  if (error == NULL)
    error = tern_fault_new (TERN_FAULT_INTERNAL, _ ("Reading the mail failed without a word."));
  tern_call_return_error (call, error);
}

/* A reader found that bytes do not match their hash. The writer forgets them, so that the message
 * is fetched again. */

typedef struct
{
  TernStore *store; /* (owned) */
  char *hash;
} DamagedBody;

static void
damaged_body_free (gpointer pointer)
{
  DamagedBody *damaged = pointer;

  tern_store_unref (damaged->store);
  g_free (damaged->hash);
  g_free (damaged);
}

static gboolean
forget_body (TernTxn *txn, gpointer hash, gpointer *result, GError **error)
{
  return tern_txn_forget_body (txn, hash, error);
}

static void
forget_damaged_body (gpointer pointer, gpointer unused)
{
  DamagedBody *damaged = pointer;
  TernStore *self = damaged->store;
  Request request = { .store = self, .write = forget_body, .data = damaged->hash };
  g_autoptr (GError) error = NULL;
  TernTxn txn = { 0 };

  if (self->files.writer.db == NULL)
    return;
  if (run_transaction (self, &txn, &request, NULL, &error))
    finish_transaction (self, &txn);
  else
    g_warning ("A damaged body could not be dropped: %s", error->message);
  tern_txn_clear (&txn);
}

void
tern_store_report_damaged_body (TernStore *self, const char *hash)
{
  DamagedBody *damaged = g_new0 (DamagedBody, 1);

  damaged->store = tern_store_ref (self);
  damaged->hash = g_strdup (hash);
  tern_worker_invoke (self->writer, G_PRIORITY_DEFAULT, forget_damaged_body, damaged,
                      damaged_body_free);
}

/* The lock is held while the call is started, so that none is queued behind the end of the
 * worker. */
static void
start_request (TernStore *self, GTask *task, int priority, Request *request)
{
  TernWorker *worker;

  g_mutex_lock (&self->lock);
  if (self->state == STORE_OPEN)
    {
      worker = request->write != NULL ? self->writer : self->readers[request->lane];
      tern_call_start (task, tern_worker_get_context (worker), priority,
                       request->write != NULL ? write_run : read_run, request, request_free);
      g_mutex_unlock (&self->lock);
      return;
    }
  g_mutex_unlock (&self->lock);
  request_free (request);
  g_task_return_error (task, fault_not_open ());
  g_object_unref (task);
}

void
tern_store_write_async (TernStore *self,
                        int priority,
                        TernStoreWrite func,
                        gpointer data,
                        GDestroyNotify data_free,
                        GDestroyNotify result_free,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Request *request = g_new0 (Request, 1);

  g_task_set_source_tag (task, tern_store_write_async);
  request->store = tern_store_ref (self);
  request->write = func;
  request->data = data;
  request->data_free = data_free;
  request->result_free = result_free;
  start_request (self, task, priority, request);
}

/* A result may be NULL, so that only the error tells. */
static gboolean
take_value (GAsyncResult *result, gpointer *value, GError **error)
{
  GError *fault = NULL;
  gpointer taken;

  /* What nobody collects stays with the task, which frees it. */
  if (value == NULL && !g_task_had_error (G_TASK (result)))
    return TRUE;
  taken = g_task_propagate_pointer (G_TASK (result), &fault);

  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  *value = taken;
  return TRUE;
}

gboolean
tern_store_write_finish (TernStore *self, GAsyncResult *result, gpointer *value, GError **error)
{
  return take_value (result, value, error);
}

void
tern_store_read_async (TernStore *self,
                       TernLane lane,
                       int priority,
                       TernStoreRead func,
                       gpointer data,
                       GDestroyNotify data_free,
                       GDestroyNotify result_free,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Request *request = g_new0 (Request, 1);

  g_task_set_source_tag (task, tern_store_read_async);
  request->store = tern_store_ref (self);
  request->read = func;
  request->lane = lane;
  request->data = data;
  request->data_free = data_free;
  request->result_free = result_free;
  start_request (self, task, priority, request);
}

gboolean
tern_store_read_finish (TernStore *self, GAsyncResult *result, gpointer *value, GError **error)
{
  return take_value (result, value, error);
}

gint64
tern_read_change_seq (TernReader *reader)
{
  gint64 seq = 0;

  tern_db_look (reader->db, NULL, &seq, "SELECT seq FROM state WHERE id = ?1", 1);
  return seq;
}
