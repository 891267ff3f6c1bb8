#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the real window against a raw client, neomutt and mbsync, on one server in one run, and prints tables.

    tests/bench/bench.py BUILD-DIR [--sizes 10000,100000] [--pushes 20] [--runs 3] [--bodies 20000]

The build should be a release build without sanitizers. What each line means stands beside it; times are
seconds from the login's OK unless the line says otherwise.  Everything runs on a private desktop and a private
server, and stops by itself.
"""

import argparse
import asyncio
import contextlib
import datetime
import glob
import json
import os
import pty
import queue
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))

from desktop import Desktop, wait_for  # noqa: E402


class Server:
    def __init__(self, messages, *more):
        self.process = subprocess.Popen(
            [os.path.join(HERE, '..', 'lib', 'mailserver.py'), '--users', 'anna', '--no-postfix', '--log-logins',
             '--seed', f'anna:{messages}', *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.info = json.loads(line)
        if 'error' in self.info:
            raise RuntimeError(self.info['error'])
        self.user = self.info['users'][0]

    def control(self, command):
        self.process.stdin.write(command + '\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def first_login_after(self, moment):
        """Wall-clock time of the first IMAP login at or after moment, taken just before its OK was sent."""
        with open(os.path.join(self.info['dir'], 'logins'), encoding='utf-8') as log:
            return next(t for t in (float(line.split()[0]) for line in log) if t >= moment)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)


class Probe:
    """The events that probe.so writes, in seconds of the monotonic clock."""

    def __init__(self, path):
        self.path = path

    def events(self, kind=None):
        try:
            with open(self.path, encoding='utf-8') as log:
                rows = [line.split() for line in log if line.endswith('\n')]
        except FileNotFoundError:
            return []
        return [(r[0], int(r[1]) / 1e6, *map(int, r[2:])) for r in rows if kind is None or r[0] == kind]

    def first_filled(self, at_least=1):
        return next((e for e in self.events('rows') if e[2] >= at_least and e[3]), None)

    def reached(self, count):
        return next((e for e in self.events('rows') if e[2] >= count), None)


def raw_limit(build, server, *items, port=None):
    info = server.info
    out = subprocess.run([f'{build}/tests/bench/raw-imap', info['host'], str(port or info['imap']), info['ca_file'],
                          server.user['address'], server.user['password'], 'INBOX', *items],
                         check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return {'first': float(out[1]), 'all': float(out[3]), 'bytes': int(out[5])}


def neomutt_open(server):
    """neomutt's first open of the mailbox with an empty header cache, from start to its own exit."""
    info = server.info
    home = tempfile.mkdtemp(prefix='tern-neomutt-')
    with open(f'{home}/rc', 'w', encoding='utf-8') as rc:
        rc.write(f'set header_cache={home}/hcache\nset ssl_ca_certificates_file={info["ca_file"]}\n'
                 f'set imap_user="{server.user["address"]}"\nset imap_pass="{server.user["password"]}"\n'
                 f'set folder=imaps://localhost:{info["imap"]}\nset spoolfile=imaps://localhost:{info["imap"]}/INBOX\n'
                 'set quit=yes\nset imap_qresync=yes\nset ssl_verify_host=no\n')
    os.makedirs(f'{home}/hcache')
    start = time.monotonic()
    pid, fd = pty.fork()
    if pid == 0:
        os.environ['TERM'] = 'xterm'
        os.environ['HOME'] = home
        os.execvp('neomutt', ['neomutt', '-F', f'{home}/rc', '-e', 'push <quit>'])
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        pass
    _pid, status = os.waitpid(pid, 0)
    seconds = time.monotonic() - start
    cached = sum(os.path.getsize(p) for p in glob.glob(f'{home}/hcache/**', recursive=True) if os.path.isfile(p))
    shutil.rmtree(home, ignore_errors=True)
    if status != 0 or cached < 100000:
        raise RuntimeError(f'neomutt did not read the mailbox (status {status}, cache {cached} bytes)')
    return seconds


