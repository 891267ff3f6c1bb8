/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-reader.h"

#include "tern-attachment-list.h"
#include "tern-banner.h"
#include "tern-html-policy.h"
#include "tern-html-view.h"
#include "tern-message-header.h"
#include "tern-plain-view.h"

#include <glib/gi18n.h>

/* Shorter waits show nothing: a spinner that flashes looks slower than none. */
#define SPINNER_DELAY_MS 300

struct _TernReader
{
  AdwBin parent_instance;

  TernEngine *engine;        /* (owned) (nullable) */
  TernId id;                 /* asked for; 0 = none */
  TernMessage *message;      /* (owned) (nullable) */
  TernBody *body;            /* (owned) (nullable): on screen */
  GCancellable *cancellable; /* (owned) (nullable): the load under way */
  guint spinner_timeout;
  gboolean plain;          /* show HTML as text */
  gboolean remote_allowed; /* for this message */
  gboolean page_failed;    /* for this message */

  GtkStack *stack;
  AdwStatusPage *count_page;
  TernMessageHeader *header;
  TernBanner *banner;
  GtkStack *body_stack;
  AdwStatusPage *error_page;
  GtkSpinner *spinner;
  TernPlainView *plain_view;
  TernHtmlView *html_view;
  TernAttachmentList *attachments;
  GtkRevealer *link_revealer;
  GtkLabel *link_label;
};

enum
{
  SIGNAL_SHOWN,
  SIGNAL_LINK_ACTIVATED,
  SIGNAL_MESSAGE,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (TernReader, tern_reader, ADW_TYPE_BIN)

static void start_load (TernReader *self);

static void
show_text (TernReader *self)
{
  tern_html_view_clear (self->html_view);
  tern_plain_view_set_text (self->plain_view, self->body->text->plain);
  gtk_stack_set_visible_child_name (self->body_stack, "text");
}

static void
update_banner (TernReader *self)
{
  TernMimeText *text = self->body->text;

  if (self->page_failed)
    tern_banner_show (self->banner,
                      _ ("The page of this message could not be shown. This is its text."),
                      _ ("Try Again"));
  else if (text->html != NULL && !self->plain && !self->remote_allowed && text->html_wants_remote)
    tern_banner_show (self->banner,
                      _ ("Remote content was blocked, so that the sender does not "
                         "learn that you read this."),
                      _ ("Load for This Message"));
  else if (text->truncated)
    tern_banner_show (self->banner, _ ("This message is very long. Only its beginning is shown."),
                      NULL);
  else
    tern_banner_hide (self->banner);
}

static void
show_body (TernReader *self)
{
  if (self->body->text->html != NULL && !self->plain && !self->page_failed)
    {
      gtk_stack_set_visible_child_name (self->body_stack, "page");
      tern_html_view_show (self->html_view, self->body, self->remote_allowed);
    }
  else
    show_text (self);
  update_banner (self);
}

static void
stop_spinner (TernReader *self)
{
  g_clear_handle_id (&self->spinner_timeout, g_source_remove);
  gtk_spinner_stop (self->spinner);
}

static void
show_error (TernReader *self, const GError *error)
{
  g_autofree char *markup = g_markup_escape_text (error->message, -1);

  tern_attachment_list_show (self->attachments, self->engine, NULL);
  tern_banner_hide (self->banner);
  if (self->message != NULL && tern_message_get_record (self->message) != NULL)
    tern_message_header_show (self->header, tern_message_get_record (self->message)->facts);
  else
    tern_message_header_show (self->header, NULL);
  adw_status_page_set_description (self->error_page, markup);
  gtk_stack_set_visible_child_name (self->body_stack, "error");
  gtk_stack_set_visible_child_name (self->stack, "message");
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernReader) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernBody) body = tern_engine_load_body_finish (TERN_ENGINE (source), result, &error);

  if (body == NULL && tern_fault_is_cancelled (error))
    return;
  g_clear_object (&self->cancellable);
  stop_spinner (self);
  if (body == NULL)
    {
      show_error (self, error);
      return;
    }
  g_clear_pointer (&self->body, tern_body_unref);
  self->body = g_steal_pointer (&body);
  tern_message_header_show (self->header, self->body->record->facts);
  tern_attachment_list_show (self->attachments, self->engine, self->body);
  gtk_stack_set_visible_child_name (self->stack, "message");
  show_body (self);
  g_signal_emit (self, signals[SIGNAL_SHOWN], 0, self->body);
}

static void
on_slow (gpointer data)
{
  TernReader *self = data;

  self->spinner_timeout = 0;
  if (self->message != NULL && tern_message_get_record (self->message) != NULL)
    tern_message_header_show (self->header, tern_message_get_record (self->message)->facts);
  else
    tern_message_header_show (self->header, NULL);
  tern_attachment_list_show (self->attachments, self->engine, NULL);
  tern_banner_hide (self->banner);
  gtk_spinner_start (self->spinner);
  gtk_stack_set_visible_child_name (self->body_stack, "loading");
  gtk_stack_set_visible_child_name (self->stack, "message");
}

static void
forget (TernReader *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  stop_spinner (self);
  g_clear_pointer (&self->body, tern_body_unref);
  g_clear_object (&self->message);
  self->id = 0;
  self->remote_allowed = FALSE;
  self->page_failed = FALSE;
}

