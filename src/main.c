/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-application.h"

#include "tern-ctl-service.h"
#include "tern-mime-text.h"

#include <glib/gi18n.h>
#include <locale.h>

/* ternctl hands its work to the window while that runs; without a bus it finds the store taken. */
static gpointer
export_ctl (TernEngine *engine, GDBusConnection *connection)
{
  g_autoptr (GError) error = NULL;
  TernCtlService *service;

  if (connection == NULL)
    return NULL;
  service = tern_ctl_service_export (engine, connection, &error);
  if (service == NULL)
    g_warning ("Cannot serve ternctl: %s", error->message);
  return service;
}

int
main (int argc, char **argv)
{
  g_autoptr (TernApplication) app = NULL;

  /* In a Flatpak without LANG a PS1 in the environment makes WebKit's spawn of its processes fail,
   * and the program end with it. */
  g_unsetenv ("PS1");
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, TERN_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  tern_mime_init ();

  app = tern_application_new (export_ctl, (GDestroyNotify) tern_ctl_service_free);
  return g_application_run (G_APPLICATION (app), argc, argv);
}
