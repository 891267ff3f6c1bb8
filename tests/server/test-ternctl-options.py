#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ternctl, one by one, against a real Dovecot. TAP on standard output.

Usage: test-ternctl-options.py TERNCTL
"""

import datetime
import os
import shutil
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

from ternctl import MailServer, Ternctl, Watch, add_account, check, run_tests, user, wait_for  # noqa: E402


def add(ctl, *options, code):
    """What is written wrong is refused before any server is asked, and nothing is saved."""
    before = ctl.json('account', 'list')
    error = ctl.error('account', 'add', 'carl@example.test', '--password-stdin', '--no-test', *options, stdin='x\n',
                      code=code)
    check(ctl.json('account', 'list') == before, f'saved with {options}')
    return error


def test_server(ctl, server):
    for port in ('0', '00', '65536', '-1', 'x'):
        for option in ('--imap', '--smtp'):
            error = add(ctl, option, f'localhost:{port}', code=64)
            check(error['code'] == 'invalid' and f'localhost:{port}' in error['message'], error)


def test_pin(ctl, server):
    for pin in ('zz', 'ab' * 31, 'ab' * 33, 'zz' * 32, 'sha256:' + 'ab' * 32):
        check('SHA-256' in add(ctl, '--pin', pin, code=64)['message'], pin)
    error = add(ctl, '--pin', 'ab' * 32, '--ca-file', server.facts['ca_file'], code=64)
    check('--ca-file' in error['message'] and '--pin' in error['message'], error)
    # As other programs print it.
    added = ctl.json('account', 'add', 'carl@example.test', '--password-stdin', '--no-test', '--pin',
                     ':'.join(['AB'] * 32), stdin='x\n')
    check(ctl.json('account', 'show', added['account'])['imap']['pin'] == 'ab' * 32, added)
    ctl.json('account', 'remove', added['account'])


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


def test_sync(ctl, server):
    check(ctl.json('sync')[0]['added'] == 12, 'sync')


def test_list_goes_on(ctl, server):
    """Paging has its place by the message, whatever became of the message meanwhile."""
    unread = [m['id'] for m in ctl.json('list', 'INBOX', '--unread')]
    check(len(unread) >= 5, unread)
    page = [m['id'] for m in ctl.json('list', 'INBOX', '--unread', '--limit', '2')]
    check(page == unread[:2], page)
    for number in page:
        ctl.json('flag', str(number), '+seen')
    rest = [m['id'] for m in ctl.json('list', 'INBOX', '--unread', '--before', str(page[-1]))]
    check(rest == unread[2:], (rest, unread))
    ctl.json('archive', str(page[-1]))
    for number in (page[-1], 999999):
        error = ctl.error('list', 'INBOX', '--unread', '--before', str(number), code=66)
        check(error['code'] == 'not-found', error)
    every = [m['id'] for m in ctl.json('list', 'INBOX')]
    check([m['id'] for m in ctl.json('list', 'INBOX', '--before', str(every[0]))] == every[1:], 'of all')


def test_show(ctl, server):
    account = ctl.json('account', 'list')[0]['account']
    number = str(ctl.json('list', 'INBOX', '--limit', '1')[0]['id'])
    whole = ctl.json('show', number)
    check(ctl.json('show', number, '--text') == {'id': whole['id'], 'text': whole['text']}, 'the text in JSON')
    text = ctl.run('show', number, '--text')[0].decode()
    check(text.rstrip('\n') == whole['text'].replace('\r', '').rstrip('\n') and text.endswith('\n'), text)
    for args in (['--headers', '--text'], ['--html', '--source'], ['--part', '1', '--save', '.'], ['--text', '--source']):
        error = ctl.error('show', number, *args, code=64)
        check('both' in error['message'], error)
    error = ctl.error('show', number, '--part', '9.9', code=66)
    check(error['account'] == account, error)


def test_named_twice(ctl, server):
    number = ctl.json('list', 'INBOX', '--limit', '1')[0]['id']
    done = ctl.json('flag', str(number), str(number), '+$Tea')
    check(done['state'] == 'done' and len(done['operations']) == 1, done)
    check('$Tea' in ctl.json('list', 'INBOX', '--limit', '1')[0]['flags'], 'once is enough')
    again = ctl.json('undo', *map(str, done['operations'] * 2))
    check(again['undone'] == done['operations'], again)


def not_before(ctl, outbox):
    database = sqlite3.connect(f'{ctl.home}/data/tern/mail.db')
    [(milliseconds,)] = database.execute('SELECT not_before FROM outbox WHERE id = ?', (outbox,))
    database.close()
    return milliseconds / 1000


def test_send_at(ctl, server):
    """However far away: it is that time, and not one before it."""
    to = ['--to', user(server, 1)['address'], '--subject', 'later']
    now = datetime.datetime.now(datetime.timezone.utc)
    for days in (1, 60, 365, 36500):
        when = now + datetime.timedelta(days=days)
        sent = ctl.json('send', *to, '--at', when.isoformat(timespec='seconds'), stdin='x')
        check(sent['state'] == 'held', sent)
        check(abs(not_before(ctl, sent['outbox']) - when.timestamp()) < 60, f'after {days} days')
        ctl.json('outbox', 'stop', str(sent['outbox']))
    error = ctl.error('send', *to, '--at', '2999-01-01T00:00:00Z', stdin='x', code=64)
    check('100 years' in error['message'], error)
    for when in ('2001-01-01T00:00:00Z', 'soon', '2030-13-01T00:00:00Z'):
        check('not a time to come' in ctl.error('send', *to, '--at', when, stdin='x', code=64)['message'], when)


def test_watch(ctl, server):
    """A line for people says which account it is of; a state is told when it is another one."""
    account = ctl.json('account', 'list')[0]
    ctl.json('account', 'set', account['account'], 'label=Home')
    path = f'{ctl.home}/message'
    with open(path, 'w', encoding='utf-8') as f:
        f.write(f'From: c@example.test\nTo: {user(server, 0)["address"]}\nSubject: pushed\n\nhello\n')
    with Watch(ctl, 'watch') as watch:
        wait_for('idle', lambda: 'state\tHome\t\tidle' in watch.lines)
        server.command(f'deliver anna {path}')
        wait_for('the message', lambda: [x for x in watch.lines if x.startswith('added\tHome\tINBOX\t')])
    check(all(x.split('\t')[1] == 'Home' for x in watch.lines), watch.lines)
    states = [x for x in watch.lines if x.startswith('state\t')]
    check(not [x for x, y in zip(states, states[1:]) if x == y], states)


TESTS = [test_server, test_pin, test_json_within_names, test_ambiguous, test_sync, test_list_goes_on, test_show,
         test_named_twice, test_send_at, test_watch]


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
