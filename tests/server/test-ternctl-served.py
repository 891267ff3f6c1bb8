#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""While one ternctl watches and there is a session bus, the others have it do their work. TAP on standard output.

Usage: test-ternctl-served.py TERNCTL
"""

import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

from ternctl import DEADLINE, MailServer, Ternctl, Watch, add_account, check, run_tests, user, wait_for  # noqa: E402


def start_watch(ctl):
    return Watch(ctl, 'watch')


def wait_served(watch):
    """What the first line says is said by an engine that serves."""
    wait_for('the first line', lambda: watch.lines)


def test_add(ctl, server):
    add_account(ctl, server, 0)
    check(ctl.json('sync')[0]['added'] == 12, 'sync')


def test_reading(ctl, server):
    messages = ctl.json('list', 'INBOX')
    number = str(messages[0]['id'])
    accounts, folders = ctl.json('account', 'list'), ctl.json('folders')
    text = ctl.json('show', number)['text']
    with start_watch(ctl) as watch:
        wait_served(watch)
        check([m['id'] for m in ctl.json('list', 'INBOX')] == [m['id'] for m in messages], 'list')
        check([a['account'] for a in ctl.json('account', 'list')] == [a['account'] for a in accounts], 'accounts')
        check([f['path'] for f in ctl.json('folders')] == [f['path'] for f in folders], 'folders')
        check(ctl.json('show', number)['text'] == text, 'show')
        check(ctl.json('why', number)[0]['id'] == int(number), 'why')
        check(ctl.error('show', '999999', code=66)['code'] == 'not-found', 'show of nothing')
    check(watch.process.returncode == 130, watch.errors)


def test_changing(ctl, server):
    """What is asked for by one is told by the other."""
    number = ctl.json('list', 'INBOX')[0]['id']
    with start_watch(ctl) as watch:
        wait_served(watch)
        check(ctl.json('flag', str(number), '+$Tea')['state'] == 'done', 'flag')
        wait_for('the event', lambda: any(x.startswith('changed') and x.endswith(f'\t{number}') for x in watch.lines))
        sent = ctl.json('send', '--to', user(server, 1)['address'], '--subject', 'served', stdin='Hello.\n')
        check(sent['state'] == 'done', sent)
    check('$Tea' in ctl.json('list', 'INBOX')[0]['flags'], 'it stays')


def test_second_watch(ctl, server):
    """It ends with the one that serves it, and so does what it left."""
    with start_watch(ctl) as first:
        wait_served(first)
        with start_watch(ctl) as second:
            wait_served(second)
            first.process.send_signal(signal.SIGINT)
            first.process.wait(DEADLINE)
            second.process.wait(DEADLINE)
    check((first.process.returncode, second.process.returncode) == (130, 130),
          (first.process.returncode, second.process.returncode, first.errors, second.errors))
    check(len(ctl.json('list', 'INBOX')) == 12, 'nobody has the store')


def test_other_mail(ctl, server):
    """Another one's mail on the same bus is not served by it."""
    other = Ternctl(ctl.program)
    other.env['DBUS_SESSION_BUS_ADDRESS'] = ctl.env['DBUS_SESSION_BUS_ADDRESS']
    try:
        with start_watch(ctl) as watch:
            wait_served(watch)
            check(other.json('account', 'list') == [], 'the accounts of somebody else')
    finally:
        other.close()


def test_killed(ctl, server):
    with start_watch(ctl) as watch:
        wait_served(watch)
        watch.process.kill()
        watch.process.wait(DEADLINE)
    check(len(ctl.json('list', 'INBOX')) == 12, 'after a crash')


TESTS = [test_add, test_reading, test_changing, test_second_watch, test_other_mail, test_killed]


def main():
    if not shutil.which('dovecot', path='/usr/sbin:/usr/bin') or not shutil.which('postfix', path='/usr/sbin:/usr/bin'):
        print('1..0 # SKIP no Dovecot or no Postfix here')
        return
    bus = subprocess.Popen(['dbus-daemon', '--session', '--nofork', '--print-address'], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True)
    server = MailServer('--users', 'anna,bob', '--seed', '12:INBOX')
    ctl = Ternctl(sys.argv[1])
    ctl.env['DBUS_SESSION_BUS_ADDRESS'] = bus.stdout.readline().strip()
    try:
        status = run_tests(TESTS, ctl, server)
    finally:
        ctl.close()
        server.close()
        bus.terminate()
        bus.wait(DEADLINE)
    sys.exit(status)


main()
