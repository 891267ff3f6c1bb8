/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-bodies-recover-private.h"

#include "tern-packed-body-private.h"
#include "tern-rescue-private.h"

#include "tern-fault.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* Rows between two commits: the log of one for all would be as large as the database. */
#define BATCH 2000

/*
 * Most of what is in a damaged body store can be fetched again, but not what waits in the outbox or
 * for its APPEND. Each row is reached by itself, so that one that cannot be read costs no other
 * one, and is checked by its hash.
 */

typedef struct
{
  TernDb *from; /* (nullable) */
  TernDb *to;
  ZSTD_DCtx *decompress;
  guint in_batch;
} Rescue;

static gboolean
end_batch (Rescue *self, guint most, GError **error)
{
  if (++self->in_batch <= most)
    return TRUE;
  self->in_batch = 0;
  return tern_db_exec (self->to, "COMMIT", error)
         && tern_db_exec (self->to, "BEGIN IMMEDIATE", error);
}

static gboolean
put_row (Rescue *self,
         const char *hash,
         gint64 size,
         const void *data,
         gsize length,
         GError **error)
{
  sqlite3_stmt *stmt = tern_db_prepare (
      self->to, "INSERT OR IGNORE INTO body (hash, size, data) VALUES (?1, ?2, ?3)", error);

  if (stmt == NULL)
    return FALSE;
  tern_db_bind_static (stmt, 1, hash);
  sqlite3_bind_int64 (stmt, 2, size);
  if (data != NULL)
    sqlite3_bind_blob64 (stmt, 3, data, length, SQLITE_STATIC);
  return tern_db_step (self->to, stmt, error) && end_batch (self, BATCH, error);
}

static gboolean
is_hash (const char *text)
{
  return text != NULL && strlen (text) == TERN_BODY_HASH_LENGTH
         && strspn (text, "0123456789abcdef") == TERN_BODY_HASH_LENGTH;
}

/* Of a blob only: files are found by their names. */
static gboolean
is_whole (Rescue *self, const char *hash, gint64 size, const void *data, gsize length)
{
  g_autoptr (GBytes) bytes = NULL;
  char found[TERN_BODY_HASH_LENGTH + 1];

  if (!is_hash (hash) || data == NULL)
    return FALSE;
  bytes = tern_body_unpack (self->decompress, data, length, size);
  if (bytes == NULL)
    return FALSE;
  tern_body_hash (bytes, found);
  return strcmp (found, hash) == 0;
}

static gboolean
carry_row (Rescue *self, gint64 id, GError **error)
{
  sqlite3_stmt *stmt =
      tern_db_query (self->from, NULL, "SELECT hash, size, data FROM body WHERE id = ?1", id);
  gboolean ok = TRUE;
  int rc;

  if (stmt == NULL)
    return TRUE;
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    {
      const char *hash = tern_db_text (stmt, 0);
      gint64 size = sqlite3_column_int64 (stmt, 1);
      const void *data = sqlite3_column_blob (stmt, 2);
      gsize length = sqlite3_column_bytes (stmt, 2);

      if (is_whole (self, hash, size, data, length))
        ok = put_row (self, hash, size, data, length, error);
    }
  tern_db_finish (self->from, stmt, rc, NULL);
  return ok;
}

/* From the start and, when a bad page stops that, from the end; what lies between two bad pages is
 * in the index. */
static GHashTable *
list_ids (TernDb *from)
{
  static const char *const walks[] = {
    "SELECT id FROM body ORDER BY id",
    "SELECT id FROM body ORDER BY id DESC",
    "SELECT id FROM body ORDER BY hash",
    "SELECT id FROM body ORDER BY hash DESC",
  };
  GHashTable *ids = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  int rc = SQLITE_ERROR;

  for (gsize i = 0; i < G_N_ELEMENTS (walks) && rc != SQLITE_DONE; i++)
    {
      sqlite3_stmt *stmt = tern_db_prepare (from, walks[i], NULL);

      if (stmt == NULL)
        continue;
      while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
        {
          gint64 id = sqlite3_column_int64 (stmt, 0);

          g_hash_table_add (ids, g_memdup2 (&id, sizeof id));
        }
      tern_db_finish (from, stmt, rc, NULL);
    }
  return ids;
}

