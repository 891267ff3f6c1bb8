/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-attachment-row.h"

#include <glib/gi18n.h>

struct _TernAttachmentRow
{
  GtkListBoxRow parent_instance;

  GtkImage *icon;
  GtkLabel *name;
  GtkBox *texts;
  GtkLabel *details;
  GtkLabel *fault;
  GtkProgressBar *bar;
  GtkSpinner *spinner;
  GtkButton *open;
  GtkButton *act;
  GtkButton *cancel;

  char *title; /* (owned): its name */
  char *kind;  /* (owned) */
  guint64 size;
  gboolean reads;
  gboolean can_open;
  gboolean here;
  gboolean busy;
  GtkWidget *begun; /* (unowned) (nullable): the button that gets the keyboard back */
};

enum
{
  SIGNAL_OPEN,
  SIGNAL_ACT,
  SIGNAL_CANCEL,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (TernAttachmentRow, tern_attachment_row, GTK_TYPE_LIST_BOX_ROW)

static void
on_open (TernAttachmentRow *self)
{
  if (!self->busy)
    g_signal_emit (self, signals[SIGNAL_OPEN], 0);
}

static void
on_act (TernAttachmentRow *self)
{
  if (!self->busy)
    g_signal_emit (self, signals[SIGNAL_ACT], 0);
}

static void
on_cancel (TernAttachmentRow *self)
{
  g_signal_emit (self, signals[SIGNAL_CANCEL], 0);
}

static void
tern_attachment_row_finalize (GObject *object)
{
  TernAttachmentRow *self = TERN_ATTACHMENT_ROW (object);

  g_free (self->title);
  g_free (self->kind);
  G_OBJECT_CLASS (tern_attachment_row_parent_class)->finalize (object);
}

static void
tern_attachment_row_class_init (TernAttachmentRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = tern_attachment_row_finalize;

  signals[SIGNAL_CANCEL] = g_signal_new ("cancel", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_OPEN] = g_signal_new ("open", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                       NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_ACT] = g_signal_new ("act", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                      NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/ternmail/Tern/tern-attachment-row.ui");
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, icon);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, name);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, details);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, cancel);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, bar);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, fault);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, texts);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, spinner);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, open);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, act);
  gtk_widget_class_bind_template_callback (widget_class, on_open);
  gtk_widget_class_bind_template_callback (widget_class, on_act);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel);
}

static void
tern_attachment_row_init (TernAttachmentRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* Several rows have the same buttons: each says what it is for. Takes @label. */
static void
name_button (GtkButton *button, char *label)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
  g_free (label);
}

/* Below the name, and for those who hear it with the name. */
static void
set_words (TernAttachmentRow *self, const char *words)
{
  g_autofree char *label = g_strdup_printf ("%s, %s", self->title, words);

  gtk_label_set_text (self->details, words);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
show_state (TernAttachmentRow *self)
{
  g_autofree char *size = g_format_size (self->size);
  /* TRANSLATORS: kind and size of an attached file: "PDF document, 12.3 kB" */
  g_autofree char *here = g_strdup_printf (_ ("%1$s, %2$s"), self->kind, size);
  /* TRANSLATORS: %s is the size of an attached file, "12.3 MB" */
  g_autofree char *absent = g_strdup_printf (_ ("%s · not downloaded"), size);

  set_words (self, self->here ? here : absent);
}

TernAttachmentRow *
tern_attachment_row_new (TernAttachmentRowKind kind,
                         const char *name,
                         const char *content_type,
                         guint64 size,
                         gboolean can_open)
{
  TernAttachmentRow *self = g_object_new (TERN_TYPE_ATTACHMENT_ROW, NULL);
  g_autofree char *type = g_content_type_from_mime_type (content_type);
  g_autoptr (GIcon) icon =
      g_content_type_get_symbolic_icon (type != NULL ? type : "application/octet-stream");

  self->title = g_strdup (name);
  self->kind = g_content_type_get_description (type != NULL ? type : "application/octet-stream");
  self->size = size;
  self->reads = kind == TERN_ATTACHMENT_ROW_READ;
  self->can_open = can_open;
  self->here = TRUE;
  gtk_image_set_from_gicon (self->icon, icon);
  gtk_label_set_text (self->name, name);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->name), name);
  show_state (self);

  gtk_widget_set_visible (GTK_WIDGET (self->open), self->reads && can_open);
  if (self->reads)
    {
      /* What is told of it while it comes needs a line. */
      gtk_orientable_set_orientation (GTK_ORIENTABLE (self->texts), GTK_ORIENTATION_VERTICAL);
      gtk_box_set_spacing (self->texts, 0);
      gtk_label_set_xalign (self->details, 0);
      gtk_label_set_max_width_chars (self->details, -1);
      name_button (self->open, g_strdup_printf (_ ("Open %s"), name));
      name_button (self->act, g_strdup_printf (_ ("Save %s"), name));
      name_button (self->cancel, g_strdup_printf (_ ("Cancel loading %s"), name));
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->bar), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                      name, -1);
    }
  else
    {
      gtk_button_set_icon_name (self->act, "edit-delete-symbolic");
      gtk_widget_set_tooltip_text (GTK_WIDGET (self->act), _ ("Remove"));
      name_button (self->act, g_strdup_printf (_ ("Remove %s"), name));
    }
  return self;
}

