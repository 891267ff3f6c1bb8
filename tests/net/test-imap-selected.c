/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-mailbox.h"
#include "tern-imap-queue.h"
#include "tern-imap-set.h"

#include <string.h>

/* What a session knows of its mailbox, the sequence map; and which commands may be sent then. */

/* Any row of EXPUNGEs, in batches of any length, against taking them out one by one. */
static void
test_map (void)
{
  for (guint round = 0; round < 200; round++)
    {
      TernImapSelected selected;
      g_autoptr (GArray) model = g_array_new (FALSE, FALSE, sizeof (guint32));
      g_autoptr (GArray) gone = g_array_new (FALSE, FALSE, sizeof (guint32));
      guint n = (guint) g_test_rand_int_range (1, 60);

      tern_imap_selected_init (&selected);
      tern_imap_selected_enter (&selected, "INBOX", FALSE, 1);
      tern_imap_selected_exists (&selected, n);
      for (guint32 i = 1; i <= n; i++)
        {
          guint32 uid = i * 10;

          tern_imap_selected_learn (&selected, i, uid);
          g_array_append_val (model, uid);
        }
      while (model->len > 0)
        {
          guint batch = (guint) g_test_rand_int_range (1, (gint32) model->len + 1);
          g_autoptr (GArray) told = NULL;
          guint unknown;

          g_array_set_size (gone, 0);
          for (guint i = 0; i < batch; i++)
            {
              guint32 position = (guint32) g_test_rand_int_range (1, (gint32) model->len + 1);

              g_array_append_val (gone, g_array_index (model, guint32, position - 1));
              g_array_remove_index (model, position - 1);
              g_assert_true (tern_imap_selected_expunge (&selected, position));
            }
          g_assert_false (tern_imap_selected_expunge (&selected, model->len + 1));
          told = tern_imap_selected_settle (&selected, &unknown);
          tern_imap_uids_sort (gone);
          g_assert_cmpmem (told->data, told->len * 4, gone->data, gone->len * 4);
          g_assert_cmpuint (unknown, ==, 0);
          g_assert_cmpuint (selected.mailbox.exists, ==, model->len);
          for (guint i = 0; i < model->len; i++)
            g_assert_cmpuint (tern_imap_selected_uid (&selected, i + 1), ==,
                              g_array_index (model, guint32, i));
        }
      tern_imap_selected_clear (&selected);
    }
}

/* What a server announces is not what memory is taken for. */
static void
test_map_hostile (void)
{
  TernImapSelected selected;

  tern_imap_selected_init (&selected);
  tern_imap_selected_enter (&selected, "INBOX", FALSE, 1);
  tern_imap_selected_exists (&selected, G_MAXUINT32);
  tern_imap_selected_learn (&selected, G_MAXUINT32, 7);
  tern_imap_selected_learn (&selected, 0, 7);
  g_assert_cmpuint (selected.map->len, ==, 0);
  g_assert_cmpuint (tern_imap_selected_uid (&selected, G_MAXUINT32), ==, 0);
  tern_imap_selected_clear (&selected);
}

static gboolean
is_doubtful_after (guint exists, guint vanished, guint expunged, guint then)
{
  TernImapSelected selected;
  g_autoptr (GArray) told = NULL;
  gboolean doubtful;
  guint unknown;

  tern_imap_selected_init (&selected);
  tern_imap_selected_enter (&selected, "INBOX", FALSE, 1);
  tern_imap_selected_exists (&selected, exists);
  if (vanished > 0)
    tern_imap_selected_vanish (&selected, vanished);
  for (guint i = 0; i < expunged; i++)
    tern_imap_selected_expunge (&selected, 1);
  told = tern_imap_selected_settle (&selected, &unknown);
  tern_imap_selected_exists (&selected, then);
  doubtful = selected.mailbox.doubtful;
  tern_imap_selected_enter (&selected, "INBOX", FALSE, 2);
  g_assert_false (selected.mailbox.doubtful);
  tern_imap_selected_clear (&selected);
  return doubtful;
}

