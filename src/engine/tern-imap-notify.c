/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-notify-private.h"

/* Of a server that could not tell everything, so much later it is asked again. */
#define AGAIN_SECONDS 60
/* More than so many at once are found out by a listing. */
#define NEWS_MAX 200

typedef struct
{
  char *name; /* raw */
  gint64 messages;
  gint64 unseen;
  guint32 uidnext;
  guint32 uidvalidity;
  guint64 modseq;
} News;

struct _TernImapNotify
{
  int refs;
  TernImapRemote *remote; /* (nullable) NULL once freed by its owner */
  TernStore *store;       /* (owned) */
  TernId account;
  TernImapSession *session; /* (owned) (nullable): the one that tells */
  GPtrArray *news;          /* (owned) of News, to be compared with the store */
  gboolean comparing;
  gboolean hears; /* the server has agreed to tell */
  GSource *again; /* (owned) (nullable) */
};

static void compare (TernImapNotify *self);

static void
news_free (gpointer data)
{
  News *news = data;

  g_free (news->name);
  g_free (news);
}

static void
notify_unref (TernImapNotify *self)
{
  if (--self->refs > 0)
    return;
  g_clear_object (&self->session);
  g_ptr_array_unref (self->news);
  tern_store_unref (self->store);
  g_free (self);
}

TernImapNotify *
tern_imap_notify_new (TernImapRemote *remote)
{
  TernImapNotify *self = g_new0 (TernImapNotify, 1);

  self->refs = 1;
  self->remote = remote;
  self->store = tern_store_ref (tern_imap_remote_get_store (remote));
  self->account = tern_imap_remote_get_account (remote);
  self->news = g_ptr_array_new_with_free_func (news_free);
  return self;
}

static void
clear_again (TernImapNotify *self)
{
  if (self->again == NULL)
    return;
  g_source_destroy (self->again);
  g_clear_pointer (&self->again, g_source_unref);
}

void
tern_imap_notify_free (TernImapNotify *self)
{
  self->remote = NULL;
  clear_again (self);
  notify_unref (self);
}

static void
report_all (TernImapNotify *self)
{
  gpointer data = NULL;
  const TernRemoteEvents *events;

  if (self->remote == NULL || tern_imap_remote_is_closed (self->remote))
    return;
  events = tern_imap_remote_get_events (self->remote, &data);
  events->folders_changed (data);
}

static gboolean
read_folders (TernReader *reader,
              gpointer data,
              GCancellable *cancellable,
              gpointer *result,
              GError **error)
{
  *result = tern_read_folders (reader, *(TernId *) data, error);
  return *result != NULL;
}

/* A server tells what changed only; what it does not tell agrees. */
static gboolean
agrees (const TernFolderRecord *folder, const News *news)
{
  return (news->messages < 0 || news->messages == folder->remote_total)
         && (news->unseen < 0 || news->unseen == folder->remote_unread)
         && (news->uidnext == 0 || news->uidnext == folder->uidnext)
         && (news->uidvalidity == 0 || news->uidvalidity == folder->uidvalidity)
         && (news->modseq == 0 || news->modseq == folder->modseq);
}

static const TernFolderRecord *
find_folder (const GPtrArray *folders, const char *name)
{
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);

      if (!folder->gone && g_strcmp0 (folder->remote_name, name) == 0)
        return folder;
    }
  return NULL;
}

static void
report_news (TernImapNotify *self, const GPtrArray *folders, const GPtrArray *all)
{
  gpointer data = NULL;
  const TernRemoteEvents *events = tern_imap_remote_get_events (self->remote, &data);

  for (guint i = 0; i < all->len; i++)
    {
      const News *news = g_ptr_array_index (all, i);
      const TernFolderRecord *folder = find_folder (folders, news->name);

      if (folder == NULL)
        {
          /* One that no listing has told yet. */
          report_all (self);
          return;
        }
      /* One that is not all here yet is on the list of what is to be synced. */
      if (folder->backfill == 1 && !agrees (folder, news))
        events->folder_changed (folder->id, data);
    }
}

