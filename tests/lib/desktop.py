#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private desktop for tests: X server, window manager, session bus, keyring, and XDG folders of its own.

    with Desktop(size=(1280, 800), dark=False) as desktop:
        window = desktop.spawn(['_build/src/tern'])
        desktop.screenshot('first.png')

Everything that it starts ends with it; nothing of the user's own session is touched.
"""

import ctypes
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time


def wait_for(condition, seconds=60.0, what='the condition', interval=0.02):
    """Calls condition until it returns something true, and returns that; fails after the deadline."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f'waited {seconds:.0f} s for {what}')
        time.sleep(interval)


def die_with_parent():
    """For preexec_fn: a parent that is killed takes its children along."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


KEYRING_PASSWORD = 'tern-test'

BUS = """<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Desktop:
    def __init__(self, size=(1280, 800), dark=False, keyring=True, home=None):
        self.size = size
        self.dark = dark
        self.keyring = keyring
        self.keyring_process = None
        self.keep_home = home is not None
        self.home = home or tempfile.mkdtemp(prefix='tern-desktop-')
        self.processes = []
        self.env = None

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_exc):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes):
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if not self.keep_home:
            shutil.rmtree(self.home, ignore_errors=True)

    def _start(self):
        env = {k: v for k, v in os.environ.items()
               if k not in ('DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS', 'GNOME_KEYRING_CONTROL',
                            'GSETTINGS_BACKEND', 'DESKTOP_SESSION', 'XDG_CURRENT_DESKTOP', 'AT_SPI_BUS_ADDRESS')}
        for name, folder in (('XDG_CONFIG_HOME', 'config'), ('XDG_DATA_HOME', 'data'), ('XDG_CACHE_HOME', 'cache'),
                             ('XDG_RUNTIME_DIR', 'runtime'), ('HOME', 'home')):
            env[name] = os.path.join(self.home, folder)
            os.makedirs(env[name], mode=0o700, exist_ok=True)
        # Without a graphics card GL means a compiler (LLVM) inside every program: 50 MB and 200 ms that nobody
        # with a card pays. So everything is drawn by cairo here.
        env.update(GDK_BACKEND='x11', GDK_DEBUG='gl-disable', LANG=env.get('LANG', 'C.UTF-8'), NO_AT_BRIDGE='0', GTK_A11Y='atspi',
                   GSETTINGS_BACKEND='keyfile', WEBKIT_DISABLE_COMPOSITING_MODE='1', GSK_RENDERER='cairo',
                   ADW_DISABLE_PORTAL='1', ADW_DEBUG_COLOR_SCHEME='prefer-dark' if self.dark else 'prefer-light')
        self.env = env
        self._start_display()
        self._start_bus()
        if self.keyring:
            self.start_keyring()
        self._start_window_manager()

    def _start_display(self):
        read_end, write_end = os.pipe()
        width, height = self.size
        self.spawn(['Xvfb', '-displayfd', str(write_end), '-screen', '0', f'{width}x{height}x24', '-nolisten', 'tcp'],
                   pass_fds=(write_end,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise RuntimeError('Xvfb did not start')
        self.env['DISPLAY'] = f':{number}'

    def _start_bus(self):
        """It starts what it is asked for, as that of a session does, but no keyring: that is there or not as a test
        wants it."""
        services = os.path.join(self.home, 'services')
        os.makedirs(services, exist_ok=True)
        for path in glob.glob('/usr/share/dbus-1/services/*.service'):
            name = os.path.basename(path)
            if name not in ('org.freedesktop.secrets.service', 'org.gnome.keyring.service') and not os.path.lexists(
                    os.path.join(services, name)):
                os.symlink(path, os.path.join(services, name))
        config = os.path.join(self.home, 'session.conf')
        with open(config, 'w', encoding='utf-8') as file:
            file.write(BUS.format(services=services))
        bus = self.spawn(['dbus-daemon', f'--config-file={config}', '--nofork', '--print-address=1'],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        address = bus.stdout.readline().strip()
        if not address:
            raise RuntimeError('dbus-daemon did not start')
        self.env['DBUS_SESSION_BUS_ADDRESS'] = address

    def start_keyring(self, locked=False):
        """One that is locked has a password that was stored before, and shows a prompt to whoever asks for it."""
        self.keyring_process = self.spawn(
            ['gnome-keyring-daemon', '--foreground', '--components=secrets', *([] if locked else ['--unlock'])],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not locked:
            self.keyring_process.stdin.write(KEYRING_PASSWORD.encode())
        self.keyring_process.stdin.close()
        wait_for(lambda: self.run(['dbus-send', '--session', '--print-reply', '--dest=org.freedesktop.DBus', '/',
                                   'org.freedesktop.DBus.GetNameOwner', 'string:org.freedesktop.secrets'],
                                  check=False).returncode == 0, what='the keyring')

    def stop_keyring(self):
        self.stop(self.keyring_process)

    def _start_window_manager(self):
        self.spawn(['openbox'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # It says so on the root window; before that a window gets neither a frame nor the keyboard.
        wait_for(lambda: 'window id' in self.run(['xprop', '-root', '_NET_SUPPORTING_WM_CHECK'], check=False).stdout,
                 what='the window manager')

    def spawn(self, argv, env=None, **kwargs):
        """Starts a program on this desktop; it is stopped with it."""
        process = subprocess.Popen(argv, env={**self.env, **(env or {})}, start_new_session=True,
                                   preexec_fn=die_with_parent, **kwargs)
        self.processes.append(process)
        return process

    def run(self, argv, check=True, timeout=60, env=None, **kwargs):
        """Runs a program to its end and captures its text."""
        return subprocess.run(argv, env={**self.env, **(env or {})}, check=check, timeout=timeout, text=True,
                              preexec_fn=die_with_parent,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kwargs)

    def stop(self, process, seconds=10):
        """Ends one program as a session manager would."""
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def screenshot(self, path):
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        self.run(['import', '-window', 'root', path])
        return path

    def xdotool(self, *args):
        return self.run(['xdotool', *map(str, args)]).stdout
