"""When a request does not wait on in its queue, and what becomes of it."""

import strawberry

from api.schema.words import doc
from domain.configuration import diversions as d
from domain.ids import CalendarId, QueueId


@strawberry.type(description="What becomes of a request that is not to wait on as it does.")
class Diversion:
    action: d.DiversionAction = doc("What.")
    queue_id: QueueId | None = doc("The other queue, for OTHER_QUEUE.")
    message: str = doc("What the customer is told; empty for nothing.")


@strawberry.type(description="When a queue is open, and what becomes of requests while it is not.")
class Opening:
    calendar_id: CalendarId = doc("The business calendar.")
    closed: Diversion = doc("For whoever comes while it is closed.")
    at_closing: Diversion | None = doc("For whoever waits when it closes; null for letting them wait on.")


@strawberry.type(description="When too much waits in a queue, and what becomes of it then.")
class Overflow:
    condition: d.OverflowCondition = doc("When.")
    threshold: int = doc("How many, or how many seconds.")
    diversion: Diversion = doc("What becomes of the request.")


def opening(it: d.Opening | None) -> Opening | None:
    if it is None:
        return None
    at_closing = _diversion(it.at_closing) if it.at_closing is not None else None
    return Opening(calendar_id=it.calendar_id, closed=_diversion(it.closed), at_closing=at_closing)


def overflow(rules: tuple[d.Overflow, ...]) -> list[Overflow]:
    return [
        Overflow(condition=it.condition, threshold=it.threshold, diversion=_diversion(it.diversion)) for it in rules
    ]


def _diversion(it: d.Diversion) -> Diversion:
    return Diversion(action=it.action, queue_id=it.queue_id, message=it.message)
