"""Why is a turn of the event loop one write per connection? Because a write is a system call, and costs more than a frame.

uvloop hands every `write` to the kernel at once: some 20 µs, the largest single cost of a message on its way to a desk.
What one turn of the loop has to say to one client is gathered here, and written together at the end of that turn.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Gathering:
    """A transport that writes once per turn. Everything but writing and closing is the real transport's."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(data)

    def writelines(self, parts: list[bytes]) -> None:
        self.write(b"".join(parts))

    def write_eof(self) -> None:
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._waiting and not self._transport.is_closing():
            self._transport.write(b"".join(self._waiting))
        self._waiting.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class GatheringHttp(HttpToolsProtocol):
    """uvicorn's own protocol; a WebSocket that begins here takes the gathering transport along."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(Gathering(transport, asyncio.get_running_loop()))  # type: ignore[arg-type]
