#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message that tries everything to be fetched from the network: nothing is, until a person asks; then pictures are.
Pictures that a message brings along are shown, and those of another one are not.

    remote-content.py BUILD-FOLDER [FOLDER-FOR-SCREENSHOTS]
"""

import base64
import http.server
import struct
import sys
import threading
import zlib

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

# A message can name the pictures of another one, and may give its own the same name.
RED, GREEN, BLUE, WORDS = (200, 16, 32), (16, 160, 48), (24, 48, 208), (176, 0, 176)
ITS_OWN = '<p>One.</p><img src="cid:wave@pictures.test" width="300" height="60">'
OF_ANOTHER = ITS_OWN.replace('<img', '<img alt="████" style="color: rgb(176, 0, 176); font-size: 30px"') + (
    '<img src="cid:none@pictures.test"><img src="cid:mine@pictures.test" width="300" height="60">')


def picture(colour):
    """A PNG of one pixel."""
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 1, 1, 8, 2, 0, 0, 0))
            + chunk(b'IDAT', zlib.compress(b'\0' + bytes(colour))) + chunk(b'IEND', b''))


def related(html, name, colour):
    return f'''--b
Content-Type: text/html; charset=utf-8

{html}
--b
Content-Type: image/png
Content-Disposition: inline
Content-ID: <{name}@pictures.test>
Content-Transfer-Encoding: base64

{base64.b64encode(picture(colour)).decode()}
--b--'''


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

    def a_message_shows_its_own_pictures(self):
        kind = 'multipart/related; boundary=b'
        self.deliver('own', kind, related(ITS_OWN, 'wave', RED))
        self.deliver('foreign', kind, related(OF_ANOTHER, 'mine', BLUE))
        self.deliver('namesake', kind, related(ITS_OWN, 'wave', GREEN))
        self.window.click(', own,', 'list item')
        self.screen.wait(lambda: self.window.shows(RED), 'the picture')
        self.window.shot('own')

    def and_none_of_another_one(self):
        self.window.click(', foreign,', 'list item')
        # The words stand where the picture would.
        self.screen.wait(lambda: self.window.shows(BLUE) and self.window.shows(WORDS), 'what stands for the picture')
        assert not self.window.shows(RED), 'the picture of another message'
        self.window.shot('foreign')
        self.window.click(', namesake,', 'list item')
        self.screen.wait(lambda: self.window.shows(GREEN), 'its own of the same name')
        assert not self.window.shows(RED), 'the picture of another message'
        self.window.click(', own,', 'list item')
        self.screen.wait(lambda: self.window.shows(RED), 'the picture again')
        self.window.quit()

    def steps(self):
        return [self.nothing_is_fetched, self.pictures_are_when_asked, self.scripts_frames_and_navigation_never_are,
                self.the_next_message_is_blocked_again, self.a_message_shows_its_own_pictures,
                self.and_none_of_another_one]


def main():
    listener = Listener()
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    with session() as window:
        return Tap(window, RemoteContent(window, listener).steps()).run()


if __name__ == '__main__':
    sys.exit(main())
