/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-notifier.h"

#include "tern-news.h"
#include "tern-window.h"

#include <glib/gi18n.h>

/* More arriving at once become one notification. */
#define SINGLE_MAX 3
#define SUMMARY_ID "mail-summary"
#define SHOWN_MAX  200

struct _TernNotifier
{
  TernApplication *app; /* (unowned): owns us */
  TernEngine *engine;   /* (owned) */
  TernNews *news;       /* (owned): all that was announced and is new still */
  GHashTable *summed;   /* set of gint64 location: those of them that the summary stands for */
};

char *
tern_notifier_dup_shown (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *shown = g_string_new (NULL);
  guint length = 0;

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (length++ >= SHOWN_MAX)
        {
          g_string_append (shown, "…");
          break;
        }
      /* Look-alikes that are text to every server, whether it reads markup or not. */
      if (c == '<')
        g_string_append (shown, "‹");
      else if (c == '>')
        g_string_append (shown, "›");
      else if (c == '&')
        g_string_append (shown, "＆");
      else
        g_string_append_unichar (shown, g_unichar_iscntrl (c) ? ' ' : c);
    }
  return g_string_free (shown, FALSE);
}

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
  g_autofree char *title = tern_notifier_dup_shown (from != NULL ? tern_address_get_display (from)
                                                                 : _ ("Unknown sender"));
  g_autofree char *body =
      tern_notifier_dup_shown (*facts->subject != '\0' ? facts->subject : _ ("(No subject)"));
  g_autoptr (GNotification) notification = g_notification_new (title);
  g_autofree char *id = notification_id (record->id);

  g_notification_set_body (notification, body);
  g_notification_set_category (notification, "email.arrived");
  g_notification_set_default_action_and_target (notification, "app.open-message", "x", record->id);
  g_application_send_notification (G_APPLICATION (self->app), id, notification);
  tern_news_add (self->news, record);
}

/* The summary counts all that it stood for before and that nobody has read since. */
static void
notify_many (TernNotifier *self, GPtrArray *records)
{
  g_autofree char *title = NULL;
  g_autoptr (GNotification) notification = NULL;
  guint n;

  for (guint i = 0; i < records->len; i++)
    {
      const TernMessageRecord *record = g_ptr_array_index (records, i);

      tern_news_add (self->news, record);
      g_hash_table_add (self->summed, g_memdup2 (&record->id, sizeof record->id));
    }
  n = g_hash_table_size (self->summed);
  title = g_strdup_printf (ngettext ("%u new message", "%u new messages", n), n);
  notification = g_notification_new (title);
  g_notification_set_category (notification, "email.arrived");
  g_notification_set_default_action (notification, "app.activate");
  g_application_send_notification (G_APPLICATION (self->app), SUMMARY_ID, notification);
}

static void
on_new_mail (TernEngine *engine, const char *uuid, GPtrArray *records, TernNotifier *self)
{
  if (!g_settings_get_boolean (tern_application_get_settings (self->app), "notifications"))
    return;
  if (records->len > SINGLE_MAX)
    {
      notify_many (self, records);
      return;
    }
  for (guint i = 0; i < records->len; i++)
    {
      const TernMessageRecord *record = g_ptr_array_index (records, i);

      if (!is_on_screen (self, record->id))
        notify_one (self, record);
    }
}

/* Read, here or elsewhere, or gone. */
static void
on_not_new (TernId id, gpointer data)
{
  TernNotifier *self = data;
  g_autofree char *name = notification_id (id);

  if (!g_hash_table_remove (self->summed, &id))
    g_application_withdraw_notification (G_APPLICATION (self->app), name);
  else if (g_hash_table_size (self->summed) == 0)
    g_application_withdraw_notification (G_APPLICATION (self->app), SUMMARY_ID);
}

TernNotifier *
tern_notifier_new (TernApplication *app, TernEngine *engine)
{
  TernNotifier *self = g_new0 (TernNotifier, 1);

  self->app = app;
  self->engine = g_object_ref (engine);
  self->news = tern_news_new (engine, on_not_new, self);
  self->summed = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_signal_connect (engine, "new-mail", G_CALLBACK (on_new_mail), self);
  return self;
}

void
tern_notifier_free (TernNotifier *self)
{
  g_signal_handlers_disconnect_by_data (self->engine, self);
  tern_news_free (self->news);
  g_hash_table_unref (self->summed);
  g_object_unref (self->engine);
  g_free (self);
}

void
tern_notifier_withdraw (TernNotifier *self, TernId id)
{
  if (tern_news_remove (self->news, id))
    on_not_new (id, self);
}

TernId
tern_notifier_get_folder (TernNotifier *self, TernId id)
{
  return tern_news_get_folder (self->news, id);
}
