/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-json.h"
#include "tern-ctl-progress.h"
#include "tern-ctl.h"

#include <json-glib/json-glib.h>
#include <string.h>

static TernCtlArgs *
parse (const char *line, gboolean *json, GError **error)
{
  g_auto (GStrv) argv = NULL;

  if (*line == '\0')
    argv = g_new0 (char *, 1);
  else
    g_assert_true (g_shell_parse_argv (line, NULL, &argv, NULL));
  return tern_ctl_args_parse (tern_ctl_commands, (const char *const *) argv, json, error);
}

static TernCtlArgs *
must_parse (const char *line)
{
  g_autoptr (GError) error = NULL;
  TernCtlArgs *args = parse (line, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (args);
  return args;
}

static void
test_commands (void)
{
  static const char *const samples[][2] = {
    { "account add a@x.test --password-stdin", "account add" },
    { "account list", "account list" },
    { "outbox", "outbox" },
    { "outbox show 3", "outbox show" },
    { "list INBOX", "list" },
    { "watch", "watch" },
    { "watch outbox", "watch" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      g_autoptr (TernCtlArgs) args = must_parse (samples[i][0]);

      g_assert_cmpstr (args->command->name, ==, samples[i][1]);
      g_assert_false (args->json);
    }
}

static void
test_json_anywhere (void)
{
  static const char *const lines[] = { "--json list INBOX", "list --json INBOX",
                                       "list INBOX --json", "list INBOX --limit 3 --json" };
  g_autoptr (TernCtlArgs) not = must_parse ("list -- --json");
  g_autoptr (TernCtlArgs) subject = must_parse ("send --subject --json");

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (TernCtlArgs) args = must_parse (lines[i]);

      g_assert_true (args->json);
      g_assert_cmpstr (tern_ctl_args_word (args, 0), ==, "INBOX");
    }
  g_assert_false (not ->json);
  g_assert_cmpstr (tern_ctl_args_word (not, 0), ==, "--json");
  g_assert_false (subject->json);
  g_assert_cmpstr (tern_ctl_args_get (subject, "subject"), ==, "--json");
}

/* Also within a name of two words, where it is not known yet which command it is. */
static void
test_json_within_names (void)
{
  static const char *const samples[][3] = {
    { "account --json list", "account list", NULL },
    { "folder --json create New", "folder create", "New" },
    { "--progress outbox --progress --json show 5", "outbox show", "5" },
    { "outbox --json", "outbox", NULL },
    { "watch --json outbox", "watch", "outbox" },
  };
  g_autoptr (TernCtlArgs) value = must_parse ("folder --json create --role=x --account show New");

  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      g_autoptr (TernCtlArgs) args = must_parse (samples[i][0]);

      g_assert_true (args->json);
      g_assert_cmpstr (args->command->name, ==, samples[i][1]);
      g_assert_cmpstr (tern_ctl_args_word (args, 0), ==, samples[i][2]);
    }
  g_assert_cmpstr (tern_ctl_args_get (value, "account"), ==, "show");
  g_assert_cmpstr (tern_ctl_args_word (value, 0), ==, "New");
}

static void
test_options (void)
{
  g_autoptr (TernCtlArgs) send = must_parse (
      "send --to a@x.test 'B <b@x.test>' --cc=c@x.test --subject Hi --to d@x.test --no-wait");
  g_autoptr (TernCtlArgs) add =
      must_parse ("account add a@x.test --imap h:1 --imap i --password-stdin");
  GPtrArray *to = tern_ctl_args_get_all (send, "to");

  g_assert_cmpuint (to->len, ==, 3);
  g_assert_cmpstr (g_ptr_array_index (to, 1), ==, "B <b@x.test>");
  g_assert_cmpstr (g_ptr_array_index (to, 2), ==, "d@x.test");
  g_assert_cmpstr (tern_ctl_args_get (send, "cc"), ==, "c@x.test");
  g_assert_true (tern_ctl_args_has (send, "no-wait"));
  g_assert_false (tern_ctl_args_has (send, "bcc"));
  g_assert_null (tern_ctl_args_get (send, "bcc"));
  g_assert_cmpuint (send->words->len, ==, 0);
  g_assert_true (tern_ctl_args_wants_input (send));
  /* The last one wins. */
  g_assert_cmpstr (tern_ctl_args_get (add, "imap"), ==, "i");
  g_assert_true (tern_ctl_args_wants_input (add));
}

