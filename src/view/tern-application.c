/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-application.h"

#include "tern-assistant.h"
#include "tern-composer.h"
#include "tern-draft-keeper.h"
#include "tern-mailto.h"
#include "tern-message-list.h"
#include "tern-notifier.h"
#include "tern-paths.h"
#include "tern-ui-resources.h"
#include "tern-window.h"

#include <glib-unix.h>
#include <glib/gi18n.h>

/* How long mail on its way out keeps the program alive after its last window. */
#define DRAIN_MS 15000

typedef enum
{
  ENGINE_CLOSED,
  ENGINE_OPENING,
  ENGINE_OPEN,
  ENGINE_FAILED,
  ENGINE_DRAINING, /* no window; the outbox empties */
  ENGINE_CLOSING,
} EngineState;

struct _TernApplication
{
  AdwApplication parent_instance;

  TernApplicationExport export;
  GDestroyNotify unexport;
  gpointer exported; /* (nullable): what export gave */

  GSettings *settings; /* (owned) */
  TernEngine *engine;  /* (owned) (nullable) */
  EngineState state;
  guint drain_timeout;
  TernAccountList *accounts; /* (owned) (nullable) */
  TernOutboxList *outbox;    /* (owned) (nullable) */
  TernNotifier *notifier;    /* (owned) (nullable) */
  GPtrArray *waiting;        /* of TernDraft: to be composed when the store is open */
  TernId wanted_message;     /* to be opened then; 0 = none */
  TernId wanted_outbox;      /* to be edited then; 0 = none */
  GPtrArray *early_notes;    /* of char*: said while the store was being opened */
  TernAssistant *assistant;  /* (unowned, weak) (nullable): the open one */
  GHashTable *sent;          /* set of gint64 outbox ids sent from here, owned */
  TernDraft *discarded;      /* (owned) (nullable): the last one, to bring back */
  AdwToast *discard_toast;   /* (unowned, weak) (nullable): offers that */
};

G_DEFINE_FINAL_TYPE (TernApplication, tern_application, ADW_TYPE_APPLICATION)

static void open_engine (TernApplication *self);
static void on_outbox_changed (TernApplication *self);
static void check_drained (TernApplication *self);
static void begin_end (TernApplication *self);

static TernWindow *
find_window (TernApplication *self)
{
  for (GList *l = gtk_application_get_windows (GTK_APPLICATION (self)); l != NULL; l = l->next)
    if (TERN_IS_WINDOW (l->data))
      return l->data;
  return NULL;
}

static TernWindow *
show_window (TernApplication *self)
{
  TernWindow *window = find_window (self);

  if (window == NULL)
    {
      window = tern_window_new (self);
      if (self->state == ENGINE_OPEN || self->state == ENGINE_DRAINING)
        tern_window_set_ready (window);
    }
  gtk_window_present (GTK_WINDOW (window));
  if (self->state == ENGINE_CLOSED)
    open_engine (self);
  check_drained (self);
  return window;
}

static void
tell_outcome (TernWindow *window, TernStoreOutcome outcome)
{
  if (outcome == TERN_STORE_RECOVERED)
    tern_window_toast (window,
                       _ ("The mail database was damaged and has been made anew. Mail is fetched "
                          "again from the servers; the damaged file was kept."),
                       NULL, NULL, NULL);
}

static void
run_waiting (TernApplication *self)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);
  TernId wanted = self->wanted_message;

  self->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_draft_free);
  self->wanted_message = 0;
  while (waiting->len > 0)
    tern_application_compose (self, g_ptr_array_steal_index (waiting, 0));
  if (wanted != 0)
    g_action_group_activate_action (G_ACTION_GROUP (self), "open-message",
                                    g_variant_new_int64 (wanted));
}

