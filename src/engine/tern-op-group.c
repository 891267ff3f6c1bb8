/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-op-group-private.h"

#include <string.h>

#include "tern-body-store.h"
#include "tern-folder-names-private.h"
#include "tern-store-messages.h"
#include "tern-store-rights.h"

#define READ_LIMIT 100

void
tern_op_group_free (TernOpGroup *self)
{
  g_ptr_array_unref (self->ops);
  g_array_unref (self->subjects);
  g_ptr_array_unref (self->message_ids);
  g_array_unref (self->sizes);
  g_array_unref (self->twins);
  g_clear_pointer (&self->taken, g_array_unref);
  g_clear_pointer (&self->source, tern_folder_record_free);
  g_clear_pointer (&self->target, tern_folder_record_free);
  g_clear_pointer (&self->message, g_bytes_unref);
  g_free (self->name);
  g_free (self->old_name);
  g_ptr_array_unref (self->subscribed);
  g_free (self);
}

static gboolean
is_solo (const TernOpGroupQuery *query, TernId op)
{
  for (guint i = 0; i < query->solo->len; i++)
    if (g_array_index (query->solo, TernId, i) == op)
      return TRUE;
  return FALSE;
}

/* What may have been begun before, or must be told apart, runs alone. */
static gboolean
runs_alone (const TernOpGroupQuery *query, const TernOpRecord *op)
{
  return op->kind == TERN_OP_APPEND || tern_op_is_of_folder (op->kind)
         || op->state == TERN_OP_RUNNING || op->attempts > 0 || is_solo (query, op->id);
}

static gboolean
same_change (const TernOpRecord *a, const TernOpRecord *b)
{
  return a->kind == b->kind && a->source == b->source && a->target == b->target && a->add == b->add
         && a->remove == b->remove && g_strcmp0 (a->add_keywords, b->add_keywords) == 0
         && g_strcmp0 (a->remove_keywords, b->remove_keywords) == 0;
}

static gboolean
has_unknown (const GArray *subjects)
{
  for (guint i = 0; i < subjects->len; i++)
    if (g_array_index (subjects, TernOpSubject, i).uid == 0)
      return TRUE;
  return FALSE;
}

/* Takes @op. One that has to wait for a uid does not join others: *@joined is FALSE. */
static gboolean
add_op (TernReader *reader, TernOpGroup *self, TernOpRecord *op, gboolean *joined, GError **error)
{
  g_autoptr (GArray) subjects = tern_read_op_subjects (reader, op->id, error);

  *joined = subjects != NULL && (self->ops->len == 0 || !has_unknown (subjects));
  if (!*joined)
    {
      tern_op_record_free (op);
      return subjects != NULL;
    }
  g_ptr_array_add (self->ops, op);
  if (subjects->len > 0)
    g_array_append_vals (self->subjects, subjects->data, subjects->len);
  return TRUE;
}

TernOpSubjectState
tern_op_group_get_state (const TernOpGroup *self, const TernOpSubject *subject)
{
  const TernOpRecord *first = g_ptr_array_index (self->ops, 0);

  if (subject->uid != 0 || first->kind == TERN_OP_APPEND)
    return TERN_OP_SUBJECT_READY;
  if (!subject->gone)
    return TERN_OP_SUBJECT_UNKNOWN;
  return (first->kind == TERN_OP_MOVE && first->begun) || first->kind == TERN_OP_EXPUNGE
             ? TERN_OP_SUBJECT_DONE
             : TERN_OP_SUBJECT_LOST;
}

static int
compare_uid (gconstpointer a, gconstpointer b)
{
  const TernOpSubject *first = a;
  const TernOpSubject *second = b;

  return first->uid < second->uid ? -1 : first->uid > second->uid;
}

static gboolean
read_subjects (TernReader *reader, TernOpGroup *self, GError **error)
{
  const TernOpRecord *first = g_ptr_array_index (self->ops, 0);

  g_array_sort (self->subjects, compare_uid);
  for (guint i = 0; i < self->subjects->len; i++)
    {
      const TernOpSubject *subject = &g_array_index (self->subjects, TernOpSubject, i);
      g_autoptr (TernMessageRecord) record = NULL;
      TernId folder = 0;
      TernOpSubjectState state = tern_op_group_get_state (self, subject);
      guint32 size;
      guint32 twins = 0;

      self->unknown += state == TERN_OP_SUBJECT_UNKNOWN;
      self->lost += state == TERN_OP_SUBJECT_LOST;
      if (self->check || first->kind == TERN_OP_APPEND)
        record = tern_read_message (reader, subject->location, NULL);
      g_ptr_array_add (self->message_ids,
                       record != NULL ? g_strdup (record->facts->message_id) : NULL);
      size = record != NULL ? (guint32) MIN (record->facts->size, G_MAXUINT32) : 0;
      g_array_append_val (self->sizes, size);
      if (self->check && first->target != 0
          && !tern_read_twins (reader, first, subject->location, &twins, error))
        return FALSE;
      g_array_append_val (self->twins, twins);
      if (first->kind == TERN_OP_APPEND && record != NULL)
        {
          self->date = record->facts->received;
          self->filed = tern_read_uid (reader, subject->location, &folder, NULL) != 0;
          self->message = tern_read_body (reader, subject->location, "", error);
          if (self->message == NULL && error != NULL && *error != NULL)
            return FALSE;
        }
    }
  return TRUE;
}

