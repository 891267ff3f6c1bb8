/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-attachment-list.h"

#include "tern-attachment-folder.h"
#include "tern-attachment-policy.h"
#include "tern-attachment-row.h"

#include "tern-paths.h"

#include <glib/gi18n.h>
#include <string.h>

struct _TernAttachmentList
{
  AdwBin parent_instance;

  TernEngine *engine;            /* (owned) (nullable) */
  TernBody *body;                /* (owned) (nullable) */
  GCancellable *cancellable;     /* (owned): ends with the shown message */
  TernAttachmentFolder *folder;  /* (owned) (nullable): where copies for other programs are */
  GtkFileChooserNative *chooser; /* (owned) (nullable): the open one */

  GtkLabel *title;
  GtkButton *save_all;
  GtkListBox *rows;
};

/** Job: one part on its way from the engine into a file. */
typedef struct
{
  TernAttachmentList *list; /* (owned) */
  TernAttachmentRow *row;   /* (owned) (nullable) */
  GFile *target;            /* (owned) (nullable): to save it; NULL: to open it */
  GBytes *bytes;            /* (owned) (nullable) */
  char *section;            /* (owned) */
  char *name;               /* (owned) */
  char *type;               /* (owned): its MIME type */
  gboolean exclusive;       /* do not replace: count up instead */
  guint attempt;
} Job;

enum
{
  SIGNAL_MESSAGE,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (TernAttachmentList, tern_attachment_list, ADW_TYPE_BIN)

static void
job_free (Job *job)
{
  if (job->row != NULL)
    tern_attachment_row_set_busy (job->row, FALSE);
  g_clear_object (&job->row);
  g_clear_object (&job->list);
  g_clear_object (&job->target);
  g_clear_pointer (&job->bytes, g_bytes_unref);
  g_free (job->section);
  g_free (job->name);
  g_free (job->type);
  g_free (job);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Job, job_free)

static void
tell (TernAttachmentList *self, const char *text)
{
  g_signal_emit (self, signals[SIGNAL_MESSAGE], 0, text);
}

static void
job_failed (Job *job, const GError *error)
{
  if (!tern_fault_is_cancelled (error))
    tell (job->list, error->message);
}

static const TernPart *
get_part (TernAttachmentRow *row)
{
  return g_object_get_data (G_OBJECT (row), "tern-part");
}

/* What is shown, judged and written. */
static char *
dup_safe_name (const TernPart *part)
{
  return tern_paths_safe_filename (part->filename != NULL ? part->filename : _ ("attachment"));
}

static void job_write (Job *job);

/* "name.ext" to "name (2).ext" in the same folder. */
static void
job_count_up (Job *job)
{
  g_autoptr (GFile) folder = g_file_get_parent (job->target);
  g_autofree char *name = g_file_get_basename (job->target);
  g_autofree char *stem = NULL;
  g_autofree char *next = NULL;
  const char *dot = strrchr (name, '.');
  char *mark;

  stem = dot != NULL && dot != name ? g_strndup (name, (gsize) (dot - name)) : g_strdup (name);
  mark = job->attempt > 1 ? strrchr (stem, ' ') : NULL;
  if (mark != NULL)
    *mark = '\0';
  job->attempt++;
  next = g_strdup_printf ("%s (%u)%s", stem, job->attempt, dot != NULL && dot != name ? dot : "");
  g_object_unref (job->target);
  job->target = g_file_get_child (folder, next);
}

static void
on_bytes_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Job) job = data;
  g_autoptr (GError) error = NULL;

  if (g_file_replace_contents_finish (G_FILE (source), result, NULL, &error))
    {
      g_autofree char *name = g_file_get_basename (job->target);
      g_autofree char *text = g_strdup_printf (_ ("“%s” was saved"), name);

      tell (job->list, text);
      return;
    }
  error = tern_fault_take (g_steal_pointer (&error), _ ("Cannot save the attachment"));
  job_failed (job, error);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Job) job = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileOutputStream) stream = g_file_create_finish (G_FILE (source), result, &error);

  if (stream == NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_EXISTS)
      && job->attempt < 100)
    {
      job_count_up (job);
      job_write (g_steal_pointer (&job));
      return;
    }
  if (stream == NULL)
    {
      error = tern_fault_take (g_steal_pointer (&error), _ ("Cannot save the attachment"));
      job_failed (job, error);
      return;
    }
  /* The name is ours now; the content replaces the empty file as a whole. */
  job->exclusive = FALSE;
  job_write (g_steal_pointer (&job));
}

