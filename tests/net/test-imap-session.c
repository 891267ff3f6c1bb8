/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-fixture.h"

#include <string.h>

/* Commands and what servers say meanwhile, against scripts. */

/* Data that nobody asked for, in the middle of something else, goes where it belongs. */
static void
test_unsolicited (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) all = { 0 };
  g_auto (TernImapResult) noop = { 0 };

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

/* An EXPUNGE of a message whose UID was never told is still heard of. */
static void
test_expunge_unknown (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) noop = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %t NOOP", "S: * 1 EXPUNGE",
                            "S: * 7 EXPUNGE", "S: %t OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait (&noop);
  g_assert_cmpstr (fixture.heard->str, ==, "exists 2\n");
  g_assert_cmpuint (tern_imap_session_get_mailbox (fixture.session)->exists, ==, 2);
  tern_imap_fixture_finish (&fixture);
}

/* Sent together, answered in another order; each gets what is its own. */
static void
test_pipelining (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) a = { 0 };
  g_auto (TernImapResult) b = { 0 };
  g_auto (TernImapResult) c = { 0 };

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

/* The rules of may_send(), seen from the server: nothing comes while it should not. */
static void
test_order (void)
{
  g_auto (TernImapFixture) fixture;
  TernImapResult results[5] = { 0 };

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

/* A SELECT that fails takes with it what was meant for its mailbox, and nothing else. */
static void
test_select_fails (void)
{
  g_auto (TernImapFixture) fixture;
  TernImapResult results[4] = { 0 };

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

/* The same again costs nothing. */
static void
test_select_twice (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) again = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_select_async (fixture.session, "INBOX", FALSE, 0, 0, NULL, tern_imap_result_cb,
                                  &again);
  tern_imap_result_wait (&again);
  tern_imap_fixture_finish (&fixture);
}

/* With QRESYNC: what is said before [CLOSED] is still about the old mailbox. */
static void
test_qresync (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) selected = { 0 };

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

/* QRESYNC without [CLOSED]: not as it should be, and nothing is lost by it. */
static void
test_qresync_not_closed (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) selected = { 0 };

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

/* Before it is open there is nothing to give a command to. */
static void
test_too_early (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) before = { 0 };
  g_auto (TernImapResult) meanwhile = { 0 };
  GAsyncReadyCallback ignore = NULL;

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "STALL", NULL);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &before);
  tern_imap_result_wait_fault (&before, TERN_FAULT_DISCONNECTED);
  tern_imap_session_open_async (fixture.session, NULL, ignore, NULL);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &meanwhile);
  tern_imap_result_wait_fault (&meanwhile, TERN_FAULT_DISCONNECTED);
  tern_test_wait_until (tern_imap_session_get_state (fixture.session) == TERN_IMAP_AUTHENTICATED);
  tern_imap_fixture_finish (&fixture);
}

/* Nothing that is asked for can become a second command. */
static void
test_line_break (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) search = { 0 };
  g_auto (TernImapResult) created = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "LITERAL+", "SELECTED", "C: %1 CREATE {11+}", "LIT: *",
                            "C: ", "S: %1 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_search_async (fixture.session, "SUBJECT x\r\nA9 DELETE INBOX", NULL,
                                  tern_imap_result_cb, &search);
  tern_imap_result_wait_fault (&search, TERN_FAULT_INVALID);
  tern_imap_session_create_async (fixture.session, "a\r\nb LOGOUT", TERN_ROLE_NONE, NULL,
                                  tern_imap_result_cb, &created);
  tern_imap_result_wait (&created);
  tern_imap_fixture_finish (&fixture);
}

/* A server that asks for patience gets it. */
static void
test_throttled (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) a = { 0 };
  g_auto (TernImapResult) b = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "C: %1 NOOP", "S: %1 NO [THROTTLED] slowly", "QUIET: 500",
                            "C: %2 NOOP", "S: %2 OK", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &a);
  tern_imap_result_wait_fault (&a, TERN_FAULT_UNAVAILABLE);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &b);
  tern_imap_result_wait (&b);
  tern_imap_fixture_finish (&fixture);
}

