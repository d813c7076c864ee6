"""What becomes of a request that is not to wait here: while the queue is closed, and when too much waits in it (routing 57, 58)?"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from domain.configuration.checks import within, written
from domain.ids import CalendarId, QueueId
from domain.kernel import Invalid

MESSAGE_MAX = 2_000
OVERFLOWS_MAX = 10


class DiversionAction(StrEnum):
    """MESSAGE: they are told so, and wait. All others take them out of the queue: into another, keeping since when they
    wait; to the channel's bot; to the end of their visit; or a callback is noted.
    """

    OTHER_QUEUE = "OTHER_QUEUE"
    BOT = "BOT"
    MESSAGE = "MESSAGE"
    CLOSE = "CLOSE"
    CALLBACK = "CALLBACK"


class OverflowCondition(StrEnum):
    """QUEUE_LENGTH: so many wait before this one. OLDEST_WAIT: this one has waited so many seconds; the oldest is always
    the first. ESTIMATED_WAIT: it would still wait so many seconds. NONE_LOGGED_IN: nobody whom the queue may offer work is
    signed in.
    """

    QUEUE_LENGTH = "QUEUE_LENGTH"
    OLDEST_WAIT = "OLDEST_WAIT"
    ESTIMATED_WAIT = "ESTIMATED_WAIT"
    NONE_LOGGED_IN = "NONE_LOGGED_IN"


@dataclass(frozen=True, slots=True)
class Diversion:
    """`message`: what the customer is told; empty for nothing. `queue_id`: for OTHER_QUEUE alone."""

    action: DiversionAction
    queue_id: QueueId | None = None
    message: str = ""

    @property
    def leaves(self) -> bool:
        return self.action is not DiversionAction.MESSAGE

    def check(self, field_name: str) -> None:
        written(self.message, 0, MESSAGE_MAX, f"{field_name}.message")
        if self.action is DiversionAction.OTHER_QUEUE and self.queue_id is None:
            raise Invalid("Which other queue?", f"{field_name}.queue_id")
        if self.action is not DiversionAction.OTHER_QUEUE and self.queue_id is not None:
            raise Invalid(f"{self.action} needs no queue.", f"{field_name}.queue_id")
        if self.action is DiversionAction.MESSAGE and not self.message.strip():
            raise Invalid("What are they told?", f"{field_name}.message")


@dataclass(frozen=True, slots=True)
class Opening:
    """`closed`: for whoever comes while the calendar is closed. `at_closing`: for whoever waits when it closes; none for
    letting them wait on, until the queue has drained.
    """

    calendar_id: CalendarId
    closed: Diversion = field(default_factory=lambda: Diversion(DiversionAction.CLOSE))
    at_closing: Diversion | None = None

    def check(self, field_name: str) -> None:
        self.closed.check(f"{field_name}.closed")
        if self.at_closing is not None:
            self.at_closing.check(f"{field_name}.at_closing")


@dataclass(frozen=True, slots=True)
class Overflow:
    """`threshold`: how many, or how many seconds."""

    condition: OverflowCondition
    diversion: Diversion
    threshold: int = 0

    @property
    def name(self) -> str:
        return f"{self.condition} {self.threshold}" if self.threshold else self.condition.value

    def check(self, field_name: str) -> None:
        self.diversion.check(f"{field_name}.diversion")
        match self.condition:
            case OverflowCondition.QUEUE_LENGTH:
                within(self.threshold, 1, 100_000, f"{field_name}.threshold")
            case OverflowCondition.OLDEST_WAIT | OverflowCondition.ESTIMATED_WAIT:
                within(self.threshold, 1, 30 * 86_400, f"{field_name}.threshold")
            case OverflowCondition.NONE_LOGGED_IN:
                within(self.threshold, 0, 0, f"{field_name}.threshold")


def check_diversions(opening: Opening | None, overflow: tuple[Overflow, ...]) -> None:
    if opening is not None:
        opening.check("opening")
    if len(overflow) > OVERFLOWS_MAX:
        raise Invalid(f"At most {OVERFLOWS_MAX} rules.", "overflow")
    for number, rule in enumerate(overflow):
        rule.check(f"overflow[{number}]")
        if rule.name in [earlier.name for earlier in overflow[:number]]:
            raise Invalid("The same condition is there twice: only the first would ever count.", f"overflow[{number}]")


def all_diversions(opening: Opening | None, overflow: tuple[Overflow, ...]) -> Iterator[tuple[str, Diversion]]:
    """Each with the name of its field."""
    if opening is not None:
        yield "opening.closed", opening.closed
        if opening.at_closing is not None:
            yield "opening.at_closing", opening.at_closing
    for number, rule in enumerate(overflow):
        yield f"overflow[{number}].diversion", rule.diversion
