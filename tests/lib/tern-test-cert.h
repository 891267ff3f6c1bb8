/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  TERN_TEST_CERT_GOOD,        /* signed by the authority in ca_file, for localhost and 127.0.0.1 */
  TERN_TEST_CERT_EXPIRED,     /* the same, but over since yesterday */
  TERN_TEST_CERT_OTHER_HOST,  /* the same, but for mail.example.net only */
  TERN_TEST_CERT_SELF_SIGNED, /* for localhost; the authority in ca_file has nothing to do with it
                               */
} TernTestCertKind;

/**
 * TernTestCert:
 *
 * A certificate made by GnuTLS for one test, in a folder of its own that goes away with it.
 */
typedef struct
{
  char *dir;
  char *cert_file; /* PEM */
  char *key_file;  /* PEM */
  char *ca_file;   /* PEM; what TernEndpoint.ca_file wants */
  char *sha256;    /* of the DER certificate, lower-case hex */
  GTlsCertificate *certificate;
} TernTestCert;

TernTestCert *tern_test_cert_new (TernTestCertKind kind);
void tern_test_cert_free (TernTestCert *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernTestCert, tern_test_cert_free)

G_END_DECLS
