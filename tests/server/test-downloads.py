#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Large attachments from a real Dovecot, over links that are cut: in pieces, resumed, in constant memory. TAP.

Usage: test-downloads.py TERNCTL
"""

import base64
import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

from imapproxy import ImapProxy  # noqa: E402
from ternctl import DEADLINE, MailServer, Ternctl, check, run_tests, user, wait_for  # noqa: E402

MIB = 1024 * 1024
RANGE = re.compile(r'UID FETCH \d+ .*BODY\.PEEK\[2\]<(\d+)\.(\d+)>')
WHOLE = re.compile(r'UID FETCH \d+ .*BODY\.PEEK\[2\]($|[^<])')
# What is freed is not kept, so that memory can be measured under sanitizers, too.
LEAN = 'quarantine_size_mb=0:thread_local_quarantine_size_kb=0:' + os.environ.get('ASAN_OPTIONS', '')


class Link:
    """What goes over it, and a proxy that every test sets anew."""

    def __init__(self, server):
        self.proxy = ImapProxy(server.facts)
        self.begin()

    def begin(self):
        self.ranges, self.whole = [], 0
        self.at = None       # (offset, what to do once a range from there on is asked for)
        self.proxy.on_command = self.command
        self.proxy.on_send = None
        # What the server decodes has a test of its own.
        self.proxy.on_response = lambda line, connection: line.replace(b' BINARY', b'')
        self.proxy.rate = self.proxy.most = None
        self.proxy.disarm()
        self.proxy.come_up()

    def command(self, text, connection):
        found = RANGE.match(text)
        if found:
            self.ranges.append((int(found.group(1)), int(found.group(2))))
            if self.at and self.ranges[-1][0] >= self.at[0]:
                action, self.at = self.at[1], None
                action(connection)
        elif WHOLE.match(text):
            self.whole += 1


class World:
    def __init__(self, server, ctl):
        self.server, self.ctl = server, ctl
        self.link = Link(server)
        facts = server.facts
        ctl.json('account', 'add', user(server, 0)['address'], '--imap', f'{facts["host"]}:{self.link.proxy.port}',
                 '--smtp', f'{facts["host"]}:9', '--ca-file', facts['ca_file'], '--password-stdin', '--no-test',
                 stdin=user(server, 0)['password'] + '\n')
        self.count = 0

    def add(self, size, seed):
        """A message with an attachment of SIZE bytes in the account. Returns its id, a folder, the bytes' hash."""
        self.link.begin()
        noise = random.Random(seed).randbytes(size)
        subject = f'large-{seed}'
        path = f'{self.ctl.home}/message'
        with open(path, 'wb') as file:
            file.write(f'From: Carl <carl@example.test>\r\nTo: anna@example.test\r\nSubject: {subject}\r\n'
                       f'Message-ID: <{subject}@example.test>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n'
                       'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'
                       '--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nIt is large.\r\n'
                       '--b\r\nContent-Type: application/octet-stream; name=noise.bin\r\n'
                       'Content-Disposition: attachment; filename=noise.bin\r\n'
                       'Content-Transfer-Encoding: base64\r\n\r\n'.encode())
            file.write(base64.encodebytes(noise).replace(b'\n', b'\r\n'))
            file.write(b'--b--\r\n')
        self.server.command(f'append anna INBOX {path}')
        os.unlink(path)
        self.ctl.run('sync')
        found = [m for m in self.ctl.json('list', 'INBOX') if m['subject'] == subject]
        check(len(found) == 1, f'one message {subject}')
        folder = f'{self.ctl.home}/{subject}'
        os.mkdir(folder)
        self.link.begin()
        return str(found[0]['id']), folder, hashlib.sha256(noise).hexdigest()

    def start_save(self, message, folder):
        return self.ctl.start('show', message, '--save', folder)

    def save(self, message, folder, code=0):
        process = self.start_save(message, folder)
        out, err = process.communicate(timeout=4 * DEADLINE)
        check(process.returncode == code, f'exit code {process.returncode}, not {code}: {err.decode()}')
        check(err == b'' or code, f'nothing to say where there is no terminal: {err}')
        return out.decode(), err.decode()

    def partials(self):
        path = f'{self.ctl.home}/data/tern/bodies/partial'
        return [os.path.getsize(f'{path}/{name}') for name in os.listdir(path)] if os.path.isdir(path) else []


