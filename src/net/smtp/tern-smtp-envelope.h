/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-smtp-data.h"
#include "tern-smtp-extensions.h"
#include "tern-smtp-session.h"

G_BEGIN_DECLS

/**
 * TernSmtpEnvelope:
 *
 * The commands of one transaction, checked against what the server offers before anything is sent.
 */
typedef struct
{
  char *mail;            /* "MAIL FROM:<…> …", without CRLF */
  GPtrArray *rcpts;      /* of char*: "RCPT TO:<…>", in the order of @recipients */
  GPtrArray *recipients; /* of TernSmtpRecipient, WAITING */
} TernSmtpEnvelope;

/* @host is named in faults: TERN_FAULT_INVALID for an address that cannot be one, TERN_FAULT_LIMIT
 * for a message above the server's size, TERN_FAULT_REFUSED where the server lacks SMTPUTF8 or
 * 8BITMIME and the message needs it. @from "" is the empty return path. */
TernSmtpEnvelope *tern_smtp_envelope_new (const char *host,
                                          const TernSmtpExtensions *extensions,
                                          const char *from,
                                          const char *const *to,
                                          const TernSmtpDataFacts *facts,
                                          GError **error);
void tern_smtp_envelope_free (TernSmtpEnvelope *self);

/* Notes an answer for one recipient: state, codes, text. */
void tern_smtp_recipient_answer (TernSmtpRecipient *self, const TernSmtpReply *reply);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernSmtpEnvelope, tern_smtp_envelope_free)

G_END_DECLS
