/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-fixture.h"

#include <string.h>
#include <sys/resource.h>

/* Commands and what servers say meanwhile, against scripts. */

static void
start (TernImapFixture *fixture)
{
  tern_imap_fixture_init (fixture, TERN_SECURITY_TLS);
}

/* Lets the script come to its end: the session hangs up, the server was content. */
static void
finish (TernImapFixture *fixture)
{
  g_clear_object (&fixture->session);
  tern_script_server_finish (fixture->server, 1);
}

/* Data that nobody asked for, in the middle of something else, goes where it belongs. */
static void
test_unsolicited (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) all = { 0 };
  g_auto (TernImapResult) noop = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID SEARCH ALL",
                            "S: * SEARCH 10 20 30", "S: %1 OK", "C: %2 NOOP",
                            /* 20 goes, 30 becomes number 2, and a fourth comes. */
                            "S: * 2 EXPUNGE", "S: * 2 FETCH (FLAGS (\\Seen))", "S: * 3 EXISTS",
                            "S: * 1 FETCH (UID 10 FLAGS (\\Flagged))", "S: * 9 FETCH (FLAGS ())",
                            "S: * OK [ALERT] Over quota soon", "S: * LIST () \"/\" New",
                            "S: * STATUS X (MESSAGES 4)", "S: %2 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_search_async (fixture.session, "ALL", NULL, tern_imap_result_cb, &all);
  tern_imap_result_wait (&all);
  g_assert_cmpuint (all.reply->uids->len, ==, 3);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait (&noop);
  g_assert_cmpstr (fixture.heard->str, ==,
                   "vanished 20\nfetch 30 has=1 flags=1\nexists 3\nfetch 10 has=1 flags=4\n"
                   "alert Over quota soon\nlist New / unknown\nstatus X 4\n");
  finish (&fixture);
}

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

      start (&fixture);
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
      finish (&fixture);
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

  start (&fixture);
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
  finish (&fixture);
}

/* What cannot be an id breaks other lines: it is asked for no more, and the folders once again. */
static void
test_mailbox_ids_garbled (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) listed = { 0 };
  g_auto (TernImapResult) again = { 0 };

  start (&fixture);
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
  finish (&fixture);
}

/* What a server says of itself is one line of clean text, and not without end. */
static void
test_comments (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) first = { 0 };
  g_auto (TernImapResult) second = { 0 };
  GPtrArray *comments;

  start (&fixture);
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
  finish (&fixture);
}

/* Cyrus 3.6 answers STATUS with anything; what SELECT says is of the mailbox that it is about. */
static void
test_mailbox_ids (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) first = { 0 };
  g_auto (TernImapResult) second = { 0 };
  g_auto (TernImapResult) selected = { 0 };

  start (&fixture);
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
  finish (&fixture);
}

static void
test_append_limit_refused (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) listed = { 0 };

  start (&fixture);
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
  finish (&fixture);
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

  start (&fixture);
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
  finish (&fixture);
}

/* A server that says that it is still at work is not silent, in whatever form it says so. */
static void
test_in_progress (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) found = { 0 };

  start (&fixture);
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
  finish (&fixture);
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

  start (&fixture);
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
  finish (&fixture);
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

      start (&fixture);
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
      finish (&fixture);
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

  start (&fixture);
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
  finish (&fixture);
}

/* An EXPUNGE of a message whose UID was never told is still heard of. */
static void
test_expunge_unknown (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) noop = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %t NOOP", "S: * 1 EXPUNGE",
                            "S: * 7 EXPUNGE", "S: %t OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait (&noop);
  g_assert_cmpstr (fixture.heard->str, ==, "exists 2\n");
  g_assert_cmpuint (tern_imap_session_get_mailbox (fixture.session)->exists, ==, 2);
  finish (&fixture);
}

/* Sent together, answered in another order; each gets what is its own. */
static void
test_pipelining (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) a = { 0 };
  g_auto (TernImapResult) b = { 0 };
  g_auto (TernImapResult) c = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[1])",
                            "C: %2 UID FETCH 20 (UID BODY.PEEK[1])",
                            "C: %3 UID STORE 10 +FLAGS.SILENT (\\Seen)",
                            "S: * 2 FETCH (UID 20 BODY[1] {3}", "S: two FLAGS ())",
                            "S: * 1 FETCH (BODY[1] \"one\" UID 10)", "S: %3 OK stored",
                            "S: %2 OK second", "S: %1 OK first", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "1", 0, NULL, tern_imap_result_cb, &a);
  tern_imap_session_fetch_body_async (fixture.session, 20, "1", 0, NULL, tern_imap_result_cb, &b);
  tern_imap_session_store_async (fixture.session, "10", TRUE, TERN_FLAG_SEEN, NULL, NULL,
                                 tern_imap_result_cb, &c);
  tern_imap_result_wait (&a);
  tern_imap_result_wait (&b);
  tern_imap_result_wait (&c);
  g_assert_cmpmem (g_bytes_get_data (a.reply->body, NULL), g_bytes_get_size (a.reply->body), "one",
                   3);
  g_assert_cmpmem (g_bytes_get_data (b.reply->body, NULL), g_bytes_get_size (b.reply->body), "two",
                   3);
  g_assert_cmpstr (a.reply->text, ==, "first");
  g_assert_cmpstr (fixture.heard->str, ==, "fetch 20 has=1 flags=0\n");
  finish (&fixture);
}

