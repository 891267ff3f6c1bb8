/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-private.h"
#include "tern-ctl-writer.h"

#include <glib/gi18n.h>
#include <string.h>

const TernCtlCommand tern_ctl_commands[] = {
  { "account add",
    "ADDRESS [--name NAME] [--imap HOST[:PORT]] [--smtp HOST[:PORT]] "
    "[--imap-security|--smtp-security tls|starttls] [--user USER] [--smtp-user USER] "
    "[--auth password|password-unbound|oauth-bearer] --password-stdin "
    "[--smtp-password-stdin] [--ca-file PEM | --pin SHA256] [--label LABEL] [--no-test]",
    "name= imap= pop= pop-security= smtp= imap-security= smtp-security= user= smtp-user= "
    "auth= password-stdin smtp-password-stdin ca-file= pin= label= no-test",
    1, 1, FALSE, FALSE, tern_ctl_account_add },
  { "account list", "", "", 0, 0, FALSE, FALSE, tern_ctl_account_list },
  { "account show", "ACCOUNT", "", 1, 1, FALSE, FALSE, tern_ctl_account_show },
  { "account test", "ACCOUNT", "", 1, 1, FALSE, FALSE, tern_ctl_account_test },
  { "account set", "ACCOUNT [KEY=VALUE…] [--password-stdin [--smtp-password-stdin] [--no-test]]",
    "password-stdin smtp-password-stdin no-test", 1, G_MAXUINT, FALSE, FALSE,
    tern_ctl_account_set },
  { "account remove", "ACCOUNT", "", 1, 1, FALSE, FALSE, tern_ctl_account_remove },
  { "sync", "[ACCOUNT…] [--folder PATH] [--full]", "folder= full", 0, G_MAXUINT, TRUE, FALSE,
    tern_ctl_sync },
  { "folders", "[ACCOUNT]", "", 0, 1, FALSE, FALSE, tern_ctl_folders },
  { "folder create", "PATH [--account ACCOUNT] [--role ROLE]", "account= role=", 1, 1, TRUE, FALSE,
    tern_ctl_folder_create },
  { "folder rename", "PATH NAME [--account ACCOUNT]", "account=", 2, 2, TRUE, FALSE,
    tern_ctl_folder_rename },
  { "folder move", "PATH PARENT [--account ACCOUNT]", "account=", 2, 2, TRUE, FALSE,
    tern_ctl_folder_move },
  { "folder delete", "PATH [--yes] [--account ACCOUNT]", "account= yes", 1, 1, TRUE, FALSE,
    tern_ctl_folder_delete },
  { "folder subscribe", "PATH [--account ACCOUNT]", "account=", 1, 1, TRUE, FALSE,
    tern_ctl_folder_subscribe },
  { "folder unsubscribe", "PATH [--account ACCOUNT]", "account=", 1, 1, TRUE, FALSE,
    tern_ctl_folder_unsubscribe },
  { "folder empty", "PATH [--yes] [--account ACCOUNT]", "account= yes", 1, 1, TRUE, FALSE,
    tern_ctl_folder_empty },
  { "folder role", "PATH ROLE [--account ACCOUNT]", "account=", 2, 2, FALSE, FALSE,
    tern_ctl_folder_role },
  { "list", "PATH [--account ACCOUNT] [--limit N] [--before ID] [--unread] [--stream]",
    "account= limit= before= unread stream", 1, 1, FALSE, FALSE, tern_ctl_list },
  { "show", "ID [--headers | --text | --html | --source | --part SECTION | --save FOLDER]",
    "headers text html source part= save=", 1, 1, TRUE, FALSE, tern_ctl_show },
  { "flag", "ID… +FLAG… -FLAG…", "", 2, G_MAXUINT, TRUE, FALSE, tern_ctl_flag },
  { "move", "ID… PATH", "", 2, G_MAXUINT, TRUE, FALSE, tern_ctl_move },
  { "archive", "ID…", "", 1, G_MAXUINT, TRUE, FALSE, tern_ctl_archive },
  { "trash", "ID…", "", 1, G_MAXUINT, TRUE, FALSE, tern_ctl_trash },
  { "undo", "[OPERATION…]", "", 0, G_MAXUINT, TRUE, FALSE, tern_ctl_undo },
  { "operations", "[ACCOUNT] [--limit N]", "limit=", 0, 1, FALSE, FALSE, tern_ctl_operations },
  { "why", "ID | QUERY… [--account ACCOUNT] [--limit N]", "account= limit=", 1, G_MAXUINT, FALSE,
    FALSE, tern_ctl_why },
  { "send",
    "[--account ACCOUNT] [--no-wait] [--at TIME] [--to ADDRESS… [--cc ADDRESS…] "
    "[--bcc ADDRESS…] --subject SUBJECT [--attach FILE…] [--html] [--reply-to-id ID]]",
    "account= no-wait at= to* cc* bcc* subject= attach* html reply-to-id=", 0, 0, TRUE, TRUE,
    tern_ctl_send },
  { "outbox", "", "", 0, 0, FALSE, FALSE, tern_ctl_outbox },
  { "outbox show", "ID", "", 1, 1, FALSE, FALSE, tern_ctl_outbox_show },
  { "outbox stop", "ID", "", 1, 1, FALSE, FALSE, tern_ctl_outbox_stop },
  { "outbox retry", "ID", "", 1, 1, TRUE, FALSE, tern_ctl_outbox_retry },
  { "doctor", "[ACCOUNT] [--test] [--report]", "test report", 0, 1, FALSE, FALSE, tern_ctl_doctor },
  { "watch", "[ACCOUNT…]", "", 0, G_MAXUINT, TRUE, FALSE, tern_ctl_watch, TRUE },
  { NULL, NULL, NULL, 0, 0, FALSE, FALSE, NULL },
};

