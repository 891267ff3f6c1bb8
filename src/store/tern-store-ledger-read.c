/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-ledger.h"

#include "tern-store-private.h"

#include "tern-address.h"

#include <string.h>

/* A message that came a thousand times under one Message-ID is told of by these. */
#define MAX_PLACES 50
/* How often a walk over all messages looks whether anybody still wants it. */
#define LOOK_EVERY 4096

static void
entry_free (gpointer data)
{
  TernLedgerEntry *self = data;

  g_free (self->source);
  g_free (self->target);
  g_free (self->add_keywords);
  g_free (self->remove_keywords);
  g_free (self->note);
  g_free (self);
}

void
tern_history_free (TernHistory *self)
{
  if (self == NULL)
    return;
  g_free (self->folder);
  g_free (self->from);
  g_free (self->subject);
  g_array_unref (self->elsewhere);
  g_ptr_array_unref (self->entries);
  g_free (self);
}

/** Place: a location of the message, here or gone. */
typedef struct
{
  TernId location;
  TernId folder;
  gint64 hash;
  TernId message; /* 0 = gone */
} Place;

static char *
dup_from (const char *encoded)
{
  g_autoptr (GPtrArray) list = tern_address_list_decode (encoded);
  const TernAddress *first = list->len > 0 ? g_ptr_array_index (list, 0) : NULL;

  return g_strdup (first != NULL ? tern_address_get_display (first) : "");
}

static TernHistory *
take_head (TernReader *reader, sqlite3_stmt *stmt, Place *place, GError **error)
{
  g_autoptr (TernHistory) self = NULL;
  int rc;

  if (stmt == NULL)
    return NULL;
  rc = sqlite3_step (stmt);
  if (rc == SQLITE_ROW)
    {
      self = g_new0 (TernHistory, 1);
      place->location = self->location = sqlite3_column_int64 (stmt, 0);
      self->account = sqlite3_column_int64 (stmt, 1);
      place->hash = sqlite3_column_int64 (stmt, 2);
      self->gone = sqlite3_column_int64 (stmt, 3);
      self->date = sqlite3_column_int64 (stmt, 4);
      place->folder = sqlite3_column_int64 (stmt, 5);
      self->folder = tern_db_dup_text (stmt, 6);
      self->from = dup_from (tern_db_text (stmt, 7));
      self->subject = tern_db_dup_text (stmt, 8);
      place->message = sqlite3_column_int64 (stmt, 9);
      self->elsewhere = g_array_new (FALSE, FALSE, sizeof (TernId));
      self->entries = g_ptr_array_new_with_free_func (entry_free);
    }
  return tern_db_finish (reader->db, stmt, rc, error) ? g_steal_pointer (&self) : NULL;
}

static TernHistory *
read_head (TernReader *reader, TernId location, Place *place, GError **error)
{
  GError *fault = NULL;
  TernHistory *self = take_head (
      reader,
      tern_db_query (reader->db, &fault,
                     "SELECT l.id, m.account, m.hash, 0, l.sort_key, l.folder, f.path, m.authors,"
                     " m.subject, m.id FROM location l JOIN message m ON m.id = l.message"
                     " JOIN folder f ON f.id = l.folder WHERE l.id = ?1 AND l.stands_for = 0",
                     location),
      place, &fault);

  if (self == NULL && fault == NULL)
    self = take_head (reader,
                      tern_db_query (reader->db, &fault,
                                     "SELECT location, account, hash, time, date, folder, path,"
                                     " authors, subject, 0 FROM ledger_gone WHERE location = ?1",
                                     location),
                      place, &fault);
  if (fault != NULL)
    g_propagate_error (error, fault);
  return self;
}

static gboolean
add_places (TernReader *reader, sqlite3_stmt *stmt, GArray *places, GError **error)
{
  int rc;

  if (stmt == NULL)
    return FALSE;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      Place place = { 0 };

      place.location = sqlite3_column_int64 (stmt, 0);
      place.folder = sqlite3_column_int64 (stmt, 1);
      place.message = sqlite3_column_int64 (stmt, 2);
      g_array_append_val (places, place);
    }
  return tern_db_finish (reader->db, stmt, rc, error);
}

/* All places of the same message in its account: by its row, and by its Message-ID. */
static GArray *
read_places (TernReader *reader, const TernHistory *history, const Place *head, GError **error)
{
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (Place));

  g_array_append_val (places, *head);
  if (head->message != 0
      && !add_places (reader,
                      tern_db_query (reader->db, error,
                                     "SELECT id, folder, message FROM location WHERE message = ?1"
                                     " AND id <> ?2 AND stands_for = 0 ORDER BY id LIMIT ?3",
                                     head->message, head->location, MAX_PLACES),
                      places, error))
    return NULL;
  if (head->hash == 0)
    return g_steal_pointer (&places);
  if (!add_places (
          reader,
          tern_db_query (reader->db, error,
                         "SELECT l.id, l.folder, m.id FROM message m"
                         " JOIN location l ON l.message = m.id WHERE m.hash = ?1"
                         " AND m.hash <> 0 AND m.account = ?2 AND m.id <> ?3"
                         " AND l.id <> ?4 AND l.stands_for = 0 ORDER BY l.id LIMIT ?5",
                         head->hash, history->account, head->message, head->location, MAX_PLACES),
          places, error)
      || !add_places (reader,
                      tern_db_query (reader->db, error,
                                     "SELECT location, folder, 0 FROM ledger_gone WHERE hash = ?1"
                                     " AND hash <> 0 AND account = ?2 AND location <> ?3"
                                     " ORDER BY time DESC LIMIT ?4",
                                     head->hash, history->account, head->location, MAX_PLACES),
                      places, error))
    return NULL;
  return g_steal_pointer (&places);
}

