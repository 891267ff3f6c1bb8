/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/**
 * TernDb:
 *
 * One SQLite connection with its prepared statements, used by one thread at a time. Statements are
 * kept by the address of their SQL, so SQL is always a string literal and preparing is a hash
 * lookup. Every failure becomes a TERN_FAULT with a sentence that names the file.
 */
typedef struct _TernDb TernDb;

typedef enum
{
  TERN_DB_READ,   /* query only */
  TERN_DB_WRITE,  /* creates the file (0600) when missing */
  TERN_DB_RESCUE, /* read only, for a damaged file */
} TernDbMode;

TernDb *tern_db_open (const char *path, TernDbMode mode, GError **error);
void tern_db_close (TernDb *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernDb, tern_db_close)

sqlite3 *tern_db_get_handle (TernDb *self);

/* TRUE once this connection has met a damaged page. */
gboolean tern_db_is_damaged (TernDb *self);

/* TRUE when a statement has failed since the last tern_db_begin(). */
gboolean tern_db_has_failed (TernDb *self);
/* An IMMEDIATE transaction. */
gboolean tern_db_begin (TernDb *self, GError **error);

/* Statements whose SQL is not a literal are run with this and not kept. */
gboolean tern_db_exec (TernDb *self, const char *sql, GError **error);

/* The statement of @sql, reset and unbound; NULL with @error. Owned by the connection. */
sqlite3_stmt *tern_db_prepare (TernDb *self, const char *sql, GError **error);

/* The end of a loop over sqlite3_step(): resets, TRUE when @rc is SQLITE_DONE or SQLITE_ROW. */
gboolean tern_db_finish (TernDb *self, sqlite3_stmt *stmt, int rc, GError **error);
/* One step and the end of it. */
gboolean tern_db_step (TernDb *self, sqlite3_stmt *stmt, GError **error);

/* Statements with integer arguments only. */
sqlite3_stmt *
tern_db_prepare_ints (TernDb *self, const char *sql, const gint64 *values, gsize n, GError **error);
gboolean
tern_db_run_ints (TernDb *self, const char *sql, const gint64 *values, gsize n, GError **error);
/* The first column of the first row; @value keeps what it had when there is no row. */
gboolean tern_db_look_ints (TernDb *self,
                            gint64 *value,
                            const char *sql,
                            const gint64 *values,
                            gsize n,
                            GError **error);

/* The first column of every row, of gint64. */
GArray *
tern_db_list_ints (TernDb *self, const char *sql, const gint64 *values, gsize n, GError **error);

#define TERN_DB_INTS(...) \
  ((const gint64[]){ __VA_ARGS__ }), (sizeof ((const gint64[]){ __VA_ARGS__ }) / sizeof (gint64))
#define tern_db_query(db, error, sql, ...) \
  tern_db_prepare_ints (db, sql, TERN_DB_INTS (__VA_ARGS__), error)
#define tern_db_run(db, error, sql, ...) \
  tern_db_run_ints (db, sql, TERN_DB_INTS (__VA_ARGS__), error)
#define tern_db_list(db, error, sql, ...) \
  tern_db_list_ints (db, sql, TERN_DB_INTS (__VA_ARGS__), error)
#define tern_db_look(db, error, value, sql, ...) \
  tern_db_look_ints (db, value, sql, TERN_DB_INTS (__VA_ARGS__), error)

void tern_db_bind_text (sqlite3_stmt *stmt, int index, const char *text);   /* NULL is NULL */
void tern_db_bind_static (sqlite3_stmt *stmt, int index, const char *text); /* outlives the step */
char *tern_db_dup_text (sqlite3_stmt *stmt, int column);
const char *tern_db_text (sqlite3_stmt *stmt, int column);

/* Makes what was committed durable now: fsync of the write-ahead log. */
gboolean tern_db_sync (TernDb *self, GError **error);

/* A fault for the SQLite result @rc on @path. */
GError *tern_db_fault (int rc, int system_errno, const char *path, const char *detail);

G_END_DECLS
