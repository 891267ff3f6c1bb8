/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-doctor-page.h"

#include <glib/gi18n.h>
#include <string.h>

#define MAX_OPERATIONS  50 /* rows; the report has them all */
#define PROTOCOL_HEIGHT 260

static AdwPreferencesGroup *
add_group (AdwPreferencesPage *page, const char *title)
{
  AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());

  adw_preferences_group_set_title (group, title);
  adw_preferences_page_add (page, group);
  return group;
}

/* Takes @subtitle. */
static void
add_row (AdwPreferencesGroup *group, const char *title, char *subtitle)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  if (subtitle != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                    subtitle, -1);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  adw_preferences_group_add (group, row);
  g_free (subtitle);
}

static const char *
server_name (const TernConnection *connection)
{
  return strcmp (connection->protocol, "smtp") == 0 ? _ ("Outgoing mail (SMTP)")
                                                    : _ ("Incoming mail (IMAP)");
}

/* The connection that something happened to last, of those that are secure or of all: what it says
 * of the server is true now. (nullable) */
static const TernConnection *
find_latest (const TernDiagnosis *diagnosis, const char *protocol, gboolean secure)
{
  const GPtrArray *lists[] = { diagnosis->connections, diagnosis->test_connections };
  const TernConnection *found = NULL;

  for (guint list = 0; list < G_N_ELEMENTS (lists); list++)
    for (guint i = 0; i < lists[list]->len; i++)
      {
        const TernConnection *connection = g_ptr_array_index (lists[list], i);

        if (strcmp (connection->protocol, protocol) == 0 && (connection->secure || !secure)
            && (found == NULL || connection->since >= found->since))
          found = connection;
      }
  return found;
}

static void
add_servers (AdwPreferencesPage *page, const TernDiagnosis *diagnosis)
{
  static const char *const protocols[] = { "imap", "smtp" };
  AdwPreferencesGroup *servers = add_group (page, _ ("Servers"));
  AdwPreferencesGroup *security = add_group (page, _ ("Security"));

  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    {
      const TernConnection *latest = find_latest (diagnosis, protocols[i], FALSE);
      const TernConnection *secure = find_latest (diagnosis, protocols[i], TRUE);
      char *certificate;

      if (latest == NULL)
        continue;
      add_row (servers, server_name (latest), tern_diagnosis_dup_server (latest));
      if (secure == NULL)
        secure = latest;
      add_row (security, server_name (secure), tern_diagnosis_dup_security (secure));
      certificate = tern_diagnosis_dup_certificate (secure);
      if (certificate != NULL)
        add_row (security, _ ("Certificate"), certificate);
    }
}

static void
add_names (AdwPreferencesGroup *group,
           const TernDiagnosis *diagnosis,
           TernExtensionState state,
           const char *title)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < diagnosis->extensions->len; i++)
    {
      const TernDiagnosisExtension *extension = g_ptr_array_index (diagnosis->extensions, i);

      if (extension->state == state)
        g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", extension->name);
    }
  if (names->len > 0)
    add_row (group, title, g_strdup (names->str));
}

static void
add_extensions (AdwPreferencesPage *page, const TernDiagnosis *diagnosis)
{
  AdwPreferencesGroup *group = add_group (page, _ ("Extensions"));

  if (diagnosis->extensions->len == 0)
    {
      add_row (group, _ ("Not known without a connection."), NULL);
      return;
    }
  for (guint i = 0; i < diagnosis->extensions->len; i++)
    {
      const TernDiagnosisExtension *extension = g_ptr_array_index (diagnosis->extensions, i);
      g_autofree char *title = NULL;

      if (extension->state != TERN_EXTENSION_MISSING)
        continue;
      /* Translators: %s is the name of an extension that a server lacks. */
      title = g_strdup_printf (_ ("%s is missing"), extension->name);
      add_row (group, title, g_strdup (extension->without));
    }
  add_names (group, diagnosis, TERN_EXTENSION_USED, _ ("Used"));
  add_names (group, diagnosis, TERN_EXTENSION_OFFERED, _ ("Offered, no need so far"));
  add_names (group, diagnosis, TERN_EXTENSION_UNUSED, _ ("Offered, not used by this version"));
  add_names (group, diagnosis, TERN_EXTENSION_UNKNOWN, _ ("Offered, of no use for Tern"));
}