/* --- literals ------------------------------------------------------------------------------ */

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

      tern_imap_fixture_start (&fixture);
      tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %t UID COPY 10 \"X\"",
                                cases[i].answer, "C: %t NOOP", "S: %t OK", "EOF", NULL);
      tern_imap_fixture_open_inbox (&fixture);
      tern_imap_session_copy_async (fixture.session, "10", "X", NULL, tern_imap_result_cb, &copy);
      tern_imap_result_wait_fault (&copy, cases[i].fault);
      tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
      tern_imap_result_wait (&noop);
      tern_imap_fixture_finish (&fixture);
    }
}

/* What is done with mailboxes; names are quoted, and none is taken for another. */
static void
test_mailboxes (void)
{
  g_auto (TernImapFixture) fixture;
  TernImapResult results[7] = { 0 };

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

/* NO to everything after the login: each command says so, and nothing hangs. */
static void
test_no_to_all (void)
{
  g_auto (TernImapFixture) fixture;
  TernImapResult results[6] = { 0 };

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

/* Three things in a row that are not IMAP end it; one or two do not. */
static void
test_garbage (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) noop = { 0 };
  g_auto (TernImapResult) more = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "C: %t NOOP", "S: what is this", "S: * (", "S: * OK fine",
                            "S: * (", "S: %t OK", "C: %t NOOP", "S: a b c", "S: * (", "S: * \"",
                            "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait (&noop);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &more);
  tern_imap_result_wait_fault (&more, TERN_FAULT_DISCONNECTED);
  g_assert_error (fixture.closed_error, TERN_FAULT, TERN_FAULT_PROTOCOL);
  tern_imap_fixture_finish (&fixture);
}

/* Ten megabytes in one line are passed over; the command beside it is answered. */
static void
test_long_line (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) noop = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "C: %t NOOP", "R: * OK ", "FILL: 10485760 x", "R: \r\n",
                            "S: %t OK", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait (&noop);
  tern_imap_fixture_finish (&fixture);
}

static void
test_silence (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) noop = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "STALL", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_set_silence (fixture.session, 200);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait_fault (&noop, TERN_FAULT_DISCONNECTED);
  g_assert_error (fixture.closed_error, TERN_FAULT, TERN_FAULT_TIMED_OUT);
  tern_imap_fixture_finish (&fixture);
}

static void
test_bye (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) noop = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "C: %t NOOP", "S: * BYE going down", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait_fault (&noop, TERN_FAULT_DISCONNECTED);
  g_assert_cmpuint (fixture.closed, ==, 1);
  g_assert_error (fixture.closed_error, TERN_FAULT, TERN_FAULT_UNAVAILABLE);
  g_assert_cmpstr (tern_fault_get_server_text (fixture.closed_error), ==, "going down");
  tern_imap_fixture_finish (&fixture);
}

static void
test_close (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) late = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "C: %t LOGOUT", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_close (fixture.session);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &late);
  tern_imap_result_wait_fault (&late, TERN_FAULT_DISCONNECTED);
  tern_test_wait_until (fixture.closed == 1);
  g_assert_no_error (fixture.closed_error);
  tern_imap_fixture_finish (&fixture);
}

/* --- LIST ---------------------------------------------------------------------------------- */

static void
test_list_extended (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) listed = { 0 };

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

static void
test_list_plain (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) listed = { 0 };

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

/* One goes and one comes while all UIDs are listed: the list has as many as there are, but is not
 * what the numbers of a later EXPUNGE count in. */
static void
test_listing_overtaken (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) all = { 0 };
  g_auto (TernImapResult) noop = { 0 };

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
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

      tern_imap_fixture_start (&fixture);
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
      tern_imap_fixture_finish (&fixture);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/session/unsolicited", test_unsolicited);
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
  return g_test_run ();
}
