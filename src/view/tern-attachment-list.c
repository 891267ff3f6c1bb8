/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-attachment-list.h"

#include "tern-attachment-folder.h"
#include "tern-attachment-policy.h"
#include "tern-attachment-row.h"

#include "tern-paths.h"

#include <glib/gi18n.h>

#define TICK_MS     100
#define QUICK_TICKS 3 /* what is done by then has shown nothing */

struct _TernAttachmentList
{
  AdwBin parent_instance;

  TernEngine *engine;            /* (owned) (nullable) */
  TernBody *body;                /* (owned) (nullable) */
  GPtrArray *jobs;               /* (owned) of Job (unowned): all that is under way */
  guint tick;                    /* while there are any */
  TernAttachmentFolder *folder;  /* (owned) (nullable): where copies for other programs are */
  GtkFileChooserNative *chooser; /* (owned) (nullable): the open one */

  GtkLabel *title;
  GtkButton *save_all;
  GtkListBox *rows;
};

/** Job: one part on its way into a file. What is being saved goes on when another message is shown.
 */
typedef struct
{
  TernAttachmentList *list;  /* (owned) */
  TernAttachmentRow *row;    /* (weak): where it is shown, while it is */
  TernId message;            /* whose it is */
  char *section;             /* (owned) */
  char *name;                /* (owned) */
  char *type;                /* (owned): its MIME type */
  char *path;                /* (owned) (nullable): of the copy to open */
  TernTransfer *transfer;    /* (owned) */
  GCancellable *cancellable; /* (owned) */
  gboolean opens;
  guint ticks;
} Job;

enum
{
  SIGNAL_MESSAGE,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (TernAttachmentList, tern_attachment_list, ADW_TYPE_BIN)

static void
job_set_row (Job *job, TernAttachmentRow *row)
{
  g_set_weak_pointer (&job->row, row);
  if (row != NULL)
    tern_attachment_row_set_busy (row, TRUE);
}

static void
job_free (Job *job)
{
  if (job->row != NULL)
    tern_attachment_row_set_busy (job->row, FALSE);
  g_clear_weak_pointer (&job->row);
  g_ptr_array_remove (job->list->jobs, job);
  g_object_unref (job->list);
  g_free (job->section);
  g_free (job->name);
  g_free (job->type);
  g_free (job->path);
  tern_transfer_unref (job->transfer);
  g_object_unref (job->cancellable);
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
  g_autofree char *text = NULL;

  if (tern_fault_is_cancelled (error))
    return;
  if (job->row != NULL)
    {
      tern_attachment_row_set_fault (job->row, error->message);
      return;
    }
  /* TRANSLATORS: the name of an attached file, and why it was not saved or opened. */
  text = g_strdup_printf (_ ("“%s”: %s"), job->name, error->message);
  tell (job->list, text);
}

static void
job_show (Job *job)
{
  guint64 done = 0;
  guint64 total = 0;
  gboolean waiting = FALSE;
  gboolean known = tern_transfer_get (job->transfer, &done, &total, &waiting);

  if (job->row != NULL && (known || job->ticks > QUICK_TICKS))
    tern_attachment_row_set_progress (job->row, done, total, waiting);
}

static gboolean
on_tick (gpointer data)
{
  TernAttachmentList *self = data;

  for (guint i = 0; i < self->jobs->len; i++)
    {
      Job *job = g_ptr_array_index (self->jobs, i);

      job->ticks++;
      job_show (job);
    }
  if (self->jobs->len > 0)
    return G_SOURCE_CONTINUE;
  self->tick = 0;
  return G_SOURCE_REMOVE;
}

static Job *
find_job (TernAttachmentList *self, TernId message, const char *section)
{
  for (guint i = 0; i < self->jobs->len; i++)
    {
      Job *job = g_ptr_array_index (self->jobs, i);

      if (job->message == message && g_str_equal (job->section, section))
        return job;
    }
  return NULL;
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

static void
on_sealed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Job) job = data;
  g_autoptr (GError) error = NULL;
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (job->list));

  if (!tern_attachment_folder_seal_finish (result, &error))
    job_failed (job, error);
  else if (root != NULL && !g_cancellable_is_cancelled (job->cancellable))
    {
      g_autofree char *uri = g_filename_to_uri (job->path, NULL, NULL);

      gtk_show_uri (GTK_WINDOW (root), uri, GDK_CURRENT_TIME);
    }
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Job) job = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) file = tern_engine_save_part_finish (TERN_ENGINE (source), result, &error);

  if (file == NULL)
    {
      job_failed (job, error);
      return;
    }
  if (job->row != NULL)
    tern_attachment_row_set_here (job->row, TRUE);
  if (!job->opens)
    {
      g_autofree char *name = g_file_get_basename (file);
      g_autofree char *text = g_strdup_printf (_ ("“%s” was saved"), name);

      tell (job->list, text);
    }
  else if (job->list->folder != NULL) /* The window is there still. */
    {
      const Job *opened = g_steal_pointer (&job);

      tern_attachment_folder_seal_async (opened->list->folder, opened->path, opened->type,
                                         on_sealed, (gpointer) opened);
    }
}

