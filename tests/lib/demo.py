#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What "./dev run" does after building: a private mail server, some 500 messages, the window on them.

    demo.py PLACE [--headless] [--screenshots DIR]     PLACE: where Tern is installed, or a build folder

Everything is private and goes away at the end, also after a crash: the server and the folder with the account
are taken away by the server's guard, other processes die with this one. Where there is a display the window opens
on it; otherwise on a virtual one, and tests/ui/walkthrough.py does what a person would.
"""

import argparse
import email.utils
import json
import os
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from desktop import Desktop, die_with_parent  # noqa: E402  (beside this file)

WELCOME = '''From: Echo <{echo}>
To: Anna Demo <{address}>
Subject: Welcome to Tern
Date: {date}
Message-ID: <welcome@{domain}>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hello,

this is a demonstration with some 500 messages on a mail server of its own.
Write to me, or just answer: my reply arrives within a second of your message leaving.

The other messages are generated: threads, newsletters, many scripts,
attachments, and a few broken ones, as in real life.

Your echo
'''

SEEDS = ['anna:400', 'anna:100:Archive', 'bob:40']


class Server:
    """mailserver.py, which ends when the pipe to it closes."""

    def __enter__(self):
        arguments = [word for seed in SEEDS for word in ('--seed', seed)]
        self.process = subprocess.Popen(['/usr/bin/python3', f'{HERE}/mailserver.py', *arguments], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        self.facts = json.loads(self.process.stdout.readline() or '{"error": "the mail server said nothing"}')
        if 'error' in self.facts:
            self.process.wait()
            raise SystemExit(f'demo: {self.facts["error"]}')
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def welcome(self):
        """The newest message is from the echo, so that the first thing one tries shows sending and push."""
        facts = self.facts
        path = os.path.join(facts['dir'], 'welcome.eml')
        with open(path, 'w', encoding='utf-8', newline='\r\n') as file:
            file.write(WELCOME.format(echo=facts['echo'], address=facts['users'][0]['address'],
                                      domain=facts['domain'], date=email.utils.formatdate(localtime=True)))
        self.process.stdin.write(f'deliver {facts["users"][0]["name"]} {path}\n')
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if not answer['ok']:
            raise SystemExit(f'demo: {answer["error"]}')


def have_display(env):
    """A variable alone is no display: ask it."""
    if env.get('WAYLAND_DISPLAY'):
        path = os.path.join(env.get('XDG_RUNTIME_DIR', '/'), env['WAYLAND_DISPLAY'])
        if os.path.exists(path):
            return True
    if not env.get('DISPLAY'):
        return False
    try:
        return subprocess.run(['xdpyinfo'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=5,
                              check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def bus_names(env):
    """Names on the session bus, owned and activatable; none where there is no bus."""
    names = set()
    if not env.get('DBUS_SESSION_BUS_ADDRESS') and not os.path.exists(f'{env.get("XDG_RUNTIME_DIR", "/")}/bus'):
        return names
    for method in ('ListNames', 'ListActivatableNames'):
        try:
            done = subprocess.run(
                ['dbus-send', '--session', '--print-reply', '--reply-timeout=3000', '--dest=org.freedesktop.DBus',
                 '/org/freedesktop/DBus', f'org.freedesktop.DBus.{method}'], env=env, text=True, timeout=5, check=False,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired):
            return set()
        if done.returncode:
            return set()
        names |= {line.split('"')[1] for line in done.stdout.splitlines() if 'string "' in line}
    return names


class PrivateBus:
    """A session bus and a keyring of the demonstration's own, for desktops without a Secret Service."""

    def __init__(self, env):
        self.env = env
        self.processes = []

    def __enter__(self):
        bus = subprocess.Popen(['dbus-daemon', '--session', '--nofork', '--print-address=1'], env=self.env, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
                               preexec_fn=die_with_parent)
        self.processes.append(bus)
        self.env['DBUS_SESSION_BUS_ADDRESS'] = bus.stdout.readline().strip()
        keyring = subprocess.Popen(['gnome-keyring-daemon', '--foreground', '--unlock', '--components=secrets'],
                                   env=self.env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent)
        keyring.stdin.write(b'tern-demo')
        keyring.stdin.close()
        self.processes.append(keyring)
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()


