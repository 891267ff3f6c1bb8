#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private mail server for demonstrations and tests: real Dovecot, real Postfix, a throw-away folder.

Prints one line of JSON when everything answers, then runs until its standard input closes (so a parent
that crashes always takes it along) or SIGTERM comes.  Nothing of the machine's own mail system is touched:
configuration, sockets, queue, mailboxes and certificates live in the folder, ports are free ones on the
loopback address.

Who runs as whom.  Dovecot runs as an ordinary user: the caller, or "nobody" when the caller is root.
Postfix needs root; a helper process (this file again, through "sudo -n" where the caller is not root) owns
it for its whole life and stops it when the pipe to it closes.  A guard process watches the main one the same
way, so that even SIGKILL leaves nothing behind.

Control: each line on standard input is a command, answered by one line of JSON with at least {"ok": bool}.

  stop imap|smtp        stop Dovecot (IMAP, POP3, LMTP together) or Postfix; connections are cut
  start imap|smtp       start it again on the same ports
  freeze imap, thaw imap   Dovecot keeps its connections but does not answer; SIGSTOP and SIGCONT
  kick USER             cut the connections of one user
  deliver USER FILE     hand a message file to the user's INBOX by LMTP
  append USER FOLDER FILE [FLAGS]   APPEND it by IMAP; FLAGS as on the wire, "\\Seen \\Flagged"
  doveadm ARGS          run doveadm with this configuration, "output" is what it printed
  ping                  nothing
Arguments are split as a shell does.
"""

import argparse
import email
import email.policy
import email.utils
import grp
import html
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
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time

START_DEADLINE = 30.0  # seconds; two are usual, a busy machine needs more
PORT_FIRST, PORT_LAST, PORT_BLOCK = 20000, 32000, 16  # below the kernel's range for outgoing connections

# What Dovecot 2.3 announces after the login; --without takes names away from it.
CAPABILITIES = (
    'IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS '
    'THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS '
    'LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS '
    'BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE'
).split()

DOVECOT_CONF = '''\
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/dovecot.log
info_log_path = {dir}/dovecot.log
instance_name = tern-{port}
protocols = imap pop3 lmtp
listen = {address}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
default_vsz_limit = 2G
default_process_limit = 200
default_client_limit = 1000

ssl = yes
ssl_cert = <{dir}/server.pem
ssl_key = <{dir}/server.key
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = yes
auth_mechanisms = {mechanisms}
auth_default_realm = {domain}
# A wrong password is a test case here, not an attack.
auth_failure_delay = 0

passdb {{
  driver = passwd-file
  args = {dir}/passwd
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={dir}/home/%u
}}

mail_location = {format}:{dir}/mail/%u
mail_max_userip_connections = 100
mailbox_list_index = yes
postmaster_address = postmaster@{domain}
hostname = mail.{domain}
lda_mailbox_autocreate = yes
mdbox_rotate_size = 64M
mail_fsync = never
{capability}
{quota}

namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
  mailbox Drafts {{
    special_use = \\Drafts
    auto = subscribe
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = subscribe
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = subscribe
  }}
  mailbox Archive {{
    special_use = \\Archive
    auto = subscribe
  }}
}}

service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    port = {imap_starttls}
  }}
  inet_listener imaps {{
    port = {imap}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  service_count = 0
  inet_listener pop3 {{
    port = {pop}
  }}
  inet_listener pop3s {{
    port = {pop_tls}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = {address}
    port = {lmtp}
  }}
}}
service auth {{
  unix_listener auth-client {{
    mode = 0600
  }}
  unix_listener {dir}/auth {{
    mode = 0666
  }}
}}
service imap {{
  process_limit = 200
  {post_login}
}}
service stats {{
  client_limit = 1000
}}
'''

POSTFIX_MAIN = '''\
compatibility_level = 3.6
queue_directory = {dir}/postfix/spool
data_directory = {dir}/postfix/data
maillog_file = {dir}/postfix/mail.log
maillog_file_prefixes = {dir}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = {address}
inet_protocols = ipv4
myhostname = mail.{domain}
mydomain = {domain}
myorigin = {domain}
mydestination =
mynetworks =
alias_maps =
local_recipient_maps =
smtputf8_enable = no
biff = no
message_size_limit = {message_size}
mailbox_size_limit = 0
virtual_mailbox_limit = 0

virtual_mailbox_domains = {domain}
virtual_mailbox_maps = inline:{{ {recipients} }}
virtual_transport = lmtp:inet:[{address}]:{lmtp}
transport_maps = inline:{{ {{echo@{domain} = lmtp:inet:[{address}]:{echo}}} }}
# Nothing ever leaves this machine.
default_transport = error:5.1.2 this server delivers to {domain} only
relay_transport = error:5.1.2 this server delivers to {domain} only
smtp_host_lookup = native
lmtp_host_lookup = native
disable_dns_lookups = yes
smtpd_peername_lookup = no
# A throw-away queue needs no pause before the next try.
minimal_backoff_time = 5s
maximal_backoff_time = 30s
queue_run_delay = 5s

smtpd_tls_cert_file = {dir}/server.pem
smtpd_tls_key_file = {dir}/server.key
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {dir}/auth
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = reject_unlisted_recipient,
  check_recipient_access inline:{{ {answers} }}, permit_sasl_authenticated, reject
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
smtpd_discard_ehlo_keywords = {discard}
'''

POSTFIX_MASTER = '''\
{smtp} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
{smtp_starttls} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
'''

# Recipients that answer RCPT TO with something other than 250, for tests of per-recipient answers.
RECIPIENT_ANSWERS = {
    'later': '450 4.2.1 this mailbox asks you to try again later',
    'full': '452 4.2.2 this mailbox is full',
    'refused': '550 5.7.1 this mailbox does not want your mail',
}


def fail(text):
    print(json.dumps({'error': text}), flush=True)
    sys.exit(1)


def wait_until(condition, what, deadline=START_DEADLINE):
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f'{what} did not happen within {deadline:.0f} s')
        time.sleep(0.01)


def answers(address, port):
    try:
        socket.create_connection((address, port), timeout=1).close()
        return True
    except OSError:
        return False


def alive(pid):
    """Zombies count as gone: not every container's first process reaps them at once."""
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8', errors='replace') as file:
            return file.read().rpartition(')')[2].split()[0] not in 'ZX'
    except (OSError, IndexError):
        return False


