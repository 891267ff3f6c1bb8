/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "imap-script.h"
#include "script-setup.h"

/*
 * What the account makes of its folders when a server of no test machine lists them, and what is
 * done to folders at one that refuses.
 */

typedef struct
{
  ScriptSetup *setup;
  const char *path;
  TernId id;
} FolderWait;

static gboolean
has_folder (gpointer data)
{
  FolderWait *wait = data;
  g_autoptr (TernFolderRecord) folder =
      engine_fixture_folder (wait->setup->fixture, wait->setup->uuid, wait->path);

  wait->id = folder != NULL ? folder->id : 0;
  return wait->id != 0;
}

typedef struct
{
  ScriptSetup *setup;
  const char *path;
  const char *id;
} IdWait;

static gboolean
has_mailbox_id (gpointer data)
{
  IdWait *wait = data;
  g_autoptr (TernFolderRecord) folder =
      engine_fixture_folder (wait->setup->fixture, wait->setup->uuid, wait->path);

  return folder != NULL && g_strcmp0 (folder->mailbox_id, wait->id) == 0;
}

static void
wait_mailbox_id (ScriptSetup *setup, const char *path, const char *id)
{
  IdWait wait = { setup, path, id };

  engine_wait (has_mailbox_id, &wait);
}

static TernId
wait_folder (ScriptSetup *setup, const char *path)
{
  FolderWait wait = { setup, path, 0 };

  engine_wait (has_folder, &wait);
  return wait.id;
}

#define LOGIN_WITH_IDS                                                                  \
  "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi", "C: %t AUTHENTICATE PLAIN *", \
      "S: %t OK [CAPABILITY " IMAP_CAPS " OBJECTID] in"
#define LIST_FOLDER(name, validity, id)                                                          \
  "S: * LIST () \"/\" " name, "S: * STATUS " name " (MESSAGES 0 UIDNEXT 1 UIDVALIDITY " validity \
                              " UNSEEN 0 MAILBOXID (" id "))"

/* Other programs rename folders, also empty ones, and make new ones of the old name: the server's
 * ids tell which is which, as long as it gives none to two of them. */
static void
test_renamed_by_id (void)
{
  static const char *const before[] = {
    LOGIN_WITH_IDS,
    IMAP_SELECT_INBOX ("0", "77", "1"),
    "C: %t LIST *",
    LIST_FOLDER ("INBOX", "77", "F0"),
    LIST_FOLDER ("Old", "78", "F1"),
    LIST_FOLDER ("Lost", "79", "F2"),
    LIST_FOLDER ("Vague", "80", "F3"),
    "S: %t OK listed",
    "STALL",
    NULL,
  };
  static const char *const after[] = {
    LOGIN_WITH_IDS,
    IMAP_SELECT_INBOX ("0", "77", "1"),
    "C: %t LIST *",
    LIST_FOLDER ("INBOX", "77", "F0"),
    LIST_FOLDER ("Old", "81", "F9"),
    LIST_FOLDER ("Older", "78", "F1"),
    LIST_FOLDER ("Found", "82", "F2"),
    LIST_FOLDER ("Vague1", "83", "F3"),
    LIST_FOLDER ("Vague2", "84", "F3"),
    "S: %t OK listed",
    "STALL",
    NULL,
  };
  ScriptSetup setup;
  TernId old, lost, vague;

  script_set_up (&setup, before);
  old = wait_folder (&setup, "Old");
  lost = wait_folder (&setup, "Lost");
  vague = wait_folder (&setup, "Vague");
  script_meet_again (&setup, after);
  g_assert_cmpint (wait_folder (&setup, "Older"), ==, old);
  g_assert_cmpint (wait_folder (&setup, "Found"), ==, lost);
  g_assert_cmpint (wait_folder (&setup, "Old"), !=, old);
  g_assert_cmpint (wait_folder (&setup, "Vague1"), !=, vague);
  g_assert_cmpint (wait_folder (&setup, "Vague2"), !=, vague);
  script_tear_down (&setup);
}

