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

/* One question to libsecret. It is never cancelled there: its file backend, which the portal of a
 * Flatpak stands on, frees what it still uses when it is (0.20.5). What is stopped is answered at
 * once, and the answer that comes later is dropped. */
typedef struct
{
  GHashTable *attributes; /* (owned) */
  GSource *stop;          /* (owned) (nullable) */
  gboolean answered;
} Request;

static void
request_free (gpointer data)
{
  Request *self = data;

  g_hash_table_unref (self->attributes);
  g_assert (self->stop == NULL);
  g_free (self);
}

/* TRUE when nobody has answered yet: the caller does, now. */
static gboolean
request_answer (GTask *task)
{
  Request *self = g_task_get_task_data (task);

  if (self->answered)
    return FALSE;
  self->answered = TRUE;
  if (self->stop != NULL)
    g_source_destroy (self->stop);
  g_clear_pointer (&self->stop, g_source_unref);
  return TRUE;
}

static gboolean
on_stopped (GCancellable *cancellable, gpointer user_data)
{
  GTask *task = user_data;

  if (request_answer (task))
    g_task_return_error (task, tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped.")));
  return G_SOURCE_REMOVE;
}

/* Takes @attributes. */
static GTask *
request_new (gpointer tag,
             GHashTable *attributes,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Request *self = g_new0 (Request, 1);

  self->attributes = attributes;
  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, self, request_free);
  if (cancellable != NULL)
    {
      self->stop = g_cancellable_source_new (cancellable);
      g_task_attach_source (task, self->stop, G_SOURCE_FUNC (on_stopped));
    }
  return task;
}

/* Storing */

static void
stored_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  gboolean stored = secret_password_store_finish (result, &error);

  if (!request_answer (task))
    return;
  if (stored)
    g_task_return_boolean (task, TRUE);
  else if (error != NULL)
    g_task_return_error (task, fault_from_secret (g_steal_pointer (&error)));
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
  GHashTable *attributes = new_attributes (uuid, kind);
  GTask *task =
      request_new (tern_secrets_store_async, attributes, cancellable, callback, user_data);

  secret_password_storev (&schema, attributes, SECRET_COLLECTION_DEFAULT, label, secret, NULL,
                          stored_cb, task);
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
  g_autoptr (GError) error = NULL;
  GList *items = secret_password_search_finish (result, &error);

  if (!request_answer (task))
    ;
  else if (error != NULL)
    g_task_return_error (task, fault_from_secret (g_steal_pointer (&error)));
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
  g_autoptr (GError) error = NULL;
  Request *request = g_task_get_task_data (task);
  char *secret = secret_password_lookup_finish (result, &error);

  if (error == NULL && secret == NULL && !request->answered)
    {
      /* Nothing came: either there is none, or the prompt to unlock was dismissed. An item that the
       * service knows without unlocking tells which. */
      secret_password_searchv (&schema, request->attributes, SECRET_SEARCH_NONE, NULL, searched_cb,
                               g_steal_pointer (&task));
      return;
    }
  if (!request_answer (task))
    secret_password_free (secret);
  else if (error != NULL)
    g_task_return_error (task, fault_from_secret (g_steal_pointer (&error)));
  else
    g_task_return_pointer (task, secret, (GDestroyNotify) secret_password_free);
}

void
tern_secrets_lookup_async (const char *uuid,
                           const char *kind,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GHashTable *attributes = new_attributes (uuid, kind);
  GTask *task =
      request_new (tern_secrets_lookup_async, attributes, cancellable, callback, user_data);

  secret_password_lookupv (&schema, attributes, NULL, looked_up_cb, task);
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
  g_autoptr (GError) error = NULL;

  secret_password_clear_finish (result, &error);
  if (!request_answer (task))
    return;
  if (error != NULL)
    g_task_return_error (task, fault_from_secret (g_steal_pointer (&error)));
  else
    g_task_return_boolean (task, TRUE);
}

void
tern_secrets_clear_async (const char *uuid,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  GHashTable *attributes = new_attributes (uuid, NULL);
  GTask *task =
      request_new (tern_secrets_clear_async, attributes, cancellable, callback, user_data);

  secret_password_clearv (&schema, attributes, NULL, cleared_cb, task);
}

gboolean
tern_secrets_clear_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
