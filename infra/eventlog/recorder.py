"""How do the tools of the `eventsourcing` library write to our log? Through this recorder, and so through our writer.

Their own PostgreSQL recorder reads our table as well, with text ids, but it must not write there: positions are given out by
`append_facts` alone.
"""

import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString, Self
from uuid import UUID, uuid4

from anyio.from_thread import start_blocking_portal
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    OperationalError,
    ProgrammingError,
    StoredEvent,
    Subscription,
)

from domain.kernel import Cause
from infra.eventlog.codec import encode_cause
from infra.eventlog.port import Conflict, Unavailable
from infra.eventlog.postgres import PostgresLog

FOREVER = 2**63 - 1
POLL_S = 0.01
PAGE = 500

_EVENTS: LiteralString = """
SELECT originator_id, originator_version, topic, state FROM stored_events
WHERE originator_id = %s AND originator_version > %s AND originator_version <= %s
ORDER BY originator_version """
_NOTIFICATIONS: LiteralString = """
SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events
WHERE notification_id > %s AND notification_id <= %s AND (topic = ANY(%s) OR %s)
ORDER BY notification_id LIMIT %s
"""
_MAX = "SELECT max(notification_id) FROM stored_events"


class LogRecorder(ApplicationRecorder):
    """An `ApplicationRecorder` over the same table and writer as `PostgresLog`, for threads rather than for a loop.

    Differences from the library's own: versions begin at 0 and have no gaps, ids are text, and one call writes to one
    stream. `close` when done.
    """

    def __init__(self, url: str) -> None:
        self._portals = start_blocking_portal()
        self._portal = self._portals.__enter__()
        self._log = PostgresLog(url)
        self._portal.call(self._log.open)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._portal.call(self._log.close)
        self._portals.__exit__(None, None, None)

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Raises `IntegrityError` unless the events are the next of their stream."""
        if not stored_events:
            return []
        first = stored_events[0]
        if any(event.originator_id != first.originator_id for event in stored_events):
            raise ProgrammingError("one call writes to one stream; what must follow in others follows by policies")
        if any(event.originator_version != n for n, event in enumerate(stored_events, first.originator_version)):
            raise IntegrityError(f"the versions of {first.originator_id} have a gap or a repeat")
        try:
            last = self._portal.call(self._append, str(first.originator_id), stored_events)
        except Conflict as conflict:
            raise IntegrityError(str(conflict)) from conflict
        except Unavailable as unavailable:
            raise OperationalError(str(unavailable)) from unavailable
        return list(range(last - len(stored_events) + 1, last + 1))

    async def _append(self, stream: str, events: Sequence[StoredEvent]) -> int:
        return await self._log.append_encoded(
            stream,
            events[0].originator_version - 1,
            [event.topic for event in events],
            [event.state for event in events],
            [uuid4().bytes for _ in events],
            datetime.now(UTC),
            encode_cause(Cause(uuid4(), actor="eventsourcing")),
        )

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        query = _EVENTS + ("DESC LIMIT %s" if desc else "ASC LIMIT %s")
        after, upto = -1 if gt is None else gt, FOREVER if lte is None else lte
        return [StoredEvent(*row) for row in self._fetch(query, str(originator_id), after, upto, limit)]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = 0 if start is None else start - inclusive_of_start
        upto = FOREVER if stop is None else stop
        rows = self._fetch(_NOTIFICATIONS, after, upto, list(topics), not topics, limit)
        return [
            Notification(stream, version, topic, state, position) for position, stream, version, topic, state in rows
        ]

    def max_notification_id(self) -> int | None:
        ((position,),) = self._fetch(_MAX)
        return position  # type: ignore[no-any-return]

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "LogSubscription":
        return LogSubscription(self, gt, topics)

    def _fetch(self, query: LiteralString, *parameters: Any) -> list[Any]:
        return self._portal.call(self._log.fetch, query, parameters)


class LogSubscription(Subscription[LogRecorder]):
    """Looks again and again: the library's tools are guests, and not on anybody's hot path."""

    def __init__(self, recorder: LogRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder, gt, topics)
        self._after = gt
        self._page: deque[Notification] = deque()

    def __next__(self) -> Notification:
        while not self._has_been_stopped:
            if self._page:
                return self._page.popleft()
            found = self._recorder.select_notifications(
                self._after, PAGE, topics=self._topics, inclusive_of_start=False
            )
            if found:
                self._after = found[-1].id
                self._page.extend(found)
            else:
                time.sleep(POLL_S)
        raise StopIteration
