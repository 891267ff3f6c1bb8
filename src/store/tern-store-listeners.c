/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-listeners-private.h"

typedef struct
{
  guint id;
  gint removed; /* (atomic) */
  GMainContext *context;
  TernStoreListener func;
  gpointer user_data;
  GDestroyNotify destroy; /* (nullable) */
} Listener;

struct _TernListeners
{
  GMutex lock;
  GPtrArray *list; /* (lock: lock) of Listener */
  guint last_id;   /* (lock: lock) */
};

typedef struct
{
  Listener *listener;
  TernChangeSet *changes;
} Delivery;

static void
listener_clear (gpointer data)
{
  Listener *self = data;

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_main_context_unref (self->context);
}

static void
listener_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, listener_clear);
}

TernListeners *
tern_listeners_new (void)
{
  TernListeners *self = g_new0 (TernListeners, 1);

  g_mutex_init (&self->lock);
  self->list = g_ptr_array_new_with_free_func (listener_unref);
  return self;
}

void
tern_listeners_free (TernListeners *self)
{
  g_ptr_array_unref (self->list);
  g_mutex_clear (&self->lock);
  g_free (self);
}

guint
tern_listeners_add (TernListeners *self,
                    GMainContext *context,
                    TernStoreListener func,
                    gpointer user_data,
                    GDestroyNotify destroy)
{
  Listener *listener = g_atomic_rc_box_new0 (Listener);
  guint id;

  listener->context =
      context != NULL ? g_main_context_ref (context) : g_main_context_ref_thread_default ();
  listener->func = func;
  listener->user_data = user_data;
  listener->destroy = destroy;
  g_mutex_lock (&self->lock);
  id = listener->id = ++self->last_id;
  g_ptr_array_add (self->list, listener);
  g_mutex_unlock (&self->lock);
  return id;
}

void
tern_listeners_remove (TernListeners *self, guint id)
{
  Listener *found = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->list->len && found == NULL; i++)
    {
      Listener *listener = g_ptr_array_index (self->list, i);

      if (listener->id == id)
        found = g_ptr_array_steal_index (self->list, i);
    }
  g_mutex_unlock (&self->lock);
  if (found == NULL)
    return;
  /* What is on its way to its context is dropped there. */
  g_atomic_int_set (&found->removed, TRUE);
  listener_unref (found);
}

static gboolean
deliver (gpointer data)
{
  Delivery *delivery = data;

  if (!g_atomic_int_get (&delivery->listener->removed))
    delivery->listener->func (delivery->changes, delivery->listener->user_data);
  return G_SOURCE_REMOVE;
}

static void
delivery_free (gpointer data)
{
  Delivery *delivery = data;

  listener_unref (delivery->listener);
  tern_change_set_unref (delivery->changes);
  g_free (delivery);
}

void
tern_listeners_tell (TernListeners *self, TernChangeSet *changes)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->list->len; i++)
    {
      Listener *listener = g_ptr_array_index (self->list, i);
      g_autoptr (GSource) source = g_idle_source_new ();
      Delivery *delivery = g_new0 (Delivery, 1);

      delivery->listener = g_atomic_rc_box_acquire (listener);
      delivery->changes = tern_change_set_ref (changes);
      /* Before the answers to calls, whose priority is at most this; one priority keeps the order.
       */
      g_source_set_priority (source, G_PRIORITY_HIGH);
      g_source_set_callback (source, deliver, delivery, delivery_free);
      g_source_attach (source, listener->context);
    }
  g_mutex_unlock (&self->lock);
}
