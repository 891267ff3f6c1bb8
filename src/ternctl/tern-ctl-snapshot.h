/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-types.h"

G_BEGIN_DECLS

/**
 * TernCtlSnapshot:
 *
 * What a list held when it was last looked at. Change sets say that the folders or the outbox
 * changed, not what of them: the difference to this tells. A look sees every thing that is there
 * and then ends. Plain value, one thread at a time.
 */
typedef struct _TernCtlSnapshot TernCtlSnapshot;

typedef enum
{
  TERN_CTL_SAME,
  TERN_CTL_ADDED,
  TERN_CTL_CHANGED,
} TernCtlNews;

/* A thing that was there and was not seen again. */
typedef void (*TernCtlGone) (const char *account, const char *folder, TernId id, gpointer data);

TernCtlSnapshot *tern_ctl_snapshot_new (void);
void tern_ctl_snapshot_free (TernCtlSnapshot *self);

/* A thing is known by the three; @folder is (nullable), @shape is all that may change of it. */
TernCtlNews tern_ctl_snapshot_see (TernCtlSnapshot *self,
                                   const char *account,
                                   const char *folder,
                                   TernId id,
                                   const char *shape);
void tern_ctl_snapshot_end (TernCtlSnapshot *self, TernCtlGone gone, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernCtlSnapshot, tern_ctl_snapshot_free)

G_END_DECLS
