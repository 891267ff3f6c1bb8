/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Passwords, in the Secret Service only (libsecret); beside this only TernKeyringWatch knows it.
 * A locked collection is waited for (the service shows its prompt); TERN_FAULT_KEYRING_LOCKED when
 * the prompt is dismissed, KEYRING_ABSENT when there is no service, NO_SECRET when it holds none.
 * @kind is "imap" or "smtp" for a password, "imap-token" or "smtp-token" for an access token.
 * Thread: the engine's context.
 */
void tern_secrets_store_async (const char *uuid,
                               const char *kind,
                               const char *label,
                               const char *secret,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean tern_secrets_store_finish (GAsyncResult *result, GError **error);

void tern_secrets_lookup_async (const char *uuid,
                                const char *kind,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
/* The same without a prompt: TERN_FAULT_KEYRING_LOCKED at once. Ends with lookup_finish. */
void tern_secrets_peek_async (const char *uuid,
                              const char *kind,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
/* (transfer full), to be wiped with secret_password_free() by way of TernCredentials. */
char *tern_secrets_lookup_finish (GAsyncResult *result, GError **error);

void tern_secrets_clear_async (const char *uuid,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean tern_secrets_clear_finish (GAsyncResult *result, GError **error);

G_END_DECLS
