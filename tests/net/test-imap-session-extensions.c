/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-fixture.h"

#include <string.h>

/* What only some servers have: commands, items and answers of extensions, against scripts. */

/* What a server has is asked for; what it only says it has is not asked for again. */
static void
test_object_ids (void)
{
  static const TernImapFetchItems items = TERN_IMAP_FETCH_FLAGS | TERN_IMAP_FETCH_EMAIL_ID
                                          | TERN_IMAP_FETCH_PREVIEW | TERN_IMAP_FETCH_SAVEDATE;
  static const struct
  {
    const char *caps;
    const char *asked;
    const char *answer;
  } cases[] = {
    { "OBJECTID", "UID FLAGS EMAILID", "EMAILID (M1) " },
    { "X-GM-EXT-1", "UID FLAGS X-GM-MSGID X-GM-LABELS", "X-GM-MSGID 1 " },
    { "X-GM-EXT-1 OBJECTID", "UID FLAGS EMAILID X-GM-LABELS", "EMAILID (M1) " },
    { "PREVIEW=FUZZY PREVIEW", "UID FLAGS PREVIEW (LAZY)", "PREVIEW \"hi\" " },
    { "PREVIEW=FUZZY", "UID FLAGS", "" },
    { "SAVEDATE", "UID FLAGS SAVEDATE", "SAVEDATE \"23-Nov-2026 10:00:00 +0000\" " },
    { "", "UID FLAGS", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (TernImapFixture) fixture;
      g_auto (TernImapResult) fetched = { 0 };
      g_autofree char *asked = g_strdup_printf ("C: %%1 UID FETCH 1:* (%s)", cases[i].asked);
      g_autofree char *answer =
          g_strdup_printf ("S: * 1 FETCH (%sUID 10 FLAGS ())", cases[i].answer);

      tern_imap_fixture_start (&fixture);
      tern_imap_fixture_script (&fixture, cases[i].caps, "SELECTED", asked, answer, "S: %1 OK",
                                "EOF", NULL);
      tern_imap_fixture_open_inbox (&fixture);
      tern_imap_session_fetch_async (fixture.session, "1:*", items, 0, NULL, tern_imap_result_cb,
                                     &fetched);
      tern_imap_result_wait (&fetched);
      g_assert_cmpstr (fixture.heard->str, ==,
                       *cases[i].answer == '\0'  ? "fetch 10 has=1 flags=0\n"
                       : *cases[i].answer == 'P' ? "fetch 10 has=101 flags=0\n"
                       : *cases[i].answer == 'S' ? "fetch 10 has=201 flags=0\n"
                                                 : "fetch 10 has=81 flags=0\n");
      tern_imap_fixture_finish (&fixture);
    }
}

static void
test_object_ids_refused (void)
{
  static const TernImapFetchItems items =
      TERN_IMAP_FETCH_FLAGS | TERN_IMAP_FETCH_EMAIL_ID | TERN_IMAP_FETCH_PREVIEW;
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) first = { 0 };
  g_auto (TernImapResult) second = { 0 };
  g_auto (TernImapResult) listed = { 0 };
  g_auto (TernImapResult) counted = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (
      &fixture, "OBJECTID PREVIEW LIST-EXTENDED LIST-STATUS", "SELECTED",
      "C: %1 UID FETCH 1:9 (UID FLAGS EMAILID PREVIEW (LAZY))",
      "C: %2 UID FETCH 10:* (UID FLAGS EMAILID PREVIEW (LAZY))", "S: %1 BAD what?",
      "C: %3 UID FETCH 1:9 (UID FLAGS)", "S: %2 BAD what?", "C: %4 UID FETCH 10:* (UID FLAGS)",
      "S: * 1 FETCH (UID 10 FLAGS ())", "S: %4 OK", "S: %3 OK",
      "C: %5 LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY"
      " MAILBOXID))",
      "S: %5 BAD what?",
      "C: %6 LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY))",
      "S: * LIST () \"/\" INBOX", "S: * STATUS INBOX (MESSAGES 3 MAILBOXID (F1))", "S: %6 OK",
      "C: %7 STATUS \"INBOX\" (MESSAGES)", "S: %7 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_async (fixture.session, "1:9", items, 0, NULL, tern_imap_result_cb,
                                 &first);
  tern_imap_session_fetch_async (fixture.session, "10:*", items, 0, NULL, tern_imap_result_cb,
                                 &second);
  tern_imap_result_wait (&first);
  tern_imap_result_wait (&second);
  tern_imap_session_list_async (fixture.session, NULL, tern_imap_result_cb, &listed);
  tern_imap_result_wait (&listed);
  tern_imap_session_status_async (fixture.session, "INBOX", NULL, tern_imap_result_cb, &counted);
  tern_imap_result_wait (&counted);
  g_assert_cmpstr (fixture.heard->str, ==,
                   "fetch 10 has=1 flags=0\nlist INBOX /\n"
                   "status INBOX 3 id F1\n");
  tern_imap_fixture_finish (&fixture);
}

