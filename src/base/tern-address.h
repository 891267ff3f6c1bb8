/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernAddress:
 *
 * A mailbox of RFC 5322 section 3.4: a decoded display name (may be "") and an addr-spec.
 * Immutable after it was made; not refcounted: a list owns its addresses.
 */
typedef struct
{
  char *name;    /* (owned), valid UTF-8, never NULL */
  char *address; /* (owned), "local@domain" as written, never NULL */
} TernAddress;

TernAddress *tern_address_new (const char *name, const char *address);
TernAddress *tern_address_copy (const TernAddress *self);
void tern_address_free (TernAddress *self);

/* A GPtrArray of TernAddress that frees them. */
GPtrArray *tern_address_list_new (void);
GPtrArray *tern_address_list_copy (const GPtrArray *list);

/* One text for the store: JSON-free, unambiguous, decodable; "" and NULL are the empty list. */
char *tern_address_list_encode (const GPtrArray *list);
GPtrArray *tern_address_list_decode (const char *text);

/* What a list shows: the name if there is one, else the address. (transfer none) */
const char *tern_address_get_display (const TernAddress *self);

gboolean tern_address_same_mailbox (const char *a, const char *b); /* ASCII case folded */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernAddress, tern_address_free)

G_END_DECLS
