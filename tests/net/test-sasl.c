/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-sasl.h"

#include <gnutls/crypto.h>
#include <gsasl.h>
#include <string.h>

/*
 * The client's nonce comes from gsasl_nonce(); this program answers in its place, so that the
 * exchange of RFC 5802 can be replayed to the letter. The nonce of RFC 7677 is shorter than ours,
 * so that one is checked by its keys, against the server below.
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
make_sasl_for (TernAuth auth,
               const char *offered,
               const char *user,
               const char *password,
               const TernSaslChannel *channel,
               GError **error)
{
  g_auto (GStrv) list = g_strsplit (offered, " ", -1);
  g_autoptr (TernCredentials) credentials = tern_credentials_new_for (auth, user, password);

  return tern_sasl_new ((const char *const *) list, channel, credentials, error);
}

static TernSasl *
make_sasl (const char *offered,
           const char *user,
           const char *password,
           gboolean secure,
           GError **error)
{
  const TernSaslChannel channel = { "mail.test", 993, secure, NULL, NULL };

  return make_sasl_for (TERN_AUTH_PASSWORD, offered, user, password, &channel, error);
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
  TernAuth auth;
  gboolean bindable;
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
    { "SCRAM-SHA-256 SCRAM-SHA-256-PLUS PLAIN", TRUE, "SCRAM-SHA-256-PLUS", .bindable = TRUE },
    { "SCRAM-SHA-256 SCRAM-SHA-1-PLUS", TRUE, "SCRAM-SHA-1-PLUS", .bindable = TRUE },
    { "SCRAM-SHA-256 SCRAM-SHA-1", TRUE, "SCRAM-SHA-256", .bindable = TRUE },
    { "SCRAM-SHA-256 SCRAM-SHA-256-PLUS", TRUE, "SCRAM-SHA-256" },
    { "SCRAM-SHA-256-PLUS", TRUE, NULL },
    { "SCRAM-SHA-256 SCRAM-SHA-256-PLUS PLAIN", TRUE, "SCRAM-SHA-256", TERN_AUTH_UNBOUND, TRUE },
    { "PLAIN", FALSE, NULL, TERN_AUTH_UNBOUND },
    { "PLAIN XOAUTH2 OAUTHBEARER EXTERNAL", TRUE, "OAUTHBEARER", TERN_AUTH_BEARER },
    { "PLAIN XOAUTH2 SCRAM-SHA-256", TRUE, "XOAUTH2", TERN_AUTH_BEARER },
    { "XOAUTH2 OAUTHBEARER", FALSE, NULL, TERN_AUTH_BEARER },
    { "PLAIN LOGIN SCRAM-SHA-256 EXTERNAL", TRUE, NULL, TERN_AUTH_BEARER },
    { "XOAUTH2 OAUTHBEARER EXTERNAL", TRUE, NULL },
    { "PLAIN EXTERNAL", TRUE, "EXTERNAL", TERN_AUTH_EXTERNAL },
    { "EXTERNAL", FALSE, NULL, TERN_AUTH_EXTERNAL },
    { "PLAIN OAUTHBEARER", TRUE, NULL, TERN_AUTH_EXTERNAL },
  };
  g_autoptr (GBytes) binding = g_bytes_new_static ("bound", 5);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const TernSaslChannel channel = { "mail.test", 993, cases[i].secure, "tls-exporter",
                                        cases[i].bindable ? binding : NULL };
      g_autoptr (GError) error = NULL;
      g_autoptr (TernSasl) sasl =
          make_sasl_for (cases[i].auth, cases[i].offered, "u", "p", &channel, &error);

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
  const char *binding_type; /* NULL: the connection cannot be bound to */
  const char *header;
} ScramCase;

#define BINDING "\001\000\377binding"

static const ScramCase scram_cases[] = {
  { "/sasl/scram/sha1", "SCRAM-SHA-1", "pencil", "pencil", TRUE, NULL, "n,," },
  { "/sasl/scram/sha256", "SCRAM-SHA-256", "pencil", "pencil", TRUE, NULL, "n,," },
  /* RFC 4013, section 3: soft hyphen goes, roman numeral nine becomes two letters. */
  { "/sasl/scram/saslprep", "SCRAM-SHA-256", "I\302\255X\342\205\250", "IXIX", TRUE, NULL, "n,," },
  { "/sasl/scram/server-lies", "SCRAM-SHA-256", "pencil", "pencil", FALSE, NULL, "n,," },
  { "/sasl/scram/sha1-plus", "SCRAM-SHA-1-PLUS", "pencil", "pencil", TRUE, "tls-unique",
    "p=tls-unique,," },
  { "/sasl/scram/sha256-plus", "SCRAM-SHA-256-PLUS", "pencil", "pencil", TRUE, "tls-exporter",
    "p=tls-exporter,," },
  { "/sasl/scram/plus-server-lies", "SCRAM-SHA-256-PLUS", "pencil", "pencil", FALSE, "tls-exporter",
    "p=tls-exporter,," },
  { "/sasl/scram/could-have-bound", "SCRAM-SHA-256", "pencil", "pencil", TRUE, "tls-exporter",
    "y,," },
};