/* What STATUS tells is nonsense at first and nothing is known; what SELECT told is the folder's. */
static void
test_id_of_select (void)
{
  static const char *const before[] = {
    LOGIN_WITH_IDS,
    IMAP_SELECT_INBOX ("0", "77", "1"),
    "C: %t LIST *",
    LIST_FOLDER ("INBOX", "77", "x.y"),
    LIST_FOLDER ("Old", "78", "F9"),
    "S: %t OK listed",
    "C: %t LIST *",
    "S: * LIST () \"/\" INBOX",
    "S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 77 UNSEEN 0)",
    "S: * LIST () \"/\" Old",
    "S: * STATUS Old (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 78 UNSEEN 0)",
    "S: %t OK listed",
    "C: %t SELECT \"Old\"",
    "S: * FLAGS (\\Seen)",
    "S: * 0 EXISTS",
    "S: * OK [UIDVALIDITY 78] x",
    "S: * OK [UIDNEXT 1] x",
    "S: * OK [MAILBOXID (F1)] x",
    "S: %t OK selected",
    "STALL",
    NULL,
  };
  static const char *const after[] = {
    LOGIN_WITH_IDS,
    IMAP_SELECT_INBOX ("0", "77", "1"),
    "C: %t LIST *",
    LIST_FOLDER ("INBOX", "77", "F0"),
    LIST_FOLDER ("Other", "79", "F9"),
    LIST_FOLDER ("Older", "80", "F1"),
    "S: %t OK listed",
    "STALL",
    NULL,
  };
  ScriptSetup setup;
  TernId old;

  script_set_up (&setup, before);
  old = wait_folder (&setup, "Old");
  wait_mailbox_id (&setup, "Old", "F1");
  script_meet_again (&setup, after);
  g_assert_cmpint (wait_folder (&setup, "Older"), ==, old);
  g_assert_cmpint (wait_folder (&setup, "Other"), !=, old);
  script_tear_down (&setup);
}

#define SELECT_GREEN                                                                             \
  "S: * FLAGS (\\Seen)", "S: * 1 EXISTS", "S: * OK [UIDVALIDITY 78] x", "S: * OK [UIDNEXT 2] x", \
      "S: %t OK selected"

/* A server that has learnt to write in UTF-8 has the same folders as before, and headers in UTF-8
 * are read. */
static void
test_utf8 (void)
{
  static const char *const before[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("0", "77", "1"),
    "C: %t LIST *",
    LIST_FOLDER ("INBOX", "77", "F0"),
    "S: * LIST () \"/\" \"Gr&APw-n &- blau\"",
    "S: * STATUS \"Gr&APw-n &- blau\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 78 UNSEEN 0)",
    "S: %t OK listed",
    "C: %t SELECT \"Gr&APw-n &- blau\"",
    SELECT_GREEN,
    "C: %t UID FETCH 1:1 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  static const char *const after[] = {
    "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi",
    "C: %t AUTHENTICATE PLAIN *",
    "S: %t OK [CAPABILITY " IMAP_CAPS " ENABLE UTF8=ACCEPT] in",
    "C: %t ENABLE UTF8=ACCEPT",
    "S: * ENABLED UTF8=ACCEPT",
    "S: %t OK",
    "C: %t SELECT \"INBOX\"",
    "S: * FLAGS (\\Seen)",
    "S: * 1 EXISTS",
    "S: * OK [UIDVALIDITY 77] x",
    "S: * OK [UIDNEXT 2] x",
    "S: %t OK selected",
    "C: %t UID FETCH 1:* (*",
    IMAP_MESSAGE ("1", "1", "zw\303\266lf"),
    "S: %t OK fetched",
    "C: %t LIST *",
    LIST_FOLDER ("INBOX", "77", "F0"),
    "S: * LIST () \"/\" \"Gr\303\274n & blau\"",
    "S: * STATUS \"Gr\303\274n & blau\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 78 UNSEEN 0)",
    LIST_FOLDER ("New", "79", "F1"),
    "S: %t OK listed",
    "STALL",
    NULL,
  };
  ScriptSetup setup;
  TernId green;

  script_set_up (&setup, before);
  script_wait_dump (&setup, "Gr\303\274n & blau/1 first 0");
  green = wait_folder (&setup, "Gr\303\274n & blau");
  script_meet_again (&setup, after);
  wait_folder (&setup, "New");
  script_wait_dump (&setup, "Gr\303\274n & blau/1 first 0\nINBOX/1 zw\303\266lf 0");
  g_assert_cmpint (wait_folder (&setup, "Gr\303\274n & blau"), ==, green);
  script_tear_down (&setup);
}

