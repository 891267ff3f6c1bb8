/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-bodies-private.h"
#include "tern-db-private.h"
#include "tern-store-ledger.h"
#include "tern-store.h"

G_BEGIN_DECLS

/** TernCounters: the one row of "state", cached by the writer. Ids are never used twice. */
typedef struct
{
  gint64 seq;
  TernId message;  /* last one given */
  TernId location; /* likewise */
  gint64 walked;   /* how far the walk over the bodies has come; not stored */
} TernCounters;

/** TernReader: a connection in use; the writer's transactions embed one. */
struct _TernReader
{
  TernDb *db;
  TernBodies *bodies;
  TernStore *store; /* (unowned): to report a damaged body */
  char *db_path;    /* (owned) */
};

/** TernLedgerEvent: what happened, to be told of one or more messages. Strings are borrowed. */
typedef struct
{
  TernLedgerKind kind;
  TernLedgerHow how;
  TernId op;
  TernId source;
  TernId target;
  TernFlags add;
  TernFlags remove;
  char *add_keywords;
  char *remove_keywords;
  char *note;
} TernLedgerEvent;

typedef struct
{
  TernLedgerHow how;
  TernId op;
} TernLedgerCause;

/** TernLedger: what a transaction keeps open so that one row tells of many messages. */
typedef struct
{
  TernLedgerCause cause; /* of what arrives or goes next */
  TernId event;          /* row of @open; 0 = none */
  TernLedgerEvent open;  /* (owned strings) */
  TernId first;          /* a run of arrivals that is not written yet; 0 = none */
  TernId last;
  TernId folder;
  TernLedgerHow arrived;
  TernId written; /* the last row; 0 = none */
  gint64 rows;    /* how many */
  gboolean damage_known;
  gboolean damage; /* a body was damaged at some time */
} TernLedger;

/** TernTxn: one write transaction. */
struct _TernTxn
{
  TernReader reader;
  TernChangeSet *changes;
  GHashTable *folders; /* (owned) of TernTxnFolder by id */
  TernCounters counters;
  TernLedger ledger;
  GPtrArray *doomed;     /* (owned) of char*: hashes of bodies to drop after the commit */
  gint64 op_time;        /* of all operations that it makes, milliseconds; 0 = none so far */
  GPtrArray *spent;      /* (owned) of char*: files to delete after the commit */
  gboolean durable;      /* fsync after the commit */
  gboolean saved_bodies; /* there are bodies from before a recovery to match again */
};

/** TernTxnFolder: what a transaction knows and has changed of a folder. */
typedef struct
{
  TernId id;
  TernId account;
  gboolean remote; /* the server has it too */
  gint64 added_total;
  gint64 added_unread;
  GHashTable *net; /* (owned) of TernRowNet by location */
  gboolean waiting_known;
  gboolean waiting; /* locations without a uid may be here */
} TernTxnFolder;

/* tern-body-store.c: no row names these bytes any more; their messages count as absent. */
gboolean tern_txn_forget_body (TernTxn *txn, const char *hash, GError **error);
/* @section of the message is these bytes, which are in the store. */
gboolean tern_txn_name_body (TernTxn *txn,
                             TernId message,
                             const char *section,
                             const char *hash,
                             GError **error);

/* tern-partial-store.c: what was begun of messages that are gone, or long ago. */
gboolean tern_txn_collect_partials (TernTxn *txn, GError **error);
/* The bytes of the folder's messages may be others from now on. */
gboolean tern_txn_forget_partials (TernTxn *txn, TernId folder, GError **error);
/* With a new database, whose ids begin again. */
void tern_partials_drop_all (const char *store_dir);

/* tern-store-txn.c */
gboolean tern_txn_begin (TernTxn *txn,
                         TernDb *db,
                         TernBodies *bodies,
                         TernStore *store,
                         const TernCounters *counters,
                         GError **error);
/* Writes counts and counters, commits. Afterwards @txn->changes is what to tell. */
gboolean tern_txn_commit (TernTxn *txn, GError **error);
/* After the commit, which stands whatever this says: the fsync that a durable one asks for. */
gboolean tern_txn_sync (TernTxn *txn, GError **error);
void tern_txn_rollback (TernTxn *txn);
void tern_txn_clear (TernTxn *txn);
gboolean tern_txn_has_changes (TernTxn *txn);

/* The folder, loaded on first use; TERN_FAULT_NOT_FOUND when there is none. */
TernTxnFolder *tern_txn_folder (TernTxn *txn, TernId folder, GError **error);
void tern_txn_forget_folder (TernTxn *txn, TernId folder);
TernDb *tern_txn_db (TernTxn *txn);

/* A visible row came, went or looks different now. */
void
tern_txn_row_added (TernTxn *txn, TernTxnFolder *folder, gint64 key, TernId id, gboolean unread);
void
tern_txn_row_removed (TernTxn *txn, TernTxnFolder *folder, gint64 key, TernId id, gboolean unread);
void tern_txn_row_touched (TernTxn *txn, TernTxnFolder *folder, gint64 key, TernId id);
void tern_txn_row_fresh (TernTxn *txn, TernTxnFolder *folder, TernId id);

G_END_DECLS
