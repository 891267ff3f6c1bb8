/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-message.h"
#include "tern-mime-text.h"

#include "tern-limits.h"

#include <json-glib/json-glib.h>
#include <string.h>

/*
 * Mail that other projects collected, where it is at hand ($TERN_CORPORA, else ../shared/corpora
 * beside the sources): everything is read without a report of a sanitizer and within the limits;
 * where a set says what it expects, the well-formed part of it is compared.
 */

static char *
corpus (const char *name)
{
  const char *root = g_getenv ("TERN_CORPORA");
  char *path = root != NULL ? g_build_filename (root, name, NULL)
                            : g_build_filename (g_test_get_dir (G_TEST_DIST), "..", "..", "shared",
                                                "corpora", name, NULL);

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return path;
  g_test_skip_printf ("%s is not here", name);
  g_free (path);
  return NULL;
}

static void
count_part (const TernPart *part, gpointer data)
{
  ++*(guint *) data;
  g_assert_true (part->filename == NULL || g_utf8_validate (part->filename, -1, NULL));
}

static void
read_message (GBytes *bytes)
{
  g_autoptr (TernMessageFacts) facts = tern_mime_read_facts (bytes);
  g_autoptr (TernMimeText) text = tern_mime_read_text (bytes);
  g_autoptr (GPtrArray) headers = tern_mime_read_headers (bytes);
  g_auto (GStrv) sections = tern_mime_text_sections (facts->structure);
  g_autofree char *preview = tern_mime_read_preview (bytes);
  guint parts = 0;

  tern_part_foreach (facts->structure, count_part, &parts);
  g_assert_cmpuint (parts, <=, TERN_LIMIT_MIME_PARTS);
  g_assert_true (g_utf8_validate (text->plain, -1, NULL));
  g_assert_true (text->html == NULL || g_utf8_validate (text->html, -1, NULL));
  g_assert_true (g_utf8_validate (facts->subject, -1, NULL));
  g_assert_cmpint (g_utf8_strlen (facts->preview, -1), <=, 200);
  /* They differ where a broken message has more than one plain alternative. */
  g_assert_cmpint (*preview == '\0', ==, *facts->preview == '\0');
  g_assert_nonnull (headers);
}

static guint
read_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      char *data;
      gsize size;

      if (g_file_test (file, G_FILE_TEST_IS_DIR))
        n += read_tree (file);
      else if (g_file_get_contents (file, &data, &size, NULL))
        {
          g_autoptr (GBytes) bytes = g_bytes_new_take (data, size);

          if (size > 2 * 1024 * 1024)
            continue;
          read_message (bytes);
          n++;
        }
    }
  return n;
}

static void
test_read (gconstpointer data)
{
  g_autofree char *path = corpus (data);
  guint n;

  if (path == NULL)
    return;
  n = read_tree (path);
  g_test_message ("%s: %u files", (const char *) data, n);
  g_assert_cmpuint (n, >, 0);
}

static JsonNode *
load_json (const char *path)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (!json_parser_load_from_file (parser, path, NULL))
    return NULL;
  return json_parser_steal_root (parser);
}

static const char *
member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
}

static void
append_people (GString *out, JsonArray *list)
{
  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++)
    {
      JsonObject *one = json_array_get_object_element (list, i);
      const char *name = member (one, "name");
      const char *address = member (one, "address");

      if (json_object_has_member (one, "addresses"))
        append_people (out, json_object_get_array_member (one, "addresses"));
      else if (address != NULL)
        g_string_append_printf (out, "%s|%s;", name != NULL ? name : "", address);
    }
}

static char *
expected_people (JsonObject *value)
{
  GString *out = g_string_new (NULL);

  if (value != NULL && json_object_has_member (value, "List"))
    append_people (out, json_object_get_array_member (value, "List"));
  else if (value != NULL && json_object_has_member (value, "Group"))
    append_people (out, json_object_get_array_member (value, "Group"));
  return g_string_free (out, FALSE);
}

static char *
our_people (const GPtrArray *list)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < list->len; i++)
    {
      const TernAddress *address = g_ptr_array_index (list, i);

      if (*address->address != '\0')
        g_string_append_printf (out, "%s|%s;", address->name, address->address);
    }
  return g_string_free (out, FALSE);
}

/* Without comments (where they make them part of the name), URLs and damage the answers must agree.
 */
static gboolean
is_well_formed (const char *list)
{
  return strpbrk (list, "()") == NULL && strstr (list, "mailto:") == NULL
         && strstr (list, "  .") == NULL && strstr (list, "<@") == NULL
         && strstr (list, "\n\n") == NULL && strstr (list, "com\ninvalid") == NULL
         && strstr (list, "\"  ") == NULL;
}

