/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "engine-fixture.h"
#include "imap-script.h"
#include "tern-script-server.h"
#include "tern-test-clock.h"

/*
 * Servers that are broken or mean, met by an engine with two accounts: Anna's server goes wrong
 * while hers is in use, Bob's does not. Her account says so in a sentence of its own, what it has
 * stays and can be read, Bob's goes on receiving, and hers goes on when the server is well again.
 */

#define ANNA_UUID "6f0c1d52-7a3c-4a55-9d0c-0c5f5f8f2a11"
#define BOB_UUID  "0b0c1d52-7a3c-4a55-9d0c-0c5f5f8f2b0b"

/* INBOX with one message, then waiting for news on the only connection that the server gives. */
#define IN_USE(subject)                                                                       \
  IMAP_LOGIN, IMAP_SELECT_INBOX ("1", "77", "2"), "C: %t UID FETCH 1:1 (*",                   \
      IMAP_MESSAGE ("1", "1", subject), "S: %t OK fetched", IMAP_LIST_INBOX ("1", "77", "2"), \
      "C: %t IDLE", "S: + idling"
/* … of which there are some. */
#define NEWS                                                                              \
  "WAIT", "S: * 2 EXISTS", "C: DONE", "S: %t OK idled", "C: %t NOOP", "S: %t OK nothing", \
      "C: %t UID FETCH *"

typedef struct
{
  TernTestCert *cert;
  TernScriptServer *bad;
  guint bad_scripts;
  TernScriptServer *good;
  EngineFixture *fixture;
  char *anna;
  char *bob;
} Setup;

static char *
add_account (Setup *setup, const char *address, const char *uuid, TernScriptServer *server)
{
  g_autoptr (TernAccountSettings) settings = tern_account_settings_new ();

  tern_account_settings_guess (settings, address);
  g_free (settings->uuid);
  settings->uuid = g_strdup (uuid);
  tern_endpoint_unref (settings->imap);
  settings->imap = tern_endpoint_new ("127.0.0.1", tern_script_server_get_port (server),
                                      TERN_SECURITY_TLS, setup->cert->ca_file, NULL);
  return engine_fixture_add_account (setup->fixture, settings, "geheim");
}

typedef struct
{
  TernScriptServer *server;
  guint script;
  guint steps;
} StepWait;

static gboolean
has_come_to (gpointer data)
{
  StepWait *wait = data;

  return tern_script_server_get_position (wait->server, wait->script) >= wait->steps;
}

static void
wait_for_step (TernScriptServer *server, guint script, guint steps)
{
  StepWait wait = { server, script, steps };

  engine_wait (has_come_to, &wait);
}

typedef struct
{
  EngineFixture *fixture;
  const char *uuid;
  const char *subject;
} MailWait;

static gboolean
has_mail (gpointer data)
{
  MailWait *wait = data;
  g_autoptr (TernMessageRecord) record =
      engine_fixture_find (wait->fixture, wait->uuid, "INBOX", wait->subject);

  return record != NULL;
}

static void
wait_for_mail (Setup *setup, const char *uuid, const char *subject)
{
  MailWait wait = { setup->fixture, uuid, subject };

  engine_wait (has_mail, &wait);
}

/* What a healthy server says to the same account next. */
static const char *const well_again[] = {
  IMAP_LOGIN,
  IMAP_SELECT_INBOX ("2", "77", "3"),
  "C: %t UID FETCH 1:1 (UID FLAGS)",
  "S: * 1 FETCH (UID 1 FLAGS ())",
  "S: %t OK fetched",
  "C: %t UID FETCH 2:*",
  IMAP_MESSAGE ("2", "2", "second"),
  "S: %t OK fetched",
  "STALL",
  NULL,
};

/* Whoever asks beside "work" is not let in. Once that has ended, the next one is. */
static void
set_next (Setup *setup, const char *const *script)
{
  for (; setup->bad_scripts < tern_script_server_get_connections (setup->bad); setup->bad_scripts++)
    tern_script_server_add (setup->bad, "CLOSE", NULL);
  tern_script_server_addv (setup->bad, script);
  setup->bad_scripts++;
}

