#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message that tries everything to be fetched from the network: nothing is, until a person asks; then pictures are.

    remote-content.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import http.server
import sys
import threading

from uitest import Tap, session

PAGE = '''<!DOCTYPE html>
<html><head>
<base href="BASE/base/">
<meta http-equiv="refresh" content="0; url=BASE/refresh">
<meta http-equiv="Content-Security-Policy" content="default-src *">
<link rel="stylesheet" href="BASE/style.css"><link rel="preload" as="image" href="BASE/preload">
<link rel="prefetch" href="BASE/prefetch"><link rel="preconnect" href="BASE"><link rel="dns-prefetch" href="BASE">
<link rel="icon" href="BASE/icon">
<style>@import url(BASE/import.css); @font-face { font-family: f; src: url(BASE/font) }
body { background: url(BASE/background); font-family: f } li { list-style-image: url(BASE/bullet) }</style>
<script src="BASE/script.js"></script>
</head><body background="BASE/body" onload="new Image().src='BASE/onload'">
<p>LETTER</p>
<img src="BASE/picture.png" width="20" height="20"><img srcset="BASE/srcset 1x" src="cid:none">
<picture><source srcset="BASE/source"><img src="BASE/fallback" alt=""></picture>
<iframe src="BASE/frame"></iframe><object data="BASE/object"></object><embed src="BASE/embed">
<video src="BASE/video" poster="BASE/poster" autoplay></video><audio src="BASE/audio" autoplay></audio>
<svg><image href="BASE/svg" /><use href="BASE/use#x" /></svg>
<input type="image" src="BASE/input"><table background="BASE/table"><tr><td>x</td></tr></table>
<form action="BASE/form"><button autofocus>send</button></form>
<img src="x" onerror="fetch('BASE/onerror')"><a href="BASE/click" ping="BASE/ping">link</a>
<script>fetch('BASE/fetch'); document.location = 'BASE/location'</script>
</body></html>'''

MESSAGE = '''From: Tracker <tracker@example.test>
To: anna@example.test
Subject: SUBJECT
Date: Tue, 24 Nov 2026 09:00:00 +0000
Message-ID: <SUBJECT@example.test>
MIME-Version: 1.0
Content-Type: CONTENT

BODY
'''


class Listener(http.server.ThreadingHTTPServer):
    """Notes every connection, also those that ask for nothing."""

    def __init__(self):
        self.connections = []
        self.paths = []
        super().__init__(('127.0.0.1', 0), Handler)

    def process_request(self, request, client_address):
        self.connections.append(client_address)
        super().process_request(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.paths.append(self.path)
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_args):
        pass


class RemoteContent:
    def __init__(self, window, listener):
        self.window = window
        self.screen = window.screen
        self.listener = listener
        self.base = f'http://127.0.0.1:{listener.server_port}'

    def deliver(self, subject, content, body):
        self.window.server.deliver('anna', MESSAGE.replace('SUBJECT', subject).replace('CONTENT', content)
                                   .replace('BODY', body))

    def nothing_is_fetched(self):
        self.deliver('first', 'text/plain', 'Plain text.')
        self.deliver('tracking', 'text/html', PAGE.replace('BASE', self.base))
        self.window.add_account()
        self.window.start()
        self.window.click(', tracking,', 'list item')
        self.screen.find_text('Remote content was blocked', seconds=60)
        self.window.shot('blocked')
        # Long enough for a whole page to load: another message and back, twice.
        for _ in range(2):
            self.window.click(', first,', 'list item')
            self.screen.find_text('Plain text')
            self.window.click(', tracking,', 'list item')
            self.screen.find_text('Remote content was blocked')
        assert not self.listener.connections, (self.listener.connections, self.listener.paths)

    def pictures_are_when_asked(self):
        self.window.click('Load for This Message$', 'push button')
        self.screen.wait(lambda: '/picture.png' in self.listener.paths, 'the picture to be asked for')
        self.window.shot('loaded')

    def scripts_frames_and_navigation_never_are(self):
        self.window.click(', first,', 'list item')
        self.screen.find_text('Plain text')
        never = {'/script.js', '/onload', '/frame', '/object', '/embed', '/video', '/audio', '/form', '/onerror',
                 '/fetch', '/location', '/refresh', '/ping', '/click'}
        assert not never & set(self.listener.paths), self.listener.paths

    def the_next_message_is_blocked_again(self):
        before = len(self.listener.connections)
        self.window.click(', tracking,', 'list item')
        self.screen.find_text('Remote content was blocked')
        self.window.click(', first,', 'list item')
        self.screen.find_text('Plain text')
        assert len(self.listener.connections) == before, self.listener.paths
        self.window.quit()

    def steps(self):
        return [self.nothing_is_fetched, self.pictures_are_when_asked, self.scripts_frames_and_navigation_never_are,
                self.the_next_message_is_blocked_again]


def main():
    listener = Listener()
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    with session() as window:
        return Tap(window, RemoteContent(window, listener).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
