/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-message-facts.h"
#include "tern-store-folders.h"
#include "tern-store.h"

G_BEGIN_DECLS

/**
 * The operation log: everything that a person does is one transaction
 * with the local change and an operation row that names local ids. The account's runner sends it
 * later; server ids are looked up when it runs.
 */
typedef enum
{
  TERN_OP_FLAGS, /* add and remove masks */
  TERN_OP_MOVE,
  TERN_OP_COPY,
  TERN_OP_APPEND, /* a local message (with its body in the body store) to the server's folder, with
                     the flags of "add" and "add_keywords": later changes of the flags are
                     operations of their own and are sent after it */
  TERN_OP_EXPUNGE,
  /* On the folder "source", without subjects; one after the other within an account. */
  TERN_OP_FOLDER_CREATE,
  TERN_OP_FOLDER_RENAME, /* or move, with all that is below it */
  TERN_OP_FOLDER_DELETE, /* of an empty one; after all operations on its messages */
  TERN_OP_FOLDER_SUBSCRIBE,
  TERN_OP_FOLDER_UNSUBSCRIBE,
} TernOpKind;

typedef enum
{
  TERN_OP_PENDING,
  TERN_OP_RUNNING, /* committed before the first byte is sent; checked first after a restart */
  TERN_OP_CONFIRMED,
  TERN_OP_REFUSED, /* for good; its local change was taken back */
  TERN_OP_STUCK,   /* stepped aside after repeated failures; tried again later */
} TernOpState;

/** TernOpRecord: an operation with its subjects, copied out. */
typedef struct
{
  TernId id;
  TernId account;
  TernOpKind kind;
  TernOpState state;
  TernId source; /* folder */
  TernId target; /* folder, 0 if none */
  TernFlags add;
  TernFlags remove;
  char *add_keywords;    /* (nullable) space separated */
  char *remove_keywords; /* (nullable) */
  GArray *subjects;      /* of TernId: locations */
  guint attempts;
  gint64 not_before; /* milliseconds since 1970; 0 = now */
  gint64 created;
  char *fault;              /* (nullable) last failure, for people */
  TernFaultCode fault_code; /* REFUSED: which kind of failure it was */
  char *server_text;        /* (nullable) REFUSED: what the server said */
  gboolean undone;          /* a person took it back after it was sent */
  TernId undoes;            /* the operation that it takes back, or 0 */
  TernId part_of;           /* the operation that it was split off, or 0 */
  gboolean begun;           /* it may have been sent */
  /* The target's, as they were known when it was sent first; 0 = not known. */
  guint32 target_uidvalidity;
  guint32 target_uidnext;
  /* Operations on folders: */
  char *old_path;    /* (nullable) where it was shown before a rename */
  char *new_path;    /* (nullable) where it is to be */
  char *remote_name; /* (nullable) the new name as it was sent, raw */
  char *old_name;    /* (nullable) RENAME that was begun: the old name as it was sent, raw */
} TernOpRecord;

void tern_op_record_free (TernOpRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernOpRecord, tern_op_record_free)

/* The verbs of a person. Each applies the local change at once, keeps counts, adds the operations
 * (one per account and source folder) and folds them with pending ones. Return: GArray of TernId,
 * the operations made (empty when nothing was left to do). */
GArray *tern_txn_op_flags (TernTxn *txn,
                           const TernId *locations,
                           gsize n,
                           TernFlags add,
                           TernFlags remove,
                           const char *add_keywords,
                           const char *remove_keywords,
                           GError **error);
/* Within one account. The visible location keeps its id and changes folder (uid unknown); a hidden
 * one stays behind at the source uid until the server has confirmed. */
GArray *
tern_txn_op_move (TernTxn *txn, const TernId *locations, gsize n, TernId target, GError **error);
GArray *
tern_txn_op_copy (TernTxn *txn, const TernId *locations, gsize n, TernId target, GError **error);
TernId tern_txn_op_append (TernTxn *txn, TernId location, GError **error);
/* For good. What the server has is hidden until it has confirmed; what it never had goes at once.
 */
GArray *tern_txn_op_expunge (TernTxn *txn, const TernId *locations, gsize n, GError **error);

/*
 * Folders (tern-store-folder-ops.c). The change is shown at once; folder.remote_name stays what the
 * server has until it has confirmed, so that everything else goes on meanwhile. A folder that no
 * server has is changed without an operation, and 0 is returned for it without @error.
 */
gboolean tern_op_is_of_folder (TernOpKind kind);
/* @record: the new folder; its remote_name is a first guess, the runner makes the final one from
 * the path. Faults: INVALID when the path is taken. *@folder: its id. */
TernId tern_txn_op_folder_create (TernTxn *txn,
                                  const TernFolderRecord *record,
                                  TernId *folder,
                                  GError **error);
/* To @path: another name, another parent or both, with all that is below it. 0 without @error also
 * when it is there already. Faults: INVALID for INBOX, a taken path, a place below itself. */
