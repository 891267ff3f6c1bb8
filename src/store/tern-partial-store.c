/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-partial-store.h"

#include "tern-store-messages-private.h"
#include "tern-store-private.h"

#include "tern-fault.h"
#include "tern-paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Begun and not gone on with for so long: it is fetched anew if anybody still wants it. */
#define KEEP_SECONDS (30 * 24 * 60 * 60)
#define SLICE        (64 * 1024)

void
tern_partial_free (TernPartial *self)
{
  g_checksum_free (self->checksum);
  g_free (self);
}

static char *
dup_dir (TernReader *reader)
{
  return g_build_filename (tern_bodies_get_dir (reader->bodies), "partial", NULL);
}

/* "MESSAGE-SIZE-SECTION" */
static char *
dup_path (TernReader *reader, TernId message, const char *section, guint64 told_size)
{
  g_autofree char *safe = g_uri_escape_string (section, NULL, FALSE);
  g_autofree char *dir = dup_dir (reader);

  return g_strdup_printf ("%s/%" TERN_ID_FORMAT "-%" G_GUINT64_FORMAT "-%s", dir, message,
                          told_size, safe);
}

static GError *
fault_file (const char *path, int saved)
{
  return tern_db_fault (SQLITE_IOERR, saved, path, g_strerror (saved));
}

/* Nothing is synced before a body is whole, so that after a crash of the computer some of what was
 * written may not be there, and reads as zeros. IMAP brings none (RFC 9051 section 9: CHAR8): what
 * comes before the first one is as it came, the rest is fetched again. */
static gboolean
add_file (TernPartial *self, int fd, const char *path, GCancellable *cancellable, GError **error)
{
  g_autofree guchar *slice = g_malloc (SLICE);
  const guchar *hole = NULL;
  gssize n;

  while (hole == NULL && (n = read (fd, slice, SLICE)) != 0)
    {
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          g_propagate_error (error, fault_file (path, errno));
          return FALSE;
        }
      if (g_cancellable_is_cancelled (cancellable))
        {
          g_propagate_error (error,
                             tern_fault_new (TERN_FAULT_CANCELLED, _ ("Reading was stopped.")));
          return FALSE;
        }
      hole = memchr (slice, '\0', (gsize) n);
      if (hole != NULL)
        n = hole - slice;
      g_checksum_update (self->checksum, slice, n);
      self->size += (guint64) n;
    }
  return TRUE;
}

TernPartial *
tern_read_partial (TernReader *reader,
                   TernId location,
                   const char *section,
                   guint64 told_size,
                   GCancellable *cancellable,
                   GError **error)
{
  g_autoptr (TernPartial) self = g_new0 (TernPartial, 1);
  g_autofree char *path = NULL;
  TernId message = 0;
  gboolean ok;
  int fd;

  self->checksum = g_checksum_new (G_CHECKSUM_SHA256);
  if (!tern_db_look (reader->db, error, &message, "SELECT message FROM location WHERE id = ?1",
                     location))
    return NULL;
  path = dup_path (reader, message, section, told_size);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT)
    return g_steal_pointer (&self);
  if (fd < 0)
    {
      g_propagate_error (error, fault_file (path, errno));
      return NULL;
    }
  ok = add_file (self, fd, path, cancellable, error);
  close (fd);
  return ok ? g_steal_pointer (&self) : NULL;
}

static GError *
fault_offset (void)
{
  GError *error = tern_fault_new (
      TERN_FAULT_INVALID,
      _ ("What had come of an attachment is not as it was; it has to be fetched again."));

  tern_fault_set_retry (error, TERN_RETRY_NOW);
  return error;
}

static gboolean
write_at (int fd, guint64 offset, GBytes *bytes)
{
  gsize left;
  const char *data = g_bytes_get_data (bytes, &left);

  while (left > 0)
    {
      gssize n = pwrite (fd, data, left, (off_t) offset);

      if (n < 0 && errno != EINTR)
        return FALSE;
      if (n > 0)
        {
          data += n;
          left -= (gsize) n;
          offset += (guint64) n;
        }
    }
  return TRUE;
}

/* Closes @fd. */
static gboolean
append (int fd, const char *path, guint64 offset, GBytes *bytes, GError **error)
{
  struct stat info;
  gboolean ok = fstat (fd, &info) == 0;
  gboolean there = ok && (guint64) info.st_size >= offset;
  int saved;

  ok = ok && (!there || (ftruncate (fd, (off_t) offset) == 0 && write_at (fd, offset, bytes)));
  saved = errno;
  /* Half a piece is none: it would be taken for what had been acknowledged. */
  if (there && !ok && ftruncate (fd, (off_t) offset) != 0)
    g_unlink (path);
  if (close (fd) != 0 && ok)
    {
      ok = FALSE;
      saved = errno;
    }
  if (!ok)
    g_propagate_error (error, fault_file (path, saved));
  else if (!there)
    g_propagate_error (error, fault_offset ());
  return ok && there;
}

