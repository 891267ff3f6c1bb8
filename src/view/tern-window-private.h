/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-window.h"

#include "tern-banner.h"
#include "tern-message-list-view.h"
#include "tern-pane.h"
#include "tern-reader.h"
#include "tern-sidebar.h"

G_BEGIN_DECLS

struct _TernWindow
{
  AdwApplicationWindow parent_instance;

  TernApplication *app;      /* (unowned): outlives its windows */
  TernEngine *engine;        /* (owned) (nullable) until ready */
  TernAccountList *accounts; /* (owned) (nullable) */
  TernOutboxList *outbox;    /* (owned) (nullable) */
  TernFolder *folder;        /* (owned) (nullable): shown */
  gulong folder_notify;
  TernMessage *selected; /* (owned) (nullable): the only selected one, watched */
  gulong selected_notify;
  gulong list_items_changed;
  GArray *undo;         /* (owned) (nullable) of TernId: the last verb's operations */
  char *undo_text;      /* (owned) (nullable): what that was */
  AdwToast *undo_toast; /* (unowned, weak) (nullable): offers that undo */
  TernId wanted_folder; /* a message to open when its folder is listed; 0 = none */
  TernId wanted_message;
  guint status_idle;
  guint progress_timeout;
  gboolean show_plain;
  char *banner_account; /* (owned) (nullable): the uuid that the account banner is about */
  gboolean banner_of_fullness;
  GHashTable *known_fullness; /* (owned) uuid → percent when a person closed the banner about it */
  char *outbox_account;       /* (owned) (nullable): the uuid whose mail waits */

  AdwToastOverlay *toasts;
  GtkStack *stack;
  AdwStatusPage *error_page;
  AdwLeaflet *outer;
  AdwLeaflet *inner;
  TernPane *sidebar_pane;
  TernPane *list_pane;
  AdwHeaderBar *sidebar_header;
  AdwHeaderBar *list_header;
  AdwHeaderBar *reader_header;
  GtkButton *list_back;
  GtkButton *reader_back;
  GtkButton *reply_all_button;
  GtkButton *forward_button;
  GtkButton *trash_button;
  GtkButton *archive_button;
  TernSidebar *sidebar;
  AdwWindowTitle *list_title;
  TernBanner *account_banner;
  TernBanner *outbox_banner;
  GtkProgressBar *progress;
  TernMessageListView *list;
  TernReader *reader;
  GMenuModel *message_menu;
};

/* In tern-window-actions.c: the verbs. */
void tern_window_install_actions (GtkWidgetClass *widget_class);
/* Enables and disables them for what is selected now. */
void tern_window_update_actions (TernWindow *self);
/* At the start: the last change of an earlier session is what "win.undo" takes back, until
 * something newer is done. */
void tern_window_find_undo (TernWindow *self);
/* Quietly, without a toast and without an undo. */
void tern_window_mark_read (TernWindow *self, TernId id);

/* In tern-window-focus.c: from pane to pane by keyboard; the actions "win.next-pane" and
 * "win.previous-pane". What a narrow window does not show is passed over. */
void tern_window_next_pane (GtkWidget *widget, const char *name, GVariant *parameter);
void tern_window_previous_pane (GtkWidget *widget, const char *name, GVariant *parameter);
/* Unless a person has put the focus into a pane: when the list is there first, say, or has come to
 * the front of a narrow window. */
void tern_window_focus_list (TernWindow *self);
void tern_window_focus_message (TernWindow *self);

/* In tern-window-status.c: banners and progress. */
/* The banner that tells of a mailbox which is almost full has been read. */
void tern_window_close_fullness (TernWindow *self);
void tern_window_queue_status (TernWindow *self);

G_END_DECLS
