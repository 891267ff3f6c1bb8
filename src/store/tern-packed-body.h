/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernPackedBody:
 *
 * Bytes as the body store keeps them: named by their hash (SHA-256, lower-case hex) and, unless
 * they get a file of their own, compressed. Making one is a third of what storing a body costs, and
 * needs no writer. Plain value, any thread.
 */
typedef struct _TernPackedBody TernPackedBody;

TernPackedBody *tern_packed_body_new (GBytes *bytes);
/* @self: (nullable). */
void tern_packed_body_free (TernPackedBody *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernPackedBody, tern_packed_body_free)

G_END_DECLS
