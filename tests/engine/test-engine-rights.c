/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine-fixture.h"
#include "imap-script.h"
#include "tern-script-server.h"

/*
 * What one may do with folders, as servers tell it, keep it to themselves, or lie about it.
 */

#define LOGIN(caps)                                                                     \
  "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi", "C: %t AUTHENTICATE PLAIN *", \
      "S: %t OK [CAPABILITY IMAP4rev1 UIDPLUS LIST-EXTENDED LIST-STATUS " caps "] in"

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
  engine_fixture_open (setup->fixture, TRUE);
  tern_account_settings_guess (settings, "anna@example.test");
  tern_endpoint_unref (settings->imap);
  settings->imap = tern_endpoint_new ("127.0.0.1", tern_script_server_get_port (setup->server),
                                      TERN_SECURITY_TLS, setup->cert->ca_file, NULL);
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

typedef struct
{
  Setup *setup;
  const char *path;
  const char *letters;
} RightsWait;

static gboolean
has_rights (gpointer data)
{
  const RightsWait *wait = data;
  g_autoptr (TernFolderRecord) folder =
      engine_fixture_folder (wait->setup->fixture, wait->setup->uuid, wait->path);
  g_autofree char *letters = folder != NULL ? tern_rights_format (folder->rights) : NULL;

  return folder != NULL && g_strcmp0 (letters, wait->letters) == 0;
}

static void
wait_rights (Setup *setup, const char *path, const char *letters)
{
  RightsWait wait = { setup, path, letters };

  engine_wait (has_rights, &wait);
}

static gboolean
has_message (gpointer data)
{
  const Setup *setup = data;
  g_autoptr (GPtrArray) messages = engine_fixture_messages (setup->fixture, setup->uuid, "INBOX");

  return messages->len == 1;
}

static GArray *
finish (Setup *setup, GAsyncResult **slot, GError **error)
{
  g_autoptr (GAsyncResult) result = engine_await (slot);

  return tern_engine_verb_finish (setup->fixture->engine, result, error);
}

static GArray *
flag (Setup *setup, TernFlags flags, GError **error)
{
  g_autoptr (GPtrArray) messages = engine_fixture_messages (setup->fixture, setup->uuid, "INBOX");
  GAsyncResult *slot = NULL;

  g_assert_cmpuint (messages->len, ==, 1);
  tern_engine_flag_async (setup->fixture->engine, &((TernMessageRecord *) messages->pdata[0])->id,
                          1, flags, TERN_FLAG_NONE, NULL, NULL, engine_store_result, &slot);
  return finish (setup, &slot, error);
}

static void
assert_refused (GArray *operations, GError *error, const char *words)
{
  g_assert_null (operations);
  g_assert_error (error, TERN_FAULT, TERN_FAULT_RIGHTS);
  g_assert_cmpstr (error->message, ==, words);
  g_assert_null (tern_fault_get_server_text (error));
  g_error_free (error);
}

/* With LIST-MYRIGHTS nothing else is asked for; what is said of other folders, or is not whole,
 * changes nothing. */