def add_account(desktop, build, server, port=None):
    info = server.info
    desktop.run([f'{build}/src/ternctl/ternctl', 'account', 'add', server.user['address'], '--name', 'Anna',
                 '--imap', f'{info["host"]}:{port or info["imap"]}', '--smtp', 'localhost:465',
                 '--ca-file', info['ca_file'], '--password-stdin', '--no-test'],
                input=server.user['password'] + '\n')
    # The headers are measured; bodies would come by and by.
    desktop.run([f'{build}/src/ternctl/ternctl', 'account', 'set', server.user['address'], 'keep-days=0'])


def start_window(desktop, build, env=None, **kwargs):
    probe = Probe(tempfile.mktemp(prefix='tern-probe-'))
    env = {'LD_PRELOAD': os.path.abspath(f'{build}/tests/bench/libprobe.so'), 'TERN_PROBE_LOG': probe.path,
           'GSETTINGS_SCHEMA_DIR': os.path.abspath(f'{build}/data'), **(env or {})}
    mono, wall = time.monotonic(), time.time()
    window = desktop.spawn([f'{build}/src/tern'], env=env, **kwargs)
    return window, probe, mono, wall


def memory_mib(process):
    with open(f'/proc/{process.pid}/status', encoding='utf-8') as status:
        return next(int(line.split()[1]) for line in status if line.startswith('VmRSS')) / 1024


def cold(desktop, build, server, size):
    """First synchronisation with an empty store."""
    bare = Probe(tempfile.mktemp(prefix='tern-bare-'))
    with open(bare.path, 'wb') as log:
        desktop.spawn([f'{build}/tests/bench/heartbeat'], stdout=log)
    window, probe, mono, wall = start_window(desktop, build, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: probe.reached(size), seconds=600, what=f'{size} rows', interval=0.1)
    login = server.first_login_after(wall) - wall + mono
    filled = wait_for(lambda: next(iter(probe.events('painted')), None), what='a painted list')
    end = probe.reached(size)[1]
    gaps, worked, idle = ([e[column] / 1000 for e in log.events('gap') if login <= e[1] <= end]
                          for log, column in ((probe, 2), (probe, 3), (bare, 2)))
    result = {'first': filled[1] - login, 'all': end - login, 'gaps': gaps, 'worked': worked, 'idle': idle,
              'rss': memory_mib(window)}
    desktop.stop(window, seconds=30)
    return result


def warm(desktop, build):
    """A later start: from the start of the process to the painted list."""
    window, probe, mono, _wall = start_window(desktop, build, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: probe.events('painted'), seconds=60, what='a painted list', interval=0.01)
    painted = probe.events('painted')[0][1] - mono
    time.sleep(5)  # let everything that follows the first frame come to rest before memory is read
    result = {'painted': painted, 'rss': memory_mib(window)}
    desktop.stop(window, seconds=30)
    return result


def read_exists(pipe, found):
    """Notes when the line with an untagged EXISTS came out of the wire log."""
    for line in pipe:
        if re.search(rb'S: \* \d+ EXISTS', line):
            found.put(time.monotonic())


