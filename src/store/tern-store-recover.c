/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-open-private.h"

#include "tern-rescue-private.h"
#include "tern-store-ops.h"

#include "tern-fault.h"
#include "tern-paths.h"

#include <string.h>

/* In the header of the file format: what "PRAGMA schema_version" tells. */
#define SCHEMA_OFFSET 40

/*
 * A damaged database is kept under another name and a new one is made. From the old one comes what
 * no server can give back: accounts' ids, folders, the outbox, operations not yet confirmed with
 * the messages that they are about, messages that are nowhere else, and the names of the bodies,
 * which are matched again when the headers come. Each table is read from its start and, when a bad
 * page stops that, from its end; what cannot be read is left out.
 */

/* Every column of a table that both know is carried, also one that comes with a later version,
 * unless it is named here. Rows that do not fit (their folder was not readable, say) are left out.
 */
static const struct
{
  const char *table;
  const char *which; /* (nullable) of its rows */
  const char *key;
  const char *left_out; /* (nullable) */
  const char *owner;    /* (nullable) the table of which the first column names a row */
} carries[] = {
#define WAITING "NOT INDEXED WHERE ops > 0 OR stands_for <> 0 OR uid IS NULL"
  { "account", NULL, "id", NULL, NULL },
  /* The state of the sync: everything is listed anew, and counted when all is carried. Not of which
   * epoch the uids are: in another one they are those of other messages. */
  { "folder", NULL, "id",
    "uidnext modseq backfill total unread remote_total remote_unread checked"
    " compare_tried compared compared_remote compared_here",
    NULL },
  { "outbox", NULL, "id", NULL, NULL },
  { "outbox_recipient", NULL, "outbox, position", NULL, NULL },
  { "op", "WHERE state IN (0, 1, 4)", "id", NULL, NULL },
  { "message", "WHERE id IN (SELECT message FROM location " WAITING ")", "id", NULL, NULL },
  { "location", WAITING, "id", NULL, NULL },
  { "op_subject", NULL, "op, location", NULL, "op" },
  { "body_part", NULL, "message, section", NULL, "message" },
  { "saved_body", NULL, "hash, size, section", NULL, NULL },
  { "ledger", NULL, "id", NULL, NULL },
  { "ledger_member", NULL, "event, location", NULL, NULL },
  { "ledger_gone", NULL, "location", NULL, NULL },
#undef WAITING
};

/* What becomes something else; before the rest. */
static const struct
{
  const char *select;
  const char *key;
  const char *insert;
} turns[] = {
  { "SELECT seq, message, location FROM state", "id",
    "UPDATE state SET seq = max (seq, ?1), message = max (message, ?2),"
    " location = max (location, ?3)" },
  /* No number is given twice: people and the ledger know operations by theirs. */
  { "SELECT name, seq FROM sqlite_sequence", "name",
    "INSERT INTO sqlite_sequence (name, seq) SELECT ?1, ?2"
    " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1)" },
  { "SELECT m.hash, m.size, p.section, p.hash, m.body_state"
    " FROM message m JOIN body_part p ON p.message = m.id WHERE m.hash <> 0",
    "m.id",
    "INSERT OR IGNORE INTO saved_body (hash, size, section, body, body_state, saved)"
    " VALUES (?1, ?2, ?3, ?4, ?5, strftime ('%s', 'now'))" },
};

/* After that: what does not fit together any more is made to; what waits for its uid is found by
 * its Message-ID. Where the highest numbers could not be read, those that are known have to do. */
static const char repair[] =
    "DELETE FROM location WHERE stands_for <> 0 AND id NOT IN (SELECT other FROM op_subject);"
    "UPDATE op SET begun = 1 WHERE state = 1 OR attempts > 0;"
    "UPDATE location SET ops = (SELECT count (*) FROM op_subject WHERE location = location.id);"
    "UPDATE folder SET total = (SELECT count (*) FROM location WHERE folder = folder.id"
    " AND hidden = 0), unread = (SELECT count (*) FROM location WHERE folder = folder.id"
    " AND hidden = 0 AND (shown_flags & 1) = 0);"
    "INSERT OR IGNORE INTO reference (hash, thread) SELECT hash, thread FROM message"
    " WHERE hash <> 0 ORDER BY id;"
    "UPDATE state SET seq = seq + 1,"
    " message = max (message, (SELECT ifnull (max (max (id, thread)), 0) FROM message)),"
    " location = max (location, (SELECT ifnull (max (id), 0) FROM location),"
    "  (SELECT ifnull (max (last), 0) FROM ledger),"
    "  (SELECT ifnull (max (location), 0) FROM ledger_member),"
    "  (SELECT ifnull (max (location), 0) FROM ledger_gone));"
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'op', 0"
    " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'op');"
    "UPDATE sqlite_sequence SET seq = max (seq, (SELECT ifnull (max (op), 0) FROM ledger))"
    " WHERE name = 'op';";

