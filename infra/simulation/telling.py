"""How does the engine hear of what happens? By the very facts that the live system would write, made the quick way."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any, Protocol
from uuid import UUID

from domain.agents.facts import SlotFilled, SlotReleased, SlotReserved
from domain.kernel import Cause, Fact, Recorded
from domain.routing.moves import Move
from domain.tasks.facts import Routing, TaskAccepted, TaskClosed, TaskCreated, TaskQueued, TaskReserved
from infra.simulation.drafts import draft_of, quick
from infra.simulation.staffing import Where

task_created, task_queued, routing_of = quick(TaskCreated), quick(TaskQueued), quick(Routing)
task_reserved, task_accepted, task_closed = quick(TaskReserved), quick(TaskAccepted), quick(TaskClosed)
slot_reserved, slot_filled, slot_released = quick(SlotReserved), quick(SlotFilled), quick(SlotReleased)

CAUSE = Cause(UUID(int=1), "simulation")


class Router(Protocol):
    """What the world asks of the routing engine, and all that it asks."""

    def feed(self, recorded: Recorded[Any], /) -> None: ...
    def decide(self, now: datetime, /) -> list[Move]: ...
    def forget(self, move: Move, /) -> None: ...
    def next_due(self) -> datetime | None: ...


def teller(engine: Router, clock: "Clock") -> Callable[[Where, Fact], None]:
    """Tells the engine one fact, now. A closure that fills in drafts by itself, for it is called eight times for each call."""
    feed, draft, frozen = engine.feed, draft_of(Recorded), Recorded
    next_position: Callable[[], Any] = count(1).__next__

    def tell(where: Where, fact: Fact) -> None:
        it = draft()
        it.position, it.version = next_position(), 0
        it.stream, it.category, it.subject = where
        it.at, it.cause, it.fact = clock.at, CAUSE, fact
        it.__class__ = frozen
        feed(it)

    return tell


class Clock(Protocol):
    at: datetime
