#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ternctl, one by one, against a real Dovecot. TAP on standard output.

Usage: test-ternctl-options.py TERNCTL
"""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

from ternctl import MailServer, Ternctl, add_account, check, run_tests, user  # noqa: E402


def test_json_within_names(ctl, server):
    out, _ = ctl.run('account', '--json', 'list')
    check(out == b'[]\n', out)


def candidates(ctl, *args, stdin='', of):
    error = ctl.error(*args, stdin=stdin, code=64)
    check(error['code'] == 'invalid', error)
    for account in of:
        check(f'{account["address"]} ({account["account"]})' in error['message'], error)
    return error


def test_ambiguous(ctl, server):
    """A name that stands for several accounts is never taken for one of them."""
    anna = user(server, 0)['address']
    one, two, bob = add_account(ctl, server, 0), add_account(ctl, server, 0), add_account(ctl, server, 1)
    for args in (['account', 'show', anna], ['account', 'remove', anna], ['account', 'test', anna],
                 ['account', 'set', anna, 'label=x'], ['sync', anna], ['folders', anna], ['operations', anna],
                 ['doctor', anna], ['watch', anna], ['list', 'INBOX', '--account', anna],
                 ['folder', 'create', 'New', '--account', anna], ['why', 'word', '--account', anna],
                 ['send', '--account', anna, '--to', anna, '--subject', 'x']):
        candidates(ctl, *args, of=(one, two))
    candidates(ctl, 'send', stdin=f'From: {anna}\nTo: {anna}\nSubject: x\n\nx\n', of=(one, two))
    check(len(ctl.json('account', 'list')) == 3 and ctl.json('outbox') == [], 'nothing was done')
    for account in one, two, bob:
        check(ctl.json('account', 'show', account['account'])['account'] == account['account'], account)
    for account in two, bob:
        ctl.json('account', 'set', account['account'], 'label=Work')
    candidates(ctl, 'account', 'show', 'Work', of=(two, bob))
    ctl.json('account', 'remove', two['account'])
    check(ctl.json('account', 'show', 'Work')['account'] == bob['account'], 'the label of one')
    # What is an address is meant as one.
    ctl.json('account', 'set', bob['account'], f'label={anna}')
    check(ctl.json('account', 'show', anna)['account'] == one['account'], 'the address wins')
    ctl.json('account', 'remove', bob['account'])


TESTS = [test_json_within_names, test_ambiguous]


def main():
    if not shutil.which('dovecot', path='/usr/sbin:/usr/bin') or not shutil.which('postfix', path='/usr/sbin:/usr/bin'):
        print('1..0 # SKIP no Dovecot or no Postfix here')
        return
    server = MailServer('--users', 'anna,bob', '--seed', '12:INBOX')
    ctl = Ternctl(sys.argv[1])
    # libsecret's file backend, which is for tests only, forgets the etag of its file when it takes an item out.
    ctl.env['ASAN_OPTIONS'] = 'detect_leaks=0'
    try:
        status = run_tests(TESTS, ctl, server)
    finally:
        ctl.close()
        server.close()
    sys.exit(status)


main()
