/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-dump.h"

#include <json-glib/json-glib.h>
#include <string.h>

/*
 * Recorded dialogues of many servers, and the vectors of other clients, when they are there
 * (TERN_CORPORA). Each must be understood; what is not is listed here with the reason.
 */
static const char *const exceptions[] = {
  /* The line before the first has lost its "* OK"; it is skipped, and the rest is understood. */
  "exchange/issue115.txt",
  /* The literal was edited after it was counted: one byte is missing. */
  "gmail/headers.1+unsolicited-info.txt",
};

static char *
corpus (const char *name)
{
  const char *root = g_getenv ("TERN_CORPORA");
  g_autofree char *path = root != NULL ? g_build_filename (root, name, NULL) : NULL;

  if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("not here");
      return NULL;
    }
  return g_steal_pointer (&path);
}

static gboolean
is_exception (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (exceptions); i++)
    if (g_str_has_suffix (name, exceptions[i]))
      return TRUE;
  return FALSE;
}

/* Everything understood, and the same however it is cut. Returns the number of responses. */
static guint
check (const char *name, const char *data, gsize size)
{
  g_autofree char *whole = tern_imap_dump (data, size, G_MAXSIZE, 0);
  g_autofree char *pieces = tern_imap_dump (data, size, 3, 0);
  g_auto (GStrv) lines = g_strsplit (whole, "\n", -1);
  guint n = 0;
  guint bad = 0;

  g_assert_cmpstr (pieces, ==, whole);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (lines[i][0] == '\0' || lines[i][0] == ' ')
        continue;
      n++;
      if (!g_str_has_prefix (lines[i], "error:") && !g_str_has_prefix (lines[i], "fatal:"))
        continue;
      bad++;
      if (!is_exception (name))
        {
          g_test_message ("%s: %s: %s", name, lines[i], data);
          g_test_fail ();
        }
    }
  if (is_exception (name))
    g_assert_cmpuint (bad, >, 0);
  return n;
}

/* The recordings were kept with LF at some time; the literals were counted with CRLF. */
static GString *
with_crlf (const char *text, gsize length)
{
  GString *out = g_string_sized_new (length + length / 16);

  for (gsize i = 0; i < length; i++)
    {
      if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
        g_string_append_c (out, '\r');
      g_string_append_c (out, text[i]);
    }
  return out;
}

static guint
check_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      g_autofree char *text = NULL;
      gsize length;

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        n += check_folder (child);
      else if (g_str_has_suffix (name, ".txt") && g_file_get_contents (child, &text, &length, NULL))
        {
          g_autoptr (GString) dialogue = with_crlf (text, length);

          n += check (child, dialogue->str, dialogue->len);
        }
    }
  return n;
}

static void
test_mailkit (void)
{
  g_autofree char *path = corpus ("imap-mailkit/Imap/Resources");

  if (path != NULL)
    {
      guint n = check_folder (path);

      g_test_message ("%u responses", n);
      g_assert_cmpuint (n, >, 1300);
    }
}

/* The vector is a client's command: there is nothing to read in it. */
static gboolean
is_command (const char *raw)
{
  g_auto (GStrv) words = NULL;

  if (raw[0] == '*' || raw[0] == '+')
    return FALSE;
  words = g_strsplit_set (raw, " \r\n", 3);
  return words[0] == NULL || words[1] == NULL
         || (strcmp (words[1], "OK") != 0 && strcmp (words[1], "NO") != 0
             && strcmp (words[1], "BAD") != 0);
}

/* "S: " lines of a trace, without the mark. */
static char *
server_lines (const char *trace)
{
  g_auto (GStrv) lines = g_strsplit (trace, "\n", -1);
  GString *out = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], "S: "))
      g_string_append_printf (out, "%s\r\n", lines[i] + 3);
  return g_string_free (out, FALSE);
}

static JsonArray *
load_vectors (JsonParser *parser, const char *path, const char *member)
{
  g_autoptr (GError) error = NULL;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  return json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)),
                                       member);
}

