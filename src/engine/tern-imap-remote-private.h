/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-session.h"
#include "tern-remote-private.h"
#include "tern-store-folders.h"

G_BEGIN_DECLS

/**
 * TernImapRemote:
 *
 * The IMAP side of an account: up to three sessions. "work" lists and syncs; "watch" sits in IDLE
 * on INBOX and fetches what arrives there at once; "hands" is opened when a person's operation or a
 * body would otherwise wait for a long sync. When the server refuses the second or third, what they
 * would do is done on "work", which gives way to it between two windows.
 *
 * Work that needs a selected mailbox is a TernImapJob: one at a time per session.
 */
#define TERN_TYPE_IMAP_REMOTE (tern_imap_remote_get_type ())
G_DECLARE_FINAL_TYPE (TernImapRemote, tern_imap_remote, TERN, IMAP_REMOTE, GObject)

typedef struct _TernImapSlot TernImapSlot;
typedef struct _TernImapJob TernImapJob;
typedef struct _TernImapListing TernImapListing;

typedef struct
{
  void (*start) (TernImapJob *job);
  /* Untagged data of the mailbox that the job has selected. What the server says of another, of
   * the one before for example, goes to the slot; all of it when NULL. */
  void (*fetch) (TernImapJob *job, TernImapFetch *fetch);
  void (*vanished) (TernImapJob *job, GArray *uids, gboolean earlier);
  void (*free) (TernImapJob *job);
  gboolean is_long; /* runs on "work" only, and gives way */
} TernImapJobClass;

/** TernImapJob: the head of every job's own struct. */
struct _TernImapJob
{
  const TernImapJobClass *klass;
  TernImapRemote *remote; /* the remote outlives its jobs */
  TernImapSlot *slot;     /* while it runs */
  TernUrgency urgency;
  TernId folder; /* the one that it selects */
  char *mailbox; /* (owned) (nullable) its name, once it was asked for */
  GTask *task;   /* (owned) (nullable) answered by the job before it is done */
};

struct _TernImapSlot
{
  TernImapRemote *remote;
  const char *label;
  TernImapSession *session; /* (owned) (nullable) */
  gboolean ready;           /* logged in */
  TernImapJob *job;         /* (owned) (nullable) running */
  TernId selected;          /* our folder of the selected mailbox; 0 = none or in doubt */
  TernId caught_up;   /* the one of which a sync has learned what came before it was selected */
  TernId left;        /* while another is being selected: the one before */
  char *left_mailbox; /* (owned) (nullable) and its name */
  gboolean grown;     /* EXISTS came for it and nobody has fetched since */
};

TernImapRemote *tern_imap_remote_new (TernStore *store,
                                      TernId account,
                                      TernEndpoint *endpoint,
                                      TernCredentials *credentials,
                                      gboolean safe_mode,
                                      const TernRemoteEvents *events,
                                      gpointer data);

/* For jobs */
void tern_imap_remote_add_job (TernImapRemote *self, TernImapJob *job);
/* The job is over and freed; its task must have been answered. */
void tern_imap_job_done (TernImapJob *job);
/* Back into the queue, to be started again: a more urgent job has no other session. */
void tern_imap_job_requeue (TernImapJob *job);
gboolean tern_imap_job_should_yield (TernImapJob *job);
/* SELECT; *@live tells that it was selected already, beyond doubt, and every change was applied as
 * it came. Then the server has told this session of all messages up to @highest first (0: of none
 * asked for, G_MAXUINT32: of all). The callback gets the session as source; finish with
 * tern_imap_session_command_finish(). */
void tern_imap_job_select (TernImapJob *job,
                           const TernFolderRecord *folder,
                           guint32 highest,
                           gboolean resync,
                           gboolean *live,
                           GAsyncReadyCallback callback);

void tern_imap_remote_set_listing (TernImapRemote *self, TernImapListing *listing);
TernImapListing *tern_imap_remote_get_listing (TernImapRemote *self);
/* An operation on a folder begins or ends: a listing from before that is not of what is there now,
 * which is seen by the number; and no sync begins meanwhile, with a name that may go away. */
