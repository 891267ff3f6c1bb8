/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-banner.h"

struct _TernBanner
{
  AdwBin parent_instance;

  GtkRevealer *revealer;
  GtkLabel *label;
  GtkButton *details;
  GtkButton *button;
};

typedef enum
{
  PROP_DETAILS_ACTION = 1,
} TernBannerProperty;

enum
{
  SIGNAL_BUTTON_CLICKED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (TernBanner, tern_banner, ADW_TYPE_BIN)

static void
on_clicked (TernBanner *self)
{
  g_signal_emit (self, signals[SIGNAL_BUTTON_CLICKED], 0);
}

/* A closed revealer still takes part in focus and layout: gone when it has folded. */
static void
on_child_revealed (TernBanner *self)
{
  if (!gtk_revealer_get_reveal_child (self->revealer)
      && !gtk_revealer_get_child_revealed (self->revealer))
    gtk_widget_set_visible (GTK_WIDGET (self->revealer), FALSE);
}

static void
tern_banner_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  TernBanner *self = TERN_BANNER (object);

  switch ((TernBannerProperty) id)
    {
    case PROP_DETAILS_ACTION:
      gtk_actionable_set_action_name (GTK_ACTIONABLE (self->details), g_value_get_string (value));
      gtk_widget_set_visible (GTK_WIDGET (self->details), g_value_get_string (value) != NULL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
tern_banner_class_init (TernBannerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->set_property = tern_banner_set_property;
  g_object_class_install_property (G_OBJECT_CLASS (klass), PROP_DETAILS_ACTION,
                                   g_param_spec_string ("details-action", NULL, NULL, NULL,
                                                        G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  signals[SIGNAL_BUTTON_CLICKED] =
      g_signal_new ("button-clicked", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/ternmail/Tern/tern-banner.ui");
  gtk_widget_class_bind_template_child (widget_class, TernBanner, revealer);
  gtk_widget_class_bind_template_child (widget_class, TernBanner, label);
  gtk_widget_class_bind_template_child (widget_class, TernBanner, details);
  gtk_widget_class_bind_template_child (widget_class, TernBanner, button);
  gtk_widget_class_bind_template_callback (widget_class, on_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_child_revealed);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_ALERT);
}

static void
tern_banner_init (TernBanner *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
tern_banner_show (TernBanner *self, const char *title, const char *button_label)
{
  if (title == NULL)
    {
      tern_banner_hide (self);
      return;
    }
  gtk_label_set_text (self->label, title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  gtk_widget_set_visible (GTK_WIDGET (self->button), button_label != NULL);
  if (button_label != NULL)
    gtk_button_set_label (self->button, button_label);
  gtk_widget_set_visible (GTK_WIDGET (self->revealer), TRUE);
  gtk_revealer_set_reveal_child (self->revealer, TRUE);
}

void
tern_banner_hide (TernBanner *self)
{
  gtk_revealer_set_reveal_child (self->revealer, FALSE);
  on_child_revealed (self);
}