def push(desktop, build, server, size, count):
    """From the untagged EXISTS of the watching connection to the row in the list."""
    window, probe, _mono, _wall = start_window(desktop, build, env={'G_MESSAGES_DEBUG': 'tern-wire'},
                                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = queue.Queue()
    threading.Thread(target=read_exists, args=(window.stdout, found), daemon=True).start()
    wait_for(lambda: probe.reached(size), seconds=120, what='the list')
    time.sleep(3)  # the watching connection has to be idle before a push can come
    times = []
    for i in range(count):
        while not found.empty():
            found.get()
        with tempfile.NamedTemporaryFile('w', suffix='.eml', delete=False) as message:
            message.write(f'From: Bob <bob@example.test>\nTo: anna@example.test\nSubject: Push {i}\n'
                          f'Date: {time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())}\n'
                          f'Message-ID: <push-{i}-{time.time()}@example.test>\n\nHello\n')
        server.control(f'deliver anna {message.name}')
        seen = found.get(timeout=30)
        wanted = size + i + 1
        wait_for(lambda: probe.reached(wanted), seconds=30, what='the new row')
        times.append(probe.reached(wanted)[1] - seen)
        os.unlink(message.name)
    desktop.stop(window, seconds=30)
    return times


def terminal(desktop, build, size, rounds):
    """From the end of a command of ternctl to what the open window shows then, by command: a star that comes or goes, a
    row that leaves the list."""
    window, probe, _mono, _wall = start_window(desktop, build, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    program = f'{build}/src/ternctl/ternctl'
    wait_for(lambda: probe.reached(size), seconds=120, what='the list')

    def measure(*args, shown):
        desktop.run([program, *args])
        done = time.monotonic()
        event = wait_for(shown, seconds=30, what=f'{args[0]} in the window', interval=0.005)
        times[args[0]].append(max(event[1] - done, 0))

    def leave(*args):
        before = probe.events('rows')[-1][2]
        measure(*args, shown=lambda: next((e for e in probe.events('rows') if e[2] < before), None))

    times = {'flag': [], 'move': [], 'archive': [], 'trash': []}
    for _ in range(rounds):
        listed = json.loads(desktop.run([program, '--json', 'list', 'INBOX', '--limit', '3']).stdout)
        first, second, third = (str(message['id']) for message in listed)
        before = probe.events('star')
        wanted = 1 - before[-1][2]
        measure('flag', first, '+flagged' if wanted else '-flagged',
                shown=lambda: next((e for e in probe.events('star')[len(before):] if e[2] == wanted), None))
        leave('move', first, 'Archive')
        leave('archive', second)
        leave('trash', third)
    desktop.stop(window, seconds=30)
    return times


def row(what, value, limit, ok):
    print(f'| {what} | {value} | {limit} | {"yes" if ok else "NO"} |', flush=True)


def bench_size(build, size, runs, pushes):
    server = Server(size)
    try:
        raw_limit(build, server)  # warms the server's caches
        raw, colds, mutt = [], [], []
        for _ in range(runs):  # in turn, so that a slower minute of the machine is shared
            raw.append(raw_limit(build, server))
            with Desktop() as desktop:
                add_account(desktop, build, server)
                colds.append(cold(desktop, build, server, size))
            mutt.append(neomutt_open(server))
        limit = statistics.median(r['all'] for r in raw)
        first = statistics.median(c['first'] for c in colds)
        everything = statistics.median(c['all'] for c in colds)
        neomutt = statistics.median(mutt)
        print(f'\n{size} messages, {raw[0]["bytes"] / 1e6:.1f} MB of header data; {runs} runs, medians\n')
        print('| what | measured | limit | kept |\n| --- | --- | --- | --- |')
        row('raw client, all headers', f'{limit:.2f} s', '–', True)
        row('first screen painted', f'{first * 1000:.0f} ms', '300 ms', first <= 0.3)
        row('all headers stored, threaded, listed', f'{everything:.2f} s = {everything / limit:.2f} × raw', '3 × raw',
            everything <= 3 * limit)
        row('neomutt, first open', f'{neomutt:.2f} s = {neomutt / limit:.2f} × raw', 'more than ours', neomutt > everything)
        # A process that only sleeps is held too when the machine is elsewhere; what the loop itself worked is ours.
        for what, key in (('main loop held meanwhile', 'gaps'), ('… and working all that time', 'worked'),
                          ('a process that does nothing held', 'idle')):
            held = [ms for c in colds for ms in c[key] if ms > 16]
            often = f'{len(held) / runs:.1f} times a run for over 16 ms'
            row(what, f'{max(held, default=0):.0f} ms at worst, {often}', '–' if key == 'idle' else '16 ms (worst 50 ms)',
                key == 'idle' or max(held, default=0) <= 50)
        with Desktop() as desktop:
            add_account(desktop, build, server)
            cold(desktop, build, server, size)
            starts = [warm(desktop, build) for _ in range(runs)]
            painted = statistics.median(s['painted'] for s in starts)
            rss = max(s['rss'] for s in starts)
            row('warm start to a painted list', f'{painted * 1000:.0f} ms', '500 ms', painted <= 0.5)
            row('resident memory with it open', f'{rss:.0f} MiB', '150 MiB', rss <= 150)
            rounds = 5
            times = terminal(desktop, build, size, rounds)
            worst = max(max(t) for t in times.values())
            each = ', '.join(f'{verb} {max(t) * 1000:.0f}' for verb, t in times.items())
            row(f'ternctl, its end to the window (worst of {rounds} each)', f'{worst * 1000:.0f} ms ({each})', '1000 ms',
                worst <= 1)
            size -= 3 * rounds
            if pushes:
                times = push(desktop, build, server, size, pushes)
                median = statistics.median(times)
                row(f'push, EXISTS to list (median of {pushes})', f'{median * 1000:.0f} ms (worst {max(times) * 1000:.0f})',
                    '200 ms', median <= 0.2)
    finally:
        server.stop()


# SCRAM takes two, and its end a third.
LOGIN_TRIPS = 3
LISTING_TRIPS = 1


class Far:
    """A server that is far away: what goes through this port arrives half of the round trip later."""

    def __init__(self, port, round_trip=0.1):
        self.target, self.delay = port, round_trip / 2
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, '127.0.0.1', 0, limit=1 << 24))
        self.port = self.server.sockets[0].getsockname()[1]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    async def serve(self, reader, writer):
        far_reader, far_writer = await asyncio.open_connection('127.0.0.1', self.target, limit=1 << 24)
        await asyncio.gather(self.pipe(reader, far_writer), self.pipe(far_reader, writer))

    async def pipe(self, reader, writer):
        on_the_way = asyncio.Queue()

        async def arrive():
            while True:
                moment, data = await on_the_way.get()
                await asyncio.sleep(moment - self.loop.time())
                if not data:
                    writer.close()
                    return
                writer.write(data)
                await writer.drain()
        arriving = asyncio.ensure_future(arrive())
        data = b'x'
        while data:
            try:
                data = await reader.read(1 << 18)
            except ConnectionError:
                data = b''
            on_the_way.put_nowait((self.loop.time() + self.delay, data))
        with contextlib.suppress(ConnectionError):
            await arriving