static sqlite3_stmt *
prepare (TernDb *db, const char *sql)
{
  sqlite3_stmt *stmt = NULL;

  sqlite3_prepare_v2 (tern_db_get_handle (db), sql, -1, &stmt, NULL);
  return stmt;
}

/* TRUE when it came to the end of the table. A row that does not fit is left out. */
static gboolean
copy_rows (TernDb *from, TernDb *to, const char *select, const char *insert)
{
  sqlite3_stmt *source = prepare (from, select);
  sqlite3_stmt *target = prepare (to, insert);
  int rc = SQLITE_ERROR;

  while (source != NULL && target != NULL && (rc = sqlite3_step (source)) == SQLITE_ROW)
    {
      for (int i = 0; i < sqlite3_column_count (source); i++)
        sqlite3_bind_value (target, i + 1, sqlite3_column_value (source, i));
      sqlite3_step (target);
      sqlite3_reset (target);
    }
  sqlite3_finalize (source);
  sqlite3_finalize (target);
  return rc == SQLITE_DONE;
}

/* From the start and, when a bad page stops that, from the end. */
static void
copy_both_ways (TernDb *from, TernDb *to, const char *select, const char *key, const char *insert)
{
  g_auto (GStrv) keys = g_strsplit (key, ", ", -1);
  g_autofree char *reversed = g_strjoinv (" DESC, ", keys);
  g_autofree char *forward = g_strdup_printf ("%s ORDER BY %s", select, key);
  g_autofree char *backward = g_strdup_printf ("%s ORDER BY %s DESC", select, reversed);

  if (!copy_rows (from, to, forward, insert))
    copy_rows (from, to, backward, insert);
}

static gboolean
has_column (TernDb *db, const char *table, const char *column)
{
  return sqlite3_table_column_metadata (tern_db_get_handle (db), NULL, table, column, NULL, NULL,
                                        NULL, NULL, NULL)
         == SQLITE_OK;
}

/* A column that the damaged one does not have yet gets its default. */
static void
carry (TernDb *from, TernDb *to, gsize index)
{
  const char *table = carries[index].table;
  g_auto (GStrv) left_out =
      g_strsplit (carries[index].left_out != NULL ? carries[index].left_out : "", " ", -1);
  g_autofree char *all = g_strdup_printf ("SELECT * FROM %s", table);
  g_autoptr (GString) columns = g_string_new (NULL);
  g_autoptr (GString) values = g_string_new (NULL);
  g_autofree char *select = NULL;
  g_autofree char *insert = NULL;
  sqlite3_stmt *stmt = prepare (to, all);
  guint n = 0;

  for (int i = 0; i < sqlite3_column_count (stmt); i++)
    {
      const char *column = sqlite3_column_name (stmt, i);

      if (g_strv_contains ((const char *const *) left_out, column)
          || !has_column (from, table, column))
        continue;
      g_string_append_printf (columns, "%s%s", n > 0 ? ", " : "", column);
      g_string_append_printf (values, "%s?%u", n > 0 ? ", " : "", n + 1);
      n++;
    }
  sqlite3_finalize (stmt);
  select = g_strdup_printf ("SELECT %s FROM %s %s", columns->str, table,
                            carries[index].which != NULL ? carries[index].which : "");
  insert = g_strdup_printf ("INSERT OR IGNORE INTO %s (%s) SELECT %s%s%s%s", table, columns->str,
                            values->str, carries[index].owner != NULL ? " FROM " : "",
                            carries[index].owner != NULL ? carries[index].owner : "",
                            carries[index].owner != NULL ? " WHERE id = ?1" : "");
  copy_both_ways (from, to, select, carries[index].key, insert);
}

