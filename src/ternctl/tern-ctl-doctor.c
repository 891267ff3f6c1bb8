/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-private.h"

#include <glib/gi18n.h>

/* The connection doctor of all accounts, or of one: without a window there are no connections to
 * look at, and none is made unless --test asks for it. */

typedef struct
{
  GPtrArray *accounts; /* (owned) of TernAccountSettings */
  guint next;
  gboolean report;
  TernCtlJson *json; /* (owned) (nullable): until it is printed */
  int exit_code;
} Rounds;

static void
rounds_free (gpointer data)
{
  Rounds *self = data;

  g_clear_pointer (&self->accounts, g_ptr_array_unref);
  g_clear_pointer (&self->json, tern_ctl_json_free);
  g_free (self);
}

/* Words that may name people. */
static void
put_text (const Rounds *self, const char *name, const char *value)
{
  g_autofree char *clean =
      self->report && value != NULL ? tern_redact_addresses (value) : g_strdup (value);

  tern_ctl_json_string (self->json, name, clean);
}

static void
put_time (const Rounds *self, const char *name, gint64 seconds)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (seconds);
  int offset =
      date != NULL ? (int) (g_date_time_get_utc_offset (date) / (60 * G_TIME_SPAN_SECOND)) : 0;

  tern_ctl_json_time (self->json, name, seconds, offset);
}

static void
put_error (const Rounds *self, const char *name, const GError *error)
{
  if (error == NULL)
    {
      tern_ctl_json_string (self->json, name, NULL);
      return;
    }
  tern_ctl_json_open (self->json, name, '{');
  tern_ctl_json_string (self->json, "code",
                        error->domain == TERN_FAULT
                            ? tern_fault_code_name ((TernFaultCode) error->code)
                            : "internal");
  put_text (self, "message", error->message);
  put_text (self, "server_text", tern_fault_get_server_text (error));
  tern_ctl_json_close (self->json, '}');
}

static void
put_names (const Rounds *self, const char *name, const GPtrArray *names)
{
  tern_ctl_json_open (self->json, name, '[');
  for (guint i = 0; i < names->len; i++)
    tern_ctl_json_string (self->json, NULL, g_ptr_array_index (names, i));
  tern_ctl_json_close (self->json, ']');
}

static void
put_certificate (const Rounds *self, const TernCertificateFacts *facts)
{
  if (facts->sha256 == NULL)
    {
      tern_ctl_json_string (self->json, "certificate", NULL);
      return;
    }
  tern_ctl_json_open (self->json, "certificate", '{');
  tern_ctl_json_string (self->json, "subject", facts->subject);
  tern_ctl_json_string (self->json, "names", facts->names);
  tern_ctl_json_string (self->json, "issuer", facts->issuer);
  put_time (self, "not_before", facts->not_before);
  put_time (self, "not_after", facts->not_after);
  tern_ctl_json_string (self->json, "sha256", facts->sha256);
  tern_ctl_json_close (self->json, '}');
}

static void
put_lines (const Rounds *self, const GPtrArray *lines)
{
  tern_ctl_json_open (self->json, "lines", '[');
  for (guint i = 0; i < lines->len; i++)
    {
      g_autofree char *text = tern_diagnosis_dup_line (g_ptr_array_index (lines, i), self->report);

      put_text (self, NULL, text);
    }
  tern_ctl_json_close (self->json, ']');
}

static void
put_connections (const Rounds *self, const char *name, const GPtrArray *connections)
{
  tern_ctl_json_open (self->json, name, '[');
  for (guint i = 0; i < connections->len; i++)
    {
      const TernConnection *connection = g_ptr_array_index (connections, i);

      tern_ctl_json_open (self->json, NULL, '{');
      tern_ctl_json_string (self->json, "protocol", connection->protocol);
      tern_ctl_json_string (self->json, "label", connection->label);
      tern_ctl_json_string (self->json, "host", connection->host);
      tern_ctl_json_int (self->json, "port", connection->port);
      tern_ctl_json_string (self->json, "security",
                            connection->security == TERN_SECURITY_STARTTLS ? "starttls" : "tls");
      tern_ctl_json_string (self->json, "address", connection->address);
      tern_ctl_json_string (self->json, "state", tern_connection_state_name (connection->state));
      put_time (self, "since", connection->since);
      tern_ctl_json_string (self->json, "tls_version", connection->tls_version);
      tern_ctl_json_string (self->json, "cipher", connection->cipher);
      put_certificate (self, &connection->certificate);
      tern_ctl_json_string (self->json, "mechanism", connection->mechanism);
      tern_ctl_json_string (self->json, "mailbox", connection->mailbox);
      tern_ctl_json_int (self->json, "bytes_in", (gint64) connection->bytes_in);
      tern_ctl_json_int (self->json, "bytes_out", (gint64) connection->bytes_out);
      tern_ctl_json_int (self->json, "round_trips", connection->round_trips);
      put_names (self, "offered", connection->offered);
      put_names (self, "used", connection->used);
      put_names (self, "comments", connection->comments);
      put_error (self, "error", connection->error);
      put_lines (self, connection->lines);
      tern_ctl_json_close (self->json, '}');
    }
  tern_ctl_json_close (self->json, ']');
}

