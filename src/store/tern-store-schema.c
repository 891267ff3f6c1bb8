/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-schema-private.h"

#include "tern-fault.h"

#include <glib/gi18n.h>

/*
 * Notes on the tables:
 *
 * - location.shown_flags is server_flags with every unconfirmed flag operation applied in order, so
 *   that lists need no arithmetic. location.ops counts the unconfirmed operations on the row.
 * - location.uid is NULL while a move, copy or append is unconfirmed. A hidden row with stands_for
 *   keeps the place of a moved one at the source until the server has confirmed.
 * - message.thread is the id of some message that belonged to the thread first. reference maps the
 *   hash of every Message-ID seen to the thread; merged tells where a thread went that was found to
 *   be a part of another one.
 * - A message is found by its Message-ID through reference and (thread, hash): an index on the hash
 *   alone would be a second one that every new message writes at a random place.
 * - ids of messages and locations come from state, so that none is ever used twice.
 * - The list index answers alone: SQLite goes to the table only for columns that it lacks. Unread
 *   and flagged have their own because walking a large folder for them is twenty times slower.
 */
static const char version_1[] =
    "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL,"
    "  message INTEGER NOT NULL, location INTEGER NOT NULL);"
    "INSERT INTO state VALUES (1, 0, 0, 0);"

    "CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE);"

    "CREATE TABLE folder (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  account INTEGER NOT NULL REFERENCES account, parent INTEGER NOT NULL, path TEXT NOT NULL,"
    "  name TEXT NOT NULL, remote_name TEXT, delimiter INTEGER NOT NULL, role INTEGER NOT NULL,"
    "  role_by_person INTEGER NOT NULL DEFAULT 0, subscribed INTEGER NOT NULL,"
    "  selectable INTEGER NOT NULL, gone INTEGER NOT NULL,"
    "  uidvalidity INTEGER NOT NULL DEFAULT 0, uidnext INTEGER NOT NULL DEFAULT 0,"
    "  modseq INTEGER NOT NULL DEFAULT 0, backfill INTEGER NOT NULL DEFAULT 0,"
    "  total INTEGER NOT NULL DEFAULT 0, unread INTEGER NOT NULL DEFAULT 0,"
    "  remote_total INTEGER NOT NULL DEFAULT -1, remote_unread INTEGER NOT NULL DEFAULT -1,"
    "  checked INTEGER NOT NULL DEFAULT 0);"
    "CREATE UNIQUE INDEX folder_remote ON folder (account, remote_name)"
    "  WHERE remote_name IS NOT NULL;"
    "CREATE INDEX folder_path ON folder (account, path);"

    "CREATE TABLE message (id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES account,"
    "  thread INTEGER NOT NULL, hash INTEGER NOT NULL, size INTEGER NOT NULL,"
    "  received INTEGER NOT NULL, date INTEGER NOT NULL, date_offset INTEGER NOT NULL,"
    "  body_state INTEGER NOT NULL DEFAULT 0, attachments INTEGER NOT NULL,"
    "  subject TEXT NOT NULL, authors TEXT, preview TEXT, message_id TEXT, in_reply_to TEXT,"
    "  refs TEXT, sender TEXT, reply_to TEXT, recipients TEXT, cc TEXT, bcc TEXT,"
    "  structure TEXT);"
    "CREATE INDEX message_hash ON message (hash) WHERE hash <> 0;"
    "CREATE INDEX message_thread ON message (thread);"

    "CREATE TABLE location (id INTEGER PRIMARY KEY, folder INTEGER NOT NULL REFERENCES folder,"
    "  message INTEGER NOT NULL REFERENCES message, uid INTEGER, sort_key INTEGER NOT NULL,"
    "  server_flags INTEGER NOT NULL, shown_flags INTEGER NOT NULL,"
    "  hidden INTEGER NOT NULL DEFAULT 0, ops INTEGER NOT NULL DEFAULT 0,"
    "  stands_for INTEGER NOT NULL DEFAULT 0, rematch INTEGER NOT NULL DEFAULT 0,"
    "  modseq INTEGER NOT NULL DEFAULT 0, keywords TEXT, shown_keywords TEXT);"
    "CREATE UNIQUE INDEX location_uid ON location (folder, uid) WHERE uid IS NOT NULL;"
    "CREATE INDEX location_waiting ON location (folder, sort_key) WHERE uid IS NULL;"
    "CREATE INDEX location_list ON location (folder, sort_key DESC, id DESC)"
    "  WHERE hidden = 0;"
    "CREATE INDEX location_unread ON location (folder, sort_key DESC, id DESC)"
    "  WHERE hidden = 0 AND (shown_flags & 1) = 0;"
    "CREATE INDEX location_flagged ON location (folder, sort_key DESC, id DESC)"
    "  WHERE hidden = 0 AND (shown_flags & 4) <> 0;"
    "CREATE INDEX location_message ON location (message);"

    "CREATE TABLE reference (hash INTEGER PRIMARY KEY, thread INTEGER NOT NULL);"
    "CREATE TABLE merged (thread INTEGER PRIMARY KEY, target INTEGER NOT NULL);"
    "CREATE INDEX merged_target ON merged (target);"

    "CREATE TABLE op (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  account INTEGER NOT NULL REFERENCES account, kind INTEGER NOT NULL,"
    "  state INTEGER NOT NULL, source INTEGER NOT NULL REFERENCES folder ON DELETE CASCADE,"
    "  target INTEGER REFERENCES folder ON DELETE CASCADE, add_flags INTEGER NOT NULL DEFAULT 0,"
    "  remove_flags INTEGER NOT NULL DEFAULT 0, add_keywords TEXT, remove_keywords TEXT,"
    "  attempts INTEGER NOT NULL DEFAULT 0, not_before INTEGER NOT NULL DEFAULT 0,"
    "  created INTEGER NOT NULL, fault TEXT);"
    "CREATE INDEX op_active ON op (account, state, id);"
    "CREATE INDEX op_source ON op (source);"
    "CREATE INDEX op_target ON op (target);"
    "CREATE TABLE op_subject (op INTEGER NOT NULL REFERENCES op ON DELETE CASCADE,"
    "  location INTEGER NOT NULL REFERENCES location ON DELETE CASCADE,"
    "  made INTEGER NOT NULL, other INTEGER NOT NULL, prior_folder INTEGER NOT NULL,"
    "  prior_flags INTEGER NOT NULL, prior_keywords TEXT, PRIMARY KEY (op, location))"
    "  WITHOUT ROWID;"
    "CREATE INDEX op_subject_location ON op_subject (location, op);"

    "CREATE TABLE body_part (message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,"
    "  section TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (message, section)) WITHOUT ROWID;"
    "CREATE INDEX body_part_hash ON body_part (hash);"
    "CREATE TABLE saved_body (hash INTEGER NOT NULL, size INTEGER NOT NULL,"
    "  section TEXT NOT NULL, body TEXT NOT NULL, body_state INTEGER NOT NULL,"
    "  saved INTEGER NOT NULL, PRIMARY KEY (hash, size, section)) WITHOUT ROWID;"
    "CREATE INDEX saved_body_body ON saved_body (body);"

    "CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  account INTEGER NOT NULL REFERENCES account, state INTEGER NOT NULL,"
    "  message_id TEXT NOT NULL, sender TEXT NOT NULL, subject TEXT NOT NULL,"
    "  body_hash TEXT NOT NULL, draft TEXT, in_reply_to INTEGER NOT NULL,"
    "  reply_flag INTEGER NOT NULL, size INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
    "  not_before INTEGER NOT NULL, queued INTEGER NOT NULL, fault TEXT, server_text TEXT);"
    "CREATE INDEX outbox_body ON outbox (body_hash);"
    "CREATE TABLE outbox_recipient (outbox INTEGER NOT NULL REFERENCES outbox ON DELETE CASCADE,"
    "  position INTEGER NOT NULL, address TEXT NOT NULL, state INTEGER NOT NULL,"
    "  server_text TEXT, PRIMARY KEY (outbox, position)) WITHOUT ROWID;";

