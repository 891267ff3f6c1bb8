/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "engine-fixture.h"
#include "imap-script.h"
#include "script-setup.h"

/*
 * Bodies, and the words that stand for them, from servers that give them in part or badly.
 */

static guint
count_bodies (ScriptSetup *setup)
{
  g_autoptr (GPtrArray) messages = engine_fixture_messages (setup->fixture, setup->uuid, "INBOX");
  guint n = 0;

  for (guint i = 0; i < messages->len; i++)
    n += ((TernMessageRecord *) g_ptr_array_index (messages, i))->body_state == TERN_BODY_HERE;
  return n;
}

/* No more at once than fits, and what is refused for one message keeps no other away. */
static void
test_bodies (void)
{
  static const char *const script[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("3", "77", "4"),
    "C: %t UID FETCH 1:3 (*",
    IMAP_MESSAGE_OF_SIZE ("1", "1", "first", "4000000"),
    IMAP_MESSAGE_OF_SIZE ("2", "2", "second", "4000000"),
    IMAP_MESSAGE_OF_SIZE ("3", "3", "third", "4000000"),
    "S: %t OK fetched",
    "C: %t LIST *",
    "S: * LIST () \"/\" INBOX",
    "S: * STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 77 UNSEEN 3)",
    "S: %t OK listed",
    "C: %t UID FETCH 2:3 (UID BODY.PEEK[])",
    "S: %t NO not all of them",
    "C: %1 UID FETCH %2 *",
    "C: %3 UID FETCH %4 *",
    "QUIET: 200",
    "S: %1 NO not this one",
    "S: * %4 FETCH (UID %4 BODY[] \"hello\")",
    "S: %3 OK fetched",
    "C: %5 UID FETCH %6 *",
    "S: * %6 FETCH (UID %6 BODY[] \"hallo\")",
    "S: %5 OK fetched",
    "STALL",
    NULL,
  };
  ScriptSetup setup;
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  script_set_up (&setup, script);
  tern_engine_sync_async (setup.fixture->engine, setup.uuid, NULL, TRUE, NULL, engine_store_result,
                          &slot);
  result = engine_await (&slot);
  g_assert_null (tern_engine_sync_finish (setup.fixture->engine, result, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_assert_cmpstr (tern_fault_get_server_text (error), ==, "not this one");
  g_assert_cmpuint (count_bodies (&setup), ==, 2);
  g_clear_object (&result);
  script_tear_down (&setup);
}

/* Several come by one command, in any order, with what nobody asked for among them; one that does
 * not come is asked for by itself. */
static void
test_bodies_together (void)
{
  static const char *const script[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("3", "77", "4"),
    "C: %t UID FETCH 1:3 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    IMAP_MESSAGE ("2", "2", "second"),
    IMAP_MESSAGE ("3", "3", "third"),
    "S: %t OK fetched",
    "C: %t LIST *",
    "S: * LIST () \"/\" INBOX",
    "S: * STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 77 UNSEEN 3)",
    "S: %t OK listed",
    "C: %t UID FETCH 1:3 (UID BODY.PEEK[])",
    "S: * 3 FETCH (UID 3 BODY[] \"the third\")",
    "S: * 3 FETCH (UID 3 BODY[] \"another third\")",
    "S: * 2 FETCH (UID 9 BODY[] \"nobody's\")",
    "S: * 2 FETCH (UID 2 BODY[TEXT] \"of it a part\")",
    "S: * 1 FETCH (UID 1 BODY[] {9}",
    "R: the first",
    "S: )",
    "S: %t OK fetched",
    "C: %t UID FETCH 2 (UID BODY.PEEK[])",
    "S: * 2 FETCH (UID 2 BODY[] \"the second\")",
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  ScriptSetup setup;
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) messages = NULL;
  g_autoptr (GError) error = NULL;

  script_set_up (&setup, script);
  tern_engine_sync_async (setup.fixture->engine, setup.uuid, NULL, TRUE, NULL, engine_store_result,
                          &slot);
  result = engine_await (&slot);
  tern_sync_report_free (tern_engine_sync_finish (setup.fixture->engine, result, &error));
  g_assert_no_error (error);
  messages = engine_fixture_messages (setup.fixture, setup.uuid, "INBOX");
  g_assert_cmpuint (messages->len, ==, 3);
  for (guint i = 0; i < messages->len; i++)
    {
      const TernMessageRecord *record = g_ptr_array_index (messages, i);
      GAsyncResult *loaded = NULL;
      g_autoptr (GAsyncResult) body = NULL;
      g_autoptr (GBytes) bytes = NULL;
      g_autofree char *expected = g_strdup_printf ("the %s", record->facts->subject);

      tern_engine_load_part_async (setup.fixture->engine, record->id, "", NULL, engine_store_result,
                                   &loaded);
      body = engine_await (&loaded);
      bytes = tern_engine_load_part_finish (setup.fixture->engine, body, &error);
      g_assert_no_error (error);
      g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), expected,
                       strlen (expected));
    }
  g_clear_object (&result);
  script_tear_down (&setup);
}

