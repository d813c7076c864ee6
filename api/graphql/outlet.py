"""How do frames leave through one socket without anybody waiting for a slow reader?

A frame is written at once while the reader keeps up, without a task switch. When the server's buffer is full the rest
waits here, within bounds, and one task pushes it out. Over the bounds the reader is told that it was too slow.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from starlette.types import Send

from api.graphql.limits import Sockets


class Outlet:
    """The sending side of an accepted WebSocket. `on_slow` is called once when the backlog is over its bounds."""

    __slots__ = ("_backlog", "_bounds", "_drain", "_ended", "_on_slow", "_send", "_size")

    def __init__(self, send: Send, bounds: Sockets, on_slow: Callable[[], None]) -> None:
        self._send, self._bounds, self._on_slow = send, bounds, on_slow
        self._backlog: deque[str] | None = None
        self._size = 0
        self._drain: asyncio.Task[None] | None = None
        self._ended: tuple[int, str] | None = None

    @property
    def over(self) -> bool:
        return self._ended is not None

    def put(self, text: str) -> None:
        """Send one text frame. Never blocks, never raises."""
        if self._ended is not None:
            return
        if self._drain is None:
            self._start({"type": "websocket.send", "text": text})
        else:
            self._wait(text)

    def end(self, code: int, reason: str) -> None:
        """Close after what is already with the server; what still waits here is dropped."""
        if self._ended is None:
            self._ended = (code, reason)
            self._backlog, self._size = None, 0
            if self._drain is None:
                self._start({"type": "websocket.close", "code": code, "reason": reason})

    async def drained(self) -> None:
        """Return when nothing waits here."""
        while self._drain is not None:
            await asyncio.wait((self._drain,))

    def drop(self) -> None:
        """The socket is gone."""
        self._ended = self._ended or (1006, "")
        self._backlog = None
        if self._drain is not None:
            self._drain.cancel()

    def _wait(self, frame: str) -> None:
        self._backlog = self._backlog or deque()
        self._backlog.append(frame)
        self._size += len(frame)
        if len(self._backlog) > self._bounds.backlog_items or self._size > self._bounds.backlog_bytes:
            self._on_slow()

    def _start(self, message: dict[str, Any]) -> None:
        """Run the server's `send` up to the point where it would wait; only then is a task worth its price."""
        sending: Coroutine[Any, Any, None] = self._send(message)  # type: ignore[assignment]  # any coroutine will do
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        except OSError:  # the client has left; `receive` says so to the one who listens
            self._ended = self._ended or (1006, "")
            return
        self._drain = asyncio.get_running_loop().create_task(self._push(_Rest(sending, waits_for)))

    async def _push(self, rest: "_Rest") -> None:
        try:
            await rest
            while self._backlog:
                frame = self._backlog.popleft()
                self._size -= len(frame)
                await self._send({"type": "websocket.send", "text": frame})
            if self._ended is not None and self._ended[0] != 1006:
                await self._send({"type": "websocket.close", "code": self._ended[0], "reason": self._ended[1]})
        except OSError:
            self._ended = self._ended or (1006, "")
        finally:
            self._drain, self._backlog, self._size = None, None, 0


class _Rest:
    """A coroutine that was already stepped to its first wait, to be awaited from there."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._coroutine, self._waits_for = coroutine, waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self._waits_for
        while True:
            result = None
            try:
                result = yield waits_for
            except BaseException as thrown:  # noqa: BLE001 - it is thrown on, cancellation too
                failure: BaseException | None = thrown
            else:
                failure = None
            try:
                waits_for = self._coroutine.throw(failure) if failure else self._coroutine.send(result)
            except StopIteration:
                return
