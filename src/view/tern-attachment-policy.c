/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-attachment-policy.h"

#include <gio/gio.h>
#include <string.h>

static gboolean
type_is_program (const char *type)
{
  /* Scripts of all languages are children of the first one. */
  static const char *const PROGRAMS[] = {
    "application/x-executable",
    "application/x-sharedlib",
    "application/x-pie-executable",
    "application/x-shellscript",
    "application/x-desktop",
    "application/x-ms-dos-executable",
    "application/x-msdownload",
    "application/vnd.microsoft.portable-executable",
    "application/x-msi",
    "application/x-ms-shortcut",
    "application/x-mswinurl",
    "application/x-bat",
    "application/hta",
    "application/x-java",
    "application/x-java-archive",
    "application/java-archive",
    "application/x-java-jnlp-file",
    "application/x-deb",
    "application/x-debian-package",
    "application/vnd.debian.binary-package",
    "application/x-rpm",
    "application/x-redhat-package-manager",
    "application/x-source-rpm",
    "application/vnd.flatpak",
    "application/vnd.flatpak.ref",
    "application/vnd.flatpak.repo",
    "application/vnd.appimage",
    "application/x-iso9660-appimage",
    "application/vnd.snap",
    "application/vnd.android.package-archive",
  };

  for (guint i = 0; i < G_N_ELEMENTS (PROGRAMS); i++)
    if (g_content_type_is_a (type, PROGRAMS[i]))
      return TRUE;
  return FALSE;
}

/* Not every desktop knows all of the types above. */
static gboolean
name_is_program (const char *name)
{
  static const char *const ENDINGS[] = {
    "apk",     "appimage",    "bat", "cmd", "com", "cpl", "deb", "desktop", "dll", "exe",
    "flatpak", "flatpakref",  "hta", "jar", "js",  "jse", "lnk", "msc",     "msi", "msix",
    "msp",     "flatpakrepo", "pif", "ps1", "reg", "rpm", "run", "scr",     "sh",  "snap",
    "url",     "jnlp",        "vbe", "vbs", "wsf", "wsh", NULL
  };
  const char *dot = strrchr (name, '.');
  g_autofree char *ending = NULL;

  if (dot == NULL)
    return FALSE;
  ending = g_ascii_strdown (dot + 1, -1);
  return g_strv_contains (ENDINGS, ending);
}

gboolean
tern_attachment_policy_may_open (const char *mime_type, const char *name)
{
  g_autofree char *by_type = g_content_type_from_mime_type (mime_type);
  g_autofree char *by_name = g_content_type_guess (name, NULL, 0, NULL);

  return !name_is_program (name) && !type_is_program (by_name)
         && (by_type == NULL || !type_is_program (by_type));
}

gboolean
tern_attachment_policy_may_open_content (const char *mime_type, const char *name, GBytes *content)
{
  gsize size;
  const guchar *data = g_bytes_get_data (content, &size);
  g_autofree char *by_both =
      g_content_type_guess (name, data, MIN (size, TERN_ATTACHMENT_SNIFF_BYTES), NULL);
  g_autofree char *by_data =
      g_content_type_guess (NULL, data, MIN (size, TERN_ATTACHMENT_SNIFF_BYTES), NULL);

  return tern_attachment_policy_may_open (mime_type, name) && !type_is_program (by_both)
         && !type_is_program (by_data);
}
