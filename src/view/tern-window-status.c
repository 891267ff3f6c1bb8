/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-window-private.h"

#include <glib/gi18n.h>

/* A bar that comes and goes within a moment says nothing. */
#define PROGRESS_DELAY_MS 500
#define PULSE_MS          120

/* The account that most needs a person: refused before offline; *@n are in trouble. (nullable)
 * (transfer full) */
static TernAccount *
dup_troubled (TernWindow *self, guint *n)
{
  TernAccount *troubled = NULL;

  *n = 0;
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->accounts)); i++)
    {
      g_autoptr (TernAccount) account = g_list_model_get_item (G_LIST_MODEL (self->accounts), i);
      TernAccountState state = tern_account_get_state (account);

      if (state != TERN_ACCOUNT_REFUSED && state != TERN_ACCOUNT_OFFLINE)
        continue;
      ++*n;
      if (troubled == NULL
          || (state == TERN_ACCOUNT_REFUSED
              && tern_account_get_state (troubled) == TERN_ACCOUNT_OFFLINE))
        g_set_object (&troubled, account);
    }
  return troubled;
}

/* What a person has closed comes back in this session only when no room at all is left. */
static gboolean
is_known (TernWindow *self, TernAccount *account, guint fullness)
{
  guint known = GPOINTER_TO_UINT (
      g_hash_table_lookup (self->known_fullness, tern_account_get_uuid (account)));

  return known > 0 && (fullness < 100 || known >= 100);
}

/* The fullest of those that are almost full. (nullable) (transfer full) */
static TernAccount *
dup_fullest (TernWindow *self)
{
  g_autoptr (TernAccount) fullest = NULL;
  guint most = TERN_QUOTA_ALMOST_FULL;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->accounts)); i++)
    {
      g_autoptr (TernAccount) account = g_list_model_get_item (G_LIST_MODEL (self->accounts), i);
      guint fullness = tern_account_get_fullness (account);

      if (fullness < most || (fullest != NULL && fullness == most)
          || is_known (self, account, fullness))
        continue;
      most = fullness;
      g_set_object (&fullest, account);
    }
  return g_steal_pointer (&fullest);
}

/* What fills and what to do. */
static char *
dup_fullness (TernAccount *account)
{
  g_autofree char *quota = tern_account_dup_quota_text (account);

  return g_strdup_printf (
      tern_account_get_fullness (account) >= 100
          /* Translators: an account, and "2.0 GB of 2.0 GB used (100 %)". */
          ? _ ("The mailbox of %s on the server is full: %s. New mail may be turned away. Delete "
               "large messages and empty the trash.")
          : _ ("The mailbox of %s on the server is almost full: %s. Once it is full, new mail may "
               "be "
               "turned away. Delete large messages and empty the trash."),
      tern_account_get_label (account), quota);
}

static void
show_fullness (TernWindow *self)
{
  g_autoptr (TernAccount) account = dup_fullest (self);
  g_autofree char *text = account != NULL ? dup_fullness (account) : NULL;

  if (account != NULL)
    self->banner_account = g_strdup (tern_account_get_uuid (account));
  self->banner_of_fullness = account != NULL;
  tern_banner_show (self->account_banner, text, _ ("Dismiss"));
}

void
tern_window_close_fullness (TernWindow *self)
{
  TernAccount *account = tern_account_list_find (self->accounts, self->banner_account);

  if (account != NULL)
    g_hash_table_insert (self->known_fullness, g_strdup (self->banner_account),
                         GUINT_TO_POINTER (tern_account_get_fullness (account)));
  tern_window_queue_status (self);
}

