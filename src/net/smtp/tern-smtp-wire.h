/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-connection.h"
#include "tern-smtp-reply.h"

G_BEGIN_DECLS

/**
 * TernSmtpWire:
 *
 * A transport that speaks in lines and replies: reads all the time, keeps the order of what is
 * written, counts silence. Knows nothing of the protocol's order. Thread: one context, and none of
 * the functions below calls back before it returns.
 */
typedef struct _TernSmtpWire TernSmtpWire;

typedef struct
{
  void (*reply) (const TernSmtpReply *reply, gpointer user_data);
  /* Everything that was given to send has left. */
  void (*drained) (gpointer user_data);
  /* TLS was started; reading goes on. */
  void (*secured) (gpointer user_data);
  /* The last call. @unsent: something that was given to send certainly did not leave whole.
   * @error: (transfer none), a fault. */
  void (*failed) (const GError *error, gboolean unsent, gpointer user_data);
} TernSmtpWireFuncs;

/* Takes @transport; @funcs must outlive the wire. Starts reading. What goes over it is told to
 * @connection. */
TernSmtpWire *tern_smtp_wire_new (TernTransport *transport,
                                  TernConnection *connection,
                                  const TernSmtpWireFuncs *funcs,
                                  gpointer user_data);
/* Drops the connection. No function is called any more. */
void tern_smtp_wire_free (TernSmtpWire *self);

gboolean tern_smtp_wire_is_secure (TernSmtpWire *self);
/* (transfer none) (nullable): gone when the connection is. */
TernTransport *tern_smtp_wire_get_transport (TernSmtpWire *self);

/* A line without its CRLF; @kind: what of it the transcript may keep. */
void tern_smtp_wire_send (TernSmtpWire *self, const char *line, TernWireKind kind);
/* Takes @bytes, which are content. */
void tern_smtp_wire_send_bytes (TernSmtpWire *self, GBytes *bytes);
/* Writes what fits at this moment and does not care. */
void tern_smtp_wire_send_last (TernSmtpWire *self, const char *line);

/* From now on, fails after @seconds without a byte in either direction; 0 = never. */
void tern_smtp_wire_set_patience (TernSmtpWire *self, guint seconds);

/* To be called from reply(), for the server's go-ahead: fails when the server sent anything after
 * it, as that would be taken for something said under TLS (RFC 3207 section 6). */
void tern_smtp_wire_start_tls (TernSmtpWire *self);

G_END_DECLS
