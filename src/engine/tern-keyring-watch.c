/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-keyring-watch-private.h"

#define SERVICE_NAME "org.freedesktop.secrets"

struct _TernKeyringWatch
{
  void (*changed) (gpointer data);
  gpointer data;
  GCancellable *cancellable; /* (owned) */
  GDBusConnection *bus;      /* (owned) (nullable) */
  guint collections;
  guint properties;
  guint name;
};

static void
on_signal (GDBusConnection *bus,
           const char *sender,
           const char *path,
           const char *interface,
           const char *signal,
           GVariant *parameters,
           gpointer user_data)
{
  TernKeyringWatch *self = user_data;

  self->changed (self->data);
}

static void
on_appeared (GDBusConnection *bus, const char *name, const char *owner, gpointer user_data)
{
  TernKeyringWatch *self = user_data;

  self->changed (self->data);
}

/* GNOME Keyring says that a collection changed, others that its property Locked did. */
static void
bus_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernKeyringWatch *self;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, &error);

  if (bus == NULL)
    {
      g_debug ("no session bus: %s", error->message);
      return;
    }
  self = user_data;
  self->bus = g_steal_pointer (&bus);
  self->collections = g_dbus_connection_signal_subscribe (
      self->bus, SERVICE_NAME, "org.freedesktop.Secret.Service", NULL, NULL, NULL,
      G_DBUS_SIGNAL_FLAGS_NONE, on_signal, self, NULL);
  self->properties = g_dbus_connection_signal_subscribe (
      self->bus, SERVICE_NAME, "org.freedesktop.DBus.Properties", "PropertiesChanged", NULL,
      "org.freedesktop.Secret.Collection", G_DBUS_SIGNAL_FLAGS_NONE, on_signal, self, NULL);
  self->name = g_bus_watch_name_on_connection (
      self->bus, SERVICE_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared, NULL, self, NULL);
}

TernKeyringWatch *
tern_keyring_watch_new (void (*changed) (gpointer data), gpointer data)
{
  TernKeyringWatch *self = g_new0 (TernKeyringWatch, 1);

  self->changed = changed;
  self->data = data;
  self->cancellable = g_cancellable_new ();
  g_bus_get (G_BUS_TYPE_SESSION, self->cancellable, bus_cb, self);
  return self;
}

void
tern_keyring_watch_free (TernKeyringWatch *self)
{
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  if (self->bus != NULL)
    {
      g_bus_unwatch_name (self->name);
      g_dbus_connection_signal_unsubscribe (self->bus, self->collections);
      g_dbus_connection_signal_unsubscribe (self->bus, self->properties);
      g_object_unref (self->bus);
    }
  g_free (self);
}
