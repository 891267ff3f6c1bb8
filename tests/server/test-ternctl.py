#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""ternctl against a real Dovecot (or Cyrus) and a real Postfix: the main job from a terminal. TAP on standard output.

Usage: test-ternctl.py TERNCTL
"""

import base64
import datetime
import imaplib
import json
import os
import re
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

from ternctl import (DEADLINE, MailServer, Ternctl, add_account, check, run_tests, user,  # noqa: E402
                     wait_for)


class Watch:
    """A ternctl that watches, until the block ends."""

    def __init__(self, process):
        self.process = process
        self.events = []
        self.thread = threading.Thread(target=self.read)

    def read(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def __enter__(self):
        self.thread.start()
        wait_for('the first event', lambda: self.events)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.thread.join()
        self.errors = self.process.stderr.read().decode()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


def start_watch(ctl):
    return Watch(ctl.start('--json', 'watch'))


def test_no_account(ctl, server):
    check(ctl.json('account', 'list') == [], 'no accounts')
    check(ctl.error('account', 'show', 'nobody@example.test', code=66)['code'] == 'not-found', 'show nobody')
    check(ctl.error('list', 'INBOX', code=66)['code'] == 'not-found', 'list without an account')
    check(ctl.error('folders', 'nobody', code=66)['code'] == 'not-found', 'folders of nobody')


def test_usage(ctl, server):
    check(ctl.error(code=64)['code'] == 'invalid', 'no command')
    for args in (['frobnicate'], ['list'], ['list', 'INBOX', '--no-such'], ['list', 'INBOX', '--limit'],
                 ['show', 'abc'], ['move', 'abc', 'INBOX'], ['flag', '1'], ['flag', '+seen'],
                 ['account', 'add', 'a@example.test']):
        check(ctl.error(*args, code=64)['code'] == 'invalid', f'usage of {args}')


def check_names_new(error, server):
    """An account that there is not yet is known by its address."""
    address = user(server, 0)['address']
    check(error['account'] == address and error['message'].startswith(f'{address}: '), error)


def test_add_wrong_password(ctl, server):
    facts = server.facts
    error = ctl.error('account', 'add', user(server, 0)['address'],
                      '--imap', f'{facts["host"]}:{facts["imap"]}',
                      '--smtp', f'{facts["host"]}:{facts["smtp"]}', '--ca-file', facts['ca_file'],
                      '--password-stdin', stdin='wrong\n', code=69)
    check(error['code'] == 'authentication', error)
    check(error['server_text'], error)
    check_names_new(error, server)
    check(ctl.json('account', 'list') == [], 'nothing was saved')
    error = ctl.error('account', 'add', user(server, 0)['address'], '--pop', facts['host'], '--password-stdin',
                      stdin='x\n', code=65)
    check(error['code'] == 'refused' and 'POP' in error['message'], error)


def test_add_certificate(ctl, server):
    facts = server.facts
    error = ctl.error('account', 'add', user(server, 0)['address'],
                      '--imap', f'{facts["host"]}:{facts["imap"]}',
                      '--smtp', f'{facts["host"]}:{facts["smtp"]}',
                      '--password-stdin', stdin='x\n', code=77)
    check(error['code'] == 'certificate', error)
    check_names_new(error, server)


def test_add_unreachable(ctl, server):
    error = ctl.error('account', 'add', user(server, 0)['address'], '--imap', 'localhost:1', '--smtp', 'localhost:1',
                      '--password-stdin', stdin='x\n', code=69)
    check(error['code'] == 'unreachable' and 'localhost' in error['message'], error)
    check_names_new(error, server)


def test_add_without_keyring(ctl, server):
    backend = ctl.env.pop('SECRET_BACKEND')
    error = ctl.error('account', 'add', user(server, 0)['address'], '--imap', 'localhost:1', '--smtp', 'localhost:1',
                      '--no-test', '--password-stdin', stdin='x\n', code=69)
    ctl.env['SECRET_BACKEND'] = backend
    check(error['code'] == 'keyring-absent', error)
    check_names_new(error, server)
    check(ctl.json('account', 'list') == [], 'nothing was saved')


def test_add(ctl, server):
    added = add_account(ctl, server, 0)
    check(added['address'] == user(server, 0)['address'], added)
    listed = ctl.json('account', 'list')
    check([a['account'] for a in listed] == [added['account']], listed)
    shown = ctl.json('account', 'show', user(server, 0)['address'])
    check(shown['imap']['port'] == server.facts['imap'] and shown['imap']['security'] == 'tls', shown)
    check(ctl.json('account', 'test', added['account'])['ok'] is True, 'test')
    with open(f'{ctl.home}/config/tern/accounts.conf', encoding='utf-8') as f:
        check(user(server, 0)['password'] not in f.read(), 'the password is in the settings')


def test_account_set(ctl, server):
    address = user(server, 0)['address']
    before = ctl.json('account', 'show', address)
    changed = ctl.json('account', 'set', address, 'label=Work = all', 'name=Anna E.')
    check(changed['account'] == before['account'] and changed['label'] == 'Work = all', changed)
    after = ctl.json('account', 'show', 'Work = all')
    check(after == dict(before, label='Work = all', name='Anna E.'), after)
    ctl.json('account', 'set', address, 'keep-days=30', 'keep-size=262144')
    kept = ctl.json('account', 'show', address)
    check((kept['keep_days'], kept['keep_size']) == (30, 262144), kept)
    ctl.json('account', 'set', address, 'keep-days=all', 'keep-size=any')
    kept = ctl.json('account', 'show', address)
    check((kept['keep_days'], kept['keep_size']) == (None, None), kept)
    ctl.json('account', 'set', address, f'keep-days={before["keep_days"]}', f'keep-size={before["keep_size"]}')
    for word in ('label', 'colour=red', '=x', 'labels=x', 'keep-days=-1', 'keep-days=', 'keep-days=99999', 'keep-size=9',
                 'keep-size=all'):
        check(ctl.error('account', 'set', address, word, code=64)['code'] == 'invalid', word)
    check(ctl.error('account', 'set', 'nobody', 'label=x', code=66)['code'] == 'not-found', 'set of nobody')
    check(ctl.json('account', 'show', address) == after, 'a mistake changes nothing')
    ctl.json('account', 'set', address, f'label={before["label"]}', f'name={before["name"]}')
    check(ctl.json('account', 'test', address)['ok'] is True, 'the password was kept')


def test_sync(ctl, server):
    report = ctl.json('sync')[0]
    check(report['added'] == 12 and report['folders'] >= 1 and report['bytes_in'] > 0, report)
    again = ctl.json('sync')[0]
    check(again['added'] == 0, 'the second time nothing is new')
    one = ctl.json('sync', '--folder', 'INBOX')[0]
    check(one['round_trips'] <= again['round_trips'], f'what is synced anyway is not synced twice: {one}, {again}')
    check(ctl.error('sync', '--folder', 'No/Such', code=66)['code'] == 'not-found', 'no such folder')


def test_preview(ctl, server):
    """The first words that the server knows come with the headers; those of the text take their place."""
    person = user(server, 0)
    context = ssl.create_default_context(cafile=server.facts['ca_file'])
    with imaplib.IMAP4_SSL(server.facts['host'], server.facts['imap'], ssl_context=context) as other:
        other.login(person['address'], person['password'])
        other.create('Words')
        other.append('Words', '', '', b'Subject: words\r\nMessage-ID: <words@example.test>\r\n\r\n'
                                      b'First https://example.test/ words.\r\n')
        other.select('Words')
        # Somebody has to ask once, for a server to have them at hand.
        answer = other.uid('FETCH', '1', '(PREVIEW)')[1][0]
        ctl.json('sync', '--folder', 'Words')
        before = ctl.json('list', 'Words')[0]
        told = re.search(rb'PREVIEW "(.*)"', answer)
        check(before['preview'] == (told[1].decode() if told else None), (answer, before))
        ctl.run('show', str(before['id']))
        check(ctl.json('list', 'Words')[0]['preview'] == 'First words.', ctl.json('list', 'Words'))
        other.close()
        other.delete('Words')
    ctl.json('sync')


def check_no_secret(text, server, number):
    """Neither the password nor what SASL PLAIN makes of it."""
    password = user(server, number)['password'].encode()
    secrets = [password, base64.b64encode(password).rstrip(b'='),
               base64.b64encode(b'\0' + user(server, number)['address'].encode() + b'\0' + password)]
    for secret in secrets:
        check(secret not in text, f'{secret} is in {text.decode()}')


def test_doctor(ctl, server):
    """Without a window nothing is connected, and the doctor connects nothing by itself."""
    facts = server.facts
    address = user(server, 0)['address']
    found = ctl.json('doctor')[0]
    check(found['address'] == address and not found['online'] and 'test' not in found, found)
    check([c['state'] for c in found['connections']] == ['none', 'none'], found)
    check([c['port'] for c in found['connections']] == [facts['imap'], facts['smtp']], found)
    check(found['extensions'] == [] and found['last_sync'] is None and found['last_folder_sync'], found)
    check(found['operations'] == {'pending': 0, 'running': 0, 'stuck': 0, 'list': []}, found)
    check(set(found['outbox'].values()) == {0}, found)
    check(ctl.error('doctor', 'nobody', code=66)['code'] == 'not-found', 'the doctor of nobody')


def test_doctor_test(ctl, server):
    facts = server.facts
    address = user(server, 0)['address']
    out, _ = ctl.run('--json', 'doctor', address, '--test')
    check_no_secret(out, server, 0)
    found = json.loads(out)[0]
    check(found['test']['error'] is None, found['test'])
    imap, smtp = found['test']['connections']
    for connection in imap, smtp:
        check(connection['tls_version'].startswith('TLS 1.') and connection['cipher'], connection)
        check(len(connection['certificate']['sha256']) == 64, connection)
        check(connection['address'] == '127.0.0.1' or ':' in connection['address'], connection)
        check(connection['mechanism'] and connection['bytes_in'] and connection['bytes_out'], connection)
        check(connection['error'] is None and connection['since'], connection)
    check(any(' C: A1 ' in line for line in imap['lines']), imap['lines'])
    check(any(f'AUTHENTICATE {imap["mechanism"]}' in line for line in imap['lines']), imap['lines'])
    check(any('C: EHLO ' in line for line in smtp['lines']), smtp['lines'])
    states = {e['name']: e['state'] for e in found['extensions']}
    check(states['QRESYNC'] == 'offered' and states['ID'] == 'used' and states['SASL-IR'] == 'used', states)
    check(states['PREVIEW'] == 'offered' and states['SAVEDATE'] == 'offered' and 'X-GM-EXT-1' not in states, states)
    check(states['NOTIFY'] == ('missing' if facts['imap_server'] == 'cyrus' else 'offered'), states)
    check(all(e['without'] for e in found['extensions'] if e['state'] == 'missing'), found['extensions'])


def test_doctor_report(ctl, server):
    """What is given away names nobody."""
    address = user(server, 0)['address']
    full, _ = ctl.run('doctor', '--test')
    check(address.encode() in full and b'AUTHENTICATE' in full and b'SHA-256' in full, full.decode())
    check_no_secret(full, server, 0)
    for args in (['doctor', '--test', '--report'], ['--json', 'doctor', '--test', '--report']):
        report, _ = ctl.run(*args)
        check_no_secret(report, server, 0)
        check(address.encode() not in report, report.decode())
        check(f'{address[0]}…@{address.split("@")[1]}'.encode() in report, report.decode())


def test_doctor_refused(ctl, server):
    """A server that is away: the report all the same, and a code that says so."""
    config = f'{ctl.home}/config/tern/accounts.conf'
    with open(config, encoding='utf-8') as f:
        kept = f.read()
    try:
        with open(config, 'w', encoding='utf-8') as f:
            f.write(kept.replace(f'Port={server.facts["imap"]}', 'Port=1'))
        found = ctl.json('doctor', '--test', code=69)[0]
    finally:
        with open(config, 'w', encoding='utf-8') as f:
            f.write(kept)
    check(found['test']['error']['code'] == 'unreachable', found['test'])
    check(found['test']['connections'][0]['state'] == 'failed', found['test'])
    check(found['test']['connections'][0]['address'] is None, found['test'])


def test_sync_progress(ctl, server):
    """A bar where a terminal is, nothing where none is."""
    check(ctl.run('sync')[1] == b'', 'progress without a terminal')
    ours, theirs = os.openpty()
    process = subprocess.Popen([ctl.program, 'sync'], env=ctl.env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=theirs, cwd=ctl.home)
    os.close(theirs)
    shown = b''
    try:
        while block := os.read(ours, 4096):
            shown += block
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    check(process.wait(DEADLINE) == 0, shown)
    check(user(server, 0)['address'].encode()[:16] in shown and shown.endswith(b'\r\033[K'), shown)


def test_folders_and_list(ctl, server):
    inbox = [f for f in ctl.json('folders') if f['role'] == 'inbox'][0]
    check(inbox['total'] == 12 and inbox['selectable'] is True, inbox)
    messages = ctl.json('list', 'INBOX')
    check(len(messages) == 12, f'{len(messages)} messages')
    dates = [m['received'] for m in messages]
    first = messages[0]
    check(datetime.datetime.fromisoformat(first['date']).tzinfo is not None, first)
    check(all(datetime.datetime.fromisoformat(d) for d in dates), dates)
    check(sorted(first) == sorted(['id', 'account', 'folder', 'uid', 'date', 'received', 'from', 'to', 'cc', 'subject',
                                   'preview', 'size', 'flags', 'attachments', 'message_id', 'thread', 'body']), first)
    ids = [m['id'] for m in messages]
    check([m['id'] for m in ctl.json('list', 'inbox', '--limit', '5')] == ids[:5], 'limit')
    check([m['id'] for m in ctl.json('list', 'INBOX', '--before', str(ids[4]), '--limit', '3')] == ids[5:8], 'before')
    unread = [m['id'] for m in messages if 'seen' not in m['flags']]
    check([m['id'] for m in ctl.json('list', 'INBOX', '--unread')] == unread, 'unread')
    stream = ctl.run('list', 'INBOX', '--stream', '--json')[0].decode().splitlines()
    check([json.loads(line) for line in stream] == messages, stream)
    check(ctl.run('list', 'INBOX', '--stream', '--before', str(ids[-1]))[0] == b'', 'a stream of nothing')
    lines = ctl.run('list', 'INBOX')[0].decode().splitlines()
    check([int(line.split('\t')[0]) for line in lines] == ids, lines)


def test_show(ctl, server):
    message = ctl.json('list', 'INBOX', '--limit', '1')[0]
    shown = ctl.json('show', str(message['id']))
    check(shown['subject'] == message['subject'] and isinstance(shown['text'], str), shown)
    check(any(h['name'].lower() == 'subject' for h in shown['headers']), shown['headers'])
    check(set(shown) == set(message) | {'headers', 'text', 'structure', 'verdicts'}, sorted(shown))
    check(isinstance(shown['attachments'], list) and len(shown['attachments']) == message['attachments'], shown)
    raw = ctl.run('show', str(message['id']), '--json')[0]
    json.loads(raw, object_pairs_hook=lambda pairs: check(len(dict(pairs)) == len(pairs), pairs))
    source, _ = ctl.run('show', str(message['id']), '--source')
    check(b'\nMessage-ID: ' in b'\n' + source or b'\nMessage-Id: ' in b'\n' + source, source[:300])
    check(ctl.error('show', '999999', code=66)['code'] == 'not-found', 'show of nothing')


def imap_flags(server, message):
    return server.command(f'doveadm fetch -u {user(server, 0)["address"]} flags mailbox INBOX uid {message["uid"]}')['output']


def test_flag(ctl, server):
    message = ctl.json('list', 'INBOX', '--limit', '1')[0]
    result = ctl.json('flag', str(message['id']), '+flagged', '+$Forwarded', '+important-to-me')
    check(result['state'] == 'done' and len(result['operations']) >= 1, result)
    flags = imap_flags(server, message)
    check('\\Flagged' in flags and '$Forwarded' in flags and 'important-to-me' in flags, flags)
    ctl.json('flag', str(message['id']), '-flagged')
    check('\\Flagged' not in imap_flags(server, message), 'unflagged')
    flags = ctl.json('list', 'INBOX', '--limit', '1')[0]['flags']
    check('$Forwarded' in flags and 'important-to-me' in flags and 'flagged' not in flags, flags)
    check(ctl.error('flag', '999999', '+seen', code=66)['code'] == 'not-found', 'flag of nothing')


def test_move(ctl, server):
    messages = ctl.json('list', 'INBOX')
    archived, trashed, moved = messages[-3:]
    result = ctl.json('archive', str(archived['id']))
    check(result['state'] == 'done', result)
    check(ctl.json('trash', str(trashed['id']))['state'] == 'done', 'trash')
    left = [m['id'] for m in ctl.json('list', 'INBOX')]
    check(archived['id'] not in left and trashed['id'] not in left, left)
    roles = {f['role']: f for f in ctl.json('folders')}
    check(roles['archive']['total'] == 1 and roles['trash']['total'] == 1, roles)
    archive = roles['archive']['path']
    result = ctl.json('move', str(moved['id']), archive)
    check(result['state'] == 'done', result)
    check({m['id'] for m in ctl.json('list', archive)} == {archived['id'], moved['id']}, 'in the archive')
    count = server.command(f'doveadm search -u {user(server, 0)["address"]} mailbox {archive} all')['output']
    check(len(count.split('\n')) == 2 or len(count.strip().splitlines()) == 2, count)
    check(ctl.error('move', str(moved['id']), 'No/Such', code=66)['code'] == 'not-found', 'move to nowhere')


def flags_of(ctl, message):
    return [m for m in ctl.json('list', 'INBOX') if m['id'] == message['id']][0]['flags']


def test_undo(ctl, server):
    """With the numbers of operations, or the last change as a whole: of several messages in several folders."""
    one, two = ctl.json('list', 'INBOX', '--limit', '2')
    operations = ctl.json('flag', str(one['id']), '+$One')['operations']
    ctl.json('flag', str(two['id']), '+$Two')
    check(ctl.json('undo', *map(str, operations))['state'] == 'done', 'undo with a number')
    check('$One' not in flags_of(ctl, one) and '$Two' in flags_of(ctl, two), 'the first one was undone')
    ctl.json('flag', str(two['id']), '-$Two')
    archived = ctl.json('list', [f for f in ctl.json('folders') if f['role'] == 'archive'][0]['path'])[0]
    ctl.json('move', str(archived['id']), 'INBOX')
    ctl.json('trash', str(one['id']), str(two['id']))
    left = [m['id'] for m in ctl.json('list', 'INBOX')]
    check(one['id'] not in left and two['id'] not in left and archived['id'] in left, left)
    check(ctl.json('undo')['state'] == 'done', 'undo')
    left = [m['id'] for m in ctl.json('list', 'INBOX')]
    check(one['id'] in left and two['id'] in left and archived['id'] in left, left)
    ctl.json('archive', str(archived['id']))


def test_why(ctl, server):
    """What was done here and what another program did, for a message that is here and for one that is gone."""
    address = user(server, 0)['address']
    one, other = ctl.json('list', 'INBOX', '--limit', '2')
    archive = [f for f in ctl.json('folders') if f['role'] == 'archive'][0]['path']
    operation = ctl.json('move', str(one['id']), archive)['operations'][0]
    events = ctl.json('why', str(one['id']))[0]['events']
    check((events[0]['event'], events[0]['how'], events[0]['to']) == ('arrived', 'first-sync', 'INBOX'), events)
    moved = events[-1]
    check((moved['event'], moved['from'], moved['to']) == ('moved', 'INBOX', archive), moved)
    check(moved['operation'] == operation and moved['waiting'] is False, moved)
    # Another program moves one and removes another for good.
    server.command(f'doveadm move -u {address} INBOX mailbox {archive} header Message-ID {one["message_id"]}')
    server.command(f'doveadm expunge -u {address} mailbox INBOX header Message-ID {other["message_id"]}')
    ctl.json('sync')
    ctl.json('sync')
    told = ctl.json('why', str(one['id']))[0]
    check(told['here'] is False and told['folder'] == archive and len(told['elsewhere']) == 1, told)
    check(told['events'][-1]['to'] == 'INBOX' or told['events'][-2]['to'] == 'INBOX', told)
    found = ctl.json('why', *other['subject'].split())
    gone = [message for message in found if message['id'] == other['id']]
    check(len(gone) == 1 and gone[0]['here'] is False, found)
    check(gone[0]['events'][-1]['event'] == 'removed' and gone[0]['events'][-1]['how'] in ('expunge', 'listing'), gone)
    check(gone[0]['from'] != '' and gone[0]['folder'] == 'INBOX', gone)
    day = other['date'][:10]
    check(other['id'] in [m['id'] for m in ctl.json('why', day, '--limit', '100')], f'not found by its day, {day}')
    text = ctl.run('why', str(other['id']))[0].decode()
    check('gone from “Inbox”' in text or 'missing from “Inbox”' in text, text)
    check(ctl.error('why', '999999', code=66)['code'] == 'not-found', 'why nothing')
    check(ctl.error('why', 'no such words anywhere', code=66)['code'] == 'not-found', 'why words')


def test_operations(ctl, server):
    """The log; undoing what was confirmed long ago, once, and not when the message went on."""
    message = ctl.json('list', 'INBOX', '--limit', '1')[0]
    roles = {f['role']: f['path'] for f in ctl.json('folders')}
    first = ctl.json('archive', str(message['id']))['operations'][0]
    log = {operation['operation']: operation for operation in ctl.json('operations')}
    check(log[first]['kind'] == 'move' and log[first]['state'] == 'confirmed' and log[first]['can_undo'], log[first])
    check(log[first]['messages'] == [message['id']] and log[first]['target'] == roles['archive'], log[first])
    check(len(ctl.json('operations', '--limit', '1')) == 1, 'the limit')
    second = ctl.json('move', str(message['id']), roles['trash'])['operations'][0]
    refused = ctl.error('undo', str(first), code=65)
    check(roles['trash'] in refused['message'], refused)
    result = ctl.json('undo')
    check(result['undone'] == [second] and len(result['operations']) == 1, result)
    check(ctl.json('undo', str(first))['state'] == 'done', 'undo of the first')
    check(message['id'] in [m['id'] for m in ctl.json('list', 'INBOX')], 'it is back')
    check(ctl.error('undo', str(first), code=65)['code'] == 'refused', 'undone twice')
    check(ctl.error('undo', '999999', code=66)['code'] == 'not-found', 'undo of nothing')
    log = {operation['operation']: operation for operation in ctl.json('operations')}
    check(log[first]['undone'] and not log[first]['can_undo'], log[first])
    check(log[result['operations'][0]]['undoes'] == second, log)
    check('archive' in ctl.run('operations')[0].decode().lower(), 'for people')


def test_send_text(ctl, server):
    path = f'{ctl.home}/note.txt'
    with open(path, 'w', encoding='utf-8') as f:
        f.write('attached\n')
    sent = ctl.json('send', '--to', user(server, 1)['address'], '--subject', 'Grüße', '--attach', 'note.txt',
                    stdin='See you at noon.\n')
    check(sent['state'] == 'done', sent)
    check([r['address'] for r in sent['recipients']] == [user(server, 1)['address']], sent)
    found = wait_for('the message', lambda: server.command(
        f'doveadm fetch -u {user(server, 1)["address"]} text mailbox INBOX header Message-ID {sent["message_id"]}')['output'])
    check('See you at noon.' in found and 'note.txt' in found, found)
    ctl.json('sync')
    sent_folder = [f for f in ctl.json('folders') if f['role'] == 'sent'][0]
    check(sent_folder['total'] == 1, sent_folder)
    check(ctl.json('outbox') == [] or ctl.json('outbox')[0]['state'] == 'done', 'outbox')


def test_html(ctl, server):
    """Sent with a plain text beside it; shown as the window would, with nothing let in from outside."""
    sent = ctl.json('send', '--to', user(server, 0)['address'], '--subject', 'rich', '--html',
                    stdin='<p>Tea at <b>four</b></p><img src="https://example.org/spy.png">')
    check(sent['state'] == 'done', sent)

    def arrived():
        ctl.json('sync', '--folder', 'INBOX')
        return [m for m in ctl.json('list', 'INBOX') if m['subject'] == 'rich']
    message = wait_for('the message', arrived)[0]
    shown = ctl.json('show', str(message['id']))
    check('Tea at four' in shown['text'] and [p['type'] for p in shown['structure']['children']] == ['text/plain', 'text/html'], shown)
    page = ctl.json('show', str(message['id']), '--html')
    check(page['id'] == message['id'] and '<b>four</b>' in page['html'], page)
    check(page['html'].index("default-src 'none'") < page['html'].index('spy.png'), page)
    check('https' not in page['html'].split('</head>')[0], page)
    check(ctl.run('show', str(message['id']), '--html')[0].decode() == page['html'], 'the same for people')
    plain = ctl.json('send', '--to', user(server, 0)['address'], '--subject', 'poor', stdin='x')
    check(plain['state'] == 'done', plain)
    message = [m for m in ctl.json('list', 'Sent') if m['subject'] == 'poor'][0]
    check(ctl.error('show', str(message['id']), '--html', code=66)['code'] == 'not-found', 'no HTML')


def test_send_source(ctl, server):
    source = (f'From: {user(server, 0)["address"]}\nTo: {user(server, 1)["address"]}\n'
              'Bcc: echo@example.test\nSubject: from a file\n\n.dots\n')
    sent = ctl.json('send', stdin=source)
    check(sent['state'] == 'done' and len(sent['recipients']) == 2, sent)
    found = wait_for('the message', lambda: server.command(
        f'doveadm fetch -u {user(server, 1)["address"]} text mailbox INBOX header Message-ID {sent["message_id"]}')['output'])
    check('\n.dots' in found and 'Bcc' not in found, found)


def test_send_refused(ctl, server):
    out, err = ctl.run('--json', 'send', '--to', 'refused@example.test', '--subject', 'x', stdin='x', code=65)
    sent = json.loads(out)
    check(sent['state'] == 'refused' and sent['recipients'][0]['state'] == 'refused', sent)
    check(sent['recipients'][0]['server_text'], sent)
    entry = ctl.json('outbox', 'show', str(sent['outbox']))
    check(entry['state'] == 'refused', entry)


def test_reply(ctl, server):
    message = ctl.json('list', 'INBOX', '--limit', '1')[0]
    sent = ctl.json('send', '--reply-to-id', str(message['id']), '--to', user(server, 1)['address'], stdin='Yes.\n')
    check(sent['state'] == 'done' and sent['subject'].startswith('Re:'), sent)
    flags = [m for m in ctl.json('list', 'INBOX') if m['id'] == message['id']][0]['flags']
    check('answered' in flags, flags)


def test_watch(ctl, server):
    path = f'{ctl.home}/message'
    with open(path, 'w', encoding='utf-8') as f:
        f.write(f'From: c@example.test\nTo: {user(server, 0)["address"]}\nSubject: pushed\n\nhello\n')
    with start_watch(ctl) as watch:
        wait_for('the idle state', lambda: [e for e in watch.events if e['event'] == 'state' and e['state'] == 'idle'])
        server.command(f'deliver anna {path}')
        added = wait_for('the pushed message', lambda: [e for e in watch.events if e['event'] == 'added'])
    check(added[0]['folder'] == 'INBOX' and added[0]['id'] > 0 and added[0]['time'], added)
    check(watch.process.returncode == 130, f'exit code {watch.process.returncode}: {watch.errors}')
    check(ctl.json('show', str(added[0]['id']))['subject'] == 'pushed', 'the event names the message')


def test_watch_folders_and_outbox(ctl, server):
    """What is told of a folder or an outbox entry names it, and its account."""
    account = ctl.json('account', 'list')[0]['account']
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
    held = ctl.json('send', '--to', user(server, 1)['address'], '--subject', 'soon', '--at',
                    soon.isoformat(timespec='seconds'), stdin='x')
    server.command(f'doveadm mailbox create -u {user(server, 0)["address"]} Projects')
    with start_watch(ctl) as watch:
        wait_for('the new folder', lambda: [
            e for e in watch.events if e['event'] == 'folder' and e['folder'] == 'Projects' and e.get('state') == 'added'])
        wait_for('the sent message', lambda: [
            e for e in watch.events if e['event'] == 'outbox' and e['id'] == held['outbox'] and e['state'] == 'done'])
    told = [e for e in watch.events if e['event'] in ('folder', 'outbox')]
    check(all(e['account'] == account for e in told), told)
    check(all('id' in e and 'state' in e for e in told if e['event'] == 'outbox'), told)
    check(not [e for e in told if e.get('folder') == 'INBOX' and e.get('state') == 'added'],
          f'what was there before is no news: {told}')


def test_watch_alone(ctl, server):
    """While one ternctl holds the store, another one says so and does no harm."""
    with start_watch(ctl):
        error = ctl.error('list', 'INBOX', code=75)
    check(error['code'] == 'busy' and error['retry'] == 'later', error)


def test_offline(ctl, server):
    server.command('stop imap')
    server.command('stop smtp')
    check(len(ctl.json('list', 'INBOX')) > 0, 'the list is here')
    check(ctl.error('sync', code=69)['code'] == 'unreachable', 'sync')
    message = ctl.json('list', 'INBOX', '--limit', '1')[0]
    result = ctl.json('flag', str(message['id']), '+flagged', code=75)
    check(result['state'] == 'queued', result)
    check('flagged' in ctl.json('list', 'INBOX', '--limit', '1')[0]['flags'], 'flagged here')
    sent = ctl.json('send', '--to', user(server, 1)['address'], '--subject', 'later', stdin='x', code=75)
    check(sent['state'] == 'queued', sent)
    server.command('start imap')
    server.command('start smtp')
    # The next run that goes online brings it up to date; a person need not wait for the next try to send.
    check(ctl.json('outbox', 'retry', str(sent['outbox']))['state'] == 'done', 'retry')
    wait_for('the message', lambda: server.command(
        f'doveadm fetch -u {user(server, 1)["address"]} text mailbox INBOX '
        f'header Message-ID {sent["message_id"]}')['output'])
    with start_watch(ctl):
        wait_for('the flag', lambda: '\\Flagged' in imap_flags(server, message))


def set_outbox_state(ctl, outbox, state):
    """What a program leaves that ends in the middle."""
    database = sqlite3.connect(f'{ctl.home}/data/tern/mail.db')
    with database:
        database.execute('UPDATE outbox SET state = ? WHERE id = ?', (state, outbox))
    database.close()


def test_outbox_stop(ctl, server):
    later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).isoformat(timespec='seconds')
    held = ctl.json('send', '--to', user(server, 1)['address'], '--bcc', 'echo@example.test', '--subject', 'held',
                    '--at', later, stdin='Not yet.\n')
    number = str(held['outbox'])
    check(held['state'] == 'held', held)
    for left, told in ((2, 'queued'), (3, 'uncertain')):
        set_outbox_state(ctl, held['outbox'], left)
        check(ctl.json('outbox', 'show', number)['state'] == told, f'{left} is told as {told}')
        check([e['state'] for e in ctl.json('outbox') if e['outbox'] == held['outbox']] == [told], told)
    check(ctl.error('outbox', 'stop', number, code=65)['code'] == 'refused', 'uncertain is not stopped')
    set_outbox_state(ctl, held['outbox'], 2)
    with open('/dev/full', 'wb') as full:
        process = subprocess.run([ctl.program, 'outbox', 'stop', number], env=ctl.env, stdout=full,
                                 stderr=subprocess.PIPE, cwd=ctl.home, timeout=DEADLINE, check=False)
    check(process.returncode == 74, f'{process.returncode}: a lost copy stops nothing')
    check(ctl.json('outbox', 'show', number)['state'] == 'queued', 'it is still there')
    out, err = ctl.run('outbox', 'stop', number)
    check(b'Not yet.' in out and b'Subject: held' in out and b'echo@example.test' in out, out)
    check(b'will not be sent' in err, err)
    check(ctl.error('outbox', 'show', number, code=66)['code'] == 'not-found', 'it is gone')
    check(ctl.error('outbox', 'stop', number, code=66)['code'] == 'not-found', 'stop of nothing')
    again = ctl.json('send', '--to', user(server, 1)['address'], '--subject', 'json', '--at', later, stdin='x')
    # What a program left that ended in the middle is tried again at once.
    set_outbox_state(ctl, again['outbox'], 2)
    check(ctl.json('outbox', 'retry', str(again['outbox']))['state'] == 'done', 'retry after a crash')
    again = ctl.json('send', '--to', user(server, 1)['address'], '--subject', 'json', '--at', later, stdin='x')
    stopped = ctl.json('outbox', 'stop', str(again['outbox']))
    check(stopped['outbox'] == again['outbox'] and 'Subject: json' in stopped['content'], stopped)
    # A whole message can wait, and be stopped, as well.
    whole = ctl.json('send', '--at', later, stdin=out)
    check(whole['state'] == 'held' and len(whole['recipients']) == 2, whole)
    check(b'Not yet.' in ctl.run('outbox', 'stop', str(whole['outbox']))[0], 'stop of a whole message')
    check(ctl.error('outbox', 'show', str(whole['outbox']), code=66)['code'] == 'not-found', 'it is gone, too')
    # What was given out can be sent after all, to the same people.
    sent = ctl.json('send', stdin=out)
    check(sent['state'] == 'done' and len(sent['recipients']) == 2, sent)
    check(ctl.error('outbox', 'stop', str(sent['outbox']), code=65)['code'] == 'refused', 'too late')


def test_broken_pipe(ctl, server):
    process = ctl.start('watch', '--json')
    try:
        process.stdout.readline()
        process.stdout.close()
        with open(f'{ctl.home}/another', 'w', encoding='utf-8') as f:
            f.write(f'From: c@example.test\nTo: {user(server, 0)["address"]}\nSubject: unheard\n\nhello\n')
        server.command(f'deliver anna {ctl.home}/another')
        check(process.wait(DEADLINE) == 74, f'exit code {process.returncode}')
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stderr.close()


def test_remove(ctl, server):
    account = ctl.json('account', 'list')[0]
    # libsecret's file backend, which is for tests only, forgets the etag of its file when it takes an item out.
    ctl.env['ASAN_OPTIONS'] = 'detect_leaks=0'
    check(ctl.json('account', 'remove', account['account'])['removed'] is True, 'remove')
    check(ctl.json('account', 'list') == [], 'gone')
    check(ctl.error('list', 'INBOX', code=66)['code'] == 'not-found', 'its mail is gone')


TESTS = [test_no_account, test_usage, test_add_wrong_password, test_add_certificate, test_add_unreachable,
         test_add_without_keyring, test_add, test_account_set, test_sync, test_preview, test_doctor, test_doctor_test,
         test_doctor_report, test_doctor_refused, test_sync_progress,
         test_folders_and_list, test_show, test_flag, test_move, test_undo, test_operations, test_why, test_send_text, test_html, test_send_source, test_send_refused,
         test_reply, test_watch, test_watch_folders_and_outbox, test_watch_alone, test_offline, test_outbox_stop, test_broken_pipe, test_remove]


def main():
    server = MailServer('--users', 'anna,bob', '--seed', '12:INBOX')
    ctl = Ternctl(sys.argv[1])
    try:
        status = run_tests(TESTS, ctl, server)
    finally:
        ctl.close()
        server.close()
    sys.exit(status)


main()
