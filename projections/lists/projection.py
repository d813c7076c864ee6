"""How do an item's facts become its row? The domain's own model; what is added is since when."""

from datetime import datetime
from typing import Any, LiteralString, get_args

import msgspec
from psycopg import AsyncConnection

from domain.kernel import Fact, GrowingSet, Recorded, replace
from domain.lists.facts import ListItemArrived, ListItemClosed, ListItemFact, ListItemJoined, ListItemLeft
from domain.lists.item import ListItem
from projections.table import Table, newcomers_apart

_NO_MESSAGES = GrowingSet()


class Part(msgspec.Struct):
    agent_id: str
    task_id: str
    joined_at: datetime


class Row(msgspec.Struct):
    id: str
    arrived_at: datetime
    position: int = 0
    list_id: str = ""
    mrd_id: str = ""
    conversation_id: str = ""
    customer_id: str = ""
    state: str = ""
    unread: int = 0
    waiting_since: datetime | None = None
    participants: list[Part] = []
    dismissed_by: list[str] = []
    closed_at: datetime | None = None
    close_reason: str | None = None
    closed_by: str | None = None
    model: ListItem = ListItem()


class Lists:
    name: LiteralString = "lists"
    version = 1
    facts: frozenset[type[Fact]] = frozenset(get_args(ListItemFact))

    def __init__(self) -> None:
        self.items = Table("item", Row, ("id",))
        self.tables: tuple[Table[Any], ...] = (self.items,)

    async def load(self, events: list[Recorded[Any]], connection: AsyncConnection[Any]) -> None:
        await self.items.warm(newcomers_apart(events), connection)

    def fold(self, event: Recorded[Any]) -> None:
        row = self.items.change(event.subject) or self.items.put(Row(event.subject, event.at))
        # Which messages there were does not decide any state, and would make the row ever longer.
        row.model = replace(row.model.evolve(event.fact), written=_NO_MESSAGES)
        row.position = event.position
        match event.fact:
            case ListItemArrived() as it:
                row.list_id, row.mrd_id, row.arrived_at = it.list_id, it.mrd_id, it.arrived_at
                row.conversation_id, row.customer_id = it.conversation_id, it.customer_id
            case ListItemJoined(agent_id=agent, task_id=task):
                row.participants.append(Part(agent, task, event.at))
            case ListItemLeft(agent_id=agent):
                row.participants = [part for part in row.participants if part.agent_id != agent]
            case ListItemClosed(agent_id=agent):
                row.closed_at, row.closed_by = event.at, agent
            case _:
                pass

    def settle(self) -> None:
        for row in self.items.dirty.values():
            model = row.model
            row.state, row.unread, row.waiting_since = model.state, model.unread, model.waiting_since
            row.dismissed_by, row.close_reason = sorted(model.dismissed_by), model.closed
