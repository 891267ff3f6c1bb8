/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-fixture.h"

#include <string.h>

/* Everything that can happen between the connection and the login. */

typedef struct
{
  const char *name;
  TernSecurity security;
  TernFaultCode fault;
  const char *server_text; /* (nullable) */
  const char *steps[12];
} Refusal;

#define GREET "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi"
#define AUTH  "C: %t AUTHENTICATE PLAIN *"

static const Refusal refusals[] = {
  { "bye",
    TERN_SECURITY_TLS,
    TERN_FAULT_UNAVAILABLE,
    "Too busy, come back",
    { "S: * BYE Too busy, come back", "EOF" } },
  { "bye-limit",
    TERN_SECURITY_TLS,
    TERN_FAULT_LIMIT,
    "Too many",
    { "S: * BYE [LIMIT] Too many", "EOF" } },
  { "not-imap",
    TERN_SECURITY_TLS,
    TERN_FAULT_PROTOCOL,
    NULL,
    { "S: 220 mail.test ESMTP", "S: x", "S: y", "EOF" } },
  { "no-greeting", TERN_SECURITY_TLS, TERN_FAULT_PROTOCOL, NULL, { "S: * NO hello", "EOF" } },
  { "closed", TERN_SECURITY_TLS, TERN_FAULT_DISCONNECTED, NULL, { "CLOSE" } },
  { "cut", TERN_SECURITY_TLS, TERN_FAULT_DISCONNECTED, NULL, { "R: * OK [CAPA", "CUT" } },
  { "endless-line",
    TERN_SECURITY_TLS,
    TERN_FAULT_PROTOCOL,
    NULL,
    { "R: * OK ", "FILL: 68000000 x", "EOF" } },
  { "two-gib-literal",
    TERN_SECURITY_TLS,
    TERN_FAULT_PROTOCOL,
    NULL,
    { "R: * X {2147483648}\r\n", "EOF" } },
  { "preauth",
    TERN_SECURITY_STARTTLS,
    TERN_FAULT_TLS,
    NULL,
    { "S: * PREAUTH [CAPABILITY IMAP4rev1] welcome", "EOF" } },
  { "stripped-starttls", TERN_SECURITY_STARTTLS, TERN_FAULT_TLS, NULL, { GREET, "EOF" } },
  { "starttls-no",
    TERN_SECURITY_STARTTLS,
    TERN_FAULT_TLS,
    "not today",
    { "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi", "C: %t STARTTLS", "S: %t NO not today",
      "EOF" } },
  { "starttls-bad",
    TERN_SECURITY_STARTTLS,
    TERN_FAULT_TLS,
    NULL,
    { "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi", "C: %t STARTTLS", "S: %t BAD what", "EOF" } },
  { "starttls-injection",
    TERN_SECURITY_STARTTLS,
    TERN_FAULT_TLS,
    NULL,
    { "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi", "C: %t STARTTLS",
      "R: %t OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", "EOF" } },
  { "killed-in-handshake",
    TERN_SECURITY_STARTTLS,
    TERN_FAULT_DISCONNECTED,
    NULL,
    { "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi", "C: %t STARTTLS", "S: %t OK go", "CUT" } },
  { "wrong-password",
    TERN_SECURITY_TLS,
    TERN_FAULT_AUTHENTICATION,
    "Authentication failed.",
    { GREET, AUTH, "S: %t NO [AUTHENTICATIONFAILED] Authentication failed.", "EOF" } },
  { "wrong-password-no-code",
    TERN_SECURITY_TLS,
    TERN_FAULT_AUTHENTICATION,
    "Invalid login",
    { GREET, AUTH, "S: %t NO Invalid login", "EOF" } },
  { "expired",
    TERN_SECURITY_TLS,
    TERN_FAULT_AUTHENTICATION,
    NULL,
    { GREET, AUTH, "S: %t NO [EXPIRED] set a new one", "EOF" } },
  { "login-unavailable",
    TERN_SECURITY_TLS,
    TERN_FAULT_UNAVAILABLE,
    NULL,
    { GREET, AUTH, "S: %t NO [UNAVAILABLE] backend down", "EOF" } },
  { "login-contactadmin",
    TERN_SECURITY_TLS,
    TERN_FAULT_UNAVAILABLE,
    NULL,
    { GREET, AUTH, "S: %t NO [CONTACTADMIN] call us", "EOF" } },
  { "login-in-use",
    TERN_SECURITY_TLS,
    TERN_FAULT_UNAVAILABLE,
    NULL,
    { GREET, AUTH, "S: %t NO [INUSE] locked", "EOF" } },
  { "login-temporary-words",
    TERN_SECURITY_TLS,
    TERN_FAULT_UNAVAILABLE,
    NULL,
    { GREET, AUTH, "S: %t NO Temporary authentication failure", "EOF" } },
  { "login-too-many",
    TERN_SECURITY_TLS,
    TERN_FAULT_LIMIT,
    NULL,
    { GREET, AUTH, "S: %t NO [ALERT] Too many simultaneous connections. (Failure)", "EOF" } },
  { "login-bad",
    TERN_SECURITY_TLS,
    TERN_FAULT_PROTOCOL,
    NULL,
    { GREET, AUTH, "S: %t BAD what", "EOF" } },
  { "login-bye",
    TERN_SECURITY_TLS,
    TERN_FAULT_UNAVAILABLE,
    "shutting down",
    { GREET, AUTH, "S: * BYE shutting down", "EOF" } },
  { "login-disabled",
    TERN_SECURITY_TLS,
    TERN_FAULT_NO_MECHANISM,
    NULL,
    { "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi", "EOF" } },
};

