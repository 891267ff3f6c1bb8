/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-reserve-private.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* The log's index of both databases, the first pages of a new one, and some commits. */
#define RESERVE (512 * 1024)

static char *
get_path (const char *dir)
{
  return g_build_filename (dir, "reserve", NULL);
}

void
tern_store_reserve_keep (const char *dir)
{
  g_autofree char *path = get_path (dir);
  int fd = open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0)
    return;
  if (posix_fallocate (fd, 0, RESERVE) != 0)
    g_unlink (path);
  close (fd);
}

gboolean
tern_store_reserve_release (const char *dir)
{
  g_autofree char *path = get_path (dir);

  return g_unlink (path) == 0;
}
