/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-outbox-list.h"

#include <glib/gi18n.h>

struct _TernOutboxItem
{
  GObject parent_instance;

  TernOutboxRecord *record; /* (owned) */
};

G_DEFINE_FINAL_TYPE (TernOutboxItem, tern_outbox_item, G_TYPE_OBJECT)

struct _TernOutboxList
{
  GObject parent_instance;

  TernEngine *engine; /* (owned) */
  gulong changed;
  GPtrArray *items;          /* of TernOutboxItem */
  GCancellable *cancellable; /* (owned) */
  gboolean reading;
  gboolean again; /* it changed while being read */
};

enum
{
  PROP_0,
  PROP_READING,
};

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TernOutboxList,
                               tern_outbox_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
tern_outbox_item_finalize (GObject *object)
{
  tern_outbox_record_free (TERN_OUTBOX_ITEM (object)->record);
  G_OBJECT_CLASS (tern_outbox_item_parent_class)->finalize (object);
}

static void
tern_outbox_item_class_init (TernOutboxItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tern_outbox_item_finalize;
}

static void
tern_outbox_item_init (TernOutboxItem *self)
{
}

const TernOutboxRecord *
tern_outbox_item_get_record (TernOutboxItem *self)
{
  return self->record;
}

TernOutboxTrouble
tern_outbox_item_get_trouble (TernOutboxItem *self)
{
  switch (self->record->state)
    {
    case TERN_OUTBOX_REFUSED:
      return TERN_OUTBOX_TROUBLE_REFUSED;
    case TERN_OUTBOX_UNCERTAIN:
      return TERN_OUTBOX_TROUBLE_UNCERTAIN;
    case TERN_OUTBOX_ACCEPTED:
    case TERN_OUTBOX_DONE:
      return tern_outbox_record_was_refused (self->record) ? TERN_OUTBOX_TROUBLE_PARTLY
                                                           : TERN_OUTBOX_TROUBLE_NONE;
    case TERN_OUTBOX_HELD:
    case TERN_OUTBOX_QUEUED:
    case TERN_OUTBOX_CONNECTING:
    case TERN_OUTBOX_SENT_DATA:
    default:
      return TERN_OUTBOX_TROUBLE_NONE;
    }
}

static const char *
describe_state (TernOutboxState state)
{
  switch (state)
    {
    case TERN_OUTBOX_REFUSED:
      return _ ("The server refused this message.");
    case TERN_OUTBOX_UNCERTAIN:
      return _ ("The connection was lost while this was being sent. It may have arrived; sending "
                "again may deliver it twice.");
    case TERN_OUTBOX_ACCEPTED:
      return _ ("Sent. A copy is being filed.");
    case TERN_OUTBOX_CONNECTING:
    case TERN_OUTBOX_SENT_DATA:
      return _ ("Being sent.");
    case TERN_OUTBOX_DONE:
      return _ ("Sent, but not to everybody.");
    case TERN_OUTBOX_HELD:
    case TERN_OUTBOX_QUEUED:
    default:
      return _ ("Waiting to be sent.");
    }
}

char *
tern_outbox_item_dup_description (TernOutboxItem *self)
{
  const TernOutboxRecord *record = self->record;
  GString *text = g_string_new (record->fault != NULL && *record->fault != '\0'
                                    ? record->fault
                                    : describe_state (record->state));

  if (record->server_text != NULL && *record->server_text != '\0')
    {
      g_string_append_c (text, '\n');
      g_string_append_printf (text, _ ("The server says: %s"), record->server_text);
    }
  if (tern_outbox_item_get_trouble (self) == TERN_OUTBOX_TROUBLE_PARTLY)
    {
      g_string_append_c (text, '\n');
      g_string_append (text, _ ("The other recipients have been sent it."));
    }
  return g_string_free (text, FALSE);
}

gboolean
tern_outbox_item_is_waiting (TernOutboxItem *self)
{
  return self->record->state == TERN_OUTBOX_QUEUED && self->record->fault != NULL;
}

static GType
get_item_type (GListModel *model)
{
  return TERN_TYPE_OUTBOX_ITEM;
}

