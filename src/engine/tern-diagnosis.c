/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-diagnosis-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "tern-imap-extensions.h"
#include "tern-store-folders.h"

#define MAX_OPERATIONS 1000

/* Errors and connections */

GError *
tern_diagnosis_clean_error (const GError *error,
                            const TernCredentials *imap,
                            const TernCredentials *smtp)
{
  const char *text = error != NULL ? tern_fault_get_server_text (error) : NULL;
  g_autofree char *half = NULL;
  g_autofree char *clean = NULL;
  GError *copy;

  if (error == NULL)
    return NULL;
  if (text == NULL
      || !(tern_fault_is (error, TERN_FAULT_AUTHENTICATION)
           || tern_fault_is (error, TERN_FAULT_PROTOCOL)
           || tern_fault_is (error, TERN_FAULT_REFUSED)))
    return g_error_copy (error);
  half = tern_redact_secret (text, imap != NULL ? imap->password : NULL);
  clean = tern_redact_secret (half, smtp != NULL ? smtp->password : NULL);
  copy = tern_fault_new_server ((TernFaultCode) error->code, clean, "%s", error->message);
  tern_fault_set_scope (copy, tern_fault_get_scope (error));
  tern_fault_set_retry (copy, tern_fault_get_retry (error));
  return copy;
}

TernConnection *
tern_diagnosis_copy_connection (TernConnection *connection,
                                const TernCredentials *imap,
                                const TernCredentials *smtp)
{
  TernConnection *copy = tern_connection_copy (connection);
  GError *error = copy->error;

  copy->error = tern_diagnosis_clean_error (error, imap, smtp);
  g_clear_error (&error);
  return copy;
}

struct _TernConnectionKeeper
{
  GPtrArray *connections; /* (owned) of TernConnection */
};

TernConnectionKeeper *
tern_connection_keeper_new (void)
{
  TernConnectionKeeper *self = g_new0 (TernConnectionKeeper, 1);

  self->connections = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_connection_unref);
  return self;
}

void
tern_connection_keeper_free (TernConnectionKeeper *self)
{
  g_ptr_array_unref (self->connections);
  g_free (self);
}

void
tern_connection_keeper_add (TernConnectionKeeper *self, TernConnection *connection)
{
  for (guint i = 0; i < self->connections->len; i++)
    {
      TernConnection *old = g_ptr_array_index (self->connections, i);

      if (strcmp (old->label, connection->label) != 0
          || strcmp (old->protocol, connection->protocol) != 0)
        continue;
      self->connections->pdata[i] = tern_connection_ref (connection);
      tern_connection_unref (old);
      return;
    }
  g_ptr_array_add (self->connections, tern_connection_ref (connection));
}

GPtrArray *
tern_connection_keeper_dup (TernConnectionKeeper *self,
                            const TernCredentials *imap,
                            const TernCredentials *smtp)
{
  GPtrArray *copies = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_connection_unref);

  for (guint i = 0; i < self->connections->len; i++)
    g_ptr_array_add (copies, tern_diagnosis_copy_connection (
                                 g_ptr_array_index (self->connections, i), imap, smtp));
  return copies;
}

/* The worker's half */

TernAccountTrace *
tern_account_trace_new (void)
{
  TernAccountTrace *self = g_new0 (TernAccountTrace, 1);

  self->connections = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_connection_unref);
  return self;
}

void
tern_account_trace_free (gpointer trace)
{
  TernAccountTrace *self = trace;

  g_ptr_array_unref (self->connections);
  g_clear_error (&self->error);
  g_clear_error (&self->sending);
  g_clear_error (&self->last);
  g_free (self);
}

static void
add_untried (TernDiagnosis *self, const char *protocol, const char *label, TernEndpoint *endpoint)
{
  TernConnection *untried;

  for (guint i = 0; i < self->connections->len; i++)
    if (strcmp (((TernConnection *) g_ptr_array_index (self->connections, i))->protocol, protocol)
        == 0)
      return;
  untried = tern_connection_new (protocol, label, endpoint);
  g_ptr_array_add (self->connections, tern_connection_copy (untried));
  tern_connection_unref (untried);
}

/* Extensions */

static void
extension_free (gpointer data)
{
  TernDiagnosisExtension *extension = data;

  g_free (extension->name);
  g_free (extension);
}

