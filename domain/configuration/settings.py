"""How has the business set Parley up? The shapes of everything that an administrator configures, and their checks.

Queues, their steps, and channels have files of their own; here is the rest, and the way to all of them.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.configuration.calendar import BusinessCalendar
from domain.configuration.channels import Bot, Channel, ChannelMode, ChannelType, RoutingMode, RoutingPolicy
from domain.configuration.checks import named, within
from domain.configuration.operators import RelationalOperator
from domain.configuration.queues import STEPS_MAX, AgentSelectionPolicy, Queue, WrapUpMode, check_wrap_up
from domain.configuration.steps import Expression, Junction, SkipIf, Step, StepMode, Term
from domain.configuration.wrap_up import WrapUpForm
from domain.ids import MrdId
from domain.kernel import Invalid

__all__ = [
    "STEPS_MAX",
    "AgentSelectionPolicy",
    "AttributeType",
    "Bot",
    "Channel",
    "ChannelMode",
    "ChannelType",
    "Expression",
    "Junction",
    "MediaRoutingDomain",
    "Queue",
    "ReasonCode",
    "ReasonKind",
    "RelationalOperator",
    "RonaAction",
    "RoutingAttribute",
    "RoutingList",
    "RoutingMode",
    "RoutingPolicy",
    "Settings",
    "SkipIf",
    "Step",
    "StepMode",
    "Term",
    "WrapUpMode",
]


class AttributeType(StrEnum):
    BOOLEAN = "BOOLEAN"
    PROFICIENCY_LEVEL = "PROFICIENCY_LEVEL"

    def accepts(self, value: int) -> bool:
        return value in (0, 1) if self is AttributeType.BOOLEAN else 1 <= value <= 10


class RonaAction(StrEnum):
    """What a missed offer does to the agent (routing 25)."""

    NONE = "NONE"
    MRD_NOT_READY = "MRD_NOT_READY"


class ReasonKind(StrEnum):
    NOT_READY = "NOT_READY"
    LOGOUT = "LOGOUT"
    WRAP_UP = "WRAP_UP"
    DECLINE = "DECLINE"


@dataclass(frozen=True, slots=True)
class RoutingAttribute:
    name: str
    type: AttributeType
    default_value: int
    description: str = ""

    def check(self) -> None:
        named(self.name)
        if not self.type.accepts(self.default_value):
            raise Invalid(f"{self.default_value} is no value of a {self.type} attribute.", "default_value")


@dataclass(frozen=True, slots=True)
class MediaRoutingDomain:
    name: str
    description: str = ""
    interruptible: bool = False
    max_requests: int = 3
    rona_action: RonaAction = RonaAction.MRD_NOT_READY
    wrap_up_holds_slot: bool = True

    def check(self) -> None:
        named(self.name)
        within(self.max_requests, 0, 100, "max_requests")


@dataclass(frozen=True, slots=True)
class RoutingList:
    """Where requests wait for agents who choose them, instead of being pushed to one (routing 60)."""

    name: str
    mrd_id: MrdId
    wrap_up_enabled: bool = True
    wrap_up_s: int = 60
    wrap_up_mandatory: bool = False

    @property
    def wrap_up_mode(self) -> WrapUpMode:
        return WrapUpMode.of(enabled=self.wrap_up_enabled, mandatory=self.wrap_up_mandatory, limit_s=self.wrap_up_s)

    def check(self) -> None:
        named(self.name)
        check_wrap_up(enabled=self.wrap_up_enabled, mandatory=self.wrap_up_mandatory, limit_s=self.wrap_up_s)


@dataclass(frozen=True, slots=True)
class ReasonCode:
    name: str
    kind: ReasonKind

    def check(self) -> None:
        named(self.name)


Settings = (
    RoutingAttribute
    | MediaRoutingDomain
    | Queue
    | ChannelType
    | Channel
    | Bot
    | ReasonCode
    | WrapUpForm
    | BusinessCalendar
    | RoutingList
)
