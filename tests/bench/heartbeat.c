/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What the machine itself does to a process that does nothing: it sleeps 2 ms, again and again,
 * and writes when it was held for more than 16 ms, in the words of probe.c:
 *
 *   gap TIME LENGTH
 *
 * times in microseconds of the monotonic clock, until it is stopped.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define BEAT_NS  2000000
#define LIMIT_US 16000

static int64_t
get_monotonic_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int
main (void)
{
  int64_t last = get_monotonic_time ();

  for (;;)
    {
      int64_t now;

      nanosleep (&(struct timespec){ .tv_nsec = BEAT_NS }, NULL);
      now = get_monotonic_time ();
      if (now - last > LIMIT_US)
        {
          printf ("gap %" PRId64 " %" PRId64 "\n", now, now - last);
          fflush (stdout);
        }
      last = now;
    }
}
