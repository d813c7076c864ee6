"""What exactly is played? Calls with everything that chance decides about them, queues, and agents with their hours.

A scenario (`scenario.py`) or a call log (`bank.py`) becomes a plan; the world (`world.py`) plays it. All times are
seconds from the beginning of the simulation.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil, inf

from domain.configuration.calendar import BusinessCalendar
from domain.configuration.settings import AttributeType, MediaRoutingDomain, Queue
from domain.ids import AgentId, AttributeId, CalendarId, MrdId, QueueId

MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)
"""When a simulation begins that names no time: some Monday."""

Span = tuple[float, float]
"""From when, until when."""


class Call:
    """One request for an agent, as chance made it. What becomes of it, the world notes in `live`."""

    __slots__ = (
        "alert_s",
        "at_s",
        "calm_wrap_up_s",
        "handle_s",
        "head_start_s",
        "patience_s",
        "priority",
        "wrap_up_s",
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
        calm_wrap_up_s: float | None = None,
    ) -> None:
        """`alert_s`: how long it rings; `head_start_s`: how much earlier than it came it stands in line;
        `calm_wrap_up_s`: how long the wrap-up takes where nobody waits for this agent, none for just as long.
        """
        self.at_s = at_s
        self.handle_s = handle_s
        self.patience_s = patience_s
        self.wrap_up_s = wrap_up_s
        self.alert_s = alert_s
        self.priority = priority
        self.head_start_s = head_start_s
        self.calm_wrap_up_s = calm_wrap_up_s


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """`calls` in the order of `at_s`. `ttl_s`: nobody waits longer (the world closes them as NO_AGENT_AVAILABLE)."""

    id: QueueId
    settings: Queue
    calls: Iterable[Call]
    ttl_s: float = inf


@dataclass(frozen=True, slots=True)
class AgentPlan:
    id: AgentId
    tasks_max: Mapping[MrdId, int]
    present: Sequence[Span]
    attributes: Mapping[AttributeId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """`horizon_s`: after that nobody new comes; whoever is there is still served or gives up."""

    media: Mapping[MrdId, MediaRoutingDomain]
    attributes: Mapping[AttributeId, AttributeType]
    queues: Sequence[QueuePlan]
    agents: Sequence[AgentPlan]
    horizon_s: float
    interval_s: float
    start: datetime = MIDNIGHT
    calendars: Mapping[CalendarId, BusinessCalendar] = field(default_factory=dict)

    @property
    def intervals(self) -> int:
        return intervals_in(self.horizon_s, self.interval_s)


def intervals_in(length_s: float, interval_s: float) -> int:
    """How many, the last one perhaps cut short. What floats leave over of a whole number is no interval."""
    return max(1, ceil(length_s / interval_s - 1e-9))
