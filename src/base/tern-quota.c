/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-quota.h"

#include <glib/gi18n.h>

static double
get_share (const TernQuotaUse *use)
{
  return use->limit != 0 ? MIN ((double) use->used / (double) use->limit, 1) : 0;
}

void
tern_quota_use_add (TernQuotaUse *self, guint64 used, guint64 limit)
{
  const TernQuotaUse other = { used, limit };

  if (limit != 0 && (self->limit == 0 || get_share (&other) > get_share (self)))
    *self = other;
}

guint
tern_quota_get_percent (const TernQuota *self)
{
  /* Rounded down: full is what has no room at all. */
  return (guint) (100 * MAX (get_share (&self->storage), get_share (&self->messages)));
}

char *
tern_quota_dup_text (const TernQuota *self)
{
  g_autofree char *used = NULL;
  g_autofree char *limit = NULL;
  guint percent = tern_quota_get_percent (self);

  if (self->storage.limit == 0 && self->messages.limit == 0)
    return NULL;
  if (get_share (&self->messages) > get_share (&self->storage) || self->storage.limit == 0)
    {
      used = g_strdup_printf ("%'" G_GUINT64_FORMAT, self->messages.used);
      limit = g_strdup_printf ("%'" G_GUINT64_FORMAT, self->messages.limit);
      /* Translators: numbers of messages on a server. */
      return g_strdup_printf (_ ("%s of %s messages (%u %%)"), used, limit, percent);
    }
  used = g_format_size (self->storage.used);
  limit = g_format_size (self->storage.limit);
  /* Translators: room on a server: "1.8 GB of 2.0 GB used (90 %)". */
  return g_strdup_printf (_ ("%s of %s used (%u %%)"), used, limit, percent);
}
