/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-engine.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * TernHtmlView:
 *
 * The HTML of a message in one WebKitWebView that is made when the first such message is shown and
 * then reused, under the rules of tern-html-policy.h. "cid:" is served from the shown message only.
 *
 * Signals: "link-activated" (uri), "link-hovered" (uri or NULL), "failed" when the page cannot be
 * shown (the web process ended, or the content filter is not available): show the text instead.
 */
#define TERN_TYPE_HTML_VIEW (tern_html_view_get_type ())
G_DECLARE_FINAL_TYPE (TernHtmlView, tern_html_view, TERN, HTML_VIEW, AdwBin)

void tern_html_view_set_engine (TernHtmlView *self, TernEngine *engine);
/* @body must have HTML. */
void tern_html_view_show (TernHtmlView *self, TernBody *body, gboolean remote_allowed);
/* Forgets the page; the web view stays for the next one. */
void tern_html_view_clear (TernHtmlView *self);

G_END_DECLS