/* op.begun: it may have been sent. target_validity and target_next: the epoch and the UIDNEXT of
 * the target as they were known before that, which tell its copies from older ones. part_of: it was
 * split off that operation, and is undone with it. */
static const char version_2[] =
    "ALTER TABLE op ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE op ADD COLUMN target_validity INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE op ADD COLUMN target_next INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE op ADD COLUMN part_of INTEGER NOT NULL DEFAULT 0;"
    "UPDATE op SET begun = 1 WHERE state = 1 OR attempts > 0;"
    "CREATE INDEX op_part ON op (part_of) WHERE part_of <> 0;";

/* folder.compare_tried: when a listing of the server's was last asked for; compared: when the UIDs
 * here were compared with a listing of the server's, one by one, and how many each had then, after
 * what differed was repaired. */
static const char version_3[] =
    "ALTER TABLE folder ADD COLUMN compare_tried INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE folder ADD COLUMN compared INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE folder ADD COLUMN compared_remote INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE folder ADD COLUMN compared_here INTEGER NOT NULL DEFAULT 0;";

/* The ledger: "ledger" has the events, "ledger_member" to whom each happened; an arrival has a
 * range of locations instead, first to last, and no two ranges overlap. "ledger_gone" tells what a
 * location was that is not there any more. Folders are named, because their rows can go.
 * op.undone: a person took it back. op.undoes: it takes back that operation. */
