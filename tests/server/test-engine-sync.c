/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <sqlite3.h>
#include <string.h>

#include "engine-fixture.h"
#include "engine-server.h"

/*
 * The engine against a real Dovecot: first sync, what changes there, push, and what a person does
 * here.
 */

static void
test_first_sync (void)
{
  EngineSetup setup;
  g_autoptr (GPtrArray) messages = NULL;
  TernSyncReport *report;

  if (!engine_setup_begin (&setup, FALSE,
                           tern_mail_server_new ("--password", "geheim", "--users", "anna,bob",
                                                 "--no-postfix", "--seed", "anna:700", NULL)))
    return;
  report = engine_fixture_sync (setup.fixture, setup.uuid);
  messages = engine_fixture_messages (setup.fixture, setup.uuid, "INBOX");
  g_test_message ("%u messages in %.3f s, %u round trips, %" G_GUINT64_FORMAT " bytes",
                  messages->len, report->seconds, report->round_trips, report->bytes_in);
  g_assert_cmpuint (messages->len, >=, 100);
  tern_sync_report_free (report);
  engine_setup_end (&setup);
}

/* COMPRESS=DEFLATE: the same mail in fewer bytes. */
static void
test_compress (void)
{
  guint64 bytes[2];

  for (guint i = 0; i < 2; i++)
    {
      EngineSetup setup;
      TernSyncReport *report;
      const char *option = i == 1 ? "--compress" : NULL;

      if (!engine_setup_begin (
              &setup, FALSE,
              tern_mail_server_new ("--password", "geheim", "--users", "anna", "--no-postfix",
                                    "--seed", "anna:300", option, NULL)))
        return;
      report = engine_fixture_sync (setup.fixture, setup.uuid);
      bytes[i] = report->bytes_in;
      tern_sync_report_free (report);
      engine_setup_end (&setup);
    }
  g_test_message ("%" G_GUINT64_FORMAT " bytes, compressed %" G_GUINT64_FORMAT, bytes[0], bytes[1]);
  g_assert_cmpuint (bytes[1], <, bytes[0] / 2);
}

#define MESSAGE(subject)                                                                    \
  "From: Carl <carl@example.test>\r\nTo: anna@example.test\r\nSubject: " subject            \
  "\r\nMessage-ID: <" subject "@example.test>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n" \
  "\r\nThis is " subject ".\r\n"

typedef struct
{
  EngineSetup *setup;
  const char *path;
  const char *subject;
  TernFlags flags;
  gboolean gone;
} Expect;

static gboolean
is_as_expected (gpointer data)
{
  const Expect *expect = data;
  g_autoptr (TernMessageRecord) record = engine_fixture_find (
      expect->setup->fixture, expect->setup->uuid, expect->path, expect->subject);

  return expect->gone ? record == NULL : record != NULL && record->flags == expect->flags;
}

static void
flag (EngineSetup *setup, const char *path, const char *subject, TernFlags add, TernFlags remove)
{
  g_autoptr (TernMessageRecord) record =
      engine_fixture_find (setup->fixture, setup->uuid, path, subject);
  GAsyncResult *slot = NULL;
  g_autoptr (GArray) operations = NULL;

  g_assert_nonnull (record);
  tern_engine_flag_async (setup->fixture->engine, &record->id, 1, add, remove, NULL, NULL,
                          engine_store_result, &slot);
  operations = engine_setup_finish_verb (setup, &slot);
  engine_fixture_finish_ops (setup->fixture, operations);
}

