/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-test-cert.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#define DAY (24 * 60 * 60)

static void
check (int result)
{
  if (result < 0)
    g_error ("GnuTLS: %s", gnutls_strerror (result));
}

static gnutls_x509_privkey_t
make_key (void)
{
  gnutls_x509_privkey_t key;

  check (gnutls_x509_privkey_init (&key));
  check (gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA,
                                       GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0));
  return key;
}

static gnutls_x509_crt_t
make_certificate (gnutls_x509_privkey_t key, const char *name, gboolean authority, gboolean expired)
{
  gnutls_x509_crt_t crt;
  guint8 serial[8] = { 1 };
  guint8 key_id[20];
  gsize key_id_length = sizeof key_id;
  time_t now = time (NULL);

  for (guint i = 1; i < sizeof serial; i++)
    serial[i] = g_random_int () & 0xff;

  check (gnutls_x509_crt_init (&crt));
  check (gnutls_x509_crt_set_version (crt, 3));
  check (gnutls_x509_crt_set_serial (crt, serial, sizeof serial));
  check (gnutls_x509_crt_set_activation_time (crt, now - 10 * DAY));
  check (gnutls_x509_crt_set_expiration_time (crt, expired ? now - DAY : now + DAY));
  check (gnutls_x509_crt_set_dn_by_oid (crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, strlen (name)));
  check (gnutls_x509_crt_set_basic_constraints (crt, authority, -1));
  check (gnutls_x509_crt_set_key_usage (
      crt, authority ? GNUTLS_KEY_KEY_CERT_SIGN : GNUTLS_KEY_DIGITAL_SIGNATURE));
  check (gnutls_x509_crt_set_key (crt, key));
  check (gnutls_x509_crt_get_key_id (crt, 0, key_id, &key_id_length));
  check (gnutls_x509_crt_set_subject_key_id (crt, key_id, key_id_length));
  return crt;
}

static void
add_names (gnutls_x509_crt_t crt, TernTestCertKind kind)
{
  struct in_addr loopback = { .s_addr = htonl (INADDR_LOOPBACK) };

  if (kind == TERN_TEST_CERT_OTHER_HOST)
    {
      check (gnutls_x509_crt_set_subject_alt_name (crt, GNUTLS_SAN_DNSNAME, "mail.example.net",
                                                   strlen ("mail.example.net"),
                                                   GNUTLS_FSAN_APPEND));
      return;
    }
  check (gnutls_x509_crt_set_subject_alt_name (crt, GNUTLS_SAN_DNSNAME, "localhost",
                                               strlen ("localhost"), GNUTLS_FSAN_APPEND));
  check (gnutls_x509_crt_set_subject_alt_name (crt, GNUTLS_SAN_IPADDRESS, &loopback,
                                               sizeof loopback, GNUTLS_FSAN_APPEND));
}

static void
write_pem (const char *path, gnutls_datum_t *pem)
{
  g_autoptr (GError) error = NULL;

  if (!g_file_set_contents (path, (const char *) pem->data, pem->size, &error))
    g_error ("%s", error->message);
  gnutls_free (pem->data);
}

static void
write_certificate (const char *path, gnutls_x509_crt_t crt)
{
  gnutls_datum_t pem;

  check (gnutls_x509_crt_export2 (crt, GNUTLS_X509_FMT_PEM, &pem));
  write_pem (path, &pem);
}

static void
write_key (const char *path, gnutls_x509_privkey_t key)
{
  gnutls_datum_t pem;

  check (gnutls_x509_privkey_export2 (key, GNUTLS_X509_FMT_PEM, &pem));
  write_pem (path, &pem);
}

static char *
digest (gnutls_x509_crt_t crt)
{
  gnutls_datum_t der;
  char *result;

  check (gnutls_x509_crt_export2 (crt, GNUTLS_X509_FMT_DER, &der));
  result = g_compute_checksum_for_data (G_CHECKSUM_SHA256, der.data, der.size);
  gnutls_free (der.data);
  return result;
}

TernTestCert *
tern_test_cert_new (TernTestCertKind kind)
{
  TernTestCert *self = g_new0 (TernTestCert, 1);
  g_autoptr (GError) error = NULL;
  gnutls_x509_privkey_t ca_key = make_key ();
  gnutls_x509_privkey_t key = make_key ();
  gnutls_x509_crt_t ca = make_certificate (ca_key, "Tern test authority", TRUE, FALSE);
  gnutls_x509_crt_t crt =
      make_certificate (key, kind == TERN_TEST_CERT_OTHER_HOST ? "mail.example.net" : "localhost",
                        FALSE, kind == TERN_TEST_CERT_EXPIRED);

  add_names (crt, kind);
  check (gnutls_x509_crt_sign2 (ca, ca, ca_key, GNUTLS_DIG_SHA256, 0));
  if (kind == TERN_TEST_CERT_SELF_SIGNED)
    check (gnutls_x509_crt_sign2 (crt, crt, key, GNUTLS_DIG_SHA256, 0));
  else
    check (gnutls_x509_crt_sign2 (crt, ca, ca_key, GNUTLS_DIG_SHA256, 0));

  self->dir = g_dir_make_tmp ("tern-cert-XXXXXX", &error);
  g_assert_no_error (error);
  self->cert_file = g_build_filename (self->dir, "cert.pem", NULL);
  self->key_file = g_build_filename (self->dir, "key.pem", NULL);
  self->ca_file = g_build_filename (self->dir, "ca.pem", NULL);
  self->sha256 = digest (crt);
  write_certificate (self->ca_file, ca);
  write_certificate (self->cert_file, crt);
  write_key (self->key_file, key);
  self->certificate = g_tls_certificate_new_from_files (self->cert_file, self->key_file, &error);
  g_assert_no_error (error);

  gnutls_x509_crt_deinit (crt);
  gnutls_x509_crt_deinit (ca);
  gnutls_x509_privkey_deinit (key);
  gnutls_x509_privkey_deinit (ca_key);
  return self;
}

void
tern_test_cert_free (TernTestCert *self)
{
  g_unlink (self->cert_file);
  g_unlink (self->key_file);
  g_unlink (self->ca_file);
  g_rmdir (self->dir);
  g_free (self->dir);
  g_free (self->cert_file);
  g_free (self->key_file);
  g_free (self->ca_file);
  g_free (self->sha256);
  g_object_unref (self->certificate);
  g_free (self);
}
