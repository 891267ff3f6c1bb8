/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-attachment-folder.h"

#include "tern-call.h"
#include "tern-paths.h"
#include "tern-worker.h"

#include <glib/gstdio.h>

#define PREFIX "open-"

struct _TernAttachmentFolder
{
  TernWorker *worker; /* (owned): shut down with us */
  char *path;
  guint n_files;
};

typedef struct
{
  char *parent;
  char *kept; /* the name in it that stays */
} Sweep;

typedef struct
{
  char *path;
  GBytes *bytes; /* (owned) */
} Write;

/* The one of this session; the lists hold it. */
static TernAttachmentFolder *session;

static void
sweep_free (gpointer data)
{
  Sweep *sweep = data;

  g_free (sweep->parent);
  g_free (sweep->kept);
  g_free (sweep);
}

static void
write_free (gpointer data)
{
  Write *write = data;

  g_free (write->path);
  g_bytes_unref (write->bytes);
  g_free (write);
}

/* (thread worker) What cannot be deleted is met again by the sweep of the next session. Links go,
 * what they lead to stays. */
static void
delete_tree (const char *path)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    dir = g_dir_open (path, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      delete_tree (child);
    }
  g_remove (path);
}

static void
delete_own (gpointer data, gpointer unused)
{
  delete_tree (data);
}

/* (thread worker) */
static void
sweep_parent (gpointer data, gpointer unused)
{
  const Sweep *sweep = data;
  g_autoptr (GDir) dir = g_dir_open (sweep->parent, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (sweep->parent, name, NULL);

      if (g_str_has_prefix (name, PREFIX) && !g_str_equal (name, sweep->kept))
        delete_tree (path);
    }
}

TernAttachmentFolder *
tern_attachment_folder_new (const char *parent)
{
  TernAttachmentFolder *self = g_rc_box_new0 (TernAttachmentFolder);
  g_autofree char *unique = g_uuid_string_random ();
  Sweep *sweep = g_new0 (Sweep, 1);

  sweep->parent = g_strdup (parent);
  sweep->kept = g_strconcat (PREFIX, unique, NULL);
  self->path = g_build_filename (parent, sweep->kept, NULL);
  self->worker = tern_worker_new ("tern-attach");
  tern_worker_invoke (self->worker, G_PRIORITY_LOW, sweep_parent, sweep, sweep_free);
  return self;
}

TernAttachmentFolder *
tern_attachment_folder_ref_session (void)
{
  g_autofree char *cache = NULL;

  if (session != NULL)
    return tern_attachment_folder_ref (session);
  cache = tern_paths_dup_cache_dir ();
  session = tern_attachment_folder_new (cache);
  return session;
}

TernAttachmentFolder *
tern_attachment_folder_ref (TernAttachmentFolder *self)
{
  return g_rc_box_acquire (self);
}

static void
on_worker_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  TernWorker *worker = data;
  GApplication *app = g_application_get_default ();

  tern_worker_shutdown_finish (worker, result, NULL);
  tern_worker_unref (worker);
  if (app != NULL)
    g_application_release (app);
}

static void
folder_clear (gpointer data)
{
  TernAttachmentFolder *self = data;
  GApplication *app = g_application_get_default ();

  if (session == self)
    session = NULL;
  if (app != NULL)
    g_application_hold (app);
  tern_worker_invoke (self->worker, G_PRIORITY_LOW, delete_own, g_steal_pointer (&self->path),
                      g_free);
  tern_worker_shutdown_async (self->worker, on_worker_ended, self->worker);
}

void
tern_attachment_folder_unref (TernAttachmentFolder *self)
{
  g_rc_box_release_full (self, folder_clear);
}

/* (thread worker) */
static void
write_in_worker (TernCall *call, gpointer request)
{
  Write *write = request;
  g_autofree char *dir = g_path_get_dirname (write->path);
  g_autofree char *session_dir = g_path_get_dirname (dir);
  GError *error = NULL;
  gsize size;
  const char *data = g_bytes_get_data (write->bytes, &size);

  /* Each level by itself: all of them are for this user only. */
  if (!tern_paths_ensure_dir (session_dir, &error) || !tern_paths_ensure_dir (dir, &error)
      || !tern_paths_replace_file (write->path, data != NULL ? data : "", (gssize) size, &error))
    {
      tern_call_return_error (call, error);
      return;
    }
  /* Some file systems have no modes; the file is good all the same. */
  (void) g_chmod (write->path, 0400);
  tern_call_return (call, g_strdup (write->path), g_free);
}

void
tern_attachment_folder_write_async (TernAttachmentFolder *self,
                                    const char *name,
                                    GBytes *bytes,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autofree char *number = g_strdup_printf ("%u", ++self->n_files);
  Write *write = g_new0 (Write, 1);

  g_task_set_source_tag (task, tern_attachment_folder_write_async);
  write->path = g_build_filename (self->path, number, name, NULL);
  write->bytes = g_bytes_ref (bytes);
  tern_call_start (task, tern_worker_get_context (self->worker), G_PRIORITY_DEFAULT,
                   write_in_worker, write, write_free);
}

char *
tern_attachment_folder_write_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