static void
add_steps (TernImapFixture *fixture, const char *const *steps)
{
  tern_script_server_addv (fixture->server, steps);
}

static void
test_refusal (gconstpointer data)
{
  const Refusal *refusal = data;
  g_auto (TernImapFixture) fixture;
  g_autoptr (GError) error = NULL;

  tern_imap_fixture_init (&fixture, refusal->security);
  add_steps (&fixture, refusal->steps);
  error = tern_imap_fixture_open (&fixture);
  g_assert_error (error, TERN_FAULT, (int) refusal->fault);
  if (refusal->server_text != NULL)
    g_assert_cmpstr (tern_fault_get_server_text (error), ==, refusal->server_text);
  g_assert_null (strstr (error->message, "secret"));
  g_assert_cmpint (tern_imap_session_get_state (fixture.session), ==, TERN_IMAP_DEAD);
  /* Its own callback told: the handler does not say it again. */
  g_assert_cmpuint (fixture.closed, ==, 0);
  tern_script_server_finish (fixture.server, 1);
}

/* Nothing secret goes over a line that is not encrypted. */
static void
test_starttls (void)
{
  static const char *const steps[] = {
    "S: * OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN X-TRAP ENABLE] hi",
    "C: %t STARTTLS",
    "S: %t OK go",
    "TLS",
    "C: %t CAPABILITY",
    "S: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR",
    "S: %t OK done",
    "C: %t AUTHENTICATE PLAIN AGFubmEAc2VjcmV0",
    "S: %t OK in",
    "C: %t CAPABILITY",
    "S: * CAPABILITY IMAP4rev1 IDLE",
    "S: %t OK done",
    "EOF",
    NULL
  };
  g_auto (TernImapFixture) fixture;
  g_autoptr (GError) error = NULL;

  tern_imap_fixture_init (&fixture, TERN_SECURITY_STARTTLS);
  add_steps (&fixture, steps);
  error = tern_imap_fixture_open (&fixture);
  g_assert_no_error (error);
  g_assert_cmpint (tern_imap_session_get_state (fixture.session), ==, TERN_IMAP_AUTHENTICATED);
  g_assert_cmpint ((int) tern_imap_session_get_caps (fixture.session), ==, TERN_IMAP_CAP_IDLE);
  g_clear_object (&fixture.session);
  tern_script_server_finish (fixture.server, 1);
}

