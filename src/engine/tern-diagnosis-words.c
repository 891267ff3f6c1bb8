/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-diagnosis.h"

#include <glib/gi18n.h>
#include <string.h>

/* What a diagnosis says, in words for people: one piece each, for the window and for the text. */

char *
tern_diagnosis_dup_time (gint64 seconds)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (seconds);

  return date != NULL ? g_date_time_format (date, "%Y-%m-%d %H:%M:%S") : g_strdup ("?");
}

static char *
dup_day (gint64 seconds)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (seconds);

  return date != NULL ? g_date_time_format (date, "%Y-%m-%d") : g_strdup ("?");
}

char *
tern_diagnosis_dup_error (const GError *error)
{
  const char *server = tern_fault_get_server_text (error);

  if (server == NULL || *server == '\0')
    return g_strdup (error->message);
  /* Translators: a sentence of this program, then the words of a mail server. */
  return g_strdup_printf (_ ("%s The server said: %s"), error->message, server);
}

static const char *
security_name (TernSecurity security)
{
  return security == TERN_SECURITY_STARTTLS ? "STARTTLS" : "TLS";
}

char *
tern_diagnosis_dup_server (const TernConnection *connection)
{
  if (connection->address != NULL)
    /* Translators: host, port, TLS or STARTTLS, and an IP address. */
    return g_strdup_printf (_ ("%s, port %u, %s, reached at %s"), connection->host,
                            connection->port, security_name (connection->security),
                            connection->address);
  if (connection->state == TERN_CONNECTION_NONE)
    return g_strdup_printf (_ ("%s, port %u, %s, not tried"), connection->host, connection->port,
                            security_name (connection->security));
  return g_strdup_printf (_ ("%s, port %u, %s, not reached"), connection->host, connection->port,
                          security_name (connection->security));
}

char *
tern_diagnosis_dup_security (const TernConnection *connection)
{
  g_autofree char *tls = NULL;

  if (connection->state == TERN_CONNECTION_NONE)
    return g_strdup (_ ("Not known without a connection."));
  if (!connection->secure)
    return g_strdup (_ ("There was no secure connection."));
  tls = g_strjoin (", ", connection->tls_version != NULL ? connection->tls_version : "TLS",
                   connection->cipher, NULL);
  if (connection->mechanism == NULL)
    return g_strdup_printf (_ ("%s; not signed in"), tls);
  /* Translators: the second %s is how it was signed in: "SCRAM-SHA-256". */
  return g_strdup_printf (
      connection->error == NULL ? _ ("%s; signed in with %s") : _ ("%s; tried to sign in with %s"),
      tls, connection->mechanism);
}

char *
tern_diagnosis_dup_certificate (const TernConnection *connection)
{
  const TernCertificateFacts *facts = &connection->certificate;
  g_autofree char *from = NULL;
  g_autofree char *to = NULL;

  if (facts->sha256 == NULL)
    return NULL;
  from = dup_day (facts->not_before);
  to = dup_day (facts->not_after);
  return g_strdup_printf (
      _ ("%s, for %s, issued by %s, valid from %s to %s, SHA-256 %s"),
      facts->subject != NULL && *facts->subject != '\0' ? facts->subject : _ ("no name"),
      facts->names != NULL ? facts->names : _ ("no host"),
      facts->issuer != NULL && *facts->issuer != '\0' ? facts->issuer : _ ("nobody"), from, to,
      facts->sha256);
}

char *
tern_diagnosis_dup_purpose (const TernConnection *connection)
{
  if (strcmp (connection->protocol, "smtp") == 0)
    return g_strdup (_ ("Sending"));
  if (strcmp (connection->label, "watch") == 0)
    return g_strdup (_ ("Watching the inbox"));
  if (strcmp (connection->label, "hands") == 0)
    return g_strdup (_ ("What cannot wait"));
  return g_strdup (_ ("Fetching mail"));
}

static const char *
describe_state (TernConnectionState state)
{
  switch (state)
    {
    case TERN_CONNECTION_CONNECTING:
      return _ ("connecting");
    case TERN_CONNECTION_OPEN:
      return _ ("open");
    case TERN_CONNECTION_WATCHING:
      return _ ("open, waits for news");
    case TERN_CONNECTION_CLOSED:
      return _ ("closed by Tern");
    case TERN_CONNECTION_LOST:
      return _ ("lost");
    case TERN_CONNECTION_REFUSED:
      return _ ("refused by the server");
    case TERN_CONNECTION_FAILED:
      return _ ("failed");
    case TERN_CONNECTION_NONE:
    default:
      return _ ("not needed so far");
    }
}

char *
tern_diagnosis_dup_connection (const TernConnection *connection)
{
  g_autofree char *since = NULL;
  g_autofree char *in = g_format_size (connection->bytes_in);
  g_autofree char *out = g_format_size (connection->bytes_out);
  GString *text;

  if (connection->state == TERN_CONNECTION_NONE)
    return g_strdup (describe_state (connection->state));
  since = tern_diagnosis_dup_time (connection->since);
  text = g_string_new (NULL);
  /* Translators: a state ("open"), a time, and two amounts of data. */
  g_string_append_printf (text, _ ("%s since %s; %s received, %s sent"),
                          describe_state (connection->state), since, in, out);
  if (connection->mailbox != NULL)
    {
      g_string_append (text, "; ");
      g_string_append_printf (text, _ ("folder %s"), connection->mailbox);
    }
  if (connection->error != NULL)
    {
      g_autofree char *error = tern_diagnosis_dup_error (connection->error);

      g_string_append_printf (text, ". %s", error);
    }
  return g_string_free (text, FALSE);
}

