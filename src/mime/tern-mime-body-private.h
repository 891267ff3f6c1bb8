/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-mime-message.h"
#include "tern-mime-tree.h"

G_BEGIN_DECLS

/* The text of a parsed message (NULL: an empty one); *@structure (nullable) gets its tree. */
TernMimeText *tern_mime_body_read (GMimeMessage *message, TernPart **structure);

G_END_DECLS
