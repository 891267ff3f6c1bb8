/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-secrets.h"

#include <glib/gi18n.h>
#include <libsecret/secret.h>

#include "tern-fault.h"

/* GNOME Keyring does not find what is locked when the schema's name is asked for too; the uuid is
 * nobody else's anyway. */
static const SecretSchema schema = {
  "org.ternmail.Tern.Account",
  SECRET_SCHEMA_DONT_MATCH_NAME,
  {
      { "uuid", SECRET_SCHEMA_ATTRIBUTE_STRING },
      { "kind", SECRET_SCHEMA_ATTRIBUTE_STRING },
      { NULL, 0 },
  },
};

static GError *
locked_fault (void)
{
  return tern_fault_new (TERN_FAULT_KEYRING_LOCKED,
                         _ ("The keyring is locked. Unlock it to let Tern read the password."));
}

/* Whatever stands between us and the service means that it is not there; its own words for locked
 * are told apart. What is cancelled there was cancelled by the person who was asked. */
static GError *
fault_from_secret (GError *error)
{
  g_autoptr (GError) local = error;

  if (tern_fault_is_cancelled (local))
    return locked_fault ();
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
  void (*start) (GTask *task); /* takes a reference to it */
  GHashTable *attributes;      /* (owned) */
  char *label;                 /* (owned) (nullable) */
  SecretValue *value;          /* (owned) (nullable) */
  GSource *stop;               /* (owned) (nullable) */
  gboolean answered;
  gboolean again;
} Request;

static void
request_free (gpointer data)
{
  Request *self = data;

  g_hash_table_unref (self->attributes);
  g_free (self->label);
  g_clear_pointer (&self->value, secret_value_unref);
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

/* libsecret keeps its session for ever, a service that was started anew does not know it. Such an
 * answer is none: it is asked once more, in a new session. */
static gboolean
request_again (GTask *task, const GError *error)
{
  Request *self = g_task_get_task_data (task);

  if (self->answered || self->again || !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_DBUS_ERROR))
    return FALSE;
  self->again = TRUE;
  secret_service_disconnect ();
  self->start (g_object_ref (task));
  return TRUE;
}

/* @kind: (nullable) */
static GTask *
request_new (gpointer tag,
             void (*start) (GTask *task),
             const char *uuid,
             const char *kind,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Request *self = g_new0 (Request, 1);

  self->start = start;
  self->attributes =
      secret_attributes_build (&schema, "uuid", uuid, kind != NULL ? "kind" : NULL, kind, NULL);
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

  if (request_again (task, error))
    return;
  if (!request_answer (task))
    return;
  if (stored)
    g_task_return_boolean (task, TRUE);
  else if (error != NULL)
    g_task_return_error (task, fault_from_secret (g_steal_pointer (&error)));
  else
    g_task_return_error (task, locked_fault ());
}

static void
start_store (GTask *task)
{
  Request *request = g_task_get_task_data (task);

  secret_password_storev_binary (&schema, request->attributes, SECRET_COLLECTION_DEFAULT,
                                 request->label, request->value, NULL, stored_cb, task);
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
  g_autoptr (GTask) task = request_new (tern_secrets_store_async, start_store, uuid, kind,
                                        cancellable, callback, user_data);
  Request *request = g_task_get_task_data (task);

  request->label = g_strdup (label);
  request->value = secret_value_new (secret, -1, "text/plain");
  start_store (g_steal_pointer (&task));
}

gboolean
tern_secrets_store_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Looking up */

static GError *
no_secret_fault (void)
{
  return tern_fault_new (TERN_FAULT_NO_SECRET,
                         _ ("The keyring holds no password for this account. Enter it again."));
}

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
    g_task_return_error (task, no_secret_fault ());
  g_list_free_full (items, g_object_unref);
}

static void
looked_up_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  Request *request = g_task_get_task_data (task);
  char *secret = secret_password_lookup_finish (result, &error);

  if (request_again (task, error))
    return;
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

static void
start_lookup (GTask *task)
{
  Request *request = g_task_get_task_data (task);

  secret_password_lookupv (&schema, request->attributes, NULL, looked_up_cb, task);
}

void
tern_secrets_lookup_async (const char *uuid,
                           const char *kind,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  start_lookup (request_new (tern_secrets_lookup_async, start_lookup, uuid, kind, cancellable,
                             callback, user_data));
}

static void
peeked_secret_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  SecretValue *value =
      secret_retrievable_retrieve_secret_finish (SECRET_RETRIEVABLE (source), result, &error);
  char *secret = value != NULL ? secret_value_unref_to_password (value, NULL) : NULL;

  if (request_again (task, error))
    return;
  if (!request_answer (task))
    secret_password_free (secret);
  else if (error != NULL)
    g_task_return_error (task, fault_from_secret (g_steal_pointer (&error)));
  else if (secret == NULL)
    g_task_return_error (task, no_secret_fault ());
  else
    g_task_return_pointer (task, secret, (GDestroyNotify) secret_password_free);
}

static void
peeked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  GList *items = secret_password_search_finish (result, &error);

  if (request_again (task, error))
    return;
  if (items != NULL && !request->answered)
    secret_retrievable_retrieve_secret (items->data, NULL, peeked_secret_cb,
                                        g_steal_pointer (&task));
  else if (!request_answer (task))
    ;
  else if (error != NULL)
    g_task_return_error (task, fault_from_secret (g_steal_pointer (&error)));
  else
    g_task_return_error (task, no_secret_fault ());
  g_list_free_full (items, g_object_unref);
}

static void
start_peek (GTask *task)
{
  Request *request = g_task_get_task_data (task);

  secret_password_searchv (&schema, request->attributes, SECRET_SEARCH_NONE, NULL, peeked_cb, task);
}

void
tern_secrets_peek_async (const char *uuid,
                         const char *kind,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  start_peek (request_new (tern_secrets_peek_async, start_peek, uuid, kind, cancellable, callback,
                           user_data));
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
  if (request_again (task, error))
    return;
  if (!request_answer (task))
    return;
  if (error != NULL)
    g_task_return_error (task, fault_from_secret (g_steal_pointer (&error)));
  else
    g_task_return_boolean (task, TRUE);
}

static void
start_clear (GTask *task)
{
  Request *request = g_task_get_task_data (task);

  secret_password_clearv (&schema, request->attributes, NULL, cleared_cb, task);
}

void
tern_secrets_clear_async (const char *uuid,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  start_clear (request_new (tern_secrets_clear_async, start_clear, uuid, NULL, cancellable,
                            callback, user_data));
}

gboolean
tern_secrets_clear_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
