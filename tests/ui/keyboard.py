#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window without a pointer: where the keys are at the start, from pane to pane, and out of every one of them.

    keyboard.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import os
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

    def reply_to_all(self):
        self.screen.key('ctrl+shift+r')
        send = self.window.shown(r'\bSend$', 'push button')
        composer = self.screen.window_of(send)
        assert composer.get_name() == 'Re: Two links and a file', composer.get_name()
        assert 'press@example.test' in self.screen.text(self.screen.find('^To$', 'text', within=composer))
        self.screen.key('ctrl+w')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the composer to close')

    def an_attachment_is_saved(self):
        self.tabs('Tab', 'page', 15)
        self.tabs('Tab', 'attachments', 6)
        row = self.window.shown('^table.txt', 'list item')
        self.screen.click(self.screen.find('^Save table.txt', 'push button', within=row))
        self.screen.wait(lambda: len(self.screen.windows()) == 2, 'the file chooser')
        self.window.shot('chooser')
        target = os.path.join(self.window.desktop.env['HOME'], 'saved.txt')
        self.screen.key('ctrl+a')
        self.screen.type(target)
        self.screen.key('Return')
        self.screen.wait(lambda: os.path.exists(target), 'the saved file')
        self.screen.wait(lambda: open(target, 'rb').read().strip() == b'1 2 3', 'what is in it')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the file chooser to close')

    def delete_moves_to_trash(self):
        self.screen.key('F6', 'F6')
        self.expect('list', 'F6')
        self.screen.key('Delete')
        self.window.shown('Two links and a file', 'list item', absent=True)

        def trashed():
            answer = self.window.server.command('doveadm', 'search', '-u', 'anna', 'mailbox', 'Trash', 'all')
            return answer['output'].strip() != ''
        self.screen.wait(trashed, 'the message in Trash on the server')
        self.screen.key('ctrl+z')
        self.window.shown('Two links and a file', 'list item')
        self.screen.wait(lambda: not trashed(), 'the message out of Trash on the server')
        self.window.quit()

    def steps(self):
        return [self.it_starts_in_the_list, self.f6_goes_round, self.tab_leaves_the_list, self.tab_leaves_the_page,
                self.and_goes_back, self.reply_to_all, self.an_attachment_is_saved, self.delete_moves_to_trash]


def main():
    with session('--seed', 'anna:20') as window:
        return Tap(window, Keyboard(window).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
