/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-certificate.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <glib/gi18n.h>
#include <string.h>

#define MAX_NAMES     5
#define MAX_NAME_SIZE 255

typedef struct gnutls_x509_crt_int X509;
static void
x509_free (X509 *self)
{
  gnutls_x509_crt_deinit (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, x509_free)

static GByteArray *
dup_der (GTlsCertificate *certificate)
{
  GByteArray *der = NULL;

  g_object_get (certificate, "certificate", &der, NULL);
  return der;
}

static X509 *
import_certificate (GTlsCertificate *certificate)
{
  g_autoptr (GByteArray) der = dup_der (certificate);
  g_autoptr (X509) x509 = NULL;
  gnutls_datum_t datum;

  if (der == NULL || gnutls_x509_crt_init (&x509) < 0)
    return NULL;
  datum.data = der->data;
  datum.size = der->len;
  if (gnutls_x509_crt_import (x509, &datum, GNUTLS_X509_FMT_DER) < 0)
    return NULL;
  return g_steal_pointer (&x509);
}

/* Everything in a certificate was written by a stranger. */
static char *
clean_name (const char *text, gsize length)
{
  g_autofree char *valid = g_utf8_make_valid (text, MIN (length, MAX_NAME_SIZE));
  GString *clean = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (g_unichar_isprint (c))
        g_string_append_unichar (clean, c);
    }
  return g_string_free (clean, FALSE);
}

static void
add_alternative_name (GPtrArray *names, unsigned int type, const char *data, gsize size)
{
  g_autoptr (GInetAddress) address = NULL;

  if (type == GNUTLS_SAN_DNSNAME)
    {
      g_ptr_array_add (names, clean_name (data, size));
      return;
    }
  if (type != GNUTLS_SAN_IPADDRESS || (size != 4 && size != 16))
    return;
  address = g_inet_address_new_from_bytes ((const guint8 *) data,
                                           size == 4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  g_ptr_array_add (names, g_inet_address_to_string (address));
}

static char *
dup_names (X509 *x509)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  char data[MAX_NAME_SIZE + 1];
  gboolean more = FALSE;
  g_autofree char *joined = NULL;

  for (unsigned int i = 0;; i++)
    {
      unsigned int type = 0;
      size_t size = sizeof data;
      int result = gnutls_x509_crt_get_subject_alt_name2 (x509, i, data, &size, &type, NULL);

      if (result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        break;
      if (result < 0)
        {
          if (result == GNUTLS_E_SHORT_MEMORY_BUFFER)
            continue;
          break;
        }
      more = names->len == MAX_NAMES;
      if (more)
        break;
      add_alternative_name (names, type, data, size);
    }
  if (names->len == 0)
    {
      size_t size = sizeof data;

      if (gnutls_x509_crt_get_dn_by_oid (x509, GNUTLS_OID_X520_COMMON_NAME, 0, 0, data, &size) < 0)
        return NULL;
      g_ptr_array_add (names, clean_name (data, size));
    }
  g_ptr_array_add (names, NULL);
  joined = g_strjoinv (", ", (char **) names->pdata);
  return more ? g_strconcat (joined, ", …", NULL) : g_steal_pointer (&joined);
}

static char *
format_day (time_t when)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (when);

  return date != NULL ? g_date_time_format (date, "%x") : g_strdup ("?");
}

static char *
describe_issuer (X509 *x509)
{
  gnutls_datum_t dn = { NULL, 0 };
  g_autofree char *name = NULL;

  if (gnutls_x509_crt_check_issuer (x509, x509))
    return g_strdup (_ ("It is self-signed: nobody but the server itself vouches for it."));
  if (gnutls_x509_crt_get_issuer_dn3 (x509, &dn, 0) >= 0)
    name = clean_name ((const char *) dn.data, dn.size);
  gnutls_free (dn.data);
  if (name == NULL || *name == '\0')
    return g_strdup (_ ("The authority that issued it is not known to this computer."));
  return g_strdup_printf (_ ("The authority that issued it, “%s”, is not known to this computer."),
                          name);
}

