/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-folder.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * TernFolderPicker:
 *
 * A small dialog to choose a folder of one account: type some letters, Enter takes the first match.
 * Signal: "picked" (TernFolder), then it closes.
 */
#define TERN_TYPE_FOLDER_PICKER (tern_folder_picker_get_type ())
G_DECLARE_FINAL_TYPE (TernFolderPicker, tern_folder_picker, TERN, FOLDER_PICKER, AdwWindow)

/* @except: the folder that the messages are in, which is not offered. */
TernFolderPicker *tern_folder_picker_new (GtkWindow *parent, TernFolderTree *tree, TernId except);

G_END_DECLS