static const char version_4[] =
    "CREATE TABLE ledger (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, account INTEGER,"
    "  kind INTEGER NOT NULL, how INTEGER NOT NULL, op INTEGER NOT NULL, first INTEGER NOT NULL,"
    "  last INTEGER NOT NULL, source INTEGER NOT NULL, target INTEGER NOT NULL,"
    "  add_flags INTEGER NOT NULL, remove_flags INTEGER NOT NULL, source_path TEXT,"
    "  target_path TEXT, add_keywords TEXT, remove_keywords TEXT, note TEXT);"
    "CREATE INDEX ledger_time ON ledger (time);"
    "CREATE INDEX ledger_flags ON ledger (time) WHERE kind = 2;"
    "CREATE INDEX ledger_arrived ON ledger (last) WHERE last <> 0;"
    "CREATE INDEX ledger_folder ON ledger (source) WHERE kind = 8;"
    "CREATE INDEX ledger_damaged ON ledger (id) WHERE kind = 10;"
    "CREATE TABLE ledger_member (event INTEGER NOT NULL, location INTEGER NOT NULL,"
    "  PRIMARY KEY (event, location)) WITHOUT ROWID;"
    "CREATE INDEX ledger_member_location ON ledger_member (location);"
    "CREATE TABLE ledger_gone (location INTEGER PRIMARY KEY, account INTEGER NOT NULL,"
    "  hash INTEGER NOT NULL, time INTEGER NOT NULL, date INTEGER NOT NULL,"
    "  folder INTEGER NOT NULL, path TEXT NOT NULL, authors TEXT, subject TEXT NOT NULL);"
    "CREATE INDEX ledger_gone_hash ON ledger_gone (hash) WHERE hash <> 0;"
    "CREATE INDEX ledger_gone_time ON ledger_gone (time);"
    "ALTER TABLE op ADD COLUMN undone INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE op ADD COLUMN undoes INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX op_undoes ON op (undoes) WHERE undoes <> 0;";

/* Operations on folders: source is the folder. old_path and new_path: where it was shown before,
 * and where a person wants it; remote_name: what was sent to the server. */
static const char version_5[] = "ALTER TABLE op ADD COLUMN old_path TEXT;"
                                "ALTER TABLE op ADD COLUMN new_path TEXT;"
                                "ALTER TABLE op ADD COLUMN remote_name TEXT;";

/* old_name: of a rename, what the server had it under when that was sent. */
static const char version_6[] =
    "ALTER TABLE op ADD COLUMN old_name TEXT;"
    "UPDATE op SET old_name = (SELECT remote_name FROM folder WHERE id = op.source)"
    " WHERE kind = 6 AND begun AND state IN (0, 1, 4);";