/* "c=" of the last message of the client: the header, and what the login is bound to. */
static void
assert_bound (const ScramCase *test, const char *final)
{
  g_autofree char *encoded =
      g_strndup (final + strlen ("c="), strcspn (final, ",") - strlen ("c="));
  gsize header = strlen (test->header);
  gsize size;
  g_autofree guchar *bytes = g_base64_decode (encoded, &size);

  g_assert_true (g_str_has_prefix (final, "c="));
  g_assert_cmpmem (bytes, MIN (size, header), test->header, header);
  if (test->header[0] == 'p')
    g_assert_cmpmem (bytes + header, size - header, BINDING, sizeof BINDING - 1);
  else
    g_assert_cmpuint (size, ==, header);
}

static void
test_scram (gconstpointer data)
{
  const ScramCase *test = data;
  const Scram *scram =
      g_str_has_prefix (test->mechanism, "SCRAM-SHA-1") ? &scram_sha1 : &scram_sha256;
  g_autoptr (GBytes) binding = g_bytes_new_static (BINDING, sizeof BINDING - 1);
  const TernSaslChannel channel = { "mail.test", 993, test->binding_type != NULL,
                                    test->binding_type,
                                    test->binding_type != NULL ? binding : NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (TernSasl) sasl = make_sasl_for (TERN_AUTH_PASSWORD, test->mechanism, "us,e=r",
                                             test->password, &channel, &error);
  g_autofree char *initial = NULL;
  g_autofree char *start = g_strconcat (test->header, "n=us=2Ce=3Dr,r=", NULL);
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
  g_assert_true (g_str_has_prefix (first, start));
  first_bare = g_strdup (first + strlen (test->header));
  server_first = g_strdup_printf ("%ssrv,s=QSXCR+Q6sek8bf92,i=4096", strstr (first, ",r=") + 1);
  server_first64 = encode (server_first);
  final64 = tern_sasl_step (sasl, server_first64, &error);
  g_assert_no_error (error);
  final = decode (final64);
  assert_bound (test, final);
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
  static const struct
  {
    const char *text;
    TernFaultCode code;
  } refusals[] = {
    { "e=invalid-proof", TERN_FAULT_AUTHENTICATION },
    { "e=unknown-user", TERN_FAULT_AUTHENTICATION },
    { "e=channel-bindings-dont-match,x=y", TERN_FAULT_CERTIFICATE },
    { "e=server-does-support-channel-binding", TERN_FAULT_CERTIFICATE },
    { "e=unsupported-channel-binding-type", TERN_FAULT_NO_MECHANISM },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TernSasl) sasl = make_sasl ("SCRAM-SHA-1", "user", "pencil", FALSE, &error);
      g_autofree char *initial = tern_sasl_initial (sasl, &error);
      g_autofree char *refusal = encode (refusals[i].text);

      g_assert_no_error (error);
      g_assert_nonnull (initial);
      g_assert_null (tern_sasl_step (sasl, refusal, &error));
      g_assert_error (error, TERN_FAULT, (int) refusals[i].code);
      g_assert_cmpstr (tern_fault_get_server_text (error), ==, refusals[i].text);
    }
}

static const TernSaslChannel token_channel = { "server.example.com", 143, TRUE, NULL, NULL };