/* What is wrong with @account, and that it is not alone: there is one banner for all. */
static char *
dup_trouble_of_account (TernWindow *self, TernAccount *account, guint n)
{
  gboolean refused = tern_account_get_state (account) == TERN_ACCOUNT_REFUSED;
  const GError *error = tern_account_get_error (account);
  const char *text = tern_account_get_status_text (account);
  g_autoptr (GString) title = g_string_new (NULL);

  if (text == NULL || *text == '\0')
    text = refused ? _ ("The server refused to sign in.") : _ ("Not connected.");
  /* One of several accounts is named, unless the sentence does so already. */
  if (g_list_model_get_n_items (G_LIST_MODEL (self->accounts)) > 1
      && (error == NULL || !tern_fault_is_named (error)))
    g_string_append_printf (title, "%s: ", tern_account_get_label (account));
  g_string_append (title, text);
  if (n > 1)
    {
      g_string_append_c (title, ' ');
      g_string_append_printf (title,
                              /* Translators: after what is wrong with another account. */
                              ngettext ("And %u more account is not connected.",
                                        "And %u more accounts are not connected.", n - 1),
                              n - 1);
    }
  return g_string_free (g_steal_pointer (&title), FALSE);
}

static void
update_account_banner (TernWindow *self)
{
  guint n;
  g_autoptr (TernAccount) account = dup_troubled (self, &n);
  g_autofree char *title = NULL;

  g_clear_pointer (&self->banner_account, g_free);
  self->banner_of_fullness = FALSE;
  if (account == NULL)
    {
      show_fullness (self);
      return;
    }
  self->banner_account = g_strdup (tern_account_get_uuid (account));
  title = dup_trouble_of_account (self, account, n);
  tern_banner_show (self->account_banner, title,
                    tern_account_is_locked (account)       ? _ ("Unlock…")
                    : tern_account_needs_sign_in (account) ? _ ("Sign In…")
                                                           : _ ("Try Again"));
}

/* Of several kinds of trouble none is claimed for all. */
static char *
dup_trouble (TernOutboxTrouble troubles, guint n)
{
  switch ((guint) troubles)
    {
    case TERN_OUTBOX_TROUBLE_REFUSED:
      return g_strdup_printf (
          ngettext ("%u message could not be sent.", "%u messages could not be sent.", n), n);
    case TERN_OUTBOX_TROUBLE_UNCERTAIN:
      return g_strdup_printf (ngettext ("It is not known whether %u message was sent.",
                                        "It is not known whether %u messages were sent.", n),
                              n);
    case TERN_OUTBOX_TROUBLE_PARTLY:
      return g_strdup_printf (ngettext ("%u message could not be sent to everybody.",
                                        "%u messages could not be sent to everybody.", n),
                              n);
    default:
      return g_strdup_printf (ngettext ("%u message in the outbox needs a decision.",
                                        "%u messages in the outbox need a decision.", n),
                              n);
    }
}

static void
show_troubled (TernWindow *self, guint n, TernOutboxTrouble troubles)
{
  g_autofree char *title = dup_trouble (troubles, n);

  tern_banner_show (self->outbox_banner, title, _ ("Review…"));
}

/* Mail that waits for something: that, and what to do about it. */
static void
show_waiting (TernWindow *self, TernAccount *account, const TernOutboxRecord *record, guint n)
{
  const GError *refused = tern_account_get_sending_error (account);
  /* Translators: %s is the name of an account. */
  g_autofree char *waits = g_strdup_printf (
      ngettext ("%u message of %s waits to be sent.", "%u messages of %s wait to be sent.", n), n,
      tern_account_get_label (account));
  g_autofree char *title = g_strdup_printf ("%s %s", waits, record->fault);

  self->outbox_account = g_strdup (tern_account_get_uuid (account));
  tern_banner_show (self->outbox_banner, title, refused != NULL ? _ ("Sign In…") : _ ("Try Again"));
}

