/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-notifier.h"

#include "tern-news.h"
#include "tern-window.h"

#include <glib/gi18n.h>

/* More than so many within so long become one notification that counts them. */
#define SINGLE_MAX 3
#define BURST_USEC (10 * G_USEC_PER_SEC)
#define SUMMARY_ID "mail-summary"
/* It is counted anew only so often: some desktops bring it up again each time. */
#define SUMMARY_MS 5000
#define GATHER_MS  500
#define SHOWN_MAX  200

struct _TernNotifier
{
  TernApplication *app;   /* (unowned): owns us */
  TernEngine *engine;     /* (owned) */
  TernNews *news;         /* (owned): all that was announced and is new still */
  GHashTable *troubled;   /* set of gint64 outbox ids that were told of */
  GHashTable *summed;     /* set of gint64 location: those of them that the summary stands for */
  GArray *singles;        /* of Single, oldest first: told one by one within BURST_USEC */
  gint64 burst_end;       /* monotonic: what comes before is summed up */
  guint summary_timer;    /* until the summary is told (anew) */
  gint64 summary_told;    /* monotonic, 0 = it does not stand */
  gboolean summary_grown; /* since it was told last */
};

typedef struct
{
  TernId id;
  gint64 told; /* monotonic */
} Single;

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
}

/* The summary counts all that it stands for and that nobody has read since. */
static void
on_summary (gpointer data)
{
  TernNotifier *self = data;
  guint n = g_hash_table_size (self->summed);
  g_autofree char *title = g_strdup_printf (ngettext ("%u new message", "%u new messages", n), n);
  g_autoptr (GNotification) notification = g_notification_new (title);

  self->summary_timer = 0;
  g_notification_set_category (notification, "email.arrived");
  g_notification_set_default_action (notification, "app.activate");
  /* That fewer are new is nothing to call anybody for. */
  if (!self->summary_grown)
    g_notification_set_priority (notification, G_NOTIFICATION_PRIORITY_LOW);
  self->summary_grown = FALSE;
  self->summary_told = g_get_monotonic_time ();
  g_application_send_notification (G_APPLICATION (self->app), SUMMARY_ID, notification);
}

static void
queue_summary (TernNotifier *self)
{
  gint64 since = (g_get_monotonic_time () - self->summary_told) / 1000;
  gint64 rest = self->summary_told != 0 ? SUMMARY_MS - since : 0;

  if (self->summary_timer == 0)
    self->summary_timer = g_timeout_add_once ((guint) MAX (rest, GATHER_MS), on_summary, self);
}

static void
sum_up (TernNotifier *self, TernId id)
{
  g_hash_table_add (self->summed, g_memdup2 (&id, sizeof id));
  self->summary_grown = TRUE;
  queue_summary (self);
}

static void
forget_old_singles (TernNotifier *self, gint64 now)
{
  guint old = 0;

  while (old < self->singles->len
         && now - g_array_index (self->singles, Single, old).told > BURST_USEC)
    old++;
  g_array_remove_range (self->singles, 0, old);
}

/* What was told one by one just before belongs to the burst. */
static void
begin_burst (TernNotifier *self)
{
  for (guint i = 0; i < self->singles->len; i++)
    {
      TernId id = g_array_index (self->singles, Single, i).id;
      g_autofree char *name = notification_id (id);

      if (tern_news_get_folder (self->news, id) == 0)
        continue;
      g_application_withdraw_notification (G_APPLICATION (self->app), name);
      sum_up (self, id);
    }
  g_array_set_size (self->singles, 0);
}

static void
tell (TernNotifier *self, GPtrArray *records)
{
  gint64 now = g_get_monotonic_time ();

  forget_old_singles (self, now);
  if (now < self->burst_end || self->singles->len + records->len > SINGLE_MAX)
    {
      begin_burst (self);
      self->burst_end = now + BURST_USEC;
    }
  for (guint i = 0; i < records->len; i++)
    {
      const TernMessageRecord *record = g_ptr_array_index (records, i);
      Single single = { record->id, now };

      tern_news_add (self->news, record);
      if (now < self->burst_end)
        {
          sum_up (self, record->id);
          continue;
        }
      g_array_append_val (self->singles, single);
      notify_one (self, record);
    }
}

static void
on_new_mail (TernEngine *engine, const char *uuid, GPtrArray *records, TernNotifier *self)
{
  g_autoptr (GPtrArray) unseen = g_ptr_array_new ();

  if (!g_settings_get_boolean (tern_application_get_settings (self->app), "notifications"))
    return;
  for (guint i = 0; i < records->len; i++)
    {
      TernMessageRecord *record = g_ptr_array_index (records, i);

      if (!is_on_screen (self, record->id))
        g_ptr_array_add (unseen, record);
    }
  if (unseen->len > 0)
    tell (self, unseen);
}

