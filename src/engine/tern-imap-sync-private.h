/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-remote-private.h"
#include "tern-sync-writes-private.h"

G_BEGIN_DECLS

/*
 * What the files of the sync share among themselves: tern-imap-sync.c (the job and its order),
 * tern-imap-sync-steps.c (each step), tern-imap-sync-windows.c (what is in flight and being
 * written).
 */

/* Headers per transaction. */
#define TERN_IMAP_SYNC_BATCH 500
/* How far down a window says that everything is here: 1 is for the end of the sync to say, so that
 * one that was interrupted before it is known as such. */
#define TERN_IMAP_SYNC_LOWEST 2

typedef enum
{
  TERN_IMAP_SYNC_READ,
  TERN_IMAP_SYNC_SELECT,
  TERN_IMAP_SYNC_CHANGES,
  TERN_IMAP_SYNC_FIRST,    /* nothing is known: the newest window */
  TERN_IMAP_SYNC_NEW,      /* above the known range */
  TERN_IMAP_SYNC_BACKFILL, /* below it */
  TERN_IMAP_SYNC_FLUSH,    /* what came untagged meanwhile */
  TERN_IMAP_SYNC_COUNT,
  TERN_IMAP_SYNC_LIST,
  TERN_IMAP_SYNC_MISSING,
  TERN_IMAP_SYNC_LIST_AGAIN,
  TERN_IMAP_SYNC_END,
  TERN_IMAP_SYNC_DONE,
} TernImapSyncStep;

typedef struct _TernImapSync TernImapSync;

typedef struct
{
  TernImapSync *sync;
  guint32 low;
  guint32 high;     /* G_MAXUINT32: open, "low:*" */
  guint32 last;     /* highest UID that came */
  guint plan_first; /* of a window of a set: its part of the plan */
  guint plan_n;
  gboolean done; /* and waits for those before it: the covered range has no gaps */
  TernSyncBatch *batch;
} TernImapSyncWindow;

struct _TernImapSync
{
  TernImapJob job;
  TernImapSyncStep step;
  TernFolderRecord *folder; /* (owned) as stored when the sync began */
  char *denied;             /* (owned) (nullable) the name that was last not to be selected */
  gboolean live;
  gboolean resynced;
  gboolean rematch;
  guint32 uidvalidity;
  guint32 uidnext; /* 0 = not told */
  guint64 modseq;
  GArray *changes;  /* (owned) of TernFlagChange */
  GArray *vanished; /* (owned) of guint32 */
  gsize told;       /* bytes of both */
  GArray *local;    /* (owned) (nullable) of guint32 */
  GArray *expected; /* (owned) (nullable) of TernId: what had no UID yet when the sync began */
  GArray *suspects; /* (owned) (nullable) of guint32: here, but not in the first listing */
  guint listed;     /* UIDs in the first listing */
  gboolean fresh;   /* all of them came with this sync */
  gboolean compare; /* list the UIDs even if their number agrees: it is time to */
  gboolean doubted; /* the mailbox was doubtful, and is selected anew */
  gboolean compared;
  GArray *plan; /* (owned) (nullable) of guint32: what windows are cut from */
  guint plan_taken;
  TernSyncRange range;
  guint32 edge; /* where the covered range ends now */
  guint window_size;
  GQueue windows;  /* of TernImapSyncWindow, in flight, oldest first */
  guint refusals;  /* of windows */
  GArray *refused; /* (owned) of guint32: what the server cannot give */
  guint unwritten;
  guint waiting; /* for other answers */
  gint64 done;
  TernSyncCounts counts;
  GError *error;
};

/* Takes the next step as soon as nothing is under way. Every callback ends with it, and @self may
 * be gone afterwards. */
void tern_imap_sync_advance (TernImapSync *self);
/* Leaves the session to others, and begins anew when its turn comes. */
void tern_imap_sync_yield (TernImapSync *self);
TernStore *tern_imap_sync_get_store (TernImapSync *self);
TernImapSession *tern_imap_sync_get_session (TernImapSync *self);
guint32 tern_imap_sync_get_exists (TernImapSync *self);
/* Takes @error; the first one counts. */
void tern_imap_sync_take_error (TernImapSync *self, GError *error);
gboolean tern_imap_sync_hides_deleted (TernImapSync *self);

/* tern-imap-sync-windows.c */
void tern_imap_sync_written_cb (GObject *source, GAsyncResult *result, gpointer user_data);
void
tern_imap_sync_write_window (TernImapSync *self, TernImapSyncWindow *window, gboolean complete);
void tern_imap_sync_write_changes (TernImapSync *self);
/* The same before their turn where there are many, and no more than can be kept. */
void tern_imap_sync_bound_changes (TernImapSync *self);
/* The server tells without end. */
void tern_imap_sync_give_up (TernImapSync *self, const char *what);
TernImapSyncWindow *tern_imap_sync_push_window (TernImapSync *self, guint32 low, guint32 high);
/* Takes @uids (nullable), sorted: what windows are cut from. */
void tern_imap_sync_set_plan (TernImapSync *self, TernSyncRange range, GArray *uids);
/* Returns TRUE when the plan is carried out. */
gboolean tern_imap_sync_work_on_plan (TernImapSync *self);

/* tern-imap-sync-steps.c */
void tern_imap_sync_step_read (TernImapSync *self);
void tern_imap_sync_step_select (TernImapSync *self);
void tern_imap_sync_step_changes (TernImapSync *self);
void tern_imap_sync_step_first (TernImapSync *self);
void tern_imap_sync_step_new (TernImapSync *self);
void tern_imap_sync_step_backfill (TernImapSync *self);
void tern_imap_sync_step_count (TernImapSync *self);
void tern_imap_sync_step_list (TernImapSync *self);
void tern_imap_sync_step_missing (TernImapSync *self);
void tern_imap_sync_step_end (TernImapSync *self);

G_END_DECLS
