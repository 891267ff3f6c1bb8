/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-remote-private.h"

G_DEFINE_INTERFACE (TernRemote, tern_remote, G_TYPE_OBJECT)

static void
tern_remote_default_init (TernRemoteInterface *iface)
{
}

TernPartRequest *
tern_part_request_new (guint32 uid, const char *section, guint64 size)
{
  TernPartRequest *self = g_new0 (TernPartRequest, 1);

  self->uid = uid;
  self->section = g_strdup (section);
  self->size = size;
  return self;
}

void
tern_part_request_free (TernPartRequest *self)
{
  g_free (self->section);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_error (&self->error);
  g_free (self);
}

TernRemoteOp *
tern_remote_op_new (TernOpKind kind)
{
  TernRemoteOp *self = g_new0 (TernRemoteOp, 1);

  self->kind = kind;
  self->uids = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->message_ids = g_ptr_array_new_with_free_func (g_free);
  self->sizes = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->twins = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->subscribed = g_ptr_array_new_with_free_func (g_free);
  self->known = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->taken = g_array_new (FALSE, FALSE, sizeof (guint32));
  return self;
}

void
tern_remote_op_free (TernRemoteOp *self)
{
  g_clear_pointer (&self->source, tern_folder_record_free);
  g_clear_pointer (&self->target, tern_folder_record_free);
  g_array_unref (self->uids);
  g_ptr_array_unref (self->message_ids);
  g_array_unref (self->sizes);
  g_array_unref (self->twins);
  g_array_unref (self->known);
  g_array_unref (self->taken);
  g_free (self->old_path);
  g_free (self->old_name);
  g_free (self->name);
  g_ptr_array_unref (self->subscribed);
  g_free (self->add_keywords);
  g_free (self->remove_keywords);
  g_clear_pointer (&self->message, g_bytes_unref);
  g_free (self);
}

void
tern_remote_open_async (TernRemote *self,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  TERN_REMOTE_GET_IFACE (self)->open_async (self, cancellable, callback, user_data);
}

gboolean
tern_remote_open_finish (TernRemote *self, GAsyncResult *result, GError **error)
{
  return TERN_REMOTE_GET_IFACE (self)->open_finish (self, result, error);
}

void
tern_remote_list_folders_async (TernRemote *self, GAsyncReadyCallback callback, gpointer user_data)
{
  TERN_REMOTE_GET_IFACE (self)->list_folders_async (self, callback, user_data);
}

GArray *
tern_remote_list_folders_finish (TernRemote *self, GAsyncResult *result, GError **error)
{
  return TERN_REMOTE_GET_IFACE (self)->list_folders_finish (self, result, error);
}

void
tern_remote_sync_folder_async (TernRemote *self,
                               TernId folder,
                               TernUrgency urgency,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  TERN_REMOTE_GET_IFACE (self)->sync_folder_async (self, folder, urgency, callback, user_data);
}

gboolean
tern_remote_sync_folder_finish (TernRemote *self,
                                GAsyncResult *result,
                                TernSyncCounts *counts,
                                GError **error)
{
  return TERN_REMOTE_GET_IFACE (self)->sync_folder_finish (self, result, counts, error);
}

void
tern_remote_fetch_parts_async (TernRemote *self,
                               const TernFolderRecord *folder,
                               GPtrArray *requests,
                               TernUrgency urgency,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  TERN_REMOTE_GET_IFACE (self)->fetch_parts_async (self, folder, requests, urgency, callback,
                                                   user_data);
}

gboolean
tern_remote_fetch_parts_finish (TernRemote *self, GAsyncResult *result, GError **error)
{
  return TERN_REMOTE_GET_IFACE (self)->fetch_parts_finish (self, result, error);
}

void
tern_remote_run_operation_async (TernRemote *self,
                                 TernRemoteOp *op,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  TERN_REMOTE_GET_IFACE (self)->run_operation_async (self, op, callback, user_data);
}

TernOpFailure *
tern_op_failure_new (GArray *part, TernRefusal refusal)
{
  TernOpFailure *self = g_new (TernOpFailure, 1);

  self->part = part;
  self->refusal = refusal;
  return self;
}

void
tern_op_failure_free (gpointer failure)
{
  TernOpFailure *self = failure;

  g_clear_pointer (&self->part, g_array_unref);
  g_free (self);
}

GArray *
tern_remote_run_operation_finish (TernRemote *self,
                                  GAsyncResult *result,
                                  TernOpFailure *failure,
                                  GError **error)
{
  return TERN_REMOTE_GET_IFACE (self)->run_operation_finish (self, result, failure, error);
}

void
tern_remote_watch (TernRemote *self)
{
  TERN_REMOTE_GET_IFACE (self)->watch (self);
}

void
tern_remote_set_focus (TernRemote *self, TernId folder)
{
  TERN_REMOTE_GET_IFACE (self)->set_focus (self, folder);
}

gboolean
tern_remote_gains_by_decoding (TernRemote *self)
{
  return TERN_REMOTE_GET_IFACE (self)->gains_by_decoding (self);
}

gboolean
tern_remote_hears_all (TernRemote *self)
{
  return TERN_REMOTE_GET_IFACE (self)->hears_all (self);
}

void
tern_remote_check (TernRemote *self)
{
  TERN_REMOTE_GET_IFACE (self)->check (self);
}

void
tern_remote_close (TernRemote *self)
{
  TERN_REMOTE_GET_IFACE (self)->close (self);
}

void
tern_remote_get_traffic (TernRemote *self,
                         guint64 *bytes_in,
                         guint64 *bytes_out,
                         guint *round_trips)
{
  TERN_REMOTE_GET_IFACE (self)->get_traffic (self, bytes_in, bytes_out, round_trips);
}
