/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-outbox-window.h"

#include <glib/gi18n.h>

struct _TernOutboxWindow
{
  AdwWindow parent_instance;

  TernApplication *app; /* (unowned) */
  TernEngine *engine;   /* (owned) */

  AdwToastOverlay *toasts;
  GtkStack *stack;
  GtkListBox *rows;
};

G_DEFINE_FINAL_TYPE (TernOutboxWindow, tern_outbox_window, ADW_TYPE_WINDOW)

static void
tell (TernOutboxWindow *self, const GError *error)
{
  g_autofree char *markup = g_markup_escape_text (error->message, -1);

  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (markup));
}

static void
on_retried (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernOutboxWindow) self = data;
  g_autoptr (GError) error = NULL;

  if (!tern_engine_retry_finish (TERN_ENGINE (source), result, &error))
    tell (self, error);
}

static TernId
get_row_id (GtkButton *button)
{
  return *(TernId *) g_object_get_data (G_OBJECT (button), "tern-id");
}

static void
on_retry (GtkButton *button, TernOutboxWindow *self)
{
  tern_engine_retry_async (self->engine, get_row_id (button), on_retried, g_object_ref (self));
}

static void
on_dropped (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernOutboxWindow) self = data;
  g_autoptr (GError) error = NULL;

  if (!tern_engine_drop_outbox_finish (TERN_ENGINE (source), result, &error))
    tell (self, error);
}

static void
on_dismiss (GtkButton *button, TernOutboxWindow *self)
{
  tern_engine_drop_outbox_async (self->engine, get_row_id (button), on_dropped,
                                 g_object_ref (self));
}

static void
on_edit (GtkButton *button, TernOutboxWindow *self)
{
  tern_application_edit_outbox (self->app, get_row_id (button));
  gtk_window_close (GTK_WINDOW (self));
}

static void
add_button (TernOutboxWindow *self,
            GtkWidget *row,
            const char *label,
            const TernOutboxRecord *record,
            GCallback callback)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);
  TernId id = record->id;

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  g_object_set_data_full (G_OBJECT (button), "tern-id", g_memdup2 (&id, sizeof id), g_free);
  g_signal_connect_object (button, "clicked", callback, self, 0);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
}

static void
add_buttons (TernOutboxWindow *self, GtkWidget *row, TernOutboxItem *item)
{
  const TernOutboxRecord *record = tern_outbox_item_get_record (item);

  switch (record->state)
    {
    case TERN_OUTBOX_HELD:
    case TERN_OUTBOX_QUEUED:
      add_button (self, row, _ ("_Edit"), record, G_CALLBACK (on_edit));
      if (tern_outbox_item_is_waiting (item))
        add_button (self, row, _ ("_Try Again"), record, G_CALLBACK (on_retry));
      break;
    case TERN_OUTBOX_REFUSED:
    case TERN_OUTBOX_UNCERTAIN:
      add_button (self, row, _ ("_Edit"), record, G_CALLBACK (on_edit));
      add_button (self, row, _ ("_Send Again"), record, G_CALLBACK (on_retry));
      break;
    case TERN_OUTBOX_DONE: /* for those who did not get it */
      add_button (self, row, _ ("_Edit"), record, G_CALLBACK (on_edit));
      add_button (self, row, _ ("_Dismiss"), record, G_CALLBACK (on_dismiss));
      break;
    case TERN_OUTBOX_CONNECTING:
    case TERN_OUTBOX_SENT_DATA:
    case TERN_OUTBOX_ACCEPTED:
    default:
      break;
    }
}

static GtkWidget *
make_row (gpointer item, gpointer data)
{
  TernOutboxWindow *self = data;
  const TernOutboxRecord *record = tern_outbox_item_get_record (item);
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *reason = tern_outbox_item_dup_description (item);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (
      ADW_PREFERENCES_ROW (row),
      record->subject != NULL && *record->subject != '\0' ? record->subject : _ ("(No subject)"));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), reason);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  add_buttons (self, row, item);
  return row;
}

static void
update_stack (GListModel *outbox,
              guint position,
              guint removed,
              guint added,
              TernOutboxWindow *self)
{
  gtk_stack_set_visible_child_name (self->stack,
                                    g_list_model_get_n_items (outbox) > 0 ? "list" : "empty");
}

static void
tern_outbox_window_dispose (GObject *object)
{
  TernOutboxWindow *self = TERN_OUTBOX_WINDOW (object);

  g_clear_object (&self->engine);
  G_OBJECT_CLASS (tern_outbox_window_parent_class)->dispose (object);
}

static void
tern_outbox_window_class_init (TernOutboxWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tern_outbox_window_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/ternmail/Tern/tern-outbox-window.ui");
  gtk_widget_class_bind_template_child (widget_class, TernOutboxWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, TernOutboxWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, TernOutboxWindow, rows);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
tern_outbox_window_init (TernOutboxWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

TernOutboxWindow *
tern_outbox_window_new (TernApplication *app, GtkWindow *parent)
{
  TernOutboxWindow *self =
      g_object_new (TERN_TYPE_OUTBOX_WINDOW, "transient-for", parent, "modal", TRUE, NULL);
  GListModel *outbox = G_LIST_MODEL (tern_application_get_outbox (app));

  self->app = app;
  self->engine = g_object_ref (tern_application_get_engine (app));
  gtk_list_box_bind_model (self->rows, outbox, make_row, self, NULL);
  g_signal_connect_object (outbox, "items-changed", G_CALLBACK (update_stack), self, 0);
  update_stack (outbox, 0, 0, 0, self);
  return self;
}
