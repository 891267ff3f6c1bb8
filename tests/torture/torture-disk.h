/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Stands between SQLite and the disk, in a test program only: every write, truncation and sync of a
 * database or its log is counted, and from a chosen one on the program ends or the disk fails.
 */
typedef enum
{
  TORTURE_DISK_GOOD,
  TORTURE_DISK_DIES, /* the program ends at once, as by SIGKILL */
  TORTURE_DISK_FULL,
  TORTURE_DISK_BROKEN, /* EIO */
} TortureDiskFate;

/* Before the first database is opened. */
void torture_disk_install (void);
/* From the @n-th access from now on, for @count accesses (0: for good). */
void torture_disk_plan (TortureDiskFate fate, guint n, guint count);
/* Accesses since the last plan. */
guint torture_disk_count (void);

G_END_DECLS
