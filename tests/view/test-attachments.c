/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which attachments may be opened, and where they are meanwhile. */
#include "config.h"

#include "tern-attachment-folder.h"
#include "tern-attachment-policy.h"
#include "tern-fault.h"
#include "tern-paths.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
may_open (const char *mime_type, const char *raw_name)
{
  g_autofree char *name = tern_paths_safe_filename (raw_name);

  return tern_attachment_policy_may_open (mime_type, name);
}

static void
test_programs (void)
{
  static const char *const NAMES[] = {
    "a.desktop", "a.desktop.",     "a.desktop . .", "A.DESKTOP",   "a.exe",
    "a.jar",     "a.deb",          "a.rpm",         "a.msi",       "a.flatpakref",
    "a.lnk",     "report.pdf.exe", "x.url",         "a.AppImage.", "a.sh",
  };
  static const char *const TYPES[] = {
    "application/x-java-archive",
    "application/java-archive",
    "application/x-desktop",
    "application/vnd.debian.binary-package",
    "application/x-rpm",
    "application/x-msi",
    "application/x-ms-dos-executable",
  };

  for (guint i = 0; i < G_N_ELEMENTS (NAMES); i++)
    if (may_open ("application/octet-stream", NAMES[i]))
      g_error ("would be opened: %s", NAMES[i]);
  for (guint i = 0; i < G_N_ELEMENTS (TYPES); i++)
    if (may_open (TYPES[i], "letter.txt"))
      g_error ("would be opened: %s", TYPES[i]);
  g_assert_true (may_open ("application/pdf", "report.pdf"));
  g_assert_true (may_open ("image/png", "picture.png"));
  g_assert_true (may_open ("application/octet-stream", "exe"));
  g_assert_true (may_open ("text/plain", "notes"));
}

static void
test_program_inside (void)
{
  static const char DESKTOP[] = "[Desktop Entry]\nType=Application\nExec=sh -c true\n";
  static const char PDF[] = "%PDF-1.4\n%\n";
  g_autoptr (GBytes) desktop = g_bytes_new_static (DESKTOP, sizeof DESKTOP - 1);
  g_autoptr (GBytes) pdf = g_bytes_new_static (PDF, sizeof PDF - 1);
  g_autoptr (GBytes) empty = g_bytes_new_static ("", 0);
  g_autofree char *sniffed = g_content_type_guess (NULL, (const guchar *) DESKTOP, 15, NULL);

  g_assert_true (tern_attachment_policy_may_open_content ("application/pdf", "a.pdf", pdf));
  g_assert_true (tern_attachment_policy_may_open_content ("text/plain", "a.txt", empty));
  g_assert_false (tern_attachment_policy_may_open_content ("text/plain", "a.desktop", empty));
  if (!g_content_type_equals (sniffed, "application/x-desktop"))
    {
      g_test_skip ("no database of types on this system");
      return;
    }
  g_assert_false (tern_attachment_policy_may_open_content ("text/plain", "invoice", desktop));
}

typedef struct
{
  char *parent;
  char *stale;
  char *link;
  char *outside; /* what the link leads to */
  char *other;   /* of somebody else in the cache */
} Fixture;

static char *
put_file (const char *dir, const char *name)
{
  char *path = g_build_filename (dir, name, NULL);

  g_assert_cmpint (g_mkdir_with_parents (dir, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, "x", 1, NULL));
  return path;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autofree char *root = g_dir_make_tmp ("tern-attachments-XXXXXX", NULL);
  g_autofree char *stale_dir = g_build_filename (root, "cache", "open-old", "1", NULL);
  g_autofree char *outside_dir = g_build_filename (root, "documents", NULL);

  f->parent = g_build_filename (root, "cache", NULL);
  f->stale = put_file (stale_dir, "secret.pdf");
  f->outside = put_file (outside_dir, "thesis.odt");
  f->other = put_file (f->parent, "opened.txt");
  f->link = g_build_filename (stale_dir, "link", NULL);
  g_assert_cmpint (symlink (outside_dir, f->link), ==, 0);
}

