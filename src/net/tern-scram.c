/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-scram-private.h"

#include "tern-limits.h"
#include "tern-number.h"

#include <gnutls/crypto.h>
#include <string.h>

#include <glib/gi18n.h>

#define NONCE_BYTES 18

struct _TernScram
{
  Gsasl_hash hash;
  char *header;                 /* (owned) gs2-header */
  GBytes *binding;              /* (owned) (nullable) */
  TernCredentials *credentials; /* (owned) */
  char *host;                   /* (owned) */
  char *nonce;                  /* (owned) */
  char *first_bare;             /* (owned) (nullable): client-first-message-bare */
  char *server_signature;       /* (owned) (nullable): base64, what the server has to know */
};

TernScram *
tern_scram_new (Gsasl_hash hash,
                const char *header,
                GBytes *binding,
                TernCredentials *credentials,
                const char *host)
{
  TernScram *self = g_new0 (TernScram, 1);
  char bytes[NONCE_BYTES];

  self->hash = hash;
  self->header = g_strdup (header);
  self->binding = binding != NULL ? g_bytes_ref (binding) : NULL;
  self->credentials = tern_credentials_ref (credentials);
  self->host = g_strdup (host);
  if (gsasl_nonce (bytes, sizeof bytes) == GSASL_OK)
    self->nonce = g_base64_encode ((const guchar *) bytes, sizeof bytes);
  return self;
}

void
tern_scram_free (TernScram *self)
{
  g_free (self->header);
  g_clear_pointer (&self->binding, g_bytes_unref);
  tern_credentials_unref (self->credentials);
  g_free (self->host);
  g_free (self->nonce);
  g_free (self->first_bare);
  g_free (self->server_signature);
  g_free (self);
}

static GError *
library_fault (TernScram *self, const char *reason)
{
  return tern_fault_new (TERN_FAULT_INTERNAL, _ ("The login at %s cannot be computed: %s."),
                         self->host, reason);
}

static GError *
characters_fault (TernScram *self)
{
  return tern_fault_new (TERN_FAULT_AUTHENTICATION,
                         _ ("The user name or the password for %s holds characters that are "
                            "not allowed there."),
                         self->host);
}

/* SASLprep, and what would end the name is written in another way (saslname, section 5.1). */
static char *
prepare_user (TernScram *self)
{
  GString *text;
  char *prepared = NULL;

  if (gsasl_saslprep (self->credentials->user, GSASL_ALLOW_UNASSIGNED, &prepared, NULL) != GSASL_OK)
    return NULL;
  text = g_string_new (prepared);
  gsasl_free (prepared);
  g_string_replace (text, "=", "=3D", 0);
  g_string_replace (text, ",", "=2C", 0);
  return g_string_free (text, FALSE);
}

char *
tern_scram_first (TernScram *self, GError **error)
{
  g_autofree char *user = prepare_user (self);

  if (user == NULL)
    {
      g_propagate_error (error, characters_fault (self));
      return NULL;
    }
  if (self->nonce == NULL)
    {
      g_propagate_error (error, library_fault (self, gsasl_strerror (GSASL_CRYPTO_ERROR)));
      return NULL;
    }
  g_free (self->first_bare);
  self->first_bare = g_strdup_printf ("n=%s,r=%s", user, self->nonce);
  return g_strconcat (self->header, self->first_bare, NULL);
}

/* The value of "@name=…" at @text, and where the next attribute is. */
static char *
take_attribute (const char **text, char name)
{
  const char *start = *text;
  const char *end;

  if (start[0] != name || start[1] != '=')
    return NULL;
  end = strchrnul (start + 2, ',');
  *text = *end == ',' ? end + 1 : end;
  return g_strndup (start + 2, end - start - 2);
}

/* "e=" (section 7): what the server minds, as far as it concerns anything but the password. */
static GError *
refusal_fault (TernScram *self, const char *text)
{
  const char *rest = text;
  g_autofree char *reason = take_attribute (&rest, 'e');

  if (g_str_equal (reason, "channel-bindings-dont-match")
      || g_str_equal (reason, "server-does-support-channel-binding"))
    return tern_fault_new_server (TERN_FAULT_CERTIFICATE, text,
                                  _ ("%s does not see the connection that Tern sees: somebody may "
                                     "be in between. The password itself was not sent."),
                                  self->host);
  if (g_str_equal (reason, "unsupported-channel-binding-type"))
    return tern_fault_new_server (TERN_FAULT_NO_MECHANISM, text,
                                  _ ("%s wants the login to be bound to the connection in a way "
                                     "that Tern does not know."),
                                  self->host);
  return tern_fault_new_server (TERN_FAULT_AUTHENTICATION, text,
                                _ ("%s refused the user name or the password."), self->host);
}

typedef struct
{
  char *nonce;
  char *salt;
  gsize salt_size;
  guint64 iterations;
} ServerFirst;

static void
server_first_clear (ServerFirst *first)
{
  g_free (first->nonce);
  gsasl_free (first->salt);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ServerFirst, server_first_clear)

