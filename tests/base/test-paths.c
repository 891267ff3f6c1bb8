/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tern-paths.h"

#include "tern-fault.h"
#include "tern-limits.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
assert_mode (const char *path, guint mode)
{
  struct stat info;
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmphex (info.st_mode & 0777, ==, mode);
}

static void
test_ensure_dir (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *top = g_dir_make_tmp ("tern-paths-XXXXXX", &error);
  g_autofree char *deep = g_build_filename (top, "a", "b", NULL);
  g_assert_true (tern_paths_ensure_dir (deep, &error));
  g_assert_no_error (error);
  assert_mode (deep, 0700);

  g_assert_cmpint (g_chmod (deep, 0755), ==, 0);
  g_assert_true (tern_paths_ensure_dir (deep, &error));
  assert_mode (deep, 0700);

  g_autofree char *under_file = g_build_filename (top, "file", "x", NULL);
  g_autofree char *file = g_build_filename (top, "file", NULL);
  g_assert_true (g_file_set_contents (file, "x", 1, &error));
  g_assert_false (tern_paths_ensure_dir (under_file, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_DISK);
  g_assert_nonnull (strstr (error->message, "file"));
}

static void
test_replace_file (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *top = g_dir_make_tmp ("tern-paths-XXXXXX", &error);
  g_autofree char *path = g_build_filename (top, "accounts.conf", NULL);
  g_assert_true (tern_paths_replace_file (path, "first", -1, &error));
  g_assert_true (tern_paths_replace_file (path, "sec\0ond", 7, &error));
  g_assert_no_error (error);
  assert_mode (path, 0600);

  g_autofree char *contents = NULL;
  gsize length = 0;
  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  g_assert_cmpmem (contents, length, "sec\0ond", 7);

  /* Nothing is left beside it, also not after a failure. */
  g_autofree char *missing = g_build_filename (top, "no", "such", NULL);
  g_assert_false (tern_paths_replace_file (missing, "x", 1, &error));
  g_assert_nonnull (error);
  g_autoptr (GDir) dir = g_dir_open (top, 0, NULL);
  g_assert_cmpstr (g_dir_read_name (dir), ==, "accounts.conf");
  g_assert_null (g_dir_read_name (dir));
}

static void
test_full_disk (void)
{
  g_autoptr (GError) error = NULL;
  if (g_access ("/dev/full", W_OK) != 0)
    return;
  /* /dev cannot hold the file beside it for an ordinary user; either way it is a disk fault. */
  g_assert_false (tern_paths_replace_file ("/proc/nothing/here", "x", 1, &error));
  g_assert_cmpint (tern_fault_exit_code (error), ==, 74);
}

static void
test_safe_filename (void)
{
  static const struct
  {
    const char *in;
    const char *out;
  } cases[] = {
    { "report.pdf", "report.pdf" },
    { "../../etc/passwd", "_.._etc_passwd" },
    { "/etc/passwd", "_etc_passwd" },
    { "a\\b:c", "a_b_c" },
    { ".bashrc", "bashrc" },
    { "evil\xE2\x80\xAEtxt.exe", "evil_txt.exe" },
    { "tab\there", "tab_here" },
    { "  blank  ", "blank" },
    { "dots...", "dots" },
    { "Übersicht 東京.txt", "Übersicht 東京.txt" },
    { "", "attachment" },
    { "...", "attachment" },
    { NULL, "attachment" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *out = tern_paths_safe_filename (cases[i].in);
      g_assert_cmpstr (out, ==, cases[i].out);
    }
}

static void
test_long_filename (void)
{
  g_autoptr (GString) name = g_string_new (NULL);
  for (int i = 0; i < 500; i++)
    g_string_append (name, "字");
  g_string_append (name, ".jpeg");
  g_autofree char *out = tern_paths_safe_filename (name->str);
  g_assert_cmpuint (strlen (out), <=, TERN_LIMIT_FILENAME);
  g_assert_true (g_utf8_validate (out, -1, NULL));
  g_assert_true (g_str_has_suffix (out, "字.jpeg"));

  g_autofree char *invalid = tern_paths_safe_filename ("caf\xe9.txt");
  g_assert_true (g_utf8_validate (invalid, -1, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/paths/ensure-dir", test_ensure_dir);
  g_test_add_func ("/base/paths/replace-file", test_replace_file);
  g_test_add_func ("/base/paths/unwritable", test_full_disk);
  g_test_add_func ("/base/paths/safe-filename", test_safe_filename);
  g_test_add_func ("/base/paths/long-filename", test_long_filename);
  return g_test_run ();
}
