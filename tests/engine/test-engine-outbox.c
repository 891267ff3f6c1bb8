/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine-fixture.h"
#include "tern-script-server.h"

/*
 * Sending, when the server, the disk or the end of the program comes in between. The mailbox server
 * never finishes its login: nothing but the outbox moves.
 */

#define UUID "6f0c1d52-7a3c-4a55-9d0c-0c5f5f8f2a12"

#define GREETING \
  "S: 220 mail.test ESMTP", "C: EHLO *", "S: 250-mail.test", "S: 250 AUTH PLAIN", "C: AUTH PLAIN *"
#define LOGIN GREETING, "S: 235 welcome"
#define FIRST LOGIN, "C: MAIL FROM:*", "S: 250 ok"

/* Stands in for the C library's, for SQLite too: the disk may be full. */

static gint disk_is_full; /* (atomic) */

ssize_t
pwrite64 (int fd, const void *data, size_t size, off64_t offset)
{
  if (!g_atomic_int_get (&disk_is_full))
    return syscall (SYS_pwrite64, fd, data, size, offset);
  errno = ENOSPC;
  return -1;
}

typedef struct
{
  TernTestCert *cert;
  TernScriptServer *imap;
  TernScriptServer *smtp;
  EngineFixture *fixture;
  char *uuid;
  TernId entry;
  TernOutboxState state; /* waited for */
  guint wanted;          /* likewise: operations to append */
} Setup;

static void
set_up_offline (Setup *setup)
{
  g_autoptr (TernAccountSettings) settings = tern_account_settings_new ();

  memset (setup, 0, sizeof *setup);
  setup->cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  setup->imap = tern_script_server_new (setup->cert, TRUE);
  setup->smtp = tern_script_server_new (setup->cert, TRUE);
  setup->fixture = engine_fixture_new ();
  for (guint i = 0; i < 3; i++)
    tern_script_server_add (setup->imap, "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi",
                            "STALL", NULL);
  tern_account_settings_guess (settings, "anna@example.test");
  g_free (settings->uuid);
  settings->uuid = g_strdup (UUID);
  tern_endpoint_unref (settings->imap);
  settings->imap = tern_endpoint_new ("127.0.0.1", tern_script_server_get_port (setup->imap),
                                      TERN_SECURITY_TLS, setup->cert->ca_file, NULL);
  tern_endpoint_unref (settings->smtp);
  settings->smtp = tern_endpoint_new ("127.0.0.1", tern_script_server_get_port (setup->smtp),
                                      TERN_SECURITY_TLS, setup->cert->ca_file, NULL);
  engine_fixture_open (setup->fixture, FALSE);
  setup->uuid = engine_fixture_add_account (setup->fixture, settings, "geheim");
}

static void
set_up (Setup *setup)
{
  set_up_offline (setup);
  engine_fixture_close (setup->fixture);
  engine_fixture_open (setup->fixture, TRUE);
}

static void
tear_down (Setup *setup)
{
  engine_fixture_free (setup->fixture);
  tern_script_server_free (setup->imap);
  tern_script_server_free (setup->smtp);
  tern_test_cert_free (setup->cert);
  g_free (setup->uuid);
}

/* Sends to ben and to cem. */
static TernId
send_two (Setup *setup)
{
  g_autoptr (TernDraft) draft = tern_draft_new ();
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_free (draft->account);
  draft->account = g_strdup (setup->uuid);
  g_clear_pointer (&draft->from, tern_address_free);
  draft->from = tern_address_new ("Anna", "anna@example.test");
  g_ptr_array_add (draft->to, tern_address_new ("", "ben@example.net"));
  g_ptr_array_add (draft->cc, tern_address_new ("", "cem@example.net"));
  g_free (draft->subject);
  draft->subject = g_strdup ("tidings");
  g_free (draft->text);
  draft->text = g_strdup ("Hello\n");
  tern_engine_send_async (setup->fixture->engine, draft, 0, engine_store_result, &slot);
  result = engine_await (&slot);
  setup->entry = tern_engine_send_finish (setup->fixture->engine, result, &error);
  g_assert_no_error (error);
  return setup->entry;
}