void tern_imap_remote_count_folder_op (TernImapRemote *self, gboolean begins);
guint tern_imap_remote_get_folder_ops (TernImapRemote *self);
/* A listing of this connection was stored: what is known of folders is not from an earlier one. */
void tern_imap_remote_set_listed (TernImapRemote *self);
gboolean tern_imap_remote_has_listed (TernImapRemote *self);
TernStore *tern_imap_remote_get_store (TernImapRemote *self);
TernId tern_imap_remote_get_account (TernImapRemote *self);
TernId tern_imap_remote_get_focus (TernImapRemote *self);
const TernRemoteEvents *tern_imap_remote_get_events (TernImapRemote *self, gpointer *data);
/* Cancelled when the remote is closed: for what is being opened. */
GCancellable *tern_imap_remote_get_cancellable (TernImapRemote *self);
gboolean tern_imap_remote_is_closed (TernImapRemote *self);
TernImapSession *tern_imap_remote_new_session (TernImapRemote *self,
                                               const char *label,
                                               const TernImapHandlers *handlers,
                                               gpointer data);

/* The watch works, or does not any more: "work" may have to listen to INBOX. */
void tern_imap_remote_watch_changed (TernImapRemote *self);
/* Asks the sessions that wait for nothing whether they are still there. */
void tern_imap_remote_probe (TernImapRemote *self);

/* Untagged data of a selected mailbox, outside of a sync, straight to the store. */
void tern_imap_remote_store_flags (TernImapRemote *self, TernId folder, const TernImapFetch *fetch);
void tern_imap_remote_store_vanished (TernImapRemote *self, TernId folder, GArray *uids);
/* Answers @task with @result, or with @error where that is not NULL, once everything that the
 * server has told so far is in the store: what whoever asked writes next is newer than that. Takes
 * all but the task. */
void tern_imap_remote_answer (TernImapRemote *self,
                              GTask *task,
                              gpointer result,
                              GDestroyNotify result_free,
                              GError *error);
/* The server has told of more flags there than could be written: a sync has to ask for them, even
 * where the mailbox was selected all the time. */
gboolean tern_imap_remote_is_stale (TernImapRemote *self, TernId folder);
void tern_imap_remote_set_stale (TernImapRemote *self, TernId folder, gboolean stale);

/* tern-imap-sync.c, tern-imap-parts.c, tern-imap-ops.c: make a job and queue it. */
void tern_imap_sync_start (TernImapRemote *remote, TernId folder, TernUrgency urgency, GTask *task);
void tern_imap_parts_start (TernImapRemote *remote,
                            const TernFolderRecord *folder,
                            GPtrArray *requests,
                            TernUrgency urgency,
                            GTask *task);
void tern_imap_ops_start (TernImapRemote *remote, TernRemoteOp *op, GTask *task);
/* tern-imap-folder-ops.c: likewise, for operations on folders. */
void tern_imap_folder_ops_start (TernImapRemote *remote, TernRemoteOp *op, GTask *task);
/* tern-imap-listing.c: not a job, needs no mailbox. */
void tern_imap_listing_start (TernImapRemote *remote, TernImapSession *session, GTask *task);
void tern_imap_listing_add (TernImapListing *self, const TernImapList *item);
void tern_imap_listing_add_rights (TernImapListing *self, const char *mailbox, TernRights rights);
void tern_imap_listing_add_status (TernImapListing *self, const TernImapStatus *status);
/* tern-imap-quota.c: asks how full the mailbox is, unless that was done lately and it need not be
 * @at_once. */
void tern_imap_quota_ask (TernImapRemote *remote, TernImapSession *session, gboolean at_once);

/** TernImapWatch: the session that waits for news of INBOX. */
typedef struct _TernImapWatch TernImapWatch;
TernImapWatch *tern_imap_watch_new (TernImapRemote *remote, TernId inbox);
/* The server lets us have it: INBOX need not be watched otherwise. */
gboolean tern_imap_watch_is_working (TernImapWatch *self);
/* The server tells of what happens in every mailbox. */
gboolean tern_imap_watch_hears_all (TernImapWatch *self);
void tern_imap_watch_check (TernImapWatch *self);
void tern_imap_watch_free (TernImapWatch *self);
TernImapSession *tern_imap_watch_get_session (TernImapWatch *self); /* (nullable) */

G_END_DECLS
