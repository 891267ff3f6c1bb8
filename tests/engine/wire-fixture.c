/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire-fixture.h"

static void
on_progress (const char *path, gint64 done, gint64 total, gpointer data)
{
}

static void
on_remote_folder_changed (TernId folder, gpointer data)
{
}

static void
on_closed (const GError *error, gpointer data)
{
}

void
wire_keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  ((Wire *) data)->result = g_object_ref (result);
}

void
wire_init (Wire *self, const char *const *script)
{
  static const TernRemoteEvents events = { .progress = on_progress,
                                           .folder_changed = on_remote_folder_changed,
                                           .closed = on_closed };
  g_autoptr (TernCredentials) credentials = tern_credentials_new ("anna", "secret");
  g_autoptr (TernEndpoint) endpoint = NULL;
  GError *error = NULL;
  TernTxn *txn;

  *self = (Wire){ .store = store_fixture_new () };
  self->cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  self->server = tern_script_server_new (self->cert, TRUE);
  tern_script_server_addv (self->server, script);
  txn = store_begin (self->store);
  g_assert_true (tern_txn_set_sync_state (txn, self->store->inbox, 1, 100, 0, 1, NULL));
  g_assert_true (tern_txn_set_sync_state (txn, self->store->archive, 2, 11, 0, 1, NULL));
  g_assert_true (tern_txn_set_remote_counts (txn, self->store->archive, 1, 0, TRUE, NULL));
  store_commit (self->store);
  endpoint = tern_endpoint_new ("127.0.0.1", tern_script_server_get_port (self->server),
                                TERN_SECURITY_TLS, self->cert->ca_file, NULL);
  self->remote = TERN_REMOTE (tern_imap_remote_new (self->store->store, self->store->account,
                                                    endpoint, credentials, FALSE, &events, self));
  tern_remote_open_async (self->remote, NULL, wire_keep_result, self);
  tern_test_wait_until (self->result != NULL);
  g_assert_true (tern_remote_open_finish (self->remote, self->result, &error));
  g_assert_no_error (error);
  g_clear_object (&self->result);
}

void
wire_clear (Wire *self)
{
  tern_remote_close (self->remote);
  g_object_unref (self->remote);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  store_fixture_free (self->store);
  tern_script_server_free (self->server);
  tern_test_cert_free (self->cert);
}
