/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"

static TernId
add (StoreFixture *f, TernOutboxState state)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("From: a\r\n\r\nHello\r\n", 18);
  g_autoptr (GPtrArray) recipients =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_recipient_free);
  TernOutboxRecord record = { 0 };
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  g_autofree char *hash = tern_txn_put_loose_body (txn, body, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    {
      TernRecipient *recipient = g_new0 (TernRecipient, 1);

      recipient->address = g_strdup_printf ("r%u@example.net", i);
      recipient->state = TERN_OUTBOX_QUEUED;
      g_ptr_array_add (recipients, recipient);
    }
  record.account = f->account;
  record.state = state;
  record.message_id = (char *) "m@example.org";
  record.from = (char *) "a@example.org";
  record.subject = (char *) "Hello";
  record.body_hash = hash;
  record.draft = (char *) "{}";
  record.recipients = recipients;
  record.in_reply_to = 7;
  record.reply_flag = TERN_FLAG_ANSWERED;
  record.size = 18;
  record.not_before = 5000;
  record.queued = 1234;
  TernId id = tern_txn_outbox_add (txn, &record, &error);
  g_assert_no_error (error);
  store_commit (f);
  return id;
}

static gboolean
go (StoreFixture *f, TernId id, TernOutboxState state)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  gboolean ok = tern_txn_outbox_state (txn, id, state, 9, "why", "550 no", &error);

  if (ok)
    store_commit (f);
  else
    {
      g_assert_error (error, TERN_FAULT, TERN_FAULT_INTERNAL);
      g_clear_error (&error);
      store_rollback (f);
    }
  return ok;
}

static TernOutboxRecord *
entry (StoreFixture *f, TernId id)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_LIST);
  TernOutboxRecord *record = tern_read_outbox_entry (reader, id, NULL);

  store_read_end (f);
  return record;
}

static void
test_add (void)
{
  StoreFixture *f = store_fixture_new ();
  g_ptr_array_set_size (f->changes, 0);
  TernId id = add (f, TERN_OUTBOX_HELD);

  g_assert_true (((TernChangeSet *) g_ptr_array_index (f->changes, 0))->outbox_changed);
  store_reopen (f);
  g_autoptr (TernOutboxRecord) record = entry (f, id);
  g_assert_cmpint (record->state, ==, TERN_OUTBOX_HELD);
  g_assert_cmpstr (record->message_id, ==, "m@example.org");
  g_assert_cmpstr (record->from, ==, "a@example.org");
  g_assert_cmpstr (record->draft, ==, "{}");
  g_assert_cmpuint (record->recipients->len, ==, 2);
  g_assert_cmpint (record->in_reply_to, ==, 7);
  g_assert_cmpint (record->reply_flag, ==, TERN_FLAG_ANSWERED);
  g_assert_cmpint (record->not_before, ==, 5000);
  g_assert_cmpint (record->queued, ==, 1234);
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (GBytes) body = tern_read_loose_body (reader, record->body_hash, NULL);
  g_assert_cmpuint (g_bytes_get_size (body), ==, 18);
  g_autoptr (GPtrArray) all = tern_read_outbox (reader, 0, NULL);
  g_autoptr (GPtrArray) none = tern_read_outbox (reader, f->account + 1, NULL);
  g_assert_cmpuint (all->len, ==, 1);
  g_assert_cmpuint (none->len, ==, 0);
  store_read_end (f);
  store_fixture_free (f);
}

static void
test_way_to_done (void)
{
  static const TernOutboxState way[] = { TERN_OUTBOX_QUEUED,    TERN_OUTBOX_CONNECTING,
                                         TERN_OUTBOX_QUEUED,    TERN_OUTBOX_CONNECTING,
                                         TERN_OUTBOX_SENT_DATA, TERN_OUTBOX_ACCEPTED,
                                         TERN_OUTBOX_ACCEPTED,  TERN_OUTBOX_DONE };
  StoreFixture *f = store_fixture_new ();
  TernId id = add (f, TERN_OUTBOX_HELD);

  for (gsize i = 0; i < G_N_ELEMENTS (way); i++)
    g_assert_true (go (f, id, way[i]));
  g_autoptr (TernOutboxRecord) record = entry (f, id);
  g_assert_cmpint (record->state, ==, TERN_OUTBOX_DONE);
  g_assert_cmpuint (record->attempts, ==, 2);
  g_assert_cmpstr (record->fault, ==, "why");
  g_assert_cmpstr (record->server_text, ==, "550 no");
  g_assert_cmpint (record->not_before, ==, 9);
  store_fixture_free (f);
}