/* The rules of may_send(), seen from the server: nothing comes while it should not. */
static void
test_order (void)
{
  g_auto (TernImapFixture) fixture;
  TernImapResult results[5] = { 0 };

  start (&fixture);
  tern_imap_fixture_script (
      &fixture, "MOVE", "SELECTED", "C: %1 UID FETCH 1:* (UID FLAGS)", "QUIET: 50", "S: %1 OK",
      "C: %2 UID MOVE 10 \"Trash\"", "QUIET: 50", "S: * OK [COPYUID 5 10 99] moved",
      "S: * 1 EXPUNGE", "S: %2 OK", "C: %3 SELECT \"Sent\"", "QUIET: 50", "S: * 0 EXISTS",
      "S: * OK [UIDVALIDITY 9] x", "S: %3 OK", "C: %4 UID FETCH 1:* (UID FLAGS)", "C: %5 NOOP",
      "S: %4 OK", "S: %5 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_async (fixture.session, "1:*", TERN_IMAP_FETCH_FLAGS, 0, NULL,
                                 tern_imap_result_cb, &results[0]);
  tern_imap_session_move_async (fixture.session, "10", "Trash", NULL, tern_imap_result_cb,
                                &results[1]);
  tern_imap_session_select_async (fixture.session, "Sent", FALSE, 0, 0, NULL, tern_imap_result_cb,
                                  &results[2]);
  tern_imap_session_fetch_async (fixture.session, "1:*", TERN_IMAP_FETCH_FLAGS, 0, NULL,
                                 tern_imap_result_cb, &results[3]);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &results[4]);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    tern_imap_result_wait (&results[i]);
  g_assert_cmpuint (results[1].reply->uidvalidity, ==, 5);
  g_assert_cmpuint (g_array_index (results[1].reply->source_uids, guint32, 0), ==, 10);
  g_assert_cmpuint (g_array_index (results[1].reply->target_uids, guint32, 0), ==, 99);
  g_assert_cmpuint (tern_imap_session_get_mailbox (fixture.session)->uidvalidity, ==, 9);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    tern_imap_result_clear (&results[i]);
  finish (&fixture);
}

/* A SELECT that fails takes with it what was meant for its mailbox, and nothing else. */
static void
test_select_fails (void)
{
  g_auto (TernImapFixture) fixture;
  TernImapResult results[4] = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %t SELECT \"Gone\"",
                            "S: %t NO [NONEXISTENT] no such thing", "C: %t NOOP", "S: %t OK",
                            "C: %t SELECT \"INBOX\"", "S: * 0 EXISTS", "S: %t OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_select_async (fixture.session, "Gone", FALSE, 0, 0, NULL, tern_imap_result_cb,
                                  &results[0]);
  tern_imap_session_expunge_async (fixture.session, "1:*", NULL, tern_imap_result_cb, &results[1]);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &results[2]);
  tern_imap_result_wait_fault (&results[0], TERN_FAULT_NOT_FOUND);
  g_assert_cmpint (tern_fault_get_scope (results[0].error), ==, TERN_SCOPE_FOLDER);
  tern_imap_result_wait_fault (&results[1], TERN_FAULT_REFUSED);
  tern_imap_result_wait (&results[2]);
  g_assert_null (tern_imap_session_get_mailbox (fixture.session));
  /* The one that was open before is not open any more. */
  tern_imap_session_select_async (fixture.session, "INBOX", FALSE, 0, 0, NULL, tern_imap_result_cb,
                                  &results[3]);
  tern_imap_result_wait (&results[3]);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    tern_imap_result_clear (&results[i]);
  finish (&fixture);
}

/* The same again costs nothing. */
static void
test_select_twice (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) again = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_select_async (fixture.session, "INBOX", FALSE, 0, 0, NULL, tern_imap_result_cb,
                                  &again);
  tern_imap_result_wait (&again);
  finish (&fixture);
}

/* With QRESYNC: what is said before [CLOSED] is still about the old mailbox. */
static void
test_qresync (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) selected = { 0 };

  start (&fixture);
  tern_imap_fixture_script (
      &fixture, "ENABLE CONDSTORE QRESYNC", "C: %t ENABLE CONDSTORE QRESYNC",
      "S: * ENABLED CONDSTORE QRESYNC", "S: %t OK", "SELECTED",
      "C: %t SELECT \"Sent\" (QRESYNC (9 100))", "S: * VANISHED 5", "S: * OK [CLOSED] x",
      "S: * 2 EXISTS", "S: * OK [UIDVALIDITY 9] x", "S: * OK [UIDNEXT 8] x",
      "S: * OK [HIGHESTMODSEQ 120] x", "S: * VANISHED (EARLIER) 1:3,6:4000000000",
      "S: * 1 FETCH (UID 4 FLAGS (\\Seen) MODSEQ (110))", "S: %t OK [READ-WRITE] x", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_select_async (fixture.session, "Sent", FALSE, 9, 100, NULL, tern_imap_result_cb,
                                  &selected);
  tern_imap_result_wait (&selected);
  g_assert_cmpstr (fixture.heard->str, ==,
                   "vanished 5\nexists 2\nearlier 1:3,6:7\nfetch 4 has=41 flags=1\n");
  g_assert_cmpuint (tern_imap_session_get_mailbox (fixture.session)->modseq, ==, 120);
  g_assert_cmpuint (tern_imap_session_get_mailbox (fixture.session)->exists, ==, 2);
  finish (&fixture);
}

