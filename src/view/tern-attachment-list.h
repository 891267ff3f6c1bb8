/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-engine.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * TernAttachmentList:
 *
 * The attachments of the shown message: name, type and size, to open and to save. Hidden when there
 * are none. What is not on this computer is fetched when it is asked for; each row shows how far
 * that has come and can cancel it. What is being saved goes on when another message is shown. What
 * is opened is written into the folder of this session (TernAttachmentFolder) and stays there until
 * the window has gone. Programs are saved but never opened.
 *
 * Signal: "message" (text): something to tell in a toast.
 */
#define TERN_TYPE_ATTACHMENT_LIST (tern_attachment_list_get_type ())
G_DECLARE_FINAL_TYPE (TernAttachmentList, tern_attachment_list, TERN, ATTACHMENT_LIST, AdwBin)

/* @body NULL: nothing. */
void tern_attachment_list_show (TernAttachmentList *self, TernEngine *engine, TernBody *body);

G_END_DECLS
