#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A system bus for tests, with a login manager that says when the machine sleeps and a NetworkManager.

Prints the address of the bus, then runs until its standard input closes. Each line on standard input is answered
by "ok" when it has been sent:

  sleep            org.freedesktop.login1 says PrepareForSleep(true)
  wake             PrepareForSleep(false)
  connectivity N   NetworkManager's property: 1 none, 2 portal, 3 limited, 4 full
  metered N        the same: 1 yes, 2 no
"""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from desktop import die_with_parent  # noqa: E402  (beside this file)

from gi.repository import Gio, GLib  # noqa: E402

MANAGER = 'org.freedesktop.NetworkManager'
INTERFACE = f'''<node><interface name='{MANAGER}'>
<property name='Connectivity' type='u' access='read'/><property name='State' type='u' access='read'/>
<property name='Metered' type='u' access='read'/>
</interface></node>'''
STATES = {1: 20, 2: 60, 3: 60, 4: 70}  # NetworkManager's: disconnected, connected to a site, to the world
CONFIGURATION = '''<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:tmpdir=/tmp</listen>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy>
</busconfig>'''


class SystemBus:
    def __init__(self):
        with tempfile.NamedTemporaryFile('w', suffix='.conf') as file:
            file.write(CONFIGURATION)
            file.flush()
            self.daemon = subprocess.Popen(['dbus-daemon', f'--config-file={file.name}', '--nofork', '--nopidfile',
                                            '--print-address=1'], preexec_fn=die_with_parent,
                                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            self.address = self.daemon.stdout.readline().strip()
        self.bus = Gio.DBusConnection.new_for_address_sync(
            self.address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self.values = {'Connectivity': 4, 'State': STATES[4], 'Metered': 2}
        self.loop = GLib.MainLoop()
        self.bus.register_object('/org/freedesktop/NetworkManager', Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0],
                                 None, lambda *arguments: GLib.Variant('u', self.values[arguments[4]]), None)
        for name in ('org.freedesktop.login1', MANAGER):
            self.bus.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName',
                               GLib.Variant('(su)', (name, 0)), None, Gio.DBusCallFlags.NONE, -1, None)
        GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, self.on_input)

    def emit(self, path, interface, signal, arguments):
        self.bus.emit_signal(None, path, interface, signal, arguments)
        self.bus.flush_sync(None)

    def on_input(self, _channel, _condition):
        words = sys.stdin.readline().split()
        if not words:
            self.loop.quit()
            return False
        if words[0] in ('connectivity', 'metered'):
            if words[0] == 'metered':
                self.values.update(Metered=int(words[1]))
            else:
                self.values.update(Connectivity=int(words[1]), State=STATES[int(words[1])])
            changed = {name: GLib.Variant('u', value) for name, value in self.values.items()}
            self.emit('/org/freedesktop/NetworkManager', 'org.freedesktop.DBus.Properties', 'PropertiesChanged',
                      GLib.Variant('(sa{sv}as)', (MANAGER, changed, [])))
        else:
            self.emit('/org/freedesktop/login1', 'org.freedesktop.login1.Manager', 'PrepareForSleep',
                      GLib.Variant('(b)', (words[0] == 'sleep',)))
        print('ok', flush=True)
        return True


if __name__ == '__main__':
    system = SystemBus()
    print(system.address, flush=True)
    system.loop.run()