def ternctl(desktop, build, *args, program=()):
    out = desktop.run([*program, f'{build}/src/ternctl/ternctl', '--json', *args], timeout=1200).stdout
    return json.loads(out) if out.strip() else None


def download(desktop, build):
    """Everything of every message, headers included: seconds and the most memory, in MiB."""
    log = tempfile.mktemp(prefix='tern-time-')
    start = time.monotonic()
    ternctl(desktop, build, 'sync', '--full', program=('/usr/bin/time', '-f', '%M', '-o', log))
    seconds = time.monotonic() - start
    with open(log, encoding='utf-8') as peak:
        return seconds, int(peak.read()) / 1024


def mbsync(server, port):
    """The same by mbsync, into a Maildir."""
    home = tempfile.mkdtemp(prefix='tern-mbsync-')
    with open(f'{home}/rc', 'w', encoding='utf-8') as rc:
        rc.write(f'IMAPAccount a\nHost localhost\nPort {port}\nUser {server.user["address"]}\n'
                 f'Pass {server.user["password"]}\nSSLType IMAPS\nCertificateFile {server.info["ca_file"]}\n\n'
                 f'IMAPStore far\nAccount a\n\nMaildirStore near\nPath {home}/mail/\nInbox {home}/mail/INBOX\n\n'
                 'Channel c\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSyncState *\n')
    os.makedirs(f'{home}/mail')
    start = time.monotonic()
    subprocess.run(['mbsync', '-q', '-c', f'{home}/rc', 'c'], check=True)
    seconds = time.monotonic() - start
    found = len(os.listdir(f'{home}/mail/INBOX/new')) + len(os.listdir(f'{home}/mail/INBOX/cur'))
    shutil.rmtree(home, ignore_errors=True)
    return seconds, found