static void
test_addresses (void)
{
  g_autofree char *path = corpus ("mime-stalwart-parser");
  g_autofree char *file = path != NULL ? g_build_filename (path, "address.json", NULL) : NULL;
  g_autoptr (JsonNode) root = file != NULL ? load_json (file) : NULL;
  JsonArray *cases = root != NULL ? json_node_get_array (root) : NULL;
  guint n = 0;

  if (cases == NULL)
    return;
  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      JsonObject *one = json_array_get_object_element (cases, i);
      JsonNode *value = json_object_get_member (one, "expected");
      g_autoptr (GPtrArray) list = tern_mime_parse_addresses (member (one, "header"));
      g_autofree char *ours = our_people (list);
      g_autofree char *theirs =
          expected_people (JSON_NODE_HOLDS_OBJECT (value) ? json_node_get_object (value) : NULL);

      if (!is_well_formed (member (one, "header")))
        continue;
      n++;
      g_assert_cmpstr (ours, ==, theirs);
    }
  g_test_message ("%u lists agree", n);
  g_assert_cmpuint (n, >, 30);
}

static void
test_dates (void)
{
  g_autofree char *path = corpus ("mime-stalwart-parser");
  g_autofree char *file = path != NULL ? g_build_filename (path, "date.json", NULL) : NULL;
  g_autoptr (JsonNode) root = file != NULL ? load_json (file) : NULL;
  JsonArray *cases = root != NULL ? json_node_get_array (root) : NULL;
  guint same = 0;

  if (cases == NULL)
    return;
  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      JsonObject *one = json_array_get_object_element (cases, i);
      JsonNode *value = json_object_get_member (one, "expected");
      JsonObject *date = JSON_NODE_HOLDS_OBJECT (value) ? json_node_get_object (value) : NULL;
      const char *raw = member (one, "header");
      gint64 seconds = 0, expected = 0;
      int offset = 0;
      gboolean read = tern_mime_parse_date (raw, strlen (raw), &seconds, &offset);

      if (date != NULL)
        {
          int minutes = json_object_get_int_member (date, "tz_hour") * 60
                        + json_object_get_int_member (date, "tz_minute");
          g_autoptr (GDateTime) utc = g_date_time_new_utc (
              json_object_get_int_member (date, "year"), json_object_get_int_member (date, "month"),
              json_object_get_int_member (date, "day"), json_object_get_int_member (date, "hour"),
              json_object_get_int_member (date, "minute"),
              json_object_get_int_member (date, "second"));

          if (json_object_get_boolean_member (date, "tz_before_gmt"))
            minutes = -minutes;
          expected = utc != NULL ? g_date_time_to_unix (utc) - minutes * 60 : 0;
        }
      if (date == NULL ? !read : seconds == expected)
        same++;
      else
        g_test_message ("%s", raw);
    }
  g_test_message ("%u of %u agree", same, json_array_get_length (cases));
  g_assert_cmpuint (same * 100, >=, json_array_get_length (cases) * 85);
}

typedef struct
{
  guint messages, fields, same;
} Tally;

static void
compare_field (JsonObject *header, const TernMessageFacts *facts, Tally *tally)
{
  const char *name = member (header, "name");
  JsonNode *node = json_object_get_member (header, "value");
  JsonObject *value = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autofree char *ours = NULL;
  g_autofree char *theirs = NULL;

  if (value == NULL)
    return;
  if (g_str_equal (name, "subject") && json_object_has_member (value, "Text"))
    {
      theirs = g_strdup (member (value, "Text"));
      ours = g_strdup (facts->subject);
    }
  else if (g_str_equal (name, "message_id") && json_object_has_member (value, "Text"))
    {
      theirs = g_strdup (member (value, "Text"));
      ours = g_strdup (facts->message_id);
    }
  else if ((g_str_equal (name, "from") || g_str_equal (name, "to") || g_str_equal (name, "cc"))
           && json_object_has_member (value, "Address"))
    {
      theirs = expected_people (json_object_get_object_member (value, "Address"));
      ours = our_people (*name == 'f' ? facts->from : *name == 't' ? facts->to : facts->cc);
    }
  else
    return;
  tally->fields++;
  if (g_strcmp0 (ours, theirs) == 0)
    tally->same++;
  else
    g_test_message ("%s: ours “%s”, theirs “%s”", name, ours, theirs);
}

