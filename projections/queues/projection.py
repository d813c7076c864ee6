"""How do tasks add up to a queue's board? One fold for live and historical figures: the board is the sum of its quarters."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, LiteralString, get_args

import msgspec
from psycopg import AsyncConnection

from domain.configuration.facts import QueueConfigured, Retired
from domain.kernel import Fact, Recorded
from domain.routing.pace import Pace
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import (
    MediaState,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskFact,
    TaskQueued,
    TaskReserved,
    WrapUpApplied,
    WrapUpStarted,
)
from domain.tasks.task import GOES_ON, Task
from projections.queues.counters import QueueCounters
from projections.table import Table, newcomers_apart

QUARTER_MIN = 15
SHORT_ABANDON_S = 5
THRESHOLD_S = 20
"""Where a task waits in a queue that was never configured."""
_MILLISECOND = timedelta(milliseconds=1)
_WAITING = frozenset({MediaState.QUEUED, MediaState.RESERVED})


class QueueRow(msgspec.Struct):
    id: str
    name: str
    mrd_id: str
    priority: int
    service_level_type: int
    service_level_threshold_s: int
    retired: bool = False


class PaceRow(msgspec.Struct):
    """How fast a queue moves, to tell how wrong the estimates were."""

    id: str
    pace: Pace


class Request(msgspec.Struct):
    id: str
    queue_id: str | None = None
    media_state: str = ""
    state: str = ""
    first_enqueued_at: datetime | None = None
    reserved_at: datetime | None = None
    answered_at: datetime | None = None
    wrap_up_at: datetime | None = None
    was_first: bool = False
    foretold_s: float | None = None
    model: Task = Task()


class Quarter(QueueCounters, kw_only=True):
    queue_id: str
    starts_at: datetime


class Queues:
    name: LiteralString = "queues"
    version = 3
    facts: frozenset[type[Fact]] = frozenset(get_args(TaskFact)) - {WrapUpApplied} | {QueueConfigured, Retired}

    def __init__(self) -> None:
        self.queues = Table("queue", QueueRow, ("id",))
        self.requests = Table("request", Request, ("id",))
        self.quarters = Table("quarter", Quarter, ("queue_id", "starts_at"))
        self.paces = Table("pace", PaceRow, ("id",))
        self.tables: tuple[Table[Any], ...] = (self.queues, self.requests, self.quarters, self.paces)

    async def load(self, events: list[Recorded[Any]], connection: AsyncConnection[Any]) -> None:
        tasks = [event for event in events if event.category == Task.category]
        await self.requests.warm(newcomers_apart(tasks), connection)
        counted = set(self._counted(tasks))
        await self.quarters.warm(counted, connection)
        configured = {event.subject for event in events if event.category == "queue"}
        await self.queues.warm(sorted(configured | {queue for queue, _ in counted}), connection)
        await self.paces.warm(sorted({queue for queue, _ in counted}), connection)

    def _counted(self, tasks: list[Recorded[Any]]) -> Iterator[tuple[str, datetime]]:
        """The quarters in which these facts of tasks may count: when they happen, and when their request began."""
        began: dict[str, tuple[str, datetime]] = {}
        for event in tasks:
            match event.fact:
                case TaskQueued(routing=routing):
                    began[event.subject] = routing.queue_id, routing.first_enqueued_at
                    yield routing.queue_id, quarter_of(event.at)
                case TaskAccepted() | TaskClosed():
                    known = began.get(event.subject) or self._began(event.subject)
                    if known is not None:
                        yield known[0], quarter_of(event.at)
                        yield known[0], quarter_of(known[1])
                case _:
                    pass

    def _began(self, task_id: str) -> tuple[str, datetime] | None:
        row = self.requests.get(task_id)
        return (row.model.routing.queue_id, row.model.routing.first_enqueued_at) if row and row.model.routing else None

    def fold(self, event: Recorded[Any]) -> None:
        match event.fact:
            case QueueConfigured(settings=it):
                self.queues.put(
                    QueueRow(
                        event.subject,
                        it.name,
                        it.mrd_id,
                        it.priority,
                        it.service_level_type,
                        it.service_level_threshold_s,
                    )
                )
            case Retired():
                if event.category == "queue" and (queue := self.queues.change(event.subject)) is not None:
                    queue.retired = True
            case fact:
                self._fold_task(event.subject, fact, event.at)

    def _fold_task(self, task_id: str, fact: Any, at: datetime) -> None:
        row = self.requests.change(task_id) or self.requests.put(Request(task_id))
        before = row.model
        row.model = before.evolve(fact)
        match fact:
            case TaskQueued():
                self._entered(row, at)
            case TaskReserved():
                row.reserved_at = at
            case TaskAccepted():
                row.answered_at = at
                self._answered(row, at)
            case WrapUpStarted():
                row.wrap_up_at = at
            case TaskClosed():
                self._closed(row, before, fact, at)
                self.requests.remove(task_id)
            case _:
                pass

    def _entered(self, row: Request, at: datetime) -> None:
        routing = row.model.routing
        if routing is not None:
            quarter = self._quarter(routing.queue_id, at)
            if routing.attempt == 1:
                quarter.offered += 1
            else:
                quarter.requeued += 1
            if routing.attempt == 1 or routing.entered_at == at:
                pace = self._pace(routing.queue_id)
                row.was_first, row.foretold_s = not pace.waiting, pace.entered()

    def _answered(self, row: Request, at: datetime) -> None:
        routing = row.model.routing
        if routing is None:
            return
        quarter = self._quarter(routing.queue_id, at)
        wait_ms = _ms(routing.first_enqueued_at, at)
        quarter.answered += 1
        quarter.wait_ms += wait_ms
        quarter.longest_wait_ms = max(quarter.longest_wait_ms, wait_ms)
        quarter.alert_ms += _ms(row.reserved_at, at)
        pace, began = self._pace(routing.queue_id), routing.entered_at or routing.first_enqueued_at
        error_s = pace.answered(at, began, was_first=row.was_first, foretold_s=row.foretold_s)
        if error_s is not None:  # routing 65
            quarter.foretold += 1
            quarter.foretold_error_ms += round(abs(error_s) * 1000)
            quarter.foretold_bias_ms += round(error_s * 1000)
        if wait_ms <= self._threshold_ms(routing.queue_id):
            self._quarter(routing.queue_id, routing.first_enqueued_at).answered_within += 1

    def _closed(self, row: Request, before: Task, closed: TaskClosed, at: datetime) -> None:
        routing = before.routing
        if routing is None:
            return
        quarter = self._quarter(routing.queue_id, at)
        if row.answered_at is not None:
            self._pace(routing.queue_id).served(row.answered_at, at)
        elif closed.reason not in GOES_ON or row.model.moves_to is not None:
            self._pace(routing.queue_id).gave_up()
        if before.media_state in _WAITING:
            self._gave_up(quarter, routing.first_enqueued_at, closed, at)
        elif closed.reason.disposition is TaskCloseReason.DONE:
            quarter.handled += 1
            quarter.handle_ms += _ms(row.answered_at, at)
            if row.wrap_up_at is not None:
                quarter.wrap_up_ms += _ms(row.wrap_up_at, at)

    def _gave_up(self, quarter: Quarter, began: datetime, closed: TaskClosed, at: datetime) -> None:
        wait_ms = _ms(began, at)
        match closed.reason:
            case TaskCloseReason.RONA:
                quarter.rona += 1
                return
            case TaskCloseReason.DECLINED:
                quarter.declined += 1
                return
            case TaskCloseReason.REROUTE:
                return  # it waits on, under another task
            case TaskCloseReason.NO_AGENT_AVAILABLE:
                quarter.no_agent += 1
            case TaskCloseReason.FORCE_CLOSED:
                quarter.flushed += 1
            case TaskCloseReason.CANCELLED:
                _count_departure(quarter, closed.left)
                quarter.abandoned_wait_ms += wait_ms
                quarter.short_abandoned += wait_ms < SHORT_ABANDON_S * 1000
                if wait_ms <= self._threshold_ms(quarter.queue_id):
                    self._quarter(quarter.queue_id, began).abandoned_within += 1
            case _:
                pass
        quarter.longest_wait_ms = max(quarter.longest_wait_ms, wait_ms)

    def _quarter(self, queue_id: str, at: datetime) -> Quarter:
        starts_at = quarter_of(at)
        return self.quarters.change((queue_id, starts_at)) or self.quarters.put(
            Quarter(queue_id=queue_id, starts_at=starts_at)
        )

    def _pace(self, queue_id: str) -> Pace:
        return (self.paces.change(queue_id) or self.paces.put(PaceRow(queue_id, Pace()))).pace

    def _threshold_ms(self, queue_id: str) -> int:
        queue = self.queues.get(queue_id)
        return (queue.service_level_threshold_s if queue else THRESHOLD_S) * 1000

    def settle(self) -> None:
        for row in self.requests.dirty.values():
            model = row.model
            row.media_state, row.state = model.media_state, model.state
            if model.routing is not None:
                row.queue_id, row.first_enqueued_at = model.routing.queue_id, model.routing.first_enqueued_at


def _count_departure(quarter: Quarter, left: SessionEndReason | None) -> None:
    """routing 59: how they went; most by themselves."""
    quarter.abandoned += 1
    quarter.abandoned_network += left is SessionEndReason.NETWORK
    quarter.abandoned_inactivity += left is SessionEndReason.INACTIVITY
    quarter.abandoned_forced += left is SessionEndReason.FORCE_CLOSED


def quarter_of(at: datetime) -> datetime:
    """The beginning of the quarter of an hour, in UTC, that a moment lies in."""
    return at.replace(minute=at.minute - at.minute % QUARTER_MIN, second=0, microsecond=0)


def _ms(since: datetime | None, at: datetime) -> int:
    return max(0, (at - since) // _MILLISECOND) if since else 0
