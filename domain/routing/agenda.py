"""Is there anything to decide? Most facts leave nothing to be done, and then nothing is to be gone through to find that out."""

from datetime import UTC, datetime

FAR = datetime.max.replace(tzinfo=UTC)


class Agenda:
    """`step_due`: no step begins before; `due`: nor does anything else by itself. `work`: an agent or a request is new in some pool. `rules`: something changed
    for those who are watched. `clearing`: a queue is being emptied.
    """

    __slots__ = ("clearing", "due", "rules", "step_due", "work")

    def __init__(self) -> None:
        self.due = self.step_due = FAR
        self.work = self.rules = self.clearing = False

    def wake(self, at: datetime) -> None:
        self.due = min(self.due, at)
