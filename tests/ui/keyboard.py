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

    def on_server(self, *flags):
        answer = self.window.server.command('doveadm', 'search', '-u', 'anna', 'mailbox', 'INBOX', 'HEADER',
                                            'Message-ID', 'links@example.test', *flags)
        return answer['output'].strip() != ''

    def marked(self, start, *flags):
        self.window.shown(f'^{start}From Press', 'list item', seconds=10)
        self.screen.wait(lambda: self.on_server(*flags), ' '.join(flags), 20)

    def it_is_marked_with_keys(self):
        self.marked('', 'SEEN', 'UNFLAGGED')
        self.screen.key('ctrl+u')
        self.marked('unread, ', 'UNSEEN')
        self.screen.key('ctrl+d')
        self.marked('unread, starred, ', 'FLAGGED')
        self.screen.key('ctrl+i')
        self.marked('starred, ', 'SEEN')
        self.screen.key('ctrl+d')
        self.marked('', 'UNFLAGGED')

    def and_by_menu(self):
        for words, key, start, flag in (('Mark as Unread', 'n', 'unread, ', 'UNSEEN'),
                                        ('Star', 's', 'unread, starred, ', 'FLAGGED'),
                                        ('Mark as Read', 'e', 'starred, ', 'SEEN'), ('Remove Star', 's', '', 'UNFLAGGED')):
            self.window.click('From Press', 'list item', button=3)
            self.window.shown(f'^{words}$', 'menu item')
            self.screen.key(key)
            self.window.shown(f'^{words}$', 'menu item', absent=True)
            self.marked(start, flag)

    def an_attachment_is_opened(self):
        """With the program of this desktop for that kind of file."""
        env = self.window.desktop.env
        note = os.path.join(env['HOME'], 'opened')
        program = os.path.join(env['HOME'], 'editor')
        with open(program, 'w', encoding='ascii') as file:
            file.write(f'#!/bin/sh\ncp "$1" {note}.new\necho "$1" > {note}.name\nmv {note}.new {note}\n')
        os.chmod(program, 0o700)
        applications = os.path.join(env['XDG_DATA_HOME'], 'applications')
        os.makedirs(applications)
        with open(os.path.join(applications, 'editor.desktop'), 'w', encoding='ascii') as file:
            file.write(f'[Desktop Entry]\nType=Application\nName=Editor\nExec={program} %f\nMimeType=text/plain;\n')
        with open(os.path.join(env['XDG_CONFIG_HOME'], 'mimeapps.list'), 'w', encoding='ascii') as file:
            file.write('[Default Applications]\ntext/plain=editor.desktop\n')
        self.expect('list', 'before')
        self.screen.key('F6')
        self.expect('page', 'F6')
        self.screen.key('F6')
        self.expect('attachments', 'F6')
        button = self.screen.find('^Open table.txt', 'push button', within=self.window.shown('^table.txt', 'list item'))
        for _ in range(3):
            if self.screen.is_focused(button):
                break
            before = self.screen.focused()
            self.screen.key('Tab')
            self.screen.wait(lambda was=before: self.screen.focused() != was, 'the next stop of Tab', 5)
        self.screen.key('Return')
        self.screen.wait(lambda: os.path.exists(note), 'the program')
        with open(note, 'rb') as file:
            assert file.read().strip() == b'1 2 3', 'other bytes'
        with open(f'{note}.name', encoding='ascii') as file:
            assert os.path.basename(file.read().strip()) == 'table.txt', 'another name'

    def an_attachment_is_saved(self):
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
                self.and_goes_back, self.it_is_marked_with_keys, self.and_by_menu, self.reply_to_all,
                self.an_attachment_is_opened, self.an_attachment_is_saved, self.delete_moves_to_trash]


def main():
    with session('--seed', 'anna:20') as window:
        return Tap(window, Keyboard(window).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