/* What cannot be an id breaks other lines: it is asked for no more, and the folders once again. */
static void
test_mailbox_ids_garbled (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) listed = { 0 };
  g_auto (TernImapResult) again = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (
      &fixture, "OBJECTID LIST-EXTENDED LIST-STATUS", "SELECTED",
      "C: %1 LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY"
      " MAILBOXID))",
      "S: * LIST () \"/\" INBOX", "S: * LIST () \"/\" Work",
      "S: * STATUS INBOX (MESSAGES 3 MAILBOXID (a$\177U))",
      "S: * STATUS Work (MESSAGES 4 MAILBOXID (a\"U) UNSEEN 4)", "S: %1 OK",
      "C: %2 LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY))",
      "S: * STATUS Work (MESSAGES 4)", "S: %2 OK",
      "C: %3 LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY))",
      "S: %3 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_list_async (fixture.session, NULL, tern_imap_result_cb, &listed);
  tern_imap_result_wait (&listed);
  tern_imap_session_list_async (fixture.session, NULL, tern_imap_result_cb, &again);
  tern_imap_result_wait (&again);
  g_assert_cmpstr (fixture.heard->str, ==,
                   "list INBOX /\nlist Work /\nstatus INBOX 3\nstatus Work 4\n");
  tern_imap_fixture_finish (&fixture);
}

/* What a server says of itself is one line of clean text, and not without end. */
static void
test_comments (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) first = { 0 };
  g_auto (TernImapResult) second = { 0 };
  GPtrArray *comments;

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (
      &fixture, "METADATA", "SELECTED",
      "C: %1 GETMETADATA (MAXSIZE 2048) \"\" (/shared/comment /shared/admin)",
      "S: * METADATA \"\" (/shared/comment \"Be \342\200\256nice\" /shared/admin NIL"
      " /private/comment \"mine\" \"/shared/admin\" {9}",
      "R: a\rb\nc\001\377\td", "S: )", "S: * METADATA \"\" /shared/comment", "S: %1 OK",
      "C: %2 GETMETADATA (MAXSIZE 2048) \"INBOX\" (/shared/comment /shared/admin)",
      "S: * METADATA INBOX (/shared/comment)", "S: * METADATA INBOX (/shared/comment (a b))",
      "S: * METADATA INBOX (/shared/comment \"  \")",
      "R: * METADATA INBOX (/shared/comment {3000}\r\n", "FILL: 3000 z", "R: )\r\n",
      "S: %2 NO [METADATA NOPRIVATE] no", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_comments_async (fixture.session, "", NULL, tern_imap_result_cb, &first);
  tern_imap_result_wait (&first);
  tern_imap_session_comments_async (fixture.session, "INBOX", NULL, tern_imap_result_cb, &second);
  tern_imap_result_wait_fault (&second, TERN_FAULT_REFUSED);
  comments = tern_imap_session_get_connection (fixture.session)->comments;
  g_assert_cmpuint (comments->len, ==, 3);
  g_assert_cmpstr (comments->pdata[0], ==, "Be nice");
  g_assert_cmpstr (comments->pdata[1], ==, "a b c \357\277\275 d");
  g_assert_cmpuint (strlen (comments->pdata[2]), ==, 500);
  tern_imap_fixture_finish (&fixture);
}

