"""What is this agent good at, do they want work, and how much do they have? States are derived from those causes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self, assert_never

from domain.agents.facts import (
    AgentFact,
    AgentRegistered,
    AgentState,
    AttributeAssigned,
    AttributeWithdrawn,
    ListSubscribed,
    ListUnsubscribed,
    LoggedIn,
    LoggedOut,
    MadeNotReady,
    MadeReady,
    MrdGranted,
    MrdMadeNotReady,
    MrdMadeReady,
    MrdState,
    SlotFilled,
    SlotReleased,
    SlotReserved,
    SlotState,
    SlotWrappingUp,
)
from domain.ids import AttributeId, ConversationId, ListId, MrdId, OfferId, TaskId
from domain.kernel import Decision, Invalid, NotFound, WrongState, replace
from domain.routing.decisions import UNTOLD, Grounds

ROUTABLE = frozenset({MrdState.READY, MrdState.ACTIVE})
TASKS_MAX = 100


class NotRoutable(WrongState):
    code = "NOT_ROUTABLE"


class NotLoggedIn(WrongState):
    code = "NOT_LOGGED_IN"


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the tasks that fill an agent's time. `offer_id` names the offer that it began with; empty for pulled work."""

    mrd_id: MrdId
    state: SlotState
    offer_id: OfferId


@dataclass(frozen=True, slots=True)
class Mrd:
    """An agent's stand in one media routing domain."""

    tasks_max: int = 0
    willing: bool = False


