/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "engine-fixture.h"
#include "tern-script-server.h"

/*
 * Servers that no test machine has: what they say is written here line by line.
 */

#define CAPS "IMAP4rev1 IDLE UIDPLUS LIST-EXTENDED LIST-STATUS SPECIAL-USE"

#define UUID "6f0c1d52-7a3c-4a55-9d0c-0c5f5f8f2a11"

typedef struct
{
  TernTestCert *cert;
  TernScriptServer *server;
  EngineFixture *fixture;
  char *uuid;
} Setup;

static void
set_up (Setup *setup, const char *const *script)
{
  g_autoptr (TernAccountSettings) settings = tern_account_settings_new ();

  setup->cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  setup->server = tern_script_server_new (setup->cert, TRUE);
  setup->fixture = engine_fixture_new ();
  tern_script_server_addv (setup->server, script);
  tern_account_settings_guess (settings, "anna@example.test");
  g_free (settings->uuid);
  settings->uuid = g_strdup (UUID);
  tern_endpoint_unref (settings->imap);
  settings->imap = tern_endpoint_new ("127.0.0.1", tern_script_server_get_port (setup->server),
                                      TERN_SECURITY_TLS, setup->cert->ca_file, NULL);
  engine_fixture_open (setup->fixture, TRUE);
  setup->uuid = engine_fixture_add_account (setup->fixture, settings, "geheim");
}

static void
tear_down (Setup *setup)
{
  engine_fixture_free (setup->fixture);
  tern_script_server_free (setup->server);
  tern_test_cert_free (setup->cert);
  g_free (setup->uuid);
}

static gboolean
has_new_mail (gpointer data)
{
  return ((Setup *) data)->fixture->new_mail->len > 0;
}

