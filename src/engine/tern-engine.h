/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-account-settings.h"
#include "tern-change-set.h"
#include "tern-diagnosis.h"
#include "tern-mime-build.h"
#include "tern-mime-message.h"
#include "tern-store-ledger.h"
#include "tern-store-messages.h"
#include "tern-store-ops.h"
#include "tern-store-outbox.h"
#include "tern-store-folders.h"
#include "tern-transfer.h"

G_BEGIN_DECLS

/**
 * TernEngine:
 *
 * Accounts, synchronisation, the operation and outbox runners: all that works on mail, with no user
 * interface. Owns the store and one worker per account. Its face is asynchronous and takes ids
 * and values only. Every verb of a person is durable on this disk when its callback runs; the
 * server follows later.
 *
 * Thread: the context it was made in (the main one in programs).
 */
#define TERN_TYPE_ENGINE (tern_engine_get_type ())
G_DECLARE_FINAL_TYPE (TernEngine, tern_engine, TERN, ENGINE, GObject)

/** TernAccountState: what an account is doing, and what stands in its way. */
typedef enum
{
  TERN_ACCOUNT_IDLE, /* agrees with the server as far as known; watching */
  TERN_ACCOUNT_CONNECTING,
  TERN_ACCOUNT_SYNCING,
  TERN_ACCOUNT_OFFLINE,  /* cannot reach; will try again by itself */
  TERN_ACCOUNT_REFUSED,  /* login, certificate or keyring: a person has to act */
  TERN_ACCOUNT_DISABLED, /* engine started without network (ternctl reads) */
} TernAccountState;

typedef struct
{
  TernAccountState state;
  char *folder;    /* (nullable) path being fetched */
  gint64 done;     /* headers fetched of … */
  gint64 total;    /* … 0 when unknown */
  GError *error;   /* (nullable) why OFFLINE or REFUSED */
  GError *sending; /* (nullable) why the outgoing server does not let the account in: mail waits */
  gint64 next_try; /* seconds since 1970; 0 = not planned */
  gboolean asking; /* REFUSED by the keyring, whose prompt is open */
  TernQuota quota; /* as it was told last */
} TernAccountStatus;

TernAccountStatus *tern_account_status_copy (const TernAccountStatus *self);
void tern_account_status_clear (TernAccountStatus *self); /* what it holds, not itself */
void tern_account_status_free (TernAccountStatus *self);
/* OFFLINE or REFUSED, and nothing will happen by itself soon. */
gboolean tern_account_status_is_out_of_reach (const TernAccountStatus *self);

/*
 * Signals (all in the engine's context):
 *   "changed"         (TernChangeSet*)            after every commit, in order
 *   "accounts-changed"                            added, removed, edited
 *   "account-status"  (const char *uuid)          see tern_engine_dup_account_status()
 *   "new-mail"        (const char *uuid, GPtrArray* of TernMessageRecord)  worth a notification
 *   "note"            (const char *uuid, GError*) something a person should be told once
 */

