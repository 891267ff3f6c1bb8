/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-remote-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "tern-folder-names-private.h"
#include "tern-limits.h"
#include "tern-mailbox-ids-private.h"
#include "tern-store-messages.h"
#include "tern-store-ops.h"
#include "tern-store-rights.h"

/*
 * The folder tree: LIST, with STATUS in the same answer or pipelined after it, then one
 * transaction. Rights come with LIST as well, or are asked for one by one: then only those of
 * folders of others, and where the server has refused something.
 */

/* How long flags are believed that a server without mod-sequences may have changed. */
#define FLAGS_HOLD_SECONDS (10 * 60)

/* Of no more folders are rights asked for one by one. */
#define RIGHTS_MAX 1000

/* What STATUS said of one folder. */
typedef struct
{
  gboolean known;
  gint64 messages;
  gint64 unseen;
  guint32 uidnext;
  guint32 uidvalidity;
  guint64 modseq;
  gint64 append_limit;
} FolderStatus;

struct _TernImapListing
{
  TernImapRemote *remote;   /* (owned) */
  TernImapSession *session; /* (owned) */
  GTask *task;              /* (owned) */
  GPtrArray *folders;       /* (owned) of TernFolderRecord */
  GArray *statuses;         /* (owned) of FolderStatus, beside folders */
  GHashTable *by_name;      /* (owned) remote name → index + 1 */
  guint waiting;
  guint folder_ops; /* the remote's count when the server was asked */
  GError *error;
};

static void
listing_free (TernImapListing *self)
{
  g_clear_object (&self->remote);
  g_clear_object (&self->session);
  g_clear_object (&self->task);
  g_ptr_array_unref (self->folders);
  g_array_unref (self->statuses);
  g_hash_table_unref (self->by_name);
  g_clear_error (&self->error);
  g_free (self);
}

/* Takes @folder. */
static void
append_folder (TernImapListing *self, TernFolderRecord *folder)
{
  FolderStatus status = { 0 };

  folder->account = tern_imap_remote_get_account (self->remote);
  g_ptr_array_add (self->folders, folder);
  g_array_append_val (self->statuses, status);
  g_hash_table_insert (self->by_name, folder->remote_name, GUINT_TO_POINTER (self->folders->len));
}

void
tern_imap_listing_add (TernImapListing *self, const TernImapList *item)
{
  GPtrArray *namespaces = tern_imap_session_get_namespaces (self->session);
  TernFolderRecord *folder;
  guint index;

  if (self->folders->len >= TERN_LIMIT_FOLDERS)
    return;
  folder = tern_folder_names_from_list (item, namespaces);
  if (folder == NULL)
    return;
  index = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_name, folder->remote_name));
  if (index != 0)
    {
      /* Some servers answer twice when special uses are asked for: keep what says more. */
      TernFolderRecord *known = g_ptr_array_index (self->folders, index - 1);

      if (known->role == TERN_ROLE_NONE)
        known->role = folder->role;
      tern_folder_record_free (folder);
      return;
    }
  append_folder (self, folder);
}

/* What folders of others are in, where the server does not list it. */
static void
add_headings (TernImapListing *self)
{
  /* What is added is looked at in turn, up to the top. */
  for (guint i = 0; i < self->folders->len && self->folders->len < TERN_LIMIT_FOLDERS; i++)
    {
      TernFolderRecord *above = tern_folder_names_above (g_ptr_array_index (self->folders, i));

      if (above == NULL)
        continue;
      if (g_hash_table_contains (self->by_name, above->remote_name))
        tern_folder_record_free (above);
      else
        append_folder (self, above);
    }
}

void
tern_imap_listing_add_rights (TernImapListing *self, const char *mailbox, TernRights rights)
{
  guint index = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_name, mailbox));

  if (index != 0)
    ((TernFolderRecord *) g_ptr_array_index (self->folders, index - 1))->rights = rights;
}

