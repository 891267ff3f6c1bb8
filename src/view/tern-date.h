/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Dates for people, in the local time zone and the locale's own form. @when and @now are seconds
 * since 1970 UTC; @zone NULL is the local zone. Pure, so that tests can name any moment.
 */

/* For a list: the time today, "Yesterday", the weekday within a week, day and month within a year,
 * else the date. "" for 0. */
char *tern_date_format_short (gint64 when, gint64 now, GTimeZone *zone);
/* Everything: "Tuesday, 24 November 2026, 02:14". */
char *tern_date_format_full (gint64 when, GTimeZone *zone);

G_END_DECLS
