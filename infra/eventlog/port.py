"""What does the rest of Parley ask of an event log? Three stores answer: PostgreSQL, EventStoreDB, memory."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from hashlib import sha1
from typing import Any, Protocol
from uuid import UUID

from commands.ports import Conflict, Unavailable
from domain.kernel import BEGINNING, NOT_WRITTEN, Cause, Fact, Position, Recorded

__all__ = ["Batch", "Before", "Conflict", "EventLog", "Unavailable", "event_id", "event_id_bytes"]

Batch = Sequence[Recorded[Any]]


class Before(int):
    """The position of facts that were in the log already, and perhaps are not what was to be appended this time."""


class EventLog(Protocol):
    """An append-only log of facts in streams, with one order over all of them.

    Promises, held for every store by one contract suite (`tests/infra/eventlog/`):
    - `append` is atomic, durable when it returns, and refuses with `Conflict` unless the stream's last version is `expected`.
    - Appending again under the same cause (the facts at `expected + 1 …` carry the same event ids) returns the position
      of the first time, and writes nothing. Where the store tells that it is a repeat, that position is a `Before`.
    - `read_all` and `subscribe` give every fact once, in commit order, whoever wrote it, in this process or another.
    - No call blocks the event loop.
    """

    async def append(self, stream: str, expected: int, facts: Sequence[Fact], cause: Cause, at: datetime) -> Position:
        """Append one or more facts; returns the position of the last. Raises `Conflict`, `Unavailable`."""
        ...

    async def read(self, stream: str, after: int = NOT_WRITTEN, limit: int | None = None) -> list[Recorded[Any]]:
        """The facts of one stream with `version > after`, oldest first, at most `limit`; empty for a stream that nobody
        wrote.
        """
        ...

    async def read_all(self, after: Position = BEGINNING, limit: int = 500) -> list[Recorded[Any]]:
        """At most `limit` facts of the whole log with `position > after`, in commit order."""
        ...

    async def skim(
        self, kinds: Collection[str], after: Position, limit: int = 50_000
    ) -> tuple[list[Recorded[Any]], Position]:
        """Look at about `limit` facts after a position, or to the end: those whose stored names are among `kinds`, in commit
        order, and the position of the last that was looked at. What is not wanted is not decoded.
        """
        ...

    def subscribe(self, after: Position = BEGINNING) -> AsyncIterator[Batch]:
        """Everything after a position: history in batches, then live, with no gap and no repeat. Never ends by itself."""
        ...

    async def head(self) -> Position:
        """The position of the newest fact, `BEGINNING` when there is none."""
        ...

    async def close(self) -> None: ...


def event_id(cause: Cause, stream: str, n: int) -> UUID:
    """The id of the n-th fact that a command writes to a stream: the same whenever the command is sent again."""
    return UUID(bytes=event_id_bytes(cause, stream, n))


def event_id_bytes(cause: Cause, stream: str, n: int) -> bytes:
    """The same, for those who need no `UUID`: a UUIDv5 in the command's namespace, without the cost of the class."""
    digest = bytearray(sha1(cause.command_id.bytes + f"{stream}/{n}".encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)
