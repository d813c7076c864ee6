"""How has the business set Parley up? The shapes of everything that an administrator configures, and their checks.

Queues, their steps, and channels have files of their own; here is the rest, and the way to all of them.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.configuration.calendar import BusinessCalendar
from domain.configuration.channels import Bot, Channel, ChannelMode, ChannelType, RoutingMode, RoutingPolicy
from domain.configuration.checks import named
from domain.configuration.desk_policy import DeskPolicy, LogoutPolicy
from domain.configuration.domains import InterruptionAction, MediaRoutingDomain, MrdType, RonaAction
from domain.configuration.operators import Junction, RelationalOperator
from domain.configuration.queues import STEPS_MAX, AgentSelectionPolicy, Queue, WrapUpMode, check_wrap_up
from domain.configuration.skip_conditions import Measure, SkipCondition
from domain.configuration.steps import Expression, SkipIf, Step, StepMode, Term
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
    "DeskPolicy",
    "Expression",
    "InterruptionAction",
    "Junction",
    "LogoutPolicy",
    "Measure",
    "MediaRoutingDomain",
    "MrdType",
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
    "SkipCondition",
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

    def refusal(self, value: int) -> str:
        """What is said of a value that it does not accept."""
        return f"{value} is no value of a {self} attribute: {'0 or 1' if self is AttributeType.BOOLEAN else '1 to 10'}."


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
            raise Invalid(self.type.refusal(self.default_value), "default_value")


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
    """`reroutes_work`: whoever is not ready for this reason gives their live work away at once (routing 30)."""

    name: str
    kind: ReasonKind
    reroutes_work: bool = False

    def check(self) -> None:
        named(self.name)
        if self.reroutes_work and self.kind is not ReasonKind.NOT_READY:
            raise Invalid("Only a reason of the kind NOT_READY gives work away.", "reroutes_work")


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
    | DeskPolicy
)
