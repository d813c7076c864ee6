"""How has the business set Parley up? The shapes of everything that an administrator configures, and their checks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from domain.channels.inbound import ContactKind
from domain.configuration.calendar import BusinessCalendar
from domain.configuration.checks import named, within
from domain.configuration.operators import RelationalOperator as RelationalOperator  # noqa: PLC0414 - one of these words
from domain.configuration.request_data import Consideration
from domain.configuration.wrap_up import WrapUpForm
from domain.ids import AttributeId, BotId, ChannelTypeId, ListId, MrdId, QueueId, WrapUpFormId
from domain.kernel import Invalid

STEPS_MAX, CONSIDERATIONS_MAX = 10, 5


class Judgement(Protocol):
    """What AND and OR can join: truth values, numbers as sets of bits, …"""

    def __and__(self, other: Any, /) -> Any: ...
    def __or__(self, other: Any, /) -> Any: ...


J = TypeVar("J", bound=Judgement)


class AttributeType(StrEnum):
    BOOLEAN = "BOOLEAN"
    PROFICIENCY_LEVEL = "PROFICIENCY_LEVEL"

    def accepts(self, value: int) -> bool:
        return value in (0, 1) if self is AttributeType.BOOLEAN else 1 <= value <= 10


class Junction(StrEnum):
    AND = "AND"
    OR = "OR"


class StepMode(StrEnum):
    """Do later steps add agents to the earlier ones, or replace them (routing 7)?"""

    CUMULATIVE = "CUMULATIVE"
    REPLACE = "REPLACE"


class AgentSelectionPolicy(StrEnum):
    """Which agent of a step first (routing 13)."""

    LONGEST_AVAILABLE = "LONGEST_AVAILABLE"
    MOST_SKILLED = "MOST_SKILLED"
    LEAST_SKILLED = "LEAST_SKILLED"


class RonaAction(StrEnum):
    """What a missed offer does to the agent (routing 25)."""

    NONE = "NONE"
    MRD_NOT_READY = "MRD_NOT_READY"


class SkipIf(StrEnum):
    """When a step is left out at once: nobody of it is signed in, or nobody is ready for work (routing 8)."""

    NONE_LOGGED_IN = "NONE_LOGGED_IN"
    NONE_READY = "NONE_READY"


class ChannelMode(StrEnum):
    BOT = "BOT"
    AGENT = "AGENT"
    HYBRID = "HYBRID"


class RoutingMode(StrEnum):
    PUSH = "PUSH"
    PULL = "PULL"
    EXTERNAL = "EXTERNAL"


class ReasonKind(StrEnum):
    NOT_READY = "NOT_READY"
    LOGOUT = "LOGOUT"
    WRAP_UP = "WRAP_UP"


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
class Term:
    """`junction` joins it to the terms before, strictly from left to right; that of the first term does not count."""

    attribute_id: AttributeId
    operator: RelationalOperator
    value: int = 0
    junction: Junction = Junction.AND

    def matches(self, attributes: Mapping[AttributeId, int]) -> bool:
        """An agent without the attribute fails every operator, `!=` too (routing 6)."""
        if self.attribute_id not in attributes:
            return False
        has = attributes[self.attribute_id]
        match self.operator:
            case RelationalOperator.HAS:
                return True
            case RelationalOperator.EQ:
                return has == self.value
            case RelationalOperator.NE:
                return has != self.value
            case RelationalOperator.GT:
                return has > self.value
            case RelationalOperator.GE:
                return has >= self.value
            case RelationalOperator.LT:
                return has < self.value
            case RelationalOperator.LE:
                return has <= self.value


@dataclass(frozen=True, slots=True)
class Expression:
    terms: tuple[Term, ...]
    junction: Junction = Junction.AND

    def matches(self, attributes: Mapping[AttributeId, int]) -> bool:
        return self.judged(lambda term: term.matches(attributes), everything=True)

    def judged(self, judge: Callable[[Term], J], everything: J) -> J:
        return _from_left(((term.junction, judge(term)) for term in self.terms), everything)


@dataclass(frozen=True, slots=True)
class Step:
    """Who may answer, from when on: `timeout_s` after which the next step begins; that of the last does not count.

    A step without expressions is everybody who has the queue's media routing domain. `skip_if` and `consider_if`, all of
    which must hold, are for every step but the last (routing 8, 9).
    """

    expressions: tuple[Expression, ...] = ()
    timeout_s: int = 30
    skip_if: SkipIf | None = None
    consider_if: tuple[Consideration, ...] = ()

    def check(self, field_name: str, *, is_last: bool) -> None:
        within(self.timeout_s, 0, 86_400, f"{field_name}.timeout_s")
        if any(not expression.terms for expression in self.expressions):
            raise Invalid("An expression needs at least one term.", f"{field_name}.expressions")
        if is_last and self.skip_if is not None:
            raise Invalid("The last step cannot be skipped: nobody would be left to answer.", f"{field_name}.skip_if")
        if is_last and self.consider_if:
            raise Invalid("The last step is for every request.", f"{field_name}.consider_if")
        if len(self.consider_if) > CONSIDERATIONS_MAX:
            raise Invalid(f"At most {CONSIDERATIONS_MAX} conditions.", f"{field_name}.consider_if")
        for number, consideration in enumerate(self.consider_if):
            consideration.check(f"{field_name}.consider_if[{number}]")

    def matches(self, attributes: Mapping[AttributeId, int]) -> bool:
        """routing 5"""
        return self.judged(lambda term: term.matches(attributes), everything=True)

    def judged(self, judge: Callable[[Term], J], everything: J) -> J:
        """The step in whatever its terms are judged by: truth values, sets of agents, ways to meet it (routing 5)."""
        return _from_left(((e.junction, e.judged(judge, everything)) for e in self.expressions), everything)

    def attribute_ids(self) -> Iterator[AttributeId]:
        return (term.attribute_id for expression in self.expressions for term in expression.terms)


@dataclass(frozen=True, slots=True)
class Queue:
    name: str
    mrd_id: MrdId
    steps: tuple[Step, ...] = (Step(),)
    step_mode: StepMode = StepMode.CUMULATIVE
    priority: int = 1
    service_level_type: int = 1
    service_level_threshold_s: int = 20
    agent_selection: AgentSelectionPolicy = AgentSelectionPolicy.LONGEST_AVAILABLE
    offer_timeout_s: int = 20
    request_ttl_s: int = 600
    wrap_up_enabled: bool = True
    wrap_up_s: int = 60
    wrap_up_form_id: WrapUpFormId | None = None

    def check(self) -> None:
        named(self.name)
        if not 1 <= len(self.steps) <= STEPS_MAX:
            raise Invalid(f"A queue has 1 to {STEPS_MAX} steps.", "steps")
        for number, step in enumerate(self.steps):
            step.check(f"steps[{number}]", is_last=number == len(self.steps) - 1)
        within(self.priority, 1, 10, "priority")
        within(self.service_level_type, 1, 3, "service_level_type")
        within(self.service_level_threshold_s, 1, 86_400, "service_level_threshold_s")
        within(self.offer_timeout_s, 1, 3_600, "offer_timeout_s")
        within(self.request_ttl_s, 2, 30 * 86_400, "request_ttl_s")
        within(self.wrap_up_s, 0, 86_400, "wrap_up_s")
        if self.offer_timeout_s >= self.request_ttl_s:  # routing 23
            raise Invalid("An offer must time out before the request does.", "offer_timeout_s")


@dataclass(frozen=True, slots=True)
class RoutingList:
    """Where requests wait for agents who choose them, instead of being pushed to one (routing 60)."""

    name: str
    mrd_id: MrdId
    wrap_up_enabled: bool = True
    wrap_up_s: int = 60

    def check(self) -> None:
        named(self.name)
        within(self.wrap_up_s, 0, 86_400, "wrap_up_s")


@dataclass(frozen=True, slots=True)
class ChannelType:
    name: str
    mrd_id: MrdId
    is_interactive: bool = True

    def check(self) -> None:
        named(self.name)


@dataclass(frozen=True, slots=True)
class RoutingPolicy:
    """`queue_id`: where requests are pushed from; `list_id`: where they are pulled from, in mode PULL."""

    mode: RoutingMode = RoutingMode.PUSH
    queue_id: QueueId | None = None
    route_to_last_agent: bool = False
    list_id: ListId | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """`delivery_url`: where messages to the customer are posted; none for a connector that lives in Parley."""

    name: str
    channel_type_id: ChannelTypeId
    connector: str
    service_identifier: str = ""
    mode: ChannelMode = ChannelMode.HYBRID
    bot_id: BotId | None = None
    routing: RoutingPolicy = field(default_factory=RoutingPolicy)
    customer_inactivity_s: int = 600
    contact_kind: ContactKind = ContactKind.OPAQUE
    delivery_url: str = ""

    def check(self) -> None:
        named(self.name)
        within(self.customer_inactivity_s, 0, 7 * 86_400, "customer_inactivity_s")
        if self.mode is not ChannelMode.AGENT and self.bot_id is None:
            raise Invalid(f"A channel in mode {self.mode} needs a bot.", "bot_id")
        if self.routing.mode is RoutingMode.PULL:
            if self.mode is not ChannelMode.BOT and self.routing.list_id is None:
                raise Invalid("A channel that is pulled from needs a list.", "routing.list_id")
        elif self.mode is not ChannelMode.BOT and self.routing.queue_id is None:
            raise Invalid(f"A channel in mode {self.mode} needs a queue.", "routing.queue_id")
        if self.delivery_url and not self.delivery_url.startswith(("https://", "http://")):
            raise Invalid("A delivery URL begins with https:// (or http:// inside your network).", "delivery_url")


@dataclass(frozen=True, slots=True)
class Bot:
    """`connector` names a folder under `connectors/bots/`; `settings` are its own."""

    name: str
    connector: str = "scripted"
    settings: Mapping[str, str] = field(default_factory=dict)
    timeout_s: int = 10

    def check(self) -> None:
        named(self.name)
        within(self.timeout_s, 1, 60, "timeout_s")


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


def _from_left(parts: Iterator[tuple[Junction, J]], everything: J) -> J:
    """AND and OR have no precedence: each joins to all that stands left of it. Nothing at all is true."""
    result: J | None = None
    for junction, value in parts:
        if result is None:
            result = value
        else:
            result = result & value if junction is Junction.AND else result | value
    return everything if result is None else result
