/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-private.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * What changes messages. Each verb: look the messages up (so that an unknown one is told before
 * anything is done), do it in the store, wait until the server has it.
 */
typedef struct
{
  GArray *ids;   /* (owned) of TernId: messages */
  char *path;    /* (owned) (nullable): of the folder to move to */
  TernRole role; /* or what the folder is for */
  TernFlags add;
  TernFlags remove;
  GString *add_keywords;
  GString *remove_keywords;
  void (*run) (TernCtl *ctl, TernId target);
  GArray *operations; /* (owned) (nullable) of TernId */
  gboolean undoes;    /* @ids are operations */
} Verb;

static void
verb_free (gpointer data)
{
  Verb *self = data;

  g_clear_pointer (&self->ids, g_array_unref);
  g_free (self->path);
  g_string_free (self->add_keywords, TRUE);
  g_string_free (self->remove_keywords, TRUE);
  g_clear_pointer (&self->operations, g_array_unref);
  g_free (self);
}

static Verb *
verb_new (TernCtl *ctl)
{
  Verb *self = g_new0 (Verb, 1);

  self->add_keywords = g_string_new (NULL);
  self->remove_keywords = g_string_new (NULL);
  tern_ctl_set_state (ctl, self, verb_free);
  return self;
}

/* What the look into the store is given, and what it finds. */
typedef struct
{
  GArray *ids;
  char *path;
} Lookup;

typedef struct
{
  GArray *accounts; /* of TernId: rows, each once */
  TernId target;
} Found;

static void
lookup_free (gpointer data)
{
  Lookup *self = data;

  g_array_unref (self->ids);
  g_free (self->path);
  g_free (self);
}

static void
found_free (gpointer data)
{
  Found *self = data;

  g_array_unref (self->accounts);
  g_free (self);
}

static gboolean
add_account_of (TernReader *reader, TernId id, GArray *accounts, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (TernMessageRecord) record = tern_read_message (reader, id, &problem);

  if (record == NULL || record->hidden)
    {
      g_propagate_error (error, problem != NULL
                                    ? g_steal_pointer (&problem)
                                    : tern_fault_new (TERN_FAULT_NOT_FOUND,
                                                      _ ("There is no message %" PRId64 "."), id));
      return FALSE;
    }
  for (guint i = 0; i < accounts->len; i++)
    {
      if (g_array_index (accounts, TernId, i) == record->account)
        return TRUE;
    }
  g_array_append_val (accounts, record->account);
  return TRUE;
}

static gboolean
find_target (TernReader *reader, const char *path, Found *found, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (TernFolderRecord) folder = NULL;

  if (found->accounts->len != 1)
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                                _ ("These messages are of several accounts: move "
                                                   "those of one at a time.")));
      return FALSE;
    }
  folder =
      tern_read_folder_by_path (reader, g_array_index (found->accounts, TernId, 0), path, &problem);
  if (folder == NULL || !folder->selectable)
    {
      g_propagate_error (error,
                         problem != NULL
                             ? g_steal_pointer (&problem)
                             : tern_fault_new (TERN_FAULT_NOT_FOUND,
                                               _ ("There is no folder “%s” to move to."), path));
      return FALSE;
    }
  found->target = folder->id;
  return TRUE;
}

static gboolean
look_up (TernReader *reader,
         gpointer data,
         GCancellable *cancellable,
         gpointer *result,
         GError **error)
{
  Lookup *lookup = data;
  Found *found = g_new0 (Found, 1);
  gboolean good = TRUE;

  found->accounts = g_array_new (FALSE, FALSE, sizeof (TernId));
  for (guint i = 0; good && i < lookup->ids->len; i++)
    good = add_account_of (reader, g_array_index (lookup->ids, TernId, i), found->accounts, error);
  if (good && lookup->path != NULL)
    good = find_target (reader, lookup->path, found, error);
  if (good)
    *result = found;
  else
    found_free (found);
  return good;
}

