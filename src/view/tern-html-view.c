/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-html-view.h"

#include "tern-html-policy.h"

#include "tern-paths.h"

#include <glib/gi18n.h>
#include <webkit/webkit.h>

/* Where nothing answers: what gets past the filter and the policy ends here. */
#define DEAD_PROXY "http://127.0.0.1:9"

struct _TernHtmlView
{
  AdwBin parent_instance;

  TernEngine *engine;        /* (owned) */
  GCancellable *cancellable; /* (owned): ends with the widget */

  WebKitWebView *view;               /* (nullable) until the first page; our child owns it */
  WebKitNetworkSession *session;     /* (owned) (nullable) */
  WebKitUserContentManager *content; /* (owned) (nullable) */
  WebKitUserContentFilter *filter;   /* (owned) (nullable) until compiled */
  gboolean filter_failed;

  TernBody *body; /* (owned) (nullable): what is shown or waits for the filter */
  gboolean remote_allowed;
  gboolean waiting; /* for the filter */
  guint own_loads;  /* loads of ours that decide-policy has not seen yet */
  guint32 tab_time; /* of the last Tab that went to the page, as its event says */
};

enum
{
  SIGNAL_LINK_ACTIVATED,
  SIGNAL_LINK_HOVERED,
  SIGNAL_FAILED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (TernHtmlView, tern_html_view, ADW_TYPE_BIN)

static gboolean
is_dark (void)
{
  return adw_style_manager_get_dark (adw_style_manager_get_default ());
}

static void
load (TernHtmlView *self)
{
  g_autofree char *page = NULL;
  WebKitNetworkProxySettings *proxy = webkit_network_proxy_settings_new (DEAD_PROXY, NULL);

  webkit_user_content_manager_remove_all_filters (self->content);
  if (self->remote_allowed)
    webkit_network_session_set_proxy_settings (self->session, WEBKIT_NETWORK_PROXY_MODE_DEFAULT,
                                               NULL);
  else
    {
      webkit_user_content_manager_add_filter (self->content, self->filter);
      webkit_network_session_set_proxy_settings (self->session, WEBKIT_NETWORK_PROXY_MODE_CUSTOM,
                                                 proxy);
    }
  webkit_network_proxy_settings_free (proxy);

  page = tern_html_policy_wrap (self->body->text->html, self->remote_allowed,
                                is_dark () && !self->body->text->html_has_colours);
  self->own_loads++;
  webkit_web_view_load_html (self->view, page, NULL);
}

static void
on_filter_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernHtmlView) self = data;
  g_autoptr (GError) error = NULL;
  WebKitUserContentFilter *filter = webkit_user_content_filter_store_save_finish (
      WEBKIT_USER_CONTENT_FILTER_STORE (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (filter == NULL)
    {
      g_warning ("Cannot compile the content filter: %s", error->message);
      self->filter_failed = TRUE;
    }
  self->filter = filter;
  if (self->waiting)
    {
      self->waiting = FALSE;
      if (self->filter_failed)
        g_signal_emit (self, signals[SIGNAL_FAILED], 0);
      else
        load (self);
    }
}

static void
compile_filter (TernHtmlView *self)
{
  g_autofree char *cache = tern_paths_dup_cache_dir ();
  g_autofree char *dir = g_build_filename (cache, "content-filters", NULL);
  g_autoptr (WebKitUserContentFilterStore) store = webkit_user_content_filter_store_new (dir);
  g_autoptr (GBytes) json =
      g_bytes_new_static (TERN_HTML_FILTER_JSON, sizeof TERN_HTML_FILTER_JSON - 1);

  webkit_user_content_filter_store_save (store, TERN_HTML_FILTER_ID, json, self->cancellable,
                                         on_filter_saved, g_object_ref (self));
}

static const TernPart *
find_content_id (const TernPart *part, const char *id)
{
  if (part == NULL)
    return NULL;
  if (part->content_id != NULL && g_str_equal (part->content_id, id))
    return part;
  for (guint i = 0; part->children != NULL && i < part->children->len; i++)
    {
      const TernPart *found = find_content_id (g_ptr_array_index (part->children, i), id);

      if (found != NULL)
        return found;
    }
  return NULL;
}

static void
on_cid_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (WebKitURISchemeRequest) request = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = tern_engine_load_part_finish (TERN_ENGINE (source), result, &error);
  g_autoptr (GInputStream) stream = NULL;

  if (bytes == NULL)
    {
      webkit_uri_scheme_request_finish_error (request, error);
      return;
    }
  stream = g_memory_input_stream_new_from_bytes (bytes);
  webkit_uri_scheme_request_finish (request, stream, (gint64) g_bytes_get_size (bytes),
                                    g_object_get_data (G_OBJECT (request), "tern-type"));
}

