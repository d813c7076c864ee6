"""Which rules of EventStoreDB can a client see? One log, streams with revisions, expectations, deletion, metadata.

Behaviour was read in the server's source (oss-v24.6.0) and is kept to what a client can observe; nothing is stored.
"""

import asyncio
import json
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

ANY, NO_STREAM, EXISTS = -2, -1, -4
"""Expectations that are not a revision."""

DELETED_FOR_GOOD = 2**63 - 1
"""The revision of a tombstone, and the `$tb` ("truncate before") of a softly deleted stream."""


class WrongVersion(Exception):
    """The stream is not where the writer expected it; `current` is its last revision, -1 for none."""

    def __init__(self, current: int) -> None:
        super().__init__(current)
        self.current = current


class Deleted(Exception):
    """The stream has a tombstone, or was expected to exist and is softly deleted."""


@dataclass(frozen=True, slots=True)
class Proposed:
    id: UUID
    type: str
    is_json: bool
    data: bytes
    metadata: bytes

    @property
    def size(self) -> int:
        return len(self.data) + len(self.metadata) + len(self.type)


@dataclass(frozen=True, slots=True)
class Record:
    position: int
    stream: str
    revision: int
    created: int
    """100 ns ticks since 1970."""
    event: Proposed


@dataclass(slots=True)
class Stream:
    records: list[Record] = field(default_factory=list)
    tombstoned: bool = False
    truncate_before: int = 0
    max_count: int | None = None
    max_age_s: float | None = None
    has_metadata: bool = False

    @property
    def last(self) -> int:
        return self.records[-1].revision if self.records else -1

    @property
    def softly_deleted(self) -> bool:
        return self.truncate_before == DELETED_FOR_GOOD

    def visible(self) -> list[Record]:
        """What a reader of the stream sees; readers of `$all` still see everything, for nothing is ever scavenged."""
        records = self.records[min(self.truncate_before, len(self.records)) :]  # revisions are dense
        if self.max_count is not None:
            records = records[-self.max_count :]
        if self.max_age_s is not None:
            oldest = time.time_ns() // 100 - int(self.max_age_s * 1e7)
            records = [record for record in records if record.created >= oldest]
        return records


