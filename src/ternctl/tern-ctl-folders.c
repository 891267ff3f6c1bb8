/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-private.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * What changes folders. Each verb looks the folder up, does it in the store, and waits until the
 * server has it, like the verbs on messages.
 */

typedef struct
{
  TernId account;
  char *path;
} Lookup;

static void
lookup_free (gpointer data)
{
  Lookup *self = data;

  g_free (self->path);
  g_free (self);
}

static gboolean
look_up (TernReader *reader,
         gpointer data,
         GCancellable *cancellable,
         gpointer *result,
         GError **error)
{
  const Lookup *lookup = data;
  GError *problem = NULL;
  TernFolderRecord *folder =
      tern_read_folder_by_path (reader, lookup->account, lookup->path, &problem);

  if (folder != NULL && folder->gone)
    g_clear_pointer (&folder, tern_folder_record_free);
  if (folder == NULL)
    g_propagate_error (error, problem != NULL
                                  ? problem
                                  : tern_fault_new (TERN_FAULT_NOT_FOUND,
                                                    _ ("There is no folder “%s”."), lookup->path));
  *result = folder;
  return folder != NULL;
}

/* The row of the account that is meant; 0 when the run has ended with an error. */
static TernId
find_account (TernCtl *self)
{
  GError *error = NULL;
  g_autoptr (TernAccountSettings) account =
      tern_ctl_find_account (self, tern_ctl_args_get (self->args, "account"), &error);

  if (account == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return 0;
    }
  self->account = g_strdup (account->uuid);
  return tern_engine_get_account_row (self->engine, account->uuid);
}

/* Goes on with @callback when the folder that the first word names is found. */
static void
start (TernCtl *self, GAsyncReadyCallback callback)
{
  TernId account = find_account (self);
  Lookup *lookup;

  if (account == 0)
    return;
  lookup = g_new0 (Lookup, 1);
  lookup->account = account;
  lookup->path = g_strdup (tern_ctl_args_word (self->args, 0));
  tern_ctl_verb_begin (self);
  tern_ctl_read (self, look_up, lookup, lookup_free, (GDestroyNotify) tern_folder_record_free,
                 callback);
}

static TernFolderRecord *
take_folder (TernCtl *self, GAsyncResult *result)
{
  GError *error = NULL;
  gpointer folder = NULL;

  if (!tern_ctl_read_finish (self, result, &folder, &error))
    tern_ctl_fail (self, error, NULL);
  return folder;
}

/* NONE with FALSE for a word that is no role. */
static gboolean
take_role (const char *word, TernRole *role, GError **error)
{
  static const TernRole roles[] = { TERN_ROLE_NONE,    TERN_ROLE_SENT, TERN_ROLE_DRAFTS,
                                    TERN_ROLE_ARCHIVE, TERN_ROLE_JUNK, TERN_ROLE_TRASH };

  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    if (g_strcmp0 (word, tern_role_to_name (roles[i])) == 0
        || (roles[i] == TERN_ROLE_NONE && g_strcmp0 (word, "none") == 0))
      {
        *role = roles[i];
        return TRUE;
      }
  g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                            _ ("“%s” is not what a folder can be for: say sent, "
                                               "drafts, trash, junk, archive or none."),
                                            word));
  return FALSE;
}

void
tern_ctl_folder_create (TernCtl *self)
{
  const char *word = tern_ctl_args_get (self->args, "role");
  TernRole role = TERN_ROLE_NONE;
  GError *error = NULL;
  TernId account;

  if (word != NULL && !take_role (word, &role, &error))
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  account = find_account (self);
  if (account == 0)
    return;
  tern_ctl_verb_begin (self);
  tern_engine_create_folder_async (self->engine, account, tern_ctl_args_word (self->args, 0), role,
                                   tern_ctl_verb_done_cb, self);
}

