/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-parser.h"

#include "tern-transcript.h"

G_BEGIN_DECLS

/**
 * TernImapWire:
 *
 * The bytes of one connection: reads into the parser and hands its events on, writes what is given
 * in order, watches for silence while a reply is owed, and writes the redacted transcript. It does
 * not own the transport; it is told which stream to use, and that one changes with STARTTLS.
 *
 * Thread: the thread-default context it was made in. At most 256 KiB are read and parsed before
 * the main loop has its turn again. Handlers may free the wire.
 */
typedef struct _TernImapWire TernImapWire;

typedef struct
{
  void (*response) (gpointer data); /* the tokens are in the parser until it returns */
  void (*piece) (const TernImapPiece *piece, gpointer data);
  void (*unreadable) (gpointer data); /* a response that is none: the pieces were of it */
  void (*drained) (gpointer data);    /* everything that came with one read was handed on */
  /* Once, and nothing after it. @error is (transfer full). */
  void (*failed) (GError *error, gpointer data);
} TernImapWireHandlers;

/* Every line goes to @transcript; @host names the connection in faults. */
TernImapWire *tern_imap_wire_new (TernTranscript *transcript,
                                  const char *host,
                                  const TernImapWireHandlers *handlers,
                                  gpointer data);
void tern_imap_wire_free (TernImapWire *self);

TernImapParser *tern_imap_wire_get_parser (TernImapWire *self);

/* Reads from and writes to @stream from now on; every byte of an earlier stream is forgotten. */
void tern_imap_wire_attach (TernImapWire *self, GIOStream *stream);
/* Stops reading. Returns how many bytes had come after the response that is being handled: they
 * must not be there before a TLS handshake. */
gsize tern_imap_wire_detach (TernImapWire *self);

/* Every byte after the response that is being handled is compressed, and so is what is sent from
 * now on (RFC 4978). Once, after TLS, while nothing is unsent. */
void tern_imap_wire_compress (TernImapWire *self);
gboolean tern_imap_wire_is_compressed (TernImapWire *self);

/* Ends as if the connection had failed, from the main loop. Takes @error. */
void tern_imap_wire_fail_later (TernImapWire *self, GError *error);

/* Sends in the order of the calls. @kind: what of it the transcript may keep. */
void tern_imap_wire_send (TernImapWire *self, GBytes *bytes, TernWireKind kind);
gboolean tern_imap_wire_has_unsent (TernImapWire *self);

/* While @owed, no byte for @silence milliseconds ends the connection with TIMED_OUT. */
void tern_imap_wire_set_owed (TernImapWire *self, gboolean owed, guint silence);

guint64 tern_imap_wire_get_bytes_in (TernImapWire *self);
guint64 tern_imap_wire_get_bytes_out (TernImapWire *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernImapWire, tern_imap_wire_free)

G_END_DECLS