/* QRESYNC without [CLOSED]: not as it should be, and nothing is lost by it. */
static void
test_qresync_not_closed (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) selected = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "ENABLE CONDSTORE QRESYNC", "C: %t ENABLE CONDSTORE QRESYNC",
                            "S: * ENABLED CONDSTORE QRESYNC", "S: %t OK", "SELECTED",
                            "C: %t SELECT \"Sent\" (CONDSTORE)", "S: * FLAGS (\\Seen)",
                            "S: * 2 EXISTS", "S: * OK [UIDVALIDITY 9] x", "S: %t OK [READ-WRITE] x",
                            "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_select_async (fixture.session, "Sent", FALSE, 0, 0, NULL, tern_imap_result_cb,
                                  &selected);
  tern_imap_result_wait (&selected);
  g_assert_cmpstr (tern_imap_session_get_mailbox (fixture.session)->name, ==, "Sent");
  g_assert_cmpuint (tern_imap_session_get_mailbox (fixture.session)->exists, ==, 2);
  g_assert_cmpuint (tern_imap_session_get_mailbox (fixture.session)->uidvalidity, ==, 9);
  finish (&fixture);
}

/* Before it is open there is nothing to give a command to. */
static void
test_too_early (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) before = { 0 };
  g_auto (TernImapResult) meanwhile = { 0 };
  GAsyncReadyCallback ignore = NULL;

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "STALL", NULL);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &before);
  tern_imap_result_wait_fault (&before, TERN_FAULT_DISCONNECTED);
  tern_imap_session_open_async (fixture.session, NULL, ignore, NULL);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &meanwhile);
  tern_imap_result_wait_fault (&meanwhile, TERN_FAULT_DISCONNECTED);
  tern_test_wait_until (tern_imap_session_get_state (fixture.session) == TERN_IMAP_AUTHENTICATED);
  finish (&fixture);
}

/* Nothing that is asked for can become a second command. */
static void
test_line_break (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) search = { 0 };
  g_auto (TernImapResult) created = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "LITERAL+", "SELECTED", "C: %1 CREATE {11+}", "LIT: *",
                            "C: ", "S: %1 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_search_async (fixture.session, "SUBJECT x\r\nA9 DELETE INBOX", NULL,
                                  tern_imap_result_cb, &search);
  tern_imap_result_wait_fault (&search, TERN_FAULT_INVALID);
  tern_imap_session_create_async (fixture.session, "a\r\nb LOGOUT", TERN_ROLE_NONE, NULL,
                                  tern_imap_result_cb, &created);
  tern_imap_result_wait (&created);
  finish (&fixture);
}

/* A server that asks for patience gets it. */
static void
test_throttled (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) a = { 0 };
  g_auto (TernImapResult) b = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "C: %1 NOOP", "S: %1 NO [THROTTLED] slowly", "QUIET: 500",
                            "C: %2 NOOP", "S: %2 OK", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &a);
  tern_imap_result_wait_fault (&a, TERN_FAULT_UNAVAILABLE);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &b);
  tern_imap_result_wait (&b);
  finish (&fixture);
}

/* --- literals ------------------------------------------------------------------------------ */

static void
test_append (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) a = { 0 };
  g_auto (TernImapResult) b = { 0 };
  g_autoptr (GBytes) message = g_bytes_new_static ("Subject: x\r\n\r\nhi", 16);

  start (&fixture);
  tern_imap_fixture_script (
      &fixture, "UIDPLUS", "C: %1 APPEND \"Sent\" (\\Seen) \" 2-Jan-1970 00:00:00 +0000\" {16}",
      "QUIET: 50", "S: + go", "LIT: Subject: x*hi", "C: ", "S: %1 OK [APPENDUID 7 42] x",
      "C: %2 APPEND {7}", "S: + go", "LIT: a*", "C:  () {16}", "S: + go", "LIT: *",
      "C: ", "S: %2 NO [OVERQUOTA] full", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_append_async (fixture.session, "Sent", message, TERN_FLAG_SEEN, NULL, 86400,
                                  NULL, tern_imap_result_cb, &a);
  tern_imap_result_wait (&a);
  g_assert_cmpuint (a.reply->uid, ==, 42);
  g_assert_cmpuint (a.reply->uidvalidity, ==, 7);
  tern_imap_session_append_async (fixture.session, "a\xc3\xa4\xc3\xa4\xc3\xa4", message, 0, NULL, 0,
                                  NULL, tern_imap_result_cb, &b);
  tern_imap_result_wait_fault (&b, TERN_FAULT_LIMIT);
  g_assert_cmpstr (tern_fault_get_server_text (b.error), ==, "full");
  finish (&fixture);
}

static void
test_append_literal_plus (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) a = { 0 };
  g_autoptr (GBytes) message = g_bytes_new_static ("Subject: x\r\n\r\nhi", 16);

  start (&fixture);
  tern_imap_fixture_script (&fixture, "LITERAL+", "C: %1 APPEND \"Sent\" () {16+}", "LIT: *hi",
                            "C: ", "S: %1 OK x", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_append_async (fixture.session, "Sent", message, 0, NULL, 0, NULL,
                                  tern_imap_result_cb, &a);
  tern_imap_result_wait (&a);
  g_assert_cmpuint (a.reply->uid, ==, 0);
  finish (&fixture);
}

/* The server does not want the literal: then it is not sent, and the next command works. */
static void
test_append_refused (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) a = { 0 };
  g_auto (TernImapResult) b = { 0 };
  g_autoptr (GBytes) message = g_bytes_new_static ("Subject: x\r\n\r\nhi", 16);

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "C: %1 APPEND \"Sent\" () {16}", "S: %1 NO [TOOBIG] no",
                            "C: %2 NOOP", "S: %2 OK", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_append_async (fixture.session, "Sent", message, 0, NULL, 0, NULL,
                                  tern_imap_result_cb, &a);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &b);
  tern_imap_result_wait_fault (&a, TERN_FAULT_LIMIT);
  tern_imap_result_wait (&b);
  finish (&fixture);
}

