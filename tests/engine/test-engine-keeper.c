/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-body-keeper-private.h"
#include "tern-test-clock.h"
#include "wire-fixture.h"

/*
 * What keeps bodies on this computer, when something comes between.
 */

#define DELAY 6 /* seconds, and that is enough for it to begin */

typedef struct
{
  Wire wire;
  TernBodyLoader *loader;
  TernBodyKeeper *keeper;
} World;

static void
world_init (World *self, const char *const *script)
{
  g_autoptr (TernAccountSettings) settings = tern_account_settings_new ();

  settings->keep_days = TERN_KEEP_ALL_DAYS;
  settings->keep_size = 256 * 1024;
  wire_init (&self->wire, script);
  self->loader = tern_body_loader_new (self->wire.store->store);
  tern_body_loader_set_remote (self->loader, self->wire.remote, NULL);
  self->keeper = tern_body_keeper_new (self->wire.store->store, self->wire.store->account,
                                       self->loader, settings);
  tern_body_keeper_set_online (self->keeper, TRUE);
}

static void
world_clear (World *self)
{
  tern_body_keeper_free (self->keeper);
  tern_body_loader_set_remote (self->loader, NULL, NULL);
  tern_body_loader_free (self->loader);
  wire_clear (&self->wire);
}

static void
add_messages (World *self, guint n, gint64 size)
{
  TernTxn *txn = store_begin (self->wire.store);

  for (guint i = 1; i <= n; i++)
    {
      g_autoptr (TernMessageFacts) facts = store_facts (i, i, TERN_FLAG_NONE);

      facts->size = i == 1 ? size : facts->size;
      g_assert_cmpint (tern_txn_add_message (txn, self->wire.store->inbox, facts, FALSE, NULL), !=,
                       0);
    }
  store_commit (self->wire.store);
}

static gboolean
has_body (World *self, guint32 uid)
{
  TernReader *reader = store_read_begin (self->wire.store, TERN_LANE_LIST);
  TernId location = tern_read_location_by_uid (reader, self->wire.store->inbox, uid, NULL);
  g_autoptr (TernMessageRecord) record = tern_read_message (reader, location, NULL);

  store_read_end (self->wire.store);
  g_assert_nonnull (record);
  return record->body_state == TERN_BODY_HERE;
}

static gboolean
is_at (World *self, guint steps)
{
  return tern_script_server_get_position (self->wire.server, 0) >= steps;
}

static void
add_bodies (GPtrArray *script, guint from, guint to)
{
  for (guint i = from; i <= to; i++)
    g_ptr_array_add (script, g_strdup_printf ("S: * %u FETCH (UID %u BODY[] \"words\")", i, i));
}

/* What was not asked for before a metered network came is asked for after it. */
static void
test_metered (void)
{
  static const char *const before[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "601"),
    "C: %t UID FETCH 101:600 (UID BODY.PEEK[])",
    "WAIT",
  };
  g_autoptr (GPtrArray) script = g_ptr_array_new_with_free_func (g_free);
  World world;

  for (guint i = 0; i < G_N_ELEMENTS (before); i++)
    g_ptr_array_add (script, g_strdup (before[i]));
  add_bodies (script, 101, 600);
  g_ptr_array_add (script, g_strdup ("S: %t OK fetched"));
  g_ptr_array_add (script, g_strdup ("C: %t UID FETCH 1:100 (UID BODY.PEEK[])"));
  add_bodies (script, 1, 100);
  g_ptr_array_add (script, g_strdup ("S: %t OK fetched"));
  g_ptr_array_add (script, g_strdup ("STALL"));
  g_ptr_array_add (script, NULL);
  world_init (&world, (const char *const *) script->pdata);
  add_messages (&world, 600, 1000);
  tern_body_keeper_wake (world.keeper);
  tern_test_clock_advance (DELAY);
  tern_test_wait_until (is_at (&world, G_N_ELEMENTS (before) - 1));
  tern_body_keeper_set_metered (world.keeper, TRUE);
  tern_script_server_go (world.wire.server);
  tern_test_wait_until (has_body (&world, 101));
  g_assert_false (has_body (&world, 1));
  /* The keeper has heard of it before this is through. */
  store_begin (world.wire.store);
  store_commit (world.wire.store);
  tern_body_keeper_set_metered (world.keeper, FALSE);
  tern_test_clock_advance (DELAY);
  tern_test_wait_until (has_body (&world, 1));
  world_clear (&world);
}

/* One that cannot be had now, or ever, does not keep the others away. */
static void
test_one_of_two (gconstpointer answer)
{
  const char *const *answers = answer;
  const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "3"),
    "C: %t UID FETCH 2 (UID BODY.PEEK[])",
    answers[0],
    answers[1],
    "C: %t UID FETCH 1 (UID BODY.PEEK[])",
    "S: * 1 FETCH (UID 1 BODY[] \"words\")",
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  World world;

  world_init (&world, script);
  add_messages (&world, 2, 300 * 1024);
  tern_body_keeper_wake (world.keeper);
  tern_test_clock_advance (DELAY);
  tern_test_wait_until (has_body (&world, 1));
  g_assert_false (has_body (&world, 2));
  world_clear (&world);
}

int
main (int argc, char **argv)
{
  static const char *const unavailable[] = { "R: ", "S: %t NO [UNAVAILABLE] not now" };
  static const char *const unreadable[] = { "S: * 2 FETCH (UID 2 BODY[] \"words\"",
                                            "S: %t OK fetched" };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/keeper/metered", test_metered);
  g_test_add_data_func ("/engine/keeper/unavailable", unavailable, test_one_of_two);
  g_test_add_data_func ("/engine/keeper/unreadable", unreadable, test_one_of_two);
  return g_test_run ();
}