char *
tern_ctl_dup_usage (void)
{
  GString *text = g_string_new (_ ("Usage: ternctl [--json] COMMAND …\n\n"));

  for (const TernCtlCommand *command = tern_ctl_commands; command->name != NULL; command++)
    g_string_append_printf (text, "  %s %s\n", command->name, command->synopsis);
  g_string_append (text, _ ("\nSee ternctl(1).\n"));
  return g_string_free (text, FALSE);
}

static const char *
retry_name (TernRetry retry)
{
  switch (retry)
    {
    case TERN_RETRY_NOW:
      return "now";
    case TERN_RETRY_LATER:
      return "later";
    case TERN_RETRY_NEVER:
    default:
      return "never";
    }
}

static char *
format_error_json (const GError *error, const char *account)
{
  TernCtlJson *json = tern_ctl_json_new ();
  gboolean ours = error->domain == TERN_FAULT;

  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_open (json, "error", '{');
  tern_ctl_json_string (json, "code",
                        ours ? tern_fault_code_name ((TernFaultCode) error->code) : "internal");
  tern_ctl_json_string (json, "domain", ours ? "tern" : g_quark_to_string (error->domain));
  tern_ctl_json_string (json, "message", error->message);
  tern_ctl_json_string (json, "account", account);
  tern_ctl_json_string (json, "server_text", tern_fault_get_server_text (error));
  tern_ctl_json_string (json, "retry", retry_name (tern_fault_get_retry (error)));
  tern_ctl_json_close (json, '}');
  tern_ctl_json_close (json, '}');
  return tern_ctl_json_end (json);
}

char *
tern_ctl_format_error (const GError *error, const char *account, gboolean json)
{
  const char *server = tern_fault_get_server_text (error);

  if (json)
    return format_error_json (error, account);
  if (server == NULL || *server == '\0')
    return g_strdup_printf ("ternctl: %s\n", error->message);
  /* Translators: the second %s is what a mail server said. */
  return g_strdup_printf (_ ("ternctl: %s\nThe server said: %s\n"), error->message, server);
}

static void
run_free (gpointer data)
{
  TernCtl *self = data;

  if (self->state_free != NULL)
    self->state_free (self->state);
  tern_ctl_writer_free (self->output);
  tern_ctl_writer_free (self->errors);
  tern_ctl_args_free (self->args);
  g_object_unref (self->engine);
  g_object_unref (self->input);
  g_object_unref (self->cancellable);
  g_free (self->cwd);
  g_free (self->account);
  g_free (self);
}

