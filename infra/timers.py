"""What is due when? A reading of the deadlines that stand in facts; firing one is a command (routing 42)."""

import asyncio
import heapq
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import structlog

from commands.bus import HANDLERS, Command, Commands
from commands.policies.deadlines import Set, deadlines
from domain.kernel import NAMESPACE, Recorded, Refused, uuid5
from infra.eventlog.port import Conflict, Unavailable

RETRY_S = 1.0
FIRING_AT_ONCE_MAX = 200

log = structlog.get_logger(__name__)
_COMMANDS = {command.__name__: command for command in HANDLERS}


class Timers:
    """A fold of the log into the deadlines that are still to come, and the loop that fires them."""

    name = "timers"
    shape = 2

    def __init__(self, commands: Commands, clock: Callable[[], datetime]) -> None:
        self._commands = commands
        self._clock = clock
        self._due: dict[str, tuple[datetime, Command]] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._queued: dict[str, datetime] = {}  # what stands in the heap: one entry a key, however often it is moved
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._due)

    def feed(self, recorded: Recorded[Any]) -> None:
        for change in deadlines(recorded):
            if isinstance(change, Set):
                self._set(change.key, change.due, change.command)
            else:
                self._due.pop(change.key, None)

    def dump(self) -> bytes:
        return msgspec.json.encode(
            [(key, due, type(command).__name__, command) for key, (due, command) in self._due.items()]
        )

    def restore(self, state: bytes) -> None:
        for key, due, name, fields in msgspec.json.decode(state, type=list[tuple[str, datetime, str, msgspec.Raw]]):
            self._set(key, due, msgspec.json.decode(fields, type=_COMMANDS[name]))

    def look_again(self) -> None:
        """The clock was set: what was far away may be due."""
        self._changed.set()

    async def run(self) -> None:
        """May be run again after it was cancelled, perhaps while something fired: that fires again."""
        for key, (due, _) in self._due.items():
            if key not in self._queued:
                self._queue(key, due)
        while True:
            self._changed.clear()
            wait_s = await self._fire_what_is_due()
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _set(self, key: str, due: datetime, command: Command) -> None:
        self._due[key] = (due, command)
        if key not in self._queued or due < self._queued[key]:
            self._queue(key, due)

    def _queue(self, key: str, due: datetime) -> None:
        self._queued[key] = due
        heapq.heappush(self._heap, (due, key))
        if self._heap[0][1] == key:
            self._changed.set()

    async def _fire_what_is_due(self) -> float | None:
        """Fire what is due; returns the seconds until the next, none when nothing waits."""
        now = self._clock()
        firing: list[tuple[str, datetime, Command]] = []
        while self._heap and self._heap[0][0] <= now and len(firing) < FIRING_AT_ONCE_MAX:
            due, key = heapq.heappop(self._heap)
            if self._queued.get(key) != due:
                continue  # it was moved forward, another entry stands for it
            del self._queued[key]
            if key in self._due and self._due[key][0] > due:
                self._queue(key, self._due[key][0])  # it was put off
            elif key in self._due:
                firing.append((key, *self._due[key]))
        await asyncio.gather(*(self._fire(*timer) for timer in firing))
        return (self._heap[0][0] - self._clock()).total_seconds() if self._heap else None

    async def _fire(self, key: str, due: datetime, command: Command) -> None:
        try:
            await self._commands.send(command, uuid5(NAMESPACE, f"{key}/{due.isoformat()}"), "timer")
        except Refused as refused:
            log.info("timer refused", key=key, code=refused.code)
        except (Unavailable, Conflict):
            log.warning("log unavailable, the timer fires again", key=key)
            await asyncio.sleep(RETRY_S)
            if key in self._due and key not in self._queued:
                self._queue(key, self._due[key][0])
            return
        except Exception:
            log.exception("timer failed", key=key)
        if self._due.get(key) == (due, command):  # not before: a snapshot taken meanwhile must still hold it
            del self._due[key]
