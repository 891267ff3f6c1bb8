/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One plain translated sentence per problem of a certificate, through GnuTLS, for faults and
 * dialogs. Names from the certificate are cleaned of control characters and cut. "" when
 * @problems is 0. */
char *tern_certificate_describe (GTlsCertificate *certificate,
                                 const char *host,
                                 GTlsCertificateFlags problems);

/* SHA-256 over the DER form, 64 lower-case hex digits. */
char *tern_certificate_dup_sha256 (GTlsCertificate *certificate);

/** TernCertificateFacts: what a certificate says of itself, cleaned of control characters and cut.
 */
typedef struct
{
  char *subject;     /* (nullable): no certificate, or one that cannot be read */
  char *issuer;      /* (nullable) */
  char *names;       /* (nullable): hosts, with commas */
  gint64 not_before; /* seconds since 1970 */
  gint64 not_after;
  char *sha256; /* (nullable) see tern_certificate_dup_sha256() */
} TernCertificateFacts;

void tern_certificate_read_facts (GTlsCertificate *certificate, TernCertificateFacts *facts);
void tern_certificate_facts_copy (const TernCertificateFacts *self, TernCertificateFacts *copy);
void tern_certificate_facts_clear (TernCertificateFacts *self);

G_END_DECLS