static void
add_connections (AdwPreferencesPage *page, const char *title, const GPtrArray *connections)
{
  AdwPreferencesGroup *group = add_group (page, title);

  for (guint i = 0; i < connections->len; i++)
    {
      const TernConnection *connection = g_ptr_array_index (connections, i);
      g_autofree char *purpose = tern_diagnosis_dup_purpose (connection);

      add_row (group, purpose, tern_diagnosis_dup_connection (connection));
    }
}

static void
add_test (AdwPreferencesPage *page, const TernDiagnosis *diagnosis)
{
  AdwPreferencesGroup *group;

  if (!diagnosis->tested)
    return;
  group = add_group (page, _ ("Test"));
  if (diagnosis->test_error == NULL)
    add_row (group, _ ("Both servers accept the login."), NULL);
  else
    add_row (group, _ ("The test failed"), tern_diagnosis_dup_error (diagnosis->test_error));
}

static void
add_queue (AdwPreferencesPage *page, const TernDiagnosis *diagnosis)
{
  AdwPreferencesGroup *group = add_group (page, _ ("Waiting Operations"));

  add_row (group, _ ("Changes for the server"), tern_diagnosis_dup_counts (diagnosis));
  for (guint i = 0; i < MIN (diagnosis->operations->len, MAX_OPERATIONS); i++)
    {
      g_autofree char *text =
          tern_diagnosis_dup_operation (g_ptr_array_index (diagnosis->operations, i));

      add_row (group, text, NULL);
    }
  add_row (group, _ ("Outbox"), tern_diagnosis_dup_outbox (diagnosis));
  for (guint i = 0; i < MIN (diagnosis->outbox_faults->len, MAX_OPERATIONS); i++)
    add_row (group, g_ptr_array_index (diagnosis->outbox_faults, i), NULL);
}

static void
add_mailbox (AdwPreferencesPage *page, const TernDiagnosis *diagnosis)
{
  char *text = tern_quota_dup_text (&diagnosis->quota);
  char *comments = tern_diagnosis_dup_comments (diagnosis);
  AdwPreferencesGroup *group;

  if (text == NULL && comments == NULL)
    return;
  group = add_group (page, _ ("Mailbox"));
  if (text != NULL)
    add_row (group, _ ("Room on the server"), text);
  if (comments != NULL)
    add_row (group, _ ("The server says"), comments);
}

static void
add_errors (AdwPreferencesPage *page, const TernDiagnosis *diagnosis)
{
  AdwPreferencesGroup *group = add_group (page, _ ("Last Error"));

  if (diagnosis->error != NULL)
    add_row (group, _ ("Not connected"), tern_diagnosis_dup_error (diagnosis->error));
  if (diagnosis->sending != NULL)
    add_row (group, _ ("Not able to send"), tern_diagnosis_dup_error (diagnosis->sending));
  if (diagnosis->last != NULL)
    {
      g_autofree char *time = tern_diagnosis_dup_time (diagnosis->last_time);

      add_row (group, time, tern_diagnosis_dup_error (diagnosis->last));
    }
  else
    add_row (group, _ ("None since Tern was started"), NULL);
  if (diagnosis->last_sync != 0)
    add_row (group, _ ("Last complete sync"), tern_diagnosis_dup_time (diagnosis->last_sync));
  else if (diagnosis->last_folder_sync != 0)
    add_row (group, _ ("Last sync of a folder"),
             tern_diagnosis_dup_time (diagnosis->last_folder_sync));
}

