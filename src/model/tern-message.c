/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-message-private.h"

#include <glib/gi18n.h>

struct _TernMessage
{
  GObject parent_instance;

  TernMessageState state;
  TernMessageRecord *record; /* (owned) (nullable) */
};

typedef enum
{
  PROP_RECORD = 1,
} TernMessageProperty;

static GParamSpec *properties[PROP_RECORD + 1];

G_DEFINE_FINAL_TYPE (TernMessage, tern_message, G_TYPE_OBJECT)

static void
tern_message_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  TernMessage *self = TERN_MESSAGE (object);

  switch ((TernMessageProperty) id)
    {
    case PROP_RECORD:
      g_value_set_pointer (value, self->record);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
tern_message_finalize (GObject *object)
{
  TernMessage *self = TERN_MESSAGE (object);

  g_clear_pointer (&self->record, tern_message_record_free);
  G_OBJECT_CLASS (tern_message_parent_class)->finalize (object);
}

static void
tern_message_class_init (TernMessageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = tern_message_get_property;
  object_class->finalize = tern_message_finalize;
  properties[PROP_RECORD] =
      g_param_spec_pointer ("record", NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
tern_message_init (TernMessage *self)
{
}

TernMessage *
tern_message_new (const TernListKey *key)
{
  TernMessage *self = g_object_new (TERN_TYPE_MESSAGE, NULL);

  self->state.key = *key;
  self->state.wanted = TRUE;
  return self;
}

TernMessageState *
tern_message_get_state (TernMessage *self)
{
  return &self->state;
}

void
tern_message_take_record (TernMessage *self, TernMessageRecord *record)
{
  g_clear_pointer (&self->record, tern_message_record_free);
  self->record = record;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RECORD]);
}

TernId
tern_message_get_id (TernMessage *self)
{
  return self->state.key.id;
}

gboolean
tern_message_is_loaded (TernMessage *self)
{
  return self->record != NULL;
}

const TernMessageRecord *
tern_message_get_record (TernMessage *self)
{
  return self->record;
}

const char *
tern_message_get_sender (TernMessage *self)
{
  const GPtrArray *from = self->record != NULL ? self->record->facts->from : NULL;

  return from != NULL && from->len > 0 ? tern_address_get_display (g_ptr_array_index (from, 0))
                                       : "";
}

const char *
tern_message_get_subject (TernMessage *self)
{
  const char *subject = self->record != NULL ? self->record->facts->subject : NULL;

  return subject != NULL ? subject : "";
}

const char *
tern_message_get_preview (TernMessage *self)
{
  const char *preview = self->record != NULL ? self->record->facts->preview : NULL;

  return preview != NULL ? preview : "";
}

gint64
tern_message_get_date (TernMessage *self)
{
  return self->state.key.key;
}

TernFlags
tern_message_get_flags (TernMessage *self)
{
  return self->record != NULL ? self->record->flags : TERN_FLAG_NONE;
}

gboolean
tern_message_has_attachments (TernMessage *self)
{
  return self->record != NULL && self->record->facts->attachments > 0;
}

/* Thread: reader. */
static gboolean
read_message (TernReader *reader,
              gpointer data,
              GCancellable *cancellable,
              gpointer *result,
              GError **error)
{
  g_autoptr (GError) failure = NULL;
  TernMessageRecord *record = tern_read_message (reader, *(TernId *) data, &failure);

  if (record == NULL && failure == NULL)
    failure = tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("This message is no longer there."));
  if (record == NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  *result = record;
  return record != NULL;
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernStore *store = g_task_get_task_data (task);
  GError *error = NULL;
  gpointer value = NULL;
  TernMessageRecord *record;
  TernMessage *message;

  if (!tern_store_read_finish (store, result, &value, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  record = value;
  message = tern_message_new (&(TernListKey){ record->sort_key, record->id });
  tern_message_take_record (message, record);
  g_task_return_pointer (task, message, g_object_unref);
}

void
tern_message_find_async (TernEngine *engine,
                         TernId id,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  TernStore *store = tern_engine_get_store (engine);

  g_task_set_source_tag (task, tern_message_find_async);
  g_task_set_task_data (task, tern_store_ref (store), (GDestroyNotify) tern_store_unref);
  tern_store_read_async (store, TERN_LANE_LIST, G_PRIORITY_HIGH, read_message,
                         g_memdup2 (&id, sizeof id), g_free,
                         (GDestroyNotify) tern_message_record_free, cancellable, found_cb, task);
}

TernMessage *
tern_message_find_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