/* What cannot be, and what is very much, is to be looked after; another SELECT settles it. */
static void
test_doubtful (void)
{
  g_assert_false (is_doubtful_after (10, 10, 0, 0));
  g_assert_true (is_doubtful_after (10, 11, 0, 0));
  g_assert_true (is_doubtful_after (1000, 500, 0, 500));
  g_assert_false (is_doubtful_after (10, 0, 10, 0));
  g_assert_true (is_doubtful_after (10, 0, 11, 0));
  g_assert_true (is_doubtful_after (1000, 0, 500, 500));
  g_assert_false (is_doubtful_after (10, 3, 3, 4));
  g_assert_false (is_doubtful_after (10, 0, 0, 11));
  g_assert_true (is_doubtful_after (10, 0, 0, 9));
}

/* --- may_send() ---------------------------------------------------------------------------- */

static TernImapRule
ask (TernImapQueue *queue, TernImapVerb verb, guint generation)
{
  g_autoptr (TernImapCommand) command = tern_imap_command_new (verb, NULL, NULL);

  command->generation = generation;
  return tern_imap_queue_may_send (queue, command);
}

static TernImapCommand *
fly (TernImapQueue *queue, TernImapVerb verb)
{
  tern_imap_queue_push (queue, tern_imap_command_new (verb, NULL, NULL));
  return tern_imap_queue_launch (queue);
}

static void
land (TernImapQueue *queue, TernImapCommand *command)
{
  g_assert_true (tern_imap_queue_land (queue, command->tag, strlen (command->tag)) == command);
  tern_imap_command_free (command);
}