typedef struct
{
  TernImapNotify *notify;
  GPtrArray *news; /* (owned) */
} Comparison;

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Comparison *comparison = user_data;
  TernImapNotify *self = comparison->notify;
  g_autoptr (GPtrArray) news = comparison->news;
  g_autoptr (GPtrArray) folders = NULL;
  g_autoptr (GError) error = NULL;
  gpointer value = NULL;

  self->comparing = FALSE;
  if (!tern_store_read_finish (self->store, result, &value, &error))
    g_warning ("what the server told could not be compared: %s", error->message);
  folders = value;
  if (folders != NULL && self->remote != NULL && !tern_imap_remote_is_closed (self->remote))
    report_news (self, folders, news);
  if (self->remote != NULL)
    compare (self);
  notify_unref (self);
}

static void
compare (TernImapNotify *self)
{
  Comparison *comparison;

  if (self->comparing || self->news->len == 0)
    return;
  self->comparing = TRUE;
  self->refs++;
  comparison = g_new0 (Comparison, 1);
  comparison->notify = self;
  comparison->news = g_steal_pointer (&self->news);
  self->news = g_ptr_array_new_with_free_func (news_free);
  tern_store_read_async (self->store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, read_folders,
                         g_memdup2 (&self->account, sizeof self->account), g_free,
                         (GDestroyNotify) g_ptr_array_unref, NULL, read_cb, comparison);
}

void
tern_imap_notify_take_status (TernImapNotify *self, const TernImapStatus *status)
{
  News *news;

  if (self->news->len >= NEWS_MAX)
    {
      /* Whoever tells so much so quickly is answered with one question. */
      g_ptr_array_set_size (self->news, 0);
      report_all (self);
      return;
    }
  news = g_new0 (News, 1);
  news->name = g_strdup (status->mailbox);
  news->messages = status->messages;
  news->unseen = status->unseen;
  news->uidnext = status->uidnext;
  news->uidvalidity = status->uidvalidity;
  news->modseq = status->modseq;
  g_ptr_array_add (self->news, news);
  compare (self);
}

void
tern_imap_notify_take_list (TernImapNotify *self)
{
  report_all (self);
}

static void
asked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapNotify *self = user_data;
  g_autoptr (GError) error = NULL;
  TernImapReply *reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply == NULL)
    g_debug ("no news of the other mailboxes: %s", error->message);
  self->hears = reply != NULL;
  g_clear_pointer (&reply, tern_imap_reply_free);
  notify_unref (self);
}

static void
ask (TernImapNotify *self)
{
  self->refs++;
  tern_imap_session_notify_async (self->session, NULL, asked_cb, self);
}

void
tern_imap_notify_start (TernImapNotify *self, TernImapSession *session)
{
  clear_again (self);
  g_set_object (&self->session, session);
  if (tern_imap_session_get_caps (session) & TERN_IMAP_CAP_NOTIFY)
    ask (self);
}

gboolean
tern_imap_notify_hears_all (TernImapNotify *self)
{
  return self->hears && self->session != NULL
         && tern_imap_session_get_state (self->session) < TERN_IMAP_LEAVING;
}

static gboolean
on_again (gpointer user_data)
{
  TernImapNotify *self = user_data;

  clear_again (self);
  if (tern_imap_session_get_state (self->session) < TERN_IMAP_LEAVING)
    ask (self);
  return G_SOURCE_REMOVE;
}

void
tern_imap_notify_take_overflow (TernImapNotify *self)
{
  self->hears = FALSE;
  report_all (self);
  if (self->again != NULL || self->session == NULL)
    return;
  self->again = g_timeout_source_new_seconds (AGAIN_SECONDS);
  g_source_set_callback (self->again, on_again, self, NULL);
  g_source_attach (self->again, g_main_context_get_thread_default ());
}
