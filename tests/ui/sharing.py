#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of others and a mailbox that is almost full: what is greyed, what says why, and what warns.

    sharing.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import os
import sys

import gi

gi.require_version('Atspi', '2.0')
from gi.repository import Atspi  # noqa: E402

from uitest import Tap, session  # noqa: E402

BOB = 'bob@example.test'
SIZE = 3 << 20


class Sharing:
    def __init__(self, window):
        self.window = window
        self.screen = window.screen

    def sensitive(self, name):
        node = self.screen.find(name, 'push button')
        return node.get_state_set().contains(Atspi.StateType.SENSITIVE)

    def fill(self):
        """Anna's mailbox, to 97 %."""
        server = self.window.server
        status = server.command('doveadm', 'mailbox status -t -u anna@example.test vsize INBOX')['output']
        path = os.path.join(server.facts['dir'], 'filler.eml')
        head = 'From: Carl <carl@example.test>\r\nSubject: A large one\r\n\r\n'
        with open(path, 'w', encoding='ascii', newline='') as file:
            left = SIZE * 97 // 100 - int(status.split('=')[1]) - len(head)
            file.write(head + ('x' * 76 + '\r\n') * (left // 78))
        os.chmod(path, 0o644)
        server.command('append', 'anna', 'INBOX', path)

    def folders_stand_below_their_owner(self):
        self.fill()
        self.window.server.command('doveadm', f'acl set -u {BOB} Projects user=anna@example.test lookup read write-seen')
        self.window.add_account()
        self.window.start()
        self.window.shown('From ', 'list item', seconds=60)
        self.window.shown(f'^{BOB}', 'list item', seconds=60)
        self.window.shown('^Projects', 'list item')
        self.window.shot('sidebar')

    def a_full_mailbox_is_told(self):
        self.screen.find_text('The mailbox of .* on the server is almost full: .* used', seconds=60)
        self.window.shot('full')
        # With the keyboard; it does not come back.
        button = self.window.shown('^Dismiss$', 'push button')
        self.screen.activate(self.screen.windows()[0])
        for _ in range(30):
            before = self.screen.focused()
            if self.screen.is_focused(button):
                break
            self.screen.key('Tab')
            self.screen.wait(lambda: self.screen.focused() != before, 'the next stop of Tab', 5)
        assert self.screen.is_focused(button), 'Tab does not come to the button'
        self.screen.key('Return')
        self.window.shown('^Dismiss$', 'push button', absent=True)

    def what_is_not_allowed_is_greyed(self):
        self.window.click('^Projects', 'list item')
        self.window.shown('From ', 'list item', seconds=60)
        self.window.click('From ', 'list item')
        self.screen.wait(lambda: not self.sensitive('^Move to Trash$'), 'the trash is greyed', 20)
        self.window.shot('greyed')
        # The star as well: pressed, it tries nothing that would have to be refused.
        self.screen.click_at(self.window.shown('From ', 'list item'), 0.96, 0.63)
        # Time enough for a refusal: what is asked for next is answered after it.
        self.window.click('^Inbox', 'list item')
        self.screen.click_at(self.window.shown('A large one', 'list item'), 0.96, 0.63)
        self.window.shown('starred, .*A large one', 'list item')
        self.window.click('From Samuel', 'list item')
        self.screen.wait(lambda: self.sensitive('^Move to Trash$'), 'it is not, in the inbox', 20)
        assert not self.screen.find_all('You are (only|not) allowed', 'label'), 'the star was tried'

    def such_a_folder_cannot_be_chosen(self):
        self.screen.key('ctrl+m')
        self.screen.wait(lambda: len(self.screen.windows()) == 2, 'the picker', 20)
        self.screen.type('Projects')
        self.window.shot('picker')
        self.screen.key('Return')
        assert len(self.screen.windows()) == 2, 'it was chosen'
        self.screen.key('Escape')
        self.window.quit()

    def steps(self):
        return [self.folders_stand_below_their_owner, self.a_full_mailbox_is_told,
                self.what_is_not_allowed_is_greyed, self.such_a_folder_cannot_be_chosen]


def main():
    with session('--sharing', '--seed', 'anna:20', '--seed', 'bob:5:Projects', '--mailbox-size', '3M') as window:
        return Tap(window, Sharing(window).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
