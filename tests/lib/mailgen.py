#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Realistic mail from a seed: threads, lists, newsletters, orders, many scripts, attachments, odd and broken ones.

    for message in Generator(seed=1, address='anna@example.test').messages(500): message.raw, .date, .flags
    fill(imaplib_connection, 'INBOX', generator.messages(10000))

The same seed, count and newest time give the same bytes. Bodies come from pools that are made once, headers are
written by hand: more than 5,000 messages a second, so that the measurements of 100,000 do not wait for them.

    mailgen.py --count 500 --maildir DIR | --mbox FILE
    mailgen.py --count 10000 --imap HOST:PORT --user U --password-env VAR [--ca-file PEM] [--folder F]
"""

import argparse
import base64
import collections
import email.utils
import imaplib
import io
import os
import quopri
import random
import ssl
import struct
import sys
import time
import zipfile
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mailtext  # noqa: E402  (beside this file)

Message = collections.namedtuple('Message', 'raw date flags')
Thread = collections.namedtuple('Thread', 'subject identities people quote kind')

MONTHS = ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')
DAYS = ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')
ZONES = ('+0000', '+0100', '+0200', '-0500', '-0800', '+0530', '+0900')
SCAN_BYTES = 57 * 8000
ZONE_SECONDS = {zone: int(zone[0] + '1') * (int(zone[1:3]) * 3600 + int(zone[3:]) * 60) for zone in ZONES}

BATCH_BYTES, BATCH_COUNT = 4 << 20, 500  # of one MULTIAPPEND


# --- small pieces of MIME -------------------------------------------------------------------------------------


def encode_word(text, charset='utf-8'):
    """RFC 2047; split at 45 bytes so that no encoded word grows over 75 characters."""
    if text.isascii():
        return text
    words, piece = [], b''
    for character in text:
        byte = character.encode(charset, 'replace')
        if len(piece) + len(byte) > 42:
            words.append(piece)
            piece = b''
        piece += byte
    words.append(piece)
    if charset == 'iso-2022-jp':  # stateful: encode piece by piece
        words = [text[i:i + 12].encode(charset) for i in range(0, len(text), 12)]
    return '\r\n '.join(f'=?{charset}?B?{base64.b64encode(word).decode()}?=' for word in words)


def mailbox(name, address, charset='utf-8'):
    if not name.isascii():
        return f'{encode_word(name, charset)} <{address}>'
    return f'"{name}" <{address}>' if any(c in name for c in '.,&') else f'{name} <{address}>'


def b64(data):
    return base64.encodebytes(data).replace(b'\n', b'\r\n')


def qp(text, charset='utf-8'):
    return quopri.encodestring(text.encode(charset, 'replace').replace(b'\r\n', b'\n')).replace(b'\n', b'\r\n')


def part(content_type, body, *headers):
    lines = [f'Content-Type: {content_type}', *headers]
    return '\r\n'.join(lines).encode() + b'\r\n\r\n' + body.rstrip(b'\r\n') + b'\r\n'


def text_part(text, subtype='plain', charset='utf-8'):
    if text.isascii() and max(map(len, text.split('\r\n'))) < 900:
        return part(f'text/{subtype}; charset=us-ascii', text.encode())
    if charset == 'iso-2022-jp':
        return part(f'text/{subtype}; charset={charset}', text.encode(charset, 'replace'),
                    'Content-Transfer-Encoding: 7bit')
    if charset in ('utf-8', 'gb18030', 'big5', 'euc-kr', 'koi8-r'):
        return part(f'text/{subtype}; charset={charset}', b64(text.encode(charset, 'replace')),
                    'Content-Transfer-Encoding: base64')
    return part(f'text/{subtype}; charset="{charset}"', qp(text, charset), 'Content-Transfer-Encoding: quoted-printable')


def multipart(subtype, boundary, *parts, parameters=''):
    body = b''.join(b'--' + boundary.encode() + b'\r\n' + piece for piece in parts)
    return part(f'multipart/{subtype}; boundary="{boundary}"{parameters}', body + b'--' + boundary.encode() + b'--\r\n')


def attachment(name, content_type, data, cid=None):
    disposition = 'inline' if cid else 'attachment'
    if name.isascii():
        shown = f'filename="{name}"'
    else:  # RFC 2231
        shown = "filename*=utf-8''" + ''.join(chr(b) if chr(b).isalnum() or b in b'.-_' else f'%{b:02X}'
                                              for b in name.encode())
    headers = [f'Content-Disposition: {disposition}; {shown}', 'Content-Transfer-Encoding: base64']
    if cid:
        headers.append(f'Content-ID: <{cid}>')
    return part(content_type, b64(data), *headers)


# --- files to attach ------------------------------------------------------------------------------------------


def png(width, height, color, rng):
    """Waves in two tones of COLOR."""
    import math
    phase = rng.random() * 6
    rows = []
    for y in range(height):
        row = bytearray(b'\0')
        for x in range(width):
            shade = 0.72 + 0.28 * math.sin(x / 23 + phase) * math.cos(y / 17 + phase) if y > height / 3 else 1.15
            row += bytes(min(255, int(c * shade) + (90 if y <= height / 3 else 0)) for c in color)
        rows.append(bytes(row))

    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))
            + chunk(b'IDAT', zlib.compress(b''.join(rows), 6)) + chunk(b'IEND', b''))


def pdf(title, lines):
    content = 'BT /F1 18 Tf 60 760 Td (' + title + ') Tj /F1 11 Tf ' + ''.join(
        f'0 -22 Td ({line}) Tj ' for line in lines) + 'ET'
    objects = ['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
               '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R '
               '/Resources << /Font << /F1 5 0 R >> >> >>',
               f'<< /Length {len(content)} >>\nstream\n{content}\nendstream',
               '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>']
    out, offsets = b'%PDF-1.4\n', []
    for number, text in enumerate(objects, 1):
        offsets.append(len(out))
        out += f'{number} 0 obj\n{text}\nendobj\n'.encode('latin-1', 'replace')
    start = len(out)
    out += f'xref\n0 {len(objects) + 1}\n0000000000 65535 f \n'.encode()
    out += b''.join(f'{offset:010d} 00000 n \n'.encode() for offset in offsets)
    return out + f'trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n'.encode()


def archive(names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as file:
        for name, text in names:
            file.writestr(zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6)), text)
    return out.getvalue()


def invitation(address):
    return ('BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Tern//mailgen//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n'
            'UID:rehearsal-1@fjord.example\r\nDTSTAMP:20261101T090000Z\r\nDTSTART:20261204T180000Z\r\n'
            'DTEND:20261204T200000Z\r\nSUMMARY:Rehearsal in the boathouse\r\nLOCATION:Old boathouse\\, pier 3\r\n'
            'ORGANIZER;CN=Anna Lindqvist:mailto:anna.lindqvist@fjord.example\r\n'
            f'ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{address}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n')


# --- HTML -----------------------------------------------------------------------------------------------------


def escape(text):
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;').replace('"', '&quot;')


def newsletter(name, site, color, headline, sentences):
    """Tables, styles, remote pictures, a tracking pixel: as the real ones are."""
    articles = ''.join(
        f'''<tr><td style="padding:24px 32px;border-bottom:1px solid #e5e7eb">
<img src="https://img.{site}/{number}.jpg" width="536" height="220" alt="Picture {number}" style="display:block;width:100%">
<h2 style="font:600 20px/1.3 Georgia,serif;color:{color};margin:16px 0 8px">{escape(sentence.split(',')[0].rstrip('.'))}</h2>
<p style="font:16px/1.5 Helvetica,Arial,sans-serif;color:#374151;margin:0 0 12px">{escape(sentence)}
{escape(sentences[(number + 3) % len(sentences)])}</p>
<a href="https://click.{site}/r/{number}?u=4711&amp;utm_source=mail" style="font:600 14px Helvetica,Arial,sans-serif;color:{color}">Read on →</a>
</td></tr>''' for number, sentence in enumerate(sentences, 1))
    return f'''<!DOCTYPE html><html><head><meta charset="utf-8"><title>{escape(headline)}</title>
<style>body{{margin:0;background:#f3f4f6}} .card{{max-width:600px;background:#fff}} @media (max-width:480px){{.card{{width:100%!important}}}}</style></head>
<body bgcolor="#f3f4f6"><div style="display:none;max-height:0;overflow:hidden">{escape(sentences[0])}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">
<table class="card" role="presentation" width="600" cellpadding="0" cellspacing="0">
<tr><td style="background:{color};padding:28px 32px"><h1 style="margin:0;font:700 28px Georgia,serif;color:#fff">{escape(name)}</h1>
<p style="margin:6px 0 0;font:16px Helvetica,Arial,sans-serif;color:#fff">{escape(headline)}</p></td></tr>
{articles}
<tr><td style="padding:24px 32px;font:12px Helvetica,Arial,sans-serif;color:#6b7280">You get this letter because you asked for it.
<a href="https://{site}/unsubscribe?u=4711">Unsubscribe</a> · {escape(name)}, Pier 3, 12345 Harbour</td></tr>
</table></td></tr></table><img src="https://open.{site}/o.gif?u=4711" width="1" height="1" alt=""></body></html>
'''.replace('\n', '\r\n')


def receipt(shop, number, items):
    rows = ''.join(f'<tr><td style="padding:6px 12px">{escape(name)}</td><td align="right" style="padding:6px 12px">'
                   f'{price // 100},{price % 100:02d} €</td></tr>' for name, price in items)
    total = sum(price for _, price in items)
    return f'''<html><body style="font-family:sans-serif"><h1 style="font-size:20px">Thank you for your order {number}</h1>
<table border="0" cellspacing="0" style="border:1px solid #ccc;min-width:420px"><thead><tr style="background:#eee"><th align="left"
 style="padding:6px 12px">Article</th><th align="right" style="padding:6px 12px">Price</th></tr></thead><tbody>{rows}
<tr style="font-weight:bold;border-top:1px solid #ccc"><td style="padding:6px 12px">Total</td><td align="right" style="padding:6px 12px">
{total // 100},{total % 100:02d} €</td></tr></tbody></table><p>{escape(shop)} sends it within two days.</p></body></html>
'''.replace('\n', '\r\n')


# --- the generator --------------------------------------------------------------------------------------------


class Generator:
    def __init__(self, seed=1, address='anna@example.test', newest=None, heavy=False):
        self.rng = random.Random(f'{seed} {address}')
        self.address = address
        self.name = address.split('@', 1)[0].capitalize()
        self.domain = address.rsplit('@', 1)[-1]
        self.newest = time.time() if newest is None else newest
        self.threads = {'person': [], 'list': []}
        self.serial = 0
        self.to = f'To: {mailbox(self.name, address)}'
        self._make_pools()
        if heavy:
            self._grow()

    def _make_pools(self):
        rng = self.rng
        self.people = [(mailbox(*person), person[0].split()[0]) for person in mailtext.PEOPLE]
        self.plain = []
        for _ in range(300):
            sentences = rng.sample(mailtext.ENGLISH['sentences'], rng.randint(2, 9))
            paragraphs = [' '.join(sentences[i:i + 3]) for i in range(0, len(sentences), 3)]
            self.plain.append([wrap(paragraph) for paragraph in paragraphs])
        self.pictures = [png(rng.choice((240, 320, 480)), rng.choice((160, 240)), color, rng) for color in
                         ((21, 94, 117), (157, 23, 77), (22, 101, 52), (180, 120, 40))]
        self.documents = [pdf('Invoice 2026-' + str(n), mailtext.ENGLISH['sentences'][n:n + 12]) for n in range(6)]
        self.letters = self._make_newsletters()
        self.receipts = self._make_receipts()
        self.attached = self._make_attached()
        self.foreign = self._make_foreign()
        self.odd = self._make_odd()
        # kind, weight in a hundred
        self.kinds = [(self._person, 38), (self._list, 20), (self._newsletter, 14), (self._receipt, 8),
                      (self._attachment, 6), (self._foreign_one, 11), (self._odd_one, 3)]
        self.wheel = [kind for kind, weight in self.kinds for _ in range(weight)]

    def _grow(self):
        """Some 11.5 KB a message instead of 3.6, as in mailboxes of offices: one of 25 carries a scan."""
        self.scan = b64(self.rng.randbytes(SCAN_BYTES))
        self.wheel = [self._scan if kind == self._person and slot < 4 else kind for slot, kind in enumerate(self.wheel)]

    def _make_newsletters(self):
        pool = []
        for name, address, color, headlines in mailtext.NEWSLETTERS:
            site = address.split('@')[1]
            for headline in headlines * 3:
                sentences = self.rng.sample(mailtext.ENGLISH['sentences'], 8)
                text = f'{name}: {headline}\r\n\r\n' + '\r\n\r\n'.join(map(wrap, sentences)) \
                    + f'\r\n\r\nUnsubscribe: https://{site}/unsubscribe?u=4711\r\n'
                body = multipart('alternative', f'=_letter_{len(pool)}', text_part(text),
                                 part('text/html; charset=utf-8', qp(newsletter(name, site, color, headline, sentences)),
                                      'Content-Transfer-Encoding: quoted-printable'))
                pool.append((mailbox(name, address), encode_word(headline),
                             f'List-Unsubscribe: <https://{site}/unsubscribe?u=4711>, <mailto:leave@{site}>\r\n'
                             'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nPrecedence: bulk', body))
        return pool

    def _make_receipts(self):
        pool = []
        goods = ['Lamp, brass', 'Notebook, squared', 'Ticket Hamburg–Oslo', 'Tea, 250 g', 'Field guide: terns',
                 'Rope, 40 m', 'Kettle', 'Wool socks']
        for number in range(24):
            shop, address = mailtext.SHOPS[number % len(mailtext.SHOPS)]
            items = [(name, self.rng.randint(199, 18900)) for name in self.rng.sample(goods, self.rng.randint(1, 5))]
            html = part('text/html; charset=utf-8', qp(receipt(shop, 84000 + number, items)),
                        'Content-Transfer-Encoding: quoted-printable')
            body = html if number % 2 else multipart(
                'mixed', f'----=_Part_{number}', html,
                attachment(f'Rechnung-{84000 + number}.pdf', 'application/pdf', self.documents[number % 6]))
            pool.append((mailbox(shop, address), f'Your order {84000 + number}', body))
        return pool

    def _make_attached(self):
        text = text_part('As promised, here it is.\r\n\r\nBest wishes\r\n')
        wave = self.pictures
        pool = [
            ('Photos from the coast', multipart('mixed', 'photos', text, *(
                attachment(f'coast-{n}.png', 'image/png', data) for n, data in enumerate(wave, 1)))),
            ('Invoice for March', multipart('mixed', 'pdf', text, attachment('invoice.pdf', 'application/pdf',
                                                                           self.documents[0]))),
            ('Données et rapport', multipart('mixed', 'zip', text, attachment(
                'données été.zip', 'application/zip', archive([('rapport.txt', 'Été\n' * 400), ('a/b.csv', '1;2\n' * 900)])))),
            ('Measurements as a table', multipart('mixed', 'csv', text, attachment(
                'window frames.csv', 'text/csv; charset=utf-8', ('width;height\r\n' + '81,5;120\r\n' * 60).encode()))),
            ('Invitation: rehearsal in the boathouse', multipart('mixed', 'cal', multipart(
                'alternative', 'cal-alt', text_part('You are invited to the rehearsal, 4 December, 18:00 UTC.\r\n'),
                part('text/calendar; charset=utf-8; method=REQUEST', invitation(self.address).encode(),
                     'Content-Transfer-Encoding: 8bit')), attachment(
                         'invite.ics', 'application/ics', invitation(self.address).encode()))),
            ('Our logo, inline', multipart('related', 'rel', part('text/html; charset=utf-8', (
                '<html><body><p>The logo stands <b>in</b> the text:</p><img src="cid:wave@tern" alt="waves" width="240">'
                '<p>and again, smaller: <img src="cid:wave@tern" alt="waves" width="80"></p></body></html>').encode()),
                attachment('wave.png', 'image/png', wave[0], cid='wave@tern'), parameters='; type="text/html"')),
            ('Fwd: Boat trip on Saturday', multipart('mixed', 'fwd', text_part('See below.\r\n'), part(
                'message/rfc822', b'From: Anna Lindqvist <anna.lindqvist@fjord.example>\r\nTo: all@fjord.example\r\n'
                b'Subject: Boat trip on Saturday\r\nDate: Mon, 2 Nov 2026 09:12:00 +0100\r\n'
                b'Message-ID: <trip@fjord.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n'
                b'The ferry leaves at half past seven.\r\n', 'Content-Disposition: attachment'))),
            ('Contact details', multipart('mixed', 'vcf', text, attachment(
                'anna.vcf', 'text/vcard; charset=utf-8', 'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Anna Lindqvist\r\n'
                'EMAIL:anna.lindqvist@fjord.example\r\nEND:VCARD\r\n'.encode()))),
            ('Large scan of the harbour map', multipart('mixed', 'big', text, attachment(
                'map.bin', 'application/octet-stream', self.rng.randbytes(1500000)))),
        ]
        return pool

    def _make_foreign(self):
        pool = []
        for language, (charset, people, subjects, texts) in mailtext.SCRIPTS.items():
            for number, subject in enumerate(subjects * 2):
                # Half of them in the charset of the old days, half in UTF-8.
                used = charset if number < len(subjects) else 'utf-8'
                body = '\r\n\r\n'.join(texts) + '\r\n'
                content = text_part(body, charset=used)
                if number % 3 == 2:
                    direction = ' dir="rtl"' if language in ('ar', 'he') else ''
                    markup = f'<html lang="{language}"><body{direction}>' + ''.join(
                        f'<p>{escape(text)}</p>' for text in texts) + '</body></html>'
                    content = multipart('alternative', f'both-{language}', content, text_part(markup, 'html', used))
                name, address = people[number % len(people)]
                pool.append((mailbox(name, address, used), encode_word(subject, used), content))
        return pool

    def _make_odd(self):
        """What arrives all the same: (headers without date, body part, date header or None)."""
        someone, other = self.people[14][0], self.people[1][0]
        long_subject = 'Re: ' * 6 + 'A subject that nobody shortened: ' + ', '.join(mailtext.ENGLISH['subjects'])
        wrapped = long_subject.replace(', ', ',\r\n ')
        flowed = ('This paragraph is flowed \r\nand should fill the window \r\nwhatever its width is.\r\n\r\n'
                  '> Quoted text flows \r\n> in the same way.\r\n>> Deeper still.\r\n\r\n    code stays as it is\r\n-- \r\nAnna')
        return [
            (f'From: {someone}\r\n{self.to}', text_part('A message without a subject.\r\n'), 'good'),
            (f'From: {other}\r\n{self.to}\r\nSubject: ', text_part('An empty subject.\r\n'), 'good'),
            (f'From: {someone}\r\n{self.to}\r\nSubject: No date at all', text_part('Somebody forgot the date.\r\n'), None),
            (f'From: {other}\r\n{self.to}\r\nSubject: A broken date', text_part('When was this?\r\n'),
             'Thu, 32 Foo 20266 25:61:99 +9900'),
            (f'From: {someone}\r\n{self.to}\r\nSubject: From the future', text_part('Hello from 2038.\r\n'),
             'Fri, 19 Mar 2038 04:14:07 +0000'),
            (f'From: {other}\r\n{self.to}\r\nSubject: {wrapped}', text_part('The subject says it all.\r\n'), 'good'),
            (f'From: {someone}\r\n{self.to}\r\nSubject: Empty body', part('text/plain', b''), 'good'),
            (f'From: {other}\r\n{self.to}\r\nSubject: format=flowed', part(
                'text/plain; charset=utf-8; format=flowed; delsp=no', flowed.encode()), 'good'),
            (f'From: {someone}\r\n{self.to}\r\nSubject: One line, very long',
             part('text/plain', b'word ' * 2000 + b'\r\n'), 'good'),
            (f'From: {other}\r\n{self.to}\r\nSubject: =?utf-8?B?unfinished', text_part('Broken encoded word.\r\n'), 'good'),
            (f'From: {someone}\r\n{self.to}\r\nSubject: =?x-unknown?Q?caf=E9?= in no charset', part(
                'text/plain; charset=x-unknown', b'caf\xe9 na\xefve\r\n', 'Content-Transfer-Encoding: 8bit'), 'good'),
            (f'From: not an address at all\r\n{self.to}\r\nSubject: Sender without an address',
             text_part('Who wrote this?\r\n'), 'good'),
            ('From: a@one.example, b@two.example\r\nSender: a@one.example\r\nTo: undisclosed-recipients:;\r\n'
             'Subject: Two senders, nobody named', text_part('Hello all.\r\n'), 'good'),
            (f'From: {someone}\r\nTo: ' + ',\r\n '.join(person[0] for person in self.people) + f'\r\nCc: {self.address}\r\n'
             'Subject: To the whole choir', text_part('Rehearsal moved to Thursday.\r\n'), 'good'),
            (f'From: Mail Delivery System <MAILER-DAEMON@{self.domain}>\r\n{self.to}\r\n'
             'Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied', multipart(
                 'report', 'dsn', text_part('I could not deliver your message to lost@nowhere.example.\r\n'),
                 part('message/delivery-status', f'Reporting-MTA: dns; mail.{self.domain}\r\n\r\n'.encode()
                      + b'Final-Recipient: rfc822; lost@nowhere.example\r\nAction: failed\r\nStatus: 5.1.1\r\n'
                      b'Diagnostic-Code: smtp; 550 5.1.1 no such mailbox\r\n'),
                 part('text/rfc822-headers', f'From: {self.address}\r\nTo: lost@nowhere.example\r\n'
                      'Subject: Lost\r\n'.encode()), parameters='; report-type=delivery-status'), 'good'),
            (f'From: {other}\r\n{self.to}\r\nSubject: A part that never ends', part(
                'multipart/mixed; boundary="gone"', b'--gone\r\nContent-Type: text/plain\r\n\r\nThe last boundary is missing.\r\n'),
             'good'),
            (f'From: {someone}\r\n{self.to}\r\nSubject: Scripts stay asleep', part('text/html; charset=utf-8', (
                b'<html><body onload="alert(1)"><script>document.title="run"</script><p>Nothing here may run, '
                b'<a href="javascript:alert(2)">not even this</a>.</p><form action="https://evil.example"><input name="pw">'
                b'</form><iframe src="https://evil.example"></iframe></body></html>')), 'good'),
        ]

    # --- each kind: (header lines, body part, identity lines) ---

    def _identity(self, host):
        self.serial += 1
        return f'<{self.serial}.{self.rng.getrandbits(40):x}@{host}>'

    def _conversation(self, kind, host, start_share):
        """(thread, identity) of a new message: the start of a thread or an answer into a recent one."""
        recent = self.threads[kind]
        identity = self._identity(host)
        if recent and self.rng.random() > start_share:
            thread = recent[int(self.rng.random() * len(recent))]
            references = thread.identities[-12:]
            lines = f'\r\nIn-Reply-To: {references[-1]}\r\nReferences: ' + '\r\n '.join(references)
            thread.identities.append(identity)
            return thread, identity, lines
        return None, identity, ''

    def _start(self, kind, subject, identity, person, text):
        recent = self.threads[kind]
        if len(recent) >= 12:
            recent.pop(int(self.rng.random() * len(recent)))
        recent.append(Thread(subject, [identity], person, text, kind))

    def _person(self, rng):
        person, first = self.people[int(rng.random() * len(self.people))]
        paragraphs = self.plain[int(rng.random() * len(self.plain))]
        thread, identity, lines = self._conversation('person', 'mail.example', 0.45)
        hello = mailtext.ENGLISH['hello'][int(rng.random() * 4)]
        text = f'{hello} {self.name},\r\n\r\n' + '\r\n\r\n'.join(paragraphs)
        if thread:
            subject = 'Re: ' + thread.subject
            text += f'\r\n\r\n{thread.people} wrote:\r\n' + thread.quote
        else:
            subject = mailtext.ENGLISH['subjects'][int(rng.random() * len(mailtext.ENGLISH['subjects']))]
            self._start('person', subject, identity, first, '> ' + paragraphs[0].replace('\r\n', '\r\n> '))
        text += f'\r\n\r\n{mailtext.ENGLISH["bye"][int(rng.random() * 4)]}\r\n{first}\r\n'
        cc = f'\r\nCc: {self.people[int(rng.random() * len(self.people))][0]}' if rng.random() < 0.2 else ''
        body = part('text/plain; charset=utf-8', text.encode(), 'Content-Transfer-Encoding: 8bit')
        return f'From: {person}\r\n{self.to}{cc}\r\nSubject: {subject}{lines}\r\nUser-Agent: Tern', body, identity

    def _list(self, rng):
        tag, title, host = mailtext.LISTS[int(rng.random() * len(mailtext.LISTS))]
        person, first = self.people[int(rng.random() * len(self.people))]
        thread, identity, lines = self._conversation('list', host, 0.25)
        paragraphs = self.plain[int(rng.random() * len(self.plain))]
        text = '\r\n\r\n'.join(paragraphs)
        if thread:
            subject = f'Re: {thread.subject}'
            text = f'{thread.people} wrote:\r\n{thread.quote}\r\n\r\n{text}'
        else:
            subject = f'[{tag}] {mailtext.LIST_SUBJECTS[int(rng.random() * len(mailtext.LIST_SUBJECTS))]}'
            if 'Patch' in subject:
                text += '\r\n\r\n' + mailtext.CODE.replace('\n', '\r\n')
            self._start('list', subject, identity, first, '> ' + paragraphs[0].replace('\r\n', '\r\n> '))
        text += f'\r\n\r\n{first}\r\n_______________________________________________\r\n{title}\r\nhttps://{host}/\r\n'
        headers = (f'From: {person}\r\nTo: {tag}@{host}\r\nSubject: {subject}{lines}\r\nList-Id: {title} <{host}>\r\n'
                   f'List-Post: <mailto:{tag}@{host}>\r\nPrecedence: list')
        return headers, part('text/plain; charset=utf-8', text.encode(), 'Content-Transfer-Encoding: 8bit'), identity

    def _newsletter(self, rng):
        sender, subject, lines, body = self.letters[int(rng.random() * len(self.letters))]
        return f'From: {sender}\r\n{self.to}\r\nSubject: {subject}\r\n{lines}', body, self._identity('letters.example')

    def _receipt(self, rng):
        sender, subject, body = self.receipts[int(rng.random() * len(self.receipts))]
        return (f'From: {sender}\r\n{self.to}\r\nReply-To: {sender}\r\nSubject: {subject}', body,
                self._identity('shop.example'))

    def _attachment(self, rng):
        # The large one is rare.
        subject, body = self.attached[int(rng.random() * (len(self.attached) - (rng.random() < 0.97)))]
        person, _ = self.people[int(rng.random() * len(self.people))]
        return f'From: {person}\r\n{self.to}\r\nSubject: {encode_word(subject)}', body, self._identity('mail.example')

    def _scan(self, rng):
        lines = SCAN_BYTES // 57
        length = int(lines / 23 * 23 ** rng.random())
        start = int(rng.random() * (lines - length)) * 78
        body = multipart('mixed', 'scan', text_part('The scan.\r\n'), part(
            'image/jpeg', self.scan[start:start + length * 78], 'Content-Transfer-Encoding: base64',
            'Content-Disposition: attachment; filename="scan.jpg"'))
        person, _ = self.people[int(rng.random() * len(self.people))]
        return f'From: {person}\r\n{self.to}\r\nSubject: Scan', body, self._identity('scanner.example')

    def _foreign_one(self, rng):
        sender, subject, body = self.foreign[int(rng.random() * len(self.foreign))]
        return f'From: {sender}\r\n{self.to}\r\nSubject: {subject}', body, self._identity('world.example')

    def _odd_one(self, rng):
        return self._odd(int(rng.random() * len(self.odd)))

    def _odd(self, number):
        headers, body, date = self.odd[number]
        return headers, body, self._identity('odd.example'), date

    # --- putting one together ---

    def _each_once(self):
        """One of everything, so that 500 messages show all there is."""
        rng = self.rng
        makers = [lambda n=n: self._odd(n) for n in range(len(self.odd))]
        for subject, body in self.attached:
            makers.append(lambda s=subject, b=body: (
                f'From: {self.people[int(rng.random() * len(self.people))][0]}\r\n{self.to}\r\n'
                f'Subject: {encode_word(s)}', b, self._identity('mail.example')))
        for sender, subject, body in self.foreign[::2]:
            makers.append(lambda f=sender, s=subject, b=body: (
                f'From: {f}\r\n{self.to}\r\nSubject: {s}', b, self._identity('world.example')))
        rng.shuffle(makers)
        return makers

    def messages(self, count):
        """Oldest first; the last one is a few minutes older than NEWEST."""
        rng = self.rng
        special = self._each_once() if count >= 200 else []
        every = count // (len(special) + 1) if special else 0
        # About sixty a day lately, thinning out towards the past.
        age = [0.0] * count
        back = 300.0
        for index in range(count):
            age[count - 1 - index] = back
            back += 1440 * (0.2 + 1.6 * rng.random()) * (1 + index / 4000)
        for index in range(count):
            when = self.newest - age[index]
            if special and index % every == every - 1:
                made = special.pop()()
            else:
                made = self.wheel[int(rng.random() * 100)](rng)
            yield self._finish(made, when, index, count)

    def _finish(self, made, when, index, count):
        rng = self.rng
        headers, body, identity, *odd = made
        date = odd[0] if odd else 'good'
        if date == 'good':
            zone = ZONES[int(rng.random() * len(ZONES))]
            local = time.gmtime(when + ZONE_SECONDS[zone])
            date = (f'{DAYS[local.tm_wday]}, {local.tm_mday} {MONTHS[local.tm_mon - 1]} {local.tm_year} '
                    f'{local.tm_hour:02d}:{local.tm_min:02d}:{local.tm_sec:02d} {zone}')
        received = time.gmtime(when + 2)
        head = (f'Return-Path: <bounce-{index}@mail.example>\r\nReceived: from mx{index % 7}.mail.example '
                f'(mx{index % 7}.mail.example [192.0.2.{index % 250 + 1}])\r\n\tby mail.{self.domain} (Postfix) with ESMTPS '
                f'id {index:010X}\r\n\tfor <{self.address}>; {DAYS[received.tm_wday]}, {received.tm_mday} '
                f'{MONTHS[received.tm_mon - 1]} {received.tm_year} {received.tm_hour:02d}:{received.tm_min:02d}:'
                f'{received.tm_sec:02d} +0000\r\n{headers}\r\n' + (f'Date: {date}\r\n' if date else '')
                + f'Message-ID: {identity}\r\nMIME-Version: 1.0\r\n')
        newness = count - index
        flags = ''
        if newness > 12 and (newness > 300 or rng.random() < 0.85):
            flags = '\\Seen'
            if rng.random() < 0.06:
                flags += ' \\Answered'
        if rng.random() < 0.03:
            flags += ' \\Flagged'
        return Message(head.encode() + body, int(when), flags.strip())


def wrap(text):
    lines, line = [], ''
    for word in text.split(' '):
        if len(line) + len(word) > 71:
            lines.append(line)
            line = word
        else:
            line = f'{line} {word}' if line else word
    return '\r\n'.join(lines + [line])


# --- where to put them ----------------------------------------------------------------------------------------


def fill(connection, folder, messages):
    """MULTIAPPENDs (RFC 3502) MESSAGES through a logged-in imaplib connection; returns how many."""
    name = '"' + folder.replace('\\', '\\\\').replace('"', '\\"') + '"'
    connection.create(name)  # it may be there already
    batch, size, total = [], 0, 0
    for message in messages:
        batch.append(message)
        size += len(message.raw)
        if size > BATCH_BYTES or len(batch) >= BATCH_COUNT:
            total += append_batch(connection, name, batch)
            batch, size = [], 0
    if batch:
        total += append_batch(connection, name, batch)
    return total


def append_batch(connection, name, batch):
    pieces = [f'fill APPEND {name}'.encode()]
    for message in batch:
        when = time.gmtime(message.date)
        stamp = (f'{when.tm_mday:2d}-{MONTHS[when.tm_mon - 1]}-{when.tm_year} '
                 f'{when.tm_hour:02d}:{when.tm_min:02d}:{when.tm_sec:02d} +0000')
        pieces.append(f' ({message.flags}) "{stamp}" {{{len(message.raw)}+}}\r\n'.encode())
        pieces.append(message.raw)
    connection.send(b''.join(pieces) + b'\r\n')
    while True:
        line = connection.readline()
        if not line:
            raise imaplib.IMAP4.abort('the server closed the connection')
        if line.startswith(b'fill '):
            if not line.startswith(b'fill OK'):
                raise imaplib.IMAP4.error(line.decode('utf-8', 'replace').strip())
            return len(batch)


def write_maildir(folder, messages):
    for name in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    for number, message in enumerate(messages):
        seen = 'S' if '\\Seen' in message.flags else ''
        path = os.path.join(folder, 'cur', f'{message.date}.{number}.tern:2,{seen}')
        with open(path, 'wb') as file:
            file.write(message.raw)
        os.utime(path, (message.date, message.date))


def write_mbox(path, messages):
    with open(path, 'wb') as file:
        for message in messages:
            stamp = time.strftime('%a %b %d %H:%M:%S %Y', time.gmtime(message.date))
            body = message.raw.replace(b'\r\n', b'\n').replace(b'\nFrom ', b'\n>From ')
            file.write(f'From MAILER-DAEMON {stamp}\n'.encode() + body.rstrip(b'\n') + b'\n\n')


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('--count', type=int, default=500)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--address', default='anna@example.test')
    parser.add_argument('--newest', type=float, help='time of the newest, seconds since 1970 (default: now)')
    parser.add_argument('--maildir')
    parser.add_argument('--mbox')
    parser.add_argument('--imap', metavar='HOST:PORT', help='implicit TLS')
    parser.add_argument('--folder', default='INBOX')
    parser.add_argument('--user')
    parser.add_argument('--password-env', default='TERN_PASSWORD', help='variable that holds the password')
    parser.add_argument('--ca-file')
    options = parser.parse_args(argv)
    messages = Generator(options.seed, options.address, options.newest).messages(options.count)
    started = time.monotonic()
    if options.maildir:
        write_maildir(options.maildir, messages)
    elif options.mbox:
        write_mbox(options.mbox, messages)
    elif options.imap:
        host, _, port = options.imap.rpartition(':')
        context = ssl.create_default_context(cafile=options.ca_file)
        with imaplib.IMAP4_SSL(host, int(port), ssl_context=context) as connection:
            connection.login(options.user or options.address, os.environ[options.password_env])
            fill(connection, options.folder, messages)
    else:
        size = sum(len(message.raw) for message in messages)
        print(f'{options.count} messages, {size} bytes', file=sys.stderr)
    seconds = time.monotonic() - started
    print(f'{options.count / seconds:.0f} messages a second', file=sys.stderr)


if __name__ == '__main__':
    main(sys.argv[1:])