static guint
get_n_items (GListModel *model)
{
  return TERN_OUTBOX_LIST (model)->items->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  TernOutboxList *self = TERN_OUTBOX_LIST (model);

  return position < self->items->len ? g_object_ref (g_ptr_array_index (self->items, position))
                                     : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* Thread: reader. */
static gboolean
read_all (TernReader *reader,
          gpointer data,
          GCancellable *cancellable,
          gpointer *result,
          GError **error)
{
  *result = tern_read_outbox (reader, 0, error);
  return *result != NULL;
}

static void start_read (TernOutboxList *self);

/* Sent, and taken for everybody: what somebody was refused has to be seen. */
static gboolean
is_over (const TernOutboxRecord *record)
{
  return record->state == TERN_OUTBOX_DONE && !tern_outbox_record_was_refused (record);
}

static void
take_records (TernOutboxList *self, GPtrArray *records)
{
  guint before = self->items->len;

  g_ptr_array_set_size (self->items, 0);
  while (records->len > 0)
    {
      TernOutboxRecord *record = g_ptr_array_steal_index (records, 0);
      TernOutboxItem *item;

      if (is_over (record))
        {
          tern_outbox_record_free (record);
          continue;
        }
      item = g_object_new (TERN_TYPE_OUTBOX_ITEM, NULL);
      item->record = record;
      g_ptr_array_add (self->items, item);
    }
  if (before > 0 || self->items->len > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), 0, before, self->items->len);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernOutboxList) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) records = NULL;
  gpointer value = NULL;

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  if (tern_store_read_finish (tern_engine_get_store (self->engine), result, &value, &error))
    {
      records = value;
      take_records (self, records);
    }
  else
    g_warning ("Cannot read the outbox: %s", error->message);
  self->reading = FALSE;
  if (self->again)
    start_read (self);
  else
    g_object_notify (G_OBJECT (self), "reading");
}

static void
start_read (TernOutboxList *self)
{
  self->again = self->reading;
  if (self->reading)
    return;
  self->reading = TRUE;
  tern_store_read_async (tern_engine_get_store (self->engine), TERN_LANE_LIST, G_PRIORITY_DEFAULT,
                         read_all, NULL, NULL, (GDestroyNotify) g_ptr_array_unref,
                         self->cancellable, on_read, g_object_ref (self));
}

static void
on_changed (TernEngine *engine, TernChangeSet *changes, TernOutboxList *self)
{
  if (changes->outbox_changed || changes->reset)
    start_read (self);
}

static void
tern_outbox_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_READING)
    g_value_set_boolean (value, TERN_OUTBOX_LIST (object)->reading);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
tern_outbox_list_dispose (GObject *object)
{
  TernOutboxList *self = TERN_OUTBOX_LIST (object);

  g_cancellable_cancel (self->cancellable);
  if (self->engine != NULL)
    g_clear_signal_handler (&self->changed, self->engine);
  g_clear_object (&self->engine);
  G_OBJECT_CLASS (tern_outbox_list_parent_class)->dispose (object);
}

static void
tern_outbox_list_finalize (GObject *object)
{
  TernOutboxList *self = TERN_OUTBOX_LIST (object);

  g_ptr_array_unref (self->items);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (tern_outbox_list_parent_class)->finalize (object);
}

static void
tern_outbox_list_class_init (TernOutboxListClass *klass)
{
  G_OBJECT_CLASS (klass)->get_property = tern_outbox_list_get_property;
  G_OBJECT_CLASS (klass)->dispose = tern_outbox_list_dispose;
  G_OBJECT_CLASS (klass)->finalize = tern_outbox_list_finalize;
  g_object_class_install_property (
      G_OBJECT_CLASS (klass), PROP_READING,
      g_param_spec_boolean ("reading", NULL, NULL, FALSE,
                            G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
tern_outbox_list_init (TernOutboxList *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->cancellable = g_cancellable_new ();
}

TernOutboxList *
tern_outbox_list_new (TernEngine *engine)
{
  TernOutboxList *self = g_object_new (TERN_TYPE_OUTBOX_LIST, NULL);

  self->engine = g_object_ref (engine);
  self->changed = g_signal_connect (engine, "changed", G_CALLBACK (on_changed), self);
  start_read (self);
  return self;
}

gboolean
tern_outbox_list_is_reading (TernOutboxList *self)
{
  return self->reading;
}

TernOutboxItem *
tern_outbox_list_find (TernOutboxList *self, TernId id)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      TernOutboxItem *item = g_ptr_array_index (self->items, i);

      if (item->record->id == id)
        return item;
    }
  return NULL;
}

guint
tern_outbox_list_count_troubled (TernOutboxList *self, TernOutboxTrouble *troubles)
{
  guint n = 0;

  *troubles = TERN_OUTBOX_TROUBLE_NONE;
  for (guint i = 0; i < self->items->len; i++)
    {
      TernOutboxTrouble trouble = tern_outbox_item_get_trouble (g_ptr_array_index (self->items, i));

      *troubles |= trouble;
      n += trouble != TERN_OUTBOX_TROUBLE_NONE;
    }
  return n;
}

TernOutboxItem *
tern_outbox_list_find_waiting (TernOutboxList *self, guint *n)
{
  TernOutboxItem *first = NULL;

  *n = 0;
  for (guint i = 0; i < self->items->len; i++)
    {
      TernOutboxItem *item = g_ptr_array_index (self->items, i);

      if (!tern_outbox_item_is_waiting (item))
        continue;
      if (first == NULL)
        first = item;
      if (item->record->account == first->record->account)
        ++*n;
    }
  return first;
}
