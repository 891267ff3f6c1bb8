# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of ternctl share: a mail server, one person's folders, TAP."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'mailserver.py')
DEADLINE = 30


class Failure(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failure(what)


class MailServer:
    def __init__(self, *options):
        self.process = subprocess.Popen([SERVER, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.facts = json.loads(self.process.stdout.readline())
        if 'missing' in self.facts:
            print(f'1..0 # SKIP {self.facts["missing"]}')
            sys.exit(0)
        check('error' not in self.facts, self.facts)

    def command(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        check(answer['ok'], f'{line}: {answer}')
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait(DEADLINE)


class Ternctl:
    """One set of folders, as one person's computer."""

    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.home = tempfile.mkdtemp(prefix='ternctl-test-')
        self.env = dict(os.environ, HOME=self.home, LC_ALL='C.UTF-8', TZ='UTC',
                        XDG_CONFIG_HOME=f'{self.home}/config', XDG_DATA_HOME=f'{self.home}/data',
                        XDG_CACHE_HOME=f'{self.home}/cache', GSETTINGS_BACKEND='memory',
                        SECRET_BACKEND='file', SECRET_FILE_TEST_PATH=f'{self.home}/secrets',
                        SECRET_FILE_TEST_PASSWORD='test')
        # No session bus: no window is asked, and none of this person's is found.
        self.env['DBUS_SESSION_BUS_ADDRESS'] = 'disabled:'

    def start(self, *args, **kwargs):
        return subprocess.Popen([self.program, *args], env=self.env, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.home, **kwargs)

    def run(self, *args, stdin='', code=0):
        process = self.start(*args)
        out, err = process.communicate(stdin.encode() if isinstance(stdin, str) else stdin, timeout=DEADLINE)
        check(process.returncode == code,
              f'ternctl {" ".join(args)}: exit code {process.returncode}, not {code}\n'
              f'{out.decode(errors="replace")}{err.decode(errors="replace")}')
        return out, err

    def json(self, *args, stdin='', code=0):
        out, _ = self.run('--json', *args, stdin=stdin, code=code)
        return json.loads(out)

    def error(self, *args, stdin='', code):
        _, err = self.run('--json', *args, stdin=stdin, code=code)
        return json.loads(err)['error']

    def close(self):
        shutil.rmtree(self.home)


class Watch:
    """A ternctl that watches until the block ends, and its lines."""

    def __init__(self, ctl, *args):
        self.process = ctl.start(*args)
        self.lines = []
        self.thread = threading.Thread(target=self.read)

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.decode().rstrip('\n'))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.thread.join()
        self.errors = self.process.stderr.read().decode()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


def user(server, number):
    return server.facts['users'][number]


def add_account(ctl, server, number, password=None, code=0, extra=()):
    """Whose bodies come when they are asked for, and not by and by."""
    facts = server.facts
    added = ctl.json('account', 'add', user(server, number)['address'],
                     '--name', 'Anna Example', '--imap', f'{facts["host"]}:{facts["imap"]}',
                     '--smtp', f'{facts["host"]}:{facts.get("smtp", 465)}', '--ca-file', facts['ca_file'],
                     '--password-stdin', *extra, stdin=(password or user(server, number)['password']) + '\n',
                     code=code)
    if code == 0:
        ctl.json('account', 'set', added['account'], 'keep-days=0')
    return added


def wait_for(what, condition):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    raise Failure(f'waited too long for {what}')


def run_tests(tests, ctl, server):
    """Prints TAP; tests stand on each other, but one that fails does not end the rest. Returns the exit status."""
    print(f'1..{len(tests)}', flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        name = test.__name__[5:].replace('_', '-')
        try:
            test(ctl, server)
            print(f'ok {number} {name}', flush=True)
        except (Failure, ValueError, KeyError, IndexError, subprocess.TimeoutExpired) as problem:
            failed += 1
            for line in str(problem).splitlines() or [repr(problem)]:
                print(f'# {type(problem).__name__}: {line}')
            print(f'not ok {number} {name}', flush=True)
    return 1 if failed else 0
