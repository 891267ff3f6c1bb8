/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-assistant.h"

#include "tern-banner.h"
#include "tern-number.h"

#include <glib/gi18n.h>
#include <string.h>

/* The drop-downs list TernSecurity in its order: TLS, STARTTLS. */
static const guint16 IMAP_PORTS[] = { 993, 143 };
static const guint16 SMTP_PORTS[] = { 465, 587 };

struct _TernAssistant
{
  AdwWindow parent_instance;

  TernApplication *app;          /* (unowned) */
  TernEngine *engine;            /* (owned) */
  TernAccountSettings *settings; /* (owned): what is kept beside the fields (uuid, label, pins) */
  GCancellable *cancellable;     /* (owned) (nullable): the test under way */
  gboolean again;                /* signing in to an account that exists */
  gboolean guessed;              /* the server fields were filled */

  GtkStack *stack;
  GtkStack *button_stack;
  TernBanner *banner;
  GtkButton *back;
  GtkButton *next;
  GtkButton *connect;
  GtkWidget *busy;
  GtkWidget *fields;
  AdwEntryRow *name;
  AdwEntryRow *address;
  AdwPasswordEntryRow *password;
  AdwEntryRow *imap_host;
  AdwEntryRow *imap_port;
  AdwComboRow *imap_security;
  AdwEntryRow *imap_user;
  AdwEntryRow *smtp_host;
  AdwEntryRow *smtp_port;
  AdwComboRow *smtp_security;
  AdwEntryRow *smtp_user;
  AdwPasswordEntryRow *smtp_password;
};

G_DEFINE_FINAL_TYPE (TernAssistant, tern_assistant, ADW_TYPE_WINDOW)

static const char *
get_text (gpointer row)
{
  return gtk_editable_get_text (GTK_EDITABLE (row));
}

static void
set_text (gpointer row, const char *text)
{
  gtk_editable_set_text (GTK_EDITABLE (row), text != NULL ? text : "");
}

static char *
dup_stripped (gpointer row)
{
  return g_strstrip (g_strdup (get_text (row)));
}

static gboolean
address_is_plausible (const char *address)
{
  const char *at = strchr (address, '@');

  return at != NULL && at != address && at[1] != '\0' && strchr (at + 1, '@') == NULL
         && strpbrk (address, " \t<>,;") == NULL;
}

static void
on_identity_changed (TernAssistant *self)
{
  g_autofree char *address = dup_stripped (self->address);

  gtk_widget_set_sensitive (GTK_WIDGET (self->next),
                            address_is_plausible (address) && *get_text (self->password) != '\0');
}

static void
on_address_changed (TernAssistant *self)
{
  self->guessed = FALSE;
  on_identity_changed (self);
}

static void
set_page (TernAssistant *self, const char *page)
{
  gboolean servers = g_str_equal (page, "servers");

  gtk_stack_set_visible_child_name (self->stack, page);
  gtk_widget_set_visible (GTK_WIDGET (self->back), servers);
  gtk_stack_set_visible_child (self->button_stack,
                               GTK_WIDGET (servers ? self->connect : self->next));
  gtk_window_set_default_widget (GTK_WINDOW (self),
                                 GTK_WIDGET (servers ? self->connect : self->next));
  tern_banner_hide (self->banner);
}

static void
fill_server (AdwEntryRow *host,
             AdwEntryRow *port,
             AdwComboRow *security,
             AdwEntryRow *user,
             const TernEndpoint *endpoint,
             const char *name)
{
  g_autofree char *number = NULL;

  set_text (user, name);
  if (endpoint == NULL)
    return;
  number = g_strdup_printf ("%u", endpoint->port);
  /* The security first: it puts its usual port, which the real one then replaces. */
  adw_combo_row_set_selected (security, endpoint->security);
  set_text (host, endpoint->host);
  set_text (port, number);
}

static void
fill_servers (TernAssistant *self)
{
  TernAccountSettings *settings = self->settings;

  fill_server (self->imap_host, self->imap_port, self->imap_security, self->imap_user,
               settings->imap, settings->imap_user);
  fill_server (self->smtp_host, self->smtp_port, self->smtp_security, self->smtp_user,
               settings->smtp,
               settings->smtp_user != NULL ? settings->smtp_user : settings->imap_user);
  self->guessed = TRUE;
}

static void
on_next (TernAssistant *self)
{
  g_autofree char *address = dup_stripped (self->address);

  if (!self->guessed)
    {
      g_autoptr (TernAccountSettings) guess = tern_account_settings_new ();

      tern_account_settings_guess (guess, address);
      guess->keep_days = TERN_KEEP_DEFAULT_DAYS;
      guess->keep_size = TERN_KEEP_DEFAULT_SIZE;
      g_clear_pointer (&self->settings, tern_account_settings_unref);
      self->settings = g_steal_pointer (&guess);
      fill_servers (self);
    }
  set_page (self, "servers");
  gtk_widget_grab_focus (GTK_WIDGET (self->connect));
}

