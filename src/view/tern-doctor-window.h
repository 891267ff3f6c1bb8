/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-application.h"

G_BEGIN_DECLS

/**
 * TernDoctorWindow:
 *
 * The connection doctor: how an account is connected, what its servers can do, what waits and what
 * was said last; to be tested again, and to be copied for a report.
 */
#define TERN_TYPE_DOCTOR_WINDOW (tern_doctor_window_get_type ())
G_DECLARE_FINAL_TYPE (TernDoctorWindow, tern_doctor_window, TERN, DOCTOR_WINDOW, AdwWindow)

/* @uuid (nullable): the account that is shown first. */
TernDoctorWindow *
tern_doctor_window_new (TernApplication *app, GtkWindow *parent, const char *uuid);

G_END_DECLS
