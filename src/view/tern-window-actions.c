/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-account-window.h"
#include "tern-doctor-window.h"
#include "tern-folder-picker.h"
#include "tern-history-window.h"
#include "tern-outbox-window.h"
#include "tern-window-private.h"

#include <glib/gi18n.h>

/** Verb: one request to the engine and what to say when it is done. */
typedef struct
{
  TernWindow *window; /* (owned) */
  char *done;         /* (owned) (nullable): for a toast with an undo button */
} Verb;

static Verb *
verb_new (TernWindow *self, char *done)
{
  Verb *verb = g_new0 (Verb, 1);

  verb->window = g_object_ref (self);
  verb->done = done;
  return verb;
}

static void
verb_free (Verb *verb)
{
  g_object_unref (verb->window);
  g_free (verb->done);
  g_free (verb);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Verb, verb_free)

static void
on_verb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Verb) verb = data;
  TernWindow *self = verb->window;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) operations = tern_engine_verb_finish (TERN_ENGINE (source), result, &error);

  if (operations == NULL)
    {
      tern_window_toast (self, error->message, NULL, NULL, NULL);
      return;
    }
  if (verb->done == NULL || operations->len == 0)
    return;
  /* Toasts queue up: one that is still shown would undo this verb, not the one that it names. */
  if (self->undo_toast != NULL)
    adw_toast_dismiss (self->undo_toast);
  g_clear_pointer (&self->undo, g_array_unref);
  self->undo = g_steal_pointer (&operations);
  g_free (self->undo_text);
  self->undo_text = g_strdup (verb->done);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.undo", TRUE);
  g_set_weak_pointer (&self->undo_toast,
                      tern_window_toast (self, verb->done, _ ("Undo"), "win.undo", NULL));
}

static TernSelection *
get_selection (TernWindow *self)
{
  return tern_message_list_view_get_selection (self->list);
}

/* Before the selected messages leave the list: what to show next. */
static void
move_on (TernWindow *self)
{
  TernSelection *selection = get_selection (self);
  TernId next = tern_selection_find_neighbour (selection);

  if (adw_leaflet_get_folded (self->outer))
    {
      adw_leaflet_set_visible_child_name (self->outer, "lists");
      gtk_selection_model_unselect_all (GTK_SELECTION_MODEL (selection));
    }
  else if (next == 0 || !tern_selection_select_id (selection, next))
    gtk_selection_model_unselect_all (GTK_SELECTION_MODEL (selection));
  else
    tern_message_list_view_follow_selection (self->list);
}

static void
flag_selected (TernWindow *self, TernFlags add, TernFlags remove)
{
  g_autoptr (GArray) ids = tern_selection_dup_ids (get_selection (self));

  if (ids->len > 0)
    tern_engine_flag_async (self->engine, &g_array_index (ids, TernId, 0), ids->len, add, remove,
                            NULL, NULL, on_verb, verb_new (self, NULL));
}

void
tern_window_mark_read (TernWindow *self, TernId id)
{
  tern_engine_flag_async (self->engine, &id, 1, TERN_FLAG_SEEN, TERN_FLAG_NONE, NULL, NULL, on_verb,
                          verb_new (self, NULL));
}

static void
on_mark_read (GtkWidget *widget, const char *name, GVariant *parameter)
{
  flag_selected (TERN_WINDOW (widget), TERN_FLAG_SEEN, TERN_FLAG_NONE);
}

static void
on_mark_unread (GtkWidget *widget, const char *name, GVariant *parameter)
{
  flag_selected (TERN_WINDOW (widget), TERN_FLAG_NONE, TERN_FLAG_SEEN);
}

static TernFlags
selected_flags (TernWindow *self)
{
  return self->selected != NULL ? tern_message_get_flags (self->selected) : TERN_FLAG_NONE;
}

static void
on_star (GtkWidget *widget, const char *name, GVariant *parameter)
{
  flag_selected (TERN_WINDOW (widget), TERN_FLAG_FLAGGED, TERN_FLAG_NONE);
}

static void
on_unstar (GtkWidget *widget, const char *name, GVariant *parameter)
{
  flag_selected (TERN_WINDOW (widget), TERN_FLAG_NONE, TERN_FLAG_FLAGGED);
}

static void
on_toggle_star (GtkWidget *widget, const char *name, GVariant *parameter)
{
  if (selected_flags (TERN_WINDOW (widget)) & TERN_FLAG_FLAGGED)
    on_unstar (widget, name, parameter);
  else
    on_star (widget, name, parameter);
}

