/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-bodies-private.h"

#include "tern-bodies-recover-private.h"
#include "tern-packed-body-private.h"
#include "tern-rescue-private.h"

#include "tern-fault.h"
#include "tern-limits.h"
#include "tern-paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct _TernBodies
{
  char *dir;  /* of large bodies */
  char *path; /* of the database */
  TernDb *db;
  ZSTD_DCtx *decompress;
  gboolean in_batch;
};

TernDb *
tern_bodies_open_db (const char *path, GError **error)
{
  g_autoptr (TernDb) db = tern_db_open (path, TERN_DB_WRITE, error);

  if (db == NULL
      || !tern_db_exec (db,
                        "PRAGMA journal_mode = WAL;"
                        "PRAGMA synchronous = NORMAL;"
                        "PRAGMA cache_size = -4096;"
                        "PRAGMA wal_autocheckpoint = 4000;"
                        "PRAGMA journal_size_limit = 67108864;"
                        "CREATE TABLE IF NOT EXISTS body (id INTEGER PRIMARY KEY,"
                        "  hash TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, data BLOB)",
                        error))
    return NULL;
  return g_steal_pointer (&db);
}

/* Looking at all of it takes seconds, so it is done only after damage was met. */
static TernDb *
open_checked (const char *path, GError **error)
{
  g_autoptr (TernDb) db = tern_bodies_open_db (path, error);

  if (db == NULL || !tern_rescue_is_marked (path))
    return g_steal_pointer (&db);
  if (!tern_rescue_check (db, path, "PRAGMA integrity_check", error))
    return NULL;
  tern_rescue_clear_mark (path);
  return g_steal_pointer (&db);
}

static TernDb *
open_writable (const char *path, const char *dir, GError **error)
{
  g_autoptr (GError) fault = NULL;
  TernDb *db;

  if (!tern_bodies_finish_recovery (path, error))
    return NULL;
  db = open_checked (path, &fault);
  if (db != NULL)
    return db;
  if (!tern_fault_is (fault, TERN_FAULT_DAMAGED))
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return NULL;
    }
  if (!tern_bodies_recover (path, dir, error))
    return NULL;
  tern_rescue_clear_mark (path);
  return tern_bodies_open_db (path, error);
}

TernBodies *
tern_bodies_open (const char *dir, gboolean writable, GError **error)
{
  g_autoptr (TernBodies) self = g_new0 (TernBodies, 1);

  self->dir = g_build_filename (dir, "bodies", NULL);
  self->path = g_build_filename (dir, "bodies.db", NULL);
  self->decompress = ZSTD_createDCtx ();
  if (writable && !tern_paths_ensure_dir (self->dir, error))
    return NULL;
  self->db = writable ? open_writable (self->path, self->dir, error)
                      : tern_db_open (self->path, TERN_DB_READ, error);
  return self->db != NULL ? g_steal_pointer (&self) : NULL;
}

void
tern_bodies_close (TernBodies *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->db, tern_db_close);
  ZSTD_freeDCtx (self->decompress);
  g_free (self->dir);
  g_free (self->path);
  g_free (self);
}

gboolean
tern_bodies_is_damaged (TernBodies *self)
{
  return tern_db_is_damaged (self->db);
}

void
tern_bodies_note_damage (TernBodies *self)
{
  if (tern_bodies_is_damaged (self))
    tern_rescue_mark (self->path);
}

static char *
dup_file_path (TernBodies *self, const char *hash)
{
  return g_strdup_printf ("%s/%.2s/%s", self->dir, hash, hash + 2);
}

static GError *
fault_file (const char *path, int saved)
{
  return tern_db_fault (SQLITE_IOERR, saved, path, g_strerror (saved));
}

static gboolean
write_all (int fd, const char *data, gsize length)
{
  while (length > 0)
    {
      gssize n = write (fd, data, length);

      if (n < 0 && errno != EINTR)
        return FALSE;
      if (n > 0)
        {
          data += n;
          length -= n;
        }
    }
  return TRUE;
}

static gboolean
sync_dir (const char *path)
{
  g_autofree char *dir = g_path_get_dirname (path);
  int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync (fd) == 0;

  if (fd >= 0)
    close (fd);
  return ok;
}