static const char *
extension_state_name (TernExtensionState state)
{
  switch (state)
    {
    case TERN_EXTENSION_USED:
      return "used";
    case TERN_EXTENSION_OFFERED:
      return "offered";
    case TERN_EXTENSION_MISSING:
      return "missing";
    case TERN_EXTENSION_UNUSED:
      return "unused";
    case TERN_EXTENSION_UNKNOWN:
    default:
      return "unknown";
    }
}

static void
put_extensions (const Rounds *self, const GPtrArray *extensions)
{
  tern_ctl_json_open (self->json, "extensions", '[');
  for (guint i = 0; i < extensions->len; i++)
    {
      const TernDiagnosisExtension *extension = g_ptr_array_index (extensions, i);

      tern_ctl_json_open (self->json, NULL, '{');
      tern_ctl_json_string (self->json, "name", extension->name);
      tern_ctl_json_string (self->json, "state", extension_state_name (extension->state));
      tern_ctl_json_string (self->json, "purpose", extension->purpose);
      tern_ctl_json_string (self->json, "without", extension->without);
      tern_ctl_json_close (self->json, '}');
    }
  tern_ctl_json_close (self->json, ']');
}

static const char *
op_kind_name (TernOpKind kind)
{
  static const char *const names[] = { "flag", "move", "copy", "append", "delete" };

  return (guint) kind < G_N_ELEMENTS (names) ? names[kind] : "other";
}

static void
put_operations (const Rounds *self, const TernDiagnosis *diagnosis)
{
  tern_ctl_json_open (self->json, "operations", '{');
  tern_ctl_json_int (self->json, "pending", diagnosis->pending);
  tern_ctl_json_int (self->json, "running", diagnosis->running);
  tern_ctl_json_int (self->json, "stuck", diagnosis->stuck);
  tern_ctl_json_open (self->json, "list", '[');
  for (guint i = 0; i < diagnosis->operations->len; i++)
    {
      const TernDiagnosisOp *op = g_ptr_array_index (diagnosis->operations, i);

      tern_ctl_json_open (self->json, NULL, '{');
      tern_ctl_json_int (self->json, "id", op->id);
      tern_ctl_json_string (self->json, "kind", op_kind_name (op->kind));
      tern_ctl_json_string (self->json, "state",
                            op->state == TERN_OP_RUNNING ? "running"
                            : op->state == TERN_OP_STUCK ? "stuck"
                                                         : "pending");
      put_text (self, "source", op->source);
      put_text (self, "target", op->target);
      tern_ctl_json_int (self->json, "messages", op->messages);
      tern_ctl_json_int (self->json, "attempts", op->attempts);
      put_time (self, "created", op->created);
      put_time (self, "next_try", op->next_try);
      put_text (self, "fault", op->fault);
      tern_ctl_json_close (self->json, '}');
    }
  tern_ctl_json_close (self->json, ']');
  tern_ctl_json_close (self->json, '}');
}

static void
put_outbox (const Rounds *self, const TernDiagnosis *diagnosis)
{
  tern_ctl_json_open (self->json, "outbox", '{');
  for (guint state = 0; state < TERN_DIAGNOSIS_OUTBOX_STATES; state++)
    tern_ctl_json_int (self->json, tern_outbox_state_name ((TernOutboxState) state),
                       diagnosis->outbox[state]);
  tern_ctl_json_close (self->json, '}');
}

