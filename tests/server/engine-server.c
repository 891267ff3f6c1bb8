/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine-server.h"

#define UUID "6f0c1d52-7a3c-4a55-9d0c-0c5f5f8f2a11"

TernAccountSettings *
engine_any_settings (void)
{
  TernAccountSettings *settings = tern_account_settings_new ();

  tern_account_settings_guess (settings, "anna@example.test");
  g_free (settings->uuid);
  settings->uuid = g_strdup (UUID);
  return settings;
}

TernAccountSettings *
engine_server_settings (TernMailServer *server, guint user, gboolean smtp)
{
  TernAccountSettings *settings = engine_any_settings ();
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
