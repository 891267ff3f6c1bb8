/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mail-server.h"

/* What the C side of the helper adds to mailserver.py, which has its own test. */
static void
test_helper (void)
{
  g_autoptr (TernMailServer) server = tern_mail_server_new ("--users", "anna,bob", NULL);

  if (server == NULL)
    return;
  g_assert_cmpstr (tern_mail_server_get_host (server), ==, "localhost");
  g_assert_cmpstr (tern_mail_server_get_address (server, 1), ==, "bob@example.test");
  g_assert_cmpstr (tern_mail_server_get_password (server, 0), !=, "");
  g_assert_cmpuint (tern_mail_server_get_port (server, "imap"), >, 1024);
  g_assert_cmpuint (tern_mail_server_get_port (server, "smtp_starttls"), >, 1024);
  g_assert_true (g_file_test (tern_mail_server_get_ca_file (server), G_FILE_TEST_IS_REGULAR));

  const char *message = "From: a@example.test\nSubject: hello\n\nworld\n";
  tern_mail_server_deliver (server, "anna", message);
  tern_mail_server_append (server, "anna", "Archive", message, "\\Seen $Forwarded");
  g_autofree char *found = tern_mail_server_doveadm (
      server, "search -u anna@example.test mailbox Archive seen keyword $Forwarded");
  g_assert_cmpstr (found, !=, "");
  found = (g_free (found),
           tern_mail_server_doveadm (server, "search -u anna@example.test mailbox INBOX all"));
  g_assert_cmpstr (found, !=, "");
  tern_mail_server_command (server, "stop imap");
  tern_mail_server_command (server, "start imap");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lib/mail-server", test_helper);
  return g_test_run ();
}