static gpointer
read_now (Setup *setup, TernStoreRead func)
{
  TernStore *store = tern_engine_get_store (setup->fixture->engine);
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gpointer value = NULL;

  tern_store_read_async (store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, func, &setup->entry, NULL, NULL,
                         NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  tern_store_read_finish (store, result, &value, &error);
  g_assert_no_error (error);
  return value;
}

static gboolean
read_entry (TernReader *reader,
            gpointer data,
            GCancellable *cancellable,
            gpointer *result,
            GError **error)
{
  *result = tern_read_outbox_entry (reader, *(TernId *) data, error);
  return error == NULL || *error == NULL;
}

static gboolean
has_outbox_state (gpointer data)
{
  Setup *setup = data;
  g_autoptr (TernOutboxRecord) entry = read_now (setup, read_entry);

  return entry != NULL && entry->state == setup->state;
}

static void
wait_for_state (Setup *setup, TernOutboxState state)
{
  setup->state = state;
  engine_wait (has_outbox_state, setup);
}

static gboolean
has_fault (gpointer data)
{
  g_autoptr (TernOutboxRecord) entry = read_now (data, read_entry);

  return entry->fault != NULL;
}

static TernOutboxState
state_of (const TernOutboxRecord *entry, guint recipient)
{
  return ((TernRecipient *) g_ptr_array_index (entry->recipients, recipient))->state;
}

/* The answer to the message comes while the program ends: it is still stored. */
static void
test_close_while_sending (void)
{
  Setup setup;
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernOutboxRecord) entry = NULL;

  set_up (&setup);
  tern_script_server_add (setup.smtp, FIRST, "C: RCPT TO:*", "S: 250 ok", "C: RCPT TO:*",
                          "S: 250 ok", "C: DATA", "S: 354 go", "DATA", "WAIT", "S: 250 taken",
                          "STALL", NULL);
  send_two (&setup);
  wait_for_state (&setup, TERN_OUTBOX_SENT_DATA);
  tern_test_wait_until (tern_script_server_get_connections (setup.imap) == 1);
  tern_engine_close_async (setup.fixture->engine, engine_store_result, &slot);
  /* The mailbox server was left: the account is stopping. */
  tern_script_server_finish (setup.imap, 1);
  tern_script_server_go (setup.smtp);
  result = engine_await (&slot);
  tern_engine_close_finish (setup.fixture->engine, result, &error);
  g_assert_no_error (error);
  g_clear_object (&result);
  g_clear_object (&setup.fixture->engine);
  engine_fixture_open (setup.fixture, FALSE);
  entry = read_now (&setup, read_entry);
  g_assert_cmpint (entry->state, ==, TERN_OUTBOX_ACCEPTED);
  g_assert_cmpint (state_of (entry, 0), ==, TERN_OUTBOX_ACCEPTED);
  tear_down (&setup);
}

/* A server that says nothing does not keep the program, and the message is not lost. */
static void
test_close_while_waiting (void)
{
  Setup setup;
  gint64 began;
  g_autoptr (TernOutboxRecord) entry = NULL;

  set_up (&setup);
  tern_script_server_add (setup.smtp, FIRST, "STALL", NULL);
  send_two (&setup);
  tern_test_wait_until (tern_script_server_get_position (setup.smtp, 0) >= 8);
  began = g_get_monotonic_time ();
  engine_fixture_close (setup.fixture);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 30 * G_USEC_PER_SEC);
  engine_fixture_open (setup.fixture, FALSE);
  entry = read_now (&setup, read_entry);
  g_assert_cmpint (entry->state, ==, TERN_OUTBOX_QUEUED);
  g_assert_cmpint (entry->not_before, ==, 0);
  tear_down (&setup);
}

static gboolean
has_note (gpointer data)
{
  return ((Setup *) data)->fixture->notes->len > 0;
}

/* The server took the message and the disk is full: it is stored as soon as there is room. */
static void
test_disk_full (void)
{
  Setup setup;

  set_up (&setup);
  tern_script_server_add (setup.smtp, FIRST, "C: RCPT TO:*", "S: 250 ok", "C: RCPT TO:*",
                          "S: 250 ok", "C: DATA", "S: 354 go", "DATA", "WAIT", "S: 250 taken",
                          "STALL", NULL);
  send_two (&setup);
  wait_for_state (&setup, TERN_OUTBOX_SENT_DATA);
  g_test_expect_message ("tern-engine", G_LOG_LEVEL_WARNING, "the outbox could not be *");
  g_atomic_int_set (&disk_is_full, TRUE);
  tern_script_server_go (setup.smtp);
  engine_wait (has_note, &setup);
  g_atomic_int_set (&disk_is_full, FALSE);
  g_assert_nonnull (strstr (g_ptr_array_index (setup.fixture->notes, 0), "full"));
  wait_for_state (&setup, TERN_OUTBOX_ACCEPTED);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (tern_script_server_get_connections (setup.smtp), ==, 1);
  tear_down (&setup);
}