static void
on_kept_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernApplication) self = data;
  g_autoptr (GPtrArray) kept = tern_draft_keeper_load_finish (result, NULL);

  if (kept == NULL || self->state != ENGINE_OPEN
      || g_list_model_get_n_items (G_LIST_MODEL (self->accounts)) == 0)
    return;
  for (guint i = 0; i < kept->len; i++)
    {
      TernKeptDraft *draft = g_ptr_array_index (kept, i);

      gtk_window_present (GTK_WINDOW (
          tern_composer_new_returned (self, tern_draft_copy (draft->draft), draft->name,
                                      _ ("This message had not been sent when Tern ended."))));
    }
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernApplication) self = data;
  g_autoptr (GError) error = NULL;
  TernStoreOutcome outcome = TERN_STORE_OPENED;
  gboolean opened = tern_engine_open_finish (self->engine, result, &outcome, &error);
  TernWindow *window = find_window (self);

  g_application_release (G_APPLICATION (self));
  if (!opened)
    {
      self->state = ENGINE_FAILED;
      g_clear_object (&self->engine);
      if (window != NULL)
        tern_window_show_error (window, error);
      else
        g_printerr ("%s\n", error->message);
      return;
    }
  self->state = ENGINE_OPEN;
  self->accounts = tern_account_list_new (self->engine);
  self->outbox = tern_outbox_list_new (self->engine);
  g_signal_connect_object (self->outbox, "items-changed", G_CALLBACK (on_outbox_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->outbox, "notify::reading", G_CALLBACK (on_outbox_changed), self,
                           G_CONNECT_SWAPPED);
  self->notifier = tern_notifier_new (self, self->engine);
  if (self->export != NULL)
    self->exported =
        self->export(self->engine, g_application_get_dbus_connection (G_APPLICATION (self)));
  if (window != NULL)
    {
      tern_window_set_ready (window);
      tell_outcome (window, outcome);
      for (guint i = 0; i < self->early_notes->len; i++)
        tern_window_toast (window, g_ptr_array_index (self->early_notes, i), NULL, NULL, NULL);
      g_ptr_array_set_size (self->early_notes, 0);
      run_waiting (self);
      tern_draft_keeper_load_async (NULL, on_kept_loaded, g_object_ref (self));
    }
  else
    begin_end (self);
}

/* A damaged settings file, say. Windows listen from the moment they are ready. */
static void
on_early_note (TernEngine *engine, const char *uuid, GError *error, TernApplication *self)
{
  if (self->state == ENGINE_OPENING)
    g_ptr_array_add (self->early_notes, g_strdup (error->message));
}

static void
open_engine (TernApplication *self)
{
  self->state = ENGINE_OPENING;
  self->engine = tern_engine_new (NULL, NULL);
  g_signal_connect_object (self->engine, "note", G_CALLBACK (on_early_note), self, 0);
  g_application_hold (G_APPLICATION (self));
  tern_engine_open_async (self->engine, TRUE, NULL, on_opened, g_object_ref (self));
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernApplication) self = data;
  g_autoptr (GError) error = NULL;

  if (!tern_engine_close_finish (TERN_ENGINE (source), result, &error))
    g_warning ("Closing: %s", error->message);
  g_clear_object (&self->engine);
  self->state = ENGINE_CLOSED;
  /* Somebody may have opened the window again meanwhile. */
  if (find_window (self) != NULL)
    open_engine (self);
  g_application_release (G_APPLICATION (self));
}

static void
close_engine (TernApplication *self)
{
  self->state = ENGINE_CLOSING;
  if (self->exported != NULL && self->unexport != NULL)
    self->unexport (g_steal_pointer (&self->exported));
  g_clear_pointer (&self->notifier, tern_notifier_free);
  g_clear_object (&self->outbox);
  g_clear_object (&self->accounts);
  tern_engine_close_async (self->engine, on_closed, g_object_ref (self));
}

/* What has failed once already waits longer than anybody wants the program to. */
static gboolean
is_leaving (const TernOutboxRecord *record)
{
  if (record->state == TERN_OUTBOX_HELD || record->state == TERN_OUTBOX_QUEUED)
    return record->attempts == 0
           && record->not_before <= g_get_real_time () / 1000 + DRAIN_MS; /* not for tomorrow */
  return record->state == TERN_OUTBOX_CONNECTING || record->state == TERN_OUTBOX_SENT_DATA;
}

