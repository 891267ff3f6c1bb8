/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-composer.h"

#include "tern-address-entry.h"
#include "tern-attach.h"
#include "tern-attachment-row.h"
#include "tern-banner.h"
#include "tern-draft-keeper.h"

#include <glib/gi18n.h>

/* Time to think again; the entry waits in the outbox, held. */
#define HOLD_SECONDS 3
/* What was typed is on the disk after this at the latest. */
#define KEEP_SECONDS 3

typedef enum
{
  BANNER_NONE,
  BANNER_REASON, /* why it was not sent */
  BANNER_CLOSE,  /* asks whether to discard */
} BannerKind;

struct _TernComposer
{
  AdwApplicationWindow parent_instance;

  TernApplication *app;      /* (unowned) */
  TernEngine *engine;        /* (owned) */
  TernDraft *draft;          /* (owned): what it began with; threading and attachments live here */
  GPtrArray *accounts;       /* (owned) of TernAccountSettings, as in the drop-down */
  GCancellable *cancellable; /* (owned): reading attachments */
  GtkFileChooserNative *chooser; /* (owned) (nullable) */
  guint reading;                 /* attachments being read */
  BannerKind banner_kind;
  char *reason;    /* (owned) (nullable) */
  char *kept_name; /* (owned): under which the draft keeper has it */
  guint keep_timeout;
  gboolean dirty;
  gboolean sending;
  gboolean done; /* may close */

  TernBanner *banner;
  AdwToastOverlay *toasts;
  GtkDropDown *from;
  TernAddressEntry *to;
  TernAddressEntry *cc;
  TernAddressEntry *bcc;
  GtkWidget *more_rows;
  GtkToggleButton *more;
  GtkEntry *subject;
  GtkTextView *text;
  GtkListBox *attachments;
  GtkWidget *attachments_box;
  GtkWidget *content;
};

G_DEFINE_FINAL_TYPE (TernComposer, tern_composer, ADW_TYPE_APPLICATION_WINDOW)

static void
set_banner (TernComposer *self, BannerKind kind, const char *title, const char *button)
{
  self->banner_kind = kind;
  tern_banner_show (self->banner, title, button);
}

static void
toast (TernComposer *self, const char *text)
{
  g_autofree char *markup = g_markup_escape_text (text, -1);

  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (markup));
}

static void
update_sensitivity (TernComposer *self)
{
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "composer.send",
                                 !self->sending && self->reading == 0);
  gtk_widget_set_sensitive (self->content, !self->sending);
}

static gboolean
on_keep (gpointer data)
{
  TernComposer *self = data;

  self->keep_timeout = 0;
  tern_composer_keep (self);
  return G_SOURCE_REMOVE;
}

static void
on_edited (TernComposer *self)
{
  self->dirty = TRUE;
  if (self->keep_timeout == 0)
    self->keep_timeout = g_timeout_add_seconds (KEEP_SECONDS, on_keep, self);
  if (self->banner_kind == BANNER_CLOSE)
    set_banner (self, self->reason != NULL ? BANNER_REASON : BANNER_NONE, self->reason, NULL);
}

static void
on_subject_changed (TernComposer *self)
{
  const char *subject = gtk_editable_get_text (GTK_EDITABLE (self->subject));

  gtk_window_set_title (GTK_WINDOW (self), *subject != '\0' ? subject : _ ("New Message"));
  on_edited (self);
}

/* Attachments */

static void
update_attachments (TernComposer *self)
{
  gtk_widget_set_visible (self->attachments_box, self->draft->attachments->len > 0);
}

static void
on_remove_attachment (TernAttachmentRow *row, TernComposer *self)
{
  g_ptr_array_remove (self->draft->attachments, g_object_get_data (G_OBJECT (row), "tern-part"));
  gtk_list_box_remove (self->attachments, GTK_WIDGET (row));
  update_attachments (self);
  on_edited (self);
}

static void
add_attachment_row (TernComposer *self, TernAttachment *attachment)
{
  TernAttachmentRow *row = tern_attachment_row_new (TERN_ATTACHMENT_ROW_EDIT, attachment->filename,
                                                    attachment->content_type,
                                                    g_bytes_get_size (attachment->bytes), FALSE);

  g_object_set_data (G_OBJECT (row), "tern-part", attachment);
  g_signal_connect_object (row, "act", G_CALLBACK (on_remove_attachment), self, 0);
  gtk_list_box_append (self->attachments, GTK_WIDGET (row));
}

static void
on_attached (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernComposer) self = data;
  g_autoptr (GError) error = NULL;
  TernAttachment *attachment = tern_attach_file_finish (G_FILE (source), result, &error);

  if (g_cancellable_is_cancelled (self->cancellable))
    {
      g_clear_pointer (&attachment, tern_attachment_free);
      return;
    }
  self->reading--;
  update_sensitivity (self);
  if (attachment == NULL)
    {
      toast (self, error->message);
      return;
    }
  g_ptr_array_add (self->draft->attachments, attachment);
  add_attachment_row (self, attachment);
  update_attachments (self);
  on_edited (self);
}

