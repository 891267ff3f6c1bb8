/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-fixture.h"

#include <string.h>

/* IDLE and its races, and callers that give up. */

static void
wait_position (TernImapFixture *fixture, guint position)
{
  tern_test_wait_until (tern_script_server_get_position (fixture->server, 0) == position);
}

/* Steps before those of a script's own: greeting, AUTHENTICATE and reply, SELECT of 7 steps. */
#define SELECTED_STEPS 10

static void
test_push (void)
{
  g_auto (TernImapFixture) fixture;

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "IDLE", "SELECTED", "C: %1 IDLE", "S: + idling",
                            "S: * 4 EXISTS", "S: * 2 EXPUNGE", "C: DONE", "QUIET: 50", "S: %1 OK",
                            "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_start_idle (fixture.session);
  tern_test_wait_until (strstr (fixture.heard->str, "exists 3\n") != NULL);
  g_assert_cmpint (tern_imap_session_get_state (fixture.session), ==, TERN_IMAP_IDLING);
  tern_imap_session_stop_idle (fixture.session);
  tern_test_wait_until (tern_imap_session_get_state (fixture.session) == TERN_IMAP_SELECTED);
  g_assert_cmpstr (fixture.heard->str, ==, "exists 4\nexists 3\n");
  tern_imap_fixture_finish (&fixture);
}

/* DONE waits for the "+"; the command waits for the tagged reply; then IDLE is taken up again. */
static void
test_done_race (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) noop = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "IDLE", "SELECTED", "C: %1 IDLE", "WAIT", "QUIET: 50",
                            "S: + idling", "C: DONE", "S: * 4 EXISTS", "QUIET: 50", "S: %1 OK",
                            "C: %2 NOOP", "S: %2 OK", "C: %3 IDLE", "S: + idling", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_start_idle (fixture.session);
  wait_position (&fixture, SELECTED_STEPS + 1);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_script_server_go (fixture.server);
  tern_imap_result_wait (&noop);
  g_assert_cmpstr (fixture.heard->str, ==, "exists 4\n");
  wait_position (&fixture, SELECTED_STEPS + 12);
  tern_imap_fixture_finish (&fixture);
}

/* No reply is owed while idling: silence is what IDLE is made of. */
static void
test_silence (void)
{
  g_auto (TernImapFixture) fixture;

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "IDLE", "SELECTED", "C: %1 IDLE", "S: + idling", "QUIET: 600",
                            "S: * 9 EXISTS", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_set_silence (fixture.session, 200);
  tern_imap_session_start_idle (fixture.session);
  tern_test_wait_until (strstr (fixture.heard->str, "exists 9\n") != NULL);
  tern_imap_fixture_finish (&fixture);
}

/* A server that announces IDLE and refuses it is polled, and not asked again and again. */
static void
test_refused (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) noop = { 0 };

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "IDLE", "SELECTED", "C: %1 IDLE", "S: %1 NO not now",
                            "QUIET: 300", "WAIT", "C: %2 NOOP", "S: %2 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_start_idle (fixture.session);
  wait_position (&fixture, SELECTED_STEPS + 3);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_script_server_go (fixture.server);
  tern_imap_result_wait (&noop);
  tern_imap_fixture_finish (&fixture);
}

static void
test_close_while_idling (void)
{
  g_auto (TernImapFixture) fixture;

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "IDLE", "SELECTED", "C: %1 IDLE", "S: + idling", "C: DONE",
                            "S: %1 OK", "C: %2 LOGOUT", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_start_idle (fixture.session);
  wait_position (&fixture, SELECTED_STEPS + 2);
  tern_test_wait_until (tern_imap_session_get_state (fixture.session) == TERN_IMAP_IDLING);
  tern_imap_session_close (fixture.session);
  tern_test_wait_until (fixture.closed == 1);
  g_assert_no_error (fixture.closed_error);
  tern_imap_fixture_finish (&fixture);
}

/* --- cancellation -------------------------------------------------------------------------- */

/* Not sent yet: it never is. */
static void
test_cancel_queued (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) fetch = { 0 };
  g_auto (TernImapResult) move = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "MOVE", "SELECTED", "C: %1 UID FETCH 1:* (UID FLAGS)", "WAIT",
                            "S: %1 OK", "QUIET: 50", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_async (fixture.session, "1:*", TERN_IMAP_FETCH_FLAGS, 0, NULL,
                                 tern_imap_result_cb, &fetch);
  tern_imap_session_move_async (fixture.session, "10", "X", cancellable, tern_imap_result_cb,
                                &move);
  wait_position (&fixture, SELECTED_STEPS + 1);
  g_cancellable_cancel (cancellable);
  tern_imap_result_wait_fault (&move, TERN_FAULT_CANCELLED);
  g_assert_cmpuint (fetch.calls, ==, 0);
  tern_script_server_go (fixture.server);
  tern_imap_result_wait (&fetch);
  wait_position (&fixture, SELECTED_STEPS + 4);
  tern_imap_fixture_finish (&fixture);
}