void
tern_imap_listing_add_status (TernImapListing *self, const TernImapStatus *status)
{
  guint index = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_name, status->mailbox));
  FolderStatus *known;

  if (index == 0)
    return;
  known = &g_array_index (self->statuses, FolderStatus, index - 1);
  known->known = TRUE;
  known->messages = status->messages;
  known->unseen = status->unseen;
  known->uidnext = status->uidnext;
  known->uidvalidity = status->uidvalidity;
  known->modseq = status->modseq;
  known->append_limit = status->append_limit;
  if (status->mailbox_id.data != NULL)
    {
      TernFolderRecord *folder = g_ptr_array_index (self->folders, index - 1);

      g_free (folder->mailbox_id);
      folder->mailbox_id = g_strndup (status->mailbox_id.data, status->mailbox_id.length);
    }
}

/* Storing */

#define COMPARE_SECONDS (7 * 24 * 60 * 60)

typedef struct
{
  TernId account;
  TernId focus;
  GPtrArray *folders;
  GArray *statuses;
} ListingWrite;

static void
listing_write_free (gpointer data)
{
  ListingWrite *self = data;

  g_ptr_array_unref (self->folders);
  g_array_unref (self->statuses);
  g_free (self);
}

/* Is what we have of the folder what the server has? When in doubt, no: it has to be as many
 * messages here, too, or as many as the last comparison left, else what a sync has missed or a
 * server has denied for a while stays lost. Without mod-sequences STATUS tells nothing of flags but
 * \Seen, so they are looked at now and then; and once a week the numbers are not believed but the
 * UIDs compared.
 */
static gboolean
agrees (const TernFolderRecord *stored, const FolderStatus *status)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  if (!status->known || stored->uidvalidity == 0 || stored->backfill != 1
      || status->uidvalidity != stored->uidvalidity || status->uidnext != stored->uidnext
      || status->messages != stored->remote_total
      || (status->messages != stored->total && stored->total != stored->compared_here)
      || now - stored->compare_tried >= COMPARE_SECONDS)
    return FALSE;
  if (status->modseq != 0)
    return status->modseq == stored->modseq;
  return status->unseen == stored->remote_unread && now - stored->checked < FLAGS_HOLD_SECONDS;
}

/*
 * Renamed by another program: what is known here under a name that is not listed agrees in
 * everything with what is listed under one that is not known here, and with nothing else. What is
 * wrongly not recognised is fetched again; an empty folder is not worth a guess.
 */

static gboolean
is_listed (const ListingWrite *listing, const char *name)
{
  for (guint i = 0; i < listing->folders->len; i++)
    if (g_str_equal (((TernFolderRecord *) g_ptr_array_index (listing->folders, i))->remote_name,
                     name))
      return TRUE;
  return FALSE;
}

static gboolean
is_among (const GArray *ids, TernId id)
{
  for (guint i = 0; i < ids->len; i++)
    if (g_array_index (ids, TernId, i) == id)
      return TRUE;
  return FALSE;
}

/* The only one of @stored that is listed nowhere and agrees with @status; NULL otherwise. What we
 * are @renaming ourselves is not for a guess: the operation tells which name is whose. */
static const TernFolderRecord *
find_lost (const ListingWrite *listing,
           const GPtrArray *stored,
           const GArray *renaming,
           const FolderStatus *status)
{
  const TernFolderRecord *found = NULL;

  /* Without mod-sequences two folders that have nothing to do with each other may look the same. */
  if (status->modseq == 0)
    return NULL;
  for (guint i = 0; i < stored->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (stored, i);

      if (folder->remote_name == NULL || folder->role == TERN_ROLE_INBOX || !agrees (folder, status)
          || is_listed (listing, folder->remote_name) || is_among (renaming, folder->id))
        continue;
      if (found != NULL)
        return NULL;
      found = folder;
    }
  return found;
}

static gboolean
is_known (const GPtrArray *stored, const char *name)
{
  for (guint i = 0; i < stored->len; i++)
    if (g_strcmp0 (((TernFolderRecord *) g_ptr_array_index (stored, i))->remote_name, name) == 0)
      return TRUE;
  return FALSE;
}

