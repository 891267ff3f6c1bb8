/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "engine-server.h"
#include "tern-body-store.h"

/*
 * UIDVALIDITY changes on a real Dovecot, and with it every UID: what is here finds its message
 * again. Nothing is lost, nothing is there twice, and what a person did or wrote meanwhile is done.
 */

#define USER "-u anna@example.test"

static TernMailServer *
start_server (void)
{
  return tern_mail_server_new ("--password", "geheim", "--users", "anna", "--no-postfix", NULL);
}

/* Every message of INBOX gets another UID, in another order, and the folder another epoch. */
static void
renumber (EngineSetup *setup, const char *first_back)
{
  TernMailServer *server = setup->server;

  g_free (tern_mail_server_doveadm (server, "mailbox create " USER " Aside"));
  g_free (tern_mail_server_doveadm (server, "move " USER " Aside mailbox INBOX all"));
  g_free (tern_mail_server_doveadm (server, "move " USER " INBOX mailbox Aside subject %s",
                                    first_back));
  g_free (tern_mail_server_doveadm (server, "move " USER " INBOX mailbox Aside all"));
  g_free (tern_mail_server_doveadm (server, "mailbox delete " USER " Aside"));
  g_free (tern_mail_server_doveadm (server, "mailbox update --uid-validity 4711 " USER " INBOX"));
}

static void
expect_inbox (EngineSetup *setup, guint total)
{
  g_autoptr (GPtrArray) messages = engine_fixture_messages (setup->fixture, setup->uuid, "INBOX");
  g_autoptr (TernFolderRecord) inbox = engine_fixture_folder (setup->fixture, setup->uuid, "INBOX");

  g_assert_cmpuint (messages->len, ==, total);
  g_assert_cmpint (inbox->total, ==, total);
  g_assert_cmpuint (inbox->uidvalidity, ==, 4711);
}

static TernId
find_id (EngineSetup *setup, const char *path, const char *subject)
{
  g_autoptr (TernMessageRecord) record =
      engine_fixture_find (setup->fixture, setup->uuid, path, subject);

  return record != NULL ? record->id : 0;
}

static void
flag (EngineSetup *setup, TernId id, TernFlags add)
{
  GAsyncResult *slot = NULL;

  tern_engine_flag_async (setup->fixture->engine, &id, 1, add, TERN_FLAG_NONE, NULL, NULL,
                          engine_store_result, &slot);
  g_array_unref (engine_setup_finish_verb (setup, &slot));
}

/* A draft is a local message that waits to be appended. */
static gboolean
write_draft (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  static const char text[] = "From: anna@example.test\r\nSubject: unfinished\r\n"
                             "Message-ID: <unfinished@example.test>\r\n"
                             "Date: Mon, 23 Nov 2026 10:00:00 +0100\r\n\r\nDear\r\n";
  g_autoptr (GBytes) message = g_bytes_new_static (text, strlen (text));
  g_autoptr (TernFolderRecord) inbox =
      tern_read_folder_by_path (tern_txn_reader (txn), *(TernId *) data, "INBOX", error);
  g_autoptr (TernMessageFacts) facts = tern_mime_read_facts (message);
  TernId location;

  facts->received = 1795424400;
  facts->size = g_bytes_get_size (message);
  facts->flags = TERN_FLAG_DRAFT | TERN_FLAG_SEEN;
  facts->keywords = g_strdup ("$Blue");
  location = tern_txn_add_local_message (txn, inbox->id, facts, error);
  return location != 0 && tern_txn_put_body (txn, location, "", message, TRUE, error)
         && tern_txn_op_append (txn, location, error) != 0;
}

static void
add_draft (EngineSetup *setup)
{
  TernStore *store = tern_engine_get_store (setup->fixture->engine);
  TernId account = tern_engine_get_account_row (setup->fixture->engine, setup->uuid);
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tern_store_write_async (store, G_PRIORITY_DEFAULT, write_draft, &account, NULL, NULL,
                          engine_store_result, &slot);
  result = engine_await (&slot);
  tern_store_write_finish (store, result, NULL, &error);
  g_assert_no_error (error);
}