static gboolean
is_within (const TernFolderRecord *folder, const char *name, char delimiter)
{
  gsize length = strlen (name);

  return folder->remote_name != NULL && strncmp (folder->remote_name, name, length) == 0
         && (folder->remote_name[length] == '\0'
             || (delimiter != '\0' && folder->remote_name[length] == delimiter));
}

/* Names on the server are made of what the server has now. What was sent before is not made anew:
 * those are the names that have to be looked for. */
static gboolean
read_folder_op (TernReader *reader, TernOpGroup *self, GError **error)
{
  const TernOpRecord *op = g_ptr_array_index (self->ops, 0);
  g_autoptr (GPtrArray) folders = NULL;

  if (self->source == NULL || self->source->remote_name == NULL)
    return TRUE;
  self->old_name =
      g_strdup (op->begun && op->old_name != NULL ? op->old_name : self->source->remote_name);
  if (op->kind != TERN_OP_FOLDER_CREATE && op->kind != TERN_OP_FOLDER_RENAME)
    return TRUE;
  folders = tern_read_folders (reader, op->account, error);
  if (folders == NULL)
    return FALSE;
  if (op->begun && op->remote_name != NULL)
    self->name = g_strdup (op->remote_name);
  else
    self->name = tern_folder_names_to_remote (
        folders, op->kind == TERN_OP_FOLDER_CREATE ? self->source->path : op->new_path);
  for (guint i = 0; op->kind == TERN_OP_FOLDER_RENAME && i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);

      if (folder->subscribed && is_within (folder, self->old_name, self->source->delimiter))
        g_ptr_array_add (self->subscribed, g_strdup (folder->remote_name));
    }
  return TRUE;
}

static gboolean
read_group (TernReader *reader,
            const TernOpGroupQuery *query,
            TernOpGroup *self,
            GPtrArray *runnable,
            GError **error)
{
  TernOpRecord *first = g_ptr_array_steal_index (runnable, 0);
  gboolean joined;

  self->check = first->begun;
  if (!add_op (reader, self, first, &joined, error))
    return FALSE;
  if (!runs_alone (query, first) && !has_unknown (self->subjects))
    for (guint i = 0; i < runnable->len && self->subjects->len < TERN_REMOTE_OP_MAX;)
      {
        const TernOpRecord *op = g_ptr_array_index (runnable, i);

        if (runs_alone (query, op) || !same_change (first, op)
            || self->subjects->len + op->subjects->len > TERN_REMOTE_OP_MAX)
          i++;
        else if (!add_op (reader, self, g_ptr_array_steal_index (runnable, i), &joined, error))
          return FALSE;
      }
  if (first->source != 0)
    self->source = tern_read_folder (reader, first->source, NULL);
  if (first->target != 0)
    self->target = tern_read_folder (reader, first->target, NULL);
  if (tern_op_is_of_folder (first->kind))
    return read_folder_op (reader, self, error);
  if (self->check && first->target != 0
      && (self->taken = tern_read_taken_uids (reader, first, error)) == NULL)
    return FALSE;
  return read_subjects (reader, self, error);
}

gboolean
tern_op_group_read (TernReader *reader,
                    gpointer data,
                    GCancellable *cancellable,
                    gpointer *result,
                    GError **error)
{
  const TernOpGroupQuery *query = data;
  g_autoptr (GPtrArray) runnable = NULL;
  TernOpGroup *self;

  runnable =
      tern_read_runnable_ops (reader, query->account, g_get_real_time () / 1000, READ_LIMIT, error);
  if (runnable == NULL)
    return FALSE;
  self = g_new0 (TernOpGroup, 1);
  self->ops = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_op_record_free);
  self->subjects = g_array_new (FALSE, FALSE, sizeof (TernOpSubject));
  self->message_ids = g_ptr_array_new_with_free_func (g_free);
  self->sizes = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->twins = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->subscribed = g_ptr_array_new_with_free_func (g_free);
  if (runnable->len == 0)
    self->next_time = tern_read_next_op_time (reader, query->account, NULL);
  else if (!read_group (reader, query, self, runnable, error))
    {
      tern_op_group_free (self);
      return FALSE;
    }
  *result = self;
  return TRUE;
}