WORLD = None


def check_file(folder, digest, name='noise.bin'):
    with open(f'{folder}/{name}', 'rb') as file:
        check(hashlib.sha256(file.read()).hexdigest() == digest, f'{name} is what was sent')
    check(os.stat(f'{folder}/{name}').st_mode & 0o777 == 0o600, 'for this user only')


def test_resumed_after_cuts(ctl, server):
    """Two cuts in the middle of a piece: the same run goes on, and no byte that was stored comes again."""
    message, folder, digest = WORLD.add(8 * MIB, 1)
    link = WORLD.link
    cuts = []

    def cut(connection):
        connection.left = ('down', 100_000)
        cuts.append(len(link.ranges))
        if len(cuts) < 2:
            link.at = (6 * MIB, cut)

    link.at = (3 * MIB, cut)
    WORLD.save(message, folder)
    check_file(folder, digest)
    check(link.proxy.cuts == 2 and len(cuts) == 2, f'two cuts: {link.proxy.cuts}')
    check(link.whole == 0, 'never as a whole')
    for before in cuts:
        # At most what was asked for and what was being stored is asked for again.
        check(link.ranges[before][0] >= link.ranges[before - 1][0] - 2 * MIB, f'resumed: {link.ranges}')
        check(link.ranges[before][0] > 0, f'not from the beginning: {link.ranges}')
    check([offset for offset, _ in link.ranges].count(0) == 1, f'the first byte once: {link.ranges}')
    check(all(length <= MIB for _, length in link.ranges), f'small pieces: {link.ranges}')
    check(WORLD.partials() == [], 'nothing is left over')


def test_link_down(ctl, server):
    """Every connection is gone, and there is no other one for a while."""
    message, folder, digest = WORLD.add(6 * MIB, 10)
    link = WORLD.link
    downs = []

    def go_down(connection):
        downs.append(len(link.ranges))
        link.proxy.down = True
        for each in list(link.proxy.connections):
            each.cut()

    link.at = (3 * MIB, go_down)
    process = WORLD.start_save(message, folder)
    wait_for('the link to go down', lambda: downs)
    wait_for('a connection that is refused', lambda: link.proxy.refused)
    link.proxy.come_up()
    _, err = process.communicate(timeout=2 * DEADLINE)
    check(process.returncode == 0, f'saved: {process.returncode} {err}')
    check_file(folder, digest)
    check(link.whole == 0 and link.ranges[downs[0]][0] > 0, f'resumed: {link.ranges}')


def test_stopped_and_resumed(ctl, server):
    """Ctrl-C leaves no half file behind and keeps what has come; the next run goes on there."""
    message, folder, digest = WORLD.add(8 * MIB, 2)
    link = WORLD.link
    process = WORLD.start_save(message, folder)
    link.at = (2 * MIB, lambda connection: process.send_signal(signal.SIGINT))
    link.proxy.rate = 8 * MIB
    out, err = process.communicate(timeout=DEADLINE)
    check(process.returncode == 130, f'stopped: {process.returncode} {err}')
    check(os.listdir(folder) == [], f'no file: {os.listdir(folder)}')
    kept = WORLD.partials()
    check(len(kept) == 1 and kept[0] >= MIB, f'what has come is kept: {kept}')
    link.begin()
    WORLD.save(message, folder)
    check_file(folder, digest)
    check(link.ranges[0][0] == kept[0], f'goes on at {kept[0]}: {link.ranges[0]}')
    link.begin()
    # It is here now; a file of that name stays.
    WORLD.link.proxy.go_down()
    WORLD.save(message, folder)
    check_file(folder, digest, 'noise (2).bin')


def test_killed_and_resumed(ctl, server):
    message, folder, digest = WORLD.add(6 * MIB, 3)
    link = WORLD.link
    process = WORLD.start_save(message, folder)
    link.at = (3 * MIB, lambda connection: process.kill())
    process.communicate(timeout=DEADLINE)
    kept = WORLD.partials()
    check(len(kept) == 1 and kept[0] >= MIB, f'what has come is kept: {kept}')
    link.begin()
    WORLD.save(message, folder)
    check_file(folder, digest)
    check(link.ranges[0][0] == kept[0], f'goes on at {kept[0]}: {link.ranges[0]}')


