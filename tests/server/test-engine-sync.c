/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine-fixture.h"
#include "tern-mail-server.h"

/*
 * The engine against a real Dovecot: first sync, what changes there, push, and what a person does
 * here.
 */

typedef struct
{
  TernMailServer *server;
  EngineFixture *fixture;
  char *uuid;
} Setup;

static TernAccountSettings *
make_settings (TernMailServer *server, guint user, gboolean smtp)
{
  TernAccountSettings *settings = tern_account_settings_new ();
  const char *host = tern_mail_server_get_host (server);
  const char *ca = tern_mail_server_get_ca_file (server);

  tern_account_settings_guess (settings, tern_mail_server_get_address (server, user));
  tern_endpoint_unref (settings->imap);
  tern_endpoint_unref (settings->smtp);
  settings->imap = tern_endpoint_new (host, tern_mail_server_get_port (server, "imap"),
                                      TERN_SECURITY_TLS, ca, NULL);
  settings->smtp = tern_endpoint_new (host, smtp ? tern_mail_server_get_port (server, "smtp") : 1,
                                      TERN_SECURITY_TLS, ca, NULL);
  return settings;
}

static gboolean
set_up (Setup *setup, gboolean smtp, TernMailServer *server)
{
  g_autoptr (TernAccountSettings) settings = NULL;

  setup->server = server;
  if (server == NULL)
    return FALSE;
  setup->fixture = engine_fixture_new ();
  engine_fixture_open (setup->fixture, TRUE);
  settings = make_settings (server, 0, smtp);
  setup->uuid = engine_fixture_add_account (setup->fixture, settings,
                                            tern_mail_server_get_password (server, 0));
  return TRUE;
}

static void
tear_down (Setup *setup)
{
  engine_fixture_free (setup->fixture);
  tern_mail_server_free (setup->server);
  g_free (setup->uuid);
}

static void
test_first_sync (void)
{
  Setup setup;
  g_autoptr (GPtrArray) messages = NULL;
  TernSyncReport *report;

  if (!set_up (
          &setup, FALSE,
          tern_mail_server_new ("--users", "anna,bob", "--no-postfix", "--seed", "anna:700", NULL)))
    return;
  report = engine_fixture_sync (setup.fixture, setup.uuid);
  messages = engine_fixture_messages (setup.fixture, setup.uuid, "INBOX");
  g_test_message ("%u messages in %.3f s, %u round trips, %" G_GUINT64_FORMAT " bytes",
                  messages->len, report->seconds, report->round_trips, report->bytes_in);
  g_assert_cmpuint (messages->len, >=, 100);
  tern_sync_report_free (report);
  tear_down (&setup);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/sync/first", test_first_sync);
  return g_test_run ();
}
