/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "tern-imap-fixture.h"

/*
 * Responses that break off, or are too long to be read: what was in them is lost, and nothing of it
 * may come to stand where the content of another one belongs.
 */

static void
assert_filled (const TernImapResult *result, gsize size, char with)
{
  const char *bytes = g_bytes_get_data (result->reply->body, NULL);

  g_assert_cmpuint (g_bytes_get_size (result->reply->body), ==, size);
  g_assert_cmpint (bytes[0], ==, with);
  g_assert_cmpint (bytes[size - 1], ==, with);
}

/* One that lacks its end, and one whose literal is longer than it says. */
static void
test_broken_off (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) one = { 0 };
  g_auto (TernImapResult) two = { 0 };
  g_auto (TernImapResult) three = { 0 };

  tern_imap_fixture_init (&fixture, TERN_SECURITY_TLS);
  tern_imap_fixture_script (
      &fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[])",
      "C: %2 UID FETCH 20 (UID BODY.PEEK[])", "C: %3 UID FETCH 30 (UID BODY.PEEK[])",
      "R: * 1 FETCH (UID 10 BODY[] {40000}\r\n", "FILL: 40000 a", "R: \r\n", "S: %1 OK",
      "R: * 2 FETCH (UID 20 BODY[] {50000}\r\n", "FILL: 50000 b", "R: )\r\n", "S: %2 OK",
      "R: * 1 FETCH (UID 10 BODY[] {40000}\r\n", "FILL: 40004 a", "R: \r\n)\r\n",
      "R: * 3 FETCH (UID 30 BODY[] {60000}\r\n", "FILL: 60000 c", "R: )\r\n", "S: %3 OK", "EOF",
      NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "", 0, NULL, tern_imap_result_cb, &one);
  tern_imap_session_fetch_body_async (fixture.session, 20, "", 0, NULL, tern_imap_result_cb, &two);
  tern_imap_session_fetch_body_async (fixture.session, 30, "", 0, NULL, tern_imap_result_cb,
                                      &three);
  /* It is not gone. */
  tern_imap_result_wait_fault (&one, TERN_FAULT_PROTOCOL);
  tern_imap_result_wait (&two);
  assert_filled (&two, 50000, 'b');
  tern_imap_result_wait (&three);
  assert_filled (&three, 60000, 'c');
  g_clear_object (&fixture.session);
  tern_script_server_finish (fixture.server, 1);
}

/* Sections of one message, which nothing but their order tells apart. */
static void
test_sections (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) text = { 0 };
  g_auto (TernImapResult) html = { 0 };

  tern_imap_fixture_init (&fixture, TERN_SECURITY_TLS);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[1])",
                            "C: %2 UID FETCH 10 (UID BODY.PEEK[2])",
                            "R: * 1 FETCH (UID 10 BODY[1] {40000}\r\n", "FILL: 40000 a", "R: \r\n",
                            "R: * 1 FETCH (UID 10 BODY[2] {50000}\r\n", "FILL: 50000 b", "R: )\r\n",
                            "S: %1 OK", "S: %2 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "1", 0, NULL, tern_imap_result_cb,
                                      &text);
  tern_imap_session_fetch_body_async (fixture.session, 10, "2", 0, NULL, tern_imap_result_cb,
                                      &html);
  tern_imap_result_wait (&html);
  assert_filled (&html, 50000, 'b');
  tern_imap_result_wait_fault (&text, TERN_FAULT_PROTOCOL);
  g_clear_object (&fixture.session);
  tern_script_server_finish (fixture.server, 1);
}

/* A literal in a line that is passed over. */
static void
test_too_long (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) body = { 0 };

  tern_imap_fixture_init (&fixture, TERN_SECURITY_TLS);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[])",
                            "R: * 2 FETCH (UID 20 ENVELOPE (\"", "FILL: 1100000 x",
                            "R: \" {40000}\r\n", "FILL: 40000 a", "R: ))\r\n",
                            "R: * 1 FETCH (UID 10 BODY[] {50000}\r\n", "FILL: 50000 b", "R: )\r\n",
                            "S: %1 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "", 0, NULL, tern_imap_result_cb, &body);
  tern_imap_result_wait (&body);
  g_assert_nonnull (body.reply->body);
  assert_filled (&body, 50000, 'b');
  g_clear_object (&fixture.session);
  tern_script_server_finish (fixture.server, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/damaged/broken-off", test_broken_off);
  g_test_add_func ("/imap/damaged/sections", test_sections);
  g_test_add_func ("/imap/damaged/too-long", test_too_long);
  return g_test_run ();
}
