#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection is cut, or the program killed, at a byte of a command or of its answer. TAP.

For each kind of operation, with MOVE and without, and for IDLE; each time the same has to come out as undisturbed.

Usage: torture-cuts.py TORTURE-ENGINE [--seed N] [--rounds N]; --rounds 0 takes every byte of all in turn.
"""

import sys
import time

from torturelib import DEADLINE, DEEDS, Died, Stage, arguments, check, run_rounds

CASES = [('all', name) for name in DEEDS] + [('no-move', 'move'), ('no-move', 'archive'), ('all', 'idle')]
WITHOUT = {'all': [], 'no-move': ['--without', 'MOVE']}


class Cutter:
    def __init__(self, program):
        self.program = program
        self.stages = {}
        self.totals = {}
        self.number = 0

    def stage(self, name):
        if name not in self.stages:
            self.stages[name] = Stage(self.program, *WITHOUT[name])
            self.stages[name].engine.start()
        stage = self.stages[name]
        if self.number % 20 == 0:
            stage.empty()
        return stage

    def total(self, case, direction):
        """How many bytes go by undisturbed."""
        if (case, direction) not in self.totals:
            self.run(case, direction, 1 << 30, False)
            self.totals[case, direction] = self.stage(case[0]).proxy.passed
        return self.totals[case, direction]

    def run(self, case, direction, count, kills):
        self.number += 1
        stage = self.stage(case[0])
        mids = [f'cut-{self.number}-{n}@example.test' for n in range(3)]
        if kills:
            stage.proxy.on_cut = stage.engine.process.kill
        try:
            if case[1] == 'idle':
                self.idle(stage, mids, direction, count)
            else:
                self.deed(stage, DEEDS[case[1]], mids, direction, count)
        finally:
            stage.proxy.on_cut = None

    def deed(self, stage, deed, mids, direction, count):
        ids = deed.prepare(stage, mids)
        self.wait_after(stage, deed.pattern, direction, count, lambda: deed.do(stage.engine, ids, mids))
        deed.check(stage.settle(f'{deed.name} {direction} {count}'), mids)

    def idle(self, stage, mids, direction, count):
        stage.engine.stop()
        stage.proxy.arm(r'IDLE', direction, count)
        cuts = stage.proxy.cuts
        try:
            stage.engine.start()
            for mid in mids:
                stage.client.append('INBOX', mid)
            end = time.monotonic() + 3
            # The server says "still here" and the like now and then: not everything has to come.
            while stage.proxy.cuts == cuts and time.monotonic() < end:
                stage.engine.get('operations')
                time.sleep(0.02)
        except Died:
            stage.engine.check_death()
            stage.engine.start()
        stage.proxy.disarm()
        there = stage.settle(f'idle {direction} {count}')
        for mid in mids:
            check([m.folder for m in there if m.mid == mid] == ['INBOX'], f'{mid} is not in INBOX')

    def wait_after(self, stage, pattern, direction, count, do):
        """Until the cut has been, or nothing is left to do."""
        stage.proxy.arm(pattern, direction, count)
        cuts = stage.proxy.cuts
        end = time.monotonic() + DEADLINE
        try:
            do()
            while stage.proxy.cuts == cuts and stage.engine.operations():
                check(time.monotonic() < end, f'{pattern}: neither a cut nor an end')
                time.sleep(0.005)
            if stage.proxy.on_cut and stage.proxy.cuts > cuts:
                while True:
                    stage.engine.get('operations')
        except Died:
            stage.engine.check_death()
            stage.engine.start()
        stage.proxy.disarm()

    def close(self):
        for stage in self.stages.values():
            stage.engine.stop()
            stage.close()


def name_of(case, direction, count, kills):
    return f'{"-".join(case)}-{direction}-{count}{"-killed" if kills else ""}'


def main():
    options = arguments(__doc__, 18)
    cutter = Cutter(options.program)

    def play(number, rand):
        case = CASES[number % len(CASES)]
        direction = rand.choice(['up', 'down'])
        count = rand.randrange(cutter.total(case, direction) + 1)
        kills = rand.random() < 0.5
        print(f'# {name_of(case, direction, count, kills)}')
        cutter.run(case, direction, count, kills)

    def play_all(case, direction, kills):
        for count in range(cutter.total(case, direction) + 1):
            print(f'# {name_of(case, direction, count, kills)}', flush=True)
            cutter.run(case, direction, count, kills)

    if options.rounds:
        rounds = [(f'{"-".join(CASES[n % len(CASES)])}-{n}', lambda rand, n=n: play(n, rand))
                  for n in range(options.rounds)]
    else:
        rounds = [(name_of(case, direction, 'all', kills),
                   lambda rand, case=case, direction=direction, kills=kills: play_all(case, direction, kills))
                  for case in CASES for direction in ('up', 'down') for kills in (False, True)]
    try:
        return run_rounds(options, rounds)
    finally:
        cutter.close()


sys.exit(main())
