/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "script-setup.h"

#include <string.h>

#define UUID "6f0c1d52-7a3c-4a55-9d0c-0c5f5f8f2a11"

static char *
add_account (ScriptSetup *setup)
{
  g_autoptr (TernAccountSettings) settings = tern_account_settings_new ();

  tern_account_settings_guess (settings, "anna@example.test");
  g_free (settings->uuid);
  settings->uuid = g_strdup (UUID);
  tern_endpoint_unref (settings->imap);
  settings->imap = tern_endpoint_new ("127.0.0.1", tern_script_server_get_port (setup->server),
                                      TERN_SECURITY_TLS, setup->cert->ca_file, NULL);
  return engine_fixture_add_account (setup->fixture, settings, "geheim");
}

void
script_set_up (ScriptSetup *setup, const char *const *script)
{
  setup->cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  setup->server = tern_script_server_new (setup->cert, TRUE);
  setup->fixture = engine_fixture_new ();
  tern_script_server_addv (setup->server, script);
  engine_fixture_open (setup->fixture, TRUE);
  setup->uuid = add_account (setup);
}

void
script_tear_down (ScriptSetup *setup)
{
  engine_fixture_free (setup->fixture);
  tern_script_server_free (setup->server);
  tern_test_cert_free (setup->cert);
  g_free (setup->uuid);
}

typedef struct
{
  ScriptSetup *setup;
  const char *dump;
  char *found;
} DumpWait;

static gboolean
shows (gpointer data)
{
  DumpWait *wait = data;

  g_free (wait->found);
  wait->found = engine_fixture_dump (wait->setup->fixture, wait->setup->uuid);
  return strcmp (wait->found, wait->dump) == 0;
}

void
script_wait_dump (ScriptSetup *setup, const char *dump)
{
  DumpWait wait = { setup, dump, NULL };

  engine_wait (shows, &wait);
  g_free (wait.found);
}

void
script_meet_again (ScriptSetup *setup, const char *const *script)
{
  engine_fixture_close (setup->fixture);
  tern_script_server_free (setup->server);
  setup->server = tern_script_server_new (setup->cert, TRUE);
  tern_script_server_addv (setup->server, script);
  engine_fixture_open (setup->fixture, FALSE);
  g_free (add_account (setup));
  engine_fixture_close (setup->fixture);
  engine_fixture_open (setup->fixture, TRUE);
}

typedef struct
{
  TernScriptServer *server;
  guint steps;
} StepWait;

static gboolean
has_come_to (gpointer data)
{
  const StepWait *wait = data;

  return tern_script_server_get_position (wait->server, 0) >= wait->steps;
}

void
script_wait_steps (ScriptSetup *setup, guint steps)
{
  StepWait wait = { setup->server, steps };

  engine_wait (has_come_to, &wait);
}
