"""The domain's own words in GraphQL: its ids are ID, its positions are Cursor, its enumerations keep their names."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar, cast

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.scalar import ScalarDefinition

from api.auth import Role
from api.cursors import opened, sealed
from domain import ids
from domain.agents.facts import AgentState, MrdState, SlotState
from domain.channels.inbound import ContactKind
from domain.channels.messages import BodyType, DeliveryStatus, SenderType
from domain.configuration import diversions, settings
from domain.configuration.calendar import Weekday
from domain.conversations.facts import (
    CloseReason,
    ConversationState,
    Holder,
    ParticipantRole,
    Release,
    RequestReason,
    ResumeReason,
)
from domain.kernel import Position
from domain.lists.facts import ListItemCloseReason, ListItemState
from domain.routing.decisions import Obstacle
from domain.routing.eligibility import Rule
from domain.routing.pace import Method
from domain.routing.story import Turn
from domain.sessions.facts import SessionEndReason
from domain.tasks.facts import MediaState, TaskCloseReason, TaskDirection, TaskMode, TaskState


def doc(text: str, **options: Any) -> Any:
    """A field without a resolver, and what it means."""
    return strawberry.field(description=text, **options)


F = TypeVar("F", bound=Callable[..., Any])


def answer(text: str, **options: Any) -> Callable[[F], F]:
    """A field with a resolver, and what it means."""
    return cast("Callable[[F], F]", strawberry.field(description=text, **options))


def subscription(text: str) -> Callable[[F], F]:
    """A subscription, and what it tells."""
    return cast("Callable[[F], F]", strawberry.subscription(description=text))


def mutation(text: str) -> Callable[[F], F]:
    """A mutation, and what it does."""
    return cast("Callable[[F], F]", strawberry.mutation(description=text))


CURSOR: ScalarDefinition = strawberry.scalar(
    name="Cursor",
    description=(
        "A place in the log of everything that ever happened: opaque, and in order. Reads return one (`asOf`), mutations "
        "return one (`position`), every item of a subscription carries one. Pass it back as `after` to resume without gap "
        "or repeat, or as `waitFor` to read your own writes."
    ),
    serialize=sealed,
    parse_value=opened,
)


def _moment(text: Any) -> datetime:
    moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    if moment is None or moment.tzinfo is None:
        raise ValueError("A time is written like 2026-05-04T10:00:00Z, with its offset.")
    return moment


MOMENT: ScalarDefinition = strawberry.scalar(
    name="DateTime",
    description="A moment in ISO 8601, always with its offset: `2026-05-04T10:00:00Z`.",
    serialize=datetime.isoformat,
    parse_value=_moment,
)
CONFIG = StrawberryConfig(
    scalar_map={
        datetime: MOMENT,
        Position: CURSOR,
        **{getattr(ids, name): DEFAULT_SCALAR_REGISTRY[strawberry.ID] for name in vars(ids) if name.endswith("Id")},
    }
)

ENUMS: dict[type[Enum], str] = {
    Role: "What a person may do. Roles add up.",
    AgentState: "The global state of an agent.",
    MrdState: "The state of an agent in one media routing domain.",
    SlotState: "What an agent's slot is taken by.",
    ContactKind: "What identifies a customer on a channel.",
    BodyType: "What kind of message it is.",
    DeliveryStatus: "How far a message came. FAILED ends it.",
    SenderType: "Who speaks.",
    CloseReason: "Why a conversation ended.",
    ConversationState: "Where a conversation stands; it follows from who is in it.",
    ParticipantRole: "What part somebody takes in a conversation.",
    Release: "When an agent who passes a customer on is out of the talk.",
    RequestReason: "Why a human was asked for.",
    SessionEndReason: "Why a customer's stay on a channel ended.",
    ListItemState: "How a request on a list stands; it follows from who came and who is still there.",
    ListItemCloseReason: "Why a request on a list ended.",
    MediaState: "How far the search for an agent is.",
    TaskCloseReason: "Why a task ended.",
    TaskDirection: "How a task came about.",
    TaskMode: "Is the task for one agent, or for a queue?",
    TaskState: "How far a task is.",
    settings.AttributeType: "What values a routing attribute has: 0 and 1, or 1 to 10.",
    settings.RelationalOperator: "How an agent's attribute is compared. An agent without it fails every comparison.",
    settings.Junction: "How a part is joined to all parts before it, strictly from left to right.",
    settings.StepMode: "Do later steps of a queue add agents to the earlier ones, or replace them?",
    settings.AgentSelectionPolicy: "Which agent of a step is offered a task first.",
    settings.MrdType: "What kind of work is done in a media routing domain. CX_VOICE, CISCO_CC: calls.",
    settings.RonaAction: "What missed offers do to the agent. COOL_DOWN: a rest that ends by itself.",
    settings.InterruptionAction: "What becomes of the live work in a domain that is interrupted. IGNORE: it never is.",
    settings.LogoutPolicy: "What signing out does while there is live work. CLOSE ends the talks, REROUTE gives them to others.",
    settings.ChannelMode: "Who answers on a channel.",
    settings.RoutingMode: "How agents come to tasks.",
    Holder: "Whose a hold is: an agent's, or that of other work of theirs.",
    ResumeReason: "Why a hold ended. AGENT_FREE: the other work is over.",
    settings.ReasonKind: "What a reason code is a reason for.",
    settings.WrapUpMode: "What an agent owes after a talk: nothing, codes if they like, or at least one code.",
    settings.SkipIf: "When a step of a queue is left out at once.",
    settings.Measure: "What a step may be left by. LOGGED_IN, READY, AVAILABLE: how many of its agents are signed in, want"
    " work in the domain, could take one more now. Of its queue: how many wait, how many seconds the first of them has, how"
    " many a newcomer would; where that is not known, it compares with nothing.",
    Method: "From what an estimate of a wait follows: recent answers, the mean time of a talk, or nothing.",
    diversions.DiversionAction: "What becomes of a request that is not to wait on. MESSAGE: it waits, and its customer is told.",
    diversions.OverflowCondition: "When too much waits. QUEUE_LENGTH: so many before it. OLDEST_WAIT: it has waited so long."
    " ESTIMATED_WAIT: it would still wait so long.",
    Rule: "What must hold for an offer, in the order in which it is asked.",
    Turn: "What happened to a request on its way to an agent.",
    Obstacle: "What keeps an agent from a request, in the order in which it is asked. OCCUPIED is BUSY or OFFERED, in records of former times.",
    Weekday: "A day of the week.",
}
for _enum, _text in ENUMS.items():
    strawberry.enum(_enum, description=_text)