static void
test_inform (void)
{
  g_auto (TernImapFixture) fixture;
  g_autoptr (GError) error = NULL;
  TernImapNamespace *space;

  tern_imap_fixture_init (&fixture, TERN_SECURITY_TLS);
  tern_imap_fixture_script (&fixture, "ENABLE CONDSTORE QRESYNC ID NAMESPACE",
                            "C: %3 ENABLE CONDSTORE QRESYNC", "C: %1 ID (\"name\" \"Tern\")",
                            "C: %2 NAMESPACE", "QUIET: 50", "S: * ENABLED CONDSTORE QRESYNC",
                            "S: %3 OK enabled",
                            "S: * NAMESPACE ((\"INBOX.\" \".\")(\"#x/\" NIL)) NIL NIL", "S: %2 OK",
                            "S: %1 BAD no", "EOF", NULL);
  error = tern_imap_fixture_open (&fixture);
  g_assert_no_error (error);
  g_assert_cmpuint (tern_imap_session_get_namespaces (fixture.session)->len, ==, 2);
  space = g_ptr_array_index (tern_imap_session_get_namespaces (fixture.session), 0);
  g_assert_cmpstr (space->prefix, ==, "INBOX.");
  g_assert_cmpint (space->delimiter, ==, '.');
  space = g_ptr_array_index (tern_imap_session_get_namespaces (fixture.session), 1);
  g_assert_cmpint (space->delimiter, ==, 0);
  g_clear_object (&fixture.session);
  tern_script_server_finish (fixture.server, 1);
}

/* Refused, it changes nothing; and nothing is sent before that is known. */
static void
test_compress_refused (void)
{
  g_auto (TernImapFixture) fixture;
  g_auto (TernImapResult) result = { 0 };
  g_autoptr (GError) error = NULL;

  tern_imap_fixture_init (&fixture, TERN_SECURITY_TLS);
  tern_imap_fixture_script (
      &fixture, "COMPRESS=DEFLATE NAMESPACE", "C: %1 NAMESPACE", "C: %2 COMPRESS DEFLATE",
      "QUIET: 50", "S: * NAMESPACE ((\"\" \"/\")) NIL NIL", "S: %1 OK done",
      "S: %2 NO [COMPRESSIONACTIVE] it is by TLS", "C: %t NOOP", "S: %t OK nothing", "EOF", NULL);
  error = tern_imap_fixture_open (&fixture);
  g_assert_no_error (error);
  tern_imap_session_noop_async (fixture.session, NULL, tern_imap_result_cb, &result);
  tern_imap_result_wait (&result);
  g_clear_object (&fixture.session);
  tern_script_server_finish (fixture.server, 1);
}

/* A server without SASL: LOGIN, under TLS. Without LITERAL+ nothing is hurried. */
static void
test_login_command (void)
{
  static const char *const steps[] = { "S: * OK hi",
                                       "C: %t CAPABILITY",
                                       "S: * CAPABILITY IMAP4rev1",
                                       "S: %t OK done",
                                       "C: %t LOGIN \"anna\" \"secret\"",
                                       "S: * CAPABILITY IMAP4rev1 MOVE",
                                       "S: %t OK in",
                                       "EOF",
                                       NULL };
  g_auto (TernImapFixture) fixture;
  g_autoptr (GError) error = NULL;

  tern_imap_fixture_init (&fixture, TERN_SECURITY_TLS);
  add_steps (&fixture, steps);
  error = tern_imap_fixture_open (&fixture);
  g_assert_no_error (error);
  g_assert_cmpint ((int) tern_imap_session_get_caps (fixture.session), ==, TERN_IMAP_CAP_MOVE);
  g_clear_object (&fixture.session);
  tern_script_server_finish (fixture.server, 1);
}

/* Without SASL-IR the response waits for the server's "+". */
static void
test_sasl_without_initial (void)
{
  static const char *const steps[] = { "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi",
                                       "C: %t AUTHENTICATE PLAIN",
                                       "S: +",
                                       "C: AGFubmEAc2VjcmV0",
                                       "S: %t OK [CAPABILITY IMAP4rev1] in",
                                       "EOF",
                                       NULL };
  g_auto (TernImapFixture) fixture;
  g_autoptr (GError) error = NULL;

  tern_imap_fixture_init (&fixture, TERN_SECURITY_TLS);
  add_steps (&fixture, steps);
  error = tern_imap_fixture_open (&fixture);
  g_assert_no_error (error);
  g_clear_object (&fixture.session);
  tern_script_server_finish (fixture.server, 1);
}

