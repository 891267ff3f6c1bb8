/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gunixinputstream.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine-fixture.h"
#include "tern-body-store.h"
#include "torture-disk.h"

/*
 * An engine that a script drives by lines: it can be killed at any moment and started again on the
 * same folder. Usage: torture-engine DIR [HOST PORT CA-FILE ADDRESS PASSWORD, the first time]
 *
 *   messages                  what is here: "| PATH UID ID MESSAGE-ID FLAGS KEYWORDS", tab
 * separated operations                what is not confirmed: "| ID KIND STATE ATTEMPTS FAULT"
 *   folders                   "| PATH TOTAL UNREAD"
 *   notes                     what a person was told since the last time
 *   status                    "| STATE FAULT"
 *   sync, refresh             as a person would ask for it
 *   flag IDS ADD REMOVE [ADD-KEYWORDS REMOVE-KEYWORDS]   masks in hexadecimal, "-" for nothing
 *   move IDS PATH, copy IDS PATH, role IDS ROLE, expunge IDS   IDS separated by commas
 *   append PATH MESSAGE-IDS   local messages that wait for the server
 *   undo                      the last verb
 *   disk FATE N COUNT         see torture-disk.h; good, dies, full, broken
 *   quit                      in order
 * Each is answered by lines that begin with "| ", and one "ok" or "fail TEXT".
 */

static EngineFixture *fixture;
static char *uuid;
static GArray *last_ops;

G_GNUC_PRINTF (1, 2)
static void
say (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  vfprintf (stdout, format, args);
  va_end (args);
  fputc ('\n', stdout);
}

static void
answer (const GError *error)
{
  if (error == NULL)
    say ("ok");
  else
    say ("fail %s", error->message);
  fflush (stdout);
}

/* Looking */

static gboolean
read_all (TernReader *reader,
          gpointer data,
          GCancellable *cancellable,
          gpointer *result,
          GError **error)
{
  TernId account = *(TernId *) data;
  g_autoptr (GPtrArray) folders = tern_read_folders (reader, account, error);

  if (folders == NULL)
    return FALSE;
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);
      g_autoptr (GArray) keys = tern_read_keys (reader, folder->id, TERN_FILTER_ALL, 0, error);

      if (keys == NULL)
        return FALSE;
      for (guint j = 0; j < keys->len; j++)
        {
          TernId id = g_array_index (keys, TernListKey, j).id;
          g_autoptr (TernMessageRecord) record = tern_read_message (reader, id, error);
          TernId where = 0;
          guint32 uid = tern_read_uid (reader, id, &where, NULL);

          if (record == NULL)
            return FALSE;
          say ("| %s\t%u\t%" G_GINT64_FORMAT "\t%s\t%x\t%s", folder->path, uid, id,
               record->facts->message_id, record->flags,
               record->facts->keywords != NULL ? record->facts->keywords : "");
        }
    }
  return TRUE;
}

static gboolean
read_operations (TernReader *reader,
                 gpointer data,
                 GCancellable *cancellable,
                 gpointer *result,
                 GError **error)
{
  g_autoptr (GPtrArray) ops = tern_read_ops (reader, *(TernId *) data, 0, error);

  if (ops == NULL)
    return FALSE;
  for (guint i = 0; i < ops->len; i++)
    {
      const TernOpRecord *op = g_ptr_array_index (ops, i);

      if (op->state != TERN_OP_CONFIRMED && op->state != TERN_OP_REFUSED)
        say ("| %" G_GINT64_FORMAT "\t%d\t%d\t%u\t%s", op->id, op->kind, op->state, op->attempts,
             op->fault != NULL ? op->fault : "");
    }
  return TRUE;
}

static gboolean
read_folders (TernReader *reader,
              gpointer data,
              GCancellable *cancellable,
              gpointer *result,
              GError **error)
{
  g_autoptr (GPtrArray) folders = tern_read_folders (reader, *(TernId *) data, error);

  if (folders == NULL)
    return FALSE;
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);

      say ("| %s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT, folder->path, folder->total,
           folder->unread);
    }
  return TRUE;
}

static void
run_read (TernStoreRead func, GError **error)
{
  TernStore *store = tern_engine_get_store (fixture->engine);
  TernId account = tern_engine_get_account_row (fixture->engine, uuid);
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  tern_store_read_async (store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, func, &account, NULL, NULL,
                         NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  tern_store_read_finish (store, result, NULL, error);
}

static void
run_status (void)
{
  TernAccountStatus *status = tern_engine_dup_account_status (fixture->engine, uuid);

  say ("| %d\t%s", status->state, status->error != NULL ? status->error->message : "");
  tern_account_status_free (status);
}

static void
run_notes (void)
{
  for (guint i = 0; i < fixture->notes->len; i++)
    say ("| %s", (const char *) g_ptr_array_index (fixture->notes, i));
  g_ptr_array_set_size (fixture->notes, 0);
}

static void
run_sync (GError **error)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  TernSyncReport *report;

  tern_engine_sync_async (fixture->engine, uuid, NULL, FALSE, NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  report = tern_engine_sync_finish (fixture->engine, result, error);
  if (report != NULL)
    tern_sync_report_free (report);
}

/* Verbs */

static GArray *
parse_ids (const char *text)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_auto (GStrv) words = g_strsplit (text, ",", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      TernId id = g_ascii_strtoll (words[i], NULL, 10);

      g_array_append_val (ids, id);
    }
  return ids;
}

