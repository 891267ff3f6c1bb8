/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-call.h"
#include "tern-engine.h"
#include "tern-transfer.h"

G_BEGIN_DECLS

/**
 * TernAccountWork:
 *
 * The half of an account that lives in its worker: the connection and its states, what is to be
 * synced, and the runners. Everything here runs in the worker; what it has to say goes through
 * TernAccountReports, which are called in the worker as well.
 */
typedef struct _TernAccountWork TernAccountWork;

typedef struct
{
  void (*status) (TernAccountStatus *status, gpointer data); /* (transfer full) */
  void (*note) (GError *error, gpointer data);               /* (transfer full) */
} TernAccountReports;

TernAccountWork *tern_account_work_new (TernStore *store,
                                        TernAccountSettings *settings,
                                        TernId account,
                                        const TernAccountReports *reports,
                                        gpointer data);
/* The secrets are being looked up: go_online or set_fault follows. */
void tern_account_work_expect (TernAccountWork *self);
/* Connects and keeps connected. */
void
tern_account_work_go_online (TernAccountWork *self, TernCredentials *imap, TernCredentials *smtp);
/* They are locked away, and a person is being asked: told, while go_online or set_fault is still
 * waited for. */
void tern_account_work_show_locked (TernAccountWork *self, const GError *error);
/* Something outside stands in the way (the keyring): takes @error. */
void tern_account_work_set_fault (TernAccountWork *self, GError *error);
void tern_account_work_refresh (TernAccountWork *self);
/* The network or the computer came back, maybe. */
void tern_account_work_hint (TernAccountWork *self);
void tern_account_work_set_focus (TernAccountWork *self, TernId folder);
/* What nobody asked for waits while the network is paid for by volume. */
void tern_account_work_set_metered (TernAccountWork *self, gboolean metered);
void tern_account_work_prefetch (TernAccountWork *self, const TernId *ids, gsize n);

/* (TernCallRun forms) */
typedef struct
{
  TernId location;
  char *section;          /* (nullable) */
  TernTransfer *transfer; /* (owned) (nullable) */
} TernLoadRequest;
void tern_account_work_load (TernAccountWork *self, TernCall *call, const TernLoadRequest *request);

typedef struct
{
  char *folder; /* (nullable) */
  gboolean full;
} TernSyncRequest;
/* Result: TernSyncReport. */
void tern_account_work_sync (TernAccountWork *self, TernCall *call, const TernSyncRequest *request);

/* For the doctor. Result: TernAccountTrace. */
void tern_account_work_trace (TernAccountWork *self, TernCall *call);

/* Ends; @call returns when nothing is under way any more, or after 2 seconds; 7 when a message is
 * just being sent. */
void tern_account_work_stop (TernAccountWork *self, TernCall *call);

G_END_DECLS
