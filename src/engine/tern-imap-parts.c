/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-remote-state-private.h"

#include "tern-limits.h"

#include <glib/gi18n.h>

/*
 * Bodies of messages of one folder: SELECT, then all that was asked for in one flight. Whole
 * messages come by one command; what does not come by it is asked for one by one, so that no
 * message keeps another away. All of it is in memory together: no more is kept than twice what the
 * server told of it, or of what may be asked for at once.
 */

typedef struct
{
  TernImapJob job;
  TernFolderRecord *folder; /* (owned) */
  GPtrArray *requests;      /* (owned) of TernPartRequest */
  GPtrArray *together;      /* (owned) of TernPartRequest (unowned): whole messages */
  guint64 room;             /* bytes that may still be kept */
  guint answered;
  GError *error;
} TernImapParts;

typedef struct
{
  TernImapParts *parts;
  TernPartRequest *request;
} PartsFetch;

static void
finish (TernImapParts *self)
{
  if (self->error != NULL)
    g_task_return_error (self->job.task, g_steal_pointer (&self->error));
  else
    g_task_return_boolean (self->job.task, TRUE);
  tern_imap_job_done (&self->job);
}

/* About this message, and not about the connection? */
static gboolean
is_of_message (const GError *error)
{
  return tern_fault_is (error, TERN_FAULT_REFUSED) || tern_fault_is (error, TERN_FAULT_RIGHTS)
         || tern_fault_is (error, TERN_FAULT_LIMIT) || tern_fault_is (error, TERN_FAULT_NOT_FOUND)
         || tern_fault_is (error, TERN_FAULT_UNAVAILABLE)
         || (tern_fault_is (error, TERN_FAULT_PROTOCOL)
             && tern_fault_get_scope (error) == TERN_SCOPE_MESSAGE);
}

static void
crowd_out (TernImapParts *self, TernPartRequest *request)
{
  request->crowded_out = TRUE;
  request->error = tern_fault_new (TERN_FAULT_LIMIT,
                                   _ ("%s sent far more than the size that it tells of this "
                                      "message, so it was not loaded."),
                                   self->job.remote->endpoint->host);
}

/* Takes @bytes (nullable). */
static void
keep (TernImapParts *self, TernPartRequest *request, GBytes *bytes)
{
  gsize size = bytes != NULL ? g_bytes_get_size (bytes) : 0;

  /* The length of a range is a limit already. */
  if (request->length > 0)
    size = 0;
  if (size > self->room)
    {
      g_bytes_unref (bytes);
      crowd_out (self, request);
      return;
    }
  self->room -= size;
  request->bytes = bytes;
}

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree PartsFetch *fetch = user_data;
  TernImapParts *self = fetch->parts;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  self->answered++;
  if (reply != NULL)
    keep (self, fetch->request, g_steal_pointer (&reply->body));
  else if (is_of_message (error))
    {
      if (tern_fault_is (error, TERN_FAULT_UNAVAILABLE))
        tern_fault_set_scope (error, TERN_SCOPE_MESSAGE);
      fetch->request->error = g_steal_pointer (&error);
    }
  else if (self->error == NULL)
    self->error = g_steal_pointer (&error);
  if (self->answered == self->requests->len)
    finish (self);
}

static void
fetch_one (TernImapParts *self, TernPartRequest *request)
{
  TernImapSession *session = self->job.slot->session;
  PartsFetch *fetch = g_new0 (PartsFetch, 1);

  fetch->parts = self;
  fetch->request = request;
  if (request->length > 0)
    tern_imap_session_fetch_range_async (session, request->uid, request->section, request->offset,
                                         request->length, request->decoded, NULL, fetched_cb,
                                         fetch);
  else
    tern_imap_session_fetch_body_async (session, request->uid, request->section, request->size,
                                        NULL, fetched_cb, fetch);
}

/* What a command that was cut has brought has not to come again. */
static void
take_together (TernImapParts *self, const TernImapReply *reply)
{
  for (guint i = 0; reply != NULL && i < self->together->len; i++)
    {
      TernPartRequest *request = g_ptr_array_index (self->together, i);
      GBytes *bytes = g_hash_table_lookup (reply->bodies, GUINT_TO_POINTER (request->uid));

      if (bytes == NULL)
        continue;
      keep (self, request, g_bytes_ref (bytes));
      self->answered++;
    }
}

