/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-attachment-row.h"

#include <glib/gi18n.h>

struct _TernAttachmentRow
{
  GtkListBoxRow parent_instance;

  GtkImage *icon;
  GtkLabel *name;
  GtkLabel *details;
  GtkSpinner *spinner;
  GtkButton *open;
  GtkButton *act;
};

enum
{
  SIGNAL_OPEN,
  SIGNAL_ACT,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (TernAttachmentRow, tern_attachment_row, GTK_TYPE_LIST_BOX_ROW)

static void
on_open (TernAttachmentRow *self)
{
  g_signal_emit (self, signals[SIGNAL_OPEN], 0);
}

static void
on_act (TernAttachmentRow *self)
{
  g_signal_emit (self, signals[SIGNAL_ACT], 0);
}

static void
tern_attachment_row_class_init (TernAttachmentRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  signals[SIGNAL_OPEN] = g_signal_new ("open", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                       NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_ACT] = g_signal_new ("act", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                      NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/ternmail/Tern/tern-attachment-row.ui");
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, icon);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, name);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, details);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, spinner);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, open);
  gtk_widget_class_bind_template_child (widget_class, TernAttachmentRow, act);
  gtk_widget_class_bind_template_callback (widget_class, on_open);
  gtk_widget_class_bind_template_callback (widget_class, on_act);
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
  g_autofree char *shown_type =
      g_content_type_get_description (type != NULL ? type : "application/octet-stream");
  g_autofree char *shown_size = g_format_size (size);
  /* TRANSLATORS: kind and size of an attached file: "PDF document, 12.3 kB" */
  g_autofree char *details = g_strdup_printf (_ ("%1$s, %2$s"), shown_type, shown_size);
  g_autofree char *label = g_strdup_printf ("%s, %s", name, details);

  gtk_image_set_from_gicon (self->icon, icon);
  gtk_label_set_text (self->name, name);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->name), name);
  gtk_label_set_text (self->details, details);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);

  gtk_widget_set_visible (GTK_WIDGET (self->open), kind == TERN_ATTACHMENT_ROW_READ && can_open);
  if (kind == TERN_ATTACHMENT_ROW_READ)
    {
      name_button (self->open, g_strdup_printf (_ ("Open %s"), name));
      name_button (self->act, g_strdup_printf (_ ("Save %s"), name));
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
tern_attachment_row_set_busy (TernAttachmentRow *self, gboolean busy)
{
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), busy);
  gtk_spinner_set_spinning (self->spinner, busy);
  gtk_widget_set_sensitive (GTK_WIDGET (self->open), !busy);
  gtk_widget_set_sensitive (GTK_WIDGET (self->act), !busy);
}
