/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-fixture.h"

/*
 * Short responses that name millions of messages, again and again: what is kept of them is bounded
 * by what was asked for, or by what can be there.
 */

static guint32
get (const GArray *uids, guint i)
{
  return g_array_index (uids, guint32, i);
}

/* Of what was moved only that is taken which was to be, once. */
static void
test_moved (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) moved = { 0 };

  tern_imap_fixture_init (&fixture, TERN_SECURITY_TLS);
  tern_imap_fixture_script (
      &fixture, "MOVE UIDPLUS", "SELECTED", "C: %1 UID MOVE 10,20,25:30 \"Archive\"",
      "S: * OK [COPYUID 9 1:3,20,5:10 101:103,200,305:310] moved",
      "S: * OK [COPYUID 9 26:27,40:10000000 1026:1027,2000040:12000000] moved",
      "S: * OK [COPYUID 9 1:10000000 1:10000000] moved",
      "S: * OK [COPYUID 9 1:10000000 1:10000000] moved",
      "S: * OK [COPYUID 9 1:10000000 1:10000000] moved", "S: * OK [COPYUID 9 10:20 10:19] moved",
      "S: %1 OK done", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_move_async (fixture.session, "10,20,25:30", "Archive", NULL,
                                tern_imap_result_cb, &moved);
  tern_imap_result_wait (&moved);
  g_assert_cmpuint (moved.reply->source_uids->len, ==, 8);
  g_assert_cmpuint (moved.reply->target_uids->len, ==, 8);
  g_assert_cmpuint (get (moved.reply->source_uids, 0), ==, 20);
  g_assert_cmpuint (get (moved.reply->target_uids, 0), ==, 200);
  g_assert_cmpuint (get (moved.reply->source_uids, 1), ==, 10);
  g_assert_cmpuint (get (moved.reply->target_uids, 1), ==, 310);
  g_assert_cmpuint (get (moved.reply->source_uids, 2), ==, 26);
  g_assert_cmpuint (get (moved.reply->target_uids, 2), ==, 1026);
  g_assert_cmpuint (get (moved.reply->source_uids, 3), ==, 27);
  g_assert_cmpuint (get (moved.reply->target_uids, 3), ==, 1027);
  g_clear_object (&fixture.session);
  tern_script_server_finish (fixture.server, 1);
}

/* What is left out of a listing would be taken for gone: it is no listing then. */
static void
test_found (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) found = { 0 };

  tern_imap_fixture_init (&fixture, TERN_SECURITY_TLS);
  tern_imap_fixture_script (&fixture, "ESEARCH", "SELECTED", "C: %1 UID SEARCH *",
                            "S: * ESEARCH (TAG \"%1\") UID ALL 1:10000000",
                            "S: * ESEARCH (TAG \"%1\") UID ALL 1:10000000", "S: %1 OK found", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_search_async (fixture.session, "ALL", NULL, tern_imap_result_cb, &found);
  tern_imap_result_wait_fault (&found, TERN_FAULT_DISCONNECTED);
  g_assert_cmpuint (fixture.closed, ==, 1);
  g_assert_error (fixture.closed_error, TERN_FAULT, TERN_FAULT_PROTOCOL);
}

/* No UID from UIDNEXT on was ever given to a message; to one that has come since it was. */
static void
test_vanished (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) first = { 0 };
  g_auto (TernImapResult) second = { 0 };

  tern_imap_fixture_init (&fixture, TERN_SECURITY_TLS);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %t NOOP", "S: * VANISHED 30:4294967295",
                            "S: %t OK", "C: %t NOOP", "S: * 3 EXISTS", "S: * VANISHED 31",
                            "S: %t OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &first);
  tern_imap_result_wait (&first);
  g_assert_cmpstr (fixture.heard->str, ==, "vanished 30\n");
  g_assert_cmpuint (tern_imap_session_get_mailbox (fixture.session)->exists, ==, 2);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &second);
  tern_imap_result_wait (&second);
  g_assert_cmpstr (fixture.heard->str, ==, "vanished 30\nexists 3\nvanished 31\n");
  g_assert_cmpuint (tern_imap_session_get_mailbox (fixture.session)->exists, ==, 2);
  g_clear_object (&fixture.session);
  tern_script_server_finish (fixture.server, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/flood/moved", test_moved);
  g_test_add_func ("/imap/flood/found", test_found);
  g_test_add_func ("/imap/flood/vanished", test_vanished);
  return g_test_run ();
}
