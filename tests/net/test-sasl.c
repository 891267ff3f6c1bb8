/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-sasl.h"

#include <gnutls/crypto.h>
#include <gsasl.h>
#include <string.h>

/*
 * libgsasl asks gsasl_nonce() for the client's nonce; this program answers in its place, so that
 * the exchanges of RFC 5802 and RFC 7677 can be replayed to the letter. The nonce of RFC 7677 is
 * shorter than libgsasl's, so that one is checked by its keys, against the server below.
 */
static const char *forced_nonce;

__attribute__ ((visibility ("default"))) int
gsasl_nonce (char *data, size_t length)
{
  if (forced_nonce != NULL)
    {
      gsize size;
      g_autofree guchar *bytes = g_base64_decode (forced_nonce, &size);

      g_assert_cmpuint (size, ==, length);
      memcpy (data, bytes, length);
    }
  else
    gnutls_rnd (GNUTLS_RND_NONCE, data, length);
  return GSASL_OK;
}

static TernSasl *
make_sasl (const char *offered,
           const char *user,
           const char *password,
           gboolean secure,
           GError **error)
{
  g_auto (GStrv) list = g_strsplit (offered, " ", -1);
  g_autoptr (TernCredentials) credentials = tern_credentials_new (user, password);
  const TernSaslChannel channel = { "mail.test", 993, secure, NULL, NULL };

  return tern_sasl_new ((const char *const *) list, &channel, credentials, error);
}

static char *
encode (const char *text)
{
  return g_base64_encode ((const guchar *) text, strlen (text));
}

static char *
decode (const char *base64)
{
  gsize length;

  return (char *) g_base64_decode (base64, &length);
}