static void
compare_message (const char *path, Tally *tally)
{
  g_autofree char *stem = g_strndup (path, strlen (path) - strlen (".eml"));
  g_autofree char *json = g_strconcat (stem, ".json", NULL);
  g_autoptr (JsonNode) root = load_json (json);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (TernMessageFacts) facts = NULL;
  JsonArray *headers;
  char *data;
  gsize size;

  if (root == NULL || !g_file_get_contents (path, &data, &size, NULL))
    return;
  bytes = g_bytes_new_take (data, size);
  facts = tern_mime_read_facts (bytes);
  tally->messages++;
  headers = json_object_get_array_member (
      json_array_get_object_element (
          json_object_get_array_member (json_node_get_object (root), "parts"), 0),
      "headers");
  for (guint i = 0; i < json_array_get_length (headers); i++)
    {
      JsonObject *header = json_array_get_object_element (headers, i);

      if (JSON_NODE_HOLDS_VALUE (json_object_get_member (header, "name")))
        compare_field (header, facts, tally);
    }
}

static void
compare_tree (const char *path, Tally *tally)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      if (g_file_test (file, G_FILE_TEST_IS_DIR))
        compare_tree (file, tally);
      else if (g_str_has_suffix (file, ".eml"))
        compare_message (file, tally);
    }
}

static void
test_messages (void)
{
  g_autofree char *path = corpus ("mime-stalwart-parser");
  g_autofree char *eml = path != NULL ? g_build_filename (path, "eml", NULL) : NULL;
  Tally tally = { 0, 0, 0 };

  if (eml == NULL)
    return;
  compare_tree (eml, &tally);
  g_test_message ("%u messages: %u of %u fields agree", tally.messages, tally.same, tally.fields);
  g_assert_cmpuint (tally.messages, >, 50);
  g_assert_cmpuint (tally.same * 100, >=, tally.fields * 85);
}

/* 164 addresses with a verdict: what we let through to a server must be valid, and what is plainly
 * valid must pass. */
static void
test_isemail (void)
{
  g_autofree char *path = corpus ("address-isemail");
  g_autofree char *file = path != NULL ? g_build_filename (path, "test", "tests.xml", NULL) : NULL;
  g_autofree char *xml = NULL;
  g_auto (GStrv) tests = NULL;
  guint wrong = 0, n = 0;

  if (file == NULL || !g_file_get_contents (file, &xml, NULL, NULL))
    return;
  tests = g_strsplit (xml, "<test ", -1);
  for (guint i = 1; tests[i] != NULL; i++)
    {
      const char *start = strstr (tests[i], "<address>");
      const char *end = strstr (tests[i], "</address>");
      gboolean valid = strstr (tests[i], "ISEMAIL_VALID_CATEGORY") != NULL
                       || strstr (tests[i], "ISEMAIL_DNSWARN") != NULL;
      gboolean bad = strstr (tests[i], "<category>ISEMAIL_ERR") != NULL;
      g_autofree char *address = NULL;
      g_autoptr (GPtrArray) list = NULL;

      if (start == NULL || end == NULL || memchr (start, '&', end - start) != NULL
          || !(valid || bad))
        continue;
      address = g_strndup (start + strlen ("<address>"), end - start - strlen ("<address>"));
      /* A comma or a comment makes a list or a name of it here. */
      if (strpbrk (address, ",;:(") != NULL)
        continue;
      n++;
      list = tern_mime_parse_typed_addresses (address, NULL);
      if (valid != (list != NULL && list->len == 1))
        {
          wrong++;
          g_test_message ("%s: %s", valid ? "refused" : "taken", address);
        }
    }
  g_test_message ("%u of %u verdicts agree", n - wrong, n);
  g_assert_cmpuint (n, >, 50);
  g_assert_cmpuint (wrong * 100, <=, n * 10);
}

int
main (int argc, char **argv)
{
  static const char *const sets[] = {
    "mime-cpython",         "mime-deltachat", "mime-enmime",       "mime-mime4j",
    "mime-mimekit",         "mime-rspamd",    "mime-rubymail",     "mime-stalwart-parser",
    "mime-thunderbird",     "dsn-bounces",    "de-mail-synthetic", "archive-ponymail",
    "archive-spamassassin", "html-templates", "quoting-replies"
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (sets); i++)
    {
      g_autofree char *path = g_strconcat ("/mime/corpora/read/", sets[i], NULL);

      g_test_add_data_func (path, sets[i], test_read);
    }
  g_test_add_func ("/mime/corpora/addresses", test_addresses);
  g_test_add_func ("/mime/corpora/dates", test_dates);
  g_test_add_func ("/mime/corpora/messages", test_messages);
  g_test_add_func ("/mime/corpora/isemail", test_isemail);
  return g_test_run ();
}
