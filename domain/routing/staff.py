"""Who is there, and who could take one more? Facts of agents go in; each agent has a seat in every domain they work in.

Who they are and whether they want work is the domain's own `Agent`. What fills their time changes with every task and is
counted here; the state follows from both by the domain's own `mrd_state` (routing 33).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from domain.agents.agent import Agent, Mrd, Slot, mrd_state
from domain.agents.facts import (
    AttributeAssigned,
    AttributeWithdrawn,
    MrdMadeReady,
    MrdState,
    SlotFilled,
    SlotReleased,
    SlotReserved,
    SlotState,
    SlotWrappingUp,
)
from domain.ids import AgentId, MrdId, OfferId, TaskId
from domain.kernel import Position
from domain.routing.lines import Pool, Pools
from domain.routing.presence import Presence
from domain.routing.ranking import Place, members_of
from domain.routing.reach import Reach
from domain.routing.skills import Skills
from domain.routing.state import State


class Chair:
    """An agent's stand in one domain: `ringing` slots are reserved, `promised` ones are offers not yet a fact."""

    __slots__ = ("load", "place", "pool", "promised", "ringing")

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.load = self.ringing = self.promised = 0
        self.place: Place | None = None


class Seat:
    """`own`: the steps that wait for this agent alone (routing 54)."""

    __slots__ = ("_reach", "_reach_version", "agent", "chairs", "id", "number", "own", "since", "slots")

    def __init__(
        self, id_: AgentId, number: int, agent: Agent, slots: dict[TaskId, Slot], since: dict[MrdId, datetime]
    ) -> None:
        self.id, self.number, self.agent, self.slots, self.since = id_, number, agent, slots, since
        self.chairs: dict[MrdId, Chair] = {}
        self.own = 0
        self._reach = 0
        self._reach_version = -1

    def reach(self, reach: Reach) -> int:
        if self._reach_version != reach.version:
            self._reach, self._reach_version = reach.of(self.agent.attributes), reach.version
        return self._reach

    def forget_reach(self) -> None:
        self._reach_version = -1

    def free(self) -> None:
        """Look again, in every domain where they could take one more (routing 17)."""
        for chair in self.chairs.values():
            if chair.place is not None:
                chair.pool.freed.add(self)


