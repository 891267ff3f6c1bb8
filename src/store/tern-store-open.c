/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-open-private.h"

#include "tern-rescue-private.h"
#include "tern-store-reserve-private.h"
#include "tern-store-schema-private.h"

#include "tern-fault.h"
#include "tern-paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The lock is of the open file description, so that two stores in one process exclude each other
 * as well, and it goes with the process however that ends. */
static gboolean
take_lock (const char *dir, int *lock, GError **error)
{
  g_autofree char *path = g_build_filename (dir, "lock", NULL);
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  int saved = errno;

  if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0)
    {
      fchmod (fd, 0600);
      *lock = fd;
      return TRUE;
    }
  if (fd < 0)
    {
      g_propagate_error (error, tern_db_fault (saved == ENOSPC ? SQLITE_FULL : SQLITE_CANTOPEN,
                                               saved, path, g_strerror (saved)));
      return FALSE;
    }
  saved = errno;
  close (fd);
  if (saved == EWOULDBLOCK)
    g_propagate_error (error,
                       tern_fault_new (TERN_FAULT_BUSY,
                                       _ ("The mail in “%s” is in use by another Tern. Close the "
                                          "other one first."),
                                       dir));
  else
    g_propagate_error (error, tern_fault_new (TERN_FAULT_DISK, _ ("“%s” cannot be locked: %s"),
                                              path, g_strerror (saved)));
  return FALSE;
}

static gboolean
prepare_dir (const char *dir, GError **error)
{
  if (!tern_paths_ensure_dir (dir, error))
    return FALSE;
  /* Whoever made it: mail is nobody else's business. */
  if (g_chmod (dir, 0700) == 0 || errno == EPERM || errno == EROFS)
    return TRUE;
  g_propagate_error (error, tern_db_fault (SQLITE_CANTOPEN, errno, dir, g_strerror (errno)));
  return FALSE;
}

static gboolean
configure_writer (TernDb *db, GError **error)
{
  /* In WAL mode NORMAL loses at most the last commits when the machine itself dies, and never
   * consistency; what must not be lost is synced by its transaction. */
  return tern_db_exec (db, "PRAGMA journal_mode = WAL", error)
         && tern_db_exec (db,
                          "PRAGMA synchronous = NORMAL;"
                          "PRAGMA foreign_keys = 1;"
                          "PRAGMA cache_size = -16384;"
                          "PRAGMA temp_store = MEMORY;"
                          "PRAGMA wal_autocheckpoint = 4000;"
                          "PRAGMA journal_size_limit = 67108864",
                          error);
}

TernDb *
tern_store_open_writer (const char *path, gboolean *created, GError **error)
{
  g_autoptr (TernDb) db = tern_db_open (path, TERN_DB_WRITE, error);

  if (db == NULL || !configure_writer (db, error)
      || !tern_schema_migrate (db, path, created, error))
    return NULL;
  return g_steal_pointer (&db);
}

/* Looking at the whole of a large database takes seconds, so it is done only after damage was met.
 * The small tables that a server cannot give back are always looked at. */
