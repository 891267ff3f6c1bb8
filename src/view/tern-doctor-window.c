/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-doctor-window.h"

#include "tern-doctor-page.h"

#include <glib/gi18n.h>

struct _TernDoctorWindow
{
  AdwWindow parent_instance;

  TernEngine *engine;        /* (owned) */
  TernAccountList *accounts; /* (owned) */
  TernDiagnosis *diagnosis;  /* (owned) (nullable): what is shown */
  GCancellable *cancellable; /* (owned) (nullable): while one is being made */
  gboolean tests;            /* and it tests */

  AdwToastOverlay *toasts;
  AdwWindowTitle *title;
  GtkDropDown *chooser;
  GtkStack *stack;
  GtkSpinner *looking;
  AdwStatusPage *error_page;
  AdwBin *found;
  GtkButton *copy_button;
  GtkButton *test_button;
  GtkSpinner *testing;
};

G_DEFINE_FINAL_TYPE (TernDoctorWindow, tern_doctor_window, ADW_TYPE_WINDOW)

/* (nullable) (transfer full) */
static TernAccount *
dup_account (TernDoctorWindow *self)
{
  return g_list_model_get_item (G_LIST_MODEL (self->accounts),
                                gtk_drop_down_get_selected (self->chooser));
}

static void
show_error (TernDoctorWindow *self, const char *words)
{
  g_autofree char *markup = g_markup_escape_text (words, -1);

  adw_status_page_set_description (self->error_page, markup);
  gtk_stack_set_visible_child_name (self->stack, "error");
}

static void
set_busy (TernDoctorWindow *self, gboolean busy)
{
  gtk_spinner_set_spinning (self->looking, busy);
  gtk_spinner_set_spinning (self->testing, busy && self->tests);
  gtk_widget_set_visible (GTK_WIDGET (self->testing), busy && self->tests);
}

static void
show_diagnosis (TernDoctorWindow *self, TernDiagnosis *diagnosis)
{
  g_clear_pointer (&self->diagnosis, tern_diagnosis_unref);
  self->diagnosis = diagnosis;
  adw_bin_set_child (self->found, tern_doctor_page_new (diagnosis));
  gtk_stack_set_visible_child_name (self->stack, "found");
  gtk_widget_set_sensitive (GTK_WIDGET (self->copy_button), TRUE);
}

static void
on_diagnosed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernDoctorWindow) self = data;
  g_autoptr (GError) error = NULL;
  TernDiagnosis *diagnosis = tern_engine_diagnose_finish (TERN_ENGINE (source), result, &error);

  /* The window was closed, or another account was asked for meanwhile. */
  if (diagnosis == NULL && tern_fault_is_cancelled (error))
    return;
  set_busy (self, FALSE);
  g_clear_object (&self->cancellable);
  if (diagnosis != NULL)
    show_diagnosis (self, diagnosis);
  else
    show_error (self, error->message);
}

static void
diagnose (TernDoctorWindow *self, gboolean test)
{
  g_autoptr (TernAccount) account = dup_account (self);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  gtk_widget_set_sensitive (GTK_WIDGET (self->test_button), account != NULL);
  self->tests = test;
  if (account == NULL)
    {
      set_busy (self, FALSE);
      show_error (self, _ ("There is no account yet."));
      return;
    }
  set_busy (self, TRUE);
  if (self->diagnosis == NULL)
    gtk_stack_set_visible_child_name (self->stack, "looking");
  self->cancellable = g_cancellable_new ();
  tern_engine_diagnose_async (self->engine, tern_account_get_uuid (account), test,
                              self->cancellable, on_diagnosed, g_object_ref (self));
}

static void
on_account (TernDoctorWindow *self)
{
  g_clear_pointer (&self->diagnosis, tern_diagnosis_unref);
  gtk_widget_set_sensitive (GTK_WIDGET (self->copy_button), FALSE);
  diagnose (self, FALSE);
}

static void
on_test (TernDoctorWindow *self)
{
  if (self->cancellable == NULL)
    diagnose (self, TRUE);
}