static void
job_save (Job *job, GFile *target, TernSaveFlags flags)
{
  tern_engine_save_part_async (job->list->engine, job->message, job->section, target, flags,
                               job->transfer, job->cancellable, on_saved, job);
}

static void
on_prepared (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Job) job = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) target = NULL;

  job->path = tern_attachment_folder_prepare_finish (result, &error);
  if (job->path == NULL)
    job_failed (job, error);
  else if (job->list->engine != NULL)
    {
      target = g_file_new_for_path (job->path);
      job_save (g_steal_pointer (&job), target, TERN_SAVE_PRIVATE);
    }
}

static Job *
job_new (TernAttachmentList *self, TernAttachmentRow *row)
{
  Job *job = g_new0 (Job, 1);
  const TernPart *part = get_part (row);

  job->list = g_object_ref (self);
  job->message = self->body->record->id;
  job->section = g_strdup (part->section);
  job->name = dup_safe_name (part);
  job->type = g_strconcat (part->type, "/", part->subtype, NULL);
  job->transfer = tern_transfer_new ();
  job->cancellable = g_cancellable_new ();
  tern_attachment_row_set_fault (row, NULL);
  job_set_row (job, row);
  g_ptr_array_add (self->jobs, job);
  if (self->tick == 0)
    self->tick = g_timeout_add (TICK_MS, on_tick, self);
  return job;
}

static void
save_row (TernAttachmentList *self, TernAttachmentRow *row, GFile *target, TernSaveFlags flags)
{
  if (!tern_attachment_row_is_busy (row))
    job_save (job_new (self, row), target, flags);
}

static void
on_row_open (TernAttachmentRow *row, TernAttachmentList *self)
{
  Job *job;

  if (self->folder == NULL)
    return;
  job = job_new (self, row);
  job->opens = TRUE;
  tern_attachment_folder_prepare_async (self->folder, job->name, job->cancellable, on_prepared,
                                        job);
}

static void
on_row_cancel (TernAttachmentRow *row, TernAttachmentList *self)
{
  Job *job = find_job (self, self->body->record->id, get_part (row)->section);

  if (job != NULL)
    g_cancellable_cancel (job->cancellable);
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

      save_row (self, row, file, TERN_SAVE_REPLACE);
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

          save_row (self, TERN_ATTACHMENT_ROW (row), target, TERN_SAVE_COUNT_UP);
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

  for (guint i = 0; i < self->jobs->len; i++)
    g_cancellable_cancel (((const Job *) g_ptr_array_index (self->jobs, i))->cancellable);
  g_clear_handle_id (&self->tick, g_source_remove);
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

  g_ptr_array_unref (self->jobs);
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
  self->jobs = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
add_row (const TernPart *part, gpointer data)
{
  TernAttachmentList *self = data;
  g_autofree char *type = NULL;
  g_autofree char *name = NULL;
  TernAttachmentRow *row;
  Job *job;
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
  g_signal_connect_object (row, "cancel", G_CALLBACK (on_row_cancel), self, 0);
  tern_attachment_row_set_here (row, tern_body_has (self->body, part->section));
  gtk_list_box_append (self->rows, GTK_WIDGET (row));
  job = find_job (self, self->body->record->id, part->section);
  if (job != NULL)
    {
      job_set_row (job, row);
      job_show (job);
    }
}

/* Nobody wants a program to come up for a message that was left. */
static void
stop_opening (TernAttachmentList *self, TernId shown)
{
  for (guint i = 0; i < self->jobs->len; i++)
    {
      const Job *job = g_ptr_array_index (self->jobs, i);

      if (job->opens && job->message != shown)
        g_cancellable_cancel (job->cancellable);
    }
}

void
tern_attachment_list_show (TernAttachmentList *self, TernEngine *engine, TernBody *body)
{
  g_autofree char *title = NULL;
  GtkWidget *row;
  guint n = 0;

  if (body != NULL)
    stop_opening (self, body->record->id);
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
