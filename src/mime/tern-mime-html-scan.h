/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What the reader has to know about a page before it is shown. Both look at every byte, some
 * milliseconds per MiB: TernMimeText carries the answers, so that they are asked once and where the
 * message is read.
 */

/* Whether the page would want something from the network. Errs on the side of TRUE. */
gboolean tern_mime_html_wants_remote (const char *html);
/* Whether it sets colours of its own; then it is shown on white even in dark mode. */
gboolean tern_mime_html_has_colours (const char *html);

G_END_DECLS