static void
on_star_one (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernWindow *self = TERN_WINDOW (widget);
  TernId id;
  gboolean starred;

  g_variant_get (parameter, "(xb)", &id, &starred);
  tern_engine_flag_async (self->engine, &id, 1, starred ? TERN_FLAG_FLAGGED : TERN_FLAG_NONE,
                          starred ? TERN_FLAG_NONE : TERN_FLAG_FLAGGED, NULL, NULL, on_verb,
                          verb_new (self, NULL));
}

/* Takes @done. */
static void
move_to_role (TernWindow *self, TernRole role, char *done)
{
  g_autoptr (GArray) ids = tern_selection_dup_ids (get_selection (self));

  if (ids->len == 0)
    {
      g_free (done);
      return;
    }
  move_on (self);
  tern_engine_move_to_role_async (self->engine, &g_array_index (ids, TernId, 0), ids->len, role,
                                  on_verb, verb_new (self, done));
}

static void
on_archive (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernWindow *self = TERN_WINDOW (widget);
  guint n = tern_selection_get_count (get_selection (self));

  move_to_role (self, TERN_ROLE_ARCHIVE,
                g_strdup_printf (ngettext ("%u message archived", "%u messages archived", n), n));
}

static void
on_trash (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernWindow *self = TERN_WINDOW (widget);
  guint n = tern_selection_get_count (get_selection (self));

  move_to_role (
      self, TERN_ROLE_TRASH,
      g_strdup_printf (ngettext ("%u message moved to Trash", "%u messages moved to Trash", n), n));
}

/* Takes @done. */
static void
mark_junk (TernWindow *self, gboolean junk, char *done)
{
  g_autoptr (GArray) ids = tern_selection_dup_ids (get_selection (self));

  if (ids->len == 0)
    {
      g_free (done);
      return;
    }
  move_on (self);
  tern_engine_mark_junk_async (self->engine, &g_array_index (ids, TernId, 0), ids->len, junk,
                               on_verb, verb_new (self, done));
}

static void
on_junk (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernWindow *self = TERN_WINDOW (widget);
  guint n = tern_selection_get_count (get_selection (self));

  mark_junk (
      self, TRUE,
      g_strdup_printf (ngettext ("%u message moved to Junk", "%u messages moved to Junk", n), n));
}

static void
on_not_junk (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernWindow *self = TERN_WINDOW (widget);
  guint n = tern_selection_get_count (get_selection (self));

  mark_junk (
      self, FALSE,
      g_strdup_printf (ngettext ("%u message moved to Inbox", "%u messages moved to Inbox", n), n));
}

static void
on_picked (TernFolderPicker *picker, TernFolder *folder, TernWindow *self)
{
  GArray *ids = g_object_get_data (G_OBJECT (picker), "tern-ids");
  char *done;

  /* Translators: the number of messages and the name of a folder. */
  done = g_strdup_printf (ngettext ("%u message moved to %s", "%u messages moved to %s", ids->len),
                          ids->len, tern_folder_get_name (folder));
  move_on (self);
  tern_engine_move_async (self->engine, &g_array_index (ids, TernId, 0), ids->len,
                          tern_folder_get_id (folder), on_verb, verb_new (self, done));
}

static void
on_move (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernWindow *self = TERN_WINDOW (widget);
  TernFolderTree *tree =
      tern_sidebar_get_tree (self->sidebar, tern_folder_get_account (self->folder));
  g_autoptr (GArray) ids = tern_selection_dup_ids (get_selection (self));
  TernFolderPicker *picker;

  if (tree == NULL || ids->len == 0)
    return;
  picker = tern_folder_picker_new (GTK_WINDOW (self), tree, tern_folder_get_id (self->folder));
  /* What was selected when they were chosen: new mail may change that while the picker is open. */
  g_object_set_data_full (G_OBJECT (picker), "tern-ids", g_steal_pointer (&ids),
                          (GDestroyNotify) g_array_unref);
  g_signal_connect_object (picker, "picked", G_CALLBACK (on_picked), self, 0);
  gtk_window_present (GTK_WINDOW (picker));
}

static void
on_undone (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Verb) verb = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) operations = tern_engine_verb_finish (TERN_ENGINE (source), result, &error);

  g_autofree char *text = NULL;

  /* Translators: %s is what was taken back: “3 messages archived”. */
  if (operations != NULL)
    text = g_strdup_printf (_ ("Undone: %s"), verb->done);
  tern_window_toast (verb->window, text != NULL ? text : error->message, NULL, NULL, NULL);
}

