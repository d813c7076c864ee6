"""How do an agent's facts become their row? States are the domain's own; what is added is since when."""

from datetime import datetime
from typing import Any, LiteralString, get_args

import msgspec
from psycopg import AsyncConnection

from domain.agents.agent import Agent
from domain.agents.facts import (
    AgentFact,
    AgentState,
    LoggedIn,
    MrdState,
    SlotFilled,
    SlotReleased,
    SlotReserved,
    SlotWrappingUp,
)
from domain.ids import MrdId, TaskId
from domain.kernel import Fact, Recorded
from projections.table import Table, newcomers_apart


class Stand(msgspec.Struct):
    """In one media routing domain."""

    mrd_id: MrdId
    since: datetime
    state: MrdState = MrdState.LOGOUT
    previous_state: MrdState | None = None
    tasks_max: int = 0
    load: int = 0
    last_ready_at: datetime | None = None
    durations: dict[str, float] = {}
    """Seconds of this shift in each state, until `since`."""


class Work(msgspec.Struct):
    task_id: TaskId
    mrd_id: MrdId
    state: str
    offer_id: str
    since: datetime
    conversation_id: str | None = None


class Row(msgspec.Struct):
    id: str
    since: datetime
    position: int = 0
    username: str = ""
    name: str = ""
    state: AgentState = AgentState.LOGOUT
    reason: str = ""
    login_at: datetime | None = None
    is_connected: bool = True
    is_auto_answering: bool = False
    durations: dict[str, float] = {}
    """Seconds of this shift in each global state, until `since`: with the time since then they make up the shift."""
    attributes: dict[str, int] = {}
    mrds: list[Stand] = []
    tasks: list[Work] = []
    model: Agent = Agent()


class Agents:
    name: LiteralString = "agents"
    version = 4
    facts: frozenset[type[Fact]] = frozenset(get_args(AgentFact))

    def __init__(self) -> None:
        self.agents = Table("agent", Row, ("id",))
        self.tables: tuple[Table[Any], ...] = (self.agents,)

    async def load(self, events: list[Recorded[Any]], connection: AsyncConnection[Any]) -> None:
        await self.agents.warm(newcomers_apart(events), connection)

    def fold(self, event: Recorded[Any]) -> None:
        row = self.agents.change(event.subject) or self.agents.put(Row(event.subject, event.at))
        before = row.model
        model = row.model = before.evolve(event.fact)
        row.position, row.is_connected = event.position, not model.lost_desk
        match event.fact:
            case LoggedIn():
                row.login_at, row.durations = event.at, {}
                for stand in row.mrds:
                    stand.durations = {}
            case SlotReserved() | SlotFilled() | SlotWrappingUp() | SlotReleased() as fact:
                _work(row, fact, event.at)
                slot = before.slots.get(fact.task_id) or model.slots.get(fact.task_id)
                if slot is None or not slot.interrupts:  # else others give way to it, or do no more
                    _stand(row, fact.mrd_id, event.at)
                    return
            case _:
                pass
        if (model.state, model.reason) != (row.state, row.reason):
            row.durations = _longer(row.durations, row.state, row.since, event.at)
            row.state, row.reason, row.since = model.state, model.reason, event.at
        for mrd_id in model.mrds:
            _stand(row, mrd_id, event.at)

    def settle(self) -> None:
        for row in self.agents.dirty.values():
            row.username, row.name = row.model.username, row.model.name
            row.is_auto_answering = row.model.auto_answers
            row.attributes = dict(row.model.attributes)  # type: ignore[arg-type]  # an id is a text


def _stand(row: Row, mrd_id: MrdId, at: datetime) -> None:
    """The agent's stand in a domain after a fact."""
    model = row.model
    stand = next((stand for stand in row.mrds if stand.mrd_id == mrd_id), None)
    if stand is None:
        stand = Stand(mrd_id, at)
        row.mrds = sorted([*row.mrds, stand], key=lambda it: it.mrd_id)
    mrd = model.mrds.get(mrd_id)
    stand.tasks_max = mrd.tasks_max if mrd else 0
    stand.load = model.load(mrd_id)
    state = model.mrd_state(mrd_id)
    if state != stand.state:
        stand.durations = _longer(stand.durations, stand.state, stand.since, at)
        stand.previous_state, stand.state, stand.since = stand.state, state, at
        if state is MrdState.READY:
            stand.last_ready_at = at


def _longer(durations: dict[str, float], state: str, since: datetime, until: datetime) -> dict[str, float]:
    """routing 67: with what the state that ends has lasted; being signed out is no part of a shift."""
    if state == AgentState.LOGOUT:
        return durations
    return {**durations, state: durations.get(state, 0.0) + (until - since).total_seconds()}


def _work(row: Row, fact: SlotReserved | SlotFilled | SlotWrappingUp | SlotReleased, at: datetime) -> None:
    """The agent's tasks after a fact, in the order in which they came."""
    slot = row.model.slots.get(fact.task_id)
    if slot is None:
        row.tasks = [work for work in row.tasks if work.task_id != fact.task_id]
        return
    work = next((work for work in row.tasks if work.task_id == fact.task_id), None)
    if work is None:
        work = Work(fact.task_id, slot.mrd_id, slot.state, slot.offer_id, at)
        row.tasks.append(work)
    elif work.state != slot.state:
        work.state, work.since = slot.state, at
    if isinstance(fact, SlotFilled):
        work.conversation_id = fact.conversation_id
