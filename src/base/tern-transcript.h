/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-redact.h"

G_BEGIN_DECLS

/**
 * TernTranscript:
 *
 * The last protocol lines of one connection, redacted before they are kept (tern-redact.h), in a
 * ring of fixed size; and the only way of a line to the log, where it is printed with
 * G_MESSAGES_DEBUG=tern-wire. Refcounted; one thread.
 */
typedef struct _TernTranscript TernTranscript;

#define TERN_TRANSCRIPT_LINES 200

/* @tag names the connection ("imap:work"). */
TernTranscript *tern_transcript_new (const char *tag);
TernTranscript *tern_transcript_ref (TernTranscript *self);
void tern_transcript_unref (TernTranscript *self);

/* From a line of TERN_WIRE_LOGIN or _SECRET that is sent to the reply that ends the login, what the
 * server says is taken as TERN_WIRE_LOGIN whatever @kind says. */
void tern_transcript_add (TernTranscript *self,
                          TernWireDirection direction,
                          TernWireKind kind,
                          const char *line,
                          gsize length);

/** TernTranscriptLine: one line, copied out; plain values that may cross threads. */
typedef struct
{
  gint64 time; /* microseconds since 1970 */
  TernWireDirection direction;
  char *text;
} TernTranscriptLine;

/* Oldest first: GPtrArray of TernTranscriptLine. */
GPtrArray *tern_transcript_dup_lines (TernTranscript *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernTranscript, tern_transcript_unref)

G_END_DECLS