static void
test_vectors (gconstpointer name)
{
  g_autofree char *path = corpus (name);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *vectors;
  guint n = 0;

  if (path == NULL)
    return;
  vectors = load_vectors (parser, path, "vectors");
  for (guint i = 0; i < json_array_get_length (vectors); i++)
    {
      JsonObject *vector = json_array_get_object_element (vectors, i);
      const char *raw = json_object_get_string_member (vector, "raw");
      g_autofree char *latin1 = NULL;
      g_autofree char *lines = NULL;
      gsize length;

      if (g_str_has_prefix (raw, "C: ") || g_str_has_prefix (raw, "S: "))
        {
          lines = server_lines (raw);
          n += check (name, lines, strlen (lines));
          continue;
        }
      if (is_command (raw))
        continue;
      /* The octets were written as the characters of Latin 1. */
      latin1 = g_convert (raw, -1, "ISO-8859-1", "UTF-8", NULL, &length, NULL);
      g_assert_nonnull (latin1);
      n += check (name, latin1, length);
    }
  g_test_message ("%u responses", n);
  g_assert_cmpuint (n, >, 50);
}

/* A double-quoted scalar of YAML, from after its opening quote. */
static GString *
read_scalar (const char *p)
{
  GString *out = g_string_new (NULL);

  for (; *p != '\0' && *p != '"'; p++)
    {
      if (*p == '\n')
        {
          p += strspn (p, " \n");
          while (out->len > 0 && out->str[out->len - 1] == ' ')
            g_string_truncate (out, out->len - 1);
          g_string_append_c (out, ' ');
          p--;
        }
      else if (*p != '\\')
        g_string_append_c (out, *p);
      else if (*++p == '\n')
        p += strspn (p, " \n") - 1;
      else if (*p == 'x')
        {
          g_string_append_c (
              out, (char) (g_ascii_xdigit_value (p[1]) << 4 | g_ascii_xdigit_value (p[2])));
          p += 2;
        }
      else
        g_string_append_c (out, *p == 'r' ? '\r' : *p == 'n' ? '\n' : *p == 't' ? '\t' : *p);
    }
  return out;
}

static void
test_netimap (void)
{
  g_autofree char *path = corpus ("imap-netimap/response_parser");
  g_autoptr (GDir) dir = path != NULL ? g_dir_open (path, 0, NULL) : NULL;
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_autofree char *text = NULL;

      g_file_get_contents (file, &text, NULL, NULL);
      for (const char *p = text; (p = strstr (p, ":response: ")) != NULL; p++)
        {
          const char *quote = strchr (p, '"');
          g_autoptr (GString) raw = NULL;

          g_assert_nonnull (quote);
          raw = read_scalar (quote + 1);
          n += check (name, raw->str, raw->len);
        }
    }
  if (path != NULL)
    g_assert_cmpuint (n, >, 130);
}

static void
test_utf7 (void)
{
  g_autofree char *path = corpus ("imap-vectors/modified-utf7.json");
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *vectors;

  if (path == NULL)
    return;
  vectors = load_vectors (parser, path, "decode");
  for (guint i = 0; i < json_array_get_length (vectors); i++)
    {
      JsonObject *vector = json_array_get_object_element (vectors, i);
      const char *raw = json_object_get_string_member (vector, "mutf7");
      gboolean ok = json_object_get_boolean_member (vector, "ok");
      gboolean valid;
      g_autofree char *decoded = tern_imap_utf7_decode (raw, &valid);

      /* A NUL ends a name of ours before it could be wrong. */
      if (*raw == '\0')
        continue;
      g_test_message ("%s", raw);
      g_assert_cmpint (valid, ==, ok);
      g_assert_cmpstr (decoded, ==, ok ? json_object_get_string_member (vector, "utf8") : raw);
    }
  vectors = load_vectors (parser, path, "encode");
  for (guint i = 0; i < json_array_get_length (vectors); i++)
    {
      JsonObject *vector = json_array_get_object_element (vectors, i);
      const char *name = json_object_get_string_member (vector, "utf8");
      g_autofree char *encoded = tern_imap_utf7_encode (name);

      /* A NUL cannot be in a string of ours. */
      if (strstr (json_object_get_string_member (vector, "mutf7"), "&AAA") != NULL)
        continue;
      if (json_object_has_member (vector, "ok") && !json_object_get_boolean_member (vector, "ok"))
        continue;
      g_assert_cmpstr (encoded, ==, json_object_get_string_member (vector, "mutf7"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/corpora/mailkit", test_mailkit);
  g_test_add_func ("/imap/corpora/netimap", test_netimap);
  g_test_add_data_func ("/imap/corpora/tokio", "imap-vectors/tokio-imap-responses.json",
                        test_vectors);
  g_test_add_data_func ("/imap/corpora/codec", "imap-vectors/imap-codec-traces.json", test_vectors);
  g_test_add_func ("/imap/corpora/utf7", test_utf7);
  return g_test_run ();
}
