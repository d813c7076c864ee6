"""What stands on the lists, who works on it, and who waits? Newest first, by list and state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from domain.ids import AgentId, ConversationId, CustomerId, ListId, ListItemId, MrdId, TaskId
from domain.kernel import Position
from domain.lists.facts import ListItemCloseReason, ListItemState
from projections.paging import FIRST, Connection, Listing, Page, Window


@dataclass(frozen=True, slots=True)
class ListParticipant:
    agent_id: AgentId
    task_id: TaskId
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class ListItemSummary:
    """`unread`: messages that no agent has seen. `waiting_since`: since when the customer waits for somebody."""

    id: ListItemId
    list_id: ListId
    mrd_id: MrdId
    conversation_id: ConversationId
    customer_id: CustomerId
    state: ListItemState
    unread: int
    arrived_at: datetime
    waiting_since: datetime | None
    participants: tuple[ListParticipant, ...]
    dismissed_by: frozenset[AgentId]
    closed_at: datetime | None
    close_reason: ListItemCloseReason | None
    closed_by: AgentId | None
    position: Position


def _summary(row: dict[str, Any]) -> ListItemSummary:
    row.pop("model", None)
    row["state"] = ListItemState(row["state"])
    row["close_reason"] = ListItemCloseReason(row["close_reason"]) if row["close_reason"] else None
    row["dismissed_by"] = frozenset(row["dismissed_by"])
    row["participants"] = tuple(_participant(**part) for part in row["participants"])
    return ListItemSummary(**row)


def _participant(agent_id: str, task_id: str, joined_at: str) -> ListParticipant:
    return ListParticipant(AgentId(agent_id), TaskId(task_id), datetime.fromisoformat(joined_at))


_ITEMS = Listing("SELECT * FROM lists.item", ("arrived_at", "id"), ("timestamptz", "text"), _summary)


async def item(connection: Connection, item_id: ListItemId) -> ListItemSummary | None:
    return await _ITEMS.one(connection, item_id)


async def items(
    connection: Connection, list_id: ListId, states: Sequence[ListItemState] = (), window: Window = FIRST
) -> Page[ListItemSummary]:
    """Newest first, in some states or in all."""
    where: list[LiteralString] = ["list_id = %(list)s"]
    if states:
        where.append("state = ANY(%(states)s)")
        if ListItemState.CLOSED not in states:
            where.append("state <> 'CLOSED'")  # lets the index of open items be used
    return await _ITEMS.page(connection, where, {"list": list_id, "states": list(states)}, window)


async def counts(connection: Connection, list_ids: Sequence[ListId]) -> dict[tuple[ListId, ListItemState], int]:
    """How many open items there are on each list in each state."""
    cursor = await connection.execute(
        "SELECT list_id, state, count(*) FROM lists.item WHERE state <> 'CLOSED' AND list_id = ANY(%s) GROUP BY 1, 2",
        (list(list_ids),),
    )
    return {(ListId(list_id), ListItemState(state)): count for list_id, state, count in await cursor.fetchall()}


async def changed(connection: Connection, after: Position) -> tuple[ListItemSummary, ...]:
    """What is different since a position, each row as it is now."""
    return await _ITEMS.changed(connection, after)
