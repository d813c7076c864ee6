"""How long does one WebSocket live? Until its client leaves, keeps silent, comes too late with who it is, or reads too slowly."""

import asyncio

from starlette.types import Receive, Send

from api.graphql.limits import Sockets
from api.graphql.outlet import Outlet

PING = '{"type":"ping"}'
RESTARTS = 1012
SILENT_BEATS_MAX = 2


class Link:
    """One accepted WebSocket up to its close. Whoever speaks through it says in `_take` what a frame means, and in `_stop`
    what ends with it.
    """

    __slots__ = ("_expiry", "_outlet", "_receive", "_silent_beats", "_task", "_timer", "bounds", "restarts")

    def __init__(self, receive: Receive, send: Send, bounds: Sockets, late: str) -> None:
        """`late`: what a client is told who does not `_stay` in time."""
        self._receive, self.bounds = receive, bounds
        self.restarts = False
        self._outlet = Outlet(send, bounds, self._too_slow)
        self._silent_beats = 0
        self._task = asyncio.current_task()
        self._expiry: asyncio.TimerHandle | None = None
        self._timer = asyncio.get_running_loop().call_later(bounds.init_timeout_s, self.end, 4408, late)

    async def serve(self) -> None:
        try:
            while (event := await self._receive())["type"] == "websocket.receive":
                if not self._outlet.over:
                    await self._take(event.get("text"))
            self.restarts = event.get("code") == RESTARTS
        except asyncio.CancelledError:
            if not self._outlet.over:
                raise
        finally:
            self._stop()
            self._outlet.drop()

    def end(self, code: int, reason: str) -> None:
        """Close the socket and with it all that goes on in it."""
        if not self._outlet.over:
            self._outlet.end(code, reason)
            self._stop()
            # A reader who has stopped reading never sees the close frame; do not wait for it for ever.
            self._timer = asyncio.get_running_loop().call_later(self.bounds.farewell_s, self._give_up)

    async def drained(self) -> None:
        await self._outlet.drained()

    async def _take(self, text: str | None) -> None:
        raise NotImplementedError

    def _stay(self, expires_in_s: float | None) -> None:
        """It is known who this is, so the first timer was cancelled: from now on they only need to answer pings."""
        loop = asyncio.get_running_loop()
        if expires_in_s is not None:
            self._expiry = loop.call_later(expires_in_s, self.end, 4403, "Token expired")
        self._timer = loop.call_later(self.bounds.heartbeat_s, self._beat)

    def _beat(self) -> None:
        if self._silent_beats > SILENT_BEATS_MAX:
            self.end(1001, "No answer to pings")
        else:
            self._silent_beats += 1
            self._outlet.put(PING)
            self._timer = asyncio.get_running_loop().call_later(self.bounds.heartbeat_s, self._beat)

    def _stop(self) -> None:
        self._timer.cancel()
        if self._expiry is not None:
            self._expiry.cancel()

    def _too_slow(self) -> None:
        self.end(1013, "Too slow a reader")

    def _give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()