/* Beside and renamed, so that a file under its hash is always whole unless the machine died. */
static gboolean
put_file (TernBodies *self, const char *hash, GBytes *bytes, gboolean durable, GError **error)
{
  g_autofree char *path = dup_file_path (self, hash);
  g_autofree char *dir = g_path_get_dirname (path);
  g_autofree char *temporary = g_strconcat (path, ".new", NULL);
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  gboolean ok;
  int saved;
  int fd;

  if (!tern_paths_ensure_dir (dir, error))
    return FALSE;
  fd = open (temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  ok = fd >= 0 && write_all (fd, data, length) && (!durable || fsync (fd) == 0);
  saved = errno;
  if (fd >= 0 && close (fd) != 0 && ok)
    {
      ok = FALSE;
      saved = errno;
    }
  if (ok && g_rename (temporary, path) == 0 && (!durable || (sync_dir (path) && sync_dir (dir))))
    return TRUE;
  if (ok)
    saved = errno;
  g_unlink (temporary);
  g_propagate_error (error, fault_file (path, saved));
  return FALSE;
}

static gboolean
begin_batch (TernBodies *self, GError **error)
{
  if (!self->in_batch)
    self->in_batch = tern_db_exec (self->db, "BEGIN IMMEDIATE", error);
  return self->in_batch;
}

static gboolean
put_row (TernBodies *self,
         const char *hash,
         gsize size,
         const void *data,
         gsize length,
         GError **error)
{
  /* A row that is there already may be the damaged one that made us fetch again. */
  sqlite3_stmt *stmt = tern_db_prepare (self->db,
                                        "INSERT INTO body (hash, size, data) VALUES (?1, ?2, ?3)"
                                        " ON CONFLICT (hash) DO UPDATE SET data = excluded.data,"
                                        " size = excluded.size",
                                        error);

  if (stmt == NULL)
    return FALSE;
  tern_db_bind_static (stmt, 1, hash);
  sqlite3_bind_int64 (stmt, 2, size);
  if (data != NULL)
    sqlite3_bind_blob64 (stmt, 3, data, length, SQLITE_STATIC);
  return tern_db_step (self->db, stmt, error);
}

gboolean
tern_bodies_put (TernBodies *self, const TernPackedBody *body, gboolean durable, GError **error)
{
  gsize length;
  const void *packed;

  if (!begin_batch (self, error))
    return FALSE;
  if (body->packed == NULL)
    return put_file (self, body->hash, body->bytes, durable, error)
           && put_row (self, body->hash, body->size, NULL, 0, error);
  packed = g_bytes_get_data (body->packed, &length);
  return put_row (self, body->hash, body->size, packed, length, error);
}

/* Nothing is lost of a file that has both names when what follows fails: it is adopted again. */
gboolean
tern_bodies_adopt (TernBodies *self, const char *path, const char *hash, GError **error)
{
  g_autofree char *target = dup_file_path (self, hash);
  g_autofree char *dir = g_path_get_dirname (target);
  g_autofree char *beside = g_strconcat (target, ".new", NULL);
  struct stat info;

  if (!tern_paths_ensure_dir (dir, error))
    return FALSE;
  /* What is there already may be the damaged one that made us fetch again, or one that others have
   * open: it is replaced, and never missing. */
  g_unlink (beside);
  if (g_stat (path, &info) != 0
      || (link (path, beside) == 0 ? g_rename (beside, target) : g_rename (path, target)) != 0)
    {
      g_propagate_error (error, fault_file (path, errno));
      return FALSE;
    }
  return begin_batch (self, error) && put_row (self, hash, info.st_size, NULL, 0, error);
}

gboolean
tern_bodies_commit (TernBodies *self, gboolean durable, GError **error)
{
  if (!self->in_batch)
    return TRUE;
  if (!tern_db_exec (self->db, "COMMIT", error))
    return FALSE;
  self->in_batch = FALSE;
  return !durable || tern_db_sync (self->db, error);
}

void
tern_bodies_rollback (TernBodies *self)
{
  if (self->in_batch && !sqlite3_get_autocommit (tern_db_get_handle (self->db)))
    tern_db_exec (self->db, "ROLLBACK", NULL);
  self->in_batch = FALSE;
}

static GError *
fault_damaged (void)
{
  GError *error = tern_fault_new (TERN_FAULT_DAMAGED,
                                  _ ("The copy of this message on this disk is damaged. It will "
                                     "be fetched again."));

  tern_fault_set_scope (error, TERN_SCOPE_MESSAGE);
  tern_fault_set_retry (error, TERN_RETRY_NOW);
  return error;
}

static GBytes *
verify (GBytes *bytes, const char *hash, GError **error)
{
  g_autoptr (GBytes) taken = bytes;
  char found[TERN_BODY_HASH_LENGTH + 1] = "";

  if (taken != NULL)
    tern_body_hash (taken, found);
  if (strcmp (found, hash) == 0)
    return g_steal_pointer (&taken);
  g_propagate_error (error, fault_damaged ());
  return NULL;
}

/* Mapped: nobody ever writes into a file that has its name, so the bytes stay as they are. */
static GBytes *
map_file (TernBodies *self, const char *hash)
{
  g_autofree char *path = dup_file_path (self, hash);
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, NULL);

  return file != NULL ? g_mapped_file_get_bytes (file) : NULL;
}

