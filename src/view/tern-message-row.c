/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-message-row.h"

#include "tern-date.h"

#include <glib/gi18n.h>

#define PADDING      8
#define LINE_SPACING 2

struct _TernMessageRow
{
  GtkWidget parent_instance;

  GtkListItem *item;    /* (unowned): it owns us */
  TernMessage *message; /* (owned) (nullable) */
  gulong notify;

  GtkWidget *box;
  GtkWidget *dot;
  GtkLabel *sender;
  GtkWidget *answered;
  GtkWidget *attachment;
  GtkLabel *date;
  GtkLabel *subject;
  GtkLabel *preview;
  GtkButton *star;

  int height; /* 0 = to be measured */
  gboolean starred;
};

G_DEFINE_FINAL_TYPE (TernMessageRow, tern_message_row, GTK_TYPE_WIDGET)

static int
line_height (GtkLabel *label)
{
  PangoContext *context = gtk_widget_get_pango_context (GTK_WIDGET (label));
  PangoFontMetrics *metrics = pango_context_get_metrics (context, NULL, NULL);
  int height = PANGO_PIXELS_CEIL (pango_font_metrics_get_height (metrics));

  pango_font_metrics_unref (metrics);
  return height;
}

static int
fixed_height (TernMessageRow *self)
{
  if (self->height == 0)
    self->height = line_height (self->sender) + line_height (self->subject)
                   + line_height (self->preview) + 2 * LINE_SPACING + 2 * PADDING;
  return self->height;
}

static void
tern_message_row_measure (GtkWidget *widget,
                          GtkOrientation orientation,
                          int for_size,
                          int *minimum,
                          int *natural,
                          int *minimum_baseline,
                          int *natural_baseline)
{
  TernMessageRow *self = TERN_MESSAGE_ROW (widget);

  *minimum_baseline = *natural_baseline = -1;
  if (orientation == GTK_ORIENTATION_VERTICAL)
    *minimum = *natural = fixed_height (self);
  else
    gtk_widget_measure (self->box, orientation, -1, minimum, natural, NULL, NULL);
}

static void
tern_message_row_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  TernMessageRow *self = TERN_MESSAGE_ROW (widget);
  int minimum;

  /* A fallback font may want more than the fixed height; the surplus is cut, evenly. */
  gtk_widget_measure (self->box, GTK_ORIENTATION_VERTICAL, width, &minimum, NULL, NULL, NULL);
  gtk_widget_size_allocate (
      self->box,
      &(GtkAllocation){ 0, MIN (0, (height - minimum) / 2), width, MAX (height, minimum) }, -1);
}

static void
tern_message_row_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (tern_message_row_parent_class)->css_changed (widget, change);
  TERN_MESSAGE_ROW (widget)->height = 0;
}

char *
tern_message_row_describe (TernMessage *message, gint64 now)
{
  TernFlags flags = tern_message_get_flags (message);
  g_autofree char *date = tern_date_format_short (tern_message_get_date (message), now, NULL);
  const char *subject = tern_message_get_subject (message);
  GString *text = g_string_new (NULL);

  if (!tern_message_is_loaded (message))
    return g_string_free (g_string_append (text, _ ("Loading…")), FALSE);

  if (!(flags & TERN_FLAG_SEEN))
    g_string_append_printf (text, "%s, ", _ ("unread"));
  if (flags & TERN_FLAG_FLAGGED)
    g_string_append_printf (text, "%s, ", _ ("starred"));
  /* Translators: what a screen reader says of a message: sender, subject, date. */
  g_string_append_printf (text, _ ("From %s, %s, %s"), tern_message_get_sender (message),
                          *subject != '\0' ? subject : _ ("no subject"), date);
  if (tern_message_has_attachments (message))
    g_string_append_printf (text, ", %s", _ ("has attachments"));
  if (flags & TERN_FLAG_ANSWERED)
    g_string_append_printf (text, ", %s", _ ("answered"));
  return g_string_free (text, FALSE);
}

static void
set_class (GtkWidget *widget, const char *name, gboolean on)
{
  if (on)
    gtk_widget_add_css_class (widget, name);
  else
    gtk_widget_remove_css_class (widget, name);
}

static void
set_starred (TernMessageRow *self, gboolean starred)
{
  if (self->starred == starred)
    return;
  self->starred = starred;
  gtk_button_set_icon_name (self->star, starred ? "starred-symbolic" : "non-starred-symbolic");
  set_class (GTK_WIDGET (self->star), "starred", starred);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->star), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  starred ? _ ("Remove star") : _ ("Add star"), -1);
}

static void
refresh (TernMessageRow *self)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  TernFlags flags = tern_message_get_flags (self->message);
  gboolean loaded = tern_message_is_loaded (self->message);
  gboolean unread = loaded && !(flags & TERN_FLAG_SEEN);
  const char *subject = tern_message_get_subject (self->message);
  g_autofree char *date = NULL;
  g_autofree char *description = tern_message_row_describe (self->message, now);
  GtkWidget *item_widget = gtk_widget_get_parent (GTK_WIDGET (self));

  date = tern_date_format_short (loaded ? tern_message_get_date (self->message) : 0, now, NULL);
  gtk_label_set_text (self->sender, tern_message_get_sender (self->message));
  gtk_label_set_text (self->subject, *subject != '\0' || !loaded ? subject : _ ("(No subject)"));
  gtk_label_set_text (self->preview, tern_message_get_preview (self->message));
  gtk_label_set_text (self->date, date);
  set_class (GTK_WIDGET (self), "unread", unread);
  gtk_widget_set_opacity (self->dot, unread ? 1.0 : 0.0);
  gtk_widget_set_visible (self->attachment, tern_message_has_attachments (self->message));
  gtk_widget_set_visible (self->answered, (flags & TERN_FLAG_ANSWERED) != 0);
  gtk_widget_set_visible (GTK_WIDGET (self->star), loaded);
  set_starred (self, (flags & TERN_FLAG_FLAGGED) != 0);

  /* GTK 4.8 cannot name a list item by its factory; its widget is our parent. */
  if (item_widget != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (item_widget), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                    description, -1);
}