static void
set_up (Setup *setup, const char *const *bad)
{
  static const char *const good[] = {
    IN_USE ("hello"), NEWS, IMAP_MESSAGE ("2", "2", "pushed"), "S: %t OK fetched", "STALL", NULL,
  };

  setup->cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  setup->bad = tern_script_server_new (setup->cert, TRUE);
  setup->good = tern_script_server_new (setup->cert, TRUE);
  setup->bad_scripts = 0;
  setup->fixture = engine_fixture_new ();
  set_next (setup, bad);
  tern_script_server_addv (setup->good, good);
  engine_fixture_open (setup->fixture, TRUE);
  setup->anna = add_account (setup, "anna@example.test", ANNA_UUID, setup->bad);
  setup->bob = add_account (setup, "bob@example.test", BOB_UUID, setup->good);
}

static void
tear_down (Setup *setup)
{
  engine_fixture_free (setup->fixture);
  tern_script_server_free (setup->bad);
  tern_script_server_free (setup->good);
  tern_test_cert_free (setup->cert);
  g_free (setup->anna);
  g_free (setup->bob);
}

static gboolean
has_error (gpointer data)
{
  Setup *setup = data;
  TernAccountStatus *status = tern_engine_dup_account_status (setup->fixture->engine, setup->anna);
  gboolean ok = status->error != NULL;

  tern_account_status_free (status);
  return ok;
}