/* Mail that could leave now: of an account that is not offline or refused. */
static gboolean
outbox_is_busy (TernApplication *self)
{
  if (tern_outbox_list_is_reading (self->outbox))
    return TRUE;
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->outbox)); i++)
    {
      g_autoptr (TernOutboxItem) item = g_list_model_get_item (G_LIST_MODEL (self->outbox), i);
      const TernOutboxRecord *record = tern_outbox_item_get_record (item);
      const char *uuid = tern_engine_get_account_uuid (self->engine, record->account);
      TernAccount *account = uuid != NULL ? tern_account_list_find (self->accounts, uuid) : NULL;
      TernAccountState state =
          account != NULL ? tern_account_get_state (account) : TERN_ACCOUNT_DISABLED;

      if (state != TERN_ACCOUNT_OFFLINE && state != TERN_ACCOUNT_REFUSED
          && state != TERN_ACCOUNT_DISABLED && is_leaving (record))
        return TRUE;
    }
  return FALSE;
}

static void
check_drained (TernApplication *self)
{
  if (self->state != ENGINE_DRAINING)
    return;
  if (find_window (self) != NULL)
    {
      g_clear_handle_id (&self->drain_timeout, g_source_remove);
      self->state = ENGINE_OPEN;
      g_application_release (G_APPLICATION (self));
      run_waiting (self);
    }
  else if (!outbox_is_busy (self))
    {
      g_clear_handle_id (&self->drain_timeout, g_source_remove);
      close_engine (self);
    }
}

static void
on_drain_timeout (gpointer data)
{
  TernApplication *self = data;

  self->drain_timeout = 0;
  close_engine (self);
}

/* The last window has gone. What was just sent still leaves, unseen, within reason; the rest waits
 * in the outbox for the next time. Then everything is put in order before the program ends. */
static void
begin_end (TernApplication *self)
{
  if (self->state != ENGINE_OPEN)
    return;
  self->state = ENGINE_DRAINING;
  g_application_hold (G_APPLICATION (self));
  self->drain_timeout = g_timeout_add_once (DRAIN_MS, on_drain_timeout, self);
  check_drained (self);
}

/* Without a window it is told from outside of one, and stays in the outbox until somebody comes;
 * in a window, what nobody got comes back by itself, and a banner tells of the rest. */
static void
return_troubled (TernApplication *self, TernOutboxItem *item)
{
  if (self->state == ENGINE_DRAINING)
    tern_notifier_tell_troubled (self->notifier, item);
  else if (tern_outbox_item_get_trouble (item) == TERN_OUTBOX_TROUBLE_REFUSED)
    tern_application_edit_outbox (self, tern_outbox_item_get_record (item)->id);
}

/* When the outbox is known, for the reason stands there; and only what is still in trouble: it may
 * be on its way again. */
static void
edit_wanted (TernApplication *self)
{
  TernId id = self->wanted_outbox;
  TernOutboxItem *item;

  if (id == 0 || self->state != ENGINE_OPEN || tern_outbox_list_is_reading (self->outbox))
    return;
  self->wanted_outbox = 0;
  item = tern_outbox_list_find (self->outbox, id);
  if (item != NULL && tern_outbox_item_get_trouble (item) != TERN_OUTBOX_TROUBLE_NONE)
    tern_application_edit_outbox (self, id);
}

static void
on_outbox_changed (TernApplication *self)
{
  GHashTableIter iter;
  gint64 *id;

  /* A read that was under way when the engine was closed. */
  if (self->outbox == NULL)
    return;
  g_hash_table_iter_init (&iter, self->sent);
  while (g_hash_table_iter_next (&iter, (gpointer *) &id, NULL))
    {
      TernOutboxItem *item = tern_outbox_list_find (self->outbox, *id);

      if (item != NULL && tern_outbox_item_get_trouble (item) != TERN_OUTBOX_TROUBLE_NONE)
        {
          return_troubled (self, item);
          g_hash_table_iter_remove (&iter);
        }
    }
  tern_notifier_check_troubled (self->notifier, self->outbox);
  edit_wanted (self);
  check_drained (self);
}

/* From a notification, which may outlive the program that made it. */
static void
on_edit_outbox (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  TernApplication *self = data;

  self->wanted_outbox = g_variant_get_int64 (parameter);
  show_window (self);
  edit_wanted (self);
}

static void
on_undo_send (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  TernApplication *self = data;
  gint64 id = g_variant_get_int64 (parameter);

  if (self->state != ENGINE_OPEN)
    return;
  g_hash_table_remove (self->sent, &id);
  tern_composer_open_outbox (self, id);
}

