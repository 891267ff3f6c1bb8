/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-db-private.h"

#include "tern-fault.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <sys/stat.h>
#include <unistd.h>

/* Long enough for a checkpoint of the other connections of this process; nobody else writes. */
#define BUSY_TIMEOUT_MS 10000

struct _TernDb
{
  sqlite3 *handle;
  char *path;
  GHashTable *statements; /* const char * (address) -> sqlite3_stmt */
  gboolean damaged;
  gboolean failed; /* a statement, in this transaction */
};

static void
finalize_statement (gpointer data)
{
  sqlite3_finalize (data);
}

GError *
tern_db_fault (int rc, int system_errno, const char *path, const char *detail)
{
  switch (rc & 0xff)
    {
    case SQLITE_FULL:
      return tern_fault_new (TERN_FAULT_DISK_FULL,
                             _ ("The disk that holds “%s” is full. Free some space; Tern keeps "
                                "what is already stored and goes on by itself."),
                             path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return tern_fault_new (TERN_FAULT_DISK_READ_ONLY,
                             _ ("“%s” cannot be written. Check that its folder belongs to you and "
                                "is on a disk that is not read-only."),
                             path);
    case SQLITE_CANTOPEN:
      if (system_errno == EACCES || system_errno == EROFS || system_errno == EPERM)
        return tern_db_fault (SQLITE_READONLY, 0, path, detail);
      return tern_fault_new (TERN_FAULT_DISK, _ ("“%s” cannot be opened (%s)."), path, detail);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return tern_fault_new (TERN_FAULT_DAMAGED,
                             _ ("The mail database “%s” is damaged. Close Tern and start it "
                                "again: it keeps the damaged file, makes a new one and fetches "
                                "the mail again."),
                             path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return tern_fault_new (TERN_FAULT_BUSY,
                             _ ("Another program is using “%s”. Close it and try again."), path);
    case SQLITE_INTERRUPT:
      return tern_fault_new (TERN_FAULT_CANCELLED, _ ("Reading “%s” was stopped."), path);
    case SQLITE_IOERR:
      if (system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG)
        return tern_db_fault (SQLITE_FULL, 0, path, detail);
      if (system_errno == EROFS)
        return tern_db_fault (SQLITE_READONLY, 0, path, detail);
      return tern_fault_new (TERN_FAULT_DISK,
                             _ ("Reading or writing “%s” failed: %s. The disk may be failing or "
                                "was taken away; check it."),
                             path, system_errno ? g_strerror (system_errno) : detail);
    default:
      return tern_fault_new (TERN_FAULT_INTERNAL,
                             _ ("The mail database “%s” refused a request (%s). This is a fault "
                                "in Tern; please report it."),
                             path, detail);
    }
}

static void
take_fault (TernDb *self, int rc, GError **error)
{
  if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB)
    self->damaged = TRUE;
  self->failed = TRUE;
  g_propagate_error (error, tern_db_fault (rc, sqlite3_system_errno (self->handle), self->path,
                                           sqlite3_errmsg (self->handle)));
}

/* SQLite gives a new file the mode 0644 less the umask, and its log the mode of the file. */
static gboolean
create_private (const char *path, GError **error)
{
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  int saved = errno;

  if (fd < 0)
    {
      g_propagate_error (error, tern_db_fault (saved == ENOSPC ? SQLITE_FULL : SQLITE_CANTOPEN,
                                               saved, path, g_strerror (saved)));
      return FALSE;
    }
  fchmod (fd, 0600);
  close (fd);
  return TRUE;
}

TernDb *
tern_db_open (const char *path, TernDbMode mode, GError **error)
{
  static const int flags[] = {
    [TERN_DB_READ] = SQLITE_OPEN_READWRITE,
    [TERN_DB_WRITE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
    [TERN_DB_RESCUE] = SQLITE_OPEN_READONLY,
  };
  g_autoptr (TernDb) self = NULL;
  int rc;

  if (mode == TERN_DB_WRITE && !create_private (path, error))
    return NULL;

  self = g_new0 (TernDb, 1);
  self->path = g_strdup (path);
  self->statements = g_hash_table_new_full (NULL, NULL, NULL, finalize_statement);
  rc = sqlite3_open_v2 (path, &self->handle, flags[mode] | SQLITE_OPEN_NOMUTEX, NULL);
  if (rc != SQLITE_OK)
    {
      take_fault (self, rc, error);
      return NULL;
    }
  sqlite3_extended_result_codes (self->handle, 1);
  sqlite3_busy_timeout (self->handle, BUSY_TIMEOUT_MS);
  /* What a damaged or hostile file contains is data, never a command. */
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  if (mode == TERN_DB_READ && !tern_db_exec (self, "PRAGMA query_only = 1", error))
    return NULL;
  return g_steal_pointer (&self);
}

void
tern_db_close (TernDb *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->statements);
  sqlite3_close (self->handle);
  g_free (self->path);
  g_free (self);
}

sqlite3 *
tern_db_get_handle (TernDb *self)
{
  return self->handle;
}

gboolean
tern_db_is_damaged (TernDb *self)
{
  return self->damaged;
}

gboolean
tern_db_has_failed (TernDb *self)
{
  return self->failed;
}

gboolean
tern_db_begin (TernDb *self, GError **error)
{
  self->failed = FALSE;
  return tern_db_exec (self, "BEGIN IMMEDIATE", error);
}

gboolean
tern_db_exec (TernDb *self, const char *sql, GError **error)
{
  int rc = sqlite3_exec (self->handle, sql, NULL, NULL, NULL);

  if (rc == SQLITE_OK)
    return TRUE;
  take_fault (self, rc, error);
  return FALSE;
}

sqlite3_stmt *
tern_db_prepare (TernDb *self, const char *sql, GError **error)
{
  sqlite3_stmt *stmt = g_hash_table_lookup (self->statements, sql);
  int rc;

  if (stmt != NULL)
    {
      g_assert (!sqlite3_stmt_busy (stmt));
      return stmt;
    }
  rc = sqlite3_prepare_v3 (self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
  if (rc != SQLITE_OK)
    {
      take_fault (self, rc, error);
      return NULL;
    }
  g_hash_table_insert (self->statements, (gpointer) sql, stmt);
  return stmt;
}

gboolean
tern_db_finish (TernDb *self, sqlite3_stmt *stmt, int rc, GError **error)
{
  gboolean ok = rc == SQLITE_DONE || rc == SQLITE_ROW;

  if (!ok)
    take_fault (self, rc, error);
  sqlite3_reset (stmt);
  sqlite3_clear_bindings (stmt);
  return ok;
}

gboolean
tern_db_step (TernDb *self, sqlite3_stmt *stmt, GError **error)
{
  return tern_db_finish (self, stmt, sqlite3_step (stmt), error);
}

sqlite3_stmt *
tern_db_prepare_ints (TernDb *self, const char *sql, const gint64 *values, gsize n, GError **error)
{
  sqlite3_stmt *stmt = tern_db_prepare (self, sql, error);

  if (stmt == NULL)
    return NULL;
  for (gsize i = 0; i < n; i++)
    sqlite3_bind_int64 (stmt, i + 1, values[i]);
  return stmt;
}

gboolean
tern_db_run_ints (TernDb *self, const char *sql, const gint64 *values, gsize n, GError **error)
{
  sqlite3_stmt *stmt = tern_db_prepare_ints (self, sql, values, n, error);

  return stmt != NULL && tern_db_step (self, stmt, error);
}

gboolean
tern_db_look_ints (TernDb *self,
                   gint64 *value,
                   const char *sql,
                   const gint64 *values,
                   gsize n,
                   GError **error)
{
  sqlite3_stmt *stmt = tern_db_prepare_ints (self, sql, values, n, error);
  int rc;

  if (stmt == NULL)
    return FALSE;
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    *value = sqlite3_column_int64 (stmt, 0);
  return tern_db_finish (self, stmt, rc, error);
}

GArray *
tern_db_list_ints (TernDb *self, const char *sql, const gint64 *values, gsize n, GError **error)
{
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (gint64));
  sqlite3_stmt *stmt = tern_db_prepare_ints (self, sql, values, n, error);
  int rc;

  if (stmt == NULL)
    return NULL;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      gint64 value = sqlite3_column_int64 (stmt, 0);

      g_array_append_val (list, value);
    }
  return tern_db_finish (self, stmt, rc, error) ? g_steal_pointer (&list) : NULL;
}

void
tern_db_bind_text (sqlite3_stmt *stmt, int index, const char *text)
{
  sqlite3_bind_text (stmt, index, text, -1, SQLITE_TRANSIENT);
}

void
tern_db_bind_static (sqlite3_stmt *stmt, int index, const char *text)
{
  sqlite3_bind_text (stmt, index, text, -1, SQLITE_STATIC);
}

char *
tern_db_dup_text (sqlite3_stmt *stmt, int column)
{
  return g_strdup ((const char *) sqlite3_column_text (stmt, column));
}

const char *
tern_db_text (sqlite3_stmt *stmt, int column)
{
  return (const char *) sqlite3_column_text (stmt, column);
}

gboolean
tern_db_sync (TernDb *self, GError **error)
{
  sqlite3_file *log = NULL;
  int rc = sqlite3_file_control (self->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);

  if (rc == SQLITE_OK && log != NULL && log->pMethods != NULL)
    rc = log->pMethods->xSync (log, SQLITE_SYNC_NORMAL);
  if (rc == SQLITE_OK)
    return TRUE;
  take_fault (self, rc, error);
  return FALSE;
}