static void
add_extension (TernDiagnosis *self, const char *name, TernExtensionState state)
{
  const TernImapExtension *known = tern_imap_extension_find (name);
  TernDiagnosisExtension *extension = g_new0 (TernDiagnosisExtension, 1);

  extension->name = g_strdup (known != NULL ? known->name : name);
  extension->state = state;
  if (known != NULL)
    {
      extension->purpose = _ (known->purpose);
      extension->without = _ (known->without);
    }
  g_ptr_array_add (self->extensions, extension);
}

/* What the server says once it knows who asks: of the connection that does most. */
static const TernConnection *
find_offering (const GPtrArray *connections)
{
  for (guint i = 0; i < connections->len; i++)
    {
      const TernConnection *connection = g_ptr_array_index (connections, i);

      if (strcmp (connection->protocol, "imap") == 0 && connection->offered->len > 0)
        return connection;
    }
  return NULL;
}

static gboolean
was_used (const GPtrArray *connections, const char *name)
{
  for (guint i = 0; i < connections->len; i++)
    {
      const TernConnection *connection = g_ptr_array_index (connections, i);

      if (strcmp (connection->protocol, "imap") == 0 && tern_connection_has_used (connection, name))
        return TRUE;
    }
  return FALSE;
}

static void
judge_known (TernDiagnosis *self, const TernConnection *offering, const TernImapExtension *known)
{
  /* STARTTLS and SASL-IR are not announced any more once they were used. */
  gboolean used =
      was_used (self->connections, known->name) || was_used (self->test_connections, known->name);
  gboolean offered = used || tern_connection_has_offered (offering, known->name)
                     || (known->in_rev2 && tern_connection_has_offered (offering, "IMAP4rev2"));

  if (used)
    add_extension (self, known->name, TERN_EXTENSION_USED);
  else if (offered)
    add_extension (self, known->name, known->used ? TERN_EXTENSION_OFFERED : TERN_EXTENSION_UNUSED);
  else if (known->used && !known->harmless)
    add_extension (self, known->name, TERN_EXTENSION_MISSING);
}

static void
judge_extensions (TernDiagnosis *self)
{
  const TernConnection *offering = find_offering (self->connections);
  const TernImapExtension *known;
  gsize n;

  g_ptr_array_set_size (self->extensions, 0);
  if (offering == NULL)
    offering = find_offering (self->test_connections);
  if (offering == NULL)
    return;
  known = tern_imap_extensions_get (&n);
  for (gsize i = 0; i < n; i++)
    judge_known (self, offering, &known[i]);
  for (guint i = 0; i < offering->offered->len; i++)
    {
      const char *name = g_ptr_array_index (offering->offered, i);

      if (tern_imap_extension_find (name) == NULL && !g_str_has_prefix (name, "AUTH=")
          && !g_str_has_prefix (name, "IMAP4"))
        add_extension (self, name, TERN_EXTENSION_UNKNOWN);
    }
}

void
tern_diagnosis_take_trace (TernDiagnosis *self,
                           const TernAccountSettings *settings,
                           TernAccountTrace *trace)
{
  self->online = trace->online;
  self->error = g_steal_pointer (&trace->error);
  self->sending = g_steal_pointer (&trace->sending);
  self->next_try = trace->next_try;
  self->last = g_steal_pointer (&trace->last);
  self->last_time = trace->last_time;
  self->last_sync = trace->last_sync;
  self->quota = trace->quota;
  g_ptr_array_extend_and_steal (self->connections, g_steal_pointer (&trace->connections));
  trace->connections = g_ptr_array_new ();
  add_untried (self, "imap", "work", settings->imap);
  add_untried (self, "smtp", "send", settings->smtp);
  judge_extensions (self);
}

/* The store's half */

typedef struct
{
  GPtrArray *operations; /* (owned) of TernDiagnosisOp */
  guint pending, running, stuck;
  guint outbox[TERN_DIAGNOSIS_OUTBOX_STATES];
  GPtrArray *outbox_faults; /* (owned) of char* */
  gint64 checked;           /* seconds */
} Queue;

static void
op_free (gpointer data)
{
  TernDiagnosisOp *op = data;

  g_free (op->source);
  g_free (op->target);
  g_free (op->fault);
  g_free (op);
}

void
tern_diagnosis_queue_free (gpointer data)
{
  Queue *queue = data;

  g_clear_pointer (&queue->operations, g_ptr_array_unref);
  g_clear_pointer (&queue->outbox_faults, g_ptr_array_unref);
  g_free (queue);
}

static char *
find_path (const GPtrArray *folders, TernId id)
{
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);

      if (folder->id == id)
        return g_strdup (folder->path);
    }
  return NULL;
}

