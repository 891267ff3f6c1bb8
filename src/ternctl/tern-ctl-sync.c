/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-private.h"
#include "tern-ctl-progress.h"

#include <glib/gi18n.h>

typedef struct
{
  GPtrArray *accounts; /* (owned) of TernAccountSettings */
  guint next;
  TernCtlJson *json;  /* (owned) */
  int exit_code;      /* of the first account that failed */
  TernEngine *engine; /* (owned) (nullable): where progress comes from */
  gulong handler;
} Syncing;

static void
syncing_free (gpointer data)
{
  Syncing *self = data;

  if (self->engine != NULL)
    {
      g_signal_handler_disconnect (self->engine, self->handler);
      g_object_unref (self->engine);
    }
  g_ptr_array_unref (self->accounts);
  tern_ctl_json_free (self->json);
  g_free (self);
}

static void sync_next (TernCtl *self);

static void
format_report (TernCtlJson *json, const TernSyncReport *report, const char *account)
{
  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_string (json, "account", account);
  tern_ctl_json_int (json, "folders", report->folders);
  tern_ctl_json_int (json, "added", report->added);
  tern_ctl_json_int (json, "removed", report->removed);
  tern_ctl_json_int (json, "changed", report->changed);
  tern_ctl_json_int (json, "bytes_in", (gint64) report->bytes_in);
  tern_ctl_json_int (json, "bytes_out", (gint64) report->bytes_out);
  tern_ctl_json_int (json, "round_trips", report->round_trips);
  tern_ctl_json_double (json, "seconds", report->seconds);
  tern_ctl_json_close (json, '}');
}

static void
status_cb (TernEngine *engine, const char *uuid, gpointer user_data)
{
  TernCtl *self = user_data;
  const Syncing *syncing = self->state;
  const TernAccountSettings *account;
  TernAccountStatus *status;

  if (syncing->next == syncing->accounts->len)
    return;
  account = g_ptr_array_index (syncing->accounts, syncing->next);
  status = g_str_equal (account->uuid, uuid) ? tern_engine_dup_account_status (engine, uuid) : NULL;
  if (status != NULL)
    tern_ctl_print_error (
        self, tern_ctl_progress_line (account->label, status->folder, status->done, status->total));
  tern_account_status_free (status);
}

static void
clear_progress (TernCtl *self)
{
  if (self->args->progress)
    tern_ctl_print_error (self, g_strdup (TERN_CTL_PROGRESS_END));
}

static void
synced_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  Syncing *syncing = self->state;
  TernAccountSettings *account = g_ptr_array_index (syncing->accounts, syncing->next++);
  GError *error = NULL;
  TernSyncReport *report = tern_engine_sync_finish (self->engine, result, &error);

  clear_progress (self);
  if (report == NULL && tern_fault_is_cancelled (error))
    {
      syncing->next = syncing->accounts->len; /* nothing more to show */
      tern_ctl_fail (self, error, account->uuid);
      return;
    }
  if (report == NULL)
    {
      int exit_code = tern_ctl_report (self, error, account->uuid);

      if (syncing->exit_code == TERN_CTL_EXIT_DONE)
        syncing->exit_code = exit_code;
    }
  else
    {
      format_report (syncing->json, report, account->uuid);
      if (!self->args->json)
        tern_ctl_print (self, g_strdup_printf (_ ("%s: %u folders, %u new, %u removed, %u "
                                                  "changed in %.1f s\n"),
                                               account->label, report->folders, report->added,
                                               report->removed, report->changed, report->seconds));
      tern_sync_report_free (report);
    }
  sync_next (self);
}

static void
sync_next (TernCtl *self)
{
  Syncing *syncing = self->state;
  TernAccountSettings *account;

  if (syncing->next < syncing->accounts->len)
    {
      account = g_ptr_array_index (syncing->accounts, syncing->next);
      tern_engine_sync_async (self->engine, account->uuid, tern_ctl_args_get (self->args, "folder"),
                              tern_ctl_args_has (self->args, "full"), self->cancellable, synced_cb,
                              self);
      return;
    }
  tern_ctl_json_close (syncing->json, ']');
  if (self->args->json)
    tern_ctl_print (self, tern_ctl_json_end (g_steal_pointer (&syncing->json)));
  tern_ctl_end (self, syncing->exit_code);
}

void
tern_ctl_sync (TernCtl *self)
{
  GError *error = NULL;
  GPtrArray *accounts = tern_ctl_find_accounts (self, 0, &error);
  Syncing *syncing;

  if (accounts == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  syncing = g_new0 (Syncing, 1);
  syncing->accounts = accounts;
  syncing->json = tern_ctl_json_new ();
  tern_ctl_json_open (syncing->json, NULL, '[');
  tern_ctl_set_state (self, syncing, syncing_free);
  if (self->args->progress)
    {
      syncing->engine = g_object_ref (self->engine);
      syncing->handler =
          g_signal_connect (self->engine, "account-status", G_CALLBACK (status_cb), self);
    }
  sync_next (self);
}