/* The run is over when the command has ended and everything that it said has left. */
static void
check_end (gpointer user_data)
{
  TernCtl *self = user_data;
  void (*flushed) (TernCtl *) = self->flushed;
  g_autoptr (GTask) task = NULL;

  if (flushed != NULL && tern_ctl_writer_is_idle (self->output))
    {
      self->flushed = NULL;
      flushed (self);
      return;
    }
  if (!self->ended || self->task == NULL || !tern_ctl_writer_is_idle (self->output)
      || !tern_ctl_writer_is_idle (self->errors))
    return;
  task = g_steal_pointer (&self->task);
  g_task_return_int (task, self->exit_code);
}

/* Nobody reads: there is no use in going on. */
static void
output_failed (gpointer user_data)
{
  TernCtl *self = user_data;

  if (self->exit_code == TERN_CTL_EXIT_DONE)
    self->exit_code = TERN_CTL_EXIT_DISK;
  g_cancellable_cancel (self->cancellable);
}

static void
errors_failed (gpointer user_data)
{
}

void
tern_ctl_print (TernCtl *self, char *text)
{
  tern_ctl_writer_add (self->output, text, strlen (text));
}

void
tern_ctl_print_bytes (TernCtl *self, GBytes *bytes)
{
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);

  tern_ctl_writer_add (self->output, g_memdup2 (data, length), length);
}

void
tern_ctl_print_error (TernCtl *self, char *text)
{
  tern_ctl_writer_add (self->errors, text, strlen (text));
}

void
tern_ctl_flush (TernCtl *self, void (*flushed) (TernCtl *self))
{
  self->flushed = flushed;
  check_end (self);
}

void
tern_ctl_end (TernCtl *self, int exit_code)
{
  g_return_if_fail (!self->ended);

  self->ended = TRUE;
  if (self->exit_code == TERN_CTL_EXIT_DONE)
    self->exit_code = exit_code;
  check_end (self);
}

int
tern_ctl_report (TernCtl *self, GError *error, const char *account)
{
  int exit_code = tern_fault_exit_code (error);
  TernAccountSettings *settings =
      account != NULL ? tern_engine_find_account (self->engine, account) : NULL;

  if (!tern_fault_is_cancelled (error))
    {
      g_autoptr (GError) named =
          settings != NULL ? tern_fault_name (error, settings->label) : g_error_copy (error);

      tern_ctl_print_error (self, tern_ctl_format_error (named, account, self->args->json));
    }
  g_clear_pointer (&settings, tern_account_settings_unref);
  g_error_free (error);
  return exit_code;
}

void
tern_ctl_fail (TernCtl *self, GError *error, const char *account)
{
  tern_ctl_end (self, tern_ctl_report (self, error, account != NULL ? account : self->account));
}

void
tern_ctl_set_state (TernCtl *self, gpointer state, GDestroyNotify state_free)
{
  self->state = state;
  self->state_free = state_free;
}

void
tern_ctl_read (TernCtl *self,
               TernStoreRead func,
               gpointer data,
               GDestroyNotify data_free,
               GDestroyNotify result_free,
               GAsyncReadyCallback callback)
{
  tern_store_read_async (tern_engine_get_store (self->engine), TERN_LANE_SLOW, G_PRIORITY_DEFAULT,
                         func, data, data_free, result_free, self->cancellable, callback, self);
}

gboolean
tern_ctl_read_finish (TernCtl *self, GAsyncResult *result, gpointer *value, GError **error)
{
  return tern_store_read_finish (tern_engine_get_store (self->engine), result, value, error);
}

static void
print_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  GError *error = NULL;
  gpointer text = NULL;

  if (!tern_ctl_read_finish (self, result, &text, &error))
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  tern_ctl_print (self, text);
  tern_ctl_end (self, TERN_CTL_EXIT_DONE);
}

void
tern_ctl_print_read (TernCtl *self, TernStoreRead func, gpointer data, GDestroyNotify data_free)
{
  tern_ctl_read (self, func, data, data_free, g_free, print_read_cb);
}

static GError *
make_ambiguous (const char *name, GPtrArray *accounts)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < accounts->len; i++)
    {
      const TernAccountSettings *account = g_ptr_array_index (accounts, i);

      g_string_append_printf (list, "%s%s (%s)", i > 0 ? ", " : "", account->address,
                              account->uuid);
    }
  return tern_fault_new (TERN_FAULT_INVALID,
                         /* Translators: the second %s is a list of addresses, each with an id. */
                         _ ("“%s” stands for several accounts; give the id of one: %s."), name,
                         list->str);
}

