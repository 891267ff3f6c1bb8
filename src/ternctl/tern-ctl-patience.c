/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-patience.h"

struct _TernCtlPatience
{
  TernEngine *engine;        /* (owned) */
  GPtrArray *uuids;          /* (owned) */
  GCancellable *cancellable; /* (owned): of the waiting call */
  GSource *watch;            /* (owned): the run's cancellable */
  gulong handler;
  gboolean lost;
};

static gboolean
is_out_of_reach (TernCtlPatience *self, const char *uuid)
{
  TernAccountStatus *status = tern_engine_dup_account_status (self->engine, uuid);
  gboolean out = status != NULL && tern_account_status_is_out_of_reach (status);

  if (status != NULL)
    tern_account_status_free (status);
  return out;
}

static void
status_cb (TernEngine *engine, const char *uuid, gpointer user_data)
{
  TernCtlPatience *self = user_data;

  for (guint i = 0; i < self->uuids->len; i++)
    {
      if (!g_str_equal (g_ptr_array_index (self->uuids, i), uuid) || !is_out_of_reach (self, uuid))
        continue;
      self->lost = TRUE;
      g_cancellable_cancel (self->cancellable);
    }
}

static gboolean
run_cancelled_cb (GCancellable *run, gpointer user_data)
{
  TernCtlPatience *self = user_data;

  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

TernCtlPatience *
tern_ctl_patience_new (TernEngine *engine, GPtrArray *uuids, GCancellable *run)
{
  TernCtlPatience *self = g_new0 (TernCtlPatience, 1);

  self->engine = g_object_ref (engine);
  self->uuids = g_ptr_array_ref (uuids);
  self->cancellable = g_cancellable_new ();
  self->watch = g_cancellable_source_new (run);
  g_source_set_callback (self->watch, G_SOURCE_FUNC (run_cancelled_cb), self, NULL);
  g_source_attach (self->watch, g_main_context_get_thread_default ());
  self->handler = g_signal_connect (engine, "account-status", G_CALLBACK (status_cb), self);
  return self;
}

void
tern_ctl_patience_try_now (TernCtlPatience *self)
{
  for (guint i = 0; i < self->uuids->len; i++)
    {
      if (is_out_of_reach (self, g_ptr_array_index (self->uuids, i)))
        tern_engine_refresh (self->engine, g_ptr_array_index (self->uuids, i));
    }
}

void
tern_ctl_patience_free (TernCtlPatience *self)
{
  if (self == NULL)
    return;
  g_signal_handler_disconnect (self->engine, self->handler);
  g_source_destroy (self->watch);
  g_source_unref (self->watch);
  g_object_unref (self->cancellable);
  g_ptr_array_unref (self->uuids);
  g_object_unref (self->engine);
  g_free (self);
}

GCancellable *
tern_ctl_patience_get_cancellable (TernCtlPatience *self)
{
  return self->cancellable;
}

gboolean
tern_ctl_patience_is_lost (TernCtlPatience *self)
{
  return self->lost;
}
