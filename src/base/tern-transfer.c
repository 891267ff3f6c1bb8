/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-transfer.h"

struct _TernTransfer
{
  GMutex lock;
  guint64 done;     /* (lock) */
  guint64 total;    /* (lock) */
  gboolean waiting; /* (lock) */
  gboolean known;   /* (lock) something was set */
};

TernTransfer *
tern_transfer_new (void)
{
  TernTransfer *self = g_atomic_rc_box_new0 (TernTransfer);

  g_mutex_init (&self->lock);
  return self;
}

TernTransfer *
tern_transfer_ref (TernTransfer *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
transfer_clear (gpointer data)
{
  g_mutex_clear (&((TernTransfer *) data)->lock);
}

void
tern_transfer_unref (TernTransfer *self)
{
  g_atomic_rc_box_release_full (self, transfer_clear);
}

void
tern_transfer_set (TernTransfer *self, guint64 done, guint64 total, gboolean waiting)
{
  g_mutex_lock (&self->lock);
  self->done = done;
  /* What a server told of the size may be too little. */
  self->total = MAX (done, total);
  self->waiting = waiting;
  self->known = TRUE;
  g_mutex_unlock (&self->lock);
}

gboolean
tern_transfer_get (TernTransfer *self, guint64 *done, guint64 *total, gboolean *waiting)
{
  gboolean known;

  g_mutex_lock (&self->lock);
  *done = self->done;
  *total = self->total;
  *waiting = self->waiting;
  known = self->known;
  g_mutex_unlock (&self->lock);
  return known;
}