/* What must never happen: sending again what may have been sent, or losing what was taken. */
static void
test_forbidden (void)
{
  static const struct
  {
    TernOutboxState from;
    TernOutboxState to;
  } forbidden[] = {
    { TERN_OUTBOX_HELD, TERN_OUTBOX_CONNECTING },
    { TERN_OUTBOX_HELD, TERN_OUTBOX_DONE },
    { TERN_OUTBOX_QUEUED, TERN_OUTBOX_SENT_DATA },
    { TERN_OUTBOX_QUEUED, TERN_OUTBOX_DONE },
    { TERN_OUTBOX_CONNECTING, TERN_OUTBOX_DONE },
    { TERN_OUTBOX_CONNECTING, TERN_OUTBOX_ACCEPTED },
    { TERN_OUTBOX_SENT_DATA, TERN_OUTBOX_DONE },
    { TERN_OUTBOX_ACCEPTED, TERN_OUTBOX_QUEUED },
    { TERN_OUTBOX_ACCEPTED, TERN_OUTBOX_REFUSED },
    { TERN_OUTBOX_DONE, TERN_OUTBOX_QUEUED },
    { TERN_OUTBOX_REFUSED, TERN_OUTBOX_CONNECTING },
    { TERN_OUTBOX_UNCERTAIN, TERN_OUTBOX_CONNECTING },
  };
  StoreFixture *f = store_fixture_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (forbidden); i++)
    {
      TernId id = add (f, forbidden[i].from);

      g_assert_false (go (f, id, forbidden[i].to));
      g_autoptr (TernOutboxRecord) record = entry (f, id);
      g_assert_cmpint (record->state, ==, forbidden[i].from);
    }
  store_fixture_free (f);
}

/* Who has it has it, however the others fare. */
static void
test_sent_to_some (void)
{
  static const TernOutboxState from[] = { TERN_OUTBOX_QUEUED, TERN_OUTBOX_CONNECTING,
                                          TERN_OUTBOX_REFUSED };
  StoreFixture *f = store_fixture_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (from); i++)
    {
      TernId id = add (f, from[i]);
      TernTxn *txn;

      g_assert_false (go (f, id, TERN_OUTBOX_ACCEPTED));
      txn = store_begin (f);
      g_assert_true (
          tern_txn_outbox_recipient (txn, id, "r0@example.net", TERN_OUTBOX_ACCEPTED, NULL, NULL));
      store_commit (f);
      g_assert_true (go (f, id, TERN_OUTBOX_ACCEPTED));
    }
  store_fixture_free (f);
}

static void
test_restart (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId connecting = add (f, TERN_OUTBOX_CONNECTING);
  TernId sent = add (f, TERN_OUTBOX_SENT_DATA);
  TernId held = add (f, TERN_OUTBOX_HELD);
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_outbox_restart (txn, f->account, NULL));
  store_commit (f);
  g_autoptr (TernOutboxRecord) a = entry (f, connecting);
  g_autoptr (TernOutboxRecord) b = entry (f, sent);
  g_autoptr (TernOutboxRecord) c = entry (f, held);
  g_assert_cmpint (a->state, ==, TERN_OUTBOX_QUEUED);
  g_assert_cmpint (b->state, ==, TERN_OUTBOX_UNCERTAIN);
  g_assert_cmpint (c->state, ==, TERN_OUTBOX_HELD);
  store_fixture_free (f);
}

static void
test_recipients_and_removal (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = add (f, TERN_OUTBOX_CONNECTING);
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_outbox_recipient (txn, id, "r1@example.net", TERN_OUTBOX_REFUSED,
                                            "550 who?", &error));
  store_commit (f);
  g_autoptr (TernOutboxRecord) record = entry (f, id);
  const TernRecipient *first = g_ptr_array_index (record->recipients, 0);
  const TernRecipient *second = g_ptr_array_index (record->recipients, 1);
  g_assert_cmpint (first->state, ==, TERN_OUTBOX_QUEUED);
  g_assert_cmpint (second->state, ==, TERN_OUTBOX_REFUSED);
  g_assert_cmpstr (second->server_text, ==, "550 who?");
  txn = store_begin (f);
  g_assert_true (tern_txn_outbox_remove (txn, id, &error));
  store_commit (f);
  g_assert_null (entry (f, id));
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM outbox_recipient"), ==, 0);
  txn = store_begin (f);
  g_assert_false (tern_txn_outbox_state (txn, id, TERN_OUTBOX_QUEUED, 0, NULL, NULL, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_NOT_FOUND);
  g_clear_error (&error);
  store_rollback (f);
  store_fixture_free (f);
}

static void
test_names (void)
{
  g_assert_cmpstr (tern_outbox_state_name (TERN_OUTBOX_HELD), ==, "held");
  g_assert_cmpstr (tern_outbox_state_name (TERN_OUTBOX_SENT_DATA), ==, "sent-data");
  g_assert_cmpstr (tern_outbox_state_name (TERN_OUTBOX_UNCERTAIN), ==, "uncertain");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/outbox/add", test_add);
  g_test_add_func ("/store/outbox/way-to-done", test_way_to_done);
  g_test_add_func ("/store/outbox/forbidden", test_forbidden);
  g_test_add_func ("/store/outbox/sent-to-some", test_sent_to_some);
  g_test_add_func ("/store/outbox/restart", test_restart);
  g_test_add_func ("/store/outbox/recipients-and-removal", test_recipients_and_removal);
  g_test_add_func ("/store/outbox/names", test_names);
  return g_test_run ();
}