static char *
describe_identity (X509 *x509, const char *host)
{
  g_autofree char *names = dup_names (x509);

  if (names == NULL)
    return g_strdup_printf (_ ("It names no host, so it is not for %s."), host);
  return g_strdup_printf (_ ("It is for other names (%s) and not for %s."), names, host);
}

static char *
describe_expiry (X509 *x509)
{
  g_autofree char *day = format_day (gnutls_x509_crt_get_expiration_time (x509));

  return g_strdup_printf (_ ("It expired on %s."), day);
}

static char *
describe_activation (X509 *x509)
{
  g_autofree char *day = format_day (gnutls_x509_crt_get_activation_time (x509));

  return g_strdup_printf (_ ("It is not valid before %s."), day);
}

char *
tern_certificate_describe (GTlsCertificate *certificate,
                           const char *host,
                           GTlsCertificateFlags problems)
{
  g_autoptr (GPtrArray) sentences = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (X509) x509 = import_certificate (certificate);

  if (x509 == NULL)
    return g_strdup (_ ("It cannot be read."));
  if (problems & G_TLS_CERTIFICATE_EXPIRED)
    g_ptr_array_add (sentences, describe_expiry (x509));
  if (problems & G_TLS_CERTIFICATE_NOT_ACTIVATED)
    g_ptr_array_add (sentences, describe_activation (x509));
  if (problems & G_TLS_CERTIFICATE_BAD_IDENTITY)
    g_ptr_array_add (sentences, describe_identity (x509, host));
  if (problems & G_TLS_CERTIFICATE_UNKNOWN_CA)
    g_ptr_array_add (sentences, describe_issuer (x509));
  if (problems & G_TLS_CERTIFICATE_REVOKED)
    g_ptr_array_add (sentences, g_strdup (_ ("It was revoked by its issuer.")));
  if (problems & G_TLS_CERTIFICATE_INSECURE)
    g_ptr_array_add (sentences, g_strdup (_ ("It uses cryptography that is no longer safe.")));
  if (problems & G_TLS_CERTIFICATE_GENERIC_ERROR)
    g_ptr_array_add (sentences, g_strdup (_ ("It cannot be checked.")));
  g_ptr_array_add (sentences, NULL);
  return g_strjoinv (" ", (char **) sentences->pdata);
}

char *
tern_certificate_dup_sha256 (GTlsCertificate *certificate)
{
  g_autoptr (GByteArray) der = dup_der (certificate);

  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, der->data, der->len);
}

static char *
dup_dn (X509 *x509, int (*get) (X509 *, gnutls_datum_t *, unsigned))
{
  gnutls_datum_t dn = { NULL, 0 };
  char *name = NULL;

  if (get (x509, &dn, 0) >= 0)
    name = clean_name ((const char *) dn.data, dn.size);
  gnutls_free (dn.data);
  return name;
}

void
tern_certificate_read_facts (GTlsCertificate *certificate, TernCertificateFacts *facts)
{
  g_autoptr (X509) x509 = import_certificate (certificate);

  memset (facts, 0, sizeof *facts);
  if (x509 == NULL)
    return;
  facts->subject = dup_dn (x509, gnutls_x509_crt_get_dn3);
  facts->issuer = dup_dn (x509, gnutls_x509_crt_get_issuer_dn3);
  facts->names = dup_names (x509);
  facts->not_before = gnutls_x509_crt_get_activation_time (x509);
  facts->not_after = gnutls_x509_crt_get_expiration_time (x509);
  facts->sha256 = tern_certificate_dup_sha256 (certificate);
}

void
tern_certificate_facts_copy (const TernCertificateFacts *self, TernCertificateFacts *copy)
{
  *copy = *self;
  copy->subject = g_strdup (self->subject);
  copy->issuer = g_strdup (self->issuer);
  copy->names = g_strdup (self->names);
  copy->sha256 = g_strdup (self->sha256);
}

void
tern_certificate_facts_clear (TernCertificateFacts *self)
{
  g_clear_pointer (&self->subject, g_free);
  g_clear_pointer (&self->issuer, g_free);
  g_clear_pointer (&self->names, g_free);
  g_clear_pointer (&self->sha256, g_free);
}