static void
test_large_body (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) body = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %t UID FETCH 10 (UID BODY.PEEK[])",
                            "R: * 1 FETCH (BODY[] {3000000}\r\n", "FILL: 3000000 y",
                            "S:  UID 10 FLAGS (\\Seen))", "S: %t OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "", 0, NULL, tern_imap_result_cb, &body);
  tern_imap_result_wait (&body);
  g_assert_cmpuint (g_bytes_get_size (body.reply->body), ==, 3000000);
  g_assert_cmpint (((const char *) g_bytes_get_data (body.reply->body, NULL))[2999999], ==, 'y');
  finish (&fixture);
}

static void
test_body_gone (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) body = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %t UID FETCH 10 (UID BODY.PEEK[])",
                            "S: %t OK nothing there", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "", 0, NULL, tern_imap_result_cb, &body);
  tern_imap_result_wait (&body);
  g_assert_null (body.reply->body);
  finish (&fixture);
}

static void
test_close_in_literal (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) body = { 0 };
  g_auto (TernImapResult) noop = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[])",
                            "R: * 1 FETCH (UID 10 BODY[] {100000}\r\n", "FILL: 5000 y", "CUT",
                            NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "", 0, NULL, tern_imap_result_cb, &body);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait_fault (&body, TERN_FAULT_DISCONNECTED);
  tern_imap_result_wait_fault (&noop, TERN_FAULT_DISCONNECTED);
  tern_test_wait_until (fixture.closed == 1);
  g_assert_error (fixture.closed_error, TERN_FAULT, TERN_FAULT_DISCONNECTED);
  finish (&fixture);
}

/* --- servers that misbehave ---------------------------------------------------------------- */

static void
test_no_and_bad (void)
{
  static const struct
  {
    const char *answer;
    TernFaultCode fault;
  } cases[] = {
    { "S: %t NO sorry", TERN_FAULT_REFUSED },
    { "S: %t NO [NOPERM] not you", TERN_FAULT_RIGHTS },
    { "S: %t NO [TRYCREATE] what folder", TERN_FAULT_NOT_FOUND },
    { "S: %t NO [OVERQUOTA] full", TERN_FAULT_LIMIT },
    { "S: %t NO [INUSE] locked", TERN_FAULT_UNAVAILABLE },
    { "S: %t BAD what", TERN_FAULT_PROTOCOL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (TernImapFixture) fixture;
      g_auto (TernImapResult) copy = { 0 };
      g_auto (TernImapResult) noop = { 0 };

      start (&fixture);
      tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %t UID COPY 10 \"X\"",
                                cases[i].answer, "C: %t NOOP", "S: %t OK", "EOF", NULL);
      tern_imap_fixture_open_inbox (&fixture);
      tern_imap_session_copy_async (fixture.session, "10", "X", NULL, tern_imap_result_cb, &copy);
      tern_imap_result_wait_fault (&copy, cases[i].fault);
      tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
      tern_imap_result_wait (&noop);
      finish (&fixture);
    }
}

/* What is done with mailboxes; names are quoted, and none is taken for another. */
static void
test_mailboxes (void)
{
  g_auto (TernImapFixture) fixture;
  TernImapResult results[7] = { 0 };

  start (&fixture);
  tern_imap_fixture_script (
      &fixture, "CREATE-SPECIAL-USE", "C: %t CREATE \"Old mail\" (USE (\\Archive))", "S: %t OK",
      "C: %t RENAME \"a b\" \"say \\\"x\\\"\"", "S: %t NO exists", "C: %t DELETE \"a&-b\"",
      "S: %t OK", "C: %t SUBSCRIBE \"a\"", "S: %t OK", "C: %t UNSUBSCRIBE \"a\"", "S: %t OK",
      "C: %t LIST \"\" \"a*\"", "S: * LIST () \"/\" \"ab\"", "S: %t OK", "C: %t LIST \"\" \"a\"",
      "S: * LIST (\\Noselect) \"/\" \"a\"", "S: %t OK", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_create_async (fixture.session, "Old mail", TERN_ROLE_ARCHIVE, NULL,
                                  tern_imap_result_cb, &results[0]);
  tern_imap_result_wait (&results[0]);
  tern_imap_session_rename_async (fixture.session, "a b", "say \"x\"", NULL, tern_imap_result_cb,
                                  &results[1]);
  tern_imap_result_wait_fault (&results[1], TERN_FAULT_REFUSED);
  tern_imap_session_delete_async (fixture.session, "a&-b", NULL, tern_imap_result_cb, &results[2]);
  tern_imap_result_wait (&results[2]);
  tern_imap_session_subscribe_async (fixture.session, "a", TRUE, NULL, tern_imap_result_cb,
                                     &results[3]);
  tern_imap_result_wait (&results[3]);
  tern_imap_session_subscribe_async (fixture.session, "a", FALSE, NULL, tern_imap_result_cb,
                                     &results[4]);
  tern_imap_result_wait (&results[4]);
  tern_imap_session_look_async (fixture.session, "a*", NULL, tern_imap_result_cb, &results[5]);
  tern_imap_result_wait (&results[5]);
  g_assert_false (results[5].reply->listed);
  tern_imap_session_look_async (fixture.session, "a", NULL, tern_imap_result_cb, &results[6]);
  tern_imap_result_wait (&results[6]);
  g_assert_true (results[6].reply->listed);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    tern_imap_result_clear (&results[i]);
  finish (&fixture);
}

/* NO to everything after the login: each command says so, and nothing hangs. */
static void
test_no_to_all (void)
{
  g_auto (TernImapFixture) fixture;
  TernImapResult results[6] = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "ENABLE CONDSTORE ID NAMESPACE LITERAL+ IDLE",
                            "EACH: %t NO never", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_list_async (fixture.session, NULL, tern_imap_result_cb, &results[0]);
  tern_imap_session_select_async (fixture.session, "INBOX", FALSE, 0, 0, NULL, tern_imap_result_cb,
                                  &results[1]);
  tern_imap_session_status_async (fixture.session, "INBOX", NULL, tern_imap_result_cb, &results[2]);
  tern_imap_session_create_async (fixture.session, "X", TERN_ROLE_NONE, NULL, tern_imap_result_cb,
                                  &results[3]);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &results[4]);
  tern_imap_session_fetch_async (fixture.session, "1:*", TERN_IMAP_FETCH_FLAGS, 0, NULL,
                                 tern_imap_result_cb, &results[5]);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      tern_imap_result_wait_fault (&results[i], TERN_FAULT_REFUSED);
      tern_imap_result_clear (&results[i]);
    }
  finish (&fixture);
}

