/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-format.h"
#include "tern-ctl-input.h"
#include "tern-ctl-patience.h"
#include "tern-ctl-private.h"

#include "tern-mime-message.h"
#include "tern-mime-text.h"

#include <glib/gi18n.h>
#include <string.h>

#define HOLD_MAX_YEARS   100
#define SECONDS_PER_YEAR (G_GINT64_CONSTANT (366) * 24 * 60 * 60)

typedef struct
{
  TernAccountSettings *account; /* (owned) */
  GBytes *input;                /* (owned) */
  TernDraft *draft;             /* (owned) (nullable): what is being written */
  guint hold;                   /* seconds until it may leave */
  guint attached;               /* files read so far */
  TernId outbox;
  TernCtlPatience *patience; /* (owned) (nullable) */
} Sending;

static void
sending_free (gpointer data)
{
  Sending *self = data;

  g_clear_pointer (&self->account, tern_account_settings_unref);
  g_clear_pointer (&self->input, g_bytes_unref);
  g_clear_pointer (&self->draft, tern_draft_free);
  tern_ctl_patience_free (self->patience);
  g_free (self);
}

static int
exit_code_of (const TernOutboxRecord *record)
{
  switch (record->state)
    {
    case TERN_OUTBOX_REFUSED:
      return TERN_CTL_EXIT_REFUSED;
    case TERN_OUTBOX_DONE:
    case TERN_OUTBOX_ACCEPTED:
      break;
    case TERN_OUTBOX_HELD:
    case TERN_OUTBOX_QUEUED:
    case TERN_OUTBOX_CONNECTING:
    case TERN_OUTBOX_SENT_DATA:
    case TERN_OUTBOX_UNCERTAIN:
    default:
      return TERN_CTL_EXIT_LATER;
    }
  for (guint i = 0; record->recipients != NULL && i < record->recipients->len; i++)
    {
      const TernRecipient *recipient = g_ptr_array_index (record->recipients, i);

      if (recipient->state == TERN_OUTBOX_REFUSED)
        return TERN_CTL_EXIT_REFUSED;
    }
  return TERN_CTL_EXIT_DONE;
}

static void
print_outcome (TernCtl *self, const TernOutboxRecord *record)
{
  if (self->args->json)
    {
      TernCtlJson *json = tern_ctl_json_new ();
      const char *uuid = tern_engine_get_account_uuid (self->engine, record->account);

      tern_ctl_format_outbox (json, record, uuid);
      tern_ctl_print (self, tern_ctl_json_end (json));
    }
  else
    tern_ctl_print (self, g_strdup_printf ("%" TERN_ID_FORMAT "\t%s\n", record->id,
                                           tern_outbox_state_name (record->state)));
  for (guint i = 0; record->recipients != NULL && i < record->recipients->len; i++)
    {
      const TernRecipient *recipient = g_ptr_array_index (record->recipients, i);

      if (!self->args->json && recipient->state == TERN_OUTBOX_REFUSED)
        tern_ctl_print_error (
            self, g_strdup_printf (_ ("ternctl: %s was refused: %s\n"), recipient->address,
                                   recipient->server_text != NULL ? recipient->server_text : ""));
    }
}

/* The state that it has got to is what there is to say. */
static void
end_with_record (TernCtl *self, TernOutboxRecord *record)
{
  gboolean asked_not_to_wait =
      tern_ctl_args_has (self->args, "no-wait") || tern_ctl_args_has (self->args, "at");
  int exit_code = exit_code_of (record);

  /* An attempt that has only just begun ends with this program: it stays queued. */
  if (asked_not_to_wait && record->state == TERN_OUTBOX_CONNECTING)
    record->state = TERN_OUTBOX_QUEUED;
  print_outcome (self, record);
  if (record->fault != NULL && exit_code != TERN_CTL_EXIT_DONE)
    {
      GError *error = tern_fault_new_server (
          exit_code == TERN_CTL_EXIT_REFUSED ? TERN_FAULT_REFUSED : TERN_FAULT_UNAVAILABLE,
          record->server_text, "%s", record->fault);

      tern_ctl_report (self, error, tern_engine_get_account_uuid (self->engine, record->account));
    }
  if (exit_code == TERN_CTL_EXIT_LATER && asked_not_to_wait
      && record->state != TERN_OUTBOX_UNCERTAIN)
    exit_code = TERN_CTL_EXIT_DONE;
  tern_outbox_record_free (record);
  tern_ctl_end (self, exit_code);
}

