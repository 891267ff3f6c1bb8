/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-body-keeper-private.h"

#include "tern-body-store.h"
#include "tern-previews.h"

/* A person who has just come to a folder reads first. */
#define DELAY_SECONDS 5
/* Messages looked up at once, and asked for at once: between those, the rest may change. */
#define LOOK   20000
#define STRIDE 500
/* After one that found everything, a look at what is new only. */
#define LOOK_PAUSE  (6 * 60 * 60 * G_TIME_SPAN_SECOND)
#define TRIM_SLICE  200
#define TRIM_PAUSE  (6 * 60 * 60 * G_TIME_SPAN_SECOND)
#define DAY_SECONDS (24 * 60 * 60)

struct _TernBodyKeeper
{
  int refs;
  TernStore *store;       /* (owned) */
  TernBodyLoader *loader; /* (unowned) */
  TernKeepRule rule;
  int days;
  gboolean online;
  gboolean metered;
  gboolean freed;
  gboolean running;
  gboolean again;    /* woken while it made previews */
  gboolean trimming; /* the writer has a slice of it, and the cursor */
  gboolean large;    /* the texts of large messages are being looked for */
  GHashTable *tried; /* (owned) set of TernId (owned): asked for on this connection */
  GArray *todo;      /* (owned) of TernId */
  GArray *asked;     /* (owned) (nullable) of TernId: of those, what is under way */
  GSource *timer;    /* (owned) (nullable) */
  TernId cursor;     /* of trimming */
  gint64 trimmed;    /* monotonic; 0: not yet */
  TernId last;       /* location that was there when this pass began */
  TernId seen;       /* the same of the last complete pass; 0: none */
  gint64 looked;     /* monotonic: when all were looked at */
};

static void look (TernBodyKeeper *self);
static void begin (TernBodyKeeper *self);

static TernBodyKeeper *
keeper_ref (TernBodyKeeper *self)
{
  self->refs++;
  return self;
}

static void
keeper_unref (TernBodyKeeper *self)
{
  if (--self->refs > 0)
    return;
  g_hash_table_unref (self->tried);
  g_array_unref (self->todo);
  g_clear_pointer (&self->asked, g_array_unref);
  tern_store_unref (self->store);
  g_free (self);
}

static gboolean
may_run (TernBodyKeeper *self)
{
  return self->online && !self->metered && !self->freed && self->days != 0;
}

static void
set_rule (TernBodyKeeper *self)
{
  self->rule.since = self->days < 0
                         ? G_MININT64
                         : g_get_real_time () / G_USEC_PER_SEC - (gint64) self->days * DAY_SECONDS;
}

/* Letting go */

static void trim (TernBodyKeeper *self);

static void
trimmed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernBodyKeeper *self = user_data;
  g_autoptr (GError) error = NULL;

  self->trimming = FALSE;
  if (!tern_store_write_finish (self->store, result, NULL, &error))
    g_debug ("trimming: %s", error->message);
  else if (self->cursor != 0 && !self->freed)
    trim (self);
  else
    self->trimmed = g_get_monotonic_time ();
  keeper_unref (self);
}

typedef struct
{
  TernKeepRule rule;
  TernId *cursor; /* of a keeper that waits for the answer */
} Trim;

static gboolean
write_trim (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const Trim *slice = data;

  return tern_txn_trim_bodies (txn, &slice->rule, TRIM_SLICE, slice->cursor, error);
}

static void
trim (TernBodyKeeper *self)
{
  Trim *slice = g_new0 (Trim, 1);

  self->trimming = TRUE;
  slice->rule = self->rule;
  slice->cursor = &self->cursor;
  tern_store_write_async (self->store, G_PRIORITY_LOW, write_trim, slice, g_free, NULL, trimmed_cb,
                          keeper_ref (self));
}

/* First words of what was only kept: no server is needed for that. */

static void make_previews (TernBodyKeeper *self);

static void
previews_made (gboolean more, const GError *error, gpointer data)
{
  TernBodyKeeper *self = data;

  if (error != NULL)
    g_debug ("previews: %s", error->message);
  if (self->freed)
    self->running = FALSE;
  else if (self->again)
    begin (self);
  else if (more)
    make_previews (self);
  else
    self->running = FALSE;
  keeper_unref (self);
}

static void
make_previews (TernBodyKeeper *self)
{
  tern_previews_make (self->store, self->rule.account, NULL, 0, previews_made, keeper_ref (self));
}

static void
finish (TernBodyKeeper *self, gboolean complete)
{
  g_array_set_size (self->todo, 0);
  if (complete && self->days > 0 && !self->freed && !self->trimming
      && (self->trimmed == 0 || g_get_monotonic_time () - self->trimmed > TRIM_PAUSE))
    trim (self);
  self->seen = complete ? self->last : 0;
  self->again = FALSE;
  if (self->freed)
    self->running = FALSE;
  else
    make_previews (self);
}

/* Bringing */

/* About a message, and not about the connection or the disk: the others may come all the same. */
static gboolean
may_go_on (const GError *error)
{
  return error == NULL || tern_fault_is (error, TERN_FAULT_REFUSED)
         || tern_fault_is (error, TERN_FAULT_RIGHTS) || tern_fault_is (error, TERN_FAULT_LIMIT)
         || tern_fault_is (error, TERN_FAULT_NOT_FOUND)
         || ((tern_fault_is (error, TERN_FAULT_UNAVAILABLE)
              || tern_fault_is (error, TERN_FAULT_PROTOCOL))
             && tern_fault_get_scope (error) == TERN_SCOPE_MESSAGE);
}

static void bring (TernBodyKeeper *self);