/* Three things in a row that are not IMAP end it; one or two do not. */
static void
test_garbage (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) noop = { 0 };
  g_auto (TernImapResult) more = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "C: %t NOOP", "S: what is this", "S: * (", "S: * OK fine",
                            "S: * (", "S: %t OK", "C: %t NOOP", "S: a b c", "S: * (", "S: * \"",
                            "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait (&noop);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &more);
  tern_imap_result_wait_fault (&more, TERN_FAULT_DISCONNECTED);
  g_assert_error (fixture.closed_error, TERN_FAULT, TERN_FAULT_PROTOCOL);
  finish (&fixture);
}

/* Ten megabytes in one line are passed over; the command beside it is answered. */
static void
test_long_line (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) noop = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "C: %t NOOP", "R: * OK ", "FILL: 10485760 x", "R: \r\n",
                            "S: %t OK", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait (&noop);
  finish (&fixture);
}

static void
test_silence (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) noop = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "STALL", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_set_silence (fixture.session, 200);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait_fault (&noop, TERN_FAULT_DISCONNECTED);
  g_assert_error (fixture.closed_error, TERN_FAULT, TERN_FAULT_TIMED_OUT);
  finish (&fixture);
}

static void
test_bye (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) noop = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "C: %t NOOP", "S: * BYE going down", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait_fault (&noop, TERN_FAULT_DISCONNECTED);
  g_assert_cmpuint (fixture.closed, ==, 1);
  g_assert_error (fixture.closed_error, TERN_FAULT, TERN_FAULT_UNAVAILABLE);
  g_assert_cmpstr (tern_fault_get_server_text (fixture.closed_error), ==, "going down");
  finish (&fixture);
}

static void
test_close (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) late = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "C: %t LOGOUT", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_close (fixture.session);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &late);
  tern_imap_result_wait_fault (&late, TERN_FAULT_DISCONNECTED);
  tern_test_wait_until (fixture.closed == 1);
  g_assert_no_error (fixture.closed_error);
  finish (&fixture);
}

/* --- LIST ---------------------------------------------------------------------------------- */

static void
test_list_extended (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) listed = { 0 };

  start (&fixture);
  tern_imap_fixture_script (
      &fixture, "LIST-EXTENDED LIST-STATUS SPECIAL-USE",
      "C: %t LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UNSEEN UIDNEXT "
      "UIDVALIDITY))",
      "S: * LIST (\\Subscribed) \"/\" INBOX", "S: * STATUS INBOX (MESSAGES 4)",
      "S: * LIST (\\NonExistent) NIL \"odd \\\"name\\\"\"", "S: %t OK", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_list_async (fixture.session, NULL, tern_imap_result_cb, &listed);
  tern_imap_result_wait (&listed);
  g_assert_cmpstr (fixture.heard->str, ==,
                   "list INBOX / subscribed\nstatus INBOX 4\nlist odd \"name\" - noselect\n");
  finish (&fixture);
}

static void
test_list_plain (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) listed = { 0 };

  start (&fixture);
  tern_imap_fixture_script (
      &fixture, "", "C: %t LSUB \"\" \"*\"", "S: * LSUB () \"/\" Work", "S: %t OK",
      "C: %t LIST \"\" \"*\"", "S: * LIST () \"/\" INBOX", "S: * LIST () \"/\" Work",
      "S: * LIST (\\Noselect) \"/\" Top", "S: %t OK",
      "C: %1 STATUS \"INBOX\" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)", "C: %2 STATUS \"Work\" *",
      "S: * STATUS INBOX (MESSAGES 4)", "S: %1 OK", "S: %2 NO no rights", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_list_async (fixture.session, NULL, tern_imap_result_cb, &listed);
  tern_imap_result_wait (&listed);
  g_assert_cmpstr (fixture.heard->str, ==,
                   "list INBOX /\nlist Work / subscribed\nlist Top / noselect\nstatus INBOX 4\n");
  finish (&fixture);
}

/* One goes and one comes while all UIDs are listed: the list has as many as there are, but is not
 * what the numbers of a later EXPUNGE count in. */
static void
test_listing_overtaken (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) all = { 0 };
  g_auto (TernImapResult) noop = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID SEARCH ALL",
                            "S: * SEARCH 10 20 30", "S: * 1 EXPUNGE", "S: * 3 EXISTS", "S: %1 OK",
                            "C: %2 NOOP", "S: * 2 EXPUNGE", "S: %2 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_search_async (fixture.session, "ALL", NULL, tern_imap_result_cb, &all);
  tern_imap_result_wait (&all);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait (&noop);
  g_assert_null (strstr (fixture.heard->str, "vanished 20"));
  g_assert_nonnull (strstr (fixture.heard->str, "exists 2"));
  finish (&fixture);
}

/* A VANISHED from a server without QRESYNC, and an EXISTS that takes some away, say how many went
 * but not from where: no number after them is taken for the UID that it had before. */
