"""What is this agent good at, do they want work, and how much do they have? States are derived from those causes."""

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
from domain.configuration.domains import RonaAction
from domain.ids import AttributeId, ConversationId, ListId, MrdId, OfferId, TaskId
from domain.kernel import Decision, Invalid, NotFound, WrongState, replace
from domain.routing.decisions import UNTOLD, Grounds

TASKS_MAX = 100
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
class Agent:
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
    idle_due: datetime | None = None
    idle_warned: bool = False

    @property
    def state(self) -> AgentState:
        return agent_state(logged_in=self.logged_in, ready=self.ready, lost=self.state_lost)

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
        pressing += [slot for slot in slots if slot.interrupts]
        return interrupted(pressing) if pressing else NOBODY

    def giving_way_to_work(self, without: TaskId | None = None) -> Interrupts:
        """The same, but for what only rings yet: an offer that rings out undoes nothing (routing 36)."""
        slots = self.slots.items()
        return self.giving_way(it for id_, it in slots if id_ != without and it.state is not SlotState.RESERVED)

    def load(self, mrd_id: MrdId) -> int:
        """How many slots are taken: reserved, active and in wrap-up (routing 12, 20, 52)."""
        return sum(slot.mrd_id == mrd_id for slot in self.slots.values())

    def mrd_state(self, mrd_id: MrdId) -> MrdState:
        mrd = self.mrds.get(mrd_id, Mrd())
        if self.logged_in and mrd.mirrored is not None:
            return mrd.mirrored.state
        if self.logged_in and self.state_lost:
            return MrdState.UNKNOWN
        willing = mrd.willing and self.ready
        gives_way = willing and mrd_id in self.giving_way(self.slots.values())
        return mrd_state(self.logged_in, willing, self.load(mrd_id), mrd.tasks_max, gives_way)

    # Decisions about the person

    def register(self, username: str, name: str) -> Decision:
        if (username, name) != (self.username, self.name):
            yield AgentRegistered(username, name)

    def assign_attribute(self, attribute: AttributeId, value: int) -> Decision:
        if not 0 <= value <= 10:
            raise Invalid("An attribute value is 0 or 1 for a boolean, and 1 to 10 for a proficiency.", "value")
        if self.attributes.get(attribute) != value:
            yield AttributeAssigned(attribute, value)

    def withdraw_attribute(self, attribute: AttributeId) -> Decision:
        if attribute in self.attributes:
            yield AttributeWithdrawn(attribute)

    def grant_mrd(self, mrd: MrdId, tasks_max: int) -> Decision:
        if not 0 <= tasks_max <= TASKS_MAX:
            raise Invalid(f"An agent may have 0 to {TASKS_MAX} tasks at once.", "tasks_max")
        if mrd not in self.mrds or self.mrds[mrd].tasks_max != tasks_max:
            yield MrdGranted(mrd, tasks_max)

    # Decisions about presence

    def log_in(self) -> Decision:
        if not self.username:
            raise NotFound("There is no such agent.", "agent_id")
        if not self.logged_in:
            yield LoggedIn()

    def stop(self, reason: str) -> Decision:
        """On the way out: whatever they said before, nothing new comes to them (routing 37)."""
        if self.ready:
            yield MadeNotReady(reason)

    def log_out(self, reason: str = "", *, refuses: bool = False) -> Decision:
        """`refuses`: not in the midst of work (routing 37)."""
        if not self.username:
            raise NotFound("There is no such agent.", "agent_id")
        if refuses and self.logged_in and any(slot.state is SlotState.ACTIVE for slot in self.slots.values()):
            raise HasWork("You have live work: end it or pass it on first.")
        if self.logged_in:
            yield LoggedOut(reason)

    def lose_state(self, reason: str) -> Decision:
        """After a failure: until they say whether they want work, they get none (routing 29)."""
        if self.logged_in and not self.state_lost:
            yield StateLost(reason)

    def make_ready(self, mrds: frozenset[MrdId] | None = None) -> Decision:
        """Ready for work, in all media routing domains that the agent has, or in `mrds` alone (routing 31)."""
        self._check_logged_in()
        if unknown := sorted((mrds or frozenset()) - self.mrds.keys()):
            raise NotFound(f"The agent has no media routing domain {unknown[0]!r}.", "mrds")
        if not self.ready:
            yield MadeReady()
        for mrd in self.mrds:
            if (mrds is None or mrd in mrds) and not (self.ready and self.mrds[mrd].willing):
                yield MrdMadeReady(mrd)

    def make_not_ready(self, reason: str, *, reroutes_work: bool = False) -> Decision:
        """No new work anywhere (routing 30); asked again, it changes the reason (routing 29)."""
        self._check_logged_in()
        if self.ready or self.state_lost or reason != self.reason:
            yield MadeNotReady(reason, reroutes_work)

    def make_mrd_ready(self, mrd: MrdId) -> Decision:
        self._check_logged_in()
        self._check_granted(mrd)
        if not self.ready:
            raise WrongState("Become ready first: a media routing domain can only be ready when you are (routing 31).")
        if not self.mrds[mrd].willing:
            yield MrdMadeReady(mrd)

    def make_mrd_not_ready(self, mrd: MrdId, reason: str, *, last_one_off: bool = False) -> Decision:
        """`last_one_off`: who has switched off all domains is not ready at all (routing 31)."""
        self._check_logged_in()
        self._check_granted(mrd)
        if self.mrds[mrd].willing or self.mrds[mrd].rests_until:
            yield MrdMadeNotReady(mrd, reason)
            if last_one_off and self.ready and self._is_last(mrd):
                yield MadeNotReady(reason)

    def end_cool_down(self, mrd: MrdId, until: datetime) -> Decision:
        """They have rested; unless they said something else meanwhile (routing 25)."""
        if self.ready and mrd in self.mrds and self.mrds[mrd].rests_until == until:
            yield MrdMadeReady(mrd)

    def mirror(self, mrd: MrdId, mirrored: Mirrored) -> Decision:
        """Somebody else routes this domain, and says how they stand there (routing 34)."""
        self._check_granted(mrd)
        if self.mrds[mrd].mirrored != mirrored:
            yield MrdMirrored(mrd, mirrored.state, mirrored.interruptible, mirrored.interrupts)

    # Decisions about work

    def reserve(
        self,
        mrd: MrdId,
        task: TaskId,
        offer: OfferId,
        step: int,
        why: Grounds = UNTOLD,
        *,
        interruptible: bool = False,
        interrupts: Interrupts = NOBODY,
    ) -> Decision:
        """Hold a slot for an offer: the one place where capacity is enforced, whoever routes (routing 12, 18, 20)."""
        if task in self.slots:
            return
        self.check_can_take(mrd)
        yield SlotReserved(mrd, task, offer, step, why, interruptible, interrupts)

    def fill(self, task: TaskId, conversation: ConversationId) -> Decision:
        slot = self.slots.get(task)
        if slot is not None and slot.state is SlotState.RESERVED:
            yield SlotFilled(slot.mrd_id, task, conversation, slot.interruptible, slot.interrupts)

    def take_up(
        self,
        mrd: MrdId,
        task: TaskId,
        conversation: ConversationId,
        *,
        interruptible: bool = False,
        interrupts: Interrupts = NOBODY,
    ) -> Decision:
        """Work that they chose themselves: ready or not, and more than their maximum if they like (routing 61)."""
        if task not in self.slots:
            self.check_may_pull(mrd)
            yield SlotFilled(mrd, task, conversation, interruptible, interrupts)

    def wrap_up(self, task: TaskId, *, holds_slot: bool) -> Decision:
        """The talk is over; whether wrap-up still fills the slot is the domain's choice (routing 52)."""
        slot = self.slots.get(task)
        if slot is None or slot.state is SlotState.WRAP_UP:
            return
        if holds_slot:
            yield SlotWrappingUp(slot.mrd_id, task)
        else:
            yield SlotReleased(slot.mrd_id, task, WITHOUT_SLOT, self._goes_on_after(task))

    def release(self, task: TaskId, reason: str) -> Decision:
        slot = self.slots.get(task)
        if slot is not None:
            yield SlotReleased(slot.mrd_id, task, reason, self._goes_on_after(task))
        elif task in self.wrap_ups:
            yield WrapUpEnded(task)

    def miss(
        self,
        task: TaskId,
        action: RonaAction = RonaAction.MRD_NOT_READY,
        after: int = 1,
        rest_until: datetime | None = None,
        *,
        last_one_off: bool = False,
    ) -> Decision:
        """An offer rang out: free the slot and, after so many in a row, give the agent a rest (routing 25)."""
        slot = self.slots.get(task)
        if slot is None or slot.state is not SlotState.RESERVED:
            return
        yield SlotReleased(slot.mrd_id, task, RONA)
        mrd = self.mrds[slot.mrd_id]
        if not mrd.willing or mrd.misses + 1 < after:
            return
        if action is RonaAction.COOL_DOWN:
            yield MrdMadeNotReady(slot.mrd_id, RONA, rest_until)
        elif action is RonaAction.MRD_NOT_READY:
            yield MrdMadeNotReady(slot.mrd_id, RONA)
            if last_one_off and self._is_last(slot.mrd_id):
                yield MadeNotReady(RONA)

    # Decisions about lists

    def subscribe(self, list_id: ListId, mrd: MrdId) -> Decision:
        self._check_granted(mrd)
        if list_id not in self.lists:
            yield ListSubscribed(list_id)

    def unsubscribe(self, list_id: ListId) -> Decision:
        if list_id in self.lists:
            yield ListUnsubscribed(list_id)

    def check_may_pull(self, mrd: MrdId) -> None:
        """routing 61: whoever is here and works in this domain."""
        self._check_logged_in()
        self._check_granted(mrd)

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

    def _goes_on_after(self, task: TaskId) -> tuple[MrdId, ...]:
        slot = self.slots[task]
        if slot.state is SlotState.RESERVED or not slot.interrupts:
            return ()
        return tuple(sorted(slot.interrupts.keys() - self.giving_way_to_work(without=task).keys()))

    def _is_last(self, mrd_id: MrdId) -> bool:
        """Is no other domain on, or only cooling down?"""
        return not any(it.willing or it.rests_until for id_, it in self.mrds.items() if id_ != mrd_id)

    def _check_logged_in(self) -> None:
        if not self.logged_in:
            raise NotLoggedIn("Sign in first: call logIn.")

    def _check_granted(self, mrd: MrdId) -> None:
        if mrd not in self.mrds:
            raise NotFound("The agent has no such media routing domain.", "mrd_id")

    def evolve(self, fact: AgentFact) -> Self:
        match fact:
            case AgentRegistered(username=username, name=name):
                return replace(self, username=username, name=name)
            case AttributeAssigned(attribute_id=attribute, value=value):
                return replace(self, attributes={**self.attributes, attribute: value})
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
                    idle_due=None,
                )
            case MadeReady():
                return replace(self, ready=True, reason="", state_lost=False)
            case MadeNotReady(reason=reason):
                return replace(self._unwilling(), ready=False, reason=reason, state_lost=False)
            case StateLost(reason=reason):
                return replace(self._unwilling(), ready=False, reason=reason, state_lost=True)
            case MrdMadeReady(mrd_id=mrd):
                return self._with_mrd(
                    mrd, replace(self.mrds[mrd], willing=True, misses=0, rests_until=None, mirrored=None)
                )
            case MrdMadeNotReady(mrd_id=mrd, until=until):
                return self._with_mrd(mrd, replace(self.mrds[mrd], willing=False, rests_until=until))
            case MrdMirrored():
                it = Mirrored(fact.state, fact.interruptible, fact.interrupts)
                return self._with_mrd(fact.mrd_id, replace(self.mrds[fact.mrd_id], mirrored=it))
            case SlotReserved() | SlotFilled() | SlotWrappingUp() | SlotReleased():
                return self._working(fact)
            case WrapUpEnded(task_id=task):
                return replace(self, wrap_ups=self.wrap_ups - {task})
            case DeskConnected(connection_id=connection, evicted=evicted):
                return replace(self, desks=(self.desks - set(evicted)) | {connection}, lost_desk="")
            case DeskDisconnected(connection_id=connection, due=due):
                return replace(self, desks=self.desks - {connection}, lost_desk=connection if due else self.lost_desk)
            case IdlingBegan(due=due):
                return replace(self, idle_due=due, idle_warned=False)
            case IdleWarned():
                return replace(self, idle_warned=True)
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
