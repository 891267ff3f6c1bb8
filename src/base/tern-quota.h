/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** TernQuotaUse: how much of something there is room for, and how much of that is taken. */
typedef struct
{
  guint64 used;
  guint64 limit; /* 0 = not known, or none */
} TernQuotaUse;

/** TernQuota: the room of a mailbox on its server (RFC 9208). Plain value. */
typedef struct
{
  TernQuotaUse storage; /* bytes */
  TernQuotaUse messages;
} TernQuota;

/* From here on a person is told that the mailbox will be full. */
#define TERN_QUOTA_ALMOST_FULL 95

/* Of several limits the one that is reached first counts. */
void tern_quota_use_add (TernQuotaUse *self, guint64 used, guint64 limit);
/* In percent, of what is fuller; 0 when no limit is known, at most 100. */
guint tern_quota_get_percent (const TernQuota *self);
/* "1.8 GB of 2.0 GB used (90 %)"; NULL when no limit is known. */
char *tern_quota_dup_text (const TernQuota *self);

G_END_DECLS
