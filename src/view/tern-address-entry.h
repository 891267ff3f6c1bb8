/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-mime-build.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * TernAddressEntry:
 *
 * A labelled line of addresses. What a person typed is checked when the line is left and when the
 * message is sent; what is wrong is said below the line. Property "title"; signal "changed".
 */
#define TERN_TYPE_ADDRESS_ENTRY (tern_address_entry_get_type ())
G_DECLARE_FINAL_TYPE (TernAddressEntry, tern_address_entry, TERN, ADDRESS_ENTRY, AdwBin)

void tern_address_entry_set_list (TernAddressEntry *self, const GPtrArray *list);
/* The addresses; NULL when there is a mistake, which is then shown. (transfer full) */
GPtrArray *tern_address_entry_dup_list (TernAddressEntry *self);
/* Never NULL and nothing is shown: what cannot be read as addresses is one "address" as it was
 * typed. For keeping, not for sending. (transfer full) */
GPtrArray *tern_address_entry_dup_raw (TernAddressEntry *self);
gboolean tern_address_entry_is_empty (TernAddressEntry *self);
/* NULL: no error. */
void tern_address_entry_show_error (TernAddressEntry *self, const char *text);

G_END_DECLS