static void
test_may_send (void)
{
  static const struct
  {
    TernImapVerb flying;
    TernImapVerb asked;
    TernImapRule rule;
  } cases[] = {
    { TERN_IMAP_VERB_SELECT, TERN_IMAP_VERB_NOOP, TERN_IMAP_RULE_SELECT },
    { TERN_IMAP_VERB_NOOP, TERN_IMAP_VERB_SELECT, TERN_IMAP_RULE_SELECT },
    { TERN_IMAP_VERB_STARTTLS, TERN_IMAP_VERB_CAPABILITY, TERN_IMAP_RULE_EXCLUSIVE },
    { TERN_IMAP_VERB_AUTHENTICATE, TERN_IMAP_VERB_NOOP, TERN_IMAP_RULE_EXCLUSIVE },
    { TERN_IMAP_VERB_ENABLE, TERN_IMAP_VERB_INFORM, TERN_IMAP_RULE_NONE },
    { TERN_IMAP_VERB_ENABLE, TERN_IMAP_VERB_COMPRESS, TERN_IMAP_RULE_NONE },
    { TERN_IMAP_VERB_ENABLE, TERN_IMAP_VERB_SELECT, TERN_IMAP_RULE_SELECT },
    { TERN_IMAP_VERB_ENABLE, TERN_IMAP_VERB_NOOP, TERN_IMAP_RULE_EXCLUSIVE },
    { TERN_IMAP_VERB_COMPRESS, TERN_IMAP_VERB_INFORM, TERN_IMAP_RULE_EXCLUSIVE },
    { TERN_IMAP_VERB_INFORM, TERN_IMAP_VERB_ENABLE, TERN_IMAP_RULE_EXCLUSIVE },
    { TERN_IMAP_VERB_IDLE, TERN_IMAP_VERB_NOOP, TERN_IMAP_RULE_IDLE },
    { TERN_IMAP_VERB_NOOP, TERN_IMAP_VERB_IDLE, TERN_IMAP_RULE_IDLE },
    { TERN_IMAP_VERB_NOOP, TERN_IMAP_VERB_LOGOUT, TERN_IMAP_RULE_LOGOUT },
    { TERN_IMAP_VERB_LOGOUT, TERN_IMAP_VERB_NOOP, TERN_IMAP_RULE_LOGOUT },
    { TERN_IMAP_VERB_FETCH, TERN_IMAP_VERB_CHANGE, TERN_IMAP_RULE_OVERLAP },
    { TERN_IMAP_VERB_FETCH, TERN_IMAP_VERB_APPEND, TERN_IMAP_RULE_OVERLAP },
    { TERN_IMAP_VERB_CHANGE, TERN_IMAP_VERB_FETCH, TERN_IMAP_RULE_OVERLAP },
    { TERN_IMAP_VERB_FETCH, TERN_IMAP_VERB_STORE, TERN_IMAP_RULE_NONE },
    { TERN_IMAP_VERB_FETCH, TERN_IMAP_VERB_FETCH, TERN_IMAP_RULE_NONE },
    { TERN_IMAP_VERB_CHANGE, TERN_IMAP_VERB_STORE, TERN_IMAP_RULE_NONE },
    { TERN_IMAP_VERB_SEARCH, TERN_IMAP_VERB_SEARCH, TERN_IMAP_RULE_NONE },
  };
  TernImapQueue queue;
  TernImapCommand *flying[8];

  tern_imap_queue_init (&queue, FALSE);
  g_assert_cmpint (ask (&queue, TERN_IMAP_VERB_NOOP, 0), ==, TERN_IMAP_RULE_LOGIN);
  g_assert_cmpint (ask (&queue, TERN_IMAP_VERB_CAPABILITY, 0), ==, TERN_IMAP_RULE_NONE);
  queue.authenticated = TRUE;
  g_assert_cmpint (ask (&queue, TERN_IMAP_VERB_FETCH, 1), ==, TERN_IMAP_RULE_MAILBOX);
  queue.generation = 2;
  g_assert_cmpint (ask (&queue, TERN_IMAP_VERB_FETCH, 1), ==, TERN_IMAP_RULE_MAILBOX);
  g_assert_cmpint (ask (&queue, TERN_IMAP_VERB_FETCH, 2), ==, TERN_IMAP_RULE_NONE);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      TernImapCommand *command = fly (&queue, cases[i].flying);

      g_assert_cmpint (ask (&queue, cases[i].asked, 0), ==, cases[i].rule);
      queue.waiting = command;
      g_assert_cmpint (ask (&queue, TERN_IMAP_VERB_NOOP, 0), ==, TERN_IMAP_RULE_LITERAL);
      land (&queue, command);
      g_assert_null (queue.waiting);
    }
  queue.throttled = TRUE;
  g_assert_cmpint (ask (&queue, TERN_IMAP_VERB_NOOP, 0), ==, TERN_IMAP_RULE_THROTTLED);
  queue.throttled = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (flying); i++)
    {
      g_assert_cmpint (ask (&queue, TERN_IMAP_VERB_NOOP, 0), ==, TERN_IMAP_RULE_NONE);
      flying[i] = fly (&queue, TERN_IMAP_VERB_NOOP);
    }
  g_assert_cmpint (ask (&queue, TERN_IMAP_VERB_NOOP, 0), ==, TERN_IMAP_RULE_WINDOW);
  for (guint i = 1; i < G_N_ELEMENTS (flying); i++)
    land (&queue, flying[i]);
  queue.safe_mode = TRUE;
  g_assert_cmpint (ask (&queue, TERN_IMAP_VERB_NOOP, 0), ==, TERN_IMAP_RULE_WINDOW);
  land (&queue, flying[0]);
  g_assert_cmpint (ask (&queue, TERN_IMAP_VERB_NOOP, 0), ==, TERN_IMAP_RULE_NONE);
  g_assert_true (tern_imap_queue_is_empty (&queue));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/map/random", test_map);
  g_test_add_func ("/imap/map/hostile", test_map_hostile);
  g_test_add_func ("/imap/doubtful", test_doubtful);
  g_test_add_func ("/imap/may-send", test_may_send);
  return g_test_run ();
}
