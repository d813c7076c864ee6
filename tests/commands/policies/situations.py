"""One talk, one task and who is in it: the facts that the sentences of policies begin with."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from domain.configuration.diversions import DiversionAction
from domain.configuration.settings import InterruptionAction
from domain.conversations.facts import AgentLeft, ColleagueRequested, RequestListed, RequestReason
from domain.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    ListId,
    ListItemId,
    MrdId,
    OfferId,
    QueueId,
    SessionId,
    TaskId,
)
from domain.kernel import Cause, Fact, Position, Recorded
from domain.tasks.facts import TaskClosed, TaskCloseReason, TaskDirection, TaskDiverted

NOW = datetime(2026, 1, 31, 10, 4, tzinfo=UTC)
TALK, TASK, OFFER, MARIA = ConversationId("talk"), TaskId("task-1"), OfferId("offer-1"), AgentId("maria")
JOHN, SESSION, SALES, CHAT = CustomerId("john"), SessionId("web"), QueueId("sales"), MrdId("chat")


def recorded(stream: str, fact: Fact) -> Recorded:
    return Recorded(Position(7), stream, 3, NOW, Cause(UUID(int=1)), fact)


def closed(reason: TaskCloseReason, held: bool = True) -> TaskClosed:
    return TaskClosed(reason, TALK, MARIA, OFFER) if held else TaskClosed(reason, TALK)


RONA, DECLINED, REROUTE = TaskCloseReason.RONA, TaskCloseReason.DECLINED, TaskCloseReason.REROUTE
ITEM, COMMENTS = ListItemId("item"), ListId("comments")
LISTED = RequestListed(ITEM, COMMENTS, CHAT, SESSION, RequestReason.CHANNEL_MODE, 1)
LEFT = AgentLeft(MARIA, TASK, "DONE")
TRANSFERRED = AgentLeft(MARIA, TASK, "TRANSFERRED", TaskCloseReason.TRANSFERRED)
PAUL, ASKED = AgentId("paul"), TaskId("task-2")
TO_QUEUE = ColleagueRequested(
    ASKED, TaskDirection.DIRECT_TRANSFER, MARIA, TASK, CHAT, SESSION, SALES, priority=3, note="An order"
)
TO_PAUL = replace(TO_QUEUE, agent_id=PAUL)
GIVES_WAY = {CHAT: InterruptionAction.REROUTE, MrdId("email"): InterruptionAction.HOLD}


def diverted(action: DiversionAction, words: str = "It takes longer.") -> TaskDiverted:
    return TaskDiverted("a rule", action, TALK, message=words)
