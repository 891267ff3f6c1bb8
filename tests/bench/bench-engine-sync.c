/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine-fixture.h"
#include "tern-mail-server.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * The first sync of one INBOX without a window: when the first screen is in the store, and when
 * everything is. Usage: bench-engine-sync [MESSAGES]. Prints the port and the password too, and
 * waits for a line, when RAW is set in the environment, so that raw-imap can be run beside it.
 */

static gint64 began;
static double first_screen;
static double longest_gap;
static gint64 last_beat;

static void
on_changed (TernEngine *engine, TernChangeSet *changes, gpointer data)
{
  if (first_screen == 0)
    for (guint i = 0; i < changes->folders->len; i++)
      if (((TernFolderChange *) g_ptr_array_index (changes->folders, i))->added->len > 0)
        first_screen = (g_get_monotonic_time () - began) / 1e6;
}

static gboolean
on_beat (gpointer data)
{
  gint64 now = g_get_monotonic_time ();

  if (last_beat != 0)
    longest_gap = MAX (longest_gap, (now - last_beat) / 1000.0);
  last_beat = now;
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  g_autofree char *seed = g_strdup_printf ("anna:%s", argc > 1 ? argv[1] : "10000");
  g_autoptr (TernMailServer) server = NULL;
  g_autoptr (EngineFixture) fixture = NULL;
  g_autoptr (TernAccountSettings) settings = tern_account_settings_new ();
  g_autoptr (GPtrArray) messages = NULL;
  g_autofree char *uuid = NULL;
  TernSyncReport *report;
  const char *host, *ca;

  engine_fixture_prepare ();
  server = tern_mail_server_new ("--users", "anna", "--no-postfix", "--seed", seed, NULL);
  if (server == NULL)
    return EXIT_FAILURE;
  host = tern_mail_server_get_host (server);
  ca = tern_mail_server_get_ca_file (server);
  if (g_getenv ("RAW") != NULL)
    {
      g_print ("%s %u %s %s %s\n", host, tern_mail_server_get_port (server, "imap"),
               tern_mail_server_get_address (server, 0), tern_mail_server_get_password (server, 0),
               ca);
      getchar ();
    }
  fixture = engine_fixture_new ();
  engine_fixture_open (fixture, TRUE);
  g_signal_connect (fixture->engine, "changed", G_CALLBACK (on_changed), NULL);
  tern_account_settings_guess (settings, tern_mail_server_get_address (server, 0));
  tern_endpoint_unref (settings->imap);
  settings->imap = tern_endpoint_new (host, tern_mail_server_get_port (server, "imap"),
                                      TERN_SECURITY_TLS, ca, NULL);
  began = g_get_monotonic_time ();
  g_timeout_add (1, on_beat, NULL);
  uuid = engine_fixture_add_account (fixture, settings, tern_mail_server_get_password (server, 0));
  report = engine_fixture_sync (fixture, uuid);
  g_print ("first screen %.3f s, all %.3f s, longest hold of the main loop %.1f ms, "
           "%.1f MB in, %u added\n",
           first_screen, (g_get_monotonic_time () - began) / 1e6, longest_gap,
           report->bytes_in / 1e6, report->added);
  tern_sync_report_free (report);
  return EXIT_SUCCESS;
}