/* Cyrus 3.6 answers STATUS with anything; what SELECT says is of the mailbox that it is about. */
static void
test_mailbox_ids (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) first = { 0 };
  g_auto (TernImapResult) second = { 0 };
  g_auto (TernImapResult) selected = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (
      &fixture, "OBJECTID", "SELECTED", "S: * OK [MAILBOXID (F_1-x)] id",
      "C: %1 STATUS \"A\" (MESSAGES)", "S: * STATUS A (MESSAGES 1 MAILBOXID (F2))",
      "S: * STATUS B (MESSAGES 2 MAILBOXID (\3605P))", "S: * STATUS C (MESSAGES 3 MAILBOXID (F2))",
      "S: %1 OK", "C: %2 STATUS \"A\" (MESSAGES)", "S: * STATUS A (MESSAGES 1 MAILBOXID (F3))",
      "S: %2 OK", "C: %3 SELECT \"A\"", "S: * OK [UIDVALIDITY 3] x", "S: * OK [MAILBOXID (a b)] x",
      "S: %3 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_status_async (fixture.session, "A", NULL, tern_imap_result_cb, &first);
  tern_imap_result_wait (&first);
  g_assert_cmpstr (tern_imap_session_get_mailbox (fixture.session)->mailbox_id, ==, "F_1-x");
  tern_imap_session_status_async (fixture.session, "A", NULL, tern_imap_result_cb, &second);
  tern_imap_result_wait (&second);
  g_assert_cmpstr (fixture.heard->str, ==,
                   "status A 1 id F2\nstatus B 2\nstatus C 3\nstatus A 1\n");
  tern_imap_session_select_async (fixture.session, "A", FALSE, 0, 0, NULL, tern_imap_result_cb,
                                  &selected);
  tern_imap_result_wait (&selected);
  g_assert_null (tern_imap_session_get_mailbox (fixture.session)->mailbox_id);
  tern_imap_fixture_finish (&fixture);
}

static void
test_append_limit_refused (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) listed = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (
      &fixture, "APPENDLIMIT LIST-EXTENDED LIST-STATUS", "SELECTED",
      "C: %t LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY"
      " APPENDLIMIT))",
      "S: %t BAD what?",
      "C: %t LIST \"\" \"*\" RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY))",
      "S: * LIST () \"/\" INBOX", "S: %t OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_list_async (fixture.session, NULL, tern_imap_result_cb, &listed);
  tern_imap_result_wait (&listed);
  g_assert_cmpstr (fixture.heard->str, ==, "list INBOX /\n");
  tern_imap_fixture_finish (&fixture);
}

