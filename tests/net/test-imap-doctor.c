/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-extensions.h"
#include "tern-imap-fixture.h"

#include <string.h>

/* What a session keeps of its connection for the connection doctor. */

static TernConnection *
copy (TernImapFixture *self)
{
  return tern_connection_copy (tern_imap_session_get_connection (self->session));
}

/* All protocol lines in one text, "C: …" and "S: …". */
static char *
dup_lines (const TernConnection *connection)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < connection->lines->len; i++)
    {
      const TernTranscriptLine *line = g_ptr_array_index (connection->lines, i);

      g_string_append_printf (text, "%s %s\n",
                              line->direction == TERN_WIRE_SENT ? "C:" : "S:", line->text);
    }
  return g_string_free (text, FALSE);
}

/* The fixture's user and password, in the clear and as SASL sends them. */
static void
assert_no_secret (const char *text)
{
  static const char *const secrets[] = { "secret",   "c2VjcmV0", "AGFubmEAc2VjcmV0",
                                         "YW5uYQ==", "AGFu",     "anna" };

  for (gsize i = 0; i < G_N_ELEMENTS (secrets); i++)
    if (strstr (text, secrets[i]) != NULL)
      g_error ("\"%s\" is in:\n%s", secrets[i], text);
}

static void
test_facts (void)
{
  g_auto (TernImapFixture) self = { NULL };
  g_autoptr (TernConnection) before = NULL;
  g_autoptr (TernConnection) there = NULL;
  g_autofree char *lines = NULL;

  tern_imap_fixture_init (&self, TERN_SECURITY_TLS);
  before = copy (&self);
  g_assert_cmpint (before->state, ==, TERN_CONNECTION_NONE);
  g_assert_cmpuint (before->lines->len, ==, 0);
  tern_imap_fixture_script (&self, "IDLE MOVE NAMESPACE X-STRANGE", "C: %t NAMESPACE",
                            "S: * NAMESPACE ((\"\" \"/\")) NIL NIL", "S: %t OK", "SELECTED", "EOF",
                            NULL);
  tern_imap_fixture_open_inbox (&self);
  there = copy (&self);
  g_assert_cmpint (there->state, ==, TERN_CONNECTION_OPEN);
  g_assert_cmpint (there->since, >, 0);
  g_assert_cmpstr (there->host, ==, "127.0.0.1");
  g_assert_cmpstr (there->address, ==, "127.0.0.1");
  g_assert_true (there->secure);
  g_assert_true (g_str_has_prefix (there->tls_version, "TLS 1."));
  g_assert_nonnull (there->cipher);
  g_assert_nonnull (there->certificate.subject);
  g_assert_nonnull (there->certificate.issuer);
  g_assert_cmpint (there->certificate.not_before, <, there->certificate.not_after);
  g_assert_cmpuint (strlen (there->certificate.sha256), ==, 64);
  g_assert_cmpstr (there->mechanism, ==, "PLAIN");
  g_assert_cmpstr (there->mailbox, ==, "INBOX");
  g_assert_cmpuint (there->bytes_in, >, 0);
  g_assert_cmpuint (there->bytes_out, >, 0);
  /* What counts is what is announced after the login. */
  g_assert_true (tern_connection_has_offered (there, "move"));
  g_assert_true (tern_connection_has_offered (there, "X-STRANGE"));
  g_assert_false (tern_connection_has_offered (there, "SASL-IR"));
  g_assert_false (tern_connection_has_offered (there, "QRESYNC"));
  g_assert_true (tern_connection_has_used (there, "NAMESPACE"));
  g_assert_true (tern_connection_has_used (there, "SASL-IR"));
  g_assert_false (tern_connection_has_used (there, "MOVE"));
  lines = dup_lines (there);
  g_assert_nonnull (strstr (lines, "AUTHENTICATE PLAIN …\n"));
  g_assert_nonnull (strstr (lines, "SELECT \"INBOX\"\n"));
  assert_no_secret (lines);
}