void
tern_attachment_row_set_here (TernAttachmentRow *self, gboolean here)
{
  self->here = here;
  if (!self->busy)
    show_state (self);
}

static gboolean
has_focus (GtkButton *button)
{
  return gtk_widget_has_focus (GTK_WIDGET (button));
}

/* Buttons that take each other's place hand the keyboard on. */
static void
show_buttons (TernAttachmentRow *self, gboolean cancel)
{
  gboolean focus = has_focus (self->open) || has_focus (self->act) || has_focus (self->cancel);

  if (cancel == gtk_widget_get_visible (GTK_WIDGET (self->cancel)))
    return;
  if (cancel)
    self->begun = GTK_WIDGET (has_focus (self->open) ? self->open : self->act);
  gtk_widget_set_visible (GTK_WIDGET (self->cancel), cancel);
  if (focus && cancel)
    gtk_widget_grab_focus (GTK_WIDGET (self->cancel));
  gtk_widget_set_visible (GTK_WIDGET (self->open), !cancel && self->reads && self->can_open);
  gtk_widget_set_visible (GTK_WIDGET (self->act), !cancel);
  if (focus && !cancel)
    gtk_widget_grab_focus (self->begun);
}

void
tern_attachment_row_set_busy (TernAttachmentRow *self, gboolean busy)
{
  self->busy = busy;
  if (busy)
    return;
  show_buttons (self, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->bar), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), FALSE);
  gtk_spinner_set_spinning (self->spinner, FALSE);
  show_state (self);
}

gboolean
tern_attachment_row_is_busy (TernAttachmentRow *self)
{
  return self->busy;
}

/* In bytes of the file, as its size is shown: more of them are on their way, in another form. */
static char *
progress_words (TernAttachmentRow *self, double part)
{
  g_autofree char *done = g_format_size ((guint64) (part * (double) self->size));
  g_autofree char *total = g_format_size (self->size);

  /* TRANSLATORS: of a file that is being loaded: "1.2 MB of 12.4 MB" */
  return g_strdup_printf (_ ("%1$s of %2$s"), done, total);
}

void
tern_attachment_row_set_progress (TernAttachmentRow *self,
                                  guint64 done,
                                  guint64 total,
                                  gboolean waiting)
{
  double part = total > 0 ? (double) MIN (done, total) / (double) total : 0;
  g_autofree char *words = progress_words (self, part);
  /* TRANSLATORS: %s is "1.2 MB of 12.4 MB" */
  g_autofree char *stopped = g_strdup_printf (_ ("%s · waiting for the server"), words);

  show_buttons (self, TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self->bar), total > 0);
  gtk_progress_bar_set_fraction (self->bar, part);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), total == 0);
  gtk_spinner_set_spinning (self->spinner, total == 0);
  if (total > 0)
    set_words (self, waiting ? stopped : words);
}

void
tern_attachment_row_set_fault (TernAttachmentRow *self, const char *reason)
{
  gtk_label_set_text (self->fault, reason != NULL ? reason : "");
  gtk_widget_set_visible (GTK_WIDGET (self->fault), reason != NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  reason != NULL ? reason : "", -1);
}
