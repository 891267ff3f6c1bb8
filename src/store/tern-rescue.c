/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-rescue-private.h"

#include "tern-fault.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* In the header of the file format: "version-valid-for". */
#define VALID_FOR_OFFSET 92

static char *
mark_path (const char *path)
{
  return g_strconcat (path, ".damaged", NULL);
}

void
tern_rescue_mark (const char *path)
{
  g_autofree char *mark = mark_path (path);
  int fd = open (mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  if (fd >= 0)
    close (fd);
}

gboolean
tern_rescue_is_marked (const char *path)
{
  g_autofree char *mark = mark_path (path);

  return g_file_test (mark, G_FILE_TEST_EXISTS);
}

void
tern_rescue_clear_mark (const char *path)
{
  g_autofree char *mark = mark_path (path);

  g_unlink (mark);
}

gboolean
tern_rescue_check (TernDb *db, const char *path, const char *pragma, GError **error)
{
  sqlite3_stmt *stmt = tern_db_prepare (db, pragma, error);
  gboolean good;
  int rc;

  if (stmt == NULL)
    return FALSE;
  rc = sqlite3_step (stmt);
  good = rc == SQLITE_ROW && g_strcmp0 (tern_db_text (stmt, 0), "ok") == 0;
  if (!tern_db_finish (db, stmt, rc, error))
    return FALSE;
  if (!good)
    g_propagate_error (error, tern_db_fault (SQLITE_CORRUPT, 0, path, ""));
  return good;
}

/* Read through SQLite's own descriptor: closing another one would drop the locks of this process.
 */
gboolean
tern_rescue_read_first_page (TernDb *db, char *page)
{
  sqlite3_file *file = NULL;

  return sqlite3_file_control (tern_db_get_handle (db), "main", SQLITE_FCNTL_FILE_POINTER, &file)
             == SQLITE_OK
         && file != NULL && file->pMethods != NULL
         && file->pMethods->xRead (file, page, TERN_RESCUE_PAGE_SIZE, 0) == SQLITE_OK;
}

TernDb *
tern_rescue_open (const char *path)
{
  g_autoptr (TernDb) db = tern_db_open (path, TERN_DB_RESCUE, NULL);

  if (db == NULL || !tern_db_exec (db, "SELECT count (*) FROM sqlite_master", NULL))
    return NULL;
  return g_steal_pointer (&db);
}

static gboolean
copy_file (const char *from, const char *to)
{
  g_autoptr (GFile) source = g_file_new_for_path (from);
  g_autoptr (GFile) target = g_file_new_for_path (to);

  return g_file_copy (source, target, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, NULL);
}

TernDb *
tern_rescue_open_with_page (const char *path, const char *copy, const char *page)
{
  static const char no_version[4];
  g_autofree char *log = g_strconcat (path, "-wal", NULL);
  g_autofree char *copy_log = g_strconcat (copy, "-wal", NULL);
  gboolean ok;
  int fd;

  if (!copy_file (path, copy)
      || (g_file_test (log, G_FILE_TEST_EXISTS) && !copy_file (log, copy_log)))
    return NULL;
  fd = g_open (copy, O_WRONLY | O_CLOEXEC, 0);
  /* The size that it tells is of another time; without this mark SQLite asks the file. */
  ok = fd >= 0 && pwrite (fd, page, TERN_RESCUE_PAGE_SIZE, 0) == TERN_RESCUE_PAGE_SIZE
       && pwrite (fd, no_version, sizeof no_version, VALID_FOR_OFFSET) == sizeof no_version;
  if (fd >= 0)
    close (fd);
  return ok ? tern_rescue_open (copy) : NULL;
}

void
tern_rescue_remove (const char *path)
{
  static const char *const parts[] = { "", "-wal", "-shm" };

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *part = g_strconcat (path, parts[i], NULL);

      g_unlink (part);
    }
}

static gboolean
rename_file (const char *from, const char *to, GError **error)
{
  if (g_rename (from, to) == 0)
    return TRUE;
  g_propagate_error (error, tern_db_fault (SQLITE_IOERR, errno, from, g_strerror (errno)));
  return FALSE;
}

static void
sync_dir_of (const char *path)
{
  g_autofree char *dir = g_path_get_dirname (path);
  int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return;
  fsync (fd);
  close (fd);
}

/* The damaged one leaves first, and its log before anything else has its name: SQLite would take it
 * for the log of the new one. */
gboolean
tern_rescue_swap (const char *path, const char *fresh, GError **error)
{
  static const char *const companions[] = { "-wal", "-shm", "-journal" };
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *date = g_date_time_format (now, "%Y%m%d-%H%M%S");
  g_autofree char *kept = g_strdup_printf ("%s.corrupt-%s", path, date);

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    {
      if (!rename_file (path, kept, error))
        return FALSE;
      g_message ("The database “%s” was damaged; it is kept as %s", path, kept);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (companions); i++)
    {
      g_autofree char *from = g_strconcat (path, companions[i], NULL);
      g_autofree char *to = g_strconcat (kept, companions[i], NULL);

      if (g_file_test (from, G_FILE_TEST_EXISTS) && !rename_file (from, to, error))
        return FALSE;
    }
  sync_dir_of (path);
  if (!rename_file (fresh, path, error))
    return FALSE;
  sync_dir_of (path);
  return TRUE;
}

gboolean
tern_rescue_finish (const char *path, const char *fresh, gboolean *finished, GError **error)
{
  *finished = !g_file_test (path, G_FILE_TEST_EXISTS) && g_file_test (fresh, G_FILE_TEST_EXISTS);
  return !*finished || tern_rescue_swap (path, fresh, error);
}
