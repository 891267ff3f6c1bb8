/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-wakeups-private.h"

#define CLOCK_SECONDS 30
#define JUMP_USEC     (60 * G_USEC_PER_SEC)

struct _TernWakeups
{
  void (*woken) (gpointer data);
  gpointer data;
  GNetworkMonitor *network; /* (owned) */
  gulong network_changed;
  gulong connectivity_changed;
  gulong metered_changed;
  GCancellable *cancellable; /* (owned) */
  GDBusConnection *bus;      /* (owned) (nullable) */
  guint sleep_signal;
  GSource *clock; /* (owned) */
  gint64 offset;  /* wall clock − monotonic, microseconds */
};

static void
on_network_changed (GNetworkMonitor *monitor, gboolean available, gpointer user_data)
{
  TernWakeups *self = user_data;

  if (available)
    self->woken (self->data);
}

/* Somebody has got past a hotel's login page: no route has changed. */
static void
on_connectivity_changed (GNetworkMonitor *monitor, GParamSpec *pspec, gpointer user_data)
{
  TernWakeups *self = user_data;

  if (g_network_monitor_get_connectivity (monitor) == G_NETWORK_CONNECTIVITY_FULL)
    self->woken (self->data);
}

static void
on_metered_changed (GNetworkMonitor *monitor, GParamSpec *pspec, gpointer user_data)
{
  TernWakeups *self = user_data;

  self->woken (self->data);
}

static void
on_prepare_for_sleep (GDBusConnection *bus,
                      const char *sender,
                      const char *path,
                      const char *interface,
                      const char *signal,
                      GVariant *parameters,
                      gpointer user_data)
{
  TernWakeups *self = user_data;
  gboolean going = TRUE;

  if (g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(b)")))
    g_variant_get (parameters, "(b)", &going);
  if (!going)
    self->woken (self->data);
}

static void
bus_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernWakeups *self;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, &error);

  if (bus == NULL)
    {
      /* Stopped, or no logind to listen to: the clock is looked at anyway. */
      g_debug ("no system bus: %s", error->message);
      return;
    }
  self = user_data;
  self->bus = g_steal_pointer (&bus);
  self->sleep_signal = g_dbus_connection_signal_subscribe (
      self->bus, "org.freedesktop.login1", "org.freedesktop.login1.Manager", "PrepareForSleep",
      "/org/freedesktop/login1", NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_prepare_for_sleep, self, NULL);
}

static gint64
clock_offset (void)
{
  return g_get_real_time () - g_get_monotonic_time ();
}

/* The monotonic clock stands still during sleep. */
static gboolean
on_clock (gpointer user_data)
{
  TernWakeups *self = user_data;
  gint64 offset = clock_offset ();
  gboolean jumped = offset - self->offset > JUMP_USEC;

  self->offset = offset;
  if (jumped)
    self->woken (self->data);
  return G_SOURCE_CONTINUE;
}

TernWakeups *
tern_wakeups_new (void (*woken) (gpointer data), gpointer data)
{
  TernWakeups *self = g_new0 (TernWakeups, 1);

  self->woken = woken;
  self->data = data;
  self->network = g_object_ref (g_network_monitor_get_default ());
  self->network_changed =
      g_signal_connect (self->network, "network-changed", G_CALLBACK (on_network_changed), self);
  self->connectivity_changed = g_signal_connect (self->network, "notify::connectivity",
                                                 G_CALLBACK (on_connectivity_changed), self);
  self->metered_changed = g_signal_connect (self->network, "notify::network-metered",
                                            G_CALLBACK (on_metered_changed), self);
  self->cancellable = g_cancellable_new ();
  g_bus_get (G_BUS_TYPE_SYSTEM, self->cancellable, bus_cb, self);
  self->offset = clock_offset ();
  self->clock = g_timeout_source_new_seconds (CLOCK_SECONDS);
  g_source_set_callback (self->clock, on_clock, self, NULL);
  g_source_attach (self->clock, g_main_context_get_thread_default ());
  return self;
}

gboolean
tern_wakeups_is_metered (TernWakeups *self)
{
  return g_network_monitor_get_network_metered (self->network);
}

void
tern_wakeups_free (TernWakeups *self)
{
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  g_signal_handler_disconnect (self->network, self->network_changed);
  g_signal_handler_disconnect (self->network, self->connectivity_changed);
  g_signal_handler_disconnect (self->network, self->metered_changed);
  g_object_unref (self->network);
  if (self->bus != NULL)
    {
      g_dbus_connection_signal_unsubscribe (self->bus, self->sleep_signal);
      g_object_unref (self->bus);
    }
  g_source_destroy (self->clock);
  g_source_unref (self->clock);
  g_free (self);
}
