# SPDX-License-Identifier: GPL-3.0-or-later
"""Those words of doveadm that the tests use, said to any IMAP server, for mailserver.py: another client that looks and
meddles. Results are printed as doveadm prints them."""

import base64
import imaplib
import re

# Search keys that take a string, and how many.
STRING_KEYS = {'SUBJECT': 1, 'FROM': 1, 'TO': 1, 'TEXT': 1, 'BODY': 1, 'HEADER': 2}


def quote(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def encode_mailbox(name):
    """As IMAP4rev1 has it: quoted, in modified UTF-7."""
    def encode(match):
        if match[0] == '&':
            return '&-'
        return '&' + base64.b64encode(match[0].encode('utf-16-be')).decode().rstrip('=').replace('/', ',') + '-'
    return quote(re.sub('&|[^\x20-\x7e]+', encode, name))


def decode_mailbox(name):
    def decode(match):
        text = match[1].replace(',', '/')
        return base64.b64decode(text + '=' * (-len(text) % 4)).decode('utf-16-be') or '&'
    return re.sub('&([^-]*)-', decode, name)


class Doveadm:
    """Logs in anew for each command, as nothing may be known from before."""

    def __init__(self, server):
        self.server = server

    def __call__(self, *args):
        words = list(args)
        name = words.pop(0)
        if name in ('mailbox', 'flags'):
            name += '_' + words.pop(0)
        method = getattr(self, name, None)
        if method is None:
            raise RuntimeError(f'no "doveadm {name}" here')
        where = words.index('-u')
        user = self.server.user(words[where + 1])
        del words[where:where + 2]
        with self.server.imap(user) as connection:
            return method(connection, words) or ''

    @staticmethod
    def did(answer):
        if answer[0] != 'OK':
            raise RuntimeError(str(answer[1]))
        return answer[1]

    def find(self, connection, query, readonly=False):
        """UIDs for "mailbox NAME KEYS…"; the mailbox stays selected."""
        words = list(query)
        if words.pop(0) != 'mailbox':
            raise RuntimeError(f'not a query: {query}')
        self.did(connection.select(encode_mailbox(words.pop(0)), readonly))
        keys = []
        while words:
            keys.append(words.pop(0).upper())
            for _ in range(STRING_KEYS.get(keys[-1], 0)):
                keys.append(quote(words.pop(0)))
            if keys[-1] in ('KEYWORD', 'UNKEYWORD', 'UID'):
                keys.append(words.pop(0))
        return self.did(connection.uid('SEARCH', *keys))[0].decode().split()

    def search(self, connection, words):
        return ''.join(f'{words[1]} {uid}\n' for uid in self.find(connection, words, readonly=True))

    def fetch(self, connection, words):
        """Of "flags", "uid" and "text"."""
        fields = words[0].split()
        items = {'flags': 'FLAGS', 'uid': 'UID', 'text': 'BODY.PEEK[]'}
        output = ''
        for uid in self.find(connection, words[1:], readonly=True):
            found = self.did(connection.uid('FETCH', uid, '(' + ' '.join(items[field] for field in fields) + ')'))
            for part in found:
                head, text = part if isinstance(part, tuple) else (part, None)
                flags = re.search(rb'FLAGS \(([^)]*)\)', head)
                if 'uid' in fields and flags:
                    output += f'uid: {uid}\n'
                if flags:
                    output += f'flags: {flags[1].decode()}\n'
                if text is not None:
                    output += 'text:\n' + text.decode('utf-8', 'replace').replace('\r\n', '\n') + '\n'
        return output

    def store(self, connection, words, action):
        for uid in self.find(connection, words[1:]):
            self.did(connection.uid('STORE', uid, action, f'({words[0]})'))

    def flags_add(self, connection, words):
        self.store(connection, words, '+FLAGS')

    def flags_remove(self, connection, words):
        self.store(connection, words, '-FLAGS')

    def expunge(self, connection, words):
        self.store(connection, [r'\Deleted', *words], '+FLAGS')
        self.did(connection.expunge())

    def transfer(self, connection, words, command):
        uids = self.find(connection, words[1:])
        if uids:
            self.did(connection.uid(command, ','.join(uids), encode_mailbox(words[0])))

    def copy(self, connection, words):
        self.transfer(connection, words, 'COPY')

    def move(self, connection, words):
        self.transfer(connection, words, 'MOVE')

    def mailbox_create(self, connection, words):
        for name in words:
            answer = connection.create(encode_mailbox(name))
            if b'exists' not in answer[1][0].lower():
                self.did(answer)

    def mailbox_delete(self, connection, words):
        for name in words:
            self.did(connection.delete(encode_mailbox(name)))

    def mailbox_rename(self, connection, words):
        self.did(connection.rename(encode_mailbox(words[0]), encode_mailbox(words[1])))

    def mailbox_status(self, connection, words):
        answer = self.did(connection.status(encode_mailbox(words[1]), f'({words[0].upper()})'))[0].decode()
        pairs = re.findall(r'([A-Z]+) (\d+)', answer.rpartition('(')[2])
        return words[1] + ''.join(f' {name.lower()}={value}' for name, value in pairs) + '\n'

    def mailbox_list(self, connection, words):
        subscribed = '-s' in words
        lines = self.did(connection.lsub() if subscribed else connection.list())
        output = ''
        for line in lines:
            head, text = line if isinstance(line, tuple) else (line, None)
            if head is None or b'\\Noselect' in head:
                continue
            if text is None:
                text = re.match(rb'\([^)]*\) (?:NIL|"[^"]*"|".") (.*)', head)[1]
                if text.startswith(b'"'):
                    text = re.sub(rb'\\(.)', rb'\1', text[1:-1])
            output += decode_mailbox(text.decode()) + '\n'
        return output


# A search may return more than imaplib's idea of a line.
imaplib._MAXLINE = 10_000_000