static void
job_write (Job *job)
{
  if (job->exclusive)
    g_file_create_async (job->target, G_FILE_CREATE_NONE, G_PRIORITY_DEFAULT, NULL, on_created,
                         job);
  else
    g_file_replace_contents_bytes_async (job->target, job->bytes, NULL, FALSE, G_FILE_CREATE_NONE,
                                         NULL, on_bytes_written, job);
}

static void
on_copy_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Job) job = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = tern_attachment_folder_write_finish (result, &error);
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (job->list));

  if (path == NULL)
    job_failed (job, error);
  else if (root != NULL)
    {
      g_autofree char *uri = g_filename_to_uri (path, NULL, NULL);

      gtk_show_uri (GTK_WINDOW (root), uri, GDK_CURRENT_TIME);
    }
}

static void
job_open (Job *job)
{
  if (!tern_attachment_policy_may_open_content (job->type, job->name, job->bytes))
    {
      g_autofree char *text =
          g_strdup_printf (_ ("“%s” is a program and was not opened. You can save it."), job->name);

      tell (job->list, text);
      job_free (job);
    }
  else if (job->list->folder == NULL)
    job_free (job); /* The window has gone meanwhile. */
  else
    tern_attachment_folder_write_async (job->list->folder, job->name, job->bytes, NULL,
                                        on_copy_written, job);
}

static void
on_part_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Job) job = data;
  g_autoptr (GError) error = NULL;

  job->bytes = tern_engine_load_part_finish (TERN_ENGINE (source), result, &error);
  if (job->bytes == NULL)
    job_failed (job, error);
  else if (job->target == NULL)
    job_open (g_steal_pointer (&job));
  else
    job_write (g_steal_pointer (&job));
}

/* @target NULL: opens it. */
static void
job_start (TernAttachmentList *self, TernAttachmentRow *row, GFile *target, gboolean exclusive)
{
  Job *job = g_new0 (Job, 1);
  const TernPart *part = get_part (row);

  job->list = g_object_ref (self);
  job->row = g_object_ref (row);
  g_set_object (&job->target, target);
  job->section = g_strdup (part->section);
  job->name = dup_safe_name (part);
  job->type = g_strconcat (part->type, "/", part->subtype, NULL);
  job->exclusive = exclusive;
  job->attempt = 1;
  tern_attachment_row_set_busy (row, TRUE);
  tern_engine_load_part_async (self->engine, self->body->record->id, job->section,
                               self->cancellable, on_part_loaded, job);
}

static void
on_row_open (TernAttachmentRow *row, TernAttachmentList *self)
{
  job_start (self, row, NULL, FALSE);
}

static GtkFileChooserNative *
new_chooser (TernAttachmentList *self, const char *title, GtkFileChooserAction action)
{
  g_clear_object (&self->chooser);
  self->chooser = gtk_file_chooser_native_new (
      title, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), action, _ ("_Save"), NULL);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  return self->chooser;
}

static void
on_save_response (GtkNativeDialog *dialog, int response, TernAttachmentRow *row)
{
  TernAttachmentList *self =
      TERN_ATTACHMENT_LIST (gtk_widget_get_ancestor (GTK_WIDGET (row), TERN_TYPE_ATTACHMENT_LIST));

  if (response == GTK_RESPONSE_ACCEPT && self != NULL)
    {
      g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));

      job_start (self, row, file, FALSE);
    }
  gtk_native_dialog_hide (dialog);
}

static void
on_row_save (TernAttachmentRow *row, TernAttachmentList *self)
{
  g_autofree char *name = dup_safe_name (get_part (row));
  GtkFileChooserNative *chooser =
      new_chooser (self, _ ("Save Attachment"), GTK_FILE_CHOOSER_ACTION_SAVE);

  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (chooser), name);
  g_signal_connect_object (chooser, "response", G_CALLBACK (on_save_response), row, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

static void
on_save_all_response (GtkNativeDialog *dialog, int response, TernAttachmentList *self)
{
  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GFile) folder = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));

      for (GtkWidget *row = gtk_widget_get_first_child (GTK_WIDGET (self->rows)); row != NULL;
           row = gtk_widget_get_next_sibling (row))
        {
          g_autofree char *name = dup_safe_name (get_part (TERN_ATTACHMENT_ROW (row)));
          g_autoptr (GFile) target = g_file_get_child (folder, name);

          job_start (self, TERN_ATTACHMENT_ROW (row), target, TRUE);
        }
    }
  gtk_native_dialog_hide (dialog);
}

