/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store-fixture.h"

G_BEGIN_DECLS

/*
 * A pretended server, what syncs with it and sends operations to it, and lists that are kept by
 * change sets alone: the world in which test-store-model.c lets a person work at random.
 */

#define FOLDERS 3

/** Mail: a message on the pretended server. */
typedef struct
{
  guint32 uid;
  guint n; /* which message: in its Message-ID, date and size */
  TernFlags flags;
} Mail;

/** Wish: a message as the person sees it. */
typedef struct
{
  TernId location;
  guint folder;
  guint n;
  TernFlags flags;
} Wish;

typedef struct
{
  StoreFixture *fixture;
  GRand *random;
  TernId folders[FOLDERS];
  GArray *server[FOLDERS]; /* of Mail */
  guint32 uidnext[FOLDERS];
  guint next_n;
  GArray *wishes;         /* of Wish; NULL when others change things, too */
  GArray *lists[FOLDERS]; /* of TernListKey: kept by change sets only */
  guint heard;            /* change sets applied */
  gboolean uidplus;
  gboolean trouble; /* refusals, lost answers, other clients */
} World;

typedef enum
{
  RUN_IDLE,
  RUN_WAITING, /* for a uid that a sync brings */
  RUN_DONE,
} RunResult;

World *world_new (guint32 seed, gboolean trouble);
void world_free (World *w);

/* One of so many times. */
gboolean world_chance (World *w, gint one_in);
/* Less than @n. */
guint world_pick (World *w, guint n);

guint32 world_server_add (World *w, guint folder, guint n, TernFlags flags);
/* (nullable) */
Mail *world_server_find (World *w, guint folder, guint32 uid);
void world_server_remove (World *w, guint folder, guint32 uid);

/* Everything of one folder, as a complete listing tells it. */
void world_sync (World *w, guint folder);
/* Sends the first operation that can be sent. */
RunResult world_run_op (World *w);
/* Until nothing is left to send, and everything was fetched. */
void world_run_to_quiet (World *w);

/* The change sets since the last time made of the lists what is read anew. */
void world_check_lists (World *w);
/* What the person should see. */
void world_check_wishes (World *w);
/* The store shows the server's messages and nothing else. */
void world_check_equal_to_server (World *w);

G_END_DECLS
