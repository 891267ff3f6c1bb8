/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * The rules under which the HTML of a message is shown, apart from the widget that applies them, so
 * that they can be tested without a display. Nothing here cleans HTML: the page is hostile and
 * is held by these rules, each of which would do alone:
 *   1. JavaScript is off;
 *   2. the Content-Security-Policy of the document and of the view allows no fetch from the
 * network;
 *   3. a content filter blocks every URL that is not cid:, data: or about:;
 *   4. the network session has no cookies and no cache and its proxy leads nowhere;
 *   5. every navigation is refused but the one load that we asked for.
 */

/* JSON for WebKitUserContentFilterStore, rule 3. */
#define TERN_HTML_FILTER_ID "tern-block-remote-1"
#define TERN_HTML_FILTER_JSON                                                                  \
  "[{\"trigger\":{\"url-filter\":\".*\"},\"action\":{\"type\":\"block\"}},"                    \
  "{\"trigger\":{\"url-filter\":\"^cid:\"},\"action\":{\"type\":\"ignore-previous-rules\"}},"  \
  "{\"trigger\":{\"url-filter\":\"^data:\"},\"action\":{\"type\":\"ignore-previous-rules\"}}," \
  "{\"trigger\":{\"url-filter\":\"^about:\"},\"action\":{\"type\":\"ignore-previous-rules\"}}]"

/* The loosest that any message may ever get: pictures, styles and fonts, when a person asked. */
#define TERN_HTML_CSP_REMOTE                                                                      \
  "default-src 'none'; img-src cid: data: https: http:; style-src 'unsafe-inline' https: http:; " \
  "font-src data: https: http:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
/* What every message gets first. */
#define TERN_HTML_CSP_LOCAL                                                             \
  "default-src 'none'; img-src cid: data:; style-src 'unsafe-inline'; font-src data:; " \
  "form-action 'none'; base-uri 'none'"

/* @html behind the policy, a character set and our style, all of it: nothing that it brings comes
 * first. When it begins with a DOCTYPE the page gets one, the standard one; without, it is laid out
 * as old pages are. @dark: for pages without colours of their own. */
char *tern_html_policy_wrap (const char *html, gboolean remote_allowed, gboolean dark);

/** TernLinkKind: what may be done with a clicked link. */
typedef enum
{
  TERN_LINK_REFUSED,  /* file:, javascript:, data:, … */
  TERN_LINK_EXTERNAL, /* http, https: the desktop's browser */
  TERN_LINK_MAIL,     /* mailto: our composer */
} TernLinkKind;
TernLinkKind tern_html_policy_classify_link (const char *uri);

/* The target of a link as people can judge it: everything outside printable ASCII, which could
 * imitate another host or turn the text around, as percent escapes; cut at the end. */
char *tern_html_policy_show_link (const char *uri);

G_END_DECLS