GBytes *
tern_bodies_get (TernBodies *self, const char *hash, GError **error)
{
  sqlite3_stmt *stmt =
      tern_db_prepare (self->db, "SELECT size, data FROM body WHERE hash = ?1", error);
  g_autoptr (GError) fault = NULL;
  GBytes *bytes = NULL;
  gboolean found;
  int rc;

  if (stmt == NULL || strlen (hash) != TERN_BODY_HASH_LENGTH)
    return NULL;
  tern_db_bind_text (stmt, 1, hash);
  rc = sqlite3_step (stmt);
  found = rc == SQLITE_ROW;
  if (found && sqlite3_column_type (stmt, 1) == SQLITE_NULL)
    bytes = map_file (self, hash);
  else if (found)
    bytes = tern_body_unpack (self->decompress, sqlite3_column_blob (stmt, 1),
                              sqlite3_column_bytes (stmt, 1), sqlite3_column_int64 (stmt, 0));
  if (tern_db_finish (self->db, stmt, rc, &fault))
    return found ? verify (bytes, hash, error) : NULL;
  g_clear_pointer (&bytes, g_bytes_unref);
  /* A page of the file is bad: as far as this message goes, the same thing. */
  if (tern_fault_is (fault, TERN_FAULT_DAMAGED))
    g_propagate_error (error, fault_damaged ());
  else
    g_propagate_error (error, g_steal_pointer (&fault));
  return NULL;
}

gboolean
tern_bodies_open_file (TernBodies *self, const char *hash, int *fd)
{
  sqlite3_stmt *stmt =
      tern_db_prepare (self->db, "SELECT 1 FROM body WHERE hash = ?1 AND data IS NULL", NULL);
  g_autofree char *path = NULL;
  int rc;

  *fd = -1;
  if (stmt == NULL || strlen (hash) != TERN_BODY_HASH_LENGTH)
    return FALSE;
  tern_db_bind_text (stmt, 1, hash);
  rc = sqlite3_step (stmt);
  if (!tern_db_finish (self->db, stmt, rc, NULL) || rc != SQLITE_ROW)
    return FALSE;
  path = dup_file_path (self, hash);
  *fd = open (path, O_RDONLY | O_CLOEXEC);
  return TRUE;
}

const char *
tern_bodies_get_dir (TernBodies *self)
{
  return self->dir;
}

gboolean
tern_bodies_drop (TernBodies *self, const char *hash, GError **error)
{
  g_autofree char *path = NULL;
  sqlite3_stmt *stmt = tern_db_prepare (self->db, "DELETE FROM body WHERE hash = ?1", error);

  if (stmt == NULL || strlen (hash) != TERN_BODY_HASH_LENGTH)
    return FALSE;
  tern_db_bind_text (stmt, 1, hash);
  if (!tern_db_step (self->db, stmt, error))
    return FALSE;
  path = dup_file_path (self, hash);
  g_unlink (path);
  return TRUE;
}

GPtrArray *
tern_bodies_walk (TernBodies *self, gint64 *cursor, guint limit, GError **error)
{
  g_autoptr (GPtrArray) hashes = g_ptr_array_new_with_free_func (g_free);
  sqlite3_stmt *stmt = tern_db_query (
      self->db, error, "SELECT id, hash FROM body WHERE id > ?1 ORDER BY id LIMIT ?2", *cursor,
      limit);
  int rc;

  if (stmt == NULL)
    return NULL;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      *cursor = sqlite3_column_int64 (stmt, 0);
      g_ptr_array_add (hashes, tern_db_dup_text (stmt, 1));
    }
  if (!tern_db_finish (self->db, stmt, rc, error))
    return NULL;
  if (hashes->len < limit)
    *cursor = 0;
  return g_steal_pointer (&hashes);
}