static void
test_preauth_in_tls (void)
{
  static const char *const steps[] = { "S: * PREAUTH [CAPABILITY IMAP4rev1] welcome", "EOF", NULL };
  g_auto (TernImapFixture) fixture;
  g_autoptr (GError) error = NULL;

  tern_imap_fixture_init (&fixture, TERN_SECURITY_TLS);
  add_steps (&fixture, steps);
  error = tern_imap_fixture_open (&fixture);
  g_assert_no_error (error);
  g_assert_cmpint (tern_imap_session_get_state (fixture.session), ==, TERN_IMAP_AUTHENTICATED);
  g_clear_object (&fixture.session);
  tern_script_server_finish (fixture.server, 1);
}

static void
test_silence (void)
{
  static const char *const steps[] = { "STALL", NULL };
  g_auto (TernImapFixture) fixture;
  g_autoptr (GError) error = NULL;

  tern_imap_fixture_init (&fixture, TERN_SECURITY_TLS);
  tern_imap_session_set_silence (fixture.session, 200);
  add_steps (&fixture, steps);
  error = tern_imap_fixture_open (&fixture);
  g_assert_error (error, TERN_FAULT, TERN_FAULT_TIMED_OUT);
  tern_script_server_finish (fixture.server, 1);
}

static void
keep_error (GObject *source, GAsyncResult *result, gpointer data)
{
  GError **error = data;

  g_assert_false (tern_imap_session_open_finish (TERN_IMAP_SESSION (source), result, error));
}

/* Given up at every step of the way. */
static void
test_cancel (void)
{
  static const char *const steps[] = { "WAIT",
                                       "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi",
                                       "C: %t STARTTLS",
                                       "WAIT",
                                       "S: %t OK go",
                                       "TLS",
                                       "C: %t CAPABILITY",
                                       "WAIT",
                                       "S: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR",
                                       "S: %t OK done",
                                       "C: %t AUTHENTICATE PLAIN *",
                                       "STALL",
                                       NULL };
  static const guint positions[] = { 0, 3, 7, 11 };

  for (guint i = 0; i < G_N_ELEMENTS (positions); i++)
    {
      g_auto (TernImapFixture) fixture;
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;

      tern_imap_fixture_init (&fixture, TERN_SECURITY_STARTTLS);
      add_steps (&fixture, steps);
      for (guint n = 0; n < i; n++)
        tern_script_server_go (fixture.server);
      tern_imap_session_open_async (fixture.session, cancellable, keep_error, &error);
      tern_test_wait_until (tern_script_server_get_connections (fixture.server) == 1
                            && tern_script_server_get_position (fixture.server, 0) == positions[i]);
      g_cancellable_cancel (cancellable);
      tern_test_wait_until (error != NULL);
      g_assert_error (error, TERN_FAULT, TERN_FAULT_CANCELLED);
      g_assert_cmpint (tern_imap_session_get_state (fixture.session), ==, TERN_IMAP_DEAD);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *path = g_strdup_printf ("/imap/open/%s", refusals[i].name);

      g_test_add_data_func (path, &refusals[i], test_refusal);
    }
  g_test_add_func ("/imap/open/starttls", test_starttls);
  g_test_add_func ("/imap/open/inform", test_inform);
  g_test_add_func ("/imap/open/compress-refused", test_compress_refused);
  g_test_add_func ("/imap/open/login-command", test_login_command);
  g_test_add_func ("/imap/open/sasl-without-initial", test_sasl_without_initial);
  g_test_add_func ("/imap/open/preauth-in-tls", test_preauth_in_tls);
  g_test_add_func ("/imap/open/silence", test_silence);
  g_test_add_func ("/imap/open/cancel", test_cancel);
  return g_test_run ();
}
