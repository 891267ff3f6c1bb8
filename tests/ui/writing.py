#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing: a wrong address is told in its line, a refused message comes back with the server's reason and everything in
it, nothing is thrown away silently, a mailto: link of another program opens a composer in the running window.

    writing.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import email
import os
import random
import sys

from uitest import Tap, session
from notifications import Notifications

REASON = 'this mailbox does not want your mail'


class Writing:
    def __init__(self, window):
        self.window = window
        self.screen = window.screen

    def composer(self, title):
        """The composer of that title, in front."""
        frame = self.screen.wait(lambda: next((w for w in self.screen.windows() if w.get_name() == title), None),
                                 f'the window "{title}"')
        self.screen.place_of(frame)
        return frame

    def text_of(self, name, composer):
        return self.screen.text(self.screen.find(name, 'text', within=composer))

    def a_wrong_address_is_told(self):
        self.window.add_account()
        self.window.start()
        self.window.shown('From ', 'list item', seconds=60)
        self.screen.key('ctrl+n')
        composer = self.composer('New Message')
        self.screen.wait(lambda: self.screen.find_all('^To$', 'text', composer), 'the line for addresses')
        self.screen.click(self.screen.find('^To$', 'text', within=composer))
        self.screen.type('not an address')
        self.screen.key('ctrl+Return')
        self.screen.find_text('not an address', within=composer)
        self.window.shot('wrong-address')
        assert self.composer('New Message'), 'it was sent'

    def a_refused_message_comes_back(self):
        self.screen.key('ctrl+a')
        self.screen.type('refused@example.test')
        self.screen.click(self.screen.find('^Subject$', 'text', within=self.composer('New Message')))
        self.screen.type('Please take this')
        composer = self.composer('Please take this')
        self.screen.click(self.screen.find('^Message text$', 'text', within=composer))
        self.screen.type('Nobody wants it.')
        self.screen.key('ctrl+Return')
        self.screen.find_text(REASON, seconds=60)
        composer = self.composer('Please take this')
        assert self.text_of('^To$', composer) == 'refused@example.test', self.text_of('^To$', composer)
        assert self.text_of('^Message text$', composer).startswith('Nobody wants it.')
        self.window.shot('refused')

    def closing_asks(self):
        self.screen.key('ctrl+w')
        self.screen.find_text('has not been sent', within=self.composer('Please take this'))
        self.window.shot('asks')

    def discarding_can_be_undone(self):
        self.window.click('^Discard$|Discard Discard', 'push button')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the composer to close')
        self.window.click(r'\bUndo$', 'push button')
        composer = self.composer('Please take this')
        assert self.text_of('^Message text$', composer).startswith('Nobody wants it.')

    def it_is_sent_to_somebody_else(self):
        composer = self.composer('Please take this')
        self.screen.click(self.screen.find('^To$', 'text', within=composer))
        self.screen.key('ctrl+a')
        self.screen.type('bob@example.test')
        self.screen.key('ctrl+Return')

        def arrived():
            answer = self.window.server.command('doveadm', 'search', '-u', 'bob', 'mailbox', 'INBOX', 'SUBJECT', 'Please')
            return answer['output'].strip() != ''
        self.screen.wait(arrived, 'the message at the other mailbox', seconds=30)

    def received(self, user, subject):
        """The message of that subject, once it is there."""
        def look():
            answer = self.window.server.command('doveadm', 'fetch', '-u', user, 'text', 'mailbox', 'INBOX', 'SUBJECT',
                                                subject)
            return answer['output'].removeprefix('text:\n').rstrip('\f\n')
        return email.message_from_string(self.screen.wait(look, f'"{subject}" at {user}', 30))

    def copies_and_a_file_arrive(self):
        path = os.path.join(self.window.desktop.env['HOME'], 'table of tides.bin')
        content = random.Random(1).randbytes(300_000)
        with open(path, 'wb') as file:
            file.write(content)
        self.screen.key('ctrl+n')
        composer = self.composer('New Message')
        self.screen.wait(lambda: self.screen.find_all('^To$', 'text', composer), 'the line for addresses')
        self.screen.type('bob@example.test')
        self.screen.click(self.screen.find('^Cc and Bcc$', within=composer))
        for name, address in (('Cc', 'carl@example.test'), ('Bcc', 'dora@example.test'), ('Subject', 'Tides')):
            self.screen.click(self.screen.find(f'^{name}$', 'text', within=composer))
            self.screen.type(address)
        self.screen.key('ctrl+shift+a')
        self.screen.wait(lambda: len(self.screen.windows()) == 3, 'the file chooser')
        # A slash opens its line for a path.
        self.screen.type(path)
        self.screen.key('Return')
        self.screen.find('^table of tides', 'list item', within=self.composer('Tides'))
        self.window.shot('with-a-file')
        self.screen.key('ctrl+Return')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the composer to close')
        for user in ('bob', 'carl', 'dora'):
            message = self.received(user, 'Tides')
            assert message['To'] == 'bob@example.test' and message['Cc'] == 'carl@example.test', message.items()
            assert 'dora' not in str([i for i in message.items() if i[0] not in ('Delivered-To', 'Received')]), \
                f'{user} reads of the blind copy: {message.items()}'
            files = [part for part in message.walk() if part.get_filename()]
            assert [part.get_filename() for part in files] == ['table of tides.bin'], files
            assert files[0].get_payload(decode=True) == content, f'other bytes at {user}'

    def a_mailto_link_opens_a_composer(self):
        tern = os.path.join(self.window.build, 'src', 'tern')
        self.window.desktop.run([tern, 'mailto:bob@example.test?subject=From%20a%20link&body=Hello&attach=/etc/passwd'])
        composer = self.composer('From a link')
        assert self.text_of('^To$', composer) == 'bob@example.test'
        assert self.text_of('^Message text$', composer).startswith('Hello')
        self.window.shot('mailto')
        # Nothing was changed in it: it closes without a question.
        self.screen.key('ctrl+w')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the composer to close')

    def kept(self):
        folder = os.path.join(self.window.desktop.env['XDG_DATA_HOME'], 'tern', 'composing')
        return [os.path.join(folder, name) for name in (os.listdir(folder) if os.path.isdir(folder) else [])]

    def what_is_being_written_survives(self):
        """A kill, then an orderly end by the session: the composer comes back, half an address and all."""
        self.screen.wait(lambda: not self.kept(), 'what was sent or discarded not to be kept')
        self.screen.key('ctrl+n')
        composer = self.composer('New Message')
        self.screen.wait(lambda: self.screen.find_all('^To$', 'text', composer), 'the line for addresses')
        self.screen.type('half an addr')
        self.screen.click(self.screen.find('^Subject$', 'text', within=composer))
        self.screen.type('Unfinished')
        self.screen.wait(lambda: any(b'Unfinished' in open(path, 'rb').read() for path in self.kept()), 'the kept draft')
        self.window.process.kill()
        self.window.process.wait()
        self.window.start()
        composer = self.composer('Unfinished')
        assert self.text_of('^To$', composer) == 'half an addr', self.text_of('^To$', composer)
        self.screen.click(self.screen.find('^Message text$', 'text', within=composer))
        self.screen.type('And on.')
        self.window.process.terminate()
        status = self.window.process.wait(30)
        assert status == 0, f'tern ended with status {status}'
        self.window.start()
        composer = self.composer('Unfinished')
        assert 'And on.' in self.text_of('^Message text$', composer)
        self.window.shot('came-back')
        self.screen.key('ctrl+w')
        self.window.click('^Discard$|Discard Discard', 'push button')
        self.screen.wait(lambda: not self.kept(), 'the discarded draft to be dropped')

    def mail_sent_before_quitting_leaves(self):
        self.screen.key('ctrl+n')
        composer = self.composer('New Message')
        self.screen.wait(lambda: self.screen.find_all('^To$', 'text', composer), 'the line for addresses')
        self.screen.type('bob@example.test')
        self.screen.click(self.screen.find('^Subject$', 'text', within=composer))
        self.screen.type('Last words')
        self.screen.key('ctrl+Return')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the composer to close')
        self.window.quit()
        answer = self.window.server.command('doveadm', 'search', '-u', 'bob', 'mailbox', 'INBOX', 'SUBJECT', 'Last')
        assert answer['output'].strip() != '', 'it is still in the outbox'

    def write(self, to, subject):
        self.screen.key('ctrl+n')
        composer = self.composer('New Message')
        self.screen.wait(lambda: self.screen.find_all('^To$', 'text', composer), 'the line for addresses')
        self.screen.type(to)
        self.screen.click(self.screen.find('^Subject$', 'text', within=composer))
        self.screen.type(subject)
        self.composer(subject)
        self.screen.key('ctrl+Return')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the composer to close')

    def one_that_somebody_refused_says_so(self):
        self.write('bob@example.test, refused@example.test', 'For two')
        self.screen.find_text('1 message could not be sent to everybody', seconds=60)
        self.window.shot('partly')
        self.window.click('Review', 'push button')
        row = self.window.shown('For two', 'list item')
        self.screen.find_text('The other recipients have been sent it', within=row)
        self.window.shot('partly-outbox')
        self.screen.click(self.screen.find('Edit$', 'push button', within=row))
        composer = self.composer('For two')
        assert self.text_of('^To$', composer) == 'refused@example.test', self.text_of('^To$', composer)
        self.screen.find_text(REASON, within=composer)
        self.window.shot('partly-composer')
        self.screen.key('ctrl+w')
        self.window.click('^Discard$|Discard Discard', 'push button')
        self.screen.wait(lambda: len(self.screen.windows()) == 1, 'the composer to close')

    def a_refusal_after_the_window_closed_is_told(self):
        with Notifications(self.window.desktop, 'freedesktop') as notifications:
            self.window.start()
            self.window.shown('From ', 'list item', seconds=60)
            self.write('refused@example.test', 'Too late')
            self.window.quit()
            told = notifications.standing()
            assert [n['title'] for n in told] == ['Message not sent'], told
            assert REASON in told[0]['body'], told
        self.window.start()
        self.screen.find_text('1 message could not be sent', seconds=60)
        self.window.click('Review', 'push button')
        row = self.window.shown('Too late', 'list item')
        self.screen.click(self.screen.find('Edit$', 'push button', within=row))
        self.screen.find_text(REASON, within=self.composer('Too late'))

    def steps(self):
        return [self.a_wrong_address_is_told, self.a_refused_message_comes_back, self.closing_asks,
                self.discarding_can_be_undone, self.it_is_sent_to_somebody_else, self.copies_and_a_file_arrive,
                self.a_mailto_link_opens_a_composer, self.what_is_being_written_survives,
                self.one_that_somebody_refused_says_so, self.mail_sent_before_quitting_leaves,
                self.a_refusal_after_the_window_closed_is_told]


def main():
    with session('--seed', 'anna:20', '--users', 'anna,bob,carl,dora') as window:
        return Tap(window, Writing(window).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