static void
test_flags_both_ways (void)
{
  EngineSetup setup;
  Expect expect = { &setup, "INBOX", "one", TERN_FLAG_SEEN | TERN_FLAG_FLAGGED, FALSE };

  if (!engine_setup_begin (
          &setup, FALSE,
          tern_mail_server_new ("--password", "geheim", "--users", "anna", "--no-postfix", NULL)))
    return;
  tern_mail_server_append (setup.server, "anna", "INBOX", MESSAGE ("one"), "");
  tern_mail_server_append (setup.server, "anna", "INBOX", MESSAGE ("two"), "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  flag (&setup, "INBOX", "one", TERN_FLAG_SEEN | TERN_FLAG_FLAGGED, TERN_FLAG_NONE);
  g_assert_cmpuint (engine_setup_count (&setup, "INBOX", "seen flagged subject one"), ==, 1);
  engine_wait (is_as_expected, &expect);

  g_free (tern_mail_server_doveadm (setup.server, "flags remove -u anna@example.test "
                                                  "\\\\Flagged mailbox INBOX subject one"));
  expect.flags = TERN_FLAG_SEEN;
  engine_wait (is_as_expected, &expect);
  g_free (tern_mail_server_doveadm (setup.server,
                                    "expunge -u anna@example.test mailbox INBOX subject two"));
  expect.subject = "two";
  expect.gone = TRUE;
  engine_wait (is_as_expected, &expect);
  engine_setup_end (&setup);
}

static TernHistory *
load_history (EngineSetup *setup, TernId id)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *slot = NULL;
  TernHistory *history;

  tern_engine_load_history_async (setup->fixture->engine, id, NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  history = tern_engine_load_history_finish (setup->fixture->engine, result, &error);
  g_assert_no_error (error);
  return history;
}

/* The first entry of that kind and its path. */
static const TernLedgerEntry *
entry_of (const TernHistory *history, TernLedgerKind kind, const char *source, const char *target)
{
  for (guint i = 0; i < history->entries->len; i++)
    {
      const TernLedgerEntry *entry = g_ptr_array_index (history->entries, i);

      if (entry->kind == kind && g_strcmp0 (entry->source, source) == 0
          && g_strcmp0 (entry->target, target) == 0)
        return entry;
    }
  return NULL;
}

/* What another program moved and what it removed for good: gone, since when, and where to. */
static void
test_history (void)
{
  EngineSetup setup;
  Expect moved = { &setup, "INBOX", "one", TERN_FLAG_NONE, TRUE };
  Expect arrived = { &setup, "Archive", "one", TERN_FLAG_NONE, FALSE };
  Expect expunged = { &setup, "INBOX", "two", TERN_FLAG_NONE, TRUE };
  const TernLedgerEntry *entry;

  if (!engine_setup_begin (
          &setup, FALSE,
          tern_mail_server_new ("--password", "geheim", "--users", "anna", "--no-postfix", NULL)))
    return;
  tern_mail_server_append (setup.server, "anna", "INBOX", MESSAGE ("one"), "");
  tern_mail_server_append (setup.server, "anna", "INBOX", MESSAGE ("two"), "");
  g_free (tern_mail_server_doveadm (setup.server, "mailbox create -u anna@example.test Archive"));
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  g_autoptr (TernMessageRecord) one =
      engine_fixture_find (setup.fixture, setup.uuid, "INBOX", "one");
  g_autoptr (TernMessageRecord) two =
      engine_fixture_find (setup.fixture, setup.uuid, "INBOX", "two");
  g_free (tern_mail_server_doveadm (setup.server, "move -u anna@example.test Archive "
                                                  "mailbox INBOX subject one"));
  g_free (tern_mail_server_doveadm (setup.server,
                                    "expunge -u anna@example.test mailbox INBOX subject two"));
  engine_wait (is_as_expected, &moved);
  engine_wait (is_as_expected, &expunged);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  engine_wait (is_as_expected, &arrived);
  g_autoptr (TernHistory) of_one = load_history (&setup, one->id);
  g_assert_cmpint (of_one->gone, >, 0);
  g_assert_cmpuint (of_one->elsewhere->len, ==, 1);
  g_assert_nonnull (entry_of (of_one, TERN_LEDGER_ARRIVED, NULL, "INBOX"));
  g_assert_nonnull (entry_of (of_one, TERN_LEDGER_ARRIVED, NULL, "Archive"));
  entry = entry_of (of_one, TERN_LEDGER_REMOVED, "INBOX", NULL);
  g_assert_nonnull (entry);
  g_assert_true (entry->how == TERN_LEDGER_VANISHED || entry->how == TERN_LEDGER_LISTING);
  g_autoptr (TernHistory) of_two = load_history (&setup, two->id);
  g_assert_cmpint (of_two->gone, >, 0);
  g_assert_cmpuint (of_two->elsewhere->len, ==, 0);
  g_assert_cmpstr (of_two->subject, ==, "two");
  g_assert_cmpstr (of_two->from, ==, "Carl");
  g_assert_nonnull (entry_of (of_two, TERN_LEDGER_REMOVED, "INBOX", NULL));
  engine_setup_end (&setup);
}

static gboolean
has_new_mail (gpointer data)
{
  return ((EngineSetup *) data)->fixture->new_mail->len > 0;
}

static gboolean
is_watching (gpointer data)
{
  /* Dovecot shows IDLE in the list of its processes only; a delivery that comes before is found
   * by the watcher's own look. Waiting for IDLE state is enough. */
  EngineSetup *setup = data;
  TernAccountStatus *status = tern_engine_dup_account_status (setup->fixture->engine, setup->uuid);
  gboolean idle = status->state == TERN_ACCOUNT_IDLE;

  tern_account_status_free (status);
  return idle;
}

static void
test_push (void)
{
  EngineSetup setup;
  Expect expect = { &setup, "INBOX", "pushed", TERN_FLAG_NONE, FALSE };
  gint64 began;

  if (!engine_setup_begin (&setup, FALSE,
                           tern_mail_server_new ("--password", "geheim", "--users", "anna",
                                                 "--no-postfix", "--seed", "anna:50", NULL)))
    return;
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  engine_wait (is_watching, &setup);
  g_assert_cmpuint (setup.fixture->new_mail->len, ==, 0);
  began = g_get_monotonic_time ();
  tern_mail_server_deliver (setup.server, "anna", MESSAGE ("pushed"));
  engine_wait (has_new_mail, &setup);
  g_test_message ("pushed within %.0f ms of the end of delivery",
                  (g_get_monotonic_time () - began) / 1000.0);
  g_assert_cmpstr (g_ptr_array_index (setup.fixture->new_mail, 0), ==, "pushed");
  g_assert_true (is_as_expected (&expect));
  engine_setup_end (&setup);
}

/* Nothing has changed in any of 30 folders: that is known after three round trips (ENABLE with
 * ID and NAMESPACE, SELECT, LIST) besides the three of a login by SCRAM, and each was fetched once.
 */
static void
test_reconnect (void)
{
  EngineSetup setup;
  g_autoptr (GString) create = g_string_new ("mailbox create -u anna@example.test");
  TernSyncReport *report;

  if (!engine_setup_begin (&setup, FALSE,
                           tern_mail_server_new ("--password", "geheim", "--users", "anna",
                                                 "--no-postfix", "--seed", "anna:50", NULL)))
    return;
  engine_fixture_close (setup.fixture);
  for (guint i = 0; i < 30; i++)
    g_string_append_printf (create, " Folder%u", i);
  g_free (tern_mail_server_doveadm (setup.server, "%s", create->str));
  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *folder = g_strdup_printf ("Folder%u", i);

      engine_setup_append_to (&setup, folder, folder, "");
    }
  engine_fixture_open (setup.fixture, TRUE);
  report = engine_fixture_sync (setup.fixture, setup.uuid);
  g_assert_cmpuint (report->folders, <=, 37);
  tern_sync_report_free (report);
  engine_fixture_close (setup.fixture);

  engine_fixture_open (setup.fixture, TRUE);
  report = engine_fixture_sync (setup.fixture, setup.uuid);
  g_test_message ("%u round trips, %" G_GUINT64_FORMAT " bytes", report->round_trips,
                  report->bytes_in);
  /* Six, and 5.7 KB; what is more is the connection that waits for news, which may have come as far
   * as NOTIFY by then. */
  g_assert_cmpuint (report->round_trips, <=, 6 + 6);
  g_assert_cmpuint (report->bytes_in + report->bytes_out, <=, 16 * 1024);
  tern_sync_report_free (report);
  engine_setup_end (&setup);
}