def mrd_state(logged_in: bool, willing: bool, load: int, tasks_max: int) -> MrdState:  # noqa: FBT001 - two causes of four
    """A pure function of here?, willing?, how many of how many (routing 32, 33)."""
    if not logged_in:
        return MrdState.LOGOUT
    if not willing:
        return MrdState.PENDING_NOT_READY if load else MrdState.NOT_READY
    if load >= tasks_max:
        return MrdState.BUSY
    return MrdState.ACTIVE if load else MrdState.READY


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
    lists: frozenset[ListId] = frozenset()

    @property
    def state(self) -> AgentState:
        if not self.logged_in:
            return AgentState.LOGOUT
        return AgentState.READY if self.ready else AgentState.NOT_READY

    def load(self, mrd_id: MrdId) -> int:
        """How many slots are taken: reserved, active and in wrap-up (routing 12, 20, 52)."""
        return sum(slot.mrd_id == mrd_id for slot in self.slots.values())

    def mrd_state(self, mrd_id: MrdId) -> MrdState:
        mrd = self.mrds.get(mrd_id, Mrd())
        return mrd_state(self.logged_in, mrd.willing and self.ready, self.load(mrd_id), mrd.tasks_max)

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

    def log_out(self, reason: str = "") -> Decision:
        if not self.username:
            raise NotFound("There is no such agent.", "agent_id")
        if self.logged_in:
            yield LoggedOut(reason)

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

    def make_not_ready(self, reason: str) -> Decision:
        """No new work anywhere (routing 30); asked again, it changes the reason (routing 29)."""
        self._check_logged_in()
        if self.ready or reason != self.reason:
            yield MadeNotReady(reason)

    def make_mrd_ready(self, mrd: MrdId) -> Decision:
        self._check_logged_in()
        self._check_granted(mrd)
        if not self.ready:
            raise WrongState("Become ready first: a media routing domain can only be ready when you are (routing 31).")
        if not self.mrds[mrd].willing:
            yield MrdMadeReady(mrd)

    def make_mrd_not_ready(self, mrd: MrdId, reason: str) -> Decision:
        self._check_logged_in()
        self._check_granted(mrd)
        if self.mrds[mrd].willing:
            yield MrdMadeNotReady(mrd, reason)

    # Decisions about work

    def reserve(self, mrd: MrdId, task: TaskId, offer: OfferId, step: int, why: Grounds = UNTOLD) -> Decision:
        """Hold a slot for an offer: the one place where capacity is enforced, whoever routes (routing 12, 18, 20)."""
        if task in self.slots:
            return
        self.check_can_take(mrd)
        yield SlotReserved(mrd, task, offer, step, why)

    def fill(self, task: TaskId, conversation: ConversationId) -> Decision:
        slot = self.slots.get(task)
        if slot is not None and slot.state is SlotState.RESERVED:
            yield SlotFilled(slot.mrd_id, task, conversation)

    def take_up(self, mrd: MrdId, task: TaskId, conversation: ConversationId) -> Decision:
        """Work that they chose themselves: ready or not, and more than their maximum if they like (routing 61)."""
        if task not in self.slots:
            self.check_may_pull(mrd)
            yield SlotFilled(mrd, task, conversation)

    def wrap_up(self, task: TaskId, *, holds_slot: bool) -> Decision:
        """The talk is over; whether wrap-up still fills the slot is the domain's choice (routing 52)."""
        slot = self.slots.get(task)
        if slot is None or slot.state is SlotState.WRAP_UP:
            return
        if holds_slot:
            yield SlotWrappingUp(slot.mrd_id, task)
        else:
            yield SlotReleased(slot.mrd_id, task, "wrap-up without a slot")

    def release(self, task: TaskId, reason: str) -> Decision:
        slot = self.slots.get(task)
        if slot is not None:
            yield SlotReleased(slot.mrd_id, task, reason)

    def miss(self, task: TaskId, *, make_not_ready: bool) -> Decision:
        """An offer rang out: free the slot and, where the domain says so, give the agent a rest (routing 25)."""
        slot = self.slots.get(task)
        if slot is None or slot.state is not SlotState.RESERVED:
            return
        yield SlotReleased(slot.mrd_id, task, "RONA")
        if make_not_ready and self.mrds[slot.mrd_id].willing:
            yield MrdMadeNotReady(slot.mrd_id, "RONA")

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
        state = self.mrd_state(mrd)
        if state not in ROUTABLE:
            raise NotRoutable(f"The agent is {state} in {mrd}.")
        if any(slot.state is SlotState.RESERVED and slot.mrd_id == mrd for slot in self.slots.values()):
            raise NotRoutable("The agent already has an offer in this media routing domain.")

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
                return replace(self._unwilling(), logged_in=False, ready=False, reason=reason)
            case MadeReady():
                return replace(self, ready=True, reason="")
            case MadeNotReady(reason=reason):
                return replace(self._unwilling(), ready=False, reason=reason)
            case MrdMadeReady(mrd_id=mrd):
                return self._with_mrd(mrd, replace(self.mrds[mrd], willing=True))
            case MrdMadeNotReady(mrd_id=mrd):
                return self._with_mrd(mrd, replace(self.mrds[mrd], willing=False))
            case SlotReserved(mrd_id=mrd, task_id=task, offer_id=offer):
                return self._with_slot(task, Slot(mrd, SlotState.RESERVED, offer))
            case SlotFilled(mrd_id=mrd, task_id=task):
                slot = self.slots.get(task) or Slot(mrd, SlotState.ACTIVE, OfferId(""))
                return self._with_slot(task, replace(slot, state=SlotState.ACTIVE))
            case SlotWrappingUp(task_id=task):
                return self._with_slot(task, replace(self.slots[task], state=SlotState.WRAP_UP))
            case SlotReleased(task_id=task):
                return replace(self, slots={t: slot for t, slot in self.slots.items() if t != task})
            case ListSubscribed(list_id=list_id):
                return replace(self, lists=self.lists | {list_id})
            case ListUnsubscribed(list_id=list_id):
                return replace(self, lists=self.lists - {list_id})
            case _:
                assert_never(fact)

    def _with_mrd(self, mrd_id: MrdId, mrd: Mrd) -> Self:
        return replace(self, mrds={**self.mrds, mrd_id: mrd})

    def _with_slot(self, task: TaskId, slot: Slot) -> Self:
        return replace(self, slots={**self.slots, task: slot})

    def _unwilling(self) -> Self:
        return replace(self, mrds={mrd_id: replace(mrd, willing=False) for mrd_id, mrd in self.mrds.items()})