static void
on_undo (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernWindow *self = TERN_WINDOW (widget);
  g_autoptr (GArray) operations = g_steal_pointer (&self->undo);

  gtk_widget_action_set_enabled (widget, "win.undo", FALSE);
  if (self->undo_toast != NULL)
    adw_toast_dismiss (self->undo_toast);
  if (operations != NULL)
    tern_engine_undo_async (self->engine, operations, on_undone,
                            verb_new (self, g_steal_pointer (&self->undo_text)));
}

static void
on_last_change (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernLastChange) change =
      tern_engine_find_last_change_finish (TERN_ENGINE (source), result, &error);

  if (change == NULL)
    {
      g_warning ("the last change could not be read: %s", error->message);
      return;
    }
  /* Something was done meanwhile, or the window is closed. */
  if (self->engine == NULL || self->undo != NULL || self->undo_text != NULL
      || change->operations->len == 0)
    return;
  self->undo = g_steal_pointer (&change->operations);
  self->undo_text = g_steal_pointer (&change->text);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.undo", TRUE);
}

void
tern_window_find_undo (TernWindow *self)
{
  tern_engine_find_last_change_async (self->engine, on_last_change, g_object_ref (self));
}

static void
on_history (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernWindow *self = TERN_WINDOW (widget);
  TernId id = tern_selection_get_single (get_selection (self));

  if (id != 0)
    gtk_window_present (GTK_WINDOW (tern_history_window_new (GTK_WINDOW (self), self->engine, id)));
}

static void
on_refresh (GtkWidget *widget, const char *name, GVariant *parameter)
{
  tern_engine_refresh (TERN_WINDOW (widget)->engine, NULL);
}

static void
on_select_all (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_selection_model_select_all (GTK_SELECTION_MODEL (get_selection (TERN_WINDOW (widget))));
}

static void
on_outbox (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernWindow *self = TERN_WINDOW (widget);

  gtk_window_present (GTK_WINDOW (tern_outbox_window_new (self->app, GTK_WINDOW (self))));
}

static void
show_doctor (TernWindow *self, const char *uuid)
{
  gtk_window_present (GTK_WINDOW (tern_doctor_window_new (self->app, GTK_WINDOW (self), uuid)));
}

/* (nullable): of the account whose folder is shown. */
static const char *
get_account_uuid (TernWindow *self)
{
  return self->folder != NULL
             ? tern_engine_get_account_uuid (self->engine, tern_folder_get_account (self->folder))
             : NULL;
}

static void
on_connection (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernWindow *self = TERN_WINDOW (widget);

  show_doctor (self, get_account_uuid (self));
}

static void
on_account_settings (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernWindow *self = TERN_WINDOW (widget);
  const char *uuid = get_account_uuid (self);
  TernAccountWindow *window =
      uuid != NULL ? tern_account_window_new (self->app, GTK_WINDOW (self), uuid) : NULL;

  if (window != NULL)
    gtk_window_present (GTK_WINDOW (window));
}

static void
on_banner_connection (GtkWidget *widget, const char *name, GVariant *parameter)
{
  TernWindow *self = TERN_WINDOW (widget);

  show_doctor (self, self->banner_account);
}

/** Answer: a reply or forward on its way: the body, for a forward the source too, then a composer.
 */
typedef struct
{
  TernWindow *window; /* (owned) */
  TernReplyKind kind;
  TernId id;
  TernBody *body; /* (owned) (nullable) */
} Answer;

static void
answer_free (Answer *answer)
{
  g_object_unref (answer->window);
  g_clear_pointer (&answer->body, tern_body_unref);
  g_free (answer);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Answer, answer_free)

static GStrv
dup_own_addresses (TernWindow *self)
{
  g_autoptr (GPtrArray) accounts = tern_engine_dup_accounts (self->engine);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < accounts->len; i++)
    {
      TernAccountSettings *settings = g_ptr_array_index (accounts, i);

      g_strv_builder_add (builder, settings->address);
    }
  return g_strv_builder_end (builder);
}

