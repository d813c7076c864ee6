"""How does a load driver talk HTTP and WebSocket without eating the cores that it shares with the server?

Bare protocols: one buffer, no tasks, text frames only, callbacks instead of queues. They do what this driver needs of the
standards and refuse the rest.
"""

import asyncio
import base64
import os
from collections import deque
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
UNMASKED = b"\0\0\0\0"
"""A mask of zeros: for the server as much work as any other, for the driver none."""


class Broken(Exception):
    """The server said something that this driver does not understand, or hung up."""


class Address:
    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError(f"An address like http://127.0.0.1:8080 is expected, not {url!r}.")
        self.host, self.port = parts.hostname, parts.port or 80

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Http(asyncio.Protocol):
    """One keep-alive connection, one request at a time: `status, body = await http.ask("POST", "/x", b"{}")`."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    async def ask(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json", bearer: str = ""
    ) -> tuple[int, bytes]:
        """Raises `Broken`, `OSError`."""
        loop = asyncio.get_running_loop()
        if self._transport is None or self._transport.is_closing():
            await loop.create_connection(lambda: self, self._address.host, self._address.port)
        assert self._transport is not None
        said_who = f"authorization: Bearer {bearer}\r\n" if bearer else ""
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: {self._address}\r\n{said_who}"
            f"content-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self._answer = loop.create_future()
        self._transport.write(head.encode() + body)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._buffer = cast("asyncio.Transport", transport), b""  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._answer is None:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        body, self._buffer = self._buffer[end + 4 : end + 4 + length], self._buffer[end + 4 + length :]
        answer, self._answer = self._answer, None
        if not answer.done():
            answer.set_result((int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Broken("The server hung up in the middle of a request."))


class Pool:
    """Up to `size` keep-alive connections for whoever asks; the rest wait."""

    def __init__(self, address: Address, size: int) -> None:
        self._free = deque(Http(address) for _ in range(size))
        self._all = tuple(self._free)
        self._turn = asyncio.Semaphore(size)

    async def ask(self, method: str, path: str, body: bytes = b"", bearer: str = "") -> tuple[int, bytes]:
        async with self._turn:
            http = self._free.pop()
            try:
                return await http.ask(method, path, body, bearer=bearer)
            finally:
                self._free.append(http)

    def close(self) -> None:
        for http in self._all:
            http.close()


class WebSocket(asyncio.Protocol):
    """`on_text` gets each text message, `on_close` the code with which it ended (1006: no close frame came)."""

    def __init__(self, on_text: Callable[[bytes], None], on_close: Callable[[int, str], None]) -> None:
        self._on_text, self._on_close = on_text, on_close
        self._buffer = b""
        self._opened: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._code, self._reason = 1006, ""
        self._wanted = True

    async def open(self, address: Address, path: str, protocol: str = "") -> None:
        """Raises `Broken`, `OSError`."""
        loop = asyncio.get_running_loop()
        self._opened = loop.create_future()
        await loop.create_connection(lambda: self, address.host, address.port)
        assert self._transport is not None
        key = base64.b64encode(os.urandom(16)).decode()
        asked = f"sec-websocket-protocol: {protocol}\r\n" if protocol else ""
        self._transport.write(
            f"GET {path} HTTP/1.1\r\nhost: {address}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            f"sec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n{asked}\r\n".encode()
        )
        await self._opened

    def send(self, text: bytes, kind: int = TEXT) -> None:
        length = len(text)
        if length < 126:
            head = bytes((0x80 | kind, 0x80 | length))
        elif length < 65_536:
            head = bytes((0x80 | kind, 0xFE)) + length.to_bytes(2, "big")
        else:
            head = bytes((0x80 | kind, 0xFF)) + length.to_bytes(8, "big")
        if self._transport is not None:
            self._transport.write(head + UNMASKED + text)

    def close(self) -> None:
        """We have had enough: nothing more is told to `on_text` or `on_close`."""
        self._wanted = False
        if self._transport is not None:
            self.send(b"\x03\xe8", CLOSE)
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        at = 0
        if self._opened is not None:
            at = self._shake(buffer)
            if self._opened is not None:
                self._buffer = buffer
                return
        size = len(buffer)
        while size - at >= 2:
            length, begin = buffer[at + 1], at + 2
            if length == 126:
                length, begin = int.from_bytes(buffer[begin : begin + 2], "big"), begin + 2
            elif length == 127:
                length, begin = int.from_bytes(buffer[begin : begin + 8], "big"), begin + 8
            if begin + length > size or begin > size:
                break
            self._take(buffer[at], buffer[begin : begin + length])
            at = begin + length
        self._buffer = buffer[at:]

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._opened is not None and not self._opened.done():
            self._opened.set_exception(Broken("The server hung up during the handshake."))
        elif self._wanted:
            self._wanted = False
            self._on_close(self._code, self._reason)

    def _shake(self, buffer: bytes) -> int:
        end = buffer.find(b"\r\n\r\n")
        if end < 0 or self._opened is None:
            return 0
        opened, self._opened = self._opened, None
        if buffer[9:12] == b"101":
            opened.set_result(None)
        else:
            opened.set_exception(Broken(f"No WebSocket: {buffer[:end].decode('latin-1')}"))
        return end + 4

    def _take(self, first: int, payload: bytes) -> None:
        if first == 0x80 | TEXT:
            if self._wanted:
                self._on_text(payload)
        elif first == 0x80 | PING:
            self.send(payload, PONG)
        elif first == 0x80 | CLOSE:
            self._code, self._reason = int.from_bytes(payload[:2], "big") or 1005, payload[2:].decode()
            if self._transport is not None:
                self.send(payload[:2], CLOSE)
                self._transport.close()
        else:
            raise Broken(f"A frame that begins with {first:#x} was not expected.")
