/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-test-clock.h"

#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Who sleeps already is to notice the new time soon. */
#define SLICE_MS 50

static gint ahead; /* (atomic) seconds */

void
tern_test_clock_advance (guint seconds)
{
  g_atomic_int_add (&ahead, (gint) seconds);
}

int
clock_gettime (clockid_t clock, struct timespec *now)
{
  int result = (int) syscall (SYS_clock_gettime, clock, now);

  if (result == 0 && clock == CLOCK_MONOTONIC)
    now->tv_sec += g_atomic_int_get (&ahead);
  return result;
}

static gint64
now_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (gint64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
poll (struct pollfd *fds, nfds_t n, int timeout)
{
  gint64 end = timeout < 0 ? G_MAXINT64 : now_ms () + timeout;
  int ready;

  do
    {
      int slice = (int) MIN (MAX (end - now_ms (), 0), SLICE_MS);
      struct timespec wait = { 0, slice * 1000000L };

      ready = (int) syscall (SYS_ppoll, fds, n, &wait, NULL, 0);
    }
  while (ready == 0 && now_ms () < end);
  return ready;
}