static void
on_undo_discard (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  TernApplication *self = data;

  if (self->discarded != NULL && self->state == ENGINE_OPEN)
    gtk_window_present (GTK_WINDOW (
        tern_composer_new_returned (self, g_steal_pointer (&self->discarded), NULL, NULL)));
}

static void
on_open_store (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  TernApplication *self = data;

  if (self->state == ENGINE_FAILED)
    {
      self->state = ENGINE_CLOSED;
      open_engine (self);
    }
}

static void
on_compose (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  tern_application_compose (data, NULL);
}

static void
on_activate_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  show_window (data);
}

static void
on_found_message (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernApplication) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernMessage) message = tern_message_find_finish (result, &error);
  const TernMessageRecord *record = message != NULL ? tern_message_get_record (message) : NULL;
  TernWindow *window = find_window (self);

  if (window == NULL)
    return;
  if (record == NULL)
    tern_window_toast (window, error->message, NULL, NULL, NULL);
  else
    tern_window_open_message (window, record->folder, record->id);
}

static void
on_open_message (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  TernApplication *self = data;
  TernId id = g_variant_get_int64 (parameter);
  TernWindow *window = show_window (self);
  TernId folder;

  if (self->state != ENGINE_OPEN)
    {
      self->wanted_message = id;
      return;
    }
  folder = tern_notifier_get_folder (self->notifier, id);
  if (folder != 0)
    tern_window_open_message (window, folder, id);
  else
    tern_message_find_async (self->engine, id, NULL, on_found_message, g_object_ref (self));
  tern_notifier_withdraw (self->notifier, id);
}

static void
on_add_account (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  tern_application_open_assistant (data, NULL);
}

static void
on_about (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  adw_show_about_window (gtk_application_get_active_window (GTK_APPLICATION (data)),
                         "application-name", "Tern", "application-icon", TERN_APP_ID, "version",
                         TERN_VERSION, "developer-name", _ ("The Tern developers"), "license-type",
                         GTK_LICENSE_GPL_3_0, "comments",
                         _ ("Mail, at once and without surprises."), NULL);
}

/* A session manager ends us: in order, without questions. What is being written is kept. */
static gboolean
on_terminate (gpointer data)
{
  g_autoptr (GList) windows = g_list_copy (gtk_application_get_windows (GTK_APPLICATION (data)));

  for (GList *l = windows; l != NULL; l = l->next)
    {
      if (TERN_IS_COMPOSER (l->data))
        tern_composer_keep (l->data);
      gtk_window_destroy (l->data);
    }
  return G_SOURCE_CONTINUE;
}

/* Composers may ask what to do with their text; then the program stays. */
static void
on_quit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  g_autoptr (GList) windows = g_list_copy (gtk_application_get_windows (GTK_APPLICATION (data)));

  for (GList *l = windows; l != NULL; l = l->next)
    if (TERN_IS_COMPOSER (l->data) && tern_composer_has_content (l->data))
      {
        gtk_window_close (l->data);
        return;
      }
  for (GList *l = windows; l != NULL; l = l->next)
    gtk_window_close (l->data);
}

static void
tern_application_window_removed (GtkApplication *app, GtkWindow *window)
{
  GTK_APPLICATION_CLASS (tern_application_parent_class)->window_removed (app, window);
  if (gtk_application_get_windows (app) == NULL)
    begin_end (TERN_APPLICATION (app));
}

static void
tern_application_activate (GApplication *app)
{
  show_window (TERN_APPLICATION (app));
}

static void
tern_application_open (GApplication *app, GFile **files, int n_files, const char *hint)
{
  TernApplication *self = TERN_APPLICATION (app);
  TernWindow *window = show_window (self);

  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *uri = g_file_get_uri (files[i]);
      g_autoptr (GError) error = NULL;
      TernDraft *draft = tern_mailto_parse (uri, &error);

      if (draft != NULL)
        tern_application_compose (self, draft);
      else
        tern_window_toast (window, error->message, NULL, NULL, NULL);
    }
}

