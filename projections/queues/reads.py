"""How are the queues doing, now and in any span of time? Counters come from quarters, so boards and reports agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from domain.ids import MrdId, QueueId
from projections.paging import Connection
from projections.queues.counters import QueueCounters


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


_SUMMED = tuple(name for name in QueueCounters.__struct_fields__ if name != "longest_wait_ms")
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
    return QueueCounters(**{name: row.pop(name) for name in QueueCounters.__struct_fields__})