/* @data_dir, @config_dir: (nullable) the usual places. */
TernEngine *tern_engine_new (const char *data_dir, const char *config_dir);
/* Opens the store and loads the accounts. @online: connect them and keep them connected. */
void tern_engine_open_async (TernEngine *self,
                             gboolean online,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean tern_engine_open_finish (TernEngine *self,
                                  GAsyncResult *result,
                                  TernStoreOutcome *outcome,
                                  GError **error);
/* Orderly end. Must be awaited before the last unref. */
void tern_engine_close_async (TernEngine *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean tern_engine_close_finish (TernEngine *self, GAsyncResult *result, GError **error);

/* For model and ternctl, to read; writing goes through the verbs. (transfer none) */
TernStore *tern_engine_get_store (TernEngine *self);

/* Accounts */
GPtrArray *tern_engine_dup_accounts (TernEngine *self); /* of TernAccountSettings */
TernAccountSettings *tern_engine_find_account (TernEngine *self, const char *uuid); /* (nullable) */
/* Those that @name stands for equally: of this address, or where there is none, of this label.
 * GPtrArray of TernAccountSettings. */
GPtrArray *tern_engine_find_accounts (TernEngine *self, const char *name);
TernId tern_engine_get_account_row (TernEngine *self, const char *uuid); /* the store's id */
const char *tern_engine_get_account_uuid (TernEngine *self, TernId row);
TernAccountStatus *tern_engine_dup_account_status (TernEngine *self, const char *uuid);

/* Logs in to IMAP and SMTP with these settings and says what happened; saves nothing. */
void tern_engine_test_account_async (TernEngine *self,
                                     TernAccountSettings *settings,
                                     const char *password,
                                     const char *smtp_password,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean tern_engine_test_account_finish (TernEngine *self, GAsyncResult *result, GError **error);
/* The same with the stored secret. */
void tern_engine_test_saved_account_async (TernEngine *self,
                                           const char *uuid,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);
/* What the connection doctor knows of the account, without a new connection. @test: log in once
 * more on both servers before, with the stored secret, and tell what came of it; that this fails is
 * no error of its own. */
void tern_engine_diagnose_async (TernEngine *self,
                                 const char *uuid,
                                 gboolean test,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
TernDiagnosis *tern_engine_diagnose_finish (TernEngine *self, GAsyncResult *result, GError **error);
/* Secret to the Secret Service first, then the settings; adds or replaces by uuid. @password NULL:
 * keep the stored one. */
void tern_engine_save_account_async (TernEngine *self,
                                     TernAccountSettings *settings,
                                     const char *password,
                                     const char *smtp_password,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean tern_engine_save_account_finish (TernEngine *self, GAsyncResult *result, GError **error);
/* Settings, secret and local mail; the server is not touched. */
void tern_engine_remove_account_async (TernEngine *self,
                                       const char *uuid,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
gboolean tern_engine_remove_account_finish (TernEngine *self, GAsyncResult *result, GError **error);

/* Try now: after OFFLINE, REFUSED, or because a person asked. NULL = all. */
void tern_engine_refresh (TernEngine *self, const char *uuid);
/* A hint of what is on screen: this folder of that account is synced first and watched. 0 = none.
 */
void tern_engine_set_focus (TernEngine *self, TernId account, TernId folder);

/** TernSyncReport: what one sync of an account did (ternctl sync). */
typedef struct
{
  char *account;
  guint folders, added, removed, changed;
  guint64 bytes_in, bytes_out;
  guint round_trips;
  double seconds;
} TernSyncReport;
void tern_sync_report_free (TernSyncReport *self);

/* Ends when account and server agree. @folder (nullable) path; @full: bodies too. */
void tern_engine_sync_async (TernEngine *self,
                             const char *uuid,
                             const char *folder,
                             gboolean full,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
TernSyncReport *tern_engine_sync_finish (TernEngine *self, GAsyncResult *result, GError **error);

/* Verbs on messages; @ids are locations, of any accounts. Result: GArray of TernId, operations,
 * for undo. */
void tern_engine_flag_async (TernEngine *self,
                             const TernId *ids,
                             gsize n,
                             TernFlags add,
                             TernFlags remove,
                             const char *add_keywords,
                             const char *remove_keywords,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
void tern_engine_move_async (TernEngine *self,
                             const TernId *ids,
                             gsize n,
                             TernId folder,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
/* By role of each message's own account: ARCHIVE or TRASH, JUNK …; the folder is made on the server
 * when the account has none. */
void tern_engine_move_to_role_async (TernEngine *self,
                                     const TernId *ids,
                                     gsize n,
                                     TernRole role,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
/* To the account's Junk, or from there to INBOX, and marked as such ($Junk, $NotJunk: what servers
 * learn from). */
void tern_engine_mark_junk_async (TernEngine *self,
                                  const TernId *ids,
                                  gsize n,
                                  gboolean junk,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
/* Result: what was made to take back those that were sent. */
void tern_engine_undo_async (TernEngine *self,
                             const GArray *operations,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
GArray *tern_engine_verb_finish (TernEngine *self, GAsyncResult *result, GError **error);
/** TernOpsFailure: what operations failed on that were waited for. */
typedef struct
{
  TernId account;   /* 0: none in particular */
  gboolean refused; /* by the server for good; otherwise they go on when they can */
} TernOpsFailure;
/* Ends when the operations are confirmed or refused by the server (ternctl waits for this), or
 * nothing will happen soon. *@failure: (nullable) with @error. */
void tern_engine_wait_ops_async (TernEngine *self,
                                 const GArray *operations,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean tern_engine_wait_ops_finish (TernEngine *self,
                                      GAsyncResult *result,
                                      TernOpsFailure *failure,
                                      GError **error);

/* What happened to a message, here or gone; TERN_FAULT_NOT_FOUND when nothing is known of it. */
void tern_engine_load_history_async (TernEngine *self,
                                     TernId id,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
TernHistory *
tern_engine_load_history_finish (TernEngine *self, GAsyncResult *result, GError **error);

/** TernLastChange: the last verb of a person that moved or copied messages and can be undone, also
 * one of an earlier session. #operations is empty when there is none, or it cannot be undone. */
typedef struct
{
  GArray *operations; /* (owned) of TernId; may be stolen */
  char *text; /* (owned) for people: “1 message moved from “INBOX” to “Archive”” */
} TernLastChange;
void tern_last_change_free (TernLastChange *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernLastChange, tern_last_change_free)
void tern_engine_find_last_change_async (TernEngine *self,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
TernLastChange *
tern_engine_find_last_change_finish (TernEngine *self, GAsyncResult *result, GError **error);
/*
 * Verbs on folders, with tern_engine_verb_finish() as their end: shown at once, done on the server
 * when it can be reached. Paths have "/" between levels. Faults: INVALID for a name that cannot be,
 * NOT_FOUND, REFUSED for what is never done.
 */
/* @account: a row. @role: what it is for, told to a server that takes it (RFC 6154). */
void tern_engine_create_folder_async (TernEngine *self,
                                      TernId account,
                                      const char *path,
                                      TernRole role,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
/* To another name or another parent, with all that is below it; its mail here stays as it is. */
void tern_engine_rename_folder_async (TernEngine *self,
                                      TernId folder,
                                      const char *path,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
/* With all that is below it; the mail goes to the trash before, if it may go at all. */
void tern_engine_delete_folder_async (TernEngine *self,
                                      TernId folder,
                                      gboolean with_mail,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
void tern_engine_subscribe_folder_async (TernEngine *self,
                                         TernId folder,
                                         gboolean subscribed,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
/* For good. Trash and junk only. */
void tern_engine_empty_folder_async (TernEngine *self,
                                     TernId folder,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
/* What a person decides wins over what the server says from then on. */
void tern_engine_set_folder_role_async (TernEngine *self,
                                        TernId folder,
                                        TernRole role,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);

/** TernBody: a message for reading; immutable, refcounted. */
typedef struct
{
  TernMessageRecord *record;
  TernMimeText *text;
  TernPart *structure; /* decoded names; (nullable) */
  GPtrArray *headers;  /* of char*[2], see tern_mime_read_headers() */
  TernBodyState state;
  char **here; /* with PARTIAL: the sections on this disk */
} TernBody;
gboolean tern_body_has (const TernBody *self, const char *section);
TernBody *tern_body_ref (TernBody *self);
void tern_body_unref (TernBody *self);

/* From disk, or from the server when it is not here (that is said by TERN_FAULT_UNREACHABLE and the
 * like when offline). Ahead of everything else in the account's queue. */
void tern_engine_load_body_async (TernEngine *self,
                                  TernId id,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
TernBody *tern_engine_load_body_finish (TernEngine *self, GAsyncResult *result, GError **error);
/* One part, decoded. "" = the whole source. */
void tern_engine_load_part_async (TernEngine *self,
                                  TernId id,
                                  const char *section,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
GBytes *tern_engine_load_part_finish (TernEngine *self, GAsyncResult *result, GError **error);

typedef enum
{
  TERN_SAVE_REPLACE = 0,
  TERN_SAVE_COUNT_UP = 1 << 0, /* what is there stays: "name (2).ext" */
  TERN_SAVE_PRIVATE = 1 << 1,  /* for this user only */
} TernSaveFlags;

/* One part, decoded, into the file @target, in constant memory. A large one comes from the server
 * in pieces that stay here when it is cancelled or fails, so that the next time goes on where this
 * one ended; @transfer (nullable) is told how far it has come. The file is there as a whole or not
 * at all, whatever happens. */
void tern_engine_save_part_async (TernEngine *self,
                                  TernId id,
                                  const char *section,
                                  GFile *target,
                                  TernSaveFlags flags,
                                  TernTransfer *transfer,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
/* (transfer full): the file that it became. */
GFile *tern_engine_save_part_finish (TernEngine *self, GAsyncResult *result, GError **error);
/* What is on screen: fetched in the background, previews filled. Replaces the last call's list. */
void tern_engine_prefetch (TernEngine *self, const TernId *ids, gsize n);

/* Writing. Built in a worker, durable in the outbox when it returns the outbox id. */
void tern_engine_send_async (TernEngine *self,
                             const TernDraft *draft,
                             guint hold_seconds,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
void tern_engine_send_source_async (TernEngine *self,
                                    const char *uuid,
                                    GBytes *source,
                                    guint hold_seconds,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
TernId tern_engine_send_finish (TernEngine *self, GAsyncResult *result, GError **error);
/* Ends at DONE, REFUSED or UNCERTAIN. */
void tern_engine_wait_outbox_async (TernEngine *self,
                                    TernId outbox,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
TernOutboxRecord *
tern_engine_wait_outbox_finish (TernEngine *self, GAsyncResult *result, GError **error);
/* HELD, QUEUED, REFUSED or UNCERTAIN back into a draft for those who have not got it, or DONE for
 * those who were refused; the entry is removed. Before that the draft, encoded, is durable in the
 * file @keep (nullable), which is made: at no time is it in neither place. */
void tern_engine_recall_async (TernEngine *self,
                               TernId outbox,
                               const char *keep,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
TernDraft *tern_engine_recall_finish (TernEngine *self, GAsyncResult *result, GError **error);
/* Takes HELD, QUEUED, REFUSED, UNCERTAIN or DONE out of the outbox for good. */
void tern_engine_drop_outbox_async (TernEngine *self,
                                    TernId outbox,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean tern_engine_drop_outbox_finish (TernEngine *self, GAsyncResult *result, GError **error);
/* Again, as a person decided: REFUSED or UNCERTAIN to QUEUED with the same Message-ID; whatever
 * else waits in that account is tried as well. */
void tern_engine_retry_async (TernEngine *self,
                              TernId outbox,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean tern_engine_retry_finish (TernEngine *self, GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernBody, tern_body_unref)

G_END_DECLS