static void
on_back (TernAssistant *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  set_page (self, "identity");
}

static void
on_imap_security (TernAssistant *self)
{
  guint selected = adw_combo_row_get_selected (self->imap_security);
  g_autofree char *port =
      g_strdup_printf ("%u", IMAP_PORTS[MIN (selected, G_N_ELEMENTS (IMAP_PORTS) - 1)]);

  set_text (self->imap_port, port);
}

static void
on_smtp_security (TernAssistant *self)
{
  guint selected = adw_combo_row_get_selected (self->smtp_security);
  g_autofree char *port =
      g_strdup_printf ("%u", SMTP_PORTS[MIN (selected, G_N_ELEMENTS (SMTP_PORTS) - 1)]);

  set_text (self->smtp_port, port);
}

static void
set_busy (TernAssistant *self, gboolean busy)
{
  gtk_widget_set_sensitive (self->fields, !busy);
  gtk_widget_set_visible (self->busy, busy);
  gtk_widget_set_sensitive (GTK_WIDGET (self->connect), !busy);
  /* What lost its sensitivity lost the focus. */
  if (!busy && gtk_window_get_focus (GTK_WINDOW (self)) == NULL)
    gtk_widget_grab_focus (GTK_WIDGET (self->connect));
}

/* NULL, and the banner says why, when the port is none. */
static TernEndpoint *
make_endpoint (TernAssistant *self,
               AdwEntryRow *host_row,
               AdwEntryRow *port_row,
               AdwComboRow *security,
               const TernEndpoint *before)
{
  g_autofree char *host = dup_stripped (host_row);
  g_autofree char *port = dup_stripped (port_row);
  gboolean same = before != NULL && g_strcmp0 (before->host, host) == 0;
  guint64 number;

  if (*host == '\0' || !tern_number_parse (port, 1, 65535, &number))
    {
      tern_banner_show (self->banner, _ ("Each server needs a name and a port from 1 to 65535."),
                        NULL);
      return NULL;
    }
  /* What a person trusted for this host stays; it means nothing for another one. */
  return tern_endpoint_new (host, (guint16) number,
                            (TernSecurity) adw_combo_row_get_selected (security),
                            same ? before->ca_file : NULL, same ? before->pin_sha256 : NULL);
}

static TernAccountSettings *
collect (TernAssistant *self)
{
  g_autoptr (TernAccountSettings) settings = tern_account_settings_new ();
  const TernAccountSettings *old = self->settings;

  g_free (settings->uuid);
  settings->uuid = g_strdup (old->uuid);
  settings->safe_mode = old->safe_mode;
  settings->keep_days = old->keep_days;
  settings->keep_size = old->keep_size;
  settings->auth = old->auth;
  settings->address = dup_stripped (self->address);
  settings->name = dup_stripped (self->name);
  settings->label = g_strdup (self->again && old->label != NULL ? old->label : settings->address);
  settings->imap_user = dup_stripped (self->imap_user);
  settings->smtp_user = dup_stripped (self->smtp_user);
  settings->smtp_own_secret = *get_text (self->smtp_password) != '\0';
  if (!settings->smtp_own_secret && g_strcmp0 (settings->smtp_user, settings->imap_user) == 0)
    g_clear_pointer (&settings->smtp_user, g_free);
  settings->imap =
      make_endpoint (self, self->imap_host, self->imap_port, self->imap_security, old->imap);
  if (settings->imap == NULL)
    return NULL;
  settings->smtp =
      make_endpoint (self, self->smtp_host, self->smtp_port, self->smtp_security, old->smtp);
  if (settings->smtp == NULL)
    return NULL;
  return g_steal_pointer (&settings);
}

static void
show_error (TernAssistant *self, const GError *error)
{
  const char *server = tern_fault_get_server_text (error);
  g_autofree char *text = server != NULL && *server != '\0' ? g_strdup_printf (
                              _ ("%s\nThe server says: %s"), error->message, server)
                                                            : g_strdup (error->message);

  tern_banner_show (self->banner, text, NULL);
}

static const char *
get_smtp_password (TernAssistant *self)
{
  const char *password = get_text (self->smtp_password);

  return *password != '\0' ? password : NULL;
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernAssistant) self = data;
  g_autoptr (GError) error = NULL;
  gboolean saved = tern_engine_save_account_finish (TERN_ENGINE (source), result, &error);

  g_clear_object (&self->cancellable);
  set_busy (self, FALSE);
  if (saved)
    gtk_window_close (GTK_WINDOW (self));
  else if (!tern_fault_is_cancelled (error))
    show_error (self, error);
}

