#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private mail server for demonstrations and tests: real Dovecot (or Cyrus), real Postfix, a throw-away folder.

Prints one line of JSON when everything answers ({"missing": …} where a server is not installed), then runs until
its standard input closes (so a parent that crashes always takes it along) or SIGTERM comes.  Nothing of the
machine's own mail system is touched: configuration, sockets, queue, mailboxes and certificates live in the folder,
ports are free ones on the loopback address.

Who runs as whom.  The IMAP server runs as an ordinary user: the caller, or "nobody" when the caller is root.
Postfix needs root; a helper process (this file again, through "sudo -n" where the caller is not root) owns
it for its whole life and stops it when the pipe to it closes.  A guard process watches the main one the same
way, so that even SIGKILL leaves nothing behind.

Control: each line on standard input is a command, answered by one line of JSON with at least {"ok": bool}.

  stop imap|smtp        stop the IMAP server (POP3 and LMTP with it) or Postfix; connections are cut
  start imap|smtp       start it again on the same ports
  freeze imap, thaw imap   it keeps its connections but does not answer; SIGSTOP and SIGCONT
  kick USER             cut the connections of one user
  deliver USER FILE     hand a message file to the user's INBOX by LMTP
  append USER FOLDER FILE [FLAGS]   APPEND it by IMAP; FLAGS as on the wire, "\\Seen \\Flagged"
  doveadm ARGS          run doveadm with this configuration, "output" is what it printed; on Cyrus those words
                        of it that mailserver_doveadm.py knows
  ping                  nothing