static gboolean
same_subjects (const GArray *a, const GArray *b)
{
  return a->len == b->len
         && (a->len == 0 || memcmp (a->data, b->data, a->len * sizeof (TernId)) == 0);
}

gboolean
tern_op_is_unchanged (TernTxn *txn, const TernOpRecord *op, gboolean *unchanged, GError **error)
{
  GError *fault = NULL;
  g_autoptr (TernOpRecord) now = tern_read_op (tern_txn_reader (txn), op->id, &fault);

  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  *unchanged = now != NULL && now->state == op->state && same_change (now, op)
               && g_strcmp0 (now->new_path, op->new_path) == 0
               && same_subjects (now->subjects, op->subjects);
  return TRUE;
}

TernRemoteOp *
tern_op_group_cut (const TernOpGroup *self, guint start, guint *taken)
{
  const TernOpRecord *first = g_ptr_array_index (self->ops, 0);
  TernRemoteOp *op = tern_remote_op_new (first->kind);
  guint i;

  if (self->source != NULL)
    op->source = tern_folder_record_copy (self->source);
  if (self->target != NULL)
    op->target = tern_folder_record_copy (self->target);
  op->add = first->add;
  op->remove = first->remove;
  op->add_keywords = g_strdup (first->add_keywords);
  op->remove_keywords = g_strdup (first->remove_keywords);
  op->message = self->message != NULL ? g_bytes_ref (self->message) : NULL;
  op->date = self->date;
  op->check = self->check;
  op->name = g_strdup (self->name);
  op->old_name = g_strdup (self->old_name);
  if (self->source != NULL)
    op->old_path = g_strdup (first->old_path != NULL ? first->old_path : self->source->path);
  for (guint name = 0; name < self->subscribed->len; name++)
    g_ptr_array_add (op->subscribed, g_strdup (g_ptr_array_index (self->subscribed, name)));
  op->target_uidvalidity = first->target_uidvalidity;
  op->target_uidnext = first->target_uidnext;
  if (self->taken != NULL)
    g_array_append_vals (op->taken, self->taken->data, self->taken->len);
  for (i = start; i < self->subjects->len && op->uids->len < TERN_REMOTE_OP_MAX; i++)
    {
      const TernOpSubject *subject = &g_array_index (self->subjects, TernOpSubject, i);

      if (subject->uid == 0 && first->kind != TERN_OP_APPEND)
        continue;
      if (subject->uid != 0)
        g_array_append_val (op->uids, subject->uid);
      g_ptr_array_add (op->message_ids, g_strdup (g_ptr_array_index (self->message_ids, i)));
      g_array_append_val (op->sizes, g_array_index (self->sizes, guint32, i));
      g_array_append_val (op->twins, g_array_index (self->twins, guint32, i));
      g_array_append_val (op->known, subject->target_uid);
    }
  *taken = i - start;
  return op;
}

/* Rights */

TernOpDenial
tern_op_group_get_denial (const TernOpGroup *self, TernRefusal refusal)
{
  const TernOpRecord *first = g_ptr_array_index (self->ops, 0);
  TernOpDenial denial = { .source = first->source, .target = first->target };

  if (refusal == TERN_REFUSAL_REMOVE)
    {
      denial.target = 0;
      denial.of_source = TERN_RIGHTS_REMOVE;
    }
  if (refusal != TERN_REFUSAL_CHANGE)
    return denial;
  switch (first->kind)
    {
    case TERN_OP_FLAGS:
      denial.of_source = tern_rights_for_flags (first->add | first->remove, first->add_keywords,
                                                first->remove_keywords);
      /* Which of the flags it was is not told. */
      if ((denial.of_source & (denial.of_source - 1)) != 0)
        denial.of_source = TERN_RIGHTS_NONE;
      break;
    case TERN_OP_COPY:
    case TERN_OP_APPEND:
      denial.source = 0;
      denial.of_target = TERN_RIGHT_INSERT;
      break;
    case TERN_OP_FOLDER_DELETE:
      denial.of_source = TERN_RIGHT_DELETE_FOLDER;
      break;
    case TERN_OP_FOLDER_CREATE:
      denial.source = 0;
      break;
    /* Where it comes from or where it is to go, that is not told. */
    case TERN_OP_MOVE:
    case TERN_OP_FOLDER_RENAME:
    case TERN_OP_EXPUNGE:
    case TERN_OP_FOLDER_SUBSCRIBE:
    case TERN_OP_FOLDER_UNSUBSCRIBE:
    default:
      break;
    }
  return denial;
}

gboolean
tern_op_denial_write (const TernOpDenial *self, TernTxn *txn, GError **error)
{
  return (self->source == 0
          || tern_txn_learn_folder_rights (txn, self->source, self->of_source, error))
         && (self->target == 0
             || tern_txn_learn_folder_rights (txn, self->target, self->of_target, error));
}