static void
assert_initial (TernSasl *sasl, const char *expected)
{
  g_autoptr (GError) error = NULL;
  char *initial = tern_sasl_initial (sasl, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (initial, ==, expected);
  tern_sasl_wipe (initial);
}

/* What the session makes of the server's NO after the exchange. */
static GError *
explain_refusal (TernSasl *sasl)
{
  g_autoptr (GError) refused =
      tern_fault_new_server (TERN_FAULT_AUTHENTICATION, "Invalid credentials", "password?");

  return tern_sasl_explain (sasl, refused);
}

/* RFC 7628, sections 4.1 and 4.3. */
static void
test_oauthbearer (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernSasl) sasl =
      make_sasl_for (TERN_AUTH_BEARER, "XOAUTH2 OAUTHBEARER", "user@example.com",
                     "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", &token_channel, &error);
  g_autoptr (GError) fault = NULL;
  g_autofree char *dummy = NULL;

  g_assert_no_error (error);
  assert_initial (sasl, "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQz"
                        "AWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9"
                        "PQEB");
  g_assert_true (tern_sasl_finished (sasl, &error));
  dummy = tern_sasl_step (
      sasl,
      "eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIiwib3BlbmlkLWNvbmZpZ3VyYX"
      "Rpb24iOiJodHRwczovL2V4YW1wbGUuY29tLy53ZWxsLWtub3duL29wZW5pZC1jb25maWd1cmF0aW9uIn0=",
      &error);
  g_assert_no_error (error);
  g_assert_cmpstr (dummy, ==, "AQ==");
  fault = explain_refusal (sasl);
  g_assert_error (fault, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  g_assert_nonnull (strstr (fault->message, "token"));
  g_assert_true (g_str_has_prefix (tern_fault_get_server_text (fault),
                                   "{\"status\":\"invalid_token\",\"scope\":\"example_scope\""));
  /* An OK after that is none. */
  g_assert_false (tern_sasl_finished (sasl, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  g_clear_error (&error);
  g_assert_null (tern_sasl_step (sasl, "e30=", &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_PROTOCOL);
}

/* The example of Google's description. */
static void
test_xoauth2 (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernSasl) sasl =
      make_sasl_for (TERN_AUTH_BEARER, "XOAUTH2", "someuser@example.com",
                     "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg", &token_channel, &error);
  g_autofree char *dummy = NULL;
  g_autoptr (GError) fault = NULL;
  g_autofree char *reason = encode ("{\"status\":\"401\",\"schemes\":\"bearer\",\"token\":"
                                    "\"ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\"}");

  g_assert_no_error (error);
  assert_initial (sasl, "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRj"
                        "Mk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==");
  dummy = tern_sasl_step (sasl, reason, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (dummy, ==, "");
  fault = explain_refusal (sasl);
  g_assert_error (fault, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  g_assert_nonnull (strstr (tern_fault_get_server_text (fault), "401"));
  /* The server repeats the token; the fault does not. */
  g_assert_null (strstr (tern_fault_get_server_text (fault), "ya29"));
}

static void
test_token_scope (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernSasl) sasl =
      make_sasl_for (TERN_AUTH_BEARER, "OAUTHBEARER", "us,er", "token", &token_channel, &error);
  g_autofree char *reason = encode ("{\"status\":\"insufficient_scope\"}");
  g_autofree char *initial = tern_sasl_initial (sasl, &error);
  g_autofree char *text = decode (initial);
  g_autofree char *dummy = tern_sasl_step (sasl, reason, &error);
  g_autoptr (GError) fault = explain_refusal (sasl);
  g_autoptr (GError) busy = tern_fault_new (TERN_FAULT_UNAVAILABLE, "later");
  g_autoptr (GError) later = tern_sasl_explain (sasl, busy);

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (text, "n,a=us=2Cer,\001host="));
  g_assert_nonnull (strstr (fault->message, "does not allow"));
  /* Not now is not no. */
  g_assert_error (later, TERN_FAULT, TERN_FAULT_UNAVAILABLE);
}

static void
test_token_characters (void)
{
  static const char *const pairs[][2] = { { "user", "to\001ken" },
                                          { "user", "to ken" },
                                          { "user", "tok\303\251n" },
                                          { "user", "" },
                                          { "us\001er", "token" } };

  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (make_sasl_for (TERN_AUTH_BEARER, "XOAUTH2", pairs[i][0], pairs[i][1],
                                    &token_channel, &error));
      g_assert_error (error, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
    }
}

static void
test_external (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernSasl) sasl =
      make_sasl_for (TERN_AUTH_EXTERNAL, "EXTERNAL", "anna", NULL, &token_channel, &error);
  g_autoptr (GError) fault = NULL;

  g_assert_no_error (error);
  assert_initial (sasl, "YW5uYQ==");
  g_assert_true (tern_sasl_finished (sasl, &error));
  fault = explain_refusal (sasl);
  g_assert_error (fault, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  g_assert_nonnull (strstr (fault->message, "certificate"));
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
  g_test_add_func ("/sasl/oauthbearer", test_oauthbearer);
  g_test_add_func ("/sasl/xoauth2", test_xoauth2);
  g_test_add_func ("/sasl/token-scope", test_token_scope);
  g_test_add_func ("/sasl/token-characters", test_token_characters);
  g_test_add_func ("/sasl/external", test_external);
  return g_test_run ();
}