static const char *
describe_kind (TernOpKind kind)
{
  switch (kind)
    {
    case TERN_OP_FLAGS:
      return _ ("Marking");
    case TERN_OP_MOVE:
      return _ ("Moving");
    case TERN_OP_COPY:
      return _ ("Copying");
    case TERN_OP_APPEND:
      return _ ("Storing on the server");
    case TERN_OP_FOLDER_CREATE:
      return _ ("Making a folder");
    case TERN_OP_FOLDER_RENAME:
      return _ ("Renaming a folder");
    case TERN_OP_FOLDER_DELETE:
      return _ ("Deleting a folder");
    case TERN_OP_FOLDER_SUBSCRIBE:
    case TERN_OP_FOLDER_UNSUBSCRIBE:
      return _ ("Subscribing to a folder");
    case TERN_OP_EXPUNGE:
    default:
      return _ ("Deleting for good");
    }
}

static const char *
describe_op_state (TernOpState state)
{
  switch (state)
    {
    case TERN_OP_RUNNING:
      return _ ("under way");
    case TERN_OP_STUCK:
      return _ ("stuck");
    case TERN_OP_PENDING:
    case TERN_OP_CONFIRMED:
    case TERN_OP_REFUSED:
    default:
      return _ ("waits");
    }
}

char *
tern_diagnosis_dup_operation (const TernDiagnosisOp *op)
{
  g_autofree char *created = tern_diagnosis_dup_time (op->created);
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, ngettext ("%s %u message", "%s %u messages", op->messages),
                          describe_kind (op->kind), op->messages);
  if (op->source != NULL || op->target != NULL)
    g_string_append_printf (text, " (%s%s%s)", op->source != NULL ? op->source : "",
                            op->target != NULL ? " → " : "", op->target != NULL ? op->target : "");
  g_string_append_printf (text, ": %s; ", describe_op_state (op->state));
  /* Translators: %s is a time. */
  g_string_append_printf (text, _ ("asked for %s"), created);
  if (op->attempts > 0)
    {
      g_string_append (text, "; ");
      g_string_append_printf (text, ngettext ("%u try", "%u tries", op->attempts), op->attempts);
    }
  if (op->fault != NULL)
    g_string_append_printf (text, ". %s", op->fault);
  return g_string_free (text, FALSE);
}

char *
tern_diagnosis_dup_counts (const TernDiagnosis *self)
{
  if (self->operations->len == 0)
    return g_strdup (_ ("Nothing waits for the server."));
  return g_strdup_printf (_ ("%u waiting, %u under way, %u stuck"), self->pending, self->running,
                          self->stuck);
}

static void
add_count (GString *text, guint count, const char *what)
{
  if (count > 0)
    g_string_append_printf (text, "%s%u %s", text->len > 0 ? ", " : "", count, what);
}

char *
tern_diagnosis_dup_outbox (const TernDiagnosis *self)
{
  const guint *n = self->outbox;
  GString *text = g_string_new (NULL);

  add_count (text, n[TERN_OUTBOX_HELD] + n[TERN_OUTBOX_QUEUED], _ ("waiting"));
  add_count (text, n[TERN_OUTBOX_CONNECTING] + n[TERN_OUTBOX_SENT_DATA], _ ("on the way"));
  add_count (text, n[TERN_OUTBOX_ACCEPTED], _ ("sent, not yet in the folder for sent mail"));
  add_count (text, n[TERN_OUTBOX_REFUSED], _ ("refused"));
  add_count (text, n[TERN_OUTBOX_UNCERTAIN], _ ("not known whether sent"));
  if (text->len == 0)
    g_string_append (text, _ ("Nothing waits to be sent."));
  return g_string_free (text, FALSE);
}

char *
tern_diagnosis_dup_line (const TernTranscriptLine *line, gboolean report)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (line->time / G_USEC_PER_SEC);
  g_autofree char *time = date != NULL ? g_date_time_format (date, "%H:%M:%S") : g_strdup ("?");
  g_autofree char *struck = report ? tern_redact_for_report (line->text) : NULL;

  return g_strdup_printf (
      "%s.%03d %s %s", time, (int) (line->time % G_USEC_PER_SEC / (G_USEC_PER_SEC / 1000)),
      line->direction == TERN_WIRE_SENT ? "C:" : "S:", struck != NULL ? struck : line->text);
}

char *
tern_diagnosis_dup_comments (const TernDiagnosis *self)
{
  for (guint i = 0; i < self->test_connections->len; i++)
    {
      const TernConnection *connection = g_ptr_array_index (self->test_connections, i);
      GString *text;

      if (connection->comments->len == 0)
        continue;
      text = g_string_new (NULL);
      for (guint j = 0; j < connection->comments->len; j++)
        g_string_append_printf (text, "%s%s", j > 0 ? " · " : "",
                                (const char *) g_ptr_array_index (connection->comments, j));
      return g_string_free (text, FALSE);
    }
  return NULL;
}
