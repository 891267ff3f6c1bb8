/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-draft-keeper.h"

#include "tern-paths.h"

#define FOLDER   "composing"
#define SUFFIX   ".draft"
#define MAX_KEPT 100

void
tern_kept_draft_free (TernKeptDraft *self)
{
  g_free (self->name);
  tern_draft_free (self->draft);
  g_free (self);
}

static GFile *
open_folder (void)
{
  g_autofree char *data = tern_paths_dup_data_dir ();

  return g_file_new_build_filename (data, FOLDER, NULL);
}

static GFile *
open_kept (const char *name)
{
  g_autoptr (GFile) folder = open_folder ();

  return g_file_get_child (folder, name);
}

char *
tern_draft_keeper_new_name (void)
{
  g_autofree char *uuid = g_uuid_string_random ();

  return g_strconcat (uuid, SUFFIX, NULL);
}

char *
tern_draft_keeper_dup_path (const char *name)
{
  g_autoptr (GFile) file = open_kept (name);

  return g_file_get_path (file);
}

/* Saving */

typedef struct
{
  GApplication *app; /* (owned), held */
  GFile *file;       /* (owned) */
  GBytes *bytes;     /* (owned) */
} Save;

static void
save_free (Save *save)
{
  g_application_release (save->app);
  g_object_unref (save->app);
  g_object_unref (save->file);
  g_bytes_unref (save->bytes);
  g_free (save);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  Save *save = data;
  g_autoptr (GError) error = NULL;

  if (!g_file_replace_contents_finish (G_FILE (source), result, NULL, &error))
    g_warning ("What is being written cannot be kept: %s", error->message);
  save_free (save);
}

static void
on_folder_made (GObject *source, GAsyncResult *result, gpointer data)
{
  Save *save = data;

  /* That it exists already is the usual case; any other failure is told by the next step. */
  g_file_make_directory_finish (G_FILE (source), result, NULL);
  g_file_replace_contents_bytes_async (save->file, save->bytes, NULL, FALSE, G_FILE_CREATE_PRIVATE,
                                       NULL, on_saved, save);
}

void
tern_draft_keeper_save (GApplication *app, const char *name, const TernDraft *draft)
{
  g_autoptr (GFile) folder = open_folder ();
  Save *save = g_new0 (Save, 1);

  save->app = g_object_ref (app);
  g_application_hold (app);
  save->file = open_kept (name);
  save->bytes = tern_draft_encode (draft);
  g_file_make_directory_async (folder, G_PRIORITY_DEFAULT, NULL, on_folder_made, save);
}

static void
on_dropped (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!g_file_delete_finish (G_FILE (source), result, &error)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_warning ("A draft that is not needed any more stays: %s", error->message);
}

void
tern_draft_keeper_drop (const char *name)
{
  g_autoptr (GFile) file = open_kept (name);

  g_file_delete_async (file, G_PRIORITY_DEFAULT, NULL, on_dropped, NULL);
}

/* Loading: the names, then one after the other. */

typedef struct
{
  GPtrArray *names; /* (owned) of char* */
  GPtrArray *found; /* (owned) of TernKeptDraft */
} Load;

static void
load_free (gpointer data)
{
  Load *load = data;

  g_ptr_array_unref (load->names);
  g_ptr_array_unref (load->found);
  g_free (load);
}

static void load_next (GTask *task);

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Load *load = g_task_get_task_data (task);
  g_autofree char *name = g_file_get_basename (G_FILE (source));
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_file_load_bytes_finish (G_FILE (source), result, NULL, &error);
  TernDraft *draft = bytes != NULL ? tern_draft_decode (bytes, &error) : NULL;

  if (draft != NULL)
    {
      TernKeptDraft *kept = g_new0 (TernKeptDraft, 1);

      kept->name = g_steal_pointer (&name);
      kept->draft = draft;
      g_ptr_array_add (load->found, kept);
    }
  else
    g_warning ("The kept draft %s cannot be read: %s", name, error->message);
  load_next (task);
}

/* Takes the task. */
static void
load_next (GTask *task)
{
  Load *load = g_task_get_task_data (task);
  g_autofree char *name = NULL;
  g_autoptr (GFile) file = NULL;

  if (load->names->len == 0)
    {
      g_task_return_pointer (task, g_ptr_array_ref (load->found),
                             (GDestroyNotify) g_ptr_array_unref);
      g_object_unref (task);
      return;
    }
  name = g_ptr_array_steal_index (load->names, load->names->len - 1);
  file = open_kept (name);
  g_file_load_bytes_async (file, g_task_get_cancellable (task), on_loaded, task);
}

static void
on_files (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Load *load = g_task_get_task_data (task);
  GList *files = g_file_enumerator_next_files_finish (G_FILE_ENUMERATOR (source), result, NULL);

  for (GList *l = files; l != NULL; l = l->next)
    if (g_str_has_suffix (g_file_info_get_name (l->data), SUFFIX))
      g_ptr_array_add (load->names, g_strdup (g_file_info_get_name (l->data)));
  g_list_free_full (files, g_object_unref);
  load_next (task);
}

static void
on_enumerated (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  g_autoptr (GFileEnumerator) enumerator =
      g_file_enumerate_children_finish (G_FILE (source), result, NULL);

  if (enumerator != NULL)
    g_file_enumerator_next_files_async (enumerator, MAX_KEPT, G_PRIORITY_DEFAULT,
                                        g_task_get_cancellable (task), on_files, task);
  else /* nothing was ever kept */
    load_next (task);
}

void
tern_draft_keeper_load_async (GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Load *load = g_new0 (Load, 1);
  g_autoptr (GFile) folder = open_folder ();

  g_task_set_source_tag (task, tern_draft_keeper_load_async);
  load->names = g_ptr_array_new_with_free_func (g_free);
  load->found = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_kept_draft_free);
  g_task_set_task_data (task, load, load_free);
  g_file_enumerate_children_async (folder, G_FILE_ATTRIBUTE_STANDARD_NAME, G_FILE_QUERY_INFO_NONE,
                                   G_PRIORITY_DEFAULT, cancellable, on_enumerated, task);
}

GPtrArray *
tern_draft_keeper_load_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
