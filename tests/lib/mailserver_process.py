# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of mailserver.py: waiting, stopping, and the guard that cleans up."""

import os
import shutil
import signal
import socket
import subprocess
import time

START_DEADLINE = 30.0  # seconds; two are usual, a busy machine needs more


def wait_until(condition, what, deadline=START_DEADLINE):
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f'{what} did not happen within {deadline:.0f} s')
        time.sleep(0.01)


def write_file(path, text, mode=0o644):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), 'w', encoding='utf-8') as file:
        file.write(text)


def answers(address, port):
    try:
        socket.create_connection((address, port), timeout=1).close()
        return True
    except OSError:
        return False


def alive(pid):
    """Zombies count as gone: not every container's first process reaps them at once."""
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8', errors='replace') as file:
            return file.read().rpartition(')')[2].split()[0] not in 'ZX'
    except (OSError, IndexError):
        return False


def read_pid(path):
    try:
        with open(path, encoding='ascii') as file:
            return int(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def stop_master(pid_file, deadline=10.0):
    """TERM, then KILL; the children of both masters end with them."""
    pid = read_pid(pid_file)
    if pid <= 0 or not alive(pid):
        return
    children = descendants(pid)
    for victim in [pid] + children:
        send(victim, signal.SIGCONT)
    send(pid, signal.SIGTERM)
    end = time.monotonic() + deadline
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    for victim in [pid] + children:
        if alive(victim):
            send(victim, signal.SIGKILL)


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def descendants(pid):
    """All processes below PID, from /proc: frozen and stuck ones must be found as well."""
    parents = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open(f'/proc/{name}/stat', encoding='utf-8', errors='replace') as file:
                    parents.setdefault(int(file.read().rpartition(')')[2].split()[1]), []).append(int(name))
            except (OSError, IndexError, ValueError):
                pass
    found, queue = [], [pid]
    while queue:
        below = parents.get(queue.pop(), [])
        found += below
        queue += below
    return found


def start_guard(folder):
    """Fork a process that cleans up when the main one is gone, however it went. Returns (pid, pipe)."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid:
        os.close(read_end)
        return pid, write_end
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(write_end)
    while os.read(read_end, 1):
        pass
    stop_master(f'{folder}/run/master.pid')
    # The helper with root's rights takes Postfix and its part of the folder away.
    end = time.monotonic() + 15
    while os.path.exists(f'{folder}/postfix') and time.monotonic() < end:
        time.sleep(0.02)
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            break
        time.sleep(0.05)
    os._exit(0)


class ImapMaster:
    """What Dovecot and Cyrus have in common: a master that goes to the background, and all that is below it."""

    name = ''
    ports = ()  # names of those it listens on
    argv = ()
    env = None
    postfix_sasl = ''  # lines of main.cf: who knows the passwords
    smtpd_conf = ''  # and what libsasl2 has to know for that

    def __init__(self, server):
        self.server = server
        self.pid_file = f'{server.dir}/run/master.pid'

    def as_user(self):
        if os.geteuid() != 0:
            return {}
        return {'user': self.server.mail_user, 'group': self.server.mail_group, 'extra_groups': []}

    def start(self, wait=True):
        # It goes to the background by itself, in a session of its own, and keeps its streams: no pipes here.
        with open(f'{self.server.dir}/{self.name}.stderr', 'w+', encoding='utf-8', errors='replace') as said:
            done = subprocess.run(self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
                                  start_new_session=True, timeout=START_DEADLINE, check=False, env=self.env,
                                  **self.as_user())
            if done.returncode:
                said.seek(0)
                raise RuntimeError(f'{self.name}: exit status {done.returncode} {said.read().strip()}')
        if wait:
            self.wait()

    def wait(self):
        for name in self.ports:
            wait_until(lambda port=self.server.ports[name]: answers(self.server.address, port), f'{name} port')

    def stop(self):
        stop_master(self.pid_file)

    def signal(self, number):
        pid = read_pid(self.pid_file)
        below = descendants(pid)
        # The master first when stopping, last when continuing: it must not see its children stand still.
        for victim in [pid] + below if number == signal.SIGSTOP else below + [pid]:
            send(victim, number)

    def run(self, *argv, text='', **kwargs):
        """One of its tools; what it printed."""
        done = subprocess.run(argv, input=text, encoding='utf-8',
                              errors='replace', stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False,
                              env=self.env, **kwargs)
        if done.returncode:
            raise RuntimeError(f'{" ".join(argv)}: {done.stderr.strip()}')
        return done.stdout
