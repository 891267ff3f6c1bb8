# SPDX-License-Identifier: GPL-3.0-or-later
"""echo@: answers each message, for mailserver.py."""

import email
import email.policy
import email.utils
import html
import socketserver
from email.message import EmailMessage


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
        reply = EmailMessage(policy=email.policy.SMTP)
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
