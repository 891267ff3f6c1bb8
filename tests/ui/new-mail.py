#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""New mail as a desktop notification: what was there already makes none; a new message makes one, with sender and
subject, that opens exactly that message; it goes when the message is read, here or elsewhere; many at once are one.

    new-mail.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import imaplib
import ssl
import subprocess
import sys
import time

from uitest import Tap, date, session
from notifications import Notifications
from screen import xdotool

LETTER = '''From: {sender} <{address}>
To: Anna <anna@example.test>
Subject: {subject}
Date: {date}
Message-ID: <{number}@notify.test>
Content-Type: text/plain; charset=utf-8

These are the words of {subject}.
'''
MANY = 30


class NewMail:
    def __init__(self, window):
        self.window = window
        self.screen = window.screen
        self.number = 0
        self.started = time.monotonic()
        self.notifications = Notifications(window.desktop, 'freedesktop')

    def deliver(self, sender, subject):
        """Each stands below the one before, so that none pushes another out of view."""
        self.number += 1
        self.window.server.deliver('anna', LETTER.format(sender=sender, address=f'{sender.lower()}@example.test',
                                                         subject=subject, number=self.number,
                                                         date=date(time.monotonic() - self.started + self.number)))

    def one(self, title, body, seconds=10):
        return self.screen.wait(lambda: next((n for n in self.notifications.standing()
                                              if (n['title'], n['body']) == (title, body)), None),
                                f'the notification "{title}: {body}"', seconds)

    def none(self, what):
        self.screen.wait(lambda: not self.notifications.standing(), what)

    def elsewhere(self, *criteria):
        r"""Another client of the same mailbox sets \Seen."""
        facts, user = self.window.server.facts, self.window.server.facts['users'][0]
        context = ssl.create_default_context(cafile=facts['ca_file'])
        with imaplib.IMAP4_SSL(facts['host'], facts['imap'], ssl_context=context) as other:
            other.login(user['address'], user['password'])
            other.select('INBOX')
            found = other.uid('SEARCH', *criteria)[1][0].split()
            assert found, f'the server finds nothing for {criteria}'
            other.uid('STORE', b','.join(found).decode(), '+FLAGS.SILENT', r'(\Seen)')

    def what_was_there_makes_none(self):
        self.window.add_account()
        self.window.start()
        self.window.shown('^Inbox', 'list item', seconds=60)
        self.window.click('From ', 'list item')
        # Everything is listed, and a push comes through: had there been one for the old, it would be here before.
        self.window.ternctl('sync')
        assert self.notifications.shown() == 0, self.notifications.standing()

    def a_new_one_is_told_at_once(self):
        self.window.click('^Sent$', 'list item')
        self.deliver('Berta', 'The ferry is late')
        delivered = time.monotonic()
        told = self.one('Berta', 'The ferry is late')
        assert told['at'] - delivered < 2, f'{told["at"] - delivered:.1f} s after it was delivered'
        print(f'# told {told["at"] - delivered:.2f} s after it was delivered')
        assert self.notifications.shown() == 1, self.notifications.standing()

    def its_action_opens_that_message(self):
        self.deliver('Carl', 'Another matter')
        self.one('Carl', 'Another matter')
        frame, *_ = self.screen.place_of(self.screen.windows()[0])
        xdotool('windowminimize', '--sync', frame)
        self.notifications.activate(self.one('Berta', 'The ferry is late'))
        self.screen.find_text('These are the words of The ferry is late')
        self.screen.wait(lambda: self.active() == frame, 'the window in front')
        self.window.shot('opened')
        # That one only.
        self.one('Carl', 'Another matter')
        self.window.shown('^unread.*Another matter', 'list item')
        self.window.shown('^unread.*The ferry is late', 'list item', absent=True)

    def active(self):
        try:
            return xdotool('getactivewindow')
        except subprocess.CalledProcessError:
            return None

    def reading_it_in_the_window_takes_it_back(self):
        self.window.click('Another matter', 'list item')
        self.none('the end of the notification of what was read')

    def reading_it_elsewhere_takes_it_back(self):
        self.deliver('Dora', 'Read on the telephone')
        self.one('Dora', 'Read on the telephone')
        self.elsewhere('SUBJECT', '"Read on the telephone"')
        self.none('the end of the notification of what was read elsewhere')

    def many_are_one(self):
        before = self.notifications.shown()
        for number in range(MANY):
            self.deliver('Emil', f'Number {number + 1}')
        self.one(f'{MANY} new messages', '', 20)
        assert [n['title'] for n in self.notifications.standing()] == [f'{MANY} new messages'], \
            self.notifications.standing()
        shown = self.notifications.shown() - before
        print(f'# {shown} shown for {MANY} messages')
        assert shown <= 6, f'{shown} were shown'
        self.elsewhere('SUBJECT', '"Number"', 'NOT', 'SUBJECT', '"Number 7"')
        self.one('1 new message', '')
        self.elsewhere('SUBJECT', '"Number 7"')
        self.none('the end of the notification of many that were read')

    def gnome_is_told_the_same(self):
        self.window.quit()
        with Notifications(self.window.desktop, 'gtk') as self.notifications:
            self.window.start()
            self.window.click('^Sent$', 'list item')
            self.deliver('Frieda', 'Over the other bridge')
            self.notifications.activate(self.one('Frieda', 'Over the other bridge', 20))
            self.screen.find_text('These are the words of Over the other bridge')
            self.deliver('Gustav', 'A last one')
            self.one('Gustav', 'A last one')
            self.elsewhere('SUBJECT', '"A last one"')
            self.none('the end of the notification of what was read elsewhere')
            self.window.quit()

    def steps(self):
        return [self.what_was_there_makes_none, self.a_new_one_is_told_at_once, self.its_action_opens_that_message,
                self.reading_it_in_the_window_takes_it_back, self.reading_it_elsewhere_takes_it_back,
                self.many_are_one, self.gnome_is_told_the_same]


def main():
    with session('--seed', 'anna:60') as window:
        return Tap(window, NewMail(window).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
