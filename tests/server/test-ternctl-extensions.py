#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real Dovecot or Cyrus has beyond the basics, as far as ternctl shows it. TAP on standard output.

Usage: test-ternctl-extensions.py TERNCTL
"""

import datetime
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

from ternctl import MailServer, Ternctl, check, run_tests, user  # noqa: E402


def append(ctl, server, subject):
    path = f'{ctl.home}/message'
    with open(path, 'wb') as file:
        file.write(f'From: Carl <carl@example.test>\r\nTo: anna@example.test\r\nSubject: {subject}\r\n'
                   f'Message-ID: <{subject}@example.test>\r\nDate: Thu, 01 Jan 2026 10:00:00 +0000\r\n\r\n'
                   'Hello\r\n'.encode())
    server.command(f'append anna INBOX {path}')
    ctl.run('sync')
    found = [m for m in ctl.json('list', 'INBOX') if m['subject'] == subject]
    check(len(found) == 1, f'one message {subject}')
    return str(found[0]['id'])


def arrival(ctl, message):
    entries = [e for m in ctl.json('why', message) for e in m['events'] if e['event'] == 'arrived']
    check(len(entries) == 1, f'one arrival: {entries}')
    return entries[0]


def test_saved(ctl, server):
    """When a new message was put into its folder (SAVEDATE); of what was there at first it is not asked."""
    first = append(ctl, server, 'first')
    before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    new = append(ctl, server, 'new')
    entry = arrival(ctl, new)
    saved = datetime.datetime.fromisoformat(entry['saved'])
    check(abs((saved - before).total_seconds()) < 60, f'put there when it was: {entry} {before}')
    check('It was put there on ' in entry['text'], f'said so: {entry}')
    entry = arrival(ctl, first)
    check('saved' not in entry and 'put there on' not in entry['text'], f'not asked for: {entry}')


def main():
    server = MailServer('--users', 'anna', '--no-postfix', '--password', 'geheim')
    ctl = Ternctl(sys.argv[1])
    try:
        facts = server.facts
        ctl.json('account', 'add', user(server, 0)['address'], '--imap', f'{facts["host"]}:{facts["imap"]}',
                 '--smtp', f'{facts["host"]}:9', '--ca-file', facts['ca_file'], '--password-stdin', '--no-test',
                 stdin=user(server, 0)['password'] + '\n')
        return run_tests([test_saved], ctl, server)
    finally:
        ctl.close()
        server.close()


if __name__ == '__main__':
    sys.exit(main())