/* The exchange with a continuation, and a server that repeats what it got. */
static void
test_continuation (void)
{
  g_auto (TernImapFixture) self = { NULL };
  g_autoptr (TernConnection) refused = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *lines = NULL;

  tern_imap_fixture_init (&self, TERN_SECURITY_TLS);
  tern_script_server_add (
      self.server, "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi", "C: %t AUTHENTICATE PLAIN",
      "S: + ", "C: AGFubmEAc2VjcmV0", "S: * OK you sent AGFubmEAc2VjcmV0",
      "S: %t NO [AUTHENTICATIONFAILED] AGFubmEAc2VjcmV0 anna secret", "EOF", NULL);
  error = tern_imap_fixture_open (&self);
  g_assert_error (error, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  refused = copy (&self);
  g_assert_cmpint (refused->state, ==, TERN_CONNECTION_REFUSED);
  g_assert_error (refused->error, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  lines = dup_lines (refused);
  g_assert_nonnull (strstr (lines, "C: …\n"));
  g_assert_nonnull (strstr (lines, "NO [AUTHENTICATIONFAILED] …\n"));
  assert_no_secret (lines);
}

/* LOGIN with strings that need literals: the lines that follow say nothing of what they are. */
static void
test_login_literals (void)
{
  g_auto (TernImapFixture) self = { NULL };
  static const TernImapHandlers none = { NULL };
  g_autoptr (TernCredentials) credentials = tern_credentials_new ("ännä", "AUTH sécret");
  g_autoptr (TernEndpoint) endpoint = NULL;
  g_autoptr (TernConnection) open = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *lines = NULL;

  tern_imap_fixture_init (&self, TERN_SECURITY_TLS);
  endpoint = tern_endpoint_new ("127.0.0.1", tern_script_server_get_port (self.server),
                                TERN_SECURITY_TLS, self.cert->ca_file, NULL);
  g_clear_object (&self.session);
  self.session = tern_imap_session_new (endpoint, credentials, "test", FALSE, &none, NULL);
  tern_script_server_add (self.server, "S: * OK [CAPABILITY IMAP4rev1] hi", "C: %t LOGIN {6}",
                          "S: + go", "C: ännä {12}", "S: + go", "C: AUTH sécret",
                          "S: %t OK [CAPABILITY IMAP4rev1] in", "EOF", NULL);
  error = tern_imap_fixture_open (&self);
  g_assert_no_error (error);
  open = copy (&self);
  g_assert_cmpstr (open->mechanism, ==, "LOGIN");
  lines = dup_lines (open);
  g_assert_nonnull (strstr (lines, "LOGIN …\n"));
  g_assert_null (strstr (lines, "cret"));
  g_assert_null (strstr (lines, "AUTH"));
  g_assert_null (strstr (lines, "nn"));
  g_assert_null (strstr (lines, "{12}"));
}

static void
test_content (void)
{
  g_auto (TernImapFixture) self = { NULL };
  g_auto (TernImapResult) fetched = { 0 };
  g_auto (TernImapResult) appended = { 0 };
  g_autoptr (GBytes) message = g_bytes_new_static ("Subject: private\r\n\r\nprivate\r\n", 29);
  g_autoptr (TernConnection) there = NULL;
  g_autofree char *lines = NULL;

  tern_imap_fixture_init (&self, TERN_SECURITY_TLS);
  tern_imap_fixture_script (&self, "", "SELECTED", "C: %t UID FETCH 30 (UID BODY.PEEK[])",
                            "R: * 3 FETCH (UID 30 BODY[] {9}\r\nprivate\r\n)\r\n", "S: %t OK",
                            "C: %t APPEND \"Sent\" () {29}", "S: + go", "C: Subject: private",
                            "C: ", "C: private", "C: ", "S: %t OK", "EOF", NULL);
  tern_imap_fixture_open_inbox (&self);
  tern_imap_session_fetch_body_async (self.session, 30, "", 0, NULL, tern_imap_result_cb, &fetched);
  tern_imap_result_wait (&fetched);
  tern_imap_session_append_async (self.session, "Sent", message, 0, NULL, 0, NULL,
                                  tern_imap_result_cb, &appended);
  tern_imap_result_wait (&appended);
  there = copy (&self);
  lines = dup_lines (there);
  g_assert_nonnull (strstr (lines, "S: * 3 FETCH (UID 30 BODY[] {9} …)\n"));
  g_assert_nonnull (strstr (lines, "C: (29 bytes)\n"));
  g_assert_null (strstr (lines, "private"));
}

static void
test_ends (void)
{
  g_auto (TernImapFixture) self = { NULL };
  g_autoptr (TernConnection) kept = NULL;
  TernConnection *connection;

  tern_imap_fixture_init (&self, TERN_SECURITY_TLS);
  tern_imap_fixture_script (&self, "", "SELECTED", "WAIT", "CLOSE", NULL);
  tern_imap_fixture_open_inbox (&self);
  tern_script_server_go (self.server);
  tern_test_wait_until (self.closed > 0);
  kept = tern_connection_ref (tern_imap_session_get_connection (self.session));
  g_assert_cmpint (kept->state, ==, TERN_CONNECTION_LOST);
  /* It outlives its session. */
  g_clear_object (&self.session);
  connection = tern_connection_copy (kept);
  g_assert_error (connection->error, TERN_FAULT, TERN_FAULT_DISCONNECTED);
  g_assert_cmpuint (connection->lines->len, >, 4);
  g_assert_cmpuint (connection->bytes_in, >, 0);
  tern_connection_unref (connection);
}

static void
test_limit (void)
{
  g_auto (TernImapFixture) self = { NULL };
  g_autoptr (TernConnection) refused = NULL;
  g_autoptr (GError) error = NULL;

  tern_imap_fixture_init (&self, TERN_SECURITY_TLS);
  tern_script_server_add (self.server, "S: * BYE [LIMIT] Too many", "EOF", NULL);
  error = tern_imap_fixture_open (&self);
  refused = copy (&self);
  g_assert_cmpint (refused->state, ==, TERN_CONNECTION_REFUSED);
}

static void
test_table (void)
{
  gsize n;
  const TernImapExtension *extensions = tern_imap_extensions_get (&n);

  for (gsize i = 0; i < n; i++)
    {
      g_assert_true (tern_imap_extension_find (extensions[i].name) == &extensions[i]);
      g_assert_true (g_str_has_suffix (extensions[i].without, "."));
      if (i > 0)
        g_assert_cmpstr (extensions[i - 1].name, <, extensions[i].name);
    }
  g_assert_true (tern_imap_extension_find ("move")->used);
  g_assert_null (tern_imap_extension_find ("X-STRANGE"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/doctor/facts", test_facts);
  g_test_add_func ("/imap/doctor/continuation", test_continuation);
  g_test_add_func ("/imap/doctor/login-literals", test_login_literals);
  g_test_add_func ("/imap/doctor/content", test_content);
  g_test_add_func ("/imap/doctor/ends", test_ends);
  g_test_add_func ("/imap/doctor/limit", test_limit);
  g_test_add_func ("/imap/doctor/table", test_table);
  return g_test_run ();
}
