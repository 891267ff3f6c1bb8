/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-body-store.h"

#include "tern-packed-body-private.h"
#include "tern-store-ledger-private.h"
#include "tern-store-messages-private.h"
#include "tern-store-private.h"

#include "tern-fault.h"

#include <unistd.h>

/* What was saved from a damaged database and not asked for in this time is forgotten. */
#define KEEP_SAVED_SECONDS (60 * 24 * 60 * 60)

static gboolean
put_part (TernTxn *txn, TernId message, const char *section, const char *hash, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt =
      tern_db_query (db, error,
                     "INSERT INTO body_part (message, section, hash) VALUES (?1, ?2, ?3)"
                     " ON CONFLICT (message, section) DO UPDATE SET hash = excluded.hash",
                     message);

  if (stmt == NULL)
    return FALSE;
  tern_db_bind_text (stmt, 2, section);
  tern_db_bind_text (stmt, 3, hash);
  return tern_db_step (db, stmt, error);
}

/* What the parts that are here amount to. */
static gboolean
update_state (TernTxn *txn, TernId message, GError **error)
{
  gint64 state = TERN_BODY_ABSENT;

  return tern_db_look (tern_txn_db (txn), error, &state,
                       "SELECT CASE section WHEN '' THEN ?2 ELSE ?3 END FROM body_part"
                       " WHERE message = ?1 ORDER BY section LIMIT 1",
                       message, TERN_BODY_HERE, TERN_BODY_PARTIAL)
         && tern_txn_set_message_body_state (txn, message, (TernBodyState) state, error);
}

gboolean
tern_txn_name_body (TernTxn *txn,
                    TernId message,
                    const char *section,
                    const char *hash,
                    GError **error)
{
  return put_part (txn, message, section, hash, error) && update_state (txn, message, error)
         && tern_ledger_body (txn, message, TERN_LEDGER_FETCHED, error);
}

static gboolean
put_packed (TernTxn *txn,
            TernId location,
            const char *section,
            const TernPackedBody *body,
            gboolean durable,
            GError **error)
{
  TernId message;

  txn->durable = txn->durable || durable;
  return tern_txn_find_message (txn, location, &message, error)
         && tern_bodies_put (txn->reader.bodies, body, durable, error)
         && tern_txn_name_body (txn, message, section, body->hash, error);
}

gboolean
tern_txn_put_body (TernTxn *txn,
                   TernId location,
                   const char *section,
                   GBytes *bytes,
                   gboolean durable,
                   GError **error)
{
  g_autoptr (TernPackedBody) body = tern_packed_body_new (bytes);

  return put_packed (txn, location, section, body, durable, error);
}

gboolean
tern_txn_put_packed_body (TernTxn *txn,
                          TernId location,
                          const char *section,
                          const TernPackedBody *body,
                          GError **error)
{
  return put_packed (txn, location, section, body, FALSE, error);
}

char *
tern_txn_put_loose_body (TernTxn *txn, GBytes *bytes, GError **error)
{
  g_autoptr (TernPackedBody) body = tern_packed_body_new (bytes);

  txn->durable = TRUE;
  return tern_bodies_put (txn->reader.bodies, body, TRUE, error) ? g_strdup (body->hash) : NULL;
}

/* Bytes that are missing or damaged although a row names them are not here: the row goes, so that
 * they are fetched again. Not while it is the database itself that cannot be read: after the next
 * open, what it still has is there. */
static GBytes *
read_hash (TernReader *reader, const char *hash, GError **error)
{
  g_autoptr (GError) fault = NULL;
  GBytes *bytes = tern_bodies_get (reader->bodies, hash, &fault);

  if (bytes != NULL)
    return bytes;
  if ((fault == NULL || tern_fault_is (fault, TERN_FAULT_DAMAGED))
      && !tern_bodies_is_damaged (reader->bodies))
    tern_store_report_damaged_body (reader->store, hash);
  if (fault != NULL)
    g_propagate_error (error, g_steal_pointer (&fault));
  return NULL;
}

/* *@hash is NULL when it is not here. */
static gboolean
find_hash (TernReader *reader, TernId location, const char *section, char **hash, GError **error)
{
  sqlite3_stmt *stmt = tern_db_query (reader->db, error,
                                      "SELECT p.hash FROM location l JOIN body_part p"
                                      " ON p.message = l.message"
                                      " WHERE l.id = ?1 AND p.section = ?2",
                                      location);
  int rc;

  *hash = NULL;
  if (stmt == NULL)
    return FALSE;
  tern_db_bind_text (stmt, 2, section);
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    *hash = tern_db_dup_text (stmt, 0);
  return tern_db_finish (reader->db, stmt, rc, error);
}