/* In flight: answered at once, what comes is still taken in, and the connection goes on. */
static void
test_cancel_in_flight (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) fetch = { 0 };
  g_auto (TernImapResult) noop = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID FETCH 1:* (UID FLAGS)", "WAIT",
                            "S: * 1 FETCH (UID 10 FLAGS (\\Seen))", "S: %1 OK", "C: %2 NOOP",
                            "S: %2 OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_async (fixture.session, "1:*", TERN_IMAP_FETCH_FLAGS, 0, cancellable,
                                 tern_imap_result_cb, &fetch);
  wait_position (&fixture, SELECTED_STEPS + 1);
  g_cancellable_cancel (cancellable);
  tern_imap_result_wait_fault (&fetch, TERN_FAULT_CANCELLED);
  tern_script_server_go (fixture.server);
  tern_test_wait_until (strstr (fixture.heard->str, "fetch 10") != NULL);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait (&noop);
  g_assert_cmpuint (fixture.closed, ==, 0);
  tern_imap_fixture_finish (&fixture);
}

/* Before it starts: as if it had not been asked. */
static void
test_cancel_before (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) noop = { 0 };
  g_auto (TernImapResult) list = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "EACH: %t OK", NULL);
  g_assert_no_error (tern_imap_fixture_open (&fixture));
  g_cancellable_cancel (cancellable);
  tern_imap_session_noop_async (fixture.session, cancellable, tern_imap_result_cb, &noop);
  tern_imap_session_list_async (fixture.session, cancellable, tern_imap_result_cb, &list);
  tern_imap_result_wait_fault (&noop, TERN_FAULT_CANCELLED);
  tern_imap_result_wait_fault (&list, TERN_FAULT_CANCELLED);
  tern_imap_fixture_finish (&fixture);
}

/* In the middle of a body: a small rest is read and dropped, a large one is not worth it. */
static void
test_cancel_body (gconstpointer data)
{
  gboolean large = GPOINTER_TO_INT (data);
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) body = { 0 };
  g_auto (TernImapResult) noop = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  tern_imap_fixture_start (&fixture);
  if (large)
    tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[])",
                              "R: * 1 FETCH (UID 10 BODY[] {50000000}\r\n", "FILL: 100000 x",
                              "WAIT", "FILL: 49900000 x", NULL);
  else
    tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 UID FETCH 10 (UID BODY.PEEK[])",
                              "R: * 1 FETCH (UID 10 BODY[] {200000}\r\n", "FILL: 100000 x", "WAIT",
                              "FILL: 100000 x", "S: )", "S: %1 OK", "C: %2 NOOP", "S: %2 OK", "EOF",
                              NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_fetch_body_async (fixture.session, 10, "", 0, cancellable, tern_imap_result_cb,
                                      &body);
  wait_position (&fixture, SELECTED_STEPS + 3);
  g_cancellable_cancel (cancellable);
  tern_imap_result_wait_fault (&body, TERN_FAULT_CANCELLED);
  tern_script_server_go (fixture.server);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  if (large)
    tern_imap_result_wait_fault (&noop, TERN_FAULT_DISCONNECTED);
  else
    tern_imap_result_wait (&noop);
  tern_imap_fixture_finish (&fixture);
}

/* While the server has not agreed to the literal: it still gets it, or it would wait for ever. */
static void
test_cancel_literal (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) append = { 0 };
  g_auto (TernImapResult) noop = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GBytes) message = g_bytes_new_static ("Subject: x\r\n\r\nhi", 16);

  tern_imap_fixture_start (&fixture);
  tern_imap_fixture_script (&fixture, "", "SELECTED", "C: %1 APPEND \"X\" () {16}", "WAIT",
                            "S: + go", "LIT: *", "C: ", "S: %1 OK", "C: %2 NOOP", "S: %2 OK", "EOF",
                            NULL);
  tern_imap_fixture_open_inbox (&fixture);
  tern_imap_session_append_async (fixture.session, "X", message, 0, NULL, 0, cancellable,
                                  tern_imap_result_cb, &append);
  wait_position (&fixture, SELECTED_STEPS + 1);
  g_cancellable_cancel (cancellable);
  tern_imap_result_wait_fault (&append, TERN_FAULT_CANCELLED);
  tern_script_server_go (fixture.server);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &noop);
  tern_imap_result_wait (&noop);
  tern_imap_fixture_finish (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/idle/push", test_push);
  g_test_add_func ("/imap/idle/done-race", test_done_race);
  g_test_add_func ("/imap/idle/silence", test_silence);
  g_test_add_func ("/imap/idle/refused", test_refused);
  g_test_add_func ("/imap/idle/close", test_close_while_idling);
  g_test_add_func ("/imap/cancel/queued", test_cancel_queued);
  g_test_add_func ("/imap/cancel/in-flight", test_cancel_in_flight);
  g_test_add_func ("/imap/cancel/before", test_cancel_before);
  g_test_add_data_func ("/imap/cancel/body-small", GINT_TO_POINTER (FALSE), test_cancel_body);
  g_test_add_data_func ("/imap/cancel/body-large", GINT_TO_POINTER (TRUE), test_cancel_body);
  g_test_add_func ("/imap/cancel/literal", test_cancel_literal);
  return g_test_run ();
}
