# SPDX-License-Identifier: GPL-3.0-or-later
"""Dovecot, the certificates and the access tokens, for mailserver.py."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import shutil
import subprocess
import time

from mailserver_process import ImapMaster, write_file

PROGRAM = '/usr/sbin/dovecot'

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

{logins}
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
  type = private
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
{sharing}

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


# Folders of others, and of all. A private index each: \\Seen is everybody's own.
SHARING = '''\
namespace shared {{
  type = shared
  separator = {separator}
  prefix = shared{separator}%%u{separator}
  location = {format}:{dir}/mail/%%u:INDEXPVT={dir}/home/%u/pvt/%%u
  subscriptions = no
  list = children
}}
namespace public {{
  type = public
  separator = {separator}
  prefix = Public{separator}
  location = {format}:{dir}/public:INDEXPVT={dir}/home/%u/pvt/public
  subscriptions = no
  list = yes
}}
plugin {{
  acl = vfile
  acl_shared_dict = file:{dir}/shared-mailboxes
}}
'''


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
[client]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
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


def make_client_certificate(folder, user):
    """For one of the users, from the same CA; the certificate and its key in one file."""
    path = f'{folder}/client-{user["name"]}'
    config = ['-config', f'{folder}/ca.cnf']
    openssl('req', *config, '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
            '-keyout', f'{path}.key', '-out', f'{path}.csr', '-subj', f'/CN={user["address"]}')
    openssl('ca', *config, '-batch', '-notext', '-in', f'{path}.csr', '-out', f'{path}.crt', '-extensions', 'client')
    with open(f'{path}.crt', encoding='ascii') as crt, open(f'{path}.key', encoding='ascii') as key:
        write_file(f'{path}.pem', crt.read() + key.read(), 0o600)
    return f'{path}.pem'


def make_token(key, user, seconds, scope='mail'):
    """A JSON Web Token (RFC 7519) as Dovecot checks it by itself."""
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b'=')
    now = int(time.time())
    claims = {'sub': user['address'], 'scope': scope, 'iat': now - 3600, 'nbf': now - 3600, 'exp': now + seconds}
    text = part(b'{"alg":"HS256","typ":"JWT"}') + b'.' + part(json.dumps(claims).encode())
    return (text + b'.' + part(hmac.new(key, text, hashlib.sha256).digest())).decode()


class Dovecot(ImapMaster):
    name = 'dovecot'
    ports = ('imap', 'imap_starttls', 'pop', 'pop_tls', 'lmtp')

    def __init__(self, server):
        super().__init__(server)
        self.conf = f'{server.dir}/dovecot.conf'
        self.argv = [PROGRAM, '-c', self.conf]
        self.postfix_sasl = f'smtpd_sasl_type = dovecot\nsmtpd_sasl_path = {server.dir}/auth'

    @staticmethod
    def missing():
        return None if os.path.exists(PROGRAM) else 'no Dovecot here'

    def configure_tokens(self):
        """Each user gets a token that is good and one that has run out."""
        server = self.server
        key = secrets.token_bytes(32)
        os.makedirs(f'{server.dir}/keys/default/HS256')
        write_file(f'{server.dir}/keys/default/HS256/default', base64.b64encode(key).decode())
        write_file(f'{server.dir}/oauth2.conf', f'''\
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={server.dir}/keys/
username_attribute = sub
scope = mail
''')
        for user in server.users:
            user['token'] = make_token(key, user, 86400)
            user['old_token'] = make_token(key, user, -60)
        return f'passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n' \
               f'  args = {server.dir}/oauth2.conf\n}}\n'

    def configure_client_certificates(self):
        """Who shows the certificate of a user needs no password (EXTERNAL)."""
        for user in self.server.users:
            user['client_cert'] = make_client_certificate(self.server.dir, user)
        return f'ssl_ca = <{self.server.dir}/ca.pem\nssl_verify_client_cert = yes\nssl_require_crl = no\n' \
               'auth_ssl_username_from_cert = yes\nssl_cert_username_field = commonName\n' \
               'passdb {\n  driver = static\n  mechanisms = external\n  args = nopassword\n}\n'

    def configure(self):
        server, options = self.server, self.server.options
        mechanisms = options.mechanisms.replace(',', ' ')
        logins = ''
        if options.tokens:
            logins += self.configure_tokens()
            mechanisms += ' oauthbearer xoauth2'
        if options.client_certificates:
            logins += self.configure_client_certificates()
            mechanisms += ' external'
        capability = ''
        if options.without or options.capability:
            without = {name.strip().upper() for name in options.without.split(',')}
            wanted = [name for name in CAPABILITIES if name.upper() not in without]
            capability = 'imap_capability = ' + ' '.join(wanted + options.capability.split(','))
        quota = ''
        plugins = []
        sharing = ''
        if options.sharing:
            plugins += ['imap_acl']
            sharing = SHARING.format(dir=server.dir, format=options.mailbox_format, separator=options.separator)
        if options.compress:
            plugins += ['imap_zlib', 'zlib']
        if options.mailbox_size:
            plugins += ['quota', 'imap_quota']
            quota = f'plugin {{\n  quota = count:User quota\n  quota_vsizes = yes\n' \
                    f'  quota_rule = *:storage={options.mailbox_size}\n}}\n'
        if options.sharing:
            # Before the sections that add to it.
            quota += 'mail_plugins = acl\n'
        if plugins:
            quota += 'protocol imap {\n  mail_plugins = $mail_plugins ' + ' '.join(plugins) + '\n}\n'
            if options.mailbox_size:
                quota += 'protocol lmtp {\n  mail_plugins = $mail_plugins quota\n}\n'
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
            group=server.mail_group, format=options.mailbox_format, mechanisms=mechanisms,
            logins=logins, capability=capability, quota=quota, sharing=sharing,
            separator=options.separator, prefix=options.prefix,
            port=server.ports['imap'], **server.ports))
        write_file(f'{server.dir}/passwd', ''.join(
            f'{user["address"]}:{{PLAIN}}{user["password"]}::::::\n' for user in server.users), 0o600)
        if os.geteuid() == 0:
            shutil.chown(f'{server.dir}/passwd', server.mail_user, server.mail_group)

    def kick(self, user):
        if user['address'] in self.doveadm('who', '-1'):
            self.doveadm('kick', user['address'])

    def doveadm(self, *args):
        return self.run('doveadm', '-c', self.conf, *args, **self.as_user())
