#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders on a real Dovecot that parts levels with "." and has all folders below INBOX, as some old servers do. TAP on
standard output.

Usage: test-ternctl-dotted.py TERNCTL
"""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

from ternctl import MailServer, Ternctl, add_account, check, run_tests, user  # noqa: E402


def on_server(server):
    return set(server.command(f'doveadm mailbox list -u {user(server, 0)["address"]}')['output'].splitlines())


def here(ctl):
    return {f['path']: f for f in ctl.json('folders')}


def test_add(ctl, server):
    add_account(ctl, server, 0)
    check(ctl.json('sync')[0]['added'] == 2, 'sync')


def test_create(ctl, server):
    for path in ('Lists', 'Lists/GTK', 'Lists/GTK/Old'):
        check(ctl.json('folder', 'create', path)['state'] == 'done', path)
    check({'INBOX.Lists', 'INBOX.Lists.GTK', 'INBOX.Lists.GTK.Old'} <= on_server(server), on_server(server))
    ctl.json('sync')
    check({'Lists', 'Lists/GTK', 'Lists/GTK/Old'} <= set(here(ctl)), sorted(here(ctl)))
    error = ctl.error('folder', 'create', 'Lists/v1.0', code=64)
    check(error['code'] == 'invalid' and '“.”' in error['message'], error)
    check(ctl.error('folder', 'rename', 'Lists', 'my.lists', code=64)['code'] == 'invalid', 'nor renamed so')


def test_rename(ctl, server):
    message = ctl.json('list', 'INBOX', '--limit', '1')[0]['id']
    check(ctl.json('move', str(message), 'Lists/GTK/Old')['state'] == 'done', 'move')
    ctl.json('sync', '--full')
    before = ctl.json('list', 'Lists/GTK/Old')
    check([(m['id'], m['body']) for m in before] == [(message, 'here')], before)
    check(ctl.json('folder', 'rename', 'Lists', 'Forums')['state'] == 'done', 'rename')
    check(ctl.json('folder', 'move', 'Forums/GTK', '/')['state'] == 'done', 'to the top')
    check({'INBOX.Forums', 'INBOX.GTK', 'INBOX.GTK.Old'} <= on_server(server), on_server(server))
    report = ctl.json('sync')[0]
    check(report['added'] == 0 and report['removed'] == 0, report)
    after = ctl.json('list', 'GTK/Old')
    check([(m['id'], m['uid'], m['body']) for m in after] == [(m['id'], m['uid'], m['body']) for m in before], after)


def test_renamed_elsewhere(ctl, server):
    before = [(m['id'], m['uid'], m['body']) for m in ctl.json('list', 'GTK/Old')]
    server.command(f'doveadm mailbox rename -u {user(server, 0)["address"]} INBOX.GTK INBOX.Forums.GTK')
    check(ctl.json('sync')[0]['added'] == 0, 'nothing is fetched again')
    check([(m['id'], m['uid'], m['body']) for m in ctl.json('list', 'Forums/GTK/Old')] == before, sorted(here(ctl)))


def test_offline(ctl, server):
    server.command('stop imap')
    check(ctl.json('folder', 'rename', 'Forums', 'Groups', code=75)['state'] == 'queued', 'rename')
    check(ctl.json('folder', 'create', 'Forums', code=75)['state'] == 'queued', 'create where it was')
    check(ctl.json('folder', 'create', 'Forums/GTK', code=75)['state'] == 'queued', 'and below it')
    server.command('start imap')
    ctl.json('sync')
    ctl.json('sync')
    names = {'INBOX.Groups', 'INBOX.Groups.GTK', 'INBOX.Groups.GTK.Old', 'INBOX.Forums', 'INBOX.Forums.GTK'}
    check(names <= on_server(server), on_server(server))
    check({'Groups/GTK/Old', 'Forums/GTK'} <= set(here(ctl)), sorted(here(ctl)))
    check(len(ctl.json('list', 'Groups/GTK/Old')) == 1, 'with its mail')


def test_delete(ctl, server):
    server.command(f'doveadm mailbox create -u {user(server, 0)["address"]} INBOX.Forums.GTK.News')
    check(ctl.error('folder', 'delete', 'Forums', code=65)['code'] == 'refused', 'a folder that came meanwhile')
    check({'INBOX.Forums', 'INBOX.Forums.GTK.News'} <= on_server(server), on_server(server))
    ctl.json('sync')
    for path in ('Forums', 'Groups'):
        check(ctl.json('folder', 'delete', path, '--yes')['state'] == 'done', path)
    left = on_server(server) | set(here(ctl))
    check(not [f for f in left if 'Forums' in f or 'Groups' in f], left)


TESTS = [test_add, test_create, test_rename, test_renamed_elsewhere, test_offline, test_delete]


def main():
    if not shutil.which('dovecot', path='/usr/sbin:/usr/bin') or not shutil.which('postfix', path='/usr/sbin:/usr/bin'):
        print('1..0 # SKIP no Dovecot or no Postfix here')
        return
    server = MailServer('--users', 'anna', '--separator', '.', '--prefix', 'INBOX.',
                        '--mailbox-format', 'maildir', '--seed', '2:INBOX')
    ctl = Ternctl(sys.argv[1])
    try:
        status = run_tests(TESTS, ctl, server)
    finally:
        ctl.close()
        server.close()
    sys.exit(status)


main()
