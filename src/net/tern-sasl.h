/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-endpoint.h"

G_BEGIN_DECLS

/**
 * TernSasl:
 *
 * One SASL exchange through libgsasl. Lives in one context. The strongest mechanism that both sides
 * have is taken: SCRAM-SHA-256, SCRAM-SHA-1, then PLAIN and LOGIN, the last two only when @secure.
 *
 * SCRAM prepares the password with SASLprep (RFC 5802 section 2.2); for PLAIN and LOGIN that is the
 * server's part (RFC 4616 section 2), so there it is sent as it was typed.
 */
typedef struct _TernSasl TernSasl;

/* @offered: what the server announced, upper case. @service is "imap" or "smtp".
 * TERN_FAULT_NO_MECHANISM when nothing fits. */
TernSasl *tern_sasl_new (const char *const *offered,
                         const char *service,
                         const char *host,
                         TernCredentials *credentials,
                         gboolean secure,
                         GError **error);
const char *tern_sasl_get_mechanism (TernSasl *self);

/* The initial response (base64, "" for an empty one), or NULL without an error if the mechanism has
 * none. To be called once, before the first step. The text may be a secret: free it with
 * tern_sasl_wipe(). */
char *tern_sasl_initial (TernSasl *self, GError **error);
/* The answer (base64) to a challenge (base64). */
char *tern_sasl_step (TernSasl *self, const char *challenge, GError **error);
/* After the server's OK: whether our side is satisfied too (SCRAM: the server proved itself). */
gboolean tern_sasl_finished (TernSasl *self, GError **error);
void tern_sasl_free (TernSasl *self);

/* Overwrites and frees a response (or any secret text); NULL is fine. */
void tern_sasl_wipe (char *secret);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernSasl, tern_sasl_free)

G_END_DECLS
