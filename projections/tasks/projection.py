"""How do a task's facts become its row? Nearly all of it is the domain's own model; what is added is when."""

from datetime import datetime
from typing import Any, LiteralString, get_args

import msgspec
from psycopg import AsyncConnection

from domain.kernel import Fact, Recorded
from domain.tasks.facts import (
    MonitoringStarted,
    TaskAccepted,
    TaskClosed,
    TaskCreated,
    TaskFact,
    TaskQueued,
    TaskReserved,
    WrapUpStarted,
)
from domain.tasks.task import Task
from projections.table import Table, newcomers_apart


class Row(msgspec.Struct):
    id: str
    created_at: datetime
    position: int = 0
    conversation_id: str = ""
    customer_id: str = ""
    session_id: str | None = None
    queue_id: str | None = None
    mrd_id: str | None = None
    direction: str = ""
    mode: str = ""
    state: str = ""
    media_state: str = ""
    priority: int | None = None
    step: int | None = None
    attempt: int | None = None
    root_request_id: str | None = None
    previous_task_id: str | None = None
    requested_by: str | None = None
    request_note: str = ""
    agent_id: str | None = None
    offer_id: str | None = None
    offer_due: datetime | None = None
    slot_version: int | None = None
    first_enqueued_at: datetime | None = None
    enqueued_at: datetime | None = None
    expires_at: datetime | None = None
    reserved_at: datetime | None = None
    answered_at: datetime | None = None
    wrap_up_at: datetime | None = None
    wrap_up_due: datetime | None = None
    closed_at: datetime | None = None
    close_reason: str | None = None
    disposition: str | None = None
    customer_left: str | None = None
    close_words: str = ""
    codes: tuple[str, ...] = ()
    note: str = ""
    model: Task = Task()


class Tasks:
    name: LiteralString = "tasks"
    version = 4
    facts: frozenset[type[Fact]] = frozenset(get_args(TaskFact))

    def __init__(self) -> None:
        self.tasks = Table("task", Row, ("id",))
        self.tables: tuple[Table[Any], ...] = (self.tasks,)

    async def load(self, events: list[Recorded[Any]], connection: AsyncConnection[Any]) -> None:
        await self.tasks.warm(newcomers_apart(events), connection)

    def fold(self, event: Recorded[Any]) -> None:
        row = self.tasks.change(event.subject) or self.tasks.put(Row(event.subject, event.at))
        row.model = row.model.evolve(event.fact)
        row.position = event.position
        match event.fact:
            case TaskCreated():
                row.created_at = event.at
            case TaskQueued():
                row.enqueued_at = event.at
            case TaskReserved():
                row.reserved_at = event.at
            case TaskAccepted() | MonitoringStarted():
                row.answered_at = event.at
            case WrapUpStarted():
                row.wrap_up_at = event.at
            case TaskClosed(left=left, words=words):
                row.closed_at = event.at
                row.customer_left, row.close_words = left, words
            case _:
                pass

    def settle(self) -> None:
        for row in self.tasks.dirty.values():
            _derive(row)


def _derive(row: Row) -> None:
    model = row.model
    row.state, row.media_state = model.state, model.media_state
    row.session_id, row.codes, row.note = model.session_id, model.codes, model.note
    if (created := model.created) is not None:
        row.conversation_id, row.customer_id = created.conversation_id, created.customer_id
        row.direction, row.mode = model.direction or created.direction, created.mode
        row.previous_task_id, row.requested_by, row.request_note = (
            created.previous_task_id,
            created.requested_by,
            created.note,
        )
    row.mrd_id, row.root_request_id = model.mrd_id, model.root_request_id
    if (routing := model.routing) is not None:
        row.queue_id = routing.queue_id
        row.priority, row.step, row.attempt = routing.priority, routing.step, routing.attempt
        row.first_enqueued_at, row.expires_at = routing.first_enqueued_at, routing.expires_at
    if (offer := model.offer) is not None:
        row.offer_id, row.offer_due, row.slot_version = offer.offer_id, offer.due, offer.slot_version
    row.agent_id = model.agent_id or (model.offer.agent_id if model.offer else None)
    row.wrap_up_due = model.wrap_up.due if model.wrap_up else None
    if model.closed is not None:
        row.close_reason, row.disposition = model.closed, model.closed.disposition