static void
on_cid_request (WebKitURISchemeRequest *request, gpointer data)
{
  TernHtmlView *self = data;
  g_autofree char *id = g_uri_unescape_string (webkit_uri_scheme_request_get_path (request), NULL);
  const TernPart *part = NULL;

  if (self->body != NULL && id != NULL)
    part = find_content_id (self->body->structure, id);
  /* Pictures only: a style sheet or a frame out of an attachment would be more than was asked. */
  if (part == NULL || !g_str_equal (part->type, "image"))
    {
      g_autoptr (GError) error =
          tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The message has no such picture."));

      webkit_uri_scheme_request_finish_error (request, error);
      return;
    }
  g_object_set_data_full (G_OBJECT (request), "tern-type",
                          g_strconcat (part->type, "/", part->subtype, NULL), g_free);
  tern_engine_load_part_async (self->engine, self->body->record->id, part->section,
                               self->cancellable, on_cid_loaded, g_object_ref (request));
}

static gboolean
decide_navigation (TernHtmlView *self, WebKitPolicyDecision *decision)
{
  WebKitNavigationAction *action = webkit_navigation_policy_decision_get_navigation_action (
      WEBKIT_NAVIGATION_POLICY_DECISION (decision));
  const char *uri = webkit_uri_request_get_uri (webkit_navigation_action_get_request (action));

  if (webkit_navigation_action_get_navigation_type (action) == WEBKIT_NAVIGATION_TYPE_OTHER
      && self->own_loads > 0 && g_strcmp0 (uri, "about:blank") == 0)
    {
      self->own_loads--;
      webkit_policy_decision_use (decision);
      return TRUE;
    }
  webkit_policy_decision_ignore (decision);
  if (webkit_navigation_action_get_navigation_type (action) == WEBKIT_NAVIGATION_TYPE_LINK_CLICKED
      && tern_html_policy_classify_link (uri) != TERN_LINK_REFUSED)
    g_signal_emit (self, signals[SIGNAL_LINK_ACTIVATED], 0, uri);
  return TRUE;
}

static gboolean
on_decide_policy (WebKitWebView *view,
                  WebKitPolicyDecision *decision,
                  WebKitPolicyDecisionType type,
                  TernHtmlView *self)
{
  if (type != WEBKIT_POLICY_DECISION_TYPE_RESPONSE)
    return decide_navigation (self, decision);

  /* Downloads and anything that is not shown in place. */
  if (webkit_response_policy_decision_is_mime_type_supported (
          WEBKIT_RESPONSE_POLICY_DECISION (decision)))
    webkit_policy_decision_use (decision);
  else
    webkit_policy_decision_ignore (decision);
  return TRUE;
}

static void
on_mouse_target (WebKitWebView *view, WebKitHitTestResult *hit, guint modifiers, TernHtmlView *self)
{
  g_signal_emit (self, signals[SIGNAL_LINK_HOVERED], 0,
                 webkit_hit_test_result_context_is_link (hit)
                     ? webkit_hit_test_result_get_link_uri (hit)
                     : NULL);
}

