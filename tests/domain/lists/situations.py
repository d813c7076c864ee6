"""How does an item of a list stand when a test begins? Situations, as the facts that led there."""

from datetime import UTC, datetime, timedelta

from domain.ids import AgentId, ConversationId, CustomerId, ListId, ListItemId, MessageId, MrdId, TaskId
from domain.kernel import derived_id
from domain.lists.facts import (
    ListItemArrived,
    ListItemClosed,
    ListItemCloseReason,
    ListItemDismissed,
    ListItemJoined,
    ListItemLeft,
    ListItemState,
    ListItemWritten,
)

NOW = datetime(2026, 1, 31, 10, 4, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ITEM, COMMENTS, CHAT = ListItemId("item"), ListId("comments"), MrdId("chat")
TALK, JOHN = ConversationId("talk"), CustomerId("john")
MARIA, PAUL, ZOE = AgentId("maria"), AgentId("paul"), AgentId("zoe")


def task(agent: AgentId, joins: int = 0) -> TaskId:
    """The task of an agent who joins as the one after `joins` others."""
    return TaskId(derived_id("pull", ITEM, joins, agent))


def joined(agent: AgentId, joins: int = 0) -> ListItemJoined:
    return ListItemJoined(COMMENTS, agent, task(agent, joins))


def left(agent: AgentId, joins: int = 0) -> ListItemLeft:
    return ListItemLeft(COMMENTS, agent, task(agent, joins))


def written(number: int = 1, at: datetime = LATER) -> ListItemWritten:
    return ListItemWritten(COMMENTS, MessageId(f"m{number}"), at)


def dismissed(agent: AgentId) -> ListItemDismissed:
    return ListItemDismissed(COMMENTS, agent)


def closed(reason: ListItemCloseReason = ListItemCloseReason.AGENT, agent: AgentId | None = MARIA) -> ListItemClosed:
    return ListItemClosed(COMMENTS, TALK, reason, agent)


ARRIVAL = ListItemArrived(COMMENTS, CHAT, TALK, JOHN, NOW, unread=1)
UNREAD = (ARRIVAL,)
ACTIVE = (*UNREAD, joined(MARIA))
INACTIVE = (*ACTIVE, left(MARIA))
AGAIN = (*INACTIVE, joined(PAUL, 1))
DONE = (*ACTIVE, closed())

STATES = {
    "unread": (UNREAD, ListItemState.UNREAD),
    "active": (ACTIVE, ListItemState.ACTIVE),
    "inactive": (INACTIVE, ListItemState.INACTIVE),
    "active again": (AGAIN, ListItemState.ACTIVE),
    "closed while active": (DONE, ListItemState.CLOSED),
    "closed unread": ((*UNREAD, closed()), ListItemState.CLOSED),
    "closed inactive": ((*INACTIVE, closed()), ListItemState.CLOSED),
    "closed, and left afterwards": ((*DONE, left(MARIA)), ListItemState.CLOSED),
}
OPEN = {name: history for name, (history, state) in STATES.items() if state is not ListItemState.CLOSED}
CLOSED = {name: history for name, (history, state) in STATES.items() if state is ListItemState.CLOSED}