static void
finish_verb (GAsyncResult **slot, GError **error)
{
  g_autoptr (GAsyncResult) result = engine_await (slot);
  GArray *ops = tern_engine_verb_finish (fixture->engine, result, error);

  g_clear_pointer (&last_ops, g_array_unref);
  last_ops = ops;
}

static void
run_flag (char **words, const GArray *ids, GError **error)
{
  guint n = g_strv_length (words);
  GAsyncResult *slot = NULL;
  const char *add = n > 4 && strcmp (words[4], "-") != 0 ? words[4] : NULL;
  const char *remove = n > 5 && strcmp (words[5], "-") != 0 ? words[5] : NULL;

  tern_engine_flag_async (fixture->engine, (const TernId *) ids->data, ids->len,
                          (TernFlags) g_ascii_strtoull (words[2], NULL, 16),
                          (TernFlags) g_ascii_strtoull (words[3], NULL, 16), add, remove,
                          engine_store_result, &slot);
  finish_verb (&slot, error);
}

static void
run_move (const char *path, const GArray *ids, GError **error)
{
  g_autoptr (TernFolderRecord) folder = engine_fixture_folder (fixture, uuid, path);
  GAsyncResult *slot = NULL;

  g_assert_nonnull (folder);
  tern_engine_move_async (fixture->engine, (const TernId *) ids->data, ids->len, folder->id,
                          engine_store_result, &slot);
  finish_verb (&slot, error);
}

static void
run_role (const char *name, const GArray *ids, GError **error)
{
  TernRole role = strcmp (name, "trash") == 0  ? TERN_ROLE_TRASH
                  : strcmp (name, "junk") == 0 ? TERN_ROLE_JUNK
                                               : TERN_ROLE_ARCHIVE;
  GAsyncResult *slot = NULL;

  tern_engine_move_to_role_async (fixture->engine, (const TernId *) ids->data, ids->len, role,
                                  engine_store_result, &slot);
  finish_verb (&slot, error);
}

/* What the engine has no verb for yet goes to the operation log directly. */
typedef struct
{
  TernId account;
  const char *path;        /* (nullable) where a copy or a new message goes; NULL: expunge */
  const char *message_ids; /* (nullable) of new messages */
  const GArray *ids;       /* (nullable) */
} LogWrite;

static gboolean
append_local (TernTxn *txn, TernId folder, const char *message_id, GError **error)
{
  g_autofree char *text = g_strdup_printf ("From: anna@example.test\r\nSubject: draft\r\n"
                                           "Message-ID: <%s>\r\n"
                                           "Date: Mon, 23 Nov 2026 10:00:00 +0100\r\n\r\nDear\r\n",
                                           message_id);
  g_autoptr (GBytes) message = g_bytes_new (text, strlen (text));
  g_autoptr (TernMessageFacts) facts = tern_mime_read_facts (message);
  TernId location;

  facts->received = 1795424400;
  facts->size = g_bytes_get_size (message);
  facts->flags = TERN_FLAG_SEEN;
  location = tern_txn_add_local_message (txn, folder, facts, error);
  return location != 0 && tern_txn_put_body (txn, location, "", message, TRUE, error)
         && tern_txn_op_append (txn, location, error) != 0;
}

static gboolean
write_log (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const LogWrite *write = data;
  g_autoptr (TernFolderRecord) folder = NULL;
  g_autoptr (GArray) ops = NULL;

  if (write->path != NULL)
    {
      folder = tern_read_folder_by_path (tern_txn_reader (txn), write->account, write->path, error);
      if (folder == NULL)
        return FALSE;
    }
  if (write->ids == NULL)
    {
      g_auto (GStrv) message_ids = g_strsplit (write->message_ids, ",", -1);

      for (guint i = 0; message_ids[i] != NULL; i++)
        if (!append_local (txn, folder->id, message_ids[i], error))
          return FALSE;
      return TRUE;
    }
  if (folder != NULL)
    ops = tern_txn_op_copy (txn, (const TernId *) write->ids->data, write->ids->len, folder->id,
                            error);
  else
    ops = tern_txn_op_expunge (txn, (const TernId *) write->ids->data, write->ids->len, error);
  return ops != NULL;
}

