"""Who is there, and when? Groups of agents by interval become shifts of persons; shifts become facts of agents."""

from collections.abc import Iterator, Sequence
from math import inf

from domain.agents.facts import (
    AgentRegistered,
    AttributeAssigned,
    LoggedIn,
    LoggedOut,
    MadeNotReady,
    MadeReady,
    MrdGranted,
    MrdMadeReady,
)
from domain.ids import MrdId
from domain.kernel import Fact
from infra.simulation.plan import AgentPlan, Span

SHIFT_ENDS = "shift-ends"


class Seat:
    """An agent as the world keeps them: enough to refuse what the agent's own stream would refuse."""

    __slots__ = ("id", "load", "loads", "plan", "present", "ready", "ringing", "stream")

    def __init__(self, plan: AgentPlan) -> None:
        self.id, self.plan = plan.id, plan
        self.stream = f"agent-{plan.id}"
        self.load = 0
        self.loads = dict.fromkeys(plan.tasks_max, 0)
        self.ringing: set[MrdId] = set()
        self.present = self.ready = False

    def may_take(self, mrd_id: MrdId) -> bool:
        """routing 12, 20"""
        return self.ready and self.loads[mrd_id] < self.plan.tasks_max[mrd_id] and mrd_id not in self.ringing


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
