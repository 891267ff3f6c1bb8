/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernBackoff:
 *
 * Exponential delay with full jitter. Reset it only after a tagged OK that followed a login;
 * otherwise a server that accepts connections and drops them is asked for ever.
 */
typedef struct
{
  guint base_ms;
  guint ceiling_ms;
  guint attempts;
} TernBackoff;

#define TERN_BACKOFF_INIT(base, ceiling) \
  {                                      \
    (base), (ceiling), 0                 \
  }

guint tern_backoff_next_ms (TernBackoff *self); /* in [base/2, min (ceiling, base * 2^n)] */
void tern_backoff_reset (TernBackoff *self);

G_END_DECLS