static void
test_map_overtaken (void)
{
  static const char *const told[] = { "S: * VANISHED 10", "S: * 2 EXISTS" };

  for (guint i = 0; i < G_N_ELEMENTS (told) * 2; i++)
    {
      g_auto (TernImapFixture) fixture;
      g_auto (TernImapResult) all = { 0 };
      g_auto (TernImapResult) noop = { 0 };
      const char *what = told[i / 2];
      const char *nothing = "S: * OK still here";
      gboolean meanwhile = i % 2;

      start (&fixture);
      tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID SEARCH ALL",
                                "S: * SEARCH 10 20 30", meanwhile ? what : nothing,
                                meanwhile ? "S: * 3 EXISTS" : nothing, "S: %1 OK", "C: %2 NOOP",
                                meanwhile ? nothing : what, meanwhile ? nothing : "S: * 3 EXISTS",
                                "S: * 2 EXPUNGE", "S: %2 OK", "EOF", NULL);
      tern_imap_fixture_open_inbox (&fixture);
      tern_imap_session_search_async (fixture.session, "ALL", NULL, tern_imap_result_cb, &all);
      tern_imap_result_wait (&all);
      tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
      tern_imap_result_wait (&noop);
      g_assert_null (strstr (fixture.heard->str, "vanished 20"));
      g_assert_true (g_str_has_suffix (fixture.heard->str, "exists 3\nexists 2\n"));
      finish (&fixture);
    }
}

/* Bodies that nobody asked for are not kept, however many there are. */
static void
test_bodies_unasked (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) asked = { 0 };
  struct rusage before, after;

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[1])",
                            "R: * 1 FETCH (UID 10 BODY[2] {200000000}\r\n", "FILL: 200000000 x",
                            "R:  BODY[1] {100000}\r\n", "FILL: 100000 y",
                            "R:  BODY[3] {200000000}\r\n", "FILL: 200000000 x", "R: )\r\n",
                            "S: %1 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  getrusage (RUSAGE_SELF, &before);
  tern_imap_session_fetch_body_async (fixture.session, 10, "1", 0, NULL, tern_imap_result_cb,
                                      &asked);
  tern_imap_result_wait (&asked);
  getrusage (RUSAGE_SELF, &after);
  g_assert_cmpuint (g_bytes_get_size (asked.reply->body), ==, 100000);
  /* AddressSanitizer itself keeps 256 MiB of what was freed. */
  g_assert_cmpint (after.ru_maxrss - before.ru_maxrss, <, 450 * 1024);
  finish (&fixture);
}

/* One that is larger than is ever kept ends as a fault of that message. */
static void
test_body_too_large (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) asked = { 0 };
  g_auto (TernImapResult) noop = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[1])",
                            "R: * 1 FETCH (UID 10 BODY[1] {300000000}\r\n", "FILL: 300000000 x",
                            "R: )\r\n", "S: %1 OK", "C: %2 NOOP", "S: %2 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "1", 0, NULL, tern_imap_result_cb,
                                      &asked);
  tern_imap_result_wait_fault (&asked, TERN_FAULT_LIMIT);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait (&noop);
  finish (&fixture);
}

/* What is far beyond the size that was told of a message is not kept, and it is a fault of that one
 * alone: not of one that just is not there any more. */
static void
test_body_beyond_size (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) lied = { 0 };
  g_auto (TernImapResult) gone = { 0 };
  g_auto (TernImapResult) large = { 0 };
  g_auto (TernImapResult) near = { 0 };

  start (&fixture);
  tern_imap_fixture_script (
      &fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[1])",
      "C: %2 UID FETCH 20 (UID BODY.PEEK[1])", "C: %3 UID FETCH 30 (UID BODY.PEEK[1])",
      "C: %4 UID FETCH 40 (UID BODY.PEEK[2])", "R: * 1 FETCH (UID 10 BODY[1] {3000000}\r\n",
      "FILL: 3000000 x", "R: )\r\n", "R: * 3 FETCH (BODY[1] {3000000}\r\n", "FILL: 3000000 y",
      "R:  UID 30)\r\n", "R: * 3 FETCH (UID 40 BODY[2] {1100000}\r\n", "FILL: 1100000 z",
      "R: )\r\n", "S: %1 OK", "S: %2 OK", "S: %3 OK", "S: %4 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "1", 50000, NULL, tern_imap_result_cb,
                                      &lied);
  tern_imap_session_fetch_body_async (fixture.session, 20, "1", 50000, NULL, tern_imap_result_cb,
                                      &gone);
  tern_imap_session_fetch_body_async (fixture.session, 30, "1", 2900000, NULL, tern_imap_result_cb,
                                      &large);
  tern_imap_session_fetch_body_async (fixture.session, 40, "2", 50000, NULL, tern_imap_result_cb,
                                      &near);
  tern_imap_result_wait_fault (&lied, TERN_FAULT_LIMIT);
  tern_imap_result_wait (&gone);
  g_assert_null (gone.reply->body);
  tern_imap_result_wait (&large);
  g_assert_cmpuint (g_bytes_get_size (large.reply->body), ==, 3000000);
  tern_imap_result_wait (&near);
  g_assert_cmpuint (g_bytes_get_size (near.reply->body), ==, 1100000);
  finish (&fixture);
}

/* A body that is too large for one is no fault of another with the same section. */
static void
test_body_too_large_elsewhere (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) large = { 0 };
  g_auto (TernImapResult) gone = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[1])",
                            "C: %2 UID FETCH 20 (UID BODY.PEEK[1])",
                            "R: * 1 FETCH (UID 10 BODY[1] {3000000}\r\n", "FILL: 3000000 x",
                            "R: )\r\n", "S: %1 OK", "S: %2 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "1", 50000, NULL, tern_imap_result_cb,
                                      &large);
  tern_imap_session_fetch_body_async (fixture.session, 20, "1", 50000, NULL, tern_imap_result_cb,
                                      &gone);
  tern_imap_result_wait_fault (&large, TERN_FAULT_LIMIT);
  tern_imap_result_wait (&gone);
  g_assert_null (gone.reply->body);
  finish (&fixture);
}

