/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-window-private.h"

#include "tern-html-policy.h"
#include "tern-mailto.h"
#include "tern-outbox-window.h"

#include <glib/gi18n.h>

enum
{
  PROP_0,
  PROP_SHOW_PLAIN, /* HTML messages as text; the state of "win.show-plain" */
};

G_DEFINE_FINAL_TYPE (TernWindow, tern_window, ADW_TYPE_APPLICATION_WINDOW)

/* Which header bar holds the window's buttons follows from what is side by side. */
static void
update_headers (TernWindow *self)
{
  gboolean outer = adw_leaflet_get_folded (self->outer);
  gboolean inner = adw_leaflet_get_folded (self->inner);

  adw_header_bar_set_show_end_title_buttons (self->sidebar_header, outer && inner);
  adw_header_bar_set_show_start_title_buttons (self->list_header, inner);
  adw_header_bar_set_show_end_title_buttons (self->list_header, outer);
  adw_header_bar_set_show_start_title_buttons (self->reader_header, outer);
  gtk_widget_set_visible (GTK_WIDGET (self->list_back), inner);
  gtk_widget_set_visible (GTK_WIDGET (self->reader_back), outer);
  g_object_set (self->sidebar_pane, "resizable", !inner, NULL);
  g_object_set (self->list_pane, "resizable", !outer, NULL);
  /* They are in the menu as well; a narrow header bar has no room. */
  gtk_widget_set_visible (GTK_WIDGET (self->reply_all_button), !outer);
  gtk_widget_set_visible (GTK_WIDGET (self->forward_button), !outer);
}

static gboolean
reader_is_visible (TernWindow *self)
{
  return !adw_leaflet_get_folded (self->outer)
         || g_strcmp0 (adw_leaflet_get_visible_child_name (self->outer), "reader") == 0;
}

static TernMessage *
dup_message (TernWindow *self, TernId id)
{
  TernMessageList *list =
      tern_selection_get_list (tern_message_list_view_get_selection (self->list));
  guint position = list != NULL ? tern_message_list_find (list, id) : G_MAXUINT;

  return position != G_MAXUINT ? g_list_model_get_item (G_LIST_MODEL (list), position) : NULL;
}

static void
show_selected (TernWindow *self)
{
  TernSelection *selection = tern_message_list_view_get_selection (self->list);
  TernId id = tern_selection_get_single (selection);

  if (id != 0)
    {
      g_autoptr (TernMessage) message = dup_message (self, id);

      tern_reader_show (self->reader, id, message);
    }
  else
    tern_reader_show_count (self->reader, tern_selection_get_count (selection));
}

static void
on_folded (TernWindow *self)
{
  if (self->list_back == NULL)
    return;
  update_headers (self);
  /* What stood beside the list is what a person was reading; an empty page is not. */
  if (adw_leaflet_get_folded (self->outer))
    adw_leaflet_set_visible_child_name (
        self->outer, tern_reader_get_id (self->reader) != 0 ? "reader" : "lists");
  if (adw_leaflet_get_folded (self->inner) && self->folder != NULL)
    adw_leaflet_set_visible_child_name (self->inner, "list");
  if (self->engine != NULL && reader_is_visible (self))
    show_selected (self);
}

/* What can be done with the selected message follows its flags. */
static void
watch_selected (TernWindow *self)
{
  TernId id = tern_selection_get_single (tern_message_list_view_get_selection (self->list));

  if (self->selected != NULL)
    g_clear_signal_handler (&self->selected_notify, self->selected);
  g_clear_object (&self->selected);
  if (id == 0)
    return;
  self->selected = dup_message (self, id);
  if (self->selected != NULL)
    self->selected_notify = g_signal_connect_swapped (
        self->selected, "notify", G_CALLBACK (tern_window_update_actions), self);
}

static void
on_selection_changed (TernWindow *self)
{
  watch_selected (self);
  tern_window_update_actions (self);
  if (self->engine != NULL && reader_is_visible (self))
    show_selected (self);
}