class Staff:
    def __init__(self, state: State, pools: Pools, skills: Skills, presence: Presence) -> None:
        self.by_number: list[Seat] = []
        self._presence = presence
        self._state, self._pools, self._skills = state, pools, skills
        self._seats: dict[AgentId, Seat] = {}
        for agent_id in state.agents:
            self._restore(self.seat(agent_id))

    def seat(self, agent_id: AgentId) -> Seat:
        seat = self._seats.get(agent_id)
        if seat is None:
            state = self._state
            agent = state.agents.setdefault(agent_id, Agent())
            slots, since = state.slots.setdefault(agent_id, {}), state.since.setdefault(agent_id, {})
            seat = self._seats[agent_id] = Seat(agent_id, len(self.by_number), agent, slots, since)
            self.by_number.append(seat)
        return seat

    def members(self, agents: Iterable[AgentId]) -> int:
        """Those of them who were ever heard of, as a set."""
        return members_of(self._seats[agent].number for agent in agents if agent in self._seats)

    def _restore(self, seat: Seat) -> None:
        for attribute in seat.agent.attributes:
            self._skills.learn(seat.number, attribute, None, seat.agent.attributes)
        for slot in seat.slots.values():
            chair = self._chair(seat, slot.mrd_id)
            chair.load += 1
            chair.ringing += slot.state is SlotState.RESERVED
        for mrd_id in seat.agent.mrds:
            self._settle(seat, mrd_id)
        self._presence.note(seat.number, seat.agent)
        seat.free()

    # What happens to them

    def live(self, agent_id: AgentId, fact: Any, at: datetime, position: Position) -> None:
        """Something about the person: who they are, what they know, whether they want work."""
        seat = self.seat(agent_id)
        before = seat.agent
        after = seat.agent = self._state.agents[agent_id] = before.evolve(fact)
        match fact:
            case AttributeAssigned(attribute_id=attribute) | AttributeWithdrawn(attribute_id=attribute):
                self._skills.learn(seat.number, attribute, before.attributes.get(attribute), after.attributes)
                seat.forget_reach()
            case MrdMadeReady(mrd_id=mrd_id):
                self._state.readied.setdefault(agent_id, {})[mrd_id] = position
            case _:
                pass
        if after.attributes is before.attributes:
            for mrd_id in after.mrds:
                chair = self._chair(seat, mrd_id)
                if _routable(after, mrd_id, chair) and not _routable(before, mrd_id, chair):
                    seat.since[mrd_id] = at
                self._settle(seat, mrd_id)
        self._presence.note(seat.number, after)
        seat.free()

    def work(self, agent_id: AgentId, fact: SlotReserved | SlotFilled | SlotWrappingUp, state: SlotState) -> None:
        """A slot is held for a task, and goes on."""
        seat = self.seat(agent_id)
        before = seat.slots.get(fact.task_id)
        if isinstance(fact, SlotReserved):
            offer_id = fact.offer_id
        else:  # a slot that was not reserved is work that they pulled from a list (routing 61)
            offer_id = before.offer_id if before else OfferId("")
        seat.slots[fact.task_id] = Slot(fact.mrd_id, state, offer_id)
        chair = self._chair(seat, fact.mrd_id)
        if before is None:
            chair.load += 1
        elif before.state is SlotState.RESERVED:
            chair.ringing -= 1
        if state is SlotState.RESERVED:
            chair.ringing += 1
        self._settle(seat, fact.mrd_id)

    def release(self, agent_id: AgentId, fact: SlotReleased, at: datetime) -> None:
        seat = self.seat(agent_id)
        slot = seat.slots.pop(fact.task_id, None)
        chair = self._chair(seat, fact.mrd_id)
        if slot is not None:
            chair.load -= 1
            chair.ringing -= slot.state is SlotState.RESERVED
        seat.since[fact.mrd_id] = at
        self._settle(seat, fact.mrd_id)

    def promise(self, agent_id: AgentId, mrd_id: MrdId) -> None:
        """An offer to them is on its way: nothing more in this domain until it is known what came of it (routing 20)."""
        seat = self.seat(agent_id)
        chair = self._chair(seat, mrd_id)
        chair.promised += 1
        self._show(seat, chair, None)

    def take_back(self, agent_id: AgentId, mrd_id: MrdId) -> None:
        seat = self.seat(agent_id)
        self._chair(seat, mrd_id).promised -= 1
        self._settle(seat, mrd_id)

    # What follows

    def _chair(self, seat: Seat, mrd_id: MrdId) -> Chair:
        chair = seat.chairs.get(mrd_id)
        if chair is None:
            chair = seat.chairs[mrd_id] = Chair(self._pools[mrd_id])
        return chair

    def _settle(self, seat: Seat, mrd_id: MrdId) -> None:
        """Could they take one more here, and where in the order (routing 12, 13, 15, 20)?"""
        chair = self._chair(seat, mrd_id)
        if chair.ringing or chair.promised or not _routable(seat.agent, mrd_id, chair):
            self._show(seat, chair, None)
        else:
            fullness = chair.load / seat.agent.mrds[mrd_id].tasks_max
            self._show(seat, chair, (fullness, seat.since[mrd_id], seat.id, seat.number))
            chair.pool.freed.add(seat)

    def _show(self, seat: Seat, chair: Chair, place: Place | None) -> None:
        if place == chair.place:
            return
        chair.place = place
        if place is None:
            chair.pool.seats.drop(seat.number)
        else:
            chair.pool.seats.put(place)


def _routable(agent: Agent, mrd_id: MrdId, chair: Chair) -> bool:
    mrd = agent.mrds.get(mrd_id, NOWHERE)
    state = mrd_state(agent.logged_in, mrd.willing and agent.ready, chair.load, mrd.tasks_max)
    return state is MrdState.READY or state is MrdState.ACTIVE


NOWHERE = Mrd()
