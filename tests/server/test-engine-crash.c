/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine-fixture.h"
#include "engine-server.h"

/*
 * A child works on an account (syncs, flags, moves) and is killed with SIGKILL at random moments.
 * In the end what is here must be what the server has: nothing lost, nothing twice.
 */

#define ROUNDS   12
#define MESSAGES 400

static TernMailServer *server;
static char *dir;

static void
ignore_verb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GArray *operations = tern_engine_verb_finish (TERN_ENGINE (source), result, NULL);

  if (operations != NULL)
    g_array_unref (operations);
}

/* Flags and moves what comes under its hands, until it is killed. */
G_NORETURN static void
work_for_ever (EngineFixture *fixture, const char *uuid, guint seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  for (;;)
    {
      g_autoptr (GPtrArray) messages = engine_fixture_messages (fixture, uuid, "INBOX");

      if (messages->len > 0)
        {
          const TernMessageRecord *record =
              g_ptr_array_index (messages, g_rand_int_range (rand, 0, messages->len));

          if (g_rand_boolean (rand))
            tern_engine_flag_async (fixture->engine, &record->id, 1, TERN_FLAG_FLAGGED, 0, NULL,
                                    NULL, ignore_verb, NULL);
          else
            tern_engine_move_to_role_async (
                fixture->engine, &record->id, 1,
                g_rand_boolean (rand) ? TERN_ROLE_TRASH : TERN_ROLE_ARCHIVE, ignore_verb, NULL);
        }
      for (guint i = 0; i < 5; i++)
        g_main_context_iteration (NULL, i == 0);
    }
}

/* Of all folders, what Message-IDs lie where, with their flags. */
static char *
list_server (void)
{
  g_autofree char *found = tern_mail_server_doveadm (
      server, "-f tab fetch -u anna@example.test 'mailbox flags uid' all");
  g_auto (GStrv) lines = g_strsplit (g_strstrip (found), "\n", -1);
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], "\t", -1);

      g_assert_cmpuint (g_strv_length (fields), ==, 3);
      g_ptr_array_add (rows, g_strdup_printf ("%s/%s%s", fields[0], fields[2],
                                              strstr (fields[1], "Flagged") ? " flagged" : ""));
    }
  g_ptr_array_sort_with_data (rows, (GCompareDataFunc) (void (*) (void)) g_strcmp0, NULL);
  g_ptr_array_add (rows, NULL);
  return g_strjoinv ("\n", (char **) rows->pdata);
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static char *
sort_lines (char *text)
{
  g_autofree char *owned = text;
  g_auto (GStrv) lines = g_strsplit (owned, "\n", -1);

  qsort (lines, g_strv_length (lines), sizeof (char *), compare_lines);
  return g_strjoinv ("\n", lines);
}

/* The fixture's dump, reduced to the same. */
static char *
list_here (EngineFixture *fixture, const char *uuid)
{
  g_autofree char *dump = engine_fixture_dump (fixture, uuid);
  g_auto (GStrv) lines = g_strsplit (dump, "\n", -1);
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; lines[i] != NULL && *lines[i] != '\0'; i++)
    {
      char *space = strchr (lines[i], ' ');
      guint64 flags = g_ascii_strtoull (strrchr (lines[i], ' ') + 1, NULL, 16);

      *space = '\0';
      g_ptr_array_add (
          rows, g_strdup_printf ("%s%s", lines[i], flags & TERN_FLAG_FLAGGED ? " flagged" : ""));
    }
  g_ptr_array_add (rows, NULL);
  return sort_lines (g_strjoinv ("\n", (char **) rows->pdata));
}

static EngineFixture *
open_here (void)
{
  EngineFixture *fixture = engine_fixture_new ();

  engine_fixture_remove_dir (fixture->dir);
  g_free (fixture->dir);
  fixture->dir = g_strdup (dir);
  engine_fixture_open (fixture, TRUE);
  return fixture;
}

static char *
first_account (EngineFixture *fixture)
{
  g_autoptr (GPtrArray) accounts = tern_engine_dup_accounts (fixture->engine);

  g_assert_cmpuint (accounts->len, ==, 1);
  return g_strdup (((TernAccountSettings *) g_ptr_array_index (accounts, 0))->uuid);
}

static void
work_and_be_killed (guint round)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *number = g_strdup_printf ("%u", round);
  const char *argv[] = { self, "--child", dir, number, NULL };
  g_autoptr (GError) error = NULL;
  GPid pid = 0;
  int status = 0;

  g_spawn_async (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, &error);
  g_assert_no_error (error);
  /* The moment is what the test is about: there is no condition to wait for. */
  g_usleep (g_test_rand_int_range (150, 1200) * 1000);
  kill (pid, SIGKILL);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
  g_spawn_close_pid (pid);
}

static void
test_killed (void)
{
  g_autofree char *seed = g_strdup_printf ("anna:%u", MESSAGES);
  g_autoptr (TernAccountSettings) settings = NULL;
  EngineFixture *fixture;
  g_autofree char *uuid = NULL;
  g_autofree char *here = NULL;
  g_autofree char *there = NULL;

  server = tern_mail_server_new ("--users", "anna", "--no-postfix", "--seed", seed, NULL);
  if (server == NULL)
    return;
  dir = g_dir_make_tmp ("tern-crash-XXXXXX", NULL);
  fixture = open_here ();
  settings = engine_server_settings (server, 0, FALSE);
  uuid = engine_fixture_add_account (fixture, settings, tern_mail_server_get_password (server, 0));
  engine_fixture_close (fixture);
  for (guint round = 0; round < ROUNDS; round++)
    work_and_be_killed (round);
  engine_fixture_open (fixture, TRUE);
  tern_sync_report_free (engine_fixture_sync (fixture, uuid));
  tern_sync_report_free (engine_fixture_sync (fixture, uuid));
  here = list_here (fixture, uuid);
  there = sort_lines (list_server ());
  g_assert_cmpstr (here, ==, there);
  /* Work was done between the kills. */
  g_assert_nonnull (strstr (there, "Archive/"));
  g_assert_nonnull (strstr (there, "Trash/"));
  g_assert_nonnull (strstr (there, "flagged"));
  {
    g_auto (GStrv) lines = g_strsplit (there, "\n", -1);

    g_assert_cmpuint (g_strv_length (lines), ==, MESSAGES);
  }
  engine_fixture_free (fixture);
  g_clear_pointer (&server, tern_mail_server_free);
  g_free (dir);
}

static int
child (const char *path, guint seed)
{
  EngineFixture *fixture;
  g_autofree char *uuid = NULL;

  dir = g_strdup (path);
  fixture = open_here ();
  uuid = first_account (fixture);
  work_for_ever (fixture, uuid, seed);
  return EXIT_SUCCESS;
}

int
main (int argc, char **argv)
{
  if (argc == 4 && strcmp (argv[1], "--child") == 0)
    return child (argv[2], (guint) atoi (argv[3]));
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/crash/killed", test_killed);
  return g_test_run ();
}
