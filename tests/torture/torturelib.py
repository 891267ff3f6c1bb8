# SPDX-License-Identifier: GPL-3.0-or-later
"""What the torture tests share: an engine that can be killed, a plain second client, and the comparison."""

import argparse
import collections
import contextlib
import imaplib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

from imapproxy import CUT, ImapProxy  # noqa: E402,F401  (CUT is for those who import this)
from ternctl import Failure, MailServer, check  # noqa: E402

DEADLINE = 75
FOLDERS = ['INBOX', 'Archive', 'Trash', 'Junk', 'Other', 'Work']
KINDS = ['flags', 'move', 'copy', 'append', 'expunge']
STATES = ['pending', 'running', 'confirmed', 'refused', 'stuck']
# The bits of TernFlags that both sides name, and what the server calls them.
FLAGS = {'\\Seen': 0x1, '\\Answered': 0x2, '\\Flagged': 0x4, '\\Draft': 0x8, '\\Deleted': 0x10, '$Forwarded': 0x20}
KEYWORDS = ['$Blue', 'todo']

Message = collections.namedtuple('Message', 'folder uid id mid flags')


class Died(Exception):
    """The engine's process has ended in the middle of a command."""


class Engine:
    """The engine in a process of its own, on one folder."""

    def __init__(self, program, server, port):
        self.program = program
        self.home = tempfile.mkdtemp(prefix='torture-')
        user = server.facts['users'][0]
        self.first = [server.facts['host'], str(port), server.facts['ca_file'], user['address'], user['password']]
        self.env = dict(os.environ, HOME=self.home, LC_ALL='C.UTF-8', TZ='UTC', GSETTINGS_BACKEND='memory',
                        GIO_USE_VFS='local', SECRET_BACKEND='file', SECRET_FILE_TEST_PATH=f'{self.home}/secrets',
                        SECRET_FILE_TEST_PASSWORD='test', DBUS_SESSION_BUS_ADDRESS='disabled:',
                        # libsecret's file backend leaks; the killed ones cannot be asked anyway.
                        ASAN_OPTIONS=os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0')
        self.process = None
        self.log = open(f'{self.home}/log', 'wb')

    def start(self):
        os.makedirs(f'{self.home}/store', exist_ok=True)
        self.process = subprocess.Popen([self.program, f'{self.home}/store', *self.first], env=self.env,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        _, problem = self.read_answer('start')
        check(problem is None, f'the engine does not start: {problem}')

    def read_answer(self, what):
        rows = []
        while True:
            line = self.process.stdout.readline().decode(errors='replace')
            if not line:
                raise Died(what)
            line = line.rstrip('\n')
            if line.startswith('| '):
                rows.append(line[2:].split('\t'))
            elif line == 'ok':
                return rows, None
            elif line.startswith('fail '):
                return rows, line[5:]

    def ask(self, *words):
        """(rows, sentence or None); Died when the process is no more."""
        try:
            self.process.stdin.write(('\t'.join(str(word) for word in words) + '\n').encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Died(words[0]) from None
        return self.read_answer(words[0])

    def get(self, *words):
        rows, problem = self.ask(*words)
        check(problem is None, f'{" ".join(str(word) for word in words)}: {problem}')
        return rows

    def messages(self):
        result = []
        for folder, uid, identity, mid, flags, keywords in self.get('messages'):
            mask = int(flags, 16)
            names = {name for name, bit in FLAGS.items() if mask & bit} | set(keywords.split())
            result.append(Message(folder, int(uid), int(identity), mid, frozenset(names)))
        return result

    def operations(self):
        return [f'{KINDS[int(kind)]} {identity} is {STATES[int(state)]} after {attempts} attempts: {fault}'
                for identity, kind, state, attempts, fault in self.get('operations')]

    def kill(self):
        self.process.kill()
        self.forget()

    def forget(self):
        """The process has ended or will; it says nothing more. Returns its status."""
        status = self.process.wait(DEADLINE)
        # What it was told last may be in the buffer still.
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process = None
        return status

    def check_death(self):
        """It died as it was told to (7 or SIGKILL), not of a fault of its own."""
        status = self.forget()
        check(status in (7, -9), f'the engine ended with {status}:\n{self.said()}')

    def said(self):
        with open(f'{self.home}/log', encoding='utf-8', errors='replace') as file:
            return file.read()[-6000:]

    def stop(self):
        """In order; a fault of memory would be in the status."""
        if self.process:
            try:
                self.ask('quit')
            except Died:
                pass
            status = self.forget()
            check(status == 0, f'the engine ended with {status}:\n{self.said()}')

    def close(self):
        if self.process:
            self.kill()
        self.log.close()
        shutil.rmtree(self.home)


class Client:
    """The other client: a plain IMAP script, straight to the server."""

    def __init__(self, server):
        self.server = server
        user = server.facts['users'][0]
        self.imap = imaplib.IMAP4('127.0.0.1', server.facts['imap_starttls'])
        self.imap.login(user['address'], user['password'])
        self.imap.capabilities = tuple(self.imap.capability()[1][0].decode().upper().split())
        self.selected = None

    def select(self, folder):
        # Again each time, so that what others did is seen.
        answer, data = self.imap.select(f'"{folder}"')
        check(answer == 'OK', data)

    def append(self, folder, mid, flags=''):
        text = (f'From: c@example.test\r\nSubject: {mid}\r\nMessage-ID: <{mid}>\r\n'
                f'Date: Mon, 23 Nov 2026 10:00:00 +0100\r\n\r\n' + 'x' * 70 + '\r\n').encode()
        answer, data = self.imap.append(f'"{folder}"', f'({flags})', '"23-Nov-2026 10:00:00 +0100"', text)
        check(answer == 'OK', data)

    def uids(self, folder):
        self.select(folder)
        return [int(uid) for uid in self.imap.uid('SEARCH', 'ALL')[1][0].split()]

    def uid(self, *words):
        answer, data = self.imap.uid(*(str(word) for word in words))
        # The other client may have been faster.
        check(answer == 'OK' or b'[EXPUNGEISSUED]' in (data[0] or b''), f'{words}: {data}')
        return data

    def mids(self, folder):
        """{uid: Message-ID}"""
        return {message.uid: message.mid for message in self.messages([folder])}

    def messages(self, folders=None):
        result = []
        for folder in folders or self.folders():
            self.select(folder)
            if not self.imap.uid('SEARCH', 'ALL')[1][0]:
                continue
            rows = self.imap.uid('FETCH', '1:*', '(UID FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])')[1]
            for row in rows:
                if not isinstance(row, tuple):
                    continue
                uid = int(re.search(rb'UID (\d+)', row[0]).group(1))
                flags = re.search(rb'FLAGS \(([^)]*)\)', row[0]).group(1).decode().split()
                mid = re.search(rb'<([^>]*)>', row[1]).group(1).decode()
                result.append(Message(folder, uid, 0, mid, frozenset(flags) - {'\\Recent'}))
        return result

    def folders(self):
        names = [re.search(rb'"?([^" ]+)"?$', line).group(1).decode() for line in self.imap.list()[1]
                 if b'\\Noselect' not in line]
        return sorted(names)

    def close(self):
        try:
            self.imap.logout()
        except (OSError, imaplib.IMAP4.error):
            pass


def plain(messages, flags):
    return {f'{m.folder}/{m.uid} {m.mid} {" ".join(sorted(m.flags & flags if flags else m.flags))}' for m in messages}


def difference(here, there, flags=None):
    here, there = plain(here, flags), plain(there, flags)
    return '\n'.join([f'here only:  {line}' for line in sorted(here - there)]
                     + [f'there only: {line}' for line in sorted(there - here)])


def settle(engine, client, what='', flags=None):
    """Runs to quiet: nothing is left to do, and what is here is what the server has. Returns the server's messages."""
    end = time.monotonic() + DEADLINE
    problem = left = told = None
    while time.monotonic() < end:
        engine.ask('refresh')
        _, problem = engine.ask('sync')
        left = engine.operations()
        check('is damaged' not in (problem or ''), problem)
        if problem is None and not left:
            there = client.messages()
            told = difference(engine.messages(), there, flags)
            if not told:
                check_counts(engine, there)
                return there
        time.sleep(0.05)
    told = difference(engine.messages(), client.messages(), flags)
    raise Failure(f'{what}: it does not come to rest: {problem or ""}\n' + '\n'.join([*left, told]))


def check_counts(engine, there):
    """The folders' counts are those of what lies in them."""
    for folder, total, unread in engine.get('folders'):
        have = [m for m in there if m.folder == folder]
        fresh = [m for m in have if '\\Seen' not in m.flags]
        check((int(total), int(unread)) == (len(have), len(fresh)),
              f'{folder} says {total} and {unread} unread, has {len(have)} and {len(fresh)}')


class Stage:
    """A server, a proxy before it, an engine behind that and a client of the other kind."""

    def __init__(self, program, *options):
        self.server = MailServer('--users', 'anna', '--no-postfix', '--password', 'geheim', *options)
        self.proxy = ImapProxy(self.server.facts)
        self.engine = Engine(program, self.server, self.proxy.port)
        self.client = Client(self.server)
        # Without mod-sequences nobody is told of the others' other flags; they come after a while.
        self.flags = None if 'CONDSTORE' in self.client.imap.capabilities else {'\\Seen'}
        for folder in FOLDERS:
            if folder not in self.client.folders():
                self.client.imap.create(folder)
                self.client.imap.subscribe(folder)

    def empty(self):
        for folder in self.client.folders():
            if self.client.uids(folder):
                self.client.uid('STORE', '1:*', '+FLAGS.SILENT', '(\\Deleted)')
                self.client.imap.expunge()

    def bump(self, folder, value):
        self.server.command(f'doveadm mailbox update --uid-validity {value} -u anna@example.test {folder}')

    def settle(self, what=''):
        return settle(self.engine, self.client, what, self.flags)

    def close(self):
        self.client.close()
        self.engine.close()
        self.proxy.close()
        self.server.close()


class Deed:
    """One thing that a person does to messages, how it looks on the wire, and where it has to end."""

    def __init__(self, name, pattern, do, folder, flags=('\\Seen',), copies=1):
        self.name, self.pattern, self.do = name, pattern, do
        self.folder, self.flags, self.copies = folder, set(flags), copies

    def prepare(self, stage, mids):
        """The messages are here and there. Returns their ids, as the engine is told them."""
        for mid in mids:
            if self.name != 'append':
                stage.client.append('INBOX', mid, '\\Seen')
        stage.settle(f'{self.name}: before')
        return ','.join(str(m.id) for m in stage.engine.messages() if m.mid in mids)

    def check(self, there, mids):
        for mid in mids:
            have = [m for m in there if m.mid == mid]
            places = ', '.join(f'{m.folder}/{m.uid} {sorted(m.flags)}' for m in have) or 'nowhere'
            check(len(have) == self.copies, f'{self.name}: {mid} is {places}')
            if have:
                check(self.folder in [m.folder for m in have] and all(m.flags == self.flags for m in have),
                      f'{self.name}: {mid} is {places}')


DEEDS = {deed.name: deed for deed in [
    Deed('flags', r'UID STORE', lambda engine, ids, mids: engine.get('flag', ids, '4', '1', 'todo', '-'), 'INBOX',
         ('\\Flagged', 'todo')),
    Deed('move', r'UID (MOVE|COPY)', lambda engine, ids, mids: engine.get('move', ids, 'Other'), 'Other'),
    Deed('archive', r'UID (MOVE|COPY)', lambda engine, ids, mids: engine.get('role', ids, 'archive'), 'Archive'),
    Deed('trash', r'UID (MOVE|COPY)', lambda engine, ids, mids: engine.get('role', ids, 'trash'), 'Trash'),
    Deed('copy', r'UID COPY', lambda engine, ids, mids: engine.get('copy', ids, 'Work'), 'Work', copies=2),
    Deed('append', r'APPEND', lambda engine, ids, mids: engine.get('append', 'Other', ','.join(mids)), 'Other'),
    Deed('expunge', r'UID STORE', lambda engine, ids, mids: engine.get('expunge', ids), None, copies=0),
]}


def arguments(doc, rounds):
    parser = argparse.ArgumentParser(description=doc.split('\n', 1)[0])
    parser.add_argument('program', help='torture-engine')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--rounds', type=int, default=rounds)
    parser.add_argument('--keep-going', action='store_true', help='after a failure, with the next round')
    return parser.parse_args()


def run_rounds(options, rounds):
    """ROUNDS: (name, function of a random.Random). Each has a random generator of its own seed. Prints TAP."""
    if not shutil.which('dovecot', path='/usr/sbin:/usr/bin'):
        print('1..0 # SKIP no Dovecot here')
        return 0
    print(f'# seed {options.seed}, {options.rounds} rounds', flush=True)
    print(f'1..{len(rounds)}', flush=True)
    failed = 0
    for number, (name, function) in enumerate(rounds, 1):
        began = time.monotonic()
        try:
            function(random.Random(f'{options.seed} {name}'))
            print(f'ok {number} {name} # {time.monotonic() - began:.1f} s', flush=True)
        except (Failure, Died, ValueError, KeyError, IndexError, OSError, imaplib.IMAP4.error,
                subprocess.TimeoutExpired) as problem:
            failed += 1
            for line in str(problem).splitlines() or [repr(problem)]:
                print(f'# {type(problem).__name__}: {line}')
            print(f'not ok {number} {name} # seed {options.seed}', flush=True)
            if not options.keep_going:
                break
    return 1 if failed else 0
