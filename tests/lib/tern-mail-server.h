/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernMailServer:
 *
 * A real Dovecot and a real Postfix in a throw-away folder, made by mailserver.py for one test and
 * taken away with it, also when the test crashes. All functions block (a test has nothing else to
 * do) and end the test with a message when the server does not do what it should within 60 s.
 * With TERN_TEST_IMAP_SERVER=cyrus in the environment it is a Cyrus instead of the Dovecot.
 *
 * Every port is on tern_mail_server_get_host(), which the certificate is valid for; the authority
 * to trust is in tern_mail_server_get_ca_file().
 */
typedef struct _TernMailServer TernMailServer;

/** Starts one, with options of mailserver.py ("--users", "anna,bob", "--no-postfix", NULL). Skips
 * the test and returns NULL where a server is not installed. */
TernMailServer *tern_mail_server_new (const char *first_option, ...) G_GNUC_NULL_TERMINATED;
void tern_mail_server_free (TernMailServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernMailServer, tern_mail_server_free)

const char *tern_mail_server_get_host (TernMailServer *server);
const char *tern_mail_server_get_domain (TernMailServer *server);
const char *tern_mail_server_get_ca_file (TernMailServer *server);
const char *tern_mail_server_get_dir (TernMailServer *server);

/** @name: "imap" and "smtp" (implicit TLS), "imap_starttls", "smtp_starttls", "pop" (STLS),
 * "pop_tls", "lmtp". */
guint16 tern_mail_server_get_port (TernMailServer *server, const char *name);

/** @number: 0 for the first of --users. */
const char *tern_mail_server_get_address (TernMailServer *server, guint number);
const char *tern_mail_server_get_password (TernMailServer *server, guint number);

/** What else is known of a user: "token", "old_token" (--tokens), "client_cert"
 * (--client-certificates). */
const char *tern_mail_server_get_user_fact (TernMailServer *server, guint number, const char *name);

/** One control line ("stop imap", "start imap", "kick anna"; see mailserver.py). It must succeed.
 */
void tern_mail_server_command (TernMailServer *server, const char *format, ...)
    G_GNUC_PRINTF (2, 3);

/** Runs doveadm with the server's configuration, for example "mailbox create -u anna@example.test
 * Work". Returns what it printed. On Cyrus mailserver_doveadm.py knows the most common words. */
char *tern_mail_server_doveadm (TernMailServer *server, const char *format, ...)
    G_GNUC_PRINTF (2, 3);

/** Delivers @message (RFC 5322, any line ends) by LMTP into @user's INBOX: what push is made of. */
void tern_mail_server_deliver (TernMailServer *server, const char *user, const char *message);

/** APPENDs @message by IMAP. @flags: as on the wire ("\\Seen"), or "". */
void tern_mail_server_append (TernMailServer *server,
                              const char *user,
                              const char *folder,
                              const char *message,
                              const char *flags);

G_END_DECLS