/* A reply about some of the messages is followed by the question for the others. */
static void
test_message_limit (void)
{
  static const guint32 wanted[] = { 3, 5, 8, 9 };
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) fetched = { 0 };
  g_auto (TernImapResult) found = { 0 };
  g_auto (TernImapResult) moved = { 0 };
  g_auto (TernImapResult) stored = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (
      &fixture, "ESEARCH UIDPLUS MOVE MESSAGELIMIT=2", "SELECTED",
      "C: %t UID FETCH 5:* (UID FLAGS)", "S: * 3 FETCH (UID 30 FLAGS ())",
      "S: * 2 FETCH (UID 20 FLAGS ())", "S: %t OK [MESSAGELIMIT 2 20] some",
      "C: %t UID FETCH 5:19 (UID FLAGS)", "S: * 1 FETCH (UID 10 FLAGS ())", "S: %t OK all",
      /* A search. */
      "C: %1 UID SEARCH RETURN (ALL) UNDELETED", "S: * ESEARCH (TAG \"%1\") UID ALL 8:9",
      "S: %1 OK [MESSAGELIMIT 2 8] some", "C: %2 UID SEARCH RETURN (ALL) UID 1:7 UNDELETED",
      "S: * ESEARCH (TAG \"%2\") UID ALL 3,5", "S: %2 OK all",
      /* What changes messages is not sent as a whole in the first place. */
      "C: %t UID MOVE 10,20 \"X\"", "S: * OK [COPYUID 7 10,20 1,2] moved", "S: %t OK all",
      "C: %t UID MOVE 30 \"X\"", "S: * OK [COPYUID 7 30 3] moved", "S: %t OK all",
      "C: %t UID STORE 1:2 +FLAGS.SILENT (\\Seen)", "S: %t OK [MESSAGELIMIT 2 2] one",
      "C: %t UID STORE 1 +FLAGS.SILENT (\\Seen)", "S: %t OK",
      "C: %t UID STORE 3 +FLAGS.SILENT (\\Seen)", "S: %t OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_async (fixture.session, "5:*", TERN_IMAP_FETCH_FLAGS, 0, NULL,
                                 tern_imap_result_cb, &fetched);
  tern_imap_result_wait (&fetched);
  g_assert_cmpstr (fetched.reply->text, ==, "all");
  g_assert_cmpstr (fixture.heard->str, ==,
                   "fetch 30 has=1 flags=0\nfetch 20 has=1 flags=0\nfetch 10 has=1 flags=0\n");
  tern_imap_session_search_async (fixture.session, "UNDELETED", NULL, tern_imap_result_cb, &found);
  tern_imap_result_wait (&found);
  g_assert_cmpmem (found.reply->uids->data, found.reply->uids->len * sizeof (guint32), wanted,
                   sizeof wanted);
  tern_imap_session_move_async (fixture.session, "10,20,30", "X", NULL, tern_imap_result_cb,
                                &moved);
  tern_imap_result_wait (&moved);
  g_assert_cmpuint (moved.reply->source_uids->len, ==, 3);
  g_assert_cmpuint (g_array_index (moved.reply->target_uids, guint32, 2), ==, 3);
  tern_imap_session_store_async (fixture.session, "1:3", TRUE, TERN_FLAG_SEEN, NULL, NULL,
                                 tern_imap_result_cb, &stored);
  tern_imap_result_wait (&stored);
  tern_imap_fixture_finish (&fixture);
}

/* A server that says that it is still at work is not silent, in whatever form it says so. */
static void
test_in_progress (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) found = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_session_set_silence (fixture.session, 1500);
  tern_imap_fixture_script (&fixture, "INPROGRESS", "SELECTED", "C: %1 UID SEARCH ALL",
                            "QUIET: 600", "S: * OK [INPROGRESS] working", "QUIET: 600",
                            "S: * OK [INPROGRESS (\"%1\" 175 1000)] working", "QUIET: 600",
                            "S: * OK [INPROGRESS (\"A99\" NIL NIL)] working", "QUIET: 600",
                            "S: * OK [INPROGRESS (NIL 3 2 1)] working", "S: * SEARCH 10",
                            "S: %1 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_search_async (fixture.session, "ALL", NULL, tern_imap_result_cb, &found);
  tern_imap_result_wait (&found);
  g_assert_cmpuint (found.reply->uids->len, ==, 1);
  g_assert_true (
      tern_connection_has_used (tern_imap_session_get_connection (fixture.session), "INPROGRESS"));
  tern_imap_fixture_finish (&fixture);
}

/* One that names no limit beforehand is believed when it does; one that leaves something out and
 * does not say what, or says what cannot be, has not done what it was asked for. */
