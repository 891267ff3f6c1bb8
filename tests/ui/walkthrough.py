#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads, answers and gets the answer's answer by push, in the real window, as a person does: what "./dev run" does
where nobody looks. Runs inside a desktop on which the window is open; leaves a screenshot of each step.

    walkthrough.py --screenshots DIR
"""

import argparse
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from screen import GLib, NotFound, Screen  # noqa: E402  (beside this folder)

# Every accessible name that this needs: (name, role).
NAMES = {
    'welcome': (r'Welcome to Tern', 'list item'),
    'reply': (r'^Reply$', 'push button'),
    'send': (r'\bSend$', 'push button'),
    'body': (r'^Message text$', None),
    'answer': (r'Re: Welcome to Tern', 'list item'),
}
WELCOME_TEXT = r'Write to me'
ANSWER_TEXT = r'Your message has arrived'


class Walk:
    def __init__(self, screenshots):
        self.screen = Screen()
        self.screenshots = screenshots
        self.step = 0
        self.started = time.monotonic()

    def find(self, what, seconds=30, within=None):
        name, role = NAMES[what]
        return self.screen.find(name, role, seconds=seconds, within=within)

    def done(self, what):
        self.step += 1
        path = os.path.join(self.screenshots, f'{self.step}-{what.replace(" ", "-")}.png')
        # A frame or two for what has just changed to be painted.
        time.sleep(0.4)
        subprocess.run(['import', '-window', 'root', path], check=True, timeout=30)
        print(f'walk: {what} after {time.monotonic() - self.started:.1f} s', flush=True)

    def read(self):
        self.screen.click(self.find('welcome', seconds=60))
        self.done('the list')
        self.screen.find_text(WELCOME_TEXT)
        self.done('a message')

    def reply(self):
        self.screen.click(self.find('reply'))
        composer = self.screen.window_of(self.find('send'))
        body = self.find('body', within=composer)
        self.screen.click(body)
        # Above the quoted text.
        self.screen.key('ctrl+Home')
        self.screen.type('Hello from the walk-through.')
        self.screen.wait(lambda: 'Hello from the walk-through.' in self.screen.text(body), 'the text in the composer')
        self.done('the answer')
        self.screen.click(self.find('send'))

    def push(self):
        sent = time.monotonic()
        answer = self.find('answer', seconds=30)
        print(f'walk: the echo was in the list {time.monotonic() - sent:.1f} s after Send', flush=True)
        self.done('pushed')
        self.screen.click(answer)
        self.screen.find_text(ANSWER_TEXT)
        self.done('the echo')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('--screenshots', required=True)
    options = parser.parse_args()
    walk = Walk(options.screenshots)
    try:
        walk.read()
        walk.reply()
        walk.push()
    except (NotFound, subprocess.SubprocessError, GLib.Error) as error:
        print(f'walk: {error}', file=sys.stderr)
        subprocess.run(['import', '-window', 'root', os.path.join(options.screenshots, 'failed.png')], check=False,
                       timeout=30)
        return 1
    print('walk: read, replied, received: all well', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
