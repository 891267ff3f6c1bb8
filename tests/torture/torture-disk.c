/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "torture-disk.h"

#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

static sqlite3_vfs *below; /* the system's */
static sqlite3_vfs vfs;

/* The tables of methods that the system's VFS has, each with ours beside it. */
static struct
{
  const sqlite3_io_methods *below;
  sqlite3_io_methods ours;
} tables[8];
static guint n_tables;

static GMutex mutex;
/* (lock: mutex) */
static TortureDiskFate fate;
static guint first, last, done;

static int
reach_access (int what)
{
  TortureDiskFate now = TORTURE_DISK_GOOD;

  g_mutex_lock (&mutex);
  done++;
  if (fate != TORTURE_DISK_GOOD && done >= first && (last == 0 || done <= last))
    now = fate;
  g_mutex_unlock (&mutex);
  switch (now)
    {
    case TORTURE_DISK_DIES:
      _exit (7);
    case TORTURE_DISK_FULL:
      return SQLITE_FULL;
    case TORTURE_DISK_BROKEN:
      return what;
    case TORTURE_DISK_GOOD:
    default:
      return SQLITE_OK;
    }
}

static const sqlite3_io_methods *
find_below (sqlite3_file *file)
{
  for (guint i = 0; i < n_tables; i++)
    if (&tables[i].ours == file->pMethods)
      return tables[i].below;
  g_assert_not_reached ();
}

static int
disk_write (sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
  int rc = reach_access (SQLITE_IOERR_WRITE);

  return rc == SQLITE_OK ? find_below (file)->xWrite (file, data, size, offset) : rc;
}

static int
disk_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  int rc = reach_access (SQLITE_IOERR_TRUNCATE);

  return rc == SQLITE_OK ? find_below (file)->xTruncate (file, size) : rc;
}

static int
disk_sync (sqlite3_file *file, int flags)
{
  int rc = reach_access (SQLITE_IOERR_FSYNC);

  return rc == SQLITE_OK ? find_below (file)->xSync (file, flags) : rc;
}

static const sqlite3_io_methods *
find_ours (const sqlite3_io_methods *methods)
{
  const sqlite3_io_methods *ours = NULL;

  g_mutex_lock (&mutex);
  for (guint i = 0; i < n_tables && ours == NULL; i++)
    if (tables[i].below == methods)
      ours = &tables[i].ours;
  if (ours == NULL)
    {
      g_assert_cmpuint (n_tables, <, G_N_ELEMENTS (tables));
      tables[n_tables].below = methods;
      tables[n_tables].ours = *methods;
      tables[n_tables].ours.xWrite = disk_write;
      tables[n_tables].ours.xTruncate = disk_truncate;
      tables[n_tables].ours.xSync = disk_sync;
      ours = &tables[n_tables++].ours;
    }
  g_mutex_unlock (&mutex);
  return ours;
}

static int
disk_open (sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
  int rc = below->xOpen (below, name, file, flags, out_flags);

  if (rc == SQLITE_OK && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0)
    file->pMethods = find_ours (file->pMethods);
  return rc;
}

void
torture_disk_install (void)
{
  below = sqlite3_vfs_find (NULL);
  vfs = *below;
  vfs.zName = "torture";
  vfs.xOpen = disk_open;
  vfs.pNext = NULL;
  g_assert_cmpint (sqlite3_vfs_register (&vfs, 1), ==, SQLITE_OK);
}

void
torture_disk_plan (TortureDiskFate new_fate, guint n, guint count)
{
  g_mutex_lock (&mutex);
  fate = new_fate;
  done = 0;
  first = n;
  last = count == 0 ? 0 : n + count - 1;
  g_mutex_unlock (&mutex);
}

guint
torture_disk_count (void)
{
  guint count;

  g_mutex_lock (&mutex);
  count = done;
  g_mutex_unlock (&mutex);
  return count;
}