static void
test_message_limit_unsaid (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) copied = { 0 };
  g_auto (TernImapResult) unsaid = { 0 };
  g_auto (TernImapResult) above = { 0 };
  g_auto (TernImapResult) again = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (
      &fixture, "UIDPLUS", "SELECTED", "C: %t UID COPY 10,20,30 \"X\"",
      "S: %t NO [MESSAGELIMIT 2] only two", "C: %t UID COPY 10,20 \"X\"", "S: %t OK",
      "C: %t UID COPY 30 \"X\"", "S: %t NO [MESSAGELIMIT 2] not even one", "C: %t UID SEARCH ALL",
      "S: * SEARCH 20 30", "S: %t OK [MESSAGELIMIT 2] 10", "C: %t UID FETCH 10:20 (UID FLAGS)",
      "S: %t OK [MESSAGELIMIT 2 21] some", "C: %t UID FETCH 10:20 (UID FLAGS)",
      "S: %t OK [MESSAGELIMIT 2 15] some", "C: %t UID FETCH 10:14 (UID FLAGS)",
      "S: %t OK [MESSAGELIMIT 2 10] all there is", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_copy_async (fixture.session, "10,20,30", "X", NULL, tern_imap_result_cb,
                                &copied);
  tern_imap_result_wait_fault (&copied, TERN_FAULT_REFUSED);
  tern_imap_session_search_async (fixture.session, "ALL", NULL, tern_imap_result_cb, &unsaid);
  tern_imap_result_wait_fault (&unsaid, TERN_FAULT_REFUSED);
  tern_imap_session_fetch_async (fixture.session, "10:20", TERN_IMAP_FETCH_FLAGS, 0, NULL,
                                 tern_imap_result_cb, &above);
  tern_imap_result_wait_fault (&above, TERN_FAULT_REFUSED);
  tern_imap_session_fetch_async (fixture.session, "10:20", TERN_IMAP_FETCH_FLAGS, 0, NULL,
                                 tern_imap_result_cb, &again);
  tern_imap_result_wait (&again);
  tern_imap_fixture_finish (&fixture);
}

static void
list_and_open (TernImapFixture *fixture)
{
  static const char *const names[] = { "Gr&APw-n", "R&-D", "&APw--" };
  g_auto (TernImapResult) listed = { 0 };
  g_auto (TernImapResult) moved = { 0 };
  g_auto (TernImapResult) renamed = { 0 };
  GError *error = tern_imap_fixture_open (fixture);

  g_assert_no_error (error);
  tern_imap_session_list_async (fixture->session, NULL, tern_imap_result_cb, &listed);
  tern_imap_result_wait (&listed);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_auto (TernImapResult) selected = { 0 };

      tern_imap_session_select_async (fixture->session, names[i], FALSE, 0, 0, NULL,
                                      tern_imap_result_cb, &selected);
      tern_imap_result_wait (&selected);
      g_assert_cmpstr (tern_imap_session_get_mailbox (fixture->session)->name, ==, names[i]);
    }
  tern_imap_session_copy_async (fixture->session, "1", "R&-D", NULL, tern_imap_result_cb, &moved);
  tern_imap_result_wait (&moved);
  tern_imap_session_rename_async (fixture->session, "R&-D", "&-", NULL, tern_imap_result_cb,
                                  &renamed);
  tern_imap_result_wait (&renamed);
  g_assert_cmpstr (fixture->heard->str, ==,
                   "list Gr&APw-n / subscribed\nstatus Gr&APw-n 3\n"
                   "list R&-D / subscribed\nstatus R&-D 3\n"
                   "list &APw-- / subscribed\nstatus &APw-- 3\n");
}

#define LIST_IN(name) \
  "S: * LIST (\\Subscribed) \"/\" \"" name "\"", "S: * STATUS \"" name "\" (MESSAGES 3)"
#define SELECT_IN(name)                                                                  \
  "C: %t SELECT \"" name "\"", "S: * LIST () \"/\" \"" name "\"", "S: * FLAGS (\\Seen)", \
      "S: * OK [UIDVALIDITY 77] x", "S: %t OK selected"
