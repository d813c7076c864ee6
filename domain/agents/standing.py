"""How does this agent stand: what are they good at, do they want work, and how much do they have? Facts are folded here,
nothing is decided.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Self, assert_never

from domain.agents.facts import (
    AgentFact,
    AgentRegistered,
    AgentState,
    AttributeAssigned,
    AttributeWithdrawn,
    AutoAnswerSwitched,
    DeskConnected,
    DeskDisconnected,
    IdleWarned,
    IdlingBegan,
    ListSubscribed,
    ListUnsubscribed,
    LoggedIn,
    LoggedOut,
    MadeNotReady,
    MadeReady,
    MrdGranted,
    MrdMadeNotReady,
    MrdMadeReady,
    MrdMirrored,
    MrdState,
    SlotFilled,
    SlotReleased,
    SlotReserved,
    SlotState,
    SlotWrappingUp,
    StateLost,
    WrapUpEnded,
)
from domain.agents.states import (
    AT_WORK,
    NOBODY,
    ROUTABLE,
    Interrupts,
    Mirrored,
    Mrd,
    Occupation,
    Occupying,
    Slot,
    agent_state,
    interrupted,
    mrd_state,
)
from domain.ids import AttributeId, ListId, MrdId, OfferId, TaskId
from domain.kernel import NotFound, WrongState, replace

RONA = "RONA"
WITHOUT_SLOT = "wrap-up without a slot"


class NotRoutable(WrongState):
    code = "NOT_ROUTABLE"


class NotLoggedIn(WrongState):
    code = "NOT_LOGGED_IN"


class NotManaged(WrongState):
    code = "NOT_MANAGED"


class HasWork(WrongState):
    code = "HAS_WORK"


@dataclass(frozen=True, slots=True)
class Standing:
    category: ClassVar[str] = "agent"

    username: str = ""
    name: str = ""
    logged_in: bool = False
    ready: bool = False
    reason: str = ""
    mrds: Mapping[MrdId, Mrd] = field(default_factory=dict)
    attributes: Mapping[AttributeId, int] = field(default_factory=dict)
    slots: Mapping[TaskId, Slot] = field(default_factory=dict)
    wrap_ups: frozenset[TaskId] = frozenset()
    """Those that hold no slot (routing 52)."""
    lists: frozenset[ListId] = frozenset()
    state_lost: bool = False
    desks: frozenset[str] = frozenset()
    lost_desk: str = ""
    lost_until: datetime | None = None
    """When they are signed out, unless they come back."""
    unwatched: bool = False
    """Whoever watched their desk is gone: nobody knows whether they are there (routing 29)."""
    idle_due: datetime | None = None
    idle_warned: bool = False
    auto_answers: bool = False

    @property
    def state(self) -> AgentState:
        return agent_state(logged_in=self.logged_in, ready=self.ready, lost=self.state_lost or self.unwatched)

    @property
    def takes_offers(self) -> bool:
        """Ready, and not cut off from their desk (routing 12, 39)."""
        return self.logged_in and self.ready and not self.lost_desk

    def giving_way(self, slots: Iterable[Occupying]) -> Interrupts:
        """Their domains that give way to what goes on in others, with these slots (routing 35)."""
        pressing: list[Occupying] = [
            Occupation(mrd_id, mrd.mirrored.interruptible, mrd.mirrored.interrupts)
            for mrd_id, mrd in self.mrds.items()
            if mrd.mirrored is not None and mrd.mirrored.state in AT_WORK
        ]
        pressing += slots
        return interrupted(pressing) if any(it.interrupts for it in pressing) else NOBODY

    def giving_way_to_work(self, without: TaskId | None = None) -> Interrupts:
        """The same, but for what only rings yet: an offer that rings out undoes nothing (routing 36)."""
        slots = self.slots.items()
        return self.giving_way(it for id_, it in slots if id_ != without and it.state is not SlotState.RESERVED)

    @property
    def is_at_work(self) -> bool:
        """Here, or as far as another system tells (routing 34, 40)."""
        elsewhere = any(mrd.mirrored is not None and mrd.mirrored.state in AT_WORK for mrd in self.mrds.values())
        return elsewhere or bool(self.slots)

    def load(self, mrd_id: MrdId) -> int:
        """How many slots are taken: reserved, active and in wrap-up (routing 12, 20, 52)."""
        return sum(slot.mrd_id == mrd_id for slot in self.slots.values())

    def mrd_state(self, mrd_id: MrdId) -> MrdState:
        mrd = self.mrds.get(mrd_id, Mrd())
        if self.logged_in and mrd.mirrored is not None:
            return mrd.mirrored.state
        if self.state is AgentState.UNKNOWN:
            return MrdState.UNKNOWN
        willing = mrd.willing and self.ready
        gives_way = willing and mrd_id in self.giving_way(self.slots.values())
        return mrd_state(self.logged_in, willing, self.load(mrd_id), mrd.tasks_max, gives_way)

    # What decisions ask first

    def check_logged_in(self) -> None:
        if not self.logged_in:
            raise NotLoggedIn("Sign in first: call logIn.")

    def check_granted(self, mrd: MrdId) -> None:
        if mrd not in self.mrds:
            raise NotFound("The agent has no such media routing domain.", "mrd_id")

    def check_may_pull(self, mrd: MrdId) -> None:
        """routing 61: whoever is here and works in this domain."""
        self.check_logged_in()
        self.check_granted(mrd)

    def check_can_take(self, mrd: MrdId) -> None:
        """One more offer in this domain (routing 12, 20)."""
        if not self.username:
            raise NotFound("There is no such agent.", "agent_id")
        state = self.mrd_state(mrd)
        if state not in ROUTABLE:
            raise NotRoutable(f"The agent is {state} in {mrd}.")
        if not self.takes_offers:
            raise NotRoutable("The agent is cut off from their desk.")
        if self.mrds[mrd].mirrored is not None:
            raise NotRoutable("This media routing domain is routed by somebody else.")
        if any(slot.state is SlotState.RESERVED and slot.mrd_id == mrd for slot in self.slots.values()):
            raise NotRoutable("The agent already has an offer in this media routing domain.")

    def is_last_on(self, mrd_id: MrdId) -> bool:
        """Is no other domain on, or only cooling down?"""
        return not any(it.willing or it.rests_until for id_, it in self.mrds.items() if id_ != mrd_id)

    def evolve(self, fact: AgentFact) -> Self:
        match fact:
            case AgentRegistered(username=username, name=name):
                return replace(self, username=username, name=name)
            case AttributeAssigned(attribute_id=attribute, value=value):
                return replace(self, attributes={**self.attributes, attribute: value})
            case AutoAnswerSwitched(on=on):
                return replace(self, auto_answers=on)
            case AttributeWithdrawn(attribute_id=attribute):
                return replace(self, attributes={a: v for a, v in self.attributes.items() if a != attribute})
            case MrdGranted(mrd_id=mrd, tasks_max=tasks_max):
                return self._with_mrd(mrd, replace(self.mrds.get(mrd, Mrd()), tasks_max=tasks_max))
            case LoggedIn():
                return replace(self, logged_in=True, ready=False, reason="")
            case LoggedOut(reason=reason):
                return replace(
                    self._unwilling(),
                    logged_in=False,
                    ready=False,
                    reason=reason,
                    state_lost=False,
                    lost_desk="",
                    lost_until=None,
                    unwatched=False,
                    idle_due=None,
                )
            case MadeReady():
                return replace(self, ready=True, reason="", state_lost=False, unwatched=False)
            case MadeNotReady(reason=reason):
                return replace(self._unwilling(), ready=False, reason=reason, state_lost=False, unwatched=False)
            case StateLost(reason=reason):
                return replace(self._unwilling(), ready=False, reason=reason, state_lost=True)
            case MrdMadeReady(mrd_id=mrd):
                return self._with_mrd(
                    mrd, replace(self.mrds[mrd], willing=True, misses=0, rests_until=None, mirrored=None)
                )
            case MrdMadeNotReady(mrd_id=mrd, until=until):
                return self._with_mrd(mrd, replace(self.mrds[mrd], willing=False, rests_until=until, mirrored=None))
            case MrdMirrored(mrd_id=mrd):
                it = Mirrored(fact.state, fact.interruptible, fact.interrupts)
                told = self._with_mrd(mrd, replace(self.mrds[mrd], willing=False, rests_until=None, mirrored=it))
                return replace(told, idle_due=None) if it.state in AT_WORK else told
            case SlotReserved() | SlotFilled() | SlotWrappingUp() | SlotReleased():
                return self._working(fact)
            case WrapUpEnded(task_id=task):
                return replace(self, wrap_ups=self.wrap_ups - {task})
            case DeskConnected() | DeskDisconnected() | IdlingBegan() | IdleWarned():
                return self._at_desk(fact)
            case ListSubscribed(list_id=list_id):
                return replace(self, lists=self.lists | {list_id})
            case ListUnsubscribed(list_id=list_id):
                return replace(self, lists=self.lists - {list_id})
            case _:
                assert_never(fact)

    def _working(self, fact: SlotReserved | SlotFilled | SlotWrappingUp | SlotReleased) -> Self:
        """Work ends idleness; an offer that was taken, the count of those that were not."""
        match fact:
            case SlotReserved(mrd_id=mrd, task_id=task, offer_id=offer):
                slot = Slot(mrd, SlotState.RESERVED, offer, fact.interruptible, fact.interrupts)
                return self._with_slot(task, slot)
            case SlotFilled(mrd_id=mrd, task_id=task):
                pulled = Slot(mrd, SlotState.ACTIVE, OfferId(""), fact.interruptible, fact.interrupts)
                slots = {**self.slots, task: replace(self.slots.get(task) or pulled, state=SlotState.ACTIVE)}
                return replace(self, slots=slots, mrds=self._missed(mrd, 0), idle_due=None)
            case SlotWrappingUp(task_id=task):
                return self._with_slot(task, replace(self.slots[task], state=SlotState.WRAP_UP))
            case SlotReleased(mrd_id=mrd, task_id=task, reason=reason):
                slots = {t: slot for t, slot in self.slots.items() if t != task}
                wrap_ups = self.wrap_ups | {task} if reason == WITHOUT_SLOT else self.wrap_ups
                mrds = self._missed(mrd, 1) if reason == RONA else self.mrds
                return replace(self, slots=slots, wrap_ups=wrap_ups, mrds=mrds)
            case _:
                assert_never(fact)

    def _at_desk(self, fact: DeskConnected | DeskDisconnected | IdlingBegan | IdleWarned) -> Self:
        """Whether they are there, and since when they do nothing."""
        match fact:
            case DeskConnected(connection_id=connection, evicted=evicted):
                desks = (self.desks - set(evicted)) | {connection}
                return replace(self, desks=desks, lost_desk="", lost_until=None, unwatched=False)
            case DeskDisconnected(connection_id=connection, due=due):
                left = replace(self, desks=self.desks - {connection})
                if due is None:
                    return left
                return replace(left, lost_desk=connection, lost_until=due, unwatched=not fact.watched)
            case IdlingBegan(due=due):
                return replace(self, idle_due=due, idle_warned=False)
            case IdleWarned():
                return replace(self, idle_warned=True)
            case _:
                assert_never(fact)

    def _missed(self, mrd_id: MrdId, more: int) -> Mapping[MrdId, Mrd]:
        """So many more offers rang out in a row; 0 ends the row."""
        mrd = self.mrds.get(mrd_id)
        misses = mrd.misses + 1 if mrd and more else 0
        return self.mrds if mrd is None or mrd.misses == misses else {**self.mrds, mrd_id: replace(mrd, misses=misses)}

    def _with_mrd(self, mrd_id: MrdId, mrd: Mrd) -> Self:
        return replace(self, mrds={**self.mrds, mrd_id: mrd})

    def _with_slot(self, task: TaskId, slot: Slot) -> Self:
        return replace(self, slots={**self.slots, task: slot}, idle_due=None)

    def _unwilling(self) -> Self:
        off = {mrd_id: replace(mrd, willing=False, rests_until=None) for mrd_id, mrd in self.mrds.items()}
        return replace(self, mrds=off)