static void
attach (TernComposer *self, GFile *file)
{
  self->reading++;
  update_sensitivity (self);
  tern_attach_file_async (file, self->cancellable, on_attached, g_object_ref (self));
}

static void
on_chooser_response (GtkNativeDialog *dialog, int response, TernComposer *self)
{
  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GListModel) files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));

      for (guint i = 0; i < g_list_model_get_n_items (files); i++)
        {
          g_autoptr (GFile) file = g_list_model_get_item (files, i);

          attach (self, file);
        }
    }
  gtk_native_dialog_hide (dialog);
}

static void
on_attach (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernComposer *self = TERN_COMPOSER (widget);

  g_clear_object (&self->chooser);
  self->chooser = gtk_file_chooser_native_new (_ ("Attach Files"), GTK_WINDOW (self),
                                               GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Attach"), NULL);
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (self->chooser), TRUE);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (on_chooser_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, TernComposer *self)
{
  if (!G_VALUE_HOLDS (value, GDK_TYPE_FILE_LIST))
    return FALSE;
  for (GSList *l = g_value_get_boxed (value); l != NULL; l = l->next)
    attach (self, l->data);
  return TRUE;
}

/* In and out of the draft */

static void
fill_accounts (TernComposer *self)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  guint selected = 0;

  for (guint i = 0; i < self->accounts->len; i++)
    {
      TernAccountSettings *settings = g_ptr_array_index (self->accounts, i);
      g_autofree char *name = settings->name != NULL && *settings->name != '\0'
                                  ? g_strdup_printf ("%s <%s>", settings->name, settings->address)
                                  : g_strdup (settings->address);

      gtk_string_list_append (names, name);
      if (g_strcmp0 (settings->uuid, self->draft->account) == 0)
        selected = i;
    }
  gtk_drop_down_set_model (self->from, G_LIST_MODEL (names));
  gtk_drop_down_set_selected (self->from, selected);
}

static void
fill (TernComposer *self)
{
  TernDraft *draft = self->draft;
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->text);
  GtkTextIter start;

  fill_accounts (self);
  tern_address_entry_set_list (self->to, draft->to);
  tern_address_entry_set_list (self->cc, draft->cc);
  tern_address_entry_set_list (self->bcc, draft->bcc);
  gtk_toggle_button_set_active (self->more, draft->cc->len > 0 || draft->bcc->len > 0);
  gtk_editable_set_text (GTK_EDITABLE (self->subject),
                         draft->subject != NULL ? draft->subject : "");
  gtk_text_buffer_begin_irreversible_action (buffer);
  gtk_text_buffer_set_text (buffer, draft->text != NULL ? draft->text : "", -1);
  gtk_text_buffer_end_irreversible_action (buffer);
  gtk_text_buffer_get_start_iter (buffer, &start);
  gtk_text_buffer_place_cursor (buffer, &start);
  for (guint i = 0; i < draft->attachments->len; i++)
    add_attachment_row (self, g_ptr_array_index (draft->attachments, i));
  update_attachments (self);
  on_subject_changed (self);
  self->dirty = FALSE;
  g_clear_handle_id (&self->keep_timeout, g_source_remove);
  gtk_widget_grab_focus (draft->to->len > 0 ? GTK_WIDGET (self->text) : GTK_WIDGET (self->to));
}

static char *
dup_text (TernComposer *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->text);
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  return gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
}

/* Replaces *@list by what the entry holds; an entry with a mistake keeps what was. */
static gboolean
take_list (TernAddressEntry *entry, GPtrArray **list)
{
  GPtrArray *typed = tern_address_entry_dup_list (entry);

  if (typed == NULL)
    return FALSE;
  g_clear_pointer (list, g_ptr_array_unref);
  *list = typed;
  return TRUE;
}

/* Brings all but the recipients up to what is on screen. */
static void
collect_rest (TernComposer *self)
{
  TernDraft *draft = self->draft;
  TernAccountSettings *settings =
      g_ptr_array_index (self->accounts, gtk_drop_down_get_selected (self->from));

  g_free (draft->account);
  draft->account = g_strdup (settings->uuid);
  g_clear_pointer (&draft->from, tern_address_free);
  draft->from = tern_address_new (settings->name != NULL ? settings->name : "", settings->address);
  g_free (draft->subject);
  draft->subject = g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->subject)));
  g_free (draft->text);
  draft->text = dup_text (self);
  /* It was made from another text. */
  g_clear_pointer (&draft->html, g_free);
}