#define NAMES_IN_UTF8                                                                          \
  "C: %t LIST *", LIST_IN ("Gr\303\274n"), LIST_IN ("R&D"), LIST_IN ("\303\274-"), "S: %t OK", \
      SELECT_IN ("Gr\303\274n"), SELECT_IN ("R&D"), SELECT_IN ("\303\274-"),                   \
      "C: %t UID COPY 1 \"R&D\"", "S: %t OK", "C: %t RENAME \"R&D\" \"&\"", "S: %t OK", "EOF"
#define NAMES_IN_UTF7                                                                     \
  "C: %t LIST *", LIST_IN ("Gr&APw-n"), LIST_IN ("R&-D"), LIST_IN ("&APw--"), "S: %t OK", \
      SELECT_IN ("Gr&APw-n"), SELECT_IN ("R&-D"), SELECT_IN ("&APw--"),                   \
      "C: %t UID COPY 1 \"R&-D\"", "S: %t OK", "C: %t RENAME \"R&-D\" \"&-\"", "S: %t OK", "EOF"

/* A folder has one name here, in whatever the server writes it; that is what the server says, not
 * what it announced. What IMAP4rev2 says of the folder that it opens is no news. */
static void
test_names (void)
{
#define LISTS " LIST-EXTENDED LIST-STATUS"
  static const char *const plain[] = { "IMAP4rev1" LISTS, NAMES_IN_UTF7, NULL };
  static const char *const accept[] = { "IMAP4rev1 ENABLE UTF8=ACCEPT" LISTS,
                                        "C: %t ENABLE UTF8=ACCEPT",
                                        "S: * ENABLED UTF8=ACCEPT",
                                        "S: %t OK",
                                        NAMES_IN_UTF8,
                                        NULL };
  static const char *const both[] = { "IMAP4rev1 IMAP4rev2 UTF8=ACCEPT",
                                      "C: %1 ENABLE IMAP4rev2",
                                      "C: %2 NAMESPACE",
                                      "S: * ENABLED IMAP4rev2",
                                      "S: %1 OK",
                                      "S: %2 OK",
                                      NAMES_IN_UTF8,
                                      NULL };
  static const char *const only[] = { "IMAP4rev2", "C: %1 ENABLE IMAP4rev2", "C: %2 NAMESPACE",
                                      "S: %1 OK",  "S: %2 NO nothing",       NAMES_IN_UTF8,
                                      NULL };
  static const char *const silent[] = { "IMAP4rev1 ENABLE UTF8=ACCEPT" LISTS,
                                        "C: %t ENABLE UTF8=ACCEPT", "S: %t OK", NAMES_IN_UTF7,
                                        NULL };
  static const char *const refusing[] = { "IMAP4rev1 ENABLE QRESYNC UTF8=ACCEPT" LISTS,
                                          "C: %t ENABLE CONDSTORE QRESYNC UTF8=ACCEPT",
                                          "S: %t BAD what?",
                                          "C: %t ENABLE CONDSTORE QRESYNC",
                                          "S: * ENABLED CONDSTORE QRESYNC",
                                          "S: %t OK",
                                          "C: %t LIST *",
                                          LIST_IN ("Gr&APw-n"),
                                          "S: %t OK",
                                          "EOF",
                                          NULL };
  const char *const *const cases[] = { plain, accept, both, only, silent, refusing };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (TernImapFixture) fixture;
      g_autoptr (GPtrArray) steps = g_ptr_array_new_with_free_func (g_free);

      tern_imap_fixture_start (&fixture);
      g_ptr_array_add (
          steps, g_strdup_printf ("S: * OK [CAPABILITY %s SASL-IR AUTH=PLAIN] hi", cases[i][0]));
      g_ptr_array_add (steps, g_strdup ("C: %t AUTHENTICATE PLAIN AGFubmEAc2VjcmV0"));
      g_ptr_array_add (steps, g_strdup_printf ("S: %%t OK [CAPABILITY %s] in", cases[i][0]));
      for (guint j = 1; cases[i][j] != NULL; j++)
        g_ptr_array_add (steps, g_strdup (cases[i][j]));
      g_ptr_array_add (steps, NULL);
      tern_script_server_addv (fixture.server, (const char *const *) steps->pdata);
      if (cases[i] == refusing)
        {
          g_auto (TernImapResult) listed = { 0 };
          GError *error = tern_imap_fixture_open (&fixture);

          g_assert_no_error (error);
          tern_imap_session_list_async (fixture.session, NULL, tern_imap_result_cb, &listed);
          tern_imap_result_wait (&listed);
          g_assert_cmpstr (fixture.heard->str, ==,
                           "list Gr&APw-n / subscribed\n"
                           "status Gr&APw-n 3\n");
        }
      else
        list_and_open (&fixture);
      tern_imap_fixture_finish (&fixture);
    }
}

