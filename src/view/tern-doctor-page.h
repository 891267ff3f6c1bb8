/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-engine.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* The groups of a diagnosis, as a page that scrolls. (transfer floating) */
GtkWidget *tern_doctor_page_new (const TernDiagnosis *diagnosis);

G_END_DECLS