static void
on_message_open (TernWindow *self)
{
  /* Side by side it is in view already, and to choose it would take the focus from the list. */
  if (adw_leaflet_get_folded (self->outer))
    adw_leaflet_set_visible_child_name (self->outer, "reader");
  show_selected (self);
}

static void
on_list_back (TernWindow *self)
{
  adw_leaflet_set_visible_child_name (self->inner, "folders");
}

static void
on_reader_back (TernWindow *self)
{
  adw_leaflet_set_visible_child_name (self->outer, "lists");
}

static void
on_folder_open (TernWindow *self)
{
  adw_leaflet_set_visible_child_name (self->inner, "list");
}

static void
update_title (TernWindow *self)
{
  g_autofree char *subtitle = NULL;
  gint64 unread;

  if (self->folder == NULL)
    return;
  unread = tern_folder_get_unread (self->folder);
  if (unread > 0)
    {
      g_autofree char *number = g_strdup_printf ("%'" G_GINT64_FORMAT, unread);

      subtitle = g_strdup_printf (ngettext ("%s unread", "%s unread", (gulong) unread), number);
    }
  adw_window_title_set_title (self->list_title, tern_folder_get_name (self->folder));
  adw_window_title_set_subtitle (self->list_title, subtitle != NULL ? subtitle : "");
  gtk_window_set_title (GTK_WINDOW (self), tern_folder_get_name (self->folder));
}

static void
on_folder_notify (TernWindow *self)
{
  update_title (self);
  tern_window_update_actions (self);
}

static void
set_folder (TernWindow *self, TernFolder *folder)
{
  if (self->folder != NULL)
    g_clear_signal_handler (&self->folder_notify, self->folder);
  g_set_object (&self->folder, folder);
  if (folder != NULL)
    self->folder_notify =
        g_signal_connect_swapped (folder, "notify", G_CALLBACK (on_folder_notify), self);
  update_title (self);
}

static void
try_wanted (TernWindow *self)
{
  TernId id = self->wanted_message;

  if (id == 0 || self->folder == NULL || tern_folder_get_id (self->folder) != self->wanted_folder)
    return;
  if (tern_message_list_view_show_message (self->list, id))
    {
      self->wanted_message = 0;
      on_message_open (self);
    }
  else if (tern_message_list_view_is_ready (self->list))
    {
      self->wanted_message = 0;
      tern_window_toast (self, _ ("This message is no longer there."), NULL, NULL, NULL);
    }
}

static void
on_list_ready (TernWindow *self)
{
  try_wanted (self);
  tern_window_focus_list (self);
}

static void
remember_folder (TernWindow *self)
{
  const char *uuid =
      tern_engine_get_account_uuid (self->engine, tern_folder_get_account (self->folder));

  if (uuid != NULL)
    g_settings_set (tern_application_get_settings (self->app), "last-folder", "(ss)", uuid,
                    tern_folder_get_path (self->folder));
}

static void
on_folder_changed (TernWindow *self)
{
  TernFolder *folder = tern_sidebar_get_folder (self->sidebar);
  TernSelection *selection = tern_message_list_view_get_selection (self->list);
  g_autoptr (TernMessageList) list = NULL;

  set_folder (self, folder);
  list = tern_message_list_new (self->engine, tern_folder_get_id (folder));
  tern_engine_set_focus (self->engine, tern_folder_get_account (folder),
                         tern_folder_get_id (folder));
  tern_message_list_view_set_list (self->list, list);
  if (self->list_items_changed == 0)
    self->list_items_changed =
        g_signal_connect_swapped (selection, "items-changed", G_CALLBACK (try_wanted), self);
  g_signal_connect_object (list, "notify::ready", G_CALLBACK (on_list_ready), self,
                           G_CONNECT_SWAPPED);
  tern_window_queue_status (self);
  show_selected (self);
  tern_window_update_actions (self);
  remember_folder (self);
  try_wanted (self);
}