static TernAccountSettings *
find_named_account (TernCtl *self, const char *name, GError **error)
{
  TernAccountSettings *found = tern_engine_find_account (self->engine, name);
  g_autoptr (GPtrArray) accounts = NULL;

  if (found != NULL)
    return found;
  accounts = tern_engine_find_accounts (self->engine, name);
  if (accounts->len == 1)
    return g_ptr_array_steal_index (accounts, 0);
  g_propagate_error (error, accounts->len == 0 ? tern_fault_new (
                                TERN_FAULT_NOT_FOUND, _ ("There is no account “%s”."), name)
                                               : make_ambiguous (name, accounts));
  return NULL;
}

TernAccountSettings *
tern_ctl_find_account (TernCtl *self, const char *text, GError **error)
{
  g_autoptr (GPtrArray) accounts = NULL;

  if (text != NULL)
    return find_named_account (self, text, error);
  accounts = tern_engine_dup_accounts (self->engine);
  if (accounts->len == 1)
    return tern_account_settings_ref (g_ptr_array_index (accounts, 0));
  g_propagate_error (
      error,
      accounts->len == 0
          ? tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("There is no account yet; add one with "
                                                     "“ternctl account add”."))
          : tern_fault_new (TERN_FAULT_INVALID, _ ("There are several accounts: say which one "
                                                   "with --account.")));
  return NULL;
}

GPtrArray *
tern_ctl_find_accounts (TernCtl *self, guint first, GError **error)
{
  g_autoptr (GPtrArray) accounts = NULL;

  if (tern_ctl_args_word (self->args, first) == NULL)
    return tern_engine_dup_accounts (self->engine);
  accounts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_account_settings_unref);
  for (guint i = first; i < self->args->words->len; i++)
    {
      TernAccountSettings *account =
          tern_ctl_find_account (self, tern_ctl_args_word (self->args, i), error);

      if (account == NULL)
        return NULL;
      g_ptr_array_add (accounts, account);
    }
  return g_steal_pointer (&accounts);
}

GHashTable *
tern_ctl_dup_account_ids (TernCtl *self)
{
  g_autoptr (GPtrArray) accounts = tern_engine_dup_accounts (self->engine);
  GHashTable *ids = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);

  for (guint i = 0; i < accounts->len; i++)
    {
      TernAccountSettings *account = g_ptr_array_index (accounts, i);
      TernId *row = g_new (TernId, 1);

      *row = tern_engine_get_account_row (self->engine, account->uuid);
      g_hash_table_insert (ids, row, g_strdup (account->uuid));
    }
  return ids;
}

char *
tern_ctl_resolve_path (TernCtl *self, const char *path)
{
  return g_canonicalize_filename (path, self->cwd);
}

void
tern_ctl_run_async (TernEngine *engine,
                    const char *const *argv,
                    const char *cwd,
                    GInputStream *input,
                    GOutputStream *output,
                    GOutputStream *errors,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  TernCtl *self = g_new0 (TernCtl, 1);
  GError *error = NULL;
  gboolean json = FALSE;

  self->engine = g_object_ref (engine);
  self->cwd = g_strdup (cwd);
  self->input = g_object_ref (input);
  self->cancellable = g_object_ref (cancellable);
  self->output = tern_ctl_writer_new (output, check_end, output_failed, self);
  self->errors = tern_ctl_writer_new (errors, check_end, errors_failed, self);
  self->task = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (self->task, tern_ctl_run_async);
  g_task_set_task_data (self->task, self, run_free);
  self->args = tern_ctl_args_parse (tern_ctl_commands, argv, &json, &error);
  if (self->args != NULL)
    {
      self->args->command->run (self);
      return;
    }
  tern_ctl_print_error (self, tern_ctl_format_error (error, NULL, json));
  tern_ctl_end (self, tern_fault_exit_code (error));
  g_error_free (error);
}

int
tern_ctl_run_finish (GAsyncResult *result)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, tern_ctl_run_async), -1);

  return (int) g_task_propagate_int (G_TASK (result), NULL);
}