GBytes *
tern_read_body (TernReader *reader, TernId location, const char *section, GError **error)
{
  g_autofree char *hash = NULL;

  if (!find_hash (reader, location, section, &hash, error) || hash == NULL)
    return NULL;
  return read_hash (reader, hash, error);
}

void
tern_body_source_free (TernBodySource *self)
{
  g_clear_pointer (&self->bytes, g_bytes_unref);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->hash);
  g_free (self);
}

TernBodySource *
tern_read_body_source (TernReader *reader, TernId location, const char *section, GError **error)
{
  g_autoptr (TernBodySource) self = g_new0 (TernBodySource, 1);

  self->fd = -1;
  if (!find_hash (reader, location, section, &self->hash, error) || self->hash == NULL)
    return NULL;
  if (!tern_bodies_open_file (reader->bodies, self->hash, &self->fd) || self->fd < 0)
    {
      self->bytes = read_hash (reader, self->hash, error);
      if (self->bytes == NULL)
        return NULL;
    }
  return g_steal_pointer (&self);
}

GBytes *
tern_read_loose_body (TernReader *reader, const char *hash, GError **error)
{
  return tern_bodies_get (reader->bodies, hash, error);
}

char **
tern_read_body_sections (TernReader *reader, TernId location, GError **error)
{
  g_autoptr (GStrvBuilder) sections = g_strv_builder_new ();
  sqlite3_stmt *stmt = tern_db_query (reader->db, error,
                                      "SELECT p.section FROM location l JOIN body_part p"
                                      " ON p.message = l.message WHERE l.id = ?1"
                                      " ORDER BY p.section",
                                      location);
  int rc;

  if (stmt == NULL)
    return NULL;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    g_strv_builder_add (sections, tern_db_text (stmt, 0));
  return tern_db_finish (reader->db, stmt, rc, error) ? g_strv_builder_end (sections) : NULL;
}

gboolean
tern_txn_forget_body (TernTxn *txn, const char *hash, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  g_autoptr (GArray) messages = g_array_new (FALSE, FALSE, sizeof (TernId));
  sqlite3_stmt *stmt =
      tern_db_prepare (db, "DELETE FROM body_part WHERE hash = ?1 RETURNING message", error);
  int rc;

  if (stmt == NULL)
    return FALSE;
  tern_db_bind_text (stmt, 1, hash);
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      TernId message = sqlite3_column_int64 (stmt, 0);

      g_array_append_val (messages, message);
    }
  if (!tern_db_finish (db, stmt, rc, error))
    return FALSE;
  for (guint i = 0; i < messages->len; i++)
    {
      TernId message = g_array_index (messages, TernId, i);

      if (!update_state (txn, message, error)
          || !tern_ledger_body (txn, message, TERN_LEDGER_DAMAGED, error))
        return FALSE;
    }
  /* The bytes themselves are dropped by the next walk, or replaced when they come again. */
  return TRUE;
}

TernId
tern_read_last_location (TernReader *reader, GError **error)
{
  TernId last = 0;

  tern_db_look (reader->db, error, &last, "SELECT ifnull (max (id), 0) FROM location");
  return last;
}

#define SELECT_WANTED "SELECT l.id FROM "
/* The index of the lists gives the newest of each folder. */
#define FROM_ALL "folder f JOIN location l ON l.folder = f.id JOIN message m ON m.id = l.message"
#define FROM_NEW \
  "location l CROSS JOIN folder f ON f.id = l.folder CROSS JOIN message m ON m.id = l.message"
#define WHERE_WANTED                                                \
  " WHERE f.account = ?1 AND f.gone = 0 AND f.role NOT IN (?5, ?6)" \
  " AND l.hidden = 0 AND l.sort_key >= ?2 AND l.uid IS NOT NULL AND l.id > ?8"
#define WHERE_SMALL     " AND m.body_state <> ?7 AND (m.size <= ?3 OR ?3 = 0)"
#define WHERE_LARGE     " AND m.body_state = ?7 AND m.size > ?3 AND ?3 > 0"
#define ORDER_BY_NEWEST " ORDER BY l.sort_key DESC LIMIT ?4"