/* The server lets one connection in: then that one waits for news as well. */
static void
test_one_connection (void)
{
  static const char *const script[] = {
    "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi",
    "C: %t AUTHENTICATE PLAIN AGFubmFAZXhhbXBsZS50ZXN0AGdlaGVpbQ==",
    "S: %t OK [CAPABILITY " CAPS "] in",
    "C: %t SELECT \"INBOX\"",
    "S: * FLAGS (\\Seen)",
    "S: * 0 EXISTS",
    "S: * OK [UIDVALIDITY 77] x",
    "S: * OK [UIDNEXT 1] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t LIST *",
    "S: * LIST (\\Subscribed) \"/\" INBOX",
    "S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 77 UNSEEN 0)",
    "S: %t OK listed",
    "C: %t IDLE",
    "S: + idling",
    "S: * 1 EXISTS",
    "C: DONE",
    "S: %t OK idled",
    "C: %t NOOP",
    "S: %t OK nothing",
    "C: %t UID FETCH 1:* (*",
    "S: * 1 FETCH (UID 1 FLAGS () INTERNALDATE \"23-Nov-2026 10:00:00 +0000\" RFC822.SIZE 100"
    " ENVELOPE (\"Mon, 23 Nov 2026 10:00:00 +0000\" \"pushed\" ((NIL NIL \"a\" \"b.test\")) NIL NIL"
    " NIL NIL NIL NIL \"<p@b.test>\") BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 5 1)"
    " BODY[HEADER.FIELDS (REFERENCES)] \"\")",
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  Setup setup;

  set_up (&setup, script);
  engine_wait (has_new_mail, &setup);
  g_assert_cmpstr (g_ptr_array_index (setup.fixture->new_mail, 0), ==, "pushed");
  g_assert_cmpuint (tern_script_server_get_connections (setup.server), >, 1);
  tear_down (&setup);
}

static gboolean
has_error (gpointer data)
{
  Setup *setup = data;
  TernAccountStatus *status = tern_engine_dup_account_status (setup->fixture->engine, setup->uuid);
  gboolean ok = status->error != NULL;

  tern_account_status_free (status);
  return ok;
}

/* A server that refuses everything is said to do so, and is tried again later. */
static void
test_no_to_everything (void)
{
  static const char *const script[] = {
    "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi",
    "C: %t AUTHENTICATE PLAIN AGFubmFAZXhhbXBsZS50ZXN0AGdlaGVpbQ==",
    "S: %t OK [CAPABILITY " CAPS "] in",
    "EACH: %t NO not today",
    NULL,
  };
  Setup setup;
  TernAccountStatus *status;

  set_up (&setup, script);
  engine_wait (has_error, &setup);
  status = tern_engine_dup_account_status (setup.fixture->engine, setup.uuid);
  g_assert_cmpint (status->state, ==, TERN_ACCOUNT_OFFLINE);
  g_assert_error (status->error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_assert_nonnull (strstr (status->error->message, "anna@example.test"));
  g_assert_cmpstr (tern_fault_get_server_text (status->error), ==, "not today");
  g_assert_cmpint (status->next_try, >, 0);
  tern_account_status_free (status);
  tear_down (&setup);
}

#define MESSAGE(number, uid, subject)                                                       \
  "S: * " number " FETCH (UID " uid " FLAGS () INTERNALDATE \"23-Nov-2026 10:00:00 +0000\"" \
  " RFC822.SIZE 100 ENVELOPE (\"Mon, 23 Nov 2026 10:00:00 +0000\" \"" subject "\""          \
  " ((NIL NIL \"a\" \"b.test\")) NIL NIL NIL NIL NIL NIL \"<" subject "@b.test>\")"         \
  " BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 5 1)"                            \
  " BODY[HEADER.FIELDS (REFERENCES)] \"\")"

typedef struct
{
  Setup *setup;
  const char *dump;
  char *found;
} DumpWait;

static gboolean
shows (gpointer data)
{
  DumpWait *wait = data;

  g_free (wait->found);
  wait->found = engine_fixture_dump (wait->setup->fixture, wait->setup->uuid);
  return strcmp (wait->found, wait->dump) == 0;
}

static void
wait_dump (Setup *setup, const char *dump)
{
  DumpWait wait = { setup, dump, NULL };

  engine_wait (shows, &wait);
  g_free (wait.found);
}

/* What a server with QRESYNC says before [CLOSED] is about the mailbox before. */
static void
test_old_mailbox (void)
{
  static const char *const script[] = {
    "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi",
    "C: %t AUTHENTICATE PLAIN AGFubmFAZXhhbXBsZS50ZXN0AGdlaGVpbQ==",
    "S: %t OK [CAPABILITY " CAPS " ENABLE CONDSTORE QRESYNC] in",
    "C: %t ENABLE *",
    "S: * ENABLED CONDSTORE QRESYNC",
    "S: %t OK enabled",
    "C: %t SELECT \"INBOX\"*",
    "S: * FLAGS (\\Seen \\Flagged)",
    "S: * 2 EXISTS",
    "S: * OK [UIDVALIDITY 77] x",
    "S: * OK [UIDNEXT 3] x",
    "S: * OK [HIGHESTMODSEQ 10] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t UID FETCH 1:2 (*",
    MESSAGE ("1", "1", "first"),
    MESSAGE ("2", "2", "second"),
    "S: %t OK fetched",
    "C: %t LIST *",
    "S: * LIST () \"/\" INBOX",
    "S: * STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 77 UNSEEN 2 HIGHESTMODSEQ 10)",
    "S: * LIST () \"/\" Other",
    "S: * STATUS Other (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 78 UNSEEN 2 HIGHESTMODSEQ 10)",
    "S: %t OK listed",
    "C: %t SELECT \"Other\"*",
    "S: * 1 FETCH (UID 1 FLAGS (\\Seen \\Flagged) MODSEQ (11))",
    "S: * VANISHED 2",
    "S: * OK [CLOSED] INBOX is left",
    "S: * FLAGS (\\Seen \\Flagged)",
    "S: * 2 EXISTS",
    "S: * OK [UIDVALIDITY 78] x",
    "S: * OK [UIDNEXT 3] x",
    "S: * OK [HIGHESTMODSEQ 10] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t UID FETCH 1:2 (*",
    MESSAGE ("1", "1", "third"),
    MESSAGE ("2", "2", "fourth"),
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  Setup setup;

  set_up (&setup, script);
  wait_dump (&setup, "INBOX/1 first 5\nOther/1 third 0\nOther/2 fourth 0");
  tear_down (&setup);
}

/* What is asked for one folder ends as that folder's sync ends. */
static void
test_folder_refused (void)
{
  static const char *const script[] = {
    "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi",
    "C: %t AUTHENTICATE PLAIN AGFubmFAZXhhbXBsZS50ZXN0AGdlaGVpbQ==",
    "S: %t OK [CAPABILITY " CAPS "] in",
    "C: %t SELECT \"INBOX\"",
    "S: * FLAGS (\\Seen)",
    "S: * 0 EXISTS",
    "S: * OK [UIDVALIDITY 77] x",
    "S: * OK [UIDNEXT 1] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t LIST *",
    "S: * LIST () \"/\" INBOX",
    "S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 77 UNSEEN 0)",
    "S: * LIST () \"/\" Other",
    "S: * STATUS Other (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 78 UNSEEN 0)",
    "S: %t OK listed",
    "C: %t SELECT \"Other\"",
    "S: %t NO not today",
    "STALL",
    NULL,
  };
  Setup setup;
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TernSyncReport *report;

  set_up (&setup, script);
  tern_engine_sync_async (setup.fixture->engine, setup.uuid, "Other", FALSE, NULL,
                          engine_store_result, &slot);
  result = engine_await (&slot);
  report = tern_engine_sync_finish (setup.fixture->engine, result, &error);
  g_assert_null (report);
  g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_assert_cmpstr (tern_fault_get_server_text (error), ==, "not today");
  g_clear_object (&result);
  tear_down (&setup);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/script/one-connection", test_one_connection);
  g_test_add_func ("/engine/script/no-to-everything", test_no_to_everything);
  g_test_add_func ("/engine/script/old-mailbox", test_old_mailbox);
  g_test_add_func ("/engine/script/folder-refused", test_folder_refused);
  return g_test_run ();
}