static gboolean
parse_server_first (TernScram *self, const char *text, ServerFirst *first, GError **error)
{
  g_autofree char *salt = NULL;
  g_autofree char *iterations = NULL;

  first->nonce = take_attribute (&text, 'r');
  salt = first->nonce != NULL ? take_attribute (&text, 's') : NULL;
  iterations = salt != NULL ? take_attribute (&text, 'i') : NULL;
  if (iterations == NULL || *salt == '\0'
      || gsasl_base64_from (salt, strlen (salt), &first->salt, &first->salt_size) != GSASL_OK
      || !g_str_has_prefix (first->nonce, self->nonce)
      || strlen (first->nonce) == strlen (self->nonce))
    {
      g_propagate_error (error, tern_sasl_senseless_fault (self->host));
      return FALSE;
    }
  /* A server may ask for 2^31 rounds of hashing, and this context would do nothing else for
   * hours. */
  if (!tern_number_parse (iterations, 1, TERN_LIMIT_SCRAM_ITERATIONS, &first->iterations))
    {
      g_propagate_error (
          error,
          tern_fault_new (TERN_FAULT_PROTOCOL,
                          _ ("%s asks for a senseless amount of work to log in."), self->host));
      return FALSE;
    }
  return TRUE;
}

typedef struct
{
  char salted[GSASL_HASH_MAX_SIZE];
  char client[GSASL_HASH_MAX_SIZE];
  char server[GSASL_HASH_MAX_SIZE];
  char stored[GSASL_HASH_MAX_SIZE];
  guint8 signature[GSASL_HASH_MAX_SIZE];
} Keys;

/* The proof for the server, and what the server has to answer (section 3). */
static char *
prove (TernScram *self, const ServerFirst *first, const char *auth_message, GError **error)
{
  gsize size = gsasl_hash_length (self->hash);
  gnutls_mac_algorithm_t mac =
      self->hash == GSASL_HASH_SHA256 ? GNUTLS_MAC_SHA256 : GNUTLS_MAC_SHA1;
  char *proof = NULL;
  Keys keys;
  int result;

  result = gsasl_scram_secrets_from_password (
      self->hash, self->credentials->password, (unsigned int) first->iterations, first->salt,
      first->salt_size, keys.salted, keys.client, keys.server, keys.stored);
  if (result == GSASL_OK
      && gnutls_hmac_fast (mac, keys.stored, size, auth_message, strlen (auth_message),
                           keys.signature)
             < 0)
    result = GSASL_CRYPTO_ERROR;
  if (result == GSASL_OK)
    {
      for (gsize i = 0; i < size; i++)
        keys.signature[i] ^= (guint8) keys.client[i];
      proof = g_base64_encode (keys.signature, size);
      if (gnutls_hmac_fast (mac, keys.server, size, auth_message, strlen (auth_message),
                            keys.signature)
          < 0)
        result = GSASL_CRYPTO_ERROR;
      else
        self->server_signature = g_base64_encode (keys.signature, size);
    }
  explicit_bzero (&keys, sizeof keys);
  if (result == GSASL_OK)
    return proof;
  g_free (proof);
  g_propagate_error (error, result == GSASL_SASLPREP_ERROR
                                ? characters_fault (self)
                                : library_fault (self, gsasl_strerror (result)));
  return NULL;
}

static char *
encode_binding (TernScram *self)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  gsize size = 0;
  const guint8 *data = self->binding != NULL ? g_bytes_get_data (self->binding, &size) : NULL;

  g_byte_array_append (all, (const guint8 *) self->header, strlen (self->header));
  if (size > 0)
    g_byte_array_append (all, data, size);
  return g_base64_encode (all->data, all->len);
}

char *
tern_scram_final (TernScram *self, const char *server_first, GError **error)
{
  g_auto (ServerFirst) first = { 0 };
  g_autofree char *binding = encode_binding (self);
  g_autofree char *without_proof = NULL;
  g_autofree char *auth_message = NULL;
  g_autofree char *proof = NULL;

  if (g_str_has_prefix (server_first, "e="))
    {
      g_propagate_error (error, refusal_fault (self, server_first));
      return NULL;
    }
  if (!parse_server_first (self, server_first, &first, error))
    return NULL;
  without_proof = g_strdup_printf ("c=%s,r=%s", binding, first.nonce);
  auth_message = g_strjoin (",", self->first_bare, server_first, without_proof, NULL);
  proof = prove (self, &first, auth_message, error);
  return proof != NULL ? g_strdup_printf ("%s,p=%s", without_proof, proof) : NULL;
}

gboolean
tern_scram_verify (TernScram *self, const char *server_final, GError **error)
{
  g_autofree char *verifier = NULL;

  if (g_str_has_prefix (server_final, "e="))
    g_propagate_error (error, refusal_fault (self, server_final));
  else if ((verifier = take_attribute (&server_final, 'v')) == NULL)
    g_propagate_error (error, tern_sasl_senseless_fault (self->host));
  else if (!g_str_equal (verifier, self->server_signature))
    g_propagate_error (error, tern_sasl_unproved_fault (self->host));
  else
    return TRUE;
  return FALSE;
}
