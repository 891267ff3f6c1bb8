/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-facts-private.h"
#include "tern-store-locations-private.h"
#include "tern-store-messages.h"
#include "tern-store-threads-private.h"

/* Each is answered from its covering index alone. */
static const char *const key_queries[] = {
  [TERN_FILTER_ALL] = "SELECT sort_key, id FROM location WHERE folder = ?1 AND hidden = 0"
                      " ORDER BY sort_key DESC, id DESC LIMIT ?2",
  [TERN_FILTER_UNREAD] = "SELECT sort_key, id FROM location WHERE folder = ?1 AND hidden = 0"
                         " AND (shown_flags & 1) = 0 ORDER BY sort_key DESC, id DESC LIMIT ?2",
  [TERN_FILTER_FLAGGED] = "SELECT sort_key, id FROM location WHERE folder = ?1 AND hidden = 0"
                          " AND (shown_flags & 4) <> 0 ORDER BY sort_key DESC, id DESC LIMIT ?2",
};

GArray *
tern_read_keys (TernReader *reader, TernId folder, TernFilter filter, gsize limit, GError **error)
{
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (TernListKey));
  sqlite3_stmt *stmt = tern_db_query (reader->db, error, key_queries[filter], folder,
                                      limit > 0 ? (gint64) limit : -1);
  int rc;

  if (stmt == NULL)
    return NULL;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      TernListKey key = { sqlite3_column_int64 (stmt, 0), sqlite3_column_int64 (stmt, 1) };

      g_array_append_val (keys, key);
    }
  return tern_db_finish (reader->db, stmt, rc, error) ? g_steal_pointer (&keys) : NULL;
}

TernMessageRecord *
tern_read_message (TernReader *reader, TernId location, GError **error)
{
  g_autoptr (TernMessageRecord) record = NULL;
  sqlite3_stmt *stmt =
      tern_db_query (reader->db, error, TERN_FACTS_SELECT "WHERE l.id = ?1", location);
  int rc;

  if (stmt == NULL)
    return NULL;
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    record = tern_facts_take_record (stmt);
  return tern_db_finish (reader->db, stmt, rc, error) ? g_steal_pointer (&record) : NULL;
}

GPtrArray *
tern_read_messages (TernReader *reader, const TernId *locations, gsize n, GError **error)
{
  g_autoptr (GPtrArray) records =
      g_ptr_array_new_full (n, (GDestroyNotify) tern_message_record_free);

  for (gsize i = 0; i < n; i++)
    {
      GError *fault = NULL;
      g_autoptr (TernMessageRecord) record = tern_read_message (reader, locations[i], &fault);

      if (fault != NULL)
        {
          g_propagate_error (error, fault);
          return NULL;
        }
      if (record != NULL && !record->hidden)
        g_ptr_array_add (records, g_steal_pointer (&record));
    }
  return g_steal_pointer (&records);
}

GArray *
tern_read_uids (TernReader *reader, TernId folder, GError **error)
{
  g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));
  sqlite3_stmt *stmt = tern_db_query (reader->db, error,
                                      "SELECT uid FROM location WHERE folder = ?1"
                                      " AND uid IS NOT NULL ORDER BY uid",
                                      folder);
  int rc;

  if (stmt == NULL)
    return NULL;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      guint32 uid = (guint32) sqlite3_column_int64 (stmt, 0);

      g_array_append_val (uids, uid);
    }
  return tern_db_finish (reader->db, stmt, rc, error) ? g_steal_pointer (&uids) : NULL;
}

TernId
tern_read_location_by_uid (TernReader *reader, TernId folder, guint32 uid, GError **error)
{
  TernId location = 0;

  tern_db_look (reader->db, error, &location,
                "SELECT CASE stands_for WHEN 0 THEN id ELSE stands_for END FROM location"
                " WHERE folder = ?1 AND uid = ?2",
                folder, uid);
  return location;
}

guint32
tern_read_uid (TernReader *reader, TernId location, TernId *folder, GError **error)
{
  g_autoptr (TernLocation) row = NULL;
  TernId place;

  if (folder != NULL)
    *folder = 0;
  if (!tern_location_find_place (reader->db, location, &place, error) || place == 0)
    return 0;
  row = tern_location_load (reader->db, place, error);
  if (row == NULL || row->uid == 0)
    return 0;
  if (folder != NULL)
    *folder = row->folder;
  return row->uid;
}

GArray *
tern_read_locations_by_message_id (TernReader *reader,
                                   TernId account,
                                   const char *message_id,
                                   GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (TernId));
  sqlite3_stmt *stmt = tern_db_query (reader->db, error,
                                      "SELECT l.id" TERN_THREAD_FROM_HASH
                                      " JOIN location l ON l.message = m.id WHERE r.hash = ?1"
                                      " AND m.account = ?2 AND m.message_id = ?3"
                                      " AND l.hidden = 0 ORDER BY l.id",
                                      tern_thread_hash (account, message_id), account);
  int rc;

  if (stmt == NULL)
    return NULL;
  tern_db_bind_text (stmt, 3, message_id);
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      TernId id = sqlite3_column_int64 (stmt, 0);

      g_array_append_val (ids, id);
    }
  return tern_db_finish (reader->db, stmt, rc, error) ? g_steal_pointer (&ids) : NULL;
}
