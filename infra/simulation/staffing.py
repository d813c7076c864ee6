"""Who is there, and when? Groups of agents by interval become shifts of persons; shifts become facts of agents."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any

from domain.agents.agent import Agent
from domain.agents.facts import (
    AgentRegistered,
    AttributeAssigned,
    LoggedIn,
    LoggedOut,
    MadeNotReady,
    MadeReady,
    MrdGranted,
    MrdMadeReady,
    SlotFilled,
    SlotReleased,
    SlotReserved,
    SlotWrappingUp,
)
from domain.agents.states import Interrupts, Mrd, Occupation, interrupted
from domain.configuration.settings import MediaRoutingDomain
from domain.ids import MrdId, TaskId
from domain.kernel import Fact, replace
from infra.simulation.plan import AgentPlan, Away, Span

SHIFT_ENDS = "shift-ends"
NEARLY_S = 1.0
"""A live system takes a moment from the decision until it rings; a world takes none."""


Where = tuple[str, str, str]
"""A stream, the category in its name, and whom it is about: told apart once."""


def where(stream: str) -> Where:
    category, _, subject = stream.partition("-")
    return stream, category, subject


class Seat:
    """An agent as the world keeps them: enough to refuse what the agent's own stream would refuse. `shut`: domains in which
    they do not want work; `others`: what fills their time though the world did not give it to them; `pressing`: what other
    domains give way to (routing 35).
    """

    __slots__ = (
        "agent",
        "id",
        "load",
        "loads",
        "others",
        "plan",
        "present",
        "pressing",
        "ready",
        "ringing",
        "shut",
        "where",
    )

    def __init__(self, plan: AgentPlan) -> None:
        self.id, self.plan = plan.id, plan
        self.where = where(f"agent-{plan.id}")
        self.load = 0
        self.loads = dict.fromkeys(plan.tasks_max, 0)
        self.ringing: dict[MrdId, TaskId] = {}
        self.present = self.ready = False
        self.agent = Agent(mrds={mrd_id: Mrd(most) for mrd_id, most in plan.tasks_max.items()})
        self.shut: frozenset[MrdId] = frozenset()
        self.others: set[TaskId] = set()
        self.pressing: dict[TaskId, Occupation] = {}

    def may_take(self, mrd_id: MrdId) -> bool:
        """routing 12, 20, 35"""
        free = self.ready and self.loads[mrd_id] < self.plan.tasks_max[mrd_id] and mrd_id not in self.ringing
        return (
            free and mrd_id not in self.shut and not (self.pressing and mrd_id in interrupted(self.pressing.values()))
        )

    def pressed(
        self, held: SlotReserved, media: Mapping[MrdId, MediaRoutingDomain], giving_way: Interrupts
    ) -> SlotReserved:
        """With what gives way to it of this agent (routing 35, 36)."""
        others = {id_: it for id_, it in giving_way.items() if id_ != held.mrd_id and id_ in self.plan.tasks_max}
        fact = replace(held, interruptible=media[held.mrd_id].interruptible, interrupts=others)
        self.press(fact)
        return fact

    def press(self, it: SlotReserved | SlotFilled) -> None:
        if it.interrupts:
            self.pressing[it.task_id] = Occupation(it.mrd_id, it.interruptible, it.interrupts)

    def away_at(self, now_s: float, mrd_id: MrdId) -> Away | None:
        """Is what rings now to ring in vain?"""
        begun = self.plan.away[: bisect_right(self.plan.away, now_s + NEARLY_S, key=lambda it: it.since_s)]
        return next((it for it in reversed(begun) if it.mrd_id == mrd_id and it.until_s > now_s), None)

    def follow(self, fact: Any) -> None:
        """What once happened to them happens again."""
        match fact:
            case SlotReserved() | SlotFilled() if fact.task_id not in self.others:
                self.others.add(fact.task_id)
                self.press(fact)
                self._fill(fact.mrd_id, 1)
            case SlotReleased() if fact.task_id in self.others:
                self.others.discard(fact.task_id)
                self.pressing.pop(fact.task_id, None)
                self._fill(fact.mrd_id, -1)
            case SlotReserved() | SlotFilled() | SlotWrappingUp() | SlotReleased():
                return
            case _:
                it = self.agent = self.agent.evolve(fact)
                self.shut = frozenset(id_ for id_, mrd in it.mrds.items() if not mrd.willing or mrd.mirrored)
                self.ready = it.takes_offers and any(it.mrds[id_].tasks_max for id_ in it.mrds.keys() - self.shut)

    def _fill(self, mrd_id: MrdId, tasks: int) -> None:
        self.load += tasks
        self.loads[mrd_id] += tasks


def introduction(agent: AgentPlan) -> Iterator[Fact]:
    """Before the first day: name, attributes, media."""
    yield AgentRegistered(agent.id, agent.id)
    for attribute_id, value in agent.attributes.items():
        yield AttributeAssigned(attribute_id, value)
    for mrd_id, tasks_max in agent.tasks_max.items():
        yield MrdGranted(mrd_id, tasks_max)


def arrival(seat: Seat) -> Iterator[Fact]:
    """The shift begins; whoever still had work of the last one is logged in already."""
    if seat.ready:
        return
    if not seat.present:
        yield LoggedIn()
    yield MadeReady()
    for mrd_id in seat.plan.tasks_max:
        yield MrdMadeReady(mrd_id)


def departure(seat: Seat) -> Iterator[Fact]:
    """The shift ends: no more work, and home as soon as nothing is left."""
    if not seat.present:
        return
    if seat.load:
        yield MadeNotReady(SHIFT_ENDS)
    else:
        seat.present = False
        yield LoggedOut(SHIFT_ENDS)


def spans(counts: Sequence[int], number: int, interval_s: float, *, open_end: bool = False) -> list[Span]:
    """When the `number`-th agent of a group works, of which `counts` are there in each interval: the first come first."""
    found: list[Span] = []
    for interval, count in enumerate(counts):
        if number >= count:
            continue
        begins_s, ends_s = interval * interval_s, (interval + 1) * interval_s
        if found and found[-1][1] == begins_s:
            begins_s = found.pop()[0]
        found.append((begins_s, ends_s))
    if open_end and found and found[-1][1] == len(counts) * interval_s:
        found[-1] = (found[-1][0], inf)
    return found