static void
end_verb (TernCtl *self, gboolean queued)
{
  Verb *verb = self->state;

  if (self->args->json)
    {
      TernCtlJson *json = tern_ctl_json_new ();

      tern_ctl_json_open (json, NULL, '{');
      tern_ctl_json_string (json, "state", queued ? "queued" : "done");
      tern_ctl_json_open (json, "operations", '[');
      for (guint i = 0; i < verb->operations->len; i++)
        tern_ctl_json_int (json, NULL, g_array_index (verb->operations, TernId, i));
      tern_ctl_json_close (json, ']');
      if (verb->undoes)
        {
          tern_ctl_json_open (json, "undone", '[');
          for (guint i = 0; i < verb->ids->len; i++)
            tern_ctl_json_int (json, NULL, g_array_index (verb->ids, TernId, i));
          tern_ctl_json_close (json, ']');
        }
      tern_ctl_json_close (json, '}');
      tern_ctl_print (self, tern_ctl_json_end (json));
    }
  tern_ctl_end (self, queued ? TERN_CTL_EXIT_LATER : TERN_CTL_EXIT_DONE);
}

static void
waited_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  TernOpsFailure failure;
  GError *error = NULL;
  const char *account;

  if (tern_engine_wait_ops_finish (self->engine, result, &failure, &error))
    {
      end_verb (self, FALSE);
      return;
    }
  account = tern_engine_get_account_uuid (self->engine, failure.account);
  if (tern_fault_is_cancelled (error) || failure.refused)
    tern_ctl_fail (self, error, account);
  else
    {
      /* Done here and kept; the server is told when what stands in the way is gone. */
      tern_ctl_report (self, error, account);
      end_verb (self, TRUE);
    }
}

void
tern_ctl_verb_begin (TernCtl *self)
{
  verb_new (self);
}

void
tern_ctl_verb_done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  Verb *verb = self->state;
  GError *error = NULL;

  verb->operations = tern_engine_verb_finish (self->engine, result, &error);
  if (error != NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  if (verb->operations == NULL)
    verb->operations = g_array_new (FALSE, FALSE, sizeof (TernId));
  tern_engine_wait_ops_async (self->engine, verb->operations, self->cancellable, waited_cb, self);
}

static void
looked_up_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  Verb *verb = self->state;
  GError *error = NULL;
  gpointer value = NULL;
  Found *found;

  if (!tern_ctl_read_finish (self, result, &value, &error))
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  found = value;
  if (found->accounts->len == 1)
    self->account = g_strdup (
        tern_engine_get_account_uuid (self->engine, g_array_index (found->accounts, TernId, 0)));
  verb->run (self, found->target);
  found_free (found);
}