static gboolean
read_entry (TernReader *reader,
            gpointer data,
            GCancellable *cancellable,
            gpointer *result,
            GError **error)
{
  const TernId *id = data;

  *result = tern_read_outbox_entry (reader, *id, error);
  if (*result == NULL && error != NULL && *error == NULL)
    g_propagate_error (error, tern_fault_new (TERN_FAULT_NOT_FOUND,
                                              _ ("There is no outbox entry %" PRId64 "."), *id));
  return *result != NULL;
}

static void
entry_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  GError *error = NULL;
  gpointer record = NULL;

  if (tern_ctl_read_finish (self, result, &record, &error))
    end_with_record (self, record);
  else
    tern_ctl_fail (self, error, NULL);
}

static void
read_outbox_entry (TernCtl *self, GAsyncReadyCallback callback)
{
  Sending *sending = self->state;

  tern_ctl_read (self, read_entry, g_memdup2 (&sending->outbox, sizeof (TernId)), g_free,
                 (GDestroyNotify) tern_outbox_record_free, callback);
}

static void wait_for_outbox (TernCtl *self, const char *uuid, gboolean try_now);

/* Whether the outgoing server, which may be there when the other one is not, is still being tried.
 */
static gboolean
is_under_way (TernCtl *self, const TernOutboxRecord *record)
{
  const char *uuid = tern_engine_get_account_uuid (self->engine, record->account);
  TernAccountStatus *status =
      uuid != NULL ? tern_engine_dup_account_status (self->engine, uuid) : NULL;
  gboolean refused = status == NULL || (status->state == TERN_ACCOUNT_REFUSED && !status->asking);

  if (status != NULL)
    tern_account_status_free (status);
  return record->state == TERN_OUTBOX_CONNECTING || record->state == TERN_OUTBOX_SENT_DATA
         || (record->state == TERN_OUTBOX_QUEUED && record->fault == NULL && !refused);
}

static void
lost_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  TernOutboxRecord *record;
  GError *error = NULL;
  gpointer value = NULL;

  if (!tern_ctl_read_finish (self, result, &value, &error))
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  record = value;
  if (!is_under_way (self, record))
    {
      end_with_record (self, record);
      return;
    }
  wait_for_outbox (self, tern_engine_get_account_uuid (self->engine, record->account), FALSE);
  tern_outbox_record_free (record);
}

static void
waited_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  Sending *sending = self->state;
  GError *error = NULL;
  TernOutboxRecord *record = tern_engine_wait_outbox_finish (self->engine, result, &error);

  if (record != NULL)
    end_with_record (self, record);
  else if (tern_fault_is_cancelled (error) && tern_ctl_patience_is_lost (sending->patience))
    {
      g_error_free (error);
      read_outbox_entry (self, lost_cb);
    }
  else
    tern_ctl_fail (self, error, NULL);
}

static void
wait_for_outbox (TernCtl *self, const char *uuid, gboolean try_now)
{
  Sending *sending = self->state;
  g_autoptr (GPtrArray) uuids = g_ptr_array_new_with_free_func (g_free);

  if (uuid != NULL)
    g_ptr_array_add (uuids, g_strdup (uuid));
  tern_ctl_patience_free (sending->patience);
  sending->patience = tern_ctl_patience_new (self->engine, uuids, self->cancellable);
  if (try_now)
    tern_ctl_patience_try_now (sending->patience);
  tern_engine_wait_outbox_async (self->engine, sending->outbox,
                                 tern_ctl_patience_get_cancellable (sending->patience), waited_cb,
                                 self);
}

static void
queued_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  Sending *sending = self->state;
  GError *error = NULL;

  sending->outbox = tern_engine_send_finish (self->engine, result, &error);
  if (sending->outbox == 0)
    tern_ctl_fail (self, error, sending->account->uuid);
  else if (tern_ctl_args_has (self->args, "no-wait") || tern_ctl_args_has (self->args, "at"))
    read_outbox_entry (self, entry_cb);
  else
    wait_for_outbox (self, sending->account->uuid, TRUE);
}

static void attach_next (TernCtl *self);

static void
attached_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  Sending *sending = self->state;
  GError *error = NULL;
  g_autofree char *name = g_file_get_basename (G_FILE (source));
  g_autofree char *type = NULL;
  g_autofree char *mime = NULL;
  g_autoptr (GBytes) bytes = g_file_load_bytes_finish (G_FILE (source), result, NULL, &error);

  if (bytes == NULL)
    {
      g_autofree char *what = g_strdup_printf (_ ("Cannot attach %s"), name);

      tern_ctl_fail (self, tern_fault_take (error, what), NULL);
      return;
    }
  type =
      g_content_type_guess (name, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
  mime = g_content_type_get_mime_type (type);
  g_ptr_array_add (
      sending->draft->attachments,
      tern_attachment_new (name, mime != NULL ? mime : "application/octet-stream", bytes));
  attach_next (self);
}