/* What a filter of the server puts elsewhere is there at once as well, not with the next listing;
 * so is a folder that somebody else makes, and what somebody else reads. */
static void
test_push_elsewhere (void)
{
  EngineSetup setup;
  Expect expect = { &setup, "Lists/News", "carl", 0, FALSE };

  if (!engine_setup_begin (
          &setup, FALSE,
          tern_mail_server_new ("--password", "geheim", "--users", "anna", "--no-postfix", NULL)))
    return;
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  engine_wait (is_watching, &setup);
  g_free (
      tern_mail_server_doveadm (setup.server, "mailbox create -u anna@example.test Lists/News"));
  engine_setup_append_to (&setup, "Lists/News", "carl", "");
  engine_wait_for (G_STRLOC, "the message in another folder", is_as_expected, &expect, 30);
  g_free (tern_mail_server_doveadm (setup.server, "flags add -u anna@example.test '\\Seen' mailbox "
                                                  "Lists/News all"));
  expect.flags = TERN_FLAG_SEEN;
  engine_wait_for (G_STRLOC, "its flags", is_as_expected, &expect, 30);
  g_free (tern_mail_server_doveadm (setup.server,
                                    "expunge -u anna@example.test mailbox Lists/News all"));
  expect.gone = TRUE;
  engine_wait_for (G_STRLOC, "its end", is_as_expected, &expect, 30);
  engine_setup_end (&setup);
}