static gboolean
check_database (TernDb *db, const char *path, GError **error)
{
  static const char *const small[] = {
    "PRAGMA quick_check (account)", "PRAGMA quick_check (folder)",
    "PRAGMA quick_check (op)",      "PRAGMA quick_check (op_subject)",
    "PRAGMA quick_check (outbox)",  "PRAGMA quick_check (outbox_recipient)",
  };

  if (tern_rescue_is_marked (path))
    {
      if (!tern_rescue_check (db, path, "PRAGMA integrity_check", error))
        return FALSE;
      tern_rescue_clear_mark (path);
      return TRUE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (small); i++)
    if (!tern_rescue_check (db, path, small[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
load_counters (TernDb *db, TernCounters *counters, GError **error)
{
  sqlite3_stmt *stmt =
      tern_db_query (db, error, "SELECT seq, message, location FROM state WHERE id = ?1", 1);
  int rc;

  if (stmt == NULL)
    return FALSE;
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    *counters = (TernCounters){ sqlite3_column_int64 (stmt, 0), sqlite3_column_int64 (stmt, 1),
                                sqlite3_column_int64 (stmt, 2), 0 };
  return tern_db_finish (db, stmt, rc, error);
}

static gboolean
open_database (TernStoreFiles *self,
               const char *dir,
               const char *path,
               TernStoreOutcome *outcome,
               GError **error)
{
  g_autoptr (TernDb) db = NULL;
  gboolean created;

  db = tern_store_open_writer (path, &created, error);
  if (db == NULL || !check_database (db, path, error)
      || !tern_store_keep_first_page (db, dir, error)
      || !load_counters (db, &self->counters, error))
    return FALSE;
  *outcome = created ? TERN_STORE_CREATED : TERN_STORE_OPENED;
  self->writer.db = g_steal_pointer (&db);
  return TRUE;
}

static gboolean
recover (TernStoreFiles *self,
         const char *dir,
         const char *path,
         TernStoreOutcome *outcome,
         GError **error)
{
  if (!tern_store_recover (dir, error))
    return FALSE;
  tern_rescue_clear_mark (path);
  if (!open_database (self, dir, path, outcome, error))
    return FALSE;
  *outcome = TERN_STORE_RECOVERED;
  return TRUE;
}

static gboolean
open_lanes (TernStoreFiles *self,
            TernStore *store,
            const char *dir,
            const char *path,
            GError **error)
{
  self->writer.store = store;
  self->writer.db_path = g_strdup (path);
  self->writer.bodies = tern_bodies_open (dir, TRUE, error);
  if (self->writer.bodies == NULL)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (self->lanes); i++)
    {
      TernReader *lane = &self->lanes[i];

      lane->store = store;
      lane->db_path = g_strdup (path);
      lane->db = tern_db_open (path, TERN_DB_READ, error);
      if (lane->db == NULL || !tern_db_exec (lane->db, "PRAGMA cache_size = -8192", error))
        return FALSE;
      lane->bodies = tern_bodies_open (dir, FALSE, error);
      if (lane->bodies == NULL)
        return FALSE;
    }
  return TRUE;
}

static void
close_reader (TernReader *reader)
{
  g_clear_pointer (&reader->bodies, tern_bodies_close);
  g_clear_pointer (&reader->db, tern_db_close);
  g_clear_pointer (&reader->db_path, g_free);
}

static void
close_readers (TernStoreFiles *self)
{
  close_reader (&self->lanes[0]);
  close_reader (&self->lanes[1]);
  close_reader (&self->writer);
}

static gboolean
open_all (TernStoreFiles *self,
          TernStore *store,
          const char *dir,
          TernStoreOutcome *outcome,
          GError **error)
{
  g_autofree char *path = g_build_filename (dir, "mail.db", NULL);
  g_autoptr (GError) fault = NULL;
  gboolean finished;

  if (!tern_store_finish_recovery (dir, &finished, error))
    return FALSE;
  if (!open_database (self, dir, path, outcome, &fault))
    {
      if (!tern_fault_is (fault, TERN_FAULT_DAMAGED))
        {
          g_propagate_error (error, g_steal_pointer (&fault));
          return FALSE;
        }
      if (!recover (self, dir, path, outcome, error))
        return FALSE;
    }
  if (finished)
    *outcome = TERN_STORE_RECOVERED;
  if (*outcome != TERN_STORE_OPENED)
    tern_partials_drop_all (dir);
  return open_lanes (self, store, dir, path, error);
}

gboolean
tern_store_files_open (TernStoreFiles *self,
                       TernStore *store,
                       const char *dir,
                       TernStoreOutcome *outcome,
                       GError **error)
{
  g_autoptr (GError) fault = NULL;

  if (!prepare_dir (dir, error) || !take_lock (dir, &self->lock, error))
    return FALSE;
  if (open_all (self, store, dir, outcome, &fault))
    {
      tern_store_reserve_keep (dir);
      return TRUE;
    }
  if (!tern_fault_is (fault, TERN_FAULT_DISK_FULL) || !tern_store_reserve_release (dir))
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  close_readers (self);
  return open_all (self, store, dir, outcome, error);
}

void
tern_store_files_close (TernStoreFiles *self)
{
  /* The last connection of a file writes its log back and removes it. */
  if (self->writer.db != NULL)
    tern_db_exec (self->writer.db, "PRAGMA optimize", NULL);
  close_readers (self);
  if (self->lock >= 0)
    close (self->lock);
  self->lock = -1;
}
