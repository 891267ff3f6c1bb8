#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same account from a terminal while the window is open: the window follows within a second. Mail that cannot leave
is told in the window, with the way to mend it, in a wide and in a narrow one.

    terminal.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import json
import re
import sys

from uitest import Tap, date, session
from screen import xdotool

LETTER = '''From: Berta <berta@example.test>
To: Anna <anna@example.test>
Subject: {subject}
Date: {date}
Message-ID: <{number}@terminal.test>
Content-Type: text/plain; charset=utf-8

Words.
'''


class Terminal:
    def __init__(self, window):
        self.window = window
        self.screen = window.screen

    def ternctl(self, *words, text=None):
        self.window.ternctl(*words, text=text)

    def follows(self, name, absent=False):
        """The window shows it, or does not any more, by itself. How soon is measured by tests/bench: here most of the
        time goes into reading the accessible tree."""
        self.window.shown(name, 'list item', seconds=10, absent=absent)

    def identity(self, subject, folder='INBOX'):
        listed = json.loads(self.window.ternctl('--json', 'list', folder))
        return str(next(message['id'] for message in listed if message['subject'] == subject))

    def the_window_is_open(self):
        for number, subject in enumerate(('First of all', 'The second thing', 'Third time')):
            self.window.server.deliver('anna', LETTER.format(subject=subject, number=number, date=date(60 - number)))
        self.window.add_account('--no-test', smtp_password='not this one')
        self.window.start()
        self.window.shown('^Inbox', 'list item', seconds=60)
        for subject in ('First of all', 'The second thing', 'Third time'):
            self.window.shown(f'^unread.*{subject}', 'list item', seconds=60)

    def flags(self):
        self.ternctl('flag', self.identity('First of all'), '+seen', '+flagged')
        self.follows('^starred, From Berta, First of all')

    def archives(self):
        self.ternctl('archive', self.identity('First of all'))
        self.follows('First of all', absent=True)

    def moves_and_moves_back(self):
        self.ternctl('move', self.identity('The second thing'), 'Archive')
        self.follows('The second thing', absent=True)
        self.ternctl('move', self.identity('The second thing', 'Archive'), 'INBOX')
        self.follows('The second thing')

    def trashes(self):
        self.ternctl('trash', self.identity('Third time'))
        self.follows('Third time', absent=True)

    def syncs(self):
        self.window.server.deliver('anna', LETTER.format(subject='Late arrival', number=30, date=date()))
        self.ternctl('sync', '--folder', 'INBOX')
        self.follows('^unread.*Late arrival')

    def banner(self, text):
        return self.screen.find_text(text, seconds=20)

    def mail_that_cannot_leave_is_told(self):
        self.ternctl('send', '--no-wait', '--to', 'bob@example.test', '--subject', 'Held up', text='Words.\n')
        self.banner(r'^1 message of anna@example\.test waits to be sent\. .*refused the user name or the password')
        self.ternctl('send', '--no-wait', '--to', 'bob@example.test', '--subject', 'As well', text='Words.\n')
        self.banner(r'^2 messages of anna@example\.test wait to be sent\.')
        self.window.shot('wide')

    def and_so_in_a_narrow_window(self):
        identity, *_ = self.screen.place_of(self.screen.windows()[0])
        xdotool('windowsize', '--sync', identity, 400, 720)
        self.screen.wait(lambda: re.search(r'WIDTH=4\d\d', xdotool('getwindowgeometry', '--shell', identity)),
                         'the narrow window')
        # Its animations are over when the button has come to rest.
        self.screen.spot(self.window.shown('Sign In', 'push button'))
        self.window.shot('narrow')

    def the_way_to_mend_it(self):
        self.window.click('Sign In', 'push button')
        self.screen.wait(lambda: len(self.screen.windows()) == 2, 'the window to sign in')
        self.window.shot('sign-in')
        self.screen.key('Escape')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'that window to close')
        self.window.quit()

    def steps(self):
        return [self.the_window_is_open, self.flags, self.archives, self.moves_and_moves_back, self.trashes, self.syncs,
                self.mail_that_cannot_leave_is_told, self.and_so_in_a_narrow_window, self.the_way_to_mend_it]


def main():
    with session() as window:
        return Tap(window, Terminal(window).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