static void
assert_step (TernSasl *sasl, const char *challenge, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *encoded = encode (challenge);
  g_autofree char *answer = tern_sasl_step (sasl, encoded, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = decode (answer);
  g_assert_cmpstr (text, ==, expected);
}

typedef struct
{
  const char *offered;
  gboolean secure;
  const char *mechanism; /* NULL: none fits */
} ChoiceCase;

static void
test_choice (void)
{
  static const ChoiceCase cases[] = {
    { "PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-256", TRUE, "SCRAM-SHA-256" },
    { "PLAIN LOGIN SCRAM-SHA-1", TRUE, "SCRAM-SHA-1" },
    { "LOGIN PLAIN", TRUE, "PLAIN" },
    { "LOGIN", TRUE, "LOGIN" },
    { "PLAIN LOGIN SCRAM-SHA-1", FALSE, "SCRAM-SHA-1" },
    { "PLAIN LOGIN", FALSE, NULL },
    { "CRAM-MD5 DIGEST-MD5 GSSAPI ANONYMOUS", TRUE, NULL },
    { "", TRUE, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TernSasl) sasl = make_sasl (cases[i].offered, "u", "p", cases[i].secure, &error);

      if (cases[i].mechanism == NULL)
        {
          g_assert_null (sasl);
          g_assert_error (error, TERN_FAULT, TERN_FAULT_NO_MECHANISM);
          g_assert_cmpstr (tern_fault_get_server_text (error), ==, cases[i].offered);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpstr (tern_sasl_get_mechanism (sasl), ==, cases[i].mechanism);
    }
}

static void
test_plain (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernSasl) sasl = make_sasl ("PLAIN", "tim", "tanstaaftanstaaf", TRUE, &error);
  char *initial;

  g_assert_no_error (error);
  initial = tern_sasl_initial (sasl, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (initial, ==, "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"); /* RFC 4616, section 4 */
  tern_sasl_wipe (initial);
  g_assert_true (tern_sasl_finished (sasl, &error));
}

static void
test_login (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernSasl) sasl = make_sasl ("LOGIN", "tim", "sëcret", TRUE, &error);

  g_assert_no_error (error);
  g_assert_null (tern_sasl_initial (sasl, &error));
  g_assert_no_error (error);
  assert_step (sasl, "Username:", "tim");
  assert_step (sasl, "Password:", "sëcret");
  g_assert_true (tern_sasl_finished (sasl, &error));
}

/* RFC 5802, section 5. */
static void
test_scram_sha1_vector (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernSasl) sasl = NULL;
  g_autofree char *initial = NULL;
  g_autofree char *text = NULL;

  forced_nonce = "fyko+d2lbbFgONRv9qkxdawL";
  sasl = make_sasl ("SCRAM-SHA-1", "user", "pencil", TRUE, &error);
  forced_nonce = NULL;
  g_assert_no_error (error);
  initial = tern_sasl_initial (sasl, &error);
  g_assert_no_error (error);
  text = decode (initial);
  g_assert_cmpstr (text, ==, "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
  assert_step (sasl, "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
               "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
               "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
  g_assert_false (tern_sasl_finished (sasl, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  g_clear_error (&error);
  assert_step (sasl, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", "");
  g_assert_true (tern_sasl_finished (sasl, &error));
  g_assert_no_error (error);
}

/*
 * The server's side of SCRAM (RFC 5802 section 3), written from the RFC and proved below against
 * its vectors before anything is believed of it.
 */
typedef struct
{
  gnutls_mac_algorithm_t mac;
  gnutls_digest_algorithm_t hash;
  gsize size;
} Scram;

static const Scram scram_sha1 = { GNUTLS_MAC_SHA1, GNUTLS_DIG_SHA1, 20 };
static const Scram scram_sha256 = { GNUTLS_MAC_SHA256, GNUTLS_DIG_SHA256, 32 };

typedef struct
{
  char *proof;     /* base64 */
  char *signature; /* base64 */
} ScramAnswer;

static void
scram_compute (const Scram *scram,
               const char *password,
               const char *salt64,
               guint iterations,
               const char *auth_message,
               ScramAnswer *answer)
{
  gsize salt_size;
  g_autofree guchar *salt_bytes = g_base64_decode (salt64, &salt_size);
  gnutls_datum_t key = { (unsigned char *) password, strlen (password) };
  gnutls_datum_t salt = { salt_bytes, salt_size };
  guint8 salted[32], client_key[32], stored_key[32], server_key[32], signature[32];

  g_assert_cmpint (gnutls_pbkdf2 (scram->mac, &key, &salt, iterations, salted, scram->size), ==, 0);
  gnutls_hmac_fast (scram->mac, salted, scram->size, "Client Key", 10, client_key);
  gnutls_hash_fast (scram->hash, client_key, scram->size, stored_key);
  gnutls_hmac_fast (scram->mac, stored_key, scram->size, auth_message, strlen (auth_message),
                    signature);
  for (gsize i = 0; i < scram->size; i++)
    signature[i] ^= client_key[i];
  answer->proof = g_base64_encode (signature, scram->size);
  gnutls_hmac_fast (scram->mac, salted, scram->size, "Server Key", 10, server_key);
  gnutls_hmac_fast (scram->mac, server_key, scram->size, auth_message, strlen (auth_message),
                    signature);
  answer->signature = g_base64_encode (signature, scram->size);
}

static void
scram_answer_clear (ScramAnswer *answer)
{
  g_clear_pointer (&answer->proof, g_free);
  g_clear_pointer (&answer->signature, g_free);
}

static void
test_server_vectors (void)
{
  ScramAnswer answer;

  scram_compute (&scram_sha1, "pencil", "QSXCR+Q6sek8bf92", 4096,
                 "n=user,r=fyko+d2lbbFgONRv9qkxdawL,"
                 "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,"
                 "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j",
                 &answer);
  g_assert_cmpstr (answer.proof, ==, "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
  g_assert_cmpstr (answer.signature, ==, "rmF9pqV8S7suAoZWja4dJRkFsKQ=");
  scram_answer_clear (&answer);
  /* RFC 7677, section 3. */
  scram_compute (&scram_sha256, "pencil", "W22ZaJ0SNY7soEsUEjb6gQ==", 4096,
                 "n=user,r=rOprNGfwEbeRWgbNEkqO,"
                 "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                 "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
                 "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
                 &answer);
  g_assert_cmpstr (answer.proof, ==, "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  g_assert_cmpstr (answer.signature, ==, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  scram_answer_clear (&answer);
}

typedef struct
{
  const char *path;
  const char *mechanism;
  const char *password; /* as typed */
  const char *prepared; /* as SASLprep makes it */
  gboolean honest;
} ScramCase;

static const ScramCase scram_cases[] = {
  { "/sasl/scram/sha1", "SCRAM-SHA-1", "pencil", "pencil", TRUE },
  { "/sasl/scram/sha256", "SCRAM-SHA-256", "pencil", "pencil", TRUE },
  /* RFC 4013, section 3: soft hyphen goes, roman numeral nine becomes two letters. */
  { "/sasl/scram/saslprep", "SCRAM-SHA-256", "I\302\255X\342\205\250", "IXIX", TRUE },
  { "/sasl/scram/server-lies", "SCRAM-SHA-256", "pencil", "pencil", FALSE },
};

static void
test_scram (gconstpointer data)
{
  const ScramCase *test = data;
  const Scram *scram = g_str_equal (test->mechanism, "SCRAM-SHA-1") ? &scram_sha1 : &scram_sha256;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernSasl) sasl = make_sasl (test->mechanism, "user", test->password, FALSE, &error);
  g_autofree char *initial = NULL;
  g_autofree char *first_bare = NULL;
  g_autofree char *first = NULL;
  g_autofree char *server_first = NULL;
  g_autofree char *server_first64 = NULL;
  g_autofree char *final64 = NULL;
  g_autofree char *final = NULL;
  g_autofree char *auth_message = NULL;
  g_autofree char *verdict = NULL;
  g_autofree char *last = NULL;
  g_autofree char *last64 = NULL;
  ScramAnswer answer;
  char *proof;

  g_assert_no_error (error);
  initial = tern_sasl_initial (sasl, &error);
  g_assert_no_error (error);
  first = decode (initial);
  g_assert_true (g_str_has_prefix (first, "n,,n=user,r="));
  first_bare = g_strdup (first + strlen ("n,,"));
  server_first = g_strdup_printf ("%ssrv,s=QSXCR+Q6sek8bf92,i=4096", strstr (first, "r="));
  server_first64 = encode (server_first);
  final64 = tern_sasl_step (sasl, server_first64, &error);
  g_assert_no_error (error);
  final = decode (final64);
  proof = strstr (final, ",p=");
  g_assert_nonnull (proof);
  *proof = '\0';
  auth_message = g_strdup_printf ("%s,%s,%s", first_bare, server_first, final);
  scram_compute (scram, test->prepared, "QSXCR+Q6sek8bf92", 4096, auth_message, &answer);
  g_assert_cmpstr (proof + strlen (",p="), ==, answer.proof);

  last = g_strdup_printf ("v=%s", test->honest ? answer.signature : answer.proof);
  last64 = encode (last);
  verdict = tern_sasl_step (sasl, last64, &error);
  if (test->honest)
    {
      g_assert_no_error (error);
      g_assert_true (tern_sasl_finished (sasl, &error));
    }
  else
    {
      g_assert_null (verdict);
      g_assert_error (error, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
      g_clear_error (&error);
      g_assert_false (tern_sasl_finished (sasl, &error));
    }
  scram_answer_clear (&answer);
}

/* What a bad server may say in its first message. */
static void
test_senseless_challenges (void)
{
  static const char *const challenges[] = {
    "%ssrv,s=QSXCR+Q6sek8bf92,i=2147483647",
    "%ssrv,s=QSXCR+Q6sek8bf92,i=99999999999999999999",
    "%ssrv,s=QSXCR+Q6sek8bf92,i=-1",
    "%ssrv,s=QSXCR+Q6sek8bf92,i=0",
    "%ssrv,s=QSXCR+Q6sek8bf92",
    "%ssrv,s=,i=4096",
    "r=other,s=QSXCR+Q6sek8bf92,i=4096%.0s",
    "%.0s",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (challenges); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TernSasl) sasl = make_sasl ("SCRAM-SHA-256", "user", "pencil", FALSE, &error);
      g_autofree char *initial = tern_sasl_initial (sasl, &error);
      g_autofree char *first = decode (initial);
      g_autofree char *challenge = NULL;
      g_autofree char *encoded = NULL;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
      challenge = g_strdup_printf (challenges[i], strstr (first, "r="));
#pragma GCC diagnostic pop
      encoded = encode (challenge);
      g_assert_null (tern_sasl_step (sasl, encoded, &error));
      g_assert_nonnull (error);
      g_test_message ("%s", error->message);
    }
}

static void
test_scram_refusal (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernSasl) sasl = make_sasl ("SCRAM-SHA-1", "user", "pencil", FALSE, &error);
  g_autofree char *initial = tern_sasl_initial (sasl, &error);
  g_autofree char *refusal = encode ("e=invalid-proof");

  g_assert_no_error (error);
  g_assert_nonnull (initial);
  g_assert_null (tern_sasl_step (sasl, refusal, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  g_assert_cmpstr (tern_fault_get_server_text (error), ==, "e=invalid-proof");
}

static void
test_not_base64 (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernSasl) sasl = make_sasl ("SCRAM-SHA-1", "user", "pencil", FALSE, &error);
  g_autofree char *initial = tern_sasl_initial (sasl, &error);

  g_assert_no_error (error);
  g_assert_nonnull (initial);
  g_assert_null (tern_sasl_step (sasl, "*** not base64 ***", &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_PROTOCOL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sasl/choice", test_choice);
  g_test_add_func ("/sasl/plain", test_plain);
  g_test_add_func ("/sasl/login", test_login);
  g_test_add_func ("/sasl/scram-sha1-vector", test_scram_sha1_vector);
  g_test_add_func ("/sasl/server-vectors", test_server_vectors);
  for (gsize i = 0; i < G_N_ELEMENTS (scram_cases); i++)
    g_test_add_data_func (scram_cases[i].path, &scram_cases[i], test_scram);
  g_test_add_func ("/sasl/senseless-challenges", test_senseless_challenges);
  g_test_add_func ("/sasl/scram-refusal", test_scram_refusal);
  g_test_add_func ("/sasl/not-base64", test_not_base64);
  return g_test_run ();
}