/* What the server calls a message and a folder (RFC 8474), wherever they are and however named. */
static const char version_7[] =
    "ALTER TABLE message ADD COLUMN email_id TEXT;"
    "CREATE INDEX message_email ON message (email_id, hash) WHERE email_id IS NOT NULL;"
    "ALTER TABLE folder ADD COLUMN mailbox_id TEXT;";

/* folder.space: TernSpace. rights: TernRights; rights_learned: when the server refused what they
 * lack, seconds; 0 when it has told them itself. */
static const char version_8[] =
    "ALTER TABLE folder ADD COLUMN space INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE folder ADD COLUMN rights INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE folder ADD COLUMN rights_learned INTEGER NOT NULL DEFAULT 0;";

/* The largest message that APPEND may bring, in bytes; -1 = not known. */
static const char version_9[] =
    "ALTER TABLE folder ADD COLUMN append_limit INTEGER NOT NULL DEFAULT -1;";

/* Messages whose text is here and whose first words were not looked at yet. */
static const char version_10[] = "CREATE INDEX message_wordless ON message (account, id)"
                                 "  WHERE preview IS NULL AND body_state <> 0;";

/* state.op_gone: the newest change that went from "op" with its folder, and cannot be undone. */
static const char version_11[] = "ALTER TABLE state ADD COLUMN op_gone INTEGER NOT NULL DEFAULT 0;";
/* When the server had it put where it arrived, seconds since 1970. */
static const char version_12[] = "ALTER TABLE location ADD COLUMN saved INTEGER;";

/* Gmail's: the other folders in which it shows the message, in lines. */
static const char version_13[] = "ALTER TABLE location ADD COLUMN labels TEXT;";

/* folder.gone was 1 once; now it is when a listing first lacked it, and its mail is kept for a day
 * from then. */
static const char version_14[] =
    "UPDATE folder SET gone = CAST (strftime ('%s', 'now') AS INTEGER) WHERE gone = 1;";

/* With op.fault of what was refused: its kind, a word of tern_fault_code_name(), and what the
 * server said. */
static const char version_15[] = "ALTER TABLE op ADD COLUMN fault_code TEXT;"
                                 "ALTER TABLE op ADD COLUMN server_text TEXT;";

/* Step n brings version n to n + 1. A released step is never edited: add another one. */
static const char *const steps[] = {
  version_1, version_2,  version_3,  version_4,  version_5,  version_6,  version_7,  version_8,
  version_9, version_10, version_11, version_12, version_13, version_14, version_15,
};

static gboolean
run_step (TernDb *db, gsize step, GError **error)
{
  g_autofree char *version =
      g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %" G_GSIZE_FORMAT,
                       TERN_SCHEMA_APPLICATION_ID, step + 1);

  if (!tern_db_exec (db, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (tern_db_exec (db, steps[step], error) && tern_db_exec (db, version, error)
      && tern_db_exec (db, "COMMIT", error))
    return TRUE;
  tern_db_exec (db, "ROLLBACK", NULL);
  return FALSE;
}

gint64
tern_schema_newest (void)
{
  return G_N_ELEMENTS (steps);
}

gboolean
tern_schema_run_steps (TernDb *db, gint64 from, gint64 to, GError **error)
{
  for (gint64 step = from; step < to; step++)
    if (!run_step (db, step, error))
      return FALSE;
  return TRUE;
}

gboolean
tern_schema_migrate (TernDb *db, const char *path, gboolean *created, GError **error)
{
  gint64 version = 0;

  if (!tern_db_look_ints (db, &version, "PRAGMA user_version", NULL, 0, error))
    return FALSE;
  *created = version == 0;
  if (version < 0 || version > tern_schema_newest ())
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                                _ ("The mail in “%s” was stored by a newer version "
                                                   "of Tern. Install that version or a newer one; "
                                                   "nothing was changed."),
                                                path));
      return FALSE;
    }
  return tern_schema_run_steps (db, version, tern_schema_newest (), error);
}