static void
answer_compose (Answer *answer, GBytes *original)
{
  TernWindow *self = answer->window;
  const TernMessageRecord *record = answer->body->record;
  const char *uuid;
  g_autoptr (TernAccountSettings) settings = NULL;
  g_autoptr (TernAddress) from = NULL;
  g_auto (GStrv) own = NULL;
  TernDraft *draft;

  /* The window may have been closed while the message was on its way. */
  if (self->engine == NULL)
    return;
  own = dup_own_addresses (self);
  uuid = tern_engine_get_account_uuid (self->engine, record->account);
  settings = uuid != NULL ? tern_engine_find_account (self->engine, uuid) : NULL;
  if (settings == NULL)
    return;
  from = tern_address_new (settings->name != NULL ? settings->name : "", settings->address);
  draft = tern_draft_new_reply (answer->kind, record->facts, answer->body->text->plain, original,
                                (const char *const *) own, from);
  g_free (draft->account);
  draft->account = g_strdup (uuid);
  draft->reply_to_id = record->id;
  draft->reply_flag = answer->kind == TERN_REPLY_FORWARD ? TERN_FLAG_FORWARDED : TERN_FLAG_ANSWERED;
  tern_application_compose (self->app, draft);
}

static void
on_answer_source (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Answer) answer = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) original = tern_engine_load_part_finish (TERN_ENGINE (source), result, &error);

  /* Forwarding without the attachments would look as if they had been sent along. */
  if (original == NULL)
    tern_window_toast (answer->window, error->message, NULL, NULL, NULL);
  else
    answer_compose (answer, original);
}

static void
on_answer_body (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Answer) answer = data;
  g_autoptr (GError) error = NULL;
  TernId id = answer->id; /* before the answer is handed on */

  answer->body = tern_engine_load_body_finish (TERN_ENGINE (source), result, &error);
  if (answer->body == NULL)
    tern_window_toast (answer->window, error->message, NULL, NULL, NULL);
  else if (answer->kind == TERN_REPLY_FORWARD)
    tern_engine_load_part_async (TERN_ENGINE (source), id, "", NULL, on_answer_source,
                                 g_steal_pointer (&answer));
  else
    answer_compose (answer, NULL);
}

static void
start_answer (TernWindow *self, TernReplyKind kind)
{
  TernId id = tern_selection_get_single (get_selection (self));
  Answer *answer;

  if (id == 0)
    return;
  answer = g_new0 (Answer, 1);
  answer->window = g_object_ref (self);
  answer->kind = kind;
  answer->id = id;
  tern_engine_load_body_async (self->engine, id, NULL, on_answer_body, answer);
}

static void
on_reply (GtkWidget *widget, const char *name, GVariant *parameter)
{
  start_answer (TERN_WINDOW (widget), TERN_REPLY_SENDER);
}

static void
on_reply_all (GtkWidget *widget, const char *name, GVariant *parameter)
{
  start_answer (TERN_WINDOW (widget), TERN_REPLY_ALL);
}

static void
on_forward (GtkWidget *widget, const char *name, GVariant *parameter)
{
  start_answer (TERN_WINDOW (widget), TERN_REPLY_FORWARD);
}

void
tern_window_install_actions (GtkWidgetClass *widget_class)
{
  static const struct
  {
    const char *name;
    const char *type;
    GtkWidgetActionActivateFunc func;
  } ACTIONS[] = {
    { "win.reply", NULL, on_reply },
    { "win.reply-all", NULL, on_reply_all },
    { "win.forward", NULL, on_forward },
    { "win.archive", NULL, on_archive },
    { "win.trash", NULL, on_trash },
    { "win.junk", NULL, on_junk },
    { "win.not-junk", NULL, on_not_junk },
    { "win.move", NULL, on_move },
    { "win.mark-read", NULL, on_mark_read },
    { "win.mark-unread", NULL, on_mark_unread },
    { "win.star", NULL, on_star },
    { "win.unstar", NULL, on_unstar },
    { "win.toggle-star", NULL, on_toggle_star },
    { "win.star-one", "(xb)", on_star_one },
    { "win.undo", NULL, on_undo },
    { "win.history", NULL, on_history },
    { "win.refresh", NULL, on_refresh },
    { "win.select-all", NULL, on_select_all },
    { "win.outbox", NULL, on_outbox },
    { "win.account-settings", NULL, on_account_settings },
    { "win.connection", NULL, on_connection },
    { "win.banner-connection", NULL, on_banner_connection },
    { "win.next-pane", NULL, tern_window_next_pane },
    { "win.previous-pane", NULL, tern_window_previous_pane },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ACTIONS); i++)
    gtk_widget_class_install_action (widget_class, ACTIONS[i].name, ACTIONS[i].type,
                                     ACTIONS[i].func);
  gtk_widget_class_install_property_action (widget_class, "win.show-plain", "show-plain");
}