#define LOGIN_WITHOUT_UIDPLUS                                                           \
  "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi", "C: %t AUTHENTICATE PLAIN *", \
      "S: %t OK [CAPABILITY IMAP4rev1 LIST-EXTENDED] in"

/* Without UIDPLUS the number of messages says nothing about a listing of the undeleted ones: two
 * listings have to agree with each other before anything is believed to be gone. */
static void
test_short_listings (void)
{
  static const char *const before[] = {
    LOGIN_WITHOUT_UIDPLUS,
    IMAP_SELECT_INBOX ("3", "77", "4"),
    "C: %t UID FETCH 1:3 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    IMAP_MESSAGE ("2", "2", "second"),
    IMAP_MESSAGE ("3", "3", "third"),
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  static const char *const after[] = {
    LOGIN_WITHOUT_UIDPLUS,
    IMAP_SELECT_INBOX ("2", "77", "4"),
    "C: %t UID FETCH 1:3 (*",
    "S: %t OK fetched",
    "C: %t UID SEARCH UNDELETED",
    "S: * SEARCH 1 2",
    "S: %t OK listed",
    "C: %t UID SEARCH UNDELETED",
    "S: * SEARCH 1",
    "S: %t OK listed",
    "EACH: * LIST () \"/\" INBOX\r\n%t OK done",
    NULL,
  };
  ScriptSetup setup;
  g_autofree char *dump = NULL;

  script_set_up (&setup, before);
  script_wait_dump (&setup, "INBOX/1 first 0\nINBOX/2 second 0\nINBOX/3 third 0");
  script_meet_again (&setup, after);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  dump = engine_fixture_dump (setup.fixture, setup.uuid);
  g_assert_cmpstr (dump, ==, "INBOX/1 first 0\nINBOX/2 second 0\nINBOX/3 third 0");
  script_tear_down (&setup);
}

#define SELECT_EMPTY(validity)                                                    \
  "S: * FLAGS (\\Seen)", "S: * 0 EXISTS", "S: * OK [UIDVALIDITY " validity "] x", \
      "S: * OK [UIDNEXT 1] x", "S: %t OK [READ-WRITE] selected"

/* Of several operations one that is refused is not the end of waiting: a terminal program that
 * ended then would leave the others half done. */
static void
test_one_of_two_refused (void)
{
  static const char *const script[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("0", "77", "1"),
    "C: %t LIST *",
    LIST_FOLDER ("INBOX", "77", "F0"),
    LIST_FOLDER ("Nest", "78", "F1"),
    LIST_FOLDER ("Nest/egg", "79", "F2"),
    "S: %t OK listed",
    "C: %t SELECT \"Nest\"",
    SELECT_EMPTY ("78"),
    "C: %t SELECT \"Nest/egg\"",
    SELECT_EMPTY ("79"),
    "C: %t EXAMINE \"INBOX\"",
    "S: %t OK [READ-ONLY] left",
    "C: %t STATUS \"Nest/egg\" *",
    "S: * STATUS Nest/egg (MESSAGES 1)",
    "S: %t OK counted",
    "STALL",
    NULL,
  };
  ScriptSetup setup;
  GAsyncResult *slot = NULL, *first_slot = NULL;
  g_autoptr (GAsyncResult) deleted = NULL, first = NULL, both = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GArray) operations = NULL, one = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_autoptr (GError) error = NULL, first_error = NULL;
  TernEngine *engine;
  TernId nest;

  script_set_up (&setup, script);
  engine = setup.fixture->engine;
  wait_folder (&setup, "Nest/egg");
  nest = wait_folder (&setup, "Nest");
  script_wait_steps (&setup, 29); /* both have been looked at */
  tern_engine_delete_folder_async (engine, nest, FALSE, engine_store_result, &slot);
  deleted = engine_await (&slot);
  operations = tern_engine_verb_finish (engine, deleted, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (operations->len, ==, 2);
  g_array_append_vals (one, operations->data, 1);
  slot = NULL;
  tern_engine_wait_ops_async (engine, operations, cancellable, engine_store_result, &slot);
  tern_engine_wait_ops_async (engine, one, NULL, engine_store_result, &first_slot);
  first = engine_await (&first_slot);

  g_assert_false (tern_engine_wait_ops_finish (engine, first, NULL, &first_error));
  g_assert_error (first_error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_assert_null (slot);
  g_cancellable_cancel (cancellable);
  both = engine_await (&slot);
  g_assert_false (tern_engine_wait_ops_finish (engine, both, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&deleted);
  g_clear_object (&first);
  g_clear_object (&both);
  script_tear_down (&setup);
}

static gboolean
has_note (gpointer data)
{
  return ((ScriptSetup *) data)->fixture->notes->len > 0;
}

/* A server that moves one of two and then has no room: each is where the server has it, and that is
 * said. */
static void
test_moved_in_part (void)
{
  static const char *const script[] = {
    "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi",
    "C: %t AUTHENTICATE PLAIN *",
    "S: %t OK [CAPABILITY IMAP4rev1 UIDPLUS LIST-EXTENDED LIST-STATUS MOVE] in",
    IMAP_SELECT_INBOX ("2", "77", "3"),
    "C: %t UID FETCH 1:2 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    IMAP_MESSAGE ("2", "2", "second"),
    "S: %t OK fetched",
    "C: %t LIST *",
    "S: * LIST () \"/\" INBOX",
    "S: * STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 77 UNSEEN 2)",
    "S: * LIST () \"/\" Archive",
    "S: * STATUS Archive (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 78 UNSEEN 0)",
    "S: %t OK listed",
    "C: %t SELECT \"Archive\"",
    "S: * 0 EXISTS",
    "S: * OK [UIDVALIDITY 78] x",
    "S: * OK [UIDNEXT 1] x",
    "S: %t OK [READ-WRITE] selected",
    IMAP_SELECT_INBOX ("2", "77", "3"),
    IMAP_SELECT_INBOX ("2", "77", "3"),
    "C: %t UID FETCH 1:2 (UID FLAGS)",
    "S: * 1 FETCH (UID 1 FLAGS ())",
    "S: * 2 FETCH (UID 2 FLAGS ())",
    "S: %t OK fetched",
    "C: %t UID MOVE 1:2 \"Archive\"",
    "S: * OK [COPYUID 78 1 1] one",
    "S: * 1 EXPUNGE",
    "S: %t NO [OVERQUOTA] full",
    "C: %t *",
    "STALL",
    NULL,
  };
  ScriptSetup setup;
  TernId ids[2];
  g_autoptr (TernFolderRecord) archive = NULL;
  g_autoptr (GPtrArray) messages = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GArray) operations = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *slot = NULL;

  script_set_up (&setup, script);
  script_wait_steps (&setup, G_N_ELEMENTS (script) - 7);
  archive = engine_fixture_folder (setup.fixture, setup.uuid, "Archive");
  messages = engine_fixture_messages (setup.fixture, setup.uuid, "INBOX");
  g_assert_cmpuint (messages->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    ids[i] = ((TernMessageRecord *) messages->pdata[i])->id;
  tern_engine_move_async (setup.fixture->engine, ids, 2, archive->id, engine_store_result, &slot);
  result = engine_await (&slot);
  operations = tern_engine_verb_finish (setup.fixture->engine, result, &error);
  g_assert_no_error (error);
  g_clear_object (&result);
  script_wait_dump (&setup, "Archive/1 first 0\nINBOX/2 second 0");
  engine_wait (has_note, &setup);
  g_assert_nonnull (strstr (g_ptr_array_index (setup.fixture->notes, 0),
                            "Only 1 of 2 messages were dealt with."));
  /* What there is now is asked for without waiting for anything. */
  script_wait_steps (&setup, G_N_ELEMENTS (script) - 2);
  script_tear_down (&setup);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/script-folders/renamed-by-id", test_renamed_by_id);
  g_test_add_func ("/engine/script-folders/id-of-select", test_id_of_select);
  g_test_add_func ("/engine/script-folders/utf8", test_utf8);
  g_test_add_func ("/engine/script-folders/short-listings", test_short_listings);
  g_test_add_func ("/engine/script-folders/one-of-two-refused", test_one_of_two_refused);
  g_test_add_func ("/engine/script-folders/moved-in-part", test_moved_in_part);
  return g_test_run ();
}