static int
tern_application_handle_local_options (GApplication *app, GVariantDict *options)
{
  g_autoptr (GError) error = NULL;

  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("tern %s\n", TERN_VERSION);
      return 0;
    }
  if (!g_variant_dict_contains (options, "compose"))
    return -1;
  if (!g_application_register (app, NULL, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  g_action_group_activate_action (G_ACTION_GROUP (app), "compose", NULL);
  /* The first instance has to run; a second one only passed the wish on. */
  return g_application_get_is_remote (app) ? 0 : -1;
}

static void
add_accels (GtkApplication *app)
{
  static const struct
  {
    const char *action;
    const char *accels[3];
  } ACCELS[] = {
    { "app.quit", { "<Primary>q" } },
    { "app.compose", { "<Primary>n" } },
    { "window.close", { "<Primary>w" } },
    { "win.show-help-overlay", { "<Primary>question" } },
    { "win.refresh", { "F5" } },
    { "win.reply", { "<Primary>r" } },
    { "win.reply-all", { "<Primary><Shift>r" } },
    { "win.forward", { "<Primary>l" } },
    { "win.archive", { "<Primary>k" } },
    { "win.junk", { "<Primary>j" } },
    { "win.not-junk", { "<Primary><Shift>j" } },
    { "win.move", { "<Primary>m" } },
    { "win.mark-read", { "<Primary>i" } },
    { "win.mark-unread", { "<Primary>u" } },
    { "win.toggle-star", { "<Primary>d" } },
    { "win.undo", { "<Primary>z" } },
    { "win.next-pane", { "F6" } },
    { "win.previous-pane", { "<Shift>F6" } },
    { "composer.send", { "<Primary>Return", "<Primary>KP_Enter" } },
    { "composer.attach", { "<Primary><Shift>a" } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ACCELS); i++)
    gtk_application_set_accels_for_action (app, ACCELS[i].action, ACCELS[i].accels);
}

static void
tern_application_startup (GApplication *app)
{
  static const GActionEntry ACTIONS[] = {
    { "quit", on_quit, NULL, NULL, NULL, { 0 } },
    { "about", on_about, NULL, NULL, NULL, { 0 } },
    { "activate", on_activate_action, NULL, NULL, NULL, { 0 } },
    { "compose", on_compose, NULL, NULL, NULL, { 0 } },
    { "add-account", on_add_account, NULL, NULL, NULL, { 0 } },
    { "open-message", on_open_message, "x", NULL, NULL, { 0 } },
    { "edit-outbox", on_edit_outbox, "x", NULL, NULL, { 0 } },
    { "undo-send", on_undo_send, "x", NULL, NULL, { 0 } },
    { "undo-discard", on_undo_discard, NULL, NULL, NULL, { 0 } },
    { "open-store", on_open_store, NULL, NULL, NULL, { 0 } },
  };
  TernApplication *self = TERN_APPLICATION (app);
  g_autofree char *cache = tern_paths_dup_cache_dir ();
  g_autoptr (GError) error = NULL;

  G_APPLICATION_CLASS (tern_application_parent_class)->startup (app);
  g_set_application_name ("Tern");
  gtk_window_set_default_icon_name (TERN_APP_ID);
  self->settings = g_settings_new (TERN_APP_ID);
  g_action_map_add_action_entries (G_ACTION_MAP (app), ACTIONS, G_N_ELEMENTS (ACTIONS), app);
  add_accels (GTK_APPLICATION (app));
  g_unix_signal_add (SIGTERM, on_terminate, app);
  g_unix_signal_add (SIGINT, on_terminate, app);
  if (!tern_paths_ensure_dir (cache, &error))
    g_warning ("%s", error->message);
}

static void
tern_application_finalize (GObject *object)
{
  TernApplication *self = TERN_APPLICATION (object);

  g_clear_pointer (&self->waiting, g_ptr_array_unref);
  g_clear_pointer (&self->sent, g_hash_table_unref);
  g_clear_pointer (&self->early_notes, g_ptr_array_unref);
  g_clear_weak_pointer (&self->discard_toast);
  g_clear_weak_pointer (&self->assistant);
  g_clear_pointer (&self->discarded, tern_draft_free);
  g_clear_object (&self->engine);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (tern_application_parent_class)->finalize (object);
}

static void
tern_application_class_init (TernApplicationClass *klass)
{
  GApplicationClass *app_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = tern_application_finalize;
  app_class->startup = tern_application_startup;
  app_class->activate = tern_application_activate;
  app_class->open = tern_application_open;
  app_class->handle_local_options = tern_application_handle_local_options;
  GTK_APPLICATION_CLASS (klass)->window_removed = tern_application_window_removed;
}

static void
tern_application_init (TernApplication *self)
{
  g_resources_register (tern_ui_get_resource ());
  self->early_notes = g_ptr_array_new_with_free_func (g_free);
  self->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_draft_free);
  self->sent = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_application_add_main_option (G_APPLICATION (self), "compose", 'c', 0, G_OPTION_ARG_NONE,
                                 _ ("Write a new message"), NULL);
  g_application_add_main_option (G_APPLICATION (self), "version", 'v', 0, G_OPTION_ARG_NONE,
                                 _ ("Show the version and exit"), NULL);
}

