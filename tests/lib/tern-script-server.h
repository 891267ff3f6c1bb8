/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-test-cert.h"

G_BEGIN_DECLS

/**
 * TernScriptServer:
 *
 * A server on 127.0.0.1 that follows scripts, in threads of its own, so that the code under test
 * has the main context for itself. The nth connection gets the nth script that was added; one
 * more than there are scripts is closed at once (see tern_script_server_get_connections()).
 *
 * A script is a list of steps, each one string:
 *
 *   "S: text"      send the text and CRLF
 *   "R: bytes"     send the bytes as they are
 *   "FILL: N c"    send the character c N times
 *   "C: pattern"   read one line, which must match: "*" and "?" as in g_pattern_match(); "%1" to
 *                  "%9" each stand for one word. The first time a word is met it is kept, from then
 *                  on it is replaced by what was kept, in "S:", "R:" and "C:" alike. "%t" is always
 *                  kept anew: for dialogues without pipelining. "%%" is a percent sign.
 *   "LIT: pattern" read the literal that the last line announced with {N} or {N+}; "*" for any.
 *                  The rest of the line is the next "C:".
 *   "DATA"         read up to and with CRLF . CRLF
 *   "EACH: text"   answer every further line with the text and CRLF until the client closes; "%t"
 *                  is the first word of the line
 *   "TLS"          handshake as the server
 *   "QUIET: MS"    the client must not send anything for this long
 *   "WAIT"         hold until tern_script_server_go(), once for each call
 *   "STALL"        read and throw away until the client closes; never answer
 *   "EOF"          the client must close without another byte
 *   "CLOSE"        close in order (TLS close_notify, FIN)
 *   "CUT"          close without TLS close_notify, with a TCP reset
 *
 * A script that ends closes its connection. A line is waited for 10 s.
 */
typedef struct _TernScriptServer TernScriptServer;

/* @cert (nullable) is lent for the life of the server; with @tls every connection starts with a
 * handshake. */
TernScriptServer *tern_script_server_new (TernTestCert *cert, gboolean tls);
guint16 tern_script_server_get_port (TernScriptServer *self);

/* Ends with NULL. */
void tern_script_server_add (TernScriptServer *self, const char *first, ...) G_GNUC_NULL_TERMINATED;
void tern_script_server_addv (TernScriptServer *self, const char *const *steps);

/* Steps finished in the script of connection @n (from 0). Any thread. */
guint tern_script_server_get_position (TernScriptServer *self, guint n);
guint tern_script_server_get_connections (TernScriptServer *self);
void tern_script_server_go (TernScriptServer *self);

/* Everything that connection @n sent so far, as it came. (transfer full) */
char *tern_script_server_dup_received (TernScriptServer *self, guint n);

/* Iterates the default main context until @n scripts have ended, at most 20 s, and fails the test
 * when one of them did not go as written. */
void tern_script_server_finish (TernScriptServer *self, guint n);

/* Closes everything and joins the threads. */
void tern_script_server_free (TernScriptServer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernScriptServer, tern_script_server_free)

/* Iterates the default main context until @condition holds, or fails the test after 20 s. */
#define tern_test_wait_until(condition)                                              \
  G_STMT_START                                                                       \
  {                                                                                  \
    gint64 deadline_ = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;                \
    while (!(condition))                                                             \
      {                                                                              \
        if (g_get_monotonic_time () > deadline_)                                     \
          g_error ("%s:%d: waited too long for %s", __FILE__, __LINE__, #condition); \
        if (!g_main_context_iteration (NULL, FALSE))                                 \
          g_usleep (500);                                                            \
      }                                                                              \
  }                                                                                  \
  G_STMT_END

G_END_DECLS