/* For sending; FALSE when an address is wrong, which is then shown. */
static gboolean
collect (TernComposer *self)
{
  gboolean valid = TRUE;

  valid &= take_list (self->to, &self->draft->to);
  valid &= take_list (self->cc, &self->draft->cc);
  valid &= take_list (self->bcc, &self->draft->bcc);
  collect_rest (self);
  return valid;
}

static void
take_raw (TernAddressEntry *entry, GPtrArray **list)
{
  g_ptr_array_unref (*list);
  *list = tern_address_entry_dup_raw (entry);
}

/* For keeping: half an address is kept as it was typed. */
static void
collect_raw (TernComposer *self)
{
  take_raw (self->to, &self->draft->to);
  take_raw (self->cc, &self->draft->cc);
  take_raw (self->bcc, &self->draft->bcc);
  collect_rest (self);
}

void
tern_composer_keep (TernComposer *self)
{
  if (!tern_composer_has_content (self) || self->sending || self->done)
    return;
  collect_raw (self);
  if (self->kept_name == NULL)
    self->kept_name = tern_draft_keeper_new_name ();
  tern_draft_keeper_save (G_APPLICATION (self->app), self->kept_name, self->draft);
}

static void
finish (TernComposer *self)
{
  self->done = TRUE;
  if (self->kept_name != NULL)
    tern_draft_keeper_drop (self->kept_name);
  gtk_window_close (GTK_WINDOW (self));
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernComposer) self = data;
  g_autoptr (GError) error = NULL;
  TernId outbox = tern_engine_send_finish (TERN_ENGINE (source), result, &error);

  self->sending = FALSE;
  update_sensitivity (self);
  if (outbox == 0)
    {
      g_free (self->reason);
      self->reason = g_strdup (error->message);
      set_banner (self, BANNER_REASON, self->reason, NULL);
      return;
    }
  tern_application_sent (self->app, outbox, HOLD_SECONDS);
  finish (self);
}

static void
on_send (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernComposer *self = TERN_COMPOSER (widget);
  gboolean valid = collect (self);

  if (!valid)
    {
      gtk_toggle_button_set_active (self->more, TRUE);
      return;
    }
  if (self->draft->to->len + self->draft->cc->len + self->draft->bcc->len == 0)
    {
      tern_address_entry_show_error (self->to, _ ("Add somebody to send this to."));
      gtk_widget_grab_focus (GTK_WIDGET (self->to));
      return;
    }
  /* A line that loses its sensitivity while it has the focus goes on blinking. */
  gtk_window_set_focus (GTK_WINDOW (self), NULL);
  self->sending = TRUE;
  update_sensitivity (self);
  tern_engine_send_async (self->engine, self->draft, HOLD_SECONDS, on_sent, g_object_ref (self));
}

static void
on_discard (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernComposer *self = TERN_COMPOSER (widget);

  if (self->dirty)
    {
      collect_raw (self);
      tern_application_discarded (self->app, tern_draft_copy (self->draft));
    }
  finish (self);
}

static void
on_banner_clicked (TernComposer *self)
{
  if (self->banner_kind == BANNER_CLOSE)
    on_discard (GTK_WIDGET (self), NULL, NULL);
}

static gboolean
tern_composer_close_request (GtkWindow *window)
{
  TernComposer *self = TERN_COMPOSER (window);

  if (self->sending)
    return TRUE;
  if (!self->done && tern_composer_has_content (self))
    {
      set_banner (self, BANNER_CLOSE, _ ("This message has not been sent. Discard it?"),
                  _ ("Discard"));
      gtk_window_present (window);
      return TRUE;
    }
  return GTK_WINDOW_CLASS (tern_composer_parent_class)->close_request (window);
}

static void
tern_composer_dispose (GObject *object)
{
  TernComposer *self = TERN_COMPOSER (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->keep_timeout, g_source_remove);
  g_clear_object (&self->chooser);
  g_clear_object (&self->engine);
  self->content = NULL;
  G_OBJECT_CLASS (tern_composer_parent_class)->dispose (object);
}