def test_out_of_reach(ctl, server):
    message, folder, digest = WORLD.add(4 * MIB, 4)
    ctl.run('show', message)
    WORLD.link.proxy.go_down()
    _, err = WORLD.save(message, folder, code=69)
    check(err.startswith('ternctl: '), f'it is said: {err}')
    check(os.listdir(folder) == [], 'no file')
    WORLD.link.begin()
    WORLD.save(message, folder)
    check_file(folder, digest)


def test_other_size(ctl, server):
    """What is here of a section that is told to be another one now is no use."""
    message, folder, digest = WORLD.add(4 * MIB, 5)
    link = WORLD.link
    process = WORLD.start_save(message, folder)
    link.at = (2 * MIB, lambda connection: process.kill())
    process.communicate(timeout=DEADLINE)
    server.command('doveadm mailbox update --uid-validity 4711 -u anna@example.test INBOX')
    ctl.run('sync')
    link.begin()
    WORLD.save(message, folder)
    check_file(folder, digest)
    check(link.ranges[0][0] == 0, f'from the beginning: {link.ranges[0]}')


def test_without_ranges(ctl, server):
    """A server that brings the whole section whatever it is asked for: once more as a whole, and it is here."""
    message, folder, digest = WORLD.add(3 * MIB, 6)
    link = WORLD.link
    link.proxy.on_send = lambda line, connection: re.sub(rb'(BODY\.PEEK\[2\])<\d+\.\d+>', rb'\1', line)
    WORLD.save(message, folder)
    check_file(folder, digest)
    check((len(link.ranges), link.whole) == (1, 1), f'one try: {link.ranges} {link.whole}')


def test_one_connection(ctl, server):
    """A server that lets nobody have a second one."""
    message, folder, digest = WORLD.add(3 * MIB, 11)
    link = WORLD.link
    link.proxy.most = 1
    WORLD.save(message, folder)
    check_file(folder, digest)
    check(link.proxy.refused > 0 and link.whole == 0, f'on the only one: {link.proxy.refused} {link.whole}')


def test_short_answers(ctl, server):
    """A server that gives less at a time than it was asked for."""
    message, folder, digest = WORLD.add(3 * MIB, 7)
    link = WORLD.link
    link.proxy.on_send = lambda line, connection: re.sub(rb'(BODY\.PEEK\[2\]<\d+\.)\d+>', rb'\g<1>100000>', line)
    WORLD.save(message, folder)
    check_file(folder, digest)
    check(link.whole == 0 and len(link.ranges) >= 40, f'in small pieces: {len(link.ranges)}')


def measure(message, folder):
    """The most memory that a run had, in MiB, as far as it was seen from outside."""
    env = dict(WORLD.ctl.env, ASAN_OPTIONS=LEAN)
    process = subprocess.Popen([WORLD.ctl.program, 'show', message, '--save', folder], env=env,
                               stdout=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        with open(f'/proc/{process.pid}/status') as status:
            most = max([most] + [int(line.split()[1]) for line in status if line.startswith('VmHWM')])
        time.sleep(0.005)
    check(process.returncode == 0, 'saved')
    return most / 1024


def test_memory(ctl, server):
    """A hundred times the size takes no more memory."""
    message, folder, digest = WORLD.add(2 * MIB, 8)
    small = measure(message, folder)
    check_file(folder, digest)
    message, folder, digest = WORLD.add(64 * MIB, 9)
    large = measure(message, folder)
    check_file(folder, digest)
    print(f'# {small:.0f} MiB for 2 MiB, {large:.0f} MiB for 64 MiB')
    check(large - small < 16, f'{small:.0f} MiB for 2 MiB, {large:.0f} MiB for 64 MiB')


def main():
    global WORLD
    server = MailServer('--users', 'anna', '--no-postfix', '--password', 'geheim')
    ctl = Ternctl(sys.argv[1])
    try:
        WORLD = World(server, ctl)
        return run_tests([test_resumed_after_cuts, test_link_down, test_stopped_and_resumed,
                          test_killed_and_resumed, test_out_of_reach, test_other_size, test_without_ranges,
                          test_one_connection, test_short_answers, test_memory], ctl, server)
    finally:
        WORLD.link.proxy.close()
        ctl.close()
        server.close()


if __name__ == '__main__':
    sys.exit(main())