static void
on_message_notify (TernMessage *message, GParamSpec *pspec, TernMessageRow *self)
{
  refresh (self);
}

static void
on_star_clicked (TernMessageRow *self)
{
  if (self->message != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.star-one", "(xb)",
                                tern_message_get_id (self->message), !self->starred);
}

static void
tern_message_row_dispose (GObject *object)
{
  TernMessageRow *self = TERN_MESSAGE_ROW (object);

  tern_message_row_set_message (self, NULL);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  G_OBJECT_CLASS (tern_message_row_parent_class)->dispose (object);
}

static void
tern_message_row_class_init (TernMessageRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tern_message_row_dispose;
  widget_class->measure = tern_message_row_measure;
  widget_class->size_allocate = tern_message_row_size_allocate;
  widget_class->css_changed = tern_message_row_css_changed;
  gtk_widget_class_set_css_name (widget_class, "message");
}

static GtkLabel *
add_label (GtkWidget *box, const char *css_class)
{
  GtkLabel *label = GTK_LABEL (gtk_label_new (NULL));

  gtk_label_set_ellipsize (label, PANGO_ELLIPSIZE_END);
  gtk_label_set_single_line_mode (label, TRUE);
  gtk_label_set_xalign (label, 0);
  gtk_widget_set_hexpand (GTK_WIDGET (label), TRUE);
  if (css_class != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (label), css_class);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (label));
  return label;
}

static GtkWidget *
add_mark (GtkWidget *box, const char *icon_name, const char *name)
{
  GtkWidget *image = gtk_image_new_from_icon_name (icon_name);

  gtk_widget_add_css_class (image, "mark");
  gtk_widget_set_tooltip_text (image, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (image), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_box_append (GTK_BOX (box), image);
  return image;
}

static void
add_star (TernMessageRow *self, GtkWidget *box)
{
  self->star = GTK_BUTTON (gtk_button_new_from_icon_name ("non-starred-symbolic"));
  gtk_widget_add_css_class (GTK_WIDGET (self->star), "flat");
  gtk_widget_add_css_class (GTK_WIDGET (self->star), "star");
  gtk_widget_set_valign (GTK_WIDGET (self->star), GTK_ALIGN_CENTER);
  gtk_widget_set_focus_on_click (GTK_WIDGET (self->star), FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->star), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Add star"), -1);
  g_signal_connect_swapped (self->star, "clicked", G_CALLBACK (on_star_clicked), self);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->star));
}

static void
tern_message_row_init (TernMessageRow *self)
{
  GtkWidget *lines = gtk_box_new (GTK_ORIENTATION_VERTICAL, LINE_SPACING);
  GtkWidget *first = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *lower = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *text = gtk_box_new (GTK_ORIENTATION_VERTICAL, LINE_SPACING);

  self->box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);

  self->dot = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  gtk_widget_add_css_class (self->dot, "dot");
  gtk_widget_set_valign (self->dot, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (self->box), self->dot);

  gtk_widget_set_valign (lines, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (self->box), lines);
  gtk_box_append (GTK_BOX (lines), first);
  gtk_box_append (GTK_BOX (lines), lower);
  gtk_box_append (GTK_BOX (lower), text);

  self->sender = add_label (first, "sender");
  self->answered = add_mark (first, "mail-replied-symbolic", _ ("Answered"));
  self->attachment = add_mark (first, "mail-attachment-symbolic", _ ("Has attachments"));
  self->date = add_label (first, "date");
  gtk_widget_set_hexpand (GTK_WIDGET (self->date), FALSE);
  gtk_label_set_ellipsize (self->date, PANGO_ELLIPSIZE_NONE);

  self->subject = add_label (text, "subject");
  self->preview = add_label (text, "preview");
  add_star (self, lower);
}

TernMessageRow *
tern_message_row_new (GtkListItem *item)
{
  TernMessageRow *self = g_object_new (TERN_TYPE_MESSAGE_ROW, NULL);

  self->item = item;
  return self;
}

void
tern_message_row_set_message (TernMessageRow *self, TernMessage *message)
{
  if (self->message == message)
    return;
  if (self->message != NULL)
    g_clear_signal_handler (&self->notify, self->message);
  g_set_object (&self->message, message);
  if (message != NULL)
    {
      self->notify = g_signal_connect (message, "notify", G_CALLBACK (on_message_notify), self);
      refresh (self);
    }
}

guint
tern_message_row_get_position (TernMessageRow *self)
{
  return self->item != NULL ? gtk_list_item_get_position (self->item) : GTK_INVALID_LIST_POSITION;
}