static void
add_partial (Setup *setup, const char *second)
{
  tern_script_server_add (setup->smtp, FIRST, "C: RCPT TO:<ben@*", "S: 250 ok", "C: RCPT TO:<cem@*",
                          "S: 451 later", "C: DATA", "S: 354 go", "DATA", "S: 250 taken",
                          "C: MAIL FROM:*", second, "STALL", NULL);
}

static TernDraft *
recall (Setup *setup, const char *keep, GError **error)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  tern_engine_recall_async (setup->fixture->engine, setup->entry, keep, engine_store_result, &slot);
  result = engine_await (&slot);
  return tern_engine_recall_finish (setup->fixture->engine, result, error);
}

/* The entry goes when the draft is in its file, and not before. */
static void
test_recall_keeps (void)
{
  Setup setup;
  g_autofree char *data = NULL, *nowhere = NULL, *file = NULL, *contents = NULL;
  gsize length = 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (TernDraft) draft = NULL, kept = NULL;
  g_autoptr (TernOutboxRecord) entry = NULL;

  set_up_offline (&setup);
  send_two (&setup);
  data = g_build_filename (setup.fixture->dir, "data", NULL);
  nowhere = g_build_filename (data, "mail.db", "composing", "one.draft", NULL);
  g_assert_null (recall (&setup, nowhere, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  entry = read_now (&setup, read_entry);
  g_assert_nonnull (entry);
  g_assert_cmpint (entry->state, ==, TERN_OUTBOX_QUEUED);

  file = g_build_filename (data, "composing", "one.draft", NULL);
  draft = recall (&setup, file, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (file, &contents, &length, NULL));
  bytes = g_bytes_new (contents, length);
  kept = tern_draft_decode (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (kept->subject, ==, "tidings");
  g_assert_cmpuint (kept->to->len + kept->cc->len, ==, 2);
  g_assert_null (read_now (&setup, read_entry));
  tear_down (&setup);
}

/* Who has it already is not in the draft that comes back. */
static void
test_recall (void)
{
  Setup setup;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernDraft) draft = NULL;
  g_autoptr (TernOutboxRecord) entry = NULL;

  set_up (&setup);
  add_partial (&setup, "STALL");
  send_two (&setup);
  engine_wait (has_fault, &setup);
  draft = recall (&setup, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (draft->to->len, ==, 0);
  g_assert_cmpuint (draft->cc->len, ==, 1);
  /* What ben got is filed. */
  wait_for_state (&setup, TERN_OUTBOX_ACCEPTED);
  entry = read_now (&setup, read_entry);
  g_assert_cmpint (state_of (entry, 0), ==, TERN_OUTBOX_ACCEPTED);
  g_assert_cmpint (state_of (entry, 1), ==, TERN_OUTBOX_REFUSED);
  tear_down (&setup);
}

static void
retry (Setup *setup)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tern_engine_retry_async (setup->fixture->engine, setup->entry, engine_store_result, &slot);
  result = engine_await (&slot);
  tern_engine_retry_finish (setup->fixture->engine, result, &error);
  g_assert_no_error (error);
}

/* Sent to one, refused for the other: that is not a message to be sent once more. */
static void
test_partly_refused (void)
{
  Setup setup;
  g_autoptr (TernOutboxRecord) entry = NULL;

  set_up (&setup);
  add_partial (&setup, "S: 550 5.7.1 not you");
  send_two (&setup);
  engine_wait (has_fault, &setup);
  retry (&setup);
  wait_for_state (&setup, TERN_OUTBOX_ACCEPTED);
  entry = read_now (&setup, read_entry);
  g_assert_cmpint (state_of (entry, 0), ==, TERN_OUTBOX_ACCEPTED);
  g_assert_cmpint (state_of (entry, 1), ==, TERN_OUTBOX_REFUSED);
  g_assert_nonnull (entry->fault);
  tear_down (&setup);
}

#define TAKE                                                                                \
  "C: RCPT TO:*", "S: 250 ok", "C: RCPT TO:*", "S: 250 ok", "C: DATA", "S: 354 go", "DATA", \
      "S: 250 taken"

/* A person who says "try again" means all that waits, not the one that is due. */
static void
test_try_again_all (void)
{
  Setup setup;
  TernId first, second;

  set_up (&setup);
  tern_script_server_add (setup.smtp, "S: 421 busy", NULL);
  tern_script_server_add (setup.smtp, "S: 421 busy", NULL);
  tern_script_server_add (setup.smtp, FIRST, TAKE, "C: MAIL FROM:*", "S: 250 ok", TAKE, "STALL",
                          NULL);
  first = send_two (&setup);
  engine_wait (has_fault, &setup);
  second = send_two (&setup);
  engine_wait (has_fault, &setup);
  g_assert_cmpuint (tern_script_server_get_connections (setup.smtp), ==, 2);
  retry (&setup);
  wait_for_state (&setup, TERN_OUTBOX_ACCEPTED);
  setup.entry = first;
  wait_for_state (&setup, TERN_OUTBOX_ACCEPTED);
  g_assert_cmpint (second, !=, first);
  tear_down (&setup);
}

static void
run_sql (Setup *setup, const char *file, const char *sql)
{
  g_autofree char *path = g_build_filename (setup->fixture->dir, "data", file, NULL);
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  sqlite3_busy_timeout (db, 10000);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
}

/* Sent to one of them: the other one can be written to again, or let be. */
static void
test_partly_refused_ends (gconstpointer data)
{
  gboolean edit = GPOINTER_TO_INT (data);
  Setup setup;
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernDraft) draft = NULL;

  set_up_offline (&setup);
  send_two (&setup);
  g_assert_cmpint (TERN_OUTBOX_ACCEPTED, ==, 4);
  g_assert_cmpint (TERN_OUTBOX_REFUSED, ==, 6);
  run_sql (&setup, "mail.db",
           "UPDATE outbox SET state = 5;"
           "UPDATE outbox_recipient SET state = 4 + 2 * position");
  if (edit)
    {
      draft = recall (&setup, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (draft->to->len, ==, 0);
      g_assert_cmpuint (draft->cc->len, ==, 1);
    }
  else
    {
      tern_engine_drop_outbox_async (setup.fixture->engine, setup.entry, engine_store_result,
                                     &slot);
      result = engine_await (&slot);
      g_assert_true (tern_engine_drop_outbox_finish (setup.fixture->engine, result, &error));
      g_assert_no_error (error);
      g_clear_object (&result);
    }
  g_assert_null (read_now (&setup, read_entry));
  tear_down (&setup);
}

/* One that cannot be read is refused, and holds up no other. */
static void
test_damaged (void)
{
  Setup setup;
  TernId first;
  g_autoptr (TernOutboxRecord) entry = NULL;

  set_up_offline (&setup);
  first = send_two (&setup);
  send_two (&setup);
  engine_fixture_close (setup.fixture);
  run_sql (&setup, "bodies.db",
           "UPDATE body SET data = zeroblob (20) WHERE id = (SELECT min (id) FROM body)");
  tern_script_server_add (setup.smtp, FIRST, TAKE, "STALL", NULL);
  engine_fixture_open (setup.fixture, TRUE);
  wait_for_state (&setup, TERN_OUTBOX_ACCEPTED);
  setup.entry = first;
  entry = read_now (&setup, read_entry);
  g_assert_cmpint (entry->state, ==, TERN_OUTBOX_REFUSED);
  g_assert_nonnull (strstr (entry->fault, "damaged"));
  tear_down (&setup);
}

static gboolean
has_two_notes (gpointer data)
{
  return ((Setup *) data)->fixture->notes->len == 2;
}

/* One login, not one for each message; then a person asks. */
static void
test_wrong_password (void)
{
  Setup setup;
  TernId first, second;
  TernAccountStatus *status;
  g_autoptr (TernOutboxRecord) entry = NULL;

  set_up (&setup);
  tern_script_server_add (setup.smtp, GREETING, "S: 535 5.7.8 wrong", "STALL", NULL);
  tern_script_server_add (setup.smtp, FIRST, "C: RCPT TO:*", "S: 250 ok", "C: RCPT TO:*",
                          "S: 250 ok", "C: DATA", "S: 354 go", "DATA", "S: 250 taken",
                          "C: MAIL FROM:*", "S: 250 ok", "C: RCPT TO:*", "S: 250 ok",
                          "C: RCPT TO:*", "S: 250 ok", "C: DATA", "S: 354 go", "DATA",
                          "S: 250 taken", "STALL", NULL);
  first = send_two (&setup);
  engine_wait (has_fault, &setup);
  second = send_two (&setup);
  engine_wait (has_fault, &setup);
  entry = read_now (&setup, read_entry);
  g_assert_cmpint (entry->state, ==, TERN_OUTBOX_QUEUED);
  g_assert_cmpuint (entry->attempts, ==, 0);
  g_assert_cmpuint (tern_script_server_get_connections (setup.smtp), ==, 1);
  engine_wait (has_two_notes, &setup);
  status = tern_engine_dup_account_status (setup.fixture->engine, setup.uuid);
  g_assert_error (status->sending, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  g_assert_nonnull (strstr (status->sending->message, "anna@example.test"));
  tern_account_status_free (status);
  retry (&setup);
  wait_for_state (&setup, TERN_OUTBOX_ACCEPTED);
  status = tern_engine_dup_account_status (setup.fixture->engine, setup.uuid);
  g_assert_no_error (status->sending);
  tern_account_status_free (status);
  setup.entry = first;
  wait_for_state (&setup, TERN_OUTBOX_ACCEPTED);
  g_assert_cmpint (second, !=, first);
  tear_down (&setup);
}

/* Copies for Sent */

static gboolean
read_append (TernReader *reader,
             gpointer data,
             GCancellable *cancellable,
             gpointer *result,
             GError **error)
{
  g_autoptr (TernOutboxRecord) entry = tern_read_outbox_entry (reader, *(TernId *) data, error);
  g_autoptr (GPtrArray) ops = tern_read_ops (reader, entry->account, 100, error);

  *result = g_array_new (FALSE, FALSE, sizeof (TernId));
  for (guint i = 0; i < ops->len; i++)
    {
      const TernOpRecord *op = g_ptr_array_index (ops, i);

      if (op->kind == TERN_OP_APPEND && op->state == TERN_OP_PENDING)
        g_array_append_val (*result, op->id);
    }
  return TRUE;
}

static gboolean
has_append (gpointer data)
{
  g_autoptr (GArray) ops = read_now (data, read_append);

  return ops->len > 0;
}

static gboolean
refuse_op (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  g_autoptr (GError) fault = tern_fault_new (TERN_FAULT_LIMIT, "no room");

  return tern_txn_op_refused (txn, *(TernId *) data, fault, error);
}

/* As the server would have. */
static void
refuse_append (Setup *setup)
{
  TernStore *store = tern_engine_get_store (setup->fixture->engine);
  g_autoptr (GArray) ops = NULL;
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  engine_wait (has_append, setup);
  ops = read_now (setup, read_append);
  g_assert_cmpuint (ops->len, ==, 1);
  tern_store_write_async (store, G_PRIORITY_DEFAULT, refuse_op, ops->data, NULL, NULL,
                          engine_store_result, &slot);
  result = engine_await (&slot);
  tern_store_write_finish (store, result, NULL, &error);
  g_assert_no_error (error);
}

/* The message was sent to one of them; where the copy stays does not change that, nor who did not
 * get it. */
static void
test_copy_refused (void)
{
  Setup setup;
  g_autoptr (TernOutboxRecord) entry = NULL;
  g_autoptr (GPtrArray) copies = NULL;

  set_up (&setup);
  tern_script_server_add (setup.smtp, FIRST, "C: RCPT TO:*", "S: 250 ok", "C: RCPT TO:*",
                          "S: 550 5.1.1 nobody", "C: DATA", "S: 354 go", "DATA", "S: 250 taken",
                          "STALL", NULL);
  send_two (&setup);
  refuse_append (&setup);
  refuse_append (&setup);
  wait_for_state (&setup, TERN_OUTBOX_DONE);
  entry = read_now (&setup, read_entry);
  g_assert_nonnull (strstr (entry->fault, "cem@example.net"));
  g_assert_cmpstr (entry->server_text, ==, "nobody");
  copies = engine_fixture_messages (setup.fixture, setup.uuid, "Sent");
  g_assert_cmpuint (copies->len, ==, 1);
  g_ptr_array_set_free_func (copies, (GDestroyNotify) tern_message_record_free);
  tear_down (&setup);
}

/* "ternctl send" does not wait for the copy when it cannot be filed soon. */
static void
test_wait (void)
{
  Setup setup;
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernOutboxRecord) entry = NULL;

  set_up (&setup);
  tern_script_server_add (setup.smtp, FIRST, "C: RCPT TO:*", "S: 250 ok", "C: RCPT TO:*",
                          "S: 550 5.1.1 nobody", "C: DATA", "S: 354 go", "DATA", "S: 250 taken",
                          "STALL", NULL);
  send_two (&setup);
  tern_engine_wait_outbox_async (setup.fixture->engine, setup.entry, NULL, engine_store_result,
                                 &slot);
  result = engine_await (&slot);
  entry = tern_engine_wait_outbox_finish (setup.fixture->engine, result, &error);
  g_assert_no_error (error);
  g_clear_object (&result);
  g_assert_cmpint (entry->state, ==, TERN_OUTBOX_ACCEPTED);
  tear_down (&setup);
}

static gboolean
delete_copy (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  TernReader *reader = tern_txn_reader (txn);
  g_autoptr (TernOutboxRecord) entry = tern_read_outbox_entry (reader, *(TernId *) data, error);
  g_autoptr (GArray) copies =
      tern_read_locations_by_message_id (reader, entry->account, entry->message_id, error);
  g_autoptr (GArray) ops =
      tern_txn_op_expunge (txn, (const TernId *) copies->data, copies->len, error);

  return ops != NULL;
}

/* Somebody deletes the copy before it is on the server: it does not come back. */
static void
test_copy_deleted (void)
{
  Setup setup;
  TernStore *store;
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) copies = NULL;

  set_up (&setup);
  tern_script_server_add (setup.smtp, FIRST, "C: RCPT TO:*", "S: 250 ok", "C: RCPT TO:*",
                          "S: 250 ok", "C: DATA", "S: 354 go", "DATA", "S: 250 taken", "STALL",
                          NULL);
  send_two (&setup);
  engine_wait (has_append, &setup);
  store = tern_engine_get_store (setup.fixture->engine);
  tern_store_write_async (store, G_PRIORITY_DEFAULT, delete_copy, &setup.entry, NULL, NULL,
                          engine_store_result, &slot);
  result = engine_await (&slot);
  tern_store_write_finish (store, result, NULL, &error);
  g_assert_no_error (error);
  wait_for_state (&setup, TERN_OUTBOX_DONE);
  copies = engine_fixture_messages (setup.fixture, setup.uuid, "Sent");
  g_assert_cmpuint (copies->len, ==, 0);
  tear_down (&setup);
}

/* Starting */

/* The first thing that an account stores cannot be stored: that is told, and can be tried again. */
static void
test_start_again (void)
{
  Setup setup;

  set_up_offline (&setup);
  engine_fixture_close (setup.fixture);
  run_sql (&setup, "mail.db",
           "CREATE TRIGGER no_folder BEFORE INSERT ON folder"
           " BEGIN SELECT RAISE (ABORT, 'no'); END");
  engine_fixture_open (setup.fixture, TRUE);
  engine_wait_state (setup.fixture, setup.uuid, TERN_ACCOUNT_REFUSED);
  g_assert_cmpuint (tern_script_server_get_connections (setup.imap), ==, 0);
  run_sql (&setup, "mail.db", "DROP TRIGGER no_folder");
  tern_engine_refresh (setup.fixture->engine, setup.uuid);
  tern_test_wait_until (tern_script_server_get_connections (setup.imap) == 1);
  tear_down (&setup);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/outbox/close-while-sending", test_close_while_sending);
  g_test_add_func ("/engine/outbox/close-while-waiting", test_close_while_waiting);
  g_test_add_func ("/engine/outbox/disk-full", test_disk_full);
  g_test_add_func ("/engine/outbox/recall", test_recall);
  g_test_add_func ("/engine/outbox/recall-keeps", test_recall_keeps);
  g_test_add_func ("/engine/outbox/partly-refused", test_partly_refused);
  g_test_add_data_func ("/engine/outbox/partly-refused/edit", GINT_TO_POINTER (TRUE),
                        test_partly_refused_ends);
  g_test_add_data_func ("/engine/outbox/partly-refused/dismiss", NULL, test_partly_refused_ends);
  g_test_add_func ("/engine/outbox/try-again-all", test_try_again_all);
  g_test_add_func ("/engine/outbox/damaged", test_damaged);
  g_test_add_func ("/engine/outbox/wrong-password", test_wrong_password);
  g_test_add_func ("/engine/outbox/copy-refused", test_copy_refused);
  g_test_add_func ("/engine/outbox/copy-deleted", test_copy_deleted);
  g_test_add_func ("/engine/outbox/wait", test_wait);
  g_test_add_func ("/engine/outbox/start-again", test_start_again);
  return g_test_run ();
}