static void
test_exclude (void)
{
  g_autoptr (TernCtlArgs) one = must_parse ("show 3 --text");
  g_autoptr (TernCtlArgs) two = must_parse ("show 3 --text --part 1");
  g_autoptr (GError) error = NULL;

  g_assert_true (tern_ctl_args_exclude (one, "headers text part", &error));
  g_assert_true (tern_ctl_args_exclude (two, "headers part", &error));
  g_assert_no_error (error);
  g_assert_false (tern_ctl_args_exclude (two, "headers text part", &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
  g_assert_cmpstr (error->message, ==, "Give --text or --part, but not both.");
}

static void
test_flags_are_words (void)
{
  g_autoptr (TernCtlArgs) args = must_parse ("flag 12 13 12 +seen -flagged '+$Forwarded'");
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) ids = tern_ctl_args_ids (args, 0, 3, &error);
  g_autoptr (GArray) bad = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (ids->len, ==, 2);
  g_assert_cmpint (g_array_index (ids, TernId, 1), ==, 13);
  g_assert_cmpstr (tern_ctl_args_word (args, 4), ==, "-flagged");
  g_assert_false (tern_ctl_args_wants_input (args));
  bad = tern_ctl_args_ids (args, 0, 0, &error);
  g_assert_null (bad);
  g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
}

static void
test_usage_errors (void)
{
  static const char *const lines[] = {
    "",
    "frobnicate",
    "account",
    "account -- list",
    "account --frobnicate list",
    "account frobnicate",
    "list",
    "list INBOX Archive",
    "list INBOX --frobnicate",
    "list INBOX --limit",
    "list INBOX --unread=yes",
    "list INBOX --",
    "account list --",
    "show",
    "move 3",
    "send text",
    "send --to",
    "list INBOX --=x",
    "--frobnicate",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TernCtlArgs) args = parse (lines[i], NULL, &error);

      /* "--" alone is no mistake. */
      if (g_str_has_suffix (lines[i], " --"))
        {
          g_assert_nonnull (args);
          continue;
        }
      g_assert_null (args);
      g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
      g_assert_cmpint (tern_fault_exit_code (error), ==, 64);
    }
}

/* Somebody who asked for JSON gets the error in it, wherever the mistake is. */
static void
test_json_of_errors (void)
{
  static const char *const lines[] = { "--json", "--json frobnicate", "frobnicate --json",
                                       "list --json", "list INBOX --nonsense --json" };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean json = FALSE;

      g_assert_null (parse (lines[i], &json, &error));
      g_assert_true (json);
    }
}

static void
test_numbers (void)
{
  static const char *const bad[] = { "", "x", "1x", "-1", "0", "99999999999999999999", " 1" };
  gint64 number = 0;

  g_assert_true (tern_ctl_args_number ("42", 1, &number, NULL));
  g_assert_cmpint (number, ==, 42);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (tern_ctl_args_number (bad[i], 1, &number, &error));
      g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
    }
}

static JsonObject *
parse_object (JsonParser *parser, const char *text)
{
  g_autoptr (GError) error = NULL;

  json_parser_load_from_data (parser, text, -1, &error);
  g_assert_no_error (error);
  return json_node_get_object (json_parser_get_root (parser));
}

static void
test_json_writer (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  TernCtlJson *json = tern_ctl_json_new ();
  g_autofree char *text = NULL;
  JsonObject *object;

  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_string (json, "nasty", "\"\\\n\t\001\033[31m\302\205 ü 😀");
  tern_ctl_json_string (json, "broken", "a\377b");
  tern_ctl_json_string (json, "none", NULL);
  tern_ctl_json_int (json, "large", G_MAXINT64);
  tern_ctl_json_double (json, "part", 0.25);
  tern_ctl_json_bool (json, "yes", TRUE);
  tern_ctl_json_time (json, "when", 1764000000, 90);
  tern_ctl_json_time (json, "never", 0, 0);
  tern_ctl_json_open (json, "list", '[');
  tern_ctl_json_int (json, NULL, 1);
  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_close (json, '}');
  tern_ctl_json_open (json, NULL, '[');
  tern_ctl_json_close (json, ']');
  tern_ctl_json_close (json, ']');
  tern_ctl_json_int (json, "last", 2);
  tern_ctl_json_close (json, '}');
  text = tern_ctl_json_end (json);

  g_assert_true (g_str_has_suffix (text, "}\n"));
  g_assert_null (memchr (text, '\n', strlen (text) - 1));
  g_assert_null (strchr (text, '\033'));
  object = parse_object (parser, text);
  g_assert_cmpstr (json_object_get_string_member (object, "nasty"), ==,
                   "\"\\\n\t\001\033[31m\302\205 ü 😀");
  g_assert_cmpstr (json_object_get_string_member (object, "broken"), ==, "a\357\277\275b");
  g_assert_true (json_object_get_null_member (object, "none"));
  g_assert_cmpint (json_object_get_int_member (object, "large"), ==, G_MAXINT64);
  g_assert_cmpfloat (json_object_get_double_member (object, "part"), ==, 0.25);
  g_assert_true (json_object_get_boolean_member (object, "yes"));
  g_assert_cmpstr (json_object_get_string_member (object, "when"), ==, "2025-11-24T17:30:00+01:30");
  g_assert_true (json_object_get_null_member (object, "never"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (object, "list")), ==, 3);
  g_assert_cmpint (json_object_get_int_member (object, "last"), ==, 2);
}

