"""What happens to an agent: what they are good at, whether they want work, and what fills their slots."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.configuration.domains import InterruptionAction
from domain.ids import AttributeId, ConversationId, ListId, MrdId, OfferId, TaskId
from domain.kernel import Fact, upgrades
from domain.routing.decisions import UNTOLD, Grounds, of_names, of_texts


class AgentState(StrEnum):
    """The global state (routing 29). LOGIN is passed through at once."""

    LOGOUT = "LOGOUT"
    LOGIN = "LOGIN"
    NOT_READY = "NOT_READY"
    READY = "READY"
    UNKNOWN = "UNKNOWN"


class MrdState(StrEnum):
    """The state in one media routing domain (routing 32)."""

    LOGOUT = "LOGOUT"
    NOT_READY = "NOT_READY"
    READY = "READY"
    ACTIVE = "ACTIVE"
    BUSY = "BUSY"
    PENDING_NOT_READY = "PENDING_NOT_READY"
    INTERRUPTED = "INTERRUPTED"
    UNKNOWN = "UNKNOWN"


class SlotState(StrEnum):
    RESERVED = "RESERVED"
    ACTIVE = "ACTIVE"
    WRAP_UP = "WRAP_UP"


@dataclass(frozen=True, slots=True)
class AgentRegistered(Fact, stored_as="agent.registered"):
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class AttributeAssigned(Fact, stored_as="agent.attribute-assigned"):
    attribute_id: AttributeId
    value: int


@dataclass(frozen=True, slots=True)
class AttributeWithdrawn(Fact, stored_as="agent.attribute-withdrawn"):
    attribute_id: AttributeId


@dataclass(frozen=True, slots=True)
class AutoAnswerSwitched(Fact, stored_as="agent.auto-answer-switched"):
    """`on`: what rings at them is accepted in the same moment, whatever the queue says (routing 22)."""

    on: bool


@dataclass(frozen=True, slots=True)
class MrdGranted(Fact, stored_as="agent.mrd-granted"):
    """From now on at most `tasks_max` tasks at once; fewer than there are drops none (routing 33)."""

    mrd_id: MrdId
    tasks_max: int


@dataclass(frozen=True, slots=True)
class LoggedIn(Fact, stored_as="agent.logged-in"):
    pass


@dataclass(frozen=True, slots=True)
class LoggedOut(Fact, stored_as="agent.logged-out"):
    reason: str


@dataclass(frozen=True, slots=True)
class MadeReady(Fact, stored_as="agent.made-ready"):
    pass


@dataclass(frozen=True, slots=True)
class MadeNotReady(Fact, stored_as="agent.made-not-ready"):
    """`reroutes_work`: a reason that gives away all live work at once (routing 30)."""

    reason: str
    reroutes_work: bool = False


@dataclass(frozen=True, slots=True)
class MrdMadeReady(Fact, stored_as="agent.mrd-made-ready"):
    mrd_id: MrdId


@dataclass(frozen=True, slots=True)
class MrdMadeNotReady(Fact, stored_as="agent.mrd-made-not-ready"):
    """`until`: only to cool down; then they are ready again by themselves (routing 25)."""

    mrd_id: MrdId
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SlotReserved(Fact, stored_as="agent.slot-reserved", version=3):
    """A slot is held for an offer. The task learns of it next; until the slot is released nobody else gets it.

    `decision` says why this agent: see `domain/routing/decisions.py`. `interrupts`: the agent's domains
    that give way to it, unless it can be interrupted itself (routing 35).
    """

    mrd_id: MrdId
    task_id: TaskId
    offer_id: OfferId
    step: int
    decision: Grounds = UNTOLD
    interruptible: bool = False
    interrupts: Mapping[MrdId, InterruptionAction] = field(default_factory=dict)


@upgrades("agent.slot-reserved", SlotReserved)
def _typed(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {**stored, "decision": of_texts(stored["decision"])}


@upgrades("agent.slot-reserved@2", SlotReserved)
def _brief(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {**stored, "decision": of_names(stored["decision"])}


@dataclass(frozen=True, slots=True)
class SlotFilled(Fact, stored_as="agent.slot-filled"):
    """The work of a task begins: one that was offered, or one that the agent pulled, whose slot begins here."""

    mrd_id: MrdId
    task_id: TaskId
    conversation_id: ConversationId
    interruptible: bool = False
    interrupts: Mapping[MrdId, InterruptionAction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SlotWrappingUp(Fact, stored_as="agent.slot-wrapping-up"):
    mrd_id: MrdId
    task_id: TaskId


@dataclass(frozen=True, slots=True)
class SlotReleased(Fact, stored_as="agent.slot-released"):
    """`goes_on`: the domains that gave way to this work, and now to nothing any more (routing 35)."""

    mrd_id: MrdId
    task_id: TaskId
    reason: str
    goes_on: tuple[MrdId, ...] = ()


@dataclass(frozen=True, slots=True)
class WrapUpEnded(Fact, stored_as="agent.wrap-up-ended"):
    """Of one that held no slot (routing 52)."""

    task_id: TaskId


@dataclass(frozen=True, slots=True)
class ListSubscribed(Fact, stored_as="agent.list-subscribed"):
    """From now on they are told what happens on this list, until they say otherwise (routing 60)."""

    list_id: ListId


@dataclass(frozen=True, slots=True)
class ListUnsubscribed(Fact, stored_as="agent.list-unsubscribed"):
    list_id: ListId


@dataclass(frozen=True, slots=True)
class MrdMirrored(Fact, stored_as="agent.mrd-mirrored"):
    """The system that routes this domain says how the agent stands there (routing 34)."""

    mrd_id: MrdId
    state: MrdState
    interruptible: bool = False
    interrupts: Mapping[MrdId, InterruptionAction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StateLost(Fact, stored_as="agent.state-lost"):
    """After a failure nobody knows whether they want work, until they say so (routing 29)."""

    reason: str


@dataclass(frozen=True, slots=True)
class DeskConnected(Fact, stored_as="agent.desk-connected"):
    """Somebody follows their desk; `evicted` are connections that ended with it (routing 39)."""

    connection_id: str
    evicted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeskDisconnected(Fact, stored_as="agent.desk-disconnected"):
    """`due`: none while another connection is left, or nobody is signed in; else they are signed out then (routing 39).
    `watched`: not where whoever watched the connection is gone, too, so that nobody saw them leave (routing 29).
    """

    connection_id: str
    due: datetime | None = None
    watched: bool = True


@dataclass(frozen=True, slots=True)
class IdlingBegan(Fact, stored_as="agent.idling-began"):
    """They have nothing to do. Unless that changes, they are warned and then signed out (routing 40)."""

    warn_at: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class IdleWarned(Fact, stored_as="agent.idle-warned"):
    due: datetime


AgentFact = (
    AgentRegistered
    | AttributeAssigned
    | AttributeWithdrawn
    | AutoAnswerSwitched
    | MrdGranted
    | LoggedIn
    | LoggedOut
    | MadeReady
    | MadeNotReady
    | MrdMadeReady
    | MrdMadeNotReady
    | SlotReserved
    | SlotFilled
    | SlotWrappingUp
    | SlotReleased
    | WrapUpEnded
    | ListSubscribed
    | ListUnsubscribed
    | MrdMirrored
    | StateLost
    | DeskConnected
    | DeskDisconnected
    | IdlingBegan
    | IdleWarned
)
