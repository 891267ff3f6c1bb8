#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads when things are wrong on this computer: the store in use, not to be written, damaged; two windows
started; no keyring, a locked one. Each says what and whose, and goes away by itself or by its button.

    trouble.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import glob
import os
import re
import subprocess
import sys

from uitest import Tap, date, session
from desktop import KEYRING_PASSWORD

ABSENT = ('anna@example.test: There is no keyring on this session to keep passwords in. Start a Secret Service such as '
          'GNOME Keyring or KWallet.')
LOCKED = 'anna@example.test: The keyring is locked. Unlock it to let Tern read the password.'
LETTER = f"""From: Bob <bob@example.test>
To: anna@example.test
Subject: Unlocked
Date: {date()}
Message-ID: <unlocked@example.test>

It goes on.
"""


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

    def banner(self, sentence, button):
        """The button of the banner that says exactly that, waited for."""
        def look():
            for node in self.screen.find_all(f'^{re.escape(button)}$', 'push button'):
                if sentence in [self.screen.text(label) for label in self.screen.find_all(None, 'label', node.get_parent())]:
                    return node
            return None

        return self.screen.wait(look, f'the banner "{sentence}" with "{button}"', seconds=60)

    def without_a_keyring_the_account_says_so(self):
        self.window.desktop.stop_keyring()
        self.window.start()
        # The mail that is here is read all the same.
        self.window.shown('From ', 'list item', seconds=60)
        self.banner(ABSENT, 'Try Again')
        self.window.shown('Sign In', absent=True)
        self.window.shot('no-keyring')
        # There still is none, and what it offers does not lead astray.
        self.screen.click(self.banner(ABSENT, 'Try Again'))
        self.banner(ABSENT, 'Try Again')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'one window')

    def a_locked_keyring_is_unlocked_by_the_banner(self):
        self.window.desktop.start_keyring(locked=True)
        # Without a prompt: nobody has asked for anything.
        button = self.banner(LOCKED, 'Unlock…')
        assert not self.prompts(), 'a prompt has come by itself'
        self.window.shot('locked')
        self.screen.click(button)
        self.screen.wait(self.prompts, 'the prompt')
        self.banner(LOCKED, 'Unlock…')
        self.window.shot('prompt')
        self.screen.key('Escape')
        self.screen.wait(lambda: not self.prompts(), 'the end of the prompt')
        self.screen.click(self.banner(LOCKED, 'Unlock…'))
        self.screen.wait(self.prompts, 'the prompt again')
        self.screen.type(KEYRING_PASSWORD)
        self.screen.key('Return')
        self.window.shown('Unlock…', 'push button', absent=True)
        self.window.server.deliver('anna', LETTER)
        self.window.shown('Unlocked', 'list item')
        self.window.shot('unlocked')
        self.window.quit()

    def prompts(self):
        return self.window.desktop.run(['xdotool', 'search', '--onlyvisible', '--class', 'gcr-prompter'],
                                       check=False).stdout.split()

    def steps(self):
        return [self.the_store_in_use_is_told, self.a_second_start_comes_to_the_first_window,
                self.a_damaged_database_is_told_and_made_anew, self.a_folder_that_cannot_be_written_is_named,
                self.without_a_keyring_the_account_says_so, self.a_locked_keyring_is_unlocked_by_the_banner]


def main():
    with session('--seed', 'anna:20') as window:
        return Tap(window, Trouble(window).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