static void
attach_next (TernCtl *self)
{
  Sending *sending = self->state;
  GPtrArray *files = tern_ctl_args_get_all (self->args, "attach");
  g_autofree char *path = NULL;
  g_autoptr (GFile) file = NULL;

  if (files == NULL || sending->attached == files->len)
    {
      tern_engine_send_async (self->engine, sending->draft, sending->hold, queued_cb, self);
      return;
    }
  path = tern_ctl_resolve_path (self, g_ptr_array_index (files, sending->attached++));
  file = g_file_new_for_path (path);
  g_file_load_bytes_async (file, self->cancellable, attached_cb, self);
}

static gboolean
take_recipients (TernCtl *self, const char *option, GPtrArray **list, GError **error)
{
  GPtrArray *texts = tern_ctl_args_get_all (self->args, option);

  if (texts == NULL)
    return TRUE;
  g_ptr_array_set_size (*list, 0);
  for (guint i = 0; i < texts->len; i++)
    {
      g_autoptr (GPtrArray) typed =
          tern_mime_parse_typed_addresses (g_ptr_array_index (texts, i), error);

      if (typed == NULL)
        return FALSE;
      for (guint k = 0; k < typed->len; k++)
        g_ptr_array_add (*list, tern_address_copy (g_ptr_array_index (typed, k)));
    }
  return TRUE;
}

static void
replace_text (char **field, char *value)
{
  g_free (*field);
  *field = value;
}

/* The draft is there, empty or as a reply; the options and the text go over it. */
static void
fill_draft (TernCtl *self)
{
  Sending *sending = self->state;
  TernDraft *draft = sending->draft;
  const char *subject = tern_ctl_args_get (self->args, "subject");
  const char *data;
  gsize length;
  GError *error = NULL;

  replace_text (&draft->account, g_strdup (sending->account->uuid));
  if (subject != NULL)
    replace_text (&draft->subject, g_strdup (subject));
  data = g_bytes_get_data (sending->input, &length);
  if (length > 0 && !g_utf8_validate_len (data, length, NULL))
    error = tern_fault_new (TERN_FAULT_INVALID, _ ("The text is not UTF-8."));
  else if (take_recipients (self, "to", &draft->to, &error)
           && take_recipients (self, "cc", &draft->cc, &error)
           && take_recipients (self, "bcc", &draft->bcc, &error)
           && draft->to->len + draft->cc->len + draft->bcc->len == 0)
    error = tern_fault_new (TERN_FAULT_INVALID, _ ("Say with --to whom the message is for."));
  if (error != NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  replace_text (&draft->text, g_strndup (data != NULL ? data : "", length));
  if (tern_ctl_args_has (self->args, "html"))
    {
      draft->html = g_steal_pointer (&draft->text);
      draft->text = tern_mime_html_to_text (draft->html);
    }
  attach_next (self);
}

static gboolean
read_original (TernReader *reader,
               gpointer data,
               GCancellable *cancellable,
               gpointer *result,
               GError **error)
{
  const TernId *id = data;
  g_autoptr (GError) problem = NULL;

  *result = tern_read_message (reader, *id, &problem);
  if (*result != NULL)
    return TRUE;
  g_propagate_error (error, problem != NULL
                                ? g_steal_pointer (&problem)
                                : tern_fault_new (TERN_FAULT_NOT_FOUND,
                                                  _ ("There is no message %" PRId64 "."), *id));
  return FALSE;
}

static void
original_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  Sending *sending = self->state;
  const char *own[] = { sending->account->address, NULL };
  g_autoptr (TernAddress) from =
      tern_address_new (sending->account->name, sending->account->address);
  g_autoptr (TernMessageRecord) record = NULL;
  GError *error = NULL;
  gpointer value = NULL;

  if (!tern_ctl_read_finish (self, result, &value, &error))
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  record = value;
  sending->draft = tern_draft_new_reply (TERN_REPLY_SENDER, record->facts, NULL, NULL, own, from);
  sending->draft->reply_to_id = record->id;
  sending->draft->reply_flag = TERN_FLAG_ANSWERED;
  fill_draft (self);
}

static void
start_draft (TernCtl *self)
{
  Sending *sending = self->state;
  const char *reply_to = tern_ctl_args_get (self->args, "reply-to-id");
  GError *error = NULL;
  TernId id;

  if (reply_to == NULL)
    {
      sending->draft = tern_draft_new ();
      g_clear_pointer (&sending->draft->from, tern_address_free);
      sending->draft->from = tern_address_new (sending->account->name, sending->account->address);
      fill_draft (self);
    }
  else if (tern_ctl_args_number (reply_to, 1, &id, &error))
    tern_ctl_read (self, read_original, g_memdup2 (&id, sizeof id), g_free,
                   (GDestroyNotify) tern_message_record_free, original_cb);
  else
    tern_ctl_fail (self, error, NULL);
}

