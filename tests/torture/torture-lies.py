#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that lies for a while: a proxy before a real one adds to what it says, or changes it. TAP.

While it lies, two clients work on; when it has stopped, what is here is what the server has, and the account has come
back by itself. The cache may lose nothing that the server has.

Usage: torture-lies.py TORTURE-ENGINE [--seed N] [--rounds N]
"""

import random
import re
import sys

from torturelib import CUT, DEEDS, Died, Stage, arguments, check, run_rounds

TAGGED_OK = re.compile(rb'(\S+) OK ')


class Liar:
    """One lie; told now and then, until it is silent."""

    def __init__(self, name, rand):
        self.rand = rand
        self.tell = getattr(self, 'tell_' + name.replace('-', '_'), None)
        self.refusal = getattr(self, 'refuse_' + name.replace('-', '_'), None)
        self.told = 0

    def __call__(self, line, connection):
        said = self.tell(line, connection)
        if said is not line:
            self.told += 1
        return said

    @staticmethod
    def command_of(line, connection):
        """The command that this line ends well, or nothing."""
        match = TAGGED_OK.match(line)
        return connection.commands.get(match.group(1), '') if match else ''

    def before_end(self, line, connection, commands, lie):
        """Says LIE before the end of one of the commands."""
        if re.match(commands, self.command_of(line, connection)) and self.rand.random() < 0.7:
            return lie + b'\r\n' + line
        return line

    def tell_exists_shrinks(self, line, connection):
        return self.before_end(line, connection, r'UID|NOOP', b'* 1 EXISTS')

    def tell_unknown_uids(self, line, connection):
        return self.before_end(line, connection, r'UID FETCH',
                               b'* 4000000 FETCH (UID 4000000001 FLAGS (\\Seen) MODSEQ (999999999))')

    def tell_vanished_all(self, line, connection):
        return self.before_end(line, connection, r'UID|NOOP', b'* VANISHED 1:4294967295')

    def tell_vanished_earlier(self, line, connection):
        return self.before_end(line, connection, r'SELECT|EXAMINE|UID FETCH', b'* VANISHED (EARLIER) 1:4294967295')

    def tell_expunge_all(self, line, connection):
        return self.before_end(line, connection, r'UID|NOOP', b'* 1 EXPUNGE\r\n* 1 EXPUNGE')

    def tell_modseq(self, line, connection):
        return re.sub(rb'(MODSEQ \(?)\d+', rb'\g<1>9223372036854775000', line)

    def tell_modseq_small(self, line, connection):
        return re.sub(rb'(MODSEQ \(?)\d+', rb'\g<1>1', line)

    def tell_status(self, line, connection):
        return re.sub(rb'(MESSAGES|UIDNEXT|UNSEEN) \d+', rb'\1 1', line) if line.startswith(b'* STATUS') else line

    def tell_duplicate_uids(self, line, connection):
        return re.sub(rb'^(\* )(\d+)( FETCH .*)$', rb'\1\2\3\r\n\1\g<2>\3', line) \
            if re.match(rb'\* \d+ FETCH \(UID \d+ FLAGS \([^)]*\)( MODSEQ \(\d+\))?\)\r\n$', line) else line

    def tell_search_empty(self, line, connection):
        return re.sub(rb'^\* (E?SEARCH)\b.*\r\n', rb'* \1\r\n', line)

    def tell_bye(self, line, connection):
        if self.command_of(line, connection).startswith('UID') and self.rand.random() < 0.4:
            connection.client.write(b'* BYE going down\r\n')
            self.told += 1
            return CUT
        return line

    # Said in the server's place, which does nothing then.

    def refuse(self, command, code):
        if re.match(r'UID|SELECT|EXAMINE|LIST|STATUS', command) and self.rand.random() < 0.4:
            self.told += 1
            return b'NO [' + code + b'] Not now.'
        return None

    def refuse_throttled(self, command, connection):
        return self.refuse(command, b'THROTTLED')

    def refuse_unavailable(self, command, connection):
        return self.refuse(command, b'UNAVAILABLE')

    def refuse_overquota(self, command, connection):
        return self.refuse(command, b'OVERQUOTA') if re.match(r'UID (MOVE|COPY)', command) else None


LIES = [name.split('_', 1)[1].replace('_', '-') for name in sorted(dir(Liar)) if name.startswith(('tell_', 'refuse_'))]
WORK = ['flags', 'move', 'copy', 'trash']


class Court:
    def __init__(self, program):
        self.stage = Stage(program)
        self.stage.engine.start()
        self.number = 0

    def hear(self, name, rand):
        """While NAME is told something is done here and there; afterwards both are of one mind."""
        stage = self.stage
        stage.empty()
        self.number += 1
        old = [f'lie-{self.number}-{n}@example.test' for n in range(6)]
        new = [f'lie-{self.number}-new-{n}@example.test' for n in range(3)]
        for mid in old:
            stage.client.append('INBOX', mid, '\\Seen')
        stage.settle(f'{name}: before')
        ids = {m.mid: m.id for m in stage.engine.messages()}
        # It draws in the proxy's thread: from numbers of its own.
        liar = Liar(name, random.Random(rand.random()))
        stage.proxy.on_response = liar if liar.tell else None
        stage.proxy.on_command = liar.refusal
        try:
            if rand.random() < 0.5:
                stage.proxy.cut_all()
            deed = DEEDS[rand.choice(WORK)]
            deed.do(stage.engine, str(ids[old[0]]), old[:1])
            for mid in new:
                stage.client.append('INBOX', mid)
                stage.engine.ask('sync')
            for _ in range(3):
                stage.engine.ask('refresh')
                stage.engine.ask('sync')
            if rand.random() < 0.3:
                stage.engine.stop()
                stage.engine.start()
                stage.engine.ask('sync')
        except Died:
            stage.engine.check_death()
            raise
        finally:
            stage.proxy.on_response = stage.proxy.on_command = None
        there = stage.settle(f'{name}, told {liar.told} times, {deed.name}')
        for mid in [*old[1:], *new]:
            check([m.folder for m in there if m.mid == mid] == ['INBOX'], f'{mid} is not in INBOX')
        have = [m for m in there if m.mid == old[0]]
        check(1 <= len(have) <= deed.copies, f'{old[0]} is there {len(have)} times')
        print(f'# told {liar.told} times')

    def close(self):
        if self.stage.engine.process:
            self.stage.engine.stop()
        self.stage.close()


def main():
    options = arguments(__doc__, len(LIES))
    court = Court(options.program)
    try:
        return run_rounds(options, [(f'{LIES[n % len(LIES)]}-{n}',
                                     lambda rand, n=n: court.hear(LIES[n % len(LIES)], rand))
                                    for n in range(options.rounds)])
    finally:
        court.close()


sys.exit(main())