#define ENTRY                                                                                    \
  "SELECT e.id, e.time, e.kind, e.how, e.op, ifnull (o.state, 2), e.source_path, e.target_path," \
  " e.add_flags, e.remove_flags, e.add_keywords, e.remove_keywords, e.note,"                     \
  " iif (e.kind = 1, (SELECT saved FROM location WHERE id = ?1), NULL)"

static gboolean
add_entries (TernReader *reader,
             sqlite3_stmt *stmt,
             TernId location,
             GHashTable *seen,
             GPtrArray *entries,
             GError **error)
{
  int rc;

  if (stmt == NULL)
    return FALSE;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      gint64 event = sqlite3_column_int64 (stmt, 0);
      TernLedgerEntry *entry;
      int state = sqlite3_column_int (stmt, 5);

      if (!g_hash_table_add (seen, g_memdup2 (&event, sizeof event)))
        continue;
      entry = g_new0 (TernLedgerEntry, 1);
      entry->event = event;
      entry->location = location;
      entry->time = sqlite3_column_int64 (stmt, 1);
      entry->kind = sqlite3_column_int (stmt, 2);
      entry->how = sqlite3_column_int (stmt, 3);
      entry->op = sqlite3_column_int64 (stmt, 4);
      entry->unsent = state != TERN_OP_CONFIRMED && state != TERN_OP_REFUSED;
      entry->source = tern_db_dup_text (stmt, 6);
      entry->target = tern_db_dup_text (stmt, 7);
      entry->add = sqlite3_column_int (stmt, 8);
      entry->remove = sqlite3_column_int (stmt, 9);
      entry->add_keywords = tern_db_dup_text (stmt, 10);
      entry->remove_keywords = tern_db_dup_text (stmt, 11);
      entry->note = tern_db_dup_text (stmt, 12);
      entry->saved = sqlite3_column_int64 (stmt, 13);
      g_ptr_array_add (entries, entry);
    }
  return tern_db_finish (reader->db, stmt, rc, error);
}

static gboolean
read_place (TernReader *reader,
            const Place *place,
            GHashTable *seen,
            GPtrArray *entries,
            GError **error)
{
  gint64 since = G_MAXINT64;

  if (!add_entries (reader,
                    tern_db_query (reader->db, error,
                                   ENTRY " FROM (SELECT * FROM ledger WHERE last <> 0"
                                         "  AND last >= ?1 ORDER BY last LIMIT 1) e"
                                         " LEFT JOIN op o ON o.id = e.op WHERE e.first <= ?1",
                                   place->location),
                    place->location, seen, entries, error)
      || !add_entries (reader,
                       tern_db_query (reader->db, error,
                                      ENTRY " FROM ledger_member k JOIN ledger e ON e.id = k.event"
                                            " LEFT JOIN op o ON o.id = e.op"
                                            " WHERE k.location = ?1 ORDER BY k.event",
                                      place->location),
                       place->location, seen, entries, error))
    return FALSE;
  for (guint i = 0; i < entries->len; i++)
    {
      const TernLedgerEntry *entry = g_ptr_array_index (entries, i);

      if (entry->location == place->location)
        since = MIN (since, entry->time);
    }
  return since == G_MAXINT64
         || add_entries (reader,
                         tern_db_query (reader->db, error,
                                        ENTRY " FROM ledger e LEFT JOIN op o ON o.id = e.op"
                                              " WHERE e.kind = 8 AND e.source = ?1"
                                              " AND e.time >= ?2",
                                        place->folder, since),
                         place->location, seen, entries, error);
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  const TernLedgerEntry *left = *(TernLedgerEntry *const *) a;
  const TernLedgerEntry *right = *(TernLedgerEntry *const *) b;

  if (left->time != right->time)
    return left->time < right->time ? -1 : 1;
  return left->event < right->event ? -1 : left->event > right->event;
}

TernHistory *
tern_read_history (TernReader *reader, TernId location, GError **error)
{
  Place head = { 0 };
  g_autoptr (TernHistory) self = read_head (reader, location, &head, error);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr (GArray) places = NULL;

  if (self == NULL)
    return NULL;
  places = read_places (reader, self, &head, error);
  if (places == NULL)
    return NULL;
  for (guint i = 0; i < places->len; i++)
    {
      const Place *place = &g_array_index (places, Place, i);

      if (!read_place (reader, place, seen, self->entries, error))
        return NULL;
      if (i > 0 && place->message != 0)
        g_array_append_val (self->elsewhere, place->location);
    }
  g_ptr_array_sort (self->entries, compare_entries);
  return g_steal_pointer (&self);
}

