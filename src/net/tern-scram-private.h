/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-endpoint.h"

#include <gsasl.h>

G_BEGIN_DECLS

/**
 * TernScram:
 *
 * The client's side of one SCRAM exchange (RFC 5802, RFC 7677), for TernSasl. libgsasl has the keys
 * and SASLprep; the messages are made here, because the client of libgsasl 2.2 refuses to work when
 * it should say that it could have bound the login to the connection (the flag "y").
 */
typedef struct _TernScram TernScram;

/* @header: "n,,", "y,,", or "p=TYPE,," with the data of that binding. @host is for the faults. */
TernScram *tern_scram_new (Gsasl_hash hash,
                           const char *header,
                           GBytes *binding,
                           TernCredentials *credentials,
                           const char *host);
void tern_scram_free (TernScram *self);

/* The three messages, without base64. */
char *tern_scram_first (TernScram *self, GError **error);
char *tern_scram_final (TernScram *self, const char *server_first, GError **error);
gboolean tern_scram_verify (TernScram *self, const char *server_final, GError **error);

/* tern-sasl.c: faults that both files have. */
GError *tern_sasl_senseless_fault (const char *host);
GError *tern_sasl_unproved_fault (const char *host);

G_END_DECLS
