"""What becomes of requests that do not wait on in their queue, as an administrator sends it."""

import strawberry

from api.schema.words import doc
from domain.configuration import diversions as d
from domain.ids import CalendarId, QueueId


@strawberry.input(description="What becomes of a request that is not to wait on as it does.")
class DiversionInput:
    action: d.DiversionAction = doc("What.")
    queue_id: QueueId | None = doc("The other queue; needed for OTHER_QUEUE, and of the same domain.", default=None)
    message: str = doc("What the customer is told, at most 2,000 characters; needed for MESSAGE.", default="")

    def diversion(self) -> d.Diversion:
        return d.Diversion(self.action, self.queue_id, self.message)


@strawberry.input(description="When a queue is open, and what becomes of requests while it is not.")
class OpeningInput:
    calendar_id: CalendarId = doc("The business calendar.")
    closed: DiversionInput = doc("For whoever comes while it is closed.")
    at_closing: DiversionInput | None = doc(
        "For whoever waits when it closes; null for letting them wait on.", default=None
    )

    def opening(self) -> d.Opening:
        at_closing = self.at_closing.diversion() if self.at_closing else None
        return d.Opening(self.calendar_id, self.closed.diversion(), at_closing)


@strawberry.input(description="When too much waits in a queue, and what becomes of it then.")
class OverflowInput:
    condition: d.OverflowCondition = doc("When. Of all rules that hold, the first is applied, each once to a request.")
    diversion: DiversionInput = doc("What becomes of the request.")
    threshold: int = doc("How many wait before it, or how many seconds it has waited.", default=0)

    def overflow(self) -> d.Overflow:
        return d.Overflow(self.condition, self.diversion.diversion(), self.threshold)
