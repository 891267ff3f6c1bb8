/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-connection.h"
#include "tern-quota.h"
#include "tern-store-ops.h"
#include "tern-store-outbox.h"

G_BEGIN_DECLS

/** TernDiagnosisOp: an operation that the server has not confirmed. */
typedef struct
{
  TernId id;
  TernOpKind kind;
  TernOpState state;
  char *source; /* (nullable) path */
  char *target; /* (nullable) path */
  guint messages;
  guint attempts;
  gint64 created;
  gint64 next_try; /* seconds since 1970; 0 = as soon as possible */
  char *fault;     /* (nullable) */
} TernDiagnosisOp;

typedef enum
{
  TERN_EXTENSION_USED,    /* in one of the connections */
  TERN_EXTENSION_OFFERED, /* there was no need for it so far */
  TERN_EXTENSION_MISSING,
  TERN_EXTENSION_UNUSED,  /* offered, and not used by this version */
  TERN_EXTENSION_UNKNOWN, /* offered, and not in the table of extensions */
} TernExtensionState;

/** TernDiagnosisExtension: one extension of IMAP on this server. */
typedef struct
{
  char *name;
  TernExtensionState state;
  const char *purpose; /* (nullable) translated: what it is used for */
  const char *without; /* (nullable) translated: what is lost without it */
} TernDiagnosisExtension;

#define TERN_DIAGNOSIS_OUTBOX_STATES (TERN_OUTBOX_UNCERTAIN + 1)

/**
 * TernDiagnosis:
 *
 * What the connection doctor knows of one account at one moment: immutable, refcounted atomically.
 * Nothing in it is a secret (tern-redact.h); addresses and folder names are, to others:
 * see tern_diagnosis_dup_text().
 */
typedef struct
{
  char *uuid;
  char *label;
  char *address;
  gint64 time; /* seconds since 1970 */

  gboolean online;  /* the engine keeps the account connected */
  GError *error;    /* (nullable) what stands in the way now */
  GError *sending;  /* (nullable) likewise, of sending */
  gint64 next_try;  /* seconds; 0 = not planned */
  GError *last;     /* (nullable) the last error since the program started */
  gint64 last_time; /* seconds */
  gint64 last_sync; /* seconds: when all of it last agreed with the server; 0 = not since then */
  gint64 last_folder_sync; /* seconds: when any of its folders did, ever; 0 = never */

  TernQuota quota; /* as the server told it last */

  GPtrArray *connections; /* of TernConnection (copies): at least one for each server */
  GPtrArray *extensions;  /* of TernDiagnosisExtension; empty when they are not known */
  GPtrArray *operations;  /* of TernDiagnosisOp, newest first */
  guint pending, running, stuck;
  guint outbox[TERN_DIAGNOSIS_OUTBOX_STATES]; /* entries, by TernOutboxState */
  GPtrArray *outbox_faults;                   /* of char* */

  gboolean tested;
  GError *test_error;          /* (nullable) */
  GPtrArray *test_connections; /* of TernConnection (copies) */
} TernDiagnosis;

TernDiagnosis *tern_diagnosis_ref (TernDiagnosis *self);
void tern_diagnosis_unref (TernDiagnosis *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernDiagnosis, tern_diagnosis_unref)

/* In words for people, translated (tern-diagnosis-words.c). All (transfer full). */
char *tern_diagnosis_dup_server (const TernConnection *connection);      /* name, port, address */
char *tern_diagnosis_dup_security (const TernConnection *connection);    /* TLS, mechanism */
char *tern_diagnosis_dup_certificate (const TernConnection *connection); /* (nullable) */
char *tern_diagnosis_dup_connection (const TernConnection *connection);  /* state, since, bytes */
char *tern_diagnosis_dup_purpose (const TernConnection *connection);
char *tern_diagnosis_dup_operation (const TernDiagnosisOp *op);
char *tern_diagnosis_dup_counts (const TernDiagnosis *self); /* of operations */
char *tern_diagnosis_dup_outbox (const TernDiagnosis *self);
char *tern_diagnosis_dup_error (const GError *error); /* with the server's words */
char *tern_diagnosis_dup_time (gint64 seconds);       /* "2026-11-24 09:30:05" */
/* What the server said of itself in the test. (nullable) */
char *tern_diagnosis_dup_comments (const TernDiagnosis *self);
char *tern_diagnosis_dup_line (const TernTranscriptLine *line, gboolean report);

/* All of it as plain text. @report: to be given away, with local parts of addresses, subjects and
 * other words of people struck out. */
char *tern_diagnosis_dup_text (const TernDiagnosis *self, gboolean report);

G_END_DECLS
