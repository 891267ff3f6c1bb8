# SPDX-License-Identifier: GPL-3.0-or-later
"""Postfix, for mailserver.py: the side with root's rights, and the side that talks to it."""

import grp
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time

from mailserver_process import alive, answers, descendants, send, wait_until, write_file

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
{sasl}
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

MASTER = '/usr/lib/postfix/sbin/master'
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'mailserver.py')


class PostfixMaster:
    """Runs in the helper process. The configuration is written by the main one; queue and daemons are made here."""

    def __init__(self, folder):
        self.base = f'{folder}/postfix'
        self.process = None

    def prepare(self):
        owner, group = pwd.getpwnam('postfix').pw_uid, grp.getgrnam('postdrop').gr_gid
        for path in (self.base, f'{self.base}/main.cf', f'{self.base}/master.cf'):
            os.chown(path, 0, 0)
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
        self.process = subprocess.Popen([MASTER, '-c', self.base, '-s'],
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

    @staticmethod
    def missing():
        return None if os.path.exists(MASTER) else 'no Postfix here'

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
                      answers=refusals, message_size=options.message_size, discard=discard, sasl=server.master.postfix_sasl,
                      **server.ports)
        write_file(f'{base}/main.cf', POSTFIX_MAIN.format(**values))
        if server.master.smtpd_conf:
            # Debian's Postfix looks for it in no other place.
            os.mkdir(f'{base}/sasl')
            write_file(f'{base}/sasl/smtpd.conf', server.master.smtpd_conf)
        write_file(f'{base}/master.cf', POSTFIX_MASTER.format(**values))

    def command(self, text):
        if self.helper is None:
            sudo = [] if os.geteuid() == 0 else ['sudo', '-n']
            self.helper = subprocess.Popen(
                # -B: root's rights are not for writing into the caller's folders.
                [*sudo, '/usr/bin/python3', '-B', SCRIPT, '--postfix-helper', self.server.dir],
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
