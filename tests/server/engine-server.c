/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine-server.h"

#define UUID "6f0c1d52-7a3c-4a55-9d0c-0c5f5f8f2a11"

TernAccountSettings *
engine_any_settings (void)
{
  TernAccountSettings *settings = tern_account_settings_new ();

  tern_account_settings_guess (settings, "anna@example.test");
  g_free (settings->uuid);
  settings->uuid = g_strdup (UUID);
  return settings;
}

TernAccountSettings *
engine_server_settings (TernMailServer *server, guint user, gboolean smtp)
{
  TernAccountSettings *settings = engine_any_settings ();
  const char *host = tern_mail_server_get_host (server);
  const char *ca = tern_mail_server_get_ca_file (server);

  tern_account_settings_guess (settings, tern_mail_server_get_address (server, user));
  tern_endpoint_unref (settings->imap);
  tern_endpoint_unref (settings->smtp);
  settings->imap = tern_endpoint_new (host, tern_mail_server_get_port (server, "imap"),
                                      TERN_SECURITY_TLS, ca, NULL);
  settings->smtp = tern_endpoint_new (host, smtp ? tern_mail_server_get_port (server, "smtp") : 1,
                                      TERN_SECURITY_TLS, ca, NULL);
  return settings;
}

gboolean
engine_setup_begin (EngineSetup *setup, gboolean smtp, TernMailServer *server)
{
  g_autoptr (TernAccountSettings) settings = NULL;

  setup->server = server;
  if (server == NULL)
    return FALSE;
  setup->fixture = engine_fixture_new ();
  engine_fixture_open (setup->fixture, TRUE);
  settings = engine_server_settings (server, 0, smtp);
  setup->uuid = engine_fixture_add_account (setup->fixture, settings,
                                            tern_mail_server_get_password (server, 0));
  return TRUE;
}

void
engine_setup_end (EngineSetup *setup)
{
  engine_fixture_free (setup->fixture);
  tern_mail_server_free (setup->server);
  g_free (setup->uuid);
}

/* What the server holds: "FOLDER subject flags" of every message. */
static char *
server_has (EngineSetup *setup, const char *folder, const char *search)
{
  char *found =
      tern_mail_server_doveadm (setup->server, "search -u %s mailbox %s %s",
                                tern_mail_server_get_address (setup->server, 0), folder, search);

  return g_strstrip (found);
}

guint
engine_setup_count (EngineSetup *setup, const char *folder, const char *search)
{
  g_autofree char *found = server_has (setup, folder, search);
  g_auto (GStrv) lines = g_strsplit (found, "\n", -1);

  return *found == '\0' ? 0 : g_strv_length (lines);
}

GArray *
engine_setup_finish_verb (EngineSetup *setup, GAsyncResult **slot)
{
  g_autoptr (GAsyncResult) result = engine_await (slot);
  g_autoptr (GError) error = NULL;
  GArray *operations = tern_engine_verb_finish (setup->fixture->engine, result, &error);

  g_assert_no_error (error);
  return operations;
}

GArray *
engine_setup_move_to_role (EngineSetup *setup, const char *subject, TernRole role)
{
  g_autoptr (TernMessageRecord) record =
      engine_fixture_find (setup->fixture, setup->uuid, "INBOX", subject);
  GAsyncResult *slot = NULL;

  g_assert_nonnull (record);
  tern_engine_move_to_role_async (setup->fixture->engine, &record->id, 1, role, engine_store_result,
                                  &slot);
  return engine_setup_finish_verb (setup, &slot);
}

void
engine_setup_append (EngineSetup *setup, const char *subject, const char *flags)
{
  engine_setup_append_to (setup, "INBOX", subject, flags);
}

void
engine_setup_append_to (EngineSetup *setup,
                        const char *folder,
                        const char *subject,
                        const char *flags)
{
  g_autofree char *message = g_strdup_printf ("From: c@example.test\r\nSubject: %s\r\n"
                                              "Message-ID: <%s@example.test>\r\n"
                                              "Date: Mon, 23 Nov 2026 10:00:00 +0100\r\n\r\n%s\r\n",
                                              subject, subject, subject);

  tern_mail_server_append (setup->server, "anna", folder, message, flags);
}

TernBody *
engine_setup_load_body (EngineSetup *setup, TernId id)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TernBody *body;

  tern_engine_load_body_async (setup->fixture->engine, id, NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  body = tern_engine_load_body_finish (setup->fixture->engine, result, &error);
  g_assert_no_error (error);
  return body;
}

TernDraft *
engine_setup_draft (EngineSetup *setup, const char *to, const char *subject)
{
  TernDraft *draft = tern_draft_new ();

  g_free (draft->account);
  draft->account = g_strdup (setup->uuid);
  g_clear_pointer (&draft->from, tern_address_free);
  draft->from = tern_address_new ("Anna", tern_mail_server_get_address (setup->server, 0));
  g_ptr_array_add (draft->to, tern_address_new ("", to));
  g_free (draft->subject);
  draft->subject = g_strdup (subject);
  g_free (draft->text);
  draft->text = g_strdup ("Hello\n");
  return draft;
}

TernId
engine_setup_send (EngineSetup *setup, const TernDraft *draft)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TernId id;

  tern_engine_send_async (setup->fixture->engine, draft, 0, engine_store_result, &slot);
  result = engine_await (&slot);
  id = tern_engine_send_finish (setup->fixture->engine, result, &error);
  g_assert_no_error (error);
  return id;
}

TernOutboxRecord *
engine_setup_wait_outbox (EngineSetup *setup, TernId id)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TernOutboxRecord *entry;

  tern_engine_wait_outbox_async (setup->fixture->engine, id, NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  entry = tern_engine_wait_outbox_finish (setup->fixture->engine, result, &error);
  g_assert_no_error (error);
  return entry;
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

TernOutboxRecord *
engine_setup_outbox_entry (EngineSetup *setup, TernId id)
{
  TernStore *store = tern_engine_get_store (setup->fixture->engine);
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gpointer entry = NULL;

  tern_store_read_async (store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, read_entry, &id, NULL, NULL,
                         NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  tern_store_read_finish (store, result, &entry, &error);
  g_assert_no_error (error);
  return entry;
}
