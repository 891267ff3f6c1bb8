/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-ctl-json.h"
#include "tern-ctl.h"

G_BEGIN_DECLS

/* The exit codes that are not those of a fault (see tern_fault_exit_code()). */
#define TERN_CTL_EXIT_DONE    0
#define TERN_CTL_EXIT_REFUSED 65
#define TERN_CTL_EXIT_DISK    74
#define TERN_CTL_EXIT_LATER   75
#define TERN_CTL_EXIT_STOPPED 130

typedef struct _TernCtlWriter TernCtlWriter;

/*
 * A command is a chain of callbacks with the TernCtl as user data, which ends with exactly one call
 * of tern_ctl_end(), tern_ctl_fail() or tern_ctl_print_read(). Until then the TernCtl is there.
 */
struct _TernCtl
{
  TernEngine *engine;              /* (owned) */
  TernCtlArgs *args;               /* (owned) */
  char *cwd;                       /* (owned) */
  GInputStream *input;             /* (owned) */
  TernCtlWriter *output;           /* (owned) */
  TernCtlWriter *errors;           /* (owned) */
  GCancellable *cancellable;       /* (owned) */
  GTask *task;                     /* (owned) */
  void (*flushed) (TernCtl *self); /* (nullable): waits until the output has left */
  gboolean ended;
  int exit_code;
  char *account;  /* (owned) (nullable): the id of the one that it is all about */
  gpointer state; /* (owned) (nullable): the command's own */
  GDestroyNotify state_free;
};

/* Takes @text. */
void tern_ctl_print (TernCtl *self, char *text);
void tern_ctl_print_bytes (TernCtl *self, GBytes *bytes);
void tern_ctl_print_error (TernCtl *self, char *text);

/* Goes on with @flushed when what was printed has left this program, or cannot leave it: then the
 * run is cancelled. */
void tern_ctl_flush (TernCtl *self, void (*flushed) (TernCtl *self));

void tern_ctl_end (TernCtl *self, int exit_code);
/* Takes @error and says it; @account is an id, or NULL for the one that it is all about, if any. */
void tern_ctl_fail (TernCtl *self, GError *error, const char *account);
/* Says it and goes on; returns its exit code. Takes @error. */
int tern_ctl_report (TernCtl *self, GError *error, const char *account);

/* Keeps @state for the command, freed with the run. */
void tern_ctl_set_state (TernCtl *self, gpointer state, GDestroyNotify state_free);

/* Reads from the store, away from this thread. */
void tern_ctl_read (TernCtl *self,
                    TernStoreRead func,
                    gpointer data,
                    GDestroyNotify data_free,
                    GDestroyNotify result_free,
                    GAsyncReadyCallback callback);
gboolean
tern_ctl_read_finish (TernCtl *self, GAsyncResult *result, gpointer *value, GError **error);
/* The same with a result that is text (char*), which is printed and ends the run. */
void
tern_ctl_print_read (TernCtl *self, TernStoreRead func, gpointer data, GDestroyNotify data_free);

/* The account that is meant by @text, an id, an address or a label; with NULL the only one there
 * is. TERN_FAULT_NOT_FOUND, or INVALID when one has to be named, or named better. (transfer full)
 */
TernAccountSettings *tern_ctl_find_account (TernCtl *self, const char *text, GError **error);
/* Of all words from @first on, or all accounts without any: GPtrArray of TernAccountSettings. */
GPtrArray *tern_ctl_find_accounts (TernCtl *self, guint first, GError **error);
/* Store rows to ids: gint64* to char*. Plain, for a read function. */
GHashTable *tern_ctl_dup_account_ids (TernCtl *self);

/* @path from the command line, from the caller's folder. */
char *tern_ctl_resolve_path (TernCtl *self, const char *path);

/* For what changes something with a verb of the engine, whose callback is tern_ctl_verb_done_cb():
 * it waits until the server has it, says so and ends the run. */
void tern_ctl_verb_begin (TernCtl *self);
void tern_ctl_verb_done_cb (GObject *source, GAsyncResult *result, gpointer user_data);

/* The commands. */
void tern_ctl_account_add (TernCtl *self);
void tern_ctl_account_list (TernCtl *self);
void tern_ctl_account_show (TernCtl *self);
void tern_ctl_account_test (TernCtl *self);
void tern_ctl_account_set (TernCtl *self);
void tern_ctl_account_remove (TernCtl *self);
void tern_ctl_sync (TernCtl *self);
void tern_ctl_folders (TernCtl *self);
void tern_ctl_folder_create (TernCtl *self);
void tern_ctl_folder_rename (TernCtl *self);
void tern_ctl_folder_move (TernCtl *self);
void tern_ctl_folder_delete (TernCtl *self);
void tern_ctl_folder_subscribe (TernCtl *self);
void tern_ctl_folder_unsubscribe (TernCtl *self);
void tern_ctl_folder_empty (TernCtl *self);
void tern_ctl_folder_role (TernCtl *self);
void tern_ctl_list (TernCtl *self);
void tern_ctl_show (TernCtl *self);
void tern_ctl_flag (TernCtl *self);
void tern_ctl_move (TernCtl *self);
void tern_ctl_archive (TernCtl *self);
void tern_ctl_trash (TernCtl *self);
void tern_ctl_undo (TernCtl *self);
void tern_ctl_operations (TernCtl *self);
void tern_ctl_why (TernCtl *self);
void tern_ctl_send (TernCtl *self);
void tern_ctl_outbox (TernCtl *self);
void tern_ctl_outbox_show (TernCtl *self);
void tern_ctl_outbox_stop (TernCtl *self);
void tern_ctl_outbox_retry (TernCtl *self);
void tern_ctl_doctor (TernCtl *self);
void tern_ctl_watch (TernCtl *self);

G_END_DECLS
