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

G_END_DECLS