/* Copying is all that a mail can be asked for: no "open in new window", no "save". */
static gboolean
on_context_menu (WebKitWebView *view,
                 WebKitContextMenu *menu,
                 WebKitHitTestResult *hit,
                 TernHtmlView *self)
{
  webkit_context_menu_remove_all (menu);
  if (webkit_hit_test_result_context_is_selection (hit))
    webkit_context_menu_append (
        menu, webkit_context_menu_item_new_from_stock_action (WEBKIT_CONTEXT_MENU_ACTION_COPY));
  if (webkit_hit_test_result_context_is_link (hit))
    webkit_context_menu_append (menu, webkit_context_menu_item_new_from_stock_action (
                                          WEBKIT_CONTEXT_MENU_ACTION_COPY_LINK_TO_CLIPBOARD));
  webkit_context_menu_append (
      menu, webkit_context_menu_item_new_from_stock_action (WEBKIT_CONTEXT_MENU_ACTION_SELECT_ALL));
  return FALSE;
}

static gboolean
on_permission (WebKitWebView *view, WebKitPermissionRequest *request, TernHtmlView *self)
{
  webkit_permission_request_deny (request);
  return TRUE;
}

static gboolean
refuse (void)
{
  return TRUE;
}

static void
on_download (WebKitNetworkSession *session, WebKitDownload *download, TernHtmlView *self)
{
  webkit_download_cancel (download);
}

static void
on_terminated (TernHtmlView *self)
{
  self->own_loads = 0;
  if (self->body != NULL)
    g_signal_emit (self, signals[SIGNAL_FAILED], 0);
}

static WebKitSettings *
make_settings (void)
{
  return webkit_settings_new_with_settings (
      "enable-javascript", FALSE, "enable-javascript-markup", FALSE, "enable-html5-database", FALSE,
      "enable-html5-local-storage", FALSE, "enable-page-cache", FALSE, "enable-webgl", FALSE,
      "enable-webaudio", FALSE, "enable-media", FALSE, "enable-media-stream", FALSE,
      "enable-fullscreen", FALSE, "enable-developer-extras", FALSE,
      "enable-back-forward-navigation-gestures", FALSE, "allow-modal-dialogs", FALSE,
      "hardware-acceleration-policy", WEBKIT_HARDWARE_ACCELERATION_POLICY_NEVER, NULL);
}

/* WebKit translates keys with a text view that nobody sees, a child of the page. Tab, past the last
 * link, would end there. */
static void
keep_focus_from_helpers (TernHtmlView *self)
{
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->view)); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    gtk_widget_set_can_focus (child, FALSE);
}

/* Past its last link the page moves the focus on, and then WebKit sends the same Tab to the window
 * once more, which would move it a second time. */
static gboolean
on_window_key (GtkEventControllerKey *key,
               guint keyval,
               guint keycode,
               GdkModifierType state,
               TernHtmlView *self)
{
  guint32 time = gtk_event_controller_get_current_event_time (GTK_EVENT_CONTROLLER (key));

  if (keyval != GDK_KEY_Tab && keyval != GDK_KEY_ISO_Left_Tab)
    return GDK_EVENT_PROPAGATE;
  if (gtk_widget_is_focus (GTK_WIDGET (self->view)))
    self->tab_time = time;
  else if (time == self->tab_time)
    return GDK_EVENT_STOP;
  return GDK_EVENT_PROPAGATE;
}

static void
watch_window_keys (TernHtmlView *self)
{
  GtkEventController *key = gtk_event_controller_key_new ();

  gtk_event_controller_set_propagation_phase (key, GTK_PHASE_CAPTURE);
  g_signal_connect_object (key, "key-pressed", G_CALLBACK (on_window_key), self, 0);
  gtk_widget_add_controller (GTK_WIDGET (gtk_widget_get_root (GTK_WIDGET (self))), key);
}

static void
connect_view (TernHtmlView *self)
{
  g_signal_connect (self->view, "decide-policy", G_CALLBACK (on_decide_policy), self);
  g_signal_connect (self->view, "mouse-target-changed", G_CALLBACK (on_mouse_target), self);
  g_signal_connect (self->view, "context-menu", G_CALLBACK (on_context_menu), self);
  g_signal_connect (self->view, "permission-request", G_CALLBACK (on_permission), self);
  g_signal_connect (self->view, "print", G_CALLBACK (refuse), NULL);
  g_signal_connect (self->view, "enter-fullscreen", G_CALLBACK (refuse), NULL);
  g_signal_connect (self->view, "run-file-chooser", G_CALLBACK (refuse), NULL);
  g_signal_connect_swapped (self->view, "web-process-terminated", G_CALLBACK (on_terminated), self);
  g_signal_connect (self->session, "download-started", G_CALLBACK (on_download), self);
}

