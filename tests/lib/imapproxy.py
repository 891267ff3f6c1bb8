# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy between a mail program and a real IMAP server that cuts, rewrites, delays and reports.

TLS ends here, with the server's own certificate; to the server it speaks in the clear on the loopback address.
It knows lines and literals of both directions, and nothing else of IMAP. Everything runs in one thread of its own
with an event loop; the hooks are called there. A cut is a reset, as of a link that is gone.

    proxy = ImapProxy(facts)            # what mailserver.py printed
    proxy.on_command = function         # (text of a client line without its tag, connection) -> None, CUT, or the
                                        # bytes after the tag that answer it in the server's place
    proxy.on_response = function        # (bytes of a whole response line, connection) -> bytes, None to drop it, CUT
    proxy.arm(pattern, 'up', 17)        # cut that connection 17 bytes after the client line that matches began;
                                        # 'down': after 17 bytes of what the server says from then on
    proxy.on_cut = function             # () when that happens
    proxy.on_send = function            # (bytes of a whole client line, connection) -> the bytes that the server gets
    proxy.rate = 100_000                # bytes a second of literals that the server sends, over all connections
"""

import asyncio
import re
import ssl
import threading

CUT = object()
LITERAL = re.compile(rb'\{(\d+)\+?\}\r\n$')
TAGGED = re.compile(rb'(\S+) (.*)', re.DOTALL)


class Connection:
    def __init__(self, proxy, client, server):
        self.proxy = proxy
        self.client, self.server = client, server
        self.commands = {}   # tag -> command line
        self.left = None     # (direction, bytes) until the cut
        self.open = True

    def cut(self):
        self.open = False
        for stream in (self.client, self.server):
            stream.transport.abort()

    async def write(self, direction, data):
        """FALSE when the connection was cut in the middle of DATA."""
        stream = self.server if direction == 'up' else self.client
        if self.left and self.left[0] == direction:
            if len(data) >= self.left[1]:
                stream.write(data[:self.left[1]])
                self.proxy.passed += self.left[1]
                await stream.drain()
                # What was written is to arrive: a reset would take it back.
                if not stream.is_closing():
                    stream.close()
                await asyncio.sleep(0)
                self.left = None
                self.proxy.note_cut()
                self.cut_after(stream)
                return False
            self.left = (direction, self.left[1] - len(data))
            self.proxy.passed += len(data)
        stream.write(data)
        await stream.drain()
        return True

    def cut_after(self, closing):
        self.open = False
        other = self.client if closing is self.server else self.server
        other.transport.abort()

    async def pump(self, direction, source):
        handle = self.command if direction == 'up' else self.response
        while self.open:
            line = await source.readline()
            if not line or not await handle(line, source):
                return

    async def literals(self, direction, line, source):
        """Passes on the literals that follow LINE and the lines that follow them."""
        found = LITERAL.search(line)
        while found:
            left = int(found.group(1))
            while left:
                data = await source.read(min(left, 65536 if not self.proxy.rate else 8192))
                if not data or not await self.write(direction, data):
                    return False
                if direction == 'down':
                    await self.proxy.hold_back(len(data))
                left -= len(data)
            line = await source.readline()
            if not line or not await self.write(direction, line):
                return False
            found = LITERAL.search(line)
        return True

    async def command(self, line, source):
        match = TAGGED.match(line)
        text = match.group(2).decode(errors='replace').strip() if match else line.decode(errors='replace').strip()
        if match:
            self.commands[match.group(1)] = text
        proxy = self.proxy
        said = proxy.on_command(text, self) if proxy.on_command else None
        if said is CUT:
            self.cut()
            return False
        if said is not None and match and not LITERAL.search(line):
            return await self.write('down', match.group(1) + b' ' + said + b'\r\n')
        if proxy.armed and proxy.armed[0].match(text):
            _, direction, count = proxy.armed
            proxy.armed = None
            self.left = (direction, count)
            if count == 0 and direction == 'up':
                proxy.note_cut()
                self.cut()
                return False
        if proxy.on_send:
            line = proxy.on_send(line, self)
        return await self.write('up', line) and await self.literals('up', line, source)

    async def response(self, line, source):
        proxy = self.proxy
        # What is compressed could not be read here.
        if b'CAPABILITY ' in line:
            line = line.replace(b' COMPRESS=DEFLATE', b'')
        if proxy.on_response:
            line = proxy.on_response(line, self)
            if line is CUT:
                self.cut()
                return False
            if line is None:
                return True
        return await self.write('down', line) and await self.literals('down', line, source)


class ImapProxy:
    def __init__(self, facts):
        self.facts = facts
        self.on_command = self.on_response = self.on_cut = self.on_send = None
        self.rate = None
        self.free_at = 0     # by the loop's clock, when the slow link has sent all that it was given
        self.armed = None    # (pattern, direction, bytes)
        self.cuts = 0        # made by arm()
        self.passed = 0      # bytes that went through while one was counted
        self.down = False
        self.most = None     # connections at a time
        self.refused = 0     # connections, while it was down or had that many
        self.connections = set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = self.call(self.listen())
        self.port = self.server.sockets[0].getsockname()[1]

    async def hold_back(self, size):
        """Lets the time pass that a slow link needs for SIZE bytes."""
        if not self.rate:
            return
        now = self.loop.time()
        self.free_at = max(self.free_at, now) + size / self.rate
        await asyncio.sleep(self.free_at - now)

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    async def listen(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f'{self.facts["dir"]}/server.pem', f'{self.facts["dir"]}/server.key')
        return await asyncio.start_server(self.serve, '127.0.0.1', 0, ssl=context, limit=1 << 24)

    async def serve(self, reader, writer):
        connection = None
        try:
            if self.down or self.most and len(self.connections) >= self.most:
                self.refused += 1
                writer.transport.abort()
                return
            up_reader, up_writer = await asyncio.open_connection('127.0.0.1', self.facts['imap_starttls'],
                                                                 limit=1 << 24)
            connection = Connection(self, writer, up_writer)
            self.connections.add(connection)
            pumps = [asyncio.ensure_future(connection.pump('up', reader)),
                     asyncio.ensure_future(connection.pump('down', up_reader))]
            _, others = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in others:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        except OSError:
            pass
        finally:
            self.connections.discard(connection)
            for stream in (writer, connection.server if connection else None):
                if stream:
                    stream.close()

    def arm(self, pattern, direction, count):
        self.passed = 0
        self.armed = (re.compile(pattern), direction, count)

    def note_cut(self):
        self.cuts += 1
        if self.on_cut:
            self.on_cut()

    def disarm(self):
        self.armed = None
        for connection in list(self.connections):
            connection.left = None

    def cut_all(self):
        async def cut():
            for connection in list(self.connections):
                connection.cut()
        self.call(cut())

    def go_down(self):
        self.down = True
        self.cut_all()

    def come_up(self):
        self.down = False

    def close(self):
        async def close():
            self.server.close()
            for connection in list(self.connections):
                connection.cut()
            await asyncio.sleep(0.05)
        self.call(close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