/* Folders came or changed: keep what is shown, or begin with what was shown last. */
static void
on_folders_changed (TernWindow *self)
{
  g_autofree char *uuid = NULL;
  g_autofree char *path = NULL;
  TernFolder *folder;

  if (self->wanted_message != 0 && tern_sidebar_select (self->sidebar, self->wanted_folder))
    return;
  if (self->folder != NULL)
    {
      folder = tern_sidebar_get_folder (self->sidebar);
      if (folder != self->folder)
        set_folder (self, folder);
      return;
    }
  g_settings_get (tern_application_get_settings (self->app), "last-folder", "(ss)", &uuid, &path);
  folder = tern_sidebar_find_path (self->sidebar, uuid, path);
  if (folder == NULL || !tern_folder_get_selectable (folder))
    folder = tern_sidebar_find_start (self->sidebar);
  if (folder == NULL)
    return;
  tern_sidebar_select (self->sidebar, tern_folder_get_id (folder));
  /* In a narrow window, begin with the mail, not with the folders. */
  on_folder_open (self);
}

static void
on_reader_shown (TernWindow *self, TernBody *body)
{
  TernFolder *folder = tern_sidebar_find_folder (self->sidebar, body->record->folder);
  g_autofree char *why = folder != NULL ? tern_folder_dup_refusal (folder, TERN_RIGHT_SEEN) : NULL;

  if (!(body->record->flags & TERN_FLAG_SEEN) && why == NULL)
    tern_window_mark_read (self, body->record->id);
  /* A narrow window shows nothing else: the keys are for reading. */
  if (adw_leaflet_get_folded (self->outer))
    tern_window_focus_message (self);
  tern_application_withdraw (self->app, body->record->id);
}

static void
on_reader_message (TernWindow *self, const char *text)
{
  tern_window_toast (self, text, NULL, NULL, NULL);
}

static void
on_link_activated (TernWindow *self, const char *uri)
{
  g_autoptr (TernDraft) draft = NULL;

  switch (tern_html_policy_classify_link (uri))
    {
    case TERN_LINK_EXTERNAL:
      gtk_show_uri (GTK_WINDOW (self), uri, GDK_CURRENT_TIME);
      break;
    case TERN_LINK_MAIL:
      draft = tern_mailto_parse (uri, NULL);
      if (draft != NULL)
        tern_application_compose (self->app, g_steal_pointer (&draft));
      break;
    case TERN_LINK_REFUSED:
    default:
      tern_window_toast (self, _ ("This kind of link is not opened"), NULL, NULL, NULL);
      break;
    }
}

static void
on_account_banner (TernWindow *self)
{
  TernAccount *account;

  if (self->banner_account == NULL)
    return;
  if (self->banner_of_fullness)
    {
      tern_window_close_fullness (self);
      return;
    }
  account = tern_account_list_find (self->accounts, self->banner_account);
  if (account != NULL && tern_account_needs_sign_in (account))
    tern_application_open_assistant (self->app, self->banner_account);
  else
    tern_engine_refresh (self->engine, self->banner_account);
}

