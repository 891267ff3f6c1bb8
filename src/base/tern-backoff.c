/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-backoff.h"

guint
tern_backoff_next_ms (TernBackoff *self)
{
  guint64 span = self->base_ms;
  for (guint i = 0; i < self->attempts && span < self->ceiling_ms; i++)
    span *= 2;
  span = MIN (span, self->ceiling_ms);
  self->attempts++;

  guint64 low = MIN (self->base_ms / 2, span);
  return (guint) (low + (guint64) (g_random_double () * (double) (span - low)));
}

void
tern_backoff_reset (TernBackoff *self)
{
  self->attempts = 0;
}
