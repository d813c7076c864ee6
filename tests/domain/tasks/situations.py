"""How far is this request when a test begins? Situations, as the facts that led there."""

from datetime import UTC, datetime, timedelta

from domain.ids import AgentId, ConversationId, CustomerId, MrdId, OfferId, QueueId, SessionId, TaskId
from domain.tasks.facts import (
    Routing,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskCreated,
    TaskDirection,
    TaskMode,
    TaskQueued,
    TaskReserved,
    WrapUpStarted,
)

NOW = datetime(2026, 1, 31, 10, 4, tzinfo=UTC)
DUE = NOW + timedelta(seconds=20)
MARIA, PAUL = AgentId("maria"), AgentId("paul")
OFFER = OfferId("offer-1")
TALK, JOHN, SESSION = ConversationId("talk"), CustomerId("john"), SessionId("web")
ROUTING = Routing(
    TaskId("task-1"), QueueId("sales"), MrdId("chat"), first_enqueued_at=NOW, expires_at=NOW + timedelta(seconds=600)
)

QUEUED = (TaskCreated(TALK, JOHN, TaskDirection.INBOUND, TaskMode.QUEUE), TaskQueued(ROUTING, SESSION))
RESERVED = (*QUEUED, TaskReserved(OFFER, MARIA, DUE, 0))
ACTIVE = (*RESERVED, TaskAccepted(OFFER, MARIA, TALK))
WRAPPING_UP = (*ACTIVE, WrapUpStarted(MARIA, TALK, NOW + timedelta(seconds=60)))


def closed(reason: TaskCloseReason, *, held: bool = True) -> TaskClosed:
    return TaskClosed(reason, TALK, MARIA, OFFER) if held else TaskClosed(reason, TALK)


DONE = (*ACTIVE, closed(TaskCloseReason.DONE))
