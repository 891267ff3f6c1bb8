#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""ternctl with an access token in the place of a password, against a real Dovecot and Postfix. TAP on standard output.

Usage: test-ternctl-token.py TERNCTL
"""

import base64
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

from ternctl import MailServer, Ternctl, add_account, check, run_tests, user  # noqa: E402


def check_no_token(text, server):
    """Neither the tokens nor what SASL makes of them, wherever they stand in the group of three bytes."""
    anna = user(server, 0)
    for token in anna['token'].encode(), anna['old_token'].encode():
        inside = [base64.b64encode(b'x' * shift + token)[4:-4] for shift in range(3)]
        for secret in [token, *inside]:
            check(secret not in text, f'{secret} is in {text.decode()}')


def add_arguments(server):
    facts = server.facts
    return ('account', 'add', user(server, 0)['address'], '--imap', f'{facts["host"]}:{facts["imap"]}',
            '--smtp', f'{facts["host"]}:{facts["smtp"]}', '--ca-file', facts['ca_file'], '--password-stdin')


def test_usage(ctl, server):
    for word in 'token', 'external', 'OAUTH-BEARER', '':
        error = ctl.error(*add_arguments(server), '--auth', word, stdin='x\n', code=64)
        check(error['code'] == 'invalid', error)


def test_token_is_no_password(ctl, server):
    error = ctl.error(*add_arguments(server), stdin=user(server, 0)['token'] + '\n', code=69)
    check(error['code'] == 'authentication', error)
    error = ctl.error(*add_arguments(server), '--auth', 'oauth-bearer', stdin='not a token\n', code=69)
    check(error['code'] == 'authentication' and 'characters' in error['message'], error)


def test_add(ctl, server):
    added = add_account(ctl, server, 0, password=user(server, 0)['token'], extra=('--auth', 'oauth-bearer'))
    shown = ctl.json('account', 'show', added['account'])
    check(shown['auth'] == 'oauth-bearer', shown)
    check(ctl.json('account', 'test', added['account'])['ok'] is True, 'the token was kept')
    with open(f'{ctl.home}/config/tern/accounts.conf', 'rb') as f:
        settings = f.read()
    check(b'Auth=oauth-bearer' in settings, settings)
    check_no_token(settings, server)


def test_use(ctl, server):
    address = user(server, 0)['address']
    ctl.env['G_MESSAGES_DEBUG'] = 'all'
    try:
        synced = b''.join(ctl.run('sync'))
        sent = b''.join(ctl.run('send', '--to', user(server, 1)['address'], '--subject', 'token', stdin='hello\n'))
    finally:
        del ctl.env['G_MESSAGES_DEBUG']
    check(b'AUTHENTICATE OAUTHBEARER' in synced and b'AUTH OAUTHBEARER' in sent, 'the log has no login')
    check_no_token(synced + sent, server)
    check(len(ctl.json('list', 'INBOX')) == 3, 'the mail is there')
    out, _ = ctl.run('--json', 'doctor', address, '--test')
    check_no_token(out, server)
    found = json.loads(out)[0]['test']
    check([c['mechanism'] for c in found['connections']] == ['OAUTHBEARER', 'OAUTHBEARER'], found)


def test_set(ctl, server):
    address = user(server, 0)['address']
    before = ctl.json('account', 'show', address)
    # libsecret's file backend, which is for tests only, forgets the etag of its file when it replaces an item.
    ctl.env['ASAN_OPTIONS'] = 'detect_leaks=0'
    for args in ([], ['--smtp-password-stdin'], ['--no-test']):
        error = ctl.error('account', 'set', address, *args, stdin='x\nx\n', code=64)
        check(error['code'] == 'invalid', (args, error))
    changed = ctl.json('account', 'set', address, 'label=Tokens', '--password-stdin',
                       stdin=user(server, 0)['token'] + '\n')
    check(changed['label'] == 'Tokens', changed)
    ctl.json('account', 'set', address, f'label={before["label"]}')
    check(ctl.json('account', 'show', address) == before, 'the rest stays')


def test_set_auth(ctl, server):
    """The way to log in is proved with what goes with it."""
    address, password, token = (user(server, 0)[key] for key in ('address', 'password', 'token'))
    check(ctl.error('account', 'set', address, 'auth=password', code=64)['code'] == 'invalid', 'alone')
    ctl.error('account', 'set', address, 'auth=password', '--password-stdin', stdin=token + '\n', code=69)
    check(ctl.json('account', 'show', address)['auth'] == 'oauth-bearer', 'it was saved')
    for auth, secret in ('password-unbound', password), ('oauth-bearer', token):
        ctl.json('account', 'set', address, f'auth={auth}', '--password-stdin', stdin=secret + '\n')
        check(ctl.json('account', 'show', address)['auth'] == auth, auth)
        check(ctl.json('account', 'test', address)['ok'] is True, auth)


def test_old_token(ctl, server):
    """It has run out: nothing is saved over the one that is good."""
    address, old = user(server, 0)['address'], user(server, 0)['old_token'] + '\n'
    out, err = ctl.run('--json', 'account', 'set', address, '--password-stdin', stdin=old, code=69)
    check_no_token(err, server)
    error = json.loads(err)['error']
    check(error['code'] == 'authentication' and 'token' in error['message'], error)
    check('invalid_token' in error['server_text'], error)
    check(ctl.json('account', 'test', address)['ok'] is True, 'the old one was saved')
    ctl.json('account', 'set', address, '--password-stdin', '--no-test', stdin=old)
    error = ctl.error('account', 'test', address, code=69)
    check(error['code'] == 'authentication' and 'invalid_token' in error['server_text'], error)


TESTS = [test_usage, test_token_is_no_password, test_add, test_use, test_set, test_set_auth, test_old_token]


def main():
    if not shutil.which('dovecot', path='/usr/sbin:/usr/bin') or not shutil.which('postfix', path='/usr/sbin:/usr/bin'):
        print('1..0 # SKIP no Dovecot or no Postfix here')
        return
    server = MailServer('--users', 'anna,bob', '--tokens', '--seed', '3:INBOX')
    ctl = Ternctl(sys.argv[1])
    try:
        status = run_tests(TESTS, ctl, server)
    finally:
        ctl.close()
        server.close()
    sys.exit(status)


main()