static void
tern_composer_finalize (GObject *object)
{
  TernComposer *self = TERN_COMPOSER (object);

  g_object_unref (self->cancellable);
  g_clear_pointer (&self->draft, tern_draft_free);
  g_clear_pointer (&self->accounts, g_ptr_array_unref);
  g_free (self->reason);
  g_free (self->kept_name);
  G_OBJECT_CLASS (tern_composer_parent_class)->finalize (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ternmail/Tern/tern-composer.ui");
  gtk_widget_class_bind_template_child (widget_class, TernComposer, banner);
  gtk_widget_class_bind_template_child (widget_class, TernComposer, toasts);
  gtk_widget_class_bind_template_child (widget_class, TernComposer, from);
  gtk_widget_class_bind_template_child (widget_class, TernComposer, to);
  gtk_widget_class_bind_template_child (widget_class, TernComposer, cc);
  gtk_widget_class_bind_template_child (widget_class, TernComposer, bcc);
  gtk_widget_class_bind_template_child (widget_class, TernComposer, more_rows);
  gtk_widget_class_bind_template_child (widget_class, TernComposer, more);
  gtk_widget_class_bind_template_child (widget_class, TernComposer, subject);
  gtk_widget_class_bind_template_child (widget_class, TernComposer, text);
  gtk_widget_class_bind_template_child (widget_class, TernComposer, attachments);
  gtk_widget_class_bind_template_child (widget_class, TernComposer, attachments_box);
  gtk_widget_class_bind_template_child (widget_class, TernComposer, content);
  gtk_widget_class_bind_template_callback (widget_class, on_edited);
  gtk_widget_class_bind_template_callback (widget_class, on_subject_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_banner_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_drop);
}

static void
tern_composer_class_init (TernComposerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tern_composer_dispose;
  G_OBJECT_CLASS (klass)->finalize = tern_composer_finalize;
  GTK_WINDOW_CLASS (klass)->close_request = tern_composer_close_request;

  g_type_ensure (TERN_TYPE_ADDRESS_ENTRY);
  g_type_ensure (TERN_TYPE_BANNER);
  bind_template (widget_class);
  gtk_widget_class_install_action (widget_class, "composer.send", NULL, on_send);
  gtk_widget_class_install_action (widget_class, "composer.attach", NULL, on_attach);
  gtk_widget_class_install_action (widget_class, "composer.discard", NULL, on_discard);
}

static void
tern_composer_init (TernComposer *self)
{
  GtkDropTarget *drop;

  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  drop = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
  /* Before the text view, which would take the files as text. */
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (drop), GTK_PHASE_CAPTURE);
  g_signal_connect (drop, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drop));
}

TernComposer *
tern_composer_new (TernApplication *app, TernDraft *draft)
{
  TernComposer *self = g_object_new (TERN_TYPE_COMPOSER, "application", app, NULL);

  self->app = app;
  self->engine = g_object_ref (tern_application_get_engine (app));
  self->draft = draft != NULL ? draft : tern_draft_new ();
  self->accounts = tern_engine_dup_accounts (self->engine);
  fill (self);
  return self;
}

TernComposer *
tern_composer_new_returned (TernApplication *app,
                            TernDraft *draft,
                            const char *kept_name,
                            const char *reason)
{
  TernComposer *self = tern_composer_new (app, draft);

  self->kept_name = g_strdup (kept_name);
  self->reason = g_strdup (reason);
  if (reason != NULL)
    set_banner (self, BANNER_REASON, reason, NULL);
  self->dirty = TRUE;
  if (kept_name == NULL)
    tern_composer_keep (self);
  return self;
}

gboolean
tern_composer_has_content (TernComposer *self)
{
  return self->dirty || self->reading > 0;
}

/** Recall: an outbox entry on its way back. */
typedef struct
{
  TernApplication *app; /* (owned) */
  char *reason;         /* (owned) (nullable) */
  char *kept_name;      /* (owned) */
} Recall;

static void
on_recalled (GObject *source, GAsyncResult *result, gpointer data)
{
  Recall *recall = data;
  g_autoptr (GError) error = NULL;
  TernDraft *draft = tern_engine_recall_finish (TERN_ENGINE (source), result, &error);

  if (draft == NULL)
    {
      tern_application_tell (recall->app, error->message);
      tern_draft_keeper_drop (recall->kept_name);
    }
  else
    gtk_window_present (GTK_WINDOW (
        tern_composer_new_returned (recall->app, draft, recall->kept_name, recall->reason)));
  g_object_unref (recall->app);
  g_free (recall->kept_name);
  g_free (recall->reason);
  g_free (recall);
}

static char *
dup_reason (TernApplication *app, TernId outbox)
{
  TernOutboxItem *item = tern_outbox_list_find (tern_application_get_outbox (app), outbox);

  if (item == NULL || tern_outbox_item_get_trouble (item) == TERN_OUTBOX_TROUBLE_NONE)
    return NULL;
  return tern_outbox_item_dup_description (item);
}

void
tern_composer_open_outbox (TernApplication *app, TernId outbox)
{
  Recall *recall = g_new0 (Recall, 1);
  g_autofree char *path = NULL;

  recall->app = g_object_ref (app);
  recall->reason = dup_reason (app, outbox);
  recall->kept_name = tern_draft_keeper_new_name ();
  path = tern_draft_keeper_dup_path (recall->kept_name);
  tern_engine_recall_async (tern_application_get_engine (app), outbox, path, on_recalled, recall);
}