/* A second goes by with every look; less than two minutes, for the sake of Bob. */
static void
wait_as_time_flies (Setup *setup)
{
  for (guint i = 0; i < 110 && !has_error (setup); i++)
    {
      tern_test_clock_advance (1);
      g_usleep (20 * 1000);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
}

static gboolean
has_nothing_to_say (gpointer data)
{
  Setup *setup = data;

  return tern_script_server_get_connections (setup->bad) == setup->bad_scripts
         && tern_script_server_get_position (setup->bad, setup->bad_scripts - 1) == 1;
}

static void
expect_fault (Setup *setup, TernFaultCode code, const char *words)
{
  TernAccountStatus *status;

  engine_wait (has_error, setup);
  status = tern_engine_dup_account_status (setup->fixture->engine, setup->anna);
  g_test_message ("%s", status->error->message);
  g_assert_error (status->error, TERN_FAULT, code);
  g_assert_cmpint (status->state, ==, TERN_ACCOUNT_OFFLINE);
  g_assert_cmpint (status->next_try, >, 0);
  g_assert_nonnull (strstr (status->error->message, "anna@example.test"));
  g_assert_nonnull (strstr (status->error->message, "127.0.0.1"));
  g_assert_nonnull (strstr (status->error->message, words));
  tern_account_status_free (status);
}

static void
expect_bob_goes_on (Setup *setup)
{
  TernAccountStatus *status = tern_engine_dup_account_status (setup->fixture->engine, setup->bob);

  g_assert_no_error (status->error);
  tern_account_status_free (status);
  tern_script_server_go (setup->good);
  wait_for_mail (setup, setup->bob, "pushed");
}

static guint
find_wait (const char *const *script)
{
  guint n = 0;

  while (strcmp (script[n], "WAIT") != 0)
    n++;
  return n;
}

/* Both accounts hold a message and wait for more. */
static void
begin (Setup *setup, const char *const *bad)
{
  set_up (setup, bad);
  wait_for_mail (setup, setup->anna, "first");
  wait_for_mail (setup, setup->bob, "hello");
  wait_for_step (setup->bad, 0, find_wait (bad));
  tern_script_server_go (setup->bad);
}

/* It has gone wrong. Bob knows nothing of it, and she loses nothing. */
static void
end (Setup *setup, TernFaultCode code, const char *words)
{
  g_autoptr (TernMessageRecord) first = NULL;

  expect_fault (setup, code, words);
  expect_bob_goes_on (setup);
  first = engine_fixture_find (setup->fixture, setup->anna, "INBOX", "first");
  g_assert_nonnull (first);
  set_next (setup, well_again);
  tern_engine_refresh (setup->fixture->engine, setup->anna);
  wait_for_mail (setup, setup->anna, "second");
  wait_for_mail (setup, setup->anna, "first");
  tear_down (setup);
}

static void
test_cut_in_literal (void)
{
  static const char *const script[] = {
    IN_USE ("first"), NEWS, "R: * 2 FETCH (UID 2 BODY[HEADER.FIELDS (REFERENCES)] {100}\r\nRefe",
    "CLOSE",          NULL,
  };
  Setup setup;

  begin (&setup, script);
  end (&setup, TERN_FAULT_DISCONNECTED, "closed the connection");
}

static void
test_huge_literal (void)
{
  static const char *const script[] = {
    IN_USE ("first"),     NEWS, "R: * 2 FETCH (UID 2 BODY[] {2147483648}\r\n",
    "FILL: 2147483648 x", NULL,
  };
  Setup setup;

  begin (&setup, script);
  end (&setup, TERN_FAULT_PROTOCOL, "");
}

#define HUGE_LINE "R: * 2 FETCH (UID 2 ENVELOPE (NIL \"", "FILL: 10485760 x", "S: \"))"

static void
test_huge_lines (void)
{
  static const char *const script[] = {
    IN_USE ("first"), NEWS, HUGE_LINE, HUGE_LINE, HUGE_LINE, "S: %t OK fetched", "STALL", NULL,
  };
  Setup setup;

  begin (&setup, script);
  end (&setup, TERN_FAULT_PROTOCOL, "not IMAP");
}

static void
test_silence (void)
{
  static const char *const script[] = {
    IN_USE ("first"),
    NEWS,
    "STALL",
    NULL,
  };
  Setup setup;

  begin (&setup, script);
  wait_for_step (setup.bad, 0, G_N_ELEMENTS (script) - 2);
  wait_as_time_flies (&setup);
  end (&setup, TERN_FAULT_TIMED_OUT, "does not answer");
}

static void
test_refusal (void)
{
  static const char *const script[] = {
    IN_USE ("first"), NEWS, "S: %t NO not today", "EACH: %t NO not today", NULL,
  };
  Setup setup;

  begin (&setup, script);
  end (&setup, TERN_FAULT_REFUSED, "refused");
}

static void
test_bye (void)
{
  static const char *const script[] = {
    IN_USE ("first"), NEWS, "S: * BYE shutting down", "CLOSE", NULL,
  };
  Setup setup;

  begin (&setup, script);
  end (&setup, TERN_FAULT_UNAVAILABLE, "at the moment");
}

/* Not even the first word. */
static void
test_silence_at_once (void)
{
  static const char *const script[] = { IN_USE ("first"), NEWS, "CLOSE", NULL };
  static const char *const silent[] = { "R: ", "STALL", NULL };
  Setup setup;

  begin (&setup, script);
  expect_fault (&setup, TERN_FAULT_DISCONNECTED, "closed the connection");
  set_next (&setup, silent);
  tern_engine_refresh (setup.fixture->engine, setup.anna);
  engine_wait (has_nothing_to_say, &setup);
  wait_as_time_flies (&setup);
  end (&setup, TERN_FAULT_TIMED_OUT, "does not answer");
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/hostile/cut-in-literal", test_cut_in_literal);
  g_test_add_func ("/engine/hostile/huge-literal", test_huge_literal);
  g_test_add_func ("/engine/hostile/huge-lines", test_huge_lines);
  g_test_add_func ("/engine/hostile/silence", test_silence);
  g_test_add_func ("/engine/hostile/silence-at-once", test_silence_at_once);
  g_test_add_func ("/engine/hostile/refusal", test_refusal);
  g_test_add_func ("/engine/hostile/bye", test_bye);
  return g_test_run ();
}
