/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "engine-fixture.h"
#include "imap-script.h"
#include "script-setup.h"
#include "tern-script-server.h"

/*
 * Servers that no test machine has: what they say is written here line by line.
 */

static gboolean
has_new_mail (gpointer data)
{
  return ((ScriptSetup *) data)->fixture->new_mail->len > 0;
}

/* The server lets one connection in: then that one waits for news as well. */
static void
test_one_connection (void)
{
  static const char *const script[] = {
    "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi",
    "C: %t AUTHENTICATE PLAIN AGFubmFAZXhhbXBsZS50ZXN0AGdlaGVpbQ==",
    "S: %t OK [CAPABILITY " IMAP_CAPS "] in",
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
  ScriptSetup setup;

  script_set_up (&setup, script);
  engine_wait (has_new_mail, &setup);
  g_assert_cmpstr (g_ptr_array_index (setup.fixture->new_mail, 0), ==, "pushed");
  g_assert_cmpuint (tern_script_server_get_connections (setup.server), >, 1);
  script_tear_down (&setup);
}

static gboolean
has_error (gpointer data)
{
  ScriptSetup *setup = data;
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
    "S: %t OK [CAPABILITY " IMAP_CAPS "] in",
    "EACH: %t NO not today",
    NULL,
  };
  ScriptSetup setup;
  TernAccountStatus *status;

  script_set_up (&setup, script);
  engine_wait (has_error, &setup);
  status = tern_engine_dup_account_status (setup.fixture->engine, setup.uuid);
  g_assert_cmpint (status->state, ==, TERN_ACCOUNT_OFFLINE);
  g_assert_error (status->error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_assert_nonnull (strstr (status->error->message, "anna@example.test"));
  g_assert_cmpstr (tern_fault_get_server_text (status->error), ==, "not today");
  g_assert_cmpint (status->next_try, >, 0);
  tern_account_status_free (status);
  script_tear_down (&setup);
}

/* What a server with QRESYNC says before [CLOSED] is about the mailbox before. */
static void
test_old_mailbox (void)
{
  static const char *const script[] = {
    "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi",
    "C: %t AUTHENTICATE PLAIN AGFubmFAZXhhbXBsZS50ZXN0AGdlaGVpbQ==",
    "S: %t OK [CAPABILITY " IMAP_CAPS " ENABLE CONDSTORE QRESYNC] in",
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
    IMAP_MESSAGE ("1", "1", "first"),
    IMAP_MESSAGE ("2", "2", "second"),
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
    IMAP_MESSAGE ("1", "1", "third"),
    IMAP_MESSAGE ("2", "2", "fourth"),
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  ScriptSetup setup;

  script_set_up (&setup, script);
  script_wait_dump (&setup, "INBOX/1 first 5\nOther/1 third 0\nOther/2 fourth 0");
  script_tear_down (&setup);
}

static gboolean
has_two_notes (gpointer data)
{
  return ((ScriptSetup *) data)->fixture->notes->len == 2;
}

/* One message that the server cannot give keeps no other away, neither now nor later; the person is
 * told, once, and the account is in use. An ALERT is told as well. */
static void
test_one_message_refused (void)
{
  static const char *const script[] = {
    "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi",
    "C: %t AUTHENTICATE PLAIN AGFubmFAZXhhbXBsZS50ZXN0AGdlaGVpbQ==",
    "S: %t OK [ALERT] the cellar is flooded",
    "C: %t CAPABILITY",
    "S: * CAPABILITY " IMAP_CAPS,
    "S: %t OK done",
    "C: %t SELECT \"INBOX\"",
    "S: * FLAGS (\\Seen)",
    "S: * 4 EXISTS",
    "S: * OK [UIDVALIDITY 77] x",
    "S: * OK [UIDNEXT 5] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t UID FETCH 1:4 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    IMAP_MESSAGE ("4", "4", "fourth"),
    "S: %t NO some of the messages could not be fetched",
    "C: %t UID FETCH 3:4 (*",
    IMAP_MESSAGE ("4", "4", "fourth"),
    "S: %t NO some of the messages could not be fetched",
    "C: %t UID FETCH 1:2 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    IMAP_MESSAGE ("2", "2", "second"),
    "S: %t OK fetched",
    "C: %t UID FETCH 4:4 (*",
    IMAP_MESSAGE ("4", "4", "fourth"),
    "S: %t OK fetched",
    "C: %t UID FETCH 3:3 (*",
    "S: %t NO some of the messages could not be fetched",
    IMAP_LIST_INBOX ("4", "77", "5"),
    "C: %t UID SEARCH *",
    "S: * SEARCH 1 2 3 4",
    "S: %t OK searched",
    "C: %t UID FETCH 3 (*",
    "S: %t NO some of the messages could not be fetched",
    "STALL",
    NULL,
  };
  ScriptSetup setup;

  script_set_up (&setup, script);
  engine_wait (has_two_notes, &setup);
  g_assert_cmpstr (g_ptr_array_index (setup.fixture->notes, 0), ==,
                   "anna@example.test: The server says: the cellar is flooded");
  g_assert_cmpstr (g_ptr_array_index (setup.fixture->notes, 1), ==,
                   "anna@example.test: The server cannot give 1 message of the folder “INBOX”.");
  g_assert_false (has_error (&setup));
  script_wait_dump (&setup, "INBOX/1 first 0\nINBOX/2 second 0\nINBOX/4 fourth 0");
  script_tear_down (&setup);
}

/* A sync that did not reach every folder it was asked for is no success: not of that folder, not of
 * all. */
static void
test_folder_refused (gconstpointer folder)
{
  static const char *const script[] = {
    "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi",
    "C: %t AUTHENTICATE PLAIN AGFubmFAZXhhbXBsZS50ZXN0AGdlaGVpbQ==",
    "S: %t OK [CAPABILITY " IMAP_CAPS "] in",
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
    "EACH: %t NO not today",
    NULL,
  };
  ScriptSetup setup;
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TernSyncReport *report;

  script_set_up (&setup, script);
  tern_engine_sync_async (setup.fixture->engine, setup.uuid, folder, FALSE, NULL,
                          engine_store_result, &slot);
  result = engine_await (&slot);
  report = tern_engine_sync_finish (setup.fixture->engine, result, &error);
  g_assert_null (report);
  g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_assert_cmpstr (tern_fault_get_server_text (error), ==, "not today");
  g_clear_object (&result);
  script_tear_down (&setup);
}

/* Another UIDVALIDITY, and the sync that follows ends in the middle: the next one finishes what it
 * began. */
static void
test_interrupted_epoch (void)
{
  static const char *const before[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("2", "77", "3"),
    "C: %t UID FETCH 1:2 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    IMAP_MESSAGE ("2", "2", "second"),
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  static const char *const interrupted[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("2", "78", "3"),
    "C: %t UID FETCH 1:2 (*",
    IMAP_MESSAGE ("1", "2", "second"),
    "S: %t OK fetched",
    "C: %t *",
    "CUT",
    NULL,
  };
  static const char *const after[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("1", "78", "3"),
    /* LIST comes when it comes; to the others it says nothing. */
    "EACH: * LIST () \"/\" INBOX\r\n%t OK done",
    NULL,
  };
  ScriptSetup setup;

  script_set_up (&setup, before);
  script_wait_dump (&setup, "INBOX/1 first 0\nINBOX/2 second 0");
  script_meet_again (&setup, interrupted);
  script_wait_steps (&setup, G_N_ELEMENTS (interrupted) - 1);
  script_wait_dump (&setup, "INBOX/0 first 0\nINBOX/2 second 0");
  script_meet_again (&setup, after);
  script_wait_dump (&setup, "INBOX/2 second 0");
  script_tear_down (&setup);
}

/* Without QRESYNC the session that waits for news hears that a message of INBOX went, but not
 * which: a listing finds out. */
static void
test_watch_expunge (void)
{
  static const char *const work[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("2", "77", "3"),
    "C: %t UID FETCH 1:2 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    IMAP_MESSAGE ("2", "2", "second"),
    "S: %t OK fetched",
    IMAP_LIST_INBOX ("2", "77", "3"),
    "C: %t NOOP",
    "S: %t OK nothing",
    "C: %t UID FETCH 3:* (*",
    "S: %t OK fetched",
    "C: %t NOOP",
    "S: * 1 EXPUNGE",
    "S: %t OK noticed",
    "C: %t UID FETCH 3:* (*",
    "S: %t OK fetched",
    "C: %t UID SEARCH ALL",
    "S: * SEARCH 2",
    "S: %t OK listed",
    "C: %t UID SEARCH ALL",
    "S: * SEARCH 2",
    "S: %t OK listed",
    "STALL",
    NULL,
  };
  static const char *const watch[] = {
    IMAP_LOGIN,   IMAP_SELECT_INBOX ("2", "77", "3"),
    "C: %t IDLE", "S: + idling",
    "WAIT",       "S: * 1 EXPUNGE",
    "STALL",      NULL,
  };
  ScriptSetup setup;

  script_set_up (&setup, work);
  tern_script_server_addv (setup.server, watch);
  script_wait_dump (&setup, "INBOX/1 first 0\nINBOX/2 second 0");
  script_wait_steps (&setup, 21); /* up to the second NOOP */
  tern_script_server_go (setup.server);
  script_wait_dump (&setup, "INBOX/2 second 0");
  script_tear_down (&setup);
}

/* A server that has more to tell by NOTIFY than it can says so and stops: a listing finds out. */
static void
test_notify_overflow (void)
{
  static const char *const work[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("0", "77", "1"),
    IMAP_LIST_INBOX ("0", "77", "1"),
    "C: %t NOOP",
    "S: %t OK nothing",
    "C: %t UID FETCH 1:* (*",
    "S: %t OK nothing",
    "C: %t LIST *",
    "S: * LIST () \"/\" INBOX",
    "S: * LIST () \"/\" Other",
    "S: %t OK listed",
    "EACH: %t OK nothing",
    NULL,
  };
  static const char *const watch[] = {
    "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi",
    "C: %t AUTHENTICATE PLAIN *",
    "S: %t OK [CAPABILITY " IMAP_CAPS " NOTIFY] in",
    IMAP_SELECT_INBOX ("0", "77", "1"),
    "C: %t NOTIFY SET STATUS (SELECTED (MessageNew MessageExpunge FlagChange)) (PERSONAL *",
    "S: %t OK you will hear",
    "C: %t IDLE",
    "S: + idling",
    "WAIT",
    "S: * OK [NOTIFICATIONOVERFLOW] too much happens",
    "STALL",
    NULL,
  };
  ScriptSetup setup;

  script_set_up (&setup, work);
  tern_script_server_addv (setup.server, watch);
  script_wait_steps (&setup, G_N_ELEMENTS (work) - 6); /* up to the first listing */
  tern_script_server_go (setup.server);
  script_wait_steps (&setup, G_N_ELEMENTS (work) - 2);
  script_tear_down (&setup);
}

static void
count_change (TernEngine *engine, TernChangeSet *changes, guint *n)
{
  ++*n;
}

static char *
dup_flood (void)
{
  GString *flood = g_string_new ("R: ");

  for (guint i = 0; i < 5000; i++)
    g_string_append (flood, i % 2 == 0 ? "* 1 FETCH (UID 1 FLAGS ())\r\n"
                                       : "* 1 FETCH (UID 1 FLAGS (\\Flagged))\r\n");
  return g_string_free (flood, FALSE);
}

/* A server that tells of the same message again and again: what it says last holds, and a read of
 * the connection is one transaction. */
static void
test_flood (void)
{
  static const char *const work[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("1", "77", "2"),
    "C: %t UID FETCH 1:1 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    "S: %t OK fetched",
    IMAP_LIST_INBOX ("1", "77", "2"),
    "EACH: %t OK nothing",
    NULL,
  };
  g_autofree char *flood = dup_flood ();
  const char *const watch[] = {
    IMAP_LOGIN, IMAP_SELECT_INBOX ("1", "77", "2"),    "C: %t IDLE", "S: + idling", "WAIT",
    flood,      "S: * 1 FETCH (UID 1 FLAGS (\\Seen))", "STALL",      NULL,
  };
  ScriptSetup setup;
  guint changes = 0;

  script_set_up (&setup, work);
  tern_script_server_addv (setup.server, watch);
  script_wait_dump (&setup, "INBOX/1 first 0");
  g_signal_connect (setup.fixture->engine, "changed", G_CALLBACK (count_change), &changes);
  script_wait_steps (&setup, G_N_ELEMENTS (work) - 2);
  tern_script_server_go (setup.server);
  script_wait_dump (&setup, "INBOX/1 first 1");
  g_assert_cmpuint (changes, <, 500);
  script_tear_down (&setup);
}

/* Headers that nobody asked for are not kept for the next time that somebody does. */
static void
test_watch_unasked (void)
{
  static const char *const work[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("1", "77", "2"),
    "C: %t UID FETCH 1:1 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    "S: %t OK fetched",
    IMAP_LIST_INBOX ("1", "77", "2"),
    "EACH: %t OK nothing",
    NULL,
  };
  static const char *const watch[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("1", "77", "2"),
    "C: %t IDLE",
    "S: + idling",
    "WAIT",
    IMAP_MESSAGE ("1", "99", "ghost"),
    "S: * 2 EXISTS",
    "C: DONE",
    "S: %t OK idled",
    "C: %t UID FETCH *",
    IMAP_MESSAGE ("2", "100", "pushed"),
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  ScriptSetup setup;

  script_set_up (&setup, work);
  tern_script_server_addv (setup.server, watch);
  script_wait_dump (&setup, "INBOX/1 first 0");
  script_wait_steps (&setup, G_N_ELEMENTS (work) - 2);
  tern_script_server_go (setup.server);
  script_wait_dump (&setup, "INBOX/1 first 0\nINBOX/100 pushed 0");
  script_tear_down (&setup);
}

/* Two messages, and the only connection that there is listens. */
#define TWO_MESSAGES \
  IMAP_MESSAGE ("1", "1", "first"), IMAP_MESSAGE ("2", "50", "second"), "S: %t OK fetched"
#define LISTENING                                                                           \
  IMAP_LOGIN, IMAP_SELECT_INBOX ("2", "77", "60"), "C: %t UID FETCH 1:59 (*", TWO_MESSAGES, \
      IMAP_LIST_INBOX ("2", "77", "60"), "C: %t IDLE", "S: + idling"
/* It is selected anew, and what is missing here comes back. */
#define SELECTED_ANEW                                                                           \
  IMAP_SELECT_INBOX ("2", "77", "60"), "C: %t UID FETCH 1:59 (UID FLAGS)",                      \
      "S: * 1 FETCH (UID 1 FLAGS ())", "S: * 2 FETCH (UID 50 FLAGS ())", "S: %t OK fetched",    \
      "C: %t UID SEARCH ALL", "S: * SEARCH 1 50", "S: %t OK listed", "C: %t UID FETCH 1,50 (*", \
      TWO_MESSAGES

static void
set_up_listening (ScriptSetup *setup, const char *const *script, guint listening)
{
  script_set_up (setup, script);
  script_wait_steps (setup, listening);
  script_wait_dump (setup, "INBOX/1 first 0\nINBOX/50 second 0");
}

/* More is said to be gone than was there: the mailbox is selected anew at once. */
static void
test_vanished_all (void)
{
  static const char *const script[] = {
    LISTENING, "WAIT",           "S: * VANISHED 1:4294967295",
    "C: DONE", "S: %t OK idled", SELECTED_ANEW,
    "C: %t *", "STALL",          NULL,
  };
  static const char *const listening[] = { LISTENING };
  ScriptSetup setup;

  set_up_listening (&setup, script, G_N_ELEMENTS (listening));
  tern_script_server_go (setup.server);
  script_wait_steps (&setup, G_N_ELEMENTS (script) - 2);
  script_wait_dump (&setup, "INBOX/1 first 0\nINBOX/50 second 0");
  script_tear_down (&setup);
}

/* … by the same sync, when it is said to one. */
static void
test_vanished_in_sync (void)
{
  static const char *const script[] = {
    LISTENING,
    "C: DONE",
    "S: %t OK idled",
    IMAP_LIST_INBOX ("3", "77", "60"),
    "C: %t NOOP",
    "S: * VANISHED 1:59",
    "S: %t OK noticed",
    "C: %t UID FETCH 60:* (*",
    "S: %t OK fetched",
    SELECTED_ANEW,
    "STALL",
    NULL,
  };
  static const char *const listening[] = { LISTENING };
  ScriptSetup setup;
  g_autofree char *dump = NULL;

  set_up_listening (&setup, script, G_N_ELEMENTS (listening));
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  dump = engine_fixture_dump (setup.fixture, setup.uuid);
  g_assert_cmpstr (dump, ==, "INBOX/1 first 0\nINBOX/50 second 0");
  script_tear_down (&setup);
}

/* STATUS has more than EXPUNGE has left: the UIDs are listed, though EXISTS agrees with what is
 * here. */
static void
test_false_expunge (void)
{
  static const char *const script[] = {
    LISTENING,
    "WAIT",
    "S: * 1 EXPUNGE",
    "C: DONE",
    "S: %t OK idled",
    IMAP_LIST_INBOX ("2", "77", "60"),
    "C: %t NOOP",
    "S: %t OK nothing",
    "C: %t UID FETCH 60:* (*",
    "S: %t OK fetched",
    "C: %t UID SEARCH ALL",
    "S: * SEARCH 1 50",
    "S: %t OK listed",
    "C: %t UID FETCH 1 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  static const char *const listening[] = { LISTENING };
  ScriptSetup setup;
  g_autofree char *dump = NULL;

  set_up_listening (&setup, script, G_N_ELEMENTS (listening));
  tern_script_server_go (setup.server);
  script_wait_dump (&setup, "INBOX/50 second 0");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  dump = engine_fixture_dump (setup.fixture, setup.uuid);
  g_assert_cmpstr (dump, ==, "INBOX/1 first 0\nINBOX/50 second 0");
  script_tear_down (&setup);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/script/one-connection", test_one_connection);
  g_test_add_func ("/engine/script/no-to-everything", test_no_to_everything);
  g_test_add_func ("/engine/script/old-mailbox", test_old_mailbox);
  g_test_add_data_func ("/engine/script/folder-refused", "Other", test_folder_refused);
  g_test_add_data_func ("/engine/script/one-of-all-refused", NULL, test_folder_refused);
  g_test_add_func ("/engine/script/one-message-refused", test_one_message_refused);
  g_test_add_func ("/engine/script/interrupted-epoch", test_interrupted_epoch);
  g_test_add_func ("/engine/script/watch-expunge", test_watch_expunge);
  g_test_add_func ("/engine/script/watch-unasked", test_watch_unasked);
  g_test_add_func ("/engine/script/vanished-all", test_vanished_all);
  g_test_add_func ("/engine/script/vanished-in-sync", test_vanished_in_sync);
  g_test_add_func ("/engine/script/false-expunge", test_false_expunge);
  g_test_add_func ("/engine/script/flood", test_flood);
  g_test_add_func ("/engine/script/notify-overflow", test_notify_overflow);
  return g_test_run ();
}
