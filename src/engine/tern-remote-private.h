/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-connection.h"
#include "tern-quota.h"
#include "tern-store-folders.h"
#include "tern-store-ops.h"

G_BEGIN_DECLS

/**
 * TernRemote:
 *
 * A mail server behind the local store: it fills folders, carries operations out and watches for
 * news. One object is one epoch of being connected; after #TernRemoteEvents.closed a new one is
 * made.
 *
 * Thread: the account's worker; every callback and event comes there.
 */
#define TERN_TYPE_REMOTE (tern_remote_get_type ())
G_DECLARE_INTERFACE (TernRemote, tern_remote, TERN, REMOTE, GObject)

/** TernRemoteEvents: what a remote reports by itself. */
typedef struct
{
  /* Headers of a folder are coming in; @total 0 = unknown. */
  void (*progress) (const char *path, gint64 done, gint64 total, gpointer data);
  /* The server says that something changed there: it should be synced. */
  void (*folder_changed) (TernId folder, gpointer data);
  /* Folders came, went or were renamed, or too much changed to be told one by one: they should be
   * listed. */
  void (*folders_changed) (gpointer data);
  /* Something that a person should know, and that ends nothing. It may come again. */
  void (*note) (const GError *error, gpointer data);
  /* How full the mailbox is; with each listing where the server tells. */
  void (*quota) (const TernQuota *quota, gpointer data);
  /* A connection is about to be opened: what becomes of it can be read there. */
  void (*connection) (TernConnection *connection, gpointer data);
  /* The connection is over; @error says why. Last event. */
  void (*closed) (const GError *error, gpointer data);
} TernRemoteEvents;

/** TernSyncCounts: what one sync did. */
typedef struct
{
  guint added;
  guint removed;
  guint changed;
} TernSyncCounts;

typedef enum
{
  TERN_URGENCY_READER,    /* a person waits for it */
  TERN_URGENCY_OPERATION, /* a person did it */
  TERN_URGENCY_NEW,       /* what is on screen, and INBOX */
  TERN_URGENCY_DOWNLOAD,  /* a person waits for it and sees that it takes long */
  TERN_URGENCY_SYNC,
  TERN_URGENCY_PREFETCH,
} TernUrgency;

/** TernPartRequest: some bytes of a message on the server. */
typedef struct
{
  guint32 uid;
  char *section;    /* "" the whole message, "HEADER", "1.2" */
  guint64 size;     /* of the whole message, as the server told it; 0 = not known */
  guint64 offset;   /* with @length: only so many bytes from here on, or what there is of them */
  guint32 length;   /* 0 = all of it */
  gboolean decoded; /* with @length: of what it is without its transfer encoding */
  GBytes *bytes;    /* (nullable) the answer; NULL when the message is gone, or with an error */
  GError *error;    /* (nullable) why the server does not give these bytes */
  gboolean crowded_out; /* with an error: there was no room for them beside what else came */
} TernPartRequest;

void tern_part_request_free (TernPartRequest *self);
TernPartRequest *tern_part_request_new (guint32 uid, const char *section, guint64 size);

/** TernRefusal: what of an operation the server did not allow. */
typedef enum
{
  TERN_REFUSAL_OTHER,  /* to look at something first, or nobody knows */
  TERN_REFUSAL_CHANGE, /* the change itself */
  TERN_REFUSAL_REMOVE, /* to take messages out of the source */
} TernRefusal;

/** TernOpFailure: of an operation that has an error. */
typedef struct
{
  GArray *part; /* (owned) (nullable) of TernUidPair: what is done all the same */
  TernRefusal refusal;
} TernOpFailure;

TernOpFailure *tern_op_failure_new (GArray *part, TernRefusal refusal);
void tern_op_failure_free (gpointer failure);

/**
 * TernRemoteOp:
 *
 * One change to at most #TERN_REMOTE_OP_MAX messages of one folder, or to a folder, in server
 * terms: what the operation runner makes of one or more rows of the operation log.
 */
#define TERN_REMOTE_OP_MAX 500

typedef struct
{
  TernOpKind kind;
  TernFolderRecord *source; /* (owned) (nullable) */
  TernFolderRecord *target; /* (owned) (nullable) */
  GArray *uids;             /* (owned) of guint32, sorted */
  GPtrArray *message_ids; /* (owned) (element nullable) of char*, beside uids: to find them again */
  GArray *sizes;          /* (owned) of guint32, likewise; 0 = not known */
  GArray
      *twins; /* (owned) of guint32, likewise: how many the target may have besides; 0 if short */
  GArray *known; /* (owned) of guint32, likewise: where the target has it, as far as is known */
  TernFlags add;
  TernFlags remove;
  char *add_keywords;    /* (owned) (nullable) */
  char *remove_keywords; /* (owned) (nullable) */
  GBytes *message;       /* (owned) (nullable) APPEND */
  gint64 date;           /* APPEND */
  gboolean check;        /* may have been done before: look first */
  /* With @check: epoch and UIDNEXT of the target as they were known before. */
  guint32 target_uidvalidity;
  guint32 target_uidnext;
  GArray *taken; /* (owned) of guint32, of the target: what other operations have put there */
  /* Operations on the folder @source: */
  char *old_path; /* (owned) (nullable) as a person knew it */
  char *old_name; /* (owned) (nullable) as the server knew it when this was first sent, raw */
  char *name;     /* (owned) (nullable) CREATE, RENAME: the new name, raw */
  GPtrArray *subscribed; /* (owned) of char*, raw. RENAME: the old names of what is subscribed */
} TernRemoteOp;