static void
on_outbox_banner (TernWindow *self)
{
  TernAccount *account = self->outbox_account != NULL
                             ? tern_account_list_find (self->accounts, self->outbox_account)
                             : NULL;

  if (account == NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.outbox", NULL);
  else if (tern_account_get_sending_error (account) != NULL)
    tern_application_open_assistant (self->app, self->outbox_account);
  else
    tern_engine_refresh (self->engine, self->outbox_account);
}

static void
on_accounts_changed (TernWindow *self)
{
  gboolean any = g_list_model_get_n_items (G_LIST_MODEL (self->accounts)) > 0;

  gtk_stack_set_visible_child_name (self->stack, any ? "mail" : "welcome");
  tern_window_queue_status (self);
}

static void
on_note (TernEngine *engine, const char *uuid, GError *error, TernWindow *self)
{
  tern_window_toast (self, error->message, NULL, NULL, NULL);
}

static gboolean
tern_window_close_request (GtkWindow *window)
{
  TernWindow *self = TERN_WINDOW (window);
  GSettings *settings = tern_application_get_settings (self->app);
  int width, height;

  gtk_window_get_default_size (window, &width, &height);
  g_settings_set_boolean (settings, "window-maximized", gtk_window_is_maximized (window));
  if (!gtk_window_is_maximized (window))
    {
      g_settings_set_int (settings, "window-width", width);
      g_settings_set_int (settings, "window-height", height);
    }
  return GTK_WINDOW_CLASS (tern_window_parent_class)->close_request (window);
}

static void
tern_window_dispose (GObject *object)
{
  TernWindow *self = TERN_WINDOW (object);

  g_clear_handle_id (&self->status_idle, g_source_remove);
  g_clear_handle_id (&self->progress_timeout, g_source_remove);
  if (self->folder != NULL)
    g_clear_signal_handler (&self->folder_notify, self->folder);
  if (self->selected != NULL)
    g_clear_signal_handler (&self->selected_notify, self->selected);
  g_clear_object (&self->selected);
  if (self->list_items_changed != 0)
    g_clear_signal_handler (&self->list_items_changed,
                            tern_message_list_view_get_selection (self->list));
  if (self->accounts != NULL)
    g_signal_handlers_disconnect_by_data (self->accounts, self);
  if (self->outbox != NULL)
    g_signal_handlers_disconnect_by_data (self->outbox, self);
  if (self->engine != NULL)
    g_signal_handlers_disconnect_by_data (self->engine, self);
  g_clear_object (&self->folder);
  g_clear_object (&self->accounts);
  g_clear_object (&self->outbox);
  g_clear_object (&self->engine);
  g_clear_pointer (&self->undo, g_array_unref);
  g_clear_pointer (&self->undo_text, g_free);
  g_clear_weak_pointer (&self->undo_toast);
  g_clear_pointer (&self->banner_account, g_free);
  g_clear_pointer (&self->known_fullness, g_hash_table_unref);
  g_clear_pointer (&self->outbox_account, g_free);
  self->list_back = NULL;
  G_OBJECT_CLASS (tern_window_parent_class)->dispose (object);
}

static void
tern_window_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_SHOW_PLAIN)
    g_value_set_boolean (value, TERN_WINDOW (object)->show_plain);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
tern_window_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  TernWindow *self = TERN_WINDOW (object);

  if (id == PROP_SHOW_PLAIN)
    {
      self->show_plain = g_value_get_boolean (value);
      tern_reader_set_plain (self->reader, self->show_plain);
    }
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, TernWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, error_page);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, outer);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, inner);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, sidebar_pane);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, list_pane);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, sidebar_header);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, list_header);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, reader_header);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, list_back);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, reader_back);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, reply_all_button);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, forward_button);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, trash_button);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, archive_button);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, sidebar);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, list_title);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, account_banner);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, outbox_banner);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, progress);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, list);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, reader);
  gtk_widget_class_bind_template_child (widget_class, TernWindow, message_menu);
}

static void
bind_callbacks (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_callback (widget_class, on_folded);
  gtk_widget_class_bind_template_callback (widget_class, on_folder_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_folders_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_folder_open);
  gtk_widget_class_bind_template_callback (widget_class, on_list_back);
  gtk_widget_class_bind_template_callback (widget_class, on_reader_back);
  gtk_widget_class_bind_template_callback (widget_class, on_account_banner);
  gtk_widget_class_bind_template_callback (widget_class, on_outbox_banner);
  gtk_widget_class_bind_template_callback (widget_class, on_selection_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_message_open);
  gtk_widget_class_bind_template_callback (widget_class, on_reader_shown);
  gtk_widget_class_bind_template_callback (widget_class, on_reader_message);
  gtk_widget_class_bind_template_callback (widget_class, on_link_activated);
}

static void
tern_window_class_init (TernWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tern_window_dispose;
  G_OBJECT_CLASS (klass)->get_property = tern_window_get_property;
  G_OBJECT_CLASS (klass)->set_property = tern_window_set_property;
  GTK_WINDOW_CLASS (klass)->close_request = tern_window_close_request;

  g_object_class_install_property (
      G_OBJECT_CLASS (klass), PROP_SHOW_PLAIN,
      g_param_spec_boolean ("show-plain", NULL, NULL, FALSE,
                            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));

  g_type_ensure (TERN_TYPE_SIDEBAR);
  g_type_ensure (TERN_TYPE_BANNER);
  g_type_ensure (TERN_TYPE_MESSAGE_LIST_VIEW);
  g_type_ensure (TERN_TYPE_PANE);
  g_type_ensure (TERN_TYPE_READER);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/ternmail/Tern/tern-window.ui");
  bind_children (widget_class);
  bind_callbacks (widget_class);
  tern_window_install_actions (widget_class);
}