static void
test_new_epoch (void)
{
  EngineSetup setup;
  TernId one, two;
  g_autoptr (TernBody) body = NULL;

  if (!engine_setup_begin (&setup, FALSE, start_server ()))
    return;
  engine_setup_append (&setup, "one", "");
  engine_setup_append (&setup, "two", "\\Seen");
  engine_setup_append (&setup, "three", "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  one = find_id (&setup, "INBOX", "one");
  two = find_id (&setup, "INBOX", "two");
  tern_body_unref (engine_setup_load_body (&setup, one));
  engine_fixture_close (setup.fixture);

  renumber (&setup, "three");
  g_free (tern_mail_server_doveadm (setup.server, "expunge " USER " mailbox INBOX subject three"));
  engine_setup_append (&setup, "four", "");
  engine_fixture_open (setup.fixture, TRUE);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  expect_inbox (&setup, 3);
  /* The same rows as before: a selection or a body stays where it was. */
  g_assert_cmpint (find_id (&setup, "INBOX", "one"), ==, one);
  g_assert_cmpint (find_id (&setup, "INBOX", "two"), ==, two);
  g_assert_cmpint (find_id (&setup, "INBOX", "three"), ==, 0);
  g_assert_cmpint (find_id (&setup, "INBOX", "four"), !=, 0);
  tern_mail_server_command (setup.server, "stop imap");
  body = engine_setup_load_body (&setup, one);
  g_assert_cmpstr (body->text->plain, ==, "one\n");
  engine_setup_end (&setup);
}

static gboolean
read_ops (TernReader *reader,
          gpointer data,
          GCancellable *cancellable,
          gpointer *result,
          GError **error)
{
  *result = tern_read_ops (reader, *(TernId *) data, 0, error);
  return *result != NULL;
}

/* No operation is left in the log. */
static gboolean
is_all_done (gpointer data)
{
  EngineSetup *setup = data;
  TernStore *store = tern_engine_get_store (setup->fixture->engine);
  TernId account = tern_engine_get_account_row (setup->fixture->engine, setup->uuid);
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) ops = NULL;
  gpointer value = NULL;

  tern_store_read_async (store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, read_ops, &account, NULL, NULL,
                         NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  g_assert_true (tern_store_read_finish (store, result, &value, NULL));
  ops = value;
  for (guint i = 0; i < ops->len; i++)
    {
      const TernOpRecord *op = g_ptr_array_index (ops, i);

      if (op->state != TERN_OP_CONFIRMED && op->state != TERN_OP_REFUSED)
        return FALSE;
    }
  return TRUE;
}

static void
test_pending_operations (void)
{
  EngineSetup setup;
  g_autofree char *dump = NULL;

  if (!engine_setup_begin (&setup, FALSE, start_server ()))
    return;
  engine_setup_append (&setup, "one", "");
  engine_setup_append (&setup, "two", "");
  engine_setup_append (&setup, "three", "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  engine_fixture_close (setup.fixture);

  engine_fixture_open (setup.fixture, FALSE);
  flag (&setup, find_id (&setup, "INBOX", "one"), TERN_FLAG_FLAGGED);
  g_array_unref (engine_setup_move_to_role (&setup, "two", TERN_ROLE_TRASH));
  add_draft (&setup);
  flag (&setup, find_id (&setup, "INBOX", "unfinished"), TERN_FLAG_FLAGGED);
  engine_fixture_close (setup.fixture);
  renumber (&setup, "two");

  engine_fixture_open (setup.fixture, TRUE);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  engine_wait (is_all_done, &setup);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  dump = engine_fixture_dump (setup.fixture, setup.uuid);
  g_test_message ("%s", dump);
  g_assert_cmpuint (engine_setup_count (&setup, "INBOX", "flagged subject one"), ==, 1);
  g_assert_cmpuint (engine_setup_count (&setup, "Trash", "subject two"), ==, 1);
  g_assert_cmpuint (engine_setup_count (&setup, "INBOX", "subject unfinished"), ==, 1);
  g_assert_cmpuint (
      engine_setup_count (&setup, "INBOX", "draft seen flagged keyword $Blue subject unfinished"),
      ==, 1);
  g_assert_cmpuint (engine_setup_count (&setup, "INBOX", "all"), ==, 3);
  expect_inbox (&setup, 3);
  g_assert_cmpint (find_id (&setup, "Trash", "two"), !=, 0);
  g_assert_cmpuint (setup.fixture->notes->len, ==, 0);
  engine_setup_end (&setup);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/epoch/new", test_new_epoch);
  g_test_add_func ("/engine/epoch/pending-operations", test_pending_operations);
  return g_test_run ();
}
