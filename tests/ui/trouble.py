#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads when things are wrong on this computer: the store in use, not to be written, damaged; two windows
started; no keyring. Each says what and whose, and goes away by itself or by its button.

    trouble.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import glob
import os
import subprocess
import sys

from uitest import Tap, session


class Trouble:
    def __init__(self, window):
        self.window = window
        self.screen = window.screen
        self.data = os.path.join(window.desktop.env['XDG_DATA_HOME'], 'tern')

    def ctl(self):
        return os.path.join(self.window.build, 'src', 'ternctl', 'ternctl')

    def the_store_in_use_is_told(self):
        self.window.add_account()
        self.window.ternctl('sync')
        holder = subprocess.Popen([self.ctl(), 'watch'], env=self.window.desktop.env, stdout=subprocess.PIPE, text=True)
        assert holder.stdout.readline(), 'ternctl ended'
        # Not on the bus where it can be asked: the window cannot know what it is.
        self.window.start()
        self.window.shown('Mail Cannot Be Opened', seconds=60)
        self.screen.find_text('(?i)another Tern|in use')
        self.window.shot('in-use')
        holder.terminate()
        holder.wait(30)
        self.window.click('Try Again$', 'push button')
        self.window.shown('From ', 'list item', seconds=60)

    def a_second_start_comes_to_the_first_window(self):
        self.window.desktop.run([os.path.join(self.window.build, 'src', 'tern')])
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'one window')
        assert self.window.process.poll() is None, 'the first one ended'
        self.window.quit()

    def a_damaged_database_is_told_and_made_anew(self):
        for name in glob.glob(os.path.join(self.data, 'mail.db*')):
            if not name.endswith('mail.db'):
                os.unlink(name)
        with open(os.path.join(self.data, 'mail.db'), 'r+b') as file:
            file.write(b'This is not a database any more. ' * 400)
        self.window.start()
        self.screen.find_text('The mail database was damaged', seconds=60)
        self.window.shot('damaged')
        self.window.shown('From ', 'list item', seconds=60)
        kept = glob.glob(os.path.join(self.data, 'mail.db.corrupt-*'))
        assert kept, os.listdir(self.data)
        self.window.quit()

    def a_folder_that_cannot_be_written_is_named(self):
        # For root everything can be written but what is no file system for files.
        before = self.window.desktop.env['XDG_DATA_HOME']
        self.window.desktop.env['XDG_DATA_HOME'] = '/proc/sys'
        self.window.start()
        self.window.desktop.env['XDG_DATA_HOME'] = before
        self.window.shown('Mail Cannot Be Opened', seconds=60)
        self.screen.find_text('/proc/sys/tern')
        self.window.shot('read-only')
        self.screen.key('ctrl+q')
        self.window.process.wait(30)

    def without_a_keyring_the_account_says_so(self):
        keyring = next(p for p in self.window.desktop.processes if 'gnome-keyring-daemon' in p.args[0])
        keyring.terminate()
        keyring.wait(10)
        self.window.start()
        # The mail that is here is read all the same.
        self.window.shown('From ', 'list item', seconds=60)
        self.screen.find_text('(?i)keyring|Secret Service|password', seconds=60)
        self.screen.find_text('anna@example.test')
        self.window.shot('no-keyring')
        self.window.quit()

    def steps(self):
        return [self.the_store_in_use_is_told, self.a_second_start_comes_to_the_first_window,
                self.a_damaged_database_is_told_and_made_anew, self.a_folder_that_cannot_be_written_is_named,
                self.without_a_keyring_the_account_says_so]


def main():
    with session('--seed', 'anna:20') as window:
        return Tap(window, Trouble(window).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
