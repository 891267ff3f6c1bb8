/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-fixture.h"

#include <string.h>
#include <sys/resource.h>

/* Messages and parts of them on their way there and back, against scripts. */

static void
test_append (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) a = { 0 };
  g_auto (TernImapResult) b = { 0 };
  g_autoptr (GBytes) message = g_bytes_new_static ("Subject: x\r\n\r\nhi", 16);

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

static void
test_append_literal_plus (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) a = { 0 };
  g_autoptr (GBytes) message = g_bytes_new_static ("Subject: x\r\n\r\nhi", 16);

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "LITERAL+", "C: %1 APPEND \"Sent\" () {16+}", "LIT: *hi",
                            "C: ", "S: %1 OK x", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_append_async (fixture.session, "Sent", message, 0, NULL, 0, NULL,
                                  tern_imap_result_cb, &a);
  tern_imap_result_wait (&a);
  g_assert_cmpuint (a.reply->uid, ==, 0);
  tern_imap_fixture_finish (&fixture);
}

/* The server does not want the literal: then it is not sent, and the next command works. */
static void
test_append_refused (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) a = { 0 };
  g_auto (TernImapResult) b = { 0 };
  g_autoptr (GBytes) message = g_bytes_new_static ("Subject: x\r\n\r\nhi", 16);

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "C: %1 APPEND \"Sent\" () {16}", "S: %1 NO [TOOBIG] no",
                            "C: %2 NOOP", "S: %2 OK", "EOF", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  tern_imap_session_append_async (fixture.session, "Sent", message, 0, NULL, 0, NULL,
                                  tern_imap_result_cb, &a);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &b);
  tern_imap_result_wait_fault (&a, TERN_FAULT_LIMIT);
  tern_imap_result_wait (&b);
  tern_imap_fixture_finish (&fixture);
}

static void
test_large_body (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) body = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %t UID FETCH 10 (UID BODY.PEEK[])",
                            "R: * 1 FETCH (BODY[] {3000000}\r\n", "FILL: 3000000 y",
                            "S:  UID 10 FLAGS (\\Seen))", "S: %t OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "", 0, NULL, tern_imap_result_cb, &body);
  tern_imap_result_wait (&body);
  g_assert_cmpuint (g_bytes_get_size (body.reply->body), ==, 3000000);
  g_assert_cmpint (((const char *) g_bytes_get_data (body.reply->body, NULL))[2999999], ==, 'y');
  tern_imap_fixture_finish (&fixture);
}

static void
test_body_gone (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) body = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %t UID FETCH 10 (UID BODY.PEEK[])",
                            "S: %t OK nothing there", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "", 0, NULL, tern_imap_result_cb, &body);
  tern_imap_result_wait (&body);
  g_assert_null (body.reply->body);
  tern_imap_fixture_finish (&fixture);
}

static void
test_close_in_literal (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) body = { 0 };
  g_auto (TernImapResult) noop = { 0 };

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

/* Bodies that nobody asked for are not kept, however many there are. */
static void
test_bodies_unasked (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) asked = { 0 };
  struct rusage before, after;

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

/* One that is larger than is ever kept ends as a fault of that message. */
static void
test_body_too_large (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) asked = { 0 };
  g_auto (TernImapResult) noop = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[1])",
                            "R: * 1 FETCH (UID 10 BODY[1] {300000000}\r\n", "FILL: 300000000 x",
                            "R: )\r\n", "S: %1 OK", "C: %2 NOOP", "S: %2 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "1", 0, NULL, tern_imap_result_cb,
                                      &asked);
  tern_imap_result_wait_fault (&asked, TERN_FAULT_LIMIT);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait (&noop);
  tern_imap_fixture_finish (&fixture);
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

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

/* A body that is too large for one is no fault of another with the same section. */
static void
test_body_too_large_elsewhere (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) large = { 0 };
  g_auto (TernImapResult) gone = { 0 };

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
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

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

/* The same range of what is decoded is another one. */
static void
test_decoded_range (void)
{
  g_auto (TernImapFixture) fixture;
  TernImapResult results[4] = { 0 };

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
}

/* What comes for one that was given up says nothing of another: its message just went. */
static void
test_range_cancelled (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) given_up = { 0 };
  g_auto (TernImapResult) gone = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  tern_imap_fixture_start (&fixture);
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
  tern_imap_fixture_finish (&fixture);
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

      tern_imap_fixture_start (&fixture);
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
      tern_imap_fixture_finish (&fixture);
    }
}

/* A piece is not kept as the whole, or what is missing of it would never be asked for. */
static void
test_range_unasked (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) whole = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[2])",
                            "S: * 1 FETCH (UID 10 BODY[2]<0> \"abcd\")", "S: %1 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "2", 0, NULL, tern_imap_result_cb,
                                      &whole);
  tern_imap_result_wait_fault (&whole, TERN_FAULT_PROTOCOL);
  tern_imap_fixture_finish (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/session/append", test_append);
  g_test_add_func ("/imap/session/append-literal-plus", test_append_literal_plus);
  g_test_add_func ("/imap/session/append-refused", test_append_refused);
  g_test_add_func ("/imap/session/large-body", test_large_body);
  g_test_add_func ("/imap/session/body-gone", test_body_gone);
  g_test_add_func ("/imap/session/close-in-literal", test_close_in_literal);
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
