/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-account-private.h"

struct _TernAccountList
{
  GObject parent_instance;

  TernEngine *engine;  /* (owned) */
  GPtrArray *accounts; /* of TernAccount, in the order of the settings */
  gulong accounts_changed;
  gulong account_status;
};

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TernAccountList,
                               tern_account_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static GType
get_item_type (GListModel *model)
{
  return TERN_TYPE_ACCOUNT;
}

static guint
get_n_items (GListModel *model)
{
  return TERN_ACCOUNT_LIST (model)->accounts->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  TernAccountList *self = TERN_ACCOUNT_LIST (model);

  if (position >= self->accounts->len)
    return NULL;
  return g_object_ref (g_ptr_array_index (self->accounts, position));
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* An account that stays keeps its object; only what is different is told. */
static void
reload (TernAccountList *self)
{
  g_autoptr (GPtrArray) settings = tern_engine_dup_accounts (self->engine);
  g_autoptr (GPtrArray) old = self->accounts;
  guint start = 0;

  self->accounts = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < settings->len; i++)
    {
      TernAccountSettings *value = g_ptr_array_index (settings, i);
      TernAccount *account = NULL;

      for (guint j = 0; j < old->len && account == NULL; j++)
        if (g_str_equal (tern_account_get_uuid (g_ptr_array_index (old, j)), value->uuid))
          account = g_object_ref (g_ptr_array_index (old, j));
      if (account != NULL)
        tern_account_take_settings (account, value);
      else
        account = tern_account_new (self->engine, value);
      g_ptr_array_add (self->accounts, account);
    }
  while (start < MIN (old->len, self->accounts->len)
         && g_ptr_array_index (old, start) == g_ptr_array_index (self->accounts, start))
    start++;
  if (old->len > start || self->accounts->len > start)
    g_list_model_items_changed (G_LIST_MODEL (self), start, old->len - start,
                                self->accounts->len - start);
}

static void
on_account_status (TernEngine *engine, const char *uuid, TernAccountList *self)
{
  TernAccount *account = tern_account_list_find (self, uuid);

  if (account != NULL)
    tern_account_update_status (account);
}

static void
tern_account_list_dispose (GObject *object)
{
  TernAccountList *self = TERN_ACCOUNT_LIST (object);

  if (self->engine != NULL)
    {
      g_clear_signal_handler (&self->accounts_changed, self->engine);
      g_clear_signal_handler (&self->account_status, self->engine);
    }
  g_clear_pointer (&self->accounts, g_ptr_array_unref);
  g_clear_object (&self->engine);
  G_OBJECT_CLASS (tern_account_list_parent_class)->dispose (object);
}

static void
tern_account_list_class_init (TernAccountListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = tern_account_list_dispose;
}

static void
tern_account_list_init (TernAccountList *self)
{
  self->accounts = g_ptr_array_new_with_free_func (g_object_unref);
}

TernAccountList *
tern_account_list_new (TernEngine *engine)
{
  TernAccountList *self = g_object_new (TERN_TYPE_ACCOUNT_LIST, NULL);

  self->engine = g_object_ref (engine);
  self->accounts_changed =
      g_signal_connect_swapped (engine, "accounts-changed", G_CALLBACK (reload), self);
  self->account_status =
      g_signal_connect (engine, "account-status", G_CALLBACK (on_account_status), self);
  reload (self);
  return self;
}

TernAccount *
tern_account_list_find (TernAccountList *self, const char *uuid)
{
  for (guint i = 0; uuid != NULL && i < self->accounts->len; i++)
    if (g_str_equal (tern_account_get_uuid (g_ptr_array_index (self->accounts, i)), uuid))
      return g_ptr_array_index (self->accounts, i);
  return NULL;
}
