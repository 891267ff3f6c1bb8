/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-notifier.h"

#include "tern-window.h"

#include <glib/gi18n.h>

/* More arriving at once become one notification. */
#define SINGLE_MAX 3

struct _TernNotifier
{
  TernApplication *app; /* (unowned): owns us */
  TernEngine *engine;   /* (owned) */
  GHashTable *shown;    /* gint64 location -> gint64 folder, both owned */
  gboolean summary_shown;
};

static char *
notification_id (TernId id)
{
  return g_strdup_printf ("mail-%" TERN_ID_FORMAT, id);
}

static gboolean
is_on_screen (TernNotifier *self, TernId id)
{
  for (GList *l = gtk_application_get_windows (GTK_APPLICATION (self->app)); l != NULL; l = l->next)
    if (TERN_IS_WINDOW (l->data) && tern_window_is_reading (l->data, id))
      return TRUE;
  return FALSE;
}

static void
notify_one (TernNotifier *self, const TernMessageRecord *record)
{
  const TernMessageFacts *facts = record->facts;
  const TernAddress *from = facts->from->len > 0 ? g_ptr_array_index (facts->from, 0) : NULL;
  g_autoptr (GNotification) notification =
      g_notification_new (from != NULL ? tern_address_get_display (from) : _ ("Unknown sender"));
  g_autofree char *id = notification_id (record->id);
  gint64 *key = g_new (gint64, 1);
  gint64 *folder = g_new (gint64, 1);

  g_notification_set_body (notification,
                           *facts->subject != '\0' ? facts->subject : _ ("(No subject)"));
  g_notification_set_category (notification, "email.arrived");
  g_notification_set_default_action_and_target (notification, "app.open-message", "x", record->id);
  g_application_send_notification (G_APPLICATION (self->app), id, notification);
  *key = record->id;
  *folder = record->folder;
  g_hash_table_replace (self->shown, key, folder);
}

static void
notify_many (TernNotifier *self, guint n)
{
  g_autofree char *title = g_strdup_printf (ngettext ("%u new message", "%u new messages", n), n);
  g_autoptr (GNotification) notification = g_notification_new (title);

  g_notification_set_category (notification, "email.arrived");
  g_notification_set_default_action (notification, "app.activate");
  g_application_send_notification (G_APPLICATION (self->app), "mail-summary", notification);
  self->summary_shown = TRUE;
}

static void
on_new_mail (TernEngine *engine, const char *uuid, GPtrArray *records, TernNotifier *self)
{
  if (!g_settings_get_boolean (tern_application_get_settings (self->app), "notifications"))
    return;
  if (records->len > SINGLE_MAX)
    {
      notify_many (self, records->len);
      return;
    }
  for (guint i = 0; i < records->len; i++)
    {
      const TernMessageRecord *record = g_ptr_array_index (records, i);

      if (!is_on_screen (self, record->id))
        notify_one (self, record);
    }
}

/* Read elsewhere: what left the folder goes, and everything when the folder has no unread mail. */
static void
on_changed (TernEngine *engine, TernChangeSet *changes, TernNotifier *self)
{
  GHashTableIter iter;
  gint64 *id, *folder;
  g_autoptr (GArray) gone = g_array_new (FALSE, FALSE, sizeof (TernId));

  g_hash_table_iter_init (&iter, self->shown);
  while (g_hash_table_iter_next (&iter, (gpointer *) &id, (gpointer *) &folder))
    {
      const TernFolderChange *change = tern_change_set_find (changes, *folder);
      gboolean leaves = change != NULL && change->counts_changed && change->unread == 0;

      for (guint i = 0; change != NULL && !leaves && i < change->removed->len; i++)
        leaves = g_array_index (change->removed, TernListKey, i).id == *id;
      if (leaves)
        g_array_append_val (gone, *id);
    }
  for (guint i = 0; i < gone->len; i++)
    tern_notifier_withdraw (self, g_array_index (gone, TernId, i));
}

TernNotifier *
tern_notifier_new (TernApplication *app, TernEngine *engine)
{
  TernNotifier *self = g_new0 (TernNotifier, 1);

  self->app = app;
  self->engine = g_object_ref (engine);
  self->shown = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  g_signal_connect (engine, "new-mail", G_CALLBACK (on_new_mail), self);
  g_signal_connect (engine, "changed", G_CALLBACK (on_changed), self);
  return self;
}

void
tern_notifier_free (TernNotifier *self)
{
  g_signal_handlers_disconnect_by_data (self->engine, self);
  g_object_unref (self->engine);
  g_hash_table_unref (self->shown);
  g_free (self);
}

void
tern_notifier_withdraw (TernNotifier *self, TernId id)
{
  g_autofree char *name = notification_id (id);

  if (self->summary_shown)
    g_application_withdraw_notification (G_APPLICATION (self->app), "mail-summary");
  self->summary_shown = FALSE;
  if (g_hash_table_remove (self->shown, &id))
    g_application_withdraw_notification (G_APPLICATION (self->app), name);
}

TernId
tern_notifier_get_folder (TernNotifier *self, TernId id)
{
  gint64 *folder = g_hash_table_lookup (self->shown, &id);

  return folder != NULL ? *folder : 0;
}
