"""What exactly is played? Calls with everything that chance decides about them, queues, and agents with their hours.

A scenario (`scenario.py`) or a call log (`bank.py`) becomes a plan; the world (`world.py`) plays it. All times are
seconds from the beginning of the simulation.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil, inf
from typing import NamedTuple

from domain.configuration.calendar import BusinessCalendar
from domain.configuration.settings import AttributeType, MediaRoutingDomain, Queue
from domain.ids import AgentId, AttributeId, CalendarId, ConversationId, MrdId, QueueId, TaskId
from domain.kernel import Fact
from domain.tasks.facts import Routing, TaskCloseReason

MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)
"""When a simulation begins that names no time: some Monday."""

Span = tuple[float, float]
"""From when, until when."""


class Call:
    """One request for an agent, as chance made it. What becomes of it, the world notes in `live`."""

    __slots__ = (
        "alert_s",
        "at_s",
        "counted",
        "handle_s",
        "head_start_s",
        "origin",
        "patience_s",
        "priority",
        "wrap_up_s",
        "wrap_ups_s",
    )

    def __init__(
        self,
        at_s: float,
        handle_s: float,
        patience_s: float = inf,
        wrap_up_s: float = 0.0,
        alert_s: float = 0.0,
        priority: int = 1,
        head_start_s: float = 0.0,
        wrap_ups_s: Sequence[float] = (),
        origin: "Origin | None" = None,
        *,
        counted: bool = True,
    ) -> None:
        """`at_s`: before 0 for those who wait already; `alert_s`: how long it rings; `head_start_s`: how much earlier than
        it came it stands in line; `wrap_ups_s`: how long the wrap-up takes if nobody, one, two, … wait for this agent, the
        last for as many and more; `origin`: the request that it was once; `counted`: whether it shows in the figures.
        """
        self.at_s = at_s
        self.handle_s = handle_s
        self.patience_s = patience_s
        self.wrap_up_s = wrap_up_s
        self.alert_s = alert_s
        self.priority = priority
        self.head_start_s = head_start_s
        self.wrap_ups_s = wrap_ups_s
        self.origin, self.counted = origin, counted


class Origin(NamedTuple):
    """What a request of the past brings with it that no scenario knows: its last agent, further queues, data; and at whom
    it rings already when it begins.
    """

    id: TaskId
    routing: Routing
    conversation_id: ConversationId
    rings_at: AgentId | None = None


class Told(NamedTuple):
    """A fact of the past that is told to the engine again when its time has come; before 0: as things stand then."""

    at_s: float
    stream: str
    fact: Fact


class Away(NamedTuple):
    """An agent's offer ran out, or was declined: what rings there at them in this time does, at its end at the latest."""

    mrd_id: MrdId
    since_s: float
    until_s: float
    reason: TaskCloseReason


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """`calls` in the order of `at_s`. `ttl_s`: nobody waits longer (the world closes them as NO_AGENT_AVAILABLE)."""

    id: QueueId
    settings: Queue
    calls: Iterable[Call]
    ttl_s: float = inf


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """`present`: their shifts; empty where the plan's `told` says when they come, go and rest. `away`: in order of time."""

    id: AgentId
    tasks_max: Mapping[MrdId, int]
    present: Sequence[Span]
    attributes: Mapping[AttributeId, int] = field(default_factory=dict)
    away: Sequence[Away] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """`horizon_s`: after that nobody new comes; whoever is there is still served or gives up. `told`: in order of time.
    `counted_s`: how much of it is divided into intervals, if that is not all; the last has what comes later.
    """

    media: Mapping[MrdId, MediaRoutingDomain]
    attributes: Mapping[AttributeId, AttributeType]
    queues: Sequence[QueuePlan]
    agents: Sequence[AgentPlan]
    horizon_s: float
    interval_s: float
    start: datetime = MIDNIGHT
    calendars: Mapping[CalendarId, BusinessCalendar] = field(default_factory=dict)
    told: Sequence[Told] = ()
    counted_s: float | None = None

    @property
    def intervals(self) -> int:
        return intervals_in(self.counted_s or self.horizon_s, self.interval_s)


def intervals_in(length_s: float, interval_s: float) -> int:
    """How many, the last one perhaps cut short. What floats leave over of a whole number is no interval."""
    return max(1, ceil(length_s / interval_s - 1e-9))
