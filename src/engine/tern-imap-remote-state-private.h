/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-remote-private.h"

G_BEGIN_DECLS

/*
 * What the files of the remote share among themselves: tern-imap-remote.c (the interface),
 * tern-imap-jobs.c (who works when, and where), tern-imap-slots.c (the sessions and what they
 * hear), tern-imap-quota.c (how full the mailbox is), tern-imap-unasked.c (what becomes of that
 * when nobody asked for it).
 */

/* tern-imap-unasked.c */
typedef struct
{
  TernId folder;
  GArray *changes;   /* (owned) (nullable) of flags of that folder, still to be written */
  GArray *vanished;  /* (owned) (nullable) of guint32: what went there, likewise */
  GSource *source;   /* (owned) (nullable): writes them */
  guint writes;      /* under way */
  GHashTable *stale; /* (owned) set of TernId (owned): what was told of them was not written */
} TernImapUnasked;

struct _TernImapRemote
{
  GObject parent;

  TernStore *store; /* (owned) */
  TernId account;
  TernEndpoint *endpoint;       /* (owned) */
  TernCredentials *credentials; /* (owned) */
  gboolean safe_mode;
  TernRemoteEvents events;
  gpointer events_data;

  TernImapSlot work;
  TernImapSlot hands;
  gboolean hands_opening;
  gboolean hands_refused;
  gboolean hands_used;      /* since the last poll */
  TernImapWatch *watch;     /* (owned) (nullable) */
  TernImapListing *listing; /* (nullable) collects LIST and STATUS */
  gboolean has_listed;      /* and it was stored */
  guint folder_ops;         /* how often an operation on a folder began or ended */
  int folder_ops_now;       /* under way */
  TernId inbox;
  TernId focus;
  GQueue queue; /* of TernImapJob (owned), most urgent first */
  TernImapUnasked unasked;
  GSource *poll;   /* (owned) (nullable) */
  TernId restless; /* cannot be listened to, as things are */
  gboolean closed;
  GCancellable *cancellable; /* (owned) of what is being opened */
  TernQuota quota;           /* of all roots of INBOX, as far as they were told */
  gboolean quota_asking;
  gint64 quota_asked; /* monotonic; 0 = never */
  guint64 bytes_in;   /* of sessions that are gone */
  guint64 bytes_out;
  guint round_trips;
};

/* tern-imap-jobs.c */
GError *tern_imap_remote_disconnected (TernImapRemote *self);
/* Gives the idle sessions what is most urgent; with nothing to do, "work" goes to listen. */
void tern_imap_remote_schedule (TernImapRemote *self);
/* Everything that waits ends with DISCONNECTED. */
void tern_imap_remote_fail_queue (TernImapRemote *self);

/* tern-imap-slots.c */
TernImapSession *tern_imap_slot_new_session (TernImapSlot *slot);
gboolean tern_imap_slot_can_work (TernImapSlot *slot);
/* Opens a second session when something that is not long waits. */
void tern_imap_remote_want_hands (TernImapRemote *self);
void tern_imap_remote_start_poll (TernImapRemote *self);
/* No session is in the mailbox of that name any more, nor in one below it, as far as we know: it
 * was renamed or deleted. */
void tern_imap_remote_forget_mailbox (TernImapRemote *self, const char *name, char delimiter);

/* tern-imap-quota.c */
/* One more root was told. */
void tern_imap_quota_add (TernImapRemote *self, const TernQuota *quota);

/* tern-imap-unasked.c */
/* Hands what was gathered to the store: before anything that claims to be newer. */
void tern_imap_remote_write_unasked (TernImapRemote *self);

G_END_DECLS