static void
brought_cb (const GError *error, gpointer data)
{
  TernBodyKeeper *self = data;
  g_autoptr (GArray) asked = g_steal_pointer (&self->asked);

  if (error != NULL)
    g_debug ("keeping: %s", error->message);
  /* Some of them may not have had their turn. */
  for (guint i = 0; !may_go_on (error) && i < asked->len; i++)
    g_hash_table_remove (self->tried, &g_array_index (asked, TernId, i));
  if (!may_run (self) || !may_go_on (error))
    finish (self, FALSE);
  else if (self->todo->len > 0)
    bring (self);
  else
    look (self);
  keeper_unref (self);
}

static void
bring (TernBodyKeeper *self)
{
  guint n = MIN (self->todo->len, STRIDE);

  self->asked = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_array_append_vals (self->asked, self->todo->data, n);
  g_array_remove_range (self->todo, 0, n);
  for (guint i = 0; i < n; i++)
    g_hash_table_add (self->tried,
                      g_memdup2 (&g_array_index (self->asked, TernId, i), sizeof (TernId)));
  tern_body_loader_load_all (self->loader, self->asked, self->large ? NULL : "", brought_cb,
                             keeper_ref (self));
}

typedef struct
{
  TernKeepRule rule;
  gboolean large;
} Look;

typedef struct
{
  GArray *ids; /* of TernId */
  TernId last;
} Wanted;

static void
wanted_free (gpointer data)
{
  Wanted *wanted = data;

  g_array_unref (wanted->ids);
  g_free (wanted);
}

static gboolean
read_wanted (TernReader *reader,
             gpointer data,
             GCancellable *cancellable,
             gpointer *result,
             GError **error)
{
  const Look *query = data;
  TernId last = tern_read_last_location (reader, error);
  GArray *ids = tern_read_wanted_bodies (reader, &query->rule, query->large, LOOK, error);
  Wanted *wanted;

  if (ids == NULL)
    return FALSE;
  wanted = g_new (Wanted, 1);
  wanted->ids = ids;
  wanted->last = last;
  *result = wanted;
  return TRUE;
}

static void
take_wanted (TernBodyKeeper *self, const Wanted *wanted)
{
  if (self->last == 0)
    self->last = wanted->last;
  for (guint i = 0; i < wanted->ids->len; i++)
    {
      TernId id = g_array_index (wanted->ids, TernId, i);

      if (!g_hash_table_contains (self->tried, &id))
        g_array_append_val (self->todo, id);
    }
}

static void
looked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernBodyKeeper *self = user_data;
  g_autoptr (GError) error = NULL;
  gpointer value = NULL;

  if (!tern_store_read_finish (self->store, result, &value, &error))
    g_debug ("keeping: %s", error->message);
  else if (may_run (self))
    take_wanted (self, value);
  g_clear_pointer (&value, wanted_free);
  if (error != NULL || !may_run (self))
    finish (self, FALSE);
  else if (self->todo->len > 0)
    bring (self);
  else if (!self->large)
    {
      self->large = TRUE;
      look (self);
    }
  else
    finish (self, TRUE);
  keeper_unref (self);
}

static void
look (TernBodyKeeper *self)
{
  Look *wanted = g_new0 (Look, 1);

  set_rule (self);
  wanted->rule = self->rule;
  wanted->large = self->large;
  tern_store_read_async (self->store, TERN_LANE_SLOW, G_PRIORITY_LOW, read_wanted, wanted, g_free,
                         wanted_free, NULL, looked_cb, keeper_ref (self));
}

static void
begin (TernBodyKeeper *self)
{
  gint64 now = g_get_monotonic_time ();

  self->running = TRUE;
  self->again = FALSE;
  self->large = FALSE;
  self->last = 0;
  if (now - self->looked > LOOK_PAUSE)
    self->seen = 0;
  self->rule.after = self->seen;
  if (self->seen == 0)
    self->looked = now;
  if (may_run (self))
    look (self);
  else
    make_previews (self);
}

static gboolean
on_timer (gpointer user_data)
{
  TernBodyKeeper *self = user_data;

  g_clear_pointer (&self->timer, g_source_unref);
  begin (self);
  return G_SOURCE_REMOVE;
}

void
tern_body_keeper_wake (TernBodyKeeper *self)
{
  self->again = self->running;
  if (self->running || self->timer != NULL)
    return;
  self->timer = g_timeout_source_new_seconds (DELAY_SECONDS);
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
}

void
tern_body_keeper_set_online (TernBodyKeeper *self, gboolean online)
{
  self->online = online;
  self->seen = 0;
  g_hash_table_remove_all (self->tried);
}

void
tern_body_keeper_set_metered (TernBodyKeeper *self, gboolean metered)
{
  self->metered = metered;
  tern_body_keeper_wake (self);
}

void
tern_body_keeper_prefetch (TernBodyKeeper *self, const TernId *ids, gsize n)
{
  tern_body_loader_prefetch (self->loader, ids, self->metered ? 0 : n);
}

TernBodyKeeper *
tern_body_keeper_new (TernStore *store,
                      TernId account,
                      TernBodyLoader *loader,
                      const TernAccountSettings *settings)
{
  TernBodyKeeper *self = g_new0 (TernBodyKeeper, 1);

  self->refs = 1;
  self->store = tern_store_ref (store);
  self->loader = loader;
  self->rule.account = account;
  self->rule.max_size = settings->keep_size;
  self->days = settings->keep_days;
  self->tried = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->todo = g_array_new (FALSE, FALSE, sizeof (TernId));
  return self;
}

void
tern_body_keeper_free (TernBodyKeeper *self)
{
  self->freed = TRUE;
  if (self->timer != NULL)
    {
      g_source_destroy (self->timer);
      g_clear_pointer (&self->timer, g_source_unref);
    }
  keeper_unref (self);
}
