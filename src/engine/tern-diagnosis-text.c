/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-diagnosis.h"

#include <glib/gi18n.h>
#include <string.h>

/* A diagnosis as plain text, for a terminal and for the report of a fault. */

static void
add_heading (GString *text, const char *heading)
{
  g_string_append_printf (text, "\n%s\n", heading);
}

/* "  name: value"; takes @value, of which there may be none. */
static void
add_value (GString *text, const char *name, char *value)
{
  if (value != NULL)
    g_string_append_printf (text, "  %s: %s\n", name, value);
  g_free (value);
}

/* Takes @value. */
static void
add_item (GString *text, char *value)
{
  g_string_append_printf (text, "  %s\n", value);
  g_free (value);
}

static char *
dup_name (const TernConnection *connection)
{
  g_autofree char *purpose = tern_diagnosis_dup_purpose (connection);
  g_autofree char *protocol = g_ascii_strup (connection->protocol, -1);

  return g_strdup_printf ("%s (%s, %s)", purpose, protocol, connection->label);
}

static void
add_connections (GString *text, const GPtrArray *connections)
{
  for (guint i = 0; i < connections->len; i++)
    {
      const TernConnection *connection = g_ptr_array_index (connections, i);
      g_autofree char *name = dup_name (connection);
      g_autofree char *state = tern_diagnosis_dup_connection (connection);

      add_value (text, name, tern_diagnosis_dup_server (connection));
      if (connection->state != TERN_CONNECTION_NONE)
        g_string_append_printf (text, "    %s\n", state);
    }
}

/* The connections of one account lead to the same two servers: each is told once. */
static void
add_security (GString *text, const GPtrArray *connections)
{
  const char *told = NULL;

  for (guint i = 0; i < connections->len; i++)
    {
      const TernConnection *connection = g_ptr_array_index (connections, i);
      g_autofree char *name = dup_name (connection);

      if (!connection->secure || g_strcmp0 (told, connection->protocol) == 0)
        continue;
      told = connection->protocol;
      add_value (text, name, tern_diagnosis_dup_security (connection));
      add_value (text, _ ("Certificate"), tern_diagnosis_dup_certificate (connection));
    }
  if (told == NULL)
    add_item (text, g_strdup (_ ("There was no secure connection.")));
}

static void
add_names (GString *text,
           const GPtrArray *extensions,
           TernExtensionState state,
           const char *heading)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < extensions->len; i++)
    {
      const TernDiagnosisExtension *extension = g_ptr_array_index (extensions, i);

      if (extension->state == state)
        g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", extension->name);
    }
  if (names->len > 0)
    add_value (text, heading, g_strdup (names->str));
}

static void
add_extensions (GString *text, const GPtrArray *extensions)
{
  if (extensions->len == 0)
    {
      add_item (text, g_strdup (_ ("Not known without a connection.")));
      return;
    }
  add_names (text, extensions, TERN_EXTENSION_USED, _ ("Used"));
  add_names (text, extensions, TERN_EXTENSION_OFFERED, _ ("Offered, no need so far"));
  add_names (text, extensions, TERN_EXTENSION_UNUSED, _ ("Offered, not used by this version"));
  add_names (text, extensions, TERN_EXTENSION_UNKNOWN, _ ("Offered, of no use for Tern"));
  for (guint i = 0; i < extensions->len; i++)
    {
      const TernDiagnosisExtension *extension = g_ptr_array_index (extensions, i);

      if (extension->state == TERN_EXTENSION_MISSING)
        /* Translators: the name of an extension, and what is lost without it. */
        add_item (text,
                  g_strdup_printf (_ ("Missing: %s. %s"), extension->name, extension->without));
    }
}

static void
add_state (GString *text, const TernDiagnosis *self)
{
  if (!self->online)
    add_item (text, g_strdup (_ ("This program does not keep the account connected.")));
  else if (self->error != NULL)
    add_value (text, _ ("Not connected"), tern_diagnosis_dup_error (self->error));
  if (self->next_try != 0)
    add_value (text, _ ("Next try"), tern_diagnosis_dup_time (self->next_try));
  if (self->sending != NULL)
    add_value (text, _ ("Not able to send"), tern_diagnosis_dup_error (self->sending));
  if (self->last_sync != 0)
    add_value (text, _ ("Last complete sync"), tern_diagnosis_dup_time (self->last_sync));
  else if (self->last_folder_sync != 0)
    add_value (text, _ ("Last sync of a folder"), tern_diagnosis_dup_time (self->last_folder_sync));
  else
    add_value (text, _ ("Last sync"), g_strdup (_ ("never")));
  add_value (text, _ ("Mailbox"), tern_quota_dup_text (&self->quota));
  add_value (text, _ ("The server says"), tern_diagnosis_dup_comments (self));
  if (self->last == NULL)
    add_value (text, _ ("Last error"), g_strdup (_ ("none since the program was started")));
  else
    {
      add_value (text, _ ("Last error"), tern_diagnosis_dup_error (self->last));
      add_value (text, _ ("Cause"),
                 g_strdup (self->last->domain == TERN_FAULT
                               ? tern_fault_code_name ((TernFaultCode) self->last->code)
                               : g_quark_to_string (self->last->domain)));
      add_value (text, _ ("When"), tern_diagnosis_dup_time (self->last_time));
    }
}

static void
add_queue (GString *text, const TernDiagnosis *self)
{
  add_item (text, tern_diagnosis_dup_counts (self));
  for (guint i = 0; i < self->operations->len; i++)
    add_item (text, tern_diagnosis_dup_operation (g_ptr_array_index (self->operations, i)));
  add_value (text, _ ("Outbox"), tern_diagnosis_dup_outbox (self));
  for (guint i = 0; i < self->outbox_faults->len; i++)
    add_item (text, g_strdup (g_ptr_array_index (self->outbox_faults, i)));
}

static void
add_protocol (GString *text, const GPtrArray *connections, gboolean report)
{
  for (guint i = 0; i < connections->len; i++)
    {
      const TernConnection *connection = g_ptr_array_index (connections, i);
      g_autofree char *name = dup_name (connection);

      if (connection->lines->len == 0)
        continue;
      g_string_append_printf (text, "  %s\n", name);
      for (guint k = 0; k < connection->lines->len; k++)
        {
          g_autofree char *line =
              tern_diagnosis_dup_line (g_ptr_array_index (connection->lines, k), report);

          g_string_append_printf (text, "    %s\n", line);
        }
    }
}

char *
tern_diagnosis_dup_text (const TernDiagnosis *self, gboolean report)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *time = tern_diagnosis_dup_time (self->time);

  g_string_append_printf (text, "%s <%s>, Tern " TERN_VERSION ", %s\n", self->label, self->address,
                          time);
  add_state (text, self);
  add_heading (text, _ ("Connections"));
  add_connections (text, self->connections);
  add_heading (text, _ ("Security"));
  add_security (text, self->connections);
  add_heading (text, _ ("Extensions"));
  add_extensions (text, self->extensions);
  add_heading (text, _ ("Waiting operations"));
  add_queue (text, self);
  if (self->tested)
    {
      add_heading (text, _ ("Test"));
      add_item (text, self->test_error != NULL ? tern_diagnosis_dup_error (self->test_error)
                                               : g_strdup (_ ("Both servers accept the login.")));
      add_connections (text, self->test_connections);
      add_security (text, self->test_connections);
    }
  add_heading (text, _ ("Protocol"));
  add_protocol (text, self->connections, report);
  add_protocol (text, self->test_connections, report);
  return report ? tern_redact_addresses (text->str) : g_strdup (text->str);
}
