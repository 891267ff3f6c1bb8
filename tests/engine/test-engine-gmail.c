/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "engine-fixture.h"
#include "imap-script.h"
#include "script-setup.h"
#include "tern-script-server.h"
#include "tern-store-messages.h"

/*
 * Gmail, where a message is in several folders at once.
 */

#define GMAIL_MESSAGE(uid, flags, labels)                                             \
  "S: * 1 FETCH (UID " uid " FLAGS (" flags ") X-GM-MSGID 77123 X-GM-LABELS (" labels \
  ") INTERNALDATE \"23-Nov-2026 10:00:00 +0000\""                                     \
  " RFC822.SIZE 100 ENVELOPE (\"Mon, 23 Nov 2026 10:00:00 +0000\" \"hello\""          \
  " ((NIL NIL \"a\" \"b.test\")) NIL NIL NIL NIL NIL NIL \"<hello@b.test>\")"         \
  " BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 5 1)"                      \
  " BODY[HEADER.FIELDS (REFERENCES)] \"\")"
#define GMAIL_BEGINNING                                                                            \
  "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi", "C: %t AUTHENTICATE PLAIN *",            \
      "S: %t OK [CAPABILITY " IMAP_CAPS " MOVE X-GM-EXT-1] in",                                    \
      IMAP_SELECT_INBOX ("1", "77", "2"),                                                          \
      "C: %t UID FETCH 1:1 (UID FLAGS *X-GM-MSGID*X-GM-LABELS)",                                   \
      GMAIL_MESSAGE ("1", "", "work \"Gr&APw-n\""), "S: %t OK fetched", "C: %t LIST *",            \
      "S: * LIST () \"/\" INBOX",                                                                  \
      "S: * STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 77 UNSEEN 1)",                          \
      "S: * LIST (\\All) \"/\" \"[Gmail]/All Mail\"",                                              \
      "S: * STATUS \"[Gmail]/All Mail\" (MESSAGES 1 UIDNEXT 6 UIDVALIDITY 78 UNSEEN 1)",           \
      "S: * LIST (\\Trash) \"/\" \"[Gmail]/Trash\"",                                               \
      "S: * STATUS \"[Gmail]/Trash\" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 79 UNSEEN 0)",              \
      "S: %t OK listed", "C: %t SELECT \"?Gmail?/Trash\"", "S: * FLAGS (\\Seen)", "S: * 0 EXISTS", \
      "S: * OK [UIDVALIDITY 79] x", "S: * OK [UIDNEXT 1] x", "S: %t OK selected",                  \
      "C: %t SELECT \"?Gmail?/All Mail\"", "S: * FLAGS (\\Seen)", "S: * 1 EXISTS",                 \
      "S: * OK [UIDVALIDITY 78] x", "S: * OK [UIDNEXT 6] x", "S: %t OK selected",                  \
      "C: %t UID FETCH 1:5 (*", GMAIL_MESSAGE ("5", "", "\"\\\\Inbox\" work"), "S: %t OK fetched"

static gboolean
read_labels (TernReader *reader,
             gpointer data,
             GCancellable *cancellable,
             gpointer *result,
             GError **error)
{
  *result = tern_read_labels (reader, *(TernId *) data, error);
  return TRUE;
}

static char *
labels_of (ScriptSetup *setup, TernId id)
{
  TernStore *store = tern_engine_get_store (setup->fixture->engine);
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gpointer value = NULL;

  tern_store_read_async (store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, read_labels, &id, NULL, g_free,
                         NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  tern_store_read_finish (store, result, &value, &error);
  g_assert_no_error (error);
  return value;
}

/* One message in two folders, each with its labels. */
static void
test_labels (void)
{
  static const char *const script[] = { GMAIL_BEGINNING, "STALL", NULL };
  ScriptSetup setup;
  g_autoptr (TernMessageRecord) inbox = NULL;
  g_autoptr (TernMessageRecord) all = NULL;
  g_autofree char *of_inbox = NULL;
  g_autofree char *of_all = NULL;

  script_set_up (&setup, script);
  script_wait_dump (&setup, "INBOX/1 hello 0\n[Gmail]/All Mail/5 hello 0");
  inbox = engine_fixture_find (setup.fixture, setup.uuid, "INBOX", "hello");
  all = engine_fixture_find (setup.fixture, setup.uuid, "[Gmail]/All Mail", "hello");
  of_inbox = labels_of (&setup, inbox->id);
  of_all = labels_of (&setup, all->id);
  g_assert_cmpstr (of_inbox, ==, "work\nGr\303\274n");
  g_assert_cmpstr (of_all, ==, "\\Inbox\nwork");
  script_tear_down (&setup);
}

static void
move_to (ScriptSetup *setup, TernRole role)
{
  g_autoptr (TernMessageRecord) inbox =
      engine_fixture_find (setup->fixture, setup->uuid, "INBOX", "hello");
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  tern_engine_move_to_role_async (setup->fixture->engine, &inbox->id, 1, role, engine_store_result,
                                  &slot);
  result = engine_await (&slot);
}

/* There is no archive: out of INBOX it is in the folder of all mail, once. Deleted it is in the
 * trash. */
static void
test_moves (void)
{
  static const char *const archived[] = {
    GMAIL_BEGINNING,
    "C: %t SELECT \"INBOX\"",
    "S: * FLAGS (\\Seen)",
    "S: * 1 EXISTS",
    "S: * OK [UIDVALIDITY 77] x",
    "S: * OK [UIDNEXT 2] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t UID MOVE 1 \"?Gmail?/All Mail\"",
    "S: * OK [COPYUID 78 1 5] moved",
    "S: * 1 EXPUNGE",
    "S: %t OK moved",
    "STALL",
    NULL,
  };
  static const char *const deleted[] = {
    GMAIL_BEGINNING,
    "C: %t SELECT \"INBOX\"",
    "S: * FLAGS (\\Seen)",
    "S: * 1 EXISTS",
    "S: * OK [UIDVALIDITY 77] x",
    "S: * OK [UIDNEXT 2] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t UID MOVE 1 \"?Gmail?/Trash\"",
    "S: * OK [COPYUID 79 1 1] moved",
    "S: * 1 EXPUNGE",
    "S: %t OK moved",
    "STALL",
    NULL,
  };
  ScriptSetup setup;

  script_set_up (&setup, archived);
  script_wait_dump (&setup, "INBOX/1 hello 0\n[Gmail]/All Mail/5 hello 0");
  move_to (&setup, TERN_ROLE_ARCHIVE);
  script_wait_steps (&setup, G_N_ELEMENTS (archived) - 2);
  script_wait_dump (&setup, "[Gmail]/All Mail/5 hello 0");
  script_tear_down (&setup);

  script_set_up (&setup, deleted);
  script_wait_dump (&setup, "INBOX/1 hello 0\n[Gmail]/All Mail/5 hello 0");
  move_to (&setup, TERN_ROLE_TRASH);
  script_wait_steps (&setup, G_N_ELEMENTS (deleted) - 2);
  script_wait_dump (&setup, "[Gmail]/All Mail/5 hello 0\n[Gmail]/Trash/1 hello 0");
  script_tear_down (&setup);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/gmail/labels", test_labels);
  g_test_add_func ("/engine/gmail/moves", test_moves);
  return g_test_run ();
}