def bench_download(build, server, size, port, limits):
    raw, ours, peer = [], [], []
    for _ in range(2 if limits else 1):
        raw.append(raw_limit(build, server, 'BODY.PEEK[]', port=port))
        with Desktop() as desktop:
            add_account(desktop, build, server, port)
            ours.append(download(desktop, build))
        seconds, found = mbsync(server, port)
        if found != size:
            raise RuntimeError(f'mbsync brought {found} of {size} messages')
        peer.append(seconds)
    limit = min(r['all'] for r in raw)
    best, rss, theirs = min(o[0] for o in ours), max(o[1] for o in ours), min(peer)
    row(f'raw client, {raw[0]["bytes"] / 1e6:.0f} MB of messages', f'{limit:.2f} s', '–', True)
    row('ternctl sync --full, from its start to its end', f'{best:.2f} s = {best / limit:.2f} × raw',
        '3 × raw' if limits else '–', not limits or best <= 3 * limit)
    row('mbsync, the same', f'{theirs:.2f} s = {theirs / best:.2f} × ours', '5 × ours' if limits else '–',
        not limits or theirs >= 5 * best)
    row('most memory of ternctl', f'{rss:.0f} MiB', '200 MiB', rss <= 200)


def bench_bodies(build, size):
    """Whole messages, and what a connection costs that brings nothing new."""
    server = Server(size, '--seed-heavy')
    far = Far(server.info['imap'])
    try:
        raw_limit(build, server, 'BODY.PEEK[]')
        print(f'\nAll of {size} messages\n\n| what | measured | limit | kept |\n| --- | --- | --- | --- |')
        bench_download(build, server, size, server.info['imap'], True)
        print('\nThe same with a round trip of 100 ms\n\n| what | measured | limit | kept |\n| --- | --- | --- | --- |')
        bench_download(build, server, size, far.port, False)
        print('\nAnd then\n\n| what | measured | limit | kept |\n| --- | --- | --- | --- |')
        with Desktop() as desktop:
            add_account(desktop, build, server)
            address = server.user['address']
            for number in range(24):  # with INBOX and the five of every account
                server.control(f'doveadm mailbox create -u {address} F{number}')
            ternctl(desktop, build, 'sync')
            report = ternctl(desktop, build, 'sync')[0]
            trips = report['round_trips'] - LOGIN_TRIPS
            row('reconnecting to 30 unchanged folders, after the login',
                f'{trips} round trips, {(report["bytes_in"] + report["bytes_out"]) / 1024:.1f} KiB',
                '4, 8 KiB', trips <= 4 and report['bytes_in'] + report['bytes_out'] <= 8192)
            server.control(f'doveadm copy -u {address} INBOX mailbox INBOX uid 1:10')
            report = ternctl(desktop, build, 'sync', '--folder', 'INBOX')[0]
            trips = report['round_trips'] - LOGIN_TRIPS - LISTING_TRIPS
            row(f'reconnecting to a folder of {size}, {report["added"]} of them new, after the login',
                f'{trips} round trips, and one for what is in the other folders', '3',
                report['added'] == 10 and trips <= 3)
            ids = [str(m['id']) for m in ternctl(desktop, build, 'list', 'INBOX', '--limit', '1000')]
            start = time.monotonic()
            ternctl(desktop, build, 'move', *ids, 'F1')
            seconds = time.monotonic() - start
            row(f'{len(ids)} messages moved by ternctl, login included', f'{seconds:.2f} s', '1 s', seconds <= 1)
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build')
    parser.add_argument('--sizes', default='10000,100000')
    parser.add_argument('--bodies', type=int, default=20000, help='messages that are fetched as a whole; 0: none')
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--pushes', type=int, default=20)
    options = parser.parse_args()
    print(f'{datetime.date.today()}, {os.cpu_count()} cores')
    for size in map(int, filter(None, options.sizes.split(','))):
        bench_size(options.build, size, options.runs, options.pushes)
    if options.bodies:
        bench_bodies(options.build, options.bodies)


if __name__ == '__main__':
    main()
