#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real Dovecot or Cyrus has beyond the basics, as far as ternctl shows it. TAP on standard output.

Usage: test-ternctl-extensions.py TERNCTL
"""

import datetime
import imaplib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

from ternctl import DEADLINE, MailServer, Ternctl, check, run_tests, user  # noqa: E402


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


def test_comments(ctl, server):
    """What the server's people say of INBOX (METADATA), in the doctor and only there; Dovecot has it not."""
    cyrus = server.facts['imap_server'] == 'cyrus'
    if cyrus:
        with imaplib.IMAP4('127.0.0.1', server.facts['imap_starttls']) as imap:
            imap.login(user(server, 0)['address'], 'geheim')
            imaplib.Commands['SETMETADATA'] = ('AUTH',)
            imap._simple_command('SETMETADATA', 'INBOX', '(/shared/comment "For invoices")')
    # There is no server to send by, so the test ends with a fault.
    found, = json.loads(ctl.start('--json', 'doctor', '--test').communicate(timeout=DEADLINE)[0])
    tested = [c for c in found['test']['connections'] if c['protocol'] == 'imap']
    check([c['comments'] for c in tested] == [['For invoices'] if cyrus else []], f'said: {tested}')
    check(all(c['comments'] == [] for c in found['connections']), f'not asked for elsewhere: {found}')
    states = {e['name']: e['state'] for e in found['extensions']}
    check(states.get('METADATA') == ('used' if cyrus else None), f'{states}')
    check(states.get('CREATE-SPECIAL-USE') == ('offered' if cyrus else None), f'{states}')
    out, _ = ctl.start('doctor', '--test').communicate(timeout=DEADLINE)
    check(('For invoices' in out.decode()) == cyrus, out.decode())


def main():
    server = MailServer('--users', 'anna', '--no-postfix', '--password', 'geheim')
    ctl = Ternctl(sys.argv[1])
    try:
        facts = server.facts
        ctl.json('account', 'add', user(server, 0)['address'], '--imap', f'{facts["host"]}:{facts["imap"]}',
                 '--smtp', f'{facts["host"]}:9', '--ca-file', facts['ca_file'], '--password-stdin', '--no-test',
                 stdin=user(server, 0)['password'] + '\n')
        return run_tests([test_saved, test_comments], ctl, server)
    finally:
        ctl.close()
        server.close()


if __name__ == '__main__':
    sys.exit(main())