TernApplication *
tern_application_new (TernApplicationExport export, GDestroyNotify unexport)
{
  TernApplication *self = g_object_new (TERN_TYPE_APPLICATION, "application-id", TERN_APP_ID,
                                        "flags", G_APPLICATION_HANDLES_OPEN, NULL);

  self->export = export;
  self->unexport = unexport;
  return self;
}

TernEngine *
tern_application_get_engine (TernApplication *self)
{
  return self->engine;
}

TernAccountList *
tern_application_get_accounts (TernApplication *self)
{
  return self->accounts;
}

TernOutboxList *
tern_application_get_outbox (TernApplication *self)
{
  return self->outbox;
}

GSettings *
tern_application_get_settings (TernApplication *self)
{
  return self->settings;
}

void
tern_application_compose (TernApplication *self, TernDraft *draft)
{
  if (self->state != ENGINE_OPEN)
    {
      g_ptr_array_add (self->waiting, draft != NULL ? draft : tern_draft_new ());
      show_window (self);
      return;
    }
  if (g_list_model_get_n_items (G_LIST_MODEL (self->accounts)) == 0)
    {
      g_clear_pointer (&draft, tern_draft_free);
      tern_window_toast (show_window (self), _ ("Add an account before you write"), NULL, NULL,
                         NULL);
      return;
    }
  gtk_window_present (GTK_WINDOW (tern_composer_new (self, draft)));
}

void
tern_application_edit_outbox (TernApplication *self, TernId outbox)
{
  tern_notifier_withdraw_troubled (self->notifier, outbox);
  tern_composer_open_outbox (self, outbox);
}

void
tern_application_sent (TernApplication *self, TernId outbox, guint seconds)
{
  TernWindow *window = find_window (self);

  g_hash_table_add (self->sent, g_memdup2 (&outbox, sizeof outbox));
  if (window != NULL)
    tern_window_toast_for (window, seconds, _ ("Sending…"), _ ("Undo"), "app.undo-send",
                           g_variant_new_int64 (outbox));
}

void
tern_application_discarded (TernApplication *self, TernDraft *draft)
{
  TernWindow *window = find_window (self);

  g_clear_pointer (&self->discarded, tern_draft_free);
  self->discarded = draft;
  /* One that is still offered would bring back this one. */
  if (self->discard_toast != NULL)
    adw_toast_dismiss (self->discard_toast);
  if (window != NULL)
    g_set_weak_pointer (
        &self->discard_toast,
        tern_window_toast (window, _ ("Message discarded"), _ ("Undo"), "app.undo-discard", NULL));
}

void
tern_application_tell (TernApplication *self, const char *text)
{
  TernWindow *window = find_window (self);

  if (window != NULL)
    tern_window_toast (window, text, NULL, NULL, NULL);
}

void
tern_application_open_assistant (TernApplication *self, const char *uuid)
{
  if (self->state != ENGINE_OPEN)
    return;
  if (self->assistant == NULL)
    g_set_weak_pointer (
        &self->assistant,
        tern_assistant_new (self, gtk_application_get_active_window (GTK_APPLICATION (self)),
                            uuid));
  gtk_window_present (GTK_WINDOW (self->assistant));
}

void
tern_application_withdraw (TernApplication *self, TernId id)
{
  if (self->notifier != NULL)
    tern_notifier_withdraw (self->notifier, id);
}