gboolean
tern_txn_append_partial (TernTxn *txn,
                         TernId location,
                         const char *section,
                         guint64 told_size,
                         guint64 offset,
                         GBytes *bytes,
                         GError **error)
{
  g_autofree char *dir = dup_dir (&txn->reader);
  g_autofree char *path = NULL;
  TernId message;
  int fd;

  if (!tern_txn_find_message (txn, location, &message, error) || !tern_txn_require_room (txn, error)
      || !tern_paths_ensure_dir (dir, error))
    return FALSE;
  path = dup_path (&txn->reader, message, section, told_size);
  fd = open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    {
      g_propagate_error (error, fault_file (path, errno));
      return FALSE;
    }
  return append (fd, path, offset, bytes, error);
}

gboolean
tern_txn_drop_partial (TernTxn *txn,
                       TernId location,
                       const char *section,
                       guint64 told_size,
                       GError **error)
{
  g_autofree char *path = NULL;
  TernId message;

  if (!tern_txn_find_message (txn, location, &message, error))
    return FALSE;
  path = dup_path (&txn->reader, message, section, told_size);
  if (g_unlink (path) == 0 || errno == ENOENT)
    return TRUE;
  g_propagate_error (error, fault_file (path, errno));
  return FALSE;
}

gboolean
tern_txn_finish_partial (TernTxn *txn,
                         TernId location,
                         const char *section,
                         guint64 told_size,
                         guint64 size,
                         const char *hash,
                         GError **error)
{
  g_autofree char *path = NULL;
  struct stat info;
  TernId message;

  if (!tern_txn_find_message (txn, location, &message, error))
    return FALSE;
  path = dup_path (&txn->reader, message, section, told_size);
  if (g_stat (path, &info) != 0 || (guint64) info.st_size != size)
    {
      g_propagate_error (error, fault_offset ());
      return FALSE;
    }
  if (!tern_bodies_adopt (txn->reader.bodies, path, hash, error)
      || !tern_txn_name_body (txn, message, section, hash, error))
    return FALSE;
  g_ptr_array_add (txn->spent, g_steal_pointer (&path));
  return TRUE;
}

/* The end of them */

/* What is to be decided of one: by its path and the message that its name begins with. */
typedef gboolean (*Judge) (TernTxn *txn,
                           const char *path,
                           TernId message,
                           TernId folder,
                           gboolean *drop,
                           GError **error);

static gboolean
drop_where (TernTxn *txn, Judge judge, TernId folder, GError **error)
{
  g_autofree char *folder_path = dup_dir (&txn->reader);
  g_autoptr (GDir) dir = g_dir_open (folder_path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder_path, name, NULL);
      gboolean drop = FALSE;

      if (!judge (txn, path, g_ascii_strtoll (name, NULL, 10), folder, &drop, error))
        return FALSE;
      if (drop)
        g_ptr_array_add (txn->spent, g_steal_pointer (&path));
    }
  return TRUE;
}

static gboolean
is_stale (TernTxn *txn,
          const char *path,
          TernId message,
          TernId folder,
          gboolean *drop,
          GError **error)
{
  struct stat info;
  gint64 known = 0;

  if (!tern_db_look (tern_txn_db (txn), error, &known, "SELECT 1 FROM message WHERE id = ?1",
                     message))
    return FALSE;
  *drop = known == 0
          || (g_stat (path, &info) == 0
              && info.st_mtime < g_get_real_time () / G_USEC_PER_SEC - KEEP_SECONDS);
  return TRUE;
}

gboolean
tern_txn_collect_partials (TernTxn *txn, GError **error)
{
  return drop_where (txn, is_stale, 0, error);
}

static gboolean
is_of_folder (TernTxn *txn,
              const char *path,
              TernId message,
              TernId folder,
              gboolean *drop,
              GError **error)
{
  gint64 known = 0;

  if (!tern_db_look (tern_txn_db (txn), error, &known,
                     "SELECT 1 FROM location WHERE message = ?1 AND folder = ?2", message, folder))
    return FALSE;
  *drop = known != 0;
  return TRUE;
}

gboolean
tern_txn_forget_partials (TernTxn *txn, TernId folder, GError **error)
{
  return drop_where (txn, is_of_folder, folder, error);
}

void
tern_partials_drop_all (const char *store_dir)
{
  g_autofree char *path = g_build_filename (store_dir, "bodies", "partial", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      g_unlink (child);
    }
}
