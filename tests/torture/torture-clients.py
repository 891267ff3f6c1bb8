#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two clients and a bad link change the same folders at random, until both agree with the server. TAP.

One is the engine, which is killed now and then; the other is a plain IMAP script. What each of them meant is kept in
a simulation: nothing may be lost, nothing may be there twice, and what only one of them touched must be as it wanted.

Usage: torture-clients.py TORTURE-ENGINE [--seed N] [--rounds N]
"""

import sys

from torturelib import FLAGS, FOLDERS, KEYWORDS, Died, Stage, arguments, check, run_rounds

STEPS = 25
# What the server announces: with everything, and less and less of what helps.
SERVERS = [('all', ''), ('no-qresync', 'QRESYNC'), ('no-condstore', 'QRESYNC,CONDSTORE'),
           ('no-move', 'MOVE'), ('old', 'QRESYNC,CONDSTORE,MOVE,ESEARCH,NOTIFY,IDLE,LIST-STATUS')]


class Simulation:
    """What was meant, by Message-ID."""

    def __init__(self):
        self.copies = {}     # how often it should be there
        self.where = {}      # the only folder that it may be in; None: several were asked for
        self.flags = {}      # (mid, flag): (who, wanted); None: both touched it
        self.expunged = set()

    def put(self, mid, folder, flags):
        self.copies[mid] = 1
        self.where[mid] = folder
        for flag in [*FLAGS, *KEYWORDS]:
            self.flags[mid, flag] = ('client', flag in flags)

    def copied(self, mid, count):
        self.copies[mid] += count
        self.vague(mid)

    def vague(self, mid):
        self.where[mid] = None
        for flag in [*FLAGS, *KEYWORDS]:
            self.flags[mid, flag] = None


class Round:
    def __init__(self, stage, name, rand, careful):
        self.stage, self.name, self.rand = stage, name, rand
        self.careful = careful   # without MOVE, two at one message can double it: no client could tell
        self.simulation = Simulation()
        self.number = 0
        self.epoch = 1000
        self.moved = {}          # mid: who moved it since the last rest
        self.trace = []

    def say(self, text):
        self.trace.append(text)

    def put(self):
        self.number += 1
        mid = f'{self.name}-{self.number}@example.test'
        folder = self.rand.choice(FOLDERS)
        flags = [flag for flag in ('\\Seen', '\\Flagged', '$Blue') if self.rand.random() < 0.3]
        self.stage.client.append(folder, mid, ' '.join(flags))
        self.simulation.put(mid, folder, flags)
        self.say(f'client puts {mid} into {folder}')

    # The plain client.

    def client_pick(self):
        folder = self.rand.choice(FOLDERS)
        mids = self.stage.client.mids(folder)
        if not mids:
            return None
        uid = self.rand.choice(sorted(mids))
        return folder, uid, mids[uid]

    def client_flag(self):
        picked = self.client_pick()
        if picked:
            _, uid, mid = picked
            flag = self.rand.choice(['\\Seen', '\\Flagged', '\\Answered', *KEYWORDS])
            add = self.rand.random() < 0.6
            self.stage.client.uid('STORE', uid, '+FLAGS' if add else '-FLAGS', f'({flag})')
            self.touch(mid, flag, 'client', add)
            self.say(f'client {"+" if add else "-"}{flag} {mid}')

    def client_move(self):
        picked = self.client_pick()
        if picked and not (self.careful and picked[2] in self.moved):
            folder, uid, mid = picked
            target = self.rand.choice([f for f in FOLDERS if f != folder])
            command = 'MOVE' if 'MOVE' in self.stage.client.imap.capabilities else None
            if command:
                self.stage.client.uid('MOVE', uid, target)
                self.goes(mid, target, 'client')
                self.say(f'client moves {mid} from {folder} to {target}')

    def client_copy(self):
        picked = self.client_pick()
        if picked:
            folder, uid, mid = picked
            target = self.rand.choice(FOLDERS)
            # The engine may have taken it away since: OK then, and no copy.
            imap = self.stage.client.imap
            imap.response('COPYUID')
            self.stage.client.uid('COPY', uid, target)
            self.simulation.copied(mid, 1 if imap.response('COPYUID')[1] != [None] else 0)
            # Without MOVE a copy that is made while the engine moves may be taken for its own: no client could tell.
            if self.careful and self.moved.get(mid) == 'engine':
                self.doubtful.add(mid)
            self.say(f'client copies {mid} from {folder} to {target}')

    def client_expunge(self):
        picked = self.client_pick()
        if picked:
            folder, uid, mid = picked
            self.stage.client.uid('STORE', uid, '+FLAGS.SILENT', '(\\Deleted)')
            self.stage.client.uid('EXPUNGE', uid)
            self.simulation.expunged.add(mid)
            self.simulation.vague(mid)
            self.say(f'client expunges {mid} in {folder}')

    # The engine.

    def engine_pick(self):
        messages = self.stage.engine.messages()
        return self.rand.choice(sorted(messages, key=lambda m: (m.mid, m.folder, m.uid))) if messages else None

    def engine_flag(self):
        message = self.engine_pick()
        if not message:
            return
        add = self.rand.random() < 0.6
        flag = self.rand.choice(['\\Seen', '\\Flagged', '\\Answered', *KEYWORDS])
        if flag in FLAGS:
            words = [f'{FLAGS[flag]:x}', '0'] if add else ['0', f'{FLAGS[flag]:x}']
        else:
            words = ['0', '0', flag, '-'] if add else ['0', '0', '-', flag]
        self.touch(message.mid, flag, 'engine', add)
        self.say(f'engine {"+" if add else "-"}{flag} {message.mid}')
        self.stage.engine.get('flag', message.id, *words)

    def engine_move(self):
        message = self.engine_pick()
        if not message or self.careful and self.moved.get(message.mid) == 'client':
            return
        role = self.rand.choice(['archive', 'trash', 'junk', None, None])
        target = {'archive': 'Archive', 'trash': 'Trash', 'junk': 'Junk'}.get(role) or self.rand.choice(FOLDERS)
        self.goes(message.mid, target, 'engine')
        self.say(f'engine moves {message.mid} from {message.folder} to {target}')
        if role:
            self.stage.engine.get('role', message.id, role)
        else:
            self.stage.engine.get('move', message.id, target)

    def engine_copy(self):
        message = self.engine_pick()
        if message and message.mid not in self.moved:
            target = self.rand.choice([f for f in FOLDERS if f != message.folder])
            self.simulation.copied(message.mid, 1)
            self.doubtful.add(message.mid)
            self.say(f'engine copies {message.mid} from {message.folder} to {target}')
            self.stage.engine.get('copy', message.id, target)

    def engine_expunge(self):
        message = self.engine_pick()
        if message:
            self.simulation.expunged.add(message.mid)
            self.simulation.vague(message.mid)
            self.say(f'engine expunges {message.mid} in {message.folder}')
            self.stage.engine.get('expunge', message.id)

    def engine_append(self):
        self.number += 1
        mid = f'{self.name}-{self.number}@example.test'
        folder = self.rand.choice(FOLDERS)
        self.simulation.put(mid, folder, ['\\Seen'])
        self.moved[mid] = 'engine'
        self.say(f'engine puts {mid} into {folder}')
        self.stage.engine.get('append', folder, mid)

    def engine_sync(self):
        self.say('engine syncs')
        self.stage.engine.ask('sync')

    def engine_killed(self):
        self.say('engine is killed')
        self.stage.engine.kill()
        self.stage.engine.start()

    # The link and the server.

    def link_down(self):
        self.say('the link goes down')
        self.stage.proxy.go_down()

    def link_up(self):
        self.say('the link comes up')
        self.stage.proxy.come_up()
        self.stage.engine.ask('refresh')

    def link_cut(self):
        self.say('the connections are cut')
        self.stage.proxy.cut_all()

    def bump(self):
        folder = self.rand.choice(FOLDERS)
        self.epoch += 1
        # A client that has it selected would be told nothing.
        self.stage.client.select('Drafts')
        self.stage.bump(folder, self.epoch + 10**9)
        for mid in [mid for mid, where in self.simulation.where.items() if where]:
            if mid in self.moved:
                self.simulation.where[mid] = None
        self.say(f'another UIDVALIDITY for {folder}')

    # The simulation.

    def touch(self, mid, flag, who, add):
        before = self.simulation.flags.get((mid, flag))
        mixed = before is None or self.touched.get((mid, flag), who) != who
        # Who flags what has been moved away behind its back finds nothing there.
        mixed = mixed or who == 'engine' and self.moved.get(mid) == 'client'
        # What is changed while it is moved may be lost: without MOVE between the copy and the removal of the original,
        # and Dovecot 2.3 does so within MOVE as well (2 of 120 times, at two plain clients).
        mixed = mixed or who == 'client' and self.moved.get(mid) == 'engine'
        self.simulation.flags[mid, flag] = None if mixed else (who, add)
        self.touched[mid, flag] = who

    def goes(self, mid, target, who):
        if self.moved.get(mid, who) != who:
            self.raced.add(mid)
        mixed = self.simulation.where.get(mid) is None or mid in self.raced
        self.simulation.where[mid] = None if mixed else target
        for flag in [*FLAGS, *KEYWORDS]:
            if mixed or who == 'client' and self.touched.get((mid, flag)) == 'engine':
                self.simulation.flags[mid, flag] = None
        self.moved[mid] = who

    def verify(self, there):
        """The server's messages against what was meant; then begins anew from what is there."""
        simulation = self.simulation
        found = {}
        for message in there:
            found.setdefault(message.mid, []).append(message)
        for mid, copies in simulation.copies.items():
            have = found.get(mid, [])
            places = ', '.join(f'{m.folder}/{m.uid}' for m in have)
            check(have or mid in simulation.expunged, f'{mid} is lost')
            # Dovecot 2.3 doubles a message that two sessions MOVE at the very same moment, without this client too.
            check(len(have) <= copies + (mid in self.raced), f'{mid} is there {len(have)} times, not {copies}: {places}')
            check(len(have) >= copies or mid in simulation.expunged or mid in self.doubtful,
                  f'{mid} is there {len(have)} times only, not {copies}: {places}')
            if copies == 1 and have and simulation.where[mid]:
                check(have[0].folder == simulation.where[mid],
                      f'{mid} is in {have[0].folder}, was wanted in {simulation.where[mid]}')
            if copies == 1 and have:
                for flag in [*FLAGS, *KEYWORDS]:
                    wanted = simulation.flags[mid, flag]
                    check(wanted is None or (flag in have[0].flags) == wanted[1],
                          f'{mid} in {places}: {flag} was {"set" if wanted and wanted[1] else "taken away"} by the '
                          f'{wanted and wanted[0]}')
        check(set(found) <= set(simulation.copies), f'nobody put {set(found) - set(simulation.copies)}')
        for mid in list(simulation.copies):
            have = found.get(mid, [])
            if not have:
                del simulation.copies[mid]
                continue
            simulation.copies[mid] = len(have)
            simulation.where[mid] = have[0].folder if len(have) == 1 else None
            for flag in [*FLAGS, *KEYWORDS]:
                simulation.flags[mid, flag] = ('server', flag in have[0].flags) if len(have) == 1 else None
        simulation.expunged.clear()
        self.clear()

    def clear(self):
        self.moved = {}
        self.touched = {}
        self.raced = set()       # moved by both
        self.doubtful = set()

    def run(self):
        self.clear()
        for _ in range(12):
            self.put()
        self.clear()
        self.stage.settle(self.name)
        steps = [(self.put, 3), (self.client_flag, 4), (self.client_move, 4), (self.client_copy, 1),
                 (self.client_expunge, 1), (self.engine_flag, 6), (self.engine_move, 6), (self.engine_copy, 1),
                 (self.engine_expunge, 1), (self.engine_append, 1), (self.engine_sync, 2), (self.engine_killed, 1),
                 (self.link_down, 1), (self.link_up, 3), (self.link_cut, 1), (self.bump, 1)]
        try:
            for _ in range(2):
                for step in self.rand.choices([s for s, _ in steps], [w for _, w in steps], k=STEPS):
                    step()
                self.link_up()
                self.verify(self.stage.settle(self.name))
        except Died:
            self.stage.engine.check_death()
            raise
        except Exception:
            for line in self.trace:
                print('#', line)
            raise


def main():
    options = arguments(__doc__, 5)
    stages = {}

    def play(number, rand):
        name, without = SERVERS[number % len(SERVERS)]
        if name not in stages:
            stages[name] = Stage(options.program, *(['--without', without] if without else []))
            stages[name].engine.start()
        stage = stages[name]
        stage.proxy.come_up()
        stage.empty()
        if not stage.engine.process:
            stage.engine.start()
        Round(stage, f'{options.seed}-{number}', rand, 'MOVE' in without).run()

    try:
        return run_rounds(options, [(f'{SERVERS[n % len(SERVERS)][0]}-{n}', lambda rand, n=n: play(n, rand))
                                    for n in range(options.rounds)])
    finally:
        for stage in stages.values():
            stage.close()


sys.exit(main())