/* RFC 6855 wants a message with UTF-8 in its header marked, RFC 9755 has no mark for it. */
static void
test_append_utf8 (void)
{
  static const char plain[] = "Subject: x\r\n\r\n\303\274\r\n";
  static const char utf8[] = "Subject: \303\274\r\n\r\nx\r\n";
  g_autoptr (GBytes) plain_message = g_bytes_new_static (plain, strlen (plain));
  g_autoptr (GBytes) utf8_message = g_bytes_new_static (utf8, strlen (utf8));
  g_auto (TernImapFixture) fixture;
  GBytes *const messages[] = { plain_message, utf8_message, utf8_message, utf8_message };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (
      &fixture, "LITERAL+ ENABLE UTF8=ACCEPT", "C: %t ENABLE UTF8=ACCEPT",
      "S: * ENABLED UTF8=ACCEPT", "S: %t OK", "C: %t APPEND \"Sent\" () {18+}", "C: Subject: x",
      "C: ", "C: \303\274", "C: ", "S: %t OK", "C: %t APPEND \"Sent\" () UTF8 (~{18+}",
      "C: Subject: \303\274", "C: ", "C: x", "C: )", "S: %t OK",
      "C: %t APPEND \"Sent\" () UTF8 (~{18+}", "C: Subject: \303\274", "C: ", "C: x", "C: )",
      "S: %t BAD no such thing", "C: %t APPEND \"Sent\" () {18+}", "C: Subject: \303\274",
      "C: ", "C: x", "C: ", "S: %t OK", "C: %t APPEND \"Sent\" () {18+}", "C: Subject: \303\274",
      "C: ", "C: x", "C: ", "S: %t OK", "EOF", NULL);
  g_assert_null (tern_imap_fixture_open (&fixture));
  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      g_auto (TernImapResult) appended = { 0 };

      tern_imap_session_append_async (fixture.session, "Sent", messages[i], 0, NULL, 0, NULL,
                                      tern_imap_result_cb, &appended);
      tern_imap_result_wait (&appended);
    }
  tern_imap_fixture_finish (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/session/names", test_names);
  g_test_add_func ("/imap/session/in-progress", test_in_progress);
  g_test_add_func ("/imap/session/message-limit", test_message_limit);
  g_test_add_func ("/imap/session/mailbox-ids", test_mailbox_ids);
  g_test_add_func ("/imap/session/comments", test_comments);
  g_test_add_func ("/imap/session/message-limit-unsaid", test_message_limit_unsaid);
  g_test_add_func ("/imap/session/append-utf8", test_append_utf8);
  g_test_add_func ("/imap/session/object-ids", test_object_ids);
  g_test_add_func ("/imap/session/object-ids-refused", test_object_ids_refused);
  g_test_add_func ("/imap/session/mailbox-ids-garbled", test_mailbox_ids_garbled);
  g_test_add_func ("/imap/session/append-limit-refused", test_append_limit_refused);
  return g_test_run ();
}
