#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job, with pointer and keyboard: read, reply, receive the echo by push, file it by menu, find it again
after a restart with the server stopped.

    main-job.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import contextlib
import re
import sys

from uitest import Tap, date, session
from screen import NotFound

LETTER = '''From: Echo <echo@example.test>
To: Anna <anna@example.test>
Subject: Notes on the pier
Date: {date}
Message-ID: <pier@example.test>
Content-Type: text/plain; charset=utf-8

The tide is highest at ten. See https://example.org/tide for the table.

> And when is it lowest?
'''
WORDS = 'At four, says the harbour master.'


class MainJob:
    def __init__(self, window):
        self.window = window
        self.screen = window.screen

    def new_mail_comes_by_push(self):
        self.window.add_account()
        self.window.start()
        self.window.shown('^Inbox', 'list item', seconds=60)
        self.window.shown('From ', 'list item', seconds=60)
        self.window.shot('list')
        self.window.server.deliver('anna', LETTER.format(date=date()))
        self.window.shown('^unread.*Notes on the pier', 'list item')
        self.window.shot('pushed')

    def read_it(self):
        self.window.click('Notes on the pier', 'list item')
        self.screen.find_text('The tide is highest at ten')
        # Read in the window at once, and its row says so.
        self.window.shown('^unread.*Notes on the pier', 'list item', absent=True)
        self.window.shot('read')

    def it_is_read_on_the_server(self):
        def seen():
            answer = self.window.server.command('doveadm', 'search', '-u', 'anna', 'mailbox', 'INBOX', 'SEEN',
                                                'HEADER', 'Message-ID', 'pier@example.test')
            return answer['output'].strip() != ''
        self.screen.wait(seen, r'\Seen on the server')

    def star_another_with_the_pointer(self):
        row = self.window.shown('^unread, From ', 'list item')
        name = row.get_name()
        # The star is at the end of the row, beside its second and third line.
        self.screen.click_at(row, 0.96, 0.63)
        # Starred, and neither selected nor opened.
        self.window.shown('^unread, starred, ' + re.escape(name.removeprefix('unread, ')), 'list item')
        self.screen.find_text('The tide is highest at ten')
        self.window.shot('starred')

        def starred():
            answer = self.window.server.command('doveadm', 'search', '-u', 'anna', 'mailbox', 'INBOX', 'FLAGGED',
                                                'UNSEEN')
            return answer['output'].strip() != ''
        self.screen.wait(starred, r'\Flagged on the server')

    def reply(self):
        self.screen.key('ctrl+r')
        send = self.window.shown(r'\bSend$', 'push button')
        body = self.window.shown('^Message text$', 'text')
        composer = self.screen.window_of(send)
        assert composer.get_name() == 'Re: Notes on the pier', composer.get_name()
        body = self.screen.find('^Message text$', 'text', within=composer)
        self.screen.wait(lambda: '> The tide is highest' in self.screen.text(body), 'the quote')
        # The caret stands above the quote: one can simply write.
        self.screen.type(WORDS)
        self.screen.wait(lambda: self.screen.text(body).startswith(WORDS), 'the words above the quote')
        self.window.shot('reply')
        self.screen.key('ctrl+Return')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the composer to close')

    def forward(self):
        self.screen.key('ctrl+l')
        send = self.window.shown(r'\bSend$', 'push button')
        composer = self.screen.window_of(send)
        assert composer.get_name() == 'Fwd: Notes on the pier', composer.get_name()
        body = self.screen.find('^Message text$', 'text', within=composer)
        self.screen.wait(lambda: 'The tide is highest' in self.screen.text(body), 'what is forwarded')
        self.window.shot('forward')
        self.screen.key('ctrl+w')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the composer to close')

    def folders_by_keyboard(self):
        """From the start of the window, without the pointer."""
        def on(name):
            node = self.screen.focused()
            return node is not None and node.get_role_name() == 'list item' and node.get_name().startswith(name)
        for _ in range(5):
            if on('Inbox'):
                break
            self.screen.key('Tab')
        self.screen.wait(lambda: on('Inbox'), 'the focus on the folder that is shown')
        self.screen.key('Down')
        self.screen.wait(lambda: on('Drafts'), 'the focus on the next one')
        self.screen.key('Up')
        self.screen.wait(lambda: on('Inbox'), 'the focus on the first one again')

    def the_echo_comes_by_push(self):
        self.window.shown('^unread.*Re: Notes on the pier', 'list item', seconds=30)
        self.window.shown('From Echo, Notes on the pier.*answered', 'list item')
        self.window.shot('echo')

    def read_the_echo(self):
        self.window.click('Re: Notes on the pier', 'list item')
        self.screen.find_text('has arrived')

    def file_it_by_menu(self):
        self.window.click('Re: Notes on the pier', 'list item', button=3)
        self.window.shown('Move to', 'menu item')
        self.window.shot('menu')
        self.screen.key('m')
        self.window.shown('Find a folder')
        self.screen.type('arch')
        self.window.shown('^Archive$', 'list item')
        self.window.shot('picker')
        self.screen.key('Return')
        self.window.shown('Re: Notes on the pier', 'list item', absent=True)
        self.window.shot('filed')
        self.the_list_has_the_focus()

    def the_list_has_the_focus(self):
        """After something of it went elsewhere, the next is under the keys."""
        self.screen.wait(lambda: (node := self.screen.focused()) is not None and node.get_role_name() == 'list item'
                         and re.search('^(unread, )?(starred, )?From ', node.get_name()), 'the focus in the list')

    def undo_and_file_again(self):
        self.screen.key('ctrl+z')
        self.window.click('Re: Notes on the pier', 'list item')
        self.screen.key('ctrl+k')
        self.window.shown('Re: Notes on the pier', 'list item', absent=True)
        self.the_list_has_the_focus()

    def it_is_there_on_the_server(self):
        def filed():
            answer = self.window.server.command('doveadm', 'search', '-u', 'anna', 'mailbox', 'Archive', 'SUBJECT',
                                                'pier')
            return answer['output'].strip() != ''
        self.screen.wait(filed, 'the message in Archive on the server')

    def find_it_again_without_the_server(self):
        self.window.click('^Archive$', 'list item')
        self.window.shown('Re: Notes on the pier', 'list item')
        self.window.quit()
        self.window.server.command('stop', 'smtp')
        self.window.server.command('stop', 'imap')
        self.window.start()
        # It opens where it was left.
        self.window.click('Re: Notes on the pier', 'list item')
        self.screen.find_text('has arrived')
        self.window.shown('Try Again$', 'push button')
        self.window.shot('offline')

    def the_server_comes_back(self):
        self.window.shown('Try Again$', 'push button', seconds=60)
        self.window.server.command('start', 'imap')
        self.window.server.command('start', 'smtp')
        # It may have tried again by itself in this moment.
        with contextlib.suppress(NotFound):
            self.window.click('Try Again$', 'push button', seconds=2)
        self.window.shown('Try Again$', 'push button', absent=True, seconds=60)
        self.window.quit()

    def steps(self):
        return [self.new_mail_comes_by_push, self.folders_by_keyboard, self.read_it, self.it_is_read_on_the_server,
                self.star_another_with_the_pointer, self.forward, self.reply, self.the_echo_comes_by_push,
                self.read_the_echo, self.file_it_by_menu, self.undo_and_file_again, self.it_is_there_on_the_server,
                self.find_it_again_without_the_server, self.the_server_comes_back]


def main():
    with session('--seed', 'anna:60') as window:
        return Tap(window, MainJob(window).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