static gboolean
is_draft (const TernCtlArgs *args)
{
  static const char *const options[] = { "to",     "cc",   "bcc",         "subject",
                                         "attach", "html", "reply-to-id", NULL };

  for (gsize i = 0; options[i] != NULL; i++)
    {
      if (tern_ctl_args_has (args, options[i]))
        return TRUE;
    }
  return FALSE;
}

/* A whole message says itself who it is from. */
static TernAccountSettings *
find_account_of (TernCtl *self, GBytes *source, GError **error)
{
  g_autoptr (TernMessageFacts) facts = tern_mime_read_facts (source);
  const TernAddress *from = facts->from->len > 0 ? g_ptr_array_index (facts->from, 0) : NULL;
  g_autoptr (GPtrArray) accounts = tern_engine_dup_accounts (self->engine);

  for (guint i = 0; from != NULL && i < accounts->len; i++)
    {
      TernAccountSettings *account = g_ptr_array_index (accounts, i);

      /* By its address, which may be that of another one as well. */
      if (tern_address_same_mailbox (account->address, from->address))
        return tern_ctl_find_account (self, account->address, error);
    }
  return tern_ctl_find_account (self, NULL, error);
}

static void
input_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  Sending *sending = self->state;
  GError *error = NULL;

  sending->input = tern_ctl_input_read_finish (result, &error);
  if (sending->input == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  if (is_draft (self->args))
    {
      start_draft (self);
      return;
    }
  if (sending->account == NULL)
    sending->account = find_account_of (self, sending->input, &error);
  if (sending->account == NULL)
    tern_ctl_fail (self, error, NULL);
  else
    tern_engine_send_source_async (self->engine, sending->account->uuid, sending->input,
                                   sending->hold, queued_cb, self);
}

/* --at: from now on in seconds. */
static gboolean
take_time (TernCtl *self, Sending *sending, GError **error)
{
  const char *text = tern_ctl_args_get (self->args, "at");
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  g_autoptr (GDateTime) when = text != NULL ? g_date_time_new_from_iso8601 (text, zone) : NULL;
  gint64 hold;

  if (text == NULL)
    return TRUE;
  hold = when != NULL ? g_date_time_to_unix (when) - g_get_real_time () / G_USEC_PER_SEC : -1;
  if (hold > HOLD_MAX_YEARS * SECONDS_PER_YEAR)
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                                _ ("“%s” is too far away: a message can wait for "
                                                   "up to %d years."),
                                                text, HOLD_MAX_YEARS));
      return FALSE;
    }
  if (hold < 0)
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                                _ ("“%s” is not a time to come, like "
                                                   "2030-01-31T09:00:00+01:00."),
                                                text));
      return FALSE;
    }
  sending->hold = (guint) hold;
  return TRUE;
}

void
tern_ctl_send (TernCtl *self)
{
  Sending *sending = g_new0 (Sending, 1);
  const char *account = tern_ctl_args_get (self->args, "account");
  GError *error = NULL;

  tern_ctl_set_state (self, sending, sending_free);
  if (account != NULL || is_draft (self->args))
    sending->account = tern_ctl_find_account (self, account, &error);
  if (error != NULL || !take_time (self, sending, &error))
    tern_ctl_fail (self, error, NULL);
  else
    tern_ctl_input_read_async (self->input, self->cancellable, input_cb, self);
}

static void
retried_entry_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  TernOutboxRecord *record;
  GError *error = NULL;
  gpointer value = NULL;

  if (!tern_ctl_read_finish (self, result, &value, &error))
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  record = value;
  wait_for_outbox (self, tern_engine_get_account_uuid (self->engine, record->account), TRUE);
  tern_outbox_record_free (record);
}

static void
retried_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  GError *error = NULL;

  if (tern_engine_retry_finish (self->engine, result, &error))
    read_outbox_entry (self, retried_entry_cb);
  else
    tern_ctl_fail (self, error, NULL);
}

void
tern_ctl_outbox_retry (TernCtl *self)
{
  Sending *sending = g_new0 (Sending, 1);
  GError *error = NULL;

  tern_ctl_set_state (self, sending, sending_free);
  if (tern_ctl_args_number (tern_ctl_args_word (self->args, 0), 1, &sending->outbox, &error))
    tern_engine_retry_async (self->engine, sending->outbox, retried_cb, self);
  else
    tern_ctl_fail (self, error, NULL);
}
