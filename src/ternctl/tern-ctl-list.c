/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-format.h"
#include "tern-ctl-private.h"

#include <glib/gi18n.h>

#include "tern-previews.h"

/*
 * What only reads the store. The text is made in the reader's thread: a list of a large folder
 * would hold the window, whose engine this may be.
 */

#define PAGE 200

typedef struct
{
  gboolean json;
  gboolean stream; /* each message a document of its own */
  GHashTable *ids; /* (owned): rows of accounts to their ids */
  TernId account;  /* 0 = any */
  char *path;      /* (nullable) */
  gsize limit;     /* 0 = all */
  TernId before;   /* 0 = from the newest */
  gboolean unread;
} Query;

static void
query_free (gpointer data)
{
  Query *self = data;

  g_hash_table_unref (self->ids);
  g_free (self->path);
  g_free (self);
}

static Query *
query_new (TernCtl *ctl)
{
  Query *self = g_new0 (Query, 1);

  self->json = ctl->args->json;
  self->ids = tern_ctl_dup_account_ids (ctl);
  return self;
}

/* The account that is named by @text, unless it is NULL. */
static gboolean
query_set_account (Query *self, TernCtl *ctl, const char *text, GError **error)
{
  g_autoptr (TernAccountSettings) account = NULL;

  if (text == NULL)
    return TRUE;
  account = tern_ctl_find_account (ctl, text, error);
  if (account == NULL)
    return FALSE;
  self->account = tern_engine_get_account_row (ctl->engine, account->uuid);
  return TRUE;
}

static char *
end_text (Query *query, TernCtlJson *json, GString *lines)
{
  if (query->json && json->text->len > 0)
    {
      g_string_free (lines, TRUE);
      return tern_ctl_json_end (json);
    }
  tern_ctl_json_free (json);
  return g_string_free (lines, FALSE);
}

/* The last reconciliation, null before the first one. */
static void
format_compared (TernCtlJson *json, const TernFolderRecord *folder)
{
  if (folder->compared == 0)
    {
      tern_ctl_json_string (json, "compared", NULL);
      return;
    }
  tern_ctl_json_open (json, "compared", '{');
  tern_ctl_json_time (json, "time", folder->compared, 0);
  tern_ctl_json_int (json, "server", folder->compared_remote);
  tern_ctl_json_int (json, "here", folder->compared_here);
  tern_ctl_json_close (json, '}');
}

/* What the server allows; null where it does not tell. */
static void
format_rights (TernCtlJson *json, const TernFolderRecord *folder)
{
  g_autofree char *rights = tern_rights_format (folder->rights);

  tern_ctl_json_string (json, "rights", rights);
  tern_ctl_json_bool (json, "read_only", tern_rights_only_reading (folder->rights));
}

static void
format_folder (Query *query, TernCtlJson *json, GString *lines, const TernFolderRecord *folder)
{
  const char *account = tern_ctl_format_account (query->ids, folder->account);

  g_string_append_printf (lines, "%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%s\n",
                          folder->path, folder->unread, folder->total,
                          tern_role_to_name (folder->role));
  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_string (json, "account", account);
  tern_ctl_json_string (json, "path", folder->path);
  tern_ctl_json_string (json, "name", folder->name);
  tern_ctl_json_string (json, "role", tern_role_to_name (folder->role));
  tern_ctl_json_int (json, "total", folder->total);
  tern_ctl_json_int (json, "unread", folder->unread);
  tern_ctl_json_bool (json, "subscribed", folder->subscribed);
  tern_ctl_json_bool (json, "selectable", folder->selectable);
  format_rights (json, folder);
  format_compared (json, folder);
  tern_ctl_json_close (json, '}');
}

static gboolean
read_folders (TernReader *reader,
              gpointer data,
              GCancellable *cancellable,
              gpointer *result,
              GError **error)
{
  Query *query = data;
  g_autoptr (GPtrArray) folders = tern_read_folders (reader, query->account, error);
  TernCtlJson *json;
  GString *lines;

  if (folders == NULL)
    return FALSE;
  json = tern_ctl_json_new ();
  lines = g_string_new (NULL);
  tern_ctl_json_open (json, NULL, '[');
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);

      if (!folder->gone && tern_ctl_format_account (query->ids, folder->account) != NULL)
        format_folder (query, json, lines, folder);
    }
  tern_ctl_json_close (json, ']');
  *result = end_text (query, json, lines);
  return TRUE;
}

void
tern_ctl_folders (TernCtl *self)
{
  Query *query = query_new (self);
  GError *error = NULL;

  if (query_set_account (query, self, tern_ctl_args_word (self->args, 0), &error))
    tern_ctl_print_read (self, read_folders, query, query_free);
  else
    {
      query_free (query);
      tern_ctl_fail (self, error, NULL);
    }
}

/* The one folder that is meant: with several accounts a path may stand for several. */
static TernFolderRecord *
find_folder (TernReader *reader, Query *query, GError **error)
{
  g_autoptr (TernFolderRecord) found = NULL;
  GHashTableIter iter;
  gpointer row;

  g_hash_table_iter_init (&iter, query->ids);
  while (g_hash_table_iter_next (&iter, &row, NULL))
    {
      g_autoptr (TernFolderRecord) folder = NULL;
      g_autoptr (GError) problem = NULL;

      if (query->account != 0 && query->account != *(TernId *) row)
        continue;
      folder = tern_read_folder_by_path (reader, *(TernId *) row, query->path, &problem);
      if (problem != NULL && !tern_fault_is (problem, TERN_FAULT_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&problem));
          return NULL;
        }
      if (folder != NULL && found != NULL)
        {
          g_propagate_error (error,
                             tern_fault_new (TERN_FAULT_INVALID,
                                             _ ("Several accounts have a folder “%s”: say which "
                                                "one with --account."),
                                             query->path));
          return NULL;
        }
      if (folder != NULL)
        found = g_steal_pointer (&folder);
    }
  if (found == NULL)
    g_propagate_error (
        error, tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("There is no folder “%s”."), query->path));
  return g_steal_pointer (&found);
}