static void
fetch_range (TernImapFixture *fixture, guint64 offset, guint32 length, TernImapResult *result)
{
  tern_imap_session_fetch_range_async (fixture->session, 10, "2", offset, length, FALSE, NULL,
                                       tern_imap_result_cb, result);
}

static void
fetch_decoded (TernImapFixture *fixture, guint64 offset, guint32 length, TernImapResult *result)
{
  tern_imap_session_fetch_range_async (fixture->session, 10, "2", offset, length, TRUE, NULL,
                                       tern_imap_result_cb, result);
}

static void
assert_body (const TernImapResult *result, const char *text)
{
  g_assert_nonnull (result->reply->body);
  g_assert_cmpmem (g_bytes_get_data (result->reply->body, NULL),
                   g_bytes_get_size (result->reply->body), text, strlen (text));
}

/* Ranges of one section in one flight: each gets its own, in whatever order they come; the last one
 * is short, and beyond the end there is nothing. That the message went is no lie of the server. */
static void
test_ranges (void)
{
  g_auto (TernImapFixture) fixture;
  TernImapResult results[5] = { 0 };

  start (&fixture);
  tern_imap_fixture_script (
      &fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[2]<0.4>)",
      "C: %2 UID FETCH 10 (UID BODY.PEEK[2]<4.4>)", "C: %3 UID FETCH 10 (UID BODY.PEEK[2]<8.4>)",
      "C: %4 UID FETCH 10 (UID BODY.PEEK[2]<5000000000.100000>)",
      "C: %5 UID FETCH 10 (UID BODY.PEEK[2]<12.4>)", "S: * 1 FETCH (UID 10 BODY[2]<4> \"efgh\")",
      "R: * 1 FETCH (BODY[2]<5000000000> {100000}\r\n", "FILL: 100000 z", "R:  UID 10)\r\n",
      "S: * 1 FETCH (UID 10 BODY[2]<0> \"abcd\")", "S: * 1 FETCH (UID 10 BODY[2]<8> {1}", "S: i)",
      "S: %2 OK", "S: %1 OK", "S: %3 OK", "S: %4 OK", "S: %5 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  fetch_range (&fixture, 0, 4, &results[0]);
  fetch_range (&fixture, 4, 4, &results[1]);
  fetch_range (&fixture, 8, 4, &results[2]);
  fetch_range (&fixture, G_GUINT64_CONSTANT (5000000000), 100000, &results[3]);
  fetch_range (&fixture, 12, 4, &results[4]);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    tern_imap_result_wait (&results[i]);
  assert_body (&results[0], "abcd");
  assert_body (&results[1], "efgh");
  assert_body (&results[2], "i");
  g_assert_cmpuint (g_bytes_get_size (results[3].reply->body), ==, 100000);
  g_assert_null (results[4].reply->body);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    tern_imap_result_clear (&results[i]);
  finish (&fixture);
}

/* The same range of what is decoded is another one. */
static void
test_decoded_range (void)
{
  g_auto (TernImapFixture) fixture;
  TernImapResult results[4] = { 0 };

  start (&fixture);
  tern_imap_fixture_script (
      &fixture, "BINARY", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[2]<4.4>)",
      "C: %2 UID FETCH 10 (UID BINARY.PEEK[2]<4.4>)",
      "C: %3 UID FETCH 10 (UID BINARY.PEEK[2]<8.100000>)",
      "C: %4 UID FETCH 10 (UID BINARY.PEEK[2]<9.4>)", "R: * 1 FETCH (BINARY[2]<8> ~{100000}\r\n",
      "FILL: 100000 z", "R:  UID 10)\r\n", "S: * 1 FETCH (UID 10 BINARY[2]<4> ~{4}", "S: efgh)",
      "S: * 1 FETCH (UID 10 BODY[2]<4> {4}", "S: ZWZn)", "S: %1 OK", "S: %2 OK", "S: %3 OK",
      "S: * 1 FETCH (UID 10 BODY[2]<9> \"efgh\")", "S: %4 NO [UNKNOWN-CTE] cannot", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  g_assert_true (tern_imap_session_gains_by_decoding (fixture.session));
  fetch_range (&fixture, 4, 4, &results[0]);
  fetch_decoded (&fixture, 4, 4, &results[1]);
  fetch_decoded (&fixture, 8, 100000, &results[2]);
  fetch_decoded (&fixture, 9, 4, &results[3]);
  for (guint i = 0; i < 3; i++)
    tern_imap_result_wait (&results[i]);
  tern_imap_result_wait_fault (&results[3], TERN_FAULT_REFUSED);
  assert_body (&results[0], "ZWZn");
  assert_body (&results[1], "efgh");
  g_assert_cmpuint (g_bytes_get_size (results[2].reply->body), ==, 100000);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    tern_imap_result_clear (&results[i]);
  finish (&fixture);
}

