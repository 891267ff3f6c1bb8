/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-threads-private.h"

#include "tern-limits.h"

/* Enough of a thread to see which of two is the larger one. */
#define COUNT_UP_TO 1000

/* FNV-1a with a final mix. Not keyed: whoever can choose Message-IDs can join threads by naming
 * them in References anyway. */
gint64
tern_thread_hash (TernId account, const char *message_id)
{
  guint64 hash = G_GUINT64_CONSTANT (0xcbf29ce484222325) ^ (guint64) account;

  if (message_id == NULL || message_id[0] == '\0')
    return 0;
  for (const guchar *p = (const guchar *) message_id; *p != '\0'; p++)
    hash = (hash ^ *p) * G_GUINT64_CONSTANT (0x100000001b3);
  hash ^= hash >> 33;
  hash *= G_GUINT64_CONSTANT (0xff51afd7ed558ccd);
  hash ^= hash >> 33;
  return hash != 0 ? (gint64) hash : 1;
}

typedef struct
{
  gint64 hashes[TERN_LIMIT_REFERENCES + 2];
  gboolean known[TERN_LIMIT_REFERENCES + 2];
  guint n;
} References;

static void
add_reference (References *self, TernId account, const char *id)
{
  gint64 hash = tern_thread_hash (account, id);

  if (hash == 0 || self->n == G_N_ELEMENTS (self->hashes))
    return;
  for (guint i = 0; i < self->n; i++)
    if (self->hashes[i] == hash)
      return;
  self->known[self->n] = FALSE;
  self->hashes[self->n++] = hash;
}

static void
collect (References *self, TernId account, const TernMessageFacts *facts)
{
  self->n = 0;
  add_reference (self, account, facts->message_id);
  add_reference (self, account, facts->in_reply_to);
  for (guint i = 0; facts->references != NULL && facts->references[i] != NULL; i++)
    add_reference (self, account, facts->references[i]);
}

/* One hop: merging keeps "merged" flat. */
static gboolean
look_up (TernDb *db, gint64 hash, TernId *thread, GError **error)
{
  *thread = 0;
  return tern_db_look (db, error, thread,
                       "SELECT ifnull (m.target, r.thread) FROM reference r"
                       " LEFT JOIN merged m ON m.thread = r.thread WHERE r.hash = ?1",
                       hash);
}

static gboolean
count_messages (TernDb *db, TernId thread, gint64 *count, GError **error)
{
  *count = 0;
  return tern_db_look (db, error, count,
                       "SELECT count (*) FROM (SELECT 1 FROM message WHERE thread = ?1 LIMIT ?2)",
                       thread, COUNT_UP_TO);
}

/* The larger one keeps its name, so that a chain of merges stays cheap. */
static gboolean
merge (TernTxn *txn, TernId *thread, TernId other, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  TernId keep = *thread;
  TernId lose = other;
  gint64 keep_count, lose_count;

  if (!count_messages (db, keep, &keep_count, error)
      || !count_messages (db, lose, &lose_count, error))
    return FALSE;
  if (lose_count > keep_count || (lose_count == keep_count && lose < keep))
    {
      keep = other;
      lose = *thread;
    }
  *thread = keep;
  return tern_db_run (db, error, "UPDATE message SET thread = ?1 WHERE thread = ?2", keep, lose)
         && tern_db_run (db, error, "UPDATE merged SET target = ?1 WHERE target = ?2", keep, lose)
         && tern_db_run (db, error, "INSERT INTO merged (thread, target) VALUES (?2, ?1)", keep,
                         lose);
}

gboolean
tern_thread_assign (TernTxn *txn,
                    TernId account,
                    TernId message,
                    const TernMessageFacts *facts,
                    TernId *thread,
                    GError **error)
{
  TernDb *db = tern_txn_db (txn);
  References references;

  collect (&references, account, facts);
  for (guint i = 0; i < references.n; i++)
    {
      TernId found;

      if (!look_up (db, references.hashes[i], &found, error))
        return FALSE;
      references.known[i] = found != 0;
      if (found == 0 || found == *thread)
        continue;
      if (*thread == 0)
        *thread = found;
      else if (!merge (txn, thread, found, error))
        return FALSE;
    }
  if (*thread == 0)
    *thread = message;
  for (guint i = 0; i < references.n; i++)
    if (!references.known[i]
        && !tern_db_run (db, error, "INSERT INTO reference (hash, thread) VALUES (?1, ?2)",
                         references.hashes[i], *thread))
      return FALSE;
  return TRUE;
}
