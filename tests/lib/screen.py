# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at a window through AT-SPI and acts on it with pointer and keyboard, as a person does.

Use it inside a desktop (desktop.py): DISPLAY and DBUS_SESSION_BUS_ADDRESS must be set before the import.
Names are regular expressions, matched anywhere in the accessible name.
"""

import re
import subprocess
import time

import gi

gi.require_version('Atspi', '2.0')
from gi.repository import Atspi, GLib  # noqa: E402  (after the version)


class NotFound(AssertionError):
    pass


def xdotool(*args):
    return subprocess.run(['xdotool', *map(str, args)], check=True, timeout=30, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


class Screen:
    def __init__(self, application='tern', patience=45.0):
        Atspi.init()
        Atspi.set_timeout(2000, 5000)
        self.application = application
        self.patience = patience
        self.told = None  # what last said that it has the focus
        self.listener = Atspi.EventListener.new(self.on_focus)
        self.listener.register('object:state-changed:focused')

    def on_focus(self, event):
        if event.detail1:
            self.told = event.source

    # --- looking ---

    def windows(self):
        desktop = Atspi.get_desktop(0)
        desktop.clear_cache()
        found = []
        for index in range(desktop.get_child_count()):
            try:
                application = desktop.get_child_at_index(index)
                if application is None or self.application not in (application.get_name() or ''):
                    continue
                application.clear_cache()
                found += [application.get_child_at_index(n) for n in range(application.get_child_count())]
            except GLib.Error:
                pass  # it has just gone
        return [window for window in found if window is not None]

    def walk(self, node, depth=0):
        try:
            states = node.get_state_set()
            if not states.contains(Atspi.StateType.VISIBLE) and depth > 0:
                return
            yield node
            # A list has hundreds of rows of many parts each: what is in a row is looked for within that row only.
            if depth > 0 and node.get_role() == Atspi.Role.LIST_ITEM:
                return
            children = [node.get_child_at_index(n) for n in range(node.get_child_count())]
        except GLib.Error:
            return
        for child in children:
            if child is not None:
                yield from self.walk(child, depth + 1)

    def find_all(self, name=None, role=None, within=None):
        """Everything visible with that name and role, of all windows or below WITHIN."""
        pattern = re.compile(name) if name is not None else None
        found = []
        for top in [within] if within is not None else self.windows():
            top.clear_cache()
            for node in self.walk(top):
                try:
                    if (role is None or node.get_role_name() == role) and (
                            pattern is None or pattern.search(node.get_name() or '')
                            # A button with a picture only: its tooltip is its description.
                            or pattern.search(node.get_description() or '')):
                        found.append(node)
                except GLib.Error:
                    pass
        return found

    def find(self, name=None, role=None, within=None, seconds=None):
        """The first of them, waited for."""
        end = time.monotonic() + (seconds or self.patience)
        while True:
            found = self.find_all(name, role, within)
            if found:
                return found[0]
            if time.monotonic() > end:
                raise NotFound(f'no {role or "thing"} named "{name}" after {seconds or self.patience:.0f} s\n' + self.dump())
            time.sleep(0.05)

    def wait(self, condition, what, seconds=None):
        end = time.monotonic() + (seconds or self.patience)
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise NotFound(f'{what}: not after {seconds or self.patience:.0f} s\n' + self.dump())
            time.sleep(0.05)

    def find_text(self, pattern, within=None, seconds=None):
        """Something that shows text which matches, a text view or a label, waited for."""
        expression = re.compile(pattern)

        def look():
            for top in [within] if within is not None else self.windows():
                for node in self.walk(top):
                    if node.get_role_name() in ('text', 'label', 'paragraph') and expression.search(self.text(node)):
                        return node
            return None

        return self.wait(look, f'the text "{pattern}"', seconds)

    def text(self, node):
        try:
            return Atspi.Text.get_text(node, 0, Atspi.Text.get_character_count(node))
        except GLib.Error:
            return node.get_name() or ''

    def dump(self):
        lines = []

        def show(node, depth):
            try:
                name = (node.get_name() or '').replace('\n', ' ')[:70]
                lines.append(f'# {"  " * depth}{node.get_role_name()} "{name}"')
                for number in range(min(node.get_child_count(), 12)):
                    child = node.get_child_at_index(number)
                    if child is not None and len(lines) < 400:
                        show(child, depth + 1)
            except GLib.Error:
                pass

        for window in self.windows():
            show(window, 0)
        return '\n'.join(lines)

    # --- acting ---

    def window_of(self, node):
        """The top of its tree; GTK does not give every window the role of one."""
        while True:
            parent = node.get_parent()
            if parent is None or parent.get_role_name() == 'application':
                return node
            node = parent

    def place_of(self, window):
        """The X window's identity and place: GTK 4 knows positions inside a window only."""
        identity = xdotool('search', '--onlyvisible', '--name', f'^{re.escape(window.get_name() or "")}$').split()[-1]
        place = dict(line.split('=') for line in
                     xdotool('getwindowgeometry', '--shell', identity).splitlines() if '=' in line)
        return identity, int(place['X']), int(place['Y'])

    def activate(self, window):
        identity, x, y = self.place_of(window)
        xdotool('windowactivate', '--sync', identity)
        return x, y

    def focused(self):
        """What has the keyboard's focus, None when nothing that can be seen has."""
        while GLib.MainContext.default().iteration(False):
            pass
        try:
            self.told.clear_cache()
            if self.is_focused(self.told) and self.application in (self.told.get_application().get_name() or ''):
                return self.told
        except (AttributeError, GLib.Error):
            pass  # nothing yet, or it has gone
        return next((node for node in self.find_all() if self.is_focused(node)), None)

    @staticmethod
    def is_focused(node):
        return node.get_state_set().contains(Atspi.StateType.FOCUSED)

    def spot(self, node, right=0.5, down=0.5):
        """On the screen, those parts of its width and height from its corner, once the window is in front and the thing has stopped moving."""
        window = self.window_of(node)
        end = time.monotonic() + self.patience
        before = None
        while True:
            try:
                x, y = self.activate(window)
                box = node.get_extents(Atspi.CoordType.WINDOW)
                now = (x, y, box.x, box.y, box.width, box.height)
                if now == before and box.width > 0 and box.height > 0:
                    return x + box.x + int(box.width * right), y + box.y + int(box.height * down)
                before = now
            except (subprocess.SubprocessError, IndexError, GLib.Error):
                pass  # not mapped yet
            if time.monotonic() > end:
                raise NotFound(f'"{node.get_name()}" does not come to rest on the screen')
            time.sleep(0.05)

    def click(self, node, button=1):
        return self.click_at(node, 0.5, 0.5, button)

    def click_at(self, node, right, down, button=1):
        x, y = self.spot(node, right, down)
        # A hand comes from somewhere else: GTK 4.8 loses the first press of a pointer that has stood still while a
        # menu closed and the row below it came back.
        xdotool('mousemove', '--sync', x + 40, y + 200, 'sleep', 0.05, 'mousemove', '--sync', x, y, 'click', button)
        return node

    def key(self, *keys):
        xdotool('key', '--clearmodifiers', *keys)

    def type(self, text):
        xdotool('type', '--delay', '12', text)