/* What comes for one that was given up says nothing of another: its message just went. */
static void
test_range_cancelled (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) given_up = { 0 };
  g_auto (TernImapResult) gone = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[2])",
                            "C: %2 UID FETCH 10 (UID BODY.PEEK[2]<4.4>)", "C: %3 NOOP", "S: %3 OK",
                            "C: %4 NOOP", "S: * 1 FETCH (UID 10 BODY[2] \"abcdef\")", "S: %1 OK",
                            "S: %2 OK", "S: %4 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "2", 0, cancellable, tern_imap_result_cb,
                                      &given_up);
  fetch_range (&fixture, 4, 4, &gone);
  for (guint i = 0; i < 2; i++)
    {
      g_auto (TernImapResult) noop = { 0 };

      /* The first: both are sent. */
      tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
      tern_imap_result_wait (&noop);
      if (i == 0)
        {
          g_cancellable_cancel (cancellable);
          tern_imap_result_wait_fault (&given_up, TERN_FAULT_CANCELLED);
        }
    }
  tern_imap_result_wait (&gone);
  g_assert_null (gone.reply->body);
  finish (&fixture);
}

/* A server that knows no ranges, that begins elsewhere, or that brings more than was asked for:
 * none of it is taken for the range, and the connection goes on. */
static void
test_ranges_ignored (void)
{
  static const char *const answers[] = {
    "S: * 1 FETCH (UID 10 BODY[2] \"efgh\")",
    "S: * 1 FETCH (UID 10 BODY[2]<0> \"efgh\")",
    "S: * 1 FETCH (UID 10 BODY[2]<99999999999999999999> \"efgh\")",
    "S: * 1 FETCH (UID 10 BODY[2]<-4> \"efgh\")",
    "S: * 1 FETCH (UID 10 BODY[2]<4> \"efghi\")",
    "FILL: 3000000 x",
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_auto (TernImapFixture) fixture;
      g_auto (TernImapResult) asked = { 0 };
      g_auto (TernImapResult) noop = { 0 };
      gboolean large = g_str_has_prefix (answers[i], "FILL");

      start (&fixture);
      tern_imap_fixture_script (
          &fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[2]<4.4>)",
          large ? "R: * 1 FETCH (UID 10 BODY[2]<4> {3000000}\r\n" : "R: ", answers[i],
          large ? "R: )\r\n" : "R: ", "S: %1 OK", "C: %2 NOOP", "S: %2 OK", "EOF", NULL);
      tern_imap_fixture_open_inbox (&fixture);
      fetch_range (&fixture, 4, 4, &asked);
      tern_imap_result_wait_fault (&asked, TERN_FAULT_PROTOCOL);
      g_assert_cmpint (tern_fault_get_scope (asked.error), ==, TERN_SCOPE_MESSAGE);
      tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
      tern_imap_result_wait (&noop);
      finish (&fixture);
    }
}

/* A piece is not kept as the whole, or what is missing of it would never be asked for. */
static void
test_range_unasked (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) whole = { 0 };

  start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[2])",
                            "S: * 1 FETCH (UID 10 BODY[2]<0> \"abcd\")", "S: %1 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "2", 0, NULL, tern_imap_result_cb,
                                      &whole);
  tern_imap_result_wait_fault (&whole, TERN_FAULT_PROTOCOL);
  finish (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/session/unsolicited", test_unsolicited);
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
  g_test_add_func ("/imap/session/expunge-unknown", test_expunge_unknown);
  g_test_add_func ("/imap/session/pipelining", test_pipelining);
  g_test_add_func ("/imap/session/order", test_order);
  g_test_add_func ("/imap/session/select-fails", test_select_fails);
  g_test_add_func ("/imap/session/select-twice", test_select_twice);
  g_test_add_func ("/imap/session/qresync", test_qresync);
  g_test_add_func ("/imap/session/qresync-not-closed", test_qresync_not_closed);
  g_test_add_func ("/imap/session/too-early", test_too_early);
  g_test_add_func ("/imap/session/line-break", test_line_break);
  g_test_add_func ("/imap/session/throttled", test_throttled);
  g_test_add_func ("/imap/session/append", test_append);
  g_test_add_func ("/imap/session/append-literal-plus", test_append_literal_plus);
  g_test_add_func ("/imap/session/append-refused", test_append_refused);
  g_test_add_func ("/imap/session/large-body", test_large_body);
  g_test_add_func ("/imap/session/body-gone", test_body_gone);
  g_test_add_func ("/imap/session/close-in-literal", test_close_in_literal);
  g_test_add_func ("/imap/session/no-and-bad", test_no_and_bad);
  g_test_add_func ("/imap/session/no-to-all", test_no_to_all);
  g_test_add_func ("/imap/session/mailboxes", test_mailboxes);
  g_test_add_func ("/imap/session/garbage", test_garbage);
  g_test_add_func ("/imap/session/long-line", test_long_line);
  g_test_add_func ("/imap/session/silence", test_silence);
  g_test_add_func ("/imap/session/bye", test_bye);
  g_test_add_func ("/imap/session/close", test_close);
  g_test_add_func ("/imap/session/list-extended", test_list_extended);
  g_test_add_func ("/imap/session/list-plain", test_list_plain);
  g_test_add_func ("/imap/session/listing-overtaken", test_listing_overtaken);
  g_test_add_func ("/imap/session/map-overtaken", test_map_overtaken);
  g_test_add_func ("/imap/session/bodies-unasked", test_bodies_unasked);
  g_test_add_func ("/imap/session/body-too-large", test_body_too_large);
  g_test_add_func ("/imap/session/body-beyond-size", test_body_beyond_size);
  g_test_add_func ("/imap/session/body-too-large-elsewhere", test_body_too_large_elsewhere);
  g_test_add_func ("/imap/session/ranges", test_ranges);
  g_test_add_func ("/imap/session/decoded-range", test_decoded_range);
  g_test_add_func ("/imap/session/range-cancelled", test_range_cancelled);
  g_test_add_func ("/imap/session/ranges-ignored", test_ranges_ignored);
  g_test_add_func ("/imap/session/range-unasked", test_range_unasked);
  return g_test_run ();
}