static void
fetched_together_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapParts *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  const TernImapReply *brought =
      reply != NULL ? reply : tern_imap_session_command_get_done (result);

  take_together (self, brought);
  if (reply == NULL && !is_of_message (error) && self->error == NULL)
    self->error = g_error_copy (error);
  for (guint i = 0; i < self->together->len; i++)
    {
      TernPartRequest *request = g_ptr_array_index (self->together, i);

      if (request->bytes != NULL || request->crowded_out)
        continue;
      if (reply == NULL && !is_of_message (error))
        self->answered++;
      else if (brought != NULL && brought->crowded_out)
        {
          crowd_out (self, request);
          self->answered++;
        }
      else
        fetch_one (self, request);
    }
  if (self->answered == self->requests->len)
    finish (self);
}

static int
compare_uids (gconstpointer a, gconstpointer b)
{
  const TernPartRequest *first = *(TernPartRequest *const *) a;
  const TernPartRequest *second = *(TernPartRequest *const *) b;

  return first->uid < second->uid ? -1 : first->uid > second->uid;
}

static void
fetch_together (TernImapParts *self)
{
  g_autofree guint32 *uids = g_new (guint32, self->together->len);
  guint64 size = 0;

  g_ptr_array_sort (self->together, compare_uids);
  for (guint i = 0; i < self->together->len; i++)
    {
      const TernPartRequest *request = g_ptr_array_index (self->together, i);

      uids[i] = request->uid;
      size = MAX (size, request->size);
    }
  tern_imap_session_fetch_bodies_async (self->job.slot->session, uids, self->together->len, "",
                                        size, self->room, NULL, fetched_together_cb, self);
}

/* Sections of one message are no more than it is. */
static guint64
measure_room (const GPtrArray *requests)
{
  guint64 sum = 0;
  guint32 last = 0;

  for (guint i = 0; i < requests->len; i++)
    {
      const TernPartRequest *request = g_ptr_array_index (requests, i);

      if (request->size == 0 || request->size > TERN_LIMIT_IMAP_BODY)
        return TERN_LIMIT_IMAP_BODY;
      if (request->uid != last)
        sum += request->size;
      last = request->uid;
    }
  return MIN (MAX (sum, TERN_LIMIT_IMAP_FETCH) * 2 + TERN_LIMIT_IMAP_SLACK, TERN_LIMIT_IMAP_BODY);
}

static void
selected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapParts *self = user_data;
  TernImapSession *session = self->job.slot->session;
  g_autoptr (TernImapReply) reply = g_task_propagate_pointer (G_TASK (result), &self->error);
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (session);

  /* UIDs of another epoch would bring other messages: nothing is there then, until the next sync.
   */
  if (reply == NULL || self->requests->len == 0 || mailbox == NULL
      || mailbox->uidvalidity != self->folder->uidvalidity)
    {
      finish (self);
      return;
    }
  self->room = measure_room (self->requests);
  for (guint i = 0; i < self->requests->len; i++)
    {
      TernPartRequest *request = g_ptr_array_index (self->requests, i);

      if (request->length == 0 && *request->section == '\0')
        g_ptr_array_add (self->together, request);
      else
        fetch_one (self, request);
    }
  if (self->together->len == 1)
    fetch_one (self, g_ptr_array_index (self->together, 0));
  else if (self->together->len > 1)
    fetch_together (self);
}

static void
parts_start (TernImapJob *job)
{
  TernImapParts *self = (TernImapParts *) job;
  guint32 highest = 0;
  gboolean live;

  for (guint i = 0; i < self->requests->len; i++)
    highest = MAX (highest, ((TernPartRequest *) g_ptr_array_index (self->requests, i))->uid);
  tern_imap_job_select (job, self->folder, highest, FALSE, &live, selected_cb);
}

static void
parts_free (TernImapJob *job)
{
  TernImapParts *self = (TernImapParts *) job;

  tern_folder_record_free (self->folder);
  g_ptr_array_unref (self->requests);
  g_ptr_array_unref (self->together);
  g_clear_error (&self->error);
  g_free (self);
}

static const TernImapJobClass parts_class = {
  .start = parts_start,
  .free = parts_free,
};

void
tern_imap_parts_start (TernImapRemote *remote,
                       const TernFolderRecord *folder,
                       GPtrArray *requests,
                       TernUrgency urgency,
                       GTask *task)
{
  TernImapParts *self = g_new0 (TernImapParts, 1);

  self->job.klass = &parts_class;
  self->job.urgency = urgency;
  self->job.folder = folder->id;
  self->job.task = task;
  self->folder = tern_folder_record_copy (folder);
  self->requests = g_ptr_array_ref (requests);
  self->together = g_ptr_array_new ();
  tern_imap_remote_add_job (remote, &self->job);
}
