"""What is counted, per interval, while the simulation runs?

The interval rule: what happens to a call counts in the interval in which it got in line; seconds of agents count in the
interval in which they pass.
"""

from dataclasses import dataclass
from math import inf


@dataclass(slots=True)
class Cohort:
    """The calls that got in line in one interval of one queue. `_in`: within the service level's threshold. `diverted`:
    sent elsewhere, or away.
    """

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    expired: int = 0
    answered_in: int = 0
    abandoned_in: int = 0
    queued: int = 0
    wait_s: float = 0.0
    wait_answered_s: float = 0.0
    handle_s: float = 0.0
    diverted: int = 0

    @property
    def waiting(self) -> int:
        """Neither answered nor gone when the simulation ended."""
        return self.offered - self.answered - self.abandoned - self.expired - self.diverted

    def __add__(self, other: "Cohort") -> "Cohort":
        return Cohort(*(getattr(self, name) + getattr(other, name) for name in Cohort.__slots__))


@dataclass(slots=True)
class Hours:
    """How all agents together spent one interval, in agent seconds. `task_s`: twice for two tasks at once."""

    busy_s: float = 0.0
    idle_s: float = 0.0
    task_s: float = 0.0

    def __add__(self, other: "Hours") -> "Hours":
        return Hours(self.busy_s + other.busy_s, self.idle_s + other.idle_s, self.task_s + other.task_s)


class Timesheet:
    """Agents' seconds by interval, of all of them together; the last interval has no end. `busy`, `idle` and `tasks` count
    what there is now: tell `note` that the time has come before one of them changes.
    """

    __slots__ = ("_ends_s", "_interval", "_interval_s", "busy", "hours", "idle", "noted_s", "tasks")

    def __init__(self, interval_s: float, intervals: int) -> None:
        self.hours = [Hours() for _ in range(intervals + 1)]
        self.busy = self.idle = self.tasks = 0
        self.noted_s, self._interval_s = 0.0, interval_s
        self._interval, self._ends_s = 0, interval_s

    def note(self, now_s: float) -> None:
        """So it was until now."""
        while now_s > self._ends_s:
            self._spend(self._ends_s)
            self._interval += 1
            self._ends_s = (self._interval + 1) * self._interval_s if self._interval + 1 < len(self.hours) else inf
        self._spend(now_s)

    def count(self, load: int, sign: int, *, ready: bool) -> None:
        """An agent who has so much comes (1), or goes (-1)."""
        self.tasks += sign * load
        if load:
            self.busy += sign
        elif ready:
            self.idle += sign

    def _spend(self, until_s: float) -> None:
        seconds, hours = until_s - self.noted_s, self.hours[self._interval]
        hours.busy_s += seconds * self.busy
        hours.idle_s += seconds * self.idle
        hours.task_s += seconds * self.tasks
        self.noted_s = until_s