class Log:
    """`system_events=False` is a log where the first written event has position 0, as some servers have given it."""

    def __init__(self, *, system_events: bool = True) -> None:
        self.records: list[Record] = []
        self.streams: dict[str, Stream] = {}
        self._positions: list[int] = []
        self._by_id: dict[tuple[str, UUID], Record] = {}
        self._next_position = 0
        self._changed = asyncio.Condition()
        if system_events:
            self._put("$$$stats", _metadata({"$maxAge": 86400}))

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def last_position(self) -> int:
        return self._positions[-1] if self._positions else -1

    @property
    def next_position(self) -> int:
        return self._next_position

    def stream(self, name: str) -> Stream:
        """The stream, empty if nobody wrote it."""
        return self.streams.get(name) or Stream()

    def read(self, name: str) -> list[Record] | None:
        """What is visible of a stream, oldest first; None if it never was or is softly deleted. Raises `Deleted`."""
        stream = self.stream(name)
        if stream.tombstoned or (name.startswith("$$") and self.stream(name[2:]).tombstoned):
            raise Deleted
        if not stream.records or stream.softly_deleted:
            return None
        return stream.visible()

    def after(self, position: int) -> Sequence[Record]:
        return self.records[bisect_right(self._positions, position) :]

    def since(self, position: int) -> Sequence[Record]:
        return self.records[bisect_left(self._positions, position) :]

    def before(self, position: int) -> Sequence[Record]:
        return self.records[: bisect_left(self._positions, position)]

    async def news(self, position: int, or_else: Callable[[], bool] = lambda: False) -> None:
        """Return once the log is longer than `position`, or something else (see `stir`) has come true."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.last_position > position or or_else())

    async def stir(self) -> None:
        """Make everybody who waits for news look again."""
        async with self._changed:
            self._changed.notify_all()

    # ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def append(self, name: str, expected: int, events: Sequence[Proposed]) -> Record | None:
        """The last record: of now, or of the first time when this is a repeat. Raises `WrongVersion`, `Deleted`."""
        async with self._changed:
            known = self._check(name, expected, [event.id for event in events])
            if known is not None:
                return known
            stream, last = self.stream(name), None
            if stream.softly_deleted:  # written again: what was there stays hidden, revisions go on
                self._put("$$" + name, _metadata({"$tb": stream.last + 1}))
            for event in events:
                last = self._put(name, event)
            self._changed.notify_all()
            return last

    async def delete(self, name: str, expected: int, *, for_good: bool) -> Record:
        """Raises `WrongVersion` (current -1 for a stream never written), `Deleted`."""
        async with self._changed:
            stream = self.stream(name)
            self._check(name, expected, [])
            if stream.last < 0 and not stream.has_metadata and not for_good:
                raise WrongVersion(-1)
            if for_good:
                record = self._put(name, Proposed(uuid4(), "$streamDeleted", False, b"", b""), DELETED_FOR_GOOD)
                self.streams[name].tombstoned = True
            else:
                record = self._put("$$" + name, _metadata({"$tb": DELETED_FOR_GOOD}))
            self._changed.notify_all()
            return record

    def _check(self, name: str, expected: int, ids: Sequence[UUID]) -> Record | None:
        """None: go and write. A record: all of this was written before, that is its last."""
        stream = self.stream(name)
        if stream.tombstoned:
            raise Deleted
        if expected == EXISTS:
            if stream.softly_deleted:
                raise Deleted
            if stream.last < 0 and not stream.has_metadata:
                raise WrongVersion(-1)
        if expected in (ANY, EXISTS):
            return self._known_anywhere(name, stream, ids)
        if expected < stream.last:
            return self._known_in_place(name, stream, expected, ids)
        if expected > stream.last:
            raise WrongVersion(stream.last)
        return None

    def _known_anywhere(self, name: str, stream: Stream, ids: Sequence[UUID]) -> Record | None:
        known = [self._by_id.get((name, event_id)) for event_id in ids]
        if not known or known[0] is None:
            return None
        if None in known:
            raise WrongVersion(stream.last)
        return known[-1]

    def _known_in_place(self, name: str, stream: Stream, expected: int, ids: Sequence[UUID]) -> Record | None:
        for revision, event_id in enumerate(ids, start=expected + 1):
            known = self._by_id.get((name, event_id))
            if known is not None and known.revision == revision:
                continue
            if revision == 0 and stream.softly_deleted:
                return None
            raise WrongVersion(stream.last)
        if not ids:
            raise WrongVersion(stream.last)
        return self._by_id[name, ids[-1]]

    def _put(self, name: str, event: Proposed, revision: int | None = None) -> Record:
        stream = self.streams.setdefault(name, Stream())
        at = stream.last + 1 if revision is None else revision
        record = Record(self._next_position, name, at, time.time_ns() // 100, event)
        self._next_position += 64 + len(name) + event.size  # a byte offset: gaps of any size, never dense
        stream.records.append(record)
        self.records.append(record)
        self._positions.append(record.position)
        self._by_id[name, event.id] = record
        if name.startswith("$$") and event.type == "$metadata":
            self._obey(name[2:], event.data)
        return record

    def _obey(self, name: str, metadata: bytes) -> None:
        wishes = json.loads(metadata or b"{}")
        stream = self.streams.setdefault(name, Stream())
        stream.has_metadata = True
        stream.truncate_before = int(wishes.get("$tb", 0))
        stream.max_count = wishes.get("$maxCount")
        stream.max_age_s = wishes.get("$maxAge")


def _metadata(wishes: dict[str, int]) -> Proposed:
    return Proposed(uuid4(), "$metadata", True, json.dumps(wishes).encode(), b"")