/* First what keeps all mail of an account, then what no try will mend, then what mends itself. */
static void
update_outbox_banner (TernWindow *self)
{
  TernOutboxTrouble troubles;
  guint troubled = tern_outbox_list_count_troubled (self->outbox, &troubles);
  guint n = 0;
  TernOutboxItem *item = tern_outbox_list_find_waiting (self->outbox, &n);
  const TernOutboxRecord *record = item != NULL ? tern_outbox_item_get_record (item) : NULL;
  const char *uuid =
      record != NULL ? tern_engine_get_account_uuid (self->engine, record->account) : NULL;
  TernAccount *account = uuid != NULL ? tern_account_list_find (self->accounts, uuid) : NULL;

  g_clear_pointer (&self->outbox_account, g_free);
  if (account != NULL && (troubled == 0 || tern_account_get_sending_error (account) != NULL))
    show_waiting (self, account, record, n);
  else if (troubled > 0)
    show_troubled (self, troubled, troubles);
  else
    tern_banner_hide (self->outbox_banner);
}

/* An empty list is a claim about the server: it is made only when the two agree. */
static void
update_coverage (TernWindow *self)
{
  const char *uuid = self->folder != NULL ? tern_engine_get_account_uuid (
                         self->engine, tern_folder_get_account (self->folder))
                                          : NULL;
  TernAccount *account = uuid != NULL ? tern_account_list_find (self->accounts, uuid) : NULL;
  TernAccountState state = account != NULL ? tern_account_get_state (account) : TERN_ACCOUNT_IDLE;
  gboolean arriving = state == TERN_ACCOUNT_CONNECTING || state == TERN_ACCOUNT_SYNCING;
  gboolean away = state == TERN_ACCOUNT_OFFLINE || state == TERN_ACCOUNT_REFUSED;

  tern_message_list_view_set_coverage (
      self->list, arriving,
      away
          ? _ ("There is no mail of this folder on this computer, and no connection to its server.")
          : NULL);
}

/* TRUE while any account fetches; *@fraction of all together, negative when unknown. */
static gboolean
measure_progress (TernWindow *self, double *fraction)
{
  gboolean busy = FALSE;

  *fraction = -1;
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->accounts)); i++)
    {
      g_autoptr (TernAccount) account = g_list_model_get_item (G_LIST_MODEL (self->accounts), i);
      double progress = tern_account_get_progress (account);

      if (tern_account_get_state (account) != TERN_ACCOUNT_SYNCING)
        continue;
      busy = TRUE;
      if (progress >= 0 && (*fraction < 0 || progress < *fraction))
        *fraction = progress;
    }
  return busy;
}

static gboolean
on_progress_tick (gpointer data)
{
  TernWindow *self = data;
  double fraction;

  if (!measure_progress (self, &fraction))
    {
      gtk_widget_set_visible (GTK_WIDGET (self->progress), FALSE);
      self->progress_timeout = 0;
      return G_SOURCE_REMOVE;
    }
  gtk_widget_set_visible (GTK_WIDGET (self->progress), TRUE);
  if (fraction >= 0)
    gtk_progress_bar_set_fraction (self->progress, fraction);
  else
    gtk_progress_bar_pulse (self->progress);
  return G_SOURCE_CONTINUE;
}

static void
on_progress_begin (gpointer data)
{
  TernWindow *self = data;

  self->progress_timeout = 0;
  if (on_progress_tick (self) == G_SOURCE_CONTINUE)
    self->progress_timeout = g_timeout_add (PULSE_MS, on_progress_tick, self);
}

static void
update_status (gpointer data)
{
  TernWindow *self = data;
  double fraction;

  self->status_idle = 0;
  update_account_banner (self);
  update_outbox_banner (self);
  update_coverage (self);
  if (self->progress_timeout == 0 && measure_progress (self, &fraction))
    self->progress_timeout = g_timeout_add_once (PROGRESS_DELAY_MS, on_progress_begin, self);
}

void
tern_window_queue_status (TernWindow *self)
{
  if (self->status_idle == 0)
    self->status_idle = g_idle_add_once (update_status, self);
}
