/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-fuzz.h"

#include "tern-limits.h"
#include "tern-sasl.h"

#include <string.h>

/* A mechanism, then what the server says, a line each: without base64, and with "@" for the
 * client's nonce; or after "!" as it is. */
const char *const tern_fuzz_seeds[] = {
  "SCRAM-SHA-256\nr=@srv,s=QSXCR+Q6sek8bf92,i=4096\nv=rmF9pqV8S7suAoZWja4dJRkFsKQ=\n",
  "SCRAM-SHA-1-PLUS\nr=@srv,s=QSXCR+Q6sek8bf92,i=1,x=y\ne=channel-bindings-dont-match\n",
  "SCRAM-SHA-256-PLUS\ne=unsupported-channel-binding-type\n",
  "SCRAM-SHA-1\nm=x,r=@,s=,i=99999999999\n",
  "PLAIN\n\n",
  "LOGIN\nUsername:\nPassword:\n",
  "OAUTHBEARER\n{\"status\":\"invalid_token\",\"scope\":\"mail\"}\n{}\n",
  "XOAUTH2\n!eyJzdGF0dXMiOiI0MDEifQ==\n!%%%\n",
  "EXTERNAL\nwho?\n",
  NULL,
};

static const TernAuth auths[] = { TERN_AUTH_PASSWORD, TERN_AUTH_BEARER, TERN_AUTH_EXTERNAL };

static TernSasl *
start (const char *mechanism)
{
  const char *offered[] = { mechanism, NULL };
  g_autoptr (GBytes) binding = g_bytes_new_static ("bound", 5);
  const TernSaslChannel channel = { "mail.test", 993, TRUE, "tls-exporter", binding };

  for (gsize i = 0; i < G_N_ELEMENTS (auths); i++)
    {
      g_autoptr (TernCredentials) credentials =
          tern_credentials_new_for (auths[i], "anna", "secret");
      g_autoptr (GError) error = NULL;
      TernSasl *sasl = tern_sasl_new (offered, &channel, credentials, &error);

      if (sasl != NULL)
        return sasl;
      g_assert_nonnull (error);
    }
  return NULL;
}

/* Honest work for the processor, of which a fuzzer is to do little. */
static gboolean
is_slow (const char *line)
{
  const char *count = strstr (line, ",i=");
  guint64 n = count != NULL ? g_ascii_strtoull (count + 3, NULL, 10) : 0;

  return n > 100 && n <= TERN_LIMIT_SCRAM_ITERATIONS;
}

static char *
dup_nonce (const char *initial)
{
  gsize length;
  g_autofree char *first = initial != NULL ? (char *) g_base64_decode (initial, &length) : NULL;
  const char *nonce = first != NULL ? strstr (first, ",r=") : NULL;

  return g_strdup (nonce != NULL ? nonce + strlen (",r=") : "");
}

/* FALSE when the exchange is at an end. */
static gboolean
answer (TernSasl *sasl, const char *line, const char *nonce)
{
  g_autoptr (GString) text = g_string_new (line);
  g_autofree char *encoded = NULL;
  g_autoptr (GError) error = NULL;
  char *response;

  g_string_replace (text, "@", nonce, 0);
  if (line[0] == '!')
    encoded = g_strdup (line + 1);
  else
    encoded = g_base64_encode ((const guchar *) text->str, text->len);
  response = tern_sasl_step (sasl, encoded, &error);
  g_assert_true ((response == NULL) == (error != NULL));
  if (response == NULL)
    return FALSE;
  g_assert_null (strpbrk (response, "\r\n"));
  tern_sasl_wipe (response);
  return TRUE;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *all = size > 0 ? g_strndup ((const char *) data, size) : g_strdup ("");
  g_auto (GStrv) lines = g_strsplit (all, "\n", 10);
  g_autoptr (TernSasl) sasl = lines[0] != NULL ? start (lines[0]) : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) refused = tern_fault_new (TERN_FAULT_AUTHENTICATION, "no");
  g_autoptr (GError) explained = NULL;
  g_autofree char *nonce = NULL;
  char *initial;
  gboolean good = TRUE;

  if (sasl == NULL)
    return 0;
  initial = tern_sasl_initial (sasl, &error);
  g_assert_no_error (error);
  nonce = dup_nonce (initial);
  tern_sasl_wipe (initial);
  for (gsize i = 1; good && lines[i] != NULL; i++)
    good = !is_slow (lines[i]) && answer (sasl, lines[i], nonce);
  explained = tern_sasl_explain (sasl, refused);
  g_assert_error (explained, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  /* Nobody proves that they know the password without knowing it. */
  if (g_str_has_prefix (tern_sasl_get_mechanism (sasl), "SCRAM-"))
    g_assert_false (tern_sasl_finished (sasl, NULL));
  return 0;
}
