"""What does the world keep of queues and of calls? Enough to say what becomes of each, and to count it."""

from collections.abc import Iterator
from datetime import timedelta
from math import inf
from typing import Any

from domain.configuration.settings import Queue
from domain.ids import ConversationId, OfferId, TaskId
from domain.tasks.facts import Routing
from infra.simulation.plan import Call, QueuePlan
from infra.simulation.staffing import Seat, Where
from infra.simulation.tally import Cohort

WAITING, RINGING, TALKING, WRAPPING_UP, OVER = range(5)


class Line:
    """A queue as the world keeps it: what the facts of its calls share, and the counts by interval."""

    def __init__(self, plan: QueuePlan, intervals: int, *, wrap_up_holds_slot: bool) -> None:
        self.id, self.mrd_id = plan.id, plan.settings.mrd_id
        self.calls: Iterator[Call] = iter(plan.calls)
        self.ttl_s = plan.ttl_s
        self.ttl = timedelta(seconds=plan.ttl_s) if plan.ttl_s < inf else None
        self.threshold_s = plan.settings.service_level_threshold_s
        self.offer_timeout = timedelta(seconds=plan.settings.offer_timeout_s)
        self.wrap_up_holds_slot = wrap_up_holds_slot
        self.cohorts = [Cohort() for _ in range(intervals)]
        self.settings = plan.settings
        self.waiting = 0

    def cohort_of(self, interval: int) -> Cohort:
        """What comes after the last interval belongs to it."""
        return self.cohorts[interval] if interval < len(self.cohorts) else self.cohorts[-1]


class Live:
    """A call that has come: whose it is, and how far. `expires_s`: when it is told that nobody is free (routing 27);
    `step`: how far it has widened.
    """

    __slots__ = (
        "call",
        "cohort",
        "conversation_id",
        "expires_s",
        "line",
        "offer_id",
        "routing",
        "seat",
        "state",
        "step",
        "task_id",
        "where",
    )

    def __init__(self, call: Call, line: Line, cohort: Cohort, number: int) -> None:
        self.call, self.line, self.cohort = call, line, cohort
        name: Any = f"t{number}"  # the types of ids are calls, too: they cost as much as the text
        self.conversation_id: ConversationId = name
        if call.origin is not None:
            name, self.conversation_id = f"{call.origin.id}-{name}", call.origin.conversation_id
        self.task_id: TaskId = name
        self.where: Where = f"task-{name}", "task", name
        self.state = WAITING
        self.routing: Routing
        self.expires_s: float
        self.step: int
        self.seat: Seat
        self.offer_id: OfferId


def has_clocks(queue: Queue) -> bool:
    """May something be due though nothing else happens?"""
    return len(queue.steps) > 1 or queue.opening is not None or bool(queue.overflow)
