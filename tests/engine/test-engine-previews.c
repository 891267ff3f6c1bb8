/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"
#include "tern-body-store.h"
#include "tern-previews.h"
#include "tern-script-server.h"

#include <string.h>

/*
 * The first words of what is here, made afterwards.
 */

typedef struct
{
  gboolean done;
  gboolean more;
} Made;

static void
on_made (gboolean more, const GError *error, gpointer data)
{
  Made *made = data;

  g_assert_no_error (error);
  made->done = TRUE;
  made->more = more;
}

static TernId
add_here (StoreFixture *f, guint32 uid, guint n, const char *section, const char *bytes)
{
  TernId id = store_add (f, f->inbox, uid, n, TERN_FLAG_NONE);
  g_autoptr (GBytes) body = g_bytes_new_static (bytes, strlen (bytes));
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_put_body (txn, id, section, body, FALSE, &error));
  g_assert_no_error (error);
  store_commit (f);
  return id;
}

/* Until there are no more; in how many slices. */
static guint
make_all (StoreFixture *f)
{
  Made made = { FALSE, TRUE };
  guint slices = 0;

  while (made.more)
    {
      made.done = FALSE;
      tern_previews_make (f->store, f->account, NULL, 0, on_made, &made);
      tern_test_wait_until (made.done);
      slices++;
      g_assert_cmpuint (slices, <, 10);
    }
  return slices;
}

static void
assert_preview (StoreFixture *f, TernId id, const char *expected)
{
  g_autoptr (TernMessageRecord) record = store_message (f, id);

  g_assert_cmpstr (record->facts->preview, ==, expected);
}

/* In slices, and also of what has no place on the server: it comes to an end. */
static void
test_account (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId first = 0;
  TernId last = 0;

  for (guint i = 1; i <= 150; i++)
    {
      last = add_here (f, i % 2 == 0 ? i : 0, i, "", "Subject: x\r\n\r\nThe first words.\r\n");
      first = first != 0 ? first : last;
    }
  g_assert_cmpuint (make_all (f), ==, 2);
  assert_preview (f, first, "The first words.");
  assert_preview (f, last, "The first words.");
  g_assert_cmpuint (make_all (f), ==, 1);
  store_fixture_free (f);
}

/* What cannot be read has none, and is not asked again and again. */
static void
test_unreadable (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId part = add_here (f, 1, 1, "1.2", "lone part");
  TernId absent = store_add (f, f->inbox, 2, 2, TERN_FLAG_NONE);

  g_assert_cmpuint (make_all (f), ==, 1);
  assert_preview (f, part, "");
  assert_preview (f, absent, NULL);
  store_fixture_free (f);
}

/* Those that are on screen, among them one that went meanwhile. */
static void
test_chosen (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId ids[] = { add_here (f, 1, 1, "", "\r\none"), add_here (f, 2, 2, "", "\r\ntwo"), 4711 };
  Made made = { FALSE, FALSE };

  tern_previews_make (f->store, 0, &ids[1], 2, on_made, &made);
  tern_test_wait_until (made.done);
  assert_preview (f, ids[0], NULL);
  assert_preview (f, ids[1], "two");
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/previews/account", test_account);
  g_test_add_func ("/engine/previews/unreadable", test_unreadable);
  g_test_add_func ("/engine/previews/chosen", test_chosen);
  return g_test_run ();
}