static void
test_json_lines (void)
{
  TernCtlJson *json = tern_ctl_json_new ();
  g_autofree char *text = NULL;

  for (int i = 1; i <= 2; i++)
    {
      tern_ctl_json_break (json);
      tern_ctl_json_open (json, NULL, '{');
      tern_ctl_json_int (json, "id", i);
      tern_ctl_json_close (json, '}');
    }
  text = tern_ctl_json_end (json);
  g_assert_cmpstr (text, ==, "{\"id\":1}\n{\"id\":2}\n");
}

static void
test_progress (void)
{
  g_autoptr (TernCtlArgs) quiet = must_parse ("sync");
  g_autoptr (TernCtlArgs) told = must_parse ("--progress sync");
  g_autofree char *half = tern_ctl_progress_line ("Work", "INBOX", 50, 100);
  g_autofree char *unknown = tern_ctl_progress_line ("Work", NULL, 0, 0);
  g_autofree char *over = tern_ctl_progress_line ("Work", NULL, 200, 100);
  g_autofree char *hostile = tern_ctl_progress_line ("W\r\n", "\033[31mred\302\233\u202e", -1, 100);
  g_autofree char *name = g_strnfill (500, 'x');
  g_autofree char *longest = tern_ctl_progress_line (name, name, G_MAXINT64, G_MAXINT64);

  g_assert_false (quiet->progress);
  g_assert_true (told->progress);
  g_assert_cmpstr (half, ==, TERN_CTL_PROGRESS_END "Work [##########..........]  50 % INBOX");
  g_assert_cmpstr (unknown, ==, TERN_CTL_PROGRESS_END "Work");
  g_assert_nonnull (strstr (over, "100 %"));
  g_assert_cmpstr (hostile, ==, TERN_CTL_PROGRESS_END "W [....................]   0 % [31mred");
  g_assert_cmpuint (strlen (longest), <, 80 + strlen (TERN_CTL_PROGRESS_END));
}

static void
test_error_output (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error =
      tern_fault_new_server (TERN_FAULT_AUTHENTICATION, "NO bad password", "Refused by %s.", "h");
  g_autofree char *text = tern_ctl_format_error (error, NULL, FALSE);
  g_autofree char *line = tern_ctl_format_error (error, "some-uuid", TRUE);
  JsonObject *object = json_object_get_object_member (parse_object (parser, line), "error");

  g_assert_cmpstr (text, ==, "ternctl: Refused by h.\nThe server said: NO bad password\n");
  g_assert_cmpstr (json_object_get_string_member (object, "code"), ==, "authentication");
  g_assert_cmpstr (json_object_get_string_member (object, "domain"), ==, "tern");
  g_assert_cmpstr (json_object_get_string_member (object, "message"), ==, "Refused by h.");
  g_assert_cmpstr (json_object_get_string_member (object, "account"), ==, "some-uuid");
  g_assert_cmpstr (json_object_get_string_member (object, "server_text"), ==, "NO bad password");
  g_assert_cmpstr (json_object_get_string_member (object, "retry"), ==, "never");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ternctl/commands", test_commands);
  g_test_add_func ("/ternctl/json-anywhere", test_json_anywhere);
  g_test_add_func ("/ternctl/json-within-names", test_json_within_names);
  g_test_add_func ("/ternctl/options", test_options);
  g_test_add_func ("/ternctl/exclude", test_exclude);
  g_test_add_func ("/ternctl/flags-are-words", test_flags_are_words);
  g_test_add_func ("/ternctl/usage-errors", test_usage_errors);
  g_test_add_func ("/ternctl/json-of-errors", test_json_of_errors);
  g_test_add_func ("/ternctl/numbers", test_numbers);
  g_test_add_func ("/ternctl/json-writer", test_json_writer);
  g_test_add_func ("/ternctl/json-lines", test_json_lines);
  g_test_add_func ("/ternctl/progress", test_progress);
  g_test_add_func ("/ternctl/error-output", test_error_output);
  return g_test_run ();
}
