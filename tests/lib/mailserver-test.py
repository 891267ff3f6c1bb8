#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server that the other tests stand on, tried itself. Prints TAP."""

import imaplib
import json
import os
import poplib
import select
import signal
import smtplib
import ssl
import subprocess
import sys
import tempfile
import time
from email.message import EmailMessage

HERE = os.path.dirname(os.path.abspath(__file__))


class Instance:
    def __init__(self, *args):
        self.process = subprocess.Popen(['/usr/bin/python3', f'{HERE}/mailserver.py', *args], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        self.facts = json.loads(self.read(60))
        assert 'error' not in self.facts, self.facts['error']
        self.context = ssl.create_default_context(cafile=self.facts['ca_file'])

    def read(self, seconds):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        assert ready, 'no answer from the server in time'
        return self.process.stdout.readline()

    def command(self, text):
        self.process.stdin.write(text + '\n')
        self.process.stdin.flush()
        return json.loads(self.read(60))

    def user(self, number=0):
        return self.facts['users'][number]['address'], self.facts['users'][number]['password']

    def imap(self, number=0):
        connection = imaplib.IMAP4_SSL(self.facts['host'], self.facts['imap'], ssl_context=self.context, timeout=20)
        connection.login(*self.user(number))
        return connection

    def smtp(self):
        connection = smtplib.SMTP_SSL(self.facts['host'], self.facts['smtp'], context=self.context, timeout=20)
        connection.login(*self.user())
        return connection

    def wait_for_mail(self, number, count, seconds=20):
        end = time.monotonic() + seconds
        with self.imap(number) as connection:
            while time.monotonic() < end:
                _, data = connection.select('INBOX')
                if int(data[0]) >= count:
                    return [connection.fetch(str(i + 1), '(RFC822)')[1][0][1] for i in range(int(data[0]))]
                time.sleep(0.02)
        raise AssertionError('the mail did not arrive')

    def gone(self):
        """Nothing may be left: no folder, no listening port."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if not os.path.exists(self.facts['dir']) and not listening(self.facts):
                return True
            time.sleep(0.02)
        return False

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        assert self.gone()


def listening(facts):
    ports = {facts[name] for name in ('imap', 'pop', 'lmtp', 'smtp', 'smtp_starttls') if name in facts}
    with open('/proc/net/tcp', encoding='ascii') as file:
        for line in file.readlines()[1:]:
            fields = line.split()
            if fields[3] == '0A' and int(fields[1].split(':')[1], 16) in ports:
                return True
    return False


def message(recipient, subject='Grüße über den Äther'):
    mail = EmailMessage()
    mail['From'], mail['To'], mail['Subject'] = 'anna@example.test', recipient, subject
    mail['Message-ID'] = '<one@example.test>'
    mail.set_content('First line\n.\nsecond line ü\n')
    return mail


def test_imap(server):
    with server.imap() as connection:
        names = b' '.join(connection.list()[1])
        for name in (b'\\Drafts', b'\\Sent', b'\\Junk', b'\\Trash', b'\\Archive'):
            assert name in names, names
        for name in ('IDLE', 'QRESYNC', 'MOVE'):
            assert name in connection.capability()[1][0].decode(), name
    plain = imaplib.IMAP4(server.facts['host'], server.facts['imap_starttls'], timeout=20)
    plain.starttls(server.context)
    plain.login(*server.user(1))
    plain.logout()


def test_wrong_password(server):
    connection = imaplib.IMAP4_SSL(server.facts['host'], server.facts['imap'], ssl_context=server.context, timeout=20)
    try:
        connection.login(server.user()[0], 'wrong')
    except imaplib.IMAP4.error as error:
        assert 'AUTHENTICATIONFAILED' in str(error)
    else:
        raise AssertionError('a wrong password was taken')


def test_pop(server):
    connection = poplib.POP3_SSL(server.facts['host'], server.facts['pop_tls'], context=server.context, timeout=20)
    connection.user(server.user()[0])
    connection.pass_(server.user()[1])
    connection.quit()
    connection = poplib.POP3(server.facts['host'], server.facts['pop'], timeout=20)
    connection.stls(server.context)
    connection.quit()


def test_submission(server):
    with server.smtp() as connection:
        assert connection.has_extn('size') and connection.has_extn('8bitmime')
        connection.send_message(message('bob@example.test'))
    assert 'second line' in server.wait_for_mail(1, 1)[0].decode('utf-8', 'replace')
    with smtplib.SMTP(server.facts['host'], server.facts['smtp_starttls'], timeout=20) as connection:
        assert not connection.has_extn('auth')
        connection.starttls(context=server.context)
        connection.login(*server.user())


def test_answers(server):
    with server.smtp() as connection:
        refused = connection.send_message(message('bob@example.test, nobody@example.test, later@example.test, '
                                                  'refused@example.test, full@example.test'))
        codes = {address.split('@')[0]: code for address, (code, _) in refused.items()}
        assert codes == {'nobody': 550, 'later': 450, 'refused': 550, 'full': 452}, codes


def test_echo(server):
    with server.imap() as connection:
        before = int(connection.select('INBOX')[1][0])
    started = time.monotonic()
    with server.smtp() as connection:
        connection.send_message(message('echo@example.test'))
    answer = server.wait_for_mail(0, before + 1)[before].decode()
    assert 'In-Reply-To: <one@example.test>' in answer and '> First line' in answer, answer
    print(f'# the echo took {time.monotonic() - started:.2f} s')


def test_control(server):
    with tempfile.NamedTemporaryFile(suffix='.eml') as file:
        file.write(message('anna@example.test').as_bytes())
        file.flush()
        assert server.command(f'append anna Archive {file.name} "\\\\Seen \\\\Flagged"')['ok']
        assert server.command(f'deliver anna {file.name}')['ok']
    with server.imap() as connection:
        connection.select('Archive')
        assert b'\\Flagged' in connection.fetch('1', '(FLAGS)')[1][0]
    assert not server.command('dance')['ok'] and not server.command('stop everything')['ok']
    assert 'messages=1' in server.command('doveadm mailbox status -u anna@example.test messages Archive')['output']


def test_restart(server):
    open_connection = server.imap()
    assert server.command('stop imap')['ok']
    try:
        server.imap()
    except OSError:
        pass
    else:
        raise AssertionError('it still answers')
    try:
        open_connection.noop()
    except (imaplib.IMAP4.abort, OSError):
        pass
    else:
        raise AssertionError('the connection lives on')
    assert server.command('start imap')['ok']
    server.imap().logout()
    assert server.command('stop smtp')['ok'] and server.command('start smtp')['ok']
    server.smtp().quit()


def test_freeze(server):
    connection = server.imap()
    assert server.command('freeze imap')['ok']
    connection.sock.settimeout(0.3)
    try:
        connection.noop()
    except OSError:
        pass
    else:
        raise AssertionError('it answers while frozen')
    assert server.command('thaw imap')['ok']
    server.imap().logout()
    victim = server.imap()
    assert server.command('kick anna')['ok']
    try:
        victim.noop()
        victim.noop()
    except (imaplib.IMAP4.abort, OSError):
        pass
    else:
        raise AssertionError('kicked, but still there')


def test_variants(_):
    other = Instance('--no-postfix', '--users', 'carl', '--without', 'QRESYNC,CONDSTORE,IDLE', '--listen-address',
                     '127.53.0.1', '--certificate', 'expired')
    try:
        assert 'smtp' not in other.facts
        plain = imaplib.IMAP4(other.facts['host'], other.facts['imap_starttls'], timeout=20)
        assert 'LOGINDISABLED' in plain.capabilities and 'IDLE' not in plain.capabilities
        plain.shutdown()
        try:
            other.imap()
        except ssl.SSLCertVerificationError as error:
            assert 'expired' in str(error)
        else:
            raise AssertionError('an expired certificate was taken')
    finally:
        other.close()


def test_crash(_):
    """SIGKILL of the script, and separately a parent that goes without a word."""
    victim = Instance()
    os.kill(victim.process.pid, signal.SIGKILL)
    assert victim.gone()
    victim = Instance()
    victim.process.terminate()
    assert victim.gone()


def main():
    started = time.monotonic()
    server = Instance()
    print(f'# up in {time.monotonic() - started:.2f} s')
    tests = [(name[5:], function) for name, function in globals().items() if name.startswith('test_')]
    print(f'1..{len(tests) + 1}')
    number, failed = 0, 0
    for number, (name, function) in enumerate(tests, 1):
        try:
            function(server)
            print(f'ok {number} - {name}', flush=True)
        except Exception as error:  # each test reports, none stops the others
            failed += 1
            print(f'not ok {number} - {name}\n# {type(error).__name__}: {error}', flush=True)
    try:
        server.close()
        print(f'ok {number + 1} - nothing left')
    except AssertionError:
        failed += 1
        print(f'not ok {number + 1} - nothing left')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