static void
carry_from (TernDb *from, TernDb *to)
{
  for (gsize i = 0; i < G_N_ELEMENTS (turns); i++)
    copy_both_ways (from, to, turns[i].select, turns[i].key, turns[i].insert);
  for (gsize i = 0; i < G_N_ELEMENTS (carries); i++)
    carry (from, to, i);
}

/* An operation on messages has nothing to do without any. */
static gboolean
mend (TernDb *db, GError **error)
{
  return tern_db_run (db, error,
                      "DELETE FROM op WHERE kind < ?1 AND NOT EXISTS (SELECT 1 FROM op_subject"
                      " WHERE op = op.id AND made = 0)",
                      TERN_OP_FOLDER_CREATE)
         && tern_db_exec (db, repair, error);
}

/* The first page tells where everything else is; without it nothing can be read. It changes only
 * with the schema, so a copy is kept beside the database. */

static char *
first_page_path (const char *dir)
{
  return g_build_filename (dir, "mail.db.first-page", NULL);
}

/* Is what is kept at @path of the schema that there is now? */
static gboolean
is_kept (TernDb *db, const char *path, gboolean *kept, GError **error)
{
  g_autofree char *page = NULL;
  gint64 schema = 0;
  guint32 of_page;
  gsize length;

  *kept = FALSE;
  if (!g_file_get_contents (path, &page, &length, NULL) || length != TERN_RESCUE_PAGE_SIZE)
    return TRUE;
  memcpy (&of_page, page + SCHEMA_OFFSET, sizeof of_page);
  if (!tern_db_look_ints (db, &schema, "PRAGMA schema_version", NULL, 0, error))
    return FALSE;
  *kept = GUINT32_FROM_BE (of_page) == schema;
  return TRUE;
}

gboolean
tern_store_keep_first_page (TernDb *db, const char *dir, GError **error)
{
  g_autofree char *copy = first_page_path (dir);
  g_autofree char *page = g_malloc (TERN_RESCUE_PAGE_SIZE);
  gboolean kept;

  if (!is_kept (db, copy, &kept, error))
    return FALSE;
  if (kept)
    return TRUE;
  if (!tern_db_exec (db, "PRAGMA wal_checkpoint (TRUNCATE)", error))
    return FALSE;
  return !tern_rescue_read_first_page (db, page)
         || tern_paths_replace_file (copy, page, TERN_RESCUE_PAGE_SIZE, error);
}

static TernDb *
open_with_first_page (const char *dir, const char *old, const char *copy)
{
  g_autofree char *page_path = first_page_path (dir);
  g_autofree char *page = NULL;
  gsize length;

  if (!g_file_get_contents (page_path, &page, &length, NULL) || length != TERN_RESCUE_PAGE_SIZE)
    return NULL;
  return tern_rescue_open_with_page (old, copy, page);
}

static void
carry_over (const char *dir, const char *old, TernDb *to)
{
  g_autofree char *copy = g_strconcat (old, "-copy", NULL);
  g_autoptr (TernDb) from = tern_rescue_open (old);

  if (from == NULL)
    from = open_with_first_page (dir, old, copy);
  if (from != NULL)
    carry_from (from, to);
  g_clear_pointer (&from, tern_db_close);
  tern_rescue_remove (copy);
}

/* Everything that can be read of the damaged database, in one of its own, on the disk to stay. */
static gboolean
build (const char *dir, const char *damaged, const char *fresh, GError **error)
{
  g_autoptr (TernDb) db = NULL;
  gboolean created;

  tern_rescue_remove (fresh);
  db = tern_store_open_writer (fresh, &created, error);
  if (db == NULL || !tern_db_exec (db, "BEGIN IMMEDIATE", error))
    return FALSE;
  carry_over (dir, damaged, db);
  return mend (db, error) && tern_db_exec (db, "COMMIT", error)
         && tern_db_exec (db, "PRAGMA wal_checkpoint (TRUNCATE)", error);
}

gboolean
tern_store_recover (const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename (dir, "mail.db", NULL);
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);

  return build (dir, path, fresh, error) && tern_rescue_swap (path, fresh, error);
}

gboolean
tern_store_finish_recovery (const char *dir, gboolean *finished, GError **error)
{
  g_autofree char *path = g_build_filename (dir, "mail.db", NULL);
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);

  return tern_rescue_finish (path, fresh, finished, error);
}