static void
load_all (ScriptSetup *setup)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TernSyncReport *report;

  tern_engine_sync_async (setup->fixture->engine, setup->uuid, NULL, TRUE, NULL,
                          engine_store_result, &slot);
  result = engine_await (&slot);
  report = tern_engine_sync_finish (setup->fixture->engine, result, &error);
  g_assert_no_error (error);
  tern_sync_report_free (report);
}

/* What can be of any size comes alone. */
static void
test_bodies_unknown (void)
{
  static const char *const script[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("3", "77", "4"),
    "C: %t UID FETCH 1:3 (*",
    IMAP_MESSAGE_OF_SIZE ("1", "1", "first", "0"),
    IMAP_MESSAGE_OF_SIZE ("2", "2", "second", "0"),
    IMAP_MESSAGE_OF_SIZE ("3", "3", "third", "0"),
    "S: %t OK fetched",
    IMAP_LIST_INBOX ("3", "77", "4"),
    "C: %1 UID FETCH 3 (UID BODY.PEEK[])",
    "QUIET: 200",
    "S: * 3 FETCH (UID 3 BODY[] \"the third\")",
    "S: %1 OK fetched",
    "C: %2 UID FETCH 2 (UID BODY.PEEK[])",
    "S: * 2 FETCH (UID 2 BODY[] \"the second\")",
    "S: %2 OK fetched",
    "C: %3 UID FETCH 1 (UID BODY.PEEK[])",
    "S: * 1 FETCH (UID 1 BODY[] \"the first\")",
    "S: %3 OK fetched",
    "STALL",
    NULL,
  };
  ScriptSetup setup;

  script_set_up (&setup, script);
  load_all (&setup);
  g_assert_cmpuint (count_bodies (&setup), ==, 3);
  script_tear_down (&setup);
}

/* Each of them is not too large, but they are all together: those that had no room come with
 * the next command. */
static void
test_bodies_crowded (void)
{
  static const char *const before[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("20", "77", "21"),
    "C: %t UID FETCH 1:20 (*",
  };
  static const char *const listing[] = { "S: %t OK fetched", IMAP_LIST_INBOX ("20", "77", "21") };
  g_autoptr (GPtrArray) script = g_ptr_array_new_with_free_func (g_free);
  ScriptSetup setup;

  for (guint i = 0; i < G_N_ELEMENTS (before); i++)
    g_ptr_array_add (script, g_strdup (before[i]));
  for (guint i = 1; i <= 20; i++)
    g_ptr_array_add (script, g_strdup_printf (IMAP_MESSAGE ("%u", "%u", "m%u"), i, i, i, i));
  for (guint i = 0; i < G_N_ELEMENTS (listing); i++)
    g_ptr_array_add (script, g_strdup (listing[i]));
  g_ptr_array_add (script, g_strdup ("C: %t UID FETCH 1:20 (UID BODY.PEEK[])"));
  for (guint i = 1; i <= 20; i++)
    {
      g_ptr_array_add (script,
                       g_strdup_printf ("R: * %u FETCH (UID %u BODY[] {1000000}\r\n", i, i));
      g_ptr_array_add (script, g_strdup_printf ("FILL: 1000000 %c", 'a' + i));
      g_ptr_array_add (script, g_strdup ("R: )\r\n"));
    }
  g_ptr_array_add (script, g_strdup ("S: %t OK fetched"));
  g_ptr_array_add (script, g_strdup ("C: %t UID FETCH 18:20 (UID BODY.PEEK[])"));
  for (guint i = 18; i <= 20; i++)
    g_ptr_array_add (script, g_strdup_printf ("S: * %u FETCH (UID %u BODY[] \"m\")", i, i));
  g_ptr_array_add (script, g_strdup ("S: %t OK fetched"));
  g_ptr_array_add (script, g_strdup ("STALL"));
  g_ptr_array_add (script, NULL);
  script_set_up (&setup, (const char *const *) script->pdata);
  load_all (&setup);
  g_assert_cmpuint (tern_script_server_get_position (setup.server, 0), ==, script->len - 2);
  g_assert_cmpuint (count_bodies (&setup), ==, 20);
  script_tear_down (&setup);
}

