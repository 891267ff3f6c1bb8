#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Large attachments that the server decodes (BINARY), from a real Dovecot or Cyrus: what is saved is the same. TAP.

Usage: test-decoded.py TERNCTL
"""

import base64
import os
import quopri
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

from imapproxy import ImapProxy  # noqa: E402
from ternctl import DEADLINE, MailServer, Ternctl, check, run_tests, user  # noqa: E402

MIB = 1024 * 1024
RANGE = re.compile(r'UID FETCH \d+ .*(BODY|BINARY)\.PEEK\[2\]<(\d+)\.(\d+)>')
ANSWER = re.compile(rb'BINARY\[2\]<(\d+)>')


class World:
    def __init__(self, server, ctl):
        self.server, self.ctl = server, ctl
        self.proxy = ImapProxy(server.facts)
        facts = server.facts
        ctl.json('account', 'add', user(server, 0)['address'], '--imap', f'{facts["host"]}:{self.proxy.port}',
                 '--smtp', f'{facts["host"]}:9', '--ca-file', facts['ca_file'], '--password-stdin', '--no-test',
                 stdin=user(server, 0)['password'] + '\n')
        # What is kept beside needs no attachment to be fetched.
        ctl.run('account', 'set', user(server, 0)['address'], 'keep-days=0')
        self.count = 0
        self.begin()

    def begin(self, hide=False):
        self.asked = {'BODY': [], 'BINARY': []}
        self.proxy.on_command = self.command
        self.proxy.on_response = (lambda line, connection: line.replace(b' BINARY', b'')) if hide else None
        self.proxy.on_send = None
        self.proxy.disarm()

    def command(self, text, connection):
        found = RANGE.match(text)
        if found:
            self.asked[found.group(1)].append((int(found.group(2)), int(found.group(3))))

    def bytes_of(self, name):
        return sum(length for _, length in self.asked[name])

    def add(self, *messages):
        """Messages with an attachment of (encoding, what it is in the message). Returns their ids."""
        self.begin()
        subjects = []
        for encoding, body in messages:
            self.count += 1
            subjects.append(f'large-{self.count}')
            path = f'{self.ctl.home}/message'
            with open(path, 'wb') as file:
                file.write(f'From: Carl <carl@example.test>\r\nTo: anna@example.test\r\nSubject: {subjects[-1]}\r\n'
                           f'Message-ID: <{subjects[-1]}@example.test>\r\n'
                           'Date: Mon, 23 Nov 2026 10:00:00 +0100\r\n'
                           'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n'
                           '--bb\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nIt is large.\r\n'
                           '--bb\r\nContent-Type: application/octet-stream; name=noise.bin\r\n'
                           'Content-Disposition: attachment; filename=noise.bin\r\n'
                           f'Content-Transfer-Encoding: {encoding}\r\n\r\n'.encode())
                file.write(body + b'\r\n--bb--\r\n')
            self.server.command(f'append anna INBOX {path}')
            os.unlink(path)
        self.ctl.run('sync')
        listed = {m['subject']: str(m['id']) for m in self.ctl.json('list', 'INBOX')}
        return [listed[subject] for subject in subjects]

    def save(self, message):
        """The bytes of its attachment, from a file."""
        folder = f'{self.ctl.home}/saved-{message}'
        os.mkdir(folder)
        process = self.ctl.start('show', message, '--save', folder)
        _, err = process.communicate(timeout=4 * DEADLINE)
        check(process.returncode == 0, f'saved: {process.returncode} {err}')
        with open(f'{folder}/noise.bin', 'rb') as file:
            return file.read()


WORLD = None


def noise(size, seed):
    return random.Random(seed).randbytes(size)


def encode(data):
    return base64.encodebytes(data).replace(b'\n', b'\r\n').rstrip()


def test_fewer_bytes(ctl, server):
    """Nearly all of it is transferred as what it is."""
    data = noise(6 * MIB + 1, 1)
    message, = WORLD.add(('base64', encode(data)))
    WORLD.begin()
    check(WORLD.save(message) == data, 'what was sent')
    check(WORLD.bytes_of('BINARY') > 5 * MIB, f'decoded there: {WORLD.asked}')
    check(WORLD.bytes_of('BODY') < MIB, f'as it is: {WORLD.asked}')


def test_without(ctl, server):
    data = noise(2 * MIB, 2)
    message, = WORLD.add(('base64', encode(data)))
    WORLD.begin(hide=True)
    check(WORLD.save(message) == data, 'what was sent')
    check(WORLD.asked['BINARY'] == [], f'not asked for: {WORLD.asked}')


def test_resumed(ctl, server):
    """After a cut in the middle it goes on where it was."""
    data = noise(8 * MIB, 3)
    message, = WORLD.add(('base64', encode(data)))
    WORLD.begin()
    at = []

    def cut(text, connection):
        WORLD.command(text, connection)
        if not at and WORLD.asked['BINARY'] and WORLD.asked['BINARY'][-1][0] > 3 * MIB:
            at.append(len(WORLD.asked['BINARY']))
            connection.left = ('down', 100_000)

    WORLD.proxy.on_command = cut
    cuts = WORLD.proxy.cuts
    check(WORLD.save(message) == data, 'what was sent')
    check(at and WORLD.proxy.cuts == cuts + 1, f'one cut: {WORLD.proxy.cuts - cuts}')
    later = WORLD.asked['BINARY'][at[0]:]
    check(later and later[0][0] > 1 * MIB, f'resumed: {WORLD.asked}')
    check([offset for offset, _ in WORLD.asked['BODY']].count(0) == 1, f'the first byte once: {WORLD.asked}')


def lines_of(text, change):
    lines = text.split(b'\r\n')
    return b'\r\n'.join(change(lines))


def middle(lines, insert):
    at = len(lines) * 2 // 3
    return lines[:at] + insert + lines[at:]


def test_same_bytes(ctl, server):
    """Whatever the part is, it is saved as where the server does not decode."""
    data = noise(MIB, 4)
    text = encode(data)
    odd = noise(MIB * 3 // 4, 5).replace(b'\r', b'=').replace(b'\n', b' \n')
    zeros = encode(bytes(MIB))
    cases = {
        'long last line': ('base64', text),
        'one byte of padding': ('base64', encode(data[:-1])),
        'no padding': ('base64', text.rstrip(b'=')),
        'cut off in the middle of four': ('base64', text[:-7]),
        'cut off after two of four': ('base64', text[:-6]),
        'text after it': ('base64', text + b'\r\n\r\nScanned by nobody!\r\n'),
        'a line of text in the middle': ('base64', lines_of(text, lambda lines: middle(lines, [b'-- !! --']))),
        'an empty line': ('base64', lines_of(text, lambda lines: middle(lines, [b'']))),
        'a longer line': ('base64', lines_of(text, lambda lines: middle(lines, [b'A' * 80]))),
        'padding in the middle': ('base64', encode(data[:MIB // 2]) + b'\r\n' + text),
        'zeros, with padding in a line': ('base64', lines_of(zeros, lambda lines: middle(lines, [b'A' * 74 + b'==']))),
        'zeros, with a line of dots': ('base64', lines_of(zeros, lambda lines: middle(lines, [b'.' * 76]))),
        'lines of 60': ('base64', b'\r\n'.join(base64.b64encode(data[i:i + 45]) for i in range(0, len(data), 45))),
        'lines of 74': ('base64', b'\r\n'.join(base64.b64encode(data)[i:i + 74]
                                               for i in range(0, len(data) * 4 // 3, 74))),
        'blanks at the ends': ('base64', text.replace(b'\r\n', b' \r\n')),
        'no base64 at all': ('base64', quopri.encodestring(odd).replace(b'\n', b'\r\n')),
        'quoted-printable': ('quoted-printable', quopri.encodestring(odd).replace(b'\n', b'\r\n')),
        'quoted-printable, blanks at the ends': (
            'quoted-printable', quopri.encodestring(odd).replace(b'\n', b' \t\r\n')),
        'eight bits': ('8bit', b'\r\n'.join(['Grüße'.encode() * 12] * 20000)),
    }
    messages = WORLD.add(*[case for case in cases.values() for _ in range(2)])
    for i, (name, case) in enumerate(cases.items()):
        plain, decoded = messages[2 * i:2 * i + 2]
        WORLD.begin(hide=True)
        wanted = WORLD.save(plain)
        WORLD.begin()
        got = WORLD.save(decoded)
        asked = len(WORLD.asked['BINARY'])
        print(f'# {name}: {len(wanted)} bytes, asked to decode {asked} times, '
              f'{[offset for offset, _ in WORLD.asked["BODY"]].count(0)} times from the beginning')
        check(got == wanted, f'{name}: {len(got)} bytes and not {len(wanted)}, or others')
        check(WORLD.asked['BODY'], f'{name}: fetched in pieces')
        check(asked < 5, f'{name}: not asked for in vain again')
        check(asked == 0 or case[0] == 'base64', f'{name}: only base64 is decoded there')


def test_refused(ctl, server):
    """RFC 3516 section 4.3: a server may not know how."""
    for answer in (b'NO [UNKNOWN-CTE] cannot decode', b'BAD what is BINARY?', b'OK but nothing'):
        data = noise(MIB, answer[0])
        message, = WORLD.add(('base64', encode(data)))
        WORLD.begin()

        def refuse(text, connection):
            WORLD.command(text, connection)
            return answer if 'BINARY' in text else None

        WORLD.proxy.on_command = refuse
        check(WORLD.save(message) == data, f'what was sent, after {answer}')
        check(len(WORLD.asked['BINARY']) == 1, f'asked once: {WORLD.asked}')
        check([offset for offset, _ in WORLD.asked['BODY']].count(0) == 1, f'and nothing again: {WORLD.asked}')


def test_wrong(ctl, server):
    """A server that decodes something else than what was asked for, or does not decode."""
    def shift(by):
        def send(line, connection):
            return re.sub(rb'BINARY\.PEEK\[2\]<(\d+)', lambda m: b'BINARY.PEEK[2]<%d' % (int(m.group(1)) + by), line)

        def response(line, connection):
            return ANSWER.sub(lambda m: b'BINARY[2]<%d>' % (int(m.group(1)) - by), line)
        return send, response

    def undecoded():
        return (lambda line, connection: line.replace(b'BINARY.PEEK', b'BODY.PEEK') if b'BINARY' in line else line,
                lambda line, connection: line.replace(b'BODY[2]<', b'BINARY[2]<') if kept(line) else line)

    def kept(line):
        found = re.search(rb'BODY\[2\]<(\d+)>', line)
        return found and any(offset == int(found.group(1)) for offset, _ in WORLD.asked['BINARY'])

    for number, (send, response) in enumerate((shift(57), shift(1), undecoded())):
        data = noise(MIB, 20 + number)
        message, = WORLD.add(('base64', encode(data)))
        WORLD.begin()
        WORLD.proxy.on_send, WORLD.proxy.on_response = send, response
        check(WORLD.save(message) == data, f'what was sent, in spite of lie {number}')
        check(len(WORLD.asked['BINARY']) == 1, f'believed once: {WORLD.asked}')


def main():
    global WORLD
    server = MailServer('--users', 'anna', '--no-postfix', '--password', 'geheim')
    ctl = Ternctl(sys.argv[1])
    try:
        WORLD = World(server, ctl)
        return run_tests([test_fewer_bytes, test_without, test_resumed, test_same_bytes, test_refused, test_wrong],
                         ctl, server)
    finally:
        if WORLD:
            WORLD.proxy.close()
        ctl.close()
        server.close()


if __name__ == '__main__':
    sys.exit(main())
