"""Which tasks are there, and how far is each? Newest first, by queue, agent, conversation and state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from domain.ids import AgentId, ConversationId, CustomerId, MrdId, OfferId, QueueId, SessionId, TaskId
from domain.kernel import Position
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import MediaState, TaskCloseReason, TaskDirection, TaskMode, TaskState
from projections.paging import FIRST, Connection, Listing, Page, Window


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """`agent_id`: who holds it, from the offer on; `slot_version`: which fact of theirs says why. `first_enqueued_at`
    is the request's, whatever task it began under.
    """

    id: TaskId
    conversation_id: ConversationId
    customer_id: CustomerId
    session_id: SessionId | None
    queue_id: QueueId | None
    mrd_id: MrdId | None
    direction: TaskDirection
    mode: TaskMode
    state: TaskState
    media_state: MediaState
    priority: int | None
    step: int | None
    attempt: int | None
    root_request_id: TaskId | None
    previous_task_id: TaskId | None
    requested_by: AgentId | None
    request_note: str
    agent_id: AgentId | None
    offer_id: OfferId | None
    offer_due: datetime | None
    slot_version: int | None
    created_at: datetime
    first_enqueued_at: datetime | None
    enqueued_at: datetime | None
    expires_at: datetime | None
    reserved_at: datetime | None
    answered_at: datetime | None
    wrap_up_at: datetime | None
    wrap_up_due: datetime | None
    closed_at: datetime | None
    close_reason: TaskCloseReason | None
    disposition: TaskCloseReason | None
    customer_left: SessionEndReason | None
    close_words: str
    codes: tuple[str, ...]
    note: str
    position: Position


_ENUMS: Mapping[str, type] = {
    "direction": TaskDirection,
    "mode": TaskMode,
    "state": TaskState,
    "media_state": MediaState,
    "close_reason": TaskCloseReason,
    "disposition": TaskCloseReason,
    "customer_left": SessionEndReason,
    "codes": tuple,
}


def _summary(row: dict[str, Any]) -> TaskSummary:
    row.pop("model", None)
    for column, kind in _ENUMS.items():
        if row[column] is not None:
            row[column] = kind(row[column])
    return TaskSummary(**row)


_TASKS = Listing("SELECT * FROM tasks.task", ("created_at", "id"), ("timestamptz", "text"), _summary)


async def task(connection: Connection, task_id: TaskId) -> TaskSummary | None:
    return await _TASKS.one(connection, task_id)


async def tasks(
    connection: Connection,
    *,
    queue_id: QueueId | None = None,
    agent_id: AgentId | None = None,
    conversation_id: ConversationId | None = None,
    states: Sequence[TaskState] = (),
    media_states: Sequence[MediaState] = (),
    window: Window = FIRST,
) -> Page[TaskSummary]:
    """Newest first; every condition that is given must hold."""
    where: list[LiteralString] = []
    if queue_id is not None:
        where.append("queue_id = %(queue)s")
    if agent_id is not None:
        where.append("agent_id = %(agent)s")
    if conversation_id is not None:
        where.append("conversation_id = %(conversation)s")
    if states:
        where.append("state = ANY(%(states)s)")
        if TaskState.CLOSED not in states:
            where.append("state <> 'CLOSED'")  # lets the index of open tasks be used
    if media_states:
        where.append("media_state = ANY(%(media_states)s)")
    parameters = {
        "queue": queue_id,
        "agent": agent_id,
        "conversation": conversation_id,
        "states": list(states),
        "media_states": list(media_states),
    }
    return await _TASKS.page(connection, where, parameters, window)


async def changed(connection: Connection, after: Position) -> tuple[TaskSummary, ...]:
    """What is different since a position, each row as it is now."""
    return await _TASKS.changed(connection, after)


async def conversations_offered(connection: Connection, since: datetime, until: datetime) -> dict[QueueId, int]:
    """How many conversations asked each queue for somebody in a span of time, however often each did."""
    cursor = await connection.execute(
        "SELECT queue_id, count(DISTINCT conversation_id) FROM tasks.task"
        " WHERE created_at >= %s AND created_at < %s AND attempt = 1 GROUP BY queue_id",
        (since, until),
    )
    return dict(await cursor.fetchall())
