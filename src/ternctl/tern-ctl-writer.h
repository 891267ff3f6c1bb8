/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernCtlWriter:
 *
 * Text on its way to a stream, in order, without ever waiting for the reader of it. A reader that
 * is too slow (16 MiB behind) or gone is a failure. Thread: one context.
 */
typedef struct _TernCtlWriter TernCtlWriter;

/* @idle: everything has left, or cannot. @failed: once, before it. */
TernCtlWriter *tern_ctl_writer_new (GOutputStream *stream,
                                    void (*idle) (gpointer user_data),
                                    void (*failed) (gpointer user_data),
                                    gpointer user_data);
void tern_ctl_writer_free (TernCtlWriter *self); /* when idle */
/* Takes @text. */
void tern_ctl_writer_add (TernCtlWriter *self, char *text, gsize length);
gboolean tern_ctl_writer_is_idle (const TernCtlWriter *self);

G_END_DECLS