static void
run_log (LogWrite write, GError **error)
{
  TernStore *store = tern_engine_get_store (fixture->engine);
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  write.account = tern_engine_get_account_row (fixture->engine, uuid);
  tern_store_write_async (store, G_PRIORITY_DEFAULT, write_log, &write, NULL, NULL,
                          engine_store_result, &slot);
  result = engine_await (&slot);
  tern_store_write_finish (store, result, NULL, error);
}

static void
run_undo (GError **error)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GArray) ops = g_steal_pointer (&last_ops);

  if (ops == NULL)
    return;
  tern_engine_undo_async (fixture->engine, ops, engine_store_result, &slot);
  finish_verb (&slot, error);
}

static void
run_disk (char **words)
{
  TortureDiskFate fate = strcmp (words[1], "dies") == 0     ? TORTURE_DISK_DIES
                         : strcmp (words[1], "full") == 0   ? TORTURE_DISK_FULL
                         : strcmp (words[1], "broken") == 0 ? TORTURE_DISK_BROKEN
                                                            : TORTURE_DISK_GOOD;

  say ("| %u", torture_disk_count ());
  torture_disk_plan (fate, (guint) atoi (words[2]), (guint) atoi (words[3]));
}

static void
run_on_messages (char **words, GError **error)
{
  g_autoptr (GArray) ids = parse_ids (words[1]);

  if (strcmp (words[0], "flag") == 0)
    run_flag (words, ids, error);
  else if (strcmp (words[0], "move") == 0)
    run_move (words[2], ids, error);
  else if (strcmp (words[0], "role") == 0)
    run_role (words[2], ids, error);
  else if (strcmp (words[0], "copy") == 0)
    run_log ((LogWrite){ .path = words[2], .ids = ids }, error);
  else if (strcmp (words[0], "expunge") == 0)
    run_log ((LogWrite){ .ids = ids }, error);
  else
    g_error ("no such command: %s", words[0]);
}

static void
run_line (const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, "\t", -1);
  const char *verb = words[0];
  g_autoptr (GError) error = NULL;

  if (strcmp (verb, "messages") == 0)
    run_read (read_all, &error);
  else if (strcmp (verb, "operations") == 0)
    run_read (read_operations, &error);
  else if (strcmp (verb, "folders") == 0)
    run_read (read_folders, &error);
  else if (strcmp (verb, "status") == 0)
    run_status ();
  else if (strcmp (verb, "notes") == 0)
    run_notes ();
  else if (strcmp (verb, "sync") == 0)
    run_sync (&error);
  else if (strcmp (verb, "refresh") == 0)
    tern_engine_refresh (fixture->engine, uuid);
  else if (strcmp (verb, "append") == 0)
    run_log ((LogWrite){ .path = words[1], .message_ids = words[2] }, &error);
  else if (strcmp (verb, "undo") == 0)
    run_undo (&error);
  else if (strcmp (verb, "disk") == 0)
    run_disk (words);
  else
    run_on_messages (words, &error);
  answer (error);
}

/* Life */

static void
open_account (char **argv, int argc)
{
  g_autoptr (GPtrArray) accounts = NULL;

  engine_fixture_open (fixture, TRUE);
  accounts = tern_engine_dup_accounts (fixture->engine);
  if (accounts->len > 0)
    uuid = g_strdup (((TernAccountSettings *) g_ptr_array_index (accounts, 0))->uuid);
  else
    {
      g_autoptr (TernAccountSettings) settings = tern_account_settings_new ();

      g_assert_cmpint (argc, ==, 7);
      tern_account_settings_guess (settings, argv[5]);
      tern_endpoint_unref (settings->imap);
      settings->imap =
          tern_endpoint_new (argv[2], (guint16) atoi (argv[3]), TERN_SECURITY_TLS, argv[4], NULL);
      uuid = engine_fixture_add_account (fixture, settings, argv[6]);
    }
}

static void
obey (GDataInputStream *input)
{
  for (;;)
    {
      GAsyncResult *slot = NULL;
      g_autofree char *line = NULL;

      g_data_input_stream_read_line_async (input, G_PRIORITY_DEFAULT, NULL, engine_store_result,
                                           &slot);
      while (slot == NULL)
        g_main_context_iteration (NULL, TRUE);
      line = g_data_input_stream_read_line_finish (input, slot, NULL, NULL);
      g_object_unref (slot);
      if (line == NULL || strcmp (line, "quit") == 0)
        return;
      run_line (line);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (GInputStream) base = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GDataInputStream) input = g_data_input_stream_new (base);

  torture_disk_install ();
  fixture = engine_fixture_new ();
  engine_fixture_remove_dir (fixture->dir);
  g_free (fixture->dir);
  fixture->dir = g_strdup (argv[1]);
  open_account (argv, argc);
  answer (NULL);
  obey (input);
  torture_disk_plan (TORTURE_DISK_GOOD, 0, 0);
  engine_fixture_close (fixture);
  answer (NULL);
  g_clear_pointer (&last_ops, g_array_unref);
  g_free (uuid);
  return EXIT_SUCCESS;
}
