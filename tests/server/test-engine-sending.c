/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "engine-server.h"
#include "tern-script-server.h"

/*
 * Sending when it does not go smoothly: an answer that never comes after the final dot, and
 * recipients that the server does not want to take now.
 */

typedef struct
{
  EngineSetup *setup;
  TernId id;
  TernOutboxState state;
  guint attempts; /* at least */
} EntryWait;

static gboolean
is_in_state (gpointer data)
{
  const EntryWait *wait = data;
  g_autoptr (TernOutboxRecord) entry = engine_setup_outbox_entry (wait->setup, wait->id);

  return entry != NULL && entry->state == wait->state && entry->attempts >= wait->attempts;
}

/* IMAP is a real server's, SMTP is @smtp. */
static gboolean
begin_with_smtp (EngineSetup *setup, TernScriptServer *smtp, TernTestCert *cert)
{
  g_autoptr (TernAccountSettings) settings = NULL;

  setup->server =
      tern_mail_server_new ("--password", "geheim", "--users", "anna", "--no-postfix", NULL);
  if (setup->server == NULL)
    return FALSE;
  setup->fixture = engine_fixture_new ();
  engine_fixture_open (setup->fixture, TRUE);
  settings = engine_server_settings (setup->server, 0, FALSE);
  tern_endpoint_unref (settings->smtp);
  settings->smtp = tern_endpoint_new ("127.0.0.1", tern_script_server_get_port (smtp),
                                      TERN_SECURITY_TLS, cert->ca_file, NULL);
  setup->uuid = engine_fixture_add_account (setup->fixture, settings, "geheim");
  tern_sync_report_free (engine_fixture_sync (setup->fixture, setup->uuid));
  return TRUE;
}

/* The message arrived there after all, and the copy is in Sent: from another program, or because
 * the server files by itself. */
static void
put_into_sent (EngineSetup *setup, const TernOutboxRecord *entry)
{
  g_autofree char *message =
      g_strdup_printf ("From: anna@example.test\r\nTo: bob@example.test\r\nSubject: %s\r\n"
                       "Message-ID: <%s>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n\r\nHello\r\n",
                       entry->subject, entry->message_id);

  tern_mail_server_append (setup->server, "anna", "Sent", message, "\\Seen");
}

static void
test_uncertain (void)
{
  TernTestCert *cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  TernScriptServer *smtp = tern_script_server_new (cert, TRUE);
  EngineSetup setup;
  g_autoptr (TernDraft) draft = NULL;
  g_autoptr (TernOutboxRecord) entry = NULL;
  g_autoptr (TernOutboxRecord) later = NULL;
  EntryWait wait = { &setup, 0, TERN_OUTBOX_DONE, 1 };

  tern_script_server_add (smtp, "S: 220 hi", "C: EHLO *", "S: 250-x", "S: 250 AUTH PLAIN",
                          "C: AUTH PLAIN *", "S: 235 in", "C: MAIL FROM:*", "S: 250 ok",
                          "C: RCPT TO:*", "S: 250 ok", "C: DATA", "S: 354 go on", "DATA", "CUT",
                          NULL);
  if (!begin_with_smtp (&setup, smtp, cert))
    {
      tern_script_server_free (smtp);
      tern_test_cert_free (cert);
      return;
    }
  draft = engine_setup_draft (&setup, "bob@example.test", "perhaps");
  wait.id = engine_setup_send (&setup, draft);
  entry = engine_setup_wait_outbox (&setup, wait.id);
  tern_script_server_finish (smtp, 1);
  g_assert_cmpstr (tern_outbox_state_name (entry->state), ==, "uncertain");
  g_assert_nonnull (entry->fault);
  g_test_message ("%s", entry->fault);
  g_assert_cmpuint (setup.fixture->notes->len, ==, 1);

  /* Not by the next sync, not by "try again", not by the next start is it sent again. */
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  tern_engine_refresh (setup.fixture->engine, setup.uuid);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  engine_fixture_close (setup.fixture);
  engine_fixture_open (setup.fixture, TRUE);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  later = engine_setup_outbox_entry (&setup, wait.id);
  g_assert_cmpstr (tern_outbox_state_name (later->state), ==, "uncertain");
  g_assert_cmpuint (later->attempts, ==, 1);
  g_assert_cmpuint (tern_script_server_get_connections (smtp), ==, 1);

  put_into_sent (&setup, entry);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  engine_wait (is_in_state, &wait);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  g_assert_cmpuint (engine_setup_count (&setup, "Sent", "all"), ==, 1);
  g_assert_cmpuint (tern_script_server_get_connections (smtp), ==, 1);
  engine_setup_end (&setup);
  tern_script_server_free (smtp);
  tern_test_cert_free (cert);
}

static char *
search_bob (EngineSetup *setup)
{
  return g_strstrip (
      tern_mail_server_doveadm (setup->server, "search -u bob@example.test mailbox INBOX all"));
}

static gboolean
has_bob_got_it (gpointer data)
{
  g_autofree char *found = search_bob (data);

  return *found != '\0';
}

/* One is told "later", one is taken: the one is tried again, the other not. */
static void
test_later (void)
{
  EngineSetup setup;
  g_autoptr (TernDraft) draft = NULL;
  g_autoptr (TernOutboxRecord) entry = NULL;
  g_autoptr (TernOutboxRecord) again = NULL;
  g_autofree char *found = NULL;
  EntryWait wait = { &setup, 0, TERN_OUTBOX_QUEUED, 1 };
  gint64 now;

  if (!engine_setup_begin (
          &setup, TRUE, tern_mail_server_new ("--password", "geheim", "--users", "anna,bob", NULL)))
    return;
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  draft = engine_setup_draft (&setup, "later@example.test", "patience");
  g_ptr_array_add (draft->to,
                   tern_address_new ("", tern_mail_server_get_address (setup.server, 1)));
  now = g_get_real_time () / 1000;
  wait.id = engine_setup_send (&setup, draft);
  engine_wait (is_in_state, &wait);
  entry = engine_setup_outbox_entry (&setup, wait.id);
  g_assert_nonnull (strstr (entry->fault, "later@example.test"));
  g_assert_nonnull (strstr (entry->server_text, "try again later"));
  g_assert_cmpint (entry->not_before, >, now);
  g_assert_cmpuint (entry->recipients->len, ==, 2);

  /* A person who does not want to wait. */
  tern_engine_refresh (setup.fixture->engine, setup.uuid);
  wait.attempts = 2;
  engine_wait (is_in_state, &wait);
  again = engine_setup_outbox_entry (&setup, wait.id);
  g_assert_cmpint (again->not_before, >, entry->not_before);
  /* Bob gets it, once. */
  engine_wait (has_bob_got_it, &setup);
  found = search_bob (&setup);
  g_assert_null (strchr (found, '\n'));
  g_assert_cmpuint (engine_setup_count (&setup, "INBOX", "all"), ==, 0);
  engine_setup_end (&setup);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/outbox/uncertain", test_uncertain);
  g_test_add_func ("/engine/outbox/later", test_later);
  return g_test_run ();
}