/* What the folder that is shown does not allow is off, and the buttons tell why. */
static void
apply_rights (TernWindow *self)
{
  static const struct
  {
    const char *action;
    TernRights needed;
  } NEEDS[] = {
    { "win.trash", TERN_RIGHTS_REMOVE },    { "win.archive", TERN_RIGHTS_REMOVE },
    { "win.junk", TERN_RIGHTS_REMOVE },     { "win.not-junk", TERN_RIGHTS_REMOVE },
    { "win.move", TERN_RIGHTS_REMOVE },     { "win.mark-read", TERN_RIGHT_SEEN },
    { "win.mark-unread", TERN_RIGHT_SEEN }, { "win.star", TERN_RIGHT_WRITE },
    { "win.unstar", TERN_RIGHT_WRITE },     { "win.toggle-star", TERN_RIGHT_WRITE },
    { "win.star-one", TERN_RIGHT_WRITE },
  };
  g_autofree char *why =
      self->folder != NULL ? tern_folder_dup_refusal (self->folder, TERN_RIGHTS_REMOVE) : NULL;
  g_autofree char *no_star =
      self->folder != NULL ? tern_folder_dup_refusal (self->folder, TERN_RIGHT_WRITE) : NULL;

  for (guint i = 0; i < G_N_ELEMENTS (NEEDS) && self->folder != NULL; i++)
    {
      g_autofree char *refusal = tern_folder_dup_refusal (self->folder, NEEDS[i].needed);

      if (refusal != NULL)
        gtk_widget_action_set_enabled (GTK_WIDGET (self), NEEDS[i].action, FALSE);
    }
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->trash_button),
                               why != NULL ? why : _ ("Move to Trash"));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->archive_button),
                               why != NULL ? why : _ ("Archive"));
  tern_message_list_view_set_star_refusal (self->list, no_star);
}

void
tern_window_update_actions (TernWindow *self)
{
  static const char *const MANY[] = { "win.junk", "win.move", "win.toggle-star", "win.archive",
                                      "win.trash" };
  static const char *const ONE[] = { "win.reply", "win.reply-all", "win.forward", "win.history" };
  GtkWidget *widget = GTK_WIDGET (self);
  guint count = self->engine != NULL ? tern_selection_get_count (get_selection (self)) : 0;
  TernRole role = self->folder != NULL ? tern_folder_get_role (self->folder) : TERN_ROLE_NONE;
  TernFlags flags = selected_flags (self);

  for (guint i = 0; i < G_N_ELEMENTS (MANY); i++)
    gtk_widget_action_set_enabled (widget, MANY[i], count > 0);
  for (guint i = 0; i < G_N_ELEMENTS (ONE); i++)
    gtk_widget_action_set_enabled (widget, ONE[i], count == 1);

  /* Of several messages some may be read and some not: both ways are open. */
  gtk_widget_action_set_enabled (widget, "win.mark-read",
                                 count > 1 || (count == 1 && !(flags & TERN_FLAG_SEEN)));
  gtk_widget_action_set_enabled (widget, "win.mark-unread",
                                 count > 1 || (count == 1 && (flags & TERN_FLAG_SEEN)));
  gtk_widget_action_set_enabled (widget, "win.star",
                                 count > 1 || (count == 1 && !(flags & TERN_FLAG_FLAGGED)));
  gtk_widget_action_set_enabled (widget, "win.unstar",
                                 count > 1 || (count == 1 && (flags & TERN_FLAG_FLAGGED)));
  if (role == TERN_ROLE_ARCHIVE || role == TERN_ROLE_ALL)
    gtk_widget_action_set_enabled (widget, "win.archive", FALSE);
  if (role == TERN_ROLE_TRASH)
    gtk_widget_action_set_enabled (widget, "win.trash", FALSE);
  gtk_widget_action_set_enabled (widget, "win.not-junk", count > 0 && role == TERN_ROLE_JUNK);
  if (role == TERN_ROLE_JUNK)
    gtk_widget_action_set_enabled (widget, "win.junk", FALSE);
  gtk_widget_action_set_enabled (widget, "win.star-one", TRUE);
  apply_rights (self);
  gtk_widget_action_set_enabled (widget, "win.undo", self->undo != NULL);
  gtk_widget_action_set_enabled (widget, "win.refresh", self->engine != NULL);
  gtk_widget_action_set_enabled (widget, "win.select-all", self->folder != NULL);
  gtk_widget_action_set_enabled (widget, "win.account-settings", self->folder != NULL);
}
