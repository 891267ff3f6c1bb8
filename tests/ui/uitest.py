# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window tests share: a mail server, the window on a private desktop, TAP, screenshots."""

import contextlib
import email.utils
import json
import os
import subprocess
import sys
import time
import traceback

import gi

HERE = os.path.dirname(os.path.abspath(__file__))
LIB = os.path.join(HERE, '..', 'lib')
sys.path.insert(0, LIB)
gi.require_version('Atspi', '2.0')
from gi.repository import Atspi, GLib  # noqa: E402
from desktop import Desktop  # noqa: E402
from screen import Screen  # noqa: E402


def date(seconds_ago=0):
    """For a Date field: what is seeded ends now, so a letter of a fixed day would once lie far below it."""
    return email.utils.formatdate(time.time() - seconds_ago)


class MailServer:
    def __init__(self, *options):
        self.process = subprocess.Popen(['/usr/bin/python3', os.path.join(LIB, 'mailserver.py'), *options],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.facts = json.loads(self.process.stdout.readline() or '{"error": "it ended"}')
        if 'error' in self.facts:
            raise RuntimeError(f'the mail server did not start: {self.facts["error"]}')

    def command(self, *words):
        self.process.stdin.write(' '.join(words) + '\n')
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if not answer['ok']:
            raise RuntimeError(f'{words[0]}: {answer}')
        return answer

    def deliver(self, user, text):
        path = os.path.join(self.facts['dir'], 'to-deliver.eml')
        with open(path, 'w', encoding='utf-8', newline='') as file:
            file.write(text.replace('\n', '\r\n'))
        os.chmod(path, 0o644)
        return self.command('deliver', user, path)

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


class Window:
    """Tern on a desktop, seen and used as a person does."""

    def __init__(self, desktop, server, build, artifacts):
        self.desktop = desktop
        self.server = server
        self.build = build
        self.artifacts = artifacts
        self.process = None
        self.shots = 0
        # GTK's libraries keep caches that look like leaks; those of ours are found by the tests of the rooms.
        desktop.env['ASAN_OPTIONS'] = 'detect_leaks=0:' + desktop.env.get('ASAN_OPTIONS', '')
        desktop.env.update(GSETTINGS_SCHEMA_DIR=os.path.join(build, 'data'), LC_ALL='C.UTF-8', TZ='UTC')
        # Screen speaks to the accessibility bus of this process' own environment.
        os.environ.update(desktop.env)
        self.screen = Screen()

    def ternctl(self, *args, text=None):
        return subprocess.run([os.path.join(self.build, 'src', 'ternctl', 'ternctl'), *args], env=self.desktop.env,
                              input=text, text=True, timeout=60, check=True, stdout=subprocess.PIPE).stdout

    def add_account(self, *options, user=0, name='Anna Example', smtp_password=None, keep_days=0):
        """Bodies come when they are asked for, unless KEEP_DAYS says otherwise."""
        facts, user = self.server.facts, self.server.facts['users'][user]
        passwords = user['password'] + '\n'
        if smtp_password is not None:
            options = (*options, '--smtp-password-stdin')
            passwords += smtp_password + '\n'
        self.ternctl('--json', 'account', 'add', user['address'], '--name', name,
                     '--imap', f'{facts["host"]}:{facts["imap"]}', '--smtp', f'{facts["host"]}:{facts["smtp"]}',
                     '--ca-file', facts['ca_file'], '--password-stdin', *options, text=passwords)
        self.ternctl('account', 'set', user['address'], f'keep-days={keep_days}')

    def start(self, *wrap):
        # See gtk-window-paths.c. The sanitizer wants to be the first library, but need not be before this one.
        env = {'LD_PRELOAD': os.path.join(self.build, 'tests', 'lib', 'gtk-window-paths.so'),
               'ASAN_OPTIONS': 'verify_asan_link_order=0:' + self.desktop.env['ASAN_OPTIONS']}
        self.process = self.desktop.spawn([*wrap, os.path.join(self.build, 'src', 'tern')], env)

    def quit(self):
        """As a person does; the exit status tells whether a sanitizer had anything to say."""
        # A window that has just closed may not have given the keyboard back yet.
        self.screen.activate(self.screen.windows()[0])
        self.screen.key('ctrl+q')
        status = self.process.wait(30)
        self.process = None
        if status != 0:
            raise AssertionError(f'tern ended with status {status}')

    def shown(self, name=None, role=None, seconds=45, absent=False):
        """The first thing of that name and role that has a place on the screen. The pages of a stack that are not on
        top are in the accessible tree too, without one."""
        def look():
            for node in self.screen.find_all(name, role):
                with contextlib.suppress(GLib.Error):
                    box = node.get_extents(Atspi.CoordType.WINDOW)
                    if box.width > 0 and box.height > 0:
                        return node
            return None

        if absent:
            return self.screen.wait(lambda: look() is None, f'the end of {role} "{name}"', seconds)
        return self.screen.wait(look, f'{role} "{name}"', seconds)

    def click(self, name, role=None, button=1, seconds=45):
        return self.screen.click(self.shown(name, role, seconds), button)

    def fill(self, name, text):
        self.click(name, 'text')
        self.screen.key('ctrl+a')
        self.screen.type(text)

    def shows(self, colour):
        """Whether a stretch of that colour is anywhere on the screen: what is in a page has no name there."""
        pixels = subprocess.run(['import', '-window', 'root', '-depth', '8', 'rgb:-'], env=self.desktop.env, timeout=60,
                                check=True, stdout=subprocess.PIPE).stdout
        return bytes(colour) * 20 in pixels

    def shot(self, name):
        if self.artifacts:
            self.shots += 1
            self.desktop.screenshot(os.path.join(self.artifacts, f'{self.shots:02}-{name}.png'))


class Tap:
    """Steps that stand on each other: after a failure the rest is not tried."""

    def __init__(self, window, steps):
        self.window = window
        self.steps = steps

    def run(self):
        print(f'1..{len(self.steps)}', flush=True)
        failed = False
        for number, step in enumerate(self.steps, 1):
            name = step.__name__.replace('_', ' ')
            if failed:
                print(f'not ok {number} - {name} # an earlier step failed', flush=True)
                continue
            try:
                step()
            except Exception:  # whatever it was, it is the test's result
                failed = True
                for line in traceback.format_exc().splitlines():
                    print('#', line)
                if self.window.process is not None:
                    print('# status of tern:', self.window.process.poll())
                with contextlib.suppress(Exception):
                    self.window.shot('failed')
            print(f'{"not ok" if failed else "ok"} {number} - {name}', flush=True)
        return 1 if failed else 0


def arguments():
    """BUILD-FOLDER [ARTIFACTS-FOLDER]"""
    build = os.path.abspath(sys.argv[1])
    root = sys.argv[2] if len(sys.argv) > 2 else os.path.join(build, 'tests', 'ui')
    return build, os.path.join(root, os.path.splitext(os.path.basename(sys.argv[0]))[0])


@contextlib.contextmanager
def session(*server_options, size=(1280, 800), dark=False):
    build, artifacts = arguments()
    server = MailServer(*server_options)
    try:
        with Desktop(size=size, dark=dark) as desktop:
            yield Window(desktop, server, build, artifacts)
    finally:
        server.close()