/* Of the listed, how many agree with @folder? */
static guint
count_agreeing (const ListingWrite *listing, const TernFolderRecord *folder)
{
  guint n = 0;

  for (guint i = 0; i < listing->folders->len; i++)
    n += agrees (folder, &g_array_index (listing->statuses, FolderStatus, i));
  return n;
}

static gboolean
follow_renames (TernTxn *txn, const ListingWrite *listing, GError **error)
{
  g_autoptr (GPtrArray) stored = tern_read_folders (tern_txn_reader (txn), listing->account, error);
  g_autoptr (GArray) renaming = NULL;

  if (stored == NULL)
    return FALSE;
  renaming = tern_read_renaming (tern_txn_reader (txn), listing->account, error);
  if (renaming == NULL)
    return FALSE;
  for (guint i = 0; i < listing->folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (listing->folders, i);
      const FolderStatus *status = &g_array_index (listing->statuses, FolderStatus, i);
      const TernFolderRecord *lost;

      if (is_known (stored, folder->remote_name))
        continue;
      lost = tern_mailbox_ids_find_renamed (listing->folders, stored, folder);
      if (lost == NULL && status->known && status->messages > 0)
        {
          lost = find_lost (listing, stored, renaming, status);
          if (lost != NULL && count_agreeing (listing, lost) != 1)
            lost = NULL;
        }
      if (lost != NULL && !is_among (renaming, lost->id)
          && !tern_txn_set_folder_remote_name (txn, lost->id, folder->remote_name, error))
        return FALSE;
    }
  return TRUE;
}

/* INBOX, what is on screen, then by how likely a person looks there. */
static guint
sync_rank (const TernFolderRecord *folder, TernId focus)
{
  if (folder->role == TERN_ROLE_INBOX)
    return 0;
  if (folder->id == focus)
    return 1;
  switch (folder->role)
    {
    case TERN_ROLE_SENT:
      return 2;
    case TERN_ROLE_DRAFTS:
      return 3;
    case TERN_ROLE_NONE:
      return 4;
    case TERN_ROLE_ARCHIVE:
      return 5;
    case TERN_ROLE_TRASH:
      return 7;
    case TERN_ROLE_JUNK:
      return 8;
    case TERN_ROLE_ALL:
    case TERN_ROLE_FLAGGED:
    case TERN_ROLE_IMPORTANT:
      return 9;
    case TERN_ROLE_INBOX:
    case TERN_ROLE_OUTBOX:
    default:
      return 6;
    }
}

typedef struct
{
  guint rank;
  guint index;
  TernId folder;
} Ranked;

static int
compare_ranked (gconstpointer a, gconstpointer b)
{
  const Ranked *first = a;
  const Ranked *second = b;

  if (first->rank != second->rank)
    return first->rank < second->rank ? -1 : 1;
  return first->index < second->index ? -1 : 1;
}

/* What waits in the folder for its UID is found there, or ends, with a sync of it only. It counts
 * as one that is here, so the numbers may agree by chance. */
static gboolean
is_current (TernTxn *txn,
            const TernFolderRecord *stored,
            const FolderStatus *status,
            gboolean *current,
            GError **error)
{
  g_autoptr (GArray) waiting = tern_read_waiting (tern_txn_reader (txn), stored->id, error);

  *current = waiting != NULL && waiting->len == 0 && agrees (stored, status);
  return waiting != NULL;
}