TernRemoteOp *tern_remote_op_new (TernOpKind kind);
void tern_remote_op_free (TernRemoteOp *self);

struct _TernRemoteInterface
{
  GTypeInterface parent;

  void (*open_async) (TernRemote *self,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
  gboolean (*open_finish) (TernRemote *self, GAsyncResult *result, GError **error);
  void (*list_folders_async) (TernRemote *self, GAsyncReadyCallback callback, gpointer user_data);
  GArray *(*list_folders_finish) (TernRemote *self, GAsyncResult *result, GError **error);
  void (*sync_folder_async) (TernRemote *self,
                             TernId folder,
                             TernUrgency urgency,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
  gboolean (*sync_folder_finish) (TernRemote *self,
                                  GAsyncResult *result,
                                  TernSyncCounts *counts,
                                  GError **error);
  void (*fetch_parts_async) (TernRemote *self,
                             const TernFolderRecord *folder,
                             GPtrArray *requests,
                             TernUrgency urgency,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
  gboolean (*fetch_parts_finish) (TernRemote *self, GAsyncResult *result, GError **error);
  gboolean (*gains_by_decoding) (TernRemote *self);
  void (*run_operation_async) (TernRemote *self,
                               TernRemoteOp *op,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
  GArray *(*run_operation_finish) (TernRemote *self,
                                   GAsyncResult *result,
                                   TernOpFailure *failure,
                                   GError **error);
  void (*watch) (TernRemote *self);
  void (*set_focus) (TernRemote *self, TernId folder);
  gboolean (*hears_all) (TernRemote *self);
  void (*check) (TernRemote *self);
  void (*close) (TernRemote *self);
  void (*get_traffic) (TernRemote *self, guint64 *bytes_in, guint64 *bytes_out, guint *round_trips);
};

/* Connects and logs in. */
void tern_remote_open_async (TernRemote *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean tern_remote_open_finish (TernRemote *self, GAsyncResult *result, GError **error);

/* Brings the folder tree of the store up to date. Result: GArray of TernId, the folders whose
 * content differs from what is stored, in the order in which they should be synced. */
void
tern_remote_list_folders_async (TernRemote *self, GAsyncReadyCallback callback, gpointer user_data);
GArray *tern_remote_list_folders_finish (TernRemote *self, GAsyncResult *result, GError **error);

/* Headers and flags of one folder, until it agrees with the server. */
void tern_remote_sync_folder_async (TernRemote *self,
                                    TernId folder,
                                    TernUrgency urgency,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean tern_remote_sync_folder_finish (TernRemote *self,
                                         GAsyncResult *result,
                                         TernSyncCounts *counts,
                                         GError **error);

/* Fills in #TernPartRequest.bytes, or .error, of all @requests (kept alive by the reference). An
 * error of its own only when the connection is to blame: what one message is refused is no reason
 * to lose the others. */
void tern_remote_fetch_parts_async (TernRemote *self,
                                    const TernFolderRecord *folder,
                                    GPtrArray *requests,
                                    TernUrgency urgency,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean tern_remote_fetch_parts_finish (TernRemote *self, GAsyncResult *result, GError **error);
/* The server can decode parts, and fewer bytes are transferred then. */
gboolean tern_remote_gains_by_decoding (TernRemote *self);

/* Takes @op. Result: GArray of TernUidPair, possibly empty: where things went. With an error,
 * *@part (nullable out) is NULL or likewise, of those messages with which it was done all the same;
 * a target of 0 is not known. */
void tern_remote_run_operation_async (TernRemote *self,
                                      TernRemoteOp *op,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
/* @failure (nullable): filled in with an error. */
GArray *tern_remote_run_operation_finish (TernRemote *self,
                                          GAsyncResult *result,
                                          TernOpFailure *failure,
                                          GError **error);

/* From now on report and store what changes in INBOX (and, as far as possible, in the focus). */
void tern_remote_watch (TernRemote *self);
void tern_remote_set_focus (TernRemote *self, TernId folder);
/* The server tells of every change in every folder: there is little to ask for. */
gboolean tern_remote_hears_all (TernRemote *self);
/* Is the connection still there? If not, closed follows. */
void tern_remote_check (TernRemote *self);
/* Ends without waiting; everything asked for ends with DISCONNECTED. No event follows. */
void tern_remote_close (TernRemote *self);
void tern_remote_get_traffic (TernRemote *self,
                              guint64 *bytes_in,
                              guint64 *bytes_out,
                              guint *round_trips);

G_END_DECLS