TernId tern_txn_op_folder_rename (TernTxn *txn, TernId folder, const char *path, GError **error);
/* The folder must be empty: move its messages to Trash first. Faults: INVALID. */
TernId tern_txn_op_folder_delete (TernTxn *txn, TernId folder, GError **error);
TernId
tern_txn_op_folder_subscribe (TernTxn *txn, TernId folder, gboolean subscribed, GError **error);
/* CREATE and RENAME: like tern_txn_op_running(), with the name that is sent. */
gboolean
tern_txn_op_folder_running (TernTxn *txn, TernId op, const char *remote_name, GError **error);

/* The folders at and below those whose RENAME was begun and is not confirmed: they may have either
 * name on the server. Returns: GArray of TernId. */
GArray *tern_read_renaming (TernReader *reader, TernId account, GError **error);

/* The folder and what is in it, ordered by path: where the server has it, not only where it is
 * shown (another namespace may have the same path), and what is still to be made there or moved in.
 * Returns: GPtrArray of TernFolderRecord. */
GPtrArray *tern_read_folder_tree (TernReader *reader, const TernFolderRecord *root, GError **error);

/* The runner's verbs. Chain heads only (no earlier unconfirmed operation names one of its
 * messages), pending or stuck ones whose time has come, oldest first; never running ones. */
GPtrArray *tern_read_runnable_ops (TernReader *reader,
                                   TernId account,
                                   gint64 now_ms,
                                   guint limit,
                                   GError **error);
/* At start: what was on its way when the program ended. Ask the server before sending it again:
 * tern_read_op_subjects() tells the source uids, tern_read_message() the Message-IDs to look for;
 * then confirm it, or put it back with tern_txn_op_later(). */
GPtrArray *tern_read_running_ops (TernReader *reader, TernId account, GError **error);
gint64 tern_read_next_op_time (TernReader *reader, TernId account, GError **error); /* 0 = none */
TernOpRecord *tern_read_op (TernReader *reader, TernId op, GError **error);
GPtrArray *tern_read_ops (TernReader *reader, TernId account, gsize limit, GError **error);

/* The uids that an operation's subjects have at their source now: GArray of
 * TernOpSubject; uid 0 = not known (an earlier operation has to finish, or it is gone). */
typedef struct
{
  TernId location;
  guint32 uid;
  guint32
      target_uid; /* MOVE or COPY that was begun: where a sync has met it in the target; else 0 */
  gboolean gone;  /* it is not at the source any more */
} TernOpSubject;
GArray *tern_read_op_subjects (TernReader *reader, TernId op, GError **error);
/* Of @op, which was begun: the uids in its target, among those that its own messages may have
 * there, that belong to what other operations have put there. GArray of guint32. */
GArray *tern_read_taken_uids (TernReader *reader, const TernOpRecord *op, GError **error);
/* Of @op, which was begun: how many messages are in its target that may be taken for @location's,
 * by Message-ID and size, and are none of its own. */
gboolean tern_read_twins (TernReader *reader,
                          const TernOpRecord *op,
                          TernId location,
                          guint32 *n,
                          GError **error);
/* Takes some of the subjects of a pending or running operation (TernId of locations) out into a
 * running one of their own, which is to be settled in the same transaction. Returns its id; 0
 * without
 * @error when the operation has come to its end, or went with its folder. */
TernId tern_txn_op_split (TernTxn *txn, TernId op, const GArray *locations, GError **error);

gboolean tern_txn_op_running (TernTxn *txn, TernId op, GError **error);
/* Confirmed: @pairs (nullable) of (source uid, target uid) as COPYUID/APPENDUID said. The delta is
 * folded into the server layer; the hidden sources are removed; the targets get their uids. */
typedef struct
{
  guint32 source;
  guint32 target;
} TernUidPair;
gboolean tern_txn_op_confirmed (TernTxn *txn, TernId op, const GArray *pairs, GError **error);
/* Refused for good: the local change is taken back, dependants are refused too. @fault: why. */
gboolean tern_txn_op_refused (TernTxn *txn, TernId op, const GError *fault, GError **error);
/* Failed for now: attempts+1, not before @not_before_ms; stuck when @stuck. */
gboolean tern_txn_op_later (TernTxn *txn,
                            TernId op,
                            gint64 not_before_ms,
                            gboolean stuck,
                            const char *fault,
                            GError **error);
/* Undo, with what was split off: a pending one is dropped with its delta; TRUE in *@undone. A
 * running or confirmed one is reversed by new operations, which tern_read_undoing() tells and which
 * can be undone in turn. When
 * a message was moved on since by anybody, or the operation is undone already, nothing is done:
 * TERN_FAULT_REFUSED. Deleting for good and putting on a server cannot be undone:
 * TERN_FAULT_INVALID. */
gboolean tern_txn_op_undo (TernTxn *txn, TernId op, gboolean *undone, GError **error);
GArray *tern_read_undoing (TernReader *reader, TernId op, GError **error); /* of TernId */
/* The operations of the last verb of a person, in the order in which they were made; empty when
 * there is none. @flags: changes of flags too. Returns: GArray of TernId; NULL with
 * TERN_FAULT_REFUSED when it cannot be undone. */
GArray *tern_read_undoable (TernReader *reader, gboolean flags, GError **error);
/* Whether tern_txn_op_undo() would do something about this kind in this state. */
gboolean tern_op_can_undo (const TernOpRecord *op);

G_END_DECLS
