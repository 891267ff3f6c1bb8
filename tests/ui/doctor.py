#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection doctor in the window and, through it, in the terminal: by keyboard, copied, tested again, wide and
narrow, and from the banner of an account that is not let in.

    doctor.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import json
import sys

from uitest import Atspi, Tap, date, session
from screen import xdotool

LETTER = '''From: Berta <berta@example.test>
To: Anna <anna@example.test>
Subject: Something private
Date: {date}
Message-ID: <private@doctor.test>
Content-Type: text/plain; charset=utf-8

Words.
'''


class Doctor:
    def __init__(self, window, narrow=False):
        self.window = window
        self.screen = window.screen
        self.narrow = narrow

    def the_window_is_connected(self):
        self.window.server.deliver('anna', LETTER.format(date=date()))
        self.window.add_account()
        self.window.start()
        self.window.shown('Something private', 'list item', seconds=60)
        self.screen.wait(lambda: self.connection('watch')['state'] == 'watching', 'IDLE', 30)

    def search(self, node, fits):
        """The first below NODE; what is in a row is not found by the screen's own search."""
        if node is None or fits(node):
            return node
        children = (self.search(node.get_child_at_index(n), fits) for n in range(node.get_child_count()))
        return next((child for child in children if child is not None), None)

    def rows(self):
        frame = next((w for w in self.screen.windows() if w.get_name() == 'Connection'), None)
        return self.screen.find_all(role='list item', within=frame) if frame is not None else []

    def focused_row(self):
        """Its name: of the doctor's window, as the other one remembers a focus of its own."""
        return next((row.get_name() for row in self.rows() if self.search(
            row, lambda node: node.get_state_set().contains(Atspi.StateType.FOCUSED))), None)

    def unfolded(self, name):
        """The protocol lines that are shown in that row."""
        def fits(node):
            return node.get_role_name() == 'text' and node.get_extents(Atspi.CoordType.WINDOW).height > 0

        row = next((row for row in self.rows() if row.get_name() == name), None)
        lines = self.search(row, fits)
        return self.screen.text(lines) if lines is not None else ''

    def diagnosis(self):
        return json.loads(self.window.ternctl('--json', 'doctor'))[0]

    def connection(self, label):
        return next((c for c in self.diagnosis()['connections'] if c['label'] == label), {'state': None})

    def the_terminal_sees_its_connections(self):
        found = self.diagnosis()
        work, watch = self.connection('work'), self.connection('watch')
        assert found['online'] and work['state'] in ('open', 'watching'), found
        assert watch['mailbox'] == 'INBOX' and watch['bytes_in'] > 0 and watch['lines'], watch
        states = {e['name']: e['state'] for e in found['extensions']}
        assert states['IDLE'] == states['LIST-EXTENDED'] == 'used', states
        password = self.window.server.facts['users'][0]['password']
        assert password not in json.dumps(found), 'the password is in it'
        full = self.window.ternctl('doctor')
        report = self.window.ternctl('doctor', '--report')
        assert 'Something private' in full and 'Something private' not in report, report

    def it_opens_from_the_menu(self):
        if self.narrow:
            self.window.click('Back', 'push button')
            self.window.shown('^Inbox', 'list item')
        self.window.click('Main Menu', 'push button')
        self.window.shown('Connection…', 'menu item')
        self.window.shot('menu')
        self.screen.key('c')
        for words in ('Incoming mail', 'reached at', 'TLS 1', 'open, waits for news'):
            self.screen.find(words, 'list item', seconds=20)
        self.window.shot('open')

    def it_is_copied(self):
        self.screen.key('alt+c')
        self.screen.find_text('Copied, with addresses', seconds=10)

    def it_tests_again(self):
        self.screen.key('alt+t')
        self.screen.find('Both servers accept the login.', 'list item', seconds=30)
        self.window.shot('tested')

    def the_protocol_unfolds(self):
        """Its rows are the last ones: from the buttons back into the page."""
        self.screen.wait(lambda: not self.screen.find_all('Copied, with addresses'), 'the end of the toast', 20)
        self.screen.key('shift+Tab', 'shift+Tab')
        self.screen.wait(lambda: self.focused_row() == 'Test: Sending', 'the last row', 10)
        assert self.unfolded('Test: Sending') == '', 'it is folded'
        self.screen.key('Return')
        self.screen.wait(lambda: 'EHLO' in self.unfolded('Test: Sending'), 'unfolding', 10)
        self.screen.key('Tab')
        self.screen.wait(lambda: self.focused_row() == 'Test: Sending', 'the lines', 10)
        self.window.shot('protocol')

    def escape_closes_it(self):
        self.screen.key('Escape')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the end of the doctor', 10)

    def it_opens_from_the_banner(self):
        """Of an account whose server has gone, in a narrow window."""
        self.window.server.command('stop', 'imap')
        identity, *_ = self.screen.place_of(self.screen.windows()[0])
        xdotool('windowsize', '--sync', identity, 400, 720)
        self.screen.spot(self.window.shown('Try Again', 'push button', seconds=30))
        self.window.shot('banner')
        self.window.click('Connection…', 'push button')
        self.screen.find('Not connected', 'list item', seconds=20)
        assert self.diagnosis()['error']['code'] in ('unreachable', 'disconnected'), self.diagnosis()
        self.window.shot('away')
        self.screen.key('alt+t')
        self.screen.find('The test failed', 'list item', seconds=30)
        self.screen.find('not reached', 'list item', seconds=10)
        self.window.shot('failed-test')
        self.screen.key('Escape')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the end of the doctor', 10)
        self.window.quit()

    def steps(self):
        return [self.the_window_is_connected, self.the_terminal_sees_its_connections, self.it_opens_from_the_menu,
                self.it_is_copied, self.it_tests_again, self.the_protocol_unfolds, self.escape_closes_it,
                self.it_opens_from_the_banner]


def main():
    with session('--seed', 'anna:5') as window:
        return Tap(window, Doctor(window).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