static void
rename_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  g_autoptr (TernFolderRecord) folder = take_folder (self, result);
  const char *name = tern_ctl_args_word (self->args, 1);
  g_autofree char *path = NULL;
  const char *slash;

  if (folder == NULL)
    return;
  if (strchr (name, '/') != NULL)
    {
      tern_ctl_fail (self,
                     tern_fault_new (TERN_FAULT_INVALID,
                                     _ ("There cannot be a “/” in the name of a folder; “ternctl "
                                        "folder move” puts a folder into another.")),
                     NULL);
      return;
    }
  slash = strrchr (folder->path, '/');
  path = slash != NULL
             ? g_strdup_printf ("%.*s/%s", (int) (slash - folder->path), folder->path, name)
             : g_strdup (name);
  tern_engine_rename_folder_async (self->engine, folder->id, path, tern_ctl_verb_done_cb, self);
}

void
tern_ctl_folder_rename (TernCtl *self)
{
  start (self, rename_cb);
}

static void
move_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  g_autoptr (TernFolderRecord) folder = take_folder (self, result);
  const char *parent = tern_ctl_args_word (self->args, 1);
  g_autofree char *path = NULL;
  const char *name;

  if (folder == NULL)
    return;
  name = strrchr (folder->path, '/');
  name = name != NULL ? name + 1 : folder->path;
  path = g_str_equal (parent, "/") || *parent == '\0' ? g_strdup (name)
                                                      : g_strconcat (parent, "/", name, NULL);
  tern_engine_rename_folder_async (self->engine, folder->id, path, tern_ctl_verb_done_cb, self);
}

void
tern_ctl_folder_move (TernCtl *self)
{
  start (self, move_cb);
}

static void
delete_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  g_autoptr (TernFolderRecord) folder = take_folder (self, result);

  if (folder != NULL)
    tern_engine_delete_folder_async (self->engine, folder->id,
                                     tern_ctl_args_has (self->args, "yes"), tern_ctl_verb_done_cb,
                                     self);
}

void
tern_ctl_folder_delete (TernCtl *self)
{
  start (self, delete_cb);
}

static void
subscribe (TernCtl *self, GAsyncResult *result, gboolean subscribed)
{
  g_autoptr (TernFolderRecord) folder = take_folder (self, result);

  if (folder != NULL)
    tern_engine_subscribe_folder_async (self->engine, folder->id, subscribed, tern_ctl_verb_done_cb,
                                        self);
}

static void
subscribe_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  subscribe (user_data, result, TRUE);
}

static void
unsubscribe_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  subscribe (user_data, result, FALSE);
}

void
tern_ctl_folder_subscribe (TernCtl *self)
{
  start (self, subscribe_cb);
}

void
tern_ctl_folder_unsubscribe (TernCtl *self)
{
  start (self, unsubscribe_cb);
}

static void
empty_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  g_autoptr (TernFolderRecord) folder = take_folder (self, result);

  if (folder == NULL)
    return;
  if (folder->total > 0 && !tern_ctl_args_has (self->args, "yes"))
    tern_ctl_fail (self,
                   tern_fault_new (TERN_FAULT_REFUSED,
                                   _ ("The messages in “%s” would be deleted for good: say --yes "
                                      "if that is meant."),
                                   folder->path),
                   NULL);
  else
    tern_engine_empty_folder_async (self->engine, folder->id, tern_ctl_verb_done_cb, self);
}

void
tern_ctl_folder_empty (TernCtl *self)
{
  start (self, empty_cb);
}

static void
role_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  g_autoptr (TernFolderRecord) folder = take_folder (self, result);
  TernRole role = TERN_ROLE_NONE;
  GError *error = NULL;

  if (folder == NULL)
    return;
  if (!take_role (tern_ctl_args_word (self->args, 1), &role, &error))
    tern_ctl_fail (self, error, NULL);
  else
    tern_engine_set_folder_role_async (self->engine, folder->id, role, tern_ctl_verb_done_cb, self);
}

void
tern_ctl_folder_role (TernCtl *self)
{
  start (self, role_cb);
}