def demo_environment(env, place, home):
    env = dict(env)
    for name, folder in (('XDG_CONFIG_HOME', 'config'), ('XDG_DATA_HOME', 'data'), ('XDG_CACHE_HOME', 'cache')):
        env[name] = os.path.join(home, folder)
        os.makedirs(env[name], mode=0o700, exist_ok=True)
    if os.path.exists(f'{place}/build.ninja'):
        env['GSETTINGS_SCHEMA_DIR'] = f'{place}/data'
        env['PATH'] = f'{place}/src:{place}/src/ternctl:' + env['PATH']
    else:
        env['XDG_DATA_DIRS'] = f'{place}/share:' + env.get('XDG_DATA_DIRS', '/usr/local/share:/usr/share')
        env['PATH'] = f'{place}/bin:' + env['PATH']
    env['GSETTINGS_BACKEND'] = 'keyfile'
    return env


def ternctl(env, *args, text=None):
    done = subprocess.run(['ternctl', *args], env=env, input=text, text=True, timeout=120, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise SystemExit(f'demo: ternctl {args[0]} {args[1]} ended with {done.returncode}: {done.stderr.strip()}')
    return done.stdout


def add_account(env, facts):
    user, host = facts['users'][0], facts['host']
    answer = ternctl(env, 'account', 'add', user['address'], '--name', 'Anna Demo',
                     '--imap', f'{host}:{facts["imap"]}', '--imap-security', 'tls',
                     '--smtp', f'{host}:{facts["smtp"]}', '--smtp-security', 'tls',
                     '--password-stdin', '--ca-file', facts['ca_file'], '--json', text=user['password'] + '\n')
    return json.loads(answer)['account']


def tell(facts):
    bob = facts['users'][1]
    print(f'''
The account {facts["users"][0]["address"]} is ready, with some 500 messages.
  Write to {facts["echo"]}: it is answered within a second of leaving.
  {bob["address"]} (password {bob["password"]}) has a mailbox on the same server:
    IMAP {facts["host"]}:{facts["imap"]}, SMTP {facts["host"]}:{facts["smtp"]}, both TLS, certificate authority {facts["ca_file"]}
Everything is thrown away when the window closes.
''', flush=True)


def run_on_display(place, facts, home):
    env = demo_environment(os.environ, place, home)
    names = bus_names(env)
    # The user's own Tern must not be handed the demonstration's window, nor the other way round.
    if 'org.freedesktop.secrets' in names and 'org.ternmail.Tern' not in names:
        account = add_account(env, facts)
        try:
            tell(facts)
            return show_window(env)
        finally:
            # The password lies in the user's keyring, which this takes it out of.
            ternctl(env, 'account', 'remove', account)
    with PrivateBus(env):
        add_account(env, facts)
        tell(facts)
        return show_window(env)


def show_window(env):
    window = subprocess.Popen(['tern'], env=env, preexec_fn=die_with_parent)
    try:
        return window.wait()
    finally:
        if window.poll() is None:
            window.terminate()
            window.wait()


def run_headless(place, facts, home, screenshots):
    shutil.rmtree(screenshots, ignore_errors=True)
    os.makedirs(screenshots)
    print('demo: no display here, walking through on a virtual one', flush=True)
    with Desktop(home=home) as desktop:
        desktop.env = demo_environment(desktop.env, place, home)
        add_account(desktop.env, facts)
        window = desktop.spawn(['tern'])
        walk = desktop.run(['/usr/bin/python3', f'{HERE}/../ui/walkthrough.py', '--screenshots', screenshots],
                           check=False, timeout=300)
        print(walk.stdout, end='')
        print(walk.stderr, end='', file=sys.stderr)
        desktop.stop(window)
    print(f'demo: screenshots in {screenshots}', flush=True)
    return walk.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('place')
    parser.add_argument('--headless', action='store_true', help='a virtual display, even where there is a real one')
    parser.add_argument('--screenshots', help='where those of the walk-through go (default: beside PLACE)')
    options = parser.parse_args()
    place = os.path.abspath(options.place)
    screenshots = os.path.abspath(options.screenshots or f'{place}/../screenshots')
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(130))
    with Server() as server:
        server.welcome()
        home = os.path.join(server.facts['dir'], 'desktop')
        os.mkdir(home, 0o700)
        if not options.headless and have_display(os.environ):
            return run_on_display(place, server.facts, home)
        return run_headless(place, server.facts, home, screenshots)


if __name__ == '__main__':
    sys.exit(main())