static gboolean
put_folder (TernTxn *txn,
            ListingWrite *listing,
            guint index,
            GHashTable *kept,
            GArray *ranked,
            GError **error)
{
  const TernFolderRecord *folder = g_ptr_array_index (listing->folders, index);
  const FolderStatus *status = &g_array_index (listing->statuses, FolderStatus, index);
  g_autoptr (TernFolderRecord) stored = NULL;
  gboolean current;
  TernId id = tern_txn_put_folder (txn, folder, error);

  if (id == 0
      || (folder->mailbox_id != NULL
          && !tern_txn_set_mailbox_id (txn, id, folder->mailbox_id, error)))
    return FALSE;
  g_hash_table_add (kept, GSIZE_TO_POINTER ((gsize) id));
  if (!tern_txn_set_folder_rights (txn, id, folder->rights, error)
      || !tern_txn_set_append_limit (txn, id, status->known ? status->append_limit : -1, error))
    return FALSE;
  stored = tern_read_folder (tern_txn_reader (txn), id, error);
  if (stored == NULL || !is_current (txn, stored, status, &current, error))
    return FALSE;
  if (folder->selectable && !current)
    {
      Ranked rank = { sync_rank (stored, listing->focus), index, id };

      g_array_append_val (ranked, rank);
    }
  if (!status->known)
    return TRUE;
  /* Counts are stored with the data that they stand for: what differs is for the sync to store at
   * its end, or one that was interrupted would agree the next time. A folder that was never synced
   * agrees with nothing. */
  if (current || stored->uidvalidity == 0)
    return tern_txn_set_remote_counts (txn, id, status->messages, status->unseen, FALSE, error);
  return tern_txn_set_remote_counts (txn, id, -1, -1, FALSE, error);
}

static gboolean
write_listing (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  ListingWrite *listing = data;
  g_autoptr (GHashTable) kept = g_hash_table_new (NULL, NULL);
  g_autoptr (GArray) ranked = g_array_new (FALSE, FALSE, sizeof (Ranked));
  GArray *order;

  if (!follow_renames (txn, listing, error))
    return FALSE;
  for (guint i = 0; i < listing->folders->len; i++)
    if (!put_folder (txn, listing, i, kept, ranked, error))
      return FALSE;
  if (!tern_txn_end_listing (txn, listing->account, kept, error))
    return FALSE;
  g_array_sort (ranked, compare_ranked);
  order = g_array_sized_new (FALSE, FALSE, sizeof (TernId), ranked->len);
  for (guint i = 0; i < ranked->len; i++)
    g_array_append_val (order, g_array_index (ranked, Ranked, i).folder);
  *result = order;
  return TRUE;
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapListing *self = user_data;
  GError *error = NULL;
  gpointer order = NULL;

  if (tern_store_write_finish (tern_imap_remote_get_store (self->remote), result, &order, &error))
    {
      tern_imap_remote_set_listed (self->remote);
      if (!tern_imap_remote_is_closed (self->remote))
        tern_imap_quota_ask (self->remote, self->session, FALSE);
      g_task_return_pointer (self->task, order, (GDestroyNotify) g_array_unref);
    }
  else
    g_task_return_error (self->task, error);
  listing_free (self);
}

static void ask (TernImapListing *self);

static void
finish (TernImapListing *self)
{
  ListingWrite *data;

  /* A folder was made, renamed or the like meanwhile: what was listed may be from before that. */
  if (self->error == NULL && self->folder_ops != tern_imap_remote_get_folder_ops (self->remote))
    {
      ask (self);
      return;
    }
  tern_imap_remote_set_listing (self->remote, NULL);
  if (self->error != NULL)
    {
      g_task_return_error (self->task, g_steal_pointer (&self->error));
      listing_free (self);
      return;
    }
  add_headings (self);
  tern_folder_names_guess_roles (self->folders);
  data = g_new0 (ListingWrite, 1);
  data->account = tern_imap_remote_get_account (self->remote);
  data->focus = tern_imap_remote_get_focus (self->remote);
  data->folders = g_ptr_array_ref (self->folders);
  data->statuses = g_array_ref (self->statuses);
  /* In the order of the operations' own outcomes, which have this priority. */
  tern_store_write_async (tern_imap_remote_get_store (self->remote), G_PRIORITY_HIGH, write_listing,
                          data, listing_write_free, (GDestroyNotify) g_array_unref, written_cb,
                          self);
}

/* Asking */

