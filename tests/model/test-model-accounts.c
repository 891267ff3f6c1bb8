/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model-fixture.h"

#include "tern-account.h"

/* Nobody listens on this port of the loopback interface. */
static guint16
closed_port (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GError) error = NULL;
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, &error);

  g_assert_no_error (error);
  g_socket_listener_close (listener);
  return port;
}

static TernAccountSettings *
new_settings (const char *address)
{
  TernAccountSettings *settings = tern_account_settings_new ();

  tern_account_settings_guess (settings, address);
  tern_endpoint_unref (settings->imap);
  settings->imap = tern_endpoint_new ("127.0.0.1", closed_port (), TERN_SECURITY_TLS, NULL, NULL);
  return settings;
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  *(int *) data += (int) added - (int) removed;
}

static void
test_list (void)
{
  g_autoptr (EngineFixture) fixture = engine_fixture_new ();
  g_autoptr (TernAccountList) list = NULL;
  g_autoptr (TernAccountSettings) one = new_settings ("one@example.org");
  g_autoptr (TernAccountSettings) two = new_settings ("two@example.org");
  g_autofree char *uuid_one = NULL;
  g_autofree char *uuid_two = NULL;
  TernAccount *account;
  int count = 0;

  engine_fixture_open (fixture, FALSE);
  list = tern_account_list_new (fixture->engine);
  g_signal_connect (list, "items-changed", G_CALLBACK (on_items_changed), &count);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 0);
  uuid_one = engine_fixture_add_account (fixture, one, "secret");
  account = tern_account_list_find (list, uuid_one);
  g_assert_nonnull (account);
  g_assert_cmpint (count, ==, 1);
  g_assert_cmpstr (tern_account_get_address (account), ==, "one@example.org");
  g_assert_cmpint (tern_account_get_state (account), ==, TERN_ACCOUNT_DISABLED);
  g_assert_cmpstr (tern_account_get_status_text (account), ==, "");
  g_assert_cmpfloat (tern_account_get_progress (account), <, 0);
  g_assert_cmpint (tern_account_get_row (account), >, 0);

  /* The second one leaves the object of the first alone. */
  uuid_two = engine_fixture_add_account (fixture, two, "secret");
  g_assert_true (tern_account_list_find (list, uuid_one) == account);
  g_assert_nonnull (tern_account_list_find (list, uuid_two));
  g_assert_cmpint (count, ==, 2);
  g_assert_null (tern_account_list_find (list, "nobody"));
  g_assert_null (tern_account_list_find (list, NULL));
  g_signal_handlers_disconnect_by_data (list, &count);
  g_clear_object (&list);
}

static gboolean
is_offline (gpointer data)
{
  return tern_account_get_state (data) == TERN_ACCOUNT_OFFLINE
         && tern_account_get_error (data) != NULL;
}

/* A server that cannot be reached: a sentence that names it and says when it is tried again. */
static void
test_status (void)
{
  g_autoptr (EngineFixture) fixture = engine_fixture_new ();
  g_autoptr (TernAccountList) list = NULL;
  g_autoptr (TernAccountSettings) settings = new_settings ("one@example.org");
  g_autofree char *uuid = NULL;
  TernAccount *account;
  const char *text;

  engine_fixture_open (fixture, TRUE);
  list = tern_account_list_new (fixture->engine);
  uuid = engine_fixture_add_account (fixture, settings, "secret");
  account = tern_account_list_find (list, uuid);
  engine_wait (is_offline, account);
  text = tern_account_get_status_text (account);
  g_test_message ("%s", text);
  g_assert_nonnull (strstr (text, "127.0.0.1"));
  g_assert_nonnull (strstr (text, "Trying again at "));
  g_assert_cmpint (text[strlen (text) - 1], ==, '.');
  g_clear_object (&list);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model/accounts/list", test_list);
  g_test_add_func ("/model/accounts/status", test_status);
  return g_test_run ();
}