static void
make_view (TernHtmlView *self)
{
  g_autoptr (WebKitWebContext) context = webkit_web_context_new ();
  g_autoptr (WebKitSettings) settings = make_settings ();

  webkit_web_context_set_cache_model (context, WEBKIT_CACHE_MODEL_DOCUMENT_VIEWER);
  webkit_web_context_register_uri_scheme (context, "cid", on_cid_request, self, NULL);
  self->session = webkit_network_session_new_ephemeral ();
  webkit_cookie_manager_set_accept_policy (
      webkit_network_session_get_cookie_manager (self->session), WEBKIT_COOKIE_POLICY_ACCEPT_NEVER);
  self->content = webkit_user_content_manager_new ();
  self->view = g_object_new (WEBKIT_TYPE_WEB_VIEW, "web-context", context, "network-session",
                             self->session, "user-content-manager", self->content, "settings",
                             settings, "default-content-security-policy", TERN_HTML_CSP_REMOTE,
                             "hexpand", TRUE, "vexpand", TRUE, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Message page"), -1);
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->view));
  connect_view (self);
  keep_focus_from_helpers (self);
  watch_window_keys (self);
  compile_filter (self);
}

static void
on_dark_changed (TernHtmlView *self)
{
  if (self->body != NULL && self->view != NULL && !self->waiting)
    load (self);
}

static void
tern_html_view_dispose (GObject *object)
{
  TernHtmlView *self = TERN_HTML_VIEW (object);

  g_cancellable_cancel (self->cancellable);
  if (self->view != NULL)
    g_signal_handlers_disconnect_by_data (self->view, self);
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  self->view = NULL;
  g_clear_pointer (&self->body, tern_body_unref);
  g_clear_pointer (&self->filter, webkit_user_content_filter_unref);
  g_clear_object (&self->content);
  g_clear_object (&self->session);
  g_clear_object (&self->engine);
  G_OBJECT_CLASS (tern_html_view_parent_class)->dispose (object);
}

static void
tern_html_view_finalize (GObject *object)
{
  g_object_unref (TERN_HTML_VIEW (object)->cancellable);
  G_OBJECT_CLASS (tern_html_view_parent_class)->finalize (object);
}

static void
tern_html_view_class_init (TernHtmlViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = tern_html_view_dispose;
  object_class->finalize = tern_html_view_finalize;

  signals[SIGNAL_LINK_ACTIVATED] =
      g_signal_new ("link-activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_LINK_HOVERED] =
      g_signal_new ("link-hovered", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_FAILED] = g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
tern_html_view_init (TernHtmlView *self)
{
  self->cancellable = g_cancellable_new ();
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark",
                           G_CALLBACK (on_dark_changed), self, G_CONNECT_SWAPPED);
}

void
tern_html_view_set_engine (TernHtmlView *self, TernEngine *engine)
{
  g_set_object (&self->engine, engine);
}

void
tern_html_view_show (TernHtmlView *self, TernBody *body, gboolean remote_allowed)
{
  g_return_if_fail (body->text->html != NULL);

  tern_body_ref (body);
  g_clear_pointer (&self->body, tern_body_unref);
  self->body = body;
  self->remote_allowed = remote_allowed;
  if (self->view == NULL)
    make_view (self);

  if (self->filter_failed)
    g_signal_emit (self, signals[SIGNAL_FAILED], 0);
  else if (self->filter == NULL)
    self->waiting = TRUE;
  else
    load (self);
}

void
tern_html_view_clear (TernHtmlView *self)
{
  if (self->body == NULL)
    return;
  g_clear_pointer (&self->body, tern_body_unref);
  self->waiting = FALSE;
  if (self->view != NULL)
    {
      self->own_loads++;
      webkit_web_view_load_html (self->view, "", NULL);
    }
}
