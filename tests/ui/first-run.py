#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first run: no account; the assistant with a wrong password, then with the right one.

    first-run.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]

The assistant trusts the system's authorities only, so the program runs where the server's own stands in for them.
"""

import os
import subprocess
import sys

from uitest import Tap, session

AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt'


def with_authority(ca_file):
    unshare = ['unshare', '--mount']
    if os.geteuid() != 0:
        unshare += ['--map-current-user', '--keep-caps']
    return [*unshare, 'sh', '-c', f'mount --bind "$1" {AUTHORITIES} && shift && exec "$@"', 'sh', ca_file]


class FirstRun:
    def __init__(self, window, wrap):
        self.window = window
        self.screen = window.screen
        self.wrap = wrap

    def it_offers_to_add_an_account(self):
        self.window.start(*self.wrap)
        self.window.shown('Welcome to Tern', seconds=60)
        self.window.shot('welcome')
        self.window.click('Add Account$', 'push button')
        self.window.shown('^Mail Address$', 'text')
        self.window.shot('identity')

    def cancel_works(self):
        self.screen.key('Escape')
        self.window.shown('^Mail Address$', 'text', absent=True)
        self.window.click('Add Account$', 'push button')

    def servers_are_guessed(self):
        user = self.window.server.facts['users'][0]
        self.window.fill('^Your Name$', 'Anna Example')
        self.window.fill('^Mail Address$', user['address'])
        self.window.fill('^Password$', 'not the password')
        self.screen.key('Return')
        host = self.window.shown('^IMAP Server$', 'text')
        assert self.screen.text(host) == 'imap.example.test', self.screen.text(host)
        self.window.shot('guess')

    def an_unknown_host_is_named(self):
        self.window.click('Connect$', 'push button')
        self.screen.find_text('imap.example.test', seconds=60)
        self.window.shot('unknown-host')

    def a_wrong_password_is_told(self):
        facts = self.window.server.facts
        self.window.fill('^IMAP Server$', facts['host'])
        self.window.fill('^IMAP Port$', str(facts['imap']))
        self.window.fill('^SMTP Server$', facts['host'])
        self.window.fill('^SMTP Port$', str(facts['smtp']))
        self.window.click('Connect$', 'push button')
        self.screen.find_text('(?i)password', seconds=60)
        self.screen.find_text('(?i)refused|server says', seconds=60)
        # Who has no pointer can go on from here.
        self.screen.wait(self.screen.focused, 'the focus anywhere')
        self.window.shot('wrong-password')
        assert self.window.ternctl('--json', 'account', 'list').strip() in ('[]', ''), 'something was saved'

    def the_right_one_opens_the_mail(self):
        self.window.click('^Back$', 'push button')
        self.window.fill('^Password$', self.window.server.facts['users'][0]['password'])
        self.screen.key('Return')
        self.window.click('Connect$', 'push button')
        self.window.shown('From ', 'list item', seconds=60)
        self.window.shot('mail')

    def it_is_there_after_a_restart(self):
        self.window.quit()
        self.window.start(*self.wrap)
        self.window.shown('From ', 'list item', seconds=60)
        self.window.quit()

    def steps(self):
        return [self.it_offers_to_add_an_account, self.cancel_works, self.servers_are_guessed,
                self.an_unknown_host_is_named, self.a_wrong_password_is_told, self.the_right_one_opens_the_mail,
                self.it_is_there_after_a_restart]


def main():
    with session('--seed', 'anna:20') as window:
        wrap = with_authority(window.server.facts['ca_file'])
        if subprocess.run([*wrap, 'true'], check=False, stderr=subprocess.DEVNULL).returncode != 0:
            print('1..0 # SKIP no mount namespace here')
            return 0
        return Tap(window, FirstRun(window, wrap).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
