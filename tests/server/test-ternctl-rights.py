#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of others on a real Dovecot, from a terminal: what is allowed there, and what is refused before it is sent.
TAP on standard output.

Usage: test-ternctl-rights.py TERNCTL
"""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

from ternctl import MailServer, Ternctl, add_account, check, run_tests, user  # noqa: E402

RIGHTS = {'l': 'lookup', 'r': 'read', 's': 'write-seen', 'w': 'write', 'i': 'insert', 'k': 'create', 'x': 'delete',
          't': 'write-deleted', 'e': 'expunge'}


def shared(server):
    return f'shared/{user(server, 1)["address"]}'


def grant(server, folder, letters):
    """Bob lets Anna do this, and nothing else, in his folder."""
    anna, bob = user(server, 0)['address'], user(server, 1)['address']
    server.command(f'doveadm acl set -u {bob} {folder} user={anna} ' + ' '.join(RIGHTS[x] for x in letters))


def here(ctl):
    return {f['path']: f for f in ctl.json('folders')}


def first(ctl, path):
    return ctl.json('list', path)[0]['id']


def refused(ctl, folder, *args):
    error = ctl.error(*args, code=77)
    check(error['code'] == 'rights' and folder in error['message'] and error['server_text'] is None, error)
    check(error['account'] == ctl.json('account', 'list')[0]['account'], error)


def test_add(ctl, server):
    grant(server, 'Projects', 'lrs')
    grant(server, 'Trash', 'lrswite')
    add_account(ctl, server, 0)
    ctl.json('sync')


def test_told(ctl, server):
    folders = here(ctl)
    projects = folders[f'{shared(server)}/Projects']
    check(projects['rights'] == 'lrs' and not projects['read_only'] and projects['total'] == 4, projects)
    check(folders['INBOX']['rights'] is None and not folders['INBOX']['read_only'], folders['INBOX'])
    check(not folders['shared']['selectable'], folders['shared'])


def test_roles(ctl, server):
    """Another one's trash is not ours."""
    folders = here(ctl)
    check(folders[f'{shared(server)}/Trash']['role'] == '', folders)
    check(folders['Trash']['role'] == 'trash', folders)


def test_allowed(ctl, server):
    message = first(ctl, f'{shared(server)}/Projects')
    check(ctl.json('flag', str(message), '+seen')['state'] == 'done', 'seen')
    check('seen' in ctl.json('show', str(message), '--headers')['flags'], 'seen')


def test_refused(ctl, server):
    path = f'{shared(server)}/Projects'
    message, own = str(first(ctl, path)), str(first(ctl, 'INBOX'))
    refused(ctl, path, 'flag', message, '+flagged')
    refused(ctl, path, 'trash', message)
    refused(ctl, path, 'move', message, 'Archive')
    refused(ctl, path, 'move', own, path)
    refused(ctl, path, 'folder', 'create', path + '/New')
    refused(ctl, path, 'folder', 'rename', path, 'Other')
    refused(ctl, path, 'folder', 'delete', path, '--yes')
    check(len(ctl.json('list', path)) == 4 and path in here(ctl), 'nothing was done')


def test_granted(ctl, server):
    path = f'{shared(server)}/Projects'
    grant(server, 'Projects', 'lrswitek')
    ctl.json('sync')
    check(here(ctl)[path]['rights'] == 'lrswikte', here(ctl)[path])
    check(ctl.json('move', str(first(ctl, 'INBOX')), path)['state'] == 'done', 'in')
    check(ctl.json('trash', str(first(ctl, path)))['state'] == 'done', 'out')
    check(ctl.json('folder', 'create', path + '/New')['state'] == 'done', 'below')
    ctl.json('sync')
    check(path + '/New' in here(ctl) and len(ctl.json('list', 'Trash')) == 1, here(ctl))


def test_taken_away(ctl, server):
    path = f'{shared(server)}/Projects'
    grant(server, 'Projects', 'lr')
    ctl.json('sync')
    check(here(ctl)[path]['rights'] == 'lr' and here(ctl)[path]['read_only'], here(ctl)[path])
    refused(ctl, path, 'flag', str(first(ctl, path)), '-seen')


def test_not_told(ctl, server):
    """A server that does not announce ACL: it is the one to refuse, and nothing of ours is lost."""
    quiet = MailServer('--sharing', '--seed', 'bob:3:Projects', '--without', 'ACL')
    other = Ternctl(ctl.program)
    try:
        grant(quiet, 'Projects', 'lr')
        add_account(other, quiet, 0)
        other.json('sync')
        path = f'{shared(quiet)}/Projects'
        folder = here(other)[path]
        check(folder['rights'] is None and folder['read_only'], folder)
        refused(other, path, 'trash', str(first(other, path)))
        check(len(other.json('list', path)) == 3, 'all are there')
    finally:
        other.close()
        quiet.close()


def test_said(ctl, server):
    """What nobody could know before the server refuses it: its words, the account, the code of what it is."""
    quiet = MailServer('--sharing', '--seed', 'anna:3', '--seed', 'bob:3:Projects', '--without', 'ACL')
    other = Ternctl(ctl.program)
    try:
        grant(quiet, 'Projects', 'lrs')
        account = add_account(other, quiet, 0)['account']
        other.json('sync')
        path = f'{shared(quiet)}/Projects'
        check(here(other)[path]['rights'] is None and not here(other)[path]['read_only'], here(other)[path])
        message = first(other, 'INBOX')
        error = other.error('move', str(message), path, code=77)
        check(error['code'] == 'rights' and error['account'] == account, error)
        check('Permission denied' in (error['server_text'] or ''), error)
        check(message in [m['id'] for m in other.json('list', 'INBOX')], 'it is back')
        logged = other.json('operations', '--limit', '1')[0]
        check(logged['state'] == 'refused' and logged['server_text'] == error['server_text'], logged)
        error = other.error('folder', 'rename', path, 'Other', code=77)
        check(error['code'] == 'rights' and error['account'] == account and error['server_text'], error)
    finally:
        other.close()
        quiet.close()


TESTS = [test_add, test_told, test_roles, test_allowed, test_refused, test_granted, test_taken_away, test_not_told, test_said]


def main():
    if not shutil.which('dovecot', path='/usr/sbin:/usr/bin') or not shutil.which('postfix', path='/usr/sbin:/usr/bin'):
        print('1..0 # SKIP no Dovecot or no Postfix here')
        return
    server = MailServer('--sharing', '--seed', 'anna:3', '--seed', 'bob:4:Projects')
    ctl = Ternctl(sys.argv[1])
    try:
        status = run_tests(TESTS, ctl, server)
    finally:
        ctl.close()
        server.close()
    sys.exit(status)


main()