/* The place in @keys after the message @before; NOT_FOUND when it is not in this folder. It need
 * not be among @keys: it may have been read since it was listed. */
static gboolean
skip_before (TernReader *reader,
             GArray *keys,
             TernId folder,
             TernId before,
             guint *start,
             GError **error)
{
  GError *problem = NULL;
  g_autoptr (TernMessageRecord) record = NULL;
  TernListKey key;

  *start = 0;
  if (before == 0)
    return TRUE;
  record = tern_read_message (reader, before, &problem);
  if (problem == NULL && (record == NULL || record->hidden || record->folder != folder))
    problem = tern_fault_new (TERN_FAULT_NOT_FOUND,
                              _ ("There is no message %" PRId64 " in this folder."), before);
  if (problem != NULL)
    {
      g_propagate_error (error, problem);
      return FALSE;
    }
  key = (TernListKey){ record->sort_key, record->id };
  while (*start < keys->len
         && tern_list_key_compare (&g_array_index (keys, TernListKey, *start), &key) <= 0)
    (*start)++;
  return TRUE;
}

static gboolean
format_page (TernReader *reader,
             Query *query,
             const TernFolderRecord *folder,
             const TernListKey *keys,
             guint n,
             TernCtlJson *json,
             GString *lines,
             GError **error)
{
  const char *account = tern_ctl_format_account (query->ids, folder->account);
  g_autofree TernId *ids = g_new (TernId, n);
  g_autoptr (GPtrArray) records = NULL;

  for (guint i = 0; i < n; i++)
    ids[i] = keys[i].id;
  records = tern_read_messages (reader, ids, n, error);
  if (records == NULL)
    return FALSE;
  for (guint i = 0; i < records->len; i++)
    {
      const TernMessageRecord *record = g_ptr_array_index (records, i);

      if (!query->json)
        {
          tern_ctl_format_message_line (lines, record);
          continue;
        }
      if (record->facts->preview == NULL)
        record->facts->preview = tern_previews_read (reader, record);
      if (query->stream)
        tern_ctl_json_break (json);
      tern_ctl_json_open (json, NULL, '{');
      tern_ctl_format_message (json, record, account, folder->path);
      tern_ctl_json_int (json, "attachments", record->facts->attachments);
      tern_ctl_json_close (json, '}');
    }
  return TRUE;
}

static gboolean
read_list (TernReader *reader,
           gpointer data,
           GCancellable *cancellable,
           gpointer *result,
           GError **error)
{
  Query *query = data;
  g_autoptr (TernFolderRecord) folder = find_folder (reader, query, error);
  g_autoptr (GArray) keys = NULL;
  TernCtlJson *json;
  GString *lines;
  gboolean good = TRUE;
  guint start, end;

  if (folder == NULL)
    return FALSE;
  keys = tern_read_keys (reader, folder->id, query->unread ? TERN_FILTER_UNREAD : TERN_FILTER_ALL,
                         query->before == 0 ? query->limit : 0, error);
  if (keys == NULL || !skip_before (reader, keys, folder->id, query->before, &start, error))
    return FALSE;
  end = query->limit > 0 ? (guint) MIN (keys->len, start + query->limit) : keys->len;
  json = tern_ctl_json_new ();
  lines = g_string_new (NULL);
  if (!query->stream)
    tern_ctl_json_open (json, NULL, '[');
  for (; good && start < end; start += PAGE)
    good = !g_cancellable_set_error_if_cancelled (cancellable, error)
           && format_page (reader, query, folder, &g_array_index (keys, TernListKey, start),
                           MIN (PAGE, end - start), json, lines, error);
  if (!query->stream)
    tern_ctl_json_close (json, ']');
  *result = end_text (query, json, lines);
  if (!good)
    g_clear_pointer ((char **) result, g_free);
  return good;
}

static gboolean
query_set_list (Query *query, TernCtl *ctl, GError **error)
{
  const char *limit = tern_ctl_args_get (ctl->args, "limit");
  const char *before = tern_ctl_args_get (ctl->args, "before");
  gint64 number = 0;

  if (limit != NULL && !tern_ctl_args_number (limit, 1, &number, error))
    return FALSE;
  query->limit = (gsize) MIN (number, G_MAXUINT / 2);
  if (before != NULL && !tern_ctl_args_number (before, 1, &query->before, error))
    return FALSE;
  query->stream = tern_ctl_args_has (ctl->args, "stream");
  query->json |= query->stream;
  query->unread = tern_ctl_args_has (ctl->args, "unread");
  query->path = g_strdup (tern_ctl_args_word (ctl->args, 0));
  return query_set_account (query, ctl, tern_ctl_args_get (ctl->args, "account"), error);
}

void
tern_ctl_list (TernCtl *self)
{
  Query *query = query_new (self);
  GError *error = NULL;

  if (query_set_list (query, self, &error))
    tern_ctl_print_read (self, read_list, query, query_free);
  else
    {
      query_free (query);
      tern_ctl_fail (self, error, NULL);
    }
}
