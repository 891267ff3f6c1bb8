/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * TernBanner:
 *
 * One sentence across the width with at most one button (AdwBanner came after our floor). Hidden
 * until it has a title. Signal "button-clicked". Property "details-action", for the template: with
 * the name of an action, a small button beside the other one shows the connection by it.
 */
#define TERN_TYPE_BANNER (tern_banner_get_type ())
G_DECLARE_FINAL_TYPE (TernBanner, tern_banner, TERN, BANNER, AdwBin)

/* NULL hides. @button_label (nullable). */
void tern_banner_show (TernBanner *self, const char *title, const char *button_label);
void tern_banner_hide (TernBanner *self);

G_END_DECLS
