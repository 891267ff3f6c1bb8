#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program dies at a write to its database, the disk is full or broken there, or the database is damaged. TAP.

Every kind of operation is begun while that happens; then the disk is good again, and the operation is done or it is
not, as was said; nothing is half done, lost or twice.

Usage: torture-disk.py TORTURE-ENGINE [--seed N] [--rounds N]; --rounds 0 takes every write of all in turn.
"""

import os
import sys
import time

from torturelib import DEADLINE, DEEDS, Died, Engine, Failure, Stage, arguments, check, run_rounds

FATES = ['dies', 'full', 'broken', 'damaged']
PAGE = 4096


class Breaker:
    def __init__(self, program):
        self.program = program
        self.stage = Stage(program)
        self.stage.engine.start()
        self.totals = {}
        self.number = 0

    def renew(self):
        """What nobody has met of the damage must not stay for the next round."""
        self.stage.engine.close()
        self.stage.engine = Engine(self.program, self.stage.server, self.stage.proxy.port)
        self.stage.engine.start()

    def mids(self):
        self.number += 1
        if self.number % 20 == 0:
            self.stage.empty()
        return [f'disk-{self.number}-{n}@example.test' for n in range(3)]

    def total(self, deed):
        """How often the disk is written to, undisturbed."""
        if deed.name not in self.totals:
            mids = self.mids()
            ids = deed.prepare(self.stage, mids)
            self.stage.engine.get('disk', 'good', 0, 0)
            deed.do(self.stage.engine, ids, mids)
            self.wait_done()
            self.totals[deed.name] = int(self.stage.engine.get('disk', 'good', 0, 0)[0][0])
            deed.check(self.stage.settle(deed.name), mids)
        return self.totals[deed.name]

    def wait_done(self):
        end = time.monotonic() + DEADLINE
        while self.stage.engine.operations():
            check(time.monotonic() < end, 'it does not end')
            time.sleep(0.005)

    def fail(self, deed, fate, access, count):
        stage, mids = self.stage, self.mids()
        ids = deed.prepare(stage, mids)
        problem, asked = None, False
        stage.engine.get('disk', fate, access, count)
        try:
            try:
                deed.do(stage.engine, ids, mids)
                asked = True
            except Died:
                raise
            except Failure as said:
                problem = str(said)
                check('disk' in problem, f'it is not said what is wrong: {problem}')
            end = time.monotonic() + 3
            while (asked and stage.engine.operations() and time.monotonic() < end):
                time.sleep(0.005)
            stage.engine.get('disk', 'good', 0, 0)
        except Died:
            stage.engine.check_death()
            stage.engine.start()
        there = stage.settle(f'{deed.name} {fate} {access} {count}')
        if asked or self.is_done(there, mids, deed):
            deed.check(there, mids)
        else:
            self.check_undone(there, mids, deed, problem)

    @staticmethod
    def is_done(there, mids, deed):
        have = [m for m in there if m.mid == mids[0]]
        return len(have) == deed.copies and all(m.flags == deed.flags for m in have) \
            and (not have or deed.folder in [m.folder for m in have])

    @staticmethod
    def check_undone(there, mids, deed, problem):
        for mid in mids:
            have = [f'{m.folder} {sorted(m.flags)}' for m in there if m.mid == mid]
            wanted = [] if deed.name == 'append' else ["INBOX ['\\\\Seen']"]
            check(have == wanted, f'{deed.name} was refused ({problem}), but {mid} is {have}')

    def damage(self, deed, rand):
        """Noise in pages of the database, with work not yet done."""
        stage, mids = self.stage, self.mids()
        ids = deed.prepare(stage, mids)
        stage.proxy.go_down()
        try:
            deed.do(stage.engine, ids, mids)
            stage.engine.stop()
        finally:
            stage.proxy.come_up()
        path = f'{stage.engine.home}/store/data/mail.db'
        pages = os.path.getsize(path) // PAGE
        # The schema, or the middle of anything.
        chosen = [0] if rand.random() < 0.3 else [rand.randrange(pages) for _ in range(rand.choice([1, 1, 3]))]
        with open(path, 'r+b') as file:
            for page in chosen:
                file.seek(page * PAGE)
                file.write(rand.randbytes(PAGE))
        what = f'{deed.name} damaged {chosen} of {pages}'
        there = self.settle_damaged(what)
        if chosen == [0]:
            deed.check(there, mids)
        elif deed.name != 'append' and deed.copies:
            check({m.mid for m in there} >= set(mids), f'{deed.name}: lost of {mids}')

    def settle_damaged(self, what):
        """A page that nobody looked at while opening: that is said when it is met, and mended at the next start."""
        for _ in range(3):
            self.stage.engine.start()
            try:
                return self.stage.settle(what)
            except Failure as said:
                if 'is damaged' not in str(said):
                    raise
                self.stage.engine.stop()
        raise Failure(f'{what}: it is not mended')

    def close(self):
        if self.stage.engine.process:
            self.stage.engine.stop()
        self.stage.close()


def main():
    options = arguments(__doc__, 12)
    breaker = Breaker(options.program)
    deeds = list(DEEDS.values())

    def play(number, rand):
        deed, fate = deeds[number % len(deeds)], FATES[number % len(FATES)]
        if fate == 'damaged':
            try:
                breaker.damage(deed, rand)
            finally:
                breaker.renew()
            return
        access = rand.randrange(1, breaker.total(deed) + 1)
        count = rand.choice([1, 2, 5, 0])
        print(f'# {deed.name} {fate} from {access} for {count}')
        breaker.fail(deed, fate, access, count)

    def play_all(deed, fate, rand):
        for access in range(1, breaker.total(deed) + 1):
            print(f'# {deed.name} {fate} from {access}', flush=True)
            breaker.fail(deed, fate, access, rand.choice([1, 2, 5, 0]))

    if options.rounds:
        rounds = [(f'{deeds[n % len(deeds)].name}-{FATES[n % len(FATES)]}-{n}', lambda rand, n=n: play(n, rand))
                  for n in range(options.rounds)]
    else:
        rounds = [(f'{deed.name}-{fate}', lambda rand, deed=deed, fate=fate: play_all(deed, fate, rand))
                  for deed in deeds for fate in FATES[:3]]
    try:
        return run_rounds(options, rounds)
    finally:
        breaker.close()


sys.exit(main())
