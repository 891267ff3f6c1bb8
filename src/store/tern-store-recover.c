/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-open-private.h"

#include "tern-fault.h"
#include "tern-paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define PAGE_SIZE        4096
#define VALID_FOR_OFFSET 92 /* "version-valid-for" in the header of the file format */

/*
 * A damaged database is kept under another name and a new one is made. From the old one comes what
 * no server can give back: accounts' ids, folders, the outbox, operations not yet confirmed with
 * the messages that they are about, messages that are nowhere else, and the names of the bodies,
 * which are matched again when the headers come. Each table is read from its start and, when a bad
 * page stops that, from its end; what cannot be read is left out.
 */

/* Column by column from a row of the old table to one of the new. Rows that do not fit (their
 * folder was not readable, say) are left out. */
static const struct
{
  const char *forward;
  const char *backward;
  const char *insert;
} carries[] = {
#define CARRY(select, key, insert)                                   \
  {                                                                  \
    select " ORDER BY " key, select " ORDER BY " key " DESC", insert \
  }
  CARRY ("SELECT id, uuid FROM account",
         "id",
         "INSERT OR IGNORE INTO account (id, uuid) VALUES"
         " (?1, ?2)"),
  /* The sync state is left out: everything is listed anew. */
  CARRY ("SELECT id, account, parent, path, name, remote_name, delimiter, role, role_by_person,"
         " subscribed, selectable, gone FROM folder",
         "id",
         "INSERT OR IGNORE INTO folder (id, account, parent, path, name, remote_name, delimiter,"
         " role, role_by_person, subscribed, selectable, gone)"
         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"),
  CARRY ("SELECT id, account, state, message_id, sender, subject, body_hash, draft, in_reply_to,"
         " reply_flag, size, attempts, not_before, queued, fault, server_text FROM outbox",
         "id",
         "INSERT OR IGNORE INTO outbox (id, account, state, message_id, sender, subject, body_hash,"
         " draft, in_reply_to, reply_flag, size, attempts, not_before, queued, fault, server_text)"
         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"),
  CARRY ("SELECT outbox, position, address, state, server_text FROM outbox_recipient",
         "1, 2",
         "INSERT OR IGNORE INTO outbox_recipient (outbox, position, address, state, server_text)"
         " VALUES (?1, ?2, ?3, ?4, ?5)"),
  CARRY ("SELECT id, account, kind, state, source, target, add_flags, remove_flags, add_keywords,"
         " remove_keywords, attempts, not_before, created, fault FROM op WHERE state IN (0, 1, 4)",
         "id",
         "INSERT OR IGNORE INTO op (id, account, kind, state, source, target, add_flags,"
         " remove_flags, add_keywords, remove_keywords, attempts, not_before, created, fault)"
         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"),
  CARRY ("SELECT id, account, thread, hash, size, received, date, date_offset, body_state,"
         " attachments, subject, authors, preview, message_id, in_reply_to, refs, sender, reply_to,"
         " recipients, cc, bcc, structure FROM message WHERE id IN (SELECT message FROM location"
         " NOT INDEXED WHERE ops > 0 OR stands_for <> 0 OR uid IS NULL)",
         "id",
         "INSERT OR IGNORE INTO message (id, account, thread, hash, size, received, date,"
         " date_offset, body_state, attachments, subject, authors, preview, message_id,"
         " in_reply_to, refs, sender, reply_to, recipients, cc, bcc, structure)"
         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
         " ?18, ?19, ?20, ?21, ?22)"),
  CARRY ("SELECT id, folder, message, uid, sort_key, server_flags, shown_flags, hidden, ops,"
         " stands_for, rematch, modseq, keywords, shown_keywords FROM location"
         " NOT INDEXED WHERE ops > 0 OR stands_for <> 0 OR uid IS NULL",
         "id",
         "INSERT OR IGNORE INTO location (id, folder, message, uid, sort_key, server_flags,"
         " shown_flags, hidden, ops, stands_for, rematch, modseq, keywords, shown_keywords)"
         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"),
  CARRY ("SELECT op, location, made, other, prior_folder, prior_flags, prior_keywords"
         " FROM op_subject",
         "1, 2",
         "INSERT OR IGNORE INTO op_subject (op, location, made, other, prior_folder, prior_flags,"
         " prior_keywords) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 FROM op WHERE id = ?1"),
  CARRY ("SELECT message, section, hash FROM body_part",
         "1, 2",
         "INSERT OR IGNORE INTO body_part (message, section, hash) SELECT ?1, ?2, ?3 FROM message"
         " WHERE id = ?1"),
  CARRY ("SELECT m.hash, m.size, p.section, p.hash, m.body_state"
         " FROM message m JOIN body_part p ON p.message = m.id WHERE m.hash <> 0",
         "m.id",
         "INSERT OR IGNORE INTO saved_body (hash, size, section, body, body_state, saved)"
         " VALUES (?1, ?2, ?3, ?4, ?5, strftime ('%s', 'now'))"),
  CARRY ("SELECT id, time, account, kind, how, op, first, last, source, target, add_flags,"
         " remove_flags, source_path, target_path, add_keywords, remove_keywords, note"
         " FROM ledger",
         "id",
         "INSERT OR IGNORE INTO ledger (id, time, account, kind, how, op, first, last, source,"
         " target, add_flags, remove_flags, source_path, target_path, add_keywords,"
         " remove_keywords, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
         " ?14, ?15, ?16, ?17)"),
  CARRY ("SELECT event, location FROM ledger_member",
         "1, 2",
         "INSERT OR IGNORE INTO ledger_member (event, location) VALUES (?1, ?2)"),
  CARRY ("SELECT location, account, hash, time, date, folder, path, authors, subject"
         " FROM ledger_gone",
         "location",
         "INSERT OR IGNORE INTO ledger_gone (location, account, hash, time, date, folder, path,"
         " authors, subject) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
  CARRY ("SELECT seq, message, location FROM state",
         "id",
         "UPDATE state SET seq = max (seq, ?1), message = max (message, ?2),"
         " location = max (location, ?3)"),
#undef CARRY
};

/* After that: what does not fit together any more is made to. */
static const char repair[] =
    "DELETE FROM location WHERE stands_for <> 0 AND id NOT IN (SELECT other FROM op_subject);"
    "DELETE FROM op WHERE NOT EXISTS (SELECT 1 FROM op_subject WHERE op = op.id AND made = 0);"
    "UPDATE op SET begun = 1 WHERE state = 1 OR attempts > 0;"
    "UPDATE location SET ops = (SELECT count (*) FROM op_subject WHERE location = location.id);"
    "UPDATE folder SET total = (SELECT count (*) FROM location WHERE folder = folder.id"
    " AND hidden = 0), unread = (SELECT count (*) FROM location WHERE folder = folder.id"
    " AND hidden = 0 AND (shown_flags & 1) = 0);"
    "UPDATE state SET message = max (message, (SELECT ifnull (max (id), 0) FROM message)),"
    " location = max (location, (SELECT ifnull (max (id), 0) FROM location)), seq = seq + 1;";

/* A row that does not fit is left out. */
static void
copy_row (TernDb *to, sqlite3_stmt *from, const char *insert)
{
  sqlite3_stmt *stmt = tern_db_prepare (to, insert, NULL);

  if (stmt == NULL)
    return;
  for (int i = 0; i < sqlite3_column_count (from); i++)
    sqlite3_bind_value (stmt, i + 1, sqlite3_column_value (from, i));
  tern_db_step (to, stmt, NULL);
}

/* TRUE when it came to the end of the table. */
static gboolean
copy_rows (TernDb *from, TernDb *to, const char *select, const char *insert)
{
  sqlite3_stmt *stmt = tern_db_prepare (from, select, NULL);
  int rc;

  if (stmt == NULL)
    return FALSE;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    copy_row (to, stmt, insert);
  return tern_db_finish (from, stmt, rc, NULL);
}

static void
carry_from (TernDb *from, TernDb *to)
{
  for (gsize i = 0; i < G_N_ELEMENTS (carries); i++)
    if (!copy_rows (from, to, carries[i].forward, carries[i].insert))
      copy_rows (from, to, carries[i].backward, carries[i].insert);
}

static void
remove_database (const char *path)
{
  static const char *const parts[] = { "", "-wal", "-shm" };

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *part = g_strconcat (path, parts[i], NULL);

      g_unlink (part);
    }
}

static TernDb *
open_readable (const char *path)
{
  g_autoptr (TernDb) db = tern_db_open (path, TERN_DB_RESCUE, NULL);

  if (db == NULL || !tern_db_exec (db, "SELECT count (*) FROM sqlite_master", NULL))
    return NULL;
  return g_steal_pointer (&db);
}

/* The first page tells where everything else is; without it nothing can be read. It changes only
 * with the schema, so a copy is kept beside the database. */

static char *
first_page_path (const char *dir)
{
  return g_build_filename (dir, "mail.db.first-page", NULL);
}

/* Read through SQLite's own descriptor: closing another one would drop the locks of this process.
 */
static gboolean
read_first_page (TernDb *db, char *page)
{
  sqlite3_file *file = NULL;

  return sqlite3_file_control (tern_db_get_handle (db), "main", SQLITE_FCNTL_FILE_POINTER, &file)
             == SQLITE_OK
         && file != NULL && file->pMethods != NULL
         && file->pMethods->xRead (file, page, PAGE_SIZE, 0) == SQLITE_OK;
}

gboolean
tern_store_keep_first_page (TernDb *db, const char *dir, GError **error)
{
  g_autofree char *copy = first_page_path (dir);
  g_autofree char *page = g_malloc (PAGE_SIZE);

  if (g_file_test (copy, G_FILE_TEST_EXISTS))
    return TRUE;
  if (!tern_db_exec (db, "PRAGMA wal_checkpoint (TRUNCATE)", error))
    return FALSE;
  return !read_first_page (db, page) || tern_paths_replace_file (copy, page, PAGE_SIZE, error);
}

/* A copy of the damaged file, for reading only, with the first page that was kept. */
static TernDb *
open_with_first_page (const char *dir, const char *old, const char *copy)
{
  g_autofree char *page_path = first_page_path (dir);
  g_autofree char *page = NULL;
  g_autoptr (GFile) from = g_file_new_for_path (old);
  g_autoptr (GFile) to = g_file_new_for_path (copy);
  gboolean ok;
  gsize length;
  int fd;

  if (!g_file_get_contents (page_path, &page, &length, NULL) || length != PAGE_SIZE
      || !g_file_copy (from, to, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, NULL))
    return NULL;
  /* The size that it tells is of the time of the copy; without this mark SQLite asks the file. */
  memset (page + VALID_FOR_OFFSET, 0, 4);
  fd = g_open (copy, O_WRONLY | O_CLOEXEC, 0);
  ok = fd >= 0 && pwrite (fd, page, length, 0) == (gssize) length;
  if (fd >= 0)
    close (fd);
  return ok ? open_readable (copy) : NULL;
}

static void
carry_over (const char *dir, const char *old, TernDb *to)
{
  g_autofree char *copy = g_strconcat (old, "-copy", NULL);
  g_autoptr (TernDb) from = open_readable (old);

  if (from == NULL)
    from = open_with_first_page (dir, old, copy);
  if (from != NULL)
    carry_from (from, to);
  g_clear_pointer (&from, tern_db_close);
  remove_database (copy);
}

static gboolean
rename_file (const char *from, const char *to, GError **error)
{
  if (g_rename (from, to) == 0)
    return TRUE;
  g_propagate_error (error, tern_db_fault (SQLITE_IOERR, errno, from, g_strerror (errno)));
  return FALSE;
}

static void
sync_dir (const char *dir)
{
  int fd = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return;
  fsync (fd);
  close (fd);
}

/* Puts the finished database in place of the damaged one. The damaged one leaves first, and its log
 * before anything else has its name: SQLite would take it for the log of the new one. */
static gboolean
swap (const char *dir, const char *path, const char *fresh, GError **error)
{
  static const char *const companions[] = { "-wal", "-shm", "-journal" };
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *date = g_date_time_format (now, "%Y%m%d-%H%M%S");
  g_autofree char *kept = g_strdup_printf ("%s.corrupt-%s", path, date);

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    {
      if (!rename_file (path, kept, error))
        return FALSE;
      g_message ("The mail database was damaged; it is kept as %s", kept);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (companions); i++)
    {
      g_autofree char *from = g_strconcat (path, companions[i], NULL);
      g_autofree char *to = g_strconcat (kept, companions[i], NULL);

      if (g_file_test (from, G_FILE_TEST_EXISTS) && !rename_file (from, to, error))
        return FALSE;
    }
  sync_dir (dir);
  if (!rename_file (fresh, path, error))
    return FALSE;
  sync_dir (dir);
  return TRUE;
}

/* Everything that can be read of the damaged database, in one of its own, on the disk to stay. */
static gboolean
build (const char *dir, const char *damaged, const char *fresh, GError **error)
{
  g_autoptr (TernDb) db = NULL;
  gboolean created;

  remove_database (fresh);
  db = tern_store_open_writer (fresh, &created, error);
  if (db == NULL || !tern_db_exec (db, "BEGIN IMMEDIATE", error))
    return FALSE;
  carry_over (dir, damaged, db);
  return tern_db_exec (db, repair, error) && tern_db_exec (db, "COMMIT", error)
         && tern_db_exec (db, "PRAGMA wal_checkpoint (TRUNCATE)", error);
}

gboolean
tern_store_recover (const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename (dir, "mail.db", NULL);
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);

  /* Until the new one is whole the damaged one stays where it is: whatever happens meanwhile, the
   * next start begins again with it. */
  return build (dir, path, fresh, error) && swap (dir, path, fresh, error);
}

gboolean
tern_store_finish_recovery (const char *dir, gboolean *finished, GError **error)
{
  g_autofree char *path = g_build_filename (dir, "mail.db", NULL);
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);

  *finished = !g_file_test (path, G_FILE_TEST_EXISTS) && g_file_test (fresh, G_FILE_TEST_EXISTS);
  return !*finished || swap (dir, path, fresh, error);
}
