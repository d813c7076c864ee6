"""How are the queues doing, now and in any span of time? Counters come from quarters, so boards and reports agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from domain.ids import MrdId, QueueId
from projections.paging import Connection


@dataclass(frozen=True, slots=True)
class QueueCounters:
    """What happened in a span of time. Times are sums in milliseconds; the definitions stand in `schema.sql`."""

    offered: int = 0
    requeued: int = 0
    answered: int = 0
    handled: int = 0
    abandoned: int = 0
    abandoned_network: int = 0
    abandoned_inactivity: int = 0
    abandoned_forced: int = 0
    short_abandoned: int = 0
    rona: int = 0
    declined: int = 0
    flushed: int = 0
    no_agent: int = 0
    answered_within: int = 0
    abandoned_within: int = 0
    wait_ms: int = 0
    abandoned_wait_ms: int = 0
    longest_wait_ms: int = 0
    alert_ms: int = 0
    handle_ms: int = 0
    wrap_up_ms: int = 0
    foretold: int = 0
    foretold_error_ms: int = 0
    foretold_bias_ms: int = 0

    def service_level(self, kind: int) -> float | None:
        """From 0 to 1, of type 1, 2 or 3; none where nothing counts. Only what has ended is within or not."""
        match kind:
            case 1:
                return _share(self.answered_within, self.offered - self.abandoned_within)
            case 2:
                return _share(self.answered_within, self.offered)
            case 3:
                return _share(self.answered_within + self.abandoned_within, self.offered)
            case _:
                raise ValueError(f"there is no service level of type {kind}")

    @property
    def average_speed_of_answer_s(self) -> float | None:
        """Σ (accept − first enqueue) / answered."""
        return _share(self.wait_ms / 1000, self.answered)

    @property
    def average_alert_s(self) -> float | None:
        return _share(self.alert_ms / 1000, self.answered)

    @property
    def average_handle_s(self) -> float | None:
        """Talk, hold and wrap-up of what was handled."""
        return _share(self.handle_ms / 1000, self.handled)

    @property
    def mean_wait_error_s(self) -> float | None:
        """By how much the waits that were estimated on arrival differed from those that came (routing 65)."""
        return _share(self.foretold_error_ms / 1000, self.foretold)

    @property
    def mean_wait_bias_s(self) -> float | None:
        """The same with its sign: positive where too long a wait was told."""
        return None if not self.foretold else self.foretold_bias_ms / 1000 / self.foretold

    @property
    def abandon_rate(self) -> float | None:
        return _share(self.abandoned, self.offered)


@dataclass(frozen=True, slots=True)
class QueueBoard:
    """One queue now. `queued` wait, `reserved` ring, `active` talk; `counters` since `since`.

    `oldest_waiting_since`: the first entry of the request that waits longest, queued or ringing.
    """

    id: QueueId
    name: str
    mrd_id: MrdId
    priority: int
    service_level_type: int
    service_level_threshold_s: int
    queued: int
    reserved: int
    active: int
    wrapping_up: int
    oldest_waiting_since: datetime | None
    since: datetime
    counters: QueueCounters

    @property
    def service_level(self) -> float | None:
        return self.counters.service_level(self.service_level_type)


@dataclass(frozen=True, slots=True)
class QueueQuarter:
    queue_id: QueueId
    starts_at: datetime
    counters: QueueCounters


_SUMMED = tuple(name for name in QueueCounters.__dataclass_fields__ if name != "longest_wait_ms")
_SUMS = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in _SUMMED)
# Put together from the names of our own columns.
_BOARDS = f"""
SELECT queue.id, name, mrd_id, priority, service_level_type, service_level_threshold_s, now_open.*, past.*
FROM queues.queue
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE media_state = 'QUEUED') AS queued,
           count(*) FILTER (WHERE media_state = 'RESERVED') AS reserved,
           count(*) FILTER (WHERE media_state = 'ACTIVE') AS active,
           count(*) FILTER (WHERE state = 'WRAP_UP') AS wrapping_up,
           min(first_enqueued_at) FILTER (WHERE media_state IN ('QUEUED', 'RESERVED')) AS oldest_waiting_since
    FROM queues.request WHERE request.queue_id = queue.id
) AS now_open ON true
LEFT JOIN LATERAL (
    SELECT {_SUMS}, coalesce(max(longest_wait_ms), 0) AS longest_wait_ms
    FROM queues.quarter WHERE quarter.queue_id = queue.id AND starts_at >= %(since)s
) AS past ON true
WHERE NOT retired AND (%(ids)s::text[] IS NULL OR queue.id = ANY(%(ids)s))
ORDER BY name, queue.id
"""  # noqa: S608
_QUARTERS = """
SELECT * FROM queues.quarter
WHERE starts_at >= %(since)s AND starts_at < %(until)s AND (%(ids)s::text[] IS NULL OR queue_id = ANY(%(ids)s))
ORDER BY queue_id, starts_at
"""


async def boards(
    connection: Connection, since: datetime, queue_ids: Sequence[QueueId] | None = None
) -> list[QueueBoard]:
    """The queues by name, all or these; counters from `since` (today's beginning, on a quarter) until now."""
    rows = await _fetch(
        connection, _BOARDS, {"since": since, "ids": list(queue_ids) if queue_ids is not None else None}
    )
    return [QueueBoard(counters=_counters(row), since=since, **row) for row in rows]


async def quarters(
    connection: Connection, since: datetime, until: datetime, queue_ids: Sequence[QueueId] | None = None
) -> list[QueueQuarter]:
    """The quarters in which anything happened, by queue and time; `until` is exclusive."""
    ids = list(queue_ids) if queue_ids is not None else None
    rows = await _fetch(connection, _QUARTERS, {"since": since, "until": until, "ids": ids})
    return [QueueQuarter(counters=_counters(row), **row) for row in rows]


async def _fetch(connection: Connection, query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query.encode(), parameters)
        return await cursor.fetchall()


def _counters(row: dict[str, Any]) -> QueueCounters:
    """Takes the counters out of the row."""
    return QueueCounters(**{name: row.pop(name) for name in QueueCounters.__dataclass_fields__})


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
