/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-history-window.h"

#include "tern-date.h"
#include "tern-history.h"

#include <glib/gi18n.h>

struct _TernHistoryWindow
{
  AdwWindow parent_instance;

  GCancellable *cancellable; /* (owned) */

  GtkStack *stack;
  AdwStatusPage *error_page;
  GtkLabel *subject;
  GtkLabel *from;
  GtkLabel *place;
  GtkListBox *rows;
};

G_DEFINE_FINAL_TYPE (TernHistoryWindow, tern_history_window, ADW_TYPE_WINDOW)

static void
add_row (TernHistoryWindow *self, const char *title, const char *subtitle)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, subtitle, -1);
  gtk_list_box_append (self->rows, row);
}

static void
show_place (TernHistoryWindow *self, const TernHistory *history)
{
  g_autofree char *text = NULL;

  if (history->gone == 0)
    text = g_strdup_printf (_ ("It is in “%s”."), tern_history_folder_name (history->folder));
  else
    {
      g_autofree char *gone = tern_date_format_full (history->gone / 1000, NULL);

      text = g_strdup_printf (_ ("It is gone since %s; it was in “%s” last."), gone,
                              tern_history_folder_name (history->folder));
    }
  gtk_label_set_label (self->place, text);
}

static void
show_history (TernHistoryWindow *self, const TernHistory *history)
{
  GtkListBoxRow *first;

  gtk_label_set_label (self->subject,
                       *history->subject != '\0' ? history->subject : _ ("(No subject)"));
  gtk_label_set_label (self->from, history->from);
  gtk_widget_set_visible (GTK_WIDGET (self->from), *history->from != '\0');
  show_place (self, history);
  for (guint i = 0; i < history->entries->len; i++)
    {
      const TernLedgerEntry *entry = g_ptr_array_index (history->entries, i);
      g_autofree char *sentence = tern_history_dup_sentence (entry);
      g_autofree char *time = tern_date_format_full (entry->time / 1000, NULL);

      add_row (self, sentence, time);
    }
  if (history->entries->len == 0)
    add_row (self, _ ("What happened to it before Tern kept a record is not known."), "");
  gtk_stack_set_visible_child_name (self->stack, "list");
  first = gtk_list_box_get_row_at_index (self->rows, 0);
  gtk_widget_grab_focus (GTK_WIDGET (first));
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernHistoryWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernHistory) history =
      tern_engine_load_history_finish (TERN_ENGINE (source), result, &error);
  g_autofree char *markup = NULL;

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  if (history != NULL)
    {
      show_history (self, history);
      return;
    }
  markup = g_markup_escape_text (error->message, -1);
  adw_status_page_set_description (self->error_page, markup);
  gtk_stack_set_visible_child_name (self->stack, "error");
}

static void
tern_history_window_dispose (GObject *object)
{
  TernHistoryWindow *self = TERN_HISTORY_WINDOW (object);

  g_cancellable_cancel (self->cancellable);
  G_OBJECT_CLASS (tern_history_window_parent_class)->dispose (object);
}

static void
tern_history_window_finalize (GObject *object)
{
  g_object_unref (TERN_HISTORY_WINDOW (object)->cancellable);
  G_OBJECT_CLASS (tern_history_window_parent_class)->finalize (object);
}

static void
tern_history_window_class_init (TernHistoryWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tern_history_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = tern_history_window_finalize;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/ternmail/Tern/tern-history-window.ui");
  gtk_widget_class_bind_template_child (widget_class, TernHistoryWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, TernHistoryWindow, error_page);
  gtk_widget_class_bind_template_child (widget_class, TernHistoryWindow, subject);
  gtk_widget_class_bind_template_child (widget_class, TernHistoryWindow, from);
  gtk_widget_class_bind_template_child (widget_class, TernHistoryWindow, place);
  gtk_widget_class_bind_template_child (widget_class, TernHistoryWindow, rows);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
tern_history_window_init (TernHistoryWindow *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

TernHistoryWindow *
tern_history_window_new (GtkWindow *parent, TernEngine *engine, TernId id)
{
  TernHistoryWindow *self =
      g_object_new (TERN_TYPE_HISTORY_WINDOW, "transient-for", parent, "modal", TRUE, NULL);

  tern_engine_load_history_async (engine, id, self->cancellable, loaded_cb, g_object_ref (self));
  return self;
}
