"""Who is there, and who could take one more? Facts of agents go in; each agent has a seat in every domain they work in.

Who they are and whether they want work is the domain's own `Agent`. What fills their time changes with every task and is
counted here; the state follows from both by the domain's own `mrd_state` (routing 33). Whoever is cut off from their desk
or interrupted in a domain keeps their place in the order, and is not in it for a while (routing 35, 39).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from domain.agents.agent import Agent
from domain.agents.facts import (
    AttributeAssigned,
    AttributeWithdrawn,
    MrdMadeReady,
    MrdMirrored,
    MrdState,
    SlotFilled,
    SlotReleased,
    SlotReserved,
    SlotState,
    SlotWrappingUp,
)
from domain.agents.states import NOBODY, Interrupts, Mrd, mrd_state
from domain.ids import AgentId, MrdId, OfferId, TaskId
from domain.kernel import Position, Recorded
from domain.routing.agenda import Agenda
from domain.routing.lines import Pool, Pools
from domain.routing.ranking import Place, members_of
from domain.routing.reach import Reach
from domain.routing.skills import Skills
from domain.routing.state import Slot, State

OF_AGENT = len("agent-")
"""Where the id of an agent begins in the name of their stream."""
RESERVED, ACTIVE, WRAP_UP = SlotState.RESERVED, SlotState.ACTIVE, SlotState.WRAP_UP  # members are looked up slowly
PULLED = OfferId("")


class Chair:
    """An agent's stand in one domain: `ringing` slots are reserved, `promised` ones are offers not yet a fact. `limit`:
    how many tasks they take at once, none while they are away or do not want any. `place`: in the order of those who
    could take one more, if they are in it. `closed`: they are cut off, or this domain gives way to another.
    """

    __slots__ = ("closed", "limit", "load", "place", "pool", "promised", "ringing", "seat")

    def __init__(self, seat: "Seat", pool: Pool) -> None:
        self.seat, self.pool = seat, pool
        self.limit = self.load = self.ringing = self.promised = 0
        self.closed = False
        self.place: Place | None = None


class Seat:
    """`interrupted`: their domains that give way to what goes on in others (routing 35). `own`: the steps that wait for
    this agent alone (routing 54).
    """

    __slots__ = ("_reach", "_reach_version", "agent", "chairs", "id", "interrupted", "number", "own", "since", "slots")

    def __init__(
        self, id_: AgentId, number: int, agent: Agent, slots: dict[TaskId, Slot], since: dict[MrdId, datetime]
    ) -> None:
        self.id, self.number, self.agent, self.slots, self.since = id_, number, agent, slots, since
        self.chairs: dict[MrdId, Chair] = {}
        self.interrupted: Interrupts = NOBODY
        self.own = 0
        self._reach = 0
        self._reach_version = -1

    def serves(self, reach: Reach) -> int:
        """The steps whose requests they may have."""
        known = self._reach_version
        if known != reach.version:
            attributes = self.agent.attributes
            self._reach = reach.of(attributes) if known < 0 else reach.since(known, self._reach, attributes)
            self._reach_version = reach.version
        return self._reach | self.own if self.own else self._reach

    def forget_reach(self) -> None:
        self._reach_version = -1

    def may_give_way(self) -> bool:
        """In some domain: who came first matters, so every slot that comes or goes does (routing 35)."""
        return bool(self.interrupted) or any(it.interrupts for it in self.slots.values())

    def free(self) -> bool:
        """Look again, in every domain where they could take one more (routing 17); whether there is any."""
        freed = False
        for chair in self.chairs.values():
            if chair.place is not None:
                chair.pool.free(self)
                freed = True
        return freed


class Staff:
    """As sets: `here`: whoever is signed in; `ready`: those of them who want work; `cut_off`: who lost their desk; `left`:
    the steps that somebody does not serve any more, or not now, since that was last made none; perhaps more.
    """

    def __init__(self, state: State, pools: Pools, skills: Skills, reach: Reach, agenda: Agenda) -> None:
        self.by_number: list[Seat] = []
        self.here = self.ready = self.cut_off = self.left = 0
        self._state, self._pools, self._skills, self._reach = state, pools, skills, reach
        self._agenda = agenda
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
            chair = self.chair(seat, slot.mrd_id)
            chair.load += 1
            if slot.state is RESERVED:
                self._ring(chair)
        seat.interrupted = seat.agent.giving_way(seat.slots.values())
        for mrd_id in seat.agent.mrds:
            chair = self.chair(seat, mrd_id)
            chair.limit = _limit(seat.agent, mrd_id)
            self._close_or_open(chair)
        self._note_presence(seat)
        seat.free()

    # What happens to them

    def live(self, agent_id: AgentId, fact: Any, at: datetime, position: Position) -> None:
        """Something about the person: who they are, what they know, whether they want work."""
        seat = self.seat(agent_id)
        before = seat.agent
        if isinstance(fact, AttributeAssigned | AttributeWithdrawn):
            self._leaves(seat)
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
                chair = self.chair(seat, mrd_id)
                limit = _limit(after, mrd_id)
                if chair.limit <= chair.load < limit:
                    seat.since[mrd_id] = at
                chair.limit = limit
                self._close_or_open(chair)
            if isinstance(fact, MrdMirrored):
                self._give_way(seat, at)
            self._note_presence(seat)
        if seat.free():
            seat.serves(self._reach)  # now, rather than when a decision waits for it

    def reserved(self, recorded: Recorded[SlotReserved]) -> None:
        """A slot is held for an offer."""
        fact, seat = recorded.fact, self._seat_of(recorded.stream)
        mrd_id, task_id = fact.mrd_id, fact.task_id
        chair = seat.chairs.get(mrd_id) or self.chair(seat, mrd_id)
        before = seat.slots.get(task_id)
        if before is None:
            chair.load += 1
        if before is None or before.state is not RESERVED:
            self._ring(chair)
        seat.slots[task_id] = Slot(mrd_id, RESERVED, fact.offer_id, fact.interruptible, fact.interrupts)
        if chair.place is not None:
            self._settle(chair)
        if seat.may_give_way():
            self._give_way(seat, None)

    def filled(self, recorded: Recorded[SlotFilled]) -> None:
        self._work(recorded, ACTIVE)

    def wrapping_up(self, recorded: Recorded[SlotWrappingUp]) -> None:
        self._work(recorded, WRAP_UP)

    def _work(self, recorded: Recorded[SlotFilled | SlotWrappingUp], state: SlotState) -> None:
        """What a slot is held for goes on; if it was not held, they pulled the work from a list (routing 61)."""
        fact, seat = recorded.fact, self._seat_of(recorded.stream)
        mrd_id, task_id = fact.mrd_id, fact.task_id
        chair = seat.chairs.get(mrd_id) or self.chair(seat, mrd_id)
        slot = seat.slots.get(task_id)
        if slot is None:
            chair.load += 1
            slot = seat.slots[task_id] = Slot(mrd_id, state, PULLED)
            if isinstance(fact, SlotFilled):
                slot.interruptible, slot.interrupts = fact.interruptible, fact.interrupts
            if seat.may_give_way():
                self._give_way(seat, None)
        else:
            if slot.state is RESERVED:
                self._stop_ringing(chair)
            slot.state = state
        if chair.load < chair.limit or chair.place is not None:
            self._settle(chair)

    def released(self, recorded: Recorded[SlotReleased]) -> None:
        fact, seat = recorded.fact, self._seat_of(recorded.stream)
        mrd_id = fact.mrd_id
        chair = seat.chairs.get(mrd_id) or self.chair(seat, mrd_id)
        slot = seat.slots.pop(fact.task_id, None)
        if slot is not None:
            chair.load -= 1
            if slot.state is RESERVED:
                self._stop_ringing(chair)
        seat.since[mrd_id] = recorded.at
        self._settle(chair)
        if slot is not None and (slot.interrupts or seat.may_give_way()):
            self._give_way(seat, recorded.at)

    def promise(self, chair: Chair) -> None:
        """An offer to them is on its way: nothing more in this domain until it is known what came of it (routing 20)."""
        chair.promised += 1
        chair.pool.offered |= 1 << chair.seat.number
        if chair.place is not None:
            chair.pool.seats.drop(chair.seat.number)
            chair.place = None

    def take_back(self, chair: Chair) -> None:
        chair.promised -= 1
        if not chair.ringing:
            if not chair.promised:
                chair.pool.offered ^= 1 << chair.seat.number
            self._settle(chair)

    def _ring(self, chair: Chair) -> None:
        chair.ringing += 1
        if not chair.promised:
            chair.pool.offered |= 1 << chair.seat.number

    def _stop_ringing(self, chair: Chair) -> None:
        chair.ringing -= 1
        if not chair.ringing and not chair.promised:
            chair.pool.offered ^= 1 << chair.seat.number

    # What follows

    def _note_presence(self, seat: Seat) -> None:
        """For whoever asks why somebody did not get something, and for steps that are left when nobody is there."""
        agent, bit = seat.agent, 1 << seat.number
        ready = agent.logged_in and agent.ready
        was_here, is_less = self.here & bit, False
        self.here = self.here | bit if agent.logged_in else self.here & ~bit
        self.ready = self.ready | bit if ready else self.ready & ~bit
        self.cut_off = self.cut_off | bit if agent.lost_desk else self.cut_off & ~bit
        for mrd_id, mrd in agent.mrds.items():
            pool = self._pools[mrd_id]
            was_capable, was_willing = pool.capable & bit, pool.willing & bit
            if not pool.staffed & bit:
                pool.staffed |= bit
                pool.staff_count += 1
            pool.capable = pool.capable | bit if mrd.tasks_max else pool.capable & ~bit
            pool.willing = pool.willing | bit if ready and mrd.willing else pool.willing & ~bit
            is_less |= was_capable > pool.capable & bit or was_willing > pool.willing & bit
        if is_less or was_here > self.here & bit:
            self._leaves(seat)

    def _leaves(self, seat: Seat) -> None:
        self.left |= seat.serves(self._reach)
        self._agenda.rules = True

    def _seat_of(self, stream: str) -> Seat:
        agent_id: Any = stream[OF_AGENT:]  # the types of ids are calls, too
        return self._seats.get(agent_id) or self.seat(agent_id)

    def chair(self, seat: Seat, mrd_id: MrdId) -> Chair:
        chair = seat.chairs.get(mrd_id)
        if chair is None:
            pool = self._pools[mrd_id]
            chair = seat.chairs[mrd_id] = pool.chairs[seat.number] = Chair(seat, pool)
        return chair

    def _give_way(self, seat: Seat, at: datetime | None) -> None:
        """Something began or ended to which other domains give way; what is free again by it counts as freed then."""
        before, seat.interrupted = seat.interrupted, seat.agent.giving_way(seat.slots.values())
        for mrd_id in before.keys() ^ seat.interrupted.keys():
            if at is not None and mrd_id in before:
                seat.since[mrd_id] = at
            self._close_or_open(self.chair(seat, mrd_id))

    def _close_or_open(self, chair: Chair) -> None:
        closed = bool(chair.seat.agent.lost_desk) or chair.pool.mrd_id in chair.seat.interrupted
        if closed is not chair.closed:
            chair.closed = closed
            chair.pool.closed ^= 1 << chair.seat.number
        self._settle(chair)

    def _settle(self, chair: Chair) -> None:
        """Could they take one more here, and where in the order (routing 12, 13, 15, 20)?"""
        pool = chair.pool
        if chair.load >= chair.limit or chair.ringing or chair.promised or chair.closed:
            if chair.place is not None:
                pool.seats.drop(chair.seat.number)
                chair.place = None
            return
        seat = chair.seat
        place = (chair.load / chair.limit, seat.since[pool.mrd_id], seat.id, seat.number)
        if place != chair.place:
            chair.place = place
            pool.seats.put(place)
        pool.free(seat)


def _limit(agent: Agent, mrd_id: MrdId) -> int:
    """How many tasks at once: their maximum, if they would be given work when they have none. Nobody is willing in a domain
    that somebody else routes (routing 34).
    """
    mrd = agent.mrds.get(mrd_id, NOWHERE)
    state = mrd_state(agent.logged_in, mrd.willing and agent.ready, 0, mrd.tasks_max)
    return mrd.tasks_max if state is MrdState.READY else 0


NOWHERE = Mrd()
