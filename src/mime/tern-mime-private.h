/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-mime-build.h"

G_BEGIN_DECLS

/* Behind the whole encoded-word (RFC 2047) that starts at @p, NULL if none does. */
const char *tern_mime_skip_encoded_word (const char *p, const char *end);

/* An addr-spec that may go into an envelope: TERN_FAULT_INVALID that quotes it otherwise. */
gboolean tern_mime_check_address (const char *address, GError **error);
/* The same with the domain in A-labels (RFC 5890); the local part stays. (transfer full) */
char *tern_mime_address_to_ascii_domain (const char *address);

/* A fresh id without brackets; its right side is the sender's domain. */
char *tern_mime_make_message_id (const char *sender);
/* Fills sender, recipients (each once) and needs_smtputf8; all addresses were checked. */
gboolean tern_mime_set_envelope (TernBuiltMessage *built,
                                 const char *sender,
                                 const GPtrArray *to,
                                 const GPtrArray *cc,
                                 const GPtrArray *bcc,
                                 GError **error);

G_END_DECLS