static void
test_archive_makes_folder (void)
{
  EngineSetup setup;
  g_autoptr (GArray) operations = NULL;
  g_autoptr (GArray) second = NULL;
  g_autoptr (TernMessageRecord) record = NULL;
  g_autoptr (TernFolderRecord) archive = NULL;

  if (!engine_setup_begin (
          &setup, FALSE,
          tern_mail_server_new ("--password", "geheim", "--users", "anna", "--no-postfix", NULL)))
    return;
  g_free (tern_mail_server_doveadm (setup.server, "mailbox list -u anna@example.test"));
  tern_mail_server_append (setup.server, "anna", "INBOX", MESSAGE ("keep"), "\\Seen");
  tern_mail_server_append (setup.server, "anna", "INBOX", MESSAGE ("also"), "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  operations = engine_setup_move_to_role (&setup, "keep", TERN_ROLE_ARCHIVE);
  record = engine_fixture_find (setup.fixture, setup.uuid, "Archive", "keep");
  g_assert_nonnull (record);
  engine_fixture_finish_ops (setup.fixture, operations);
  second = engine_setup_move_to_role (&setup, "also", TERN_ROLE_ARCHIVE);
  engine_fixture_finish_ops (setup.fixture, second);
  g_assert_cmpuint (engine_setup_count (&setup, "Archive", "all"), ==, 2);
  g_assert_cmpuint (engine_setup_count (&setup, "INBOX", "all"), ==, 0);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  archive = engine_fixture_folder (setup.fixture, setup.uuid, "Archive");
  g_assert_cmpint (archive->total, ==, 2);
  g_assert_cmpint (archive->role, ==, TERN_ROLE_ARCHIVE);
  g_assert_cmpuint (setup.fixture->notes->len, ==, 0);
  engine_setup_end (&setup);
}

static void
test_body (void)
{
  EngineSetup setup;
  g_autoptr (TernMessageRecord) record = NULL;
  g_autoptr (TernBody) body = NULL;
  g_autoptr (TernBody) again = NULL;

  if (!engine_setup_begin (
          &setup, FALSE,
          tern_mail_server_new ("--password", "geheim", "--users", "anna", "--no-postfix", NULL)))
    return;
  tern_mail_server_append (setup.server, "anna", "INBOX", MESSAGE ("text"), "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  record = engine_fixture_find (setup.fixture, setup.uuid, "INBOX", "text");
  g_assert_cmpint (record->body_state, ==, TERN_BODY_ABSENT);
  body = engine_setup_load_body (&setup, record->id);
  g_assert_cmpstr (body->text->plain, ==, "This is text.\n");
  g_assert_cmpint (body->state, ==, TERN_BODY_HERE);
  tern_message_record_free (record);
  record = engine_fixture_find (setup.fixture, setup.uuid, "INBOX", "text");
  g_assert_cmpstr (record->facts->preview, ==, "This is text.");
  /* Not seen by reading its body. */
  g_assert_cmpuint (engine_setup_count (&setup, "INBOX", "seen"), ==, 0);
  tern_mail_server_command (setup.server, "stop imap");
  again = engine_setup_load_body (&setup, record->id);
  g_assert_cmpstr (again->text->plain, ==, "This is text.\n");
  engine_setup_end (&setup);
}

/* What a person does without a connection is done on the server when there is one. */
static void
test_offline_operations (void)
{
  EngineSetup setup;
  g_autoptr (TernMessageRecord) record = NULL;
  g_autoptr (GArray) operations = NULL;
  GAsyncResult *slot = NULL;
  g_autofree char *dump = NULL;

  if (!engine_setup_begin (
          &setup, FALSE,
          tern_mail_server_new ("--password", "geheim", "--users", "anna", "--no-postfix", NULL)))
    return;
  tern_mail_server_append (setup.server, "anna", "INBOX", MESSAGE ("one"), "");
  tern_mail_server_append (setup.server, "anna", "INBOX", MESSAGE ("two"), "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  tern_mail_server_command (setup.server, "stop imap");
  engine_wait_state (setup.fixture, setup.uuid, TERN_ACCOUNT_OFFLINE);
  record = engine_fixture_find (setup.fixture, setup.uuid, "INBOX", "one");
  tern_engine_flag_async (setup.fixture->engine, &record->id, 1, TERN_FLAG_SEEN, 0, NULL, NULL,
                          engine_store_result, &slot);
  g_array_unref (engine_setup_finish_verb (&setup, &slot));
  operations = engine_setup_move_to_role (&setup, "one", TERN_ROLE_TRASH);
  tern_engine_flag_async (setup.fixture->engine, &record->id, 1, TERN_FLAG_FLAGGED, 0, NULL, NULL,
                          engine_store_result, &slot);
  g_array_unref (engine_setup_finish_verb (&setup, &slot));
  engine_fixture_close (setup.fixture);
  tern_mail_server_command (setup.server, "start imap");
  engine_fixture_open (setup.fixture, TRUE);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  g_assert_cmpuint (engine_setup_count (&setup, "Trash", "seen flagged subject one"), ==, 1);
  g_assert_cmpuint (engine_setup_count (&setup, "INBOX", "all"), ==, 1);
  dump = engine_fixture_dump (setup.fixture, setup.uuid);
  g_assert_nonnull (strstr (dump, "Trash/1 one"));
  g_assert_cmpuint (setup.fixture->notes->len, ==, 0);
  engine_setup_end (&setup);
}

static void
test_send (void)
{
  EngineSetup setup;
  g_autoptr (TernDraft) draft = NULL;
  g_autoptr (TernOutboxRecord) entry = NULL;
  g_autoptr (TernMessageRecord) original = NULL;
  g_autoptr (TernMessageRecord) copy = NULL;
  g_autofree char *found = NULL;

  if (!engine_setup_begin (
          &setup, TRUE, tern_mail_server_new ("--password", "geheim", "--users", "anna,bob", NULL)))
    return;
  tern_mail_server_append (setup.server, "anna", "INBOX", MESSAGE ("question"), "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  original = engine_fixture_find (setup.fixture, setup.uuid, "INBOX", "question");
  draft =
      engine_setup_draft (&setup, tern_mail_server_get_address (setup.server, 1), "Re: question");
  draft->reply_to_id = original->id;
  draft->reply_flag = TERN_FLAG_ANSWERED;
  entry = engine_setup_wait_outbox (&setup, engine_setup_send (&setup, draft));
  g_assert_cmpstr (tern_outbox_state_name (entry->state), ==, "done");
  g_assert_cmpuint (engine_setup_count (&setup, "Sent", "header Message-ID ''"), ==, 1);
  copy = engine_fixture_find (setup.fixture, setup.uuid, "Sent", "Re: question");
  g_assert_nonnull (copy);
  g_assert_cmpint (copy->flags, ==, TERN_FLAG_SEEN);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  g_assert_cmpuint (engine_setup_count (&setup, "INBOX", "answered"), ==, 1);
  g_assert_cmpuint (engine_setup_count (&setup, "Sent", "all"), ==, 1);
  found = tern_mail_server_doveadm (setup.server, "search -u bob@example.test mailbox INBOX all");
  g_assert_cmpstr (found, !=, "");
  g_assert_cmpuint (setup.fixture->notes->len, ==, 0);
  engine_setup_end (&setup);
}

static void
test_refused_recipient (void)
{
  EngineSetup setup;
  g_autoptr (TernDraft) draft = NULL;
  g_autoptr (TernDraft) back = NULL;
  g_autoptr (TernOutboxRecord) entry = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *slot = NULL;

  if (!engine_setup_begin (
          &setup, TRUE, tern_mail_server_new ("--password", "geheim", "--users", "anna,bob", NULL)))
    return;
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  draft = engine_setup_draft (&setup, "nobody-there@example.test", "lost");
  entry = engine_setup_wait_outbox (&setup, engine_setup_send (&setup, draft));
  g_assert_cmpstr (tern_outbox_state_name (entry->state), ==, "refused");
  g_assert_nonnull (strstr (entry->fault, "nobody-there@example.test"));
  g_assert_nonnull (entry->server_text);
  g_assert_cmpuint (engine_setup_count (&setup, "Sent", "all"), ==, 0);
  tern_engine_recall_async (setup.fixture->engine, entry->id, NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  back = tern_engine_recall_finish (setup.fixture->engine, result, &error);
  g_clear_object (&result);
  g_assert_no_error (error);
  g_assert_cmpstr (back->subject, ==, "lost");
  g_assert_cmpstr (back->text, ==, "Hello\n");
  engine_setup_end (&setup);
}

/* Servers that can do less: the same has to come out. */
static const struct
{
  const char *name;
  const char *options[5];
} servers[] = {
  { "full", { "--capability", "" } },
  { "no-qresync", { "--without", "QRESYNC" } },
  { "no-condstore", { "--without", "QRESYNC,CONDSTORE,LIST-STATUS" } },
  { "bare",
    { "--without", "QRESYNC,CONDSTORE,LIST-STATUS,LIST-EXTENDED,MOVE,ESEARCH,SPECIAL-USE,"
                   "LITERAL+,SASL-IR,ENABLE,NAMESPACE" } },
  { "no-uidplus", { "--without", "MOVE,UIDPLUS" } },
  { "prefix", { "--prefix", "INBOX.", "--separator", "." } },
  { "compress", { "--compress" } },
};

static TernMailServer *
start_server (gsize kind)
{
  const char *const *options = servers[kind].options;

  return tern_mail_server_new ("--password", "geheim", "--users", "anna", "--no-postfix",
                               options[0], options[1], options[2] != NULL ? options[2] : NULL,
                               options[3], NULL);
}

static void
mark_junk (EngineSetup *setup, const char *path, gboolean junk)
{
  g_autoptr (TernMessageRecord) record =
      engine_fixture_find (setup->fixture, setup->uuid, path, "prize");
  GAsyncResult *slot = NULL;
  g_autoptr (GArray) operations = NULL;

  g_assert_nonnull (record);
  tern_engine_mark_junk_async (setup->fixture->engine, &record->id, 1, junk, engine_store_result,
                               &slot);
  operations = engine_setup_finish_verb (setup, &slot);
  g_assert_cmpuint (operations->len, ==, 2);
  engine_fixture_finish_ops (setup->fixture, operations);
}

/* Moved, and marked with the registered keywords, which the server's filter learns from. */
static void
test_junk (void)
{
  EngineSetup setup;

  if (!engine_setup_begin (&setup, FALSE, start_server (0)))
    return;
  engine_setup_append (&setup, "prize", "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  mark_junk (&setup, "INBOX", TRUE);
  g_assert_cmpuint (engine_setup_count (&setup, "Junk", "keyword $Junk unkeyword $NotJunk"), ==, 1);
  mark_junk (&setup, "Junk", FALSE);
  g_assert_cmpuint (engine_setup_count (&setup, "INBOX", "keyword $NotJunk unkeyword $Junk"), ==,
                    1);
  g_assert_cmpuint (engine_setup_count (&setup, "Junk", "all"), ==, 0);
  g_assert_cmpuint (setup.fixture->notes->len, ==, 0);
  engine_setup_end (&setup);
}

static void
expect_here (EngineSetup *setup, const char *path, const char *subject, int flags)
{
  g_autoptr (TernMessageRecord) record =
      engine_fixture_find (setup->fixture, setup->uuid, path, subject);

  if (flags < 0)
    g_assert_null (record);
  else
    {
      g_assert_nonnull (record);
      g_assert_cmpint (record->flags, ==, flags);
    }
}

/* What others did while nobody looked is found at the next start. */
static void
test_changes_while_away (gconstpointer data)
{
  EngineSetup setup;
  g_autoptr (TernFolderRecord) inbox = NULL;

  if (!engine_setup_begin (&setup, FALSE, start_server (GPOINTER_TO_SIZE (data))))
    return;
  engine_setup_append (&setup, "one", "");
  engine_setup_append (&setup, "two", "\\Seen");
  engine_setup_append (&setup, "three", "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  expect_here (&setup, "INBOX", "two", TERN_FLAG_SEEN);
  engine_fixture_close (setup.fixture);

  g_free (tern_mail_server_doveadm (setup.server, "flags add -u anna@example.test '\\Flagged' "
                                                  "mailbox INBOX subject one"));
  g_free (tern_mail_server_doveadm (setup.server, "flags remove -u anna@example.test '\\Seen' "
                                                  "mailbox INBOX subject two"));
  g_free (tern_mail_server_doveadm (setup.server,
                                    "expunge -u anna@example.test mailbox INBOX subject three"));
  engine_setup_append (&setup, "four", "\\Answered");
  engine_fixture_open (setup.fixture, TRUE);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  expect_here (&setup, "INBOX", "one", TERN_FLAG_FLAGGED);
  expect_here (&setup, "INBOX", "two", 0);
  expect_here (&setup, "INBOX", "three", -1);
  expect_here (&setup, "INBOX", "four", TERN_FLAG_ANSWERED);
  inbox = engine_fixture_folder (setup.fixture, setup.uuid, "INBOX");
  g_assert_cmpint (inbox->total, ==, 3);
  g_assert_cmpint (inbox->unread, ==, 3);
  engine_setup_end (&setup);
}

/* As a fault of ours would leave it: nothing that a server tells of the folder shows it. */
static void
damage (EngineSetup *setup)
{
  g_autofree char *path = g_build_filename (setup->fixture->dir, "data", "mail.db", NULL);
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db,
                                 "UPDATE location SET uid = 999 WHERE uid = 2;"
                                 "UPDATE folder SET uidnext = 4, compare_tried = compare_tried - 8 "
                                 "* 86400, compared = compared - 8 * 86400",
                                 NULL, NULL, NULL),
                   ==, SQLITE_OK);
  sqlite3_close (db);
}

/* Numbers that agree are not believed for ever: once in a while the messages themselves are
 * compared, what differs is repaired, and when and how it came out is kept. */
static void
test_compared (gconstpointer data)
{
  EngineSetup setup;
  g_autoptr (TernFolderRecord) first = NULL;
  g_autoptr (TernFolderRecord) again = NULL;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  if (!engine_setup_begin (&setup, FALSE, start_server (GPOINTER_TO_SIZE (data))))
    return;
  engine_setup_append (&setup, "one", "");
  engine_setup_append (&setup, "two", "\\Seen");
  engine_setup_append (&setup, "three", "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  first = engine_fixture_folder (setup.fixture, setup.uuid, "INBOX");
  g_assert_cmpint (first->compared, >=, now);
  g_assert_cmpint (first->compared_remote, ==, 3);
  g_assert_cmpint (first->compared_here, ==, 3);
  engine_fixture_close (setup.fixture);
  damage (&setup);
  engine_fixture_open (setup.fixture, TRUE);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  expect_here (&setup, "INBOX", "two", TERN_FLAG_SEEN);
  again = engine_fixture_folder (setup.fixture, setup.uuid, "INBOX");
  g_assert_cmpint (again->total, ==, 3);
  g_assert_cmpint (again->compared, >=, now);
  g_assert_cmpint (again->compared_remote, ==, 3);
  g_assert_cmpint (again->compared_here, ==, 3);
  engine_setup_end (&setup);
}

/* The message is moved into INBOX as it was when the answer told no place: it waits there for the
 * next sync. The server has it where it was, as if another client had taken it back at once. */
static gboolean
write_moved (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  TernId *ids = data;
  g_autoptr (GArray) ops = tern_txn_op_move (txn, &ids[0], 1, ids[1], error);
  TernId op = ops != NULL ? g_array_index (ops, TernId, 0) : 0;

  return op != 0 && tern_txn_op_running (txn, op, error)
         && tern_txn_op_confirmed (txn, op, NULL, error);
}

static void
move_without_place (EngineSetup *setup, const char *path, const char *subject)
{
  g_autoptr (TernMessageRecord) record =
      engine_fixture_find (setup->fixture, setup->uuid, path, subject);
  g_autoptr (TernFolderRecord) inbox = engine_fixture_folder (setup->fixture, setup->uuid, "INBOX");
  TernStore *store = tern_engine_get_store (setup->fixture->engine);
  TernId ids[] = { record->id, inbox->id };
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tern_store_write_async (store, G_PRIORITY_DEFAULT, write_moved, ids, NULL, NULL,
                          engine_store_result, &slot);
  result = engine_await (&slot);
  tern_store_write_finish (store, result, NULL, &error);
  g_assert_no_error (error);
}

/* What waits for a sync makes as many messages here as there were when they were compared last: the
 * folder is synced all the same, and what the server does not have there ends. */
static void
test_waiting_among_as_many (void)
{
  EngineSetup setup;
  g_autoptr (TernFolderRecord) before = NULL;
  g_autoptr (TernFolderRecord) after = NULL;

  if (!engine_setup_begin (
          &setup, FALSE,
          tern_mail_server_new ("--password", "geheim", "--users", "anna", "--no-postfix", NULL)))
    return;
  engine_setup_append (&setup, "one", "");
  engine_setup_append (&setup, "two", "");
  g_free (tern_mail_server_doveadm (setup.server, "mailbox create -u anna@example.test Work"));
  engine_setup_append_to (&setup, "Work", "three", "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  g_free (tern_mail_server_doveadm (setup.server,
                                    "expunge -u anna@example.test mailbox INBOX subject two"));
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  expect_here (&setup, "INBOX", "two", -1);
  move_without_place (&setup, "Work", "three");
  expect_here (&setup, "INBOX", "three", 0);
  before = engine_fixture_folder (setup.fixture, setup.uuid, "INBOX");
  g_assert_cmpint (before->total, ==, 2);
  g_assert_cmpint (before->compared_here, ==, 2);

  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  expect_here (&setup, "INBOX", "three", -1);
  expect_here (&setup, "Work", "three", 0);
  after = engine_fixture_folder (setup.fixture, setup.uuid, "INBOX");
  g_assert_cmpint (after->total, ==, 1);
  engine_setup_end (&setup);
}

static void
test_move_anyhow (gconstpointer data)
{
  gsize kind = GPOINTER_TO_SIZE (data);
  gboolean uidplus = strcmp (servers[kind].name, "no-uidplus") != 0;
  EngineSetup setup;
  g_autoptr (GArray) operations = NULL;
  g_autofree char *folder = strcmp (servers[kind].name, "prefix") == 0 ? g_strdup ("INBOX.Archive")
                                                                       : g_strdup ("Archive");

  if (!engine_setup_begin (&setup, FALSE, start_server (kind)))
    return;
  engine_setup_append (&setup, "one", "\\Seen");
  engine_setup_append (&setup, "two", "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  operations = engine_setup_move_to_role (&setup, "one", TERN_ROLE_ARCHIVE);
  engine_fixture_finish_ops (setup.fixture, operations);
  g_assert_cmpuint (engine_setup_count (&setup, folder, "subject one undeleted"), ==, 1);
  g_assert_cmpuint (engine_setup_count (&setup, "INBOX", "subject one undeleted"), ==, 0);
  g_assert_cmpuint (engine_setup_count (&setup, "INBOX", "subject one"), ==, uidplus ? 0 : 1);
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  expect_here (&setup, "Archive", "one", TERN_FLAG_SEEN);
  expect_here (&setup, "INBOX", "two", 0);
  /* Left behind with \\Deleted where it cannot be expunged, and not shown. */
  expect_here (&setup, "INBOX", "one", -1);
  flag (&setup, "Archive", "one", TERN_FLAG_FLAGGED, TERN_FLAG_SEEN);
  g_assert_cmpuint (engine_setup_count (&setup, folder, "subject one flagged unseen"), ==, 1);
  g_assert_cmpuint (setup.fixture->notes->len, ==, 0);
  engine_setup_end (&setup);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/sync/first", test_first_sync);
  g_test_add_func ("/engine/sync/compressed", test_compress);
  g_test_add_func ("/engine/sync/waiting-among-as-many", test_waiting_among_as_many);
  g_test_add_func ("/engine/sync/flags-both-ways", test_flags_both_ways);
  g_test_add_func ("/engine/sync/history", test_history);
  g_test_add_func ("/engine/sync/push", test_push);
  g_test_add_func ("/engine/sync/reconnect", test_reconnect);
  g_test_add_func ("/engine/sync/junk", test_junk);
  g_test_add_func ("/engine/sync/push-elsewhere", test_push_elsewhere);
  g_test_add_func ("/engine/sync/archive-makes-folder", test_archive_makes_folder);
  g_test_add_func ("/engine/sync/body", test_body);
  g_test_add_func ("/engine/sync/offline-operations", test_offline_operations);
  g_test_add_func ("/engine/sync/send", test_send);
  g_test_add_func ("/engine/sync/refused-recipient", test_refused_recipient);
  for (gsize i = 0; i < G_N_ELEMENTS (servers); i++)
    {
      g_autofree char *away = g_strdup_printf ("/engine/sync/while-away/%s", servers[i].name);
      g_autofree char *compared = g_strdup_printf ("/engine/sync/compared/%s", servers[i].name);
      g_autofree char *move = g_strdup_printf ("/engine/sync/move/%s", servers[i].name);

      g_test_add_data_func (away, GSIZE_TO_POINTER (i), test_changes_while_away);
      g_test_add_data_func (move, GSIZE_TO_POINTER (i), test_move_anyhow);
      g_test_add_data_func (compared, GSIZE_TO_POINTER (i), test_compared);
    }
  return g_test_run ();
}