static void
remove_tree (const char *path)
{
  const char *argv[] = { "rm", "-rf", path, NULL };

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *root = g_path_get_dirname (f->parent);

  remove_tree (root);
  g_free (f->parent);
  g_free (f->stale);
  g_free (f->link);
  g_free (f->outside);
  g_free (f->other);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static char *
prepare_now (TernAttachmentFolder *folder, const char *name, const char *text)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char *path;

  tern_attachment_folder_prepare_async (folder, name, NULL, on_done, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  path = tern_attachment_folder_prepare_finish (result, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (path, text, -1, &error));
  return path;
}

static gboolean
seal_now (TernAttachmentFolder *folder, const char *path, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_attachment_folder_seal_async (folder, path, "text/plain", on_done, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return tern_attachment_folder_seal_finish (result, error);
}

static char *
write_now (TernAttachmentFolder *folder, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  char *path = prepare_now (folder, name, text);

  g_assert_true (seal_now (folder, path, &error));
  g_assert_no_error (error);
  return path;
}

static guint
mode_of (const char *path)
{
  GStatBuf info;

  g_assert_cmpint (g_stat (path, &info), ==, 0);
  return info.st_mode & 0777;
}

/* Its worker says that it has ended in our context. */
static void
drop (TernAttachmentFolder *folder, const char *path)
{
  tern_attachment_folder_unref (folder);
  while (g_file_test (path, G_FILE_TEST_EXISTS))
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_folder (Fixture *f, gconstpointer data)
{
  TernAttachmentFolder *folder = tern_attachment_folder_new (f->parent);
  g_autofree char *first = write_now (folder, "a.txt", "one");
  g_autofree char *second = write_now (folder, "a.txt", "");
  g_autofree char *dir = g_path_get_dirname (first);
  g_autofree char *session = g_path_get_dirname (dir);
  g_autofree char *content = NULL;
  g_autofree char *lock = NULL;

  /* Two of one name are two files. */
  g_assert_cmpstr (first, !=, second);
  g_assert_true (g_str_has_suffix (first, "/a.txt"));
  g_assert_true (g_file_get_contents (first, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "one");
  g_assert_cmphex (mode_of (first), ==, 0400);
  g_assert_cmphex (mode_of (dir), ==, 0700);
  g_assert_cmphex (mode_of (session), ==, 0700);

  /* What a viewer leaves beside it goes, too. */
  lock = put_file (dir, ".~lock.a.txt#");
  drop (folder, session);
  g_assert_false (g_file_test (lock, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (f->parent, G_FILE_TEST_IS_DIR));
}

/* A program never waits there to be opened. */
static void
test_sealed_program (Fixture *f, gconstpointer data)
{
  TernAttachmentFolder *folder = tern_attachment_folder_new (f->parent);
  g_autofree char *path = prepare_now (folder, "a.sh", "#!/bin/sh\n");
  g_autofree char *missing = g_strconcat (path, ".txt", NULL);
  g_autofree char *dir = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_false (seal_now (folder, path, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_REFUSED);
  g_clear_error (&error);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_false (seal_now (folder, missing, &error));
  g_assert_nonnull (error);
  drop (folder, dir);
}

static void
test_sweep (Fixture *f, gconstpointer data)
{
  TernAttachmentFolder *folder = tern_attachment_folder_new (f->parent);
  g_autofree char *stale_dir = g_path_get_dirname (f->stale);
  g_autofree char *stale_session = g_path_get_dirname (stale_dir);
  g_autofree char *path = write_now (folder, "a.txt", "one");

  drop (folder, path);
  g_assert_false (g_file_test (f->stale, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (stale_session, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (f->link, G_FILE_TEST_IS_SYMLINK));
  g_assert_true (g_file_test (f->outside, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (f->other, G_FILE_TEST_EXISTS));
}

static void
test_session (void)
{
  TernAttachmentFolder *one = tern_attachment_folder_ref_session ();
  TernAttachmentFolder *two = tern_attachment_folder_ref_session ();
  g_autofree char *path = write_now (one, "a.txt", "one");

  g_assert_true (one == two);
  tern_attachment_folder_unref (two);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  drop (one, path);
}

int
main (int argc, char **argv)
{
  g_autofree char *cache = g_dir_make_tmp ("tern-attachments-XXXXXX", NULL);
  int status;

  g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/view/attachments/programs", test_programs);
  g_test_add_func ("/view/attachments/program-inside", test_program_inside);
  g_test_add ("/view/attachments/folder", Fixture, NULL, set_up, test_folder, tear_down);
  g_test_add ("/view/attachments/sealed-program", Fixture, NULL, set_up, test_sealed_program,
              tear_down);
  g_test_add ("/view/attachments/sweep", Fixture, NULL, set_up, test_sweep, tear_down);
  g_test_add_func ("/view/attachments/session", test_session);
  status = g_test_run ();
  remove_tree (cache);
  return status;
}
