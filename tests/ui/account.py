#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of an account in the window: by pointer and keyboard, saved at once, and what they do. Then a second
account beside it.

    account.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import email
import json
import sys

from uitest import Tap, date, session
from screen import xdotool

FIRST, SECOND = 'anna@example.test', 'bob@example.test'
LETTER = '''From: Berta <berta@example.test>
To: Anna <anna@example.test>
Subject: Kept by and by
Date: {date}
Message-ID: <kept@account.test>
Content-Type: text/plain; charset=utf-8

Words.
'''

FOR_SECOND = '''From: Carl <carl@example.test>
To: Bob <bob@example.test>
Subject: To the second one
Date: {date}
Message-ID: <second@account.test>
Content-Type: text/plain; charset=utf-8

Who answers?
'''


class Account:
    def __init__(self, window):
        self.window = window
        self.screen = window.screen

    def account(self):
        address = self.window.server.facts['users'][0]['address']
        return json.loads(self.window.ternctl('--json', 'account', 'show', address))

    def body(self):
        return next(m['body'] for m in json.loads(self.window.ternctl('--json', 'list', 'INBOX'))
                    if m['subject'] == 'Kept by and by')

    def the_window_shows_a_message(self):
        self.window.server.deliver('anna', LETTER.format(date=date()))
        self.window.add_account()
        self.window.start()
        self.window.shown('Kept by and by', 'list item', seconds=60)

    def the_settings_open_from_the_menu(self):
        self.window.click('Main Menu', 'push button')
        self.window.shown('Account Settings…', 'menu item')
        self.screen.key('s')
        self.window.shown('Kept on This Computer', 'label', seconds=20)
        self.window.shot('open')

    def a_name_is_applied(self):
        self.screen.key('Tab')
        self.window.fill('Your Name', 'Anna the First')
        self.screen.key('Return')
        self.screen.wait(lambda: self.account()['name'] == 'Anna the First', 'the name', 20)

    def choose(self, name, *keys):
        """In a list that has no place in the accessible tree, but is a window of its own to the X server."""
        def windows():
            return len(xdotool('search', '--onlyvisible', '--name', '').split())

        before = windows()
        self.window.click(name, 'combo box')
        self.screen.wait(lambda: windows() > before, 'the list of choices', 10)
        self.window.shot('choices')
        self.screen.key(*keys)
        self.screen.wait(lambda: windows() == before, 'its end', 10)

    def what_is_kept_is_chosen(self):
        assert self.account()['keep_days'] == 0, self.account()
        # All mail, the last year, 90 days, 30 days, what was read.
        self.choose('Mail', 'Down', 'Return')
        self.screen.wait(lambda: self.account()['keep_days'] == 365, 'the days', 20)
        # Any size, 50 MiB, 10 MiB, 1 MiB.
        self.choose('Whole Messages', 'Down', 'Up', 'Return')
        self.screen.wait(lambda: self.account()['keep_size'] is None, 'the size', 20)
        self.screen.wait(lambda: self.body() == 'here', 'the message', 60)

    def it_fits_a_narrow_screen(self):
        frame = next(w for w in self.screen.windows() if w.get_name() == 'Account Settings')
        identity, *_ = self.screen.place_of(frame)
        xdotool('windowsize', '--sync', identity, 400, 640)
        self.window.shown('Whole Messages', 'combo box')
        self.window.shot('narrow')

    def escape_closes_it(self):
        self.screen.key('Escape')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'its end', 10)

    def inbox_of(self, address):
        """The row below the heading of that account, None while there is none."""
        rows = self.screen.find_all(role='list item', within=self.screen.find('^Folders$', 'list'))
        names = [row.get_name() for row in rows]
        if address not in names:
            return None
        return next((row for row in rows[names.index(address):] if row.get_name().startswith('Inbox')), None)

    def unread_is(self, address, number):
        self.screen.wait(lambda: (row := self.inbox_of(address)) and row.get_name() == f'Inbox, {number} unread',
                         f'{number} unread of {address}', 30)

    def unseen(self, user):
        return len(self.window.server.command('doveadm', 'search', '-u', user, 'mailbox', 'INBOX', 'UNSEEN')['output']
                   .splitlines())

    def a_second_account_has_its_own_numbers(self):
        before = self.unseen('anna')
        self.unread_is(FIRST, before)
        self.window.add_account(user=1, name='Bob Example')
        self.unread_is(SECOND, self.unseen('bob'))
        self.window.server.deliver('bob', FOR_SECOND.format(date=date()))
        self.unread_is(SECOND, self.unseen('bob'))
        self.unread_is(FIRST, before)
        assert self.unseen('bob') != before, 'the test tells nothing'
        self.window.shot('two')

    def the_one_that_got_it_answers(self):
        self.screen.click(self.inbox_of(SECOND))
        self.window.click('To the second one', 'list item')
        self.screen.find_text('Who answers')
        self.screen.key('ctrl+r')
        self.window.shown(r'\bSend$', 'push button')
        self.window.shot('answer')
        self.screen.key('ctrl+Return')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the composer to close')

        def answer():
            return self.window.server.command('doveadm', 'fetch', '-u', 'carl', 'hdr', 'mailbox', 'INBOX',
                                              'all')['output'].removeprefix('hdr:\n')
        headers = email.message_from_string(self.screen.wait(answer, 'the answer', 30))
        assert headers['From'] == f'Bob Example <{SECOND}>', headers.items()
        assert headers['To'] == 'Carl <carl@example.test>', headers.items()

    def both_in_trouble_are_told(self):
        self.window.server.command('stop', 'imap')
        self.screen.find_text(f'^{FIRST}: .* And 1 more account is not connected', seconds=30)
        self.window.shot('both')
        self.window.server.command('start', 'imap')
        self.window.shown('Try Again$', 'push button', absent=True, seconds=90)
        self.window.quit()

    def steps(self):
        return [self.the_window_shows_a_message, self.the_settings_open_from_the_menu, self.a_name_is_applied,
                self.what_is_kept_is_chosen, self.it_fits_a_narrow_screen, self.escape_closes_it,
                self.a_second_account_has_its_own_numbers, self.the_one_that_got_it_answers,
                self.both_in_trouble_are_told]


def main():
    with session('--users', 'anna,bob,carl', '--seed', 'anna:5', '--seed', 'bob:12') as window:
        return Tap(window, Account(window).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