/* Takes @ids; NULL ends the run with @error. */
static void
start_verb (TernCtl *self, GArray *ids, GError *error)
{
  Verb *verb = self->state;
  Lookup *lookup;

  if (ids == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  verb->ids = ids;
  lookup = g_new0 (Lookup, 1);
  lookup->ids = g_array_ref (ids);
  lookup->path = g_strdup (verb->path);
  tern_ctl_read (self, look_up, lookup, lookup_free, found_free, looked_up_cb);
}

static void
run_move (TernCtl *self, TernId target)
{
  Verb *verb = self->state;

  tern_engine_move_async (self->engine, (const TernId *) (gpointer) verb->ids->data, verb->ids->len,
                          target, tern_ctl_verb_done_cb, self);
}

static void
run_role (TernCtl *self, TernId target)
{
  Verb *verb = self->state;

  tern_engine_move_to_role_async (self->engine, (const TernId *) (gpointer) verb->ids->data,
                                  verb->ids->len, verb->role, tern_ctl_verb_done_cb, self);
}

static void
run_flags (TernCtl *self, TernId target)
{
  Verb *verb = self->state;

  tern_engine_flag_async (self->engine, (const TernId *) (gpointer) verb->ids->data, verb->ids->len,
                          verb->add, verb->remove,
                          verb->add_keywords->len > 0 ? verb->add_keywords->str : NULL,
                          verb->remove_keywords->len > 0 ? verb->remove_keywords->str : NULL,
                          tern_ctl_verb_done_cb, self);
}

void
tern_ctl_move (TernCtl *self)
{
  Verb *verb = verb_new (self);
  GError *error = NULL;
  GArray *ids = tern_ctl_args_ids (self->args, 0, 1, &error);

  verb->path = g_strdup (tern_ctl_args_word (self->args, self->args->words->len - 1));
  verb->run = run_move;
  start_verb (self, ids, error);
}

static void
move_to_role (TernCtl *self, TernRole role)
{
  Verb *verb = verb_new (self);
  GError *error = NULL;
  GArray *ids = tern_ctl_args_ids (self->args, 0, 0, &error);

  verb->role = role;
  verb->run = run_role;
  start_verb (self, ids, error);
}

void
tern_ctl_archive (TernCtl *self)
{
  move_to_role (self, TERN_ROLE_ARCHIVE);
}

void
tern_ctl_trash (TernCtl *self)
{
  move_to_role (self, TERN_ROLE_TRASH);
}

/* "+seen", "-$Forwarded": a flag that Tern knows, or any keyword (an atom of RFC 9051). */
static gboolean
take_flag (Verb *verb, const char *word, GError **error)
{
  const char *name = word + 1;
  TernFlags flag = tern_flag_from_name (name, strlen (name));
  gboolean add = *word == '+';
  GString *keywords = add ? verb->add_keywords : verb->remove_keywords;

  if (flag != TERN_FLAG_NONE)
    {
      if (add)
        verb->add = (TernFlags) (verb->add | flag);
      else
        verb->remove = (TernFlags) (verb->remove | flag);
      return TRUE;
    }
  if (*name == '\0' || !g_str_is_ascii (name) || strpbrk (name, "(){ %*\"\\]") != NULL)
    {
      g_propagate_error (error,
                         tern_fault_new (TERN_FAULT_INVALID, _ ("“%s” is not a flag."), name));
      return FALSE;
    }
  if (keywords->len > 0)
    g_string_append_c (keywords, ' ');
  g_string_append (keywords, name);
  return TRUE;
}

void
tern_ctl_flag (TernCtl *self)
{
  Verb *verb = verb_new (self);
  guint n_words = self->args->words->len;
  guint n_flags = 0;
  gboolean good = TRUE;
  GArray *ids = NULL;
  GError *error = NULL;

  for (guint i = n_words; good && i > 0; i--)
    {
      const char *word = tern_ctl_args_word (self->args, i - 1);

      if (*word != '+' && *word != '-')
        break;
      good = take_flag (verb, word, &error);
      n_flags++;
    }
  verb->run = run_flags;
  if (good && (n_flags == 0 || n_flags == n_words))
    error = tern_fault_new (TERN_FAULT_INVALID, _ ("Usage: ternctl %s %s"),
                            self->args->command->name, self->args->command->synopsis);
  else if (good)
    ids = tern_ctl_args_ids (self->args, 0, n_flags, &error);
  start_verb (self, ids, error);
}

/* (TernStoreRead) The operations that are to be undone; those of the last change when @data is
 * NULL. Unlike the window a terminal can name what is long past or never was. */
static gboolean
find_undone (TernReader *reader,
             gpointer data,
             GCancellable *cancellable,
             gpointer *result,
             GError **error)
{
  GArray *named = data;
  g_autoptr (GArray) found =
      named != NULL ? g_array_ref (named) : tern_read_undoable (reader, TRUE, error);

  if (found == NULL)
    return FALSE;
  for (guint i = 0; i < found->len; i++)
    {
      TernId id = g_array_index (found, TernId, i);
      g_autoptr (GError) problem = NULL;
      g_autoptr (TernOpRecord) op = tern_read_op (reader, id, &problem);

      if (op == NULL || op->state == TERN_OP_REFUSED)
        {
          g_propagate_error (
              error,
              problem != NULL ? g_steal_pointer (&problem)
              : op == NULL    ? tern_fault_new (
                       TERN_FAULT_NOT_FOUND,
                       _ ("There is no operation %" PRId64 " that could be undone (any more)."), id)
                           : tern_fault_new (TERN_FAULT_REFUSED,
                                             _ ("The server had refused operation %" PRId64
                                                ", and it was taken back then."),
                                             id));
          return FALSE;
        }
    }
  if (found->len == 0)
    {
      g_propagate_error (
          error, tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("There is no change to take back.")));
      return FALSE;
    }
  *result = g_steal_pointer (&found);
  return TRUE;
}

static void
undone_found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  Verb *verb = self->state;
  GError *error = NULL;
  gpointer found = NULL;

  if (!tern_ctl_read_finish (self, result, &found, &error))
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  verb->ids = found;
  tern_engine_undo_async (self->engine, verb->ids, tern_ctl_verb_done_cb, self);
}

void
tern_ctl_undo (TernCtl *self)
{
  Verb *verb = verb_new (self);
  GArray *named = NULL;
  GError *error = NULL;

  verb->undoes = TRUE;
  if (self->args->words->len > 0 && (named = tern_ctl_args_ids (self->args, 0, 0, &error)) == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  tern_ctl_read (self, find_undone, named, named != NULL ? (GDestroyNotify) g_array_unref : NULL,
                 (GDestroyNotify) g_array_unref, undone_found_cb);
}