GArray *
tern_read_wanted_bodies (TernReader *reader,
                         const TernKeepRule *rule,
                         gboolean large,
                         guint limit,
                         GError **error)
{
  static const char *const queries[2][2] = {
    { SELECT_WANTED FROM_ALL WHERE_WANTED WHERE_SMALL ORDER_BY_NEWEST,
      SELECT_WANTED FROM_ALL WHERE_WANTED WHERE_LARGE ORDER_BY_NEWEST },
    { SELECT_WANTED FROM_NEW WHERE_WANTED WHERE_SMALL ORDER_BY_NEWEST,
      SELECT_WANTED FROM_NEW WHERE_WANTED WHERE_LARGE ORDER_BY_NEWEST },
  };

  return tern_db_list (reader->db, error, queries[rule->after > 0][large], rule->account,
                       rule->since, rule->max_size, limit, TERN_ROLE_JUNK, TERN_ROLE_TRASH,
                       large ? TERN_BODY_ABSENT : TERN_BODY_HERE, rule->after);
}

GArray *
tern_read_wordless (TernReader *reader, TernId account, guint limit, GError **error)
{
  return tern_db_list (reader->db, error,
                       "SELECT (SELECT min (l.id) FROM location l WHERE l.message = m.id) AS place"
                       " FROM message m WHERE m.account = ?1 AND m.preview IS NULL"
                       " AND m.body_state <> 0 AND place IS NOT NULL"
                       " ORDER BY m.id DESC LIMIT ?2",
                       account, limit);
}

/* Not when a place of it is nowhere but here, when something is to be done with it, or when it is
 * wanted. */
static gboolean
trim (TernTxn *txn, const TernKeepRule *rule, TernId message, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  gint64 old = 0;

  if (!tern_db_look (db, error, &old,
                     "SELECT EXISTS (SELECT 1 FROM location WHERE message = ?1)"
                     " AND NOT EXISTS (SELECT 1 FROM location l JOIN folder f ON f.id = l.folder"
                     "  WHERE l.message = ?1 AND (l.uid IS NULL OR l.ops > 0 OR l.sort_key >= ?3"
                     "   OR f.gone <> 0)) FROM message WHERE id = ?1 AND account = ?2",
                     message, rule->account, rule->since))
    return FALSE;
  return !old
         || (tern_db_run (db, error, "DELETE FROM body_part WHERE message = ?1", message)
             && update_state (txn, message, error));
}

gboolean
tern_txn_trim_bodies (TernTxn *txn,
                      const TernKeepRule *rule,
                      guint limit,
                      TernId *cursor,
                      GError **error)
{
  g_autoptr (GArray) messages = tern_db_list (tern_txn_db (txn), error,
                                              "SELECT DISTINCT message FROM body_part"
                                              " WHERE message > ?1 ORDER BY message LIMIT ?2",
                                              *cursor, limit);

  if (messages == NULL)
    return FALSE;
  for (guint i = 0; i < messages->len; i++)
    if (!trim (txn, rule, g_array_index (messages, TernId, i), error))
      return FALSE;
  *cursor = messages->len == limit ? g_array_index (messages, TernId, limit - 1) : 0;
  return TRUE;
}

static gboolean
is_named (TernDb *db, const char *hash, gboolean *named, GError **error)
{
  sqlite3_stmt *stmt = tern_db_prepare (db,
                                        "SELECT EXISTS (SELECT 1 FROM body_part WHERE hash = ?1)"
                                        " OR EXISTS (SELECT 1 FROM outbox WHERE body_hash = ?1)"
                                        " OR EXISTS (SELECT 1 FROM saved_body WHERE body = ?1)",
                                        error);
  int rc;

  if (stmt == NULL)
    return FALSE;
  tern_db_bind_static (stmt, 1, hash);
  rc = sqlite3_step (stmt);
  *named = rc == SQLITE_ROW && sqlite3_column_int (stmt, 0) != 0;
  return tern_db_finish (db, stmt, rc, error);
}

gboolean
tern_txn_collect_bodies (TernTxn *txn, guint limit, gboolean *more, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  gint64 *cursor = &txn->counters.walked;
  g_autoptr (GPtrArray) hashes = NULL;

  if (*cursor == 0
      && !tern_db_run (db, error, "DELETE FROM saved_body WHERE saved < ?1",
                       g_get_real_time () / G_USEC_PER_SEC - KEEP_SAVED_SECONDS))
    return FALSE;
  if (*cursor == 0 && !tern_txn_collect_partials (txn, error))
    return FALSE;
  hashes = tern_bodies_walk (txn->reader.bodies, cursor, limit, error);
  if (hashes == NULL)
    return FALSE;
  for (guint i = 0; i < hashes->len; i++)
    {
      gboolean named;

      if (!is_named (db, g_ptr_array_index (hashes, i), &named, error))
        return FALSE;
      if (!named)
        g_ptr_array_add (txn->doomed, g_strdup (g_ptr_array_index (hashes, i)));
    }
  *more = *cursor != 0;
  return TRUE;
}