static void
test_with_list (void)
{
  static const char *const script[] = {
    LOGIN ("ACL LIST-MYRIGHTS NAMESPACE"),
    "C: %t NAMESPACE",
    "S: * NAMESPACE ((\"\" \"/\")) NIL ((\"Team/\" \"/\"))",
    "S: %t OK",
    "C: %t SELECT \"INBOX\"",
    "S: * FLAGS (\\Seen)",
    "S: * 1 EXISTS",
    "S: * OK [UIDVALIDITY 77] x",
    "S: * OK [UIDNEXT 2] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t UID FETCH 1:1 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    "S: %t OK fetched",
    "C: %t LIST \"\" \"*\" RETURN (SUBSCRIBED MYRIGHTS STATUS *",
    "S: * MYRIGHTS Team/News lrswipkxtea",
    "S: * LIST () \"/\" INBOX",
    "S: * STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 77 UNSEEN 1)",
    "S: * MYRIGHTS INBOX lrswipcd",
    "S: * LIST () \"/\" Team/News",
    "S: * MYRIGHTS Team/News lr",
    "S: * STATUS Team/News (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 78 UNSEEN 0)",
    "S: * MYRIGHTS",
    "S: * MYRIGHTS Team/News",
    "S: * MYRIGHTS Team/News (lrswi)",
    "S: * MYRIGHTS No/Such lrswi",
    "S: %t OK listed",
    "C: %t SELECT \"Team/News\"",
    "S: * FLAGS (\\Seen)",
    "S: * 0 EXISTS",
    "S: * OK [UIDVALIDITY 78] x",
    "S: * OK [UIDNEXT 1] x",
    "S: %t OK [READ-ONLY] selected",
    "STALL",
    NULL,
  };
  Setup setup;
  g_autoptr (TernFolderRecord) team = NULL;
  g_autoptr (GPtrArray) messages = NULL;
  GAsyncResult *slot = NULL;
  GError *error = NULL;
  GArray *operations;

  set_up (&setup, script);
  wait_rights (&setup, "Team/News", "lr");
  /* The letters of RFC 2086 stand for all that they may mean. */
  wait_rights (&setup, "INBOX", "lrswipkxte");
  team = engine_fixture_folder (setup.fixture, setup.uuid, "Team/News");
  g_assert_cmpint (team->space, ==, TERN_SPACE_SHARED);
  messages = engine_fixture_messages (setup.fixture, setup.uuid, "INBOX");
  tern_engine_move_async (setup.fixture->engine, &((TernMessageRecord *) messages->pdata[0])->id, 1,
                          team->id, engine_store_result, &slot);
  operations = finish (&setup, &slot, &error);
  assert_refused (operations, error, "You are only allowed to read in the folder “Team/News”.");
  tear_down (&setup);
}

#define INBOX_OF_ONE                                                                              \
  "C: %t SELECT \"INBOX\"", "S: * FLAGS (\\Seen)", "S: * 1 EXISTS", "S: * OK [UIDVALIDITY 77] x", \
      "S: * OK [UIDNEXT 2] x", "S: %t OK [READ-WRITE] selected", "C: %t UID FETCH 1:1 (*",        \
      IMAP_MESSAGE ("1", "1", "first"), "S: %t OK fetched", IMAP_LIST_INBOX ("1", "77", "2")

static gboolean
has_learned (gpointer data)
{
  const Setup *setup = data;
  g_autoptr (TernFolderRecord) inbox = engine_fixture_folder (setup->fixture, setup->uuid, "INBOX");

  return (inbox->rights & TERN_RIGHTS_LEARNED) != 0;
}

/* Nothing is asked of one's own folders; what is refused there once is not tried again, and asked
 * for with the next listing. */
static void
test_learned (void)
{
  static const char *const script[] = {
    LOGIN ("ACL"),
    INBOX_OF_ONE,
    "C: %t UID STORE 1 +FLAGS.SILENT (\\Flagged)",
    "S: %t NO [NOPERM] that is not for you",
    "WAIT",
    "C: %t NOOP",
    "S: %t OK here",
    IMAP_LIST_INBOX ("1", "77", "2"),
    "C: %t MYRIGHTS \"INBOX\"",
    "S: * MYRIGHTS INBOX lrw",
    "S: %t OK told",
    "C: %t UID STORE 1 +FLAGS.SILENT (\\Flagged)",
    "S: %t OK stored",
    "STALL",
    NULL,
  };
  const char *words = "You are not allowed to mark messages in the folder “INBOX”.";
  Setup setup;
  GError *error = NULL;
  GArray *operations;

  set_up (&setup, script);
  engine_wait (has_message, &setup);
  operations = flag (&setup, TERN_FLAG_FLAGGED, &error);
  g_assert_no_error (error);
  g_array_unref (operations);
  engine_wait (has_learned, &setup);
  operations = flag (&setup, TERN_FLAG_FLAGGED, &error);
  assert_refused (operations, g_steal_pointer (&error), words);
  tern_script_server_go (setup.server);
  tern_engine_refresh (setup.fixture->engine, NULL);
  wait_rights (&setup, "INBOX", "lrw");
  operations = flag (&setup, TERN_FLAG_FLAGGED, &error);
  g_assert_no_error (error);
  engine_fixture_finish_ops (setup.fixture, operations);
  operations = flag (&setup, TERN_FLAG_SEEN, &error);
  assert_refused (operations, error,
                  "You are not allowed to mark messages in the folder “INBOX” as read or unread.");
  tear_down (&setup);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/rights/with-list", test_with_list);
  g_test_add_func ("/engine/rights/learned", test_learned);
  return g_test_run ();
}