static void
add_op (Queue *queue, const GPtrArray *folders, const TernOpRecord *record)
{
  TernDiagnosisOp *op;

  if (record->state == TERN_OP_PENDING)
    queue->pending++;
  else if (record->state == TERN_OP_RUNNING)
    queue->running++;
  else if (record->state == TERN_OP_STUCK)
    queue->stuck++;
  else
    return;
  op = g_new0 (TernDiagnosisOp, 1);
  op->id = record->id;
  op->kind = record->kind;
  op->state = record->state;
  op->source = find_path (folders, record->source);
  op->target = find_path (folders, record->target);
  op->messages = record->subjects->len;
  op->attempts = record->attempts;
  op->created = record->created;
  op->next_try = record->not_before / 1000;
  op->fault = g_strdup (record->fault);
  g_ptr_array_add (queue->operations, op);
}

static void
add_outbox (Queue *queue, const TernOutboxRecord *entry)
{
  if ((guint) entry->state < TERN_DIAGNOSIS_OUTBOX_STATES)
    queue->outbox[entry->state]++;
  if (entry->fault != NULL && entry->state != TERN_OUTBOX_DONE)
    g_ptr_array_add (queue->outbox_faults, g_strdup (entry->fault));
}

gboolean
tern_diagnosis_read_queue (TernReader *reader,
                           gpointer data,
                           GCancellable *cancellable,
                           gpointer *result,
                           GError **error)
{
  TernId account = *(TernId *) data;
  g_autoptr (GPtrArray) folders = tern_read_folders (reader, account, error);
  g_autoptr (GPtrArray) ops =
      folders != NULL ? tern_read_ops (reader, account, MAX_OPERATIONS, error) : NULL;
  g_autoptr (GPtrArray) entries = ops != NULL ? tern_read_outbox (reader, account, error) : NULL;
  Queue *queue;

  if (entries == NULL)
    return FALSE;
  queue = g_new0 (Queue, 1);
  queue->operations = g_ptr_array_new_with_free_func (op_free);
  queue->outbox_faults = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < folders->len; i++)
    queue->checked =
        MAX (queue->checked, ((TernFolderRecord *) g_ptr_array_index (folders, i))->checked);
  for (guint i = 0; i < ops->len; i++)
    add_op (queue, folders, g_ptr_array_index (ops, i));
  for (guint i = 0; i < entries->len; i++)
    add_outbox (queue, g_ptr_array_index (entries, i));
  *result = queue;
  return TRUE;
}

void
tern_diagnosis_take_queue (TernDiagnosis *self, gpointer data)
{
  Queue *queue = data;

  g_ptr_array_unref (self->operations);
  self->operations = g_steal_pointer (&queue->operations);
  g_ptr_array_unref (self->outbox_faults);
  self->outbox_faults = g_steal_pointer (&queue->outbox_faults);
  self->pending = queue->pending;
  self->running = queue->running;
  self->stuck = queue->stuck;
  memcpy (self->outbox, queue->outbox, sizeof self->outbox);
  self->last_folder_sync = MAX (self->last_sync, queue->checked);
  tern_diagnosis_queue_free (queue);
}

/* Life */

TernDiagnosis *
tern_diagnosis_new (const TernAccountSettings *settings)
{
  TernDiagnosis *self = g_atomic_rc_box_new0 (TernDiagnosis);

  self->uuid = g_strdup (settings->uuid);
  self->label = g_strdup (settings->label);
  self->address = g_strdup (settings->address);
  self->time = g_get_real_time () / G_USEC_PER_SEC;
  self->connections = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_connection_unref);
  self->extensions = g_ptr_array_new_with_free_func (extension_free);
  self->operations = g_ptr_array_new_with_free_func (op_free);
  self->outbox_faults = g_ptr_array_new_with_free_func (g_free);
  self->test_connections = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_connection_unref);
  return self;
}

TernDiagnosis *
tern_diagnosis_ref (TernDiagnosis *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
diagnosis_clear (gpointer data)
{
  TernDiagnosis *self = data;

  g_free (self->uuid);
  g_free (self->label);
  g_free (self->address);
  g_clear_error (&self->error);
  g_clear_error (&self->sending);
  g_clear_error (&self->last);
  g_clear_error (&self->test_error);
  g_ptr_array_unref (self->connections);
  g_ptr_array_unref (self->extensions);
  g_ptr_array_unref (self->operations);
  g_ptr_array_unref (self->outbox_faults);
  g_ptr_array_unref (self->test_connections);
}

void
tern_diagnosis_unref (TernDiagnosis *self)
{
  g_atomic_rc_box_release_full (self, diagnosis_clear);
}