static void
on_tested (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernAssistant) self = data;
  g_autoptr (GError) error = NULL;
  gboolean works = tern_engine_test_account_finish (TERN_ENGINE (source), result, &error);

  if (works && !g_cancellable_is_cancelled (self->cancellable))
    {
      tern_engine_save_account_async (self->engine, self->settings, get_text (self->password),
                                      get_smtp_password (self), self->cancellable, on_saved,
                                      g_object_ref (self));
      return;
    }
  g_clear_object (&self->cancellable);
  set_busy (self, FALSE);
  if (!works && !tern_fault_is_cancelled (error))
    show_error (self, error);
}

static void
on_connect (TernAssistant *self)
{
  TernAccountSettings *settings = collect (self);
  g_autoptr (GError) error = NULL;

  if (settings == NULL)
    return;
  g_clear_pointer (&self->settings, tern_account_settings_unref);
  self->settings = settings;
  if (!tern_account_settings_check (settings, &error))
    {
      show_error (self, error);
      return;
    }
  tern_banner_hide (self->banner);
  set_busy (self, TRUE);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  tern_engine_test_account_async (self->engine, settings, get_text (self->password),
                                  get_smtp_password (self), self->cancellable, on_tested,
                                  g_object_ref (self));
}

static gboolean
tern_assistant_close_request (GtkWindow *window)
{
  TernAssistant *self = TERN_ASSISTANT (window);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  return GTK_WINDOW_CLASS (tern_assistant_parent_class)->close_request (window);
}

static void
tern_assistant_dispose (GObject *object)
{
  TernAssistant *self = TERN_ASSISTANT (object);

  g_clear_object (&self->cancellable);
  g_clear_object (&self->engine);
  g_clear_pointer (&self->settings, tern_account_settings_unref);
  G_OBJECT_CLASS (tern_assistant_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/ternmail/Tern/tern-assistant.ui");
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, stack);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, button_stack);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, banner);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, back);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, next);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, connect);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, busy);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, fields);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, name);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, address);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, password);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, imap_host);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, imap_port);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, imap_security);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, imap_user);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, smtp_host);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, smtp_port);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, smtp_security);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, smtp_user);
  gtk_widget_class_bind_template_child (widget_class, TernAssistant, smtp_password);
  gtk_widget_class_bind_template_callback (widget_class, on_identity_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_address_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_next);
  gtk_widget_class_bind_template_callback (widget_class, on_back);
  gtk_widget_class_bind_template_callback (widget_class, on_connect);
  gtk_widget_class_bind_template_callback (widget_class, on_imap_security);
  gtk_widget_class_bind_template_callback (widget_class, on_smtp_security);
}

static void
tern_assistant_class_init (TernAssistantClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = tern_assistant_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = tern_assistant_close_request;
  g_type_ensure (TERN_TYPE_BANNER);
  bind_template (GTK_WIDGET_CLASS (klass));
  gtk_widget_class_add_binding_action (GTK_WIDGET_CLASS (klass), GDK_KEY_Escape, 0, "window.close",
                                       NULL);
}

static void
tern_assistant_init (TernAssistant *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  set_page (self, "identity");
  on_identity_changed (self);
}

/* What the system knows of the person, unless that is a login name or nothing. */
static const char *
get_real_name (void)
{
  const char *name = g_get_real_name ();

  if (g_strcmp0 (name, "Unknown") == 0 || g_strcmp0 (name, g_get_user_name ()) == 0)
    return "";
  return name;
}

TernAssistant *
tern_assistant_new (TernApplication *app, GtkWindow *parent, const char *uuid)
{
  TernAssistant *self =
      g_object_new (TERN_TYPE_ASSISTANT, "transient-for", parent, "modal", TRUE, NULL);

  self->app = app;
  self->engine = g_object_ref (tern_application_get_engine (app));
  self->settings = uuid != NULL ? tern_engine_find_account (self->engine, uuid) : NULL;
  self->again = self->settings != NULL;
  if (!self->again)
    {
      self->settings = tern_account_settings_new ();
      set_text (self->name, get_real_name ());
      gtk_widget_grab_focus (GTK_WIDGET (self->address));
      return self;
    }
  gtk_window_set_title (GTK_WINDOW (self), _ ("Sign In"));
  set_text (self->name, self->settings->name);
  set_text (self->address, self->settings->address);
  fill_servers (self);
  if (self->settings->auth == TERN_AUTH_BEARER)
    {
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->password), _ ("Access Token"));
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->smtp_password), _ ("Access Token"));
    }
  gtk_widget_grab_focus (GTK_WIDGET (self->password));
  return self;
}
