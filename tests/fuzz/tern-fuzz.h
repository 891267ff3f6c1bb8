/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/*
 * A fuzz target defines both of these. With -Dfuzz=true libFuzzer drives it; otherwise
 * tern-fuzz-main.c does, for a short and repeatable run in the test suite.
 */
extern const char *const tern_fuzz_seeds[]; /* good inputs to start from; ends with NULL */

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);
