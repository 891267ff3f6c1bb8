#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of a message by menu and keyboard, and Ctrl+Z for what was done before a restart.

    history.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import json
import sys

from uitest import Tap, date, session

LETTER = '''From: Berta Brand <berta@example.test>
To: Anna <anna@example.test>
Subject: The harbour invoice
Date: {date}
Message-ID: <invoice@history.test>
Content-Type: text/plain; charset=utf-8

Please find it below.
'''


class History:
    def __init__(self, window):
        self.window = window
        self.screen = window.screen

    def it_has_a_history(self):
        self.window.add_account()
        self.window.ternctl('sync')
        self.window.server.deliver('anna', LETTER.format(date=date()))
        self.window.ternctl('sync')
        message = json.loads(self.window.ternctl('--json', 'list', 'INBOX', '--limit', '1'))[0]
        self.window.ternctl('flag', str(message['id']), '+seen', '+flagged')
        self.window.server.command('doveadm', 'flags', 'remove', '-u', 'anna', '\\\\Flagged', 'mailbox', 'INBOX',
                                   'HEADER', 'Message-ID', 'invoice@history.test')
        self.window.ternctl('sync')
        self.window.ternctl('archive', str(message['id']))

    def the_last_change_is_undone_after_a_restart(self):
        self.window.start()
        self.window.shown('^Inbox', 'list item', seconds=60)
        self.window.shown('The harbour invoice', 'list item', absent=True)
        self.screen.key('ctrl+z')
        self.window.shown('^Undone: 1 message moved from “Inbox” to “Archive”$')
        self.window.shot('undone')
        self.window.shown('The harbour invoice', 'list item')

    def the_history_opens_by_keyboard(self):
        self.window.click('The harbour invoice', 'list item', button=3)
        self.window.shown('History', 'menu item')
        self.window.shot('menu')
        self.screen.key('h')
        self.told()
        self.window.shot('history')
        # The first entry has the focus; Escape closes.
        self.screen.wait(lambda: (node := self.screen.focused()) is not None
                         and 'It was new in “Inbox”' in node.get_name(), 'the focus on the first entry')
        self.screen.key('Escape')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the history to close')
        self.window.quit()

    def told(self):
        for text in ('^It was new in “Inbox” when Tern looked there again', '^Changed here: marked as read, starred',
                     '^Changed by another program: star removed', '^You moved it from “Inbox” to “Archive”',
                     '^You took the change back', '^You moved it from “Archive” to “Inbox”'):
            self.screen.find(text, 'list item')

    def steps(self):
        return [self.it_has_a_history, self.the_last_change_is_undone_after_a_restart,
                self.the_history_opens_by_keyboard]


def main():
    with session('--seed', 'anna:20') as window:
        return Tap(window, History(window).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
