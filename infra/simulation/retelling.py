"""What once happened besides the calls, told again when its time has come: who came, rested and went, and what filled their time."""

from collections.abc import Callable, Iterable
from math import inf

from domain.agents.facts import LoggedOut
from domain.ids import ConversationId, CustomerId
from domain.kernel import Fact
from domain.tasks.facts import TaskCreated, TaskDirection, TaskMode
from infra.simulation.plan import Told
from infra.simulation.staffing import Seat, Where, where
from infra.simulation.tally import Timesheet

NO_FACT = TaskCreated(ConversationId(""), CustomerId(""), TaskDirection.INBOUND, TaskMode.QUEUE)
NOTHING_MORE = Told(inf, "", NO_FACT)


class Retelling:
    """`at_s`: when it goes on, `inf` when nothing is left."""

    def __init__(
        self, told: Iterable[Told], seats: Iterable[Seat], sheet: Timesheet, tell: Callable[[Where, Fact], None]
    ) -> None:
        self._told, self._sheet, self._tell = iter(told), sheet, tell
        self._seats = {seat.where[0]: seat for seat in seats}
        self._next = next(self._told, NOTHING_MORE)

    @property
    def at_s(self) -> float:
        return self._next.at_s

    def go_on(self, now_s: float) -> list[Seat]:
        """What was written at one moment was decided upon together. Returns who signed out."""
        at_s, gone = self._next.at_s, []
        self._sheet.note(max(now_s, self._sheet.noted_s))
        while self._next.at_s == at_s:
            _, stream, fact = self._next
            self._tell(where(stream), fact)
            seat = self._seats.get(stream)
            if seat is not None:
                self._sheet.count(seat.load, -1, ready=seat.ready)
                seat.follow(fact)
                self._sheet.count(seat.load, 1, ready=seat.ready)
                if isinstance(fact, LoggedOut):
                    gone.append(seat)
            self._next = next(self._told, NOTHING_MORE)
        return gone