/* Finding. */

/** Wanted: what a message has to be like. */
typedef struct
{
  GStrv words; /* (owned) case-folded */
  gint64 from; /* seconds since 1970; a whole day, 0 = any */
  gint64 to;
} Wanted;

static void
wanted_init (Wanted *self, const char *query)
{
  g_autofree char *folded = g_utf8_casefold (query, -1);
  g_autofree char *trimmed = g_strstrip (g_strdup (query));
  g_autofree char *midnight = g_strconcat (trimmed, "T00:00:00", NULL);
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  g_autoptr (GDateTime) day = NULL;
  g_autoptr (GDateTime) next = NULL;

  *self = (Wanted){ 0 };
  if (strlen (trimmed) == 10 && trimmed[4] == '-' && trimmed[7] == '-')
    day = g_date_time_new_from_iso8601 (midnight, zone);
  if (day != NULL)
    {
      next = g_date_time_add_days (day, 1);
      self->from = g_date_time_to_unix (day);
      self->to = g_date_time_to_unix (next);
      return;
    }
  self->words = g_strsplit_set (folded, " \t\n", -1);
}

static gboolean
is_wanted (const Wanted *self, gint64 date, const char *authors, const char *subject)
{
  g_autofree char *text = NULL;
  g_autofree char *folded = NULL;

  if (self->words == NULL)
    return date >= self->from && date < self->to;
  text = g_strconcat (authors != NULL ? authors : "", "\n", subject != NULL ? subject : "", NULL);
  folded = g_utf8_casefold (text, -1);
  for (guint i = 0; self->words[i] != NULL; i++)
    if (strstr (folded, self->words[i]) == NULL)
      return FALSE;
  return TRUE;
}

/** Match: a location that is wanted; of one message only the first is kept. */
typedef struct
{
  TernId location;
  gint64 date;
} Match;

static int
compare_matches (gconstpointer a, gconstpointer b)
{
  const Match *left = a;
  const Match *right = b;

  if (left->date != right->date)
    return left->date > right->date ? -1 : 1;
  return left->location > right->location ? -1 : left->location < right->location;
}

/* Columns: location, what tells messages apart, date, authors, subject. */
static gboolean
walk (TernReader *reader,
      sqlite3_stmt *stmt,
      const Wanted *wanted,
      GHashTable *seen,
      GArray *matches,
      guint limit,
      GCancellable *cancellable,
      GError **error)
{
  guint found = 0;
  guint n = 0;
  int rc;

  if (stmt == NULL)
    return FALSE;
  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW && found < limit)
    {
      gint64 key = sqlite3_column_int64 (stmt, 1);
      Match match = { sqlite3_column_int64 (stmt, 0), sqlite3_column_int64 (stmt, 2) };

      if (n++ % LOOK_EVERY == 0 && g_cancellable_is_cancelled (cancellable))
        break;
      if (!is_wanted (wanted, match.date, tern_db_text (stmt, 3), tern_db_text (stmt, 4))
          || !g_hash_table_add (seen, g_memdup2 (&key, sizeof key)))
        continue;
      g_array_append_val (matches, match);
      found++;
    }
  return tern_db_finish (reader->db, stmt, rc, error)
         && !g_cancellable_set_error_if_cancelled (cancellable, error);
}

GArray *
tern_read_history_find (TernReader *reader,
                        TernId account,
                        const char *query,
                        guint limit,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr (GArray) matches = g_array_new (FALSE, FALSE, sizeof (Match));
  g_autoptr (GArray) ids = NULL;
  Wanted wanted;
  gboolean ok;

  wanted_init (&wanted, query);
  /* Newest by their ids, which needs no sorting of a million rows. */
  ok = walk (reader,
             tern_db_query (reader->db, error,
                            "SELECT (SELECT min (l.id) FROM location l WHERE l.message = m.id"
                            "  AND l.stands_for = 0) AS place, iif (m.hash, m.hash, m.id),"
                            " iif (m.date, m.date, m.received), m.authors, m.subject"
                            " FROM message m WHERE (?1 = 0 OR m.account = ?1)"
                            " AND place IS NOT NULL ORDER BY m.id DESC",
                            account),
             &wanted, seen, matches, limit, cancellable, error)
       && walk (reader,
                tern_db_query (reader->db, error,
                               "SELECT location, iif (hash, hash, -location), date, authors,"
                               " subject FROM ledger_gone WHERE ?1 = 0 OR account = ?1"
                               " ORDER BY time DESC",
                               account),
                &wanted, seen, matches, limit, cancellable, error);
  g_strfreev (wanted.words);
  if (!ok)
    return NULL;
  g_array_sort (matches, compare_matches);
  ids = g_array_new (FALSE, FALSE, sizeof (TernId));
  for (guint i = 0; i < MIN (matches->len, limit); i++)
    g_array_append_val (ids, g_array_index (matches, Match, i).location);
  return g_steal_pointer (&ids);
}
