#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window without a pointer: where the keys are at the start, from pane to pane, and out of every one of them.

    keyboard.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import sys
import time

from uitest import Tap, date, session

LETTER = '''From: Press <press@example.test>
To: anna@example.test
Subject: Two links and a file
Date: {date}
Message-ID: <links@example.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html

<p>Read <a href="https://example.org/one">the first</a> and <a href="https://example.org/two">the second</a>.</p>
--b
Content-Type: text/plain; name=table.txt
Content-Disposition: attachment; filename=table.txt

1 2 3
--b--
'''


class Keyboard:
    def __init__(self, window):
        self.window = window
        self.screen = window.screen

    def place(self):
        """Which pane has the focus."""
        node = self.screen.focused()
        names = []
        while node is not None and node.get_role_name() != 'application':
            names.append(f'{node.get_role_name()} {node.get_name() or ""}'.strip())
            node = node.get_parent()
        path = ' < '.join(names)
        for pane, sign in (('attachments', 'Attachments'), ('page', 'Message page'), ('folders', 'list Folders'),
                           ('list', 'list Messages')):
            if sign in path:
                return pane
        return path or 'nowhere'

    def expect(self, pane, what):
        last = []

        def there():
            last[:] = [self.place()]
            return last[0] == pane
        try:
            self.screen.wait(there, what, 10)
        except Exception as error:
            raise AssertionError(f'{what}: the focus is {last[0]}, not {pane}') from error

    def it_starts_in_the_list(self):
        self.window.add_account()
        self.window.server.deliver('anna', LETTER.format(date=date()))
        self.window.start()
        self.window.shown('Two links and a file', 'list item', seconds=60)
        self.expect('list', 'at the start')
        self.screen.key('Home', 'Return')
        self.window.shown('table.txt', seconds=30)
        self.expect('list', 'after a message was opened beside it')
        self.window.shot('opened')

    def f6_goes_round(self):
        for pane in ('page', 'attachments', 'folders', 'list'):
            self.screen.key('F6')
            self.expect(pane, 'F6')
        for pane in ('folders', 'attachments', 'page', 'list'):
            self.screen.key('shift+F6')
            self.expect(pane, 'Shift+F6')

    def tabs(self, key, until, most):
        """Presses KEY until the focus is in that pane; what it passed. From link to link within a page nothing is to be
        seen, so each press is given a moment."""
        passed = []
        for _ in range(most):
            before = self.place()
            self.screen.key(key)
            end = time.monotonic() + 0.7
            while self.place() == before and time.monotonic() < end:
                time.sleep(0.02)
            passed.append(self.place())
            if passed[-1] == until:
                return passed
        raise AssertionError(f'{until} is not reached with {most} × {key}: {passed}')

    def tab_leaves_the_list(self):
        passed = self.tabs('Tab', 'page', 15)
        assert 'list' not in passed, passed

    def tab_leaves_the_page(self):
        self.tabs('Tab', 'attachments', 6)
        self.window.shot('attachments')

    def and_goes_back(self):
        self.tabs('shift+Tab', 'page', 6)
        self.tabs('shift+Tab', 'list', 25)
        self.window.shot('back')
        self.window.quit()

    def steps(self):
        return [self.it_starts_in_the_list, self.f6_goes_round, self.tab_leaves_the_list, self.tab_leaves_the_page,
                self.and_goes_back]


def main():
    with session('--seed', 'anna:20') as window:
        return Tap(window, Keyboard(window).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
