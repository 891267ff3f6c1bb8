# SPDX-License-Identifier: GPL-3.0-or-later
"""Cyrus IMAP, for mailserver.py: the other server that much of the world's mail is on.

Debian's package cannot be installed beside Dovecot's, so "./dev test" unpacks its programs into _build-cyrus. They
take all their paths from the configuration, and run as Dovecot does: as the caller, or as "nobody" for root.
"""

import glob
import os
import shutil
import signal

from mailserver_doveadm import Doveadm
from mailserver_process import ImapMaster, descendants, read_pid, send, write_file

UNPACKED = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '_build-cyrus'))
PROGRAMS = ('usr/lib/cyrus/bin/master', 'usr/lib/cyrus/bin/imapd', 'usr/lib/cyrus/bin/lmtpd', 'usr/lib/cyrus/bin/idled',
            'usr/lib/cyrus/bin/ctl_cyrusdb', 'usr/sbin/saslpasswd2')

IMAPD_CONF = '''\
servername: mail.{domain}
configdirectory: {dir}/state
defaultpartition: default
partition-default: {dir}/mail
sievedir: {dir}/state/sieve
cyrus_user: {user}
virtdomains: userid
failedloginpause: 0

tls_server_cert: {dir}/server.pem
tls_server_key: {dir}/server.key
tls_versions: tls1_2 tls1_3
allowplaintext: {plaintext}
sasl_mech_list: {mechanisms}
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {dir}/sasldb

unixhierarchysep: {slashes}
altnamespace: {no_prefix}
autocreate_quota: {quota}
autocreate_post: yes
autocreate_inbox_folders: Drafts|Sent|Junk|Trash|Archive
autocreate_subscribe_folders: Drafts|Sent|Junk|Trash|Archive
xlist-drafts: Drafts
xlist-sent: Sent
xlist-junk: Junk
xlist-trash: Trash
xlist-archive: Archive
duplicatesuppression: no
munge8bit: no
skiplist_unsafe: yes
{without}
'''

CYRUS_CONF = '''\
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {conf} -r"
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {conf}" listen="{address}:{imap_starttls}" prefork=1
  imaps cmd="{bin}/imapd -C {conf} -s" listen="{address}:{imap}" prefork=1
  lmtp cmd="{bin}/lmtpd -C {conf} -a" listen="{address}:{lmtp}" prefork=0
}}
DAEMON {{
  idled cmd="{bin}/idled -C {conf}"
}}
EVENTS {{
}}
'''

# For Postfix's own libsasl2, which needs no server.
SMTPD_CONF = '''\
mech_list: PLAIN LOGIN
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {dir}/sasldb
'''


class Cyrus(ImapMaster):
    name = 'cyrus'
    ports = ('imap', 'imap_starttls', 'lmtp')

    def __init__(self, server):
        super().__init__(server)
        self.bin = f'{server.dir}/cyrus'
        self.conf = f'{server.dir}/imapd.conf'
        self.argv = [f'{self.bin}/master', '-C', self.conf, '-M', f'{server.dir}/cyrus.conf', '-p', self.pid_file, '-d']
        self.env = dict(os.environ, LD_LIBRARY_PATH=self.bin)
        self.postfix_sasl = 'smtpd_sasl_type = cyrus'
        self.smtpd_conf = SMTPD_CONF.format(dir=server.dir)
        self.doveadm = Doveadm(server)

    @staticmethod
    def missing():
        if not all(os.path.exists(f'{UNPACKED}/{name}') for name in PROGRAMS):
            return 'no Cyrus here, which "./dev test" unpacks'
        return None

    def configure(self):
        server, options = self.server, self.server.options
        if options.capability or options.log_logins or options.sharing \
                or options.prefix not in ('', 'INBOX' + options.separator):
            raise RuntimeError('Cyrus has no such option')
        # A copy in the open: what "nobody" may not enter is fine for the source tree.
        os.mkdir(self.bin)
        for path in [f'{UNPACKED}/{name}' for name in PROGRAMS] + glob.glob(f'{UNPACKED}/usr/lib/*/libcyrus*.so.0'):
            shutil.copy(path, self.bin)
        quota = int(options.mailbox_size.rstrip('M')) * 1024 if options.mailbox_size else 0
        # As with Dovecot: who comes from this machine may do without TLS.
        plaintext = 'yes' if server.address == '127.0.0.1' else 'no'
        write_file(self.conf, IMAPD_CONF.format(
            dir=server.dir, domain=server.domain, user=server.mail_user, quota=quota, plaintext=plaintext,
            mechanisms=options.mechanisms.replace(',', ' ').upper(),
            without='suppress_capabilities: ' + options.without.replace(',', ' ') if options.without else '',
            slashes='yes' if options.separator == '/' else 'no', no_prefix='no' if options.prefix else 'yes'))
        write_file(f'{server.dir}/cyrus.conf', CYRUS_CONF.format(
            bin=self.bin, conf=self.conf, address=server.address, **server.ports))
        for user in server.users:
            self.run(f'{self.bin}/saslpasswd2', '-p', '-c', '-f', f'{server.dir}/sasldb', '-u', server.domain,
                     user['name'], text=user['password'])
        # Postfix reads it with rights of its own.
        os.chmod(f'{server.dir}/sasldb', 0o644)
        self.run('mkdir', *(f'{server.dir}/state/{name}' for name in ('db', 'proc', 'socket')), **self.as_user())

    def kick(self, user):
        for pid in descendants(read_pid(self.pid_file)):
            try:
                with open(f'{self.server.dir}/state/proc/{pid}', encoding='utf-8') as file:
                    owner = file.read().split('\t')[2]
            except (OSError, IndexError):
                continue
            if owner in (user['name'], user['address']):
                send(pid, signal.SIGKILL)
