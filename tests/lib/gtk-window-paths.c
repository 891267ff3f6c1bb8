/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Loaded before GTK into the window under test. GTK 4.8 ends the program when somebody asks for a
 * window that is shown and has no object path yet, which it gets in an idle moment: the tests,
 * which look twenty times a second, meet that. It gets the path that says "nothing" instead, as
 * later versions of GTK do.
 */

GVariant *
g_variant_new (const gchar *format_string, ...)
{
  GVariant *variant;
  va_list args;

  va_start (args, format_string);
  if (strcmp (format_string, "((so))") == 0)
    {
      const char *name = va_arg (args, const char *);
      const char *path = va_arg (args, const char *);
      GVariant *pair[] = {
        g_variant_new_string (name),
        g_variant_new_object_path (path != NULL ? path : "/org/a11y/atspi/null"),
      };
      GVariant *reference = g_variant_new_tuple (pair, G_N_ELEMENTS (pair));

      variant = g_variant_new_tuple (&reference, 1);
    }
  else
    variant = g_variant_new_va (format_string, NULL, &args);
  va_end (args);
  return variant;
}

/* The window's own programs do without, and could not find it from within their sandboxes. */
static void __attribute__ ((constructor)) forget (void) { unsetenv ("LD_PRELOAD"); }
