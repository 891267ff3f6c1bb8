#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real disk that is full while the mail of a real Dovecot is fetched and while a message is sent. TAP.

The disk is a small tmpfs in a mount namespace of this test's own.

Usage: test-disk-full.py TERNCTL
"""

import base64
import json
import os
import subprocess
import sys
from types import SimpleNamespace

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

from ternctl import DEADLINE, MailServer, Ternctl, add_account, check, run_tests, user  # noqa: E402

MESSAGES = 4000
LETTER = 'To: bob@example.test\nFrom: anna@example.test\nSubject: Full\n\nWords.\n'


def inbox(ctl):
    return next(folder for folder in ctl.json('folders') if folder['role'] == 'inbox')


def fill(ctl):
    """Takes what is left."""
    with open(f'{ctl.home}/data/ballast', 'wb', buffering=0) as ballast:
        try:
            while True:
                ballast.write(b'x' * 4096)
        except OSError:
            pass


def test_it_opens_and_says_so(ctl, server):
    add_account(ctl, server, 0, extra=('--no-test',))
    fill(ctl)
    check(len(ctl.json('account', 'list')) == 1 and ctl.json('outbox') == [], 'it opens')
    error = ctl.error('sync', code=74)
    check(error['account'] == user(server, 0)['address'] or user(server, 0)['address'] in error['message'], error)
    check('is full' in error['message'] and error['retry'] != 'never', error)


def test_what_is_here_stays(ctl, server):
    # Half of the ballast makes room for some.
    os.truncate(f'{ctl.home}/data/ballast', os.path.getsize(f'{ctl.home}/data/ballast') // 2)
    error = ctl.error('sync', code=74)
    check('is full' in error['message'], error)
    here = inbox(ctl)['total']
    check(0 < here < MESSAGES, f'{here} messages')
    listed = ctl.json('list', 'INBOX', '--limit', str(MESSAGES))
    check(len(listed) == here and len({message['uid'] for message in listed}) == here, f'{len(listed)}, {here}')


def test_there_is_room_for_an_answer(ctl, server):
    check(ctl.json('send', '--no-wait', stdin=LETTER)['state'] == 'queued', 'it is queued')
    # It is done here. The server has it at once, or when the account goes on: that depends on whether the sync, which
    # ends for want of room, comes first.
    identity = str(ctl.json('list', 'INBOX', '--limit', '1')[0]['id'])
    flag = ctl.start('flag', identity, '+flagged', '-seen')
    _, err = flag.communicate(timeout=DEADLINE)
    state = ctl.json('operations', '--limit', '1')[0]['state']
    check(flag.returncode == 75 or (flag.returncode == 0 and state == 'confirmed'), f'{flag.returncode}, {state}: {err}')
    check(ctl.json('list', 'INBOX', '--limit', '1')[0]['flags'] == ['flagged'], 'flagged')


def test_nothing_is_sent_that_cannot_be_kept(ctl, server):
    fill(ctl)
    noise = base64.encodebytes(os.urandom(2 * 1024 * 1024)).decode()
    error = ctl.error('send', '--no-wait', stdin=LETTER + noise, code=74)
    check('is full' in error['message'], error)
    check(len(ctl.json('outbox')) == 1, 'nothing new in the outbox')


def test_room_brings_the_rest(ctl, server):
    os.unlink(f'{ctl.home}/data/ballast')
    os.unlink(f'{ctl.home}/data/stone')
    ctl.json('sync')
    listed = ctl.json('list', 'INBOX', '--limit', str(2 * MESSAGES))
    check(len(listed) == MESSAGES, f'{len(listed)} messages')
    check(len({message['uid'] for message in listed}) == MESSAGES, 'each once')
    check(ctl.json('send', '--no-wait', stdin=LETTER)['state'] == 'queued', 'it is queued now')


TESTS = [test_it_opens_and_says_so, test_what_is_here_stays, test_there_is_room_for_an_answer,
         test_nothing_is_sent_that_cannot_be_kept, test_room_brings_the_rest]


def test_all(facts):
    """In the mount namespace."""
    ctl = Ternctl(sys.argv[1])
    os.mkdir(f'{ctl.home}/data')
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64m,mode=700', 'tmpfs', f'{ctl.home}/data'], check=True)
    # A mount may not always be changed by who made it: this takes most of it away until the end.
    with open(f'{ctl.home}/data/stone', 'wb') as stone:
        os.posix_fallocate(stone.fileno(), 0, 52 * 1024 * 1024)
    try:
        return run_tests(TESTS, ctl, SimpleNamespace(facts=facts))
    finally:
        subprocess.run(['umount', f'{ctl.home}/data'], check=True)
        ctl.close()


def main():
    if 'TERN_SERVER_FACTS' in os.environ:
        return test_all(json.loads(os.environ['TERN_SERVER_FACTS']))
    # Outside: where a person seems to be root, nothing may be given to Dovecot's own users.
    server = MailServer('--users', 'anna,bob', '--no-postfix', '--seed', f'anna:{MESSAGES}')
    rights = [] if os.geteuid() == 0 else ['--map-root-user']
    try:
        return subprocess.run(['unshare', '--mount', *rights, sys.executable, *sys.argv], check=False,
                              env=dict(os.environ, TERN_SERVER_FACTS=json.dumps(server.facts))).returncode
    finally:
        server.close()


sys.exit(main())
