"""Who was there, and what did they do? Agents as they stood when the stretch began, and what happened to them from then on."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from domain.agents.agent import Agent
from domain.agents.facts import (
    AttributeAssigned,
    AttributeWithdrawn,
    DeskConnected,
    DeskDisconnected,
    LoggedIn,
    LoggedOut,
    MadeNotReady,
    MadeReady,
    MrdGranted,
    MrdMadeNotReady,
    MrdMadeReady,
    MrdMirrored,
    SlotFilled,
    SlotReleased,
    SlotReserved,
    SlotState,
    SlotWrappingUp,
    StateLost,
)
from domain.agents.states import NOBODY
from domain.ids import AgentId, ConversationId, MrdId, TaskId
from domain.kernel import Fact, Recorded
from domain.routing.decisions import UNTOLD
from domain.tasks.facts import TaskCloseReason
from domain.tasks.task import GOES_ON

SKILLS = (AttributeAssigned, AttributeWithdrawn, MrdGranted)
PRESENCE = (
    LoggedIn,
    LoggedOut,
    MadeReady,
    MadeNotReady,
    MrdMadeReady,
    MrdMadeNotReady,
    MrdMirrored,
    StateLost,
    DeskConnected,
    DeskDisconnected,
)
SLOTS = (SlotReserved, SlotFilled, SlotWrappingUp, SlotReleased)
BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A fact of an agent or a task, and when it was one. `task_id`: of whose slot or talk it tells; none for presence."""

    at: datetime
    stream: str
    fact: Fact
    task_id: TaskId | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """An offer that ran out at this agent, or that they declined, or that was withdrawn because they went."""

    task_id: TaskId
    mrd_id: MrdId
    since: datetime
    until: datetime
    reason: TaskCloseReason


@dataclass(slots=True)
class _Standing:
    """`since`: since when they could have been given something, by domain (routing 15)."""

    agent: Agent = field(default_factory=Agent)
    since: dict[MrdId, datetime] = field(default_factory=dict)
    reserved: dict[TaskId, datetime] = field(default_factory=dict)
    absences: list[Absence] = field(default_factory=list)


class People:
    """`agents`: as they are by now. `moments`: what happened to them since `open`."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self._standing: dict[AgentId, _Standing] = {}
        self._scene: dict[AgentId, tuple[Agent, Mapping[MrdId, datetime]]] | None = None

    @property
    def agents(self) -> dict[AgentId, Agent]:
        return {id_: it.agent for id_, it in self._standing.items()}

    def absences(self, id_: AgentId) -> list[Absence]:
        return self._standing[id_].absences

    def open(self) -> None:
        """The stretch begins."""
        self._scene = {id_: (it.agent, dict(it.since)) for id_, it in self._standing.items()}

    def feed(self, id_: AgentId, recorded: Recorded[Any]) -> None:
        fact, at = recorded.fact, recorded.at
        it = self._standing.setdefault(id_, _Standing())
        before, after = it.agent, it.agent.evolve(fact)
        it.agent = after
        if isinstance(fact, SLOTS):
            self._work(it, fact, at)
        if isinstance(fact, SlotReleased):
            freed = before.giving_way(before.slots.values()).keys() - after.giving_way(after.slots.values()).keys()
            it.since.update(dict.fromkeys({fact.mrd_id, *freed}, at))
        else:
            for mrd_id in after.mrds:
                if _limit(before, mrd_id) <= after.load(mrd_id) < _limit(after, mrd_id):
                    it.since[mrd_id] = at
        if self._scene is not None and isinstance(fact, PRESENCE + SLOTS):
            self.moments.append(Moment(at, recorded.stream, fact, getattr(fact, "task_id", None)))

    def _work(self, it: _Standing, fact: Any, at: datetime) -> None:
        if isinstance(fact, SlotReserved):
            it.reserved[fact.task_id] = at
            return
        since = it.reserved.pop(fact.task_id, None)
        if since is not None and isinstance(fact, SlotReleased) and fact.reason in GOES_ON and self._scene is not None:
            it.absences.append(Absence(fact.task_id, fact.mrd_id, since, at, TaskCloseReason(fact.reason)))

    def scene(self, begins: datetime, replayed: Collection[str]) -> Iterator[Moment]:
        """How they stood when it began, as facts, but for the slots of requests that are played again."""
        found = [_presence(id_, *those, begins) for id_, those in (self._scene or {}).items()]
        yield from sorted(chain.from_iterable(found), key=lambda it: it.at)
        for id_, (agent, _) in (self._scene or {}).items():
            for task_id, slot in agent.slots.items():
                if task_id in replayed:
                    continue
                if slot.state is SlotState.RESERVED:
                    facts: list[Fact] = [SlotReserved(slot.mrd_id, task_id, slot.offer_id, 0, UNTOLD)]
                else:
                    no_matter = ConversationId("")
                    facts = [SlotFilled(slot.mrd_id, task_id, no_matter, slot.interruptible, slot.interrupts)]
                if slot.state is SlotState.WRAP_UP:
                    facts.append(SlotWrappingUp(slot.mrd_id, task_id))
                yield from (Moment(begins - BEFORE, f"agent-{id_}", fact, task_id) for fact in facts)


def _presence(id_: AgentId, it: Agent, since: Mapping[MrdId, datetime], begins: datetime) -> Iterator[Moment]:
    """The shortest story that ends with this agent as they are, each domain free since it was (routing 15)."""
    if not it.logged_in:
        return
    stream, came_at = f"agent-{id_}", min([begins - BEFORE, *since.values()])
    yield Moment(came_at, stream, LoggedIn())
    for mrd_id, mrd in it.mrds.items():
        if mrd.mirrored is not None:
            told = mrd.mirrored
            yield Moment(
                came_at, stream, MrdMirrored(mrd_id, told.state, told.interruptible, told.interrupts or NOBODY)
            )
    if it.state_lost:
        yield Moment(came_at, stream, StateLost(it.reason))
    if it.ready:
        yield Moment(came_at, stream, MadeReady())
        for mrd_id, mrd in it.mrds.items():
            if mrd.willing:
                yield Moment(max(came_at, since.get(mrd_id, came_at)), stream, MrdMadeReady(mrd_id))
    if it.lost_desk:
        yield Moment(begins - BEFORE, stream, DeskDisconnected(it.lost_desk, begins))


def _limit(agent: Agent, mrd_id: MrdId) -> int:
    """How many tasks they would take at once here, if nothing rang."""
    mrd = agent.mrds.get(mrd_id)
    if mrd is None or mrd.mirrored is not None or not (agent.logged_in and agent.ready and mrd.willing):
        return 0
    return mrd.tasks_max