static void
on_copy (TernDoctorWindow *self)
{
  g_autofree char *text = tern_diagnosis_dup_text (self->diagnosis, TRUE);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
  adw_toast_overlay_add_toast (
      self->toasts, adw_toast_new (_ ("Copied, with addresses and subjects struck out")));
}

/* --- life ---------------------------------------------------------------------------------- */

static void
tern_doctor_window_dispose (GObject *object)
{
  TernDoctorWindow *self = TERN_DOCTOR_WINDOW (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->diagnosis, tern_diagnosis_unref);
  g_clear_object (&self->accounts);
  g_clear_object (&self->engine);
  G_OBJECT_CLASS (tern_doctor_window_parent_class)->dispose (object);
}

/* A test that goes on behind a closed window helps nobody. */
static gboolean
tern_doctor_window_close_request (GtkWindow *window)
{
  g_cancellable_cancel (TERN_DOCTOR_WINDOW (window)->cancellable);
  return GTK_WINDOW_CLASS (tern_doctor_window_parent_class)->close_request (window);
}

static void
tern_doctor_window_class_init (TernDoctorWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tern_doctor_window_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = tern_doctor_window_close_request;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/ternmail/Tern/tern-doctor-window.ui");
  gtk_widget_class_bind_template_child (widget_class, TernDoctorWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, TernDoctorWindow, title);
  gtk_widget_class_bind_template_child (widget_class, TernDoctorWindow, chooser);
  gtk_widget_class_bind_template_child (widget_class, TernDoctorWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, TernDoctorWindow, looking);
  gtk_widget_class_bind_template_child (widget_class, TernDoctorWindow, error_page);
  gtk_widget_class_bind_template_child (widget_class, TernDoctorWindow, found);
  gtk_widget_class_bind_template_child (widget_class, TernDoctorWindow, copy_button);
  gtk_widget_class_bind_template_child (widget_class, TernDoctorWindow, test_button);
  gtk_widget_class_bind_template_child (widget_class, TernDoctorWindow, testing);
  gtk_widget_class_bind_template_callback (widget_class, on_copy);
  gtk_widget_class_bind_template_callback (widget_class, on_test);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
tern_doctor_window_init (TernDoctorWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static char *
dup_label (TernAccount *account, gpointer data)
{
  return g_strdup (tern_account_get_label (account));
}

/* With one account its name is the title; with several they are there to choose from. */
static void
fill_chooser (TernDoctorWindow *self, const char *uuid)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->accounts));
  GtkExpression *label = gtk_cclosure_expression_new (G_TYPE_STRING, NULL, 0, NULL,
                                                      G_CALLBACK (dup_label), NULL, NULL);

  gtk_drop_down_set_expression (self->chooser, label);
  gtk_expression_unref (label);
  gtk_drop_down_set_model (self->chooser, G_LIST_MODEL (self->accounts));
  gtk_widget_set_visible (GTK_WIDGET (self->chooser), n > 1);
  gtk_widget_set_visible (GTK_WIDGET (self->title), n <= 1);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (TernAccount) account = g_list_model_get_item (G_LIST_MODEL (self->accounts), i);

      if (n == 1)
        adw_window_title_set_subtitle (self->title, tern_account_get_label (account));
      if (g_strcmp0 (tern_account_get_uuid (account), uuid) == 0)
        gtk_drop_down_set_selected (self->chooser, i);
    }
}

TernDoctorWindow *
tern_doctor_window_new (TernApplication *app, GtkWindow *parent, const char *uuid)
{
  TernDoctorWindow *self =
      g_object_new (TERN_TYPE_DOCTOR_WINDOW, "transient-for", parent, "modal", TRUE, NULL);

  self->engine = g_object_ref (tern_application_get_engine (app));
  self->accounts = g_object_ref (tern_application_get_accounts (app));
  fill_chooser (self, uuid);
  g_signal_connect_object (self->chooser, "notify::selected", G_CALLBACK (on_account), self,
                           G_CONNECT_SWAPPED);
  diagnose (self, FALSE);
  return self;
}
