/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-ops.h"

G_BEGIN_DECLS

/**
 * The ledger: for each message an append-only record of what happened to it, written in the
 * transaction of the change that it tells of. It answers for messages that are gone, too.
 *
 * One event stands for all messages of a transaction to which the same happened; the arrival of a
 * batch is one row with the range of its ids. What moved or removed a message is kept for two
 * years, changes of flags for 90 days.
 */
typedef enum
{
  TERN_LEDGER_ARRIVED = 1,
  TERN_LEDGER_FLAGS,
  TERN_LEDGER_MOVED,
  TERN_LEDGER_COPIED,
  TERN_LEDGER_APPENDED,   /* what only this disk had is to be put on the server */
  TERN_LEDGER_DELETED,    /* for good, as a person asked */
  TERN_LEDGER_REMOVED,    /* it is gone from the folder */
  TERN_LEDGER_RENUMBERED, /* another UIDVALIDITY; of the folder, not of single messages */
  TERN_LEDGER_FOUND,      /* met on the server where it was looked for: after that, or a move */
  TERN_LEDGER_DAMAGED,    /* its body on this disk */
  TERN_LEDGER_FETCHED,    /* … came again */
  TERN_LEDGER_REFUSED,    /* an operation, which was taken back */
  TERN_LEDGER_UNDONE,     /* an operation, by a person */
} TernLedgerKind;

/* By whom, or what the evidence is. */
typedef enum
{
  TERN_LEDGER_SERVER,     /* the server said so, in whatever way */
  TERN_LEDGER_OWN,        /* an operation of this program */
  TERN_LEDGER_FIRST_SYNC, /* arrived: it was there when the folder was first read */
  TERN_LEDGER_SYNC,       /* arrived: new when the folder was read again */
  TERN_LEDGER_PUSH,       /* arrived: the server told at once */
  TERN_LEDGER_FILED,      /* arrived: the copy of a message that was sent from here */
  TERN_LEDGER_VANISHED,   /* removed: EXPUNGE or VANISHED */
  TERN_LEDGER_LISTING,    /* removed: two listings that agree lack it */
  TERN_LEDGER_NOT_FOUND,  /* removed: not met again after the folder was renumbered or it moved */
  TERN_LEDGER_FOLDER,     /* removed: with its folder */
  TERN_LEDGER_TAKEN_BACK, /* removed: it was only the result of an operation that is undone */
  TERN_LEDGER_MERGED,     /* never stored: a second row for a message that stays */
} TernLedgerHow;

/* Until the end of the transaction: how what arrives has come, or what is removed has gone. */
void tern_txn_because (TernTxn *txn, TernLedgerHow how);

/** TernLedgerEntry: one thing that happened to a message. Folders are named as they were then. */
typedef struct
{
  TernId event;
  TernId location; /* of the message, one of those of its history */
  gint64 time;     /* milliseconds since 1970 */
  TernLedgerKind kind;
  TernLedgerHow how;
  TernId op;       /* 0: none, or nothing of it was left to be sent */
  gboolean unsent; /* @op has not been confirmed yet */
  char *source;    /* (nullable) path */
  char *target;    /* (nullable) path */
  TernFlags add;
  TernFlags remove;
  char *add_keywords;    /* (nullable) */
  char *remove_keywords; /* (nullable) */
  char *note;            /* (nullable): why it was refused */
  gint64 saved;          /* arrived: when it was put there, seconds since 1970; 0 = not known */
} TernLedgerEntry;

/** TernHistory: the record of one message, of all its places in its account, oldest first. */
typedef struct
{
  TernId location; /* the one that was asked for */
  TernId account;
  gint64 gone;  /* milliseconds since 1970; 0 = it is here */
  gint64 date;  /* seconds since 1970 */
  char *folder; /* path, the last one if it is gone */
  char *from;   /* for people; "" if none */
  char *subject;
  GArray *elsewhere;  /* of TernId: where the same message is besides */
  GPtrArray *entries; /* of TernLedgerEntry */
} TernHistory;

void tern_history_free (TernHistory *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernHistory, tern_history_free)

/* NULL without @error when nothing is known of it. */
TernHistory *tern_read_history (TernReader *reader, TernId location, GError **error);

/* Messages, here or gone, whose sender and subject contain every word of @query, or of the day if
 * it is a date (2026-11-28). Newest first, each once. @account 0 = any. A slow walk: it ends early,
 * with the error, when @cancellable is cancelled. Returns: GArray of TernId, locations. */
GArray *tern_read_history_find (TernReader *reader,
                                TernId account,
                                const char *query,
                                guint limit,
                                GCancellable *cancellable,
                                GError **error);

G_END_DECLS
