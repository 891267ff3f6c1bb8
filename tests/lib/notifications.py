#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A notification server for the test bus that speaks the real protocols, and shows nothing.

    notifications.py freedesktop|gtk

"freedesktop" owns org.freedesktop.Notifications, as most desktops do; "gtk" owns org.gtk.Notifications, as GNOME's
does, and GApplication takes that one where it is. Prints "ready", then runs until its standard input closes.
Each line on standard input is answered by one line of JSON:

  list            {"shown": N, "standing": [{"id", "title", "body", "at"}…]}; shown counts those that came up before
                  the user's eyes, "at" is the monotonic time of that
  activate ID     as a click on it does: its default action, then it is gone

    with Notifications(desktop, 'freedesktop') as notifications:
        notifications.standing()
"""

import json
import os
import subprocess
import sys
import time

FREEDESKTOP = '''<node><interface name='org.freedesktop.Notifications'>
<method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/>
<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='as' direction='in'/>
<arg type='a{sv}' direction='in'/><arg type='i' direction='in'/><arg type='u' direction='out'/></method>
<method name='CloseNotification'><arg type='u' direction='in'/></method>
<method name='GetCapabilities'><arg type='as' direction='out'/></method>
<method name='GetServerInformation'><arg type='s' direction='out'/><arg type='s' direction='out'/>
<arg type='s' direction='out'/><arg type='s' direction='out'/></method>
<signal name='ActionInvoked'><arg type='u'/><arg type='s'/></signal>
<signal name='NotificationClosed'><arg type='u'/><arg type='u'/></signal>
</interface></node>'''
GTK = '''<node><interface name='org.gtk.Notifications'>
<method name='AddNotification'><arg type='s' direction='in'/><arg type='s' direction='in'/>
<arg type='a{sv}' direction='in'/></method>
<method name='RemoveNotification'><arg type='s' direction='in'/><arg type='s' direction='in'/></method>
</interface></node>'''


class Notifications:
    """One such server on a desktop, as a test uses it."""

    def __init__(self, desktop, protocol):
        self.process = desktop.spawn(['/usr/bin/python3', os.path.abspath(__file__), protocol],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != 'ready':
            raise RuntimeError('the notification server did not start')

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.process.stdin.close()
        self.process.wait(10)

    def command(self, *words):
        self.process.stdin.write(' '.join(words) + '\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def shown(self):
        return self.command('list')['shown']

    def standing(self):
        return self.command('list')['standing']

    def activate(self, notification):
        self.command('activate', str(notification['id']))


class Server:
    def __init__(self, protocol):
        self.loop = GLib.MainLoop()
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        self.protocol = protocol
        self.standing = {}
        self.shown = 0
        self.last = 0
        if protocol == 'gtk':
            self.name, self.path, xml = 'org.gtk.Notifications', '/org/gtk/Notifications', GTK
        else:
            self.name, self.path, xml = 'org.freedesktop.Notifications', '/org/freedesktop/Notifications', FREEDESKTOP
        interface = Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0]
        self.bus.register_object(self.path, interface, self.on_call, None, None)
        Gio.bus_own_name_on_connection(self.bus, self.name, Gio.BusNameOwnerFlags.NONE,
                                       lambda *_: print('ready', flush=True), None)
        GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, self.on_input)

    def show(self, identity, title, body, action):
        self.standing[identity] = {'id': identity, 'title': title, 'body': body, 'at': time.monotonic(),
                                   'action': action}

    def on_call(self, _bus, _sender, _path, _interface, method, arguments, invocation):
        invocation.return_value(getattr(self, method)(*arguments.unpack()))

    # --- org.freedesktop.Notifications: what replaces another one is changed in its place ---

    def Notify(self, app, replaces, icon, summary, body, actions, hints, timeout):
        if replaces in self.standing:
            identity = replaces
        else:
            self.last += 1
            self.shown += 1
            identity = self.last
        self.show(identity, summary, body, 'default' if 'default' in actions else None)
        return GLib.Variant('(u)', (identity,))

    def CloseNotification(self, identity):
        if self.standing.pop(identity, None):
            self.emit('NotificationClosed', identity, 3)

    def GetCapabilities(self):
        return GLib.Variant('(as)', (['actions', 'body', 'persistence'],))

    def GetServerInformation(self):
        return GLib.Variant('(ssss)', ('test', 'Tern', '1', '1.2'))

    def emit(self, signal, identity, what):
        signature = '(us)' if isinstance(what, str) else '(uu)'
        self.bus.emit_signal(None, self.path, self.name, signal, GLib.Variant(signature, (identity, what)))

    # --- org.gtk.Notifications: the same id is a new one, that comes up again unless its urgency is low ---

    def AddNotification(self, app, identity, notification):
        if notification.get('priority') != 'low':
            self.shown += 1
        self.show(identity, notification['title'], notification.get('body', ''),
                  (app, notification.get('default-action'), notification.get('default-action-target')))

    def RemoveNotification(self, _app, identity):
        self.standing.pop(identity, None)

    # --- commands ---

    def activate(self, identity):
        if self.protocol == 'freedesktop':
            self.emit('ActionInvoked', int(identity), 'default')
            self.CloseNotification(int(identity))
            return
        app, action, target = self.standing.pop(identity)['action']
        arguments = [GLib.Variant('x', target)] if target is not None else []
        self.bus.call(app, '/' + app.replace('.', '/'), 'org.freedesktop.Application', 'ActivateAction',
                      GLib.Variant('(sava{sv})', (action.removeprefix('app.'), arguments, {})), None,
                      Gio.DBusCallFlags.NONE, -1, None, None)

    def on_input(self, _channel, _condition):
        words = sys.stdin.readline().split()
        if not words:
            self.loop.quit()
            return False
        if words[0] == 'activate':
            self.activate(words[1])
        print(json.dumps({'shown': self.shown, 'standing': list(self.standing.values())}), flush=True)
        return True


if __name__ == '__main__':
    from gi.repository import Gio, GLib
    Server(sys.argv[1]).loop.run()