static void
on_save_all (TernAttachmentList *self)
{
  GtkFileChooserNative *chooser =
      new_chooser (self, _ ("Save All Attachments"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER);

  g_signal_connect_object (chooser, "response", G_CALLBACK (on_save_all_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

static void
tern_attachment_list_dispose (GObject *object)
{
  TernAttachmentList *self = TERN_ATTACHMENT_LIST (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->chooser);
  g_clear_pointer (&self->folder, tern_attachment_folder_unref);
  g_clear_pointer (&self->body, tern_body_unref);
  g_clear_object (&self->engine);
  G_OBJECT_CLASS (tern_attachment_list_parent_class)->dispose (object);
}

static void
tern_attachment_list_finalize (GObject *object)
{
  TernAttachmentList *self = TERN_ATTACHMENT_LIST (object);

  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (tern_attachment_list_parent_class)->finalize (object);
}

static void
tern_attachment_list_class_init (TernAttachmentListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tern_attachment_list_dispose;
  G_OBJECT_CLASS (klass)->finalize = tern_attachment_list_finalize;

  signals[SIGNAL_MESSAGE] = g_signal_new ("message", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/ternmail/Tern/tern-attachment-list.ui");
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentList, title);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentList, save_all);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentList, rows);
  gtk_widget_class_bind_template_callback (widget_class, on_save_all);
}

static void
tern_attachment_list_init (TernAttachmentList *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
add_row (const TernPart *part, gpointer data)
{
  TernAttachmentList *self = data;
  g_autofree char *type = NULL;
  g_autofree char *name = NULL;
  TernAttachmentRow *row;
  guint64 size;

  if (!tern_part_is_attachment (part))
    return;
  type = g_strconcat (part->type, "/", part->subtype, NULL);
  name = dup_safe_name (part);
  /* base64 carries 3 bytes in 4 and a line end every 76: what the file will have. */
  size = g_strcmp0 (part->encoding, "base64") == 0 ? part->size / 78 * 57 : part->size;
  if (size == 0)
    size = part->size;
  row = tern_attachment_row_new (TERN_ATTACHMENT_ROW_READ, name, type, size,
                                 tern_attachment_policy_may_open (type, name));
  g_object_set_data (G_OBJECT (row), "tern-part", (gpointer) part);
  g_signal_connect_object (row, "open", G_CALLBACK (on_row_open), self, 0);
  g_signal_connect_object (row, "act", G_CALLBACK (on_row_save), self, 0);
  gtk_list_box_append (self->rows, GTK_WIDGET (row));
}

void
tern_attachment_list_show (TernAttachmentList *self, TernEngine *engine, TernBody *body)
{
  g_autofree char *title = NULL;
  GtkWidget *row;
  guint n = 0;

  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  self->cancellable = g_cancellable_new ();
  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->rows))) != NULL)
    gtk_list_box_remove (self->rows, row);

  /* The rows point into the body's structure. */
  if (body != NULL)
    tern_body_ref (body);
  g_clear_pointer (&self->body, tern_body_unref);
  self->body = body;
  g_set_object (&self->engine, engine);
  if (engine != NULL && self->folder == NULL)
    self->folder = tern_attachment_folder_ref_session ();

  if (body != NULL && body->structure != NULL)
    tern_part_foreach (body->structure, add_row, self);
  for (row = gtk_widget_get_first_child (GTK_WIDGET (self->rows)); row != NULL;
       row = gtk_widget_get_next_sibling (row))
    n++;
  title = g_strdup_printf (ngettext ("%u attachment", "%u attachments", n), n);
  gtk_label_set_text (self->title, title);
  gtk_widget_set_visible (GTK_WIDGET (self->save_all), n > 1);
  gtk_widget_set_visible (GTK_WIDGET (self), n > 0);
}
