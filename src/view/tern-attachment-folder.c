/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-attachment-folder.h"

#include "tern-attachment-policy.h"

#include "tern-call.h"
#include "tern-fault.h"
#include "tern-paths.h"
#include "tern-worker.h"

#include <glib/gi18n.h>
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
prepare_in_worker (TernCall *call, gpointer request)
{
  const char *path = request;
  g_autofree char *dir = g_path_get_dirname (path);
  g_autofree char *session_dir = g_path_get_dirname (dir);
  GError *error = NULL;

  /* Each level by itself: all of them are for this user only. */
  if (tern_paths_ensure_dir (session_dir, &error) && tern_paths_ensure_dir (dir, &error))
    tern_call_return (call, g_strdup (path), g_free);
  else
    tern_call_return_error (call, error);
}

void
tern_attachment_folder_prepare_async (TernAttachmentFolder *self,
                                      const char *name,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autofree char *number = g_strdup_printf ("%u", ++self->n_files);

  g_task_set_source_tag (task, tern_attachment_folder_prepare_async);
  tern_call_start (task, tern_worker_get_context (self->worker), G_PRIORITY_DEFAULT,
                   prepare_in_worker, g_build_filename (self->path, number, name, NULL), g_free);
}

char *
tern_attachment_folder_prepare_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

typedef struct
{
  char *path;
  char *mime_type;
} Seal;

static void
seal_free (gpointer data)
{
  Seal *seal = data;

  g_free (seal->path);
  g_free (seal->mime_type);
  g_free (seal);
}

static GBytes *
read_head (const char *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);

  return stream != NULL ? g_input_stream_read_bytes (G_INPUT_STREAM (stream),
                                                     TERN_ATTACHMENT_SNIFF_BYTES, NULL, error)
                        : NULL;
}

/* (thread worker) */
static void
seal_in_worker (TernCall *call, gpointer request)
{
  const Seal *seal = request;
  g_autofree char *name = g_path_get_basename (seal->path);
  GError *error = NULL;
  g_autoptr (GBytes) head = read_head (seal->path, &error);

  if (head != NULL && !tern_attachment_policy_may_open_content (seal->mime_type, name, head))
    {
      g_unlink (seal->path);
      error = tern_fault_new (TERN_FAULT_REFUSED,
                              _ ("“%s” is a program and was not opened. You can save it."), name);
    }
  if (error != NULL)
    {
      tern_call_return_error (call, tern_fault_take (error, _ ("Cannot open the attachment")));
      return;
    }
  /* Some file systems have no modes; the file is good all the same. */
  (void) g_chmod (seal->path, 0400);
  tern_call_return (call, NULL, NULL);
}

void
tern_attachment_folder_seal_async (TernAttachmentFolder *self,
                                   const char *path,
                                   const char *mime_type,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Seal *seal = g_new0 (Seal, 1);

  g_task_set_source_tag (task, tern_attachment_folder_seal_async);
  seal->path = g_strdup (path);
  seal->mime_type = g_strdup (mime_type);
  tern_call_start (task, tern_worker_get_context (self->worker), G_PRIORITY_DEFAULT, seal_in_worker,
                   seal, seal_free);
}

gboolean
tern_attachment_folder_seal_finish (GAsyncResult *result, GError **error)
{
  GError *local = NULL;

  g_task_propagate_pointer (G_TASK (result), &local);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}
