#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mail generator, tried itself. Prints TAP."""

import email
import email.policy
import hashlib
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mailgen  # noqa: E402  (beside this file)

NEWEST = 1795000000.0


def make(count, seed=1):
    return list(mailgen.Generator(seed, 'anna@example.test', NEWEST).messages(count))


def digest(messages):
    return hashlib.sha256(b''.join(message.raw for message in messages)).hexdigest()


def test_same_seed_same_mail():
    assert digest(make(300)) == digest(make(300))
    assert digest(make(300)) != digest(make(300, seed=2))


def test_well_formed():
    broken = 0
    for message in make(500):
        assert b'\r\n\r\n' in message.raw
        assert message.raw.replace(b'\r\n', b'').count(b'\r') == 0
        assert message.raw.replace(b'\r\n', b'').count(b'\n') == 0
        parsed = email.message_from_bytes(message.raw, policy=email.policy.compat32)
        assert parsed['Message-ID'] and parsed['From']
        broken += bool(parsed.defects)
    assert broken < 25, broken


def test_variety():
    parsed = [email.message_from_bytes(message.raw) for message in make(500)]
    types = {part.get_content_type() for message in parsed for part in message.walk()}
    for wanted in ('text/plain', 'text/html', 'multipart/alternative', 'multipart/related', 'application/pdf',
                   'image/png', 'message/rfc822', 'text/calendar', 'message/delivery-status'):
        assert wanted in types, wanted
    charsets = {part.get_content_charset() for message in parsed for part in message.walk()}
    for wanted in ('utf-8', 'koi8-r', 'iso-2022-jp', 'windows-1255', 'windows-1256', 'gb18030', 'big5'):
        assert wanted in charsets, wanted
    assert any(message['Subject'] is None for message in parsed)
    assert any(message['Date'] is None for message in parsed)
    identities = [message['Message-ID'] for message in parsed]
    assert len(set(identities)) == len(identities)
    answers = [message for message in parsed if message['In-Reply-To']]
    assert len(answers) > 60, len(answers)
    assert all(message['In-Reply-To'] in identities for message in answers)


def test_dates_ascend():
    dates = [message.date for message in make(500)]
    assert dates == sorted(dates) and NEWEST - 600 < dates[-1] < NEWEST


def test_speed():
    generator = mailgen.Generator(1, 'anna@example.test', NEWEST)
    started = time.monotonic()
    count = sum(1 for _ in generator.messages(10000))
    rate = count / (time.monotonic() - started)
    print(f'# {rate:.0f} messages a second')
    assert rate > 5000, rate


def main():
    tests = [(name[5:], function) for name, function in globals().items() if name.startswith('test_')]
    print(f'1..{len(tests)}')
    failed = 0
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
            print(f'ok {number} - {name}')
        except Exception as error:  # each test reports, none stops the others
            failed += 1
            print(f'not ok {number} - {name}\n# {type(error).__name__}: {error}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
