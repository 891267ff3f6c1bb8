#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A slow link and a server that does not push: a bar while mail is fetched, and mail comes when it is asked for. A large
attachment: it is said that it is not here, how far it has come, and it can be cancelled.

    downloads.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import base64
import os
import random
import re
import sys
import threading

from uitest import Atspi, Tap, date, session

from imapproxy import ImapProxy

SIZE = 6_000_000
LETTER = '''From: Carl <carl@example.test>
To: anna@example.test
Subject: The film of the tour
Date: {date}
Message-ID: <film@example.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

It is large.
--b
Content-Type: video/mp4; name="Over the pass.mp4"
Content-Disposition: attachment; filename="Over the pass.mp4"
Content-Transfer-Encoding: base64

{film}--b
Content-Type: text/plain; name=places.txt
Content-Disposition: attachment; filename=places.txt

here and there
--b--
'''
OTHER = '''From: Berta <berta@example.test>
To: anna@example.test
Subject: Only words
Date: {date}
Message-ID: <words@example.test>

These few.
'''
RANGE = re.compile(r'UID FETCH .*BODY\.PEEK\[2\]<(\d+)\.')


class Downloads:
    def __init__(self, window):
        self.window = window
        self.screen = window.screen
        self.film = random.Random(1).randbytes(SIZE)
        self.proxy = ImapProxy(window.server.facts)
        self.proxy.on_command = self.command
        self.proxy.on_response = self.response
        self.go_on = threading.Event()  # with what the server is asked for
        self.offsets = []
        self.refuse = False
        self.target = os.path.join(window.desktop.env['HOME'], 'film.mp4')

    def response(self, line, connection):
        """Without a way to push, the account asks every two minutes."""
        return re.sub(rb' (IDLE|NOTIFY)\b', b'', line) if b'CAPABILITY ' in line else line

    def command(self, text, connection):
        if text.startswith('UID FETCH '):
            self.go_on.wait(60)
        found = RANGE.match(text)
        if not found:
            return None
        self.offsets.append(int(found.group(1)))
        return b'NO [NOPERM] This film is not for you' if self.refuse else None

    def row(self):
        return self.window.shown('^Over the pass', 'list item')

    def button(self, name):
        return self.screen.find(f'^{name} .*Over the pass', 'push button', within=self.row())

    def told(self, pattern, seconds=20):
        return self.screen.wait(lambda: re.search(pattern, self.row().get_name()), f'a row that says "{pattern}"',
                                seconds)

    def focus_is(self, name):
        """What is in a row is only found within it."""
        self.screen.wait(lambda: self.button(name).get_state_set().contains(Atspi.StateType.FOCUSED),
                         f'the keyboard on the button to {name}', 10)

    def save(self):
        self.screen.click(self.button('Save'))
        self.screen.wait(lambda: len(self.screen.windows()) == 2, 'the file chooser')
        self.screen.key('ctrl+a')
        self.screen.type(self.target)
        self.screen.key('Return')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the file chooser to close')

    def a_bar_while_mail_is_fetched(self):
        facts = self.window.server.facts
        # Only what goes through the proxy is the test's.
        self.window.server.facts = dict(facts, imap=self.proxy.port)
        self.window.add_account()
        self.window.server.facts = facts
        self.window.server.deliver('anna', OTHER.format(date=date(60)))
        self.window.start()
        self.window.shown('^Fetching mail$', 'progress bar', seconds=60)
        self.window.shot('fetching')
        self.go_on.set()
        self.window.shown('Only words', 'list item')
        self.window.shown('^Fetching mail$', 'progress bar', absent=True)

    def new_mail_comes_when_asked_for(self):
        film = base64.encodebytes(self.film).decode()
        self.window.server.deliver('anna', LETTER.format(date=date(), film=film))
        self.window.click('Main Menu', 'push button')
        self.window.shown('^Refresh$', 'menu item')
        assert not self.screen.find_all('The film of the tour', 'list item'), 'it was pushed'
        self.screen.key('r')
        self.window.shown('The film of the tour', 'list item', seconds=30)
        self.window.server.deliver('anna', OTHER.replace('Only words', 'Other words').format(date=date(30)))
        self.screen.key('F5')
        self.window.shown('Other words', 'list item', seconds=30)

    def it_is_not_here(self):
        self.window.click('The film of the tour', 'list item')
        self.window.shown('^Over the pass', 'list item', seconds=60)
        self.told('6.0.MB · not downloaded')
        assert self.offsets == [], self.offsets
        self.window.shot('not-here')

    def it_is_cancelled_with_a_key(self):
        self.proxy.rate = 300_000
        self.save()
        self.told(r'[1-9.]+.MB of 6.0.MB')
        self.screen.find('^Over the pass', 'progress bar', within=self.row())
        self.focus_is('Cancel')
        self.window.shot('under-way')
        self.screen.key('space')
        self.told('6.0.MB · not downloaded')
        self.focus_is('Save')
        assert not os.path.exists(self.target), 'half a file'
        self.window.shot('cancelled')

    def another_message_is_read_meanwhile(self):
        before = len(self.offsets)
        self.save()
        self.told(r'.MB of 6.0.MB')
        assert self.offsets[before] > 0, f'from the beginning: {self.offsets}'
        self.window.click('Only words', 'list item')
        self.screen.find_text('These few', seconds=5)
        assert not os.path.exists(self.target) or os.path.getsize(self.target) == 0, 'the film came first'
        self.window.click('The film of the tour', 'list item')
        self.told(r'.MB of 6.0.MB')
        self.window.shot('still-under-way')
        self.screen.click(self.button('Cancel'))
        self.told('not downloaded')

    def a_refusal_is_told(self):
        self.proxy.rate = None
        self.refuse = True
        self.save()
        self.screen.find_text('does not allow this', within=self.row())
        self.window.shot('refused')
        self.refuse = False

    def it_is_here(self):
        self.save()
        self.window.shown('“film.mp4” was saved')
        with open(self.target, 'rb') as file:
            assert file.read() == self.film, 'other bytes'
        self.screen.wait(lambda: 'not downloaded' not in self.row().get_name(), 'the row to say that it is here')
        assert self.screen.find_all('^Cancel', 'push button', within=self.row()) == []
        assert self.offsets.count(0) == 1, f'the beginning came again: {self.offsets}'
        self.window.shot('here')
        self.window.quit()

    def steps(self):
        return [self.a_bar_while_mail_is_fetched, self.new_mail_comes_when_asked_for, self.it_is_not_here,
                self.it_is_cancelled_with_a_key, self.another_message_is_read_meanwhile, self.a_refusal_is_told,
                self.it_is_here]


def main():
    with session('--seed', 'anna:20') as window:
        downloads = Downloads(window)
        try:
            return Tap(window, downloads.steps()).run()
        finally:
            downloads.go_on.set()
            downloads.proxy.close()


if __name__ == '__main__':
    sys.exit(main())