static void
sum_down (TernNotifier *self)
{
  if (g_hash_table_size (self->summed) > 0)
    {
      queue_summary (self);
      return;
    }
  g_clear_handle_id (&self->summary_timer, g_source_remove);
  self->summary_told = 0;
  self->summary_grown = FALSE;
  g_application_withdraw_notification (G_APPLICATION (self->app), SUMMARY_ID);
}

/* Read, here or elsewhere, or gone. */
static void
on_not_new (TernId id, gpointer data)
{
  TernNotifier *self = data;
  g_autofree char *name = notification_id (id);

  if (g_hash_table_remove (self->summed, &id))
    sum_down (self);
  else
    g_application_withdraw_notification (G_APPLICATION (self->app), name);
}

static char *
troubled_id (TernId outbox)
{
  return g_strdup_printf ("outbox-%" TERN_ID_FORMAT, outbox);
}

static const char *
get_trouble_title (TernOutboxTrouble trouble)
{
  switch (trouble)
    {
    case TERN_OUTBOX_TROUBLE_PARTLY:
      return _ ("Message not sent to everybody");
    case TERN_OUTBOX_TROUBLE_UNCERTAIN:
      return _ ("Message perhaps not sent");
    case TERN_OUTBOX_TROUBLE_REFUSED:
    case TERN_OUTBOX_TROUBLE_NONE:
    default:
      return _ ("Message not sent");
    }
}

void
tern_notifier_withdraw_troubled (TernNotifier *self, TernId outbox)
{
  g_autofree char *id = troubled_id (outbox);

  g_hash_table_remove (self->troubled, &outbox);
  g_application_withdraw_notification (G_APPLICATION (self->app), id);
}

void
tern_notifier_check_troubled (TernNotifier *self, TernOutboxList *outbox)
{
  g_autoptr (GList) ids = g_hash_table_get_keys (self->troubled);

  for (GList *l = ids; l != NULL; l = l->next)
    {
      TernId id = *(TernId *) l->data;
      TernOutboxItem *item = tern_outbox_list_find (outbox, id);

      if (item == NULL || tern_outbox_item_get_trouble (item) == TERN_OUTBOX_TROUBLE_NONE)
        tern_notifier_withdraw_troubled (self, id);
    }
}

void
tern_notifier_tell_troubled (TernNotifier *self, TernOutboxItem *item)
{
  TernId outbox = tern_outbox_item_get_record (item)->id;
  TernOutboxTrouble trouble = tern_outbox_item_get_trouble (item);
  g_autofree char *reason = tern_outbox_item_dup_description (item);
  g_autofree char *body = tern_notifier_dup_shown (reason);
  g_autofree char *id = troubled_id (outbox);
  g_autoptr (GNotification) notification = g_notification_new (get_trouble_title (trouble));

  g_notification_set_body (notification, body);
  g_notification_set_category (notification, "transfer.error");
  g_notification_set_priority (notification, G_NOTIFICATION_PRIORITY_HIGH);
  /* Whether to send again what may have arrived is for the outbox to ask. */
  if (trouble == TERN_OUTBOX_TROUBLE_REFUSED)
    g_notification_set_default_action_and_target (notification, "app.edit-outbox", "x", outbox);
  else
    g_notification_set_default_action (notification, "app.activate");
  g_hash_table_add (self->troubled, g_memdup2 (&outbox, sizeof outbox));
  g_application_send_notification (G_APPLICATION (self->app), id, notification);
}

TernNotifier *
tern_notifier_new (TernApplication *app, TernEngine *engine)
{
  TernNotifier *self = g_new0 (TernNotifier, 1);

  self->app = app;
  self->engine = g_object_ref (engine);
  self->news = tern_news_new (engine, on_not_new, self);
  self->troubled = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->summed = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->singles = g_array_new (FALSE, FALSE, sizeof (Single));
  g_signal_connect (engine, "new-mail", G_CALLBACK (on_new_mail), self);
  return self;
}

void
tern_notifier_free (TernNotifier *self)
{
  g_signal_handlers_disconnect_by_data (self->engine, self);
  tern_news_free (self->news);
  g_clear_handle_id (&self->summary_timer, g_source_remove);
  g_array_unref (self->singles);
  g_hash_table_unref (self->summed);
  g_hash_table_unref (self->troubled);
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