static GtkWidget *
make_lines (const TernConnection *connection, const char *name)
{
  g_autoptr (GString) text = g_string_new (NULL);
  GtkWidget *view = gtk_text_view_new ();
  GtkWidget *scroller = gtk_scrolled_window_new ();

  for (guint i = 0; i < connection->lines->len; i++)
    {
      g_autofree char *line =
          tern_diagnosis_dup_line (g_ptr_array_index (connection->lines, i), FALSE);

      g_string_append_printf (text, "%s%s", i > 0 ? "\n" : "", line);
    }
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (GTK_TEXT_VIEW (view)), text->str, -1);
  gtk_text_view_set_editable (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_accepts_tab (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_monospace (GTK_TEXT_VIEW (view), TRUE);
  gtk_text_view_set_wrap_mode (GTK_TEXT_VIEW (view), GTK_WRAP_WORD_CHAR);
  gtk_text_view_set_left_margin (GTK_TEXT_VIEW (view), 12);
  gtk_text_view_set_right_margin (GTK_TEXT_VIEW (view), 12);
  gtk_text_view_set_top_margin (GTK_TEXT_VIEW (view), 6);
  gtk_text_view_set_bottom_margin (GTK_TEXT_VIEW (view), 6);
  gtk_accessible_update_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_min_content_height (GTK_SCROLLED_WINDOW (scroller), PROTOCOL_HEIGHT);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), view);
  return scroller;
}

static void
add_protocol (AdwPreferencesGroup *group, const TernConnection *connection, gboolean test)
{
  g_autofree char *purpose = tern_diagnosis_dup_purpose (connection);
  /* Translators: the protocol of a test; %s is what the connection is for, "Sending". */
  g_autofree char *title = test ? g_strdup_printf (_ ("Test: %s"), purpose) : g_strdup (purpose);
  g_autofree char *count = NULL;
  GtkWidget *row;

  if (connection->lines->len == 0)
    return;
  row = adw_expander_row_new ();
  count = g_strdup_printf (ngettext ("%u line", "%u lines", connection->lines->len),
                           connection->lines->len);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (row), count);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, count, -1);
  adw_expander_row_add_row (ADW_EXPANDER_ROW (row), make_lines (connection, title));
  adw_preferences_group_add (group, row);
}

static void
add_protocols (AdwPreferencesPage *page, const TernDiagnosis *diagnosis)
{
  AdwPreferencesGroup *group = add_group (page, _ ("Protocol"));
  gboolean any = FALSE;

  adw_preferences_group_set_description (
      group, _ ("What was said last, without passwords and without the content of messages."));
  for (guint i = 0; i < diagnosis->connections->len; i++)
    {
      const TernConnection *connection = g_ptr_array_index (diagnosis->connections, i);

      any |= connection->lines->len > 0;
      add_protocol (group, connection, FALSE);
    }
  for (guint i = 0; i < diagnosis->test_connections->len; i++)
    {
      const TernConnection *connection = g_ptr_array_index (diagnosis->test_connections, i);

      any |= connection->lines->len > 0;
      add_protocol (group, connection, TRUE);
    }
  if (!any)
    add_row (group, _ ("Nothing was said so far."), NULL);
}

GtkWidget *
tern_doctor_page_new (const TernDiagnosis *diagnosis)
{
  GtkWidget *page = adw_preferences_page_new ();

  add_test (ADW_PREFERENCES_PAGE (page), diagnosis);
  add_servers (ADW_PREFERENCES_PAGE (page), diagnosis);
  add_extensions (ADW_PREFERENCES_PAGE (page), diagnosis);
  add_connections (ADW_PREFERENCES_PAGE (page), _ ("Connections"), diagnosis->connections);
  add_queue (ADW_PREFERENCES_PAGE (page), diagnosis);
  add_mailbox (ADW_PREFERENCES_PAGE (page), diagnosis);
  add_errors (ADW_PREFERENCES_PAGE (page), diagnosis);
  add_protocols (ADW_PREFERENCES_PAGE (page), diagnosis);
  return page;
}
