#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A window as narrow as a telephone: one page at a time, and the keys are always on the one that is shown.

    narrow.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import sys

from uitest import Tap, session


class Narrow:
    def __init__(self, window):
        self.window = window
        self.screen = window.screen

    def focus_is(self, role, name):
        def there():
            node = self.screen.focused()
            return node is not None and node.get_role_name() == role and name in (node.get_name() or '')
        self.screen.wait(there, f'the focus on {role} "{name}"', 10)

    def it_starts_in_the_list(self):
        self.window.add_account()
        self.window.start()
        self.window.shown('From ', 'list item', seconds=60)
        self.focus_is('list item', 'From ')
        self.window.shot('list')

    def opening_a_message_is_for_reading(self):
        self.screen.key('Return')
        self.window.shown('^Back$', 'push button')
        self.screen.wait(lambda: (node := self.screen.focused()) is not None
                         and node.get_name() in ('Message page', 'Message text'), 'the focus on what is read', 20)
        self.window.shot('reader')

    def what_is_done_with_it_leads_back_to_the_list(self):
        self.screen.key('ctrl+k')
        self.window.shown('message archived')
        self.focus_is('list item', 'From ')
        self.window.shot('archived')
        self.screen.key('ctrl+z')
        self.window.shown('^Undone')
        self.focus_is('list item', 'From ')
        self.window.quit()

    def steps(self):
        return [self.it_starts_in_the_list, self.opening_a_message_is_for_reading,
                self.what_is_done_with_it_leads_back_to_the_list]


def main():
    with session('--seed', 'anna:20', size=(400, 720), dark=True) as window:
        return Tap(window, Narrow(window).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