/* One breaks off: it is asked for again, and what was in it does not become the next one. */
static void
test_bodies_damaged (void)
{
  static const char *const script[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("2", "77", "3"),
    "C: %t UID FETCH 1:2 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    IMAP_MESSAGE ("2", "2", "second"),
    "S: %t OK fetched",
    "C: %t LIST *",
    "S: * LIST () \"/\" INBOX",
    "S: * STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 77 UNSEEN 2)",
    "S: %t OK listed",
    "C: %t UID FETCH 1:2 (UID BODY.PEEK[])",
    "R: * 1 FETCH (UID 1 BODY[] {40000}\r\n",
    "FILL: 40000 a",
    "R: \r\n",
    "R: * 2 FETCH (UID 2 BODY[] {50000}\r\n",
    "FILL: 50000 b",
    "R: )\r\n",
    "S: %t OK fetched",
    "C: %t UID FETCH 1 (UID BODY.PEEK[])",
    "R: * 1 FETCH (UID 1 BODY[] {40000}\r\n",
    "FILL: 40000 a",
    "R: )\r\n",
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  ScriptSetup setup;
  g_autoptr (GPtrArray) messages = NULL;
  g_autoptr (GError) error = NULL;

  script_set_up (&setup, script);
  load_all (&setup);
  messages = engine_fixture_messages (setup.fixture, setup.uuid, "INBOX");
  g_assert_cmpuint (messages->len, ==, 2);
  for (guint i = 0; i < messages->len; i++)
    {
      const TernMessageRecord *record = g_ptr_array_index (messages, i);
      gboolean first = strcmp (record->facts->subject, "first") == 0;
      GAsyncResult *loaded = NULL;
      g_autoptr (GAsyncResult) body = NULL;
      g_autoptr (GBytes) bytes = NULL;

      tern_engine_load_part_async (setup.fixture->engine, record->id, "", NULL, engine_store_result,
                                   &loaded);
      body = engine_await (&loaded);
      bytes = tern_engine_load_part_finish (setup.fixture->engine, body, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, first ? 40000 : 50000);
      g_assert_cmpint (((const char *) g_bytes_get_data (bytes, NULL))[0], ==, first ? 'a' : 'b');
    }
  script_tear_down (&setup);
}

static gboolean
has_one_body (gpointer data)
{
  return count_bodies (data) == 1;
}

/* What came before the line was cut is kept. */
static void
test_bodies_cut (void)
{
  static const char *const script[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("2", "77", "3"),
    "C: %t UID FETCH 1:2 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    IMAP_MESSAGE ("2", "2", "second"),
    "S: %t OK fetched",
    "C: %t LIST *",
    "S: * LIST () \"/\" INBOX",
    "S: * STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 77 UNSEEN 2)",
    "S: %t OK listed",
    "C: %t UID FETCH 1:2 (UID BODY.PEEK[])",
    "S: * 2 FETCH (UID 2 BODY[] \"the second\")",
    "R: * 1 FETCH (UID 1 BODY[] {9}\r\nthe",
    "CUT",
    NULL,
  };
  ScriptSetup setup;
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (TernMessageRecord) record = NULL;
  g_autoptr (GError) error = NULL;

  script_set_up (&setup, script);
  tern_engine_sync_async (setup.fixture->engine, setup.uuid, NULL, TRUE, NULL, engine_store_result,
                          &slot);
  result = engine_await (&slot);
  g_assert_null (tern_engine_sync_finish (setup.fixture->engine, result, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_DISCONNECTED);
  /* The end of the connection is told at once. */
  engine_wait (has_one_body, &setup);
  record = engine_fixture_find (setup.fixture, setup.uuid, "INBOX", "second");
  g_assert_cmpint (record->body_state, ==, TERN_BODY_HERE);
  g_clear_object (&result);
  script_tear_down (&setup);
}

typedef struct
{
  ScriptSetup *setup;
  const char *subject;
  char *found;
} PreviewWait;

static gboolean
has_preview (gpointer data)
{
  PreviewWait *wait = data;
  g_autoptr (TernMessageRecord) record =
      engine_fixture_find (wait->setup->fixture, wait->setup->uuid, "INBOX", wait->subject);

  g_free (wait->found);
  wait->found = record != NULL ? g_strdup (record->facts->preview) : NULL;
  return wait->found != NULL;
}

/* The server's first words stand in the list while there is no body, and are not taken for one; of
 * the body others are made, which stay when the server says its own again. */
static void
test_preview (void)
{
#define MESSAGE_WITH(preview, uid)                                                                \
  "S: * 1 FETCH (PREVIEW " preview " UID " uid                                                    \
  " FLAGS () INTERNALDATE \"23-Nov-2026 10:00:00 +0000\" RFC822.SIZE 60"                          \
  " ENVELOPE (NIL \"first\" ((NIL NIL \"a\" \"b.test\")) NIL NIL NIL NIL NIL NIL \"<f@b.test>\")" \
  " BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 5 1)"                                  \
  " BODY[HEADER.FIELDS (REFERENCES)] \"\")"
#define LOGIN_WITH_PREVIEW                                                              \
  "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi", "C: %t AUTHENTICATE PLAIN *", \
      "S: %t OK [CAPABILITY " IMAP_CAPS " PREVIEW] in"
  static const char *const before[] = {
    LOGIN_WITH_PREVIEW,
    IMAP_SELECT_INBOX ("1", "77", "2"),
    "C: %t UID FETCH 1:1 (UID * PREVIEW (LAZY))",
    MESSAGE_WITH ("\"> quoted\tby the server\"", "1"),
    "S: %t OK fetched",
    IMAP_LIST_INBOX ("1", "77", "2"),
    "C: %t UID FETCH 1 (UID BODY.PEEK[])",
    "S: * 1 FETCH (UID 1 BODY[] {35}",
    "S: Message-ID: <f@b.test>\r\n\r\nour own\r\n)",
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  static const char *const after[] = {
    LOGIN_WITH_PREVIEW,
    IMAP_SELECT_INBOX ("1", "78", "8"),
    "C: %t UID FETCH 1:7 (UID * PREVIEW (LAZY))",
    MESSAGE_WITH ("\"> quoted by the server\"", "7"),
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  ScriptSetup setup;
  PreviewWait wait = { &setup, "first", NULL };
  g_autoptr (TernMessageRecord) record = NULL;
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (TernBody) body = NULL;
  g_autoptr (GError) error = NULL;

  script_set_up (&setup, before);
  engine_wait (has_preview, &wait);
  g_assert_cmpstr (wait.found, ==, "> quoted by the server");
  record = engine_fixture_find (setup.fixture, setup.uuid, "INBOX", "first");
  g_assert_cmpint (record->body_state, ==, TERN_BODY_ABSENT);
  tern_engine_load_body_async (setup.fixture->engine, record->id, NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  body = tern_engine_load_body_finish (setup.fixture->engine, result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (body->text->plain, ==, "our own\n");
  g_assert_true (has_preview (&wait));
  g_assert_cmpstr (wait.found, ==, "our own");
  g_clear_object (&result);
  script_meet_again (&setup, after);
  script_wait_dump (&setup, "INBOX/7 first 0");
  g_assert_true (has_preview (&wait));
  g_assert_cmpstr (wait.found, ==, "our own");
  g_free (wait.found);
  script_tear_down (&setup);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/script-bodies/one-by-one", test_bodies);
  g_test_add_func ("/engine/script-bodies/together", test_bodies_together);
  g_test_add_func ("/engine/script-bodies/unknown-sizes", test_bodies_unknown);
  g_test_add_func ("/engine/script-bodies/crowded", test_bodies_crowded);
  g_test_add_func ("/engine/script-bodies/damaged", test_bodies_damaged);
  g_test_add_func ("/engine/script-bodies/cut", test_bodies_cut);
  g_test_add_func ("/engine/script-bodies/preview", test_preview);
  return g_test_run ();
}