static gboolean
carry_rows (Rescue *self, GError **error)
{
  g_autoptr (GHashTable) ids = list_ids (self->from);
  GHashTableIter iter;
  gpointer id;

  g_hash_table_iter_init (&iter, ids);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    if (!carry_row (self, *(gint64 *) id, error))
      return FALSE;
  return TRUE;
}

static gboolean
carry_files_of (Rescue *self, const char *dir, const char *start, GError **error)
{
  g_autofree char *path = g_build_filename (dir, start, NULL);
  g_autoptr (GDir) files = g_dir_open (path, 0, NULL);
  const char *name;

  while (files != NULL && (name = g_dir_read_name (files)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_autofree char *hash = g_strconcat (start, name, NULL);
      GStatBuf info;

      if (is_hash (hash) && g_stat (file, &info) == 0 && S_ISREG (info.st_mode)
          && !put_row (self, hash, info.st_size, NULL, 0, error))
        return FALSE;
    }
  return TRUE;
}

/* Their rows say no more than that they are there. They are checked when they are read. */
static gboolean
carry_files (Rescue *self, const char *dir, GError **error)
{
  g_autoptr (GDir) starts = g_dir_open (dir, 0, NULL);
  const char *start;

  while (starts != NULL && (start = g_dir_read_name (starts)) != NULL)
    if (!carry_files_of (self, dir, start, error))
      return FALSE;
  return TRUE;
}

/* The first page tells where everything else is, and of this database it is always the same: that
 * of the new one does as well. */
static TernDb *
open_damaged (const char *path, const char *copy, TernDb *fresh)
{
  g_autofree char *page = g_malloc (TERN_RESCUE_PAGE_SIZE);
  TernDb *db = tern_rescue_open (path);

  if (db != NULL || !tern_db_exec (fresh, "PRAGMA wal_checkpoint (TRUNCATE)", NULL)
      || !tern_rescue_read_first_page (fresh, page))
    return db;
  return tern_rescue_open_with_page (path, copy, page);
}

static gboolean
carry_over (TernDb *from, TernDb *to, const char *dir, GError **error)
{
  Rescue rescue = { .from = from, .to = to, .decompress = ZSTD_createDCtx () };
  gboolean ok = tern_db_exec (to, "BEGIN IMMEDIATE", error)
                && (from == NULL || carry_rows (&rescue, error))
                && carry_files (&rescue, dir, error) && tern_db_exec (to, "COMMIT", error)
                && tern_db_exec (to, "PRAGMA wal_checkpoint (TRUNCATE)", error);

  ZSTD_freeDCtx (rescue.decompress);
  return ok;
}

static gboolean
build (const char *path, const char *dir, const char *fresh, GError **error)
{
  g_autofree char *copy = g_strconcat (path, ".copy", NULL);
  g_autoptr (TernDb) to = NULL;
  TernDb *from;
  gboolean ok;

  tern_rescue_remove (fresh);
  to = tern_bodies_open_db (fresh, error);
  if (to == NULL)
    return FALSE;
  from = open_damaged (path, copy, to);
  ok = carry_over (from, to, dir, error);
  tern_db_close (from);
  tern_rescue_remove (copy);
  return ok;
}

static char *
fresh_path (const char *path)
{
  return g_strconcat (path, ".new", NULL);
}

gboolean
tern_bodies_recover (const char *path, const char *dir, GError **error)
{
  g_autofree char *fresh = fresh_path (path);

  if (build (path, dir, fresh, error))
    return tern_rescue_swap (path, fresh, error);
  tern_rescue_remove (fresh);
  return FALSE;
}

gboolean
tern_bodies_finish_recovery (const char *path, GError **error)
{
  g_autofree char *fresh = fresh_path (path);
  gboolean finished;

  return tern_rescue_finish (path, fresh, &finished, error);
}