def read_pid(path):
    try:
        with open(path, encoding='ascii') as file:
            return int(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def stop_master(pid_file, deadline=10.0):
    """TERM, then KILL; the children of both masters end with them."""
    pid = read_pid(pid_file)
    if pid <= 0 or not alive(pid):
        return
    children = descendants(pid)
    for victim in [pid] + children:
        send(victim, signal.SIGCONT)
    send(pid, signal.SIGTERM)
    end = time.monotonic() + deadline
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    for victim in [pid] + children:
        if alive(victim):
            send(victim, signal.SIGKILL)


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def descendants(pid):
    """All processes below PID, from /proc: frozen and stuck ones must be found as well."""
    parents = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open(f'/proc/{name}/stat', encoding='utf-8', errors='replace') as file:
                    parents.setdefault(int(file.read().rpartition(')')[2].split()[1]), []).append(int(name))
            except (OSError, IndexError, ValueError):
                pass
    found, queue = [], [pid]
    while queue:
        below = parents.get(queue.pop(), [])
        found += below
        queue += below
    return found


# --- the guard ----------------------------------------------------------------------------------------------


def start_guard(folder):
    """Fork a process that cleans up when the main one is gone, however it went. Returns (pid, pipe)."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid:
        os.close(read_end)
        return pid, write_end
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(write_end)
    while os.read(read_end, 1):
        pass
    stop_master(f'{folder}/run/master.pid')
    # The helper with root's rights takes Postfix and its part of the folder away.
    end = time.monotonic() + 15
    while os.path.exists(f'{folder}/postfix') and time.monotonic() < end:
        time.sleep(0.02)
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            break
        time.sleep(0.05)
    os._exit(0)


# --- certificates -------------------------------------------------------------------------------------------


def openssl(*args):
    done = subprocess.run(['openssl', *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)
    if done.returncode:
        raise RuntimeError('openssl: ' + done.stdout.decode(errors='replace').strip())


def make_certificates(folder, kind, domain, address):
    """A CA and a server certificate. KIND: good, expired, wrong-host, self-signed."""
    names = 'DNS:localhost,IP:127.0.0.1,IP:::1,DNS:mail.' + domain
    if address != '127.0.0.1':
        names += ',IP:' + address
    if kind == 'wrong-host':
        names = 'DNS:somewhere-else.example'
    dates = ('200101000000Z', '210101000000Z') if kind == 'expired' else (None, None)
    with open(f'{folder}/ca.cnf', 'w', encoding='utf-8') as file:
        file.write(f'''[ca]
default_ca = own
[own]
database = {folder}/ca.index
new_certs_dir = {folder}
serial = {folder}/ca.serial
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
default_days = 365
policy = any
unique_subject = no
x509_extensions = server
copy_extensions = none
[any]
commonName = supplied
[req]
distinguished_name = none
[none]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = {names}
''')
    open(f'{folder}/ca.index', 'w', encoding='ascii').close()
    with open(f'{folder}/ca.serial', 'w', encoding='ascii') as file:
        file.write(f'{secrets.randbits(60):016x}\n')
    config = ['-config', f'{folder}/ca.cnf']
    key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    openssl('req', *config, '-x509', *key, '-keyout', f'{folder}/ca.key', '-out', f'{folder}/ca.pem',
            '-days', '365', '-subj', '/CN=Tern demonstration CA', '-extensions', 'authority')
    if kind == 'self-signed':
        openssl('req', *config, '-x509', *key, '-keyout', f'{folder}/server.key', '-out', f'{folder}/server.pem',
                '-days', '365', '-subj', '/CN=localhost', '-extensions', 'server')
    else:
        openssl('req', *config, *key, '-keyout', f'{folder}/server.key', '-out', f'{folder}/server.csr',
                '-subj', '/CN=localhost')
        span = ['-startdate', dates[0], '-enddate', dates[1]] if dates[0] else []
        openssl('ca', *config, '-batch', '-notext', '-in', f'{folder}/server.csr', '-out', f'{folder}/server.pem',
                *span)


# --- Dovecot ------------------------------------------------------------------------------------------------


def write_file(path, text, mode=0o644):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), 'w', encoding='utf-8') as file:
        file.write(text)


class Dovecot:
    def __init__(self, server):
        self.server = server
        self.conf = f'{server.dir}/dovecot.conf'
        self.pid_file = f'{server.dir}/run/master.pid'

    def configure(self):
        server, options = self.server, self.server.options
        capability = ''
        if options.without or options.capability:
            without = {name.strip().upper() for name in options.without.split(',')}
            wanted = [name for name in CAPABILITIES if name.upper() not in without]
            capability = 'imap_capability = ' + ' '.join(wanted + options.capability.split(','))
        quota = ''
        plugins = []
        if options.compress:
            plugins += ['imap_zlib', 'zlib']
        if options.mailbox_size:
            plugins += ['quota', 'imap_quota']
            quota = f'plugin {{\n  quota = count:User quota\n  quota_vsizes = yes\n' \
                    f'  quota_rule = *:storage={options.mailbox_size}\n}}\n'
        if plugins:
            quota += 'protocol imap {\n  mail_plugins = ' + ' '.join(plugins) + '\n}\n'
            if options.mailbox_size:
                quota += 'protocol lmtp {\n  mail_plugins = quota\n}\n'
        post_login = ''
        if options.log_logins:
            # Dovecot's log has whole seconds only; this runs just before the login's OK is sent.
            script = f'{server.dir}/post-login'
            write_file(script, f'#!/bin/bash\necho "$EPOCHREALTIME $USER" >> {server.dir}/logins\nexec "$@"\n', 0o755)
            write_file(f'{server.dir}/logins', '')
            os.chmod(f'{server.dir}/logins', 0o666)
            post_login = f'executable = imap imap-postlogin\n}}\nservice imap-postlogin {{\n' \
                         f'  executable = script-login {script}\n  unix_listener imap-postlogin {{\n  }}'
        write_file(self.conf, DOVECOT_CONF.format(
            post_login=post_login,
            dir=server.dir, address=server.address, domain=server.domain, user=server.mail_user,
            group=server.mail_group, format=options.mailbox_format, mechanisms=options.mechanisms.replace(',', ' '),
            capability=capability, quota=quota, separator=options.separator, prefix=options.prefix,
            port=server.ports['imap'], **server.ports))
        write_file(f'{server.dir}/passwd', ''.join(
            f'{user["address"]}:{{PLAIN}}{user["password"]}::::::\n' for user in server.users), 0o600)
        if os.geteuid() == 0:
            shutil.chown(f'{server.dir}/passwd', server.mail_user, server.mail_group)

    def as_user(self):
        if os.geteuid() != 0:
            return {}
        return {'user': self.server.mail_user, 'group': self.server.mail_group, 'extra_groups': []}

    def start(self, wait=True):
        # It goes to the background by itself, in a session of its own, and keeps its streams: no pipes here.
        with open(f'{self.server.dir}/dovecot.stderr', 'w+', encoding='utf-8', errors='replace') as said:
            done = subprocess.run(['/usr/sbin/dovecot', '-c', self.conf], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=said, start_new_session=True,
                                  timeout=START_DEADLINE, check=False, **self.as_user())
            if done.returncode:
                said.seek(0)
                raise RuntimeError('dovecot: ' + said.read().strip())
        if wait:
            self.wait()

    def wait(self):
        for name in ('imap', 'imap_starttls', 'pop', 'pop_tls', 'lmtp'):
            wait_until(lambda port=self.server.ports[name]: answers(self.server.address, port), f'{name} port')

    def stop(self):
        stop_master(self.pid_file)

    def signal(self, number):
        pid = read_pid(self.pid_file)
        below = descendants(pid)
        # The master first when stopping, last when continuing: it must not see its children stand still.
        for victim in [pid] + below if number == signal.SIGSTOP else below + [pid]:
            send(victim, number)

    def doveadm(self, *args):
        done = subprocess.run(['doveadm', '-c', self.conf, *args], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False,
                              **self.as_user())
        if done.returncode:
            raise RuntimeError(f'doveadm {args[0]}: ' + done.stderr.decode(errors='replace').strip())
        return done.stdout.decode(errors='replace')


# --- Postfix: the side with root's rights --------------------------------------------------------------------


class PostfixMaster:
    """Runs in the helper process. The configuration is written by the main one; queue and daemons are made here."""

    def __init__(self, folder):
        self.base = f'{folder}/postfix'
        self.process = None

    def prepare(self):
        owner, group = pwd.getpwnam('postfix').pw_uid, grp.getgrnam('postdrop').gr_gid
        os.chown(self.base, 0, 0)
        for name in ('main.cf', 'master.cf', 'conf'):
            os.chown(f'{self.base}/{name}' if name != 'conf' else f'{self.base}', 0, 0)
        spool = f'{self.base}/spool'
        os.makedirs(spool, 0o755)
        for name in ('active', 'bounce', 'corrupt', 'defer', 'deferred', 'flush', 'hold', 'incoming', 'private',
                     'saved', 'trace'):
            os.mkdir(f'{spool}/{name}', 0o700)
            os.chown(f'{spool}/{name}', owner, 0)
        for name, mode in (('public', 0o2710), ('maildrop', 0o1730)):
            os.mkdir(f'{spool}/{name}')
            os.chown(f'{spool}/{name}', owner, group)
            os.chmod(f'{spool}/{name}', mode)
        os.mkdir(f'{spool}/pid', 0o755)
        os.mkdir(f'{self.base}/data', 0o700)
        os.chown(f'{self.base}/data', owner, 0)

    def start(self):
        if not os.path.exists(f'{self.base}/spool'):
            self.prepare()
        self.process = subprocess.Popen(['/usr/lib/postfix/sbin/master', '-c', self.base, '-s'],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)

    def stop(self):
        if self.process is None:
            return
        below = descendants(self.process.pid)
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in below:
            send(pid, signal.SIGTERM)
        end = time.monotonic() + 3
        while any(alive(pid) for pid in below) and time.monotonic() < end:
            time.sleep(0.01)
        for pid in below:
            send(pid, signal.SIGKILL)
        self.process = None


def postfix_helper(folder):
    # sudo hands Ctrl-C and the like on; only the end of the pipe counts here.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    master = PostfixMaster(folder)
    try:
        for line in sys.stdin:
            try:
                if line.strip() == 'start':
                    master.start()
                else:
                    master.stop()
                print('ok', flush=True)
            except (OSError, KeyError) as error:
                print(f'{type(error).__name__}: {error}', flush=True)
    except OSError:
        pass
    master.stop()
    shutil.rmtree(master.base, ignore_errors=True)


# --- Postfix: the main side ----------------------------------------------------------------------------------


class Postfix:
    def __init__(self, server):
        self.server = server
        self.helper = None

    def configure(self):
        server, options = self.server, self.server.options
        base = f'{server.dir}/postfix'
        os.mkdir(base, 0o755)
        known = [user['address'] for user in server.users]
        known += [f'{name}@{server.domain}' for name in ('postmaster', 'echo', *RECIPIENT_ANSWERS)]
        recipients = ', '.join(f'{{{address} = {address}}}' for address in known)
        refusals = ', '.join(f'{{{name}@{server.domain} = {text}}}' for name, text in RECIPIENT_ANSWERS.items())
        discard = options.smtp_without.replace(',', ' ') or 'vrfy'
        values = dict(dir=server.dir, address=server.address, domain=server.domain, recipients=recipients,
                      answers=refusals, message_size=options.message_size, discard=discard, **server.ports)
        write_file(f'{base}/main.cf', POSTFIX_MAIN.format(**values))
        write_file(f'{base}/master.cf', POSTFIX_MASTER.format(**values))

    def command(self, text):
        if self.helper is None:
            sudo = [] if os.geteuid() == 0 else ['sudo', '-n']
            self.helper = subprocess.Popen(
                [*sudo, '/usr/bin/python3', os.path.abspath(__file__), '--postfix-helper', self.server.dir],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True)
        try:
            self.helper.stdin.write(text + '\n')
            self.helper.stdin.flush()
            answer = self.helper.stdout.readline().strip()
        except BrokenPipeError:
            answer = ''
        if answer != 'ok':
            raise RuntimeError('Postfix needs root, and "sudo -n" does not give it' if not answer
                               else f'Postfix: {answer}')

    def start(self, wait=True):
        self.command('start')
        if wait:
            self.wait()

    def wait(self):
        for name in ('smtp', 'smtp_starttls'):
            wait_until(lambda port=self.server.ports[name]: answers(self.server.address, port), f'{name} port')

    def stop(self):
        self.command('stop')


# --- echo@: answers each message -----------------------------------------------------------------------------


class EchoHandler(socketserver.StreamRequestHandler):
    """Just enough LMTP (RFC 2033) for one Postfix: it takes everything and answers the sender."""

    def reply(self, text):
        self.wfile.write(text.encode('ascii') + b'\r\n')
        self.wfile.flush()

    def handle(self):
        sender, recipients = '', 0
        self.reply('220 echo LMTP')
        while True:
            line = self.rfile.readline(4096)
            if not line:
                return
            word = line.split(b' ', 1)[0].strip().upper()
            if word == b'LHLO':
                self.reply('250-echo')
                self.reply('250-8BITMIME')
                self.reply('250 PIPELINING')
            elif word == b'MAIL':
                sender, recipients = line[line.find(b'<') + 1:line.find(b'>')].decode('utf-8', 'replace'), 0
                self.reply('250 2.1.0 ok')
            elif word == b'RCPT':
                recipients += 1
                self.reply('250 2.1.5 ok')
            elif word == b'DATA':
                self.reply('354 go on')
                self.take(sender, recipients)
            elif word == b'QUIT':
                self.reply('221 2.0.0 bye')
                return
            else:
                self.reply('250 2.0.0 ok')

    def take(self, sender, recipients):
        lines = []
        while True:
            line = self.rfile.readline(1 << 20)
            if not line or line in (b'.\r\n', b'.\n'):
                break
            lines.append(line[1:] if line.startswith(b'.') else line)
        if sender:
            self.server.answer(sender, b''.join(lines))
        for _ in range(recipients):
            self.reply('250 2.0.0 answered')


class EchoServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, server):
        super().__init__((server.address, server.ports['echo']), EchoHandler)
        self.owner = server

    def answer(self, sender, raw):
        original = email.message_from_bytes(raw, policy=email.policy.default)
        domain = self.owner.domain
        reply = email.message.EmailMessage(policy=email.policy.SMTP)
        reply['From'] = f'Echo <echo@{domain}>'
        reply['To'] = sender
        subject = str(original.get('Subject', '')).strip()
        reply['Subject'] = subject if subject.lower().startswith('re:') else f'Re: {subject}'
        reply['Date'] = email.utils.localtime()
        reply['Message-ID'] = email.utils.make_msgid(domain=domain)
        identity = str(original.get('Message-ID', '')).strip()
        if identity:
            reply['In-Reply-To'] = identity
            reply['References'] = f'{original.get("References", "")} {identity}'.strip()
        reply['Auto-Submitted'] = 'auto-replied'
        text, found = '', original.get_body(('plain', 'html'))
        if found is not None:
            try:
                text = found.get_content()
            except (LookupError, KeyError, ValueError):
                text = ''
            if found.get_content_type() == 'text/html':
                text = html.unescape(text)
        when = original.get('Date', '')
        quoted = ''.join(('>' if line.startswith('>') else '> ') + line + '\n' for line in text.splitlines())
        reply.set_content(f'Your message has arrived. This is the echo, answering within a second.\n\n'
                          f'{when}, {original.get("From", sender)}:\n{quoted}')
        self.owner.lmtp(sender, f'echo@{domain}', reply.as_bytes())


# --- all together --------------------------------------------------------------------------------------------


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
        self.dovecot = Dovecot(self)
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
        self.dovecot.configure()
        if self.postfix:
            self.postfix.configure()
            echo = EchoServer(self)
            threading.Thread(target=echo.serve_forever, kwargs={'poll_interval': 0.1}, daemon=True).start()
            self.postfix.start(wait=False)
        self.dovecot.start()
        if self.postfix:
            self.postfix.wait()

    def describe(self):
        return {
            'host': self.host(), **{name: port for name, port in self.ports.items()
                                    if self.postfix or not name.startswith(('smtp', 'echo'))},
            'domain': self.domain, 'users': self.users, 'ca_file': f'{self.dir}/ca.pem', 'dir': self.dir,
            'echo': f'echo@{self.domain}' if self.postfix else None,
            'lmtp': self.ports['lmtp'],
            'recipients': {f'{name}@{self.domain}': text for name, text in RECIPIENT_ANSWERS.items()},
            'doveadm': ['doveadm', '-c', self.dovecot.conf],
            'log': f'{self.dir}/dovecot.log',
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
            sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
            import mailgen  # beside this file; only the seeding needs it
            with self.imap(user) as connection:
                mailgen.fill(connection, folder, mailgen.Generator(self.options.seed_number, user['address'])
                             .messages(count))

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
            return self.dovecot
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
        self.dovecot.signal(signal.SIGSTOP)

    def do_thaw(self, name):
        if name != 'imap':
            raise RuntimeError('only imap can be frozen')
        self.dovecot.signal(signal.SIGCONT)

    def do_kick(self, name):
        address = self.user(name)['address']
        if address in self.dovecot.doveadm('who', '-1'):
            self.dovecot.doveadm('kick', address)

    def do_deliver(self, name, path):
        with open(path, 'rb') as file:
            self.lmtp(self.user(name)['address'], f'someone@{self.domain}', file.read())

    def do_append(self, name, folder, path, flags=''):
        with open(path, 'rb') as file, self.imap(self.user(name)) as connection:
            answer, data = connection.append(f'"{folder}"', f'({flags})' if flags else None, None, file.read())
            if answer != 'OK':
                raise RuntimeError(str(data))

    def do_doveadm(self, *args):
        return {'output': self.dovecot.doveadm(*args)}

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
    parser.add_argument('--smtp-without', default='', help='EHLO keywords not to announce (size,8bitmime,pipelining)')
    parser.add_argument('--message-size', type=int, default=25 << 20, help='what SIZE announces, in bytes')
    parser.add_argument('--mailbox-size', default='', help='quota of each user, as Dovecot writes it: 10M')
    parser.add_argument('--mailbox-format', default='mdbox', choices=('mdbox', 'sdbox', 'maildir'))
    parser.add_argument('--separator', default='/', help='hierarchy delimiter')
    parser.add_argument('--prefix', default='', help='namespace prefix, for example INBOX/')
    parser.add_argument('--log-logins', action='store_true', help='note the time of each IMAP login in DIR/logins')
    parser.add_argument('--compress', action='store_true', help='COMPRESS=DEFLATE')
    parser.add_argument('--seed', action='append', default=[], metavar='[USER:]N[:FOLDER]',
                        help='fill a mailbox with N generated messages')
    parser.add_argument('--seed-number', type=int, default=1, help='start of the generator')
    parser.add_argument('--postfix-helper', metavar='DIR', help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def main(argv):
    options = parse(argv)
    if options.postfix_helper:
        postfix_helper(options.postfix_helper)
        return
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