/* Null when the server tells no limit. */
static void
put_use (const Rounds *self, const char *name, const TernQuotaUse *use)
{
  if (use->limit == 0)
    {
      tern_ctl_json_string (self->json, name, NULL);
      return;
    }
  tern_ctl_json_open (self->json, name, '{');
  tern_ctl_json_int (self->json, "used", (gint64) MIN (use->used, G_MAXINT64));
  tern_ctl_json_int (self->json, "limit", (gint64) MIN (use->limit, G_MAXINT64));
  tern_ctl_json_close (self->json, '}');
}

static void
put_quota (const Rounds *self, const TernQuota *quota)
{
  tern_ctl_json_open (self->json, "quota", '{');
  put_use (self, "storage", &quota->storage);
  put_use (self, "messages", &quota->messages);
  tern_ctl_json_close (self->json, '}');
}

static void
put_diagnosis (const Rounds *self, const TernDiagnosis *diagnosis)
{
  tern_ctl_json_open (self->json, NULL, '{');
  tern_ctl_json_string (self->json, "account", diagnosis->uuid);
  put_text (self, "label", diagnosis->label);
  put_text (self, "address", diagnosis->address);
  put_time (self, "time", diagnosis->time);
  tern_ctl_json_bool (self->json, "online", diagnosis->online);
  put_error (self, "error", diagnosis->error);
  put_error (self, "sending_error", diagnosis->sending);
  put_time (self, "next_try", diagnosis->next_try);
  put_error (self, "last_error", diagnosis->last);
  put_time (self, "last_error_time", diagnosis->last_time);
  put_time (self, "last_sync", diagnosis->last_sync);
  put_time (self, "last_folder_sync", diagnosis->last_folder_sync);
  put_quota (self, &diagnosis->quota);
  put_connections (self, "connections", diagnosis->connections);
  put_extensions (self, diagnosis->extensions);
  put_operations (self, diagnosis);
  put_outbox (self, diagnosis);
  if (diagnosis->tested)
    {
      tern_ctl_json_open (self->json, "test", '{');
      put_error (self, "error", diagnosis->test_error);
      put_connections (self, "connections", diagnosis->test_connections);
      tern_ctl_json_close (self->json, '}');
    }
  tern_ctl_json_close (self->json, '}');
}

static void diagnose_next (TernCtl *self);

static void
diagnosed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  Rounds *rounds = self->state;
  const TernAccountSettings *account = g_ptr_array_index (rounds->accounts, rounds->next);
  GError *error = NULL;
  g_autoptr (TernDiagnosis) diagnosis = tern_engine_diagnose_finish (self->engine, result, &error);

  if (diagnosis == NULL)
    {
      tern_ctl_fail (self, error, account->uuid);
      return;
    }
  if (self->args->json)
    put_diagnosis (rounds, diagnosis);
  else
    {
      g_autofree char *text = tern_diagnosis_dup_text (diagnosis, rounds->report);

      tern_ctl_print (self, g_strconcat (rounds->next > 0 ? "\n" : "", text, NULL));
    }
  /* The report is what was asked for; that the servers let nobody in is still worth a code. */
  if (diagnosis->test_error != NULL)
    rounds->exit_code = tern_fault_exit_code (diagnosis->test_error);
  rounds->next++;
  diagnose_next (self);
}

static void
diagnose_next (TernCtl *self)
{
  Rounds *rounds = self->state;
  const TernAccountSettings *account;

  if (rounds->next < rounds->accounts->len)
    {
      account = g_ptr_array_index (rounds->accounts, rounds->next);
      tern_engine_diagnose_async (self->engine, account->uuid,
                                  tern_ctl_args_has (self->args, "test"), self->cancellable,
                                  diagnosed_cb, self);
      return;
    }
  tern_ctl_json_close (rounds->json, ']');
  if (self->args->json)
    tern_ctl_print (self, tern_ctl_json_end (g_steal_pointer (&rounds->json)));
  tern_ctl_end (self, rounds->exit_code);
}

void
tern_ctl_doctor (TernCtl *self)
{
  Rounds *rounds = g_new0 (Rounds, 1);
  GError *error = NULL;

  tern_ctl_set_state (self, rounds, rounds_free);
  rounds->report = tern_ctl_args_has (self->args, "report");
  rounds->accounts = tern_ctl_find_accounts (self, 0, &error);
  if (rounds->accounts == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  rounds->json = tern_ctl_json_new ();
  tern_ctl_json_open (rounds->json, NULL, '[');
  diagnose_next (self);
}