Arguments are split as a shell does.
"""

import argparse
import grp
import imaplib
import json
import os
import pwd
import secrets
import shlex
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mailserver_cyrus import Cyrus  # noqa: E402  (beside this file)
from mailserver_dovecot import Dovecot, make_certificates  # noqa: E402
from mailserver_echo import EchoServer  # noqa: E402
from mailserver_postfix import RECIPIENT_ANSWERS, Postfix, postfix_helper  # noqa: E402
from mailserver_process import start_guard  # noqa: E402

PORT_FIRST, PORT_LAST, PORT_BLOCK = 20000, 32000, 16  # below the kernel's range for outgoing connections

MASTERS = {'cyrus': Cyrus, 'dovecot': Dovecot}


def fail(text, kind='error'):
    print(json.dumps({kind: text}), flush=True)
    sys.exit(1)


class Server:
    def __init__(self, options):
        self.options = options
        self.address = options.listen_address
        self.domain = options.domain
        self.stopped = set()
        if os.geteuid() == 0:
            account = pwd.getpwnam('nobody')
        else:
            account = pwd.getpwuid(os.geteuid())
        self.mail_user, self.mail_group = account.pw_name, grp.getgrgid(account.pw_gid).gr_name
        self.users = [{'name': name, 'address': f'{name}@{self.domain}',
                       'password': options.password or f'{name}-{secrets.token_urlsafe(9)}'}
                      for name in options.users.split(',')]
        self.ports, self.port_lock = self.choose_ports()
        # Socket paths are limited to 107 bytes, so a deep TMPDIR is of no use.
        parent = tempfile.gettempdir()
        self.dir = tempfile.mkdtemp(prefix='tern-mail-', dir=parent if len(parent) < 50 else '/tmp')
        self.guard, self.guard_pipe = start_guard(self.dir)
        os.chmod(self.dir, 0o755)
        for name in ('run', 'state', 'mail', 'home'):
            os.mkdir(f'{self.dir}/{name}', 0o755)
        if os.geteuid() == 0:
            for name in ('', 'run', 'state', 'mail', 'home'):
                shutil.chown(f'{self.dir}/{name}', account.pw_uid, account.pw_gid)
        self.master = MASTERS[options.imap_server](self)
        self.postfix = Postfix(self) if options.postfix else None

    def choose_ports(self):
        """A block of ports that no other instance has: an abstract socket is its lock, freed by the kernel."""
        blocks = list(range(PORT_FIRST, PORT_LAST, PORT_BLOCK))
        names = ('imap', 'imap_starttls', 'pop', 'pop_tls', 'smtp', 'smtp_starttls', 'lmtp', 'echo')
        start = secrets.randbelow(len(blocks))
        for base in blocks[start:] + blocks[:start]:
            lock = socket.socket(socket.AF_UNIX)
            try:
                lock.bind(f'\0tern-mailserver-{base}')
                for offset in range(len(names)):
                    with socket.socket() as probe:
                        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        probe.bind(('0.0.0.0', base + offset))
                return {name: base + offset for offset, name in enumerate(names)}, lock
            except OSError:
                lock.close()
        raise RuntimeError('no free ports')

    def start(self):
        make_certificates(self.dir, self.options.certificate, self.domain, self.address)
        if os.geteuid() == 0:
            shutil.chown(f'{self.dir}/server.key', self.mail_user, self.mail_group)
        self.master.configure()
        if self.postfix:
            self.postfix.configure()
            echo = EchoServer(self)
            threading.Thread(target=echo.serve_forever, kwargs={'poll_interval': 0.1}, daemon=True).start()
            self.postfix.start(wait=False)
        self.master.start()
        if self.postfix:
            self.postfix.wait()

    def describe(self):
        return {
            'imap_server': self.master.name, 'host': self.host(), **{name: port for name, port in self.ports.items()
                                    if name in self.master.ports
                                    or self.postfix and name.startswith(('smtp', 'echo'))},
            'domain': self.domain, 'users': self.users, 'ca_file': f'{self.dir}/ca.pem', 'dir': self.dir,
            'echo': f'echo@{self.domain}' if self.postfix else None,
            'recipients': {f'{name}@{self.domain}': text for name, text in RECIPIENT_ANSWERS.items()},
            'commands': ['stop', 'start', 'freeze', 'thaw', 'kick', 'deliver', 'append', 'doveadm', 'ping'],
            'pid': os.getpid(),
        }

    def host(self):
        return 'localhost' if self.address == '127.0.0.1' else self.address

    def user(self, name):
        for user in self.users:
            if name in (user['name'], user['address']):
                return user
        raise RuntimeError(f'no user {name}')

    def lmtp(self, recipient, sender, raw):
        with smtplib.LMTP(self.address, self.ports['lmtp'], local_hostname='localhost', timeout=30) as connection:
            connection.sendmail(sender, [recipient], raw)

    def imap(self, user):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = imaplib.IMAP4_SSL(self.address, self.ports['imap'], ssl_context=context, timeout=60)
        connection.login(user['address'], user['password'])
        return connection

    def seed(self):
        """--seed [USER:]N[:FOLDER], several times."""
        for text in self.options.seed:
            parts = text.split(':')
            user = self.users[0] if parts[0].isdigit() else self.user(parts.pop(0))
            count, folder = int(parts[0]), parts[1] if len(parts) > 1 else 'INBOX'
            import mailgen  # beside this file; only the seeding needs it
            with self.imap(user) as connection:
                made = mailgen.Generator(self.options.seed_number, user['address'], heavy=self.options.seed_heavy)
                mailgen.fill(connection, folder, made.messages(count))

    def run_command(self, line):
        words = shlex.split(line)
        if not words:
            return {'ok': True}
        command, args = words[0], words[1:]
        method = getattr(self, 'do_' + command, None)
        if method is None:
            raise RuntimeError(f'no command {command}')
        return {'ok': True, **(method(*args) or {})}

    def part(self, name):
        if name == 'imap':
            return self.master
        if name == 'smtp' and self.postfix:
            return self.postfix
        raise RuntimeError(f'no server {name}')

    def do_ping(self):
        pass

    def do_stop(self, name):
        if name not in self.stopped:
            self.part(name).stop()
            self.stopped.add(name)

    def do_start(self, name):
        if name in self.stopped:
            self.part(name).start()
            self.stopped.discard(name)

    def do_freeze(self, name):
        if name != 'imap':
            raise RuntimeError('only imap can be frozen')
        self.master.signal(signal.SIGSTOP)

    def do_thaw(self, name):
        if name != 'imap':
            raise RuntimeError('only imap can be frozen')
        self.master.signal(signal.SIGCONT)

    def do_kick(self, name):
        self.master.kick(self.user(name))

    def do_deliver(self, name, path):
        with open(path, 'rb') as file:
            self.lmtp(self.user(name)['address'], f'someone@{self.domain}', file.read())

    def do_append(self, name, folder, path, flags=''):
        with open(path, 'rb') as file, self.imap(self.user(name)) as connection:
            answer, data = connection.append(f'"{folder}"', f'({flags})' if flags else None, None, file.read())
            if answer != 'OK':
                raise RuntimeError(str(data))

    def do_doveadm(self, *args):
        return {'output': self.master.doveadm(*args)}

    def close(self):
        """The guard does all the work, here as after a crash: one way, always tried."""
        if self.postfix and self.postfix.helper:
            self.postfix.helper.stdin.close()
        os.close(self.guard_pipe)
        try:
            os.waitpid(self.guard, 0)
        except ChildProcessError:
            pass


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('--imap-server', default=os.environ.get('TERN_TEST_IMAP_SERVER', 'dovecot'),
                        choices=MASTERS, help='default: TERN_TEST_IMAP_SERVER of the environment, or dovecot')
    parser.add_argument('--users', default='anna,bob', help='names before the @, separated by commas')
    parser.add_argument('--password', help='one password for all (default: a random one each)')
    parser.add_argument('--domain', default='example.test')
    parser.add_argument('--listen-address', default='127.0.0.1',
                        help='127.53.0.1, say, makes Dovecot refuse plaintext logins before STARTTLS')
    parser.add_argument('--no-postfix', dest='postfix', action='store_false')
    parser.add_argument('--certificate', default='good', choices=('good', 'expired', 'wrong-host', 'self-signed'))
    parser.add_argument('--without', default='', help='IMAP capabilities not to announce, separated by commas')
    parser.add_argument('--capability', default='', help='further IMAP capabilities to announce')
    parser.add_argument('--mechanisms', default='plain,login,scram-sha-1,scram-sha-256')
    parser.add_argument('--tokens', action='store_true',
                        help='OAUTHBEARER and XOAUTH2: each user has a "token" and an "old_token", which has run out')
    parser.add_argument('--client-certificates', action='store_true',
                        help='EXTERNAL: each user has a "client_cert", a file with the certificate and its key')
    parser.add_argument('--smtp-without', default='', help='EHLO keywords not to announce (size,8bitmime,pipelining)')
    parser.add_argument('--message-size', type=int, default=25 << 20, help='what SIZE announces, in bytes')
    parser.add_argument('--mailbox-size', default='', help='quota of each user, as Dovecot writes it: 10M')
    parser.add_argument('--mailbox-format', default='mdbox', choices=('mdbox', 'sdbox', 'maildir'))
    parser.add_argument('--separator', default='/', help='hierarchy delimiter')
    parser.add_argument('--prefix', default='', help='namespace prefix, for example INBOX/')
    parser.add_argument('--sharing', action='store_true',
                        help='users can share folders (ACL): shared/USER/FOLDER; and Public/ for all')
    parser.add_argument('--log-logins', action='store_true', help='note the time of each IMAP login in DIR/logins')
    parser.add_argument('--compress', action='store_true', help='COMPRESS=DEFLATE')
    parser.add_argument('--seed', action='append', default=[], metavar='[USER:]N[:FOLDER]',
                        help='fill a mailbox with N generated messages')
    parser.add_argument('--seed-heavy', action='store_true', help='11.5 KB a message instead of 3.6')
    parser.add_argument('--seed-number', type=int, default=1, help='start of the generator')
    parser.add_argument('--postfix-helper', metavar='DIR', help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def main(argv):
    options = parse(argv)
    if options.postfix_helper:
        postfix_helper(options.postfix_helper)
        return
    missing = MASTERS[options.imap_server].missing() or options.postfix and Postfix.missing()
    if missing:
        fail(missing, 'missing')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        server = Server(options)
    except (OSError, RuntimeError, KeyError) as error:
        fail(str(error))
    try:
        try:
            server.start()
            server.seed()
        except (OSError, RuntimeError, KeyError, subprocess.SubprocessError, imaplib.IMAP4.error) as error:
            fail(str(error))
        print(json.dumps(server.describe()), flush=True)
        for line in sys.stdin:
            try:
                answer = server.run_command(line)
            except (OSError, RuntimeError, TypeError, ValueError, subprocess.SubprocessError,
                    smtplib.SMTPException, imaplib.IMAP4.error) as error:
                answer = {'ok': False, 'error': str(error)}
            print(json.dumps(answer), flush=True)
    except BrokenPipeError:
        pass
    finally:
        server.close()


if __name__ == '__main__':
    main(sys.argv[1:])