static void
end_question (TernImapListing *self)
{
  if (--self->waiting == 0)
    finish (self);
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapListing *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  /* Of a folder that cannot be asked about the answer is only not known. */
  if (reply == NULL && tern_fault_is (error, TERN_FAULT_DISCONNECTED) && self->error == NULL)
    self->error = g_steal_pointer (&error);
  end_question (self);
}

static void
ask_statuses (TernImapListing *self)
{
  for (guint i = 0; i < self->folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (self->folders, i);

      if (!folder->selectable || g_array_index (self->statuses, FolderStatus, i).known)
        continue;
      self->waiting++;
      tern_imap_session_full_status_async (self->session, folder->remote_name, NULL, answered_cb,
                                           self);
    }
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

/* Has the server refused something there, or told of rights since? What is not told again would be
 * forgotten. */
static gboolean
is_doubted (const GPtrArray *stored, const char *name)
{
  for (guint i = 0; stored != NULL && i < stored->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (stored, i);

      if (folder->rights & (TERN_RIGHTS_KNOWN | TERN_RIGHTS_LEARNED)
          && g_strcmp0 (folder->remote_name, name) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
ask_rights (TernImapListing *self, const GPtrArray *stored)
{
  guint asked = 0;

  for (guint i = 0; i < self->folders->len && asked < RIGHTS_MAX; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (self->folders, i);

      if (!folder->selectable || folder->rights & TERN_RIGHTS_KNOWN
          || (folder->space == TERN_SPACE_PERSONAL && !is_doubted (stored, folder->remote_name)))
        continue;
      asked++;
      self->waiting++;
      tern_imap_session_my_rights_async (self->session, folder->remote_name, NULL, answered_cb,
                                         self);
    }
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapListing *self = user_data;
  g_autoptr (GError) error = NULL;
  gpointer value = NULL;
  g_autoptr (GPtrArray) stored = NULL;

  if (!tern_store_read_finish (tern_imap_remote_get_store (self->remote), result, &value, &error))
    g_warning ("the folders could not be read: %s", error->message);
  stored = value;
  if (self->error == NULL)
    ask_rights (self, stored);
  end_question (self);
}

static void
start_rights (TernImapListing *self)
{
  TernId account = tern_imap_remote_get_account (self->remote);

  if (!(tern_imap_session_get_caps (self->session) & TERN_IMAP_CAP_ACL))
    return;
  self->waiting++;
  tern_store_read_async (tern_imap_remote_get_store (self->remote), TERN_LANE_LIST,
                         G_PRIORITY_DEFAULT, read_folders, g_memdup2 (&account, sizeof account),
                         g_free, (GDestroyNotify) g_ptr_array_unref, NULL, read_cb, self);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapListing *self = user_data;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &self->error);

  if (reply != NULL && self->folders->len == 0)
    self->error = tern_fault_new (TERN_FAULT_PROTOCOL, _ ("The server lists no folders at all."));
  if (self->error == NULL)
    {
      ask_statuses (self);
      start_rights (self);
    }
  end_question (self);
}

static void
ask (TernImapListing *self)
{
  g_hash_table_remove_all (self->by_name);
  g_ptr_array_set_size (self->folders, 0);
  g_array_set_size (self->statuses, 0);
  self->folder_ops = tern_imap_remote_get_folder_ops (self->remote);
  self->waiting++;
  tern_imap_session_list_async (self->session, NULL, listed_cb, self);
}

void
tern_imap_listing_start (TernImapRemote *remote, TernImapSession *session, GTask *task)
{
  TernImapListing *self;

  if (tern_imap_remote_get_listing (remote) != NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "listing");
      g_object_unref (task);
      return;
    }
  self = g_new0 (TernImapListing, 1);
  self->remote = g_object_ref (remote);
  self->session = g_object_ref (session);
  self->task = task;
  self->folders = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_folder_record_free);
  self->statuses = g_array_new (FALSE, TRUE, sizeof (FolderStatus));
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  tern_imap_remote_set_listing (remote, self);
  ask (self);
}