static void
tern_window_init (TernWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->known_fullness = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  tern_message_list_view_set_menu (self->list, self->message_menu);
  update_headers (self);
  tern_window_update_actions (self);
}

TernWindow *
tern_window_new (TernApplication *application)
{
  TernWindow *self = g_object_new (TERN_TYPE_WINDOW, "application", application, NULL);
  GSettings *settings = tern_application_get_settings (application);

  self->app = application;
  gtk_window_set_default_size (GTK_WINDOW (self), g_settings_get_int (settings, "window-width"),
                               g_settings_get_int (settings, "window-height"));
  g_settings_bind (settings, "sidebar-width", self->sidebar_pane, "width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "list-width", self->list_pane, "width", G_SETTINGS_BIND_DEFAULT);
  if (g_settings_get_boolean (settings, "window-maximized"))
    gtk_window_maximize (GTK_WINDOW (self));
  return self;
}

void
tern_window_set_ready (TernWindow *self)
{
  g_return_if_fail (self->engine == NULL);

  self->engine = g_object_ref (tern_application_get_engine (self->app));
  self->accounts = g_object_ref (tern_application_get_accounts (self->app));
  self->outbox = g_object_ref (tern_application_get_outbox (self->app));
  g_signal_connect_swapped (self->accounts, "items-changed", G_CALLBACK (on_accounts_changed),
                            self);
  g_signal_connect_swapped (self->outbox, "items-changed", G_CALLBACK (tern_window_queue_status),
                            self);
  g_signal_connect_swapped (self->engine, "account-status", G_CALLBACK (tern_window_queue_status),
                            self);
  g_signal_connect (self->engine, "note", G_CALLBACK (on_note), self);
  tern_window_find_undo (self);
  tern_reader_set_engine (self->reader, self->engine);
  tern_sidebar_set_engine (self->sidebar, self->engine, self->accounts);
  on_accounts_changed (self);
  on_folders_changed (self);
  tern_window_update_actions (self);
}

void
tern_window_show_error (TernWindow *self, const GError *error)
{
  g_autofree char *markup = g_markup_escape_text (error->message, -1);

  adw_status_page_set_description (self->error_page, markup);
  gtk_stack_set_visible_child_name (self->stack, "error");
}

void
tern_window_open_message (TernWindow *self, TernId folder, TernId id)
{
  self->wanted_folder = folder;
  self->wanted_message = id;
  if (self->engine == NULL)
    return;
  tern_sidebar_select (self->sidebar, folder);
  adw_leaflet_set_visible_child_name (self->inner, "list");
  try_wanted (self);
}

static AdwToast *
make_toast (const char *text, const char *label, const char *action_name, GVariant *target)
{
  g_autofree char *markup = g_markup_escape_text (text, -1);
  AdwToast *toast = adw_toast_new (markup);

  if (label != NULL)
    {
      adw_toast_set_button_label (toast, label);
      adw_toast_set_action_name (toast, action_name);
      adw_toast_set_action_target_value (toast, target);
    }
  return toast;
}

AdwToast *
tern_window_toast (TernWindow *self,
                   const char *text,
                   const char *label,
                   const char *action_name,
                   GVariant *target)
{
  AdwToast *toast = make_toast (text, label, action_name, target);

  adw_toast_overlay_add_toast (self->toasts, toast);
  return toast;
}

void
tern_window_toast_for (TernWindow *self,
                       guint seconds,
                       const char *text,
                       const char *label,
                       const char *action_name,
                       GVariant *target)
{
  AdwToast *toast = make_toast (text, label, action_name, target);

  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  adw_toast_set_timeout (toast, seconds);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

gboolean
tern_window_is_reading (TernWindow *self, TernId id)
{
  return gtk_window_is_active (GTK_WINDOW (self)) && tern_reader_get_id (self->reader) == id;
}
