/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-service.h"

#include "tern-paths.h"

#include <gio/gunixfdlist.h>
#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <glib-unix.h>
#include <glib/gstdio.h>

static const char introspection[] = "<node>"
                                    "  <interface name='" TERN_CTL_SERVICE_INTERFACE "'>"
                                    "    <method name='Run'>"
                                    "      <arg name='argv' type='as' direction='in'/>"
                                    "      <arg name='cwd' type='s' direction='in'/>"
                                    "      <arg name='input' type='h' direction='in'/>"
                                    "      <arg name='output' type='h' direction='in'/>"
                                    "      <arg name='errors' type='h' direction='in'/>"
                                    "      <arg name='exit_code' type='i' direction='out'/>"
                                    "    </method>"
                                    "  </interface>"
                                    "</node>";

struct _TernCtlService
{
  TernEngine *engine;          /* (owned) */
  GDBusConnection *connection; /* (owned) */
  guint registration;
  GHashTable *calls; /* (owned) set of Call, owned by their runs */
};

/* One command that is running. */
typedef struct
{
  TernCtlService *service;           /* (nullable): gone before the command was */
  GDBusMethodInvocation *invocation; /* (owned) until it is answered */
  GCancellable *cancellable;         /* (owned) */
  guint watch;                       /* of the caller's name */
} Call;

static void
caller_vanished_cb (GDBusConnection *connection, const char *name, gpointer user_data)
{
  Call *call = user_data;

  g_cancellable_cancel (call->cancellable);
}

static void
ran_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  int exit_code = tern_ctl_run_finish (result);

  g_bus_unwatch_name (call->watch);
  if (call->service != NULL)
    g_hash_table_remove (call->service->calls, call);
  g_dbus_method_invocation_return_value (call->invocation, g_variant_new ("(i)", exit_code));
  g_object_unref (call->cancellable);
  g_free (call);
}

/* The handle's descriptor, a copy that is ours; -1 with @error. */
static int
take_handle (GUnixFDList *list, gint32 handle, GError **error)
{
  if (list == NULL || handle < 0 || handle >= g_unix_fd_list_get_length (list))
    {
      g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "No such handle");
      return -1;
    }
  return g_unix_fd_list_get (list, handle, error);
}

typedef struct
{
  GInputStream *input;
  GOutputStream *output;
  GOutputStream *errors;
} Streams;

static void
streams_clear (Streams *self)
{
  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_clear_object (&self->errors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Streams, streams_clear)

static gboolean
open_streams (Streams *self, GUnixFDList *list, const gint32 handles[3], GError **error)
{
  int fds[3] = { -1, -1, -1 };

  for (guint i = 0; i < 3; i++)
    {
      fds[i] = take_handle (list, handles[i], error);
      /* A caller that does not read must never hold the window. */
      if (fds[i] < 0 || !g_unix_set_fd_nonblocking (fds[i], TRUE, error))
        {
          for (guint k = 0; k <= i; k++)
            {
              if (fds[k] >= 0)
                g_close (fds[k], NULL);
            }
          return FALSE;
        }
    }
  self->input = g_unix_input_stream_new (fds[0], TRUE);
  self->output = g_unix_output_stream_new (fds[1], TRUE);
  self->errors = g_unix_output_stream_new (fds[2], TRUE);
  return TRUE;
}

static void
run (TernCtlService *self, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  GUnixFDList *list =
      g_dbus_message_get_unix_fd_list (g_dbus_method_invocation_get_message (invocation));
  g_autofree const char **argv = NULL;
  g_auto (Streams) streams = { NULL, NULL, NULL };
  const char *cwd;
  gint32 handles[3];
  GError *error = NULL;
  Call *call;

  g_variant_get (parameters, "(^a&s&shhh)", &argv, &cwd, &handles[0], &handles[1], &handles[2]);
  if (!open_streams (&streams, list, handles, &error))
    {
      g_dbus_method_invocation_take_error (invocation, error);
      return;
    }
  call = g_new0 (Call, 1);
  call->service = self;
  call->invocation = invocation;
  call->cancellable = g_cancellable_new ();
  call->watch = g_bus_watch_name_on_connection (
      self->connection, g_dbus_method_invocation_get_sender (invocation),
      G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, caller_vanished_cb, call, NULL);
  g_hash_table_add (self->calls, call);
  tern_ctl_run_async (self->engine, argv, cwd, streams.input, streams.output, streams.errors,
                      call->cancellable, ran_cb, call);
}

static void
method_call_cb (GDBusConnection *connection,
                const char *sender,
                const char *path,
                const char *interface,
                const char *method,
                GVariant *parameters,
                GDBusMethodInvocation *invocation,
                gpointer user_data)
{
  run (user_data, parameters, invocation);
}

static const GDBusInterfaceVTable vtable = { .method_call = method_call_cb };

TernCtlService *
tern_ctl_service_export (TernEngine *engine, GDBusConnection *connection, GError **error)
{
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (introspection, error);
  TernCtlService *self;
  guint registration;

  if (node == NULL)
    return NULL;
  self = g_new0 (TernCtlService, 1);
  registration = g_dbus_connection_register_object (
      connection, TERN_CTL_SERVICE_PATH, node->interfaces[0], &vtable, self, NULL, error);
  if (registration == 0)
    {
      g_free (self);
      return NULL;
    }
  self->engine = g_object_ref (engine);
  self->connection = g_object_ref (connection);
  self->registration = registration;
  self->calls = g_hash_table_new (NULL, NULL);
  return self;
}

void
tern_ctl_service_free (TernCtlService *self)
{
  GHashTableIter iter;
  gpointer call;

  if (self == NULL)
    return;
  g_dbus_connection_unregister_object (self->connection, self->registration);
  g_hash_table_iter_init (&iter, self->calls);
  while (g_hash_table_iter_next (&iter, &call, NULL))
    {
      ((Call *) call)->service = NULL;
      g_cancellable_cancel (((Call *) call)->cancellable);
    }
  g_hash_table_unref (self->calls);
  g_object_unref (self->connection);
  g_object_unref (self->engine);
  g_free (self);
}

char *
tern_ctl_service_dup_watch_name (void)
{
  g_autofree char *dir = tern_paths_dup_data_dir ();
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, dir, -1);

  digest[16] = '\0';
  return g_strconcat (TERN_APP_ID ".Watch.h", digest, NULL);
}
