/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-account-window.h"

#include <glib/gi18n.h>

struct _TernAccountWindow
{
  AdwWindow parent_instance;

  TernEngine *engine;            /* (owned) */
  TernAccountSettings *settings; /* (owned): as shown; saved, or being saved */
  gboolean filling;
  guint saving;  /* on their way */
  gboolean late; /* something changed meanwhile */

  AdwWindowTitle *title;
  AdwToastOverlay *toasts;
  AdwEntryRow *label;
  AdwEntryRow *name;
  AdwComboRow *days;
  AdwComboRow *size;
};

G_DEFINE_FINAL_TYPE (TernAccountWindow, tern_account_window, ADW_TYPE_WINDOW)

/* What is offered, in the order of the lists. What was chosen in the terminal stands after it. */
static const int DAYS[] = { TERN_KEEP_ALL_DAYS, 365, 90, 30, 0 };
static const gint64 SIZES[] = { 0, 50 * 1024 * 1024, TERN_KEEP_DEFAULT_SIZE, 1024 * 1024 };

static void save (TernAccountWindow *self);

static void
on_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernAccountWindow) self = data;
  g_autoptr (GError) error = NULL;

  self->saving--;
  if (!tern_engine_save_account_finish (TERN_ENGINE (source), result, &error)
      && !tern_fault_is_cancelled (error))
    adw_toast_overlay_add_toast (self->toasts, adw_toast_new (error->message));
  if (self->late)
    save (self);
}

/* One after the other, so that the last choice is the one that stays. */
static void
save (TernAccountWindow *self)
{
  self->late = self->saving > 0;
  if (self->late)
    return;
  self->saving++;
  tern_engine_save_account_async (self->engine, self->settings, NULL, NULL, NULL, on_saved,
                                  g_object_ref (self));
}

/* The settings that others may read already are not changed: a copy takes their place. */
static TernAccountSettings *
change (TernAccountWindow *self)
{
  TernAccountSettings *copy = tern_account_settings_copy (self->settings);

  tern_account_settings_unref (self->settings);
  self->settings = copy;
  return copy;
}

static void
on_label_apply (TernAccountWindow *self)
{
  TernAccountSettings *settings = change (self);

  g_free (settings->label);
  settings->label = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->label))));
  if (*settings->label == '\0')
    {
      g_free (settings->label);
      settings->label = g_strdup (settings->address);
      gtk_editable_set_text (GTK_EDITABLE (self->label), settings->label);
    }
  save (self);
}

static void
on_name_apply (TernAccountWindow *self)
{
  TernAccountSettings *settings = change (self);

  g_free (settings->name);
  settings->name = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name))));
  save (self);
}

static void
on_days (TernAccountWindow *self)
{
  guint selected = adw_combo_row_get_selected (self->days);

  if (self->filling || selected >= G_N_ELEMENTS (DAYS))
    return;
  change (self)->keep_days = DAYS[selected];
  save (self);
}

static void
on_size (TernAccountWindow *self)
{
  guint selected = adw_combo_row_get_selected (self->size);

  if (self->filling || selected >= G_N_ELEMENTS (SIZES))
    return;
  change (self)->keep_size = SIZES[selected];
  save (self);
}

static char *
describe_days (int days)
{
  if (days == TERN_KEEP_ALL_DAYS)
    return g_strdup (_ ("All Mail"));
  if (days == 0)
    return g_strdup (_ ("Only What I Read"));
  if (days == 365)
    return g_strdup (_ ("Of the Last Year"));
  return g_strdup_printf (ngettext ("Of the Last Day", "Of the Last %d Days", (gulong) days), days);
}

static char *
describe_size (gint64 size)
{
  g_autofree char *words = NULL;

  if (size == 0)
    return g_strdup (_ ("Of Any Size"));
  words = g_format_size_full ((guint64) size, G_FORMAT_SIZE_IEC_UNITS);
  /* Translators: a size, "10.0 MiB". */
  return g_strdup_printf (_ ("Up to %s"), words);
}

static void
fill_days (TernAccountWindow *self)
{
  g_autoptr (GtkStringList) words = gtk_string_list_new (NULL);
  guint selected = G_N_ELEMENTS (DAYS);

  for (guint i = 0; i < G_N_ELEMENTS (DAYS); i++)
    {
      gtk_string_list_take (words, describe_days (DAYS[i]));
      if (DAYS[i] == self->settings->keep_days)
        selected = i;
    }
  if (selected == G_N_ELEMENTS (DAYS))
    gtk_string_list_take (words, describe_days (self->settings->keep_days));
  adw_combo_row_set_model (self->days, G_LIST_MODEL (words));
  adw_combo_row_set_selected (self->days, selected);
}

static void
fill_size (TernAccountWindow *self)
{
  g_autoptr (GtkStringList) words = gtk_string_list_new (NULL);
  guint selected = G_N_ELEMENTS (SIZES);

  for (guint i = 0; i < G_N_ELEMENTS (SIZES); i++)
    {
      gtk_string_list_take (words, describe_size (SIZES[i]));
      if (SIZES[i] == self->settings->keep_size)
        selected = i;
    }
  if (selected == G_N_ELEMENTS (SIZES))
    gtk_string_list_take (words, describe_size (self->settings->keep_size));
  adw_combo_row_set_model (self->size, G_LIST_MODEL (words));
  adw_combo_row_set_selected (self->size, selected);
}

static void
tern_account_window_dispose (GObject *object)
{
  TernAccountWindow *self = TERN_ACCOUNT_WINDOW (object);

  g_clear_object (&self->engine);
  g_clear_pointer (&self->settings, tern_account_settings_unref);
  G_OBJECT_CLASS (tern_account_window_parent_class)->dispose (object);
}

static void
tern_account_window_class_init (TernAccountWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tern_account_window_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/ternmail/Tern/tern-account-window.ui");
  gtk_widget_class_bind_template_child (widget_class, TernAccountWindow, title);
  gtk_widget_class_bind_template_child (widget_class, TernAccountWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, TernAccountWindow, label);
  gtk_widget_class_bind_template_child (widget_class, TernAccountWindow, name);
  gtk_widget_class_bind_template_child (widget_class, TernAccountWindow, days);
  gtk_widget_class_bind_template_child (widget_class, TernAccountWindow, size);
  gtk_widget_class_bind_template_callback (widget_class, on_label_apply);
  gtk_widget_class_bind_template_callback (widget_class, on_name_apply);
  gtk_widget_class_bind_template_callback (widget_class, on_days);
  gtk_widget_class_bind_template_callback (widget_class, on_size);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
tern_account_window_init (TernAccountWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

TernAccountWindow *
tern_account_window_new (TernApplication *app, GtkWindow *parent, const char *uuid)
{
  TernEngine *engine = tern_application_get_engine (app);
  g_autoptr (TernAccountSettings) settings = tern_engine_find_account (engine, uuid);
  TernAccountWindow *self;

  if (settings == NULL)
    return NULL;
  self = g_object_new (TERN_TYPE_ACCOUNT_WINDOW, "transient-for", parent, "application", app, NULL);
  self->engine = g_object_ref (engine);
  self->settings = g_steal_pointer (&settings);
  self->filling = TRUE;
  adw_window_title_set_subtitle (self->title, self->settings->address);
  gtk_editable_set_text (GTK_EDITABLE (self->label), self->settings->label);
  gtk_editable_set_text (GTK_EDITABLE (self->name), self->settings->name);
  fill_days (self);
  fill_size (self);
  self->filling = FALSE;
  return self;
}