static void
start_load (TernReader *self)
{
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  g_clear_handle_id (&self->spinner_timeout, g_source_remove);
  self->spinner_timeout = g_timeout_add_once (SPINNER_DELAY_MS, on_slow, self);
  tern_engine_load_body_async (self->engine, self->id, self->cancellable, on_loaded,
                               g_object_ref (self));
}

static void
on_retry (TernReader *self)
{
  start_load (self);
}

static void
on_banner_clicked (TernReader *self)
{
  if (self->body == NULL)
    return;
  if (self->page_failed)
    self->page_failed = FALSE;
  else
    self->remote_allowed = TRUE;
  show_body (self);
}

static void
on_page_failed (TernReader *self)
{
  if (self->body == NULL || self->body->text->html == NULL)
    return;
  self->page_failed = TRUE;
  show_body (self);
}

static void
on_link_activated (TernReader *self, const char *uri)
{
  g_signal_emit (self, signals[SIGNAL_LINK_ACTIVATED], 0, uri);
}

static void
on_link_hovered (TernReader *self, const char *uri)
{
  if (uri != NULL)
    {
      g_autofree char *shown = tern_html_policy_show_link (uri);

      gtk_label_set_text (self->link_label, shown);
    }
  gtk_revealer_set_reveal_child (self->link_revealer, uri != NULL);
}

static void
on_message (TernReader *self, const char *text)
{
  g_signal_emit (self, signals[SIGNAL_MESSAGE], 0, text);
}

static void
tern_reader_dispose (GObject *object)
{
  TernReader *self = TERN_READER (object);

  forget (self);
  g_clear_object (&self->engine);
  G_OBJECT_CLASS (tern_reader_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ternmail/Tern/tern-reader.ui");
  gtk_widget_class_bind_template_child (widget_class, TernReader, stack);
  gtk_widget_class_bind_template_child (widget_class, TernReader, count_page);
  gtk_widget_class_bind_template_child (widget_class, TernReader, header);
  gtk_widget_class_bind_template_child (widget_class, TernReader, banner);
  gtk_widget_class_bind_template_child (widget_class, TernReader, body_stack);
  gtk_widget_class_bind_template_child (widget_class, TernReader, error_page);
  gtk_widget_class_bind_template_child (widget_class, TernReader, spinner);
  gtk_widget_class_bind_template_child (widget_class, TernReader, plain_view);
  gtk_widget_class_bind_template_child (widget_class, TernReader, html_view);
  gtk_widget_class_bind_template_child (widget_class, TernReader, attachments);
  gtk_widget_class_bind_template_child (widget_class, TernReader, link_revealer);
  gtk_widget_class_bind_template_child (widget_class, TernReader, link_label);
  gtk_widget_class_bind_template_callback (widget_class, on_retry);
  gtk_widget_class_bind_template_callback (widget_class, on_banner_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_page_failed);
  gtk_widget_class_bind_template_callback (widget_class, on_link_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_link_hovered);
  gtk_widget_class_bind_template_callback (widget_class, on_message);
}

static void
tern_reader_class_init (TernReaderClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = tern_reader_dispose;

  signals[SIGNAL_SHOWN] = g_signal_new ("shown", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[SIGNAL_LINK_ACTIVATED] =
      g_signal_new ("link-activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_MESSAGE] = g_signal_new ("message", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  g_type_ensure (TERN_TYPE_MESSAGE_HEADER);
  g_type_ensure (TERN_TYPE_BANNER);
  g_type_ensure (TERN_TYPE_PLAIN_VIEW);
  g_type_ensure (TERN_TYPE_HTML_VIEW);
  g_type_ensure (TERN_TYPE_ATTACHMENT_LIST);
  bind_template (GTK_WIDGET_CLASS (klass));
}

static void
tern_reader_init (TernReader *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
tern_reader_set_engine (TernReader *self, TernEngine *engine)
{
  g_set_object (&self->engine, engine);
  tern_html_view_set_engine (self->html_view, engine);
}

void
tern_reader_show (TernReader *self, TernId id, TernMessage *message)
{
  if (self->id == id)
    return;
  forget (self);
  self->id = id;
  g_set_object (&self->message, message);
  start_load (self);
}

void
tern_reader_show_count (TernReader *self, guint count)
{
  g_autofree char *title = NULL;

  if (count > 1)
    title =
        g_strdup_printf (ngettext ("%u Message Selected", "%u Messages Selected", count), count);
  forget (self);
  tern_attachment_list_show (self->attachments, self->engine, NULL);
  tern_html_view_clear (self->html_view);
  tern_plain_view_set_text (self->plain_view, "");
  adw_status_page_set_title (self->count_page, count > 1 ? title : _ ("No Message Selected"));
  gtk_stack_set_visible_child_name (self->stack, "count");
}

TernId
tern_reader_get_id (TernReader *self)
{
  return self->id;
}

TernBody *
tern_reader_get_body (TernReader *self)
{
  return self->body;
}

void
tern_reader_set_plain (TernReader *self, gboolean plain)
{
  if (self->plain == plain)
    return;
  self->plain = plain;
  if (self->body != NULL && self->body->text->html != NULL)
    show_body (self);
}

gboolean
tern_reader_focus_body (TernReader *self)
{
  return gtk_widget_child_focus (GTK_WIDGET (self->body_stack), GTK_DIR_TAB_FORWARD)
         || gtk_widget_child_focus (GTK_WIDGET (self), GTK_DIR_TAB_FORWARD);
}

GtkWidget *
tern_reader_get_attachments (TernReader *self)
{
  return GTK_WIDGET (self->attachments);
}
