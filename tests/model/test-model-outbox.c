/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model-fixture.h"
#include "tern-outbox-list.h"

static void
add_entry (TernTxn *txn,
           TernId account,
           TernOutboxState state,
           TernOutboxState second,
           const char *fault)
{
  g_autoptr (GPtrArray) recipients =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_recipient_free);
  TernOutboxRecord record = { .account = account,
                              .state = state,
                              .message_id = (char *) "one@example.test",
                              .from = (char *) "anna@example.test",
                              .body_hash = (char *) "0123",
                              .recipients = recipients,
                              .fault = (char *) fault };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 2; i++)
    {
      TernRecipient *recipient = g_new0 (TernRecipient, 1);

      recipient->address = g_strdup (i == 0 ? "ben@example.test" : "cem@example.test");
      recipient->state = i == 0 ? TERN_OUTBOX_ACCEPTED : second;
      g_ptr_array_add (recipients, recipient);
    }
  g_assert_cmpint (tern_txn_outbox_add (txn, &record, &error), !=, 0);
  g_assert_no_error (error);
}

static void
add_entries (TernTxn *txn, gpointer data)
{
  TernId accounts[2] = { *(TernId *) data, tern_txn_ensure_account (txn, "another", NULL) };

  add_entry (txn, accounts[0], TERN_OUTBOX_DONE, TERN_OUTBOX_ACCEPTED, NULL);
  add_entry (txn, accounts[0], TERN_OUTBOX_QUEUED, TERN_OUTBOX_QUEUED, NULL);
  add_entry (txn, accounts[0], TERN_OUTBOX_QUEUED, TERN_OUTBOX_QUEUED, "busy");
  add_entry (txn, accounts[1], TERN_OUTBOX_QUEUED, TERN_OUTBOX_QUEUED, "busy");
  add_entry (txn, accounts[0], TERN_OUTBOX_QUEUED, TERN_OUTBOX_QUEUED, "busy");
  add_entry (txn, accounts[0], TERN_OUTBOX_DONE, TERN_OUTBOX_REFUSED, "not for cem");
  add_entry (txn, accounts[0], TERN_OUTBOX_ACCEPTED, TERN_OUTBOX_REFUSED, "not for cem");
  add_entry (txn, accounts[0], TERN_OUTBOX_REFUSED, TERN_OUTBOX_QUEUED, "no");
  add_entry (txn, accounts[0], TERN_OUTBOX_UNCERTAIN, TERN_OUTBOX_QUEUED, "who knows");
}

static gboolean
is_read (gpointer data)
{
  return !tern_outbox_list_is_reading (data);
}

/* Of the first entry in that state. */
static void
check_description (TernOutboxList *list, TernOutboxState state, const char *expected)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (list)); i++)
    {
      g_autoptr (TernOutboxItem) item = g_list_model_get_item (G_LIST_MODEL (list), i);
      g_autofree char *text = tern_outbox_item_dup_description (item);

      if (tern_outbox_item_get_record (item)->state != state)
        continue;
      g_assert_cmpstr (text, ==, expected);
      return;
    }
  g_assert_not_reached ();
}

/* What a person has to look at, what waits for something, and what is nobody's trouble. */
static void
test_count (void)
{
  EngineFixture *fixture = engine_fixture_new ();
  TernId account;
  TernOutboxList *list;
  TernOutboxItem *item;
  TernOutboxTrouble troubles;
  guint n = 0;

  engine_fixture_open (fixture, FALSE);
  account = model_add_account (fixture);
  model_write (fixture, add_entries, &account);
  list = tern_outbox_list_new (fixture->engine);
  engine_wait (is_read, list);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 8);
  g_assert_cmpuint (tern_outbox_list_count_troubled (list, &troubles), ==, 4);
  g_assert_cmpuint (
      troubles, ==,
      TERN_OUTBOX_TROUBLE_REFUSED | TERN_OUTBOX_TROUBLE_UNCERTAIN | TERN_OUTBOX_TROUBLE_PARTLY);
  check_description (list, TERN_OUTBOX_DONE,
                     "not for cem\nThe other recipients have been sent it.");
  check_description (list, TERN_OUTBOX_UNCERTAIN, "who knows");
  item = tern_outbox_list_find_waiting (list, &n);
  g_assert_nonnull (item);
  g_assert_cmpint (tern_outbox_item_get_record (item)->account, ==, account);
  g_assert_cmpuint (n, ==, 2);
  g_object_unref (list);
  engine_fixture_free (fixture);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model/outbox/count", test_count);
  return g_test_run ();
}
