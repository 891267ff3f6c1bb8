/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-secrets.h"

#include <glib/gi18n.h>
#include <libsecret/secret.h>

#include "tern-fault.h"

static const SecretSchema schema = {
  "org.ternmail.Tern.Account",
  SECRET_SCHEMA_NONE,
  {
      { "uuid", SECRET_SCHEMA_ATTRIBUTE_STRING },
      { "kind", SECRET_SCHEMA_ATTRIBUTE_STRING },
      { NULL, 0 },
  },
};

static GHashTable *
new_attributes (const char *uuid, const char *kind)
{
  return secret_attributes_build (&schema, "uuid", uuid, kind != NULL ? "kind" : NULL, kind, NULL);
}

static GError *
locked_fault (void)
{
  return tern_fault_new (TERN_FAULT_KEYRING_LOCKED,
                         _ ("The keyring is locked. Unlock it to let Tern read the password."));
}

/* Whatever stands between us and the service means that it is not there; its own words for locked
 * and cancelled are told apart. */
static GError *
fault_from_secret (GError *error)
{
  g_autoptr (GError) local = error;

  if (tern_fault_is_cancelled (local))
    return tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped."));
  if (g_error_matches (local, SECRET_ERROR, SECRET_ERROR_IS_LOCKED)
      || g_error_matches (local, SECRET_ERROR, SECRET_ERROR_NO_SUCH_OBJECT))
    return locked_fault ();
  g_debug ("secret service: %s", local->message);
  return tern_fault_new (TERN_FAULT_KEYRING_ABSENT,
                         _ ("There is no keyring on this session to keep passwords in. Start a "
                            "Secret Service such as GNOME Keyring or KWallet."));
}

/* Storing */

static void
stored_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (secret_password_store_finish (result, &error))
    g_task_return_boolean (task, TRUE);
  else if (error != NULL)
    g_task_return_error (task, fault_from_secret (error));
  else
    g_task_return_error (task, locked_fault ());
}

void
tern_secrets_store_async (const char *uuid,
                          const char *kind,
                          const char *label,
                          const char *secret,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GHashTable) attributes = new_attributes (uuid, kind);

  g_task_set_source_tag (task, tern_secrets_store_async);
  secret_password_storev (&schema, attributes, SECRET_COLLECTION_DEFAULT, label, secret,
                          cancellable, stored_cb, task);
}

gboolean
tern_secrets_store_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Looking up */

static void
searched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GList *items = secret_password_search_finish (result, &error);

  if (error != NULL)
    g_task_return_error (task, fault_from_secret (error));
  else if (items != NULL)
    g_task_return_error (task, locked_fault ());
  else
    g_task_return_error (
        task,
        tern_fault_new (TERN_FAULT_NO_SECRET,
                        _ ("The keyring holds no password for this account. Enter it again.")));
  g_list_free_full (items, g_object_unref);
}

static void
looked_up_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  char *secret = secret_password_lookup_finish (result, &error);

  if (error != NULL)
    g_task_return_error (task, fault_from_secret (error));
  else if (secret != NULL)
    g_task_return_pointer (task, secret, (GDestroyNotify) secret_password_free);
  else
    /* Nothing came: either there is none, or the prompt to unlock was dismissed. An item that the
     * service knows without unlocking tells which. */
    secret_password_searchv (&schema, g_task_get_task_data (task), SECRET_SEARCH_NONE,
                             g_task_get_cancellable (task), searched_cb, g_object_ref (task));
}

void
tern_secrets_lookup_async (const char *uuid,
                           const char *kind,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  GHashTable *attributes = new_attributes (uuid, kind);

  g_task_set_source_tag (task, tern_secrets_lookup_async);
  g_task_set_task_data (task, attributes, (GDestroyNotify) g_hash_table_unref);
  secret_password_lookupv (&schema, attributes, cancellable, looked_up_cb, task);
}

char *
tern_secrets_lookup_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Clearing */

static void
cleared_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  secret_password_clear_finish (result, &error);
  if (error != NULL)
    g_task_return_error (task, fault_from_secret (error));
  else
    g_task_return_boolean (task, TRUE);
}

void
tern_secrets_clear_async (const char *uuid,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GHashTable) attributes = new_attributes (uuid, NULL);

  g_task_set_source_tag (task, tern_secrets_clear_async);
  secret_password_clearv (&schema, attributes, cancellable, cleared_cb, task);
}

gboolean
tern_secrets_clear_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
